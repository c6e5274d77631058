//! The typed in-process tier: values under the arguments themselves, bounded, evicted by S3-FIFO with
//! frequency hints (quick_cache).

mod packed;

use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use equivalent::Equivalent;
use quick_cache::sync::Cache;
use quick_cache::{Lifecycle, OptionsBuilder, Weighter};

use self::packed::Packed;
use crate::clock::Tick;

/// A value in memory, with the moments that bound its life.
#[derive(Clone, Debug)]
pub struct Slot<V> {
    /// The value.
    pub value: V,
    /// When it was computed or read from another tier.
    pub created: Tick,
    /// Until when a look-up hands it out and has nothing else to do; [`Tick::NEVER`] for one that never expires.
    pub due: Tick,
    /// Until when it is fresh; a value that is due before is to be refreshed ahead.
    pub fresh_until: Tick,
    /// Until when it may be handed out while it is being refreshed.
    pub stale_until: Tick,
    /// Until when it may be handed out in the place of an error.
    pub kept_until: Tick,
    /// What it counts against the capacity, as [`Store::weigh`] tells.
    pub weight: u64,
}

impl<V> Slot<V> {
    /// Holds a value that is of no use to anyone when it is not fresh any more.
    pub fn fresh(value: V, created: Tick, fresh_until: Tick, weight: u64) -> Self {
        let until = fresh_until;
        Self { value, created, due: until, fresh_until, stale_until: until, kept_until: until, weight }
    }

    /// Holds another value with the same moments.
    pub fn with<W>(self, value: W) -> Slot<W> {
        let Self { value: _, created, due, fresh_until, stale_until, kept_until, weight } = self;
        Slot { value, created, due, fresh_until, stale_until, kept_until, weight }
    }
}

/// Says how large a value is, in bytes.
pub type WeightFn<V> = Arc<dyn Fn(&V) -> usize + Send + Sync>;

/// Bounds a [`Store`].
#[derive(Clone)]
pub enum Capacity<V> {
    /// At most this many entries.
    Entries(usize),
    /// At most this many bytes, each entry counting its key, its value's weight and 64 bytes of upkeep.
    ///
    /// A value that takes 16 MiB, or more than the whole capacity where that is less, is not held.
    Bytes(u64, WeightFn<V>),
}

/// Holds values by key, within a capacity.
///
/// ```
/// use dcache_backends::clock::{self, Tick};
/// use dcache_backends::memory::{Capacity, Slot, Store};
///
/// let store: Store<String, u32> = Store::new(Capacity::Entries(100));
/// let slot = Slot::fresh(7, clock::now(), Tick::NEVER, store.weigh(&7));
/// store.insert("seven".to_owned(), slot);
/// assert_eq!(store.get("seven").map(|slot| slot.value), Some(7)); // borrowed: no `String` is made
/// ```
pub struct Store<K, V> {
    cache: Cache<K, Packed<V>, ByWeight, HashBuilder, Collect>,
    weight: Option<WeightFn<V>>,
    evictions: AtomicU64,
    writes: AtomicU64,
    removes: AtomicU64,
}

/// What insertions pushed out; its values are dropped with it, outside of every lock.
#[must_use = "drop it after the locks that were held"]
pub struct Evicted<K, V>(#[allow(dead_code, reason = "held to be dropped late")] Gone<(K, Packed<V>)>);

/// Hashes keys: fast, and seeded anew in each process.
pub use quick_cache::DefaultHashBuilder as HashBuilder;

impl<K: Hash + Eq, V: Clone> Store<K, V> {
    /// Creates an empty store; memory is taken as entries come.
    pub fn new(capacity: Capacity<V>) -> Self {
        let mut options = OptionsBuilder::new();
        let weight = match capacity {
            Capacity::Entries(entries) => {
                options.estimated_items_capacity(entries.max(1)).weight_capacity(entries.max(1) as u64);
                None
            }
            Capacity::Bytes(bytes, weight) => {
                // each shard is bounded by itself, so a shard is to hold a large value
                let shards = (bytes / LARGE_VALUE).clamp(1, MOST_SHARDS) as usize;
                options
                    .estimated_items_capacity((bytes / 1024).max(1) as usize)
                    .weight_capacity(bytes)
                    .shards(shards);
                Some(weight)
            }
        };
        let options = options.build().expect("both capacities are set");
        let cache = Cache::with_options(options, ByWeight, HashBuilder::default(), Collect);
        Self {
            cache,
            weight,
            evictions: AtomicU64::new(0),
            writes: AtomicU64::new(0),
            removes: AtomicU64::new(0),
        }
    }

    /// Returns what a value counts against the capacity.
    ///
    /// It is asked for once, and kept in the slot: weights may change, and what computes them may panic.
    pub fn weigh(&self, value: &V) -> u64 {
        self.weight
            .as_ref()
            .map_or(1, |weight| (size_of::<K>() + UPKEEP).saturating_add(weight(value)) as u64)
    }

    /// Returns what is stored under a key, fresh or not.
    #[inline]
    pub fn get<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<Slot<V>> {
        self.cache.get(key).map(Packed::unpack)
    }

    /// Returns the value under a key with the moment when it is due: all that a hit needs.
    #[inline]
    pub fn value<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<(V, Tick)> {
        self.cache.get(key).map(Packed::value)
    }

    /// Stores a value, and hands back what had to go for it.
    pub fn insert(&self, key: K, slot: Slot<V>) -> Evicted<K, V>
    where
        K: Clone,
    {
        self.writes.fetch_add(1, Relaxed);
        let mut gone = Gone::default();
        if slot.weight > packed::MOST_WEIGHT {
            // too large to be held, and so is what it takes the place of no more
            self.cache.remove(&key).into_iter().for_each(|former| gone.push(former));
            gone.push((key, Packed::of(slot)));
            return Evicted(gone);
        }
        self.cache.insert_with_lifecycle(key.clone(), Packed::of(slot), &mut gone);
        // the value that was under this key was replaced, not evicted
        let evicted = gone.iter().filter(|(other, _)| *other != key).count();
        if evicted > 0 {
            self.evictions.fetch_add(evicted as u64, Relaxed);
        }
        Evicted(gone)
    }

    /// Removes what is stored under a key, and hands it back.
    pub fn remove<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<(K, Slot<V>)> {
        self.cache.remove(key).map(|(key, packed)| {
            self.removes.fetch_add(1, Relaxed);
            (key, packed.unpack())
        })
    }

    /// Removes everything.
    pub fn clear(&self) {
        // one by one, as dropping a value is code of users and must not be done under the map's lock
        let removed = self.cache.drain().count();
        self.removes.fetch_add(removed as u64, Relaxed);
    }

    /// Returns the number of entries, expired ones that nothing has displaced yet included.
    pub fn len(&self) -> usize {
        self.cache.len()
    }

    /// Returns whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many values were stored.
    pub fn writes(&self) -> u64 {
        self.writes.load(Relaxed)
    }

    /// Returns how many values were removed, those that had to go for others not included.
    pub fn removes(&self) -> u64 {
        self.removes.load(Relaxed)
    }

    /// Returns how many entries had to go for others.
    pub fn evictions(&self) -> u64 {
        self.evictions.load(Relaxed)
    }
}

/// What an entry takes beside its key and value: its place in the table, its links, its moments.
const UPKEEP: usize = 64;

/// A shard of a capacity in bytes holds at least this much, if there is so much: any value that can be held at all.
const LARGE_VALUE: u64 = packed::MOST_WEIGHT + 1;

/// More shards than this are of no use to any number of threads.
const MOST_SHARDS: u64 = 64;

#[derive(Clone)]
struct ByWeight;

impl<K, V> Weighter<K, Packed<V>> for ByWeight {
    fn weight(&self, _key: &K, packed: &Packed<V>) -> u64 {
        packed.weight()
    }
}

/// Collects what has to go, so that it is dropped after the map's lock.
#[derive(Clone)]
struct Collect;

impl<K, V> Lifecycle<K, Packed<V>> for Collect {
    type RequestState = Gone<(K, Packed<V>)>;

    fn on_evict(&self, gone: &mut Self::RequestState, key: K, packed: Packed<V>) {
        gone.push((key, packed));
    }
}

/// What went; mostly one, for which nothing is allocated.
struct Gone<T> {
    first: Option<T>,
    more: Vec<T>,
}

impl<T> Default for Gone<T> {
    fn default() -> Self {
        Self { first: None, more: Vec::new() }
    }
}

impl<T> Gone<T> {
    fn push(&mut self, one: T) {
        match self.first {
            None => self.first = Some(one),
            Some(_) => self.more.push(one),
        }
    }

    fn iter(&self) -> impl Iterator<Item = &T> {
        self.first.iter().chain(&self.more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insert<V: Clone>(store: &Store<u32, V>, key: u32, value: V) {
        let weight = store.weigh(&value);
        let _ = store.insert(key, Slot::fresh(value, crate::clock::now(), Tick::NEVER, weight));
    }

    #[test]
    fn entries_stay_within_the_capacity() {
        let store = Store::new(Capacity::Entries(20));
        (0..1_000).for_each(|n| insert(&store, n, n));
        assert!(store.len() <= 20);
        assert_eq!(store.evictions() as usize, 1_000 - store.len());
    }

    #[test]
    fn bytes_stay_within_the_capacity() {
        let store = Store::new(Capacity::Bytes(100_000, Arc::new(Vec::len)));
        (0..1_000).for_each(|n| insert(&store, n, vec![0u8; 1_000]));
        assert!((50..=93).contains(&store.len()), "{} entries of about 1070 bytes", store.len());
    }

    #[test]
    fn a_large_value_is_held_by_a_large_store() {
        let store = Store::new(Capacity::Bytes(64 << 20, Arc::new(Vec::len)));
        insert(&store, 1, vec![0u8; 10 << 20]);
        assert_eq!(store.len(), 1);
    }

    #[test]
    fn a_replaced_value_is_not_an_evicted_one() {
        let store = Store::new(Capacity::Entries(20));
        (0..5).for_each(|n| insert(&store, 1, n));
        assert_eq!((store.writes(), store.evictions()), (5, 0));
    }
}

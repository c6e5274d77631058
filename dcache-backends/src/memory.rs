//! The typed in-process tier: values under the arguments themselves, bounded, evicted by S3-FIFO with
//! frequency hints (quick_cache).

use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use equivalent::Equivalent;
use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Lifecycle, OptionsBuilder, Weighter};

use crate::clock::Tick;

/// A value in memory, with the moments that bound its life.
#[derive(Clone, Debug)]
pub struct Slot<V> {
    /// The value.
    pub value: V,
    /// When it was computed or read from another tier.
    pub created: Tick,
    /// Until when it is fresh; [`Tick::NEVER`] for one that never expires.
    pub fresh_until: Tick,
}

/// Says how large a value is, in bytes.
pub type WeightFn<V> = Arc<dyn Fn(&V) -> usize + Send + Sync>;

/// Bounds a [`Store`].
#[derive(Clone)]
pub enum Capacity<V> {
    /// At most this many entries.
    Entries(usize),
    /// At most this many bytes, each entry counting its key, its value's weight and 64 bytes of upkeep.
    Bytes(u64, WeightFn<V>),
}

/// Holds values by key, within a capacity.
///
/// ```
/// use dcache_backends::clock::{self, Tick};
/// use dcache_backends::memory::{Capacity, Slot, Store};
///
/// let store: Store<String, u32> = Store::new(Capacity::Entries(100));
/// let slot = Slot { value: 7, created: clock::now(), fresh_until: Tick::NEVER };
/// store.insert("seven".to_owned(), slot);
/// assert_eq!(store.get("seven").map(|slot| slot.value), Some(7)); // borrowed: no `String` is made
/// ```
pub struct Store<K, V> {
    cache: Cache<K, Slot<V>, Weigh<V>, DefaultHashBuilder, Evictions>,
    evictions: Arc<AtomicU64>,
    writes: AtomicU64,
    removes: AtomicU64,
}

/// What insertions pushed out; its values are dropped with it, outside of every lock.
#[must_use = "drop it after the locks that were held"]
pub struct Evicted<K, V>(#[allow(dead_code, reason = "held to be dropped late")] Vec<(K, Slot<V>)>);

impl<K: Hash + Eq, V: Clone> Store<K, V> {
    /// Creates an empty store; memory is taken as entries come.
    pub fn new(capacity: Capacity<V>) -> Self {
        let (items, weight, weigher) = match capacity {
            Capacity::Entries(entries) => (entries, entries as u64, Weigh(None)),
            Capacity::Bytes(bytes, weight) => ((bytes / 1024) as usize, bytes, Weigh(Some(weight))),
        };
        let options =
            OptionsBuilder::new().estimated_items_capacity(items.max(1)).weight_capacity(weight).build();
        let options = options.expect("both capacities are set");
        let evictions = Arc::new(AtomicU64::new(0));
        let lifecycle = Evictions(evictions.clone());
        let cache = Cache::with_options(options, weigher, DefaultHashBuilder::default(), lifecycle);
        Self { cache, evictions, writes: AtomicU64::new(0), removes: AtomicU64::new(0) }
    }

    /// Returns what is stored under a key, fresh or not.
    #[inline]
    pub fn get<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<Slot<V>> {
        self.cache.get(key)
    }

    /// Stores a value, and hands back what had to go for it.
    pub fn insert(&self, key: K, slot: Slot<V>) -> Evicted<K, V> {
        self.writes.fetch_add(1, Relaxed);
        let mut evicted = Vec::new();
        self.cache.insert_with_lifecycle(key, slot, &mut evicted);
        Evicted(evicted)
    }

    /// Removes what is stored under a key, and hands it back.
    pub fn remove<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<(K, Slot<V>)> {
        self.cache.remove(key).inspect(|_| {
            self.removes.fetch_add(1, Relaxed);
        })
    }

    /// Removes everything.
    pub fn clear(&self) {
        self.removes.fetch_add(self.len() as u64, Relaxed);
        self.cache.clear();
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

struct Weigh<V>(Option<WeightFn<V>>);

impl<V> Clone for Weigh<V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// What an entry takes beside its key and value: its place in the table, its links, its moments.
const UPKEEP: usize = 64;

impl<K, V> Weighter<K, Slot<V>> for Weigh<V> {
    fn weight(&self, _key: &K, slot: &Slot<V>) -> u64 {
        self.0
            .as_ref()
            .map_or(1, |weight| (size_of::<K>() + UPKEEP).saturating_add(weight(&slot.value)) as u64)
    }
}

#[derive(Clone)]
struct Evictions(Arc<AtomicU64>);

impl<K, V> Lifecycle<K, Slot<V>> for Evictions {
    type RequestState = Vec<(K, Slot<V>)>;

    fn on_evict(&self, evicted: &mut Self::RequestState, key: K, slot: Slot<V>) {
        self.0.fetch_add(1, Relaxed);
        evicted.push((key, slot));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot<V>(value: V) -> Slot<V> {
        Slot { value, created: crate::clock::now(), fresh_until: Tick::NEVER }
    }

    #[test]
    fn entries_stay_within_the_capacity() {
        let store = Store::new(Capacity::Entries(20));
        for n in 0..1_000u32 {
            let _ = store.insert(n, slot(n));
        }
        assert!(store.len() <= 20);
        assert_eq!(store.evictions() as usize, 1_000 - store.len());
    }

    #[test]
    fn bytes_stay_within_the_capacity() {
        let store = Store::new(Capacity::Bytes(100_000, Arc::new(Vec::len)));
        for n in 0..1_000u32 {
            let _ = store.insert(n, slot(vec![0u8; 1_000]));
        }
        assert!((50..=93).contains(&store.len()), "{} entries of about 1070 bytes", store.len());
    }
}

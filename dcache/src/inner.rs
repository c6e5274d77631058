//! What a cache is made of.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use dcache_backends::memory::Slot;
use dcache_backends::{Error, Key, Scope};

use crate::bounds::{CacheKey, CacheValue};
use crate::canonical::Refusal;
use crate::contain::contained;
use crate::flight::{Answer, Flights, Lead, Settled, SharedError};
use crate::length::Length;
use crate::mode::Mode;
use crate::policy::{Left, Life, Standing, Terms};
use crate::remote::{Remote, Visit};
use crate::stats::{Counts, Stats, TierStats};
#[cfg(feature = "testing")]
use crate::sync::Mutex;

/// What the clones of a cache share.
pub(crate) struct Inner<K, V> {
    pub(crate) name: String,
    pub(crate) scope: Scope,
    /// How keys get their ids, where anything outside of this process may ask for them.
    pub(crate) id: Option<Id<K>>,
    pub(crate) flights: Arc<Flights<K, V>>,
    pub(crate) remote: Option<Remote<K, V>>,
    pub(crate) policy: Policy<V>,
    pub(crate) counts: Counts,
    /// What is wrong with the configuration; the cache works without it.
    pub(crate) faults: Vec<Error>,
    /// Bodies fail, and older values are used in the place of errors.
    pub(crate) fails: AtomicBool,
    /// The program has switched this cache off: its memory stays empty, so a hit need not ask.
    pub(crate) is_off: bool,
    /// What is left out of the counts, for tests.
    #[cfg(feature = "testing")]
    pub(crate) aside: Mutex<Aside>,
}

/// The counts of another time than that which is asked about.
#[cfg(feature = "testing")]
#[derive(Default)]
pub(crate) struct Aside {
    /// Taken off all that was counted.
    off: Stats,
    /// What the counts were when the isolation began.
    before: Stats,
}

/// Returns the id of a key, or why it has none.
pub(crate) type Id<K> = fn(&K) -> Result<String, Refusal>;

/// Tells whether a value is stored.
pub(crate) type CacheIf<V> = Arc<dyn Fn(&V) -> bool + Send + Sync>;

/// What a cache was told to do.
pub(crate) struct Policy<V> {
    pub(crate) terms: Terms<V>,
    /// The time to live in memory, where that is shorter than elsewhere.
    pub(crate) memory_ttl: Life,
    pub(crate) cache_if: Option<CacheIf<V>>,
    /// How long a call waits for another with its key; `None` does not wait.
    pub(crate) coalesce: Option<Duration>,
    pub(crate) write_in_background: bool,
    /// How long an error is kept.
    pub(crate) err_ttl: Option<Length>,
    /// How long a key that failed is left alone while there is an older value.
    pub(crate) retry_after: Length,
    /// How long a call waits for a body while there is an older value.
    pub(crate) soft_timeout: Option<Length>,
    /// Bodies outlive their callers.
    pub(crate) detach: bool,
    /// How errors are shared, a [`Share`] of their type; for callers that cannot tell.
    pub(crate) share: Option<Box<dyn Any + Send + Sync>>,
}

/// How an error of these bodies is shared with those who wait; for errors that can be cloned.
pub struct Share<E> {
    pub(crate) share: fn(&E) -> SharedError,
    pub(crate) restore: fn(&(dyn Any + Send + Sync)) -> Option<E>,
}

impl<E> Clone for Share<E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for Share<E> {}

impl<E: Clone + Send + Sync + 'static> Share<E> {
    pub(crate) const CLONES: Self =
        Self { share: |error| Arc::new(error.clone()), restore: |shared| shared.downcast_ref().cloned() };
}

/// The name of the in-process tier.
pub(crate) const MEMORY: &str = "memory";

impl<K: CacheKey, V: CacheValue> Inner<K, V> {
    /// Tells what a flight ends with: the value, and what memory holds of it.
    pub(crate) fn settled(&self, value: V, left: Left) -> Settled<V> {
        let (standing, left) = (left.standing(), left.within(self.policy.memory_ttl));
        let ends = left.slot(());
        let fresh_until = if standing.is_stale() { ends.kept_until } else { ends.fresh_until };
        let slot = self.hold(&value, left.standing(), ends);
        Settled { answer: Answer::of(value, standing), slot, fresh_until, rests: false, is_found: false }
    }

    /// Returns what memory holds of a value, if it does.
    pub(crate) fn held(&self, value: &V, left: Left) -> Option<Slot<V>> {
        let left = left.within(self.policy.memory_ttl);
        self.hold(value, left.standing(), left.slot(()))
    }

    fn hold(&self, value: &V, standing: Standing, ends: Slot<()>) -> Option<Slot<V>> {
        let memory = self.flights.memory.as_ref().filter(|_| standing != Standing::Over)?;
        // a value that cannot be weighed is not held
        let weight = contained(|| memory.weigh(value))?;
        Some(Slot { weight, ..ends.with(value.clone()) })
    }

    /// Starts a way through the remote tiers: none where there are none, or while a `clear` is under way.
    pub(crate) fn visit(&self, lead: &Lead<K, V>, key: &K, mode: Mode) -> Option<Box<Visit>> {
        let remote = self.remote.as_ref()?;
        if lead.is_superseded() { None } else { remote.visit(key, mode).map(Box::new) }
    }

    /// Returns the key in remote tiers: none where keys have no ids, and for one that has none.
    pub(crate) fn remote_key(&self, key: &K) -> Option<String> {
        let id = contained(|| self.id.and_then(|id| id(key).ok()))??;
        Some(Key::new(&self.scope, &id).as_str().to_owned())
    }

    pub(crate) fn stats(&self) -> Stats {
        let mut stats = self.counts();
        stats.errors += self.faults.len() as u64; // these are not of any time
        stats
    }

    /// Has the counts begin at zero, until [`count_on`](Self::count_on) makes them what they were before.
    #[cfg(feature = "testing")]
    pub(crate) fn count_anew(&self, before: Stats) {
        *self.aside.lock() = Aside { off: self.counted(), before };
    }

    /// Has the counts go on where they were before [`count_anew`](Self::count_anew).
    #[cfg(feature = "testing")]
    pub(crate) fn count_on(&self) {
        let mut counted = self.counted();
        let mut aside = self.aside.lock();
        counted.subtract(&std::mem::take(&mut aside.before));
        aside.off = counted;
    }

    /// Returns what was counted in this time.
    #[cfg(feature = "testing")]
    pub(crate) fn counts(&self) -> Stats {
        let mut stats = self.counted();
        stats.subtract(&self.aside.lock().off);
        stats
    }

    #[cfg(not(feature = "testing"))]
    fn counts(&self) -> Stats {
        self.counted()
    }

    /// Returns all that was counted since the cache was built.
    fn counted(&self) -> Stats {
        let load = |counter: &AtomicU64| counter.load(Relaxed);
        let counts = &self.counts;
        let (misses, coalesced) = (load(&counts.misses), load(&counts.coalesced));
        let remote: Vec<TierStats> =
            self.remote.iter().flat_map(|remote| &remote.tiers).map(|tier| tier.stats(&self.scope)).collect();
        let remote_hits = load(&counts.remote_hits);
        let memory_hits = self.flights.hits.sum();
        let memory = self.flights.memory.as_ref();
        let memory_stats = memory.map(|memory| TierStats {
            name: MEMORY.to_owned(),
            hits: memory_hits,
            misses: misses + coalesced + remote_hits,
            writes: memory.writes(),
            removes: memory.removes(),
            errors: 0,
            open: false,
            lost: 0,
        });
        let tiers: Vec<_> = memory_stats.into_iter().chain(remote).collect();
        Stats {
            hits: memory_hits + remote_hits,
            misses,
            computes: load(&counts.computes),
            coalesced,
            stale: load(&counts.stale),
            errors: load(&counts.errors) + tiers.iter().map(|tier| tier.errors).sum::<u64>(),
            entries: memory.map_or(0, |memory| memory.len() as u64),
            evictions: memory.map_or(0, |memory| memory.evictions()),
            body_time: Duration::from_nanos(load(&counts.body_nanos)),
            tiers,
        }
    }
}

//! What a cache is made of.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use dcache_backends::clock::{self, Tick};
use dcache_backends::memory::Slot;
use dcache_backends::{Error, Scope};

use crate::bounds::{CacheKey, CacheValue};
use crate::flight::{Flights, Lead, Settled, SharedError};
use crate::mode::Mode;
use crate::policy::{Life, Ttl, shorter};
use crate::remote::{Remote, Visit, contained};
use crate::stats::{Counts, Stats, TierStats};

/// What the clones of a cache share.
pub(crate) struct Inner<K, V> {
    pub(crate) name: String,
    pub(crate) scope: Scope,
    pub(crate) flights: Arc<Flights<K, V>>,
    pub(crate) remote: Option<Remote<K, V>>,
    pub(crate) policy: Policy<V>,
    pub(crate) counts: Counts,
    /// What is wrong with the configuration; the cache works without it.
    pub(crate) faults: Vec<Error>,
}

/// Tells whether a value is stored.
pub(crate) type CacheIf<V> = Arc<dyn Fn(&V) -> bool + Send + Sync>;

/// What a cache was told about its values.
pub(crate) struct Policy<V> {
    pub(crate) ttl: Ttl<V>,
    pub(crate) memory_ttl: Life,
    pub(crate) cache_if: Option<CacheIf<V>>,
    /// How long a call waits for another with its key; `None` does not wait.
    pub(crate) coalesce: Option<Duration>,
    pub(crate) write_in_background: bool,
}

/// How an error of these bodies is shared with those who wait; for errors that can be cloned.
pub struct Share<E> {
    pub(crate) share: fn(&E) -> SharedError,
    pub(crate) restore: fn(&(dyn Any + Send + Sync)) -> Option<E>,
}

impl<E: Clone + Send + Sync + 'static> Share<E> {
    pub(crate) const CLONES: Self =
        Self { share: |error| Arc::new(error.clone()), restore: |shared| shared.downcast_ref().cloned() };
}

/// The name of the in-process tier.
pub(crate) const MEMORY: &str = "memory";

impl<K: CacheKey, V: CacheValue> Inner<K, V> {
    /// Tells what a flight ends with: the value, and what memory holds of it.
    pub(crate) fn settled(&self, value: &V, life: Life) -> Settled<V> {
        let created = clock::now();
        let fresh_until = match shorter(life, self.policy.memory_ttl) {
            Some(life) => created.after(life),
            None => Tick::NEVER,
        };
        // a value that cannot be weighed is not held
        let weight = self.flights.memory.as_ref().and_then(|memory| contained(|| memory.weigh(value)));
        let slot = weight.filter(|_| fresh_until > created);
        let slot = slot.map(|weight| Slot { value: value.clone(), created, fresh_until, weight });
        Settled { value: value.clone(), slot, fresh_until }
    }

    /// Starts a way through the remote tiers: none where there are none, or while a `clear` is under way.
    pub(crate) fn visit(&self, lead: &Lead<K, V>, key: &K, mode: Mode) -> Option<Visit> {
        let remote = self.remote.as_ref()?;
        if lead.is_superseded() { None } else { remote.visit(key, mode) }
    }

    pub(crate) fn stats(&self) -> Stats {
        let load = |counter: &AtomicU64| counter.load(Relaxed);
        let counts = &self.counts;
        let (misses, coalesced) = (load(&counts.misses), load(&counts.coalesced));
        let remote: Vec<TierStats> =
            self.remote.iter().flat_map(|remote| &remote.tiers).map(|tier| tier.stats()).collect();
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
        });
        let tiers: Vec<_> = memory_stats.into_iter().chain(remote).collect();
        let faults = self.faults.len() as u64;
        Stats {
            hits: memory_hits + remote_hits,
            misses,
            computes: load(&counts.computes),
            coalesced,
            stale: 0,
            errors: load(&counts.errors) + faults + tiers.iter().map(|tier| tier.errors).sum::<u64>(),
            entries: memory.map_or(0, |memory| memory.len() as u64),
            evictions: memory.map_or(0, |memory| memory.evictions()),
            body_time: Duration::from_nanos(load(&counts.body_nanos)),
            tiers,
        }
    }
}

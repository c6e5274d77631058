//! Looking into the tiers without a body to run.

use std::sync::Arc;
use std::time::Duration;

use dcache_backends::clock::{self, Tick};

use crate::args::Borrowed;
use crate::bounds::{CacheKey, CacheValue};
use crate::flight::Join;
use crate::inner::{Inner, MEMORY};
use crate::mode::Mode;
use crate::settings;
use crate::stats::count;

/// A value in a cache, and what is known about it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Entry<V> {
    /// The value.
    pub value: V,
    /// The name of the tier that has it, the nearest if several do.
    pub tier: String,
    /// How long ago it was computed, or for memory, computed or read from another tier.
    pub age: Duration,
    /// How long it stays fresh; `None` for ever.
    pub remaining: Option<Duration>,
    /// Whether it is past its time to live.
    pub stale: bool,
}

impl<K: CacheKey, V: CacheValue> Inner<K, V> {
    /// Returns the value of a key from the nearest tier that has it; runs nothing.
    pub(crate) async fn get(self: &Arc<Self>, mode: Mode, key: &K) -> Option<V> {
        if self.is_off {
            return None;
        }
        let found = match self.flights.join(key, mode, false) {
            Join::Hit(value) => {
                self.flights.hits.count();
                return Some(value);
            }
            Join::Lead(lead) => {
                let visit = self.visit(&lead, key, mode);
                lead.asking(mode, |lead| self.find(mode, lead, visit)).await.ok()
            }
            // a body is running, or the key is being changed: look, and leave the filling to them
            Join::Alone | Join::Apart | Join::Wait(_) => self.read(mode, key).await.map(|found| found.value),
        };
        if found.is_none() {
            count(&self.counts.misses);
        }
        found
    }

    /// Looks in all tiers, and tells what is known about the value; fills nothing.
    pub(crate) async fn entry(&self, mode: Mode, key: &K) -> Option<Entry<V>> {
        if self.is_off || !settings::enabled() {
            return None;
        }
        if let Some(slot) = self.flights.memory.as_ref().and_then(|memory| memory.get(&Borrowed(key))) {
            let now = clock::now();
            if now < slot.fresh_until {
                let remaining = (slot.fresh_until != Tick::NEVER).then(|| slot.fresh_until.since(now));
                let age = now.since(slot.created);
                return Some(Entry {
                    value: slot.value,
                    tier: MEMORY.to_owned(),
                    age,
                    remaining,
                    stale: false,
                });
            }
        }
        let remote = self.remote.as_ref()?;
        let found = remote.read(&mut remote.visit(key, mode)?).await?;
        let now = clock::wall();
        Some(Entry {
            value: found.value,
            tier: remote.tiers[found.tier].name().to_owned(),
            age: found.times.age(now),
            remaining: found.times.remaining(now)?,
            stale: false,
        })
    }
}

//! Looking into the tiers without a body to run.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use dcache_backends::clock::{self, Tick};

use crate::args::Borrowed;
use crate::bounds::{CacheKey, CacheValue};
use crate::fill::{Find, WhenDue};
use crate::flight::{Join, Manner};
use crate::inner::{Inner, MEMORY};
use crate::mode::Mode;
use crate::policy::Standing;
use crate::settings;
use crate::stats::count;

/// A value in a cache, and what is known about it. Its `Debug` shows all but the value.
#[derive(Clone)]
#[non_exhaustive]
pub struct Entry<V> {
    /// The value.
    pub value: V,
    /// The name of the tier that has it, the nearest if several do.
    pub tier: String,
    /// How long ago it was computed, or for memory, computed or read from another tier.
    pub age: Duration,
    /// How long it stays fresh; `None` for ever, zero if it is stale.
    pub remaining: Option<Duration>,
    /// Whether it is past its time to live, and within `stale_while_revalidate`.
    pub stale: bool,
}

impl<V> fmt::Debug for Entry<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("tier", &self.tier)
            .field("age", &self.age)
            .field("remaining", &self.remaining)
            .field("stale", &self.stale)
            .finish_non_exhaustive()
    }
}

impl<K: CacheKey, V: CacheValue> Inner<K, V> {
    /// Returns the value of a key from the nearest tier that has it; runs nothing.
    pub(crate) async fn get(self: &Arc<Self>, mode: Mode, key: &K) -> Option<V> {
        if self.is_off {
            return None;
        }
        let manner = Manner { mode, coalesces: false, refreshes: false, heeds_errors: false, is_ours: false };
        let found = match self.flights.join(key, manner) {
            Join::Hit(answer) | Join::Refresh(answer, _) => return Some(self.handed_out(answer)),
            Join::Lead(lead) => {
                let visit = self.visit(&lead, key, mode);
                let take = |lead| self.find(mode, lead, visit, WhenDue::Take);
                match lead.asking(mode, take).await {
                    Find::Answer(answer) | Find::Refresh(answer, ..) => Some(answer.value),
                    Find::Nothing(lead, _) => lead.stale().inspect(|_| count(&self.counts.stale)),
                }
            }
            // a body is running, or the key is being changed: look, and leave the filling to them
            Join::Alone(_) | Join::Apart(_) | Join::Wait(_) | Join::Failed(_) => self.read(mode, key).await,
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
            let standing = Standing::of(&slot, now);
            if standing < Standing::Kept {
                return Some(Entry {
                    tier: MEMORY.to_owned(),
                    age: now.since(slot.created),
                    remaining: (slot.fresh_until != Tick::NEVER).then(|| slot.fresh_until.since(now)),
                    stale: standing.is_stale(),
                    value: slot.value,
                });
            }
        }
        let remote = self.remote.as_ref()?;
        let found = remote.read(&mut remote.visit(key, mode)?, &self.policy.terms).await?;
        let standing = found.left.standing();
        (standing < Standing::Kept).then(|| Entry {
            value: found.value,
            tier: remote.tiers[found.tier].name().to_owned(),
            age: found.times.age(clock::wall()),
            remaining: found.left.fresh,
            stale: standing.is_stale(),
        })
    }
}

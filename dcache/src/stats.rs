//! Counts: what a cache did, in numbers that cost a hit next to nothing.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// What a cached function or a cache has done since the program started.
///
/// Every call is counted once, as a hit, a miss, coalesced or stale. The counts are exact, but not one
/// snapshot: calls that run while they are read may be in one and not yet in another.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Stats {
    /// Calls answered from a tier.
    pub hits: u64,
    /// Calls that no tier could answer.
    pub misses: u64,
    /// Times the body was run.
    pub computes: u64,
    /// Calls answered with what another call computed or found meanwhile.
    pub coalesced: u64,
    /// Calls answered with a value past its time to live.
    pub stale: u64,
    /// Faults of tiers, entries and configuration.
    pub errors: u64,
    /// Entries in memory now.
    pub entries: u64,
    /// Entries that had to leave memory for others.
    pub evictions: u64,
    /// Time spent in bodies, added up.
    pub body_time: Duration,
    /// The same by tier, nearest first.
    pub tiers: Vec<TierStats>,
}

impl Stats {
    /// Adds the counts of another cache of the same function.
    pub(crate) fn plus(mut self, other: Self) -> Self {
        self.hits += other.hits;
        self.misses += other.misses;
        self.computes += other.computes;
        self.coalesced += other.coalesced;
        self.stale += other.stale;
        self.errors += other.errors;
        self.entries += other.entries;
        self.evictions += other.evictions;
        self.body_time += other.body_time;
        for tier in other.tiers {
            match self.tiers.iter_mut().find(|known| known.name == tier.name) {
                Some(known) => known.add(&tier),
                None => self.tiers.push(tier),
            }
        }
        self
    }

    /// Takes earlier counts of the same cache off; what tells of now stays.
    #[cfg(feature = "testing")]
    pub(crate) fn subtract(&mut self, earlier: &Self) {
        self.hits -= earlier.hits;
        self.misses -= earlier.misses;
        self.computes -= earlier.computes;
        self.coalesced -= earlier.coalesced;
        self.stale -= earlier.stale;
        self.errors -= earlier.errors;
        self.evictions -= earlier.evictions;
        self.body_time = self.body_time.saturating_sub(earlier.body_time);
        for (tier, earlier) in self.tiers.iter_mut().zip(&earlier.tiers) {
            tier.subtract(earlier);
        }
    }

    /// Returns the share of calls that no body was run for, from 0 to 1; 0 before the first call.
    ///
    /// ```
    /// use dcache::dcache;
    ///
    /// #[dcache]
    /// fn double(n: u64) -> u64 { 2 * n }
    ///
    /// for n in [1, 2, 1, 1] { double(n); }
    /// assert_eq!(double::stats().hit_rate(), 0.5);
    /// ```
    pub fn hit_rate(&self) -> f64 {
        let answered = self.hits + self.coalesced + self.stale;
        let calls = answered + self.misses;
        if calls == 0 { 0.0 } else { answered as f64 / calls as f64 }
    }
}

/// What one tier has done for a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TierStats {
    /// The tier's name: `memory`, `redis`, `fs`, or what a plug-in calls itself.
    pub name: String,
    /// Calls that it answered.
    pub hits: u64,
    /// Calls that it could not answer, faults included.
    pub misses: u64,
    /// Entries written.
    pub writes: u64,
    /// Entries removed.
    pub removes: u64,
    /// Operations that failed, and entries that were no good.
    pub errors: u64,
    /// Whether the tier, or only writing to it, is skipped for now, because it failed several times in a row.
    pub open: bool,
    /// Changes (`invalidate`, `put`, `refresh`, `clear`) that did not reach the tier and wait to be carried out, now;
    /// that of all entries is one.
    pub lost: u64,
}

impl TierStats {
    fn add(&mut self, other: &Self) {
        self.hits += other.hits;
        self.misses += other.misses;
        self.writes += other.writes;
        self.removes += other.removes;
        self.errors += other.errors;
        self.open |= other.open;
        self.lost += other.lost;
    }

    #[cfg(feature = "testing")]
    fn subtract(&mut self, earlier: &Self) {
        self.hits -= earlier.hits;
        self.misses -= earlier.misses;
        self.writes -= earlier.writes;
        self.removes -= earlier.removes;
        self.errors -= earlier.errors;
    }
}

/// Counts of a cache that are not a tier's.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Calls that a tier below memory answered.
    pub(crate) remote_hits: AtomicU64,
    pub(crate) misses: AtomicU64,
    pub(crate) computes: AtomicU64,
    pub(crate) coalesced: AtomicU64,
    pub(crate) stale: AtomicU64,
    pub(crate) errors: AtomicU64,
    pub(crate) body_nanos: AtomicU64,
}

/// Counts of a remote tier.
#[derive(Debug, Default)]
pub(crate) struct TierCounts {
    pub(crate) hits: AtomicU64,
    pub(crate) misses: AtomicU64,
    pub(crate) writes: AtomicU64,
    pub(crate) removes: AtomicU64,
    pub(crate) errors: AtomicU64,
}

/// Adds one.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

/// A counter for the hit path. Each of the first threads counts on a cache line of its own, which costs a plain
/// load and store instead of an atomic addition; all others share one.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    owned: [Line; lane::OWNED],
    shared: Line,
}

#[derive(Debug, Default)]
#[repr(align(64))]
struct Line(AtomicU64);

impl Counter {
    #[inline]
    pub(crate) fn count(&self) {
        match self.owned.get(lane::current()) {
            Some(Line(count)) => count.store(count.load(Relaxed) + 1, Relaxed),
            None => self::count(&self.shared.0),
        }
    }

    pub(crate) fn sum(&self) -> u64 {
        self.owned.iter().chain([&self.shared]).map(|line| line.0.load(Relaxed)).sum()
    }
}

/// Which line of every [`Counter`] is this thread's alone.
mod lane {
    use std::cell::Cell;

    use crate::sync::Mutex;

    /// So many threads have a lane of their own.
    pub(super) const OWNED: usize = 16;

    const UNKNOWN: usize = usize::MAX;

    /// Lanes without a thread; handing one on by this lock also hands on what was counted on it.
    static FREE: Mutex<Lanes> = Mutex::new(Lanes { taken: [false; OWNED] });

    struct Lanes {
        taken: [bool; OWNED],
    }

    thread_local! {
        static LANE: Cell<usize> = const { Cell::new(UNKNOWN) };
        static OWNER: Owner = Owner::new();
    }

    /// Holds a lane until its thread ends.
    struct Owner(usize);

    impl Owner {
        fn new() -> Self {
            let taken = &mut FREE.lock().taken;
            let lane = taken.iter().position(|taken| !taken).unwrap_or(OWNED);
            if let Some(taken) = taken.get_mut(lane) {
                *taken = true;
            }
            Self(lane)
        }
    }

    impl Drop for Owner {
        fn drop(&mut self) {
            LANE.set(OWNED); // what this thread still counts goes to the shared line
            if let Some(taken) = FREE.lock().taken.get_mut(self.0) {
                *taken = false;
            }
        }
    }

    #[inline]
    pub(super) fn current() -> usize {
        match LANE.get() {
            UNKNOWN => find(),
            lane => lane,
        }
    }

    #[cold]
    fn find() -> usize {
        let lane = OWNER.try_with(|owner| owner.0).unwrap_or(OWNED);
        LANE.set(lane);
        lane
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_count_is_lost_among_more_threads_than_lanes() {
        let counter = Counter::default();
        for _ in 0..3 {
            std::thread::scope(|scope| {
                for _ in 0..2 * lane::OWNED {
                    scope.spawn(|| (0..10_000).for_each(|_| counter.count()));
                }
            });
        }
        assert_eq!(counter.sum(), 3 * 2 * lane::OWNED as u64 * 10_000);
    }
}

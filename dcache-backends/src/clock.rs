//! The one clock of the process: coarse and monotonic inside, wall time only for what other processes read.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A moment of the monotonic clock, in units of 2⁻³² seconds since an arbitrary start.
///
/// The clock is the operating system's coarse one (1 to 4 ms on Linux): `Instant::now` costs more than the
/// look-up that it would guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tick(u64);

/// The longest life that is told apart from a longer one: 100 years.
pub const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

impl Tick {
    /// Comes after every other moment; the end of what never expires.
    pub const NEVER: Self = Self(u64::MAX);

    /// Returns the moment this long after, at most 100 years.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(ticks(duration)))
    }

    /// Returns how long ago `earlier` was: zero where it is later.
    pub fn since(self, earlier: Self) -> Duration {
        coarsetime::Duration::from_ticks(self.0.saturating_sub(earlier.0)).into()
    }
}

fn ticks(duration: Duration) -> u64 {
    coarsetime::Duration::from(duration.min(LONGEST)).as_ticks()
}

/// Reads the monotonic clock.
///
/// ```
/// use dcache_backends::clock;
///
/// let start = clock::now();
/// assert!(clock::now() >= start);
/// ```
#[inline]
pub fn now() -> Tick {
    Tick(coarsetime::Instant::now_without_cache_update().as_ticks().saturating_add(shift::ticks()))
}

/// Reads the wall clock, in milliseconds since 1970; only entries that other processes read hold it.
pub fn wall() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + shift::duration();
    now.as_millis() as u64
}

#[cfg(feature = "testing")]
pub use shift::{Offset, advance, offset, restore};

#[cfg(feature = "testing")]
mod shift {
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    use std::time::Duration;

    static TICKS: AtomicU64 = AtomicU64::new(0);

    #[inline]
    pub(super) fn ticks() -> u64 {
        TICKS.load(Relaxed)
    }

    pub(super) fn duration() -> Duration {
        coarsetime::Duration::from_ticks(ticks()).into()
    }

    /// Moves both clocks forward, for tests of expiry.
    ///
    /// It moves them for the whole process, and for good; beside other tests use
    /// `dcache::testing::isolate`, which puts them back.
    ///
    /// ```
    /// use std::time::Duration;
    /// use dcache_backends::clock;
    ///
    /// let start = clock::now();
    /// clock::advance(Duration::from_secs(60));
    /// assert!(clock::now().since(start) >= Duration::from_secs(60));
    /// ```
    pub fn advance(by: Duration) {
        TICKS.fetch_add(super::ticks(by), Relaxed);
    }

    /// How far [`advance`] has moved the clocks.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Offset(u64);

    /// Returns how far the clocks have been moved, for [`restore`].
    pub fn offset() -> Offset {
        Offset(ticks())
    }

    /// Moves both clocks to where they would be had they been moved this far: back, if they have been moved on.
    pub fn restore(offset: Offset) {
        TICKS.store(offset.0, Relaxed);
    }
}

#[cfg(not(feature = "testing"))]
mod shift {
    use std::time::Duration;

    #[inline]
    pub(super) const fn ticks() -> u64 {
        0
    }

    pub(super) const fn duration() -> Duration {
        Duration::ZERO
    }
}

//! The one clock of the process: coarse and monotonic inside, wall time only for what other processes read.

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
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

    /// Returns the units since the start.
    #[cfg(feature = "memory")]
    pub(crate) const fn bits(self) -> u64 {
        self.0
    }

    /// Returns the moment of so many units since the start.
    #[cfg(feature = "memory")]
    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits)
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
    let (wall, monotonic) = both();
    STEPS.observe(wall, monotonic);
    wall
}

/// Names the run of the wall clock that it is now in: when this machine was started, by that clock, in tenths of
/// seconds, of which the lowest 32 bits.
///
/// All processes of a machine agree on it, and it changes when someone sets the clock.
pub fn run() -> u32 {
    let (wall, monotonic) = both();
    run_of(wall, monotonic)
}

/// Returns by how many milliseconds a moment that was written down is farther back than the wall clock says.
///
/// That is zero as long as nobody sets the clock back. When it was set back by an hour, a moment from before, or
/// from a machine that has another idea of it, is taken for an hour older than it looks. `run` is what
/// [`run`] returned when the moment was written down: moments of the present run are what they look like.
pub fn set_back(moment: u64, run: u32) -> u64 {
    STEPS.set_back(moment, || is_same(run, self::run()))
}

/// Reads both clocks at one instant: again, where this thread was put aside in between.
fn both() -> (u64, u64) {
    let read = || {
        let before = monotonic();
        let system = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;
        let after = monotonic();
        (shift::wall(system), after, after.saturating_sub(before))
    };
    let (mut wall, mut after, mut between) = read();
    for _ in 0..10 {
        if between <= 50 {
            break;
        }
        (wall, after, between) = read();
    }
    (wall, after)
}

/// Reads the monotonic clock in milliseconds.
fn monotonic() -> u64 {
    Duration::from(coarsetime::Duration::from_ticks(now().0)).as_millis() as u64
}

fn run_of(wall: u64, monotonic: u64) -> u32 {
    (wall.wrapping_sub(monotonic) / 100) as u32
}

/// Tells whether two processes, or two moments, mean the same run; the clocks are not read at one instant.
fn is_same(one: u32, other: u32) -> bool {
    one.wrapping_sub(other).min(other.wrapping_sub(one)) <= 2
}

static STEPS: Steps = Steps::new();

/// The times that the wall clock was set back, as far as this process has seen.
///
/// A clock that is set forward makes entries look older than they are, which does no harm. One that is set back
/// makes them look younger: they would be handed out past their lives.
struct Steps {
    /// The most that the wall clock was ahead of the monotonic one since it was last set back, so that small steps
    /// add up; [`Self::UNREAD`] before it is first read.
    ahead: AtomicI64,
    steps: Mutex<Vec<Step>>,
}

#[derive(Clone, Copy)]
struct Step {
    /// What the wall clock said before it was set back.
    from: u64,
    by: u64,
}

impl Steps {
    const UNREAD: i64 = i64::MIN;
    /// Less than this is the coarseness of the clock, or a daemon that adjusts it.
    const SLACK: i64 = 250;
    /// More steps than this are remembered as one.
    const MOST: usize = 16;

    const fn new() -> Self {
        Self { ahead: AtomicI64::new(Self::UNREAD), steps: Mutex::new(Vec::new()) }
    }

    fn observe(&self, wall: u64, monotonic: u64) {
        let ahead = wall as i64 - monotonic as i64;
        let is_step = |before| before != Self::UNREAD && ahead < before - Self::SLACK;
        if !is_step(self.ahead.fetch_max(ahead, Relaxed)) {
            return;
        }
        // of the threads that see it one remembers it, and the others wait until it has
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.ahead.load(Relaxed);
        if !is_step(before) {
            return;
        }
        self.ahead.store(ahead, Relaxed);
        let by = before.abs_diff(ahead);
        if steps.len() == Self::MOST {
            let first = steps.remove(0);
            steps[0] = Step { from: first.from.max(steps[0].from), by: first.by.saturating_add(steps[0].by) };
        }
        steps.push(Step { from: wall.saturating_add(by), by });
    }

    fn set_back(&self, moment: u64, is_of_this_run: impl FnOnce() -> bool) -> u64 {
        let steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        if steps.is_empty() || is_of_this_run() {
            return 0;
        }
        steps.iter().filter(|step| moment <= step.from).map(|step| step.by).fold(0, u64::saturating_add)
    }
}

#[cfg(feature = "testing")]
pub use shift::{Offset, advance, offset, restore, set_wall};

#[cfg(feature = "testing")]
mod shift {
    use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
    use std::time::Duration;

    static TICKS: AtomicU64 = AtomicU64::new(0);

    /// How far the wall clock was set, in milliseconds.
    static WALL: AtomicI64 = AtomicI64::new(0);

    #[inline]
    pub(super) fn ticks() -> u64 {
        TICKS.load(Relaxed)
    }

    pub(super) fn wall(system: u64) -> u64 {
        let shift = Duration::from(coarsetime::Duration::from_ticks(ticks()));
        system.saturating_add(shift.as_millis() as u64).saturating_add_signed(WALL.load(Relaxed))
    }

    /// Sets the wall clock forward or, with a negative number, back by this many milliseconds; the monotonic clock
    /// goes on as it was.
    ///
    /// ```
    /// use dcache_backends::clock;
    ///
    /// let (wall, start) = (clock::wall(), clock::now());
    /// clock::set_wall(-86_400_000);
    /// assert!(clock::wall() < wall && clock::now() >= start);
    /// assert_eq!(clock::set_back(wall, 0), 86_400_000); // a moment from before looks a day younger than it is
    /// ```
    pub fn set_wall(by: i64) {
        WALL.fetch_add(by, Relaxed);
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
    #[inline]
    pub(super) const fn ticks() -> u64 {
        0
    }

    pub(super) const fn wall(system: u64) -> u64 {
        system
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400_000;

    #[test]
    fn a_clock_that_is_set_back_makes_older_moments_older() {
        let steps = Steps::new();
        steps.observe(10 * DAY, DAY);
        steps.observe(10 * DAY + 50, DAY + 1);
        assert_eq!(steps.set_back(9 * DAY, || false), 0);
        steps.observe(9 * DAY + 50, DAY + 1);
        assert_eq!(steps.set_back(8 * DAY, || false), DAY);
        assert_eq!(steps.set_back(9 * DAY + 60, || false), DAY, "who wrote this may not have noticed");
        assert_eq!(steps.set_back(9 * DAY + 60, || true), 0);
        assert_eq!(steps.set_back(10 * DAY + 51, || false), 0, "this was written after all that");
    }

    #[test]
    fn a_clock_that_is_set_forward_or_adjusted_changes_nothing() {
        let steps = Steps::new();
        steps.observe(10 * DAY, DAY);
        steps.observe(11 * DAY, DAY);
        steps.observe(11 * DAY - 200, DAY);
        assert_eq!(steps.set_back(0, || false), 0);
    }

    #[test]
    fn small_steps_add_up() {
        let steps = Steps::new();
        steps.observe(10 * DAY, DAY);
        for n in 1..=20 {
            steps.observe(10 * DAY - n * 100, DAY);
        }
        assert!(steps.set_back(9 * DAY, || false).abs_diff(2_000) <= Steps::SLACK as u64);
    }

    #[test]
    fn runs_are_told_apart_by_less_than_a_second() {
        let run = run_of(1_700_000_000_000, 5_000_000);
        assert!(is_same(run, run_of(1_700_000_000_090, 5_000_000)));
        assert!(!is_same(run, run_of(1_699_999_999_600, 5_000_000)));
        assert!(is_same(u32::MAX, 1));
    }

    #[test]
    fn many_steps_are_remembered_as_few() {
        let steps = Steps::new();
        for n in 0..100 {
            steps.observe(200 * DAY - n * DAY, DAY);
        }
        assert_eq!(steps.steps.lock().unwrap().len(), Steps::MOST);
        assert_eq!(steps.set_back(0, || false), 99 * DAY);
    }
}

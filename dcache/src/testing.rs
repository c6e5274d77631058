//! For the tests of those who use dcache: isolation, a clock that moves, tiers that go wrong.
//! [`guide::testing`](crate::guide::testing) shows how.

use std::fmt;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

pub use dcache_backends::clock::advance;
use dcache_backends::clock::{self, Offset};

pub use crate::chaos::{Chaos, ChaosStats, ChaosTier};
use crate::registry::{self, Held};
use crate::{settings, twin};

/// Has this test use dcache as if it were alone and began with nothing, until what this returns is dropped.
///
/// - Other isolated tests of the process wait until then, as `cargo test` runs them on threads side by side. A
///   test that panics makes way too.
/// - The memories of all caches are empty, and so they are again at the end.
/// - Tiers below memory are not asked. In the place of each is a twin: entries in this process, which expire by
///   dcache's clock. Functions that share a Redis or a folder share its twin. A bare `redis` whose variable is not
///   set is absent here too. Tiers of one's own have twins as well; that of a tier under [`Chaos`] goes wrong too.
/// - [`Stats`](crate::Stats) begin at zero; at the end they are what they were before.
/// - At the end the clock is where it was, however far [`advance`](Isolated::advance) moved it, and what
///   [`set_enabled`](crate::set_enabled) said is undone.
///
/// Calls of cached functions by tests that are not isolated see the same empty memories and twins meanwhile, and
/// their values are in the memories too: isolate every test that calls what another test calls.
///
/// # Panics
/// If this thread has an isolation already, which would wait for itself.
///
/// ```
/// use std::time::Duration;
/// use dcache::dcache;
///
/// #[dcache(ttl = "1h")]
/// fn price(sku: &str) -> u64 { 7 * sku.len() as u64 }
///
/// let t = dcache::testing::isolate();
/// price("chair");
/// t.advance(Duration::from_secs(3601)); // no sleep
/// price("chair");
/// assert_eq!(price::stats().computes, 2);
/// drop(t);
/// assert_eq!(price::stats().computes, 0);
/// ```
#[must_use = "the isolation ends when this is dropped; keep it in a variable for the whole test"]
pub fn isolate() -> Isolated {
    Isolated::begin(None)
}

/// Has this test use dcache as if it were alone, like [`isolate`], and the twins of all tiers go wrong by this
/// [`Chaos`]: so a test of functions over Redis or files shows that they survive a bad one.
///
/// A tier under a chaos of its own ([`Chaos::over`]) goes wrong by that alone. A test that panics prints the seed.
///
/// # Panics
/// If this thread has an isolation already, which would wait for itself.
///
/// ```
/// # #[cfg(all(feature = "redis", feature = "bincode"))] {
/// use dcache::dcache;
/// use dcache::testing::{self, Chaos};
///
/// #[dcache(backend = redis("redis://cache.example"), ttl = "1h")]
/// fn price(sku: u64) -> u64 { 7 * sku }
///
/// let chaos = Chaos::new().errors(0.2).lost_writes(0.2).flipped_bits(0.2).swapped(0.2);
/// let _t = testing::isolate_with(&chaos);
/// for sku in 0..500 {
///     assert_eq!(price(sku % 50), 7 * (sku % 50));
/// }
/// assert!(chaos.stats().faults() > 0);
/// # }
/// ```
#[must_use = "the isolation ends when this is dropped; keep it in a variable for the whole test"]
pub fn isolate_with(chaos: &Chaos) -> Isolated {
    Isolated::begin(Some(chaos.clone()))
}

/// An isolated test; see [`isolate`].
pub struct Isolated {
    offset: Offset,
    enabled: Option<bool>,
    /// Tells its seed where the test fails.
    _chaos: Option<Chaos>,
    /// Given up last.
    _turn: Turn,
}

impl Isolated {
    fn begin(chaos: Option<Chaos>) -> Self {
        let turn = Turn::wait();
        let held = registry::hold();
        let (offset, enabled) = (clock::offset(), settings::switched());
        let isolated = Self { offset, enabled, _chaos: chaos.clone(), _turn: turn };
        held.iter().for_each(Held::count_anew);
        twin::turn_over(chaos);
        isolated
    }

    /// Moves dcache's clock forward, so that what lives for less than this expires. No time passes for anything
    /// else.
    ///
    /// ```
    /// use std::time::Duration;
    /// use dcache::Cache;
    ///
    /// let t = dcache::testing::isolate();
    /// let squares: Cache<u64, u64> = Cache::builder("squares").ttl(Duration::from_secs(60)).build()?;
    /// squares.blocking().put(&3, 9)?;
    /// t.advance(Duration::from_secs(59));
    /// assert_eq!(squares.blocking().get(&3), Some(9));
    /// t.advance(Duration::from_secs(2));
    /// assert_eq!(squares.blocking().get(&3), None);
    /// # Ok::<(), dcache::Error>(())
    /// ```
    pub fn advance(&self, by: Duration) {
        advance(by);
    }
}

impl Drop for Isolated {
    fn drop(&mut self) {
        let held = registry::hold();
        twin::turn_over(None);
        clock::restore(self.offset);
        settings::restore(self.enabled);
        held.iter().for_each(Held::count_on);
    }
}

impl fmt::Debug for Isolated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Isolated").finish_non_exhaustive()
    }
}

/// The right to be isolated, which one test of the process has at a time. Unlike a lock's guard it may go to
/// another thread, as tests on a runtime of several threads do.
struct Turn;

static HOLDER: Mutex<Option<ThreadId>> = Mutex::new(None);
static FREED: Condvar = Condvar::new();

impl Turn {
    fn wait() -> Self {
        let this = thread::current().id();
        let mut holder = HOLDER.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(other) = *holder {
            if other == this {
                drop(holder);
                panic!("this thread has an isolation already; keep one for the whole test");
            }
            holder = FREED.wait(holder).unwrap_or_else(PoisonError::into_inner);
        }
        *holder = Some(this);
        Self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *HOLDER.lock().unwrap_or_else(PoisonError::into_inner) = None;
        FREED.notify_one();
    }
}

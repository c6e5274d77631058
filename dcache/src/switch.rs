//! Whether a call is cached: the program's switch, and calls inside a bypass.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Runs a future in which cached calls run their bodies and touch no tier.
///
/// Cached calls in it, however deep, read nothing and store nothing, in memory or below it, and are not counted in
/// [`Stats`](crate::Stats). `peek`, `entry` and [`Cache::get`](crate::Cache::get) find nothing, and `refresh` runs the
/// body alone. What changes a cache by name still does what it says: `put` stores, `invalidate` and `clear` remove.
///
/// It holds for this future wherever it is polled, and for no other that its threads poll. A task that the future
/// spawns is another future: wrap that too.
///
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
/// use dcache::dcache;
///
/// static STOCK: AtomicU32 = AtomicU32::new(5);
///
/// #[dcache]
/// async fn stock(item: u32) -> u32 { STOCK.load(SeqCst) }
///
/// # pollster::block_on(async {
/// assert_eq!(stock(1).await, 5);
/// STOCK.store(4, SeqCst);
/// assert_eq!(dcache::bypass(async { stock(1).await }).await, 4); // what is true now
/// assert_eq!(stock(1).await, 5); // the cache has noticed nothing
/// # });
/// ```
pub async fn bypass<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| {
        let _within = Bypass::enter();
        future.as_mut().poll(cx)
    })
    .await
}

/// Runs this with all cached calls that it makes on this thread running their bodies and touching no tier.
///
/// It is [`bypass`] for synchronous code. Threads that it starts are not meant.
///
/// ```
/// use dcache::dcache;
///
/// #[dcache]
/// fn double(n: u64) -> u64 { 2 * n }
///
/// assert_eq!(dcache::bypass_blocking(|| double(4)), 8);
/// assert_eq!(double::peek(4), None); // nothing was stored
/// assert_eq!(double::stats().misses, 0); // or counted
/// ```
pub fn bypass_blocking<T>(body: impl FnOnce() -> T) -> T {
    let _within = Bypass::enter();
    body()
}

/// Zero where every call is cached. Else the bit [`OFF`], and how many threads are inside a bypass times [`BYPASS`]:
/// a hit loads this alone, and looks further only where it is not zero.
static SWITCHES: AtomicUsize = AtomicUsize::new(0);

/// The program has switched caching off.
const OFF: usize = 1;

/// One thread is inside a bypass.
const BYPASS: usize = 2;

thread_local! {
    /// Whether this thread is inside a bypass. It needs no destructor, so threads that are ending have it too.
    static IS_BYPASSED: Cell<bool> = const { Cell::new(false) };
}

/// Tells whether this call is cached: not while the program has switched caching off, and not inside a bypass.
#[inline]
pub(crate) fn enabled() -> bool {
    SWITCHES.load(Relaxed) == 0 || is_enabled_here()
}

#[cold]
fn is_enabled_here() -> bool {
    is_on() && !IS_BYPASSED.get()
}

/// Tells whether the program's switch is on, inside a bypass or not.
pub(crate) fn is_on() -> bool {
    SWITCHES.load(Relaxed) & OFF == 0
}

/// Sets the program's switch.
pub(crate) fn turn(on: bool) {
    if on {
        SWITCHES.fetch_and(!OFF, Relaxed);
    } else {
        SWITCHES.fetch_or(OFF, Relaxed);
    }
}

/// A stay inside a bypass on this thread; dropped, all is as it was before, be it another bypass.
struct Bypass {
    was_bypassed: bool,
}

impl Bypass {
    fn enter() -> Self {
        // this thread's own addition is in what it loads from here on
        SWITCHES.fetch_add(BYPASS, Relaxed);
        Self { was_bypassed: IS_BYPASSED.replace(true) }
    }
}

impl Drop for Bypass {
    fn drop(&mut self) {
        IS_BYPASSED.set(self.was_bypassed);
        SWITCHES.fetch_sub(BYPASS, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::task::{Context, Poll, Waker};

    use super::*;

    #[test]
    fn a_bypass_ends_with_its_own_end_though_it_be_a_panic() {
        assert!(enabled());
        bypass_blocking(|| {
            bypass_blocking(|| assert!(!enabled()));
            assert!(!enabled(), "the inner one ends alone");
            let _ = catch_unwind(AssertUnwindSafe(|| bypass_blocking(|| panic!("inside"))));
            assert!(!enabled());
        });
        let _ = catch_unwind(AssertUnwindSafe(|| bypass_blocking(|| panic!("inside"))));
        assert!(enabled());
    }

    #[test]
    fn a_future_is_inside_only_while_it_is_polled() {
        let mut turns = 0;
        let mut future = pin!(bypass(poll_fn(|_| {
            assert!(!enabled());
            turns += 1;
            if turns < 2 { Poll::Pending } else { Poll::Ready(()) }
        })));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(future.as_mut().poll(&mut cx).is_pending());
        assert!(enabled(), "another task of this thread may run now");
        assert!(future.as_mut().poll(&mut cx).is_ready());
        assert!(enabled());
    }

    #[test]
    fn other_threads_are_outside() {
        bypass_blocking(|| {
            std::thread::scope(|scope| {
                scope.spawn(|| assert!(enabled()));
            });
        });
    }
}

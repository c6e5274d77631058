//! Older values where calls meet in unusual ways: beside a refresh by name, without coalescing, in circles, on the
//! threads that run bodies in the background.

use std::future::pending;
use std::panic::catch_unwind;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::sync::{Barrier, LazyLock};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use dcache::{Cache, Memory, dcache, drain_blocking, testing};
use dcache_tests::{Door, Shelf, poll_once};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::timeout;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

fn single() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn several() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Runs this on a thread, and fails where it does not end.
fn ends<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = channel();
    thread::spawn(move || sender.send(work()));
    receiver.recv_timeout(20 * SECOND).expect("it hangs, or has panicked")
}

#[test]
fn a_call_that_waits_for_a_refresh_by_name_is_spared_its_error() {
    static FAILS: AtomicBool = AtomicBool::new(false);
    static DOOR: LazyLock<Door> = LazyLock::new(Door::new);
    #[dcache(ttl = "1m", stale_if_error = "1h")]
    async fn rate(n: u32) -> Result<u32, String> {
        if FAILS.load(SeqCst) {
            DOOR.pass().await;
            return Err("down".into());
        }
        Ok(n)
    }
    single().block_on(async {
        rate(1).await.unwrap();
        testing::advance(2 * MINUTE);
        FAILS.store(true, SeqCst);
        let (mut refresh, mut call) = (Box::pin(rate::refresh(1)), Box::pin(rate(1)));
        assert!(poll_once(&mut refresh).is_pending() && poll_once(&mut call).is_pending());
        assert_eq!(DOOR.come(), 1, "the call waits for the refresh");
        DOOR.open();
        assert_eq!(tokio::join!(refresh, call), (Err("down".into()), Ok(1)));
    });
}

#[test]
fn who_takes_over_a_refresh_by_name_has_an_older_value() {
    #[derive(Debug, PartialEq)]
    struct Down;
    static FAILS: AtomicBool = AtomicBool::new(false);
    static DOOR: LazyLock<Door> = LazyLock::new(Door::new);
    #[dcache(ttl = "1m", stale_if_error = "1h")]
    async fn rate(n: u32) -> Result<u32, Down> {
        if FAILS.load(SeqCst) {
            DOOR.pass().await;
            return Err(Down);
        }
        Ok(n)
    }
    single().block_on(async {
        rate(1).await.unwrap();
        testing::advance(2 * MINUTE);
        FAILS.store(true, SeqCst);
        let (mut refresh, mut call) = (Box::pin(rate::refresh(1)), Box::pin(rate(1)));
        assert!(poll_once(&mut refresh).is_pending() && poll_once(&mut call).is_pending());
        drop(refresh);
        DOOR.open();
        assert_eq!(call.await, Ok(1));
        assert_eq!(DOOR.come(), 2, "it has run the body itself");
    });
}

#[test]
fn calls_that_do_not_wait_for_each_other_have_an_older_value_each() {
    static FAILS: AtomicBool = AtomicBool::new(false);
    static MET: Barrier = Barrier::new(3);
    #[dcache(ttl = "1m", stale_if_error = "1h", coalesce = false)]
    fn rate(n: u32) -> Result<u32, String> {
        if FAILS.load(SeqCst) {
            MET.wait();
            return Err("down".into());
        }
        Ok(n)
    }
    rate(1).unwrap();
    testing::advance(2 * MINUTE);
    FAILS.store(true, SeqCst);
    let calls = [(); 3].map(|()| thread::spawn(|| rate(1)));
    assert_eq!(calls.map(|call| call.join().unwrap()), [Ok(1), Ok(1), Ok(1)]);
}

#[test]
fn calls_that_do_not_wait_for_each_other_wait_for_a_slow_body_as_long_as_they_may() {
    static SLOW: AtomicBool = AtomicBool::new(false);
    #[dcache(ttl = "1m", stale_if_error = "1h", soft_timeout = "50ms", coalesce = false)]
    async fn rate(n: u32) -> Result<u32, String> {
        if SLOW.load(SeqCst) {
            pending::<()>().await;
        }
        Ok(n)
    }
    single().block_on(async {
        rate(1).await.unwrap();
        testing::advance(2 * MINUTE);
        SLOW.store(true, SeqCst);
        let start = Instant::now();
        assert_eq!(tokio::join!(rate(1), rate(1)), (Ok(1), Ok(1)));
        assert!(start.elapsed() < 5 * SECOND);
    });
}

#[test]
fn memory_that_holds_a_value_for_less_does_not_end_what_is_kept_below_it() {
    let rates: Cache<u32, u32> = Cache::builder("kept below")
        .memory(Memory::default().ttl(SECOND))
        .tier(Shelf::new())
        .ttl(MINUTE)
        .stale_if_error(HOUR)
        .build()
        .unwrap();
    let rates = rates.blocking();
    rates.try_get_or_insert_with(&1, || Ok::<_, ()>(1)).unwrap();
    testing::advance(2 * MINUTE);
    let slow = || {
        testing::advance(2 * SECOND);
        Err(())
    };
    assert_eq!(rates.try_get_or_insert_with(&1, slow), Ok(1));
}

#[test]
fn a_stale_value_in_a_near_tier_does_not_hide_a_fresh_one_in_a_far_tier() {
    let (near, far) = (Shelf::new(), Shelf::new());
    let builder = || Cache::<u32, u32>::builder("far").no_memory().ttl(MINUTE).stale_while_revalidate(HOUR);
    let here = builder().tier(near).tier(far.clone()).build().unwrap();
    let elsewhere = builder().tier(far).build().unwrap();
    assert_eq!(here.blocking().get_or_spawn_with(&1, || 1), 1);
    testing::advance(2 * MINUTE);
    elsewhere.blocking().put(&1, 2).unwrap();
    assert_eq!(here.blocking().get_or_spawn_with(&1, || unreachable!("the far tier is fresh")), 2);
    drain_blocking();
    assert_eq!(here.stats().computes, 1);
}

#[test]
fn a_detached_body_that_calls_itself_does_not_wait_for_itself() {
    #[dcache(detach, skip(depth))]
    async fn down(key: u32, depth: u32) -> u32 {
        if depth == 0 { key } else { again(key, depth - 1).await }
    }
    fn again(key: u32, depth: u32) -> Boxed<u32> {
        Box::pin(down(key, depth))
    }
    assert_eq!(ends(|| several().block_on(down(1, 3))), 1);
}

#[test]
fn detached_bodies_that_call_each_other_in_a_circle_do_not_wait_for_themselves() {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    #[dcache(detach)]
    async fn there(n: u32) -> u32 {
        if CALLS.fetch_add(1, SeqCst) > 0 { n } else { back(n).await }
    }
    #[dcache(detach)]
    async fn back(n: u32) -> u32 {
        let there: Boxed<u32> = again(n);
        there.await
    }
    fn again(n: u32) -> Boxed<u32> {
        Box::pin(there(n))
    }
    assert_eq!(ends(|| several().block_on(there(1))), 1);
}

#[test]
fn a_detached_body_within_another_needs_no_runtime_and_no_io_thread() {
    fn name() -> String {
        thread::current().name().unwrap_or_default().to_owned()
    }
    #[dcache(detach)]
    async fn inner(n: u32) -> String {
        let _ = n;
        name()
    }
    #[dcache(detach)]
    async fn outer(n: u32) -> [String; 2] {
        [name(), inner(n).await]
    }
    assert_eq!(ends(|| pollster::block_on(outer(1))), ["dcache-bodies", "dcache-bodies"]);
}

#[test]
fn what_panics_after_a_detached_body_panics_in_its_caller() {
    #[dcache(detach, cache_if = |_: &u32| panic!("of the condition"))]
    async fn value(n: u32) -> u32 {
        n
    }
    let runtime = several();
    let panic = catch_unwind(|| runtime.block_on(value(1))).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"of the condition"));
}

#[test]
fn a_drain_waits_for_nothing_that_only_its_own_thread_could_do() {
    static WAITS: AtomicBool = AtomicBool::new(false);
    #[dcache(ttl = "1m", stale_while_revalidate = "1h")]
    async fn rate(n: u32) -> u32 {
        if WAITS.load(SeqCst) {
            pending::<()>().await;
        }
        n
    }
    ends(|| {
        single().block_on(async {
            rate(1).await;
            testing::advance(2 * MINUTE);
            WAITS.store(true, SeqCst);
            let runtime = Handle::current();
            // the refresh is sent from another thread, and goes on in this one
            tokio::task::spawn_blocking(move || runtime.block_on(rate(1))).await.unwrap();
            drain_blocking();
        });
    });
}

#[test]
fn bodies_on_all_threads_do_not_wait_for_a_refresh_that_waits_for_a_thread() {
    static MET: Barrier = Barrier::new(5);
    static MEETS: AtomicBool = AtomicBool::new(false);
    #[dcache(ttl = "1m", stale_while_revalidate = "1m")]
    fn inner(n: u32) -> u32 {
        n
    }
    #[dcache(ttl = "1m", stale_while_revalidate = "1m")]
    fn outer(n: u32) -> u32 {
        if MEETS.load(SeqCst) {
            MET.wait();
            MET.wait();
            inner(1);
        }
        n
    }
    ends(|| {
        (0..4).for_each(|n| assert_eq!(outer(n), n));
        inner(1);
        MEETS.store(true, SeqCst);
        testing::advance(MINUTE + SECOND);
        (0..4).for_each(|n| assert_eq!(outer(n), n, "stale"));
        MET.wait(); // all threads are taken
        assert_eq!(inner(1), 1, "stale, and its refresh is queued");
        testing::advance(MINUTE); // past its stale time
        MET.wait();
        drain_blocking();
    });
}

#[test]
fn a_flight_that_everyone_has_left_is_over() {
    #[dcache(ttl = "1m", stale_if_error = "1h", soft_timeout = "20ms")]
    async fn rate(n: u32) -> Result<u32, String> {
        static CALLS: AtomicU32 = AtomicU32::new(0);
        match CALLS.fetch_add(1, SeqCst) {
            0 | 2 => Ok(n + 1),
            _ => std::future::pending().await,
        }
    }
    single().block_on(async {
        assert_eq!(rate(1).await, Ok(2));
        testing::advance(2 * MINUTE);
        // by name it is part of the call, and ends with it, when who waits for it has waited long enough
        let (mut refresh, mut call) = (Box::pin(rate::refresh(1)), Box::pin(rate(1)));
        assert!(poll_once(&mut refresh).is_pending() && poll_once(&mut call).is_pending());
        thread::sleep(SECOND / 20); // its soft timeout, at least
        drop(refresh);
        assert_eq!(poll_once(&mut call), Poll::Ready(Ok(2)));
        let again = timeout(5 * SECOND, rate(1)).await.expect("nobody leads");
        assert_eq!(again, Ok(2));
        dcache::drain().await;
        assert_eq!(rate::stats().computes, 3);
    });
}

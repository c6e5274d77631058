//! Bounds: what a flight and a waiter take in memory, and that a great many of them take no longer than their number.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, LazyLock};
use std::task::Poll;
use std::time::{Duration, Instant};

use allocation_counter::measure;
use dcache::{Cache, Redis, Tier};
use dcache_tests::redis::{Server, wait_until};
use dcache_tests::{Door, figure, poll_once};
use tokio::runtime::Runtime;

use crate::ways::Answer;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));

/// Nothing here takes longer, in a debug build on a busy machine.
const LONG: Duration = Duration::from_secs(300);

fn cache(name: &str) -> Cache<u32, u32> {
    Cache::builder(name).build().unwrap()
}

/// A body that ends when this says so.
async fn until(may_end: &AtomicBool) -> u32 {
    std::future::poll_fn(|_| if may_end.load(SeqCst) { Poll::Ready(7) } else { Poll::Pending }).await
}

/// Asserts how many bytes each of so many calls takes at most while it waits, its future and beyond that; `key` tells
/// the key of a call.
fn assert_small(calls: u32, key: fn(u32) -> u32) {
    let (cache, may_end) = (cache("bytes"), AtomicBool::new(false));
    let (cache, may_end) = (&cache, &may_end);
    let mut waiting = Vec::with_capacity(calls as usize);
    // all is polled on this thread, the only one that is measured
    let measured = measure(|| {
        for n in 0..calls {
            let mut call =
                Box::pin(async move { cache.get_or_insert_with(&key(n), || until(may_end)).await });
            assert!(poll_once(&mut call).is_pending());
            waiting.push(call);
        }
    });
    may_end.store(true, SeqCst);
    for call in &mut waiting {
        assert_eq!(poll_once(call), Poll::Ready(7));
    }
    let stats = cache.stats();
    assert_eq!(stats.misses + stats.coalesced, u64::from(calls));
    let future = size_of_val(&*waiting[0]) as u64;
    let beyond = (measured.bytes_max / u64::from(calls)).saturating_sub(future);
    eprintln!("{calls} calls: {future} bytes each for the future, {beyond} beyond that");
    assert!(future <= 8_192 && beyond <= 1_024, "{future} bytes each for the future, {beyond} beyond that");
}

/// Keys in flight, 100 000 of them here and a million by `DCACHE_TEST_FLIGHTS=1_000_000`, take 267 bytes each beyond
/// the futures of their calls, which take 2 304: 2.6 GB in all for the million.
#[test]
fn a_flight_takes_little_memory() {
    assert_small(figure("FLIGHTS", 100_000), |n| n);
}

/// 100 000 waiters of one key take 127 bytes each beyond their futures.
#[test]
fn a_waiter_takes_little_memory() {
    assert_small(figure("WAITERS", 100_000), |_| 1);
}

/// Counts itself as soon as it waits.
async fn counted<T>(waiting: Arc<AtomicU32>, call: impl Future<Output = T>) -> T {
    let (mut call, mut is_new) = (pin!(call), true);
    std::future::poll_fn(|cx| {
        let polled = call.as_mut().poll(cx);
        if polled.is_pending() && std::mem::take(&mut is_new) {
            waiting.fetch_add(1, SeqCst);
        }
        polled
    })
    .await
}

/// Runs so many calls, whose bodies wait until all calls do, and returns how long they took; `key` tells the key of a
/// call.
fn time(calls: u32, key: fn(u32) -> u32, answer: Answer) -> Duration {
    let (cache, door, begun) = (cache("time"), Door::new(), Instant::now());
    let waiting = Arc::new(AtomicU32::new(0));
    let start = |n| {
        let (cache, door) = (cache.clone(), door.clone());
        let call = async move {
            let body = || async {
                door.pass().await;
                answer
            };
            cache.try_get_or_insert_with(&key(n), body).await
        };
        RUNTIME.spawn(counted(waiting.clone(), call))
    };
    let running: Vec<_> = (0..calls).map(start).collect();
    wait_until(LONG, "the calls", || waiting.load(SeqCst) == calls);
    door.open();
    RUNTIME.block_on(async {
        for call in running {
            let answered = tokio::time::timeout(LONG, call).await.expect("it waits for ever");
            assert_eq!(answered.expect("no panic"), answer);
        }
    });
    let (took, stats) = (begun.elapsed(), cache.stats());
    assert_eq!(stats.misses + stats.coalesced, u64::from(calls));
    eprintln!("{calls} calls, {} bodies: {took:?}", stats.computes);
    took
}

/// Asserts that ten times as many take not nearly a hundred times as long.
fn assert_not_quadratic(most: u32, time: impl Fn(u32) -> Duration) {
    let few = time(most / 10).max(Duration::from_millis(20)); // what is shorter tells nothing
    let many = time(most);
    assert!(many < 50 * few, "{few:?} became {many:?}");
}

/// Bodies of a million keys wait at the same time (`DCACHE_TEST_FLIGHTS=1_000_000`; here 50 000), and all calls
/// are answered.
#[test]
fn a_great_many_keys_may_be_in_flight() {
    assert_not_quadratic(figure("FLIGHTS", 50_000), |calls| time(calls, |n| n, Ok(7)));
}

/// 100 000 wait for one body.
#[test]
fn a_great_many_calls_may_wait_for_one_body() {
    assert_not_quadratic(figure("WAITERS", 100_000), |calls| time(calls, |_| 1, Ok(7)));
}

/// 50 000 wait for one body, which fails, and their errors cannot be shared: each runs its own.
#[test]
fn a_great_many_calls_may_fail() {
    assert_not_quadratic(figure("FAILURES", 50_000), |calls| time(calls, |_| 1, Err("down")));
}

/// 2 000 changes of one key come at once, and are made one after the other.
#[test]
fn a_great_many_changes_of_one_key_may_come_at_once() {
    let server = Server::start();
    assert_not_quadratic(figure("CHANGES", 2_000), |changes| {
        let tier = Tier::new(Redis::connect(&server.url()).unwrap()).timeout(LONG);
        let cache: Cache<u32, u32> = Cache::builder("changes").tier(tier).build().unwrap();
        let begun = Instant::now();
        let start = |n| {
            let cache = cache.clone();
            RUNTIME.spawn(async move { cache.put(&1, n).await })
        };
        let running: Vec<_> = (0..changes).map(start).collect();
        for change in running {
            RUNTIME.block_on(change).expect("no panic").expect("it was stored");
        }
        eprintln!("{changes} changes: {:?}", begun.elapsed());
        begun.elapsed()
    });
}

//! A great many calls, cancellations and changes at the same time.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use dcache::{Cache, Memory, Redis, Tier, testing};
use dcache_tests::redis::{Server, wait_until};
use dcache_tests::{Door, Shelf, figure};
use tokio::runtime::Runtime;
use tokio::task::yield_now;

use crate::ways::{LONG, MINUTE};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));

/// Polls a call so many times, and drops it.
async fn give_up_after<T>(polls: usize, mut call: Pin<Box<impl Future<Output = T>>>) {
    let mut left = polls;
    std::future::poll_fn(|cx| {
        if left == 0 || call.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        left -= 1;
        Poll::Pending
    })
    .await;
}

/// Waits ten times, and asserts that no other body of its key runs meanwhile.
async fn ten_awaits(running: Arc<AtomicUsize>) -> u32 {
    struct Leaves(Arc<AtomicUsize>);
    impl Drop for Leaves {
        fn drop(&mut self) {
            self.0.fetch_sub(1, SeqCst);
        }
    }
    assert_eq!(running.fetch_add(1, SeqCst), 0, "two bodies at a time");
    let _leaves = Leaves(running);
    for _ in 0..10 {
        yield_now().await;
    }
    7
}

/// A leader is dropped at each of ten awaits, a thousand times, while others wait: 10 000 runs. Whoever takes over may
/// be dropped as well.
#[test]
fn a_leader_dropped_at_any_await_hands_over() {
    const RUNS: u32 = 1_000;
    let cache: Cache<u32, u32> = Cache::builder("dropped anywhere").build().unwrap();
    let runs = async {
        for key in 0..10 * RUNS {
            let running = Arc::new(AtomicUsize::new(0));
            let call = || {
                let (cache, running) = (cache.clone(), running.clone());
                Box::pin(async move { cache.get_or_insert_with(&key, || ten_awaits(running)).await })
            };
            let mut leader = call();
            assert!(leader.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            let polls = (key % 10) as usize;
            tokio::spawn(give_up_after(polls, leader));
            tokio::spawn(give_up_after(polls / 2 + 1, call()));
            for waiter in [(); 3].map(|()| tokio::spawn(call())) {
                assert_eq!(waiter.await.expect("no body beside another"), 7);
            }
            assert_eq!(cache.get(&key).await, Some(7));
        }
    };
    RUNTIME.block_on(async { tokio::time::timeout(4 * LONG, runs).await.expect("somebody waits for ever") });
}

/// What a body reads, which changes; and the oldest value that calls may still have.
#[derive(Default)]
struct Source {
    version: AtomicU32,
    oldest: AtomicU32,
    is_done: AtomicBool,
}

impl Source {
    /// A body that a change may come into.
    fn read(&self) -> u32 {
        let version = self.version.load(SeqCst);
        (0..version % 64).for_each(|_| std::hint::spin_loop());
        version
    }

    fn assert_fresh(&self, cache: &Cache<u32, u32>) {
        let oldest = self.oldest.load(SeqCst);
        let value = cache.blocking().get_or_insert_with(&1, || self.read());
        assert!(value >= oldest, "{value} was invalidated, {oldest} is the oldest that may be had");
    }
}

/// Invalidates a key so often while two threads fill it.
fn invalidate_against_fills(cache: &Cache<u32, u32>, times: u32) {
    let source = Source::default();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !source.is_done.load(SeqCst) {
                    source.assert_fresh(cache);
                }
            });
        }
        for version in 1..=times {
            source.version.store(version, SeqCst);
            cache.blocking().invalidate(&1).unwrap();
            source.oldest.store(version, SeqCst);
            if version % 2 == 0 {
                source.assert_fresh(cache);
            }
        }
        source.is_done.store(true, SeqCst);
    });
    let computes = cache.stats().computes;
    assert!(
        computes > u64::from(times) / 10,
        "{computes} fills are hardly a race with {times} invalidations"
    );
}

/// 250 000 invalidations race with two threads that fill the key in memory: nobody has a value of before after one has
/// returned. `DCACHE_TEST_INVALIDATIONS=1_000_000` makes it a million, in half a minute of a debug build.
#[test]
fn no_old_value_is_handed_out_after_an_invalidation() {
    let cache = Cache::builder("invalidated").build().unwrap();
    invalidate_against_fills(&cache, figure("INVALIDATIONS", 250_000));
}

/// The same 3 000 times with a tier below memory, whose writes a change has to order too, and with older values.
#[test]
fn no_old_value_comes_back_from_below_after_an_invalidation() {
    let builder = || Cache::builder("from below").tier(Tier::new(Shelf::new()).timeout(LONG)).ttl(MINUTE);
    let caches = [
        builder().build().unwrap(),
        builder().no_memory().build().unwrap(),
        builder()
            .ttl(Duration::from_nanos(1))
            .stale_if_error(MINUTE)
            .stale_while_revalidate(MINUTE)
            .build()
            .unwrap(),
    ];
    for cache in caches {
        invalidate_against_fills(&cache, figure("INVALIDATIONS_BELOW", 3_000));
    }
}

const KEYS: u32 = 48;

/// Calls all keys from several threads and tasks, with bodies that wait at the door; none of the calls may.
fn call_from_everywhere(cache: &Cache<u32, u32>, round: u32, door: &Door) {
    let call = {
        let (cache, door) = (cache.clone(), door.clone());
        move |key: u32| {
            let door = door.clone();
            let body = async move {
                door.pass().await;
                round
            };
            (cache.clone(), body, (key * 7 + round) % KEYS)
        }
    };
    let mut threads = Vec::new();
    for _ in 0..3 {
        let call = call.clone();
        threads.push(thread::spawn(move || {
            for key in 0..2 * KEYS {
                let (cache, body, key) = call(key);
                let value = cache.blocking().get_or_spawn_with(&key, || pollster::block_on(body));
                assert!(value < round, "it is the old one");
            }
        }));
    }
    let tasks: Vec<_> = (0..2 * KEYS)
        .map(|key| {
            let (cache, body, key) = call(key);
            RUNTIME.spawn(async move { assert!(cache.get_or_spawn_with(&key, || body).await < round) })
        })
        .collect();
    wait_until(LONG, "calls, which wait for bodies", || {
        threads.iter().all(|thread| thread.is_finished()) && tasks.iter().all(|task| task.is_finished())
    });
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    tasks.into_iter().for_each(|task| RUNTIME.block_on(task).unwrap());
}

/// 48 keys, each called twice from three threads and twice from tasks, in 20 rounds: all calls return while every
/// body is held, so none waits for one. Where memory holds but eight values, the others come from Redis.
#[test]
fn no_call_waits_for_a_body_while_there_is_a_stale_value() {
    let server = Server::start();
    let redis = || Tier::new(Redis::connect(&server.url()).unwrap()).timeout(LONG);
    let builder = || Cache::builder("never waits").ttl(MINUTE).stale_while_revalidate(MINUTE);
    let caches: [Cache<u32, u32>; 3] = [
        builder().build().unwrap(),
        builder().tier(redis()).build().unwrap(),
        builder().memory(Memory::entries(8)).tier(redis()).build().unwrap(),
    ];
    for (n, cache) in caches.into_iter().enumerate() {
        (0..KEYS).for_each(|key| cache.blocking().put(&key, 0).unwrap());
        for round in 1..=20 {
            testing::advance(MINUTE + Duration::from_secs(1));
            let door = Door::new();
            call_from_everywhere(&cache, round, &door);
            door.open();
            dcache::drain_blocking();
            let values: Vec<_> = (0..KEYS).map(|key| cache.blocking().get(&key)).collect();
            assert_eq!(values, vec![Some(round); KEYS as usize], "cache {n}: each was refreshed");
        }
        let stats = cache.stats();
        assert_eq!((stats.misses, stats.computes), (0, 20 * u64::from(KEYS)), "cache {n}");
    }
}

/// A key that is called at every twentieth of its time to live, for a hundred times that: 2 000 rounds of two
/// calls, and a refresh in each last fifth.
#[test]
fn a_key_in_steady_use_never_misses_where_it_is_refreshed_ahead() {
    let below = [None, Some(Shelf::new())];
    for shelf in below {
        let builder = Cache::builder("steady").ttl(MINUTE).refresh_ahead(0.2);
        let cache: Cache<u32, u32> = match shelf {
            None => builder.build().unwrap(),
            Some(shelf) => builder.tier(Tier::new(shelf).timeout(LONG)).build().unwrap(),
        };
        for round in 0..2_000 {
            thread::scope(|scope| {
                scope.spawn(|| cache.blocking().get_or_spawn_with(&1, move || round));
                scope.spawn(|| RUNTIME.block_on(cache.get_or_spawn_with(&1, || async move { round })));
            });
            dcache::drain_blocking();
            testing::advance(MINUTE / 20);
        }
        let stats = cache.stats();
        assert!(
            (stats.misses, stats.stale) == (1, 0) && stats.coalesced <= 1,
            "after the first call: {stats:?}"
        );
        assert!((100..=160).contains(&stats.computes), "{stats:?}");
    }
}

//! Concurrent calls of one key run one body.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use dcache::Cache;
use dcache_tests::{Shelf, poll_once, run};
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, oneshot};

fn cache(name: &str) -> Cache<u32, u32> {
    Cache::builder(name).build().unwrap()
}

#[test]
fn ten_thousand_tasks_run_one_body() {
    run(async {
        let (cache, bodies) = (cache("tasks"), Arc::new(AtomicUsize::new(0)));
        let calls: Vec<_> = (0..10_000)
            .map(|_| {
                let (cache, bodies) = (cache.clone(), bodies.clone());
                tokio::spawn(async move {
                    let body = || async {
                        bodies.fetch_add(1, SeqCst);
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        7
                    };
                    cache.get_or_insert_with(&1, body).await
                })
            })
            .collect();
        for call in calls {
            assert_eq!(call.await.unwrap(), 7);
        }
        assert_eq!(bodies.load(SeqCst), 1);
        let stats = cache.stats();
        assert_eq!((stats.misses, stats.computes), (1, 1));
        assert_eq!(stats.hits + stats.coalesced, 9_999);
    });
}

#[test]
fn a_hundred_threads_run_one_body() {
    let (cache, bodies) = (cache("threads"), AtomicUsize::new(0));
    let start = Barrier::new(100);
    std::thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| {
                start.wait();
                let body = || {
                    bodies.fetch_add(1, SeqCst);
                    std::thread::sleep(Duration::from_millis(30));
                    7
                };
                assert_eq!(cache.blocking().get_or_insert_with(&1, body), 7);
            });
        }
    });
    assert_eq!(bodies.load(SeqCst), 1);
}

#[test]
fn different_keys_do_not_wait_for_each_other() {
    run(async {
        let cache = cache("keys");
        let start = Instant::now();
        let calls: Vec<_> = (0..16)
            .map(|key| {
                let cache = cache.clone();
                tokio::spawn(async move {
                    let body = || async {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        key
                    };
                    cache.get_or_insert_with(&key, body).await
                })
            })
            .collect();
        for (key, call) in (0..).zip(calls) {
            assert_eq!(call.await.unwrap(), key);
        }
        // one after the other would be 800 ms; the figure itself is a benchmark's
        assert!(start.elapsed() < Duration::from_millis(400), "{:?}", start.elapsed());
    });
}

#[test]
fn a_waiter_takes_over_when_the_leader_is_dropped() {
    run(async {
        let cache = cache("dropped");
        let (led, is_led) = oneshot::channel();
        let leader = {
            let cache = cache.clone();
            tokio::spawn(async move {
                let body = || async {
                    led.send(()).unwrap();
                    std::future::pending().await
                };
                cache.get_or_insert_with(&1, body).await
            })
        };
        is_led.await.unwrap();
        let mut waiters: Vec<_> =
            (0..3).map(|_| Box::pin(cache.get_or_insert_with(&1, || std::future::ready(7)))).collect();
        let mut cx = Context::from_waker(Waker::noop());
        for waiter in &mut waiters {
            assert!(waiter.as_mut().poll(&mut cx).is_pending());
        }
        leader.abort();
        assert!(leader.await.unwrap_err().is_cancelled());
        for waiter in waiters {
            assert_eq!(waiter.await, 7);
        }
        assert_eq!(cache.stats().computes, 2);
    });
}

#[test]
fn a_waiter_that_was_called_to_lead_and_is_dropped_passes_the_call_on() {
    let cache = cache("passed on");
    let mut cx = Context::from_waker(Waker::noop());
    let mut leader = Box::pin(cache.get_or_insert_with(&1, std::future::pending));
    assert!(leader.as_mut().poll(&mut cx).is_pending());
    let mut first = Box::pin(cache.get_or_insert_with(&1, || std::future::ready(1)));
    let mut second = Box::pin(cache.get_or_insert_with(&1, || std::future::ready(2)));
    assert!(first.as_mut().poll(&mut cx).is_pending());
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(woken.clone());
    assert!(second.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    drop(leader);
    assert_eq!(woken.0.load(SeqCst), 0, "the first is called, not the second");
    drop(first);
    assert_eq!(woken.0.load(SeqCst), 1);
    assert_eq!(futures::executor::block_on(second), 2);
}

#[derive(Default)]
struct Woken(AtomicUsize);

impl std::task::Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

#[test]
fn a_panic_is_its_callers_alone() {
    let cache = cache("panic");
    let (entered, is_entered) = std::sync::mpsc::channel();
    let (go, may_go) = std::sync::mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let leader = scope.spawn(|| {
            let (entered, may_go) = (entered, may_go);
            cache.blocking().get_or_insert_with(&1, || {
                entered.send(()).unwrap();
                may_go.recv().unwrap();
                panic!("of the body")
            })
        });
        is_entered.recv().unwrap();
        let waiters: Vec<_> =
            (0..4).map(|_| scope.spawn(|| cache.blocking().get_or_insert_with(&1, || 7))).collect();
        go.send(()).unwrap();
        assert!(leader.join().is_err());
        for waiter in waiters {
            assert_eq!(waiter.join().unwrap(), 7);
        }
    });
    assert_eq!(cache.blocking().get(&1), Some(7));
}

#[test]
fn failures_release_growing_groups() {
    let cache = cache("groups");
    let mut cx = Context::from_waker(Waker::noop());
    let running = Arc::new(AtomicUsize::new(0));
    let release = Arc::new(Notify::new());
    let call = || {
        let (running, release) = (running.clone(), release.clone());
        Box::pin(cache.try_get_or_insert_with(&1, move || async move {
            running.fetch_add(1, SeqCst);
            release.notified().await;
            Err::<u32, _>("down")
        }))
    };
    let mut calls: Vec<_> = (0..16).map(|_| call()).collect();
    let mut poll_all = |release_running: usize| {
        (0..release_running).for_each(|_| release.notify_one());
        calls.retain_mut(|call| call.as_mut().poll(&mut cx).is_pending());
        calls.retain_mut(|call| call.as_mut().poll(&mut cx).is_pending());
        running.swap(0, SeqCst)
    };
    assert_eq!(poll_all(0), 1);
    assert_eq!(poll_all(1), 2);
    assert_eq!(poll_all(2), 4);
    assert_eq!(poll_all(4), 8);
    assert_eq!(poll_all(8), 1, "16 calls are 1 + 2 + 4 + 8 and the last one");
    assert_eq!(poll_all(1), 0);
    assert!(calls.is_empty());
}

#[test]
fn a_success_in_a_group_is_everyones() {
    let cache = cache("group success");
    let mut cx = Context::from_waker(Waker::noop());
    let fail = Arc::new(Notify::new());
    let mut leader = Box::pin(cache.try_get_or_insert_with(&1, || async {
        fail.notified().await;
        Err("down")
    }));
    assert!(leader.as_mut().poll(&mut cx).is_pending());
    let bodies = AtomicUsize::new(0);
    let mut waiters: Vec<_> = (0..10)
        .map(|_| {
            Box::pin(cache.try_get_or_insert_with(&1, || async {
                bodies.fetch_add(1, SeqCst);
                Ok::<_, &str>(7)
            }))
        })
        .collect();
    for waiter in &mut waiters {
        assert!(waiter.as_mut().poll(&mut cx).is_pending());
    }
    fail.notify_one();
    assert_eq!(futures::executor::block_on(leader), Err("down"));
    for waiter in waiters {
        assert_eq!(futures::executor::block_on(waiter), Ok(7));
    }
    assert_eq!(bodies.load(SeqCst), 1);
}

#[test]
fn a_call_of_its_own_key_runs_the_body() {
    let cache = cache("recursion");
    let inner = cache.clone();
    let outer = cache.blocking().get_or_insert_with(&1, || inner.blocking().get_or_insert_with(&1, || 6) + 1);
    assert_eq!(outer, 7);
    assert_eq!(cache.blocking().get(&1), Some(7));
}

#[test]
fn an_async_call_of_its_own_key_runs_the_body() {
    run(async {
        let cache = cache("async recursion");
        let inner = cache.clone();
        let body = || async move {
            tokio::task::yield_now().await;
            inner.get_or_insert_with(&1, || async { 6 }).await + 1
        };
        assert_eq!(cache.get_or_insert_with(&1, body).await, 7);
    });
}

#[test]
fn a_circle_through_another_key_ends() {
    let cache = cache("circle");
    let (one, two) = (cache.clone(), cache.clone());
    let value = cache.blocking().get_or_insert_with(&1, || {
        one.blocking().get_or_insert_with(&2, || two.blocking().get_or_insert_with(&1, || 5) + 1) + 1
    });
    assert_eq!(value, 7);
}

#[test]
fn who_waited_long_enough_runs_the_body_too_one_at_a_time() {
    let cache: Cache<u32, u32> =
        Cache::builder("patience").coalesce(Duration::from_millis(60)).build().unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    let mut stuck = Box::pin(cache.get_or_insert_with(&1, std::future::pending));
    assert!(stuck.as_mut().poll(&mut cx).is_pending());
    let bodies = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| {
                let value = cache.blocking().get_or_insert_with(&1, || {
                    bodies.fetch_add(1, SeqCst);
                    std::thread::sleep(Duration::from_millis(20));
                    7
                });
                assert_eq!(value, 7);
            });
        }
    });
    assert_eq!(bodies.load(SeqCst), 1);
}

#[test]
fn without_coalescing_every_miss_runs_its_body() {
    let cache: Cache<u32, u32> = Cache::builder("apart").no_coalesce().build().unwrap();
    let start = Barrier::new(4);
    let bodies = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                cache.blocking().get_or_insert_with(&1, || {
                    bodies.fetch_add(1, SeqCst);
                    start.wait(); // only returns once four bodies run at a time
                    7
                })
            });
        }
    });
    assert_eq!(bodies.load(SeqCst), 4);
    assert_eq!(cache.blocking().get(&1), Some(7));
}

#[test]
fn a_sync_call_does_not_wait_for_a_task_of_its_own_thread() {
    let cache = cache("same thread");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut leader = Box::pin(cache.get_or_insert_with(&1, || async {
            tokio::task::yield_now().await;
            7
        }));
        assert!(leader.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(cache.blocking().get_or_insert_with(&1, || 8), 8);
        assert_eq!(leader.await, 7);
    });
}

/// A value that counts how often it is cloned; each test has a process of its own.
#[derive(Serialize, Deserialize)]
struct Heavy(u32);

static CLONES: AtomicUsize = AtomicUsize::new(0);

impl Clone for Heavy {
    fn clone(&self) -> Self {
        CLONES.fetch_add(1, SeqCst);
        Self(self.0)
    }
}

/// Says how often a value was cloned meanwhile.
fn clones(work: impl FnOnce()) -> usize {
    let before = CLONES.load(SeqCst);
    work();
    CLONES.load(SeqCst) - before
}

#[test]
fn a_value_that_nobody_waits_for_is_cloned_for_memory_alone() {
    let cache: Cache<u32, Heavy> = Cache::builder("heavy").build().unwrap();
    let call = |key| assert_eq!(cache.blocking().get_or_insert_with(&key, || Heavy(7)).0, 7);
    assert_eq!(clones(|| call(1)), 1, "memory has one, and the caller has the body's own");
    assert_eq!(clones(|| call(1)), 1, "a hit");
    let call =
        |key| run(async { assert_eq!(cache.get_or_insert_with(&key, || async { Heavy(7) }).await.0, 7) });
    assert_eq!(clones(|| call(2)), 1);
    let (go, gone) = oneshot::channel();
    let mut leader =
        Box::pin(cache.get_or_insert_with(&3, || async { gone.await.map(|()| Heavy(7)).unwrap() }));
    let mut waiter = Box::pin(cache.get_or_insert_with(&3, || async { unreachable!("it waits") }));
    assert!(poll_once(&mut leader).is_pending() && poll_once(&mut waiter).is_pending());
    go.send(()).unwrap();
    assert_eq!(clones(|| assert!(poll_once(&mut leader).is_ready() && poll_once(&mut waiter).is_ready())), 3);
}

#[test]
fn a_value_from_below_is_not_cloned_where_there_is_no_memory() {
    let shelf = Shelf::new();
    let cache =
        || Cache::<u32, Heavy>::builder("heavy below").no_memory().tier(shelf.clone()).build().unwrap();
    cache().blocking().put(&1, Heavy(7)).unwrap();
    let cache = cache();
    assert_eq!(clones(|| assert_eq!(cache.blocking().get_or_insert_with(&1, || Heavy(8)).0, 7)), 0);
    assert_eq!(cache.stats().hits, 1);
}

/// A value whose first clone panics.
struct Fragile(u32);

static IS_BROKEN: AtomicBool = AtomicBool::new(false);

impl Clone for Fragile {
    fn clone(&self) -> Self {
        assert!(IS_BROKEN.swap(true, SeqCst), "the first clone");
        Self(self.0)
    }
}

#[test]
fn who_waits_takes_over_where_the_clone_for_it_panics() {
    let cache: Cache<u32, Fragile> = Cache::builder("fragile").cache_if(|_| false).build().unwrap();
    let (go, gone) = oneshot::channel();
    let mut leader =
        Box::pin(cache.get_or_insert_with(&1, || async { gone.await.map(|()| Fragile(7)).unwrap() }));
    let mut waiter = Box::pin(cache.get_or_insert_with(&1, || async { Fragile(8) }));
    assert!(poll_once(&mut leader).is_pending() && poll_once(&mut waiter).is_pending());
    go.send(()).unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| poll_once(&mut leader))).is_err());
    drop(leader);
    let Poll::Ready(value) = poll_once(&mut waiter) else { panic!("it waits for one that is gone") };
    assert_eq!(value.0, 8);
}

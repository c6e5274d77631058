//! Bodies that outlive their callers.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use dcache::{Cache, testing};
use dcache_tests::redis::wait_until;
use dcache_tests::{Door, poll_once, run};
use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, timeout};

use crate::ways::{LONG, MINUTE};

fn detached(name: &str) -> Cache<u32, u32> {
    Cache::builder(name).detach().build().unwrap()
}

fn runtimes() -> [Runtime; 2] {
    [Builder::new_current_thread(), Builder::new_multi_thread()]
        .map(|mut builder| builder.enable_all().build().unwrap())
}

/// Polls a call once, and drops it.
fn give_up<T>(call: impl Future<Output = T>) {
    assert!(poll_once(&mut Box::pin(call)).is_pending());
}

/// A body of 50 ms, which takes five times as long as anyone of 40 callers waits, runs at most twice: without
/// `detach` each caller would run it anew, and none would ever have a value.
#[test]
fn callers_who_never_wait_long_enough_fill_the_cache_together() {
    for runtime in runtimes() {
        let (cache, bodies) = (detached("impatient"), Arc::new(AtomicUsize::new(0)));
        let body = || {
            let bodies = bodies.clone();
            async move {
                bodies.fetch_add(1, SeqCst);
                sleep(Duration::from_millis(50)).await;
                7
            }
        };
        runtime.block_on(async {
            for _ in 0..40 {
                let _ = timeout(Duration::from_millis(10), cache.get_or_spawn_with(&1, body)).await;
            }
            assert_eq!(cache.get(&1).await, Some(7));
        });
        assert!(bodies.load(SeqCst) <= 2, "{bodies:?} bodies ran");
    }
}

#[test]
fn a_body_goes_on_when_its_caller_is_gone() {
    let body = |door: &Door| {
        let door = door.clone();
        async move {
            door.pass().await;
            7
        }
    };
    for runtime in runtimes() {
        let (cache, door) = (detached("gone"), Door::new());
        runtime.block_on(async {
            give_up(cache.get_or_spawn_with(&1, || body(&door)));
            door.open();
            dcache::drain().await;
        });
        assert_eq!(cache.blocking().get(&1), Some(7));
    }
    let (cache, door) = (detached("gone without a runtime"), Door::new());
    give_up(cache.get_or_spawn_with(&1, || body(&door)));
    door.open();
    dcache::drain_blocking();
    assert_eq!(cache.blocking().get(&1), Some(7));
}

#[test]
fn a_body_that_is_not_detached_goes_with_its_caller() {
    let (attached, detached) = (Cache::builder("attached").build().unwrap(), detached("in its call"));
    run(async {
        give_up(attached.get_or_spawn_with(&1, || async {
            tokio::task::yield_now().await;
            7
        }));
        give_up(detached.get_or_insert_with(&1, || async {
            tokio::task::yield_now().await;
            7
        }));
        dcache::drain().await;
        assert_eq!((attached.get(&1).await, detached.get(&1).await), (None::<u32>, None));
    });
}

#[test]
fn a_panic_of_a_detached_body_is_its_callers() {
    run(async {
        let cache = detached("panic");
        let caller = cache.clone();
        let call =
            tokio::spawn(
                async move { caller.get_or_spawn_with(&1, || async { panic!("of the body") }).await },
            );
        let panic = call.await.unwrap_err().into_panic();
        assert_eq!(panic.downcast_ref(), Some(&"of the body"));
        assert_eq!(cache.get_or_spawn_with(&1, || async { 7 }).await, 7);
    });
}

#[test]
fn an_error_of_a_detached_body_is_its_callers() {
    run(async {
        let cache = detached("error");
        assert_eq!(cache.try_get_or_spawn_with(&1, || async { Err("down") }).await, Err("down"));
        assert_eq!(cache.try_get_or_spawn_with(&1, || async { Ok::<_, &str>(7) }).await, Ok(7));
    });
}

#[test]
fn a_change_wins_over_a_detached_body() {
    type Change = fn(&Cache<u32, u32>);
    let changes: [(Change, Option<u32>); 3] = [
        (|cache| cache.blocking().invalidate(&1).unwrap(), None),
        (|cache| cache.blocking().put(&1, 5).unwrap(), Some(5)),
        (|cache| cache.blocking().clear().unwrap(), None),
    ];
    for (change, stored) in changes {
        let (cache, door) = (detached("changed"), Door::new());
        let held = door.clone();
        give_up(cache.get_or_spawn_with(&1, || async move {
            held.pass().await;
            7
        }));
        wait_until(LONG, "the body", || door.come() == 1);
        change(&cache);
        door.open();
        dcache::drain_blocking();
        assert_eq!(cache.blocking().get(&1), stored);
    }
}

#[test]
fn a_caller_whose_bodys_runtime_ends_goes_on_with_the_body() {
    for runtime in runtimes() {
        let (cache, door) = (detached("moved"), Door::new());
        let held = door.clone();
        let mut call = Box::pin(cache.get_or_spawn_with(&1, || async move {
            held.pass().await;
            7
        }));
        let first_poll = async { poll_once(&mut call) };
        assert!(runtime.block_on(first_poll).is_pending());
        drop(runtime);
        door.open();
        let answer = run(async { timeout(LONG, call).await });
        assert_eq!(answer.ok(), Some(7));
        assert_eq!(cache.blocking().get(&1), Some(7));
    }
}

#[test]
fn a_body_that_nobody_can_finish_is_begun_anew() {
    for runtime in runtimes() {
        let cache = detached("begun anew");
        runtime.block_on(async { give_up(cache.get_or_spawn_with(&1, pending)) });
        drop(runtime);
        let answer = run(async { timeout(LONG, cache.get_or_spawn_with(&1, || async { 7 })).await });
        assert_eq!(answer.ok(), Some(7));
    }
}

/// Calls itself with every smaller number.
async fn descend(cache: Cache<u32, u32>, n: u32) -> u32 {
    match n {
        0 => 0,
        _ => {
            let below = cache.clone();
            Box::pin(cache.get_or_spawn_with(&(n - 1), move || boxed(below, n - 1))).await + 1
        }
    }
}

fn boxed(cache: Cache<u32, u32>, n: u32) -> futures::future::BoxFuture<'static, u32> {
    Box::pin(descend(cache, n))
}

#[test]
fn detached_bodies_may_call_each_other_without_a_runtime() {
    let cache = detached("deep");
    let thread = std::thread::spawn(move || futures::executor::block_on(descend(cache, 50)));
    wait_until(LONG, "the descent", || thread.is_finished());
    assert_eq!(thread.join().unwrap(), 50);
}

#[test]
fn refreshes_may_call_detached_bodies() {
    let (outer, inner) = (
        Cache::builder("outer").ttl(MINUTE).stale_while_revalidate(MINUTE).build().unwrap(),
        detached("inner"),
    );
    (0..20).for_each(|key| outer.blocking().put(&key, 0).unwrap());
    testing::advance(MINUTE + MINUTE / 2);
    for key in 0..20 {
        let inner = inner.clone();
        let body = move || pollster::block_on(inner.get_or_spawn_with(&key, move || async move { key + 1 }));
        outer.blocking().get_or_spawn_with(&key, body);
    }
    let drain = std::thread::spawn(dcache::drain_blocking);
    wait_until(LONG, "the refreshes", || drain.is_finished());
    assert!((0..20).all(|key| outer.blocking().get(&key) == Some(key + 1)));
}

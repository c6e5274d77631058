//! Refreshes in the background: where they run, how many, and what becomes of them when all else ends.

use std::future::pending;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use dcache::{Cache, testing};
use dcache_tests::log::Log;
use dcache_tests::redis::wait_until;
use dcache_tests::spans::{self, Spans};
use dcache_tests::{Door, child, is_child};
use tokio::runtime::{Builder, Runtime};

use crate::ways::{LONG, MINUTE};

/// So many threads of dcache's own run bodies at most.
const THREADS: usize = 4;

/// A cache whose values under these keys have just become stale.
fn stale(keys: u32) -> Cache<u32, String> {
    let cache = Cache::builder("stale").ttl(MINUTE).stale_while_revalidate(60 * MINUTE).build().unwrap();
    (0..keys).for_each(|key| cache.blocking().put(&key, "old".to_owned()).unwrap());
    testing::advance(2 * MINUTE);
    cache
}

fn single() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn multi() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).thread_name("of the caller").enable_all().build().unwrap()
}

/// Returns the name of the thread that it runs on, after it has waited by a timer of tokio.
async fn on_thread() -> String {
    tokio::time::sleep(Duration::from_millis(1)).await;
    this_thread()
}

fn this_thread() -> String {
    thread::current().name().unwrap_or_default().to_owned()
}

fn refreshed(cache: &Cache<u32, String>) -> String {
    dcache::drain_blocking();
    cache.blocking().get(&0).unwrap()
}

#[test]
fn a_key_has_one_refresh_at_a_time_whoever_calls() {
    let (cache, door, bodies) = (stale(1), Door::new(), Arc::new(AtomicUsize::new(0)));
    let (start, runtime) = (Barrier::new(32), multi());
    thread::scope(|scope| {
        for n in 0..32 {
            let (door, bodies) = (door.clone(), bodies.clone());
            let body = async move {
                bodies.fetch_add(1, SeqCst);
                door.pass().await;
                "new".to_owned()
            };
            let (cache, start, runtime) = (&cache, &start, &runtime);
            scope.spawn(move || {
                start.wait();
                let value = match n % 2 {
                    0 => cache.blocking().get_or_spawn_with(&0, || pollster::block_on(body)),
                    _ => runtime.block_on(cache.get_or_spawn_with(&0, || body)),
                };
                assert_eq!(value, "old");
            });
        }
    });
    door.open();
    assert_eq!(refreshed(&cache), "new");
    assert_eq!(bodies.load(SeqCst), 1);
}

#[test]
fn an_async_refresh_runs_in_its_callers_runtime() {
    let (cache, runtime) = (stale(1), multi());
    assert_eq!(runtime.block_on(cache.get_or_spawn_with(&0, on_thread)), "old");
    assert_eq!(refreshed(&cache), "of the caller");

    let (cache, runtime) = (stale(1), single());
    runtime.block_on(async {
        assert_eq!(cache.get_or_spawn_with(&0, on_thread).await, "old");
        dcache::drain().await;
    });
    assert_eq!(cache.blocking().get(&0), Some(this_thread()));
}

#[test]
fn an_async_refresh_without_a_runtime_runs_on_a_thread_of_ours() {
    let cache = stale(1);
    assert_eq!(pollster::block_on(cache.get_or_spawn_with(&0, on_thread)), "old");
    assert_eq!(refreshed(&cache), "dcache-bodies");

    let cache = stale(1);
    assert_eq!(futures::executor::block_on(cache.get_or_spawn_with(&0, on_thread)), "old");
    assert_eq!(refreshed(&cache), "dcache-bodies");
}

#[test]
fn a_sync_refresh_runs_on_a_thread_of_ours() {
    let cache = stale(1);
    assert_eq!(cache.blocking().get_or_spawn_with(&0, this_thread), "old");
    assert_eq!(refreshed(&cache), "dcache-bodies");

    let (cache, runtime) = (stale(1), single());
    assert_eq!(runtime.block_on(async { cache.blocking().get_or_spawn_with(&0, this_thread) }), "old");
    assert_eq!(refreshed(&cache), "dcache-bodies");
}

/// Counts how many are inside at once.
#[derive(Default)]
struct Crowd {
    inside: AtomicUsize,
    most: AtomicUsize,
}

impl Crowd {
    fn inside<T>(&self, body: impl FnOnce() -> T) -> T {
        self.most.fetch_max(self.inside.fetch_add(1, SeqCst) + 1, SeqCst);
        let result = body();
        self.inside.fetch_sub(1, SeqCst);
        result
    }
}

#[test]
fn four_sync_refreshes_run_at_a_time_and_all_get_their_turn() {
    let (cache, door, crowd) = (stale(200), Door::new(), Arc::new(Crowd::default()));
    for key in 0..200 {
        let (door, crowd) = (door.clone(), crowd.clone());
        let body = move || {
            crowd.inside(|| pollster::block_on(door.pass()));
            "new".to_owned()
        };
        assert_eq!(cache.blocking().get_or_spawn_with(&key, body), "old");
    }
    wait_until(LONG, "the bodies", || door.come() == THREADS);
    door.open();
    dcache::drain_blocking();
    assert_eq!(crowd.most.load(SeqCst), THREADS);
    assert!((0..200).all(|key| cache.blocking().get(&key).unwrap() == "new"));
}

#[test]
fn a_refresh_that_finds_no_room_is_made_by_a_later_call() {
    const KEYS: u32 = 2_000; // more than may wait
    let (cache, door) = (stale(KEYS), Door::new());
    let call = |key| {
        let door = door.clone();
        let body = move || {
            pollster::block_on(door.pass());
            "new".to_owned()
        };
        cache.blocking().get_or_spawn_with(&key, body)
    };
    let news = || (0..KEYS).filter(|key| cache.blocking().get(key).unwrap() == "new").count();
    assert!((0..KEYS).all(|key| call(key) == "old"), "who finds no room has the value nevertheless");
    door.open();
    dcache::drain_blocking();
    assert!(news() < KEYS as usize, "there was room for all, which proves nothing");
    (0..KEYS).for_each(|key| drop(call(key)));
    dcache::drain_blocking();
    assert_eq!(news(), KEYS as usize);
}

#[test]
fn a_refresh_is_in_the_span_of_its_caller() {
    tracing::subscriber::set_global_default(Spans::default()).unwrap();
    let name = || spans::current().unwrap_or("none").to_owned();
    let span = tracing::info_span!("request");

    let cache = stale(1);
    span.in_scope(|| cache.blocking().get_or_spawn_with(&0, name));
    assert_eq!(refreshed(&cache), "request");

    let (cache, runtime) = (stale(1), multi());
    let call =
        async { span.in_scope(|| pollster::block_on(cache.get_or_spawn_with(&0, || async move { name() }))) };
    runtime.block_on(call);
    assert_eq!(refreshed(&cache), "request");
    assert_eq!(name(), "none");
}

#[test]
fn a_panic_in_the_background_is_told() {
    let (log, cache) = (Log::get(), stale(1));
    assert_eq!(cache.blocking().get_or_spawn_with(&0, || panic!("of the body")), "old");
    assert_eq!(refreshed(&cache), "old");
    assert_eq!(log.lines("ERROR a refresh of `stale` panicked").len(), 1);
}

#[test]
fn a_runtime_may_end_during_a_refresh() {
    for runtime in [single, multi] {
        let (cache, first) = (stale(1), runtime());
        let (entered, is_entered) = std::sync::mpsc::channel::<()>();
        let body = || async move {
            let _entered = entered;
            pending().await
        };
        assert_eq!(first.block_on(cache.get_or_spawn_with(&0, body)), "old");
        drop(first);
        assert!(is_entered.recv_timeout(LONG).is_err(), "the body is dropped");
        dcache::drain_blocking();
        let second = runtime();
        second.block_on(async {
            assert_eq!(cache.get_or_spawn_with(&0, || async { "new".to_owned() }).await, "old");
            dcache::drain().await;
        });
        assert_eq!(cache.blocking().get(&0).unwrap(), "new");
    }
}

#[test]
fn nothing_under_way_keeps_a_program_from_ending() {
    if !is_child() {
        let test = "refresh::nothing_under_way_keeps_a_program_from_ending";
        let mut program =
            child(std::env::current_exe().unwrap(), test).stdout(Stdio::null()).spawn().unwrap();
        wait_until(LONG, "the program", || program.try_wait().unwrap().is_some());
        assert!(program.wait().unwrap().success());
        return;
    }
    let (cache, door) = (stale(3), Door::new());
    let hold = |door: Door| async move {
        door.pass().await;
        "never".to_owned()
    };
    let (sync, pooled, spawned) = (door.clone(), door.clone(), door.clone());
    cache.blocking().get_or_spawn_with(&0, move || pollster::block_on(hold(sync)));
    pollster::block_on(cache.get_or_spawn_with(&1, || hold(pooled)));
    let runtime = multi();
    runtime.block_on(cache.get_or_spawn_with(&2, || hold(spawned)));
    wait_until(LONG, "the bodies", || door.come() == 3);
}

#[test]
fn a_drain_waits_for_refreshes_wherever_they_run() {
    let slow = || async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        "new".to_owned()
    };
    let news =
        |cache: &Cache<u32, String>| (0..3).filter(|key| cache.blocking().get(key).unwrap() == "new").count();
    for runtime in [single, multi] {
        let (cache, runtime) = (stale(3), runtime());
        let sync = || {
            thread::sleep(Duration::from_millis(50)); // a body that takes its time
            "new".to_owned()
        };
        runtime.block_on(async {
            cache.get_or_spawn_with(&0, slow).await;
            cache.blocking().get_or_spawn_with(&1, sync);
            cache.get_or_spawn_with(&2, slow).await;
            dcache::drain().await;
        });
        assert_eq!(news(&cache), 3);
    }
}

#[test]
fn a_blocking_drain_in_a_single_threaded_runtime_waits_for_all_but_that() {
    let (cache, door) = (stale(2), Door::new());
    let body = door.clone();
    thread::spawn(move || {
        pollster::block_on(door.has_seen(1));
        thread::sleep(Duration::from_millis(50)); // the drain is to begin before the body ends
        door.open();
    });
    single().block_on(async {
        cache.get_or_spawn_with(&0, || async { "new".to_owned() }).await;
        let sync = move || {
            pollster::block_on(body.pass());
            "new".to_owned()
        };
        cache.blocking().get_or_spawn_with(&1, sync);
        dcache::drain_blocking();
        let values = [0, 1].map(|key| cache.blocking().get(&key).unwrap());
        assert_eq!(values, ["old", "new"], "of this runtime nothing could go on");
        dcache::drain().await;
        assert_eq!(cache.get(&0).await.unwrap(), "new");
    });
}

//! Whoever comes in between: a change of a key waits for what is being written, and nobody waits for ever.

use std::future::{pending, ready};
use std::pin::Pin;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, LazyLock, Mutex, OnceLock};
use std::task::{Context, Wake, Waker};
use std::time::{Duration, Instant};

use dcache::{Cache, Memory, Tier, dcache};
use dcache_tests::redis::wait_until;
use dcache_tests::{Gate, Mood, Shelf};
use futures::executor::block_on;
use futures::future::join;
use tokio::sync::oneshot;

fn cache(name: &str, gate: &Gate) -> Cache<u32, u32> {
    Cache::builder(name).tier(gate.clone()).build().unwrap()
}

/// Polls this once, and tells whether it goes on waiting.
fn waits<F: Future>(future: &mut Pin<Box<F>>) -> bool {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending()
}

#[test]
fn a_second_leader_writes_nothing_after_an_invalidation() {
    let gate = Gate::new();
    let cache: Cache<u32, u32> =
        Cache::builder("second").tier(gate.clone()).coalesce(Duration::ZERO).build().unwrap();
    let (send_first, first) = oneshot::channel();
    let (send_second, second) = oneshot::channel();
    let mut first = Box::pin(cache.get_or_insert_with(&1, || async { first.await.unwrap() }));
    assert!(waits(&mut first));
    let mut second = Box::pin(cache.get_or_insert_with(&1, || async { second.await.unwrap() }));
    assert!(waits(&mut second));
    send_first.send(1).unwrap();
    assert_eq!(block_on(first), 1);
    block_on(cache.invalidate(&1)).unwrap();
    send_second.send(2).unwrap();
    assert_eq!(block_on(second), 2, "it led beside the first");
    assert_eq!(block_on(cache.get(&1)), None);
    assert!(gate.keys().is_empty());
}

#[test]
fn an_invalidation_waits_for_writes_that_a_cancelled_one_waited_for() {
    let gate = Gate::new();
    let cache = cache("invalidated again", &gate);
    gate.hold_sets();
    let mut call = Box::pin(cache.get_or_insert_with(&1, || ready(1)));
    assert!(waits(&mut call), "it is writing");
    assert!(waits(&mut Box::pin(cache.invalidate(&1))));
    let mut invalidation = Box::pin(cache.invalidate(&1));
    assert!(waits(&mut invalidation));
    gate.open();
    let (value, invalidated) = block_on(join(call, invalidation));
    assert_eq!((value, invalidated.is_ok()), (1, true));
    assert_eq!(block_on(cache.get(&1)), None);
    assert!(gate.keys().is_empty());
}

#[test]
fn a_clear_waits_for_writes_that_a_cancelled_one_waited_for() {
    let gate = Gate::new();
    let cache = cache("cleared again", &gate);
    gate.hold_sets();
    let mut call = Box::pin(cache.get_or_insert_with(&1, || ready(1)));
    assert!(waits(&mut call), "it is writing");
    assert!(waits(&mut Box::pin(cache.clear())));
    let mut clear = Box::pin(cache.clear());
    assert!(waits(&mut clear));
    gate.open();
    let (value, cleared) = block_on(join(call, clear));
    assert_eq!((value, cleared.is_ok()), (1, true));
    assert_eq!(block_on(cache.get(&1)), None);
    assert!(gate.keys().is_empty());
}

static GATE: LazyLock<Gate> = LazyLock::new(Gate::new);

#[dcache(backend = [memory, tier(GATE.clone())])]
async fn one(_key: u32) -> u32 {
    1
}

#[test]
fn an_invalidation_waits_for_writes_that_a_refresh_waits_for() {
    GATE.hold_sets();
    let mut call = Box::pin(one(1));
    assert!(waits(&mut call), "it is writing");
    let mut refresh = Box::pin(one::refresh(1));
    assert!(waits(&mut refresh));
    let mut invalidation = Box::pin(one::invalidate(1));
    assert!(waits(&mut invalidation));
    GATE.open();
    let (value, invalidated) = block_on(join(call, invalidation));
    assert_eq!((value, invalidated.is_ok()), (1, true));
    drop(refresh);
    assert_eq!(block_on(one::peek(1)), None);
    assert!(GATE.keys().is_empty());
}

#[test]
fn a_write_that_nobody_polls_stores_nothing_after_an_invalidation() {
    let gate = Gate::new();
    let tier = Tier::new(gate.clone()).timeout(Duration::from_millis(200)); // no change waits much longer
    let cache: Cache<u32, u32> = Cache::builder("cut off").tier(tier).build().unwrap();
    gate.hold_sets();
    let mut call = Box::pin(cache.get_or_insert_with(&1, || ready(1)));
    assert!(waits(&mut call), "it is writing");
    block_on(cache.invalidate(&1)).unwrap();
    gate.open();
    assert_eq!(block_on(call), 1);
    assert_eq!(block_on(cache.get(&1)), None);
    assert!(gate.keys().is_empty());
}

#[test]
fn an_invalidation_waits_for_a_write_in_the_background() {
    let gate = Gate::new();
    let cache: Cache<u32, u32> =
        Cache::builder("background").tier(gate.clone()).write_in_background().build().unwrap();
    gate.hold_sets();
    assert_eq!(cache.blocking().get_or_insert_with(&1, || 1), 1);
    wait_until(Duration::from_secs(1), "the write", || gate.sets() == 1);
    let mut invalidation = Box::pin(cache.invalidate(&1));
    assert!(waits(&mut invalidation));
    gate.open();
    block_on(invalidation).unwrap();
    dcache::drain_blocking();
    assert_eq!(cache.blocking().get(&1), None);
    assert!(gate.keys().is_empty());
}

#[test]
fn a_sync_invalidation_does_not_wait_for_a_write_of_its_own_thread() {
    let gate = Gate::new();
    let cache = cache("own write", &gate);
    gate.hold_sets();
    let mut call = Box::pin(cache.get_or_insert_with(&1, || ready(1)));
    assert!(waits(&mut call), "it is writing");
    gate.open();
    let start = Instant::now();
    cache.blocking().invalidate(&1).unwrap();
    assert!(start.elapsed() < Duration::from_millis(900), "{:?}", start.elapsed());
    assert_eq!(block_on(call), 1);
    assert_eq!(block_on(cache.get(&1)), None);
    assert!(gate.keys().is_empty());
}

#[test]
fn a_sync_call_does_not_wait_for_a_leader_of_its_own_thread_that_asks_a_tier() {
    let gate = Gate::new();
    let cache: Cache<u32, u32> =
        Cache::builder("own leader").tier(gate.clone()).coalesce(Duration::from_secs(3)).build().unwrap();
    gate.hold_gets();
    let mut leader = Box::pin(cache.get_or_insert_with(&1, || ready(1)));
    assert!(waits(&mut leader), "it is reading");
    gate.open();
    let start = Instant::now();
    assert_eq!(cache.blocking().get_or_insert_with(&1, || 2), 2);
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    assert_eq!(block_on(leader), 1);
}

/// Says when it is woken.
struct Bell(Mutex<Sender<()>>);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        let _ = self.0.lock().unwrap().send(());
    }
}

#[test]
fn a_waiter_whose_patience_ends_just_after_another_led_is_woken_again() {
    const PATIENCE: Duration = Duration::from_micros(200);
    let spin_until = |end: Instant| while Instant::now() < end {};
    let cache: Cache<u32, u32> = Cache::builder("woken again").coalesce(PATIENCE).build().unwrap();
    for n in 0..1_000 {
        let mut stuck = Box::pin(cache.get_or_insert_with(&n, pending));
        assert!(waits(&mut stuck));
        let mut first = Box::pin(cache.get_or_insert_with(&n, pending));
        assert!(waits(&mut first));
        spin_until(Instant::now() + PATIENCE + Duration::from_micros(5));
        let (bell, rings) = channel();
        let waker = Waker::from(Arc::new(Bell(Mutex::new(bell))));
        let mut second = Box::pin(cache.get_or_insert_with(&n, || ready(1)));
        if second.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            continue; // the machine was busy for longer than its patience
        }
        let asked = Instant::now();
        assert!(waits(&mut first), "it leads now");
        spin_until(asked + PATIENCE + Duration::from_nanos(u64::from(n) * 37 % 3_000));
        while rings.try_recv().is_ok() {}
        if second.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
            rings.recv_timeout(Duration::from_secs(1)).expect("somebody wakes it");
        }
    }
}

/// The waker of an executor that is gone.
struct Bomb;

impl Wake for Bomb {
    fn wake(self: Arc<Self>) {
        panic!("there is nobody to be woken")
    }
}

#[test]
fn a_waker_that_panics_keeps_nobody_asleep() {
    let cache: Cache<u32, u32> = Cache::builder("bomb").coalesce(Duration::from_millis(20)).build().unwrap();
    let mut leader = Box::pin(cache.get_or_insert_with(&1, pending));
    assert!(waits(&mut leader));
    let mut waiter = Box::pin(cache.get_or_insert_with(&1, || ready(1)));
    assert!(waiter.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::new(Bomb)))).is_pending());

    let shelf = Shelf::new();
    shelf.set_mood(Mood::Hanging);
    let tier = Tier::new(shelf).timeout(Duration::from_millis(100)); // it ends after the waiter's patience
    let hanging: Cache<u32, u32> = Cache::builder("after the bomb").tier(tier).build().unwrap();
    let (done, is_done) = channel();
    std::thread::spawn(move || done.send(hanging.blocking().get_or_insert_with(&1, || 7)));
    assert_eq!(is_done.recv_timeout(Duration::from_secs(5)), Ok(7));
}

#[test]
fn a_value_that_cannot_be_weighed_is_everyones_and_not_held() {
    let memory = Memory::weighed(1 << 20, |_| panic!("of the weight"));
    let cache: Cache<u32, u32> = Cache::builder("unweighed").memory(memory).build().unwrap();
    let (send, value) = oneshot::channel();
    let mut leader = Box::pin(cache.get_or_insert_with(&1, || async { value.await.unwrap() }));
    assert!(waits(&mut leader));
    let mut waiter = Box::pin(cache.get_or_insert_with(&1, || ready(2)));
    assert!(waits(&mut waiter));
    send.send(1).unwrap();
    assert_eq!(block_on(leader), 1);
    assert_eq!(block_on(waiter), 1);
    assert_eq!(block_on(cache.get(&1)), None);
}

/// A value that changes its cache when it goes.
struct Leaving;

static LEFT: OnceLock<Cache<u32, Arc<Leaving>>> = OnceLock::new();

impl Drop for Leaving {
    fn drop(&mut self) {
        LEFT.get().unwrap().blocking().invalidate(&1).unwrap();
    }
}

#[test]
fn a_value_that_a_clear_drops_may_use_the_cache() {
    let cache = LEFT.get_or_init(|| Cache::builder("left").build().unwrap());
    block_on(cache.put(&1, Arc::new(Leaving))).unwrap();
    let (done, is_done) = channel();
    std::thread::spawn(move || done.send(block_on(cache.clear()).is_ok()));
    assert_eq!(is_done.recv_timeout(Duration::from_secs(4)), Ok(true));
}

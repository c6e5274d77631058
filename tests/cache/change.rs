//! `invalidate`, `put`, `refresh` and `clear` win over a body that is running.

use std::future::ready;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::task::{Context, Waker};
use std::time::Duration;

use dcache::{Backend, Bytes, Cache, Error, ErrorKind, Key, Memory, Scope, Tier, async_trait, dcache};
use dcache_tests::{Door, Mood, Shelf, poll_once};
use futures::executor::block_on;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

fn cache(name: &str, shelf: &Shelf) -> Cache<u32, u32> {
    Cache::builder(name).tier(shelf.clone()).build().unwrap()
}

/// Starts a call whose body waits for a value to be sent.
macro_rules! start {
    ($cache:ident, $call:ident, $sender:ident) => {
        let ($sender, receiver) = oneshot::channel();
        let mut $call = Box::pin($cache.get_or_insert_with(&1, || async { receiver.await.unwrap() }));
        assert!($call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    };
}

#[test]
fn an_invalidated_body_stores_nothing() {
    let shelf = Shelf::new();
    let cache = cache("invalidated", &shelf);
    start!(cache, old, send_old);
    let mut waiter = Box::pin(cache.get_or_insert_with(&1, || ready(0)));
    assert!(waiter.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    block_on(cache.invalidate(&1)).unwrap();
    let later = block_on(cache.get_or_insert_with(&1, || ready(2)));
    assert_eq!(later, 2, "a later call does not join it");
    send_old.send(1).unwrap();
    assert_eq!(block_on(old), 1);
    assert_eq!(block_on(waiter), 1, "who waited already gets the body's value");
    assert_eq!(block_on(cache.get(&1)), Some(2));
}

#[test]
fn an_invalidated_body_leaves_nothing_in_any_tier() {
    let shelf = Shelf::new();
    let cache = cache("left nothing", &shelf);
    start!(cache, old, send_old);
    block_on(cache.invalidate(&1)).unwrap();
    send_old.send(1).unwrap();
    assert_eq!(block_on(old), 1);
    assert_eq!(block_on(cache.get(&1)), None);
    assert!(shelf.keys().is_empty());
}

#[test]
fn a_put_wins_over_a_running_body() {
    let shelf = Shelf::new();
    let cache = cache("put", &shelf);
    start!(cache, old, send_old);
    block_on(cache.put(&1, 2)).unwrap();
    send_old.send(1).unwrap();
    assert_eq!(block_on(old), 1);
    assert_eq!(block_on(cache.get(&1)), Some(2));
    assert_eq!(block_on(self::cache("put", &shelf).get(&1)), Some(2), "below memory too");
}

#[test]
fn a_clear_wins_over_running_bodies() {
    let shelf = Shelf::new();
    let cache = cache("cleared", &shelf);
    block_on(cache.put(&2, 2)).unwrap();
    start!(cache, old, send_old);
    block_on(cache.clear()).unwrap();
    send_old.send(1).unwrap();
    assert_eq!(block_on(old), 1);
    assert_eq!(block_on(cache.get(&1)), None);
    assert_eq!(block_on(cache.get(&2)), None);
    assert!(shelf.keys().is_empty());
    assert_eq!(block_on(cache.get_or_insert_with(&1, || ready(3))), 3);
    assert_eq!(block_on(cache.get(&1)), Some(3), "afterwards all is as before");
}

#[test]
fn a_clear_touches_nothing_of_other_caches() {
    let shelf = Shelf::new();
    let (some, more) = (cache("some", &shelf), cache("some-more", &shelf));
    block_on(some.put(&1, 1)).unwrap();
    block_on(more.put(&1, 2)).unwrap();
    block_on(some.clear()).unwrap();
    assert_eq!(shelf.keys().len(), 1);
    assert_eq!(block_on(cache("some-more", &shelf).get(&1)), Some(2));
}

#[test]
fn a_call_during_an_invalidation_does_not_bring_the_old_value_back() {
    let shelf = Shelf::new();
    let cache: Cache<u32, u32> = Cache::builder("during")
        .tier(Tier::new(shelf.clone()).timeout(Duration::from_millis(50)))
        .build()
        .unwrap();
    block_on(cache.put(&1, 1)).unwrap();
    shelf.set_mood(Mood::Hanging);
    let mut cx = Context::from_waker(Waker::noop());
    let mut invalidation = Box::pin(cache.invalidate(&1));
    assert!(invalidation.as_mut().poll(&mut cx).is_pending());
    let mut call = Box::pin(cache.get_or_insert_with(&1, || ready(2)));
    assert!(call.as_mut().poll(&mut cx).is_pending(), "it waits for the invalidation");
    let error = block_on(invalidation).unwrap_err();
    assert_eq!(error.tier(), "shelf", "{error}");
    shelf.set_mood(Mood::Broken);
    assert_eq!(block_on(call), 2);
}

#[test]
fn changes_of_one_key_come_one_after_the_other() {
    let shelf = Shelf::new();
    let cache = cache("in order", &shelf);
    std::thread::scope(|scope| {
        for n in 0..8 {
            let cache = &cache;
            scope.spawn(move || {
                for _ in 0..50 {
                    cache.blocking().put(&1, n).unwrap();
                    cache.blocking().invalidate(&1).unwrap();
                }
            });
        }
    });
    assert_eq!(cache.blocking().get(&1), None);
    assert!(shelf.keys().is_empty());
}

#[test]
fn no_old_value_is_read_after_an_invalidation() {
    let cache: Cache<u32, u32> = Cache::builder("truth").tier(Shelf::new()).build().unwrap();
    let truth = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..3_000 {
                    // odd: a new value, which may not have been invalidated for yet; even: it has been
                    let invalidated = truth.load(SeqCst) & !1;
                    let value = cache.blocking().get_or_insert_with(&1, || truth.load(SeqCst));
                    assert!(value + 1 >= invalidated, "read {value} though {invalidated} is over");
                }
            });
        }
        scope.spawn(|| {
            for _ in 0..1_500 {
                truth.fetch_add(1, SeqCst);
                cache.blocking().invalidate(&1).unwrap();
                truth.fetch_add(1, SeqCst);
            }
        });
    });
}

#[test]
fn an_invalidation_names_the_tier_that_may_still_hold_the_value() {
    let (near, far) = (Shelf::new(), Shelf::new());
    let cache: Cache<u32, u32> =
        Cache::builder("named").tier(near.clone()).tier(far.clone()).build().unwrap();
    block_on(cache.put(&1, 1)).unwrap();
    near.set_mood(Mood::ReadOnly);
    let error = block_on(cache.invalidate(&1)).unwrap_err();
    assert_eq!(error.parts().len(), 1);
    assert_eq!(error.kind(), ErrorKind::ReadOnly);
    assert!(far.keys().is_empty());
    far.set_mood(Mood::Broken);
    assert_eq!(block_on(cache.clear()).unwrap_err().parts().len(), 2);
}

#[test]
fn a_put_of_a_value_without_a_life_leaves_nothing_old() {
    let shelf = Shelf::new();
    let minute = Duration::from_secs(60);
    let cache: Cache<u32, u32> = Cache::builder("no life")
        .ttl_with(move |value| if *value == 2 { Duration::ZERO } else { minute })
        .tier(shelf.clone())
        .build()
        .unwrap();
    block_on(cache.put(&1, 1)).unwrap();
    block_on(cache.put(&1, 2)).unwrap();
    assert_eq!(block_on(cache.get(&1)), None);
    assert!(shelf.keys().is_empty());
}

/// Counts up from 9, and is only cached below 10.
#[dcache(cache_if = |value: &u32| *value < 10)]
fn counted(_key: u32) -> u32 {
    static LAST: AtomicU32 = AtomicU32::new(8);
    LAST.fetch_add(1, SeqCst) + 1
}

#[test]
fn a_refresh_to_a_value_that_may_not_be_cached_leaves_nothing_old() {
    assert_eq!(counted(1), 9);
    assert_eq!(counted(1), 9);
    assert_eq!(counted::refresh(1), 10);
    assert_eq!(counted::peek(1), None);
    assert_eq!(counted(1), 11);
}

#[test]
fn a_put_of_a_value_too_large_for_a_tier_leaves_nothing_old_there() {
    let shelf = Shelf::new();
    let cache: Cache<u32, String> = Cache::builder("too large")
        .memory(Memory::entries(10).ttl(Duration::from_secs(5)))
        .tier(shelf.clone())
        .max_size(100)
        .build()
        .unwrap();
    block_on(cache.put(&1, "old".to_owned())).unwrap();
    assert_eq!(shelf.keys().len(), 1);
    assert_eq!(block_on(cache.put(&1, "new".repeat(100))).unwrap_err().kind(), ErrorKind::TooLarge);
    assert!(shelf.keys().is_empty());
    assert_eq!(block_on(cache.get(&1)), Some("new".repeat(100)), "memory takes it");
    dcache::testing::advance(Duration::from_secs(10));
    assert_eq!(block_on(cache.get(&1)), None, "what memory has forgotten does not bring the old value back");
}

/// A value that the default codec cannot bring back: the tiers go off for it.
#[derive(Clone, Serialize, Deserialize)]
struct Unfit {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<u32>,
    number: u32,
}

#[test]
fn an_invalidation_removes_from_tiers_that_are_off_for_the_type() {
    let shelf = Shelf::new();
    block_on(cache("unfit", &shelf).put(&1, 1)).unwrap();
    let cache: Cache<u32, Unfit> = Cache::builder("unfit").tier(shelf.clone()).build().unwrap();
    let fault = block_on(cache.put(&2, Unfit { name: None, number: 2 })).unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::Codec, "{fault}");
    assert_eq!(shelf.keys().len(), 1);
    block_on(cache.invalidate(&1)).unwrap();
    assert!(shelf.keys().is_empty());
}

/// A shelf that is cleared when a door opens.
#[derive(Clone)]
struct Lingering(Shelf, Door);

#[async_trait]
impl Backend for Lingering {
    fn name(&self) -> &str {
        "lingering"
    }
    async fn get(&self, key: &Key) -> Result<Option<Bytes>, Error> {
        self.0.get(key).await
    }
    async fn set(&self, key: &Key, entry: Bytes, life: Option<Duration>) -> Result<(), Error> {
        self.0.set(key, entry, life).await
    }
    async fn remove(&self, key: &Key) -> Result<(), Error> {
        self.0.remove(key).await
    }
    async fn clear(&self, scope: &Scope) -> Result<u64, Error> {
        self.1.pass().await;
        self.0.clear(scope).await
    }
}

#[test]
fn a_put_while_all_is_cleared_leaves_nothing_older() {
    let (shelf, door) = (Shelf::new(), Door::new());
    let tier = Tier::new(Lingering(shelf.clone(), door.clone()));
    let cache: Cache<u32, u32> = Cache::builder("lingering").tier(tier).build().unwrap();
    block_on(cache.put(&1, 1)).unwrap();
    let mut clear = Box::pin(cache.clear());
    assert!(poll_once(&mut clear).is_pending());
    block_on(cache.put(&1, 2)).unwrap();
    assert_ne!(block_on(cache.entry(&1)).map(|entry| entry.value), Some(1));
    assert!(shelf.keys().is_empty());
    shelf.set_mood(Mood::Broken);
    assert!(block_on(cache.put(&1, 3)).unwrap_err().to_string().contains("shelf"));
    shelf.set_mood(Mood::Willing);
    door.open();
    block_on(clear).unwrap();
    assert_eq!(block_on(cache.get(&1)), None);
}

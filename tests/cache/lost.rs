//! Changes that could not reach a tier are carried out before what they change is read there again.

use std::future::ready;
use std::task::{Context, Waker};
use std::time::Duration;

use dcache::testing::advance;
use dcache::{Cache, Error, Tier, dcache};
use dcache_tests::log::Log;
use dcache_tests::{Mood, Shelf};
use futures::executor::block_on;

fn cache(name: &str, tier: impl Into<Tier>) -> Cache<u32, u32> {
    Cache::builder(name).no_memory().tier(tier).build().unwrap()
}

fn lost(cache: &Cache<u32, u32>) -> u64 {
    cache.stats().tiers[0].lost
}

/// Has the tier hold 1 under the key 1, and then take nothing.
fn stuck(name: &str) -> (Cache<u32, u32>, Shelf) {
    let shelf = Shelf::new();
    let cache = cache(name, shelf.clone());
    cache.blocking().put(&1, 1).unwrap();
    shelf.set_mood(Mood::ReadOnly);
    (cache, shelf)
}

type Change = fn(&Cache<u32, u32>) -> Result<(), Error>;

const CHANGES: [(&str, Change); 6] = [
    ("invalidate, async", |cache| block_on(cache.invalidate(&1))),
    ("invalidate", |cache| cache.blocking().invalidate(&1)),
    ("put, async", |cache| block_on(cache.put(&1, 2))),
    ("put", |cache| cache.blocking().put(&1, 2)),
    ("clear, async", |cache| block_on(cache.clear())),
    ("clear", |cache| cache.blocking().clear()),
];

#[test]
fn what_could_not_be_changed_is_not_read_any_more() {
    for (name, change) in CHANGES {
        let (cache, shelf) = stuck(name);
        let fault = change(&cache).unwrap_err();
        assert_eq!(fault.tier(), "shelf", "{name}");
        assert_eq!(lost(&cache), 1, "{name}");
        for _ in 0..10 {
            assert_eq!(cache.blocking().get(&1), None, "{name}: the old value is still there");
            assert_eq!(block_on(cache.get(&1)), None, "{name}: the old value is still there");
            assert_eq!(cache.blocking().get_or_insert_with(&1, || 3), 3, "{name}");
        }
        assert!(shelf.keys().len() == 1 && lost(&cache) == 1, "{name}");
    }
}

#[test]
fn when_the_tier_takes_it_again_the_change_is_carried_out_and_all_is_as_before() {
    for (name, change) in CHANGES {
        let (cache, shelf) = stuck(&format!("again: {name}"));
        change(&cache).unwrap_err();
        assert_eq!(cache.blocking().get(&1), None);
        dcache::drain_blocking(); // an attempt in the background
        shelf.set_mood(Mood::Willing);
        advance(Duration::from_secs(6)); // past the breaker's pause
        assert_eq!(cache.blocking().get(&1), None, "{name}: the old value is back");
        dcache::drain_blocking(); // a whole function is cleared in the background
        assert!(shelf.keys().is_empty(), "{name}");
        assert_eq!(lost(&cache), 0, "{name}");
        assert_eq!(cache.blocking().get_or_insert_with(&1, || 3), 3);
        assert_eq!(cache.blocking().get(&1), Some(3), "{name}: the tier is in use again");
    }
}

#[test]
fn a_refresh_that_could_not_be_written_is_lost_too() {
    #[dcache(backend = tier(shelf().clone()))]
    fn fresh(n: u32) -> u32 {
        n
    }
    fn shelf() -> &'static Shelf {
        static SHELF: std::sync::LazyLock<Shelf> = std::sync::LazyLock::new(Shelf::new);
        &SHELF
    }
    fresh(1);
    shelf().set_mood(Mood::ReadOnly);
    fresh::refresh(1);
    assert_eq!(fresh::stats().tiers[0].lost, 1);
    assert_eq!(fresh::peek(1), None);
}

#[test]
fn a_newer_value_is_as_good_as_the_removal() {
    let (cache, shelf) = stuck("newer");
    cache.blocking().invalidate(&1).unwrap_err();
    shelf.set_mood(Mood::Willing);
    cache.blocking().put(&1, 2).unwrap();
    assert_eq!((cache.blocking().get(&1), lost(&cache)), (Some(2), 0));
}

#[test]
fn any_success_of_the_tier_has_what_was_lost_carried_out() {
    let shelf = Shelf::new();
    let tier = Tier::new(shelf.clone());
    let (one, other) = (cache("one of two", tier.clone()), cache("other of two", tier));
    (0..100).for_each(|n| one.blocking().put(&n, n).unwrap());
    shelf.set_mood(Mood::Broken);
    (0..50).for_each(|n| drop(one.blocking().invalidate(&n).unwrap_err()));
    assert_eq!((lost(&one), lost(&other)), (50, 0));
    shelf.set_mood(Mood::Willing);
    advance(Duration::from_secs(6));
    assert_eq!(other.blocking().get(&1), None);
    dcache::drain_blocking();
    assert_eq!((shelf.keys().len(), lost(&one)), (50, 0));
    assert_eq!(one.blocking().get(&50), Some(50), "nothing else is removed");
}

#[test]
fn a_tier_that_is_still_down_is_not_tried_all_the_time() {
    let (cache, shelf) = stuck("still down");
    (2..100).for_each(|n| drop(cache.blocking().invalidate(&n).unwrap_err()));
    let before = shelf.asked();
    for _ in 0..1_000 {
        assert_eq!(cache.blocking().get(&100), None); // succeeds, as reading is possible
    }
    dcache::drain_blocking();
    assert!(shelf.asked() < before + 1_020, "{} times", shelf.asked() - before - 1_000);
}

#[test]
fn too_many_lost_keys_are_the_whole_function() {
    let shelf = Shelf::new();
    let log = Log::get();
    let tier = Tier::new(shelf.clone());
    let (cache, other) = (cache("too many", tier.clone()), cache("not among them", tier));
    cache.blocking().put(&20_000, 1).unwrap();
    other.blocking().put(&1, 1).unwrap();
    shelf.set_mood(Mood::Broken);
    (0..=10_000).for_each(|n| drop(cache.blocking().invalidate(&n).unwrap_err()));
    assert_eq!(lost(&cache), 1);
    assert_eq!(log.lines("more than 10000 changes of `too%20many`").len(), 1);
    shelf.set_mood(Mood::Willing);
    advance(Duration::from_secs(6));
    assert_eq!(cache.blocking().get(&20_000), None, "it is not known to be good");
    dcache::drain_blocking();
    assert_eq!((cache.blocking().get(&20_000), lost(&cache)), (None, 0));
    assert_eq!(other.blocking().get(&1), Some(1), "another function's");
    assert_eq!(log.lines("all changes of `too%20many` that had not reached a tier are carried out").len(), 1);
}

#[test]
fn a_change_that_nobody_waits_for_any_more_is_lost() {
    let (cache, shelf) = stuck("given up");
    shelf.set_mood(Mood::Hanging);
    let mut change = Box::pin(cache.invalidate(&1));
    assert!(change.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(change);
    shelf.set_mood(Mood::ReadOnly);
    assert_eq!((cache.blocking().get(&1), lost(&cache)), (None, 1));
}

#[test]
fn a_value_that_could_not_be_written_is_no_change() {
    let (cache, shelf) = stuck("no change");
    assert_eq!(cache.blocking().get_or_insert_with(&2, || 2), 2);
    assert_eq!(lost(&cache), 0);
    shelf.set_mood(Mood::Broken);
    assert_eq!(cache.blocking().get_or_insert_with(&3, || 3), 3);
    assert_eq!(lost(&cache), 0);
}

#[test]
fn an_older_value_that_was_to_be_refreshed_may_stay() {
    let shelf = Shelf::new();
    let cache: Cache<u32, u32> = Cache::builder("older")
        .no_memory()
        .tier(shelf.clone())
        .ttl(Duration::from_secs(10))
        .stale_if_error(Duration::from_secs(100))
        .build()
        .unwrap();
    let call = |result| block_on(cache.try_get_or_insert_with(&1, || ready(result)));
    assert_eq!(call(Ok(1)), Ok(1));
    advance(Duration::from_secs(20));
    shelf.set_mood(Mood::ReadOnly);
    assert_eq!(call(Ok(2)), Ok(2));
    assert_eq!(lost(&cache), 0);
    advance(Duration::from_secs(2));
    assert_eq!(call(Err("down")), Ok(1), "it is still the newest that the tier has");
}

//! Expiry, without a single sleep.

use std::future::ready;
use std::time::Duration;

use dcache::{Cache, Memory, Tier, testing};
use dcache_tests::redis::wait_until;
use dcache_tests::{Gate, Shelf, poll_once};
use futures::executor::block_on;

use crate::ways::LONG;

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_value_is_fresh_for_its_time_to_live() {
    let cache: Cache<u32, u32> = Cache::builder("fresh").ttl(MINUTE).build().unwrap();
    let mut bodies = 0;
    let mut call = || {
        cache.blocking().get_or_insert_with(&1, || {
            bodies += 1;
            bodies
        })
    };
    assert_eq!(call(), 1);
    testing::advance(MINUTE - Duration::from_secs(1));
    assert_eq!(call(), 1);
    testing::advance(Duration::from_secs(2));
    assert_eq!(call(), 2);
}

#[test]
fn memory_may_keep_a_value_for_less() {
    let memory = Memory::entries(10).ttl(Duration::from_secs(5));
    let cache: Cache<u32, u32> = Cache::builder("less").memory(memory).ttl(MINUTE).build().unwrap();
    cache.blocking().put(&1, 1).unwrap();
    assert!(cache.blocking().entry(&1).unwrap().remaining.unwrap() <= Duration::from_secs(5));
    testing::advance(Duration::from_secs(6));
    assert_eq!(cache.blocking().get(&1), None);
}

#[test]
fn a_time_to_live_may_depend_on_the_value() {
    let cache: Cache<u32, u64> =
        Cache::builder("by value").ttl_with(|seconds| Duration::from_secs(*seconds)).build().unwrap();
    for seconds in [0, 10, 100] {
        cache.blocking().put(&(seconds as u32), seconds).unwrap();
    }
    assert_eq!(cache.blocking().get(&0), None, "no life, not stored");
    testing::advance(Duration::from_secs(50));
    assert_eq!(cache.blocking().get(&10), None);
    assert_eq!(cache.blocking().get(&100), Some(100));
}

#[test]
fn extreme_times_to_live_are_harmless() {
    for ttl in [Duration::MAX, Duration::from_nanos(1), Duration::ZERO] {
        let shelf = Shelf::new();
        let cache: Cache<u32, u32> = Cache::builder("extreme").tier(shelf.clone()).ttl(ttl).build().unwrap();
        assert_eq!(cache.blocking().get_or_insert_with(&1, || 1), 1);
        testing::advance(Duration::from_secs(1));
        let expected = (ttl == Duration::MAX).then_some(1);
        assert_eq!(cache.blocking().get(&1), expected, "{ttl:?}");
    }
}

#[test]
fn an_entry_tells_its_age_and_what_remains() {
    let shelf = Shelf::new();
    let cache: Cache<u32, u32> = Cache::builder("age").tier(shelf.clone()).ttl(MINUTE).build().unwrap();
    cache.blocking().put(&1, 1).unwrap();
    testing::advance(Duration::from_secs(20));
    let near = |a: Duration, b: u64| a.abs_diff(Duration::from_secs(b)) < Duration::from_secs(2);
    let entry = cache.blocking().entry(&1).unwrap();
    assert!(near(entry.age, 20) && near(entry.remaining.unwrap(), 40) && !entry.stale, "{entry:?}");

    let other: Cache<u32, u32> = Cache::builder("age").tier(shelf.clone()).ttl(MINUTE).build().unwrap();
    let entry = other.blocking().entry(&1).unwrap();
    assert_eq!(entry.tier, "shelf");
    assert!(near(entry.age, 20) && near(entry.remaining.unwrap(), 40), "{entry:?}");
}

#[test]
fn a_value_that_is_still_being_written_lives_no_longer_than_any_other() {
    let gate = Gate::new();
    let cache: Cache<u32, u32> = Cache::builder("being written")
        .tier(gate.clone())
        .write_in_background()
        .ttl(Duration::from_secs(1))
        .build()
        .unwrap();
    gate.hold_sets();
    assert_eq!(cache.blocking().get_or_insert_with(&1, || 1), 1);
    wait_until(Duration::from_secs(1), "the write", || gate.sets() == 1);
    testing::advance(Duration::from_secs(20));
    let value = cache.blocking().get_or_insert_with(&1, || 2);
    gate.open();
    dcache::drain_blocking();
    assert_eq!(value, 2);
}

#[test]
fn a_lowered_time_to_live_counts_for_what_is_there() {
    let shelf = Shelf::new();
    let cache =
        |ttl| -> Cache<u32, u32> { Cache::builder("lowered").tier(shelf.clone()).ttl(ttl).build().unwrap() };
    cache(MINUTE * 60).blocking().put(&1, 1).unwrap();
    testing::advance(MINUTE / 2);
    assert_eq!(cache(MINUTE).blocking().get(&1), Some(1));
    testing::advance(MINUTE);
    assert_eq!(cache(MINUTE).blocking().get(&1), None);
    assert_eq!(cache(MINUTE * 60).blocking().get(&1), Some(1), "who allows it longer still has it");
}

#[test]
fn jitter_lets_values_that_were_stored_together_end_apart() {
    let cache: Cache<u32, u32> = Cache::builder("jitter").ttl(MINUTE).jitter(0.5).build().unwrap();
    (0..100).for_each(|key| cache.blocking().put(&key, key).unwrap());
    let left = || (0..100).filter(|key| cache.blocking().get(key).is_some()).count();
    testing::advance(MINUTE / 2 - Duration::from_secs(5));
    assert_eq!(left(), 100);
    testing::advance(Duration::from_secs(20));
    assert!((20..80).contains(&left()), "half of their last half is over");
    testing::advance(Duration::from_secs(16));
    assert_eq!(left(), 0);
}

#[test]
fn a_value_found_below_lives_no_longer_for_the_time_that_finding_it_took() {
    let (near, far) = (Shelf::new(), Gate::new());
    let cache = || -> Cache<u32, u32> {
        let builder = Cache::builder("found").ttl(MINUTE).stale_if_error(MINUTE);
        builder.tier(Tier::new(near.clone()).timeout(LONG)).tier(far.clone()).build().unwrap()
    };
    cache().blocking().put(&1, 1).unwrap();
    testing::advance(Duration::from_secs(70));
    let cache = cache();
    let down = || ready(Err("down"));
    far.hold_gets();
    let mut call = Box::pin(cache.try_get_or_insert_with(&1, down));
    assert!(poll_once(&mut call).is_pending(), "the nearer tier has an older value, the farther is asked");
    testing::advance(Duration::from_secs(40));
    far.open();
    assert_eq!(block_on(call), Ok(1));
    testing::advance(Duration::from_secs(15));
    assert_eq!(block_on(cache.try_get_or_insert_with(&1, down)), Err("down"), "it is 125 s old");
}

#[test]
fn a_value_that_is_written_by_and_by_lives_no_longer_below() {
    let gate = Gate::new();
    let cache = || -> Cache<u32, u32> {
        Cache::builder("by and by").ttl(MINUTE).tier(gate.clone()).write_in_background().build().unwrap()
    };
    gate.hold_sets();
    let writer = cache();
    (0..20).for_each(|n| assert_eq!(writer.blocking().get_or_insert_with(&n, || n), n));
    wait_until(LONG, "the first writes", || gate.sets() > 0);
    testing::advance(MINUTE / 2);
    gate.open();
    dcache::drain_blocking();
    let reader = cache();
    for n in 0..20 {
        let entry = reader.blocking().entry(&n).expect("it is written");
        assert!(entry.remaining <= Some(MINUTE / 2), "{n}: {:?}", entry.remaining);
    }
}

#[test]
fn who_waits_for_a_value_that_is_being_promoted_does_not_have_it_past_its_life() {
    let (near, far) = (Gate::new(), Shelf::new());
    let builder = || Cache::<u32, u32>::builder("promoted").ttl(MINUTE);
    builder().tier(far.clone()).build().unwrap().blocking().put(&1, 1).unwrap();
    let cache = builder().tier(near.clone()).tier(Tier::new(far).timeout(LONG)).build().unwrap();
    testing::advance(Duration::from_secs(50));
    near.hold_sets();
    let mut early = Box::pin(cache.get_or_insert_with(&1, || ready(2)));
    assert!(poll_once(&mut early).is_pending(), "it has found the value, and writes it into the nearer tier");
    testing::advance(Duration::from_secs(20));
    let mut late = Box::pin(cache.get_or_insert_with(&1, || ready(3)));
    assert!(poll_once(&mut late).is_pending(), "it waits for the other");
    near.open();
    assert_eq!((block_on(early), block_on(late)), (1, 3));
}

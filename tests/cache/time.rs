//! Expiry, without a single sleep.

use std::time::Duration;

use dcache::{Cache, Memory, testing};
use dcache_tests::redis::wait_until;
use dcache_tests::{Gate, Shelf};

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

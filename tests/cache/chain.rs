//! Tiers below memory: order, back-fill, and what their faults do, which is nothing.

use std::future::{pending, ready};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use dcache::{Cache, ErrorKind, Operation, Redis, Tier};
use dcache_tests::redis::Server;
use dcache_tests::{Gate, Mood, Shelf};
use futures::executor::block_on;

const HOUR: Duration = Duration::from_secs(3600);

fn chain(name: &str, near: &Shelf, far: &Shelf) -> Cache<u32, String> {
    Cache::builder(name).tier(near.clone()).tier(far.clone()).ttl(HOUR).build().unwrap()
}

fn seven() -> impl Future<Output = String> {
    ready("seven".to_owned())
}

#[test]
fn a_value_goes_into_all_tiers_and_is_read_from_the_nearest() {
    let (near, far) = (Shelf::new(), Shelf::new());
    assert_eq!(block_on(chain("c", &near, &far).get_or_insert_with(&7, seven)), "seven");
    assert_eq!((near.keys().len(), far.keys().len()), (1, 1));
    assert_eq!(near.keys(), far.keys());

    let again = chain("c", &near, &far);
    let never = || async { unreachable!("a tier has it") };
    assert_eq!(block_on(again.get_or_insert_with(&7, never)), "seven");
    assert_eq!(block_on(again.get_or_insert_with(&7, never)), "seven");
    let stats = again.stats();
    assert_eq!((stats.hits, stats.misses, stats.computes), (2, 0, 0));
    let hits: Vec<_> = stats.tiers.iter().map(|tier| (tier.name.as_str(), tier.hits)).collect();
    assert_eq!(hits, [("memory", 1), ("shelf", 1), ("shelf", 0)]);
}

#[test]
fn a_hit_fills_nearer_tiers_with_what_remains_of_its_life() {
    let (near, far) = (Shelf::new(), Shelf::new());
    block_on(chain("life", &Shelf::new(), &far).put(&7, "seven".to_owned())).unwrap();
    dcache::testing::advance(HOUR / 2);
    let cache = chain("life", &near, &far);
    assert_eq!(block_on(cache.get(&7)).as_deref(), Some("seven"));
    let life = near.life(&near.keys()[0]).unwrap();
    assert!(life <= HOUR / 2 && life > HOUR / 2 - Duration::from_secs(60), "{life:?}");
    let entry = block_on(cache.entry(&7)).unwrap();
    assert_eq!(entry.tier, "memory");
    assert!(entry.remaining.unwrap() <= HOUR / 2);
    dcache::testing::advance(HOUR / 2);
    assert_eq!(block_on(cache.get(&7)), None, "it is past its life in every tier");
}

#[test]
fn a_tiers_own_time_to_live_counts_where_it_is_shorter() {
    let (near, far) = (Shelf::new(), Shelf::new());
    let cache: Cache<u32, u32> = Cache::builder("own ttl")
        .memory(dcache::Memory::entries(10).ttl(Duration::from_secs(1)))
        .tier(Tier::new(near.clone()).ttl(Duration::from_secs(60)))
        .tier(far.clone())
        .ttl(HOUR)
        .build()
        .unwrap();
    block_on(cache.put(&1, 1)).unwrap();
    assert_eq!(near.life(&near.keys()[0]), Some(Duration::from_secs(60)));
    assert_eq!(far.life(&far.keys()[0]), Some(HOUR));
    assert_eq!(block_on(cache.entry(&1)).unwrap().tier, "memory");
    dcache::testing::advance(Duration::from_secs(2));
    assert_eq!(block_on(cache.get(&1)), Some(1));
    assert_eq!(cache.stats().tiers[1].hits, 1);
    dcache::testing::advance(Duration::from_secs(60));
    assert_eq!(block_on(cache.get(&1)), Some(1));
    assert_eq!(cache.stats().tiers[2].hits, 1);
    assert_eq!(
        near.life(&near.keys()[0]),
        Some(Duration::from_secs(60)),
        "filled again, for its own time at most"
    );
}

#[test]
fn without_a_time_to_live_tiers_below_memory_keep_it_for_thirty_days() {
    let shelf = Shelf::new();
    let cache: Cache<u32, u32> = Cache::builder("unset").tier(shelf.clone()).build().unwrap();
    block_on(cache.put(&1, 1)).unwrap();
    assert_eq!(shelf.life(&shelf.keys()[0]), Some(Duration::from_secs(30 * 24 * 3600)));
    let cache: Cache<u32, u32> = Cache::builder("never").tier(shelf.clone()).no_ttl().build().unwrap();
    block_on(cache.put(&1, 1)).unwrap();
    assert_eq!(shelf.life("dcache:never:missing"), None);
    assert_eq!(block_on(cache.entry(&1)).unwrap().remaining, None);
}

#[test]
fn no_fault_of_a_tier_changes_a_result() {
    for mood in [Mood::Broken, Mood::ReadOnly, Mood::Panicking] {
        for blocking in [false, true] {
            let (near, far) = (Shelf::new(), Shelf::new());
            near.set_mood(mood);
            let cache = chain("faults", &near, &far);
            for n in 0..20 {
                let value = if blocking {
                    cache.blocking().get_or_insert_with(&n, || n.to_string())
                } else {
                    block_on(cache.get_or_insert_with(&n, || ready(n.to_string())))
                };
                assert_eq!(value, n.to_string());
            }
            assert!(cache.stats().tiers[1].errors > 0, "{mood:?} is counted");
            assert_eq!(far.keys().len(), 20, "the tier behind it is used as ever");
        }
    }
}

#[test]
fn a_hanging_tier_costs_its_time_budget_until_it_is_skipped() {
    for blocking in [false, true] {
        let shelf = Shelf::new();
        shelf.set_mood(Mood::Hanging);
        let tier = Tier::new(shelf.clone()).timeout(Duration::from_secs(1)); // its usual budget: it judges the tier
        let cache: Cache<u32, u32> = Cache::builder("hanging").tier(tier).build().unwrap();
        let call = |n: u32| {
            let start = Instant::now();
            let value = if blocking {
                cache.blocking().get_or_insert_with(&n, || n)
            } else {
                block_on(cache.get_or_insert_with(&n, || ready(n)))
            };
            assert_eq!(value, n);
            start.elapsed()
        };
        for n in 0..5 {
            let took = call(n);
            assert!(took >= Duration::from_millis(990) && took < Duration::from_millis(1_900), "{took:?}");
        }
        assert!(cache.stats().tiers[1].open);
        let asked = shelf.asked();
        for n in 5..50 {
            assert!(call(n) < Duration::from_millis(500));
        }
        assert_eq!(shelf.asked(), asked, "it is not asked while its breaker is open");

        shelf.set_mood(Mood::Willing);
        dcache::testing::advance(Duration::from_secs(5));
        call(50);
        assert!(!cache.stats().tiers[1].open);
        assert_eq!(shelf.keys().len(), 1);
    }
}

#[test]
fn a_short_timeout_of_one_function_does_not_open_the_breaker() {
    let shelf = Shelf::new();
    shelf.set_mood(Mood::Hanging);
    let tier = Tier::new(shelf.clone()).timeout(Duration::from_millis(1));
    let cache: Cache<u32, u32> = Cache::builder("short").tier(tier).build().unwrap();
    for n in 0..10 {
        assert_eq!(block_on(cache.get_or_insert_with(&n, || ready(n))), n);
    }
    let tier = &cache.stats().tiers[1];
    assert!(!tier.open && tier.errors == 10, "{tier:?}");
}

#[test]
fn a_short_timeout_of_one_function_does_not_keep_the_breaker_open() {
    let shelf = Shelf::new();
    let tier = Tier::new(shelf.clone());
    let short = tier.clone().timeout(Duration::from_millis(1));
    let short: Cache<u32, u32> = Cache::builder("hasty").tier(short).build().unwrap();
    let usual: Cache<u32, u32> = Cache::builder("usual").tier(tier).build().unwrap();
    shelf.set_mood(Mood::Broken);
    for n in 0..5 {
        assert_eq!(block_on(usual.get(&n)), None);
    }
    assert!(usual.stats().tiers[1].open);
    dcache::testing::advance(Duration::from_secs(6));
    shelf.set_mood(Mood::Hanging); // too slow for the one, while it is well for the other
    assert_eq!(block_on(short.get(&1)), None);
    shelf.set_mood(Mood::Willing);
    assert_eq!(block_on(usual.get_or_insert_with(&1, || ready(1))), 1);
    let tier = &usual.stats().tiers[1];
    assert!(!tier.open && tier.writes == 1, "{tier:?}");
}

#[test]
fn a_tier_that_panics_is_named() {
    let shelf = Shelf::new();
    shelf.set_mood(Mood::Panicking);
    let cache: Cache<u32, u32> = Cache::builder("panics").tier(shelf).build().unwrap();
    let error = block_on(cache.invalidate(&1)).unwrap_err();
    assert_eq!((error.tier(), error.operation()), ("shelf", Operation::Remove), "{error}");
}

#[test]
fn a_call_that_does_not_wait_for_another_asks_the_tiers_too() {
    let gate = Gate::new();
    let builder = || Cache::<u32, u32>::builder("apart").tier(gate.clone());
    block_on(builder().build().unwrap().put(&1, 1)).unwrap();
    let cache = builder().no_coalesce().build().unwrap();
    gate.hold_gets();
    let mut leader = Box::pin(cache.get_or_insert_with(&1, || ready(9)));
    assert!(leader.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    gate.open();
    assert_eq!(block_on(cache.get_or_insert_with(&1, || ready(9))), 1);
    assert_eq!(block_on(leader), 1);
    assert_eq!(cache.stats().computes, 0);
}

#[test]
fn a_look_beside_a_leader_is_counted() {
    let gate = Gate::new();
    let cache = || Cache::<u32, u32>::builder("beside").tier(gate.clone()).build().unwrap();
    block_on(cache().put(&1, 1)).unwrap();
    let cache = cache();
    gate.hold_gets();
    let mut leader = Box::pin(cache.get_or_insert_with(&1, pending));
    assert!(leader.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    gate.open();
    assert_eq!(block_on(cache.get(&1)), Some(1));
    let stats = cache.stats();
    assert_eq!((stats.hits, stats.misses, stats.coalesced), (1, 0, 0));
}

#[test]
fn writes_in_the_background_are_waited_for_by_a_drain() {
    let shelf = Shelf::new();
    let cache: Cache<u32, u32> =
        Cache::builder("background").tier(shelf.clone()).write_in_background().build().unwrap();
    for n in 0..100 {
        assert_eq!(cache.blocking().get_or_insert_with(&n, || n), n);
    }
    dcache::drain_blocking();
    assert_eq!(shelf.keys().len(), 100);
    block_on(cache.get_or_insert_with(&100, || ready(100)));
    block_on(cache.invalidate(&100)).unwrap();
    dcache::drain_blocking();
    assert_eq!(shelf.keys().len(), 100, "an invalidation comes after the write that it follows");
}

#[test]
fn a_value_that_may_not_be_cached_is_returned_and_not_stored() {
    let shelf = Shelf::new();
    let cache: Cache<u32, Option<u32>> =
        Cache::builder("if").tier(shelf.clone()).cache_if(Option::is_some).build().unwrap();
    assert_eq!(block_on(cache.get_or_insert_with(&1, || ready(None))), None);
    assert_eq!(block_on(cache.get_or_insert_with(&1, || ready(Some(1)))), Some(1));
    assert_eq!(block_on(cache.get_or_insert_with(&1, || ready(None))), Some(1));
    assert_eq!(shelf.keys().len(), 1);
}

#[test]
fn a_value_too_large_for_a_tier_stays_in_memory() {
    let shelf = Shelf::new();
    let cache: Cache<u32, Vec<u8>> =
        Cache::builder("large").tier(shelf.clone()).max_size(100).build().unwrap();
    assert_eq!(block_on(cache.get_or_insert_with(&1, || ready(vec![1; 101]))).len(), 101);
    assert!(shelf.keys().is_empty());
    assert_eq!(cache.stats().errors, 1);
    assert_eq!(block_on(cache.entry(&1)).unwrap().tier, "memory");
    assert_eq!(block_on(cache.put(&2, vec![1; 101])).unwrap_err().kind(), ErrorKind::TooLarge);
}

#[test]
fn an_error_is_not_stored() {
    let cache: Cache<u32, u32> = Cache::builder("errors").build().unwrap();
    assert_eq!(block_on(cache.try_get_or_insert_with(&1, || ready(Err("down")))), Err("down"));
    assert_eq!(cache.blocking().try_get_or_insert_with(&1, || Ok::<_, String>(1)), Ok(1));
    assert_eq!(block_on(cache.try_get_or_insert_with(&1, || ready(Err("down")))), Ok(1));
}

#[test]
fn without_memory_every_call_asks_the_tiers() {
    let shelf = Shelf::new();
    let cache: Cache<u32, u32> = Cache::builder("none").no_memory().tier(shelf.clone()).build().unwrap();
    for _ in 0..3 {
        assert_eq!(block_on(cache.get_or_insert_with(&1, || ready(1))), 1);
    }
    assert_eq!(cache.stats().tiers.len(), 1);
    assert_eq!((cache.stats().hits, cache.stats().computes), (2, 1));
}

#[test]
fn a_tier_shared_by_name_must_have_been_configured() {
    dcache::configure().tier("attic", Shelf::new()).apply().unwrap();
    let cache: Result<Cache<u32, u32>, _> = Cache::builder("attic").tier(Tier::named("attic")).build();
    assert!(cache.is_ok());
    let cache: Result<Cache<u32, u32>, _> = Cache::builder("cellar").tier(Tier::named("cellar")).build();
    let error = cache.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("`cellar`") && error.to_string().contains("configure"), "{error}");
    assert!(dcache::configure().namespace("late").apply().is_err(), "a cache was built before");
}

#[test]
fn a_check_tries_every_tier_in_use() {
    let mut server = Server::start();
    let shelf = Shelf::new();
    let redis = Redis::connect(&server.url()).unwrap();
    let cache = Cache::<u32, u32>::builder("checked").tier(redis).tier(shelf.clone()).build().unwrap();
    let check = || block_on(dcache::check());
    check().unwrap();
    shelf.set_mood(Mood::Broken);
    assert_eq!(check().unwrap_err().tier(), "shelf");
    server.kill();
    let error = check().unwrap_err();
    let tiers: Vec<_> = error.parts().iter().map(|part| part.tier().to_owned()).collect();
    assert_eq!(tiers, ["redis", "shelf"], "{error}");
    assert_eq!(cache.blocking().get_or_insert_with(&1, || 1), 1);
}

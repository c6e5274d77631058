//! What a chaos does to a tier, and that it does the same again.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use dcache::testing::{self, Chaos, ChaosStats};
use dcache::{Backend, Bytes, Cache, Error, ErrorKind, Key, Redis, Scope, Tier, dcache};
use dcache_tests::redis::wait_until;
use dcache_tests::{Mood, Shelf, child, is_child, run, with_environment};
use futures::executor::block_on;

use crate::rack::Rack;
use crate::world::LONG;

const SHORT: Duration = Duration::from_millis(5);

fn key(id: u32) -> Key {
    Key::new(&Scope::new("n", "f"), &id.to_string())
}

fn entry() -> Bytes {
    Bytes::from_static(b"an entry")
}

/// What comes of the operations in turn on a few keys, by asynchronous or synchronous callers.
fn outcomes(chaos: &Chaos, blocking: bool) -> Vec<String> {
    let tier = chaos.over(Rack::new("rack"));
    let short = |error: Error| format!("{:?} of {:?}", error.kind(), error.operation());
    let mut outcomes = Vec::new();
    for n in 0..400 {
        let key = key(n / 3 % 4);
        let outcome = match (n % 3, blocking.then(|| tier.as_blocking().expect("as the rack"))) {
            (0, None) => block_on(tier.set(&key, entry(), None)).map(|()| None),
            (0, Some(tier)) => tier.set(&key, entry(), None, LONG).map(|()| None),
            (1, None) => block_on(tier.get(&key)),
            (1, Some(tier)) => tier.get(&key, usize::MAX, LONG),
            (_, None) => block_on(tier.remove(&key)).map(|()| None),
            (_, Some(tier)) => tier.remove(&key, LONG).map(|()| None),
        };
        outcomes.push(format!("{:?}", outcome.map_err(short)));
    }
    outcomes
}

fn without_hangs(seed: u64) -> Chaos {
    Chaos::seeded(seed).errors(0.2).lost_writes(0.2).truncated(0.1).flipped_bits(0.1).swapped(0.2)
}

#[test]
fn a_run_replays_from_its_seed_by_all_callers() {
    for blocking in [false, true] {
        let once = outcomes(&without_hangs(7), blocking);
        assert_eq!(outcomes(&without_hangs(7), !blocking), once);
        assert_ne!(outcomes(&without_hangs(8), blocking), once);
    }
}

#[test]
fn a_run_replays_with_several_threads() {
    let run = || {
        let chaos = without_hangs(7).swapped(0.0);
        let tier = chaos.over(Rack::new("rack"));
        let of_key = |id| {
            let tier = &tier;
            move || (0..200).map(|_| block_on(tier.set(&key(id), entry(), None)).is_ok()).collect::<Vec<_>>()
        };
        thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|id| scope.spawn(of_key(id))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        })
    };
    let once = run();
    assert_ne!(once[0], once[1], "keys have their own faults");
    assert_eq!(run(), once);
}

#[test]
fn nothing_goes_wrong_that_was_not_asked_for() {
    let chaos = Chaos::seeded(7);
    assert_eq!(outcomes(&chaos, false), outcomes(&Chaos::seeded(8), true));
    assert_eq!((chaos.stats().operations, chaos.stats().faults()), (400, 0));
}

#[test]
fn an_error_comes_before_the_operation_or_after_it() {
    let (rack, chaos) = (Rack::new("rack"), Chaos::seeded(7).errors(1.0));
    let tier = chaos.over(rack.clone());
    let writes: Vec<_> = (0..100)
        .map(|n| {
            let error = block_on(tier.set(&key(n), entry(), None)).unwrap_err();
            assert_eq!((error.tier(), error.to_string().contains("chaos")), ("rack", true));
            (error.kind(), rack.entry(&key(n)).is_some())
        })
        .collect();
    let kinds = [ErrorKind::Unavailable, ErrorKind::Timeout, ErrorKind::Full, ErrorKind::ReadOnly];
    for kind in kinds {
        assert!(writes.contains(&(kind, false)), "{kind:?}");
    }
    assert!(writes.contains(&(ErrorKind::Unavailable, true)));
    assert_eq!(chaos.stats().errors, 100);
}

#[test]
fn a_lost_write_leaves_nothing_and_no_older_entry_either() {
    let (rack, chaos) = (Rack::new("rack"), Chaos::seeded(7).lost_writes(1.0));
    let tier = chaos.over(rack.clone());
    for blocking in [false, true] {
        block_on(rack.set(&key(1), entry(), None)).unwrap();
        match blocking {
            true => tier.as_blocking().unwrap().set(&key(1), entry(), None, LONG).unwrap(),
            false => block_on(tier.set(&key(1), entry(), None)).unwrap(),
        }
        assert_eq!(rack.entry(&key(1)), None);
    }
    assert_eq!(chaos.stats().lost_writes, 2);
}

#[test]
fn a_damage_of_a_write_stays_and_that_of_a_read_does_not() {
    let (rack, chaos) = (Rack::new("rack"), Chaos::seeded(7).flipped_bits(1.0));
    let tier = chaos.over(rack.clone());
    let wrong_bits = |entry: Option<Bytes>| -> u32 {
        let entry = entry.expect("it is there");
        entry.iter().zip(b"an entry").map(|(a, b)| (a ^ b).count_ones()).sum()
    };
    block_on(tier.set(&key(1), entry(), None)).unwrap();
    assert_eq!(wrong_bits(rack.entry(&key(1))), 1);
    block_on(rack.set(&key(1), entry(), None)).unwrap();
    assert_eq!(wrong_bits(block_on(tier.get(&key(1))).unwrap()), 1);
    assert_eq!(wrong_bits(rack.entry(&key(1))), 0);

    let chaos = chaos.flipped_bits(0.0).truncated(1.0);
    let read = block_on(tier.get(&key(1))).unwrap().unwrap();
    assert!(read.len() < 8 && entry().starts_with(&read));
    block_on(tier.set(&key(1), entry(), None)).unwrap();
    assert!(rack.entry(&key(1)).unwrap().len() < 8);
    assert_eq!((chaos.stats().flipped_bits, chaos.stats().truncated), (2, 2));
}

#[test]
fn a_swapped_read_has_what_was_written_under_another_key() {
    let chaos = Chaos::seeded(7).swapped(1.0);
    let tier = chaos.over(Rack::new("rack"));
    let set = |id: u32| block_on(tier.set(&key(id), Bytes::from(id.to_string()), None)).unwrap();
    set(1);
    assert_eq!(block_on(tier.get(&key(1))).unwrap().unwrap(), "1", "there is no other");
    (2..6).for_each(set);
    for _ in 0..20 {
        let entry = block_on(tier.get(&key(1))).unwrap().unwrap();
        assert!(["2", "3", "4", "5"].iter().any(|other| entry == *other), "{entry:?}");
    }
    assert_eq!(block_on(tier.get_within(&key(7), 0)).unwrap(), None, "all are too large");
    assert_eq!(chaos.stats().swapped, 20);
}

#[test]
fn delays_and_hangs_of_a_synchronous_caller_end_with_its_budget() {
    for chaos in [Chaos::seeded(7).hangs(1.0), Chaos::seeded(7).delays(1.0, Duration::from_secs(3_600))] {
        let tier = chaos.over(Rack::new("rack"));
        let start = Instant::now();
        let error = tier.as_blocking().unwrap().get(&key(1), 100, SHORT).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert!(start.elapsed() >= SHORT && start.elapsed() < LONG);
    }
}

#[test]
fn a_hang_is_given_up_at_the_timeout_by_all_callers() {
    for shelf in [false, true] {
        let chaos = Chaos::seeded(7).hangs(1.0);
        // a shelf has no way of its own to answer on the calling thread
        let tier = if shelf { chaos.over(Shelf::new()) } else { chaos.over(Rack::new("rack")) };
        assert_eq!(tier.as_blocking().is_none(), shelf);
        let cache: Cache<u32, u32> =
            Cache::builder("hangs").no_memory().tier(Tier::new(tier).timeout(SHORT)).build().unwrap();
        assert_eq!(run(cache.get_or_insert_with(&1, || async { 1 })), 1);
        assert_eq!(cache.blocking().get_or_insert_with(&2, || 2), 2);
        assert_eq!(cache.stats().errors, 2, "one call waits once");
        assert!(chaos.stats().hangs > 0); // a busy machine may give up before the tier is asked
    }
}

#[test]
fn a_delay_is_at_most_as_long_as_was_said() {
    let chaos = Chaos::seeded(7).delays(1.0, SHORT);
    let tier = chaos.over(Rack::new("rack"));
    let start = Instant::now();
    for n in 0..10 {
        block_on(tier.set(&key(n), entry(), None)).unwrap();
        assert_eq!(tier.as_blocking().unwrap().get(&key(n), 100, LONG).unwrap(), Some(entry()));
    }
    assert!(start.elapsed() >= SHORT, "the half of 20 of them, in the mean");
    assert_eq!(chaos.stats().delays, 20);
}

#[test]
fn a_late_write_comes_after_its_caller_has_gone() {
    for blocking in [false, true] {
        let (rack, chaos) = (Rack::new("rack"), Chaos::seeded(7).late_writes(1.0, 4 * SHORT));
        let tier = chaos.over(rack.clone());
        match blocking {
            true => drop(tier.as_blocking().unwrap().set(&key(1), entry(), None, SHORT).unwrap_err()),
            false => run(async {
                assert!(tokio::time::timeout(SHORT, tier.set(&key(1), entry(), None)).await.is_err());
            }),
        }
        wait_until(LONG, "a late write", || rack.entry(&key(1)).is_some());
        assert_eq!(chaos.stats().late_writes, 1);
    }
}

#[test]
fn chaos_can_be_switched_off_and_on() {
    let chaos = Chaos::seeded(7).errors(1.0);
    let tier = chaos.over(Shelf::new());
    assert!(block_on(tier.check()).is_err());
    chaos.set_enabled(false);
    assert!(block_on(tier.set(&key(1), entry(), None)).is_ok());
    let clone = chaos.clone();
    clone.set_enabled(true);
    assert!(block_on(tier.get(&key(1))).is_err());
    let _ = clone.errors(0.0);
    assert_eq!(block_on(tier.get(&key(1))).unwrap(), Some(entry()));
    assert_eq!((chaos.stats().operations, chaos.stats().errors), (3, 2));
}

#[test]
fn a_share_of_all_operations_goes_wrong() {
    let chaos = Chaos::seeded(7).all(0.5).hangs(0.0);
    let tier = chaos.over(Rack::new("rack"));
    let tier = tier.as_blocking().unwrap();
    for n in 0..1_000 {
        let _ = tier.set(&key(n % 50), entry(), None, LONG);
        let _ = tier.get(&key(n % 50), 100, LONG);
    }
    let ChaosStats { operations, errors, lost_writes, truncated, swapped, .. } = chaos.stats();
    assert_eq!(operations, 2_000);
    assert!((300..500).contains(&errors) && (20..90).contains(&lost_writes), "{chaos:?}");
    assert!((60..150).contains(&truncated) && (20..90).contains(&swapped), "{chaos:?}");
    assert!((800..1_000).contains(&chaos.stats().faults()), "{chaos:?}");
}

#[test]
#[should_panic(expected = "add up to more than 1")]
fn rates_that_add_up_to_more_than_all_are_refused() {
    let _ = Chaos::seeded(7).errors(0.6).hangs(0.5);
}

#[test]
fn the_seed_is_that_of_the_variable() {
    let test = "chaos::the_seed_is_that_of_the_variable";
    with_environment(test, &[("DCACHE_CHAOS_SEED", "123_456")], || {
        assert_eq!((Chaos::new().seed(), Chaos::seeded(7).seed()), (123_456, 7));
        assert_eq!(
            Chaos::new().to_string(),
            "chaos with the seed 123456; `DCACHE_CHAOS_SEED=123456` replays it"
        );
        assert_eq!(Chaos::seeded(7).to_string(), "chaos with the seed 7");
    });
}

#[test]
fn a_variable_that_is_no_number_is_not_taken_for_a_seed() {
    let test = "chaos::a_variable_that_is_no_number_is_not_taken_for_a_seed";
    with_environment(test, &[("DCACHE_CHAOS_SEED", "often")], || {
        let panic = std::panic::catch_unwind(Chaos::new).unwrap_err();
        assert!(panic.downcast_ref::<String>().unwrap().contains("is `often`"));
    });
}

#[test]
fn a_test_that_fails_tells_its_seed() {
    let test = "chaos::a_test_that_fails_tells_its_seed";
    if is_child() {
        let chaos = Chaos::new();
        let cache: Cache<u32, u32> = Cache::builder("fails").tier(chaos.over(Shelf::new())).build().unwrap();
        assert_eq!(cache.blocking().get_or_insert_with(&1, || 1), 2, "of the test");
    }
    let program = std::env::current_exe().unwrap();
    let output = child(program, test).env("DCACHE_CHAOS_SEED", "4711").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let told = "this ran under chaos with the seed 4711; `DCACHE_CHAOS_SEED=4711` replays it";
    assert!(!output.status.success());
    assert_eq!(said.matches(told).count(), 1, "{said}");
}

static BODIES: AtomicU32 = AtomicU32::new(0);

#[dcache(name = "isolated", backend = redis("redis://127.0.0.1:1"), ttl = "1h")]
fn isolated(n: u32) -> u32 {
    BODIES.fetch_add(1, SeqCst);
    n
}

#[test]
fn the_twins_of_an_isolated_test_go_wrong() {
    let chaos = Chaos::seeded(7).lost_writes(0.2).flipped_bits(0.2).swapped(0.2).errors(0.2);
    let t = testing::isolate_with(&chaos);
    for n in 0..500 {
        assert_eq!(isolated(n % 50), n % 50);
    }
    let stats = chaos.stats();
    assert!(stats.errors > 0 && stats.lost_writes > 0 && stats.swapped > 0, "{chaos:?}");
    assert!(BODIES.swap(0, SeqCst) > 50);
    chaos.set_enabled(false);
    t.advance(Duration::from_secs(10)); // the breaker's pause
    for n in 0..500 {
        assert_eq!(isolated(n % 50), n % 50);
    }
    assert!(BODIES.swap(0, SeqCst) <= 50);
    drop(t);
    chaos.set_enabled(true);
    let (before, t) = (chaos.stats(), testing::isolate());
    for n in 0..500 {
        assert_eq!(isolated(n % 50), n % 50);
    }
    assert_eq!((BODIES.swap(0, SeqCst), chaos.stats()), (50, before), "the next test is a calm one");
    drop(t);
}

#[test]
fn a_tier_under_chaos_has_a_twin_that_goes_wrong() {
    let (shelf, chaos) = (Shelf::new(), Chaos::seeded(7).lost_writes(1.0));
    shelf.set_mood(Mood::Panicking);
    let cache: Cache<u32, u32> =
        Cache::builder("its own").no_memory().tier(chaos.over(shelf.clone())).build().unwrap();
    let of_all = Chaos::seeded(8).errors(1.0);
    for of_all in [None, Some(&of_all)] {
        let _t = of_all.map_or_else(testing::isolate, testing::isolate_with);
        cache.blocking().put(&1, 1).unwrap();
        assert_eq!(cache.blocking().get(&1), None, "it is lost, by its own chaos alone");
    }
    assert_eq!((shelf.asked(), chaos.stats().lost_writes), (0, 2));
}

#[test]
fn a_server_under_chaos_shares_its_twin_with_the_others_of_that_server() {
    let redis = || Redis::connect("redis://127.0.0.1:1").unwrap();
    let chaos = Chaos::seeded(7);
    let cache = |tier: Tier| -> Cache<u32, u32> {
        Cache::builder("of one server").no_memory().tier(tier).build().unwrap()
    };
    let _t = testing::isolate();
    let (under, beside) = (cache(chaos.over(redis()).into()), cache(redis().into()));
    under.blocking().put(&1, 1).unwrap();
    assert_eq!(beside.blocking().get(&1), Some(1));
    assert_eq!(chaos.stats().operations, 1);
}

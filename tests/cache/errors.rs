//! Errors that are kept for a while, shared with those who wait, or hidden behind an older value.

use std::future::ready;
use std::task::{Context, Waker};
use std::time::Duration;

use dcache::{Cache, testing};
use dcache_tests::log::Log;
use dcache_tests::redis::wait_until;
use dcache_tests::{Door, Shelf};

use crate::ways::{Answer, LONG, MINUTE, Tiers, Way, behind, counted, never};

const SECOND: Duration = Duration::from_secs(1);

const DOWN: Answer = Err("down");

#[test]
fn an_error_is_kept_for_its_own_time() {
    for way in Way::all() {
        for call in [Way::away, Way::in_place] {
            let cache = way.cache(2 * MINUTE, |builder| builder.err_ttl::<&str>(5 * SECOND));
            assert_eq!(call(way, &cache, ready(DOWN)).answer(), DOWN, "{way:?}");
            assert_eq!(call(way, &cache, ready(Ok(2))).answer(), DOWN, "{way:?}");
            assert_eq!(counted(&cache), "1 hits, 1 misses, 1 computes", "{way:?}");
            assert_eq!(cache.blocking().get(&1), None, "{way:?}: it is no value");
            testing::advance(6 * SECOND);
            assert_eq!(call(way, &cache, ready(Ok(2))).answer(), Ok(2), "{way:?}");
            assert_eq!(way.away(&cache, never()).answer(), Ok(2), "{way:?}");
        }
    }
}

#[test]
fn an_error_of_another_type_is_not_kept() {
    for way in Way::all() {
        let cache = way.cache(2 * MINUTE, |builder| builder.err_ttl::<String>(MINUTE));
        assert_eq!(way.away(&cache, ready(DOWN)).answer(), DOWN, "{way:?}");
        assert_eq!(way.away(&cache, ready(Ok(2))).answer(), Ok(2), "{way:?}");
    }
}

#[test]
fn an_error_that_is_kept_is_nothing_to_calls_with_other_errors() {
    let cache: Cache<u32, u32> = Cache::builder("others").err_ttl::<&str>(MINUTE).build().unwrap();
    let cache = cache.blocking();
    assert_eq!(cache.try_get_or_insert_with(&1, || Err("down")), Err("down"));
    assert_eq!(cache.try_get_or_insert_with(&1, || Err(404)), Err(404));
    assert_eq!(cache.get_or_insert_with(&1, || 2), 2);
}

#[test]
fn an_error_lives_for_no_time_where_that_is_zero() {
    for way in Way::all() {
        let cache = way.cache(2 * MINUTE, |builder| builder.err_ttl::<&str>(Duration::ZERO));
        assert_eq!(way.away(&cache, ready(DOWN)).answer(), DOWN, "{way:?}");
        assert_eq!(way.away(&cache, ready(Ok(2))).answer(), Ok(2), "{way:?}");
    }
}

#[test]
fn a_change_forgets_the_error_of_a_key() {
    type Change = (fn(&Cache<u32, u32>), u32);
    let changes: [Change; 3] = [
        (|cache| cache.blocking().invalidate(&1).unwrap(), 2),
        (|cache| cache.blocking().put(&1, 5).unwrap(), 5),
        (|cache| cache.blocking().clear().unwrap(), 2),
    ];
    for way in Way::all() {
        for (change, expected) in changes {
            let cache = way.cache(2 * MINUTE, |builder| builder.err_ttl::<&str>(MINUTE));
            assert_eq!(way.away(&cache, ready(DOWN)).answer(), DOWN, "{way:?}");
            change(&cache);
            assert_eq!(way.away(&cache, ready(Ok(2))).answer(), Ok(expected), "{way:?}");
        }
    }
}

#[test]
fn a_change_wins_over_a_body_whose_error_would_be_kept() {
    for way in Way::all() {
        let cache = way.cache(2 * MINUTE, |builder| builder.err_ttl::<&str>(MINUTE));
        let door = Door::new();
        let call = way.away(&cache, behind(&door, DOWN));
        wait_until(LONG, "the body", || door.come() == 1);
        cache.blocking().invalidate(&1).unwrap();
        door.open();
        assert_eq!(call.answer(), DOWN, "{way:?}");
        assert_eq!(way.away(&cache, ready(Ok(2))).answer(), Ok(2), "{way:?}: nothing was kept");
    }
}

#[test]
fn an_error_stays_in_the_memory_of_its_process() {
    let shelf = Shelf::new();
    let cache = || -> Cache<u32, u32> {
        Cache::builder("own errors").tier(shelf.clone()).err_ttl::<&str>(MINUTE).build().unwrap()
    };
    let (this, other) = (cache(), cache());
    assert_eq!(this.blocking().try_get_or_insert_with(&1, || DOWN), DOWN);
    assert!(shelf.keys().is_empty());
    assert_eq!(other.blocking().try_get_or_insert_with(&1, || Ok::<_, &str>(2)), Ok(2));
}

#[test]
fn who_waits_shares_the_error_of_a_shared_type() {
    for way in Way::all() {
        let cache = way.cache(2 * MINUTE, |builder| builder.share_errors::<&str>());
        let door = Door::new();
        let leader = way.away(&cache, behind(&door, DOWN));
        wait_until(LONG, "the body", || door.come() == 1);
        let mut waiters = [(); 3].map(|()| Box::pin(cache.try_get_or_insert_with(&1, never)));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(waiters.iter_mut().all(|waiter| waiter.as_mut().poll(&mut cx).is_pending()), "{way:?}");
        door.open();
        assert_eq!(leader.answer(), DOWN, "{way:?}");
        for waiter in waiters {
            assert_eq!(pollster::block_on(waiter), DOWN, "{way:?}");
        }
        assert_eq!(counted(&cache), "1 misses, 3 coalesced, 1 computes", "{way:?}");
        assert_eq!(way.away(&cache, ready(Ok(2))).answer(), Ok(2), "{way:?}: it is not kept");
    }
}

#[test]
fn an_older_value_comes_before_an_error() {
    for way in Way::all() {
        let set = |builder: dcache::Builder<u32, u32>| {
            builder.stale_if_error(2 * MINUTE).err_ttl::<&str>(10 * MINUTE)
        };
        let cache = way.cache(2 * MINUTE, set);
        assert_eq!(way.away(&cache, ready(DOWN)).answer(), Ok(1), "{way:?}");
        testing::advance(2 * MINUTE);
        assert_eq!(way.away(&cache, ready(DOWN)).answer(), DOWN, "{way:?}: the value is over");
        assert_eq!(way.away(&cache, never()).answer(), DOWN, "{way:?}: the error is kept");
    }
}

#[test]
fn an_outage_is_told_once_and_so_is_its_end() {
    let log = Log::get();
    for way in Way::all().filter(|way| way.tiers == Tiers::Memory) {
        let told = || (log.lines("WARN `way` fails").len(), log.lines("INFO `way` does not fail").len());
        let before = told();
        let cache = way.cache(2 * MINUTE, |builder| builder.stale_if_error(10 * MINUTE));
        for _ in 0..3 {
            assert_eq!(way.away(&cache, ready(DOWN)).answer(), Ok(1), "{way:?}");
            testing::advance(2 * SECOND);
        }
        assert_eq!(told(), (before.0 + 1, before.1), "{way:?}");
        assert_eq!(way.away(&cache, ready(Ok(2))).answer(), Ok(2), "{way:?}");
        assert_eq!(told(), (before.0 + 1, before.1 + 1), "{way:?}");
    }
}

//! Values past their time to live. Each test is a row of the tables in `dcache/docs/staleness.md`, named there.

use std::future::ready;
use std::task::{Context, Waker};
use std::time::Duration;

use dcache::{Builder, Cache, testing};
use dcache_tests::redis::wait_until;
use dcache_tests::{Door, run};

use crate::ways::{Answer, Caller, LONG, MINUTE, Tiers, Way, behind, counted, never};

const SECOND: Duration = Duration::from_secs(1);

/// Within the last tenth of the time to live.
const DUE: Duration = Duration::from_secs(55);
/// Past the time to live, by less than a minute.
const LATER: Duration = Duration::from_secs(90);

fn ahead(builder: Builder<u32, u32>) -> Builder<u32, u32> {
    builder.refresh_ahead(0.1)
}

fn stale(builder: Builder<u32, u32>) -> Builder<u32, u32> {
    builder.stale_while_revalidate(MINUTE)
}

fn kept(builder: Builder<u32, u32>) -> Builder<u32, u32> {
    builder.stale_if_error(MINUTE)
}

async fn panics() -> Answer {
    panic!("of the body")
}

fn value(cache: &Cache<u32, u32>) -> Option<u32> {
    cache.blocking().get(&1)
}

#[test]
fn a_fresh_value_is_handed_out() {
    for way in Way::all() {
        let cache = way.cache(MINUTE / 2, |builder| kept(stale(ahead(builder))));
        assert_eq!(way.away(&cache, never()).answer(), Ok(1), "{way:?}");
        assert_eq!(counted(&cache), "1 hits", "{way:?}");
    }
}

#[test]
fn a_value_that_is_due_is_handed_out_and_refreshed() {
    for way in Way::all() {
        let (door, cache) = (Door::new(), way.cache(DUE, ahead));
        assert_eq!(way.away(&cache, behind(&door, Ok(2))).answer(), Ok(1), "{way:?}");
        door.open();
        dcache::drain_blocking();
        assert_eq!(counted(&cache), "1 hits, 1 computes", "{way:?}");
        assert_eq!(value(&cache), Some(2), "{way:?}");
    }
}

#[test]
fn a_value_that_is_due_is_just_handed_out_to_a_call_that_would_wait() {
    for way in Way::all() {
        let cache = way.cache(DUE, ahead);
        assert_eq!(way.in_place(&cache, never()).answer(), Ok(1), "{way:?}");
        assert_eq!(counted(&cache), "1 hits", "{way:?}");
    }
}

#[test]
fn a_stale_value_is_handed_out_and_refreshed() {
    for way in Way::all() {
        let (door, cache) = (Door::new(), way.cache(LATER, stale));
        assert_eq!(way.away(&cache, behind(&door, Ok(2))).answer(), Ok(1), "{way:?}");
        door.open();
        dcache::drain_blocking();
        assert_eq!(counted(&cache), "1 stale, 1 computes", "{way:?}");
        assert_eq!(value(&cache), Some(2), "{way:?}");
    }
}

#[test]
fn a_stale_value_stays_where_its_refresh_fails() {
    for way in Way::all() {
        let cache = way.cache(LATER, stale);
        assert_eq!(way.away(&cache, ready(Err("down"))).answer(), Ok(1), "{way:?}");
        dcache::drain_blocking();
        assert_eq!(way.away(&cache, never()).answer(), Ok(1), "{way:?}: it is left alone");
        assert_eq!(counted(&cache), "2 stale, 1 computes", "{way:?}");
    }
}

#[test]
fn a_stale_value_stays_where_its_refresh_panics() {
    for way in Way::all() {
        let cache = way.cache(LATER, stale);
        assert_eq!(way.away(&cache, panics()).answer(), Ok(1), "{way:?}");
        dcache::drain_blocking();
        assert_eq!(way.away(&cache, never()).answer(), Ok(1), "{way:?}: it is left alone");
        assert_eq!(counted(&cache), "2 stale, 1 computes", "{way:?}");
    }
}

#[test]
fn a_call_that_would_wait_refreshes_a_stale_value_itself() {
    for way in Way::all() {
        let (door, cache) = (Door::new(), way.cache(LATER, stale));
        let call = way.in_place(&cache, behind(&door, Ok(2)));
        wait_until(LONG, "the body", || door.come() == 1);
        assert_eq!(way.in_place(&cache, never()).answer(), Ok(1), "{way:?}: it need not wait");
        door.open();
        assert_eq!(call.answer(), Ok(2), "{way:?}");
        assert_eq!(counted(&cache), "1 misses, 1 stale, 1 computes", "{way:?}");
        assert_eq!(value(&cache), Some(2), "{way:?}");
    }
}

#[test]
fn a_call_that_would_wait_has_the_stale_value_where_its_body_fails() {
    for way in Way::all() {
        let cache = way.cache(LATER, stale);
        assert_eq!(way.in_place(&cache, ready(Err("down"))).answer(), Ok(1), "{way:?}");
        assert_eq!(way.in_place(&cache, never()).answer(), Ok(1), "{way:?}: it is left alone");
        assert_eq!(counted(&cache), "2 stale, 1 computes", "{way:?}");
    }
}

#[test]
fn a_kept_value_is_replaced_by_what_the_body_returns() {
    for way in Way::all() {
        for call in [Way::away, Way::in_place] {
            let cache = way.cache(LATER, kept);
            assert_eq!(call(way, &cache, ready(Ok(2))).answer(), Ok(2), "{way:?}");
            assert_eq!(counted(&cache), "1 misses, 1 computes", "{way:?}");
            assert_eq!(value(&cache), Some(2), "{way:?}");
        }
    }
}

#[test]
fn a_kept_value_stands_in_for_an_error() {
    for way in Way::all() {
        for call in [Way::away, Way::in_place] {
            let cache = way.cache(LATER, kept);
            assert_eq!(call(way, &cache, ready(Err("down"))).answer(), Ok(1), "{way:?}");
            assert_eq!(call(way, &cache, ready(Err("down"))).answer(), Ok(1), "{way:?}: it is left alone");
            assert_eq!(counted(&cache), "2 stale, 1 computes", "{way:?}");
        }
    }
}

#[test]
fn a_kept_value_does_not_stand_in_for_a_panic() {
    for way in Way::all() {
        for call in [Way::away, Way::in_place] {
            let cache = way.cache(LATER, kept);
            assert!(call(way, &cache, panics()).outcome().is_err(), "{way:?}");
            assert_eq!(counted(&cache), "1 misses, 1 computes", "{way:?}");
        }
    }
}

#[test]
fn a_kept_value_is_never_handed_out_while_bodies_succeed() {
    for way in Way::all() {
        let (door, cache) = (Door::new(), way.cache(LATER, kept));
        let calls: Vec<_> = (0..3).map(|_| way.in_place(&cache, behind(&door, Ok(2)))).collect();
        wait_until(LONG, "the body", || door.come() == 1);
        assert_eq!(value(&cache), None, "{way:?}: a look is no call");
        door.open();
        for call in calls {
            assert_eq!(call.answer(), Ok(2), "{way:?}");
        }
    }
}

#[test]
fn a_value_that_is_over_is_of_no_use() {
    for way in Way::all() {
        for call in [Way::away, Way::in_place] {
            let cache = way.cache(3 * MINUTE, |builder| kept(stale(ahead(builder))));
            assert_eq!(call(way, &cache, ready(Err("down"))).answer(), Err("down"), "{way:?}");
            assert_eq!(call(way, &cache, ready(Ok(2))).answer(), Ok(2), "{way:?}: it is tried again");
            assert_eq!(counted(&cache), "2 misses, 2 computes", "{way:?}");
        }
    }
}

#[test]
fn the_longer_window_keeps_a_value_for_errors() {
    for way in Way::all() {
        let both = |builder| kept(builder).stale_while_revalidate(MINUTE / 4);
        let cache = way.cache(LATER, both);
        assert_eq!(way.away(&cache, ready(Err("down"))).answer(), Ok(1), "{way:?}");
        testing::advance(2 * SECOND);
        assert_eq!(way.away(&cache, ready(Ok(2))).answer(), Ok(2), "{way:?}: it is not handed out first");
    }
}

#[test]
fn all_calls_have_the_stale_value_during_its_one_refresh() {
    for way in Way::all() {
        let (door, cache) = (Door::new(), way.cache(LATER, stale));
        assert_eq!(way.away(&cache, behind(&door, Ok(2))).answer(), Ok(1), "{way:?}");
        wait_until(LONG, "the refresh", || door.come() == 1);
        for call in [Way::away, Way::in_place] {
            assert_eq!(call(way, &cache, never()).answer(), Ok(1), "{way:?}");
        }
        assert_eq!(value(&cache), Some(1), "{way:?}");
        door.open();
        dcache::drain_blocking();
        assert_eq!(counted(&cache), "4 stale, 1 computes", "{way:?}");
        assert_eq!(value(&cache), Some(2), "{way:?}");
    }
}

#[test]
fn calls_wait_for_a_refresh_when_its_value_is_over() {
    for way in Way::all() {
        let (door, cache) = (Door::new(), way.cache(LATER, stale));
        assert_eq!(way.away(&cache, behind(&door, Ok(2))).answer(), Ok(1), "{way:?}");
        wait_until(LONG, "the refresh", || door.come() == 1);
        testing::advance(MINUTE);
        let call = way.away(&cache, never());
        door.open();
        assert_eq!(call.answer(), Ok(2), "{way:?}");
        dcache::drain_blocking();
        assert_eq!(cache.stats().computes, 1, "{way:?}");
    }
}

#[test]
fn a_failure_is_followed_by_a_rest() {
    for way in Way::all() {
        for (age, set) in [(DUE, ahead as fn(_) -> _), (LATER, stale), (LATER, kept)] {
            let cache = way.cache(age, |builder| set(builder).retry_after(3 * SECOND));
            assert_eq!(way.away(&cache, ready(Err("down"))).answer(), Ok(1), "{way:?} {age:?}");
            dcache::drain_blocking();
            testing::advance(2 * SECOND);
            assert_eq!(way.away(&cache, never()).answer(), Ok(1), "{way:?} {age:?}");
            assert_eq!(way.in_place(&cache, never()).answer(), Ok(1), "{way:?} {age:?}");
            testing::advance(2 * SECOND);
            assert!(way.away(&cache, ready(Ok(2))).answer().is_ok(), "{way:?} {age:?}");
            dcache::drain_blocking();
            assert_eq!((value(&cache), cache.stats().computes), (Some(2), 2), "{way:?} {age:?}");
        }
    }
}

#[test]
fn a_rest_spares_nobody_whose_value_is_over() {
    for way in Way::all() {
        let cache = way.cache(LATER, |builder| kept(builder).retry_after(10 * MINUTE));
        assert_eq!(way.away(&cache, ready(Err("down"))).answer(), Ok(1), "{way:?}");
        testing::advance(MINUTE);
        assert_eq!(way.away(&cache, ready(Err("down"))).answer(), Err("down"), "{way:?}");
        assert_eq!(way.away(&cache, ready(Ok(2))).answer(), Ok(2), "{way:?}");
    }
}

/// What may happen to a key while it is being refreshed, and what is stored after that.
type Change = (fn(&Cache<u32, u32>), Option<u32>);

const CHANGES: [Change; 3] = [
    (|cache| cache.blocking().invalidate(&1).unwrap(), None),
    (|cache| cache.blocking().put(&1, 5).unwrap(), Some(5)),
    (|cache| cache.blocking().clear().unwrap(), None),
];

#[test]
fn a_change_wins_over_the_refresh_of_a_stale_value() {
    for way in Way::all() {
        for (change, stored) in CHANGES {
            let (door, cache) = (Door::new(), way.cache(LATER, stale));
            assert_eq!(way.away(&cache, behind(&door, Ok(2))).answer(), Ok(1), "{way:?}");
            wait_until(LONG, "the refresh", || door.come() == 1);
            change(&cache);
            assert_eq!(value(&cache), stored, "{way:?}: the old value is gone");
            door.open();
            dcache::drain_blocking();
            assert_eq!(value(&cache), stored, "{way:?}: the refresh stores nothing");
        }
    }
}

#[test]
fn a_change_wins_over_a_refresh_that_fails() {
    for way in Way::all() {
        for (change, stored) in CHANGES {
            let (door, cache) = (Door::new(), way.cache(LATER, stale));
            assert_eq!(way.away(&cache, behind(&door, Err("down"))).answer(), Ok(1), "{way:?}");
            wait_until(LONG, "the refresh", || door.come() == 1);
            change(&cache);
            door.open();
            dcache::drain_blocking();
            let expected = stored.unwrap_or(3);
            assert_eq!(way.away(&cache, ready(Ok(3))).answer(), Ok(expected), "{way:?}: nothing rests");
        }
    }
}

#[test]
fn no_old_value_stands_in_for_an_error_after_a_change() {
    for way in Way::all() {
        for call in [Way::away, Way::in_place] {
            for (change, _) in CHANGES {
                let (door, cache) = (Door::new(), way.cache(LATER, kept));
                let call = call(way, &cache, behind(&door, Err("down")));
                wait_until(LONG, "the body", || door.come() == 1);
                change(&cache);
                door.open();
                assert_eq!(call.answer(), Err("down"), "{way:?}");
            }
        }
    }
}

#[test]
fn a_soft_timeout_ends_the_wait_where_there_is_a_kept_value() {
    for way in Way::all().filter(|way| way.caller == Caller::Async) {
        let (door, cache) =
            (Door::new(), way.cache(LATER, |builder| kept(builder).soft_timeout(SECOND / 50)));
        let calls = [behind(&door, Ok(2)), behind(&door, Ok(2))].map(|body| way.away(&cache, body));
        for call in calls {
            assert_eq!(call.answer(), Ok(1), "{way:?}: leader or waiter");
        }
        assert_eq!(door.come(), 1, "{way:?}");
        door.open();
        dcache::drain_blocking();
        assert_eq!(value(&cache), Some(2), "{way:?}: the body has gone on");
        assert_eq!(counted(&cache), "1 hits, 2 stale, 1 computes", "{way:?}");
    }
}

#[test]
fn a_soft_timeout_ends_the_wait_of_all_but_who_runs_the_body_itself() {
    for way in Way::all() {
        let (door, cache) =
            (Door::new(), way.cache(LATER, |builder| kept(builder).soft_timeout(SECOND / 50)));
        let leader = way.in_place(&cache, behind(&door, Ok(2)));
        wait_until(LONG, "the body", || door.come() == 1);
        assert_eq!(way.in_place(&cache, never()).answer(), Ok(1), "{way:?}");
        door.open();
        assert_eq!(leader.answer(), Ok(2), "{way:?}");
    }
}

#[test]
fn a_soft_timeout_is_nothing_without_an_older_value() {
    for way in Way::all() {
        let (door, cache) =
            (Door::new(), way.cache(3 * MINUTE, |builder| kept(builder).soft_timeout(SECOND / 50)));
        let calls = [behind(&door, Ok(2)), behind(&door, Ok(2))].map(|body| way.away(&cache, body));
        wait_until(LONG, "the body", || door.come() == 1);
        std::thread::sleep(SECOND / 10); // what is asserted is that nothing happens in this time
        door.open();
        for call in calls {
            assert_eq!(call.answer(), Ok(2), "{way:?}");
        }
    }
}

#[test]
fn a_soft_timeout_hands_out_nothing_old_after_an_invalidation() {
    for way in Way::all().filter(|way| way.caller == Caller::Async) {
        let (door, cache) =
            (Door::new(), way.cache(LATER, |builder| kept(builder).soft_timeout(SECOND / 20)));
        let calls = [(); 2].map(|()| cache.try_get_or_spawn_with(&1, || behind(&door, Ok(2))));
        let answers = run(async {
            let mut calls = calls.map(Box::pin);
            let mut cx = Context::from_waker(Waker::noop());
            assert!(calls.iter_mut().all(|call| call.as_mut().poll(&mut cx).is_pending()), "{way:?}");
            cache.invalidate(&1).await.unwrap();
            tokio::spawn({
                let door = door.clone();
                async move {
                    tokio::time::sleep(SECOND / 5).await; // in this time nothing is to happen
                    door.open();
                }
            });
            futures::future::join_all(calls).await
        });
        assert_eq!(answers, [Ok(2), Ok(2)], "{way:?}: leader and waiter");
        assert_eq!((value(&cache), door.come()), (None, 1), "{way:?}");
    }
}

#[test]
fn memory_that_lost_a_stale_value_has_it_from_below() {
    let shelf = dcache_tests::Shelf::new();
    let cache = || stale(Cache::builder("lost").ttl(MINUTE).tier(shelf.clone())).build().unwrap();
    cache().blocking().put(&1, 1).unwrap();
    testing::advance(LATER);
    for way in Way::all().filter(|way| way.tiers == Tiers::Both) {
        let (door, cache) = (Door::new(), cache());
        assert_eq!(way.away(&cache, behind(&door, Err("down"))).answer(), Ok(1), "{way:?}");
        wait_until(LONG, "the refresh", || door.come() == 1);
        assert_eq!(way.away(&cache, never()).answer(), Ok(1), "{way:?}");
        door.open();
        dcache::drain_blocking();
        assert_eq!(counted(&cache), "2 stale, 1 computes", "{way:?}");
        let entry = cache.blocking().entry(&1).unwrap();
        assert_eq!((entry.tier.as_str(), entry.stale), ("memory", true), "{way:?}");
    }
}

#[test]
fn what_another_process_has_refreshed_is_taken_without_a_body() {
    let shelf = dcache_tests::Shelf::new();
    let cache = || stale(Cache::builder("twice").ttl(MINUTE).tier(shelf.clone())).build().unwrap();
    for way in Way::all().filter(|way| way.tiers == Tiers::Both) {
        let (this, other) = (cache(), cache());
        this.blocking().put(&1, 1).unwrap();
        testing::advance(LATER);
        other.blocking().put(&1, 2).unwrap();
        assert_eq!(way.away(&this, never()).answer(), Ok(1), "{way:?}: its memory knows no better yet");
        dcache::drain_blocking();
        assert_eq!(way.away(&this, never()).answer(), Ok(2), "{way:?}");
        assert_eq!(counted(&this), "1 hits, 1 stale", "{way:?}");
    }
}

#[test]
fn a_look_hands_out_a_stale_value_and_refreshes_nothing() {
    for way in Way::all() {
        let cache = way.cache(LATER, |builder| kept(stale(builder)));
        assert_eq!(value(&cache), Some(1), "{way:?}");
        let entry = cache.blocking().entry(&1).unwrap();
        assert_eq!((entry.stale, entry.remaining), (true, Some(Duration::ZERO)), "{way:?}");
        assert_eq!(counted(&cache), "1 stale", "{way:?}");
    }
}

#[test]
fn what_comes_after_the_time_to_live_needs_one() {
    type Set = fn(Builder<u32, u32>) -> Builder<u32, u32>;
    let options: [(&str, Set); 4] = [
        ("jitter", |builder| builder.jitter(0.1)),
        ("refresh_ahead", ahead),
        ("stale_while_revalidate", stale),
        ("stale_if_error", kept),
    ];
    for (option, set) in options {
        for endless in [Cache::builder("endless"), Cache::builder("endless").no_ttl()] {
            let fault = set(endless).build().err().expect(option).to_string();
            assert!(fault.contains(&format!("`{option}` of `endless` needs a `ttl`")), "{fault}");
        }
        assert!(set(Cache::builder("ends").ttl(MINUTE)).build().is_ok(), "{option}");
    }
}

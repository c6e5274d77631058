//! Older values, their refreshes, and failures that are remembered.

use std::sync::Arc;
use std::time::Duration;

use super::stage::{KEY, MANNER, Source, cache, invalidate, land, lead, older};
use crate::Cache;
use crate::args::Borrowed;
use crate::flight::{Join, Lead};
use crate::threads::{FEW, block_on, spawn};

const HOUR: Duration = Duration::from_secs(3600);

/// A cache that hands out values past their time to live.
fn cache_of_older(value: u32, is_stale: bool) -> Cache<u8, u32> {
    let cache = cache(|it| it.ttl(HOUR).stale_while_revalidate(HOUR).stale_if_error(HOUR));
    let inner = cache.inner();
    drop(inner.flights.memory.as_ref().map(|memory| memory.insert(KEY, older(value, is_stale))));
    cache
}

pub(super) fn a_stale_value_is_everyones_and_refreshed_once() {
    let (cache, source) = (cache_of_older(0, true), Source::new());
    let call = {
        let (cache, source) = (cache.clone(), source.clone());
        move || {
            let body = || {
                let source = source.clone();
                async move { source.compute() }
            };
            assert!(block_on(cache.get_or_spawn_with(&KEY, body)) <= 1);
        }
    };
    let callers: Vec<_> = (0..FEW).map(|_| spawn(call.clone())).collect();
    call();
    callers.into_iter().for_each(|caller| caller.join().unwrap());
    assert!(source.counts().started <= 1);
}

/// Ends a flight that has an older value, in the way of `end`, while its key is invalidated.
fn ends_while_invalidated(is_stale: bool, end: fn(Lead<u8, u32>)) {
    let cache = cache_of_older(1, is_stale);
    let flights = &cache.inner().flights;
    let leader = lead(&cache);
    let callers: Vec<_> = (1..FEW)
        .map(|_| {
            let flights = flights.clone();
            spawn(move || drop(flights.join(&KEY, MANNER)))
        })
        .collect();
    let leader = spawn(move || end(leader));
    invalidate(flights);
    match flights.join(&KEY, MANNER) {
        Join::Lead(lead) => drop(lead),
        Join::Wait(_) => {}
        _ => panic!("nothing is left of what was there"),
    }
    leader.join().unwrap();
    callers.into_iter().for_each(|caller| caller.join().unwrap());
    assert!(!flights.is_resting(&KEY), "what failed was something else");
    assert_eq!(
        flights.memory.as_ref().and_then(|memory| memory.get(&Borrowed(&KEY))).map(|slot| slot.value),
        None
    );
}

pub(super) fn an_invalidation_wins_over_a_refresh_in_the_background() {
    ends_while_invalidated(true, |lead| land(lead, 2));
}

pub(super) fn an_invalidation_forgets_a_failure_under_way() {
    ends_while_invalidated(false, |lead| {
        if let Some(answer) = lead.lender().lent() {
            lead.fall_back(answer, HOUR);
        }
    });
}

pub(super) fn an_invalidation_forgets_a_refresh_that_is_given_up() {
    ends_while_invalidated(true, |lead| lead.give_up(HOUR));
}

pub(super) fn an_invalidation_forgets_an_error_under_way() {
    ends_while_invalidated(false, |lead| lead.fail(Some(Arc::new(())), Some(HOUR)));
}

/// The leader finds an older value below memory.
pub(super) fn an_older_value_from_below_is_lent_but_not_after_an_invalidation() {
    let cache = cache(|it| it.ttl(HOUR).stale_while_revalidate(HOUR));
    let flights = &cache.inner().flights;
    let leader = lead(&cache);
    let Join::Wait(wait) = flights.join(&KEY, MANNER) else { unreachable!("there is a leader") };
    let leader = spawn(move || {
        leader.lend(older(1, true), Some(older(1, true)));
        land(leader, 2);
    });
    let waiter = spawn(move || {
        let _turn = block_on(wait.turn(Duration::MAX, None));
    });
    invalidate(flights);
    match flights.join(&KEY, MANNER) {
        Join::Lead(lead) => drop(lead),
        _ => panic!("nothing is left of what was there"),
    }
    leader.join().unwrap();
    waiter.join().unwrap();
    assert!(flights.memory.as_ref().is_some_and(|memory| memory.get(&Borrowed(&KEY)).is_none()));
}

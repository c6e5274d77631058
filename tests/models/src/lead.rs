//! Leading, waiting, handing over, failing.

use std::future::{Future, pending};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use super::stage::{KEY, MANNER, Source, cache, call, fly, land, lead};
use crate::flight::{Join, Turn};
use crate::threads::{FEW, block_on, spawn};

pub(super) fn callers_of_one_key_run_one_body() {
    let (cache, source) = (cache(|it| it), Source::new());
    let callers: Vec<_> = (0..FEW)
        .map(|_| {
            let (cache, source) = (cache.clone(), source.clone());
            spawn(move || assert_eq!(call(&cache, &source), 1))
        })
        .collect();
    assert_eq!(call(&cache, &source), 1);
    callers.into_iter().for_each(|caller| caller.join().unwrap());
    assert_eq!(source.counts().started, 1);
}

/// A panic ends a flight by the same `Drop`; it cannot be modelled, as the checkers' threads unwind as one.
pub(super) fn a_waiter_takes_over_from_a_leader_that_is_dropped() {
    let (cache, source) = (cache(|it| it), Source::new());
    let dropped = {
        let (cache, source) = (cache.clone(), source.clone());
        spawn(move || {
            let body = || async {
                let _body = source.start();
                pending().await
            };
            poll_once(cache.get_or_insert_with(&KEY, body));
        })
    };
    let callers: Vec<_> = (1..FEW)
        .map(|_| {
            let (cache, source) = (cache.clone(), source.clone());
            spawn(move || assert_eq!(call(&cache, &source), 1))
        })
        .collect();
    assert_eq!(call(&cache, &source), 1);
    dropped.join().unwrap();
    callers.into_iter().for_each(|caller| caller.join().unwrap());
    assert_eq!(source.counts().together, 1);
    assert!(source.counts().started <= 2);
}

/// Polls this once, and drops it.
fn poll_once(future: impl Future) {
    let _ = pin!(future).as_mut().poll(&mut Context::from_waker(Waker::noop()));
}

/// The leader leaves, and of those who wait the first leaves at the same time, called or not.
pub(super) fn whoever_leaves_hands_over() {
    let cache = cache(|it| it);
    let flights = &cache.inner().flights;
    let leader = lead(&cache);
    let wait = || match flights.join(&KEY, MANNER) {
        Join::Wait(wait) => wait,
        _ => unreachable!("there is a leader"),
    };
    let (first, second) = (wait(), wait());
    let leader = spawn(move || drop(leader));
    let leaving = spawn(move || poll_once(first.turn(Duration::MAX, None)));
    match block_on(second.turn(Duration::MAX, None)) {
        Turn::Lead(lead) => land(lead, 1),
        _ => panic!("nobody has a value"),
    }
    leader.join().unwrap();
    leaving.join().unwrap();
    assert_eq!(fly(flights, || 2), 1);
}

pub(super) fn an_error_that_can_be_shared_is_everyones() {
    let (cache, source) = (cache(|it| it.share_errors::<u32>()), Source::new());
    let call = {
        let (cache, source) = (cache.clone(), source.clone());
        move || {
            let body = || async { Err(source.compute()) };
            assert_eq!(block_on(cache.try_get_or_insert_with(&KEY, body)), Err(1));
        }
    };
    let callers: Vec<_> = (0..FEW).map(|_| spawn(call.clone())).collect();
    call();
    callers.into_iter().for_each(|caller| caller.join().unwrap());
    assert_eq!(source.counts().together, 1, "nobody who waits for an error tries beside another");
}

pub(super) fn other_errors_let_waiters_lead_in_groups() {
    let (cache, source) = (cache(|it| it), Source::new());
    let call = {
        let (cache, source) = (cache.clone(), source.clone());
        move || {
            let body = || async { Err::<u32, _>(Arc::new(source.compute())) };
            assert_eq!(block_on(cache.try_get_or_insert_with(&KEY, body)), Err(Arc::new(1)));
        }
    };
    let callers: Vec<_> = (0..FEW + 1).map(|_| spawn(call.clone())).collect();
    call();
    callers.into_iter().for_each(|caller| caller.join().unwrap());
    assert_eq!(source.counts().started, FEW as u32 + 2, "each has an error of its own");
    assert!(source.counts().together <= 2, "at most five of them are no more than one, two, and two of four");
}

/// A leader has failed before four waiters come to it: two may lead, then up to four.
pub(super) fn a_group_is_over_when_all_of_it_have_led() {
    let (cache, source) = (cache(|it| it), Source::new());
    let leader = lead(&cache);
    let wait = || match cache.inner().flights.join(&KEY, MANNER) {
        Join::Wait(wait) => wait,
        _ => unreachable!("there is a leader"),
    };
    let waiters = [wait(), wait(), wait(), wait()].map(|wait| {
        let source = source.clone();
        move || match block_on(wait.turn(Duration::MAX, None)) {
            Turn::Lead(lead) => {
                source.compute();
                lead.fail(None, None);
            }
            _ => panic!("nobody has a value"),
        }
    });
    leader.fail(None, None);
    let [first, others @ ..] = waiters;
    let others = others.map(spawn);
    first();
    others.into_iter().for_each(|waiter| waiter.join().unwrap());
    assert_eq!(source.counts().started, 4);
    assert!(source.counts().together <= 2, "the second group has but two waiters left");
}

//! A change of a key wins over what is under way: when it has returned, nothing of before is handed out by a new call,
//! nor is it in memory or below it.

use std::future::ready;
use std::time::Duration;

use dcache_backends::Error;

use super::stage::{KEY, MANNER, Number, Shelf, Source, cache, call, fly, invalidate, land, lead};
use crate::args::Borrowed;
use crate::flight::{Join, Turn};
use crate::mode::Mode;
use crate::threads::{FEW, block_on, spawn};
use crate::{Builder, Cache};

type Options = fn(Builder<u8, u32>) -> Builder<u8, u32>;
type Change = fn(&Cache<u8, u32>, &Source) -> Result<(), Error>;

const MEMORY: Options = |it| it;
const BELOW: Options = |it| it.codec(Number).tier(Shelf::new().tier()).held_by();
const BACKGROUND: Options = |it| BELOW(it).write_in_background();

const INVALIDATE: Change = |cache, source| {
    source.change();
    block_on(cache.invalidate(&KEY))
};
const CLEAR: Change = |cache, source| {
    source.change();
    block_on(cache.clear())
};
const REFRESH: Change = |cache, source| {
    source.change();
    assert_eq!(block_on(cache.refresh(&Borrowed(&KEY)).run(async { source.compute() })), 2);
    Ok(())
};
/// Bodies go on computing the value of before.
const PUT: Change = |cache, _| block_on(cache.put(&KEY, 2));

/// Against a call that starts with nothing.
fn wins(change: Change, options: Options) {
    wins_in(cache(options), change);
}

/// Against a call that starts with everything in memory and below it.
fn wins_over_all(change: Change) {
    let cache = cache(BELOW);
    assert_eq!(block_on(cache.get_or_insert_with(&KEY, || ready(1))), 1);
    wins_in(cache, change);
}

fn wins_in(cache: Cache<u8, u32>, change: Change) {
    let source = Source::new();
    let callers: Vec<_> = (0..FEW)
        .map(|_| {
            let (cache, source) = (cache.clone(), source.clone());
            spawn(move || assert!(call(&cache, &source) <= 2))
        })
        .collect();
    change(&cache, &source).unwrap();
    assert_eq!(call(&cache, &source), 2, "a new call");
    callers.into_iter().for_each(|caller| caller.join().unwrap());
    assert_eq!(cache.inner().flights.hit(Borrowed(&KEY)).unwrap_or(2), 2, "memory");
    assert_eq!(block_on(cache.inner().read(Mode::Async, &KEY)).unwrap_or(2), 2, "below memory");
}

pub(super) fn an_invalidation_wins_over_a_fill() {
    wins(INVALIDATE, MEMORY);
}

pub(super) fn a_put_wins_over_a_fill() {
    wins(PUT, MEMORY);
}

pub(super) fn a_refresh_wins_over_a_fill() {
    wins(REFRESH, MEMORY);
}

pub(super) fn a_clear_wins_over_a_fill() {
    wins(CLEAR, MEMORY);
}

pub(super) fn an_invalidation_wins_over_writes() {
    wins(INVALIDATE, BELOW);
}

pub(super) fn a_put_wins_over_writes() {
    wins(PUT, BELOW);
}

pub(super) fn a_refresh_wins_over_writes() {
    wins(REFRESH, BELOW);
}

pub(super) fn a_clear_wins_over_writes() {
    wins(CLEAR, BELOW);
}

pub(super) fn an_invalidation_wins_over_writes_in_the_background() {
    wins(INVALIDATE, BACKGROUND);
}

pub(super) fn a_put_wins_over_writes_in_the_background() {
    wins(PUT, BACKGROUND);
}

pub(super) fn a_clear_wins_over_writes_in_the_background() {
    wins(CLEAR, BACKGROUND);
}

pub(super) fn an_invalidation_wins_over_what_is_below() {
    wins_over_all(INVALIDATE);
}

pub(super) fn a_clear_wins_over_what_is_below() {
    wins_over_all(CLEAR);
}

/// What is under way when the invalidation comes.
pub(super) fn an_invalidation_wins_over_two_leaders_and_a_waiter() {
    let cache = cache(|it| it);
    let flights = &cache.inner().flights;
    let wait = || match flights.join(&KEY, MANNER) {
        Join::Wait(wait) => wait,
        _ => unreachable!("there is a leader"),
    };
    let first = lead(&cache);
    let Turn::Lead(second) = block_on(wait().turn(Duration::ZERO, None)) else {
        unreachable!("it has no patience")
    };
    let wait = wait();
    let threads = [
        spawn(move || land(first, 1)),
        spawn(move || land(second, 1)),
        spawn(move || match block_on(wait.turn(Duration::MAX, None)) {
            Turn::Value(answer) => assert_eq!(answer.value, 1),
            _ => panic!("the leaders have a value"),
        }),
    ];
    invalidate(flights);
    assert!(matches!(flights.join(&KEY, MANNER), Join::Lead(_)), "a new call finds nothing");
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(flights.hit(Borrowed(&KEY)), None);
}

/// A leader and a waiter of before, and calls that come meanwhile.
pub(super) fn an_invalidation_wins_over_a_leader_a_waiter_and_calls() {
    let (cache, source) = (cache(|it| it), Source::new());
    let flights = &cache.inner().flights;
    let leader = lead(&cache);
    let Join::Wait(wait) = flights.join(&KEY, MANNER) else { unreachable!("there is a leader") };
    let leader = spawn(move || land(leader, 1));
    let waiter = spawn(move || match block_on(wait.turn(Duration::MAX, None)) {
        Turn::Value(answer) => assert_eq!(answer.value, 1),
        _ => panic!("the leader has a value"),
    });
    let callers: Vec<_> = (0..FEW)
        .map(|_| {
            let (flights, source) = (flights.clone(), source.clone());
            spawn(move || assert!(fly(&flights, || source.compute()) <= 2))
        })
        .collect();
    source.change();
    invalidate(flights);
    assert_eq!(fly(flights, || source.compute()), 2);
    callers.into_iter().chain([leader, waiter]).for_each(|thread| thread.join().unwrap());
    assert_eq!(flights.hit(Borrowed(&KEY)), Some(2));
}

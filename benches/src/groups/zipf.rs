//! Calls by far more keys than there is room for, some of them much more often than others.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::contender::{Contender, Load};
use crate::figure::Unit;
use crate::group::{Bound, Group};
use crate::groups::CAPACITY;
use crate::keys::Keys;
use crate::measure::Plan;

/// How often any body ran.
static BODIES: AtomicU64 = AtomicU64::new(0);

fn body(n: u64) -> u64 {
    BODIES.fetch_add(1, Relaxed);
    n + 1
}

#[dcache::dcache]
fn ours(n: u64) -> u64 {
    body(n)
}

#[cached::macros::cached(max_size = 10_000)]
fn cached(n: u64) -> u64 {
    body(n)
}

#[cached::macros::concurrent_cached(max_size = 10_000)]
fn concurrent(n: u64) -> u64 {
    body(n)
}

#[memoize::memoize(SharedCache, Capacity: 10_000)]
fn memoized(n: u64) -> u64 {
    body(n)
}

/// A name, and a function that looks a number up and computes it where it is not held.
type Way = (&'static str, Box<dyn Fn(u64) -> u64 + Send + Sync>);

/// Ten times as many keys as there is room for, with the exponent that is usual for requests of the web.
fn keys() -> Keys {
    Keys::zipf(10 * CAPACITY as u32, 0.99)
}

const ABOUT: &str = "Room for 10 000 entries, and 100 000 keys of which each comes as often as Zipf's law has it, with \
                     an exponent of 0.99.";

fn ways() -> Vec<Way> {
    let raw = quick_cache::sync::Cache::new(CAPACITY as usize);
    let moka = moka::sync::Cache::new(CAPACITY);
    let foyer: foyer::Cache<u64, u64> = foyer::CacheBuilder::new(CAPACITY as usize).build();
    let raw = move |n| {
        raw.get(&n).unwrap_or_else(|| {
            let value = body(n);
            raw.insert(n, value);
            value
        })
    };
    let foyer = move |n| match foyer.get(&n) {
        Some(entry) => *entry.value(),
        None => *foyer.insert(n, body(n)).value(),
    };
    vec![
        ("quick_cache, get + insert", Box::new(raw)),
        ("cached, max_size", Box::new(cached)),
        ("concurrent_cached, max_size", Box::new(concurrent)),
        ("moka, get_with", Box::new(move |n| moka.get_with(n, || body(n)))),
        ("foyer, get + insert", Box::new(foyer)),
        ("memoize, shared, Capacity", Box::new(memoized)),
        ("dcache", Box::new(ours)),
    ]
}

/// How long a call takes.
pub fn time(_: &Plan) -> io::Result<Group> {
    let load = Load { keys: keys(), threads: 1 };
    let contenders =
        ways().into_iter().map(|(name, call)| Contender::calls(name, &load, move |n| call(n as u64)));
    Ok(Group::new(
        "Calls by ten times as many keys as there is room for",
        format!("{ABOUT} The body is a sum: a real one's time comes on top of each miss."),
    )
    .contenders(contenders)
    .bounds([Bound::below("dcache", "moka, get_with")])
    .rounds(101, 4))
}

/// How many calls find a value.
pub fn rate(_: &Plan) -> io::Result<Group> {
    const CALLS: u64 = 1 << 20;
    let keys = keys();
    let contenders = ways().into_iter().map(|(name, call)| {
        let keys = keys.clone();
        let pass = move || {
            (0..CALLS).for_each(|at| {
                call(keys.at(at) as u64);
            })
        };
        Contender::figure(name, move || {
            pass(); // fills it
            let before = BODIES.load(Relaxed);
            pass();
            1.0 - (BODIES.load(Relaxed) - before) as f64 / CALLS as f64
        })
    });
    let about = format!("{ABOUT} The share of a million calls that were hits, after as many to fill it.");
    Ok(Group::new("Hit rate with ten times as many keys as there is room for", about)
        .unit(Unit::Share)
        .contenders(contenders)
        .bounds([Bound::at_least("dcache", 1.0, "cached, max_size")])
        .rounds(1, 0))
}

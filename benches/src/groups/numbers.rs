//! Hits in memory, u64 → u64.

use std::io;

use crate::contender::{Contender, Load};
use crate::group::{Bound, Group};
use crate::groups::{CAPACITY, HITS, TTL};
use crate::keys::Keys;
use crate::measure::Plan;

/// Functions that remember as long as there is room.
mod plain {
    #[dcache::dcache]
    pub fn ours(n: u64) -> u64 {
        n + 1
    }

    #[cached::macros::cached]
    pub fn cached(n: u64) -> u64 {
        n + 1
    }

    #[cached::macros::cached(unsync_reads = true)]
    pub fn cached_unsync(n: u64) -> u64 {
        n + 1
    }

    #[cached::macros::cached(max_size = 10_000)]
    pub fn cached_bounded(n: u64) -> u64 {
        n + 1
    }

    #[cached::macros::concurrent_cached]
    pub fn concurrent(n: u64) -> u64 {
        n + 1
    }

    #[cached::macros::concurrent_cached(max_size = 10_000)]
    pub fn concurrent_bounded(n: u64) -> u64 {
        n + 1
    }

    #[memoize::memoize]
    pub fn memoized(n: u64) -> u64 {
        n + 1
    }

    #[memoize::memoize(SharedCache, Capacity: 10_000)]
    pub fn memoized_shared(n: u64) -> u64 {
        n + 1
    }
}

/// The same for an hour.
mod hour {
    #[dcache::dcache(ttl = "1h")]
    pub fn ours(n: u64) -> u64 {
        n + 1
    }

    #[cached::macros::cached(ttl_secs = 3600)]
    pub fn cached(n: u64) -> u64 {
        n + 1
    }

    #[cached::macros::cached(max_size = 10_000, ttl_secs = 3600)]
    pub fn cached_bounded(n: u64) -> u64 {
        n + 1
    }

    #[cached::macros::concurrent_cached(max_size = 10_000, ttl_secs = 3600)]
    pub fn concurrent_bounded(n: u64) -> u64 {
        n + 1
    }

    #[memoize::memoize(SharedCache, Capacity: 10_000, TimeToLive: std::time::Duration::from_secs(3600))]
    pub fn memoized_shared(n: u64) -> u64 {
        n + 1
    }
}

pub fn plain(_: &Plan) -> io::Result<Group> {
    let bounds = [Bound::times("dcache", 1.2, "quick_cache"), Bound::times("dcache", 1.3, "cached")];
    Ok(without_ttl(1, "Hit in memory, u64 → u64").bounds(bounds))
}

pub fn plain_on_two(_: &Plan) -> io::Result<Group> {
    let bounds = [Bound::times("dcache", 1.2, "quick_cache"), Bound::times("dcache", 0.5, "cached")];
    Ok(without_ttl(2, "Hit in memory, u64 → u64, two threads").bounds(bounds))
}

pub fn ttl(_: &Plan) -> io::Result<Group> {
    Ok(with_ttl(1, "Hit in memory, u64 → u64, with a time to live"))
}

pub fn ttl_on_two(_: &Plan) -> io::Result<Group> {
    Ok(with_ttl(2, "Hit in memory, u64 → u64, with a time to live, two threads"))
}

fn load(threads: usize) -> Load {
    Load { keys: Keys::shuffled(HITS), threads }
}

fn group(title: &'static str, about: &str) -> Group {
    Group::new(title, format!("{about} {HITS} keys in a random order, all of them held."))
}

fn without_ttl(threads: usize, title: &'static str) -> Group {
    let load = load(threads);
    group(title, "A cached function without any options, and with room for 10 000 entries.")
        .contenders([
            quick_cache(&load),
            Contender::calls("cached", &load, |n| plain::cached(n as u64)),
            Contender::calls("cached, unsync_reads", &load, |n| plain::cached_unsync(n as u64)),
            Contender::calls("cached, max_size", &load, |n| plain::cached_bounded(n as u64)),
            Contender::calls("concurrent_cached", &load, |n| plain::concurrent(n as u64)),
            Contender::calls("concurrent_cached, max_size", &load, |n| plain::concurrent_bounded(n as u64)),
            moka(&load, moka::sync::Cache::new(CAPACITY)),
            foyer(&load),
            Contender::calls("memoize, one map a thread", &load, |n| plain::memoized(n as u64)),
            Contender::calls("memoize, shared, Capacity", &load, |n| plain::memoized_shared(n as u64)),
            Contender::calls("dcache", &load, |n| plain::ours(n as u64)),
        ])
        .bounds([Bound::below("dcache", "cached, max_size")])
}

fn with_ttl(threads: usize, title: &'static str) -> Group {
    let load = load(threads);
    let moka_cache = moka::sync::Cache::builder().max_capacity(CAPACITY).time_to_live(TTL).build();
    group(title, "A time to live of an hour, and room for 10 000 entries.")
        .contenders([
            quick_cache(&load),
            Contender::calls("cached, ttl", &load, |n| hour::cached(n as u64)),
            Contender::calls("cached, max_size, ttl", &load, |n| hour::cached_bounded(n as u64)),
            Contender::calls("concurrent_cached, max_size, ttl", &load, |n| {
                hour::concurrent_bounded(n as u64)
            }),
            moka(&load, moka_cache),
            Contender::calls("memoize, shared, Capacity, ttl", &load, |n| hour::memoized_shared(n as u64)),
            Contender::calls("dcache", &load, |n| hour::ours(n as u64)),
        ])
        .bounds([
            Bound::times("dcache", 0.4, "cached, max_size, ttl"),
            Bound::times("dcache", 0.4, "concurrent_cached, max_size, ttl"),
            Bound::times("dcache", 0.2, "moka"),
        ])
}

/// The map below dcache's memory, with the same hasher; it has no time to live.
fn quick_cache(load: &Load) -> Contender {
    let cache = quick_cache::sync::Cache::new(CAPACITY as usize);
    (0..u64::from(HITS)).for_each(|n| cache.insert(n, n + 1));
    Contender::calls("quick_cache", load, move |n| cache.get(&(n as u64)))
}

fn moka(load: &Load, cache: moka::sync::Cache<u64, u64>) -> Contender {
    (0..u64::from(HITS)).for_each(|n| cache.insert(n, n + 1));
    Contender::calls("moka", load, move |n| cache.get(&(n as u64)))
}

fn foyer(load: &Load) -> Contender {
    let cache: foyer::Cache<u64, u64> = foyer::CacheBuilder::new(CAPACITY as usize).build();
    for n in 0..u64::from(HITS) {
        cache.insert(n, n + 1);
    }
    Contender::calls("foyer", load, move |n| cache.get(&(n as u64)).map(|entry| *entry.value()))
}

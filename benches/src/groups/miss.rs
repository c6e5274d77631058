//! Misses in memory, beyond the body.

use std::io;

use crate::contender::{Contender, Load};
use crate::group::{Bound, Group};
use crate::groups::{CAPACITY, TTL};
use crate::keys::Keys;
use crate::measure::Plan;

#[dcache::dcache]
fn ours(n: u64) -> u64 {
    n + 1
}

#[dcache::dcache(ttl = "1h")]
fn ours_ttl(n: u64) -> u64 {
    n + 1
}

#[dcache::dcache]
async fn ours_async(n: u64) -> u64 {
    n + 1
}

#[cached::macros::cached(max_size = 10_000)]
fn cached(n: u64) -> u64 {
    n + 1
}

#[cached::macros::cached(max_size = 10_000, ttl_secs = 3600)]
fn cached_ttl(n: u64) -> u64 {
    n + 1
}

#[cached::macros::cached(max_size = 10_000, sync_writes = "by_key")]
fn cached_by_key(n: u64) -> u64 {
    n + 1
}

#[cached::macros::concurrent_cached(max_size = 10_000)]
fn concurrent(n: u64) -> u64 {
    n + 1
}

pub fn number(_: &Plan) -> io::Result<Group> {
    let load = Load { keys: Keys::New, threads: 1 };
    let raw = quick_cache::sync::Cache::new(CAPACITY as usize);
    let moka = moka::sync::Cache::builder().max_capacity(CAPACITY).time_to_live(TTL).build();
    let foyer: foyer::Cache<u64, u64> = foyer::CacheBuilder::new(CAPACITY as usize).build();
    let group = Group::new(
        "Miss in memory, u64 → u64, the body a sum",
        "Every key is new, and room for 10 000 entries is used up: each call looks, runs the body, stores, and pushes \
         another entry out. dcache, moka's `get_with` and `sync_writes` run one body for callers that come together.",
    );
    Ok(group
        .contenders([
            Contender::calls("quick_cache, get + insert", &load, move |n| {
                let n = n as u64;
                raw.get(&n).unwrap_or_else(|| {
                    raw.insert(n, n + 1);
                    n + 1
                })
            }),
            Contender::calls("the body alone", &load, |n| n as u64 + 1),
            Contender::calls("cached, max_size", &load, |n| cached(n as u64)),
            Contender::calls("cached, max_size, ttl", &load, |n| cached_ttl(n as u64)),
            Contender::calls("cached, max_size, sync_writes", &load, |n| cached_by_key(n as u64)),
            Contender::calls("concurrent_cached, max_size", &load, |n| concurrent(n as u64)),
            Contender::calls("moka, get_with, ttl", &load, move |n| moka.get_with(n as u64, || n as u64 + 1)),
            Contender::calls("foyer, get + insert", &load, move |n| match foyer.get(&(n as u64)) {
                Some(entry) => *entry.value(),
                None => *foyer.insert(n as u64, n as u64 + 1).value(),
            }),
            Contender::calls("dcache", &load, |n| ours(n as u64)),
            Contender::calls("dcache, ttl", &load, |n| ours_ttl(n as u64)),
            Contender::async_calls("dcache, async", &load, async |n| ours_async(n as u64).await),
        ])
        .bounds(
            ["dcache", "dcache, ttl", "dcache, async"].map(|name| Bound::plus(name, 400.0, "the body alone")),
        ))
}

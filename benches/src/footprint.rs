//! What a cache of a million entries takes of memory: a program of its own for each, with an allocator that counts.
//!
//! The group `footprint` starts it with a contender's name, and reads the bytes for each entry from what it prints.

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const ENTRIES: u64 = 1_000_000;

#[dcache::dcache(backend = memory(capacity = 1_000_000))]
fn ours(n: u64) -> u64 {
    n + 1
}

#[dcache::dcache(backend = memory(capacity = 1_000_000), ttl = "1h")]
fn ours_ttl(n: u64) -> u64 {
    n + 1
}

#[cached::macros::cached]
fn cached(n: u64) -> u64 {
    n + 1
}

#[cached::macros::cached(max_size = 1_000_000)]
fn cached_bounded(n: u64) -> u64 {
    n + 1
}

#[cached::macros::cached(max_size = 1_000_000, ttl_secs = 3600)]
fn cached_ttl(n: u64) -> u64 {
    n + 1
}

#[cached::macros::concurrent_cached(max_size = 1_000_000, ttl_secs = 3600)]
fn concurrent_ttl(n: u64) -> u64 {
    n + 1
}

#[memoize::memoize(SharedCache, Capacity: 1_000_000)]
fn memoized(n: u64) -> u64 {
    n + 1
}

/// Fills a cache by a function, which cannot be asked how many entries it holds.
fn fill(call: impl Fn(u64) -> u64) -> u64 {
    (0..ENTRIES).for_each(|n| {
        call(n);
    });
    ENTRIES
}

/// Fills the cache of a contender, and returns how many entries it holds.
fn filled(name: &str) -> Option<u64> {
    Some(match name {
        "dcache" => {
            fill(ours);
            ours::stats().entries
        }
        "dcache, ttl" => {
            fill(ours_ttl);
            ours_ttl::stats().entries
        }
        "cached" => fill(cached),
        "cached, max_size" => fill(cached_bounded),
        "cached, max_size, ttl" => fill(cached_ttl),
        "concurrent_cached, max_size, ttl" => fill(concurrent_ttl),
        "memoize, shared, Capacity" => fill(memoized),
        "quick_cache" => {
            let cache = Box::leak(Box::new(quick_cache::sync::Cache::new(ENTRIES as usize)));
            (0..ENTRIES).for_each(|n| cache.insert(n, n + 1));
            cache.len() as u64
        }
        "moka" => {
            let cache = Box::leak(Box::new(moka::sync::Cache::new(ENTRIES)));
            (0..ENTRIES).for_each(|n| cache.insert(n, n + 1));
            cache.run_pending_tasks();
            cache.entry_count()
        }
        "foyer" => {
            let cache: foyer::Cache<u64, u64> = foyer::CacheBuilder::new(ENTRIES as usize).build();
            let cache = Box::leak(Box::new(cache));
            for n in 0..ENTRIES {
                cache.insert(n, n + 1);
            }
            cache.entries() as u64
        }
        _ => return None,
    })
}

fn main() {
    let name = std::env::args().nth(1).expect("the name of a contender");
    let region = Region::new(ALLOCATOR);
    let entries = filled(&name).unwrap_or_else(|| panic!("no contender is named `{name}`"));
    let change = region.change();
    // what was reallocated is counted by how much more it became
    let bytes = change.bytes_allocated as i64 - change.bytes_deallocated as i64;
    println!("{}", bytes as f64 / entries as f64);
}

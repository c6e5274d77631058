//! Hits in memory by text that the caller lends.

use std::io;
use std::sync::Arc;

use quick_cache::Equivalent;

use crate::contender::{Contender, Load};
use crate::group::{Bound, Group};
use crate::groups::{CAPACITY, HITS, TTL};
use crate::keys::Keys;
use crate::measure::Plan;

/// `&str` → u64, without a time to live.
mod plain {
    #[dcache::dcache]
    pub fn ours(text: &str) -> u64 {
        text.len() as u64
    }

    #[cached::macros::cached(key = "String", convert = { text.to_owned() })]
    pub fn cached(text: &str) -> u64 {
        text.len() as u64
    }

    #[cached::macros::cached(max_size = 10_000, key = "String", convert = { text.to_owned() })]
    pub fn cached_bounded(text: &str) -> u64 {
        text.len() as u64
    }

    #[cached::macros::concurrent_cached(max_size = 10_000, key = "String", convert = { text.to_owned() })]
    pub fn concurrent_bounded(text: &str) -> u64 {
        text.len() as u64
    }

    #[memoize::memoize(SharedCache, Capacity: 10_000)]
    pub fn memoized_shared(text: String) -> u64 {
        text.len() as u64
    }
}

/// `(&str, u64)` → `Arc<str>`, with a time to live of an hour.
mod pair {
    use std::sync::Arc;

    #[dcache::dcache(ttl = "1h")]
    pub fn ours(text: &str, _n: u64) -> Arc<str> {
        Arc::from(text)
    }

    #[cached::macros::cached(
        max_size = 10_000,
        ttl_secs = 3600,
        key = "(String, u64)",
        convert = { (text.to_owned(), n) }
    )]
    pub fn cached(text: &str, n: u64) -> Arc<str> {
        let _ = n;
        Arc::from(text)
    }

    #[cached::macros::concurrent_cached(
        max_size = 10_000,
        ttl_secs = 3600,
        key = "(String, u64)",
        convert = { (text.to_owned(), n) }
    )]
    pub fn concurrent(text: &str, n: u64) -> Arc<str> {
        let _ = n;
        Arc::from(text)
    }
}

/// A pair that is lent, as the maps look it up.
#[derive(Hash)]
struct Pair<'a>(&'a str, u64);

impl Equivalent<(String, u64)> for Pair<'_> {
    fn equivalent(&self, key: &(String, u64)) -> bool {
        self.0 == key.0 && self.1 == key.1
    }
}

pub fn of_16(_: &Plan) -> io::Result<Group> {
    Ok(plain("Hit in memory, &str of 16 bytes → u64", 16))
}

pub fn of_64(_: &Plan) -> io::Result<Group> {
    Ok(plain("Hit in memory, &str of 64 bytes → u64", 64))
}

pub fn pair(_: &Plan) -> io::Result<Group> {
    Ok(pairs("Hit in memory, (&str, u64) → Arc<str>, with a time to live", 1))
}

pub fn pair_on_two(_: &Plan) -> io::Result<Group> {
    Ok(pairs("Hit in memory, (&str, u64) → Arc<str>, with a time to live, two threads", 2))
}

/// Different texts of this length.
fn texts(length: usize) -> Arc<[String]> {
    (0..HITS).map(|n| format!("{n:-<length$}")).collect()
}

fn by_text(
    load: &Load,
    texts: &Arc<[String]>,
    name: &str,
    call: impl Fn(&str) -> u64 + Send + Sync + 'static,
) -> Contender {
    let texts = texts.clone();
    Contender::calls(name, load, move |n| call(&texts[n]))
}

fn by_pair(
    load: &Load,
    texts: &Arc<[String]>,
    name: &str,
    call: impl Fn(&str, u64) -> Arc<str> + Send + Sync + 'static,
) -> Contender {
    let texts = texts.clone();
    Contender::calls(name, load, move |n| call(&texts[n], n as u64))
}

fn plain(title: &'static str, length: usize) -> Group {
    let load = Load { keys: Keys::shuffled(HITS), threads: 1 };
    let texts = texts(length);
    let raw = quick_cache::sync::Cache::new(CAPACITY as usize);
    let moka = moka::sync::Cache::new(CAPACITY);
    let foyer: foyer::Cache<String, u64> = foyer::CacheBuilder::new(CAPACITY as usize).build();
    for text in texts.iter() {
        raw.insert(text.clone(), length as u64);
        moka.insert(text.clone(), length as u64);
        foyer.insert(text.clone(), length as u64);
    }
    let (for_raw, for_moka, for_foyer) = (texts.clone(), texts.clone(), texts.clone());
    Group::new(
        title,
        format!("{HITS} texts in a random order, all of them held; who needs a `String` makes one."),
    )
    .contenders([
        Contender::calls("quick_cache", &load, move |n| raw.get(for_raw[n].as_str())),
        by_text(&load, &texts, "cached", plain::cached),
        by_text(&load, &texts, "cached, max_size", plain::cached_bounded),
        by_text(&load, &texts, "concurrent_cached, max_size", plain::concurrent_bounded),
        Contender::calls("moka", &load, move |n| moka.get(for_moka[n].as_str())),
        Contender::calls("foyer", &load, move |n| {
            foyer.get(for_foyer[n].as_str()).map(|entry| *entry.value())
        }),
        by_text(&load, &texts, "memoize, shared, Capacity", |text| plain::memoized_shared(text.to_owned())),
        by_text(&load, &texts, "dcache", plain::ours),
    ])
    .bounds([Bound::times("dcache", 1.2, "quick_cache"), Bound::below("dcache", "cached, max_size")])
}

fn pairs(title: &'static str, threads: usize) -> Group {
    let load = Load { keys: Keys::shuffled(HITS), threads };
    let texts = texts(16);
    let raw = quick_cache::sync::Cache::new(CAPACITY as usize);
    let moka = moka::sync::Cache::builder().max_capacity(CAPACITY).time_to_live(TTL).build();
    for (n, text) in (0..).zip(texts.iter()) {
        raw.insert((text.clone(), n), Arc::from(text.as_str()));
        moka.insert((text.clone(), n), Arc::from(text.as_str()));
    }
    let (for_raw, for_moka) = (texts.clone(), texts.clone());
    Group::new(
        title,
        format!("{HITS} texts of 16 bytes in a random order, each with a number, all of them held."),
    )
    .contenders([
        Contender::calls("quick_cache", &load, move |n| -> Option<Arc<str>> {
            raw.get(&Pair(&for_raw[n], n as u64))
        }),
        by_pair(&load, &texts, "cached, max_size, ttl", pair::cached),
        by_pair(&load, &texts, "concurrent_cached, max_size, ttl", pair::concurrent),
        Contender::calls("moka, ttl", &load, move |n| -> Option<Arc<str>> {
            moka.get(&Pair(&for_moka[n], n as u64))
        }),
        by_pair(&load, &texts, "dcache, ttl", pair::ours),
    ])
    .bounds([Bound::times("dcache, ttl", 0.35, "concurrent_cached, max_size, ttl")])
}

//! Hits in memory of values that are more than a number, and by more arguments than one.

use std::io;
use std::sync::Arc;

use quick_cache::Equivalent;

use crate::contender::{Contender, Load};
use crate::group::{Bound, Group};
use crate::groups::{CAPACITY, HITS};
use crate::keys::Keys;
use crate::measure::Plan;

/// u64 → `Arc<str>`.
mod shared {
    use std::sync::Arc;

    #[dcache::dcache]
    pub fn ours(n: u64) -> Arc<str> {
        super::text(n)
    }

    #[cached::macros::cached(max_size = 10_000)]
    pub fn cached(n: u64) -> Arc<str> {
        super::text(n)
    }

    #[cached::macros::concurrent_cached(max_size = 10_000)]
    pub fn concurrent(n: u64) -> Arc<str> {
        super::text(n)
    }
}

/// u64 → `Vec<u8>`, which each caller gets a copy of.
mod copied {
    #[dcache::dcache]
    pub fn ours(n: u64) -> Vec<u8> {
        super::kibibyte(n)
    }

    #[cached::macros::cached(max_size = 10_000)]
    pub fn cached(n: u64) -> Vec<u8> {
        super::kibibyte(n)
    }

    #[cached::macros::concurrent_cached(max_size = 10_000)]
    pub fn concurrent(n: u64) -> Vec<u8> {
        super::kibibyte(n)
    }
}

/// Five arguments → u64.
mod five {
    #[dcache::dcache]
    pub fn ours(shop: u64, sku: &str, count: u32, is_gift: bool, day: i64) -> u64 {
        shop + sku.len() as u64 + u64::from(count) + u64::from(is_gift) + day.unsigned_abs()
    }

    #[cached::macros::cached(
        max_size = 10_000,
        key = "(u64, String, u32, bool, i64)",
        convert = { (shop, sku.to_owned(), count, is_gift, day) }
    )]
    pub fn cached(shop: u64, sku: &str, count: u32, is_gift: bool, day: i64) -> u64 {
        shop + sku.len() as u64 + u64::from(count) + u64::from(is_gift) + day.unsigned_abs()
    }

    #[cached::macros::concurrent_cached(
        max_size = 10_000,
        key = "(u64, String, u32, bool, i64)",
        convert = { (shop, sku.to_owned(), count, is_gift, day) }
    )]
    pub fn concurrent(shop: u64, sku: &str, count: u32, is_gift: bool, day: i64) -> u64 {
        shop + sku.len() as u64 + u64::from(count) + u64::from(is_gift) + day.unsigned_abs()
    }
}

fn text(n: u64) -> Arc<str> {
    format!("text number {n}").into()
}

fn kibibyte(n: u64) -> Vec<u8> {
    vec![n as u8; 1024]
}

pub fn shared(_: &Plan) -> io::Result<Group> {
    let title = "Hit in memory, u64 → Arc<str>";
    Ok(by_number(title, text, shared::cached, shared::concurrent, shared::ours))
}

pub fn copied(_: &Plan) -> io::Result<Group> {
    let title = "Hit in memory, u64 → Vec<u8> of 1 KiB";
    Ok(by_number(title, kibibyte, copied::cached, copied::concurrent, copied::ours))
}

fn by_number<V: Clone + Send + Sync + 'static>(
    title: &'static str,
    value: fn(u64) -> V,
    cached: impl Fn(u64) -> V + Send + Sync + 'static,
    concurrent: impl Fn(u64) -> V + Send + Sync + 'static,
    dcache: impl Fn(u64) -> V + Send + Sync + 'static,
) -> Group {
    let load = Load { keys: Keys::shuffled(HITS), threads: 1 };
    let raw = quick_cache::sync::Cache::new(CAPACITY as usize);
    let moka = moka::sync::Cache::new(CAPACITY);
    for n in 0..u64::from(HITS) {
        raw.insert(n, value(n));
        moka.insert(n, value(n));
    }
    Group::new(
        title,
        format!("{HITS} keys in a random order, all of them held; each caller gets a clone of the value."),
    )
    .contenders([
        Contender::calls("quick_cache", &load, move |n| raw.get(&(n as u64))),
        Contender::calls("cached, max_size", &load, move |n| cached(n as u64)),
        Contender::calls("concurrent_cached, max_size", &load, move |n| concurrent(n as u64)),
        Contender::calls("moka", &load, move |n| moka.get(&(n as u64))),
        Contender::calls("dcache", &load, move |n| dcache(n as u64)),
    ])
    .bounds([Bound::times("dcache", 1.2, "quick_cache"), Bound::below("dcache", "cached, max_size")])
}

/// Five arguments that are lent, as the map looks them up.
#[derive(Hash)]
struct Five<'a>(u64, &'a str, u32, bool, i64);

impl Equivalent<(u64, String, u32, bool, i64)> for Five<'_> {
    fn equivalent(&self, key: &(u64, String, u32, bool, i64)) -> bool {
        (self.0, self.1, self.2, self.3, self.4) == (key.0, key.1.as_str(), key.2, key.3, key.4)
    }
}

/// What differs beside the text.
fn arguments(n: usize) -> (u64, u32, bool, i64) {
    (n as u64, n as u32 % 7, n.is_multiple_of(3), n as i64 / 5)
}

fn by_five(
    load: &Load,
    texts: &Arc<[String]>,
    name: &str,
    call: impl Fn(u64, &str, u32, bool, i64) -> u64 + Send + Sync + 'static,
) -> Contender {
    let texts = texts.clone();
    Contender::calls(name, load, move |n| {
        let (shop, count, is_gift, day) = arguments(n);
        call(shop, &texts[n], count, is_gift, day)
    })
}

pub fn five(_: &Plan) -> io::Result<Group> {
    let load = Load { keys: Keys::shuffled(HITS), threads: 1 };
    let texts: Arc<[String]> = (0..HITS).map(|n| format!("sku-{n:04}")).collect();
    let raw = quick_cache::sync::Cache::new(CAPACITY as usize);
    for (n, text) in texts.iter().enumerate() {
        let (shop, count, is_gift, day) = arguments(n);
        raw.insert((shop, text.clone(), count, is_gift, day), 1u64);
    }
    let for_raw = texts.clone();
    Ok(Group::new(
        "Hit in memory, (u64, &str, u32, bool, i64) → u64",
        format!("{HITS} keys in a random order, all of them held; who needs a `String` makes one."),
    )
    .contenders([
        Contender::calls("quick_cache", &load, move |n| {
            let (shop, count, is_gift, day) = arguments(n);
            raw.get(&Five(shop, &for_raw[n], count, is_gift, day))
        }),
        by_five(&load, &texts, "cached, max_size", five::cached),
        by_five(&load, &texts, "concurrent_cached, max_size", five::concurrent),
        by_five(&load, &texts, "dcache", five::ours),
    ])
    .bounds([Bound::times("dcache", 1.2, "quick_cache"), Bound::below("dcache", "cached, max_size")]))
}

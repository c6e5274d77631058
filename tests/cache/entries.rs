//! Whatever lies under a key, a call gets the value of its key or runs its body.

use std::cell::Cell;
use std::collections::HashMap;
use std::time::Duration;

use dcache::{Cache, codec};
use dcache_tests::Shelf;
use serde::{Deserialize, Serialize};

type Value = (String, Vec<u16>);

fn cache(name: &str, shelf: &Shelf) -> Cache<u32, Value> {
    Cache::builder(name).no_memory().tier(shelf.clone()).build().unwrap()
}

/// A value of 4 KiB when it is encoded.
fn value() -> Value {
    ("seven".repeat(817), vec![7, 77, 777])
}

/// Asserts that a call runs its body, and that a value takes the place of what lay there.
fn assert_miss(cache: &Cache<u32, Value>, shelf: &Shelf, what: &str) {
    let ran = Cell::new(false);
    let got = cache.blocking().get_or_insert_with(&7, || {
        ran.set(true);
        value()
    });
    assert_eq!(got, value(), "{what}");
    assert!(ran.get(), "{what} was taken for a value");
    assert_eq!(shelf.keys().len(), 1);
}

#[test]
fn every_flipped_byte_is_a_miss() {
    let shelf = Shelf::new();
    let cache = cache("flips", &shelf);
    cache.blocking().put(&7, value()).unwrap();
    let key = shelf.keys()[0].clone();
    let good = shelf.entry(&key).unwrap();
    assert!(good.len() > 4096);
    let mut flips = 0;
    for place in 0..good.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut bad = good.to_vec();
            bad[place] ^= flip;
            shelf.lay(&key, bad);
            assert_miss(&cache, &shelf, &format!("byte {place} xor {flip:#x}"));
            flips += 1;
        }
    }
    println!("{} bytes, {flips} flips, 0 accepted", good.len());
}

#[test]
fn every_truncation_and_extension_is_a_miss() {
    let shelf = Shelf::new();
    let cache = cache("cuts", &shelf);
    cache.blocking().put(&7, value()).unwrap();
    let key = shelf.keys()[0].clone();
    let good = shelf.entry(&key).unwrap();
    for length in 0..good.len() {
        shelf.lay(&key, good.slice(..length));
        assert_miss(&cache, &shelf, &format!("{length} bytes of {}", good.len()));
    }
    shelf.lay(&key, [&good[..], &[0]].concat());
    assert_miss(&cache, &shelf, "a byte more");
    shelf.lay(&key, vec![0xff; 1 << 20]);
    assert_miss(&cache, &shelf, "garbage");
    println!("{} truncations, 0 accepted", good.len());
}

#[test]
fn every_swapped_entry_is_a_miss() {
    let shelf = Shelf::new();
    let mut entries = Vec::new();
    for name in ["quote", "price"] {
        for hours in [1, 2] {
            let ttl = Duration::from_secs(3600 * hours);
            let cache: Cache<u32, Value> =
                Cache::builder(name).no_memory().tier(shelf.clone()).ttl(ttl).build().unwrap();
            for key in 0..3 {
                cache.blocking().put(&key, value()).unwrap();
                let place = shelf.keys().remove(0);
                let entry = shelf.entry(&place).unwrap();
                cache.blocking().invalidate(&key).unwrap();
                entries.push((cache.clone(), key, place, entry));
            }
        }
    }
    let mut swaps = 0;
    for (cache, key, place, _) in &entries {
        for (.., other) in entries.iter().filter(|(_, _, other, _)| other != place) {
            shelf.lay(place, other.clone());
            assert_eq!(cache.blocking().get(key), None);
            swaps += 1;
        }
    }
    println!("{} entries, {swaps} swaps, 0 accepted", entries.len());
    assert_eq!(swaps, 120);
}

#[test]
fn another_keys_entry_is_a_miss() {
    let shelf = Shelf::new();
    let cache = cache("swapped", &shelf);
    cache.blocking().put(&8, ("eight".to_owned(), vec![8])).unwrap();
    let other = shelf.entry(&shelf.keys()[0]).unwrap();
    cache.blocking().invalidate(&8).unwrap();
    cache.blocking().put(&7, value()).unwrap();
    shelf.lay(&shelf.keys()[0], other);
    assert_miss(&cache, &shelf, "the entry of 8");
    assert_eq!(cache.stats().errors, 1);
}

#[test]
fn a_bad_entry_is_counted_and_removed() {
    let shelf = Shelf::new();
    let cache = cache("removed", &shelf);
    cache.blocking().put(&7, value()).unwrap();
    shelf.lay(&shelf.keys()[0], &b"no entry at all"[..]);
    assert_eq!(cache.blocking().get(&7), None);
    assert!(shelf.keys().is_empty());
    assert_eq!(cache.stats().tiers[0].errors, 1);
    assert!(!cache.stats().tiers[0].open);
}

#[test]
fn an_oversized_entry_is_a_miss_and_removed() {
    let shelf = Shelf::new();
    let cache: Cache<u32, Value> =
        Cache::builder("oversized").no_memory().tier(shelf.clone()).max_size(5_000).build().unwrap();
    cache.blocking().put(&7, value()).unwrap();
    let key = shelf.keys()[0].clone();
    shelf.lay(&key, vec![0; 10_000]);
    assert_eq!(cache.blocking().get(&7), None);
    assert!(shelf.keys().is_empty());
}

mod before {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub(crate) struct Name {
        pub(crate) first: String,
        pub(crate) last: String,
    }
}

mod after {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub(crate) struct Name {
        pub(crate) last: String,
        pub(crate) first: String,
    }
}

#[test]
fn two_builds_with_swapped_fields_do_not_read_each_others_entries() {
    let shelf = Shelf::new();
    let old: Cache<u32, before::Name> = Cache::builder("names").tier(shelf.clone()).build().unwrap();
    let new: Cache<u32, after::Name> = Cache::builder("names").tier(shelf.clone()).build().unwrap();
    let ada = before::Name { first: "Ada".to_owned(), last: "Lovelace".to_owned() };
    old.blocking().put(&1, ada.clone()).unwrap();
    assert_eq!(new.blocking().get(&1), None);
    assert_eq!(shelf.keys().len(), 1, "it is left in place");
    let computed = after::Name { first: "Ada".to_owned(), last: "Lovelace".to_owned() };
    assert_eq!(new.blocking().get_or_insert_with(&1, || computed.clone()), computed);
    assert_eq!(shelf.keys().len(), 1, "and replaced by the new value");
    new.blocking().invalidate(&1).unwrap();
    assert!(shelf.keys().is_empty(), "an invalidation reaches the entries of every build");
}

#[test]
fn another_version_or_codec_is_a_miss_and_left_in_place() {
    let shelf = Shelf::new();
    let build = || Cache::<u32, u32>::builder("versions").no_memory();
    let first = build().tier(shelf.clone()).build().unwrap();
    let second = build().tier(shelf.clone()).version(2).build().unwrap();
    let json = build().codec(codec::Json).tier(shelf.clone()).build().unwrap();
    first.blocking().put(&1, 1).unwrap();
    assert_eq!(second.blocking().get(&1), None);
    assert_eq!(json.blocking().get(&1), None);
    assert_eq!(first.blocking().get(&1), Some(1));
}

#[test]
fn every_codec_brings_its_values_back() {
    let shelf = Shelf::new();
    let map = HashMap::from([("a".to_owned(), Some(1.5)), ("b".to_owned(), None)]);
    macro_rules! check {
        ($codec:expr, $name:literal, $value:expr) => {{
            let build = || Cache::builder($name).codec($codec).tier(shelf.clone()).build().unwrap();
            let value = $value;
            build().blocking().put(&1u32, value.clone()).unwrap();
            assert_eq!(build().blocking().get(&1), Some(value));
        }};
    }
    check!(codec::Bincode, "bincode", map.clone());
    check!(codec::Postcard, "postcard", map.clone());
    check!(codec::Json, "json", map);
    check!(codec::Raw, "raw", "as it is".to_owned());
    check!(codec::Raw, "raw bytes", b"as it is".to_vec());
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Sometimes {
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    count: u32,
}

#[test]
fn a_type_that_a_codec_cannot_bring_back_stays_in_memory() {
    let shelf = Shelf::new();
    let cache: Cache<u32, Sometimes> = Cache::builder("sometimes").tier(shelf.clone()).build().unwrap();
    let log = dcache_tests::log::Log::get();
    for key in 0..3 {
        let value = cache.blocking().get_or_insert_with(&key, || Sometimes { note: None, count: key });
        assert_eq!(value.count, key);
    }
    assert!(shelf.keys().is_empty());
    assert_eq!(cache.blocking().get(&2).unwrap().count, 2);
    let lines = log.lines("`sometimes`");
    assert_eq!(lines.len(), 1, "one loud error: {lines:?}");
    assert!(lines[0].starts_with("ERROR") && lines[0].contains("Sometimes") && lines[0].contains("bincode"));

    let json: Cache<u32, Sometimes> =
        Cache::builder("by json").codec(codec::Json).tier(shelf.clone()).build().unwrap();
    json.blocking().put(&1, Sometimes { note: None, count: 1 }).unwrap();
    assert_eq!(shelf.keys().len(), 1, "a self-describing codec can");
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Explosive(u32);

impl Serialize for Explosive {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        assert!(self.0 != 13, "of a type");
        serializer.serialize_u32(self.0)
    }
}

#[test]
fn a_panic_while_a_value_is_encoded_reaches_nobody() {
    let shelf = Shelf::new();
    let cache: Cache<u32, Explosive> = Cache::builder("explosive").tier(shelf.clone()).build().unwrap();
    for n in 12..15 {
        assert_eq!(cache.blocking().get_or_insert_with(&n, || Explosive(n)), Explosive(n));
        assert_eq!(cache.blocking().get(&n), Some(Explosive(n)), "memory has it all the same");
    }
    assert_eq!(shelf.keys().len(), 2);
    assert_eq!(cache.stats().errors, 1);
}

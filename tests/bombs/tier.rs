//! Bombs in a tier, below a function: it answers all the same.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use allocation_counter::measure;
use dcache::Cache;
use dcache::codec::{Bincode, Codec, Json, Postcard, Raw};
use dcache_shelf::Shelf;

use crate::codecs::{ATTEMPTS, MEMORY, TIME};
use crate::types::{Chain, Maps, Shape, Tagged, Untagged, Wide};

/// Where in an entry its payload's length stands, and where the payload begins.
const LENGTH: usize = 76;
const PAYLOAD: usize = 84;

/// Makes of a valid entry one of another payload, as who can write into a tier would.
fn forged(valid: &[u8], payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u64).to_le_bytes();
    let mut entry = [&valid[..LENGTH], &length, payload].concat();
    assert_eq!(entry.len(), PAYLOAD + payload.len());
    entry.extend_from_slice(&xxhash_rust::xxh3::xxh3_64(&entry).to_le_bytes());
    entry
}

/// Asserts that a function gets past each of these payloads to its body, at next to no cost.
fn survives<C: Codec<T>, T>(name: &str, codec: C, value: T, payloads: &[Vec<u8>])
where
    T: Clone + Debug + Send + Sync + 'static,
{
    let shelf = Shelf::new();
    let cache = Cache::builder(name).codec(codec).no_memory().tier(shelf.clone());
    let cache = cache.ttl(Duration::from_secs(3600)).build().unwrap();
    cache.blocking().put(&1, value.clone()).unwrap();
    let key = shelf.keys().remove(0);
    let valid = shelf.entry(&key).unwrap();
    shelf.lay(&key, forged(&valid, &valid[PAYLOAD..valid.len() - 8]));
    assert!(cache.blocking().get(&1).is_some(), "a forgery of a good payload is read");
    for payload in payloads {
        let entry = forged(&valid, payload);
        let (mut fastest, mut memory) = (Duration::MAX, 0);
        for _ in 0..ATTEMPTS {
            shelf.lay(&key, entry.clone());
            let errors = cache.stats().tiers[0].errors;
            let mut bodies = 0;
            let start = Instant::now();
            let measured = measure(|| {
                let found = cache.blocking().get_or_insert_with(&1, || {
                    bodies += 1;
                    value.clone()
                });
                assert_eq!(format!("{found:?}"), format!("{value:?}"));
            });
            fastest = fastest.min(start.elapsed());
            memory = memory.max(measured.bytes_max);
            assert_eq!((bodies, cache.stats().tiers[0].errors), (1, errors + 1), "{name}: it is counted");
            assert!(shelf.entry(&key).unwrap().len() < 1000, "{name}: the body's value has taken its place");
            if fastest <= TIME {
                break;
            }
        }
        println!("{name}: {memory} bytes, {fastest:.1?}, for an entry of {} bytes", entry.len());
        assert!(memory <= MEMORY, "{name} takes {memory} bytes");
        assert!(fastest <= TIME, "{name} takes {fastest:?}");
    }
    assert!(!cache.stats().tiers[0].open, "bad entries are no reason to skip a tier");
}

#[test]
fn bombs_in_a_tier_are_misses() {
    let claims: Vec<Vec<u8>> = [
        &b"\xfd\0\0\0\0\0\x08\0\0"[..],
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\xfb\xff\xff\x07",
        b"\0\xfb\xe8\x03",
        b"\0\xe8\x07",
    ]
    .into_iter()
    .flat_map(|claim| [claim.to_vec(), claim.repeat(2000)])
    .chain([b"\x01".repeat(1 << 18), b"\0\x01".repeat(1 << 17), b"\x02\x01".repeat(1 << 17)])
    .collect();
    let wide = || Wide { data: None, children: Vec::new() };
    survives("bincode chain", Bincode, Chain(None), &claims);
    survives("bincode shape", Bincode, Shape::Empty, &claims);
    survives("bincode wide", Bincode, wide(), &claims);
    survives("bincode units", Bincode, vec![(); 3], &claims);
    survives("bincode text", Bincode, "text".to_owned(), &claims);
    survives("postcard chain", Postcard, Chain(None), &claims);
    survives("postcard shape", Postcard, Shape::Empty, &claims);
    survives("postcard wide", Postcard, wide(), &claims);
    survives("postcard units", Postcard, Some(vec![(); 3]), &claims);
    survives("postcard maps", Postcard, Maps([].into()), &claims);
    let json: Vec<Vec<u8>> = [
        "[".repeat(1 << 18),
        r#"{"next":"#.repeat(1 << 15),
        r#"{"kind":"Node","next":"#.repeat(1 << 14),
        r#"{"Named":{"name":null,"inner":"#.repeat(1 << 14),
        "1".repeat(1 << 18) + ".",
    ]
    .map(Vec::from)
    .into();
    survives("json chain", Json, Chain(None), &json);
    survives("json shape", Json, Shape::Empty, &json);
    survives("json untagged", Json, Untagged::Number(1), &json);
    survives("json tagged", Json, Tagged::Leaf { n: 1 }, &json);
    survives("raw text", Raw, "text".to_owned(), &[vec![0xff; 1 << 19]]);
}

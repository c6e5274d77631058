//! Whoever can write to a tier, or read it, gets nothing out of sealed entries.

use std::time::Duration;

use dcache::{Cache, ErrorKind, Seal};
use dcache_tests::{Mood, Shelf, log::Log};

const OLD: [u8; 32] = [7; 32];
const NEW: [u8; 32] = [8; 32];
const HOUR: Duration = Duration::from_secs(3600);

/// What is before the payload in an entry: the fields that anybody can read, and write.
const HEAD: usize = 84;
const CHECKSUM: usize = 8;
/// What a sealed payload is longer by.
const SEAL: usize = 48;

type Text = Cache<u32, String>;

fn cache(name: &str, shelf: &Shelf, seal: impl Into<Seal>) -> Text {
    Cache::builder(name).no_memory().tier(shelf.clone()).seal(seal.into()).build().unwrap()
}

fn plain(name: &str, shelf: &Shelf) -> Text {
    Cache::builder(name).no_memory().tier(shelf.clone()).build().unwrap()
}

fn errors(cache: &Text) -> u64 {
    cache.stats().tiers[0].errors
}

/// Returns the entry that a cache makes for a key, and where it lies; it is taken away again.
fn made(cache: &Text, shelf: &Shelf, key: u32, value: &str) -> (String, Vec<u8>) {
    cache.blocking().put(&key, value.to_owned()).unwrap();
    let place = shelf.keys().remove(0);
    let entry = shelf.entry(&place).unwrap().to_vec();
    cache.blocking().invalidate(&key).unwrap();
    assert!(shelf.keys().is_empty());
    (place, entry)
}

/// Puts the right length and checksum into an entry that was changed, as a forger would.
fn signed(mut entry: Vec<u8>) -> Vec<u8> {
    let length = (entry.len() - HEAD - CHECKSUM) as u64;
    entry[HEAD - 8..HEAD].copy_from_slice(&length.to_le_bytes());
    let end = entry.len() - CHECKSUM;
    let sum = xxhash_rust::xxh3::xxh3_64(&entry[..end]);
    entry[end..].copy_from_slice(&sum.to_le_bytes());
    entry
}

/// Tells whether an entry under a key is taken for its value.
fn is_accepted(cache: &Text, shelf: &Shelf, key: u32, place: &str, entry: Vec<u8>) -> bool {
    shelf.lay(place, entry);
    cache.blocking().get(&key).is_some()
}

#[test]
fn no_flipped_byte_is_accepted_even_under_the_right_checksum() {
    let shelf = Shelf::new();
    let cache = cache("flips", &shelf, OLD);
    let (place, good) = made(&cache, &shelf, 7, &"a page of a book ".repeat(300)[..4096 - 3]);
    assert_eq!(good.len(), HEAD + 4096 + SEAL + CHECKSUM);
    assert!(is_accepted(&cache, &shelf, 7, &place, good.clone()), "as it was, it is read");
    let (mut flips, mut accepted) = (0, 0);
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 8);
        let forged =
            (at < good.len() - CHECKSUM && !(HEAD - 8..HEAD).contains(&at)).then(|| signed(bad.clone()));
        for bad in [Some(bad), forged].into_iter().flatten() {
            flips += 1;
            accepted += u32::from(is_accepted(&cache, &shelf, 7, &place, bad));
        }
    }
    println!("{} bytes, {flips} flips, {accepted} accepted, {} counted", good.len(), errors(&cache));
    assert_eq!(accepted, 0);
    // those that look like entries of another dcache are not counted: twice its version, and two flags of it
    assert_eq!(errors(&cache), flips - 4);
}

#[test]
fn no_truncation_or_extension_is_accepted_even_under_the_right_checksum() {
    let shelf = Shelf::new();
    let cache = cache("cuts", &shelf, OLD);
    let (place, good) = made(&cache, &shelf, 7, "a line of a page of a book");
    let (mut cuts, mut accepted) = (0, 0);
    for length in (0..good.len()).chain(good.len() + 1..good.len() + 100) {
        let mut bad = good.clone();
        bad.resize(length, 0);
        let forged = (length >= HEAD + CHECKSUM).then(|| signed(bad.clone()));
        for bad in [Some(bad), forged].into_iter().flatten() {
            cuts += 1;
            accepted += u32::from(is_accepted(&cache, &shelf, 7, &place, bad));
        }
    }
    println!("{cuts} truncations and extensions, {accepted} accepted, {} counted", errors(&cache));
    assert_eq!((accepted, errors(&cache)), (0, cuts));
}

#[test]
fn no_entry_or_part_of_one_is_accepted_in_the_place_of_another() {
    let shelf = Shelf::new();
    let mut entries = Vec::new();
    for function in ["quote", "price"] {
        for ttl in [HOUR, 2 * HOUR] {
            let build = || Cache::builder(function).no_memory().tier(shelf.clone()).ttl(ttl);
            for seal in [OLD, NEW] {
                let maker: Text = build().seal(seal).build().unwrap();
                for key in 0..3 {
                    let (place, entry) = made(&maker, &shelf, key, &format!("{function} {key} {ttl:?}"));
                    let reader: Text = build().seal([OLD, NEW]).build().unwrap();
                    entries.push((reader, key, place, entry));
                }
            }
        }
    }
    let (mut swaps, mut accepted) = (0, 0);
    for (reader, key, place, entry) in &entries {
        let here = |bad: Vec<u8>| u32::from(is_accepted(reader, &shelf, *key, place, bad));
        assert_eq!(here(entry.clone()), 1, "each is read in its place");
        for (_, _, other_place, other) in entries.iter().filter(|(.., other)| other != entry) {
            let mut renamed = other.clone();
            renamed[44..76].copy_from_slice(&entry[44..76]);
            let spliced = [&entry[..HEAD], &other[HEAD..]].concat();
            let mut bad = vec![signed(spliced), signed(renamed), other.clone()];
            if other_place == place {
                // a whole entry is right in its place, and so is one that was made in the same millisecond
                bad.retain(|bad| bad != other);
            }
            for bad in bad {
                swaps += 1;
                accepted += here(bad);
            }
        }
    }
    println!("{} entries, {swaps} swaps, {accepted} accepted", entries.len());
    assert_eq!(accepted, 0);
    let counted: u64 = entries.iter().map(|(reader, ..)| errors(reader)).sum();
    assert_eq!(counted, swaps, "each is counted");
}

#[test]
fn a_life_that_somebody_prolonged_is_not_believed() {
    let shelf = Shelf::new();
    let cache = cache("lives", &shelf, OLD);
    let (place, good) = made(&cache, &shelf, 7, "seven");
    for field in [16, 24, 32] {
        let mut forged = good.clone();
        let time = u64::from_le_bytes(good[field..field + 8].try_into().unwrap());
        forged[field..field + 8].copy_from_slice(&(time - 1).to_le_bytes());
        assert!(!is_accepted(&cache, &shelf, 7, &place, signed(forged)), "the time at {field}");
        assert!(shelf.keys().is_empty(), "it is removed");
    }
    assert_eq!(errors(&cache), 3);
}

#[test]
fn a_forged_entry_that_is_not_sealed_is_refused() {
    let shelf = Shelf::new();
    let (sealed, forger) = (cache("forged", &shelf, OLD), plain("forged", &shelf));
    forger.blocking().put(&7, "forged".to_owned()).unwrap();
    assert_eq!(forger.blocking().get(&7).as_deref(), Some("forged"), "its checksum is right");
    assert_eq!(sealed.blocking().get(&7), None);
    assert!(shelf.keys().is_empty(), "it is removed");
    assert_eq!(errors(&sealed), 1);
    assert!(!sealed.stats().tiers[0].open, "the tier is not to blame");
    assert_eq!(sealed.blocking().get_or_insert_with(&7, || "seven".to_owned()), "seven");
    assert_eq!(sealed.blocking().get(&7).as_deref(), Some("seven"));
}

#[test]
fn a_sealed_entry_is_a_miss_where_nothing_is_sealed() {
    let shelf = Shelf::new();
    let (sealed, plain) = (cache("both", &shelf, OLD), plain("both", &shelf));
    sealed.blocking().put(&7, "sealed".to_owned()).unwrap();
    assert_eq!(plain.blocking().get(&7), None);
    assert_eq!(sealed.blocking().get(&7).as_deref(), Some("sealed"), "it is left in place");
    assert_eq!(errors(&plain), 0);
    assert_eq!(plain.blocking().get_or_insert_with(&7, || "plain".to_owned()), "plain");
    assert_eq!(plain.blocking().get(&7).as_deref(), Some("plain"), "and replaced");
}

#[test]
fn keys_are_rotated_without_losing_an_entry() {
    let (shelf, log) = (Shelf::new(), Log::get());
    let of = |seal: Seal| cache("rotation", &shelf, seal);
    let old = of(OLD.into());
    old.blocking().put(&1, "by the old key".to_owned()).unwrap();
    // first every process gets the new key, and seals by the old one; then it seals by the new one
    let (first, second) = (of([OLD, NEW].into()), of([NEW, OLD].into()));
    assert_eq!(first.blocking().get(&1).as_deref(), Some("by the old key"));
    assert_eq!(second.blocking().get(&1).as_deref(), Some("by the old key"));
    second.blocking().put(&2, "by the new key".to_owned()).unwrap();
    assert_eq!(first.blocking().get(&2).as_deref(), Some("by the new key"));
    // then the old one is taken away
    let new = of(NEW.into());
    assert_eq!(new.blocking().get(&2).as_deref(), Some("by the new key"));
    assert_eq!((errors(&old), errors(&first), errors(&second), errors(&new)), (0, 0, 0, 0));

    // who has not the key yet, or not any more, misses and leaves it to the others
    for _ in 0..3 {
        assert_eq!((old.blocking().get(&2), new.blocking().get(&1)), (None, None));
    }
    assert_eq!((errors(&old), errors(&new)), (3, 3));
    assert_eq!(shelf.keys().len(), 2);
    let told = log.lines("`rotation`: tier `shelf` has entries that are sealed by a key which is not here");
    assert_eq!(told.len(), 2, "each tells once: {told:?}");
    assert_eq!(new.blocking().get_or_insert_with(&1, || "again".to_owned()), "again");
    assert_eq!(second.blocking().get(&1).as_deref(), Some("again"), "and replaces it");
}

#[test]
fn no_tier_holds_a_plaintext_after_a_promotion_either() {
    let (near, far) = (Shelf::new(), Shelf::new());
    let build = || {
        let builder = Cache::builder("canary").no_memory().tier(dcache::Tier::new(near.clone()).ttl(HOUR));
        builder.tier(far.clone()).ttl(2 * HOUR).seal(OLD)
    };
    let cache: Text = build().build().unwrap();
    let in_background: Text = build().write_in_background().build().unwrap();
    let canary = "a canary sings in the mine";
    cache.blocking().put(&7, canary.to_owned()).unwrap();
    let (place, first) = (near.keys().remove(0), near.entry(&near.keys()[0]).unwrap());
    near.lay(&place, &b"nothing of use"[..]);
    assert_eq!(cache.blocking().get(&7).as_deref(), Some(canary), "from the farther tier");
    in_background.blocking().get_or_insert_with(&8, || canary.to_owned());
    dcache::drain_blocking();
    let promoted = near.entry(&place).unwrap();
    assert_ne!(promoted, first, "it is sealed anew");
    assert_ne!(promoted[16..44], far.entry(&place).unwrap()[16..44], "with other times");
    for shelf in [&near, &far] {
        assert_eq!(shelf.keys().len(), 2);
        for key in shelf.keys() {
            let entry = shelf.entry(&key).unwrap();
            assert_eq!(entry.len(), HEAD + 1 + canary.len() + SEAL + CHECKSUM);
            let found = entry.windows(4).any(|part| canary.as_bytes().windows(4).any(|of| of == part));
            assert!(!found, "a part of the value can be read in {entry:?}");
        }
    }
    far.set_mood(Mood::Broken);
    assert_eq!(cache.blocking().get(&7).as_deref(), Some(canary), "and is read from the nearer one");
}

#[test]
fn two_entries_of_one_value_differ() {
    let shelf = Shelf::new();
    let cache: Text =
        Cache::builder("twice").no_memory().tier(shelf.clone()).no_ttl().seal(OLD).build().unwrap();
    let payloads: Vec<_> =
        (0..100).map(|_| made(&cache, &shelf, 7, "seven").1[HEAD + 8..].to_vec()).collect();
    for (n, payload) in payloads.iter().enumerate() {
        for other in &payloads[..n] {
            assert_ne!(payload[..24], other[..24], "two nonces");
            assert_ne!(payload[24..], other[24..], "two ciphertexts");
        }
    }
}

#[test]
fn the_largest_value_is_sealed_and_read_and_no_larger_one() {
    let shelf = Shelf::new();
    let build = || Cache::builder("sizes").no_memory().codec(dcache::codec::Raw).tier(shelf.clone());
    let sealed: Text = build().max_size(1_000).seal(OLD).build().unwrap();
    sealed.blocking().put(&1, "x".repeat(1_000)).unwrap();
    assert_eq!(sealed.blocking().get(&1).map(|text| text.len()), Some(1_000));
    let error = sealed.blocking().put(&2, "x".repeat(1_001)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    // what another build stored, with a larger limit
    let plain: Text = build().max_size(999).build().unwrap();
    let larger: Text = build().build().unwrap();
    larger.blocking().put(&1, "x".repeat(1_000)).unwrap();
    assert_eq!(plain.blocking().get(&1), None);
    assert!(shelf.keys().is_empty(), "it is removed");
}

#[test]
fn without_a_key_a_cache_is_not_built() {
    let shelf = Shelf::new();
    let build = |seal: Result<Seal, _>| {
        let cache: Result<Text, _> = Cache::builder("keyless").tier(shelf.clone()).seal(seal).build();
        cache.err().map(|error| error.to_string())
    };
    let fault = build(Seal::from_hex("5ec2e7")).unwrap();
    assert!(fault.ends_with("`seal` of `keyless`: key 1 has 6 digits; a key has 64, hexadecimal"), "{fault}");
    assert!(build(Ok(Vec::new().into())).unwrap().ends_with("`seal` of `keyless`: there is no key"));
    assert!(build(Ok(OLD.into())).is_none());
}

//! Entries in a tier: anything, and valid ones that were changed and given the right checksum again.
#![no_main]

use std::fmt::Debug;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use allocation_counter::measure;
use arbitrary::{Arbitrary, Unstructured};
use dcache::codec::{Bincode, Codec, Json, Postcard, Raw};
use dcache::{Bytes, Cache};
use dcache_fuzz::values::{Everything, Shape, Tagged};
use dcache_shelf::Shelf;
use libfuzzer_sys::fuzz_target;

/// A cache whose only tier holds what we lay into it.
struct Site<T> {
    cache: Cache<u32, T>,
    shelf: Shelf,
    /// The name and the bytes of a valid entry.
    key: String,
    valid: Bytes,
    decode: fn(Bytes) -> Option<T>,
}

impl<T: Clone + Debug + PartialEq + Send + Sync + 'static> Site<T> {
    fn new<C: Codec<T>>(name: &str, codec: C, value: T) -> Self {
        let shelf = Shelf::new();
        let cache = Cache::builder(name).codec(codec).no_memory().tier(shelf.clone());
        let cache = cache.ttl(Duration::from_secs(3600)).build().unwrap();
        cache.blocking().put(&7, value.clone()).unwrap();
        let [key] = <[String; 1]>::try_from(shelf.keys()).unwrap();
        let valid = shelf.entry(&key).unwrap();
        assert_eq!(cache.blocking().get(&7), Some(value), "the entry is valid");
        Self { cache, shelf, key, valid, decode: |payload| C::decode(payload).ok() }
    }

    fn check(&self, bytes: &mut Unstructured<'_>) -> arbitrary::Result<()> {
        let is_made = bool::arbitrary(bytes)?;
        let entry = if is_made {
            Made::arbitrary(bytes)?.entry(&self.valid)
        } else {
            bytes.bytes(bytes.len())?.to_vec()
        };
        self.shelf.lay(&self.key, entry.clone());
        let before = now();
        let mut found = None;
        let memory = measure(|| found = self.cache.blocking().get(&7)).bytes_max;
        let allowed = (3 << 20) + (entry.len() as u64) * 1024;
        assert!(memory <= allowed, "{memory} bytes for an entry of {}", entry.len());
        match found {
            Some(value) => {
                let payload = accepted(&entry, &self.valid, before);
                assert_eq!((self.decode)(Bytes::copy_from_slice(payload)), Some(value));
            }
            None => assert_ne!(entry, self.valid, "a valid entry was not read"),
        }
        Ok(())
    }
}

/// Asserts all that an entry must say to be believed, and returns its payload. A second reading of the format.
fn accepted<'e>(entry: &'e [u8], valid: &[u8], now: u64) -> &'e [u8] {
    let number = |at: usize| u64::from_le_bytes(entry[at..at + 8].try_into().unwrap());
    let end = entry.len() - 8;
    assert_eq!(entry[..16], valid[..16], "magic, version, codec, flags, schema");
    let (created, fresh_until, expires) = (number(16), number(24), number(32));
    assert!(created <= now + 2000, "dated {} ms into the future", created - now);
    let is_over = |end: u64| end.saturating_add(1000) <= now;
    assert!(!is_over(fresh_until) && !is_over(expires), "over");
    assert_eq!(entry[44..76], valid[44..76], "digest of the key");
    assert_eq!(number(76), (end - 84) as u64, "length");
    assert_eq!(entry[end..], xxhash_rust::xxh3::xxh3_64(&entry[..end]).to_le_bytes(), "checksum");
    &entry[84..end]
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64
}

/// A valid entry with a change.
#[derive(Arbitrary, Debug)]
struct Made<'a> {
    overwritten: Option<(u8, &'a [u8])>,
    /// What the times are moved by.
    times: Option<[i32; 3]>,
    payload: Option<&'a [u8]>,
    /// Whether the length is that of the payload again.
    is_measured: bool,
    is_signed: bool,
    cut: Option<u8>,
}

impl Made<'_> {
    fn entry(&self, valid: &[u8]) -> Vec<u8> {
        let mut entry = valid[..valid.len() - 8].to_vec();
        if let Some(payload) = self.payload {
            entry.truncate(84);
            entry.extend_from_slice(payload);
        }
        if let Some(times) = self.times {
            for (at, by) in [16, 24, 32].into_iter().zip(times) {
                let time = u64::from_le_bytes(entry[at..at + 8].try_into().unwrap());
                entry[at..at + 8].copy_from_slice(&time.saturating_add_signed(by.into()).to_le_bytes());
            }
        }
        if let Some((at, with)) = self.overwritten {
            let places = entry.iter_mut().skip(usize::from(at));
            places.zip(with).for_each(|(place, with)| *place = *with);
        }
        if self.is_measured {
            let length = (entry.len() - 84) as u64;
            entry[76..84].copy_from_slice(&length.to_le_bytes());
        }
        if self.is_signed {
            entry.extend_from_slice(&xxhash_rust::xxh3::xxh3_64(&entry).to_le_bytes());
        } else {
            entry.extend_from_slice(&valid[valid.len() - 8..]);
        }
        if let Some(cut) = self.cut {
            entry.truncate(entry.len().saturating_sub(cut.into()));
        }
        entry
    }
}

static EVERYTHING: LazyLock<Site<Everything>> = LazyLock::new(|| {
    let value = Everything::arbitrary(&mut Unstructured::new(&[7; 200])).unwrap();
    Site::new("everything", Bincode, value)
});
static SHAPES: LazyLock<Site<Vec<Shape>>> =
    LazyLock::new(|| Site::new("shapes", Postcard, vec![Shape::Circle(7), Shape::Empty]));
static TAGGED: LazyLock<Site<Tagged>> = LazyLock::new(|| Site::new("tagged", Json, Tagged::Leaf { n: 7 }));
static TEXT: LazyLock<Site<String>> = LazyLock::new(|| Site::new("text", Raw, "text".to_owned()));

fn target(data: &[u8]) -> arbitrary::Result<()> {
    let mut bytes = Unstructured::new(data);
    match u8::arbitrary(&mut bytes)? % 4 {
        0 => EVERYTHING.check(&mut bytes),
        1 => SHAPES.check(&mut bytes),
        2 => TAGGED.check(&mut bytes),
        _ => TEXT.check(&mut bytes),
    }
}

fuzz_target!(|data: &[u8]| {
    let _ = target(data);
});

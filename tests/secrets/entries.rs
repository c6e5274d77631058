//! Values that cannot be written or read back, and entries that others tampered with.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use dcache::codec::{Bincode, Codec, Json, Postcard};
use dcache::{Cache, Fs, Redis, Tier};
use dcache_tests::redis::Server;
use dcache_tests::{Mood, Shelf, run};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use crate::canary::secret;
use crate::ears;

const HOUR: Duration = Duration::from_secs(3600);
const AMPLE: Duration = Duration::from_secs(10);

/// What a value of [`Odd`] does when it is written and read.
static WRITES: AtomicBool = AtomicBool::new(true);
static READS: AtomicBool = AtomicBool::new(true);
static PANICS: AtomicBool = AtomicBool::new(false);

/// A value that quotes itself when it fails.
#[derive(Clone, Debug, PartialEq)]
struct Odd(String);

impl Serialize for Odd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (WRITES.load(SeqCst), PANICS.load(SeqCst)) {
            (true, _) => serializer.serialize_str(&self.0),
            (false, true) => panic!("cannot write {}", self.0),
            (false, false) => Err(ser::Error::custom(format!("cannot write {}", self.0))),
        }
    }
}

impl<'de> Deserialize<'de> for Odd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match (READS.load(SeqCst), PANICS.load(SeqCst)) {
            (true, _) => Ok(Self(text)),
            (false, true) => panic!("cannot read {text}"),
            (false, false) => Err(de::Error::custom(format!("cannot read {text}"))),
        }
    }
}

fn odd_cache<D: Codec<Odd>>(name: &str, shelf: &Shelf) -> Cache<String, Odd> {
    let builder = Cache::builder(name).held_by::<D>().no_memory().tier(shelf.clone());
    builder.ttl(HOUR).build().unwrap()
}

fn fail_in_each_way<D: Codec<Odd>>(codec: &str) {
    let (key, value) = (secret("argument"), Odd(secret("value")));
    for panics in [false, true] {
        PANICS.store(panics, SeqCst);
        for (writes, reads) in [(false, true), (true, false), (false, false)] {
            // a cache of its own each, since the first failure of a type turns its remote tiers off
            let (name, shelf) = (format!("{codec} {panics} {writes} {reads}"), Shelf::new());
            let cache = odd_cache::<D>(&name, &shelf);
            WRITES.store(true, SeqCst);
            READS.store(true, SeqCst);
            ears::outcome(cache.blocking().put(&key, value.clone()));
            WRITES.store(writes, SeqCst);
            READS.store(reads, SeqCst);
            for _ in 0..3 {
                assert_eq!(cache.blocking().get_or_insert_with(&key, || value.clone()), value);
                assert_eq!(run(cache.get_or_insert_with(&key, || async { value.clone() })), value);
                ears::debug(&cache.blocking().entry(&key));
                ears::outcome(cache.blocking().put(&key, value.clone()));
                ears::outcome(run(cache.put(&key, value.clone())));
            }
            let fresh = odd_cache::<D>(&format!("{name} fresh"), &Shelf::new());
            assert_eq!(fresh.blocking().get_or_insert_with(&key, || value.clone()), value);
            ears::outcome(fresh.blocking().put(&key, value.clone()));
            ears::debug(&cache.stats());
        }
    }
    WRITES.store(true, SeqCst);
    READS.store(true, SeqCst);
}

#[test]
fn values_that_quote_themselves_when_they_fail() {
    ears::open();
    fail_in_each_way::<Bincode>("bincode");
    fail_in_each_way::<Postcard>("postcard");
    fail_in_each_way::<Json>("json");
    ears::program();
    ears::assert_heard("bad entry");
    ears::assert_heard("cannot be encoded");
    ears::assert_no_secret();
}

/// Returns the files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let below = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    below.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn value() -> String {
    secret("value")
}

/// What others may put in the place of an entry.
fn tampered(entry: &[u8]) -> Vec<Vec<u8>> {
    let mut flipped = entry.to_vec();
    *flipped.last_mut().unwrap() ^= 1;
    let quoting = [&entry[..8], secret("quoting").as_bytes()].concat();
    let endless = [entry, secret("trailing").as_bytes()].concat();
    vec![secret("garbage").into_bytes(), entry[..entry.len() / 2].to_vec(), flipped, quoting, endless, vec![]]
}

#[test]
fn entries_that_others_tampered_with() {
    ears::open();
    let (server, folder) = (Server::start(), tempfile::tempdir().unwrap());
    let redis = Tier::new(Redis::connect(&server.url()).unwrap()).timeout(AMPLE);
    let fs = Tier::new(Fs::open(folder.path()).unwrap()).timeout(AMPLE);
    let cache = |tier: &Tier, name: &str| -> Cache<String, String> {
        let builder = Cache::builder(name).no_memory().tier(tier.clone()).ttl(HOUR).max_size(4096);
        builder.codec(Json).build().unwrap()
    };
    let (in_redis, in_files) = (cache(&redis, "in redis"), cache(&fs, "in files"));
    let keys: Vec<_> = (0..8).map(|n| secret(&format!("argument{n}"))).collect();
    let ask = || {
        for cache in [&in_redis, &in_files] {
            assert_eq!(cache.blocking().get_or_insert_with(&keys[0], value), value());
            assert_eq!(run(cache.get_or_insert_with(&keys[0], || async { value() })), value());
        }
    };
    ask();
    let stored = server.command::<Vec<String>>(&["KEYS", "*"]).remove(0);
    let file =
        files(folder.path()).into_iter().find(|file| file.display().to_string().contains("in%2520files"));
    let file = file.unwrap_or_else(|| files(folder.path()).remove(0));
    let entry = std::fs::read(&file).unwrap();
    for evil in tampered(&entry) {
        let client = redis::Client::open(server.url()).unwrap();
        redis::cmd("SET").arg(&stored).arg(&evil).exec(&mut client.get_connection().unwrap()).unwrap();
        std::fs::write(&file, &evil).unwrap();
        ears::debug(&in_redis.blocking().entry(&keys[0]));
        ears::debug(&in_files.blocking().entry(&keys[0]));
        ask();
    }
    // larger than it may be, of another type, a folder in the place of a file
    let large = secret("large").repeat(1000);
    let _: () = server.command(&["SET", &stored, &large]);
    std::fs::write(&file, &large).unwrap();
    ask();
    let _: () = server.command(&["DEL", &stored]);
    let _: usize = server.command(&["LPUSH", &stored, &secret("element")]);
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    std::fs::write(file.join(secret("name").replace('/', "_")), "").unwrap();
    ask();
    ears::outcome(in_files.blocking().invalidate(&keys[0]));
    // values that are too large to be written, keys that are too long
    assert_eq!(in_redis.blocking().get_or_insert_with(&keys[1], || large.clone()), large);
    ears::outcome(in_redis.blocking().put(&large, large.clone()));
    // another type under the same name
    for tier in [&redis, &fs] {
        let name = if std::ptr::eq(tier, &redis) { "in redis" } else { "in files" };
        let other: Cache<String, (u8, String)> =
            Cache::builder(name).no_memory().tier(tier.clone()).ttl(HOUR).build().unwrap();
        assert_eq!(other.blocking().get_or_insert_with(&keys[2], || (1, value())), (1, value()));
        assert_eq!(other.blocking().get(&keys[0]), None);
    }
    // strangers in the folder
    for stranger in [secret("stranger").replace('/', "_"), "..x".to_owned(), "%00".to_owned()] {
        std::fs::write(file.parent().unwrap().join(&stranger), secret("content")).unwrap();
        std::fs::create_dir_all(file.parent().unwrap().parent().unwrap().join(stranger).join("z")).unwrap();
    }
    ears::outcome(in_files.blocking().clear());
    ears::outcome(in_redis.blocking().clear());
    ears::outcome(Fs::open(folder.path()).and_then(|fs| fs.sweep()));
    ears::program();
    for words in ["bad entry", "too large", "tier `fs`", "tier `redis`"] {
        ears::assert_heard(words);
    }
    ears::assert_no_secret();
}

#[test]
fn tiers_of_others_that_fail() {
    ears::open();
    for mood in [Mood::Broken, Mood::ReadOnly, Mood::Hanging, Mood::Panicking] {
        let shelf = Shelf::new();
        let tier = Tier::new(shelf.clone()).timeout(Duration::from_millis(20));
        let cache: Cache<String, String> =
            Cache::builder(format!("{mood:?}")).no_memory().tier(tier).ttl(HOUR).build().unwrap();
        shelf.set_mood(mood);
        let key = secret("argument");
        for _ in 0..7 {
            assert_eq!(cache.blocking().get_or_insert_with(&key, value), value());
            assert_eq!(run(cache.get_or_insert_with(&key, || async { value() })), value());
            ears::outcome(cache.blocking().put(&key, value()));
            ears::outcome(cache.blocking().invalidate(&key));
            if mood != Mood::Hanging {
                ears::outcome(run(cache.clear())); // which has a minute to walk through a tier
            }
        }
        ears::debug(&cache.stats());
    }
    ears::assert_heard("skipped");
    ears::assert_heard("panicked");
    ears::assert_no_secret();
}

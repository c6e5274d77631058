//! Older values in Redis and files, where other processes have them by the same rules.

use std::future::ready;
use std::time::{Duration, SystemTime};

use dcache::{Builder, Cache, Fs, Redis, Tier, testing};
use dcache_tests::redis::Server;
use dcache_tests::{child, is_child};
use tempfile::TempDir;

use crate::ways::{LONG, MINUTE};

const SECOND: Duration = Duration::from_secs(1);

/// A place that several processes may share.
enum Place {
    Redis(Server),
    Folder(TempDir),
}

impl Place {
    fn all() -> [Self; 2] {
        [Self::Redis(Server::start()), Self::Folder(tempfile::tempdir().unwrap())]
    }

    /// Builds the cache of a process of its own; values are fresh for a minute.
    fn cache(&self, set: impl FnOnce(Builder<u32, u32>) -> Builder<u32, u32>) -> Cache<u32, u32> {
        let tier = match self {
            Self::Redis(server) => Tier::new(Redis::connect(&server.url()).unwrap()),
            Self::Folder(folder) => Tier::new(Fs::open(folder.path()).unwrap()),
        };
        set(Cache::builder("shared").ttl(MINUTE).tier(tier.timeout(LONG))).build().unwrap()
    }

    /// Returns how long it keeps its one entry from now on.
    fn life(&self) -> Duration {
        match self {
            Self::Redis(server) => {
                let keys: Vec<String> = server.command(&["KEYS", "*:shared:*"]);
                Duration::from_millis(server.command(&["PTTL", &keys[0]]))
            }
            Self::Folder(folder) => {
                let now = SystemTime::now();
                let ends = files(folder.path()).into_iter().filter_map(|file| file.duration_since(now).ok());
                ends.max().expect("an entry")
            }
        }
    }

    fn name(&self) -> &str {
        if matches!(self, Self::Redis(_)) { "redis" } else { "fs" }
    }
}

/// Returns the modification times of all files.
fn files(folder: &std::path::Path) -> Vec<SystemTime> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let times = entries.flat_map(|entry| match entry.file_type().unwrap().is_dir() {
        true => files(&entry.path()),
        false => vec![entry.metadata().unwrap().modified().unwrap()],
    });
    times.collect()
}

fn stale(builder: Builder<u32, u32>) -> Builder<u32, u32> {
    builder.stale_while_revalidate(5 * MINUTE)
}

#[test]
fn an_entry_is_kept_for_its_stale_time_too() {
    type Set = fn(Builder<u32, u32>) -> Builder<u32, u32>;
    let sets: [(Set, Duration); 5] = [
        (|builder| builder, MINUTE),
        (stale, 6 * MINUTE),
        (|builder| builder.stale_if_error(9 * MINUTE), 10 * MINUTE),
        (|builder| stale(builder).stale_if_error(9 * MINUTE).no_memory(), 10 * MINUTE),
        (|builder| stale(builder).stale_if_error(MINUTE), 6 * MINUTE),
    ];
    for place in Place::all() {
        for (n, (set, life)) in sets.into_iter().enumerate() {
            place.cache(set).blocking().put(&1, 1).unwrap();
            let kept = place.life();
            assert!(kept <= life && kept > life - 20 * SECOND, "{} {n}: {kept:?}", place.name());
        }
    }
}

#[test]
fn a_tier_of_a_shorter_life_keeps_nothing_for_longer() {
    let server = Server::start();
    let tier = Tier::new(Redis::connect(&server.url()).unwrap()).timeout(LONG).ttl(MINUTE / 2);
    let cache: Cache<u32, u32> = stale(Cache::builder("shared").ttl(MINUTE).tier(tier)).build().unwrap();
    cache.blocking().put(&1, 1).unwrap();
    assert!(Place::Redis(server).life() <= MINUTE / 2);
}

#[test]
fn another_process_hands_out_a_stale_value_and_refreshes_it_for_all() {
    for place in Place::all() {
        for set in [stale as fn(_) -> _, |builder| stale(builder).no_memory()] {
            let [this, other] = [(); 2].map(|()| place.cache(set));
            this.blocking().put(&1, 1).unwrap();
            testing::advance(2 * MINUTE);
            assert_eq!(other.blocking().get_or_spawn_with(&1, || 2), 1, "{}", place.name());
            dcache::drain_blocking();
            let never = || unreachable!("the other has refreshed it");
            let found = this.blocking().get_or_spawn_with(&1, never);
            dcache::drain_blocking();
            let has_memory = this.stats().tiers.len() == 2;
            assert_eq!(found, if has_memory { 1 } else { 2 }, "{}: memory may be stale", place.name());
            assert_eq!(this.blocking().get_or_spawn_with(&1, never), 2, "{}", place.name());
            assert_eq!((this.stats().computes, other.stats().computes), (0, 1), "{}", place.name());
        }
    }
}

#[test]
fn another_process_has_a_kept_value_in_the_place_of_an_error() {
    for place in Place::all() {
        let set = |builder: Builder<u32, u32>| builder.stale_if_error(5 * MINUTE);
        let [this, other] = [set, set].map(|set| place.cache(set));
        this.blocking().put(&1, 1).unwrap();
        testing::advance(2 * MINUTE);
        let answer = |body: Result<u32, &'static str>| {
            pollster::block_on(other.try_get_or_spawn_with(&1, || ready(body)))
        };
        assert_eq!(answer(Err("down")), Ok(1), "{}", place.name());
        testing::advance(2 * SECOND);
        assert_eq!(answer(Ok(2)), Ok(2), "{}: a body that succeeds comes first", place.name());
        testing::advance(7 * MINUTE);
        assert_eq!(answer(Err("down")), Err("down"), "{}: it is over", place.name());
    }
}

#[test]
fn a_real_process_refreshes_what_this_one_stored() {
    const URL: &str = "DCACHE_TEST_REDIS";
    let cache = |url: &str| -> Cache<u32, u32> {
        let tier = Tier::new(Redis::connect(url).unwrap()).timeout(LONG);
        stale(Cache::builder("process").ttl(MINUTE).tier(tier)).build().unwrap()
    };
    if is_child() {
        testing::advance(2 * MINUTE);
        let cache = cache(&std::env::var(URL).unwrap());
        assert_eq!(cache.blocking().get_or_spawn_with(&1, || 2), 1);
        return dcache::drain_blocking();
    }
    let server = Server::start();
    let cache = cache(&server.url());
    cache.blocking().put(&1, 1).unwrap();
    let test = "shared::a_real_process_refreshes_what_this_one_stored";
    let mut program = child(std::env::current_exe().unwrap(), test);
    let output = program.env(URL, server.url()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    testing::advance(2 * MINUTE);
    let call = || cache.blocking().get_or_spawn_with(&1, || unreachable!("the child has refreshed it"));
    assert_eq!(call(), 1, "memory knows no better yet");
    dcache::drain_blocking();
    assert_eq!(call(), 2);
}

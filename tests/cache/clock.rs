//! Jumps of the wall clock. Nothing is handed out past its life by more than a second, and nothing is lost that was
//! stored after a jump.

use std::time::Duration;

use dcache::{Cache, Fs, Memory, Redis, Tier, testing};
use dcache_backends::clock::set_wall;
use dcache_tests::redis::Server;

use crate::ways::LONG;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: i64 = 24 * 3600 * 1000;

/// Shorter than a jump, and longer.
const LIVES: [Duration; 2] = [HOUR, Duration::from_secs(3 * 24 * 3600)];

/// Where a value may be; each test begins with nothing in any of them.
struct Places {
    server: Server,
    folder: tempfile::TempDir,
}

/// How a cache is read.
#[derive(Clone, Copy, Debug)]
enum Place {
    Memory,
    Redis,
    Fs,
}

impl Places {
    fn new() -> Self {
        Self { server: Server::start(), folder: tempfile::tempdir().unwrap() }
    }

    /// Builds a cache that asks this place alone.
    fn cache(&self, place: Place, ttl: Duration, stale: Duration) -> Cache<u32, u32> {
        let name = format!("{}", ttl.as_secs());
        let builder = Cache::builder(name).ttl(ttl).stale_while_revalidate(stale);
        let builder = match place {
            Place::Memory => builder.memory(Memory::entries(100)),
            Place::Redis => builder.no_memory().tier(self.redis()),
            Place::Fs => {
                builder.no_memory().tier(Tier::new(Fs::open(self.folder.path()).unwrap()).timeout(LONG))
            }
        };
        builder.build().unwrap()
    }

    fn redis(&self) -> Tier {
        Tier::new(Redis::connect(&self.server.url()).unwrap()).timeout(LONG)
    }
}

const PLACES: [Place; 3] = [Place::Memory, Place::Redis, Place::Fs];

/// Jumps of the wall clock by these many milliseconds, one after the other.
const JUMPS: [&[i64]; 5] = [&[DAY], &[-DAY], &[DAY, -DAY], &[-DAY, DAY], &[-DAY, -DAY]];

/// Runs a test for each place, life and row of jumps, with a cache that nothing is in.
fn for_each_jump(stale: Duration, test: impl Fn(&Cache<u32, u32>, Duration, &[i64], &str)) {
    let places = Places::new();
    for place in PLACES {
        for ttl in LIVES {
            for jumps in JUMPS {
                let cache = places.cache(place, ttl, stale);
                cache.blocking().clear().unwrap();
                test(&cache, ttl, jumps, &format!("{place:?} {ttl:?} {jumps:?}"));
            }
        }
    }
}

fn get(cache: &Cache<u32, u32>, key: u32) -> Option<u32> {
    cache.blocking().get(&key)
}

#[test]
fn what_was_stored_before_a_jump_is_not_handed_out_past_its_life() {
    for_each_jump(Duration::ZERO, |cache, ttl, jumps, case| {
        cache.blocking().put(&1, 1).unwrap();
        jumps.iter().for_each(|by| set_wall(*by));
        testing::advance(ttl + SECOND);
        assert_eq!(get(cache, 1), None, "{case}");
    });
}

#[test]
fn what_was_stored_between_jumps_is_not_handed_out_past_its_life() {
    for_each_jump(Duration::ZERO, |cache, ttl, jumps, case| {
        for (key, by) in (1..).zip(jumps) {
            cache.blocking().put(&key, key).unwrap();
            set_wall(*by);
            testing::advance(HOUR / 4);
        }
        testing::advance(ttl + SECOND);
        assert_eq!((get(cache, 1), get(cache, 2)), (None, None), "{case}");
    });
}

#[test]
fn what_was_stored_after_a_jump_is_there_for_its_life() {
    for_each_jump(Duration::ZERO, |cache, ttl, jumps, case| {
        cache.blocking().put(&1, 1).unwrap();
        jumps.iter().for_each(|by| set_wall(*by));
        for key in [1, 2] {
            cache.blocking().put(&key, 3).unwrap();
        }
        testing::advance(ttl - 30 * SECOND);
        assert_eq!((get(cache, 1), get(cache, 2)), (Some(3), Some(3)), "{case}");
        testing::advance(31 * SECOND);
        assert_eq!((get(cache, 1), get(cache, 2)), (None, None), "{case}");
    });
}

#[test]
fn a_stale_value_is_handed_out_no_longer_for_a_jump() {
    for_each_jump(HOUR, |cache, ttl, jumps, case| {
        cache.blocking().put(&1, 1).unwrap();
        jumps.iter().for_each(|by| set_wall(*by));
        cache.blocking().put(&2, 2).unwrap();
        testing::advance(ttl + HOUR / 2);
        assert_eq!(get(cache, 2), Some(2), "{case}: it is stale");
        testing::advance(HOUR / 2 + SECOND);
        assert_eq!((get(cache, 1), get(cache, 2)), (None, None), "{case}");
    });
}

#[test]
fn memory_does_not_notice_a_jump() {
    let cache: Cache<u32, u32> = Cache::builder("unmoved").ttl(HOUR).build().unwrap();
    cache.blocking().put(&1, 1).unwrap();
    for by in [DAY, -DAY, -DAY] {
        set_wall(by);
        assert_eq!(get(&cache, 1), Some(1));
    }
    testing::advance(HOUR - 30 * SECOND);
    assert_eq!(get(&cache, 1), Some(1));
}

/// Memory is filled from below with what is left of a life, whatever the wall clock does between.
#[test]
fn what_memory_has_from_below_ends_with_its_life() {
    for ttl in LIVES {
        for jumps in JUMPS {
            let places = Places::new();
            let cache = || -> Cache<u32, u32> {
                Cache::builder("from below").ttl(ttl).tier(places.redis()).build().unwrap()
            };
            cache().blocking().put(&1, 1).unwrap();
            jumps.iter().for_each(|by| set_wall(*by));
            testing::advance(ttl / 2);
            let other = cache();
            other.blocking().get(&1);
            testing::advance(ttl / 2 + SECOND);
            assert_eq!(get(&other, 1), None, "{ttl:?} {jumps:?}");
        }
    }
}

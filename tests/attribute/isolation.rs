//! Isolated tests: empty memories, twins in the place of servers and folders, and nothing left behind.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::mpsc;
use std::time::Duration;

use dcache::{Cache, Fs, Memory, Redis, Tier, dcache, testing};
use dcache_tests::redis::{Server, free_port};
use dcache_tests::{Mood, Shelf, is_child, run, with_environment};

const MINUTE: Duration = Duration::from_secs(60);

static BODIES: AtomicU32 = AtomicU32::new(0);

fn bodies() -> u32 {
    BODIES.swap(0, SeqCst)
}

/// One function of all tiers that is called before the isolation, and one that is not.
#[dcache(name = "early", backend = [memory(ttl = "1m"), redis(ttl = "10m"), fs], ttl = "1h")]
fn early(n: u32) -> u32 {
    BODIES.fetch_add(1, SeqCst);
    n
}

#[dcache(name = "late", backend = [memory, redis, fs(env = "DCACHE_FS_OTHER")], ttl = "1h")]
async fn late(n: u32) -> Result<u32, String> {
    BODIES.fetch_add(1, SeqCst);
    Ok(n)
}

#[dcache(name = "plain", ttl = "1h")]
fn plain(n: u32) -> u32 {
    BODIES.fetch_add(1, SeqCst);
    n
}

/// Runs this with a Redis and two folders, the second of which does not exist yet.
fn with_tiers(test: &str, body: fn()) {
    let server = (!is_child()).then(Server::start);
    let root = tempfile::tempdir().unwrap();
    let (one, other) = (root.path().join("one"), root.path().join("other"));
    let variables = [
        ("DCACHE_REDIS_URL", server.as_ref().map(Server::url).unwrap_or_default()),
        ("DCACHE_FS_ROOT", one.to_string_lossy().into_owned()),
        ("DCACHE_FS_OTHER", other.to_string_lossy().into_owned()),
    ];
    let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    with_environment(test, &variables, body);
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap()
}

fn command<T: redis::FromRedisValue>(words: &[&str]) -> T {
    let client = redis::Client::open(variable("DCACHE_REDIS_URL")).unwrap();
    let mut command = redis::cmd(words[0]);
    words[1..].iter().for_each(|word| {
        command.arg(word);
    });
    command.query(&mut client.get_connection().unwrap()).unwrap()
}

/// Returns all files of a folder, with their contents.
fn files(folder: impl AsRef<std::path::Path>) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let Ok(listing) = std::fs::read_dir(folder) else { return Vec::new() };
    // but for what the processes that share it keep among them, which a sweep changes in the background
    let paths = listing.map(|entry| entry.unwrap().path()).filter(|path| !path.ends_with(".dcache"));
    let mut files: Vec<_> = paths
        .flat_map(|path| {
            if path.is_dir() { files(&path) } else { vec![(path.clone(), std::fs::read(path).unwrap())] }
        })
        .collect();
    files.sort();
    files
}

#[test]
fn while_a_test_is_isolated_no_server_and_no_folder_is_touched() {
    with_tiers("isolation::while_a_test_is_isolated_no_server_and_no_folder_is_touched", || {
        early(1);
        assert_eq!((bodies(), command::<u32>(&["DBSIZE"])), (1, 1));
        let before = files(variable("DCACHE_FS_ROOT"));
        assert!(before.len() >= 2, "the entry, and the folder's tag");
        let _: () = command(&["CONFIG", "RESETSTAT"]);

        let t = testing::isolate();
        assert_eq!((early(1), early(1), early(2), bodies()), (1, 1, 2, 2));
        run(async {
            assert_eq!((late(1).await, late(1).await, bodies()), (Ok(1), Ok(1), 1));
            late::put(2, 2).await.unwrap();
            late::invalidate(1).await.unwrap();
            let faults = dcache::check().await.err();
            let faults = faults.iter().flat_map(dcache::Error::parts);
            assert!(faults.into_iter().all(|fault| fault.kind() == dcache::ErrorKind::Config));
            late::clear().await.unwrap();
        });
        early::refresh(1);
        early::invalidate(1).unwrap();
        early::clear().unwrap();
        let names = |stats: dcache::Stats| stats.tiers.into_iter().map(|tier| tier.name).collect::<Vec<_>>();
        assert_eq!(names(early::stats()), ["memory", "redis", "fs"]);
        assert_eq!(names(run(async { late::stats() })), ["memory", "redis", "fs"]);
        let asked: String = command(&["INFO", "commandstats"]);
        let asked: Vec<_> = asked.lines().filter(|line| line.starts_with("cmdstat_")).collect();
        let ours = |line: &&str| !["config", "info", "client", "hello"].iter().any(|own| line.contains(own));
        assert_eq!(asked.into_iter().filter(ours).collect::<Vec<_>>(), [""; 0]);
        assert_eq!(files(variable("DCACHE_FS_ROOT")), before);
        assert!(!std::fs::exists(variable("DCACHE_FS_OTHER")).unwrap());
        drop(t);

        bodies();
        assert_eq!((early(1), bodies()), (1, 0), "the real entry is still there");
        assert_eq!(early::entry(1).unwrap().tier, "memory");
        assert_eq!((early(2), bodies()), (2, 1), "and none of the test's");
        assert_eq!(run(late(1)), Ok(1));
        assert_eq!((bodies(), command::<u32>(&["DBSIZE"])), (1, 3));
        assert_eq!(files(variable("DCACHE_FS_OTHER")).len(), 2);
    });
}

#[test]
fn twins_expire_and_are_filled_as_the_tiers_they_stand_for() {
    with_tiers("isolation::twins_expire_and_are_filled_as_the_tiers_they_stand_for", || {
        let t = testing::isolate();
        let tier = || early::entry(1).map(|entry| entry.tier);
        early(1);
        assert_eq!(tier().as_deref(), Some("memory"));
        t.advance(2 * MINUTE);
        assert_eq!(tier().as_deref(), Some("redis"));
        early(1);
        assert_eq!((tier().as_deref(), bodies()), (Some("memory"), 1));
        t.advance(10 * MINUTE);
        assert_eq!(tier().as_deref(), Some("fs"));
        t.advance(60 * MINUTE);
        assert_eq!(tier(), None);
        early(1);
        early::clear().unwrap();
        assert_eq!((tier(), bodies()), (None, 1));
    });
}

#[test]
fn a_bare_redis_whose_variable_is_not_set_has_no_twin() {
    let root = tempfile::tempdir().unwrap();
    let variables = [("DCACHE_REDIS_URL", ""), ("DCACHE_FS_ROOT", root.path().to_str().unwrap())];
    with_environment("isolation::a_bare_redis_whose_variable_is_not_set_has_no_twin", &variables, || {
        let _t = testing::isolate();
        early(1);
        let tiers: Vec<_> = early::stats().tiers.into_iter().map(|tier| tier.name).collect();
        assert_eq!(tiers, ["memory", "fs"]);
    });
}

#[test]
fn caches_of_one_server_or_folder_share_its_twin() {
    let root = tempfile::tempdir().unwrap();
    let (one, other) = (free_port(), free_port());
    let redis = |port: u16| Tier::new(Redis::connect(&format!("redis://127.0.0.1:{port}")).unwrap());
    let fs = || Tier::new(Fs::open(root.path()).unwrap());
    let cache =
        |tier: Tier| -> Cache<u32, u32> { Cache::builder("shared").no_memory().tier(tier).build().unwrap() };
    let t = testing::isolate();
    cache(redis(one)).blocking().put(&1, 1).unwrap();
    assert_eq!(cache(redis(one)).blocking().get(&1), Some(1), "nothing listens there");
    assert_eq!(cache(redis(other)).blocking().get(&1), None);
    cache(fs()).blocking().put(&1, 2).unwrap();
    assert_eq!(cache(fs()).blocking().get(&1), Some(2));
    drop(t);
    let _t = testing::isolate();
    assert_eq!((cache(redis(one)).blocking().get(&1), cache(fs()).blocking().get(&1)), (None, None));
}

#[test]
fn memories_are_empty_at_the_start_and_at_the_end() {
    let built: Cache<u32, u32> = Cache::builder("built").build().unwrap();
    built.blocking().put(&1, 1).unwrap();
    plain(1);
    let t = testing::isolate();
    assert_eq!((plain::peek(1), built.blocking().get(&1)), (None, None));
    plain(2);
    built.blocking().put(&2, 2).unwrap();
    let inside: Cache<u32, u32> = Cache::builder("inside").build().unwrap();
    inside.blocking().put(&2, 2).unwrap();
    assert_eq!(
        (plain::peek(2), built.blocking().get(&2), inside.blocking().get(&2)),
        (Some(2), Some(2), Some(2))
    );
    drop(t);
    assert_eq!((plain::peek(2), built.blocking().get(&2), inside.blocking().get(&2)), (None, None, None));
    inside.blocking().put(&3, 3).unwrap();
    assert_eq!(inside.blocking().get(&3), Some(3), "it goes on working");
}

#[test]
fn a_tier_of_ones_own_is_not_asked_while_a_test_is_isolated() {
    let shelf = Shelf::new();
    shelf.set_mood(Mood::Panicking);
    let t = testing::isolate();
    let cache: Cache<u32, u32> = Cache::builder("own").no_memory().tier(shelf.clone()).build().unwrap();
    cache.blocking().put(&1, 1).unwrap();
    assert_eq!((cache.blocking().get(&1), shelf.asked()), (Some(1), 0));
    assert_eq!(cache.stats().tiers[0].name, "shelf");
    drop(t);
    shelf.set_mood(Mood::Willing);
    assert_eq!((cache.blocking().get(&1), shelf.asked()), (None, 1));
    cache.blocking().put(&1, 2).unwrap();
    assert_eq!(shelf.keys().len(), 1);
}

#[test]
fn counts_begin_at_zero_and_then_go_on_where_they_were() {
    let shelf = Shelf::new();
    let memory = Memory::entries(100);
    let cache: Cache<u32, u32> = Cache::builder("counted").memory(memory).tier(shelf).build().unwrap();
    let call = |n| cache.blocking().get_or_insert_with(&n, || n);
    assert_eq!([1, 1, 2].map(call), [1, 1, 2]);
    let before = cache.stats();
    assert_eq!((before.hits, before.misses, before.entries), (1, 2, 2));

    let t = testing::isolate();
    let inside: Cache<u32, u32> = Cache::builder("inside").build().unwrap();
    inside.blocking().put(&1, 1).unwrap();
    let stats = cache.stats();
    assert_eq!((stats.hits, stats.misses, stats.computes, stats.entries), (0, 0, 0, 0));
    assert!(stats.tiers.iter().all(|tier| tier.hits + tier.misses + tier.writes + tier.removes == 0));
    assert_eq!([1, 1, 1].map(call), [1, 1, 1]);
    let stats = cache.stats();
    assert_eq!((stats.hits, stats.misses, stats.computes, stats.entries), (2, 1, 1, 1));
    assert_eq!(stats.tiers.iter().map(|tier| tier.writes).collect::<Vec<_>>(), [1, 1]);
    drop(t);

    assert_eq!(cache.stats(), with_entries(before, 0));
    assert_eq!(inside.stats().tiers[0].writes, 0);
    call(2);
    assert_eq!(cache.stats().tiers[1].hits, 1, "memory is empty, the real tier is not");
    let t = testing::isolate();
    assert_eq!(cache.stats().hits, 0);
    drop(t);
    assert_eq!(cache.stats().hits, 2);
}

/// The same counts with this many entries in memory.
fn with_entries(mut stats: dcache::Stats, entries: u64) -> dcache::Stats {
    stats.entries = entries;
    stats
}

#[test]
fn the_clock_and_the_switch_are_put_back() {
    let cache: Cache<u32, u32> = Cache::builder("clock").ttl(MINUTE).build().unwrap();
    let remaining = || {
        cache.blocking().put(&1, 1).unwrap();
        let start = dcache_backends::clock::offset();
        (start, cache.blocking().entry(&1).map(|entry| entry.value))
    };
    let before = remaining();
    let t = testing::isolate();
    t.advance(1_000 * MINUTE);
    testing::advance(MINUTE);
    dcache::set_enabled(false);
    assert_ne!(remaining(), before);
    drop(t);
    assert_eq!(remaining(), before);

    dcache::set_enabled(false);
    let t = testing::isolate();
    assert_eq!(remaining().1, None, "a program that is switched off stays off");
    dcache::set_enabled(true);
    assert_eq!(remaining().1, Some(1));
    drop(t);
    assert_eq!(remaining().1, None);
}

#[test]
fn a_variable_that_switches_caching_off_does_so_after_an_isolated_test_too() {
    let test = "isolation::a_variable_that_switches_caching_off_does_so_after_an_isolated_test_too";
    with_environment(test, &[("DCACHE_DISABLE", "1")], || {
        let t = testing::isolate();
        assert_eq!((plain(1), plain(1), bodies()), (1, 1, 2));
        dcache::set_enabled(true);
        assert_eq!((plain(1), plain(1), bodies()), (1, 1, 1));
        drop(t);
        assert_eq!((plain(1), plain(1), bodies()), (1, 1, 2));
    });
}

#[test]
fn isolated_tests_take_turns_and_see_nothing_of_each_other() {
    #[dcache(name = "taken", ttl = "1h")]
    fn taken(n: u32) -> u32 {
        n
    }

    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for n in 0..25 {
                    let t = testing::isolate();
                    assert_eq!(taken::peek(n), None);
                    assert_eq!((taken(n), taken(n)), (n, n));
                    t.advance(Duration::from_secs(3601));
                    taken(n);
                    let stats = taken::stats();
                    assert_eq!((stats.hits, stats.computes, stats.entries), (1, 2, 1));
                }
            });
        }
    });
}

#[test]
fn a_test_that_panics_makes_way_for_the_next() {
    for _ in 0..2 {
        let panicking = std::thread::spawn(|| {
            let t = testing::isolate();
            t.advance(MINUTE);
            plain(1);
            panic!("of the test");
        });
        assert!(panicking.join().is_err());
    }
    let _t = testing::isolate();
    assert_eq!((plain::peek(1), plain::stats().computes), (None, 0));
}

#[test]
fn a_thread_that_would_wait_for_itself_is_told() {
    let _t = testing::isolate();
    let panic = std::panic::catch_unwind(|| drop(testing::isolate())).unwrap_err();
    assert!(panic.downcast_ref::<&str>().unwrap().contains("has an isolation already"));
}

#[test]
fn an_isolated_test_may_go_from_thread_to_thread() {
    let t = testing::isolate();
    run(async {
        let task = async move {
            plain(1);
            tokio::task::yield_now().await;
            t.advance(MINUTE);
            plain::stats().computes
        };
        assert_eq!(tokio::spawn(task).await.unwrap(), 1);
    });
    drop(testing::isolate());
}

#[test]
fn a_body_that_runs_when_the_isolation_ends_stores_nothing() {
    let shelf = Shelf::new();
    let cache: Cache<u32, u32> = Cache::builder("under way").tier(shelf.clone()).build().unwrap();
    for isolated_first in [true, false] {
        let (started, has_started) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel::<()>();
        let t = isolated_first.then(testing::isolate);
        let asked = shelf.asked();
        std::thread::scope(|scope| {
            let cache = &cache;
            let call = scope.spawn(move || {
                cache.blocking().get_or_insert_with(&1, || {
                    started.send(()).unwrap();
                    let _ = may_go_on.recv();
                    1
                })
            });
            has_started.recv().unwrap();
            let asked = shelf.asked().max(asked);
            let t = match t {
                Some(t) => {
                    drop(t);
                    None
                }
                None => Some(testing::isolate()),
            };
            drop(go_on);
            assert_eq!(call.join().unwrap(), 1);
            assert_eq!((cache.stats().entries, shelf.asked()), (0, asked));
            drop(t);
        });
    }
    assert!(shelf.keys().is_empty());
}

#[test]
fn writes_that_wait_in_the_background_end_with_the_isolation() {
    static SHELF: LazyLock<Shelf> = LazyLock::new(Shelf::new);
    let cache: Cache<u32, u32> =
        Cache::builder("background").tier(SHELF.clone()).write_in_background().build().unwrap();
    let t = testing::isolate();
    (0..100).for_each(|n| assert_eq!(cache.blocking().get_or_insert_with(&n, || n), n));
    drop(t);
    dcache::drain_blocking();
    assert_eq!(SHELF.asked(), 0);
}

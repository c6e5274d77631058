//! The chain of an attribute: memory, then Redis, then files.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use dcache::{Stats, dcache};
use dcache_tests::redis::Server;
use dcache_tests::{is_child, run, with_environment};

static BODIES: AtomicU32 = AtomicU32::new(0);

#[dcache(backend = [memory, redis, fs], ttl = "1h")]
fn sync(n: u32) -> String {
    BODIES.fetch_add(1, SeqCst);
    n.to_string()
}

#[dcache(backend = [memory(capacity = 1), redis(timeout = "2s"), fs(timeout = "2s")], ttl = "1h", codec = postcard)]
async fn concurrent(n: u32) -> Result<String, String> {
    BODIES.fetch_add(1, SeqCst);
    Ok(n.to_string())
}

fn hits(stats: &Stats) -> Vec<(&str, u64)> {
    stats.tiers.iter().map(|tier| (tier.name.as_str(), tier.hits)).collect()
}

fn bodies() -> u32 {
    BODIES.load(SeqCst)
}

/// Runs this in one process after the other, with one Redis and one folder.
fn in_processes(test: &str, steps: &[(&str, fn())]) {
    let server = (!is_child()).then(Server::start);
    let url = server.as_ref().map(Server::url).unwrap_or_default();
    let root = tempfile::tempdir().unwrap();
    let root = root.path().to_str().unwrap();
    for (step, body) in steps {
        if is_child() && std::env::var("STEP").as_deref() != Ok(step) {
            continue;
        }
        with_environment(test, &[("STEP", step), ("DCACHE_REDIS_URL", &url), ("DCACHE_FS_ROOT", root)], body);
        if let (Some(server), true) = (&server, step.ends_with("then without Redis's entries")) {
            let _: () = server.command(&["FLUSHALL"]);
        }
    }
}

#[test]
fn answers_come_from_memory_else_redis_else_files_else_the_body() {
    in_processes(
        "tiers::answers_come_from_memory_else_redis_else_files_else_the_body",
        &[
            ("bodies", || {
                assert_eq!((sync(7), sync(7)), ("7".to_owned(), "7".to_owned()));
                assert_eq!(bodies(), 1);
                assert_eq!(hits(&sync::stats()), [("memory", 1), ("redis", 0), ("fs", 0)]);
            }),
            ("Redis, then without Redis's entries", || {
                assert_eq!((sync(7), sync(7)), ("7".to_owned(), "7".to_owned()));
                assert_eq!(bodies(), 0);
                assert_eq!(hits(&sync::stats()), [("memory", 1), ("redis", 1), ("fs", 0)]);
            }),
            ("files", || {
                assert_eq!((sync(7), sync(7)), ("7".to_owned(), "7".to_owned()));
                assert_eq!(bodies(), 0);
                assert_eq!(hits(&sync::stats()), [("memory", 1), ("redis", 0), ("fs", 1)]);
            }),
            ("Redis, filled from the files", || {
                assert_eq!(sync(7), "7");
                assert_eq!(hits(&sync::stats()), [("memory", 0), ("redis", 1), ("fs", 0)]);
                sync::invalidate(7).unwrap();
            }),
            ("bodies again, after the invalidation", || {
                assert_eq!(sync(7), "7");
                assert_eq!(bodies(), 1);
                sync::clear().unwrap();
                assert_eq!(sync::peek(7), None);
            }),
        ],
    );
}

#[test]
fn an_async_function_uses_the_same_chain() {
    in_processes(
        "tiers::an_async_function_uses_the_same_chain",
        &[
            ("bodies", || {
                run(async {
                    for n in [1, 2, 1, 2] {
                        assert_eq!(concurrent(n).await, Ok(n.to_string()));
                    }
                });
                assert_eq!(bodies(), 2);
            }),
            ("Redis, then without Redis's entries", || {
                run(async { assert_eq!(concurrent(1).await, Ok("1".to_owned())) });
                assert_eq!(hits(&concurrent::stats()), [("memory", 0), ("redis", 1), ("fs", 0)]);
            }),
            ("files, on a runtime for each call", || {
                for n in [1, 2] {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                    assert_eq!(runtime.block_on(concurrent(n)), Ok(n.to_string()));
                }
                assert_eq!(bodies(), 0);
                assert_eq!(hits(&concurrent::stats()), [("memory", 0), ("redis", 0), ("fs", 2)]);
            }),
            ("Redis, without any runtime", || {
                assert_eq!(futures::executor::block_on(concurrent(2)), Ok("2".to_owned()));
                assert_eq!(hits(&concurrent::stats()), [("memory", 0), ("redis", 1), ("fs", 0)]);
            }),
        ],
    );
}

#[test]
fn a_bare_redis_is_absent_where_its_variable_is_not_set() {
    let root = tempfile::tempdir().unwrap();
    let variables = [("DCACHE_REDIS_URL", ""), ("DCACHE_FS_ROOT", root.path().to_str().unwrap())];
    with_environment("tiers::a_bare_redis_is_absent_where_its_variable_is_not_set", &variables, || {
        assert_eq!(sync(1), "1");
        assert_eq!(hits(&sync::stats()), [("memory", 0), ("fs", 0)]);
        assert_eq!(sync::stats().errors, 0);
    });
}

#[test]
fn a_bad_configuration_is_loud_and_harmless() {
    #[dcache(backend = [memory, redis(env = "NO_SUCH_VARIABLE"), fs(path = "/dev/null/no/folder"), redis("postgres://x")])]
    fn misconfigured(n: u32) -> u32 {
        n
    }
    let log = dcache_tests::log::Log::get();
    assert_eq!((misconfigured(1), misconfigured(1)), (1, 1));
    assert_eq!(hits(&misconfigured::stats()), [("memory", 1)]);
    assert_eq!(misconfigured::stats().errors, 3);
    let lines = log.lines("misconfigured");
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines.iter().all(|line| line.starts_with("ERROR")));
    let error = futures::executor::block_on(dcache::check()).unwrap_err().to_string();
    assert!(error.contains("NO_SUCH_VARIABLE") && error.contains("/dev/null/no/folder"), "{error}");
}

#[test]
fn a_tier_may_be_an_expression_or_a_name() {
    fn shelf() -> dcache_tests::Shelf {
        static SHELF: std::sync::LazyLock<dcache_tests::Shelf> = std::sync::LazyLock::new(Default::default);
        SHELF.clone()
    }
    #[dcache(backend = [memory, tier(shelf()), tier("attic")], codec = json)]
    fn shelved(n: u32) -> u32 {
        n
    }
    let attic = dcache_tests::Shelf::new();
    dcache::configure().tier("attic", attic.clone()).apply().unwrap();
    assert_eq!(shelved(1), 1);
    assert_eq!(shelf().keys(), [shelved::key(1)]);
    assert_eq!(attic.keys(), shelf().keys());
}

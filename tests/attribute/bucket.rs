//! The tier `s3` of an attribute.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use dcache::{Stats, dcache};
use dcache_tests::log::Log;
use dcache_tests::redis::Server as RedisServer;
use dcache_tests::s3::{KEY, SECRET, Server};
use dcache_tests::{is_child, run, with_environment};

static BODIES: AtomicU32 = AtomicU32::new(0);

#[dcache(backend = [memory, redis(timeout = "2s"), s3(timeout = "10s")], ttl = "1h")]
fn chain(n: u32) -> String {
    BODIES.fetch_add(1, SeqCst);
    n.to_string()
}

#[dcache(backend = [memory(capacity = 1), s3(timeout = "10s")], ttl = "1h")]
async fn concurrent(n: u32) -> Result<String, String> {
    BODIES.fetch_add(1, SeqCst);
    Ok(n.to_string())
}

fn hits(stats: &Stats) -> Vec<(&str, u64)> {
    stats.tiers.iter().map(|tier| (tier.name.as_str(), tier.hits)).collect()
}

/// Runs this in one process after the other, with one Redis and one bucket.
fn in_processes(test: &str, steps: &[(&str, fn())]) {
    let servers = (!is_child()).then(|| (RedisServer::start(), Server::start()));
    let redis = servers.as_ref().map(|(redis, _)| redis.url()).unwrap_or_default();
    let endpoint = servers.as_ref().map(|(_, bucket)| bucket.url()).unwrap_or_default();
    for (step, body) in steps {
        if is_child() && std::env::var("STEP").as_deref() != Ok(step) {
            continue;
        }
        let variables = [
            ("STEP", *step),
            ("DCACHE_REDIS_URL", &redis),
            ("DCACHE_S3_URL", "shop/v1"),
            ("AWS_ENDPOINT_URL", &endpoint),
            ("AWS_ACCESS_KEY_ID", KEY),
            ("AWS_SECRET_ACCESS_KEY", SECRET),
        ];
        with_environment(test, &variables, body);
        if let Some((redis, _)) = &servers {
            let _: () = redis.command(&["FLUSHALL"]);
        }
    }
}

#[test]
fn what_redis_has_lost_comes_from_the_bucket_and_fills_redis() {
    in_processes(
        "bucket::what_redis_has_lost_comes_from_the_bucket_and_fills_redis",
        &[
            ("bodies", || {
                assert_eq!((chain(7), chain(7)), ("7".to_owned(), "7".to_owned()));
                assert_eq!(BODIES.load(SeqCst), 1);
                assert_eq!(hits(&chain::stats()), [("memory", 1), ("redis", 0), ("s3", 0)]);
            }),
            ("without Redis's entries", || {
                assert_eq!((chain(7), chain(7)), ("7".to_owned(), "7".to_owned()));
                assert_eq!(BODIES.load(SeqCst), 0);
                let stats = chain::stats();
                assert_eq!(hits(&stats), [("memory", 1), ("redis", 0), ("s3", 1)]);
                assert_eq!(stats.tiers[1].writes, 1, "Redis was filled");
            }),
        ],
    );
}

#[test]
fn an_async_function_writes_and_reads_within_the_call() {
    in_processes(
        "bucket::an_async_function_writes_and_reads_within_the_call",
        &[("all", || {
            run(async {
                assert_eq!(concurrent(1).await.unwrap(), "1");
                assert_eq!(concurrent(2).await.unwrap(), "2"); // pushes the first out of memory
                assert_eq!(concurrent(1).await.unwrap(), "1");
                assert_eq!(BODIES.load(SeqCst), 2);
                concurrent::invalidate(1).await.unwrap();
                assert_eq!(concurrent::peek(1).await, None);
                concurrent::clear().await.unwrap();
                assert_eq!(concurrent::peek(2).await, None);
            });
            let tier = &concurrent::stats().tiers[1];
            assert_eq!((tier.hits, tier.writes, tier.errors), (1, 2, 0));
        })],
    );
}

#[test]
fn a_bare_s3_is_absent_where_its_variable_is_not_set() {
    let variables = [("DCACHE_REDIS_URL", ""), ("DCACHE_S3_URL", "")];
    with_environment("bucket::a_bare_s3_is_absent_where_its_variable_is_not_set", &variables, || {
        let log = Log::get();
        assert_eq!(chain(1), "1");
        assert_eq!(hits(&chain::stats()), [("memory", 0)]);
        assert_eq!(chain::stats().errors, 0);
        assert_eq!(log.lines("tier `s3`"), ["INFO tier `s3` is absent: DCACHE_S3_URL is not set"]);
    });
}

#[test]
fn a_missing_bucket_is_loud_and_harmless() {
    fn place() -> String {
        static SERVER: std::sync::LazyLock<Server> = std::sync::LazyLock::new(Server::start);
        format!("http://127.0.0.1:{}/nowhere", SERVER.port())
    }
    #[dcache(backend = [memory, s3(url = place())], ttl = "1h")]
    fn misplaced(n: u32) -> u32 {
        n
    }
    let variables = [("AWS_ACCESS_KEY_ID", KEY), ("AWS_SECRET_ACCESS_KEY", SECRET)];
    with_environment("bucket::a_missing_bucket_is_loud_and_harmless", &variables, || {
        let log = Log::get();
        assert_eq!((misplaced(1), misplaced(2)), (1, 2));
        assert!(misplaced::stats().tiers[1].errors > 0);
        let lines = log.lines("there is no such bucket");
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].starts_with("ERROR tier `s3`: get: bad configuration"), "{lines:?}");
        let error = futures::executor::block_on(dcache::check()).unwrap_err().to_string();
        assert!(error.contains("there is no such bucket"), "{error}");
    });
}

#[test]
fn plain_text_to_another_machine_is_warned_of_once() {
    #[dcache(name = "near", backend = [memory, s3("http://192.0.2.1:9000/shop", timeout = "1ms")], ttl = "1h")]
    fn exposed(n: u32) -> u32 {
        n
    }
    #[dcache(name = "far", backend = [memory, s3("http://192.0.2.1:9000/shop", timeout = "1ms")], ttl = "1h")]
    fn exposed_too(n: u32) -> u32 {
        n
    }
    let variables = [("AWS_ACCESS_KEY_ID", KEY), ("AWS_SECRET_ACCESS_KEY", SECRET)];
    with_environment("bucket::plain_text_to_another_machine_is_warned_of_once", &variables, || {
        let log = Log::get();
        assert_eq!((exposed(1), exposed_too(1)), (1, 1));
        assert_eq!(log.lines("plain text").len(), 1, "{:?}", log.lines(""));
    });
}

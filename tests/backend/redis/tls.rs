//! TLS, against a real server with a certificate by an authority of the test's own.

use std::fs;

use dcache::{Cache, Tier, Tls};
use dcache_tests::redis::free_port;
use dcache_tests::tls::{Authority, TlsServer};
use dcache_tests::{run, with_environment};

use super::*;

fn trusting(authority: &Authority) -> Tls {
    Tls::new().trust(authority.pem.clone())
}

fn tier_over_tls(server: &TlsServer, authority: &Authority) -> Redis {
    Redis::connect_with(&server.url(), trusting(authority)).unwrap()
}

/// A cache of this one tier, with time enough for a busy machine.
fn cache_over(tier: Redis) -> Cache<u32, u32> {
    Cache::builder("tls").no_memory().tier(Tier::new(tier).timeout(AMPLE)).ttl(AMPLE).build().unwrap()
}

fn hits(cache: &Cache<u32, u32>) -> u64 {
    cache.stats().tiers[0].hits
}

#[tokio::test]
async fn asynchronous_callers_are_served() {
    let authority = Authority::new();
    let server = TlsServer::start(&authority);
    let tier = tier_over_tls(&server, &authority);
    tier.check().await.unwrap();
    for id in ["a", "b", "c"] {
        round_trip(&tier, id).await.unwrap();
    }
    tier.remove(&key("a")).await.unwrap();
    assert_eq!(tier.clear(&Scope::new("test", "function")).await.unwrap(), 2);
    assert_eq!(clients(&server.server), 1, "one connection does it all");
    assert_eq!(tier.address(), format!("rediss://127.0.0.1:{}/0", server.port()));
}

#[test]
fn synchronous_callers_are_served_within_runtimes_and_without() {
    let authority = Authority::new();
    let server = TlsServer::start(&authority);
    let cache = cache_over(tier_over_tls(&server, &authority));
    let call = |key| {
        assert_eq!(cache.blocking().get_or_insert_with(&key, || key + 1), key + 1);
        assert_eq!(cache.blocking().get_or_insert_with(&key, || unreachable!("it is stored")), key + 1);
    };
    call(1);
    current_thread().block_on(async { call(2) });
    run(async { call(3) });
    std::thread::scope(|scope| {
        for thread in 0..8 {
            scope.spawn(move || (0..5).for_each(|n| call(100 + thread * 10 + n)));
        }
    });
    cache.blocking().invalidate(&1).unwrap();
    assert_eq!(cache.blocking().clear().unwrap(), ());
    assert_eq!(clients(&server.server), 1, "threads share one connection, and so one handshake");
    assert_eq!((hits(&cache), cache.stats().errors), (43, 0));
}

#[test]
fn each_runtime_has_a_connection_and_they_end_with_it() {
    let authority = Authority::new();
    let server = TlsServer::start(&authority);
    let tier = tier_over_tls(&server, &authority);
    let (one, other) = (current_thread(), Runtime::new().unwrap());
    for runtime in [&one, &other, &one, &other] {
        runtime.block_on(round_trip(&tier, "a")).unwrap();
    }
    pollster::block_on(round_trip(&tier, "a")).unwrap();
    assert_eq!(clients(&server.server), 3);
    drop((one, other));
    wait_for_clients(&server.server, 1);
    drop(tier);
    wait_for_clients(&server.server, 0);
}

#[test]
fn login_database_and_protocol_are_as_without_tls() {
    let authority = Authority::new();
    let server = TlsServer::start(&authority);
    server.server.command::<()>(&["ACL", "SETUSER", "me", "on", ">s@cret", "~test:*", "+@all"]);
    for protocol in ["2", "3"] {
        let at = format!("127.0.0.1:{}", server.port());
        let url = format!("valkeys://me:s%40cret@{at}/3?protocol={protocol}");
        let tier = Redis::connect_with(&url, trusting(&authority)).unwrap();
        pollster::block_on(round_trip(&tier, "a")).unwrap();
        assert!(server.server.command::<String>(&["INFO", "keyspace"]).contains("db3:keys=1"));
        let wrong = format!("rediss://me:wrong@{at}");
        let wrong = Redis::connect_with(&wrong, trusting(&authority)).unwrap();
        assert_eq!(pollster::block_on(wrong.check()).unwrap_err().kind(), ErrorKind::Denied);
    }
}

#[test]
fn an_authority_is_named_in_the_environment() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    fs::write(&file, &authority.pem).unwrap();
    let test = "redis::tls::an_authority_is_named_in_the_environment";
    let file = file.to_str().unwrap();
    let address = if dcache_tests::is_child() { None } else { Some(TlsServer::start(&authority)) };
    let url = address.as_ref().map(TlsServer::url).unwrap_or_default();
    let variables = [("SSL_CERT_FILE", file), ("SSL_CERT_DIR", "/nowhere"), ("DCACHE_REDIS_URL", &url)];
    with_environment(test, &variables, || {
        let tier = Redis::connect(&std::env::var("DCACHE_REDIS_URL").unwrap()).unwrap();
        pollster::block_on(round_trip(&tier, "a")).unwrap();
        assert_eq!(named(41), 42);
        assert_eq!(pollster::block_on(dcache::check()).map_err(|error| error.to_string()), Ok(()));
        assert_eq!(run(awaited(41)), 43);
    });
}

#[dcache::dcache(backend = redis(timeout = "10s"), ttl = "1h")]
fn named(n: u32) -> u32 {
    n + 1
}

#[dcache::dcache(backend = redis(timeout = "10s"), ttl = "1h")]
async fn awaited(n: u32) -> u32 {
    n + 2
}

#[test]
fn a_machine_that_trusts_nobody_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let test = "redis::tls::a_machine_that_trusts_nobody_says_so";
    let nothing = folder.path().join("nothing.pem");
    let nothing = nothing.to_str().unwrap();
    with_environment(test, &[("SSL_CERT_FILE", nothing), ("SSL_CERT_DIR", nothing)], || {
        let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("rediss://{}", server.local_addr().unwrap());
        let error = pollster::block_on(Redis::connect(&url).unwrap().check()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("`ca-certificates`"), "{error}");
    });
}

/// Asserts that the tier is refused in words like these, by all that calls it, and that calls go on all the same.
fn assert_refused(tier: Redis, kind: ErrorKind, words: &str) {
    for error in [
        run(tier.get(&key("a"))).unwrap_err(),
        pollster::block_on(tier.set(&key("a"), entry("a"), None)).unwrap_err(),
        pollster::block_on(tier.check()).unwrap_err(),
    ] {
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(words), "{words}: {error}");
        assert!(error.to_string().contains(tier.address()), "{error}");
    }
    let cache = cache_over(tier);
    for n in 0..4 {
        assert_eq!(cache.blocking().get_or_insert_with(&n, || n + 1), n + 1);
        assert_eq!(run(cache.get_or_insert_with(&n, || async move { n + 2 })), n + 2);
    }
    let stats = cache.stats();
    assert!(stats.tiers[0].open && stats.errors >= 5 && stats.computes == 8, "{stats:?}");
}

#[test]
fn an_authority_that_is_not_trusted_is_refused() {
    let (authority, other) = (Authority::new(), Authority::new());
    let server = TlsServer::start(&authority);
    assert_refused(tier_over_tls(&server, &other), ErrorKind::Config, "by no authority that is trusted here");
    assert_eq!(server.server.command::<usize>(&["DBSIZE"]), 0);
}

#[test]
fn a_certificate_for_another_host_is_refused() {
    let authority = Authority::new();
    let identity = authority.vouch(&["cache.example", "10.0.0.1"], 4000);
    let server = TlsServer::start_with(&authority, &identity, &[]);
    assert_refused(tier_over_tls(&server, &authority), ErrorKind::Config, "is for another host");
    let named = format!("rediss://localhost:{}", server.port());
    let named = Redis::connect_with(&named, trusting(&authority)).unwrap();
    assert_refused(named, ErrorKind::Config, "is for another host");
}

#[test]
fn a_certificate_that_has_expired_is_refused() {
    let authority = Authority::new();
    let server = TlsServer::start_with(&authority, &authority.vouch(&["127.0.0.1"], 2021), &[]);
    assert_refused(tier_over_tls(&server, &authority), ErrorKind::Config, "has expired");
}

#[test]
fn a_server_may_ask_for_a_certificate() {
    let authority = Authority::new();
    let identity = authority.vouch(&["127.0.0.1"], 4000);
    let server = TlsServer::start_with(&authority, &identity, &["--tls-auth-clients", "yes"]);
    let client = authority.vouch(&["shop"], 4000);
    let tls = trusting(&authority).identity(client.certificate, client.key);
    let tier = Redis::connect_with(&server.url(), tls).unwrap();
    pollster::block_on(round_trip(&tier, "a")).unwrap();
    // the reset of the connection may overtake the server's word
    let refused = |tier: Redis| {
        for error in [run(tier.get(&key("a"))).unwrap_err(), pollster::block_on(tier.check()).unwrap_err()] {
            assert!(matches!(error.kind(), ErrorKind::Denied | ErrorKind::Unavailable), "{error}");
            let words = ["asks for a certificate", "refuses the client: "];
            assert!(words.iter().any(|words| error.to_string().contains(words)), "{error}");
        }
    };
    refused(tier_over_tls(&server, &authority));

    let stranger = Authority::new().vouch(&["shop"], 4000);
    let tls = trusting(&authority).identity(stranger.certificate, stranger.key);
    let tier = Redis::connect_with(&server.url(), tls).unwrap();
    refused(tier);
}

/// Calls with the usual budget until the tier is skipped, and returns the longest call and what `invalidate` says.
fn outlast(tier: Redis) -> (Duration, Error) {
    let cache: Cache<u32, u32> = Cache::builder("slow").no_memory().tier(tier).ttl(AMPLE).build().unwrap();
    let error = cache.blocking().invalidate(&1).unwrap_err();
    let mut longest = Duration::ZERO;
    wait_until(AMPLE, "opening the breaker", || {
        for key in 0..10 {
            let start = std::time::Instant::now();
            assert_eq!(cache.blocking().get_or_insert_with(&key, || key + 1), key + 1);
            longest = longest.max(start.elapsed());
        }
        cache.stats().tiers[0].open
    });
    (longest, error)
}

#[test]
fn a_server_without_tls_is_named_as_such_within_the_budget() {
    let authority = Authority::new();
    let server = Server::start();
    let url = format!("rediss://127.0.0.1:{}", server.port());
    let tier = Redis::connect_with(&url, trusting(&authority)).unwrap();
    // whether Redis answers a greeting of TLS at all depends on whether a line ends in its random part
    for _ in 0..2 {
        let error = pollster::block_on(tier.check()).unwrap_err();
        assert!(error.to_string().contains("TLS at th"), "{error}");
        assert!(matches!(error.kind(), ErrorKind::Config | ErrorKind::Timeout), "{error}");
    }
    let (longest, error) = outlast(tier);
    assert!(error.to_string().contains("TLS at th"), "{error}");
    println!("the longest call took {longest:.0?}");
    assert!(longest < AMPLE / 10, "{longest:?}");
}

#[test]
fn a_server_that_never_answers_the_handshake_is_named_as_such() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("rediss://{}", silent.local_addr().unwrap());
    let tier = Redis::connect_with(&url, trusting(&Authority::new())).unwrap();
    let error = pollster::block_on(tier.check()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.to_string().contains("no answer to the TLS handshake"), "{error}");
    let (_, error) = outlast(tier);
    assert!(error.to_string().contains("no answer to the TLS handshake"), "{error}");
}

#[test]
fn a_tls_server_behind_a_plain_url_is_named_as_such() {
    let authority = Authority::new();
    let server = TlsServer::start(&authority);
    let url = format!("redis://127.0.0.1:{}", server.port());
    let tier = Redis::connect(&url).unwrap();
    for error in [
        pollster::block_on(tier.check()).unwrap_err(),
        run(tier.get(&key("a"))).unwrap_err(),
        blocking(&tier).get(&key("a"), 100, AMPLE).unwrap_err(),
    ] {
        assert!(error.to_string().contains("`rediss://`"), "{error}");
    }
    assert_refused(tier, ErrorKind::Unavailable, "`rediss://`");
}

#[test]
fn a_connection_that_is_closed_in_use_is_replaced() {
    let authority = Authority::new();
    let mut server = TlsServer::start(&authority);
    let cache = cache_over(tier_over_tls(&server, &authority));
    let stored = |key: u32| {
        run(cache.get_or_insert_with(&key, || async { key }));
        cache.blocking().get_or_insert_with(&key, || key)
    };
    for round in 0..3 {
        server.server.command::<()>(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
        wait_until(AMPLE, "using the server again", || {
            let before = hits(&cache);
            assert_eq!(stored(round), round);
            hits(&cache) > before
        });
    }
    server.server.restart();
    wait_until(AMPLE, "using the server started anew", || {
        let before = hits(&cache);
        assert_eq!(stored(99), 99);
        hits(&cache) > before
    });
}

#[test]
fn connecting_goes_on_when_a_call_gives_up() {
    let authority = Authority::new();
    let server = TlsServer::start(&authority);
    let tier = tier_over_tls(&server, &authority);
    let timeout = Duration::from_micros(1); // no handshake is that fast
    let cache: Cache<u32, u32> = Cache::builder("impatient")
        .no_memory()
        .tier(Tier::new(tier.clone()).timeout(timeout))
        .ttl(AMPLE)
        .build()
        .unwrap();
    wait_until(AMPLE, "connecting", || {
        // a call may give up even before its work has begun
        assert_eq!(cache.blocking().get_or_insert_with(&1, || 2), 2);
        clients(&server.server) == 1
    });
    pollster::block_on(round_trip(&tier, "a")).unwrap();
    assert_eq!(clients(&server.server), 1);
}

#[test]
fn a_program_without_a_provider_of_its_own_has_none_afterwards() {
    let authority = Authority::new();
    let server = TlsServer::start(&authority);
    pollster::block_on(round_trip(&tier_over_tls(&server, &authority), "a")).unwrap();
    let own = rustls::crypto::ring::default_provider();
    assert!(own.install_default().is_ok(), "dcache installed one");
    pollster::block_on(round_trip(&tier_over_tls(&server, &authority), "b")).unwrap();
}

#[test]
fn what_cannot_be_verified_is_refused_beforehand() {
    let connect = |url: &str| Redis::connect(url).unwrap_err().to_string();
    assert!(connect("rediss://127.0.0.1/#insecure").contains("anybody can pose as the server"));
    let plain = Redis::connect_with("redis://127.0.0.1", Tls::new()).unwrap_err();
    assert!(plain.to_string().contains("`rediss://`"), "{plain}");
    let name = Redis::connect(&format!("rediss://a b:{}", free_port()));
    assert_eq!(name.unwrap_err().kind(), ErrorKind::Config);
}

#[test]
fn plain_text_over_the_network_is_warned_of_once_for_each_server() {
    let log = dcache_tests::log::Log::get();
    let build = |url: &str| {
        let tier = Redis::connect(url).unwrap();
        let _: Cache<u32, u32> = Cache::builder("exposed").tier(tier).ttl(AMPLE).build().unwrap();
    };
    for _ in 0..3 {
        build("redis://me:hunter2@192.0.2.1/1"); // an address that is nobody's; building connects to nothing
        build("redis://cache.example");
        for kept in ["redis://127.0.0.1", "redis://[::1]", "redis://localhost", "unix:///run/redis.sock"] {
            build(kept);
        }
        build("rediss://192.0.2.1");
    }
    let lines = log.lines("plain text");
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("WARN tier `redis`: redis://***@192.0.2.1:6379/1: "), "{}", lines[0]);
    assert!(lines[0].contains("`rediss://`") && !lines[0].contains("hunter2"), "{}", lines[0]);
    assert!(lines[1].contains("redis://cache.example:6379/0"), "{}", lines[1]);
}

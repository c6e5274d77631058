//! A Redis that is not there, or does not answer in time.

use std::net::Shutdown;
use std::thread;
use std::time::{Duration, Instant};

use dcache::{Cache, Redis};
use dcache_tests::redis::{Server, wait_until};
use dcache_tests::run;

use super::proxy::{Proxy, full_listener};
use super::tier;
use crate::fault::Breaker::{Opens, OpensForWrites, StaysClosed};
use crate::fault::{Counter, Fault, Group};

const FROZEN: Fault = Fault {
    group: Group::RedisGone,
    name: "frozen",
    cause: "`SIGSTOP` to redis-server while its connections are in use",
    breaker: Opens,
    counter: Counter::Errors,
    log: "WARN tier `redis`: …: timed out…; calls go on without it",
};

const GONE: Fault =
    Fault { log: "WARN tier `redis`: …: unavailable: …; calls go on without it", ..FROZEN };

#[test]
fn killed() {
    let cause = "`kill -9` of redis-server while its connections are in use";
    Fault { name: "killed", cause, ..GONE }.measure(|trial| {
        let mut server = Server::start();
        let mut calls = trial.calls(tier(&server.url()));
        calls.work();
        server.kill();
        calls.survive();
        server.restart();
        calls.recover();
    });
}

#[test]
fn killed_in_the_middle_of_a_clear() {
    Fault {
        name: "killed during a clear",
        cause: "`kill -9` of redis-server while `clear` walks through 100 000 keys, and a restart; `clear` returns an error",
        breaker: StaysClosed,
        ..GONE
    }
    .measure(|trial| {
        let mut server = Server::start();
        let proxy = Proxy::honest(&server);
        let mut calls = trial.calls(tier(&proxy.url()));
        calls.work();
        calls.meet(|caller| {
            server.command::<()>(&["DEBUG", "POPULATE", "100000"]);
            proxy.delay(Duration::from_millis(5));
            let replies = proxy.replies();
            thread::scope(|scope| {
                let clear = scope.spawn(|| caller.clear());
                wait_until(Duration::from_secs(60), "three slices", || proxy.replies() > replies + 3);
                server.kill();
                let error = clear.join().unwrap().expect_err("not all was cleared");
                assert_eq!(error.tier(), "redis");
            });
            server.restart();
            proxy.heal();
            trial.took(caller.call());
        });
        calls.recover();
    });
}

#[test]
fn down_during_an_invalidate() {
    Fault {
        name: "down during an invalidate",
        cause: "`kill -9`, then `invalidate`, which returns an error, then a restart with the old entry, which nobody reads",
        breaker: StaysClosed,
        counter: Counter::Lost,
        log: "WARN a change of `…` did not reach a tier: it is carried out later, and what it changes is not read there before",
        ..GONE
    }
    .measure(|trial| {
        let mut server = Server::start();
        let mut calls = trial.calls(tier(&server.url()));
        calls.work();
        server.command::<()>(&["SAVE"]);
        server.kill();
        let mut caches = Vec::new();
        calls.each(|caller| caches.push(caller.cache.clone()));
        let lost = || caches.iter().map(|cache| cache.stats().tiers[0].lost).sum();
        // one line tells of both, since they use one server
        trial.names(lost, || {
            calls.each(|caller| assert_eq!(caller.invalidate().unwrap_err().tier(), "redis"));
        });
        assert_eq!(lost(), 2);
        server.restart();
        assert!(server.command::<usize>(&["DBSIZE"]) > 0, "the old entries are back");
        calls.each(|caller| {
            let hits = caller.tier().hits;
            trial.took(caller.call_again());
            assert_eq!(caller.tier().hits, hits, "the old entry was read");
        });
        calls.recover();
        calls.each(|caller| assert_eq!(caller.tier().lost, 0));
    });
}

#[test]
fn frozen() {
    FROZEN.measure(|trial| {
        let server = Server::start();
        let mut calls = trial.calls(tier(&server.url()));
        calls.work();
        server.freeze();
        calls.survive();
        server.thaw();
        calls.recover();
    });
}

#[test]
fn frozen_before_the_first_connection() {
    let cause = "`SIGSTOP` to redis-server before anything connects to it";
    Fault { name: "frozen from the start", cause, ..FROZEN }.measure(|trial| {
        let server = Server::start();
        server.freeze();
        let mut calls = trial.calls(tier(&server.url()));
        calls.survive();
        server.thaw();
        calls.recover();
    });
}

#[test]
fn refusing_connections() {
    Fault {
        name: "refusing connections",
        cause: "nothing listens at the port; later a server does",
        log: "WARN tier `redis`: connect: unavailable: …: Connection refused…; calls go on without it",
        ..FROZEN
    }
    .measure(|trial| {
        let mut server = Server::start();
        server.kill();
        let mut calls = trial.calls(tier(&server.url()));
        calls.survive();
        server.restart();
        calls.recover();
    });
}

#[test]
fn a_full_backlog() {
    let cause = "a listener that accepts nothing and whose queue of connections is full";
    Fault { name: "full backlog", cause, ..FROZEN }.measure(|trial| {
        let server = Server::start();
        let (listener, waiting) = full_listener();
        let mut calls = trial.calls(tier(&format!("redis://{}", listener.local_addr().unwrap())));
        calls.survive();
        drop(waiting);
        let _proxy = Proxy::at(listener, &server);
        calls.recover();
    });
}

#[test]
fn closing_every_connection() {
    let cause = "a proxy that accepts connections and closes them at once";
    Fault { name: "closing connections", cause, ..GONE }.measure(|trial| {
        let server = Server::start();
        let proxy = Proxy::mad(&server, |near| near.shutdown(Shutdown::Both));
        let mut calls = trial.calls(tier(&proxy.url()));
        calls.survive();
        proxy.heal();
        calls.recover();
    });
}

#[test]
fn half_open() {
    Fault {
        name: "half-open connections",
        cause: "a proxy loses all that goes over the connections in use, without closing them, and serves new ones",
        breaker: StaysClosed,
        ..FROZEN
    }
    .measure(|trial| {
        let server = Server::start();
        let proxy = Proxy::honest(&server);
        let mut calls = trial.calls(tier(&proxy.url()));
        calls.work();
        proxy.lose();
        calls.survive();
        calls.recover();
    });
}

#[test]
fn slow_within_the_budget() {
    Fault {
        name: "slow: 40 ms",
        cause: "a proxy that holds each reply back for 40 ms: reading and writing fit into the time budget",
        breaker: StaysClosed,
        counter: Counter::Misses,
        log: "",
        ..FROZEN
    }
    .measure(|trial| slow(trial, 40));
}

#[test]
fn slow_for_reading_and_writing() {
    Fault {
        name: "slow: 60 ms",
        cause: "a proxy that holds each reply back for 60 ms: reading fits into the time budget, writing does not any more",
        breaker: OpensForWrites,
        ..FROZEN
    }
    .measure(|trial| slow(trial, 60));
}

#[test]
fn slow_beyond_the_budget() {
    let cause = "a proxy that holds each reply back for 150 ms: longer than the time budget";
    Fault { name: "slow: 150 ms", cause, ..FROZEN }.measure(|trial| slow(trial, 150));
}

fn slow(trial: &crate::fault::Trial, milliseconds: u64) {
    let server = Server::start();
    let proxy = Proxy::honest(&server);
    let mut calls = trial.calls(tier(&proxy.url()));
    calls.work();
    proxy.delay(Duration::from_millis(milliseconds));
    calls.survive();
    proxy.delay(Duration::ZERO);
    calls.recover();
}

#[test]
fn a_frozen_server_holds_up_no_other_caller() {
    let server = Server::start();
    server.freeze();
    let redis = Redis::connect(&server.url()).unwrap();
    let cache: Cache<u32, u32> = Cache::builder("convoy").tier(redis).build().unwrap();
    let took = run(async {
        let start = Instant::now();
        let calls: Vec<_> = (0..100)
            .map(|key| {
                let cache = cache.clone();
                tokio::spawn(async move { cache.get_or_insert_with(&key, || async { key }).await })
            })
            .collect();
        for (key, call) in (0..).zip(calls) {
            assert_eq!(call.await.unwrap(), key);
        }
        start.elapsed()
    });
    println!("a hundred calls at once of a frozen server: {took:.1?}");
    assert!(took < Duration::from_secs(2), "{took:?}");
}

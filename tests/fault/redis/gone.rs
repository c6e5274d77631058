//! A Redis that is not there, or does not answer in time.

use dcache::Redis;
use dcache_tests::redis::{Server, free_port};

use crate::fault::Breaker::Opens;
use crate::fault::Counter::Errors;
use crate::fault::{Fault, Group};

const GONE: Fault = Fault {
    group: Group::RedisGone,
    name: "",
    cause: "",
    breaker: Opens,
    counter: Errors,
    log: "WARN tier `redis`: …: timed out…; calls go on without it",
};

#[test]
fn killed() {
    Fault {
        name: "killed",
        cause: "`kill -9` of redis-server while its connections are in use",
        log: "WARN tier `redis`: …: unavailable: …; calls go on without it",
        ..GONE
    }
    .measure(|trial| {
        let mut server = Server::start();
        let mut calls = trial.calls(|| Redis::connect(&server.url()).unwrap());
        calls.work();
        server.kill();
        calls.survive();
        server.restart();
        calls.recover();
    });
}

#[test]
fn frozen() {
    Fault { name: "frozen", cause: "`SIGSTOP` to redis-server while its connections are in use", ..GONE }
        .measure(|trial| {
            let server = Server::start();
            let mut calls = trial.calls(|| Redis::connect(&server.url()).unwrap());
            calls.work();
            server.freeze();
            calls.survive();
            server.thaw();
            calls.recover();
        });
}

#[test]
fn refusing() {
    Fault {
        name: "refusing connections",
        cause: "nothing listens on the port",
        log: "WARN tier `redis`: connect: unavailable: …: Connection refused…; calls go on without it",
        ..GONE
    }
    .measure(|trial| {
        let url = format!("redis://127.0.0.1:{}", free_port());
        trial.calls(|| Redis::connect(&url).unwrap()).survive();
    });
}

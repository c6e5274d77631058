//! A Redis that holds what is no entry.

use std::time::Duration;

use dcache_tests::redis::Server;

use super::tier;
use crate::fault::Breaker::StaysClosed;
use crate::fault::{Counter, Fault, Group};

const BAD: Fault = Fault {
    group: Group::RedisEntries,
    name: "",
    cause: "",
    breaker: StaysClosed,
    counter: Counter::Errors,
    log: "WARN tier `redis` had a bad entry, …; it is removed",
};

/// Runs a script over all keys (`keys`) before each call.
fn spoilt(fault: Fault, script: &str) {
    let script = format!("local keys = redis.call('keys', '*') table.sort(keys) {script} return 1");
    fault.measure(|trial| {
        let server = Server::start();
        let mut calls = trial.calls(tier(&server.url()));
        calls.work();
        calls.survive_entries(|| assert_eq!(server.command::<i32>(&["EVAL", &script, "0"]), 1));
        calls.recover();
    });
}

/// Sets each value to what this makes of it (`v`).
fn changed(fault: Fault, expression: &str) {
    spoilt(
        fault,
        &format!(
            "for _, k in ipairs(keys) do local v = redis.call('get', k) redis.call('set', k, {expression}) end"
        ),
    );
}

#[test]
fn overwritten() {
    let cause = "another program has written `garbage` under the key";
    changed(Fault { name: "overwritten", cause, ..BAD }, "'garbage'");
}

#[test]
fn truncated() {
    let cause = "the entry's last byte is missing";
    changed(Fault { name: "truncated", cause, ..BAD }, "string.sub(v, 1, -2)");
}

#[test]
fn flipped() {
    let cause = "the lowest bit of the entry's last byte is another";
    let last = "string.byte(v, -1)";
    changed(
        Fault { name: "a flipped bit", cause, ..BAD },
        &format!("string.sub(v, 1, -2) .. string.char(bit.bxor({last}, 1))"),
    );
}

#[test]
fn swapped() {
    let cause = "the keys' entries are exchanged for each other's";
    spoilt(
        Fault { name: "swapped", cause, ..BAD },
        "local last = redis.call('get', keys[#keys]) \
         for _, k in ipairs(keys) do last = redis.call('getset', k, last) end",
    );
}

#[test]
fn of_another_type() {
    let cause = "another program keeps a list under the key (`WRONGTYPE`)";
    spoilt(
        Fault { name: "of another type", cause, ..BAD },
        "for _, k in ipairs(keys) do redis.call('del', k) redis.call('rpush', k, 'x') end",
    );
}

#[test]
fn oversized() {
    Fault {
        name: "larger than `max_size`",
        cause: "the key holds 2 MiB, where `max_size` is 1 MiB",
        log: "WARN tier `redis`: get: too large: …; it is removed",
        ..BAD
    }
    .measure(|trial| {
        let server = Server::start();
        let mut calls = trial.calls(tier(&server.url()));
        calls.work();
        calls.survive_with(|caller| -> Duration {
            server.command::<()>(&["FLUSHALL"]);
            caller.call();
            let keys: Vec<String> = server.command(&["KEYS", "*"]);
            server.command::<usize>(&["SETRANGE", &keys[0], "2097152", "x"]);
            caller.call_again()
        });
        calls.recover();
    });
}

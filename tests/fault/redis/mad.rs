//! Something that answers as no Redis should.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use dcache_tests::redis::Server;

use super::proxy::{Proxy, reset};
use super::tier;
use crate::fault::Breaker::{Opens, StaysClosed};
use crate::fault::{Counter, Fault, Group, Trial};

const MAD: Fault = Fault {
    group: Group::RedisMad,
    name: "",
    cause: "",
    breaker: Opens,
    counter: Counter::Errors,
    log: "WARN tier `redis`: …: unintelligible answer: …: this is no answer of a Redis server; are host and port right?…; \
          calls go on without it",
};

const BROKEN: Fault =
    Fault { log: "WARN tier `redis`: …: unavailable: …; calls go on without it", ..MAD };

fn survive_and_recover(trial: &Trial, proxy: &Proxy) {
    let mut calls = trial.calls(tier(&proxy.url()));
    calls.survive();
    proxy.heal();
    calls.recover();
}

/// Asserts that this takes no more memory than a reply may have.
fn in_little_memory(work: impl FnOnce()) {
    let peak = || -> Option<u64> {
        let status = fs::read_to_string("/proc/self/status").ok()?; // on Linux
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix(" kB")?.parse().ok()
    };
    let before = peak();
    work();
    if let (Some(before), Some(after)) = (before, peak()) {
        println!("peak of memory: {} MiB, {} MiB more than before", after >> 10, (after - before) >> 10);
        assert!(after - before < 128 << 10, "it took {} MiB", (after - before) >> 10);
    }
}

fn saying(fault: Fault, words: &'static [u8]) {
    fault.measure(|trial| {
        let server = Server::start();
        survive_and_recover(trial, &Proxy::saying(&server, words));
    });
}

/// Reads a request, then does this.
fn after_a_request(
    fault: Fault,
    then: impl Fn(&mut TcpStream) -> std::io::Result<()> + Copy + Send + Sync + 'static,
) {
    fault.measure(|trial| {
        let server = Server::start();
        let proxy = Proxy::mad(&server, move |near| {
            let _ = near.read(&mut [0; 4096])?;
            then(near)
        });
        survive_and_recover(trial, &proxy);
    });
}

#[test]
fn speaking_http() {
    let cause = "each request is answered with `HTTP/1.1 400 Bad Request`";
    saying(Fault { name: "speaks HTTP", cause, ..MAD }, b"HTTP/1.1 400 Bad Request\r\n\r\n");
}

#[test]
fn zeros() {
    saying(Fault { name: "zeros", cause: "each request is answered with four zero bytes", ..MAD }, &[0; 4]);
}

#[test]
fn lengths_that_are_none() {
    let cause = "each request is answered with `$x` and `*x`";
    saying(Fault { name: "lengths that are none", cause, ..MAD }, b"$x\r\n*x\r\n");
}

#[test]
fn an_answer_to_another_question() {
    let cause = "each request is answered with an array of three numbers";
    saying(Fault { name: "an answer of another type", cause, ..MAD }, b"*3\r\n:1\r\n:2\r\n:3\r\n");
}

#[test]
fn several_answers_to_each_question() {
    let cause = "each request is answered with `+OK` four times";
    saying(Fault { name: "four answers to each request", cause, ..MAD }, b"+OK\r\n+OK\r\n+OK\r\n+OK\r\n");
}

#[test]
fn nested_too_deep() {
    let deep = b"*1\r\n".repeat(100_000).leak();
    let cause = "each request is answered with arrays nested 100 000 deep";
    saying(Fault { name: "nested without end", cause, ..MAD }, deep);
}

#[test]
fn a_gigantic_length() {
    let cause = "each request is answered with a string announced as 2⁶³ − 1 bytes long, and then nothing";
    saying(Fault { name: "a gigantic length", cause, ..MAD }, b"$9223372036854775807\r\n");
}

#[test]
fn a_gigantic_count() {
    let cause = "each request is answered with an array announced as 2³¹ − 1 elements long, and then nothing";
    let log = "WARN tier `redis`: get: timed out…; calls go on without it";
    saying(Fault { name: "a gigantic count", cause, log, ..MAD }, b"*2147483647\r\n");
}

#[test]
fn reset_in_mid_reply() {
    let cause = "each connection is reset (`SO_LINGER` of 0) after half a reply";
    after_a_request(Fault { name: "reset in mid-reply", cause, ..BROKEN }, |near| {
        near.write_all(b"$100\r\nhalf")?;
        reset(near)
    });
}

#[test]
fn closed_in_mid_reply() {
    let cause = "each connection is closed after half a reply";
    after_a_request(Fault { name: "closed in mid-reply", cause, ..BROKEN }, |near| {
        near.write_all(b"$100\r\nhalf")
    });
}

#[test]
fn an_endless_string() {
    let cause = "each request is answered with a string that never ends, as fast as it is read";

    in_little_memory(|| {
        after_a_request(Fault { name: "an endless string", cause, ..MAD }, |near| {
            near.write_all(b"$9223372036854775807\r\n")?;
            loop {
                near.write_all(&[b'x'; 64 << 10])?;
            }
        })
    });
}

#[test]
fn an_endless_line() {
    let cause = "each request is answered with a line that never ends, as fast as it is read";
    let log = "WARN tier `redis`: …: …; calls go on without it";
    in_little_memory(|| {
        after_a_request(Fault { name: "an endless line", cause, log, ..MAD }, |near| {
            loop {
                near.write_all(&[b'+'; 64 << 10])?;
            }
        })
    });
}

#[test]
fn an_endless_array() {
    let cause = "each request is answered with an array that never ends, as fast as it is read";
    let log = "WARN tier `redis`: …: …; calls go on without it";
    in_little_memory(|| {
        after_a_request(Fault { name: "an endless array", cause, log, ..MAD }, |near| {
            near.write_all(b"*2147483647\r\n")?;
            let elements = [b"$100\r\n", &[b'x'; 100][..], b"\r\n"].concat().repeat(100);
            loop {
                near.write_all(&elements)?;
            }
        })
    });
}

#[test]
fn a_dripping_answer() {
    let cause = "each request is answered with a byte every 10 ms";
    let log = "WARN tier `redis`: …: timed out…; calls go on without it";
    after_a_request(Fault { name: "a dripping answer", cause, log, ..MAD }, |near| {
        near.write_all(b"$1000\r\n")?;
        loop {
            near.write_all(b"x")?;
            thread::sleep(Duration::from_millis(10));
        }
    });
}

#[test]
fn larger_than_asked_for() {
    let cause = "each request is answered with a string of 64 MiB, more than was asked for";

    after_a_request(Fault { name: "a reply larger than asked for", cause, ..MAD }, |near| {
        near.write_all(b"$67108864\r\n")?;
        for _ in 0..1024 {
            near.write_all(&[b'x'; 64 << 10])?;
        }
        near.write_all(b"\r\n")?;
        near.read(&mut [0; 4096]).map(drop)
    });
}

#[test]
fn one_reply_too_many() {
    Fault {
        name: "one reply too many",
        cause: "a proxy sends before each reply the one before it again, so that requests read the replies to earlier ones: \
                entries of other keys",
        breaker: StaysClosed,
        log: "WARN tier `redis` had a bad entry, …; it is removed",
        ..MAD
    }
    .measure(|trial| {
        let server = Server::start();
        let proxy = Proxy::honest(&server);
        let mut calls = trial.calls(tier(&proxy.url()));
        calls.work();
        calls.each(|caller| (0..100).for_each(|_| { caller.call(); }));
        calls.each(|caller| caller.rewind());
        proxy.repeat(true);
        calls.survive();
        proxy.repeat(false);
        calls.recover();
    });
}

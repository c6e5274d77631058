//! A name server that never answers.

use std::fs;
use std::net::UdpSocket;
use std::process::Command;

use dcache_tests::{child, is_child};

use super::tier;
use crate::fault::Breaker::Opens;
use crate::fault::{Counter, Fault, Group};

/// An address of this machine that nothing else listens at.
const NAME_SERVER: &str = "127.77.77.77";

#[test]
fn a_name_server_that_never_answers() {
    let fault = Fault {
        group: Group::RedisGone,
        name: "name server without answers",
        cause: "a URL with a host's name, and in `/etc/resolv.conf` a name server that reads questions and never answers",
        breaker: Opens,
        counter: Counter::Errors,
        log: "WARN tier `redis`: …: timed out…; calls go on without it",
    };
    if is_child() {
        return fault.measure(|trial| trial.calls(tier("redis://redis.dcache.test")).survive());
    }
    let Ok(_silent) = UdpSocket::bind((NAME_SERVER, 53)) else {
        return fault.leave_out("it takes root to be a name server");
    };
    let folder = tempfile::tempdir().unwrap();
    let resolver = folder.path().join("resolv.conf");
    fs::write(&resolver, format!("nameserver {NAME_SERVER}\n")).unwrap();
    // a view of the file system of its own, where that file is the resolver's
    let seen = "mount --bind \"$0\" /etc/resolv.conf";
    let unshared = |then: &str| {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", &format!("{seen} && {then}")]).arg(&resolver);
        command
    };
    if !unshared("true").status().is_ok_and(|done| done.success()) {
        return fault.leave_out("it takes root to exchange `/etc/resolv.conf` for a process");
    }
    let test = "redis::name::a_name_server_that_never_answers";
    let child = child(std::env::current_exe().unwrap(), test);
    let mut command = unshared("exec \"$@\"");
    command.arg(child.get_program()).args(child.get_args());
    command.envs(child.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    println!("{text}");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("1 passed"), "no test is called {test}");
}

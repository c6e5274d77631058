//! A Redis that answers, and refuses.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::time::Duration;

use dcache_tests::redis::{Server, wait_until};

use super::tier;
use crate::fault::Breaker::Opens;
use crate::fault::{Counter, Fault, Group};

/// Refuses all.
const CLOSED: Fault = Fault {
    group: Group::RedisRefusing,
    name: "",
    cause: "",
    breaker: Opens,
    counter: Counter::Errors,
    log: "",
};

/// What a server takes to get where a test wants it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Configures a server that works, asserts that calls go on, and mends it.
fn configured(fault: Fault, broken: &[&[&str]], mended: &[&[&str]]) {
    fault.measure(|trial| {
        let server = Server::start();
        let mut calls = trial.calls(tier(&server.url()));
        calls.work();
        broken.iter().for_each(|words| server.command(words));
        calls.survive();
        mended.iter().for_each(|words| server.command(words));
        calls.recover();
    });
}

#[test]
fn full() {
    configured(
        Fault {
            name: "full",
            cause: "`maxmemory 1`",
            log: "WARN tier `redis`: set: full: …: OOM: `maxmemory` is used up; an eviction policy such as `allkeys-lru` \
                  helps…; calls go on without it",
            ..CLOSED
        },
        &[&["CONFIG", "SET", "maxmemory", "1"]],
        &[&["CONFIG", "SET", "maxmemory", "0"]],
    );
}

#[test]
fn unable_to_save() {
    Fault {
        name: "unable to save",
        cause: "`BGSAVE` fails, since a folder is in the place of the file, and `stop-writes-on-bgsave-error` is set (`MISCONF`)",
        log: "WARN tier `redis`: set: read-only: …: MISCONF: the server takes no writes since it cannot save its data…; \
              calls go on without it",
        ..CLOSED
    }
    .measure(|trial| {
        let server = Server::start_with(&["--stop-writes-on-bgsave-error", "yes"]);
        let folder: (String, String) = server.command(&["CONFIG", "GET", "dir"]);
        let in_the_way = Path::new(&folder.1).join("dump.rdb");
        let save = |status: &str| {
            wait_until(PATIENCE, "saving", || {
                let _ = attempt(&server.url(), &["BGSAVE"]); // refused while one is under way
                server.command::<String>(&["INFO", "persistence"]).contains(&format!("bgsave_status:{status}"))
            });
        };
        let mut calls = trial.calls(tier(&server.url()));
        calls.work();
        server.command::<()>(&["CONFIG", "SET", "save", "3600 1"]);
        fs::create_dir_all(in_the_way.join("full")).unwrap();
        save("err");
        calls.survive();
        fs::remove_dir_all(&in_the_way).unwrap();
        save("ok");
        calls.recover();
    });
}

#[test]
fn read_only() {
    configured(
        Fault {
            name: "read-only",
            cause: "`REPLICAOF` a primary that is not there (`READONLY`)",
            log: "WARN tier `redis`: set: read-only: …: READONLY: this is a replica; name the primary…; calls go on without it",
            ..CLOSED
        },
        &[&["REPLICAOF", "127.0.0.1", "1"]],
        &[&["REPLICAOF", "NO", "ONE"]],
    );
}

#[test]
fn a_replica_without_its_primary() {
    configured(
        Fault {
            name: "replica without its primary",
            cause: "the same with `replica-serve-stale-data no` (`MASTERDOWN`)",
            log: "WARN tier `redis`: get: unavailable: …: MASTERDOWN …; calls go on without it",
            ..CLOSED
        },
        &[&["CONFIG", "SET", "replica-serve-stale-data", "no"], &["REPLICAOF", "127.0.0.1", "1"]],
        &[&["REPLICAOF", "NO", "ONE"]],
    );
}

#[test]
fn too_few_replicas() {
    configured(
        Fault {
            name: "too few replicas",
            cause: "`min-replicas-to-write 1` (`NOREPLICAS`)",
            log: "WARN tier `redis`: set: read-only: …: NOREPLICAS: the server takes no writes since it has too few \
                  replicas…; calls go on without it",
            ..CLOSED
        },
        &[&["CONFIG", "SET", "min-replicas-to-write", "1"]],
        &[&["CONFIG", "SET", "min-replicas-to-write", "0"]],
    );
}

#[test]
fn loading() {
    Fault {
        name: "loading",
        cause: "a restart with data that takes seconds to load (`LOADING`)",
        log: "WARN tier `redis`: get: unavailable: …: LOADING: the server is still loading its data…; calls go on without it",
        ..CLOSED
    }
    .measure(|trial| {
        let slowly = ["--key-load-delay", "2000", "--loading-process-events-interval-bytes", "1024"];
        let mut server = Server::start_with(&slowly);
        server.command::<()>(&["DEBUG", "POPULATE", "2000", "ballast", "1000"]);
        server.command::<()>(&["SAVE"]);
        server.restart_without_waiting();
        says(&server, "-LOADING");
        let mut calls = trial.calls(tier(&server.url()));
        calls.survive();
        server.wait_until_ready();
        calls.recover();
    });
}

#[test]
fn busy() {
    Fault {
        name: "busy",
        cause: "a script that runs for ever, `while true do end` (`BUSY`)",
        log: "WARN tier `redis`: get: unavailable: …: BUSY: the server is busy with a script…; calls go on without it",
        ..CLOSED
    }
    .measure(|trial| {
        let server = Server::start_with(&["--lua-time-limit", "1"]);
        let mut calls = trial.calls(tier(&server.url()));
        calls.work();
        let mut script = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port())).unwrap();
        script.write_all(b"EVAL \"while true do end\" 0\r\n").unwrap();
        says(&server, "-BUSY");
        calls.survive();
        server.command::<()>(&["SCRIPT", "KILL"]);
        calls.recover();
    });
}

#[test]
fn wanting_a_password() {
    Fault {
        name: "no password",
        cause: "`requirepass`, and a URL without one (`NOAUTH`)",
        log: "WARN tier `redis`: get: denied: …: NOAUTH: the server asks for a password; put it into the URL…; \
              calls go on without it",
        ..CLOSED
    }
    .measure(|trial| {
        let server = Server::start_with(&["--requirepass", "open sesame"]);
        let mut calls = trial.calls(tier(&server.url()));
        calls.survive();
        let key = format!("redis://:open%20sesame@127.0.0.1:{}", server.port());
        command(&key, &["CONFIG", "SET", "requirepass", ""]);
        calls.recover();
    });
}

#[test]
fn refusing_the_password() {
    Fault {
        name: "wrong password",
        cause: "`requirepass`, and a URL with another one (`WRONGPASS`)",
        log: "WARN tier `redis`: connect: denied: …; calls go on without it",
        ..CLOSED
    }
    .measure(|trial| {
        let server = Server::start_with(&["--requirepass", "open sesame"]);
        let at = |password: &str| format!("redis://:{password}@127.0.0.1:{}", server.port());
        let mut calls = trial.calls(tier(&at("friend")));
        calls.survive();
        command(&at("open%20sesame"), &["CONFIG", "SET", "requirepass", "friend"]);
        calls.recover();
    });
}

/// A user who lacks rights, then gets them.
fn permitted(fault: Fault, rights: &[&str]) {
    fault.measure(|trial| {
        let server = Server::start();
        let user = ["ACL", "SETUSER", "me", "on", ">secret", "~*", "+@all"];
        server.command::<()>(&user);
        let mut calls = trial.calls(tier(&format!("redis://me:secret@127.0.0.1:{}", server.port())));
        calls.work();
        server.command::<()>(&[&["ACL", "SETUSER", "me"], rights].concat());
        calls.survive();
        server.command::<()>(&user);
        calls.recover();
    });
}

#[test]
fn a_user_without_rights_to_the_keys() {
    permitted(
        Fault {
            name: "no rights to the keys",
            cause: "`ACL SETUSER … resetkeys` (`NOPERM`)",
            log: "WARN tier `redis`: get: denied: …: NOPERM: the user needs GET, GETRANGE, SET, DEL and SCAN, on these keys…; \
                  calls go on without it",
            ..CLOSED
        },
        &["resetkeys", "~others:*"],
    );
}

#[test]
fn a_user_without_the_right_to_write() {
    permitted(
        Fault {
            name: "no right to write",
            cause: "`ACL SETUSER … -set` (`NOPERM`)",
            log: "WARN tier `redis`: set: denied: …: NOPERM: the user needs GET, GETRANGE, SET, DEL and SCAN, on these keys…; \
                  calls go on without it",
            ..CLOSED
        },
        &["-set"],
    );
}

#[test]
fn too_many_clients() {
    Fault {
        name: "too many clients",
        cause: "`maxclients 3`, and three others are connected",
        log: "WARN tier `redis`: …: unavailable: …; calls go on without it",
        ..CLOSED
    }
    .measure(|trial| {
        let server = Server::start_with(&["--maxclients", "3"]);
        let others: Vec<_> = (0..3)
            .map(|_| {
                let mut other = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port())).unwrap();
                assert_eq!(ask(&mut other), "+PONG");
                other
            })
            .collect();
        let mut calls = trial.calls(tier(&server.url()));
        calls.survive();
        drop(others);
        calls.recover();
    });
}

#[test]
fn a_node_of_a_cluster() {
    Fault {
        name: "a node of a cluster",
        cause: "`cluster-enabled yes`, and another node has all slots (`MOVED`)",
        log: "ERROR tier `redis`: get: bad configuration: …: MOVED: this is a node of a cluster; name a proxy of it…; \
              calls go on without it",
        ..CLOSED
    }
    .measure(|trial| {
        let (asked, other) = (node(), node());
        add_slots(&other);
        asked.command::<()>(&["CLUSTER", "MEET", "127.0.0.1", &other.port().to_string()]);
        for node in [&asked, &other] {
            wait_until(PATIENCE, "the cluster", || {
                let state: String = node.command(&["CLUSTER", "INFO"]);
                state.contains("cluster_state:ok") && state.contains("cluster_known_nodes:2")
            });
        }
        trial.calls(tier(&asked.url())).survive();
        trial.calls(tier(&other.url())).work();
    });
}

#[test]
fn a_cluster_that_is_down() {
    Fault {
        name: "a cluster that is down",
        cause: "`cluster-enabled yes`, and no node has any slot (`CLUSTERDOWN`)",
        log: "WARN tier `redis`: get: unavailable: …: CLUSTERDOWN …; calls go on without it",
        ..CLOSED
    }
    .measure(|trial| {
        let node = node();
        let mut calls = trial.calls(tier(&node.url()));
        calls.survive();
        add_slots(&node);
        wait_until(PATIENCE, "the cluster", || {
            node.command::<String>(&["CLUSTER", "INFO"]).contains("cluster_state:ok")
        });
        calls.recover();
    });
}

/// A node of a cluster, so far by itself.
fn node() -> Server {
    Server::start_with(&["--cluster-enabled", "yes"])
}

fn add_slots(node: &Server) {
    let slots: Vec<_> = (0..16384).map(|slot| slot.to_string()).collect();
    let words: Vec<_> = ["CLUSTER", "ADDSLOTS"].into_iter().chain(slots.iter().map(String::as_str)).collect();
    node.command::<()>(&words);
}

#[test]
fn no_such_database() {
    Fault {
        name: "no such database",
        cause: "a URL with database 99",
        log: "ERROR tier `redis`: connect: bad configuration: …: …the server has no such database…; calls go on without it",
        ..CLOSED
    }
    .measure(|trial| {
        let server = Server::start();
        trial.calls(tier(&format!("{}/99", server.url()))).survive();
    });
}

#[test]
fn a_command_that_is_not_there() {
    Fault {
        name: "a missing command",
        cause: "`rename-command GETRANGE \"\"`",
        log: "WARN tier `redis`: get: failed: …: ERR unknown command…; calls go on without it",
        ..CLOSED
    }
    .measure(|trial| {
        let server = Server::start_with(&["--rename-command", "GETRANGE", ""]);
        trial.calls(tier(&server.url())).survive();
    });
}

/// Sends a command to this URL.
fn command(url: &str, words: &[&str]) {
    attempt(url, words).unwrap();
}

/// Sends a command that may be refused.
fn attempt(url: &str, words: &[&str]) -> redis::RedisResult<()> {
    let mut connection = redis::Client::open(url)?.get_connection()?;
    let mut command = redis::cmd(words[0]);
    command.arg(&words[1..]).exec(&mut connection)
}

/// Waits until the server answers a request with this.
fn says(server: &Server, words: &str) {
    wait_until(PATIENCE, words, || {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port()));
        stream.is_ok_and(|mut stream| ask(&mut stream).starts_with(words))
    });
}

/// Sends `PING` and returns the first line of the answer.
fn ask(stream: &mut TcpStream) -> String {
    let mut answer = String::new();
    if stream.write_all(b"PING\r\n").is_ok() {
        let _ = BufReader::new(stream).read_line(&mut answer);
    }
    answer.trim_end().to_owned()
}

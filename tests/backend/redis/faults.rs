//! Servers that are gone, frozen, full, read-only or no Redis: each has its error, in time.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::Instant;

use tokio::time::timeout;

use super::*;

/// The budget of a call to a server that does not answer, and what such a call takes at the very most.
const BUDGET: Duration = Duration::from_millis(100);
const AT_MOST: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let mut server = Server::start();
    server.kill();
    let tier = tier_of(&server);
    for error in [
        tier.get(&key("a")).await.unwrap_err(),
        tier.check().await.unwrap_err(),
        blocking(&tier).get(&key("a"), 100, AMPLE).unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.operation()), (ErrorKind::Unavailable, Operation::Connect));
        assert!(error.to_string().contains(&server.port().to_string()), "{error}");
    }
}

#[test]
fn a_restarted_server_is_found_again() {
    let mut server = Server::start();
    let tier = tier_of(&server);
    let runtime = current_thread();
    for round in 0..3 {
        runtime.block_on(round_trip(&tier, "a")).unwrap();
        blocking_round_trip(&tier, "b").unwrap();
        server.kill();
        if round > 0 {
            assert_eq!(runtime.block_on(tier.get(&key("a"))).unwrap_err().kind(), ErrorKind::Unavailable);
            let error = blocking(&tier).get(&key("a"), 100, AMPLE).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unavailable);
        }
        server.restart();
        assert_eq!(blocking(&tier).get(&key("b"), 100, AMPLE).unwrap(), None, "the very next call works");
        if let Err(error) = runtime.block_on(tier.get(&key("a"))) {
            assert_eq!(error.kind(), ErrorKind::Unavailable); // this runtime stood still and heard of nothing
        }
        assert_eq!(runtime.block_on(tier.get(&key("a"))).unwrap(), None);
    }
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_replaced() {
    let server = Server::start();
    let tier = tier_of(&server);
    for _ in 0..3 {
        round_trip(&tier, "a").await.unwrap();
        blocking_round_trip(&tier, "b").unwrap();
        server.command::<()>(&["CLIENT", "KILL", "TYPE", "normal"]);
        blocking_round_trip(&tier, "b").unwrap();
        let _ = tier.get(&key("a")).await;
    }
    round_trip(&tier, "a").await.unwrap();
}

#[tokio::test]
async fn a_frozen_server_costs_the_budget_and_confuses_nothing() {
    let server = Server::start();
    let tier = tier_of(&server);
    for id in ["a", "b", "c", "d", "e"] {
        round_trip(&tier, id).await.unwrap();
        blocking_round_trip(&tier, id).unwrap();
    }
    for calls in [1, 5] {
        server.freeze();
        for id in ["a", "b", "c", "d", "e"].into_iter().take(calls) {
            let start = Instant::now();
            assert!(timeout(BUDGET, tier.get(&key(id))).await.is_err());
            let error = blocking(&tier).get(&key(id), 100, BUDGET).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Timeout);
            assert!(start.elapsed() < AT_MOST);
        }
        server.thaw();
        for id in ["e", "d", "c", "b", "a"] {
            assert_eq!(tier.get(&key(id)).await.unwrap(), Some(entry(id)));
            assert_eq!(blocking(&tier).get(&key(id), 100, AMPLE).unwrap(), Some(entry(id)));
        }
    }
}

#[tokio::test]
async fn a_connection_that_the_network_lost_is_given_up() {
    let server = Server::start();
    let (tier, silent) = lossy_proxy(server.port());
    round_trip(&tier, "a").await.unwrap();
    blocking_round_trip(&tier, "b").unwrap();
    silent.store(2, Relaxed);
    let error = blocking(&tier).get(&key("b"), 100, BUDGET).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(blocking(&tier).get(&key("b"), 100, AMPLE).unwrap(), Some(entry("b")));
    for _ in 0..3 {
        assert!(timeout(BUDGET, tier.get(&key("a"))).await.is_err());
    }
    assert_eq!(tier.get(&key("a")).await.unwrap(), Some(entry("a")));
    tokio::task::spawn_blocking(move || wait_for_clients(&server, 2)).await.unwrap(); // the lost ones are closed
}

#[tokio::test]
async fn connecting_that_hung_hurts_no_later_call() {
    let server = Server::start_with(&["--requirepass", "secret"]);
    let tier = Redis::connect(&format!("redis://:secret@127.0.0.1:{}", server.port())).unwrap();
    server.freeze();
    let start = Instant::now();
    for _ in 0..3 {
        assert!(timeout(BUDGET, tier.get(&key("a"))).await.is_err());
        let error = blocking(&tier).get(&key("a"), 100, BUDGET).unwrap_err();
        assert_eq!((error.kind(), error.operation()), (ErrorKind::Timeout, Operation::Connect));
    }
    assert!(start.elapsed() < 3 * AT_MOST);
    server.thaw();
    let _ = tier.get(&key("a")).await; // may meet the connecting that is just over its second
    round_trip(&tier, "a").await.unwrap();
    blocking_round_trip(&tier, "b").unwrap();
}

#[tokio::test]
async fn a_caller_without_a_budget_gets_an_error_from_a_frozen_server() {
    let server = Server::start_with(&["--requirepass", "secret"]);
    let tier = Redis::connect(&format!("redis://:secret@127.0.0.1:{}", server.port())).unwrap();
    server.freeze();
    assert_eq!(tier.get(&key("a")).await.unwrap_err().kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn a_frozen_server_keeps_no_task_from_ending() {
    let server = Server::start();
    let tier = tier_of(&server);
    round_trip(&tier, "a").await.unwrap();
    server.freeze();
    let large = Bytes::from(vec![7; 16 << 20]); // more than the sockets hold
    assert!(timeout(BUDGET, tier.set(&key("a"), large, None)).await.is_err());
    drop(tier);
    let metrics = tokio::runtime::Handle::current().metrics();
    let all_ended = async {
        while metrics.num_alive_tasks() > 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(AMPLE, all_ended).await.expect("the connection's task ends with the tier");
}

#[tokio::test]
async fn a_full_queue_of_a_unix_socket_holds_up_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("redis.sock");
    let socket = tokio::net::UnixSocket::new_stream().unwrap();
    socket.bind(&path).unwrap();
    let _listener = socket.listen(1).unwrap(); // which accepts nothing
    let tier = Redis::connect(&format!("unix://{}", path.display())).unwrap();
    let (sender, receiver) = std::sync::mpsc::channel();
    thread::spawn(move || {
        for _ in 0..5 {
            let error = blocking(&tier).get(&key("a"), 100, BUDGET).unwrap_err();
            sender.send(error.kind()).unwrap();
        }
    });
    for _ in 0..5 {
        assert_eq!(receiver.recv_timeout(AMPLE), Ok(ErrorKind::Timeout));
    }
}

#[tokio::test]
async fn a_full_server_is_full() {
    let server = Server::start_with(&["--maxmemory", "1", "--maxmemory-policy", "noeviction"]);
    let tier = tier_of(&server);
    assert_eq!(tier.set(&key("a"), entry("e"), None).await.unwrap_err().kind(), ErrorKind::Full);
    let error = blocking(&tier).set(&key("a"), entry("e"), None, AMPLE).unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Full, Operation::Set));
    assert_eq!(tier.get(&key("a")).await.unwrap(), None);
}

#[tokio::test]
async fn a_replica_is_read_only() {
    let server = Server::start();
    let tier = tier_of(&server);
    round_trip(&tier, "a").await.unwrap();
    server.command::<()>(&["REPLICAOF", "127.0.0.1", "1"]);
    assert_eq!(tier.get(&key("a")).await.unwrap(), Some(entry("a")));
    assert_eq!(tier.set(&key("a"), entry("e"), None).await.unwrap_err().kind(), ErrorKind::ReadOnly);
    assert_eq!(blocking(&tier).remove(&key("a"), AMPLE).unwrap_err().kind(), ErrorKind::ReadOnly);
    server.command::<()>(&["CONFIG", "SET", "replica-serve-stale-data", "no"]);
    assert_eq!(tier.get(&key("a")).await.unwrap_err().kind(), ErrorKind::Unavailable, "MASTERDOWN");
}

#[tokio::test]
async fn a_foreign_value_is_no_entry_until_it_is_replaced() {
    let server = Server::start();
    let tier = tier_of(&server);
    server.command::<()>(&["RPUSH", "test:function:a", "foreign"]);
    assert_eq!(tier.get(&key("a")).await.unwrap(), Some(Bytes::new()));
    assert_eq!(tier.get_within(&key("a"), 100).await.unwrap(), Some(Bytes::new()));
    assert_eq!(blocking(&tier).get(&key("a"), 100, AMPLE).unwrap(), Some(Bytes::new()));
    round_trip(&tier, "a").await.unwrap();
}

#[tokio::test]
async fn a_server_that_speaks_something_else_is_told_apart() {
    for (words, kinds) in [
        ("HTTP/1.1 400 Bad Request\r\n\r\n", &[ErrorKind::Protocol][..]),
        (":5\r\n", &[ErrorKind::Protocol]),
        ("*3\r\n:1\r\n:2\r\n:3\r\n", &[ErrorKind::Protocol]),
        ("$3\r\nabcdef", &[ErrorKind::Protocol]),
        ("*2147483647\r\n", &[ErrorKind::Protocol, ErrorKind::Unavailable]),
        ("$9223372036854775807\r\n", &[ErrorKind::Protocol, ErrorKind::Unavailable]),
        ("", &[ErrorKind::Unavailable]),
    ] {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let tier = Redis::connect(&format!("redis://{}", listener.local_addr().unwrap())).unwrap();
        let server = thread::spawn(move || {
            for stream in listener.incoming().take(3) {
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 1000]);
                let _ = stream.write_all(words.as_bytes());
            }
        });
        for error in [
            tier.get(&key("a")).await.unwrap_err(),
            tier.clear(&Scope::new("n", "f")).await.unwrap_err(),
            blocking(&tier).get(&key("a"), 100, AMPLE).unwrap_err(),
        ] {
            assert!(kinds.contains(&error.kind()), "{words:?}: {error}");
        }
        drop(tier);
        server.join().unwrap();
    }
}

/// Passes bytes on to a server, but for the first so many connections, which it holds and keeps silent.
fn lossy_proxy(to: u16) -> (Redis, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let tier = Redis::connect(&format!("redis://{}", listener.local_addr().unwrap())).unwrap();
    let silent = Arc::new(AtomicUsize::new(0));
    let until = Arc::clone(&silent);
    thread::spawn(move || {
        for (nth, near) in listener.incoming().enumerate() {
            let near = near.unwrap();
            let far = TcpStream::connect((Ipv4Addr::LOCALHOST, to)).unwrap();
            for (from, to) in [(&near, &far), (&far, &near)] {
                let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                let until = Arc::clone(&until);
                thread::spawn(move || {
                    let mut buffer = [0; 4096];
                    while let Ok(length @ 1..) = from.read(&mut buffer) {
                        if nth >= until.load(Relaxed) && to.write_all(&buffer[..length]).is_err() {
                            break;
                        }
                    }
                    let _ = to.shutdown(Shutdown::Both);
                });
            }
        }
    });
    (tier, silent)
}

//! The tier `redis`, against real servers: each test starts its own on a free loopback port.

#![cfg(feature = "redis")]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use dcache_backends::redis::Redis;
use dcache_backends::{Backend, Bytes, Error, ErrorKind, Key, Operation, Scope};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

/// A time budget that a healthy server never uses up, however loaded the machine is.
const AMPLE: Duration = Duration::from_secs(10);

/// The budget of a call to a server that does not answer, and what such a call takes at the very most.
const BUDGET: Duration = Duration::from_millis(100);
const AT_MOST: Duration = Duration::from_secs(2);

/// A server that ends with its test.
struct Server {
    process: Child,
    port: u16,
    options: Vec<String>,
    folder: tempfile::TempDir,
}

impl Server {
    fn start(options: &[&str]) -> Self {
        let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
        for _ in 0..10 {
            let folder = tempfile::tempdir().unwrap();
            let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let port = free.local_addr().unwrap().port();
            drop(free);
            let process = spawn(port, &options, &folder);
            let mut server = Self { process, port, options: options.clone(), folder };
            if server.answers() {
                return server;
            }
            // another program was faster with the port
        }
        panic!("no redis-server could be started on a free port");
    }

    /// Waits until the server answers anything at all; false if it ended instead.
    fn answers(&mut self) -> bool {
        let deadline = Instant::now() + Duration::from_secs(30);
        while Instant::now() < deadline {
            if self.process.try_wait().unwrap().is_some() {
                return false;
            }
            let answer = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).and_then(|mut stream| {
                stream.set_read_timeout(Some(Duration::from_secs(1)))?;
                stream.write_all(b"PING\r\n")?;
                let mut first = [0];
                stream.read_exact(&mut first).map(|()| first[0])
            });
            if matches!(answer, Ok(b'+' | b'-')) {
                return true;
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("redis-server did not answer for 30 s");
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn tier(&self) -> Redis {
        Redis::connect(&self.url()).unwrap()
    }

    /// Sends a command past the tier.
    fn raw<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let client = redis::Client::open(self.url()).unwrap();
        let mut connection = client.get_connection().unwrap();
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        command.query(&mut connection).unwrap()
    }

    /// Counts the connections, less the one that asks.
    fn clients(&self) -> usize {
        self.raw::<String>(&["CLIENT", "LIST"]).lines().count() - 1
    }

    /// Waits until at most so many connections are left; the server needs a moment to notice an end.
    fn wait_for_clients(&self, most: usize) {
        let deadline = Instant::now() + AMPLE;
        while self.clients() > most {
            assert!(Instant::now() < deadline, "{} connections are left", self.clients());
        }
    }

    /// Counts the connections that there ever were.
    fn accepted(&self) -> usize {
        let stats = self.raw::<String>(&["INFO", "stats"]);
        let count = stats.lines().find_map(|line| line.strip_prefix("total_connections_received:"));
        count.unwrap().parse().unwrap()
    }

    fn signal(&self, name: &str) {
        let done = Command::new("kill").args([name, &self.process.id().to_string()]).status().unwrap();
        assert!(done.success());
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn restart(&mut self) {
        self.process = spawn(self.port, &self.options, &self.folder);
        assert!(self.answers());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(port: u16, options: &[String], folder: &tempfile::TempDir) -> Child {
    Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args(["--save", "", "--appendonly", "no", "--dir"])
        .arg(folder.path())
        .args(options)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("these tests need `redis-server`; install it with `apt-get install redis-server`")
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

fn key(id: &str) -> Key {
    Key::new(&Scope::new("test", "function"), id)
}

fn entry(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn blocking(tier: &Redis) -> &dyn dcache_backends::BlockingBackend {
    tier.as_blocking().unwrap()
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Writes an entry of the key's own and reads it again.
async fn round_trip(tier: &Redis, id: &str) -> Result<(), Error> {
    tier.set(&key(id), entry(id), Some(AMPLE)).await?;
    assert_eq!(tier.get(&key(id)).await?, Some(entry(id)));
    Ok(())
}

fn blocking_round_trip(tier: &Redis, id: &str) -> Result<(), Error> {
    blocking(tier).set(&key(id), entry(id), Some(AMPLE), AMPLE)?;
    assert_eq!(blocking(tier).get(&key(id), 100, AMPLE)?, Some(entry(id)));
    Ok(())
}

// ---- what is stored

#[tokio::test]
async fn what_was_set_is_got_until_it_is_removed() {
    let server = Server::start(&[]);
    let tier = server.tier();
    let binary = Bytes::from_static(b"\0\r\n$-1\r\n\xff");
    assert_eq!(tier.get(&key("a")).await.unwrap(), None);
    assert_eq!(tier.get_within(&key("a"), 100).await.unwrap(), None);
    tier.set(&key("a"), binary.clone(), None).await.unwrap();
    assert_eq!(tier.get(&key("a")).await.unwrap(), Some(binary.clone()));
    assert_eq!(tier.get_within(&key("a"), usize::MAX).await.unwrap(), Some(binary));
    tier.set(&key("a"), entry("new"), None).await.unwrap();
    assert_eq!(tier.get(&key("a")).await.unwrap(), Some(entry("new")));
    tier.remove(&key("a")).await.unwrap();
    tier.remove(&key("a")).await.unwrap();
    assert_eq!(tier.get(&key("a")).await.unwrap(), None);
    tier.check().await.unwrap();
}

#[test]
fn both_ways_reach_the_same_entries() {
    let server = Server::start(&[]);
    let tier = server.tier();
    let now = blocking(&tier);
    assert_eq!(now.get(&key("a"), 100, AMPLE).unwrap(), None);
    now.set(&key("a"), entry("one"), None, AMPLE).unwrap();
    assert_eq!(pollster::block_on(tier.get(&key("a"))).unwrap(), Some(entry("one")));
    assert_eq!(server.raw::<String>(&["GET", "test:function:a"]), "one");
    pollster::block_on(tier.set(&key("a"), entry("two"), None)).unwrap();
    assert_eq!(now.get(&key("a"), 100, AMPLE).unwrap(), Some(entry("two")));
    now.remove(&key("a"), AMPLE).unwrap();
    assert_eq!(pollster::block_on(tier.get(&key("a"))).unwrap(), None);
}

#[tokio::test]
async fn the_server_knows_the_life() {
    let server = Server::start(&[]);
    let tier = server.tier();
    let left = || server.raw::<i64>(&["PTTL", "test:function:a"]);
    tier.set(&key("a"), entry("e"), None).await.unwrap();
    assert_eq!(left(), -1);
    tier.set(&key("a"), entry("e"), Some(Duration::from_secs(100))).await.unwrap();
    assert!((50_000..=100_000).contains(&left()));
    blocking(&tier).set(&key("a"), entry("e"), Some(Duration::MAX), AMPLE).unwrap();
    assert!(left() > 90 * 365 * 24 * 60 * 60 * 1000);
    tier.set(&key("a"), entry("e"), Some(Duration::from_nanos(1))).await.unwrap();
    let deadline = Instant::now() + AMPLE;
    while tier.get(&key("a")).await.unwrap().is_some() {
        assert!(Instant::now() < deadline, "the entry outlives its life");
    }
}

#[tokio::test]
async fn larger_than_wanted_is_too_large() {
    let server = Server::start(&[]);
    let tier = server.tier();
    tier.set(&key("a"), Bytes::from(vec![7; 1001]), None).await.unwrap();
    let error = tier.get_within(&key("a"), 1000).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::TooLarge, Operation::Get));
    let error = blocking(&tier).get(&key("a"), 1000, AMPLE).unwrap_err();
    assert_eq!((error.kind(), error.tier()), (ErrorKind::TooLarge, "redis"));
    assert_eq!(tier.get_within(&key("a"), 1001).await.unwrap().unwrap().len(), 1001);
    assert_eq!(blocking(&tier).get(&key("a"), 1001, AMPLE).unwrap().unwrap().len(), 1001);
}

#[tokio::test]
async fn clearing_removes_all_entries_of_one_function_and_no_others() {
    let server = Server::start(&[]);
    let tier = server.tier();
    let names = ["f", "ff", "f*", "f?", "[f]", "f\\", "g", "*"];
    for name in names {
        tier.set(&Key::new(&Scope::new("n", name), "1"), entry("e"), None).await.unwrap();
    }
    let mut others: Vec<&str> = vec!["n:f", "n:fx:1", "nn:f:1", "f:1", "N:F:1"];
    for other in &others {
        server.raw::<()>(&["SET", other, "e"]);
    }
    let many = Scope::new("n", "many");
    let fill =
        || server.raw::<()>(&["EVAL", "for i = 1, 5000 do redis.call('SET', 'n:many:' .. i, i) end", "0"]);
    fill();
    assert_eq!(tier.clear(&many).await.unwrap(), 5000);
    assert_eq!(tier.clear(&many).await.unwrap(), 0);
    fill();
    assert_eq!(blocking(&tier).clear(&many, AMPLE).unwrap(), 5000);
    for name in names {
        assert_eq!(tier.clear(&Scope::new("n", name)).await.unwrap(), 1, "{name}");
    }
    let mut left = server.raw::<Vec<String>>(&["KEYS", "*"]);
    left.sort();
    others.sort();
    assert_eq!(left, others);
}

// ---- who is let in

#[tokio::test]
async fn user_password_and_database_come_from_the_url() {
    let server = Server::start(&[]);
    server.raw::<()>(&["ACL", "SETUSER", "me", "on", ">s@cret", "~test:*", "+@all"]);
    let tier = Redis::connect(&format!("redis://me:s%40cret@127.0.0.1:{}/3", server.port)).unwrap();
    round_trip(&tier, "a").await.unwrap();
    blocking_round_trip(&tier, "b").unwrap();
    assert_eq!(server.raw::<usize>(&["DBSIZE"]), 0);
    assert!(server.raw::<String>(&["INFO", "keyspace"]).contains("db3:keys=2"));
    assert!(!format!("{tier:?} {}", tier.address()).contains("s@cret"));
}

#[tokio::test]
async fn a_user_needs_five_commands_only() {
    let server = Server::start(&[]);
    let rights = ["+get", "+getrange", "+set", "+del", "+scan"];
    let user = ["ACL", "SETUSER", "me", "on", ">secret", "~test:*"];
    server.raw::<()>(&[&user[..], &rights[..]].concat());
    let tier = Redis::connect(&format!("redis://me:secret@127.0.0.1:{}", server.port)).unwrap();
    tier.check().await.unwrap();
    round_trip(&tier, "a").await.unwrap();
    tier.remove(&key("a")).await.unwrap();
    blocking_round_trip(&tier, "b").unwrap();
    assert_eq!(tier.clear(&Scope::new("test", "function")).await.unwrap(), 1);
    let foreign = Key::new(&Scope::new("other", "function"), "argument");
    for error in [
        tier.get(&foreign).await.unwrap_err(),
        blocking(&tier).set(&foreign, entry("e"), None, AMPLE).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Denied);
        assert!(!format!("{error} {error:?}").contains("argument"));
    }
}

#[tokio::test]
async fn a_wrong_or_missing_password_is_denied() {
    let server = Server::start(&["--requirepass", "right"]);
    let at = format!("127.0.0.1:{}", server.port);
    for url in [
        format!("redis://:wrong@{at}"),
        format!("redis://:wrong@{at}/2"),
        format!("redis://{at}"),
        format!("redis://{at}/2"),
    ] {
        let tier = Redis::connect(&url).unwrap();
        for error in [
            tier.get(&key("a")).await.unwrap_err(),
            tier.check().await.unwrap_err(),
            blocking(&tier).get(&key("a"), 100, AMPLE).unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Denied, "{url}: {error}");
            assert!(!format!("{error} {error:?}").contains("wrong@"));
        }
    }
    let tier = Redis::connect(&format!("redis://:right@{at}")).unwrap();
    tier.check().await.unwrap();
    blocking_round_trip(&tier, "a").unwrap();
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_bad_configuration() {
    let server = Server::start(&["--databases", "2"]);
    let tier = Redis::connect(&format!("{}/2", server.url())).unwrap();
    assert_eq!(tier.check().await.unwrap_err().kind(), ErrorKind::Config);
    assert_eq!(blocking(&tier).get(&key("a"), 100, AMPLE).unwrap_err().kind(), ErrorKind::Config);
}

#[tokio::test]
async fn a_unix_socket_will_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("redis.sock");
    let server = Server::start(&["--unixsocket", path.to_str().unwrap(), "--requirepass", "secret"]);
    let tier = Redis::connect(&format!("unix://{}?db=1&pass=secret", path.display())).unwrap();
    round_trip(&tier, "a").await.unwrap();
    blocking_round_trip(&tier, "b").unwrap();
    drop(server);
    assert_eq!(tier.get(&key("a")).await.unwrap_err().kind(), ErrorKind::Unavailable);
}

// ---- faults

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let mut server = Server::start(&[]);
    server.kill();
    let tier = server.tier();
    for error in [
        tier.get(&key("a")).await.unwrap_err(),
        tier.check().await.unwrap_err(),
        blocking(&tier).get(&key("a"), 100, AMPLE).unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.operation()), (ErrorKind::Unavailable, Operation::Connect));
        assert!(error.to_string().contains(&server.port.to_string()), "{error}");
    }
}

#[test]
fn a_restarted_server_is_found_again() {
    let mut server = Server::start(&[]);
    let tier = server.tier();
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
    let server = Server::start(&[]);
    let tier = server.tier();
    for _ in 0..3 {
        round_trip(&tier, "a").await.unwrap();
        blocking_round_trip(&tier, "b").unwrap();
        server.raw::<()>(&["CLIENT", "KILL", "TYPE", "normal"]);
        blocking_round_trip(&tier, "b").unwrap();
        let _ = tier.get(&key("a")).await;
    }
    round_trip(&tier, "a").await.unwrap();
}

#[tokio::test]
async fn a_frozen_server_costs_the_budget_and_confuses_nothing() {
    let server = Server::start(&[]);
    let tier = server.tier();
    for id in ["a", "b", "c", "d", "e"] {
        round_trip(&tier, id).await.unwrap();
        blocking_round_trip(&tier, id).unwrap();
    }
    for calls in [1, 5] {
        server.signal("-STOP");
        for id in ["a", "b", "c", "d", "e"].into_iter().take(calls) {
            let start = Instant::now();
            assert!(timeout(BUDGET, tier.get(&key(id))).await.is_err());
            let error = blocking(&tier).get(&key(id), 100, BUDGET).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Timeout);
            assert!(start.elapsed() < AT_MOST);
        }
        server.signal("-CONT");
        for id in ["e", "d", "c", "b", "a"] {
            assert_eq!(tier.get(&key(id)).await.unwrap(), Some(entry(id)));
            assert_eq!(blocking(&tier).get(&key(id), 100, AMPLE).unwrap(), Some(entry(id)));
        }
    }
}

#[tokio::test]
async fn a_connection_that_the_network_lost_is_given_up() {
    let server = Server::start(&[]);
    let (tier, silent) = lossy_proxy(server.port);
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
    tokio::task::spawn_blocking(move || server.wait_for_clients(2)).await.unwrap(); // the lost ones are closed
}

#[tokio::test]
async fn connecting_that_hung_hurts_no_later_call() {
    let server = Server::start(&["--requirepass", "secret"]);
    let tier = Redis::connect(&format!("redis://:secret@127.0.0.1:{}", server.port)).unwrap();
    server.signal("-STOP");
    let start = Instant::now();
    for _ in 0..3 {
        assert!(timeout(BUDGET, tier.get(&key("a"))).await.is_err());
        let error = blocking(&tier).get(&key("a"), 100, BUDGET).unwrap_err();
        assert_eq!((error.kind(), error.operation()), (ErrorKind::Timeout, Operation::Connect));
    }
    assert!(start.elapsed() < 3 * AT_MOST);
    server.signal("-CONT");
    let _ = tier.get(&key("a")).await; // may meet the connecting that is just over its second
    round_trip(&tier, "a").await.unwrap();
    blocking_round_trip(&tier, "b").unwrap();
}

#[tokio::test]
async fn a_caller_without_a_budget_gets_an_error_from_a_frozen_server() {
    let server = Server::start(&["--requirepass", "secret"]);
    let tier = Redis::connect(&format!("redis://:secret@127.0.0.1:{}", server.port)).unwrap();
    server.signal("-STOP");
    assert_eq!(tier.get(&key("a")).await.unwrap_err().kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn a_frozen_server_keeps_no_task_from_ending() {
    let server = Server::start(&[]);
    let tier = server.tier();
    round_trip(&tier, "a").await.unwrap();
    server.signal("-STOP");
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
async fn a_full_server_is_full() {
    let server = Server::start(&["--maxmemory", "1", "--maxmemory-policy", "noeviction"]);
    let tier = server.tier();
    assert_eq!(tier.set(&key("a"), entry("e"), None).await.unwrap_err().kind(), ErrorKind::Full);
    let error = blocking(&tier).set(&key("a"), entry("e"), None, AMPLE).unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Full, Operation::Set));
    assert_eq!(tier.get(&key("a")).await.unwrap(), None);
}

#[tokio::test]
async fn a_replica_is_read_only() {
    let server = Server::start(&[]);
    let tier = server.tier();
    round_trip(&tier, "a").await.unwrap();
    server.raw::<()>(&["REPLICAOF", "127.0.0.1", "1"]);
    assert_eq!(tier.get(&key("a")).await.unwrap(), Some(entry("a")));
    assert_eq!(tier.set(&key("a"), entry("e"), None).await.unwrap_err().kind(), ErrorKind::ReadOnly);
    assert_eq!(blocking(&tier).remove(&key("a"), AMPLE).unwrap_err().kind(), ErrorKind::ReadOnly);
    server.raw::<()>(&["CONFIG", "SET", "replica-serve-stale-data", "no"]);
    assert_eq!(tier.get(&key("a")).await.unwrap_err().kind(), ErrorKind::Unavailable, "MASTERDOWN");
}

#[tokio::test]
async fn a_foreign_value_is_a_protocol_error_until_it_is_replaced() {
    let server = Server::start(&[]);
    let tier = server.tier();
    server.raw::<()>(&["RPUSH", "test:function:a", "foreign"]);
    assert_eq!(tier.get(&key("a")).await.unwrap_err().kind(), ErrorKind::Protocol);
    assert_eq!(blocking(&tier).get(&key("a"), 100, AMPLE).unwrap_err().kind(), ErrorKind::Protocol);
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

// ---- runtimes

#[test]
fn callers_without_a_runtime_are_served() {
    let server = Server::start(&[]);
    let tier = server.tier();
    for _ in 0..3 {
        pollster::block_on(round_trip(&tier, "a")).unwrap();
    }
    pollster::block_on(tier.check()).unwrap();
    assert_eq!(pollster::block_on(tier.clear(&Scope::new("test", "function"))).unwrap(), 1);
    assert_eq!(server.clients(), 1);
}

#[test]
fn runtimes_without_drivers_are_served_by_the_io_thread() {
    static PANICS: AtomicUsize = AtomicUsize::new(0);
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        match panic.to_string().contains("Tokio 1.x context was found") {
            true => _ = PANICS.fetch_add(1, Relaxed),
            false => before(panic),
        }
    }));
    let server = Server::start(&[]);
    let tier = server.tier();
    let none = Builder::new_current_thread().build().unwrap();
    let time = Builder::new_current_thread().enable_time().build().unwrap();
    let io = Builder::new_multi_thread().worker_threads(1).enable_io().build().unwrap();
    for runtime in [&none, &time, &io, &none, &time, &io] {
        runtime.block_on(round_trip(&tier, "a")).unwrap();
    }
    assert_eq!(PANICS.load(Relaxed), 3, "each runtime is tried once");
    assert_eq!(server.clients(), 1);
}

#[test]
fn connections_end_with_their_runtimes() {
    let server = Server::start(&[]);
    let tier = server.tier();
    for _ in 0..200 {
        current_thread().block_on(round_trip(&tier, "a")).unwrap();
    }
    for _ in 0..20 {
        Runtime::new().unwrap().block_on(round_trip(&tier, "a")).unwrap();
    }
    server.wait_for_clients(0);
}

#[test]
fn connections_end_with_their_tier() {
    let server = Server::start(&[]);
    let runtime = Runtime::new().unwrap();
    for _ in 0..20 {
        let tier = server.tier();
        runtime.block_on(round_trip(&tier, "a")).unwrap();
        pollster::block_on(round_trip(&tier, "a")).unwrap();
        blocking_round_trip(&tier, "a").unwrap();
        assert!(server.clients() >= 3);
    }
    server.wait_for_clients(0);
}

#[test]
fn a_runtime_that_is_idle_or_gone_hurts_no_other() {
    let server = Server::start(&[]);
    let tier = server.tier();
    let (idle, gone, other) = (current_thread(), Runtime::new().unwrap(), Runtime::new().unwrap());
    for runtime in [&idle, &gone, &other] {
        runtime.block_on(round_trip(&tier, "a")).unwrap();
    }
    server.signal("-STOP"); // so that a request is on its way when its runtime goes
    let (tier_there, under_way) = (
        tier.clone(),
        gone.spawn({
            let tier = tier.clone();
            async move { tier.get(&key("a")).await }
        }),
    );
    gone.shutdown_background();
    server.signal("-CONT");
    other.block_on(round_trip(&tier_there, "b")).unwrap();
    assert!(other.block_on(under_way).is_err());
    blocking_round_trip(&tier, "c").unwrap();
    idle.block_on(round_trip(&tier, "d")).unwrap();
}

#[tokio::test]
async fn synchronous_calls_work_within_a_runtime_of_one_thread() {
    let server = Server::start(&[]);
    let tier = server.tier();
    blocking_round_trip(&tier, "a").unwrap();
    tokio::spawn(async move { blocking_round_trip(&tier, "b") }).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_callers_share_one_connection() {
    let server = Server::start(&[]);
    let tier = server.tier();
    let before = server.accepted();
    let callers: Vec<_> = (0..64)
        .map(|caller| {
            let tier = tier.clone();
            tokio::spawn(async move {
                for call in 0..20 {
                    round_trip(&tier, &format!("{caller}-{call}")).await.unwrap();
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    assert_eq!(server.accepted() - before, 2, "the callers' one, and the one that asks");
    assert_eq!(server.raw::<usize>(&["DBSIZE"]), 64 * 20);
}

#[tokio::test]
async fn callers_that_give_up_leave_the_others_alone() {
    let server = Server::start(&[]);
    let tier = server.tier();
    for id in 0..100 {
        round_trip(&tier, &id.to_string()).await.unwrap();
    }
    for id in 0..100 {
        for _ in 0..id % 5 {
            // polled once: the command is sent, and nobody waits for the answer
            let _ = timeout(Duration::ZERO, tier.get(&key("0"))).await;
        }
        let id = id.to_string();
        assert_eq!(tier.get(&key(&id)).await.unwrap(), Some(entry(&id)));
    }
}

#[test]
fn threads_share_a_few_connections() {
    let server = Server::start(&[]);
    let tier = Arc::new(server.tier());
    thread::scope(|scope| {
        for thread in 0..16 {
            let tier = &tier;
            scope.spawn(move || {
                for call in 0..20 {
                    blocking_round_trip(tier, &format!("{thread}-{call}")).unwrap();
                }
            });
        }
    });
    assert_eq!(server.raw::<usize>(&["DBSIZE"]), 16 * 20);
    server.wait_for_clients(8);
}

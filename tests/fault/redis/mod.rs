//! A Redis that is down, slow, full, read-only, loading, guarded or mad.

mod gone;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use dcache::{Cache, Redis};
use dcache_tests::redis::{Server, free_port, wait_until};
use dcache_tests::run;

/// A tier may add its time budget to a call, 100 ms for Redis; the rest is for a busy machine.
const BEFORE_OPEN: Duration = Duration::from_millis(100 + 300);
/// Calls of a tier that is skipped cost next to nothing: most of them, on a busy machine too …
const TYPICALLY: Duration = Duration::from_millis(1);
/// … and nearly all of them not much more.
const NEARLY_ALWAYS: Duration = Duration::from_millis(100);
/// A server that is back is used again within this time.
const RECOVERY: Duration = Duration::from_secs(6);

#[derive(Clone, Copy, Debug)]
enum Caller {
    Sync,
    Async,
}

/// Calls a function of one Redis tier, again and again with new keys.
struct Calls {
    cache: Cache<u32, String>,
    caller: Caller,
    runtime: tokio::runtime::Runtime,
    next: u32,
}

impl Calls {
    fn new(url: &str, caller: Caller) -> Self {
        let redis = Redis::connect(url).unwrap();
        let cache =
            Cache::builder("fault").no_memory().tier(redis).ttl(Duration::from_secs(60)).build().unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        Self { cache, caller, runtime, next: 0 }
    }

    /// Calls once; returns how long it took. The result is the bare function's.
    fn call(&mut self) -> Duration {
        self.next += 1;
        let key = self.next;
        let start = Instant::now();
        let value = match self.caller {
            Caller::Sync => self.cache.blocking().get_or_insert_with(&key, || key.to_string()),
            Caller::Async => {
                self.runtime.block_on(self.cache.get_or_insert_with(&key, || async { key.to_string() }))
            }
        };
        let took = start.elapsed();
        assert_eq!(value, key.to_string());
        took
    }

    fn is_open(&self) -> bool {
        self.cache.stats().tiers[0].open
    }

    fn hits(&self) -> u64 {
        self.cache.stats().tiers[0].hits
    }

    /// Asserts that calls go on while the fault lasts, and prints what it costs them.
    fn survive(&mut self, fault: &str) {
        let before: Vec<_> = (0..5).map(|_| self.call()).collect();
        let mut after: Vec<_> = (0..200).map(|_| self.call()).collect();
        after.sort();
        let (worst, typical, p99) = (before.iter().max().unwrap(), after[100], after[197]);
        println!(
            "{fault}, {:?}: worst of the first five calls {worst:.1?}; then median {typical:.1?}, p99 {p99:.1?}; open: {}",
            self.caller,
            self.is_open()
        );
        assert!(*worst < BEFORE_OPEN, "{fault}: a call took {worst:?}");
        // a server that answers reads and fails at writes is not skipped
        assert!(typical < TYPICALLY || !self.is_open(), "{fault}: later calls typically took {typical:?}");
        assert!(p99 < NEARLY_ALWAYS, "{fault}: later calls took {p99:?}");
        assert!(self.cache.stats().errors > 0, "{fault} is not counted");
    }

    /// Asserts that the server is in use again soon.
    fn recover(&mut self, fault: &str) {
        let took = wait_until(RECOVERY, fault, || {
            let hits = self.hits();
            self.call();
            self.next -= 1;
            self.call();
            self.hits() > hits
        });
        println!("{fault}, {:?}: back in use after {took:.1?}", self.caller);
        assert!(!self.is_open());
    }
}

fn for_both(test: impl Fn(Caller)) {
    [Caller::Sync, Caller::Async].into_iter().for_each(test);
}

#[test]
fn killed_and_started_again() {
    for_both(|caller| {
        let mut server = Server::start();
        let mut calls = Calls::new(&server.url(), caller);
        calls.recover("a healthy server");
        server.kill();
        calls.survive("killed");
        assert!(calls.is_open());
        server.restart();
        calls.recover("killed");
    });
}

#[test]
fn frozen_and_thawed() {
    for_both(|caller| {
        let server = Server::start();
        let mut calls = Calls::new(&server.url(), caller);
        calls.recover("a healthy server");
        server.freeze();
        calls.survive("frozen");
        assert!(calls.is_open());
        server.thaw();
        calls.recover("frozen");
    });
}

#[test]
fn frozen_before_the_first_connection() {
    for_both(|caller| {
        let server = Server::start();
        server.freeze();
        let mut calls = Calls::new(&server.url(), caller);
        calls.survive("frozen from the start");
        server.thaw();
        calls.recover("frozen from the start");
    });
}

#[test]
fn refusing() {
    for_both(|caller| Calls::new(&format!("redis://127.0.0.1:{}", free_port()), caller).survive("refusing"));
}

#[test]
fn speaking_garbage() {
    for_both(|caller| {
        for garbage in
            ["HTTP/1.1 400 Bad Request\r\n\r\n", "$-7\r\n*x\r\n", "\0\0\0\0", "+OK\r\n+OK\r\n+OK\r\n+OK\r\n"]
        {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let url = format!("redis://{}", listener.local_addr().unwrap());
            std::thread::spawn(move || {
                for stream in listener.incoming() {
                    let Ok(mut stream) = stream else { return };
                    std::thread::spawn(move || {
                        let mut request = [0; 4096];
                        while stream.read(&mut request).is_ok_and(|read| read > 0) {
                            if stream.write_all(garbage.as_bytes()).is_err() {
                                break;
                            }
                        }
                    });
                }
            });
            Calls::new(&url, caller).survive(&format!("speaking garbage ({garbage:?})"));
        }
    });
}

#[test]
fn closing_every_connection() {
    for_both(|caller| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("redis://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || listener.incoming().for_each(drop));
        Calls::new(&url, caller).survive("closing every connection");
    });
}

#[test]
fn full() {
    for_both(|caller| {
        let server = Server::start();
        let mut calls = Calls::new(&server.url(), caller);
        calls.recover("a healthy server");
        let _: () = server.command(&["CONFIG", "SET", "maxmemory", "1"]);
        calls.survive("full");
        let _: () = server.command(&["CONFIG", "SET", "maxmemory", "0"]);
        calls.recover("full");
    });
}

#[test]
fn read_only() {
    for_both(|caller| {
        let server = Server::start();
        let mut calls = Calls::new(&server.url(), caller);
        calls.recover("a healthy server");
        let nobody = free_port().to_string();
        let _: () = server.command(&["REPLICAOF", "127.0.0.1", &nobody]);
        calls.survive("read-only");
        let _: () = server.command(&["REPLICAOF", "NO", "ONE"]);
        calls.recover("read-only");
    });
}

#[test]
fn wanting_a_password() {
    for_both(|caller| {
        let server = Server::start_with(&["--requirepass", "open sesame"]);
        Calls::new(&server.url(), caller).survive("wanting a password");
        let wrong = format!("redis://:friend@127.0.0.1:{}", server.port());
        Calls::new(&wrong, caller).survive("refusing the password");
        let right = format!("redis://:open%20sesame@127.0.0.1:{}", server.port());
        Calls::new(&right, caller).recover("with the password");
    });
}

#[test]
fn loading() {
    for_both(|caller| {
        let mut server = Server::start_with(&[
            "--key-load-delay",
            "20000",
            "--loading-process-events-interval-bytes",
            "1024",
        ]);
        let _: () = server.command(&["DEBUG", "POPULATE", "150", "ballast", "1000"]);
        let _: () = server.command(&["SAVE"]);
        server.restart_without_waiting();
        let mut calls = Calls::new(&server.url(), caller);
        calls.survive("loading");
        server.wait_until_ready();
        calls.recover("loading");
    });
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

//! Servers that fail and refuse, and servers that send back what they were sent.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use dcache::dcache;
use dcache_tests::redis::{Server, free_port};
use dcache_tests::run;

use crate::canary::{secret, word};
use crate::ears;

/// A server that says yes to so many requests, and then answers each with this and what it was sent.
fn quoting(yes: usize, prefix: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let serve = move |mut stream: TcpStream| {
        let (mut sent, mut yes) = ([0; 4096], yes);
        while let Ok(length @ 1..) = stream.read(&mut sent) {
            let quoted: Vec<_> =
                sent[..length].iter().map(|byte| if *byte < 32 { b' ' } else { *byte }).collect();
            let answer = match yes {
                0 if prefix == "echo" => sent[..length].to_vec(),
                0 if prefix == "$" => {
                    [format!("${}\r\n", quoted.len()).as_bytes(), &quoted, b"\r\n"].concat()
                }
                0 => [prefix.as_bytes(), &quoted, b"\r\n"].concat(),
                _ => b"+OK\r\n".to_vec(),
            };
            yes = yes.saturating_sub(1);
            if stream.write_all(&answer).is_err() {
                return;
            }
        }
    };
    thread::spawn(move || {
        listener.incoming().flatten().for_each(|stream| _ = thread::spawn(move || serve(stream)))
    });
    address
}

/// Calls a function of a tier at this URL in every way, again and again, with a key that shows its argument.
macro_rules! call_all {
    ($name:literal, $there:literal, $url:expr) => {{
        static URL: std::sync::OnceLock<String> = std::sync::OnceLock::new();
        URL.set($url).unwrap();
        // its functions are listed in the tests of other servers too
        fn url() -> String {
            URL.get_or_init(|| "redis://127.0.0.1:1".to_owned()).clone()
        }

        #[dcache(name = $name, key = "of:{word}", ttl = "1h", backend = redis(url = url(), timeout = "50ms"))]
        fn sync(word: &str) -> String {
            secret(word)
        }

        #[dcache(name = $there, key = "of:{word}", ttl = "1h", backend = redis(url = url()))]
        async fn awaited(word: &str) -> Result<String, String> {
            Ok(secret(word))
        }
        let word = secret("argument");
        for _ in 0..7 {
            assert_eq!(sync(&word), secret(&word));
            assert_eq!(run(awaited(&word)), Ok(secret(&word)));
            ears::outcome(sync::invalidate(&word));
            ears::outcome(sync::put(&word, secret("value")));
            ears::outcome(run(awaited::put(&word, secret("value"))));
            ears::outcome(run(awaited::clear()));
            ears::outcome(sync::clear());
            ears::debug(&sync::entry(&word));
        }
        ears::debug(&sync::stats());
    }};
}

/// Calls a function of each of these servers; the login is in the URL.
macro_rules! call_each {
    ($($name:literal, $there:literal: $server:expr, hears $words:literal;)+) => {
        $({
            let server = $server;
            let (user, password) = (word("user"), word("password"));
            call_all!($name, $there, format!("redis://{user}:{password}@{server}"));
            ears::assert_heard($words);
        })+
    };
}

#[test]
fn servers_that_are_not_there_or_say_nothing() {
    ears::open();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let closing = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = |listener: &TcpListener| listener.local_addr().unwrap().to_string();
    let closes = at(&closing);
    thread::spawn(move || closing.incoming().for_each(drop));
    call_each! {
        "refused", "refused, async": format!("127.0.0.1:{}", free_port()), hears "Connection refused";
        "silent", "silent, async": at(&silent), hears "timed out";
        "closing", "closing, async": closes, hears "write `rediss://`";
    }
    ears::program();
    ears::assert_no_secret();
}

#[test]
fn servers_that_quote_the_login() {
    ears::open();
    call_each! {
        "unknown", "unknown, async": quoting(0, "-ERR unknown command with args beginning with "), hears "denied";
        "wrong", "wrong, async": quoting(0, "-WRONGPASS no such user "), hears "refuses the user or the password";
        "denied", "denied, async": quoting(0, "-NOPERM no rights for "), hears "denied";
        "other", "other, async": quoting(0, "-FOO "), hears "denied";
        "yes", "yes, async": quoting(0, "+"), hears "refuses the user or the password";
        "echo", "echo, async": quoting(0, "echo"), hears "unavailable";
    }
    ears::program();
    ears::assert_no_secret();
}

#[test]
fn servers_that_quote_keys_and_values() {
    ears::open();
    call_each! {
        "error after the login", "error after the login, async": quoting(1, "-ERR cannot do "), hears "ERR";
        "no code after the login", "no code after the login, async": quoting(1, "-"), hears "failed";
        "no right after the login", "no right after the login, async": quoting(1, "-NOPERM no rights for "), hears "needs GET";
        "moved", "moved, async": quoting(1, "-MOVED 17 "), hears "node of a cluster";
        "loading", "loading, async": quoting(1, "-LOADING "), hears "still loading";
        "out of memory", "out of memory, async": quoting(1, "-OOM "), hears "maxmemory";
        "no such database", "no such database, async": quoting(1, "-ERR DB index out of range "), hears "no such database";
        "a code of its own", "a code of its own, async": quoting(1, "-FOO "), hears "FOO";
        "a word", "a word, async": quoting(1, "+"), hears "no answer of a Redis server";
        "a number", "a number, async": quoting(1, ":"), hears "no answer of a Redis server";
        "a value", "a value, async": quoting(1, "$"), hears "bad entry";
        "echo after the login", "echo after the login, async": quoting(1, "echo"), hears "no answer of a Redis server";
        "garbage", "garbage, async": quoting(1, "\u{1}"), hears "no answer of a Redis server";
    }
    ears::program();
    ears::assert_no_secret();
}

#[test]
fn a_real_server_that_lets_nobody_in() {
    ears::open();
    let (user, password) = (word("user"), word("password"));
    let guarded = Server::start_with(&["--requirepass", "another"]);
    let allowing = Server::start();
    let _: () =
        allowing.command(&["ACL", "SETUSER", &user, "on", &format!(">{password}"), "~other:*", "+@all"]);
    let mute = Server::start();
    let _: () =
        mute.command(&["ACL", "SETUSER", &user, "on", &format!(">{password}"), "~*", "-@all", "+ping"]);
    let full = Server::start_with(&["--maxmemory", "1"]);
    let _: () = full.command(&["ACL", "SETUSER", &user, "on", &format!(">{password}"), "~*", "+@all"]);
    let at = |server: &Server| format!("127.0.0.1:{}", server.port());
    call_each! {
        "wrong password", "wrong password, async": at(&guarded), hears "refuses the user or the password";
        "no key", "no key, async": at(&allowing), hears "needs GET";
        "no command", "no command, async": at(&mute), hears "needs GET";
        "full", "full, async": at(&full), hears "maxmemory";
        "no database", "no database, async": format!("{}/77", at(&full)), hears "no such database";
        "another protocol", "another protocol, async": format!("{}?protocol=3", at(&guarded)), hears "denied";
    }
    ears::program();
    ears::assert_no_secret();
}

#[test]
fn tls_that_fails() {
    ears::open();
    let plain = Server::start();
    let urls = [
        format!("rediss://{}:{}@127.0.0.1:{}", word("user"), word("password"), plain.port()),
        format!("rediss://:{}@{}", word("password"), quoting(0, "echo")),
        format!("rediss://:{}@{}", word("password"), quoting(0, "-ERR ")),
        format!("rediss://:{}@127.0.0.1:{}", word("password"), free_port()),
    ];
    let [silent, echo, quoting, refused] = urls;
    call_all!("tls to a plain server", "tls to a plain server, async", silent);
    call_all!("tls to an echo", "tls to an echo, async", echo);
    call_all!("tls to one that quotes", "tls to one that quotes, async", quoting);
    call_all!("tls to nobody", "tls to nobody, async", refused);
    ears::assert_heard("speaks no TLS");
    ears::program();
    ears::assert_no_secret();
}

//! What an error of the client or the server means.

use std::borrow::Cow;
use std::error::Error as _;
use std::io;
use std::sync::Arc;

use redis::{ErrorKind as ClientKind, RedisError};

#[cfg(feature = "redis-tls")]
use crate::tls;
use crate::{Error, ErrorKind, Operation};

/// The tier's name.
pub(super) const TIER: &str = "redis";

/// Why a command brought no answer that can be used.
pub(super) enum Failure {
    /// There is no connection.
    Connect(RedisError),
    /// The server refused the command, or the connection broke under it.
    Command(RedisError),
    /// The server closed a new connection without a word.
    Closed(RedisError),
    /// The server's answer is none that the command can have.
    Answer,
    /// The entry is larger than the caller wants it.
    TooLarge,
    /// The I/O thread is not there.
    Thread(Error),
}

impl Failure {
    /// Says that the time is over.
    pub(super) fn timeout() -> RedisError {
        io::Error::from(io::ErrorKind::TimedOut).into()
    }

    /// Says whether the server refused the command: that is an answer, and the connection works.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self, Self::Command(cause) if cause.code().is_some())
    }

    /// Makes the error that a caller gets, about the server at this address.
    ///
    /// The cause is kept for faults of I/O alone: what a server says may quote the key or the password.
    pub(super) fn into_error(self, operation: Operation, address: &str) -> Error {
        let (operation, kind, text, cause) = match self {
            Self::Connect(cause) => {
                let why = if is_closed(&cause) { why_closed(address) } else { "" };
                (Operation::Connect, kind(&cause), text(&cause, Quotes::Login) + why, Some(cause))
            }
            // the command may have been carried out
            Self::Closed(cause) => {
                let text = text(&cause, Quotes::Key) + why_closed(address);
                (operation, kind(&cause), text, Some(cause))
            }
            Self::Command(cause) if operation == Operation::Set => {
                (operation, kind(&cause), text(&cause, Quotes::Value), Some(cause))
            }
            Self::Command(cause) => (operation, kind(&cause), text(&cause, Quotes::Key), Some(cause)),
            Self::Answer => (operation, ErrorKind::Protocol, NOT_REDIS.to_owned(), None),
            Self::TooLarge => (operation, ErrorKind::TooLarge, String::new(), None),
            Self::Thread(error) => return error.with_tier(TIER),
        };
        let separator = if text.is_empty() { "" } else { ": " };
        let error =
            Error::new(kind, operation).with_tier(TIER).with_context(format!("{address}{separator}{text}"));
        match cause.filter(RedisError::is_io_error) {
            Some(cause) => error.with_source(cause),
            None => error,
        }
    }
}

fn is_closed(cause: &RedisError) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    let kind = io_error(cause).map(io::Error::kind);
    matches!(kind, Some(BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof))
}

/// Says why a server may close a connection before its first answer.
fn why_closed(address: &str) -> &'static str {
    match address.split_once("://") {
        Some(("redis", _)) => "; if the server speaks TLS at this port, write `rediss://`",
        Some(("rediss", _)) => "; if the server asks for a certificate, give it one by `Redis::connect_with`",
        _ => "",
    }
}

const NOT_REDIS: &str = "this is no answer of a Redis server; are host and port right?";

fn kind(cause: &RedisError) -> ErrorKind {
    if let Some((kind, _)) = io_error(cause).and_then(advice) {
        return kind;
    }
    match cause.kind() {
        ClientKind::Io => match io_error(cause).map(io::Error::kind) {
            Some(io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock) => ErrorKind::Timeout,
            Some(io::ErrorKind::PermissionDenied) => ErrorKind::Denied,
            Some(io::ErrorKind::InvalidData) => ErrorKind::Protocol,
            _ => ErrorKind::Unavailable,
        },
        ClientKind::AuthenticationFailed => ErrorKind::Denied,
        ClientKind::Parse | ClientKind::UnexpectedReturnType => ErrorKind::Protocol,
        ClientKind::InvalidClientConfig | ClientKind::RESP3NotSupported => ErrorKind::Config,
        _ => {
            cause.code().map_or(ErrorKind::Other, |code| refusal(code, cause.detail().unwrap_or_default()).0)
        }
    }
}

/// What a server was sent, and might quote.
#[derive(PartialEq)]
enum Quotes {
    Login,
    Key,
    Value,
}

/// Says what happened, in words that can hold neither key nor value nor password.
fn text(cause: &RedisError, quotes: Quotes) -> String {
    match cause.kind() {
        ClientKind::Io => match (io_error(cause).and_then(advice), kind(cause)) {
            (Some((_, advice)), _) => advice.into_owned(),
            // the system's words would be "Resource temporarily unavailable"
            (None, ErrorKind::Timeout) => {
                let own = io_error(cause).and_then(io::Error::get_ref);
                own.map(ToString::to_string).unwrap_or_default()
            }
            (None, ErrorKind::Protocol) => NOT_REDIS.to_owned(),
            (None, _) => cause.to_string(), // the operating system's words
        },
        ClientKind::AuthenticationFailed => "the server refuses the user or the password".to_owned(),
        ClientKind::Parse | ClientKind::UnexpectedReturnType => NOT_REDIS.to_owned(),
        ClientKind::RESP3NotSupported => "the server knows no RESP3; leave `protocol` out".to_owned(),
        _ => match (cause.code(), cause.detail().unwrap_or_default()) {
            (Some(code), detail) => match refusal(code, detail).1 {
                "" if !is_code(code) => String::new(),
                "" if quotes == Quotes::Key => format!("{code} {}", unquoted(detail)).trim().to_owned(),
                "" => code.to_owned(),
                advice => format!("{code}: {advice}"),
            },
            (None, _) => cause.category().to_owned(),
        },
    }
}

/// Says what a server's refusal means; without advice its own words must do.
fn refusal(code: &str, detail: &str) -> (ErrorKind, &'static str) {
    match code {
        "LOADING" => (ErrorKind::Unavailable, "the server is still loading its data"),
        "BUSY" => (ErrorKind::Unavailable, "the server is busy with a script"),
        "MASTERDOWN" | "CLUSTERDOWN" | "TRYAGAIN" => (ErrorKind::Unavailable, ""),
        "NOAUTH" => (ErrorKind::Denied, "the server asks for a password; put it into the URL"),
        "WRONGPASS" => (ErrorKind::Denied, "wrong user or password"),
        "NOPERM" => (ErrorKind::Denied, "the user needs GET, GETRANGE, SET, DEL and SCAN, on these keys"),
        "OOM" => (ErrorKind::Full, "`maxmemory` is used up; an eviction policy such as `allkeys-lru` helps"),
        "READONLY" => (ErrorKind::ReadOnly, "this is a replica; name the primary"),
        "MISCONF" => (ErrorKind::ReadOnly, "the server takes no writes since it cannot save its data"),
        "NOREPLICAS" => (ErrorKind::ReadOnly, "the server takes no writes since it has too few replicas"),
        "MOVED" | "ASK" | "CROSSSLOT" => {
            (ErrorKind::Config, "this is a node of a cluster; name a proxy of it")
        }
        // by their words, as their code is `ERR`, or `NOAUTH` and `NOPERM` before there were such
        _ if detail.contains("max number of clients") => (ErrorKind::Unavailable, "it has too many clients"),
        _ if detail.contains("uthentication required") => refusal("NOAUTH", ""),
        _ if detail.contains("no permissions") => refusal("NOPERM", ""),
        _ if detail.contains("DB index") => (ErrorKind::Config, "the server has no such database"),
        _ => (ErrorKind::Other, ""),
    }
}

fn is_code(word: &str) -> bool {
    (1..=16).contains(&word.len()) && word.bytes().all(|letter| letter.is_ascii_uppercase())
}

/// Cuts a server's words off where they may begin to quote: `unknown command 'GET', with args beginning with: …`.
/// A key has a colon before all that an argument can be in, and a request has a digit before any key.
fn unquoted(words: &str) -> &str {
    let is_plain = |letter: char| letter.is_ascii_alphabetic() || " ,.-".contains(letter);
    let end = words.find(|letter| !is_plain(letter)).unwrap_or(words.len());
    words[..end].trim_end()
}

fn io_error(cause: &RedisError) -> Option<&io::Error> {
    let cause = cause.source()?.downcast_ref::<Arc<dyn std::error::Error + Send + Sync>>()?;
    cause.downcast_ref()
}

/// Says what a fault of TLS is and what to do about it; `None` for other faults.
fn advice(cause: &io::Error) -> Option<(ErrorKind, Cow<'static, str>)> {
    #[cfg(feature = "redis-tls")]
    return tls::advice(cause, tls::Terms { setting: "`Redis::connect_with`", plain: "redis://" });
    #[cfg(not(feature = "redis-tls"))]
    {
        let _ = cause;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(answer: &str) -> Error {
        let value = redis::parse_redis_value(format!("-{answer}\r\n").as_bytes()).unwrap();
        Failure::Command(value.extract_error().unwrap_err()).into_error(Operation::Get, "redis://h:1/0")
    }

    #[test]
    fn refusals_are_told_apart() {
        for (answer, kind) in [
            ("LOADING Redis is loading the dataset in memory", ErrorKind::Unavailable),
            ("BUSY Redis is busy running a script.", ErrorKind::Unavailable),
            ("MASTERDOWN Link with MASTER is down", ErrorKind::Unavailable),
            ("CLUSTERDOWN The cluster is down", ErrorKind::Unavailable),
            ("ERR max number of clients reached", ErrorKind::Unavailable),
            ("NOAUTH Authentication required.", ErrorKind::Denied),
            ("WRONGPASS invalid username-password pair or user is disabled.", ErrorKind::Denied),
            ("NOPERM this user has no permissions to run the 'get' command", ErrorKind::Denied),
            ("OOM command not allowed when used memory > 'maxmemory'.", ErrorKind::Full),
            ("READONLY You can't write against a read only replica.", ErrorKind::ReadOnly),
            ("MISCONF Redis is configured to save RDB snapshots, but", ErrorKind::ReadOnly),
            ("NOREPLICAS Not enough good replicas to write.", ErrorKind::ReadOnly),
            ("MOVED 3999 127.0.0.1:6381", ErrorKind::Config),
            ("ERR something new", ErrorKind::Other),
        ] {
            assert_eq!(refused(answer).kind(), kind, "{answer}");
        }
        assert_eq!(
            refused("ERR something new").to_string(),
            "tier `redis`: get: failed: redis://h:1/0: ERR something new"
        );
    }

    #[test]
    fn a_new_connection_that_is_closed_without_a_word_may_be_one_of_tls() {
        let closed = |address| {
            let cause = io::Error::from(io::ErrorKind::ConnectionReset).into();
            Failure::Closed(cause).into_error(Operation::Get, address).to_string()
        };
        assert!(closed("redis://h:1/0").ends_with("write `rediss://`"));
        assert!(closed("rediss://h:1/0").ends_with("by `Redis::connect_with`"));
        assert!(closed("unix:///r").ends_with("connection reset"));
    }

    #[test]
    fn what_a_server_quotes_is_not_passed_on() {
        for answer in [
            "ERR unknown command 'AUTH', with args beginning with: 'hunter2' ",
            "ERR unknown command `AUTH`, with args beginning with: `hunter2`, ",
            "NOPERM No permissions to access a key 'hunter2'",
            "FOO'hunter2' is odd",
            "hunter2 is odd",
            "ERR cannot do *2 $3 DEL $3 hunter2",
            "ERR nothing at shop:user:hunter2",
        ] {
            let error = refused(answer);
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
        let value = redis::parse_redis_value(b"-ERR cannot take hunter\r\n").unwrap();
        let cause = || value.clone().extract_error().unwrap_err();
        for failure in [Failure::Connect(cause()), Failure::Command(cause())] {
            let error = failure.into_error(Operation::Set, "redis://h:1/0");
            assert!(error.to_string().ends_with("redis://h:1/0: ERR"), "{error}");
        }
    }

    #[test]
    fn faults_of_the_network_keep_their_cause() {
        for (cause, kind) in [
            (io::ErrorKind::ConnectionRefused, ErrorKind::Unavailable),
            (io::ErrorKind::ConnectionReset, ErrorKind::Unavailable),
            (io::ErrorKind::UnexpectedEof, ErrorKind::Unavailable),
            (io::ErrorKind::NotFound, ErrorKind::Unavailable),
            (io::ErrorKind::WouldBlock, ErrorKind::Timeout),
            (io::ErrorKind::TimedOut, ErrorKind::Timeout),
            (io::ErrorKind::PermissionDenied, ErrorKind::Denied),
        ] {
            let error = Failure::Connect(io::Error::from(cause).into()).into_error(Operation::Get, "a");
            assert_eq!((error.kind(), error.operation()), (kind, Operation::Connect));
            assert!(error.source().is_some());
        }
    }
}

//! What is sent, and what it may be answered with.

use std::time::Duration;

use redis::{RedisResult, Value};

use super::fault::Failure;
use crate::{Bytes, Key};

/// A command, and how to read the answers that it can have.
pub(super) struct Request<T> {
    /// What is sent.
    pub(super) command: Vec<u8>,
    /// How many bytes of data the answer may have, beside its frame.
    pub(super) limit: u64,
    /// Reads an answer; `None` for one that the command cannot have.
    pub(super) read: fn(Value) -> Option<T>,
    /// Reads a refusal by its code, where that is as good as an answer.
    pub(super) read_refusal: fn(&str) -> Option<T>,
}

impl<T> Request<T> {
    /// Makes of what was received what the caller gets.
    pub(super) fn read(&self, received: RedisResult<Value>) -> Result<T, Failure> {
        match received.and_then(Value::extract_error) {
            Ok(answer) => (self.read)(answer).ok_or(Failure::Answer),
            Err(cause) => cause.code().and_then(self.read_refusal).ok_or(Failure::Command(cause)),
        }
    }
}

/// Writes a command down as a server reads it.
pub(super) fn packed<W: AsRef<[u8]>>(words: &[W]) -> Vec<u8> {
    let length: usize = words.iter().map(|word| LINE + word.as_ref().len() + 2).sum();
    let mut command = Vec::with_capacity(LINE + length);
    command.extend_from_slice(Line::of(b'*', words.len() as u64).as_ref());
    for word in words.iter().map(AsRef::as_ref) {
        command.extend_from_slice(Line::of(b'$', word.len() as u64).as_ref());
        command.extend_from_slice(word);
        command.extend_from_slice(b"\r\n");
    }
    command
}

/// The length of the longest line: a tag, twenty digits and the end.
const LINE: usize = 23;

/// A number as it stands in a command, without a string for it.
struct Line {
    bytes: [u8; LINE],
    start: usize,
}

impl Line {
    fn of(tag: u8, mut number: u64) -> Self {
        let (mut bytes, mut start) = ([b'\n'; LINE], LINE - 2);
        bytes[start] = b'\r';
        loop {
            start -= 1;
            bytes[start] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        start -= 1;
        bytes[start] = tag;
        Self { bytes, start }
    }

    /// Returns the digits alone.
    fn digits(&self) -> &[u8] {
        &self.bytes[self.start + 1..LINE - 2]
    }
}

impl AsRef<[u8]> for Line {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

/// The longest string that a server has.
const LONGEST: u64 = 512 << 20;

/// Reads an entry.
pub(super) fn get(key: &Key) -> Request<Option<Bytes>> {
    let command = packed(&["GET", key.as_str()]);
    Request { command, limit: LONGEST, read: entry, read_refusal: foreign }
}

/// Reads an entry as far as one byte beyond the limit, by which [`within`] tells a larger one.
///
/// So an oversized value crosses neither the network nor our memory, in one trip. To a missing key the server
/// gives the empty string: an entry is never empty.
pub(super) fn get_within(key: &Key, limit: usize) -> Request<Option<Bytes>> {
    let last = (limit as u64).min(i64::MAX as u64); // counted from 0, and included
    let command = packed(&[b"GETRANGE", key.as_str().as_bytes(), b"0", Line::of(b'$', last).digits()]);
    let limit = LONGEST.min((limit as u64).saturating_add(1));
    let read = |answer| entry(answer).map(|entry| entry.filter(|entry| !entry.is_empty()));
    Request { command, limit, read, read_refusal: foreign }
}

/// Writes an entry; the server drops it after its life.
pub(super) fn set(key: &Key, entry: &[u8], life: Option<Duration>) -> Request<()> {
    let words = [b"SET", key.as_str().as_bytes(), entry];
    let command = match life {
        Some(life) => packed(&[&words[..], &[b"PX", Line::of(b'$', milliseconds(life)).digits()]].concat()),
        None => packed(&words),
    };
    let read = |answer| (answer == Value::Okay).then_some(());
    Request { command, limit: 0, read, read_refusal: |_| None }
}

/// Removes an entry. `UNLINK` would gain nothing for a string, and not every server and user has it.
pub(super) fn remove(key: &Key) -> Request<()> {
    let command = packed(&["DEL", key.as_str()]);
    let read = |answer| matches!(answer, Value::Int(_)).then_some(());
    Request { command, limit: 0, read, read_refusal: |_| None }
}

/// Asks whether the server is there.
pub(super) fn ping() -> Request<()> {
    let pong = |answer| matches!(answer, Value::SimpleString(word) if word == "PONG").then_some(());
    Request { command: packed(&["PING"]), limit: 0, read: pong, read_refusal: |_| None }
}

/// Refuses what [`get_within`] found beyond the limit.
pub(super) fn within(limit: usize, entry: Option<Bytes>) -> Result<Option<Bytes>, Failure> {
    if entry.as_ref().is_some_and(|entry| entry.len() > limit) { Err(Failure::TooLarge) } else { Ok(entry) }
}

fn entry(answer: Value) -> Option<Option<Bytes>> {
    match answer {
        Value::BulkString(entry) => Some(Some(entry.into())),
        Value::Nil => Some(None),
        _ => None,
    }
}

/// Tells that another program keeps something else than a string under the key: that is there, and no entry.
///
/// Nobody's entry is empty, so the caller finds it to be none, and removes it like any other.
fn foreign(code: &str) -> Option<Option<Bytes>> {
    (code == "WRONGTYPE").then(|| Some(Bytes::new()))
}

/// Rounds a life to what the server takes: 1 ms to 100 years.
fn milliseconds(life: Duration) -> u64 {
    const LONGEST: u128 = 100 * 365 * 24 * 60 * 60 * 1000;
    life.as_millis().clamp(1, LONGEST) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;

    fn words<T>(request: Request<T>) -> String {
        String::from_utf8(request.command).unwrap().replace("\r\n", " ")
    }

    fn key() -> Key {
        Key::new(&Scope::new("n", "f"), "1")
    }

    #[test]
    fn lives_are_within_what_the_server_takes() {
        let life = |life| words(set(&key(), b"e", life));
        assert!(life(Some(Duration::ZERO)).ends_with("PX $1 1 "));
        assert!(life(Some(Duration::from_nanos(1))).ends_with("PX $1 1 "));
        assert!(life(Some(Duration::MAX)).ends_with("PX $13 3153600000000 "));
        assert!(!life(None).contains("PX"));
    }

    #[test]
    fn the_largest_limit_is_one_that_the_server_can_count() {
        assert!(words(get_within(&key(), usize::MAX)).ends_with(&format!("$19 {} ", i64::MAX)));
    }

    #[test]
    fn an_entry_of_the_limit_fits() {
        let request = get_within(&key(), 10);
        let found = |answer| request.read(Ok(answer)).and_then(|entry| within(10, entry));
        let bytes = |len: usize| Value::BulkString(vec![7; len]);
        assert!(matches!(found(bytes(10)), Ok(Some(entry)) if entry.len() == 10));
        assert!(matches!(found(bytes(11)), Err(Failure::TooLarge)));
        assert!(matches!(found(bytes(0)), Ok(None)));
        assert!(matches!(found(Value::Int(1)), Err(Failure::Answer)));
    }
}

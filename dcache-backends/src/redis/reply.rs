//! What a server answers: its bytes become values.
//!
//! A string, which is what every hit is, goes from the socket into memory of its own with one copy at most: a long one
//! is read to where it stays. All other answers are left to the client's parser, as soon as they are there as a whole.

use std::io;

use redis::{ErrorKind, RedisError, RedisResult, Value, parse_redis_value};

/// What a reply may have beside the data that was asked for: its frame, or the words of a refusal.
pub(super) const FRAME: u64 = 64 << 10;

/// How many bytes are read at once.
const ROOM: usize = 32 << 10;

/// A string of so many bytes is long.
const LONG: usize = 16 << 10;

/// What is asked for is nested two levels deep.
const DEPTH: usize = 16;

/// A length has no more digits than this, with its tag, its sign and the end of its line.
const LENGTH: usize = 24;

/// Takes bytes as they come, and gives the replies in them one by one.
pub(super) struct Replies {
    /// What is between `start` and `end` was read and belongs to no reply yet.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    seen: Seen,
    long: Option<Long>,
}

/// How far a reply that is no string has been looked through.
struct Seen {
    bytes: u64,
    /// So many values are still to come, on each level.
    owed: Vec<u64>,
}

/// A long string, of which so much has been read.
struct Long {
    bytes: Vec<u8>,
    read: usize,
}

impl Replies {
    pub(super) fn new() -> Self {
        Self { buffer: vec![0; ROOM], start: 0, end: 0, seen: Seen::nothing(), long: None }
    }

    /// Returns where the next bytes are to be read to: never nowhere.
    pub(super) fn room(&mut self) -> &mut [u8] {
        if let Some(long) = &mut self.long
            && long.read < long.bytes.len()
        {
            return &mut long.bytes[long.read..];
        }
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            if self.buffer.len() > ROOM {
                self.buffer = vec![0; ROOM];
            }
        } else if self.start > self.buffer.len() / 2 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(2 * self.end, 0);
        }
        &mut self.buffer[self.end..]
    }

    /// Takes so many bytes that were read to the room.
    pub(super) fn take(&mut self, bytes: usize) {
        match &mut self.long {
            Some(long) if long.read < long.bytes.len() => long.read += bytes,
            _ => self.end += bytes,
        }
    }

    /// Returns the next reply, once it is there as a whole; one with more than so many bytes of data is refused before
    /// they are read.
    pub(super) fn next(&mut self, limit: u64) -> RedisResult<Option<Value>> {
        loop {
            let reply = match (&self.long, self.buffer[self.start..self.end].first()) {
                (Some(_), _) => self.long_string(),
                (None, None) => return Ok(None),
                (None, Some(b'$')) => self.string(limit),
                (None, Some(_)) => self.other(limit.saturating_add(FRAME)),
            };
            match reply {
                Ok(Some(Value::Push { .. })) => {} // nobody has asked for it
                reply => return reply,
            }
        }
    }

    fn string(&mut self, limit: u64) -> RedisResult<Option<Value>> {
        let unread = &self.buffer[self.start..self.end];
        let Some(head) = line(&unread[..unread.len().min(LENGTH)])? else {
            return if unread.len() < LENGTH { Ok(None) } else { Err(nonsense()) };
        };
        let Some(length) = length(&unread[1..head - 2])? else {
            self.start += head;
            return Ok(Some(Value::Nil));
        };
        if length > limit {
            return Err(too_much().into());
        }
        let length = usize::try_from(length).map_err(|_| too_much())?;
        let data = &unread[head..];
        if let Some((string, rest)) = data.split_at_checked(length)
            && let Some((end, _)) = rest.split_at_checked(2)
        {
            if end != b"\r\n" {
                return Err(nonsense());
            }
            let string = string.to_vec();
            self.start += head + length + 2;
            return Ok(Some(Value::BulkString(string)));
        }
        if length < LONG {
            return Ok(None);
        }
        let mut bytes = vec![0; length];
        let read = data.len().min(length);
        bytes[..read].copy_from_slice(&data[..read]);
        self.start += head + read;
        self.long = Some(Long { bytes, read });
        self.long_string()
    }

    fn long_string(&mut self) -> RedisResult<Option<Value>> {
        let is_read = self.long.as_ref().is_some_and(|long| long.read == long.bytes.len());
        match &self.buffer[self.start..self.end] {
            [b'\r', b'\n', ..] if is_read => {
                self.start += 2;
                Ok(self.long.take().map(|long| Value::BulkString(long.bytes)))
            }
            [] | [b'\r'] => Ok(None),
            _ => Err(nonsense()),
        }
    }

    /// Has the client parse a reply of at most so many bytes.
    fn other(&mut self, most: u64) -> RedisResult<Option<Value>> {
        let unread = &self.buffer[self.start..self.end];
        let is_whole = self.seen.look(unread, most)?;
        if !is_whole {
            return Ok(None);
        }
        let reply = &unread[..self.seen.bytes as usize];
        let value = parse_redis_value(reply)?;
        self.start += reply.len();
        self.seen = Seen::nothing();
        Ok(Some(value))
    }
}

impl Seen {
    fn nothing() -> Self {
        Self { bytes: 0, owed: vec![1] }
    }

    /// Looks on through a reply of at most so many bytes, and says whether all of it is there.
    fn look(&mut self, unread: &[u8], most: u64) -> RedisResult<bool> {
        loop {
            if self.bytes > most {
                return Err(too_much().into());
            }
            let Some(rest) = usize::try_from(self.bytes).ok().and_then(|seen| unread.get(seen..)) else {
                return Ok(false);
            };
            self.owed.truncate(self.owed.iter().rposition(|owed| *owed > 0).map_or(0, |last| last + 1));
            let Some(owed) = self.owed.last_mut() else { return Ok(true) };
            let Some(kind) = rest.first() else { return Ok(false) };
            if !b"+-:_,#($!=*~>%|".contains(kind) {
                return Err(nonsense());
            }
            let Some(head) = line(rest)? else {
                return if self.bytes + rest.len() as u64 > most {
                    Err(too_much().into())
                } else {
                    Ok(false)
                };
            };
            *owed -= 1;
            self.bytes = self.bytes.saturating_add(head as u64);
            let length = || length(&rest[1..head - 2]);
            let values = match kind {
                b'$' | b'!' | b'=' => {
                    let data = length()?.map_or(0, |length| length.saturating_add(2));
                    self.bytes = self.bytes.saturating_add(data);
                    0
                }
                b'*' | b'~' | b'>' => length()?.unwrap_or(0),
                b'%' => length()?.unwrap_or(0).saturating_mul(2),
                b'|' => length()?.unwrap_or(0).saturating_mul(2).saturating_add(1),
                _ => 0,
            };
            self.owed.push(values);
            if self.owed.len() > DEPTH {
                return Err(nonsense());
            }
        }
    }
}

/// Returns where the first line ends, behind its `\r\n`.
fn line(bytes: &[u8]) -> RedisResult<Option<usize>> {
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(end) if end >= 2 && bytes[end - 1] == b'\r' => Ok(Some(end + 1)),
        Some(_) => Err(nonsense()),
        None => Ok(None),
    }
}

/// Reads a length: none where it is below zero, by which a server says that there is nothing.
fn length(digits: &[u8]) -> RedisResult<Option<u64>> {
    let number = str::from_utf8(digits).ok().and_then(|digits| digits.parse::<i64>().ok());
    Ok(u64::try_from(number.ok_or_else(nonsense)?).ok())
}

/// The error of a server that sends more than it was asked for.
pub(super) fn too_much() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "more than was asked for")
}

/// The error of what does not speak the protocol.
fn nonsense() -> RedisError {
    (ErrorKind::Parse, "no reply").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives these bytes in pieces of so many, and returns the replies in them.
    fn replies(bytes: &[u8], piece: usize, limit: u64) -> RedisResult<Vec<Value>> {
        let (mut replies, mut found) = (Replies::new(), Vec::new());
        for mut piece in bytes.chunks(piece) {
            while !piece.is_empty() {
                let room = replies.room();
                let (now, later) = piece.split_at(piece.len().min(room.len()));
                room[..now.len()].copy_from_slice(now);
                replies.take(now.len());
                piece = later;
                while let Some(reply) = replies.next(limit)? {
                    found.push(reply);
                }
            }
        }
        Ok(found)
    }

    fn string(bytes: &[u8]) -> Value {
        Value::BulkString(bytes.to_vec())
    }

    #[test]
    fn replies_come_in_pieces_of_any_size() {
        let long: Vec<u8> = (0..3 * ROOM).map(|n| n as u8).collect();
        let mut sent = b"$5\r\na\r\nbc\r\n$-1\r\n$0\r\n\r\n+OK\r\n:-7\r\n".to_vec();
        sent.extend(format!("${}\r\n", long.len()).bytes().chain(long.iter().copied()).chain(*b"\r\n"));
        sent.extend(b"*2\r\n$1\r\n0\r\n*2\r\n$3\r\n\r\n1\r\n$1\r\n2\r\n-ERR no\r\n");
        sent.extend(b">2\r\n+message\r\n+x\r\n%1\r\n+a\r\n_\r\n$1\r\nz\r\n");
        for piece in [1, 2, 3, 7, 1000, LONG, usize::MAX] {
            let found = replies(&sent, piece, 1 << 20).unwrap();
            let keys = Value::Array(vec![string(b"\r\n1"), string(b"2")]);
            assert_eq!(
                found[..5],
                [string(b"a\r\nbc"), Value::Nil, string(b""), Value::Okay, Value::Int(-7)]
            );
            assert_eq!(found[5], string(&long));
            assert_eq!(found[6], Value::Array(vec![string(b"0"), keys]));
            assert!(matches!(found[7], Value::ServerError(_)));
            assert_eq!(found[8], Value::Map(vec![(Value::SimpleString("a".to_owned()), Value::Nil)]));
            assert_eq!((&found[9], found.len()), (&string(b"z"), 10));
        }
    }

    #[test]
    fn more_than_was_asked_for_is_refused_before_it_comes() {
        let is_refused = |sent: &[u8], limit| {
            let cause = replies(sent, usize::MAX, limit).unwrap_err();
            cause.is_io_error()
        };
        assert!(is_refused(b"$11\r\n", 10));
        assert!(is_refused(b"$9000000000000000000\r\n", 512 << 20));
        assert!(is_refused(b"*2\r\n$1\r\n0\r\n$70000\r\n", 10));
        assert!(is_refused(&[&b"+"[..], &[b'x'; 70_000]].concat(), 10));
        assert!(replies(b"$10\r\n", usize::MAX, 10).unwrap().is_empty());
    }

    #[test]
    fn what_is_no_reply_is_refused() {
        for sent in [
            &b"HTTP/1.1 400 Bad Request\r\n"[..],
            b"$x\r\n",
            b"$\r\n",
            b"$1\n",
            b"$1111111111111111111111111111111",
            b"$3\r\nabcde",
            b"*1\r\nx\r\n",
            b"\n",
            b":x\r\n",
            &[&b"$20000\r\n"[..], &[b'x'; 20_002]].concat(),
            &b"*1\r\n".repeat(100),
            b"\0",
            b"*1\r\n\0",
        ] {
            for piece in [1, usize::MAX] {
                let cause = replies(sent, piece, 1 << 20).unwrap_err();
                assert_eq!(cause.kind(), ErrorKind::Parse, "{}", sent.escape_ascii());
            }
        }
    }

    #[test]
    fn room_that_a_large_reply_took_is_given_back() {
        let mut all = Replies::new();

        let keys = format!("$100\r\n{}\r\n", "k".repeat(100)).repeat(2000);
        for byte in format!("*2000\r\n{keys}").bytes() {
            all.room()[0] = byte;
            all.take(1);
            drop(all.next(1 << 20).unwrap());
        }
        assert!(all.buffer.len() > ROOM);
        assert_eq!(all.room().len(), ROOM);
    }
}

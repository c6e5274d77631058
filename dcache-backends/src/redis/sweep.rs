//! The commands that clear a scope, slice by slice.

use redis::{Value, from_redis_value};

use super::command::{Request, packed};
use crate::Scope;

/// About how many keys the server looks at in one step, and so how long it is held up: below a millisecond.
const SLICE: usize = 1000;

/// How many bytes of keys a slice may have: a server may well find several thousand at once.
const FOUND: u64 = 64 << 20;

/// Removes the entries of a scope. It says what to send and is told the answer, until nothing is left:
///
/// `while let Some(request) = sweep.request() { sweep.take(send(request)?); }`
pub(super) struct Sweep {
    prefix: String,
    /// Where the next slice begins, `None` after the last.
    cursor: Option<String>,
    /// The keys that the last slice found, to be removed next.
    found: Vec<Vec<u8>>,
    removed: u64,
}

/// What came of one step.
pub(super) enum Swept {
    /// A slice has these keys, and the next begins here.
    Found(String, Vec<Vec<u8>>),
    /// So many entries were removed.
    Removed(u64),
}

impl Sweep {
    /// Begins with the scope's first slice.
    pub(super) fn new(scope: &Scope) -> Self {
        Self { prefix: scope.key_prefix(), cursor: Some(END.to_owned()), found: Vec::new(), removed: 0 }
    }

    /// Returns what to send next, `None` at the end.
    pub(super) fn request(&self) -> Option<Request<Swept>> {
        if !self.found.is_empty() {
            let words: Vec<&[u8]> =
                [&b"DEL"[..]].into_iter().chain(self.found.iter().map(Vec::as_slice)).collect();
            let command = packed(&words);
            return Some(Request { command, limit: 0, read: removed, read_refusal: |_| None });
        }
        let (cursor, pattern, slice) = (self.cursor.as_ref()?, pattern(&self.prefix), SLICE.to_string());
        let command = packed(&["SCAN", cursor, "MATCH", &pattern, "COUNT", &slice]);
        Some(Request { command, limit: FOUND, read: found, read_refusal: |_| None })
    }

    /// Takes the answer to what was sent.
    pub(super) fn take(&mut self, answer: Swept) {
        match answer {
            Swept::Found(cursor, mut keys) => {
                // no server's idea of a pattern shall remove what is not ours
                keys.retain(|key| key.starts_with(self.prefix.as_bytes()));
                self.cursor = Some(cursor).filter(|cursor| cursor != END);
                self.found = keys;
            }
            Swept::Removed(count) => {
                self.removed += count;
                self.found.clear();
            }
        }
    }

    /// Returns how many entries were removed so far.
    pub(super) fn removed(&self) -> u64 {
        self.removed
    }
}

/// The cursor that a scan begins with, and that says that it is complete.
const END: &str = "0";

fn found(answer: Value) -> Option<Swept> {
    from_redis_value(answer).ok().map(|(cursor, keys)| Swept::Found(cursor, keys))
}

fn removed(answer: Value) -> Option<Swept> {
    match answer {
        Value::Int(count) => u64::try_from(count).ok().map(Swept::Removed),
        _ => None,
    }
}

/// Returns the glob pattern of all keys with this prefix.
fn pattern(prefix: &str) -> String {
    let mut pattern = String::with_capacity(prefix.len() + 1);
    for letter in prefix.chars() {
        if matches!(letter, '*' | '?' | '[' | ']' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern + "*"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanned(cursor: &str, keys: &[&str]) -> Value {
        let text = |text: &str| Value::BulkString(text.as_bytes().to_vec());
        Value::Array(vec![text(cursor), Value::Array(keys.iter().map(|key| text(key)).collect())])
    }

    #[test]
    fn patterns_match_nothing_but_the_prefix() {
        assert_eq!(pattern("n:f:"), "n:f:*");
        assert_eq!(pattern(r"a*b?[c]\:"), r"a\*b\?\[c\]\\:*");
    }

    #[test]
    fn a_sweep_ends_with_the_cursor_and_removes_its_own_keys_only() {
        let mut sweep = Sweep::new(&Scope::new("n", "f"));
        let mut sent = Vec::new();
        let mut answers = [
            scanned("7", &["n:f:1", "n:g:1"]),
            Value::Int(1),
            scanned("9", &[]),
            scanned("0", &["n:f:2", "n:f:3"]),
            Value::Int(2),
        ]
        .into_iter();
        while let Some(request) = sweep.request() {
            sent.push(String::from_utf8(request.command.clone()).unwrap().replace("\r\n", " "));
            sweep.take(request.read(Ok(answers.next().unwrap())).ok().unwrap());
        }
        assert_eq!(sweep.removed(), 3);
        assert_eq!(sent.len(), 5);
        assert_eq!(sent[1], "*2 $3 DEL $5 n:f:1 ");
        assert!(sent[2].starts_with("*6 $4 SCAN $1 7 $5 MATCH $5 n:f:* "));
    }
}

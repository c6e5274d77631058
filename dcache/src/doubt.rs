//! Writes that nobody knows the outcome of: they may still arrive, after a change of their key.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use dcache_backends::Key;
use dcache_backends::clock::{self, Tick};

use crate::lost::Target;
use crate::sync::Mutex;

/// How long a write may be on its way. Linux sends a segment again for about 15 minutes (`tcp_retries2`), also when who
/// sent it has closed the connection meanwhile.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// So many are kept in mind at once; a breaker lets few come about.
const KEYS: usize = 10_000;

/// The writes to one tier that are under way, or whose outcome is not known.
///
/// A write that ran out of time may be carried out at any later moment: a segment that was lost is sent again, a disk
/// wakes up. If the key was changed in between, what then arrives is an old value. So an entry of such a key is
/// believed only if it was created after the change.
#[derive(Default)]
pub(crate) struct Doubts {
    /// How many keys there are; where there are none, nobody takes the lock.
    many: AtomicUsize,
    keys: Mutex<HashMap<Key, Doubt>>,
}

#[derive(Default)]
struct Doubt {
    /// So many writes are under way.
    writes: usize,
    /// Until when one may still arrive that nobody waits for any more.
    ends: Option<Tick>,
    /// Entries that were created before this are not valid, in wall-clock milliseconds.
    since: u64,
}

impl Doubts {
    /// Begins a write, whose outcome is not known unless it is [`known`](Write::known).
    pub(crate) fn write<'d>(&'d self, key: &'d Key) -> Write<'d> {
        let mut keys = self.keys.lock();
        match keys.get_mut(key) {
            Some(doubt) => doubt.writes += 1,
            None => drop(keys.insert(key.clone(), Doubt { writes: 1, ..Doubt::default() })),
        }
        self.many.store(keys.len(), SeqCst);
        Write { doubts: self, key, is_known: false }
    }

    /// Notes a change: what was created before `since` is not valid any more.
    pub(crate) fn change(&self, target: Target<'_>, since: u64) {
        if self.many.load(SeqCst) == 0 {
            return;
        }
        let mut keys = self.keys.lock();
        match target {
            Target::Key(key) => keys.get_mut(key).into_iter().for_each(|doubt| doubt.since = since),
            Target::Scope(scope) => {
                let changed = keys.iter_mut().filter(|(key, _)| key.scope() == scope);
                changed.for_each(|(_, doubt)| doubt.since = since);
            }
        }
    }

    /// Tells whether an entry that was created then may be an old one which has arrived late.
    pub(crate) fn are_of(&self, key: &Key, created: u64) -> bool {
        if self.many.load(SeqCst) == 0 {
            return false;
        }
        let mut keys = self.keys.lock();
        let is_over = keys.get(key).is_some_and(|doubt| doubt.is_over(clock::now()));
        if is_over {
            keys.remove(key);
            self.many.store(keys.len(), SeqCst);
        }
        keys.get(key).is_some_and(|doubt| created < doubt.since)
    }

    fn end(&self, key: &Key, is_known: bool) {
        let now = clock::now();
        let mut keys = self.keys.lock();
        let is_full = keys.len() > KEYS;
        if is_full {
            keys.retain(|_, doubt| !doubt.is_over(now));
        }
        let Some(doubt) = keys.get_mut(key) else { return };
        doubt.writes -= 1;
        if !is_known && !is_full {
            doubt.ends = Some(now.after(LONGEST));
        }
        if doubt.is_over(now) {
            keys.remove(key);
        }
        self.many.store(keys.len(), SeqCst);
    }
}

impl Doubt {
    fn is_over(&self, now: Tick) -> bool {
        self.writes == 0 && self.ends.is_none_or(|ends| ends <= now)
    }
}

/// A write that is under way. Dropped before its outcome is known, it may still arrive.
pub(crate) struct Write<'d> {
    doubts: &'d Doubts,
    key: &'d Key,
    is_known: bool,
}

impl Write<'_> {
    /// It is carried out, or never will be.
    pub(crate) fn known(mut self) {
        self.is_known = true;
    }
}

impl Drop for Write<'_> {
    fn drop(&mut self) {
        self.doubts.end(self.key, self.is_known);
    }
}

#[cfg(test)]
mod tests {
    use dcache_backends::Scope;

    use super::*;

    fn key(id: &str) -> Key {
        Key::new(&Scope::new("n", "f"), id)
    }

    #[test]
    fn what_was_written_before_a_change_and_not_known_to_be_is_not_believed() {
        let (doubts, one, other) = (Doubts::default(), key("1"), key("2"));
        doubts.change(Target::Key(&one), 1_000);
        assert!(!doubts.are_of(&one, 999), "no write of it is on its way");
        drop(doubts.write(&one));
        assert!(!doubts.are_of(&one, 999), "it may arrive");
        doubts.change(Target::Key(&one), 1_000);
        assert!(doubts.are_of(&one, 999) && !doubts.are_of(&one, 1_000));
        assert!(!doubts.are_of(&other, 999));
        drop(doubts.write(&other));
        doubts.change(Target::Scope(other.scope()), 2_000);
        assert!(doubts.are_of(&one, 1_999) && doubts.are_of(&other, 1_999));
    }

    #[test]
    fn a_change_while_a_write_is_under_way_counts() {
        let (doubts, key) = (Doubts::default(), key("1"));
        let write = doubts.write(&key);
        doubts.change(Target::Key(&key), 1_000);
        drop(write);
        assert!(doubts.are_of(&key, 999));
    }

    #[test]
    fn a_write_that_is_known_leaves_nothing_behind() {
        let (doubts, key) = (Doubts::default(), key("1"));
        let (one, other) = (doubts.write(&key), doubts.write(&key));
        one.known();
        assert_eq!(doubts.many.load(SeqCst), 1);
        other.known();
        assert_eq!(doubts.many.load(SeqCst), 0);
        drop(doubts.write(&key));
        doubts.write(&key).known();
        assert_eq!(doubts.many.load(SeqCst), 1, "an earlier one may still arrive");
    }

    #[cfg(feature = "testing")]
    #[test]
    fn a_doubt_ends() {
        let (doubts, key) = (Doubts::default(), key("1"));
        drop(doubts.write(&key));
        doubts.change(Target::Key(&key), 1_000);
        clock::advance(LONGEST);
        assert!(!doubts.are_of(&key, 999));
        assert_eq!(doubts.many.load(SeqCst), 0);
    }

    #[test]
    fn there_are_only_so_many() {
        let doubts = Doubts::default();
        (0..KEYS + 10).for_each(|n| drop(doubts.write(&key(&n.to_string()))));
        assert_eq!(doubts.many.load(SeqCst), KEYS);
    }
}

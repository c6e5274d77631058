//! Which answers are right: a source whose value changes with every moment, and what may be had of it.
//!
//! Every event takes a stamp from one counter, which is also what the source holds: so what a body reads is unique, and
//! tells when it was read. A call may have a value unless
//!
//! - it is another key's, or none that a body or a `put` has made;
//! - a change of the key (`invalidate`, `put`, `clear`) that began after the value was read had returned before the
//!   call began;
//! - it is past its life. Lives begin when a value is stored, a moment after it was read, and end by dcache's clock. At
//!   the end of a round nothing is under way, so whatever was read in it was stored by then.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError, RwLock};

use dcache_backends::clock::{self, Tick};
use serde::{Deserialize, Serialize};

/// How far past its life a value may be handed out, in milliseconds.
const SLACK: u64 = 1_000;

/// What a body returns, or what is put.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Value {
    pub(crate) key: u32,
    /// What the source had.
    read: u64,
    round: u32,
    /// The number of the `put`, if it is of one.
    pub(crate) put: Option<u32>,
    /// So that damage hits values too.
    filling: Vec<u8>,
    seal: u64,
}

/// What a body fails with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    key: u32,
    read: u64,
    round: u32,
}

/// What a body panics with.
pub(crate) struct Bomb;

/// How long values may be had, in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lives {
    /// The time to live.
    pub(crate) fresh: u64,
    /// Past that a value is not handed out …
    pub(crate) value: u64,
    /// … unless its body fails, and then past that.
    pub(crate) after_failure: u64,
    /// How long a body is not tried again after it has failed.
    pub(crate) rest: u64,
    pub(crate) error: u64,
}

/// A call, as far as it decides which answers are right.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) key: u32,
    /// What was read before may not be had.
    floor: u64,
    clock: u64,
    round: u32,
    pub(crate) stamp: u64,
}

pub(crate) struct Model {
    stamps: AtomicU64,
    start: Tick,
    lives: Lives,
    /// For each key, and in the end for all keys: when the last change began that has returned.
    floors: Vec<AtomicU64>,
    /// The round after that in which the body of a key failed last.
    failed: Vec<AtomicU64>,
    /// When each `put` returned, that has.
    puts: RwLock<Vec<AtomicU64>>,
    /// The clock at the end of each round that is over.
    rounds: RwLock<Vec<u64>>,
    /// The last events of each key.
    events: Vec<Mutex<Vec<String>>>,
    /// Of so many bodies one fails; none at zero.
    pub(crate) failing: u64,
    pub(crate) bodies: AtomicU64,
}

/// Mixes bits (the end of SplitMix64), so that each of a sequence of numbers looks random.
pub(crate) fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

impl Value {
    /// Returns a number that is random, one for each value.
    pub(crate) fn lot(&self) -> u64 {
        mix(self.read)
    }

    fn sealed(self) -> Self {
        Self { seal: self.sum(), ..self }
    }

    fn sum(&self) -> u64 {
        let fields =
            [u64::from(self.key), self.read, u64::from(self.round), self.put.map_or(0, |n| 1 + u64::from(n))];
        let all = fields.into_iter().chain(self.filling.iter().map(|byte| u64::from(*byte)));
        all.fold(0, |sum, field| mix(sum ^ field))
    }
}

impl Model {
    /// A model of this many keys.
    pub(crate) fn new(keys: u32, lives: Lives, failing: u64) -> Self {
        let zeros = |many: u32| (0..many).map(|_| AtomicU64::new(0)).collect();
        Self {
            stamps: AtomicU64::new(1),
            start: clock::now(),
            lives,
            floors: zeros(keys + 1),
            failed: zeros(keys),
            puts: RwLock::default(),
            rounds: RwLock::default(),
            events: (0..keys).map(|_| Mutex::default()).collect(),
            failing,
            bodies: AtomicU64::new(0),
        }
    }

    fn stamp(&self) -> u64 {
        self.stamps.fetch_add(1, SeqCst)
    }

    fn clock(&self) -> u64 {
        clock::now().since(self.start).as_millis() as u64
    }

    fn round(&self) -> u32 {
        self.rounds.read().unwrap_or_else(PoisonError::into_inner).len() as u32
    }

    /// Ends a round; nothing may be under way.
    pub(crate) fn end_round(&self) {
        let clock = self.clock();
        self.rounds.write().unwrap_or_else(PoisonError::into_inner).push(clock);
    }

    /// Returns how long ago at least something of a round was stored, before a call.
    fn age(&self, round: u32, call: &Call) -> u64 {
        let rounds = self.rounds.read().unwrap_or_else(PoisonError::into_inner);
        rounds.get(round as usize).map_or(0, |end| call.clock.saturating_sub(*end))
    }

    fn note(&self, key: u32, event: impl fmt::Display) {
        let mut events = self.events[key as usize].lock().unwrap_or_else(PoisonError::into_inner);
        if events.len() >= 400 {
            events.drain(..200);
        }
        events.push(event.to_string());
    }

    /// Begins a call of a key.
    pub(crate) fn begin(&self, key: u32) -> Call {
        let floor =
            self.floors[key as usize].load(SeqCst).max(self.floors[self.floors.len() - 1].load(SeqCst));
        Call { key, floor, clock: self.clock(), round: self.round(), stamp: self.stamp() }
    }

    /// Reads the source, as a body does.
    pub(crate) fn read(&self, key: u32) -> Value {
        self.bodies.fetch_add(1, SeqCst);
        self.make(key, None)
    }

    fn make(&self, key: u32, put: Option<u32>) -> Value {
        let (read, round) = (self.stamp(), self.round());
        let noise = mix(read);
        let filling = noise.to_le_bytes().into_iter().cycle().take((noise % 64) as usize).collect();
        Value { key, read, round, put, filling, seal: 0 }.sealed()
    }

    /// Ends a body that has read this.
    pub(crate) fn end(&self, value: Value) -> Result<Value, Failure> {
        let lot = mix(value.read ^ 0xB0D7);
        if lot.is_multiple_of(512) {
            std::panic::resume_unwind(Box::new(Bomb)); // which prints nothing
        }
        if self.failing > 0 && (lot >> 16).is_multiple_of(self.failing) {
            self.failed[value.key as usize].fetch_max(u64::from(self.round()) + 1, SeqCst);
            return Err(Failure { key: value.key, read: value.read, round: value.round });
        }
        Ok(value)
    }

    /// Begins a `put`.
    pub(crate) fn begin_put(&self, key: u32) -> Value {
        let number = {
            let mut puts = self.puts.write().unwrap_or_else(PoisonError::into_inner);
            puts.push(AtomicU64::new(u64::MAX));
            puts.len() as u32 - 1
        };
        self.make(key, Some(number))
    }

    /// Ends a `put` of this value, whether it has returned or was given up.
    pub(crate) fn end_put(&self, number: u32) {
        let puts = self.puts.read().unwrap_or_else(PoisonError::into_inner);
        puts[number as usize].store(self.stamp(), SeqCst);
    }

    /// Notes that a change of all keys has begun.
    pub(crate) fn clears(&self, call: &Call) {
        (0..self.events.len() as u32).for_each(|key| self.note(key, format_args!("{}.. clear", call.stamp)));
    }

    /// Ends a change of a key, or of all, that has returned; one that failed counts too, as dcache makes up for it.
    pub(crate) fn changed(&self, key: Option<u32>, call: &Call, is_ok: bool, what: &str) {
        let floor = key.map_or(self.floors.len() - 1, |key| key as usize);
        self.floors[floor].fetch_max(call.stamp, SeqCst);
        let text = format_args!("{}..{} {what}: {is_ok}", call.stamp, self.stamp()).to_string();
        match key {
            Some(key) => self.note(key, text),
            None => (0..self.events.len() as u32).for_each(|key| self.note(key, &text)),
        }
    }

    /// Says what is wrong with a value that a call has had.
    pub(crate) fn judge(&self, call: &Call, value: &Value, what: &str) -> Result<(), String> {
        self.note(call.key, format_args!("{}..{} {what}: {}", call.stamp, self.stamp(), value.read));
        match self.wrong(call, value) {
            Some(wrong) => Err(self.report(call, format_args!("{what}: {wrong}: {value:?}"))),
            None => Ok(()),
        }
    }

    fn wrong(&self, call: &Call, value: &Value) -> Option<String> {
        if value.key != call.key || value.seal != value.sum() {
            return Some("no body has returned this for the key".to_owned());
        }
        let last = match value.put {
            Some(number) => {
                self.puts.read().unwrap_or_else(PoisonError::into_inner)[number as usize].load(SeqCst)
            }
            None => value.read,
        };
        if last < call.floor {
            return Some(format!("it was superseded at {}", call.floor));
        }
        let age = self.age(value.round, call);
        let failed = self.failed[call.key as usize].load(SeqCst);
        let rests = failed > 0 && self.age(failed as u32 - 1, call) <= self.lives.rest + SLACK;
        let life = if rests { self.lives.after_failure.max(self.lives.value) } else { self.lives.value };
        (age > life + SLACK).then(|| format!("{age} ms old, and it lives for {life}"))
    }

    /// Says what is wrong with what is left of a value's time to live, in milliseconds.
    pub(crate) fn judge_rest(&self, call: &Call, value: &Value, rest: u64, tier: &str) -> Result<(), String> {
        let age = self.age(value.round, call);
        if rest == 0 || age + rest <= self.lives.fresh + SLACK {
            return Ok(());
        }
        let fresh = self.lives.fresh;
        Err(self.report(call, format_args!("{tier}: {rest} ms left at {age} ms of {fresh}: {value:?}")))
    }

    /// Says what is wrong with an error that a call has had.
    pub(crate) fn judge_failure(&self, call: &Call, failure: &Failure) -> Result<(), String> {
        let age = self.age(failure.round, call);
        let wrong = match () {
            () if failure.key != call.key => "another key's error",
            () if failure.read < call.floor => "a superseded error",
            () if failure.round != call.round && age > self.lives.error + SLACK => "an old error",
            () => return Ok(()),
        };
        Err(self.report(call, format_args!("{wrong}: {failure:?}")))
    }

    fn report(&self, call: &Call, wrong: fmt::Arguments<'_>) -> String {
        let events = self.events[call.key as usize].lock().unwrap_or_else(PoisonError::into_inner);
        let last =
            events.iter().rev().take(25).rev().fold(String::new(), |all, event| all + "\n      " + event);
        format!("{wrong}; {call:?}{last}")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn model() -> Model {
        let lives = Lives { fresh: 60_000, value: 60_000, after_failure: 120_000, rest: 1_000, error: 0 };
        Model::new(2, lives, 0)
    }

    #[test]
    fn what_was_read_before_a_change_is_wrong_after_it() {
        let model = model();
        let (before, change) = (model.read(1), model.begin(1));
        let within = model.read(1);
        assert_eq!(model.judge(&model.begin(1), &before, "hit"), Ok(()), "it has not returned");
        let early = model.begin(1);
        model.changed(Some(1), &change, true, "invalidate");
        assert_eq!(model.judge(&early, &before, "hit"), Ok(()), "the call began before");
        assert!(model.judge(&model.begin(1), &before, "hit").unwrap_err().contains("superseded"));
        assert_eq!(model.judge(&model.begin(1), &within, "hit"), Ok(()));
    }

    #[test]
    fn a_change_of_all_keys_is_one_of_each() {
        let model = model();
        let (before, clear) = (model.read(1), model.begin(0));
        model.changed(None, &clear, true, "clear");
        assert!(model.judge(&model.begin(1), &before, "hit").is_err());
    }

    #[test]
    fn a_change_that_failed_counts() {
        let model = model();
        let (before, change) = (model.read(1), model.begin(1));
        model.changed(Some(1), &change, false, "invalidate");
        assert!(model.judge(&model.begin(1), &before, "hit").is_err());
    }

    #[test]
    fn what_was_put_is_superseded_by_what_begins_after_it_has_returned() {
        let model = model();
        let (call, value) = (model.begin(1), model.begin_put(1));
        let beside = model.begin(1);
        model.changed(Some(1), &beside, true, "invalidate");
        assert_eq!(model.judge(&model.begin(1), &value, "hit"), Ok(()), "it may have come after");
        model.end_put(value.put.unwrap());
        model.changed(Some(1), &call, true, "put");
        assert_eq!(model.judge(&model.begin(1), &value, "hit"), Ok(()));
        let after = model.begin(1);
        model.changed(Some(1), &after, true, "invalidate");
        assert!(model.judge(&model.begin(1), &value, "hit").is_err());
    }

    #[test]
    fn what_no_body_has_returned_is_wrong() {
        let model = model();
        let value = model.read(1);
        assert!(model.judge(&model.begin(0), &value, "hit").is_err(), "another key's");
        for damaged in [Value { read: 0, ..value.clone() }, Value { filling: vec![1; 99], ..value }] {
            assert!(model.judge(&model.begin(1), &damaged, "hit").is_err());
        }
    }

    #[test]
    fn what_is_past_its_life_is_wrong_unless_its_body_failed() {
        let model = model();
        let value = model.read(1);
        let pass = |seconds| dcache::testing::advance(Duration::from_secs(seconds));
        pass(600);
        assert_eq!(model.judge(&model.begin(1), &value, "hit"), Ok(()), "it may just have been stored");
        model.end_round();
        pass(60);
        assert_eq!(model.judge(&model.begin(1), &value, "hit"), Ok(()));
        pass(3);
        let late = model.begin(1);
        assert!(model.judge(&late, &value, "hit").unwrap_err().contains("ms old"));
        model.failed[1].store(u64::from(model.round()) + 1, SeqCst);
        assert_eq!(model.judge(&late, &value, "hit"), Ok(()));
        model.end_round();
        pass(60);
        assert!(model.judge(&model.begin(1), &value, "hit").is_err(), "it failed long ago");
    }
}

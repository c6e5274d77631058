//! The circuit breakers of a tier: after several failures in a row it is skipped for a while, then tried by one call.

use std::sync::atomic::{
    AtomicBool,
    Ordering::{Acquire, Release},
};
use std::time::Duration;

use dcache_backends::clock::{self, Tick};
use dcache_backends::{Error, ErrorKind, Operation};

use crate::log;
use crate::sync::Mutex;

/// So many failures in a row open the breaker …
const FAILURES: u32 = 5;
/// … for so long.
const PAUSE: Duration = Duration::from_secs(5);
/// So many successes in a row after a failure that did not open it are reported as recovery.
const RECOVERED: u32 = 5;

/// The two breakers of a tier: one for all that it is asked, one for what it is given.
///
/// A server that is full or only for reading answers reads as ever, so that failures of writes beside them would never
/// be in a row.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    all: Gate,
    writes: Gate,
}

impl Breaker {
    /// Tells whether the tier may be asked this now. The first call after a pause may, and the pause begins anew for
    /// all others until that call has succeeded; so it has to be one that `judges` the tier.
    pub(crate) fn admits(&self, operation: Operation, judges: bool) -> bool {
        let now = clock::now();
        if operation != Operation::Set {
            return self.all.admits(judges, now);
        }
        // the one try after a pause is not to be spent at a gate that the other one makes useless
        self.writes.would_admit(judges, now)
            && self.all.admits(judges, now)
            && self.writes.admits(judges, now)
    }

    /// Tells whether the tier is being skipped, for writes at least.
    pub(crate) fn is_open(&self) -> bool {
        let now = clock::now();
        self.all.is_open(now) || self.writes.is_open(now)
    }

    pub(crate) fn succeeded(&self, operation: Operation, tier: &str) {
        if self.all.succeeded() {
            log::info(format_args!("tier `{tier}` is back in use"));
        }
        if operation == Operation::Set && self.writes.succeeded() {
            log::info(format_args!("tier `{tier}` takes writes again"));
        }
    }

    pub(crate) fn failed(&self, operation: Operation, error: &Error) {
        let (gate, what) = match (operation, error.kind()) {
            // who was not reached for a write is not reached for anything
            (Operation::Set, _) if error.operation() != Operation::Connect => (&self.writes, "writes"),
            // the tier takes no changes, and is asked for them all the same: nothing old may stay there
            (Operation::Remove, ErrorKind::Denied | ErrorKind::Full | ErrorKind::ReadOnly) => return,
            _ => (&self.all, "operations"),
        };
        let news = gate.failed();
        if news.is_first {
            // what is wrong with a configuration stays wrong until somebody hears of it
            match error.kind() {
                ErrorKind::Config => log::error(format_args!("{error}; calls go on without it")),
                _ => log::warn(format_args!("{error}; calls go on without it")),
            }
        }
        if news.opens {
            let tier = error.tier();
            log::warn(format_args!(
                "tier `{tier}` failed {FAILURES} {what} in a row, which are skipped for now"
            ));
        }
    }
}

/// One breaker.
#[derive(Debug, Default)]
struct Gate {
    /// Something went wrong, and nobody has reported yet that it is over; else nobody takes the lock.
    is_troubled: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    successes: u32,
    open_until: Option<Tick>,
    /// Whether the last report was of a failure.
    reported: bool,
}

/// What there is to say of a failure.
struct News {
    is_first: bool,
    opens: bool,
}

impl Gate {
    fn would_admit(&self, judges: bool, now: Tick) -> bool {
        !self.is_troubled.load(Acquire) || self.state.lock().would_admit(judges, now)
    }

    fn admits(&self, judges: bool, now: Tick) -> bool {
        if !self.is_troubled.load(Acquire) {
            return true;
        }
        let mut state = self.state.lock();
        let admits = state.would_admit(judges, now);
        if admits && state.open_until.is_some() {
            state.open_until = Some(now.after(PAUSE));
        }
        admits
    }

    fn is_open(&self, now: Tick) -> bool {
        self.state.lock().open_until.is_some_and(|end| now < end)
    }

    /// Notes a success, and tells whether that is news.
    fn succeeded(&self) -> bool {
        if !self.is_troubled.load(Acquire) {
            return false;
        }
        let mut state = self.state.lock();
        let was_open = state.open_until.take().is_some();
        state.failures = 0;
        state.successes = state.successes.saturating_add(1);
        let is_news = state.reported && (was_open || state.successes >= RECOVERED);
        state.reported &= !is_news;
        self.is_troubled.store(state.reported, Release);
        is_news
    }

    fn failed(&self) -> News {
        let mut state = self.state.lock();
        self.is_troubled.store(true, Release);
        state.failures = state.failures.saturating_add(1);
        state.successes = 0;
        if state.failures >= FAILURES {
            state.open_until = Some(clock::now().after(PAUSE));
        }
        let is_first = !std::mem::replace(&mut state.reported, true);
        News { is_first, opens: state.failures == FAILURES }
    }
}

impl State {
    fn would_admit(&self, judges: bool, now: Tick) -> bool {
        self.open_until.is_none_or(|end| now >= end && judges)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(breaker: &Breaker, operation: Operation, kind: ErrorKind, times: u32) {
        let error = Error::new(kind, operation).with_tier("t");
        (0..times).for_each(|_| breaker.failed(operation, &error));
    }

    fn fail_reads(breaker: &Breaker, times: u32) {
        fail(breaker, Operation::Get, ErrorKind::Timeout, times);
    }

    #[test]
    fn five_failures_in_a_row_open_it() {
        let breaker = Breaker::default();
        fail_reads(&breaker, 4);
        breaker.succeeded(Operation::Get, "t");
        fail_reads(&breaker, 4);
        assert!(breaker.admits(Operation::Get, true));
        fail_reads(&breaker, 1);
        assert!(!breaker.admits(Operation::Get, true) && breaker.is_open());
        assert!(!breaker.admits(Operation::Set, true), "what is not asked is not given anything either");
    }

    #[test]
    fn reads_that_succeed_do_not_hide_that_writes_fail() {
        let breaker = Breaker::default();
        for _ in 0..5 {
            assert!(breaker.admits(Operation::Set, true));
            breaker.succeeded(Operation::Get, "t");
            fail(&breaker, Operation::Set, ErrorKind::Full, 1);
        }
        assert!(!breaker.admits(Operation::Set, true) && breaker.is_open());
        assert!(breaker.admits(Operation::Get, true) && breaker.admits(Operation::Remove, true));
    }

    #[test]
    fn that_a_tier_works_again_is_news_once_and_after_several_successes() {
        let gate = Gate::default();
        assert!(!gate.succeeded());
        assert!(gate.failed().is_first && !gate.failed().is_first);
        let news: Vec<_> = (0..2 * RECOVERED).map(|_| gate.succeeded()).collect();
        assert_eq!(news.iter().position(|is_news| *is_news), Some(RECOVERED as usize - 1));
        assert_eq!(news.iter().filter(|is_news| **is_news).count(), 1);
        assert!(gate.failed().is_first);
    }

    #[test]
    fn a_tier_that_refuses_changes_is_read() {
        let breaker = Breaker::default();
        fail(&breaker, Operation::Remove, ErrorKind::ReadOnly, 9);
        assert!(breaker.admits(Operation::Get, true) && !breaker.is_open());
        fail(&breaker, Operation::Remove, ErrorKind::Timeout, 5);
        assert!(!breaker.admits(Operation::Get, true));
    }

    #[cfg(feature = "testing")]
    #[test]
    fn after_the_pause_one_call_tries_and_its_success_closes_it() {
        for operation in [Operation::Get, Operation::Set] {
            let breaker = Breaker::default();
            fail(&breaker, operation, ErrorKind::Timeout, 5);
            clock::advance(PAUSE);
            assert!(!breaker.admits(operation, false), "who allows the tier less than usual does not try");
            assert!(breaker.admits(operation, true));
            assert!(!breaker.admits(operation, true), "only one call tries");
            breaker.succeeded(operation, "t");
            assert!(breaker.admits(operation, true) && !breaker.is_open());
        }
    }

    #[cfg(feature = "testing")]
    #[test]
    fn a_write_that_the_tier_is_skipped_for_does_not_spend_the_try_of_writes() {
        let breaker = Breaker::default();
        fail_reads(&breaker, 5);
        fail(&breaker, Operation::Set, ErrorKind::Timeout, 5);
        clock::advance(PAUSE);
        assert!(breaker.admits(Operation::Get, true));
        assert!(!breaker.admits(Operation::Set, true), "a read tries, and has not succeeded yet");
        breaker.succeeded(Operation::Get, "t");
        assert!(breaker.admits(Operation::Set, true));
    }
}

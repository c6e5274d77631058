//! The circuit breaker of a tier: after several failures in a row it is skipped for a while, then tried by
//! one call.

use std::time::Duration;

use dcache_backends::Error;
use dcache_backends::clock::{self, Tick};

use crate::log;
use crate::sync::Mutex;

/// So many failures in a row open the breaker …
const FAILURES: u32 = 5;
/// … for so long.
const PAUSE: Duration = Duration::from_secs(5);
/// So many successes in a row after a failure that did not open it are reported as recovery.
const RECOVERED: u32 = 5;

#[derive(Debug, Default)]
pub(crate) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    successes: u32,
    open_until: Option<Tick>,
    /// Whether the last report was of a failure.
    reported: bool,
}

impl Breaker {
    /// Tells whether the tier may be asked now. The first call after a pause may, and the pause begins
    /// anew for all others until that call has succeeded; so it has to be one that `judges` the tier.
    pub(crate) fn admits(&self, judges: bool) -> bool {
        let mut state = self.0.lock();
        let Some(end) = state.open_until else { return true };
        let now = clock::now();
        if now < end || !judges {
            return false;
        }
        state.open_until = Some(now.after(PAUSE));
        true
    }

    /// Tells whether the tier is being skipped.
    pub(crate) fn is_open(&self) -> bool {
        self.0.lock().open_until.is_some_and(|end| clock::now() < end)
    }

    pub(crate) fn succeeded(&self, tier: &str) {
        let mut state = self.0.lock();
        let was_open = state.open_until.take().is_some();
        state.failures = 0;
        state.successes = state.successes.saturating_add(1);
        if state.reported && (was_open || state.successes >= RECOVERED) {
            state.reported = false;
            drop(state);
            log::info(format_args!("tier `{tier}` is back in use"));
        }
    }

    pub(crate) fn failed(&self, error: &Error) {
        let mut state = self.0.lock();
        state.failures = state.failures.saturating_add(1);
        state.successes = 0;
        let opens = state.failures == FAILURES;
        if state.failures >= FAILURES {
            state.open_until = Some(clock::now().after(PAUSE));
        }
        let is_news = !std::mem::replace(&mut state.reported, true);
        drop(state);
        if is_news {
            log::warn(format_args!("{error}; calls go on without it"));
        }
        if opens {
            log::warn(format_args!(
                "tier `{}` failed {FAILURES} times in a row and is skipped for now",
                error.tier()
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use dcache_backends::{ErrorKind, Operation};

    use super::*;

    fn fail(breaker: &Breaker, times: u32) {
        let error = Error::new(ErrorKind::Timeout, Operation::Get).with_tier("t");
        (0..times).for_each(|_| breaker.failed(&error));
    }

    #[test]
    fn five_failures_in_a_row_open_it() {
        let breaker = Breaker::default();
        fail(&breaker, 4);
        breaker.succeeded("t");
        fail(&breaker, 4);
        assert!(breaker.admits(true));
        fail(&breaker, 1);
        assert!(!breaker.admits(true) && breaker.is_open());
    }

    #[cfg(feature = "testing")]
    #[test]
    fn after_the_pause_one_call_tries_and_its_success_closes_it() {
        let breaker = Breaker::default();
        fail(&breaker, 5);
        clock::advance(PAUSE);
        assert!(!breaker.admits(false), "who allows the tier less than usual does not try");
        assert!(breaker.admits(true));
        assert!(!breaker.admits(true), "only one call tries");
        breaker.succeeded("t");
        assert!(breaker.admits(true) && !breaker.is_open());
    }
}

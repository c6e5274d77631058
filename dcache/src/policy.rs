//! How long a value is fresh, in every tier. Pure: time comes in from outside.

use std::sync::Arc;
use std::time::Duration;

use dcache_backends::clock;

use crate::entry::NEVER;

/// How long remote tiers keep a value whose function sets no time to live.
pub(crate) const REMOTE_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How far a clock may be ahead of ours before an entry that it dated is not believed any more.
const SKEW: u64 = 1_000;

/// How long a value lives; `None` for ever.
pub(crate) type Life = Option<Duration>;

/// A function's time to live.
pub(crate) enum Ttl<V> {
    /// None is set: for ever in memory, 30 days below it.
    Unset,
    /// For ever in all tiers.
    Never,
    /// The same for every value.
    Fixed(Duration),
    /// What this returns when a value is stored.
    By(Arc<dyn Fn(&V) -> Duration + Send + Sync>),
}

impl<V> Ttl<V> {
    /// Returns how long this value lives, in memory and below it.
    pub(crate) fn lives(&self, value: &V) -> (Life, Life) {
        match self {
            Self::Unset => (None, Some(REMOTE_LIFE)),
            Self::Never => (None, None),
            Self::Fixed(ttl) => (Some(*ttl), Some(*ttl)),
            Self::By(ttl) => {
                let ttl = ttl(value);
                (Some(ttl), Some(ttl))
            }
        }
    }

    /// Returns the time to live that does not depend on the value, if there is one.
    pub(crate) fn fixed(&self) -> Option<Duration> {
        match self {
            Self::Fixed(ttl) => Some(*ttl),
            _ => None,
        }
    }
}

/// Returns the shorter life.
pub(crate) fn shorter(life: Life, limit: Life) -> Life {
    match (life, limit) {
        (Some(life), Some(limit)) => Some(life.min(limit)),
        (life, None) => life,
        (None, limit) => limit,
    }
}

/// The moments of a value in wall time, in milliseconds since 1970, as other processes read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Times {
    pub(crate) created: u64,
    pub(crate) fresh_until: u64,
}

impl Times {
    /// Returns the times of a value made now.
    pub(crate) fn of(life: Life, now: u64) -> Self {
        let fresh_until = life.map_or(NEVER, |life| now.saturating_add(millis(life)));
        Self { created: now, fresh_until }
    }

    /// Returns the same times with a life of at most `limit` from now.
    pub(crate) fn within(self, limit: Life, now: u64) -> Self {
        Self { fresh_until: self.fresh_until.min(Self::of(limit, now).fresh_until), ..self }
    }

    /// Returns how long the value is still fresh: `Some(None)` for ever, `None` not any more.
    ///
    /// A value from the future is not believed: the clock that dated it, or ours, has jumped.
    pub(crate) fn remaining(self, now: u64) -> Option<Life> {
        if self.created > now.saturating_add(SKEW) || self.fresh_until <= now {
            return None;
        }
        let life = Duration::from_millis(self.fresh_until - now);
        Some((self.fresh_until != NEVER).then_some(life))
    }

    /// Returns how old the value is.
    pub(crate) fn age(self, now: u64) -> Duration {
        Duration::from_millis(now.saturating_sub(self.created))
    }
}

fn millis(life: Duration) -> u64 {
    life.min(clock::LONGEST).as_millis() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn what_remains_gets_less_until_nothing_does() {
        let times = Times::of(Some(HOUR), 1_000_000);
        assert_eq!(times.remaining(1_000_000), Some(Some(HOUR)));
        assert_eq!(times.remaining(1_000_000 + 3_599_999), Some(Some(Duration::from_millis(1))));
        assert_eq!(times.remaining(1_000_000 + 3_600_000), None);
    }

    #[test]
    fn a_value_without_an_end_remains_for_ever() {
        assert_eq!(Times::of(None, 5).remaining(u64::MAX - 1), Some(None));
        assert_eq!(
            Times::of(Some(Duration::MAX), 5).remaining(6).flatten(),
            Some(clock::LONGEST - Duration::from_millis(1))
        );
    }

    #[test]
    fn a_value_from_the_future_is_not_believed() {
        let times = Times::of(Some(HOUR), 100_000_000);
        assert_eq!(times.remaining(100_000_000 - 86_400_000), None);
        assert!(times.remaining(100_000_000 - SKEW).is_some());
    }

    #[test]
    fn the_shorter_life_counts() {
        assert_eq!(shorter(None, Some(HOUR)), Some(HOUR));
        assert_eq!(shorter(Some(HOUR), None), Some(HOUR));
        assert_eq!(shorter(Some(HOUR), Some(HOUR / 2)), Some(HOUR / 2));
        assert_eq!(shorter(None, None), None);
    }
}

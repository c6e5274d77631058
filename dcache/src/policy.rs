//! How long a value is fresh, and how long it may be handed out after that, in every tier. Pure: time comes in from
//! outside.
//!
//! | a value is … | until | and a call |
//! |---|---|---|
//! | fresh | `ttl`, less `refresh_ahead` | gets it |
//! | due | `ttl` | gets it, and has it refreshed in the background |
//! | stale | `stale_while_revalidate` after that | gets it, and has it refreshed in the background |
//! | kept | `stale_if_error` after `ttl` | runs the body, and gets it where that fails |
//! | over | | runs the body |

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use dcache_backends::clock::{self, Tick};
use dcache_backends::memory::Slot;

use crate::length::{Length, Portion};

/// How long remote tiers keep a value whose function sets no time to live.
pub(crate) const REMOTE_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The end of what never ends, in milliseconds.
pub(crate) const NEVER: u64 = u64::MAX;

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
    fn lives(&self, value: &V) -> (Life, Life) {
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

    /// Tells whether values have an end, so that there can be something after it.
    pub(crate) fn ends(&self) -> bool {
        matches!(self, Self::Fixed(_) | Self::By(_))
    }

    /// Returns a tier's own time to live where it may end a value's stay there before its life is over.
    pub(crate) fn cut_by(&self, tier: Life) -> Life {
        tier.filter(|tier| self.fixed().is_none_or(|ttl| *tier < ttl))
    }
}

/// What a cache was told about the lives of its values.
pub(crate) struct Terms<V> {
    pub(crate) ttl: Ttl<V>,
    pub(crate) jitter: Option<Portion>,
    pub(crate) refresh_ahead: Option<Portion>,
    pub(crate) stale_while_revalidate: Option<Length>,
    pub(crate) stale_if_error: Option<Length>,
}

impl<V> Terms<V> {
    /// Tells whether values may be handed out, or refreshed, that are not simply fresh.
    pub(crate) fn has_older_values(&self) -> bool {
        self.refresh_ahead.is_some() || self.stale_while_revalidate.is_some() || self.stale_if_error.is_some()
    }

    /// Names an option that is about the end of values, where they have none.
    pub(crate) fn needs_an_end(&self) -> Option<&'static str> {
        let said = [
            ("jitter", self.jitter.is_some()),
            ("refresh_ahead", self.refresh_ahead.is_some()),
            ("stale_while_revalidate", self.stale_while_revalidate.is_some()),
            ("stale_if_error", self.stale_if_error.is_some()),
        ];
        let needs = said.into_iter().find(|(_, is_said)| *is_said).filter(|_| !self.ttl.ends());
        needs.map(|(option, _)| option)
    }

    /// Returns how long a value lives that was computed now, in memory and below it.
    pub(crate) fn new_lives(&self, value: &V) -> Lives {
        let (memory, below) = self.ttl.lives(value);
        let Some(jitter) = &self.jitter else { return Lives { memory, below } };
        let shortened = below.map_or(Duration::ZERO, |ttl| jitter.of(ttl).mul_f64(random()));
        let shorten = |life: Life| life.map(|life| life.saturating_sub(shortened));
        Lives { memory: shorten(memory), below: shorten(below) }
    }

    /// Returns what is left of a life that begins now.
    pub(crate) fn whole(&self, life: Life) -> Left {
        self.left(life, life, Duration::ZERO)
    }

    /// Returns what is left now of a value with these times: nothing of one from the future, because the clock that
    /// dated it, or ours, was set.
    pub(crate) fn left_of(&self, times: Times, now: u64) -> Left {
        let end = |until: u64| (until != NEVER).then(|| Duration::from_millis(until.saturating_sub(now)));
        if times.created > now.saturating_add(SKEW) || times.expires <= now {
            return Left::NOTHING;
        }
        let past = Duration::from_millis(now.saturating_sub(times.fresh_until));
        let whole = (times.fresh_until != NEVER)
            .then(|| Duration::from_millis(times.fresh_until.saturating_sub(times.created)));
        self.left(end(times.fresh_until), whole, past).within(end(times.expires))
    }

    /// `fresh` is what is left of the time to live, `whole` what that was, `past` how long ago it ended.
    fn left(&self, fresh: Life, whole: Life, past: Duration) -> Left {
        if whole == Some(Duration::ZERO) {
            return Left::NOTHING; // it is not to be stored
        }
        let Some(fresh) = fresh else { return Left::until(None) };
        let ahead = match (&self.refresh_ahead, whole) {
            (Some(ahead), Some(whole)) => ahead.of(whole),
            _ => Duration::ZERO,
        };
        let window = |length: &Option<Length>| length.as_ref().map_or(Duration::ZERO, Length::get);
        let stale = window(&self.stale_while_revalidate);
        let kept = window(&self.stale_if_error).max(stale);
        let after = |window: Duration| Some(fresh.saturating_add(window.saturating_sub(past)));
        Left {
            due: Some(fresh.saturating_sub(ahead)),
            fresh: Some(fresh),
            stale: after(stale),
            kept: after(kept),
            since: None,
        }
    }
}

/// How long a new value lives.
#[derive(Clone, Copy)]
pub(crate) struct Lives {
    pub(crate) memory: Life,
    pub(crate) below: Life,
}

/// What is left of a value's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    /// Until it is to be refreshed.
    pub(crate) due: Life,
    pub(crate) fresh: Life,
    /// Until it may not be handed out any more while it is being refreshed.
    pub(crate) stale: Life,
    /// Until it may not be handed out any more in the place of an error.
    pub(crate) kept: Life,
    /// The moment from which all this counts, where that is not the present.
    since: Option<Tick>,
}

impl Left {
    const NOTHING: Self = Self::until(Some(Duration::ZERO));

    const fn until(end: Life) -> Self {
        Self { due: end, fresh: end, stale: end, kept: end, since: None }
    }

    /// Has all this count from a moment, however long it takes until use is made of it.
    pub(crate) fn since(self, moment: Tick) -> Self {
        Self { since: Some(moment), ..self }
    }

    /// Returns how long ago the moment was from which all this counts.
    pub(crate) fn age(self) -> Duration {
        self.since.map_or(Duration::ZERO, |moment| clock::now().since(moment))
    }

    /// Returns the same with an end of everything at `limit`.
    pub(crate) fn within(self, limit: Life) -> Self {
        if limit.is_none() {
            return self;
        }
        let shorter = |life| shorter(life, limit);
        Self {
            due: shorter(self.due),
            fresh: shorter(self.fresh),
            stale: shorter(self.stale),
            kept: shorter(self.kept),
            since: self.since,
        }
    }

    /// Makes what memory holds of a value, without its weight.
    pub(crate) fn slot<V>(self, value: V) -> Slot<V> {
        let created = self.since.unwrap_or_else(clock::now);
        let end = |life: Life| life.map_or(Tick::NEVER, |life| created.after(life));
        if self.due == self.kept {
            return Slot::fresh(value, created, end(self.due), 0);
        }
        Slot {
            value,
            created,
            due: end(self.due),
            fresh_until: end(self.fresh),
            stale_until: end(self.stale),
            kept_until: end(self.kept),
            weight: 0,
        }
    }

    pub(crate) fn standing(self) -> Standing {
        let has = |life: Life| life.is_none_or(|life| !life.is_zero());
        Standing::first([self.due, self.fresh, self.stale, self.kept].map(has))
    }
}

/// What a call may do with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// Hand it out.
    Fresh,
    /// Hand it out, and have it refreshed.
    Due,
    /// Hand it out past its time to live, and have it refreshed.
    Stale,
    /// Hand it out in the place of an error.
    Kept,
    /// Nothing.
    Over,
}

impl Standing {
    pub(crate) fn of<V>(slot: &Slot<V>, now: Tick) -> Self {
        let has = |end: Tick| end == Tick::NEVER || now < end;
        Self::first([slot.due, slot.fresh_until, slot.stale_until, slot.kept_until].map(has))
    }

    /// Tells whether the value is past its time to live.
    pub(crate) fn is_stale(self) -> bool {
        self >= Self::Stale
    }

    fn first([is_not_due, is_fresh, is_stale, is_kept]: [bool; 4]) -> Self {
        match () {
            () if is_not_due => Self::Fresh,
            () if is_fresh => Self::Due,
            () if is_stale => Self::Stale,
            () if is_kept => Self::Kept,
            () => Self::Over,
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
    /// From then on it is of no use to anyone, stale or not.
    pub(crate) expires: u64,
}

impl Times {
    /// Returns the times of a value made now.
    pub(crate) fn of(left: Left, now: u64) -> Self {
        Self { created: now, fresh_until: later(now, left.fresh), expires: later(now, left.kept) }
    }

    /// Returns the same times with an end of everything at most `limit` from a moment on.
    pub(crate) fn within(self, limit: Life, from: u64) -> Self {
        let end = later(from, limit);
        Self { fresh_until: self.fresh_until.min(end), expires: self.expires.min(end), ..self }
    }

    /// Returns the same times with a time to live of at most this.
    pub(crate) fn living(self, ttl: Life) -> Self {
        Self { fresh_until: self.fresh_until.min(later(self.created, ttl)), ..self }
    }

    /// Returns the same times farther back by so many milliseconds.
    pub(crate) fn back(self, by: u64) -> Self {
        let end = |until: u64| if until == NEVER { NEVER } else { until.saturating_sub(by) };
        Self {
            created: self.created.saturating_sub(by),
            fresh_until: end(self.fresh_until),
            expires: end(self.expires),
        }
    }

    /// Returns how long a tier has to keep the value: `Some(None)` for ever, `None` not at all.
    pub(crate) fn storage(self, now: u64) -> Option<Life> {
        let life = Duration::from_millis(self.expires.checked_sub(now).filter(|left| *left > 0)?);
        Some((self.expires != NEVER).then_some(life))
    }

    /// Returns how old the value is.
    pub(crate) fn age(self, now: u64) -> Duration {
        Duration::from_millis(now.saturating_sub(self.created))
    }
}

fn later(moment: u64, life: Life) -> u64 {
    life.map_or(NEVER, |life| moment.saturating_add(life.min(clock::LONGEST).as_millis() as u64))
}

/// Returns a random number from 0 to 1, without 1. The keys of `RandomState` are random, and differ each time.
fn random() -> f64 {
    (RandomState::new().hash_one(0u8) >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const DAY: u64 = 86_400_000;

    fn terms(ttl: Ttl<()>) -> Terms<()> {
        Terms { ttl, jitter: None, refresh_ahead: None, stale_while_revalidate: None, stale_if_error: None }
    }

    /// What is left of a value that was computed now.
    fn whole(terms: &Terms<()>) -> Left {
        terms.whole(terms.new_lives(&()).below)
    }

    fn windows() -> Terms<()> {
        Terms {
            refresh_ahead: Some(0.25.into()),
            stale_while_revalidate: Some(HOUR.into()),
            stale_if_error: Some((4 * HOUR).into()),
            ..terms(Ttl::Fixed(4 * HOUR))
        }
    }

    #[test]
    fn what_is_left_gets_less_until_nothing_is() {
        let terms = terms(Ttl::Fixed(HOUR));
        let times = Times::of(whole(&terms), 1_000_000);
        let fresh = |now| terms.left_of(times, now).fresh;
        assert_eq!(fresh(1_000_000), Some(HOUR));
        assert_eq!(fresh(1_000_000 + 3_599_999), Some(Duration::from_millis(1)));
        assert_eq!(terms.left_of(times, 1_000_000 + 3_600_000), Left::NOTHING);
    }

    #[test]
    fn a_value_goes_through_all_standings() {
        let terms = windows();
        let times = Times::of(whole(&terms), DAY);
        let hour = 3_600_000;
        let standing = |hours: u64| terms.left_of(times, DAY + hours * hour).standing();
        let all = [Standing::Fresh, Standing::Due, Standing::Stale, Standing::Kept, Standing::Over];
        assert_eq!([2, 3, 4, 5, 8].map(standing), all);
        assert_eq!(times.storage(DAY), Some(Some(8 * HOUR)));
        assert_eq!(times.storage(DAY + 8 * hour), None);
    }

    #[test]
    fn memory_says_the_same_as_the_tiers_below_it() {
        let terms = windows();
        let times = Times::of(whole(&terms), DAY);
        for minutes in (0..500).step_by(7) {
            let left = terms.left_of(times, DAY + minutes * 60_000);
            let slot = left.slot(());
            assert_eq!(Standing::of(&slot, slot.created), left.standing(), "after {minutes} minutes");
        }
    }

    #[test]
    fn a_value_without_an_end_remains_for_ever() {
        let left = terms(Ttl::Never).left_of(Times { created: 5, fresh_until: NEVER, expires: NEVER }, DAY);
        assert_eq!(left, Left::until(None));
        let times = Times::of(Left::until(Some(Duration::MAX)), 5);
        assert_eq!(times.storage(6), Some(Some(clock::LONGEST - Duration::from_millis(1))));
    }

    #[test]
    fn a_value_from_the_future_is_not_believed() {
        let terms = terms(Ttl::Fixed(HOUR));
        let times = Times::of(whole(&terms), 10 * DAY);
        assert_eq!(terms.left_of(times, 9 * DAY), Left::NOTHING);
        assert_eq!(terms.left_of(times, 10 * DAY - SKEW).standing(), Standing::Fresh);
        assert_eq!(terms.left_of(times.back(DAY), 9 * DAY).standing(), Standing::Fresh);
    }

    #[test]
    fn what_a_tier_cuts_short_has_no_time_after_that() {
        let terms = windows();
        assert_eq!(terms.ttl.cut_by(Some(4 * HOUR)), None, "it ends with the value");
        let cut = terms.ttl.cut_by(Some(HOUR));
        let left = whole(&terms).within(cut);
        assert_eq!(left, Left::until(Some(HOUR)));
        let times = Times::of(whole(&terms), DAY).within(cut, DAY);
        assert_eq!((times.fresh_until, times.expires), (DAY + 3_600_000, DAY + 3_600_000));
    }

    #[test]
    fn a_lower_ttl_counts_for_what_is_there_and_its_stale_time_follows() {
        let times = Times::of(whole(&windows()), DAY);
        let lowered = Terms { ttl: Ttl::Fixed(HOUR), ..windows() };
        let left = lowered.left_of(times.living(lowered.ttl.fixed()), DAY + 5_400_000);
        assert_eq!(left.standing(), Standing::Stale);
        assert_eq!(left.stale, Some(HOUR / 2));
    }

    #[test]
    fn jitter_shortens_by_a_part_that_differs() {
        let terms = Terms { jitter: Some(0.5.into()), ..terms(Ttl::Fixed(HOUR)) };
        let lives: Vec<_> = (0..200).map(|_| terms.new_lives(&()).memory.unwrap()).collect();
        assert!(lives.iter().all(|life| *life <= HOUR && *life > HOUR / 2));
        let (least, most) = (lives.iter().min().unwrap(), lives.iter().max().unwrap());
        assert!(*least < HOUR * 6 / 10 && *most > HOUR * 9 / 10, "{least:?} to {most:?}");
    }

    #[test]
    fn a_part_of_the_longest_time_is_one() {
        for fraction in [1.0, 0.999_999_999, f64::INFINITY, f64::NAN, -1.0] {
            assert!(Portion::from(fraction).of(Duration::MAX) <= Duration::MAX);
        }
        let terms = Terms {
            jitter: Some(1.0.into()),
            refresh_ahead: Some(1.0.into()),
            ..terms(Ttl::Fixed(Duration::MAX))
        };
        assert!(terms.new_lives(&()).memory.is_some());
    }

    #[test]
    fn times_in_the_wrong_order_are_harmless() {
        let times = Times { created: 10 * DAY + 900, fresh_until: 10 * DAY + 300, expires: 10 * DAY + 300 };
        assert_eq!(windows().left_of(times, 10 * DAY).standing(), Standing::Over);
    }

    #[test]
    fn nothing_is_left_of_what_is_not_to_be_stored() {
        assert_eq!(whole(&Terms { ttl: Ttl::Fixed(Duration::ZERO), ..windows() }), Left::NOTHING);
    }

    #[test]
    fn the_shorter_life_counts() {
        assert_eq!(shorter(None, Some(HOUR)), Some(HOUR));
        assert_eq!(shorter(Some(HOUR), None), Some(HOUR));
        assert_eq!(shorter(Some(HOUR), Some(HOUR / 2)), Some(HOUR / 2));
        assert_eq!(shorter(None, None), None);
    }
}

//! A remote tier as one cache uses it: the time of each call for it, and its counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use dcache_backends::clock;
use dcache_backends::{Bytes, Error, ErrorKind, Key, Operation, Scope};

use crate::contain::caught;
use crate::lost::{Debt, Target};
use crate::mode::Mode;
use crate::policy::Ttl;
use crate::shared::{CLEAR_BUDGET, How, Older, Shared};
use crate::stats::{TierCounts, TierStats, count};
use crate::timer;

/// A tier as one cache uses it.
pub(crate) struct LiveTier {
    shared: Arc<Shared>,
    /// How long a value stays here, where that may be shorter than its life.
    pub(crate) ttl: Option<Duration>,
    timeout: Duration,
    /// Whether running out of time here says something about the tier: not where this function allows it
    /// less than usual.
    judges: bool,
    pub(crate) counts: TierCounts,
}

/// What is left of a tier's time for one call, and how the call waits.
pub(crate) struct Allowance {
    pub(crate) mode: Mode,
    left: Duration,
    /// What was in use when the call began.
    shared: Arc<Shared>,
}

impl LiveTier {
    /// Uses a tier within this time, or the tier's usual one.
    pub(crate) fn new(shared: Arc<Shared>, ttl: Option<Duration>, timeout: Option<Duration>) -> Self {
        let usual = shared.backend.time_budget();
        let timeout = timeout.unwrap_or(usual);
        Self { shared, ttl, timeout, judges: timeout >= usual, counts: TierCounts::default() }
    }

    /// Forgets about a time to live here that ends no value's stay before its life is over.
    pub(crate) fn within<V>(self, ttl: &Ttl<V>) -> Self {
        Self { ttl: ttl.cut_by(self.ttl), ..self }
    }

    pub(crate) fn name(&self) -> &str {
        self.shared.name()
    }

    /// Tells whether this is the same connection, folder or bucket.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    pub(crate) fn allowance(&self, mode: Mode) -> Allowance {
        Allowance { mode, left: self.timeout, shared: self.shared.in_use() }
    }

    /// Reads an entry; what is still to be changed here is changed instead.
    pub(crate) async fn get(
        &self,
        key: &Key,
        limit: usize,
        allowance: &mut Allowance,
    ) -> Result<Option<Bytes>, Error> {
        match allowance.shared.past.lost.before(key) {
            None => {}
            Some(Debt::Scope(_)) => {
                allowance.shared.catch_up(); // which takes longer than a call may
                return Ok(None);
            }
            Some(debt) => {
                let start = Instant::now();
                let asked = Box::pin(allowance.shared.carry_out(self.how(allowance), &debt)).await;
                self.spent(start, allowance, asked)?;
                return Ok(None);
            }
        }
        let start = Instant::now();
        let asked = allowance.shared.get(self.how(allowance), key, limit).await;
        Ok(self.spent(start, allowance, asked)?)
    }

    /// Tells whether an entry that was created then was changed meanwhile, and has arrived late.
    pub(crate) fn is_late(&self, key: &Key, created: u64, allowance: &Allowance) -> bool {
        allowance.shared.past.doubts.are_of(key, created)
    }

    /// Writes an entry.
    pub(crate) async fn set(
        &self,
        key: &Key,
        entry: Bytes,
        created: u64,
        life: Option<Duration>,
        older: Older,
        allowance: &mut Allowance,
    ) -> Result<(), Error> {
        let shared = allowance.shared.clone();
        let change = shared.past.change(Target::Key(key), older, created);
        let write = shared.past.doubts.write(key);
        let start = Instant::now();
        let asked = shared.set(self.how(allowance), key, entry, life).await;
        let result = self.spent(start, allowance, asked);
        if result.as_ref().map_or_else(|failure| !failure.may_have_written(), |()| true) {
            write.known();
        }
        result?;
        change.done();
        count(&self.counts.writes);
        Ok(())
    }

    /// Removes an entry.
    pub(crate) async fn remove(
        &self,
        key: &Key,
        older: Older,
        allowance: &mut Allowance,
    ) -> Result<(), Error> {
        let shared = allowance.shared.clone();
        let change = shared.past.change(Target::Key(key), older, from_now());
        let start = Instant::now();
        let asked = shared.remove(self.how(allowance), key).await;
        self.spent(start, allowance, asked)?;
        change.done();
        count(&self.counts.removes);
        Ok(())
    }

    /// Removes all entries of a function, none of which must stay if the tier fails.
    pub(crate) async fn clear(&self, scope: &Scope, mode: Mode) -> Result<u64, Error> {
        let mut allowance = Allowance { left: CLEAR_BUDGET, ..self.allowance(mode) };
        let shared = allowance.shared.clone();
        let change = shared.past.change(Target::Scope(scope), Older::MustGo, from_now());
        let start = Instant::now();
        let asked = shared.clear(self.how(&allowance), scope, self.timeout).await;
        let removed = self.spent(start, &mut allowance, asked)?;
        change.done();
        self.counts.removes.fetch_add(removed, Relaxed);
        Ok(removed)
    }

    pub(crate) async fn check(&self) -> Result<(), Error> {
        let fault = |kind| Error::new(kind, Operation::Check).with_tier(self.name().to_owned());
        let limit = self.timeout.max(Duration::from_secs(2)); // at start-up, patience is better than an alarm
        let shared = self.shared.in_use();
        match timer::timeout(limit, caught(shared.backend.check())).await {
            Some(Ok(result)) => result,
            Some(Err(_)) => Err(fault(ErrorKind::Other).with_context("the tier panicked")),
            None => Err(fault(ErrorKind::Timeout).with_context(shared.backend.waiting_for().into_owned())),
        }
    }

    /// Returns how long one operation may take here.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Returns what was counted here for a function.
    pub(crate) fn stats(&self, scope: &Scope) -> TierStats {
        let load = |counter: &AtomicU64| counter.load(Relaxed);
        let shared = self.shared.in_use();
        TierStats {
            name: self.name().to_owned(),
            hits: load(&self.counts.hits),
            misses: load(&self.counts.misses),
            writes: load(&self.counts.writes),
            removes: load(&self.counts.removes),
            errors: load(&self.counts.errors),
            open: shared.breaker.is_open(),
            lost: shared.past.lost.count(scope),
        }
    }

    /// Has the tier asked within what is left of its time.
    fn how(&self, allowance: &Allowance) -> How {
        How { mode: allowance.mode, budget: allowance.left, judges: self.judges }
    }

    /// Takes the time since a question was asked off what is allowed, and counts what failed.
    fn spent<T>(
        &self,
        start: Instant,
        allowance: &mut Allowance,
        asked: Result<Result<T, Error>, Error>,
    ) -> Result<T, Failure> {
        let result = asked.map_err(Failure::NotAsked)?;
        allowance.left = match &result {
            // one call does not wait for one tier twice
            Err(error) if error.kind() != ErrorKind::TooLarge => Duration::ZERO,
            _ => allowance.left.saturating_sub(start.elapsed()),
        };
        if result.is_err() {
            count(&self.counts.errors);
        }
        result.map_err(Failure::Answer)
    }
}

/// Returns the moment before which an entry is older than a removal that begins now. Entries are dated in whole
/// milliseconds, so that one of this very millisecond counts as older.
fn from_now() -> u64 {
    clock::wall() + 1
}

/// Why something was not done.
enum Failure {
    /// The tier is skipped.
    NotAsked(Error),
    /// The tier failed.
    Answer(Error),
}

impl Failure {
    /// Tells whether a write may be carried out all the same, then or later.
    fn may_have_written(&self) -> bool {
        match self {
            Self::NotAsked(_) => false,
            Self::Answer(error) => {
                error.operation() != Operation::Connect
                    && matches!(
                        error.kind(),
                        ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Protocol | ErrorKind::Other
                    )
            }
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let (Failure::NotAsked(error) | Failure::Answer(error)) = failure;
        error
    }
}

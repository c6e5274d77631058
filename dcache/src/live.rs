//! A remote tier in use: its time budget, its breaker, its counts.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use dcache_backends::{Backend, BlockingBackend, Bytes, Error, ErrorKind, Key, Operation, Scope};

use crate::breaker::Breaker;
use crate::contain::{caught, contained};
use crate::mode::Mode;
use crate::policy::Ttl;
use crate::stats::{TierCounts, TierStats, count};
#[cfg(feature = "testing")]
use crate::sync::Mutex;
use crate::timer;
#[cfg(feature = "testing")]
use crate::twin::{self, Twin};

/// A backend and its breaker, shared by all functions that use it.
pub(crate) struct Shared {
    backend: Arc<dyn Backend>,
    breaker: Breaker,
    /// Which server or folder this is, if that is known: backends of one place hold the same entries.
    #[cfg_attr(not(feature = "testing"), allow(dead_code))]
    place: Option<String>,
    #[cfg(feature = "testing")]
    role: Role,
}

/// A tier's part while a test is isolated.
#[cfg(feature = "testing")]
enum Role {
    /// It is not asked, and this stands in for it, made when it is first needed.
    Real(Mutex<Option<Arc<Shared>>>),
    /// It stands in for another, in this isolation.
    Twin(u64),
}

impl Shared {
    pub(crate) fn new(backend: Arc<dyn Backend>, place: Option<String>) -> Self {
        Self {
            backend,
            breaker: Breaker::default(),
            place,
            #[cfg(feature = "testing")]
            role: Role::Real(Mutex::new(None)),
        }
    }
}

#[cfg(feature = "testing")]
impl Shared {
    /// Tells whether this may be asked now: a twin in its own isolation, any other tier outside of all.
    fn is_in_use(&self) -> bool {
        match self.role {
            Role::Real(_) => !twin::is_isolated(twin::era()),
            Role::Twin(era) => era == twin::era(),
        }
    }

    /// Returns what is in use in its place: this itself, or while a test is isolated its twin.
    fn in_use(self: &Arc<Self>) -> Arc<Self> {
        let (Role::Real(twin), era) = (&self.role, twin::era()) else { return self.clone() };
        if !twin::is_isolated(era) {
            return self.clone();
        }
        let mut twin = twin.lock();
        match &*twin {
            Some(twin) if matches!(twin.role, Role::Twin(of) if of == era) => twin.clone(),
            _ => {
                let backend = Arc::new(Twin::of(&*self.backend, self.place.as_deref()));
                let made = Self { role: Role::Twin(era), ..Self::new(backend, None) };
                twin.insert(Arc::new(made)).clone()
            }
        }
    }
}

#[cfg(not(feature = "testing"))]
impl Shared {
    fn is_in_use(&self) -> bool {
        true
    }

    fn in_use(self: &Arc<Self>) -> Arc<Self> {
        self.clone()
    }
}

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

/// How long a `clear` may take: it walks through all keys of a store.
const CLEAR_BUDGET: Duration = Duration::from_secs(60);

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
        self.shared.backend.name()
    }

    /// Tells whether this is the same connection, folder or bucket.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    pub(crate) fn allowance(&self, mode: Mode) -> Allowance {
        Allowance { mode, left: self.timeout, shared: self.shared.in_use() }
    }

    pub(crate) async fn get(
        &self,
        key: &Key,
        limit: usize,
        allowance: &mut Allowance,
    ) -> Result<Option<Bytes>, Error> {
        let backend = allowance.shared.backend.clone();
        let asked = key.clone();
        let future = async move { backend.get_within(&asked, limit).await };
        let result = self.attempt(Operation::Get, Some(key), allowance, future, |tier, budget| {
            tier.get(key, limit, budget)
        });
        result.await
    }

    pub(crate) async fn set(
        &self,
        key: &Key,
        entry: Bytes,
        life: Option<Duration>,
        allowance: &mut Allowance,
    ) -> Result<(), Error> {
        let backend = allowance.shared.backend.clone();
        let (place, copy) = (key.clone(), entry.clone());
        let future = async move { backend.set(&place, copy, life).await };
        let result = self.attempt(Operation::Set, Some(key), allowance, future, |tier, budget| {
            tier.set(key, entry, life, budget)
        });
        result.await.inspect(|()| count(&self.counts.writes))
    }

    pub(crate) async fn remove(&self, key: &Key, allowance: &mut Allowance) -> Result<(), Error> {
        let backend = allowance.shared.backend.clone();
        let place = key.clone();
        let future = async move { backend.remove(&place).await };
        let result = self.attempt(Operation::Remove, Some(key), allowance, future, |tier, budget| {
            tier.remove(key, budget)
        });
        result.await.inspect(|()| count(&self.counts.removes))
    }

    pub(crate) async fn clear(&self, scope: &Scope, mode: Mode) -> Result<u64, Error> {
        let mut allowance = Allowance { left: CLEAR_BUDGET, ..self.allowance(mode) };
        let backend = allowance.shared.backend.clone();
        let place = scope.clone();
        let future = async move { backend.clear(&place).await };
        let step = self.timeout;
        let result =
            self.attempt(Operation::Clear, None, &mut allowance, future, |tier, _| tier.clear(scope, step));
        result.await.inspect(|removed| {
            self.counts.removes.fetch_add(*removed, Relaxed);
        })
    }

    pub(crate) async fn check(&self) -> Result<(), Error> {
        let fault = |kind| Error::new(kind, Operation::Check).with_tier(self.name().to_owned());
        let limit = self.timeout.max(Duration::from_secs(2)); // at start-up, patience is better than an alarm
        match timer::timeout(limit, caught(self.shared.in_use().backend.check())).await {
            Some(Ok(result)) => result,
            Some(Err(_)) => Err(fault(ErrorKind::Other).with_context("the tier panicked")),
            None => Err(fault(ErrorKind::Timeout)),
        }
    }

    /// Returns how long one operation may take here.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    pub(crate) fn stats(&self) -> TierStats {
        let load = |counter: &AtomicU64| counter.load(Relaxed);
        TierStats {
            name: self.name().to_owned(),
            hits: load(&self.counts.hits),
            misses: load(&self.counts.misses),
            writes: load(&self.counts.writes),
            removes: load(&self.counts.removes),
            errors: load(&self.counts.errors),
            open: self.shared.in_use().breaker.is_open(),
        }
    }

    /// Asks the tier: not while its breaker is open, not for longer than is allowed, and whatever happens
    /// there ends here.
    async fn attempt<T: Send + 'static>(
        &self,
        operation: Operation,
        key: Option<&Key>,
        allowance: &mut Allowance,
        future: impl Future<Output = Result<T, Error>> + Send + 'static,
        blocking: impl FnOnce(&dyn BlockingBackend, Duration) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let fault = |kind| {
            let error = Error::new(kind, operation).with_tier(self.name().to_owned());
            match key {
                Some(key) => error.with_key(key),
                None => error,
            }
        };
        let shared = allowance.shared.clone();
        if !shared.is_in_use() {
            let context = "an isolated test has begun or ended since this call began";
            return Err(fault(ErrorKind::Unavailable).with_context(context));
        }
        if allowance.left.is_zero() || !shared.breaker.admits(operation, self.judges) {
            return Err(fault(ErrorKind::Unavailable).with_context("skipped after failures"));
        }
        let start = Instant::now();
        let result = match (allowance.mode, shared.backend.as_blocking()) {
            (Mode::Blocking, Some(tier)) => contained(|| blocking(tier, allowance.left))
                .unwrap_or_else(|| Err(fault(ErrorKind::Other).with_context("the tier panicked"))),
            (mode, _) => {
                let future = elsewhere(mode, caught(future));
                match timer::timeout(allowance.left, future).await {
                    Some(Ok(Ok(result))) => result,
                    Some(Ok(Err(_))) => Err(fault(ErrorKind::Other).with_context("the tier panicked")),
                    Some(Err(error)) => Err(error),
                    None => Err(fault(ErrorKind::Timeout)),
                }
            }
        };
        let result = result.map_err(|error| match (error.tier(), key) {
            ("", Some(key)) => error.with_tier(self.name().to_owned()).with_key(key),
            ("", None) => error.with_tier(self.name().to_owned()),
            _ => error,
        });
        allowance.left = allowance.left.saturating_sub(start.elapsed());
        match &result {
            Ok(_) => shared.breaker.succeeded(operation, self.name()),
            Err(error) => {
                count(&self.counts.errors);
                match error.kind() {
                    // this entry's fault, not the tier's, which has answered
                    ErrorKind::TooLarge => shared.breaker.succeeded(operation, self.name()),
                    ErrorKind::Timeout if !self.judges => allowance.left = Duration::ZERO,
                    _ => {
                        allowance.left = Duration::ZERO; // one call does not wait for one tier twice
                        shared.breaker.failed(operation, error);
                    }
                }
            }
        }
        result
    }
}

/// Runs a tier's future where it finds what it may need: a synchronous caller has no runtime, so it runs on
/// the I/O thread where there is one.
async fn elsewhere<T: Send + 'static>(
    mode: Mode,
    future: impl Future<Output = T> + Send + 'static,
) -> Result<T, Error> {
    #[cfg(any(feature = "redis", feature = "fs"))]
    if mode == Mode::Blocking {
        return dcache_backends::io::run(future).await;
    }
    let _ = mode;
    Ok(future.await)
}

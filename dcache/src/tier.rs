//! A remote tier in use: what it is, its time budget, its breaker, its counts.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::Poll;
use std::time::{Duration, Instant};

use dcache_backends::{Backend, BlockingBackend, Bytes, Error, ErrorKind, Key, Operation, Scope};

use crate::breaker::Breaker;
use crate::flight::Mode;
use crate::settings;
use crate::stats::{TierCounts, TierStats, count};
use crate::timer;

/// A tier below memory, and how a cache uses it.
///
/// Anything that implements [`Backend`] becomes one by itself; this is the place for what differs from
/// cache to cache.
///
/// ```
/// # use std::time::Duration;
/// # use dcache::{Backend, Cache, Tier};
/// # fn example(shelf: impl Backend) -> Result<(), dcache::Error> {
/// let tier = Tier::new(shelf).ttl(Duration::from_secs(60)).timeout(Duration::from_millis(20));
/// # #[cfg(feature = "bincode")] {
/// let cache: Cache<String, u64> = Cache::builder("counts").tier(tier).build()?;
/// # }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Tier {
    source: Source,
    ttl: Option<Duration>,
    timeout: Option<Duration>,
    #[cfg_attr(not(feature = "fs"), allow(dead_code))]
    capacity: Option<u64>,
}

#[derive(Clone)]
enum Source {
    Shared(Arc<Shared>),
    Named(String),
    #[cfg(feature = "redis")]
    Redis(Place),
    #[cfg(feature = "fs")]
    Fs(Place),
}

/// Where an attribute says that a tier is.
#[derive(Clone)]
#[cfg_attr(not(any(feature = "redis", feature = "fs")), allow(dead_code))]
pub enum Place {
    /// Nowhere: by the variable for this kind of tier.
    Unset,
    /// Here.
    At(String),
    /// Where this variable says.
    Env(String),
}

impl Tier {
    /// Uses this backend.
    pub fn new(backend: impl Backend) -> Self {
        Self::of(Source::Shared(Arc::new(Shared::new(Arc::new(backend)))))
    }

    /// Uses the tier that [`configure`](crate::configure) gave this name.
    pub fn named(name: impl Into<String>) -> Self {
        Self::of(Source::Named(name.into()))
    }

    #[cfg(feature = "redis")]
    pub(crate) fn redis(place: Place) -> Self {
        Self::of(Source::Redis(place))
    }

    #[cfg(feature = "fs")]
    pub(crate) fn fs(place: Place) -> Self {
        Self::of(Source::Fs(place))
    }

    fn of(source: Source) -> Self {
        Self { source, ttl: None, timeout: None, capacity: None }
    }

    /// Sets the longest time to live here; the function's counts where it is shorter.
    #[must_use]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Sets how long this tier may hold up a call: by default 100 ms for Redis, 250 ms for files, else 1 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets the bytes that files may take; for `fs` alone.
    #[doc(hidden)]
    #[must_use]
    pub fn capacity(mut self, bytes: u64) -> Self {
        self.capacity = Some(bytes);
        self
    }

    /// Finds the tier: none where a bare `redis` has no variable set.
    pub(crate) fn open(self) -> Result<Option<LiveTier>, Error> {
        let shared = match self.source {
            Source::Shared(shared) => shared,
            Source::Named(name) => match settings::named_tier(&name) {
                Some(Tier { source: Source::Named(_), .. }) | None => {
                    return Err(Error::new(ErrorKind::Config, Operation::Configure).with_tier(name).with_context(
                        "no tier has this name; set it with `dcache::configure().tier(name, …)` first in `main`",
                    ));
                }
                Some(tier) => {
                    let (ttl, timeout) = (self.ttl.or(tier.ttl), self.timeout.or(tier.timeout));
                    return Self { ttl, timeout, ..tier }.open();
                }
            },
            #[cfg(feature = "redis")]
            Source::Redis(place) => {
                let Some(url) = place.find("redis", "DCACHE_REDIS_URL")? else {
                    crate::log::info(format_args!("tier `redis` is absent: DCACHE_REDIS_URL is not set"));
                    return Ok(None);
                };
                let open = || Ok(Shared::new(Arc::new(crate::Redis::connect(&url)?)));
                settings::shared_tier(format!("redis {url}"), open)?
            }
            #[cfg(feature = "fs")]
            Source::Fs(place) => {
                let root = place.find("fs", "DCACHE_FS_ROOT")?;
                let open = || {
                    let fs = match &root {
                        Some(root) => crate::Fs::open(root)?,
                        None => crate::Fs::open_default()?,
                    };
                    Ok(Shared::new(Arc::new(match self.capacity {
                        Some(bytes) => fs.capacity(bytes),
                        None => fs,
                    })))
                };
                settings::shared_tier(format!("fs {}", root.as_deref().unwrap_or_default()), open)?
            }
        };
        let usual = shared.backend.time_budget();
        let timeout = self.timeout.unwrap_or(usual);
        let judges = timeout >= usual;
        Ok(Some(LiveTier { shared, ttl: self.ttl, timeout, judges, counts: TierCounts::default() }))
    }
}

impl<B: Backend> From<B> for Tier {
    fn from(backend: B) -> Self {
        Self::new(backend)
    }
}

#[cfg(any(feature = "redis", feature = "fs"))]
impl Place {
    fn find(&self, tier: &'static str, usual: &str) -> Result<Option<String>, Error> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        match self {
            Self::At(address) => Ok(Some(address.clone())),
            Self::Unset => Ok(variable(usual)),
            Self::Env(name) => match variable(name) {
                Some(address) => Ok(Some(address)),
                None => Err(Error::new(ErrorKind::Config, Operation::Configure)
                    .with_tier(tier)
                    .with_context(format!("the variable {name} is not set"))),
            },
        }
    }
}

/// A backend and its breaker, shared by all functions that use it.
pub(crate) struct Shared {
    pub(crate) backend: Arc<dyn Backend>,
    breaker: Breaker,
}

impl Shared {
    fn new(backend: Arc<dyn Backend>) -> Self {
        Self { backend, breaker: Breaker::default() }
    }
}

/// A tier as one cache uses it.
pub(crate) struct LiveTier {
    shared: Arc<Shared>,
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
}

/// How long a `clear` may take: it walks through all keys of a store.
const CLEAR_BUDGET: Duration = Duration::from_secs(60);

impl LiveTier {
    pub(crate) fn name(&self) -> &str {
        self.shared.backend.name()
    }

    /// Tells whether this is the same connection, folder or bucket.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    pub(crate) fn allowance(&self, mode: Mode) -> Allowance {
        Allowance { mode, left: self.timeout }
    }

    pub(crate) async fn get(
        &self,
        key: &Key,
        limit: usize,
        allowance: &mut Allowance,
    ) -> Result<Option<Bytes>, Error> {
        let backend = self.shared.backend.clone();
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
        let backend = self.shared.backend.clone();
        let (place, copy) = (key.clone(), entry.clone());
        let future = async move { backend.set(&place, copy, life).await };
        let result = self.attempt(Operation::Set, Some(key), allowance, future, |tier, budget| {
            tier.set(key, entry, life, budget)
        });
        result.await.inspect(|()| count(&self.counts.writes))
    }

    pub(crate) async fn remove(&self, key: &Key, allowance: &mut Allowance) -> Result<(), Error> {
        let backend = self.shared.backend.clone();
        let place = key.clone();
        let future = async move { backend.remove(&place).await };
        let result = self.attempt(Operation::Remove, Some(key), allowance, future, |tier, budget| {
            tier.remove(key, budget)
        });
        result.await.inspect(|()| count(&self.counts.removes))
    }

    pub(crate) async fn clear(&self, scope: &Scope, mode: Mode) -> Result<u64, Error> {
        let backend = self.shared.backend.clone();
        let place = scope.clone();
        let future = async move { backend.clear(&place).await };
        let mut allowance = Allowance { mode, left: CLEAR_BUDGET };
        let step = self.timeout;
        let result =
            self.attempt(Operation::Clear, None, &mut allowance, future, |tier, _| tier.clear(scope, step));
        result.await.inspect(|removed| {
            self.counts.removes.fetch_add(*removed, Relaxed);
        })
    }

    pub(crate) async fn check(&self) -> Result<(), Error> {
        let check = guarded(self.shared.backend.check());
        let limit = self.timeout.max(Duration::from_secs(2)); // at start-up, patience is better than an alarm
        let result = timer::timeout(limit, check).await;
        result.unwrap_or_else(|| {
            Err(Error::new(ErrorKind::Timeout, Operation::Check).with_tier(self.name().to_owned()))
        })
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
            open: self.shared.breaker.is_open(),
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
        if allowance.left.is_zero() || !self.shared.breaker.admits() {
            return Err(fault(ErrorKind::Unavailable).with_context("skipped after failures"));
        }
        let start = Instant::now();
        let result = match (allowance.mode, self.shared.backend.as_blocking()) {
            (Mode::Blocking, Some(tier)) => catch_unwind(AssertUnwindSafe(|| blocking(tier, allowance.left)))
                .unwrap_or_else(|_| Err(fault(ErrorKind::Other).with_context("the tier panicked"))),
            (mode, _) => {
                let future = elsewhere(mode, guarded(future));
                let result = timer::timeout(allowance.left, future).await;
                result.unwrap_or_else(|| Err(fault(ErrorKind::Timeout)))
            }
        };
        allowance.left = allowance.left.saturating_sub(start.elapsed());
        match &result {
            Ok(_) => self.shared.breaker.succeeded(self.name()),
            Err(error) => {
                count(&self.counts.errors);
                match error.kind() {
                    // this entry's fault, not the tier's
                    ErrorKind::TooLarge => {}
                    ErrorKind::Timeout if !self.judges => allowance.left = Duration::ZERO,
                    _ => {
                        allowance.left = Duration::ZERO; // one call does not wait for one tier twice
                        self.shared.breaker.failed(error);
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
    future: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    #[cfg(any(feature = "redis", feature = "fs"))]
    if mode == Mode::Blocking {
        return dcache_backends::io::run(future).await?;
    }
    let _ = mode;
    future.await
}

/// Turns a panic of a tier into an error.
async fn guarded<T>(future: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))).unwrap_or_else(|_| {
            Poll::Ready(Err(Error::new(ErrorKind::Other, Operation::Get).with_context("the tier panicked")))
        })
    })
    .await
}

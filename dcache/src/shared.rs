//! A remote tier that several functions share: who asks it is held back by its breaker, and what did not reach it is
//! carried out when it is back.

use std::collections::BTreeMap;
use std::future::Future;
#[cfg(any(feature = "redis", feature = "fs", feature = "s3"))]
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use dcache_backends::{Backend, BlockingBackend, Bytes, Error, ErrorKind, Key, Operation, Scope};

use crate::background::WRITES;
use crate::breaker::Breaker;
#[cfg(feature = "testing")]
use crate::chaos::Chaos;
use crate::contain::{caught, contained};
use crate::doubt::Doubts;
use crate::lost::{Change, Debt, Lost, Target};
use crate::mode::Mode;
use crate::sync::Mutex;
use crate::timer;
#[cfg(feature = "testing")]
use crate::twin;

/// A backend, its breaker, and what is still to come of the past.
pub(crate) struct Shared {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) breaker: Breaker,
    pub(crate) past: Arc<Past>,
    /// Which server or folder this is, if that is known: backends of one place hold the same entries.
    #[cfg(feature = "testing")]
    place: Option<String>,
    #[cfg(feature = "testing")]
    role: Role,
    /// What its twin goes wrong by.
    #[cfg(feature = "testing")]
    chaos: Option<Chaos>,
}

/// What is still to come of what was done to a tier.
#[derive(Default)]
pub(crate) struct Past {
    pub(crate) lost: Lost,
    pub(crate) doubts: Doubts,
}

impl Past {
    /// Begins a change: what was created before `since` is not valid any more, where the older one is not to stay.
    pub(crate) fn change<'p>(&'p self, target: Target<'p>, older: Older, since: u64) -> Change<'p> {
        if older == Older::MustGo {
            self.doubts.change(target, since);
        }
        self.lost.begin(target, older == Older::MustGo)
    }
}

/// What becomes of an older entry where a new one does not take its place.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Older {
    /// It is as good as before.
    Stays,
    /// It is of no use, and does no harm where it cannot be removed.
    Goes,
    /// It is not valid any more: where it cannot be removed now, that is to be made up for.
    MustGo,
}

/// A tier's part while a test is isolated.
#[cfg(feature = "testing")]
enum Role {
    /// It is not asked, and this stands in for it, made when it is first needed.
    Real(Mutex<Option<Arc<Shared>>>),
    /// It stands in for another, in this isolation.
    Twin(u64),
}

/// How a tier is asked.
#[derive(Clone, Copy)]
pub(crate) struct How {
    pub(crate) mode: Mode,
    /// For so long.
    pub(crate) budget: Duration,
    /// Who allows it less time than usual does not judge it by running out of that.
    pub(crate) judges: bool,
}

/// What is asked of a tier.
struct Question<'q, H, A, B> {
    operation: Operation,
    /// The key that it is about, for errors.
    key: Option<&'q Key>,
    /// Asks it in a future, of the caller's or one that owns what it needs, or in place.
    here: H,
    away: A,
    blocking: B,
}

type Asking<'q, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'q>>;

impl Shared {
    pub(crate) fn new(backend: Arc<dyn Backend>, place: Option<String>) -> Self {
        Self {
            backend,
            breaker: Breaker::default(),
            past: past(place.as_deref()),
            #[cfg(feature = "testing")]
            place,
            #[cfg(feature = "testing")]
            role: Role::Real(Mutex::new(None)),
            #[cfg(feature = "testing")]
            chaos: None,
        }
    }

    pub(crate) fn name(&self) -> &str {
        self.backend.name()
    }

    /// Returns the backend itself: an `Arc` of one is one too, which asks it in one more box.
    fn tier(&self) -> &dyn Backend {
        &*self.backend
    }

    /// Reads an entry, as [`ask`](Self::ask) does.
    pub(crate) async fn get(
        self: &Arc<Self>,
        how: How,
        key: &Key,
        limit: usize,
    ) -> Result<Result<Option<Bytes>, Error>, Error> {
        let question = Question {
            operation: Operation::Get,
            key: Some(key),
            here: || self.tier().get_within(key, limit),
            away: || {
                let (backend, key) = (self.backend.clone(), key.clone());
                async move { backend.get_within(&key, limit).await }
            },
            blocking: |tier: &dyn BlockingBackend, budget| tier.get(key, limit, budget),
        };
        self.ask(how, question).await
    }

    /// Writes an entry, as [`ask`](Self::ask) does.
    pub(crate) async fn set(
        self: &Arc<Self>,
        how: How,
        key: &Key,
        entry: Bytes,
        life: Option<Duration>,
    ) -> Result<Result<(), Error>, Error> {
        let question = Question {
            operation: Operation::Set,
            key: Some(key),
            here: || self.tier().set(key, entry.clone(), life),
            away: || {
                let (backend, key, entry) = (self.backend.clone(), key.clone(), entry.clone());
                async move { backend.set(&key, entry, life).await }
            },
            blocking: |tier: &dyn BlockingBackend, budget| tier.set(key, entry.clone(), life, budget),
        };
        self.ask(how, question).await
    }

    /// Removes an entry, as [`ask`](Self::ask) does.
    pub(crate) async fn remove(self: &Arc<Self>, how: How, key: &Key) -> Result<Result<(), Error>, Error> {
        let question = Question {
            operation: Operation::Remove,
            key: Some(key),
            here: || self.tier().remove(key),
            away: || {
                let (backend, key) = (self.backend.clone(), key.clone());
                async move { backend.remove(&key).await }
            },
            blocking: |tier: &dyn BlockingBackend, budget| tier.remove(key, budget),
        };
        self.ask(how, question).await
    }

    /// Removes all entries of a function, as [`ask`](Self::ask) does; on this thread each step may take so long.
    pub(crate) async fn clear(
        self: &Arc<Self>,
        how: How,
        scope: &Scope,
        step: Duration,
    ) -> Result<Result<u64, Error>, Error> {
        let question = Question {
            operation: Operation::Clear,
            key: None,
            here: || self.tier().clear(scope),
            away: || {
                let (backend, scope) = (self.backend.clone(), scope.clone());
                async move { backend.clear(&scope).await }
            },
            blocking: |tier: &dyn BlockingBackend, _| tier.clear(scope, step),
        };
        self.ask(how, question).await
    }

    /// Asks the tier: not while its breaker is open, not for longer than this, and whatever happens there ends here.
    /// The outer error is of a tier that was not asked.
    async fn ask<'q, T: Send + 'static, A: Future<Output = Result<T, Error>> + Send + 'static>(
        self: &'q Arc<Self>,
        how: How,
        question: Question<
            'q,
            impl FnOnce() -> Asking<'q, T>,
            impl FnOnce() -> A,
            impl FnOnce(&dyn BlockingBackend, Duration) -> Result<T, Error>,
        >,
    ) -> Result<Result<T, Error>, Error> {
        let How { mode, budget, judges } = how;
        let Question { operation, key, here, away, blocking } = question;
        let named = |error: Error| match key {
            Some(key) => error.with_tier(self.name().to_owned()).with_key(key),
            None => error.with_tier(self.name().to_owned()),
        };
        let fault = |kind| named(Error::new(kind, operation));
        if !self.is_in_use() {
            let context = "an isolated test has begun or ended since this call began";
            return Err(fault(ErrorKind::Unavailable).with_context(context));
        }
        if budget.is_zero() || !self.breaker.admits(operation, judges) {
            return Err(fault(ErrorKind::Unavailable).with_context("skipped after failures"));
        }
        let panicked = || fault(ErrorKind::Other).with_context("the tier panicked");
        let result = match (mode, self.backend.as_blocking()) {
            (Mode::Blocking, Some(tier)) => {
                contained(|| blocking(tier, budget)).unwrap_or_else(|| Err(panicked()))
            }
            (mode, _) => {
                // a synchronous caller has no runtime for what a tier may need
                let ask = || if mode == Mode::Blocking { elsewhere(away()) } else { here() };
                match contained(ask) {
                    None => Err(panicked()),
                    Some(asking) => match timer::timeout(budget, caught(asking)).await {
                        Some(Ok(result)) => result,
                        Some(Err(_)) => Err(panicked()),
                        None => {
                            let waiting_for = self.backend.waiting_for().into_owned();
                            Err(fault(ErrorKind::Timeout).with_context(waiting_for))
                        }
                    },
                }
            }
        };
        let result = result.map_err(|error| if error.tier().is_empty() { named(error) } else { error });
        match &result {
            // one that is too large is this entry's fault, not the tier's, which has answered
            Err(error) if error.kind() != ErrorKind::TooLarge => {
                if judges || error.kind() != ErrorKind::Timeout {
                    self.breaker.failed(operation, error);
                }
            }
            _ => {
                self.breaker.succeeded(operation, self.name());
                self.catch_up();
            }
        }
        Ok(result)
    }

    /// Has the changes that were lost carried out in the background, if it is time.
    pub(crate) fn catch_up(self: &Arc<Self>) {
        if self.past.lost.is_empty() || !self.past.lost.take_on() {
            return;
        }
        let taken = CatchingUp(self.clone());
        WRITES.spawn(move || pollster::block_on(taken.run()));
    }

    /// Carries out a change that was lost, as [`ask`](Self::ask) does.
    pub(crate) async fn carry_out(
        self: &Arc<Self>,
        how: How,
        debt: &Debt,
    ) -> Result<Result<(), Error>, Error> {
        let change = self.past.lost.begin(debt.target(), false); // it is lost as it is
        let result = match debt {
            Debt::Key(key) => self.remove(how, key).await?,
            Debt::Scope(scope) => self.clear(how, scope, self.backend.time_budget()).await?.map(drop),
        };
        if result.is_ok() {
            change.done();
        }
        Ok(result)
    }
}

/// The right to carry out what a tier has not learnt of.
struct CatchingUp(Arc<Shared>);

impl CatchingUp {
    /// Carries out one change after the other, as long as the tier takes them.
    async fn run(self) {
        let tier = &self.0;
        for debt in tier.past.lost.debts() {
            let budget = match debt {
                Debt::Key(_) => tier.backend.time_budget(),
                Debt::Scope(_) => CLEAR_BUDGET,
            };
            let how = How { mode: Mode::Blocking, budget, judges: true };
            if !matches!(tier.carry_out(how, &debt).await, Ok(Ok(()))) {
                return;
            }
        }
    }
}

impl Drop for CatchingUp {
    fn drop(&mut self) {
        self.0.past.lost.leave();
    }
}

/// How long a `clear` may take: it walks through all keys of a store.
pub(crate) const CLEAR_BUDGET: Duration = Duration::from_secs(60);

/// Returns the past of a place: it is the same for all who use that place, and outlives them.
fn past(place: Option<&str>) -> Arc<Past> {
    static PLACES: Mutex<BTreeMap<String, Arc<Past>>> = Mutex::new(BTreeMap::new());
    match place {
        Some(place) => PLACES.lock().entry(place.to_owned()).or_default().clone(),
        None => Arc::default(),
    }
}

#[cfg(feature = "testing")]
impl Shared {
    /// Has its twin go wrong too.
    pub(crate) fn under(self, chaos: Chaos) -> Self {
        Self { chaos: Some(chaos), ..self }
    }

    /// Tells whether this may be asked now: a twin in its own isolation, any other tier outside of all.
    fn is_in_use(&self) -> bool {
        match self.role {
            Role::Real(_) => !twin::is_isolated(twin::era()),
            Role::Twin(era) => era == twin::era(),
        }
    }

    /// Returns what is in use in its place: this itself, or while a test is isolated its twin.
    pub(crate) fn in_use(self: &Arc<Self>) -> Arc<Self> {
        let (Role::Real(twin), era) = (&self.role, twin::era()) else { return self.clone() };
        if !twin::is_isolated(era) {
            return self.clone();
        }
        let mut twin = twin.lock();
        match &*twin {
            Some(twin) if matches!(twin.role, Role::Twin(of) if of == era) => twin.clone(),
            _ => {
                let backend = twin::of(&*self.backend, self.place.as_deref(), self.chaos.as_ref());
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

    pub(crate) fn in_use(self: &Arc<Self>) -> Arc<Self> {
        self.clone()
    }
}

/// Has a tier's future run on the I/O thread, where there is one.
fn elsewhere<T: Send + 'static>(
    asking: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Asking<'static, T> {
    #[cfg(any(feature = "redis", feature = "fs", feature = "s3"))]
    let asking = async move {
        match dcache_backends::io::run(caught(asking)).await? {
            Ok(result) => result,
            Err(panic) => resume_unwind(panic),
        }
    };
    Box::pin(asking)
}

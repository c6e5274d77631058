//! The protocol of a call: memory, one leader a key, the remote tiers, the body. Synchronous and asynchronous
//! callers share it; a synchronous one drives it on its thread, and its tiers answer in place.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::background;
use crate::bounds::{CacheKey, CacheValue};
use crate::fill::{Find, WhenDue};
use crate::flight::{Answer, Join, Lead, Lender, Manner, Purpose, SharedError, Turn};
use crate::inner::{Inner, Share};
use crate::length::Length;
use crate::log;
use crate::mode::Mode;
use crate::remote::Visit;
use crate::stats::{Counts, count};

/// How long a call waits for another with its key, unless `coalesce` says otherwise.
pub(crate) const DEFAULT_PATIENCE: Duration = Duration::from_secs(60);

/// A call that memory could not answer.
pub(crate) struct Call<K> {
    pub(crate) key: K,
    /// The body runs whatever the tiers hold.
    pub(crate) is_refresh: bool,
}

/// How far a call has come without its body.
enum Begun<K: CacheKey, V: CacheValue, E> {
    /// It is answered.
    Answered(Result<V, E>),
    /// It is answered, and its body is to run in the background.
    Refresh(V, Run<K, V>),
    /// Its body is to run.
    Run(Run<K, V>),
}

/// A call whose body is to run: as the leader of its key, or beside who leads.
pub(crate) struct Run<K: CacheKey, V: CacheValue> {
    pub(crate) lead: Option<Lead<K, V>>,
    pub(crate) visit: Option<Visit>,
    /// Who has an older value that its caller may get; none where the caller wants to know how the body ends.
    pub(crate) lender: Option<Lender<K, V>>,
    /// There was an older value when this began.
    pub(crate) lends: bool,
}

/// What the run of a body has come to.
pub(crate) struct Ended<V, E> {
    result: Result<V, E>,
    /// It is an older value, as the body failed.
    is_stale: bool,
}

/// The protocol: `begin`, the body, `end`. The body of a synchronous call runs on the bare stack in between, so
/// that a function which calls itself spends little of it on each level. What asks the tiers below memory is in boxes,
/// so that the future of a call, and of one that waits for another, is hardly larger than its body's.
impl<K: CacheKey, V: CacheValue> Inner<K, V> {
    /// Answers an asynchronous call whose body lives no longer than the call.
    pub(crate) async fn answer<E>(
        self: &Arc<Self>,
        call: Call<K>,
        body: impl Future<Output = Result<V, E>>,
        share: Option<Share<E>>,
    ) -> Result<V, E> {
        if self.is_off {
            return body.await;
        }
        match self.begin(self.manner(Mode::Async, false), &call, &share).await {
            Begun::Answered(answer) => answer,
            Begun::Refresh(value, _) => Ok(value),
            Begun::Run(run) => self.run(run, body, share).await,
        }
    }

    /// Answers a synchronous call whose body lives no longer than the call.
    pub(crate) fn answer_blocking<E>(
        self: &Arc<Self>,
        call: Call<K>,
        body: impl FnOnce() -> Result<V, E>,
        share: Option<Share<E>>,
    ) -> Result<V, E> {
        // nothing can be waited for on a thread that is ending
        if self.is_off || is_ending() {
            return body();
        }
        match on_thread(|| self.begin(self.manner(Mode::Blocking, false), &call, &share)) {
            Begun::Answered(answer) => answer,
            Begun::Refresh(value, _) => Ok(value),
            Begun::Run(run) => self.run_blocking(run, body, share),
        }
    }

    /// Answers an asynchronous call whose body may go on without it.
    pub(crate) async fn answer_away<E, F>(
        self: &Arc<Self>,
        call: Call<K>,
        body: impl FnOnce() -> F,
        share: Option<Share<E>>,
    ) -> Result<V, E>
    where
        E: Send + 'static,
        F: Future<Output = Result<V, E>> + Send + 'static,
    {
        if self.is_off {
            return body().await;
        }
        match self.begin(self.manner(Mode::Async, true), &call, &share).await {
            Begun::Answered(answer) => answer,
            Begun::Refresh(value, run) => {
                self.refresh(run, body(), share);
                Ok(value)
            }
            Begun::Run(run) if self.goes_away(&run) => self.run_away(run, body(), share).await,
            Begun::Run(run) => self.run(run, body(), share).await,
        }
    }

    /// Answers a synchronous call whose body may run on another thread.
    pub(crate) fn answer_away_blocking<E, F>(
        self: &Arc<Self>,
        call: Call<K>,
        body: impl FnOnce() -> F,
        share: Option<Share<E>>,
    ) -> Result<V, E>
    where
        E: Send + 'static,
        F: FnOnce() -> Result<V, E> + Send + 'static,
    {
        if self.is_off || is_ending() {
            return body()();
        }
        match on_thread(|| self.begin(self.manner(Mode::Blocking, true), &call, &share)) {
            Begun::Answered(answer) => answer,
            Begun::Refresh(value, run) => {
                self.refresh_blocking(run, body(), share);
                Ok(value)
            }
            Begun::Run(run) => self.run_blocking(run, body(), share),
        }
    }

    fn manner(&self, mode: Mode, refreshes: bool) -> Manner {
        let (coalesces, is_ours) = (self.policy.coalesce.is_some(), background::is_ours());
        Manner { mode, coalesces, refreshes, heeds_errors: true, is_ours }
    }

    /// Goes as far as one can without the body: joins the calls of the same key, and if there is none, leads and
    /// asks the remote tiers in order.
    async fn begin<E>(
        self: &Arc<Self>,
        mut manner: Manner,
        call: &Call<K>,
        share: &Option<Share<E>>,
    ) -> Begun<K, V, E> {
        let (key, mode) = (&call.key, manner.mode);
        if call.is_refresh {
            let lead = Box::pin(self.flights.supersede(key, Purpose::Refresh, mode)).await;
            let visit = self.visit(&lead, key, mode);
            return Begun::Run(Run { lead: Some(lead), visit, lender: None, lends: false });
        }
        let restore = |error: &SharedError| share.as_ref().and_then(|share| (share.restore)(&**error));
        let when_due = if manner.refreshes { WhenDue::Refresh } else { WhenDue::Take };
        loop {
            let turn = match self.flights.join(key, manner) {
                Join::Hit(answer) => return Begun::Answered(Ok(self.handed_out(answer))),
                Join::Refresh(answer, lead) => {
                    return Begun::Refresh(self.handed_out(answer), Run::of(lead, None));
                }
                Join::Failed(error) => match restore(&error) {
                    Some(error) => {
                        self.flights.hits.count();
                        return Begun::Answered(Err(error));
                    }
                    None => {
                        manner.heeds_errors = false; // it is of another type
                        continue;
                    }
                },
                Join::Alone(lender) => Turn::Alone(lender),
                Join::Apart(lender) => Turn::Apart(lender),
                Join::Lead(lead) => Turn::Lead(lead),
                Join::Wait(wait) => {
                    let soft = self.policy.soft_timeout.as_ref().map(Length::get);
                    wait.turn(self.policy.coalesce.unwrap_or(DEFAULT_PATIENCE), soft).await
                }
            };
            let run = match turn {
                Turn::Again => continue,
                Turn::Value(answer) => {
                    self.count_answer(&answer, &self.counts.coalesced);
                    return Begun::Answered(Ok(answer.value));
                }
                Turn::Error(error) => match restore(&error) {
                    Some(error) => {
                        count(&self.counts.coalesced);
                        return Begun::Answered(Err(error));
                    }
                    None => Run::beside(None), // the leader's errors are of another type
                },
                Turn::Alone(lender) => Run::beside(Some(lender)),
                Turn::Apart(lender) => match Box::pin(self.read(mode, key)).await {
                    Some(value) => return Begun::Answered(Ok(value)),
                    None => Run::beside(Some(lender)),
                },
                Turn::Lead(lead) => match self.visit(&lead, key, mode) {
                    None => Run::of(lead, None),
                    visit => {
                        let find = |lead| self.find(mode, lead, visit, when_due);
                        match Box::pin(lead.asking(mode, find)).await {
                            Find::Answer(answer) => return Begun::Answered(Ok(answer.value)),
                            Find::Refresh(answer, lead, visit) => {
                                return Begun::Refresh(answer.value, Run::of(lead, visit));
                            }
                            Find::Nothing(lead, visit) => Run::of(lead, visit),
                        }
                    }
                },
            };
            // where there is an older value, the end of the body's run decides what this call is
            if !run.lends {
                count(&self.counts.misses);
            }
            return Begun::Run(run);
        }
    }

    /// Counts what memory, or a flight, had for a call.
    pub(crate) fn handed_out(&self, answer: Answer<V>) -> V {
        if answer.is_stale {
            count(&self.counts.stale);
        } else {
            self.flights.hits.count();
        }
        answer.value
    }

    /// Counts a call that is answered: as this, unless with an older value.
    pub(crate) fn count_answer(&self, answer: &Answer<V>, fresh: &AtomicU64) {
        count(if answer.is_stale { &self.counts.stale } else { fresh });
    }

    /// Runs the body as a part of its call.
    async fn run<E>(
        self: &Arc<Self>,
        run: Run<K, V>,
        body: impl Future<Output = Result<V, E>>,
        share: Option<Share<E>>,
    ) -> Result<V, E> {
        let (start, tally) = (self.start(), Tally::of(&run, &self.counts));
        let result = run.within(body).await;
        self.spent(start);
        self.end(Mode::Async, run, result, share).await.counted(tally)
    }

    /// Runs the body as a part of its call, on this thread.
    fn run_blocking<E>(
        self: &Arc<Self>,
        run: Run<K, V>,
        body: impl FnOnce() -> Result<V, E>,
        share: Option<Share<E>>,
    ) -> Result<V, E> {
        let (start, tally) = (self.start(), Tally::of(&run, &self.counts));
        let result = run.within_blocking(body);
        self.spent(start);
        on_thread(|| self.end(Mode::Blocking, run, result, share)).counted(tally)
    }

    pub(crate) fn start(&self) -> Instant {
        count(&self.counts.computes);
        Instant::now()
    }

    pub(crate) fn spent(&self, start: Instant) {
        self.counts.body_nanos.fetch_add(start.elapsed().as_nanos() as u64, Relaxed);
    }

    /// Keeps what the body returned: a value in the remote tiers, then in memory; those who wait get it. In the place
    /// of an error they get an older value, if one is still kept.
    pub(crate) async fn end<E>(
        self: &Arc<Self>,
        mode: Mode,
        run: Run<K, V>,
        result: Result<V, E>,
        share: Option<Share<E>>,
    ) -> Ended<V, E> {
        let lent = if result.is_err() { run.lent() } else { None };
        let Some(lead) = run.lead else { return Ended::with(result, lent) };
        match result {
            Ok(value) => {
                self.recovered();
                self.keep(mode, lead, run.visit, value.clone()).await;
                Ended { result: Ok(value), is_stale: false }
            }
            Err(error) => {
                match &lent {
                    Some(answer) => {
                        self.failed();
                        lead.fall_back(answer.clone(), self.policy.retry_after.get());
                    }
                    None => {
                        let rest = self.policy.err_ttl.as_ref().map(Length::get);
                        let rest = rest.filter(|rest| !rest.is_zero());
                        lead.fail(share.map(|share| (share.share)(&error)), rest);
                    }
                }
                Ended::with(Err(error), lent)
            }
        }
    }

    /// Tells, once, that older values stand in for errors.
    fn failed(&self) {
        if !self.fails.swap(true, Relaxed) {
            log::warn(format_args!("`{}` fails; older values are used in the place of errors", self.name));
        }
    }

    fn recovered(&self) {
        if self.fails.load(Relaxed) && self.fails.swap(false, Relaxed) {
            log::info(format_args!("`{}` does not fail any more", self.name));
        }
    }
}

impl<K: CacheKey, V: CacheValue> Run<K, V> {
    /// The run of a call that leads.
    pub(crate) fn of(lead: Lead<K, V>, visit: Option<Visit>) -> Self {
        let (lender, lends) = (Some(lead.lender()), lead.lends());
        Self { lead: Some(lead), visit, lender, lends }
    }

    /// The run of a call that leads nobody.
    fn beside(lender: Option<Lender<K, V>>) -> Self {
        let lends = lender.as_ref().is_some_and(Lender::lends);
        Self { lead: None, visit: None, lender, lends }
    }

    /// Runs an asynchronous body, as the leader's if the call leads.
    pub(crate) async fn within<F: Future>(&self, body: F) -> F::Output {
        match &self.lead {
            Some(lead) => lead.within(body).await,
            None => body.await,
        }
    }

    /// Runs a synchronous body likewise.
    #[inline]
    pub(crate) fn within_blocking<T>(&self, body: impl FnOnce() -> T) -> T {
        match &self.lead {
            Some(lead) => lead.within_blocking(body),
            None => body(),
        }
    }

    /// Returns the older value, if it may do instead of an error.
    pub(crate) fn lent(&self) -> Option<Answer<V>> {
        self.lender.as_ref()?.lent()
    }
}

impl<V, E> Ended<V, E> {
    /// What a body returned, or an older value instead of its error.
    fn with(result: Result<V, E>, lent: Option<Answer<V>>) -> Self {
        match lent {
            Some(Answer { value, is_stale }) => Self { result: Ok(value), is_stale },
            None => Self { result, is_stale: false },
        }
    }

    pub(crate) fn counted(self, tally: Tally<'_>) -> Result<V, E> {
        if self.is_stale {
            tally.stale();
        }
        self.result
    }
}

/// Counts a call at its end, if there was an older value so that only the end tells what it was: a miss, unless it
/// is said to be stale. One that panics or is dropped is counted too.
pub(crate) struct Tally<'a>(Option<&'a Counts>);

impl<'a> Tally<'a> {
    pub(crate) fn of<K: CacheKey, V: CacheValue>(run: &Run<K, V>, counts: &'a Counts) -> Self {
        Self(run.lends.then_some(counts))
    }

    pub(crate) fn stale(mut self) {
        if let Some(counts) = self.0.take() {
            count(&counts.stale);
        }
    }
}

impl Drop for Tally<'_> {
    fn drop(&mut self) {
        if let Some(counts) = self.0 {
            count(&counts.misses);
        }
    }
}

/// Drives a future on this thread. Its state is on a frame of its own, which is gone when the body runs.
#[inline(never)]
pub(crate) fn on_thread<F: Future>(future: impl FnOnce() -> F) -> F::Output {
    pollster::block_on(future())
}

/// Tells whether this thread is ending and has dropped what it needs to wait: a call from the `Drop` of a
/// thread-local value, where a panic would end the whole process.
fn is_ending() -> bool {
    struct Alive;
    impl Drop for Alive {
        fn drop(&mut self) {}
    }
    thread_local!(static ALIVE: Alive = const { Alive });
    ALIVE.try_with(|_| ()).is_err()
}

/// Takes the value of a body that cannot fail.
pub(crate) fn certain<V>(result: Result<V, Infallible>) -> V {
    let Ok(value) = result;
    value
}

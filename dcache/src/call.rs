//! The protocol of a call: memory, one leader a key, the remote tiers, the body. Synchronous and asynchronous
//! callers share it; a synchronous one drives it on its thread, and its tiers answer in place.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::background;
use crate::bounds::{CacheKey, CacheValue};
use crate::fill::{Find, ToWrite, WhenDue};
use crate::flight::{Answer, Join, Lead, Lender, Manner, Purpose, SharedError, Turn, Wait};
use crate::inner::{Inner, Share};
use crate::length::Length;
use crate::log;
use crate::mode::Mode;
use crate::remote::Visit;
use crate::run::{Ended, Run, Tally};
use crate::stats::count;

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

/// What a call does next.
enum Step<K: CacheKey, V: CacheValue, E> {
    /// All that can be done without the body is done.
    Begun(Begun<K, V, E>),
    /// Wait for the leader.
    Wait(Wait<K, V>),
    /// Ask the remote tiers, as the leader.
    Ask(Lead<K, V>, Box<Visit>),
    /// Ask them beside the leader.
    AskApart(Lender<K, V>),
    /// Take the place of whoever leads, and run the body.
    Supersede,
}

/// The protocol: `begin`, the body, `end`. The body of a synchronous call runs on the bare stack in between, so
/// that a function which calls itself spends little of it on each level. A call that neither waits for another nor asks
/// a tier below memory comes through without a future; what asks those tiers is in boxes, so that the future of a call,
/// and of one that waits for another, is hardly larger than its body's.
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
        match self.begin_blocking(self.manner(Mode::Blocking, false), &call, &share) {
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
        match self.begin_blocking(self.manner(Mode::Blocking, true), &call, &share) {
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
        match self.first(&mut manner, call, share) {
            Step::Begun(begun) => begun,
            step => self.follow(step, manner, call, share).await,
        }
    }

    /// Goes as far, on this thread.
    fn begin_blocking<E>(
        self: &Arc<Self>,
        mut manner: Manner,
        call: &Call<K>,
        share: &Option<Share<E>>,
    ) -> Begun<K, V, E> {
        match self.first(&mut manner, call, share) {
            Step::Begun(begun) => begun,
            step => on_thread(|| self.follow(step, manner, call, share)),
        }
    }

    fn first<E>(
        self: &Arc<Self>,
        manner: &mut Manner,
        call: &Call<K>,
        share: &Option<Share<E>>,
    ) -> Step<K, V, E> {
        if call.is_refresh { Step::Supersede } else { self.join(manner, &call.key, share) }
    }

    /// Goes on from step to step until it is the body's turn.
    async fn follow<E>(
        self: &Arc<Self>,
        mut step: Step<K, V, E>,
        mut manner: Manner,
        call: &Call<K>,
        share: &Option<Share<E>>,
    ) -> Begun<K, V, E> {
        let (key, mode) = (&call.key, manner.mode);
        loop {
            step = match step {
                Step::Begun(begun) => return begun,
                Step::Wait(wait) => self.wait(wait, &mut manner, key, share).await,
                Step::Ask(lead, visit) => {
                    let when_due = if manner.refreshes { WhenDue::Refresh } else { WhenDue::Take };
                    let find = |lead| self.find(mode, lead, Some(visit), when_due);
                    match Box::pin(lead.asking(mode, find)).await {
                        Find::Answer(answer) => Step::Begun(Begun::Answered(Ok(answer.value))),
                        Find::Refresh(answer, lead, visit) => {
                            Step::Begun(Begun::Refresh(answer.value, Run::of(lead, visit)))
                        }
                        Find::Nothing(lead, visit) => self.missed(Run::of(lead, visit)),
                    }
                }
                Step::AskApart(lender) => match Box::pin(self.read(mode, key)).await {
                    Some(value) => Step::Begun(Begun::Answered(Ok(value))),
                    None => self.missed(Run::beside(Some(lender))),
                },
                Step::Supersede => {
                    let lead = Box::pin(self.flights.supersede(key, Purpose::Refresh, mode)).await;
                    let visit = self.visit(&lead, key, mode);
                    Step::Begun(Begun::Run(Run::changing(lead, visit)))
                }
            }
        }
    }

    /// Joins the calls of the same key.
    fn join<E>(self: &Arc<Self>, manner: &mut Manner, key: &K, share: &Option<Share<E>>) -> Step<K, V, E> {
        loop {
            return match self.flights.join(key, *manner) {
                Join::Hit(answer) => Step::Begun(Begun::Answered(Ok(self.handed_out(answer)))),
                Join::Refresh(answer, lead) => {
                    Step::Begun(Begun::Refresh(self.handed_out(answer), Run::of(lead, None)))
                }
                Join::Failed(error) => match restore(share, &error) {
                    Some(error) => {
                        self.flights.hits.count();
                        Step::Begun(Begun::Answered(Err(error)))
                    }
                    None => {
                        manner.heeds_errors = false; // it is of another type
                        continue;
                    }
                },
                Join::Alone(lender) => self.missed(Run::beside(Some(lender))),
                Join::Apart(lender) => Step::AskApart(lender),
                Join::Lead(lead) => self.leads(lead, key, manner.mode),
                Join::Wait(wait) => Step::Wait(wait),
            };
        }
    }

    /// Waits for the leader.
    async fn wait<E>(
        self: &Arc<Self>,
        wait: Wait<K, V>,
        manner: &mut Manner,
        key: &K,
        share: &Option<Share<E>>,
    ) -> Step<K, V, E> {
        let soft = self.policy.soft_timeout.as_ref().map(Length::get);
        match wait.turn(self.policy.coalesce.unwrap_or(DEFAULT_PATIENCE), soft).await {
            Turn::Again => self.join(manner, key, share),
            Turn::Value(answer) => {
                self.count_answer(answer.is_stale, &self.counts.coalesced);
                Step::Begun(Begun::Answered(Ok(answer.value)))
            }
            Turn::Error(error) => match restore(share, &error) {
                Some(error) => {
                    count(&self.counts.coalesced);
                    Step::Begun(Begun::Answered(Err(error)))
                }
                None => self.missed(Run::beside(None)), // the leader's errors are of another type
            },
            Turn::Alone(lender) => self.missed(Run::beside(Some(lender))),
            Turn::Lead(lead) => self.leads(lead, key, manner.mode),
        }
    }

    /// Leads: the remote tiers come first, where there are any.
    fn leads<E>(&self, lead: Lead<K, V>, key: &K, mode: Mode) -> Step<K, V, E> {
        match self.visit(&lead, key, mode) {
            Some(visit) => Step::Ask(lead, visit),
            None => self.missed(Run::of(lead, None)),
        }
    }

    /// Has the body run, as nothing else has the value.
    fn missed<E>(&self, run: Run<K, V>) -> Step<K, V, E> {
        // where there is an older value, the end of the body's run decides what this call is
        if !run.lends {
            count(&self.counts.misses);
        }
        Step::Begun(Begun::Run(run))
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
    pub(crate) fn count_answer(&self, is_stale: bool, fresh: &AtomicU64) {
        count(if is_stale { &self.counts.stale } else { fresh });
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
        self.end(run, result, share).await.counted(tally)
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
        self.end_blocking(run, result, share).counted(tally)
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
        run: Run<K, V>,
        result: Result<V, E>,
        share: Option<Share<E>>,
    ) -> Ended<V, E> {
        let (ended, write) = self.settle(run, result, share);
        if let Some(write) = write {
            Box::pin(self.write(Mode::Async, *write)).await;
        }
        ended
    }

    /// Keeps it, on this thread.
    pub(crate) fn end_blocking<E>(
        self: &Arc<Self>,
        run: Run<K, V>,
        result: Result<V, E>,
        share: Option<Share<E>>,
    ) -> Ended<V, E> {
        let (ended, write) = self.settle(run, result, share);
        if let Some(write) = write {
            on_thread(|| self.write(Mode::Blocking, *write));
        }
        ended
    }

    /// Ends the flight, unless something is to be written below memory first.
    fn settle<E>(
        &self,
        run: Run<K, V>,
        result: Result<V, E>,
        share: Option<Share<E>>,
    ) -> (Ended<V, E>, ToWrite<K, V>) {
        match result {
            Ok(value) => {
                let (value, write) = match run.lead {
                    Some(lead) => {
                        self.recovered();
                        self.keep(lead, run.visit, value)
                    }
                    None => (value, None),
                };
                (Ended { result: Ok(value), is_stale: false }, write)
            }
            Err(error) => (self.fall_back(run, error, share), None),
        }
    }

    /// Ends the flight without a new value.
    fn fall_back<E>(&self, run: Run<K, V>, error: E, share: Option<Share<E>>) -> Ended<V, E> {
        let lent = run.lent();
        if let Some(lead) = run.lead {
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
        }
        match lent {
            Some(Answer { value, is_stale }) => Ended { result: Ok(value), is_stale },
            None => Ended { result: Err(error), is_stale: false },
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

/// Returns an error that others had, if it is of this type.
fn restore<E>(share: &Option<Share<E>>, error: &SharedError) -> Option<E> {
    share.as_ref().and_then(|share| (share.restore)(&**error))
}

/// Takes the value of a body that cannot fail.
pub(crate) fn certain<V>(result: Result<V, Infallible>) -> V {
    let Ok(value) = result;
    value
}

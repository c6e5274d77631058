//! The protocol of a call: memory, one leader a key, the remote tiers, the body. Synchronous and asynchronous
//! callers share it; a synchronous one drives it on its thread, and its tiers answer in place.
//!
//! A body that owns what it needs can run away from its call: to refresh what its caller has already got, or to go
//! on when its caller is gone.

use std::convert::Infallible;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use dcache_backends::clock;

use crate::background;
use crate::bounds::{CacheKey, CacheValue};
use crate::contain::{Panic, caught};
use crate::errand::errand;
use crate::flight::{Answer, Callers, Join, Lead, Lender, Manner, Purpose, Settled, SharedError, Turn};
use crate::inner::{Inner, Share};
use crate::log;
use crate::mode::Mode;
use crate::policy::{Left, Length, Standing};
use crate::remote::{Found, Remote, Visit};
use crate::stats::{Counts, count};
use crate::timer;

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
struct Run<K: CacheKey, V: CacheValue> {
    lead: Option<Lead<K, V>>,
    visit: Option<Visit>,
    /// Who has an older value that its caller may get; none where the caller wants to know how the body ends.
    lender: Option<Lender<K, V>>,
}

/// What the run of a body has come to.
struct Ended<V, E> {
    result: Result<V, E>,
    /// It is an older value, as the body failed.
    is_stale: bool,
}

/// What the tiers had for the leader of a key.
pub(crate) enum Find<K: CacheKey, V: CacheValue> {
    /// A value, and all is done.
    Answer(Answer<V>),
    /// A value, which is to be refreshed in the background.
    Refresh(Answer<V>, Lead<K, V>, Option<Visit>),
    /// No value, or one that may only stand in for an error.
    Nothing(Lead<K, V>, Option<Visit>),
}

/// What is done about a value that is due, or stale.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum WhenDue {
    /// One that is due is taken; for one that is stale the body runs.
    Take,
    /// It is taken, and refreshed in the background.
    Refresh,
    /// The body runs: this is the background.
    Run,
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
            return Begun::Run(Run { lead: Some(lead), visit, lender: None });
        }
        let restore = |error: &SharedError| share.as_ref().and_then(|share| (share.restore)(&**error));
        let when_due = if manner.refreshes { WhenDue::Refresh } else { WhenDue::Take };
        loop {
            let turn = match self.flights.join(key, manner) {
                Join::Hit(answer) => {
                    if answer.is_stale {
                        count(&self.counts.stale)
                    } else {
                        self.flights.hits.count()
                    }
                    return Begun::Answered(Ok(answer.value));
                }
                Join::Refresh(answer, lead) => {
                    if answer.is_stale {
                        count(&self.counts.stale)
                    } else {
                        self.flights.hits.count()
                    }
                    return Begun::Refresh(answer.value, Run::of(lead, None));
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
                    count(if answer.is_stale { &self.counts.stale } else { &self.counts.coalesced });
                    return Begun::Answered(Ok(answer.value));
                }
                Turn::Error(error) => match restore(&error) {
                    Some(error) => {
                        count(&self.counts.coalesced);
                        return Begun::Answered(Err(error));
                    }
                    None => Run { lead: None, visit: None, lender: None }, // the leader's are of another type
                },
                Turn::Alone(lender) => Run { lead: None, visit: None, lender: Some(lender) },
                Turn::Apart(lender) => match Box::pin(self.read(mode, key)).await {
                    Some(answer) => return Begun::Answered(Ok(answer.value)),
                    None => Run { lead: None, visit: None, lender: Some(lender) },
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
            if !run.lends() {
                count(&self.counts.misses);
            }
            return Begun::Run(run);
        }
    }

    /// Tells whether a body is to go on when its call has ended.
    fn goes_away(&self, run: &Run<K, V>) -> bool {
        let wants_to = self.policy.detach || self.policy.soft_timeout.is_some() && run.lent().is_some();
        wants_to && !background::is_for_us()
    }

    /// Runs the body as a part of its call.
    async fn run<E>(
        self: &Arc<Self>,
        run: Run<K, V>,
        body: impl Future<Output = Result<V, E>>,
        share: Option<Share<E>>,
    ) -> Result<V, E> {
        let (start, tally) = (self.start(), Tally::of(&run, &self.counts));
        let result = match &run.lead {
            Some(lead) => lead.within(body).await,
            None => body.await,
        };
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
        let result = match &run.lead {
            Some(lead) => lead.within_blocking(body),
            None => body(),
        };
        self.spent(start);
        on_thread(|| self.end(Mode::Blocking, run, result, share)).counted(tally)
    }

    /// Runs the body in the background, and waits for it; where there is an older value, no longer than the soft
    /// timeout says.
    async fn run_away<E: Send + 'static>(
        self: &Arc<Self>,
        run: Run<K, V>,
        body: impl Future<Output = Result<V, E>> + Send + 'static,
        share: Option<Share<E>>,
    ) -> Result<V, E> {
        let (tally, lends) = (Tally::of(&run, &self.counts), run.lends());
        let lender = run.lender.clone();
        let body = Callers::here().within(body);
        let (errand, mut awaited) = errand(self.clone().carry_out(run, body, share));
        background::spawn(errand);
        let soft = self.policy.soft_timeout.as_ref().filter(|_| lends).map(Length::get);
        if let Some(soft) = soft {
            match timer::timeout(soft, awaited.result()).await {
                Some(ended) => return counted(ended.unwrap_or_else(Err), tally),
                None => {
                    if let Some(answer) = lender.and_then(|lender| lender.lent()) {
                        tally.stale();
                        return Ok(answer.value);
                    }
                }
            }
        }
        counted(awaited.result().await.unwrap_or_else(Err), tally)
    }

    /// Runs the body in the background, unless a tier below memory has a value that is fresh.
    fn refresh<E: Send + 'static>(
        self: &Arc<Self>,
        run: Run<K, V>,
        body: impl Future<Output = Result<V, E>> + Send + 'static,
        share: Option<Share<E>>,
    ) {
        let this = self.clone();
        run.lead.iter().for_each(Lead::stays_on_thread);
        background::spawn(async move {
            if let Some(run) = this.look_below(Mode::Async, run).await
                && this.clone().carry_out(run, body, share).await.is_err()
            {
                log::error(format_args!("a refresh of `{}` panicked", this.name));
            }
        });
    }

    /// Runs the body on another thread, unless a tier below memory has a value that is fresh.
    fn refresh_blocking<E: Send + 'static>(
        self: &Arc<Self>,
        run: Run<K, V>,
        body: impl FnOnce() -> Result<V, E> + Send + 'static,
        share: Option<Share<E>>,
    ) {
        let this = self.clone();
        run.lead.iter().for_each(|lead| lead.queue(true));
        background::spawn_blocking(move || {
            run.lead.iter().for_each(|lead| lead.queue(false));
            let Some(run) = on_thread(|| this.look_below(Mode::Blocking, run)) else { return };
            let start = this.start();
            let within = || match &run.lead {
                Some(lead) => lead.within_blocking(body),
                None => body(),
            };
            let result = catch_unwind(AssertUnwindSafe(within));
            this.spent(start);
            match result {
                Ok(result) => drop(on_thread(|| this.end(Mode::Blocking, run, result, share))),
                Err(_) => {
                    this.give_up(run);
                    log::error(format_args!("a refresh of `{}` panicked", this.name));
                }
            }
        });
    }

    /// Asks the tiers below memory for what is to be refreshed, if that has not been done.
    async fn look_below(self: &Arc<Self>, mode: Mode, run: Run<K, V>) -> Option<Run<K, V>> {
        let (Some(lead), None) = (&run.lead, &run.visit) else { return Some(run) };
        let visit = self.visit(lead, lead.key(), mode);
        match self.find(mode, run.lead?, visit, WhenDue::Run).await {
            Find::Nothing(lead, visit) => Some(Run::of(lead, visit)),
            Find::Answer(_) | Find::Refresh(..) => None,
        }
    }

    /// Runs a body away from its call, to its end.
    async fn carry_out<E>(
        self: Arc<Self>,
        run: Run<K, V>,
        body: impl Future<Output = Result<V, E>>,
        share: Option<Share<E>>,
    ) -> Result<Ended<V, E>, Panic> {
        let start = self.start();
        let result = caught(async {
            match &run.lead {
                Some(lead) => lead.within(body).await,
                None => body.await,
            }
        });
        let result = result.await;
        self.spent(start);
        match result {
            Ok(result) => Ok(self.end(Mode::Async, run, result, share).await),
            Err(panic) => {
                self.give_up(run);
                Err(panic)
            }
        }
    }

    fn give_up(&self, run: Run<K, V>) {
        if let Some(lead) = run.lead {
            lead.give_up(self.policy.retry_after.get());
        }
    }

    fn start(&self) -> Instant {
        count(&self.counts.computes);
        Instant::now()
    }

    fn spent(&self, start: Instant) {
        self.counts.body_nanos.fetch_add(start.elapsed().as_nanos() as u64, Relaxed);
    }

    /// Keeps what the body returned: a value in the remote tiers, then in memory; those who wait get it. In the place
    /// of an error they get an older value, if one is still kept.
    async fn end<E>(
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

    /// Reads the remote tiers; what is found goes into all nearer ones with what remains of its life.
    pub(crate) async fn find(
        self: &Arc<Self>,
        mode: Mode,
        mut lead: Lead<K, V>,
        visit: Option<Visit>,
        when_due: WhenDue,
    ) -> Find<K, V> {
        let (Some(remote), Some(mut visit)) = (&self.remote, visit) else { return Find::Nothing(lead, None) };
        let Some(found) = remote.read(&mut visit, &self.policy.terms).await else {
            return Find::Nothing(lead, Some(visit));
        };
        let (standing, value) = (found.left.standing(), found.value.clone());
        let answer = Answer::of(value.clone(), standing);
        let is_fresh = standing == Standing::Fresh;
        let rests = !is_fresh && when_due != WhenDue::Run && self.flights.is_resting(lead.key());
        let is_taken = match standing {
            Standing::Fresh => true,
            Standing::Due => rests || when_due == WhenDue::Take,
            Standing::Stale | Standing::Kept | Standing::Over => rests,
        };
        if is_taken {
            // in the background there is no call, whose answer this would be
            if when_due != WhenDue::Run {
                count(if answer.is_stale { &self.counts.stale } else { &self.counts.remote_hits });
            }
            let may_write = lead.settle(Settled { rests, ..self.settled(&value, found.left) });
            if may_write && found.tier > 0 && is_fresh {
                Box::pin(self.write(mode, lead, visit, News::Found(found))).await;
            }
            return Find::Answer(answer);
        }
        // it may be lent for longer than memory would hold it
        let held = self.held(found.left.within(self.policy.memory_ttl).slot(value.clone()));
        lead.lend(found.left.slot(value), held);
        if standing == Standing::Kept || when_due != WhenDue::Refresh {
            return Find::Nothing(lead, Some(visit));
        }
        count(if answer.is_stale { &self.counts.stale } else { &self.counts.remote_hits });
        Find::Refresh(answer, lead, Some(visit))
    }

    /// Stores a value in the remote tiers, then in memory, and lets those who wait have it.
    async fn keep(self: &Arc<Self>, mode: Mode, mut lead: Lead<K, V>, visit: Option<Visit>, value: V) {
        // what is not to be stored does not leave an older value in its place either
        let replaces = lead.replaces() || lead.lends();
        let (settled, news) = if self.policy.cache_if.as_ref().is_none_or(|cache_if| cache_if(&value)) {
            let (memory, below) = self.policy.terms.new_lives(&value);
            (self.settled(&value, memory), Some(News::Computed { value, left: below, replaces }))
        } else {
            let settled =
                Settled { answer: Answer::fresh(value), slot: None, fresh_until: clock::now(), rests: false };
            (settled, replaces.then_some(News::Nothing))
        };
        let may_write = lead.settle(settled);
        if let (Some(visit), Some(news), true) = (visit, news, may_write) {
            Box::pin(self.write(mode, lead, visit, news)).await;
        }
    }

    /// Writes to remote tiers what a flight has settled on, now or by and by; then the flight is over.
    async fn write(self: &Arc<Self>, mode: Mode, mut lead: Lead<K, V>, mut visit: Visit, news: News<V>) {
        let Some(remote) = &self.remote else { return };
        if !self.policy.write_in_background || !background::WRITES.has_room() {
            return lead.writing(mode, news.write(remote, &mut visit, &self.counts)).await;
        }
        lead.publish();
        let this = self.clone();
        background::WRITES.spawn(move || {
            visit.go_on_thread();
            if let (Some(remote), true) = (&this.remote, lead.begin_writes()) {
                let write = news.write(remote, &mut visit, &this.counts);
                pollster::block_on(lead.writing(Mode::Blocking, write));
            }
            drop(lead); // only now may a change of this key go on
        });
    }

    /// Reads the remote tiers beside whatever is under way, and stores nothing.
    pub(crate) async fn read(&self, mode: Mode, key: &K) -> Option<Found<V>> {
        let remote = self.remote.as_ref()?;
        let found = remote.read(&mut remote.visit(key, mode)?, &self.policy.terms).await?;
        let standing = found.left.standing();
        if standing >= Standing::Kept {
            return None;
        }
        count(if standing == Standing::Stale { &self.counts.stale } else { &self.counts.remote_hits });
        Some(found)
    }
}

impl<K: CacheKey, V: CacheValue> Run<K, V> {
    /// The run of a call that leads.
    fn of(lead: Lead<K, V>, visit: Option<Visit>) -> Self {
        let lender = Some(lead.lender());
        Self { lead: Some(lead), visit, lender }
    }

    /// Tells whether there is an older value, which may be what the call gets.
    fn lends(&self) -> bool {
        self.lender.as_ref().is_some_and(Lender::lends)
    }

    /// Returns the older value, if it may do instead of an error.
    fn lent(&self) -> Option<Answer<V>> {
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

    fn counted(self, tally: Tally<'_>) -> Result<V, E> {
        if self.is_stale {
            tally.stale();
        }
        self.result
    }
}

/// Takes the result of a body that ran away from its call, which has its panic too.
fn counted<V, E>(ended: Result<Ended<V, E>, Panic>, tally: Tally<'_>) -> Result<V, E> {
    match ended {
        Ok(ended) => ended.counted(tally),
        Err(panic) => resume_unwind(panic),
    }
}

/// Counts a call at its end, if there was an older value so that only the end tells what it was: a miss, unless it
/// is said to be stale. One that panics or is dropped is counted too.
struct Tally<'a>(Option<&'a Counts>);

impl<'a> Tally<'a> {
    fn of<K: CacheKey, V: CacheValue>(run: &Run<K, V>, counts: &'a Counts) -> Self {
        Self(run.lends().then_some(counts))
    }

    fn stale(mut self) {
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

/// What remote tiers are to learn.
enum News<V> {
    /// A new value, and how long it lives.
    Computed { value: V, left: Left, replaces: bool },
    /// What a farther tier had.
    Found(Found<V>),
    /// Nothing is to be stored in the place of what may be there.
    Nothing,
}

impl<V> News<V> {
    async fn write<K>(&self, remote: &Remote<K, V>, visit: &mut Visit, counts: &Counts) {
        match self {
            Self::Found(found) => remote.promote(visit, found).await,
            Self::Nothing => drop(remote.remove(visit).await),
            Self::Computed { value, left, replaces } => {
                let fault = remote.store(visit, value, *left, *replaces).await.err();
                if fault.is_some_and(|error| error.parts().iter().any(|part| part.tier().is_empty())) {
                    count(&counts.errors); // the value's fault; a tier has counted its own
                }
            }
        }
    }
}

/// Drives a future on this thread. Its state is on a frame of its own, which is gone when the body runs.
#[inline(never)]
fn on_thread<F: Future>(future: impl FnOnce() -> F) -> F::Output {
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

//! The protocol of a call: memory, one leader a key, the remote tiers, the body. Synchronous and asynchronous
//! callers share it; a synchronous one drives it on its thread, and its tiers answer in place.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use dcache_backends::clock;

use crate::background;
use crate::bounds::{CacheKey, CacheValue};
use crate::flight::{Join, Lead, Purpose, Settled, Turn};
use crate::inner::{Inner, Share};
use crate::mode::Mode;
use crate::policy::Life;
use crate::remote::{Found, Remote, Visit};
use crate::stats::{Counts, count};

/// How long a call waits for another with its key, unless `coalesce` says otherwise.
pub(crate) const DEFAULT_PATIENCE: Duration = Duration::from_secs(60);

/// A call that memory could not answer.
pub(crate) struct Call<K> {
    pub(crate) key: K,
    /// The body runs whatever the tiers hold.
    pub(crate) is_refresh: bool,
}

/// A call whose body is to run: as the leader of its key, or beside who leads.
struct Run<K: CacheKey, V: CacheValue> {
    lead: Option<Lead<K, V>>,
    visit: Option<Visit>,
    start: Instant,
}

/// The protocol: `begin`, the body, `end`. The body of a synchronous call runs on the bare stack in between, so
/// that a function which calls itself spends little of it on each level.
impl<K: CacheKey, V: CacheValue> Inner<K, V> {
    /// Answers an asynchronous call.
    pub(crate) async fn answer<E>(
        self: &Arc<Self>,
        call: Call<K>,
        body: impl Future<Output = Result<V, E>>,
        share: Option<Share<E>>,
    ) -> Result<V, E> {
        if self.is_off {
            return body.await;
        }
        let run = match self.begin(Mode::Async, &call, &share).await {
            Ok(run) => run,
            Err(answer) => return answer,
        };
        let result = match &run.lead {
            Some(lead) => lead.within(body).await,
            None => body.await,
        };
        self.end(Mode::Async, run, &result, share).await;
        result
    }

    /// Answers a synchronous call.
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
        let run = match on_thread(|| self.begin(Mode::Blocking, &call, &share)) {
            Ok(run) => run,
            Err(answer) => return answer,
        };
        let result = match &run.lead {
            Some(lead) => lead.within_blocking(body),
            None => body(),
        };
        on_thread(|| self.end(Mode::Blocking, run, &result, share));
        result
    }

    /// Goes as far as one can without the body: joins the calls of the same key, and if there is none, leads and
    /// asks the remote tiers in order.
    async fn begin<E>(
        self: &Arc<Self>,
        mode: Mode,
        call: &Call<K>,
        share: &Option<Share<E>>,
    ) -> Result<Run<K, V>, Result<V, E>> {
        let key = &call.key;
        if call.is_refresh {
            let lead = self.flights.supersede(key, Purpose::Refresh, mode).await;
            let visit = self.visit(&lead, key, mode);
            return Ok(self.run(Some(lead), visit));
        }
        loop {
            let patience = self.policy.coalesce;
            let turn = match self.flights.join(key, mode, patience.is_some()) {
                Join::Hit(value) => {
                    self.flights.hits.count();
                    return Err(Ok(value));
                }
                Join::Alone => Turn::Alone,
                Join::Apart => Turn::Apart,
                Join::Lead(lead) => Turn::Lead(lead),
                Join::Wait(wait) => wait.turn(patience.unwrap_or(DEFAULT_PATIENCE)).await,
            };
            let (lead, visit) = match turn {
                Turn::Again => continue,
                Turn::Value(value) => {
                    count(&self.counts.coalesced);
                    return Err(Ok(value));
                }
                Turn::Error(error) => match share.as_ref().and_then(|share| (share.restore)(&*error)) {
                    Some(error) => {
                        count(&self.counts.coalesced);
                        return Err(Err(error));
                    }
                    None => (None, None), // the leader's errors are of another type
                },
                Turn::Alone => (None, None),
                Turn::Apart => match self.read(mode, key).await {
                    Some(found) => return Err(Ok(found.value)),
                    None => (None, None),
                },
                Turn::Lead(lead) => {
                    let visit = self.visit(&lead, key, mode);
                    match lead.asking(mode, |lead| self.find(mode, lead, visit)).await {
                        Ok(value) => return Err(Ok(value)),
                        Err((lead, visit)) => (Some(lead), visit),
                    }
                }
            };
            count(&self.counts.misses);
            return Ok(self.run(lead, visit));
        }
    }

    fn run(&self, lead: Option<Lead<K, V>>, visit: Option<Visit>) -> Run<K, V> {
        count(&self.counts.computes);
        Run { lead, visit, start: Instant::now() }
    }

    /// Keeps what the body returned: a value in the remote tiers, then in memory; those who wait get it.
    async fn end<E>(
        self: &Arc<Self>,
        mode: Mode,
        run: Run<K, V>,
        result: &Result<V, E>,
        share: Option<Share<E>>,
    ) {
        self.counts.body_nanos.fetch_add(run.start.elapsed().as_nanos() as u64, Relaxed);
        match (run.lead, result) {
            (Some(lead), Ok(value)) => self.keep(mode, lead, run.visit, value.clone()).await,
            (Some(lead), Err(error)) => lead.fail(share.map(|share| (share.share)(error))),
            (None, _) => {}
        }
    }

    /// Reads the remote tiers; what is found goes into all nearer ones with what remains of its life.
    pub(crate) async fn find(
        self: &Arc<Self>,
        mode: Mode,
        mut lead: Lead<K, V>,
        visit: Option<Visit>,
    ) -> Result<V, (Lead<K, V>, Option<Visit>)> {
        let (Some(remote), Some(mut visit)) = (&self.remote, visit) else { return Err((lead, None)) };
        let found = remote.read(&mut visit).await;
        let living = found.and_then(|found| Some((found.times.remaining(clock::wall())?, found)));
        let Some((remaining, found)) = living else { return Err((lead, Some(visit))) };
        count(&self.counts.remote_hits);
        let value = found.value.clone();
        if lead.settle(self.settled(&value, remaining)) && found.tier > 0 {
            self.write(mode, lead, visit, News::Found(found)).await;
        }
        Ok(value)
    }

    /// Stores a value in the remote tiers, then in memory, and lets those who wait have it.
    async fn keep(self: &Arc<Self>, mode: Mode, mut lead: Lead<K, V>, visit: Option<Visit>, value: V) {
        let replaces = lead.replaces();
        let (settled, news) = if self.policy.cache_if.as_ref().is_none_or(|cache_if| cache_if(&value)) {
            let (local, below) = self.policy.ttl.lives(&value);
            (self.settled(&value, local), Some(News::Computed { value, life: below, replaces }))
        } else {
            let settled = Settled { value, slot: None, fresh_until: clock::now() };
            (settled, replaces.then_some(News::Nothing))
        };
        let may_write = lead.settle(settled);
        if let (Some(visit), Some(news), true) = (visit, news, may_write) {
            self.write(mode, lead, visit, news).await;
        }
    }

    /// Writes to remote tiers what a flight has settled on, now or by and by; then the flight is over.
    async fn write(self: &Arc<Self>, mode: Mode, mut lead: Lead<K, V>, mut visit: Visit, news: News<V>) {
        let Some(remote) = &self.remote else { return };
        if !self.policy.write_in_background || !background::has_room() {
            return lead.writing(mode, news.write(remote, &mut visit, &self.counts)).await;
        }
        lead.publish();
        let this = self.clone();
        background::spawn(move || {
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
        let found = remote.read(&mut remote.visit(key, mode)?).await?;
        count(&self.counts.remote_hits);
        Some(found)
    }
}

/// What remote tiers are to learn.
enum News<V> {
    /// A new value, and how long it lives.
    Computed { value: V, life: Life, replaces: bool },
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
            Self::Computed { value, life, replaces } => {
                let fault = remote.store(visit, value, *life, *replaces).await.err();
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

//! The protocol of a call: memory, one leader a key, the remote tiers, the body. Synchronous and asynchronous
//! callers share it; a synchronous one drives it on its thread, and its tiers answer in place.

use std::any::Any;
use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use dcache_backends::clock::{self, Tick};
use dcache_backends::memory::Slot;
use dcache_backends::{Error, Scope};

use crate::args::Borrowed;
use crate::background;
use crate::bounds::{CacheKey, CacheValue};
use crate::cache::Entry;
use crate::flight::{Flights, Join, Lead, Purpose, Settled, SharedError, Turn};
use crate::log;
use crate::mode::Mode;
use crate::policy::{Life, Ttl, shorter};
use crate::remote::{Found, Remote, Visit, contained};
use crate::settings;
use crate::stats::{Counts, Stats, TierStats, count};

/// What the clones of a cache share.
pub(crate) struct Inner<K, V> {
    pub(crate) name: String,
    pub(crate) scope: Scope,
    pub(crate) flights: Arc<Flights<K, V>>,
    pub(crate) remote: Option<Remote<K, V>>,
    pub(crate) policy: Policy<V>,
    pub(crate) counts: Counts,
    /// What is wrong with the configuration; the cache works without it.
    pub(crate) faults: Vec<Error>,
}

/// Tells whether a value is stored.
pub(crate) type CacheIf<V> = Arc<dyn Fn(&V) -> bool + Send + Sync>;

/// What a cache was told about its values.
pub(crate) struct Policy<V> {
    pub(crate) ttl: Ttl<V>,
    pub(crate) memory_ttl: Life,
    pub(crate) cache_if: Option<CacheIf<V>>,
    /// How long a call waits for another with its key; `None` does not wait.
    pub(crate) coalesce: Option<Duration>,
    pub(crate) write_in_background: bool,
}

/// How an error of these bodies is shared with those who wait; for errors that can be cloned.
pub struct Share<E> {
    pub(crate) share: fn(&E) -> SharedError,
    pub(crate) restore: fn(&(dyn Any + Send + Sync)) -> Option<E>,
}

impl<E: Clone + Send + Sync + 'static> Share<E> {
    pub(crate) const CLONES: Self =
        Self { share: |error| Arc::new(error.clone()), restore: |shared| shared.downcast_ref().cloned() };
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

/// The name of the in-process tier.
pub(crate) const MEMORY: &str = "memory";

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
/// that a function may call itself as deep as it could without a cache.
impl<K: CacheKey, V: CacheValue> Inner<K, V> {
    /// Answers an asynchronous call.
    pub(crate) async fn answer<E>(
        self: &Arc<Self>,
        call: Call<K>,
        body: impl Future<Output = Result<V, E>>,
        share: Option<Share<E>>,
    ) -> Result<V, E> {
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
    async fn find(
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
    async fn read(&self, mode: Mode, key: &K) -> Option<Found<V>> {
        let remote = self.remote.as_ref()?;
        let found = remote.read(&mut remote.visit(key, mode)?).await?;
        count(&self.counts.remote_hits);
        Some(found)
    }

    /// Returns the value of a key from the nearest tier that has it; runs nothing.
    pub(crate) async fn get(self: &Arc<Self>, mode: Mode, key: &K) -> Option<V> {
        let found = match self.flights.join(key, mode, false) {
            Join::Hit(value) => {
                self.flights.hits.count();
                return Some(value);
            }
            Join::Lead(lead) => {
                let visit = self.visit(&lead, key, mode);
                lead.asking(mode, |lead| self.find(mode, lead, visit)).await.ok()
            }
            // a body is running, or the key is being changed: look, and leave the filling to them
            Join::Alone | Join::Apart | Join::Wait(_) => self.read(mode, key).await.map(|found| found.value),
        };
        if found.is_none() {
            count(&self.counts.misses);
        }
        found
    }

    /// Looks in all tiers; fills nothing.
    pub(crate) async fn peek(&self, mode: Mode, key: &K) -> Option<V> {
        self.entry(mode, key).await.map(|entry| entry.value)
    }

    /// Looks in all tiers, and tells what is known about the value; fills nothing.
    pub(crate) async fn entry(&self, mode: Mode, key: &K) -> Option<Entry<V>> {
        if !settings::enabled() {
            return None;
        }
        if let Some(slot) = self.flights.memory.as_ref().and_then(|memory| memory.get(&Borrowed(key))) {
            let now = clock::now();
            if now < slot.fresh_until {
                let remaining = (slot.fresh_until != Tick::NEVER).then(|| slot.fresh_until.since(now));
                let age = now.since(slot.created);
                return Some(Entry {
                    value: slot.value,
                    tier: MEMORY.to_owned(),
                    age,
                    remaining,
                    stale: false,
                });
            }
        }
        let remote = self.remote.as_ref()?;
        let found = remote.read(&mut remote.visit(key, mode)?).await?;
        let now = clock::wall();
        Some(Entry {
            value: found.value,
            tier: remote.tiers[found.tier].name().to_owned(),
            age: found.times.age(now),
            remaining: found.times.remaining(now)?,
            stale: false,
        })
    }

    /// Stores a value that is known otherwise; it wins over a body that is running.
    ///
    /// While caching is off it only removes what is there, so that nothing old is found when it is on again.
    pub(crate) async fn put(&self, mode: Mode, key: &K, value: V) -> Result<(), Error> {
        if !settings::enabled() {
            return self.invalidate(mode, key).await;
        }
        let mut lead = self.flights.supersede(key, Purpose::Put, mode).await;
        let (local, below) = self.policy.ttl.lives(&value);
        let visit = self.visit(&lead, key, mode);
        let may_write = lead.settle(self.settled(&value, local));
        let (Some(remote), Some(mut visit), true) = (&self.remote, visit, may_write) else { return Ok(()) };
        let mut result = Ok(());
        lead.writing(mode, async { result = remote.store(&mut visit, &value, below, true).await }).await;
        result
    }

    /// Removes a value from all tiers; it wins over a body that is running.
    pub(crate) async fn invalidate(&self, mode: Mode, key: &K) -> Result<(), Error> {
        let change = self.flights.supersede(key, Purpose::Remove, mode).await;
        let Some(remote) = &self.remote else { return Ok(()) };
        let Some(mut visit) = remote.visit(key, mode) else { return Ok(()) };
        let remove = async |change| {
            let result = remote.remove(&mut visit).await;
            drop(change); // from here on calls look into the tiers again
            result
        };
        change.asking(mode, remove).await
    }

    /// Removes all values from all tiers; it wins over all bodies that are running.
    pub(crate) async fn clear(&self, mode: Mode) -> Result<(), Error> {
        let _clearing = self.flights.clear(mode).await;
        let Some(remote) = &self.remote else { return Ok(()) };
        let removed = remote.clear(mode).await?;
        log::info(format_args!("`{}`: {removed} entries cleared below memory", self.name));
        Ok(())
    }

    /// Tells what a flight ends with: the value, and what memory holds of it.
    fn settled(&self, value: &V, life: Life) -> Settled<V> {
        let created = clock::now();
        let fresh_until = match shorter(life, self.policy.memory_ttl) {
            Some(life) => created.after(life),
            None => Tick::NEVER,
        };
        // a value that cannot be weighed is not held
        let weight = self.flights.memory.as_ref().and_then(|memory| contained(|| memory.weigh(value)));
        let slot = weight.filter(|_| fresh_until > created);
        let slot = slot.map(|weight| Slot { value: value.clone(), created, fresh_until, weight });
        Settled { value: value.clone(), slot, fresh_until }
    }

    /// Starts a way through the remote tiers: none where there are none, or while a `clear` is under way.
    fn visit(&self, lead: &Lead<K, V>, key: &K, mode: Mode) -> Option<Visit> {
        let remote = self.remote.as_ref()?;
        if lead.is_superseded() { None } else { remote.visit(key, mode) }
    }
}

impl<K: CacheKey, V: CacheValue> Inner<K, V> {
    pub(crate) fn stats(&self) -> Stats {
        let load = |counter: &AtomicU64| counter.load(Relaxed);
        let counts = &self.counts;
        let (misses, coalesced) = (load(&counts.misses), load(&counts.coalesced));
        let remote: Vec<TierStats> =
            self.remote.iter().flat_map(|remote| &remote.tiers).map(|tier| tier.stats()).collect();
        let remote_hits = load(&counts.remote_hits);
        let memory_hits = self.flights.hits.sum();
        let memory = self.flights.memory.as_ref();
        let memory_stats = memory.map(|memory| TierStats {
            name: MEMORY.to_owned(),
            hits: memory_hits,
            misses: misses + coalesced + remote_hits,
            writes: memory.writes(),
            removes: memory.removes(),
            errors: 0,
            open: false,
        });
        let tiers: Vec<_> = memory_stats.into_iter().chain(remote).collect();
        let faults = self.faults.len() as u64;
        Stats {
            hits: memory_hits + remote_hits,
            misses,
            computes: load(&counts.computes),
            coalesced,
            stale: 0,
            errors: load(&counts.errors) + faults + tiers.iter().map(|tier| tier.errors).sum::<u64>(),
            entries: memory.map_or(0, |memory| memory.len() as u64),
            evictions: memory.map_or(0, |memory| memory.evictions()),
            body_time: Duration::from_nanos(load(&counts.body_nanos)),
            tiers,
        }
    }
}

/// Drives a future on this thread. Its state is on a frame of its own, which is gone when the body runs.
#[inline(never)]
fn on_thread<F: Future>(future: impl FnOnce() -> F) -> F::Output {
    pollster::block_on(future())
}

/// Takes the value of a body that cannot fail.
pub(crate) fn certain<V>(result: Result<V, Infallible>) -> V {
    let Ok(value) = result;
    value
}

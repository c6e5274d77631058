//! Single-flight: of the calls that miss one key at the same time, one leads and the others wait for it.
//!
//! A flight is in the table from the moment its leader starts until its value is in memory. Whoever wants
//! to change a key in between (`invalidate`, `put`, `refresh`, `clear`) takes the flight out of the table;
//! a flight that is not in the table stores nothing in memory and begins no write below it. Flights that are
//! writing below memory are on a list of their own, and a change of their key waits for them. So the two
//! order fills and changes: a fill and a removal of one key happen under the same lock, and that lock is
//! never held while a body runs or a tier is asked.
//!
//! | the leader … | then |
//! |---|---|
//! | returns a value | all waiters get it |
//! | fails, and its error can be shared | all waiters get the error |
//! | fails otherwise | two waiters lead side by side, then four, eight …: neither a herd nor a queue |
//! | panics, or its future is dropped | one waiter takes over |
//! | takes longer than a waiter's patience | that waiter leads beside it, one at a time |
//!
//! A flight may lend an older value of its key, one that is past its time to live and still there: calls have it
//! instead of waiting, at once or when the body fails. A failure that they were spared is remembered for a while
//! (a setback), so that not every one of them tries again.

mod active;
mod lead;
mod state;
mod wait;

use std::any::Any;
use std::hash::{BuildHasher, Hash};
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use dcache_backends::clock::{self, Tick};
use dcache_backends::memory::{Capacity, Slot};

use crate::args::Borrowed;
use crate::bounds::{CacheKey, CacheValue};
use crate::mode::Mode;
use crate::policy::Standing;
use crate::stats::Counter;
use crate::switch::enabled;
use crate::sync::wake_all;
use crate::threads::{AtomicBool, AtomicU64, Mutex, RandomState, Store, shards};

pub(crate) use active::Callers;
use active::is_active;
pub(crate) use lead::{Lead, Lender, Settled};
use state::{Flight, Outcome, Shard, State, Writing};
pub(crate) use wait::Wait;

/// An error that waiters share, whatever its type.
pub(crate) type SharedError = Arc<dyn Any + Send + Sync>;

/// What a hit needs: the values in memory.
pub(crate) struct Front<K, V> {
    pub(crate) memory: Option<Store<K, V>>,
    /// Calls that memory answered.
    pub(crate) hits: Counter,
}

/// What this process holds of a function: the values in memory, and the flights that will add to them.
pub(crate) struct Flights<K, V> {
    front: Arc<Front<K, V>>,
    /// Keys that are not tried again for a while, each with the error that calls get meanwhile, if they do.
    setbacks: Option<Store<K, Option<SharedError>>>,
    /// How long a change of a key waits for another change of it, or for writes under way.
    patience: Duration,
    shards: Box<[Mutex<Shard<K, V>>]>,
    hasher: RandomState,
}

/// Flights that write below memory.
type Writers<K, V> = Vec<Arc<Flight<K, V>>>;

/// A change of a key that has begun, and those whose writes it has to wait for.
struct Change<K: CacheKey, V: CacheValue> {
    lead: Lead<K, V>,
    writers: Writers<K, V>,
}

/// A value that answers a call.
#[derive(Clone)]
pub(crate) struct Answer<V> {
    pub(crate) value: V,
    /// It is past its time to live.
    pub(crate) is_stale: bool,
}

impl<V> Answer<V> {
    pub(crate) fn fresh(value: V) -> Self {
        Self { value, is_stale: false }
    }

    pub(crate) fn of(value: V, standing: Standing) -> Self {
        Self { value, is_stale: standing.is_stale() }
    }
}

/// How a call joins.
#[derive(Clone, Copy)]
pub(crate) struct Manner {
    pub(crate) mode: Mode,
    /// Calls of one key wait for each other.
    pub(crate) coalesces: bool,
    /// Its body can run in the background.
    pub(crate) refreshes: bool,
    /// An error that is remembered is its answer.
    pub(crate) heeds_errors: bool,
    /// It is on one of the threads that run bodies in the background, and must not wait for what waits for those.
    pub(crate) is_ours: bool,
}

/// What a call that missed memory does.
pub(crate) enum Join<K: CacheKey, V: CacheValue> {
    /// There is a value after all.
    Hit(Answer<V>),
    /// Take this value, and lead the flight in the background.
    Refresh(Answer<V>, Lead<K, V>),
    /// It failed a moment ago.
    Failed(SharedError),
    /// Run the body beside all this and store nothing: a recursive call, or one that must not wait.
    Alone(Lender<K, V>),
    /// Look into the tiers beside all this, and store nothing: calls of this key do not wait for each other.
    Apart(Lender<K, V>),
    /// Lead the flight.
    Lead(Lead<K, V>),
    /// Wait for the leader.
    Wait(Wait<K, V>),
}

/// What a waiter's wait ends in.
pub(crate) enum Turn<K: CacheKey, V: CacheValue> {
    Value(Answer<V>),
    Error(SharedError),
    Lead(Lead<K, V>),
    /// Join again.
    Again,
    Alone(Lender<K, V>),
}

/// Why a key's flight is superseded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Purpose {
    /// Run the body and store what it returns; other callers may wait for that.
    Refresh,
    /// Store a value that is known.
    Put,
    /// Remove the value, at once in memory.
    Remove,
}

impl<K: CacheKey, V: CacheValue> Front<K, V> {
    /// Returns the value in memory that needs nothing but to be handed out, and counts the hit.
    #[inline]
    pub(crate) fn hit<Q: Hash + equivalent::Equivalent<K>>(&self, key: Q) -> Option<V> {
        if !enabled() {
            return None;
        }
        let (value, due) = self.memory.as_ref()?.value(&key)?;
        if due != Tick::NEVER && due <= clock::now() {
            return None;
        }
        self.hits.count();
        Some(value)
    }
}

impl<K, V> Deref for Flights<K, V> {
    type Target = Front<K, V>;

    fn deref(&self) -> &Front<K, V> {
        &self.front
    }
}

impl<K: CacheKey, V: CacheValue> Flights<K, V> {
    /// `patience` is how long writes below memory can take, `setbacks` how many are remembered.
    pub(crate) fn new(memory: Option<Store<K, V>>, patience: Duration, setbacks: Option<usize>) -> Self {
        let shards = (0..shards()).map(|_| Mutex::new(Shard::new())).collect();
        let setbacks = setbacks.map(|most| Store::new(Capacity::Entries(most)));
        let front = Arc::new(Front { memory, hits: Counter::default() });
        Self { front, setbacks, patience, shards, hasher: RandomState::default() }
    }

    /// Returns what a hit needs.
    pub(crate) fn front(&self) -> &Arc<Front<K, V>> {
        &self.front
    }

    /// Joins the flight of a key, or starts it.
    pub(crate) fn join(self: &Arc<Self>, key: &K, manner: Manner) -> Join<K, V> {
        let hash = self.hasher.hash_one(key);
        let _unused; // its drop is code of users, so outside of the lock
        let mut shard = self.shard(hash).lock();
        if let Some(flight) = shard.find(hash, key).cloned() {
            match self.board(&flight, manner) {
                Some(join) => return join,
                None => shard.supersede(&flight),
            }
        }
        let (slot, standing) = self.held(key);
        let setback = if standing == Standing::Fresh { None } else { self.setback(key) };
        match (slot, setback, standing) {
            (Some(slot), _, Standing::Fresh) => Join::Hit(Answer::fresh(slot.value)),
            (Some(slot), _, Standing::Due) if !manner.refreshes => Join::Hit(Answer::fresh(slot.value)),
            (Some(slot), Some(_), Standing::Due | Standing::Stale | Standing::Kept) => {
                Join::Hit(Answer::of(slot.value, standing))
            }
            (Some(slot), None, Standing::Due | Standing::Stale) if manner.refreshes => {
                let answer = Answer::of(slot.value.clone(), standing);
                Join::Refresh(answer, self.start(&mut shard, key, hash, None, Some(slot)))
            }
            (Some(slot), None, Standing::Due | Standing::Stale | Standing::Kept) => {
                Join::Lead(self.start(&mut shard, key, hash, None, Some(slot)))
            }
            (slot, Some(Some(error)), _) if manner.heeds_errors => {
                _unused = slot;
                Join::Failed(error)
            }
            (slot, ..) => {
                _unused = slot;
                Join::Lead(self.start(&mut shard, key, hash, None, None))
            }
        }
    }

    /// Returns what memory holds, and what a call may do with it.
    fn held(&self, key: &K) -> (Option<Slot<V>>, Standing) {
        let slot = self.memory.as_ref().and_then(|memory| memory.get(&Borrowed(key)));
        let standing = slot.as_ref().map_or(Standing::Over, |slot| Standing::of(slot, clock::now()));
        (slot, standing)
    }

    /// Tells whether a key is not to be tried for now, and with which error.
    fn setback(&self, key: &K) -> Option<Option<SharedError>> {
        let setback = self.setbacks.as_ref()?.get(&Borrowed(key))?;
        (clock::now() < setback.due).then_some(setback.value)
    }

    /// Forgets that a key has failed.
    fn forgive(&self, key: &K) -> Option<(K, Slot<Option<SharedError>>)> {
        self.setbacks.as_ref()?.remove(&Borrowed(key))
    }

    /// Tells whether a key is not to be tried for now.
    pub(crate) fn is_resting(&self, key: &K) -> bool {
        self.setback(key).is_some()
    }

    /// Joins a flight, unless it is one that has landed and whose value is past its life.
    fn board(self: &Arc<Self>, flight: &Arc<Flight<K, V>>, manner: Manner) -> Option<Join<K, V>> {
        let mut state = flight.state.lock();
        if let Some(Outcome::Value(answer)) = &state.outcome {
            // it is still being written below memory
            return (clock::now() < state.fresh_until).then(|| Join::Hit(answer.clone()));
        }
        if let Some(answer) = state.lent(Standing::Stale) {
            return Some(Join::Hit(answer));
        }
        if is_active(flight.id()) || flight.would_wait_for_itself(manner.mode) {
            return Some(Join::Alone(Lender::new(flight.clone())));
        }
        let is_behind = manner.is_ours && flight.is_queued.load(Relaxed);
        if (!manner.coalesces || is_behind) && !flight.is_change() {
            return Some(Join::Apart(Lender::new(flight.clone())));
        }
        if state.vacant > 0 {
            state.vacant -= 1;
            state.lead();
            drop(state);
            return Some(Join::Lead(Lead::new(self, flight.clone())));
        }
        state.waiting += 1;
        let ticket = state.ticket();
        Some(Join::Wait(Wait::new(self.clone(), flight.clone(), ticket)))
    }

    /// Starts a flight that takes the place of one that may be under way: a change of the key wins.
    pub(crate) async fn supersede(self: &Arc<Self>, key: &K, purpose: Purpose, mode: Mode) -> Lead<K, V> {
        loop {
            match self.try_supersede(key, purpose, mode) {
                Ok(change) => {
                    self.wait_for_writes(change.writers, mode).await;
                    return change.lead;
                }
                Err(change) => change.watch(self.patience, |state| state.outcome.is_some()).await,
            };
        }
    }

    /// Supersedes unless another change of the key is under way; says whose writes to wait for.
    fn try_supersede(
        self: &Arc<Self>,
        key: &K,
        purpose: Purpose,
        mode: Mode,
    ) -> Result<Change<K, V>, Arc<Flight<K, V>>> {
        let hash = self.hasher.hash_one(key);
        let mut shard = self.shard(hash).lock();
        let prior = shard.find(hash, key).cloned();
        if let Some(prior) = &prior {
            if prior.is_worth_waiting_for(mode, self.patience) {
                return Err(prior.clone());
            }
            shard.supersede(prior);
        }
        let writers = shard.stop_writers(hash, key);
        let (lent, forgotten) = match (&self.memory, purpose) {
            (Some(memory), Purpose::Remove) => (None, memory.remove(&Borrowed(key))),
            (Some(memory), Purpose::Refresh) => (memory.get(&Borrowed(key)), None),
            _ => (None, None),
        };
        let setback = self.forgive(key);
        let lead = self.start(&mut shard, key, hash, Some(purpose), lent);
        drop(shard);
        drop((prior, forgotten, setback)); // code of users, so outside of the lock
        Ok(Change { lead, writers })
    }

    /// Forgets everything, and keeps what is under way from storing anything until the guard is dropped.
    pub(crate) async fn clear(self: &Arc<Self>, mode: Mode) -> Clearing<K, V> {
        let (mut grounded, mut writers) = (Vec::new(), Vec::new());
        for shard in &self.shards {
            let mut shard = shard.lock();
            shard.clears += 1;
            grounded.append(&mut shard.ground());
            writers.append(&mut shard.stop_all_writers());
        }
        let clearing = Clearing(self.clone());
        drop(grounded);
        if let Some(memory) = &self.memory {
            memory.clear();
        }
        if let Some(setbacks) = &self.setbacks {
            setbacks.clear();
        }
        self.wait_for_writes(writers, mode).await;
        clearing
    }

    /// Waits until these have written. One that takes longer than its tiers may, because nobody polls it, or
    /// whose thread this caller blocks, is cut off: it writes nothing any more when it goes on.
    async fn wait_for_writes(&self, writers: Writers<K, V>, mode: Mode) {
        for flight in writers {
            let has_written = !flight.would_wait_for_itself(mode)
                && flight.watch(self.patience, |state| state.writing == Writing::No).await;
            if !has_written {
                flight.state.lock().is_cut_off = true;
            }
        }
    }

    fn start(
        self: &Arc<Self>,
        shard: &mut Shard<K, V>,
        key: &K,
        hash: u64,
        change: Option<Purpose>,
        lent: Option<Slot<V>>,
    ) -> Lead<K, V> {
        let flight = Arc::new(Flight {
            key: key.clone(),
            hash,
            change,
            polled_by: AtomicU64::new(0),
            is_queued: AtomicBool::new(false),
            lends: AtomicBool::new(lent.is_some()),
            state: Mutex::new(State::new(shard.clears > 0, change.is_some(), lent)),
        });
        shard.table.insert_unique(hash, flight.clone(), |flight| flight.hash);
        Lead::new(self, flight)
    }
}

impl<K, V> Flights<K, V> {
    fn shard(&self, hash: u64) -> &Mutex<Shard<K, V>> {
        &self.shards[(hash >> 48) as usize & (self.shards.len() - 1)]
    }

    /// Changes who leads and who waits, calls as many waiters as there are places to lead then, and lets a
    /// flight go that nobody is left on.
    fn rearrange(&self, flight: &Arc<Flight<K, V>>, change: impl FnOnce(&mut State<V>)) {
        let mut shard = self.shard(flight.hash).lock();
        let mut state = flight.state.lock();
        change(&mut state);
        let places = state.vacant;
        let called = state.call(places);
        if state.is_abandoned() {
            shard.remove(flight);
        }
        drop(state);
        drop(shard);
        wake_all(called);
    }
}

/// Keeps a `clear` under way: until it is dropped, calls run their bodies and store nothing.
pub(crate) struct Clearing<K, V>(Arc<Flights<K, V>>);

impl<K, V> Drop for Clearing<K, V> {
    fn drop(&mut self) {
        for shard in &self.0.shards {
            let mut shard = shard.lock();
            shard.clears -= 1;
            let grounded = shard.ground();
            drop(shard);
            drop(grounded);
        }
    }
}

//! Single-flight: of the calls that miss one key at the same time, one leads and the others wait for it.
//!
//! A flight is in the table from the moment its leader starts until its value is in memory. Whoever wants
//! to change a key in between (`invalidate`, `put`, `refresh`, `clear`) takes the flight out of the table;
//! a flight that is not in the table stores nothing. So the table is what orders fills and changes: a fill
//! and a removal of one key happen under the same lock, and that lock is never held while a body runs or a
//! tier is asked.
//!
//! | the leader … | then |
//! |---|---|
//! | returns a value | all waiters get it |
//! | fails, and its error can be shared | all waiters get the error |
//! | fails otherwise | two waiters lead side by side, then four, eight …: neither a herd nor a queue |
//! | panics, or its future is dropped | one waiter takes over |
//! | takes longer than a waiter's patience | that waiter leads beside it, one at a time |

mod active;
mod lead;
mod wait;

use std::any::Any;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use dcache_backends::clock::{self, Tick};
use dcache_backends::memory::Store;
use hashbrown::HashTable;

use crate::args::Borrowed;
use crate::bounds::{CacheKey, CacheValue};
use crate::mode::Mode;
use crate::stats::Counter;
use crate::sync::Mutex;
use crate::timer;

use active::{is_active, thread_number};
pub(crate) use lead::Lead;
use wait::Wait;

/// How long a change of a key waits for another change of it, or for writes under way, each of which is
/// bounded by its tier's time budget; only a task that is never polled again takes longer.
const PATIENCE_WITH_WRITES: Duration = Duration::from_secs(5);

/// An error that waiters share, whatever its type.
pub(crate) type SharedError = Arc<dyn Any + Send + Sync>;

/// What this process holds of a function: the values in memory, and the flights that will add to them.
pub(crate) struct Flights<K, V> {
    pub(crate) memory: Option<Store<K, V>>,
    /// Calls that memory answered.
    pub(crate) hits: Counter,
    shards: Box<[Mutex<Shard<K, V>>]>,
    hasher: RandomState,
}

struct Shard<K, V> {
    table: HashTable<Arc<Flight<K, V>>>,
    /// How many `clear`s are under way: what starts meanwhile reads no tier and stores nothing.
    clears: usize,
}

struct Flight<K, V> {
    key: K,
    hash: u64,
    /// The thread that last polled an asynchronous leader, 0 for none: a synchronous caller on that thread
    /// must not wait, for it would keep the leader from ever going on.
    polled_by: AtomicU64,
    state: Mutex<State<V>>,
}

struct State<V> {
    outcome: Option<Outcome<V>>,
    /// Leaders at work; places for waiters to lead beside them; the size of the present group.
    running: usize,
    vacant: usize,
    group: usize,
    /// When the last leader started.
    led_at: Instant,
    /// A change of the key: it leads nobody, and who waits for it looks again.
    is_change: bool,
    /// Out of the table because the key was changed, or born during a `clear`.
    superseded: bool,
    /// Remote tiers are being written.
    writing: bool,
    waiting: usize,
    tickets: u64,
    wakers: BTreeMap<u64, Waker>,
    watchers: Vec<Waker>,
}

enum Outcome<V> {
    Value(V),
    Error(SharedError),
    /// The key was changed; look again.
    Changed,
}

/// What a call that missed memory does.
pub(crate) enum Join<K: CacheKey, V: CacheValue> {
    /// Memory has the value after all.
    Hit(V),
    /// Run the body beside all this and store nothing: a recursive call, or one that must not wait.
    Alone,
    /// Lead the flight.
    Lead(Lead<K, V>),
    /// Wait for the leader.
    Wait(Wait<K, V>),
}

/// What a waiter's wait ends in.
pub(crate) enum Turn<K: CacheKey, V: CacheValue> {
    Value(V),
    Error(SharedError),
    Lead(Lead<K, V>),
    /// Join again.
    Again,
    Alone,
}

impl<K: CacheKey, V: CacheValue> Flights<K, V> {
    pub(crate) fn new(memory: Option<Store<K, V>>) -> Self {
        let threads = std::thread::available_parallelism().map_or(4, usize::from);
        let shard = || Mutex::new(Shard { table: HashTable::new(), clears: 0 });
        let shards = (0..(threads * 4).next_power_of_two()).map(|_| shard()).collect();
        Self { memory, hits: Counter::default(), shards, hasher: RandomState::new() }
    }

    /// Returns the fresh value in memory.
    #[inline]
    pub(crate) fn fresh<Q: Hash + equivalent::Equivalent<K>>(&self, key: &Q) -> Option<V> {
        let slot = self.memory.as_ref()?.get(key)?;
        (slot.fresh_until == Tick::NEVER || clock::now() < slot.fresh_until).then_some(slot.value)
    }

    /// Joins the flight of a key, or starts it.
    pub(crate) fn join(self: &Arc<Self>, key: &K, mode: Mode, coalesce: bool) -> Join<K, V> {
        let hash = self.hasher.hash_one(key);
        let mut shard = self.shard(hash).lock();
        if let Some(flight) = shard.find(hash, key).cloned() {
            drop(shard);
            return self.board(flight, mode, coalesce);
        }
        if let Some(value) = self.fresh(&Borrowed(key)) {
            return Join::Hit(value);
        }
        Join::Lead(self.start(&mut shard, key, hash, false))
    }

    fn board(self: &Arc<Self>, flight: Arc<Flight<K, V>>, mode: Mode, coalesce: bool) -> Join<K, V> {
        let is_own = is_active(flight.id());
        let would_block_leader = mode == Mode::Blocking && flight.polled_by.load(Relaxed) == thread_number();
        let mut state = flight.state.lock();
        if let Some(Outcome::Value(value)) = &state.outcome {
            return Join::Hit(value.clone()); // it is still being written to remote tiers
        }
        if is_own || would_block_leader || !(coalesce || state.is_change) {
            return Join::Alone;
        }
        if state.vacant > 0 {
            state.vacant -= 1;
            state.lead();
            drop(state);
            return Join::Lead(Lead::new(self, flight));
        }
        state.waiting += 1;
        state.tickets += 1;
        let ticket = state.tickets;
        drop(state);
        Join::Wait(Wait { flights: self.clone(), flight, ticket, is_over: false })
    }

    /// Starts a flight that takes the place of one that may be under way: a change of the key wins.
    pub(crate) async fn supersede(self: &Arc<Self>, key: &K, purpose: Purpose) -> Lead<K, V> {
        let hash = self.hasher.hash_one(key);
        let (lead, prior, _forgotten) = loop {
            let change = {
                let mut shard = self.shard(hash).lock();
                match shard.find(hash, key).cloned() {
                    Some(change) if change.wait_for(PATIENCE_WITH_WRITES) => change,
                    prior => {
                        if let Some(prior) = &prior {
                            shard.remove(prior);
                            prior.state.lock().superseded = true;
                        }
                        let forgotten = match (&self.memory, purpose) {
                            (Some(memory), Purpose::Remove) => memory.remove(&Borrowed(key)),
                            _ => None,
                        };
                        break (
                            self.start(&mut shard, key, hash, purpose != Purpose::Refresh),
                            prior,
                            forgotten,
                        );
                    }
                }
            };
            change.watch(|state| state.outcome.is_some()).await;
        };
        if let Some(prior) = prior {
            prior.watch(|state| !state.writing).await;
        }
        lead
    }

    /// Forgets everything, and keeps what is under way from storing anything until the guard is dropped.
    pub(crate) async fn clear(self: &Arc<Self>) -> Clearing<K, V> {
        let mut under_way = Vec::new();
        for shard in &self.shards {
            let mut shard = shard.lock();
            shard.clears += 1;
            under_way.append(&mut shard.ground());
        }
        let clearing = Clearing(self.clone());
        if let Some(memory) = &self.memory {
            memory.clear();
        }
        for flight in under_way {
            flight.watch(|state| !state.writing).await;
        }
        clearing
    }

    fn start(self: &Arc<Self>, shard: &mut Shard<K, V>, key: &K, hash: u64, is_change: bool) -> Lead<K, V> {
        let state = State {
            outcome: None,
            running: 1,
            vacant: 0,
            group: 1,
            led_at: Instant::now(),
            is_change,
            superseded: shard.clears > 0,
            writing: false,
            waiting: 0,
            tickets: 0,
            wakers: BTreeMap::new(),
            watchers: Vec::new(),
        };
        let polled_by = AtomicU64::new(if is_change { thread_number() } else { 0 });
        let flight = Arc::new(Flight { key: key.clone(), hash, polled_by, state: Mutex::new(state) });
        shard.table.insert_unique(hash, flight.clone(), |flight| flight.hash);
        Lead::new(self, flight)
    }
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

impl<K, V> Flights<K, V> {
    fn shard(&self, hash: u64) -> &Mutex<Shard<K, V>> {
        &self.shards[(hash >> 48) as usize & (self.shards.len() - 1)]
    }
}

impl<K, V> Shard<K, V> {
    fn find(&self, hash: u64, key: &K) -> Option<&Arc<Flight<K, V>>>
    where
        K: Eq,
    {
        self.table.find(hash, |flight| flight.key == *key)
    }

    /// Takes a flight out of the table, and says whether it was there.
    fn remove(&mut self, flight: &Arc<Flight<K, V>>) -> bool {
        match self.table.find_entry(flight.hash, |other| Arc::ptr_eq(other, flight)) {
            Ok(place) => {
                place.remove();
                true
            }
            Err(_) => false,
        }
    }

    fn has(&self, flight: &Arc<Flight<K, V>>) -> bool {
        self.table.find(flight.hash, |other| Arc::ptr_eq(other, flight)).is_some()
    }

    /// Takes all flights but changes out of the table.
    fn ground(&mut self) -> Vec<Arc<Flight<K, V>>> {
        let grounded = |flight: &mut Arc<Flight<K, V>>| {
            let mut state = flight.state.lock();
            state.superseded |= !state.is_change;
            !state.is_change
        };
        self.table.extract_if(grounded).collect()
    }
}

impl<K, V> Flight<K, V> {
    /// Identifies the flight among those that are alive.
    fn id(self: &Arc<Self>) -> usize {
        Arc::as_ptr(self).cast::<()>() as usize
    }

    /// Tells whether this is a change under way that another change should wait for.
    fn wait_for(&self, patience: Duration) -> bool {
        let state = self.state.lock();
        state.is_change && state.outcome.is_none() && state.led_at.elapsed() < patience
    }

    /// Waits until the state is as wanted, but not for longer than writes can take.
    async fn watch(&self, is_so: impl Fn(&State<V>) -> bool) {
        let change = poll_fn(|cx| {
            let mut state = self.state.lock();
            if is_so(&state) {
                return Poll::Ready(());
            }
            state.watchers.push(cx.waker().clone());
            Poll::Pending
        });
        timer::timeout(PATIENCE_WITH_WRITES, change).await;
    }
}

impl<V> State<V> {
    fn lead(&mut self) {
        self.running += 1;
        self.led_at = Instant::now();
    }

    /// Takes the wakers of up to this many waiters, those who came first.
    fn call(&mut self, count: usize) -> Vec<Waker> {
        let mut called = Vec::new();
        while called.len() < count
            && let Some((_, waker)) = self.wakers.pop_first()
        {
            called.push(waker);
        }
        called
    }

    fn is_abandoned(&self) -> bool {
        self.running == 0 && self.waiting == 0
    }
}

/// Keeps a `clear` under way: until it is dropped, calls run their bodies and store nothing.
pub(crate) struct Clearing<K, V>(Arc<Flights<K, V>>);

impl<K, V> Drop for Clearing<K, V> {
    fn drop(&mut self) {
        for shard in &self.0.shards {
            let mut shard = shard.lock();
            shard.clears -= 1;
            drop(shard.ground());
        }
    }
}

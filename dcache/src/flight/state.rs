//! What is known of the flights under way.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use dcache_backends::clock::{self, Tick};
use dcache_backends::memory::Slot;
use hashbrown::HashTable;

use super::active::thread_number;
use super::{Answer, Purpose, SharedError};
use crate::mode::Mode;
use crate::policy::Standing;
use crate::threads::{AtomicBool, AtomicU64, Mutex};
use crate::timer;

/// A part of the keys, under one lock.
pub(super) struct Shard<K, V> {
    pub(super) table: HashTable<Arc<Flight<K, V>>>,
    /// Flights that write below memory, in the table above or not.
    writers: HashTable<Arc<Flight<K, V>>>,
    /// How many `clear`s are under way: what starts meanwhile reads no tier and stores nothing.
    pub(super) clears: usize,
}

pub(super) struct Flight<K, V> {
    pub(super) key: K,
    pub(super) hash: u64,
    /// The change of the key that this is, if it is one.
    pub(super) change: Option<Purpose>,
    /// The thread that last polled an asynchronous leader, 0 for none: a synchronous caller on that thread
    /// must not wait, for it would keep the leader from ever going on.
    pub(super) polled_by: AtomicU64,
    /// The leader waits for a thread of dcache's own.
    pub(super) is_queued: AtomicBool,
    /// There is an older value of the key.
    pub(super) lends: AtomicBool,
    pub(super) state: Mutex<State<V>>,
}

pub(super) struct State<V> {
    pub(super) outcome: Option<Outcome<V>>,
    /// An older value of the key, which may do instead for as long as it is kept.
    pub(super) lent: Option<Slot<V>>,
    /// Until when a value that is the outcome may be handed out.
    pub(super) fresh_until: Tick,
    /// That value was found below memory: who waits does not get it past that moment either, as those who wait for a
    /// body do.
    pub(super) is_found: bool,
    /// Leaders at work; places for waiters to lead beside them; the size of the present group.
    pub(super) running: usize,
    pub(super) vacant: usize,
    pub(super) group: usize,
    /// When the last leader started; none for the first of calls, who started before anyone waited.
    pub(super) led_at: Option<Instant>,
    /// The key was changed, or is about to be by a `clear`: nothing of the flight is stored.
    pub(super) superseded: bool,
    pub(super) writing: Writing,
    /// A change of the key has given up waiting for the writes: they must not go on.
    pub(super) is_cut_off: bool,
    pub(super) waiting: usize,
    tickets: u64,
    /// Mostly nobody.
    crowd: Option<Box<Crowd>>,
}

/// Those who are woken when something happens, by their tickets.
#[derive(Default)]
struct Crowd {
    waiters: BTreeMap<u64, Waker>,
    watchers: BTreeMap<u64, Waker>,
}

/// Whether a flight writes below memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writing {
    No,
    /// It will, in the background.
    Queued,
    Now,
}

pub(super) enum Outcome<V> {
    Value(Answer<V>),
    Error(SharedError),
    /// The key was changed; look again.
    Changed,
}

impl<K, V> Shard<K, V> {
    pub(super) fn new() -> Self {
        Self { table: HashTable::new(), writers: HashTable::new(), clears: 0 }
    }

    pub(super) fn find(&self, hash: u64, key: &K) -> Option<&Arc<Flight<K, V>>>
    where
        K: Eq,
    {
        self.table.find(hash, |flight| flight.key == *key)
    }

    pub(super) fn has(&self, flight: &Arc<Flight<K, V>>) -> bool {
        self.table.find(flight.hash, |other| Arc::ptr_eq(other, flight)).is_some()
    }

    /// Takes a flight out of the table, and says whether it was there.
    pub(super) fn remove(&mut self, flight: &Arc<Flight<K, V>>) -> bool {
        match self.table.find_entry(flight.hash, |other| Arc::ptr_eq(other, flight)) {
            Ok(place) => {
                place.remove();
                true
            }
            Err(_) => false,
        }
    }

    /// Takes a flight out of the table: nothing more of it is stored.
    pub(super) fn supersede(&mut self, flight: &Arc<Flight<K, V>>) {
        self.remove(flight);
        flight.state.lock().superseded = true;
    }

    /// Takes all flights but changes out of the table.
    pub(super) fn ground(&mut self) -> Vec<Arc<Flight<K, V>>> {
        let is_grounded = |flight: &mut Arc<Flight<K, V>>| !flight.is_change();
        let grounded: Vec<_> = self.table.extract_if(is_grounded).collect();
        grounded.iter().for_each(|flight| flight.state.lock().superseded = true);
        grounded
    }

    /// Lets a flight write below memory.
    pub(super) fn start_writing(&mut self, flight: &Arc<Flight<K, V>>) {
        self.writers.insert_unique(flight.hash, flight.clone(), |flight| flight.hash);
    }

    pub(super) fn end_writing(&mut self, flight: &Arc<Flight<K, V>>) {
        if let Ok(place) = self.writers.find_entry(flight.hash, |other| Arc::ptr_eq(other, flight)) {
            place.remove();
        }
    }

    /// Calls off the writes of a key that have not begun, and returns who has begun.
    pub(super) fn stop_writers(&mut self, hash: u64, key: &K) -> Vec<Arc<Flight<K, V>>>
    where
        K: Eq,
    {
        let of_key: Vec<_> =
            self.writers.iter_hash(hash).filter(|flight| flight.key == *key).cloned().collect();
        self.stop(of_key)
    }

    /// Calls off the writes of all keys that have not begun, and returns who has begun.
    pub(super) fn stop_all_writers(&mut self) -> Vec<Arc<Flight<K, V>>> {
        let all = self.writers.iter().cloned().collect();
        self.stop(all)
    }

    fn stop(&mut self, mut writers: Vec<Arc<Flight<K, V>>>) -> Vec<Arc<Flight<K, V>>> {
        writers.retain(|flight| {
            let mut state = flight.state.lock();
            state.superseded = true;
            let has_begun = state.writing != Writing::Queued;
            if !has_begun {
                state.writing = Writing::No;
                self.end_writing(flight);
            }
            has_begun
        });
        writers
    }
}

impl<K, V> Flight<K, V> {
    /// Identifies the flight among those that are alive.
    pub(super) fn id(self: &Arc<Self>) -> usize {
        Arc::as_ptr(self).cast::<()>() as usize
    }

    /// Tells whether this leads nobody, and who waits for it looks again.
    pub(super) fn is_change(&self) -> bool {
        matches!(self.change, Some(Purpose::Put | Purpose::Remove))
    }

    /// Tells whether what is stored must go even if nothing takes its place.
    pub(super) fn replaces(&self) -> bool {
        self.change.is_some()
    }

    /// Tells whether this caller would keep the flight from going on by waiting for it.
    pub(super) fn would_wait_for_itself(&self, mode: Mode) -> bool {
        mode == Mode::Blocking && self.polled_by.load(Relaxed) == thread_number()
    }

    /// Tells whether this is a change under way that another change should wait for.
    pub(super) fn is_worth_waiting_for(&self, mode: Mode, patience: Duration) -> bool {
        let state = self.state.lock();
        self.is_change()
            && !self.would_wait_for_itself(mode)
            && state.outcome.is_none()
            && state.led_at.is_some_and(|led_at| led_at.elapsed() < patience)
    }

    /// Marks who polls the flight.
    pub(super) fn mark(&self, mode: Mode) {
        let thread = if mode == Mode::Async { thread_number() } else { 0 };
        self.polled_by.store(thread, Relaxed);
    }

    /// Waits until the state is as wanted, and says whether it is.
    pub(super) async fn watch(&self, patience: Duration, is_so: impl Fn(&State<V>) -> bool) -> bool {
        let mut ticket = None;
        let change = poll_fn(|cx| {
            let mut state = self.state.lock();
            if is_so(&state) {
                return Poll::Ready(());
            }
            let ticket = *ticket.get_or_insert_with(|| state.ticket());
            state.crowd().watchers.insert(ticket, cx.waker().clone());
            Poll::Pending
        });
        timer::timeout(patience, change).await.is_some()
    }
}

impl<V> State<V> {
    pub(super) fn new(superseded: bool, is_change: bool, lent: Option<Slot<V>>) -> Self {
        Self {
            outcome: None,
            lent,
            fresh_until: Tick::NEVER,
            is_found: false,
            running: 1,
            vacant: 0,
            group: 1,
            led_at: is_change.then(Instant::now),
            superseded,
            writing: Writing::No,
            is_cut_off: false,
            waiting: 0,
            tickets: 0,
            crowd: None,
        }
    }

    /// Returns the older value of the key, if a call may have it: at once, or after all else has failed. A change of
    /// the key takes it back.
    pub(super) fn lent(&self, worst: Standing) -> Option<Answer<V>>
    where
        V: Clone,
    {
        let slot = self.lent.as_ref().filter(|_| !self.superseded)?;
        let standing = Standing::of(slot, clock::now());
        (standing <= worst).then(|| Answer::of(slot.value.clone(), standing))
    }

    pub(super) fn lead(&mut self) {
        self.running += 1;
        self.led_at = Some(Instant::now());
    }

    /// Returns what comes after all such before it.
    pub(super) fn ticket(&mut self) -> u64 {
        self.tickets += 1;
        self.tickets
    }

    fn crowd(&mut self) -> &mut Crowd {
        self.crowd.get_or_insert_default()
    }

    /// Has a waiter woken when something happens.
    pub(super) fn will_wake(&mut self, ticket: u64, waker: Waker) {
        self.crowd().waiters.insert(ticket, waker);
    }

    /// Takes one off those who wait.
    pub(super) fn leaves(&mut self, ticket: u64) {
        self.waiting -= 1;
        if let Some(crowd) = &mut self.crowd {
            crowd.waiters.remove(&ticket);
        }
    }

    /// Takes the wakers of up to this many waiters, those who came first.
    pub(super) fn call(&mut self, count: usize) -> Vec<Waker> {
        let mut called = Vec::new();
        let Some(crowd) = &mut self.crowd else { return called };
        while called.len() < count
            && let Some((_, waker)) = crowd.waiters.pop_first()
        {
            called.push(waker);
        }
        called
    }

    /// Takes the wakers of all who wait or watch.
    pub(super) fn call_all(&mut self) -> Vec<Waker> {
        let Some(crowd) = self.crowd.take() else { return Vec::new() };
        crowd.waiters.into_values().chain(crowd.watchers.into_values()).collect()
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.running == 0 && self.waiting == 0
    }
}

//! Leading a flight to its end.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::Waker;

use dcache_backends::memory::Slot;

use super::active::{Active, thread_number};
use super::{Flight, Flights, Outcome, SharedError, State};
use crate::bounds::{CacheKey, CacheValue};

/// The right to lead a flight. Dropped, it ends the flight as far as it has come: with the value that was
/// settled on, or by handing over to a waiter.
pub(crate) struct Lead<K: CacheKey, V: CacheValue> {
    flights: Arc<Flights<K, V>>,
    flight: Arc<Flight<K, V>>,
    stage: Stage<V>,
}

enum Stage<V> {
    /// The value is not known yet.
    Flying,
    /// The value is known, and what memory shall hold of it; remote tiers are being written.
    Settled(V, Option<Slot<V>>),
    /// Everyone has the value; remote tiers are still being written.
    Published,
    /// All is said.
    Over,
}

impl<K: CacheKey, V: CacheValue> Lead<K, V> {
    pub(super) fn new(flights: &Arc<Flights<K, V>>, flight: Arc<Flight<K, V>>) -> Self {
        Self { flights: flights.clone(), flight, stage: Stage::Flying }
    }

    /// Tells whether the key has been changed since the flight started, so that nothing of it may be stored.
    pub(crate) fn is_superseded(&self) -> bool {
        self.flight.state.lock().superseded
    }

    /// Runs an asynchronous body so that calls it makes of its own key are known for what they are.
    pub(crate) async fn within<F: Future>(&self, body: F) -> F::Output {
        let id = self.flight.id();
        let mut body = pin!(body);
        poll_fn(|cx| {
            self.flight.polled_by.store(thread_number(), Relaxed);
            let _active = Active::enter(id);
            body.as_mut().poll(cx)
        })
        .await
    }

    /// Runs a synchronous body likewise.
    #[inline]
    pub(crate) fn within_blocking<T>(&self, body: impl FnOnce() -> T) -> T {
        let _active = Active::enter(self.flight.id());
        body()
    }

    /// Settles on a value, and says whether remote tiers may be written now; `slot` is what memory shall hold.
    ///
    /// From here on the value is not lost any more: if this leader goes away, its waiters have it.
    pub(crate) fn settle(&mut self, value: V, slot: Option<Slot<V>>) -> bool {
        self.stage = Stage::Settled(value, slot);
        let mut state = self.flight.state.lock();
        state.writing = !state.superseded;
        state.writing
    }

    /// Lets everyone have the value that was settled on, though remote tiers are still being written.
    pub(crate) fn publish(&mut self) {
        if let Stage::Settled(value, slot) = std::mem::replace(&mut self.stage, Stage::Published) {
            self.land(Outcome::Value(value), slot, true);
        }
    }

    /// Ends the flight with an error: everyone's, where it can be shared, else the next group's turn.
    pub(crate) fn fail(mut self, error: Option<SharedError>) {
        self.stage = Stage::Over;
        match error {
            Some(error) => self.land(Outcome::Error(error), None, false),
            None => self.step_down(|state| {
                if state.running == 0 && state.outcome.is_none() {
                    state.group = state.group.saturating_mul(2);
                    state.vacant = state.group;
                }
            }),
        }
    }

    /// Gives everyone the outcome, and memory its slot if no change of the key came between.
    fn land(&self, outcome: Outcome<V>, slot: Option<Slot<V>>, is_writing: bool) {
        let mut shard = self.flights.shard(self.flight.hash).lock();
        let is_current = if is_writing { shard.has(&self.flight) } else { shard.remove(&self.flight) };
        let mut state = self.flight.state.lock();
        let evicted = match (&self.flights.memory, slot) {
            (Some(memory), Some(slot)) if is_current && !state.superseded => {
                Some(memory.insert(self.flight.key.clone(), slot))
            }
            _ => None,
        };
        let unused = if state.outcome.is_none() { state.outcome.replace(outcome) } else { Some(outcome) };
        state.running -= 1;
        state.writing &= is_writing;
        let mut called = state.call(usize::MAX);
        called.append(&mut state.watchers);
        drop(state);
        drop(shard);
        called.into_iter().for_each(Waker::wake);
        drop((evicted, unused)); // code of users, so outside of the locks
    }

    /// Stops leading without an outcome, and calls as many waiters as there are places now.
    fn step_down(&self, make_places: impl FnOnce(&mut State<V>)) {
        let mut shard = self.flights.shard(self.flight.hash).lock();
        let mut state = self.flight.state.lock();
        state.running -= 1;
        make_places(&mut state);
        let places = state.vacant;
        let called = state.call(places);
        if state.is_abandoned() {
            shard.remove(&self.flight);
        }
        drop(state);
        drop(shard);
        called.into_iter().for_each(Waker::wake);
    }

    /// Takes a flight out of the table whose value everyone has: its writes are done.
    fn retire(&self) {
        self.flights.shard(self.flight.hash).lock().remove(&self.flight);
        let mut state = self.flight.state.lock();
        state.writing = false;
        let watchers = std::mem::take(&mut state.watchers);
        drop(state);
        watchers.into_iter().for_each(Waker::wake);
    }
}

impl<K: CacheKey, V: CacheValue> Drop for Lead<K, V> {
    fn drop(&mut self) {
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Flying if self.flight.state.lock().is_change => self.land(Outcome::Changed, None, false),
            Stage::Flying => self.step_down(|state| state.vacant += 1),
            Stage::Settled(value, slot) => self.land(Outcome::Value(value), slot, false),
            Stage::Published => self.retire(),
            Stage::Over => {}
        }
    }
}

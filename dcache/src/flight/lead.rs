//! Leading a flight to its end.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use dcache_backends::clock::Tick;
use dcache_backends::memory::Slot;

use super::active::Active;
use super::state::{Flight, Outcome, State, Writing};
use super::{Flights, SharedError};
use crate::args::Borrowed;
use crate::bounds::{CacheKey, CacheValue};
use crate::mode::Mode;
use crate::sync::wake_all;

/// The right to lead a flight. Dropped, it ends the flight as far as it has come: with the value that was
/// settled on, or by handing over to a waiter.
pub(crate) struct Lead<K: CacheKey, V: CacheValue> {
    flights: Arc<Flights<K, V>>,
    flight: Arc<Flight<K, V>>,
    stage: Stage<V>,
    /// This leader, and no other of the flight, writes below memory.
    writes: bool,
}

enum Stage<V> {
    /// The value is not known yet.
    Flying,
    /// The value is known.
    Settled(Settled<V>),
    /// Everyone has the value; remote tiers are still being written.
    Published,
    /// All is said.
    Over,
}

/// A value that a flight ends with.
pub(crate) struct Settled<V> {
    pub(crate) value: V,
    /// What memory shall hold of it.
    pub(crate) slot: Option<Slot<V>>,
    /// Until when it may be handed out while it is being written below memory.
    pub(crate) fresh_until: Tick,
}

impl<K: CacheKey, V: CacheValue> Lead<K, V> {
    pub(super) fn new(flights: &Arc<Flights<K, V>>, flight: Arc<Flight<K, V>>) -> Self {
        Self { flights: flights.clone(), flight, stage: Stage::Flying, writes: false }
    }

    /// Tells whether the key has been changed since the flight started, so that nothing of it may be stored.
    pub(crate) fn is_superseded(&self) -> bool {
        self.flight.state.lock().superseded
    }

    /// Tells whether what is stored must go even if nothing takes its place.
    pub(crate) fn replaces(&self) -> bool {
        self.flight.replaces()
    }

    /// Runs an asynchronous body so that calls it makes of its own key are known for what they are.
    pub(crate) async fn within<F: Future>(&self, body: F) -> F::Output {
        let id = self.flight.id();
        let mut body = pin!(body);
        poll_fn(|cx| {
            self.flight.mark(Mode::Async);
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

    /// Has the leader do this, so that it is known on which thread it was last polled.
    pub(crate) async fn asking<F: Future>(self, mode: Mode, work: impl FnOnce(Self) -> F) -> F::Output {
        let flight = self.flight.clone();
        let mut work = pin!(work(self));
        poll_fn(|cx| {
            flight.mark(mode);
            work.as_mut().poll(cx)
        })
        .await
    }

    /// Settles on a value, and says whether remote tiers may be written now.
    ///
    /// From here on the value is not lost any more: if this leader goes away, its waiters have it.
    pub(crate) fn settle(&mut self, settled: Settled<V>) -> bool {
        self.stage = Stage::Settled(settled);
        let mut shard = self.flights.shard(self.flight.hash).lock();
        let mut state = self.flight.state.lock();
        if shard.has(&self.flight) && !state.superseded && state.writing == Writing::No {
            state.writing = Writing::Now;
            shard.start_writing(&self.flight);
            self.writes = true;
        }
        self.writes
    }

    /// Lets everyone have the value that was settled on; remote tiers will be written later.
    pub(crate) fn publish(&mut self) {
        if let Stage::Settled(settled) = std::mem::replace(&mut self.stage, Stage::Published) {
            self.flight.state.lock().writing = Writing::Queued;
            self.land(Outcome::Value(settled.value), settled.slot, settled.fresh_until, false);
        }
    }

    /// Says whether the writes that were put off may begin now: not if the key was changed meanwhile.
    pub(crate) fn begin_writes(&self) -> bool {
        let mut state = self.flight.state.lock();
        let may_write = state.writing == Writing::Queued;
        if may_write {
            state.writing = Writing::Now;
        }
        may_write
    }

    /// Writes, until it is done or a change of the key could not wait any longer.
    pub(crate) async fn writing(&self, mode: Mode, writes: impl Future<Output = ()>) {
        let mut writes = pin!(writes);
        poll_fn(|cx| {
            if self.flight.state.lock().is_cut_off {
                return Poll::Ready(());
            }
            self.flight.mark(mode);
            writes.as_mut().poll(cx)
        })
        .await;
    }

    /// Ends the flight with an error: everyone's, where it can be shared, else the next group's turn.
    pub(crate) fn fail(mut self, error: Option<SharedError>) {
        self.stage = Stage::Over;
        match error {
            Some(error) => self.land(Outcome::Error(error), None, Tick::NEVER, true),
            None => self.step_down(|state| {
                if state.running == 0 && state.outcome.is_none() {
                    state.group = state.group.saturating_mul(2);
                    state.vacant = state.group;
                }
            }),
        }
    }

    /// Gives everyone the outcome, and memory its slot if no change of the key came between.
    fn land(&self, outcome: Outcome<V>, slot: Option<Slot<V>>, fresh_until: Tick, ends: bool) {
        let key = self.flight.key.clone();
        let mut shard = self.flights.shard(self.flight.hash).lock();
        let is_current = if ends { shard.remove(&self.flight) } else { shard.has(&self.flight) };
        let mut state = self.flight.state.lock();
        let (mut evicted, mut forgotten) = (None, None);
        if let (Some(memory), true) = (&self.flights.memory, is_current && !state.superseded) {
            match (slot, &outcome) {
                (Some(slot), _) => evicted = Some(memory.insert(key, slot)),
                (None, Outcome::Value(_)) if self.flight.replaces() => {
                    forgotten = memory.remove(&Borrowed(&self.flight.key))
                }
                _ => {}
            }
        }
        let unused = if state.outcome.is_none() {
            state.fresh_until = fresh_until;
            state.outcome.replace(outcome)
        } else {
            Some(outcome)
        };
        state.running -= 1;
        if ends && self.writes {
            state.writing = Writing::No;
            shard.end_writing(&self.flight);
        }
        let called = state.call_all();
        drop(state);
        drop(shard);
        wake_all(called);
        drop((evicted, forgotten, unused)); // code of users, so outside of the locks
    }

    /// Stops leading without an outcome.
    fn step_down(&self, make_places: impl FnOnce(&mut State<V>)) {
        self.flights.rearrange(&self.flight, |state| {
            state.running -= 1;
            make_places(state);
        });
    }

    /// Ends a flight whose value everyone has: its writes are done.
    fn retire(&self) {
        let mut shard = self.flights.shard(self.flight.hash).lock();
        shard.remove(&self.flight);
        shard.end_writing(&self.flight);
        let mut state = self.flight.state.lock();
        state.writing = Writing::No;
        let called = state.call_all();
        drop(state);
        drop(shard);
        wake_all(called);
    }
}

impl<K: CacheKey, V: CacheValue> Drop for Lead<K, V> {
    fn drop(&mut self) {
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Flying if self.flight.is_change() => self.land(Outcome::Changed, None, Tick::NEVER, true),
            Stage::Flying => self.step_down(|state| state.vacant += 1),
            Stage::Settled(settled) => {
                self.land(Outcome::Value(settled.value), settled.slot, settled.fresh_until, true);
            }
            Stage::Published => self.retire(),
            Stage::Over => {}
        }
    }
}

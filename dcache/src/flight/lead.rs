//! Leading a flight to its end.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::Poll;
use std::time::Duration;

use dcache_backends::clock::{self, Tick};
use dcache_backends::memory::{Evicted, Slot};

use super::active::Active;
use super::state::{Flight, Outcome, State, Writing};
use super::{Answer, Flights, SharedError};
use crate::args::Borrowed;
use crate::bounds::{CacheKey, CacheValue};
use crate::contain::contained;
use crate::mode::Mode;
use crate::policy::Standing;
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
    Settled(Box<Settled<V>>),
    /// Everyone has the value; remote tiers are still being written.
    Published,
    /// All is said.
    Over,
}

/// A value that a flight ends with.
pub(crate) struct Settled<V> {
    pub(crate) answer: Answer<V>,
    /// What memory shall hold of it.
    pub(crate) slot: Option<Slot<V>>,
    /// Until when it may be handed out while it is being written below memory.
    pub(crate) fresh_until: Tick,
    /// It is an older value of a key that failed, which goes on being left alone.
    pub(crate) rests: bool,
    /// It was found below memory, where it may have lain for most of its life.
    pub(crate) is_found: bool,
}

/// A key that failed: it is not tried again for this long, and calls get the error meanwhile, if it is known.
pub(crate) struct Setback {
    pub(crate) rest: Duration,
    pub(crate) error: Option<SharedError>,
}

/// How a flight ends, besides its outcome.
struct Landing<V> {
    /// The outcome is a value.
    has_value: bool,
    /// What memory shall hold of it.
    slot: Option<Slot<V>>,
    fresh_until: Tick,
    setback: Option<Setback>,
    /// The setback of before stays.
    rests: bool,
    is_found: bool,
    /// Nothing is left to be done.
    ends: bool,
}

impl<V> Landing<V> {
    /// Without a value.
    const EMPTY: Self = Self {
        has_value: false,
        slot: None,
        fresh_until: Tick::NEVER,
        setback: None,
        rests: false,
        is_found: false,
        ends: true,
    };
}

impl<V> Settled<V> {
    fn landing(self, ends: bool) -> (Landing<V>, Answer<V>) {
        let Self { answer, slot, fresh_until, rests, is_found } = self;
        (Landing { has_value: true, slot, fresh_until, setback: None, rests, is_found, ends }, answer)
    }
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

    pub(crate) fn key(&self) -> &K {
        &self.flight.key
    }

    /// Returns the older value of the key, if it may be handed out as it is.
    pub(crate) fn stale(&self) -> Option<V> {
        self.flight.state.lock().lent(Standing::Stale).map(|answer| answer.value)
    }

    /// Returns what tells of the older value when this leader is gone.
    pub(crate) fn lender(&self) -> Lender<K, V> {
        Lender::new(self.flight.clone())
    }

    /// Tells whether there is an older value of the key.
    pub(crate) fn lends(&self) -> bool {
        self.flight.lends.load(Relaxed)
    }

    /// Lets calls have an older value instead of waiting, for as long as it is kept, and memory hold it.
    pub(crate) fn lend(&self, slot: Slot<V>, held: Option<Slot<V>>) {
        let key = self.flight.key.clone();
        let shard = self.flights.shard(self.flight.hash).lock();
        let is_current = shard.has(&self.flight);
        let mut state = self.flight.state.lock();
        if state.superseded || state.lent.as_ref().is_some_and(|lent| lent.kept_until >= slot.kept_until) {
            return;
        }
        let former = state.lent.replace(slot);
        self.flight.lends.store(true, Relaxed);
        let evicted = match (&self.flights.memory, held) {
            (Some(memory), Some(held)) if is_current => Some(memory.insert(key, held)),
            _ => None,
        };
        let called = state.call(usize::MAX);
        drop(state);
        drop(shard);
        wake_all(called);
        drop((former, evicted)); // code of users, so outside of the locks
    }

    /// Has a synchronous caller on this thread know that waiting would be for itself.
    pub(crate) fn stays_on_thread(&self) {
        self.flight.mark(Mode::Async);
    }

    /// Has callers know whether the leader waits for a thread to go on.
    pub(crate) fn queue(&self, waits: bool) {
        self.flight.is_queued.store(waits, Relaxed);
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

    /// Ends the flight with a value that nobody writes below memory, and returns it.
    pub(crate) fn finish(mut self, settled: Settled<V>) -> Answer<V> {
        let (landing, answer) = settled.landing(true);
        // code of users, so outside of the locks; if it panics, this leader hands over
        let copy = self.has_company().then(|| answer.clone());
        self.stage = Stage::Over;
        self.land(landing, |is_wanted| match copy {
            // for who has come since; without a copy they look again
            None if is_wanted => Some(contained(|| answer.clone()).map_or(Outcome::Changed, Outcome::Value)),
            copy => copy.map(Outcome::Value),
        });
        answer
    }

    /// Tells whether others wait for the flight. Mostly only the table and this leader have it, so nobody does.
    fn has_company(&self) -> bool {
        Arc::strong_count(&self.flight) > 2 && self.flight.state.lock().waiting > 0
    }

    /// Settles on a value, and says whether remote tiers may be written now.
    ///
    /// From here on the value is not lost any more: if this leader goes away, its waiters have it.
    pub(crate) fn settle(&mut self, settled: Settled<V>) -> bool {
        self.stage = Stage::Settled(Box::new(settled));
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
            self.land_on(*settled, false);
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

    /// Ends the flight with an older value in the place of an error.
    pub(crate) fn fall_back(mut self, answer: Answer<V>, rest: Duration) {
        self.stage = Stage::Over;
        let setback = Some(Setback { rest, error: None });
        let landing = Landing { has_value: true, fresh_until: clock::now(), setback, ..Landing::EMPTY };
        self.land(landing, |_| Some(Outcome::Value(answer)));
    }

    /// Ends the flight with an error: everyone's, where it can be shared, else the next group's turn.
    pub(crate) fn fail(mut self, error: Option<SharedError>, rest: Option<Duration>) {
        self.stage = Stage::Over;
        match error {
            Some(error) => {
                let setback = rest.map(|rest| Setback { rest, error: Some(error.clone()) });
                self.land(Landing { setback, ..Landing::EMPTY }, |_| Some(Outcome::Error(error)));
            }
            None => self.step_down(|state| {
                // a place that nobody has taken yet belongs to this group, and whoever was called for it comes
                if state.running == 0 && state.vacant == 0 && state.outcome.is_none() {
                    state.group = state.group.saturating_mul(2);
                    state.vacant = state.group;
                }
            }),
        }
    }

    /// Ends the flight without any outcome: who waits takes over, and nobody else tries for a while.
    pub(crate) fn give_up(mut self, rest: Duration) {
        self.stage = Stage::Over;
        let shard = self.flights.shard(self.flight.hash).lock();
        let evicted = self.set_back(&self.flight.state.lock(), Setback { rest, error: None });
        drop(shard);
        drop(evicted);
        self.step_down(|state| state.vacant += 1);
    }

    /// Lands with a value.
    fn land_on(&self, settled: Settled<V>, ends: bool) {
        let (landing, answer) = settled.landing(ends);
        self.land(landing, |_| Some(Outcome::Value(answer)));
    }

    /// Gives everyone the outcome, and memory its slot if no change of the key came between.
    ///
    /// `outcome` is told whether there is anyone to have it. It is called under the locks.
    fn land(&self, landing: Landing<V>, outcome: impl FnOnce(bool) -> Option<Outcome<V>>) {
        let Landing { has_value, slot, fresh_until, setback, rests, is_found, ends } = landing;
        let key = self.flight.key.clone();
        let mut shard = self.flights.shard(self.flight.hash).lock();
        let is_current = if ends { shard.remove(&self.flight) } else { shard.has(&self.flight) };
        let mut state = self.flight.state.lock();
        // a new value that is not held does not leave an older one in its place
        let forgets = self.flight.replaces() || state.lent.is_some() && setback.is_none();
        let (mut evicted, mut forgotten) = (None, None);
        let (mut set_back, mut forgiven) = (None, None);
        if is_current && !state.superseded {
            if let Some(memory) = &self.flights.memory {
                match slot {
                    Some(slot) => evicted = Some(memory.insert(key, slot)),
                    None if has_value && forgets => {
                        forgotten = memory.remove(&Borrowed(&self.flight.key));
                    }
                    None => {}
                }
            }
            match setback {
                Some(setback) => set_back = self.set_back(&state, setback),
                None if rests => {}
                None => forgiven = self.flights.forgive(&self.flight.key),
            }
        }
        if self.flight.is_change() && (!is_current || state.superseded) {
            // a `clear` is under way, and may not have come to memory yet
            forgotten =
                self.flights.memory.as_ref().and_then(|memory| memory.remove(&Borrowed(&self.flight.key)));
        }
        // who comes later does not find the flight any more, if this is its end
        let is_wanted = state.outcome.is_none() && (state.waiting > 0 || !ends);
        let mut unused = outcome(is_wanted);
        if state.outcome.is_none() {
            (state.fresh_until, state.is_found) = (fresh_until, is_found);
            state.outcome = unused.take();
        }
        state.running -= 1;
        if ends && self.writes {
            state.writing = Writing::No;
            shard.end_writing(&self.flight);
        }
        let called = state.call_all();
        drop(state);
        drop(shard);
        wake_all(called);
        drop((evicted, forgotten, set_back, forgiven, unused)); // code of users, so outside of the locks
    }

    /// Remembers that the key failed, unless it was changed since.
    fn set_back(&self, state: &State<V>, setback: Setback) -> Option<Evicted<K, Option<SharedError>>> {
        let setbacks = self.flights.setbacks.as_ref().filter(|_| !state.superseded)?;
        let now = clock::now();
        let slot = Slot::fresh(setback.error, now, now.after(setback.rest), 1);
        Some(setbacks.insert(self.flight.key.clone(), slot))
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

/// A flight, for its older value alone.
pub(crate) struct Lender<K, V>(Arc<Flight<K, V>>);

impl<K, V> Clone for Lender<K, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K, V: Clone> Lender<K, V> {
    pub(super) fn new(flight: Arc<Flight<K, V>>) -> Self {
        Self(flight)
    }

    /// Tells whether there is an older value of the key.
    pub(crate) fn lends(&self) -> bool {
        self.0.lends.load(Relaxed)
    }

    /// Returns the older value of the key, if it may do instead of an error.
    pub(crate) fn lent(&self) -> Option<Answer<V>> {
        self.0.state.lock().lent(Standing::Kept)
    }
}

impl<K: CacheKey, V: CacheValue> Drop for Lead<K, V> {
    fn drop(&mut self) {
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Flying if self.flight.is_change() => self.land(Landing::EMPTY, |_| Some(Outcome::Changed)),
            Stage::Flying => self.step_down(|state| state.vacant += 1),
            Stage::Settled(settled) => self.land_on(*settled, true),
            Stage::Published => self.retire(),
            Stage::Over => {}
        }
    }
}

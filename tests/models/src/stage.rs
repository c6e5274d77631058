//! What all models play on.

use std::sync::Arc;
use std::time::Duration;

use dcache_backends::clock::{self, Tick};
use dcache_backends::memory::Slot;
use dcache_backends::{Backend, Bytes, Error, Key, Scope, async_trait};

use crate::codec::{Codec, CodecError};
use crate::flight::{Answer, Flights, Join, Lead, Manner, Purpose, Settled, Turn};
use crate::mode::Mode;
use crate::threads::{Mutex, block_on};
use crate::{Builder, Cache, Memory, Tier};

/// The one key.
pub(super) const KEY: u8 = 1;

/// How calls join; their bodies could run in the background.
pub(super) const MANNER: Manner =
    Manner { mode: Mode::Async, coalesces: true, refreshes: true, heeds_errors: true, is_ours: false };

/// Builds a cache in which nobody waits for a time, only for each other.
pub(super) fn cache(options: impl FnOnce(Builder<u8, u32>) -> Builder<u8, u32>) -> Cache<u8, u32> {
    let builder = Cache::builder("model").memory(Memory::entries(4)).coalesce(Duration::MAX);
    Cache::new(options(builder).plan().assemble())
}

/// What bodies compute from. A value is the version that it was computed from, the first is 1.
#[derive(Clone)]
pub(super) struct Source(Arc<Mutex<Bodies>>);

struct Bodies {
    version: u32,
    running: u32,
    counts: Counts,
}

/// What was seen of the bodies.
#[derive(Clone, Copy)]
pub(super) struct Counts {
    pub(super) started: u32,
    /// So many ran at the same time.
    pub(super) together: u32,
}

impl Source {
    pub(super) fn new() -> Self {
        let counts = Counts { started: 0, together: 0 };
        Self(Arc::new(Mutex::new(Bodies { version: 1, running: 0, counts })))
    }

    /// A body.
    pub(super) fn compute(&self) -> u32 {
        self.start().version
    }

    /// A body, until it is dropped.
    pub(super) fn start(&self) -> Body {
        let mut bodies = self.0.lock();
        bodies.running += 1;
        bodies.counts.started += 1;
        bodies.counts.together = bodies.counts.together.max(bodies.running);
        Body { version: bodies.version, source: self.clone() }
    }

    /// From now on values of before are outdated.
    pub(super) fn change(&self) {
        self.0.lock().version += 1;
    }

    pub(super) fn counts(&self) -> Counts {
        self.0.lock().counts
    }
}

pub(super) struct Body {
    version: u32,
    source: Source,
}

impl Drop for Body {
    fn drop(&mut self) {
        self.source.0.lock().running -= 1;
    }
}

/// Calls.
pub(super) fn call(cache: &Cache<u8, u32>, source: &Source) -> u32 {
    block_on(cache.get_or_insert_with(&KEY, || async { source.compute() }))
}

/// Calls in the way of `call.rs`, with nothing but the flight: for models that could not be tried in every order else.
pub(super) fn fly(flights: &Arc<Flights<u8, u32>>, body: impl Fn() -> u32) -> u32 {
    loop {
        let turn = match flights.join(&KEY, MANNER) {
            Join::Hit(answer) => return answer.value,
            Join::Lead(lead) => Turn::Lead(lead),
            Join::Wait(wait) => block_on(wait.turn(Duration::MAX, None)),
            _ => unreachable!("no value is older, and nothing fails"),
        };
        match turn {
            Turn::Again => {}
            Turn::Value(answer) => return answer.value,
            Turn::Lead(lead) => {
                let value = body();
                land(lead, value);
                return value;
            }
            _ => unreachable!("nothing fails"),
        }
    }
}

/// Ends a flight with a value that memory holds for ever.
pub(super) fn land(mut lead: Lead<u8, u32>, value: u32) {
    let slot = Slot::fresh(value, clock::now(), Tick::NEVER, 1);
    lead.settle(Settled {
        answer: Answer::fresh(value),
        slot: Some(slot),
        fresh_until: Tick::NEVER,
        rests: false,
        is_found: false,
    });
}

/// Leads a flight that nobody else is on.
pub(super) fn lead(cache: &Cache<u8, u32>) -> Lead<u8, u32> {
    match cache.inner().flights.join(&KEY, MANNER) {
        Join::Lead(lead) | Join::Refresh(_, lead) => lead,
        _ => unreachable!("it is the first"),
    }
}

/// Removes the value from memory.
pub(super) fn invalidate(flights: &Arc<Flights<u8, u32>>) {
    drop(block_on(flights.supersede(&KEY, Purpose::Remove, Mode::Async)));
}

/// Makes a value that is past its time to live, and kept for ever: handed out while it is refreshed, or only in the
/// place of an error.
pub(super) fn older(value: u32, is_stale: bool) -> Slot<u32> {
    let now = clock::now();
    let stale_until = if is_stale { Tick::NEVER } else { now };
    Slot { value, created: now, due: now, fresh_until: now, stale_until, kept_until: Tick::NEVER, weight: 1 }
}

/// A tier below memory, with place for one entry.
#[derive(Clone)]
pub(super) struct Shelf(Arc<Mutex<Option<Bytes>>>);

impl Shelf {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(None)))
    }

    pub(super) fn tier(&self) -> Tier {
        Tier::new(self.clone()).timeout(Duration::MAX)
    }
}

#[async_trait]
impl Backend for Shelf {
    fn name(&self) -> &str {
        "shelf"
    }

    async fn get(&self, _key: &Key) -> Result<Option<Bytes>, Error> {
        Ok(self.0.lock().clone())
    }

    async fn set(&self, _key: &Key, entry: Bytes, _life: Option<Duration>) -> Result<(), Error> {
        *self.0.lock() = Some(entry);
        Ok(())
    }

    async fn remove(&self, _key: &Key) -> Result<(), Error> {
        *self.0.lock() = None;
        Ok(())
    }

    async fn clear(&self, _scope: &Scope) -> Result<u64, Error> {
        Ok(self.0.lock().take().into_iter().count() as u64)
    }
}

/// How the shelf holds a value.
pub(super) struct Number;

impl Codec<u32> for Number {
    const NUMBER: u8 = 128;
    const NAME: &'static str = "number";

    fn encode(value: &u32) -> Result<Vec<u8>, CodecError> {
        Ok(value.to_le_bytes().to_vec())
    }

    fn decode(payload: Bytes) -> Result<u32, CodecError> {
        payload[..].try_into().map(u32::from_le_bytes).map_err(|_| CodecError::new("not four bytes"))
    }
}

//! The ways to use a cache that come to the same: from asynchronous code or not, over memory, other tiers, or both.

use std::panic::resume_unwind;
use std::sync::LazyLock;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use dcache::{Builder, Cache, Tier, testing};
use dcache_tests::redis::wait_until;
use dcache_tests::{Door, Shelf};
use tokio::runtime::Runtime;

/// How long values are fresh here.
pub(crate) const MINUTE: Duration = Duration::from_secs(60);

/// Nothing takes longer, unless it never ends.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// The runtime of the asynchronous calls, which goes on when they have ended.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));

pub(crate) type Answer = Result<u32, &'static str>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    Async,
    Blocking,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tiers {
    Memory,
    Both,
    Remote,
}

/// One of the ways.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) caller: Caller,
    pub(crate) tiers: Tiers,
}

impl Way {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let tiers = [Tiers::Memory, Tiers::Both, Tiers::Remote];
        [Caller::Async, Caller::Blocking]
            .into_iter()
            .flat_map(move |caller| tiers.map(move |tiers| Self { caller, tiers }))
    }

    /// Builds a cache whose values are fresh for a minute. It has a one under the key 1, which is so old.
    pub(crate) fn cache(
        self,
        age: Duration,
        set: impl FnOnce(Builder<u32, u32>) -> Builder<u32, u32>,
    ) -> Cache<u32, u32> {
        let builder = Cache::builder("way").ttl(MINUTE);
        let shelf = || Tier::new(Shelf::new()).timeout(LONG);
        let builder = match self.tiers {
            Tiers::Memory => builder,
            Tiers::Both => builder.tier(shelf()),
            Tiers::Remote => builder.no_memory().tier(shelf()),
        };
        let cache = set(builder).build().unwrap();
        cache.blocking().put(&1, 1).unwrap();
        testing::advance(age);
        cache
    }

    /// Calls with a body that can run in the background.
    pub(crate) fn away(
        self,
        cache: &Cache<u32, u32>,
        body: impl Future<Output = Answer> + Send + 'static,
    ) -> Calling {
        let cache = cache.clone();
        Calling(thread::spawn(move || match self.caller {
            Caller::Async => RUNTIME.block_on(cache.try_get_or_spawn_with(&1, || body)),
            Caller::Blocking => cache.blocking().try_get_or_spawn_with(&1, move || pollster::block_on(body)),
        }))
    }

    /// Calls with a body that lives no longer than its call.
    pub(crate) fn in_place(
        self,
        cache: &Cache<u32, u32>,
        body: impl Future<Output = Answer> + Send + 'static,
    ) -> Calling {
        let cache = cache.clone();
        Calling(thread::spawn(move || match self.caller {
            Caller::Async => RUNTIME.block_on(cache.try_get_or_insert_with(&1, || body)),
            Caller::Blocking => cache.blocking().try_get_or_insert_with(&1, || pollster::block_on(body)),
        }))
    }
}

/// A call on a thread of its own.
pub(crate) struct Calling(JoinHandle<Answer>);

impl Calling {
    pub(crate) fn answer(self) -> Answer {
        self.outcome().unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// Returns the answer, or the panic.
    pub(crate) fn outcome(self) -> thread::Result<Answer> {
        wait_until(LONG, "a call", || self.0.is_finished());
        self.0.join()
    }
}

/// A body that returns this when the door is open.
pub(crate) fn behind(door: &Door, answer: Answer) -> impl Future<Output = Answer> + Send + use<> {
    let door = door.clone();
    async move {
        door.pass().await;
        answer
    }
}

/// A body that must not run.
pub(crate) async fn never() -> Answer {
    unreachable!("no body is needed")
}

/// Tells what was counted, but for what was not.
pub(crate) fn counted(cache: &Cache<u32, u32>) -> String {
    let stats = cache.stats();
    let counts = [
        (stats.hits, "hits"),
        (stats.misses, "misses"),
        (stats.coalesced, "coalesced"),
        (stats.stale, "stale"),
        (stats.computes, "computes"),
    ];
    let counted = counts.iter().filter(|(count, _)| *count > 0);
    counted.map(|(count, name)| format!("{count} {name}")).collect::<Vec<_>>().join(", ")
}

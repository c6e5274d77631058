//! Caches of every make over tiers under chaos, and what can be asked of them.

use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::Duration;

use dcache::testing::Chaos;
use dcache::{Backend, Builder, Cache, Error, Memory, Stats, Tier, dcache};
use tokio::task::yield_now;

use crate::model::{Call, Failure, Lives, Model, Value, mix};
use crate::rack::Rack;

/// So many keys has each cache, of which memory holds less than half.
pub(crate) const KEYS: u32 = 40;
const CAPACITY: usize = 16;

/// A call that takes longer waits for something that never comes.
pub(crate) const LONG: Duration = Duration::from_secs(30);

const MINUTE: Duration = Duration::from_secs(60);

/// What is asked of a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    /// A call whose body lives no longer than it.
    Call,
    /// A call whose body can run in the background.
    Away,
    /// A call that runs its body, where there is an attribute; else a call.
    Refresh,
    Look,
    Entry,
    Put,
    Invalidate,
    Clear,
}

/// A cache, and the model of it.
pub(crate) struct World {
    pub(crate) name: &'static str,
    asked: Asked,
    pub(crate) model: Arc<Model>,
    pub(crate) chaos: Chaos,
}

/// What is asked.
enum Asked {
    Cache(Cache<u32, Value>),
    /// A synchronous function, by all callers.
    Function,
    /// An asynchronous one.
    AsyncFunction,
}

/// How three calls in ten go wrong in each tier, mostly at once.
pub(crate) fn thirty_percent(seed: u64, hangs: bool) -> Chaos {
    let (errors, hangs) = if hangs { (0.13, 0.005) } else { (0.135, 0.0) };
    let chaos = Chaos::seeded(seed).errors(errors).delays(0.05, Duration::from_micros(300)).hangs(hangs);
    chaos.lost_writes(0.035).truncated(0.04).flipped_bits(0.04).swapped(0.035)
}

/// What a cache is set to beyond its tiers.
type Set = fn(Builder<u32, Value>) -> Builder<u32, Value>;

/// The makes: what each is called, what it is set to, how long its values may be had, and of how many bodies one fails.
const MAKES: [(&str, Set, Lives, u64); 6] = {
    const PLAIN: Lives = Lives { fresh: 60_000, value: 60_000, after_failure: 0, rest: 0, error: 0 };
    const STALE: Lives = Lives { value: 90_000, after_failure: 180_000, rest: 1_000, ..PLAIN };
    [
        ("plain", |builder| builder, PLAIN, 0),
        ("stale", stale, STALE, 5),
        (
            "errors kept",
            |builder| builder.err_ttl::<Failure>(Duration::from_secs(5)),
            Lives { error: 5_000, ..PLAIN },
            5,
        ),
        ("written by and by", |builder| builder.write_in_background().detach(), PLAIN, 20),
        ("without memory", |builder| stale(builder.no_memory()).no_coalesce(), STALE, 5),
        (
            "choosy",
            |builder| builder.cache_if(|value| value.is_kept()).refresh_ahead(0.5).jitter(0.2),
            PLAIN,
            20,
        ),
    ]
};

fn stale(builder: Builder<u32, Value>) -> Builder<u32, Value> {
    let builder = builder.stale_while_revalidate(MINUTE / 2).stale_if_error(2 * MINUTE);
    builder.refresh_ahead(0.25).jitter(0.1).share_errors::<Failure>()
}

/// Caches of all makes over two racks under chaos.
pub(crate) fn over_racks(chaos: &Chaos) -> Vec<Arc<World>> {
    let tier = |name, timeout| Tier::new(chaos.over(Rack::new(name))).timeout(Duration::from_millis(timeout));
    // the nearer tier keeps values for a shorter time
    let tiers = || [tier("near", 2).ttl(MINUTE * 3 / 4), tier("far", 3)];
    MAKES.into_iter().map(|make| world(make, chaos, tiers())).collect()
}

/// A plain cache and one with older values over a rack and this tier, both under chaos.
pub(crate) fn over(backend: impl Backend + Clone, chaos: &Chaos) -> Vec<Arc<World>> {
    let slow = |backend| Tier::new(backend).timeout(LONG);
    let tiers = || [slow(chaos.over(Rack::new("near"))), slow(chaos.over(backend.clone()))];
    MAKES[..2].iter().map(|make| world(*make, chaos, tiers())).collect()
}

/// A synchronous and an asynchronous function over two racks under chaos.
///
/// They are one for the whole process, so a process has them once.
pub(crate) fn by_attribute(chaos: &Chaos) -> [Arc<World>; 2] {
    let tier = |name| Tier::new(chaos.over(Rack::new(name))).timeout(Duration::from_millis(2));
    let configured = dcache::configure().tier("near", tier("near")).tier("far", tier("far"));
    configured.apply().expect("no cache is built yet");
    let world = |name, asked, model: &Arc<Model>| {
        Arc::new(World { name, asked, model: model.clone(), chaos: chaos.clone() })
    };
    [
        world("a function", Asked::Function, &QUOTED),
        world("an async function", Asked::AsyncFunction, &QUOTED_ASYNC),
    ]
}

const QUOTE: Lives = Lives { fresh: 60_000, value: 90_000, after_failure: 180_000, rest: 1_000, error: 0 };
static QUOTED: LazyLock<Arc<Model>> = LazyLock::new(|| Arc::new(Model::new(KEYS, QUOTE, 20)));
static QUOTED_ASYNC: LazyLock<Arc<Model>> = LazyLock::new(|| Arc::new(Model::new(KEYS, QUOTE, 20)));

#[dcache(
    backend = [memory(capacity = 16, ttl = "30s"), tier("near", ttl = "45s"), tier("far")],
    ttl = "60s", stale_while_revalidate = "30s", stale_if_error = "2m"
)]
fn quote(key: u32) -> Result<Value, Failure> {
    body(&QUOTED, key)
}

#[dcache(
    backend = [memory(capacity = 16, ttl = "30s"), tier("near", ttl = "45s"), tier("far")],
    ttl = "60s", stale_while_revalidate = "30s", stale_if_error = "2m"
)]
async fn quote_async(key: u32) -> Result<Value, Failure> {
    body_async(QUOTED_ASYNC.clone(), key).await
}

/// A plain cache over these tiers.
pub(crate) fn plain(chaos: &Chaos, tiers: [Tier; 2]) -> Arc<World> {
    world(MAKES[0], chaos, tiers)
}

fn world(
    (name, set, lives, failing): (&'static str, Set, Lives, u64),
    chaos: &Chaos,
    tiers: [Tier; 2],
) -> Arc<World> {
    let memory = Memory::entries(CAPACITY).ttl(MINUTE / 2);
    let [near, far] = tiers;
    let builder = Cache::builder(name).memory(memory).tier(near).tier(far).ttl(MINUTE).coalesce(2 * LONG);
    let cache = set(builder).build().expect("it is well configured");
    let model = Arc::new(Model::new(KEYS, lives, failing));
    Arc::new(World { name, asked: Asked::Cache(cache), model, chaos: chaos.clone() })
}

/// Ends a `put` in the model, whether it has returned or was given up.
struct Putting<'m>(&'m Model, u32);

impl Drop for Putting<'_> {
    fn drop(&mut self) {
        self.0.end_put(self.1);
    }
}

impl World {
    /// Asks from synchronous code, and says what is wrong with the answer.
    pub(crate) fn ask(&self, op: Op, key: u32) -> Result<(), String> {
        match &self.asked {
            Asked::Cache(cache) => self.ask_cache(cache, op, key),
            Asked::Function => self.ask_function(op, key),
            // a tier that hangs while it is cleared would hold this thread up for a minute
            Asked::AsyncFunction if op == Op::Clear => Ok(()),
            Asked::AsyncFunction => pollster::block_on(self.ask_async_function(op, key)),
        }
    }

    /// Asks from asynchronous code, and says what is wrong with the answer.
    pub(crate) async fn ask_async(&self, op: Op, key: u32) -> Result<(), String> {
        match &self.asked {
            Asked::Cache(cache) => self.ask_cache_async(cache, op, key).await,
            Asked::Function => self.ask_function(op, key),
            Asked::AsyncFunction => self.ask_async_function(op, key).await,
        }
    }

    /// Returns the counts.
    pub(crate) fn stats(&self) -> Stats {
        match &self.asked {
            Asked::Cache(cache) => cache.stats(),
            Asked::Function => quote::stats(),
            Asked::AsyncFunction => quote_async::stats(),
        }
    }

    fn ask_cache(&self, cache: &Cache<u32, Value>, op: Op, key: u32) -> Result<(), String> {
        let (model, cache) = (&self.model, cache.blocking());
        let call = model.begin(key);
        match op {
            Op::Call | Op::Refresh => {
                let answer = cache.try_get_or_insert_with(&key, || body(model, key));
                self.judge(&call, answer, "call")
            }
            Op::Away => {
                let owned = model.clone();
                let answer = cache.try_get_or_spawn_with(&key, move || body(&owned, key));
                self.judge(&call, answer, "call away")
            }
            Op::Look => self.judge_look(&call, cache.get(&key)),
            Op::Entry => self.judge_entry(&call, cache.entry(&key)),
            Op::Put => {
                let value = model.begin_put(key);
                let putting = Putting(model, value.put.expect("it is one"));
                let put = cache.put(&key, value);
                drop(putting);
                self.changed(Some(key), &call, put, "put")
            }
            Op::Invalidate => self.changed(Some(key), &call, cache.invalidate(&key), "invalidate"),
            Op::Clear => {
                model.clears(&call);
                self.changed(None, &call, cache.clear(), "clear")
            }
        }
    }

    async fn ask_cache_async(&self, cache: &Cache<u32, Value>, op: Op, key: u32) -> Result<(), String> {
        let model = &self.model;
        let call = model.begin(key);
        match op {
            Op::Call | Op::Refresh => {
                let answer = cache.try_get_or_insert_with(&key, || body_async(model.clone(), key)).await;
                self.judge(&call, answer, "async call")
            }
            Op::Away => {
                let answer = cache.try_get_or_spawn_with(&key, || body_async(model.clone(), key)).await;
                self.judge(&call, answer, "async call away")
            }
            Op::Look => self.judge_look(&call, cache.get(&key).await),
            Op::Entry => self.judge_entry(&call, cache.entry(&key).await),
            Op::Put => {
                let value = model.begin_put(key);
                let putting = Putting(model, value.put.expect("it is one"));
                let put = cache.put(&key, value).await;
                drop(putting);
                self.changed(Some(key), &call, put, "async put")
            }
            Op::Invalidate => {
                self.changed(Some(key), &call, cache.invalidate(&key).await, "async invalidate")
            }
            Op::Clear => {
                model.clears(&call);
                self.changed(None, &call, cache.clear().await, "async clear")
            }
        }
    }

    fn ask_function(&self, op: Op, key: u32) -> Result<(), String> {
        let model = &self.model;
        let call = model.begin(key);
        match op {
            Op::Call | Op::Away => self.judge(&call, quote(key), "call"),
            Op::Refresh => self.judge(&call, quote::refresh(key), "refresh"),
            Op::Look => self.judge_look(&call, quote::peek(key)),
            Op::Entry => self.judge_entry(&call, quote::entry(key)),
            Op::Put => {
                let value = model.begin_put(key);
                let putting = Putting(model, value.put.expect("it is one"));
                let put = quote::put(key, value);
                drop(putting);
                self.changed(Some(key), &call, put, "put")
            }
            Op::Invalidate => self.changed(Some(key), &call, quote::invalidate(key), "invalidate"),
            Op::Clear => {
                model.clears(&call);
                self.changed(None, &call, quote::clear(), "clear")
            }
        }
    }

    async fn ask_async_function(&self, op: Op, key: u32) -> Result<(), String> {
        let model = &self.model;
        let call = model.begin(key);
        match op {
            Op::Call | Op::Away => self.judge(&call, quote_async(key).await, "async call"),
            Op::Refresh => self.judge(&call, quote_async::refresh(key).await, "async refresh"),
            Op::Look => self.judge_look(&call, quote_async::peek(key).await),
            Op::Entry => self.judge_entry(&call, quote_async::entry(key).await),
            Op::Put => {
                let value = model.begin_put(key);
                let putting = Putting(model, value.put.expect("it is one"));
                let put = quote_async::put(key, value).await;
                drop(putting);
                self.changed(Some(key), &call, put, "async put")
            }
            Op::Invalidate => {
                self.changed(Some(key), &call, quote_async::invalidate(key).await, "async invalidate")
            }
            Op::Clear => {
                model.clears(&call);
                self.changed(None, &call, quote_async::clear().await, "async clear")
            }
        }
    }

    fn judge(&self, call: &Call, answer: Result<Value, Failure>, what: &str) -> Result<(), String> {
        match answer {
            Ok(value) => self.model.judge(call, &value, what),
            Err(failure) => self.model.judge_failure(call, &failure),
        }
    }

    fn judge_look(&self, call: &Call, found: Option<Value>) -> Result<(), String> {
        found.map_or(Ok(()), |value| self.model.judge(call, &value, "get"))
    }

    fn judge_entry(&self, call: &Call, entry: Option<dcache::Entry<Value>>) -> Result<(), String> {
        let Some(entry) = entry else { return Ok(()) };
        self.model.judge(call, &entry.value, &format!("entry of {}", entry.tier))?;
        let rest = entry.remaining.map_or(u64::MAX / 2, |rest| rest.as_millis() as u64);
        self.model.judge_rest(call, &entry.value, rest, &entry.tier)
    }

    fn changed(
        &self,
        key: Option<u32>,
        call: &Call,
        result: Result<(), Error>,
        what: &str,
    ) -> Result<(), String> {
        self.model.changed(key, call, result.is_ok(), what);
        match result {
            Err(error) if error.tier().is_empty() && error.parts().len() < 2 => {
                Err(format!("{what}: {error}"))
            }
            _ => Ok(()),
        }
    }
}

impl Value {
    /// Tells whether it is one that the choosy keep.
    fn is_kept(&self) -> bool {
        !mix(self.key.into()).is_multiple_of(8) || self.put.is_some()
    }
}

/// Reads the source, and takes a while.
fn body(model: &Model, key: u32) -> Result<Value, Failure> {
    let value = model.read(key);
    for _ in 0..pause(&value) {
        thread::yield_now();
    }
    model.end(value)
}

async fn body_async(model: Arc<Model>, key: u32) -> Result<Value, Failure> {
    let value = model.read(key);
    for _ in 0..pause(&value) {
        yield_now().await;
    }
    model.end(value)
}

/// Returns how often a body makes way for others: mostly not at all.
fn pause(value: &Value) -> u64 {
    (mix(value.lot()) % 8).saturating_sub(4)
}

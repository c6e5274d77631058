//! Chaos: tiers that go wrong at random, and the same way again from the same seed.
//!
//! | file | holds |
//! |---|---|
//! | `chaos/fault.rs` | the kinds of faults, their rates, and which fault comes next: a pure function |
//! | `chaos/tier.rs` | a tier under chaos |

mod fault;
mod tier;

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use dcache_backends::Backend;

use crate::sync::Mutex;
use fault::{Kind, Rates};
pub use tier::ChaosTier;

/// Holds the seed of a run that is to be replayed.
const SEED: &str = "DCACHE_CHAOS_SEED";

/// Makes tiers go wrong at random, to show that a program survives a bad cache. Feature `testing`.
///
/// Lay it [over](Self::over) any [`Backend`], or over all tiers of a test by
/// [`isolate_with`](crate::testing::isolate_with). It does nothing before it is told how often to do what:
///
/// | | of the operations | this share … |
/// |---|---|---|
/// | [`errors`](Self::errors) | all | fails with an error of any kind, before or after it was carried out |
/// | [`delays`](Self::delays) | all | takes longer |
/// | [`hangs`](Self::hangs) | all | never answers, carried out or not |
/// | [`lost_writes`](Self::lost_writes) | writes | is acknowledged, and nothing is there |
/// | [`truncated`](Self::truncated) | reads, writes | ends early: what is read, or what is kept |
/// | [`flipped_bits`](Self::flipped_bits) | reads, writes | has one wrong bit |
/// | [`swapped`](Self::swapped) | reads | has the entry of another key, one that was written |
/// | [`late_writes`](Self::late_writes) | writes | times out, and is carried out later all the same |
///
/// An operation has one fault at most, so the rates of those that it can have may add up to 1. They can be changed
/// at any time, and on any clone: clones are one chaos.
///
/// **Replay.** What happens to the *n*-th read (write, removal) of a key is a pure function of the seed, the rates,
/// the tier's name, the key and *n*. So a run replays, with several threads too as far as each key sees the same
/// operations. [`new`](Self::new) takes its seed from the variable `DCACHE_CHAOS_SEED`, else a random one. A test
/// that panics while it has a `Chaos` prints the seed, and how to replay it.
///
/// ```
/// # #[cfg(feature = "bincode")] {
/// use std::time::Duration;
/// use dcache::testing::Chaos;
/// use dcache::{Cache, Tier};
/// # use std::{collections::HashMap, sync::Mutex};
/// # use dcache::{Backend, Bytes, Error, Key, Scope, async_trait};
/// # #[derive(Default)]
/// # struct Shelf(Mutex<HashMap<String, Bytes>>);
/// # #[async_trait]
/// # impl Backend for Shelf {
/// #     fn name(&self) -> &str { "shelf" }
/// #     async fn get(&self, key: &Key) -> Result<Option<Bytes>, Error> {
/// #         Ok(self.0.lock().unwrap().get(key.as_str()).cloned())
/// #     }
/// #     async fn set(&self, key: &Key, entry: Bytes, _: Option<Duration>) -> Result<(), Error> {
/// #         self.0.lock().unwrap().insert(key.as_str().to_owned(), entry);
/// #         Ok(())
/// #     }
/// #     async fn remove(&self, key: &Key) -> Result<(), Error> {
/// #         self.0.lock().unwrap().remove(key.as_str());
/// #         Ok(())
/// #     }
/// #     async fn clear(&self, _: &Scope) -> Result<u64, Error> { Ok(0) }
/// # }
///
/// let chaos = Chaos::new().errors(0.1).hangs(0.01).lost_writes(0.1).flipped_bits(0.1).swapped(0.1);
/// let tier = Tier::new(chaos.over(Shelf::default())).timeout(Duration::from_millis(5));
/// let squares: Cache<u64, u64> = Cache::builder("squares").no_memory().tier(tier).build()?;
///
/// for n in 0..500 {
///     assert_eq!(squares.blocking().get_or_insert_with(&(n % 20), || (n % 20).pow(2)), (n % 20).pow(2));
/// }
/// assert!(chaos.stats().faults() > 0, "{chaos}");
///
/// chaos.set_enabled(false); // all is well again
/// # }
/// # Ok::<(), dcache::Error>(())
/// ```
///
/// # What it never does
/// It brings no older entry back: a lost write leaves nothing, as an eviction does, and a removal that is
/// acknowledged has happened. A store that shows a state of before (a replica that lags, a snapshot that was restored)
/// answers with entries which were right once, and in which nothing tells that they are not any more. No cache can
/// notice that; its values end by their `ttl`.
pub struct Chaos(Arc<Whole>);

/// What the clones of a chaos share.
struct Whole {
    seed: u64,
    /// The variable would set the seed.
    heeds_variable: bool,
    rates: Mutex<Rates>,
    is_off: AtomicBool,
    is_told: AtomicBool,
    operations: AtomicU64,
    faults: [AtomicU64; Kind::ALL.len()],
}

impl Chaos {
    /// Creates a chaos with the seed in the variable `DCACHE_CHAOS_SEED`, or a random one where that is not set.
    ///
    /// # Panics
    /// If the variable is not a number, so that nobody takes another run for the replay.
    #[expect(clippy::new_without_default, reason = "a random seed is no default")]
    pub fn new() -> Self {
        match std::env::var(SEED).ok().filter(|seed| !seed.is_empty()) {
            Some(seed) => match seed.replace('_', "").parse() {
                Ok(seed) => Self::with(seed, true),
                Err(_) => panic!("{SEED} has to be a whole number, and is `{seed}`"),
            },
            // nine digits are random enough, and can be copied by hand
            None => Self::with(RandomState::new().hash_one(0u8) % 1_000_000_000, true),
        }
    }

    /// Creates a chaos with this seed, whatever the variable says: for a test that is to be the same on every run.
    pub fn seeded(seed: u64) -> Self {
        Self::with(seed, false)
    }

    fn with(seed: u64, heeds_variable: bool) -> Self {
        Self(Arc::new(Whole {
            seed,
            heeds_variable,
            rates: Mutex::default(),
            is_off: AtomicBool::new(false),
            is_told: AtomicBool::new(false),
            operations: AtomicU64::new(0),
            faults: Default::default(),
        }))
    }

    /// Has this share of all operations go wrong in one of the ways of the table, but for late writes: four in ten of
    /// them with an error, two with a delay of up to 10 ms, one with a hang, and the others in the ways of their
    /// kind. Removals, which have fewer ways, go wrong less often.
    ///
    /// # Panics
    /// If it is not from 0 to 1.
    #[must_use]
    pub fn all(self, rate: f64) -> Self {
        let part = |parts: f64| rate * parts / 10.0;
        *self.0.rates.lock() = Rates::default();
        let some = self.errors(part(4.0)).delays(part(2.0), Duration::from_millis(10)).hangs(part(1.0));
        some.lost_writes(part(1.0)).truncated(part(1.0)).flipped_bits(part(1.0)).swapped(part(1.0))
    }

    /// Has this share of all operations fail, with an error of any [kind](crate::ErrorKind) that a tier may return.
    /// Half of them are carried out before, as where a connection breaks between a request and its answer.
    ///
    /// # Panics
    /// If it is not from 0 to 1, or more than 1 with the others; likewise for all rates.
    #[must_use]
    pub fn errors(self, rate: f64) -> Self {
        self.rate(Kind::Error, rate)
    }

    /// Has this share of all operations take longer, at random up to this: half before they are carried out, half
    /// after. It is real time, which [`advance`](crate::testing::advance) does not move.
    #[must_use]
    pub fn delays(self, rate: f64, longest: Duration) -> Self {
        self.0.rates.lock().longest_delay = longest;
        self.rate(Kind::Delay, rate)
    }

    /// Has this share of all operations never answer. dcache gives them up when the tier's `timeout` is over; give
    /// the tier a short one ([`Tier::timeout`](crate::Tier::timeout)), or the test takes as long.
    #[must_use]
    pub fn hangs(self, rate: f64) -> Self {
        self.rate(Kind::Hang, rate)
    }

    /// Has this share of all writes be lost: they are acknowledged, and the key has no entry then, as if it had been
    /// evicted at once. An older entry of the key is gone too, because a write replaces it.
    #[must_use]
    pub fn lost_writes(self, rate: f64) -> Self {
        self.rate(Kind::Lost, rate)
    }

    /// Has this share of all reads and writes end early. What was written so stays damaged until it is replaced.
    #[must_use]
    pub fn truncated(self, rate: f64) -> Self {
        self.rate(Kind::Truncated, rate)
    }

    /// Has this share of all reads and writes have one bit wrong. What was written so stays damaged until it is
    /// replaced.
    #[must_use]
    pub fn flipped_bits(self, rate: f64) -> Self {
        self.rate(Kind::Flipped, rate)
    }

    /// Has this share of all reads answer with the entry of another key, one of the last 32 that were written to this
    /// tier: what a connection does that has lost track of its replies.
    #[must_use]
    pub fn swapped(self, rate: f64) -> Self {
        self.rate(Kind::Swapped, rate)
    }

    /// Has this share of all writes hang, and be carried out this much later all the same, whatever happened to the
    /// key meanwhile: what a network does that holds a packet back.
    ///
    /// The process that wrote does not believe what arrives after a change of the key. Others that use the same tier
    /// cannot know, and may read the older value until its `ttl`; so a test with two caches over one tier finds it.
    #[must_use]
    pub fn late_writes(self, rate: f64, by: Duration) -> Self {
        self.0.rates.lock().lateness = by;
        self.rate(Kind::Late, rate)
    }

    fn rate(self, kind: Kind, rate: f64) -> Self {
        let said = self.0.rates.lock().set(kind, rate);
        if let Err(said) = said {
            panic!("{said}");
        }
        self
    }

    /// Lays this chaos over a tier. What it returns is a tier of the same name and time budget.
    ///
    /// One chaos may lie over several tiers; they do not go wrong at the same time, unless they have one name.
    /// While a test is [isolated](crate::testing::isolate) the tier's twin goes wrong in its place.
    #[must_use]
    pub fn over(&self, backend: impl Backend) -> ChaosTier {
        ChaosTier::new(self.clone(), backend)
    }

    /// Switches the chaos off or on again: while it is off its tiers do what they should, and nothing is counted.
    /// It begins switched on.
    pub fn set_enabled(&self, enabled: bool) {
        self.0.is_off.store(!enabled, Relaxed);
    }

    /// Returns the seed.
    pub fn seed(&self) -> u64 {
        self.0.seed
    }

    /// Returns what it has done so far, in all of its tiers.
    pub fn stats(&self) -> ChaosStats {
        let count = |kind: Kind| self.0.faults[kind as usize].load(Relaxed);
        ChaosStats {
            operations: self.0.operations.load(Relaxed),
            errors: count(Kind::Error),
            delays: count(Kind::Delay),
            hangs: count(Kind::Hang),
            lost_writes: count(Kind::Lost),
            truncated: count(Kind::Truncated),
            flipped_bits: count(Kind::Flipped),
            swapped: count(Kind::Swapped),
            late_writes: count(Kind::Late),
        }
    }

    fn count(&self, kind: Kind) {
        self.0.faults[kind as usize].fetch_add(1, Relaxed);
    }
}

/// A clone is the same chaos.
impl Clone for Chaos {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Tells the seed, and how to replay it.
impl fmt::Display for Chaos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seed = self.0.seed;
        write!(f, "chaos with the seed {seed}")?;
        if self.0.heeds_variable { write!(f, "; `{SEED}={seed}` replays it") } else { Ok(()) }
    }
}

impl fmt::Debug for Chaos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("Chaos");
        text.field("seed", &self.0.seed).field("rates", &*self.0.rates.lock());
        text.field("stats", &self.stats()).finish()
    }
}

/// Tells the seed where a test fails.
impl Drop for Chaos {
    fn drop(&mut self) {
        if thread::panicking() && !self.0.is_told.swap(true, Relaxed) {
            eprintln!("dcache: this ran under {self}");
        }
    }
}

/// What a [`Chaos`] has done.
///
/// A fault is counted where it had an effect: an entry that is not there cannot be truncated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChaosStats {
    /// Operations that its tiers were asked for.
    pub operations: u64,
    /// Operations that failed.
    pub errors: u64,
    /// Operations that took longer.
    pub delays: u64,
    /// Operations that never answered.
    pub hangs: u64,
    /// Writes that left nothing.
    pub lost_writes: u64,
    /// Entries that ended early.
    pub truncated: u64,
    /// Entries with a wrong bit.
    pub flipped_bits: u64,
    /// Reads that had the entry of another key.
    pub swapped: u64,
    /// Writes that were carried out after they had timed out.
    pub late_writes: u64,
}

impl ChaosStats {
    /// Returns how many operations went wrong.
    pub fn faults(&self) -> u64 {
        let answers = self.errors + self.delays + self.hangs;
        answers + self.lost_writes + self.truncated + self.flipped_bits + self.swapped + self.late_writes
    }
}

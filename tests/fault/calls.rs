//! Callers of a function with a faulty tier: what it returns, and how long that takes.

use std::cell::RefCell;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use dcache::{Backend, Cache, Error, TierStats};
use tokio::runtime::Runtime;

use crate::fault::{Breaker, Counter, Fault, Measured, RECOVERY, WHILE_OPEN, names};
use crate::turn::Turn;

/// So many calls must have opened a breaker that opens; as many are made where it stays closed.
const BEFORE: usize = 20;
/// So many calls are made when it is open, …
const AFTER: usize = 1000;
/// … so many times, until the machine does not disturb them, …
const BATCHES: usize = 10;
/// … and so many where the tier is still asked, since those may take long.
const AFTER_SLOW: usize = 40;

/// The largest value that is stored.
const MAX_SIZE: usize = 1 << 20;

/// A synchronous and an asynchronous caller, each with a cache of its own over a tier of its own.
///
/// Bodies are instant, so all that a call takes counts as added.
pub(crate) struct Calls {
    fault: Fault,
    measured: Rc<RefCell<Measured>>,
    turn: Rc<Turn>,
    callers: Vec<Caller>,
}

/// Calls a function of one tier, with new keys.
pub(crate) struct Caller {
    pub(crate) cache: Cache<u32, String>,
    /// Of an asynchronous caller.
    runtime: Option<Runtime>,
    last: u32,
    /// How long a value is.
    length: usize,
    /// Whether a line has named the fault: it does so once.
    is_named: bool,
}

impl Calls {
    pub(crate) fn new<B: Backend>(
        fault: Fault,
        measured: &Rc<RefCell<Measured>>,
        turn: &Rc<Turn>,
        tier: impl Fn() -> B,
    ) -> Self {
        let caller = |name, runtime| {
            let tier = tier();
            measured.borrow_mut().budget = tier.time_budget();
            let cache =
                Cache::builder(name).no_memory().tier(tier).ttl(Duration::from_secs(60)).max_size(MAX_SIZE);
            Caller { cache: cache.build().unwrap(), runtime, last: 0, length: 1, is_named: false }
        };
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
        let callers = vec![caller("fault_sync", None), caller("fault_async", Some(runtime))];
        Self { fault, measured: Rc::clone(measured), turn: Rc::clone(turn), callers }
    }

    /// Lets values be so many bytes.
    pub(crate) fn of_length(mut self, length: usize) -> Self {
        self.callers.iter_mut().for_each(|caller| caller.length = length);
        self
    }

    /// Leaves the asynchronous caller alone.
    pub(crate) fn only_async(mut self) -> Self {
        self.callers.retain(|caller| caller.runtime.is_some());
        self
    }

    /// Does something with each caller.
    pub(crate) fn each(&mut self, work: impl FnMut(&mut Caller)) {
        self.callers.iter_mut().for_each(work);
    }

    /// Does what the fault is met in, with each caller, and asserts that it is counted and named.
    pub(crate) fn meet(&mut self, mut work: impl FnMut(&mut Caller)) {
        let (fault, measured) = (self.fault, &*self.measured);
        for caller in &mut self.callers {
            let cache = caller.cache.clone();
            let count = || counted(fault.counter, &cache.stats().tiers[0]);
            names(fault, measured, count, || work(caller));
            caller.is_named = true;
        }
    }

    /// Asserts that the tier works, before the fault.
    pub(crate) fn work(&mut self) {
        let limit = Instant::now() + RECOVERY;
        for caller in &mut self.callers {
            while !caller.is_served() {
                assert!(Instant::now() < limit, "{}: the tier does not work to begin with", self.fault.name);
            }
        }
    }

    /// Asserts that calls go on while the fault lasts, and notes what it costs them.
    ///
    /// At first each call counts; as soon as the breaker is open, the p99 of a thousand.
    pub(crate) fn survive(&mut self) {
        self.survive_with(|caller| caller.call());
    }

    /// Does the same with entries that have gone bad: each call finds one that was stored before `spoil` was called.
    pub(crate) fn survive_entries(&mut self, spoil: impl Fn()) {
        self.survive_with(|caller| {
            caller.call();
            spoil();
            caller.call_again()
        });
    }

    /// Does the same with calls of another kind.
    pub(crate) fn survive_with(&mut self, mut call: impl FnMut(&mut Caller) -> Duration) {
        let (fault, measured) = (self.fault, Rc::clone(&self.measured));
        self.meet(|caller| survive(fault, &measured, caller, &mut call));
    }

    /// Notes how long the tier takes to be in use again, from now on when it is well. Other tests have their turns
    /// meanwhile.
    pub(crate) fn recover(&mut self) {
        let turn = Rc::clone(&self.turn);
        turn.lend(|| self.wait_for_the_tier());
    }

    fn wait_for_the_tier(&mut self) {
        let start = Instant::now();
        let mut waiting: Vec<_> = self.callers.iter_mut().collect();
        while !waiting.is_empty() {
            waiting.retain_mut(|caller| {
                let is_back = caller.is_served() && !caller.tier().open;
                if is_back {
                    self.measured.borrow_mut().recovered(start.elapsed());
                }
                !is_back
            });
            assert!(start.elapsed() < 2 * RECOVERY, "{}: the tier is not used again", self.fault.name);
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn survive(
    fault: Fault,
    measured: &RefCell<Measured>,
    caller: &mut Caller,
    call: &mut impl FnMut(&mut Caller) -> Duration,
) {
    let opens = fault.breaker != Breaker::StaysClosed;
    for _ in 0..BEFORE {
        measured.borrow_mut().took(call(caller));
        if caller.tier().open {
            break;
        }
    }
    let (many, batches) = if fault.breaker == Breaker::Opens { (AFTER, BATCHES) } else { (AFTER_SLOW, 1) };
    let mut p99 = Duration::MAX;
    for _ in 0..batches {
        let mut took: Vec<_> = (0..many).map(|_| call(caller)).collect();
        took.sort();
        p99 = p99.min(took[many * 99 / 100]);
        if p99 <= WHILE_OPEN {
            break;
        }
    }
    if opens && !caller.tier().open {
        call(caller); // it was about to be tried
    }
    let mut measured = measured.borrow_mut();
    measured.typically_took(p99, many);
    if caller.tier().open != opens {
        measured.finds(format!("the breaker is {}", if opens { "closed" } else { "open" }));
    }
}

fn counted(counter: Counter, tier: &TierStats) -> u64 {
    match counter {
        Counter::Errors => tier.errors,
        Counter::Misses => tier.misses,
        Counter::Lost => tier.lost,
    }
}

impl Caller {
    /// Calls with a new key, and returns how long it took. The result is the bare function's.
    pub(crate) fn call(&mut self) -> Duration {
        self.last += 1;
        self.call_again()
    }

    /// Calls with the last key again.
    pub(crate) fn call_again(&mut self) -> Duration {
        let (key, length) = (self.last, self.length);
        let start = Instant::now();
        let value = match &self.runtime {
            None => self.cache.blocking().get_or_insert_with(&key, || bare(key, length)),
            Some(runtime) => {
                runtime.block_on(self.cache.get_or_insert_with(&key, || async { bare(key, length) }))
            }
        };
        let took = start.elapsed();
        assert!(value == bare(key, length), "the result is not the bare function's: {value:.100}");
        took
    }

    /// Begins with the first key again.
    pub(crate) fn rewind(&mut self) {
        self.last = 0;
    }

    /// Invalidates the last key.
    pub(crate) fn invalidate(&self) -> Result<(), Error> {
        match &self.runtime {
            None => self.cache.blocking().invalidate(&self.last),
            Some(runtime) => runtime.block_on(self.cache.invalidate(&self.last)),
        }
    }

    /// Clears the function.
    pub(crate) fn clear(&self) -> Result<(), Error> {
        match &self.runtime {
            None => self.cache.blocking().clear(),
            Some(runtime) => runtime.block_on(self.cache.clear()),
        }
    }

    /// Returns what the tier has done.
    pub(crate) fn tier(&self) -> TierStats {
        self.cache.stats().tiers.swap_remove(0)
    }

    /// Tells whether the tier keeps a new value.
    fn is_served(&mut self) -> bool {
        self.call();
        let hits = self.tier().hits;
        self.call_again();
        self.tier().hits > hits
    }
}

/// The function itself.
fn bare(key: u32, length: usize) -> String {
    format!("{key:0length$}")
}

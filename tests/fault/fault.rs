//! A fault of a tier: how it is caused, how it shows, and within which bounds calls go on.
//!
//! A test makes a [`Fault`] and calls [`Fault::measure`] with what causes it. That writes the fault's row for
//! `docs/faults.md` (see `page.rs`), or fails:
//!
//! ```ignore
//! #[test]
//! fn killed() {
//!     Fault {
//!         group: Group::Gone,
//!         name: "killed",
//!         cause: "`kill -9` of redis-server while its connections are in use",
//!         breaker: Opens,
//!         counter: Errors,
//!         log: "WARN tier `redis`: … unavailable: …; calls go on without it",
//!     }
//!     .measure(|trial| {
//!         let mut server = Server::start();
//!         let mut calls = trial.calls(|| Redis::connect(&server.url()).unwrap());
//!         calls.work();
//!         server.kill();
//!         calls.survive();
//!         server.restart();
//!         calls.recover();
//!     });
//! }
//! ```
//!
//! - [`Trial::calls`] gives a synchronous and an asynchronous caller, each with a tier and a breaker of its own; the
//!   row has the worse of both. Its `survive` wants new keys to fail, its `survive_entries` entries that went bad.
//! - What these don't fit tells the trial itself: [`Trial::took`], [`Trial::recovered`], [`Trial::names`].
//! - The closure is run up to three times, and has to make all that it needs anew: a machine may be busy, so the
//!   first run counts that is within the bounds and in which the breaker and the log did as the fault says. A wrong
//!   result, a panic on any thread and a fault that is not counted fail at once.
//! - A fault that needs root where there is none: [`Fault::leave_out`].

use std::cell::RefCell;
use std::fmt;
use std::panic;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

use dcache::Backend;
use dcache_tests::log::Log;

use crate::calls::Calls;
use crate::page::Row;
use crate::turn::Turn;

/// What a call may take beyond the tier's time budget, before the breaker opens.
pub(crate) const BEYOND_BUDGET: Duration = Duration::from_millis(20);
/// What nearly every call (p99) may take once the breaker is open.
pub(crate) const WHILE_OPEN: Duration = Duration::from_millis(1);
/// Within this time a tier that is well again is back in use.
pub(crate) const RECOVERY: Duration = Duration::from_secs(6);

/// So many times a fault is tried before its figures count.
const TRIALS: usize = 3;

/// The parts of the page, in order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Group {
    /// No Redis, or one that does not answer in time.
    RedisGone,
    /// A Redis that answers and refuses.
    RedisRefusing,
    /// Something that answers as no Redis should.
    RedisMad,
    /// Entries that are none.
    RedisEntries,
    /// A bucket that is gone, refuses or makes no sense.
    Bucket,
    /// Disks, folders and files.
    Files,
    /// Writers that were interrupted, or that meet others.
    Writers,
}

impl Group {
    pub(crate) const ALL: [Self; 7] = [
        Self::RedisGone,
        Self::RedisRefusing,
        Self::RedisMad,
        Self::RedisEntries,
        Self::Bucket,
        Self::Files,
        Self::Writers,
    ];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::RedisGone => "Redis: gone, frozen or slow",
            Self::RedisRefusing => "Redis: refusing",
            Self::RedisMad => "Redis: answers that make no sense",
            Self::RedisEntries => "Redis: entries that are none",
            Self::Bucket => "S3",
            Self::Files => "Files: disks, folders and rights",
            Self::Writers => "Files: interrupted and competing writers",
        }
    }
}

/// What the breaker makes of a fault.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Breaker {
    /// It opens; then calls take next to nothing.
    Opens,
    /// That for writes opens: the tier answers reads in time, which may take what they take.
    OpensForWrites,
    /// It stays closed: the tier answers in time, or the fault is a single entry's.
    StaysClosed,
}

/// What counts a fault.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Counter {
    /// `errors` of the tier.
    Errors,
    /// `misses` of the tier: nothing is wrong.
    Misses,
    /// `lost` of the tier, until the changes are carried out.
    Lost,
}

impl fmt::Display for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Errors => "`errors`",
            Self::Misses => "`misses`",
            Self::Lost => "`lost`",
        })
    }
}

/// A fault, as its row says it.
#[derive(Clone, Copy)]
pub(crate) struct Fault {
    pub(crate) group: Group,
    /// A few words, unique: `frozen`.
    pub(crate) name: &'static str,
    /// How it is caused, in Markdown.
    pub(crate) cause: &'static str,
    pub(crate) breaker: Breaker,
    pub(crate) counter: Counter,
    /// The log line with its level, `…` standing for whatever differs; empty where the fault is none to report.
    pub(crate) log: &'static str,
}

/// What was measured of a fault; the worst of all callers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measured {
    /// Calls whose results were right.
    pub(crate) results: usize,
    /// The tier's time budget.
    pub(crate) budget: Duration,
    pub(crate) before: Option<Duration>,
    pub(crate) after: Option<Duration>,
    pub(crate) recovery: Option<Duration>,
    /// Whether a count and a line of the log told of the fault.
    named: bool,
    /// What was not as the fault says; a busy machine may be the cause.
    odd: Vec<String>,
}

/// Keeps the greater one.
fn raise(worst: &mut Option<Duration>, took: Duration) {
    *worst = (*worst).max(Some(took));
}

impl Measured {
    pub(crate) fn took(&mut self, took: Duration) {
        self.results += 1;
        raise(&mut self.before, took);
    }

    pub(crate) fn typically_took(&mut self, p99: Duration, calls: usize) {
        self.results += calls;
        raise(&mut self.after, p99);
    }

    pub(crate) fn recovered(&mut self, took: Duration) {
        raise(&mut self.recovery, took);
    }

    pub(crate) fn finds(&mut self, odd: String) {
        self.odd.push(odd);
    }

    /// Says which bounds of time were passed, and what else was not as the fault says.
    fn violations(&self, breaker: Breaker) -> Vec<String> {
        let within = self.budget + BEYOND_BUDGET;
        let after = if breaker == Breaker::Opens { WHILE_OPEN } else { within };
        [
            ("a call", self.before, within),
            ("p99 of later calls", self.after, after),
            ("recovery", self.recovery, RECOVERY),
        ]
        .into_iter()
        .filter_map(|(what, took, limit)| {
            let took = took.filter(|took| *took > limit)?;
            Some(format!("{what} took {took:.2?}, more than {limit:?}"))
        })
        .chain(self.odd.iter().cloned())
        .collect()
    }
}

/// One run of what causes a fault.
pub(crate) struct Trial {
    fault: Fault,
    measured: Rc<RefCell<Measured>>,
    turn: Rc<Turn>,
}

impl Trial {
    /// Returns callers of a function with such a tier, one synchronous and one asynchronous; the tier is made for
    /// each, so that none profits from the other's breaker.
    pub(crate) fn calls<B: Backend>(&self, tier: impl Fn() -> B) -> Calls {
        Calls::new(self.fault, &self.measured, &self.turn, tier)
    }

    /// Sets the tier's time budget, where [`calls`](Self::calls) does not know it.
    pub(crate) fn budget(&self, budget: Duration) {
        self.measured.borrow_mut().budget = budget;
    }

    /// Notes a call that was made by other means, and whose result was right.
    pub(crate) fn took(&self, took: Duration) {
        self.measured.borrow_mut().took(took);
    }

    /// Notes how long the tier took to be of use again.
    pub(crate) fn recovered(&self, took: Duration) {
        self.measured.borrow_mut().recovered(took);
    }

    /// Does something, and asserts that meanwhile the count rose (`count` reads it) and the log named the fault.
    pub(crate) fn names<T>(&self, count: impl Fn() -> u64, work: impl FnOnce() -> T) -> T {
        names(self.fault, &self.measured, count, work)
    }
}

/// Does something, and asserts that the count rises and the log names the fault.
pub(crate) fn names<T>(
    fault: Fault,
    measured: &RefCell<Measured>,
    count: impl Fn() -> u64,
    work: impl FnOnce() -> T,
) -> T {
    let (seen, counted) = (Log::get().lines("").len(), count());
    let result = work();
    assert!(count() > counted, "{} is not counted as {}", fault.name, fault.counter);
    let lines = &Log::get().lines("")[seen..];
    let mut measured = measured.borrow_mut();
    measured.named = true;
    if !fault.log.is_empty() && !lines.iter().any(|line| matches(fault.log, line)) {
        measured.finds(format!("no line is {:?}, but there are {lines:#?}", fault.log));
    }
    result
}

/// Tells whether a line is as a pattern says, in which `…` stands for anything.
fn matches(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split('…');
    let Some(mut rest) = parts.next().and_then(|first| line.strip_prefix(first)) else { return false };
    let mut parts: Vec<_> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// How many threads of this process have panicked.
static PANICS: AtomicUsize = AtomicUsize::new(0);

/// Counts panics from now on, also those that somebody catches.
fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            PANICS.fetch_add(1, SeqCst);
            usual(panic);
        }));
    });
}

impl Fault {
    /// Causes the fault, as often as it takes to have figures of an undisturbed run, and writes its row.
    ///
    /// # Panics
    /// If a bound was passed every time, and at once for all else that is wrong.
    pub(crate) fn measure(self, cause: impl Fn(&Trial)) {
        // panics and lines of the log are the process's
        static ALONE: Mutex<()> = Mutex::new(());
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        Row::forget(self);
        count_panics();
        let mut violations = Vec::new();
        for _ in 0..TRIALS {
            let trial = Trial { fault: self, measured: Rc::default(), turn: Rc::new(Turn::take()) };
            let panics = PANICS.load(SeqCst);
            cause(&trial);
            assert_eq!(PANICS.load(SeqCst), panics, "{}: a thread panicked", self.name);
            let measured = trial.measured.take();
            println!("{}: {measured:.2?}", self.name);
            assert!(measured.results > 0, "{}: nothing was called", self.name);
            assert!(measured.named, "{}: nothing counts or names it", self.name);
            violations = measured.violations(self.breaker);
            if violations.is_empty() {
                return Row::of(self, &measured).write();
            }
            println!("{}: {}", self.name, violations.join(", "));
        }
        panic!("{}: {}; {TRIALS} times", self.name, violations.join(", "));
    }

    /// Says in the fault's row why it could not be caused here.
    pub(crate) fn leave_out(self, reason: &str) {
        println!("LEFT OUT: {}, since {reason}", self.name);
        Row::left_out(self, reason).write();
    }
}

#[test]
fn patterns_of_lines_leave_gaps_alone() {
    assert!(matches("WARN a", "WARN a"));
    assert!(matches("WARN a … c … e", "WARN a b c d e"));
    assert!(matches("WARN a…", "WARN a"));
    for line in ["WARN a c", "WARN a b c d", "INFO a b c d e", "WARN a b c d e f"] {
        assert!(!matches("WARN a … c … e", line), "{line}");
    }
}

#[test]
fn each_bound_counts() {
    let ms = Duration::from_millis;
    let good = Measured { budget: ms(100), before: Some(ms(120)), after: Some(ms(1)), ..Measured::default() };
    assert_eq!(good.violations(Breaker::Opens), [] as [String; 0]);
    let slow = Measured { before: Some(ms(121)), ..good.clone() };
    assert_eq!(slow.violations(Breaker::Opens).len(), 1);
    let slow = Measured { after: Some(ms(2)), ..good.clone() };
    assert_eq!(slow.violations(Breaker::Opens).len(), 1);
    assert_eq!(slow.violations(Breaker::StaysClosed).len(), 0);
    let slow = Measured { after: Some(ms(121)), ..good.clone() };
    assert_eq!(slow.violations(Breaker::StaysClosed).len(), 1);
    let slow = Measured { recovery: Some(ms(6001)), ..good };
    assert_eq!(slow.violations(Breaker::Opens).len(), 1);
}

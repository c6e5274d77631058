//! One way to do the work of a group.

use std::hint::black_box;
use std::ops::Range;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use crate::keys::Keys;
use crate::machine;
use crate::runtime::{RUNTIME, beside};

/// Does the work so often, keys from this position on.
type Loop = Arc<dyn Fn(&mut u64, u64) + Send + Sync>;

/// How a contender is measured.
pub enum Work {
    /// Does the work so often, and tells how long it took.
    Timed(Box<dyn FnMut(u64) -> Timing>),
    /// Returns a figure in the unit of the group.
    Figure(Box<dyn FnMut() -> f64>),
}

/// How long something took.
pub struct Timing {
    pub took: Duration,
    /// No thread had to wait for a processor meanwhile.
    pub is_calm: bool,
}

/// One way to do the work of a group: dcache, a peer, or something bare.
pub struct Contender {
    pub name: String,
    pub work: Work,
    /// Says more about it when all is measured.
    pub remark: Option<Box<dyn Fn() -> String>>,
}

/// What calls are made with, and by how many threads at the same time: one or two.
#[derive(Clone)]
pub struct Load {
    pub keys: Keys,
    pub threads: usize,
}

impl Contender {
    /// Measures a call, repeated with one key after the other.
    pub fn calls<R>(name: &str, load: &Load, call: impl Fn(usize) -> R + Send + Sync + 'static) -> Self {
        let keys = load.keys.clone();
        Self::repeated(
            name,
            load.threads,
            Arc::new(move |position, count| {
                for at in advance(position, count) {
                    black_box(call(black_box(keys.at(at))));
                }
            }),
        )
    }

    /// Measures an asynchronous call, repeated with one key after the other within one future.
    pub fn async_calls<R>(
        name: &str,
        load: &Load,
        call: impl AsyncFn(usize) -> R + Send + Sync + 'static,
    ) -> Self {
        let keys = load.keys.clone();
        Self::repeated(
            name,
            load.threads,
            Arc::new(move |position, count| {
                let positions = advance(position, count);
                RUNTIME.block_on(async {
                    for at in positions {
                        black_box(call(black_box(keys.at(at))).await);
                    }
                });
            }),
        )
    }

    /// Measures something that does the work so often as it is told, and returns how long that took.
    pub fn timed(name: &str, mut run: impl FnMut(u64) -> Duration + 'static) -> Self {
        Self::new(name, Work::Timed(Box::new(move |count| Timing { took: run(count), is_calm: true })))
    }

    /// Takes a figure in the unit of the group, once a round.
    pub fn figure(name: &str, take: impl FnMut() -> f64 + 'static) -> Self {
        Self::new(name, Work::Figure(Box::new(take)))
    }

    /// Adds what is to be said about it when all is measured.
    pub fn remarking(mut self, remark: impl Fn() -> String + 'static) -> Self {
        self.remark = Some(Box::new(remark));
        self
    }

    fn new(name: &str, work: Work) -> Self {
        Self { name: name.to_owned(), work, remark: None }
    }

    fn repeated(name: &str, threads: usize, run: Loop) -> Self {
        let mut position = 0;
        let barrier = Arc::new(Barrier::new(2));
        let mut alone = {
            let run = run.clone();
            move |count| {
                let slice = Slice::of(&run, &mut position, count);
                Timing { took: slice.took(), is_calm: slice.waited < slice.took() / 50 }
            }
        };
        let mut on_two = move |count| {
            let (mut position_there, start, run_there) = (position + APART, barrier.clone(), run.clone());
            let there = move || {
                start.wait();
                Slice::of(&run_there, &mut position_there, count)
            };
            let here = || {
                barrier.wait();
                Slice::of(&run, &mut position, count)
            };
            let (here, there) = beside(here, there);
            Timing {
                took: (here.took() + there.took()) / 2,
                is_calm: here.is_together_with(&there) && there.is_together_with(&here),
            }
        };
        let slice = move |count| if threads == 1 { alone(count) } else { on_two(count) };
        Self::new(name, Work::Timed(Box::new(calm(slice))))
    }
}

/// Returns the next positions, so many of them, and moves on.
fn advance(position: &mut u64, count: u64) -> Range<u64> {
    let first = *position;
    *position += count;
    first..*position
}

/// How far apart two threads are in the sequence of keys.
const APART: u64 = 499;

/// How often a slice is taken again when the system disturbed it.
const RETRIES: usize = 10;

/// Takes a slice again while it is disturbed.
fn calm(mut slice: impl FnMut(u64) -> Timing) -> impl FnMut(u64) -> Timing {
    move |count| {
        let mut timings = (0..=RETRIES).map(|_| slice(count));
        let first = timings.next().expect("there is one at least");
        if first.is_calm { first } else { timings.find(|timing| timing.is_calm).unwrap_or(first) }
    }
}

/// A slice of a thread's work.
struct Slice {
    start: Instant,
    end: Instant,
    /// For how long it was ready, and had no processor.
    waited: Duration,
}

impl Slice {
    fn of(run: &Loop, position: &mut u64, count: u64) -> Self {
        let waited = machine::waited();
        let start = Instant::now();
        run(position, count);
        let end = Instant::now();
        let waited = machine::waited().saturating_sub(waited);
        Self { start, end, waited }
    }

    fn took(&self) -> Duration {
        self.end - self.start
    }

    /// Returns whether it worked beside the other for most of the time. It may have waited for a while: who is woken
    /// because a lock is free has to.
    fn is_together_with(&self, other: &Self) -> bool {
        let both = self.end.min(other.end).saturating_duration_since(self.start.max(other.start));
        both * 5 >= self.took() * 4 && self.waited < self.took() / 5
    }
}

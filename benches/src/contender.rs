//! One way to do the work of a group.

use std::hint::black_box;
use std::ops::Range;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use crate::keys::Keys;
use crate::runtime::{RUNTIME, beside};

/// Does the work so often, keys from this position on.
type Loop = Arc<dyn Fn(&mut u64, u64) + Send + Sync>;

/// How a contender is measured.
pub enum Work {
    /// Does the work so often, and returns how long it took.
    Timed(Box<dyn FnMut(u64) -> Duration>),
    /// Returns a figure in the unit of the group.
    Figure(Box<dyn FnMut() -> f64>),
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
    pub fn timed(name: &str, run: impl FnMut(u64) -> Duration + 'static) -> Self {
        Self::new(name, Work::Timed(Box::new(run)))
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
        if threads == 1 {
            return Self::timed(name, move |count| timed(&run, &mut position, count));
        }
        let barrier = Arc::new(Barrier::new(2));
        Self::timed(name, move |count| {
            let (mut other, start) = (position + APART, barrier.clone());
            let there = {
                let (run, start) = (run.clone(), start.clone());
                move || {
                    start.wait();
                    timed(&run, &mut other, count)
                }
            };
            let here = || {
                start.wait();
                timed(&run, &mut position, count)
            };
            let (here, there) = beside(here, there);
            (here + there) / 2
        })
    }
}

/// How far apart two threads are in the sequence of keys.
const APART: u64 = 499;

/// Returns the next positions, so many of them, and moves on.
fn advance(position: &mut u64, count: u64) -> Range<u64> {
    let first = *position;
    *position += count;
    first..*position
}

fn timed(run: &Loop, position: &mut u64, count: u64) -> Duration {
    let start = Instant::now();
    run(position, count);
    start.elapsed()
}

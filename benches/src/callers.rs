//! Calls that wait for something: from one caller, and from many at once.
//!
//! Each function makes so many calls as it is told, and returns how long they took. A call is told how many calls its
//! caller has made before.

use std::future::Future;
use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use crate::runtime::RUNTIME;

/// How many callers there are where there are many.
pub const MANY: u64 = 64;

/// Calls one after the other on this thread.
pub fn one<R>(calls: u64, mut call: impl FnMut(u64) -> R) -> Duration {
    let start = Instant::now();
    for n in 0..calls {
        black_box(call(n));
    }
    start.elapsed()
}

/// Calls one after the other on this thread, each after something that takes no time of its own.
pub fn one_after<R>(calls: u64, mut before: impl FnMut(u64), mut call: impl FnMut(u64) -> R) -> Duration {
    let mut took = Duration::ZERO;
    for n in 0..calls {
        before(n);
        let start = Instant::now();
        black_box(call(n));
        took += start.elapsed();
    }
    took
}

/// Awaits one after the other in a task of the runtime.
pub fn one_task<F: Future<Output: Send> + Send>(
    calls: u64,
    call: impl Fn(u64) -> F + Send + 'static,
) -> Duration {
    let calls = async move {
        let start = Instant::now();
        for n in 0..calls {
            black_box(call(n).await);
        }
        start.elapsed()
    };
    RUNTIME.block_on(RUNTIME.spawn(calls)).expect("no call panics")
}

/// Calls on as many threads as there are callers, each of which has a call of its own.
pub fn many_threads<R>(calls: u64, callers: &mut [impl FnMut(u64) -> R + Send]) -> Duration {
    let turns = calls.div_ceil(callers.len() as u64);
    let done = turns * callers.len() as u64;
    let there = Barrier::new(callers.len() + 1);
    let start = thread::scope(|scope| {
        for call in callers {
            let there = &there;
            scope.spawn(move || {
                there.wait();
                (0..turns).for_each(|n| drop(black_box(call(n))));
            });
        }
        there.wait();
        Instant::now()
    });
    start.elapsed().mul_f64(calls as f64 / done as f64)
}

/// Awaits in [`MANY`] tasks of the runtime; a call is also told which caller's it is.
pub fn many_tasks<F: Future<Output: Send> + Send>(
    calls: u64,
    call: impl Fn(u64, u64) -> F + Clone + Send + 'static,
) -> Duration {
    let turns = calls.div_ceil(MANY);
    let all = async move {
        let start = Instant::now();
        let callers: Vec<_> = (0..MANY)
            .map(|caller| {
                let call = call.clone();
                tokio::spawn(async move {
                    for n in 0..turns {
                        black_box(call(caller, n).await);
                    }
                })
            })
            .collect();
        for caller in callers {
            caller.await.expect("no call panics");
        }
        start.elapsed()
    };
    let took = RUNTIME.block_on(RUNTIME.spawn(all)).expect("no call panics");
    took.mul_f64(calls as f64 / (turns * MANY) as f64)
}

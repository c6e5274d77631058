//! Work that no caller waits for: writes with `write = background`. A few threads of our own do it, so it
//! needs no runtime and outlives every caller; nothing of it keeps a program from ending.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use crate::log;
use crate::sync::wake_all;

/// So many jobs may wait; beyond that the caller does its work itself.
const QUEUE: usize = 1_024;
/// Remote writes mostly wait, so a few threads beyond the cores are of use.
const THREADS: usize = 4;

type Job = Box<dyn FnOnce() + Send>;

struct Pool {
    state: Mutex<State>,
    work: Condvar,
}

struct State {
    queue: VecDeque<Job>,
    threads: usize,
    idle: usize,
    running: usize,
    drains: Vec<Waker>,
}

static POOL: Pool = Pool {
    state: Mutex::new(State { queue: VecDeque::new(), threads: 0, idle: 0, running: 0, drains: Vec::new() }),
    work: Condvar::new(),
};

/// Tells whether more work may be put off; if not, whoever has it should do it.
pub(crate) fn has_room() -> bool {
    POOL.lock().queue.len() < QUEUE
}

/// Has this done by and by, or at once where no thread can be had.
pub(crate) fn spawn(job: impl FnOnce() + Send + 'static) {
    if let Err(job) = POOL.spawn(Box::new(job)) {
        job();
    }
}

/// Waits until nothing is under way in the background; for shutdown.
///
/// ```
/// # pollster::block_on(async {
/// dcache::drain().await;
/// # });
/// ```
pub async fn drain() {
    poll_fn(|cx| {
        let mut state = POOL.lock();
        if state.queue.is_empty() && state.running == 0 {
            return Poll::Ready(());
        }
        if !state.drains.iter().any(|drain| drain.will_wake(cx.waker())) {
            state.drains.push(cx.waker().clone());
        }
        Poll::Pending
    })
    .await;
}

/// Waits until nothing is under way in the background, on this thread.
pub fn drain_blocking() {
    pollster::block_on(drain());
}

impl Pool {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spawn(&'static self, job: Job) -> Result<(), Job> {
        let mut state = self.lock();
        if state.queue.len() >= state.idle && state.threads < THREADS {
            let thread = std::thread::Builder::new().name("dcache-background".to_owned());
            match thread.spawn(|| self.run()) {
                Ok(_) => state.threads += 1,
                Err(_) if state.threads == 0 => return Err(job),
                Err(_) => {}
            }
        }
        state.queue.push_back(job);
        drop(state);
        self.work.notify_one();
        Ok(())
    }

    fn run(&self) {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.queue.pop_front() {
                state.running += 1;
                drop(state);
                if std::panic::catch_unwind(std::panic::AssertUnwindSafe(job)).is_err() {
                    log::error(format_args!("background work panicked"));
                }
                state = self.lock();
                state.running -= 1;
                if state.queue.is_empty() && state.running == 0 {
                    let drains = std::mem::take(&mut state.drains);
                    drop(state);
                    wake_all(drains);
                    state = self.lock();
                }
            } else {
                state.idle += 1;
                state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.idle -= 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use super::*;

    #[test]
    fn a_drain_waits_for_everything() {
        let done = Arc::new(AtomicUsize::new(0));
        for n in 0..100 {
            let done = done.clone();
            spawn(move || {
                std::thread::yield_now();
                assert!(n != 50, "a panic hurts nobody");
                done.fetch_add(1, SeqCst);
            });
        }
        drain_blocking();
        assert_eq!(done.load(SeqCst), 99);
    }
}

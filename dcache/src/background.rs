//! Work that no caller waits for: writes with `write = background`, refreshes, bodies that outlive their callers.
//!
//! A future goes on in the tokio runtime of whoever sends it. What has none, and all that is synchronous, is done by
//! a few threads of our own. Nothing of it keeps a program from ending.

use std::cell::Cell;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::thread::{self, ThreadId};

use crate::contain::contained;
use crate::log;
use crate::sync::{self, wake_all};

/// So many jobs may wait; beyond that whoever has one goes without it.
const QUEUE: usize = 1_024;
/// What is done here mostly waits, so a few threads beyond the cores are of use.
const THREADS: usize = 4;

/// Writes below memory.
pub(crate) static WRITES: Pool = Pool::new("dcache-writes");
/// Bodies; apart from writes, as they may take long.
static BODIES: Pool = Pool::new("dcache-bodies");

type Job = Box<dyn FnOnce() + Send>;

/// A few threads that start when they are first needed.
pub(crate) struct Pool {
    name: &'static str,
    state: Mutex<State>,
    work: Condvar,
}

struct State {
    queue: VecDeque<Job>,
    threads: usize,
    idle: usize,
}

/// Has a future go on where it is: in the tokio runtime of the caller, or else on threads of our own.
///
/// It is dropped where that is not possible, because too much is under way or the runtime shuts down.
pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    let future = in_span(future);
    #[cfg(feature = "tokio")]
    if let Some(runtime) = callers_runtime() {
        let under_way = UnderWay::on(&runtime);
        drop(runtime.spawn(async move {
            future.await;
            drop(under_way);
        }));
        return;
    }
    BODIES.spawn(move || {
        let _ours = Ours::enter(true);
        // what the future needs of tokio, the I/O thread gives
        #[cfg(feature = "tokio")]
        let _context = dcache_backends::io::context();
        pollster::block_on(future);
    });
}

/// Has a synchronous body run on a thread of our own, in the span and the runtime of the caller; it is dropped where
/// too much is under way.
pub(crate) fn spawn_blocking(body: impl FnOnce() + Send + 'static) {
    #[cfg(feature = "tracing")]
    let span = tracing::Span::current();
    #[cfg(feature = "tokio")]
    let runtime = callers_runtime();
    BODIES.spawn(move || {
        let _ours = Ours::enter(false);
        #[cfg(feature = "tokio")]
        let _context = runtime.as_ref().map(|runtime| runtime.enter());
        #[cfg(feature = "tracing")]
        let _within = span.enter();
        body();
    });
}

/// Where a thread of ours is in.
#[derive(Clone, Copy, PartialEq)]
enum Within {
    Nothing,
    /// A body, in the runtime of its caller if that has one.
    Body,
    /// A body that finds timers and sockets at the I/O thread, which must not run bodies itself.
    BodyWithIo,
}

thread_local!(static WITHIN: Cell<Within> = const { Cell::new(Within::Nothing) });

/// Marks this thread as one of ours that runs a body.
struct Ours;

impl Ours {
    fn enter(with_io: bool) -> Self {
        WITHIN.set(if with_io { Within::BodyWithIo } else { Within::Body });
        Self
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        WITHIN.set(Within::Nothing);
    }
}

/// Tells whether this is a thread of ours that runs a body.
pub(crate) fn is_ours() -> bool {
    WITHIN.get() != Within::Nothing
}

/// Tells whether a future that is spawned here waits for threads of which this is one. It must not be waited for: all
/// of them might do so.
pub(crate) fn is_for_us() -> bool {
    #[cfg(feature = "tokio")]
    if callers_runtime().is_some() {
        return false;
    }
    is_ours()
}

/// Returns the tokio runtime that this is in.
#[cfg(feature = "tokio")]
fn callers_runtime() -> Option<dcache_backends::io::Handle> {
    if WITHIN.get() == Within::BodyWithIo { None } else { dcache_backends::io::runtime() }
}

/// Has a future be in the tracing span that it is made in.
fn in_span(future: impl Future<Output = ()>) -> impl Future<Output = ()> {
    #[cfg(feature = "tracing")]
    let future = tracing::Instrument::in_current_span(future);
    future
}

/// Waits until nothing is under way in the background: writes, refreshes, bodies that outlived their callers. For
/// shutdown.
///
/// ```
/// # pollster::block_on(async {
/// dcache::drain().await;
/// # });
/// ```
pub async fn drain() {
    wait(None).await;
}

/// Waits like [`drain`], on this thread.
///
/// What goes on in a single-threaded runtime that this thread is in, or drives between whiles, is not waited for: it
/// could never end. In a task of a runtime with several threads use [`drain`], as a task that blocks its thread may
/// keep what it waits for from going on; inside of a body that runs in the background, neither, which would wait for
/// itself.
pub fn drain_blocking() {
    pollster::block_on(wait(Some(Home::here())));
}

/// Waits for all work, but for what can only go on from here.
async fn wait(but_at: Option<Home>) {
    poll_fn(|cx| {
        let mut all = ALL.lock();
        let is_at_home = |home: &Home| but_at.as_ref().is_some_and(|here| here.is_near(home));
        if all.anywhere == 0 && all.at_homes.iter().all(is_at_home) {
            return Poll::Ready(());
        }
        if !all.drains.iter().any(|drain| drain.will_wake(cx.waker())) {
            all.drains.push(cx.waker().clone());
        }
        Poll::Pending
    })
    .await;
}

/// All that is under way.
static ALL: sync::Mutex<All> =
    sync::Mutex::new(All { anywhere: 0, at_homes: Vec::new(), drains: Vec::new() });

struct All {
    anywhere: usize,
    /// What is in single-threaded runtimes, one for each piece of work.
    at_homes: Vec<Home>,
    drains: Vec<Waker>,
}

/// Where work of a single-threaded runtime was sent from: that runtime goes on where this thread drives it.
#[derive(Clone, PartialEq)]
struct Home {
    thread: ThreadId,
    #[cfg(feature = "tokio")]
    runtime: Option<dcache_backends::io::Id>,
}

impl Home {
    fn here() -> Self {
        Self {
            thread: thread::current().id(),
            #[cfg(feature = "tokio")]
            runtime: callers_runtime().map(|runtime| runtime.id()),
        }
    }

    /// Tells whether work there could only go on if this did.
    fn is_near(&self, other: &Self) -> bool {
        #[cfg(feature = "tokio")]
        if self.runtime.is_some() && self.runtime == other.runtime {
            return true;
        }
        self.thread == other.thread
    }
}

/// A piece of work, until it is dropped.
struct UnderWay(Option<Home>);

impl UnderWay {
    fn anywhere() -> Self {
        ALL.lock().anywhere += 1;
        Self(None)
    }

    #[cfg(feature = "tokio")]
    fn on(runtime: &dcache_backends::io::Handle) -> Self {
        if !dcache_backends::io::is_single_threaded(runtime) {
            return Self::anywhere();
        }
        let home = Home::here();
        ALL.lock().at_homes.push(home.clone());
        Self(Some(home))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut all = ALL.lock();
        match &self.0 {
            None => all.anywhere -= 1,
            Some(home) => {
                if let Some(at) = all.at_homes.iter().position(|other| other == home) {
                    all.at_homes.swap_remove(at);
                }
            }
        }
        let drains = std::mem::take(&mut all.drains);
        drop(all);
        wake_all(drains); // each looks whether it waits for more
    }
}

impl Pool {
    const fn new(name: &'static str) -> Self {
        let state = State { queue: VecDeque::new(), threads: 0, idle: 0 };
        Self { name, state: Mutex::new(state), work: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has this done by and by. It is dropped where no thread can be had, or too much waits.
    pub(crate) fn spawn(&'static self, job: impl FnOnce() + Send + 'static) {
        let under_way = UnderWay::anywhere();
        let job = move || {
            if contained(job).is_none() {
                log::error(format_args!("background work panicked"));
            }
            drop(under_way);
        };
        let mut state = self.lock();
        if state.queue.len() >= state.idle && state.threads < THREADS {
            match thread::Builder::new().name(self.name.to_owned()).spawn(|| self.run()) {
                Ok(_) => state.threads += 1,
                Err(error) if state.threads == 0 => {
                    drop(state);
                    log::error(format_args!("no thread for work in the background: {error}"));
                    return;
                }
                Err(_) => {}
            }
        }
        if state.queue.len() < QUEUE {
            state.queue.push_back(Box::new(job));
            drop(state);
            self.work.notify_one();
        } else {
            drop(state); // before the job, whose drop may be code of users
        }
    }

    /// Tells whether more work may be put off; if not, whoever has it should do it.
    pub(crate) fn has_room(&self) -> bool {
        self.lock().queue.len() < QUEUE
    }

    fn run(&self) {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.queue.pop_front() {
                drop(state);
                job();
                state = self.lock();
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
            WRITES.spawn(move || {
                std::thread::yield_now();
                assert!(n != 50, "a panic hurts nobody");
                done.fetch_add(1, SeqCst);
            });
        }
        drain_blocking();
        assert_eq!(done.load(SeqCst), 99);
    }

    #[test]
    fn a_future_needs_no_runtime() {
        let done = Arc::new(AtomicUsize::new(0));
        for _ in 0..100 {
            let done = done.clone();
            spawn(async move {
                crate::timer::timeout(std::time::Duration::from_millis(1), std::future::pending::<()>())
                    .await;
                done.fetch_add(1, SeqCst);
            });
        }
        drain_blocking();
        assert_eq!(done.load(SeqCst), 100);
    }
}

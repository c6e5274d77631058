//! Which runtime drives a connection, and the I/O thread for callers that have no usable one.
//!
//! A connection dies with the runtime it was made in, and starves where that runtime is idle. So a tier keeps
//! one for each [`runtime`] that calls it, and callers without a runtime go through [`run`].

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::thread;

use tokio::runtime::{Builder, EnterGuard, RuntimeFlavor};
pub use tokio::runtime::{Handle, Id};
use tokio::task::{JoinError, JoinHandle};

use crate::{Error, ErrorKind, Operation};

/// The name of the I/O thread, and of the threads of its blocking pool.
const NAME: &str = "dcache-io";

/// Returns the tokio runtime that the caller is in, `None` outside of tokio.
///
/// A runtime may lack drivers for I/O or time, which tokio tells only by a panic.
///
/// ```
/// use dcache_backends::io;
///
/// assert!(io::runtime().is_none());
/// let caller = pollster::block_on(io::run(async { io::runtime().is_some() }))?;
/// assert!(caller);
/// # Ok::<(), dcache_backends::Error>(())
/// ```
pub fn runtime() -> Option<Handle> {
    Handle::try_current().ok()
}

/// Tells whether a runtime has one thread alone, which must not be blocked by what waits for that runtime.
pub fn is_single_threaded(runtime: &Handle) -> bool {
    runtime.runtime_flavor() == RuntimeFlavor::CurrentThread
}

/// Enters the runtime of the I/O thread, so that futures polled on this thread find timers and sockets there.
///
/// Returns `None` where that thread cannot be started.
///
/// ```
/// use std::time::Duration;
/// use dcache_backends::io;
///
/// let _context = io::context();
/// pollster::block_on(tokio::time::sleep(Duration::from_millis(1)));
/// ```
pub fn context() -> Option<EnterGuard<'static>> {
    handle().ok().map(Handle::enter)
}

/// Runs a future on the I/O thread and waits for it, from any executor.
///
/// Dropping the returned future ends the work at its next `await`. Fails if the thread cannot be started, and
/// if the work panics. The thread starts at the first use, lives as long as the process and never keeps it
/// from ending.
///
/// ```
/// use dcache_backends::io;
///
/// let sum = pollster::block_on(io::run(async { 1 + 1 }))?;
/// assert_eq!(sum, 2);
/// # Ok::<(), dcache_backends::Error>(())
/// ```
pub async fn run<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Result<T, Error> {
    Task(handle()?.spawn(work)).await
}

/// Runs a blocking closure on a pool of threads (at most 512) and waits for it, from any executor.
///
/// Dropping the returned future takes the work back unless it has begun; nothing can interrupt it then.
/// Fails if the I/O thread cannot be started, and if the work panics.
///
/// ```
/// use dcache_backends::io;
///
/// let text = pollster::block_on(io::run_blocking(|| std::fs::read_to_string("Cargo.toml")))?;
/// assert!(text.is_ok());
/// # Ok::<(), dcache_backends::Error>(())
/// ```
pub async fn run_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    Task(handle()?.spawn_blocking(work)).await
}

/// Work on the I/O thread that is given up when nobody waits for it any more.
struct Task<T>(JoinHandle<T>);

impl<T> Future for Task<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map_err(ended)
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn ended(cause: JoinError) -> Error {
    let context = if cause.is_panic() { "the work panicked" } else { "the runtime is shutting down" };
    Error::new(ErrorKind::Other, Operation::Connect).with_context(context).with_source(cause)
}

/// Returns the I/O thread's runtime, started at the first use. A failed start is tried anew by the next call.
fn handle() -> Result<&'static Handle, Error> {
    static HANDLE: OnceLock<Handle> = OnceLock::new();
    static START: Mutex<()> = Mutex::new(());
    if let Some(handle) = HANDLE.get() {
        return Ok(handle);
    }
    let _one_at_a_time = START.lock().unwrap_or_else(PoisonError::into_inner);
    match HANDLE.get() {
        Some(handle) => Ok(handle),
        None => start().map(|handle| HANDLE.get_or_init(|| handle)),
    }
}

fn start() -> Result<Handle, Error> {
    let failed = |cause: std::io::Error| {
        Error::new(ErrorKind::Unavailable, Operation::Configure)
            .with_context("dcache's I/O thread cannot be started")
            .with_source(cause)
    };
    let runtime = Builder::new_current_thread().enable_all().thread_name(NAME).build().map_err(failed)?;
    let handle = runtime.handle().clone();
    // the runtime lives in the closure: nobody ever shuts it down, and its detached thread keeps nobody waiting
    let drive = move || runtime.block_on(pending::<()>());
    thread::Builder::new().name(NAME.to_owned()).spawn(drive).map_err(failed)?;
    Ok(handle)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn work_is_done_on_the_one_thread() {
        let name = || async { thread::current().name().map(str::to_owned) };
        assert_eq!(pollster::block_on(run(name())).unwrap().as_deref(), Some(NAME));
        let id = || async { thread::current().id() };
        assert_eq!(pollster::block_on(run(id())).unwrap(), pollster::block_on(run(id())).unwrap());
    }

    #[test]
    fn a_panic_is_an_error_and_harms_nobody_else() {
        let error = pollster::block_on(run::<()>(async { panic!("of a test") })).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Other);
        let error = pollster::block_on(run_blocking::<()>(|| panic!("of a test"))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Other);
        assert_eq!(pollster::block_on(run(async { 7 })).unwrap(), 7);
    }

    #[test]
    fn dropping_the_waiter_ends_the_work() {
        let (sender, receiver) = mpsc::channel::<()>();
        let work = async move {
            let _held = sender;
            pending::<()>().await;
        };
        let mut waiter = Box::pin(run(work));
        let _ = waiter.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop()));
        drop(waiter);
        assert_eq!(receiver.recv(), Err(mpsc::RecvError), "the work's sender is dropped with it");
    }

    #[test]
    fn blocking_work_leaves_the_thread_free() {
        let (sender, receiver) = mpsc::channel();
        let mut blocked = Box::pin(run_blocking(move || receiver.recv()));
        let _ = blocked.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop()));
        let sent = pollster::block_on(run(async move { sender.send(7) })).unwrap();
        assert_eq!(sent, Ok(()));
        assert_eq!(pollster::block_on(blocked).unwrap(), Ok(7));
    }
}

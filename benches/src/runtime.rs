//! The runtime of asynchronous calls, and the second thread.

use std::sync::mpsc::{self, Sender};
use std::sync::{LazyLock, Mutex, PoisonError};

use tokio::runtime::{Builder, Runtime};

/// The runtime that drives asynchronous contenders, each on the thread that measures.
pub static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime"));

type Job = Box<dyn FnOnce() + Send>;

/// A thread that lives as long as the program, as the threads of a server do.
static SECOND: LazyLock<Mutex<Sender<Job>>> = LazyLock::new(|| {
    let (sender, jobs) = mpsc::channel::<Job>();
    std::thread::spawn(move || jobs.into_iter().for_each(|job| job()));
    Mutex::new(sender)
});

/// Does one thing on this thread and another on the second one, and returns what both came to.
pub fn beside<A, B: Send + 'static>(
    here: impl FnOnce() -> A,
    there: impl FnOnce() -> B + Send + 'static,
) -> (A, B) {
    let (sender, receiver) = mpsc::channel();
    let job = Box::new(move || drop(sender.send(there())));
    SECOND.lock().unwrap_or_else(PoisonError::into_inner).send(job).expect("the thread lives on");
    let here = here();
    (here, receiver.recv().expect("the other half does not panic"))
}

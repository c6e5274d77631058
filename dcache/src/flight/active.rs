//! Which flights' bodies this thread is running: a call of its own key must not wait for itself.
//!
//! A thread that is ending has lost its list; a call from there is like one from outside.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::threads::thread_local;

thread_local! {
    /// The flights whose bodies are being run on this thread, outermost first.
    static ACTIVE: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// Marks a flight as being run on this thread.
pub(super) struct Active;

impl Active {
    pub(super) fn enter(flight: usize) -> Self {
        let _ = ACTIVE.try_with(|active| active.borrow_mut().push(flight));
        Self
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        let _ = ACTIVE.try_with(|active| active.borrow_mut().pop());
    }
}

/// Tells whether a flight's body is being run on this thread.
pub(super) fn is_active(flight: usize) -> bool {
    ACTIVE.try_with(|active| active.borrow().contains(&flight)).unwrap_or(false)
}

/// The flights that a call is made from: a body that runs away from it is still a part of their bodies.
pub(crate) struct Callers(Vec<usize>);

impl Callers {
    /// Those of this thread.
    pub(crate) fn here() -> Self {
        Self(ACTIVE.try_with(|active| active.borrow().clone()).unwrap_or_default())
    }

    /// Runs a future as a part of their bodies.
    pub(crate) async fn within<F: Future>(self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|cx| {
            let _active: Vec<_> = self.0.iter().map(|flight| Active::enter(*flight)).collect();
            future.as_mut().poll(cx)
        })
        .await
    }
}

/// Numbers the threads from 1.
pub(super) fn thread_number() -> u64 {
    // a number orders nothing
    static NEXT: AtomicU64 = AtomicU64::new(1);
    thread_local!(static NUMBER: u64 = NEXT.fetch_add(1, Relaxed));
    NUMBER.try_with(|number| *number).unwrap_or(u64::MAX)
}

//! Which flights' bodies this thread is running: a call of its own key must not wait for itself.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

thread_local! {
    /// The flights whose bodies are being run on this thread, outermost first.
    static ACTIVE: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// Marks a flight as being run on this thread.
pub(super) struct Active;

impl Active {
    pub(super) fn enter(flight: usize) -> Self {
        ACTIVE.with_borrow_mut(|active| active.push(flight));
        Self
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        ACTIVE.with_borrow_mut(|active| active.pop());
    }
}

/// Tells whether a flight's body is being run on this thread.
pub(super) fn is_active(flight: usize) -> bool {
    ACTIVE.with_borrow(|active| active.contains(&flight))
}

/// Numbers the threads from 1.
pub(super) fn thread_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    thread_local!(static NUMBER: u64 = NEXT.fetch_add(1, Relaxed));
    NUMBER.with(|number| *number)
}

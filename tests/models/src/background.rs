//! Work that no caller waits for: each piece on a thread of its own, in the place of `dcache/src/background.rs`.

use std::future::Future;

use crate::threads;

pub(crate) static WRITES: Pool = Pool;

pub(crate) struct Pool;

impl Pool {
    pub(crate) fn spawn(&self, job: impl FnOnce() + Send + 'static) {
        threads::spawn(job);
    }

    pub(crate) fn has_room(&self) -> bool {
        true
    }
}

pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    threads::spawn(|| threads::block_on(future));
}

pub(crate) fn spawn_blocking(body: impl FnOnce() + Send + 'static) {
    threads::spawn(body);
}

pub(crate) fn is_ours() -> bool {
    false
}

pub(crate) fn is_for_us() -> bool {
    false
}

/// Models wait for the threads themselves.
pub async fn drain() {}

/// Models wait for the threads themselves.
pub fn drain_blocking() {}

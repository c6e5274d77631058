//! Turns: figures are taken by one test at a time, also where each has a process of its own.

use std::fs::{self, File};

use crate::page;

/// A test's turn, until it is dropped.
///
/// Nothing that costs more than a little may be done beside it: no bound leaves room for a busy machine. Most of a
/// test's time nothing is done, for it waits until a breaker tries its tier again; that is when others have theirs.
pub(crate) struct Turn {
    lock: File,
}

impl Turn {
    /// Waits for it.
    pub(crate) fn take() -> Self {
        let mut path = page::folder();
        path.set_extension("turn");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let lock = File::create(path).unwrap();
        lock.lock().unwrap();
        Self { lock }
    }

    /// Lets others have theirs while this one only waits.
    pub(crate) fn lend<T>(&self, wait: impl FnOnce() -> T) -> T {
        self.lock.unlock().unwrap();
        let result = wait();
        self.lock.lock().unwrap();
        result
    }
}

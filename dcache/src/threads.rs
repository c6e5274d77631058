//! What flights and errands take to order threads, and from nowhere else: `tests/models` puts a model checker's in its
//! place.

pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64};
pub(crate) use std::thread_local;

pub(crate) use dcache_backends::memory::{HashBuilder as RandomState, Store};

pub(crate) use crate::sync::Mutex;

/// Returns how many locks the keys of a cache are spread over.
pub(crate) fn shards() -> usize {
    let threads = std::thread::available_parallelism().map_or(4, usize::from);
    (threads * 4).next_power_of_two()
}

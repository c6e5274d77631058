//! Work that goes on without who waits for it.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::errand::errand;
use crate::threads::{block_on, spawn};

/// Waits once before it has its result.
async fn work() -> u8 {
    let mut is_first = true;
    poll_fn(|cx| {
        cx.waker().wake_by_ref();
        if std::mem::take(&mut is_first) { Poll::Pending } else { Poll::Ready(7) }
    })
    .await
}

pub(super) fn an_errand_that_is_dropped_is_done_by_who_waits() {
    let (mut errand, mut awaited) = errand(work());
    let runner = spawn(move || {
        let _ = Pin::new(&mut errand).poll(&mut Context::from_waker(Waker::noop()));
    });
    assert_eq!(block_on(awaited.result()).ok(), Some(7));
    runner.join().unwrap();
}

pub(super) fn the_result_of_an_errand_wakes_who_waits() {
    let (errand, mut awaited) = errand(work());
    let runner = spawn(move || block_on(errand));
    assert_eq!(block_on(awaited.result()).ok(), Some(7));
    runner.join().unwrap();
}

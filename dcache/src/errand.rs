//! Work that goes on without whoever waits for it, and is not lost where whoever runs it goes away.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::contain::{Panic, caught};
use crate::threads::Mutex;

type Work<T> = Pin<Box<dyn Future<Output = Result<T, Panic>> + Send>>;

/// Makes work that can be sent away, and what waits for its result, or for what it panics with.
///
/// Whoever runs the [`Errand`] may drop it before it is done, as a runtime does that shuts down: then whoever waits
/// runs the rest.
pub(crate) fn errand<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> (Errand<T>, Awaited<T>) {
    let desk = Arc::new(Mutex::new(Desk { result: None, returned: None, waiting: None }));
    (Errand { work: Some(Box::pin(caught(work))), desk: desk.clone() }, Awaited { work: None, desk })
}

/// Where the two meet.
struct Desk<T> {
    result: Option<Result<T, Panic>>,
    /// The work, if nobody runs it any more.
    returned: Option<Work<T>>,
    waiting: Option<Waker>,
}

/// The work, to be run by somebody else.
pub(crate) struct Errand<T> {
    work: Option<Work<T>>,
    desk: Arc<Mutex<Desk<T>>>,
}

impl<T> Errand<T> {
    fn hand_in(&mut self, hand_in: impl FnOnce(&mut Desk<T>)) {
        let mut desk = self.desk.lock();
        hand_in(&mut desk);
        let waiting = desk.waiting.take();
        drop(desk);
        crate::sync::wake_all(waiting);
    }
}

impl<T> Future for Errand<T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(work) = &mut self.work else { return Poll::Ready(()) };
        let Poll::Ready(result) = work.as_mut().poll(cx) else { return Poll::Pending };
        self.work = None;
        self.hand_in(|desk| desk.result = Some(result));
        Poll::Ready(())
    }
}

impl<T> Drop for Errand<T> {
    fn drop(&mut self) {
        if let Some(work) = self.work.take() {
            self.hand_in(|desk| desk.returned = Some(work));
        }
    }
}

/// What waits for the result of an [`Errand`].
pub(crate) struct Awaited<T> {
    work: Option<Work<T>>,
    desk: Arc<Mutex<Desk<T>>>,
}

impl<T> Awaited<T> {
    /// Waits for the result.
    pub(crate) async fn result(&mut self) -> Result<T, Panic> {
        poll_fn(|cx| {
            if self.work.is_none() {
                let mut desk = self.desk.lock();
                if let Some(result) = desk.result.take() {
                    return Poll::Ready(result);
                }
                desk.waiting = Some(cx.waker().clone());
                self.work = desk.returned.take();
            }
            match &mut self.work {
                Some(work) => work.as_mut().poll(cx),
                None => Poll::Pending,
            }
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    /// Waits once before it has its result.
    async fn work() -> u8 {
        let mut is_first = true;
        poll_fn(|cx| {
            cx.waker().wake_by_ref();
            if std::mem::take(&mut is_first) { Poll::Pending } else { Poll::Ready(7) }
        })
        .await
    }

    #[test]
    fn the_result_comes_back() {
        let (errand, mut awaited) = errand(work());
        pollster::block_on(errand);
        assert_eq!(pollster::block_on(awaited.result()).ok(), Some(7));
    }

    #[test]
    fn a_panic_comes_back() {
        let (errand, mut awaited) = errand::<()>(async { panic!("far away") });
        pollster::block_on(errand);
        let panic = pollster::block_on(awaited.result()).unwrap_err();
        assert_eq!(panic.downcast_ref(), Some(&"far away"));
    }

    #[test]
    fn work_goes_on_without_whoever_waits() {
        let (errand, awaited) = errand(work());
        drop(awaited);
        pollster::block_on(errand);
    }

    #[test]
    fn work_that_was_dropped_half_way_is_done_by_whoever_waits() {
        let (mut errand, mut awaited) = errand(work());
        assert!(Pin::new(&mut errand).poll(&mut Context::from_waker(Waker::noop())).is_pending());
        let waiter = std::thread::spawn(move || pollster::block_on(awaited.result()).ok());
        drop(errand);
        assert_eq!(waiter.join().unwrap(), Some(7));
    }
}

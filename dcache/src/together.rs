//! Waiting for several futures at once.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use dcache_backends::Error;

/// Polls all futures until each is ready, and returns their outputs in order.
pub(crate) async fn together<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    poll_fn(|cx| {
        let mut is_ready = true;
        for (future, output) in &mut running {
            if output.is_none() {
                match Pin::new(future).poll(cx) {
                    Poll::Ready(ready) => *output = Some(ready),
                    Poll::Pending => is_ready = false,
                }
            }
        }
        if is_ready { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    running.into_iter().filter_map(|(_, output)| output).collect()
}

/// Polls all futures until each is ready, and joins the faults of those that failed.
pub(crate) async fn all<F: Future<Output = Result<(), Error>>>(
    futures: impl IntoIterator<Item = F>,
) -> Result<(), Error> {
    joined(together(futures).await.into_iter().filter_map(Result::err))
}

/// Fails with all faults there are.
pub(crate) fn joined(faults: impl IntoIterator<Item = Error>) -> Result<(), Error> {
    Error::join(faults.into_iter().collect()).map_or(Ok(()), Err)
}

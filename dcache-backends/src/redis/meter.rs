//! How much a server may still send: what was asked for, and no more.
//!
//! Without this a reply that never ends is kept until the memory is used up, also after whoever asked has stopped
//! waiting.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use redis::aio::AsyncStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What a reply may have beside the data that was asked for: its frame, or the words of a refusal.
pub(super) const FRAME: u64 = 64 << 10;

/// The error of a server that sends more than it was asked for.
pub(super) fn too_much() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "more than was asked for")
}

/// The bytes of one connection, counted.
pub(super) struct Meter(Mutex<Counts>);

struct Counts {
    read: u64,
    /// What the requests that are not answered yet have asked for.
    asked: u64,
    /// How far may be read.
    end: u64,
    /// The server has closed the connection.
    is_closed: bool,
}

impl Counts {
    fn settle(&mut self) {
        self.end = self.read.saturating_add(self.asked).saturating_add(FRAME);
    }
}

impl Meter {
    /// Begins with the replies to a login.
    pub(super) fn new() -> Self {
        Self(Mutex::new(Counts { read: 0, asked: 0, end: FRAME, is_closed: false }))
    }

    /// Allows for the reply to a request, in bytes of data.
    pub(super) fn ask(&self, bytes: u64) {
        let mut counts = self.counts();
        counts.asked = counts.asked.saturating_add(bytes);
        counts.settle();
    }

    /// Notes that a request was answered. What is never answered stays allowed for, since its reply may still come.
    pub(super) fn answered(&self, bytes: u64) {
        let mut counts = self.counts();
        counts.asked = counts.asked.saturating_sub(bytes);
        counts.settle();
    }

    /// Says whether the server has closed the connection, be it in mid-reply.
    pub(super) fn is_closed(&self) -> bool {
        self.counts().is_closed
    }

    fn read(&self, bytes: usize) -> io::Result<()> {
        let mut counts = self.counts();
        counts.is_closed |= bytes == 0;
        counts.read = counts.read.saturating_add(bytes as u64);
        if counts.read > counts.end { Err(too_much()) } else { Ok(()) }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream that fails as soon as it has given more than was asked for.
pub(super) struct Metered {
    stream: Pin<Box<dyn AsyncStream + Send>>,
    meter: Arc<Meter>,
}

impl Metered {
    /// Counts what this stream gives.
    pub(super) fn new(stream: Pin<Box<dyn AsyncStream + Send>>, meter: Arc<Meter>) -> Self {
        Self { stream, meter }
    }
}

impl AsyncRead for Metered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match self.stream.as_mut().poll_read(cx, buffer) {
            Poll::Ready(Ok(())) => Poll::Ready(self.meter.read(buffer.filled().len() - before)),
            other => other,
        }
    }
}

impl AsyncWrite for Metered {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.stream.as_mut().poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream.as_mut().poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_may_be_read_and_no_more() {
        let meter = Meter::new();
        meter.ask(1000);
        meter.ask(500);
        meter.read(1500 + FRAME as usize).unwrap();
        meter.answered(1000);
        meter.answered(500);
        meter.read(FRAME as usize).unwrap();
        assert_eq!(meter.read(1).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn what_was_asked_for_and_not_sent_is_not_saved_up() {
        let meter = Meter::new();
        for _ in 0..100 {
            meter.ask(1 << 20);
            meter.answered(1 << 20);
        }
        assert!(meter.read(FRAME as usize + 1).is_err());
    }

    #[test]
    fn the_reply_to_a_request_that_was_given_up_may_still_come() {
        let meter = Meter::new();
        meter.ask(1000); // given up
        meter.ask(10);
        meter.answered(10);
        meter.read(1000).unwrap();
    }
}

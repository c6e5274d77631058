//! The commands and the answers of one connection, in order, for callers of any number.
//!
//! Callers write their commands into one buffer, and a task of the connection's runtime, the [`Driver`], moves the
//! bytes. A command that is alone goes out at once. Where others are under way, the driver lets all tasks have a turn
//! that are ready before it writes: an answer makes its caller ask the next question, so that many answers at once are
//! followed by many commands, and these go out together. Else each would cost a system call, here and at the server.
//!
//! Of many answers that have come together only some are handed out in a turn, so that the commands which follow them
//! reach the server while the rest is worked on here. Else server and callers would wait for each other: with 64 callers
//! a call took a fifth longer.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use redis::{RedisError, RedisResult, Value};
use tokio::io::ReadBuf;
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep, sleep_until};

use super::connector::Stream;
use super::fault::Failure;
use super::reply::{FRAME, Replies, too_much};

/// How long an answer may take, for callers without a time budget of their own.
const ANSWERING: Duration = Duration::from_secs(5);

/// So many answers are handed out in a turn, each of which counts once more for each page that it is long. Of 4 to 32
/// and no limit, 8 to 20 took the least time; half as many cost more system calls.
const TURN: usize = 16;
const PAGE: usize = 4 << 10;

/// So many answers to nothing may come in a row: who reads them as those to something finds entries of other keys.
const UNASKED: usize = 64;

/// While so many bytes wait to be sent, callers wait with theirs.
const OUTBOX: usize = 1 << 20;

/// A buffer that has become larger than this is not kept.
const KEPT: usize = 64 << 10;

/// What callers and the [`Driver`] share.
pub(super) struct Pipeline(Mutex<State>);

#[derive(Default)]
struct State {
    /// Commands that the driver has not taken yet, and who waits for their answers.
    outbox: Vec<u8>,
    asked: Vec<Question>,
    /// The driver, if it is to be woken for a command.
    driver: Option<Waker>,
    /// Who waits for room in the outbox.
    crowd: Vec<Waker>,
    /// Why there will be no more answers.
    end: Option<RedisError>,
}

/// Who waits for an answer, and how many bytes of data that may have.
struct Question {
    limit: u64,
    answer: oneshot::Sender<RedisResult<Value>>,
}

impl Pipeline {
    /// Makes a pipeline, and what drives it over this stream.
    pub(super) fn new(stream: Stream) -> (Arc<Self>, Driver) {
        let pipeline = Arc::new(Self(Mutex::default()));
        let driver = Driver {
            pipeline: pipeline.clone(),
            stream,
            replies: Replies::new(),
            waiting: VecDeque::new(),
            outgoing: Vec::new(),
            sent: 0,
            is_flushed: true,
            taken: Instant::now(),
            has_more: false,
            has_yielded: false,
            unasked: 0,
            last_words: None,
            alarm: None,
            end: None,
        };
        (pipeline, driver)
    }

    /// Sends a command, and waits for the answer.
    ///
    /// Callers may drop this at any time: an answer that nobody waits for is read and dropped.
    pub(super) async fn send(&self, command: &[u8], limit: u64) -> RedisResult<Value> {
        let answer = poll_fn(|cx| self.poll_ask(command, limit, cx)).await?;
        answer.await.unwrap_or_else(|_| Err(self.state().end()))
    }

    fn poll_ask(
        &self,
        command: &[u8],
        limit: u64,
        cx: &mut Context<'_>,
    ) -> Poll<RedisResult<oneshot::Receiver<RedisResult<Value>>>> {
        let mut state = self.state();
        if state.end.is_some() {
            return Poll::Ready(Err(state.end()));
        }
        if state.outbox.len() >= OUTBOX {
            // who is polled again while nothing happens stands here already
            if !state.crowd.last().is_some_and(|last| last.will_wake(cx.waker())) {
                state.crowd.push(cx.waker().clone());
            }
            return Poll::Pending;
        }
        let (answer, receiver) = oneshot::channel();
        state.outbox.extend_from_slice(command);
        state.asked.push(Question { limit, answer });
        let driver = state.driver.take();
        drop(state);
        if let Some(driver) = driver {
            driver.wake();
        }
        Poll::Ready(Ok(receiver))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn end(&self) -> RedisError {
        self.end.clone().unwrap_or_else(closed)
    }
}

/// Moves the bytes of a connection as long as it is polled, and ends with it.
pub(super) struct Driver {
    pipeline: Arc<Pipeline>,
    stream: Stream,
    replies: Replies,
    /// Who waits for the answers to come, and since when.
    waiting: VecDeque<(Question, Instant)>,
    /// Commands that were taken out of the outbox, of which so many bytes are sent.
    outgoing: Vec<u8>,
    sent: usize,
    is_flushed: bool,
    /// When they were taken.
    taken: Instant,
    /// There may be answers in what was read.
    has_more: bool,
    /// It has let others have their turn, and writes next.
    has_yielded: bool,
    /// So many answers in a row were to nothing.
    unasked: usize,
    last_words: Option<RedisError>,
    /// Rings when an answer may be overdue.
    alarm: Option<Pin<Box<Sleep>>>,
    /// Why it has ended.
    pub(super) end: Option<RedisError>,
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        // both in each turn: who only writes, while the other side only writes too, is stuck
        let fault = match this.poll_read(cx) {
            Poll::Ready(fault) => fault,
            Poll::Pending => match this.poll_write(cx) {
                Poll::Ready(fault) => fault,
                Poll::Pending if this.has_more => return Poll::Pending, // what seems overdue may be in there
                Poll::Pending => ready!(this.poll_alarm(cx)),
            },
        };
        this.end = Some(fault);
        Poll::Ready(())
    }
}

impl Driver {
    /// Hands answers out as they come, until something is wrong.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<RedisError> {
        let mut given = 0;
        loop {
            while given < TURN {
                match self.answer() {
                    Ok(Some(bytes)) => given += 1 + bytes / PAGE,
                    Ok(None) => break,
                    Err(cause) => return Poll::Ready(cause),
                }
            }
            self.has_more = given >= TURN;
            if self.has_more {
                cx.waker().wake_by_ref(); // behind all that are ready now
                return Poll::Pending;
            }
            let mut room = ReadBuf::new(self.replies.room());
            if let Err(cause) = ready!(self.stream.as_mut().poll_read(cx, &mut room)) {
                return Poll::Ready(cause.into());
            }
            let read = room.filled().len();
            if read == 0 {
                return Poll::Ready(self.last_words.take().unwrap_or_else(closed));
            }
            self.replies.take(read);
        }
    }

    /// Hands out the next answer, if it has come, and says how long it is.
    fn answer(&mut self) -> RedisResult<Option<usize>> {
        let limit = self.waiting.front().map_or(FRAME, |(question, _)| question.limit);
        let Some(answer) = self.replies.next(limit)? else { return Ok(None) };
        let bytes = if let Value::BulkString(string) = &answer { string.len() } else { 0 };
        if let Some((question, _)) = self.waiting.pop_front() {
            self.unasked = 0;
            let _ = question.answer.send(Ok(answer)); // unless nobody waits any more
            return Ok(Some(bytes));
        }
        // a server may say why it hangs up; all else is an answer to nothing
        self.unasked += 1;
        self.last_words = answer.extract_error().err();
        if self.unasked > UNASKED { Err(too_much().into()) } else { Ok(Some(bytes)) }
    }

    /// Sends what callers ask, until something is wrong.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<RedisError> {
        loop {
            while self.sent < self.outgoing.len() {
                self.is_flushed = false;
                match ready!(self.stream.as_mut().poll_write(cx, &self.outgoing[self.sent..])) {
                    Ok(0) => return Poll::Ready(closed()),
                    Ok(sent) => self.sent += sent,
                    Err(cause) => return Poll::Ready(cause.into()),
                }
            }
            if !self.is_flushed {
                if let Err(cause) = ready!(self.stream.as_mut().poll_flush(cx)) {
                    return Poll::Ready(cause.into());
                }
                self.is_flushed = true;
                self.outgoing.clear();
                self.outgoing.shrink_to(KEPT);
                self.sent = 0;
            }
            ready!(self.poll_take(cx));
        }
    }

    /// Takes what is in the outbox, once there is something.
    fn poll_take(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.pipeline.state();
        if state.asked.is_empty() {
            match &mut state.driver {
                Some(driver) => driver.clone_from(cx.waker()),
                none => *none = Some(cx.waker().clone()),
            }
            return Poll::Pending;
        }
        if !self.has_yielded && self.waiting.len() + state.asked.len() > 1 {
            self.has_yielded = true;
            drop(state);
            cx.waker().wake_by_ref(); // behind all that are ready now
            return Poll::Pending;
        }
        self.has_yielded = false;
        mem::swap(&mut self.outgoing, &mut state.outbox);
        self.taken = Instant::now();
        self.waiting.extend(state.asked.drain(..).map(|question| (question, self.taken)));
        let crowd = mem::take(&mut state.crowd);
        drop(state);
        crowd.into_iter().for_each(Waker::wake);
        Poll::Ready(())
    }

    /// Waits until an answer is overdue, or the server has not taken a command for so long. It answers in order, so that
    /// all others would be too.
    fn poll_alarm(&mut self, cx: &mut Context<'_>) -> Poll<RedisError> {
        loop {
            let unsent = (!self.outgoing.is_empty()).then_some(self.taken);
            let unanswered = self.waiting.front().map(|(_, since)| *since);
            let overdue = unanswered.into_iter().chain(unsent).min().map(|since| since + ANSWERING);
            match (&mut self.alarm, overdue) {
                (None, None) => return Poll::Pending,
                (None, Some(overdue)) => self.alarm = Some(Box::pin(sleep_until(overdue))),
                (Some(alarm), overdue) => {
                    ready!(alarm.as_mut().poll(cx));
                    match overdue {
                        Some(overdue) if overdue <= Instant::now() => return Poll::Ready(Failure::timeout()),
                        _ => self.alarm = None, // of an answer that has come
                    }
                }
            }
        }
    }
}

/// All who still wait have the reason; a server that hangs up says none.
impl Drop for Driver {
    fn drop(&mut self) {
        let mut state = self.pipeline.state();
        state.end = Some(self.end.take().unwrap_or_else(closed));
        let (asked, crowd) = (mem::take(&mut state.asked), mem::take(&mut state.crowd));
        drop(state);
        drop(asked);
        crowd.into_iter().for_each(Waker::wake);
    }
}

/// The error of a connection that is closed without a word.
pub(super) fn closed() -> RedisError {
    io::Error::from(io::ErrorKind::UnexpectedEof).into()
}

#[cfg(test)]
mod tests;

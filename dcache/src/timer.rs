//! Waiting that needs no runtime: one thread wakes whoever waited long enough.
//!
//! The thread is woken for a new deadline only when that comes before the end of its sleep. Most deadlines are
//! cancelled long before, and it sleeps on until the first that it knew of; so most calls only touch a map.
//! (futures-timer wakes its thread for every one, which costs more than a trip to Redis on loopback.)

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use crate::sync::wake_all;

/// Runs a future, but no longer than this; `None` when the time is up.
pub(crate) async fn timeout<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut alarm = Alarm::after(limit);
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => alarm.poll(cx).map(|()| None),
    })
    .await
}

/// A deadline that wakes the task which polls it; it is set at the first poll.
pub(crate) struct Alarm {
    deadline: Option<Instant>,
    ticket: Option<Ticket>,
}

impl Alarm {
    /// Rings this long from now, or never where the clock cannot count that far.
    pub(crate) fn after(delay: Duration) -> Self {
        Self { deadline: Instant::now().checked_add(delay), ticket: None }
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.deadline else { return Poll::Pending };
        if Instant::now() >= deadline {
            self.cancel();
            return Poll::Ready(());
        }
        let timer = Timer::get();
        let mut deadlines = timer.lock();
        let ticket = *self.ticket.get_or_insert_with(|| deadlines.ticket(deadline));
        match deadlines.waiting.entry(ticket) {
            std::collections::btree_map::Entry::Occupied(mut place) => place.get_mut().clone_from(cx.waker()),
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(cx.waker().clone());
                if deadlines.asleep.is_some_and(|until| until.is_none_or(|until| deadline < until)) {
                    deadlines.asleep = None; // one call is enough
                    timer.changed.notify_one();
                }
            }
        }
        Poll::Pending
    }

    fn cancel(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            Timer::get().lock().waiting.remove(&ticket);
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.cancel();
    }
}

type Ticket = (Instant, u64);

#[derive(Default)]
struct Deadlines {
    waiting: BTreeMap<Ticket, Waker>,
    issued: u64,
    /// Until when the thread sleeps, `Some(None)` for ever; `None` while it is awake, or has been called.
    asleep: Option<Option<Instant>>,
}

impl Deadlines {
    fn ticket(&mut self, deadline: Instant) -> Ticket {
        self.issued += 1;
        (deadline, self.issued)
    }
}

#[derive(Default)]
struct Timer {
    deadlines: Mutex<Deadlines>,
    changed: Condvar,
}

impl Timer {
    fn get() -> &'static Self {
        static TIMER: OnceLock<&Timer> = OnceLock::new();
        TIMER.get_or_init(|| {
            let timer: &'static Self = Box::leak(Box::default());
            let thread = std::thread::Builder::new().name("dcache-timer".to_owned());
            if let Err(error) = thread.spawn(|| timer.run()) {
                // without it waits are only as long as what they wait for; nothing else depends on it
                crate::log::error(format_args!("no thread for the timer, waits are unbounded: {error}"));
            }
            timer
        })
    }

    fn lock(&self) -> MutexGuard<'_, Deadlines> {
        self.deadlines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut deadlines = self.lock();
        loop {
            let now = Instant::now();
            let later = deadlines.waiting.split_off(&(now, u64::MAX));
            let due = std::mem::replace(&mut deadlines.waiting, later);
            if !due.is_empty() {
                drop(deadlines);
                wake_all(due.into_values());
                deadlines = self.lock();
                continue;
            }
            let next = deadlines.waiting.first_key_value().map(|((deadline, _), _)| *deadline);
            deadlines.asleep = Some(next);
            deadlines = match next {
                Some(until) => {
                    let slept = self.changed.wait_timeout(deadlines, until - now);
                    slept.map_or_else(|e| e.into_inner().0, |woken| woken.0)
                }
                None => self.changed.wait(deadlines).unwrap_or_else(PoisonError::into_inner),
            };
            deadlines.asleep = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_future_that_never_ends_is_given_up() {
        let start = Instant::now();
        assert_eq!(
            pollster::block_on(timeout(Duration::from_millis(20), std::future::pending::<()>())),
            None
        );
        assert!(start.elapsed() >= Duration::from_millis(20));
    }

    #[test]
    fn a_future_that_is_ready_wins() {
        assert_eq!(pollster::block_on(timeout(Duration::ZERO, async { 7 })), Some(7));
    }

    #[test]
    fn a_shorter_wait_overtakes_a_longer_one() {
        pollster::block_on(async {
            let mut long = Alarm::after(Duration::from_secs(3600));
            let mut never = Alarm::after(Duration::MAX);
            poll_fn(|cx| {
                assert!(long.poll(cx).is_pending() && never.poll(cx).is_pending());
                Poll::Ready(())
            })
            .await;
            assert_eq!(timeout(Duration::from_millis(5), std::future::pending::<()>()).await, None);
        });
    }
}

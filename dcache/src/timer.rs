//! Waiting that needs no runtime: one thread wakes whoever waited long enough.
//!
//! The thread is woken for a new deadline only when that comes before the end of its sleep. Most deadlines are
//! cancelled long before, and it sleeps on until the first that it knew of; so most calls only touch a list.
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
    is_near: bool,
    ticket: Option<Ticket>,
}

impl Alarm {
    /// Rings this long from now, or never where the clock cannot count that far.
    pub(crate) fn after(delay: Duration) -> Self {
        Self { deadline: Instant::now().checked_add(delay), is_near: delay <= NEAR, ticket: None }
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.deadline else { return Poll::Pending };
        if Instant::now() >= deadline {
            self.cancel();
            return Poll::Ready(());
        }
        let timer = Timer::get();
        let mut deadlines = timer.lock();
        match self.ticket {
            Some(ticket) => {
                if !deadlines.renew(ticket, cx.waker()) {
                    drop(deadlines);
                    self.cancel();
                    return Poll::Ready(()); // it has rung since the clock was read
                }
            }
            None => {
                self.ticket = Some(deadlines.set(deadline, self.is_near, cx.waker().clone()));
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
            let waker = Timer::get().lock().cancel(ticket);
            drop(waker); // code of others, so outside of the lock
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.cancel();
    }
}

/// The time budgets of tiers are no longer than this, as a rule.
const NEAR: Duration = Duration::from_secs(10);

/// Where an alarm is, until it is cancelled.
#[derive(Clone, Copy)]
enum Ticket {
    Near(usize),
    Far(Instant, u64),
}

/// Who is to be woken when.
///
/// Alarms of the near future are set and cancelled with every call below memory, so they are in no order: the thread
/// looks through them, some ten times a second. Those of calls that wait for others are not so many a second, but may
/// be many at once.
#[derive(Default)]
struct Deadlines {
    /// A place is free, or its alarm has rung, where there is nothing.
    near: Vec<Option<(Instant, Waker)>>,
    free: Vec<usize>,
    far: BTreeMap<(Instant, u64), Waker>,
    issued: u64,
    /// Until when the thread sleeps, `Some(None)` for ever; `None` while it is awake, or has been called.
    asleep: Option<Option<Instant>>,
}

impl Deadlines {
    fn set(&mut self, deadline: Instant, is_near: bool, waker: Waker) -> Ticket {
        if !is_near {
            self.issued += 1;
            self.far.insert((deadline, self.issued), waker);
            return Ticket::Far(deadline, self.issued);
        }
        let alarm = Some((deadline, waker));
        match self.free.pop() {
            Some(place) => {
                self.near[place] = alarm;
                Ticket::Near(place)
            }
            None => {
                self.near.push(alarm);
                Ticket::Near(self.near.len() - 1)
            }
        }
    }

    /// Has an alarm wake somebody else, unless it has rung.
    fn renew(&mut self, ticket: Ticket, waker: &Waker) -> bool {
        let place = match ticket {
            Ticket::Near(place) => self.near[place].as_mut().map(|(_, waker)| waker),
            Ticket::Far(deadline, number) => self.far.get_mut(&(deadline, number)),
        };
        place.is_some_and(|place| {
            place.clone_from(waker);
            true
        })
    }

    fn cancel(&mut self, ticket: Ticket) -> Option<Waker> {
        match ticket {
            Ticket::Near(place) => {
                self.free.push(place);
                self.near[place].take().map(|(_, waker)| waker)
            }
            Ticket::Far(deadline, number) => self.far.remove(&(deadline, number)),
        }
    }

    /// Takes the wakers of all whose time has come, and says when the next one's comes.
    fn due(&mut self, now: Instant) -> (Vec<Waker>, Option<Instant>) {
        let later = self.far.split_off(&(now, u64::MAX));
        let far = std::mem::replace(&mut self.far, later).into_values();
        let is_due = |alarm: &mut (Instant, Waker)| alarm.0 <= now;
        let near = self.near.iter_mut().filter_map(|place| place.take_if(is_due)).map(|(_, waker)| waker);
        let due = near.chain(far).collect();
        let near = self.near.iter().flatten().map(|(deadline, _)| *deadline);
        let next = near.chain(self.far.first_key_value().map(|((deadline, _), _)| *deadline)).min();
        (due, next)
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
            let (due, next) = deadlines.due(now);
            if !due.is_empty() {
                drop(deadlines);
                wake_all(due);
                deadlines = self.lock();
                continue;
            }
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
            let mut near = Alarm::after(NEAR);
            poll_fn(|cx| {
                assert!(
                    [&mut long, &mut never, &mut near].into_iter().all(|alarm| alarm.poll(cx).is_pending())
                );
                Poll::Ready(())
            })
            .await;
            assert_eq!(timeout(Duration::from_millis(5), std::future::pending::<()>()).await, None);
        });
    }

    #[test]
    fn an_alarm_that_rings_while_it_is_polled_is_over() {
        let mut alarm = Alarm::after(Duration::from_secs(5));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(alarm.poll(&mut cx).is_pending());
        let Some(Ticket::Near(place)) = alarm.ticket else { panic!("it is near") };
        Timer::get().lock().near[place] = None; // as when its time has come
        assert!(alarm.poll(&mut cx).is_ready());
    }

    #[test]
    fn alarms_that_are_set_and_cancelled_leave_the_others_as_they_are() {
        let mut deadlines = Deadlines::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let woken = |deadlines: &mut Deadlines, seconds| {
            let (due, next) = deadlines.due(at(seconds));
            (due.len(), next)
        };
        let tickets: Vec<_> = [(1, true), (2, true), (3, false), (4, false), (2, true)]
            .map(|(seconds, is_near)| deadlines.set(at(seconds), is_near, Waker::noop().clone()))
            .into();
        assert_eq!(woken(&mut deadlines, 0), (0, Some(at(1))));
        assert!(deadlines.cancel(tickets[0]).is_some() && deadlines.cancel(tickets[2]).is_some());
        let again = deadlines.set(at(5), true, Waker::noop().clone());
        assert_eq!(woken(&mut deadlines, 1), (0, Some(at(2))));
        assert_eq!(woken(&mut deadlines, 2), (2, Some(at(4))));
        // the place of one that has rung is not given away before it is cancelled
        let other = deadlines.set(at(6), true, Waker::noop().clone());
        assert!(deadlines.cancel(tickets[1]).is_none());
        assert_eq!(woken(&mut deadlines, 4), (1, Some(at(5))));
        assert!(deadlines.cancel(again).is_some());
        assert_eq!(woken(&mut deadlines, 5), (0, Some(at(6))));
        assert!(deadlines.cancel(other).is_some());
        assert_eq!(woken(&mut deadlines, 9), (0, None));
        assert_eq!(deadlines.near.len(), 4);
    }
}

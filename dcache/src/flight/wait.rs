//! Waiting for a flight.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use dcache_backends::clock;

use super::lead::{Lead, Lender};
use super::state::{Flight, Outcome, State};
use super::{Answer, Flights, Turn};
use crate::bounds::{CacheKey, CacheValue};
use crate::policy::Standing;
use crate::timer::Alarm;

/// A place among those who wait for a flight. Dropped, it gives its chance to lead to the next.
pub(crate) struct Wait<K: CacheKey, V: CacheValue> {
    flights: Arc<Flights<K, V>>,
    flight: Arc<Flight<K, V>>,
    ticket: u64,
    is_over: bool,
}

impl<K: CacheKey, V: CacheValue> Wait<K, V> {
    pub(super) fn new(flights: Arc<Flights<K, V>>, flight: Arc<Flight<K, V>>, ticket: u64) -> Self {
        Self { flights, flight, ticket, is_over: false }
    }

    /// Waits for the outcome or for a place to lead; after this long, leads beside who leads.
    ///
    /// Where there is an older value that may do instead, it does after `soft`.
    pub(crate) async fn turn(mut self, patience: Duration, soft: Option<Duration>) -> Turn<K, V> {
        let mut alarm = Alarm::after(patience);
        let mut soft = soft.map(Alarm::after);
        poll_fn(|cx| {
            let mut state = self.flight.state.lock();
            let turn = match &state.outcome {
                // its life has ended while it was written into nearer tiers
                Some(Outcome::Value(_)) if state.is_found && state.fresh_until <= clock::now() => Turn::Again,
                Some(Outcome::Value(answer)) => Turn::Value(answer.clone()),
                // who led may have wanted to know; who waits has an older value instead, if there is one
                Some(Outcome::Error(error)) => match state.lent(Standing::Kept) {
                    Some(answer) => Turn::Value(answer),
                    None => Turn::Error(error.clone()),
                },
                Some(Outcome::Changed) => Turn::Again,
                None => match self.instead(&state, &mut soft, cx) {
                    // as if it gave up: another may be called to lead, or the flight be left by all
                    Some(answer) => return Poll::Ready(Turn::Value(answer)),
                    None if state.vacant > 0 => {
                        state.vacant -= 1;
                        self.lead(&mut state)
                    }
                    None => loop {
                        if alarm.poll(cx).is_pending() {
                            state.will_wake(self.ticket, cx.waker().clone());
                            return Poll::Pending;
                        }
                        if self.flight.is_change() {
                            break Turn::Alone(Lender::new(self.flight.clone()));
                        }
                        // another waiter may have begun to lead in the meantime
                        let led_for = state.led_at.map_or(Duration::MAX, |led_at| led_at.elapsed());
                        match patience.checked_sub(led_for).filter(|rest| !rest.is_zero()) {
                            Some(rest) => alarm = Alarm::after(rest),
                            None => break self.lead(&mut state),
                        }
                    },
                },
            };
            state.leaves(self.ticket);
            drop(state);
            self.is_over = true;
            Poll::Ready(turn)
        })
        .await
    }

    /// Returns the older value that this caller may have now.
    fn instead(&self, state: &State<V>, soft: &mut Option<Alarm>, cx: &mut Context<'_>) -> Option<Answer<V>> {
        let has_waited = soft.as_mut().is_some_and(|soft| soft.poll(cx).is_ready());
        state.lent(if has_waited { Standing::Kept } else { Standing::Stale })
    }

    fn lead(&self, state: &mut State<V>) -> Turn<K, V> {
        state.lead();
        Turn::Lead(Lead::new(&self.flights, self.flight.clone()))
    }
}

impl<K: CacheKey, V: CacheValue> Drop for Wait<K, V> {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        self.flights.rearrange(&self.flight, |state| state.leaves(self.ticket));
    }
}

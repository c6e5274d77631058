//! Blocking connections, for synchronous callers.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::{Client, Connection, ConnectionLike};

use super::command::Request;
use super::fault::Failure;

/// How many unused connections are kept.
const IDLE: usize = 8;

/// The least and the most time that a socket waits; none would mean for ever.
const WAIT: (Duration, Duration) = (Duration::from_millis(1), Duration::from_secs(60 * 60));

/// The blocking connections to one server. As many are open as threads use them at once.
pub(super) struct Pool {
    client: Client,
    /// The one used last is used next, so that the others may go idle and be closed by the server.
    idle: Mutex<Vec<Pooled>>,
}

struct Pooled {
    connection: Connection,
    /// How long the socket waits, as last set.
    wait: Duration,
}

impl Pool {
    pub(super) fn new(client: Client) -> Self {
        Self { client, idle: Mutex::default() }
    }

    /// Sends a command and waits for the answer, all within the budget: connecting has what is left of it.
    ///
    /// The name's look-up has its own limits, and an answer that comes in drops may take longer.
    pub(super) fn send<T>(&self, request: &Request<T>, budget: Duration) -> Result<T, Failure> {
        let start = Instant::now();
        let pooled = self.idle().pop();
        if let Some(mut pooled) = pooled {
            match pooled.send(request, budget) {
                // closed by the server since its last use: then the command was not carried out, and if it
                // was, to do so twice is the same
                Err(Failure::Command(cause)) if cause.is_connection_dropped() => self.idle().clear(),
                answer => return self.settle(pooled, answer),
            }
        }
        let mut fresh = self.connect(left(budget, start)?)?;
        let answer = fresh.send(request, left(budget, start)?);
        self.settle(fresh, answer)
    }

    fn connect(&self, budget: Duration) -> Result<Pooled, Failure> {
        let connection = self.client.get_connection_with_timeout(budget.clamp(WAIT.0, WAIT.1));
        Ok(Pooled { connection: connection.map_err(Failure::Connect)?, wait: Duration::ZERO })
    }

    /// Keeps a connection that brought an answer. What happened to another has most likely happened to all
    /// that are idle: the server or the network is gone.
    fn settle<T>(&self, pooled: Pooled, answer: Result<T, Failure>) -> Result<T, Failure> {
        let mut idle = self.idle();
        if answer.as_ref().is_err_and(|failure| !failure.is_refusal()) {
            idle.clear();
        } else if idle.len() < IDLE {
            idle.push(pooled);
        }
        answer
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Pooled>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pooled {
    /// Sends a command. After a failure other than a refusal the connection is useless: an answer may still
    /// come.
    fn send<T>(&mut self, request: &Request<T>, budget: Duration) -> Result<T, Failure> {
        let wait = budget.clamp(WAIT.0, WAIT.1);
        if wait != self.wait {
            self.connection.set_read_timeout(Some(wait)).map_err(Failure::Command)?;
            self.connection.set_write_timeout(Some(wait)).map_err(Failure::Command)?;
            self.wait = wait;
        }
        request.read(self.connection.req_command(&request.command))
    }
}

fn left(budget: Duration, start: Instant) -> Result<Duration, Failure> {
    match budget.checked_sub(start.elapsed()) {
        Some(left) if !left.is_zero() => Ok(left),
        _ => Err(Failure::Connect(Failure::timeout())),
    }
}

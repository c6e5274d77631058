//! Blocking connections, for synchronous callers.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::ConnectionInfo;

use super::command::Request;
use super::fault::Failure;
use super::link::Link;

/// How many unused connections are kept.
const IDLE: usize = 8;

/// The blocking connections to one server. As many are open as threads use them at once.
pub(super) struct Pool {
    server: ConnectionInfo,
    address: String,
    /// The one used last is used next, so that the others may go idle and be closed by the server.
    idle: Mutex<Vec<Link>>,
}

impl Pool {
    /// Holds connections to a server, and its address for errors.
    pub(super) fn new(server: ConnectionInfo, address: String) -> Self {
        Self { server, address, idle: Mutex::default() }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Sends a command and waits for the answer, all within the budget: connecting has what is left of it.
    pub(super) fn send<T>(&self, request: &Request<T>, budget: Duration) -> Result<T, Failure> {
        let deadline = Instant::now().checked_add(budget).unwrap_or_else(far);
        let idle = self.idle().pop();
        if let Some(mut link) = idle {
            match link.send(request, deadline) {
                // closed by the server since its last use: then the command was not carried out, and if it
                // was, to do so twice is the same
                Err(Failure::Command(cause)) if cause.is_connection_dropped() => self.idle().clear(),
                answer => return self.settle(link, answer),
            }
        }
        let mut fresh = Link::open(&self.server, deadline).map_err(Failure::Connect)?;
        let answer = fresh.send(request, deadline).map_err(|failure| match failure {
            Failure::Command(cause) if cause.is_connection_dropped() => Failure::Closed(cause),
            failure => failure,
        });
        self.settle(fresh, answer)
    }

    /// Keeps a connection that brought an answer. What happened to another has most likely happened to all
    /// that are idle: the server or the network is gone.
    fn settle<T>(&self, link: Link, answer: Result<T, Failure>) -> Result<T, Failure> {
        let mut idle = self.idle();
        if answer.as_ref().is_err_and(|failure| !failure.is_refusal()) {
            idle.clear();
        } else if idle.len() < IDLE {
            idle.push(link);
        }
        answer
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Link>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As good as never.
fn far() -> Instant {
    Instant::now() + Duration::from_secs(60 * 60)
}

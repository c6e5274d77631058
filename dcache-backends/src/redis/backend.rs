//! [`Redis`] as a tier.

use std::borrow::Cow;
use std::time::Duration;

use super::command;
use super::config::Redis;
use super::connector::SILENT;
use super::fault::{Failure, TIER};
use super::pool::Pool;
use super::sweep::Sweep;
use crate::{Backend, BlockingBackend, Bytes, Error, Key, Operation, Scope, async_trait};

/// How long an operation may take by default.
const BUDGET: Duration = Duration::from_millis(100);

/// Uses the connection of the caller's tokio runtime, else the I/O thread's; never blocks.
///
/// Bounds its time by itself only for callers that don't: 1 s to connect, 5 s for an answer.
#[async_trait]
impl Backend for Redis {
    fn name(&self) -> &str {
        TIER
    }

    async fn get(&self, key: &Key) -> Result<Option<Bytes>, Error> {
        let entry = self.registry().send(command::get(key)).await;
        entry.map_err(|failure| self.error(failure, Operation::Get).with_key(key))
    }

    async fn get_within(&self, key: &Key, limit: usize) -> Result<Option<Bytes>, Error> {
        let entry = self.registry().send(command::get_within(key, limit)).await;
        let entry = entry.and_then(|entry| command::within(limit, entry));
        entry.map_err(|failure| self.error(failure, Operation::Get).with_key(key))
    }

    async fn set(&self, key: &Key, entry: Bytes, life: Option<Duration>) -> Result<(), Error> {
        let done = self.registry().send(command::set(key, &entry, life)).await;
        done.map_err(|failure| self.error(failure, Operation::Set).with_key(key))
    }

    async fn remove(&self, key: &Key) -> Result<(), Error> {
        let done = self.registry().send(command::remove(key)).await;
        done.map_err(|failure| self.error(failure, Operation::Remove).with_key(key))
    }

    async fn clear(&self, scope: &Scope) -> Result<u64, Error> {
        let mut sweep = Sweep::new(scope);
        while let Some(request) = sweep.request() {
            let step = self.registry().send(request).await;
            sweep.take(step.map_err(|failure| self.error(failure, Operation::Clear))?);
        }
        Ok(sweep.removed())
    }

    async fn check(&self) -> Result<(), Error> {
        match self.registry().send(command::ping()).await {
            // who is let in without the right to `PING` may still have the rights that are needed
            Err(Failure::Command(cause)) if cause.code() == Some("NOPERM") => Ok(()),
            pong => pong.map_err(|failure| self.error(failure, Operation::Check)),
        }
    }

    fn time_budget(&self) -> Duration {
        BUDGET
    }

    fn waiting_for(&self) -> Cow<'_, str> {
        match self.registry().is_shaking() {
            true => format!("{}: {SILENT}", self.address()).into(),
            false => self.address().into(),
        }
    }

    /// A small pool of blocking connections, which works within tokio runtimes and outside. None over TLS: there
    /// the caller of its synchronous functions waits for the I/O thread's connection.
    fn as_blocking(&self) -> Option<&dyn BlockingBackend> {
        self.pool().map(|pool| pool as _)
    }
}

impl BlockingBackend for Pool {
    fn get(&self, key: &Key, limit: usize, budget: Duration) -> Result<Option<Bytes>, Error> {
        let entry = self.send(&command::get_within(key, limit), budget);
        let entry = entry.and_then(|entry| command::within(limit, entry));
        entry.map_err(|failure| self.error(failure, Operation::Get).with_key(key))
    }

    fn set(&self, key: &Key, entry: Bytes, life: Option<Duration>, budget: Duration) -> Result<(), Error> {
        let done = self.send(&command::set(key, &entry, life), budget);
        done.map_err(|failure| self.error(failure, Operation::Set).with_key(key))
    }

    fn remove(&self, key: &Key, budget: Duration) -> Result<(), Error> {
        let done = self.send(&command::remove(key), budget);
        done.map_err(|failure| self.error(failure, Operation::Remove).with_key(key))
    }

    fn clear(&self, scope: &Scope, budget: Duration) -> Result<u64, Error> {
        let mut sweep = Sweep::new(scope);
        while let Some(request) = sweep.request() {
            let step = self.send(&request, budget);
            sweep.take(step.map_err(|failure| self.error(failure, Operation::Clear))?);
        }
        Ok(sweep.removed())
    }
}

impl Redis {
    fn error(&self, failure: Failure, operation: Operation) -> Error {
        failure.into_error(operation, self.address())
    }
}

impl Pool {
    fn error(&self, failure: Failure, operation: Operation) -> Error {
        failure.into_error(operation, self.address())
    }
}

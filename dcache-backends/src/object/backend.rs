//! The folder as a tier.

use std::fs::FileTimes;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::dir::Dir;
use super::draft::Draft;
use super::fault::{TIER, error, fault};
use super::file;
use super::root::Root;
use super::walk::{Found, Walk};
use super::{Fs, tally};
use crate::io::run_blocking;
use crate::{Backend, BlockingBackend, Bytes, Error, ErrorKind, Key, Operation, Scope, async_trait};

/// Runs every operation on the blocking pool: a disk that hangs holds a thread of it, not the caller, who may
/// drop the future. A system call that has begun goes on; but a write that was given up publishes nothing after
/// a `remove`, a `clear` or a newer `set` of this process that began later.
#[async_trait]
impl Backend for Fs {
    fn name(&self) -> &str {
        TIER
    }

    async fn get(&self, key: &Key) -> Result<Option<Bytes>, Error> {
        // nothing larger than the capacity was ever written
        self.get_within(key, usize::try_from(self.room.capacity()).unwrap_or(usize::MAX)).await
    }

    async fn get_within(&self, key: &Key, limit: usize) -> Result<Option<Bytes>, Error> {
        let (root, name) = (self.room.root().clone(), key.object_name());
        aside(Operation::Get, move || file::read(&root, &name, limit))
            .await
            .map_err(|error| error.with_key(key))
    }

    async fn set(&self, key: &Key, entry: Bytes, life: Option<Duration>) -> Result<(), Error> {
        let (fs, name) = (self.clone(), key.object_name());
        let caller = Arc::new(()); // goes with this future
        let waiting = Arc::downgrade(&caller);
        let write =
            move || fs.write(&name, &entry, life, Self::TIME_BUDGET / 2, || waiting.strong_count() > 0);
        let written = aside(Operation::Set, write).await.map_err(|error| error.with_key(key));
        drop(caller);
        written
    }

    async fn remove(&self, key: &Key) -> Result<(), Error> {
        let (root, name) = (self.room.root().clone(), key.object_name());
        aside(Operation::Remove, move || delete(&root, &name)).await.map_err(|error| error.with_key(key))
    }

    async fn clear(&self, scope: &Scope) -> Result<u64, Error> {
        let (fs, scope) = (self.clone(), scope.clone());
        aside(Operation::Clear, move || fs.empty(&scope, Duration::MAX)).await
    }

    /// Tries whether the folder takes a file and keeps its modification time.
    async fn check(&self) -> Result<(), Error> {
        let fs = self.clone();
        aside(Operation::Check, move || fs.probe()).await
    }

    /// Returns 250 ms.
    fn time_budget(&self) -> Duration {
        Self::TIME_BUDGET
    }

    fn as_blocking(&self) -> Option<&dyn BlockingBackend> {
        Some(self)
    }
}

/// Answers on the calling thread. No system call can be cut short there, so an operation may take longer than
/// its budget.
///
/// A `get` or a `set` that did fails with [`ErrorKind::Timeout`] afterwards, although the entry is there, just
/// as its asynchronous twin would have been given up: only so does a breaker learn of a disk that makes every
/// call slower than the function itself. A `remove` that is late has removed, and says so.
impl BlockingBackend for Fs {
    fn get(&self, key: &Key, limit: usize, budget: Duration) -> Result<Option<Bytes>, Error> {
        within(budget, Operation::Get, || file::read(self.room.root(), &key.object_name(), limit))
            .map_err(|error| error.with_key(key))
    }

    fn set(&self, key: &Key, entry: Bytes, life: Option<Duration>, budget: Duration) -> Result<(), Error> {
        let write = || self.write(&key.object_name(), &entry, life, budget / 2, || true);
        within(budget, Operation::Set, write).map_err(|error| error.with_key(key))
    }

    fn remove(&self, key: &Key, _budget: Duration) -> Result<(), Error> {
        delete(self.room.root(), &key.object_name()).map_err(|error| error.with_key(key))
    }

    fn clear(&self, scope: &Scope, budget: Duration) -> Result<u64, Error> {
        self.empty(scope, budget)
    }
}

impl Fs {
    fn write(
        &self,
        name: &str,
        entry: &[u8],
        life: Option<Duration>,
        patience: Duration,
        is_wanted: impl Fn() -> bool,
    ) -> Result<(), Error> {
        let refused = |kind, why: &str| Err(error(kind, Operation::Set).with_context(why.to_owned()));
        let charge = tally::charge(entry.len() as u64);
        if charge > self.room.capacity() {
            return refused(ErrorKind::TooLarge, "more than the whole capacity");
        }
        if !self.room.admit(charge, patience, &is_wanted) {
            return refused(ErrorKind::Full, "more is written than can be removed; raise `capacity`");
        }
        match file::publish(self.room.root(), name, entry, file::expiry(life), is_wanted) {
            Ok(Some(taken)) => self.room.wrote(taken),
            Ok(None) => {} // nobody hears of it
            Err(cause) => {
                let error = fault(Operation::Set, cause);
                if error.kind() == ErrorKind::Full {
                    self.room.is_full();
                }
                return Err(error);
            }
        }
        Ok(())
    }

    /// Removes what is there when the walk comes by; stops where one file takes longer than the budget.
    fn empty(&self, scope: &Scope, budget: Duration) -> Result<u64, Error> {
        let failed = |cause| fault(Operation::Clear, cause);
        let (mut removed, mut first, mut step) = (0, None, Instant::now());
        self.room.root().pass_lanes();
        for found in Walk::scope(self.root(), scope).map_err(failed)? {
            match found.and_then(discard) {
                Ok(count) => removed += count,
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => {} // somebody was faster
                Err(cause) => drop(first.get_or_insert(cause)),             // the rest goes all the same
            }
            if step.elapsed() > budget {
                return Err(error(ErrorKind::Timeout, Operation::Clear));
            }
            step = Instant::now();
        }
        first.map_or(Ok(removed), |cause| Err(failed(cause)))
    }

    fn probe(&self) -> Result<(), Error> {
        let failed = |cause| fault(Operation::Check, cause);
        let expiry = file::expiry(Some(Duration::from_secs(3600)));
        self.room.root().restore().map_err(failed)?;
        let folder = Dir::open(self.root(), "").map_err(failed)?;
        let draft = Draft::create(&folder).map_err(failed)?;
        draft.write(b"dcache", FileTimes::new().set_modified(expiry)).map_err(failed)?;
        let kept = draft.file().metadata().and_then(|file| file.modified()).map_err(failed)?;
        // some file systems count in steps of two seconds
        if kept.duration_since(expiry).unwrap_or_else(|before| before.duration()) > Duration::from_secs(2) {
            let context = "the file system does not keep modification times, in which expiry lies";
            return Err(error(ErrorKind::Config, Operation::Check).with_context(context));
        }
        Ok(())
    }
}

/// Removes what a walk found, and says how many objects that were.
fn discard(found: Found) -> io::Result<u64> {
    match found {
        Found::Object(spot) => spot.folder.remove_file(&spot.name).map(|()| 1),
        Found::Draft(_) | Found::Folder(_) => Ok(0), // perhaps in use; or else the next sweep's
    }
}

fn delete(root: &Root, name: &str) -> Result<(), Error> {
    file::remove(root, name).map_err(|cause| fault(Operation::Remove, cause))
}

async fn aside<T: Send + 'static>(
    operation: Operation,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match run_blocking(work).await {
        Ok(done) => done,
        Err(cause) => Err(error(cause.kind(), operation).with_source(cause)),
    }
}

fn within<T>(
    budget: Duration,
    operation: Operation,
    work: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    let start = Instant::now();
    let done = work()?;
    if start.elapsed() > budget {
        return Err(error(ErrorKind::Timeout, operation));
    }
    Ok(done)
}

//! A fast tier in this process, which answers asynchronous and synchronous callers in place.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dcache::{Backend, BlockingBackend, Bytes, Error, ErrorKind, Key, Operation, Scope, async_trait};

/// A tier that holds all it is given until it is removed; clones are the same one.
#[derive(Clone)]
pub(crate) struct Rack(Arc<State>);

struct State {
    name: &'static str,
    entries: Mutex<HashMap<String, Bytes>>,
    /// It says that it has removed what it has not.
    lies: bool,
}

impl Rack {
    pub(crate) fn new(name: &'static str) -> Self {
        Self(Arc::new(State { name, entries: Mutex::default(), lies: false }))
    }

    /// A tier that breaks its word: what is removed stays.
    pub(crate) fn liar(name: &'static str) -> Self {
        Self(Arc::new(State { name, entries: Mutex::default(), lies: true }))
    }

    pub(crate) fn entry(&self, key: &Key) -> Option<Bytes> {
        self.entries().get(key.as_str()).cloned()
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<String, Bytes>> {
        self.0.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, key: &Key, entry: Bytes) {
        self.entries().insert(key.as_str().to_owned(), entry);
    }

    fn forget(&self, key: &Key) {
        if !self.0.lies {
            self.entries().remove(key.as_str());
        }
    }

    fn empty(&self, scope: &Scope) -> u64 {
        let (prefix, mut entries) = (scope.key_prefix(), self.entries());
        let before = entries.len();
        if !self.0.lies {
            entries.retain(|key, _| !key.starts_with(&prefix));
        }
        (before - entries.len()) as u64
    }
}

#[async_trait]
impl Backend for Rack {
    fn name(&self) -> &str {
        self.0.name
    }
    async fn get(&self, key: &Key) -> Result<Option<Bytes>, Error> {
        Ok(self.entry(key))
    }
    async fn set(&self, key: &Key, entry: Bytes, _life: Option<Duration>) -> Result<(), Error> {
        self.write(key, entry);
        Ok(())
    }
    async fn remove(&self, key: &Key) -> Result<(), Error> {
        self.forget(key);
        Ok(())
    }
    async fn clear(&self, scope: &Scope) -> Result<u64, Error> {
        Ok(self.empty(scope))
    }
    fn time_budget(&self) -> Duration {
        Duration::from_millis(1)
    }
    fn as_blocking(&self) -> Option<&dyn BlockingBackend> {
        Some(self)
    }
}

impl BlockingBackend for Rack {
    fn get(&self, key: &Key, limit: usize, _budget: Duration) -> Result<Option<Bytes>, Error> {
        match self.entry(key) {
            Some(entry) if entry.len() > limit => Err(Error::new(ErrorKind::TooLarge, Operation::Get)),
            entry => Ok(entry),
        }
    }
    fn set(&self, key: &Key, entry: Bytes, _life: Option<Duration>, _budget: Duration) -> Result<(), Error> {
        self.write(key, entry);
        Ok(())
    }
    fn remove(&self, key: &Key, _budget: Duration) -> Result<(), Error> {
        self.forget(key);
        Ok(())
    }
    fn clear(&self, scope: &Scope, _budget: Duration) -> Result<u64, Error> {
        Ok(self.empty(scope))
    }
}

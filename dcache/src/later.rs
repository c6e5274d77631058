//! A folder that is opened when it is first asked: a function that is first called in an isolated test has one.

use std::sync::OnceLock;
use std::time::Duration;

use dcache_backends::object::Fs;
use dcache_backends::{Backend, BlockingBackend, Bytes, Error, Key, Scope, async_trait};

type Open = Box<dyn Fn() -> Result<Fs, Error> + Send + Sync>;

/// A folder that is opened when it is first asked; one that cannot be opened fails whatever it is asked.
pub(crate) struct Later {
    open: Open,
    fs: OnceLock<Result<Fs, Error>>,
}

impl Later {
    pub(crate) fn new(open: impl Fn() -> Result<Fs, Error> + Send + Sync + 'static) -> Self {
        Self { open: Box::new(open), fs: OnceLock::new() }
    }

    fn fs(&self) -> Result<&Fs, Error> {
        self.fs.get_or_init(&self.open).as_ref().map_err(Error::clone)
    }
}

#[async_trait]
impl Backend for Later {
    fn name(&self) -> &str {
        "fs"
    }
    async fn get(&self, key: &Key) -> Result<Option<Bytes>, Error> {
        Backend::get(self.fs()?, key).await
    }
    async fn set(&self, key: &Key, entry: Bytes, life: Option<Duration>) -> Result<(), Error> {
        Backend::set(self.fs()?, key, entry, life).await
    }
    async fn remove(&self, key: &Key) -> Result<(), Error> {
        Backend::remove(self.fs()?, key).await
    }
    async fn clear(&self, scope: &Scope) -> Result<u64, Error> {
        Backend::clear(self.fs()?, scope).await
    }
    async fn get_within(&self, key: &Key, limit: usize) -> Result<Option<Bytes>, Error> {
        self.fs()?.get_within(key, limit).await
    }
    async fn check(&self) -> Result<(), Error> {
        self.fs()?.check().await
    }
    fn time_budget(&self) -> Duration {
        Fs::TIME_BUDGET
    }
    fn as_blocking(&self) -> Option<&dyn BlockingBackend> {
        self.fs().ok()?.as_blocking()
    }
}

//! What stands in for the tiers below memory while a test is isolated: entries in this process, by dcache's clock.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use dcache_backends::clock::{self, Tick};
use dcache_backends::{
    Backend, BlockingBackend, Bytes, Error, ErrorKind, Key, Operation, Scope, async_trait,
};

use crate::chaos::Chaos;
use crate::sync::Mutex;

/// Numbers the isolations, and the times before, between and after them: the odd ones are isolations.
static ERA: AtomicU64 = AtomicU64::new(0);

/// What the twins of one place hold; for tiers that are opened more than once.
static PLACES: Mutex<BTreeMap<String, Arc<Entries>>> = Mutex::new(BTreeMap::new());

/// What all twins go wrong by.
static CHAOS: Mutex<Option<Chaos>> = Mutex::new(None);

/// Returns the number of this time.
pub(crate) fn era() -> u64 {
    ERA.load(SeqCst)
}

/// Tells whether a time is an isolation.
pub(crate) fn is_isolated(era: u64) -> bool {
    era % 2 == 1
}

/// Begins an isolation, whose twins go wrong by this, or ends it; nothing is left of the twins that were.
pub(crate) fn turn_over(chaos: Option<Chaos>) {
    let mut places = PLACES.lock();
    let former = std::mem::replace(&mut *CHAOS.lock(), chaos);
    ERA.fetch_add(1, SeqCst);
    places.clear();
    drop(places);
    drop(former);
}

/// Creates an empty twin of a tier; those of one place are the same. It goes wrong as the tier does, else as all do.
pub(crate) fn of(tier: &dyn Backend, place: Option<&str>, chaos: Option<&Chaos>) -> Arc<dyn Backend> {
    let twin = Twin::of(tier, place);
    match chaos.cloned().or_else(|| CHAOS.lock().clone()) {
        Some(chaos) => Arc::new(chaos.over(twin)),
        None => Arc::new(twin),
    }
}

type Entries = Mutex<BTreeMap<String, (Bytes, Tick)>>;

/// A tier in this process: it never fails, and holds all it is given until that expires.
struct Twin {
    name: String,
    budget: Duration,
    entries: Arc<Entries>,
}

impl Twin {
    fn of(tier: &dyn Backend, place: Option<&str>) -> Self {
        let entries = match place {
            Some(place) => PLACES.lock().entry(place.to_owned()).or_default().clone(),
            None => Arc::default(),
        };
        Self { name: tier.name().to_owned(), budget: tier.time_budget(), entries }
    }

    fn read(&self, key: &Key) -> Option<Bytes> {
        let mut entries = self.entries.lock();
        let (entry, expires) = entries.get(key.as_str())?;
        if *expires != Tick::NEVER && *expires <= clock::now() {
            entries.remove(key.as_str());
            return None;
        }
        Some(entry.clone())
    }

    fn write(&self, key: &Key, entry: Bytes, life: Option<Duration>) {
        let expires = life.map_or(Tick::NEVER, |life| clock::now().after(life));
        self.entries.lock().insert(key.as_str().to_owned(), (entry, expires));
    }

    fn forget(&self, key: &Key) {
        self.entries.lock().remove(key.as_str());
    }

    fn empty(&self, scope: &Scope) -> u64 {
        let prefix = scope.key_prefix();
        let mut entries = self.entries.lock();
        let before = entries.len();
        entries.retain(|key, _| !key.starts_with(&prefix));
        (before - entries.len()) as u64
    }
}

#[async_trait]
impl Backend for Twin {
    fn name(&self) -> &str {
        &self.name
    }
    async fn get(&self, key: &Key) -> Result<Option<Bytes>, Error> {
        Ok(self.read(key))
    }
    async fn set(&self, key: &Key, entry: Bytes, life: Option<Duration>) -> Result<(), Error> {
        self.write(key, entry, life);
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
        self.budget
    }
    fn as_blocking(&self) -> Option<&dyn BlockingBackend> {
        Some(self)
    }
}

impl BlockingBackend for Twin {
    fn get(&self, key: &Key, limit: usize, _budget: Duration) -> Result<Option<Bytes>, Error> {
        match self.read(key) {
            Some(entry) if entry.len() > limit => Err(Error::new(ErrorKind::TooLarge, Operation::Get)
                .with_tier(self.name.clone())
                .with_key(key)),
            entry => Ok(entry),
        }
    }
    fn set(&self, key: &Key, entry: Bytes, life: Option<Duration>, _budget: Duration) -> Result<(), Error> {
        self.write(key, entry, life);
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

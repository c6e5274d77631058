//! A tier whose answers can be held back, so that a test decides what comes first.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use dcache::{Backend, Bytes, Error, Key, Scope, async_trait};
use tokio::sync::watch;

use crate::Shelf;

/// A shelf behind a gate that holds gets, or sets, until it is opened; clones are the same gate.
///
/// Nothing times out here within a test, unless the test gives the tier a timeout of its own.
#[derive(Clone, Default)]
pub struct Gate(Arc<State>);

#[derive(Default)]
struct State {
    shelf: Shelf,
    holds_gets: watch::Sender<bool>,
    holds_sets: watch::Sender<bool>,
    sets: AtomicUsize,
}

impl Gate {
    /// Creates an open gate before an empty shelf.
    pub fn new() -> Self {
        Self::default()
    }

    /// Holds every get from now on.
    pub fn hold_gets(&self) {
        self.0.holds_gets.send_replace(true);
    }

    /// Holds every set from now on, before it has stored anything.
    pub fn hold_sets(&self) {
        self.0.holds_sets.send_replace(true);
    }

    /// Lets all go on that is held, and all that comes.
    pub fn open(&self) {
        self.0.holds_gets.send_replace(false);
        self.0.holds_sets.send_replace(false);
    }

    /// Returns how many sets have come to the gate.
    pub fn sets(&self) -> usize {
        self.0.sets.load(SeqCst)
    }

    /// Returns the keys of the shelf, in order.
    pub fn keys(&self) -> Vec<String> {
        self.0.shelf.keys()
    }
}

async fn pass(holds: &watch::Sender<bool>) {
    holds.subscribe().wait_for(|holds| !holds).await.expect("the gate outlives who waits for it");
}

#[async_trait]
impl Backend for Gate {
    fn name(&self) -> &str {
        "gate"
    }

    fn time_budget(&self) -> Duration {
        Duration::from_secs(30)
    }

    async fn get(&self, key: &Key) -> Result<Option<Bytes>, Error> {
        pass(&self.0.holds_gets).await;
        self.0.shelf.get(key).await
    }

    async fn set(&self, key: &Key, entry: Bytes, life: Option<Duration>) -> Result<(), Error> {
        self.0.sets.fetch_add(1, SeqCst);
        pass(&self.0.holds_sets).await;
        self.0.shelf.set(key, entry, life).await
    }

    async fn remove(&self, key: &Key) -> Result<(), Error> {
        self.0.shelf.remove(key).await
    }

    async fn clear(&self, scope: &Scope) -> Result<u64, Error> {
        self.0.shelf.clear(scope).await
    }
}

//! A plug-in tier: a shelf of entries in memory, which can be told to fail.
//!
//! It depends on `dcache-backends` alone, as the tier of a stranger would.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dcache_backends::{Backend, Bytes, Error, ErrorKind, Key, Operation, Scope, async_trait};

/// What a shelf does when it is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// What it should.
    #[default]
    Willing,
    /// Fail at once.
    Broken,
    /// Read, but take nothing.
    ReadOnly,
    /// Never answer.
    Hanging,
    /// Panic.
    Panicking,
}

/// A tier that keeps entries in memory; clones are the same shelf.
#[derive(Clone, Debug, Default)]
pub struct Shelf(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    entries: BTreeMap<String, (Bytes, Option<Duration>)>,
    mood: Mood,
    asked: usize,
}

impl Shelf {
    /// Creates an empty shelf.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets what it does from now on.
    pub fn set_mood(&self, mood: Mood) {
        self.state().mood = mood;
    }

    /// Returns how often it was asked for anything.
    pub fn asked(&self) -> usize {
        self.state().asked
    }

    /// Returns the keys that it holds, in order.
    pub fn keys(&self) -> Vec<String> {
        self.state().entries.keys().cloned().collect()
    }

    /// Returns the entry under a key.
    pub fn entry(&self, key: &str) -> Option<Bytes> {
        self.state().entries.get(key).map(|(entry, _)| entry.clone())
    }

    /// Returns how long the entry under a key was to be kept.
    pub fn life(&self, key: &str) -> Option<Duration> {
        self.state().entries.get(key).and_then(|(_, life)| *life)
    }

    /// Puts an entry under a key, whatever it is.
    pub fn lay(&self, key: &str, entry: impl Into<Bytes>) {
        self.state().entries.insert(key.to_owned(), (entry.into(), None));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn act(&self, operation: Operation) -> Result<(), Error> {
        let mood = {
            let mut state = self.state();
            state.asked += 1;
            state.mood
        };
        let error = |kind| Err(Error::new(kind, operation).with_tier("shelf"));
        match mood {
            Mood::Willing => Ok(()),
            Mood::ReadOnly if operation == Operation::Get => Ok(()),
            Mood::ReadOnly => error(ErrorKind::ReadOnly),
            Mood::Broken => error(ErrorKind::Unavailable),
            Mood::Hanging => std::future::pending().await,
            Mood::Panicking => panic!("the shelf falls over"),
        }
    }
}

#[async_trait]
impl Backend for Shelf {
    fn name(&self) -> &str {
        "shelf"
    }

    async fn get(&self, key: &Key) -> Result<Option<Bytes>, Error> {
        self.act(Operation::Get).await?;
        Ok(self.entry(key.as_str()))
    }

    async fn set(&self, key: &Key, entry: Bytes, life: Option<Duration>) -> Result<(), Error> {
        self.act(Operation::Set).await?;
        self.state().entries.insert(key.as_str().to_owned(), (entry, life));
        Ok(())
    }

    async fn remove(&self, key: &Key) -> Result<(), Error> {
        self.act(Operation::Remove).await?;
        self.state().entries.remove(key.as_str());
        Ok(())
    }

    async fn clear(&self, scope: &Scope) -> Result<u64, Error> {
        self.act(Operation::Clear).await?;
        let mut state = self.state();
        let before = state.entries.len();
        state.entries.retain(|key, _| !key.starts_with(&scope.key_prefix()));
        Ok((before - state.entries.len()) as u64)
    }
}

//! A door that bodies wait at, so that a test decides when they end.

use std::sync::Arc;

use tokio::sync::watch;

/// A closed door, which holds whoever comes until it is opened; clones are the same door.
#[derive(Clone, Default)]
pub struct Door(Arc<State>);

#[derive(Default)]
struct State {
    is_open: watch::Sender<bool>,
    come: watch::Sender<usize>,
}

impl Door {
    /// Creates a closed door.
    pub fn new() -> Self {
        Self::default()
    }

    /// Comes to the door, and waits until it is open.
    pub async fn pass(&self) {
        self.0.come.send_modify(|come| *come += 1);
        self.0.is_open.subscribe().wait_for(|is_open| *is_open).await.expect("who waits holds the door");
    }

    /// Waits until so many have come.
    pub async fn has_seen(&self, many: usize) {
        self.0.come.subscribe().wait_for(|come| *come >= many).await.expect("who waits holds the door");
    }

    /// Returns how many have come.
    pub fn come(&self) -> usize {
        *self.0.come.borrow()
    }

    /// Lets all go on who wait, and all who come.
    pub fn open(&self) {
        self.0.is_open.send_replace(true);
    }
}

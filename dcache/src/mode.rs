//! How a caller waits.

/// How a caller waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    /// In a future.
    Async,
    /// On its thread.
    Blocking,
}

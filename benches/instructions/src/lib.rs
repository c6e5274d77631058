//! What the counted calls and their budgets both know.

/// How many calls of each kind are counted.
pub const CALLS: u64 = 16_384;

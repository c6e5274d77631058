//! Faults of tiers by their real causes: the bare function's result every time, within the time promised.

mod lost;
mod redis;

//! Tiers by themselves.

//! Tiers by themselves.

mod contract;
mod fs;
mod redis;

//! Tiers by themselves.

mod contract;
mod fs;
mod redis;
mod s3;

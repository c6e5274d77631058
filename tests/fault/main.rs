//! Faults of tiers by their real causes: the bare function's result every time, within the time promised.
//!
//! | file | holds |
//! |---|---|
//! | `fault.rs` | a fault, how it is measured, and the bounds |
//! | `bucket.rs` | a bucket that is gone, refuses, or answers as no S3 should |
//! | `calls.rs` | callers of a function with a faulty tier |
//! | `files/` | a disk, a folder or an object that fails, enemies of it, writers that were killed |
//! | `lost.rs` | changes that a tier could not be told of |
//! | `page.rs` | `docs/faults.md`, made of what all tests found |
//! | `redis/` | a Redis that is gone, refuses, is mad, or holds what is no entry |
//! | `turn.rs` | whose turn it is to take figures |

mod bucket;
mod calls;
mod fault;
#[cfg(unix)]
mod files;
mod lost;
mod page;
mod redis;
mod turn;

//! The tiers of [dcache](https://docs.rs/dcache): bytes with a life.
//!
//! Who writes a tier of their own needs this crate alone, without features: the trait [`Backend`],
//! and [`Key`], [`Scope`] and [`Error`]. Users of the cache depend on `dcache`, which re-exports all of it.
//!
//! # Map
//!
//! A file imports only from those above it.
//!
//! | file | holds |
//! |---|---|
//! | `error.rs` | [`Error`]: kind, operation, tier, key digest, source |
//! | `backend.rs` | the trait [`Backend`], [`BlockingBackend`], [`Key`], [`Scope`] |
//! | `clock.rs` | the one clock of the process (feature `clock`) |
//! | `memory.rs` | the typed in-process tier (feature `memory`) |
//! | `io.rs` | which runtime drives a connection; the I/O thread (feature `io`) |
//! | `redis/` | Redis and Valkey (feature `redis`) |
//! | `object/` | S3-style objects in a folder (feature `fs`) |

mod backend;
mod error;

#[cfg(feature = "clock")]
pub mod clock;
#[cfg(feature = "io")]
pub mod io;
#[cfg(feature = "memory")]
pub mod memory;
#[cfg(feature = "fs")]
pub mod object;
#[cfg(feature = "redis")]
pub mod redis;

pub use async_trait::async_trait;
pub use backend::{Backend, BlockingBackend, Key, Scope};
pub use bytes::Bytes;
pub use error::{Error, ErrorKind, Operation};

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
//! | `host.rs` `tls.rs` | names of hosts; whom to trust, and what a handshake failed for (features `redis-tls`, `s3`) |
//! | `redis/` | Redis and Valkey (feature `redis`) |
//! | `object/` | S3-style objects in a folder (feature `fs`) |
//! | `s3/` | objects in a bucket of S3, or of what speaks its protocol (feature `s3`) |

mod backend;
mod error;

#[cfg(feature = "clock")]
pub mod clock;
#[cfg(any(feature = "redis", feature = "s3"))]
mod host;
#[cfg(feature = "io")]
pub mod io;
#[cfg(feature = "memory")]
pub mod memory;
#[cfg(feature = "fs")]
pub mod object;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(feature = "s3")]
pub mod s3;
#[cfg(any(feature = "redis-tls", feature = "s3"))]
mod tls;

pub use async_trait::async_trait;
pub use backend::{Backend, BlockingBackend, Key, Scope};
pub use bytes::Bytes;
pub use error::{Error, ErrorKind, Operation};
#[cfg(any(feature = "redis-tls", feature = "s3"))]
pub use tls::Tls;

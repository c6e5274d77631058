//! dcache
#![allow(dead_code, missing_docs)]
mod canonical;
pub mod codec;
mod entry;
mod schema;
mod text;
pub use dcache_backends::{
    Backend, BlockingBackend, Bytes, Error, ErrorKind, Key, Operation, Scope, async_trait,
};

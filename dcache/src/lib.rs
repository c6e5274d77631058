//! dcache
//!
//! | file | holds |
//! |---|---|

mod args;
mod background;
mod bounds;
mod breaker;
mod builder;
mod cache;
mod call;
mod canonical;
pub mod codec;
mod entry;
mod flight;
mod log;
#[cfg(feature = "metrics")]
mod metrics;
mod policy;
mod registry;
mod remote;
mod schema;
mod settings;
mod site;
mod stats;
mod sync;
mod text;
mod tier;
mod timer;
mod together;
mod weight;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use background::{drain, drain_blocking};
pub use builder::{Builder, Memory};
pub use cache::{Blocking, Cache, Entry};
#[cfg(feature = "fs")]
pub use dcache_backends::object::Fs;
#[cfg(feature = "redis")]
pub use dcache_backends::redis::Redis;
pub use dcache_backends::{
    Backend, BlockingBackend, Bytes, Error, ErrorKind, Key, Operation, Scope, async_trait,
};
pub use dcache_macros::dcache;
#[cfg(feature = "metrics")]
pub use metrics::record_metrics;
pub use registry::{Function, check, functions};
pub use settings::{Configuration, configure, set_enabled};
pub use stats::{Stats, TierStats};
pub use tier::Tier;
pub use weight::Weight;

/// For the tests of those who use dcache.
#[cfg(feature = "testing")]
pub mod testing {
    pub use dcache_backends::clock::advance;
}

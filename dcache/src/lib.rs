//! One attribute over memory, Redis, files and S3.
//!
//! Write [`#[dcache]`](macro@dcache) above a slow function. Its answer then comes from memory, else from Redis, else
//! from files or a bucket, else from the function, run once however many ask at the same time.
//!
//! ```
//! use dcache::dcache;
//!
//! #[dcache(ttl = "1h")]
//! fn factors(n: u64) -> Vec<u64> {
//!     (1..=n).filter(|d| n % d == 0).collect()
//! }
//!
//! assert_eq!(factors(12), [1, 2, 3, 4, 6, 12]); // runs the body
//! assert_eq!(factors(12), [1, 2, 3, 4, 6, 12]); // a look-up
//!
//! factors::invalidate(12)?; // the controls stand beside the function
//! assert_eq!(factors::stats().computes, 1);
//! # Ok::<(), dcache::Error>(())
//! ```
//!
//! # The promise
//!
//! A decorated function returns what the bare function would return now, or a value that it returned for equal
//! arguments within the time the attribute allows. No fault of a cache tier changes a result, panics, or adds more
//! than that tier's time budget.
//!
//! # Where to look
//!
//! - The attribute, its controls and each of its options: [`dcache`](macro@dcache).
//! - What can't be cached, and what to do instead: [`guide::limits`].
//! - The same without an attribute: [`Cache::builder`].
//! - For the whole program: [`configure`], [`functions`], [`check`], [`set_enabled`], [`bypass`], [`drain`].
//! - Counts: [`Stats`]; by the feature `metrics` also `record_metrics`.
//! - A tier of your own: [`Backend`]. A codec of your own: [`codec::Codec`].
//! - Tiers that others can read or write: the option `seal`, by the feature of that name.
//! - Values past their time to live, and what calls wait for: [`guide::staleness`].
//! - Tests of code that caches: [`guide::testing`].
//!
//! # Features
//!
//! None is on by default: a build with memory alone holds no server client, no codec and no runtime.
//!
//! | feature | gives |
//! |---|---|
//! | `redis`, `fs`, `s3` | these tiers |
//! | `redis-tls` | Redis over TLS (`rediss://`) |
//! | `bincode`, `postcard`, `json` | these codecs for tiers below memory; `bincode` is what the attribute uses unless told otherwise |
//! | `seal` | values that are encrypted and authenticated below memory |
//! | `tokio` | bodies of `async fn`s in the background, in the runtime of their callers; `redis`, `fs` and `s3` switch it on |
//! | `tracing` | log lines; without it errors of set-up go to standard error |
//! | `metrics` | counts for the `metrics` facade |
//! | `testing` | tests of code that caches: isolated from each other, with a clock that they move, over tiers that go wrong |
//!
//! # Map
//!
//! A file imports only from those above it, but for `private.rs`, which is what generated code may name.
//!
//! | file | holds |
//! |---|---|
//! | `contain.rs` `sync.rs` `threads.rs` `log.rs` `timer.rs` `together.rs` `errand.rs` | panics that go no further, a mutex, what models replace, a log, waiting without a runtime, work that goes on without who waits |
//! | `stats.rs` `weight.rs` | counts; how heavy a value is |
//! | `text.rs` `args.rs` | keys by template; arguments as borrowed keys |
//! | `canonical/` | equal arguments, equal bytes: the ids of remote keys |
//! | `length.rs` `policy.rs` | lengths of time as users give them; how long a value is fresh, and what may be done with it after that |
//! | `schema/` `codec/` | the shape of a type; value ⇄ bytes |
//! | `seal.rs` `unsealed.rs` `entry.rs` | sealed bytes, and what stands there without the feature; the entry of remote tiers |
//! | `bounds.rs` | what keys and values must be able to do |
//! | `switch.rs` | whether a call is cached: the program's switch, bypasses |
//! | `background.rs` | work that no caller waits for |
//! | `place.rs` `chaos/` `twin.rs` `later.rs` | which server, folder or bucket a tier is; for tests, one that goes wrong, and one that stands in for it |
//! | `mode.rs` `waits.rs` `breaker.rs` `lost.rs` `doubt.rs` `shared.rs` | a remote tier that functions share: breaker, changes that did not reach it, writes that may arrive late |
//! | `live.rs` | a remote tier as one cache uses it: time budget, counts |
//! | `tier.rs` `settings.rs` | a tier as it is named; settings of the program |
//! | `remote.rs` | the tiers below memory as one cache sees them |
//! | `flight/` | single-flight: leading, waiting, changing a key |
//! | `inner.rs` | what a cache is made of |
//! | `fill.rs` | what a leader does with the tiers: looking below memory, storing in all |
//! | `call.rs` `away.rs` | **the protocol of a call**; bodies that run away from theirs |
//! | `change.rs` `look.rs` | putting, invalidating, clearing; looking without a body |
//! | `miss.rs` `run.rs` | a call that memory could not answer; one whose body runs |
//! | `cache.rs` `builder.rs` | the cache as users hold it, and how it is built |
//! | `list.rs` `registry.rs` `metrics.rs` `handle.rs` | how a function is listed; all caches of the program; one entry, for controls |
//! | `site.rs` `sites.rs` | a cached function; one with a cache for each set of types |
//! | `controls.rs` | the controls of a function, as the attribute writes them |
//! | `gate.rs` | what generated code calls, so that types that cannot be cached are told of once |
//! | `testing.rs` | what tests need: a clock that moves, isolation, chaos |
//! | `guide.rs` | the pages of `docs/`, for rustdoc alone |

mod args;
mod away;
#[cfg_attr(dcache_models, path = "../../tests/models/src/background.rs")]
mod background;
mod bounds;
mod breaker;
mod builder;
mod cache;
mod call;
mod canonical;
mod change;
#[cfg(feature = "testing")]
mod chaos;
pub mod codec;
mod contain;
mod controls;
mod doubt;
mod entry;
mod errand;
mod fill;
mod flight;
mod gate;
#[cfg(any(doc, doctest))]
pub mod guide;
mod handle;
mod inner;
#[cfg(all(feature = "testing", feature = "fs"))]
mod later;
mod length;
mod list;
mod live;
mod log;
mod look;
mod lost;
#[cfg(feature = "metrics")]
mod metrics;
mod miss;
mod mode;
#[cfg(dcache_models)]
#[doc(hidden)]
#[path = "../../tests/models/src/models.rs"]
pub mod models;
mod place;
mod policy;
mod registry;
mod remote;
mod run;
mod schema;
#[cfg(feature = "seal")]
mod seal;
#[cfg(not(feature = "seal"))]
#[path = "unsealed.rs"]
mod seal;
mod settings;
mod shared;
mod site;
mod sites;
mod stats;
mod switch;
mod sync;
mod text;
#[cfg_attr(dcache_models, path = "../../tests/models/src/threads.rs")]
mod threads;
mod tier;
mod timer;
mod together;
#[cfg(feature = "testing")]
mod twin;
mod waits;
mod weight;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use background::{drain, drain_blocking};
pub use builder::{Builder, Memory};
pub use cache::{Blocking, Cache};
#[cfg(any(feature = "redis-tls", feature = "s3"))]
pub use dcache_backends::Tls;
#[cfg(feature = "fs")]
pub use dcache_backends::object::Fs;
#[cfg(feature = "redis")]
pub use dcache_backends::redis::Redis;
#[cfg(feature = "s3")]
pub use dcache_backends::s3::{S3, S3Builder};
pub use dcache_backends::{
    Backend, BlockingBackend, Bytes, Error, ErrorKind, Key, Operation, Scope, async_trait,
};
#[doc = include_str!("../docs/options.md")]
pub use dcache_macros::dcache;
pub use handle::{CacheRef, Handle};
pub use length::{Length, Portion};
pub use look::Entry;
#[cfg(feature = "metrics")]
pub use metrics::record_metrics;
pub use registry::{Function, check, functions};
#[cfg(feature = "seal")]
pub use seal::{IntoSeal, Seal, SealError};
pub use settings::{Configuration, FunctionSettings, configure, set_enabled};
pub use stats::{Stats, TierStats};
pub use switch::{bypass, bypass_blocking};
pub use tier::Tier;
pub use waits::{Awaits, Blocks, Pending, Waits};
pub use weight::Weight;

#[cfg(feature = "testing")]
pub mod testing;

/// The code of the README compiles and runs.
#[cfg(all(doctest, feature = "redis", feature = "fs", feature = "bincode"))]
#[doc = include_str!("../../README.md")]
struct Readme;

//! The attribute of dcache; use it through the crate `dcache`, which re-exports it and pins its version.
//!
//! # Map
//!
//! A file imports only from those above it.
//!
//! | file | holds |
//! |---|---|
//! | `errors.rs` | the accumulator of mistakes |
//! | `span.rs` | where generated tokens stand |
//! | `slot.rs` | one option's value, its place, and the refusal of a second |
//! | `nearest.rs` | "did you mean" |
//! | `table.rs` | the one way to read names and values |
//! | `duration.rs` `size.rs` `template.rs` | `"1h 30m"`, `"64MiB"`, `"user:{id}"` |
//! | `tiers.rs` | `backend = […]` |
//! | `options.rs` | the table of options |
//! | `types.rs` | what can be read off a type |
//! | `function.rs` | the function, and what no option can make cacheable |
//! | `mention.rs` | which arguments an expression is about |
//! | `key.rs` | what a call is known by |
//! | `policy.rs` | options → calls on the builder of the cache |
//! | `plan.rs` | options + function → plan; every check that needs both |
//! | `site.rs` | plan → the static that holds the cache |
//! | `call.rs` | how the body is called, and how a miss goes on |
//! | `companion.rs` | plan → the type beside the function |
//! | `expand.rs` | plan → the function |
//!
//! Tokens carry data, and the runtime decides: the function looks into memory, and hands the body over where
//! nothing is found.

mod call;
mod companion;
mod duration;
mod errors;
mod expand;
mod function;
mod key;
mod mention;
mod nearest;
mod options;
mod plan;
mod policy;
mod site;
mod size;
mod slot;
mod span;
mod table;
mod template;
mod tiers;
mod types;

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::Errors;
use crate::function::Function;
use crate::options::Options;
use crate::plan::Plan;

/// Caches a function: it returns what the bare function would return now, or what it returned for equal
/// arguments within the time that the options allow.
///
/// Works on free functions, at module level and inside function bodies, sync and `async`, with any argument
/// patterns, borrowed arguments, generics and `where` clauses. `return` and `?` in the body keep their meaning.
///
/// ```ignore
/// use dcache::dcache;
///
/// #[dcache]
/// fn slow(n: u64) -> u64 {
///     n * n
/// }
///
/// #[dcache(backend = [memory(ttl = "30s"), redis], ttl = "1h", skip(db))]
/// async fn quote(db: &Pool, sku: &str, qty: u32) -> Result<Quote, QuoteError> {
///     db.quote(sku, qty).await
/// }
///
/// quote(&db, "A7", 2).await?;             // runs the body, or not
/// quote::invalidate("A7", 2).await?;      // the controls take the arguments in the key
/// ```
///
/// Every argument in the key is `Hash + Eq + ToOwned` (so `Clone`, or `str`, `[T]`, `Path`), its owned form
/// `Send + Sync + 'static`; with a tier below memory also `serde::Serialize`. A value is
/// `Clone + Send + Sync + 'static`; with a tier below memory also `Serialize + DeserializeOwned`. Of a `Result`
/// only `Ok` is stored.
///
/// # Controls
///
/// Beside a function `f` stands a type `f`. For an `async fn` all but `key` and `stats` are `async`.
///
/// | call | returns | |
/// |---|---|---|
/// | `f::peek(…)` | `Option<T>` | looks in all tiers; never runs the body, fills nothing |
/// | `f::entry(…)` | `Option<Entry<T>>` | the same with tier, age and remaining life |
/// | `f::refresh(…)` | as `f` | runs the body, stores, returns |
/// | `f::uncached(…)` | as `f` | runs the body, touches no tier |
/// | `f::put(…, value)` | `Result<(), Error>` | stores a value known otherwise |
/// | `f::invalidate(…)` | `Result<(), Error>` | removes from all tiers |
/// | `f::key(…)` | `String` | the remote key; where there is a remote tier or a template |
/// | `f::clear()` | `Result<(), Error>` | removes all entries of this function |
/// | `f::stats()` | `Stats` | |
///
/// # Options
///
/// In any order, each at most once.
///
/// ## `backend`
///
/// A tier, or `[tier, …]`, nearest first. Default: `memory`, which comes first and at most once.
///
/// | tier | arguments | |
/// |---|---|---|
/// | `memory` | `capacity = 10_000` (entries) or `"64MiB"` (bytes, by `dcache::Weight` or `weight = \|v: &T\| usize`) | in process; default 10 000 entries |
/// | `redis` | `"redis://…"`, `env = "VAR"` or `url = EXPR` | bare: joins where `DCACHE_REDIS_URL` is set; feature `redis` |
/// | `fs` | `"path"`, `env = "VAR"` or `path = EXPR`; `capacity = "10GiB"` | a folder; feature `fs` |
/// | `tier(…)` | an expression, or the `"name"` of a configured tier | something that implements `dcache::Backend` |
///
/// Every tier takes a `ttl`, and all but `memory` a `timeout`. A tier's time to live is the smaller of its own
/// and the function's.
///
/// ```ignore
/// #[dcache(backend = [memory(capacity = 10_000, ttl = "30s"), redis(timeout = "50ms"), fs("/var/cache/shop")])]
/// fn price(sku: &str) -> u64 { catalogue::price(sku) }
/// ```
///
/// ## `ttl`
///
/// How long a value is fresh: a duration (`"90s"`, `"1h 30m"`, `"250ms"`, `"7d"`), `"never"`, an expression of
/// type `Duration`, evaluated at each store, or a closure over the value. Default: for ever in memory, 30 days
/// below it. A run-time zero means that the value is not stored.
///
/// ```ignore
/// #[dcache(ttl = |token: &Token| token.expires_in())]
/// fn token(account: &str) -> Token { auth::token(account) }
/// ```
///
/// ## `skip`
///
/// Arguments that are left out of the key. One that selects data, such as a tenant, must stay in it.
///
/// ```ignore
/// #[dcache(skip(db))]
/// async fn user(db: &Pool, id: u64) -> User { db.user(id).await }
/// ```
///
/// ## `key`
///
/// Replaces the arguments as the key. A template names arguments and fields of them; a remote key is its text,
/// which other languages can build. An expression may be a tuple, whose parts are borrowed.
///
/// ```ignore
/// #[dcache(key = "user:{id}:{region.code}", name = "user")]
/// fn user(db: &Pool, id: u64, region: &Region) -> User { db.user(id, region) }
///
/// #[dcache(key = (point.id, scale.to_bits()))]
/// fn render(point: &Point, scale: f64) -> Image { point.render(scale) }
/// ```
///
/// ## `name`
///
/// The function's name in keys, stats and logs. Default: crate, modules and function. Set it to survive a
/// rename or a move.
///
/// ```ignore
/// #[dcache(name = "shop.price")]
/// fn price(sku: &str) -> u64 { catalogue::price(sku) }
/// ```
///
/// ## `version`
///
/// An integer, or `source` for a hash of this function's own tokens, not of what it calls. Entries of another
/// version are not read. Default: 0.
///
/// ```ignore
/// #[dcache(backend = [memory, redis], version = 2)]
/// fn price(sku: &str) -> u64 { catalogue::price(sku) }
/// ```
///
/// ## `cache_if`
///
/// A closure over the value, or a path: whether the value is stored. Default: always, `None` included.
///
/// ```ignore
/// #[dcache(cache_if = Option::is_some)]
/// fn find(sku: &str) -> Option<u64> { catalogue::find(sku) }
/// ```
///
/// ## `bypass_if`
///
/// An expression over the arguments: where it is true the call runs the body and touches no tier.
///
/// ```ignore
/// #[dcache(bypass_if = user.is_admin(), key = user.id)]
/// fn page(user: &User) -> Page { render(user) }
/// ```
///
/// ## `coalesce`
///
/// Concurrent calls with equal keys run the body once; who has waited for this long runs it too, one at a time.
/// `true`, `false` or a duration. Default: `"60s"`.
///
/// ```ignore
/// #[dcache(coalesce = "5s")]
/// fn price(sku: &str) -> u64 { catalogue::price(sku) }
/// ```
///
/// ## `write`
///
/// Whether a call waits for the writes to tiers below memory: `await` or `background`. Default: `await`.
///
/// ```ignore
/// #[dcache(backend = [memory, redis], write = background)]
/// async fn price(sku: &str) -> u64 { catalogue::price(sku).await }
/// ```
///
/// ## `max_size`
///
/// A larger encoded value is not stored below memory. A size (`"64KiB"`, `"10MB"`) or an expression.
/// Default: `"16MiB"`.
///
/// ```ignore
/// #[dcache(backend = [memory, redis], max_size = "1MiB")]
/// fn page(url: &str) -> String { fetch(url) }
/// ```
///
/// ## `codec`
///
/// How tiers below memory hold a value: `bincode`, `postcard`, `json` (each with the feature of its name), `raw`
/// for `String`, `Vec<u8>` and `Bytes`, or the path of your own. Default: `bincode`.
///
/// ```ignore
/// #[dcache(backend = [memory, redis], codec = json)]
/// fn order(id: u64) -> Order { orders::get(id) }
/// ```
///
/// ## `companion`
///
/// `type` for a type of the function's name beside it, with the controls, or `none`. Default: `type`.
///
/// ```ignore
/// #[dcache(companion = none)]
/// fn price(sku: &str) -> u64 { catalogue::price(sku) }
/// ```
///
/// ## `result`
///
/// A flag: the return type is an alias of `Result` that goes by another name, so that only `Ok` is stored.
/// `result = false` says of a type called `Result` that it is stored as it is.
///
/// ```ignore
/// #[dcache(result)]
/// fn price(sku: &str) -> Fallible<u64> { catalogue::price(sku) }
/// ```
///
/// ## `crate`
///
/// The path of dcache, where the dependency is renamed or re-exported. Default: `::dcache`.
///
/// ```ignore
/// #[dcache(crate = my_prelude::dcache)]
/// fn price(sku: &str) -> u64 { catalogue::price(sku) }
/// ```
#[proc_macro_attribute]
pub fn dcache(options: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    decorate(options.into(), item.into()).into()
}

fn decorate(options: TokenStream, item: TokenStream) -> TokenStream {
    let function = match function::parse(item.clone()) {
        Ok(function) => function,
        Err(error) => return mistaken(&error, &item, None),
    };
    let mut errors = Errors::new();
    let function = Function::new(function, &mut errors);
    let options = Options::parse(options, &mut errors);
    let plan = Plan::new(&function, &options, &mut errors);
    match errors.finish() {
        Ok(()) => expand::expand(&plan),
        Err(error) => mistaken(&error, &item, plan.has_companion.then(|| companion::stub(&plan))),
    }
}

/// Writes the mistakes, the function as it was, and controls of the right types: so no mistake makes a second.
fn mistaken(error: &syn::Error, item: &TokenStream, companion: Option<TokenStream>) -> TokenStream {
    let error = error.to_compile_error();
    quote!(#error #item #companion)
}

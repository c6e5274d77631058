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
//! | `types.rs` | what can be read off a type |
//! | `place.rs` | whether a function stands in an `impl`, which only the source tells |
//! | `function.rs` | the function, and what no option can make cacheable |
//! | `options.rs` `defaults.rs` | the table of options; what they are on a block |
//! | `mention.rs` | which arguments an expression is about |
//! | `body.rs` | what a body says of `self` and of lifetimes |
//! | `key.rs` | what a call is known by |
//! | `policy.rs` | options → calls on the builder of the cache |
//! | `plan.rs` | options + function → plan; every check that needs both |
//! | `site.rs` | plan → the static that holds the cache |
//! | `call.rs` | how the body is called, and how a miss goes on |
//! | `companion.rs` | plan → the type beside the function |
//! | `handle.rs` | plan → the handle beside the method |
//! | `expand.rs` | plan → the function |
//! | `block.rs` | defaults on an `impl` or a `mod` |
//!
//! Tokens carry data, and the runtime decides: the function looks into memory, and hands the body over where
//! nothing is found.

mod away;
mod block;
mod body;
mod call;
mod companion;
mod defaults;
mod duration;
mod errors;
mod expand;
mod function;
mod handle;
mod key;
mod mention;
mod nearest;
mod options;
mod place;
mod plan;
mod policy;
mod portion;
mod site;
mod size;
mod slot;
mod span;
mod stale;
mod table;
mod template;
mod tiers;
mod types;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote};
use syn::Item;
use syn::parse::Parser as _;

use crate::errors::Errors;
use crate::function::Function;
use crate::options::Options;
use crate::place::{Place, place};
use crate::plan::Plan;

/// Caches a function: it returns what the bare function would return now, or what it returned for equal
/// arguments within the time that the options allow.
///
/// Works on functions and methods, sync and `async`. Of a `Result` only `Ok` is stored.
///
/// ```ignore
/// use dcache::dcache;
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
/// The controls are `peek`, `entry`, `refresh`, `uncached`, `put`, `invalidate`, `key`, `clear` and `stats`.
///
/// | option | value | |
/// |---|---|---|
/// | `backend` | `memory`, `redis`, `fs`, `s3`, `tier(…)`, or a list of them | the chain of tiers, nearest first; by default memory |
/// | `ttl` | `"90s"`, `"1h 30m"`, `"never"`, an expression, `\|v: &T\| …` | how long a value is fresh; by default for ever, 30 days below memory |
/// | `skip(a, b)` | arguments, `self` too | left out of the key; what selects data must stay in it |
/// | `key` | `"user:{id}"` or an expression | replaces the arguments as the key |
/// | `name` | `"shop.quote"` | the name in keys, stats and logs; by default the function's path |
/// | `version` | an integer or `source` | entries of another version are not read |
/// | `cache_if` | `\|v: &T\| …` or a path | whether a value is stored |
/// | `bypass_if` | an expression over the arguments | then the body runs and no tier is touched |
/// | `coalesce` | `true`, `false`, `"60s"` | concurrent calls of one key run one body, and wait this long |
/// | `stale_while_revalidate` | a duration | past `ttl`, for this long: the old value at once, and a refresh in the background |
/// | `stale_if_error` | a duration | past `ttl`, for this long: the old value where the body returns `Err` |
/// | `retry_after` | a duration | how long a body that failed is left alone while there is an old value; by default 1 s |
/// | `soft_timeout` | a duration | async: a call waits this long for the body, then gets the old value |
/// | `refresh_ahead` | a duration, or a fraction of `ttl` | in the last so-much of `ttl`, a hit also starts a refresh |
/// | `jitter` | a duration, or a fraction of `ttl` | every `ttl` is shortened by a random part of this |
/// | `err_ttl` | a duration | keeps an `Err` in memory for this long |
/// | `detach` | flag | async: the body outlives its callers |
/// | `write` | `await`, `background` | whether a call waits for writes below memory |
/// | `max_size` | `"16MiB"` | a larger encoded value is not stored below memory |
/// | `codec` | `bincode`, `postcard`, `json`, `raw`, a path | how values are held below memory |
/// | `cache` | an expression of type `&Cache<(A, B), T>` | a cache of your own in place of the function's |
/// | `companion` | `type`, `handle`, `none` | how the controls are reached |
/// | `result` | flag | the return type is an alias of `Result` |
/// | `crate` | a path | where dcache is, if it is renamed |
///
/// On an `impl` block or an inline `mod` the options are defaults for the `#[dcache]` functions in it.
///
/// See the crate `dcache` for each option with examples.
#[proc_macro_attribute]
pub fn dcache(options: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    decorate(options.into(), item.into()).into()
}

fn decorate(options: TokenStream, item: TokenStream) -> TokenStream {
    let function = match function::unread.parse2(item.clone()) {
        Ok(function) => function,
        Err(error) => return decorate_block(options, &item, error),
    };
    let mut errors = Errors::new();
    let place = || standing(Span::call_site());
    let function = Function::new(function, &place, &mut errors);
    let options = Options::parse(options, &mut errors);
    let plan = Plan::new(&function, &options, &place, &mut errors);
    match errors.finish() {
        Ok(()) => expand::expand(&plan).into_token_stream(),
        Err(error) => expand::mistaken(Some(&error), &plan).into_token_stream(),
    }
}

/// Decorates what is no function.
fn decorate_block(options: TokenStream, item: &TokenStream, failure: syn::Error) -> TokenStream {
    match syn::parse2(item.clone()) {
        Ok(Item::Impl(mut block)) => block::of_impl(options, &mut block),
        Ok(Item::Mod(mut module)) => block::of_mod(options, &mut module),
        _ => {
            let error = function::refusal(item, failure).to_compile_error();
            quote!(#error #item)
        }
    }
}

/// Tells what a function stands in whose attribute is here.
fn standing(attribute: Span) -> Place {
    let attribute = attribute.unwrap();
    let position = (attribute.line(), attribute.column());
    attribute.local_file().map_or(Place::Free, |file| place(&file, position))
}

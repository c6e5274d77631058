//! Options and function → what will be written. Every check that needs both is here.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Expr, Ident, LitStr, Path, Type};

use crate::errors::Errors;
use crate::function::{Function, is_called_result, is_well_known};
use crate::key::{From, KeyPlan, key};
use crate::options::{Codec, Companion, Options};
use crate::place::Place;
use crate::policy::{codec_type, policy};
use crate::span;
use crate::stale::stale;
use crate::tiers::{Capacity, Kind, Tier};
use crate::types::{self, Form, Wanted, named, path};

/// What will be written.
pub(crate) struct Plan<'a> {
    pub(crate) function: &'a Function,
    /// The path of the runtime.
    pub(crate) krate: Path,
    pub(crate) key: KeyPlan<'a>,
    /// The type of a stored value.
    pub(crate) value: TokenStream,
    /// Only the `Ok` of a `Result` is stored.
    pub(crate) fallible: bool,
    /// The return type might be an alias of `Result`, which the compiler has to rule out.
    pub(crate) doubtful: bool,
    /// The calls on the builder.
    pub(crate) policy: TokenStream,
    pub(crate) name: Option<String>,
    pub(crate) bypass_if: Option<&'a Expr>,
    /// The body owns what it needs, as it may run in the background.
    pub(crate) is_away: bool,
    /// Errors are kept, and so have to be cloned.
    pub(crate) keeps_errors: bool,
    /// The cache that the user owns.
    pub(crate) cache: Option<&'a Expr>,
    pub(crate) home: Home,
    /// The trait whose method this is, where the cache stands beside its `impl`.
    pub(crate) of_trait: Option<&'a str>,
    /// The line it stands on, where that is not the one of the attribute.
    pub(crate) line: Option<usize>,
    /// Key and value are of the standard library and can be cached for certain, so that nothing has to be checked.
    pub(crate) fits: bool,
    /// The codec of the remote tiers, where there are any.
    pub(crate) codec: Option<TokenStream>,
}

/// Where the controls of a function stand, and its cache with them.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Home {
    /// In a type of the function's name beside it.
    Type,
    /// In functions beside the method.
    Handle,
    /// There are no controls, and the cache is inside the function.
    Inside,
}

impl<'a> Plan<'a> {
    /// Draws up the plan. It is only followed to the end where no mistake was found.
    ///
    /// `place` tells what the function stands in.
    pub(crate) fn new(
        function: &'a Function,
        options: &'a Options,
        place: &dyn Fn() -> Place,
        errors: &mut Errors,
    ) -> Self {
        let krate = options.krate.get().cloned().unwrap_or_else(|| syn::parse_quote!(::dcache));
        let tiers = options.backend.get().map_or(&[][..], |chain| &chain.0);
        chain(tiers, errors);
        features(tiers, options, errors);
        seal(tiers, options, errors);
        let key = key(function, options, &krate, errors);
        let (value, fallible) = value(function, options, &krate, errors);
        stale(options, function, fallible, errors);
        let is_remote = tiers.iter().any(Tier::is_remote);
        let returns = span::at(returns_at(function));
        let default = || {
            let krate = span::moved(&krate, returns);
            quote_spanned!(returns=> #krate::codec::Bincode)
        };
        let codec = options.codec.get().map_or_else(default, |codec| codec_type(codec, &krate));
        Self {
            function,
            value,
            fallible,
            doubtful: !fallible && options.result.get().is_none() && !is_well_known(&function.returns),
            policy: policy(options, &key, &function.item, &krate),
            name: options.name.get().map(LitStr::value),
            bypass_if: options.bypass_if.get(),
            is_away: options.background().is_some(),
            keeps_errors: options.err_ttl.get().is_some(),
            cache: cache(options, &key, errors),
            home: home(function, options, place, errors),
            of_trait: None,
            line: None,
            fits: !is_remote
                && options.cache.get().is_none()
                && options.err_ttl.get().is_none()
                && fits(function, &key),
            key,
            codec: is_remote.then_some(codec),
            krate,
        }
    }

    /// Names how the controls answer.
    pub(crate) fn waits(&self) -> Ident {
        Ident::new(if self.function.is_async() { "Awaits" } else { "Blocks" }, Span::call_site())
    }

    /// Names what a key must be.
    pub(crate) fn key_bound(&self) -> Ident {
        Ident::new(if self.has_remote_key() { "RemoteKey" } else { "CacheKey" }, Span::call_site())
    }

    /// Tells whether `key` can say something: there is an id outside of this process.
    pub(crate) fn has_remote_key(&self) -> bool {
        self.codec.is_some() || self.key.from == From::Template
    }
}

fn chain(tiers: &[Tier], errors: &mut Errors) {
    for (n, tier) in tiers.iter().enumerate().filter(|(_, tier)| tier.kind == Kind::Memory) {
        let at = tier.name.span();
        if tiers[..n].iter().any(|tier| tier.kind == Kind::Memory) {
            errors.push(at, "`memory` is in the chain twice; keep the first");
        } else if n > 0 {
            errors.push(at, "`memory` is the nearest tier; put it first");
        }
        if let (Some(at), false) =
            (tier.weight.span(), matches!(tier.capacity.get(), Some(Capacity::Bytes(_))))
        {
            errors.push(at, "`weight` needs a capacity in bytes; add `capacity = \"64MiB\"`");
        }
    }
    let known: Vec<_> = tiers.iter().filter_map(|tier| Some((tier, tier.ttl.get()?.known()?))).collect();
    for (n, (near, (length, at))) in known.iter().enumerate() {
        if let Some((far, _)) = known[n + 1..].iter().find(|(_, (far, _))| far < length) {
            let (near, far) = (&near.name, &far.name);
            errors.push(
                *at,
                format!("`{near}` would outlive `{far}`, which is farther; give `{near}` the shorter `ttl`"),
            );
        }
    }
}

fn features(tiers: &[Tier], options: &Options, errors: &mut Errors) {
    for tier in tiers {
        if let Some(url) = tier.url().filter(|url| speaks_tls(&url.value()))
            && !cfg!(feature = "redis-tls")
        {
            errors.push(url.span(), "a `rediss://` server needs the feature `redis-tls` of dcache");
            continue;
        }
        let (name, enabled) = match tier.kind {
            Kind::Redis => ("redis", cfg!(feature = "redis")),
            Kind::Fs => ("fs", cfg!(feature = "fs")),
            Kind::S3 => ("s3", cfg!(feature = "s3")),
            Kind::Memory | Kind::Own => continue,
        };
        if !enabled {
            errors.push(tier.name.span(), format!("tier `{name}` needs the feature `{name}` of dcache"));
        }
    }
    match options.codec.get() {
        Some(Codec::Known { name, enabled: false, .. }) => {
            errors.push(name.span(), format!("codec `{name}` needs the feature `{name}` of dcache"));
        }
        None if !cfg!(feature = "bincode") => {
            if let Some(tier) = tiers.iter().find(|tier| tier.is_remote()) {
                let message = "a remote tier needs a codec; enable the feature `bincode` of dcache, or choose \
                               another with `codec = json`";
                errors.push(tier.name.span(), message);
            }
        }
        _ => {}
    }
}

fn seal(tiers: &[Tier], options: &Options, errors: &mut Errors) {
    let Some(at) = options.seal.span() else { return };
    if !cfg!(feature = "seal") {
        errors.push(at, "`seal` needs the feature `seal` of dcache");
    }
    if options.cache.get().is_none() && !tiers.iter().any(Tier::is_remote) {
        errors.push(
            at,
            "`seal` has nothing to seal: memory holds the values themselves; add a tier below it, such as `backend = \
             [memory, redis]`, or remove `seal`",
        );
    }
}

fn speaks_tls(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    scheme.is_some_and(|scheme| scheme == "rediss" || scheme == "valkeys")
}

/// Decides what is stored, and whether it is the `Ok` of a `Result`.
fn value(function: &Function, options: &Options, krate: &Path, errors: &mut Errors) -> (TokenStream, bool) {
    let returns = &function.returns;
    if !function.returns_a_value {
        return (quote!(()), false);
    }
    if let (true, Some(at), true) =
        (options.result.on(), options.result.span(), is_well_known(returns) && !is_called_result(returns))
    {
        errors.push(at, "`result` on a function that returns no `Result`; remove it");
        return (returns.to_token_stream(), false);
    }
    let fallible = options.result.get().copied().unwrap_or_else(|| is_called_result(returns));
    if !fallible {
        threads(returns, errors);
        return (returns.to_token_stream(), false);
    }
    let visible: Option<&Type> = match options.result.on() {
        true => None,
        false => path(returns).and_then(|(_, arguments)| arguments.first().copied()),
    };
    let value = match visible {
        Some(ty) => {
            threads(ty, errors);
            ty.to_token_stream()
        }
        None => {
            let at = span::at(returns_at(function));
            let krate = span::moved(krate, at);
            quote_spanned!(at=> <#returns as #krate::__private::Outcome>::Value)
        }
    };
    (value, true)
}

/// Refuses a value that no other thread can have.
fn threads(value: &Type, errors: &mut Errors) {
    if let Some(local) = named(value, &["Rc", "RefCell"]) {
        let message = format!("`{local}` stays in one thread, and a cached value does not; return an `Arc`");
        errors.on(local, message);
    }
}

/// Decides where the controls stand.
fn home(function: &Function, options: &Options, place: &dyn Fn() -> Place, errors: &mut Errors) -> Home {
    const PRIMITIVES: [&str; 17] = [
        "bool", "char", "f32", "f64", "i128", "i16", "i32", "i64", "i8", "isize", "str", "u128", "u16",
        "u32", "u64", "u8", "usize",
    ];
    let name = &function.item.sig.ident;
    let said = options.companion.get().zip(options.companion.span());
    let mut refuse = |at: Span, message: &str| {
        errors.push(at, message);
        Home::Inside
    };
    match said {
        Some((Companion::None, _)) => Home::Inside,
        Some((Companion::Handle, at)) if function.is_method && place() == Place::TraitImpl => refuse(
            at,
            "a method of a trait has no room for a handle; write `#[dcache]` on the `impl` block too, which has",
        ),
        Some((Companion::Handle, _)) if function.is_method => Home::Handle,
        Some((Companion::Handle, at)) => {
            refuse(
                at,
                "`companion = handle` is for methods; a free function has a type beside it, or `none`",
            );
            Home::Type
        }
        Some((Companion::Type, at)) if function.is_method => {
            refuse(at, "a method has no room for a type beside it; write `companion = handle`")
        }
        Some((Companion::Type, at)) if options.cache.get().is_some() => {
            refuse(at, "`companion` beside `cache`; remove it, the cache has controls of its own")
        }
        _ if function.is_method || function.is_cached_twice || options.cache.get().is_some() => Home::Inside,
        _ if PRIMITIVES.contains(&name.to_string().as_str()) => {
            let message = format!(
                "a type `{name}` beside the function would hide the primitive; add `companion = none`"
            );
            refuse(name.span(), &message)
        }
        _ => Home::Type,
    }
}

/// Returns the user's cache; whatever else would say how it works is refused.
fn cache<'a>(options: &'a Options, key: &KeyPlan<'_>, errors: &mut Errors) -> Option<&'a Expr> {
    let cache = options.cache.get()?;
    for (name, at) in options.policy() {
        errors.push(at, format!("`{name}` beside `cache`; say it where that cache is built"));
    }
    if key.from == From::Template {
        errors.push(key.at, "a template beside `cache`; its keys are values, write `key = (…)`");
    }
    Some(cache)
}

/// Tells whether key and value can be cached, by the names of their types alone.
fn fits(function: &Function, key: &KeyPlan<'_>) -> bool {
    let keys =
        key.arguments.iter().all(|argument| types::fits(Form::of(&argument.ty).subject(), Wanted::Key));
    let values = match path(&function.returns) {
        Some((name, arguments)) if name == "Result" => {
            arguments.first().is_some_and(|ty| types::fits(ty, Wanted::Value))
        }
        _ => types::fits(&function.returns, Wanted::Value),
    };
    key.from == From::Arguments && keys && values && !function.is_generic()
}

/// Returns the place of the return type: where a mistake about values is shown.
pub(crate) fn returns_at(function: &Function) -> Span {
    match &function.item.sig.output {
        syn::ReturnType::Type(_, ty) => ty.span(),
        syn::ReturnType::Default => function.item.sig.ident.span(),
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    fn mistakes(options: TokenStream, item: TokenStream) -> Vec<String> {
        let mut errors = Errors::new();
        let function = Function::new(syn::parse2(item).unwrap(), &|| Place::Free, &mut errors);
        let options = Options::parse(options, &mut errors);
        Plan::new(&function, &options, &|| Place::Free, &mut errors);
        match errors.finish() {
            Ok(()) => Vec::new(),
            Err(all) => all.into_iter().map(|error| error.to_string()).collect(),
        }
    }

    #[test]
    fn good_attributes_have_no_mistakes() {
        let item = quote!(
            async fn f(db: &Pool, sku: &str, n: Option<u32>) -> Result<Quote, Error> {
                todo()
            }
        );
        let options =
            quote!(backend = memory(capacity = 10, ttl = "30s"), ttl = "1h", skip(db), name = "quote");
        assert_eq!(mistakes(options, item), [""; 0]);
        assert_eq!(
            mistakes(
                quote!(),
                quote!(
                    fn f() {}
                )
            ),
            [""; 0]
        );
    }

    #[test]
    fn mistakes_of_function_and_options_come_together() {
        let item = quote!(
            fn f(&self, buffer: &mut [u8], ratio: f64) -> &str {
                ""
            }
        );
        let found = mistakes(quote!(skip(bufer), backend = [tier(Shelf), memory], ttl = 5), item);
        let expected = [
            "a cached value outlives the call and cannot borrow; return an owned value",
            "a duration has a unit; write `\"5s\"`",
            "`memory` is the nearest tier; put it first",
            "unknown argument `bufer`; did you mean `buffer`?",
            "a `&mut` argument cannot be in the key; write `key = …` or `skip(buffer)`",
            "`f64` is not `Eq` and cannot be in the key; write `key = (…, ratio.to_bits())` or `skip(ratio)`",
        ];
        for message in expected {
            assert!(found.iter().any(|found| found == message), "{message}\n{found:#?}");
        }
    }

    #[test]
    fn nearer_tiers_must_not_outlive_farther_ones() {
        let item = || {
            quote!(
                fn f(n: u8) -> u8 {
                    n
                }
            )
        };
        let chain =
            quote!(backend = [memory(ttl = "2h"), tier(A, ttl = HOUR), tier(B, ttl = "1h")], codec = raw);
        let found = mistakes(chain, item());
        assert_eq!(
            found,
            ["`memory` would outlive `tier`, which is farther; give `memory` the shorter `ttl`"]
        );
        let chain = quote!(backend = [memory(ttl = "1h"), tier(B, ttl = "1h")], codec = raw);
        assert_eq!(mistakes(chain, item()), [""; 0]);
    }

    #[test]
    fn missing_features_are_named() {
        let item = || {
            quote!(
                fn f(n: u8) -> u8 {
                    n
                }
            )
        };
        let redis = mistakes(quote!(backend = redis, codec = raw), item());
        assert_eq!(redis.is_empty(), cfg!(feature = "redis"), "{redis:?}");
        let tls = mistakes(quote!(backend = redis("valkeys://h"), codec = raw), item());
        assert_eq!(tls.is_empty(), cfg!(feature = "redis-tls"), "{tls:?}");
        let json = mistakes(quote!(codec = json), item());
        assert_eq!(json.is_empty(), cfg!(feature = "json"), "{json:?}");
        let seal = mistakes(quote!(backend = tier(Shelf), codec = raw, seal = KEY), item());
        assert_eq!(seal.is_empty(), cfg!(feature = "seal"), "{seal:?}");
        let default = mistakes(quote!(backend = [memory, tier(Shelf)]), item());
        assert_eq!(default.is_empty(), cfg!(feature = "bincode"), "{default:?}");
    }
}

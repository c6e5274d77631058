//! The options of the attribute, as they were written.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::spanned::Spanned as _;
use syn::{Expr, Ident, Lit, LitStr, Path, Token};

use crate::duration::{Time, literal};
use crate::errors::Errors;
use crate::nearest::{nearest, remedy};
use crate::portion::Portion;
use crate::size::Size;
use crate::slot::Slot;
use crate::table::{Form, Known, read};
use crate::template::{Piece, template};
use crate::tiers::Chain;

/// Every option, as it was written.
#[derive(Clone, Default)]
pub(crate) struct Options {
    pub(crate) backend: Slot<Chain>,
    pub(crate) ttl: Slot<Ttl>,
    pub(crate) skip: Slot<Vec<Ident>>,
    pub(crate) key: Slot<Key>,
    pub(crate) name: Slot<LitStr>,
    pub(crate) version: Slot<Version>,
    pub(crate) cache_if: Slot<Expr>,
    pub(crate) bypass_if: Slot<Expr>,
    pub(crate) coalesce: Slot<Coalesce>,
    pub(crate) write: Slot<Write>,
    pub(crate) max_size: Slot<Size>,
    pub(crate) codec: Slot<Codec>,
    pub(crate) seal: Slot<Expr>,
    pub(crate) result: Slot<bool>,
    pub(crate) krate: Slot<Path>,
    pub(crate) companion: Slot<Companion>,
    pub(crate) cache: Slot<Expr>,
    pub(crate) err_ttl: Slot<Time>,
    pub(crate) jitter: Slot<Portion>,
    pub(crate) stale_while_revalidate: Slot<Time>,
    pub(crate) stale_if_error: Slot<Time>,
    pub(crate) retry_after: Slot<Time>,
    pub(crate) soft_timeout: Slot<Time>,
    pub(crate) refresh_ahead: Slot<Portion>,
    pub(crate) detach: Slot<bool>,
}

/// How long a value is fresh.
#[derive(Clone)]
pub(crate) enum Ttl {
    Fixed(Time),
    /// `"never"`.
    Never,
    /// `|value| …`.
    With(Expr),
}

/// What replaces the arguments as the key.
#[derive(Clone)]
pub(crate) enum Key {
    Template(LitStr, Vec<Piece>),
    Expr(Expr),
}

/// Which entries are read.
#[derive(Clone)]
pub(crate) enum Version {
    Number(u64),
    /// A hash of the function's own tokens.
    Source,
}

/// Whether equal calls run the body once.
#[derive(Clone)]
pub(crate) enum Coalesce {
    On,
    Off,
    For(Time),
}

/// Whether the call waits for remote writes.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Write {
    Await,
    Background,
}

/// How remote tiers hold a value.
#[derive(Clone)]
pub(crate) enum Codec {
    /// One of dcache's own.
    Known {
        name: Ident,
        /// The type in `dcache::codec`.
        ty: &'static str,
        /// The feature that it needs is there.
        enabled: bool,
    },
    /// The user's.
    Own(Path),
}

/// What stands beside the function.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Companion {
    Type,
    Handle,
    None,
}

/// The table of options: the only place that knows their names.
const OPTIONS: &[Known<Options>] = &[
    value("backend", "backend = [memory, redis]", |o, name, input| o.backend.set(name, input.parse()?)),
    value("ttl", "ttl = \"90s\"", |o, name, input| o.ttl.set(name, ttl(input)?)),
    Known {
        name: "skip",
        example: "skip(db)",
        form: Form::List(|o, name, input| o.skip.set(name, skip(name, input)?)),
    },
    value("key", "key = \"user:{id}\"", |o, name, input| o.key.set(name, key(input)?)),
    value("name", "name = \"quote\"", |o, name, input| o.name.set(name, name_of(input)?)),
    value("version", "version = 2", |o, name, input| o.version.set(name, version(input)?)),
    value("cache_if", "cache_if = Option::is_some", |o, name, input| {
        o.cache_if.set(name, function(input, "cache_if = Option::is_some")?)
    }),
    value("bypass_if", "bypass_if = fresh", |o, name, input| o.bypass_if.set(name, condition(input)?)),
    value("coalesce", "coalesce = \"60s\"", |o, name, input| o.coalesce.set(name, coalesce(input)?)),
    value("write", "write = background", |o, name, input| {
        let words = [("await", Write::Await), ("background", Write::Background)];
        o.write.set(name, word(input, &words)?)
    }),
    value("max_size", "max_size = \"16MiB\"", |o, name, input| o.max_size.set(name, input.parse()?)),
    value("codec", "codec = json", |o, name, input| o.codec.set(name, codec(input)?)),
    value("seal", SEAL, |o, name, input| o.seal.set(name, seal(input)?)),
    Known { name: "result", example: "result", form: Form::Flag(|o, name, on| o.result.set(name, on)) },
    value("crate", "crate = ::dcache", |o, name, input| o.krate.set(name, path(input, "crate = ::dcache")?)),
    value("companion", "companion = none", |o, name, input| {
        let words = [("type", Companion::Type), ("handle", Companion::Handle), ("none", Companion::None)];
        o.companion.set(name, word(input, &words)?)
    }),
    value("cache", "cache = &self.quotes", |o, name, input| {
        o.cache.set(name, function(input, "cache = &self.quotes")?)
    }),
    value("err_ttl", "err_ttl = \"5s\"", |o, name, input| o.err_ttl.set(name, input.parse()?)),
    value("jitter", "jitter = 0.1", |o, name, input| o.jitter.set(name, input.parse()?)),
    value("stale_while_revalidate", "stale_while_revalidate = \"10m\"", |o, name, input| {
        o.stale_while_revalidate.set(name, input.parse()?)
    }),
    value("stale_if_error", "stale_if_error = \"1d\"", |o, name, input| {
        o.stale_if_error.set(name, input.parse()?)
    }),
    value("retry_after", "retry_after = \"1s\"", |o, name, input| o.retry_after.set(name, input.parse()?)),
    value("soft_timeout", "soft_timeout = \"200ms\"", |o, name, input| {
        o.soft_timeout.set(name, input.parse()?)
    }),
    value("refresh_ahead", "refresh_ahead = 0.1", |o, name, input| o.refresh_ahead.set(name, input.parse()?)),
    Known { name: "detach", example: "detach", form: Form::Flag(|o, name, on| o.detach.set(name, on)) },
];

/// A right way to write the keys to seal with.
const SEAL: &str = "seal = dcache::Seal::from_env(\"KEY\")";

type Value = fn(&mut Options, &Ident, ParseStream<'_>) -> syn::Result<()>;

const fn value(name: &'static str, example: &'static str, read: Value) -> Known<Options> {
    Known { name, example, form: Form::Value(read) }
}

impl Options {
    /// Reads the attribute; every mistake is added.
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        let parser = |input: ParseStream<'_>| {
            read(&mut options, OPTIONS, ("option", ""), input, errors);
            Ok(())
        };
        let read = parser.parse2(tokens);
        errors.take(read);
        options
    }
}

/// What happens to values past their time to live.
impl Options {
    /// Returns the first option for which a body runs in the background, and where it stands.
    pub(crate) fn background(&self) -> Option<(&'static str, Span)> {
        let spans = [
            ("stale_while_revalidate", self.stale_while_revalidate.span()),
            ("refresh_ahead", self.refresh_ahead.span()),
            ("soft_timeout", self.soft_timeout.span()),
            ("detach", self.detach.span().filter(|_| self.detach.on())),
        ];
        spans.into_iter().find_map(|(name, at)| Some((name, at?)))
    }
}

impl Options {
    /// Returns the options that say how a cache works, and where they stand.
    pub(crate) fn policy(&self) -> impl Iterator<Item = (&'static str, Span)> {
        let spans = [
            ("backend", self.backend.span()),
            ("ttl", self.ttl.span()),
            ("name", self.name.span()),
            ("version", self.version.span()),
            ("cache_if", self.cache_if.span()),
            ("coalesce", self.coalesce.span()),
            ("write", self.write.span()),
            ("max_size", self.max_size.span()),
            ("codec", self.codec.span()),
            ("seal", self.seal.span()),
            ("err_ttl", self.err_ttl.span()),
            ("jitter", self.jitter.span()),
            ("stale_while_revalidate", self.stale_while_revalidate.span()),
            ("stale_if_error", self.stale_if_error.span()),
            ("retry_after", self.retry_after.span()),
            ("soft_timeout", self.soft_timeout.span()),
            ("refresh_ahead", self.refresh_ahead.span()),
            ("detach", self.detach.span()),
        ];
        spans.into_iter().filter_map(|(name, at)| Some((name, at?)))
    }
}

fn ttl(input: ParseStream<'_>) -> syn::Result<Ttl> {
    let expr: Expr = input.parse()?;
    match literal(&expr) {
        Some(Lit::Str(text)) if text.value() == "never" => Ok(Ttl::Never),
        None if matches!(&expr, Expr::Path(path) if path.path.is_ident("never")) => {
            Err(syn::Error::new(expr.span(), "`never` stands in quotes; write `ttl = \"never\"`"))
        }
        None if matches!(expr, Expr::Closure(_)) => Ok(Ttl::With(expr)),
        _ => Time::from_expr(expr).map(Ttl::Fixed),
    }
}

fn skip(name: &Ident, input: ParseStream<'_>) -> syn::Result<Vec<Ident>> {
    let names = input
        .parse_terminated(Ident::parse_any, Token![,])
        .map_err(|error| syn::Error::new(error.span(), "`skip` takes argument names; write `skip(db)`"))?;
    if names.is_empty() {
        return Err(syn::Error::new(name.span(), "`skip` names no argument; write `skip(db)`"));
    }
    Ok(names.into_iter().collect())
}

fn key(input: ParseStream<'_>) -> syn::Result<Key> {
    let expr: Expr = input.parse()?;
    match literal(&expr) {
        Some(Lit::Str(text)) => match template(&text.value()) {
            Ok(pieces) => Ok(Key::Template(text.clone(), pieces)),
            Err(message) => Err(syn::Error::new(text.span(), message)),
        },
        _ => Ok(Key::Expr(expr)),
    }
}

fn name_of(input: ParseStream<'_>) -> syn::Result<LitStr> {
    let expr: Expr = input.parse()?;
    match literal(&expr) {
        Some(Lit::Str(text)) if text.value().trim().is_empty() => {
            Err(syn::Error::new(text.span(), "an empty name; write `name = \"quote\"`"))
        }
        Some(Lit::Str(text)) => Ok(text.clone()),
        _ => Err(syn::Error::new_spanned(&expr, "a name is a string; write `name = \"quote\"`")),
    }
}

fn version(input: ParseStream<'_>) -> syn::Result<Version> {
    let expr: Expr = input.parse()?;
    if let Some(Lit::Int(number)) = literal(&expr) {
        let too_large = |_| syn::Error::new(number.span(), "the version is too large; it has 64 bits");
        return number.base10_parse().map(Version::Number).map_err(too_large);
    }
    match &expr {
        Expr::Path(path) if path.path.is_ident("source") => Ok(Version::Source),
        _ => Err(syn::Error::new_spanned(&expr, "a version is a number or `source`; write `version = 2`")),
    }
}

fn coalesce(input: ParseStream<'_>) -> syn::Result<Coalesce> {
    let expr: Expr = input.parse()?;
    if let Some(Lit::Bool(on)) = literal(&expr) {
        return Ok(if on.value { Coalesce::On } else { Coalesce::Off });
    }
    Time::from_expr(expr).map(Coalesce::For)
}

fn codec(input: ParseStream<'_>) -> syn::Result<Codec> {
    const KNOWN: [(&str, &str, bool); 4] = [
        ("bincode", "Bincode", cfg!(feature = "bincode")),
        ("postcard", "Postcard", cfg!(feature = "postcard")),
        ("json", "Json", cfg!(feature = "json")),
        ("raw", "Raw", true),
    ];
    let path = path(input, "codec = json")?;
    let Some(name) = path.get_ident() else { return Ok(Codec::Own(path)) };
    let word = name.to_string();
    if let Some((_, ty, enabled)) = KNOWN.into_iter().find(|(known, ..)| word == *known) {
        return Ok(Codec::Known { name: name.clone(), ty, enabled });
    }
    match nearest(&word.to_lowercase(), KNOWN.into_iter().map(|(known, ..)| known)) {
        Some(near) if word.starts_with(char::is_lowercase) => {
            Err(syn::Error::new(name.span(), format!("unknown codec `{word}`; did you mean `{near}`?")))
        }
        _ => Ok(Codec::Own(path)),
    }
}

fn seal(input: ParseStream<'_>) -> syn::Result<Expr> {
    let expr: Expr = input.parse()?;
    let message = match (&expr, literal(&expr)) {
        (Expr::Closure(_), _) => "keys are no closure: they are asked for once; leave out `||`".to_owned(),
        (_, Some(Lit::ByteStr(_)) | None) => return Ok(expr),
        (_, Some(_)) => format!("a key has no place in the source; write `{SEAL}`"),
    };
    Err(syn::Error::new_spanned(expr, message))
}

/// Reads an expression over the arguments.
fn condition(input: ParseStream<'_>) -> syn::Result<Expr> {
    let expr: Expr = input.parse()?;
    match &expr {
        Expr::Closure(closure) => {
            let message = "a condition over the arguments is no closure; leave out `|…|`";
            Err(syn::Error::new_spanned(closure, message))
        }
        _ => Ok(expr),
    }
}

/// Reads a closure or a path: what can be called with the value.
fn function(input: ParseStream<'_>, example: &str) -> syn::Result<Expr> {
    let expr: Expr = input.parse()?;
    match literal(&expr) {
        Some(_) => Err(syn::Error::new(expr.span(), format!("not a closure or a path; write `{example}`"))),
        None => Ok(expr),
    }
}

fn path(input: ParseStream<'_>, example: &str) -> syn::Result<Path> {
    let at = input.span();
    match input.call(Path::parse_mod_style) {
        Ok(path) if input.is_empty() || input.peek(Token![,]) => Ok(path),
        Ok(_) => Err(input.error(format!("only a path can stand here; write `{example}`"))),
        Err(_) => Err(syn::Error::new(at, format!("expected a path, without quotes; write `{example}`"))),
    }
}

fn word<T: Copy>(input: ParseStream<'_>, words: &[(&str, T)]) -> syn::Result<T> {
    let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
    let at = input.span();
    let word = match input.call(Ident::parse_any) {
        Ok(word) => word.to_string(),
        Err(_) => {
            let text = input.parse::<Lit>().map(|_| "a literal").unwrap_or("this");
            let message = format!(
                "{text} cannot stand here; write {}",
                crate::nearest::list(&names).replace(" and ", " or ")
            );
            return Err(syn::Error::new(at, message));
        }
    };
    match words.iter().find(|(name, _)| *name == word) {
        Some((_, value)) => Ok(*value),
        None => Err(syn::Error::new(at, format!("unknown value `{word}`; {}", remedy(&word, &names)))),
    }
}

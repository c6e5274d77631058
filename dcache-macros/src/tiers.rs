//! The chain: `backend = [memory(capacity = 10_000), redis("redis://…", ttl = "1h")]`.

use proc_macro2::{Span, TokenTree};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned as _;
use syn::{Expr, Ident, Lit, LitStr, Token, bracketed, parenthesized, token};

use crate::duration::{Time, literal};
use crate::errors::Errors;
use crate::nearest::remedy;
use crate::size::Size;
use crate::slot::Slot;
use crate::table::{Form, Known, each, read, skip_all};

/// A tier of the chain, and its arguments.
#[derive(Clone)]
pub(crate) struct Tier {
    /// The token that names it.
    pub(crate) name: Ident,
    pub(crate) kind: Kind,
    pub(crate) ttl: Slot<Time>,
    pub(crate) timeout: Slot<Time>,
    pub(crate) capacity: Slot<Capacity>,
    pub(crate) weight: Slot<Expr>,
    pub(crate) place: Slot<Place>,
}

/// What a tier is.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Memory,
    Redis,
    Fs,
    S3,
    /// `tier(…)`: the user's own.
    Own,
}

/// How much a tier holds.
#[derive(Clone)]
pub(crate) enum Capacity {
    Entries(Expr),
    Bytes(Size),
}

/// Where a tier is.
#[derive(Clone)]
pub(crate) enum Place {
    /// A string: a URL, a path, the name of a tier.
    At(LitStr),
    /// `env = "VAR"`.
    Env(LitStr),
    /// `url = EXPR`, `path = EXPR`, `tier(EXPR)`.
    Value(Expr),
}

const NAMES: [&str; 5] = ["memory", "redis", "fs", "s3", "tier"];

const TTL: Known<Tier> = Known {
    name: "ttl",
    example: "ttl = \"30s\"",
    form: Form::Value(|tier, name, input| {
        let expr: Expr = input.parse()?;
        if let Some(Lit::Str(text)) = literal(&expr)
            && text.value() == "never"
        {
            return Err(syn::Error::new(
                text.span(),
                "`never` is for the function's `ttl`; leave the tier's out",
            ));
        }
        tier.ttl.set(name, Time::from_expr(expr)?)
    }),
};
const TIMEOUT: Known<Tier> = Known {
    name: "timeout",
    example: "timeout = \"100ms\"",
    form: Form::Value(|tier, name, input| tier.timeout.set(name, input.parse()?)),
};
const ENV: Known<Tier> = Known {
    name: "env",
    example: "env = \"CACHE_URL\"",
    form: Form::Value(|tier, name, input| {
        let variable = string(input, "the name of an environment variable, such as `env = \"CACHE_URL\"`")?;
        tier.place(name.span(), Place::Env(variable))
    }),
};

/// What may stand between the parentheses of a tier.
fn arguments(kind: Kind) -> Vec<Known<Tier>> {
    match kind {
        Kind::Memory => vec![
            Known {
                name: "capacity",
                example: "capacity = 10_000",
                form: Form::Value(|tier, name, input| tier.capacity.set(name, entries_or_bytes(input)?)),
            },
            TTL,
            Known {
                name: "weight",
                example: "weight = |value| value.len()",
                form: Form::Value(|tier, name, input| tier.weight.set(name, input.parse()?)),
            },
        ],
        Kind::Redis => vec![ENV, place("url", "url = config().redis_url()"), TTL, TIMEOUT],
        Kind::S3 => vec![ENV, place("url", "url = config().bucket()"), TTL, TIMEOUT],
        Kind::Fs => vec![
            ENV,
            place("path", "path = std::env::temp_dir()"),
            Known {
                name: "capacity",
                example: "capacity = \"10GiB\"",
                form: Form::Value(|tier, name, input| {
                    tier.capacity.set(name, Capacity::Bytes(input.parse()?))
                }),
            },
            TTL,
            TIMEOUT,
        ],
        Kind::Own => vec![TTL, TIMEOUT],
    }
}

fn place(name: &'static str, example: &'static str) -> Known<Tier> {
    let form = Form::Value(|tier: &mut Tier, name: &Ident, input: ParseStream<'_>| {
        tier.place(name.span(), Place::Value(input.parse()?))
    });
    Known { name, example, form }
}

impl Tier {
    fn new(name: Ident, kind: Kind) -> Self {
        Self {
            name,
            kind,
            ttl: Slot::default(),
            timeout: Slot::default(),
            capacity: Slot::default(),
            weight: Slot::default(),
            place: Slot::default(),
        }
    }

    fn place(&mut self, at: Span, place: Place) -> syn::Result<()> {
        let what = format!("the place of `{}`", self.name);
        self.place.fill(at, &what, place)
    }

    /// Returns the URL of a Redis, where it is written out.
    pub(crate) fn url(&self) -> Option<&LitStr> {
        match self.place.get() {
            Some(Place::At(url)) if self.kind == Kind::Redis => Some(url),
            _ => None,
        }
    }

    /// Tells whether other processes may share it.
    pub(crate) fn is_remote(&self) -> bool {
        self.kind != Kind::Memory
    }

    fn arguments(&mut self, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<()> {
        let (known, owner) = (arguments(self.kind), format!(" of `{}`", self.name));
        if !input.is_empty() && !starts_with_a_name(input, &known) {
            self.positional(input, errors)?;
            if input.parse::<Option<Token![,]>>()?.is_none() && !input.is_empty() {
                return Err(input.error("expected `,` between two arguments"));
            }
        } else if self.kind == Kind::Own {
            return Err(needs_a_tier(&self.name));
        }
        read(self, &known, ("argument", &owner), input, errors);
        Ok(())
    }

    /// Reads what stands first and without a name.
    fn positional(&mut self, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<()> {
        let expr: Expr = input.parse()?;
        let at = expr.span();
        match (self.kind, literal(&expr)) {
            (Kind::Memory, _) => {
                errors.push(at, "`memory` takes names; write `memory(capacity = 10_000)`");
            }
            (_, Some(Lit::Str(text))) => {
                if self.kind == Kind::Redis && text.value().ends_with("#insecure") {
                    let message = "`#insecure` is refused: without a look at its certificate anybody can pose as \
                                   the server; leave it out, and name the server's authority in SSL_CERT_FILE";
                    errors.push(at, message);
                }
                if text.value().is_empty() {
                    errors.push(at, format!("`{}` is at no place; write one or leave it out", self.name));
                }
                self.place(at, Place::At(text.clone()))?;
            }
            (Kind::Own, None) => self.place(at, Place::Value(expr))?,
            (Kind::Redis | Kind::S3, None) => {
                errors.push(at, "an expression needs its name; write `url = EXPR`")
            }
            (Kind::Fs, None) => errors.push(at, "an expression needs its name; write `path = EXPR`"),
            (Kind::Redis, Some(_)) => errors.push(at, "not a URL; write `redis(\"redis://localhost\")`"),
            (Kind::Fs, Some(_)) => errors.push(at, "not a path; write `fs(\"/var/cache/shop\")`"),
            (Kind::S3, Some(_)) => errors.push(at, "not a bucket; write `s3(\"bucket/prefix\")`"),
            (Kind::Own, Some(_)) => errors.push(at, "not a tier; write `tier(EXPR)` or `tier(\"name\")`"),
        }
        Ok(())
    }
}

fn starts_with_a_name(input: ParseStream<'_>, known: &[Known<Tier>]) -> bool {
    let ahead = input.fork();
    let name = ahead.call(Ident::parse_any);
    name.is_ok_and(|name| {
        known.iter().any(|known| name == known.name) || (ahead.peek(Token![=]) && !ahead.peek(Token![==]))
    })
}

fn needs_a_tier(name: &Ident) -> syn::Error {
    syn::Error::new(name.span(), "`tier` needs a tier; write `tier(EXPR)` or `tier(\"name\")`")
}

fn entries_or_bytes(input: ParseStream<'_>) -> syn::Result<Capacity> {
    let expr: Expr = input.parse()?;
    match literal(&expr) {
        Some(Lit::Int(number)) if number.base10_parse::<u64>().is_ok_and(|number| number == 0) => {
            Err(syn::Error::new(
                number.span(),
                "a memory of no entries holds nothing; leave `memory` out of the chain",
            ))
        }
        Some(Lit::Int(_)) | None => Ok(Capacity::Entries(expr)),
        Some(Lit::Str(_)) => Size::from_expr(expr).map(Capacity::Bytes),
        Some(lit) => Err(syn::Error::new(
            lit.span(),
            "not a capacity; write `10_000` for entries or `\"64MiB\"` for bytes",
        )),
    }
}

fn string(input: ParseStream<'_>, expected: &str) -> syn::Result<LitStr> {
    let expr: Expr = input.parse()?;
    match literal(&expr) {
        Some(Lit::Str(text)) if !text.value().is_empty() => Ok(text.clone()),
        _ => Err(syn::Error::new_spanned(&expr, format!("expected {expected}"))),
    }
}

/// The tiers, nearest first.
#[derive(Clone)]
pub(crate) struct Chain(pub(crate) Vec<Tier>);

impl Parse for Chain {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut errors = Errors::new();
        let mut tiers = Vec::new();
        if input.peek(token::Bracket) {
            let list;
            let bracket = bracketed!(list in input);
            if list.is_empty() {
                errors.push(bracket.span.join(), "an empty chain; name a tier, such as `memory`");
            }
            each(&list, &mut errors, |input, errors| {
                tiers.push(tier(input, errors)?);
                Ok(())
            });
        } else if input.peek(token::Paren) {
            let message = "a chain stands in brackets; write `backend = [memory, redis]`";
            errors.add(syn::Error::new_spanned(input.parse::<TokenTree>()?, message));
        } else {
            match tier(input, &mut errors) {
                Ok(tier) => tiers.push(tier),
                Err(error) => errors.add(error),
            }
        }
        errors.finish()?;
        Ok(Self(tiers))
    }
}

fn tier(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Tier> {
    if input.peek(LitStr) {
        let text: LitStr = input.parse()?;
        let name = text.value();
        let remedy = match NAMES.contains(&name.as_str()) {
            true => format!("write `{name}` without quotes"),
            false => format!("write `redis(\"{name}\")`, `fs(\"{name}\")` or `tier(\"{name}\")`"),
        };
        return Err(syn::Error::new(text.span(), format!("a tier is a name; {remedy}")));
    }
    let expected = |error: syn::Error| {
        syn::Error::new(error.span(), "not a tier; known are `memory`, `redis`, `fs`, `s3` and `tier`")
    };
    let name = input.call(Ident::parse_any).map_err(expected)?;
    let kind = match name.to_string().as_str() {
        "memory" => Kind::Memory,
        "redis" => Kind::Redis,
        "fs" => Kind::Fs,
        "tier" => Kind::Own,
        "s3" => Kind::S3,
        other => {
            let message = format!("unknown tier `{other}`; {}", remedy(other, &NAMES));
            return Err(syn::Error::new(name.span(), message));
        }
    };
    let mut tier = Tier::new(name, kind);
    if input.peek(token::Paren) {
        let inside;
        parenthesized!(inside in input);
        let read = tier.arguments(&inside, errors);
        skip_all(&inside);
        read?;
    } else if kind == Kind::Own {
        return Err(needs_a_tier(&tier.name));
    }
    Ok(tier)
}

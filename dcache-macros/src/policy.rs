//! Options → what is said to the builder of the cache. Only what was written: defaults live in the runtime.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Expr, ItemFn, Path};

use crate::duration::Time;
use crate::key::{From, KeyPlan};
use crate::options::{Coalesce, Codec, Options, Ttl, Version, Write};
use crate::portion::Portion;
use crate::slot::Slot;
use crate::span;
use crate::tiers::{Capacity, Kind, Place, Tier};

/// Writes the calls that follow `builder`.
pub(crate) fn policy(options: &Options, key: &KeyPlan<'_>, item: &ItemFn, krate: &Path) -> TokenStream {
    let mut calls = TokenStream::new();
    if key.from == From::Template {
        calls.extend(call("identified", key.at, TokenStream::new()));
    }
    let tiers = options.backend.get().map_or(&[][..], |chain| &chain.0);
    match tiers.first() {
        Some(memory) if memory.kind == Kind::Memory => calls.extend(self::memory(memory, krate)),
        Some(first) => calls.extend(call("no_memory", first.name.span(), TokenStream::new())),
        None => {}
    }
    if let Some(codec) = options.codec.get() {
        let ty = codec_type(codec, krate);
        let at = span::at(span(&ty));
        calls.extend(quote_spanned!(at=> .held_by::<#ty>()));
    }
    for tier in tiers.iter().filter(|tier| tier.is_remote()) {
        calls.extend(call("below", tier.name.span(), self::tier(tier, krate)));
    }
    let ttl = options.ttl.get().map(|ttl| match ttl {
        Ttl::Fixed(time) if time.known().is_some() => ("ttl", quote!(#time)),
        Ttl::Fixed(time) => ("ttl_with", quote!(move |_| #time)),
        Ttl::Never => ("no_ttl", TokenStream::new()),
        Ttl::With(closure) => ("ttl_with", quote!(#closure)),
    });
    let version = options.version.get().map(|version| match version {
        Version::Number(number) => *number,
        Version::Source => fingerprint(item),
    });
    let coalesce = options.coalesce.get().and_then(|coalesce| match coalesce {
        Coalesce::For(time) => Some(("coalesce", quote!(#time))),
        Coalesce::Off => Some(("no_coalesce", TokenStream::new())),
        Coalesce::On => None,
    });
    let asked = |name, time: &Slot<Time>| (time.span(), time.get().map(|time| (name, time.asked())));
    let part = |name, part: &Slot<Portion>| (part.span(), part.get().map(|part| (name, quote!(#part))));
    let in_background = options.write.get() == Some(&Write::Background);
    let said = [
        (options.ttl.span(), ttl),
        (options.version.span(), version.map(|number| ("version", quote!(#number)))),
        (options.cache_if.span(), options.cache_if.get().map(|condition| ("cache_if", quote!(#condition)))),
        (options.coalesce.span(), coalesce),
        (options.write.span(), in_background.then(|| ("write_in_background", TokenStream::new()))),
        (options.max_size.span(), options.max_size.get().map(|size| ("max_size", quote!(#size)))),
        (options.seal.span(), options.seal.get().map(|keys| ("sealed", seal(keys, krate)))),
        part("jitter", &options.jitter),
        part("refresh_ahead", &options.refresh_ahead),
        asked("stale_while_revalidate", &options.stale_while_revalidate),
        asked("stale_if_error", &options.stale_if_error),
        asked("retry_after", &options.retry_after),
        asked("soft_timeout", &options.soft_timeout),
        asked("errors_for", &options.err_ttl),
        (options.detach.span(), options.detach.on().then(|| ("detach", TokenStream::new()))),
    ];
    for (at, said) in said {
        if let (Some(at), Some((method, argument))) = (at, said) {
            calls.extend(call(method, at, argument));
        }
    }
    calls
}

/// Returns the type of a codec.
pub(crate) fn codec_type(codec: &Codec, krate: &Path) -> TokenStream {
    match codec {
        Codec::Known { name, ty, .. } => {
            let at = span::at(name.span());
            let (ty, krate) = (Ident::new(ty, at), span::moved(krate, at));
            quote_spanned!(at=> #krate::codec::#ty)
        }
        Codec::Own(path) => path.to_token_stream(),
    }
}

fn memory(tier: &Tier, krate: &Path) -> TokenStream {
    let at = span::at(tier.capacity.span().unwrap_or_else(|| tier.name.span()));
    let krate = &span::moved(krate, at);
    let capacity = match (tier.capacity.get(), tier.weight.get()) {
        (Some(Capacity::Entries(entries)), _) => quote_spanned!(at=> #krate::Memory::entries(#entries)),
        (Some(Capacity::Bytes(bytes)), Some(weight)) => {
            quote_spanned!(at=> #krate::Memory::weighed(#bytes, #weight))
        }
        (Some(Capacity::Bytes(bytes)), None) => quote_spanned!(at=> #krate::Memory::bytes(#bytes)),
        (None, _) if tier.ttl.get().is_none() => return TokenStream::new(),
        (None, _) => quote!(<#krate::Memory<_> as ::core::default::Default>::default()),
    };
    let ttl = setting("ttl", tier.ttl.get());
    call("memory", tier.name.span(), quote!(#capacity #ttl))
}

fn tier(tier: &Tier, krate: &Path) -> TokenStream {
    let at = span::at(tier.name.span());
    let krate = &span::moved(krate, at);
    let place = match tier.place.get() {
        Some(Place::At(place)) => quote_spanned!(at=> at(#place)),
        Some(Place::Env(variable)) => quote_spanned!(at=> env(#variable)),
        Some(Place::Value(expr)) => quote_spanned!(at=> at(#expr)),
        None => quote_spanned!(at=> unset()),
    };
    let place = quote_spanned!(at=> #krate::__private::Place::#place);
    let tier_itself = match (tier.kind, tier.place.get()) {
        (Kind::Own, Some(Place::At(name))) => quote_spanned!(at=> #krate::Tier::named(#name)),
        (Kind::Own, Some(Place::Value(expr))) => quote_spanned!(at=> #krate::Tier::new(#expr)),
        (Kind::Redis, _) => quote_spanned!(at=> #krate::__private::redis(#place)),
        (Kind::S3, _) => quote_spanned!(at=> #krate::__private::s3(#place)),
        _ => quote_spanned!(at=> #krate::__private::fs(#place)),
    };
    let capacity = tier.capacity.get().and_then(|capacity| match capacity {
        Capacity::Bytes(bytes) => Some(bytes),
        Capacity::Entries(_) => None,
    });
    let settings = [
        setting("capacity", capacity),
        setting("ttl", tier.ttl.get()),
        setting("timeout", tier.timeout.get()),
    ];
    quote!(#tier_itself #(#settings)*)
}

/// Writes what asks for the keys to seal with.
fn seal(keys: &Expr, krate: &Path) -> TokenStream {
    let at = span::at(keys.span());
    let krate = span::moved(krate, at);
    quote_spanned!(at=> || #krate::__private::seal(#keys))
}

fn setting(name: &str, value: Option<&impl ToTokens>) -> Option<TokenStream> {
    let name = Ident::new(name, Span::mixed_site());
    value.map(|value| quote!(.#name(#value)))
}

/// Writes a call whose method stands where the user's token does.
fn call(method: &str, at: Span, argument: TokenStream) -> TokenStream {
    let at = span::at(at);
    let method = Ident::new(method, at);
    quote_spanned!(at=> .#method(#argument))
}

fn span(tokens: &TokenStream) -> Span {
    tokens.clone().into_iter().last().map_or_else(Span::call_site, |token| token.span())
}

/// Hashes a function's own tokens, without attributes and white space: FNV-1a, 64 bits.
pub(crate) fn fingerprint(item: &ItemFn) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    let (sig, block) = (&item.sig, &item.block);
    feed(&mut hash, quote!(#sig #block));
    hash
}

fn feed(hash: &mut u64, tokens: TokenStream) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                eat(hash, &format!("{:?}", group.delimiter()));
                feed(hash, group.stream());
                eat(hash, "end");
            }
            token => eat(hash, &token.to_string()),
        }
    }
}

fn eat(hash: &mut u64, text: &str) {
    for byte in text.bytes().chain([0xff]) {
        *hash = (*hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> u64 {
        fingerprint(&syn::parse_str(text).unwrap())
    }

    #[test]
    fn fingerprint_is_stable_and_blind_to_layout() {
        let plain = of("fn f(n: u64) -> u64 { n + 1 }");
        assert_eq!(plain, of("/// Docs.\n#[inline]\nfn f( n:u64 )->u64{\n    n+1 // one more\n}"));
        assert_eq!(plain, 15_381_524_051_694_047_562);
    }

    #[test]
    fn fingerprint_sees_every_token() {
        let plain = of("fn f(n: u64) -> u64 { n + 1 }");
        for changed in [
            "fn f(n: u64) -> u64 { n + 2 }",
            "fn f(n: u32) -> u64 { n + 1 }",
            "fn g(n: u64) -> u64 { n + 1 }",
        ] {
            assert_ne!(plain, of(changed));
        }
        assert_ne!(of("fn f() { a; (b) }"), of("fn f() { a; { b } }"));
    }
}

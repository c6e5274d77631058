//! What the options about values past their time to live ask of each other, and of the function.

use proc_macro2::Span;
use quote::ToTokens as _;
use syn::Type;

use crate::body::formatted_self;
use crate::errors::Errors;
use crate::function::{Argument, Function, is_well_known};
use crate::options::{Options, Ttl};
use crate::portion::Portion;
use crate::types::{Form, borrows, peel};

/// Adds what does not fit together. `fallible` says that of a `Result` the value is stored.
pub(crate) fn stale(options: &Options, function: &Function, fallible: bool, errors: &mut Errors) {
    if options.cache.get().is_some() {
        return; // none of them stands beside `cache`
    }
    ends(options, errors);
    parts(options, errors);
    results(options, function, fallible, errors);
    if let (Some(at), None) = (options.soft_timeout.span(), options.stale_if_error.get()) {
        let message = "`soft_timeout` hands out a value past its `ttl`; add `stale_if_error = \"1d\"`";
        errors.push(at, message);
    }
    let older =
        [options.stale_if_error.span(), options.stale_while_revalidate.span(), options.refresh_ahead.span()];
    if let (Some(at), true) = (options.retry_after.span(), older.iter().all(Option::is_none)) {
        let message = "`retry_after` is how long a failed body rests while there is an older value; add \
                       `stale_if_error = \"1d\"`";
        errors.push(at, message);
    }
    if let Some((name, at)) = options.background() {
        background(name, at, options, function, errors);
    }
}

/// Refuses what comes after an end that there is not.
fn ends(options: &Options, errors: &mut Errors) {
    let advice = match options.ttl.get() {
        None => "add `ttl = \"1h\"`",
        Some(Ttl::Never) => "`\"never\"` is none; write `ttl = \"1h\"`",
        Some(Ttl::Fixed(_) | Ttl::With(_)) => return,
    };
    let said = [
        ("jitter", options.jitter.span()),
        ("refresh_ahead", options.refresh_ahead.span()),
        ("stale_while_revalidate", options.stale_while_revalidate.span()),
        ("stale_if_error", options.stale_if_error.span()),
    ];
    for (name, at) in said {
        if let Some(at) = at {
            errors.push(at, format!("`{name}` needs an end of a value's time to live; {advice}"));
        }
    }
}

/// Refuses parts of the time to live that leave nothing of it.
fn parts(options: &Options, errors: &mut Errors) {
    let Some(Ttl::Fixed(ttl)) = options.ttl.get() else { return };
    let Some((ttl, _)) = ttl.known() else { return };
    for (name, part) in [("jitter", &options.jitter), ("refresh_ahead", &options.refresh_ahead)] {
        if let Some(Portion::Length(part)) = part.get()
            && let Some((length, at)) = part.known()
            && length >= ttl
        {
            errors.push(at, format!("`{name}` takes up the whole `ttl`; write a shorter time, or `0.1`"));
        }
    }
}

/// Refuses what is about errors where there are none.
fn results(options: &Options, function: &Function, fallible: bool, errors: &mut Errors) {
    if fallible {
        return;
    }
    let advice = match is_well_known(&function.returns) || !function.returns_a_value {
        true => "remove it",
        false => "remove it, or add the flag `result` where the type is an alias of one",
    };
    for (name, at) in [("stale_if_error", options.stale_if_error.span()), ("err_ttl", options.err_ttl.span())]
    {
        if let Some(at) = at {
            errors.push(at, format!("`{name}` on a function that returns no `Result`; {advice}"));
        }
    }
}

/// Refuses what cannot run in the background; `name` is the option that asks for it.
fn background(name: &str, at: Span, options: &Options, function: &Function, errors: &mut Errors) {
    if !function.is_async() {
        let detach = options.detach.span().filter(|_| options.detach.on());
        for (name, at) in [("soft_timeout", options.soft_timeout.span()), ("detach", detach)] {
            if let Some(at) = at {
                let message =
                    format!("`{name}` needs an `async fn`, whose caller can leave before it ends; remove it");
                errors.push(at, message);
            }
        }
    } else if !cfg!(feature = "tokio") {
        let message = format!(
            "`{name}` on an `async fn` needs the feature `tokio` of dcache: in the background the body goes on in \
             its caller's runtime"
        );
        errors.push(at, message);
    }
    if function.receiver().is_some()
        && let Some(at) = formatted_self(function.item.block.to_token_stream())
    {
        let message = format!(
            "for `{name}` the body takes a `self` of its own to the background, which a format string cannot mention; \
             write `{{}}`, and `self` after the string"
        );
        errors.push(at, message);
    }
    for argument in &function.arguments {
        if let Some(borrowed) = borrowed(argument) {
            let message = format!(
                "for `{name}` the body runs in the background, too, and `{borrowed}` cannot go there; take `&T`, or \
                 a type that owns what it holds"
            );
            errors.on(&argument.ty, message);
        }
    }
}

/// Returns what an argument borrows, where no owned form of it can be made.
fn borrowed(argument: &Argument) -> Option<String> {
    let ty = peel(&argument.ty);
    let inside = match Form::of(ty) {
        Form::Owned(ty) => borrows(ty),
        Form::Borrowed(_) if matches!(ty, Type::Reference(reference) if reference.mutability.is_some()) => {
            return Some(if argument.is_self() { "&mut self".into() } else { "&mut".into() });
        }
        Form::Borrowed(inner) | Form::Optional(inner) | Form::Cow(inner) => borrows(inner),
    };
    inside.map(|tokens| tokens.to_string().replace("& ", "&"))
}

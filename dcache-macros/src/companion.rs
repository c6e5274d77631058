//! Plan → the type beside the function, with its controls.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::Signature;

use crate::call::{local, named, uncached};
use crate::plan::{Plan, returns_at};
use crate::site::{lints_of_lifetimes, site};
use crate::span;
use crate::types::impl_trait;

/// Writes the companion of a function that will be expanded.
pub(crate) fn companion(plan: &Plan<'_>) -> TokenStream {
    let (site, uncached, handle) = (site(plan), uncached(plan), plan.ask("handle"));
    let (import, whole) = (plan.import(), whole(plan));
    let (miss, refresh) = (local("miss"), plan.ask("refresh"));
    let finish = plan.finish(&miss);
    let refresh = quote!(#import let #miss = #refresh; #finish);
    let entry = quote!(#import #handle);
    let types = types(plan, &Differing { lints: None, uncached, entry, refresh, whole });
    quote!(#site #types)
}

/// Writes a companion with the right signatures and no runtime, for a function with mistakes.
pub(crate) fn stub(plan: &Plan<'_>) -> TokenStream {
    let (sig, krate) = (named(plan), &plan.krate);
    let missing = quote!(::core::unimplemented!());
    // a body without a type of its own, except where it has to tell what `impl Trait` is
    let call = match impl_trait(&plan.function.returns) {
        None => missing.clone(),
        Some(_) => {
            let (name, turbofish) = (&sig.ident, plan.turbofish(&TokenStream::new()));
            let names = plan.function.arguments.iter().map(|argument| &argument.name);
            let wait = plan.function.is_async().then(|| quote!(.await));
            quote!(#name #turbofish(#(#names),*) #wait)
        }
    };
    let vis = &plan.function.item.vis;
    let uncached = Signature { ident: format_ident!("uncached"), ..sig };
    let uncached = quote!(#vis #uncached { #call });
    let at = Span::mixed_site();
    let refresh = match plan.function.is_async() {
        true => quote_spanned!(at=> async move { #call }),
        false => call,
    };
    let whole = quote!({ let whole: &'static #krate::__private::Sites = #missing; whole });
    let lints = Some(quote!(#[allow(unused)]));
    types(plan, &Differing { lints, uncached, entry: missing, refresh, whole })
}

/// What is not alike for all functions.
struct Differing {
    lints: Option<TokenStream>,
    /// The function that runs the body.
    uncached: TokenStream,
    /// The body of what finds an entry.
    entry: TokenStream,
    /// The body of the control that runs the function's.
    refresh: TokenStream,
    /// The cache as a whole.
    whole: TokenStream,
}

fn types(plan: &Plan<'_>, differing: &Differing) -> TokenStream {
    let Differing { lints, uncached, entry, refresh, whole } = differing;
    let (item, krate, value, waits) = (&plan.function.item, &plan.krate, &plan.value, plan.waits());
    let (vis, name, generics) = (&item.vis, &item.sig.ident, &item.sig.generics);
    let (params, clause) = (&generics.params, &generics.where_clause);
    let hidden = item.attrs.iter().filter(|attr| {
        attr.path().is_ident("doc") && attr.meta.to_token_stream().to_string().contains("hidden")
    });
    let (of_lifetimes, cfg) = (lints_of_lifetimes(generics), plan.function.cfg());
    let at = span::at(name.span());
    let (declared, beside) = (quote_spanned!(at=> enum #name {}), span::moved(krate, at));
    let docs = format!("Controls of the cached function `{name}`: look, store, remove.");
    // `put` takes one more than the function
    let of_put = (plan.key.arguments.len() > 6).then(|| quote!(#[allow(clippy::too_many_arguments)]));
    let (keyed, turbofish) = (plan.keyed(), plan.turbofish(&TokenStream::new()));
    let names = plan.key.arguments.iter().map(|argument| &argument.name);
    let there = span::at(returns_at(plan.function));
    let of = quote_spanned!(there=> Self::__dcache_entry #turbofish(#(#names),*));
    let key = plan.has_remote_key().then(|| {
        quote! {
            /// Returns the remote key.
            #vis fn key<#params>(#(#keyed),*) -> ::std::string::String #clause {
                ::core::option::Option::unwrap_or_default(#of.key())
            }
        }
    });
    let all = &named(plan).inputs;
    let returns = &plan.function.returns;
    let returns = match plan.function.is_async() {
        true => quote!(impl ::core::future::Future<Output = #returns>),
        false => returns.to_token_stream(),
    };
    let refresh_name = Ident::new("refresh", Span::call_site().located_at(name.span()));
    let here = span::moved(krate, there);
    let handle = quote_spanned!(there=> #here::Handle<#value, #here::#waits>);
    let waiting = |answer| match plan.function.is_async() {
        true => quote_spanned!(there=> #here::Pending<#answer>),
        false => answer,
    };
    let found = waiting(quote_spanned!(there=> ::core::option::Option<#value>));
    let entry_found = waiting(quote_spanned!(there=> ::core::option::Option<#here::Entry<#value>>));
    let done = waiting(quote_spanned!(there=> ::core::result::Result<(), #here::Error>));
    let clear = Ident::new(if plan.function.is_async() { "clear" } else { "clear_blocking" }, there);
    let controls = quote! {
        [#lints #of_lifetimes #of_put impl #name] [#vis] [#params] [#clause]
        (#(#keyed,)*) [#value] [#found] [#entry_found] [#done]
        { #of } { #whole } #clear {
            fn __dcache_entry<#params>(#(#keyed),*) -> #handle #clause {
                #entry
            }
            #key
            /// Runs the body, stores its value in all tiers and returns it.
            #vis fn #refresh_name<#params>(#all) -> #returns #clause {
                #refresh
            }
            /// Runs the body and touches no tier.
            #uncached
        }
    };
    // a control is shown to stand where the function's name does
    let controls = quote_spanned!(at=> #beside::__private::controls! { #controls });
    quote! {
        #cfg
        #(#hidden)*
        #[doc = #docs]
        #[allow(non_camel_case_types, missing_debug_implementations)]
        #vis #declared
        #cfg
        #controls
    }
}

/// Writes what finds the cache without a key at hand.
///
/// Where only the compiler knows the key's type, a closure that is never called tells it. It cannot be written
/// for `impl Trait` arguments; then all caches of the function are meant, those of each type.
fn whole(plan: &Plan<'_>) -> TokenStream {
    let (krate, query, arguments) = (&plan.krate, &plan.key.query, &plan.key.arguments);
    if plan.single().is_some() || arguments.iter().any(|argument| impl_trait(&argument.ty).is_some()) {
        return plan.static_name().into_token_stream();
    }
    let (names, types) = (arguments.iter().map(|a| &a.name), arguments.iter().map(|a| &a.ty));
    let (args, asked) = (local("args"), plan.asked());
    let at = span::at(plan.key.at);
    let krate = span::moved(krate, at);
    let made = quote_spanned!(at=> |(#(#names,)*): (#(#types,)*)| match #query { #args => #asked.kind() });
    let (import, found) =
        (plan.import(), plan.site_call(&quote_spanned!(at=> #krate::__private::kind_made(#made))));
    quote!({ #import #found })
}

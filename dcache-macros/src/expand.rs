//! Plan → the function.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned as _;

use crate::call::{local, named, without_expectation};
use crate::companion::{self, companion};
use crate::function::Flow;
use crate::handle::{self, handle};
use crate::plan::{Home, Plan, returns_at};
use crate::site::{inside, site};
use crate::span;

/// What is written for a function.
pub(crate) struct Expansion {
    /// The function itself.
    pub(crate) function: TokenStream,
    /// What stands beside it: its controls and its cache.
    pub(crate) beside: TokenStream,
}

impl ToTokens for Expansion {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend([self.function.clone(), self.beside.clone()]);
    }
}

/// Writes the function, its controls and its cache.
pub(crate) fn expand(plan: &Plan<'_>) -> Expansion {
    let beside = match plan.home {
        Home::Type => companion(plan),
        Home::Handle => {
            let (site, handle) = (plan.cache.is_none().then(|| site(plan)), handle(plan));
            quote!(#site #handle)
        }
        Home::Inside => TokenStream::new(),
    };
    Expansion { function: function(plan), beside }
}

/// Writes the function as it was, and controls of the right types: so no mistake makes a second.
pub(crate) fn mistaken(error: Option<&syn::Error>, plan: &Plan<'_>) -> Expansion {
    let (error, item) = (error.map(syn::Error::to_compile_error), &plan.function.item);
    let beside = match plan.home {
        Home::Type => companion::stub(plan),
        Home::Handle => handle::stub(plan),
        Home::Inside => TokenStream::new(),
    };
    Expansion { function: item.to_token_stream(), beside: quote!(#beside #error) }
}

fn function(plan: &Plan<'_>) -> TokenStream {
    let item = &plan.function.item;
    let attrs = item.attrs.iter().map(without_expectation);
    let (vis, sig) = (&item.vis, named(plan));
    let (import, look, finish) = (plan.import(), plan.look(), plan.finish(&local("miss")));
    let (looked, value, miss) = (local("looked"), local("value"), local("miss"));
    let inside = (plan.home == Home::Inside && plan.cache.is_none()).then(|| inside(plan));
    let wait = plan.function.is_async().then(|| quote!(.await));
    let at = span::at(returns_at(plan.function));
    let hit = match plan.fallible {
        true => quote_spanned!(at=> ::core::result::Result::Ok(#value)),
        false => quote!(#value),
    };
    // the look-up is a statement of its own, so that nothing it borrows outlives it
    let call = quote! {
        #look
        match #looked {
            ::core::result::Result::Ok(#value) => #hit,
            ::core::result::Result::Err(#miss) => #finish #wait,
        }
    };
    let call = match plan.function.flow {
        Flow::Pinned => quote!(::std::boxed::Box::pin(async move { #call })),
        Flow::Sync | Flow::Async => call,
    };
    quote! {
        #(#attrs)*
        #vis #sig {
            #inside
            #import
            #call
        }
    }
}

impl Plan<'_> {
    /// Writes the look-up in memory.
    fn look(&self) -> TokenStream {
        let at = span::at(self.key.at);
        let (krate, looked, look) = (&self.krate, local("looked"), self.ask("look"));
        match self.bypass_if {
            None => quote_spanned!(at=> let #looked = #look;),
            Some(condition) => {
                let here = span::at(condition.span());
                let condition = quote_spanned!(here=> let #looked: ::core::primitive::bool = #condition;);
                quote! {
                    #condition
                    let #looked = if #looked { ::core::result::Result::Err(#krate::__private::past()) } else { #look };
                }
            }
        }
    }
}

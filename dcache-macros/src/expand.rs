//! Plan → the function.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use crate::call::{body, local, named, without_expectation};
use crate::companion::companion;
use crate::plan::Plan;
use crate::site::site;
use crate::span;

/// Writes the function, its controls and its cache.
pub(crate) fn expand(plan: &Plan<'_>) -> TokenStream {
    let function = function(plan);
    let companion = plan.has_companion.then(|| companion(plan));
    quote!(#function #companion)
}

fn function(plan: &Plan<'_>) -> TokenStream {
    let item = &plan.function.item;
    let attrs = item.attrs.iter().map(without_expectation);
    let (vis, sig) = (&item.vis, named(plan));
    let inner = (!plan.has_companion).then(|| {
        let (site, body) = (site(plan), body(plan, "__dcache_body"));
        quote!(#[allow(non_camel_case_types)] enum __dcache_here {} #site #body)
    });
    let bypass = plan.bypass_if.map(|condition| {
        let bypassed = local("bypassed");
        let body = plan.body_call();
        let wait = plan.function.is_async().then(|| quote!(.await));
        quote! {
            let #bypassed: ::core::primitive::bool = #condition;
            if #bypassed {
                return #body #wait;
            }
        }
    });
    let (look, finish) = (look(plan), plan.finish(&local("miss")));
    let import = plan.import();
    let (looked, value, miss) = (local("looked"), local("value"), local("miss"));
    let hit = match plan.fallible {
        true => quote!(::core::result::Result::Ok(#value)),
        false => quote!(#value),
    };
    quote! {
        #(#attrs)*
        #vis #sig {
            #inner
            #import
            #bypass
            let #looked = #look;
            match #looked {
                ::core::result::Result::Ok(#value) => #hit,
                ::core::result::Result::Err(#miss) => #finish,
            }
        }
    }
}

/// Writes the look-up in memory: a statement of its own, so that nothing it borrows outlives it.
fn look(plan: &Plan<'_>) -> TokenStream {
    let at = span::at(plan.key.at);
    let (krate, query) = (&plan.krate, &plan.key.query);
    match plan.key.kept {
        Some(_) => {
            let site = plan.call("__dcache_site", &TokenStream::new());
            quote_spanned!(at=> #site().look(&#query))
        }
        None => {
            let (site, args) = (plan.call("__dcache_site", &quote!(_)), local("args"));
            let kind = quote_spanned!(at=> #krate::__private::kind_of(&#args));
            quote_spanned!(at=> match #query { #args => #site(#kind).look(&#args) })
        }
    }
}

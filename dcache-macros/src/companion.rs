//! Plan → the type beside the function, with its controls.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::{Signature, WherePredicate};

use crate::call::{body, local, named};
use crate::plan::Plan;
use crate::site::{assumed, site};
use crate::span;
use crate::types::impl_trait;

/// Writes the companion of a function that will be expanded.
pub(crate) fn companion(plan: &Plan<'_>) -> TokenStream {
    let site = site(plan);
    let body = body(plan, "uncached");
    let uncached = quote! {
        #site
        /// Runs the body and touches no tier.
        #[allow(dead_code)]
        #body
    };
    let assumed = assumed(plan);
    let (all, each) = match plan.function.is_generic() {
        true => (Vec::new(), assumed),
        false => (assumed, Vec::new()),
    };
    let controls = CONTROLS.iter().map(|control| control.write(plan, &each, control.body(plan)));
    types(plan, &uncached, &all, &controls.collect())
}

/// Writes a companion with the right signatures and no runtime, for a function with mistakes.
pub(crate) fn stub(plan: &Plan<'_>) -> TokenStream {
    let sig = named(plan);
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
    let controls = CONTROLS.iter().map(|control| match control.takes {
        Takes::All => control.write(plan, &[], call.clone()),
        _ => control.write(plan, &[], missing.clone()),
    });
    types(plan, &TokenStream::new(), &[], &[uncached].into_iter().chain(controls).collect())
}

fn types(
    plan: &Plan<'_>,
    uncached: &TokenStream,
    assumed: &[WherePredicate],
    controls: &TokenStream,
) -> TokenStream {
    let item = &plan.function.item;
    let (vis, name) = (&item.vis, &item.sig.ident);
    let kept: Vec<_> = item.attrs.iter().filter(|attr| attr.path().is_ident("cfg")).collect();
    let hidden = item.attrs.iter().filter(|attr| {
        attr.path().is_ident("doc") && attr.meta.to_token_stream().to_string().contains("hidden")
    });
    let clause = (!assumed.is_empty()).then(|| quote!(where #(#assumed),*));
    let docs = format!("Controls of the cached function `{name}`: look, store, remove.");
    quote! {
        #(#kept)*
        #(#hidden)*
        #[doc = #docs]
        #[allow(non_camel_case_types, dead_code, missing_debug_implementations)]
        #[allow(clippy::all, clippy::pedantic, clippy::nursery)]
        #vis enum #name {}
        #(#kept)*
        impl #name { #uncached }
        #(#kept)*
        #[allow(unused, private_interfaces, private_bounds)]
        #[allow(clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
        impl #name #clause { #controls }
    }
}

/// A function of the companion.
struct Control {
    name: &'static str,
    docs: &'static str,
    takes: Takes,
    returns: Returns,
    /// It is async beside an async function.
    waits: bool,
}

/// What a control takes.
enum Takes {
    /// All that the function takes.
    All,
    /// The arguments in the key.
    Key,
    /// The arguments in the key, and a value.
    KeyAndValue,
    Nothing,
}

/// What a control returns.
enum Returns {
    /// What the function returns.
    Same,
    Value,
    Entry,
    Done,
    Key,
    Stats,
}

const CONTROLS: &[Control] = &[
    Control {
        name: "peek",
        docs: "Looks in all tiers; never runs the body, and fills nothing.",
        takes: Takes::Key,
        returns: Returns::Value,
        waits: true,
    },
    Control {
        name: "entry",
        docs: "Looks like `peek`, and tells the value's tier, age and remaining life.",
        takes: Takes::Key,
        returns: Returns::Entry,
        waits: true,
    },
    Control {
        name: "refresh",
        docs: "Runs the body, stores its value in all tiers and returns it.",
        takes: Takes::All,
        returns: Returns::Same,
        waits: true,
    },
    Control {
        name: "put",
        docs: "Stores a value that is known otherwise.\n\n# Errors\n\nNames the tiers that did not take it.",
        takes: Takes::KeyAndValue,
        returns: Returns::Done,
        waits: true,
    },
    Control {
        name: "invalidate",
        docs: "Removes an entry from all tiers.\n\n# Errors\n\nNames the tiers that may still hold it.",
        takes: Takes::Key,
        returns: Returns::Done,
        waits: true,
    },
    Control {
        name: "key",
        docs: "Returns the remote key.",
        takes: Takes::Key,
        returns: Returns::Key,
        waits: false,
    },
    Control {
        name: "clear",
        docs: "Removes all entries of this function from all tiers.\n\n# Errors\n\nNames the tiers that may still hold some.",
        takes: Takes::Nothing,
        returns: Returns::Done,
        waits: true,
    },
    Control {
        name: "stats",
        docs: "Returns what was counted so far.",
        takes: Takes::Nothing,
        returns: Returns::Stats,
        waits: false,
    },
];

impl Control {
    /// Writes the control around a body.
    fn write(&self, plan: &Plan<'_>, assumed: &[WherePredicate], body: TokenStream) -> TokenStream {
        if self.name == "key" && !plan.has_remote_key() {
            return TokenStream::new();
        }
        let (docs, vis) = (self.docs, &plan.function.item.vis);
        let sig = self.signature(plan, assumed);
        quote!(#[doc = #docs] #vis #sig { #body })
    }

    fn signature(&self, plan: &Plan<'_>, assumed: &[WherePredicate]) -> TokenStream {
        let mut all = named(plan);
        if !assumed.is_empty() {
            all.generics.make_where_clause().predicates.extend(assumed.iter().cloned());
        }
        let name = format_ident!("{}", self.name);
        if matches!(self.takes, Takes::All) {
            return Signature { ident: name, ..all }.to_token_stream();
        }
        let asyncness = all.asyncness.filter(|_| self.waits);
        let generics = all.generics;
        let (params, clause) = (&generics.params, &generics.where_clause);
        let keyed = plan.key.arguments.iter().filter(|_| !matches!(self.takes, Takes::Nothing));
        let arguments = keyed.map(|argument| {
            let (name, ty) = (&argument.name, &argument.ty);
            quote!(#name: #ty,)
        });
        let value = matches!(self.takes, Takes::KeyAndValue).then(|| {
            let (name, ty) = (local("value"), &plan.value);
            quote!(#name: #ty)
        });
        let returns = self.returns(plan);
        quote!(#asyncness fn #name<#params>(#(#arguments)* #value) -> #returns #clause)
    }

    fn returns(&self, plan: &Plan<'_>) -> TokenStream {
        let (krate, value) = (&plan.krate, &plan.value);
        match self.returns {
            Returns::Same => plan.function.returns.to_token_stream(),
            Returns::Value => quote!(::core::option::Option<#value>),
            Returns::Entry => quote!(::core::option::Option<#krate::Entry<#value>>),
            Returns::Done => quote!(::core::result::Result<(), #krate::Error>),
            Returns::Key => quote!(::std::string::String),
            Returns::Stats => quote!(#krate::Stats),
        }
    }

    fn body(&self, plan: &Plan<'_>) -> TokenStream {
        let waits = self.waits && plan.function.is_async();
        let method = match self.waits && !waits && self.name != "refresh" {
            true => format_ident!("{}_blocking", self.name),
            false => format_ident!("{}", self.name),
        };
        let wait = waits.then(|| quote!(.await));
        let (site, key, value) = (local("site"), local("key"), local("value"));
        let located = located(plan);
        match self.takes {
            Takes::Nothing => {
                let (import, site) = (plan.key.kept.is_none().then(|| plan.import()), whole(plan));
                quote!(#import #site.#method() #wait)
            }
            Takes::All => {
                let (import, miss) = (plan.import(), local("miss"));
                let finish = plan.finish(&miss);
                quote!(#import #located let #miss = #site.#method(#key); #finish)
            }
            Takes::Key | Takes::KeyAndValue => {
                let import = plan.key.kept.is_none().then(|| plan.import());
                let value = matches!(self.takes, Takes::KeyAndValue).then(|| quote!(, #value));
                quote!(#import #located #site.#method(#key #value) #wait)
            }
        }
    }
}

/// Writes what finds the cache without a key at hand.
///
/// Where only the compiler knows the key's type, a closure that is never called tells it. It cannot be written
/// for `impl Trait` arguments; then all caches of the function are meant, those of each type.
fn whole(plan: &Plan<'_>) -> TokenStream {
    let (krate, query, arguments) = (&plan.krate, &plan.key.query, &plan.key.arguments);
    if plan.key.kept.is_some() {
        let site = plan.call("__dcache_site", &TokenStream::new());
        return quote!(#site());
    }
    if arguments.iter().any(|argument| impl_trait(&argument.ty).is_some()) {
        let sites = plan.path("__dcache_sites");
        return quote!(#sites());
    }
    let site = plan.call("__dcache_site", &quote!(_));
    let (names, types) = (arguments.iter().map(|a| &a.name), arguments.iter().map(|a| &a.ty));
    let made = quote!(|(#(#names,)*): (#(#types,)*)| #krate::__private::ToKey::to_key(&#query));
    quote!(#site(#krate::__private::kind_made(#made)))
}

/// Writes the statement that finds the cache and makes the owned key.
fn located(plan: &Plan<'_>) -> TokenStream {
    let at = span::at(plan.key.at);
    let (krate, query) = (&plan.krate, &plan.key.query);
    let (site, key, args) = (local("site"), local("key"), local("args"));
    let to_key = quote_spanned!(at=> #krate::__private::ToKey::to_key);
    match plan.key.kept {
        Some(_) => {
            let found = plan.call("__dcache_site", &TokenStream::new());
            quote_spanned!(at=> let (#site, #key) = (#found(), #to_key(&#query));)
        }
        None => {
            let found = plan.call("__dcache_site", &quote!(_));
            let kind = quote_spanned!(at=> #krate::__private::kind_of(&#args));
            quote_spanned!(at=> let (#site, #key) = match #query { #args => (#found(#kind), #to_key(&#args)) };)
        }
    }
}

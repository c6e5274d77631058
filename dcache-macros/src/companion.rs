//! Plan → the type beside the function, with its controls.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::{Generics, Signature, WherePredicate};

use crate::call::{local, named, uncached};
use crate::plan::Plan;
use crate::site::{assumed, site};
use crate::span;
use crate::types::impl_trait;

/// Writes the companion of a function that will be expanded.
pub(crate) fn companion(plan: &Plan<'_>) -> TokenStream {
    let (site, uncached) = (site(plan), uncached(plan));
    let uncached = quote! {
        #site
        /// Runs the body and touches no tier.
        #[allow(dead_code)]
        #uncached
    };
    let assumed = assumed(plan);
    let (all, each) = match plan.function.is_generic() {
        true => (Vec::new(), assumed),
        false => (assumed, Vec::new()),
    };
    let entry = entry(plan, &each);
    let controls = CONTROLS.iter().map(|control| control.write(plan, &each, control.body(plan)));
    types(plan, &uncached, &all, &[entry].into_iter().chain(controls).collect())
}

/// Writes the function that finds the entry of some arguments: what the other controls are made of.
fn entry(plan: &Plan<'_>, assumed: &[WherePredicate]) -> TokenStream {
    let at = span::at(plan.key.at);
    let (krate, value, waits) = (&plan.krate, &plan.value, plan.waits());
    let (args, site) = (local("args"), local("site"));
    let (import, query, found) = (plan.import(), &plan.key.query, plan.found());
    let generics = generics(plan, assumed);
    let (params, clause) = (&generics.params, &generics.where_clause);
    let arguments = keyed(plan);
    let handle = quote_spanned!(at=> #site.handle(&#args));
    quote! {
        fn __dcache_entry<#params>(#(#arguments),*) -> #krate::Handle<#value, #krate::#waits> #clause {
            #import
            match #query { #args => { let #site = #found; #handle } }
        }
    }
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
        #[allow(unused, unused_lifetimes, single_use_lifetimes, private_interfaces, private_bounds)]
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
#[derive(Clone, Copy)]
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
        let name = format_ident!("{}", self.name);
        let generics = generics(plan, assumed);
        let (params, clause, returns) = (&generics.params, &generics.where_clause, self.returns(plan));
        let arguments = match self.takes {
            Takes::All => {
                let all = named(plan).inputs.into_iter();
                all.map(|argument| argument.into_token_stream()).collect()
            }
            Takes::Key => keyed(plan),
            Takes::KeyAndValue => {
                let (name, ty) = (Ident::new("value", Span::mixed_site()), &plan.value);
                keyed(plan).into_iter().chain([quote!(#name: #ty)]).collect()
            }
            Takes::Nothing => Vec::new(),
        };
        quote!(fn #name<#params>(#(#arguments),*) -> #returns #clause)
    }

    fn returns(&self, plan: &Plan<'_>) -> TokenStream {
        let (krate, value) = (&plan.krate, &plan.value);
        let returns = match self.returns {
            Returns::Same => plan.function.returns.to_token_stream(),
            Returns::Value => quote!(::core::option::Option<#value>),
            Returns::Entry => quote!(::core::option::Option<#krate::Entry<#value>>),
            Returns::Done => quote!(::core::result::Result<(), #krate::Error>),
            Returns::Key => quote!(::std::string::String),
            Returns::Stats => quote!(#krate::Stats),
        };
        match (self.waits && plan.function.is_async(), self.takes) {
            (false, _) => returns,
            (true, Takes::All) => quote!(impl ::core::future::Future<Output = #returns>),
            (true, _) => quote!(#krate::Pending<#returns>),
        }
    }

    fn body(&self, plan: &Plan<'_>) -> TokenStream {
        let (krate, method) = (&plan.krate, format_ident!("{}", self.name));
        let entry = plan.call("__dcache_entry", &TokenStream::new());
        let names = plan.key.arguments.iter().map(|argument| &argument.name);
        match self.takes {
            Takes::Nothing => {
                let (import, waits) = (plan.key.kept.is_none().then(|| plan.import()), plan.waits());
                match whole(plan) {
                    Whole::Site(site) => quote!(#import #site.whole::<#krate::#waits>().#method()),
                    Whole::Sites(sites) if self.waits => quote!(#sites.#method::<#krate::#waits>()),
                    Whole::Sites(sites) => quote!(#sites.#method()),
                }
            }
            Takes::All => {
                let at = span::at(plan.key.at);
                let (import, query, found) = (plan.import(), &plan.key.query, plan.found());
                let (miss, args, site) = (local("miss"), local("args"), local("site"));
                let finish = plan.finish(&miss);
                let refresh = quote_spanned!(at=> #site.refresh(&#args));
                quote!(#import let #miss = match #query { #args => { let #site = #found; #refresh } }; #finish)
            }
            Takes::Key if self.name == "key" => {
                quote!(::core::option::Option::unwrap_or_default(#entry(#(#names),*).key()))
            }
            Takes::Key => quote!(#entry(#(#names),*).#method()),
            Takes::KeyAndValue => {
                let value = Ident::new("value", Span::mixed_site());
                quote!(#entry(#(#names),*).#method(#value))
            }
        }
    }
}

/// Returns the function's generics, and what is taken for granted.
fn generics(plan: &Plan<'_>, assumed: &[WherePredicate]) -> Generics {
    let mut generics = plan.function.item.sig.generics.clone();
    if !assumed.is_empty() {
        generics.make_where_clause().predicates.extend(assumed.iter().cloned());
    }
    generics
}

/// Writes the arguments in the key.
fn keyed(plan: &Plan<'_>) -> Vec<TokenStream> {
    let arguments = plan.key.arguments.iter().map(|argument| {
        let (name, ty) = (&argument.name, &argument.ty);
        quote!(#name: #ty)
    });
    arguments.collect()
}

/// What finds the cache without a key at hand.
enum Whole {
    Site(TokenStream),
    /// All caches of the function, those of each type.
    Sites(TokenStream),
}

/// Writes what finds the cache without a key at hand.
///
/// Where only the compiler knows the key's type, a closure that is never called tells it. It cannot be written
/// for `impl Trait` arguments; then all caches of the function are meant, those of each type.
fn whole(plan: &Plan<'_>) -> Whole {
    let (krate, query, arguments) = (&plan.krate, &plan.key.query, &plan.key.arguments);
    if let Some(kept) = &plan.key.kept {
        return Whole::Site(plan.site_call(&quote!(::core::marker::PhantomData::<#kept>)));
    }
    if arguments.iter().any(|argument| impl_trait(&argument.ty).is_some()) {
        let sites = plan.path("__dcache_sites");
        return Whole::Sites(quote!(#sites()));
    }
    let (names, types) = (arguments.iter().map(|a| &a.name), arguments.iter().map(|a| &a.ty));
    let made = quote!(|(#(#names,)*): (#(#types,)*)| #krate::__private::ToKey::to_key(&#query));
    Whole::Site(plan.site_call(&quote!(#krate::__private::kind_made(#made))))
}

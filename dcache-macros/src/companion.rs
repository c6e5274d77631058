//! Plan → the type beside the function, with its controls.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::{Signature, Token};

use crate::call::{local, named, uncached};
use crate::plan::{Plan, returns_at};
use crate::site::{lints_of_lifetimes, site};
use crate::span;
use crate::types::impl_trait;

/// Writes the companion of a function that will be expanded.
pub(crate) fn companion(plan: &Plan<'_>) -> TokenStream {
    let (site, uncached) = (site(plan), uncached(plan));
    let uncached = quote! {
        /// Runs the body and touches no tier.
        #uncached
    };
    let entry = entry(plan);
    let controls = CONTROLS.iter().map(|control| control.write(plan, control.body(plan)));
    let types = types(plan, &uncached, &[entry].into_iter().chain(controls).collect());
    quote!(#site #types)
}

/// Writes the function that finds the entry of some arguments: what the other controls are made of.
fn entry(plan: &Plan<'_>) -> TokenStream {
    let (krate, value, waits) = (&plan.krate, &plan.value, plan.waits());
    let (import, handle, arguments) = (plan.import(), plan.ask("handle"), plan.keyed());
    let generics = &plan.function.item.sig.generics;
    let (params, clause) = (&generics.params, &generics.where_clause);
    let there = span::at(returns_at(plan.function));
    let here = span::moved(krate, there);
    let returns = quote_spanned!(there=> #here::Handle<#value, #here::#waits>);
    quote! {
        fn __dcache_entry<#params>(#(#arguments),*) -> #returns #clause {
            #import
            #handle
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
    let uncached = quote!(#[allow(unused)] #vis #uncached { #call });
    let controls = CONTROLS.iter().map(|control| {
        let control = match control.takes {
            Takes::All if plan.function.is_async() => {
                let at = Span::mixed_site();
                control.write(plan, quote_spanned!(at=> async move { #call }))
            }
            Takes::All => control.write(plan, call.clone()),
            _ => control.write(plan, missing.clone()),
        };
        (!control.is_empty()).then(|| quote!(#[allow(unused)] #control))
    });
    types(plan, &uncached, &controls.flatten().collect())
}

fn types(plan: &Plan<'_>, uncached: &TokenStream, controls: &TokenStream) -> TokenStream {
    let item = &plan.function.item;
    let (vis, name) = (&item.vis, &item.sig.ident);
    let hidden = item.attrs.iter().filter(|attr| {
        attr.path().is_ident("doc") && attr.meta.to_token_stream().to_string().contains("hidden")
    });
    let (lints, cfg) = (lints_of_lifetimes(&item.sig.generics), plan.function.cfg());
    let at = span::at(name.span());
    let declared = quote_spanned!(at=> enum #name {});
    let docs = format!("Controls of the cached function `{name}`: look, store, remove.");
    quote! {
        #cfg
        #(#hidden)*
        #[doc = #docs]
        #[allow(non_camel_case_types, missing_debug_implementations, clippy::exhaustive_enums)]
        #vis #declared
        #cfg
        impl #name {
            #uncached
        }
        #cfg
        #lints
        #[allow(clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
        impl #name {
            #controls
        }
    }
}

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
    fn write(&self, plan: &Plan<'_>, body: TokenStream) -> TokenStream {
        if self.name == "key" && !plan.has_remote_key() {
            return TokenStream::new();
        }
        let (docs, vis) = (self.docs, &plan.function.item.vis);
        let sig = self.signature(plan);
        quote!(#[doc = #docs] #vis #sig { #body })
    }

    fn signature(&self, plan: &Plan<'_>) -> TokenStream {
        let at = Span::call_site().located_at(plan.function.item.sig.ident.span());
        let name = Ident::new(self.name, at);
        let generics = &plan.function.item.sig.generics;
        let (params, clause, returns) = (&generics.params, &generics.where_clause, self.returns(plan));
        let arguments = match self.takes {
            Takes::All => {
                let all = named(plan).inputs.into_iter();
                all.map(|argument| argument.into_token_stream()).collect()
            }
            Takes::Key => plan.keyed(),
            Takes::KeyAndValue => {
                let (name, ty) = (Ident::new("new_value", Span::mixed_site()), &plan.value);
                plan.keyed().into_iter().chain([quote!(#name: #ty)]).collect()
            }
            Takes::Nothing => Vec::new(),
        };
        let fn_token = Token![fn](at);
        quote!(#fn_token #name<#params>(#(#arguments),*) -> #returns #clause)
    }

    fn returns(&self, plan: &Plan<'_>) -> TokenStream {
        let (krate, value, at) = (&plan.krate, &plan.value, span::at(returns_at(plan.function)));
        let returns = match self.returns {
            Returns::Same => plan.function.returns.to_token_stream(),
            Returns::Value => quote_spanned!(at=> ::core::option::Option<#value>),
            Returns::Entry => quote_spanned!(at=> ::core::option::Option<#krate::Entry<#value>>),
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
        let method = format_ident!("{}", self.name);
        let turbofish = plan.turbofish(&TokenStream::new());
        let at = span::at(returns_at(plan.function));
        let entry = quote_spanned!(at=> Self::__dcache_entry #turbofish);
        let names = plan.key.arguments.iter().map(|argument| &argument.name);
        match self.takes {
            Takes::Nothing => {
                let import = plan.single().is_none().then(|| plan.import());
                let method = match self.waits && !plan.function.is_async() {
                    true => format_ident!("{}_blocking", self.name),
                    false => method,
                };
                let whole = whole(plan);
                quote!(#import #whole.#method())
            }
            Takes::All => {
                let (import, miss, refresh) = (plan.import(), local("miss"), plan.ask("refresh"));
                let finish = plan.finish(&miss);
                quote!(#import let #miss = #refresh; #finish)
            }
            Takes::Key if self.name == "key" => {
                quote_spanned!(at=> ::core::option::Option::unwrap_or_default(#entry(#(#names),*).key()))
            }
            Takes::Key => quote_spanned!(at=> #entry(#(#names),*).#method()),
            Takes::KeyAndValue => {
                let value = Ident::new("new_value", Span::mixed_site());
                quote_spanned!(at=> #entry(#(#names),*).#method(#value))
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
    if plan.single().is_some() || arguments.iter().any(|argument| impl_trait(&argument.ty).is_some()) {
        return plan.static_name().into_token_stream();
    }
    let (names, types) = (arguments.iter().map(|a| &a.name), arguments.iter().map(|a| &a.ty));
    let (args, asked) = (local("args"), plan.asked());
    let at = span::at(plan.key.at);
    let krate = span::moved(krate, at);
    let made = quote_spanned!(at=> |(#(#names,)*): (#(#types,)*)| match #query { #args => #asked.kind() });
    plan.site_call(&quote_spanned!(at=> #krate::__private::kind_made(#made)))
}

//! What the function and its controls have in common: how the body is called, and how a miss goes on.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote};
use syn::{Attribute, FnArg, Meta, Pat, PatIdent, Safety, Signature};

use crate::plan::Plan;

impl Plan<'_> {
    /// Writes a generated function to call, with the type and const arguments of this one.
    pub(crate) fn call(&self, name: &str, more: &TokenStream) -> TokenStream {
        let (path, turbofish) = (self.path(name), self.turbofish(more));
        quote!(#path #turbofish)
    }

    /// Writes the call of the body.
    pub(crate) fn body_call(&self) -> TokenStream {
        let body =
            self.call(if self.has_companion { "uncached" } else { "__dcache_body" }, &TokenStream::new());
        let names = self.function.arguments.iter().map(|argument| &argument.name);
        quote!(#body(#(#names),*))
    }

    /// Writes what a miss leads to: the body runs, its value is stored and returned.
    pub(crate) fn finish(&self, miss: &Ident) -> TokenStream {
        let (krate, returns, body) = (&self.krate, &self.function.returns, self.body_call());
        let share = self.fallible.then(|| quote!(, <#krate::__private::Probe<#returns>>::SHARE));
        match (self.fallible, self.function.is_async()) {
            (true, true) => quote!(#miss.try_run(#body #share).await),
            (true, false) => quote!(#miss.try_run_blocking(move || #body #share)),
            (false, true) => quote!(#miss.run(#body).await),
            (false, false) => quote!(#miss.run_blocking(move || #body)),
        }
    }

    /// Writes the imports that the key and the probe of the error type need.
    pub(crate) fn import(&self) -> TokenStream {
        let krate = &self.krate;
        let parts: &[&str] = if self.key.kept.is_none() { &["PartFallback"] } else { &[] };
        let probe: &[&str] = if self.fallible { &["ProbeFallback"] } else { &[] };
        let traits = parts.iter().chain(probe).map(|name| format_ident!("{name}"));
        quote!(#(#[allow(unused_imports)] use #krate::__private::#traits as _;)*)
    }
}

/// Writes the function that was decorated, under another name.
pub(crate) fn body(plan: &Plan<'_>, name: &str) -> TokenStream {
    let item = &plan.function.item;
    let lints = item.attrs.iter().filter(|attr| is_lint(attr)).map(without_expectation);
    let sig = Signature { ident: Ident::new(name, item.sig.ident.span()), ..item.sig.clone() };
    let (vis, block) = (&item.vis, &item.block);
    let vis = plan.has_companion.then_some(vis);
    quote! {
        #[allow(clippy::missing_const_for_fn, clippy::missing_errors_doc, clippy::missing_panics_doc)]
        #[allow(clippy::must_use_candidate, clippy::too_many_arguments)]
        #(#lints)*
        #vis #sig #block
    }
}

/// Returns the signature with a plain name for every argument, and without the qualifiers that are refused.
pub(crate) fn named(plan: &Plan<'_>) -> Signature {
    let sig = plan.function.item.sig.clone();
    let mut sig = Signature { constness: None, safety: Safety::Default, abi: None, variadic: None, ..sig };
    let typed = sig.inputs.iter_mut().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    });
    for (typed, argument) in typed.zip(&plan.function.arguments) {
        let pat = PatIdent {
            attrs: Vec::new(),
            by_ref: None,
            mutability: None,
            ident: argument.name.clone(),
            subpat: None,
        };
        *typed.pat = Pat::Ident(pat);
    }
    sig
}

/// Makes an identifier that the user's tokens can't see.
pub(crate) fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

fn is_lint(attr: &Attribute) -> bool {
    ["allow", "warn", "deny", "forbid", "expect"].iter().any(|lint| attr.path().is_ident(lint))
}

/// Writes an attribute; `expect` becomes `allow`, as only one of the two functions will fulfil it.
pub(crate) fn without_expectation(attr: &Attribute) -> TokenStream {
    match &attr.meta {
        Meta::List(list) if attr.path().is_ident("expect") => {
            let lints = &list.tokens;
            quote!(#[allow(#lints)])
        }
        _ => attr.to_token_stream(),
    }
}

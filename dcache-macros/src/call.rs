//! What the function and its controls have in common: how the body is run, and how a miss goes on.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::{Attribute, FnArg, Meta, Pat, PatIdent, ReturnType, Safety, Signature};

use crate::function::{Flow, pinned_block};
use crate::plan::{Home, Plan};
use crate::span;

impl Plan<'_> {
    /// Writes a generated function to call, with the type and const arguments of this one.
    pub(crate) fn call(&self, name: &str, more: &TokenStream) -> TokenStream {
        let (path, turbofish) = (self.path(name), self.turbofish(more));
        quote!(#path #turbofish)
    }

    /// Writes what a miss leads to: the body runs, its value is stored and returned.
    pub(crate) fn finish(&self, miss: &Ident) -> TokenStream {
        let (krate, returns, body) = (&self.krate, &self.function.returns, self.body());
        let share = self.fallible.then(|| quote!(, <#krate::__private::Probe<#returns>>::__DCACHE_SHARE));
        match (self.fallible, self.function.is_async()) {
            (true, true) => quote!(#miss.try_run(#body #share)),
            (true, false) => quote!(#miss.try_run_blocking(#body #share)),
            (false, true) => quote!(#miss.run(#body)),
            (false, false) => quote!(#miss.run_blocking(#body)),
        }
    }

    /// Writes the body, to be run on a miss: a future, or a closure.
    fn body(&self) -> TokenStream {
        let (function, returns) = (self.function, &self.function.returns);
        if self.home == Home::Type {
            let uncached = self.call("uncached", &TokenStream::new());
            let names = function.arguments.iter().map(|argument| &argument.name);
            let call = quote!(#uncached(#(#names),*));
            return if function.is_async() { call } else { quote!(move || #call) };
        }
        let block = &function.item.block;
        let bound = function.arguments.iter().filter_map(|argument| {
            let (name, pattern) = (&argument.name, argument.pattern.as_ref()?);
            Some(quote!(let #pattern = #name;))
        });
        let statements = &block.stmts;
        let braces = span::at(block.brace_token.span.join());
        let block = quote_spanned!(braces=> { #(#bound)* #(#statements)* });
        match (function.flow, pinned_block(&function.item.block)) {
            (Flow::Pinned, Some(block)) => block.to_token_stream(),
            (Flow::Sync, _) => {
                let returns = match &function.item.sig.output {
                    ReturnType::Default => None,
                    returns @ ReturnType::Type(..) => Some(returns),
                };
                quote!(move || #returns #block)
            }
            _ => {
                // the first statement tells the compiler what `return` returns
                let value = local("value");
                quote!(async move {
                    if let ::core::option::Option::Some(#value) = ::core::option::Option::None::<#returns> {
                        return #value;
                    }
                    let #value: #returns = #block;
                    #value
                })
            }
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
pub(crate) fn uncached(plan: &Plan<'_>) -> TokenStream {
    let item = &plan.function.item;
    let lints = item.attrs.iter().filter(|attr| is_lint(attr)).map(without_expectation);
    let sig = Signature { ident: Ident::new("uncached", item.sig.ident.span()), ..item.sig.clone() };
    let (vis, block) = (&item.vis, &item.block);
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
    for (input, argument) in sig.inputs.iter_mut().zip(&plan.function.arguments) {
        if let FnArg::Typed(typed) = input {
            let (attrs, ident) = (Vec::new(), argument.name.clone());
            *typed.pat = Pat::Ident(PatIdent { attrs, by_ref: None, mutability: None, ident, subpat: None });
        }
    }
    sig
}

/// Makes an identifier that the user's tokens can't see, and that no constant of theirs is called by.
pub(crate) fn local(name: &str) -> Ident {
    format_ident!("__dcache_{name}", span = Span::mixed_site())
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

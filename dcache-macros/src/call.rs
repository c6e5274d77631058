//! What the function and its controls have in common: how the body is run, and how a miss goes on.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::{Attribute, FnArg, Meta, Pat, PatIdent, Safety, Signature, VisRestricted, Visibility};

use crate::function::{Flow, pinned_block};
use crate::plan::{Home, Plan, returns_at};
use crate::span;

impl Plan<'_> {
    /// Writes a generated function to call, with the type and const arguments of this one.
    pub(crate) fn call(&self, name: &str, more: &TokenStream) -> TokenStream {
        let (path, turbofish) = (self.path(name), self.turbofish(more));
        quote!(#path #turbofish)
    }

    /// Writes what a miss leads to: the body runs, its value is stored and returned.
    pub(crate) fn finish(&self, miss: &Ident) -> TokenStream {
        let (krate, returns) = (&self.krate, &self.function.returns);
        let at = span::at(returns_at(self.function));
        let (krate, miss) = (span::moved(krate, at), Ident::new(&miss.to_string(), at));
        let share =
            self.fallible.then(|| quote_spanned!(at=> , <#krate::__private::Probe<#returns>>::DCACHE_SHARE));
        let method = match (self.fallible, self.is_away, self.function.is_async()) {
            (false, false, true) => "run",
            (false, false, false) => "run_blocking",
            (false, true, true) => "run_away",
            (false, true, false) => "run_away_blocking",
            (true, false, true) => "try_run",
            (true, false, false) => "try_run_blocking",
            (true, true, true) => "try_run_away",
            (true, true, false) => "try_run_away_blocking",
        };
        let (method, body) =
            (Ident::new(method, at), if self.is_away { self.body_away() } else { self.body() });
        quote_spanned!(at=> #miss.#method(#body #share))
    }

    /// Writes the body, to be run on a miss: a future, or a closure.
    fn body(&self) -> TokenStream {
        let function = self.function;
        if self.home == Home::Type {
            let uncached = self.call("uncached", &TokenStream::new());
            let names = function.arguments.iter().map(|argument| &argument.name);
            let at = span::at(function.item.sig.ident.span());
            let call = quote_spanned!(at=> #uncached(#(#names),*));
            return if function.is_async() { call } else { quote_spanned!(at=> move || #call) };
        }
        let block = &function.item.block;
        let bound = function.arguments.iter().filter_map(|argument| {
            let (name, pattern) = (&argument.name, argument.pattern.as_ref()?);
            Some(quote!(let #pattern = #name;))
        });
        let statements = &block.stmts;
        let braces = span::at(block.brace_token.span.join());
        let block = quote_spanned!(braces=> { #(#bound)* #(#statements)* });
        match function.flow {
            Flow::Pinned => pinned_block(&function.item.block).to_token_stream(),
            Flow::Sync => {
                let returns = function.declared();
                let at = span::at(function.item.sig.ident.span());
                quote_spanned!(at=> move || #returns #block)
            }
            Flow::Async => self.future(None, &block),
        }
    }

    /// Writes the future of a block, after some statements. The first of all tells the compiler what `return` returns.
    pub(crate) fn future(&self, before: Option<TokenStream>, block: &TokenStream) -> TokenStream {
        let (returns, at) = (&self.function.returns, span::at(returns_at(self.function)));
        let value = Ident::new("__dcache_value", at);
        quote_spanned!(at=> async move {
            if let ::core::option::Option::Some(#value) = ::core::option::Option::None::<#returns> {
                return #value;
            }
            #before
            let #value: #returns = #block;
            #value
        })
    }

    /// Writes a call of a cache's method with the borrowed arguments. Where a type may not fit, it is called in a way
    /// that leaves it to the check at that type to say so.
    pub(crate) fn ask(&self, method: &str) -> TokenStream {
        let (args, site, at) = (local("args"), local("site"), span::at(self.key.at));
        let (query, method) = (&self.key.query, Ident::new(method, at));
        if self.fits && self.single().is_some() {
            let site = self.static_name();
            let krate = span::moved(&self.krate, at);
            return quote_spanned!(at=> #krate::__private::Site::#method(&#site, &#query));
        }
        let asked = match (self.fits, &self.cache) {
            (true, None) => quote_spanned!(at=> #site.#method(&#args)),
            (false, None) => {
                let asked = self.asked();
                quote_spanned!(at=> #asked.#method(#site))
            }
            (_, Some(_)) => {
                let (asked, method) = (self.asked(), format_ident!("{method}_in", span = at));
                quote_spanned!(at=> #asked.#method(#site))
            }
        };
        let found = self.found();
        quote_spanned!(at=> match #query { #args => { let #site = #found; #asked } })
    }

    /// Writes the arguments in the key; `self` is none to write.
    pub(crate) fn keyed(&self) -> Vec<TokenStream> {
        let arguments = self.key.arguments.iter().filter(|argument| !argument.is_self()).map(|argument| {
            let (name, ty) = (&argument.name, &argument.ty);
            quote!(#name: #ty)
        });
        arguments.collect()
    }

    /// Writes what the borrowed arguments ask a cache with.
    pub(crate) fn asked(&self) -> TokenStream {
        let (value, args, at) = (&self.value, local("args"), span::at(self.key.at));
        let krate = span::moved(&self.krate, at);
        let place = Ident::new(if self.has_remote_key() { "Far" } else { "Near" }, at);
        quote_spanned!(at=> #krate::__private::Asked::<#krate::__private::#place, _, #value>::new(&#args))
    }

    /// Writes the import of what is called where inherent methods have bounds that do not hold.
    pub(crate) fn import(&self) -> TokenStream {
        let krate = &self.krate;
        if self.fits && !self.is_away {
            let probe = self
                .fallible
                .then(|| quote!(#[allow(unused_imports)] use #krate::__private::ProbeFallback as _;));
            return quote!(#probe);
        }
        quote!(#[allow(unused_imports)] use #krate::__private::fallback::*;)
    }
}

/// Writes the function that was decorated, under another name.
pub(crate) fn uncached(plan: &Plan<'_>) -> TokenStream {
    let item = &plan.function.item;
    let lints = item.attrs.iter().filter(|attr| is_lint(attr)).map(without_expectation);
    let name = Ident::new("uncached", span::at(item.sig.ident.span()));
    let sig = Signature { ident: name, ..item.sig.clone() };
    let (mut vis, block) = (item.vis.clone(), &item.block);
    // lints about how an item is declared look at its first token, and pass over it where an attribute wrote that
    let private = match &mut vis {
        Visibility::Public(token) | Visibility::Restricted(VisRestricted { pub_token: token, .. }) => {
            token.span = span::at(token.span);
            None
        }
        Visibility::Inherited => {
            Some(quote!(#[allow(clippy::missing_const_for_fn, clippy::too_many_arguments)]))
        }
    };
    quote! {
        #private
        #(#lints)*
        #vis #sig #block
    }
}

/// Returns the signature with a plain name for every argument, and without the qualifiers that are refused.
pub(crate) fn named(plan: &Plan<'_>) -> Signature {
    let sig = plan.function.item.sig.clone();
    let mut sig = Signature { constness: None, safety: Safety::Default, abi: None, variadic: None, ..sig };
    for (input, argument) in sig.inputs.iter_mut().zip(&plan.function.arguments) {
        match input {
            FnArg::Typed(typed) => {
                let (attrs, ident) = (Vec::new(), argument.name.clone());
                *typed.pat =
                    Pat::Ident(PatIdent { attrs, by_ref: None, mutability: None, ident, subpat: None });
            }
            // the body has a `self` of its own
            FnArg::Receiver(receiver) if plan.is_away => receiver.mutability = None,
            FnArg::Receiver(_) => {}
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

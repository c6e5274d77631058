//! A body that owns what it needs, so that it can run in the background.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned as _;

use crate::body::{detached, own_self};
use crate::call::local;
use crate::function::{Argument, Flow, Function, pinned_block};
use crate::plan::{Home, Plan, returns_at};
use crate::span;
use crate::types::{Form, borrows, impl_trait};

impl Plan<'_> {
    /// Writes what makes the body: it takes the arguments over, and returns a future or a closure that owns them.
    pub(crate) fn body_away(&self) -> TokenStream {
        let at = span::at(self.function.item.sig.ident.span());
        let taken = self.function.arguments.iter().map(|argument| taken(argument, self));
        let body = match (self.home, self.function.flow) {
            (Home::Type, flow) => {
                let uncached = self.call("uncached", &TokenStream::new());
                let lent = self.function.arguments.iter().map(lent);
                let call = quote_spanned!(at=> #uncached(#(#lent),*));
                match flow {
                    Flow::Sync => quote_spanned!(at=> move || #call),
                    Flow::Async | Flow::Pinned => quote_spanned!(at=> async move { #call.await }),
                }
            }
            (_, flow) => self.block_away(flow),
        };
        quote_spanned!(at=> move || { #(#taken)* #body })
    }

    /// Writes the body itself, around arguments that are its own.
    fn block_away(&self, flow: Flow) -> TokenStream {
        let item = &self.function.item;
        let lent = self.function.arguments.iter().map(|argument| {
            let (name, lent) = (owned(argument), lent(argument));
            quote!(let #name = #lent;)
        });
        let bound: Vec<_> =
            self.function.arguments.iter().filter_map(|argument| bound(argument, self.function)).collect();
        let lifetimes: Vec<_> =
            item.sig.generics.lifetimes().map(|param| param.lifetime.ident.clone()).collect();
        let detached = |tokens: TokenStream| detached(tokens, &lifetimes);
        let statements = item.block.stmts.iter().map(|statement| detached(statement.to_token_stream()));
        let braces = span::at(item.block.brace_token.span.join());
        let block = quote_spanned!(braces=> { #(#bound)* #(#statements)* });
        let at = span::at(returns_at(self.function));
        match (flow, pinned_block(&item.block)) {
            (Flow::Sync, _) => {
                let returns = self.function.declared();
                let body = local("body");
                // a closure of its own, so that what it is lent is there for its `return`s as well
                quote_spanned!(at=> move || { #(#lent)* let #body = move || #returns #block; #body() })
            }
            (Flow::Pinned, Some(block)) => {
                let block = detached(block.to_token_stream());
                quote_spanned!(at=> async move { #(#lent)* #(#bound)* #block.await })
            }
            _ => self.future(Some(quote!(#(#lent)*)), &block),
        }
    }
}

/// Writes the statement that makes an argument the body's own.
fn taken(argument: &Argument, plan: &Plan<'_>) -> TokenStream {
    let (name, given, at) = (owned(argument), &argument.name, span::at(argument.ty.span()));
    let krate = span::moved(&plan.krate, at);
    let away = |way: &str, ty: &Type, more: Option<TokenStream>| {
        let way = Ident::new(way, at);
        let types = impl_trait(ty).is_none().then(|| quote_spanned!(at=> ::<#ty #more>));
        quote_spanned!(at=> #krate::__private::away::#way #types(#given))
    };
    let taken = match form(&argument.ty) {
        Form::Borrowed(ty) => {
            let lent = away("borrowed", ty, None);
            quote_spanned!(at=> #lent.copy())
        }
        Form::Optional(ty) => {
            let lent = away("borrowed", ty, None);
            quote_spanned!(at=> ::core::option::Option::map(#given, |#given| #lent.copy()))
        }
        Form::Cow(ty) => away("cow", ty, None),
        Form::Owned(ty) => away("owned", ty, Some(quote!(, _))),
    };
    quote!(let #name = #taken;)
}

/// Writes the argument as the function takes it, lent from what the body owns.
fn lent(argument: &Argument) -> TokenStream {
    let (name, at) = (owned(argument), span::at(argument.ty.span()));
    match form(&argument.ty) {
        // a type without a name is its own owned form
        Form::Borrowed(ty) if impl_trait(ty).is_some() => quote_spanned!(at=> &#name),
        Form::Optional(ty) if impl_trait(ty).is_some() => {
            quote_spanned!(at=> ::core::option::Option::as_ref(&#name))
        }
        Form::Borrowed(ty) => quote_spanned!(at=> ::core::borrow::Borrow::<#ty>::borrow(&#name)),
        Form::Optional(ty) => quote_spanned!(at=> ::core::option::Option::map(
            ::core::option::Option::as_ref(&#name),
            ::core::borrow::Borrow::<#ty>::borrow,
        )),
        Form::Cow(_) | Form::Owned(_) => name.to_token_stream(),
    }
}

/// Writes the statement that gives the body an argument as it is declared.
fn bound(argument: &Argument, function: &Function) -> Option<TokenStream> {
    let name = owned(argument);
    if argument.is_self() {
        let mutability = function.receiver()?.mutability?;
        return Some(quote!(let #mutability #name = #name;));
    }
    let pattern = argument.pattern.as_ref()?;
    Some(quote!(let #pattern = #name;))
}

/// Returns how the body comes by an argument; what lives forever needs no copy.
fn form(ty: &Type) -> Form<'_> {
    match Form::of(ty) {
        Form::Borrowed(_) | Form::Optional(_) if borrows(ty).is_none() => Form::Owned(ty),
        form => form,
    }
}

/// Names what the body owns; `self` cannot be the name of a variable.
fn owned(argument: &Argument) -> Ident {
    match argument.is_self() {
        true => own_self(argument.name.span()),
        false => argument.name.clone(),
    }
}

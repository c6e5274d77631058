//! Plan → the method that returns a handle: the controls of a cached method.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens as _, quote};
use syn::ext::IdentExt as _;
use syn::{Receiver, ReceiverKind, Type};

use crate::call::named;
use crate::plan::Plan;
use crate::site::lints_of_lifetimes;

/// Writes `m_cache`, beside a method `m` that will be expanded.
pub(crate) fn handle(plan: &Plan<'_>) -> TokenStream {
    let (import, handle) = (plan.import(), plan.ask("handle"));
    written(plan, &quote!(#import #handle))
}

/// Writes `m_cache` with the right signature and no runtime, for a method with mistakes.
pub(crate) fn stub(plan: &Plan<'_>) -> TokenStream {
    written(plan, &quote!(::core::unimplemented!()))
}

fn written(plan: &Plan<'_>, body: &TokenStream) -> TokenStream {
    let (function, krate, value) = (plan.function, &plan.krate, &plan.value);
    let generics = named(plan).generics;
    let (params, clause) = (&generics.params, &generics.where_clause);
    let method = &function.item.sig.ident;
    let name = Ident::new(&format!("{}_cache", method.unraw()), method.span());
    let vis = match plan.of_trait {
        Some(_) => quote!(pub),
        None => function.item.vis.to_token_stream(),
    };
    let is_keyed = plan.key.arguments.iter().any(|argument| argument.is_self());
    let receiver = function.receiver().map(|receiver| self::receiver(receiver, is_keyed));
    let arguments = plan.keyed();
    let waits = plan.waits();
    let docs = format!("Returns the cache's entry of `{}` with these arguments.", method.unraw());
    let (cfg, lints) = (function.cfg(), lints_of_lifetimes(&generics));
    quote! {
        #cfg
        #lints
        #[doc = #docs]
        #[allow(clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
        #vis fn #name<#params>(#receiver #(#arguments),*) -> #krate::Handle<#value, #krate::#waits> #clause {
            #body
        }
    }
}

/// Writes how a handle takes `self`: by reference, and as it is where a smart pointer to it is in the key.
fn receiver(receiver: &Receiver, is_keyed: bool) -> TokenStream {
    let name = &receiver.self_token;
    match &receiver.kind {
        ReceiverKind::Typed(_, ty) if is_keyed => match &**ty {
            Type::Reference(_) => quote!(#name: #ty,),
            ty => quote!(#name: &#ty,),
        },
        ReceiverKind::Reference(and, lifetime, _) => quote!(#and #lifetime #name,),
        _ => quote!(&#name,),
    }
}

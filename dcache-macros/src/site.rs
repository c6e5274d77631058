//! The static that holds a function's cache, and the function that hands it out.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{ConstParam, GenericParam, Generics, Path, Token, Type, TypeParam, TypeParamBound, WherePredicate};

use crate::key::From;
use crate::plan::{Plan, returns_at};
use crate::span;
use crate::types::Form;

/// Writes the function that hands out the cache.
pub(crate) fn site(plan: &Plan<'_>) -> TokenStream {
    let krate = &plan.krate;
    let checks = checks(plan);
    let builder = Ident::new("builder", Span::mixed_site());
    let policy = &plan.policy;
    let build = quote!(|#builder| #builder #policy.plan());
    let (meta, value) = (meta(plan), &plan.value);
    let quiet = quote!(#[allow(clippy::all, clippy::pedantic, clippy::nursery)]);
    match &plan.key.kept {
        Some(kept) if plan.is_single() => {
            let ty = quote!(#krate::__private::Site<#kept, #value>);
            let list = list(krate, "__DCACHE_SITE");
            quote! {
                #quiet
                #[inline]
                fn __dcache_site() -> &'static #ty {
                    #checks
                    static __DCACHE_SITE: #ty = #krate::__private::Site::new(#meta, #build);
                    #list
                    &__DCACHE_SITE
                }
            }
        }
        kept => {
            let generics = &plan.function.item.sig.generics;
            let (generics, parameter, key) = match kept {
                Some(kept) => (generics.clone(), None, kept.clone()),
                None => with_key(generics, plan),
            };
            let (params, clause) = (&generics.params, &generics.where_clause);
            let (consts, arguments) = type_arguments(&plan.function.item.sig.generics);
            let list = list(krate, "__DCACHE_SITES");
            let sites = plan.path("__dcache_sites");
            quote! {
                fn __dcache_sites() -> &'static #krate::__private::Sites {
                    static __DCACHE_SITES: #krate::__private::Sites = #krate::__private::Sites::new(#meta);
                    #list
                    &__DCACHE_SITES
                }
                #quiet
                #[inline]
                fn __dcache_site<#params>(#parameter) -> &'static #krate::__private::Site<#key, #value> #clause {
                    #checks
                    #consts
                    #sites().site::<#arguments, #key, #value>(#build)
                }
            }
        }
    }
}

impl Plan<'_> {
    /// Writes the path of a generated function: of the companion, or beside us.
    pub(crate) fn path(&self, name: &str) -> TokenStream {
        let at = span::at(self.key.at);
        let (name, mut companion) = (Ident::new(name, at), self.function.item.sig.ident.clone());
        companion.set_span(companion.span().located_at(self.key.at));
        match self.has_companion {
            true => quote_spanned!(at=> #companion::#name),
            false => name.into_token_stream(),
        }
    }

    /// Writes the type and const arguments that a generated function is called with.
    pub(crate) fn turbofish(&self, more: &TokenStream) -> TokenStream {
        let names = self.function.item.sig.generics.params.iter().filter_map(|param| match param {
            GenericParam::Type(TypeParam { ident, .. }) | GenericParam::Const(ConstParam { ident, .. }) => {
                Some(ident)
            }
            GenericParam::Lifetime(_) => None,
        });
        match self.function.is_generic() {
            true => quote!(::<#(#names,)* #more>),
            false => TokenStream::new(),
        }
    }
}

fn meta(plan: &Plan<'_>) -> TokenStream {
    let krate = &plan.krate;
    let name = match plan.name {
        Some(name) => quote!(::core::option::Option::Some(#name)),
        None => quote!(::core::option::Option::None),
    };
    let function = &plan.function.item.sig.ident;
    let path = match plan.has_companion {
        true => quote!(::core::any::type_name::<#function>),
        false => quote!(|| ::core::primitive::str::trim_end_matches(
            ::core::any::type_name::<__dcache_here>(),
            "::__dcache_here",
        )),
    };
    quote! {
        #krate::__private::Meta {
            path: #path,
            name: #name,
            file: ::core::file!(),
            line: ::core::line!(),
        }
    }
}

fn list(krate: &Path, site: &str) -> TokenStream {
    let site = format_ident!("{site}");
    quote!(#krate::__private::inventory::submit! { #krate::__private::Listed(|| &#site) })
}

/// Lets the compiler check arguments and value where they stand.
fn checks(plan: &Plan<'_>) -> TokenStream {
    let krate = &plan.krate;
    let mut checks = TokenStream::new();
    if plan.key.from == From::Arguments {
        for argument in &plan.key.arguments {
            let ty = Form::of(&argument.ty).subject();
            checks.extend(check(krate, ty.span(), "argument", quote!(#ty)));
            if plan.codec.is_some() {
                checks.extend(check(krate, ty.span(), "remote_argument", quote!(#ty)));
            }
        }
    }
    let (value, at) = (&plan.value, returns_at(plan.function));
    checks.extend(check(krate, at, "value", quote!(#value)));
    if let Some(codec) = &plan.codec {
        let codec = span::moved(codec, at);
        checks.extend(check(krate, at, "remote_value", quote!(#value, #codec)));
    }
    checks.extend(plan.doubtful.then(|| no_alias(plan, at)));
    checks
}

/// Writes the bounds that the checks have: under them a mistake about types is not repeated by every control.
///
/// `for<…>` makes the compiler take them on trust, where they are false as well.
pub(crate) fn assumed(plan: &Plan<'_>) -> Vec<WherePredicate> {
    let (krate, value) = (&plan.krate, &plan.value);
    let Some(kept) = &plan.key.kept else { return Vec::new() };
    let key = match plan.codec {
        Some(_) => quote!(RemoteKey),
        None => quote!(CacheKey),
    };
    let mut assumed: Vec<WherePredicate> = vec![
        syn::parse_quote!(for<'__dcache> #kept: #krate::__private::#key),
        syn::parse_quote!(for<'__dcache> #value: #krate::__private::CacheValue),
    ];
    if plan.key.from == From::Arguments {
        assumed.extend(plan.key.arguments.iter().map(|argument| -> WherePredicate {
            let ty = Form::of(&argument.ty).subject();
            syn::parse_quote!(for<'__dcache> #ty: ::core::hash::Hash + ::core::cmp::Eq)
        }));
    }
    assumed
}

fn check(krate: &Path, at: Span, name: &str, types: TokenStream) -> TokenStream {
    let (at, krate) = (span::at(at), span::moved(krate, at));
    let name = Ident::new(name, at);
    quote_spanned!(at=> #krate::__private::check::#name::<#types>();)
}

fn no_alias(plan: &Plan<'_>, at: Span) -> TokenStream {
    let (krate, returns) = (&plan.krate, &plan.function.returns);
    let at = span::at(at);
    let body = quote_spanned! {at=> {
        #[allow(unused_imports)]
        use #krate::__private::PlainFallback as _;
        ::core::assert!(
            !<#krate::__private::Probe<#returns>>::IS_RESULT,
            "the return type is an alias of `Result`; add the flag `result`"
        )
    }};
    match plan.function.is_generic() {
        true => quote_spanned!(at=> const #body;),
        false => quote_spanned!(at=> const _: () = #body;),
    }
}

/// Adds the key to the generics, so that the compiler infers its type from the expression.
fn with_key(generics: &Generics, plan: &Plan<'_>) -> (Generics, Option<TokenStream>, TokenStream) {
    let krate = &plan.krate;
    let bound = match plan.codec {
        Some(_) => quote!(RemoteKey),
        None => quote!(CacheKey),
    };
    let mut generics = generics.clone();
    generics.params.push(syn::parse_quote!(__DcacheKey: #krate::__private::#bound));
    let parameter = quote!(_: ::core::marker::PhantomData<__DcacheKey>);
    (generics, Some(parameter), quote!(__DcacheKey))
}

/// Writes a type that tells one choice of type and const arguments from another, and the items it needs.
fn type_arguments(generics: &Generics) -> (TokenStream, TokenStream) {
    let (mut items, mut types) = (TokenStream::new(), TokenStream::new());
    for (n, param) in generics.params.iter().enumerate() {
        match param {
            GenericParam::Lifetime(_) => {}
            GenericParam::Type(TypeParam { ident, .. }) if is_unsized(ident, generics) => {
                types.extend(quote!(*const #ident,));
            }
            GenericParam::Type(TypeParam { ident, .. }) => types.extend(quote!(#ident,)),
            GenericParam::Const(ConstParam { ident, ty, .. }) if is_usize(ty) => {
                types.extend(quote!([(); #ident],))
            }
            GenericParam::Const(ConstParam { ident, ty, .. }) => {
                let marker = format_ident!("__DcacheConst{n}");
                items.extend(quote!(struct #marker<const N: #ty>;));
                types.extend(quote!(#marker<#ident>,));
            }
        }
    }
    (items, quote!((#types)))
}

fn is_usize(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.is_ident("usize"))
}

/// Tells whether a type parameter is `?Sized`.
fn is_unsized(param: &Ident, generics: &Generics) -> bool {
    let relaxed = |bounds: &Punctuated<TypeParamBound, Token![+]>| {
        bounds.to_token_stream().to_string().replace(' ', "").contains("?Sized")
    };
    let inline = generics.type_params().any(|other| other.ident == *param && relaxed(&other.bounds));
    let clauses = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    inline
        || clauses.into_iter().any(|predicate| match predicate {
            WherePredicate::Type(predicate) => {
                matches!(&predicate.bounded_ty, Type::Path(path) if path.path.is_ident(param))
                    && relaxed(&predicate.bounds)
            }
            _ => false,
        })
}

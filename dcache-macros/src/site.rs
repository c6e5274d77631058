//! The static that holds a function's cache, and the function that hands it out.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{ConstParam, GenericParam, Generics, Path, Token, Type, TypeParam, TypeParamBound, WherePredicate};

use crate::call::local;
use crate::key::From;
use crate::plan::{Home, Plan, returns_at};
use crate::span;
use crate::types::{self, Form};

/// Writes the cache of a function, where it stands beside it.
pub(crate) fn site(plan: &Plan<'_>) -> TokenStream {
    if let Some(kept) = plan.single() {
        return single(plan, kept);
    }
    let (krate, value, name) = (&plan.krate, &plan.value, plan.site_name());
    let (generics, checks, found) = (with_key(plan), checks(plan), several_found(plan));
    let (params, clause) = (&generics.params, &generics.where_clause);
    let several = several(plan);
    let (beside, within) = match plan.home {
        Home::Type => (several, TokenStream::new()),
        _ => (TokenStream::new(), several),
    };
    let (lints, cfg, import) = (lints_of_lifetimes(&generics), plan.function.cfg(), plan.import());
    let handed_out = quote! {
        #cfg
        #lints
        #[doc(hidden)]
        #[inline]
        fn #name<#params>(
            __dcache_kind: ::core::marker::PhantomData<__DcacheKey>,
        ) -> &'static #krate::__private::Site<__DcacheKey, #value> #clause {
            #import
            #checks
            #within
            #found
        }
    };
    match plan.home {
        Home::Type => {
            let function = &plan.function.item.sig.ident;
            quote!(#beside impl #function { #handed_out })
        }
        _ => handed_out,
    }
}

/// Writes the cache of a function that has nothing beside it.
pub(crate) fn inside(plan: &Plan<'_>) -> TokenStream {
    let here = quote!(
        #[allow(non_camel_case_types)]
        enum __dcache_here {}
    );
    let cache = match plan.single() {
        Some(kept) => single(plan, kept),
        None => {
            let (several, checks) = (several(plan), checks(plan));
            quote!(#several #checks)
        }
    };
    quote!(#here #cache)
}

/// Writes the static of a function with one cache.
fn single(plan: &Plan<'_>, kept: &TokenStream) -> TokenStream {
    let (krate, value, name) = (&plan.krate, &plan.value, plan.static_name());
    let (build, cfg) = (build(plan), plan.function.cfg());
    let at = span::at(plan.function.item.sig.ident.span());
    let here = span::moved(krate, at);
    let ty = quote_spanned!(at=> #here::__private::Site<#kept, #value>);
    let listed = quote_spanned!(at=> #here::__private::list!(#name););
    let site = match plan.fits {
        true if plan.name.is_none() && plan.line.is_none() => {
            let path = path(plan);
            quote_spanned!(at=> #here::__private::Site::at(#path, #build))
        }
        true => {
            let meta = meta(plan);
            quote_spanned!(at=> #here::__private::Site::of(#meta, #build))
        }
        false => {
            let (import, checks, meta) = (plan.import(), checks(plan), meta(plan));
            let members = quote_spanned!(at=> <#here::__private::Members<#kept, #value>>::DCACHE_OF);
            let new = quote_spanned!(at=> #here::__private::Site::new(#meta, #build, #members));
            quote!(#import #checks #new)
        }
    };
    quote! {
        #cfg
        static #name: #ty = {
            #listed
            #site
        };
    }
}

/// Writes the static of a function with a cache for each set of types.
fn several(plan: &Plan<'_>) -> TokenStream {
    let (krate, name) = (&plan.krate, plan.static_name());
    let (meta, cfg) = (meta(plan), plan.function.cfg());
    quote! {
        #cfg
        static #name: #krate::__private::Sites = {
            #krate::__private::list!(#name);
            #krate::__private::Sites::new(#meta)
        };
    }
}

/// Lets lifetimes be that the function has for arguments of its own.
pub(crate) fn lints_of_lifetimes(generics: &Generics) -> Option<TokenStream> {
    let has_lifetimes = generics.lifetimes().next().is_some();
    has_lifetimes.then(|| quote!(#[allow(unused_lifetimes, single_use_lifetimes)]))
}

/// Writes what finds the cache for the types at hand; `__dcache_kind` tells the key's.
fn several_found(plan: &Plan<'_>) -> TokenStream {
    let owner = if plan.function.is_method { quote!(Self) } else { quote!(()) };
    let (items, arguments) = type_arguments(&plan.function.item.sig.generics);
    let (value, build, name) = (&plan.value, build(plan), plan.static_name());
    let at = span::at(plan.function.item.sig.ident.span());
    let (krate, kind) = (span::moved(&plan.krate, at), Ident::new("__dcache_kind", Span::call_site()));
    let chosen = quote_spanned!(at=> #krate::__private::Chosen::<#owner, #arguments, _, #value>::new(#kind));
    quote_spanned!(at=> { #items #chosen.site(&#name, #build) })
}

fn build(plan: &Plan<'_>) -> TokenStream {
    let (krate, builder, policy) = (&plan.krate, local("builder"), &plan.policy);
    if policy.is_empty() {
        return quote!(#krate::__private::Builder::plan);
    }
    let at = span::at(plan.function.item.sig.ident.span());
    quote_spanned!(at=> |#builder| #builder #policy.plan())
}

impl Plan<'_> {
    /// Writes what finds the cache, where `args` are the borrowed arguments.
    pub(crate) fn found(&self) -> TokenStream {
        let at = span::at(self.key.at);
        let krate = &self.krate;
        let kind = || {
            let asked = self.asked();
            quote_spanned!(at=> #asked.kind())
        };
        match (&self.cache, self.home) {
            (Some(cache), _) => {
                let (kept, value) = (self.key.kept.clone().unwrap_or_else(|| quote!(_)), &self.value);
                let here = span::at(cache.span());
                quote_spanned!(here=> { let __dcache_cache: &#krate::Cache<#kept, #value> = #cache; __dcache_cache })
            }
            (None, _) if self.single().is_some() => {
                let name = self.static_name();
                quote!(&#name)
            }
            (None, Home::Inside) => {
                let (kind, found) = (kind(), several_found(self));
                quote!({ let __dcache_kind = #kind; #found })
            }
            (None, _) => self.site_call(&kind()),
        }
    }

    /// Writes what finds the cache for keys of this kind.
    pub(crate) fn site_call(&self, kind: &TokenStream) -> TokenStream {
        let (path, turbofish) = (self.path(&self.site_name().to_string()), self.turbofish(&quote!(_)));
        let at = span::at(self.key.at);
        quote_spanned!(at=> #path #turbofish(#kind))
    }

    /// Returns the key's type where one static holds the whole cache; else there is one for each choice of types.
    pub(crate) fn single(&self) -> Option<&TokenStream> {
        let is_single = !self.function.is_generic() && !self.function.is_method;
        self.key.kept.as_ref().filter(|_| is_single)
    }

    /// Names the static that holds the cache or the caches.
    pub(crate) fn static_name(&self) -> Ident {
        match self.home {
            Home::Type => {
                format_ident!("__DCACHE_{}", self.function.item.sig.ident.unraw(), span = Span::call_site())
            }
            _ => format_ident!("__DCACHE_SITE"),
        }
    }

    fn site_name(&self) -> Ident {
        let span = Span::call_site();
        match self.home {
            Home::Handle => format_ident!("__dcache_{}", self.function.item.sig.ident.unraw(), span = span),
            _ => format_ident!("__dcache_site", span = span),
        }
    }

    /// Writes the path of a generated function: of the companion, or beside us.
    pub(crate) fn path(&self, name: &str) -> TokenStream {
        let at = span::at(self.key.at);
        let (name, mut companion) = (Ident::new(name, at), self.function.item.sig.ident.clone());
        companion.set_span(companion.span().located_at(self.key.at));
        match self.home {
            Home::Type => quote_spanned!(at=> #companion::#name),
            _ => quote_spanned!(at=> Self::#name),
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
    let (krate, function) = (&plan.krate, &plan.function.item.sig.ident);
    let line = plan.line.and_then(|line| u32::try_from(line).ok()).map(|line| quote!(.line(#line)));
    let name = plan.name.as_ref().map(|name| quote!(.named(#name)));
    let name = quote!(#name #line);
    let path = match plan.home {
        Home::Type | Home::Inside => path(plan),
        Home::Handle => {
            let suffix = match &plan.of_trait {
                Some(of_trait) => format!("{of_trait}.{}", function.unraw()),
                None => function.unraw().to_string(),
            };
            return quote! {{
                enum __DcacheHere {}
                #krate::__private::Meta::new(::core::any::type_name::<__DcacheHere>).method(#suffix) #name
            }};
        }
    };
    quote!(#krate::__private::Meta::new(#path) #name)
}

/// Writes what tells the path of a function that is no method with a handle.
fn path(plan: &Plan<'_>) -> TokenStream {
    let function = &plan.function.item.sig.ident;
    match plan.home {
        Home::Type => quote!(::core::any::type_name::<#function>),
        _ => quote!(::core::any::type_name::<__dcache_here>),
    }
}

/// Lets the compiler check arguments and value where they stand.
fn checks(plan: &Plan<'_>) -> TokenStream {
    let krate = &plan.krate;
    let mut checks = TokenStream::new();
    if plan.fits {
        return checks;
    }
    if plan.key.from == From::Arguments {
        for argument in &plan.key.arguments {
            let ty = Form::of(&argument.ty).subject();
            let (at, name) = match argument.is_self() {
                true => (argument.name.span(), "receiver"),
                false => (ty.span(), "argument"),
            };
            checks.extend(check(krate, at, name, quote!(#ty)));
            if plan.codec.is_some() {
                checks.extend(check(krate, at, "remote_argument", quote!(#ty)));
            }
        }
    }
    let (value, at) = (&plan.value, returns_at(plan.function));
    checks.extend(check(krate, at, "value", quote!(#value)));
    if let Some(codec) = &plan.codec {
        checks.extend(check(krate, at, "remote_value", quote!(#value, #codec)));
    }
    checks.extend(plan.doubtful.then(|| no_alias(plan, at)));
    if plan.keeps_errors {
        let returns = &plan.function.returns;
        checks.extend(match types::path(returns).and_then(|(_, arguments)| arguments.get(1).copied()) {
            Some(error) => check(krate, error.span(), "kept_error", error.to_token_stream()),
            None => {
                let here = span::moved(krate, span::at(at));
                let error = quote_spanned!(at=> <#returns as #here::__private::Outcome>::Error);
                check(krate, at, "kept_error", error)
            }
        });
    }
    checks
}

fn check(krate: &Path, at: Span, name: &str, types: TokenStream) -> TokenStream {
    let (at, krate) = (span::at(at), span::moved(krate, at));
    let name = Ident::new(name, at);
    quote_spanned!(at=> #krate::__private::check::#name::<#types>();)
}

fn no_alias(plan: &Plan<'_>, at: Span) -> TokenStream {
    let (krate, returns) = (&plan.krate, &plan.function.returns);
    let at = span::at(at);
    let krate = span::moved(krate, at);
    quote_spanned!(at=> #krate::__private::check::plain(<#krate::__private::Probe<#returns>>::DCACHE_IS_PLAIN);)
}

/// Adds the key to the generics, so that the compiler infers its type.
fn with_key(plan: &Plan<'_>) -> Generics {
    let krate = &plan.krate;
    let bound = plan.key_bound();
    let mut generics = plan.function.item.sig.generics.clone();
    generics.params.push(syn::parse_quote!(__DcacheKey: #krate::__private::#bound));
    generics
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

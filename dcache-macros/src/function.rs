//! The function as it was written, and what no option can make cacheable.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens as _, format_ident};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{
    Attribute, FnArg, GenericParam, Ident, Item, ItemFn, Pat, PatType, Safety, Signature, TraitItemFn, Type,
};

use crate::errors::Errors;
use crate::types::{borrows, impl_trait, path, peel, returned};

/// A function and its parts.
pub(crate) struct Function {
    pub(crate) item: ItemFn,
    pub(crate) arguments: Vec<Argument>,
    /// The type it returns; `()` where it says nothing.
    pub(crate) returns: Type,
    /// Its value can be named and owned.
    pub(crate) returns_a_value: bool,
    /// It is a method, which has no room beside it for a companion.
    pub(crate) is_method: bool,
    /// It has another `#[dcache]`, which puts a companion beside it.
    pub(crate) is_cached_twice: bool,
}

/// An argument, by the name that the generated functions give it.
pub(crate) struct Argument {
    pub(crate) name: Ident,
    pub(crate) ty: Type,
    /// The identifiers of its pattern, where that is more than a name.
    pub(crate) bindings: Vec<Ident>,
}

/// Reads the item under the attribute.
pub(crate) fn parse(item: TokenStream) -> syn::Result<ItemFn> {
    let failure = match syn::parse2(item.clone()) {
        Ok(function) => return Ok(function),
        Err(failure) => failure,
    };
    if let Ok(declared) = syn::parse2::<TraitItemFn>(item.clone()) {
        let message = "a function without a body has nothing to cache; give it one, or move `#[dcache]` to where it has";
        return Err(syn::Error::new(declared.sig.ident.span(), message));
    }
    let (at, what) = match syn::parse2(item) {
        Ok(Item::Impl(item)) => {
            (item.impl_token.span, "on an `impl` block is not available in this version of dcache yet")
        }
        Ok(Item::Mod(item)) => {
            (item.mod_token.span, "on a `mod` is not available in this version of dcache yet")
        }
        Ok(item) if !matches!(item, Item::Fn(_) | Item::Verbatim(_)) => (item.span(), "goes on a function"),
        _ => return Err(failure),
    };
    Err(syn::Error::new(at, format!("`#[dcache]` {what}")))
}

impl Function {
    /// Takes a function apart; what no option can make cacheable is added to the errors.
    pub(crate) fn new(item: ItemFn, errors: &mut Errors) -> Self {
        qualifiers(&item.sig, errors);
        let is_method = receiver(&item.sig, errors);
        let is_cached_twice = attributes(&item.attrs, errors);
        let typed = item.sig.inputs.iter().filter_map(|argument| match argument {
            FnArg::Typed(argument) => Some(argument),
            FnArg::Receiver(_) => None,
        });
        let arguments = typed.enumerate().map(|(n, typed)| Argument::new(n, typed, errors)).collect();
        let returns = returned(&item.sig.output);
        let returns_a_value = return_type(&returns, errors);
        Self { item, arguments, returns, returns_a_value, is_method, is_cached_twice }
    }

    /// Tells whether it has type or const parameters, so that there is one cache for each choice of them.
    pub(crate) fn is_generic(&self) -> bool {
        let mut params = self.item.sig.generics.params.iter();
        params.any(|param| !matches!(param, GenericParam::Lifetime(_)))
    }

    /// Tells whether it is an `async fn`.
    pub(crate) fn is_async(&self) -> bool {
        self.item.sig.asyncness.is_some()
    }
}

impl Argument {
    fn new(n: usize, typed: &PatType, errors: &mut Errors) -> Self {
        if let Some(cfg) = typed.attrs.iter().find(|attr| attr.path().is_ident("cfg")) {
            errors.on(cfg, "an argument under `#[cfg]` is not supported; put it on two functions");
        }
        let (name, bindings) = match &*typed.pat {
            Pat::Ident(pat) => (pat.ident.clone(), Vec::new()),
            pat => {
                (format_ident!("argument{n}", span = Span::mixed_site()), identifiers(pat.to_token_stream()))
            }
        };
        Self { name, ty: (*typed.ty).clone(), bindings }
    }

    /// Tells whether a name in an option means this argument.
    pub(crate) fn is_called(&self, name: &Ident) -> bool {
        self.bindings.is_empty() && self.name.unraw() == name.unraw()
    }
}

fn identifiers(tokens: TokenStream) -> Vec<Ident> {
    let each = tokens.into_iter().flat_map(|token| match token {
        TokenTree::Ident(ident) => vec![ident],
        TokenTree::Group(group) => identifiers(group.stream()),
        _ => Vec::new(),
    });
    each.collect()
}

fn qualifiers(sig: &Signature, errors: &mut Errors) {
    let unsafety = match &sig.safety {
        Safety::Unsafe(token) => Some(token.span),
        _ => None,
    };
    let refused = [
        (sig.constness.map(|token| token.span), "a `const fn` cannot use a cache; remove `const`"),
        (unsafety, "an `unsafe fn` cannot be cached; cache a safe function that calls it"),
        (
            sig.abi.as_ref().map(|abi| abi.span()),
            "an `extern` function cannot be cached; cache a Rust function that it calls",
        ),
        (
            sig.variadic.as_ref().map(|dots| dots.span()),
            "variadic arguments cannot be in a key; take a slice",
        ),
    ];
    for (at, message) in refused {
        if let Some(at) = at {
            errors.push(at, message);
        }
    }
}

/// Refuses methods: they have nowhere to put their cache yet.
fn receiver(sig: &Signature, errors: &mut Errors) -> bool {
    let inside = [sig.inputs.to_token_stream(), sig.output.to_token_stream(), sig.generics.to_token_stream()];
    let receiver = sig.receiver().map(|receiver| receiver.self_token.span);
    let names_its_type = || inside.into_iter().flat_map(identifiers).find(|ident| ident == "Self");
    let found = receiver.or_else(|| names_its_type().map(|ident| ident.span()));
    if let Some(at) = found {
        errors.push(at, "methods are not supported yet; move the body into a free function");
    }
    found.is_some()
}

fn attributes(attrs: &[Attribute], errors: &mut Errors) -> bool {
    let is_ours = |attr: &&Attribute| attr.path().segments.last().is_some_and(|last| last.ident == "dcache");
    let second = attrs.iter().find(is_ours);
    if let Some(second) = second {
        errors.on(second, "the function is cached already; keep one `#[dcache]`");
    }
    second.is_some()
}

fn return_type(ty: &Type, errors: &mut Errors) -> bool {
    if let Type::Never(_) = peel(ty) {
        errors.on(ty, "a function that never returns has nothing to cache; remove `#[dcache]`");
    } else if let Some(at) = impl_trait(ty) {
        errors.on(at, "`impl Trait` cannot be cached, as its type has no name; return a named type");
    } else if let Some(at) = borrows(ty) {
        errors.on(at, "a cached value outlives the call and cannot borrow; return an owned value");
    } else {
        return true;
    }
    false
}

/// Tells whether a return type goes by the name `Result`.
pub(crate) fn is_called_result(ty: &Type) -> bool {
    path(ty).is_some_and(|(name, _)| name == "Result")
}

/// Tells whether a type is certainly no alias of `Result`.
pub(crate) fn is_well_known(ty: &Type) -> bool {
    const NAMES: [&str; 31] = [
        "Arc", "BTreeMap", "BTreeSet", "Box", "Bytes", "Cow", "Duration", "HashMap", "HashSet", "Option",
        "PathBuf", "Rc", "String", "Vec", "VecDeque", "bool", "char", "f32", "f64", "i128", "i16", "i32",
        "i64", "i8", "isize", "u128", "u16", "u32", "u64", "u8", "usize",
    ];
    match peel(ty) {
        Type::Path(path) => {
            path.qself.is_none()
                && path.path.segments.last().is_some_and(|last| NAMES.iter().any(|name| last.ident == name))
        }
        Type::Macro(_) | Type::Verbatim(_) => false,
        _ => true,
    }
}

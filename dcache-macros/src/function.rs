//! The function as it was written, and what no option can make cacheable.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident};
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::spanned::Spanned as _;
use syn::{
    AttrStyle, Attribute, Block, Expr, ExprAsync, FnArg, FnModifiers, GenericArgument, GenericParam, Ident,
    Item, ItemFn, Pat, PathArguments, PathSegment, Receiver, ReceiverKind, ReturnType, Safety, Signature,
    Stmt, TraitItemFn, Type, TypeParamBound, TypePath, TypeReference, braced,
};

use crate::errors::Errors;
use crate::place::Place;
use crate::types::{borrows, impl_trait, path, peel, returned};

/// A function and its parts.
pub(crate) struct Function {
    pub(crate) item: ItemFn,
    /// All that it takes, `self` included.
    pub(crate) arguments: Vec<Argument>,
    /// The type it returns; `()` where it says nothing.
    pub(crate) returns: Type,
    /// Its value can be named and owned.
    pub(crate) returns_a_value: bool,
    pub(crate) flow: Flow,
    /// It stands in an `impl` or a `trait`, and may say `Self`.
    pub(crate) is_method: bool,
    /// It has another `#[dcache]`, which puts a companion beside it.
    pub(crate) is_cached_twice: bool,
}

/// How a function runs.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Flow {
    Sync,
    Async,
    /// It returns `Box::pin(async move { … })`: what `#[async_trait]` makes of an `async fn`.
    Pinned,
}

/// An argument, by the name that the generated functions give it.
pub(crate) struct Argument {
    pub(crate) name: Ident,
    pub(crate) ty: Type,
    /// What the body knows it by, where that is more than this name.
    pub(crate) pattern: Option<Pat>,
    /// The identifiers of a pattern that takes it apart.
    pub(crate) bindings: Vec<Ident>,
}

/// Reads a function and leaves its body as it is: the longest part of it, of which nothing has to be known.
pub(crate) fn unread(input: ParseStream<'_>) -> syn::Result<ItemFn> {
    let mut attrs = input.call(Attribute::parse_outer)?;
    let (vis, sig) = (input.parse()?, input.parse()?);
    let body;
    let brace_token = braced!(body in input);
    attrs.extend(body.call(Attribute::parse_inner)?);
    let stmts = vec![Stmt::Expr(Expr::Verbatim(body.parse()?), None)];
    Ok(ItemFn {
        attrs,
        vis,
        modifiers: FnModifiers::default(),
        sig,
        block: Box::new(Block { brace_token, stmts }),
    })
}

/// Says why an item is none that can be cached; `failure` is why it is no function.
pub(crate) fn refusal(item: &TokenStream, failure: syn::Error) -> syn::Error {
    if let Ok(declared) = syn::parse2::<TraitItemFn>(item.clone()) {
        let message = "a function without a body has nothing to cache; give it one, or move `#[dcache]` to where it has";
        return syn::Error::new(declared.sig.ident.span(), message);
    }
    match syn::parse2(item.clone()) {
        Ok(item) if !matches!(item, Item::Fn(_) | Item::Verbatim(_)) => {
            syn::Error::new(keyword(&item), "`#[dcache]` goes on a function, an `impl` block or a `mod`")
        }
        _ => failure,
    }
}

/// Returns the first token of an item that is no attribute.
fn keyword(item: &Item) -> Span {
    let mut tokens = item.to_token_stream().into_iter();
    while let Some(token) = tokens.next() {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == '#' => drop(tokens.next()),
            _ => return token.span(),
        }
    }
    item.span()
}

impl Function {
    /// Takes a function apart; what no option can make cacheable is added to the errors.
    ///
    /// `place` tells what it stands in; it is asked where the signature does not show that.
    pub(crate) fn new(mut item: ItemFn, place: &dyn Fn() -> Place, errors: &mut Errors) -> Self {
        // those that stand in the body are written above the function
        item.attrs.iter_mut().for_each(|attr| attr.style = AttrStyle::Outer);
        qualifiers(&item.sig, errors);
        let is_method = names_its_type(&item.sig) || place() != Place::Free;
        let is_cached_twice = attributes(&item.attrs, errors);
        let arguments = item.sig.inputs.iter().enumerate();
        let arguments = arguments.map(|(n, input)| Argument::new(n, input, errors)).collect();
        let declared = returned(&item.sig.output);
        let (flow, returns) = match (item.sig.asyncness, pinned(&declared)) {
            (Some(_), _) => (Flow::Async, declared),
            (None, Some(output)) if pinned_block(&item.block).is_some() => (Flow::Pinned, output.clone()),
            (None, _) => (Flow::Sync, declared),
        };
        let returns_a_value = return_type(&returns, errors);
        Self { item, arguments, returns, returns_a_value, flow, is_method, is_cached_twice }
    }

    /// Tells whether it has type or const parameters, so that there is one cache for each choice of them.
    pub(crate) fn is_generic(&self) -> bool {
        let mut params = self.item.sig.generics.params.iter();
        params.any(|param| !matches!(param, GenericParam::Lifetime(_)))
    }

    /// Tells whether its callers wait in a future.
    pub(crate) fn is_async(&self) -> bool {
        self.flow != Flow::Sync
    }

    /// Returns the return type as it is declared, if it is.
    pub(crate) fn declared(&self) -> Option<&ReturnType> {
        Some(&self.item.sig.output).filter(|output| matches!(output, ReturnType::Type(..)))
    }

    /// Writes the conditions under which it is there at all.
    pub(crate) fn cfg(&self) -> TokenStream {
        let cfg = self.item.attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
        cfg.map(ToTokens::to_token_stream).collect()
    }

    /// Returns how it takes `self`, if it does.
    pub(crate) fn receiver(&self) -> Option<&Receiver> {
        self.item.sig.receiver()
    }
}

impl Argument {
    fn new(n: usize, input: &FnArg, errors: &mut Errors) -> Self {
        let (attrs, ty) = match input {
            FnArg::Receiver(receiver) => (&receiver.attrs, self_type(receiver)),
            FnArg::Typed(typed) => (&typed.attrs, (*typed.ty).clone()),
        };
        if let Some(cfg) = attrs.iter().find(|attr| attr.path().is_ident("cfg")) {
            errors.on(cfg, "an argument under `#[cfg]` is not supported; put it on two functions");
        }
        let (name, pattern) = match input {
            FnArg::Receiver(receiver) => (Ident::from(receiver.self_token), None),
            FnArg::Typed(typed) => match &*typed.pat {
                Pat::Ident(pat) if pat.subpat.is_none() => {
                    let is_plain = pat.by_ref.is_none() && pat.mutability.is_none();
                    (pat.ident.clone(), (!is_plain).then(|| typed.pat.clone()))
                }
                pat => {
                    let bindings = identifiers(pat.to_token_stream());
                    let name = format_ident!("argument{n}", span = Span::mixed_site());
                    return Self { name, ty, pattern: Some(pat.clone()), bindings };
                }
            },
        };
        let pattern = pattern.map(|pattern| *pattern);
        Self { name, ty, pattern, bindings: Vec::new() }
    }

    /// Tells whether it is `self`.
    pub(crate) fn is_self(&self) -> bool {
        self.name == "self"
    }

    /// Tells whether a name in an option means this argument.
    pub(crate) fn is_called(&self, name: &Ident) -> bool {
        self.bindings.is_empty() && self.name.unraw() == name.unraw()
    }
}

/// Returns the type of `self`.
fn self_type(receiver: &Receiver) -> Type {
    let at = receiver.self_token.span;
    let owner = Type::Path(TypePath { attrs: Vec::new(), qself: None, path: Ident::new("Self", at).into() });
    match &receiver.kind {
        ReceiverKind::Reference(and_token, lifetime, mutability) => Type::Reference(TypeReference {
            attrs: Vec::new(),
            and_token: *and_token,
            lifetime: lifetime.clone(),
            mutability: *mutability,
            elem: Box::new(owner),
        }),
        ReceiverKind::Typed(_, ty) => (**ty).clone(),
        _ => owner,
    }
}

/// Returns all identifiers among tokens.
pub(crate) fn identifiers(tokens: TokenStream) -> Vec<Ident> {
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

/// Tells whether a signature shows that the function belongs to a type.
fn names_its_type(sig: &Signature) -> bool {
    let inside = [sig.inputs.to_token_stream(), sig.output.to_token_stream(), sig.generics.to_token_stream()];
    sig.receiver().is_some() || inside.into_iter().flat_map(identifiers).any(|ident| ident == "Self")
}

/// Returns what the future resolves to, where a type is `Pin<Box<dyn Future<Output = T> + …>>`.
fn pinned(ty: &Type) -> Option<&Type> {
    let inside = |ty, expected: &str| match path(ty) {
        Some((name, arguments)) if name == expected => arguments.first().copied(),
        _ => None,
    };
    let Type::TraitObject(object) = peel(inside(inside(ty, "Pin")?, "Box")?) else { return None };
    let future = object.bounds.iter().find_map(future)?;
    let PathArguments::AngleBracketed(arguments) = &future.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(output) if output.ident == "Output" => Some(&output.ty),
        _ => None,
    })
}

/// Returns the name and the arguments of the trait, where a bound is `Future<…>`.
fn future(bound: &TypeParamBound) -> Option<&PathSegment> {
    match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last().filter(|last| last.ident == "Future"),
        _ => None,
    }
}

/// Returns the block that a function with `Box::pin(async move { … })` for a body runs.
pub(crate) fn pinned_block(block: &Block) -> Option<ExprAsync> {
    let block: Block = syn::parse2(block.to_token_stream()).ok()?;
    let [Stmt::Expr(Expr::Call(call), None)] = &block.stmts[..] else { return None };
    let Expr::Path(called) = &*call.func else { return None };
    match (called.path.segments.last(), call.args.first()) {
        (Some(last), Some(Expr::Async(block))) if last.ident == "pin" && call.args.len() == 1 => {
            Some(block.clone())
        }
        _ => None,
    }
}

/// Tells whether an attribute is `#[dcache]`.
pub(crate) fn is_ours(attr: &Attribute) -> bool {
    attr.path().segments.last().is_some_and(|last| last.ident == "dcache")
}

fn attributes(attrs: &[Attribute], errors: &mut Errors) -> bool {
    let second = attrs.iter().find(|attr| is_ours(attr));
    if let Some(second) = second {
        errors.on(second, "the function is cached already; keep one `#[dcache]`");
    }
    second.is_some()
}

fn return_type(ty: &Type, errors: &mut Errors) -> bool {
    if let Type::Never(_) = peel(ty) {
        errors.on(ty, "a function that never returns has nothing to cache; remove `#[dcache]`");
    } else if pinned(ty).is_some() || impl_trait(ty).is_some_and(is_future) {
        errors.on(ty, "a future cannot be cached; write an `async fn`, whose value can");
    } else if let Some(at) = impl_trait(ty) {
        errors.on(at, "`impl Trait` cannot be cached, as its type has no name; return a named type");
    } else if let Some(at) = borrows(ty) {
        errors.on(at, "a cached value outlives the call and cannot borrow; return an owned value");
    } else {
        return true;
    }
    false
}

/// Tells whether a type is `impl Future<…>`.
fn is_future(ty: &Type) -> bool {
    let Type::ImplTrait(bounded) = ty else { return false };
    bounded.bounds.iter().any(|bound| future(bound).is_some())
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
            let name = path.path.segments.last().map(|last| last.ident.to_string());
            path.qself.is_none() && name.is_some_and(|name| NAMES.contains(&name.as_str()))
        }
        Type::Macro(_) | Type::Verbatim(_) => false,
        _ => true,
    }
}

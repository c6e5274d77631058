//! Defaults on an `impl` block or a `mod`: one place to say them for many functions.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote};
use syn::{
    Attribute, FnModifiers, ImplItem, ImplItemFn, Item, ItemFn, ItemImpl, ItemMod, ItemTrait, Meta, Path,
    TraitItem, TraitItemFn, Type, UseTree, Visibility,
};

use crate::errors::Errors;
use crate::expand::{self, Expansion, mistaken};
use crate::function::{Function, identifiers, is_ours, is_well_known};
use crate::options::Options;
use crate::place::Place;
use crate::plan::Plan;
use crate::types::peel;

/// Decorates every `#[dcache]` function of an `impl` block.
pub(crate) fn of_impl(options: TokenStream, item: &mut ItemImpl) -> TokenStream {
    let mut errors = Errors::new();
    let defaults = Options::parse(options, &mut errors);
    second(&mut item.attrs, &mut errors);
    unknown(&defaults, item.to_token_stream(), &mut errors);
    let (found, beside) = impl_block(item, &defaults, &mut errors);
    none(found, item.impl_token.span, &mut errors);
    let error = errors.finish().err().map(|error| error.to_compile_error());
    quote!(#error #item #beside)
}

/// Decorates every `#[dcache]` function of a `mod`.
pub(crate) fn of_mod(options: TokenStream, item: &mut ItemMod) -> TokenStream {
    let mut errors = Errors::new();
    let defaults = Options::parse(options, &mut errors);
    second(&mut item.attrs, &mut errors);
    unknown(&defaults, item.to_token_stream(), &mut errors);
    let found = module(item, &defaults, &mut errors);
    none(found, item.mod_token.span, &mut errors);
    let error = errors.finish().err().map(|error| error.to_compile_error());
    quote!(#error #item)
}

/// Takes another `#[dcache]` off a block.
fn second(attrs: &mut Vec<Attribute>, errors: &mut Errors) {
    if let Some(at) = attrs.iter().position(is_ours) {
        errors.on(attrs.remove(at), "the block has its defaults already; keep one `#[dcache]`");
    }
}

/// Refuses to skip what nothing in the block is called by.
fn unknown(defaults: &Options, block: TokenStream, errors: &mut Errors) {
    let known = identifiers(block);
    for name in defaults.skip.get().into_iter().flatten().filter(|name| !known.contains(name)) {
        errors.push(name.span(), format!("unknown argument `{name}`; no function in this block takes it"));
    }
}

fn none(found: usize, at: Span, errors: &mut Errors) {
    if found == 0 {
        let message =
            "these are defaults, and no function in this block has `#[dcache]`; add it to those to cache";
        errors.push(at, message);
    }
}

/// Decorates the functions of a module and of all blocks in it; returns how many.
fn module(module: &mut ItemMod, defaults: &Options, errors: &mut Errors) -> usize {
    let Some((_, items)) = &mut module.content else { return 0 };
    let mut found = 0;
    let mut decorated = Vec::with_capacity(items.len());
    for mut item in std::mem::take(items) {
        let mut beside = TokenStream::new();
        match &mut item {
            Item::Fn(function) => {
                if let Some(own) = taken(&mut function.attrs, errors) {
                    let expansion = expansion(function.clone(), own, defaults, Member::default(), errors);
                    found += 1;
                    decorated.push(Item::Verbatim(expansion.into_token_stream()));
                    continue;
                }
            }
            Item::Impl(block) => {
                let own = taken(&mut block.attrs, errors).map(|own| own.or(defaults));
                let (more, besides) = impl_block(block, own.as_ref().unwrap_or(defaults), errors);
                (found, beside) = (found + more, besides);
            }
            Item::Mod(inner) => {
                let own = taken(&mut inner.attrs, errors).map(|own| own.or(defaults));
                found += self::module(inner, own.as_ref().unwrap_or(defaults), errors);
            }
            // the attributes that it was for are gone
            Item::Use(import) if ends_in_ours(&import.tree) => {
                import.attrs.push(syn::parse_quote!(#[allow(unused_imports)]));
            }
            Item::Trait(of) => found += trait_block(of, defaults, errors),
            _ => {}
        }
        decorated.extend([item, Item::Verbatim(beside)]);
    }
    *items = decorated;
    found
}

/// Decorates the methods of an `impl` block; returns how many, and what stands beside the block.
fn impl_block(block: &mut ItemImpl, defaults: &Options, errors: &mut Errors) -> (usize, TokenStream) {
    let of_trait = block.trait_.as_ref().map(|(of_trait, _)| last_part(of_trait));
    let has_handle = of_trait.is_none() || may_be_local(&block.self_ty);
    let member = Member { place: Place::Type, has_handle, of_trait: of_trait.as_deref() };
    let (mut found, mut handles) = (0, TokenStream::new());
    let mut items = Vec::with_capacity(block.items.len());
    for mut item in std::mem::take(&mut block.items) {
        let ImplItem::Fn(ImplItemFn { attrs, vis, sig, block, .. }) = &mut item else {
            items.push(item);
            continue;
        };
        let Some(own) = taken(attrs, errors) else {
            items.push(item);
            continue;
        };
        let method = ItemFn {
            attrs: attrs.clone(),
            vis: vis.clone(),
            modifiers: FnModifiers::default(),
            sig: sig.clone(),
            block: Box::new(block.clone()),
        };
        found += 1;
        let Expansion { function, beside } = expansion(method, own, defaults, member, errors);
        items.push(ImplItem::Verbatim(function));
        match of_trait {
            None => items.push(ImplItem::Verbatim(beside)),
            Some(_) => handles.extend(beside),
        }
    }
    block.items = items;
    if handles.is_empty() {
        return (found, handles);
    }
    let (ty, params, clause) = (&block.self_ty, &block.generics.params, &block.generics.where_clause);
    let cfg = block.attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
    (found, quote!(#(#cfg)* impl<#params> #ty #clause { #handles }))
}

/// Decorates the default methods of a trait; returns how many.
fn trait_block(block: &mut ItemTrait, defaults: &Options, errors: &mut Errors) -> usize {
    let mut found = 0;
    for item in &mut block.items {
        let TraitItem::Fn(TraitItemFn { attrs, sig, default: Some(body), .. }) = item else { continue };
        let Some(own) = taken(attrs, errors) else { continue };
        let method = ItemFn {
            attrs: attrs.clone(),
            vis: Visibility::Inherited,
            modifiers: FnModifiers::default(),
            sig: sig.clone(),
            block: Box::new(body.clone()),
        };
        found += 1;
        let member = Member { place: Place::Type, has_handle: false, of_trait: None };
        *item = TraitItem::Verbatim(expansion(method, own, defaults, member, errors).into_token_stream());
    }
    found
}

/// What a function gets from its block beside options.
#[derive(Clone, Copy, Default)]
struct Member<'a> {
    place: Place,
    /// It gets a handle unless it says otherwise.
    has_handle: bool,
    /// The trait that it is of.
    of_trait: Option<&'a str>,
}

/// Writes a function of a block.
fn expansion(
    item: ItemFn,
    own: Options,
    defaults: &Options,
    member: Member<'_>,
    errors: &mut Errors,
) -> Expansion {
    let so_far = errors.count();
    let function = Function::new(item, &|| member.place, errors);
    let options = own.within(defaults, &function, member.has_handle);
    let mut plan = Plan::new(&function, &options, &|| member.place, errors);
    plan.of_trait = member.of_trait;
    plan.line = Some(function.item.sig.ident.span().unwrap().line());
    match errors.count() == so_far {
        true => expand::expand(&plan),
        false => mistaken(None, &plan),
    }
}

/// Takes `#[dcache(…)]` off an item, and reads it.
fn taken(attrs: &mut Vec<Attribute>, errors: &mut Errors) -> Option<Options> {
    if let Some(hidden) = attrs.iter().find(|attr| is_hidden(attr)) {
        let message = "`cfg_attr` hides `#[dcache]` from the defaults of this block; write two functions under `#[cfg]`";
        errors.on(hidden, message);
    }
    let at = attrs.iter().position(is_ours)?;
    let tokens = match attrs.remove(at).meta {
        Meta::List(list) => list.tokens,
        Meta::Path(_) => TokenStream::new(),
        Meta::NameValue(value) => {
            errors.on(value.eq_token, "options stand in parentheses; write `#[dcache(ttl = \"1h\")]`");
            TokenStream::new()
        }
    };
    Some(Options::parse(tokens, errors))
}

/// Tells whether an attribute is a `cfg_attr` with ours in it.
fn is_hidden(attr: &Attribute) -> bool {
    let Meta::List(list) = &attr.meta else { return false };
    let names = list.tokens.clone().into_iter();
    attr.path().is_ident("cfg_attr") && names.into_iter().any(|token| token.to_string() == "dcache")
}

/// Tells whether an import is one of the attribute.
fn ends_in_ours(tree: &UseTree) -> bool {
    match tree {
        UseTree::Path(path) => ends_in_ours(&path.tree),
        UseTree::Name(name) => name.ident == "dcache",
        UseTree::Group(group) => group.items.iter().any(ends_in_ours),
        _ => false,
    }
}

/// Writes the last part of a trait's path, with its type arguments.
fn last_part(path: &Path) -> String {
    let last = path.segments.last().map(|last| last.to_token_stream().to_string());
    last.unwrap_or_default().replace(' ', "")
}

/// Tells whether a type may be one of this crate, so that an `impl` block of our own can stand beside.
fn may_be_local(ty: &Type) -> bool {
    matches!(peel(ty), Type::Path(_)) && !is_well_known(ty)
}

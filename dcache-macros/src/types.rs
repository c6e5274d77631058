//! What can be read off a type without knowing it.

use crate::span;
use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{GenericArgument, Ident, Lifetime, PathArguments, PathSegment, ReturnType, Type, TypeParamBound};

/// A part of a type, as [`walk`] comes upon it.
pub(crate) enum Part<'a> {
    Type(&'a Type),
    Lifetime(&'a Lifetime),
}

/// Visits every part of a type, but not what a function pointer or `Fn(…)` takes and returns.
pub(crate) fn walk<'a>(ty: &'a Type, visit: &mut dyn FnMut(Part<'a>)) {
    visit(Part::Type(ty));
    match ty {
        Type::Array(array) => walk(&array.elem, visit),
        Type::Group(group) => walk(&group.elem, visit),
        Type::ImplTrait(bounded) => bounded.bounds.iter().for_each(|bound| walk_bound(bound, visit)),
        Type::Paren(paren) => walk(&paren.elem, visit),
        Type::Path(path) => {
            if let Some(qself) = &path.qself {
                walk(&qself.ty, visit);
            }
            path.path.segments.iter().for_each(|segment| walk_segment(segment, visit));
        }
        Type::Ptr(pointer) => walk(&pointer.elem, visit),
        Type::Reference(reference) => {
            reference.lifetime.iter().for_each(|lifetime| visit(Part::Lifetime(lifetime)));
            walk(&reference.elem, visit);
        }
        Type::Slice(slice) => walk(&slice.elem, visit),
        Type::TraitObject(object) => object.bounds.iter().for_each(|bound| walk_bound(bound, visit)),
        Type::Tuple(tuple) => tuple.elems.iter().for_each(|elem| walk(elem, visit)),
        _ => {}
    }
}

fn walk_segment<'a>(segment: &'a PathSegment, visit: &mut dyn FnMut(Part<'a>)) {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return };
    for argument in &arguments.args {
        match argument {
            GenericArgument::Lifetime(lifetime) => visit(Part::Lifetime(lifetime)),
            GenericArgument::Type(ty) => walk(ty, visit),
            GenericArgument::AssocType(assoc) => walk(&assoc.ty, visit),
            _ => {}
        }
    }
}

fn walk_bound<'a>(bound: &'a TypeParamBound, visit: &mut dyn FnMut(Part<'a>)) {
    match bound {
        TypeParamBound::Lifetime(lifetime) => visit(Part::Lifetime(lifetime)),
        TypeParamBound::Trait(bound) if bound.lifetimes.is_none() => {
            bound.path.segments.iter().for_each(|segment| walk_segment(segment, visit));
        }
        _ => {}
    }
}

/// Returns what a type borrows by: its first reference or lifetime other than `'static`.
pub(crate) fn borrows(ty: &Type) -> Option<TokenStream> {
    let is_static = |lifetime: &Lifetime| lifetime.ident == "static";
    let mut found = None;
    walk(ty, &mut |part| match part {
        Part::Type(Type::Reference(reference)) if !reference.lifetime.as_ref().is_some_and(is_static) => {
            found.get_or_insert_with(|| reference.to_token_stream());
        }
        Part::Lifetime(lifetime) if !is_static(lifetime) => {
            found.get_or_insert_with(|| lifetime.to_token_stream());
        }
        _ => {}
    });
    found
}

/// Returns where a type says `impl Trait`.
pub(crate) fn impl_trait(ty: &Type) -> Option<&Type> {
    let mut found = None;
    walk(ty, &mut |part| {
        if let Part::Type(ty @ Type::ImplTrait(_)) = part {
            found.get_or_insert(ty);
        }
    });
    found
}

/// Returns the first type, at any depth, that goes by one of these names.
pub(crate) fn named<'a>(ty: &'a Type, names: &[&str]) -> Option<&'a Ident> {
    let mut found = None;
    walk(ty, &mut |part| {
        if let Part::Type(Type::Path(path)) = part
            && let Some(last) = path.path.segments.last()
            && names.contains(&last.ident.to_string().as_str())
        {
            found.get_or_insert(&last.ident);
        }
    });
    found
}

/// Looks through parentheses and the invisible groups of `macro_rules!`.
pub(crate) fn peel(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => peel(&group.elem),
        Type::Paren(paren) => peel(&paren.elem),
        _ => ty,
    }
}

/// Returns the last segment of a path type and the types between its angle brackets.
pub(crate) fn path(ty: &Type) -> Option<(&Ident, Vec<&Type>)> {
    let Type::Path(path) = peel(ty) else { return None };
    let last = path.path.segments.last()?;
    let types = match &last.arguments {
        PathArguments::AngleBracketed(arguments) => {
            let types = arguments.args.iter().filter_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            });
            types.collect()
        }
        _ => Vec::new(),
    };
    Some((&last.ident, types))
}

/// Returns the type that a function returns, `()` where it says nothing.
pub(crate) fn returned(output: &ReturnType) -> Type {
    match output {
        ReturnType::Type(_, ty) => (**ty).clone(),
        ReturnType::Default => syn::parse_quote!(()),
    }
}

/// The types that the runtime takes by value.
const PLAIN: [&str; 14] =
    ["bool", "char", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128", "usize"];

/// Tells whether a type is of the standard library, by its name, and fits for certain; `wanted` says for what.
pub(crate) fn fits(ty: &Type, wanted: Wanted) -> bool {
    const OTHERS: [&str; 4] = ["Duration", "PathBuf", "String", "str"];
    let each = |types: &[&Type]| !types.is_empty() && types.iter().all(|ty| fits(ty, wanted));
    match peel(ty) {
        Type::Array(array) => fits(&array.elem, wanted),
        Type::Slice(slice) => fits(&slice.elem, wanted),
        Type::Tuple(tuple) => tuple.elems.len() <= 12 && tuple.elems.iter().all(|ty| fits(ty, wanted)),
        Type::Path(path) if path.qself.is_none() => {
            let Some((name, arguments)) = self::path(ty) else { return false };
            let name = name.to_string();
            match name.as_str() {
                "f32" | "f64" => wanted == Wanted::Value && arguments.is_empty(),
                "Vec" | "Option" | "Box" | "Arc" | "BTreeMap" | "BTreeSet" | "VecDeque" => each(&arguments),
                "HashMap" | "HashSet" => wanted == Wanted::Value && arguments.len() <= 2 && each(&arguments),
                name => arguments.is_empty() && (PLAIN.contains(&name) || OTHERS.contains(&name)),
            }
        }
        _ => false,
    }
}

/// Tells whether a type is one of those that the runtime takes by value.
fn is_plain(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.qself.is_none()
        && path.path.get_ident().is_some_and(|name| PLAIN.iter().any(|plain| name == plain)))
}

/// What a type is wanted for.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Wanted {
    Key,
    Value,
}

/// How an argument goes into the key.
pub(crate) enum Form<'a> {
    /// `&T`: as it is.
    Borrowed(&'a Type),
    /// `Option<&T>`: as it is, too.
    Optional(&'a Type),
    /// `Cow<'_, T>`: as `&T`.
    Cow(&'a Type),
    /// Anything else: by reference.
    Owned(&'a Type),
}

impl<'a> Form<'a> {
    /// Reads the form off a type.
    pub(crate) fn of(ty: &'a Type) -> Self {
        let ty = peel(ty);
        match (ty, path(ty)) {
            (Type::Reference(reference), _) => Self::Borrowed(&reference.elem),
            (_, Some((name, arguments))) if name == "Option" => match arguments[..] {
                [inner] => match peel(inner) {
                    Type::Reference(reference) if reference.mutability.is_none() => {
                        Self::Optional(&reference.elem)
                    }
                    _ => Self::Owned(ty),
                },
                _ => Self::Owned(ty),
            },
            (_, Some((name, arguments))) if name == "Cow" => match arguments[..] {
                [inner] => Self::Cow(inner),
                _ => Self::Owned(ty),
            },
            _ => Self::Owned(ty),
        }
    }

    /// Returns the type that must be hashed, compared and owned.
    pub(crate) fn subject(&self) -> &'a Type {
        match self {
            Self::Borrowed(ty) | Self::Optional(ty) | Self::Cow(ty) | Self::Owned(ty) => ty,
        }
    }

    /// Writes what memory keeps of it.
    pub(crate) fn kept(&self) -> TokenStream {
        let ty = self.subject();
        let at = span::at(ty.span());
        if let (Self::Owned(_), Type::Path(_), true) = (self, ty, fits(ty, Wanted::Key)) {
            return ty.to_token_stream(); // it is its own owned form
        }
        let owned = quote_spanned!(at=> <#ty as ::std::borrow::ToOwned>::Owned);
        match self {
            Self::Optional(_) => quote!(::core::option::Option<#owned>),
            Self::Owned(ty) => ty.to_token_stream(),
            Self::Borrowed(_) | Self::Cow(_) => owned,
        }
    }

    /// Writes how a look-up takes it: by value what travels in a register, else borrowed.
    pub(crate) fn lent(&self, name: &Ident) -> TokenStream {
        match self {
            Self::Owned(ty) if is_plain(ty) => name.to_token_stream(),
            form => form.borrowed(name),
        }
    }

    /// Writes how it is borrowed.
    pub(crate) fn borrowed(&self, name: &Ident) -> TokenStream {
        match self {
            Self::Borrowed(_) | Self::Optional(_) => name.to_token_stream(),
            Self::Cow(_) => quote!(&*#name),
            Self::Owned(_) => {
                let at = span::at(name.span());
                quote_spanned!(at=> &#name)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ty(text: &str) -> Type {
        syn::parse_str(text).unwrap()
    }

    #[test]
    fn borrowed_types_are_told_from_owned_ones() {
        for text in ["&str", "Cow<'_, str>", "Vec<&'a str>", "Box<dyn T + 'a>", "(u8, &u8)", "[&u8; 2]"] {
            assert!(borrows(&ty(text)).is_some(), "{text}");
        }
        for text in
            ["String", "&'static str", "fn(&str) -> &str", "Box<dyn Fn(&str) -> &str>", "Foo<'static>"]
        {
            assert!(borrows(&ty(text)).is_none(), "{text}");
        }
    }

    #[test]
    fn names_are_found_at_any_depth() {
        assert!(named(&ty("Option<Vec<(u8, std::primitive::f64)>>"), &["f32", "f64"]).is_some());
        assert!(named(&ty("Option<u8>"), &["f32", "f64"]).is_none());
        assert!(impl_trait(&ty("Vec<impl Clone>")).is_some());
    }

    #[test]
    fn forms_are_read_off_the_type() {
        let kept = |text| Form::of(&ty(text)).kept().to_string().replace(' ', "");
        assert_eq!(kept("&'a str"), "<stras::std::borrow::ToOwned>::Owned");
        assert_eq!(kept("Option<&[u8]>"), "::core::option::Option<<[u8]as::std::borrow::ToOwned>::Owned>");
        assert_eq!(kept("Cow<'_, str>"), "<stras::std::borrow::ToOwned>::Owned");
        assert_eq!(kept("Option<u8>"), "Option<u8>");
    }
}

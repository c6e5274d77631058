//! What a body says of `self` and of lifetimes, where it has arguments of its own.

use std::iter;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

use crate::mention::formatted;
use crate::span;

/// Names the variable in the place of `self`, which cannot be the name of one.
pub(crate) fn own_self(at: Span) -> Ident {
    Ident::new("__dcache_self", span::at(at))
}

/// Writes a body with a variable in the place of `self`, and with `'_` for the lifetimes of its function.
pub(crate) fn detached(body: TokenStream, lifetimes: &[Ident]) -> TokenStream {
    let body: Vec<_> = body.into_iter().collect();
    let mut written: Vec<TokenTree> = Vec::with_capacity(body.len());
    for piece in pieces(&body) {
        let token = match piece {
            Piece::Foreign(tokens) => {
                written.extend(tokens.iter().cloned());
                continue;
            }
            Piece::Own(TokenTree::Ident(name)) if name == "self" => own_self(name.span()).into(),
            Piece::Own(TokenTree::Ident(name))
                if lifetimes.contains(name) && written.last().is_some_and(|last| is_punct(last, '\'')) =>
            {
                Ident::new("_", name.span()).into()
            }
            Piece::Own(TokenTree::Group(group)) => {
                let mut inner = Group::new(group.delimiter(), detached(group.stream(), lifetimes));
                inner.set_span(group.span());
                inner.into()
            }
            Piece::Own(token) => token.clone(),
        };
        written.push(token);
    }
    written.into_iter().collect()
}

/// Finds a format string that mentions `self`, which cannot be replaced in there.
pub(crate) fn formatted_self(body: TokenStream) -> Option<Span> {
    let body: Vec<_> = body.into_iter().collect();
    let mut is_called = false;
    for piece in pieces(&body) {
        if let Piece::Own(TokenTree::Group(group)) = piece {
            let mut arguments = group.stream().into_iter().filter(|_| is_called);
            let format = arguments.find(mentions_self).map(|format| format.span());
            let found = format.or_else(|| formatted_self(group.stream()));
            if found.is_some() {
                return found;
            }
        }
        is_called = matches!(piece, Piece::Own(token) if is_punct(token, '!'));
    }
    None
}

fn mentions_self(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Literal(text) if formatted(&text.to_string()).iter().any(|name| name == "self"))
}

/// A part of a body.
enum Piece<'a> {
    /// In here `self` is the method's, and a lifetime the signature's.
    Own(&'a TokenTree),
    /// In here they are something else.
    Foreign(&'a [TokenTree]),
}

fn pieces(mut body: &[TokenTree]) -> impl Iterator<Item = Piece<'_>> {
    iter::from_fn(move || {
        let foreign = foreign(body).min(body.len());
        let (before, after) = body.split_at_checked(foreign.max(1))?;
        body = after;
        Some(if foreign == 0 { Piece::Own(&before[0]) } else { Piece::Foreign(before) })
    })
}

/// Counts the tokens in front that are foreign.
fn foreign(tokens: &[TokenTree]) -> usize {
    let word = |n| match tokens.get(n) {
        Some(TokenTree::Ident(name)) => name.to_string(),
        Some(TokenTree::Punct(punct)) => punct.as_char().to_string(),
        _ => String::new(),
    };
    match (&*word(0), &*word(1), &*word(2)) {
        ("self", ":", _) => 1, // a path
        ("pub", "", _) => 2,   // `pub(self)`
        ("$", name, _) if !name.is_empty() => 2,
        ("break" | "continue", "'", _) => 3,
        ("'", _, ":") => 2, // a label
        ("use" | "impl", ..) => item(tokens),
        // without a name they are something else, as `fn` in the type `fn()`
        ("enum" | "fn" | "mod" | "struct" | "trait" | "type", name, _)
            if name.starts_with(|c: char| c == '$' || c == '_' || c.is_alphabetic()) =>
        {
            item(tokens)
        }
        _ => 0,
    }
}

/// Counts the tokens of an item: up to its braces, unless they are an argument as in `Array<{ 1 + 1 }>`.
fn item(tokens: &[TokenTree]) -> usize {
    let ends = |n: usize, token: &TokenTree| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
            !tokens.get(n + 1).is_some_and(|next| is_punct(next, '>') || is_punct(next, ','))
        }
        token => is_punct(token, ';'),
    };
    let end = tokens.iter().enumerate().position(|(n, token)| ends(n, token));
    end.map_or(tokens.len(), |end| end + 1)
}

fn is_punct(token: &TokenTree, c: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(text: &str) -> String {
        let lifetimes = [Ident::new("a", Span::call_site())];
        plain(&detached(text.parse().unwrap(), &lifetimes))
    }

    fn plain(tokens: &TokenStream) -> String {
        tokens.to_string().replace(' ', "")
    }

    #[track_caller]
    fn stays(text: &str) {
        assert_eq!(replaced(text), plain(&text.parse().unwrap()), "{text}");
    }

    #[test]
    fn self_is_replaced_wherever_it_is_the_value() {
        assert_eq!(
            replaced("self.n + f(&self, [self.m; 2])"),
            "__dcache_self.n+f(&__dcache_self,[__dcache_self.m;2])"
        );
        assert_eq!(replaced("|| { self }"), "||{__dcache_self}");
        assert_eq!(replaced("f as fn(u8) -> u8; self"), "fasfn(u8)->u8;__dcache_self");
    }

    #[test]
    fn self_of_paths_and_imports_stays() {
        for text in ["self::f()", "Self::new()", "pub(self) struct A;", "pub(in self) fn f() {}"] {
            stays(text);
        }
        for text in
            ["use std::fmt::{self, Write};", "use {self::a, std::fmt::{self}};", "use ::a::{self as b};"]
        {
            stays(text);
            assert_eq!(replaced(&format!("{text} self")), replaced(text) + "__dcache_self");
        }
    }

    #[test]
    fn self_of_functions_inside_stays() {
        let items = [
            "fn g(&self) -> u8 { self.n }",
            "impl A { fn g(self) { self.h() } }",
            "impl A<{ 1 + 1 }> { fn g(self) { self.h() } }",
            "fn g(&self) -> A<{ 1 + 1 }> { self.h() }",
            "fn g(&self, a: A<{ 1 }, { 2 }>) -> A<{ 1 }, { 2 }> where A<{ 1 }>: B { self.h() }",
            "trait T { fn g(&self); fn h(&self) { self.g() } }",
        ];
        for text in items {
            stays(text);
            assert_eq!(
                replaced(&format!("{{ {text} self.g() }}")),
                format!("{{{}__dcache_self.g()}}", replaced(text))
            );
        }
    }

    #[test]
    fn self_in_macros_is_replaced_where_it_is_the_methods() {
        assert_eq!(replaced("macro_rules! me { () => { self.n } }"), "macro_rules!me{()=>{__dcache_self.n}}");
        assert_eq!(replaced("$(self.n),*"), "$(__dcache_self.n),*");
        stays("macro_rules! of { ($self:ident) => { $self.n } }");
        stays("macro_rules! get { ($name:ident) => { fn $name(&self) -> u8 { self.n } } }");
    }

    #[test]
    fn lifetimes_of_the_signature_are_left_out() {
        assert_eq!(replaced("let t: &'a A<'a, 'b> = f::<'a>(s);"), "lett:&'_A<'_,'b>=f::<'_>(s);");
        stays("'a: loop { break 'a; continue 'a }");
        stays(
            "fn g<'a>(s: &'a str) -> &'a str { s } struct A<'a>(&'a u8); impl<'a> A<'a> {} type B<'a> = A<'a>;",
        );
    }

    #[test]
    fn format_strings_with_self_are_found() {
        let found = |text: &str| formatted_self(text.parse().unwrap()).is_some();
        for text in [
            "{ f(format!(\"of {self}\")) }",
            "write!(f, \"{self:?}\")",
            "format!(\"{self :?}\")",
            "format!(\"{{{self}}}\")",
        ] {
            assert!(found(text), "{text}");
        }
        for text in [
            "\"{self}\"",
            "f(\"{self}\")",
            "format!(\"{}\", self)",
            "format!(\"{{self}}\")",
            "impl Display for A { fn fmt(&self, f: F) -> R { write!(f, \"{self:?}\") } }",
        ] {
            assert!(!found(text), "{text}");
        }
    }
}

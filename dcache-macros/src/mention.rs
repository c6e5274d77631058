//! Which arguments an expression is about: the ones that its controls must take.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::ext::IdentExt as _;
use syn::parse::Parser as _;

/// Returns the identifiers of an expression that may name arguments, those in format strings included.
pub(crate) fn mentioned(tokens: TokenStream, is_argument: &dyn Fn(&Ident) -> bool) -> Vec<Ident> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut found = Vec::new();
    for (n, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => found.extend(mentioned(group.stream(), is_argument)),
            TokenTree::Ident(name) if is_argument(name) && !is_member(&tokens, n) => found.push(name.clone()),
            TokenTree::Literal(literal) => {
                found.extend(formatted(&literal.to_string()).into_iter().filter(is_argument))
            }
            _ => {}
        }
    }
    found
}

/// Tells whether an identifier is a field, a method, or a part of a path.
fn is_member(tokens: &[TokenTree], n: usize) -> bool {
    let punct = |n: Option<usize>, c: char| {
        n.and_then(|n| tokens.get(n))
            .is_some_and(|token| matches!(token, TokenTree::Punct(p) if p.as_char() == c))
    };
    let dot = punct(n.checked_sub(1), '.') && !punct(n.checked_sub(2), '.');
    dot || punct(n.checked_sub(1), ':') && punct(n.checked_sub(2), ':') || punct(Some(n + 1), ':')
}

/// Returns what stands between the braces of a format string.
pub(crate) fn formatted(text: &str) -> Vec<Ident> {
    let text = text.replace("{{", "");
    let names = text.split('{').skip(1).filter_map(|text| {
        let end = text.find(['}', ':'])?;
        Ident::parse_any.parse_str(&text[..end]).ok()
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(expr: &str) -> Vec<String> {
        let is_argument = |name: &Ident| ["a", "b", "user"].iter().any(|known| name == known);
        let found = mentioned(expr.parse().unwrap(), &is_argument);
        found.iter().map(Ident::to_string).collect()
    }

    #[test]
    fn arguments_are_found_anywhere() {
        assert_eq!(of("a"), ["a"]);
        assert_eq!(of("(&a.name, f(b))"), ["a", "b"]);
        assert_eq!(of("a..b"), ["a", "b"]);
        assert_eq!(of("{ let x = user.id; x }"), ["user"]);
        assert_eq!(of("format!(\"{a}-{b :?}-{other}-{{user}}\")"), ["a", "b"]);
    }

    #[test]
    fn fields_methods_and_paths_are_no_arguments() {
        assert_eq!(of("user.a.b()"), ["user"]);
        assert_eq!(of("a::CONST + user::b(x::a)"), [""; 0]);
        assert_eq!(of("Key { a: user }"), ["user"]);
    }
}

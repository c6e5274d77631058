//! Where generated tokens stand: at the user's tokens that explain an error.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::ToTokens;

/// Stands at the user's token, and can't be seen by the user's names.
pub(crate) fn at(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}

/// Moves tokens to another place; what they mean stays as it is.
pub(crate) fn moved(tokens: &impl ToTokens, to: Span) -> TokenStream {
    let each = tokens.to_token_stream().into_iter().map(|mut token| {
        if let TokenTree::Group(group) = &token {
            token = Group::new(group.delimiter(), moved(&group.stream(), to)).into();
        }
        token.set_span(token.span().located_at(to));
        token
    });
    each.collect()
}

//! Where generated tokens stand: at the user's tokens that explain an error.

use proc_macro2::Span;
use syn::Path;

/// Stands at the user's token, and can't be seen by the user's names.
pub(crate) fn at(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}

/// Moves a path without arguments to another place; what it means stays as it is.
pub(crate) fn moved(path: &Path, to: Span) -> Path {
    let mut path = path.clone();
    let separators = path.leading_colon.iter_mut().chain(path.segments.pairs_mut().filter_map(|pair| {
        let (segment, separator) = pair.into_tuple();
        segment.ident.set_span(segment.ident.span().located_at(to));
        separator
    }));
    for span in separators.flat_map(|separator| &mut separator.spans) {
        *span = span.located_at(to);
    }
    path
}

//! The accumulator: a mistake never hides another one.

use std::fmt::Display;
use std::thread;

use proc_macro2::Span;
use quote::ToTokens;

/// Every mistake found so far. Dropping it unread is a bug of ours, and panics.
pub(crate) struct Errors(Option<Vec<syn::Error>>);

impl Errors {
    /// Starts without a mistake.
    pub(crate) fn new() -> Self {
        Self(Some(Vec::new()))
    }

    /// Adds a mistake on the token to edit.
    pub(crate) fn push(&mut self, at: Span, message: impl Display) {
        self.add(syn::Error::new(at, message));
    }

    /// Adds a mistake on all of these tokens.
    pub(crate) fn on(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.add(syn::Error::new_spanned(tokens, message));
    }

    /// Adds what a parser returned.
    pub(crate) fn add(&mut self, error: syn::Error) {
        self.0.as_mut().expect("errors are read once").push(error);
    }

    /// Takes the value, or adds the mistake.
    pub(crate) fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.add(error)).ok()
    }

    /// Ends the search: all mistakes as one error.
    pub(crate) fn finish(mut self) -> syn::Result<()> {
        let errors = self.0.take().expect("errors are read once");
        match errors.into_iter().reduce(|mut all, error| {
            all.combine(error);
            all
        }) {
            None => Ok(()),
            Some(all) => Err(all),
        }
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        assert!(self.0.is_none() || thread::panicking(), "errors were dropped unread");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_mistakes_come_out_in_order() {
        let mut errors = Errors::new();
        errors.push(Span::call_site(), "first");
        errors.push(Span::call_site(), "second");
        let all = errors.finish().unwrap_err();
        assert_eq!(all.into_iter().map(|e| e.to_string()).collect::<Vec<_>>(), ["first", "second"]);
    }

    #[test]
    fn no_mistake_is_fine() {
        assert!(Errors::new().finish().is_ok());
    }

    #[test]
    #[should_panic = "dropped unread"]
    fn unread_mistakes_panic() {
        drop(Errors::new());
    }
}

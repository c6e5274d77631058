//! The accumulator: a mistake never hides another one.

use std::fmt::Display;
use std::thread;

use proc_macro2::Span;
use quote::ToTokens;

/// Every mistake found so far. Dropping it unread is a bug of ours, and panics.
///
/// One that is found again, as defaults of a block are for each function, is told once.
pub(crate) struct Errors {
    told: Option<Vec<syn::Error>>,
    count: usize,
}

impl Errors {
    /// Starts without a mistake.
    pub(crate) fn new() -> Self {
        Self { told: Some(Vec::new()), count: 0 }
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
        self.count += 1;
        let told = self.told.as_mut().expect("errors are read once");
        let is_same = |other: &syn::Error| {
            other.to_string() == error.to_string()
                && format!("{:?}", other.span()) == format!("{:?}", error.span())
        };
        if !told.iter().any(is_same) {
            told.push(error);
        }
    }

    /// Returns how many were found, those found again included.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Takes the value, or adds the mistake.
    pub(crate) fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.add(error)).ok()
    }

    /// Ends the search: all mistakes as one error.
    pub(crate) fn finish(mut self) -> syn::Result<()> {
        let errors = self.told.take().expect("errors are read once");
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
        assert!(self.told.is_none() || thread::panicking(), "errors were dropped unread");
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

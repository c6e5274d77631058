//! One option's place: its value, where it stands, and the refusal of a second one.

use proc_macro2::Span;
use syn::Ident;

/// The value of an option and the token that names it.
#[derive(Clone)]
pub(crate) struct Slot<T>(Option<(Span, T)>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Slot<T> {
    /// Fills the slot, once.
    pub(crate) fn set(&mut self, name: &Ident, value: T) -> syn::Result<()> {
        self.fill(name.span(), &format!("`{name}`"), value)
    }

    /// Fills the slot, once; `what` names it where it has no name of its own.
    pub(crate) fn fill(&mut self, at: Span, what: &str, value: T) -> syn::Result<()> {
        if self.0.is_some() {
            return Err(syn::Error::new(at, format!("{what} is given twice; keep one")));
        }
        self.0 = Some((at, value));
        Ok(())
    }

    /// Returns this slot where it is filled, else the other.
    pub(crate) fn or(self, other: &Self) -> Self
    where
        T: Clone,
    {
        if self.0.is_some() { self } else { other.clone() }
    }

    /// Returns the slot with its value changed.
    pub(crate) fn map(self, change: impl FnOnce(T) -> T) -> Self {
        Self(self.0.map(|(at, value)| (at, change(value))))
    }

    /// Returns the value.
    pub(crate) fn get(&self) -> Option<&T> {
        self.0.as_ref().map(|(_, value)| value)
    }

    /// Returns where the option stands.
    pub(crate) fn span(&self) -> Option<Span> {
        self.0.as_ref().map(|(span, _)| *span)
    }
}

impl Slot<bool> {
    /// Tells whether a flag is on.
    pub(crate) fn on(&self) -> bool {
        self.get() == Some(&true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_value_is_refused_and_the_first_kept() {
        let name = Ident::new("ttl", Span::call_site());
        let mut slot = Slot::default();
        slot.set(&name, 1).unwrap();
        assert_eq!(slot.set(&name, 2).unwrap_err().to_string(), "`ttl` is given twice; keep one");
        assert_eq!(slot.get(), Some(&1));
    }
}

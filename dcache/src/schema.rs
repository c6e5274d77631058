//! The fingerprint of a value type's structure, so that no program decodes what another one's type wrote.
//!
//! A positional codec reads a struct whose fields were swapped without noticing; the fingerprint, which
//! every entry carries, turns that into a miss. It is found without a derive of our own: a `Deserializer`
//! that has no data is given to the type, notes what the type asks for, and answers with something
//! plausible (the way of serde-reflection; `schema/search.rs` says how enums and recursion are explored).
//!
//! # What counts
//!
//! | counts | does not count |
//! |---|---|
//! | names, order and types of a struct's fields | names of structs and enums: a rename keeps the entries |
//! | names, order and content of an enum's variants | `Box`, `Arc`, `Cow` and newtypes around a type |
//! | the width of numbers, the length of tuples and arrays | `Vec` or set, `HashMap` or `BTreeMap` |
//! | serde's attributes, as far as they change the above | the meaning of a number: seconds or metres |
//!
//! Where a type validates while it decodes, several values are tried (a date, a URL, an address, a UUID).
//! Where it refuses them all, panics, is too large, or looks at the data before it knows what it wants
//! (`untagged`, `flatten`, `serde_json::Value`), its own structure stays unseen in part, and
//! [`std::any::type_name`] of the whole type is added to what was seen: then a rename or a move of the type is a
//! change too, and a change below the unseen part is not. The option `version` covers what is not seen.

mod access;
mod event;
mod leaf;
mod search;
#[cfg(test)]
mod tests;
mod trace;

use std::fmt;

use serde::de::DeserializeOwned;

/// The fingerprint of a value type's structure: the first eight bytes of a BLAKE3 digest.
///
/// ```
/// use dcache::codec::Schema;
///
/// assert_eq!(Schema::of::<(u8, String)>(false), Schema::of::<(u8, std::sync::Arc<str>)>(false));
/// assert_ne!(Schema::of::<(u8, String)>(false), Schema::of::<(u16, String)>(false));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Schema(u64);

impl Schema {
    /// Finds the schema of a type as its `Deserialize` describes it.
    ///
    /// `human_readable` is what the codec's deserializer says of itself: some types decode from text then,
    /// and from bytes otherwise. It takes 1 to 100 µs for most types: keep the result.
    pub fn of<T: DeserializeOwned>(human_readable: bool) -> Self {
        Self::first_bytes(search::explore::<T>(human_readable))
    }

    /// Returns the schema of this name, for codecs that know their format by a name.
    pub fn named(name: &str) -> Self {
        Self::first_bytes(
            blake3::Hasher::new_derive_key("dcache schema by name").update(name.as_bytes()).finalize(),
        )
    }

    /// Adds the version that the user gives a function's values.
    #[must_use]
    pub fn with(self, version: u64) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("dcache schema with a version");
        hasher.update(&self.0.to_le_bytes()).update(&version.to_le_bytes());
        Self::first_bytes(hasher.finalize())
    }

    pub(crate) fn to_u64(self) -> u64 {
        self.0
    }

    pub(crate) fn from_u64(number: u64) -> Self {
        Self(number)
    }

    fn first_bytes(hash: blake3::Hash) -> Self {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&hash.as_bytes()[..8]);
        Self(u64::from_le_bytes(bytes))
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schema({:016x})", self.0)
    }
}

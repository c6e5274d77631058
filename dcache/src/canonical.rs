//! The canonical encoding of arguments: equal arguments have one encoding, different ones never share it.
//!
//! The id of an entry below memory is the BLAKE3 digest of this encoding, so it must be the same in every
//! process, on every platform and with every compiler, and it must not need to be decoded. No codec of
//! values promises that (their maps come in any order, and they may change their bytes in a new release),
//! hence a format of our own. It is close to CBOR's deterministic encoding (RFC 8949, 4.2), but keeps
//! apart all kinds of serde's data model, and never relies on a length that a type claims to have.
//!
//! # Format
//!
//! A value is a tag, then what the table says. Numbers are little endian; *length* is an unsigned LEB128
//! number of the fewest bytes; *name* is the encoding of a `str`; `END` is a byte that no value begins with.
//!
//! | tag | value | then |
//! |---|---|---|
//! | 00 | `END` | |
//! | 01 02 | `()`, unit struct | |
//! | 03 04 | `None`, `Some` | the inner value |
//! | 05 06 | `false`, `true` | |
//! | 10 to 14 | `u8` to `u128` | 1 to 16 bytes |
//! | 18 to 1c | `i8` to `i128` | 1 to 16 bytes |
//! | 20 21 | `f32`, `f64` | the bits |
//! | 22 | `char` | the code point in 4 bytes |
//! | 30 31 | `str`, bytes | length, the bytes |
//! | 40 | newtype struct | the inner value |
//! | 41 42 43 | sequence, tuple, tuple struct | the elements, `END` |
//! | 44 | map | key and value of each entry, in the order of the encoded keys, `END` |
//! | 45 | struct | name and value of each field, `END` |
//! | 50 51 | unit variant, newtype variant | its name; the inner value |
//! | 52 53 | tuple variant, struct variant | its name; the same as tuple and struct |
//!
//! Every value shows its own end, so by induction no encoding is the beginning of another one: the encoding
//! is injective over serde's data model without the names of types.
//!
//! # Choices
//!
//! - *Names of types are left out:* renaming a struct or an enum keeps its entries.
//! - *Names of fields and variants are in, indexes are not:* after a deploy that reorders variants, `A` of
//!   the old program is `A` of the new one; after one that swaps the fields `first` and `last`, the two
//!   persons differ. A deploy can turn hits into misses, never into another argument's value.
//! - *Widths count:* `5u32` and `5u64` differ. `usize` is a `u64` on every platform.
//! - *Newtypes are not transparent*, so `Option<Meters>` and `Option<u32>` in one untagged enum differ.
//! - *Duplicate keys of a map stay in their order;* sorting them could join different arguments.
//!
//! What cannot be seen here: a type whose `Eq` is coarser than its `Serialize` (a case-insensitive string,
//! a float type in which 0.0 equals -0.0) has several ids, and a type that hides in `Serialize` what its
//! `Eq` compares has too few.

#![cfg_attr(
    not(all(feature = "bincode", feature = "postcard", feature = "json")),
    allow(dead_code, reason = "each codec uses its own part of it")
)]

mod compound;
mod encoder;
mod sink;
mod tag;
#[cfg(test)]
mod tests;
mod walk;

use std::fmt::{self, Display};

use serde::{Serialize, ser};

use encoder::Encoder;
use sink::{Digest, Sink, Unordered};
use walk::{Positional, SelfDescribing};

/// How deep values may be nested: deep enough for data, below the 127 that `serde_json` reads back, and far
/// from the end of a thread's stack.
pub(crate) const DEPTH: usize = 100;

/// Returns the BLAKE3 digest of a value's encoding; nothing is allocated unless the value holds a map.
pub(crate) fn digest<T: Serialize + ?Sized>(value: &T) -> Result<[u8; 32], Refusal> {
    let mut sink = Digest::new();
    write(value, &mut sink)?;
    Ok(sink.finish())
}

/// Returns the digest as the id of a key: 64 lower-case hex digits.
pub(crate) fn id<T: Serialize + ?Sized>(value: &T) -> Result<String, Refusal> {
    Ok(blake3::Hash::from_bytes(digest(value)?).to_hex().to_string())
}

/// Returns a value's encoding.
#[cfg(test)]
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    write(value, &mut bytes)?;
    Ok(bytes)
}

/// Returns a value's encoding with the elements of its sequences in order of their encodings too.
///
/// Two `HashSet`s of the same elements agree in it, whatever order they are iterated in.
pub(crate) fn unordered<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Refusal> {
    let mut sink = Unordered::default();
    write(value, &mut sink)?;
    Ok(sink.into_bytes())
}

/// Refuses what a positional codec would not bring back, or not as it was: skipped fields, sequences and
/// maps that do not know their length or do not have the one they claim, values nested too deep.
///
/// Returns how many elements all sequences and maps have together.
pub(crate) fn check_positional<T: Serialize + ?Sized>(value: &T) -> Result<usize, Refusal> {
    let mut walk = Positional::default();
    write(value, &mut walk)?;
    Ok(walk.elements)
}

/// Refuses what JSON would not bring back as it was: a `Some` around what becomes `null`, floats that are
/// no numbers, values nested too deep.
pub(crate) fn check_self_describing<T: Serialize + ?Sized>(value: &T) -> Result<(), Refusal> {
    write(value, &mut SelfDescribing::default())
}

fn write<T: Serialize + ?Sized, S: Sink>(value: &T, sink: &mut S) -> Result<(), Refusal> {
    value.serialize(Encoder::new(sink))
}

/// Says why a value has no encoding, without showing anything of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(Reason);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Reason {
    Custom,
    Display,
    TooDeep,
    Skipped { container: &'static str, field: &'static str },
    UnknownLength,
    Miscounted,
    LostInNull,
    NotANumber,
}

impl Refusal {
    /// Tells whether it is the type's attributes or its `Serialize` that are to blame, not the one value.
    pub(crate) fn is_about_type(&self) -> bool {
        match self.0 {
            Reason::Skipped { .. } | Reason::UnknownLength | Reason::Miscounted => true,
            Reason::Custom | Reason::Display | Reason::TooDeep | Reason::LostInNull | Reason::NotANumber => {
                false
            }
        }
    }
}

impl Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            // the type's own words may quote the value
            Reason::Custom => "its `Serialize` refuses the value",
            Reason::Display => "its `Display` fails",
            Reason::TooDeep => return write!(f, "it is nested deeper than {DEPTH} levels"),
            Reason::Skipped { container, field } => {
                return write!(f, "field `{field}` of `{container}` is skipped (`skip_serializing_if`)");
            }
            Reason::UnknownLength => "it holds a sequence or map of unknown length (`flatten`?)",
            Reason::Miscounted => "it holds a sequence or map that claims a wrong length",
            Reason::LostInNull => "it holds a `Some` of something that becomes `null`",
            Reason::NotANumber => "it holds a float that is infinite or NaN",
        })
    }
}

impl std::error::Error for Refusal {}

impl ser::Error for Refusal {
    fn custom<T: Display>(_message: T) -> Self {
        Self(Reason::Custom)
    }
}

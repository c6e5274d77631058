//! How remote tiers hold a value: bytes, and the number of the codec that made them.
//!
//! | number | codec | feature | |
//! |---|---|---|---|
//! | 1 | [`Bincode`] | `bincode` | bincode 2 through serde, standard configuration, always with a limit |
//! | 2 | [`Postcard`] | `postcard` | postcard 1 |
//! | 3 | [`Json`] | `json` | JSON as serde_json writes it |
//! | 4 | [`Raw`] | | text and bytes as they are |
//! | 128 to 255 | yours | | |
//!
//! Numbers are never reused. Which codec reads an entry is decided before it is decoded: an entry of another
//! codec, or of another [`Schema`], is a miss.
//!
//! What comes from a tier may be anything, so decoding takes the whole payload or fails, never aborts the
//! process, and uses memory in proportion to the payload: a length that the payload does not have is not
//! believed, nesting ends at 100 levels, or after 256 KiB of the stack (1 MiB in debug builds). And whatever
//! is written comes back as it was: a value that a codec would lose a part of is refused when it is encoded.

#[cfg(feature = "bincode")]
mod bincode;
#[cfg(any(feature = "bincode", feature = "postcard", feature = "json"))]
mod bounded;
#[cfg(feature = "json")]
mod json;
#[cfg(feature = "postcard")]
mod postcard;
mod raw;
#[cfg(test)]
mod tests;

use std::any::type_name;
use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;

#[cfg(any(feature = "bincode", feature = "postcard", feature = "json"))]
use crate::canonical::{self, Refusal};
pub use crate::schema::Schema;

/// How remote tiers hold a value of type `T`.
///
/// ```
/// use dcache::Bytes;
/// use dcache::codec::{Codec, CodecError};
///
/// /// A temperature in half degrees.
/// struct Degrees(f32);
///
/// struct OneByte;
///
/// impl Codec<Degrees> for OneByte {
///     const NUMBER: u8 = 128;
///     const NAME: &'static str = "one byte";
///
///     fn encode(value: &Degrees) -> Result<Vec<u8>, CodecError> {
///         let halves = value.0 * 2.0;
///         if halves != halves.round() || halves.abs() > 127.0 {
///             return Err(CodecError::new("not a half degree"));
///         }
///         Ok(vec![halves as i8 as u8])
///     }
///
///     fn decode(payload: Bytes) -> Result<Degrees, CodecError> {
///         match payload[..] {
///             [byte] => Ok(Degrees(f32::from(byte as i8) / 2.0)),
///             _ => Err(CodecError::new("not one byte")),
///         }
///     }
/// }
///
/// let payload = OneByte::encode(&Degrees(-3.5))?;
/// assert_eq!(OneByte::decode(payload.into())?.0, -3.5);
/// # Ok::<(), CodecError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{T}` cannot be held in a tier below memory by the codec `{Self}`",
    label = "a value of this type cannot be written to a remote tier",
    note = "`bincode`, `postcard` and `json` hold what derives `serde::Serialize` and `serde::Deserialize` and \
            borrows nothing (`Arc<T>` too), each with the feature of `dcache` of the same name",
    note = "`raw` holds `String`, `Vec<u8>`, `Bytes`, `Box` and `Arc` of `str` and `[u8]`",
    note = "or write `codec = path::to::Type`, a type that implements `dcache::codec::Codec<{T}>`"
)]
pub trait Codec<T> {
    /// The codec's number in entries: 128 or more for codecs of your own.
    const NUMBER: u8;

    /// The codec's name in errors.
    const NAME: &'static str;

    /// Encodes a value, or says why it cannot be brought back from what would be written.
    fn encode(value: &T) -> Result<Vec<u8>, CodecError>;

    /// Decodes a value from the whole payload, which may be anything: bounded in memory, never panicking.
    fn decode(payload: Bytes) -> Result<T, CodecError>;

    /// Returns the schema of `T`, which every entry carries; by default it is that of the type's name.
    fn schema() -> Schema {
        Schema::named(type_name::<T>())
    }

    /// Checks that a value comes back from its payload; done for the first value that a function stores.
    ///
    /// By default the decoded value is encoded again. Where the bytes differ, but only in their order, the
    /// value is taken to hold a `HashMap`.
    fn verify(_value: &T, payload: &[u8]) -> Result<(), CodecError> {
        let again = Self::encode(&Self::decode(Bytes::copy_from_slice(payload))?)?;
        if again == payload || histogram(&again) == histogram(payload) { Ok(()) } else { Err(CHANGED) }
    }
}

/// Checks that a value comes back from its payload; where it does not, the type is to blame.
pub(crate) fn round_trips<C: Codec<T>, T>(value: &T, payload: &[u8]) -> Result<(), CodecError> {
    C::verify(value, payload).map_err(|error| CodecError { is_about_type: true, ..error })
}

const CHANGED: CodecError = CodecError {
    reason: Cow::Borrowed("what is decoded differs from what was encoded"),
    is_about_type: true,
};

fn histogram(bytes: &[u8]) -> [usize; 256] {
    let mut counts = [0; 256];
    bytes.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    counts
}

/// Compares a value with what its payload is decoded as, without regard to the order of maps and sets.
#[cfg(any(feature = "bincode", feature = "postcard", feature = "json"))]
fn same<C: Codec<T>, T: serde::Serialize>(value: &T, payload: &[u8]) -> Result<(), CodecError> {
    let decoded = C::decode(Bytes::copy_from_slice(payload))?;
    if canonical::unordered(value)? == canonical::unordered(&decoded)? { Ok(()) } else { Err(CHANGED) }
}

/// Holds values with [bincode 2](https://docs.rs/bincode/2.0.1) (feature `bincode`), the default.
#[derive(Clone, Copy, Debug)]
pub struct Bincode;

/// Holds values with [postcard](https://docs.rs/postcard/1) (feature `postcard`).
#[derive(Clone, Copy, Debug)]
pub struct Postcard;

/// Holds values as JSON (feature `json`): readable for others, and for types that use `flatten`,
/// `untagged` or `skip_serializing_if`.
///
/// How serde decodes an `untagged` enum that holds itself cannot be bounded: memory grows with the depth of the
/// payload, time exponentially where variants begin alike, and newtypes that hold themselves may overflow the
/// stack. Keep such values where only you can write.
#[derive(Clone, Copy, Debug)]
pub struct Json;

/// Holds `String`, `Vec<u8>`, [`Bytes`], and `Box` and `Arc` of `str` and `[u8]` as they are.
#[derive(Clone, Copy, Debug)]
pub struct Raw;

/// Says why a value could not be encoded or decoded, and nothing of the value.
#[derive(Clone, PartialEq, Eq)]
pub struct CodecError {
    reason: Cow<'static, str>,
    is_about_type: bool,
}

impl CodecError {
    /// Creates an error about a single value; the reason must not show it.
    pub fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self { reason: reason.into(), is_about_type: false }
    }

    /// Tells whether other values of the type will fare no better, so that another codec is to be chosen.
    pub(crate) fn is_about_type(&self) -> bool {
        self.is_about_type
    }
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl fmt::Debug for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CodecError({self})")
    }
}

impl std::error::Error for CodecError {}

#[cfg(any(feature = "bincode", feature = "postcard", feature = "json"))]
impl From<Refusal> for CodecError {
    fn from(refusal: Refusal) -> Self {
        Self { reason: refusal.to_string().into(), is_about_type: refusal.is_about_type() }
    }
}

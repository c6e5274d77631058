//! The values that a type is offered where it asks for a plain one, the most welcome first.
//!
//! A type that validates while it decodes is offered the next one after each refusal.

/// 1 is a number, a month and not zero; 0 and the others are values of enums made with `serde_repr`.
pub(super) const NUMBERS: [u8; 5] = [1, 0, 2, 10, 100];

/// A word, then what common types parse: numbers, versions, dates (RFC 3339 and its parts), URLs, addresses,
/// UUIDs, time zones.
pub(super) const TEXTS: [&str; 17] = [
    "a",
    "1",
    "1.0.0",
    "1970-01-01T00:00:00Z",
    "1970-01-01",
    "00:00:00",
    "1970-01-01T00:00:00",
    "http://a/",
    "127.0.0.1",
    "127.0.0.1:80",
    "00000000-0000-4000-8000-000000000000",
    "1s",
    "UTC",
    "a@example.org",
    "en",
    "USD",
    "/a",
];

/// The lengths of what types hold as bytes: anything, a UUID, a digest, addresses, other digests, keys.
pub(super) const BYTES: [usize; 10] = [1, 16, 32, 4, 8, 12, 20, 24, 48, 64];

pub(super) const ONES: [u8; 64] = [1; 64];

/// What a type is offered that takes anything.
#[derive(Clone, Copy)]
pub(super) enum Any {
    Number,
    Text,
    Unit,
    Bool,
    Float,
    Sequence,
    Map,
}

pub(super) const ANY: [Any; 7] =
    [Any::Number, Any::Text, Any::Unit, Any::Bool, Any::Float, Any::Sequence, Any::Map];

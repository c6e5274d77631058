//! Keys made from a template such as `"user:{id}:{kind}"`: readable, and buildable in any language.
//!
//! A key is the template's literal text as it is, and between it the values as their `Display` shows them,
//! percent-escaped (RFC 3986, upper-case hex of the UTF-8 bytes) outside `[A-Za-z0-9_.~-]`. So a literal
//! that has any other character than these and `%` parts two values for good: no value contains it.

use std::fmt::{self, Display, Write};
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use equivalent::Equivalent;

use crate::contain::contained;

/// The longest text that is used as an id as it is, and the longest key that is looked up without allocating.
const LIMIT: usize = 200;

/// The key of a call, while it is put together: nothing is allocated for up to 200 bytes.
///
/// Memory is looked up by it as it is; [`to_text`](Self::to_text) makes what is kept.
pub struct Template {
    buffer: [u8; LIMIT],
    length: usize,
    /// The whole key, once it is longer than the buffer.
    spill: Vec<u8>,
    failed: bool,
}

impl Template {
    /// Begins an empty key.
    #[inline]
    #[expect(clippy::new_without_default, reason = "an empty key is only ever the beginning of one")]
    pub fn new() -> Self {
        Self { buffer: [0; LIMIT], length: 0, spill: Vec::new(), failed: false }
    }

    /// Appends text of the template.
    #[inline]
    #[must_use]
    pub fn literal(mut self, text: &str) -> Self {
        self.push(text.as_bytes());
        self
    }

    /// Appends a value, escaped.
    ///
    /// A `Display` that fails or panics makes the key a [failed](Self::failed) one: what it wrote until
    /// then may be another value's text.
    #[inline]
    #[must_use]
    pub fn value<T: Display + ?Sized>(mut self, value: &T) -> Self {
        self.show(&value);
        self
    }

    // one function for all types: the template stays where it is, and generated code small
    fn show(&mut self, value: &dyn Display) {
        let shown = contained(|| write!(Escaped(self), "{value}"));
        self.failed |= !matches!(shown, Some(Ok(())));
    }

    /// Tells whether a value could not be shown; the call then has no key, and must not use the cache.
    #[inline]
    pub fn failed(&self) -> bool {
        self.failed
    }

    /// Makes the owned key. That of a failed template is random, so that it is no other call's.
    pub fn to_text(&self) -> Text {
        if self.failed {
            let random = || RandomState::new().hash_one(());
            return Text(format!("%failed:{:016x}{:016x}", random(), random()).into());
        }
        // only whole strings were pushed, so nothing is lost
        Text(String::from_utf8_lossy(self.bytes()).into())
    }

    #[inline]
    fn bytes(&self) -> &[u8] {
        if self.spill.is_empty() { &self.buffer[..self.length] } else { &self.spill }
    }

    #[inline]
    fn push(&mut self, bytes: &[u8]) {
        match self.buffer[self.length..].get_mut(..bytes.len()) {
            Some(room) if self.spill.is_empty() => {
                room.copy_from_slice(bytes);
                self.length += bytes.len();
            }
            _ => self.spill(bytes),
        }
    }

    #[cold]
    fn spill(&mut self, bytes: &[u8]) {
        if self.spill.is_empty() {
            self.spill.reserve(2 * LIMIT + bytes.len());
            self.spill.extend_from_slice(&self.buffer[..self.length]);
        }
        self.spill.extend_from_slice(bytes);
    }
}

/// Escapes what `Display` writes on its way into a template.
struct Escaped<'t>(&'t mut Template);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text.as_bytes();
        while let Some(at) = rest.iter().position(|byte| !is_unreserved(*byte)) {
            let digit = |value: u8| b"0123456789ABCDEF"[usize::from(value)];
            self.0.push(&rest[..at]);
            self.0.push(&[b'%', digit(rest[at] >> 4), digit(rest[at] & 0xf)]);
            rest = &rest[at + 1..];
        }
        self.0.push(rest);
        Ok(())
    }
}

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'~' | b'-')
}

/// The key of a call in its owned form.
#[derive(Clone, PartialEq, Eq)]
pub struct Text(Box<str>);

impl Text {
    /// Returns the key's id: the text itself, or 64 lower-case hex digits of its BLAKE3 digest where it is
    /// longer than 200 bytes.
    ///
    /// A text that itself consists of 64 such digits is digested too: otherwise a caller could pass the
    /// digest of somebody's long text as a short one, and have its own result served for it.
    pub fn id(&self) -> String {
        let is_digest = self.0.len() == 64 && self.0.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if self.0.len() > LIMIT || is_digest {
            blake3::hash(self.0.as_bytes()).to_hex().to_string()
        } else {
            self.0.clone().into()
        }
    }
}

// both hash the bare bytes, and alike: `str`'s hash would need the buffer checked as UTF-8 first
impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.0.as_bytes());
    }
}

impl Hash for Template {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.bytes());
    }
}

impl Equivalent<Text> for Template {
    #[inline]
    fn equivalent(&self, key: &Text) -> bool {
        !self.failed && self.bytes() == key.0.as_bytes()
    }
}

/// Shows the digest's beginning, and nothing of the values in the key.
impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({}…)", &blake3::hash(self.0.as_bytes()).to_hex()[..16])
    }
}

/// Shows the length alone.
impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template")
            .field("length", &self.bytes().len())
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Fails;

    impl Display for Fails {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("42")?;
            Err(fmt::Error)
        }
    }

    struct Panics;

    impl Display for Panics {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("a value that cannot be shown")
        }
    }

    fn hash(value: &impl Hash) -> u64 {
        std::hash::BuildHasherDefault::<std::hash::DefaultHasher>::default().hash_one(value)
    }

    fn user(id: &str, kind: &str) -> Template {
        Template::new().literal("user:").value(id).literal(":").value(kind)
    }

    #[test]
    fn values_are_escaped_and_literals_are_kept() {
        let key = Template::new().literal("größe:").value("a b/ä%~").literal(":").value(&-7);
        assert_eq!(key.to_text().id(), "größe:a%20b%2F%C3%A4%25~:-7");
    }

    #[test]
    fn a_failing_display_makes_a_key_that_equals_nothing() {
        let good = Template::new().literal("user:").value(&42);
        for bad in [
            Template::new().literal("user:").value(&Fails),
            Template::new().value(&Panics).literal("user:42"),
        ] {
            assert!(bad.failed() && !good.failed());
            assert!(!bad.equivalent(&good.to_text()));
            assert!(!bad.equivalent(&bad.to_text()));
            assert!(!good.equivalent(&bad.to_text()));
            assert_ne!(bad.to_text(), bad.to_text());
        }
    }

    #[test]
    fn long_keys_are_digested() {
        let fits = "x".repeat(LIMIT);
        assert_eq!(Template::new().value(&fits).to_text().id(), fits);
        let long = "x".repeat(LIMIT + 1);
        let id = Template::new().value(&long).to_text().id();
        assert_eq!(id, blake3::hash(long.as_bytes()).to_hex().as_str());
    }

    #[test]
    fn a_digest_passed_as_a_value_is_not_the_key_of_the_long_text() {
        let long = Template::new().value(&"x".repeat(300)).to_text().id();
        assert_ne!(Template::new().value(&long).to_text().id(), long);
    }

    #[test]
    fn debug_shows_nothing_of_the_values() {
        let key = user("secret", "x");
        assert!(!format!("{key:?} {:?}", key.to_text()).contains("secret"));
    }

    proptest! {
        #[test]
        fn a_template_finds_its_own_text_whatever_its_length(parts in prop::collection::vec("\\PC{0,90}", 0..8)) {
            let mut key = Template::new();
            let mut plain = String::new();
            for part in &parts {
                key = key.literal("/").value(part).literal("ß");
                let escaped: String = part
                    .bytes()
                    .map(|b| if is_unreserved(b) { char::from(b).to_string() } else { format!("%{b:02X}") })
                    .collect();
                plain += &format!("/{escaped}ß");
            }
            let text = key.to_text();
            prop_assert_eq!(&*text.0, plain);
            prop_assert!(key.equivalent(&text));
            prop_assert_eq!(hash(&key), hash(&text));
        }

        #[test]
        fn different_values_have_different_keys(a in ".{0,120}", b in ".{0,120}", c in ".{0,120}", d in ".{0,120}") {
            let (left, right) = (user(&a, &b), user(&c, &d));
            prop_assert_eq!(left.equivalent(&right.to_text()), (&a, &b) == (&c, &d));
            prop_assert_eq!(left.to_text().id() == right.to_text().id(), (a, b) == (c, d));
        }
    }
}

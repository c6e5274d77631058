//! Sealing: what tiers below memory hold is encrypted, and bound to its key and its life.
//!
//! A sealed payload is [`OVERHEAD`] bytes longer than a plain one:
//!
//! | offset | bytes | |
//! |---|---|---|
//! | 0 | 8 | name of the key: the first 8 bytes of what BLAKE3 derives from it |
//! | 8 | 24 | nonce, random |
//! | 32 | n | XChaCha20 of the payload |
//! | 32 + n | 16 | Poly1305 tag, over what the payload is bound to as well |
//!
//! The name tells an entry that is sealed by a key that is not here, as in the middle of a rotation, from one that
//! somebody changed. It says nothing about the key.

mod source;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use chacha20poly1305::{AeadInOut as _, KeyInit as _, XChaCha20Poly1305};
use dcache_backends::{Error, ErrorKind, Operation};

pub(crate) use self::source::evaluated;
pub use self::source::{IntoSeal, SealError};

const KEY: usize = 32;
const NAME: usize = 8;
const NONCE: usize = 24;
const TAG: usize = 16;

/// How many bytes a sealed payload is longer than a plain one.
pub(crate) const OVERHEAD: usize = NAME + NONCE + TAG;

/// What BLAKE3 derives the name of a key for.
const CONTEXT: &str = "dcache, entries of version 1: the name of a sealing key";

/// The keys that seal what tiers below memory hold: the first seals, all open.
///
/// A key is 32 bytes that nobody can guess, such as `openssl rand -hex 32` prints. It is made from one of them, or from
/// several while one takes the place of another: give every process the new key as the second one, then as the first,
/// and take the old one away when the last entry it sealed has expired. What is sealed, and what that is good for, is
/// told of the attribute's option [`seal`](macro@crate::dcache#seal).
///
/// It is cheap to clone. Its memory is overwritten when the last clone is dropped, and no `Debug` shows a key.
///
/// ```
/// use dcache::Seal;
///
/// let (old, new) = ([7; 32], [8; 32]); // yours are random
/// let one = Seal::from(new);
/// let several = Seal::from([new, old]);
/// let read = Seal::from_hex("c0ffee0000000000000000000000000000000000000000000000000000c0ffee")?;
/// assert_eq!(format!("{one:?} {several:?} {read:?}"), "Seal(1 key) Seal(2 keys) Seal(1 key)");
/// # Ok::<(), dcache::SealError>(())
/// ```
#[derive(Clone)]
pub struct Seal(Arc<[SealKey]>);

struct SealKey {
    name: [u8; NAME],
    cipher: XChaCha20Poly1305,
}

impl SealKey {
    fn new(key: &[u8; KEY]) -> Self {
        let derived = blake3::derive_key(CONTEXT, key);
        let name = *derived.first_chunk().expect("32 bytes");
        Self { name, cipher: XChaCha20Poly1305::new(key.into()) }
    }
}

impl Seal {
    fn of<'k>(keys: impl IntoIterator<Item = &'k [u8; KEY]>) -> Self {
        Self(keys.into_iter().map(SealKey::new).collect())
    }

    /// Appends a payload, sealed by the first key and bound to these bytes, which are not held with it.
    ///
    /// # Errors
    /// The operating system has no random numbers: nothing may be written then.
    pub(crate) fn seal(&self, entry: &mut BytesMut, bound: &[u8], payload: &[u8]) -> Result<(), Error> {
        let error = |context: String| Error::new(ErrorKind::Other, Operation::Set).with_context(context);
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|cause| error(format!("no nonce to seal with: {cause}")))?;
        self.seal_by(&nonce, entry, bound, payload)
            .ok_or_else(|| error("the value cannot be sealed".to_owned()))
    }

    fn seal_by(&self, nonce: &[u8; NONCE], entry: &mut BytesMut, bound: &[u8], payload: &[u8]) -> Option<()> {
        let key = self.0.first()?;
        entry.put_slice(&key.name);
        entry.put_slice(nonce);
        let start = entry.len();
        entry.put_slice(payload);
        let tag =
            key.cipher.encrypt_inout_detached(nonce.into(), bound, (&mut entry[start..]).into()).ok()?;
        entry.put_slice(&tag);
        Some(())
    }

    /// Opens a sealed payload, in place where nobody else has its memory.
    pub(crate) fn open(&self, sealed: Bytes, bound: &[u8]) -> Result<Bytes, Unopened> {
        let mut sealed = BytesMut::from(sealed);
        let end = sealed.len().checked_sub(TAG).filter(|end| *end >= NAME + NONCE).ok_or(Unopened::Forged)?;
        let tag: [u8; TAG] = *sealed[end..].first_chunk().expect("the length was checked");
        sealed.truncate(end);
        let mut payload = sealed.split_off(NAME + NONCE);
        let (name, nonce) = sealed.split_first_chunk::<NAME>().expect("the length was checked");
        let nonce: &[u8; NONCE] = nonce.first_chunk().expect("the length was checked");
        let key = self.0.iter().find(|key| key.name == *name).ok_or(Unopened::UnknownKey)?;
        key.cipher
            .decrypt_inout_detached(nonce.into(), bound, (&mut payload[..]).into(), &tag.into())
            .map_err(|_| Unopened::Forged)?;
        Ok(payload.freeze())
    }
}

/// Why a sealed payload is not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unopened {
    /// It is sealed by a key that is not among ours.
    UnknownKey,
    /// It is not as it was sealed, or not where it was.
    Forged,
}

/// Shows how many keys there are.
impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.0.len();
        write!(f, "Seal({keys} key{})", if keys == 1 { "" } else { "s" })
    }
}

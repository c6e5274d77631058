//! What stands in for sealing in a build without the feature `seal`: nothing is sealed, and nothing opened.

use bytes::{Bytes, BytesMut};
use dcache_backends::Error;

/// How many bytes a payload is longer that another build sealed.
pub(crate) const OVERHEAD: usize = 48;

/// The keys, of which there are none.
pub(crate) enum Seal {}

/// Why a sealed payload is not opened.
#[expect(dead_code, reason = "nothing is opened")]
pub(crate) enum Unopened {
    UnknownKey,
    Forged,
}

impl Seal {
    pub(crate) fn seal(&self, _: &mut BytesMut, _: &[u8], _: &[u8]) -> Result<(), Error> {
        match *self {}
    }

    pub(crate) fn open(&self, _: Bytes, _: &[u8]) -> Result<Bytes, Unopened> {
        match *self {}
    }
}

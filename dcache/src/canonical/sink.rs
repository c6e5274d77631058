//! Where an encoding goes.

use super::Refusal;

/// Takes an encoding piece by piece, and may refuse what it is told about.
pub(super) trait Sink {
    /// Holds what has to be put in order before it is written.
    type Buffer: Sink<Buffer = Self::Buffer> + Default + AsRef<[u8]>;

    /// Whether the entries of maps are put in the order of their keys.
    const ORDERS_MAPS: bool = true;

    /// Whether the elements of sequences are put in order too.
    const ORDERS_SEQUENCES: bool = false;

    /// Takes the next bytes.
    fn write(&mut self, bytes: &[u8]);

    /// Learns that a value with this tag begins; names are no values.
    fn begins(&mut self, _tag: u8) -> Result<(), Refusal> {
        Ok(())
    }

    /// Learns that a sequence or a map begins that claims to have this length.
    fn claims(&mut self, _length: Option<usize>) -> Result<(), Refusal> {
        Ok(())
    }

    /// Learns that a sequence or a map ends that claimed the one length and had the other.
    fn counted(&mut self, _claimed: Option<usize>, _length: usize) -> Result<(), Refusal> {
        Ok(())
    }

    /// Learns that a value leaves out a field of a struct or of a struct variant.
    fn skipped(&mut self, _container: &'static str, _field: &'static str) -> Result<(), Refusal> {
        Ok(())
    }

    /// Learns that a float follows.
    fn float(&mut self, _is_finite: bool) -> Result<(), Refusal> {
        Ok(())
    }
}

impl Sink for Vec<u8> {
    type Buffer = Self;

    fn write(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Collects an encoding in which sequences have no order.
#[derive(Default)]
pub(super) struct Unordered(Vec<u8>);

impl Unordered {
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl AsRef<[u8]> for Unordered {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Sink for Unordered {
    type Buffer = Self;
    const ORDERS_SEQUENCES: bool = true;

    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}

/// Digests an encoding.
///
/// Most arguments fit into the buffer and are hashed in one call, which takes half the time of feeding
/// a `Hasher` a few bytes at a time; longer ones are streamed.
pub(super) struct Digest {
    buffer: [u8; Self::BUFFER],
    used: usize,
    hasher: Option<blake3::Hasher>,
}

impl Digest {
    const BUFFER: usize = 256;

    pub(super) fn new() -> Self {
        Self { buffer: [0; Self::BUFFER], used: 0, hasher: None }
    }

    // by reference: a `Hasher` takes two kilobytes, which are better not moved
    pub(super) fn finish(&mut self) -> [u8; 32] {
        let rest = &self.buffer[..self.used];
        match &mut self.hasher {
            None => blake3::hash(rest).into(),
            Some(hasher) => hasher.update(rest).finalize().into(),
        }
    }

    #[cold]
    fn spill(&mut self, bytes: &[u8]) {
        let hasher = self.hasher.get_or_insert_default();
        hasher.update(&self.buffer[..self.used]);
        self.used = 0;
        if bytes.len() > Self::BUFFER {
            hasher.update(bytes);
        } else {
            self.write(bytes);
        }
    }
}

impl Sink for Digest {
    type Buffer = Vec<u8>;

    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        match self.buffer[self.used..].get_mut(..bytes.len()) {
            Some(room) => {
                room.copy_from_slice(bytes);
                self.used += bytes.len();
            }
            None => self.spill(bytes),
        }
    }
}

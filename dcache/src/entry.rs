//! The binary entry of remote tiers: one format everywhere, so that a folder copied into a bucket is warm.
//!
//! Numbers are little endian, times are wall-clock milliseconds since 1970, [`NEVER`] stands for no end.
//!
//! | offset | bytes | |
//! |---|---|---|
//! | 0 | 4 | magic, `dch` and a byte that is no text |
//! | 4 | 1 | format version, 1 |
//! | 5 | 1 | number of the codec |
//! | 6 | 2 | flags, reserved: 0 |
//! | 8 | 8 | schema of the value's type |
//! | 16 | 8 | created |
//! | 24 | 8 | fresh until |
//! | 32 | 8 | expires: fresh until, and the time for which it may be handed out stale |
//! | 40 | 4 | the run of the wall clock that dated it, as [`clock::run`] names it |
//! | 44 | 32 | BLAKE3 digest of the key |
//! | 76 | 8 | payload's length |
//! | 84 | n | payload |
//! | 84 + n | 8 | checksum: the first 8 bytes of BLAKE3 over all that is before |
//!
//! The first five bytes keep their meaning in every version. The digest of the key guards against entries
//! that end up under another's name (a desynchronised connection, files renamed by hand). Eight bytes of
//! checksum let one damaged entry in 2⁶⁴ pass, which is enough against accidents; against an enemy no
//! length would do, because whoever can write entries can write the checksum as well: that is what sealing
//! is for.

use bytes::{BufMut, Bytes, BytesMut};
use dcache_backends::Key;
#[cfg(doc)]
use dcache_backends::clock;

#[cfg(any(doc, test))]
use crate::policy::NEVER;
use crate::policy::Times;
use crate::schema::Schema;

/// Not text, not UTF-8, and not the beginning of any common file format.
const MAGIC: [u8; 4] = *b"dch\xE7";
const VERSION: u8 = 1;
const HEAD: usize = 84;
const CHECKSUM: usize = 8;

/// How many bytes an entry is longer than its payload.
pub(crate) const OVERHEAD: usize = HEAD + CHECKSUM;

/// What an entry says about its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) codec: u8,
    pub(crate) schema: Schema,
    pub(crate) times: Times,
    /// The run of the wall clock that the times are of.
    pub(crate) run: u32,
}

impl Head {
    /// Tells whether the payload can be decoded by this codec as a value of this schema.
    pub(crate) fn matches(&self, codec: u8, schema: Schema) -> bool {
        self.codec == codec && self.schema == schema
    }
}

/// Why bytes are not an entry of this key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reject {
    /// Damaged, or not an entry at all: worth counting and removing.
    Corrupt(&'static str),
    /// Written by another version of dcache: left in place for it.
    Foreign,
}

/// Makes the entry of a key.
pub(crate) fn write(head: &Head, key: &Key, payload: &[u8]) -> Bytes {
    let mut entry = BytesMut::with_capacity(OVERHEAD + payload.len());
    entry.put_slice(&MAGIC);
    entry.put_u8(VERSION);
    entry.put_u8(head.codec);
    entry.put_u16_le(0);
    entry.put_u64_le(head.schema.to_u64());
    entry.put_u64_le(head.times.created);
    entry.put_u64_le(head.times.fresh_until);
    entry.put_u64_le(head.times.expires);
    entry.put_u32_le(head.run);
    entry.put_slice(key.digest());
    entry.put_u64_le(payload.len() as u64);
    entry.put_slice(payload);
    entry.put_u64_le(checksum(&entry));
    entry.freeze()
}

/// Checks an entry and takes it apart; the payload is a part of the same memory.
pub(crate) fn read(mut entry: Bytes, key: &Key) -> Result<(Head, Bytes), Reject> {
    match entry.get(..5) {
        Some([magic @ .., version]) if *magic == MAGIC => {
            if *version != VERSION {
                return Err(Reject::Foreign);
            }
        }
        Some(_) => return Err(Reject::Corrupt("not an entry")),
        None => return Err(Reject::Corrupt("too short")),
    }
    let end =
        entry.len().checked_sub(CHECKSUM).filter(|end| *end >= HEAD).ok_or(Reject::Corrupt("too short"))?;
    let mut fields = Fields(&entry[5..HEAD]);
    let [codec] = fields.take();
    let flags = u16::from_le_bytes(fields.take());
    let schema = Schema::from_u64(fields.number());
    let times = Times { created: fields.number(), fresh_until: fields.number(), expires: fields.number() };
    let head = Head { codec, schema, times, run: u32::from_le_bytes(fields.take()) };
    let digest: [u8; 32] = fields.take();
    if fields.number() != (end - HEAD) as u64 {
        return Err(Reject::Corrupt("wrong length"));
    }
    if checksum(&entry[..end]) != Fields(&entry[end..]).number() {
        return Err(Reject::Corrupt("wrong checksum"));
    }
    if digest != *key.digest() {
        return Err(Reject::Corrupt("entry of another key"));
    }
    // after the checksum, so that a flipped bit is a damage and not the mark of a later dcache
    if flags != 0 {
        return Err(Reject::Foreign);
    }
    entry.truncate(end);
    Ok((head, entry.split_off(HEAD)))
}

fn checksum(bytes: &[u8]) -> u64 {
    Fields(blake3::hash(bytes).as_bytes()).number()
}

/// The rest of a slice that fields are taken from; its length was checked before.
struct Fields<'b>(&'b [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (field, rest) = self.0.split_first_chunk().expect("the length was checked");
        self.0 = rest;
        *field
    }

    fn number(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }
}

#[cfg(test)]
mod tests {
    use dcache_backends::Scope;
    use proptest::prelude::*;

    use super::*;

    fn key(id: &str) -> Key {
        Key::new(&Scope::new("shop", "quote"), id)
    }

    fn head() -> Head {
        Head {
            codec: 1,
            schema: Schema::named("a"),
            times: Times { created: 1_700_000_000_000, fresh_until: 1_700_000_060_000, expires: NEVER },
            run: 1_690_000_000,
        }
    }

    fn read(entry: &[u8], key: &Key) -> Result<(Head, Bytes), Reject> {
        super::read(Bytes::copy_from_slice(entry), key)
    }

    /// Puts the right checksum under an entry that was changed.
    fn sign(entry: &mut [u8]) {
        let end = entry.len() - CHECKSUM;
        let sum = checksum(&entry[..end]);
        entry[end..].copy_from_slice(&sum.to_le_bytes());
    }

    #[test]
    fn the_format_does_not_change() {
        let golden = include_str!("../tests/golden/entry.txt");
        let mut lines = golden.lines().filter(|line| !line.starts_with('#'));
        for payload in [&b""[..], b"payload"] {
            let entry = write(&head(), &key("42"), payload);
            let hex: String = entry.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(lines.next(), Some(&*hex));
        }
        assert_eq!(lines.next(), None);
    }

    #[test]
    fn what_was_written_is_read_without_a_copy() {
        let entry = write(&head(), &key("42"), b"payload");
        assert_eq!(entry.len(), OVERHEAD + 7);
        let (read, payload) = super::read(entry.clone(), &key("42")).unwrap();
        assert_eq!((read, &*payload), (head(), &b"payload"[..]));
        assert_eq!(payload.as_ptr(), entry[HEAD..].as_ptr());
        assert!(read.matches(1, Schema::named("a")));
        assert!(!read.matches(2, Schema::named("a")) && !read.matches(1, Schema::named("b")));
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let entry = write(&head(), &key("42"), b"payload");
        for at in 0..entry.len() {
            for bit in 0..8 {
                let mut damaged = entry.to_vec();
                damaged[at] ^= 1 << bit;
                let reject = read(&damaged, &key("42")).unwrap_err();
                // of all bytes only the version cannot be told from that of a later dcache
                assert_eq!(reject == Reject::Foreign, at == 4, "byte {at}");
            }
        }
    }

    #[test]
    fn every_truncation_and_extension_is_noticed() {
        let entry = write(&head(), &key("42"), b"payload");
        for length in 0..entry.len() {
            assert!(matches!(read(&entry[..length], &key("42")), Err(Reject::Corrupt(_))));
        }
        for more in 1..100 {
            let longer = [&entry[..], &vec![0; more]].concat();
            assert!(matches!(read(&longer, &key("42")), Err(Reject::Corrupt(_))));
        }
    }

    #[test]
    fn the_entry_of_another_key_is_not_read() {
        let entry = write(&head(), &key("42"), b"payload");
        let reject = read(&entry, &key("43")).unwrap_err();
        assert_eq!(reject, Reject::Corrupt("entry of another key"));
    }

    #[test]
    fn entries_of_a_later_dcache_are_left_in_place() {
        for at in [4, 6, 7] {
            let mut later = write(&head(), &key("42"), b"payload").to_vec();
            later[at] = 2;
            sign(&mut later);
            assert_eq!(read(&later, &key("42")), Err(Reject::Foreign));
        }
        assert_eq!(read(b"dch\xE7\x02", &key("42")), Err(Reject::Foreign));
    }

    #[test]
    fn a_length_beyond_all_memory_is_noticed() {
        for length in [u64::MAX, u64::MAX - 7, 1 << 63, 8] {
            let mut hostile = write(&head(), &key("42"), b"payload").to_vec();
            hostile[76..84].copy_from_slice(&length.to_le_bytes());
            sign(&mut hostile);
            assert_eq!(read(&hostile, &key("42")), Err(Reject::Corrupt("wrong length")));
        }
    }

    proptest! {
        #[test]
        fn any_payload_and_head_come_back(
            codec: u8, schema: u64, created: u64, fresh_until: u64, expires: u64, run: u32,
            payload in prop::collection::vec(any::<u8>(), 0..600),
        ) {
            let times = Times { created, fresh_until, expires };
            let head = Head { codec, schema: Schema::from_u64(schema), times, run };
            let entry = write(&head, &key("42"), &payload);
            prop_assert_eq!(super::read(entry, &key("42")), Ok((head, Bytes::from(payload))));
        }

        #[test]
        fn random_bytes_are_never_an_entry(mut bytes in prop::collection::vec(any::<u8>(), 0..300), mask: bool) {
            if mask && bytes.len() >= 5 {
                bytes[..5].copy_from_slice(b"dch\xE7\x01");
            }
            prop_assert!(read(&bytes, &key("42")).is_err());
        }

        #[test]
        fn a_damaged_entry_is_never_read(
            payload in prop::collection::vec(any::<u8>(), 0..100),
            damage in prop::collection::vec((any::<prop::sample::Index>(), 1u8..), 1..6),
        ) {
            let entry = write(&head(), &key("42"), &payload);
            let mut damaged = entry.to_vec();
            for (at, with) in damage {
                damaged[at.index(entry.len())] ^= with;
            }
            prop_assume!(damaged != entry);
            prop_assert!(read(&damaged, &key("42")).is_err());
        }
    }
}

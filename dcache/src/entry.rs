//! The binary entry of remote tiers: one format everywhere, so that a folder copied into a bucket is warm.
//!
//! Numbers are little endian, times are wall-clock milliseconds since 1970, [`NEVER`] stands for no end.
//!
//! | offset | bytes | |
//! |---|---|---|
//! | 0 | 4 | magic, `dch` and a byte that is no text |
//! | 4 | 1 | format version, 1 |
//! | 5 | 1 | number of the codec |
//! | 6 | 2 | flags: 1 the payload is sealed; all others are reserved, and 0 |
//! | 8 | 8 | schema of the value's type |
//! | 16 | 8 | created |
//! | 24 | 8 | fresh until |
//! | 32 | 8 | expires: fresh until, and the time for which it may be handed out stale |
//! | 40 | 4 | the run of the wall clock that dated it, as [`clock::run`] names it |
//! | 44 | 32 | BLAKE3 digest of the key |
//! | 76 | 8 | payload's length |
//! | 84 | n | payload |
//! | 84 + n | 8 | checksum: XXH3 (64 bits) of all that is before |
//!
//! The first five bytes keep their meaning in every version. The digest of the key guards against entries
//! that end up under another's name (a desynchronised connection, files renamed by hand). Eight bytes of
//! checksum let one damaged entry in 2⁶⁴ pass, which is enough against accidents; against an enemy no
//! length would do, because whoever can write entries can write the checksum as well: that is what sealing
//! is for. A sealed payload is in the format of `seal.rs`, and bound to the 84 bytes before it, followed by the
//! function's part of the key: `namespace:function:`.

use bytes::{BufMut, Bytes, BytesMut};
#[cfg(doc)]
use dcache_backends::clock;
use dcache_backends::{Error, Key};

#[cfg(any(doc, test))]
use crate::policy::NEVER;
use crate::policy::Times;
use crate::schema::Schema;
use crate::seal::{self, Seal, Unopened};

/// Not text, not UTF-8, and not the beginning of any common file format.
const MAGIC: [u8; 4] = *b"dch\xE7";
const VERSION: u8 = 1;
const HEAD: usize = 84;
const CHECKSUM: usize = 8;
/// The flag of a sealed payload.
const SEALED: u16 = 1;

/// How many bytes an entry is longer than the encoded value in it, at most: if that is sealed.
pub(crate) const OVERHEAD: usize = HEAD + seal::OVERHEAD + CHECKSUM;

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
    /// Damaged or forged, or not an entry at all: worth counting and removing.
    Corrupt(&'static str),
    /// Written by another version of dcache, or sealed where this function is not: left in place for others.
    Foreign,
    /// Sealed by a key that this function does not have: worth counting, and left in place for those that have it.
    UnknownKey,
}

/// Makes the entry of a key, sealed where there is something to seal with.
///
/// # Errors
/// It cannot be sealed.
pub(crate) fn write(head: &Head, key: &Key, payload: &[u8], seal: Option<&Seal>) -> Result<Bytes, Error> {
    let (flags, more) = if seal.is_some() { (SEALED, seal::OVERHEAD) } else { (0, 0) };
    let mut entry = BytesMut::with_capacity(HEAD + payload.len() + more + CHECKSUM);
    entry.put_slice(&MAGIC);
    entry.put_u8(VERSION);
    entry.put_u8(head.codec);
    entry.put_u16_le(flags);
    entry.put_u64_le(head.schema.to_u64());
    entry.put_u64_le(head.times.created);
    entry.put_u64_le(head.times.fresh_until);
    entry.put_u64_le(head.times.expires);
    entry.put_u32_le(head.run);
    entry.put_slice(key.digest());
    entry.put_u64_le((payload.len() + more) as u64);
    match seal {
        Some(seal) => {
            let bound = bound(&entry, key);
            seal.seal(&mut entry, &bound, payload)?;
        }
        None => entry.put_slice(payload),
    }
    entry.put_u64_le(checksum(&entry));
    Ok(entry.freeze())
}

/// Checks an entry and takes it apart. A plain payload is a part of the same memory; where there is something to seal
/// with, only a sealed one is taken.
pub(crate) fn read(mut entry: Bytes, key: &Key, seal: Option<&Seal>) -> Result<(Head, Bytes), Reject> {
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
    if flags & !SEALED != 0 {
        return Err(Reject::Foreign);
    }
    entry.truncate(end);
    let payload = entry.split_off(HEAD);
    match (seal, flags == SEALED) {
        (None, false) => Ok((head, payload)),
        (None, true) => Err(Reject::Foreign),
        (Some(_), false) => Err(Reject::Corrupt("not sealed")),
        (Some(seal), true) => {
            let bound = bound(&entry, key);
            drop(entry); // so that the payload is opened where it is
            match seal.open(payload, &bound) {
                Ok(payload) => Ok((head, payload)),
                Err(Unopened::UnknownKey) => Err(Reject::UnknownKey),
                Err(Unopened::Forged) => Err(Reject::Corrupt("the seal is broken")),
            }
        }
    }
}

/// Returns what a sealed payload is bound to, beside what it is sealed by.
fn bound(head: &[u8], key: &Key) -> Vec<u8> {
    [head, key.scope().key_prefix().as_bytes()].concat()
}

fn checksum(bytes: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(bytes)
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

    fn write(head: &Head, key: &Key, payload: &[u8]) -> Bytes {
        super::write(head, key, payload, None).unwrap()
    }

    fn read(entry: &[u8], key: &Key) -> Result<(Head, Bytes), Reject> {
        super::read(Bytes::copy_from_slice(entry), key, None)
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
        assert_eq!(entry.len(), HEAD + 7 + CHECKSUM);
        let (read, payload) = super::read(entry.clone(), &key("42"), None).unwrap();
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

    #[cfg(feature = "seal")]
    mod sealed {
        use super::*;

        fn seal() -> Seal {
            Seal::from(*b"an example, and no key of a shop")
        }

        fn entry() -> Bytes {
            super::super::write(&head(), &key("42"), b"payload", Some(&seal())).unwrap()
        }

        fn read(entry: &[u8], key: &Key) -> Result<(Head, Bytes), Reject> {
            super::super::read(Bytes::copy_from_slice(entry), key, Some(&seal()))
        }

        #[test]
        fn the_format_does_not_change() {
            let golden = include_str!("../tests/golden/sealed.txt").lines().last().unwrap();
            let byte = |at| u8::from_str_radix(&golden[at..at + 2], 16).unwrap();
            let entry: Vec<u8> = (0..golden.len()).step_by(2).map(byte).collect();
            assert_eq!(read(&entry, &key("42")), Ok((head(), Bytes::from("payload"))));
            assert_eq!(self::entry()[..HEAD + 8], entry[..HEAD + 8]);
        }

        #[test]
        fn what_was_written_is_read_without_a_copy() {
            let entry = entry();
            assert_eq!(entry.len(), OVERHEAD + 7);
            let memory = entry.as_ptr_range();
            let (read, payload) = super::super::read(entry, &key("42"), Some(&seal())).unwrap();
            assert_eq!((read, &*payload), (head(), &b"payload"[..]));
            assert!(memory.contains(&payload.as_ptr()));
        }

        #[test]
        fn no_changed_byte_is_accepted_whoever_wrote_the_checksum() {
            let good = entry();
            for at in 0..good.len() {
                for change in [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff] {
                    let mut forged = good.to_vec();
                    forged[at] ^= change;
                    assert!(read(&forged, &key("42")).is_err(), "byte {at}");
                    if at < good.len() - CHECKSUM {
                        sign(&mut forged);
                        assert!(read(&forged, &key("42")).is_err(), "byte {at}, and the checksum");
                    }
                }
            }
        }

        #[test]
        fn only_sealed_entries_are_read_with_a_seal_and_only_plain_ones_without() {
            let plain = super::super::write(&head(), &key("42"), b"payload", None).unwrap();
            assert_eq!(read(&plain, &key("42")), Err(Reject::Corrupt("not sealed")));
            assert_eq!(super::super::read(entry(), &key("42"), None), Err(Reject::Foreign));
        }

        #[test]
        fn the_entry_of_another_key_or_function_is_not_read_whatever_its_digest() {
            for other in [key("43"), Key::new(&Scope::new("shop", "price"), "42")] {
                let mut forged = entry().to_vec();
                forged[44..76].copy_from_slice(other.digest());
                sign(&mut forged);
                assert_eq!(read(&forged, &other), Err(Reject::Corrupt("the seal is broken")));
            }
        }

        #[test]
        fn an_entry_of_an_unknown_key_is_left_to_those_that_have_it() {
            let entry = super::super::write(&head(), &key("42"), b"payload", Some(&Seal::from([7; 32])));
            assert_eq!(read(&entry.unwrap(), &key("42")), Err(Reject::UnknownKey));
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
            prop_assert_eq!(super::read(entry, &key("42"), None), Ok((head, Bytes::from(payload))));
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

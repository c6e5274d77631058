//! Seals that open, and all those that do not.

use std::env::VarError;

use super::source::{evaluated, unhex};
use super::*;

const EXAMPLE: [u8; 32] = *b"an example, and no key of a shop";
const BOUND: &[u8] = b"what it is bound to";

fn sealed(seal: &Seal, payload: &[u8]) -> Bytes {
    let mut entry = BytesMut::new();
    seal.seal(&mut entry, BOUND, payload).unwrap();
    entry.freeze()
}

#[test]
fn the_format_does_not_change() {
    let golden = include_str!("../../tests/golden/sealed.txt");
    let mut lines = golden.lines().filter(|line| !line.starts_with('#')).take(2);
    let nonce = std::array::from_fn(|n| n as u8);
    for payload in [&b""[..], b"payload"] {
        let mut entry = BytesMut::new();
        Seal::from(EXAMPLE).seal_by(&nonce, &mut entry, BOUND, payload).unwrap();
        let hex: String = entry.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(lines.next(), Some(&*hex));
    }
    assert_eq!(lines.next(), None);
}

/// The one test vector of draft-irtf-cfrg-xchacha-03, A.3.1.
#[test]
fn it_is_the_algorithm_of_the_draft() {
    let key: [u8; 32] = std::array::from_fn(|n| 0x80 + n as u8);
    let nonce: [u8; NONCE] = std::array::from_fn(|n| 0x40 + n as u8);
    let bound = [0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7];
    let payload =
        b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
                    sunscreen would be it.";
    let mut entry = BytesMut::new();
    Seal::from(key).seal_by(&nonce, &mut entry, &bound, payload).unwrap();
    assert_eq!(entry[NAME + NONCE..][..8], [0xbd, 0x6d, 0x17, 0x9d, 0x3e, 0x83, 0xd4, 0x3b]);
    let tag = entry.len() - TAG;
    assert_eq!(entry[tag..][..8], [0xc0, 0x87, 0x59, 0x24, 0xc1, 0xc7, 0x98, 0x79]);
}

#[test]
fn what_was_sealed_is_opened_where_it_is() {
    let seal = Seal::from(EXAMPLE);
    for payload in [&b""[..], b"p", &[7; 4096]] {
        let entry = sealed(&seal, payload);
        assert_eq!(entry.len(), payload.len() + OVERHEAD);
        let place = entry[NAME + NONCE..].as_ptr();
        let opened = seal.open(entry, BOUND).unwrap();
        assert_eq!(opened, payload);
        assert_eq!(opened.as_ptr(), place);
    }
}

#[test]
fn two_seals_of_one_payload_differ() {
    let seal = Seal::from(EXAMPLE);
    let (one, other) = (sealed(&seal, b"payload"), sealed(&seal, b"payload"));
    assert_eq!(one[..NAME], other[..NAME]);
    assert_ne!(one[NAME..][..NONCE], other[NAME..][..NONCE]);
    assert_ne!(one[NAME + NONCE..], other[NAME + NONCE..]);
}

#[test]
fn no_change_is_accepted() {
    let seal = Seal::from([EXAMPLE, [7; 32]]);
    let good = sealed(&seal, b"payload");
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut bad = good.to_vec();
            bad[at] ^= 1 << bit;
            let why = if at < NAME { Unopened::UnknownKey } else { Unopened::Forged };
            assert_eq!(seal.open(bad.into(), BOUND), Err(why), "byte {at}");
        }
    }
    for length in 0..good.len() {
        assert_eq!(seal.open(good.slice(..length), BOUND), Err(Unopened::Forged), "{length} bytes");
    }
    for bound in [&b""[..], b"what it is bound t", b"what it is bound to.", b"What it is bound to"] {
        assert_eq!(seal.open(good.clone(), bound), Err(Unopened::Forged));
    }
}

#[test]
fn the_first_key_seals_and_all_open() {
    let (old, new) = (Seal::from([7; 32]), Seal::from([8; 32]));
    let (both, next) = (Seal::from([[7; 32], [8; 32]]), Seal::from(vec![[8; 32], [7; 32]]));
    for (by, opens, opens_not) in [(&old, &both, &new), (&both, &old, &new), (&next, &new, &old)] {
        let entry = sealed(by, b"payload");
        assert_eq!(opens.open(entry.clone(), BOUND).as_deref(), Ok(&b"payload"[..]));
        assert_eq!(opens_not.open(entry, BOUND), Err(Unopened::UnknownKey));
    }
}

#[test]
fn keys_are_read_with_anything_between_them() {
    let (one, two) = ("0123456789abcdefABCDEF9876543210".repeat(2), "07".repeat(32));
    let seal = Seal::from_hex(&format!(" {one},\n{two}\r\n")).unwrap();
    assert_eq!(format!("{seal:?}"), "Seal(2 keys)");
    let entry = sealed(&Seal::from([7; 32]), b"payload");
    assert!(seal.open(entry, BOUND).is_ok());
    let mut key = [0; 32];
    unhex(&one, &mut key).unwrap();
    assert_eq!(key[..5], [0x01, 0x23, 0x45, 0x67, 0x89]);
    assert_eq!(key[8..14], [0xab, 0xcd, 0xef, 0x98, 0x76, 0x54]);
}

#[test]
fn a_key_that_is_none_is_not_shown() {
    let good = "07".repeat(32);
    let secret = "5ec2e7".repeat(10);
    for (text, why) in [
        (String::new(), "there is no key"),
        (" , \n".into(), "there is no key"),
        (secret.clone(), "key 1 has 60 digits; a key has 64, hexadecimal"),
        (format!("{good},{secret}00000"), "key 2 has 65 digits; a key has 64, hexadecimal"),
        (format!("{secret}000g"), "key 1 has a digit that is not hexadecimal"),
        (format!("{secret}000é"), "key 1 has a digit that is not hexadecimal"),
        (format!("{secret} 0000"), "key 1 has 60 digits; a key has 64, hexadecimal"),
    ] {
        let error = Seal::from_hex(&text).unwrap_err();
        assert_eq!(error.to_string(), why);
        assert!(!format!("{error:?} {:?}", Error::from(error.clone())).contains("5ec2e7"));
    }
}

#[test]
fn whatever_can_be_keys_is_taken() {
    let names = |keys: Result<Seal, SealError>| {
        keys.map(|seal| seal.0.iter().map(|key| key.name).collect::<Vec<_>>())
            .map_err(|error| error.to_string())
    };
    let one = names(Ok(Seal::from([7; 32])));
    assert_eq!(names([7; 32].into_seal()), one);
    assert_eq!(names((&[7; 32]).into_seal()), one);
    assert_eq!(names([[7; 32]].into_seal()), one);
    assert_eq!(names(vec![[7; 32]].into_seal()), one);
    assert_eq!(names((&[[7; 32]][..]).into_seal()), one);
    assert_eq!(names(Seal::from([7; 32]).into_seal()), one);
    assert_eq!(names((&Seal::from([7; 32])).into_seal()), one);
    assert_eq!(names(Seal::from_hex(&"07".repeat(32)).into_seal()), one);
    assert_eq!(names(Ok::<_, String>(Ok::<_, &str>([7; 32])).into_seal()), one);
    assert_eq!(names(Err::<Seal, _>("the vault is shut").into_seal()), Err("the vault is shut".to_owned()));
    assert_eq!(names(evaluated(|| panic!("of an expression"))), Err("its expression panicked".to_owned()));
    for empty in [
        Vec::new().into_seal(),
        [[0; 32]; 0].into_seal(),
        Seal::of([]).into_seal(),
        (&Seal::of([])).into_seal(),
    ] {
        assert_eq!(names(empty), Err("there is no key".to_owned()));
    }
}

#[test]
fn nothing_is_sealed_without_a_key() {
    let mut entry = BytesMut::new();
    assert!(Seal::of([]).seal(&mut entry, BOUND, b"payload").is_err());
    assert!(entry.is_empty());
}

#[test]
fn a_variable_that_is_no_text_is_not_shown() {
    let error = VarError::NotUnicode("5ec2e7".into());
    let error = Err::<Seal, _>(error).into_seal().unwrap_err();
    assert_eq!(error.to_string(), "a variable is no text");
}

//! Payloads that claim too much.

use std::any::type_name;
use std::collections::{BTreeMap, HashMap, HashSet, LinkedList, VecDeque};
use std::time::{Duration, Instant};

use allocation_counter::measure;
use dcache::Bytes;
use dcache::codec::{Bincode, Codec, Json, Postcard};

use crate::types::{Chain, Flat, Maps, Shape, Tagged, Untagged, Wide};

/// How much memory a hostile payload may take at a time.
pub(crate) const MEMORY: u64 = 2 << 20;

/// How long it may take. Without optimisation everything takes ten to thirty times as long.
pub(crate) const TIME: Duration = Duration::from_millis(if cfg!(debug_assertions) { 300 } else { 10 });

/// Other programs may be running: what is fast is so in one of a few attempts.
pub(crate) const ATTEMPTS: usize = 10;

/// Asserts that a payload is refused at next to no cost, and prints the cost.
fn refuses<C: Codec<T>, T>(payload: &[u8]) {
    let what = format!(
        "{} {} {:.32?}",
        C::NAME,
        type_name::<T>(),
        Bytes::copy_from_slice(payload.get(..16).unwrap_or(payload))
    );
    let mut fastest = Duration::MAX;
    let mut memory = 0;
    for _ in 0..ATTEMPTS {
        let payload = Bytes::copy_from_slice(payload);
        let start = Instant::now();
        let measured = measure(|| assert!(C::decode(payload).is_err(), "{what} is accepted"));
        fastest = fastest.min(start.elapsed());
        memory = memory.max(measured.bytes_max);
        if fastest <= TIME {
            break;
        }
    }
    println!("{what}: {memory} bytes, {fastest:.1?}, for {} bytes", payload.len());
    assert!(memory <= MEMORY, "{what} takes {memory} bytes");
    assert!(fastest <= TIME, "{what} takes {fastest:?}");
}

macro_rules! refuse {
    ($payload:expr, [$($codec:ty),*]: $($type:ty),* $(,)?) => {{
        let payload: Vec<u8> = <[u8]>::to_vec($payload);
        refuse!(@ payload, [$($codec),*]: [$($type),*]);
    }};
    (@ $payload:ident, [$($codec:ty),*]: $types:tt) => { $(refuse!(@@ $payload, $codec: $types);)* };
    (@@ $payload:ident, $codec:ty: [$($type:ty),*]) => { $(refuses::<$codec, $type>(&$payload);)* };
}

/// Lengths that are not true, as bincode and postcard write them: from what a payload may just claim to 2⁶⁴.
const LENGTHS: [&[u8]; 10] = [
    b"\xfb\xff\xff",
    b"\xfc\x00\x00\x01\x00",
    b"\xfc\xff\xff\xff\xff",
    b"\xfd\0\0\0\0\0\x08\0\0",
    b"\xfd\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\xff\xff\x03",
    b"\x80\x80\x04",
    b"\xff\xff\xff\xff\x0f",
    b"\x80\x80\x80\x80\x80\x80\x02",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
];

#[test]
fn lengths_that_are_not_true() {
    for length in LENGTHS {
        for payload in [length.to_vec(), length.repeat(1000), [length, &[0; 5000]].concat()] {
            refuse!(&payload, [Bincode, Postcard]:
                Vec<u64>, VecDeque<[u64; 32]>, Box<[[[u64; 32]; 32]]>, HashMap<u64, String>, BTreeMap<u8, [u64; 32]>,
                Vec<String>, Maps, Shape,
            );
        }
        refuse!(length, [Bincode, Postcard]: String, Vec<u8>, Box<str>);
    }
}

#[test]
fn elements_that_take_no_bytes() {
    for length in LENGTHS {
        // believed lengths are those of a payload with a byte too many
        for payload in [[length, &[9]].concat(), length.repeat(1000), [&[1], length, &[9]].concat()] {
            refuse!(&payload, [Bincode, Postcard]:
                Vec<()>, LinkedList<()>, HashSet<()>, BTreeMap<(), ()>, Option<Vec<()>>, Vec<Vec<()>>, Vec<[(); 4]>,
                Vec<Option<Vec<()>>>,
            );
        }
    }
}

/// Every level claims what one level may; the memory that is reserved for it must not add up.
#[test]
fn claims_at_every_level() {
    for claim in
        [&b"\xfb\xe8\x03"[..], b"\xfb\x00\x05", b"\xfb\x00\x40", b"\xe8\x07", b"\x80\x0a", b"\x80\x80\x01"]
    {
        for before in [&b""[..], b"\0", b"\x01", b"\x02"] {
            let payload = [before, claim].concat().repeat(2000);
            refuse!(&payload, [Bincode, Postcard]: Wide, Vec<Wide>, Maps, Shape, Vec<Vec<Vec<Vec<[u64; 32]>>>>);
        }
    }
}

#[test]
fn nesting() {
    for level in [&b"\x01"[..], b"\0\x01", b"\x02\x01", b"\x01\0\x01", b"\x01\x01\0"] {
        refuse!(&level.repeat(1 << 18), [Bincode, Postcard]: Chain, Shape, Wide, Maps, Vec<Wide>);
    }
    for level in ["[", "{", "[[],", r#"{"a":"#, r#"{"next":"#, r#"{"kind":"Node","next":"#, r#"{"next":[0,"#]
    {
        refuse!(level.repeat(1 << 16).as_bytes(), [Json]: Chain, Shape, Wide, Maps, Untagged, Tagged, Flat);
    }
    let named = r#"{"Named":{"name":null,"inner":"#.repeat(1 << 14);
    let wide = r#"{"data":null,"children":["#.repeat(1 << 14);
    let maps = r#"{"1":"#.repeat(1 << 16);
    let flat = format!(r#"{{"n":1,"a":{}"#, r#"{"kind":"Node","next":"#.repeat(1 << 14));
    for payload in [named, wide, maps, flat, "1".to_owned(), "{}".to_owned(), "[null]".to_owned()] {
        refuse!(payload.as_bytes(), [Json]: Chain, Wide, Shape, Tagged, Flat);
    }
    // what nobody asks for is passed over, however deep it is
    let ignored = format!(r#"{{"data":null,"more":{}"#, "[".repeat(1 << 19));
    refuse!(ignored.as_bytes(), [Json]: Wide);
}

#[test]
fn long_numbers_and_texts() {
    let long = 1 << 19;
    let digits = "1".repeat(long);
    for payload in [
        digits.clone(),
        format!("-{digits}"),
        format!("0.{digits}"),
        format!("0.{}1", "0".repeat(long)),
        format!("{digits}e{digits}"),
        format!("1e-{digits}"),
        format!("[{digits}"),
        format!("\"{digits}"),
        format!("\"{}", r"\u00e4".repeat(long / 8)),
        format!("\"{}", r"\ud800".repeat(long / 8)),
        format!("{{\"{digits}\":1"),
        " ".repeat(long),
    ] {
        let more = payload + "x";
        refuse!(more.as_bytes(), [Json]: f64, u64, i128, String, Vec<f64>, HashMap<String, f32>, Untagged, char);
    }
}

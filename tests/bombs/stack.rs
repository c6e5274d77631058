//! Payloads that are nested too deep. A stack that overflows ends the test's process.

use std::thread;

use dcache::codec::{Bincode, Codec, Json, Postcard};

use crate::types::{Chain, Flat, Maps, Shape, Tagged, Untagged, Wide};

/// The stack of threads that are not told otherwise.
const USUAL: usize = 2 << 20;

/// A small one, on which recursive types of the usual kind must fit as well.
const SMALL: usize = 256 << 10;

/// Decodes on a thread of this stack.
fn decodes<C: Codec<T>, T>(stack: usize, payload: Vec<u8>) -> bool {
    let decode = move || C::decode(payload.into()).is_ok();
    thread::Builder::new().stack_size(stack).spawn(decode).unwrap().join().unwrap()
}

fn json(level: &str, levels: usize, last: &str, end: &str) -> Vec<u8> {
    format!("{}{last}{}", level.repeat(levels), end.repeat(levels)).into()
}

#[test]
fn usual_types_fit_on_a_small_stack() {
    for level in [&b"\x01"[..], b"\x01\0\x01", b"\x02\x01"] {
        let payload = level.repeat(1000);
        assert!(!decodes::<Bincode, Chain>(SMALL, payload.clone()));
        assert!(!decodes::<Postcard, Chain>(SMALL, payload.clone()));
        assert!(!decodes::<Bincode, Shape>(SMALL, payload.clone()));
        assert!(!decodes::<Postcard, Shape>(SMALL, payload));
    }
    assert!(!decodes::<Json, Chain>(SMALL, b"7".to_vec()));
    assert!(!decodes::<Json, Shape>(SMALL, json(r#"{"Named":{"name":null,"inner":"#, 1000, "null", "}}")));
    assert!(decodes::<Json, Untagged>(SMALL, json("[", 50, "0", "]")));
    assert!(decodes::<Json, Tagged>(
        SMALL,
        json(r#"{"kind":"Node","next":"#, 50, r#"{"kind":"Leaf","n":1}"#, "}")
    ));
}

/// A level of [`Wide`] takes 7 KiB of stack, and without optimisation 44.
#[test]
fn types_that_take_much_of_the_stack_end_sooner() {
    for level in [&b"\0\x01"[..], b"\0\x02"] {
        assert!(!decodes::<Bincode, Wide>(USUAL, level.repeat(1000)));
        assert!(!decodes::<Postcard, Wide>(USUAL, level.repeat(1000)));
        assert!(!decodes::<Bincode, Vec<Vec<Wide>>>(USUAL, level.repeat(1000)));
    }
    assert!(!decodes::<Json, Wide>(USUAL, json(r#"{"data":null,"children":["#, 1000, "", "]}")));
    // but not where values are
    let wide = |levels| [b"\0\x01".repeat(levels), b"\0\0".to_vec()].concat();
    assert!(decodes::<Bincode, Wide>(USUAL, wide(10)) && decodes::<Postcard, Wide>(USUAL, wide(10)));
    assert!(decodes::<Json, Wide>(USUAL, json(r#"{"data":null,"children":["#, 10, "", "]}")));
}

/// These are decoded from memory, level by level, after JSON has counted the levels.
#[test]
fn types_that_keep_what_they_read_end_where_json_does() {
    for levels in [100, 125, 128, 200, 10_000] {
        let is_read = levels < 127;
        assert_eq!(decodes::<Json, Untagged>(USUAL, json("[", levels, "0", "]")), is_read);
        assert_eq!(decodes::<Json, Untagged>(USUAL, json(r#"{"next":"#, levels, "0", "}")), is_read);
        let leaf = r#"{"kind":"Leaf","n":1}"#;
        assert_eq!(
            decodes::<Json, Tagged>(USUAL, json(r#"{"kind":"Node","next":"#, levels, leaf, "}")),
            is_read
        );
        let node = json(r#"{"kind":"Node","next":"#, levels - 1, leaf, "}");
        let flat = [br#"{"n":1,"a":"#, &*node, b"}"].concat();
        assert_eq!(decodes::<Json, Flat>(USUAL, flat), is_read);
    }
}

#[test]
fn maps_of_maps_end_as_well() {
    assert!(!decodes::<Bincode, Maps>(SMALL, b"\x01\x01".repeat(1000)));
    assert!(!decodes::<Postcard, Maps>(SMALL, b"\x01\x01".repeat(1000)));
    assert!(!decodes::<Json, Maps>(USUAL, json(r#"{"1":"#, 1000, "{}", "}")));
}

//! Ids of keys: equal arguments have one, different ones never share it.
#![no_main]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use arbitrary::{Arbitrary, Unstructured};
use dcache::__private::{RemoteKey, Template};
use dcache_fuzz::model::Model;
use libfuzzer_sys::fuzz_target;
use serde::Serialize;

#[derive(Arbitrary, Clone, Debug, PartialEq, Eq, Hash, Serialize)]
enum Kind {
    Any,
    One(String),
    Pair(u8, u8),
    Range { from: Option<u64>, to: Option<u64> },
    Not(Box<Kind>),
}

#[derive(Arbitrary, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
struct Point(i32, i32);

/// Arguments as functions have them.
type Arguments = (
    String,
    Option<u32>,
    Vec<String>,
    (Kind, Vec<Kind>),
    BTreeMap<String, Vec<u8>>,
    BTreeSet<Point>,
    (char, bool, i128, [u16; 2]),
    Option<Option<()>>,
);

/// Makes two values of bytes that are the same but for a few.
fn twins<'a, T: Arbitrary<'a>>(
    bytes: &mut Unstructured<'a>,
    other: &'a mut Vec<u8>,
) -> arbitrary::Result<(T, T)> {
    let (at, damage, inserted) = <(u16, u8, bool)>::arbitrary(bytes)?;
    let rest = bytes.bytes(bytes.len())?;
    other.extend_from_slice(rest);
    let at = usize::from(at) % (rest.len() + 1);
    if inserted {
        other.insert(at, damage);
    } else if let Some(byte) = other.get_mut(at) {
        *byte ^= damage;
    }
    Ok((T::arbitrary(&mut Unstructured::new(rest))?, T::arbitrary(&mut Unstructured::new(other))?))
}

/// Makes two values of bytes of their own.
fn strangers<'a, T: Arbitrary<'a>>(bytes: &mut Unstructured<'a>) -> arbitrary::Result<(T, T)> {
    Ok((T::arbitrary(bytes)?, T::arbitrary(bytes)?))
}

fn told_apart<K: RemoteKey + Debug>(left: &K, right: &K, are_same: bool) {
    if let (Ok(one), Ok(other)) = (left.id(), right.id()) {
        assert_eq!(one == other, are_same, "{left:?} and {right:?}");
        assert!(one.len() == 64 && one.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}

fn target(data: &[u8]) -> arbitrary::Result<()> {
    let mut bytes = Unstructured::new(data);
    let mut other = Vec::new();
    let are_twins = bool::arbitrary(&mut bytes)?;
    match u8::arbitrary(&mut bytes)? % 3 {
        0 => {
            let (left, right): (Model, Model) =
                if are_twins { twins(&mut bytes, &mut other)? } else { strangers(&mut bytes)? };
            told_apart(&left, &right, left.normal() == right.normal());
            told_apart(&left, &left.reversed(), left.normal() == left.reversed().normal());
            told_apart(&left, &left.normal(), true);
        }
        1 => {
            let (left, right): (Arguments, Arguments) =
                if are_twins { twins(&mut bytes, &mut other)? } else { strangers(&mut bytes)? };
            told_apart(&left, &right, left == right);
        }
        _ => {
            let (left, right): ((&str, i64, &str), (&str, i64, &str)) =
                if are_twins { twins(&mut bytes, &mut other)? } else { strangers(&mut bytes)? };
            let id = |(user, number, kind): (&str, i64, &str)| {
                let key = Template::new()
                    .literal("user:")
                    .value(user)
                    .literal("/")
                    .value(&number)
                    .literal("größe:");
                key.value(kind).to_text().id()
            };
            assert_eq!(id(left) == id(right), left == right, "{left:?} and {right:?}");
            assert!(id(left).len() <= 200);
        }
    }
    Ok(())
}

fuzz_target!(|data: &[u8]| {
    let _ = target(data);
});

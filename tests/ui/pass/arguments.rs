#![allow(clippy::too_many_arguments)]

use std::borrow::Cow;
use std::path::Path;

use dcache::dcache;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Point {
    x: u8,
    y: u8,
}

#[dcache]
fn borrowed(text: &str, bytes: &[u8], path: &Path, list: &Vec<String>, array: &[u8; 2]) -> usize {
    text.len() + bytes.len() + path.as_os_str().len() + list.len() + array.len()
}

#[dcache]
fn optional(text: Option<&str>, bytes: Option<&[u8]>, owned: Option<u8>) -> usize {
    text.map_or(0, str::len) + bytes.map_or(0, <[u8]>::len) + owned.map_or(0, usize::from)
}

#[dcache]
fn cow(text: Cow<'_, str>, fixed: &'static str, fixed_too: Cow<'static, str>) -> usize {
    text.len() + fixed.len() + fixed_too.len()
}

#[dcache]
fn patterns((a, mut b): (u8, u8), Point { x, y }: Point, _: u8, [first, ..]: [u8; 3], mut n: u8) -> u8 {
    b += a;
    n += 1;
    b + x + y + first + n
}

#[dcache]
fn at(whole @ Point { x, .. }: Point, ref name: String) -> u8 {
    whole.y + x + name.len() as u8
}

#[dcache]
fn clashing(value: u8, key: u8, args: u8, miss: u8, looked: u8, site: u8, builder: u8, self_: u8) -> u8 {
    value + key + args + miss + looked + site + builder + self_
}

#[dcache]
fn r#match(r#type: u8) -> u8 {
    r#type
}

#[dcache]
fn twelve(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8, i: u8, j: u8, k: u8, l: u8) -> u8 {
    a + b + c + d + e + f + g + h + i + j + k + l
}

#[dcache]
fn pointers(parse: fn(&str) -> usize, text: String) -> usize {
    parse(&text)
}

#[dcache(skip(buffer, ratio, name))]
fn skipped<'b>(buffer: &'b mut Vec<u8>, ratio: f64, name: impl AsRef<str>, n: u8) -> u8 {
    buffer.push(n);
    n + ratio as u8 + name.as_ref().len() as u8
}

pub(crate) fn main() {
    assert_eq!(borrowed("a", b"b", "c".as_ref(), &vec!["d".into()], &[1, 2]), 6);
    assert_eq!(borrowed::peek("a", b"b", "c".as_ref(), &vec!["d".into()], &[1, 2]), Some(6));
    assert_eq!(optional(Some("a"), None, Some(3)), 4);
    assert_eq!(optional::peek(Some("a"), None, Some(3)), Some(4));
    assert_eq!(cow("abc".into(), "d", "e".into()), 5);
    assert_eq!(cow::peek(Cow::Owned("abc".into()), "d", "e".into()), Some(5));
    assert_eq!(patterns((1, 2), Point { x: 3, y: 4 }, 5, [6, 7, 8], 9), 26);
    assert_eq!(patterns::peek((1, 2), Point { x: 3, y: 4 }, 5, [6, 7, 8], 9), Some(26));
    assert_eq!(at(Point { x: 1, y: 2 }, "abc".into()), 6);
    clashing::put(1, 2, 3, 4, 5, 6, 7, 8, 99).unwrap();
    assert_eq!(clashing(1, 2, 3, 4, 5, 6, 7, 8), 99);
    assert_eq!(r#match(4), r#match::peek(4).unwrap());
    assert_eq!(twelve(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), 12);
    assert_eq!(pointers(str::len, "abc".into()), 3);
    let mut buffer = Vec::new();
    assert_eq!(skipped(&mut buffer, 0.5, "x", 2), 3);
    assert_eq!(skipped(&mut buffer, 9.5, String::new(), 2), 3);
    assert_eq!(buffer, [2]);
    assert_eq!(skipped::peek(2), Some(3));
}

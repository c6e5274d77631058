use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use dcache::dcache;

#[derive(Clone, Debug, PartialEq)]
enum Shape<T = u8> {
    Point,
    Many(Vec<T>),
}

#[dcache]
fn tuple(n: u8) -> (u8, String, [u8; 2]) {
    (n, n.to_string(), [n; 2])
}

#[dcache]
fn map(n: u8) -> HashMap<u8, f64> {
    [(n, 0.5)].into()
}

#[dcache]
fn own(n: u8) -> Shape {
    if n == 0 { Shape::Point } else { Shape::Many(vec![n]) }
}

#[dcache]
fn nested(n: u8) -> Result<Option<Vec<Shape<u16>>>, String> {
    Ok(Some(vec![Shape::Many(vec![n.into()])]))
}

#[dcache]
fn shared(n: u8) -> Arc<Mutex<u8>> {
    Arc::new(Mutex::new(n))
}

#[dcache]
fn fixed(n: u8) -> &'static [&'static str] {
    if n == 0 { &[] } else { &["a"] }
}

#[dcache]
fn function(n: u8) -> fn(&str) -> usize {
    if n == 0 { str::len } else { |text| text.len() + 1 }
}

#[dcache]
fn projected<I: Iterator<Item = u8> + Clone + Eq + std::hash::Hash + Send + Sync + 'static>(list: I) -> Option<I::Item> {
    list.max()
}

#[allow(unused_parens)]
#[dcache]
async fn parenthesized(n: u8) -> (u8) {
    n
}

pub(crate) fn main() {
    assert_eq!((tuple(1), tuple::peek(1)), ((1, "1".into(), [1; 2]), Some((1, "1".into(), [1; 2]))));
    assert_eq!(map(1)[&1], 0.5);
    assert_eq!((own(0), own(1)), (Shape::Point, Shape::Many(vec![1])));
    assert!(nested(1).unwrap().is_some());
    *shared(1).lock().unwrap() = 9;
    assert_eq!(*shared(1).lock().unwrap(), 9, "every hit is the same");
    assert_eq!((fixed(0).len(), fixed(1)), (0, &["a"][..]));
    assert_eq!((function(0)("a"), function(1)("a")), (1, 2));
    assert_eq!(projected(1..4), Some(3));
    assert_eq!(pollster::block_on(parenthesized(1)), 1);
}

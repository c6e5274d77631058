use dcache::dcache;

const ENTRIES: usize = 3;

struct Blob(usize);

impl dcache::Weight for Blob {
    fn weight(&self) -> usize {
        self.0
    }
}

impl Clone for Blob {
    fn clone(&self) -> Self {
        Self(self.0)
    }
}

#[dcache(backend = memory)]
fn bare(n: u64) -> u64 {
    n
}

#[dcache(backend = memory())]
fn empty_parentheses(n: u64) -> u64 {
    n
}

#[dcache(backend = [memory])]
fn list_of_one(n: u64) -> u64 {
    n
}

#[dcache(backend = [memory(capacity = 10, ttl = "30s"),],)]
fn trailing_commas(n: u64) -> u64 {
    n
}

#[dcache(backend = memory(capacity = ENTRIES * 2))]
fn by_expression(n: u64) -> u64 {
    n
}

#[dcache(backend = memory(capacity = "1KiB"))]
fn by_bytes(n: usize) -> Blob {
    Blob(n)
}

#[dcache(backend = memory(weight = |list: &Vec<f64>| 8 * list.len(), capacity = "1MB"))]
fn by_hand(n: usize) -> Vec<f64> {
    vec![0.5; n]
}

pub(crate) fn main() {
    assert_eq!((bare(1), bare::peek(1)), (1, Some(1)));
    assert_eq!((empty_parentheses(1), list_of_one(1), trailing_commas(1), by_expression(1)), (1, 1, 1, 1));
    for n in 0..100 {
        by_expression(n);
    }
    assert!(by_expression::stats().entries <= 6);
    assert_eq!(by_bytes(10).0, by_bytes::peek(10).unwrap().0);
    assert_eq!(by_hand(2), [0.5; 2]);
}

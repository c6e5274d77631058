use dcache::dcache;

use std::collections::{HashMap, HashSet};

#[dcache]
fn f(tags: &HashMap<String, String>) -> usize {
    tags.len()
}

#[dcache]
fn g(tags: Vec<HashSet<u8>>) -> usize {
    tags.len()
}

fn main() {}

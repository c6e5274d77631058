use dcache::dcache;

#[dcache]
use std::fmt;

fn main() {}

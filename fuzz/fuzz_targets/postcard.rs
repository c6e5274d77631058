//! Payloads of postcard: anything, values, and damaged values.
#![no_main]

use std::collections::{HashMap, LinkedList};

use dcache::codec::Postcard;
use dcache_fuzz::values::{Chain, Everything, Maps, Nothings, Shape, Tree};

dcache_fuzz::codec_target!(
    Postcard: Everything, Vec<Shape>, Chain, Tree, Nothings, Maps, Option<Vec<()>>, Vec<Vec<()>>, String, i128,
    Vec<char>, HashMap<u64, Option<String>>, Result<Box<str>, Vec<u64>>, [Option<u16>; 4], LinkedList<()>,
);

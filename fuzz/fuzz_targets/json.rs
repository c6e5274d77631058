//! Payloads of JSON: anything, values, and damaged values.
#![no_main]

use std::collections::{HashMap, LinkedList};

use dcache::codec::Json;
use dcache_fuzz::values::{Chain, Everything, Flat, Maps, Nothings, Shape, Tagged, Tree, Untagged};

dcache_fuzz::codec_target!(
    Json: Everything, Vec<Shape>, Chain, Tree, Nothings, Maps, Option<Vec<()>>, Vec<Vec<()>>, String, i128,
    Vec<char>, HashMap<u64, Option<String>>, Result<Box<str>, Vec<u64>>, [Option<u16>; 4], LinkedList<()>,
    Untagged, Tagged, Flat, Vec<Flat>,
);

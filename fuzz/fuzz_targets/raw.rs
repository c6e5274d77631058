//! Payloads that are held as they are.
#![no_main]

use std::sync::Arc;

use dcache::codec::Raw;

dcache_fuzz::codec_target!(Raw: String, Box<str>, Arc<str>, Vec<u8>, Box<[u8]>, Arc<[u8]>);

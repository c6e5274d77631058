//! The tier `s3`, against a server in this process.

mod access;
mod clear;
mod faults;
mod folder;
mod values;

use std::time::Duration;

use dcache_backends::s3::S3;
use dcache_backends::{Backend, Bytes, Key, Scope};
use dcache_tests::s3::{KEY, Mood, SECRET, Server};
use dcache_tests::{run, with_environment};

/// A time budget that a healthy server never uses up, however loaded the machine is.
const AMPLE: Duration = Duration::from_secs(10);

fn tier_of(server: &Server) -> S3 {
    tier_at(&server.place())
}

fn tier_at(place: &str) -> S3 {
    S3::builder(place).credentials(KEY, SECRET).connect().unwrap()
}

fn key(id: &str) -> Key {
    Key::new(&Scope::new("test", "function"), id)
}

fn entry(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

#![no_implicit_prelude]
#![allow(dead_code, non_camel_case_types)]

extern crate std;

use ::dcache::dcache;

// everything that generated code could reach for by a short name
struct Result;
struct Option;
struct String;
struct Ok;
struct Err;
struct Some;
struct None;
struct Send;
struct Site;
struct Args;
struct bool;
mod core {}
mod dcache_ {}

const __BUILDER: u8 = 0;
fn builder() {}
fn site() {}
fn body() {}

#[dcache(bypass_if = n == 7, ttl = "1h")]
fn f(n: u64, text: &str) -> ::std::result::Result<u64, ::std::string::String> {
    let _ = text;
    ::std::result::Result::Ok(n)
}

#[dcache(key = ::std::format!("{n}"))]
async fn g(n: u64) -> u64 {
    n
}

#[dcache(companion = none)]
fn h(n: u64) -> u64 {
    n
}

fn main() {
    ::std::assert_eq!(f(1, "").ok(), ::std::option::Option::Some(1));
    ::std::assert_eq!(f::peek(1, ""), ::std::option::Option::Some(1));
    ::std::assert_eq!(h(1), 1);
}

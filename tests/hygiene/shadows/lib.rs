//! Every name that generated code could reach for means something else.
#![forbid(unsafe_code)]
#![deny(warnings, rust_2018_idioms)]
#![allow(
    dead_code,
    unused_macros,
    non_camel_case_types,
    non_upper_case_globals,
    reason = "that is what is tested"
)]

macro_rules! shadow {
    ($($name:ident)*) => {
        $(macro_rules! $name { ($d:tt) => { ::core::compile_error! { "the wrong macro" } } })*
    };
}
shadow! {
    assert debug_assert cfg column compile_error concat dcache file format format_args include inventory line
    matches module_path panic stringify submit thread_local todo unimplemented unreachable vec write
}

mod alloc {}
mod core {}
mod dcache {}
mod dcache_backends {}
mod dcache_macros {}
mod inventory {}
mod pollster {}
mod serde {}
mod std {}

// types and traits
struct Args;
struct Box;
struct Builder;
struct Cache;
struct Duration;
struct Entry;
struct Error;
struct Key;
struct Memory;
struct Meta;
struct Option;
struct PhantomData;
struct Result;
struct Site;
struct Sites;
struct Stats;
struct String;
struct Template;
struct Text;
struct Tier;
struct Vec;
trait AsRef {}
trait Clone {}
trait Copy {}
trait Default {}
trait Drop {}
trait Eq {}
trait Fn {}
trait FnMut {}
trait FnOnce {}
trait From {}
trait Future {}
trait Hash {}
trait Into {}
trait IntoFuture {}
trait Iterator {}
trait Ord {}
trait PartialEq {}
trait ProbeFallback {}
trait Send {}
trait Sized {}
trait Sync {}
trait ToKey {}
trait ToOwned {}
trait ToString {}
trait Unpin {}

// values
struct Err;
struct None;
struct Ok;
struct Some;
const args: () = ();
const builder: () = ();
const bypassed: () = ();
const key: () = ();
const looked: () = ();
const miss: () = ();
const site: () = ();
const value: () = ();
fn body() {}
fn drop() {}
fn uncached() {}

// methods and constants that everything has
trait Methods: ::core::marker::Sized {
    fn look(self) {}
    fn part(self) {}
    fn plan(self) {}
    fn refresh(self) {}
    fn run(self) {}
    fn run_blocking(self) {}
    fn to_key(self) {}
    fn ttl(self) {}
}
impl<T> Methods for T {}
trait Constants {
    const IS_RESULT: () = ();
    const SHARE: () = ();
}
impl<T: ?::core::marker::Sized> Constants for T {}

::core::include!("../absolute.rs");

/// Functions that are called like what is generated.
pub mod names {
    #[::dcache::dcache]
    pub fn uncached(uncached: u64, key: u64, miss: u64, value: u64) -> u64 {
        uncached + key + miss + value
    }

    #[::dcache::dcache]
    pub async fn peek(peek: u64) -> u64 {
        ::core::future::ready(peek).await
    }

    #[::dcache::dcache(key = "dcache:{type}")]
    pub fn dcache(r#type: u64) -> u64 {
        r#type
    }

    #[::dcache::dcache]
    pub fn r#match(r#fn: u64) -> u64 {
        r#fn
    }

    pub async fn controls() -> ::core::result::Result<u64, ::dcache::Error> {
        peek::put(1, peek(1).await).await?;
        uncached::put(1, 2, 3, 4, uncached::uncached(1, 2, 3, 4))?;
        dcache::put(1, dcache(2))?;
        r#match::put(1, r#match(2))?;
        ::core::result::Result::Ok(peek::uncached(1).await)
    }
}

/// Not even primitive types are what they are called.
pub mod primitives {
    struct bool;
    struct char;
    struct f64;
    struct str;
    struct u8;
    struct u16;
    struct u32;
    struct u64;
    struct usize;

    #[::dcache::dcache(ttl = "1h", skip(text), cache_if = |_: &number| true, bypass_if = text.is_empty())]
    pub fn skips(n: number, text: &::core::primitive::str) -> ::core::result::Result<number, number> {
        ::core::result::Result::Ok(n + text.len() as number)
    }

    #[::dcache::dcache(key = "later:{n}")]
    pub async fn later<const N: ::core::primitive::u8>(n: number) -> number {
        ::core::future::ready(n + N as number).await
    }

    #[::dcache::dcache(backend = [memory(capacity = "1MiB"), fs(capacity = "1MiB")], version = 3, coalesce = "1s")]
    pub fn bytes(n: number) -> number {
        n
    }

    type number = ::core::primitive::u64;
}

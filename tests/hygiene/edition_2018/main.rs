//! The oldest edition; it also runs.
#![forbid(unsafe_code)]
#![deny(warnings, unused, rust_2018_idioms, missing_docs)]

#[path = "../methods.rs"]
mod methods;
#[path = "../plain.rs"]
mod plain;

fn main() -> Result<(), dcache::Error> {
    plain::calls_find_what_is_stored();
    plain::controls_do_what_they_say()?;
    plain::block_on(methods::calls_find_what_handles_store())
}

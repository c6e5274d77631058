//! No name is there unless it is brought.
#![no_implicit_prelude]
#![forbid(unsafe_code)]
#![deny(warnings, unused, rust_2018_idioms, missing_docs)]

::core::include!("../absolute.rs");

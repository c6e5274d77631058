//! Edition 2021.
#![forbid(unsafe_code)]
#![deny(warnings, unused, rust_2018_idioms, missing_docs)]

#[path = "../methods.rs"]
pub mod methods;
#[path = "../plain.rs"]
pub mod plain;

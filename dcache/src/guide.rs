//! Pages about using dcache; they hold text and examples, and no code.

#[doc = include_str!("../docs/limits.md")]
pub mod limits {}

// its examples use these features
#[cfg(any(not(doctest), all(feature = "testing", feature = "redis", feature = "bincode")))]
#[doc = include_str!("../docs/testing.md")]
pub mod testing {}

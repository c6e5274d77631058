//! Pages about using dcache; they hold text and examples, and no code.

#[doc = include_str!("../docs/limits.md")]
pub mod limits {}

#[cfg_attr(not(feature = "testing"), allow(rustdoc::broken_intra_doc_links))]
#[cfg(any(not(doctest), feature = "testing"))]
#[doc = include_str!("../docs/staleness.md")]
pub mod staleness {}

// its examples use these features, and it points at what the first of them has
#[cfg_attr(not(feature = "testing"), allow(rustdoc::broken_intra_doc_links))]
#[cfg(any(not(doctest), all(feature = "testing", feature = "redis", feature = "bincode")))]
#[doc = include_str!("../docs/testing.md")]
pub mod testing {}

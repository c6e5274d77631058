//! The attribute of dcache; use it through the crate `dcache`.

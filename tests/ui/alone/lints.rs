//! Generated code gives no warning, and passes under `forbid(unsafe_code)`.
#![forbid(unsafe_code)]
#![deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    missing_copy_implementations,
    rust_2018_idioms,
    single_use_lifetimes,
    trivial_casts,
    unreachable_pub,
    unused_lifetimes,
    unused_qualifications,
    unused_results,
    clippy::all,
    clippy::pedantic,
    clippy::nursery
)]

/// Holds what is public.
pub mod shop {
    use std::hash::Hash;

    use dcache::dcache;

    /// Squares.
    #[dcache]
    #[must_use]
    #[inline]
    pub fn square(n: u64) -> u64 {
        n * n
    }

    /// Says whether it is small.
    ///
    /// # Errors
    /// It is not.
    #[dcache(key = n.min(10))]
    #[allow(clippy::unnecessary_wraps)]
    pub async fn small(n: u64) -> Result<u64, String> {
        std::future::ready(()).await;
        Ok(n)
    }

    /// Joins.
    #[dcache]
    #[must_use]
    pub fn join<'a, T: Eq + Hash + Clone + ToString + Send + Sync + 'static>(a: &'a str, b: &'a T) -> String {
        format!("{a}{}", b.to_string())
    }

    #[dcache]
    #[expect(unused_variables, reason = "a test of `expect`")]
    pub(crate) fn private(n: u64, unused: u8) -> u64 {
        n
    }

    #[dcache(companion = none)]
    pub(super) fn none(n: u64) -> u64 {
        n
    }
}

fn main() {
    assert_eq!(shop::square(shop::private(shop::none(2), 1)), 4);
}

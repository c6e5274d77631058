//! Every lint that someone may have on; run by clippy.
#![forbid(unsafe_code)]
#![deny(
    warnings,
    absolute_paths_not_starting_with_crate,
    ambiguous_negative_literals,
    deprecated_in_future,
    explicit_outlives_requirements,
    future_incompatible,
    keyword_idents,
    let_underscore,
    macro_use_extern_crate,
    meta_variable_misuse,
    missing_copy_implementations,
    missing_debug_implementations,
    missing_docs,
    non_ascii_idents,
    nonstandard_style,
    redundant_imports,
    redundant_lifetimes,
    rust_2018_compatibility,
    rust_2018_idioms,
    rust_2021_compatibility,
    rust_2024_compatibility,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unnameable_types,
    unreachable_pub,
    unstable_features,
    unused,
    unused_crate_dependencies,
    unused_extern_crates,
    unused_import_braces,
    unused_lifetimes,
    unused_macro_rules,
    unused_qualifications,
    unused_results,
    variant_size_differences,
    clippy::all,
    clippy::cargo,
    clippy::nursery,
    clippy::pedantic
)]

#[path = "../methods.rs"]
pub mod methods;
#[path = "../plain.rs"]
pub mod plain;

/// What only lints notice.
pub mod shapes {
    use std::collections::BTreeMap;
    use std::hash::Hash;
    use std::path::Path;

    use dcache::dcache;

    /// A pure function.
    #[dcache]
    #[must_use]
    #[inline]
    pub fn square(n: u64) -> u64 {
        n * n
    }

    /// Takes names apart.
    #[dcache]
    #[must_use]
    pub fn apart((a, mut b): (u8, u8), _: char, [first, ..]: [u8; 3]) -> u8 {
        b = b.wrapping_add(a);
        b.wrapping_add(first)
    }

    /// Takes arguments of all forms.
    #[dcache(ttl = "1m")]
    #[must_use]
    pub fn forms<'a>(
        text: &'a str,
        other: Option<&'a str>,
        bytes: &[u8],
        path: &Path,
        map: &BTreeMap<String, u64>,
    ) -> usize {
        map.len() + text.len() + bytes.len() + path.as_os_str().len() + other.map_or(0, str::len)
    }

    /// Returns nothing.
    #[dcache]
    pub fn nothing(_: u64) {}

    /// Returns nothing, later.
    #[dcache]
    pub async fn nothing_later(_: u64) {
        std::future::ready(()).await;
    }

    /// Takes no arguments.
    #[dcache]
    #[must_use]
    pub fn no_arguments() -> &'static str {
        "none"
    }

    /// Fails by an alias.
    ///
    /// # Errors
    ///
    /// Nothing is written.
    #[dcache(result)]
    pub fn by_alias(n: u64) -> std::fmt::Result {
        if n == 0 { Err(std::fmt::Error) } else { Ok(()) }
    }

    /// Is there for each type.
    #[dcache]
    #[must_use]
    pub fn join<'a, T: Clone + Hash + Eq + Send + Sync + ToString + 'static>(a: &'a str, b: &'a T) -> String {
        format!("{a}{}", b.to_string())
    }

    /// Takes a type without a name.
    #[dcache(key = name.as_ref().to_owned())]
    pub fn without_name(name: impl AsRef<str>) -> usize {
        name.as_ref().len()
    }

    /// Is found by parts.
    #[dcache(key = (name.len(), &name[..1]), cache_if = Option::is_some)]
    #[must_use]
    pub fn by_parts(name: &str, ratio: f64) -> Option<char> {
        if ratio > 0.5 { name.chars().next() } else { None }
    }

    /// Is old.
    #[dcache]
    #[deprecated = "it is a test"]
    #[must_use]
    pub fn old(n: u64) -> u64 {
        n.rotate_left(3)
    }

    /// Is not shown.
    #[dcache]
    #[doc(hidden)]
    #[must_use]
    #[cold]
    pub fn hidden(n: u64) -> u64 {
        n.rotate_left(3)
    }

    #[dcache]
    #[expect(unused_variables, reason = "a test of `expect`")]
    fn private(n: u64, unused: u8) -> u64 {
        n.rotate_left(3)
    }

    #[dcache(companion = none)]
    pub(super) fn none(n: u64) -> u64 {
        #[dcache]
        fn inner(n: u64) -> u64 {
            n.rotate_left(3)
        }
        inner(private(n, 0))
    }

    #[dcache(companion = none)]
    pub(crate) async fn none_later(n: u64) -> Result<u64, String> {
        std::future::ready(()).await;
        n.checked_sub(1).ok_or_else(|| n.to_string())
    }

    /// Has no companion, and a body of its own shape.
    ///
    /// # Errors
    ///
    /// The number is odd.
    #[dcache(companion = none, bypass_if = n > 1_000)]
    pub fn shaped(mut n: u64, (a, mut b): (u64, u64), items: &[u64]) -> Result<u64, String> {
        if n % 2 == 1 {
            return Err(n.to_string());
        }
        for item in items {
            n += item;
            b += a;
        }
        Ok(n.checked_sub(b).ok_or("too small")?)
    }

    /// Has no companion either, and waits.
    ///
    /// # Errors
    ///
    /// The number is odd.
    #[dcache(companion = none, bypass_if = n > 1_000)]
    pub async fn shaped_later(mut n: u64, (a, mut b): (u64, u64), items: &[u64]) -> Result<u64, String> {
        if n % 2 == 1 {
            return Err(n.to_string());
        }
        for item in items {
            n += std::future::ready(item).await;
            b += a;
        }
        Ok(n.checked_sub(b).ok_or("too small")?)
    }

    /// Has no companion either, and nothing to return.
    #[dcache(companion = none)]
    pub async fn unshaped(n: u64) {
        if n == 0 {
            return;
        }
        std::future::ready(()).await;
    }

    mod parent {
        use dcache::dcache;

        #[dcache]
        pub(super) fn of_parent(n: u64) -> u64 {
            n.rotate_left(3)
        }

        #[dcache]
        pub(in super::super) fn of_grandparent(n: u64) -> u64 {
            n.rotate_left(3)
        }
    }

    /// Calls what is not public.
    ///
    /// # Errors
    ///
    /// The number is zero.
    pub async fn all(n: u64) -> Result<u64, String> {
        let n = parent::of_parent(parent::of_grandparent(none(n)));
        none_later(n).await
    }
}

#![deny(unused_must_use, unfulfilled_lint_expectations)]

use dcache::dcache;

/// Above.
#[must_use]
#[inline]
#[allow(clippy::all)]
#[dcache]
/// Below.
#[cfg_attr(any(), no_such_attribute)]
#[cfg_attr(all(), doc = "by `cfg_attr`")]
#[cold]
pub fn both(n: u64) -> u64 {
    n
}

#[cfg_attr(all(), dcache(ttl = "1h"))]
fn by_cfg_attr(n: u64) -> u64 {
    n
}

#[cfg_attr(any(), dcache(no_such_option))]
fn not_cached(n: u64) -> u64 {
    n
}

#[dcache]
#[expect(unused_variables, reason = "a test of `expect`")]
#[deprecated(note = "use `both`")]
fn old(n: u64, unused: u8) -> u64 {
    n
}

#[dcache]
#[cfg(any())]
fn two_of_one_name(n: NoSuchType) -> u64 {
    0
}

#[dcache]
#[cfg(all())]
fn two_of_one_name(n: u64) -> u64 {
    n
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop;

impl Shop {
    /// Docs.
    #[must_use]
    #[dcache]
    #[inline(always)]
    #[track_caller]
    pub fn method(&self, #[allow(unused)] n: u64) -> u64 {
        1
    }

    #[cfg_attr(all(), dcache(companion = handle))]
    #[cfg(all())]
    fn by_cfg_attr(&self, n: u64) -> u64 {
        n
    }

    #[dcache(companion = handle)]
    #[cfg(any())]
    fn absent(&self, n: NoSuchType) -> u64 {
        0
    }
}

fn main() {
    assert_eq!((both(1), both::peek(1)), (1, Some(1)));
    assert_eq!((by_cfg_attr(1), by_cfg_attr::peek(1)), (1, Some(1)));
    assert_eq!(not_cached(1), 1);
    #[allow(deprecated)]
    let old = old(1, 2);
    assert_eq!(old, 1);
    assert_eq!(two_of_one_name(1), 1);
    assert_eq!(Shop.method(1), 1);
    assert_eq!((Shop.by_cfg_attr(1), Shop.by_cfg_attr_cache(1).peek()), (1, Some(1)));
}

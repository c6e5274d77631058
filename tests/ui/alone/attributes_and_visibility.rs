use dcache::dcache;

mod shop {
    use dcache::dcache;

    #[dcache]
    pub fn price(n: u64) -> u64 {
        n
    }

    pub mod deep {
        use dcache::dcache;

        #[dcache]
        pub(in super::super) fn stock(n: u64) -> u64 {
            n
        }

        #[dcache]
        pub(super) fn hidden(n: u64) -> u64 {
            n
        }
    }

    pub fn hidden(n: u64) -> Option<u64> {
        deep::hidden(n);
        deep::hidden::peek(n)
    }
}

// one import brings the function and its controls
use shop::price;

#[cfg(any())]
#[dcache]
fn absent(n: NoSuchType) -> u64 {
    0
}

#[dcache]
#[cfg(any())]
fn absent_too(n: NoSuchType) -> u64 {
    0
}

#[dcache]
#[cfg(all())]
#[must_use]
#[track_caller]
#[deprecated = "use `price`"]
#[doc(hidden)]
fn old(n: u64) -> u64 {
    n
}

#[allow(deprecated)]
fn main() {
    assert_eq!((price(1), price::peek(1)), (1, Some(1)));
    assert_eq!((shop::deep::stock(1), shop::deep::stock::peek(1)), (1, Some(1)));
    assert_eq!(shop::hidden(3), Some(3));
    assert_eq!(old(2), 2);
}

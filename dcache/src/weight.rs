//! How many bytes a value takes in memory, for capacities in bytes.

use std::sync::Arc;

/// Says how many bytes a value takes, what it points to included.
///
/// Implement it for your own types, or give a function: `memory(capacity = "64MiB", weight = |v: &T| …)`.
///
/// ```
/// use dcache::Weight;
///
/// struct Page { title: String, body: Vec<u8> }
///
/// impl Weight for Page {
///     fn weight(&self) -> usize {
///         self.title.weight() + self.body.weight()
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "dcache cannot tell how many bytes a `{Self}` takes",
    note = "implement `dcache::Weight`, say `weight = |v: &T| …`, or give the capacity in entries"
)]
pub trait Weight {
    /// Returns the bytes that this value takes, itself and what it owns; an estimate will do.
    fn weight(&self) -> usize;
}

macro_rules! flat {
    ($($type:ty),*) => {
        $(impl Weight for $type {
            fn weight(&self) -> usize {
                size_of::<$type>()
            }
        })*
    };
}

flat!(
    (),
    bool,
    char,
    u8,
    u16,
    u32,
    u64,
    u128,
    usize,
    i8,
    i16,
    i32,
    i64,
    i128,
    isize,
    f32,
    f64,
    std::time::Duration
);

impl Weight for str {
    fn weight(&self) -> usize {
        self.len()
    }
}

impl Weight for String {
    fn weight(&self) -> usize {
        size_of::<Self>() + self.capacity()
    }
}

impl Weight for bytes::Bytes {
    fn weight(&self) -> usize {
        size_of::<Self>() + self.len()
    }
}

impl<T: Weight> Weight for [T] {
    fn weight(&self) -> usize {
        self.iter().map(T::weight).sum()
    }
}

impl<T: Weight> Weight for Vec<T> {
    fn weight(&self) -> usize {
        size_of::<Self>() + self.as_slice().weight() + (self.capacity() - self.len()) * size_of::<T>()
    }
}

impl<T: Weight> Weight for Option<T> {
    fn weight(&self) -> usize {
        self.as_ref().map_or(size_of::<Self>(), |value| value.weight().max(size_of::<Self>()))
    }
}

impl<T: Weight + ?Sized> Weight for Box<T> {
    fn weight(&self) -> usize {
        size_of::<Self>() + (**self).weight()
    }
}

impl<T: Weight + ?Sized> Weight for Arc<T> {
    fn weight(&self) -> usize {
        size_of::<Self>() + 16 + (**self).weight()
    }
}

macro_rules! tuples {
    ($($part:ident.$n:tt),+) => {
        impl<$($part: Weight),+> Weight for ($($part,)+) {
            fn weight(&self) -> usize {
                0 $(+ self.$n.weight())+
            }
        }
    };
}

tuples!(A.0);
tuples!(A.0, B.1);
tuples!(A.0, B.1, C.2);
tuples!(A.0, B.1, C.2, D.3);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_value_owns_counts() {
        assert_eq!(7u64.weight(), 8);
        assert!(vec![0u8; 1000].weight() >= 1000);
        assert!(Some("x".repeat(500)).weight() >= 500);
        assert!(Arc::<str>::from("x".repeat(500)).weight() >= 500);
        assert_eq!((1u8, 2u64).weight(), 9);
    }
}

//! Borrowed call arguments: hashed and compared in place, owned only when they are kept.

use std::borrow::Borrow;
use std::hash::Hash;

use equivalent::Equivalent;

use crate::text::{Template, Text};

/// A borrowed key: memory is looked up by it as it is, and it is turned into an owned key on a miss.
pub trait ToKey: Hash + Equivalent<Self::Key> {
    /// The owned key.
    type Key;

    /// Makes the owned key.
    fn to_key(&self) -> Self::Key;

    /// Borrows it in the form that a look-up takes by value, so that small ones travel in registers.
    fn lend(&self) -> impl Hash + Equivalent<Self::Key>;

    /// Tells whether this is a key at all; a call without one goes past the cache.
    #[inline]
    fn is_usable(&self) -> bool {
        true
    }
}

/// A key borrowed in the way of the standard library: `str` for `String`, `[T]` for `Vec<T>`.
#[derive(Hash)]
pub(crate) struct Borrowed<'a, Q: ?Sized>(pub(crate) &'a Q);

impl<Q: ?Sized + Eq, K: Borrow<Q>> Equivalent<K> for Borrowed<'_, Q> {
    fn equivalent(&self, key: &K) -> bool {
        self.0 == key.borrow()
    }
}

impl<Q: ?Sized + Hash + Eq + ToOwned> ToKey for Borrowed<'_, Q> {
    type Key = Q::Owned;

    fn to_key(&self) -> Q::Owned {
        self.0.to_owned()
    }

    #[inline]
    fn lend(&self) -> impl Hash + Equivalent<Q::Owned> {
        Self(self.0)
    }
}

/// What is too large to travel by value.
#[derive(Hash)]
struct ByReference<'a, Q>(&'a Q);

impl<Q: Equivalent<K>, K> Equivalent<K> for ByReference<'_, Q> {
    #[inline]
    fn equivalent(&self, key: &K) -> bool {
        self.0.equivalent(key)
    }
}

impl ToKey for Template {
    type Key = Text;

    fn to_key(&self) -> Text {
        self.to_text()
    }

    #[inline]
    fn lend(&self) -> impl Hash + Equivalent<Text> {
        ByReference(self)
    }

    fn is_usable(&self) -> bool {
        !self.failed()
    }
}

/// One argument of a call, borrowed: `&A`, or `Option<&A>`; a number, `bool` or `char` as it is.
///
/// It hashes like its owned form, as `Borrow` demands of `A` and `A::Owned`.
pub trait Argument: Hash + Copy {
    /// What is kept of the argument.
    type Owned;

    /// Tells whether this is the argument that was kept.
    fn is(&self, owned: &Self::Owned) -> bool;

    /// Makes what is kept.
    fn keep(&self) -> Self::Owned;
}

impl<A: ?Sized + Hash + Eq + ToOwned> Argument for &A {
    type Owned = A::Owned;

    #[inline]
    fn is(&self, owned: &A::Owned) -> bool {
        **self == *owned.borrow()
    }

    fn keep(&self) -> A::Owned {
        (*self).to_owned()
    }
}

impl<A: ?Sized + Hash + Eq + ToOwned> Argument for Option<&A> {
    type Owned = Option<A::Owned>;

    #[inline]
    fn is(&self, owned: &Option<A::Owned>) -> bool {
        match (self, owned) {
            (Some(argument), Some(owned)) => **argument == *owned.borrow(),
            (None, None) => true,
            _ => false,
        }
    }

    fn keep(&self) -> Option<A::Owned> {
        self.map(ToOwned::to_owned)
    }
}

macro_rules! plain {
    ($($argument:ident)*) => {$(
        impl Argument for $argument {
            type Owned = Self;

            #[inline]
            fn is(&self, owned: &Self) -> bool {
                self == owned
            }

            fn keep(&self) -> Self {
                *self
            }
        }
    )*};
}

plain!(bool char i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);

/// The arguments of a call: a tuple of them, borrowed.
#[derive(Clone, Copy, Hash)]
pub struct Args<T>(pub T);

macro_rules! tuples {
    ($($argument:ident.$n:tt),*) => {
        impl<$($argument: Argument),*> Equivalent<($($argument::Owned,)*)> for Args<($($argument,)*)> {
            #[inline]
            fn equivalent(&self, _key: &($($argument::Owned,)*)) -> bool {
                true $(&& self.0.$n.is(&_key.$n))*
            }
        }

        impl<$($argument: Argument),*> ToKey for Args<($($argument,)*)> {
            type Key = ($($argument::Owned,)*);

            #[allow(clippy::unused_unit, reason = "the tuple of no arguments")]
            fn to_key(&self) -> Self::Key {
                ($(self.0.$n.keep(),)*)
            }

            #[inline]
            fn lend(&self) -> impl Hash + Equivalent<Self::Key> {
                *self
            }
        }
    };
}

tuples!();
tuples!(A.0);
tuples!(A.0, B.1);
tuples!(A.0, B.1, C.2);
tuples!(A.0, B.1, C.2, D.3);
tuples!(A.0, B.1, C.2, D.3, E.4);
tuples!(A.0, B.1, C.2, D.3, E.4, F.5);
tuples!(A.0, B.1, C.2, D.3, E.4, F.5, G.6);
tuples!(A.0, B.1, C.2, D.3, E.4, F.5, G.6, H.7);
tuples!(A.0, B.1, C.2, D.3, E.4, F.5, G.6, H.7, I.8);
tuples!(A.0, B.1, C.2, D.3, E.4, F.5, G.6, H.7, I.8, J.9);
tuples!(A.0, B.1, C.2, D.3, E.4, F.5, G.6, H.7, I.8, J.9, K.10);
tuples!(A.0, B.1, C.2, D.3, E.4, F.5, G.6, H.7, I.8, J.9, K.10, L.11);

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher, RandomState};

    use super::*;

    fn same<T: ToKey<Key: Hash>>(args: &T) {
        let key = args.to_key();
        let hasher = RandomState::new();
        assert_eq!(hasher.hash_one(args), hasher.hash_one(&key));
        assert!(args.equivalent(&key));
    }

    #[test]
    fn borrowed_arguments_hash_and_compare_like_owned_ones() {
        same(&Args(()));
        same(&Args((&7u64,)));
        same(&Args(("sku", &7u32)));
        same(&Args((&[1u8, 2][..], Some("x"), None::<&str>, &Some(3u8))));
        same(&Borrowed("sku"));
    }

    #[test]
    fn different_arguments_differ() {
        let key = Args(("a", Some("b"))).to_key();
        assert!(!Args(("a", None::<&str>)).equivalent(&key));
        assert!(!Args(("a", Some("c"))).equivalent(&key));
        assert!(!Args(("b", Some("b"))).equivalent(&key));
    }
}

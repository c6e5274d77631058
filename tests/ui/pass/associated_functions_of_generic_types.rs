use std::marker::PhantomData;

use dcache::dcache;

struct Table<T>(PhantomData<T>);

impl<T: Default + ToString + 'static> Table<T> {
    #[dcache]
    fn first(n: usize) -> String {
        T::default().to_string().repeat(n)
    }

    #[dcache]
    fn with<U: ToString + Clone + Eq + std::hash::Hash + Send + Sync + 'static>(other: U) -> String {
        format!("{}{}", T::default().to_string(), other.to_string())
    }
}

struct Ring<const N: usize>;

impl<const N: usize> Ring<N> {
    #[dcache]
    fn size(times: usize) -> usize {
        N * times
    }
}

pub(crate) fn main() {
    assert_eq!(Table::<u8>::first(2), "00");
    assert_eq!(Table::<bool>::first(2), "falsefalse");
    assert_eq!(Table::<u8>::with(1u8), "01");
    assert_eq!(Table::<u8>::with("a"), "0a");
    assert_eq!(Table::<char>::with(1u8), "\01");
    assert_eq!((Ring::<2>::size(3), Ring::<3>::size(3)), (6, 9));
}

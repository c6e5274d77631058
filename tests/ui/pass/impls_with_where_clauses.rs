use std::fmt::Display;
use std::hash::Hash;

use dcache::dcache;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Holder<T>
where
    T: ?Sized,
{
    inner: Box<T>,
}

impl<T> Holder<T>
where
    T: ?Sized + Display,
{
    #[dcache(key = self.inner.to_string())]
    fn length(&self) -> usize
    where
        T: 'static,
    {
        self.inner.to_string().len()
    }
}

impl<T> Holder<T>
where
    T: Copy + Eq + Hash + Send + Sync + 'static,
    Vec<T>: Clone,
    for<'a> &'a T: Display,
{
    #[dcache]
    fn repeated<U>(&self, by: U) -> Vec<String>
    where
        U: Copy + Eq + Hash + Send + Sync + 'static,
        u64: From<U>,
    {
        (0..u64::from(by)).map(|_| format!("{}", &*self.inner)).collect()
    }
}

pub(crate) fn main() {
    assert_eq!(Holder::<str> { inner: "abc".into() }.length(), 3);
    assert_eq!(Holder { inner: Box::new(1u8) }.repeated(2u32), ["1", "1"]);
}

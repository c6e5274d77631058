use std::fmt::{Debug, Display};
use std::hash::Hash;

use dcache::dcache;

#[dcache]
fn lifetimes<'a, 'b: 'a>(a: &'a str, b: &'b str) -> String
where
    'b: 'a,
{
    format!("{a}{b}")
}

#[dcache]
fn types<T: Clone + Eq + Hash + Send + Sync + 'static, U>(list: &[T], by: U) -> Vec<T>
where
    U: Copy + Into<usize> + Eq + Hash + Send + Sync + 'static,
{
    list.iter().skip(by.into()).cloned().collect()
}

#[dcache]
fn consts<const N: usize, const UP: bool, const C: char>(bytes: [u8; N]) -> String {
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let text = if UP { text.to_uppercase() } else { text };
    format!("{text}{C}")
}

#[dcache]
fn named_by_type<T: Default + Debug + 'static>() -> String {
    format!("{:?}", T::default())
}

#[dcache(skip(shown))]
fn unsized_ones<T: ?Sized + Display + 'static, U>(shown: &T, n: u8, _: &U) -> String
where
    U: Eq + Hash + ToOwned + ?Sized + 'static,
    U::Owned: Clone + Eq + Hash + Send + Sync + 'static,
{
    format!("{shown}{n}")
}

#[dcache(companion = none)]
async fn without_companion<T: Clone + Eq + Hash + Send + Sync + 'static>(value: T, more: &[T]) -> usize {
    let _ = value;
    more.len()
}

#[dcache(key = (name.as_ref().to_owned(), n))]
async fn with_key<T: AsRef<str> + 'static>(name: T, n: u8) -> Result<usize, String>
where
    T: Send,
{
    Ok(name.as_ref().len() + usize::from(n))
}

#[dcache(key = name.as_ref().to_owned())]
fn impl_trait(name: impl AsRef<str>) -> usize {
    name.as_ref().len()
}

#[dcache(key = "of:{name}", ttl = "1h")]
fn with_template<T: Display + 'static>(name: T) -> usize {
    name.to_string().len()
}

#[dcache(key = name.as_ref().to_owned())]
fn not_static<T: AsRef<str>>(name: T) -> usize {
    name.as_ref().len()
}

pub(crate) fn main() {
    assert_eq!(not_static(&String::from("abc")), 3);
    assert_eq!(not_static::peek("abc"), None, "a cache for each type");
    assert_eq!(lifetimes("a", "b"), "ab");
    assert_eq!(lifetimes::peek("a", "b").unwrap(), "ab");
    assert_eq!(types(&[1, 2, 3], 1u8), [2, 3]);
    assert_eq!(types::peek(&[1, 2, 3], 1u8), Some(vec![2, 3]));
    assert_eq!(types(&["a"], 0u16), ["a"]);
    assert_eq!(consts::<1, true, '!'>(*b"a"), "A!");
    assert_eq!(consts::<1, false, '!'>(*b"a"), "a!");
    assert_eq!(consts::<1, false, '?'>(*b"a"), "a?");
    assert_eq!(consts::peek::<1, true, '!'>(*b"a").unwrap(), "A!");
    assert_eq!(named_by_type::<u8>(), "0");
    assert_eq!(named_by_type::<String>(), "\"\"");
    assert_eq!(unsized_ones("a", 1, "u"), "a1");
    assert_eq!(unsized_ones(&2u8, 1, &3u8), "21");
    let run = async {
        assert_eq!(without_companion(1u8, &[2, 3]).await, 2);
        assert_eq!(with_key("ab", 3).await, Ok(5));
        assert_eq!(with_key::peek(String::from("ab"), 3).await, None, "a cache for each type");
        assert_eq!(with_key::peek("ab", 3).await, Some(5));
    };
    pollster::block_on(run);
    assert_eq!(impl_trait("abc"), 3);
    assert_eq!(impl_trait::peek(String::from("abc")), Some(3));
    assert_eq!(with_template("abc"), 3);
    assert!(with_template::key(7u8).contains("of:7"));
    types::clear::<u8, usize>().unwrap();
    assert_eq!(types::stats::<u8, usize>().entries, 0);
}

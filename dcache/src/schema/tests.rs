use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};

use super::Schema;

fn binary<T: DeserializeOwned>() -> Schema {
    Schema::of::<T>(false)
}

fn text<T: DeserializeOwned>() -> Schema {
    Schema::of::<T>(true)
}

/// Asserts that all of these types have different schemas, in both kinds of codecs.
macro_rules! differ {
    ($($type:ty),* $(,)?) => {
        for readable in [false, true] {
            let all = [$((stringify!($type), Schema::of::<$type>(readable))),*];
            for (n, (name, schema)) in all.iter().enumerate() {
                for (other_name, other) in &all[..n] {
                    assert_ne!(schema, other, "{name} and {other_name}");
                }
            }
        }
    };
}

/// Asserts that all of these types have the same schema, in both kinds of codecs.
macro_rules! agree {
    ($first:ty, $($type:ty),* $(,)?) => {
        for readable in [false, true] {
            $(assert_eq!(
                Schema::of::<$first>(readable),
                Schema::of::<$type>(readable),
                "{} and {}", stringify!($first), stringify!($type),
            );)*
        }
    };
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its structure is looked at")]
struct Person {
    first: String,
    last: String,
    age: u32,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its structure is looked at")]
enum Shape {
    Empty,
    Circle(u32),
    Rectangle(u32, u32),
    Named { name: String, inner: Option<Box<Shape>> },
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its structure is looked at")]
struct Tree<T> {
    children: Vec<Tree<T>>,
    value: T,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its structure is looked at")]
enum Expression {
    Add(Box<Expression>, Box<Expression>),
    Negate(Box<Expression>),
    Call { name: String, arguments: Vec<Expression> },
    Number(i64),
}

/// Types of the same name with something changed.
#[expect(dead_code, reason = "only their structure is looked at")]
mod later {
    use super::*;

    macro_rules! types {
        ($($module:ident: $item:item)*) => {
            $(pub(super) mod $module {
                use super::*;
                #[derive(Deserialize)]
                $item
            })*
        };
    }

    types! {
        swapped: pub(crate) struct Person { last: String, first: String, age: u32 }
        renamed: pub(crate) struct Person { first: String, surname: String, age: u32 }
        wider: pub(crate) struct Person { first: String, last: String, age: u64 }
        optional: pub(crate) struct Person { first: String, last: String, age: Option<u32> }
        more: pub(crate) struct Person { first: String, last: String, age: u32, more: () }
        moved: pub(crate) struct Human { first: String, last: String, age: u32 }
        attribute: pub(crate) struct Human {
            first: String,
            #[serde(rename = "last")]
            surname: Cow<'static, str>,
            age: u32,
            #[serde(skip)]
            cached: Option<String>,
        }
        aliased: pub(crate) struct Person { first: String, last: String, #[serde(alias = "years")] age: u32 }
        reordered: pub(crate) enum Shape {
            Circle(u32),
            Empty,
            Rectangle(u32, u32),
            Named { name: String, inner: Option<Box<Shape>> },
        }
        content: pub(crate) enum Shape {
            Empty,
            Circle(u32),
            Rectangle(u32, u64),
            Named { name: String, inner: Option<Box<Shape>> },
        }
        field: pub(crate) enum Shape {
            Empty,
            Circle(u32),
            Rectangle(u32, u32),
            Named { title: String, inner: Option<Box<Shape>> },
        }
        last: pub(crate) enum Shape {
            Empty,
            Circle(u32),
            Rectangle(u32, u32),
            Named { name: String, inner: Box<[Shape]> },
        }
        call: pub(crate) enum Expression {
            Add(Box<Expression>, Box<Expression>),
            Negate(Box<Expression>),
            Call { name: String, arguments: Vec<Expression> },
            Number(i32),
        }
    }
}

#[test]
fn a_change_of_structure_is_a_change_of_schema() {
    use later::*;
    differ!(Person, swapped::Person, renamed::Person, wider::Person, optional::Person, more::Person);
    differ!(Person, aliased::Person, (String, String, u32));
    differ!(Shape, reordered::Shape, content::Shape, field::Shape, last::Shape);
    differ!(Vec<Shape>, Vec<reordered::Shape>, Vec<content::Shape>, Vec<field::Shape>, Vec<last::Shape>);
    differ!(HashMap<u8, Shape>, HashMap<u8, content::Shape>, HashMap<u16, Shape>);
    differ!(Expression, call::Expression);
    differ!(Tree<u8>, Tree<u16>, Tree<Tree<u8>>, Tree<Vec<u8>>, Tree<Person>, Tree<swapped::Person>);
    differ!(Result<Shape, Person>, Result<Shape, swapped::Person>, Result<content::Shape, Person>);
    differ!((Shape, Shape), (Shape, content::Shape), (content::Shape, Shape), (Shape,));
}

#[test]
fn plain_types_are_told_apart() {
    differ!(u8, u16, u32, u64, u128, i8, i16, i32, i64, i128, f32, f64, bool, char, String, (), Vec<u8>);
    differ!([u8; 3], [u8; 4], [u8; 32], [u16; 32], (u8, u8, u8, u16), Option<u8>, Option<Option<u8>>, u8);
    differ!(Vec<u8>, Vec<Vec<u8>>, Vec<Option<u8>>, Option<Vec<u8>>, HashMap<u8, u8>, Vec<(u8, u8)>);
    differ!(Duration, SystemTime, IpAddr, SocketAddr, std::ops::Range<u8>, std::ops::RangeInclusive<u64>);
}

#[test]
fn a_rename_or_a_wrapper_changes_nothing() {
    #[derive(Deserialize)]
    struct Newtype<T>(T);
    #[derive(Deserialize)]
    struct Unit;

    agree!(Person, later::moved::Human, later::attribute::Human, Arc<Person>, Box<Person>, Newtype<Person>);
    agree!(Shape, Newtype<Shape>, Arc<Newtype<Rc<Shape>>>);
    agree!(String, Arc<str>, Box<str>, Cow<'static, str>, Newtype<String>, PathBuf);
    agree!(Vec<Newtype<u8>>, VecDeque<u8>, HashSet<u8>, BTreeSet<u8>, Box<[u8]>, Arc<[u8]>);
    agree!(HashMap<String, Person>, BTreeMap<Box<str>, Arc<later::moved::Human>>);
    agree!(u32, NonZeroU32, std::num::Wrapping<u32>, std::cell::Cell<u32>);
    agree!((), Unit);
    agree!((u8, u8), [u8; 2]);
}

#[test]
fn wrappers_do_not_hide_repeated_or_recursive_types() {
    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its structure is looked at")]
    struct Twice<T> {
        one: T,
        two: T,
        three: Vec<T>,
    }
    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its structure is looked at")]
    struct List(u8, Option<Box<List>>);
    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its structure is looked at")]
    struct Nested(Vec<Nested>);
    #[derive(Deserialize)]
    #[serde(transparent)]
    #[expect(dead_code, reason = "only its structure is looked at")]
    struct Transparent(BTreeMap<String, Transparent>);

    differ!(Twice<Person>, Twice<later::swapped::Person>, Twice<Shape>, Twice<later::last::Shape>);
    differ!(List, Nested, Transparent, Tree<()>, Tree<Nested>, Tree<List>, Tree<Transparent>);
}

#[test]
fn mutually_recursive_enums_come_to_an_end() {
    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its structure is looked at")]
    enum Statement {
        Block(Box<Statement>, Box<Statement>),
        If(Box<Value>, Box<Statement>),
        Evaluate(Value),
    }
    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its structure is looked at")]
    enum Value {
        Closure(Box<Statement>),
        Both(Box<Value>, Box<Value>),
        Typed(Kind, Box<Value>),
        Leaf(Kind),
    }
    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its structure is looked at")]
    enum Kind {
        Of(Box<Kind>),
        Dependent(Box<Value>),
        Word,
    }
    #[derive(Deserialize)]
    #[expect(dead_code, reason = "it cannot even be made")]
    enum Endless {
        One(Box<Endless>),
        Two(Box<Endless>, u8),
    }
    differ!(Statement, Value, Kind, Endless);
}

#[test]
fn types_that_validate_are_seen_where_a_plausible_value_passes() {
    macro_rules! validated {
        ($name:ident, $inner:ty, $passes:expr) => {
            struct $name;
            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    let passes: fn(&$inner) -> bool = $passes;
                    let value = <$inner>::deserialize(deserializer)?;
                    if passes(&value) { Ok(Self) } else { Err(D::Error::custom("refused")) }
                }
            }
        };
    }
    validated!(Url, String, |text| text.contains("://"));
    validated!(Uuid, String, |text| text.len() == 36);
    validated!(Year, u16, |year| *year < 50);
    validated!(Grade, u8, |grade| [10, 20].contains(grade));
    validated!(Impossible, String, |_| false);

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its structure is looked at")]
    struct Page<V, A> {
        title: String,
        checked: V,
        after: A,
    }
    differ!(Page<Url, u8>, Page<Url, u16>, Page<Uuid, u8>, Page<Uuid, Page<Url, u16>>, Page<Uuid, Page<Url, u8>>);
    differ!(Page<Year, u8>, Page<Grade, u8>, Page<Grade, u16>);
    // by the names of the types alone
    differ!(Page<Impossible, u8>, Page<Impossible, u16>, Impossible, Vec<Impossible>);
}

#[test]
fn identifiers_by_bytes_have_a_common_length() {
    struct Digest<const N: usize>;
    impl<'de, const N: usize> Deserialize<'de> for Digest<N> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visitor<const N: usize>;
            impl<const N: usize> serde::de::Visitor<'_> for Visitor<N> {
                type Value = Digest<N>;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("bytes")
                }
                fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Digest<N>, E> {
                    if bytes.len() == N { Ok(Digest) } else { Err(E::custom("length")) }
                }
            }
            deserializer.deserialize_bytes(Visitor)
        }
    }
    differ!((Digest<16>, u8), (Digest<16>, u16), (Digest<32>, u8), (Digest<32>, u16));
}

#[test]
fn types_that_decide_by_what_they_find_have_a_schema_of_their_name() {
    #[derive(Deserialize)]
    #[serde(untagged)]
    #[expect(dead_code, reason = "only its structure is looked at")]
    enum Untagged {
        Person(Person),
        Number(u64),
    }
    #[derive(Deserialize)]
    #[serde(tag = "kind")]
    #[expect(dead_code, reason = "only its structure is looked at")]
    enum Internal {
        Person(Person),
    }
    #[derive(Deserialize)]
    #[serde(tag = "kind", content = "data")]
    #[expect(dead_code, reason = "only its structure is looked at")]
    enum Adjacent {
        Person(Person),
    }
    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its structure is looked at")]
    struct Flat {
        id: u8,
        #[serde(flatten)]
        person: Person,
    }
    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its structure is looked at")]
    struct Rest {
        #[serde(flatten)]
        rest: HashMap<String, u8>,
    }
    differ!(Untagged, Internal, Adjacent, Flat, Rest, Vec<Untagged>, Vec<Flat>, HashMap<String, u8>);
    #[cfg(feature = "json")]
    differ!(serde_json::Value, Vec<serde_json::Value>, Untagged);
}

#[test]
fn hand_written_types_that_insist_on_names_are_seen_by_codecs_that_have_them() {
    struct ByName<T>(std::marker::PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Deserialize<'de> for ByName<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visitor<T>(std::marker::PhantomData<T>);
            impl<'de, T: Deserialize<'de>> serde::de::Visitor<'de> for Visitor<T> {
                type Value = ByName<T>;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("a map")
                }
                fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<ByName<T>, A::Error> {
                    while let Some(key) = map.next_key::<String>()? {
                        assert!(["a", "b"].contains(&&*key));
                        map.next_value::<T>()?;
                    }
                    Ok(ByName(self.0))
                }
            }
            deserializer.deserialize_struct("ByName", &["a", "b"], Visitor(std::marker::PhantomData))
        }
    }
    assert_eq!(text::<ByName<String>>(), text::<ByName<Arc<str>>>());
    assert_ne!(text::<ByName<String>>(), text::<ByName<u8>>());
    assert_ne!(binary::<ByName<String>>(), binary::<ByName<u8>>());
}

#[test]
fn hostile_types_end() {
    struct Panics;
    impl<'de> Deserialize<'de> for Panics {
        fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            panic!("a `Deserialize` that panics")
        }
    }
    #[derive(Debug)]
    struct Swallows<T>(std::marker::PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Deserialize<'de> for Swallows<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let _ = T::deserialize(deserializer);
            Ok(Self(std::marker::PhantomData))
        }
    }
    /// Follows itself for ever, and takes every refusal for an empty value.
    struct Bottomless;
    impl<'de> Deserialize<'de> for Bottomless {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visitor;
            impl<'de> serde::de::Visitor<'de> for Visitor {
                type Value = Bottomless;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("anything")
                }
                fn visit_newtype_struct<D: Deserializer<'de>>(self, d: D) -> Result<Bottomless, D::Error> {
                    d.deserialize_newtype_struct("Bottomless", Visitor)
                }
            }
            deserializer.deserialize_newtype_struct("Bottomless", Visitor)
        }
    }
    type Wide = [[[[u8; 32]; 32]; 32]; 4];
    differ!(Panics, Vec<Panics>, Swallows<Panics>, Swallows<Vec<Swallows<Shape>>>, Swallows<Shape>);
    differ!((Swallows<Tree<Vec<u8>>>, Vec<u8>), (Swallows<Tree<Vec<u8>>>, Vec<u16>));
    differ!(Bottomless, (Bottomless, u8), Box<Wide>, Vec<Box<Wide>>);
}

#[test]
fn deep_types_are_seen() {
    type Deep<T> = Option<Vec<(Option<[Vec<Option<(u8, Vec<T>)>>; 2]>,)>>;
    differ!(Deep<Deep<Deep<u8>>>, Deep<Deep<Deep<u16>>>, Deep<Deep<u8>>);
}

#[test]
fn versions_and_names_count() {
    let schema = binary::<Person>();
    assert_ne!(schema.with(1), schema.with(2));
    assert_ne!(schema.with(0), binary::<Shape>().with(0));
    assert_eq!(schema.with(1), binary::<Person>().with(1));
    assert_ne!(Schema::named("a"), Schema::named("b"));
}

#[test]
fn the_schema_of_a_type_does_not_change() {
    let mut lines = String::new();
    macro_rules! golden {
        ($($type:ty),* $(,)?) => {
            $(lines += &format!(
                "{} | {:016x} | {:016x}\n",
                stringify!($type).replace('\n', " "), binary::<$type>().to_u64(), text::<$type>().to_u64(),
            );)*
        };
    }
    golden![
        (), bool, char, u8, u16, u32, u64, u128, i8, i16, i32, i64, i128, f32, f64, String,
        Option<u8>, Vec<u8>, (u8, String), [u8; 32], HashMap<String, u8>, Result<u8, String>,
        NonZeroU32, Duration, SystemTime, IpAddr, SocketAddr, PathBuf,
        Person, Shape, Tree<u8>, Expression, Vec<Shape>, (Shape, Person, Shape),
    ];
    let golden = include_str!("../../tests/golden/schema.txt");
    let golden: String = golden.lines().filter(|l| !l.starts_with('#')).map(|l| format!("{l}\n")).collect();
    assert_eq!(golden, lines, "\n{lines}");
}

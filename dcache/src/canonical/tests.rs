use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;
use serde::ser::{SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple};
use serde::{Serialize, Serializer};

use super::*;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Serialize)]
struct Marker;
#[derive(Serialize)]
struct Meters(u32);
#[derive(Serialize)]
struct Pair(u8, u8);
#[derive(Serialize)]
struct Person {
    first: &'static str,
    last: &'static str,
}
#[derive(Serialize)]
enum Shape {
    Empty,
    Circle(u8),
    Rectangle(u8, u8),
    Named { name: &'static str },
}

/// Serializes an iterator that does not know its length.
struct Unknown(u8);

impl Serialize for Unknown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sequence = serializer.serialize_seq(None)?;
        (0..self.0).try_for_each(|n| sequence.serialize_element(&n))?;
        sequence.end()
    }
}

#[test]
fn the_encoding_does_not_change() {
    let mut lines = String::new();
    let mut line = |description: &str, encoding: Vec<u8>| {
        let digest = blake3::hash(&encoding).to_hex();
        lines += &format!("{description} | {} | {digest}\n", hex(&encoding));
    };
    macro_rules! golden {
        ($($value:expr),* $(,)?) => {
            $(line(stringify!($value), encode(&$value).unwrap());)*
        };
    }
    golden![
        (),
        Marker,
        None::<u8>,
        Some(1u8),
        Some(Some(())),
        (false, true),
        (1u8, 2u16, 3u32, 4u64, 5u128),
        (-1i8, -2i16, -3i32, -4i64, -5i128),
        (1usize, -1isize),
        (1.5f32, -0.0f64),
        ('a', '😀'),
        "",
        "größe",
        "x".repeat(127),
        "x".repeat(128),
        "x".repeat(300),
        [0u8; 3],
        vec![1u8, 2],
        Vec::<String>::new(),
        Unknown(2),
        Meters(7),
        Pair(1, 2),
        Person { first: "Ada", last: "Lovelace" },
        Shape::Empty,
        Shape::Circle(1),
        Shape::Rectangle(2, 3),
        Shape::Named { name: "x" },
        BTreeMap::from([(300u16, "c"), (2, "b"), (1, "a")]),
        BTreeMap::from([("b", BTreeMap::from([(1u8, ())])), ("a", BTreeMap::new())]),
        std::time::Duration::new(1, 2),
        std::net::IpAddr::from([127, 0, 0, 1]),
        ("abc", 5u32),
    ];
    let golden = include_str!("../../tests/golden/canonical.txt");
    let golden: String = golden.lines().filter(|l| !l.starts_with('#')).map(|l| format!("{l}\n")).collect();
    assert_eq!(golden, lines, "\n{lines}");
}

#[test]
fn digest_and_id_are_those_of_the_encoding_however_long_it_is() {
    for length in [0, 1, 200, 250, 255, 256, 257, 511, 512, 513, 5000] {
        for value in [vec!["x".repeat(length), "y".into()], vec!["ab".into(); length]] {
            let expected = blake3::hash(&encode(&value).unwrap());
            assert_eq!(digest(&value).unwrap(), *expected.as_bytes());
            assert_eq!(id(&value).unwrap(), expected.to_hex().as_str());
        }
    }
}

#[test]
fn borrowed_and_owned_forms_encode_alike() {
    fn same(left: &impl Serialize, right: &impl Serialize) {
        assert_eq!(encode(left), encode(right));
    }
    same(&("a", &1u32), &("a".to_owned(), 1u32));
    same(&&[1u8, 2][..], &vec![1u8, 2]);
    same(&Path::new("/a"), &PathBuf::from("/a"));
    same(&Some("a"), &Some(Cow::Borrowed("a")));
    same(&Arc::<str>::from("a"), &Box::<str>::from("a"));
    same(&(&&[1u8][..],), &(vec![1u8],));
}

#[test]
fn maps_have_one_encoding() {
    let entries: Vec<(String, u32)> = (0..100).map(|n| (format!("{n}"), n)).collect();
    let maps: Vec<HashMap<String, u32>> = (0..5).map(|_| entries.iter().cloned().collect()).collect();
    let ordered: BTreeMap<String, u32> = entries.into_iter().collect();
    for map in &maps {
        assert_eq!(encode(map), encode(&ordered));
        assert_eq!(encode(&[map]), encode(&[&ordered]));
    }
}

#[test]
fn lengths_that_are_claimed_change_nothing() {
    assert_eq!(encode(&Unknown(3)), encode(&vec![0u8, 1, 2]));
}

#[test]
fn renamed_types_keep_their_encoding_and_renamed_fields_do_not() {
    mod later {
        #[derive(super::Serialize)]
        pub(super) struct Human {
            pub(super) first: &'static str,
            pub(super) last: &'static str,
        }
        #[derive(super::Serialize)]
        pub(super) struct Swapped {
            pub(super) last: &'static str,
            pub(super) first: &'static str,
        }
        #[derive(super::Serialize)]
        #[expect(dead_code, reason = "the other variants are what reorders this one")]
        pub(super) enum Form {
            Named { name: &'static str },
            Triangle,
            Circle(u8),
        }
    }
    let person = encode(&Person { first: "a", last: "b" });
    assert_eq!(person, encode(&later::Human { first: "a", last: "b" }));
    assert_ne!(person, encode(&later::Swapped { last: "a", first: "b" }));
    assert_eq!(encode(&Shape::Circle(1)), encode(&later::Form::Circle(1)));
}

#[test]
fn nesting_has_an_end() {
    #[derive(Serialize)]
    struct Nested(Option<Box<Nested>>);
    let nest = |levels| (0..levels).fold(Nested(None), |inner, _| Nested(Some(Box::new(inner))));
    assert!(digest(&nest(DEPTH / 2 - 1)).is_ok());
    let deep = nest(2000);
    assert_eq!(digest(&deep), Err(Refusal(Reason::TooDeep)));
    assert_eq!(check_positional(&deep), Err(Refusal(Reason::TooDeep)));
    assert_eq!(check_self_describing(&deep), Err(Refusal(Reason::TooDeep)));
}

#[test]
fn a_failing_display_is_refused() {
    struct Fails;
    impl Display for Fails {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            Err(fmt::Error)
        }
    }
    impl Serialize for Fails {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }
    assert_eq!(digest(&Fails), Err(Refusal(Reason::Display)));
}

#[test]
fn a_refusal_shows_nothing_of_the_value() {
    struct Secret;
    impl Serialize for Secret {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(ser::Error::custom("password hunter2 is too short"))
        }
    }
    let refusal = digest(&Secret).unwrap_err();
    assert!(!format!("{refusal} {refusal:?}").contains("hunter2"));
}

#[test]
fn positional_codecs_are_warned_of_what_they_would_lose() {
    #[derive(Serialize, Default)]
    struct Skips {
        #[serde(skip_serializing_if = "Option::is_none")]
        nick: Option<u8>,
        #[serde(skip)]
        _never: u8,
    }
    #[derive(Serialize)]
    enum Variant {
        Skips {
            #[serde(skip_serializing_if = "Vec::is_empty")]
            names: Vec<u8>,
        },
    }
    #[derive(Serialize)]
    struct Flat {
        #[serde(flatten)]
        skips: Skips,
    }
    struct Liar;
    impl Serialize for Liar {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_seq(Some(1))?.end()
        }
    }
    let refusal = check_positional(&vec![Skips::default()]).unwrap_err();
    assert_eq!(refusal.to_string(), "field `nick` of `Skips` is skipped (`skip_serializing_if`)");
    assert_eq!(check_positional(&Skips { nick: Some(1), _never: 0 }), Ok(0));
    assert!(check_positional(&Variant::Skips { names: vec![] }).is_err());
    let flat = Flat { skips: Skips { nick: Some(1), _never: 0 } };
    assert_eq!(check_positional(&flat), Err(Refusal(Reason::UnknownLength)));
    assert_eq!(check_positional(&Unknown(1)), Err(Refusal(Reason::UnknownLength)));
    assert_eq!(check_positional(&Liar), Err(Refusal(Reason::Miscounted)));
    assert_eq!(check_positional(&(vec![(1, 2)], BTreeMap::from([(1, [1])]))), Ok(2));
}

#[test]
fn json_is_warned_of_what_it_would_lose() {
    #[derive(Serialize)]
    struct Wrapped(Option<u8>);
    assert!(check_self_describing(&(Some(1), None::<u8>, (), Some(vec![None::<u8>]))).is_ok());
    assert_eq!(check_self_describing(&Some(None::<u8>)), Err(Refusal(Reason::LostInNull)));
    assert_eq!(check_self_describing(&Some(())), Err(Refusal(Reason::LostInNull)));
    assert_eq!(check_self_describing(&Some(Wrapped(None))), Err(Refusal(Reason::LostInNull)));
    assert!(check_self_describing(&Some(Wrapped(Some(1)))).is_ok());
    assert_eq!(check_self_describing(&f64::NAN), Err(Refusal(Reason::NotANumber)));
    assert_eq!(check_self_describing(&[f32::INFINITY]), Err(Refusal(Reason::NotANumber)));
}

#[test]
fn sets_have_one_unordered_encoding() {
    let sets: Vec<HashSet<u32>> = (0..5).map(|_| (0..100).collect()).collect();
    assert!(sets.iter().all(|set| unordered(set) == unordered(&sets[0])));
    assert_ne!(unordered(&[1u8, 2]), unordered(&[2u8, 1]), "a tuple has an order");
}

/// Any value of serde's data model.
#[derive(Clone, Debug, PartialEq)]
enum Model {
    /// What has no value in it, as tag and bytes.
    Leaf(u8, Vec<u8>),
    Text(String),
    Bytes(Vec<u8>),
    Some(Box<Model>),
    Newtype(Box<Model>),
    Sequence(Vec<Model>),
    Tuple(Vec<Model>),
    Map(Vec<(Model, Model)>),
    Struct(Vec<(&'static str, Model)>),
    UnitVariant(&'static str),
    NewtypeVariant(&'static str, Box<Model>),
    StructVariant(&'static str, Vec<(&'static str, Model)>),
}

impl Serialize for Model {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        fn number<const N: usize>(bytes: &[u8]) -> [u8; N] {
            bytes.try_into().unwrap()
        }
        match self {
            Self::Leaf(tag, bytes) => match *tag {
                tag::UNIT => s.serialize_unit(),
                tag::UNIT_STRUCT => s.serialize_unit_struct("any"),
                tag::NONE => s.serialize_none(),
                tag::FALSE => s.serialize_bool(false),
                tag::TRUE => s.serialize_bool(true),
                tag::U8 => s.serialize_u8(bytes[0]),
                tag::I8 => s.serialize_i8(bytes[0] as i8),
                tag::U16 => s.serialize_u16(u16::from_le_bytes(number(bytes))),
                tag::I32 => s.serialize_i32(i32::from_le_bytes(number(bytes))),
                tag::F64 => s.serialize_f64(f64::from_le_bytes(number(bytes))),
                tag::U128 => s.serialize_u128(u128::from_le_bytes(number(bytes))),
                _ => unreachable!(),
            },
            Self::Text(text) => s.serialize_str(text),
            Self::Bytes(bytes) => s.serialize_bytes(bytes),
            Self::Some(inner) => s.serialize_some(inner),
            Self::Newtype(inner) => s.serialize_newtype_struct("any", inner),
            Self::Sequence(elements) => s.collect_seq(elements),
            Self::Tuple(elements) => {
                let mut tuple = s.serialize_tuple(elements.len())?;
                elements.iter().try_for_each(|element| tuple.serialize_element(element))?;
                tuple.end()
            }
            Self::Map(entries) => {
                let mut map = s.serialize_map(None)?;
                entries.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?;
                map.end()
            }
            Self::Struct(fields) => {
                let mut all = s.serialize_struct("any", fields.len())?;
                fields.iter().try_for_each(|(name, value)| all.serialize_field(name, value))?;
                all.end()
            }
            Self::UnitVariant(name) => s.serialize_unit_variant("any", 0, name),
            Self::NewtypeVariant(name, inner) => s.serialize_newtype_variant("any", 0, name, inner),
            Self::StructVariant(name, fields) => {
                let mut all = s.serialize_struct_variant("any", 0, name, fields.len())?;
                fields.iter().try_for_each(|(name, value)| all.serialize_field(name, value))?;
                all.end()
            }
        }
    }
}

const NAMES: [&str; 4] = ["", "a", "b", "\0"];

/// Reads an encoding by the table alone: what can be read back was injective.
struct Reader<'b>(&'b [u8]);

impl Reader<'_> {
    fn take(&mut self, count: usize) -> Vec<u8> {
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken.to_vec()
    }

    fn text(&mut self) -> Vec<u8> {
        let (mut length, mut shift) = (0, 0);
        loop {
            let byte = self.take(1)[0];
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return self.take(length);
            }
        }
    }

    fn name(&mut self) -> &'static str {
        assert_eq!(self.take(1), [tag::STR]);
        let name = self.text();
        NAMES.into_iter().find(|known| known.as_bytes() == name).unwrap()
    }

    fn until_end<T>(&mut self, mut read: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let mut all = Vec::new();
        while self.0[0] != tag::END {
            all.push(read(self));
        }
        self.take(1);
        all
    }

    fn fields(&mut self) -> Vec<(&'static str, Model)> {
        self.until_end(|r| (r.name(), r.value()))
    }

    fn value(&mut self) -> Model {
        let tag = self.take(1)[0];
        match tag {
            tag::UNIT | tag::UNIT_STRUCT | tag::NONE | tag::FALSE | tag::TRUE => Model::Leaf(tag, vec![]),
            tag::U8 | tag::I8 => Model::Leaf(tag, self.take(1)),
            tag::U16 => Model::Leaf(tag, self.take(2)),
            tag::I32 => Model::Leaf(tag, self.take(4)),
            tag::F64 => Model::Leaf(tag, self.take(8)),
            tag::U128 => Model::Leaf(tag, self.take(16)),
            tag::STR => Model::Text(String::from_utf8(self.text()).unwrap()),
            tag::BYTES => Model::Bytes(self.text()),
            tag::SOME => Model::Some(self.value().into()),
            tag::NEWTYPE => Model::Newtype(self.value().into()),
            tag::SEQUENCE => Model::Sequence(self.until_end(Self::value)),
            tag::TUPLE => Model::Tuple(self.until_end(Self::value)),
            tag::MAP => Model::Map(self.until_end(|r| (r.value(), r.value()))),
            tag::STRUCT => Model::Struct(self.fields()),
            tag::UNIT_VARIANT => Model::UnitVariant(self.name()),
            tag::NEWTYPE_VARIANT => Model::NewtypeVariant(self.name(), self.value().into()),
            tag::STRUCT_VARIANT => Model::StructVariant(self.name(), self.fields()),
            _ => panic!("tag {tag:02x}"),
        }
    }
}

impl Model {
    /// Puts all maps in order.
    fn ordered(self) -> Self {
        let all = |values: Vec<Self>| values.into_iter().map(Self::ordered).collect();
        let fields = |fields: Vec<(&'static str, Self)>| {
            fields.into_iter().map(|(name, value)| (name, value.ordered())).collect()
        };
        match self {
            Self::Some(inner) => Self::Some(inner.ordered().into()),
            Self::Newtype(inner) => Self::Newtype(inner.ordered().into()),
            Self::NewtypeVariant(name, inner) => Self::NewtypeVariant(name, inner.ordered().into()),
            Self::Sequence(elements) => Self::Sequence(all(elements)),
            Self::Tuple(elements) => Self::Tuple(all(elements)),
            Self::Struct(values) => Self::Struct(fields(values)),
            Self::StructVariant(name, values) => Self::StructVariant(name, fields(values)),
            Self::Map(entries) => {
                let mut entries: Vec<_> =
                    entries.into_iter().map(|(key, value)| (key.ordered(), value.ordered())).collect();
                entries.sort_by_key(|(key, _)| encode(key).unwrap());
                Self::Map(entries)
            }
            leaf => leaf,
        }
    }
}

fn model() -> impl Strategy<Value = Model> {
    let number = |tag, length| {
        prop::collection::vec(prop_oneof![Just(0u8), any::<u8>()], length)
            .prop_map(move |b| Model::Leaf(tag, b))
    };
    let name = || prop::sample::select(&NAMES[..]);
    let leaf = prop_oneof![
        prop::sample::select(&[tag::UNIT, tag::UNIT_STRUCT, tag::NONE, tag::FALSE, tag::TRUE][..])
            .prop_map(|tag| Model::Leaf(tag, vec![])),
        prop_oneof![number(tag::U8, 1), number(tag::I8, 1), number(tag::U16, 2), number(tag::I32, 4)],
        prop_oneof![number(tag::F64, 8), number(tag::U128, 16)],
        ".{0,3}|.{120,140}".prop_map(Model::Text),
        prop::collection::vec(any::<u8>(), 0..4).prop_map(Model::Bytes),
        name().prop_map(Model::UnitVariant),
    ];
    leaf.prop_recursive(4, 30, 3, move |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        let many = prop::collection::vec(inner.clone(), 0..4);
        let fields = prop::collection::vec((name(), inner.clone()), 0..4);
        prop_oneof![
            boxed.clone().prop_map(Model::Some),
            boxed.clone().prop_map(Model::Newtype),
            (name(), boxed).prop_map(|(name, inner)| Model::NewtypeVariant(name, inner)),
            many.clone().prop_map(Model::Sequence),
            many.prop_map(Model::Tuple),
            prop::collection::vec((inner.clone(), inner), 0..4).prop_map(Model::Map),
            fields.clone().prop_map(Model::Struct),
            (name(), fields).prop_map(|(name, fields)| Model::StructVariant(name, fields)),
        ]
    })
}

proptest! {
    #[test]
    fn every_value_can_be_told_from_its_encoding(value in model()) {
        let encoding = encode(&value).unwrap();
        let mut reader = Reader(&encoding);
        prop_assert_eq!(reader.value(), value.clone().ordered());
        prop_assert!(reader.0.is_empty());
        prop_assert_eq!(digest(&value).unwrap(), *blake3::hash(&encoding).as_bytes());
    }

    #[test]
    fn no_encoding_is_the_beginning_of_another(left in model(), right in model()) {
        let (short, long) = (encode(&left).unwrap(), encode(&right).unwrap());
        prop_assert_eq!(long.starts_with(&short), left.ordered() == right.ordered());
    }

    #[test]
    fn arguments_are_told_apart(a: (String, Option<u32>, Vec<String>), b: (String, Option<u32>, Vec<String>)) {
        prop_assert_eq!(encode(&a) == encode(&b), a == b);
    }
}

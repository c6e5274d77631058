//! Types of values, of every shape that serde knows: nested, recursive, of no size, of any length.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use arbitrary::Arbitrary;
use serde::{Deserialize, Serialize};

/// A float that is compared by its bits.
#[derive(Arbitrary, Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bits(pub f64);

impl PartialEq for Bits {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

#[derive(Arbitrary, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Shape {
    Empty,
    Circle(u32),
    Rectangle(i8, i128),
    Named { name: Option<String>, inner: Option<Box<Shape>> },
    Many(Vec<Shape>, BTreeMap<u16, Vec<Bits>>),
    Nothing(()),
    Wrapped(Box<Shape>),
}

#[derive(Arbitrary, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Everything {
    pub shape: Arc<Shape>,
    pub text: Box<str>,
    pub pair: (char, bool),
    pub array: [u64; 3],
    pub life: Duration,
    pub unit: (),
    pub bytes: Vec<u8>,
    pub single: SingleBits,
    pub numbers: (i16, i32, i64, u16, u128),
}

/// An `f32` that is compared by its bits.
#[derive(Arbitrary, Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SingleBits(pub f32);

impl PartialEq for SingleBits {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

/// Takes no bytes of JSON at all, and one of the others, for each level.
#[derive(Arbitrary, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chain(pub Option<Box<Chain>>);

/// Large elements, any number of them at every level.
#[derive(Arbitrary, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tree {
    pub data: Option<[u128; 16]>,
    pub children: Vec<Tree>,
}

/// Elements that take no bytes.
#[derive(Arbitrary, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Nothings {
    pub units: Vec<()>,
    pub maybe: Option<Vec<()>>,
    pub nested: Vec<Vec<()>>,
    pub map: BTreeMap<(), ()>,
    pub unit: Unit,
    pub deque: VecDeque<Unit>,
}

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unit;

#[derive(Arbitrary, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Maps {
    pub names: HashMap<String, u8>,
    pub sets: BTreeMap<char, BTreeSet<i64>>,
    pub results: Vec<Result<Box<str>, char>>,
    pub nested: BTreeMap<u8, BTreeMap<String, BTreeMap<bool, ()>>>,
}

/// What only a format that describes itself can hold.
#[derive(Arbitrary, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Untagged {
    Number(i64),
    Text(String),
    List(Vec<Untagged>),
    Object { next: Box<Untagged> },
}

/// The same, by a field that names the variant.
#[derive(Arbitrary, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Tagged {
    Leaf { n: u32 },
    Node { left: Box<Tagged>, right: Option<Box<Tagged>> },
}

/// A field beside those of another type.
#[derive(Arbitrary, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flat {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub nick: Option<u8>,
    #[serde(flatten)]
    pub rest: Tagged,
}

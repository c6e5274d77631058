//! Types with whose help an entry may do harm.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// Takes next to nothing for a level: nothing at all in JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Chain(pub(crate) Option<Box<Chain>>);

/// As recursive types usually are.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Shape {
    Empty,
    Named { name: Option<String>, inner: Option<Box<Shape>> },
    Many(Vec<Shape>),
}

/// Takes a kilobyte of memory and of stack for a byte.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Wide {
    pub(crate) data: Option<[[u64; 32]; 4]>,
    pub(crate) children: Vec<Wide>,
}

/// Maps of maps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Maps(pub(crate) HashMap<u8, Maps>);

/// Keeps what it reads until it knows what it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Untagged {
    Number(u64),
    List(Vec<Untagged>),
    Object { next: Box<Untagged> },
}

/// Keeps what it reads until it has found the tag.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub(crate) enum Tagged {
    Leaf { n: u64 },
    Node { next: Box<Tagged> },
}

/// Keeps what none of its own fields takes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Flat {
    pub(crate) n: u64,
    #[serde(flatten)]
    pub(crate) rest: HashMap<String, Tagged>,
}

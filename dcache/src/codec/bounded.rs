//! Decoding within bounds: a layer around a codec's deserializer.
//!
//! bincode and postcard follow a payload as deep as it goes, so that 100 KB of `Some` overflow the stack of
//! a recursive type, and count as far as it says, so that nine bytes make a `Vec<()>` of 2⁶⁴ elements.
//! serde_json bounds its own nesting, but not that of `struct Chain(Option<Box<Chain>>)`, which takes no
//! bytes. Here nesting ends where encoding ends it ([`DEPTH`]), or earlier where a type takes so much of the
//! stack for each level that [`STACK`] is used up; and all sequences together have no more elements than the
//! payload has bytes, and [`SPARE`] that take none. Types are told of no more than [`ANNOUNCED`] elements that
//! are still to come, lest they reserve memory for them. Text and bytes are asked for in their borrowed form,
//! whose length every codec compares with the payload's before anything is allocated.
//!
//! What remains possible:
//!
//! - A payload of n bytes makes a type take n times the size of its elements.
//! - A type that keeps what it reads before it decides (`untagged`, `flatten`, `tag`) decodes what it kept past
//!   these bounds. Of the codecs here JSON alone can be read like that; its 127 levels are all that holds then.
//!   serde copies what is kept for every level of a recursive `untagged` enum: 64 KB in 100 levels take 107 MB.
//!   And where two variants begin alike it tries both at every level: 43 bytes in 20 levels take seconds. A type
//!   that takes no byte for a level (`struct Chain(Option<Box<Chain>>)`) never ends there: `5` overflows the stack.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};

#[cfg(any(feature = "bincode", feature = "postcard"))]
use super::CodecError;
use crate::canonical::DEPTH;

/// How many elements of sequences may take no byte of the payload, such as those of a `Vec<()>`.
const SPARE: usize = 1 << 16;

/// How many elements types are told of before they come. More are decoded as they come, into memory that grows
/// with them; a claim for which a type reserves memory costs nothing to make, at every level anew.
const ANNOUNCED: usize = 1 << 10;

/// How much of the stack nested values may take: a part of the 2 MiB that threads have unless they are told
/// otherwise. A hundred levels of a usual type take a fifth of it, with and without optimisation.
const STACK: usize = if cfg!(debug_assertions) { 1 << 20 } else { 1 << 18 };

/// What is left for one payload.
pub(super) struct Bounds {
    depth: Cell<usize>,
    elements: Cell<usize>,
    announced: Cell<usize>,
    /// Where the stack was when decoding began.
    stack: usize,
}

impl Bounds {
    pub(super) fn of(payload: &[u8]) -> Self {
        Self {
            depth: Cell::new(DEPTH),
            elements: Cell::new(payload.len() + SPARE),
            announced: Cell::new(ANNOUNCED),
            stack: stack(),
        }
    }

    /// Refuses when encoding what these bounds would refuse when decoding.
    #[cfg(any(feature = "bincode", feature = "postcard"))]
    pub(super) fn admit(&self, elements: usize) -> Result<(), CodecError> {
        if elements <= self.elements.get() { Ok(()) } else { Err(CodecError::new("too many empty elements")) }
    }

    fn take<E: Error>(left: &Cell<usize>, count: usize, reason: &'static str) -> Result<(), E> {
        left.set(left.get().checked_sub(count).ok_or_else(|| E::custom(reason))?);
        Ok(())
    }

    fn count<E: Error>(&self, elements: usize) -> Result<(), E> {
        Self::take(&self.elements, elements, "too many elements")
    }

    fn nested<T, E: Error>(&self, decode: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        Self::take(&self.depth, 1, TOO_DEEP)?;
        if self.stack.abs_diff(stack()) > STACK {
            return Err(E::custom(TOO_DEEP));
        }
        let value = decode()?;
        self.depth.set(self.depth.get() + 1);
        Ok(value)
    }
}

const TOO_DEEP: &str = "nested too deep";

/// Returns where the stack is. Never inlined, so that it is the same place of a frame each time.
#[inline(never)]
fn stack() -> usize {
    let local = 0_u8;
    &raw const *std::hint::black_box(&local) as usize
}

/// A part of serde's decoding, within bounds: a seed, a deserializer, or access to a variant.
pub(super) struct Within<'b, I> {
    inner: I,
    bounds: &'b Bounds,
}

impl<'b, T> Within<'b, PhantomData<T>> {
    /// Decodes a `T` within these bounds.
    pub(super) fn seed(bounds: &'b Bounds) -> Self {
        Self { inner: PhantomData, bounds }
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Within<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Within { inner: deserializer, bounds: self.bounds })
    }
}

macro_rules! plain {
    ($($method:ident as $inner:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$inner(visitor)
        })*
    };
}

macro_rules! nested {
    ($($method:ident($($argument:ident: $type:ty),*))*) => {
        $(fn $method<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            let visitor = Visited::new(visitor, self.bounds, false);
            self.bounds.nested(|| self.inner.$method($($argument,)* visitor))
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Within<'_, D> {
    type Error = D::Error;

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }

    plain! {
        deserialize_any as deserialize_any
        deserialize_bool as deserialize_bool
        deserialize_u8 as deserialize_u8
        deserialize_u16 as deserialize_u16
        deserialize_u32 as deserialize_u32
        deserialize_u64 as deserialize_u64
        deserialize_u128 as deserialize_u128
        deserialize_i8 as deserialize_i8
        deserialize_i16 as deserialize_i16
        deserialize_i32 as deserialize_i32
        deserialize_i64 as deserialize_i64
        deserialize_i128 as deserialize_i128
        deserialize_f32 as deserialize_f32
        deserialize_f64 as deserialize_f64
        deserialize_char as deserialize_char
        deserialize_str as deserialize_str
        deserialize_string as deserialize_str
        deserialize_bytes as deserialize_bytes
        deserialize_byte_buf as deserialize_bytes
        deserialize_unit as deserialize_unit
        deserialize_identifier as deserialize_identifier
        deserialize_ignored_any as deserialize_ignored_any
    }

    nested! {
        deserialize_option()
        deserialize_newtype_struct(name: &'static str)
        deserialize_tuple(length: usize)
        deserialize_tuple_struct(name: &'static str, length: usize)
        deserialize_struct(name: &'static str, fields: &'static [&'static str])
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }

    fn deserialize_unit_struct<V>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error>
    where
        V: Visitor<'de>,
    {
        self.inner.deserialize_unit_struct(name, visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let visitor = Visited::new(visitor, self.bounds, true);
        self.bounds.nested(|| self.inner.deserialize_seq(visitor))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let visitor = Visited::new(visitor, self.bounds, true);
        self.bounds.nested(|| self.inner.deserialize_map(visitor))
    }
}

/// A visitor; its elements are `counted` where their number is read from the payload.
struct Visited<'b, V> {
    inner: V,
    bounds: &'b Bounds,
    counted: bool,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Visited<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(Within { inner, bounds: self.bounds })
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.inner.visit_newtype_struct(Within { inner, bounds: self.bounds })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let length = inner.size_hint();
        self.inner.visit_seq(Elements::new(inner, length, self.bounds, self.counted)?)
    }

    fn visit_map<A: MapAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let length = inner.size_hint();
        self.inner.visit_map(Elements::new(inner, length, self.bounds, self.counted)?)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        self.inner.visit_enum(Within { inner, bounds: self.bounds })
    }
}

impl<'b, V> Visited<'b, V> {
    fn new(inner: V, bounds: &'b Bounds, counted: bool) -> Self {
        Self { inner, bounds, counted }
    }
}

/// Access to elements.
struct Elements<'b, A> {
    inner: A,
    bounds: &'b Bounds,
    /// They are counted one by one.
    counted: bool,
    /// How many of those that were announced are still to come; none where their number is the type's own.
    announced: Option<usize>,
}

impl<'b, A> Elements<'b, A> {
    /// Counts the elements at once where the payload tells their number. So a claim that cannot be true is refused
    /// before anything is decoded.
    fn new<E: Error>(inner: A, length: Option<usize>, bounds: &'b Bounds, counted: bool) -> Result<Self, E> {
        let Some(length) = length.filter(|_| counted) else {
            return Ok(Self { inner, bounds, counted, announced: None });
        };
        bounds.count(length)?;
        let announced = length.min(bounds.announced.get());
        bounds.announced.set(bounds.announced.get() - announced);
        Ok(Self { inner, bounds, counted: false, announced: Some(announced) })
    }

    fn came<E: Error>(&mut self) -> Result<(), E> {
        if let Some(announced @ 1..) = &mut self.announced {
            *announced -= 1;
            self.bounds.announced.set(self.bounds.announced.get() + 1);
        }
        if self.counted { self.bounds.count(1) } else { Ok(()) }
    }

    fn announce(&self, length: Option<usize>) -> Option<usize> {
        self.announced.map_or(length, |announced| length.map(|length| length.min(announced)))
    }
}

/// What did not come does not count against what follows.
impl<A> Drop for Elements<'_, A> {
    fn drop(&mut self) {
        self.bounds.announced.set(self.bounds.announced.get() + self.announced.unwrap_or(0));
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Elements<'_, A> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, A::Error> {
        let element = self.inner.next_element_seed(Within { inner: seed, bounds: self.bounds })?;
        if element.is_some() {
            self.came()?;
        }
        Ok(element)
    }

    fn size_hint(&self) -> Option<usize> {
        self.announce(self.inner.size_hint())
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Elements<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        let key = self.inner.next_key_seed(Within { inner: seed, bounds: self.bounds })?;
        if key.is_some() {
            self.came()?;
        }
        Ok(key)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        self.inner.next_value_seed(Within { inner: seed, bounds: self.bounds })
    }

    fn size_hint(&self) -> Option<usize> {
        self.announce(self.inner.size_hint())
    }
}

impl<'de, 'b, A: EnumAccess<'de>> EnumAccess<'de> for Within<'b, A> {
    type Error = A::Error;
    type Variant = Within<'b, A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        let (name, inner) = self.inner.variant_seed(seed)?;
        Ok((name, Within { inner, bounds: self.bounds }))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Within<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, A::Error> {
        self.inner.newtype_variant_seed(Within { inner: seed, bounds: self.bounds })
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.inner.tuple_variant(length, Visited::new(visitor, self.bounds, false))
    }

    fn struct_variant<V>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, A::Error>
    where
        V: Visitor<'de>,
    {
        self.inner.struct_variant(fields, Visited::new(visitor, self.bounds, false))
    }
}

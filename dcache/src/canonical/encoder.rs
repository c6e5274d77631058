//! The serializer that writes the canonical encoding.

use std::fmt::{Display, Write};

use serde::ser::{Serialize, Serializer};

use super::compound::{Collection, Members};
use super::sink::Sink;
use super::{DEPTH, Reason, Refusal, tag};

/// Encodes one value.
pub(super) struct Encoder<'s, S> {
    pub(super) sink: &'s mut S,
    pub(super) depth: usize,
}

impl<'s, S: Sink> Encoder<'s, S> {
    pub(super) fn new(sink: &'s mut S) -> Self {
        Self { sink, depth: 0 }
    }

    /// Returns an encoder for the next value at this depth.
    pub(super) fn reborrow(&mut self) -> Encoder<'_, S> {
        Encoder { sink: self.sink, depth: self.depth }
    }

    fn leaf(self, tag: u8, bytes: &[u8]) -> Result<(), Refusal> {
        self.sink.begins(tag)?;
        self.sink.write(&[tag]);
        self.sink.write(bytes);
        Ok(())
    }

    fn text(self, tag: u8, text: &[u8]) -> Result<(), Refusal> {
        self.sink.begins(tag)?;
        write_text(self.sink, tag, text);
        Ok(())
    }

    /// Begins a value that has others in it, `levels` deeper.
    fn open(self, tag: u8, levels: usize) -> Result<Self, Refusal> {
        if self.depth + levels > DEPTH {
            return Err(Refusal(Reason::TooDeep));
        }
        self.sink.begins(tag)?;
        self.sink.write(&[tag]);
        Ok(Self { sink: self.sink, depth: self.depth + levels })
    }

    /// Begins a variant; it counts as two levels because JSON writes it as an object in an object.
    fn open_variant(self, tag: u8, name: &'static str) -> Result<Self, Refusal> {
        let encoder = self.open(tag, 2)?;
        write_name(encoder.sink, name);
        Ok(encoder)
    }
}

/// Writes the name of a field or a variant.
pub(super) fn write_name(sink: &mut impl Sink, name: &'static str) {
    write_text(sink, tag::STR, name.as_bytes());
}

fn write_text(sink: &mut impl Sink, tag: u8, text: &[u8]) {
    // the tag and the LEB128 length in one go; seven bits a byte make a u64 ten bytes long
    let mut head = [tag; 11];
    let mut used = 1;
    let mut length = text.len() as u64;
    while length >= 0x80 {
        head[used] = length as u8 | 0x80;
        length >>= 7;
        used += 1;
    }
    head[used] = length as u8;
    sink.write(&head[..=used]);
    sink.write(text);
}

macro_rules! numbers {
    ($($method:ident $type:ty = $tag:ident)*) => {
        $(fn $method(self, value: $type) -> Result<(), Refusal> {
            self.leaf(tag::$tag, &value.to_le_bytes())
        })*
    };
}

impl<'s, S: Sink> Serializer for Encoder<'s, S> {
    type Ok = ();
    type Error = Refusal;
    type SerializeSeq = Collection<'s, S>;
    type SerializeMap = Collection<'s, S>;
    type SerializeTuple = Members<'s, S>;
    type SerializeTupleStruct = Members<'s, S>;
    type SerializeTupleVariant = Members<'s, S>;
    type SerializeStruct = Members<'s, S>;
    type SerializeStructVariant = Members<'s, S>;

    fn is_human_readable(&self) -> bool {
        false
    }

    numbers! {
        serialize_u8 u8 = U8
        serialize_u16 u16 = U16
        serialize_u32 u32 = U32
        serialize_u64 u64 = U64
        serialize_u128 u128 = U128
        serialize_i8 i8 = I8
        serialize_i16 i16 = I16
        serialize_i32 i32 = I32
        serialize_i64 i64 = I64
        serialize_i128 i128 = I128
    }

    fn serialize_bool(self, value: bool) -> Result<(), Refusal> {
        self.leaf(if value { tag::TRUE } else { tag::FALSE }, &[])
    }

    fn serialize_f32(self, value: f32) -> Result<(), Refusal> {
        self.sink.float(value.is_finite())?;
        self.leaf(tag::F32, &value.to_bits().to_le_bytes())
    }

    fn serialize_f64(self, value: f64) -> Result<(), Refusal> {
        self.sink.float(value.is_finite())?;
        self.leaf(tag::F64, &value.to_bits().to_le_bytes())
    }

    fn serialize_char(self, value: char) -> Result<(), Refusal> {
        self.leaf(tag::CHAR, &u32::from(value).to_le_bytes())
    }

    fn serialize_str(self, value: &str) -> Result<(), Refusal> {
        self.text(tag::STR, value.as_bytes())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Refusal> {
        self.text(tag::BYTES, value)
    }

    /// Unlike the method that serde provides, does not panic where `Display` fails.
    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), Refusal> {
        let mut text = String::new();
        write!(text, "{value}").map_err(|_| Refusal(Reason::Display))?;
        self.serialize_str(&text)
    }

    fn serialize_none(self) -> Result<(), Refusal> {
        self.leaf(tag::NONE, &[])
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Refusal> {
        value.serialize(self.open(tag::SOME, 1)?)
    }

    fn serialize_unit(self) -> Result<(), Refusal> {
        self.leaf(tag::UNIT, &[])
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), Refusal> {
        self.leaf(tag::UNIT_STRUCT, &[])
    }

    fn serialize_newtype_struct<T>(self, _name: &'static str, value: &T) -> Result<(), Refusal>
    where
        T: Serialize + ?Sized,
    {
        value.serialize(self.open(tag::NEWTYPE, 1)?)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Collection<'s, S>, Refusal> {
        Collection::new(self.open(tag::SEQUENCE, 1)?, length, S::ORDERS_SEQUENCES)
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Collection<'s, S>, Refusal> {
        Collection::new(self.open(tag::MAP, 1)?, length, S::ORDERS_MAPS)
    }

    fn serialize_tuple(self, _length: usize) -> Result<Members<'s, S>, Refusal> {
        Ok(Members::new(self.open(tag::TUPLE, 1)?, ""))
    }

    fn serialize_tuple_struct(self, name: &'static str, _length: usize) -> Result<Members<'s, S>, Refusal> {
        Ok(Members::new(self.open(tag::TUPLE_STRUCT, 1)?, name))
    }

    fn serialize_struct(self, name: &'static str, _length: usize) -> Result<Members<'s, S>, Refusal> {
        Ok(Members::new(self.open(tag::STRUCT, 1)?, name))
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<(), Refusal> {
        self.open_variant(tag::UNIT_VARIANT, variant).map(drop)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Refusal> {
        value.serialize(self.open_variant(tag::NEWTYPE_VARIANT, variant)?)
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Members<'s, S>, Refusal> {
        Ok(Members::new(self.open_variant(tag::TUPLE_VARIANT, variant)?, name))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Members<'s, S>, Refusal> {
        Ok(Members::new(self.open_variant(tag::STRUCT_VARIANT, variant)?, name))
    }
}

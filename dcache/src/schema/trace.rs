//! The deserializer without data: it notes what a type asks for, and answers with something plausible.

use serde::de::{Deserializer, Visitor};

use super::access::{Choice, Elements, Entries};
use super::event::Event;
use super::leaf::{self, Any};
use super::search::{Entered, Id, Place, Refused, Search, id_of};

/// Answers for one value.
pub(super) struct Tracer<'s> {
    pub(super) search: &'s mut Search,
    place: Place,
    /// The name of the field or variant that is asked for, where the value is one.
    name: Option<&'static str>,
}

impl<'s> Tracer<'s> {
    pub(super) fn new(search: &'s mut Search) -> Self {
        Self::at(search, (0, 0))
    }

    pub(super) fn at(search: &'s mut Search, place: Place) -> Self {
        Self { search, place, name: None }
    }

    pub(super) fn named(search: &'s mut Search, place: Place, name: &'static str) -> Self {
        Self { search, place, name: Some(name) }
    }

    fn choose<C: Copy>(&mut self, from: &[C]) -> Result<C, Refused> {
        self.search.step()?;
        from.get(self.search.choose(self.place, from.len())).copied().ok_or(Refused)
    }

    /// Answers with `count` elements in a row; with none while closing if the type takes any number.
    fn elements<'de, V: Visitor<'de>>(
        self,
        id: Id,
        event: Event,
        count: Option<usize>,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        let entered = self.search.enter(id, 0)?;
        self.search.note_number(event, count.unwrap_or(0));
        let left = count.unwrap_or(few(entered));
        let value = visitor.visit_seq(Elements { search: self.search, id, next: 0, left })?;
        self.search.leave(entered);
        Ok(value)
    }
}

/// How many elements let the type be seen, or else suffice.
fn few(entered: Entered) -> usize {
    if entered.is_known() { 0 } else { 1 }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $type:ty = $event:ident)*) => {
        $(fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
            self.search.note(Event::$event);
            visitor.$visit(<$type>::from(self.choose(&leaf::NUMBERS)?))
        })*
    };
}

impl<'de> Deserializer<'de> for Tracer<'_> {
    type Error = Refused;

    fn is_human_readable(&self) -> bool {
        self.search.human_readable
    }

    numbers! {
        deserialize_u8 visit_u8 u8 = U8
        deserialize_u16 visit_u16 u16 = U16
        deserialize_u32 visit_u32 u32 = U32
        deserialize_u64 visit_u64 u64 = U64
        deserialize_u128 visit_u128 u128 = U128
        deserialize_i16 visit_i16 i16 = I16
        deserialize_i32 visit_i32 i32 = I32
        deserialize_i64 visit_i64 i64 = I64
        deserialize_i128 visit_i128 i128 = I128
        deserialize_f32 visit_f32 f32 = F32
        deserialize_f64 visit_f64 f64 = F64
    }

    fn deserialize_i8<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        self.search.note(Event::I8);
        visitor.visit_i8(self.choose(&leaf::NUMBERS)? as i8)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.search.step()?;
        self.search.note(Event::Bool);
        visitor.visit_bool(true)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.search.step()?;
        self.search.note(Event::Char);
        visitor.visit_char('a')
    }

    fn deserialize_str<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        if let Some(name) = self.name {
            return visitor.visit_borrowed_str(name);
        }
        self.search.note(Event::Text);
        visitor.visit_borrowed_str(self.choose(&leaf::TEXTS)?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        self.search.note(Event::Bytes);
        let length = self.choose(&leaf::BYTES)?;
        visitor.visit_borrowed_bytes(&leaf::ONES[..length])
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let id = id_of::<V>(&[]);
        let entered = self.search.enter(id, 0)?;
        self.search.note(Event::Option);
        let value = if entered.is_known() {
            visitor.visit_none()?
        } else {
            visitor.visit_some(Tracer::at(self.search, (id, 0)))?
        };
        self.search.leave(entered);
        Ok(value)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.search.step()?;
        self.search.note(Event::Unit);
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V>(self, _name: &'static str, visitor: V) -> Result<V::Value, Refused>
    where
        V: Visitor<'de>,
    {
        self.deserialize_unit(visitor)
    }

    /// Transparent, as in every codec. What makes it recursive is met again below.
    fn deserialize_newtype_struct<V>(self, _name: &'static str, visitor: V) -> Result<V::Value, Refused>
    where
        V: Visitor<'de>,
    {
        self.search.enter_newtype()?;
        let value = visitor.visit_newtype_struct(Tracer::at(self.search, (id_of::<V>(&[]), 0)))?;
        self.search.leave_newtype();
        Ok(value)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.elements(id_of::<V>(&[]), Event::Sequence, None, visitor)
    }

    fn deserialize_tuple<V>(self, length: usize, visitor: V) -> Result<V::Value, Refused>
    where
        V: Visitor<'de>,
    {
        self.elements(id_of::<V>(&[]), Event::Tuple, Some(length), visitor)
    }

    fn deserialize_tuple_struct<V>(
        self,
        _name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Refused>
    where
        V: Visitor<'de>,
    {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let id = id_of::<V>(&[]);
        let entered = self.search.enter(id, 0)?;
        self.search.note(Event::Map);
        let entries = Entries { search: self.search, id, fields: &[], next: 0, left: few(entered) };
        let value = visitor.visit_map(entries)?;
        self.search.leave(entered);
        Ok(value)
    }

    /// Positional codecs give the fields in a row, and derived types take them so from all codecs.
    /// A self-describing codec gives them with their names, which some types written by hand insist on.
    fn deserialize_struct<V>(
        mut self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused>
    where
        V: Visitor<'de>,
    {
        let id = id_of::<V>(fields);
        let by_name = self.search.human_readable && self.choose(&[false, true])?;
        let entered = self.search.enter(id, 0)?;
        self.search.note_names(Event::Struct, fields);
        let left = fields.len();
        let value = if by_name {
            visitor.visit_map(Entries { search: self.search, id, fields, next: 0, left })?
        } else {
            visitor.visit_seq(Elements { search: self.search, id, next: 0, left })?
        };
        self.search.leave(entered);
        Ok(value)
    }

    fn deserialize_enum<V>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused>
    where
        V: Visitor<'de>,
    {
        let id = id_of::<V>(variants);
        let entered = self.search.enter(id, variants.len())?;
        let index = self.search.variant(id, entered);
        let name = variants.get(index).ok_or(Refused)?;
        self.search.note_names(Event::Enum, variants);
        let value = visitor.visit_enum(Choice { search: self.search, id, index, name })?;
        self.search.leave(entered);
        Ok(value)
    }

    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        self.search.note_unseen(Event::Any);
        match self.choose(&leaf::ANY)? {
            Any::Number => visitor.visit_u64(1),
            Any::Text => visitor.visit_borrowed_str("a"),
            Any::Unit => visitor.visit_unit(),
            Any::Bool => visitor.visit_bool(true),
            Any::Float => visitor.visit_f64(1.0),
            Any::Sequence => visitor.visit_seq(Elements { search: self.search, id: 0, next: 0, left: 0 }),
            Any::Map => {
                visitor.visit_map(Entries { search: self.search, id: 0, fields: &[], next: 0, left: 0 })
            }
        }
    }

    /// The name of a field or variant that was offered; elsewhere (`flatten`) the type takes any.
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.search.step()?;
        if self.name.is_none() {
            self.search.note_unseen(Event::Identifier);
        }
        visitor.visit_borrowed_str(self.name.unwrap_or("a"))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.search.step()?;
        self.search.note(Event::Ignored);
        visitor.visit_unit()
    }
}

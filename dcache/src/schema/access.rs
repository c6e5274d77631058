//! What is inside a value: elements, entries, the variant of an enum.

use serde::de::{DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

use super::event::Event;
use super::search::{Id, Refused, Search};
use super::trace::Tracer;

/// The elements of a sequence or a tuple, or the fields of a struct in a row.
pub(super) struct Elements<'s> {
    pub(super) search: &'s mut Search,
    pub(super) id: Id,
    pub(super) next: usize,
    pub(super) left: usize,
}

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = Refused;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Refused> {
        if self.left == 0 {
            return Ok(None);
        }
        let place = (self.id, self.next);
        self.next += 1;
        self.left -= 1;
        seed.deserialize(Tracer::at(self.search, place)).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// The entry of a map, or the fields of a struct by name.
pub(super) struct Entries<'s> {
    pub(super) search: &'s mut Search,
    pub(super) id: Id,
    pub(super) fields: &'static [&'static str],
    pub(super) next: usize,
    pub(super) left: usize,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Refused;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Refused> {
        if self.left == 0 {
            return Ok(None);
        }
        let place = (self.id, 2 * self.next);
        let name = self.fields.get(self.next).copied();
        self.next += 1;
        self.left -= 1;
        let tracer = match name {
            Some(name) => Tracer::named(self.search, place, name),
            None => Tracer::at(self.search, place),
        };
        seed.deserialize(tracer).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Refused> {
        seed.deserialize(Tracer::at(self.search, (self.id, 2 * self.next + 1)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// A chosen variant: first its name is asked for, then what it holds.
pub(super) struct Choice<'s> {
    pub(super) search: &'s mut Search,
    pub(super) id: Id,
    pub(super) index: usize,
    pub(super) name: &'static str,
}

impl Choice<'_> {
    /// Numbers the fields of all variants, so that each is a place of its own.
    fn first_place(&self) -> usize {
        self.index << 16
    }

    fn elements<'de, V: Visitor<'de>>(self, count: usize, visitor: V) -> Result<V::Value, Refused> {
        let next = self.first_place();
        visitor.visit_seq(Elements { search: self.search, id: self.id, next, left: count })
    }
}

impl<'de> EnumAccess<'de> for Choice<'_> {
    type Error = Refused;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Refused> {
        let place = (self.id, self.first_place());
        let name = seed.deserialize(Tracer::named(&mut *self.search, place, self.name))?;
        Ok((name, self))
    }
}

impl<'de> VariantAccess<'de> for Choice<'_> {
    type Error = Refused;

    fn unit_variant(self) -> Result<(), Refused> {
        self.search.note_number(Event::UnitVariant, self.index);
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Refused> {
        self.search.note_number(Event::NewtypeVariant, self.index);
        let place = (self.id, self.first_place());
        seed.deserialize(Tracer::at(self.search, place))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Refused> {
        self.search.note_number(Event::TupleVariant, self.index);
        self.search.note_number(Event::Tuple, length);
        self.elements(length, visitor)
    }

    fn struct_variant<V>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Refused>
    where
        V: Visitor<'de>,
    {
        self.search.note_number(Event::StructVariant, self.index);
        self.search.note_names(Event::Struct, fields);
        self.elements(fields.len(), visitor)
    }
}

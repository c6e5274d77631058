//! The variant of an enum that a run takes.

use serde::de::{DeserializeSeed, EnumAccess, VariantAccess, Visitor};

use super::search::{Event, Id, Refused, Search};
use super::trace::{Elements, Tracer};

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

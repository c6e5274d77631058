//! serde's data model as a value: arguments of any type, and when two of them are the same.

use arbitrary::{Arbitrary, Unstructured};
use serde::ser::{
    Serialize, SerializeMap, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct,
    SerializeTupleVariant, Serializer,
};

/// What serde can be told of a value, but for the names of types.
#[derive(Arbitrary, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Model {
    Unit,
    UnitStruct,
    None,
    Some(Box<Model>),
    Bool(bool),
    U8(u8),
    U16(u16),
    U32(u32),
    U64(u64),
    U128(u128),
    I8(i8),
    I16(i16),
    I32(i32),
    I64(i64),
    I128(i128),
    /// The bits of a float.
    F32(u32),
    F64(u64),
    Char(char),
    Text(String),
    Bytes(Vec<u8>),
    Newtype(Box<Model>),
    Sequence(Vec<Model>),
    Tuple(Vec<Model>),
    TupleStruct(Vec<Model>),
    Map(Vec<(Model, Model)>),
    Struct(Vec<(Name, Model)>),
    UnitVariant(Name),
    NewtypeVariant(Name, Box<Model>),
    TupleVariant(Name, Vec<Model>),
    StructVariant(Name, Vec<(Name, Model)>),
}

/// The name of a field or a variant. Some look like parts of an encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(&'static str);

impl<'a> Arbitrary<'a> for Name {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        Ok(Self(bytes.choose(&["", "a", "b", "ab", "\0", "0\u{1}a", "größe"])?))
    }
}

impl Model {
    /// Returns what all models have in common that are the same value: the entries of maps in one order.
    #[must_use]
    pub fn normal(&self) -> Self {
        self.with_maps(&|entries| entries.sort_by(|left, right| left.0.cmp(&right.0)))
    }

    /// Returns the model with the entries of all its maps in the opposite order.
    #[must_use]
    pub fn reversed(&self) -> Self {
        self.with_maps(&|entries| entries.reverse())
    }

    fn with_maps(&self, order: &impl Fn(&mut Vec<(Self, Self)>)) -> Self {
        let one = |inner: &Self| Box::new(inner.with_maps(order));
        let all = |inner: &[Self]| inner.iter().map(|inner| inner.with_maps(order)).collect();
        let fields = |inner: &[(Name, Self)]| {
            inner.iter().map(|(name, value)| (*name, value.with_maps(order))).collect()
        };
        match self {
            Self::Some(inner) => Self::Some(one(inner)),
            Self::Newtype(inner) => Self::Newtype(one(inner)),
            Self::NewtypeVariant(name, inner) => Self::NewtypeVariant(*name, one(inner)),
            Self::Sequence(inner) => Self::Sequence(all(inner)),
            Self::Tuple(inner) => Self::Tuple(all(inner)),
            Self::TupleStruct(inner) => Self::TupleStruct(all(inner)),
            Self::TupleVariant(name, inner) => Self::TupleVariant(*name, all(inner)),
            Self::Struct(inner) => Self::Struct(fields(inner)),
            Self::StructVariant(name, inner) => Self::StructVariant(*name, fields(inner)),
            Self::Map(entries) => {
                let entries = entries.iter();
                let mut entries =
                    entries.map(|(key, value)| (key.with_maps(order), value.with_maps(order))).collect();
                order(&mut entries);
                Self::Map(entries)
            }
            leaf => leaf.clone(),
        }
    }
}

impl Serialize for Model {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unit => s.serialize_unit(),
            Self::UnitStruct => s.serialize_unit_struct("any"),
            Self::None => s.serialize_none(),
            Self::Some(inner) => s.serialize_some(inner),
            Self::Bool(value) => s.serialize_bool(*value),
            Self::U8(value) => s.serialize_u8(*value),
            Self::U16(value) => s.serialize_u16(*value),
            Self::U32(value) => s.serialize_u32(*value),
            Self::U64(value) => s.serialize_u64(*value),
            Self::U128(value) => s.serialize_u128(*value),
            Self::I8(value) => s.serialize_i8(*value),
            Self::I16(value) => s.serialize_i16(*value),
            Self::I32(value) => s.serialize_i32(*value),
            Self::I64(value) => s.serialize_i64(*value),
            Self::I128(value) => s.serialize_i128(*value),
            Self::F32(bits) => s.serialize_f32(f32::from_bits(*bits)),
            Self::F64(bits) => s.serialize_f64(f64::from_bits(*bits)),
            Self::Char(value) => s.serialize_char(*value),
            Self::Text(value) => s.serialize_str(value),
            Self::Bytes(value) => s.serialize_bytes(value),
            Self::Newtype(inner) => s.serialize_newtype_struct("any", inner),
            Self::Sequence(inner) => s.collect_seq(inner),
            Self::Tuple(inner) => {
                let mut tuple = s.serialize_tuple(inner.len())?;
                inner.iter().try_for_each(|inner| tuple.serialize_element(inner))?;
                tuple.end()
            }
            Self::TupleStruct(inner) => {
                let mut tuple = s.serialize_tuple_struct("any", inner.len())?;
                inner.iter().try_for_each(|inner| tuple.serialize_field(inner))?;
                tuple.end()
            }
            Self::Map(entries) => {
                let mut map = s.serialize_map(Some(entries.len()))?;
                entries.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?;
                map.end()
            }
            Self::Struct(fields) => {
                let mut object = s.serialize_struct("any", fields.len())?;
                fields.iter().try_for_each(|(name, value)| object.serialize_field(name.0, value))?;
                object.end()
            }
            Self::UnitVariant(name) => s.serialize_unit_variant("any", 0, name.0),
            Self::NewtypeVariant(name, inner) => s.serialize_newtype_variant("any", 0, name.0, inner),
            Self::TupleVariant(name, inner) => {
                let mut tuple = s.serialize_tuple_variant("any", 0, name.0, inner.len())?;
                inner.iter().try_for_each(|inner| tuple.serialize_field(inner))?;
                tuple.end()
            }
            Self::StructVariant(name, fields) => {
                let mut object = s.serialize_struct_variant("any", 0, name.0, fields.len())?;
                fields.iter().try_for_each(|(name, value)| object.serialize_field(name.0, value))?;
                object.end()
            }
        }
    }
}

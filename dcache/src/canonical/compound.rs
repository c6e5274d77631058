//! Values that have others in them.

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};

use super::encoder::{Encoder, write_name};
use super::sink::Sink;
use super::{Refusal, tag};

/// Encodes what a type lists one by one: the elements of a tuple, the fields of a struct.
pub(super) struct Members<'s, S> {
    encoder: Encoder<'s, S>,
    container: &'static str,
}

impl<'s, S: Sink> Members<'s, S> {
    pub(super) fn new(encoder: Encoder<'s, S>, container: &'static str) -> Self {
        Self { encoder, container }
    }

    fn member<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        value.serialize(self.encoder.reborrow())
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Refusal> {
        write_name(self.encoder.sink, name);
        self.member(value)
    }

    fn close(self) -> Result<(), Refusal> {
        self.encoder.sink.write(&[tag::END]);
        Ok(())
    }
}

macro_rules! members {
    ($($name:ident . $method:ident)*) => {
        $(impl<S: Sink> $name for Members<'_, S> {
            type Ok = ();
            type Error = Refusal;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
                self.member(value)
            }

            fn end(self) -> Result<(), Refusal> {
                self.close()
            }
        })*
    };
}

members! {
    SerializeTuple.serialize_element
    SerializeTupleStruct.serialize_field
    SerializeTupleVariant.serialize_field
}

macro_rules! fields {
    ($($name:ident)*) => {
        $(impl<S: Sink> $name for Members<'_, S> {
            type Ok = ();
            type Error = Refusal;

            fn serialize_field<T>(&mut self, name: &'static str, value: &T) -> Result<(), Refusal>
            where
                T: Serialize + ?Sized,
            {
                self.field(name, value)
            }

            fn skip_field(&mut self, name: &'static str) -> Result<(), Refusal> {
                self.encoder.sink.skipped(self.container, name)
            }

            fn end(self) -> Result<(), Refusal> {
                self.close()
            }
        })*
    };
}

fields! {
    SerializeStruct
    SerializeStructVariant
}

/// Encodes what a value has any number of, in the order of the encodings where `ordered`.
pub(super) struct Collection<'s, S: Sink> {
    encoder: Encoder<'s, S>,
    claimed: Option<usize>,
    length: usize,
    ordered: bool,
    buffer: S::Buffer,
    entries: Vec<Entry>,
}

/// Where in the buffer an element lies, or the key and the value of a map.
#[derive(Clone, Copy)]
struct Entry {
    start: usize,
    key_end: usize,
    end: usize,
}

impl<'s, S: Sink> Collection<'s, S> {
    pub(super) fn new(
        encoder: Encoder<'s, S>,
        claimed: Option<usize>,
        ordered: bool,
    ) -> Result<Self, Refusal> {
        encoder.sink.claims(claimed)?;
        let (buffer, entries) = (S::Buffer::default(), Vec::new());
        Ok(Self { encoder, claimed, length: 0, ordered, buffer, entries })
    }

    fn part<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        if self.ordered {
            value.serialize(Encoder { sink: &mut self.buffer, depth: self.encoder.depth })
        } else {
            value.serialize(self.encoder.reborrow())
        }
    }

    /// Encodes an element or a key.
    fn first<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        self.length += 1;
        let start = self.buffer.as_ref().len();
        self.part(value)?;
        if self.ordered {
            let end = self.buffer.as_ref().len();
            self.entries.push(Entry { start, key_end: end, end });
        }
        Ok(())
    }

    /// Encodes the value that belongs to the last key.
    fn second<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        self.part(value)?;
        if let Some(entry) = self.entries.last_mut() {
            entry.end = self.buffer.as_ref().len();
        }
        Ok(())
    }

    fn close(mut self) -> Result<(), Refusal> {
        let sink = self.encoder.sink;
        sink.counted(self.claimed, self.length)?;
        let bytes = self.buffer.as_ref();
        // stable: duplicate keys of a map stay in their order
        self.entries.sort_by_key(|entry| &bytes[entry.start..entry.key_end]);
        for entry in self.entries {
            sink.write(&bytes[entry.start..entry.end]);
        }
        sink.write(&[tag::END]);
        Ok(())
    }
}

impl<S: Sink> SerializeSeq for Collection<'_, S> {
    type Ok = ();
    type Error = Refusal;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        self.first(value)
    }

    fn end(self) -> Result<(), Refusal> {
        self.close()
    }
}

impl<S: Sink> SerializeMap for Collection<'_, S> {
    type Ok = ();
    type Error = Refusal;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Refusal> {
        self.first(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        self.second(value)
    }

    fn end(self) -> Result<(), Refusal> {
        self.close()
    }
}

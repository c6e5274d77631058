//! postcard 1, whose format is stable and [specified](https://postcard.jamesmunns.com/wire-format).

use std::marker::PhantomData;

use bytes::Bytes;
use postcard::{Deserializer, Error};
use serde::Serialize;
use serde::de::{DeserializeOwned, DeserializeSeed};

use super::bounded::{Bounds, Within};
use super::{Codec, CodecError, Postcard, Schema, same};
use crate::canonical;

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Codec<T> for Postcard {
    const NUMBER: u8 = 2;
    const NAME: &'static str = "postcard";

    fn encode(value: &T) -> Result<Vec<u8>, CodecError> {
        let elements = canonical::check_positional(value)?;
        let payload =
            postcard::to_stdvec(value).map_err(|_| CodecError::new("postcard refuses the value"))?;
        Bounds::of(&payload).admit(elements)?;
        Ok(payload)
    }

    fn decode(payload: Bytes) -> Result<T, CodecError> {
        let bounds = Bounds::of(&payload);
        let mut deserializer = Deserializer::from_bytes(&payload);
        let value = Within::<PhantomData<T>>::seed(&bounds)
            .deserialize(&mut deserializer)
            .map_err(|error| reason(&error))?;
        match deserializer.finalize() {
            Ok([]) => Ok(value),
            _ => Err(CodecError::new("trailing bytes")),
        }
    }

    fn schema() -> Schema {
        Schema::of::<T>(false)
    }

    fn verify(value: &T, payload: &[u8]) -> Result<(), CodecError> {
        same::<Self, T>(value, payload)
    }
}

fn reason(error: &Error) -> CodecError {
    CodecError::new(match error {
        Error::DeserializeUnexpectedEnd => "payload ends too early",
        Error::WontImplement => "the type decides by what it finds, which postcard cannot tell; use `json`",
        _ => "payload does not fit the type",
    })
}

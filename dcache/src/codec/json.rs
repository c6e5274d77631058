//! JSON as serde_json writes it.

use std::marker::PhantomData;

use bytes::Bytes;
use serde::Serialize;
use serde::de::{DeserializeOwned, DeserializeSeed};
use serde_json::error::Category;

use super::bounded::{Bounds, Within};
use super::{Codec, CodecError, Json, Schema, same};
use crate::canonical;

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Codec<T> for Json {
    const NUMBER: u8 = 3;
    const NAME: &'static str = "json";

    fn encode(value: &T) -> Result<Vec<u8>, CodecError> {
        canonical::check_self_describing(value)?;
        serde_json::to_vec(value).map_err(|_| CodecError::new("JSON cannot hold the value"))
    }

    fn decode(payload: Bytes) -> Result<T, CodecError> {
        let bounds = Bounds::of(&payload);
        let mut deserializer = serde_json::Deserializer::from_slice(&payload);
        let value = Within::<PhantomData<T>>::seed(&bounds).deserialize(&mut deserializer);
        // serde_json's own words quote what it found
        value.and_then(|value| deserializer.end().map(|()| value)).map_err(|error| {
            CodecError::new(match error.classify() {
                Category::Eof => "payload ends too early",
                Category::Data => "payload does not fit the type",
                Category::Syntax | Category::Io => "payload is not JSON",
            })
        })
    }

    fn schema() -> Schema {
        Schema::of::<T>(true)
    }

    fn verify(value: &T, payload: &[u8]) -> Result<(), CodecError> {
        same::<Self, T>(value, payload)
    }
}

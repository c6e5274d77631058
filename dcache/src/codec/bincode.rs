//! bincode 2 through serde, in its standard configuration: little endian, numbers of variable length.

use std::marker::PhantomData;

use bincode::config::{self, Config};
use bincode::error::DecodeError;
use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

use super::bounded::{Bounds, Within};
use super::{Bincode, Codec, CodecError, Schema, same};
use crate::canonical;

/// The limit that bincode works with: 4 GiB, or 2 GiB where addresses have 32 bits.
///
/// bincode counts what it is about to read by the size of its type, and refuses before it reads or allocates
/// what would exceed the limit. Numbers of variable length count as 16 bytes at most and take 1 at least,
/// so that a payload of a 16th of the limit is never refused by mistake. One limit for all payloads
/// suffices: text and bytes are borrowed from the payload, and `bounded.rs` believes no other length.
const LIMIT: usize = if usize::BITS > 32 { (1_u64 << 32) as usize } else { 1 << 31 };

/// The longest payload, 256 MiB.
const LONGEST: usize = LIMIT / 16;

const fn configuration() -> impl Config {
    config::standard().with_limit::<LIMIT>()
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Codec<T> for Bincode {
    const NUMBER: u8 = 1;
    const NAME: &'static str = "bincode";

    fn encode(value: &T) -> Result<Vec<u8>, CodecError> {
        let elements = canonical::check_positional(value)?;
        let payload = bincode::serde::encode_to_vec(value, configuration())
            .map_err(|_| CodecError::new("bincode refuses the value"))?;
        if payload.len() > LONGEST {
            return Err(CodecError::new("too large for bincode"));
        }
        Bounds::of(&payload).admit(elements)?;
        Ok(payload)
    }

    fn decode(payload: Bytes) -> Result<T, CodecError> {
        if payload.len() > LONGEST {
            return Err(CodecError::new("too large for bincode"));
        }
        let bounds = Bounds::of(&payload);
        let seed = Within::<PhantomData<T>>::seed(&bounds);
        match bincode::serde::seed_decode_from_slice(seed, &payload, configuration()) {
            Ok((value, used)) if used == payload.len() => Ok(value),
            Ok(_) => Err(CodecError::new("trailing bytes")),
            Err(error) => Err(reason(&error)),
        }
    }

    fn schema() -> Schema {
        Schema::of::<T>(false)
    }

    fn verify(value: &T, payload: &[u8]) -> Result<(), CodecError> {
        same::<Self, T>(value, payload)
    }
}

/// Says what is wrong without the words of types, which may quote what they found.
fn reason(error: &DecodeError) -> CodecError {
    CodecError::new(match error {
        DecodeError::UnexpectedEnd { .. } => "payload ends too early",
        DecodeError::LimitExceeded => "payload claims too much",
        DecodeError::Serde(_) => "the type decides by what it finds, which bincode cannot tell; use `json`",
        _ => "payload does not fit the type",
    })
}

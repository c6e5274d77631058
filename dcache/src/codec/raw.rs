//! Text and bytes as they are.

use std::sync::Arc;

use bytes::Bytes;

use super::{Codec, CodecError, Raw, Schema};

macro_rules! raw {
    ($schema:literal: $($type:ty, $from:expr;)*) => {
        $(impl Codec<$type> for Raw {
            const NUMBER: u8 = 4;
            const NAME: &'static str = "raw";

            fn encode(value: &$type) -> Result<Vec<u8>, CodecError> {
                Ok(AsRef::<[u8]>::as_ref(&**value).to_vec())
            }

            fn decode(payload: Bytes) -> Result<$type, CodecError> {
                $from(payload)
            }

            fn schema() -> Schema {
                Schema::named($schema)
            }
        })*
    };
}

raw! {
    "dcache raw bytes":
    Vec<u8>, |payload| Ok(Vec::from(payload));
    Box<[u8]>, |payload| Ok(Vec::from(payload).into());
    Arc<[u8]>, |payload: Bytes| Ok(Arc::from(&*payload));
    // of its own memory: a slice would keep the whole entry alive
    Bytes, |payload: Bytes| Ok(Bytes::copy_from_slice(&payload));
}

raw! {
    "dcache raw text":
    String, |payload: Bytes| text(&payload).map(String::from);
    Box<str>, |payload: Bytes| text(&payload).map(Box::from);
    Arc<str>, |payload: Bytes| text(&payload).map(Arc::from);
}

fn text(payload: &[u8]) -> Result<&str, CodecError> {
    std::str::from_utf8(payload).map_err(|_| CodecError::new("not UTF-8"))
}

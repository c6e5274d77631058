//! What every codec promises, whatever it is given.

use std::fmt::Debug;

use allocation_counter::measure;
use arbitrary::{Arbitrary, Unstructured};
use dcache::Bytes;
use dcache::codec::Codec;

/// How much memory decoding may take at a time beyond what is in proportion to the payload.
const MEMORY: u64 = 2 << 20;

/// How much memory a byte of the payload may take: a `None` in place of 256 bytes, in a vector that has just grown.
const IN_PROPORTION: u64 = 1 << 10;

/// How the bytes of a run are taken.
#[derive(Clone, Copy, Debug)]
pub enum Taken {
    /// As a payload.
    Payload,
    /// As a value.
    Value,
    /// As a value whose payload is damaged.
    Damaged,
}

impl Taken {
    /// Takes one byte, so that a seed shows what it is.
    pub fn next(bytes: &mut Unstructured<'_>) -> arbitrary::Result<Self> {
        Ok([Self::Payload, Self::Value, Self::Damaged][usize::from(u8::arbitrary(bytes)?) % 3])
    }
}

/// Decodes a payload, or a value's payload; what is accepted must come back from what it is encoded to.
pub fn check<C, T>(taken: Taken, bytes: &mut Unstructured<'_>) -> arbitrary::Result<()>
where
    C: Codec<T>,
    T: Debug + PartialEq + for<'a> Arbitrary<'a>,
{
    match taken {
        Taken::Payload => anything::<C, T>(bytes.bytes(bytes.len())?),
        Taken::Value => {
            let value = T::arbitrary(bytes)?;
            if let Ok(payload) = C::encode(&value) {
                assert_eq!(C::decode(payload.into()).as_ref(), Ok(&value), "{} lost a value", C::NAME);
            }
        }
        Taken::Damaged => {
            let damage = <[(u16, u8); 2]>::arbitrary(bytes)?;
            let value = T::arbitrary(bytes)?;
            if let Ok(mut payload) = C::encode(&value) {
                for (at, byte) in damage {
                    let at = usize::from(at) % (payload.len() + 1);
                    match payload.get_mut(at) {
                        Some(place) => *place = byte,
                        None => payload.push(byte),
                    }
                }
                anything::<C, T>(&payload);
            }
        }
    }
    Ok(())
}

fn anything<C: Codec<T>, T: Debug + PartialEq>(payload: &[u8]) {
    let payload = Bytes::copy_from_slice(payload);
    let length = payload.len() as u64;
    let mut decoded = None;
    let memory = measure(|| decoded = Some(C::decode(payload))).bytes_max;
    assert!(memory <= MEMORY + IN_PROPORTION * length, "{} took {memory} bytes for {length}", C::NAME);
    let Some(Ok(value)) = decoded else { return };
    match C::encode(&value) {
        Ok(again) => assert_eq!(C::decode(again.into()).as_ref(), Ok(&value), "{} lost a value", C::NAME),
        // a variant counts as two levels when it is encoded; and a number may be written longer than it must be
        Err(refused) => {
            let reason = refused.to_string();
            assert!(
                reason.contains("nested deeper") || reason.contains("empty elements"),
                "{}: {reason}",
                C::NAME
            );
        }
    }
}

/// Defines a target that tries a codec with each of these types.
#[macro_export]
macro_rules! codec_target {
    ($codec:ty: $($type:ty),* $(,)?) => {
        fn target(data: &[u8]) -> arbitrary::Result<()> {
            use arbitrary::Arbitrary as _;
            let mut bytes = arbitrary::Unstructured::new(data);
            let taken = $crate::codec::Taken::next(&mut bytes)?;
            let types: &[fn($crate::codec::Taken, &mut arbitrary::Unstructured<'_>) -> arbitrary::Result<()>] = &[$($crate::codec::check::<$codec, $type>),*];
            let which = usize::from(u8::arbitrary(&mut bytes)?) % types.len();
            types[which](taken, &mut bytes)
        }

        libfuzzer_sys::fuzz_target!(|data: &[u8]| {
            let _ = target(data);
        });
    };
}

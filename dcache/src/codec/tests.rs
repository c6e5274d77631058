use std::sync::Arc;

use bytes::Bytes;

use super::*;

fn round_trip<C: Codec<T>, T: PartialEq + fmt::Debug>(value: T) {
    let payload = C::encode(&value).unwrap();
    round_trips::<C, T>(&value, &payload).unwrap();
    assert_eq!(C::decode(payload.into()).unwrap(), value, "{}", C::NAME);
}

fn decode<C: Codec<T>, T>(payload: &[u8]) -> Result<T, CodecError> {
    C::decode(Bytes::copy_from_slice(payload))
}

#[test]
fn raw_holds_text_and_bytes_as_they_are() {
    fn raw<T>(value: T, payload: &[u8])
    where
        Raw: Codec<T>,
        T: PartialEq + fmt::Debug,
    {
        assert_eq!(Raw::encode(&value).unwrap(), payload);
        round_trip::<Raw, T>(value);
    }
    raw("größe".to_owned(), "größe".as_bytes());
    raw(Box::<str>::from("a"), b"a");
    raw(Arc::<str>::from(""), b"");
    raw(vec![0u8, 255], &[0, 255]);
    raw(Box::<[u8]>::from([1]), &[1]);
    raw(Arc::<[u8]>::from([1]), &[1]);
    raw(Bytes::from_static(b"\xff"), b"\xff");
    assert!(decode::<Raw, String>(b"\xff").is_err());
    assert_eq!(<Raw as Codec<String>>::schema(), <Raw as Codec<Arc<str>>>::schema());
    assert_ne!(<Raw as Codec<String>>::schema(), <Raw as Codec<Bytes>>::schema());
}

#[test]
fn a_codec_that_loses_something_is_found_out() {
    /// Writes what it is told, reads what it is told, and knows that order does not matter.
    struct Digits;
    impl Codec<(u8, u8)> for Digits {
        const NUMBER: u8 = 200;
        const NAME: &'static str = "digits";
        fn encode(value: &(u8, u8)) -> Result<Vec<u8>, CodecError> {
            Ok(vec![value.0, value.1])
        }
        fn decode(payload: Bytes) -> Result<(u8, u8), CodecError> {
            match payload[..] {
                [9, _] => Err(CodecError::new("nine")),
                [first, second] if first < 5 => Ok((second, first)),
                [first, _] => Ok((first, 0)),
                _ => Err(CodecError::new("length")),
            }
        }
    }
    assert!(round_trips::<Digits, _>(&(1, 2), &[1, 2]).is_ok(), "taken for a map in another order");
    assert!(round_trips::<Digits, _>(&(6, 2), &[6, 2]).is_err());
    let nine = round_trips::<Digits, _>(&(9, 2), &[9, 2]).unwrap_err();
    assert!(nine.to_string() == "nine" && nine.is_about_type());
    assert_ne!(<Digits as Codec<(u8, u8)>>::schema(), Schema::named("digits"));
}

/// What all serde codecs have in common.
#[cfg(any(feature = "bincode", feature = "postcard", feature = "json"))]
mod serde_codecs {
    use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet};
    use std::time::Duration;

    use proptest::prelude::*;
    use serde::{Deserialize, Serialize, de::DeserializeOwned};

    use super::*;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Shape {
        Empty,
        Circle(u32),
        Rectangle(i8, i128),
        Named { name: Option<String>, inner: Option<Box<Shape>> },
        Many(Vec<Shape>, BTreeMap<u16, Vec<f64>>),
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Everything {
        shape: Arc<Shape>,
        text: Box<str>,
        pair: (char, bool),
        array: [u64; 3],
        life: Duration,
        unit: (),
        bytes: Vec<u8>,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Nested(Option<Box<Nested>>);

    fn nest(levels: usize) -> Nested {
        (0..levels).fold(Nested(None), |inner, _| Nested(Some(Box::new(inner))))
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Skips {
        #[serde(skip_serializing_if = "Option::is_none", default)]
        nick: Option<u8>,
        age: u8,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Flat {
        #[serde(flatten)]
        skips: Skips,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        Number(u8),
        Text(String),
    }

    /// Writes its fields in one order and reads them in the other.
    #[derive(Debug, Serialize, Deserialize)]
    #[serde(into = "(u8, u8)", from = "(u8, u8)")]
    #[derive(Clone)]
    struct Swapped(u8, u8);

    impl From<Swapped> for (u8, u8) {
        fn from(swapped: Swapped) -> Self {
            (swapped.0, swapped.1)
        }
    }

    impl From<(u8, u8)> for Swapped {
        fn from((first, second): (u8, u8)) -> Self {
            Self(second, first)
        }
    }

    fn everything() -> Everything {
        let circle = Shape::Circle(70_000);
        let named = Shape::Named { name: Some("x".into()), inner: Some(Box::new(Shape::Empty)) };
        let many = Shape::Many(vec![circle, named], BTreeMap::from([(7, vec![0.1, -1.5e300])]));
        Everything {
            shape: Arc::new(many),
            text: "größe".into(),
            pair: ('ß', true),
            array: [0, 251, u64::MAX],
            life: Duration::new(1, 2),
            unit: (),
            bytes: vec![0, 255],
        }
    }

    /// Runs the statements for every codec in the build.
    macro_rules! each {
        ($codec:ident => $body:block) => {
            #[cfg(feature = "bincode")]
            {
                type $codec = Bincode;
                $body
            }
            #[cfg(feature = "postcard")]
            {
                type $codec = Postcard;
                $body
            }
            #[cfg(feature = "json")]
            {
                type $codec = Json;
                $body
            }
        };
    }

    /// Runs the statements for every positional codec in the build.
    macro_rules! each_positional {
        ($codec:ident => $body:block) => {
            #[cfg(feature = "bincode")]
            {
                type $codec = Bincode;
                $body
            }
            #[cfg(feature = "postcard")]
            {
                type $codec = Postcard;
                $body
            }
        };
    }

    #[test]
    fn values_come_back() {
        each!(C => {
            round_trip::<C, _>(everything());
            round_trip::<C, _>(Shape::Rectangle(-1, i128::MIN));
            round_trip::<C, _>(String::new());
            round_trip::<C, _>(Some(Vec::<u8>::new()));
            round_trip::<C, _>(HashMap::from([(1u8, "a".to_owned()), (2, "b".to_owned())]));
            round_trip::<C, _>(Ok::<u8, String>(1));
            round_trip::<C, _>(());
            round_trip::<C, _>(vec![(); 1000]);
        });
    }

    #[test]
    fn numbers_and_schemas_stand_for_codecs() {
        #[cfg(feature = "bincode")]
        assert_eq!(<Bincode as Codec<u8>>::NUMBER, 1);
        #[cfg(feature = "postcard")]
        assert_eq!(<Postcard as Codec<u8>>::NUMBER, 2);
        #[cfg(feature = "json")]
        assert_eq!(<Json as Codec<u8>>::NUMBER, 3);
        assert_eq!(<Raw as Codec<String>>::NUMBER, 4);
        each!(C => { assert_ne!(<C as Codec<u8>>::schema(), <C as Codec<u16>>::schema()); });
    }

    #[test]
    fn payloads_do_not_change() {
        let hex = |bytes: Vec<u8>| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
        let value = (Shape::Circle(300), -1i32, Some("a".to_owned()), vec![1u64, 251]);
        let _ = (&hex, &value);
        #[cfg(feature = "bincode")]
        assert_eq!(
            hex(Bincode::encode(&value).unwrap()),
            "01fb2c010101016102\
            01fbfb00"
        );
        #[cfg(feature = "postcard")]
        assert_eq!(
            hex(Postcard::encode(&value).unwrap()),
            "01ac0201010161\
            0201fb01"
        );
        #[cfg(feature = "json")]
        assert_eq!(Json::encode(&value).unwrap(), br#"[{"Circle":300},-1,"a",[1,251]]"#);
    }

    #[test]
    fn trailing_and_missing_bytes_are_refused() {
        each!(C => {
            let payload = <C as Codec<Everything>>::encode(&everything()).unwrap();
            for length in 0..payload.len() {
                assert!(decode::<C, Everything>(&payload[..length]).is_err());
            }
            for more in [&b"\0"[..], b"x", b"}", &payload] {
                assert!(decode::<C, Everything>(&[&payload, more].concat()).is_err());
            }
        });
    }

    #[cfg(any(feature = "bincode", feature = "postcard"))]
    #[test]
    fn lengths_that_the_payload_does_not_have_are_not_believed() {
        // eight tebibytes, then the largest length, as bincode and postcard write them
        let hostile: [&[u8]; 5] = [
            b"\xfd\0\0\0\0\0\x08\0\0",
            b"\xfd\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\xfc\xff\xff\xff\xff",
            b"\x80\x80\x80\x80\x80\x80\x02",
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        ];
        for payload in hostile {
            each_positional!(C => {
                assert!(decode::<C, Vec<u8>>(payload).is_err());
                assert!(decode::<C, String>(payload).is_err());
                assert!(decode::<C, Box<[[u64; 32]]>>(payload).is_err());
                assert!(decode::<C, HashMap<u64, String>>(payload).is_err());
                assert!(decode::<C, Vec<()>>(payload).is_err());
                assert!(decode::<C, HashSet<()>>(payload).is_err());
                assert!(decode::<C, Vec<Vec<()>>>(payload).is_err());
                assert!(decode::<C, BTreeMap<(), ()>>(payload).is_err());
            });
        }
    }

    #[cfg(any(feature = "bincode", feature = "postcard"))]
    #[test]
    fn types_that_reserve_what_is_claimed_are_told_less() {
        /// Trusts the hint, as some collections do.
        struct Trusting(usize);
        impl<'de> Deserialize<'de> for Trusting {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl<'de> serde::de::Visitor<'de> for Visitor {
                    type Value = Trusting;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("a sequence")
                    }
                    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, seq: A) -> Result<Trusting, A::Error> {
                        Ok(Trusting(seq.size_hint().unwrap_or(0)))
                    }
                }
                deserializer.deserialize_seq(Visitor)
            }
        }
        impl Serialize for Trusting {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_unit()
            }
        }
        each_positional!(C => {
            for payload in [&b"\xfd\0\0\0\0\0\x08\0\0"[..], b"\x80\x80\x80\x80\x80\x80\x02"] {
                if let Ok(Trusting(reserved)) = decode::<C, Trusting>(payload) {
                    assert!(reserved < 100_000, "{reserved}");
                }
            }
        });
    }

    #[test]
    fn nesting_ends_before_the_stack_does() {
        each_positional!(C => { round_trip::<C, _>(nest(49)); });
        each!(C => {
            let named = |inner| Shape::Named { name: None, inner: Some(Box::new(inner)) };
            round_trip::<C, _>((0..32).fold(Shape::Empty, |inner, _| named(inner)));
            assert!(<C as Codec<Nested>>::encode(&nest(51)).is_err());
            for byte in [b"\x01", b"\x03", b"["] {
                assert!(decode::<C, Nested>(&byte.repeat(1 << 20)).is_err());
                assert!(decode::<C, Shape>(&byte.repeat(1 << 20)).is_err());
            }
        });
    }

    #[test]
    fn what_was_encoded_is_never_refused_for_its_size() {
        each!(C => {
            round_trip::<C, _>(vec![1u128; 100_000]);
            round_trip::<C, _>(vec![((), (), (), 1u8, ()); 100_000]);
            round_trip::<C, _>(vec![(); 60_000]);
        });
        each_positional!(C => {
            assert!(<C as Codec<Vec<()>>>::encode(&vec![(); 70_000]).is_err());
        });
    }

    #[test]
    fn positional_codecs_refuse_what_they_would_lose_and_json_does_not() {
        let (full, skipped) = (Skips { nick: Some(1), age: 2 }, Skips { nick: None, age: 2 });
        each_positional!(C => {
            assert!(C::encode(&full).is_ok());
            assert!(C::encode(&skipped).unwrap_err().to_string().contains("`nick` of `Skips`"));
            assert!(C::encode(&Flat { skips: full.clone() }).unwrap_err().is_about_type());
            let untagged = Untagged::Number(1);
            let payload = C::encode(&untagged).unwrap();
            assert!(round_trips::<C, _>(&untagged, &payload).unwrap_err().is_about_type());
        });
        #[cfg(feature = "json")]
        {
            round_trip::<Json, _>(skipped);
            round_trip::<Json, _>(Flat { skips: full });
            round_trip::<Json, _>(vec![Untagged::Number(1), Untagged::Text("a".into())]);
        }
    }

    /// Without its feature `float_roundtrip`, serde_json reads one in five floats as a neighbour.
    #[test]
    fn floats_come_back_to_the_last_bit() {
        let prices: Vec<f64> = (0..1000).map(|n| f64::from(n) * 0.011).collect();
        let bits: Vec<f32> = (0..1000).map(|n| f32::from_bits(n * 4_000_037 % 0x7f80_0000)).collect();
        each!(C => { round_trip::<C, _>((prices.clone(), bits.clone())); });
    }

    #[cfg(feature = "json")]
    #[test]
    fn json_refuses_what_it_would_lose() {
        assert!(!Json::encode(&Some(None::<u8>)).unwrap_err().is_about_type());
        assert!(Json::encode(&vec![Some(f64::NAN)]).is_err());
        assert!(Json::encode(&HashMap::from([((1u8, 2u8), 3u8)])).is_err());
    }

    #[test]
    fn types_that_change_on_the_way_are_found_out() {
        each!(C => {
            let swapped = Swapped(1, 2);
            let payload = C::encode(&swapped).unwrap();
            assert_eq!(round_trips::<C, _>(&swapped, &payload), Err(CHANGED));
        });
    }

    #[test]
    fn sets_and_maps_in_another_order_are_no_change() {
        let map: HashMap<u32, HashSet<String>> =
            (0..50).map(|n| (n, (0..n).map(|m| m.to_string()).collect())).collect();
        let heap: BinaryHeap<u32> = (0..100).map(|n| n * 7919 % 101).collect();
        each!(C => {
            for _ in 0..5 {
                let payload = <C as Codec<_>>::encode(&map).unwrap();
                round_trips::<C, _>(&map, &payload).unwrap();
                let payload = <C as Codec<_>>::encode(&heap).unwrap();
                round_trips::<C, _>(&heap, &payload).unwrap();
            }
        });
    }

    #[test]
    fn errors_show_nothing_of_the_value() {
        #[derive(Debug, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        struct Refuses;
        impl TryFrom<String> for Refuses {
            type Error = String;
            fn try_from(text: String) -> Result<Self, String> {
                Err(format!("bad password {text}"))
            }
        }
        each!(C => {
            let payload = <C as Codec<String>>::encode(&"hunter2".to_owned()).unwrap();
            for error in [
                decode::<C, Refuses>(&payload).unwrap_err(),
                decode::<C, (u8, Vec<bool>)>(&payload).unwrap_err(),
                decode::<C, Shape>(&payload).unwrap_err(),
            ] {
                assert!(!format!("{error} {error:?}").contains("hunter2"));
            }
        });
    }

    fn anything<T: DeserializeOwned + Serialize>(payload: &[u8]) {
        each!(C => {
            if let Ok(value) = decode::<C, T>(payload) {
                let again = <C as Codec<T>>::encode(&value);
                if let Ok(again) = again {
                    assert!(decode::<C, T>(&again).is_ok());
                }
            }
        });
    }

    proptest! {
        #[test]
        fn random_payloads_never_panic(payload in prop::collection::vec(any::<u8>(), 0..200)) {
            anything::<Everything>(&payload);
            anything::<Vec<Shape>>(&payload);
            anything::<HashMap<String, Vec<Option<(u64, f32)>>>>(&payload);
            anything::<Nested>(&payload);
            anything::<Vec<Vec<()>>>(&payload);
            anything::<Result<Box<str>, Vec<char>>>(&payload);
        }

        #[test]
        fn damaged_payloads_never_panic(
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        ) {
            each!(C => {
                let mut payload = <C as Codec<Everything>>::encode(&everything()).unwrap();
                for (at, byte) in &damage {
                    let at = at.index(payload.len());
                    payload[at] = *byte;
                }
                anything::<Everything>(&payload);
            });
        }

        #[test]
        fn all_values_come_back(value: (Option<String>, Vec<(i64, u128, char)>, BTreeMap<u8, Option<bool>>, i16)) {
            each!(C => { round_trip::<C, _>(value.clone()); });
        }
    }
}

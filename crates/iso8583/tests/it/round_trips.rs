//! Whatever a message holds comes back from the wire.

use iso8583::field::{Content, Length, definition};
use iso8583::private_data::{self, PrivateData, Tag};
use iso8583::{Deframer, Framing, Message, Mti, Profile, framing::Frame};
use proptest::prelude::*;

/// Content that the definition of the field allows. Terminals write 60 and 61 as digits.
fn fitting(field: u8, length: usize, seed: &[u8]) -> Vec<u8> {
    let definition = definition(field).unwrap();
    let length = match definition.length {
        Length::Fixed(exact) => exact,
        Length::UpTo99(most) | Length::UpTo999(most) => length % (most + 1),
    };
    let bytes = (0..length).map(|place| seed[place % seed.len()]);
    match (field, definition.content) {
        (60 | 61, _) | (_, Content::Digits) => bytes.map(|byte| b'0' + byte % 10).collect(),
        (_, Content::SignedDigits) => {
            bytes.enumerate().map(|(place, byte)| if place == 0 { b'D' } else { b'0' + byte % 10 }).collect()
        }
        (_, Content::Letters) => bytes.map(|byte| b' ' + byte % 95).collect(),
        (_, Content::Text) => {
            bytes.map(|byte| if byte < 0x20 || byte == 0x7f { b'x' } else { byte }).collect()
        }
        (_, Content::Bytes) => bytes.collect(),
        (_, Content::Track) => bytes.map(|byte| if byte > 250 { b'=' } else { b'0' + byte % 10 }).collect(),
    }
}

prop_compose! {
    fn any_message()(
        mti in "[0-9]{4}",
        fields in proptest::collection::vec((2..=128u8, 0..1000usize), 0..40),
        seed in proptest::collection::vec(any::<u8>(), 1..64),
    ) -> Message {
        let mut message = Message::new(Mti::from_ascii(mti.as_bytes()).unwrap());
        for (field, length) in fields.into_iter().filter(|(field, _)| *field != 65) {
            message.set(field, &fitting(field, length, &seed));
        }
        message
    }
}

proptest! {
    #[test]
    fn messages(mut message in any_message(), before in any_message()) {
        for profile in [Profile::Net, Profile::Pos] {
            message.header = (profile == Profile::Pos).then(Default::default);
            let mut bytes = Vec::new();
            profile.encode(&message, &mut bytes).unwrap();
            prop_assert_eq!(&profile.decode(&bytes).unwrap(), &message);
            let mut reused = before.clone();
            profile.decode_into(&bytes, &mut reused).unwrap();
            prop_assert_eq!(&reused, &message);
        }
    }

    #[test]
    fn frames(messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..300), 1..6),
              name in prop::sample::select(vec!["binary2", "binary4+tpdu", "ascii4+unionpay", "ascii4+inclusive"]),
              cut in 1..200usize) {
        let framing: Framing = name.parse().unwrap();
        let mut stream = Vec::new();
        for message in &messages {
            framing.write(None, message, &mut stream).unwrap();
        }
        let (mut deframer, mut found) = (Deframer::new(framing), Vec::new());
        for piece in stream.chunks(cut) {
            deframer.push(piece);
            while let Some(frame) = deframer.pull().unwrap() {
                if let Frame::Message { message, .. } = frame {
                    found.push(message.to_vec());
                }
            }
        }
        prop_assert_eq!(found, messages);
    }

    #[test]
    fn private_entries(entries in proptest::collection::btree_map(0x41..=0x5e_u8,
                       proptest::collection::vec(any::<u8>(), 0..300), 0..6)) {
        let mut bytes = Vec::new();
        for (tag, value) in &entries {
            private_data::write(&mut bytes, Tag::from_byte(*tag).unwrap(), value);
        }
        let data = PrivateData::parse(&bytes).unwrap();
        prop_assert_eq!(data.entries().count(), entries.len());
        for (tag, value) in &entries {
            prop_assert_eq!(data.get(Tag::from_byte(*tag).unwrap()), Some(&value[..]));
        }
    }
}

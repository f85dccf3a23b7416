//! Any bytes give a message or a fault with field and offset; nothing panics, nothing is quoted.

use crate::known_answers::{parts, vectors};
use iso8583::describe::describe;
use iso8583::framing::Frame;
use iso8583::private_data::PrivateData;
use iso8583::{Deframer, Message, MessageKey, OriginalData, Profile, mac};
use proptest::prelude::*;

const PROFILES: [Profile; 2] = [Profile::Net, Profile::Pos];

/// What every receiver does with bytes from outside.
fn swallow(profile: Profile, bytes: &[u8]) {
    match profile.decode(bytes) {
        Err(fault) => {
            assert!(fault.offset <= bytes.len());
            assert!(fault.field == 65 || fault.field <= 128);
        }
        Ok(message) => inspect(profile, bytes, &message),
    }
}

fn inspect(profile: Profile, bytes: &[u8], message: &Message) {
    let _ =
        (message.amount(), message.stan(), message.expiry(), message.last_four(), message.response_code());
    let _ = (message.merchant_category(), message.original(), message.private_data().is_ok());
    let _ = (MessageKey::of(message), MessageKey::of_terminal(message), OriginalData::of(message));
    let _ = mac::verify(profile, bytes, message, |_| [0; 8]);
    let _ = format!("{message:?}{:?}", describe(message, |_| Vec::new()));
    let mut again = Vec::new();
    profile.encode(message, &mut again).expect("what was decoded can be encoded");
    assert_eq!(&profile.decode(&again).expect("and decoded again"), message);
}

/// A small message of each profile as a seed, so that this runs without the shared vectors too.
fn seeds() -> Vec<(Profile, Vec<u8>)> {
    let mut message = Message::new(iso8583::Mti::FINANCIAL);
    message.set_text(2, "6216623937629277878").set_text(4, "000000001250").set_text(22, "072");
    message.set_text(23, "001").set_text(35, "6216623937629277878=30122010000000000").set_text(39, "00");
    message.set(48, &[0xC7, 1, 1]).set(55, &[0x9F, 0x36, 2, 0, 9]).set_text(60, "2200000100060");
    message.set_text(70, "301").set(128, &[1; 8]);
    let own = PROFILES.into_iter().map(|profile| {
        let mut bytes = Vec::new();
        profile.encode(&message, &mut bytes).unwrap();
        (profile, bytes)
    });
    let shared = vectors().unwrap_or_default();
    own.chain(shared.iter().map(|vector| (parts(vector).0, parts(vector).1))).collect()
}

#[test]
fn every_byte_changed_in_many_ways() {
    for (profile, bytes) in seeds() {
        for place in 0..bytes.len() {
            for change in [0x01, 0x02, 0x08, 0x0f, 0x10, 0x40, 0x80, 0xf0, 0xff, bytes[place]] {
                let mut changed = bytes.clone();
                changed[place] ^= change;
                swallow(profile, &changed);
            }
        }
    }
}

#[test]
fn every_cut_and_every_extension() {
    for (profile, bytes) in seeds() {
        for end in 0..bytes.len() {
            assert!(profile.decode(&bytes[..end]).is_err(), "a cut message is not whole");
        }
        let longer = [&bytes[..], &[0x30]].concat();
        assert!(profile.decode(&longer).is_err());
    }
}

#[test]
fn faults_do_not_quote_content() {
    let mut bytes = b"0200".to_vec();
    bytes.extend_from_slice(&[0x40, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend_from_slice(b"16621662393762927x");
    let fault = Profile::Net.decode(&bytes).unwrap_err();
    assert_eq!(fault.to_string(), "field 2 at byte 14: a character that does not belong there");
    assert!(!format!("{fault:?}").contains("6216"));
}

proptest! {
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for profile in PROFILES {
            swallow(profile, &bytes);
        }
        let _ = PrivateData::parse(&bytes).map(|data| data.entries().count());
        let _ = OriginalData::parse(&bytes);
    }

    /// A right beginning gets deeper than random bytes do.
    #[test]
    fn any_fields(bitmap in any::<u64>(), rest in proptest::collection::vec(any::<u8>(), 0..400),
                  digits in "[0-9]{0,400}") {
        for tail in [&rest[..], digits.as_bytes()] {
            swallow(Profile::Net, &[b"0200", &bitmap.to_be_bytes()[..], tail].concat());
            swallow(Profile::Pos, &[&[0; 11][..], &[2, 0], &bitmap.to_be_bytes()[..], tail].concat());
        }
    }

    #[test]
    fn any_stream(pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..20),
                  framing in prop::sample::select(vec!["binary2", "binary2+tpdu", "ascii4", "binary4+inclusive",
                                                       "binary2+unionpay"])) {
        let mut deframer = Deframer::new(framing.parse().unwrap());
        for piece in &pieces {
            deframer.push(piece);
            while let Ok(Some(frame)) = deframer.pull() {
                if let Frame::Message { message, .. } = frame {
                    prop_assert!(message.len() <= 8192);
                }
            }
        }
        let _ = deframer.end();
    }
}

//! Conversations of the contact and gate paths.

use super::scripts::{Field, SALE, gpo};
use crate::card::{Card, Profile};
use crate::keys::StoreKeys;
use crate::testing::{self, Memory, NOON};
use crypto::emv_keys::session_key;
use emv::cryptogram::{Inputs, Transaction, verify_inputs};
use emv::dol::Dol;
use emv::objects::{
    Aip, Amount, Atc, CodeN3, CryptogramKind, Ctq, Date, IssuerApplicationData, UnpredictableNumber,
};
use emv::oda::{self, Certificate, FddaData, StaticData};
use emv::{tag, tlv};

const BEGIN: &str = "
    > pse
    < 6F 84 A5 9000
    > 00B2012400
    < 70 61 9000
    > 00B2022400
    < 6A83
    > aid
    < 6F 84 A5 9000
    > 80A80000098307015620F8C8015600
    < 77 82 94 9000
";
/// The terminal's part of a cryptogram: a sale of 10.00 CNY.
const CDOL1: &str = "000000001000 000000000000 0156 8000000000 0156 261122 00 AB972819";
const ANSWER: &str = "77 9F27 9F36 9F26 9F10 9000";

fn contact() -> Field {
    Field::new(Memory::with(Card { profile: Profile::Contact, ..testing::card() }, 1..=9), Profile::Contact)
}

fn packed(text: &str) -> Vec<u8> {
    hex::decode(text.replace(' ', "")).unwrap()
}

fn command(header: &str, data: &[u8]) -> Vec<u8> {
    [&packed(header)[..], &[data.len() as u8], data, &[0]].concat()
}

fn find(answer: &[u8], wanted: tlv::Tag) -> Vec<u8> {
    tlv::find_deep(&answer[..answer.len() - 2], wanted).unwrap().unwrap().to_vec()
}

fn parsed(answer: &[u8]) -> (IssuerApplicationData, [u8; 8], u8) {
    let data = IssuerApplicationData::parse(&find(answer, tag::IAD)).unwrap();
    (data, find(answer, tag::CRYPTOGRAM).try_into().unwrap(), find(answer, tag::CID)[0])
}

/// Whether the issuer would accept the cryptogram of this GENERATE AC answer.
fn is_genuine(list: &'static [u8], values: &[u8], aip: Aip, answer: &[u8]) -> bool {
    let card = testing::card();
    let values = Dol::parse(list).unwrap().split(values).unwrap();
    let atc = Atc::from(<[u8; 2]>::try_from(find(answer, tag::ATC)).unwrap());
    let (data, claimed, _) = parsed(answer);
    let inputs = Inputs::unionpay(Transaction::from_terminal(values, aip, atc).unwrap(), &data);
    verify_inputs(&inputs, claimed, card.algorithm.into(), &testing::card_key(&card)).is_ok()
}

#[test]
fn asked_for_anything_but_no_the_card_asks_its_issuer() {
    for (p1, cid, results) in [("40", 0x80, 0xA4), ("80", 0x80, 0xA4), ("00", 0x00, 0x84)] {
        let mut field = contact().unlocked();
        field.check(BEGIN);
        let answer = field.send(&command(&format!("80AE{p1}00"), &packed(CDOL1)));
        let (data, _, kind) = parsed(&answer);
        assert_eq!((kind, data.cvr.to_bytes()), (cid, [3, results, 0, 0]));
        let aip = Aip::from_bytes([0x1C, 0]);
        assert!(is_genuine(super::files::CDOL1, &packed(CDOL1), aip, &answer));
        // The profile is in it: as a contactless answer it is worth nothing.
        assert!(!is_genuine(super::files::CDOL1, &packed(CDOL1), Aip::default(), &answer));
        assert_eq!(field.memory.counter().atc, 1);
    }
}

/// Up to the question to the issuer; answers the proof the issuer gives for this code.
fn asked(field: &mut Field, code: [u8; 2]) -> Vec<u8> {
    field.check(BEGIN);
    let answer = field.send(&command("80AE8000", &packed(CDOL1)));
    let card = testing::card();
    let key = session_key(card.algorithm.into(), &testing::card_key(&card), field.memory.counter().atc);
    let proof = crypto::arpc::method_1(card.algorithm.into(), &key, parsed(&answer).1, code);
    [&proof[..], &code].concat()
}

#[test]
fn only_a_proved_yes_becomes_a_yes() {
    // What the issuer says, what the terminal does with it and passes on, what it wants; then the kind of the
    // answer and its results.
    for (says, proof, told, wanted, cid, results) in [
        (*b"00", "right", *b"00", "40", 0x40, 0x64),
        (*b"00", "right", *b"00", "00", 0x00, 0x24),
        (*b"05", "right", *b"05", "40", 0x00, 0x24),
        (*b"05", "right", *b"00", "40", 0x00, 0x24),
        (*b"00", "wrong", *b"00", "40", 0x00, 0x2C),
        (*b"00", "none", *b"00", "40", 0x00, 0x24),
        (*b"00", "none", *b"Y3", "40", 0x00, 0x25),
    ] {
        let mut field = contact().unlocked();
        let mut data = asked(&mut field, says);
        match proof {
            "right" => assert_eq!(field.send(&command("00820000", &data)), [0x90, 0x00]),
            "wrong" => {
                data[0] ^= 1;
                assert_eq!(field.send(&command("00820000", &data)), [0x63, 0x00]);
            }
            _ => {}
        }
        let values = [&told[..], &packed(CDOL1)].concat();
        let answer = field.send(&command(&format!("80AE{wanted}00"), &values));
        let (issuer_data, _, kind) = parsed(&answer);
        assert_eq!((kind, issuer_data.cvr.to_bytes()[1]), (cid, results), "{proof} {wanted}");
        assert!(is_genuine(super::files::CDOL2, &values, Aip::from_bytes([0x1C, 0]), &answer));
        let second = issuer_data.cvr.second();
        assert_eq!(second, Some(if cid == 0x40 { CryptogramKind::Tc } else { CryptogramKind::Aac }));
        // It is over.
        assert_eq!(field.send(&command("80AE4000", &values)), [0x69, 0x85]);
    }
}

#[test]
fn the_issuer_proves_itself_once() {
    let mut field = contact().unlocked();
    let right = asked(&mut field, *b"00");
    let mut wrong = right.clone();
    wrong[7] ^= 0x80;
    assert_eq!(field.send(&command("00820000", &right[..9])), [0x67, 0x00]);
    assert_eq!(field.send(&command("00820000", &wrong)), [0x63, 0x00]);
    assert_eq!(field.send(&command("00820000", &right)), [0x69, 0x85]);
}

#[test]
fn a_locked_phone_does_not_begin() {
    let mut field = contact();
    field.check("> aid\n< 6F 84 A5 9000\n> 80A80000098307015620F8C8015600\n< 6986");
    // Locked again while the terminal thinks.
    field.unlock();
    field.check("> 80A80000098307015620F8C8015600\n< 77 82 94 9000\nlock");
    let first = command("80AE8000", &packed(CDOL1));
    assert_eq!(field.send(&first), [0x69, 0x86]);
    assert_eq!(field.memory.counter().atc, 0);
    field.unlock();
    assert_eq!(super::scripts::shape(&field.send(&first)), ANSWER);
}

#[test]
fn wrong_contact_commands_get_their_words() {
    let cdol1 = CDOL1.replace(' ', "");
    for (command, expected) in [
        ("ppse".to_owned(), "6A82"),
        ("80A80000098307015620F8C8015600".to_owned(), "6985"),
        (format!("80AE90001D{cdol1}00"), "6A86"),
        (format!("80AE80011D{cdol1}00"), "6A86"),
        (format!("80AE80001C{}00", &cdol1[2..]), "6700"),
        ("80AE800000".to_owned(), "6700"),
        (format!("80AE80001DFF{}00", &cdol1[2..]), "6A80"),
        ("00820000 0A 00000000000000000000".to_owned(), "6985"),
        ("0088000004 01020304 00".to_owned(), "6A81"),
        ("00B2031400".to_owned(), "6A83"),
        ("00B2011C00".to_owned(), "6A83"),
        ("00B2012400".to_owned(), "6A83"),
        ("00B2010C01FF00".to_owned(), "6700"),
        ("0020008008 241234FFFFFFFFFF".to_owned(), "6983"),
        ("FFCA000000".to_owned(), "6A81"),
        ("00840000 01 00".to_owned(), "6700"),
    ] {
        contact().unlocked().check(&format!("{BEGIN}\n> {command}\n< {expected}"));
    }
    let mut field = contact();
    assert_eq!(field.send(&packed("0084000000")).len(), 10);
    assert_eq!(super::scripts::Field::contactless().send(&packed("FFCA000000")).len(), 6);
}

#[test]
fn the_session_key_is_gone_after_a_reset() {
    let mut field = contact().unlocked();
    let proof = asked(&mut field, *b"00");
    field.application.reset();
    field.send(&command("00A40400", &testing::card().aid));
    assert_eq!(field.send(&command("00820000", &proof)), [0x69, 0x85]);
    let values = [b"00", &packed(CDOL1)[..]].concat();
    assert_eq!(field.send(&command("80AE4000", &values)), [0x69, 0x85]);
    assert_eq!(field.memory.counter().atc, 1);
}

/// Recovers the card's key as a terminal does, from the authority's key and the card's records.
fn card_key(field: &mut Field, aip: Aip) -> oda::CardKey {
    let pki = testing::pki();
    let mut read = |command: &str| field.send(&packed(command));
    let (authenticated, issuer, card) = (read("00B2011400"), read("00B2011C00"), read("00B2021C00"));
    let mut data = StaticData::new();
    assert!(data.add_record(2, &authenticated[..authenticated.len() - 2]));
    data.add_profile(aip);
    let today = Date::from_bytes([0x26, 0x11, 0x22]).unwrap();
    let digits = testing::card().number.digits();
    let certificate = Certificate {
        signed: find(&issuer, tag::ISSUER_CERTIFICATE),
        remainder: find(&card, tag::ISSUER_KEY_REMAINDER),
        exponent: find(&issuer, tag::ISSUER_EXPONENT),
    };
    let issuer = oda::recover_issuer(&pki.authority, &certificate, digits.as_bytes(), today).unwrap();
    let certificate = Certificate {
        signed: find(&card, tag::ICC_CERTIFICATE),
        remainder: find(&card, tag::ICC_KEY_REMAINDER),
        exponent: find(&card, tag::ICC_EXPONENT),
    };
    oda::recover_card(&issuer, &certificate, &data, digits.as_bytes(), today).unwrap()
}

#[test]
fn a_dynamic_signature_holds_and_is_noted() {
    let card = testing::certified(Profile::Contact);
    let mut field = Field::new(Memory::with(card, 1..=3), Profile::Contact).unlocked();
    field.check(BEGIN);
    let key = card_key(&mut field, Aip::from_bytes([0x3C, 0]));
    assert_eq!(field.send(&command("00880000", &[1, 2, 3])), [0x67, 0x00]);
    let answer = field.send(&command("00880000", &[1, 2, 3, 4]));
    let signed = find(&answer, tag::SIGNED_DYNAMIC_DATA);
    assert_eq!(oda::verify_dynamic(&key, &signed, &[1, 2, 3, 4]).unwrap()[0], 8);
    assert!(oda::verify_dynamic(&key, &signed, &[1, 2, 3, 5]).is_err());
    let answer = field.send(&command("80AE8000", &packed(CDOL1)));
    assert_eq!(parsed(&answer).0.cvr.to_bytes(), [3, 0xA4, 0, 2]);
}

fn gate() -> Field {
    let mut memory = Memory::with(testing::certified(Profile::Offline), []);
    let keys = (1..=3).map(|atc| testing::slot(&testing::card(), atc, false)).collect();
    memory.run(&StoreKeys { token: testing::token(), keys }, NOON).unwrap();
    Field::new(memory, Profile::Offline)
}

const FARE: &str = "26000080 000000000200 000000000000 0156 0000000000 0156 261122 00 1A2B3C4D 00";

#[test]
fn a_gate_is_opened_by_a_locked_phone_with_gate_keys() {
    let mut field = gate();
    field.check("> ppse\n< 6F 84 A5 9000\n> aid\n< 6F 84 A5 9000");
    let answer = field.send(&gpo(FARE));
    assert_eq!(super::scripts::shape(&answer), "77 82 9F36 57 5F34 9F10 9F26 9F27 9F6C 94 9F4B 9000");
    assert_eq!(parsed(&answer).0.cvr.to_bytes(), [3, 0x90, 0, 0]);
    let key = card_key(&mut field, Aip::from_bytes([0x20, 0]));
    let data = find(&field.send(&packed("00B2012400")), tag::CARD_AUTHENTICATION_DATA);
    let said = |amount| FddaData::V01 {
        unpredictable: UnpredictableNumber([0x1A, 0x2B, 0x3C, 0x4D]),
        amount: Amount::from_minor(amount).unwrap(),
        currency: CodeN3::from(values::Currency::CNY),
        card: &data,
    };
    let signed = find(&answer, tag::SIGNED_DYNAMIC_DATA);
    let verify = |amount| oda::verify_fdda(&key, &signed, &said(amount), Atc::new(1), Some(Ctq::default()));
    assert!(verify(200).is_ok() && verify(201).is_err());
    assert!(super::scripts::is_genuine(&testing::card(), FARE, &answer));
}

#[test]
fn gate_keys_do_not_pay_where_the_customer_is_asked() {
    let tap = |values: &str| {
        let mut field = gate();
        field.check("> aid\n< 6F 84 A5 9000");
        let answer = field.send(&gpo(values));
        (super::scripts::shape(&answer), field.memory.counter().atc)
    };
    assert_eq!(tap(SALE), ("6986".to_owned(), 0));
    // Another currency cannot be judged offline: an offline-only reader gets nothing.
    assert_eq!(tap(&FARE.replace("26000080", "28000080").replacen("0156 2611", "0840 2611", 1)).0, "6985");
    assert_eq!(tap(&FARE.replace("26000080", "28000080")).1, 1);
}

#[test]
fn a_key_that_wants_the_customer_is_not_used_at_a_gate() {
    let mut field = Field::new(Memory::with(testing::certified(Profile::Offline), 1..=3), Profile::Offline);
    field.check(&format!("> aid\n< 6F 84 A5 9000\n> gpo {FARE}\n< 6986"));
    assert_eq!((field.memory.counter().atc, field.memory.slots()), (0, 3));
}

#[test]
fn a_profile_wants_its_own_certificates() {
    use super::{CardApplication, Unpresentable};
    let present = |card: Card, profile, device| {
        let counter = crate::keys::Counter::new(card.token);
        CardApplication::present(card, counter, profile, device).map(drop)
    };
    let device = testing::device_key;
    assert_eq!(present(testing::card(), Profile::Offline, device()), Err(Unpresentable::NoCertificates));
    let contact = testing::certified(Profile::Contact);
    assert_eq!(present(contact.clone(), Profile::Offline, device()), Err(Unpresentable::NoCertificates));
    assert_eq!(present(contact.clone(), Profile::Contact, testing::user_key()), Err(Unpresentable::Key));
    let other = Card { token: values::Id::from_u128(8), ..contact };
    assert_eq!(present(other, Profile::Contact, device()), Err(Unpresentable::Key));
}

//! Codes at the bank: it looks for itself, whatever the token service let through.

use crate::bank::{Bank, Tap, range_of, test_card, token_for};
use crypto::emv_keys::Algorithm;
use emv::cryptogram::{self, Inputs};
use emv::de55::Request;
use emv::objects::Aip;
use emv::qr::Place;
use emv::qr::consumer::PROFILE;
use iso8583::Message;
use sandbox::defences::{Defence, Defences};
use sandbox::test_cards::Behaviour;

/// A proof that was shown, scanned, or tapped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Made {
    Shown,
    Scanned,
    Tapped,
}

/// A payment that came as this entry mode says, with a proof made so.
fn message(bank: &Bank, entry: &str, made: Made, tap: &Tap) -> Message {
    let card = test_card("boc", Behaviour::Approve);
    let mut message = bank.tap(card, tap);
    let mut chip = Request::parse(message.get(55).unwrap()).unwrap();
    let covered = &mut chip.transaction;
    covered.aip = if made == Made::Tapped { Aip::default() } else { PROFILE };
    if made == Made::Scanned {
        covered.unpredictable = Place::new(b"PAIZA0000000001", b"PZ000001").number(covered.atc);
    }
    let data = chip.unionpay().unwrap();
    let inputs = match made {
        Made::Shown => Inputs::unionpay_shown_code(&chip.transaction, &data),
        Made::Scanned | Made::Tapped => Inputs::unionpay(chip.transaction, &data),
    };
    let range = range_of(card);
    let algorithm = Algorithm::from_id(range.algorithm_id()).unwrap();
    let key = bank.keys.master(algorithm, range.dki).unwrap().derive_token_key(token_for(card), 1);
    chip.cryptogram = cryptogram::compute(&inputs, algorithm, &key);
    let mut bytes = Vec::new();
    chip.write(&mut bytes).unwrap();
    message.set(55, &bytes).set_text(22, entry);
    message
}

#[test]
fn a_bank_knows_a_code_from_a_tap() {
    let tap = Tap::default();
    for (entry, made, expected) in [
        ("032", Made::Shown, "approved"),
        ("042", Made::Scanned, "approved"),
        ("071", Made::Tapped, "approved"),
        ("071", Made::Shown, "cryptogram_wrong"),
        ("071", Made::Scanned, "profile_differs"),
        ("032", Made::Tapped, "cryptogram_wrong"),
        ("032", Made::Scanned, "cryptogram_wrong"),
        ("042", Made::Tapped, "profile_differs"),
        ("042", Made::Shown, "cryptogram_wrong"),
    ] {
        let mut bank = Bank::open("boc");
        let message = message(&bank, entry, made, &tap);
        bank.send(&message);
        assert_eq!(bank.reason(&message), expected, "{entry}");
        let mut open = Bank::open("boc");
        open.defences = Defences::ALL.danger_without(Defence::ChipData);
        assert_eq!(open.send(&message), "00", "{entry} without its look at the chip");
    }
}

#[test]
fn a_code_has_its_shop_its_limit_and_its_owner() {
    let edited = |entry: &str, made, tap: &Tap, edit: fn(&mut Message)| {
        let mut bank = Bank::open("boc");
        let mut message = message(&bank, entry, made, tap);
        edit(&mut message);
        bank.send(&message);
        bank.reason(&message)
    };
    let nothing = |_: &mut Message| ();
    let elsewhere = |message: &mut Message| {
        message.set_padded(42, "PAIZA0000000002");
    };
    let with_pin = |message: &mut Message| {
        message.set(52, &[0; 8]);
    };
    let most = Tap { amount: 100_000, ..Tap::default() };
    let more = Tap { amount: 100_001, ..Tap::default() };
    let locked = Tap { verified: false, ..Tap::default() };
    assert_eq!(edited("042", Made::Scanned, &most, elsewhere), "place_differs");
    assert_eq!(edited("032", Made::Shown, &most, nothing), "approved");
    assert_eq!(edited("032", Made::Shown, &more, nothing), "limit_code");
    assert_eq!(edited("032", Made::Shown, &more, with_pin), "approved");
    assert_eq!(edited("042", Made::Scanned, &more, nothing), "approved", "its owner saw the amount");
    assert_eq!(edited("032", Made::Shown, &locked, nothing), "verification_missing");
    assert_eq!(edited("042", Made::Scanned, &locked, nothing), "verification_missing");
}

//! What is edited between tap and message is noticed by the defence named, also by an attacker who holds the keys
//! of every line. Without that defence the payment goes through.

use crate::shop::{Hold, Shop, Tapped, edit_chip};
use crate::town::{CARD, Town, yuan};
use emv::cryptogram::{Inputs, compute};
use emv::objects::{Aid, Aip, Amount, Atc, CryptogramKind, Ctq, Cvr, Date};
use iso8583::Message;
use sandbox::directory::Directory;
use server::phone::Phone;
use tokens::defences::Defence;
use values::{Country, Currency, TokenNumber};

/// What stands at the terminal or on its line, holding the key of the line, does to a message.
type Edit = fn(&mut Message);

/// One attack: its name, what it does, the defence it meets, and the answer it gets.
type Attack = (&'static str, Edit, Defence, &'static str);

/// The attacker computes cryptograms too: the issuer's master key of the sandbox is public.
fn forge(message: &mut Message, edit: impl FnOnce(&mut emv::de55::Request)) {
    let number = TokenNumber::parse(message.get(2).unwrap()).unwrap();
    edit_chip(message, |chip| {
        edit(chip);
        let (bank, range) = Directory::sandbox().by_token_prefix(number.issuer_prefix()).unwrap();
        let card = chip.unionpay().unwrap();
        let algorithm = crypto::emv_keys::Algorithm::from_id(card.algorithm).unwrap();
        let master =
            crypto::emv_keys::MasterKey::new(algorithm, &sandbox::keys::issuer_master_key(bank, range));
        let key = master.derive_token_key(number, 1);
        chip.cryptogram = compute(&Inputs::unionpay(chip.transaction, &card), algorithm, &key);
    });
}

fn unverified(chip: &mut emv::de55::Request) {
    let mut card = chip.unionpay().unwrap();
    card.cvr = Cvr::at_tap(CryptogramKind::Arqc);
    chip.issuer_data = card.to_bytes();
    chip.ctq = None;
}

fn moved_expiry(message: &mut Message) {
    let mut track = message.get(35).unwrap().to_vec();
    let separator = track.iter().position(|byte| *byte == b'=').unwrap();
    track[separator + 1..separator + 5].copy_from_slice(b"3501");
    message.set(35, &track);
}

const ATTACKS: &[Attack] = &[
    (
        "amount of the message raised",
        |m| {
            m.set_amount(yuan(99_900));
        },
        Defence::Amount,
        "amount_mismatch",
    ),
    (
        "amount raised in message and chip data alike",
        |m| {
            m.set_amount(yuan(99_900));
            edit_chip(m, |chip| chip.transaction.amount = Amount::from_minor(99_900).unwrap());
        },
        Defence::Cryptogram,
        "cryptogram_wrong",
    ),
    (
        "a cryptogram over zero pays",
        |m| forge(m, |chip| chip.transaction.amount = Amount::ZERO),
        Defence::Amount,
        "amount_mismatch",
    ),
    (
        "the card agreed to another currency",
        |m| forge(m, |chip| chip.transaction.currency = Currency::JPY.into()),
        Defence::Currency,
        "currency_mismatch",
    ),
    (
        "a tap of last week",
        |m| forge(m, |chip| chip.transaction.date = Date::from_bytes([0x26, 0x11, 0x15]).unwrap()),
        Defence::Date,
        "date_mismatch",
    ),
    (
        "date changed under the cryptogram",
        |m| edit_chip(m, |chip| chip.transaction.date = Date::from_bytes([0x26, 0x11, 0x23]).unwrap()),
        Defence::Cryptogram,
        "cryptogram_wrong",
    ),
    (
        "unpredictable number exchanged",
        |m| edit_chip(m, |chip| chip.transaction.unpredictable.0[0] ^= 1),
        Defence::Cryptogram,
        "cryptogram_wrong",
    ),
    (
        "verification claimed in the qualifiers",
        |m| {
            forge(m, unverified);
            edit_chip(m, |chip| chip.ctq = Some(Ctq::from_bytes([0x00, 0x80])));
        },
        Defence::Verification,
        "verification_forged",
    ),
    (
        "verification written into the card's results",
        |m| {
            forge(m, unverified);
            edit_chip(m, |chip| {
                let mut card = chip.unionpay().unwrap();
                card.cvr = card.cvr.device_verified();
                chip.issuer_data = card.to_bytes();
            });
        },
        Defence::Cryptogram,
        "cryptogram_wrong",
    ),
    (
        "a locked phone's cryptogram relayed to a shop",
        |m| forge(m, unverified),
        Defence::Limits,
        "verification_required",
    ),
    (
        "another application named",
        |m| edit_chip(m, |chip| chip.aid = Some(Aid::unionpay_credit())),
        Defence::Aid,
        "aid_mismatch",
    ),
    (
        "a tap dressed up as contact",
        |m| {
            m.set_text(22, "052");
        },
        Defence::Profile,
        "profile_mismatch",
    ),
    (
        "the contact profile answered a tap",
        |m| forge(m, |chip| chip.transaction.aip = Aip::default().with(Aip::DDA)),
        Defence::Profile,
        "profile_mismatch",
    ),
    (
        "a counter that no key was issued for",
        |m| forge(m, |chip| chip.transaction.atc = Atc::new(40)),
        Defence::Window,
        "counter_not_issued",
    ),
    (
        "a counter far beyond the keys",
        |m| forge(m, |chip| chip.transaction.atc = Atc::new(9_000)),
        Defence::Window,
        "counter_not_issued",
    ),
    (
        "shown as a code instead of tapped in an app",
        |m| {
            m.set_text(22, "812");
        },
        Defence::Domain,
        "mode_not_allowed",
    ),
    (
        "used abroad",
        |m| forge(m, |chip| chip.transaction.country = Country::from_numeric(392).unwrap().into()),
        Defence::Domain,
        "country_not_allowed",
    ),
    ("expiry of the track moved", moved_expiry, Defence::TokenData, "token_data_mismatch"),
];

/// The answers of a town to one attack: the gateway's finding, the terminal's answer.
fn attack(town: &Town, shop: &Shop, phone: &Phone, edit: Edit) -> (String, String) {
    phone.sync().unwrap();
    let mut message = shop.message(&shop.tap(town, phone, 1000));
    edit(&mut message);
    let code = shop.send(message).expect("an answer");
    (town.verdict(), code)
}

#[test]
fn every_edited_field_is_noticed() {
    let town = Town::start();
    let (phone, _) = town.phone_with("li", CARD);
    let shop = Shop::open(&town);
    let before = town.available(CARD);
    for (name, edit, _, verdict) in ATTACKS {
        let (found, code) = attack(&town, &shop, &phone, *edit);
        assert_eq!(found, *verdict, "{name}");
        assert_ne!(code, "00", "{name}");
    }
    assert_eq!(town.available(CARD), before, "nothing was booked");
    assert_eq!(shop.pay(&town, &phone, 1000).as_deref(), Some("00"), "{}", town.verdict());
    assert_eq!(before - town.available(CARD), 1000);
    town.assert_whole();
}

#[test]
fn without_its_defence_each_edit_pays() {
    for defence in [
        Defence::Amount,
        Defence::Currency,
        Defence::Date,
        Defence::Aid,
        Defence::Profile,
        Defence::Verification,
        Defence::Cryptogram,
        Defence::TokenData,
        Defence::Window,
        Defence::Domain,
        Defence::Limits,
    ] {
        let town = Town::without(&[defence]);
        let (phone, _) = town.phone_with("li", CARD);
        let shop = Shop::open(&town);
        for (name, edit, _, _) in ATTACKS.iter().filter(|(_, _, by, _)| *by == defence) {
            let (found, code) = attack(&town, &shop, &phone, *edit);
            assert_eq!((found.as_str(), code.as_str()), ("OK", "00"), "{name}, without {defence:?}");
        }
    }
}

/// Two phones of two customers: what one's token signed is sent under the other's number.
fn with_anothers_cryptogram(town: &Town) -> String {
    let (thief, _) = town.phone_with("thief", CARD);
    let (victim, _) = town.phone_with("victim", "6216600100000000024");
    let shop = Shop::open(town);
    let (mine, theirs) = (shop.tap(town, &thief, 1000), shop.tap(town, &victim, 1000));
    let mut message = shop.message(&theirs);
    message.set(55, &mine.icc_data);
    assert_ne!(mine.number_digits(), theirs.number_digits());
    shop.send(message).expect("an answer")
}

#[test]
fn a_cryptogram_of_another_token_is_worthless() {
    let town = Town::start();
    assert_eq!(with_anothers_cryptogram(&town), "05");
    assert_eq!(town.verdict(), "cryptogram_wrong");
    assert_eq!(with_anothers_cryptogram(&Town::without(&[Defence::Cryptogram])), "00");
}

#[test]
fn a_locked_phone_uses_no_counter_and_says_see_phone() {
    let town = Town::start();
    let (phone, token) = town.phone_with("li", CARD);
    let shop = Shop::open(&town);
    let locked = Hold { locked: true, ..Hold::of(yuan(1000)) };
    let Tapped::Ended(outcome) = shop.hold(&town, &phone, &locked) else { panic!("a locked phone paid") };
    assert_eq!(outcome.ending, terminal::outcome::Ending::SeePhone);
    assert_eq!(phone.counter(token).unwrap().atc, 0);
    assert_eq!(shop.pay(&town, &phone, 1000).as_deref(), Some("00"), "unlocked, the same tap pays");
    assert_eq!(phone.counter(token).unwrap().atc, 1);
}

/// A token whose holder has not proved anything yet, and a thief who can compute its cryptograms.
fn unproven(town: &Town) -> String {
    let (payer, _) = town.phone_with("li", CARD);
    let (other, _) = town.set_up("wang", "+8613800000002");
    let enrolment = other.begin_adding(&crate::town::typed("6216600100000000024")).unwrap();
    assert_eq!(enrolment.state, "step_up");
    let all = town.city.tokens.store().read(|records| records.all::<tokens::records::Token>()).unwrap();
    let inactive = all.iter().find(|token| token.standing.life == tokens::records::Life::Inactive);
    let inactive = inactive.expect("the token waits for its proof");
    let shop = Shop::open(town);
    let mut message = shop.message(&shop.tap(town, &payer, 1000));
    message.set_text(2, &inactive.number.digits());
    message.remove(35);
    forge(&mut message, |_| ());
    shop.send(message).expect("an answer");
    town.verdict()
}

#[test]
fn a_token_that_nobody_proved_does_not_pay() {
    assert_eq!(unproven(&Town::start()), "counter_not_issued", "nobody has keys of it yet");
    assert_eq!(unproven(&Town::without(&[Defence::Window])), "token_inactive");
    assert_eq!(unproven(&Town::without(&[Defence::Window, Defence::Standing])), "OK");
}

/// A payment at the merchant whose category tokens are not for.
fn bet(town: &Town) -> String {
    let (phone, _) = town.phone_with("li", CARD);
    let shop = Shop::of(town, &server::city::DEMO_MERCHANTS[2]);
    shop.pay(town, &phone, 1000).expect("an answer")
}

#[test]
fn a_token_does_not_pay_outside_its_domain() {
    let town = Town::start();
    assert_eq!(bet(&town), "57");
    assert_eq!(town.verdict(), "merchant_not_allowed");
    assert_eq!(bet(&Town::without(&[Defence::Domain])), "00");
}

/// A terminal that names a better category than its merchant's.
fn category_of_the_terminal(town: &Town, named: &str) -> (String, Option<String>) {
    let (phone, _) = town.phone_with("li", CARD);
    let shop = Shop::of(town, &server::city::DEMO_MERCHANTS[2]);
    let mut message = shop.message(&shop.tap(town, &phone, 1000));
    message.set_text(18, named);
    let code = shop.send(message).expect("an answer");
    let asked = town
        .tape
        .last("acquirer", "network")
        .map(|bytes| iso8583::Profile::Net.decode(&bytes).unwrap().text(18).unwrap_or_default().to_owned());
    (code, asked)
}

#[test]
fn a_terminal_cannot_name_its_merchants_category() {
    let town = Town::start();
    let (code, _) = category_of_the_terminal(&town, "5812");
    assert_ne!(code, "00", "another category than the merchant's is refused by the acquirer");
    // The acquirer's own record names the category to the network, and the gateway turns it away.
    let (_, asked) = category_of_the_terminal(&Town::without(&[Defence::Domain]), "7995");
    assert_eq!(asked.as_deref(), Some("7995"));
}

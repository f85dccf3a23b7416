//! Attacks with codes: on a phone's screen, on a shop's wall. Each is defeated by a named defence, and seen to succeed
//! without it.

use crate::defences::Defence;
use crate::gateway::{EntryMode, Verification};
use crate::ops::*;
use crate::records::*;
use crate::testing::{City, SHOP, Tap, controls};
use crypto::emv_keys::Algorithm;
use emv::cryptogram::{Inputs, compute};
use emv::de55::Request;
use emv::objects::{CryptogramKind, CryptogramVersion, Cvr, IssuerApplicationData};
use emv::qr::Place;
use emv::qr::consumer::{PROFILE, birth};
use std::time::Duration;
use values::{Currency, Money};

const ELSEWHERE: Place = Place { acceptor: *b"104110059420002", terminal: *b"PZ000002" };

/// A city whose tokens may pay by code, without these defences.
fn city(without: &[Defence]) -> City {
    let mut city = City::new();
    for defence in without {
        city.policy.defences = city.policy.defences.danger_without(*defence);
    }
    let modes = Modes(Mode::ALL.to_vec());
    city.run(DefineControls { controls: Controls { modes, ..controls() } }).unwrap();
    city
}

/// A code that the phone showed now, scanned at the shop for so many minor units.
fn shown(city: &mut City, token: &Token, counter: u16, minor: u64) -> Tap {
    let mut tap = city.tap(token, counter, minor);
    tap.presentment.entry = EntryMode::Qr;
    tap.transaction.aip = PROFILE;
    tap.transaction.unpredictable = birth(city.now);
    tap
}

/// A shop's code that the phone scanned.
fn scanned(city: &mut City, token: &Token, counter: u16, minor: u64) -> Tap {
    let mut tap = city.tap(token, counter, minor);
    tap.presentment.entry = EntryMode::Scan;
    tap.transaction.aip = PROFILE;
    tap.transaction.unpredictable = SHOP.number(tap.transaction.atc);
    tap
}

/// DE 55 of a shown code: the phone's proof covers nothing that the shop says.
fn proof(city: &City, tap: &Tap, token: &Token) -> Request {
    let data = IssuerApplicationData {
        key_index: 1,
        version: CryptogramVersion::V01,
        cvr: tap.cvr,
        algorithm: 1,
        discretionary: None,
    };
    let card_key = city.master.derive_token_key(token.number, token.psn);
    let inputs = Inputs::unionpay_shown_code(&tap.transaction, &data);
    let cryptogram = compute(&inputs, Algorithm::TripleDes, &card_key);
    Request { aid: Some(tap.aid), ..Request::new(cryptogram, data.to_bytes(), tap.transaction) }
}

#[test]
fn codes_pay() {
    let mut city = city(&[]);
    let token = city.token();
    let tap = shown(&mut city, &token, 1, 3650);
    let chip = proof(&city, &tap, &token);
    assert_eq!(city.present(tap.presentment, &chip), "admitted");
    let tap = scanned(&mut city, &token, 2, 3650);
    let chip = city.chip(&tap, &token);
    assert_eq!(city.present(tap.presentment, &chip), "admitted");
    let state: TokenState = city.find(token.number);
    let day: CodeDay = city.find(token.number);
    assert_eq!((state.spent_minor, day.spent_minor), (7300, 3650), "a scanned code counts as a tap does");
}

/// An attack: what it presents, and its name.
type Attack = fn(&mut City, &Token) -> &'static str;

/// Each attack fails while one of its defences stands, and succeeds without all of them.
fn check(attack: Attack, defences: &[(Defence, &str)]) {
    let run = |without: &[Defence]| {
        let mut city = city(without);
        let token = city.token();
        attack(&mut city, &token)
    };
    let all: Vec<Defence> = defences.iter().map(|(defence, _)| *defence).collect();
    assert_eq!(run(&[]), defences[0].1);
    for (alone, code) in defences {
        let others: Vec<Defence> = all.iter().filter(|other| *other != alone).copied().collect();
        assert_eq!(run(&others), *code, "{alone:?} alone");
    }
    assert_eq!(run(&all), "admitted", "without {all:?}");
}

#[test]
fn a_codes_cryptogram_over_nothing_is_no_tap() {
    // The proof is copied off a screen and presented as if the phone had been held to a reader.
    check(
        |city, token| {
            let mut tap = shown(city, token, 1, 3650);
            let chip = proof(city, &tap, token);
            tap.presentment.entry = EntryMode::Contactless;
            city.present(tap.presentment, &chip)
        },
        &[(Defence::Profile, "profile_mismatch"), (Defence::Cryptogram, "cryptogram_wrong")],
    );
}

#[test]
fn a_taps_cryptogram_is_no_code() {
    // A reader in a crowd has a phone tapped for nothing, and shows what it got as a code for much.
    check(
        |city, token| {
            let mut tap = city.tap(token, 1, 3650);
            let chip = city.chip(&tap, token);
            tap.presentment.entry = EntryMode::Qr;
            city.present(tap.presentment, &chip)
        },
        &[
            (Defence::Profile, "profile_mismatch"),
            (Defence::Cryptogram, "cryptogram_wrong"),
            (Defence::ShownCodeLife, "code_expired"),
        ],
    );
    check(
        |city, token| {
            let mut tap = city.tap(token, 1, 3650);
            let chip = city.chip(&tap, token);
            tap.presentment.entry = EntryMode::Scan;
            city.present(tap.presentment, &chip)
        },
        &[(Defence::Profile, "profile_mismatch"), (Defence::Place, "place_mismatch")],
    );
}

#[test]
fn a_shown_code_is_no_scanned_one() {
    check(
        |city, token| {
            let mut tap = shown(city, token, 1, 3650);
            let chip = proof(city, &tap, token);
            tap.presentment.entry = EntryMode::Scan;
            city.present(tap.presentment, &chip)
        },
        &[(Defence::Cryptogram, "cryptogram_wrong"), (Defence::Place, "place_mismatch")],
    );
    check(
        |city, token| {
            let mut tap = scanned(city, token, 1, 3650);
            let chip = city.chip(&tap, token);
            tap.presentment.entry = EntryMode::Qr;
            city.present(tap.presentment, &chip)
        },
        &[(Defence::Cryptogram, "cryptogram_wrong"), (Defence::ShownCodeLife, "code_expired")],
    );
}

#[test]
fn a_code_pays_within_its_minute() {
    for (seconds, code) in [(0, "admitted"), (60, "admitted"), (89, "admitted"), (91, "code_expired")] {
        let mut city = city(&[]);
        let token = city.token();
        let tap = shown(&mut city, &token, 1, 3650);
        let chip = proof(&city, &tap, &token);
        city.wait(seconds);
        assert_eq!(city.present(tap.presentment, &chip), code, "{seconds}");
    }
    check(
        |city, token| {
            let tap = shown(city, token, 1, 3650);
            let chip = proof(city, &tap, token);
            city.wait(600);
            city.present(tap.presentment, &chip)
        },
        &[(Defence::ShownCodeLife, "code_expired")],
    );
    // Made in advance, for a moment to come.
    check(
        |city, token| {
            let mut tap = shown(city, token, 1, 3650);
            tap.transaction.unpredictable = birth(city.now.after(Duration::from_secs(600)));
            let chip = proof(city, &tap, token);
            city.present(tap.presentment, &chip)
        },
        &[(Defence::ShownCodeLife, "code_expired")],
    );
    // Made younger than it is: the second of its birth lies under the cryptogram.
    check(
        |city, token| {
            let tap = shown(city, token, 1, 3650);
            let mut chip = proof(city, &tap, token);
            city.wait(600);
            chip.transaction.unpredictable = birth(city.now);
            city.present(tap.presentment, &chip)
        },
        &[(Defence::Cryptogram, "cryptogram_wrong")],
    );
}

#[test]
fn a_code_pays_once_whatever_the_shop_makes_of_it() {
    check(
        |city, token| {
            let first = shown(city, token, 1, 100);
            let chip = proof(city, &first, token);
            assert_eq!(city.present(first.presentment, &chip), "admitted");
            // The same proof, with another amount around it.
            let mut second = shown(city, token, 1, 99_900);
            second.transaction.unpredictable = first.transaction.unpredictable;
            let chip = proof(city, &second, token);
            city.present(second.presentment, &chip)
        },
        &[(Defence::Replay, "counter_replayed")],
    );
}

#[test]
fn a_scanned_code_is_paid_to_the_shop_that_its_owner_saw() {
    check(
        |city, token| {
            let mut tap = scanned(city, token, 1, 3650);
            let chip = city.chip(&tap, token);
            tap.presentment.place = ELSEWHERE;
            city.present(tap.presentment, &chip)
        },
        &[(Defence::Place, "place_mismatch")],
    );
    check(
        |city, token| {
            let mut tap = scanned(city, token, 1, 3650);
            let chip = city.chip(&tap, token);
            tap.presentment.amount = Money::new(99_900, Currency::CNY).unwrap();
            city.present(tap.presentment, &chip)
        },
        &[(Defence::Amount, "amount_mismatch")],
    );
}

#[test]
fn no_code_without_its_owner() {
    check(
        |city, token| {
            let mut tap = shown(city, token, 1, 3650);
            tap.cvr = Cvr::at_tap(CryptogramKind::Arqc);
            tap.presentment.verification = Verification::None;
            let chip = proof(city, &tap, token);
            city.present(tap.presentment, &chip)
        },
        &[(Defence::Verification, "verification_required"), (Defence::Limits, "verification_required")],
    );
}

#[test]
fn codes_have_limits_of_their_own() {
    let paid = |city: &mut City, token: &Token, counter, minor| {
        let tap = shown(city, token, counter, minor);
        let chip = proof(city, &tap, token);
        (city.present(tap.presentment, &chip), tap.presentment.message)
    };
    check(
        |city, token| {
            let tap = shown(city, token, 1, 100_001);
            let chip = proof(city, &tap, token);
            city.present(tap.presentment, &chip)
        },
        &[(Defence::Limits, "code_over_limit")],
    );
    let mut city = city(&[]);
    let token = city.token();
    let (first, name) = paid(&mut city, &token, 1, 100_000);
    assert_eq!(first, "admitted");
    assert_eq!(paid(&mut city, &token, 2, 50_001).0, "code_daily_over_limit");
    assert_eq!(paid(&mut city, &token, 3, 50_000).0, "admitted");
    assert_eq!(paid(&mut city, &token, 4, 1).0, "code_daily_over_limit");
    // A tap is not bound by it, nor a scanned code, nor a code with an online PIN.
    assert_eq!(city.pay(&token, 5, 100_001).0, "admitted");
    let tap = scanned(&mut city, &token, 6, 100_001);
    let chip = city.chip(&tap, &token);
    assert_eq!(city.present(tap.presentment, &chip), "admitted");
    let mut tap = shown(&mut city, &token, 7, 100_001);
    tap.presentment.verification = Verification::OnlinePin;
    let chip = proof(&city, &tap, &token);
    assert_eq!(city.present(tap.presentment, &chip), "admitted");
    // What is reversed or declined is given back, of this limit too.
    let before: CodeDay = city.find(token.number);
    city.run(crate::gateway::Reverse { original: name, number: token.number }).unwrap();
    let after: CodeDay = city.find(token.number);
    assert_eq!(before.spent_minor - after.spent_minor, 100_000);
    // The next day begins at nothing.
    city.wait(86_400);
    assert_eq!(paid(&mut city, &token, 8, 100_000).0, "admitted");
}

//! The counter: replayed, rolled back, reordered, cloned; and tokens that must not pay any more.

use crate::proof::Attack;
use crate::shop::{Hold, Shop, Tapped, edit_chip};
use crate::town::{CARD, Off, Token, Town, add, yuan};
use server::phone::Phone;
use std::path::Path;
use tokens::Actor;
use tokens::defences::Defence;
use tokens::records::Suspender;

/// One cryptogram sent twice, the second time as a new request.
fn replay(town: &Town) -> (String, String) {
    let (phone, _) = town.phone_with("li", CARD);
    let shop = Shop::open(town);
    let tap = shop.tap(town, &phone, 1000);
    let first = shop.send(shop.message(&tap)).expect("an answer");
    (first, shop.send(shop.message(&tap)).expect("an answer"))
}

#[test]
fn a_cryptogram_pays_once() {
    let town = Town::start();
    let before = town.available(CARD);
    assert_eq!(replay(&town), ("00".to_owned(), "05".to_owned()));
    assert_eq!(town.verdict(), "counter_replayed");
    assert_eq!(before - town.available(CARD), 1000);

    let town = Town::without(&[Defence::Replay]);
    assert_eq!(replay(&town), ("00".to_owned(), "00".to_owned()));
    assert_eq!(before - town.available(CARD), 2000, "without the defence the money is gone twice");
}

#[test]
fn taps_may_arrive_in_another_order_but_each_once() {
    let town = Town::start();
    let (phone, _) = town.phone_with("li", CARD);
    let shop = Shop::open(&town);
    let taps: Vec<_> = (0..4).map(|_| shop.tap(&town, &phone, 1000)).collect();
    for index in [3, 0, 2, 1] {
        assert_eq!(shop.send(shop.message(&taps[index])).as_deref(), Some("00"), "tap {index}");
    }
    for tap in &taps {
        assert_eq!(shop.send(shop.message(tap)).as_deref(), Some("05"));
        assert_eq!(town.verdict(), "counter_replayed");
    }
}

/// A counter that was never sent is written into the message of the next one.
fn rolled_back(town: &Town) -> String {
    let (phone, _) = town.phone_with("li", CARD);
    let shop = Shop::open(town);
    let (unused, next) = (shop.tap(town, &phone, 1000), shop.tap(town, &phone, 1000));
    let mut message = shop.message(&next);
    edit_chip(&mut message, |chip| {
        chip.transaction.atc = emv::objects::Atc::new(unused.transaction_counter);
    });
    assert_eq!(shop.send(message).as_deref() == Some("00"), town.verdict() == "OK");
    town.verdict()
}

#[test]
fn a_counter_rolled_back_in_the_message_breaks_the_cryptogram() {
    let cryptogram = [Off::Token(Defence::Cryptogram)];
    Attack::new(rolled_back, "cryptogram_wrong", "OK").stopped_by(&cryptogram).prove();
}

pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}

/// A phone whose directory was copied before its first tap; the copy and the original pay in turn.
fn cloned(town: &Town) -> (Phone, Phone, Token) {
    let (phone, token) = town.phone_with("li", CARD);
    phone.store().close();
    let (original, clone) = (town.directory("li"), town.directory("clone"));
    copy(&original, &clone);
    (town.open_phone(&original), town.open_phone(&clone), token)
}

#[test]
fn a_tap_torn_at_any_byte_charges_nothing_and_uses_no_counter_twice() {
    let town = Town::start();
    let (phone, token) = town.phone_with("li", CARD);
    let shop = Shop::open(&town);
    let before = town.available(CARD);
    let (mut torn, mut whole, mut counters) = (0, 0, Vec::new());
    for bytes in [0, 1, 2, 3, 19, 20, 21, 22, 40, 77, 101, 140, 170, 199, 230, 260, 290, 320, 350, 1000] {
        phone.sync().unwrap();
        let hold = Hold { torn_after: Some(bytes), ..Hold::of(yuan(1000)) };
        match shop.hold(&town, &phone, &hold) {
            Tapped::Online(request) => {
                whole += 1;
                counters.push(request.transaction_counter);
            }
            Tapped::Ended(outcome) => {
                torn += 1;
                assert_ne!(outcome.ending, terminal::outcome::Ending::Approved, "after {bytes} bytes");
            }
            Tapped::Gone => torn += 1,
        }
    }
    assert!(torn > 10 && whole > 0, "{torn} {whole}");
    assert!(counters.is_sorted_by(|a, b| a < b), "{counters:?}");
    assert_eq!(town.available(CARD), before, "nothing was sent, nothing is charged");
    phone.sync().unwrap();
    assert_eq!(shop.pay(&town, &phone, 1000).as_deref(), Some("00"), "{}", town.verdict());
    assert!(phone.counter(token).unwrap().atc > *counters.last().unwrap());
}

fn suspenders(town: &Town, token: Token) -> tokens::records::Standing {
    let found = town.city.tokens.store().read(move |records| {
        values::Records::find::<tokens::records::Token>(records, &token).map(|token| token.standing)
    });
    found.unwrap().unwrap()
}

#[test]
fn a_cloned_phone_is_noticed_and_the_card_suspended() {
    let town = Town::start();
    let before = town.available(CARD);
    let (phone, clone, token) = cloned(&town);
    let shop = Shop::open(&town);
    assert_eq!(shop.pay(&town, &phone, 1000).as_deref(), Some("00"), "{}", town.verdict());
    assert_eq!(shop.pay(&town, &clone, 2000).as_deref(), Some("59"));
    assert_eq!(town.verdict(), "clone_suspected");
    assert!(suspenders(&town, token).suspenders.contains(Suspender::Fraud));
    assert_eq!(shop.pay(&town, &clone, 2000).as_deref(), Some("62"), "and neither pays any more");
    assert_eq!(town.verdict(), "token_suspended");
    assert_eq!(shop.pay(&town, &phone, 1000).as_deref(), Some("62"));
    assert_eq!(before - town.available(CARD), 1000);

    let town = Town::without(&[Defence::Replay]);
    let (phone, clone, _) = cloned(&town);
    let shop = Shop::open(&town);
    assert_eq!(shop.pay(&town, &phone, 1000).as_deref(), Some("00"));
    assert_eq!(shop.pay(&town, &clone, 2000).as_deref(), Some("00"));
    assert_eq!(before - town.available(CARD), 3000, "without the defence both pay");
}

/// Pays, restores the phone's directory from before that, pays again.
fn restored(town: &Town) -> String {
    let (phone, _) = town.phone_with("li", CARD);
    phone.store().close();
    let (original, backup) = (town.directory("li"), town.directory("backup"));
    copy(&original, &backup);
    let phone = town.open_phone(&original);
    let shop = Shop::open(town);
    assert_eq!(shop.pay(town, &phone, 1000).as_deref(), Some("00"));
    drop(phone);
    std::fs::remove_dir_all(&original).unwrap();
    copy(&backup, &original);
    let phone = town.open_phone(&original);
    shop.pay(town, &phone, 1000).expect("an answer")
}

#[test]
fn a_phone_restored_from_an_old_backup_does_not_pay_twice_with_one_counter() {
    let town = Town::start();
    assert_eq!(restored(&town), "59");
    assert_eq!(town.verdict(), "clone_suspected");
    assert_eq!(restored(&Town::without(&[Defence::Replay])), "00");
}

/// Ends or suspends a token.
type Stop = fn(&Town, &Phone, Token);

/// What a stopped token answers: the tap was made while it was still good, so the phone had a key.
fn after(town: &Town, stop: Stop) -> (String, String) {
    let (phone, token) = town.phone_with("li", CARD);
    let shop = Shop::open(town);
    let tap = shop.tap(town, &phone, 1000);
    stop(town, &phone, token);
    let code = shop.send(shop.message(&tap)).expect("an answer");
    (town.verdict(), code)
}

fn suspend(town: &Town, _: &Phone, token: Token) {
    town.city.tokens.suspend(token, Actor::Platform).unwrap();
}

fn delete(_: &Town, phone: &Phone, token: Token) {
    phone.delete(token).unwrap();
    phone.sync().unwrap();
}

fn expire(town: &Town, _: &Phone, _: Token) {
    town.clock.advance(std::time::Duration::from_secs(4 * 366 * 86_400));
}

#[test]
fn a_stopped_token_does_not_pay() {
    let table: [(Stop, &str); 2] = [(suspend, "token_suspended"), (delete, "token_deleted")];
    for (stop, verdict) in table {
        let town = Town::start();
        let (found, code) = after(&town, stop);
        assert_eq!((found.as_str(), code.as_str()), (verdict, "62"));
        let (found, code) = after(&Town::without(&[Defence::Standing, Defence::Window]), stop);
        assert_eq!((found.as_str(), code.as_str()), ("OK", "00"), "without the defence");
    }
    let (found, code) = after(&Town::without(&[Defence::Date]), expire);
    assert_eq!((found.as_str(), code.as_str()), ("token_expired", "54"));
    let (found, _) = after(&Town::without(&[Defence::Date, Defence::Standing]), expire);
    assert_eq!(found, "OK", "without the defence the gateway lets it through");
}

#[test]
fn suspenders_are_independent() {
    let town = Town::start();
    let (mut phone, token) = town.phone_with("li", CARD);
    let other = add(&mut phone, "6216600200000010");
    let shop = Shop::open(&town);
    let service = &town.city.tokens;
    phone.suspend(token).unwrap();
    phone.sync().unwrap();
    suspend(&town, &phone, token);
    phone.resume(token).unwrap();
    phone.sync().unwrap();
    assert!(!suspenders(&town, token).suspenders.is_empty(), "the customer lifts only their own");
    service.resume(token, Actor::Platform).unwrap();
    assert!(suspenders(&town, token).suspenders.is_empty());
    phone.sync().unwrap();
    phone.set_default(token).unwrap();
    assert_eq!(shop.pay(&town, &phone, 1000).as_deref(), Some("00"), "{}", town.verdict());
    phone.set_default(other).unwrap();
    assert_eq!(shop.pay(&town, &phone, 1000).as_deref(), Some("00"), "the other card was never touched");
}

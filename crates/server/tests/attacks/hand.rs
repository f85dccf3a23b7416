//! A phone in somebody's hand or near somebody's reader: locked, unlocked once, torn out of the field.

use crate::proof::Attack;
use crate::shop::{Hold, Shop, Tapped};
use crate::town::{CARD, Off, PASSCODE, Token, Town, yuan};
use emv::{tag, tlv};
use server::phone::{Phone, Presentation};
use std::time::Duration;
use wallet::application::CardApplication;
use wallet::card::Profile;
use wallet::defences::Defence;
use wallet::unlock::Verified;

/// A locked phone's answer is carried to a shop.
fn relayed(town: &Town) -> String {
    let (phone, _) = town.phone_with("li", CARD);
    let (shop, before) = (Shop::open(town), town.available(CARD));
    let hold = Hold { locked: true, ..Hold::of(yuan(1000)) };
    let request = match shop.hold(town, &phone, &hold) {
        Tapped::Online(request) => request,
        Tapped::Ended(outcome) => return outcome.reason.code().to_owned(),
        Tapped::Gone => return "gone".to_owned(),
    };
    let code = shop.send(shop.message(&request)).expect("an answer");
    if code != "00" {
        return town.verdict();
    }
    format!("{} taken", before - town.available(CARD))
}

#[test]
fn a_locked_phone_pays_nobody() {
    let layers = [
        Off::Wallet(Defence::Lock),
        Off::Token(tokens::Defence::SplitKeys),
        Off::Token(tokens::Defence::Limits),
    ];
    Attack::new(relayed, "see_phone", "1000 taken").stopped_by(&layers).prove();
}

/// A phone whose reader is in somebody's hands: it is asked what an honest terminal asked.
struct Held<'a> {
    phone: &'a Phone,
    application: CardApplication,
    commands: Vec<Vec<u8>>,
}

impl Held<'_> {
    fn by<'a>(town: &Town, phone: &'a Phone, token: Token) -> Held<'a> {
        let _ = Shop::open(town).tap(town, phone, 1000);
        let asked = |taped: &crate::town::Taped| taped.from == "terminal" && taped.to == "phone";
        let commands = town.tape.all().into_iter().filter(asked).map(|taped| taped.bytes).collect();
        let presentation = Presentation {
            reader: town.city.addresses.acquirer,
            answer_to_reset: None,
            profile: Profile::Contactless,
            card: Some(token),
            taps: 1,
            watch: None,
        };
        Held { phone, application: phone.application(&presentation).unwrap(), commands }
    }

    /// The counter of the cryptogram that the phone gives, or the status word of its last answer.
    fn asked(&mut self, verified: &Verified) -> String {
        self.application.reset();
        let mut last = Vec::new();
        for command in &self.commands {
            last = self.phone.answer(&mut self.application, command, Some(verified)).bytes;
        }
        let (data, status) = last.split_at(last.len() - 2);
        match tlv::find_deep(data, tag::ATC) {
            Ok(Some(counter)) => format!("counter {}", hex::encode(counter)),
            _ => hex::encode_upper(status),
        }
    }
}

/// Unlocked once by its owner, asked twice.
fn asked_twice(town: &Town) -> String {
    let (phone, token) = town.phone_with("li", CARD);
    let mut held = Held::by(town, &phone, token);
    let verified = phone.unlock(PASSCODE).unwrap();
    assert_eq!(held.asked(&verified), "counter 0002");
    held.asked(&verified)
}

/// Unlocked by its owner, asked an hour later.
fn asked_late(town: &Town) -> String {
    let (phone, token) = town.phone_with("li", CARD);
    let mut held = Held::by(town, &phone, token);
    let verified = phone.unlock(PASSCODE).unwrap();
    town.clock.advance(Duration::from_secs(3600));
    held.asked(&verified)
}

#[test]
fn one_verification_is_one_tap() {
    let one_tap = [Off::Wallet(Defence::OneTap)];
    Attack::new(asked_twice, "6986", "counter 0003").stopped_by(&one_tap).prove();
    Attack::new(asked_late, "6986", "counter 0002").stopped_by(&one_tap).prove();
}

/// The first answer is caught by somebody and never reaches the reader; the owner taps again.
fn torn(town: &Town) -> String {
    let (phone, token) = town.phone_with("li", CARD);
    let mut held = Held::by(town, &phone, token);
    let mut ask = || held.asked(&phone.unlock(PASSCODE).unwrap());
    format!("{}, {}", ask(), ask())
}

#[test]
fn a_torn_tap_burns_its_counter() {
    let first = [Off::Wallet(Defence::CounterFirst)];
    Attack::new(torn, "counter 0002, counter 0003", "counter 0001, counter 0001").stopped_by(&first).prove();
}

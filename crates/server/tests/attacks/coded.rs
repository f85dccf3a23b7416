//! Codes and taps passed off as one another, and codes kept for later: through the whole city, to the bank's own look.

use crate::proof::Attack;
use crate::shop::{Shop, edit_chip};
use crate::town::{CARD, Off, PASSCODE, Town, yuan};
use acquiring::records::PaymentKind;
use acquiring::terminal_line::Card;
use emv::cryptogram::Transaction;
use emv::objects::{Aip, Amount, Atc, CodeN3, Date, TransactionType, Tvr, UnpredictableNumber};
use emv::qr::consumer::{self, Application};
use iso8583::Message;
use sandbox::defences::Defence::ChipData;
use std::time::Duration;
use tokens::Defence;
use values::time::Zone;
use values::{Country, Currency};

const MINOR: u64 = 3650;

/// A code that the phone showed after its owner's passcode.
fn shown(town: &Town) -> Application {
    let (phone, _) = town.phone_with("li", CARD);
    let code = phone.show_code(None, &phone.unlock(PASSCODE).unwrap()).unwrap();
    consumer::parse(&code.text).unwrap().remove(0)
}

/// What a shop makes of it, saying that it was read in this way.
fn request(town: &Town, shop: &Shop, application: &Application, entry_mode: &str) -> Message {
    let transaction = Transaction {
        amount: Amount::from_minor(MINOR).unwrap(),
        other: Amount::ZERO,
        country: CodeN3::from(Country::CHINA),
        tvr: Tvr::default(),
        currency: CodeN3::from(Currency::CNY),
        date: Date::of(store::Clock::now(&*town.clock).civil(Zone::Shanghai)),
        kind: TransactionType::PURCHASE,
        unpredictable: UnpredictableNumber([0; 4]),
        aip: Aip::default(),
        atc: Atc::default(),
    };
    let chip = emv::de55::Request { aid: Some(application.aid), ..application.proof.to_request(transaction) };
    let mut bytes = Vec::new();
    chip.write(&mut bytes).unwrap();
    let track = application.track_two.as_ref().unwrap();
    let card = Card {
        entry_mode: entry_mode.parse().unwrap(),
        number: track.number_digits(),
        track_two: Some(track.as_text()),
        sequence: application.sequence_number.map(|number| u16::from(number.number())),
        chip: Some(&bytes),
    };
    shop.terminal().payment(PaymentKind::Sale, yuan(MINOR), &card, None)
}

/// Sends it; what came of it, in a word.
fn sent(town: &Town, shop: &Shop, message: Message, before: u64) -> String {
    match shop.send(message).as_deref() {
        Some("00") => format!("{} taken", before - town.available(CARD)),
        Some(_) => town.verdict(),
        None => "silence".to_owned(),
    }
}

fn a_shown_code_as_a_tap(town: &Town) -> String {
    let application = shown(town);
    let (shop, before) = (Shop::open(town), town.available(CARD));
    let message = request(town, &shop, &application, "072");
    sent(town, &shop, message, before)
}

#[test]
fn a_codes_cryptogram_over_nothing_is_no_tap() {
    // The bank stops it alone, were its network's gateway to let it through.
    let layers = [Off::Gateway(Defence::Profile), Off::Gateway(Defence::Cryptogram), Off::Sandbox(ChipData)];
    Attack::new(a_shown_code_as_a_tap, "profile_mismatch", "3650 taken").stopped_by(&layers).prove();
}

/// A reader in a crowd has a phone tapped for one cent; what it got is shown to a shop as a code.
fn a_tap_as_a_shown_code(town: &Town) -> String {
    let (phone, _) = town.phone_with("li", CARD);
    let (shop, before) = (Shop::open(town), town.available(CARD));
    let mut message = shop.message(&shop.tap(town, &phone, 1));
    message.set_amount(yuan(MINOR)).set_text(22, "032");
    edit_chip(&mut message, |chip| chip.transaction.amount = Amount::from_minor(MINOR).unwrap());
    sent(town, &shop, message, before)
}

#[test]
fn a_taps_cryptogram_is_no_code() {
    let layers = [
        Off::Gateway(Defence::Profile),
        Off::Gateway(Defence::Cryptogram),
        Off::Gateway(Defence::ShownCodeLife),
        Off::Sandbox(ChipData),
    ];
    Attack::new(a_tap_as_a_shown_code, "profile_mismatch", "3650 taken").stopped_by(&layers).prove();
}

fn a_code_kept_for_ten_minutes(town: &Town) -> String {
    let application = shown(town);
    let (shop, before) = (Shop::open(town), town.available(CARD));
    town.clock.advance(Duration::from_secs(600));
    let message = request(town, &shop, &application, "032");
    sent(town, &shop, message, before)
}

#[test]
fn a_code_is_not_kept_for_later() {
    let layers = [Off::Token(Defence::ShownCodeLife)];
    Attack::new(a_code_kept_for_ten_minutes, "code_expired", "3650 taken").stopped_by(&layers).prove();
}

//! Ways around the proof that a card is the customer's: guessing, waiting, asking too often, choosing, leaving it out.

use crate::enrolled::{
    STEP_UP, code_of, fresh, other_than, password, try_card, unbound, waiting, with_wrong_cvv2,
};
use crate::proof::Attack;
use crate::shop::Shop;
use crate::town::{CARD, Off, Town, test_card, typed};
use crypto::p256::{AgreementKey, SigningKey};
use sandbox::defences::Defence;
use server::api;
use server::client::{Client, ClientError};
use std::time::Duration;

/// How an enrolment stands after this code.
fn answered(phone: &server::phone::Phone, enrolment: &api::Enrolment, code: &str) -> String {
    phone.answer_code(enrolment, code).map_or_else(|error| code_of(&error), |answer| answer.state)
}

/// A hundred wrong passwords at once, then the right one.
fn guessed(town: &Town) -> String {
    let (mut phone, enrolment) = waiting(town);
    let right = password(&mut phone);
    std::thread::scope(|scope| {
        for worker in 0..10 {
            let (phone, enrolment, right) = (&phone, &enrolment, &right);
            scope.spawn(move || {
                for guess in worker * 10..worker * 10 + 10 {
                    let _ = phone.answer_code(enrolment, &other_than(right, guess));
                }
            });
        }
    });
    answered(&phone, &enrolment, &right)
}

#[test]
fn a_password_is_not_found_by_guessing() {
    let tries = [Off::Sandbox(Defence::PasswordTries)];
    Attack::new(guessed, "enrolment_not_waiting", "approved").stopped_by(&tries).prove();
}

/// The right password, found on a phone that lay about for three minutes.
fn told_late(town: &Town) -> String {
    let (mut phone, enrolment) = waiting(town);
    let right = password(&mut phone);
    town.clock.advance(Duration::from_secs(3 * 60));
    answered(&phone, &enrolment, &right)
}

#[test]
fn a_password_is_good_for_three_minutes() {
    let life = [Off::Sandbox(Defence::PasswordLife)];
    Attack::new(told_late, "declined", "approved").stopped_by(&life).prove();
}

/// A fourth password within ten minutes.
fn asked_too_often(town: &Town) -> String {
    let (phone, enrolment) = waiting(town);
    let ask = || phone.request_code(&enrolment.enrolment, &enrolment.methods[0].id);
    assert!((2..=3).all(|_| ask().is_ok()));
    ask().map_or_else(|error| code_of(&error), |()| "sent".to_owned())
}

#[test]
fn passwords_are_sent_three_times() {
    let sends = [Off::Sandbox(Defence::PasswordSends)];
    Attack::new(asked_too_often, "too_many_codes", "sent").stopped_by(&sends).prove();
}

/// The client names a way of verification that the bank never offered.
fn another_way(town: &Town) -> String {
    let (phone, _) = town.set_up("li", &format!("+86{}", test_card(STEP_UP).phone));
    let enrolment = phone.begin_adding(&typed(STEP_UP)).unwrap();
    let asked = phone.request_code(&enrolment.enrolment, "none");
    asked.map_or_else(|error| code_of(&error), |()| "taken".to_owned())
}

#[test]
fn the_client_does_not_choose_its_proof() {
    let layers = [Off::Token(tokens::Defence::StepUpChoice), Off::Sandbox(Defence::PasswordMethod)];
    Attack::new(another_way, "method_not_offered", "taken").stopped_by(&layers).prove();
}

/// The client leaves the proof out and fetches the card; it even knows the token's name.
fn left_out(town: &Town) -> String {
    let (phone, _) = town.set_up("li", &format!("+86{}", test_card(STEP_UP).phone));
    assert_eq!(phone.begin_adding(&typed(STEP_UP)).unwrap().state, "step_up");
    let tokens = town.city.tokens.store().read(|records| records.all::<tokens::records::Token>()).unwrap();
    if let Err(error) = phone.take_card(&tokens[0].reference.to_string()) {
        return code_of(&error);
    }
    let before = town.available(STEP_UP);
    let code = Shop::open(town).pay(town, &phone, 1000).expect("an answer");
    assert_eq!((code.as_str(), before - town.available(STEP_UP)), ("00", 1000), "{}", town.verdict());
    "paid".to_owned()
}

#[test]
fn the_client_does_not_leave_the_proof_out() {
    let layers = [Off::Token(tokens::Defence::Standing), Off::Sandbox(Defence::StepUp)];
    Attack::new(left_out, "token_inactive", "paid").stopped_by(&layers).prove();
}

/// Eight phones guess a card's security code at once, three times each; then one of them has it.
fn card_guessed(town: &Town) -> String {
    let card = "6216600100000000032";
    let mut phones: Vec<_> =
        (0..8).map(|n| town.set_up(&format!("guesser-{n}"), &format!("+861381111001{n}")).0).collect();
    std::thread::scope(|scope| {
        for phone in &mut phones {
            scope.spawn(move || {
                for _ in 0..3 {
                    try_card(phone, &with_wrong_cvv2(card));
                }
            });
        }
    });
    try_card(&mut phones[0], &typed(card))
}

#[test]
fn a_card_is_not_found_by_guessing() {
    let layers = [Off::Token(tokens::Defence::Attempts), Off::Sandbox(Defence::EnrolmentAttempts)];
    Attack::new(card_guessed, "too_many_card_attempts", "active").stopped_by(&layers).prove();
}

fn without_the_code(town: &Town) -> String {
    let (mut phone, _) = town.set_up("li", &format!("+86{}", test_card(CARD).phone));
    try_card(&mut phone, &with_wrong_cvv2(CARD))
}

#[test]
fn the_issuers_rules_are_weighed() {
    let rules = [Off::Sandbox(Defence::EnrolmentRules)];
    Attack::new(without_the_code, "card_data_wrong", "active").stopped_by(&rules).prove();
}

/// The code that binds a phone, told after its three minutes.
fn bound_late(town: &Town) -> String {
    let number = "+8613811110009";
    let (client, device, code) = unbound(town, number);
    town.clock.advance(Duration::from_secs(3 * 60));
    let wish = api::ConfirmDevice { phone_number: number.to_owned(), code };
    let path = format!("/v1/devices/{device}/confirm");
    let bound: Result<api::DeviceConfirmed, ClientError> = client.post(&path, "late", &wish, &fresh(town));
    bound.map_or_else(|error| error.code().unwrap_or("no_code").to_owned(), |_| "bound".to_owned())
}

/// A fourth code to one number within ten minutes, each asked for by another device.
fn codes_without_end(town: &Town) -> String {
    let mut last = String::new();
    for name in ["one", "two", "three", "four"] {
        let text = |bytes: &[u8]| {
            use base64::Engine as _;
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
        };
        let agreement = || text(AgreementKey::generate().public().to_sec1());
        let key = SigningKey::generate();
        let register = api::RegisterDevice {
            phone_number: "+8613811110009".to_owned(),
            name: name.to_owned(),
            signing_key: text(&key.public().to_sec1()),
            agreement_key: agreement(),
            verification_key: agreement(),
        };
        let client = Client::new(&town.city.addresses.platform.to_string(), "new", key);
        let asked: Result<api::DeviceRegistered, ClientError> =
            client.post("/v1/devices", name, &register, &fresh(town));
        last = asked.map_or_else(|error| error.code().unwrap_or("no_code").to_owned(), |_| "sent".to_owned());
    }
    last
}

#[test]
fn codes_that_bind_a_phone_are_bounded() {
    let life = [Off::Token(tokens::Defence::CodeLife)];
    Attack::new(bound_late, "code_void", "bound").stopped_by(&life).prove();
    let sends = [Off::Token(tokens::Defence::CodeSends)];
    Attack::new(codes_without_end, "too_many_codes", "sent").stopped_by(&sends).prove();
}

//! Attacks on adding a card: guesses, weaker ways, stolen sessions, a ninth card.

use crate::town::{CARD, Town, TownPlan, add, test_card, typed};
use crypto::p256::SigningKey;
use sandbox::test_cards::{Behaviour, test_cards};
use server::api;
use server::client::{Client, ClientError, Freshness};
use server::http_signature::{Claims, SignatureHeaders, SignedRequest, sign};
use server::phone::{Added, Phone, PhoneError};
use std::sync::atomic::{AtomicUsize, Ordering};
use store::Clock;
use tokens::defences::Defence;

/// A card whose issuer asks for a one-time password.
pub(crate) const STEP_UP: &str = "6216600100000000024";

pub(crate) fn code_of(error: &PhoneError) -> String {
    match error {
        PhoneError::Client(error) => error.code().unwrap_or("no_code").to_owned(),
        other => other.to_string(),
    }
}

/// What trying to add a card came to, as a word.
pub(crate) fn try_card(phone: &mut Phone, card: &api::CardData) -> String {
    match phone.add_card(card, None) {
        Ok(Added::Active(_)) => "active".to_owned(),
        Ok(Added::Declined { reason }) => reason,
        Err(error) => code_of(&error),
    }
}

pub(crate) fn with_wrong_cvv2(pan: &str) -> api::CardData {
    let mut card = typed(pan);
    card.cvv2 = if card.cvv2 == "000" { "001" } else { "000" }.to_owned();
    card
}

#[test]
fn guessing_card_data_ends_after_three_tries_of_a_card_and_five_of_a_device() {
    let town = Town::start();
    let (mut phone, _) = town.set_up("guesser", "+8613811110001");
    let guesses: Vec<String> =
        (0..4).map(|_| try_card(&mut phone, &with_wrong_cvv2("6216600100000000032"))).collect();
    assert_eq!(guesses[..3], ["card_data_wrong"; 3]);
    assert_eq!(guesses[3], "too_many_card_attempts");
    assert_eq!(try_card(&mut phone, &with_wrong_cvv2(CARD)), "card_data_wrong");
    assert_eq!(try_card(&mut phone, &typed(STEP_UP)), "too_many_attempts", "even with the right data");
    // Another device does not help against the bound of the card.
    let (mut other, _) = town.set_up("other", "+8613811110002");
    assert_eq!(try_card(&mut other, &typed("6216600100000000032")), "too_many_card_attempts");
    town.clock.advance(std::time::Duration::from_secs(86_400));
    assert_eq!(
        try_card(&mut other, &typed("6216600100000000032")),
        "active",
        "tomorrow the holder may again"
    );

    let town = Town::without(&[Defence::Attempts]);
    let (mut phone, _) = town.set_up("guesser", "+8613811110001");
    let tries: Vec<String> =
        (0..8).map(|_| try_card(&mut phone, &with_wrong_cvv2("6216600100000000032"))).collect();
    assert!(!tries.contains(&"too_many_card_attempts".to_owned()), "without the defence: {tries:?}");
    let asked = town.tape.all().iter().filter(|t| t.from == "token service" && t.to == "network").count();
    assert_eq!(asked, 8, "every guess reaches the bank, whose own rule ends them: {tries:?}");
}

/// A phone that waits for a one-time password.
pub(crate) fn waiting(town: &Town) -> (Phone, api::Enrolment) {
    let (phone, _) = town.set_up("li", &format!("+86{}", test_card(STEP_UP).phone));
    let enrolment = phone.begin_adding(&typed(STEP_UP)).unwrap();
    assert_eq!(enrolment.state, "step_up");
    phone.request_code(&enrolment.enrolment, &enrolment.methods[0].id).unwrap();
    (phone, enrolment)
}

/// The password in the phone's inbox.
pub(crate) fn password(phone: &mut Phone) -> String {
    let mut found = None;
    crate::town::eventually("the code arrives", || {
        for text in phone.fetch_texts().unwrap() {
            if text.sender != "Paiza" {
                found = text
                    .text
                    .split(|c: char| !c.is_ascii_digit())
                    .find(|run| run.len() == 6)
                    .map(str::to_owned);
            }
        }
        found.is_some()
    });
    found.unwrap()
}

pub(crate) fn other_than(right: &str, guess: usize) -> String {
    format!("{:06}", (right.parse::<usize>().unwrap() + 1 + guess) % 1_000_000)
}

#[test]
fn a_hundred_parallel_guesses_are_three_tries_also_across_a_restart() {
    let town = Town::start();
    let (mut phone, enrolment) = waiting(&town);
    let right = password(&mut phone);
    // One guess, everybody starts again, ninety-nine guesses at once.
    let first = phone.answer_code(&enrolment, &other_than(&right, 0)).unwrap();
    assert_eq!((first.state.as_str(), first.tries_left), ("step_up", Some(2)));
    let town = town.restart();
    phone.store().close();
    drop(phone);
    let phone = crate::crashed::moved(&town, "li");
    let evaluated = AtomicUsize::new(1);
    std::thread::scope(|scope| {
        for worker in 0..11 {
            let (phone, enrolment, right, evaluated) = (&phone, &enrolment, &right, &evaluated);
            scope.spawn(move || {
                for guess in 0..9 {
                    match phone.answer_code(enrolment, &other_than(right, 1 + worker * 9 + guess)) {
                        Ok(answer) if answer.tries_left.is_some() => {
                            evaluated.fetch_add(1, Ordering::SeqCst);
                        }
                        Ok(answer) => assert_eq!(answer.state, "declined"),
                        Err(error) => assert_eq!(code_of(&error), "enrolment_not_waiting"),
                    }
                }
            });
        }
    });
    // The issuer counts: two wrong ones had tries left, the third voided it, nothing more was looked at.
    assert!(evaluated.load(Ordering::SeqCst) <= 2);
    let left: Vec<u8> = town
        .tape
        .all()
        .iter()
        .filter(|taped| taped.from == "Bank of China" || taped.to == "token service")
        .filter_map(|taped| iso8583::Profile::Net.decode(&taped.bytes).ok())
        .filter_map(|message| {
            message.private_data().ok().and_then(|data| data.byte(iso8583::Tag::TRIES_LEFT))
        })
        .filter(|left| *left > 0)
        .collect();
    let seen = |wanted: u8| left.iter().filter(|left| **left == wanted).count();
    assert_eq!(seen(2), seen(1), "each of the two was answered once on each of the same lines: {left:?}");
    let bank = &town.city.issuers[0];
    let challenges = bank.store().read(|records| records.all::<sandbox::issuer::password::CodeChallenge>());
    assert!(challenges.unwrap().iter().all(|challenge| challenge.tries_left == 0));
    let last = phone.answer_code(&enrolment, &right);
    assert!(last.is_err_and(|error| code_of(&error) == "enrolment_not_waiting"), "the right one is too late");
    assert!(phone.cards().unwrap().0.is_empty());
}

/// A device that is to be bound to a number; the code is on its way there.
pub(crate) fn unbound(town: &Town, number: &str) -> (Client, String, String) {
    use base64::Engine as _;
    let key = SigningKey::generate();
    let again = SigningKey::from_bytes(&key.to_bytes()).unwrap();
    let text = |bytes: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    let agreement = || text(crypto::p256::AgreementKey::generate().public().to_sec1());
    let register = api::RegisterDevice {
        phone_number: number.to_owned(),
        name: "guesser".to_owned(),
        signing_key: text(&key.public().to_sec1()),
        agreement_key: agreement(),
        verification_key: agreement(),
    };
    let platform = town.city.addresses.platform.to_string();
    let introduction = Client::new(&platform, "new", again);
    let registered: api::DeviceRegistered =
        introduction.post("/v1/devices", "register", &register, &fresh(town)).unwrap();
    let telephone = server::hosts::telephone::Telephone::at(town.city.addresses.telephone, None);
    let mut code = None;
    crate::town::eventually("the code arrives", || {
        let texts = telephone.inbox(number, 0).unwrap();
        let run = |text: &str| {
            text.split(|c: char| !c.is_ascii_digit()).find(|run| run.len() == 6).map(str::to_owned)
        };
        code = texts.last().and_then(|(_, text)| run(&text.text));
        code.is_some()
    });
    (Client::new(&platform, &registered.device, key), registered.device, code.unwrap())
}

pub(crate) fn fresh(town: &Town) -> Freshness {
    Freshness { now: town.clock.now(), nonce: crypto::random::bytes() }
}

/// A hundred wrong codes at once, then the right one: how many were looked at, and what the right one led to.
fn guess_the_binding(town: &Town) -> (usize, Option<String>) {
    let number = "+8613811110009";
    let (client, device, right) = unbound(town, number);
    let confirm = |code: String, name: &str| -> Option<String> {
        let wish = api::ConfirmDevice { phone_number: number.to_owned(), code };
        let path = format!("/v1/devices/{device}/confirm");
        let answer: Result<api::DeviceConfirmed, ClientError> = client.post(&path, name, &wish, &fresh(town));
        answer.err().map(|error| error.code().unwrap_or("no_code").to_owned())
    };
    let looked_at = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for worker in 0..10 {
            let (confirm, right, looked_at) = (&confirm, &right, &looked_at);
            scope.spawn(move || {
                for guess in worker * 10..worker * 10 + 10 {
                    let answer = confirm(other_than(right, guess), &format!("guess-{guess}"));
                    if answer.as_deref() == Some("code_wrong") {
                        looked_at.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    (looked_at.into_inner(), confirm(right.clone(), "right"))
}

#[test]
fn a_hundred_parallel_guesses_of_the_binding_code_are_three_tries() {
    assert_eq!(guess_the_binding(&Town::start()), (3, Some("code_void".to_owned())));
    let (looked_at, right) = guess_the_binding(&Town::without(&[Defence::CodeTries]));
    assert_eq!((looked_at, right), (100, None), "without the defence guessing goes on until it is found");
}

#[test]
fn the_client_cannot_choose_a_way_that_was_not_offered_or_leave_it_out() {
    let begin = |town: &Town| {
        let (phone, _) = town.set_up("li", &format!("+86{}", test_card(STEP_UP).phone));
        let enrolment = phone.begin_adding(&typed(STEP_UP)).unwrap();
        (phone, enrolment)
    };
    let town = Town::start();
    let (phone, enrolment) = begin(&town);
    let refused = phone.request_code(&enrolment.enrolment, "none").unwrap_err();
    assert_eq!(code_of(&refused), "method_not_offered");
    // Skipping the choice: a code without a challenge, and the token taken without proof.
    let skipped = phone.answer_code(&enrolment, "000000").map(|answer| answer.state);
    assert!(skipped.is_err_and(|error| code_of(&error) == "enrolment_not_waiting"));
    assert_eq!(code_of(&phone.take_card(&enrolment.enrolment).unwrap_err()), "not_found");

    // Without the defence the platform asks the issuer for it; the issuer knows its own methods.
    let town = Town::without(&[Defence::StepUpChoice]);
    let (phone, enrolment) = begin(&town);
    let passed = phone.request_code(&enrolment.enrolment, "none").unwrap_err();
    assert_ne!(code_of(&passed), "method_not_offered");
}

/// Cards of several banks that are added without further ado.
fn many_cards() -> Vec<&'static str> {
    let plain = [
        Behaviour::Approve,
        Behaviour::Decline05,
        Behaviour::Decline51,
        Behaviour::LowFunds,
        Behaviour::Decline61,
    ];
    let cards = test_cards().iter().filter(|card| plain.contains(&card.behaviour));
    cards.map(|card| str::from_utf8(card.pan().expose()).unwrap().to_owned().leak() as &str).collect()
}

/// Sixty-four additions at once, again until nothing more can be added; how many cards live after each round.
fn all_at_once(town: &Town, rounds: usize) -> (Vec<usize>, Vec<String>) {
    let (phone, _) = town.set_up("li", "+8613811110003");
    let cards = many_cards();
    assert!(cards.len() >= 16, "{}", cards.len());
    let (mut live, mut answers) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        answers.extend(std::thread::scope(|scope| {
            let workers: Vec<_> = (0..64)
                .map(|worker| {
                    let (phone, cards) = (&phone, &cards);
                    scope.spawn(move || match phone.begin_adding(&typed(cards[worker % cards.len()])) {
                        Ok(enrolment) => enrolment.state,
                        Err(error) => code_of(&error),
                    })
                })
                .collect();
            workers.into_iter().map(|worker| worker.join().unwrap()).collect::<Vec<String>>()
        }));
        let customers = town.city.tokens.store().read(|records| records.all::<tokens::records::Customer>());
        live.push(customers.unwrap()[0].live());
    }
    (live, answers)
}

#[test]
fn the_ninth_card_is_refused_among_sixty_four_at_once() {
    let town = Town::planned(TownPlan::default().lifted());
    let (live, answers) = all_at_once(&town, 3);
    assert!(live.iter().all(|live| *live <= 8), "{live:?} {answers:?}");
    assert_eq!(live.last(), Some(&8), "{answers:?}");
    assert!(answers.iter().any(|answer| answer == "too_many_cards"), "{answers:?}");
    town.assert_whole();

    let (live, answers) = all_at_once(&Town::planned(TownPlan::without(&[Defence::EightCards]).lifted()), 1);
    assert!(live[0] > 8, "without the defence: {answers:?}");
}

/// A request as a thief would send it.
pub(crate) struct Stolen<'a> {
    pub(crate) town: &'a Town,
    pub(crate) path: String,
    pub(crate) body: Vec<u8>,
}

impl Stolen<'_> {
    pub(crate) fn sign(&self, key: &SigningKey, device: &str, nonce: &str) -> SignatureHeaders {
        let request = SignedRequest {
            method: "POST",
            authority: &self.town.city.addresses.platform.to_string(),
            path: &self.path,
            query: "",
            idempotency_key: "one",
            body: &self.body,
        };
        let created = self.town.clock.now();
        let claims = Claims { created, key_id: device.to_owned(), nonce: nonce.to_owned() };
        sign(&request, &claims, |base| key.sign(base))
    }

    /// The status and the stable code of the answer.
    pub(crate) fn send(&self, path: &str, headers: &SignatureHeaders, body: &[u8]) -> (u16, String) {
        let url = format!("http://{}{path}", self.town.city.addresses.platform);
        let request = server::client::agent().post(url).header("idempotency-key", "one");
        let request = request.header("content-digest", &headers.content_digest);
        let request = request.header("signature-input", &headers.signature_input);
        let mut answer = request.header("signature", &headers.signature).send(body).unwrap();
        let problem: serde_json::Value = answer.body_mut().read_json().unwrap_or_default();
        (answer.status().as_u16(), problem["code"].as_str().unwrap_or_default().to_owned())
    }
}

pub(crate) fn key_of(town: &Town, phone: &str) -> (SigningKey, String) {
    let keyring = server::phone::DeviceKeyring::open(&town.directory(phone).join("keystore")).unwrap();
    let settings = std::fs::read(town.directory(phone).join("phone.json")).unwrap();
    let settings: serde_json::Value = serde_json::from_slice(&settings).unwrap();
    (keyring.signing, settings["device"].as_str().unwrap().to_owned())
}

#[test]
fn a_stolen_session_is_useless() {
    let town = Town::start();
    let (_li, token) = town.phone_with("li", CARD);
    let (_thief, _) = town.set_up("thief", "+8613811110004");
    let ((key, device), (other, its_device)) = (key_of(&town, "li"), key_of(&town, "thief"));
    let stolen = Stolen { town: &town, path: format!("/v1/tokens/{token}/suspend"), body: b"{}".to_vec() };
    let invalid = (401, "signature_invalid".to_owned());

    let by_other_key = stolen.sign(&other, &device, "a");
    assert_eq!(stolen.send(&stolen.path, &by_other_key, b"{}"), invalid, "signed by another key");
    let honest = stolen.sign(&key, &device, "b");
    assert_eq!(stolen.send(&stolen.path, &honest, b"{ }"), invalid, "another body");
    let elsewhere = format!("/v1/tokens/{token}/delete");
    assert_eq!(stolen.send(&elsewhere, &honest, b"{}"), invalid, "another path");
    assert_eq!(stolen.send(&stolen.path, &honest, b"{}").0, 200, "as it was signed");
    assert_eq!(stolen.send(&stolen.path, &honest, b"{}"), invalid, "a second time");
    let anothers = stolen.sign(&other, &its_device, "c");
    assert_eq!(
        stolen.send(&stolen.path, &anothers, b"{}"),
        (404, "token_unknown".to_owned()),
        "another customer's token"
    );
    let late = stolen.sign(&key, &device, "d");
    town.clock.advance(std::time::Duration::from_secs(3600));
    assert_eq!(stolen.send(&stolen.path, &late, b"{}"), invalid, "an hour later");
    // Whoever has the key itself is the phone: the key never leaves its key store.
    let client = Client::new(&town.city.addresses.platform.to_string(), &device, key);
    let fresh = Freshness { now: town.clock.now(), nonce: [7; 16] };
    let list: Result<api::TokenList, ClientError> = client.get("/v1/tokens", &fresh);
    assert_eq!(list.unwrap().data.len(), 1);
}

#[test]
fn another_device_gets_no_keys_of_a_token() {
    let take = |town: &Town| {
        let (_phone, token) = town.phone_with("li", CARD);
        let (other, _) = town.set_up("other", &format!("+86{}", test_card(CARD).phone));
        let answers_before = town.tape.all().len();
        let taken = other.replenish(token).map_err(|error| code_of(&error));
        let answers = town.tape.all().split_off(answers_before);
        let keys =
            answers.iter().any(|taped| taped.bytes.windows(14).any(|part| part == b"\"device_part\":"));
        (taken, keys)
    };
    let (taken, keys) = take(&Town::start());
    assert_eq!((taken.unwrap_err().as_str(), keys), ("token_unknown", false));
    let (_, keys) = take(&Town::without(&[Defence::DeviceBinding]));
    assert!(keys, "without the defence the keys of the token come sealed to another device");
}

#[test]
fn the_lost_phone_page_suspends_everything_at_once() {
    let town = Town::start();
    let number = format!("+86{}", test_card(CARD).phone);
    let (mut phone, recovery) = town.set_up("li", &number);
    let (one, two) = (add(&mut phone, CARD), add(&mut phone, "6216600200000010"));
    let shop = crate::shop::Shop::open(&town);
    let tap = shop.tap(&town, &phone, 1000);
    let form = |code: &str| {
        let url = format!("http://{}/lost-phone", town.city.addresses.platform);
        let mut answer = server::client::agent()
            .post(url)
            .send_form([("phone_number", number.as_str()), ("recovery_code", code)])
            .unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    };
    let states = || -> Vec<String> {
        let service = &town.city.tokens;
        let all = service.store().read(|records| records.all::<tokens::records::Token>()).unwrap();
        let mut states: Vec<String> = all
            .iter()
            .filter(|token| [one, two].contains(&token.reference))
            .map(|token| token.standing.suspenders.to_string())
            .collect();
        states.sort();
        states
    };
    let (status, page) = form("WRONG-CODE-0000");
    assert!(status == 409 && page.contains("did not work"), "{status} {page}");
    assert!(states().iter().all(String::is_empty), "{:?}", states());
    let (status, page) = form(&recovery.expect("a new customer has one"));
    assert!(status == 200 && page.contains("2 cards have stopped paying"), "{status} {page}");
    assert!(states().iter().all(|state| !state.is_empty()), "{:?}", states());
    assert_ne!(shop.send(shop.message(&tap)).as_deref(), Some("00"), "a tap made before is worthless too");
    assert!(matches!(town.verdict().as_str(), "token_suspended" | "keys_revoked"), "{}", town.verdict());
}

#[test]
fn deleting_works_offline_and_is_final() {
    let town = Town::start();
    let (mut phone, first) = town.phone_with("li", CARD);
    let second = add(&mut phone, "6216600200000010");
    phone.rename(first, "Salary").unwrap();
    phone.set_default(second).unwrap();
    let (cards, default) = phone.cards().unwrap();
    let first_card = cards.iter().find(|card| card.token == first).unwrap();
    assert_eq!((first_card.nickname.as_deref(), default), (Some("Salary"), Some(second)));
    // Deleted here, told later; in between the phone itself no longer taps with it.
    phone.delete(second).unwrap();
    let shop = crate::shop::Shop::open(&town);
    let paid_with = shop.tap(&town, &phone, 1000).token().unwrap();
    let numbers = town.city.tokens.store().read(|records| records.all::<tokens::records::Token>()).unwrap();
    assert_eq!(numbers.iter().find(|token| token.number == paid_with).unwrap().reference, first);
    phone.sync().unwrap();
    let deleted = town.city.tokens.resume(second, tokens::Actor::Platform);
    assert!(deleted.is_err(), "there is no way back");
    assert!(
        phone
            .cards()
            .unwrap()
            .0
            .iter()
            .all(|card| card.token != second || card.state == wallet::card::CardState::Deleted)
    );
    assert_ne!(add(&mut phone, "6216600200000010"), second, "added again, it is another token");
}

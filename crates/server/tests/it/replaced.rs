//! Replaced plastic keeps its token: from the clerk's desk over the issuer's outbox to the vault, the phone and the
//! next tap; and what of it is refused.

use crate::issuers::post;
use crate::small_city::{Recorder, SmallCity, typed};
use crate::street::{CARD, yuan};
use iso8583::{Message, Mti};
use platform::line::{HostAnswer, HostLine};
use platform::replacement_context;
use sandbox::Digest;
use sandbox::directory::{Directory, Institution};
use sandbox::issuer::{BankCard, books};
use sandbox::keys::{Line as LineKey, issuer_signing_key};
use serde_json::{Value, json};
use server::api::{IssuerEvent, NewCard};
use server::client::{Client, Freshness};
use server::hosts::issuer::Issuer;
use server::iso::{Ends, Line};
use server::phone::Added;
use server::pos::Verdict;
use std::sync::Arc;
use store::{Schema, Store};
use tokens::records::{Detokenisation, Life};
use tokens::vault::Purpose;
use values::card::luhn_check_digit;
use values::{Pan, Records};

fn replace(city: &SmallCity, number: &str) -> (u16, Value) {
    let at = city.desk("boc");
    post(at, &at.to_string(), "/admin/cards/replace", &json!({"number": number}))
}

fn boc(city: &SmallCity) -> &Issuer {
    city.city.issuers.iter().find(|issuer| issuer.bank().id == "boc").unwrap()
}

/// What the account of the first plastic may still spend.
fn available(city: &SmallCity) -> u64 {
    let issuer = boc(city);
    let card = Digest(issuer.keys().card_key(&Pan::parse(CARD.as_bytes()).unwrap()));
    let account = books::card_account(card);
    let found = issuer.store().read(move |records| records.find::<ledger::Account>(&account));
    found.unwrap().unwrap().available()
}

/// What a bank answers on its line from the token gateway to a purchase by this number.
fn by_number(city: &SmallCity, number: &str, stan: u64) -> String {
    let at = city.city.addresses.issuers.iter().find(|(id, _)| id == "boc").unwrap().1;
    let dialect = server::city::net(LineKey::Detokenised("boc"));
    let line = Line::start(at, dialect, Ends::unwatched("test", "boc"), |_| ()).unwrap();
    let mut message = Message::new(Mti::FINANCIAL);
    message.set_text(2, number).set_text(3, "000000").set_amount(yuan("1.00")).set_text(7, "1122020500");
    message.set_number(11, stan).set_text(22, "012").set_text(32, "01020000");
    message.set_text(37, "632602000077").set_padded(41, "PZ000001");
    match line.ask_and_wait(message, crate::street::PATIENCE) {
        HostAnswer::Message(answer) => answer.text(39).unwrap().to_owned(),
        _ => "silence".to_owned(),
    }
}

#[test]
fn a_replaced_card_keeps_its_token_and_the_next_tap_is_paid_by_the_new_one() {
    let tape = Arc::new(Recorder::default());
    let mut city = SmallCity::watched(Some(tape.clone()));
    assert_eq!(city.tap("12.50"), Verdict::Approved);
    let before = city.record();
    assert_eq!(before.card_expiry.map(values::Expiry::to_yymm), Some(typed(CARD).expiry));

    let (status, made) = replace(&city, CARD);
    assert_eq!(status, 200, "{made}");
    assert_eq!(replace(&city, CARD), (200, made.clone()), "asked twice, made once");
    let number = made["number"].as_str().unwrap().to_owned();
    assert_ne!(number, CARD);
    let last_four = number[number.len() - 4..].to_owned();
    city.in_time("the vault has the new number", || city.record().last_four.to_string() == last_four);
    let after = city.record();
    assert_eq!((after.number, after.expiry, &after.par), (before.number, before.expiry, &before.par));
    assert_eq!((after.standing, after.device), (before.standing, before.device));
    let accesses = city.city.tokens.store().read(|records| records.all::<Detokenisation>()).unwrap();
    let [access] = &accesses[..] else { panic!("one access to the vault, not {}", accesses.len()) };
    assert_eq!((access.number, access.purpose), (before.number, Purpose::Replacement));
    assert_eq!(access.requested_by, "issuer:boc");

    // The phone learns of it when it next asks; its keys stay as they were.
    let counter = city.phone.counter(city.token).unwrap();
    city.phone.sync().unwrap();
    let (cards, _) = city.phone.cards().unwrap();
    assert_eq!(cards[0].last_four.to_string(), last_four);
    let expiry = made["expiry"].as_str().unwrap();
    assert_eq!(cards[0].card_expiry.map(values::Expiry::to_yymm).as_deref(), Some(expiry));
    assert_eq!(city.phone.counter(city.token).unwrap(), counter);
    let money = available(&city);
    assert_eq!(city.tap("20.00"), Verdict::Approved);
    assert_eq!(city.phone.counter(city.token).unwrap().atc, counter.atc + 1);
    assert_eq!(available(&city), money - 2_000, "the account is the same");

    // The number of the old plastic pays no more and cannot be added; the new one can be, elsewhere.
    assert_eq!(by_number(&city, CARD, 77), "41");
    assert_eq!(by_number(&city, &number, 78), "00");
    let mut old = typed(CARD);
    let declined = city.phone.add_card(&old, None);
    assert!(matches!(declined, Ok(Added::Declined { .. })), "{declined:?}");
    old.pan.clone_from(&number);
    (old.expiry, old.cvv2) = (expiry.to_owned(), made["cvv2"].as_str().unwrap().to_owned());
    let again = city.phone.begin_adding(&old).map(|_| ()).map_err(|error| error.to_string());
    assert!(again.is_err(), "it is on this phone already");

    let events = tape.about("POST /v1/issuer-events");
    assert!(!events.is_empty());
    for event in events {
        let text = String::from_utf8(event).unwrap();
        assert!(text.contains("\"replace\"") && text.contains("sealed_card"), "{text}");
        assert!(!text.contains(&number) && !text.contains(CARD) && !text.contains(&number[8..]), "{text}");
    }
}

#[test]
fn word_of_a_new_plastic_outlives_the_bank_and_waits_for_the_token_service() {
    let city = SmallCity::new();
    let clock = city.clock.clone();
    let mut last_four = String::new();
    // While nobody else runs, the bank's clerk works on; then the bank's process ends too.
    let city = city.restarted(|data| {
        let schema = store::rooms::ledger::tables(store::rooms::issuer::tables(Schema::new()));
        let store = Store::open(&data.join("issuer-boc/issuer"), schema, clock).unwrap();
        let bank = Issuer::new(Directory::sandbox().institution("boc").unwrap(), store.clone()).unwrap();
        let made = bank.replace(&Pan::parse(CARD.as_bytes()).unwrap(), None).unwrap();
        let number = made.number(bank.keys()).unwrap();
        let third = bank.replace(&number, None).unwrap();
        last_four = third.last_four.to_string();
        store.close();
    });
    city.in_time("the last plastic is behind the token", || city.record().last_four.to_string() == last_four);
    // Both messages were about the last one, in whichever order they came.
    city.in_time("nothing is left to be told", || {
        let topic = sandbox::issuer::card::TOPIC_TOKEN_LIFECYCLE;
        let waiting = boc(&city)
            .store()
            .rows("SELECT count(*) FROM outbox WHERE topic = $1", &[store::Value::Text(topic.to_owned())]);
        waiting.unwrap().rows == [[store::Value::Integer(0)]]
    });
    assert_eq!(city.record().last_four.to_string(), last_four);
}

/// A number of a range, Luhn-valid.
fn of_range(prefix: u32, length: usize) -> String {
    let mut digits = format!("{prefix}{}", "4".repeat(length - 9)).into_bytes();
    digits.push(luhn_check_digit(&digits).unwrap());
    String::from_utf8(digits).unwrap()
}

struct Sender<'a> {
    city: &'a SmallCity,
    bank: &'a Institution,
}

impl Sender<'_> {
    fn sealed(&self, number: &str, context: &str) -> String {
        let new = NewCard { pan: number.to_owned(), expiry: "3111".to_owned(), art: None };
        let key = self.city.city.tokens.keys().card_data().public();
        crypto::jwe::seal(&key, "card-data", &serde_json::to_vec(&new).unwrap(), context)
    }

    fn says(&self, sealed: Option<String>) -> String {
        let platform = self.city.city.addresses.platform.to_string();
        let client =
            Client::new(&platform, &format!("issuer:{}", self.bank.id), issuer_signing_key(self.bank));
        let token = self.city.number().digits();
        let event = IssuerEvent { token, action: "replace".to_owned(), sealed_card: sealed };
        let now = store::Clock::now(&*self.city.clock);
        let fresh = Freshness { now, nonce: crypto::random::bytes() };
        match client.post::<Value>("/v1/issuer-events", &hex::encode(fresh.nonce), &event, &fresh) {
            Ok(_) => "ok".to_owned(),
            Err(error) => error.code().unwrap_or("?").to_owned(),
        }
    }
}

#[test]
fn a_replacement_by_another_or_to_a_number_that_cannot_be_is_refused() {
    let city = SmallCity::new();
    let directory = Directory::sandbox();
    let [boc, other] = ["boc", "harbour"].map(|id| directory.institution(id).unwrap());
    let before = city.record();
    let (mine, theirs) = (Sender { city: &city, bank: boc }, Sender { city: &city, bank: other });
    let [own, foreign] = [boc, other].map(|bank| replacement_context(&bank.id));
    let range = |bank: &Institution, of: usize| (bank.ranges[of].pan_prefix, bank.ranges[of].length);
    let (debit, credit, abroad) = (range(boc, 0), range(boc, 1), range(other, 0));
    let number = |(prefix, length): (u32, usize)| of_range(prefix, length);
    let token_like = of_range(boc.ranges[0].token_prefix, boc.ranges[0].length);
    let cases = [
        ("another issuer's token", &theirs, Some(theirs.sealed(&number(abroad), &foreign)), "token_unknown"),
        ("another issuer's range", &mine, Some(mine.sealed(&number(abroad), &own)), "card_not_supported"),
        ("another product", &mine, Some(mine.sealed(&number(credit), &own)), "card_not_supported"),
        (
            "a number that nobody has",
            &mine,
            Some(mine.sealed("4111111111111111", &own)),
            "card_not_supported",
        ),
        ("a number of the token range", &mine, Some(mine.sealed(&token_like, &own)), "card_not_supported"),
        ("the token itself", &mine, Some(mine.sealed(&city.number().digits(), &own)), "card_not_supported"),
        ("sealed for another issuer", &mine, Some(mine.sealed(&number(debit), &foreign)), "request_invalid"),
        (
            "sealed as a customer's card",
            &mine,
            Some(mine.sealed(&number(debit), "paiza:card-data")),
            "request_invalid",
        ),
        ("not sealed", &mine, Some(number(debit)), "request_invalid"),
        ("no number", &mine, None, "request_invalid"),
        ("not a number", &mine, Some(mine.sealed("6216600100000000017", &own)), "request_invalid"),
    ];
    for (what, sender, sealed, expected) in cases {
        assert_eq!(sender.says(sealed), expected, "{what}");
    }
    let unsigned = Sender { city: &city, bank: boc };
    let client =
        Client::new(&city.city.addresses.platform.to_string(), "issuer:boc", issuer_signing_key(other));
    let event = IssuerEvent {
        token: city.number().digits(),
        action: "replace".to_owned(),
        sealed_card: Some(unsigned.sealed(&number(debit), &own)),
    };
    let now = store::Clock::now(&*city.clock);
    let fresh = Freshness { now, nonce: crypto::random::bytes() };
    let forged = client.post::<Value>("/v1/issuer-events", "k", &event, &fresh).unwrap_err();
    assert_eq!(forged.code(), Some("signature_invalid"));
    assert_eq!(city.record(), before, "none of it changed anything");

    // The bank itself may; saying it again, sealed anew or not, changes nothing more.
    let sealed = mine.sealed(&number(debit), &own);
    assert_eq!(mine.says(Some(sealed.clone())), "ok");
    let after = city.record();
    assert_eq!(after.version, before.version + 1);
    assert_eq!(mine.says(Some(sealed)), "ok");
    assert_eq!(mine.says(Some(mine.sealed(&number(debit), &own))), "ok");
    assert_eq!(city.record(), after);
    assert_eq!(after.standing.life, Life::Active);
}

#[test]
fn a_desk_makes_plastic_for_its_own_open_cards() {
    let city = SmallCity::new();
    let at = city.desk("boc");
    let ask = |body: Value| post(at, &at.to_string(), "/admin/cards/replace", &body);
    for (body, status) in [
        (json!({"number": "6216600100000000098"}), 400),
        (json!({"number": "4111111111111111"}), 404),
        (json!({"number": of_range(62_166_001, 19)}), 404),
        (json!({"number": CARD, "expiry": "3113"}), 400),
        (json!({"number": CARD, "expiry": "2610"}), 400),
        (json!({"number": 6216600100000000016u64}), 422),
        (json!({"number": CARD, "art": "none"}), 422),
    ] {
        let (said, problem) = ask(body.clone());
        assert_eq!((said, &problem["status"]), (status, &json!(status)), "{body}: {problem}");
        assert!(!problem.to_string().contains(CARD), "{problem}");
    }
    let (status, made) = ask(json!({"number": CARD, "expiry": "3206"}));
    assert_eq!((status, &made["expiry"], &made["sequence"]), (200, &json!("3206"), &json!(1)));
    let state = |number: &Value, state: &str| {
        post(at, &at.to_string(), "/admin/cards", &json!({"number": number, "state": state}))
    };
    let (status, problem) = state(&json!(CARD), "active");
    assert_eq!((status, &problem["code"]), (409, &json!("card_replaced")));
    assert_eq!(state(&made["number"], "replaced").0, 400);
    assert_eq!(state(&made["number"], "closed").0, 200);
    let (status, problem) = ask(json!({"number": made["number"]}));
    assert_eq!((status, &problem["code"]), (409, &json!("card_closed")));
    let cards = boc(&city).store().read(|records| records.all::<BankCard>()).unwrap();
    let documented = sandbox::test_cards::of_bank("boc").count();
    assert_eq!(cards.len(), documented + 1, "one plastic was made");
}

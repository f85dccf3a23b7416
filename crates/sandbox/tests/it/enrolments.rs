//! Adding a card: rules, attempts, one-time passwords at the edge and beyond, and what never leaves the bank.

use crate::bank::{Bank, NOON, Tap, range_of, test_card, token_for};
use iso8583::{Message, Mti, Tag};
use sandbox::Digest;
use sandbox::issuer::{
    BankCard, CardState, Condition, Outcome, RiskRule, SetCardState, SetRule, TokenLink, open_sms,
};
use sandbox::issuer::{notice, rules, verification};
use sandbox::telephone::{Deliver, SimKey, inbox};
use sandbox::test_cards::{Behaviour, TestCard};
use std::time::Duration;
use values::{Expiry, Operation, Records};

/// What a customer types in.
#[derive(Clone)]
struct Typed {
    pan: String,
    expiry: String,
    cvv2: String,
    phone: String,
}

fn typed(bank: &Bank, card: &TestCard) -> Typed {
    let pan = card.pan();
    Typed {
        pan: String::from_utf8(pan.expose().to_vec()).unwrap(),
        expiry: card.expiry().to_yymm(),
        cvv2: String::from_utf8(bank.keys.cvv2(&pan, card.expiry()).expose().to_vec()).unwrap(),
        phone: card.phone.clone(),
    }
}

struct Desk {
    bank: Bank,
    stan: u64,
}

impl Desk {
    fn open() -> Desk {
        Desk { bank: Bank::open("boc"), stan: 0 }
    }

    fn request(&mut self, function: u8, reference: &str) -> Message {
        self.stan += 1;
        let mut message = Message::new(Mti::AUTHORISATION);
        message
            .set_text(3, "330000")
            .set_text(7, "1122020500")
            .set_number(11, self.stan)
            .set_text(32, "01090000");
        message
            .set_private(Tag::VERIFICATION_FUNCTION, &[function])
            .set_private(Tag::CARD_PREFIX, b"62166001");
        message.set_private(Tag::ENROLMENT, reference.as_bytes());
        message
    }

    fn add(&mut self, reference: &str, device: &str, typed: &Typed) -> Message {
        let mut message = self.request(1, reference);
        let data = serde_json::json!({
            "pan": typed.pan, "expiry": typed.expiry, "cvv2": typed.cvv2, "phone": typed.phone
        });
        let public = self.bank.keys.agreement().public();
        let sealed =
            crypto::jwe::seal(&public, "boc-1", data.to_string().as_bytes(), verification::CARD_DATA);
        let risk = serde_json::json!({ "device": device, "country": 156, "wallet": "cus_1" });
        message.set_private(Tag::SEALED_CARD, sealed.as_bytes());
        message.set_private(Tag::RISK_DATA, risk.to_string().as_bytes());
        message
    }

    /// Sends it and gives decision or DE 39, and reason.
    fn send(&mut self, message: &Message) -> (String, String) {
        let answer = self.bank.exchange(message).unwrap();
        let private = answer.private_data().unwrap();
        let code = answer.text(39).unwrap();
        let said = private.text(Tag::DECISION).unwrap_or(code);
        (said.to_owned(), private.text(Tag::REASON).unwrap_or_default().to_owned())
    }

    fn decide(&mut self, reference: &str, device: &str, typed: &Typed) -> (String, String) {
        let message = self.add(reference, device, typed);
        self.send(&message)
    }

    fn send_code(&mut self, reference: &str) -> String {
        let mut message = self.request(2, reference);
        message.set_private(Tag::METHOD, b"sms");
        self.send(&message).1
    }

    fn check(&mut self, reference: &str, code: &str) -> (String, Option<u8>) {
        let message = self.check_message(reference, code);
        let answer = self.bank.exchange(&message).unwrap();
        let private = answer.private_data().unwrap();
        (private.text(Tag::REASON).unwrap_or_default().to_owned(), private.byte(Tag::TRIES_LEFT))
    }

    fn check_message(&mut self, reference: &str, code: &str) -> Message {
        let mut message = self.request(3, reference);
        let public = self.bank.keys.agreement().public();
        let context = verification::password_context(reference);
        let sealed = crypto::jwe::seal(&public, "boc-1", code.as_bytes(), &context);
        message.set_private(Tag::SEALED_PASSWORD, sealed.as_bytes());
        message
    }

    /// The digits of the last password sent, as the customer's phone shows them.
    fn last_code(&self) -> String {
        let texts = self.bank.records.sent.values().filter(|message| message.topic == notice::TOPIC_SMS);
        let opened = texts
            .map(|message| (message.due, open_sms(&self.bank.keys, &message.key, &message.body).unwrap()));
        let (_, last) = opened.max_by_key(|(due, _)| *due).unwrap();
        let text = String::from_utf8(last.text.expose().to_vec()).unwrap();
        let digits: Vec<&str> =
            text.split(|c: char| !c.is_ascii_digit()).filter(|part| part.len() == 6).collect();
        digits[0].to_owned()
    }

    fn notify(&mut self, reference: &str, card: &TestCard) -> String {
        let mut message = self.request(4, reference);
        message.set_private(Tag::TOKEN_NUMBER, token_for(card).digits().as_bytes());
        message.set_private(Tag::TOKEN_EXPIRY, b"3101").set_private(Tag::TOKEN_REQUESTOR, b"40010000001");
        message.set_private(Tag::ACCOUNT_REFERENCE, &[b'A'; 29]);
        self.send(&message).1
    }

    fn later(&mut self, wait: Duration) {
        self.bank.now = self.bank.now.after(wait);
    }
}

fn wrong_code(right: &str) -> String {
    format!("{:06}", (right.parse::<u32>().unwrap() + 1) % 1_000_000)
}

#[test]
fn each_rule_decides_over_the_wire() {
    let approve = test_card("boc", Behaviour::Approve);
    type Edit = fn(&mut Desk, &mut Typed);
    let cases: [(&str, Behaviour, Edit, &str, &str); 12] = [
        ("all right", Behaviour::Approve, |_, _| (), "GREEN", "approved"),
        (
            "cvv2",
            Behaviour::Approve,
            |_, t| t.cvv2 = if t.cvv2 == "000" { "001".into() } else { "000".into() },
            "RED",
            "card_data_wrong",
        ),
        ("expiry", Behaviour::Approve, |_, t| t.expiry = "3011".into(), "RED", "card_data_wrong"),
        ("phone", Behaviour::Approve, |_, t| t.phone = "13800009999".into(), "RED", "card_data_wrong"),
        ("number", Behaviour::Approve, |_, t| t.pan = "6216600199999999998".into(), "RED", "card_data_wrong"),
        ("lost", Behaviour::Lost, |_, _| (), "RED", "card_restricted"),
        ("stolen", Behaviour::Stolen, |_, _| (), "RED", "card_restricted"),
        ("blocked", Behaviour::Approve, |d, _| block(d), "RED", "card_restricted"),
        ("expired", Behaviour::Expired, |_, _| (), "RED", "card_expired"),
        ("red", Behaviour::Red, |_, _| (), "RED", "issuer_declined"),
        ("step-up", Behaviour::StepUp, |_, _| (), "YELLOW", "verification_needed"),
        (
            "new device",
            Behaviour::Approve,
            |d, _| rule(d, Condition::NewDevice, true, Outcome::Yellow),
            "YELLOW",
            "new_device",
        ),
    ];
    for (what, behaviour, edit, decision, reason) in cases {
        let mut desk = Desk::open();
        let mut data = typed(&desk.bank, test_card("boc", behaviour));
        edit(&mut desk, &mut data);
        assert_eq!(desk.decide("enr_1", "dev_1", &data), (decision.into(), reason.into()), "{what}");
        let again = desk.add("enr_1", "dev_1", &data);
        assert_eq!(desk.send(&again), (decision.into(), reason.into()), "{what} again");
    }
    let mut desk = Desk::open();
    let data = typed(&desk.bank, approve);
    let mut abroad = desk.add("enr_1", "dev_1", &data);
    abroad.set_private(Tag::RISK_DATA, br#"{"device":"dev_1","country":840}"#);
    assert_eq!(desk.send(&abroad), ("YELLOW".into(), "country".into()));
}

fn block(desk: &mut Desk) {
    let card = Digest(desk.bank.keys.card_key(&test_card("boc", Behaviour::Approve).pan()));
    SetCardState { card, state: CardState::Blocked }.apply(&mut desk.bank.records, NOON).unwrap();
}

fn rule(desk: &mut Desk, condition: Condition, enabled: bool, outcome: Outcome) {
    let known =
        rules::rules(&mut desk.bank.records).into_iter().find(|rule| rule.condition == condition).unwrap();
    let Ok(_) = SetRule(RiskRule { enabled, outcome, ..known }).apply(&mut desk.bank.records, NOON);
}

#[test]
fn a_device_has_five_attempts_a_day_and_then_cools() {
    let mut desk = Desk::open();
    let cards =
        [Behaviour::Approve, Behaviour::Lost, Behaviour::LowFunds, Behaviour::Red, Behaviour::Timeout];
    for (behaviour, number) in cards.into_iter().zip(1..) {
        let data = typed(&desk.bank, test_card("boc", behaviour));
        assert_ne!(desk.decide(&format!("enr_{number}"), "dev_1", &data).1, "too_many_attempts", "{number}");
    }
    let data = typed(&desk.bank, test_card("boc", Behaviour::Late));
    assert_eq!(desk.decide("enr_6", "dev_1", &data), ("RED".into(), "too_many_attempts".into()));
    assert_eq!(desk.decide("enr_7", "dev_2", &data).0, "GREEN", "another device");
    // It cools for 24 hours from the sixth attempt.
    desk.later(Duration::from_secs(24 * 3600) - Duration::from_millis(1));
    assert_eq!(desk.decide("enr_8", "dev_1", &data).1, "too_many_attempts");
    desk.later(Duration::from_millis(1));
    assert_eq!(desk.decide("enr_9", "dev_1", &data).0, "GREEN");
}

#[test]
fn a_card_has_three_attempts_a_day_and_velocity_counts() {
    let mut desk = Desk::open();
    let data = typed(&desk.bank, test_card("boc", Behaviour::Approve));
    for (number, decision, reason) in [
        (1, "GREEN", "approved"),
        (2, "GREEN", "approved"),
        (3, "YELLOW", "velocity"),
        (4, "RED", "too_many_attempts"),
    ] {
        let said = desk.decide(&format!("enr_{number}"), &format!("dev_{number}"), &data);
        assert_eq!(said, (decision.into(), reason.into()), "{number}");
    }
    desk.later(Duration::from_secs(24 * 3600));
    assert_eq!(desk.decide("enr_5", "dev_5", &data).0, "GREEN");
}

#[test]
fn the_fifth_card_of_a_device_in_a_day_needs_proof() {
    let mut desk = Desk::open();
    let cards =
        [Behaviour::Approve, Behaviour::LowFunds, Behaviour::Timeout, Behaviour::Late, Behaviour::Decline05];
    let mut said = Vec::new();
    for (behaviour, number) in cards.into_iter().zip(1..) {
        let data = typed(&desk.bank, test_card("boc", behaviour));
        said.push(desk.decide(&format!("enr_{number}"), "dev_1", &data).0);
    }
    assert_eq!(said, ["GREEN", "GREEN", "GREEN", "GREEN", "YELLOW"]);
}

#[test]
fn the_right_code_approves_once_and_links_the_token() {
    let mut desk = Desk::open();
    let card = test_card("boc", Behaviour::StepUp);
    let data = typed(&desk.bank, card);
    let ask = desk.add("enr_1", "dev_1", &data);
    let answer = desk.bank.exchange(&ask).unwrap();
    let private = answer.private_data().unwrap();
    let methods = private.text(Tag::STEP_UP_METHODS).unwrap();
    assert_eq!(methods, r#"[{"id":"sms","kind":"sms","masked":"138****0002"}]"#);
    assert!(private.text(Tag::CARD_PROFILE).unwrap().contains("Great Wall Debit"));
    assert_eq!(desk.notify("enr_1", card), "enrolment_not_approved", "the proof cannot be skipped");
    assert_eq!(desk.send_code("enr_1"), "code_sent");
    let code = desk.last_code();
    assert_eq!(desk.check("enr_1", &wrong_code(&code)), ("code_wrong".into(), Some(2)));
    let right = desk.check_message("enr_1", &code);
    assert_eq!(desk.send(&right).1, "code_right");
    assert_eq!(desk.send(&right).1, "code_right", "a repeat of the message");
    assert_eq!(desk.check("enr_1", &code).0, "code_unknown", "one use");
    assert_eq!(desk.notify("enr_1", card), "token_linked");
    assert_eq!(desk.notify("enr_1", card), "token_linked");
    assert_eq!(desk.notify("enr_2", card), "enrolment_unknown");
    let link = desk.bank.records.find::<TokenLink>(&token_for(card)).unwrap();
    assert_eq!(link.card, Digest(desk.bank.keys.card_key(&card.pan())));
    let tap = desk.bank.tap(card, &Tap { stan: 900, ..Tap::default() });
    assert_eq!(desk.bank.send(&tap), "00");
    // The bank stops the card: its token stops, and the token service is told.
    let state = CardState::Lost;
    SetCardState { card: link.card, state }.apply(&mut desk.bank.records, NOON).unwrap();
    let told: Vec<_> =
        desk.bank.records.sent.values().filter(|message| message.topic == "issuer.token_lifecycle").collect();
    assert_eq!(told.len(), 1);
    assert!(desk.bank.records.find::<TokenLink>(&token_for(card)).unwrap().stopped);
}

#[test]
fn a_hundred_guesses_are_three_tries() {
    let mut desk = Desk::open();
    let data = typed(&desk.bank, test_card("boc", Behaviour::StepUp));
    desk.decide("enr_1", "dev_1", &data);
    desk.send_code("enr_1");
    let code = desk.last_code();
    let guesses: Vec<_> = (0..100).map(|_| desk.check("enr_1", &wrong_code(&code))).collect();
    assert_eq!(guesses[0], ("code_wrong".into(), Some(2)));
    assert_eq!(guesses[1], ("code_wrong".into(), Some(1)));
    assert!(guesses[2..].iter().all(|guess| *guess == ("code_void".into(), Some(0))));
    assert_eq!(desk.check("enr_1", &code).0, "code_void", "the right one comes too late");
    assert_eq!(desk.send_code("enr_1"), "code_sent");
    desk.bank.entropy = [8; 32];
    assert_eq!(
        desk.check("enr_1", &code).0,
        "code_right",
        "a new challenge, of the same entropy in this test"
    );
}

#[test]
fn a_repeated_try_counts_once() {
    let mut desk = Desk::open();
    let data = typed(&desk.bank, test_card("boc", Behaviour::StepUp));
    desk.decide("enr_1", "dev_1", &data);
    desk.send_code("enr_1");
    let wrong = wrong_code(&desk.last_code());
    let message = desk.check_message("enr_1", &wrong);
    for _ in 0..5 {
        assert_eq!(desk.send(&message).1, "code_wrong");
    }
    assert_eq!(desk.check("enr_1", &wrong), ("code_wrong".into(), Some(1)));
}

#[test]
fn a_code_lives_three_minutes_and_belongs_to_its_enrolment() {
    for (wait_ms, expected) in [(179_999, "code_right"), (180_000, "code_expired")] {
        let mut desk = Desk::open();
        let data = typed(&desk.bank, test_card("boc", Behaviour::StepUp));
        desk.decide("enr_1", "dev_1", &data);
        desk.send_code("enr_1");
        let code = desk.last_code();
        desk.later(Duration::from_millis(wait_ms));
        assert_eq!(desk.check("enr_1", &code).0, expected);
    }
    let mut desk = Desk::open();
    let data = typed(&desk.bank, test_card("boc", Behaviour::StepUp));
    for (reference, entropy) in [("enr_1", [1; 32]), ("enr_2", [2; 32])] {
        desk.decide(reference, "dev_1", &data);
        desk.bank.entropy = entropy;
        desk.send_code(reference);
        desk.later(Duration::from_secs(1));
    }
    let second = desk.last_code();
    assert_eq!(desk.check("enr_1", &second).0, "code_wrong");
    assert_eq!(desk.check("enr_2", &second).0, "code_right");
    let mut moved = desk.check_message("enr_1", &second);
    moved.set_private(Tag::ENROLMENT, b"enr_2");
    assert_eq!(desk.send(&moved).0, "30", "a sealed code opens for no other enrolment");
}

#[test]
fn codes_are_sent_three_times_in_ten_minutes_and_ten_times_a_day() {
    let mut desk = Desk::open();
    let data = typed(&desk.bank, test_card("boc", Behaviour::StepUp));
    desk.decide("enr_1", "dev_1", &data);
    for expected in ["code_sent", "code_sent", "code_sent", "too_many_codes"] {
        assert_eq!(desk.send_code("enr_1"), expected);
    }
    desk.later(Duration::from_millis(599_999));
    assert_eq!(desk.send_code("enr_1"), "too_many_codes");
    desk.later(Duration::from_millis(1));
    let mut sent = 3;
    while desk.send_code("enr_1") == "code_sent" {
        sent += 1;
        desk.later(Duration::from_secs(600));
    }
    assert_eq!(sent, 10);
    desk.later(Duration::from_secs(3600));
    assert_eq!(desk.send_code("enr_1"), "too_many_codes");
}

#[test]
fn codes_are_sent_only_where_they_are_waited_for() {
    let mut desk = Desk::open();
    let green = typed(&desk.bank, test_card("boc", Behaviour::Approve));
    let red = typed(&desk.bank, test_card("boc", Behaviour::Red));
    let yellow = typed(&desk.bank, test_card("boc", Behaviour::StepUp));
    for (reference, data) in [("green", &green), ("red", &red), ("yellow", &yellow)] {
        desk.decide(reference, "dev_1", data);
    }
    for (reference, expected) in [
        ("green", "enrolment_not_waiting"),
        ("red", "enrolment_not_waiting"),
        ("never", "enrolment_not_waiting"),
        ("yellow", "code_sent"),
    ] {
        assert_eq!(desk.send_code(reference), expected);
    }
    let mut other = desk.request(2, "yellow");
    other.set_private(Tag::METHOD, b"nothing");
    assert_eq!(desk.send(&other).1, "method_unknown");
    assert_eq!(desk.check("never", "123456").0, "code_unknown");
    assert_eq!(desk.notify("red", test_card("boc", Behaviour::Red)), "enrolment_not_approved");
    assert_eq!(desk.notify("green", test_card("boc", Behaviour::Approve)), "token_linked");
    assert_eq!(desk.decide("green", "dev_2", &yellow).1, "reference_used");
}

#[test]
fn broken_messages_are_answered_and_count_nothing() {
    let mut desk = Desk::open();
    let data = typed(&desk.bank, test_card("boc", Behaviour::Approve));
    type Edit = fn(&mut Message);
    let edits: [(Edit, &str); 7] = [
        (
            |m| {
                m.set_private(Tag::SEALED_CARD, b"a.b.c.d.e");
            },
            "30",
        ),
        (
            |m| {
                m.set_private(Tag::RISK_DATA, b"{");
            },
            "30",
        ),
        (
            |m| {
                m.set_private(Tag::RISK_DATA, br#"{"country":0}"#);
            },
            "30",
        ),
        (
            |m| {
                m.set_private(Tag::ENROLMENT, b"");
            },
            "30",
        ),
        (
            |m| {
                m.set_private(Tag::ENROLMENT, &[b'x'; 65]);
            },
            "30",
        ),
        (
            |m| {
                m.set_private(Tag::VERIFICATION_FUNCTION, &[9]);
            },
            "40",
        ),
        (
            |m| {
                m.set(48, &[0xD0]);
            },
            "30",
        ),
    ];
    for (edit, expected) in edits {
        let mut message = desk.add("enr_1", "dev_1", &data);
        edit(&mut message);
        assert_eq!(desk.send(&message).0, expected);
    }
    assert_eq!(desk.decide("enr_1", "dev_1", &data).0, "GREEN");
}

#[test]
fn no_secret_is_on_the_disk_or_in_an_answer() {
    let mut desk = Desk::open();
    let card = test_card("boc", Behaviour::StepUp);
    let data = typed(&desk.bank, card);
    let ask = desk.add("enr_1", "dev_1", &data);
    let answer = desk.bank.exchange(&ask).unwrap();
    desk.send_code("enr_1");
    let code = desk.last_code();
    desk.check("enr_1", &code);
    let pan = card.pan();
    let packed = hex::decode(format!("{}F", data.pan)).unwrap();
    let found = |bytes: &[u8], secret: &[u8]| bytes.windows(secret.len()).any(|part| part == secret);
    let disk = desk.bank.records.dump();
    for secret in [pan.expose(), &packed, code.as_bytes()] {
        assert!(!found(&disk, secret));
        assert!(!answer.fields().any(|number| found(answer.get(number).unwrap(), secret)));
    }
    // Three digits may stand anywhere by chance; next to the expiry they do not.
    assert!(!found(&disk, format!("{}{}", data.expiry, data.cvv2).as_bytes()));
    let key = Digest(desk.bank.keys.card_key(&pan));
    let known = desk.bank.records.find::<BankCard>(&key).unwrap();
    assert!(!format!("{known:?}").contains(&data.pan[4..]));
    assert_eq!(known.expiry, Expiry::from_yymm(data.expiry.as_bytes()).unwrap());
    assert_eq!(range_of(card).pan_prefix, known.prefix);
}

#[test]
fn the_customer_reads_the_code_in_the_inbox() {
    let mut desk = Desk::open();
    let data = typed(&desk.bank, test_card("boc", Behaviour::StepUp));
    desk.decide("enr_1", "dev_1", &data);
    desk.send_code("enr_1");
    let (code, mut telephone) = (desk.last_code(), ledger::testing::MemoryRecords::default());
    let staged: Vec<_> = desk.bank.records.sent.values().cloned().collect();
    for message in &staged {
        let sms = open_sms(&desk.bank.keys, &message.key, &message.body).unwrap();
        let text = str::from_utf8(sms.text.expose()).unwrap();
        let deliver = Deliver::seal(&message.key, &sms.from, &sms.to, text, [9; 32]).unwrap();
        assert_eq!(deliver.apply(&mut telephone, NOON), deliver.apply(&mut telephone, NOON));
    }
    let received = inbox(&mut telephone, &data.phone, 0);
    let text = received[0].open(&SimKey::sandbox(&data.phone)).unwrap();
    assert!(str::from_utf8(text.expose()).unwrap().contains(&code));
    assert_eq!((received.len(), received[0].from.as_str()), (1, "95566"));
    assert!(!telephone.dump().windows(6).any(|bytes| bytes == code.as_bytes()));
    let other = sandbox::keys::IssuerKeys::sandbox(&sandbox::directory::Directory::sandbox().institutions[1]);
    assert!(open_sms(&other, &staged[0].key, &staged[0].body).is_err());
}

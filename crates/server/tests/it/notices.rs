//! The bank hears what becomes of its cards' tokens, also of what happened while it was down, and never the older of
//! two last.

use crate::issuers::post;
use crate::small_city::SmallCity;
use iso8583::{Message, Mti, Tag};
use platform::line::{HostAnswer, HostLine};
use sandbox::issuer::TokenStanding;
use sandbox::keys::Line as LineKey;
use serde_json::{Value, json};
use server::api::LostPhone;
use server::client::agent;
use server::iso::{Ends, Line};
use tokens::Actor;
use values::Records;

/// What the bank's desk shows of the one token: its state and who changed it.
fn shown(city: &SmallCity) -> (String, String) {
    let at = city.desk("boc");
    let mut read = agent().get(format!("http://{at}/admin/cards")).call().unwrap();
    let cards: Value = serde_json::from_str(&read.body_mut().read_to_string().unwrap()).unwrap();
    let tokens: Vec<&Value> =
        cards.as_array().unwrap().iter().flat_map(|card| card["tokens"].as_array().unwrap()).collect();
    let [token] = tokens[..] else { panic!("{} tokens", tokens.len()) };
    let text = |name: &str| token[name].as_str().unwrap_or_default().to_owned();
    (text("state"), text("changed_by"))
}

fn shows(city: &SmallCity, state: &str, by: &str) {
    city.in_time(&format!("the desk shows {state} by {by}"), || {
        shown(city) == (state.to_owned(), by.to_owned())
    });
}

#[test]
fn the_desk_shows_what_customer_platform_and_bank_did() {
    let city = SmallCity::new();
    assert_eq!(shown(&city), ("active".to_owned(), String::new()), "as it was made");
    city.phone.suspend(city.token).unwrap();
    city.phone.sync().unwrap();
    shows(&city, "suspended", "customer");
    city.phone.resume(city.token).unwrap();
    city.phone.sync().unwrap();
    shows(&city, "active", "customer");
    let reference = city.record().reference;
    city.city.tokens.suspend(reference, Actor::Platform).unwrap();
    shows(&city, "suspended", "platform");
    let at = city.desk("boc");
    let block = json!({"number": crate::street::CARD, "state": "blocked"});
    assert_eq!(post(at, &at.to_string(), "/admin/cards", &block).0, 200);
    shows(&city, "suspended", "issuer");
    city.phone.delete(city.token).unwrap();
    city.phone.sync().unwrap();
    shows(&city, "deleted", "customer");
}

#[test]
fn a_lost_phone_is_seen_at_the_bank() {
    let city = SmallCity::new();
    let lost = LostPhone {
        phone_number: "+8613800000001".to_owned(),
        recovery_code: city.recovery_code.clone().unwrap(),
    };
    let at = city.city.addresses.platform;
    let request =
        agent().post(format!("http://{at}/v1/lost-phone")).header("content-type", "application/json");
    let answer = request.send(&serde_json::to_vec(&lost).unwrap()[..]).unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    shows(&city, "suspended", "platform");
}

#[test]
fn what_happened_while_the_bank_was_down_is_told_when_it_is_back() {
    let city = SmallCity::new();
    let number = city.number();
    // The bank's process ends; the others go on.
    let bank = city.city.issuers.iter().find(|issuer| issuer.bank().id == "boc").unwrap();
    bank.store().close();
    city.phone.suspend(city.token).unwrap();
    city.phone.sync().unwrap();
    city.phone.resume(city.token).unwrap();
    city.phone.sync().unwrap();
    city.phone.delete(city.token).unwrap();
    city.phone.sync().unwrap();
    let version = city.record().version;
    let city = city.restarted(|_| ());
    shows(&city, "deleted", "customer");
    let bank = city.city.issuers.iter().find(|issuer| issuer.bank().id == "boc").unwrap();
    let known = bank.store().read(move |records| records.find::<TokenStanding>(&number)).unwrap().unwrap();
    assert_eq!(known.version, version, "the last of what happened, and that alone");
    city.in_time("nothing is left to be told", || {
        let tokens = city.city.tokens.store();
        let topic = store::Value::Text(tokens::ops::topics::ISSUER_NOTICE.to_owned());
        let waiting = tokens.rows("SELECT count(*) FROM outbox WHERE topic = $1", &[topic]).unwrap();
        waiting.rows == [[store::Value::Integer(0)]]
    });
}

/// Says something to the city's bank in the network's name; its reason.
fn says(city: &SmallCity, parts: &[(Tag, &[u8])]) -> (String, String) {
    let dialect = server::city::net(LineKey::Issuer("boc"));
    let at = city.city.addresses.verification.iter().find(|(id, _)| id == "boc").unwrap().1;
    let line = Line::start(at, dialect, Ends::unwatched("network", "boc"), |_| ()).unwrap();
    let mut message = Message::new(Mti::AUTHORISATION);
    message.set_text(3, "330000").set_text(7, "1122020500").set_text(11, "000001");
    message.set_text(32, "01990000").set_text(33, "01990000");
    message.set_private(Tag::VERIFICATION_FUNCTION, &[5]).set_private(Tag::CARD_PREFIX, b"62166001");
    for (tag, value) in parts {
        message.set_private(*tag, value);
    }
    let HostAnswer::Message(answer) = line.ask_and_wait(message, crate::street::PATIENCE) else {
        return ("silence".to_owned(), String::new());
    };
    let reason = answer.private_data().ok().and_then(|private| private.text(Tag::REASON).map(str::to_owned));
    (answer.text(39).unwrap().to_owned(), reason.unwrap_or_default())
}

#[test]
fn an_older_notice_never_overwrites_a_newer_one() {
    let city = SmallCity::new();
    let token = city.record();
    let (enrolment, number) = (token.enrolment.to_string(), token.number.digits());
    let notice = |state: &str, version: &str, enrolment: &str, number: &str| {
        says(
            &city,
            &[
                (Tag::ENROLMENT, enrolment.as_bytes()),
                (Tag::TOKEN_NUMBER, number.as_bytes()),
                (Tag::TOKEN_STATE, state.as_bytes()),
                (Tag::CHANGED_BY, b"customer"),
                (Tag::STATE_VERSION, version.as_bytes()),
            ],
        )
    };
    let said = |code: &str, reason: &str| (code.to_owned(), reason.to_owned());
    let noted = said("00", "token_state_noted");
    assert_eq!(notice("suspended", "7", &enrolment, &number), noted);
    for version in ["7", "6", "1"] {
        assert_eq!(notice("active", version, &enrolment, &number), said("00", "token_state_known"));
        assert_eq!(shown(&city).0, "suspended");
    }
    assert_eq!(notice("active", "8", &enrolment, &number), noted);
    assert_eq!(shown(&city).0, "active");
    let other = crate::street::TOKEN;
    assert_eq!(notice("active", "9", "enr_nobody", &number), said("25", "enrolment_unknown"));
    assert_eq!(notice("active", "9", &enrolment, other), said("94", "token_taken"));
    for (state, version, number) in
        [("lost", "9", &number[..]), ("active", "-1", &number), ("active", "9", "12")]
    {
        assert_eq!(notice(state, version, &enrolment, number).0, "30");
    }
    assert_eq!(shown(&city).0, "active");
}

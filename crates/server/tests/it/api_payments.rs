//! Payments by call: made in one step, taken at a terminal, ended.

use crate::api::{Answer, BOOKS, Caller, NOODLES, PLATFORM};
use crate::small_city::SmallCity;
use crate::street::eventually;
use developers::Finish;
use serde_json::{Value, json};
use std::time::Duration;
use store::Value as Cell;

fn wanted(value: u64) -> Value {
    json!({"amount": {"value": value, "currency": "CNY"}})
}

fn with_card(value: u64) -> Value {
    json!({"amount": {"value": value, "currency": "CNY"}, "test_card": "0016"})
}

fn at(payment: &Answer) -> String {
    format!("/v1/payments/{}", payment.json()["id"].as_str().unwrap())
}

#[test]
fn a_payment_waits_for_its_card_and_is_then_taken() {
    let city = SmallCity::new();
    let (noodles, books) = (Caller::new(&city, NOODLES), Caller::new(&city, BOOKS));
    let made = noodles.post_at_once("/v1/payments", "p", &wanted(1250));
    assert_eq!((made.status, &made.json()["status"]), (201, &json!("requires_card")), "{}", made.text);
    assert_eq!(made.json()["reference"], Value::Null);
    assert_eq!(noodles.get(&at(&made)).text, made.text);
    assert_eq!(books.get(&at(&made)).problem(), "not_found");
    let listed = noodles.get("/v1/payments").json();
    assert_eq!(listed["data"], json!([made.json()]));

    let present = format!("/v1/test_helpers{}/present_card", at(&made).strip_prefix("/v1").unwrap());
    let card = json!({"test_card": "0016"});
    assert_eq!(books.post(&present, "c", &card).problem(), "not_found");
    let taken = noodles.post(&present, "c", &card);
    assert_eq!((taken.status, &taken.json()["status"]), (200, &json!("approved")), "{}", taken.text);
    assert_eq!((&taken.json()["id"], taken.header("preference-applied")), (&made.json()["id"], "wait"));
    assert_eq!(noodles.get(&at(&made)).text, taken.text);
    assert_eq!(noodles.get("/v1/payments").json()["data"], json!([taken.json()]), "one payment, one line");
    // What was answered first is remembered as it was, and so is who waits.
    assert_eq!(noodles.post_at_once("/v1/payments", "p", &wanted(1250)).text, made.text);
    assert_eq!(noodles.post("/v1/payments", "p", &wanted(1250)).text, taken.text);
    assert_eq!(noodles.post(&present, "again", &card).problem(), "payment_not_open");
    let cancel = format!("{}/cancel", at(&made));
    let late = noodles.send("POST", &cancel, &[("idempotency-key", "x")], None);
    assert_eq!(late.problem(), "payment_not_open");
}

#[test]
fn a_payment_for_which_nobody_presents_a_card_expires_after_a_day() {
    let city = SmallCity::new();
    let noodles = Caller::new(&city, NOODLES);
    let made = noodles.post_at_once("/v1/payments", "p", &wanted(1250));
    let dropped = noodles.post_at_once("/v1/payments", "dropped", &wanted(1));
    noodles.send("POST", &format!("{}/cancel", at(&dropped)), &[("idempotency-key", "c")], None);
    let (day, before) = (acquiring::operations::INTENT_LASTS, Duration::from_secs(1));
    city.clock.advance(day - before);
    assert_eq!(noodles.get(&at(&made)).json()["status"], "requires_card");
    city.clock.advance(before);
    let status = |payment: &Answer| noodles.get(&at(payment)).json()["status"].as_str().unwrap().to_owned();
    eventually("it expired", || status(&made) == "expired");
    assert_eq!(status(&dropped), "cancelled");
    let present = format!("/v1/test_helpers{}/present_card", at(&made).strip_prefix("/v1").unwrap());
    assert_eq!(noodles.post(&present, "c", &json!({"test_card": "0016"})).problem(), "payment_not_open");
    let expired = || noodles.get("/v1/events?type=payment.expired").json();
    eventually("it is told", || expired()["data"].as_array().unwrap().len() == 1);
    assert_eq!(expired()["data"][0]["object"], made.json()["id"]);
    let listed = noodles.get("/v1/payments?status=expired").json();
    assert_eq!(listed["data"][0]["id"], made.json()["id"]);
}

#[test]
fn a_payment_that_is_not_wanted_any_more_or_finds_no_card_ends() {
    let city = SmallCity::new();
    let noodles = Caller::new(&city, NOODLES);
    let made = noodles.post_at_once("/v1/payments", "p", &wanted(1250));
    for follow_up in ["void", "complete"] {
        let path = format!("{}/{follow_up}", at(&made));
        assert_eq!(noodles.post(&path, follow_up, &json!({})).problem(), "payment_not_open");
    }
    let cancel = format!("{}/cancel", at(&made));
    let cancelled = noodles.send("POST", &cancel, &[("idempotency-key", "x")], None);
    assert_eq!(
        (cancelled.status, &cancelled.json()["status"]),
        (200, &json!("cancelled")),
        "{}",
        cancelled.text
    );
    let again = noodles.send("POST", &cancel, &[("idempotency-key", "x")], None);
    assert_eq!((again.header("idempotent-replayed"), &again.text), ("true", &cancelled.text));

    // A card that its bank does not let into a phone is never presented.
    let red = sandbox::test_cards::test_cards()
        .iter()
        .find(|card| card.behaviour == sandbox::test_cards::Behaviour::Red)
        .unwrap();
    let last_four = red.pan().last_four().to_string();
    let body = json!({"amount": {"value": 1, "currency": "CNY"}, "test_card": last_four});
    let failed = noodles.post("/v1/payments", "f", &body);
    assert_eq!((failed.status, &failed.json()["status"]), (201, &json!("failed")), "{}", failed.text);
    assert_eq!(failed.json()["failure"]["code"], "card_not_presented", "{}", failed.text);
    for (what, body) in [
        ("/terminal", json!({"amount": {"value": 1, "currency": "CNY"}, "terminal": "NOSUCH01"})),
        ("/test_card", json!({"amount": {"value": 1, "currency": "CNY"}, "test_card": "9999"})),
    ] {
        assert_eq!(noodles.post("/v1/payments", what, &body).json()["param"], what);
    }
    for (key, amount) in [("zero", 0), ("most", 5_000_001)] {
        assert_eq!(noodles.post("/v1/payments", key, &wanted(amount)).problem(), "payment_refused", "{key}");
    }
}

#[test]
fn sixty_four_equal_requests_make_one_payment_that_is_taken_once() {
    let city = SmallCity::new();
    let noodles = Caller::new(&city, NOODLES);
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let call = || noodles.clone().post_at_once("/v1/payments", "together", &with_card(700));
        let callers: Vec<_> = (0..64).map(|_| scope.spawn(call)).collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|answer| answer.status == 201 && answer.text == answers[0].text));
    let first = answers.iter().filter(|answer| answer.header("idempotent-replayed").is_empty()).count();
    assert_eq!(first, 1);
    let ended = noodles.send("GET", &at(&answers[0]), &[("prefer", "wait=20")], None);
    assert_eq!(ended.json()["status"], "approved", "{}", ended.text);
    assert_eq!(noodles.get("/v1/payments").json()["data"].as_array().unwrap().len(), 1);
}

#[test]
fn many_payments_at_once_are_all_taken_at_several_terminals() {
    let city = SmallCity::new();
    let noodles = Caller::new(&city, NOODLES);
    let cards: Vec<String> = sandbox::test_cards::of_bank("boc")
        .filter(|card| card.behaviour == sandbox::test_cards::Behaviour::Approve)
        .map(|card| card.pan().last_four().to_string())
        .take(2)
        .collect();
    let made: Vec<Answer> = (0..12)
        .map(|n| {
            let card = &cards[n % cards.len()];
            let body = json!({"amount": {"value": 100 + n, "currency": "CNY"}, "test_card": card});
            noodles.post_at_once("/v1/payments", &format!("p{n}"), &body)
        })
        .collect();
    for payment in &made {
        let ended = noodles.send("GET", &at(payment), &[("prefer", "wait=20")], None).json();
        assert_eq!(ended["status"], "approved", "{ended}");
    }
    let listed = noodles.get("/v1/payments?limit=100").json();
    assert_eq!(listed["data"].as_array().unwrap().len(), made.len());
    for (_, store) in city.city.stores() {
        assert!(store.verify().unwrap().is_ok());
    }
}

/// The process dies after the answer and before a terminal was asked, or in the middle of it: the next one takes the
/// payment, once.
#[test]
fn a_payment_that_was_promised_is_taken_after_a_restart() {
    let city = SmallCity::new();
    let noodles = Caller::new(&city, NOODLES);
    let made: Vec<Answer> =
        (0..6).map(|n| noodles.post_at_once("/v1/payments", &format!("p{n}"), &with_card(100 + n))).collect();
    let city = city.restarted(|_| ());
    let noodles = Caller::new(&city, NOODLES);
    for (n, payment) in made.iter().enumerate() {
        city.in_time("the payment ends", || {
            !["requires_card", "processing", "pending"]
                .contains(&noodles.get(&at(payment)).json()["status"].as_str().unwrap())
        });
        let ended = noodles.get(&at(payment)).json();
        assert_eq!(
            (&ended["status"], &ended["amount"]["value"]),
            (&json!("approved"), &json!(100 + n)),
            "{ended}"
        );
        let again = noodles.post_at_once("/v1/payments", &format!("p{n}"), &with_card(100 + n as u64));
        assert_eq!((again.header("idempotent-replayed"), &again.text), ("true", &payment.text));
    }
    assert_eq!(noodles.get("/v1/payments").json()["data"].as_array().unwrap().len(), made.len());
}

/// A void whose process died after the terminal had done it and before its answer was remembered: the repeat finds what
/// was done by the terminal's mark, and does it no second time.
#[test]
fn what_a_terminal_did_before_a_crash_is_found_again_by_its_mark() {
    let city = SmallCity::new();
    let noodles = Caller::new(&city, NOODLES);
    let paid = noodles.post("/v1/payments", "p", &with_card(1250));
    let half = json!({"payment": paid.json()["id"], "amount": {"value": 500, "currency": "CNY"}});
    let refund = noodles.post("/v1/refunds", "r", &half);
    assert_eq!(refund.status, 201, "{}", refund.text);
    // What is remembered is put back to where it stood between the terminal's work and its end.
    let acquirer = city.city.acquirer.store().clone();
    let sql = "SELECT name FROM answers WHERE operation = 'POST /v1/refunds'";
    let rows = acquirer.rows(sql, &[]).unwrap().rows;
    let Some(Cell::Text(name)) = rows[0].first().cloned() else { panic!("a name") };
    let known = name.clone();
    let answer = acquirer
        .read(move |records| values::Records::find::<developers::Answer>(records, &known))
        .unwrap()
        .unwrap();
    assert!(!answer.plan.is_empty(), "the mark was remembered");
    acquirer.call(Reopen(name)).unwrap();
    let again = noodles.post("/v1/refunds", "r", &half);
    assert_eq!(again.json()["id"], refund.json()["id"], "{}", again.text);
    let refunds = noodles.get("/v1/refunds").json();
    assert_eq!(refunds["data"].as_array().unwrap().len(), 1, "paid back once");
}

/// Leaves a request as a process leaves it that dies before [`Finish`].
struct Reopen(String);

impl values::Operation for Reopen {
    type Answer = ();
    type Refusal = ();
    const NAME: &'static str = "test.reopen";
    fn apply<W: values::Records>(&self, records: &mut W, _: values::Timestamp) -> Result<(), ()> {
        let answer: developers::Answer = records.find(&self.0).ok_or(())?;
        records.put(developers::Answer { status: None, body: String::new(), run: 1, ..answer });
        Ok(())
    }
}

#[test]
fn a_request_that_was_laid_down_is_taken_up_again() {
    let city = SmallCity::new();
    let acquirer = city.city.acquirer.store();
    let asked = developers::Asked::new(developers::Tenant::Platform, "POST", "/x", "k", Vec::new());
    let begin = |run| {
        let plan = Fixed;
        acquirer.call(developers::Begin { asked: asked.clone(), run, plan }).unwrap()
    };
    use developers::{Began, No};
    use store::Outcome;
    assert_eq!(begin(1), Outcome::Done(Began::Fresh("plan".to_owned())));
    assert_eq!(begin(1), Outcome::Refused(No::Running));
    acquirer.call(developers::LayDown { name: asked.name.clone() }).unwrap();
    assert_eq!(begin(1), Outcome::Done(Began::Again("plan".to_owned())), "its work may have been done");
    assert_eq!(begin(2), Outcome::Done(Began::Again("plan".to_owned())), "another run's");
    let rendered = developers::Rendered { status: 200, body: "{}".to_owned() };
    acquirer.call(Finish { name: asked.name.clone(), rendered: Some(rendered.clone()) }).unwrap();
    acquirer.call(developers::LayDown { name: asked.name.clone() }).unwrap();
    assert_eq!(begin(1), Outcome::Done(Began::Answered(rendered)), "what ended stays ended");
}

#[derive(Clone, Debug, PartialEq)]
struct Fixed;

impl developers::answer::Plan for Fixed {
    type Refusal = ();
    fn choose<W: values::Records>(&self, _: &mut W, _: values::Timestamp) -> Result<String, ()> {
        Ok("plan".to_owned())
    }
}

#[test]
fn answers_are_forgotten_when_their_time_is_over() {
    let city = SmallCity::new();
    let platform = Caller::new(&city, PLATFORM);
    let tea = json!({"name": "PAIZA TEA", "city": "HANGZHOU", "category": "5499", "currency": "CNY"});
    let first = platform.post("/v1/merchants", "tea", &tea);
    let count = || {
        let rows = city.city.acquirer.store().rows("SELECT count(*) FROM answers", &[]).unwrap().rows;
        rows[0].first().cloned()
    };
    assert_eq!(count(), Some(Cell::Integer(1)));
    city.clock.advance(developers::answer::REMEMBERED - std::time::Duration::from_secs(1));
    assert_eq!(platform.post("/v1/merchants", "tea", &tea).text, first.text);
    city.clock.advance(std::time::Duration::from_secs(2));
    eventually("the answer is forgotten", || count() == Some(Cell::Integer(0)));
    let anew = platform.post("/v1/merchants", "tea", &tea);
    assert_ne!(anew.json()["id"], first.json()["id"], "the same key is a new request");
}

//! `paiza trigger`: makes an event happen, with everything that belongs to it: phones, taps, messages, books.

use super::Trigger;
use super::caller::Caller;
use crate::output::{Failure, Output};
use sandbox::test_cards::{Behaviour, test_cards};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The city's first merchant.
const MERCHANT: &str = "mer_00000000000000000000000001";
/// How long the event may take: a reversal waits for a bank that stays silent.
const PATIENCE: Duration = Duration::from_secs(60);

/// What can be made to happen.
pub(crate) const EVENTS: &[&str] = &[
    "payment.created",
    "payment.processing",
    "payment.cancelled",
    "payment.pending",
    "payment.approved",
    "payment.declined",
    "payment.completed",
    "payment.voiding",
    "payment.voided",
    "payment.reversing",
    "payment.reversed",
    "refund.pending",
    "refund.approved",
    "settlement.captured",
    "merchant.created",
    "terminal.created",
    "token.suspended",
    "token.active",
];

pub(crate) fn run(what: &Trigger, output: Output) -> Result<(), Failure> {
    let caller = Caller(&what.interface);
    let newest = caller.get("/v1/events?limit=1")?["data"][0]["id"].clone();
    let object = make(&caller, &what.event)?;
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        let page = caller.get("/v1/events?limit=100")?;
        let events = page["data"].as_array().cloned().unwrap_or_default();
        let fresh = events.iter().take_while(|event| event["id"] != newest);
        let found = fresh.filter(|event| event["object"] == object).find(|event| event["type"] == what.event);
        if let Some(event) = found {
            output.line(format!("{} happened to {}: {}", what.event, text(&object), text(&event["id"])));
            output.row(&json!({"event": event}));
            output.summary(json!({}));
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Err(Failure::business(format!("{} did not happen to {}", what.event, text(&object))))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Does what leads to the event; what it will be about.
fn make(caller: &Caller<'_>, event: &str) -> Result<Value, Failure> {
    match event {
        "payment.created" | "payment.pending" | "payment.approved" => {
            Ok(pay(caller, Behaviour::Approve, "sale")?["id"].clone())
        }
        "payment.processing" => {
            let id = wanted(caller)?;
            let path = format!("/v1/test_helpers/payments/{}/present_card", text(&id));
            caller.post(&path, Some(&json!({"test_card": card(Behaviour::Approve)?})))?;
            Ok(id)
        }
        "payment.cancelled" => {
            let id = wanted(caller)?;
            caller.post(&format!("/v1/payments/{}/cancel", text(&id)), None)?;
            Ok(id)
        }
        "payment.declined" => Ok(pay(caller, Behaviour::Decline51, "sale")?["id"].clone()),
        // The bank books it and stays silent, so it is taken back.
        "payment.reversing" | "payment.reversed" => {
            Ok(pay(caller, Behaviour::Timeout, "sale")?["id"].clone())
        }
        "payment.completed" => {
            let payment = pay(caller, Behaviour::Approve, "pre_authorisation")?;
            let path = format!("/v1/payments/{}/complete", text(&payment["id"]));
            caller.post(&path, Some(&json!({})))?;
            Ok(payment["id"].clone())
        }
        "payment.voiding" | "payment.voided" => {
            let payment = pay(caller, Behaviour::Approve, "sale")?;
            caller.post(&format!("/v1/payments/{}/void", text(&payment["id"])), None)?;
            Ok(payment["id"].clone())
        }
        "refund.pending" | "refund.approved" => {
            let payment = pay(caller, Behaviour::Approve, "sale")?;
            Ok(caller.post("/v1/refunds", Some(&json!({"payment": payment["id"]})))?["id"].clone())
        }
        "settlement.captured" => {
            pay(caller, Behaviour::Approve, "sale")?;
            Ok(caller.post("/v1/settlements", Some(&json!({"merchant": MERCHANT})))?["id"].clone())
        }
        "merchant.created" => {
            let wish =
                json!({"name": "PAIZA TEA", "city": "HANGZHOU", "category": "5499", "currency": "CNY"});
            Ok(caller.post("/v1/merchants", Some(&wish))?["id"].clone())
        }
        "terminal.created" => {
            Ok(caller.post("/v1/terminals", Some(&json!({"merchant": MERCHANT})))?["id"].clone())
        }
        "token.suspended" | "token.active" => {
            // A payment makes sure that there is a card on a phone.
            pay(caller, Behaviour::Approve, "sale")?;
            let tokens = caller.get("/v1/tokens?issuer=boc&limit=100")?;
            let tokens = tokens["data"].as_array().cloned().unwrap_or_default();
            let active = tokens.iter().find(|token| token["status"] == "active");
            let token =
                active.ok_or_else(|| Failure::business("no card of this bank is on a phone"))?["id"].clone();
            // Suspended and resumed, so that it pays again afterwards.
            for act in ["suspend", "resume"] {
                caller.post(&format!("/v1/tokens/{}/{act}", text(&token)), None)?;
            }
            Ok(token)
        }
        _ => {
            Err(Failure::usage(format!("{event} cannot be made to happen; there are {}", EVENTS.join(", "))))
        }
    }
}

/// The end of the number of the first test card of this behaviour.
fn card(behaviour: Behaviour) -> Result<String, Failure> {
    let card = test_cards().iter().find(|card| card.bank == "boc" && card.behaviour == behaviour);
    let card = card.ok_or_else(|| Failure::business("no test card behaves like that"))?;
    Ok(card.pan().last_four().to_string())
}

/// Makes a payment that waits for a card.
fn wanted(caller: &Caller<'_>) -> Result<Value, Failure> {
    let body = json!({"amount": {"value": 1250, "currency": "CNY"}, "merchant": MERCHANT});
    // Nobody presents one, so there is no end to wait for.
    Ok(caller.post_at_once("/v1/payments", Some(&body))?["id"].clone())
}

/// Takes a payment with the first test card of this behaviour.
fn pay(caller: &Caller<'_>, behaviour: Behaviour, kind: &str) -> Result<Value, Failure> {
    let body = json!({
        "amount": {"value": 1250, "currency": "CNY"}, "merchant": MERCHANT, "kind": kind,
        "test_card": card(behaviour)?,
    });
    caller.post("/v1/payments", Some(&body))
}

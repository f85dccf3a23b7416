//! How each code is brought about: what is made wrong about a request that is right, and where it is asked.

use super::asking::Ask;
use super::ground::{BANK, Ground, MERCHANT, Operation, cny};
use crate::api::{Answer, NOODLES_ID};
use crate::api_problems::Reopen;
use developers::ExportState;
use serde_json::{Value, json};
use store::{Outcome, Store};
use tokens::records::{Life, Standing, Token, TokenReference};
use values::{Records, Timestamp};

/// What is answered to a request of this operation that should bring this code; nothing where nobody knows how.
pub(super) fn provoke(ground: &Ground, operation: &Operation, code: &str) -> Option<Answer> {
    by_form(ground, operation, code)
        .or_else(|| by_repeat(ground, operation, code))
        .or_else(|| by_things(ground, operation, code))
        .or_else(|| by_standing(ground, operation, code))
}

/// What is refused whatever the operation does.
fn by_form(ground: &Ground, operation: &Operation, code: &str) -> Option<Answer> {
    let ask = ground.ask(operation);
    let whole = 1 << 20;
    let wrong = match code {
        "parameter_invalid" => ask.asking("x=%"),
        "parameter_unknown" => ask.asking("nonsense=1"),
        "version_unknown" => ask.with("Paiza-Version", "2020-01-01"),
        "api_key_missing" => ask.by(""),
        "api_key_invalid" => ask.by("sk_test_0000000000000000000000"),
        "scope_missing" => ask.by(ground.key_without(operation)),
        "rate_limited" => return Some(ask.of(ground.spent)),
        "request_malformed" => ask.with("Folded Header", "x"),
        "head_too_large" => ask.with("X-Large", &"y".repeat(17 * 1024)),
        "http_version_unsupported" => ask.spoken("HTTP/3.0"),
        "json_malformed" => ask.saying("{"),
        "json_duplicate_member" => ask.saying("{\"a\": 1, \"a\": 2}"),
        "json_too_deep" => ask.saying(&"[".repeat(70)),
        "body_too_large" => ask.saying("{").announcing(whole),
        "content_encoding_unsupported" => ask.saying("{}").with("Content-Encoding", "gzip"),
        "content_type_unsupported" => ask.saying("{}").with("Content-Type", "text/plain"),
        "length_required" => ask.of_no_length(),
        "idempotency_key_missing" => ask.without("Idempotency-Key"),
        "cursor_invalid" => ask.asking("starting_after=AAAA"),
        "body_incomplete" => return Some(ask.saying("{").announcing(1).broken_off(ground.door)),
        _ => return None,
    };
    Some(wrong.of(ground.door))
}

/// What is refused because the request, or another under its key, was asked before, or because the thing has changed.
fn by_repeat(ground: &Ground, operation: &Operation, code: &str) -> Option<Answer> {
    match code {
        "precondition_failed" => {
            Some(ground.fresh(operation).with("If-Match", "\"another\"").of(ground.door))
        }
        "idempotency_key_reused" => {
            let ask = carried_out(ground, operation);
            let other = ground.other_body(operation, &ask);
            Some(ask.saying(&other).of(ground.door))
        }
        "idempotency_in_progress" => {
            let ask = carried_out(ground, operation);
            let tenant = developers::Tenant::Platform;
            let (method, key) = (operation.method.as_str(), ask.header("Idempotency-Key"));
            let name = developers::Asked::new(tenant, method, &ask.path, key, Vec::new()).name;
            let reopened =
                |store: &Store| matches!(store.call(Reopen(name.clone())).unwrap(), Outcome::Done(()));
            assert!(ground.stores().iter().any(|(_, store)| reopened(store)), "{}", operation.name);
            Some(ask.of(ground.door))
        }
        _ => None,
    }
}

/// A request that was carried out.
fn carried_out(ground: &Ground, operation: &Operation) -> Ask {
    let ask = ground.fresh(operation);
    let answer = ask.of(ground.door);
    assert!((200..300).contains(&answer.status), "{}: {}", operation.name, answer.text);
    match operation.name.as_str() {
        "delete_token" => live(ground, Life::Active),
        "suspend_token" => {
            ground.posted(&format!("/v1/tokens/{}/resume", ground.city.token), &Value::Null);
        }
        "freeze_clock" => {
            ground.posted("/v1/test_helpers/clock/resume", &Value::Null);
        }
        _ => {}
    }
    ask
}

/// What is refused because something is not there, or does not belong to who asks.
fn by_things(ground: &Ground, operation: &Operation, code: &str) -> Option<Answer> {
    let ask = ground.ask(operation);
    let nobody = "mer_00000000000000000000000009";
    let about = |member: &str, value: Value| {
        let mut body: Value = serde_json::from_str(ask.body()).unwrap();
        body[member] = value;
        ask.clone().saying(&body.to_string())
    };
    let wrong = match (code, operation.name.as_str()) {
        ("parameter_missing", _) if operation.method == "GET" => ask.asking_nothing(),
        ("parameter_missing", _) => ask.saying(lacking(operation)),
        ("test_mode_only" | "terminal_not_connected" | "upi_not_connected", _) => {
            return Some(ask.of(ground.alone));
        }
        ("not_found", "stream_events") => ask.with("Last-Event-ID", "evt_00000000000000000000000009"),
        ("not_found", "list_devices" | "retrieve_device") => ask.by(BANK),
        ("not_found", "list_tokens") => ask.by(BANK).asking_nothing().asking("issuer=harbour"),
        ("not_found", "list_payments" | "list_refunds" | "list_upi_payments" | "list_upi_refunds") => {
            ask.asking_nothing().asking(&format!("merchant={nobody}"))
        }
        ("not_found", "create_refund") => about("payment", json!("pay_00000000000000000000000009")),
        ("not_found", "create_upi_refund") => about("payment", json!("upp_00000000000000000000000009")),
        ("not_found", "replay_events") => about("webhook_endpoint", json!("whe_00000000000000000000000009")),
        // The clock and the faults are the operator's, as if nobody else's platform had any.
        ("not_found", _) if operation.path.starts_with("/v1/test_helpers/clock") => ask.by(MERCHANT),
        ("not_found", "list_faults" | "create_fault" | "delete_faults") => ask.by(MERCHANT),
        ("not_found", _) if operation.path.contains('{') => {
            let unknown = |part: &str| if part.starts_with('{') { "nothing" } else { part }.to_owned();
            let path: Vec<String> = operation.path.split('/').map(unknown).collect();
            ask.about(&path.join("/"))
        }
        ("not_found", _) => about("merchant", json!(nobody)),
        ("upi_account_missing", _) => about("merchant", json!(NOODLES_ID)),
        ("upi_refused", "create_upi_account") => about("address", json!("nobody@paiza")),
        ("upi_refused", "create_upi_refund") => about("amount", json!({"value": 900_000, "currency": "INR"})),
        ("upi_refused", _) => about("amount", cny(1)),
        ("upi_code_refused", _) => about("payee", json!("nobody")),
        ("upi_message_refused", _) => about("document", json!("<a")),
        ("upi_key_refused", "parse_upi_code") => about("key", json!("none")),
        ("upi_key_refused", _) => about("keys", json!([{"organisation": "700001", "key": "none"}])),
        ("clock_backwards", _) => about("to", json!("2001-01-01T00:00:00.000Z")),
        _ => return None,
    };
    Some(wrong.of(ground.door))
}

/// A body that lacks something: a member, or a part of one.
fn lacking(operation: &Operation) -> &'static str {
    let required = operation.schema["required"].as_array().is_some_and(|names| !names.is_empty());
    let amount = !operation.schema["properties"]["amount"].is_null();
    if !required && amount { "{\"amount\": {}}" } else { "{}" }
}

/// What is refused because of how a thing stands.
fn by_standing(ground: &Ground, operation: &Operation, code: &str) -> Option<Answer> {
    let ask = || ground.ask(operation);
    Some(match (code, operation.name.as_str()) {
        ("token_deleted", _) => standing(ground, Life::Deleted, &ask()),
        ("token_expired", _) => standing(ground, Life::Expired, &ask()),
        ("exports_under_way", _) => {
            ground.under_way(developers::export::UNDER_WAY_MOST);
            let refused = ask().of(ground.door);
            ground.under_way(0);
            refused
        }
        ("operation_ended", _) => ask().of(ground.door),
        ("result_not_ready", _) => of_export(ground, operation, ExportState::Failed),
        ("result_expired", _) => of_export(ground, operation, ExportState::Expired),
        ("merchant_inactive", _) => {
            let tea = json!({"name": "TEA", "city": "X", "category": "5499", "currency": "CNY"});
            let made = ground.posted("/v1/merchants", &tea);
            let ask = ask().about(&format!("/v1/merchants/{}", made["id"].as_str().unwrap()));
            let closed = ask.clone().saying("{\"status\": \"closed\"}").of(ground.door);
            assert_eq!(closed.status, 200, "{}", closed.text);
            let again = ask.with("Idempotency-Key", &ground.fresh_name());
            again.saying("{\"status\": \"active\"}").of(ground.door)
        }
        ("payment_refused", "create_payment") => {
            let dollars = json!({"amount": {"value": 1, "currency": "USD"}, "merchant": NOODLES_ID});
            ask().saying(&dollars.to_string()).of(ground.door)
        }
        // The acquirer refuses whatever a terminal asks that is blocked.
        ("payment_refused", _) => {
            let ask = ground.fresh(operation);
            let terminal = terminal_of(ground, &ask);
            block(ground, &terminal, "blocked");
            let refused = ask.of(ground.door);
            block(ground, &terminal, "active");
            refused
        }
        ("payment_at_terminal", "create_refund") => {
            ask().saying(&json!({"payment": ground.tapped()}).to_string()).of(ground.door)
        }
        ("payment_at_terminal", _) => of_payment(ground, operation, &ground.tapped()),
        ("payment_not_open", "create_refund") => {
            ask().saying(&json!({"payment": ground.wanted()}).to_string()).of(ground.door)
        }
        ("payment_not_open", "cancel_payment" | "present_card") => ask().of(ground.door),
        ("payment_not_open", _) => of_payment(ground, operation, &ground.wanted()),
        _ => return None,
    })
}

fn of_export(ground: &Ground, operation: &Operation, state: ExportState) -> Answer {
    let path = operation.path.replace("{operation}", &ground.export(state));
    ground.ask(operation).about(&path).of(ground.door)
}

fn of_payment(ground: &Ground, operation: &Operation, payment: &str) -> Answer {
    ground.ask(operation).about(&operation.path.replace("{payment}", payment)).of(ground.door)
}

/// Where the payment was taken that a request is about.
fn terminal_of(ground: &Ground, ask: &Ask) -> String {
    let body: Value = serde_json::from_str(ask.body()).unwrap_or_default();
    if let Some(terminal) = body["terminal"].as_str() {
        return terminal.to_owned();
    }
    let payment = body["payment"].as_str().or_else(|| ask.path.split('/').nth(3)).unwrap();
    let payment = ground.platform.get(&format!("/v1/payments/{payment}")).json();
    payment["terminal"].as_str().unwrap().to_owned()
}

fn block(ground: &Ground, terminal: &str, status: &str) {
    let (name, key) = (ground.fresh_name(), crate::api::PLATFORM);
    let ask = Ask::new("PATCH", &format!("/v1/terminals/{terminal}"), key).with("Idempotency-Key", &name);
    let answer = ask.saying(&json!({"status": status}).to_string()).of(ground.door);
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// What is answered while the token is at this point of its life.
fn standing(ground: &Ground, life: Life, ask: &Ask) -> Answer {
    live(ground, life);
    let answer = ask.of(ground.door);
    live(ground, Life::Active);
    answer
}

/// Puts the token at a point of its life.
fn live(ground: &Ground, life: Life) {
    let token = ground.city.token.to_string().parse().unwrap();
    let outcome = ground.city.city.tokens.store().call(Live(token, life)).unwrap();
    assert!(matches!(outcome, Outcome::Done(())));
}

/// Makes a token look as if it were at another point of its life.
struct Live(TokenReference, Life);

impl values::Operation for Live {
    type Answer = ();
    type Refusal = ();
    const NAME: &'static str = "test.live";
    fn apply<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<(), ()> {
        let token = records.find::<Token>(&self.0).ok_or(())?;
        records.put(Token { standing: Standing { life: self.1, ..Standing::ACTIVE }, ..token });
        Ok(())
    }
}

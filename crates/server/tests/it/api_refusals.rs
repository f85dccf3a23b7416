//! Every operation of the interface, asked for every problem that the description promises of it: each pair is provoked by a
//! request, and none is promised that cannot come.

use crate::api::{Answer, Caller, NOODLES, NOODLES_ID, PLATFORM};
use crate::api_problems::{Ground, alone, alone_within, raw};
use crate::issuers::post;
use crate::small_city::SmallCity;
use crate::street::eventually;
use developers::{Answer as Kept, Asked, Part, Tenant};
use serde_json::{Value, json};
use server::platform_http::developers::Limits;
use std::time::Duration;
use values::{Operation, Records, Timestamp};

/// Promised of every operation, and provoked by a broken machine or lost time alone. One piece of code stands before all
/// operations for these, and `api_problems` provokes them there.
const ONCE_FOR_ALL: [&str; 3] = ["internal", "answer_timeout", "request_timeout"];

/// An operation as it is described.
struct Described {
    method: String,
    path: String,
    name: String,
    example: Value,
    codes: Vec<String>,
}

fn described(reader: &Caller) -> Vec<Described> {
    let description = reader.get("/openapi.json").json();
    let mut all = Vec::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let problems = operation["responses"].as_object().unwrap().values();
            let said =
                problems.filter(|response| response["content"]["application/problem+json"].is_object());
            let said = said.filter_map(|response| response["description"].as_str());
            let codes = said.flat_map(|said| said.split('`').skip(1).step_by(2)).map(str::to_owned).collect();
            let body =
                &operation["requestBody"]["content"]["application/json"]["examples"]["sandbox"]["value"];
            all.push(Described {
                method: method.to_uppercase(),
                path: path.clone(),
                name: operation["operationId"].as_str().unwrap().to_owned(),
                example: body.clone(),
                codes,
            });
        }
    }
    all
}

/// Keeps a request as one that still runs, in every place where operations keep theirs.
struct Running(Kept);

impl Operation for Running {
    type Answer = ();
    type Refusal = ();
    const NAME: &'static str = "test.running";
    fn apply<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<(), ()> {
        records.put(self.0.clone());
        Ok(())
    }
}

/// A city with something of every kind.
struct Street {
    ground: Ground,
    /// The same records at doors without a sandbox, and with hardly a request to spare.
    alone: Caller,
    hurried: Caller,
    /// Keys that may see nothing but events, and nothing but merchants.
    narrow: [Caller; 2],
    device: String,
    event: String,
    endpoint: String,
    fault: String,
    /// What a request that was carried out left behind.
    kept: Kept,
    /// Payments: captured, pre-authorised, canceled, of a terminal that is not the test shop's.
    captured: String,
    set_aside: String,
    canceled: String,
    own: String,
    refund: String,
}

/// The code of a problem, or that there was none.
fn said(answer: &Answer) -> String {
    match answer.header("content-type") {
        "application/problem+json" => answer.problem(),
        _ => format!("{} {:.80}", answer.status, answer.text),
    }
}

fn id(answer: &Answer) -> String {
    let id = answer.json()["id"].as_str().map(str::to_owned);
    id.unwrap_or_else(|| panic!("{}", answer.text))
}

/// What a body says, part by part, as a request is known again; a request without a body says what an empty object says.
fn flatten(value: &Value, pointer: String, parts: &mut Vec<Part>) {
    match value {
        Value::Object(object) if !object.is_empty() => {
            object.iter().for_each(|(name, value)| flatten(value, format!("{pointer}/{name}"), parts));
        }
        Value::Array(list) if !list.is_empty() => {
            list.iter().enumerate().for_each(|(n, value)| flatten(value, format!("{pointer}/{n}"), parts));
        }
        Value::Null => parts.push(Part::new(&pointer, b"{}")),
        leaf => parts.push(Part::new(&pointer, leaf.to_string().as_bytes())),
    }
}

/// A key with one scope.
fn narrow(ground: &Ground, scope: &str) -> Caller {
    let at = ground.city.desk("platform");
    let wish = json!({"tenant": "platform", "name": scope, "scopes": [scope]});
    let (_, made) = post(at, &at.to_string(), "/admin/keys", &wish);
    Caller::new(&ground.city, made["secret"].as_str().unwrap_or_else(|| panic!("{made}")))
}

fn pay(caller: &Caller, key: &str, kind: &str, at_once: bool) -> Answer {
    let amount = json!({"value": 100, "currency": "CNY"});
    let mut body = json!({"amount": amount, "kind": kind});
    if at_once {
        return caller.post_at_once("/v1/payments", key, &body);
    }
    body["test_card"] = json!("0016");
    caller.post("/v1/payments", key, &body)
}

impl Street {
    fn open() -> Street {
        let city =
            SmallCity::planned(|plan| plan.api_limits = Limits { per_second: 100_000, burst: 1_000_000 });
        assert_eq!(city.tap("1.00"), server::pos::Verdict::Approved);
        let (platform, noodles) = (Caller::new(&city, PLATFORM), Caller::new(&city, NOODLES));
        let own = platform.get(&format!("/v1/payments?merchant={NOODLES_ID}&terminal=PZ000001")).json();
        let own = own["data"][0]["id"].as_str().unwrap().to_owned();
        let captured = id(&pay(&noodles, "captured", "sale", false));
        let half = json!({"payment": captured, "amount": {"value": 1, "currency": "CNY"}});
        let refund = id(&noodles.post("/v1/refunds", "r", &half));
        assert_eq!(noodles.post("/v1/settlements", "s", &json!({})).status, 201);
        let set_aside = id(&pay(&noodles, "aside", "pre_authorisation", false));
        let canceled = id(&pay(&noodles, "canceled", "sale", true));
        let cancel = format!("/v1/payments/{canceled}/cancel");
        assert_eq!(noodles.send("POST", &cancel, &[("idempotency-key", "x")], None).status, 200);
        let endpoint =
            id(&platform.post("/v1/webhook_endpoints", "w", &json!({"url": "http://127.0.0.1:9/"})));
        let struck = json!({"leg": "settlement-files", "what": "partial"});
        let fault = id(&platform.post("/v1/test_helpers/faults", "f", &struck));
        let device = platform.get(&format!("/v1/tokens/{}", city.token)).json()["device"].clone();
        let mut event = String::new();
        eventually("an event", || {
            let first = platform.get("/v1/events?limit=1").json()["data"][0]["id"].clone();
            event = first.as_str().unwrap_or_default().to_owned();
            !event.is_empty()
        });
        let name = Asked::new(Tenant::Platform, "POST", "/v1/webhook_endpoints", "w", Vec::new()).name;
        let kept = city.city.api.store().read(move |records| records.find::<Kept>(&name)).unwrap().unwrap();
        let ground = Ground { city, platform, noodles };
        Street {
            alone: Caller::at(&alone(&ground.city).to_string(), PLATFORM),
            hurried: Caller::at(
                &alone_within(&ground.city, Limits { per_second: 1, burst: 1 }).to_string(),
                PLATFORM,
            ),
            narrow: ["events:read", "merchants:read"].map(|scope| narrow(&ground, scope)),
            device: device.as_str().unwrap().to_owned(),
            ground,
            event,
            endpoint,
            fault,
            kept,
            captured,
            set_aside,
            canceled,
            own,
            refund,
        }
    }

    /// The address of an operation: of things that are there, and, where it is asked for, of what it cannot do without.
    fn at(&self, operation: &Described, known: bool) -> String {
        let ground = &self.ground;
        let token = ground.city.token.to_string();
        let things: [(&str, &str); 9] = [
            ("merchant", NOODLES_ID),
            ("terminal", "PZ000001"),
            ("payment", &self.captured),
            ("refund", &self.refund),
            ("token", &token),
            ("device", &self.device),
            ("event", &self.event),
            ("webhook_endpoint", &self.endpoint),
            ("fault", &self.fault),
        ];
        let mut path = operation.path.clone();
        for (name, thing) in things {
            path = path.replace(&format!("{{{name}}}"), if known { thing } else { "nothing" });
        }
        let path = path.replace("{settlement}", if known { "PZ000001-000001" } else { "nothing" });
        let customer = "cus_00000000000000000000000001";
        let query = match operation.name.as_str() {
            "list_payments" | "list_refunds" if known => format!("?merchant={NOODLES_ID}"),
            "list_payments" | "list_refunds" => format!("?merchant={}", NOODLES_ID.replace("0001", "0999")),
            "list_tokens" => format!("?issuer={}", if known { "boc" } else { "nobody" }),
            "list_cards" | "list_devices" => format!("?customer={customer}"),
            _ => String::new(),
        };
        path + &query
    }

    /// A body that works, as far as it depends on nothing else.
    fn body(&self, operation: &Described) -> Value {
        let mut body = operation.example.clone();
        if body["payment"].is_string() {
            body["payment"] = json!(self.captured);
        }
        if matches!(operation.name.as_str(), "create_payment" | "create_settlement" | "create_terminal") {
            body["merchant"] = json!(NOODLES_ID);
        }
        body
    }

    /// The code that is answered to what should provoke this one.
    fn provoked(&self, operation: &Described, code: &str) -> String {
        let (ground, platform) = (&self.ground, &self.ground.platform);
        let body = self.body(operation);
        let bytes = |body: &Value| (!body.is_null()).then(|| body.to_string().into_bytes());
        let key = format!("{code} {}", operation.name);
        let headers = [("content-type", "application/json"), ("idempotency-key", key.as_str())];
        let at = self.at(operation, true);
        let joined = |query: &str| format!("{at}{}{query}", if at.contains('?') { "&" } else { "?" });
        let ask = |caller: &Caller, at: &str, headers: &[(&str, &str)], body: Option<Vec<u8>>| {
            said(&caller.send(&operation.method, at, headers, body))
        };
        let with = |name: &'static str, value: &'static str| {
            let mut all = headers.to_vec();
            all.retain(|(known, _)| *known != name);
            all.push((name, value));
            ask(platform, &at, &all, bytes(&body))
        };
        let head = |rest: &str| {
            let method = &operation.method;
            format!(
                "{method} {at} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {PLATFORM}\r\nIdempotency-Key: k\r\n{rest}"
            )
        };
        match code {
            "api_key_missing" => ask(&Caller::new(&ground.city, ""), &at, &headers, bytes(&body)),
            "api_key_invalid" => {
                ask(&Caller::new(&ground.city, "sk_test_0000000000000000000000"), &at, &headers, bytes(&body))
            }
            "scope_missing" => {
                let events = operation.path.starts_with("/v1/events");
                ask(&self.narrow[usize::from(events)], &at, &headers, bytes(&body))
            }
            "rate_limited" => {
                // One of two is one too many.
                let twice =
                    [(); 2].map(|()| self.hurried.send(&operation.method, &at, &headers, bytes(&body)));
                let limited = twice.iter().find(|answer| answer.status == 429);
                limited.map_or_else(String::new, said)
            }
            "version_unknown" => with("paiza-version", "2020-01-01"),
            "parameter_unknown" => ask(platform, &joined("nonsense=1"), &headers, bytes(&body)),
            "parameter_invalid" => ask(platform, &joined("%zz"), &headers, bytes(&body)),
            "cursor_invalid" => ask(platform, &joined("starting_after=x"), &headers, None),
            "request_malformed" => raw(ground, &head("X Y: 1\r\n\r\n"), false),
            "head_too_large" => raw(ground, &head(&format!("X: {}\r\n\r\n", "x".repeat(20_000))), false),
            "http_version_unsupported" => raw(ground, &head("\r\n").replace("HTTP/1.1", "HTTP/3.0"), false),
            "length_required" => {
                raw(ground, &head("Content-Type: application/json\r\nConnection: close\r\n\r\n"), false)
            }
            "body_incomplete" => {
                raw(ground, &head("Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{"), true)
            }
            "json_malformed" => ask(platform, &at, &headers, Some(b"{".to_vec())),
            "json_duplicate_member" => ask(platform, &at, &headers, Some(b"{\"a\": 1, \"a\": 1}".to_vec())),
            "json_too_deep" => ask(platform, &at, &headers, Some("[".repeat(100).into_bytes())),
            "body_too_large" => ask(platform, &at, &headers, Some(vec![b' '; (1 << 20) + 1])),
            "content_encoding_unsupported" => {
                let headers = [headers[0], headers[1], ("content-encoding", "gzip")];
                ask(platform, &at, &headers, Some(b"\x1f\x8b".to_vec()))
            }
            "content_type_unsupported" => ask(platform, &at, &headers[1..], Some(b"{}".to_vec())),
            "idempotency_key_missing" => ask(platform, &at, &headers[..1], bytes(&body)),
            "idempotency_in_progress" | "idempotency_key_reused" => {
                self.again(operation, code, &headers, &at, &body)
            }
            "precondition_failed" => with("if-match", "\"0\""),
            "not_found" => self.unknown(operation, &headers, &body),
            "parameter_missing" if operation.method == "GET" => {
                ask(platform, &operation.path, &headers, None)
            }
            "parameter_missing" => ask(platform, &at, &headers, Some(b"{}".to_vec())),
            "test_mode_only" => ask(&self.alone, &at, &headers, bytes(&body)),
            "unavailable" => ask(platform, &at, &headers, bytes(&body)),
            _ => self.own_no(operation, code, &headers),
        }
    }

    /// The same request key twice: while the first still runs, or with something else.
    fn again(
        &self,
        operation: &Described,
        code: &str,
        headers: &[(&str, &str)],
        at: &str,
        body: &Value,
    ) -> String {
        let city = &self.ground.city.city;
        let path = at.split('?').next().unwrap();
        let asked = Asked::new(Tenant::Platform, &operation.method, path, headers[1].1, Vec::new());
        let running = code == "idempotency_in_progress";
        // One that came with something else, and was answered, is one with a member more.
        let mut parts = if running { Vec::new() } else { vec![Part::new("/something", b"\"else\"")] };
        if running {
            flatten(body, String::new(), &mut parts);
            parts.sort_by(|one, other| one.pointer.cmp(&other.pointer));
        }
        let status = if running { None } else { Some(200) };
        let operation_name = format!("{} {path}", operation.method);
        let kept = Kept { name: asked.name, operation: operation_name, parts, status, ..self.kept.clone() };
        for store in [city.api.store(), city.acquirer.store(), city.tokens.store()] {
            store.call(Running(kept.clone())).unwrap();
        }
        let sent = (!body.is_null()).then(|| body.to_string().into_bytes());
        said(&self.ground.platform.send(&operation.method, at, headers, sent))
    }

    /// Asks about what is not there, or is not the caller's to see.
    fn unknown(&self, operation: &Described, headers: &[(&str, &str)], body: &Value) -> String {
        let mut body = body.clone();
        for name in ["merchant", "payment", "webhook_endpoint"] {
            if let Some(known) = body[name].as_str() {
                body[name] = json!(known[..known.len() - 4].to_owned() + "0ZZZ");
            }
        }
        if operation.name == "replay_events" {
            body["webhook_endpoint"] = json!("we_00000000000000000000000999");
        }
        let mut headers = headers.to_vec();
        headers.push(("last-event-id", "evt_00000000000000000000000999"));
        let at = self.at(operation, false);
        // What belongs to the sandbox as a whole is there for its operator alone.
        let whole = operation.path.starts_with("/v1/test_helpers") && !operation.path.contains('{');
        let caller = if whole { &self.ground.noodles } else { &self.ground.platform };
        let sent = (!body.is_null()).then(|| body.to_string().into_bytes());
        said(&caller.send(&operation.method, &at, &headers, sent))
    }

    /// What an operation alone refuses.
    fn own_no(&self, operation: &Described, code: &str, headers: &[(&str, &str)]) -> String {
        let (ground, platform) = (&self.ground, &self.ground.platform);
        let token = ground.city.token.to_string();
        let mut body = self.body(operation);
        let mut caller = platform;
        let payment = match code {
            "payment_at_terminal" => &self.own,
            "payment_refused" | "terminal_not_connected" => &self.set_aside,
            _ => &self.canceled,
        };
        let mut at = operation.path.replace("{payment}", payment).replace("{token}", &token);
        match (operation.name.as_str(), code) {
            (_, "terminal_not_connected") => caller = &self.alone,
            ("update_merchant", "merchant_inactive") => {
                let made = platform.post(
                    "/v1/merchants",
                    "closing",
                    &json!({
                        "name": "TEA", "city": "X", "category": "5499", "currency": "CNY",
                    }),
                );
                at = format!("/v1/merchants/{}", id(&made));
                let closed = [("idempotency-key", "close"), ("content-type", "application/json")];
                let close = json!({"status": "closed"}).to_string().into_bytes();
                assert_eq!(platform.send("PATCH", &at, &closed, Some(close)).status, 200);
            }
            ("create_terminal", "name_taken") => body["id"] = json!("PZ000001"),
            ("create_payment" | "create_settlement", "payment_refused") => {
                body = json!({"merchant": NOODLES_ID, "amount": {"value": 1, "currency": "USD"}, "test_card": "0016"});
            }
            ("set_clock", "clock_backwards") => body = json!({"to": "2001-01-01T00:00:00.000Z"}),
            (_, "token_deleted") => {
                let deleted = format!("/v1/tokens/{token}/delete");
                platform.send("POST", &deleted, &[("idempotency-key", "gone")], None);
            }
            (_, "token_expired") => ground.city.clock.advance(Duration::from_secs(12 * 365 * 86_400)),
            _ => {}
        }
        if body["payment"].is_string() {
            body["payment"] = json!(payment);
        }
        if operation.name == "complete_payment" || operation.name == "create_refund" {
            body["amount"] =
                json!({"value": if code == "payment_refused" { 99_999_999 } else { 1 }, "currency": "CNY"});
        }
        let sent = (!body.is_null()).then(|| body.to_string().into_bytes());
        said(&caller.send(&operation.method, &at, headers, sent))
    }
}

#[test]
fn every_problem_that_an_operation_promises_is_provoked() {
    let street = Street::open();
    let operations = described(&street.ground.platform);
    let pairs = |last: bool| {
        let all = operations.iter().flat_map(|one| one.codes.iter().map(move |code| (one, code.as_str())));
        // What stops a token or the machine comes last.
        let late =
            |code: &str| ["token_expired", "token_deleted", "unavailable"].iter().position(|it| *it == code);
        let mut some: Vec<_> = all.filter(|(_, code)| late(code).is_some() == last).collect();
        some.sort_by_key(|(_, code)| late(code));
        some
    };
    let mut tried = 0;
    let mut wrong = Vec::new();
    for (operation, code) in pairs(false).into_iter().chain(pairs(true)) {
        if ONCE_FOR_ALL.contains(&code) {
            continue;
        }
        if code == "unavailable" {
            street.ground.city.city.api.store().close();
            street.ground.city.city.acquirer.store().close();
            street.ground.city.city.tokens.store().close();
        }
        let answered = street.provoked(operation, code);
        if answered != code {
            wrong.push(format!("{}: {code} is promised, {answered} came", operation.name));
        }
        tried += 1;
    }
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(tried > 800, "{tried}");
}

//! The developers' interface of a running city, asked as any client would.

use crate::api_upi_payments::{CHAI_ID, CHAI_KEY};
use crate::small_city::SmallCity;
use serde_json::{Value, json};
use std::collections::HashMap;

pub(crate) const PLATFORM: &str = "sk_test_platform0000000000000000";
pub(crate) const NOODLES: &str = "sk_test_noodles00000000000000000";
pub(crate) const BOOKS: &str = "sk_test_books0000000000000000000";
/// What reads, makes and judges what it is handed, and nothing else.
const TOOLS: &[&str] = &[
    "/v1/upi/codes/parse",
    "/v1/upi/codes/make",
    "/v1/upi/messages/lint",
    "/v1/upi/messages/verify",
    "/v1/upi/messages/sign",
];
pub(crate) const NOODLES_ID: &str = "mer_00000000000000000000000001";

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The code of the problem that it has to be.
    #[track_caller]
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text);
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        assert_eq!(problem["instance"], self.header("request-id"));
        assert_eq!(problem["docs"], format!("/problems/{}", problem["code"].as_str().unwrap()));
        problem["code"].as_str().unwrap().to_owned()
    }
}

/// A client of the interface.
#[derive(Clone)]
pub(crate) struct Caller {
    agent: ureq::Agent,
    at: String,
    key: String,
}

impl Caller {
    pub(crate) fn new(city: &SmallCity, key: &str) -> Caller {
        Caller::at(&city.city.addresses.platform.to_string(), key)
    }

    pub(crate) fn at(at: &str, key: &str) -> Caller {
        Caller { agent: server::client::agent(), at: at.to_owned(), key: key.to_owned() }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None)
    }

    /// Asks for a change; a payment is waited for.
    pub(crate) fn post(&self, path: &str, key: &str, body: &Value) -> Answer {
        let headers = [("idempotency-key", key), ("content-type", "application/json"), ("prefer", "wait=20")];
        self.send("POST", path, &headers, Some(body.to_string().into_bytes()))
    }

    /// The same, answered at once.
    pub(crate) fn post_at_once(&self, path: &str, key: &str, body: &Value) -> Answer {
        let headers = [("idempotency-key", key), ("content-type", "application/json")];
        self.send("POST", path, &headers, Some(body.to_string().into_bytes()))
    }

    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Answer {
        let mut request =
            ureq::http::Request::builder().method(method).uri(format!("http://{}{path}", self.at));
        if !self.key.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.key));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = self.agent.run(request.body(body.unwrap_or_default()).unwrap()).unwrap();
        let headers = answer.headers().iter();
        let headers =
            headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        let status = answer.status().as_u16();
        Answer { status, headers, text: answer.body_mut().read_to_string().unwrap() }
    }
}

fn tea() -> Value {
    json!({"name": "PAIZA TEA", "city": "HANGZHOU", "category": "5499", "currency": "CNY"})
}

#[test]
fn a_merchant_is_created_once_and_seen_by_those_it_concerns() {
    let city = SmallCity::new();
    let (platform, noodles) = (Caller::new(&city, PLATFORM), Caller::new(&city, NOODLES));
    let made = platform.post("/v1/merchants", "tea-1", &tea());
    assert_eq!((made.status, made.header("idempotent-replayed")), (201, ""), "{}", made.text);
    let again = platform.post("/v1/merchants", "tea-1", &tea());
    assert_eq!((again.status, again.header("idempotent-replayed")), (201, "true"));
    assert_eq!(again.text, made.text, "byte for byte");
    assert!(made.header("request-id").starts_with("req_") && made.header("paiza-version") == "2026-11-01");

    let other = json!({"name": "PAIZA TEA", "city": "SUZHOU", "category": "5499", "currency": "JPY"});
    let differing = platform.post("/v1/merchants", "tea-1", &other);
    assert_eq!((differing.status, differing.problem().as_str()), (422, "idempotency_key_reused"));
    assert_eq!(differing.json()["differs"], json!(["/city", "/currency"]));

    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(platform.get(&format!("/v1/merchants/{id}")).json(), made.json());
    assert_eq!(noodles.get(&format!("/v1/merchants/{id}")).problem(), "not_found");
    let own = noodles.get("/v1/merchants").json();
    assert_eq!(own["data"].as_array().unwrap().len(), 1);
    assert_eq!(own["data"][0]["id"], NOODLES_ID);
    assert_eq!(noodles.post("/v1/merchants", "tea-2", &tea()).problem(), "scope_missing");
}

#[test]
fn sixty_four_equal_requests_have_one_effect_also_over_a_restart() {
    let city = SmallCity::new();
    let platform = Caller::new(&city, PLATFORM);
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..64)
            .map(|_| scope.spawn(|| platform.clone().post("/v1/merchants", "together", &tea())))
            .collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|answer| answer.status == 201 && answer.text == answers[0].text));
    let first = answers.iter().filter(|answer| answer.header("idempotent-replayed").is_empty()).count();
    assert_eq!(first, 1);
    let count = |caller: &Caller| caller.get("/v1/merchants").json()["data"].as_array().unwrap().len();
    assert_eq!(count(&platform), 4);

    let city = city.restarted(|_| ());
    let platform = Caller::new(&city, PLATFORM);
    let again = platform.post("/v1/merchants", "together", &tea());
    assert_eq!((again.header("idempotent-replayed"), &again.text), ("true", &answers[0].text));
    assert_eq!(count(&platform), 4);
}

#[test]
fn what_is_wrong_with_a_request_is_said() {
    let city = SmallCity::new();
    let platform = Caller::new(&city, PLATFORM);
    let at = |key: &str| Caller::new(&city, key).get("/v1/merchants");
    assert_eq!(at("").problem(), "api_key_missing");
    assert_eq!(at("sk_test_0000000000000000000000").problem(), "api_key_invalid");
    assert_eq!(at("sk_live_0000000000000000000000").status, 401);
    let send = |headers: &[(&str, &str)], body: &str| {
        platform.send("POST", "/v1/merchants", headers, Some(body.as_bytes().to_vec()))
    };
    let json = [("content-type", "application/json"), ("idempotency-key", "k")];
    let big = format!("{{\"name\": \"{}\"}}", "x".repeat(1 << 20));
    let deep = format!("{{\"name\": {}1{}}}", "[".repeat(70), "]".repeat(70));
    for (headers, body, status, code) in [
        (&json[..], "{", 400, "json_malformed"),
        (&json[..], "{\"name\": \"a\", \"name\": \"b\"}", 400, "json_duplicate_member"),
        (&json[..], deep.as_str(), 400, "json_too_deep"),
        (&json[..], big.as_str(), 413, "body_too_large"),
        (&json[..], "{\"name\": \"a\"}", 400, "parameter_missing"),
        (&json[..], "{\"nmae\": \"a\"}", 400, "parameter_unknown"),
        (
            &json[..],
            "{\"name\": 1, \"city\": \"a\", \"category\": \"5499\", \"currency\": \"CNY\"}",
            400,
            "parameter_invalid",
        ),
        (
            &json[..1],
            "{\"name\": \"a\", \"city\": \"a\", \"category\": \"5499\", \"currency\": \"CNY\"}",
            400,
            "idempotency_key_missing",
        ),
        (&json[1..], "{}", 415, "content_type_unsupported"),
    ] {
        let answer = send(headers, body);
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (status, code),
            "{}",
            &body[..body.len().min(60)]
        );
    }
    assert_eq!(platform.get("/v1/merchants?limit=0").json()["param"], "limit");
    assert_eq!(platform.get("/v1/merchants?limti=1").problem(), "parameter_unknown");
    assert_eq!(platform.get("/v1/merchants?starting_after=AAAA").problem(), "cursor_invalid");
    assert_eq!(platform.get("/v1/nothing").problem(), "not_found");
    assert_eq!(platform.send("DELETE", "/v1/merchants", &[], None).problem(), "method_not_allowed");
    let version = platform.send("GET", "/v1/merchants", &[("paiza-version", "2020-01-01")], None);
    assert_eq!(version.problem(), "version_unknown");
}

#[test]
fn the_reference_shows_every_route_and_every_problem() {
    let city = SmallCity::new();
    let reader = Caller::new(&city, "");
    let description = reader.get("/openapi.json").json();
    assert_eq!(description["openapi"], "3.1.0");
    let mut operations = 0;
    for (_, methods) in description["paths"].as_object().unwrap() {
        for (_, operation) in methods.as_object().unwrap() {
            let page = reader.get(&format!("/reference/{}", operation["operationId"].as_str().unwrap()));
            assert_eq!(page.status, 200);
            let title = operation["summary"].as_str().unwrap().replace('\'', "&#39;");
            assert!(page.text.contains(&title), "{title}");
            let script = "<script type=\"module\" src=\"/assets/reference.js\"></script>";
            let rest = page.text.replace(script, "");
            assert!(rest.len() < page.text.len() && !rest.contains("<script") && !rest.contains(" style="));
            assert!(page.header("content-security-policy").contains("script-src 'self'; connect-src 'self'"));
            operations += 1;
        }
    }
    assert!(operations > 5);
    let list = reader.get("/problems").text;
    for code in ["idempotency_key_reused", "cryptogram_wrong", "daily_limit"] {
        assert!(list.contains(&format!("/problems/{code}")), "{code}");
        assert_eq!(reader.get(&format!("/problems/{code}")).status, 200);
    }
    assert_eq!(reader.get("/problems/nonsense").status, 404);
    assert_eq!(reader.get("/reference").status, 200);
}

fn pay(caller: &Caller, key: &str, value: u64, card: &str) -> Answer {
    let body = json!({"amount": {"value": value, "currency": "CNY"}, "test_card": card});
    caller.post("/v1/payments", key, &body)
}

#[test]
fn a_payment_travels_from_a_phone_to_the_bank_and_back_again() {
    let city = SmallCity::new();
    let (noodles, books) = (Caller::new(&city, NOODLES), Caller::new(&city, BOOKS));
    let paid = pay(&noodles, "order-1", 1250, "0016");
    assert_eq!(paid.status, 201, "{}", paid.text);
    let payment = paid.json();
    assert_eq!((&payment["status"], &payment["kind"]), (&json!("approved"), &json!("sale")), "{payment}");
    assert_eq!(payment["card"]["entry_mode"], "072", "a tap");
    let again = pay(&noodles, "order-1", 1250, "0016");
    assert_eq!((again.header("idempotent-replayed"), &again.text), ("true", &paid.text));
    assert_eq!(pay(&noodles, "order-1", 1251, "0016").json()["differs"], json!(["/amount/value"]));

    let id = payment["id"].as_str().unwrap();
    let at = format!("/v1/payments/{id}");
    assert_eq!(noodles.get(&at).text, paid.text);
    assert_eq!(books.get(&at).problem(), "not_found");

    let half = json!({"payment": id, "amount": {"value": 500, "currency": "CNY"}});
    assert_eq!(books.post("/v1/refunds", "r", &half).problem(), "not_found");
    let refund = noodles.post("/v1/refunds", "r", &half);
    assert_eq!((refund.status, &refund.json()["kind"]), (201, &json!("refund")), "{}", refund.text);
    assert_eq!(refund.json()["original"], payment["reference"]);
    let refund_id = refund.json()["id"].as_str().unwrap().to_owned();
    crate::street::eventually("the refund is approved", || {
        noodles.get(&format!("/v1/refunds/{refund_id}")).json()["status"] == "approved"
    });
    assert_eq!(noodles.get(&at).json()["refunded"]["value"], 500);
    assert_eq!(
        noodles.get(&format!("/v1/payments/{refund_id}")).problem(),
        "not_found",
        "a refund is no payment"
    );
    let void = noodles.send("POST", &format!("{at}/void"), &[("idempotency-key", "v")], None);
    assert_eq!(void.status, 409, "{}", void.text);

    let second = pay(&noodles, "order-2", 300, "0016").json();
    let void = format!("/v1/payments/{}/void", second["id"].as_str().unwrap());
    let voided = noodles.send("POST", &void, &[("idempotency-key", "v2")], None);
    assert_eq!(voided.status, 200, "{}", voided.text);
    crate::street::eventually("the void is done", || {
        let second = noodles.get(&format!("/v1/payments/{}", second["id"].as_str().unwrap()));
        second.json()["status"] == "voided"
    });
    let closed = noodles.post("/v1/settlements", "s", &json!({}));
    assert_eq!((closed.status, &closed.json()["balanced"]), (201, &json!(true)), "{}", closed.text);
    assert_eq!(closed.json()["sales"]["value"], 1250);
    assert_eq!(noodles.get(&at).json()["status"], "captured");
    let again = noodles.post("/v1/settlements", "s", &json!({}));
    assert_eq!((again.header("idempotent-replayed"), &again.text), ("true", &closed.text));
}

#[test]
fn what_a_bank_declines_is_a_payment_that_says_so() {
    let city = SmallCity::new();
    let noodles = Caller::new(&city, NOODLES);
    let declining = sandbox::test_cards::test_cards()
        .iter()
        .find(|card| card.behaviour == sandbox::test_cards::Behaviour::Decline51)
        .unwrap();
    let last_four = declining.pan().last_four().to_string();
    let answer = pay(&noodles, "poor", 1250, &last_four);
    assert_eq!((answer.status, &answer.json()["status"]), (201, &json!("declined")), "{}", answer.text);
    assert_eq!(answer.json()["decline"]["code"], "51");
    assert_eq!(pay(&noodles, "none", 1250, "9999").json()["param"], "/test_card");
    let dollars = json!({"amount": {"value": 1, "currency": "USD"}, "test_card": "0016"});
    let refused = noodles.post("/v1/payments", "usd", &dollars);
    assert_eq!(refused.problem(), "payment_refused");
    let set_aside = json!({
        "amount": {"value": 9000, "currency": "CNY"}, "test_card": "0016", "kind": "pre_authorisation",
    });
    let set_aside = noodles.post("/v1/payments", "hotel", &set_aside);
    assert_eq!(
        (set_aside.status, &set_aside.json()["status"]),
        (201, &json!("approved")),
        "{}",
        set_aside.text
    );
    let complete = format!("/v1/payments/{}/complete", set_aside.json()["id"].as_str().unwrap());
    let taken = noodles.post(&complete, "c", &json!({"amount": {"value": 7000, "currency": "CNY"}}));
    assert_eq!((taken.status, &taken.json()["kind"]), (201, &json!("completion")), "{}", taken.text);
    let listed = noodles.get("/v1/payments?limit=2").json();
    assert_eq!((listed["data"].as_array().unwrap().len(), &listed["has_more"]), (2, &json!(true)));
    let next = format!("/v1/payments?limit=2&starting_after={}", listed["next_cursor"].as_str().unwrap());
    let rest = noodles.get(&next).json();
    assert_eq!((rest["data"].as_array().unwrap().len(), &rest["has_more"]), (1, &json!(false)), "{rest}");
    let back = format!("/v1/payments?ending_before={}", rest["previous_cursor"].as_str().unwrap());
    assert_eq!(noodles.get(&back).json()["data"], listed["data"]);
    assert_eq!(Caller::new(&city, BOOKS).get(&next).problem(), "cursor_invalid");
}

/// Every route of the description is tried with what belongs to others: it answers as for what does not exist.
/// Whether a batch was answered, and each of its requests with a no.
fn refuses_each(answer: &Answer) -> bool {
    let items = answer.json()["items"].as_array().cloned().unwrap_or_default();
    let refused = |item: &Value| item["status"] == 403 || item["status"] == 404;
    answer.status == 200 && !items.is_empty() && items.iter().all(refused)
}

/// A code, a payment and a refund by account of the merchant who is paid so.
pub(crate) fn by_account(city: &SmallCity) -> [(&'static str, String); 3] {
    let chai = Caller::new(city, CHAI_KEY);
    let (asha, _folder) = crate::phone_upi::person(city, crate::upi_town::ASHA, "asha@paiza", "482913");
    let amount = json!({"value": 3000, "currency": "INR"});
    let code = chai.post("/v1/upi/codes", "code", &json!({"amount": amount})).json();
    crate::api_upi_payments::pay_code(&asha, code["text"].as_str().unwrap());
    let mut paid = Value::Null;
    crate::street::eventually("it is paid", || {
        paid = chai.get(&format!("/v1/upi/codes/{}", code["id"].as_str().unwrap())).json();
        paid["status"] == "paid"
    });
    let half = json!({"payment": paid["payment"], "amount": {"value": 1000, "currency": "INR"}});
    let refund = chai.post("/v1/upi/refunds", "refund", &half).json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    [
        ("{upi_code}", text(&code["id"])),
        ("{upi_payment}", text(&paid["payment"])),
        ("{upi_refund}", text(&refund["id"])),
    ]
}

#[test]
fn no_route_shows_or_changes_what_belongs_to_another_tenant() {
    let city = crate::phone_upi::city();
    let (platform, books) = (Caller::new(&city, PLATFORM), Caller::new(&city, BOOKS));
    let meadow = Caller::new(&city, "sk_test_bankmeadow00000000000000");
    let paid = pay(&Caller::new(&city, NOODLES), "order", 1250, "0016").json();
    let token = city.token.to_string();
    let customer =
        platform.get(&format!("/v1/tokens/{token}")).json()["customer"].as_str().unwrap().to_owned();
    let device = platform.get(&format!("/v1/tokens/{token}")).json()["device"].as_str().unwrap().to_owned();
    let noodles = Caller::new(&city, NOODLES);
    let mut event = String::new();
    crate::street::eventually("an event about the payment", || {
        let page = noodles.get("/v1/events?limit=100").json();
        let about =
            page["data"].as_array().unwrap().iter().find(|event| event["object"] == paid["id"]).cloned();
        event = about.map_or_else(String::new, |event| event["id"].as_str().unwrap().to_owned());
        !event.is_empty()
    });
    let hook = json!({"url": "http://127.0.0.1:9/"});
    let endpoint =
        noodles.post("/v1/webhook_endpoints", "e", &hook).json()["id"].as_str().unwrap().to_owned();
    let struck = json!({"leg": "settlement-files", "what": "partial"});
    let fault = platform.post("/v1/test_helpers/faults", "f", &struck).json();
    let wanted = json!({"what": "payments", "from": "2026-11-01T00:00:00.000Z"});
    let export = noodles.post("/v1/exports", "x", &wanted).json();
    let terminal = paid["terminal"].as_str().unwrap();
    let mut things = HashMap::from([
        ("{fault}", fault["id"].as_str().unwrap().to_owned()),
        ("{operation}", export["id"].as_str().unwrap().to_owned()),
        ("{merchant}", NOODLES_ID.to_owned()),
        ("{terminal}", terminal.to_owned()),
        ("{payment}", paid["id"].as_str().unwrap().to_owned()),
        ("{refund}", paid["id"].as_str().unwrap().to_owned()),
        ("{settlement}", format!("{terminal}-{:06}", paid["batch"].as_u64().unwrap())),
        ("{token}", token.clone()),
        ("{device}", device),
        ("{event}", event.clone()),
        ("{webhook_endpoint}", endpoint),
    ]);
    let account = by_account(&city);
    things.extend(account.iter().map(|(name, thing)| (*name, thing.clone())));
    let description = platform.get("/openapi.json").json();
    let mut tried = 0;
    for (path, methods) in description["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys().map(|method| method.to_uppercase()) {
            let named = things.iter().fold(path.clone(), |path, (name, thing)| path.replace(name, thing));
            assert!(!named.contains('{'), "what belongs to somebody in {path}?");
            // Lists and creations name the other tenant in the query or the body.
            let query = match (path.as_str(), method.as_str()) {
                ("/v1/payments" | "/v1/refunds", "GET") => format!("?merchant={NOODLES_ID}"),
                ("/v1/upi/payments" | "/v1/upi/refunds", "GET") => format!("?merchant={CHAI_ID}"),
                ("/v1/tokens", "GET") => "?issuer=boc".to_owned(),
                ("/v1/cards" | "/v1/devices", "GET") => format!("?customer={customer}"),
                _ => String::new(),
            };
            let mut body = methods[&method.to_lowercase()]["requestBody"]["content"]["application/json"]["examples"]
                ["sandbox"]["value"]
                .clone();
            if body["payment"].is_string() {
                let by_account = path.starts_with("/v1/upi/").then(|| json!(things["{upi_payment}"]));
                body["payment"] = by_account.unwrap_or_else(|| paid["id"].clone());
            }
            for caller in [&books, &meadow] {
                let key = format!("{method} {named}");
                let mut headers =
                    vec![("idempotency-key", key.as_str()), ("content-type", "application/json")];
                if path == "/v1/events/stream" {
                    headers.push(("last-event-id", event.as_str()));
                }
                let sent = (!body.is_null()).then(|| body.to_string().into_bytes());
                let answer = caller.send(&method, &format!("{named}{query}"), &headers, sent);
                let refused = answer.status == 404 || answer.status == 403;
                let shows = [NOODLES_ID, CHAI_ID, &token].iter().any(|id| answer.text.contains(*id));
                let own_list = answer.status == 200 && method == "GET" && !named.contains(terminal);
                // Creating something for oneself is nobody else's business.
                let own_list = own_list || (answer.status == 201 && path == "/v1/webhook_endpoints");
                let own_list = own_list || (answer.status == 200 && path == "/v1/events/replay");
                // A batch says of each of its requests what it says of it alone.
                let own_list = own_list || (path == "/v1/batches" && refuses_each(&answer));
                // The tools see nobody's things: they answer about what they are handed.
                let own_list = own_list || (answer.status == 200 && TOOLS.contains(&path.as_str()));
                assert!(
                    refused || (own_list && !shows),
                    "{method} {named}{query}: {} {}",
                    answer.status,
                    answer.text
                );
                if answer.status == 404 {
                    assert_eq!(answer.problem(), "not_found");
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 40);
    assert_eq!(platform.get(&format!("/v1/payments/{}", paid["id"].as_str().unwrap())).json(), paid);
}

#[test]
fn a_bank_sees_and_stops_the_tokens_of_its_own_cards() {
    let city = SmallCity::new();
    let (platform, boc) =
        (Caller::new(&city, PLATFORM), Caller::new(&city, "sk_test_bankboc00000000000000000"));
    let token = city.token.to_string();
    let at = format!("/v1/tokens/{token}");
    assert_eq!(boc.get(&at).json()["status"], "active");
    assert_eq!(boc.get("/v1/tokens").json()["data"][0]["id"], token);
    let act = |caller: &Caller, what: &str, key: &str| {
        caller.send("POST", &format!("{at}/{what}"), &[("idempotency-key", key)], None)
    };
    let suspended = act(&boc, "suspend", "s");
    assert_eq!(
        (suspended.status, &suspended.json()["suspended_by"]),
        (200, &json!(["issuer"])),
        "{}",
        suspended.text
    );
    assert_eq!(act(&platform, "suspend", "s").json()["suspended_by"].as_array().unwrap().len(), 2);
    assert_eq!(act(&boc, "resume", "r").json()["status"], "suspended", "the operator still suspends it");
    assert_eq!(act(&platform, "resume", "r").json()["status"], "active");
    assert_eq!(act(&boc, "suspend", "s").text, suspended.text, "a repeat changes nothing");
    assert_eq!(boc.get(&at).json()["status"], "active");
    let customer = boc.get(&at).json()["customer"].as_str().unwrap().to_owned();
    let cards = boc.get(&format!("/v1/cards?customer={customer}")).json();
    assert_eq!(cards["data"][0]["tokens"], json!([token]));
    let devices = platform.get(&format!("/v1/devices?customer={customer}")).json();
    assert_eq!(devices["data"][0]["tokens"], json!([token]));
    assert_eq!(boc.get(&format!("/v1/devices?customer={customer}")).problem(), "not_found");
}

//! Every code has a page, and something that provokes it: a request here, or, for what a room refuses, a test of that room.

use crate::api::{Answer, BOOKS, Caller, NOODLES, NOODLES_ID, PLATFORM};
use crate::issuers::post;
use crate::small_city::SmallCity;
use crypto::passphrase::Work;
use serde_json::{Value, json};
use server::client::{Client, ClientError, Freshness};
use server::phone::{Binding, DeviceKeyring, NewPhone, PhoneError};
use server::platform_http::developers::{Api, Egress, Limits, Parts};
use server::platform_http::{self, Door};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::Duration;
use store::Outcome;
use values::{Operation, Records, Timestamp};

/// What a provocation works with.
pub(crate) struct Ground {
    pub(crate) city: SmallCity,
    pub(crate) platform: Caller,
    pub(crate) noodles: Caller,
}

/// Codes that nothing but a broken machine, a silent bank, long work or a clock provokes: the test that does, and its file.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("request_timeout", "crates/server/tests/it/api_limits.rs", "request_timeout"),
    ("issuer_unreachable", "crates/server/src/platform_http/problem.rs", "what_fails_inside_has_a_code"),
    ("issuer_silent", "crates/server/src/platform_http/problem.rs", "what_fails_inside_has_a_code"),
    (
        "two_operators_needed",
        "crates/server/tests/it/two_people.rs",
        "outside_a_sandbox_no_key_and_no_desk_does_alone_what_two_answer_for",
    ),
    ("internal", "crates/server/src/platform_http/problem.rs", "what_fails_inside_has_a_code"),
    (
        "exports_under_way",
        "crates/server/tests/it/api_exports.rs",
        "while_nothing_is_written_there_is_no_result",
    ),
    (
        "result_not_ready",
        "crates/server/tests/it/api_exports.rs",
        "while_nothing_is_written_there_is_no_result",
    ),
    (
        "operation_ended",
        "crates/server/tests/it/api_exports.rs",
        "an_export_is_its_owners_and_is_given_up_once",
    ),
    (
        "result_expired",
        "crates/server/tests/it/api_exports.rs",
        "an_export_is_whole_and_written_once_over_a_restart",
    ),
];

/// The same records behind a door that has neither terminals nor the keys of a bank: a platform that stands alone.
pub(crate) fn alone(city: &SmallCity) -> SocketAddr {
    alone_within(city, Limits::STANDARD)
}

/// The same with other limits.
pub(crate) fn alone_within(city: &SmallCity, limits: Limits) -> SocketAddr {
    let city = &city.city;
    let parts = Parts {
        store: city.api.store().clone(),
        acquirer: city.acquirer.clone(),
        tokens: Arc::clone(&city.tokens),
        limits,
        webhooks: None,
        egress: Egress::this_machine(),
    };
    let routes = platform_http::router(Door::new(Arc::clone(&city.tokens)), Api::new(parts).unwrap());
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    socket.set_nonblocking(true).unwrap();
    let at = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let socket = tokio::net::TcpListener::from_std(socket).unwrap();
            axum::serve(socket, routes).await.unwrap();
        });
    });
    at
}

/// The code of the problem that a phone was told.
fn told<T>(answer: Result<T, ClientError>) -> String {
    match answer {
        Err(ClientError::Problem(problem)) => problem.code.clone(),
        Err(other) => panic!("{other}"),
        Ok(_) => "none".to_owned(),
    }
}

fn wrong_code(ground: &Ground) -> String {
    let folder = tempfile::tempdir().unwrap();
    let new = NewPhone {
        directory: &folder.path().join("phone"),
        number: "+8613800000002",
        name: "phone",
        platform: &ground.city.city.addresses.platform.to_string(),
        telephone: ground.city.city.addresses.telephone,
        passcode: b"135790",
        work: Work::TEST,
        watch: None,
    };
    let binding = Binding::begin(&new, ground.city.clock.clone()).unwrap();
    let wrong = if binding.wait_for_code().unwrap() == "000000" { "000001" } else { "000000" };
    match binding.prove(wrong) {
        Err(PhoneError::Client(error)) => told::<()>(Err(error)),
        other => panic!("{:?}", other.map(|_| ())),
    }
}

fn no_certificates(ground: &Ground) -> String {
    let keystore = ground.city.data().parent().unwrap().join("phone/keystore");
    let key = DeviceKeyring::open(&keystore).unwrap().signing().unwrap();
    let client = Client::new(&alone(&ground.city).to_string(), &ground.city.record().device.to_string(), key);
    let fresh = Freshness { now: store::Clock::now(&*ground.city.clock), nonce: crypto::random::bytes() };
    let path = format!("/v1/tokens/{}/certificates", ground.city.token);
    told(client.post::<Value>(&path, "k", &json!({"profile": "contact"}), &fresh))
}

fn tea() -> Value {
    json!({"name": "TEA", "city": "X", "category": "5499", "currency": "CNY"})
}

fn pay(caller: &Caller, key: &str, card: &str, currency: &str) -> Answer {
    let body = json!({"amount": {"value": 100, "currency": currency}, "test_card": card});
    caller.post("/v1/payments", key, &body)
}

/// A payment at a platform that stands alone.
fn pay_at(ground: &Ground, body: &Value) -> Answer {
    Caller::at(&alone(&ground.city).to_string(), NOODLES).post("/v1/payments", "alone", body)
}

fn sent(caller: &Caller, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    caller.send("POST", "/v1/merchants", headers, Some(body.to_vec()))
}

/// What a door answers to these bytes, after which nothing more is sent.
pub(crate) fn raw(ground: &Ground, bytes: &str, hang_up: bool) -> String {
    let mut stream = TcpStream::connect(ground.city.city.addresses.platform).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
    stream.write_all(bytes.as_bytes()).unwrap();
    if hang_up {
        stream.shutdown(Shutdown::Write).unwrap();
    }
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
    let problem: Value = serde_json::from_str(body).unwrap_or_default();
    problem["code"].as_str().unwrap_or_default().to_owned()
}

fn begun(rest: &str) -> String {
    format!(
        "POST /v1/merchants HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {PLATFORM}\r\nIdempotency-Key: k\r\n{rest}"
    )
}

/// Makes a request look as if it still ran.
pub(crate) struct Reopen(pub(crate) String);

impl Operation for Reopen {
    type Answer = ();
    type Refusal = ();
    const NAME: &'static str = "test.reopen";
    fn apply<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<(), ()> {
        let known = records.find::<developers::Answer>(&self.0).ok_or(())?;
        records.put(developers::Answer { status: None, ..known });
        Ok(())
    }
}

/// The code that is answered to what should provoke this one; nothing if nothing here provokes it.
// long: a table of provocations reads best whole
fn provoked(ground: &Ground, code: &str) -> Option<String> {
    let Ground { city, platform, noodles } = ground;
    let json = [("content-type", "application/json"), ("idempotency-key", "k")];
    let answer = match code {
        "json_malformed" => sent(platform, &json, b"{"),
        "json_duplicate_member" => sent(platform, &json, b"{\"a\": 1, \"a\": 1}"),
        "json_too_deep" => sent(platform, &json, "[".repeat(100).as_bytes()),
        "parameter_missing" => sent(platform, &json, b"{}"),
        "parameter_invalid" => noodles.get("/v1/merchants?limit=0"),
        "parameter_unknown" => noodles.get("/v1/merchants?x=0"),
        "version_unknown" => noodles.send("GET", "/v1/merchants", &[("paiza-version", "2020-01-01")], None),
        "cursor_invalid" => noodles.get("/v1/merchants?starting_after=x"),
        "idempotency_key_missing" => sent(platform, &json[..1], tea().to_string().as_bytes()),
        "api_key_missing" => Caller::new(city, "").get("/v1/merchants"),
        "api_key_invalid" => Caller::new(city, "sk_test_0000000000000000000000").get("/v1/merchants"),
        "scope_missing" => noodles.post("/v1/merchants", "s", &tea()),
        "not_found" => noodles.get("/v1/merchants/mer_1"),
        "method_not_allowed" => noodles.send("DELETE", "/v1/merchants", &[], None),
        "body_too_large" => sent(platform, &json, &vec![b' '; (1 << 20) + 1]),
        "content_type_unsupported" => sent(platform, &json[1..], b"{}"),
        "content_encoding_unsupported" => {
            sent(platform, &[json[0], json[1], ("content-encoding", "gzip")], b"\x1f\x8b")
        }
        "precondition_failed" => {
            let headers = [json[0], ("idempotency-key", "p"), ("if-match", "\"0\"")];
            platform.send("PATCH", &format!("/v1/merchants/{NOODLES_ID}"), &headers, Some(b"{}".to_vec()))
        }
        "idempotency_key_reused" => {
            platform.post("/v1/merchants", "again", &tea());
            let other = json!({"name": "TEA", "city": "Y", "category": "5499", "currency": "CNY"});
            platform.post("/v1/merchants", "again", &other)
        }
        "idempotency_in_progress" => {
            let made = platform.post("/v1/merchants", "running", &tea());
            assert_eq!(made.status, 201);
            let tenant = developers::Tenant::Platform;
            let name = developers::Asked::new(tenant, "POST", "/v1/merchants", "running", Vec::new()).name;
            assert!(matches!(city.city.acquirer.store().call(Reopen(name)).unwrap(), Outcome::Done(())));
            platform.post("/v1/merchants", "running", &tea())
        }
        "payment_not_open" => {
            let paid = pay(noodles, "open", "0016", "CNY").json();
            assert_eq!(noodles.post("/v1/settlements", "close", &json!({})).status, 201);
            let void = format!("/v1/payments/{}/void", paid["id"].as_str().unwrap());
            noodles.send("POST", &void, &[("idempotency-key", "v")], None)
        }
        "payment_refused" => pay(noodles, "usd", "0016", "USD"),
        "card_not_presented" => {
            let failed = pay(noodles, "red", "0099", "CNY").json();
            return Some(failed["failure"]["code"].as_str().unwrap_or_default().to_owned());
        }
        "payment_at_terminal" => {
            assert_eq!(city.tap("1.00"), server::pos::Verdict::Approved);
            let own =
                platform.get("/v1/payments?merchant=mer_00000000000000000000000001&terminal=PZ000001").json();
            let void = format!("/v1/payments/{}/void", own["data"][0]["id"].as_str().unwrap());
            platform.send("POST", &void, &[("idempotency-key", "v")], None)
        }
        "rate_limited" => {
            let key = Caller::new(city, BOOKS);
            let mut last = key.get("/v1/merchants");
            for _ in 0..500 {
                if last.status == 429 {
                    break;
                }
                last = key.get("/v1/merchants");
            }
            last
        }
        "unavailable" => {
            city.city.acquirer.store().close();
            platform.get("/v1/merchants")
        }
        "request_invalid" => {
            return Some(desk(ground, "", &json!({"tenant": "nobody", "name": "x"})));
        }
        "not_this_machine" => return Some(desk(ground, "evil.example", &json!({}))),
        "signature_invalid" => {
            let signed = [("signature-input", "sig=();keyid=\"dev_1\""), ("idempotency-key", "k")];
            platform.send("POST", "/v1/cards", &signed, Some(b"{}".to_vec()))
        }
        "answer_timeout" => held_up(ground),
        "test_mode_only" => {
            Caller::at(&alone(&ground.city).to_string(), PLATFORM).get("/v1/test_helpers/clock")
        }
        "clock_backwards" => {
            platform.post("/v1/test_helpers/clock/goto", "c", &json!({"to": "2001-01-01T00:00:00.000Z"}))
        }
        "upi_not_connected" => Caller::at(&alone(&ground.city).to_string(), NOODLES).get("/v1/upi/payments"),
        "upi_account_missing" => {
            let wanted = json!({"amount": {"value": 100, "currency": "INR"}});
            noodles.post("/v1/upi/codes", "code", &wanted)
        }
        "upi_refused" => {
            let nobody = json!({"merchant": NOODLES_ID, "address": "nobody@paiza"});
            platform.post("/v1/upi/accounts", "account", &nobody)
        }
        "upi_code_refused" => noodles.post("/v1/upi/codes/make", "", &json!({"payee": "nobody"})),
        "upi_message_refused" => noodles.post("/v1/upi/messages/sign", "", &json!({"document": "<a"})),
        "upi_key_refused" => {
            noodles.post("/v1/upi/codes/parse", "", &json!({"text": "upi://pay?pa=a@b", "key": "none"}))
        }
        "code_wrong" => return Some(wrong_code(ground)),
        "profile_unavailable" => return Some(no_certificates(ground)),
        "terminal_not_connected" => {
            let body = json!({"amount": {"value": 100, "currency": "CNY"}, "test_card": "0016"});
            pay_at(ground, &body)
        }
        "request_malformed" => return Some(raw(ground, "GET / HTTP/1.1\r\n\r\n", false)),
        "head_too_large" => {
            return Some(raw(
                ground,
                &format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", "x".repeat(20_000)),
                false,
            ));
        }
        "http_version_unsupported" => return Some(raw(ground, "GET / HTTP/3.0\r\nHost: x\r\n\r\n", false)),
        "length_required" => {
            return Some(raw(
                ground,
                &begun("Content-Type: application/json\r\nConnection: close\r\n\r\n"),
                false,
            ));
        }
        "body_incomplete" => {
            return Some(raw(
                ground,
                &begun("Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{"),
                true,
            ));
        }
        _ => return None,
    };
    Some(answer.problem())
}

/// A question to records that are busy for longer than anybody waits.
fn held_up(ground: &Ground) -> Answer {
    let (release, held) = mpsc::channel::<()>();
    let (holding, busy) = mpsc::channel();
    let store = ground.city.city.acquirer.store().clone();
    let holder = std::thread::spawn(move || {
        store.read(move |_| {
            holding.send(()).unwrap();
            let _ = held.recv();
        })
    });
    busy.recv().unwrap();
    let asker = ground.noodles.clone();
    let asking = std::thread::spawn(move || asker.get("/v1/merchants"));
    while !asking.is_finished() {
        ground.city.clock.advance(Duration::from_secs(31));
        std::thread::park_timeout(Duration::from_millis(5));
    }
    drop(release);
    holder.join().unwrap().unwrap();
    asking.join().unwrap()
}

/// What a desk says no to.
fn desk(ground: &Ground, host: &str, body: &Value) -> String {
    let at = ground.city.desk("platform");
    let host = if host.is_empty() { at.to_string() } else { host.to_owned() };
    let (_, problem) = post(at, &host, "/admin/keys", body);
    problem["code"].as_str().unwrap_or_default().to_owned()
}

/// Every test of this room and of the platform, as text.
fn tests_of(room: &str) -> String {
    fn collect(folder: &Path, into: &mut String) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for entry in entries.map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                collect(&entry, into);
            } else if entry.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&entry).unwrap();
                let tests = entry
                    .components()
                    .filter_map(|part| part.as_os_str().to_str())
                    .any(|name| ["tests", "scenarios"].contains(&name) || name.ends_with("attacks.rs"));
                into.push_str(if tests {
                    &text
                } else {
                    text.split("#[cfg(test)]").nth(1).unwrap_or_default()
                });
            }
        }
    }
    let crates = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut text = String::new();
    collect(&crates.join(room), &mut text);
    collect(&crates.join("server/tests"), &mut text);
    text
}

/// The codes of `/problems`.
fn codes(reader: &Caller) -> Vec<String> {
    let page = reader.get("/problems").text;
    let linked =
        page.split("<dt>").skip(1).filter_map(|row| row.split("href=\"/problems/").nth(1)?.split('"').next());
    linked.map(str::to_owned).collect()
}

#[test]
fn every_code_has_a_page_and_is_provoked() {
    let city = crate::phone_upi::city();
    let reader = Caller::new(&city, "");
    let codes = codes(&reader);
    assert!(codes.len() > 60, "{}", codes.len());
    for code in &codes {
        let page = reader.get(&format!("/problems/{code}"));
        assert!(page.status == 200 && page.text.contains(code), "{code}");
    }
    // What a room refuses is refused by a test of that room: of each kind, by its name in the code, or by its code.
    let of_room = |room: &str, refusals: Vec<(&'static str, String)>| {
        let tests = tests_of(room);
        for (code, variant) in &refusals {
            let wanted = format!("Refusal::{variant}");
            let named = tests.match_indices(&wanted).any(|(at, _)| {
                !tests[at + wanted.len()..].starts_with(|letter: char| letter.is_ascii_alphanumeric())
            });
            let said = tests.contains(&format!("\"{code}\""));
            assert!(named || said, "{code}: no test of {room} meets {wanted}");
        }
        refusals.into_iter().map(|(code, _)| code).collect::<Vec<_>>()
    };
    let tokens =
        of_room("tokens", tokens::Refusal::ALL.iter().map(|no| (no.code(), format!("{no:?}"))).collect());
    let acquiring = acquiring::Refusal::ALL.iter().map(|no| (no.code(), format!("{no:?}"))).collect();
    let acquiring = of_room("acquiring", acquiring);

    let (platform, noodles) = (Caller::new(&city, PLATFORM), Caller::new(&city, NOODLES));
    let ground = Ground { city, platform, noodles };
    // What cannot be used any more afterwards comes last.
    let mut own: Vec<&String> = codes
        .iter()
        .filter(|code| !tokens.contains(&code.as_str()) && !acquiring.contains(&code.as_str()))
        .collect();
    own.sort_by_key(|code| *code == "unavailable");
    for code in own {
        if let Some((_, file, what)) = ELSEWHERE.iter().find(|(known, ..)| known == code) {
            let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(file);
            let text = std::fs::read_to_string(path).unwrap();
            assert!(text.contains(what) && text.contains("#[test]"), "{code}: {file} has no {what}");
            continue;
        }
        let answered = provoked(&ground, code).unwrap_or_else(|| panic!("nothing provokes {code}"));
        assert_eq!(answered, *code);
    }
}

//! The clock and the faults of a sandbox, asked for over the interface, at the console, and by a device elsewhere.

use crate::api::{BOOKS, Caller, PLATFORM};
use crate::consoles::Operator;
use crate::small_city::SmallCity;
use crate::street::NOW;
use serde_json::{Value, json};
use server::test_mode::FollowedClock;
use std::sync::Arc;
use std::time::Duration;
use store::{Clock, TestClock};

const CLOCK: &str = "/v1/test_helpers/clock";
const FAULTS: &str = "/v1/test_helpers/faults";
const DAY: Duration = Duration::from_secs(86_400);

fn act(caller: &Caller, what: &str, key: &str) -> Value {
    caller.send("POST", &format!("{CLOCK}/{what}"), &[("idempotency-key", key)], None).json()
}

#[test]
fn the_clock_is_moved_once_for_a_request_and_never_back() {
    let city = SmallCity::new();
    let platform = Caller::new(&city, PLATFORM);
    let now = |told: &Value| told["now"].as_str().unwrap().to_owned();
    let began = platform.get(CLOCK).json();
    assert_eq!((&began["real"], &began["state"]), (&json!(true), &json!("running")));
    let day = json!({"by_seconds": 86_400});
    // Many at once, and again later: one move.
    let told: Vec<String> = std::thread::scope(|scope| {
        let ask = || platform.post(&format!("{CLOCK}/advance"), "once", &day).text;
        let asking: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        asking.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(told.iter().all(|one| *one == told[0]), "{told:?}");
    let shown = platform.get(CLOCK).json();
    assert_eq!((&shown["ahead_ms"], &shown["real"]), (&json!(86_400_000), &json!(false)));
    let other = platform.post(&format!("{CLOCK}/advance"), "once", &json!({"by_seconds": 1}));
    assert_eq!(
        (other.problem(), &other.json()["differs"]),
        ("idempotency_key_reused".to_owned(), &json!(["/by_seconds"]))
    );
    let back = platform.post(&format!("{CLOCK}/goto"), "back", &json!({"to": now(&began)}));
    assert_eq!((back.status, back.problem()), (409, "clock_backwards".to_owned()));
    let far = platform.post(&format!("{CLOCK}/goto"), "far", &json!({"to": "2100-01-01T00:00:00.000Z"}));
    assert_eq!(far.problem(), "parameter_invalid");
    let machine = platform.post(&format!("{CLOCK}/goto"), "machine", &json!({}));
    assert_eq!(machine.problem(), "clock_backwards", "it is ahead of the machine");

    assert_eq!(act(&platform, "freeze", "f")["state"], "frozen");
    let stands = now(&platform.get(CLOCK).json());
    city.clock.advance(DAY * 3);
    assert_eq!(now(&platform.get(CLOCK).json()), stands, "the machine goes on, the clock does not");
    let moved =
        platform.post(&format!("{CLOCK}/goto"), "g", &json!({"to": "2026-11-24T00:00:00.000Z"})).json();
    assert_eq!((&moved["now"], &moved["state"]), (&json!("2026-11-24T00:00:00.000Z"), &json!("frozen")));
    // While it stands callers may still ask as often as ever.
    assert!((0..500).all(|_| {
        city.clock.advance(Duration::from_millis(5));
        platform.get(CLOCK).status == 200
    }));
    assert_eq!(act(&platform, "resume", "r")["state"], "running");
    // It fell behind the machine, so it can go back to it.
    let machine = platform.post(&format!("{CLOCK}/goto"), "again", &json!({})).json();
    assert_eq!((&machine["real"], &machine["ahead_ms"]), (&json!(true), &json!(0)), "{machine}");

    // A restart goes on at the moved time.
    platform.post(&format!("{CLOCK}/advance"), "more", &day);
    let before = now(&platform.get(CLOCK).json());
    let data = city.data().join("clock.json");
    let machine: Arc<dyn Clock> = city.clock.clone();
    let again = server::test_mode::SandboxClock::open(&data, machine).unwrap();
    assert_eq!(again.now().to_string(), before);
}

#[test]
fn only_the_operator_of_a_sandbox_works_the_clock_and_the_faults() {
    let city = SmallCity::new();
    let books = Caller::new(&city, BOOKS);
    let bank = Caller::new(&city, "sk_test_bankboc00000000000000000");
    let struck = json!({"leg": "webhooks", "what": "drop"});
    assert_eq!(books.get(CLOCK).problem(), "not_found");
    assert_eq!(books.post(FAULTS, "f", &struck).problem(), "not_found");
    assert_eq!(
        books.post(&format!("{CLOCK}/advance"), "a", &json!({"by_seconds": 60})).problem(),
        "not_found"
    );
    assert_eq!(bank.get(FAULTS).problem(), "scope_missing");
    assert!(city.tools().faults.listed().is_empty() && city.tools().clockwork.shown().real);
    // Whoever runs no sandbox has neither.
    let folder = tempfile::tempdir().unwrap();
    let plan = server::city::Plan {
        ports: server::city::Ports::Free,
        ..server::city::Plan::documented(folder.path(), Arc::new(TestClock::at(NOW)))
    };
    let plain = server::city::City::start(&plan).unwrap();
    assert!(plain.test_tools().is_none());
    let ask = |path: &str| {
        let url = format!("http://{}{path}", plain.addresses.platform);
        let asked = server::client::agent().get(url).header("authorization", format!("Bearer {PLATFORM}"));
        asked.call().unwrap().body_mut().read_json::<Value>().unwrap()
    };
    assert_eq!(ask(CLOCK)["code"], "test_mode_only");
    assert_eq!(ask(FAULTS)["code"], "test_mode_only");
    assert_eq!(ask("/v1/time"), json!({"test_clock": false, "ahead_ms": 0, "frozen_at_ms": null}));
}

#[test]
fn faults_are_added_listed_and_removed() {
    let city = SmallCity::new();
    let platform = Caller::new(&city, PLATFORM);
    for (leg, what, place) in [
        ("nowhere", "drop", "/leg"),
        ("webhooks", "explode", "/what"),
        ("gateway-issuer:boc", "answer=00", "/what"),
    ] {
        let wrong = platform.post(FAULTS, what, &json!({"leg": leg, "what": what}));
        assert_eq!((wrong.problem().as_str(), &wrong.json()["param"]), ("parameter_invalid", &json!(place)));
    }
    let add =
        |key: &str, leg: &str, what: &str| platform.post(FAULTS, key, &json!({"leg": leg, "what": what}));
    let first = add("1", "gateway-issuer:boc", "answer=96,p=0.5");
    assert_eq!((first.status, &first.json()["what"]), (201, &json!("answer=96,p=0.5")), "{}", first.text);
    assert_eq!(add("1", "gateway-issuer:boc", "answer=96,p=0.5").text, first.text, "once for its key");
    add("2", "webhooks", "drop");
    let listed = platform.get(FAULTS).json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 2);
    let at = format!("{FAULTS}/{}/delete", first.json()["id"].as_str().unwrap());
    assert_eq!(platform.send("POST", &at, &[("idempotency-key", "d")], None).status, 200);
    assert_eq!(platform.send("POST", &at, &[("idempotency-key", "d")], None).status, 200, "a repeat");
    assert_eq!(platform.send("POST", &at, &[("idempotency-key", "e")], None).problem(), "not_found");
    let cleared = platform.send("POST", &format!("{FAULTS}/clear"), &[("idempotency-key", "c")], None);
    assert_eq!(cleared.json()["deleted"], 1);
    assert_eq!(platform.get(FAULTS).json()["data"], json!([]));
}

#[test]
fn the_console_moves_the_clock_and_says_so_on_every_page() {
    let operator = Operator::inside();
    let odd = |path: &str| operator.get(path).body.matches("banner warn odd").count();
    assert_eq!(odd("/tokens"), 0, "as in life nothing is said");
    let clock = operator.get("/clock").body;
    assert!(clock.contains("2026-11-22 04:") && clock.contains("Everything that was due is done"), "{clock}");
    let moved = operator.post("/clock/advance", &[("by", "30d")]);
    assert_eq!((moved.status, moved.header("location")), (303, "/clock"), "{}", moved.body);
    // Thirty days later the operator is still inside: who sits there was not away.
    let tokens = operator.get("/tokens").body;
    assert!(tokens.contains("2026-12-22 04:") && odd("/tokens") == 1, "{tokens}");
    assert_eq!(operator.post("/clock/freeze", &[]).status, 303);
    assert!(operator.get("/").body.contains("stands still"));
    for (path, form, says) in [
        ("/clock/advance", ("by", "soon"), "no length of time"),
        ("/clock/goto", ("to", "tomorrow"), "no moment"),
        ("/clock/goto", ("to", "2026-11-22"), "does not go back"),
        ("/clock/goto", ("to", "2099-01-01"), "no further"),
    ] {
        let refused = operator.post(path, &[form]);
        assert!(refused.status == 400 && refused.body.contains(says), "{path} {form:?}: {}", refused.body);
        assert!(refused.body.contains(&format!("value=\"{}\"", form.1)), "what was typed stays");
    }
    assert_eq!(operator.post("/clock/resume", &[]).status, 303);
    assert!(!operator.get("/").body.contains("stands still"));

    assert_eq!(
        operator.post("/faults", &[("leg", "gateway-issuer:boc"), ("what", "drop,p=0.3")]).status,
        303
    );
    let faults = operator.get("/faults").body;
    assert!(faults.contains("drop,p=0.3") && odd("/limits") == 2, "{faults}");
    let wrong = operator.post("/faults", &[("leg", "webhooks"), ("what", "<b>")]);
    assert!(wrong.status == 400 && wrong.body.contains("That is no fault") && !wrong.body.contains("<b>"));
    let id = faults.split("flt_").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(operator.post("/faults/remove", &[("id", &format!("flt_{id}"))]).status, 303);
    assert_eq!(odd("/limits"), 1);
    assert_eq!(operator.post("/faults/clear", &[]).status, 303);
    // All of it is in the log of operators.
    let log = operator.get("/audit").body;
    for line in
        ["clock advance 2592000 s", "clock freeze", "fault add gateway-issuer:boc drop,p=0.3", "fault clear"]
    {
        assert!(log.contains(line), "{line} in {log}");
    }
    // Nobody moves it from outside.
    let outside = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build();
    let outside: ureq::Agent = outside.into();
    let at = operator.city.city.addresses.console.unwrap();
    let before = operator.city.tools().clockwork.shown();
    for path in ["/clock/advance", "/clock/goto", "/clock/freeze", "/faults", "/faults/clear"] {
        let sent = outside.post(format!("http://{at}{path}")).send_form([("by", "1d")]).unwrap();
        assert_eq!(sent.headers()["location"], "/enter", "{path}");
    }
    assert_eq!(operator.city.tools().clockwork.shown(), before);
}

#[test]
fn a_device_elsewhere_shares_the_time_or_is_told_what_it_is() {
    let city = SmallCity::new();
    let platform = Caller::new(&city, PLATFORM);
    let at = city.city.addresses.platform.to_string();
    let machine: Arc<dyn Clock> = city.clock.clone();
    platform.post(&format!("{CLOCK}/advance"), "a", &json!({"by_seconds": 30 * 86_400}));
    let shared = FollowedClock::start(&at, machine.clone()).unwrap();
    assert_eq!(shared.now(), NOW.after(DAY * 30));
    act(&platform, "freeze", "f");
    crate::street::eventually("the device hears that it stands", || {
        shared.until(shared.now().after(DAY)).is_none()
    });
    act(&platform, "resume", "r");
    // The phone of the city shares its clock: its signature is of now, thirty days later.
    city.phone.sync().unwrap();
    assert_eq!(city.tap("12.50"), server::pos::Verdict::Approved);

    // Another phone has the machine's time, which is long gone here.
    let folder = tempfile::tempdir().unwrap();
    let new = server::phone::NewPhone {
        directory: folder.path(),
        number: "+8613800000002",
        name: "slow",
        platform: &at,
        telephone: city.city.addresses.telephone,
        passcode: b"135790",
        work: crypto::passphrase::Work::TEST,
        watch: None,
    };
    let refused = server::phone::Phone::set_up(&new, machine).map(drop).unwrap_err().to_string();
    assert!(refused.contains("was not made now") && refused.contains("2026-12-22T"), "{refused}");
}

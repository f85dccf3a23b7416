//! The clock and the faults of a sandbox, worked by the command, with `verify` as the judge of the books.

use serde_json::{Value, json};
use server::city::{City, Plan, Ports, Waits};
use server::test_mode::{Fault, TestTools};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use store::TestClock;
use values::Timestamp;

const NOW: Timestamp = Timestamp::from_millis(1_795_320_000_000);
const OPERATOR: &str = "sk_test_platform0000000000000000";
/// Only a test that fails waits for it.
const NEVER: Duration = Duration::from_secs(120);

struct Town {
    city: City,
    data: PathBuf,
    folder: tempfile::TempDir,
    orders: AtomicUsize,
}

impl Town {
    fn open() -> Town {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("city");
        let seconds = Duration::from_secs;
        let waits = Waits { gateway: seconds(3), network: seconds(5), acquirer: seconds(7), ..Waits::FIELD };
        let sandbox = Plan::sandbox(&data, Arc::new(TestClock::at(NOW))).unwrap();
        let city = City::start(&Plan { ports: Ports::Free, waits, ..sandbox }).unwrap();
        Town { city, data, folder, orders: AtomicUsize::new(0) }
    }

    fn tools(&self) -> &TestTools {
        self.city.test_tools().unwrap()
    }

    fn add(&self, leg: &str, what: &str) {
        self.tools().faults.add(Fault::parse(leg, what).unwrap(), NOW);
    }

    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let url = format!("http://{}{path}", self.city.addresses.platform);
        let bearer = format!("Bearer {OPERATOR}");
        let key = self.orders.fetch_add(1, Ordering::SeqCst).to_string();
        let agent = server::client::agent();
        let sent = match body {
            None => agent.get(url).header("authorization", bearer).call(),
            Some(body) => {
                let request = agent
                    .post(url)
                    .header("authorization", bearer)
                    .header("idempotency-key", key)
                    .header("prefer", "wait=20");
                request.header("content-type", "application/json").send(body.to_string().as_bytes())
            }
        };
        let mut answer = sent.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        answer.body_mut().read_json().unwrap()
    }

    /// Takes a payment with the documented card that has money behind it.
    fn pay(&self) -> Value {
        let body = json!({
            "amount": {"value": 1250, "currency": "CNY"}, "test_card": "0016",
            "merchant": "mer_00000000000000000000000001",
        });
        self.call("POST", "/v1/payments", Some(&body))
    }

    /// Makes the wires whole and goes on, an hour at a time, until nothing waits any more.
    fn heal(&self) -> u64 {
        let struck = self.tools().faults.listed().iter().map(|one| one.struck).sum();
        self.tools().faults.clear();
        self.until("everything is done", || {
            self.tools().clockwork.advance(Duration::from_secs(3600)).unwrap().waiting.is_empty()
        });
        struck
    }

    fn until(&self, what: &str, mut done: impl FnMut() -> bool) {
        let until = Instant::now() + NEVER;
        while !done() {
            assert!(
                Instant::now() < until,
                "never happened: {what}: {:?}",
                self.tools().clockwork.waiting_now()
            );
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    fn status(&self, payment: &Value) -> String {
        let path = format!("/v1/payments/{}", payment["id"].as_str().unwrap());
        self.call("GET", &path, None)["status"].as_str().unwrap().to_owned()
    }

    /// Ends the city; its books must be right. How many payments there were.
    fn verified(self) -> Value {
        let Town { city, data, folder, .. } = self;
        city.end(NEVER);
        let output = paiza(&["verify", "--json", "--data", data.to_str().unwrap()]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let rows = text(&output.stdout);
        drop(folder);
        serde_json::from_str(rows.lines().last().unwrap()).unwrap()
    }
}

fn paiza(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_paiza")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What is wrong on which wire, and how a payment ends then.
const WRONG: &[(&str, &str, &str)] = &[
    // The request is lost: nobody else ever hears of it.
    ("acquirer-network", "drop", "reversed"),
    // The bank booked it and the answer is lost: the network says that nobody answered, and takes it back there.
    ("gateway-issuer:boc", "drop,on=answers", "declined"),
    ("network-gateway", "drop,on=answers", "declined"),
    ("acquirer-network", "drop,on=answers", "reversed"),
    // Twice the request, once the money.
    ("acquirer-network", "duplicate", "approved"),
    ("gateway-issuer", "duplicate", "approved"),
    ("terminal-acquirer", "duplicate", "approved"),
    // A request that cannot be believed is refused, an answer that cannot be is none.
    ("network-gateway", "corrupt", "declined or reversed"),
    ("gateway-issuer:boc", "corrupt,on=answers", "declined"),
    // The bank is in trouble and books nothing.
    ("gateway-issuer:boc", "answer=96", "declined"),
    ("acquirer-network", "answer=91", "declined"),
    // It arrives when nobody waits any more, after its own reversal.
    ("acquirer-network", "latency=8s", "reversed"),
    ("gateway-issuer:boc", "latency=50ms", "approved"),
    // Nothing follows it, so it arrives a little later.
    ("network-gateway", "reorder", "approved"),
];

/// So many cities go through them side by side: most of it is hosts that wait for one another.
const AT_ONCE: usize = 5;

#[test]
fn whatever_goes_wrong_between_hosts_money_is_right_afterwards() {
    std::thread::scope(|scope| {
        for part in WRONG.chunks(WRONG.len().div_ceil(AT_ONCE)) {
            scope.spawn(move || goes_wrong(part));
        }
    });
}

/// A city in which all this goes wrong, one after another.
fn goes_wrong(wrong: &[(&str, &str, &str)]) {
    let town = Town::open();
    assert_eq!(town.pay()["status"], "approved", "as in life");
    for (leg, what, expected) in wrong {
        town.add(leg, what);
        let paid = town.pay();
        assert!(town.heal() > 0, "{leg} {what}: {paid}");
        town.until(&format!("{leg} {what} ends"), || {
            town.status(&paid) != "pending" && town.status(&paid) != "reversing"
        });
        let status = town.status(&paid);
        assert!(expected.contains(&status), "{leg} {what}: {status}");
    }
    // An answer that never reaches the terminal: it takes the payment back.
    town.add("terminal-acquirer", "drop,on=answers,p=0.5");
    town.pay();
    town.heal();
    assert_eq!(town.pay()["status"], "approved", "and the wires are whole again");
    let verified = town.verified();
    assert_eq!(verified["under_way"], 0, "{verified}");
    // The one whose answer was lost may not have reached the acquirer's books.
    assert!(verified["payments"].as_u64().unwrap() >= wrong.len() as u64 + 2, "{verified}");
}

/// An endpoint that takes whatever is whole; how often it took something.
fn endpoint() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let calls = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&calls);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 8192];
            let mut length = 0;
            let whole = loop {
                let read = stream.read(&mut request[length..]).unwrap_or(0);
                length += read;
                let said = text(&request[..length]);
                let Some((head, body)) = said.split_once("\r\n\r\n") else { continue };
                let announced = head.split("Content-Length: ").nth(1).unwrap().split("\r\n").next().unwrap();
                if body.len() >= announced.parse().unwrap() || read == 0 {
                    break serde_json::from_str::<Value>(body).is_ok();
                }
            };
            counted.fetch_add(usize::from(whole), Ordering::SeqCst);
            let status = if whole { "204 Taken" } else { "400 Broken" };
            let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    (at, calls)
}

#[test]
fn couriers_repeat_what_faults_take_from_them() {
    let town = Town::open();
    let (at, calls) = endpoint();
    let hook = json!({"url": format!("http://{at}/"), "events": ["payment.approved"]});
    town.call("POST", "/v1/webhook_endpoints", Some(&hook));
    // What is taken while the fault is on, and how often in the end.
    for (what, meanwhile, at_last) in [
        ("drop", 0, 1),
        ("answer=503", 0, 1),
        ("reorder", 0, 1),
        ("corrupt", 0, 1),
        ("duplicate", 2, 2),
        ("drop,on=answers", 1, 2),
        ("latency=20ms", 1, 1),
    ] {
        let before = calls.load(Ordering::SeqCst);
        let taken = || calls.load(Ordering::SeqCst) - before;
        town.add("webhooks", what);
        assert_eq!(town.pay()["status"], "approved");
        town.until(&format!("{what} strikes"), || town.tools().faults.listed()[0].struck > 0);
        town.until(&format!("{what} has its way"), || taken() >= meanwhile);
        assert_eq!(taken(), meanwhile, "{what}");
        town.heal();
        assert_eq!(taken(), at_last, "{what}");
    }

    // The bank's text messages, and what it tells of its cards.
    town.add("issuer-telephone", "drop");
    town.add("issuer-events", "answer=503");
    town.pay();
    let desk = town.city.addresses.desks.iter().find(|(name, _)| name == "boc").unwrap().1;
    let block = json!({"number": "6216600100000000016", "state": "blocked"});
    let request = server::client::agent().post(format!("http://{desk}/admin/cards"));
    let sent = request.header("content-type", "application/json").send(block.to_string().as_bytes());
    assert_eq!(sent.unwrap().status().as_u16(), 200);
    let states = || {
        let page = town.call("GET", "/v1/tokens?issuer=boc&limit=100", None);
        let tokens = page["data"].as_array().unwrap().clone();
        tokens.iter().filter(|token| token["status"] == "active").count()
    };
    let active = states();
    town.until("both are struck", || town.tools().faults.listed().iter().all(|one| one.struck > 0));
    assert_eq!(states(), active, "nothing is known of it yet");
    town.heal();
    assert_eq!(states(), active - 1, "the bank said it again");
    assert_eq!(town.verified()["under_way"], 0);
}

#[test]
fn a_file_that_is_cut_off_is_noticed_and_handed_out_again() {
    let town = Town::open();
    town.pay();
    town.add("settlement-files", "partial");
    let broken = town.city.cut_over().map(drop).unwrap_err().to_string();
    assert!(broken.contains("settlement"), "{broken}");
    town.tools().faults.clear();
    let settled = town.city.cut_over().unwrap();
    assert!(
        settled.iter().all(|one| one.differences.is_empty())
            && settled.iter().any(|one| one.net.minor() == 1250)
    );
    assert_eq!(town.verified()["under_way"], 0);
}

/// The lines of every `sh` block.
fn commands(text: &str) -> Vec<String> {
    let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.flat_map(str::lines).map(str::to_owned).collect()
}

#[test]
fn the_commands_of_the_page_do_what_they_say() {
    let town = Town::open();
    let at = town.city.addresses.platform.to_string();
    let run = |arguments: &[&str]| paiza(&[arguments, &["--at", &at]].concat());
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/test-mode.md");
    let lines = commands(&std::fs::read_to_string(page).unwrap());
    for line in &lines {
        let arguments: Vec<&str> = line.strip_prefix("paiza ").unwrap().split_whitespace().collect();
        let output = run(&arguments);
        assert!(output.status.success(), "{line}: {}", text(&output.stderr));
    }
    assert!(lines.len() >= 8, "{lines:?}");
    let shown = text(&run(&["clock", "show"]).stdout);
    assert!(shown.contains("it was moved, and runs"), "{shown}");
    assert!(text(&run(&["fault", "list"]).stdout).contains("The wires are whole."));

    let added = run(&["--json", "fault", "add", "gateway-issuer:boc", "answer=96"]);
    let added: Value = serde_json::from_slice(&added.stdout).unwrap();
    assert_eq!(town.pay()["status"], "declined");
    assert!(text(&run(&["fault", "list"]).stdout).contains("struck 1"));
    assert!(run(&["fault", "remove", added["id"].as_str().unwrap()]).status.success());
    assert_eq!(town.pay()["status"], "approved");
    for (arguments, code, says) in [
        (&["clock", "goto", "2026-01-01"][..], 1, "time does not go back"),
        (&["clock", "advance", "soon"], 2, "no length of time"),
        (&["clock", "goto", "tomorrow"], 2, "no moment"),
        (&["fault", "add", "nowhere", "drop"], 2, "there are terminal-acquirer"),
        (&["fault", "add", "webhooks", "answer=96"], 2, "a status from 500 to 599"),
        (&["fault", "remove", "flt_00000000000000000000000000"], 1, "nothing of this name"),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert!(text(&output.stderr).contains(says), "{arguments:?}: {}", text(&output.stderr));
    }
    assert_eq!(town.verified()["under_way"], 0);
}

#[test]
fn a_platform_says_that_it_is_a_sandbox_or_has_no_test_mode() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("paiza.toml");
    std::fs::write(&config, "sandbox = true\n").unwrap();
    let refused = Command::new(env!("CARGO_BIN_EXE_paiza"))
        .args(["serve", "--config", config.to_str().unwrap(), "--data", folder.path().to_str().unwrap()])
        .env("PAIZA_PASSPHRASE", "a real one")
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(3));
    assert!(text(&refused.stderr).contains("sandbox = true"), "{}", text(&refused.stderr));
    // Where a city left a moved clock, a platform that does not follow it would go back in time.
    std::fs::write(folder.path().join("clock.json"), r#"{"ahead_ms": 86400000, "frozen_at_ms": null}"#)
        .unwrap();
    let refused = paiza(&["serve", "--data", folder.path().to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(text(&refused.stderr).contains("was moved"), "{}", text(&refused.stderr));
}

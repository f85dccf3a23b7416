//! A city with one thing of every kind, and the requests of every operation that it would carry out.

use super::asking::Ask;
use crate::api::{Caller, NOODLES, NOODLES_ID, PLATFORM};
use crate::api_upi_payments::CHAI_ID;
use crate::issuers::post;
use crate::small_city::SmallCity;
use developers::export::ExportCount;
use developers::{Export, ExportState};
use serde_json::{Value, json};
use server::platform_http::developers::Limits;
use std::cell::Cell;
use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use store::{Outcome, Store};
use values::{Id, Record, Records, Timestamp};

/// An operation of the description, with the codes that it says it may answer with.
pub(super) struct Operation {
    pub(super) name: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) codes: BTreeSet<String>,
    scope: String,
    /// The schema of its body, if it has one.
    pub(super) schema: Value,
    example: Value,
}

impl Operation {
    pub(super) fn changes(&self) -> bool {
        self.codes.contains("idempotency_key_missing")
    }
}

/// The city, its things and its doors.
pub(super) struct Ground {
    pub(super) city: SmallCity,
    pub(super) platform: Caller,
    /// The door of the whole city.
    pub(super) door: SocketAddr,
    /// The same records behind a door that has nothing else: no terminals, no provider, no sandbox.
    pub(super) alone: SocketAddr,
    /// The same again, where no key has anything left.
    pub(super) spent: SocketAddr,
    /// Two keys of the operator with one scope each; no operation needs both.
    scoped: [String; 2],
    pub(super) things: HashMap<&'static str, String>,
    turn: Cell<u32>,
}

fn id(answer: &Value) -> String {
    answer["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

impl Ground {
    pub(super) fn new() -> Ground {
        let plenty = Limits { per_second: 100_000, burst: 1_000_000 };
        let mut city = SmallCity::planned(|plan| plan.api_limits = plenty);
        city.open_upi();
        let platform = Caller::new(&city, PLATFORM);
        let scoped = SCOPES.map(|scope| {
            let wish = json!({"tenant": "platform", "name": scope, "scopes": [scope]});
            let (_, made) =
                post(city.desk("platform"), &city.desk("platform").to_string(), "/admin/keys", &wish);
            made["secret"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
        });
        let mut ground = Ground {
            door: city.city.addresses.platform,
            alone: crate::api_problems::alone_within(&city, plenty),
            spent: crate::api_problems::alone_within(&city, Limits { per_second: 0, burst: 0 }),
            platform,
            scoped,
            things: HashMap::new(),
            turn: Cell::new(0),
            city,
        };
        ground.things = ground.found();
        ground
    }

    /// One thing of every name that stands in a path.
    fn found(&self) -> HashMap<&'static str, String> {
        let paid = self.paid("sale");
        let refund = self.posted("/v1/refunds", &json!({"payment": paid["id"], "amount": cny(1)}));
        let endpoint = self.posted("/v1/webhook_endpoints", &json!({"url": "http://127.0.0.1:9/"}));
        let fault =
            self.posted("/v1/test_helpers/faults", &json!({"leg": "settlement-files", "what": "partial"}));
        let token = self.platform.get(&format!("/v1/tokens/{}", self.city.token)).json();
        let wanted = json!({"what": "events", "from": "2026-01-01T00:00:00.000Z"});
        let export = self.posted("/v1/exports", &wanted);
        crate::street::eventually("an export ends", || {
            self.platform.get(&format!("/v1/operations/{}", id(&export))).json()["status"] == "succeeded"
        });
        let mut event = String::new();
        crate::street::eventually("an event", || {
            let page = self.platform.get("/v1/events?limit=1").json();
            event = page["data"][0]["id"].as_str().unwrap_or_default().to_owned();
            !event.is_empty()
        });
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut things = HashMap::from([
            ("{merchant}", NOODLES_ID.to_owned()),
            ("{terminal}", text(&paid["terminal"])),
            ("{payment}", id(&paid)),
            ("{refund}", id(&refund)),
            ("{settlement}", format!("{}-000001", text(&paid["terminal"]))),
            ("{token}", self.city.token.to_string()),
            ("{device}", text(&token["device"])),
            ("{customer}", text(&token["customer"])),
            ("{event}", event),
            ("{webhook_endpoint}", id(&endpoint)),
            ("{fault}", id(&fault)),
            ("{operation}", id(&export)),
        ]);
        things.extend(crate::api::by_account(&self.city));
        things
    }

    /// What was made by this request.
    #[track_caller]
    pub(super) fn posted(&self, path: &str, body: &Value) -> Value {
        let name = self.fresh_name();
        let made = match body {
            Value::Null => self.platform.send("POST", path, &[("idempotency-key", &name)], None),
            body => self.platform.post_at_once(path, &name, body),
        };
        assert!(made.status < 300, "{path}: {}", made.text);
        made.json()
    }

    pub(super) fn fresh_name(&self) -> String {
        self.turn.set(self.turn.get() + 1);
        format!("refusal-{}", self.turn.get())
    }

    /// A payment that the bank approved.
    pub(super) fn paid(&self, kind: &str) -> Value {
        let body = json!({"amount": cny(1250), "test_card": "0016", "merchant": NOODLES_ID, "kind": kind});
        let made = self.platform.post_at_once("/v1/payments", &self.fresh_name(), &body).json();
        let mut paid = Value::Null;
        // A terminal that was in trouble tries again, which takes time as the clock has it.
        self.city.in_time("the bank answers", || {
            paid = self.platform.get(&format!("/v1/payments/{}", id(&made))).json();
            paid["status"] == "approved"
        });
        paid
    }

    /// A payment for which no card was presented.
    pub(super) fn wanted(&self) -> String {
        id(&self.posted("/v1/payments", &json!({"amount": cny(700), "merchant": NOODLES_ID})))
    }

    /// A payment that was taken at a terminal with a journal of its own.
    pub(super) fn tapped(&self) -> String {
        assert_eq!(self.city.tap("1.00"), server::pos::Verdict::Approved);
        let list = format!("/v1/payments?merchant={NOODLES_ID}&terminal=PZ000001");
        id(&self.platform.get(&list).json()["data"][0])
    }

    /// An export that stands so, and that nobody writes.
    pub(super) fn export(&self, state: ExportState) -> String {
        let like = self.things["{operation}"].parse().unwrap();
        let store = self.city.city.api.store();
        let known = store.read(move |records| records.find::<Export>(&like)).unwrap().unwrap();
        let id = Id::mint(known.created_at, crypto::random::bytes());
        let outcome = store.call(Put(Export { id, state, ..known })).unwrap();
        assert!(matches!(outcome, Outcome::Done(())));
        id.to_string()
    }

    /// Lets so many exports of the operator seem to be under way.
    pub(super) fn under_way(&self, under_way: u64) {
        let count = ExportCount { tenant: "platform".to_owned(), under_way };
        let outcome = self.city.city.api.store().call(Put(count)).unwrap();
        assert!(matches!(outcome, Outcome::Done(())));
    }

    /// Every database of the interface, by its name.
    pub(super) fn stores(&self) -> [(&'static str, Store); 4] {
        let city = &self.city.city;
        [
            ("acquirer", city.acquirer.store().clone()),
            ("tokens", city.tokens.store().clone()),
            ("developers", city.api.store().clone()),
            ("psp", city.upi().unwrap().service.store().clone()),
        ]
    }

    /// A key that may do anything but this.
    pub(super) fn key_without(&self, operation: &Operation) -> &str {
        &self.scoped[usize::from(operation.scope == SCOPES[0])]
    }

    /// Every operation of the description.
    pub(super) fn operations(&self) -> Vec<Operation> {
        let description = self.platform.get("/openapi.json").json();
        let schemas = &description["components"]["schemas"];
        let mut operations = Vec::new();
        for (path, methods) in description["paths"].as_object().unwrap() {
            for (method, told) in methods.as_object().unwrap() {
                let body = &told["requestBody"]["content"]["application/json"];
                let named = body["schema"]["$ref"].as_str().unwrap_or_default();
                operations.push(Operation {
                    name: told["operationId"].as_str().unwrap().to_owned(),
                    method: method.to_uppercase(),
                    path: path.clone(),
                    codes: codes(&told["responses"]),
                    scope: told["description"].as_str().unwrap().rsplit('`').nth(1).unwrap().to_owned(),
                    schema: schemas[named.rsplit('/').next().unwrap()].clone(),
                    example: body["examples"]["sandbox"]["value"].clone(),
                });
            }
        }
        operations
    }

    /// A request of an operation that would be carried out, about things that are there.
    pub(super) fn ask(&self, operation: &Operation) -> Ask {
        let named = |path: &str| {
            self.things.iter().fold(path.to_owned(), |path, (name, thing)| path.replace(name, thing))
        };
        let mut ask = Ask::new(&operation.method, &named(&operation.path), PLATFORM);
        let parameter = match operation.name.as_str() {
            "list_payments" | "list_refunds" => format!("merchant={NOODLES_ID}"),
            "list_upi_payments" | "list_upi_refunds" => format!("merchant={CHAI_ID}"),
            "list_tokens" => "issuer=boc".to_owned(),
            "list_cards" | "list_devices" => named("customer={customer}"),
            _ => String::new(),
        };
        if !parameter.is_empty() {
            ask = ask.asking(&parameter);
        }
        if operation.changes() {
            ask = ask.with("Idempotency-Key", &self.fresh_name());
        }
        if operation.example.is_null() {
            return ask;
        }
        let mut body = operation.example.clone();
        if body["payment"].is_string() {
            let paid = if operation.path.starts_with("/v1/upi/") { "{upi_payment}" } else { "{payment}" };
            body["payment"] = json!(self.things[paid]);
        }
        match operation.name.as_str() {
            "create_upi_refund" => body["amount"] = json!({"value": 1, "currency": "INR"}),
            // Ahead, and not so far that anything ends.
            "set_clock" => {
                let now = store::Clock::now(&**self.city.city.api.store().clock());
                body["to"] = json!(now.after(std::time::Duration::from_secs(60)).to_string());
            }
            "create_batch" => body["items"][0]["idempotency_key"] = json!(self.fresh_name()),
            _ => {}
        }
        ask.saying(&body.to_string())
    }

    /// The same about a thing of its own, so that it is carried out now.
    pub(super) fn fresh(&self, operation: &Operation) -> Ask {
        let ask = self.ask(operation);
        let about = |name: &str, thing: &str| ask.clone().about(&operation.path.replace(name, thing));
        match operation.name.as_str() {
            "cancel_payment" | "present_card" => about("{payment}", &self.wanted()),
            "void_payment" => about("{payment}", &id(&self.paid("sale"))),
            "complete_payment" => about("{payment}", &id(&self.paid("pre_authorisation"))),
            "create_refund" => ask.saying(&json!({"payment": self.paid("sale")["id"]}).to_string()),
            "create_settlement" => {
                let terminal = self.paid("sale")["terminal"].clone();
                ask.saying(&json!({"merchant": NOODLES_ID, "terminal": terminal}).to_string())
            }
            "delete_webhook_endpoint" => {
                let made = self.posted("/v1/webhook_endpoints", &json!({"url": "http://127.0.0.1:9/"}));
                about("{webhook_endpoint}", &id(&made))
            }
            "cancel_operation" => about("{operation}", &self.export(ExportState::Running)),
            "delete_fault" => {
                let struck = json!({"leg": "settlement-files", "what": "partial"});
                about("{fault}", &id(&self.posted("/v1/test_helpers/faults", &struck)))
            }
            _ => ask,
        }
    }

    /// Another body of the right form than this request has.
    pub(super) fn other_body(&self, operation: &Operation, ask: &Ask) -> String {
        let mut body: Value = serde_json::from_str(ask.body()).unwrap();
        let (member, value) = match operation.name.as_str() {
            _ if !operation.schema["properties"]["metadata"].is_null() => ("metadata", json!({"other": "1"})),
            "replay_events" => ("to", json!("2026-11-03T00:00:00.000Z")),
            "rotate_webhook_secret" => ("keep_old_for", json!(7)),
            "advance_clock" => ("by_seconds", json!(7)),
            "set_clock" => ("to", json!("2031-01-01T00:00:00.000Z")),
            "create_fault" => ("what", json!("drop")),
            "present_card" => ("test_card", json!("0024")),
            "complete_payment" => ("amount", cny(7)),
            "create_settlement" => ("terminal", json!("PZ000001")),
            "create_export" => ("format", json!("json_lines")),
            "create_upi_account" => ("address", json!("other@paiza")),
            _ => ("note", json!("something else")),
        };
        body[member] = value;
        body.to_string()
    }
}

/// What the two keys may do.
const SCOPES: [&str; 2] = ["merchants:read", "terminals:read"];

/// Makes the records say this.
struct Put<R>(R);

impl<R: Record> values::Operation for Put<R> {
    type Answer = ();
    type Refusal = ();
    const NAME: &'static str = "test.put";
    fn apply<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<(), ()> {
        records.put(self.0.clone());
        Ok(())
    }
}

pub(super) fn cny(value: u64) -> Value {
    json!({"value": value, "currency": "CNY"})
}

/// The codes that responses name.
fn codes(responses: &Value) -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for (_, response) in responses.as_object().unwrap() {
        let says = response["description"].as_str().unwrap();
        if says.starts_with("A problem: ") {
            codes.extend(says.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    codes
}

/// The keys that see less than everything.
pub(super) const BANK: &str = "sk_test_bankboc00000000000000000";
pub(super) const MERCHANT: &str = NOODLES;

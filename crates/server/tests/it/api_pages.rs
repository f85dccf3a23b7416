//! Every list of ten thousand things is paged through, forwards and backwards, while things come and go: what was there
//! all the time appears exactly once.

use crate::api::{Caller, NOODLES_ID, PLATFORM};
use crate::small_city::SmallCity;
use crate::street::eventually;
use acquiring::records::{Batch, PaymentKind, Terminal};
use acquiring::{Merchant, Payment};
use developers::Endpoint;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;
use store::{Outcome, Store};
use tokens::records::Token;
use values::{Id, Operation, Record, Records, Timestamp};

const COUNT: usize = 10_000;

/// Puts records where they were not, and takes others away.
struct Plant<R: Record> {
    come: Vec<R>,
    go: Vec<R::Key>,
}

impl<R: Record> Operation for Plant<R> {
    type Answer = ();
    type Refusal = ();
    const NAME: &'static str = "test.plant";

    fn apply<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<(), ()> {
        self.go.iter().for_each(|key| records.remove::<R>(key));
        self.come.iter().cloned().for_each(|record| records.put(record));
        Ok(())
    }
}

fn plant<R: Record>(store: &Store, come: Vec<R>, go: Vec<R::Key>) {
    assert!(matches!(store.call(Plant { come, go }).unwrap(), Outcome::Done(())));
}

fn planted<R: Record>(store: &Store, make: impl Fn(usize) -> R) {
    for start in (0..COUNT).step_by(500) {
        plant(store, (start..start + 500).map(|n| make(2 * n)).collect(), Vec::new());
    }
}

/// An identifier of the n-th thing; even ones stay, odd ones come and go among them.
fn id<K: values::id::Kind>(n: usize) -> Id<K> {
    Id::mint(Timestamp::from_millis(1_000_000_000_000 + n as i64), [n as u8; 10])
}

struct Walk<'a> {
    caller: &'a Caller,
    city: &'a SmallCity,
    path: &'a str,
    seen: HashMap<String, usize>,
    pages: usize,
}

impl Walk<'_> {
    /// A page, after which something changes.
    fn page(&mut self, parameter: &str, change: &mut dyn FnMut(usize)) -> Value {
        // The rate of a key is that of the test's clock.
        self.city.clock.advance(Duration::from_secs(1));
        let sign = if self.path.contains('?') { '&' } else { '?' };
        let answer = self.caller.get(&format!("{}{sign}limit=100{parameter}", self.path));
        assert_eq!(answer.status, 200, "{}", answer.text);
        let page = answer.json();
        for item in page["data"].as_array().unwrap() {
            *self.seen.entry(item["id"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        self.pages += 1;
        change(self.pages);
        page
    }
}

/// Walks through a list both ways while `change` lets things come and go; `stays` were there before and are afterwards.
fn walk(city: &SmallCity, caller: &Caller, path: &str, stays: &[String], change: &mut dyn FnMut(usize)) {
    let mut walk = Walk { caller, city, path, seen: HashMap::new(), pages: 0 };
    let mut page = walk.page("", change);
    let mut last = page["next_cursor"].clone();
    while let Some(cursor) = page["next_cursor"].as_str() {
        last = page["next_cursor"].clone();
        page = walk.page(&format!("&starting_after={cursor}"), change);
    }
    let once = |seen: &HashMap<String, usize>, way: &str| {
        let wrong = stays.iter().find(|name| seen.get(*name) != Some(&1));
        assert_eq!(wrong.map(|name| (name, seen.get(name))), None, "{path} {way}");
    };
    assert!(walk.pages >= COUNT / 100, "{path}: {} pages", walk.pages);
    once(&walk.seen, "forwards");
    // Back from the last page: what is on it was seen, so it is kept.
    let on_last: Vec<String> =
        page["data"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect();
    assert!(!last.is_null());
    walk.seen = on_last.into_iter().map(|name| (name, 1)).collect();
    while let Some(cursor) = page["previous_cursor"].as_str() {
        page = walk.page(&format!("&ending_before={cursor}"), change);
    }
    once(&walk.seen, "backwards");
}

/// Lets the n-th odd thing come and the one before it go, at places all over the list.
fn churn<'a, R: Record>(store: &'a Store, make: impl Fn(usize) -> R + 'a) -> impl FnMut(usize) + 'a {
    let place = |step: usize| (step * 7919) % COUNT * 2 + 1;
    move |step| plant(store, vec![make(place(step))], vec![make(place(step - 1)).key()])
}

fn names(of: impl Fn(usize) -> String) -> Vec<String> {
    (0..COUNT).map(|n| of(2 * n)).collect()
}

fn one<R: Record>(store: &Store) -> R {
    store.read(|records| records.all::<R>()).unwrap().remove(0)
}

#[test]
fn lists_of_an_acquirer_are_whole_while_they_change() {
    let city = SmallCity::new();
    let caller = Caller::new(&city, PLATFORM);
    let store = city.city.acquirer.store();
    let body =
        json!({"amount": {"value": 1, "currency": "CNY"}, "test_card": "0016", "merchant": NOODLES_ID});
    let paid = caller.post("/v1/payments", "p", &body);
    assert_eq!(paid.status, 201, "{}", paid.text);

    let template: Merchant = one(store);
    let merchant = |n| Merchant { id: id(n), ..template.clone() };
    planted(store, merchant);
    walk(
        &city,
        &caller,
        "/v1/merchants",
        &names(|n| merchant(n).id.to_string()),
        &mut churn(store, merchant),
    );

    let template: Terminal = one(store);
    let terminal = |n| Terminal { id: format!("Q{n:07}").parse().unwrap(), ..template.clone() };
    planted(store, terminal);
    walk(
        &city,
        &caller,
        "/v1/terminals",
        &names(|n| terminal(n).id.to_string()),
        &mut churn(store, terminal),
    );

    let template: Batch = one(store);
    let batch = |n| Batch { number: n as u32 + 10, ..template.clone() };
    planted(store, batch);
    let stays = names(|n| format!("{}-{:06}", template.terminal, n + 10));
    walk(&city, &caller, "/v1/settlements", &stays, &mut churn(store, batch));
}

#[test]
fn lists_of_payments_are_whole_while_they_change() {
    let city = SmallCity::new();
    let caller = Caller::new(&city, PLATFORM);
    let store = city.city.acquirer.store();
    let body =
        json!({"amount": {"value": 1, "currency": "CNY"}, "test_card": "0016", "merchant": NOODLES_ID});
    let paid = caller.post("/v1/payments", "p", &body).json();
    let reference: acquiring::Reference = paid["reference"].as_str().unwrap().parse().unwrap();
    let template = store.read(move |records| records.find::<Payment>(&reference)).unwrap().unwrap();
    for (path, kind, prefix) in [("payments", PaymentKind::Sale, 8), ("refunds", PaymentKind::Refund, 9)] {
        let payment = |n: usize| Payment {
            reference: format!("{prefix}{n:011}").parse().unwrap(),
            id: id(n + prefix * 1_000_000),
            kind,
            ..template.clone()
        };
        planted(store, payment);
        let stays = names(|n| payment(n).id.to_string());
        let path = format!("/v1/{path}?merchant={NOODLES_ID}");
        walk(&city, &caller, &path, &stays, &mut churn(store, payment));
        let counted = caller.get(&format!("{path}&limit=1&include=total")).json()["total"].as_u64().unwrap();
        assert!((COUNT as u64..COUNT as u64 + 3).contains(&counted), "{counted}");
    }
    // Each of them was told: the events fill a list of their own, to which more are added.
    let first = template.id.to_string();
    let count = |caller: &Caller| caller.get("/v1/events?limit=1&include=total").json()["total"].as_u64();
    eventually("every payment was told", || {
        city.clock.advance(Duration::from_secs(1));
        count(&caller) > Some(2 * COUNT as u64)
    });
    let mut stays = Vec::new();
    let mut cursor = String::new();
    while stays.len() < COUNT {
        city.clock.advance(Duration::from_secs(1));
        let page = caller.get(&format!("/v1/events?limit=100{cursor}")).json();
        stays.extend(
            page["data"].as_array().unwrap().iter().map(|event| event["id"].as_str().unwrap().to_owned()),
        );
        cursor = format!("&starting_after={}", page["next_cursor"].as_str().unwrap());
    }
    let payment = |n: usize| Payment {
        reference: format!("7{n:011}").parse().unwrap(),
        id: id(n + 7_000_000),
        ..template.clone()
    };
    walk(&city, &caller, "/v1/events", &stays, &mut churn(store, payment));
    assert!(!first.is_empty());
}

#[test]
fn a_list_of_tokens_is_whole_while_it_changes() {
    let city = SmallCity::new();
    let caller = Caller::new(&city, PLATFORM);
    let store = city.city.tokens.store();
    let template = city.record();
    let token = |n| Token { reference: id(n), ..template.clone() };
    planted(store, token);
    let path = format!("/v1/tokens?issuer={}", template.issuer);
    walk(&city, &caller, &path, &names(|n| token(n).reference.to_string()), &mut churn(store, token));
}

#[test]
fn a_list_of_endpoints_is_whole_while_it_changes() {
    let city = SmallCity::new();
    let caller = Caller::new(&city, PLATFORM);
    let made = caller.post(
        "/v1/webhook_endpoints",
        "w",
        &json!({"url": "http://127.0.0.1:9/", "events": ["device.lost"]}),
    );
    assert_eq!(made.status, 201, "{}", made.text);
    let store = city.city.api.store();
    let template: Endpoint = one(store);
    let endpoint = |n| Endpoint { id: id(n), ..template.clone() };
    planted(store, endpoint);
    let stays = names(|n| endpoint(n).id.to_string());
    walk(&city, &caller, "/v1/webhook_endpoints", &stays, &mut churn(store, endpoint));
}

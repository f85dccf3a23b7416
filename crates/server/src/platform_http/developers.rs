//! The developers' interface: requests with a secret key, answered in JSON.
//!
//! One list of routes (`table`) is what the router serves, what the description at `/openapi.json` says and what the
//! reference shows. Read `table`, then `call` (what every request goes through), `shape` (what bodies look like),
//! `strict` (how they are read), `query` and `paging` (lists), `things` (what is shown and changed), `expand`.
//!
//! Invariants: nobody sees another tenant's things, and cannot tell them from things that do not exist; what changes
//! something is carried out once for its request key; nothing secret stands in an answer that is remembered.

mod at_terminal;
mod bare;
mod batches;
mod call;
mod cashier;
pub mod desk;
pub mod egress;
mod events;
mod examples;
mod expand;
mod exporting;
mod exports;
mod intents;
mod janitor;
mod limits;
mod merchants;
pub mod openapi;
mod paging;
mod payments;
mod postman;
mod query;
mod reference;
mod refunds;
mod settlements;
pub(super) mod shape;
mod snapshots;
mod strict;
mod table;
mod teller;
mod terminals;
mod test_helpers;
mod test_shop;
mod things;
pub mod time;
mod tokens;
mod upi_payments;
mod upi_tools;
mod webhooks;

use super::door::Door;
use super::privacy::AccessLog;
use super::problem::Trouble;
use super::requests::Requests;
use super::trace_context::Traces;
use crate::alarm::Alarm;
use crate::test_mode::{Crossing, TestTools};
use axum::Router;
use axum::extract::{RawPathParams, Request};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, any, on};
use developers::{ApiKey, KeyText, Reading, Scope, Tenant};
use limits::Buckets;
use platform::TokenService;
use platform::acquirer::Acquirer;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, OnceLock, RwLock};
use store::{Bell, Store};
use test_shop::TestShop;
use tokio::sync::watch;
use values::Records;

pub use bare::router as bare;
pub use egress::Egress;
pub(crate) use janitor::Janitor;
pub use limits::Limits;
pub(crate) use teller::Teller;
pub use teller::promised;
pub use test_shop::Place;
pub use upi_payments::AccountPayments;

/// What the routes of phones and issuers have in common with those of keys.
pub(super) mod shared {
    pub(in crate::platform_http) use super::call::refused;
}

/// The version of the interface: the date on which it last changed in a way that could break a caller.
pub const VERSION: &str = VERSIONS[0];

/// Every version that is served, newest first. A key speaks the version of the day on which it was made, unless a
/// request names another of these.
pub const VERSIONS: &[&str] = &["2026-11-01"];

/// A key that everybody knows.
pub struct PublishedKey {
    /// The key.
    pub text: String,
    /// What it is called.
    pub name: &'static str,
    /// Whose data it opens.
    pub tenant: Tenant,
}

/// What the interface stands on.
pub struct Parts {
    /// Its own records.
    pub store: Store,
    /// The acquirer, for merchants.
    pub acquirer: Acquirer,
    /// The token service, for issuers and the operator.
    pub tokens: Arc<TokenService>,
    /// How much a key may ask.
    pub limits: Limits,
    /// Where faults may strike webhooks.
    pub webhooks: Option<Arc<Crossing>>,
    /// Where webhooks may be sent.
    pub egress: Egress,
}

/// The developers' interface. Clones share everything.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    parts: Parts,
    keys: RwLock<HashMap<String, Arc<ApiKey>>>,
    buckets: Buckets,
    example_key: OnceLock<String>,
    shop: OnceLock<TestShop>,
    helpers: OnceLock<test_helpers::Helpers>,
    /// The provider of account payment, where it runs here.
    accounts: OnceLock<Arc<AccountPayments>>,
    /// Where operators answer for dangerous acts by two, if they do.
    console: OnceLock<String>,
    /// Wakes who tells of what happened.
    teller: OnceLock<Arc<Bell>>,
    /// The number of the last event, for those who listen; gone when nothing more is told.
    told: Mutex<Option<watch::Sender<u64>>>,
    alarm: Alarm,
    /// Who waits for the end of a payment.
    waiting: intents::Waiting,
    /// Whether the door shows the numbers too.
    metrics: OnceLock<()>,
    requests: Requests,
    /// In which trace of a caller's things were changed.
    traces: Traces,
    /// What was told since the start.
    counted: Mutex<teller::Told>,
    /// Who of the operators looked at what, where they have a console.
    accesses: AccessLog,
    /// This run of the process: what another run began is taken up again.
    run: u64,
}

impl Api {
    /// An interface over these parts.
    pub fn new(parts: Parts) -> Result<Api, store::StoreError> {
        let known = parts.store.read(|records| records.all::<ApiKey>())?;
        let keys = known.into_iter().map(|key| (key.digest.clone(), Arc::new(key))).collect();
        let buckets = Buckets::new(parts.limits);
        let alarm = Alarm::by(Arc::clone(parts.store.clock()));
        let last = parts.store.read(|records| records.find::<Reading>(&String::new()))?;
        let last_event = last.map_or(0, |reading| reading.last_event);
        let told = Mutex::new(Some(watch::Sender::new(last_event)));
        let run = u64::from_be_bytes(crypto::random::bytes()) >> 1;
        Ok(Api(Arc::new(Inner {
            parts,
            keys: RwLock::new(keys),
            buckets,
            example_key: OnceLock::new(),
            shop: OnceLock::new(),
            helpers: OnceLock::new(),
            accounts: OnceLock::new(),
            console: OnceLock::new(),
            teller: OnceLock::new(),
            told,
            alarm,
            waiting: intents::Waiting::default(),
            metrics: OnceLock::new(),
            requests: Requests::default(),
            traces: Traces::default(),
            counted: Mutex::new(teller::Told::after(last_event)),
            accesses: AccessLog::default(),
            run,
        })))
    }

    /// The interface's own records.
    pub fn store(&self) -> &Store {
        &self.0.parts.store
    }

    fn acquirer(&self) -> &Acquirer {
        &self.0.parts.acquirer
    }

    pub(crate) fn tokens(&self) -> &TokenService {
        &self.0.parts.tokens
    }

    /// Adds keys that everybody knows, for a sandbox alone; examples show the first of them.
    pub fn publish(&self, keys: &[PublishedKey]) -> Result<(), store::StoreError> {
        for key in keys {
            let text = KeyText::parse(&key.text).expect("published keys have the form of keys");
            let scopes = Scope::of(&key.tenant);
            self.add_key(desk::key_of(&text, key.name, key.tenant.clone(), scopes, self.now()))?;
        }
        if let Some(first) = keys.first() {
            let _ = self.0.example_key.set(first.text.clone());
        }
        Ok(())
    }

    /// Shows how business goes at the door too: for one that is open to this machine alone.
    pub(crate) fn publish_metrics(&self) {
        let _ = self.0.metrics.set(());
    }

    pub(super) fn shows_metrics(&self) -> bool {
        self.0.metrics.get().is_some()
    }

    /// The log of requests.
    pub(super) fn requests(&self) -> &Requests {
        &self.0.requests
    }

    /// The databases that a payment needs, by their names.
    pub(super) fn stores(&self) -> [(&'static str, &Store); 3] {
        [
            ("acquirer", self.acquirer().store()),
            ("tokens", self.tokens().store()),
            ("developers", self.store()),
        ]
    }

    /// Whether there is somebody who tells events.
    pub(super) fn is_telling(&self) -> bool {
        self.0.told.lock().expect("no holder of this lock panics").is_some()
    }

    /// What was told since the start.
    pub(super) fn told_kinds(&self) -> teller::Told {
        self.0.counted.lock().expect("no holder of this lock panics").clone()
    }

    fn count(&self, count: impl FnOnce(&mut teller::Told)) {
        count(&mut self.0.counted.lock().expect("no holder of this lock panics"));
    }

    /// How many facts of each database were not told yet.
    pub(super) fn untold(&self) -> Result<Vec<(&'static str, i64)>, store::StoreError> {
        teller::untold(self)
    }

    /// When the oldest key was made that opens something.
    pub(super) fn oldest_key(&self) -> Option<values::Timestamp> {
        let keys = self.0.keys.read().expect("no holder of this lock panics");
        keys.values().filter(|key| key.revoked_at.is_none()).map(|key| key.created_at).min()
    }

    /// Opens the test shop: from here on payments can be taken by a call. For a sandbox alone.
    pub fn open_shop(&self, place: Place) {
        let _ = self.0.shop.set(TestShop::at(place));
    }

    /// Lets merchants be paid by account: what happens at the provider is told from here on.
    pub fn open_account_payments(&self, accounts: AccountPayments) {
        if let Some(bell) = self.0.teller.get() {
            accounts.service.store().ring_on_any_message(bell);
        }
        let _ = self.0.accounts.set(Arc::new(accounts));
    }

    fn account_payments(&self) -> Option<Arc<AccountPayments>> {
        self.0.accounts.get().cloned()
    }

    /// Lets the operator's key work the clock and the faults of a sandbox.
    pub(crate) fn open_test_helpers(&self, tools: TestTools) {
        let _ = self.0.helpers.set(test_helpers::Helpers::new(tools));
    }

    /// From here on dangerous acts on the platform's own things are left to two operators at the console at this address.
    pub(crate) fn leave_to_operators(&self, console: &str) {
        let _ = self.0.console.set(console.to_owned());
    }

    /// The operators' log, for those who may know who looked at their records.
    pub(crate) fn accesses(&self) -> &AccessLog {
        &self.0.accesses
    }

    /// Refuses what two operators answer for; `path` is where they ask for it.
    fn not_by_one(&self, path: &str) -> Result<(), Trouble> {
        let Some(console) = self.0.console.get() else { return Ok(()) };
        let detail = format!("One operator asks for it and another approves, at {console}{path}.");
        Err(Trouble::of("two_operators_needed", &detail))
    }

    fn webhook_crossing(&self) -> Option<&Arc<Crossing>> {
        self.0.parts.webhooks.as_ref()
    }

    /// Asks whether everything that happened was told. It keeps nothing of the interface alive.
    pub(crate) fn telling(&self) -> impl Fn() -> Result<bool, store::StoreError> + Send + Sync + use<> {
        let inner = Arc::downgrade(&self.0);
        move || inner.upgrade().map_or(Ok(true), |inner| Api(inner).has_told_all())
    }

    /// Whether everything that happened was told; if not, it is told now.
    fn has_told_all(&self) -> Result<bool, store::StoreError> {
        let told = teller::has_told_all(self)?;
        if !told && let Some(bell) = self.0.teller.get() {
            bell.ring();
        }
        Ok(told)
    }

    fn shop(&self) -> Option<&TestShop> {
        self.0.shop.get()
    }

    /// An event was told: whoever listens looks for it.
    fn told(&self, last: u64) {
        if let Some(told) = &*self.0.told.lock().expect("no holder of this lock panics") {
            told.send_replace(last);
        }
    }

    /// Nothing more is told; streams end.
    fn fall_silent(&self) {
        self.0.told.lock().expect("no holder of this lock panics").take();
    }

    /// Hears whenever something is told.
    fn listen(&self) -> watch::Receiver<u64> {
        let told = self.0.told.lock().expect("no holder of this lock panics");
        told.as_ref().map_or_else(|| watch::channel(0).1, watch::Sender::subscribe)
    }

    fn last_told(&self) -> u64 {
        let told = self.0.told.lock().expect("no holder of this lock panics");
        told.as_ref().map_or(u64::MAX >> 1, |told| *told.borrow())
    }

    fn egress(&self) -> &Egress {
        &self.0.parts.egress
    }

    /// What carries events to those who want them sent.
    pub(crate) fn webhooks(&self) -> store::Lanes {
        postman::lanes(self)
    }

    /// What writes exports.
    pub(crate) fn exports(&self) -> store::Lanes {
        exporting::lanes(self)
    }

    /// What carries presented cards to the terminals of the test shop.
    pub(crate) fn cashier(&self) -> store::Lanes {
        cashier::lanes(self)
    }

    pub(super) fn alarm(&self) -> &Alarm {
        &self.0.alarm
    }

    fn run(&self) -> u64 {
        self.0.run
    }

    /// The key that examples show: one that works, where one is published.
    fn example_key(&self) -> &str {
        self.published_key().unwrap_or("sk_test_your_key")
    }

    /// The first key that everybody knows, where there is one: only in a sandbox.
    fn published_key(&self) -> Option<&str> {
        self.0.example_key.get().map(String::as_str)
    }

    pub(super) fn now(&self) -> values::Timestamp {
        self.store().clock().now()
    }

    /// The key of this text, if it opens something.
    fn key(&self, text: &str) -> Option<Arc<ApiKey>> {
        let digest = KeyText::parse(text)?.digest();
        let keys = self.0.keys.read().expect("no holder of this lock panics");
        keys.get(&digest).filter(|key| key.revoked_at.is_none()).cloned()
    }

    fn keep(&self, key: ApiKey) {
        let mut keys = self.0.keys.write().expect("no holder of this lock panics");
        keys.insert(key.digest.clone(), Arc::new(key));
    }

    /// Every key that was ever made, oldest first.
    pub(crate) fn keys(&self) -> Vec<Arc<ApiKey>> {
        let keys = self.0.keys.read().expect("no holder of this lock panics");
        let mut keys: Vec<Arc<ApiKey>> = keys.values().cloned().collect();
        keys.sort_by_key(|key| key.id);
        keys
    }

    /// Reads a key again that was changed in the records.
    pub(crate) fn take_up(&self, digest: &str) -> Result<(), store::StoreError> {
        let digest = digest.to_owned();
        if let Some(key) = self.store().read(move |records| records.find::<ApiKey>(&digest))? {
            self.keep(key);
        }
        Ok(())
    }

    /// Adds a key, whose text only its owner has from here on.
    pub fn add_key(&self, key: ApiKey) -> Result<ApiKey, store::StoreError> {
        match self.store().call(developers::AddKey { key })? {
            store::Outcome::Done(key) => {
                self.keep(key.clone());
                Ok(key)
            }
            _ => unreachable!("adding a key refuses nothing and has no request key"),
        }
    }
}

/// The routes of the interface, with those that devices sign where both share an address.
pub(super) fn router(door: &Door, api: &Api) -> Router {
    let mut paths: BTreeMap<&'static str, MethodRouter> = BTreeMap::new();
    let mut put = |path: &'static str, method: &'static str, handler: Handler| {
        let known = paths.remove(path).unwrap_or_default();
        let routed = on(filter(method), move |names: RawPathParams, request: Request| {
            handler(names.iter().map(|(_, value)| value.to_owned()).collect(), request)
        });
        paths.insert(path, known.merge(routed));
    };
    let mut signed = super::routes::signed_routes();
    for route in table::ROUTES {
        let same =
            |signed: &super::routes::SignedRoute| (signed.method, signed.path) == (route.method, route.path);
        let device = signed.iter().position(same).map(|place| signed.remove(place));
        let (door, api) = (door.clone(), api.clone());
        let handler: Handler = Arc::new(move |names, request| match &device {
            // Whoever signs is a device or an issuer; whoever does not has a key.
            Some(device) if request.headers().contains_key("signature-input") => {
                Box::pin(device.clone().serve(door.clone(), names, request))
            }
            _ => Box::pin(call::serve(api.clone(), route, names, request)),
        });
        put(route.path, route.method, handler);
    }
    for device in signed {
        let (path, method, door) = (device.path, device.method, door.clone());
        let allowed = allowed(path);
        let handler: Handler = Arc::new(move |names: Vec<String>, request: Request| {
            // For who comes with a key, only devices do this here.
            let keyed = !allowed.is_empty() && request.headers().contains_key(header::AUTHORIZATION);
            match keyed && !request.headers().contains_key("signature-input") {
                true => Box::pin(wrong_method(allowed.clone())),
                false => Box::pin(device.clone().serve(door.clone(), names, request)),
            }
        });
        put(path, method, handler);
    }
    let mut router = Router::new();
    for (path, methods) in paths {
        let allowed = allowed(path);
        router = router.route(path, methods.fallback(move || wrong_method(allowed.clone())));
    }
    router.route("/v1/{*rest}", any(|| async { Trouble::not_found() })).merge(reference::router(api.clone()))
}

type Answering = std::pin::Pin<Box<dyn Future<Output = Response> + Send>>;
type Handler = Arc<dyn Fn(Vec<String>, Request) -> Answering + Send + Sync>;

fn filter(method: &str) -> MethodFilter {
    let method = Method::from_bytes(method.as_bytes()).expect("the table names methods");
    MethodFilter::try_from(method).expect("the table names methods that routers know")
}

/// The methods of a path for who comes with a key.
fn allowed(path: &str) -> String {
    let routes = table::ROUTES.iter().filter(|route| route.path == path);
    routes.map(|route| route.method).collect::<Vec<_>>().join(", ")
}

async fn wrong_method(allowed: String) -> Response {
    let trouble = Trouble::of("method_not_allowed", "There is something here, but not for this method.");
    ([(header::ALLOW, allowed)], trouble).into_response()
}

/// JSON as an answer.
fn json(status: u16, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, body).into_response()
}

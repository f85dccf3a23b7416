//! Billers on their wire: HTTP and JSON, every request signed by the provider that pays for its customers.
//!
//! `BillersLine` is the provider's end, `router` the billers'. A payment is told until it is answered for good; told again it is
//! the same payment.

use super::app::{Call, No, shown};
use crate::client::{Client, ClientError, Freshness};
use crate::platform_http::door::Nonces;
use crate::trace::{Watch, Wire, show};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use crypto::p256::VerifyingKey;
use platform::psp::PaymentService;
use psp::bills::{AmountRule, NewBiller, Said, Terms, Told};
use psp::records::LinkedAccount;
use sandbox::billers::directory::{Biller, BillerDirectory, Parameter, Plan};
use sandbox::billers::{BillerState, TakePayment, due};
use sandbox::keys::provider_signing_key;
use sandbox::upi::directory::UpiDirectory;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::sync::Arc;
use store::{Arrival, Clock, Deliverer, Outcome, Store};
use values::{Currency, Money, Outbound, Timestamp};

/// The longest body of a request, in bytes.
const LONGEST: usize = 16 * 1024;

/// A biller, as its wire tells of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BillerEntry {
    /// Its name in the directory.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// What it bills for, as one word.
    pub category: String,
    /// What may be paid.
    pub rule: AmountRule,
    /// By what it knows its customers.
    pub parameters: Vec<Parameter>,
    /// What can be recharged; empty for whoever sends bills.
    pub plans: Vec<Plan>,
}

/// Asks what is due.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fetch {
    biller: String,
    parameters: Vec<(String, String)>,
}

/// What is due.
#[derive(Debug, Serialize, Deserialize)]
struct Due {
    number: String,
    customer_name: String,
    period: String,
    due_on: String,
    /// Rupees.
    amount: String,
}

/// Says that a biller was paid.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Paid {
    transaction: String,
    /// What a customer quotes.
    reference: String,
    biller: String,
    parameters: Vec<(String, String)>,
    /// The bill's number, or the plan of a recharge.
    subject: String,
    /// Rupees.
    amount: String,
}

/// How the payment stands at the biller.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum Answered {
    Pending,
    Confirmed { receipt: String },
    Refused { reason: String },
}

/// The billers' port.
#[derive(Clone)]
struct Port(Arc<Inside>);

struct Inside {
    store: Store,
    nonces: Nonces,
    since: Timestamp,
}

/// The routes of the billers over their records.
pub fn router(store: Store) -> Router {
    let since = store.clock().now();
    let port = Port(Arc::new(Inside { store, nonces: Nonces::default(), since }));
    Router::new()
        .route("/v1/billers", any(call))
        .route("/v1/bills/{*rest}", any(call))
        .layer(DefaultBodyLimit::max(LONGEST))
        .with_state(port)
}

async fn call(State(port): State<Port>, request: Request) -> Response {
    let call = match Call::of(request).await {
        Ok(call) => call,
        Err(no) => return no.into_response(),
    };
    match tokio::task::spawn_blocking(move || port.answer(&call)).await {
        Ok(Ok(response)) => response,
        Ok(Err(no)) => no.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

impl Port {
    fn answer(&self, call: &Call) -> Result<Response, No> {
        self.check(call)?;
        match (call.method.as_str(), call.path.as_str()) {
            ("GET", "/v1/billers") => {
                let all = BillerDirectory::sandbox().billers.iter().map(entry);
                Ok(shown(&all.collect::<Vec<_>>()))
            }
            ("POST", "/v1/bills/fetch") => self.fetch(&call.read()?),
            ("POST", "/v1/bills/payments") => self.take(call.read()?),
            _ => Err(No(StatusCode::NOT_FOUND, "not_found", "There is no such thing.".to_owned())),
        }
    }

    /// Only a provider that takes part is answered, and each of its requests once.
    fn check(&self, call: &Call) -> Result<(), No> {
        let Inside { store, nonces, since } = &*self.0;
        let now = store.clock().now();
        let signer = call.signer()?;
        let organisation = signer.strip_prefix("provider:").ok_or_else(No::unsigned)?;
        if !UpiDirectory::sandbox().is_psp(organisation) {
            return Err(No::unsigned());
        }
        let key: VerifyingKey = provider_signing_key(organisation).public();
        let made = call.signed_by(&key, now)?;
        let seconds = |at: Timestamp| at.millis().div_euclid(1000);
        let is_of_now = seconds(made.created) >= seconds(*since);
        match is_of_now && nonces.is_new(&made.key_id, &made.nonce, now) {
            true => Ok(()),
            false => Err(No::unsigned()),
        }
    }

    fn fetch(&self, asked: &Fetch) -> Result<Response, No> {
        let (biller, parameters) = (asked.biller.clone(), asked.parameters.clone());
        let now = self.0.store.clock().now();
        let found = self.0.store.read(move |records| due(records, &biller, &parameters, now));
        match found.map_err(|_| unavailable())? {
            Ok(bill) => {
                let amount = rupees(bill.paise).to_decimal();
                let (number, customer_name) = (bill.number, bill.customer_name);
                let (period, due_on) = (bill.period, bill.due_on);
                Ok(shown(&Due { number, customer_name, period, due_on, amount }))
            }
            Err(no) => {
                let text = format!("there is no bill to pay: {}", no.code());
                Err(No(StatusCode::UNPROCESSABLE_ENTITY, no.code(), text))
            }
        }
    }

    fn take(&self, paid: Paid) -> Result<Response, No> {
        let amount = Money::parse(&paid.amount, Currency::INR).map_err(|_| No::invalid("/amount"))?;
        let Paid { transaction, biller, parameters, subject, .. } = paid;
        let take = TakePayment { transaction, biller, parameters, subject, paise: amount.minor() };
        match self.0.store.call(take) {
            Ok(Outcome::Done(state) | Outcome::Repeated(state)) => Ok(shown(&match state {
                BillerState::Pending => Answered::Pending,
                BillerState::Confirmed(receipt) => Answered::Confirmed { receipt },
                BillerState::Refused(reason) => Answered::Refused { reason },
            })),
            Ok(Outcome::Refused(never)) => match never {},
            Ok(Outcome::Mismatch) | Err(_) => Err(unavailable()),
        }
    }
}

fn unavailable() -> No {
    No(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The records are not available.".to_owned())
}

fn rupees(paise: u64) -> Money {
    Money::new(paise, Currency::INR).unwrap_or(Money::zero(Currency::INR))
}

fn rule_of(biller: &Biller) -> AmountRule {
    match biller.rule.as_str() {
        "exact_and_above" => AmountRule::ExactAndAbove,
        "exact_and_below" => AmountRule::ExactAndBelow,
        _ => AmountRule::Exact,
    }
}

fn entry(biller: &Biller) -> BillerEntry {
    BillerEntry {
        id: biller.id.clone(),
        name: biller.name.clone(),
        category: biller.category.clone(),
        rule: rule_of(biller),
        parameters: biller.parameters.clone(),
        plans: biller.plans.clone(),
    }
}

/// The sandbox's billers as its provider takes them on.
pub fn merchants() -> Vec<NewBiller> {
    let account = |biller: &Biller| LinkedAccount {
        reference: biller.account.clone(),
        ifsc: biller.ifsc(),
        masked: biller.account.clone(),
        kind: "CURRENT".to_owned(),
        holder: biller.name.clone(),
        has_pin: false,
        pin_length: 6,
    };
    let merchant = |biller: &Biller| NewBiller {
        id: biller.id.clone(),
        name: biller.name.clone(),
        category: biller.merchant_category.clone(),
        address: biller.address.clone(),
        account: account(biller),
    };
    BillerDirectory::sandbox().billers.iter().map(merchant).collect()
}

/// The provider's line to billers. Clones share it.
#[derive(Clone)]
pub struct BillersLine(Arc<Line>);

struct Line {
    client: Client,
    clock: Arc<dyn Clock>,
    watch: Watch,
}

/// Why a biller was not answered by a bill.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// A no, with its code.
    Refused(String),
    /// It cannot be reached now.
    Silent,
}

impl BillersLine {
    /// A line to the billers at this address, for a provider of this name.
    pub fn new(at: SocketAddr, organisation: &str, clock: Arc<dyn Clock>, watch: Watch) -> BillersLine {
        let key = provider_signing_key(organisation);
        let client = Client::new(&at.to_string(), &format!("provider:{organisation}"), key);
        BillersLine(Arc::new(Line { client, clock, watch }))
    }

    fn fresh(&self) -> Freshness {
        Freshness { now: self.0.clock.now(), nonce: crypto::random::bytes() }
    }

    fn seen(&self, what: &str, body: &impl Serialize) {
        let body = serde_json::to_vec(body).unwrap_or_default();
        show(&self.0.watch, "provider", "billers", Wire::Http, what, &body);
    }

    /// All billers.
    pub(super) fn billers(&self) -> Result<Vec<BillerEntry>, NoAnswer> {
        Ok(self.0.client.get("/v1/billers", &self.fresh())?)
    }

    /// What is due.
    pub(super) fn fetch(
        &self,
        biller: &BillerEntry,
        parameters: &[(String, String)],
    ) -> Result<Terms, NoAnswer> {
        let asked = Fetch { biller: biller.id.clone(), parameters: parameters.to_vec() };
        self.seen("POST /v1/bills/fetch", &asked);
        let due: Due = self.0.client.post("/v1/bills/fetch", "", &asked, &self.fresh())?;
        let amount = Money::parse(&due.amount, Currency::INR).map_err(|_| NoAnswer::Silent)?;
        Ok(Terms {
            biller: biller.id.clone(),
            biller_name: biller.name.clone(),
            parameters: asked.parameters,
            number: Some(due.number),
            plan: None,
            customer_name: Some(due.customer_name),
            period: Some(due.period),
            due_on: Some(due.due_on),
            paise: amount.minor(),
            rule: biller.rule,
        })
    }

    /// Tells billers of what was paid, until they answer for good.
    pub fn courier(&self, service: PaymentService) -> (String, Deliverer) {
        let line = self.clone();
        let deliver: Deliverer = Box::new(move |outbound| line.deliver(&service, outbound));
        (psp::bills::TOPIC.to_owned(), deliver)
    }

    fn deliver(&self, service: &PaymentService, outbound: &Outbound) -> Arrival {
        let Ok(told) = serde_json::from_slice::<Told>(&outbound.body) else {
            tracing::error!(transaction = outbound.key, "a message of our own to a biller cannot be read");
            return Arrival::Delivered;
        };
        let said = match self.tell(&told) {
            Ok(Answered::Confirmed { receipt }) => Said::Confirmed(receipt),
            Ok(Answered::Refused { reason }) => Said::Refused(reason),
            // It is asked again: the money is there, and what becomes of the bill is not known.
            Ok(Answered::Pending) => return Arrival::Retry,
            Err(NoAnswer::Refused(code)) => {
                tracing::warn!(code, transaction = told.transaction, "a biller did not read a payment");
                return Arrival::Retry;
            }
            Err(NoAnswer::Silent) => return Arrival::Retry,
        };
        match service.biller_said(&told, said) {
            Ok(()) => Arrival::Delivered,
            Err(error) => {
                tracing::warn!(%error, transaction = told.transaction, "what a biller said was not kept");
                Arrival::Retry
            }
        }
    }

    fn tell(&self, told: &Told) -> Result<Answered, NoAnswer> {
        let terms = &told.terms;
        let paid = Paid {
            transaction: told.transaction.clone(),
            reference: told.reference.clone(),
            biller: terms.biller.clone(),
            parameters: terms.parameters.clone(),
            subject: terms.number.clone().or(terms.plan.clone()).unwrap_or_default(),
            amount: rupees(told.paise).to_decimal(),
        };
        self.seen("POST /v1/bills/payments", &paid);
        Ok(self.0.client.post("/v1/bills/payments", &paid.transaction, &paid, &self.fresh())?)
    }
}

impl From<ClientError> for NoAnswer {
    fn from(error: ClientError) -> NoAnswer {
        match error {
            ClientError::Problem(problem) if !problem.retryable => NoAnswer::Refused(problem.code),
            error => {
                tracing::warn!(%error, "billers");
                NoAnswer::Silent
            }
        }
    }
}

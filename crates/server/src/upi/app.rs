//! What phones ask the provider: HTTP and JSON, every request signed by the phone's key.
//!
//! What takes its time at a bank is a question: it is asked by one call and looked for by others.

mod bills;
mod blocking;
mod disputes;
pub mod mandates;
pub mod purses;
mod splits;

use super::billers::BillersLine;
use crate::api::Problem;
use crate::defences::{Defence, Defences};
use crate::hosts::telephone::Telephone;
use crate::http_signature::{Claims, SignatureHeaders, SignedRequest, claims, verify};
use crate::platform_http::door::Nonces;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypto::p256::VerifyingKey;
use platform::psp::{Order, PaymentService, PspError};
use psp::Refusal;
use psp::asking::About;
use psp::payments::Begun;
use psp::records::{DeviceId, DeviceState, LinkedAccount, Payment, QuestionState};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use upi::codes::Language;
use upi::messages::Credential;
use values::{Currency, Money, Timestamp};

pub use bills::{BillPaid, BillerShown, NewBill, NewBillPayment, NewRecharge};
pub use blocking::{Named, NewBlock};
pub use disputes::{DisputeAct, DisputeNews, DisputeOf, DisputeShown, NewDispute};
pub use splits::{NewSharer, NewSplit, SplitShown};

/// The longest body of a request, in bytes.
const LONGEST: usize = 64 * 1024;
/// How many payments are listed at most.
const LISTED: u32 = 50;

/// The provider behind the door at which phones ask.
#[derive(Clone)]
pub struct App(Arc<Inside>);

struct Inside {
    service: PaymentService,
    telephone: Telephone,
    billers: Option<BillersLine>,
    /// The organisations that sign links and codes, each with its public key.
    link_keys: Vec<LinkKey>,
    nonces: Nonces,
    /// Since when nonces are remembered: what was signed before is good no more.
    since: Timestamp,
    defences: Defences,
}

/// With which key an organisation signs links and codes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LinkKey {
    /// The organisation, as links name it (`orgid`).
    pub organisation: String,
    /// Its public key, P-256, SPKI, hexadecimal.
    pub key: String,
}

/// A phone registers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewDevice {
    /// The public half of its key, SEC 1, hexadecimal.
    pub key: String,
}

/// What it has to send to be bound.
#[derive(Debug, Serialize, Deserialize)]
pub struct Binding {
    /// Its name.
    pub device: String,
    /// What the text says.
    pub text: String,
    /// The number it goes to.
    pub send_to: String,
    /// What the provider's transactions begin with.
    pub prefix: String,
    /// The handle of its addresses.
    pub handle: String,
}

/// Whether it is bound.
#[derive(Debug, Serialize, Deserialize)]
pub struct DeviceStatus {
    /// `waiting`, `bound`, `replaced` or `spoiled`.
    pub state: DeviceState,
}

/// A question.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Asked {
    /// Which banks there are.
    Banks,
    /// The keys to which PINs are sealed.
    Keys,
    /// Which accounts the number has at a bank.
    Accounts {
        /// A branch of the bank.
        ifsc: String,
    },
    /// A one-time password.
    Password {
        /// The account.
        account: String,
    },
    /// Set the PIN.
    SetPin {
        /// The account.
        account: String,
        /// Last six digits of its card.
        card: String,
        /// The card's last month, MMYY.
        expiry: String,
        /// The transaction that the credentials are bound to.
        transaction: String,
        /// One-time password and new PIN, sealed.
        credentials: Vec<Credential>,
    },
    /// Set another PIN.
    ChangePin {
        /// The account.
        account: String,
        /// The transaction that the credentials are bound to.
        transaction: String,
        /// The PIN as it is, sealed.
        old: Credential,
        /// The PIN that is to be, sealed.
        new: Credential,
    },
    /// What may still leave an account.
    Balance {
        /// The account.
        account: String,
        /// The transaction that the PIN is bound to.
        transaction: String,
        /// The PIN, sealed.
        pin: Credential,
    },
    /// Who is behind an address.
    Resolve {
        /// The address.
        address: String,
    },
}

impl From<Asked> for About {
    fn from(asked: Asked) -> About {
        match asked {
            Asked::Banks => About::Banks,
            Asked::Keys => About::Keys,
            Asked::Accounts { ifsc } => About::Accounts { ifsc },
            Asked::Password { account } => About::Password { reference: account },
            Asked::SetPin { account, card, expiry, transaction, credentials } => {
                About::SetPin { reference: account, card, expiry, transaction, credentials }
            }
            Asked::ChangePin { account, transaction, old, new } => {
                About::ChangePin { reference: account, transaction, old, new }
            }
            Asked::Balance { account, transaction, pin } => {
                About::Balance { reference: account, transaction, pin }
            }
            Asked::Resolve { address } => About::Resolve { address },
        }
    }
}

/// The name of a question that was asked.
#[derive(Debug, Serialize, Deserialize)]
pub struct QuestionName {
    /// By which it is looked for.
    pub question: String,
}

/// Links an account.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// The question in whose answer the bank listed it.
    pub question: String,
    /// The account.
    pub account: String,
}

/// Makes an address.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewAddress {
    /// The address.
    pub address: String,
    /// The account it leads to; the first one if empty.
    pub account: String,
}

/// Names an account that is to be the first one.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Default {
    /// The account.
    pub account: String,
}

/// What a customer has.
#[derive(Debug, Serialize, Deserialize)]
pub struct Mine {
    /// The number, 12 digits.
    pub mobile: String,
    /// Linked accounts; the first is paid from and into.
    pub accounts: Vec<LinkedAccount>,
    /// Addresses; the first is shown to others.
    pub addresses: Vec<String>,
}

/// Pays.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPayment {
    /// The transaction, made by the phone: the same one again is the same payment.
    pub transaction: String,
    /// The account; the first one if empty.
    pub account: String,
    /// Who is paid.
    pub payee: String,
    /// The name that was shown.
    pub payee_name: Option<String>,
    /// The category that was told with it.
    #[serde(default)]
    pub payee_category: Option<String>,
    /// Rupees, such as `30.00`.
    pub amount: String,
    /// What the payer writes.
    pub note: Option<String>,
    /// How it began, if a link said so.
    #[serde(default)]
    pub begun: Begun,
    /// The PIN, sealed.
    pub pin: Credential,
}

/// Looks for payments.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// A part of a name, an address, a note or a reference.
    pub text: String,
}

/// Takes payments as a merchant.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewMerchant {
    /// The name that payers see.
    pub name: String,
    /// Merchant category, four digits.
    pub category: String,
}

/// Asks for money, as a merchant.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewCollect {
    /// Who is asked.
    pub payer: String,
    /// Rupees, such as `30.00`.
    pub amount: String,
    /// What for.
    pub note: Option<String>,
    /// How long the payer may wait.
    pub minutes: u32,
}

/// Pays what a merchant asks for, or does not.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// The account that pays; the first one if empty.
    pub account: String,
    /// The PIN, sealed; nothing to decline.
    pub pin: Option<Credential>,
}

/// Gives back what a payment brought.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewRefund {
    /// The refund's own transaction, made by the phone: the same one again is the same refund.
    pub transaction: String,
    /// Rupees, such as `30.00`; what is left of the payment if absent.
    pub amount: Option<String>,
    /// What the payer reads.
    pub note: Option<String>,
}

/// What is known of the money of a payment that has not ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pending {
    /// Where it is, in English, Hindi and Chinese.
    pub place: [String; 3],
    /// The moment by which it is where it belongs.
    pub back_by: String,
    /// Whom to ask if it is not, in the same languages.
    pub ask: [String; 3],
}

/// A payment, and what its customer is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Shown {
    /// The payment.
    pub payment: Payment,
    /// What happened, in English, Hindi and Chinese.
    pub said: [String; 3],
    /// What happens next, in the same languages.
    pub next: [String; 3],
    /// Where the money is, if nobody knows yet how the payment ended.
    pub pending: Option<Pending>,
}

impl From<Payment> for Shown {
    fn from(payment: Payment) -> Shown {
        let advice = payment.advice();
        let each = [Language::English, Language::Hindi, Language::Chinese];
        let said = each.map(|language| advice.say(language).to_owned());
        let next = each.map(|language| advice.next(language).to_owned());
        let pending = payment.pending().map(|(place, back_by)| Pending {
            place: each.map(|language| place.say(language).to_owned()),
            back_by: upi::time::write(back_by),
            ask: each.map(|language| place.ask(language).to_owned()),
        });
        Shown { payment, said, next, pending }
    }
}

/// The keys to which PINs are sealed.
#[derive(Debug, Serialize, Deserialize)]
pub struct SignedKeys {
    /// The switch's own document, base64: its signature is for the phone to check.
    pub document: String,
}

/// Why a call was not answered with what it asked for: status, code, what is wrong.
pub(super) struct No(pub(super) StatusCode, pub(super) &'static str, pub(super) String);

impl From<PspError> for No {
    fn from(error: PspError) -> No {
        match error {
            PspError::Refused(refusal) => {
                let status = match refusal {
                    Refusal::NotFound => StatusCode::NOT_FOUND,
                    Refusal::DeviceUnknown | Refusal::DeviceNotBound => StatusCode::FORBIDDEN,
                    Refusal::TooOften => StatusCode::TOO_MANY_REQUESTS,
                    Refusal::AddressTaken
                    | Refusal::TransactionUsed
                    | Refusal::BindingTaken
                    | Refusal::AddressBlocked
                    | Refusal::AddressLast
                    | Refusal::BillPaid
                    | Refusal::BillOver
                    | Refusal::MandateOver
                    | Refusal::DebitPresented
                    | Refusal::PurseOpen
                    | Refusal::DisputeNotNow
                    | Refusal::RequestOver => StatusCode::CONFLICT,
                    _ => StatusCode::UNPROCESSABLE_ENTITY,
                };
                No(status, refusal.code(), refusal.to_string())
            }
            PspError::Store(_) => {
                let text = "The records are not available.";
                No(StatusCode::SERVICE_UNAVAILABLE, "unavailable", text.to_owned())
            }
        }
    }
}

impl No {
    pub(super) fn unsigned() -> No {
        let text = "The signature does not match this request, phone and moment.";
        No(StatusCode::UNAUTHORIZED, "signature_invalid", text.to_owned())
    }

    pub(super) fn invalid(what: &str) -> No {
        No(StatusCode::BAD_REQUEST, "request_invalid", format!("{what} is not valid"))
    }
}

impl IntoResponse for No {
    fn into_response(self) -> Response {
        let No(status, code, detail) = self;
        let problem = Problem {
            kind: format!("/problems/{code}"),
            title: detail.clone(),
            status: status.as_u16(),
            detail,
            instance: None,
            code: code.to_owned(),
            param: None,
            differs: Vec::new(),
            retryable: matches!(status.as_u16(), 429 | 503),
            docs: format!("/problems/{code}"),
        };
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        (status, kind, serde_json::to_vec(&problem).unwrap_or_default()).into_response()
    }
}

/// A request as it came.
pub(super) struct Call {
    pub(super) method: String,
    pub(super) path: String,
    query: String,
    authority: String,
    idempotency_key: String,
    headers: SignatureHeaders,
    body: Bytes,
}

impl App {
    /// A door to the provider, which looks for texts of phones in the telephone network.
    pub fn new(service: PaymentService, telephone: Telephone, defences: Defences) -> App {
        let since = service.store().clock().now();
        let nonces = Nonces::default();
        let (billers, link_keys) = (None, Vec::new());
        App(Arc::new(Inside { service, telephone, billers, link_keys, nonces, since, defences }))
    }

    /// The same with a line to billers; made before anything is served.
    #[must_use]
    pub fn with_billers(self, line: BillersLine) -> App {
        let Ok(inside) = Arc::try_unwrap(self.0) else { unreachable!("nobody shares it yet") };
        App(Arc::new(Inside { billers: Some(line), ..inside }))
    }

    /// The same that tells phones with which keys these organisations sign links; made before anything is served.
    #[must_use]
    pub fn with_link_keys(self, link_keys: Vec<LinkKey>) -> App {
        let Ok(inside) = Arc::try_unwrap(self.0) else { unreachable!("nobody shares it yet") };
        App(Arc::new(Inside { link_keys, ..inside }))
    }

    /// Its routes.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/v1/upi/{*rest}", any(call))
            .layer(DefaultBodyLimit::max(LONGEST))
            .with_state(self.clone())
    }

    fn answer(&self, call: &Call) -> Result<Response, No> {
        let rest: Vec<&str> = call.path.trim_start_matches("/v1/upi/").split('/').collect();
        if (call.method.as_str(), rest.as_slice()) == ("POST", &["devices"]) {
            return self.register(call);
        }
        let device = self.device(call)?;
        let service = &self.0.service;
        match (call.method.as_str(), rest.as_slice()) {
            ("GET", ["device"]) => {
                self.take_texts()?;
                Ok(shown(&DeviceStatus { state: service.device(device)?.state }))
            }
            ("GET", ["mine"]) => {
                let customer = service.customer(device)?;
                let (mobile, accounts) = (customer.mobile, customer.accounts);
                Ok(shown(&Mine { mobile, accounts, addresses: customer.addresses }))
            }
            ("POST", ["questions"]) => {
                let asked: Asked = call.read()?;
                Ok(shown(&QuestionName { question: service.ask(device, asked.into())? }))
            }
            ("GET", ["questions", name]) => {
                let state: QuestionState = service.question(device, name)?.state;
                Ok(shown(&state))
            }
            ("GET", ["keys"]) => {
                let keys = service.keys()?.ok_or(PspError::Refused(Refusal::NotFound))?;
                Ok(shown(&SignedKeys { document: STANDARD.encode(keys.document) }))
            }
            ("POST", ["accounts"]) => {
                let link: Link = call.read()?;
                Ok(shown(&service.link(device, &link.question, &link.account)?))
            }
            ("POST", ["addresses"]) => {
                let new: NewAddress = call.read()?;
                Ok(shown(&service.make_address(device, &new.address, &new.account)?))
            }
            ("POST", ["default"]) => {
                let default: Default = call.read()?;
                Ok(shown(&service.set_default(device, &default.account)?))
            }
            ("POST", ["payments"]) => self.pay(device, call.read()?),
            ("GET", ["payments"]) => {
                let payments = service.payments(device, LISTED)?;
                Ok(shown(&payments.into_iter().map(Shown::from).collect::<Vec<_>>()))
            }
            ("POST", ["payments", "search"]) => {
                let search: Search = call.read()?;
                let found = service.payments_with(device, search.text.trim(), LISTED)?;
                Ok(shown(&found.into_iter().map(Shown::from).collect::<Vec<_>>()))
            }
            ("POST", ["merchant"]) => {
                let new: NewMerchant = call.read()?;
                let category = new.category.parse().map_err(|_| No::invalid("/category"))?;
                Ok(shown(&service.become_merchant(device, &new.name, category)?))
            }
            ("POST", ["collects"]) => {
                let new: NewCollect = call.read()?;
                let amount = Money::parse(&new.amount, Currency::INR).map_err(|_| No::invalid("/amount"))?;
                let more = (new.note, new.minutes);
                Ok(shown(&Shown::from(service.collect(device, &new.payer, amount, more)?)))
            }
            ("GET", ["link_keys"]) => Ok(shown(&self.0.link_keys)),
            ("GET", ["collects"]) => Ok(shown(&service.collects(device, LISTED)?)),
            ("POST", ["collects", id]) => {
                let decision: Decision = call.read()?;
                let approval = decision.pin.map(|pin| (decision.account, pin));
                Ok(shown(&service.decide(device, id, approval)?.map(Shown::from)))
            }
            ("POST", ["payments", id, "refunds"]) => {
                let new: NewRefund = call.read()?;
                let parsed = new.amount.map(|amount| Money::parse(&amount, Currency::INR)).transpose();
                let amount = parsed.map_err(|_| No::invalid("/amount"))?;
                let more = (new.transaction, new.note);
                Ok(shown(&Shown::from(service.refund(device, id, amount, more)?)))
            }
            (_, ["mandates", rest @ ..]) => {
                let answer = self.mandates(call, device, rest)?;
                answer.ok_or(PspError::Refused(Refusal::NotFound).into())
            }
            (_, ["purse", rest @ ..]) => {
                let answer = self.purses(call, device, rest)?;
                answer.ok_or(PspError::Refused(Refusal::NotFound).into())
            }
            ("GET", ["payments", id]) => Ok(shown(&Shown::from(service.payment(device, id)?))),
            _ => self.answer_more(device, call, &rest),
        }
    }

    /// What is asked less often.
    fn answer_more(&self, device: DeviceId, call: &Call, rest: &[&str]) -> Result<Response, No> {
        let service = &self.0.service;
        let answered = blocking::answer(service, device, call, rest)
            .or_else(|| bills::answer(service, self.0.billers.as_ref(), device, call, rest))
            .or_else(|| splits::answer(service, device, call, rest))
            .or_else(|| disputes::answer(service, device, call, rest));
        answered.unwrap_or_else(|| Err(PspError::Refused(Refusal::NotFound).into()))
    }

    fn pay(&self, device: DeviceId, new: NewPayment) -> Result<Response, No> {
        let amount = Money::parse(&new.amount, Currency::INR).map_err(|_| No::invalid("/amount"))?;
        let NewPayment { transaction, account, payee, payee_name, payee_category, note, begun, pin, .. } =
            new;
        let order =
            Order { transaction, account, payee, payee_name, payee_category, amount, note, begun, pin };
        Ok(shown(&Shown::from(self.0.service.pay(device, order)?)))
    }

    /// A new phone signs with the key that it registers.
    fn register(&self, call: &Call) -> Result<Response, No> {
        let new: NewDevice = call.read()?;
        let key = hex::decode(&new.key).map_err(|_| No::invalid("/key"))?;
        self.check(call, &key)?;
        let registered = self.0.service.register_device(&key)?;
        let (device, text) = (registered.device.to_string(), registered.text);
        let party = self.0.service.party();
        let (prefix, handle) = (party.prefix().to_owned(), party.handle().to_owned());
        Ok(shown(&Binding { device, text, send_to: registered.send_to, prefix, handle }))
    }

    /// The phone that signed a request.
    fn device(&self, call: &Call) -> Result<DeviceId, No> {
        let claims = claims(&call.headers).map_err(|_| No::unsigned())?;
        let id: DeviceId = claims.key_id.parse().map_err(|_| No::unsigned())?;
        // An unknown phone and a wrong signature look the same from outside.
        let device = self.0.service.device(id).map_err(|error| match error {
            PspError::Refused(_) => No::unsigned(),
            error => error.into(),
        })?;
        self.check(call, &device.key)?;
        Ok(id)
    }

    fn check(&self, call: &Call, key: &[u8]) -> Result<(), No> {
        let key = VerifyingKey::from_sec1(key).map_err(|_| No::invalid("/key"))?;
        let now = self.0.service.store().clock().now();
        let made = call.signed_by(&key, now)?;
        // What was seen before the provider began is forgotten, so nothing signed before it began is taken.
        let seconds = |at: Timestamp| at.millis().div_euclid(1000);
        let is_of_now = seconds(made.created) >= seconds(self.0.since);
        let is_new = is_of_now && self.0.nonces.is_new(&made.key_id, &made.nonce, now);
        if is_new || !self.0.defences.stands(Defence::Nonce) { Ok(()) } else { Err(No::unsigned()) }
    }

    /// Takes what came to the number that binds phones. A real aggregator would bring it.
    fn take_texts(&self) -> Result<(), No> {
        let service = &self.0.service;
        let read = service.texts_read()?;
        let Ok(texts) = self.0.telephone.inbox(service.binding_number(), read) else { return Ok(()) };
        for (sequence, text) in texts {
            let sender = text.from.trim_start_matches('+');
            service.take_text(sequence, sender, &text.text)?;
        }
        Ok(())
    }
}

impl Call {
    /// A request, read whole.
    pub(super) async fn of(request: Request) -> Result<Call, No> {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, LONGEST).await.map_err(|_| No::invalid("the body"))?;
        let text = |name: &str| {
            let value = parts.headers.get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        Ok(Call {
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            authority: text("host"),
            idempotency_key: text("idempotency-key"),
            headers: SignatureHeaders {
                content_digest: text("content-digest"),
                signature_input: text("signature-input"),
                signature: text("signature"),
            },
            body,
        })
    }

    /// Who says to have signed it; not to be believed before `signed_by` says so.
    pub(super) fn signer(&self) -> Result<String, No> {
        Ok(claims(&self.headers).map_err(|_| No::unsigned())?.key_id)
    }

    /// What its signer says of it, if it is signed with this key, now.
    pub(super) fn signed_by(&self, key: &VerifyingKey, now: Timestamp) -> Result<Claims, No> {
        let request = SignedRequest {
            method: &self.method,
            authority: &self.authority,
            path: &self.path,
            query: &self.query,
            idempotency_key: &self.idempotency_key,
            body: &self.body,
        };
        let good = |base: &[u8], signature: &[u8]| key.verify(base, signature).is_ok();
        verify(&request, &self.headers, now, good).map_err(|_| No::unsigned())
    }

    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, No> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let place = format!("line {} column {}", error.line(), error.column());
            No::invalid(&format!("the body ({place})"))
        })
    }
}

pub(super) fn shown(what: &impl Serialize) -> Response {
    Json(serde_json::to_value(what).unwrap_or_default()).into_response()
}

async fn call(State(app): State<App>, request: Request) -> Response {
    let call = match Call::of(request).await {
        Ok(call) => call,
        Err(no) => return no.into_response(),
    };
    let answered = tokio::task::spawn_blocking(move || app.answer(&call)).await;
    match answered {
        Ok(Ok(response)) => response,
        Ok(Err(no)) => no.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

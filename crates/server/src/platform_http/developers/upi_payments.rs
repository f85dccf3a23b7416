//! Payments by account (UPI) for merchants: asked for, paid by a code that is shown, seen and given back. They lie with the provider
//! of account payment, where the operator says which address is a merchant's.

use super::call::{Call, Reply, rendered};
use super::merchants::{Amount, sees};
use super::paging::{AFTER, BEFORE, InMemory, LIMIT};
use super::payments::merchant_of;
use super::query::Filter;
use super::shape::{Field, Kind, Shape};
use super::table::{Answer, Body, Route};
use super::{merchants, time};
use crate::platform_http::problem::Trouble;
use crypto::p256::SigningKey;
use crypto::pem;
use developers::{Rendered, Scope, Tenant};
use platform::psp::PaymentService;
use psp::Refusal;
use psp::merchants::{
    AskPayer, GiveBack, MerchantAccount, MerchantCode, MerchantPayment, ShowCode, TieMerchant, UpiCode,
    UpiPayment, reference_of,
};
use psp::records::{Customer, Direction, Payment, PaymentState};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use store::rooms::developers::lists::List;
use store::{Store, Value};
use upi::codes::Language;
use upi::link::{self, LinkParts};
use values::{Currency, Id, Money, Operation, Records, Timestamp, id::kinds};

const GROUP: &str = "Account payments";

/// How long a payer may take over a request or a code, unless the merchant says otherwise.
const MINUTES: i64 = 15;
/// The longest that a code is good, minutes: it is shown for one payment.
const CODE_MINUTES_MOST: i64 = 1440;
/// The longest that the network lets a request wait, minutes.
const REQUEST_MINUTES_MOST: i64 = 64_800;

/// The platform's provider of account payment, as its merchants use it.
pub struct AccountPayments {
    /// The provider.
    pub service: PaymentService,
    /// Its name on the wire.
    pub organisation: String,
    /// With which it signs the codes of its merchants.
    pub link_key: SigningKey,
}

const NOTE: Kind = Kind::Text { least: 1, most: 50 };
const ADDRESS: Kind = Kind::Text { least: 3, most: 255 };
const TRANSACTION: Kind = Kind::Text { least: 1, most: 35 };
const STATES: &[&str] = &["pending", "succeeded", "failed", "deemed"];
const WHOSE: Field =
    Field::optional("merchant", Kind::Id("mer"), "Whose. A merchant's own key need not say.");

static FAILURE: Shape = Shape {
    name: "UpiFailure",
    says: "Why nothing was paid.",
    fields: &[
        Field::required("code", Kind::Text { least: 1, most: 10 }, "The switch's code."),
        Field::nullable(
            "cause",
            Kind::Text { least: 1, most: 10 },
            "The code of the bank or provider behind it.",
        ),
        Field::required("meaning", Kind::Text { least: 1, most: 300 }, "What the payer is told."),
    ],
};

static UPI_PAYMENT: Shape = Shape {
    name: "UpiPayment",
    says: "A payment by account, or what is given back of one.",
    fields: &[
        Field::required("id", Kind::Id("upp"), "Its identifier."),
        Field::required("merchant", Kind::Link(&merchants::LINK), "Whose it is."),
        Field::required("kind", Kind::Word(&["payment", "refund"]), "Whether it came or is given back."),
        Field::required("status", Kind::Word(STATES), "How it stands. Pending and deemed are not the end."),
        Field::required("amount", Kind::Money, "How much."),
        Field::required("refunded", Kind::Money, "What was given back of it, or is being given back."),
        Field::required("transaction", TRANSACTION, "Its name in the network."),
        Field::required("reference", Kind::Text { least: 0, most: 12 }, "What the payer quotes (RRN)."),
        Field::required("address", ADDRESS, "The merchant's address."),
        Field::required("other", ADDRESS, "The address of the other side."),
        Field::nullable("note", NOTE, "What the payer reads or wrote."),
        Field::nullable(
            "code",
            Kind::Id("upc"),
            "The code that the payer scanned, where it was one of yours.",
        ),
        Field::nullable("payment", Kind::Id("upp"), "The payment that a refund gives back."),
        Field::nullable("failure", Kind::Object(&FAILURE), "Why it failed, if it did."),
        Field::required("created_at", Kind::Time, "When it began."),
        Field::required("changed_at", Kind::Time, "When how it stands was last heard of."),
    ],
};

static ACCOUNT: Shape = Shape {
    name: "UpiAccount",
    says: "The address at which a merchant is paid by account.",
    fields: &[
        Field::required("merchant", Kind::Link(&merchants::LINK), "The merchant."),
        Field::required("address", ADDRESS, "The address, of this platform's provider."),
        Field::required("name", Kind::Text { least: 1, most: 40 }, "What payers see."),
        Field::required(
            "category",
            Kind::Form(&merchants::CATEGORY),
            "Merchant category as payers' providers see it.",
        ),
        Field::required("created_at", Kind::Time, "Since when it is the merchant's."),
    ],
};

static NEW_ACCOUNT: Shape = Shape {
    name: "NewUpiAccount",
    says: "Which address is whose.",
    fields: &[
        Field::required("merchant", Kind::Id("mer"), "The merchant."),
        Field::required("address", ADDRESS, "An address of a merchant at this platform's provider."),
    ],
};

static NEW_REQUEST: Shape = Shape {
    name: "NewUpiRequest",
    says: "What a payer is asked for.",
    fields: &[
        Field::required("payer", ADDRESS, "Who is asked: name@handle."),
        Field::required("amount", Kind::Money, "How much. Rupees."),
        Field::optional("note", NOTE, "What for."),
        Field::optional(
            "minutes",
            Kind::Whole { least: 1, most: REQUEST_MINUTES_MOST },
            "How long the payer may take; 15 unless said otherwise.",
        ),
        WHOSE,
    ],
};

static NEW_CODE: Shape = Shape {
    name: "NewUpiCode",
    says: "What a code asks for.",
    fields: &[
        Field::required("amount", Kind::Money, "How much. Rupees."),
        Field::optional("note", NOTE, "What for."),
        Field::optional(
            "minutes",
            Kind::Whole { least: 1, most: CODE_MINUTES_MOST },
            "How long phones take it; 15 unless said otherwise.",
        ),
        WHOSE,
    ],
};

static CODE: Shape = Shape {
    name: "UpiCode",
    says: "A code for one payment, signed by the provider.",
    fields: &[
        Field::required("id", Kind::Id("upc"), "Its identifier."),
        Field::required("merchant", Kind::Link(&merchants::LINK), "Who shows it."),
        Field::required(
            "status",
            Kind::Word(&["open", "paid", "expired"]),
            "Paid once all of the amount has come.",
        ),
        Field::required("amount", Kind::Money, "How much."),
        Field::nullable("note", NOTE, "What for."),
        Field::required(
            "text",
            Kind::Text { least: 1, most: 2048 },
            "What to show as a QR code, or to open: every byte of it.",
        ),
        Field::required("key", Kind::Form(&super::upi_tools::PEM), "The public key (PEM) of its signature."),
        Field::nullable("payment", Kind::Id("upp"), "The payment that came."),
        Field::required("expires_at", Kind::Time, "Phones take it until then."),
        Field::required("created_at", Kind::Time, "When it was made."),
    ],
};

static NEW_REFUND: Shape = Shape {
    name: "NewUpiRefund",
    says: "What is given back.",
    fields: &[
        Field::required("payment", Kind::Id("upp"), "The payment."),
        Field::optional(
            "amount",
            Kind::Money,
            "At most what is left of it; all of that unless said otherwise.",
        ),
        Field::optional("note", NOTE, "What the payer reads."),
    ],
};

const LIST: &[Field] = &[LIMIT, AFTER, BEFORE, WHOSE];

/// What every one of these may answer: there is no provider here, or the merchant has no address at it.
const NOT_HERE: &[&str] = &["upi_not_connected", "not_found"];
const OF_ONE: &[&str] =
    &["upi_not_connected", "upi_account_missing", "upi_refused", "parameter_missing", "not_found"];
const OF_LISTS: &[&str] = &["upi_not_connected", "cursor_invalid", "parameter_missing", "not_found"];

pub(super) const LIST_ACCOUNTS: Route = Route {
    method: "GET",
    path: "/v1/upi/accounts",
    operation: "list_upi_accounts",
    group: GROUP,
    title: "List addresses of merchants",
    says: "At which address each merchant is paid by account. A merchant's own key sees its own.",
    scope: Scope::MerchantsRead,
    query: &[LIMIT, AFTER, BEFORE],
    body: Body::None,
    answer: Answer::Page(&ACCOUNT),
    problems: &["upi_not_connected", "cursor_invalid"],
    example: "",
    work: list_accounts,
};

pub(super) const CREATE_ACCOUNT: Route = Route {
    method: "POST",
    path: "/v1/upi/accounts",
    operation: "create_upi_account",
    group: GROUP,
    title: "Give a merchant its address",
    says: "Says that a merchant is paid at an address of the platform's provider, whose holder became a merchant there. The operator answers for both; said again it changes nothing, and neither of the two is ever another's.",
    scope: Scope::MerchantsWrite,
    query: &[],
    body: Body::Json(&NEW_ACCOUNT),
    answer: Answer::One(201, &ACCOUNT),
    problems: &["upi_not_connected", "upi_refused", "not_found"],
    example: r#"{"merchant": "mer_00000000000000000000000004", "address": "paiza.chai@paiza"}"#,
    work: create_account,
};

pub(super) const CREATE_REQUEST: Route = Route {
    method: "POST",
    path: "/v1/upi/requests",
    operation: "create_upi_request",
    group: GROUP,
    title: "Ask a payer",
    says: "Asks a person for money (a collect request). The person sees whose request it is and approves with the PIN, or declines; events tell how it ends.",
    scope: Scope::PaymentsWrite,
    query: &[],
    body: Body::Json(&NEW_REQUEST),
    answer: Answer::One(201, &UPI_PAYMENT),
    problems: OF_ONE,
    example: r#"{"payer": "asha@paiza", "amount": {"value": 3000, "currency": "INR"}, "note": "tea", "merchant": "mer_00000000000000000000000004"}"#,
    work: create_request,
};

pub(super) const CREATE_CODE: Route = Route {
    method: "POST",
    path: "/v1/upi/codes",
    operation: "create_upi_code",
    group: GROUP,
    title: "Show a code",
    says: "Makes a signed code for one payment of exactly this amount. It is paid once money came under its reference; what comes a second time is a payment like any other.",
    scope: Scope::PaymentsWrite,
    query: &[],
    body: Body::Json(&NEW_CODE),
    answer: Answer::One(201, &CODE),
    problems: OF_ONE,
    example: r#"{"amount": {"value": 3000, "currency": "INR"}, "note": "tea", "merchant": "mer_00000000000000000000000004"}"#,
    work: create_code,
};

pub(super) const RETRIEVE_CODE: Route = Route {
    method: "GET",
    path: "/v1/upi/codes/{upi_code}",
    operation: "retrieve_upi_code",
    group: GROUP,
    title: "Retrieve a code",
    says: "A code as it stands now.",
    scope: Scope::PaymentsRead,
    query: &[],
    body: Body::None,
    answer: Answer::One(200, &CODE),
    problems: NOT_HERE,
    example: "",
    work: retrieve_code,
};

pub(super) const LIST_PAYMENTS: Route = Route {
    method: "GET",
    path: "/v1/upi/payments",
    operation: "list_upi_payments",
    group: GROUP,
    title: "List account payments",
    says: "The payments that came to a merchant by account, or that it asked for, newest first.",
    scope: Scope::PaymentsRead,
    query: LIST,
    body: Body::None,
    answer: Answer::Page(&UPI_PAYMENT),
    problems: OF_LISTS,
    example: "",
    work: list_payments,
};

pub(super) const RETRIEVE_PAYMENT: Route = Route {
    method: "GET",
    path: "/v1/upi/payments/{upi_payment}",
    operation: "retrieve_upi_payment",
    group: GROUP,
    title: "Retrieve an account payment",
    says: "A payment as it stands now.",
    scope: Scope::PaymentsRead,
    query: &[],
    body: Body::None,
    answer: Answer::One(200, &UPI_PAYMENT),
    problems: NOT_HERE,
    example: "",
    work: retrieve_payment,
};

pub(super) const LIST_REFUNDS: Route = Route {
    method: "GET",
    path: "/v1/upi/refunds",
    operation: "list_upi_refunds",
    group: GROUP,
    title: "List refunds of account payments",
    says: "What a merchant gave back, or is giving back, newest first.",
    scope: Scope::PaymentsRead,
    query: LIST,
    body: Body::None,
    answer: Answer::Page(&UPI_PAYMENT),
    problems: OF_LISTS,
    example: "",
    work: list_refunds,
};

pub(super) const CREATE_REFUND: Route = Route {
    method: "POST",
    path: "/v1/upi/refunds",
    operation: "create_upi_refund",
    group: GROUP,
    title: "Refund an account payment",
    says: "Gives back what a payment brought, or a part of it, to the account that it came from. The sum of a payment's refunds never exceeds it; what fails may be tried again.",
    scope: Scope::PaymentsWrite,
    query: &[],
    body: Body::Json(&NEW_REFUND),
    answer: Answer::One(201, &UPI_PAYMENT),
    problems: &["upi_not_connected", "upi_refused", "not_found"],
    example: r#"{"payment": "upp_01KB0000000000000000000000", "note": "returned"}"#,
    work: create_refund,
};

pub(super) const RETRIEVE_REFUND: Route = Route {
    method: "GET",
    path: "/v1/upi/refunds/{upi_refund}",
    operation: "retrieve_upi_refund",
    group: GROUP,
    title: "Retrieve a refund of an account payment",
    says: "A refund as it stands now.",
    scope: Scope::PaymentsRead,
    query: &[],
    body: Body::None,
    answer: Answer::One(200, &UPI_PAYMENT),
    problems: NOT_HERE,
    example: "",
    work: retrieve_refund,
};

#[derive(Serialize)]
struct FailureView {
    code: String,
    cause: Option<String>,
    meaning: &'static str,
}

#[derive(Serialize)]
pub(super) struct PaymentView {
    id: String,
    merchant: String,
    kind: &'static str,
    status: &'static str,
    amount: Amount,
    refunded: Amount,
    transaction: String,
    reference: String,
    address: String,
    other: String,
    note: Option<String>,
    code: Option<String>,
    payment: Option<String>,
    failure: Option<FailureView>,
    created_at: String,
    changed_at: String,
}

/// How a payment stands, as events and answers say it.
pub(super) fn status(state: PaymentState) -> &'static str {
    match state {
        PaymentState::Pending => "pending",
        PaymentState::Success => "succeeded",
        PaymentState::Failed => "failed",
        PaymentState::Deemed => "deemed",
    }
}

/// A payment, whose it is, and what else is known of it: the code that was scanned, the payment that a refund gives back.
fn view(
    merchant: Id<kinds::Merchant>,
    payment: &Payment,
    code: Option<Id<UpiCode>>,
    original: Option<Id<UpiPayment>>,
) -> PaymentView {
    let failed = payment.state == PaymentState::Failed;
    let rupees = |paise| Amount::new(paise, Currency::INR);
    PaymentView {
        id: MerchantPayment::name_of(payment).to_string(),
        merchant: merchant.to_string(),
        kind: if payment.direction == Direction::Sent { "refund" } else { "payment" },
        status: status(payment.state),
        amount: rupees(payment.paise),
        refunded: rupees(payment.refunded),
        transaction: payment.id.clone(),
        reference: payment.reference.clone(),
        address: payment.own.clone(),
        other: payment.other.clone(),
        note: payment.note.clone(),
        code: code.map(|code| code.to_string()),
        payment: original.map(|original| original.to_string()),
        failure: failed.then(|| FailureView {
            code: payment.code.clone(),
            cause: payment.cause.clone(),
            meaning: payment.advice().say(Language::English),
        }),
        created_at: time::write(payment.at),
        changed_at: time::write(payment.changed_at),
    }
}

/// How a merchant's payment is told from the records.
pub(super) fn told<W: Records>(records: &mut W, noted: &MerchantPayment) -> Option<PaymentView> {
    let payment = noted.payment(records)?;
    let original = payment.original.as_ref().and_then(|original| {
        let key = (noted.mobile.clone(), original.clone(), Direction::Received);
        records.find::<Payment>(&key).map(|paid| MerchantPayment::name_of(&paid))
    });
    Some(view(noted.merchant, &payment, noted.code, original))
}

/// The provider, if it runs here.
fn line(call: &Call) -> Result<Arc<AccountPayments>, Trouble> {
    let detail = "This platform does not run the provider of account payment.";
    call.api.account_payments().ok_or_else(|| Trouble::of("upi_not_connected", detail))
}

/// The address of the merchant that the call names or whose key it carries.
fn account_of(call: &Call, store: &Store) -> Result<MerchantAccount, Trouble> {
    let merchant = merchant_of(call, call.text("merchant"), "/merchant")?.id;
    let found = store.read(move |records| records.find::<MerchantAccount>(&merchant))?;
    let detail = "The merchant has no address at the provider of account payment; the operator gives it one.";
    found.ok_or_else(|| Trouble::of("upi_account_missing", detail))
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Trouble {
        match refusal {
            Refusal::NotFound => Trouble::not_found(),
            _ => Trouble::of("upi_refused", &format!("{}: {refusal}.", refusal.code())),
        }
    }
}

fn rupees(call: &Call) -> Result<Option<Money>, Trouble> {
    let amount = call.money("amount")?;
    match amount {
        Some(amount) if amount.currency() != Currency::INR || amount.is_zero() => {
            Err(Trouble::from(Refusal::AmountInvalid).at("/amount"))
        }
        amount => Ok(amount),
    }
}

fn minutes(call: &Call) -> u32 {
    u32::try_from(call.whole("minutes").unwrap_or(MINUTES)).unwrap_or(1)
}

fn create_request(call: &Call) -> Result<Reply, Trouble> {
    let line = line(call)?;
    let store = line.service.store();
    let merchant = account_of(call, store)?.merchant;
    let ask = AskPayer {
        psp: line.service.party().clone(),
        merchant,
        payer: call.text("payer").unwrap_or_default().to_owned(),
        amount: rupees(call)?.ok_or_else(Trouble::internal)?,
        note: call.text("note").map(str::to_owned),
        minutes: minutes(call),
        entropy: crypto::random::bytes(),
    };
    call.once(store, ask, move |payment| rendered(201, &view(merchant, payment, None, None)))
}

fn create_refund(call: &Call) -> Result<Reply, Trouble> {
    let line = line(call)?;
    let store = line.service.store();
    let paid = call.text("payment").and_then(|id| id.parse().ok()).ok_or_else(Trouble::not_found)?;
    let paid = find(call, store, paid, Direction::Received)?;
    let give_back = GiveBack {
        psp: line.service.party().clone(),
        merchant: paid.merchant,
        payment: paid.id,
        amount: rupees(call)?,
        note: call.text("note").map(str::to_owned),
        entropy: crypto::random::bytes(),
    };
    let render = move |refund: &Payment| rendered(201, &view(paid.merchant, refund, None, Some(paid.id)));
    call.once(store, give_back, render)
}

/// A merchant's payment or refund, if it is the caller's to see.
fn find(
    call: &Call,
    store: &Store,
    id: Id<UpiPayment>,
    direction: Direction,
) -> Result<MerchantPayment, Trouble> {
    let found = store.read(move |records| records.find::<MerchantPayment>(&id))?;
    let is_own =
        |noted: &MerchantPayment| sees(call.tenant(), noted.merchant) && noted.direction == direction;
    found.filter(is_own).ok_or_else(Trouble::not_found)
}

fn show(call: &Call, direction: Direction) -> Result<Reply, Trouble> {
    let line = line(call)?;
    let store = line.service.store();
    let noted = find(call, store, call.id()?, direction)?;
    let view = store.read(move |records| told(records, &noted))?;
    Ok(Reply::ok(&view.ok_or_else(Trouble::not_found)?))
}

fn retrieve_payment(call: &Call) -> Result<Reply, Trouble> {
    show(call, Direction::Received)
}

fn retrieve_refund(call: &Call) -> Result<Reply, Trouble> {
    show(call, Direction::Sent)
}

fn list_payments(call: &Call) -> Result<Reply, Trouble> {
    list_of(call, false)
}

fn list_refunds(call: &Call) -> Result<Reply, Trouble> {
    list_of(call, true)
}

fn list_of(call: &Call, refunds: bool) -> Result<Reply, Trouble> {
    let line = line(call)?;
    let (window, store) = (call.window()?, line.service.store());
    let merchant = merchant_of(call, call.parameter_text("merchant"), "merchant")?;
    let list = Filter::of(call).narrow(List::upi_payments(&merchant.id.to_string(), refunds), |_| None);
    let total = window.total_of(store, &list)?;
    let (sql, parameters) = list.page(window.from.clone().map(Value::Text), window.back, window.limit + 1);
    let rows = store.rows(&sql, &parameters)?.rows;
    let names: Vec<Id<UpiPayment>> =
        rows.iter().filter_map(|row| row.first()?.as_text()?.parse().ok()).collect();
    let views = store.read(move |records| {
        let shown = |id: Id<UpiPayment>| {
            let noted = records.find::<MerchantPayment>(&id)?;
            Some((id.to_string(), told(records, &noted)?))
        };
        names.into_iter().filter_map(shown).collect::<Vec<_>>()
    })?;
    Ok(window.page(call, views, total))
}

#[derive(Serialize)]
struct AccountView {
    merchant: String,
    address: String,
    name: String,
    category: String,
    created_at: String,
}

fn account_view<W: Records>(records: &mut W, account: &MerchantAccount) -> AccountView {
    let merchant = records.find::<Customer>(&account.mobile).and_then(|customer| customer.merchant);
    let (name, category) = merchant.map(|merchant| (merchant.name, merchant.category)).unwrap_or_default();
    AccountView {
        merchant: account.merchant.to_string(),
        address: account.address.clone(),
        name,
        category,
        created_at: time::write(account.at),
    }
}

fn list_accounts(call: &Call) -> Result<Reply, Trouble> {
    let line = line(call)?;
    let store = line.service.store();
    let tenant = call.tenant().clone();
    let mut all = store.read(|records| records.all::<MerchantAccount>())?;
    all.retain(|account| sees(&tenant, account.merchant));
    let member =
        |account: &MerchantAccount, name: &str| (name == "created_at").then(|| time::write(account.at));
    let list = InMemory { all, name: |account| account.merchant.to_string(), member };
    list.answer(call, store, |records, account| account_view(records, account))
}

fn create_account(call: &Call) -> Result<Reply, Trouble> {
    let line = line(call)?;
    if *call.tenant() != Tenant::Platform {
        return Err(Trouble::not_found());
    }
    let merchant = merchant_of(call, call.text("merchant"), "/merchant")?.id;
    let address = call.text("address").unwrap_or_default().to_owned();
    let store = line.service.store().clone();
    // Name and category are told as they stand: they lie with the customer, who may change them.
    call.once(&store, Told(TieMerchant { merchant, address }), |view: &String| Rendered {
        status: 201,
        body: view.clone(),
    })
}

/// Ties, and tells how the account then stands.
struct Told(TieMerchant);

impl Operation for Told {
    type Answer = String;
    type Refusal = Refusal;
    const NAME: &'static str = TieMerchant::NAME;

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<String, Refusal> {
        let account = self.0.apply(records, now)?;
        let view = account_view(records, &account);
        Ok(serde_json::to_string(&view).expect("the interface's types are JSON"))
    }
}

#[derive(Serialize)]
pub(super) struct CodeView {
    id: String,
    merchant: String,
    status: &'static str,
    amount: Amount,
    note: Option<String>,
    text: String,
    key: String,
    payment: Option<String>,
    expires_at: String,
    created_at: String,
}

/// A code as the interface shows it.
pub(super) fn code_view(code: &MerchantCode, line: &AccountPayments, now: Timestamp) -> CodeView {
    let status = match code.payment {
        Some(_) => "paid",
        None if now > code.expires_at => "expired",
        None => "open",
    };
    CodeView {
        id: code.id.to_string(),
        merchant: code.merchant.to_string(),
        status,
        amount: Amount::new(code.paise, Currency::INR),
        note: code.note.clone(),
        text: code.text.clone(),
        key: pem::write("PUBLIC KEY", &line.link_key.public().to_spki()),
        payment: code.payment.map(|payment| payment.to_string()),
        expires_at: time::write(code.expires_at),
        created_at: time::write(code.at),
    }
}

fn create_code(call: &Call) -> Result<Reply, Trouble> {
    let line = line(call)?;
    let store = line.service.store();
    let account = account_of(call, store)?;
    let amount = rupees(call)?.ok_or_else(Trouble::internal)?;
    let now = call.now();
    let mut code = MerchantCode {
        id: Id::mint(now, crypto::random::bytes()),
        merchant: account.merchant,
        mobile: account.mobile.clone(),
        address: account.address.clone(),
        paise: amount.minor(),
        note: call.text("note").map(str::to_owned),
        text: String::new(),
        expires_at: now.after(Duration::from_secs(60 * u64::from(minutes(call)))),
        payment: None,
        at: now,
    };
    code.text = signed_link(&line, &code, amount)?;
    let (shown, at) = (Arc::clone(&line), now);
    call.once(store, ShowCode { code }, move |code| rendered(201, &code_view(code, &shown, at)))
}

/// The link of a code: whom, how much and until when, under the provider's signature.
fn signed_link(line: &AccountPayments, code: &MerchantCode, amount: Money) -> Result<String, Trouble> {
    let mobile = code.mobile.clone();
    let customer = line.service.store().read(move |records| records.find::<Customer>(&mobile))?;
    let merchant = customer.and_then(|customer| customer.merchant).ok_or(Refusal::NotAMerchant)?;
    let (reference, amount) = (reference_of(code.id), amount.to_decimal());
    let (made, ends) = (upi::time::write(code.at), upi::time::write(code.expires_at));
    let parts = LinkParts {
        payee: &code.address,
        name: Some(&merchant.name),
        category: Some(&merchant.category),
        reference: Some(&reference),
        note: code.note.as_deref(),
        amount: Some(&amount),
        more: vec![
            ("mode", "02"),
            ("orgid", line.organisation.as_str()),
            ("QRts", made.as_str()),
            ("QRexpire", ends.as_str()),
        ],
        ..LinkParts::default()
    };
    let unusable = |_| Trouble::from(Refusal::NoteInvalid);
    let link = parts.make().map_err(unusable)?;
    let signed = link::sign(link.text(), &line.link_key).map_err(|_| Trouble::internal())?;
    Ok(signed.text().to_owned())
}

fn retrieve_code(call: &Call) -> Result<Reply, Trouble> {
    let line = line(call)?;
    let id = call.id::<UpiCode>()?;
    let found = line.service.store().read(move |records| records.find::<MerchantCode>(&id))?;
    let code = found.filter(|code| sees(call.tenant(), code.merchant)).ok_or_else(Trouble::not_found)?;
    Ok(Reply::ok(&code_view(&code, &line, call.now())))
}

//! Merchants.

use super::call::{Call, Reply};
use super::paging::{AFTER, BEFORE, InMemory, LIMIT};
use super::shape::{CHANGED_METADATA, CURRENCY, Field, Form, Kind, Link, METADATA, NEW_METADATA, Shape};
use super::things::One;
use crate::platform_http::problem::Trouble;
use acquiring::operations::{ChangeMerchant, RegisterMerchant};
use acquiring::records::MerchantState;
use acquiring::{AcceptorId, Merchant};
use developers::{Metadata, Scope, Tenant};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use values::{Country, Currency, Id, MerchantCategory, Records, id::kinds};

/// What stands on receipts and travels on wires: ASCII.
static NAME: Form = Form {
    word: "string",
    expected: "1 to 25 printable ASCII characters, as receipts have it",
    schema: || json!({"type": "string", "pattern": "^[\\x20-\\x7e]{1,25}$"}),
    holds: |text| is_printable(text, 25),
};
static CITY: Form = Form {
    word: "string",
    expected: "1 to 13 printable ASCII characters, as receipts have it",
    schema: || json!({"type": "string", "pattern": "^[\\x20-\\x7e]{1,13}$"}),
    holds: |text| is_printable(text, 13),
};
pub(super) static CATEGORY: Form = Form {
    word: "four digits",
    expected: "four digits",
    schema: || json!({"type": "string", "pattern": "^[0-9]{4}$"}),
    holds: |text| digits(text, 4).is_some(),
};
static COUNTRY: Form = Form {
    word: "three digits",
    expected: "three digits of ISO 3166-1",
    schema: || json!({"type": "string", "pattern": "^([1-9][0-9]{2}|0[1-9][0-9]|00[1-9])$"}),
    holds: |text| digits(text, 3).and_then(Country::from_numeric).is_some(),
};

fn is_printable(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
}

fn digits(text: &str, count: usize) -> Option<u16> {
    let fits = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok()).flatten()
}

/// From other things to their merchant.
pub(super) static LINK: Link = Link {
    name: Kind::Id("mer"),
    shape: &MERCHANT,
    scope: Scope::MerchantsRead,
    find: |call, name| {
        let merchant = find(call, name.parse().map_err(|_| Trouble::not_found())?)?;
        One::Merchant(merchant.id).now(&call.api)
    },
};

pub(super) static MERCHANT: Shape = Shape {
    name: "Merchant",
    says: "Somebody who takes payments.",
    fields: &[
        Field::required("id", Kind::Id("mer"), "Its identifier."),
        Field::required("acceptor", Kind::Text { least: 1, most: 15 }, "Its name on the wire (DE 42)."),
        Field::required("name", Kind::Form(&NAME), "What stands on receipts."),
        Field::required("city", Kind::Form(&CITY), "Where it is."),
        Field::required("category", Kind::Form(&CATEGORY), "What it sells: ISO 18245, four digits."),
        Field::required("country", Kind::Form(&COUNTRY), "ISO 3166-1 numeric code, three digits."),
        Field::required("currency", Kind::Form(&CURRENCY), "The one currency it takes."),
        Field::required("limit_payment", Kind::Money, "The most of one payment."),
        Field::required("limit_daily", Kind::Money, "The most of one day's sales."),
        Field::required("status", Kind::Word(STATES), "Whether it may take payments."),
        METADATA,
    ],
};

pub(super) static NEW_MERCHANT: Shape = Shape {
    name: "NewMerchant",
    says: "What is said of a new merchant.",
    fields: &[
        Field::required("name", Kind::Form(&NAME), "What stands on receipts."),
        Field::required("city", Kind::Form(&CITY), "Where it is."),
        Field::required("category", Kind::Form(&CATEGORY), "What it sells: ISO 18245, four digits."),
        Field::required("currency", Kind::Form(&CURRENCY), "The one currency it takes."),
        Field::optional(
            "country",
            Kind::Form(&COUNTRY),
            "ISO 3166-1 numeric code, three digits; 156 (China) unless said otherwise.",
        ),
        Field::optional(
            "limit_payment",
            Kind::Whole { least: 1, most: LIMIT_MOST },
            "The most of one payment, minor units; 5000000 unless said otherwise.",
        ),
        Field::optional(
            "limit_daily",
            Kind::Whole { least: 1, most: LIMIT_MOST },
            "The most of one day's sales, minor units; 100000000 unless said otherwise.",
        ),
        NEW_METADATA,
    ],
};

pub(super) static CHANGED_MERCHANT: Shape = Shape {
    name: "ChangedMerchant",
    says: "What is to be different about a merchant; what is not said stays.",
    fields: &[
        Field::optional("name", Kind::Form(&NAME), "What stands on receipts."),
        Field::optional("city", Kind::Form(&CITY), "Where it is."),
        Field::optional("category", Kind::Form(&CATEGORY), "What it sells: ISO 18245, four digits."),
        Field::optional(
            "limit_payment",
            Kind::Whole { least: 1, most: LIMIT_MOST },
            "The most of one payment, minor units.",
        ),
        Field::optional(
            "limit_daily",
            Kind::Whole { least: 1, most: LIMIT_MOST },
            "The most of one day's sales, minor units.",
        ),
        Field::optional("status", Kind::Word(STATES), "Whether it may take payments. Closed is for ever."),
        CHANGED_METADATA,
    ],
};

const STATES: &[&str] = &["active", "suspended", "closed"];

/// What fits an amount on the wire: twelve digits.
const LIMIT_MOST: i64 = 999_999_999_999;

pub(super) const LIST: &[Field] = &[LIMIT, AFTER, BEFORE];

/// An amount.
#[derive(Clone, Serialize)]
pub(super) struct Amount {
    value: u64,
    currency: &'static str,
}

impl Amount {
    pub(super) fn new(value: u64, currency: Currency) -> Amount {
        Amount { value, currency: currency.alpha() }
    }
}

/// A merchant as the interface shows it.
#[derive(Serialize)]
pub(super) struct View {
    id: String,
    acceptor: String,
    name: String,
    city: String,
    category: String,
    country: String,
    currency: &'static str,
    limit_payment: Amount,
    limit_daily: Amount,
    status: &'static str,
    metadata: BTreeMap<String, String>,
}

/// A merchant as the interface shows it.
pub(super) fn view<W: Records>(records: &mut W, merchant: &Merchant) -> View {
    View {
        id: merchant.id.to_string(),
        acceptor: merchant.acceptor.to_string(),
        name: merchant.name.clone(),
        city: merchant.city.clone(),
        category: format!("{:04}", u16::from(merchant.category)),
        country: format!("{:03}", merchant.country.numeric()),
        currency: merchant.currency.alpha(),
        limit_payment: Amount::new(merchant.limit_payment, merchant.currency),
        limit_daily: Amount::new(merchant.limit_daily, merchant.currency),
        status: status(merchant.state),
        metadata: Metadata::of(records, &merchant.id.to_string()),
    }
}

/// Whether this tenant may see the merchant.
pub(super) fn sees(tenant: &Tenant, merchant: Id<kinds::Merchant>) -> bool {
    match tenant {
        Tenant::Platform => true,
        Tenant::Merchant(own) => *own == merchant,
        Tenant::Issuer(_) => false,
    }
}

/// The merchant, if this tenant may see it.
pub(super) fn find(call: &Call, id: Id<kinds::Merchant>) -> Result<Merchant, Trouble> {
    if !sees(call.tenant(), id) {
        return Err(Trouble::not_found());
    }
    let found = call.api.acquirer().store().read(move |records| records.find::<Merchant>(&id))?;
    found.ok_or_else(Trouble::not_found)
}

pub(super) fn list(call: &Call) -> Result<Reply, Trouble> {
    let store = call.api.acquirer().store();
    let tenant = call.tenant().clone();
    let mut all = store.read(|records| records.all::<Merchant>())?;
    all.retain(|merchant| sees(&tenant, merchant.id));
    let member =
        |merchant: &Merchant, name: &str| (name == "status").then(|| status(merchant.state).to_owned());
    let list = InMemory { all, name: |merchant| merchant.id.to_string(), member };
    list.answer(call, store, |records, merchant| view(records, merchant))
}

fn status(state: MerchantState) -> &'static str {
    match state {
        MerchantState::Active => "active",
        MerchantState::Suspended => "suspended",
        MerchantState::Closed => "closed",
    }
}

pub(super) fn retrieve(call: &Call) -> Result<Reply, Trouble> {
    let id = call.id()?;
    if !sees(call.tenant(), id) {
        return Err(Trouble::not_found());
    }
    call.show(One::Merchant(id))
}

pub(super) fn create(call: &Call) -> Result<Reply, Trouble> {
    let merchant = wished(call)?;
    call.change(One::Merchant(merchant.id), RegisterMerchant { merchant }, 201)
}

pub(super) fn update(call: &Call) -> Result<Reply, Trouble> {
    let id = find(call, call.id()?)?.id;
    if ["limit_payment", "limit_daily"].iter().any(|limit| call.whole(limit).is_some())
        || call.text("status").is_some()
    {
        call.api.not_by_one(&format!("/subject?kind=merchant&name={id}"))?;
    }
    let text = |name: &str| call.text(name).map(str::to_owned);
    let limit = |name: &str| call.whole(name).map(i64::unsigned_abs);
    let change = ChangeMerchant {
        name: text("name"),
        city: text("city"),
        category: call.text("category").and_then(category),
        limit_payment: limit("limit_payment"),
        limit_daily: limit("limit_daily"),
        state: call.text("status").map(|status| match status {
            "active" => MerchantState::Active,
            "suspended" => MerchantState::Suspended,
            _ => MerchantState::Closed,
        }),
        ..ChangeMerchant::of(id)
    };
    call.change(One::Merchant(id), change, 200)
}

fn category(text: &str) -> Option<MerchantCategory> {
    digits(text, 4).and_then(|code| MerchantCategory::try_from(code).ok())
}

/// The body has its shape already, so nothing of it is wrong any more.
fn wished(call: &Call) -> Result<Merchant, Trouble> {
    let text = |name: &str| call.text(name).unwrap_or_default().to_owned();
    let country = call.text("country").and_then(|code| digits(code, 3)).and_then(Country::from_numeric);
    let id: Id<kinds::Merchant> = Id::mint(call.now(), crypto::random::bytes());
    let limit = |name: &str, otherwise: u64| call.whole(name).map_or(otherwise, i64::unsigned_abs);
    Ok(Merchant {
        acceptor: acceptor(id),
        name: text("name"),
        city: text("city"),
        category: category(&text("category")).ok_or_else(Trouble::internal)?,
        country: country.unwrap_or(Country::CHINA),
        currency: Currency::from_alpha(&text("currency")).ok_or_else(Trouble::internal)?,
        limit_payment: limit("limit_payment", 5_000_000),
        limit_daily: limit("limit_daily", 100_000_000),
        state: MerchantState::Active,
        id,
    })
}

/// A name on the wire that follows from the identifier: the acquirer's three digits and twelve more. A terminal is
/// found by its own name, so two merchants of one name could not take each other's payments.
fn acceptor(id: Id<kinds::Merchant>) -> AcceptorId {
    let digest = crypto::hash::sha256(&id.as_u128().to_be_bytes());
    let number =
        u64::from_be_bytes(*digest.first_chunk().expect("a digest has 32 bytes")) % 1_000_000_000_000;
    AcceptorId::parse(format!("104{number:012}").as_bytes()).expect("fifteen digits")
}

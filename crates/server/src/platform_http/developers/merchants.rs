//! Merchants.

use super::call::{Answered, Call, Reply, rendered};
use super::paging::{AFTER, BEFORE, LIMIT};
use super::shape::{Field, Kind, Shape};
use crate::platform_http::problem::Trouble;
use acquiring::operations::RegisterMerchant;
use acquiring::records::MerchantState;
use acquiring::{AcceptorId, Merchant};
use developers::Tenant;
use serde::Serialize;
use values::{Country, Currency, Id, MerchantCategory, Records, id::kinds};

pub(super) static MERCHANT: Shape = Shape {
    name: "Merchant",
    says: "Somebody who takes payments.",
    fields: &[
        Field::required("id", Kind::Id("mer"), "Its identifier."),
        Field::required("acceptor", Kind::Text { least: 1, most: 15 }, "Its name on the wire (DE 42)."),
        Field::required("name", Kind::Text { least: 1, most: 25 }, "What stands on receipts."),
        Field::required("city", Kind::Text { least: 1, most: 13 }, "Where it is."),
        Field::required(
            "category",
            Kind::Text { least: 4, most: 4 },
            "What it sells: ISO 18245, four digits.",
        ),
        Field::required(
            "country",
            Kind::Text { least: 3, most: 3 },
            "ISO 3166-1 numeric code, three digits.",
        ),
        Field::required("currency", Kind::Text { least: 3, most: 3 }, "The one currency it takes."),
        Field::required("limit_payment", Kind::Money, "The most of one payment."),
        Field::required("limit_daily", Kind::Money, "The most of one day's sales."),
        Field::required(
            "status",
            Kind::Word(&["active", "suspended", "closed"]),
            "Whether it may take payments.",
        ),
    ],
};

pub(super) static NEW_MERCHANT: Shape = Shape {
    name: "NewMerchant",
    says: "What is said of a new merchant.",
    fields: &[
        Field::required("name", Kind::Text { least: 1, most: 25 }, "What stands on receipts."),
        Field::required("city", Kind::Text { least: 1, most: 13 }, "Where it is."),
        Field::required(
            "category",
            Kind::Text { least: 4, most: 4 },
            "What it sells: ISO 18245, four digits.",
        ),
        Field::required("currency", Kind::Text { least: 3, most: 3 }, "The one currency it takes."),
        Field::optional(
            "country",
            Kind::Text { least: 3, most: 3 },
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
    ],
};

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

#[derive(Serialize)]
struct View {
    id: String,
    acceptor: String,
    name: String,
    city: String,
    category: String,
    country: String,
    currency: &'static str,
    limit_payment: Amount,
    limit_daily: Amount,
    status: MerchantState,
}

fn view(merchant: &Merchant) -> View {
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
        status: merchant.state,
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
    let window = call.window()?;
    let tenant = call.tenant().clone();
    let mut all = call.api.acquirer().store().read(|records| records.all::<Merchant>())?;
    all.retain(|merchant| sees(&tenant, merchant.id));
    let names = window.choose(all.iter().map(|merchant| merchant.id.to_string()).collect());
    let named = names.into_iter().filter_map(|name| {
        let merchant = all.iter().find(|merchant| merchant.id.to_string() == name)?;
        Some((name, view(merchant)))
    });
    Ok(window.page(call, named.collect()))
}

pub(super) fn retrieve(call: &Call) -> Result<Reply, Trouble> {
    let id = call.id()?;
    if !sees(call.tenant(), id) {
        return Err(Trouble::not_found());
    }
    let found = call.api.acquirer().store().read_async(move |records| records.find::<Merchant>(&id));
    Ok(Reply::later(async move {
        let merchant = found.await?.ok_or_else(Trouble::not_found)?;
        Ok(Answered::first(rendered(200, &view(&merchant))))
    }))
}

pub(super) fn create(call: &Call) -> Result<Reply, Trouble> {
    let merchant = wished(call)?;
    let shown = rendered(201, &view(&merchant));
    call.once(call.api.acquirer().store(), RegisterMerchant { merchant }, move |()| shown.clone())
}

fn wished(call: &Call) -> Result<Merchant, Trouble> {
    let text = |name: &str| call.text(name).unwrap_or_default().to_owned();
    let invalid = |name: &str, expected: &str| {
        Trouble::of("parameter_invalid", &format!("This has to be {expected}.")).at(&format!("/{name}"))
    };
    let number = |name: &str| {
        let text = text(name);
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u16>().ok()).flatten()
    };
    // Both go onto receipts and wires in ASCII.
    for name in ["name", "city"] {
        if !text(name).is_ascii() {
            return Err(invalid(name, "printable ASCII, as receipts have it"));
        }
    }
    let category = number("category").and_then(|code| MerchantCategory::try_from(code).ok());
    let country = match call.text("country") {
        None => Some(Country::CHINA),
        Some(_) => number("country").and_then(Country::from_numeric),
    };
    let id: Id<kinds::Merchant> = Id::mint(call.now(), crypto::random::bytes());
    let limit = |name: &str, otherwise: u64| call.whole(name).map_or(otherwise, i64::unsigned_abs);
    Ok(Merchant {
        acceptor: acceptor(id),
        name: text("name"),
        city: text("city"),
        category: category.ok_or_else(|| invalid("category", "four digits"))?,
        country: country.ok_or_else(|| invalid("country", "a numeric country code"))?,
        currency: Currency::from_alpha(&text("currency"))
            .ok_or_else(|| invalid("currency", "an ISO 4217 code"))?,
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

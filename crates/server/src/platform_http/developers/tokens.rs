//! Tokens, and the cards and devices they belong to: for the operator, and for banks the tokens of their own cards.

use super::call::{Call, Reply};
use super::paging::{AFTER, BEFORE, InMemory, LIMIT};
use super::query::Filter;
use super::shape::{Field, Kind, Link, Shape};
use super::things::One;
use super::time;
use crate::platform_http::problem::Trouble;
use developers::{Scope, Tenant};
use serde::Serialize;
use store::Value;
use store::rooms::developers::lists::List;
use tokens::Actor;
use tokens::ops::{Delete, Resume, Suspend};
use tokens::records::{CustomerId, Device, DeviceId, DeviceState, Life, Standing, Token, TokenReference};
use values::Records;

const STATES: &[&str] = &["inactive", "active", "suspended", "deleted", "expired"];

pub(super) static TOKEN: Shape = Shape {
    name: "Token",
    says: "A number in place of a card's, on one device.",
    fields: &[
        Field::required("id", Kind::Id("tok"), "Its identifier."),
        Field::required("status", Kind::Word(STATES), "Whether it can pay."),
        Field::required(
            "suspended_by",
            Kind::List(&Kind::Text { least: 1, most: 20 }),
            "Who suspends it; it can pay when none is left.",
        ),
        Field::required("issuer", Kind::Text { least: 1, most: 32 }, "The bank, by its short name."),
        Field::required("customer", Kind::Id("cus"), "Whose it is."),
        Field::required("device", Kind::Link(&DEVICE_LINK), "Where it lives."),
        Field::required("par", Kind::Text { least: 1, most: 29 }, "The account behind it, as its reference."),
        Field::required("card_last_four", Kind::Text { least: 4, most: 4 }, "The end of the card's number."),
        Field::required("token_last_four", Kind::Text { least: 4, most: 4 }, "The end of its own number."),
        Field::required(
            "version",
            Kind::Whole { least: 0, most: u32::MAX as i64 },
            "Counts the changes of its state.",
        ),
        Field::required("created_at", Kind::Time, "When it was made."),
        Field::required("changed_at", Kind::Time, "When its state last changed."),
    ],
};

pub(super) static CARD: Shape = Shape {
    name: "Card",
    says: "A card as its customer sees it: one account, with a token on each device.",
    fields: &[
        Field::required("par", Kind::Text { least: 1, most: 29 }, "The account, as its reference."),
        Field::required("issuer", Kind::Text { least: 1, most: 32 }, "The bank, by its short name."),
        Field::required("last_four", Kind::Text { least: 4, most: 4 }, "The end of the card's number."),
        Field::required("customer", Kind::Id("cus"), "Whose it is."),
        Field::required("tokens", Kind::List(&Kind::Link(&LINK)), "Its tokens that were not deleted."),
    ],
};

pub(super) static DEVICE: Shape = Shape {
    name: "Device",
    says: "A phone as the token service knows it.",
    fields: &[
        Field::required("id", Kind::Id("dev"), "Its identifier."),
        Field::required("name", Kind::Text { least: 1, most: 60 }, "What its customer calls it."),
        Field::required("status", Kind::Word(DEVICE_STATES), "Whether it may act."),
        Field::nullable("customer", Kind::Id("cus"), "Whose it is; null before its number was confirmed."),
        Field::required("tokens", Kind::List(&Kind::Id("tok")), "The tokens that live on it."),
        Field::required("created_at", Kind::Time, "When it was registered."),
    ],
};

/// From a token to its device, which only the operator sees.
static DEVICE_LINK: Link = Link {
    name: Kind::Id("dev"),
    shape: &DEVICE,
    scope: Scope::TokensRead,
    find: |call, name| {
        let device = device_of(call, name.parse().map_err(|_| Trouble::not_found())?)?;
        serde_json::to_string(&device_view(&device)).map_err(|_| Trouble::internal())
    },
};

/// From a card to its tokens.
static LINK: Link = Link {
    name: Kind::Id("tok"),
    shape: &TOKEN,
    scope: Scope::TokensRead,
    find: |call, name| {
        let token = find(call, name.parse().map_err(|_| Trouble::not_found())?)?;
        One::Token(token.reference).now(&call.api)
    },
};

pub(super) const LIST: &[Field] = &[
    LIMIT,
    AFTER,
    BEFORE,
    Field::optional("customer", Kind::Id("cus"), "Only those of this customer."),
    Field::optional("device", Kind::Id("dev"), "Only those on this device."),
    Field::optional("par", Kind::Text { least: 1, most: 29 }, "Only those of this account."),
    Field::optional(
        "issuer",
        Kind::Text { least: 1, most: 32 },
        "Whose cards. The operator's key has to say; a bank's need not.",
    ),
];
pub(super) const OF_CUSTOMER: &[Field] =
    &[LIMIT, AFTER, BEFORE, Field::required("customer", Kind::Id("cus"), "Whose.")];

/// A token as the interface shows it.
#[derive(Serialize)]
pub(super) struct View {
    id: String,
    status: &'static str,
    suspended_by: Vec<String>,
    issuer: String,
    customer: String,
    device: String,
    par: String,
    card_last_four: String,
    token_last_four: String,
    version: u32,
    created_at: String,
    changed_at: String,
}

/// A standing in a word.
pub(super) fn status(standing: &Standing) -> &'static str {
    match standing.life {
        Life::Active if !standing.suspenders.is_empty() => "suspended",
        Life::Active => "active",
        Life::Inactive => "inactive",
        Life::Deleted => "deleted",
        Life::Expired => "expired",
    }
}

/// A token as the interface shows it.
pub(super) fn view(token: &Token) -> View {
    let suspenders = token.standing.suspenders.to_string();
    View {
        id: token.reference.to_string(),
        status: status(&token.standing),
        suspended_by: suspenders.split('+').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        issuer: token.issuer.to_string(),
        customer: token.customer.to_string(),
        device: token.device.to_string(),
        par: token.par.as_str().to_owned(),
        card_last_four: token.last_four.to_string(),
        token_last_four: token.number.last_four().to_string(),
        version: token.version,
        created_at: time::write(token.created),
        changed_at: time::write(token.changed),
    }
}

fn sees(tenant: &Tenant, token: &Token) -> bool {
    match tenant {
        Tenant::Platform => true,
        Tenant::Issuer(issuer) => token.issuer.to_string() == *issuer,
        Tenant::Merchant(_) => false,
    }
}

fn find(call: &Call, reference: TokenReference) -> Result<Token, Trouble> {
    let found = call.api.tokens().store().read(move |records| records.find::<Token>(&reference))?;
    found.filter(|token| sees(call.tenant(), token)).ok_or_else(Trouble::not_found)
}

pub(super) fn list(call: &Call) -> Result<Reply, Trouble> {
    let window = call.window()?;
    let issuer = match (call.tenant(), call.parameter_text("issuer")) {
        (Tenant::Issuer(own), None) => own.clone(),
        (Tenant::Issuer(own), Some(named)) if own == named => own.clone(),
        (Tenant::Platform, Some(named)) => named.to_owned(),
        (Tenant::Platform, None) => {
            return Err(Trouble::of("parameter_missing", "Say whose cards.").at("issuer"));
        }
        _ => return Err(Trouble::not_found()),
    };
    let store = call.api.tokens().store();
    let list = Filter::of(call).narrow(List::tokens(&issuer), |name| match name {
        "customer" => Some("customer"),
        "device" => Some("device"),
        "par" => Some("par"),
        _ => None,
    });
    let total = window.total_of(store, &list)?;
    let (sql, parameters) = list.page(window.from.clone().map(Value::Text), window.back, window.limit + 1);
    let rows = store.rows(&sql, &parameters)?.rows;
    let names: Vec<TokenReference> =
        rows.iter().filter_map(|row| row.first()?.as_text()?.parse().ok()).collect();
    let tokens = store.read(move |records| {
        names.into_iter().filter_map(|name| records.find::<Token>(&name)).collect::<Vec<Token>>()
    })?;
    let views = tokens.iter().map(|token| (token.reference.to_string(), view(token)));
    Ok(window.page(call, views.collect(), total))
}

pub(super) fn retrieve(call: &Call) -> Result<Reply, Trouble> {
    call.show(One::Token(find(call, call.id()?)?.reference))
}

/// As whom the tenant acts on a token that it sees.
fn actor(call: &Call) -> Result<(TokenReference, Actor), Trouble> {
    let token = find(call, call.id()?)?;
    let actor = match call.tenant() {
        Tenant::Platform => {
            call.api.not_by_one(&format!("/subject?kind=token&name={}", token.reference))?;
            Actor::Platform
        }
        _ => Actor::Issuer(token.issuer),
    };
    Ok((token.reference, actor))
}

pub(super) fn suspend(call: &Call) -> Result<Reply, Trouble> {
    let (token, actor) = actor(call)?;
    call.change(One::Token(token), Suspend { token, actor }, 200)
}

pub(super) fn resume(call: &Call) -> Result<Reply, Trouble> {
    let (token, actor) = actor(call)?;
    let policy = call.api.tokens().policy();
    call.change(One::Token(token), Resume { token, actor, policy }, 200)
}

pub(super) fn delete(call: &Call) -> Result<Reply, Trouble> {
    let (token, actor) = actor(call)?;
    call.change(One::Token(token), Delete { token, actor }, 200)
}

#[derive(Clone, Serialize)]
struct CardView {
    par: String,
    issuer: String,
    last_four: String,
    customer: String,
    tokens: Vec<String>,
}

fn customer(call: &Call) -> Result<CustomerId, Trouble> {
    call.parameter_text("customer").and_then(|id| id.parse().ok()).ok_or_else(Trouble::not_found)
}

/// The tokens of a customer that the tenant sees; of a customer that is not known there are none.
fn tokens_of(call: &Call, customer: CustomerId) -> Result<Vec<Token>, Trouble> {
    let known = call.api.tokens().store().read(move |records| {
        let customer = records.find::<tokens::records::Customer>(&customer)?;
        let tokens = customer.tokens.iter().filter_map(|token| records.find::<Token>(token));
        Some(tokens.collect::<Vec<_>>())
    })?;
    let mut tokens = known.unwrap_or_default();
    tokens.retain(|token| sees(call.tenant(), token) && token.standing.life != Life::Deleted);
    Ok(tokens)
}

pub(super) fn cards(call: &Call) -> Result<Reply, Trouble> {
    let mut all: Vec<CardView> = Vec::new();
    for token in tokens_of(call, customer(call)?)? {
        let par = token.par.as_str().to_owned();
        match all.iter_mut().find(|card| card.par == par) {
            Some(card) => card.tokens.push(token.reference.to_string()),
            None => all.push(CardView {
                par,
                issuer: token.issuer.to_string(),
                last_four: token.last_four.to_string(),
                customer: token.customer.to_string(),
                tokens: vec![token.reference.to_string()],
            }),
        }
    }
    let member = |card: &CardView, name: &str| (name == "customer").then(|| card.customer.clone());
    let list = InMemory { all, name: |card| card.par.clone(), member };
    list.answer(call, call.api.tokens().store(), |_, card| card.clone())
}

#[derive(Serialize)]
pub(super) struct DeviceView {
    id: String,
    name: String,
    status: &'static str,
    customer: Option<String>,
    tokens: Vec<String>,
    created_at: String,
}

const DEVICE_STATES: &[&str] = &["pending", "active", "lost"];

fn device_status(device: &Device) -> &'static str {
    match device.state {
        DeviceState::Pending => "pending",
        DeviceState::Active => "active",
        DeviceState::Lost => "lost",
    }
}

/// A phone as the interface shows it.
pub(super) fn device_view(device: &Device) -> DeviceView {
    DeviceView {
        id: device.id.to_string(),
        name: device.name.to_string(),
        status: device_status(device),
        customer: device.customer.map(|customer| customer.to_string()),
        tokens: device.tokens.iter().map(ToString::to_string).collect(),
        created_at: time::write(device.created),
    }
}

/// Devices are the operator's to see: a bank knows the tokens of its cards, not its customers' phones.
fn operator(call: &Call) -> Result<(), Trouble> {
    if *call.tenant() == Tenant::Platform { Ok(()) } else { Err(Trouble::not_found()) }
}

pub(super) fn devices(call: &Call) -> Result<Reply, Trouble> {
    operator(call)?;
    let customer = customer(call)?;
    let store = call.api.tokens().store();
    let devices = store.read(move |records| {
        let customer = records.find::<tokens::records::Customer>(&customer)?;
        let devices = customer.devices.iter().filter_map(|device| records.find::<Device>(device));
        Some(devices.collect::<Vec<_>>())
    })?;
    let member = |device: &Device, name: &str| match name {
        "status" => Some(device_status(device).to_owned()),
        "customer" => device.customer.map(|customer| customer.to_string()),
        "created_at" => Some(time::write(device.created)),
        _ => None,
    };
    let list = InMemory { all: devices.unwrap_or_default(), name: |device| device.id.to_string(), member };
    list.answer(call, store, |_, device| device_view(device))
}

pub(super) fn device(call: &Call) -> Result<Reply, Trouble> {
    Ok(Reply::ok(&device_view(&device_of(call, call.id()?)?)))
}

fn device_of(call: &Call, id: DeviceId) -> Result<Device, Trouble> {
    operator(call)?;
    let found = call.api.tokens().store().read(move |records| records.find::<Device>(&id))?;
    found.ok_or_else(Trouble::not_found)
}

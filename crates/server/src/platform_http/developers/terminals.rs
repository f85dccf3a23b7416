//! Terminals.

use super::call::{Call, Reply};
use super::merchants::{self, sees};
use super::paging::{AFTER, BEFORE, InMemory, LIMIT};
use super::shape::{CHANGED_METADATA, Field, Kind, Link, METADATA, NEW_METADATA, Shape};
use super::things::One;
use super::{Api, time};
use crate::platform_http::problem::Trouble;
use acquiring::operations::{RegisterTerminal, SetTerminalState};
use acquiring::records::{Terminal, TerminalState};
use acquiring::{Merchant, TerminalId};
use developers::{Annotate, Metadata, Scope, Tenant};
use serde::Serialize;
use std::collections::BTreeMap;
use store::Outcome;
use values::Records;

pub(super) static TERMINAL: Shape = Shape {
    name: "Terminal",
    says: "A terminal of a merchant.",
    fields: &[
        Field::required("id", Kind::Text { least: 1, most: 8 }, "Its name on the wire (DE 41)."),
        Field::required("merchant", Kind::Link(&merchants::LINK), "Whose it is."),
        Field::required("status", Kind::Word(STATES), "Whether it may be used."),
        Field::required("batch", Kind::Whole { least: 1, most: 999_999 }, "Its open batch."),
        Field::nullable("signed_on_at", Kind::Time, "When it last signed on; null if it never did."),
        METADATA,
    ],
};

const STATES: &[&str] = &["active", "blocked"];

/// From other things to their terminal.
pub(super) static LINK: Link = Link {
    name: Kind::Text { least: 1, most: 8 },
    shape: &TERMINAL,
    scope: Scope::TerminalsRead,
    find: |call, name| One::Terminal(find(call, name)?.id).now(&call.api),
};

pub(super) static NEW_TERMINAL: Shape = Shape {
    name: "NewTerminal",
    says: "What is said of a new terminal.",
    fields: &[
        Field::optional("merchant", Kind::Id("mer"), "Whose it is. A merchant's own key need not say."),
        NEW_METADATA,
    ],
};

pub(super) static CHANGED_TERMINAL: Shape = Shape {
    name: "ChangedTerminal",
    says: "What is to be different about a terminal; what is not said stays.",
    fields: &[Field::optional("status", Kind::Word(STATES), "Whether it may be used."), CHANGED_METADATA],
};

pub(super) const LIST: &[Field] =
    &[LIMIT, AFTER, BEFORE, Field::optional("merchant", Kind::Id("mer"), "Only those of this merchant.")];

/// A terminal as the interface shows it.
#[derive(Serialize)]
pub(super) struct View {
    id: String,
    merchant: String,
    status: &'static str,
    batch: u32,
    signed_on_at: Option<String>,
    metadata: BTreeMap<String, String>,
}

/// A terminal as the interface shows it.
pub(super) fn view<W: Records>(records: &mut W, terminal: &Terminal) -> View {
    View {
        id: terminal.id.to_string(),
        merchant: terminal.merchant.to_string(),
        status: status(terminal.state),
        batch: terminal.batch,
        signed_on_at: terminal.signed_on_at.map(time::write),
        metadata: Metadata::of(records, terminal.id.as_str()),
    }
}

/// The terminal, if this tenant may see it.
pub(super) fn find(call: &Call, name: &str) -> Result<Terminal, Trouble> {
    let id: TerminalId = name.parse().map_err(|_| Trouble::not_found())?;
    let found = call.api.acquirer().store().read(move |records| records.find::<Terminal>(&id))?;
    found.filter(|terminal| sees(call.tenant(), terminal.merchant)).ok_or_else(Trouble::not_found)
}

/// The terminal in a lane of a merchant's test shop, which is made when it is first needed.
pub(super) fn of_shop(api: &Api, merchant: &Merchant, lane: usize) -> Result<Terminal, Trouble> {
    let seed = merchant.id.as_u128() ^ lane as u128;
    let wish = RegisterTerminal { id: name_from(&seed.to_be_bytes(), b'S'), merchant: merchant.id };
    match api.acquirer().store().call(wish)? {
        Outcome::Done(terminal) | Outcome::Repeated(terminal) => Ok(terminal),
        Outcome::Refused(refusal) => Err(refusal.into()),
        Outcome::Mismatch => Err(Trouble::internal()),
    }
}

fn status(state: TerminalState) -> &'static str {
    match state {
        TerminalState::Active => "active",
        TerminalState::Blocked => "blocked",
    }
}

/// The terminal that is named, if it is the merchant's; otherwise the first of its test shop.
pub(super) fn named_or_first(
    call: &Call,
    merchant: &Merchant,
    named: Option<&str>,
) -> Result<Terminal, Trouble> {
    let Some(name) = named else { return of_shop(&call.api, merchant, 0) };
    let terminal = find(call, name).map_err(|trouble| trouble.at("/terminal"))?;
    let own = terminal.merchant == merchant.id;
    if own { Ok(terminal) } else { Err(Trouble::not_found().at("/terminal")) }
}

pub(super) fn list(call: &Call) -> Result<Reply, Trouble> {
    let store = call.api.acquirer().store();
    let tenant = call.tenant().clone();
    let mut all = store.read(|records| records.all::<Terminal>())?;
    all.retain(|terminal| sees(&tenant, terminal.merchant));
    let member = |terminal: &Terminal, name: &str| match name {
        "status" => Some(status(terminal.state).to_owned()),
        "merchant" => Some(terminal.merchant.to_string()),
        _ => None,
    };
    let list = InMemory { all, name: |terminal| terminal.id.to_string(), member };
    list.answer(call, store, |records, terminal| view(records, terminal))
}

pub(super) fn retrieve(call: &Call) -> Result<Reply, Trouble> {
    call.show(One::Terminal(find(call, call.name())?.id))
}

pub(super) fn update(call: &Call) -> Result<Reply, Trouble> {
    let id = find(call, call.name())?.id;
    let state = call.text("status").map(|status| match status {
        "active" => TerminalState::Active,
        _ => TerminalState::Blocked,
    });
    // Whoever owns a terminal may block it at once; what makes it good again is for two.
    let own = matches!(call.tenant(), Tenant::Merchant(_));
    if state == Some(TerminalState::Active) || (state.is_some() && !own) {
        call.api.not_by_one(&format!("/subject?kind=terminal&name={id}"))?;
    }
    match state {
        Some(state) => call.change(One::Terminal(id), SetTerminalState { terminal: id, state }, 200),
        None => call.change(One::Terminal(id), Annotate, 200),
    }
}

pub(super) fn create(call: &Call) -> Result<Reply, Trouble> {
    let merchant = match (call.text("merchant"), call.tenant()) {
        (Some(id), _) => id.parse().map_err(|_| Trouble::not_found())?,
        (None, Tenant::Merchant(own)) => *own,
        (None, _) => {
            let detail = "Say whose terminal it is.";
            return Err(Trouble::of("parameter_missing", detail).at("/merchant"));
        }
    };
    let merchant = merchants::find(call, merchant)?.id;
    let id = fresh_name();
    call.change(One::Terminal(id), RegisterTerminal { id, merchant }, 201)
}

/// `T` and seven letters and digits; one that is taken is refused by the acquirer.
fn fresh_name() -> TerminalId {
    name_from(&crypto::random::bytes::<16>(), b'T')
}

/// A letter, and seven letters and digits that follow from the seed.
fn name_from(seed: &[u8; 16], letter: u8) -> TerminalId {
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut name = [letter; 8];
    for (place, byte) in name[1..].iter_mut().zip(crypto::hash::sha256(seed)) {
        *place = LETTERS[usize::from(byte % 32)];
    }
    TerminalId::parse(&name).expect("eight letters and digits")
}

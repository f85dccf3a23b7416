//! Payments: taken at the terminals of the test shop, seen wherever they were taken.

use super::at_terminal::{At, Told, at_terminal};
use super::call::{Call, Reply};
use super::merchants::{self, Amount, sees};
use super::paging::{AFTER, BEFORE, LIMIT};
use super::shape::{Field, Kind, Shape};
use super::test_shop::test_card;
use super::{terminals, time};
use crate::platform_http::problem::Trouble;
use crate::pos::Pos;
use acquiring::records::{Batch, BatchState, PaymentKind, PaymentState};
use acquiring::{Merchant, Payment, Reference};
use developers::Tenant;
use serde::Serialize;
use store::Value;
use store::rooms::developers::questions;
use values::{Id, Records, id::kinds};

pub(super) static CARD: Shape = Shape {
    name: "PaymentCard",
    says: "What a merchant may know of the card that paid.",
    fields: &[
        Field::required("last_four", Kind::Text { least: 4, most: 4 }, "The last four digits of its token."),
        Field::required(
            "entry_mode",
            Kind::Text { least: 3, most: 3 },
            "How it was read (DE 22): 072 is a tap.",
        ),
    ],
};

pub(super) static DECLINE: Shape = Shape {
    name: "Decline",
    says: "Why a payment was declined.",
    fields: &[
        Field::required("code", Kind::Text { least: 2, most: 2 }, "The network's code (DE 39)."),
        Field::required("meaning", Kind::Text { least: 1, most: 100 }, "The same in words."),
    ],
};

/// The states of a payment as the interface names them.
const STATES: &[&str] = &[
    "pending",
    "approved",
    "captured",
    "completed",
    "declined",
    "reversing",
    "reversed",
    "voiding",
    "voided",
];

pub(super) static PAYMENT: Shape = Shape {
    name: "Payment",
    says: "A payment as the acquirer knows it.",
    fields: &[
        Field::required("id", Kind::Id("pay"), "Its identifier."),
        Field::required(
            "kind",
            Kind::Word(&["sale", "pre_authorisation", "completion", "refund"]),
            "What it is.",
        ),
        Field::required(
            "status",
            Kind::Word(STATES),
            "Where it stands. `pending` is never a guess: nobody knows yet, and a reversal or an answer ends it.",
        ),
        Field::required("amount", Kind::Money, "How much."),
        Field::required("refunded", Kind::Money, "What was paid back of it."),
        Field::required("merchant", Kind::Id("mer"), "Who is paid."),
        Field::required("terminal", Kind::Text { least: 1, most: 8 }, "Where it was taken."),
        Field::required(
            "batch",
            Kind::Whole { least: 1, most: 999_999 },
            "The terminal's batch it belongs to.",
        ),
        Field::required("card", Kind::Object(&CARD), "The card that paid."),
        Field::required(
            "reference",
            Kind::Text { least: 12, most: 12 },
            "Its name on the wire and the receipt (DE 37).",
        ),
        Field::nullable(
            "approval_code",
            Kind::Text { least: 1, most: 6 },
            "The issuer's approval code, once approved.",
        ),
        Field::nullable("decline", Kind::Object(&DECLINE), "Why it was declined, if it was."),
        Field::nullable(
            "original",
            Kind::Text { least: 12, most: 12 },
            "Reference of the payment it completes or pays back.",
        ),
        Field::required("created_at", Kind::Time, "When the acquirer took it."),
    ],
};

/// The most of one payment on the wire.
pub(super) static NEW_PAYMENT: Shape = Shape {
    name: "NewPayment",
    says: "What is said of a new payment.",
    fields: &[
        Field::required("amount", Kind::Money, "How much, in the merchant's currency."),
        Field::required(
            "test_card",
            Kind::Text { least: 4, most: 4 },
            "The last four digits of a documented test card: a phone of the test shop that holds it is held against the reader.",
        ),
        Field::optional(
            "terminal",
            Kind::Text { least: 1, most: 8 },
            "At which terminal; the merchant's own of the test shop unless said otherwise.",
        ),
        Field::optional("merchant", Kind::Id("mer"), "Who is paid. A merchant's own key need not say."),
        Field::optional(
            "kind",
            Kind::Word(&["sale", "pre_authorisation"]),
            "A sale unless said otherwise; a pre-authorisation is completed later.",
        ),
    ],
};

pub(super) static COMPLETION: Shape = Shape {
    name: "Completion",
    says: "How much of a pre-authorisation is taken.",
    fields: &[Field::optional(
        "amount",
        Kind::Money,
        "At most what was set aside; all of it unless said otherwise.",
    )],
};

pub(super) const LIST: &[Field] = &[
    LIMIT,
    AFTER,
    BEFORE,
    Field::optional(
        "merchant",
        Kind::Id("mer"),
        "Whose payments. The operator's key has to say; a merchant's need not.",
    ),
];

#[derive(Serialize)]
struct CardView {
    last_four: String,
    entry_mode: String,
}

#[derive(Serialize)]
struct DeclineView {
    code: String,
    meaning: &'static str,
}

/// A payment as the interface shows it.
#[derive(Serialize)]
pub(super) struct View {
    id: String,
    kind: PaymentKind,
    status: &'static str,
    amount: Amount,
    refunded: Amount,
    merchant: String,
    terminal: String,
    batch: u32,
    card: CardView,
    reference: String,
    approval_code: Option<String>,
    decline: Option<DeclineView>,
    original: Option<String>,
    created_at: String,
}

fn status(payment: &Payment, captured: bool) -> &'static str {
    match payment.state {
        PaymentState::Pending | PaymentState::Advised => "pending",
        PaymentState::Approved if captured && payment.kind != PaymentKind::PreAuthorisation => "captured",
        PaymentState::Approved => "approved",
        PaymentState::Completed => "completed",
        PaymentState::Declined => "declined",
        PaymentState::ReversalPending if payment.is_voided() => "voiding",
        PaymentState::ReversalPending => "reversing",
        PaymentState::Reversed if payment.is_voided() => "voided",
        PaymentState::Reversed => "reversed",
    }
}

/// The payment as the interface shows it.
pub(super) fn view<W: Records>(records: &mut W, payment: &Payment) -> View {
    let batch = records.find::<Batch>(&(payment.terminal, payment.batch));
    let captured = batch.is_some_and(|batch| batch.state == BatchState::Captured);
    let declined = payment.response_code.filter(|_| payment.state == PaymentState::Declined);
    View {
        id: payment.id.to_string(),
        kind: payment.kind,
        status: status(payment, captured),
        amount: Amount::new(payment.amount, payment.currency),
        refunded: Amount::new(payment.refunded, payment.currency),
        merchant: payment.merchant.to_string(),
        terminal: payment.terminal.to_string(),
        batch: payment.batch,
        card: CardView {
            last_four: payment.last_four.to_string(),
            entry_mode: payment.entry_mode.to_string(),
        },
        reference: payment.reference.to_string(),
        approval_code: payment.approval_code.map(|code| code.to_string()),
        decline: declined.map(|code| DeclineView { code: code.to_string(), meaning: code.meaning() }),
        original: payment.original.as_ref().map(|original| original.reference.to_string()),
        created_at: time::write(payment.accepted_at),
    }
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// The payment of this identifier, if this tenant may see it and it is what the route is about.
pub(super) fn find(call: &Call, id: Id<kinds::Payment>, refund: bool) -> Result<Payment, Trouble> {
    let store = call.api.acquirer().store();
    let name = Value::Text(id.to_string());
    let (sql, parameters) = match call.tenant() {
        Tenant::Platform => (questions::PAYMENT, vec![name]),
        Tenant::Merchant(own) => (questions::PAYMENT_OF, vec![name, Value::Text(own.to_string())]),
        Tenant::Issuer(_) => return Err(Trouble::not_found()),
    };
    // A payment keeps its identifier, so tables that lag behind do no harm; only a new one may not be there yet.
    let mut found = store.folded_rows(sql, &parameters)?;
    if found.rows.is_empty() {
        found = store.rows(sql, &parameters)?;
    }
    let row = found.rows.first().and_then(|row| text(row.first()?)).ok_or_else(Trouble::not_found)?;
    let reference: Reference = row.parse().map_err(|_| Trouble::internal())?;
    let payment = store.read(move |records| records.find::<Payment>(&reference))?;
    let fits = |payment: &Payment| {
        sees(call.tenant(), payment.merchant) && (payment.kind == PaymentKind::Refund) == refund
    };
    payment.filter(fits).ok_or_else(Trouble::not_found)
}

/// The merchant a request is about: the tenant itself, or the one it names.
pub(super) fn merchant_of(call: &Call, named: Option<&str>, place: &str) -> Result<Merchant, Trouble> {
    let id = match (named, call.tenant()) {
        (Some(id), _) => id.parse().map_err(|_| Trouble::not_found())?,
        (None, Tenant::Merchant(own)) => *own,
        (None, _) => return Err(Trouble::of("parameter_missing", "Say whose it is.").at(place)),
    };
    merchants::find(call, id)
}

pub(super) fn list(call: &Call) -> Result<Reply, Trouble> {
    list_of(call, false)
}

/// Payments or refunds, a page of them.
pub(super) fn list_of(call: &Call, refunds: bool) -> Result<Reply, Trouble> {
    let window = call.window()?;
    let merchant = merchant_of(call, call.parameter_text("merchant"), "merchant")?;
    let store = call.api.acquirer().store();
    // After every identifier.
    let from = window.from.clone().unwrap_or_else(|| "pay_~".to_owned());
    let parameters = [
        Value::Text(merchant.id.to_string()),
        Value::Text(from),
        Value::Integer(i64::from(refunds)),
        Value::Integer(window.limit as i64 + 1),
    ];
    let rows = store
        .rows(if window.back { questions::PAYMENTS_AFTER } else { questions::PAYMENTS_BEFORE }, &parameters)?
        .rows;
    let names: Vec<(Reference, String)> = rows
        .iter()
        .filter_map(|row| Some((text(row.first()?)?.parse().ok()?, text(row.get(1)?)?.to_owned())))
        .collect();
    let views = store.read(move |records| {
        let shown = |(reference, name): (Reference, String)| {
            let payment = records.find::<Payment>(&reference)?;
            Some((name, view(records, &payment)))
        };
        names.into_iter().filter_map(shown).collect::<Vec<_>>()
    })?;
    Ok(window.page(call, views))
}

pub(super) fn retrieve(call: &Call) -> Result<Reply, Trouble> {
    show(call, find(call, call.id()?, false)?)
}

/// A payment as an answer.
pub(super) fn show(call: &Call, payment: Payment) -> Result<Reply, Trouble> {
    let view = call.api.acquirer().store().read(move |records| view(records, &payment))?;
    Ok(Reply::ok(&view))
}

pub(super) fn create(call: &Call) -> Result<Reply, Trouble> {
    let merchant = merchant_of(call, call.text("merchant"), "/merchant")?;
    let amount = call.money("amount")?.ok_or_else(Trouble::internal)?;
    let unknown =
        || Trouble::of("parameter_invalid", "This has to name one documented test card.").at("/test_card");
    let card = call.text("test_card").and_then(test_card).ok_or_else(unknown)?;
    let terminal = terminals::of_shop(call, &merchant, call.text("terminal"))?;
    let take = match call.text("kind") {
        Some("pre_authorisation") => {
            |pos: &mut Pos, amount, reader: &mut crate::vpcd::ReaderEnd| pos.preauth(amount, reader)
        }
        _ => |pos: &mut Pos, amount, reader: &mut crate::vpcd::ReaderEnd| pos.sale(amount, reader),
    };
    let at = At { terminal, merchant, told: Told::New };
    at_terminal(call, &at, |shop, pos| shop.tap(card, pos, amount, take))
}

pub(super) fn void(call: &Call) -> Result<Reply, Trouble> {
    let payment = find(call, call.id()?, false)?;
    let at = At::of(call, &payment, Told::Original)?;
    at_terminal(call, &at, |shop, pos| shop.ask(pos, |pos| pos.void(payment.reference)))
}

pub(super) fn complete(call: &Call) -> Result<Reply, Trouble> {
    let payment = find(call, call.id()?, false)?;
    let amount = call.money("amount")?.unwrap_or(payment.money());
    let at = At::of(call, &payment, Told::New)?;
    at_terminal(call, &at, |shop, pos| shop.ask(pos, |pos| pos.complete(payment.reference, amount)))
}

//! Payments: wanted by call (`intents`), taken at terminals, seen wherever they were taken.

use super::at_terminal::{At, Told, at_terminal};
use super::call::{Answered, Call, Reply, rendered};
use super::merchants::{self, Amount, sees};
use super::paging::{AFTER, BEFORE, LIMIT};
use super::query::Filter;
use super::shape::{CHANGED_METADATA, Field, Kind, METADATA, NEW_METADATA, Shape};
use super::things::One;
use super::{Api, terminals, time};
use crate::platform_http::problem::Trouble;
use crate::platform_http::problems;
use acquiring::records::{Batch, BatchState, Intent, IntentState, PaymentKind, PaymentState};
use acquiring::{Merchant, Payment, Reference};
use developers::{Annotate, Metadata, Tenant};
use serde::Serialize;
use std::collections::BTreeMap;
use store::rooms::developers::{lists::List, questions};
use store::{Store, StoreError, Value};
use values::{Id, Records, id::kinds};

pub(super) static CARD: Shape = Shape {
    name: "PaymentCard",
    says: "What a merchant may know of the card that paid.",
    fields: &[
        Field::required("last_four", Kind::Text { least: 4, most: 4 }, "The last four digits of its token."),
        Field::required(
            "entry_mode",
            Kind::Text { least: 3, most: 3 },
            "How it was read (DE 22): 072 is a tap, 032 a code on a phone's screen, 042 a shop's code.",
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

pub(super) static FAILURE: Shape = Shape {
    name: "Failure",
    says: "Why a payment ended before the acquirer took it. Nothing was charged.",
    fields: &[
        Field::required("code", Kind::Text { least: 1, most: 60 }, "A stable code, as problems have it."),
        Field::required("meaning", Kind::Text { least: 1, most: 300 }, "The same in words."),
        Field::nullable("detail", Kind::Text { least: 1, most: 300 }, "What was wrong this time."),
    ],
};

/// The operations for whose end a caller may prefer to wait.
pub(super) const WAITING: &[&str] = &["create_payment", "present_card", "retrieve_payment"];

/// The states of a payment as the interface names them.
const STATES: &[&str] = &[
    "requires_card",
    "processing",
    "failed",
    "cancelled",
    "expired",
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
        Field::required("kind", Kind::Word(KINDS), "What it is."),
        Field::required(
            "status",
            Kind::Word(STATES),
            "Where it stands. `requires_card` waits for a card at the terminal, for a day; with `processing` the terminal is at work; \
             `pending` is never a guess: the bank was asked, nobody knows yet, and a reversal or an answer ends it.",
        ),
        Field::required("amount", Kind::Money, "How much."),
        Field::required("refunded", Kind::Money, "What was paid back of it."),
        Field::required("merchant", Kind::Link(&merchants::LINK), "Who is paid."),
        Field::nullable(
            "terminal",
            Kind::Link(&terminals::LINK),
            "Where it is taken; null until that is known.",
        ),
        Field::nullable(
            "batch",
            Kind::Whole { least: 1, most: 999_999 },
            "The terminal's batch it belongs to, once the acquirer took it.",
        ),
        Field::nullable("card", Kind::Object(&CARD), "The card that paid, once the acquirer took it."),
        Field::nullable(
            "reference",
            Kind::Text { least: 12, most: 12 },
            "Its name on the wire and the receipt (DE 37), once the acquirer took it.",
        ),
        Field::nullable(
            "approval_code",
            Kind::Text { least: 1, most: 6 },
            "The issuer's approval code, once approved.",
        ),
        Field::nullable("decline", Kind::Object(&DECLINE), "Why it was declined, if it was."),
        Field::nullable("failure", Kind::Object(&FAILURE), "Why it failed, if it did."),
        Field::nullable(
            "original",
            Kind::Text { least: 12, most: 12 },
            "Reference of the payment it completes or pays back.",
        ),
        Field::required("created_at", Kind::Time, "When it was made."),
        METADATA,
    ],
};

const KINDS: &[&str] = &["sale", "pre_authorisation", "completion", "refund"];

pub(super) static CHANGED_PAYMENT: Shape = Shape {
    name: "ChangedPayment",
    says: "What is to be different about a payment or a refund: what is written onto it, and nothing else.",
    fields: &[CHANGED_METADATA],
};

pub(super) static COMPLETION: Shape = Shape {
    name: "Completion",
    says: "How much of a pre-authorisation is taken.",
    fields: &[
        Field::optional(
            "amount",
            Kind::Money,
            "At most what was set aside; all of it unless said otherwise.",
        ),
        NEW_METADATA,
    ],
};

const OF_MERCHANT: Field = Field::optional(
    "merchant",
    Kind::Id("mer"),
    "Whose. The operator's key has to say; a merchant's need not.",
);
const AT_TERMINAL: Field =
    Field::optional("terminal", Kind::Text { least: 1, most: 8 }, "Only those taken at this terminal.");
const IN_BATCH: Field = Field::optional(
    "batch",
    Kind::Whole { least: 1, most: 999_999 },
    "Only those of the terminal's batch of this number.",
);
const OF_REFERENCE: Field = Field::optional(
    "reference",
    Kind::Text { least: 12, most: 12 },
    "Only the one of this name on the wire and the receipt (DE 37).",
);
pub(super) const REFUNDS: &[Field] =
    &[LIMIT, AFTER, BEFORE, OF_MERCHANT, AT_TERMINAL, IN_BATCH, OF_REFERENCE];
pub(super) const LIST: &[Field] = &[
    LIMIT,
    AFTER,
    BEFORE,
    OF_MERCHANT,
    AT_TERMINAL,
    IN_BATCH,
    OF_REFERENCE,
    Field::optional(
        "kind",
        Kind::Word(&["sale", "pre_authorisation", "completion"]),
        "Only those of this kind.",
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

#[derive(Serialize)]
struct FailureView {
    code: String,
    meaning: String,
    detail: Option<String>,
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
    terminal: Option<String>,
    batch: Option<u32>,
    card: Option<CardView>,
    reference: Option<String>,
    approval_code: Option<String>,
    decline: Option<DeclineView>,
    failure: Option<FailureView>,
    original: Option<String>,
    created_at: String,
    metadata: BTreeMap<String, String>,
}

impl View {
    /// Whether a terminal still has to take it, or is at it, or the bank's answer is still out.
    pub(super) fn is_under_way(&self) -> bool {
        matches!(self.status, "requires_card" | "processing" | "pending")
    }
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
    let wanted = records.find::<Intent>(&payment.id);
    View {
        id: payment.id.to_string(),
        kind: payment.kind,
        status: status(payment, captured),
        amount: Amount::new(payment.amount, payment.currency),
        refunded: Amount::new(payment.refunded, payment.currency),
        merchant: payment.merchant.to_string(),
        terminal: Some(payment.terminal.to_string()),
        batch: Some(payment.batch),
        card: Some(CardView {
            last_four: payment.last_four.to_string(),
            entry_mode: payment.entry_mode.to_string(),
        }),
        reference: Some(payment.reference.to_string()),
        approval_code: payment.approval_code.map(|code| code.to_string()),
        decline: declined.map(|code| DeclineView { code: code.to_string(), meaning: code.meaning() }),
        failure: None,
        original: payment.original.as_ref().map(|original| original.reference.to_string()),
        created_at: time::write(wanted.map_or(payment.accepted_at, |intent| intent.created_at)),
        metadata: Metadata::of(records, &payment.id.to_string()),
    }
}

/// What is wanted and was not taken, as the interface shows it.
pub(super) fn view_of_intent<W: Records>(records: &mut W, intent: &Intent) -> View {
    View {
        id: intent.id.to_string(),
        kind: intent.kind,
        status: match intent.state {
            IntentState::RequiresCard => "requires_card",
            IntentState::Processing | IntentState::Taken => "processing",
            IntentState::Failed => "failed",
            IntentState::Cancelled => "cancelled",
            IntentState::Expired => "expired",
        },
        amount: Amount::new(intent.amount, intent.currency),
        refunded: Amount::new(0, intent.currency),
        merchant: intent.merchant.to_string(),
        terminal: intent.terminal.as_ref().map(ToString::to_string),
        batch: None,
        card: None,
        reference: None,
        approval_code: None,
        decline: None,
        failure: intent.failure.clone().map(|code| FailureView {
            meaning: problems::explain(&code).2,
            detail: intent.failure_detail.clone(),
            code,
        }),
        original: None,
        created_at: time::write(intent.created_at),
        metadata: Metadata::of(records, &intent.id.to_string()),
    }
}

/// The payment that an intent became, or the intent itself.
fn wanted<W: Records>(records: &mut W, intent: &Intent) -> View {
    let payment = intent.reference.and_then(|reference| records.find::<Payment>(&reference));
    match payment {
        Some(payment) => view(records, &payment),
        None => view_of_intent(records, intent),
    }
}

/// What of this name was wanted by call, or was taken under this reference.
pub(super) fn told<W: Records>(
    records: &mut W,
    id: Id<kinds::Payment>,
    reference: Option<Reference>,
) -> Option<View> {
    if let Some(intent) = records.find::<Intent>(&id) {
        return Some(wanted(records, &intent));
    }
    let payment = records.find::<Payment>(&reference?)?;
    Some(view(records, &payment))
}

/// The payment of this identifier, if this tenant may see it and it is what the route is about.
pub(super) fn find(call: &Call, id: Id<kinds::Payment>, refund: bool) -> Result<Payment, Trouble> {
    let store = call.api.acquirer().store();
    let intent = store.read(move |records| records.find::<Intent>(&id))?;
    let intent = intent.filter(|intent| sees(call.tenant(), intent.merchant) && !refund);
    match intent.map(|intent| intent.reference) {
        None => found(&call.api, call.tenant(), id, refund),
        Some(None) => Err(Trouble::of("payment_not_open", "No terminal has taken this payment.")),
        Some(Some(reference)) => {
            let payment = store.read(move |records| records.find::<Payment>(&reference))?;
            payment.ok_or_else(Trouble::internal)
        }
    }
}

/// The same by the tables, for what was never wanted by call.
fn found(api: &Api, tenant: &Tenant, id: Id<kinds::Payment>, refund: bool) -> Result<Payment, Trouble> {
    let store = api.acquirer().store();
    let name = Value::Text(id.to_string());
    let (sql, parameters) = match tenant {
        Tenant::Platform => (questions::PAYMENT, vec![name]),
        Tenant::Merchant(own) => (questions::PAYMENT_OF, vec![name, Value::Text(own.to_string())]),
        Tenant::Issuer(_) => return Err(Trouble::not_found()),
    };
    // A payment keeps its identifier, so tables that lag behind do no harm; only a new one may not be there yet.
    let mut found = store.folded_rows(sql, &parameters)?;
    if found.rows.is_empty() {
        found = store.rows(sql, &parameters)?;
    }
    let row = found.rows.first().and_then(|row| row.first()?.as_text()).ok_or_else(Trouble::not_found)?;
    let reference: Reference = row.parse().map_err(|_| Trouble::internal())?;
    let payment = store.read(move |records| records.find::<Payment>(&reference))?;
    let fits =
        |payment: &Payment| sees(tenant, payment.merchant) && (payment.kind == PaymentKind::Refund) == refund;
    payment.filter(fits).ok_or_else(Trouble::not_found)
}

/// The payment of this identifier as it stands, whether or not a terminal took it.
pub(super) async fn seen(api: &Api, tenant: &Tenant, id: Id<kinds::Payment>) -> Result<View, Trouble> {
    let whose = tenant.clone();
    let look = api.acquirer().store().read_async(move |records| {
        let intent = records.find::<Intent>(&id).filter(|intent| sees(&whose, intent.merchant))?;
        Some(wanted(records, &intent))
    });
    if let Some(view) = look.await? {
        return Ok(view);
    }
    let (api, tenant) = (api.clone(), tenant.clone());
    let by_tables = tokio::task::spawn_blocking(move || {
        let payment = found(&api, &tenant, id, false)?;
        Ok(api.acquirer().store().read(move |records| view(records, &payment))?)
    });
    by_tables.await.map_err(|_| Trouble::internal())?
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
    let list = List::payments(&merchant.id.to_string(), refunds);
    let list = Filter::of(call).narrow(list, |name| match name {
        "terminal" => Some("terminal"),
        "batch" => Some("batch"),
        "reference" => Some("reference"),
        "kind" => Some("kind"),
        _ => None,
    });
    let total = window.total_of(store, &list)?;
    let (sql, parameters) = list.page(window.from.clone().map(Value::Text), window.back, window.limit + 1);
    Ok(window.page(call, page(store, &sql, &parameters)?, total))
}

/// The payments that a list answers with, each by its name.
pub(super) fn page(
    store: &Store,
    sql: &str,
    parameters: &[Value],
) -> Result<Vec<(String, View)>, StoreError> {
    let rows = store.rows(sql, parameters)?.rows;
    let named = |row: &Vec<Value>| {
        let reference: Option<Reference> = row.first()?.as_text().and_then(|text| text.parse().ok());
        Some((reference, row.get(1)?.as_text()?.to_owned()))
    };
    let names: Vec<(Option<Reference>, String)> = rows.iter().filter_map(named).collect();
    store.read(move |records| {
        let shown = |(reference, name): (Option<Reference>, String)| {
            let shown = match reference {
                Some(reference) => {
                    let payment = records.find::<Payment>(&reference)?;
                    view(records, &payment)
                }
                None => {
                    let intent = records.find::<Intent>(&name.parse().ok()?)?;
                    wanted(records, &intent)
                }
            };
            Some((name, shown))
        };
        names.into_iter().filter_map(shown).collect::<Vec<_>>()
    })
}

pub(super) fn retrieve(call: &Call) -> Result<Reply, Trouble> {
    let (api, tenant, wait) = (call.api.clone(), call.tenant().clone(), call.wait);
    let id = call.id()?;
    Ok(Reply::later(async move {
        let view = match wait {
            Some(within) => super::intents::ended(&api, &tenant, id, within).await?,
            None => seen(&api, &tenant, id).await?,
        };
        Ok(Answered { waited: wait.is_some(), ..Answered::first(rendered(200, &view)) })
    }))
}

/// A payment as an answer.
pub(super) fn show(call: &Call, payment: Payment) -> Result<Reply, Trouble> {
    call.show(One::Payment(payment.id, Some(payment.reference)))
}

pub(super) fn update(call: &Call) -> Result<Reply, Trouble> {
    annotate(call, false)
}

/// Writes onto a payment, whether or not a terminal took it, or onto a refund.
pub(super) fn annotate(call: &Call, refund: bool) -> Result<Reply, Trouble> {
    let id = call.id()?;
    let intent = call.api.acquirer().store().read(move |records| records.find::<Intent>(&id))?;
    let reference = match intent.filter(|intent| sees(call.tenant(), intent.merchant) && !refund) {
        Some(_) => None,
        None => Some(found(&call.api, call.tenant(), id, refund)?.reference),
    };
    call.change(One::Payment(id, reference), Annotate, 200)
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

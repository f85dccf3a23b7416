//! Settlements: a terminal's batches. What is approved in a batch is captured when the batch is closed.

use super::at_terminal::settle;
use super::call::{Call, Reply};
use super::merchants::{Amount, sees};
use super::paging::{AFTER, BEFORE, InMemory, LIMIT};
use super::payments::merchant_of;
use super::shape::{Field, Kind, Shape};
use super::{terminals, time};
use crate::platform_http::problem::Trouble;
use acquiring::records::{Batch, BatchState, Terminal};
use serde::Serialize;
use values::Records;

pub(super) static SETTLEMENT: Shape = Shape {
    name: "Settlement",
    says: "A batch of a terminal.",
    fields: &[
        Field::required("id", Kind::Text { least: 8, most: 15 }, "Terminal and number of the batch."),
        Field::required("terminal", Kind::Link(&terminals::LINK), "Whose batch it is."),
        Field::required("batch", Kind::Whole { least: 1, most: 999_999 }, "Its number."),
        Field::required("status", Kind::Word(&["open", "captured"]), "Whether it still takes payments."),
        Field::required(
            "sales_count",
            Kind::Whole { least: 0, most: u32::MAX as i64 },
            "Sales and completions that stand.",
        ),
        Field::required("sales", Kind::Money, "Their sum."),
        Field::required(
            "refunds_count",
            Kind::Whole { least: 0, most: u32::MAX as i64 },
            "Refunds that stand.",
        ),
        Field::required("refunds", Kind::Money, "Their sum."),
        Field::nullable(
            "balanced",
            Kind::Flag,
            "Whether the terminal counted the same; null while it is open.",
        ),
        Field::required("opened_at", Kind::Time, "When it was opened."),
        Field::nullable("closed_at", Kind::Time, "When it was closed."),
    ],
};

pub(super) static NEW_SETTLEMENT: Shape = Shape {
    name: "NewSettlement",
    says: "Which terminal closes its batch.",
    fields: &[
        Field::optional(
            "terminal",
            Kind::Text { least: 1, most: 8 },
            "The first terminal of the merchant's test shop unless said otherwise.",
        ),
        Field::optional("merchant", Kind::Id("mer"), "Whose terminal. A merchant's own key need not say."),
    ],
};

pub(super) const LIST: &[Field] = &[
    LIMIT,
    AFTER,
    BEFORE,
    Field::optional("terminal", Kind::Text { least: 1, most: 8 }, "Only those of this terminal."),
];

#[derive(Serialize)]
pub(super) struct View {
    id: String,
    terminal: String,
    batch: u32,
    status: &'static str,
    sales_count: u32,
    sales: Amount,
    refunds_count: u32,
    refunds: Amount,
    balanced: Option<bool>,
    opened_at: String,
    closed_at: Option<String>,
}

/// Its name: terminal and number.
pub(super) fn name(batch: &Batch) -> String {
    format!("{}-{:06}", batch.terminal, batch.number)
}

/// A batch as the interface shows it.
pub(super) fn view(batch: &Batch) -> View {
    View {
        id: name(batch),
        terminal: batch.terminal.to_string(),
        batch: batch.number,
        status: status(batch.state),
        sales_count: batch.sales_count,
        sales: Amount::new(batch.sales_amount, batch.currency),
        refunds_count: batch.refunds_count,
        refunds: Amount::new(batch.refunds_amount, batch.currency),
        balanced: batch.balanced,
        opened_at: time::write(batch.opened_at),
        closed_at: batch.closed_at.map(time::write),
    }
}

pub(super) fn list(call: &Call) -> Result<Reply, Trouble> {
    let store = call.api.acquirer().store();
    let tenant = call.tenant().clone();
    let all = store.read(move |records| {
        let mut all = records.all::<Batch>();
        all.retain(|batch| {
            records.find::<Terminal>(&batch.terminal).is_some_and(|terminal| sees(&tenant, terminal.merchant))
        });
        all
    })?;
    let member = |batch: &Batch, member: &str| match member {
        "status" => Some(status(batch.state).to_owned()),
        "terminal" => Some(batch.terminal.to_string()),
        _ => None,
    };
    InMemory { all, name, member }.answer(call, store, |_, batch| view(batch))
}

fn status(state: BatchState) -> &'static str {
    match state {
        BatchState::Open => "open",
        BatchState::Captured => "captured",
    }
}

pub(super) fn retrieve(call: &Call) -> Result<Reply, Trouble> {
    let (terminal, number) = call.name().rsplit_once('-').ok_or_else(Trouble::not_found)?;
    let terminal = terminals::find(call, terminal)?.id;
    let number: u32 = number.parse().map_err(|_| Trouble::not_found())?;
    let found =
        call.api.acquirer().store().read(move |records| records.find::<Batch>(&(terminal, number)))?;
    let batch = found.filter(|batch| name(batch) == call.name()).ok_or_else(Trouble::not_found)?;
    Ok(Reply::ok(&view(&batch)))
}

pub(super) fn create(call: &Call) -> Result<Reply, Trouble> {
    let merchant = merchant_of(call, call.text("merchant"), "/merchant")?;
    let terminal = terminals::named_or_first(call, &merchant, call.text("terminal"))?;
    let id = terminal.id;
    settle(call, &merchant, &terminal, move |call, number| {
        let found = call.api.acquirer().store().read(move |records| records.find::<Batch>(&(id, number)))?;
        Ok(super::call::rendered(201, &view(&found.ok_or_else(Trouble::internal)?)))
    })
}

//! Refunds: money back for a payment, to the card that paid.

use super::at_terminal::{At, Told, at_terminal};
use super::call::{Call, Reply};
use super::payments;
use super::shape::{Field, Kind, NEW_METADATA, Shape};
use crate::platform_http::problem::Trouble;

pub(super) static NEW_REFUND: Shape = Shape {
    name: "NewRefund",
    says: "What is said of a new refund.",
    fields: &[
        Field::required("payment", Kind::Id("pay"), "The payment that is paid back."),
        Field::optional(
            "amount",
            Kind::Money,
            "At most what is left of it; all of that unless said otherwise.",
        ),
        NEW_METADATA,
    ],
};

pub(super) fn list(call: &Call) -> Result<Reply, Trouble> {
    payments::list_of(call, true)
}

pub(super) fn retrieve(call: &Call) -> Result<Reply, Trouble> {
    payments::show(call, payments::find(call, call.id()?, true)?)
}

pub(super) fn update(call: &Call) -> Result<Reply, Trouble> {
    payments::annotate(call, true)
}

pub(super) fn create(call: &Call) -> Result<Reply, Trouble> {
    let id = call.text("payment").and_then(|id| id.parse().ok()).ok_or_else(Trouble::not_found)?;
    let payment = payments::find(call, id, false)?;
    let left = values::Money::new(payment.refundable(), payment.currency).map_err(|_| Trouble::internal())?;
    let amount = call.money("amount")?.unwrap_or(left);
    let at = At::of(call, &payment, Told::New)?;
    at_terminal(call, &at, |shop, pos| shop.ask(pos, |pos| pos.refund(payment.reference, amount)))
}

//! Disputes: what is claimed of a payment that has ended, and what becomes of it.

use super::super::view;
use super::super::visit::{Asked, Reply, Visit, nothing};
use super::looking::last_day;
use super::{Trouble, no, rupees, to};
use crate::screens::phone::{self as screens, ClaimView, DisputeView, StepView};
use crate::upi::app::{DisputeShown, Shown};
use crate::upi::phone::{UpiPhone, UpiPhoneError};
use ::upi::disputes::Act;
use ::upi::ids::TransactionId;
use axum::extract::{Form, Path};
use axum::response::Response;
use serde::Deserialize;
use values::time::Zone;
use values::{Currency, Money};

#[derive(Default, Deserialize)]
pub(in super::super) struct Claim {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    amount: String,
}

fn path_of(transaction: &str) -> String {
    format!("/upi/payments/{transaction}/dispute")
}

impl Visit {
    fn upi_claim_page(
        &self,
        shown: &Shown,
        reasons: Vec<String>,
        (claim, wrong): (&Claim, Option<&str>),
    ) -> String {
        let payment = &shown.payment;
        let view = ClaimView {
            path: path_of(&payment.id),
            back: format!("/upi/payments/{}", payment.id),
            name: payment.other_name.clone().unwrap_or_else(|| payment.other.clone()),
            paid: rupees(payment.amount()),
            lead: self.page.language.say("dispute-lead"),
            reasons,
            typed: if claim.amount.is_empty() { payment.amount().to_decimal() } else { claim.amount.clone() },
            chosen: claim.reason.clone(),
            wrong: wrong.map(|name| self.page.language.say(name)),
        };
        screens::upi_claim(&self.page, &view)
    }

    fn dispute_page(&self, shown: &Shown, dispute: &DisputeShown) -> String {
        let page = &self.page;
        let payment = &shown.payment;
        let over = dispute.state.is_some_and(|state| state.has_ended());
        let last = dispute.news.len().saturating_sub(1);
        let step = |(number, news): (usize, &crate::upi::app::DisputeNews)| StepView {
            stands: if number < last || over { "yes" } else { "now" },
            what: page.language.of(&news.said),
            when: view::exact_time_in(Zone::Kolkata, news.at),
        };
        let said = dispute.news.last().map(|news| page.language.of(&news.said));
        let due = dispute.due_at.map(|at| last_day(page, at));
        let view = DisputeView {
            path: path_of(&payment.id),
            back: format!("/upi/payments/{}", payment.id),
            name: payment.other_name.clone().unwrap_or_else(|| payment.other.clone()),
            claimed: rupees(Money::new(dispute.paise, Currency::INR).unwrap_or(Money::zero(Currency::INR))),
            reason: dispute.reason.clone(),
            said: said.unwrap_or_else(|| page.language.say("dispute-waiting")),
            steps: dispute.news.iter().enumerate().map(step).collect(),
            due: due.map(|day| page.language.say_text("dispute-due-by", "day", &day)),
            ask: if over { String::new() } else { page.language.of(&dispute.ask) },
            number: dispute.number.clone(),
            escalates: dispute.choices.contains(&Act::Escalate),
            withdraws: dispute.choices.contains(&Act::Withdraw),
            over,
            received: dispute.received,
        };
        screens::upi_dispute(page, &view)
    }

    /// The payment of this name; nothing where there is none.
    fn paid_as(&self, upi: &UpiPhone, transaction: &str) -> Result<Option<Shown>, Trouble> {
        // What is no name of a transaction is asked of nobody.
        if TransactionId::parse(transaction).is_none() {
            return Ok(None);
        }
        match upi.payment(transaction) {
            Err(error) if super::code_of(&error) == Some("not_found") => Ok(None),
            shown => Ok(Some(shown?)),
        }
    }
}

/// A payment's dispute, or what may be claimed of it.
pub(in super::super) async fn one(asked: Asked, Path(transaction): Path<String>) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let Some(shown) = visit.paid_as(upi, &transaction)? else { return Ok(nothing(&visit.page)?) };
                // What came is claimed by nobody, as a rule.
                let of = match upi.dispute(&transaction) {
                    Err(error) if super::code_of(&error) == Some("not_found") => {
                        return Ok(nothing(&visit.page)?);
                    }
                    of => of?,
                };
                let known = of.dispute.as_ref();
                let html = match known.filter(|dispute| dispute.refused.is_none()) {
                    Some(dispute) => visit.dispute_page(&shown, dispute),
                    None => visit.upi_claim_page(&shown, of.reasons, (&Claim::default(), None)),
                };
                Ok(Reply::Page(html))
            })
        })
        .await
}

/// Raises one.
pub(in super::super) async fn raise(
    asked: Asked,
    Path(transaction): Path<String>,
    Form(claim): Form<Claim>,
) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let Some(shown) = visit.paid_as(upi, &transaction)? else { return Ok(nothing(&visit.page)?) };
                let again = |wrong: &str| {
                    let reasons = upi.dispute(&transaction)?.reasons;
                    no(visit.upi_claim_page(&shown, reasons, (&claim, Some(wrong))))
                };
                let Ok(amount) = Money::parse(claim.amount.trim(), Currency::INR) else {
                    return again("dispute-wrong-amount-text");
                };
                match upi.raise_dispute(&transaction, claim.reason.trim(), Some(amount)) {
                    Ok(raised) if raised.refused.is_none() => to(&path_of(&transaction)),
                    Ok(raised) => {
                        let code = raised.refused.unwrap_or_default();
                        let text = visit.page.language.say_text("dispute-refused", "code", &code);
                        no(screens::upi_no(&visit.page, "upi-declined", text, "/upi"))
                    }
                    // However long the network takes, the page says how it stands.
                    Err(UpiPhoneError::NoAnswer) => to(&path_of(&transaction)),
                    Err(error) => match super::code_of(&error) {
                        Some("amount_invalid") => again("dispute-wrong-amount-text"),
                        Some("nothing_to_dispute") => again("dispute-wrong-reason"),
                        Some("too_often") => again("dispute-too-soon"),
                        _ => Err(error.into()),
                    },
                }
            })
        })
        .await
}

async fn act(asked: Asked, transaction: String, act: Act) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                match upi.act_on_dispute(&transaction, act) {
                    // What cannot be done any more is not done; the page says how it stands.
                    Ok(_) | Err(UpiPhoneError::NoAnswer) => {}
                    Err(error) if super::code_of(&error) == Some("dispute_not_now") => {}
                    Err(error) => return Err(error.into()),
                }
                to(&path_of(&transaction))
            })
        })
        .await
}

/// Goes on with it.
pub(in super::super) async fn escalate(asked: Asked, Path(transaction): Path<String>) -> Response {
    act(asked, transaction, Act::Escalate).await
}

/// Gives it up.
pub(in super::super) async fn withdraw(asked: Asked, Path(transaction): Path<String>) -> Response {
    act(asked, transaction, Act::Withdraw).await
}

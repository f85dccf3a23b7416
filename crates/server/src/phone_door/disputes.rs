//! Disputes of payments with cards: what the customer says went wrong, and what the bank makes of it.

use super::view;
use super::visit::{Asked, Reply, Visit, nothing};
use crate::api::phone::{Dispute, DisputeAnswer, DisputeAsk};
use crate::phone::PhoneError;
use crate::screens::phone::{self as screens, ClaimView, DisputeView, StepView};
use ::wallet::history::{TapOutcome, TapRecord};
use axum::extract::{Form, Path};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use std::time::Duration;
use values::{Currency, Money, Timestamp};

/// What may be claimed, as wires name it, in the order in which it is offered.
const CLAIMS: [&str; 4] = ["not_mine", "wrong_amount", "paid_twice", "not_received"];

/// Reasons that have a sentence of their own; the others share one.
const REASONS: [&str; 5] =
    ["payment_unknown", "nothing_taken", "dispute_too_late", "dispute_amount", "dispute_over"];

#[derive(Default, Deserialize)]
pub(super) struct Claim {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    amount: String,
}

/// A payment of this phone that can be disputed.
struct Paid {
    tap: TapRecord,
    /// How hosts name it.
    original: String,
    name: String,
    bank: String,
}

impl Paid {
    fn back(&self) -> String {
        format!("/history/{}/{}", self.tap.token, self.tap.atc)
    }

    fn path(&self) -> String {
        self.back() + "/dispute"
    }

    /// What was paid, if its currency is one.
    fn money(&self) -> Option<Money> {
        Money::new(self.tap.amount_minor, Currency::from_numeric(self.tap.currency)?).ok()
    }

    fn ask(&self) -> DisputeAsk {
        DisputeAsk { original: self.original.clone(), ..DisputeAsk::default() }
    }
}

impl Visit {
    /// The payment of this name, if this phone made it, it was paid, and it is known how hosts name it.
    fn disputable(&self, token: &str, counter: &str) -> Result<Option<Paid>, PhoneError> {
        let counter: Option<u16> = counter.parse().ok();
        let of = |tap: &TapRecord| tap.token.to_string() == token && Some(tap.atc) == counter;
        let find = || Ok::<_, PhoneError>(self.phone.taps()?.into_iter().find(of));
        let Some(mut tap) = find()?.filter(|tap| tap.outcome == TapOutcome::Approved) else {
            return Ok(None);
        };
        if tap.original.is_none() && self.phone.learn_end(tap.token, tap.atc, Duration::ZERO).is_ok() {
            tap = find()?.unwrap_or(tap);
        }
        let Some(original) = tap.original.clone() else { return Ok(None) };
        let card = self.card(token)?;
        let bank = card.map_or_else(|| self.page.language.say("receipt-card"), |card| card.issuer);
        let name = tap.merchant.clone().unwrap_or_else(|| self.page.language.say("tap-no-shop"));
        Ok(Some(Paid { tap, original, name, bank }))
    }

    fn claim_page(&self, paid: &Paid, claim: &Claim, wrong: Option<String>) -> String {
        let money = paid.money();
        let typed = money.map_or_else(String::new, |money| money.to_decimal());
        let view = ClaimView {
            path: paid.path(),
            back: paid.back(),
            name: paid.name.clone(),
            paid: view::sum(paid.tap.amount_minor, paid.tap.currency),
            lead: self.page.language.say_text("card-dispute-lead", "bank", &paid.bank),
            reasons: CLAIMS.map(str::to_owned).to_vec(),
            typed: if claim.amount.is_empty() { typed } else { claim.amount.clone() },
            chosen: claim.reason.clone(),
            wrong,
        };
        screens::upi_claim(&self.page, &view)
    }

    fn card_dispute_page(&self, paid: &Paid, dispute: &Dispute) -> String {
        let (page, language) = (&self.page, self.page.language);
        let over = dispute.state != "open";
        let shown = |minor| {
            let sum = view::sum(minor, dispute.currency);
            page.plain_money(sum.minor, sum.currency, sum.decimals)
        };
        let say = |name: &str| {
            let texts = [("bank", paid.bank.as_str()), ("amount", &shown(dispute.credited))];
            language.say_texts(&format!("card-dispute-{name}"), &texts)
        };
        let day = |millis: i64| view::date(page, Timestamp::from_millis(millis));
        let step = |stands, what: &str, when: String| StepView { stands, what: say(what), when };
        let lent = !over && dispute.credited > 0;
        let state = match dispute.state.as_str() {
            "open" if lent => "lent",
            "upheld" if dispute.credited == 0 => "given-back",
            state => state,
        };
        let mut steps = vec![step("yes", "reported", day(dispute.raised_at))];
        if lent {
            steps.push(step("yes", "lent", String::new()));
        }
        steps.push(match dispute.ended_at {
            Some(ended) => step("yes", state, day(ended)),
            None => step("now", "open", String::new()),
        });
        let view = DisputeView {
            path: paid.path(),
            back: paid.back(),
            name: paid.name.clone(),
            claimed: view::sum(dispute.amount, dispute.currency),
            reason: dispute.claim.clone(),
            said: say(state),
            steps,
            due: (!over).then(|| language.say_text("dispute-due-by", "day", &day(dispute.due_at))),
            ask: paid.bank.clone(),
            // The bank keeps it by the payment, whose reference is on the receipt.
            number: None,
            escalates: false,
            withdraws: !over,
            over,
            received: false,
        };
        screens::upi_dispute(page, &view)
    }

    /// Why the bank did not take it.
    fn why_no_dispute(&self, paid: &Paid, reason: &str) -> String {
        let known = REASONS.iter().find(|known| **known == reason);
        let name = known.map_or_else(|| "not-taken".to_owned(), |known| known.replace('_', "-"));
        self.page.language.say_text(&format!("card-dispute-no-{name}"), "bank", &paid.bank)
    }

    /// The payment of this name, or the page that says why it cannot be disputed from here.
    fn with_disputable(
        &self,
        (token, counter): (&str, &str),
        work: impl FnOnce(&Paid) -> Result<Reply, PhoneError>,
    ) -> Result<Reply, PhoneError> {
        match self.disputable(token, counter)? {
            Some(paid) => work(&paid),
            None if self
                .phone
                .taps()?
                .iter()
                .any(|tap| tap.token.to_string() == token && tap.atc.to_string() == counter) =>
            {
                let back = format!("/history/{token}/{counter}");
                let html = screens::problem(&self.page, "dispute-title", "card-dispute-unnamed", &back);
                Ok(Reply::No(StatusCode::CONFLICT, html))
            }
            None => nothing(&self.page),
        }
    }
}

/// A payment's dispute, or what may be claimed of it.
pub(super) async fn one(asked: Asked, Path((token, counter)): Path<(String, String)>) -> Response {
    asked
        .owner(move |visit| {
            visit.with_disputable((&token, &counter), |paid| {
                let DisputeAnswer { dispute, .. } =
                    visit.phone.dispute(paid.tap.token, "look", &paid.ask())?;
                Reply::page(match dispute {
                    Some(dispute) => visit.card_dispute_page(paid, &dispute),
                    None => visit.claim_page(paid, &Claim::default(), None),
                })
            })
        })
        .await
}

/// Raises one.
pub(super) async fn raise(
    asked: Asked,
    Path((token, counter)): Path<(String, String)>,
    Form(claim): Form<Claim>,
) -> Response {
    asked
        .owner(move |visit| {
            visit.with_disputable((&token, &counter), |paid| {
                let again = |wrong: String| {
                    let html = visit.claim_page(paid, &claim, Some(wrong));
                    Ok(Reply::No(StatusCode::UNPROCESSABLE_ENTITY, html))
                };
                let say = |name: &str| visit.page.language.say(name);
                if !CLAIMS.contains(&claim.reason.as_str()) {
                    return again(say("dispute-wrong-reason"));
                }
                let most = paid.money();
                let amount = most.and_then(|most| Money::parse(claim.amount.trim(), most.currency()).ok());
                let Some(amount) = amount.filter(|amount| !amount.is_zero()) else {
                    return again(say("dispute-wrong-amount-text"));
                };
                let ask = DisputeAsk {
                    claim: Some(claim.reason.clone()),
                    amount: Some(amount.minor()),
                    currency: Some(amount.currency().numeric()),
                    ..paid.ask()
                };
                let answer = visit.phone.dispute(paid.tap.token, "", &ask)?;
                match answer.dispute {
                    Some(_) => Reply::to(&paid.path()),
                    None => again(visit.why_no_dispute(paid, answer.reason.as_deref().unwrap_or_default())),
                }
            })
        })
        .await
}

/// Gives it up.
pub(super) async fn withdraw(asked: Asked, Path((token, counter)): Path<(String, String)>) -> Response {
    asked
        .owner(move |visit| {
            visit.with_disputable((&token, &counter), |paid| {
                // What is over is not given up any more; the page says how it stands.
                visit.phone.dispute(paid.tap.token, "withdraw", &paid.ask())?;
                Reply::to(&paid.path())
            })
        })
        .await
}

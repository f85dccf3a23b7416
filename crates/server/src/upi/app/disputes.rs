//! What phones ask about disputes.

use super::{Call, LISTED, No, shown};
use axum::response::Response;
use platform::psp::{PaymentService, PspError};
use psp::Refusal;
use psp::disputes::Dispute;
use psp::records::DeviceId;
use serde::{Deserialize, Serialize};
use upi::codes::Language;
use upi::disputes::{Act, State};
use values::{Currency, Money, Timestamp};

const LANGUAGES: [Language; 3] = [Language::English, Language::Hindi, Language::Chinese];

/// Raises a dispute.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewDispute {
    /// Why, such as `goods_not_received`.
    pub reason: String,
    /// Rupees; all of the payment if absent.
    pub amount: Option<String>,
}

/// Does something in a dispute.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisputeAct {
    /// `escalate` or `withdraw`.
    pub act: Act,
}

/// One piece of news of a dispute, for people.
#[derive(Debug, Serialize, Deserialize)]
pub struct DisputeNews {
    /// Where it stood.
    pub state: State,
    /// The same in English, Hindi and Chinese.
    pub said: [String; 3],
    /// Since when.
    pub at: Timestamp,
}

/// A dispute, and what its payer is told.
#[derive(Debug, Serialize, Deserialize)]
pub struct DisputeShown {
    /// The payment, by its transaction.
    pub payment: String,
    /// The number under which the network keeps it (CRN).
    pub number: Option<String>,
    /// Why.
    pub reason: String,
    /// What is claimed, paise.
    pub paise: u64,
    /// Where it stands; nothing while the network has not said.
    pub state: Option<State>,
    /// The code by which the network refused it.
    pub refused: Option<String>,
    /// What was told of it, the oldest first.
    pub news: Vec<DisputeNews>,
    /// Whom to ask, in English, Hindi and Chinese.
    pub ask: [String; 3],
    /// Until when somebody has to say something.
    pub due_at: Option<Timestamp>,
    /// What the payer may do now.
    pub choices: Vec<Act>,
}

/// A payment's dispute, and what may be claimed of the payment.
#[derive(Debug, Serialize, Deserialize)]
pub struct DisputeOf {
    /// The dispute, if there is one.
    pub dispute: Option<DisputeShown>,
    /// Names of reasons that fit; none where there is a dispute already or it is too late for one.
    pub reasons: Vec<String>,
}

impl DisputeShown {
    fn of(dispute: Dispute, now: Timestamp) -> DisputeShown {
        let state = dispute.state();
        let each =
            |text: &dyn Fn(Language) -> &'static str| LANGUAGES.map(|language| text(language).to_owned());
        let news = dispute.told.iter().map(|told| DisputeNews {
            state: told.state,
            said: each(&|language| told.state.say(language)),
            at: told.at,
        });
        DisputeShown {
            news: news.collect(),
            ask: each(&|language| state.map_or("", |state| state.ask(language))),
            choices: dispute.choices(now),
            payment: dispute.payment,
            number: dispute.number,
            reason: dispute.reason,
            paise: dispute.paise,
            state,
            refused: dispute.refused,
            due_at: dispute.due_at,
        }
    }
}

/// Answers what is asked about disputes; nothing for what is not one of these.
pub(super) fn answer(
    service: &PaymentService,
    device: DeviceId,
    call: &Call,
    rest: &[&str],
) -> Option<Result<Response, No>> {
    let now = service.now();
    let one = |dispute: Result<Dispute, PspError>| -> Result<Response, No> {
        Ok(shown(&DisputeShown::of(dispute?, now)))
    };
    Some(match (call.method.as_str(), rest) {
        ("GET", ["disputes"]) => service.disputes(device, LISTED).map_err(No::from).map(|all| {
            shown(&all.into_iter().map(|dispute| DisputeShown::of(dispute, now)).collect::<Vec<_>>())
        }),
        ("GET", ["payments", id, "dispute"]) => {
            service.dispute(device, id).map_err(No::from).map(|(dispute, reasons)| {
                let mut keys: Vec<String> = reasons.iter().map(|reason| reason.key.to_owned()).collect();
                keys.dedup();
                let dispute = dispute.map(|dispute| DisputeShown::of(dispute, now));
                shown(&DisputeOf { dispute, reasons: keys })
            })
        }
        ("POST", ["payments", id, "dispute"]) => call.read().and_then(|new: NewDispute| {
            let parsed = new.amount.map(|amount| Money::parse(&amount, Currency::INR)).transpose();
            let amount = parsed.map_err(|_| No::invalid("/amount"))?;
            one(service.raise_dispute(device, id, (&new.reason, amount)))
        }),
        ("POST", ["payments", id, "dispute", "acts"]) => {
            call.read().and_then(|wish: DisputeAct| match wish.act {
                Act::Escalate | Act::Withdraw => one(service.act_on_dispute(device, id, wish.act)),
                _ => Err(PspError::Refused(Refusal::DisputeNotNow).into()),
            })
        }
        _ => return None,
    })
}

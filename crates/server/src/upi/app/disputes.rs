//! What phones ask about disputes.

use super::{Call, LISTED, No, shown};
use axum::response::Response;
use platform::psp::{PaymentService, PspError};
use psp::Refusal;
use psp::disputed::ReceivedDispute;
use psp::disputes::Dispute;
use psp::records::DeviceId;
use serde::{Deserialize, Serialize};
use upi::codes::Language;
use upi::disputes::{Act, Reason, State};
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
    /// Whether it is claimed of this person, rather than by them.
    pub received: bool,
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
            received: false,
        }
    }

    /// The same for who was paid.
    fn received(dispute: ReceivedDispute) -> DisputeShown {
        let state = dispute.state;
        DisputeShown {
            news: vec![DisputeNews {
                state,
                said: LANGUAGES.map(|language| state.say_to_payee(language).to_owned()),
                at: dispute.changed_at,
            }],
            ask: LANGUAGES.map(|language| state.ask(language).to_owned()),
            choices: Vec::new(),
            payment: dispute.payment,
            number: Some(dispute.number),
            reason: Reason::key_of_chargeback(&dispute.reason).to_owned(),
            paise: dispute.paise,
            state: Some(state),
            refused: None,
            due_at: dispute.due_at,
            received: true,
        }
    }
}

/// The dispute about a payment that a phone's customer sent or received, and what may be claimed of it.
fn about(service: &PaymentService, device: DeviceId, payment: &str) -> Result<DisputeOf, PspError> {
    match service.dispute(device, payment) {
        Ok((dispute, reasons)) => {
            let mut reasons: Vec<String> = reasons.iter().map(|reason| reason.key.to_owned()).collect();
            reasons.dedup();
            let now = service.now();
            Ok(DisputeOf { dispute: dispute.map(|dispute| DisputeShown::of(dispute, now)), reasons })
        }
        Err(PspError::Refused(Refusal::NotFound)) => {
            let received = service.received_dispute(device, payment)?.ok_or(Refusal::NotFound)?;
            Ok(DisputeOf { dispute: Some(DisputeShown::received(received)), reasons: Vec::new() })
        }
        Err(error) => Err(error),
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
            about(service, device, id).map_err(No::from).map(|of| shown(&of))
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

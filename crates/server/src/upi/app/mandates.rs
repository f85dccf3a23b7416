//! What phones ask about mandates.

use super::{App, Call, LISTED, No, shown};
use axum::response::Response;
use platform::psp::NewMandate as Making;
use psp::mandates::Change;
use psp::mandates::records::{Mandate, MandateDebit};
use psp::records::DeviceId;
use serde::{Deserialize, Serialize};
use upi::mandate::Terms;
use upi::messages::Credential;
use values::{Currency, Money};

/// Makes a mandate.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewMandate {
    /// The transaction, made by the phone: the same one again is the same mandate.
    pub transaction: String,
    /// The account; the first one if empty.
    pub account: String,
    /// The name that was shown for the payee.
    pub payee_name: Option<String>,
    /// The terms.
    pub terms: Terms,
    /// The PIN, sealed for them.
    pub pin: Credential,
}

/// Asks somebody for a mandate, as a merchant.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewMandateRequest {
    /// Who is asked.
    pub payer: String,
    /// The terms; payee and category are the merchant's own.
    pub terms: Terms,
    /// How long the payer may wait.
    pub minutes: u32,
}

/// Approves a mandate that a merchant asks for, or does not.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MandateDecision {
    /// The account that is debited; the first one if empty.
    pub account: String,
    /// The PIN, sealed for the terms; nothing to decline.
    pub pin: Option<Credential>,
}

/// Changes a mandate.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case", deny_unknown_fields)]
pub enum MandateChange {
    /// Nothing is debited until it goes on.
    Pause,
    /// It goes on.
    Unpause {
        /// The transaction that the PIN is bound to.
        transaction: String,
        /// The PIN, sealed for the terms.
        pin: Credential,
    },
    /// It ends.
    Revoke,
}

/// Presents the next debit under a mandate.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewDebit {
    /// Rupees, such as `30.00`; the mandate's amount if absent.
    pub amount: Option<String>,
}

/// A mandate with its last debits, the newest first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ShownMandate {
    /// The mandate.
    pub mandate: Mandate,
    /// The debits.
    pub debits: Vec<MandateDebit>,
}

impl From<(Mandate, Vec<MandateDebit>)> for ShownMandate {
    fn from((mandate, debits): (Mandate, Vec<MandateDebit>)) -> ShownMandate {
        ShownMandate { mandate, debits }
    }
}

impl App {
    /// Answers what is asked below `/v1/upi/mandates`; nothing for what is not one of these.
    pub(super) fn mandates(
        &self,
        call: &Call,
        device: DeviceId,
        rest: &[&str],
    ) -> Result<Option<Response>, No> {
        let service = &self.0.service;
        let told = |mandate| Ok(Some(shown(&ShownMandate { mandate, debits: Vec::new() })));
        match (call.method.as_str(), rest) {
            ("GET", []) => {
                let all = service.mandates(device, LISTED)?;
                Ok(Some(shown(&all.into_iter().map(ShownMandate::from).collect::<Vec<_>>())))
            }
            ("POST", []) => {
                let NewMandate { transaction, account, payee_name, terms, pin } = call.read()?;
                let new = Making { transaction, account, payee_name, terms, pin };
                told(service.make_mandate(device, new)?)
            }
            ("POST", ["requests"]) => {
                let new: NewMandateRequest = call.read()?;
                told(service.request_mandate(device, &new.payer, new.terms, new.minutes)?)
            }
            ("GET", [id]) => Ok(Some(shown(&ShownMandate::from(service.mandate(device, id)?)))),
            ("POST", [id, "decision"]) => {
                let decision: MandateDecision = call.read()?;
                let approval = decision.pin.map(|pin| (decision.account, pin));
                told(service.decide_mandate(device, id, approval)?)
            }
            ("POST", [id, "changes"]) => {
                let change = match call.read()? {
                    MandateChange::Pause => Change::Pause,
                    MandateChange::Unpause { transaction, pin } => Change::Unpause { transaction, pin },
                    MandateChange::Revoke => Change::Revoke,
                };
                told(service.change_mandate(device, id, change)?)
            }
            ("POST", [id, "debits"]) => {
                let new: NewDebit = call.read()?;
                let amount = new.amount.map(|amount| Money::parse(&amount, Currency::INR)).transpose();
                let amount = amount.map_err(|_| No::invalid("/amount"))?;
                Ok(Some(shown(&service.present_debit(device, id, amount)?)))
            }
            _ => Ok(None),
        }
    }
}

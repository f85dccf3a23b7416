//! What phones ask about purses.

use super::{App, Call, No, QuestionName, Shown, shown};
use axum::response::Response;
use psp::purses::Wish;
use psp::records::DeviceId;
use serde::{Deserialize, Serialize};
use upi::messages::Credential;
use values::{Currency, Money};

/// Orders something of the purse.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPurseOrder {
    /// The transaction, made by the phone: the same one again is the same order.
    pub transaction: String,
    /// Rupees, such as `30.00`.
    pub amount: String,
    /// What.
    pub wish: Wish,
}

/// Asks what is in the purse, or closes an empty one.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPurseQuestion {
    /// The transaction that the cryptogram is bound to.
    pub transaction: String,
    /// Whether it is to be closed.
    pub closes: bool,
    /// The phone's cryptogram.
    pub cryptogram: Credential,
}

impl App {
    /// Answers what is asked below `/v1/upi/purse`; nothing for what is not one of these.
    pub(super) fn purses(
        &self,
        call: &Call,
        device: DeviceId,
        rest: &[&str],
    ) -> Result<Option<Response>, No> {
        let service = &self.0.service;
        match (call.method.as_str(), rest) {
            ("GET", []) => Ok(Some(shown(&service.purse(device)?))),
            ("POST", ["orders"]) => {
                let NewPurseOrder { transaction, amount, wish } = call.read()?;
                let amount = Money::parse(&amount, Currency::INR).map_err(|_| No::invalid("/amount"))?;
                let payment = service.order_purse(device, transaction, amount, wish)?;
                Ok(Some(shown(&Shown::from(payment))))
            }
            ("POST", ["questions"]) => {
                let NewPurseQuestion { transaction, closes, cryptogram } = call.read()?;
                let question = service.ask_purse(device, transaction, (closes, cryptogram))?;
                Ok(Some(shown(&QuestionName { question })))
            }
            _ => Ok(None),
        }
    }
}

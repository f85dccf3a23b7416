//! What the phone learns of its taps, of the cards it could hold and of its owner's other phones.

use super::{Phone, PhoneError};
use crate::api::phone as wire;
use ::wallet::history::{RecordTap, TapOutcome};
use std::time::Duration;
use values::Id;
use values::id::kinds;

impl Phone {
    /// Asks the platform how a tap ended, and writes it down; the platform waits for it so long, five seconds at most.
    pub fn learn_end(
        &self,
        token: Id<kinds::Token>,
        counter: u16,
        patience: Duration,
    ) -> Result<wire::TapEnd, PhoneError> {
        let wait_ms = patience.as_millis();
        let end: wire::TapEnd = self.get(&format!("/v1/tokens/{token}/taps/{counter}?wait_ms={wait_ms}"))?;
        self.write_end(token, counter, &end)?;
        Ok(end)
    }

    /// Writes down how a payment ended, if that is known.
    pub(super) fn write_end(
        &self,
        token: Id<kinds::Token>,
        counter: u16,
        end: &wire::TapEnd,
    ) -> Result<(), PhoneError> {
        let outcome = match end.state.as_str() {
            "approved" => TapOutcome::Approved,
            "declined" => TapOutcome::Declined,
            "taken_back" => TapOutcome::Reversed,
            _ => return Ok(()),
        };
        // The acquirer fills name and town up with blanks.
        let merchant = end.merchant.split_whitespace().collect::<Vec<_>>().join(" ");
        let merchant = Some(merchant).filter(|name| !name.is_empty());
        let amount = end.amount.zip(end.currency);
        let told = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let (reference, original) = (told(&end.reference), told(&end.original));
        self.run(RecordTap { token, atc: counter, outcome, merchant, amount, reference, original })
    }

    /// What its bank says of a dispute of a payment, or of what is done to one: `act` is nothing, `look` or `withdraw`.
    pub fn dispute(
        &self,
        token: Id<kinds::Token>,
        act: &str,
        ask: &wire::DisputeAsk,
    ) -> Result<wire::DisputeAnswer, PhoneError> {
        let below = if act.is_empty() { String::new() } else { format!("/{act}") };
        self.post(&format!("/v1/tokens/{token}/disputes{below}"), ask)
    }

    /// Which card numbers can be added.
    pub fn card_ranges(&self) -> Result<wire::CardRanges, PhoneError> {
        self.get("/v1/card-ranges")
    }

    /// The phones of this phone's owner.
    pub fn devices(&self) -> Result<wire::DeviceList, PhoneError> {
        self.get("/v1/devices")
    }
}

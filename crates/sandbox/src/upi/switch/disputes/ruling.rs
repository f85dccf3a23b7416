//! The network's own desk: it decides a dispute on which both sides were heard, and sees to one in which a bank does not do its part.

use super::super::Switch;
use super::records::UpiDispute;
use super::{act_on, telling};
use crate::upi::switch::UpiPayment;
use upi::disputes::{Act, Illegal, Side, State};
use upi::machines::switch::State as PaymentState;
use upi::mail::{Desk, Party};
use values::{Operation, Records, Timestamp};

/// Decides a dispute (ACV).
pub struct Rule {
    /// The switch.
    pub switch: Switch,
    /// The payment.
    pub payment: String,
    /// For the payer, or else for the payee.
    pub for_payer: bool,
    /// Fresh randomness.
    pub entropy: [u8; 32],
}

/// Why it was not decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleRefusal {
    /// There is no dispute about this payment.
    #[error("there is no dispute about this payment")]
    NotFound,
    /// It is not to be decided now.
    #[error(transparent)]
    Illegal(Illegal),
}

impl Operation for Rule {
    type Answer = UpiDispute;
    type Refusal = RuleRefusal;
    const NAME: &'static str = "upi_switch.rule";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<UpiDispute, RuleRefusal> {
        let dispute = records.find::<UpiDispute>(&self.payment).ok_or(RuleRefusal::NotFound)?;
        // Of a payment that failed there is nothing to take from the payee's bank.
        if dispute.state == State::NotAnswered && self.for_payer {
            let payment = records.find::<UpiPayment>(&self.payment);
            if payment.is_none_or(|payment| payment.state != PaymentState::Success) {
                return Err(RuleRefusal::Illegal(Illegal::NotNow));
            }
        }
        let act = if self.for_payer { Act::RuleForPayer } else { Act::RuleForPayee };
        let mut desk = Desk::new(self.switch.identity(), records, now, self.entropy);
        act_on(self.switch.disputes, &mut desk, dispute, act, (Side::Network, "", ""))
            .map_err(RuleRefusal::Illegal)?;
        desk.records.find::<UpiDispute>(&self.payment).ok_or(RuleRefusal::NotFound)
    }
}

/// Asks the bank once more that did not do its part. What it answers counts as it would have before.
pub struct AskAgain {
    /// The switch.
    pub switch: Switch,
    /// The payment.
    pub payment: String,
    /// Fresh randomness.
    pub entropy: [u8; 32],
}

impl Operation for AskAgain {
    type Answer = UpiDispute;
    type Refusal = RuleRefusal;
    const NAME: &'static str = "upi_switch.ask_again";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<UpiDispute, RuleRefusal> {
        let dispute = records.find::<UpiDispute>(&self.payment).ok_or(RuleRefusal::NotFound)?;
        let is_open = dispute.state.is_stuck() || dispute.state.is_repeated();
        if !is_open {
            return Err(RuleRefusal::Illegal(Illegal::NotNow));
        }
        let mut desk = Desk::new(self.switch.identity(), records, now, self.entropy);
        telling::whoever_is_asked(&mut desk, &dispute);
        Ok(dispute)
    }
}

//! The network's own desk: it decides a dispute on which both sides were heard.

use super::super::Switch;
use super::act_on;
use super::records::UpiDispute;
use upi::disputes::{Act, Illegal, Side};
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
        let act = if self.for_payer { Act::RuleForPayer } else { Act::RuleForPayee };
        let mut desk = Desk::new(self.switch.identity(), records, now, self.entropy);
        act_on(&self.switch, &mut desk, dispute, act, (Side::Network, "", ""))
            .map_err(RuleRefusal::Illegal)?;
        desk.records.find::<UpiDispute>(&self.payment).ok_or(RuleRefusal::NotFound)
    }
}

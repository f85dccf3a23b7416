//! What the switch keeps of disputes.

use serde::{Deserialize, Serialize};
use upi::disputes::{Act, State};
use values::{Record, Timestamp};

/// A dispute: a payment has one at most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpiDispute {
    /// The payment, by its transaction.
    pub payment: String,
    /// The number under which it is kept (CRN).
    pub number: String,
    /// Why, by the code of the complaint.
    pub reason: String,
    /// What is claimed, paise.
    pub paise: u64,
    /// Where it stands.
    pub state: State,
    /// The provider that raised it.
    pub origin: String,
    /// Its message: what it is told answers that.
    pub origin_message: String,
    /// The payer's bank.
    pub payer_bank: String,
    /// The payee's bank.
    pub payee_bank: String,
    /// When the payment was made.
    pub paid_at: Timestamp,
    /// How many steps it took.
    pub steps: u32,
    /// Until when somebody has to say something, or when whoever is asked is asked again.
    pub due_at: Option<Timestamp>,
    /// When it was raised.
    pub at: Timestamp,
    /// When its state last changed.
    pub changed_at: Timestamp,
}

impl Record for UpiDispute {
    type Key = String;
    const TABLE: &'static str = "upi_disputes";
    fn key(&self) -> String {
        self.payment.clone()
    }
}

/// A step of a dispute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpiDisputeStep {
    /// The payment.
    pub payment: String,
    /// Its place, from 1.
    pub number: u32,
    /// The state from then on.
    pub state: State,
    /// What was done; nothing where it was raised.
    pub act: Option<Act>,
    /// Who did it, by name on the wire; empty where it was the clock or the network.
    pub by: String,
    /// The code of the reason that was given, if one was.
    pub code: String,
    /// When.
    pub at: Timestamp,
}

impl Record for UpiDisputeStep {
    type Key = (String, u32);
    const TABLE: &'static str = "upi_dispute_steps";
    fn key(&self) -> Self::Key {
        (self.payment.clone(), self.number)
    }
}

//! What a bank keeps of disputes.

use serde::{Deserialize, Serialize};
use upi::disputes::{Act, Side, State};
use values::{Record, Timestamp};

/// A dispute about a payment of one of its customers. A bank that has both sides keeps one for each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpiDisputeCase {
    /// The payment, by its transaction.
    pub payment: String,
    /// Whose bank it is in this: the payer's or the payee's.
    pub side: Side,
    /// The number under which the network keeps it (CRN).
    pub number: String,
    /// Why, by the network's code on the ladder.
    pub reason: String,
    /// What is claimed, paise.
    pub paise: u64,
    /// Where it stands.
    pub state: State,
    /// Until when somebody has to say something.
    pub due_at: Option<Timestamp>,
    /// Whether the bank paid itself because its customer had too little.
    pub is_advanced: bool,
    /// When this bank booked its side.
    pub booked_at: Option<Timestamp>,
    /// When it was first heard of.
    pub at: Timestamp,
    /// When its state last changed.
    pub changed_at: Timestamp,
}

impl Record for UpiDisputeCase {
    type Key = (String, Side);
    const TABLE: &'static str = "upi_dispute_cases";
    fn key(&self) -> Self::Key {
        (self.payment.clone(), self.side)
    }
}

/// Something that the people of a bank did in a dispute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpiDisputeAct {
    /// The message that said it to the network.
    pub message: String,
    /// The payment.
    pub payment: String,
    /// For which side.
    pub side: Side,
    /// What.
    pub act: Act,
    /// The network's code for it, once there is one: 00 if it was taken.
    pub outcome: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl Record for UpiDisputeAct {
    type Key = String;
    const TABLE: &'static str = "upi_dispute_acts";
    fn key(&self) -> String {
        self.message.clone()
    }
}

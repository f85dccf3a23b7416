//! What the provider keeps of mandates.

use serde::{Deserialize, Serialize};
use upi::mandate::{Notice, State, Terms};
use values::{Record, Timestamp};

/// Which side of a mandate a customer is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MandateSide {
    /// Who is debited.
    Payer,
    /// Who is paid.
    Payee,
}

/// A mandate as one customer has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mandate {
    /// The transaction that made it, or is to make it.
    pub id: String,
    /// Which side the customer is on.
    pub side: MandateSide,
    /// The customer, 12 digits.
    pub mobile: String,
    /// Its number (UMN), once the payer's provider gave one.
    pub number: Option<String>,
    /// The customer's address.
    pub own: String,
    /// The other side's.
    pub other: String,
    /// The other side's name, where it is known.
    pub other_name: Option<String>,
    /// The account that is debited, or paid into, by reference; empty until the payer chose one.
    pub account: String,
    /// What was, or is to be, approved.
    pub terms: Terms,
    /// How it stands.
    pub state: State,
    /// The code with which the payer's bank last refused to let it go on.
    pub refused: Option<String>,
    /// What the payer's bank gave for it: it proves the approval when a debit is made.
    pub standing: Option<String>,
    /// The switch's message that asks the payer.
    pub message: String,
    /// The greatest number of a debit that was made.
    pub newest: u32,
    /// Until when the payer may say.
    pub expires_at: Option<Timestamp>,
    /// When it came.
    pub at: Timestamp,
    /// When its state last changed.
    pub changed_at: Timestamp,
}

impl Record for Mandate {
    type Key = (String, MandateSide);
    const TABLE: &'static str = "psp_mandates";
    fn key(&self) -> Self::Key {
        (self.id.clone(), self.side)
    }
}

/// Which mandate has a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MandateNumber {
    /// The number.
    pub number: String,
    /// On which side.
    pub side: MandateSide,
    /// The transaction that made it.
    pub id: String,
}

impl Record for MandateNumber {
    type Key = (String, MandateSide);
    const TABLE: &'static str = "psp_mandate_numbers";
    fn key(&self) -> Self::Key {
        (self.number.clone(), self.side)
    }
}

/// One debit under a mandate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MandateDebit {
    /// The mandate's number.
    pub number: String,
    /// As which side has it.
    pub side: MandateSide,
    /// The debit's number.
    pub sequence: u32,
    /// The customer, 12 digits.
    pub mobile: String,
    /// Paise.
    pub paise: u64,
    /// What the payer was told of it before.
    pub notice: Option<Notice>,
    /// How often it was tried.
    pub tries: u32,
    /// The transaction that tried it last.
    pub transaction: Option<String>,
    /// How far it is.
    pub state: DebitState,
    /// Why it was not made, last.
    pub code: Option<String>,
    /// When it is, or was, to be tried next.
    pub due: Option<Timestamp>,
    /// When it was presented.
    pub at: Timestamp,
    /// When that last changed.
    pub changed_at: Timestamp,
}

/// How far a debit under a mandate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DebitState {
    /// It is to come.
    Presented,
    /// It is tried, and nobody has said how that ended.
    Tried,
    /// It was made.
    Made,
    /// It was not made, and is tried again while there are days and tries.
    Failed,
}

impl Record for MandateDebit {
    type Key = (String, MandateSide, u32);
    const TABLE: &'static str = "psp_mandate_debits";
    fn key(&self) -> Self::Key {
        (self.number.clone(), self.side, self.sequence)
    }
}

/// Which debit a payment is a try of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MandateTry {
    /// The payment's transaction.
    pub transaction: String,
    /// As which side has it.
    pub side: MandateSide,
    /// The mandate's number.
    pub number: String,
    /// The debit's number.
    pub sequence: u32,
}

impl Record for MandateTry {
    type Key = (String, MandateSide);
    const TABLE: &'static str = "psp_mandate_tries";
    fn key(&self) -> Self::Key {
        (self.transaction.clone(), self.side)
    }
}

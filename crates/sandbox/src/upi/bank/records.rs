//! What a bank keeps about account payment; its books are those of `ledger`.

use serde::{Deserialize, Serialize};
use upi::machines::leg::{Leg, LegState};
use upi::mandate::{State, Terms};
use values::{Id, Record, Timestamp, id::kinds};

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpiAccount {
    /// Its number.
    pub number: String,
    /// The name by which providers know it (`accRefNumber`); it says nothing about the number.
    pub reference: String,
    /// The branch that keeps it.
    pub ifsc: String,
    /// Its type, as messages name it.
    pub kind: String,
    /// Who holds it.
    pub holder: String,
    /// The holder's mobile number, 12 digits.
    pub mobile: String,
    /// Last six digits of its debit card.
    pub card: String,
    /// The card's last month, MMYY.
    pub expiry: String,
    /// Keyed digest of the PIN, if one is set. The key is the security boundary's.
    pub pin_digest: Option<[u8; 32]>,
    /// Wrong PINs that are still allowed.
    pub tries_left: u8,
    /// When its holder first set a PIN.
    pub registered_at: Option<Timestamp>,
    /// Its account in the books.
    pub books: Id<kinds::Account>,
}

impl Record for UpiAccount {
    type Key = String;
    const TABLE: &'static str = "upi_accounts";
    fn key(&self) -> String {
        self.number.clone()
    }
}

/// Which account a number or reference names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountName {
    /// Number or reference.
    pub name: String,
    /// The account's number.
    pub number: String,
}

impl Record for AccountName {
    type Key = String;
    const TABLE: &'static str = "upi_account_names";
    fn key(&self) -> String {
        self.name.clone()
    }
}

/// The accounts of a mobile number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MobileAccounts {
    /// The number, 12 digits.
    pub mobile: String,
    /// Account numbers.
    pub numbers: Vec<String>,
}

impl Record for MobileAccounts {
    type Key = String;
    const TABLE: &'static str = "upi_mobiles";
    fn key(&self) -> String {
        self.mobile.clone()
    }
}

/// The one-time password that was sent last for an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneTimePassword {
    /// The account's number.
    pub account: String,
    /// Keyed digest.
    pub digest: [u8; 32],
    /// Guesses left.
    pub tries_left: u8,
    /// Good until then.
    pub ends_at: Timestamp,
}

impl Record for OneTimePassword {
    type Key = String;
    const TABLE: &'static str = "upi_passwords";
    fn key(&self) -> String {
        self.account.clone()
    }
}

/// A leg of a payment: one for each (transaction, leg), for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpiLeg {
    /// The transaction.
    pub transaction: String,
    /// Which leg.
    pub leg: Leg,
    /// What became of it.
    pub state: LegState,
    /// The account that was named; empty where the leg never came.
    pub account: String,
    /// Paise.
    pub paise: u64,
    /// The other side's address.
    pub other: String,
    /// What a customer quotes.
    pub reference: String,
    /// The code it was answered with first.
    pub code: String,
    /// The network's limit that a debit was measured by.
    pub measured_by: String,
    /// The payee's merchant category; 0000 for a person, empty where nobody said.
    pub category: String,
    /// `subType` of its message: PAY, COLLECT or REFUND.
    pub subtype: String,
    /// The payment that a refund gives back.
    pub original: Option<String>,
    /// Of a credit: paise that refunds have taken from it again.
    pub refunded: u64,
    /// When it was first heard of.
    pub at: Timestamp,
    /// When its state last changed.
    pub changed_at: Timestamp,
}

impl Record for UpiLeg {
    type Key = (String, Leg);
    const TABLE: &'static str = "upi_legs";
    fn key(&self) -> Self::Key {
        (self.transaction.clone(), self.leg)
    }
}

/// What left an account in the last 24 hours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spending {
    /// The account's number.
    pub account: String,
    /// Minute by minute, so that it stays small however many payments there are.
    pub recent: Vec<Spent>,
}

/// What left in one minute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// The network's limit that it was measured by.
    pub limit: String,
    /// The minute, counted from 1970.
    pub minute: i64,
    /// Paise.
    pub paise: u64,
}

impl Record for Spending {
    type Key = String;
    const TABLE: &'static str = "upi_spending";
    fn key(&self) -> String {
        self.account.clone()
    }
}

/// A credential that was opened once: it is good for nothing more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedCredential {
    /// Digest of the block.
    pub digest: [u8; 32],
    /// When.
    pub at: Timestamp,
}

impl Record for UsedCredential {
    type Key = [u8; 32];
    const TABLE: &'static str = "upi_used_credentials";
    fn key(&self) -> Self::Key {
        self.digest
    }
}

/// A mandate on one of its accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpiMandate {
    /// Its number.
    pub number: String,
    /// The transaction that made it.
    pub transaction: String,
    /// The account's number.
    pub account: String,
    /// What was approved.
    pub terms: Terms,
    /// How it stands.
    pub state: State,
    /// The greatest number of a debit that was made.
    pub newest: u32,
    /// When the newest order was given by which it rests or goes on; one that is older and comes later has been overtaken.
    pub ordered_at: Option<Timestamp>,
    /// When it was made.
    pub at: Timestamp,
    /// When its state last changed.
    pub changed_at: Timestamp,
}

impl Record for UpiMandate {
    type Key = String;
    const TABLE: &'static str = "upi_mandates";
    fn key(&self) -> String {
        self.number.clone()
    }
}

/// What was answered to an order about a mandate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpiMandateOrder {
    /// Its transaction.
    pub transaction: String,
    /// Digest of what it was.
    pub digest: [u8; 32],
    /// The code of the answer.
    pub code: String,
    /// When it came.
    pub at: Timestamp,
}

impl Record for UpiMandateOrder {
    type Key = String;
    const TABLE: &'static str = "upi_mandate_orders";
    fn key(&self) -> String {
        self.transaction.clone()
    }
}

/// One debit under a mandate, by its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpiMandateDebit {
    /// The mandate's number.
    pub number: String,
    /// The debit's number.
    pub sequence: u32,
    /// How often it was tried.
    pub tries: u32,
    /// The transaction that made it.
    pub made: Option<String>,
    /// The greatest number of a debit that was made before it.
    pub before: u32,
}

impl Record for UpiMandateDebit {
    type Key = (String, u32);
    const TABLE: &'static str = "upi_mandate_debits";
    fn key(&self) -> Self::Key {
        (self.number.clone(), self.sequence)
    }
}

/// Which debit under a mandate a leg is a try of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpiMandateTry {
    /// The leg's transaction.
    pub transaction: String,
    /// The mandate's number.
    pub number: String,
    /// The debit's number.
    pub sequence: u32,
}

impl Record for UpiMandateTry {
    type Key = String;
    const TABLE: &'static str = "upi_mandate_tries";
    fn key(&self) -> String {
        self.transaction.clone()
    }
}

/// A purse: a small balance that a phone spends without a PIN. Its account has the same number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpiPurse {
    /// Its number.
    pub number: String,
    /// The account that it is filled from.
    pub account: String,
    /// The phone's key, sealed at rest.
    pub sealed_key: Vec<u8>,
    /// The greatest counter that was shown.
    pub counter: u32,
    /// How it stands.
    pub state: PurseState,
    /// When it was opened.
    pub at: Timestamp,
    /// When that last changed.
    pub changed_at: Timestamp,
}

/// How a purse stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PurseState {
    /// It is spent from.
    Open,
    /// There may be two phones with it: it pays nobody but its owner.
    Suspended,
    /// It was emptied.
    Closed,
}

impl Record for UpiPurse {
    type Key = String;
    const TABLE: &'static str = "upi_purses";
    fn key(&self) -> String {
        self.number.clone()
    }
}

//! What the provider keeps.

use serde::{Deserialize, Serialize};
use values::{Id, Record, Timestamp, id::kinds};

/// The name of a phone.
pub type DeviceId = Id<kinds::Device>;

/// Whether a phone may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceState {
    /// Its text has not come.
    Waiting,
    /// It acts for its number.
    Bound,
    /// Another phone was bound to the number since.
    Replaced,
    /// Its text came from two numbers: it is bound to neither.
    Spoiled,
    /// Its customer left.
    Left,
}

/// A phone with a key of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Its name.
    pub id: DeviceId,
    /// The public half of its key, P-256, SEC 1.
    pub key: Vec<u8>,
    /// Whether it may act.
    pub state: DeviceState,
    /// The number it is bound to, 12 digits.
    pub mobile: Option<String>,
    /// When it registered.
    pub at: Timestamp,
}

impl Record for Device {
    type Key = DeviceId;
    const TABLE: &'static str = "psp_devices";
    fn key(&self) -> DeviceId {
        self.id
    }
}

/// The token that a phone sends in a text, by its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BindingToken {
    /// Digest of the token.
    pub digest: [u8; 32],
    /// Whose it is.
    pub device: DeviceId,
    /// The number it came from, once it came.
    pub sender: Option<String>,
    /// Good until then.
    pub ends_at: Timestamp,
}

impl Record for BindingToken {
    type Key = [u8; 32];
    const TABLE: &'static str = "psp_binding_tokens";
    fn key(&self) -> Self::Key {
        self.digest
    }
}

/// How far the inbox of the number that binds phones is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailbox {
    /// The number.
    pub number: String,
    /// The last text that was taken.
    pub read: u32,
}

impl Record for Mailbox {
    type Key = String;
    const TABLE: &'static str = "psp_mailboxes";
    fn key(&self) -> String {
        self.number.clone()
    }
}

/// A customer: a mobile number and what it has here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// The number, 12 digits.
    pub mobile: String,
    /// The phone that acts for it.
    pub device: DeviceId,
    /// Linked accounts; the first is paid from and into unless another is named.
    pub accounts: Vec<LinkedAccount>,
    /// Its addresses, lower case; the first is its own in payments.
    pub addresses: Vec<String>,
    /// When accounts were asked for, in the last day.
    pub listed: Vec<Timestamp>,
    /// What it is if it takes payments as a merchant.
    pub merchant: Option<Merchant>,
    /// When balances were asked for, in the last day.
    pub balances: Vec<Timestamp>,
    /// When one-time passwords were asked for, in the last day.
    pub passwords: Vec<Timestamp>,
    /// When it first came.
    pub at: Timestamp,
}

impl Record for Customer {
    type Key = String;
    const TABLE: &'static str = "psp_customers";
    fn key(&self) -> String {
        self.mobile.clone()
    }
}

/// What payers see of a merchant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merchant {
    /// The name.
    pub name: String,
    /// Merchant category, four digits.
    pub category: String,
}

/// An account of a bank, as the bank listed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkedAccount {
    /// The bank's name for it.
    pub reference: String,
    /// Branch code.
    pub ifsc: String,
    /// The number, all but the last four masked.
    pub masked: String,
    /// Its type.
    pub kind: String,
    /// Who holds it.
    pub holder: String,
    /// Whether a PIN is set.
    pub has_pin: bool,
    /// Digits of its PIN.
    pub pin_length: u8,
}

/// An address of this provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnAddress {
    /// The address, lower case.
    pub address: String,
    /// Whose it is, 12 digits.
    pub mobile: String,
    /// The account that is paid into.
    pub reference: String,
    /// When its customer gave it up: nobody is paid at it since.
    pub removed_at: Option<Timestamp>,
    /// When it was made.
    pub at: Timestamp,
}

impl Record for OwnAddress {
    type Key = String;
    const TABLE: &'static str = "psp_addresses";
    fn key(&self) -> String {
        self.address.clone()
    }
}

/// A message of the provider's own that is to be answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The message's name.
    pub message: String,
    /// Its root, such as `ReqValAdd`.
    pub api: String,
    /// For which number.
    pub mobile: String,
    /// What it is about: an account's reference, an address, a transaction; empty where nothing is named.
    pub about: String,
    /// How far it is.
    pub state: QuestionState,
    /// When it was asked.
    pub at: Timestamp,
}

impl Record for Question {
    type Key = String;
    const TABLE: &'static str = "psp_questions";
    fn key(&self) -> String {
        self.message.clone()
    }
}

/// How far a question is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuestionState {
    /// No answer yet.
    Waiting,
    /// No, with the code of who said so.
    Failed(String),
    /// Yes.
    Answered(Reply),
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// Done.
    Done,
    /// The accounts of the number.
    Accounts(Vec<LinkedAccount>),
    /// The banks whose accounts can be linked: name, and the first four letters of their branch codes.
    Banks(Vec<(String, String)>),
    /// What may still leave the account, in rupees.
    Balance(String),
    /// Who is behind an address.
    Resolved {
        /// The name its provider has registered.
        name: String,
        /// Merchant category; 0000 for a person.
        category: String,
        /// Branch code of the account behind it.
        ifsc: Option<String>,
    },
}

/// The keys to which PINs are sealed: the switch's own document, so that phones can check its signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyList {
    /// Who signed it.
    pub organisation: String,
    /// The document as it came.
    pub document: Vec<u8>,
    /// When it came.
    pub at: Timestamp,
}

impl Record for KeyList {
    type Key = String;
    const TABLE: &'static str = "psp_key_lists";
    fn key(&self) -> String {
        self.organisation.clone()
    }
}

/// Which way a payment goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The customer pays.
    Sent,
    /// The customer is paid.
    Received,
}

/// How a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    /// Nobody has said yet how it ended.
    Pending,
    /// Paid.
    Success,
    /// Not paid; nothing stands in anybody's books.
    Failed,
    /// Debited, and whether it was credited is for the back office to find out.
    Deemed,
}

/// A payment as one customer sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// The customer, 12 digits.
    pub mobile: String,
    /// The transaction.
    pub id: String,
    /// Which way.
    pub direction: Direction,
    /// The customer's own address.
    pub own: String,
    /// The other side's address.
    pub other: String,
    /// The other side's name, where it is known.
    pub other_name: Option<String>,
    /// The account it left or came into, by reference.
    pub account: String,
    /// Paise.
    pub paise: u64,
    /// What the payer wrote.
    pub note: Option<String>,
    /// What a customer quotes.
    pub reference: String,
    /// How it stands.
    pub state: PaymentState,
    /// The switch's code.
    pub code: String,
    /// The code of the bank or provider behind it.
    pub cause: Option<String>,
    /// The payee's merchant category, once somebody said it; 0000 for a person.
    pub category: Option<String>,
    /// The payment that a refund gives back.
    pub original: Option<String>,
    /// Paise that the customer has given back of it, or is giving back.
    pub refunded: u64,
    /// When the switch was asked how it stands.
    pub checks: Vec<Timestamp>,
    /// When it began.
    pub at: Timestamp,
    /// When that was last heard of.
    pub changed_at: Timestamp,
}

impl Payment {
    /// One that begins at `at`, of which nothing is known yet but what makes it: `who` and the transaction, which way, between
    /// which addresses, in or out of which account, how much.
    pub(crate) fn begins(
        (who, id, direction): (&str, &str, Direction),
        (own, other): (&str, &str),
        account: &str,
        paise: u64,
        at: Timestamp,
    ) -> Payment {
        Payment {
            mobile: who.to_owned(),
            id: id.to_owned(),
            direction,
            own: own.to_owned(),
            other: other.to_owned(),
            other_name: None,
            account: account.to_owned(),
            paise,
            note: None,
            reference: String::new(),
            state: PaymentState::Pending,
            code: "01".to_owned(),
            cause: None,
            category: None,
            original: None,
            refunded: 0,
            checks: Vec::new(),
            at,
            changed_at: at,
        }
    }
}

impl Record for Payment {
    type Key = (String, String, Direction);
    const TABLE: &'static str = "psp_payments";
    fn key(&self) -> Self::Key {
        (self.mobile.clone(), self.id.clone(), self.direction)
    }
}

/// Money that a merchant asks a customer for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectRequest {
    /// The customer who is asked, 12 digits.
    pub mobile: String,
    /// The transaction.
    pub id: String,
    /// The switch's message that asked.
    pub message: String,
    /// The customer's address that was named.
    pub own: String,
    /// Who asks.
    pub payee: String,
    /// The merchant's name.
    pub payee_name: String,
    /// The merchant's category.
    pub category: String,
    /// Paise.
    pub paise: u64,
    /// What for.
    pub note: Option<String>,
    /// What a customer quotes.
    pub reference: String,
    /// How far it is.
    pub state: CollectState,
    /// The mandate under which it is asked, where the amount wants the PIN all the same.
    pub mandate: Option<UnderMandate>,
    /// Good until then.
    pub expires_at: Timestamp,
    /// When it came.
    pub at: Timestamp,
}

/// The mandate of a debit that wants the PIN.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnderMandate {
    /// Its number.
    pub number: String,
    /// The account that it debits, by reference.
    pub account: String,
}

/// How far a request for money is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CollectState {
    /// The customer has not said.
    Open,
    /// The customer pays.
    Approved,
    /// The customer does not.
    Declined,
    /// It ended before the customer said anything.
    Expired,
}

impl Record for CollectRequest {
    type Key = (String, String);
    const TABLE: &'static str = "psp_collects";
    fn key(&self) -> Self::Key {
        (self.mobile.clone(), self.id.clone())
    }
}

/// A transaction's name that is in use, and by whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedTransaction {
    /// The transaction.
    pub id: String,
    /// Whose it is, 12 digits.
    pub mobile: String,
    /// When it was first used.
    pub at: Timestamp,
}

impl Record for UsedTransaction {
    type Key = String;
    const TABLE: &'static str = "psp_transactions";
    fn key(&self) -> String {
        self.id.clone()
    }
}

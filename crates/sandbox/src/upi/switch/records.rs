//! What the switch keeps.

use serde::{Deserialize, Serialize};
use upi::machines::switch::{Beginning, Outgoing, State};
use upi::mandate::{OrderSend, OrderState};
use upi::messages::Credential;
use values::{Record, Residency, Timestamp};

/// One side of a payment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// The address that was named.
    pub address: String,
    /// The name its provider gave.
    pub name: Option<String>,
    /// Merchant category; 0000 for a person.
    pub category: Option<String>,
    /// The provider of the address; empty where an account is named itself.
    pub provider: String,
    /// The bank of the account; empty until it is known.
    pub bank: String,
    /// Branch code.
    pub ifsc: String,
    /// Account number or reference.
    pub account: String,
    /// The device of who pays: names and values.
    pub device: Vec<(String, String)>,
}

/// A payment: the one truth while it lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpiPayment {
    /// The transaction.
    pub id: String,
    /// Who began it.
    pub origin: String,
    /// The message it began with.
    pub origin_message: String,
    /// How it began.
    pub beginning: Beginning,
    /// Where it stands.
    pub state: State,
    /// Who pays.
    pub payer: Side,
    /// Who is paid.
    pub payee: Side,
    /// Paise.
    pub paise: u64,
    /// What the payer wrote.
    pub note: Option<String>,
    /// What a customer quotes.
    pub reference: Option<String>,
    /// `initiationMode`.
    pub mode: Option<String>,
    /// `purpose`.
    pub purpose: Option<String>,
    /// `refId`: what the payee knows the payment by.
    pub merchant_reference: Option<String>,
    /// What proves the payer to the bank, sealed; forgotten when the debit leaves.
    pub credentials: Vec<Credential>,
    /// The code of the bank or provider that said no.
    pub cause: Option<String>,
    /// The last code that both sides were told.
    pub told: Option<String>,
    /// How many steps it took.
    pub steps: u32,
    /// When it came.
    pub at: Timestamp,
    /// When its state last changed.
    pub changed_at: Timestamp,
    /// Until when the payer of a collect may wait.
    pub expires_at: Option<Timestamp>,
    /// The debit under a mandate that it is a try of.
    pub mandate: Option<UnderMandate>,
    /// The payment that a refund gives back.
    pub original: Option<String>,
    /// Paise that refunds and a dispute of it have given back, or are to give back.
    pub refunded: u64,
    /// When its providers asked how it stands, in the last hours.
    pub checks: Vec<Timestamp>,
    /// Since when it counts between the banks.
    pub settled_at: Option<Timestamp>,
    /// Since when what counted goes back.
    pub returned_at: Option<Timestamp>,
    /// When the next thing happens if nobody says anything.
    pub due_at: Option<Timestamp>,
}

/// A debit under a mandate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnderMandate {
    /// The mandate's number.
    pub number: String,
    /// The debit's number.
    pub sequence: String,
}

impl Record for UpiPayment {
    type Key = String;
    const TABLE: &'static str = "upi_payments";
    fn key(&self) -> String {
        self.id.clone()
    }
}

/// A step of a payment, with what caused it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpiStep {
    /// The transaction.
    pub payment: String,
    /// Its place, from 1.
    pub number: u32,
    /// The state from then on.
    pub state: State,
    /// What happened.
    pub cause: String,
    /// The message that said so; empty where it was a deadline.
    pub message: String,
    /// What was sent.
    pub sent: Option<Outgoing>,
    /// Whether it came too late and changed nothing.
    pub late: bool,
    /// When.
    pub at: Timestamp,
}

impl Record for UpiStep {
    type Key = (String, u32);
    const TABLE: &'static str = "upi_steps";
    fn key(&self) -> Self::Key {
        (self.payment.clone(), self.number)
    }
}

/// How a bank fares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankHealth {
    /// Its name on the wire.
    pub bank: String,
    /// How many payments wait for it to say something.
    pub waiting: u32,
    /// How often in a row it said nothing in time.
    pub silences: u32,
    /// Until when it is not asked.
    pub alone_until: Option<Timestamp>,
    /// How long that was, seconds.
    pub alone_seconds: u32,
}

impl Record for BankHealth {
    type Key = String;
    const TABLE: &'static str = "upi_bank_health";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> String {
        self.bank.clone()
    }
}

/// What a bank owes the others, and they it, from one cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The cycle, by name.
    pub cycle: String,
    /// The bank's name on the wire.
    pub bank: String,
    /// Paise that it pays.
    pub pays: u64,
    /// Paise that it gets.
    pub gets: u64,
    /// How many sides of payments that is.
    pub payments: u64,
}

impl Record for Position {
    type Key = (String, String);
    const TABLE: &'static str = "upi_positions";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> Self::Key {
        (self.cycle.clone(), self.bank.clone())
    }
}

/// A message of the switch's own that is to be answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// The message's name.
    pub message: String,
    /// Its root, such as `ReqPay`.
    pub api: String,
    /// The organisation that was asked.
    pub asked: String,
    /// What it is about.
    pub about: About,
    /// When it was sent.
    pub at: Timestamp,
}

/// What a message is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// A step of a payment.
    Step {
        /// The transaction.
        payment: String,
        /// What was sent.
        sent: Outgoing,
    },
    /// Somebody's question, passed on.
    Relay {
        /// Who asked.
        origin: String,
        /// The name of the question.
        origin_message: String,
        /// The transaction it is under.
        transaction: String,
        /// Its `type`.
        kind: String,
        /// Whether it was answered.
        answered: bool,
    },
    /// A mandate on its way.
    Mandate {
        /// The order, by its transaction.
        order: String,
        /// What was sent; nothing where it was told how the order ended.
        sent: Option<OrderSend>,
    },
    /// A dispute, told to a bank, or asked of its books.
    Dispute {
        /// The payment.
        payment: String,
        /// Where the dispute stood.
        sent: upi::disputes::State,
    },
    /// That a payment ended, told to who did not ask.
    Confirmation {
        /// The transaction.
        payment: String,
    },
}

impl Record for Exchange {
    type Key = String;
    const TABLE: &'static str = "upi_exchanges";
    fn key(&self) -> String {
        self.message.clone()
    }
}

/// A mandate on its way: made, paused, let go on, revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MandateOrder {
    /// The transaction.
    pub id: String,
    /// Its `type`: CREATE, PAUSE, UNPAUSE, REVOKE.
    pub kind: String,
    /// The provider that began it.
    pub origin: String,
    /// The message it began with.
    pub origin_message: String,
    /// Whether the payer's side began it.
    pub by_payer: bool,
    /// The payer's provider.
    pub payer_provider: String,
    /// The payee's provider.
    pub payee_provider: String,
    /// The payer's bank; empty until it is known.
    pub bank: String,
    /// The payer's address.
    pub payer: String,
    /// The payee's address.
    pub payee: String,
    /// The payee's merchant category.
    pub category: Option<String>,
    /// The mandate's number, once it has one.
    pub number: Option<String>,
    /// What the payer's bank gave for it.
    pub standing: Option<String>,
    /// Where it stands.
    pub state: OrderState,
    /// The message that began it, with what the payer's side said since; without credentials once it has ended.
    pub document: Vec<u8>,
    /// When it came.
    pub at: Timestamp,
    /// When its state last changed.
    pub changed_at: Timestamp,
    /// When the next thing happens if nobody says anything.
    pub due_at: Option<Timestamp>,
}

impl Record for MandateOrder {
    type Key = String;
    const TABLE: &'static str = "upi_mandate_orders";
    fn key(&self) -> String {
        self.id.clone()
    }
}

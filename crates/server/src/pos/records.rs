//! What a terminal keeps: its counters, a journal of its payments, and what it still owes the acquirer.
//!
//! What is owed is written down before a request leaves and struck out when its answer was taken: a terminal
//! that dies in between finds it at its next start and needs no second path of recovery.

use acquiring::records::{PaymentKind, Tally};
use acquiring::{AcceptorId, ApprovalCode, Reference, TerminalId};
use iso8583::{ResponseCode, Stan};
use serde::{Deserialize, Serialize};
use store::{Kind, Mapping, Migration, Schema};
use values::{Currency, LastFour, Money, Operation, Record, Records, Residency, Timestamp, TokenNumber};

/// The one key of a record of which there is only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Only;

/// The terminal itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Its name on the wire (DE 41).
    pub terminal: TerminalId,
    /// Its merchant on the wire (DE 42).
    pub acceptor: AcceptorId,
    /// The last trace number it used.
    pub last_trace: Stan,
    /// The open batch; 0 until the first sign-on.
    pub batch: u32,
    /// Through which number it has heard of payments by scanned codes.
    pub codes_heard: u32,
}

impl Record for Device {
    type Key = Only;
    const TABLE: &'static str = "device";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> Only {
        Only
    }
}

/// What an entry of the journal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A purchase.
    Sale,
    /// An amount set aside.
    PreAuthorisation,
    /// A purchase out of what was set aside.
    Completion,
    /// Money given back.
    Refund,
    /// A payment of the open batch taken back.
    Void,
}

impl EntryKind {
    /// The payment it makes; a void makes none.
    pub fn payment(self) -> Option<PaymentKind> {
        match self {
            EntryKind::Sale => Some(PaymentKind::Sale),
            EntryKind::PreAuthorisation => Some(PaymentKind::PreAuthorisation),
            EntryKind::Completion => Some(PaymentKind::Completion),
            EntryKind::Refund => Some(PaymentKind::Refund),
            EntryKind::Void => None,
        }
    }

    /// Whether a request without an answer is undone. Refunds and voids cannot be; they are repeated instead.
    pub fn is_reversible(self) -> bool {
        !matches!(self, EntryKind::Refund | EntryKind::Void)
    }

    /// The word on receipts.
    pub fn word(self) -> &'static str {
        match self {
            EntryKind::Sale => "PURCHASE",
            EntryKind::PreAuthorisation => "PRE-AUTHORISATION",
            EntryKind::Completion => "COMPLETION",
            EntryKind::Refund => "REFUND",
            EntryKind::Void => "VOID",
        }
    }
}

/// Where an entry stands, as far as this terminal knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryState {
    /// Sent, or about to be; not answered.
    Sent,
    /// The acquirer said yes.
    Approved,
    /// The acquirer said no, or was never asked.
    Declined,
    /// To be undone; the acquirer has not yet said that it is.
    Reversing,
    /// Undone.
    Reversed,
    /// Taken back by a void.
    Voided,
    /// A pre-authorisation that was completed.
    Completed,
    /// The acquirer would not undo it: people have to look at it.
    Disputed,
}

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The batch it belongs to.
    pub batch: u32,
    /// Its trace number.
    pub trace: Stan,
    /// What it is.
    pub kind: EntryKind,
    /// Where it stands.
    pub state: EntryState,
    /// Minor units.
    pub amount: u64,
    /// Its currency.
    pub currency: Currency,
    /// The token that pays; nothing if what was read is no token.
    pub token: Option<TokenNumber>,
    /// The last four digits of what was read.
    pub last_four: LastFour,
    /// How the card was read (DE 22).
    pub entry_mode: String,
    /// Card sequence number (DE 23).
    pub card_sequence: Option<u8>,
    /// The payment it completes, gives back or takes back.
    pub original: Option<Reference>,
    /// The acquirer's name for it (DE 37).
    pub reference: Option<Reference>,
    /// The issuer's approval code (DE 38).
    pub approval_code: Option<ApprovalCode>,
    /// What was answered (DE 39).
    pub response_code: Option<ResponseCode>,
    /// When it was sent.
    pub at: Timestamp,
}

impl Record for Entry {
    type Key = (u32, Stan);
    const TABLE: &'static str = "journal";
    fn key(&self) -> Self::Key {
        (self.batch, self.trace)
    }
}

impl Entry {
    /// Amount and currency.
    pub fn money(&self) -> Money {
        Money::new(self.amount, self.currency).expect("it was an amount when it was written down")
    }
}

/// Finds an entry by the acquirer's name for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The acquirer's name (DE 37).
    pub reference: Reference,
    /// The entry's batch.
    pub batch: u32,
    /// The entry's trace number.
    pub trace: Stan,
}

impl Record for Named {
    type Key = Reference;
    const TABLE: &'static str = "payment_names";
    fn key(&self) -> Reference {
        self.reference
    }
}

/// Something the acquirer still has to hear about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// The entry's batch.
    pub batch: u32,
    /// The entry's trace number.
    pub trace: Stan,
    /// Why it is undone (DE 39 of the reversal); nothing if the request itself is repeated.
    pub reason: Option<ResponseCode>,
    /// How often it was sent.
    pub sent: u32,
}

impl Record for Owed {
    type Key = (u32, Stan);
    const TABLE: &'static str = "owed";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> Self::Key {
        (self.batch, self.trace)
    }
}

/// A no of the terminal itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The records are another terminal's.
    #[error("this directory belongs to another terminal")]
    AnotherTerminal,
    /// Nothing is known under that name.
    #[error("this terminal knows no such payment")]
    UnknownPayment,
    /// It does not stand, or is not of a kind this can be done to.
    #[error("that payment cannot be completed, voided or refunded")]
    NotPossible,
    /// The batch of the payment is closed.
    #[error("that payment's batch is closed; refund it instead")]
    BatchClosed,
}

fn device<W: Records>(records: &mut W) -> Result<Device, Refusal> {
    records.find(&Only).ok_or(Refusal::AnotherTerminal)
}

/// Makes the records this terminal's, or checks that they are.
pub(super) struct SetUp {
    pub(super) terminal: TerminalId,
    pub(super) acceptor: AcceptorId,
    /// Where the trace numbers of a new terminal begin. Its predecessor of the same name may have used any, so
    /// this is random.
    pub(super) first: Stan,
}

impl Operation for SetUp {
    type Answer = Device;
    type Refusal = Refusal;
    const NAME: &'static str = "pos.set_up";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<Device, Refusal> {
        if let Some(device) = records.find::<Device>(&Only) {
            let mine = device.terminal == self.terminal && device.acceptor == self.acceptor;
            return if mine { Ok(device) } else { Err(Refusal::AnotherTerminal) };
        }
        let device = Device {
            terminal: self.terminal,
            acceptor: self.acceptor,
            last_trace: self.first,
            batch: 0,
            codes_heard: 0,
        };
        records.put(device.clone());
        Ok(device)
    }
}

/// Takes the next trace number, for good.
pub(super) struct NextTrace;

impl Operation for NextTrace {
    type Answer = Device;
    type Refusal = Refusal;
    const NAME: &'static str = "pos.next_trace";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<Device, Refusal> {
        let mut device = device(records)?;
        device.last_trace = device.last_trace.next();
        records.put(device.clone());
        Ok(device)
    }
}

/// What the acquirer told of a payment by a scanned code.
pub(super) struct Told {
    /// Its place among this terminal's.
    pub(super) number: u32,
    /// The payment as the journal will have it.
    pub(super) entry: Entry,
}

/// Takes over a payment by a scanned code, once.
pub(super) struct Adopt {
    pub(super) told: Told,
}

impl Operation for Adopt {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "pos.adopt";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<(), Refusal> {
        let Told { number, entry } = &self.told;
        let device = device(records)?;
        if *number != device.codes_heard.saturating_add(1) {
            return Ok(());
        }
        records.put(Device { codes_heard: *number, ..device });
        let key = entry.key();
        match records.find::<Entry>(&key) {
            // The code that is being shown, paid with what it asked for.
            Some(shown) if shown.state == EntryState::Sent && shown.money() == entry.money() => {
                records.remove::<Owed>(&key);
            }
            // Given up by the cashier, whose reversal is on its way or was answered: it stands as it does.
            Some(_) => return Ok(()),
            None => {}
        }
        if let Some(reference) = entry.reference.filter(|_| entry.state == EntryState::Approved) {
            records.put(Named { reference, batch: entry.batch, trace: entry.trace });
        }
        records.put(entry.clone());
        Ok(())
    }
}

/// Makes a batch the open one.
pub(super) struct OpenBatch {
    pub(super) number: u32,
}

impl Operation for OpenBatch {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "pos.open_batch";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<(), Refusal> {
        let device = device(records)?;
        records.put(Device { batch: self.number, ..device });
        Ok(())
    }
}

/// Writes a request down before it leaves, and what is owed should no answer be taken.
pub(super) struct Begin {
    pub(super) entry: Entry,
}

impl Operation for Begin {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "pos.begin";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<(), Refusal> {
        let entry = &self.entry;
        let reason = entry.kind.is_reversible().then_some(ResponseCode::NO_ANSWER);
        records.put(Owed { batch: entry.batch, trace: entry.trace, reason, sent: 0 });
        records.put(entry.clone());
        Ok(())
    }
}

/// What came of a request.
pub(super) enum Conclusion {
    /// It stands.
    Approved { code: ResponseCode, reference: Option<Reference>, approval_code: Option<ApprovalCode> },
    /// It does not, and nothing is owed: the acquirer said no, or never heard of it.
    Declined { code: Option<ResponseCode> },
    /// Nobody knows, or it stands and must not: it is undone for this reason. What cannot be undone is repeated.
    Undo { reason: ResponseCode },
}

/// Writes down what came of a request.
pub(super) struct Conclude {
    pub(super) batch: u32,
    pub(super) trace: Stan,
    pub(super) conclusion: Conclusion,
}

impl Operation for Conclude {
    type Answer = Entry;
    type Refusal = Refusal;
    const NAME: &'static str = "pos.conclude";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<Entry, Refusal> {
        let key = (self.batch, self.trace);
        let mut entry: Entry = records.find(&key).ok_or(Refusal::UnknownPayment)?;
        match &self.conclusion {
            Conclusion::Approved { code, reference, approval_code } => {
                entry.state = EntryState::Approved;
                entry.response_code = Some(*code);
                entry.approval_code = *approval_code;
                entry.reference = *reference;
                change_original(records, &entry);
                // A void answers with the reference of what it took back.
                if let Some(reference) = reference.filter(|_| entry.kind != EntryKind::Void) {
                    records.put(Named { reference, batch: self.batch, trace: self.trace });
                }
                records.remove::<Owed>(&key);
            }
            Conclusion::Declined { code } => {
                entry.state = EntryState::Declined;
                entry.response_code = *code;
                records.remove::<Owed>(&key);
            }
            Conclusion::Undo { reason } if entry.kind.is_reversible() => {
                entry.state = EntryState::Reversing;
                let (batch, trace) = key;
                records.put(Owed { batch, trace, reason: Some(*reason), sent: 0 });
            }
            Conclusion::Undo { .. } => {}
        }
        records.put(entry.clone());
        Ok(entry)
    }
}

fn change_original<W: Records>(records: &mut W, entry: &Entry) {
    let state = match entry.kind {
        EntryKind::Completion => EntryState::Completed,
        EntryKind::Void => EntryState::Voided,
        _ => return,
    };
    if let Some(original) = entry.original.and_then(|reference| named(records, reference)) {
        records.put(Entry { state, ..original });
    }
}

/// Counts that something owed is sent once more.
pub(super) struct Sending {
    pub(super) batch: u32,
    pub(super) trace: Stan,
}

impl Operation for Sending {
    /// The entry, and what is owed for it, as it stood before.
    type Answer = (Entry, Owed);
    type Refusal = Refusal;
    const NAME: &'static str = "pos.sending";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<(Entry, Owed), Refusal> {
        let key = (self.batch, self.trace);
        let owed: Owed = records.find(&key).ok_or(Refusal::UnknownPayment)?;
        let mut entry: Entry = records.find(&key).ok_or(Refusal::UnknownPayment)?;
        if owed.reason.is_some() && entry.state == EntryState::Sent {
            entry.state = EntryState::Reversing;
            records.put(entry.clone());
        }
        records.put(Owed { sent: owed.sent.saturating_add(1), ..owed.clone() });
        Ok((entry, owed))
    }
}

/// The acquirer answered a reversal for good.
pub(super) struct Undone {
    pub(super) batch: u32,
    pub(super) trace: Stan,
    pub(super) code: ResponseCode,
}

impl Operation for Undone {
    type Answer = Entry;
    type Refusal = Refusal;
    const NAME: &'static str = "pos.undone";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<Entry, Refusal> {
        let key = (self.batch, self.trace);
        let mut entry: Entry = records.find(&key).ok_or(Refusal::UnknownPayment)?;
        entry.state = match self.code {
            ResponseCode::APPROVED | ResponseCode::ORIGINAL_NOT_FOUND => EntryState::Reversed,
            _ => EntryState::Disputed,
        };
        records.put(entry.clone());
        records.remove::<Owed>(&key);
        Ok(entry)
    }
}

/// The entry the acquirer knows by this name.
pub fn named<W: Records>(records: &mut W, reference: Reference) -> Option<Entry> {
    let named: Named = records.find(&reference)?;
    records.find(&(named.batch, named.trace))
}

/// Sales with completions, and refunds, among these entries that stand in a batch.
pub fn totals(entries: &[Entry], batch: u32) -> (Tally, Tally) {
    let (mut sales, mut refunds) = (Tally::default(), Tally::default());
    for entry in entries.iter().filter(|entry| entry.batch == batch && entry.state == EntryState::Approved) {
        let tally = match entry.kind {
            EntryKind::Sale | EntryKind::Completion => &mut sales,
            EntryKind::Refund => &mut refunds,
            EntryKind::PreAuthorisation | EntryKind::Void => continue,
        };
        tally.count = tally.count.saturating_add(1);
        tally.amount = tally.amount.saturating_add(entry.amount);
    }
    (sales, refunds)
}

/// The tables of a terminal.
pub fn schema() -> Schema {
    Schema::new()
        .migrations("pos", MIGRATIONS)
        .table::<Device>(DEVICE)
        .table::<Entry>(ENTRY)
        .table::<Named>(NAMED)
        .table::<Owed>(OWED)
}

const MIGRATIONS: &[Migration] =
    &[(1, include_str!("tables-0001.sql")), (2, include_str!("tables-0002.sql"))];

const DEVICE: Mapping = Mapping {
    key: &[],
    columns: &[
        ("terminal", Kind::Text),
        ("acceptor", Kind::Text),
        ("last_trace", Kind::Integer),
        ("batch", Kind::Integer),
        ("codes_heard", Kind::Integer),
    ],
};

const ENTRY: Mapping = Mapping {
    key: &["batch", "trace"],
    columns: &[
        ("batch", Kind::Integer),
        ("trace", Kind::Integer),
        ("kind", Kind::Json),
        ("state", Kind::Json),
        ("amount", Kind::Integer),
        ("currency", Kind::Integer),
        ("token", Kind::Integer),
        ("last_four", Kind::Integer),
        ("entry_mode", Kind::Text),
        ("card_sequence", Kind::Integer),
        ("original", Kind::Text),
        ("reference", Kind::Text),
        ("approval_code", Kind::Text),
        ("response_code", Kind::Text),
        ("at", Kind::Integer),
    ],
};

const NAMED: Mapping = Mapping {
    key: &["reference"],
    columns: &[("reference", Kind::Text), ("batch", Kind::Integer), ("trace", Kind::Integer)],
};

const OWED: Mapping = Mapping {
    key: &["batch", "trace"],
    columns: &[
        ("batch", Kind::Integer),
        ("trace", Kind::Integer),
        ("reason", Kind::Text),
        ("sent", Kind::Integer),
    ],
};

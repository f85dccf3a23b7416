//! A terminal: the reader's machine, a line to the acquirer, and a journal that survives the power going.
//!
//! Read `records` (what is kept), `line` (the way to the acquirer), `ask` (requests, and what is owed), `tap` (a
//! card and the machine), `code` (codes scanned and shown), `ended` (what the cashier sees).
//!
//! Invariants: a trace number is durable before a message carries it; a request is written down, with what is owed
//! should its answer not come, before it leaves; what is owed is sent before the next payment, over restarts.

mod ask;
mod code;
mod ended;
mod line;
pub mod records;
mod tap;

pub use code::{Patience, ScanError};
pub use ended::{Ended, Verdict, copy_of_slip};
pub use line::{AcquirerLine, Heard, TerminalLine};

use crate::reader::{Reader, ReaderError};
use crate::trace::Watch;
use acquiring::records::Tally;
use acquiring::terminal_line::Terminal;
use acquiring::{AcceptorId, Reference, TerminalId};
use iso8583::{ResponseCode, Stan};
use records::{Device, Entry, EntryKind, OpenBatch, Owed, SetUp};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use store::{Clock, Outcome, Store, StoreError};
use terminal::configuration::{CodeAccount, Configuration};
use terminal::lights::Light;
use values::time::Zone;
use values::{MerchantCategory, Money};

/// A shop of the sandbox city and its terminal.
#[derive(Clone, Copy, Debug)]
pub struct DemoTerminal {
    /// Terminal (DE 41).
    pub terminal: &'static str,
    /// Merchant (DE 42).
    pub acceptor: &'static str,
    /// What stands on receipts.
    pub name: &'static str,
    /// The town.
    pub city: &'static str,
    /// What it sells.
    pub category: u16,
    /// The most of one payment, minor units.
    pub limit_payment: u64,
}

/// The shops of the sandbox city.
pub const DEMO_TERMINALS: &[DemoTerminal] = &[
    DemoTerminal {
        terminal: "PZ000001",
        acceptor: "104110054110001",
        name: "PAIZA NOODLES",
        city: "BEIJING",
        category: 5812,
        limit_payment: 5_000_000,
    },
    DemoTerminal {
        terminal: "PZ000002",
        acceptor: "104110059420002",
        name: "PAIZA BOOKS",
        city: "BEIJING",
        category: 5942,
        limit_payment: 5_000_000,
    },
];

impl DemoTerminal {
    /// The shop whose terminal has this name.
    pub fn named(terminal: &str) -> Option<&'static DemoTerminal> {
        DEMO_TERMINALS.iter().find(|demo| demo.terminal == terminal)
    }

    /// What its terminal is told before its first card.
    pub fn configuration(&self) -> Configuration {
        let mut shop = Configuration::sample_shop();
        shop.merchant.name = self.name.to_owned();
        shop.merchant.id = self.acceptor.to_owned();
        shop.merchant.category =
            MerchantCategory::try_from(self.category).expect("the constants have four digits");
        shop.device.id = self.terminal.to_owned();
        shop.code = Some(CodeAccount {
            acquirer: "01020000".to_owned(),
            country: "CN".to_owned(),
            city: self.city.to_owned(),
        });
        shop.device.serial = self.terminal.to_owned();
        for limits in shop.applications.iter_mut().filter_map(|line| line.contactless.as_mut()) {
            // As the usual qualifiers, but without online PIN: this terminal has no PIN pad.
            limits.qualifiers = [0x22, 0x00, 0x40, 0x80];
        }
        shop
    }
}

/// What a terminal is told when it starts.
pub struct Settings {
    /// Its directory; made if it is not there.
    pub directory: PathBuf,
    /// Its merchant, device and applications.
    pub configuration: Configuration,
    /// How long an answer of the acquirer is waited for.
    pub answer_within: Duration,
    /// Where its clock stands.
    pub zone: Zone,
    /// Who watches the card's wire.
    pub watch: Watch,
}

impl Settings {
    /// A terminal in this directory: a minute's patience, clock in Shanghai, nobody watching.
    pub fn new(directory: &Path, configuration: Configuration) -> Settings {
        Settings {
            directory: directory.to_owned(),
            configuration,
            answer_within: Duration::from_secs(60),
            zone: Zone::Shanghai,
            watch: None,
        }
    }
}

/// What a terminal shows while it works.
#[derive(Clone, Debug)]
pub enum Shown {
    /// Lights and text of the reader.
    Light(Light),
    /// The code that a phone scans to pay.
    Code {
        /// What it says.
        text: String,
        /// For how much; nothing if the customer says how much.
        amount: Option<Money>,
    },
    /// It signed on; this batch is open.
    SignedOn {
        /// Number of the batch.
        batch: u32,
    },
    /// Something owed was sent.
    Forwarded {
        /// The trace number of what it is about.
        trace: Stan,
        /// Why it is undone; nothing if the request itself was repeated.
        reason: Option<ResponseCode>,
        /// What was answered; nothing if nothing was.
        answered: Option<ResponseCode>,
    },
}

/// Why a terminal could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum PosError {
    /// The configuration contradicts itself.
    #[error("the terminal's configuration: {0}")]
    Configuration(String),
    /// The directory cannot be used.
    #[error("{path}: {error}")]
    Directory {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The records.
    #[error("the terminal's records: {0}")]
    Store(#[from] StoreError),
    /// A no of the terminal itself.
    #[error(transparent)]
    Refused(#[from] records::Refusal),
    /// A no of the acquirer to something that is no payment.
    #[error("{doing}: the acquirer answered {code} ({})", .code.meaning())]
    AcquirerRefused {
        /// What was being attempted.
        doing: &'static str,
        /// Its answer.
        code: ResponseCode,
    },
    /// The acquirer does not answer.
    #[error("{0}: no answer from the acquirer")]
    Unreachable(&'static str),
    /// The customer's code is not taken; nobody was asked.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// The reader, or nobody presented a card.
    #[error(transparent)]
    Reader(#[from] ReaderError),
}

/// A batch that was closed.
#[derive(Clone, Debug)]
pub struct ClosedBatch {
    /// Which.
    pub batch: u32,
    /// Sales and completions.
    pub sales: Tally,
    /// Refunds.
    pub refunds: Tally,
    /// Whether the acquirer counted the same. If not, its count holds.
    pub balanced: bool,
    /// The batch now open.
    pub next: u32,
}

/// A terminal.
pub struct Pos {
    store: Store,
    settings: Settings,
    terminal: TerminalId,
    acceptor: AcceptorId,
    line: Arc<dyn AcquirerLine>,
    tell: Box<dyn FnMut(Shown) + Send>,
    signed_on: bool,
}

impl Pos {
    /// Opens a terminal, or makes a new one in an empty directory. It says nothing to the acquirer yet.
    pub fn open(
        settings: Settings,
        line: Arc<dyn AcquirerLine>,
        clock: Arc<dyn Clock>,
    ) -> Result<Pos, PosError> {
        let contradiction = |error: &dyn std::fmt::Display| PosError::Configuration(error.to_string());
        let configuration = &settings.configuration;
        configuration.check().map_err(|error| contradiction(&error))?;
        let terminal = configuration.device.id.parse().map_err(|error| contradiction(&error))?;
        let acceptor = configuration.merchant.id.parse().map_err(|error| contradiction(&error))?;
        let directory = |error| PosError::Directory { path: settings.directory.clone(), error };
        std::fs::create_dir_all(&settings.directory).map_err(directory)?;
        let store = Store::open(&settings.directory.join("pos.sqlite"), records::schema(), clock)?;
        let random = u32::from_be_bytes(crypto::random::bytes()) % 1_000_000;
        let first = Stan::new(random).expect("a remainder of a million has six digits");
        let pos = Pos { store, settings, terminal, acceptor, line, tell: Box::new(|_| ()), signed_on: false };
        pos.run(SetUp { terminal, acceptor, first })?;
        Ok(pos)
    }

    /// Has `tell` hear what the terminal shows.
    pub fn on_shown(&mut self, tell: impl FnMut(Shown) + Send + 'static) {
        self.tell = Box::new(tell);
    }

    /// Tells what is owed, then takes a trace number that nothing else will have. The next request has the one after
    /// it, so whoever remembers the mark finds that request in the journal again.
    pub fn mark(&mut self) -> Result<(u32, Stan), PosError> {
        self.ready()?;
        let device = self.run(records::NextTrace)?;
        Ok((device.batch, device.last_trace))
    }

    /// The records.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Takes a payment by the card that is presented.
    pub fn sale(&mut self, amount: Money, reader: &mut dyn Reader) -> Result<Ended, PosError> {
        self.pay_by_card(EntryKind::Sale, amount, reader)
    }

    /// Sets an amount aside on the card that is presented.
    pub fn preauth(&mut self, amount: Money, reader: &mut dyn Reader) -> Result<Ended, PosError> {
        self.pay_by_card(EntryKind::PreAuthorisation, amount, reader)
    }

    /// Takes what was set aside, or less.
    pub fn complete(&mut self, reference: Reference, amount: Money) -> Result<Ended, PosError> {
        self.follow(EntryKind::Completion, reference, Some(amount))
    }

    /// Takes a payment of the open batch back.
    pub fn void(&mut self, reference: Reference) -> Result<Ended, PosError> {
        self.follow(EntryKind::Void, reference, None)
    }

    /// Gives money back for an earlier payment.
    pub fn refund(&mut self, reference: Reference, amount: Money) -> Result<Ended, PosError> {
        self.follow(EntryKind::Refund, reference, Some(amount))
    }

    /// Compares totals with the acquirer and opens the next batch.
    pub fn close_batch(&mut self) -> Result<ClosedBatch, PosError> {
        self.ready()?;
        // What phones paid by the code on the wall counts too.
        self.catch_up_on_codes()?;
        let batch = self.device()?.batch;
        let (sales, refunds) = records::totals(&self.journal()?, batch);
        let settle = |terminal: &Terminal| terminal.settlement(sales, refunds);
        let (_, code) = self.ask_about_line("closing the batch", settle)?;
        let balanced = match code {
            ResponseCode::APPROVED => true,
            ResponseCode::OUT_OF_BALANCE => false,
            code => return Err(PosError::AcquirerRefused { doing: "closing the batch", code }),
        };
        self.run(OpenBatch { number: batch % 999_999 + 1 })?;
        // The acquirer says which batch is open; if it cannot just now, it is asked before the next payment.
        self.signed_on = false;
        let next = match self.sign_on() {
            Ok(next) => next,
            Err(PosError::Unreachable(_)) => self.device()?.batch,
            Err(error) => return Err(error),
        };
        Ok(ClosedBatch { batch, sales, refunds, balanced, next })
    }

    /// Asks whether the acquirer is there.
    pub fn echo(&mut self) -> Result<(), PosError> {
        match self.ask_about_line("echo", |terminal| terminal.network(301))? {
            (_, ResponseCode::APPROVED) => Ok(()),
            (_, code) => Err(PosError::AcquirerRefused { doing: "echo", code }),
        }
    }

    /// Signs on and learns which batch is open.
    pub fn sign_on(&mut self) -> Result<u32, PosError> {
        let (answer, code) = self.ask_about_line("sign-on", |terminal| terminal.network(1))?;
        let batch = answer.text(iso8583::field::BATCH).and_then(|text| text.get(2..8)?.parse().ok());
        let (ResponseCode::APPROVED, Some(batch)) = (code, batch) else {
            return Err(PosError::AcquirerRefused { doing: "sign-on", code });
        };
        if self.device()?.batch != batch {
            self.run(OpenBatch { number: batch })?;
        }
        self.signed_on = true;
        (self.tell)(Shown::SignedOn { batch });
        Ok(batch)
    }

    /// Sends what is owed to the acquirer. Answers how much is still owed.
    pub fn forward(&mut self) -> Result<usize, PosError> {
        for owed in self.owed()? {
            if !self.deliver(&owed)? {
                break;
            }
        }
        Ok(self.owed()?.len())
    }

    /// What the acquirer still has to hear about, oldest first.
    pub fn owed(&self) -> Result<Vec<Owed>, PosError> {
        let mut owed = self.store.read(|records| records.all::<Owed>())?;
        owed.sort_by_key(|owed| (owed.batch, owed.trace));
        Ok(owed)
    }

    /// Every payment of this terminal, oldest first.
    pub fn journal(&self) -> Result<Vec<Entry>, PosError> {
        let mut entries = self.store.read(|records| records.all::<Entry>())?;
        entries.sort_by_key(|entry| (entry.at, entry.batch, entry.trace));
        Ok(entries)
    }

    fn device(&self) -> Result<Device, PosError> {
        let found = self.store.read(|records| values::Records::find::<Device>(records, &records::Only))?;
        Ok(found.expect("opening the terminal made it"))
    }

    fn run<O>(&self, operation: O) -> Result<O::Answer, PosError>
    where
        O: values::Operation<Refusal = records::Refusal>,
    {
        match self.store.call(operation)? {
            Outcome::Done(answer) | Outcome::Repeated(answer) => Ok(answer),
            Outcome::Refused(refusal) => Err(refusal.into()),
            Outcome::Mismatch => unreachable!("operations of a terminal have no idempotency key"),
        }
    }
}

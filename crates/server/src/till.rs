//! A till: a terminal that is worked at a screen.
//!
//! One thread has the terminal and its reader and does one order after another; the screen reads what the till
//! shows and places orders. Read `face` (what it shows), then `door` (the screen's routes).
//!
//! Invariants: one order at a time; every form knows the turn it was made in, so that a form that is sent twice is one
//! order; nobody waits for a card longer than the reader's patience.

pub mod door;
pub mod face;

use crate::pos::records::{Entry, EntryKind, totals};
use crate::pos::{Patience, Pos, PosError, Shown, copy_of_slip};
use crate::reader::{CardInField, Reader, ReaderError};
use crate::vpcd::ReaderEnd;
use acquiring::Reference;
use acquiring::records::Tally;
use face::{Busy, Face, Log, Trouble, View};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};
use store::{Store, StoreError};
use terminal::configuration::Configuration;
use tokio::sync::watch;
use values::time::Zone;
use values::{Money, Records};

/// How long somebody has to present a card.
pub const CARD_PATIENCE: Duration = Duration::from_secs(120);

/// How long a code stays on the screen that nobody pays: shorter than its bill can be paid.
const CODE_PATIENCE: Duration = Duration::from_secs(10 * 60);

/// How soon the acquirer is asked again whether a shown code was paid: at first what a cashier takes for at once, while
/// somebody stands there and scans; then ever less often, for a code that nobody seems to come for.
fn ask_again_after(shown_for: Duration) -> Duration {
    (shown_for / 40).clamp(Duration::from_millis(250), Duration::from_secs(3))
}

/// How often it is looked whether the cashier gave up waiting for a card.
const GLANCE: Duration = Duration::from_millis(100);

/// Opens the place where cards are presented, for one payment; the reader waits this long for a card at a time.
pub type OpenReader = Box<dyn Fn(Duration) -> Result<Box<dyn Reader>, ReaderError> + Send>;

/// Opens a virtual reader at this address, for as long as one payment takes.
pub fn vpcd(at: SocketAddr) -> OpenReader {
    Box::new(move |patience| {
        let reader = ReaderEnd::listen(at)?;
        reader.give_up_after(patience).map_err(|error| ReaderError::Failed(error.to_string()))?;
        Ok(Box::new(reader))
    })
}

/// What a cashier can order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// A payment by the card that is presented: a sale or a pre-authorisation.
    ByCard(EntryKind, Money),
    /// Something about an earlier payment: completed, voided or refunded. `None` is its own amount.
    Follow(EntryKind, Reference, Option<Money>),
    /// A payment by the code on a customer's phone, which was scanned.
    ScanCode(Money),
    /// A code is shown for a phone to scan: for this amount, or for one that the customer says.
    ShowCode(Option<Money>),
    /// Totals are compared, and the next batch is opened.
    CloseBatch,
}

enum Work {
    /// An order, with the code that was scanned for it.
    Order(Order, String),
    End,
}

/// What stands still about a till.
#[derive(Clone, Debug)]
pub struct Shop {
    /// What its terminal is told.
    pub configuration: Configuration,
    /// Where its clock stands.
    pub zone: Zone,
}

struct Shared {
    shop: Shop,
    journal: Store,
    log: Mutex<Log>,
    /// The number of the last thing that happened.
    last: watch::Sender<u64>,
    given_up: AtomicBool,
}

/// A till; clones are the same one.
#[derive(Clone)]
pub struct Till {
    shared: Arc<Shared>,
    work: mpsc::Sender<Work>,
}

/// Ends a till when it is dropped: nobody waits for a card any more, what was asked of the acquirer is finished.
pub struct TillEnd {
    till: Till,
    ended: crossbeam_channel::Receiver<()>,
    patience: Duration,
}

impl Till {
    /// Puts a terminal to work, with the reader that `open_reader` opens for each payment.
    pub fn start(
        mut pos: Pos,
        shop: Shop,
        open_reader: OpenReader,
        patience: Duration,
    ) -> std::io::Result<(Till, TillEnd)> {
        let shared = Arc::new(Shared {
            shop,
            journal: pos.store().clone(),
            log: Mutex::new(Log::default()),
            last: watch::Sender::new(0),
            given_up: AtomicBool::new(false),
        });
        let seen = Arc::clone(&shared);
        pos.on_shown(move |shown| match shown {
            Shown::Light(light) => seen.change(|log| log.light(light)),
            Shown::Code { text, .. } => seen.change(|log| log.code(text)),
            Shown::SignedOn { .. } | Shown::Forwarded { .. } => {}
        });
        let (work, orders) = mpsc::channel();
        let (tell, ended) = crossbeam_channel::bounded::<()>(0);
        let till = Till { shared: Arc::clone(&shared), work };
        std::thread::Builder::new().name("till".to_owned()).spawn(move || {
            // Dropped when this thread is done.
            let _tell = tell;
            while let Ok(Work::Order(order, code)) = orders.recv() {
                let face = shared.carry_out(&mut pos, order, &code, &open_reader);
                shared.change(|log| log.face(face));
            }
        })?;
        Ok((till.clone(), TillEnd { till, ended, patience }))
    }

    /// What it shows now.
    pub fn view(&self) -> View {
        self.shared.log().view()
    }

    /// Who takes the money, and where.
    pub fn shop(&self) -> &Shop {
        &self.shared.shop
    }

    /// Places an order from a form that was made in this turn. A till that is busy takes none.
    pub fn order(&self, turn: u64, order: Order) -> Result<(), Busy> {
        self.order_with(turn, order, String::new())
    }

    /// The same for a payment by the code that was scanned.
    pub fn order_by_code(&self, turn: u64, amount: Money, code: &str) -> Result<(), Busy> {
        self.order_with(turn, Order::ScanCode(amount), code.to_owned())
    }

    fn order_with(&self, turn: u64, order: Order, code: String) -> Result<(), Busy> {
        // Under the lock from the question whether it is free to the order, so that of two forms one is late.
        let mut log = self.shared.log();
        log.begin(turn, order)?;
        self.shared.given_up.store(false, Ordering::SeqCst);
        self.shared.last.send_replace(log.last());
        self.work.send(Work::Order(order, code)).map_err(|_| Busy)
    }

    /// Begins the payment that stories begin with, 36.50 of its currency, unless the till is busy.
    pub fn begin_story(&self) {
        if let Ok(amount) = Money::parse("36.50", self.shared.shop.configuration.currency) {
            let _ = self.order(self.view().turn, Order::ByCard(EntryKind::Sale, amount));
        }
    }

    /// Nobody waits for a card any more. A card that is being read is read to its end.
    pub fn give_up(&self) {
        self.shared.given_up.store(true, Ordering::SeqCst);
    }

    /// Clears what an order of this turn led to.
    pub fn clear(&self, turn: u64) {
        self.shared.change(|log| log.clear(turn));
    }

    /// The journal, newest first.
    pub fn journal(&self) -> Result<Vec<Entry>, StoreError> {
        let mut entries = self.shared.journal.read(|records| records.all::<Entry>())?;
        entries.sort_by_key(|entry| std::cmp::Reverse((entry.at, entry.batch, entry.trace)));
        Ok(entries)
    }

    /// A copy of the slip of an entry.
    pub fn slip(&self, entry: &Entry) -> Vec<String> {
        copy_of_slip(entry, &self.shared.shop.configuration, self.shared.shop.zone)
    }

    /// The open batch with its sales and refunds; batch 0 before the first sign-on.
    pub fn batch(&self) -> Result<(u32, Tally, Tally), StoreError> {
        let device = self.shared.journal.read(|records| {
            Records::find::<crate::pos::records::Device>(records, &crate::pos::records::Only)
        })?;
        let batch = device.map_or(0, |device| device.batch);
        let (sales, refunds) = totals(&self.journal()?, batch);
        Ok((batch, sales, refunds))
    }
}

impl Drop for TillEnd {
    fn drop(&mut self) {
        self.till.give_up();
        let _ = self.till.work.send(Work::End);
        if self.ended.recv_timeout(self.patience) == Err(crossbeam_channel::RecvTimeoutError::Timeout) {
            tracing::warn!("a till was left in the middle of an order");
        }
    }
}

impl Shared {
    fn log(&self) -> MutexGuard<'_, Log> {
        // A log is whole between any two statements, so a panic elsewhere cannot break it.
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Log)) {
        let mut log = self.log();
        change(&mut log);
        self.last.send_replace(log.last());
    }

    fn carry_out(&self, pos: &mut Pos, order: Order, code: &str, open_reader: &OpenReader) -> Face {
        let done = match order {
            Order::ByCard(kind, amount) => self.by_card(pos, (kind, amount), open_reader).map(Face::ended),
            Order::Follow(EntryKind::Void, reference, _) => pos.void(reference).map(Face::ended),
            Order::Follow(EntryKind::Completion, reference, Some(amount)) => {
                pos.complete(reference, amount).map(Face::ended)
            }
            Order::Follow(_, reference, Some(amount)) => pos.refund(reference, amount).map(Face::ended),
            // A completion or refund names its amount; the door asks for one.
            Order::Follow(..) => return Face::Failed(order, Trouble::NotPossible),
            Order::ScanCode(amount) => pos.sale_by_code(amount, code).map(Face::ended),
            Order::ShowCode(amount) => self.show_code(pos, amount),
            Order::CloseBatch => pos.close_batch().map(Face::Closed),
        };
        match done {
            Ok(face) => face,
            Err(PosError::Reader(ReaderError::NoCard)) if self.given_up.load(Ordering::SeqCst) => Face::Idle,
            Err(error) => {
                tracing::warn!(%error, "an order at a till failed");
                Face::Failed(order, Trouble::of(&error))
            }
        }
    }

    /// Waits so long, or until the cashier gives up.
    fn rest(&self, pause: Duration) {
        let until = Instant::now() + pause;
        while Instant::now() < until && !self.given_up.load(Ordering::SeqCst) {
            std::thread::park_timeout(GLANCE.min(until.saturating_duration_since(Instant::now())));
        }
    }

    /// Shows a code until it is paid, the cashier gives it up, or nobody came for it.
    fn show_code(&self, pos: &mut Pos, amount: Option<Money>) -> Result<Face, PosError> {
        let began = Instant::now();
        let wait = || {
            if self.given_up.load(Ordering::SeqCst) || began.elapsed() >= CODE_PATIENCE {
                return Patience::GiveUp;
            }
            self.rest(ask_again_after(began.elapsed()));
            Patience::GoOn
        };
        let ended = match amount {
            Some(amount) => pos.sale_by_shown_code(amount, wait)?,
            None => pos.show_open_code(wait)?,
        };
        Ok(ended.map_or(Face::Idle, Face::ended))
    }

    fn by_card(
        &self,
        pos: &mut Pos,
        (kind, amount): (EntryKind, Money),
        open_reader: &OpenReader,
    ) -> Result<crate::pos::Ended, PosError> {
        let reader = open_reader(GLANCE)?;
        let mut reader = Patient { reader, given_up: &self.given_up, until: Instant::now() + CARD_PATIENCE };
        match kind {
            EntryKind::PreAuthorisation => pos.preauth(amount, &mut reader),
            _ => pos.sale(amount, &mut reader),
        }
    }
}

/// A reader whose wait for a card can be given up.
struct Patient<'a> {
    reader: Box<dyn Reader>,
    given_up: &'a AtomicBool,
    until: Instant,
}

impl Reader for Patient<'_> {
    fn wait_for_card(&mut self) -> Result<Box<dyn CardInField>, ReaderError> {
        loop {
            if self.given_up.load(Ordering::SeqCst) || Instant::now() >= self.until {
                return Err(ReaderError::NoCard);
            }
            match self.reader.wait_for_card() {
                Err(ReaderError::NoCard) => {}
                other => return other,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_nobody_pays_is_asked_for_ever_less_often() {
        let soon = |seconds| ask_again_after(Duration::from_secs(seconds)).as_millis();
        assert_eq!([0, 10, 20, 60, 120, 600].map(soon), [250, 250, 500, 1500, 3000, 3000]);
        let mut asked = 0;
        let mut shown_for = Duration::ZERO;
        while shown_for < CODE_PATIENCE {
            shown_for += ask_again_after(shown_for);
            asked += 1;
        }
        assert!(asked < 320, "{asked} questions; four a second would be 2400");
    }
}

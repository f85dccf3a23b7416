//! What a till shows: one face at a time, and every light of the reader in the order in which it came on.

use super::Order;
use crate::pos::records::Refusal;
use crate::pos::{ClosedBatch, Ended, PosError, ScanError};
use iso8583::ResponseCode;
use terminal::lights::Light;

/// What a till shows.
#[derive(Clone, Debug)]
pub enum Face {
    /// It waits for an amount.
    Idle,
    /// An order is being carried out; the last light of the reader, if it has shown any.
    Busy(Order, Option<Light>),
    /// A code is shown, and somebody may be paying it.
    Code(Order, String),
    /// How a payment ended.
    Ended(Box<Ended>),
    /// A batch was closed.
    Closed(ClosedBatch),
    /// The order could not be carried out.
    Failed(Order, Trouble),
}

impl Face {
    /// How a payment ended.
    pub fn ended(ended: Ended) -> Face {
        Face::Ended(Box::new(ended))
    }
}

/// Why an order was not carried out, as a cashier has to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nobody presented a card in time.
    NoCard,
    /// The customer's code is not taken.
    Code(ScanError),
    /// The reader cannot be used.
    Reader,
    /// The acquirer cannot be reached.
    Unreachable,
    /// The acquirer said no to something that is no payment.
    AcquirerRefused(ResponseCode),
    /// This terminal knows no such payment.
    UnknownPayment,
    /// That payment cannot be completed, voided or refunded.
    NotPossible,
    /// The payment's batch is closed.
    BatchClosed,
    /// The terminal's own records fail.
    Records,
}

impl Trouble {
    /// What a cashier has to know of an error.
    pub fn of(error: &PosError) -> Trouble {
        match error {
            PosError::Reader(crate::reader::ReaderError::NoCard) => Trouble::NoCard,
            PosError::Scan(error) => Trouble::Code(*error),
            PosError::Reader(_) => Trouble::Reader,
            PosError::Unreachable(_) => Trouble::Unreachable,
            PosError::AcquirerRefused { code, .. } => Trouble::AcquirerRefused(*code),
            PosError::Refused(Refusal::UnknownPayment) => Trouble::UnknownPayment,
            PosError::Refused(Refusal::BatchClosed) => Trouble::BatchClosed,
            PosError::Refused(Refusal::NotPossible) => Trouble::NotPossible,
            PosError::Refused(Refusal::AnotherTerminal)
            | PosError::Configuration(_)
            | PosError::Directory { .. }
            | PosError::Store(_) => Trouble::Records,
        }
    }
}

/// The till is busy, or the form is of an earlier turn: nothing was ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

/// A till as it stands.
#[derive(Clone, Debug)]
pub struct View {
    /// Which turn this is; a form that orders something names it.
    pub turn: u64,
    /// The number of the last thing that happened.
    pub last: u64,
    /// What it shows.
    pub face: Face,
}

/// Something that happened at a till.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happened {
    /// The reader showed this.
    Light(Light),
    /// The till shows another face.
    Face,
}

/// The face, and what happened in this turn and the one before: so many things a slow screen may have missed.
#[derive(Debug)]
pub(super) struct Log {
    turn: u64,
    face: Face,
    last: u64,
    happened: Vec<(u64, Happened)>,
}

impl Default for Log {
    fn default() -> Log {
        Log { turn: 0, face: Face::Idle, last: 0, happened: Vec::new() }
    }
}

impl Log {
    pub(super) fn view(&self) -> View {
        View { turn: self.turn, last: self.last, face: self.face.clone() }
    }

    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// What happened after this number, oldest first.
    pub(super) fn since(&self, number: u64) -> Vec<(u64, Happened)> {
        self.happened.iter().filter(|(known, _)| *known > number).copied().collect()
    }

    pub(super) fn begin(&mut self, turn: u64, order: Order) -> Result<(), Busy> {
        if turn != self.turn || self.is_busy() {
            return Err(Busy);
        }
        self.turn += 1;
        self.happened.clear();
        self.face(Face::Busy(order, None));
        Ok(())
    }

    pub(super) fn light(&mut self, light: Light) {
        if let Face::Busy(_, shown) = &mut self.face {
            *shown = Some(light);
        }
        self.happen(Happened::Light(light));
    }

    /// The order goes on with this code on the screen.
    pub(super) fn code(&mut self, text: String) {
        if let Face::Busy(order, _) = self.face {
            self.face(Face::Code(order, text));
        }
    }

    fn is_busy(&self) -> bool {
        matches!(self.face, Face::Busy(..) | Face::Code(..))
    }

    pub(super) fn face(&mut self, face: Face) {
        self.face = face;
        self.happen(Happened::Face);
    }

    pub(super) fn clear(&mut self, turn: u64) {
        if turn == self.turn && !self.is_busy() {
            self.face(Face::Idle);
        }
    }

    fn happen(&mut self, what: Happened) {
        self.last += 1;
        self.happened.push((self.last, what));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use terminal::lights::{Message, Status};
    use values::{Currency, Money};

    fn sale() -> Order {
        let amount = Money::parse("12.50", Currency::CNY).unwrap();
        Order::ByCard(crate::pos::records::EntryKind::Sale, amount)
    }

    #[test]
    fn a_form_sent_twice_is_one_order() {
        let mut log = Log::default();
        let form = log.view().turn;
        assert_eq!(log.begin(form, sale()), Ok(()));
        assert_eq!(log.begin(form, sale()), Err(Busy));
        let made_while_busy = log.view().turn;
        assert_eq!(log.begin(made_while_busy, sale()), Err(Busy));
        log.clear(made_while_busy);
        assert!(matches!(log.view().face, Face::Busy(..)), "a busy till is not cleared");
        log.face(Face::Failed(sale(), Trouble::NoCard));
        assert_eq!(log.begin(form, sale()), Err(Busy), "its turn is over");
        assert_eq!(log.begin(log.view().turn, sale()), Ok(()));
    }

    #[test]
    fn who_looks_late_still_sees_every_light_in_order() {
        let mut log = Log::default();
        log.begin(0, sale()).unwrap();
        let first = log.last();
        let lights = [(Status::ReadyToRead, Message::PresentCard), (Status::CardReadOk, Message::CardReadOk)];
        let lights = lights.map(|(status, message)| Light { status, message });
        lights.iter().for_each(|light| log.light(*light));
        log.face(Face::Idle);
        let seen: Vec<Happened> = log.since(first).into_iter().map(|(_, what)| what).collect();
        assert_eq!(seen, [Happened::Light(lights[0]), Happened::Light(lights[1]), Happened::Face]);
        assert_eq!(log.since(first + 2).len(), 1);
        assert_eq!(log.since(log.last()), []);
    }
}

//! Codes that a shop shows and a phone scans: bills to be paid, payments by phones, and how the terminal hears of them.
//!
//! A code made for one payment names a bill, which the terminal opened under a trace number of its own: the payment gets
//! that number, so that the terminal voids, refunds and counts it as if a card had been tapped. A code that hangs on the
//! wall names no bill; its payments get numbers that the terminal has not used. Either kind is numbered for the terminal,
//! which asks for one number after the other.

use super::Accept;
use super::accept::Accepted;
use super::shared::{Undertaking, admitted, fingerprint};
use crate::defences::Defence;
use crate::names::{AcceptorId, EntryMode, TerminalId};
use crate::records::{
    Bill, BillName, CodeCount, CodePayment, Institution, PaymentKind, Terminal, TerminalTrace,
};
use crate::refusal::Refusal;
use crate::terminal_line::{BillRequest, PaymentRequest};
use iso8583::Stan;
use std::time::Duration;
use values::{Id, Idempotency, Money, Operation, Records, Timestamp, TokenNumber, id::kinds};

/// How long a bill can be paid.
pub const BILL_LIFE: Duration = Duration::from_secs(15 * 60);

/// A terminal is about to show a code for one payment.
#[derive(Clone, Debug)]
pub struct OpenBill {
    /// What the terminal asks.
    pub request: BillRequest,
}

impl Operation for OpenBill {
    type Answer = Bill;
    type Refusal = Refusal;
    const NAME: &'static str = "acquiring.open_bill";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Bill, Refusal> {
        let request = &self.request;
        let (terminal, merchant) =
            admitted(records, &request.terminal, &request.acceptor, Undertaking::Sell)?;
        if request.batch != terminal.batch {
            return Err(Refusal::WrongBatch);
        }
        let key = (request.terminal, request.batch, request.trace);
        if records.find::<TerminalTrace>(&key).is_some() {
            return Err(Refusal::TraceUsed);
        }
        if request.amount.currency() != merchant.currency {
            return Err(Refusal::WrongCurrency);
        }
        if request.amount.is_zero() {
            return Err(Refusal::ZeroAmount);
        }
        let bill = Bill {
            terminal: request.terminal,
            batch: request.batch,
            trace: request.trace,
            amount: request.amount.minor(),
            currency: request.amount.currency(),
            until: now.after(BILL_LIFE),
        };
        match records.find::<Bill>(&key) {
            Some(known) if known.amount != bill.amount => Err(Refusal::TraceUsed),
            Some(known) => Ok(known),
            None => {
                records.put(bill.clone());
                Ok(bill)
            }
        }
    }
}

/// A phone pays what a scanned code asks for.
#[derive(Clone, Debug)]
pub struct AcceptCode {
    /// The shop as the code names it.
    pub acceptor: AcceptorId,
    /// Its terminal as the code names it.
    pub terminal: TerminalId,
    /// The bill that the code names, if it is made for one payment.
    pub bill: Option<BillName>,
    /// What the customer approved.
    pub amount: Money,
    /// How the code came to be read (DE 22).
    pub entry_mode: EntryMode,
    /// The token that pays.
    pub token: TokenNumber,
    /// Its sequence number.
    pub card_sequence: u16,
    /// The counter of its cryptogram: the phone that asks again names the same.
    pub counter: u16,
    /// Who we are.
    pub institution: Institution,
    /// The name the payment gets.
    pub id: Id<kinds::Payment>,
}

impl Operation for AcceptCode {
    type Answer = Accepted;
    type Refusal = Refusal;
    const NAME: &'static str = "acquiring.accept_code";

    fn idempotency(&self) -> Option<Idempotency> {
        let mut key = [0; 16];
        key[0] = b'C';
        key[1..9].copy_from_slice(&self.token.as_u64().to_be_bytes());
        key[9..11].copy_from_slice(&self.counter.to_be_bytes());
        let bill = self.bill.map(|bill| bill.to_string()).unwrap_or_default();
        let fingerprint = fingerprint(&[
            self.acceptor.padded(),
            self.terminal.padded(),
            bill.as_bytes(),
            &self.amount.minor().to_be_bytes(),
            &self.amount.currency().numeric().to_be_bytes(),
        ]);
        Some(Idempotency { key, fingerprint })
    }

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Accepted, Refusal> {
        let (terminal, _) = admitted(records, &self.terminal, &self.acceptor, Undertaking::Sell)?;
        let trace = match self.bill {
            Some(name) => self.open(records, &terminal, name, now)?,
            None => free_trace(records, &terminal)?,
        };
        let request = PaymentRequest {
            kind: PaymentKind::Sale,
            terminal: self.terminal,
            acceptor: self.acceptor,
            trace,
            batch: terminal.batch,
            amount: self.amount,
            entry_mode: self.entry_mode,
            card_sequence: Some(self.card_sequence),
            token: Some(self.token),
            last_four: Some(self.token.last_four()),
            category: None,
            original: None,
        };
        let accepted =
            Accept { request, institution: self.institution.clone(), id: self.id }.apply(records, now)?;
        // Its own numbers go on where they were: this one was not the terminal's to take.
        records.put(terminal);
        let last = records.find::<CodeCount>(&self.terminal).map_or(0, |count| count.last);
        let number = last.checked_add(1).ok_or(Refusal::NoTraceNumber)?;
        records.put(CodeCount { terminal: self.terminal, last: number });
        let reference = accepted.payment.reference;
        records.put(CodePayment { terminal: self.terminal, number, reference });
        Ok(accepted)
    }
}

impl AcceptCode {
    /// The trace number of the bill, if it can be paid with this amount now.
    fn open<W: Records>(
        &self,
        records: &mut W,
        terminal: &Terminal,
        name: BillName,
        now: Timestamp,
    ) -> Result<Stan, Refusal> {
        let bill: Bill =
            records.find(&(self.terminal, name.batch, name.trace)).ok_or(Refusal::BillUnknown)?;
        if name.batch != terminal.batch || now > bill.until {
            return Err(Refusal::BillOver);
        }
        let other = self.amount.minor() != bill.amount || self.amount.currency() != bill.currency;
        if other && self.institution.defences.stands(Defence::Bill) {
            return Err(Refusal::BillAmount);
        }
        Ok(bill.trace)
    }
}

/// A trace number that the terminal has not used in its open batch, as far from those it will use next as can be.
fn free_trace<W: Records>(records: &mut W, terminal: &Terminal) -> Result<Stan, Refusal> {
    const TRIES: usize = 4096;
    let half = (terminal.last_trace.number() + 500_000) % 1_000_000;
    let mut trace = Stan::new(half).ok_or(Refusal::NoTraceNumber)?;
    for _ in 0..TRIES {
        let key = (terminal.id, terminal.batch, trace);
        if records.find::<TerminalTrace>(&key).is_none() && records.find::<Bill>(&key).is_none() {
            return Ok(trace);
        }
        trace = trace.next();
    }
    Err(Refusal::NoTraceNumber)
}

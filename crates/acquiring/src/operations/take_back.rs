//! A terminal takes a payment back: reversal of what it could not finish, void of what it no longer wants.

use crate::operations::shared::{
    Undertaking, admitted, batch_is_open, begin_reversal, fingerprint, request_key,
};
use crate::records::{Payment, PaymentKind, PaymentState, Purpose, TerminalTrace};
use crate::refusal::Refusal;
use crate::terminal_line::{ReversalRequest, VoidRequest};
use iso8583::ResponseCode;
use serde::{Deserialize, Serialize};
use values::{Idempotency, Operation, Records, Timestamp};

/// What taking back did; the terminal is answered 00 either way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TakenBack {
    /// A reversal has begun; this is the payment as it now stands.
    Begun(Payment),
    /// It was declined, reversed or being reversed already.
    NothingToDo,
    /// The payment was never seen; should it still come it will be refused.
    Remembered,
}

/// Undoes a request whose answer did not reach the terminal or could not be used. Harmless when repeated.
#[derive(Clone, Debug)]
pub struct Reverse {
    /// What the terminal asks.
    pub request: ReversalRequest,
}

impl Operation for Reverse {
    type Answer = TakenBack;
    type Refusal = Refusal;
    const NAME: &'static str = "acquiring.reverse";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<TakenBack, Refusal> {
        let request = &self.request;
        let (terminal, _) = admitted(records, &request.terminal, &request.acceptor, Undertaking::Conclude)?;
        let trace = records.find::<TerminalTrace>(&(request.terminal, request.batch, request.trace));
        let reference = match trace.map(|trace| (trace.purpose, trace.reference)) {
            Some((Purpose::Payment, Some(reference))) => reference,
            Some((Purpose::Void, _)) => return Err(Refusal::NotReversible),
            Some(_) => return Ok(TakenBack::Remembered),
            None => {
                // A captured batch takes nothing any more, so there is nothing to remember.
                if request.batch != terminal.batch {
                    return Ok(TakenBack::NothingToDo);
                }
                records.put(TerminalTrace {
                    terminal: request.terminal,
                    batch: request.batch,
                    trace: request.trace,
                    purpose: Purpose::ReversedUnseen,
                    reference: None,
                });
                return Ok(TakenBack::Remembered);
            }
        };
        let mut payment: Payment = records.find(&reference).ok_or(Refusal::OriginalNotFound)?;
        if payment.money() != request.amount {
            return Err(Refusal::OriginalNotFound);
        }
        match payment.state {
            PaymentState::Declined | PaymentState::ReversalPending | PaymentState::Reversed => {
                Ok(TakenBack::NothingToDo)
            }
            PaymentState::Pending if payment.kind != PaymentKind::Refund => {
                begin_reversal(records, &mut payment, request.reason, now);
                Ok(TakenBack::Begun(payment))
            }
            PaymentState::Approved if can_be_taken_back(records, &payment) => {
                begin_reversal(records, &mut payment, request.reason, now);
                Ok(TakenBack::Begun(payment))
            }
            _ => Err(Refusal::NotReversible),
        }
    }
}

/// Takes an approved payment of the open batch back.
#[derive(Clone, Debug)]
pub struct Void {
    /// What the terminal asks.
    pub request: VoidRequest,
}

impl Operation for Void {
    /// The payment, being reversed.
    type Answer = Payment;
    type Refusal = Refusal;
    const NAME: &'static str = "acquiring.void";

    fn idempotency(&self) -> Option<Idempotency> {
        let request = &self.request;
        Some(Idempotency {
            key: request_key(b'V', &request.terminal, request.batch, request.trace),
            fingerprint: fingerprint(&[
                request.acceptor.padded(),
                request.original.padded(),
                &request.amount.minor().to_be_bytes(),
                &request.amount.currency().numeric().to_be_bytes(),
            ]),
        })
    }

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Payment, Refusal> {
        let request = &self.request;
        let (terminal, merchant) =
            admitted(records, &request.terminal, &request.acceptor, Undertaking::Conclude)?;
        let key = (request.terminal, request.batch, request.trace);
        match records.find::<TerminalTrace>(&key).map(|trace| trace.purpose) {
            Some(Purpose::ReversedUnseen) => return Err(Refusal::ReversedBefore),
            Some(_) => return Err(Refusal::TraceUsed),
            None if request.batch != terminal.batch => return Err(Refusal::WrongBatch),
            None => {}
        }
        let mut payment: Payment = records
            .find(&request.original)
            .filter(|payment: &Payment| payment.merchant == merchant.id && payment.terminal == terminal.id)
            .ok_or(Refusal::OriginalNotFound)?;
        if payment.money() != request.amount {
            return Err(Refusal::AboveOriginal);
        }
        if payment.state != PaymentState::Approved {
            return Err(Refusal::OriginalNotApproved);
        }
        if !can_be_taken_back(records, &payment) {
            return Err(Refusal::NotReversible);
        }
        begin_reversal(records, &mut payment, ResponseCode::CANCELLED, now);
        records.put(TerminalTrace {
            terminal: request.terminal,
            batch: request.batch,
            trace: request.trace,
            purpose: Purpose::Void,
            reference: Some(payment.reference),
        });
        Ok(payment)
    }
}

/// Whether an approved payment can be reversed as a whole: nothing was paid back, nothing completes it, and it
/// is not captured. A pre-authorisation is never captured, a refund never taken back.
fn can_be_taken_back<W: Records>(records: &mut W, payment: &Payment) -> bool {
    let untouched = payment.refunded == 0 && payment.refund_pending == 0 && payment.completed_by.is_none();
    match payment.kind {
        PaymentKind::Refund => false,
        PaymentKind::PreAuthorisation => untouched,
        PaymentKind::Sale | PaymentKind::Completion => untouched && batch_is_open(records, payment),
    }
}

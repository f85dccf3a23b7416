//! Steps that several operations take.

use crate::names::{AcceptorId, Reference, TerminalId};
use crate::operations::{REVERSAL_TOPIC, TIMEOUT_TOPIC};
use crate::records::{
    Batch, BatchState, Merchant, MerchantDay, MerchantState, Payment, PaymentState, Terminal, TerminalState,
};
use crate::refusal::Refusal;
use iso8583::{ResponseCode, Stan};
use values::{Outbound, Records, Timestamp};

/// What a terminal is about to do, by what its merchant must be for it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Undertaking {
    /// Take money: the merchant is active.
    Sell,
    /// Pay money back: the merchant may be suspended.
    PayBack,
    /// Take back or settle what happened before: any merchant.
    Conclude,
}

/// The terminal and its merchant, if both may be used for this.
pub(super) fn admitted<W: Records>(
    records: &mut W,
    terminal: &TerminalId,
    acceptor: &AcceptorId,
    undertaking: Undertaking,
) -> Result<(Terminal, Merchant), Refusal> {
    let terminal: Terminal = records.find(terminal).ok_or(Refusal::UnknownTerminal)?;
    if terminal.state == TerminalState::Blocked {
        return Err(Refusal::TerminalBlocked);
    }
    let merchant: Merchant = records.find(&terminal.merchant).ok_or(Refusal::WrongMerchant)?;
    if merchant.acceptor != *acceptor {
        return Err(Refusal::WrongMerchant);
    }
    let allowed = match merchant.state {
        MerchantState::Active => true,
        MerchantState::Suspended => undertaking != Undertaking::Sell,
        MerchantState::Closed => undertaking == Undertaking::Conclude,
    };
    if allowed { Ok((terminal, merchant)) } else { Err(Refusal::MerchantInactive) }
}

/// Changes the payment's batch.
pub(super) fn change_batch<W: Records>(records: &mut W, payment: &Payment, change: impl FnOnce(&mut Batch)) {
    if let Some(mut batch) = records.find::<Batch>(&(payment.terminal, payment.batch)) {
        change(&mut batch);
        records.put(batch);
    }
}

/// Whether the payment's batch still takes changes.
pub(super) fn batch_is_open<W: Records>(records: &mut W, payment: &Payment) -> bool {
    records
        .find::<Batch>(&(payment.terminal, payment.batch))
        .is_some_and(|batch| batch.state == BatchState::Open)
}

/// Counts the payment in its batch, once.
pub(super) fn count<W: Records>(records: &mut W, payment: &mut Payment) {
    if !std::mem::replace(&mut payment.counted, true) {
        change_batch(records, payment, |batch| batch.count(payment));
    }
}

/// Takes the payment out of its batch, if it counts there.
pub(super) fn uncount<W: Records>(records: &mut W, payment: &mut Payment) {
    if std::mem::replace(&mut payment.counted, false) {
        change_batch(records, payment, |batch| batch.uncount(payment));
    }
}

/// The network has answered, or will not: nothing is waited for any more.
pub(super) fn no_longer_pending<W: Records>(records: &mut W, payment: &Payment) {
    if payment.state == PaymentState::Pending {
        records.cancel(TIMEOUT_TOPIC, payment.reference.as_str());
        change_batch(records, payment, |batch| batch.pending_count = batch.pending_count.saturating_sub(1));
    }
}

/// Gives back what the payment took of the merchant's day and of its original.
pub(super) fn release<W: Records>(records: &mut W, payment: &Payment) {
    if payment.kind.is_sale()
        && let Some(day) = records.find::<MerchantDay>(&(payment.merchant, payment.day))
    {
        records.put(MerchantDay { sales_amount: day.sales_amount.saturating_sub(payment.amount), ..day });
    }
    change_original(records, payment, |original| {
        if original.completed_by == Some(payment.reference) {
            original.completed_by = None;
            original.state = PaymentState::Approved;
        }
    });
}

/// Changes the payment that this one completes or pays back.
pub(super) fn change_original<W: Records>(
    records: &mut W,
    payment: &Payment,
    change: impl FnOnce(&mut Payment),
) {
    let original =
        payment.original.as_ref().and_then(|original| records.find::<Payment>(&original.reference));
    if let Some(mut original) = original {
        change(&mut original);
        records.put(original);
    }
}

/// Begins to take a pending or approved payment back: from here on it can never be approved.
pub(super) fn begin_reversal<W: Records>(
    records: &mut W,
    payment: &mut Payment,
    reason: ResponseCode,
    now: Timestamp,
) {
    debug_assert!(matches!(payment.state, PaymentState::Pending | PaymentState::Approved));
    no_longer_pending(records, payment);
    uncount(records, payment);
    release(records, payment);
    payment.state = PaymentState::ReversalPending;
    payment.reversal_reason = Some(reason);
    records.send(outbound(REVERSAL_TOPIC, payment.reference, now));
    records.put(payment.clone());
}

/// A message for the outbox that is built from the record when it is delivered.
pub(super) fn outbound(topic: &str, reference: Reference, due: Timestamp) -> Outbound {
    let name = reference.as_str();
    Outbound { topic: topic.to_owned(), key: name.to_owned(), due, body: name.as_bytes().to_vec() }
}

/// The idempotency key of a terminal's request: which operation, terminal, batch and trace number. It is exact,
/// not a digest.
pub(super) fn request_key(operation: u8, terminal: &TerminalId, batch: u32, trace: Stan) -> [u8; 16] {
    let mut key = [0; 16];
    key[0] = operation;
    key[1..9].copy_from_slice(terminal.padded());
    key[9..12].copy_from_slice(&batch.to_be_bytes()[1..]);
    key[12..15].copy_from_slice(&trace.number().to_be_bytes()[1..]);
    key
}

/// FNV-1a with 128 bits over what was asked. It tells an honest repeat from another request; who forges a
/// collision gets the answer to his own first request.
pub(super) fn fingerprint(parts: &[&[u8]]) -> [u8; 16] {
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    let absorb = |sum: u128, byte: &u8| (sum ^ u128::from(*byte)).wrapping_mul(PRIME);
    let sum = parts.iter().fold(BASIS, |sum, part| {
        let length = (part.len() as u32).to_be_bytes();
        part.iter().fold(length.iter().fold(sum, absorb), absorb)
    });
    sum.to_be_bytes()
}

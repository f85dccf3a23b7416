//! Refunds: a merchant gives back what a payment brought, or a part of it. A refund is a transaction of its own between the
//! two accounts of the first; all refunds of a payment together never exceed it.

use super::records::{Side, UpiPayment};
use super::{Switch, health, payments};
use upi::machines::switch::{self as machine, Beginning, State, Step};
use upi::mail::Desk;
use upi::messages::Message;
use values::Records;

/// The payee's provider gives money back.
pub(super) fn begin<W: Records>(
    switch: &Switch,
    desk: &mut Desk<'_, W>,
    message: &Message,
) -> Result<(), &'static str> {
    let original = message.transaction.original.as_ref().ok_or("U07")?.as_str().to_owned();
    let amount = message.payer.as_ref().and_then(|payer| payer.amount).ok_or("U07")?;
    let mut original = desk.records.find::<UpiPayment>(&original).ok_or("U04")?;
    let sender = &message.head.organisation;
    // Only the provider of the address that was paid gives back.
    if !switch.directory.is_psp(sender) || original.payee.provider != *sender {
        return Err("U17");
    }
    if original.state != State::Success || original.beginning == Beginning::Refund || amount.is_zero() {
        return Err("U10");
    }
    let total = original.refunded.checked_add(amount.minor());
    original.refunded = total.filter(|total| *total <= original.paise).ok_or("U02")?;
    let id = message.transaction.id.as_str().to_owned();
    if desk.records.find::<UpiPayment>(&id).is_some() {
        return Err("U01");
    }
    let without_device = |side: &Side| Side { device: Vec::new(), ..side.clone() };
    let mut refund = UpiPayment {
        id,
        origin: sender.clone(),
        origin_message: message.head.message.as_str().to_owned(),
        beginning: Beginning::Refund,
        state: State::DebitSent,
        payer: without_device(&original.payee),
        payee: without_device(&original.payer),
        paise: amount.minor(),
        note: message.transaction.note.clone(),
        reference: message.transaction.reference.as_ref().map(|reference| reference.as_str().to_owned()),
        credentials: message.payer.as_ref().map(|payer| payer.credentials.clone()).unwrap_or_default(),
        merchant_reference: None,
        cause: None,
        told: None,
        steps: 0,
        at: desk.now,
        changed_at: desk.now,
        mandate: None,
        original: Some(original.id.clone()),
        refunded: 0,
        checks: Vec::new(),
        settled_at: None,
        returned_at: None,
        due_at: None,
        ..original.clone()
    };
    desk.records.put(original);
    let step = match health::declines(desk, &refund) {
        Some(code) => Step { state: State::Failed(code.to_owned()), send: None, late: false },
        None => machine::begin(Beginning::Refund),
    };
    // It has not waited for a bank yet.
    refund.state = State::AuthSent;
    payments::enter(desk, &mut refund, step, "refund came", message.head.message.as_str());
    desk.records.put(refund);
    Ok(())
}

/// A refund that came to nothing may be tried again.
pub(super) fn moved<W: Records>(desk: &mut Desk<'_, W>, payment: &UpiPayment) {
    if !matches!(payment.state, State::Failed(_) | State::Returned) {
        return;
    }
    let original = payment.original.as_ref().and_then(|original| desk.records.find::<UpiPayment>(original));
    if let Some(original) = original {
        let refunded = original.refunded.saturating_sub(payment.paise);
        desk.records.put(UpiPayment { refunded, ..original });
    }
}

//! Refunds at the merchant's bank. Nobody types a PIN for one, so the bank looks for itself: the payment that is given back was
//! credited here, to this account, and no more of it goes than came.

use super::records::{UpiAccount, UpiLeg};
use super::{Bank, books};
use crate::defences::Defence;
use upi::machines::leg::Leg;
use upi::mail::Desk;
use upi::messages::Message;
use values::Records;

/// Whether a refund may leave an account; the bank's code if not.
pub(super) fn decide<W: Records>(
    bank: &Bank,
    desk: &mut Desk<'_, W>,
    message: &Message,
    paise: u64,
    account: Option<&UpiAccount>,
) -> Result<(), String> {
    let code = |code: &str| Err(code.to_owned());
    let Some(account) = account else { return code("XH") };
    if paise == 0 {
        return code("XD");
    }
    let original = message.transaction.original.as_ref().map(|original| original.as_str().to_owned());
    let credit = original.and_then(|original| desk.records.find::<UpiLeg>(&(original, Leg::Credit)));
    let is_covered = credit.is_some_and(|credit| {
        let left = credit.paise.saturating_sub(credit.refunded);
        credit.state.stands() && credit.account == account.number && paise <= left
    });
    if !is_covered && bank.defences.stands(Defence::RefundOriginal) {
        return code("XF");
    }
    if books::available(desk.records, account) < paise {
        return code("Z9");
    }
    Ok(())
}

fn credit<W: Records>(desk: &mut Desk<'_, W>, refund: &UpiLeg) -> Option<UpiLeg> {
    let original = refund.original.clone()?;
    desk.records.find::<UpiLeg>(&(original, Leg::Credit))
}

/// Remembers how much of a credit went back.
pub(super) fn count<W: Records>(desk: &mut Desk<'_, W>, refund: &UpiLeg) {
    if let Some(known) = credit(desk, refund) {
        let refunded = known.refunded.saturating_add(refund.paise);
        desk.records.put(UpiLeg { refunded, ..known });
    }
}

/// A refund was taken back.
pub(super) fn uncount<W: Records>(desk: &mut Desk<'_, W>, refund: &UpiLeg) {
    if let Some(known) = credit(desk, refund) {
        let refunded = known.refunded.saturating_sub(refund.paise);
        desk.records.put(UpiLeg { refunded, ..known });
    }
}

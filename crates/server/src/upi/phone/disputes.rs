//! Disputes, as the phone raises and follows them.

use super::{UpiPhone, UpiPhoneError};
use crate::upi::app::{DisputeAct, DisputeOf, DisputeShown, NewDispute};
use upi::disputes::Act;
use values::Money;

impl UpiPhone {
    /// The dispute about a payment, and what may be claimed of it.
    pub fn dispute(&self, payment: &str) -> Result<DisputeOf, UpiPhoneError> {
        self.look(&format!("/v1/upi/payments/{payment}/dispute"))
    }

    /// The disputes that the owner raised, the newest first.
    pub fn disputes(&self) -> Result<Vec<DisputeShown>, UpiPhoneError> {
        self.look("/v1/upi/disputes")
    }

    /// Raises a dispute, and waits for what the network says of it at once.
    pub fn raise_dispute(
        &self,
        payment: &str,
        reason: &str,
        amount: Option<Money>,
    ) -> Result<DisputeShown, UpiPhoneError> {
        let new = NewDispute { reason: reason.to_owned(), amount: amount.map(Money::to_decimal) };
        let _: DisputeShown = self.post(&format!("/v1/upi/payments/{payment}/dispute"), &new)?;
        self.until(|| {
            let shown = self.dispute(payment)?.dispute;
            Ok(shown.filter(|shown| shown.state.is_some() || shown.refused.is_some()))
        })
    }

    /// Gives a dispute up or takes it one step further, and waits until the network says so.
    pub fn act_on_dispute(&self, payment: &str, act: Act) -> Result<DisputeShown, UpiPhoneError> {
        let path = format!("/v1/upi/payments/{payment}/dispute/acts");
        let before: DisputeShown = self.post(&path, &DisputeAct { act })?;
        self.until(|| {
            let shown = self.dispute(payment)?.dispute;
            Ok(shown.filter(|shown| shown.state != before.state))
        })
    }
}

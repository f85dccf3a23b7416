//! Use cases of purses.

use super::{PaymentService, PspError};
use psp::binding::customer_of;
use psp::purses::{AskPurse, OrderPurse, Purse, Wish};
use psp::records::{DeviceId, Payment};
use upi::messages::Credential;
use values::{Money, Records};

impl PaymentService {
    /// The purse of this phone's customer, if there ever was one.
    pub fn purse(&self, device: DeviceId) -> Result<Option<Purse>, PspError> {
        let found = self.store.read(move |records| {
            let mobile = customer_of(records, device)?.mobile;
            Ok(records.find::<Purse>(&mobile))
        })?;
        found.map_err(|refusal: psp::Refusal| PspError::Refused(refusal))
    }

    /// Orders something of a purse; the same order again is the same payment.
    pub fn order_purse(
        &self,
        device: DeviceId,
        transaction: String,
        amount: Money,
        wish: Wish,
    ) -> Result<Payment, PspError> {
        let (psp, entropy) = (self.psp.clone(), crypto::random::bytes());
        self.call(OrderPurse { psp, device, transaction, amount, wish, entropy })
    }

    /// Asks the bank what is in the purse, or closes an empty one; the name of the question.
    pub fn ask_purse(
        &self,
        device: DeviceId,
        transaction: String,
        (closes, cryptogram): (bool, Credential),
    ) -> Result<String, PspError> {
        let (psp, entropy) = (self.psp.clone(), crypto::random::bytes());
        self.call(AskPurse { psp, device, transaction, closes, cryptogram, entropy })
    }
}

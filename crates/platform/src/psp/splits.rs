//! Bills that several people share.

use super::{PaymentService, PspError};
use psp::records::{DeviceId, Direction, Payment};
use psp::splits::{Share, Sharer, Split, SplitBill};
use psp::{Refusal, binding::customer_of};
use values::{Money, Records};

impl PaymentService {
    /// Shares a bill; the same name again is the same split.
    pub fn split_bill(
        &self,
        device: DeviceId,
        (id, note): (String, String),
        total: Money,
        (people, with_splitter): (Vec<Sharer>, bool),
    ) -> Result<Split, PspError> {
        let entropy = crypto::random::bytes();
        self.call(SplitBill { device, id, note, total, people, with_splitter, entropy })
    }

    /// A split of this phone's customer, and for each share how much of its payment was given back, or is being, in paise.
    pub fn split(&self, device: DeviceId, id: &str) -> Result<(Split, Vec<u64>), PspError> {
        let id = id.to_owned();
        let found = self.store.read(move |records| {
            let mobile = customer_of(records, device)?.mobile;
            let split = records.find::<Split>(&id).filter(|split| split.mobile == mobile);
            let split = split.ok_or(Refusal::NotFound)?;
            let mut given_back = |share: &Share| {
                let key = (mobile.clone(), share.paid.clone()?, Direction::Received);
                records.find::<Payment>(&key).map(|payment| payment.refunded)
            };
            let given_back = split.shares.iter().map(|share| given_back(share).unwrap_or(0)).collect();
            Ok((split, given_back))
        })?;
        found.map_err(|refusal: Refusal| PspError::Refused(refusal))
    }

    /// The splits of this phone's customer, the newest first.
    pub fn splits(&self, device: DeviceId, most: u32) -> Result<Vec<Split>, PspError> {
        let customer = self.customer(device)?;
        Ok(store::rooms::upi::psp::splits(&self.store, &customer.mobile, most)?)
    }
}

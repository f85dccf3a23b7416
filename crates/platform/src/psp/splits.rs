//! Bills that several people share.

use super::{PaymentService, PspError};
use psp::records::DeviceId;
use psp::splits::{Sharer, Split, SplitBill};
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

    /// A split of this phone's customer.
    pub fn split(&self, device: DeviceId, id: &str) -> Result<Split, PspError> {
        let id = id.to_owned();
        let found = self.store.read(move |records| {
            let mobile = customer_of(records, device)?.mobile;
            records.find::<Split>(&id).filter(|split| split.mobile == mobile).ok_or(Refusal::NotFound)
        })?;
        Ok(found?)
    }

    /// The splits of this phone's customer, the newest first.
    pub fn splits(&self, device: DeviceId, most: u32) -> Result<Vec<Split>, PspError> {
        let customer = self.customer(device)?;
        Ok(store::rooms::upi::psp::splits(&self.store, &customer.mobile, most)?)
    }
}

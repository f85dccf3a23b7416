//! A customer leaves the provider: nobody is paid at the customer's addresses any more, no account is linked, and the phone acts
//! for its number no longer. Payments stay, as books are kept. Leave to debit is taken back before, by the phone, over the
//! network; a purse has to be closed by its customer, who decides where its money goes.

use crate::binding::customer_of;
use crate::purses::{Purse, PurseState};
use crate::records::{Customer, Device, DeviceId, DeviceState, OwnAddress};
use crate::refusal::Refusal;
use values::{Operation, Records, Timestamp};

/// Leaves.
pub struct Leave {
    /// The phone that asks.
    pub device: DeviceId,
}

impl Operation for Leave {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "psp.leave";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), Refusal> {
        let customer = customer_of(records, self.device)?;
        if records.find::<Purse>(&customer.mobile).is_some_and(|purse| purse.state != PurseState::Closed) {
            return Err(Refusal::PurseOpen);
        }
        for address in &customer.addresses {
            if let Some(known) = records.find::<OwnAddress>(address) {
                records.put(OwnAddress { removed_at: Some(now), ..known });
            }
        }
        if let Some(device) = records.find::<Device>(&self.device) {
            records.put(Device { state: DeviceState::Left, mobile: None, ..device });
        }
        records.put(Customer { accounts: Vec::new(), addresses: Vec::new(), merchant: None, ..customer });
        Ok(())
    }
}

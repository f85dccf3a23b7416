//! Several addresses of one customer: which one is shown first, and which is given up.

use crate::binding::customer_of;
use crate::records::{Customer, DeviceId, OwnAddress};
use crate::refusal::Refusal;
use values::{Operation, Records, Timestamp};

/// Pays under this address, and shows it first, from now on.
pub struct FirstAddress {
    /// The phone that asks.
    pub device: DeviceId,
    /// The address.
    pub address: String,
}

impl Operation for FirstAddress {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "psp.first_address";

    fn apply<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<(), Refusal> {
        let (mut customer, place) = own(records, self.device, &self.address)?;
        let address = customer.addresses.remove(place);
        customer.addresses.insert(0, address);
        records.put(customer);
        Ok(())
    }
}

/// Gives an address up: nobody is paid at it any more, and nobody else ever gets it. Its customer can make it again. Whoever has
/// one address keeps it, because nobody pays without one.
pub struct RemoveAddress {
    /// The phone that asks.
    pub device: DeviceId,
    /// The address.
    pub address: String,
}

impl Operation for RemoveAddress {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "psp.remove_address";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), Refusal> {
        let (mut customer, place) = own(records, self.device, &self.address)?;
        if customer.addresses.len() == 1 {
            return Err(Refusal::AddressLast);
        }
        let address = customer.addresses.remove(place);
        if let Some(known) = records.find::<OwnAddress>(&address) {
            records.put(OwnAddress { removed_at: Some(now), ..known });
        }
        records.put(customer);
        Ok(())
    }
}

/// The customer of a phone, and the place of one of the customer's addresses.
fn own<W: Records>(records: &mut W, device: DeviceId, address: &str) -> Result<(Customer, usize), Refusal> {
    let customer = customer_of(records, device)?;
    let place = customer.addresses.iter().position(|known| known.eq_ignore_ascii_case(address));
    Ok((customer, place.ok_or(Refusal::NotFound)?))
}

//! Whom a customer wants nothing of, and the customer's own addresses.

use super::{PaymentService, PspError};
use psp::addresses::{FirstAddress, RemoveAddress};
use psp::blocking::{Block, BlockedAddress, Unblock};
use psp::defences::Defences;
use psp::leaving::Leave;
use psp::records::DeviceId;

impl PaymentService {
    /// Blocks an address, and reports it if that is wished: with what the customer had to do with it last.
    pub fn block(&self, device: DeviceId, address: &str, report: bool) -> Result<(), PspError> {
        let dealing = if report {
            let mobile = self.customer(device)?.mobile;
            store::rooms::upi::psp::dealing(&self.store, &mobile, &address.to_ascii_lowercase())?
        } else {
            None
        };
        let (address, defences) = (address.to_owned(), Defences::ALL);
        self.call(Block { device, address, report, dealing, defences })
    }

    /// Ends a block.
    pub fn unblock(&self, device: DeviceId, address: &str) -> Result<(), PspError> {
        self.call(Unblock { device, address: address.to_owned() })
    }

    /// The addresses that this phone's customer blocked, the newest first.
    pub fn blocked(&self, device: DeviceId, most: u32) -> Result<Vec<BlockedAddress>, PspError> {
        let customer = self.customer(device)?;
        Ok(store::rooms::upi::psp::blocked(&self.store, &customer.mobile, most)?)
    }

    /// Pays under this address, and shows it first.
    pub fn first_address(&self, device: DeviceId, address: &str) -> Result<(), PspError> {
        self.call(FirstAddress { device, address: address.to_owned() })
    }

    /// Gives an address up.
    pub fn remove_address(&self, device: DeviceId, address: &str) -> Result<(), PspError> {
        self.call(RemoveAddress { device, address: address.to_owned() })
    }

    /// The customer of this phone leaves.
    pub fn leave(&self, device: DeviceId) -> Result<(), PspError> {
        self.call(Leave { device })
    }
}

//! The phone's own addresses, and those of whom its owner wants nothing.

use super::{UpiPhone, UpiPhoneError};
use crate::upi::app::mandates::ShownMandate;
use crate::upi::app::{Named, NewBlock};
use ::upi::mandate::State;
use psp::blocking::BlockedAddress;
use psp::mandates::records::MandateSide;

impl UpiPhone {
    /// Blocks an address, and reports it if that is wished: nothing that it asks for is shown any more.
    pub fn block(&self, address: &str, report: bool) -> Result<(), UpiPhoneError> {
        self.post("/v1/upi/blocked", &NewBlock { address: address.to_owned(), report })
    }

    /// Ends a block.
    pub fn unblock(&self, address: &str) -> Result<(), UpiPhoneError> {
        self.post("/v1/upi/blocked/remove", &Named { address: address.to_owned() })
    }

    /// The addresses that are blocked, the newest first.
    pub fn blocked(&self) -> Result<Vec<BlockedAddress>, UpiPhoneError> {
        self.look("/v1/upi/blocked")
    }

    /// Pays under this address, and shows it first.
    pub fn first_address(&self, address: &str) -> Result<(), UpiPhoneError> {
        self.post("/v1/upi/addresses/first", &Named { address: address.to_owned() })
    }

    /// Gives an address up; the only one cannot be.
    pub fn remove_address(&self, address: &str) -> Result<(), UpiPhoneError> {
        self.post("/v1/upi/addresses/remove", &Named { address: address.to_owned() })
    }

    /// Leaves the provider: leave to debit is taken back over the network, then no address is this customer's any more, no account
    /// is linked, and the phone acts for its number no longer. Whoever has a purse closes it first.
    pub fn leave(&self) -> Result<(), UpiPhoneError> {
        for ShownMandate { mandate, .. } in self.mandates()? {
            let is_own = mandate.side == MandateSide::Payer;
            match mandate.state {
                State::Requested if is_own => drop(self.decline_mandate(&mandate.id)?),
                State::Active | State::Paused if is_own && mandate.terms.revocable => {
                    self.revoke_mandate(&mandate.id)?;
                }
                _ => {}
            }
        }
        self.post("/v1/upi/leave", &serde_json::json!({}))
    }
}

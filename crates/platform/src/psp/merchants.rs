//! Merchants of the platform who are paid at an address of this provider.

use super::{PaymentService, PspError};
use psp::merchants::{MerchantAccount, MerchantId, TakeOn, TieMerchant};

impl PaymentService {
    /// Takes a merchant on that has no phone; said again it changes nothing.
    pub fn take_on(&self, merchant: TakeOn) -> Result<(), PspError> {
        self.call(merchant)
    }

    /// From now on a merchant of the platform is paid at this address.
    pub fn tie_merchant(&self, merchant: MerchantId, address: &str) -> Result<MerchantAccount, PspError> {
        self.call(TieMerchant { merchant, address: address.to_owned() })
    }
}

//! What a PIN does that was typed into its own page: something, or the same page again with what is wrong.

use super::super::visit::{Reply, Visit};
use super::set_up::is_pin;
use super::{Trouble, declined, no};
use crate::upi::phone::UpiPhoneError;
use psp::records::LinkedAccount;
use values::SecretBytes;

impl Visit {
    /// Does something with a PIN of an account. Where its length is wrong or the bank says no, the page that `again` makes is the
    /// reply, with the reason.
    pub(super) fn by_pin<T>(
        &self,
        (account, pin): (&LinkedAccount, &SecretBytes),
        again: impl Fn(String) -> String,
        work: impl FnOnce(&SecretBytes) -> Result<T, UpiPhoneError>,
    ) -> Result<Result<T, Reply>, Trouble> {
        if !is_pin(pin, account.pin_length) {
            let length = usize::from(account.pin_length);
            let trouble = self.page.language.say_count("upi-pin-length", "count", length);
            return Ok(Err(no(again(trouble))?));
        }
        match work(pin) {
            Ok(done) => Ok(Ok(done)),
            Err(UpiPhoneError::Declined { code, .. }) => Ok(Err(no(again(declined(&self.page, &code)))?)),
            Err(error) => Err(error.into()),
        }
    }
}

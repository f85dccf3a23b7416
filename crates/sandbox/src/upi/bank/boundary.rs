//! The bank's security boundary: the one place in which PINs and one-time passwords are in clear, and only as long as
//! they are compared. What leaves it is yes, no, or a keyed digest.

use crate::defences::{Defence, Defences};
use crate::upi::directory::UpiBank;
use crate::upi::keys;
use crypto::hash::HmacKey;
use crypto::p256::AgreementKey;
use upi::credential::{self, NotTaken, Purpose};
use upi::messages::Credential;
use values::SecretBytes;

/// A bank's boundary with its keys.
pub(super) struct Boundary {
    agreement: AgreementKey,
    digests: HmacKey,
    pin_length: usize,
}

/// Why digits that were typed are of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// The block does not open, or was made for something else.
    Block,
    /// They are not as many digits as this bank wants, or anybody would guess them.
    Policy,
}

impl Boundary {
    pub(super) fn new(bank: &UpiBank) -> Boundary {
        Boundary {
            agreement: keys::pin_key(bank),
            digests: keys::digest_key(bank),
            pin_length: usize::from(bank.pin_length),
        }
    }

    /// The digest of the digits in a block, for what is kept about `subject`.
    pub(super) fn digest_inside(
        &self,
        block: &Credential,
        purpose: &Purpose,
        subject: &str,
        defences: Defences,
    ) -> Result<[u8; 32], Unusable> {
        let digits = self.open(block, purpose, defences)?;
        Ok(self.digest(digits.expose(), subject))
    }

    /// The same for a PIN that is to be set: it has to be one that this bank takes.
    pub(super) fn new_pin(
        &self,
        block: &Credential,
        purpose: &Purpose,
        subject: &str,
        defences: Defences,
    ) -> Result<[u8; 32], Unusable> {
        let digits = self.open(block, purpose, defences)?;
        let plain = digits.expose();
        let guessed =
            |step: i16| plain.windows(2).all(|pair| i16::from(pair[1]) - i16::from(pair[0]) == step);
        let is_pin = plain.len() == self.pin_length && plain.iter().all(u8::is_ascii_digit);
        if is_pin && ![-1, 0, 1].into_iter().any(guessed) {
            Ok(self.digest(plain, subject))
        } else {
            Err(Unusable::Policy)
        }
    }

    /// The keyed digest of digits that this bank made itself.
    pub(super) fn digest(&self, digits: &[u8], subject: &str) -> [u8; 32] {
        self.digests.tag(&[subject.as_bytes(), b"\0", digits].concat())
    }

    fn open(
        &self,
        block: &Credential,
        purpose: &Purpose,
        defences: Defences,
    ) -> Result<SecretBytes, Unusable> {
        let opened = if defences.stands(Defence::CredentialPurpose) {
            credential::open(block, purpose, &self.agreement)
        } else {
            credential::danger_open_for_anything(block, &self.agreement)
        };
        opened.map_err(|_: NotTaken| Unusable::Block)
    }
}

//! The bank's security boundary: the one place in which PINs, one-time passwords and the keys of purses are in clear, and only as
//! long as they are compared. What leaves it is yes, no, or a keyed digest.

use crate::defences::{Defence, Defences};
use crate::upi::directory::UpiBank;
use crate::upi::keys;
use crypto::hash::HmacKey;
use crypto::p256::AgreementKey;
use crypto::vault::Envelope;
use upi::credential::{self, NotTaken, Purpose};
use upi::messages::Credential;
use upi::purse::Shown;
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

    /// Takes the key of a purse that its phone drew, and seals it for what is kept.
    pub(super) fn take_purse_key(
        &self,
        bank: &UpiBank,
        block: &Credential,
        purpose: &Purpose,
        (purse, entropy): (&str, [u8; 32]),
    ) -> Option<Vec<u8>> {
        let digits = credential::open(block, purpose, &self.agreement).ok()?;
        let key = hex::decode(digits.expose()).ok().filter(|key| key.len() == 32)?;
        let sealed = crate::keys::seal(&keys::purse_key(bank), &key, purse.as_bytes(), entropy);
        postcard::to_allocvec(&sealed).ok()
    }

    /// Whether a cryptogram is from the phone that has this purse, and for this transaction, amount and payee.
    pub(super) fn is_from_purse(
        &self,
        bank: &UpiBank,
        sealed_key: &[u8],
        purse: &str,
        (shown, of): (&Shown, (&str, u64, &str)),
    ) -> bool {
        let sealed: Option<Envelope> = postcard::from_bytes(sealed_key).ok();
        let key =
            sealed.and_then(|sealed| crate::keys::open(&keys::purse_key(bank), &sealed, purse.as_bytes()));
        key.is_some_and(|key| shown.is_genuine(&HmacKey::new(key.expose()), purse, of))
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

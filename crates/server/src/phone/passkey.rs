//! The passkey of the phone's owner: added beside the passcode, and used.

use super::{Phone, PhoneError};
use ::wallet::passkey::{Entropy, NewPasskey, Passkey, RemovePasskey, UsePasskey, open};
use ::wallet::phone::Only;
use ::wallet::unlock::Verified;
use passkeys::{Asserted, Registered};
use values::{Records, Secret};

impl Phone {
    /// The passkey, if its owner added one.
    pub fn passkey(&self) -> Result<Option<Passkey>, PhoneError> {
        Ok(self.store.read(|records| records.find::<Passkey>(&Only))?)
    }

    /// For what an authenticator computes its secret on this phone: the same each time, and no secret itself.
    pub fn passkey_salt(&self) -> [u8; 32] {
        crypto::hash::sha256_pieces(&[b"paiza phone: salt of the passkey\0", self.settings.device.as_bytes()])
    }

    /// Puts a passkey beside the passcode, which has to be typed for it.
    pub fn add_passkey(
        &self,
        passcode: &[u8],
        registered: &Registered,
        secret: Option<&Secret<32>>,
    ) -> Result<(), PhoneError> {
        let verified = self.unlock(passcode)?;
        let salt = self.passkey_salt();
        let new = NewPasskey { registered, salt: &salt, secret };
        let entropy = Entropy::new(crypto::random::bytes());
        self.run(verified.add_passkey(&new, &entropy, self.store.clock().now()))
    }

    /// Forgets the passkey; the passcode stays.
    pub fn remove_passkey(&self) -> Result<(), PhoneError> {
        self.run(RemovePasskey)
    }

    /// Opens the phone by its passkey; with the secret of an authenticator that computes one, also for one tap.
    pub fn use_passkey(
        &self,
        asserted: Asserted,
        secret: Option<&Secret<32>>,
    ) -> Result<Option<Verified>, PhoneError> {
        let used = self.run(UsePasskey { asserted })?;
        Ok(open(&used, secret))
    }
}

//! A passkey beside the passcode: it opens the phone, and, where its authenticator can, the right to pay once.
//!
//! A passkey's signature proves who is there, but it is no key: whoever copied the disk could leave the check out. So the
//! user-verification key lies on the disk a second time, under a secret that the authenticator computes for this one salt
//! after it verified the person, and that is kept nowhere (the extension `prf`, WebAuthn 10.1.4). A passkey without that
//! extension opens the screen; a tap then asks for the passcode.

use crate::phone::{NotBound, Only, Phone, Superseded, Ticket};
use crate::unlock::Verified;
use crypto::hash::HmacKey;
use crypto::p256::AgreementKey;
use crypto::vault::{self, Envelope, KeyEncryptionKey};
use passkeys::{Asserted, CredentialId, PublicKey, Registered};
use serde::{Deserialize, Serialize};
use values::{Operation, Record, Records, Secret, Timestamp};

/// What binds the sealed key to its purpose.
const CONTEXT: &str = "paiza wallet: user verification key, by passkey";

/// Random bytes for the envelope, fresh for each.
pub use crypto::vault::Entropy;

/// The passkey of the phone's owner; there is one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passkey {
    /// The credential's name.
    pub credential: CredentialId,
    /// Checks its signatures.
    pub public: PublicKey,
    /// Its counter of signatures.
    pub counter: u32,
    /// For what the authenticator computes its secret, 32 bytes; not secret itself.
    #[serde(with = "crate::octets")]
    pub salt: Vec<u8>,
    /// The user-verification key under that secret; none if the authenticator computes none.
    pub lock: Option<Envelope>,
    /// When it was added.
    pub added: Timestamp,
}

impl std::fmt::Debug for Passkey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Passkey({}, ****)", self.credential.as_str())
    }
}

impl Record for Passkey {
    type Key = Only;
    const TABLE: &'static str = "passkey";
    fn key(&self) -> Only {
        Only
    }
}

/// The key that the authenticator's secret stands for.
fn key_of(secret: &Secret<32>) -> KeyEncryptionKey {
    KeyEncryptionKey::new(1, &Secret::new(HmacKey::new(secret.expose()).tag(CONTEXT.as_bytes())))
}

fn context(credential: &CredentialId) -> Vec<u8> {
    [CONTEXT, ":", credential.as_str()].concat().into_bytes()
}

/// A new passkey as it comes from browser and authenticator.
pub struct NewPasskey<'a> {
    /// The credential.
    pub registered: &'a Registered,
    /// For what the authenticator computes its secret.
    pub salt: &'a [u8; 32],
    /// That secret, if it computes one.
    pub secret: Option<&'a Secret<32>>,
}

impl Verified {
    /// The operation that puts a passkey beside the passcode that was typed. `entropy` is fresh and random.
    pub fn add_passkey(&self, new: &NewPasskey<'_>, entropy: &Entropy, now: Timestamp) -> AddPasskey {
        let Registered { credential, public, counter, .. } = new.registered;
        let seal = |secret| {
            let key = self.key().to_bytes();
            vault::seal(&key_of(secret), key.expose(), &context(credential), entropy)
        };
        AddPasskey {
            ticket: self.ticket(),
            passkey: Passkey {
                credential: credential.clone(),
                public: public.clone(),
                counter: *counter,
                salt: new.salt.to_vec(),
                lock: new.secret.map(|secret| seal(secret).expect("32 bytes fit an envelope")),
                added: now,
            },
        }
    }
}

/// Puts a passkey beside the passcode, in place of an earlier one. Made by [`Verified::add_passkey`].
#[derive(Clone, Debug)]
pub struct AddPasskey {
    ticket: u64,
    passkey: Passkey,
}

impl Operation for AddPasskey {
    type Answer = ();
    type Refusal = Superseded;
    const NAME: &'static str = "wallet.add_passkey";

    fn apply<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<(), Superseded> {
        let phone = Phone::of(records).ok_or(Superseded)?;
        // The key it seals is that of this binding.
        if phone.lock.is_none() || self.ticket != phone.tickets {
            return Err(Superseded);
        }
        records.put(self.passkey.clone());
        Ok(())
    }
}

/// Forgets the passkey; the passcode stays.
#[derive(Clone, Copy, Debug)]
pub struct RemovePasskey;

impl Operation for RemovePasskey {
    type Answer = ();
    type Refusal = NotBound;
    const NAME: &'static str = "wallet.remove_passkey";

    fn apply<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<(), NotBound> {
        forget(records);
        Ok(())
    }
}

/// Forgets a passkey, if there is one.
pub(crate) fn forget<W: Records>(records: &mut W) {
    if records.find::<Passkey>(&Only).is_some() {
        records.remove::<Passkey>(&Only);
    }
}

/// Opens the phone by its passkey. Wrong passcodes stay counted: whoever typed them is not whom the passkey knows.
#[derive(Clone, Debug)]
pub struct UsePasskey {
    /// Evidence of it.
    pub asserted: Asserted,
}

/// What the passkey opened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Used {
    ticket: Ticket,
    lock: Option<Envelope>,
    credential: CredentialId,
}

impl Operation for UsePasskey {
    /// With the authenticator's secret it becomes the right to pay once: [`open`].
    type Answer = Used;
    type Refusal = NotBound;
    const NAME: &'static str = "wallet.use_passkey";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Used, NotBound> {
        let mut phone = Phone::of(records).filter(|phone| phone.lock.is_some()).ok_or(NotBound)?;
        let mut passkey = records.find::<Passkey>(&Only).ok_or(NotBound)?;
        if passkey.credential != *self.asserted.credential() {
            return Err(NotBound);
        }
        passkey.counter = self.asserted.counter();
        phone.tickets += 1;
        let used = Used {
            ticket: Ticket::given(phone.tickets, now),
            lock: passkey.lock.clone(),
            credential: passkey.credential.clone(),
        };
        records.put(phone);
        records.put(passkey);
        Ok(used)
    }
}

/// Evidence for one tap, if this passkey and this secret of its authenticator hold the key.
pub fn open(used: &Used, secret: Option<&Secret<32>>) -> Option<Verified> {
    let opened = vault::open(&key_of(secret?), used.lock.as_ref()?, &context(&used.credential)).ok()?;
    let number = opened.expose().try_into().ok()?;
    Some(Verified::of(&used.ticket, AgreementKey::from_bytes(&Secret::new(number)).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::{BeginUnlock, TRIES_MOST};
    use crate::testing::{self, Memory, NOON};
    use passkeys::testing::Authenticator;
    use passkeys::{Defences, Expected, register, verify};
    use std::time::Duration;

    const CHALLENGE: &[u8] = b"a challenge";

    fn expected() -> Expected<'static> {
        let origin = "http://localhost:8081";
        Expected { relying_party: "localhost", origin, challenge: CHALLENGE, defences: Defences::ALL }
    }

    fn secret(byte: u8) -> Secret<32> {
        Secret::new([byte; 32])
    }

    /// A phone with this passkey beside its passcode.
    fn added(secret: Option<&Secret<32>>) -> (Memory, Authenticator) {
        let mut memory = Memory::with_card();
        let verified = memory.unlock(NOON);
        let mut authenticator = Authenticator::new(b"phone", "localhost", "http://localhost:8081");
        let (client, object) = authenticator.make(CHALLENGE);
        let registered = register(&expected(), &client, &object).unwrap();
        let new = NewPasskey { registered: &registered, salt: &[7; 32], secret };
        let add = verified.add_passkey(&new, &Entropy::new([9; 44]), NOON);
        memory.run(&add, NOON).unwrap();
        (memory, authenticator)
    }

    fn used(memory: &mut Memory, authenticator: &mut Authenticator) -> Result<Used, NotBound> {
        let kept = memory.find::<Passkey>(&Only).ok_or(NotBound)?;
        let asserted =
            verify(&expected(), &kept.public, kept.counter, &authenticator.sign(CHALLENGE)).unwrap();
        memory.run(&UsePasskey { asserted }, NOON)
    }

    #[test]
    fn its_secret_opens_the_same_key_as_the_passcode_and_no_other_secret_does() {
        let (mut memory, mut authenticator) = added(Some(&secret(5)));
        let used = used(&mut memory, &mut authenticator).unwrap();
        let verified = open(&used, Some(&secret(5))).unwrap();
        assert_eq!(verified.key().to_bytes().expose(), testing::user_key().to_bytes().expose());
        assert!(verified.is_fresh(NOON) && !verified.is_fresh(NOON.after(Duration::from_secs(61))));
        assert!(verified.ticket() > memory.unlock(NOON).ticket() - 2);
        for wrong in [Some(secret(6)), None] {
            assert!(open(&used, wrong.as_ref()).is_none());
        }
    }

    #[test]
    fn without_a_secret_it_opens_the_screen_and_no_payment() {
        let (mut memory, mut authenticator) = added(None);
        let used = used(&mut memory, &mut authenticator).unwrap();
        assert!(open(&used, None).is_none() && open(&used, Some(&secret(5))).is_none());
    }

    #[test]
    fn it_goes_with_the_passcode() {
        let (mut memory, mut authenticator) = added(Some(&secret(5)));
        let mut now = NOON;
        for _ in 0..=TRIES_MOST {
            memory.run(&BeginUnlock, now).unwrap();
            now = now.after(Duration::from_secs(3600));
        }
        assert!(Phone::of(&mut memory).unwrap().lock.is_none(), "the passcode is gone");
        assert!(used(&mut memory, &mut authenticator).is_err());
        assert!(memory.find::<Passkey>(&Only).is_none());
        let (mut memory, mut authenticator) = added(Some(&secret(5)));
        memory.run(&testing::bind(), NOON).unwrap();
        assert!(used(&mut memory, &mut authenticator).is_err(), "another binding has another key");
        let (mut memory, mut authenticator) = added(Some(&secret(5)));
        memory.run(&RemovePasskey, NOON).unwrap();
        assert!(used(&mut memory, &mut authenticator).is_err());
    }

    #[test]
    fn using_it_forgives_no_wrong_passcode() {
        let (mut memory, mut authenticator) = added(Some(&secret(5)));
        memory.run(&BeginUnlock, NOON).unwrap();
        used(&mut memory, &mut authenticator).unwrap();
        assert_eq!(Phone::of(&mut memory).unwrap().tries, 1);
    }

    #[test]
    fn adding_wants_the_passcode_just_now() {
        let (mut memory, mut authenticator) = added(None);
        let stale = memory.unlock(NOON);
        memory.unlock(NOON);
        let (client, object) = authenticator.make(CHALLENGE);
        let registered = register(&expected(), &client, &object).unwrap();
        let new = NewPasskey { registered: &registered, salt: &[7; 32], secret: None };
        let add = stale.add_passkey(&new, &Entropy::new([9; 44]), NOON);
        assert_eq!(memory.run(&add, NOON), Err(Superseded));
    }
}

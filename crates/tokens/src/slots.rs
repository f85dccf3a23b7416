//! Single-use keys for the phone: one session key per transaction counter, in two halves, each sealed alone.
//!
//! Pure and outside the writer: `IssueKeys` decided which counters, this computes what is sent. No card key and
//! no master key leaves; the phone gets session keys that die with their counter. Each key is split: the device
//! half is sealed to the device's agreement key, the user half to the key that only the customer's verification
//! releases, so that an unverified phone computes a wrong cryptogram. Each half is a message of its own, so that
//! the phone can forget a used key without touching the others.

use crate::records::{DeviceKeys, TokenReference};
use crate::refusal::Refusal;
use crypto::emv_keys::{MasterKey, session_key, split};
use crypto::p256::AgreementPublic;
use values::{Secret, TokenNumber};

/// Binds a device half to its purpose.
pub const DEVICE_CONTEXT: &str = "paiza:key:device";
/// Binds a user half to its purpose.
pub const USER_CONTEXT: &str = "paiza:key:user";

/// One key as it goes to the phone: two compact JWEs of 16 bytes each, under the key identifier
/// `<token reference>:<counter>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedSlot {
    /// The counter it is good for.
    pub atc: u16,
    /// Sealed to the device's agreement key.
    pub device_part: String,
    /// Sealed to the device's verification key.
    pub user_part: String,
}

/// What a batch is computed from.
#[derive(Clone, Copy, Debug)]
pub struct SlotOrder<'a> {
    /// The token's reference.
    pub reference: TokenReference,
    /// Its number.
    pub number: TokenNumber,
    /// Its sequence number.
    pub psn: u8,
    /// The first counter, as `IssueKeys` answered.
    pub first: u16,
    /// The public keys of the token's device.
    pub device: &'a DeviceKeys,
}

/// Computes and seals one key per user half, from `first` on. `user_parts` is fresh randomness.
///
/// Refuses `key_invalid` when a device key is no point, and `keys_exhausted` past the last counter.
pub fn slots(
    master: &MasterKey,
    order: &SlotOrder<'_>,
    user_parts: &[Secret<16>],
) -> Result<Vec<SealedSlot>, Refusal> {
    let public = |key: &[u8]| AgreementPublic::from_sec1(key).map_err(|_| Refusal::KeyInvalid);
    let (device, user) = (public(&order.device.agreement)?, public(&order.device.verification)?);
    let card_key = master.derive_token_key(order.number, order.psn);
    let counters = order.first..=u16::MAX;
    if user_parts.len() > counters.len() {
        return Err(Refusal::KeysExhausted);
    }
    counters
        .zip(user_parts)
        .map(|(atc, user_part)| {
            let key = session_key(master.algorithm(), &card_key, atc);
            let device_part = split(&key, user_part);
            let kid = format!("{}:{atc}", order.reference);
            Ok(SealedSlot {
                atc,
                device_part: crypto::jwe::seal(&device, &kid, device_part.expose(), DEVICE_CONTEXT),
                user_part: crypto::jwe::seal(&user, &kid, user_part.expose(), USER_CONTEXT),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crypto::emv_keys::Algorithm;
    use crypto::p256::{AgreementKey, SigningKey};
    use values::Id;

    #[test]
    fn two_halves_make_the_session_key_and_one_does_not() {
        let (device, user) = (AgreementKey::generate(), AgreementKey::generate());
        let keys = DeviceKeys {
            signing: SigningKey::generate().public().to_sec1().to_vec(),
            agreement: device.public().to_sec1().to_vec(),
            verification: user.public().to_sec1().to_vec(),
        };
        let master = MasterKey::new(Algorithm::Sm4, &Secret::new([7; 16]));
        let number = TokenNumber::parse(b"4111111111111111").unwrap();
        let order = SlotOrder { reference: Id::from_u128(9), number, psn: 1, first: 5, device: &keys };
        let made = slots(&master, &order, &[Secret::new([1; 16]), Secret::new([2; 16])]).unwrap();
        assert_eq!(made.iter().map(|slot| slot.atc).collect::<Vec<_>>(), [5, 6]);
        let open = |key: &AgreementKey, sealed: &str, context: &str| {
            let opened = crypto::jwe::open(key, sealed, context).unwrap();
            Secret::new(<[u8; 16]>::try_from(opened.expose()).unwrap())
        };
        let card_key = master.derive_token_key(number, 1);
        for slot in &made {
            let device_half = open(&device, &slot.device_part, DEVICE_CONTEXT);
            let user_half = open(&user, &slot.user_part, USER_CONTEXT);
            let key = session_key(Algorithm::Sm4, &card_key, slot.atc);
            assert_eq!(crypto::emv_keys::join(&device_half, &user_half).expose(), key.expose());
            assert_ne!(device_half.expose(), key.expose());
            assert!(crypto::jwe::open(&user, &slot.device_part, DEVICE_CONTEXT).is_err());
        }
        let last = SlotOrder { first: u16::MAX, ..order };
        assert_eq!(slots(&master, &last, &[Secret::new([1; 16])]).unwrap()[0].atc, u16::MAX);
        let beyond = slots(&master, &last, &[Secret::new([1; 16]), Secret::new([2; 16])]);
        assert_eq!(beyond, Err(Refusal::KeysExhausted));
        assert_eq!(crypto::jwe::key_id(&made[0].user_part).unwrap(), format!("{}:5", order.reference));
    }
}

//! Single-use keys for the phone: one session key per transaction counter, in two halves.
//!
//! Pure and outside the writer: `IssueKeys` decided which counters, this computes what is sent. No card key and
//! no master key leaves; the phone gets session keys that die with their counter. Each key is split: the device
//! half is sealed to the device's agreement key, the user half to the key that only the customer's verification
//! releases, so that an unverified phone computes a wrong cryptogram.

use crate::records::DeviceKeys;
use crate::refusal::Refusal;
use crypto::emv_keys::{Algorithm, MasterKey, session_key, split};
use crypto::p256::AgreementPublic;
use serde::{Deserialize, Serialize};
use values::{Secret, TokenNumber};

/// A batch of keys for one phone, as it goes over the wire: two sealed messages.
///
/// The plaintext of each is one slot after another: counter (2 bytes, high byte first), half key (16 bytes).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedKeys {
    /// The first counter.
    pub first: u16,
    /// The last counter.
    pub last: u16,
    /// Key algorithm id: 01 3DES, 04 SM4, A1 AES.
    pub algorithm: u8,
    /// Device halves: compact JWE to the agreement key, context [`DEVICE_CONTEXT`].
    pub device_parts: String,
    /// User halves: compact JWE to the verification key, context [`USER_CONTEXT`].
    pub user_parts: String,
}

/// Bound into the sealing of device halves, followed by the token's reference on the wire.
pub const DEVICE_CONTEXT: &str = "paiza keys device";
/// Bound into the sealing of user halves.
pub const USER_CONTEXT: &str = "paiza keys user";

/// Bytes of one slot inside a sealed message.
pub const SLOT: usize = 18;

/// Checks the three public keys of a device.
pub fn check_device_keys(keys: &DeviceKeys) -> Result<(), Refusal> {
    crypto::p256::VerifyingKey::from_sec1(&keys.signing).map_err(|_| Refusal::KeyInvalid)?;
    for key in [&keys.agreement, &keys.verification] {
        AgreementPublic::from_sec1(key).map_err(|_| Refusal::KeyInvalid)?;
    }
    Ok(())
}

/// What a batch is computed from.
#[derive(Clone, Copy, Debug)]
pub struct BatchOrder<'a> {
    /// Which token.
    pub number: TokenNumber,
    /// Its sequence number.
    pub psn: u8,
    /// The first counter, as `IssueKeys` answered.
    pub first: u16,
    /// The last counter.
    pub last: u16,
    /// The public keys of the token's device.
    pub device: &'a DeviceKeys,
}

/// Computes and seals a batch. `user_parts` is fresh randomness, one 16-byte half per counter.
///
/// Refuses `key_invalid` when a device key is no point, and `stale` when there is not one half per counter.
pub fn batch(
    master: &MasterKey,
    order: &BatchOrder<'_>,
    user_parts: &[Secret<16>],
) -> Result<SealedKeys, Refusal> {
    let algorithm = master.algorithm();
    let counters = order.first..=order.last;
    if user_parts.len() != counters.len() {
        return Err(Refusal::Stale);
    }
    let card_key = master.derive_token_key(order.number, order.psn);
    let mut halves = [SlotList::new(user_parts.len()), SlotList::new(user_parts.len())];
    for (counter, user_part) in counters.zip(user_parts) {
        let key = session_key(algorithm, &card_key, counter);
        halves[0].push(counter, &split(&key, user_part));
        halves[1].push(counter, user_part);
    }
    let [device_half, user_half] = halves;
    let seal = |key: &[u8], kid: &str, half: SlotList, context: &str| -> Result<String, Refusal> {
        let recipient = AgreementPublic::from_sec1(key).map_err(|_| Refusal::KeyInvalid)?;
        Ok(crypto::jwe::seal(&recipient, kid, &half.0, context))
    };
    Ok(SealedKeys {
        first: order.first,
        last: order.last,
        algorithm: Algorithm::id(algorithm),
        device_parts: seal(&order.device.agreement, "device", device_half, DEVICE_CONTEXT)?,
        user_parts: seal(&order.device.verification, "user", user_half, USER_CONTEXT)?,
    })
}

// Sized once, so that no half is left behind in a buffer that grew.
struct SlotList(Vec<u8>);

impl SlotList {
    fn new(slots: usize) -> Self {
        SlotList(Vec::with_capacity(slots * SLOT))
    }

    fn push(&mut self, counter: u16, half: &Secret<16>) {
        self.0.extend_from_slice(&counter.to_be_bytes());
        self.0.extend_from_slice(half.expose());
    }
}

impl Drop for SlotList {
    fn drop(&mut self) {
        self.0.fill(0);
        std::hint::black_box(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crypto::emv_keys::join;
    use crypto::p256::{AgreementKey, SigningKey};

    #[test]
    fn only_both_halves_make_the_key() {
        let (signing, agreement, verification) =
            (SigningKey::generate(), AgreementKey::generate(), AgreementKey::generate());
        let device = DeviceKeys {
            signing: signing.public().to_sec1().to_vec(),
            agreement: agreement.public().to_sec1().to_vec(),
            verification: verification.public().to_sec1().to_vec(),
        };
        check_device_keys(&device).unwrap();
        let master = MasterKey::new(Algorithm::Sm4, &Secret::new([9; 16]));
        let number = TokenNumber::parse(b"5555555555554444").unwrap();
        let order = BatchOrder { number, psn: 1, first: 11, last: 20, device: &device };
        let parts: Vec<_> = (0..10).map(|n| Secret::new([n + 1; 16])).collect();
        let sealed = batch(&master, &order, &parts).unwrap();
        let ours = crypto::jwe::open(&agreement, &sealed.device_parts, DEVICE_CONTEXT).unwrap();
        let user = crypto::jwe::open(&verification, &sealed.user_parts, USER_CONTEXT).unwrap();
        assert!(crypto::jwe::open(&agreement, &sealed.user_parts, USER_CONTEXT).is_err());
        let card_key = master.derive_token_key(number, 1);
        for (counter, (left, right)) in
            (11u16..).zip(ours.expose().chunks_exact(SLOT).zip(user.expose().chunks_exact(SLOT)))
        {
            assert_eq!((&left[..2], &right[..2]), (&counter.to_be_bytes()[..], &counter.to_be_bytes()[..]));
            let half = |slot: &[u8]| Secret::new(slot[2..].try_into().unwrap());
            let key = session_key(Algorithm::Sm4, &card_key, counter);
            assert_eq!(join(&half(left), &half(right)).expose(), key.expose());
            assert_ne!(half(left).expose(), key.expose());
        }
        assert_eq!(batch(&master, &order, &parts[1..]), Err(Refusal::Stale));
        let broken = DeviceKeys { agreement: vec![4; 65], ..device.clone() };
        assert_eq!(
            batch(&master, &BatchOrder { device: &broken, ..order }, &parts),
            Err(Refusal::KeyInvalid)
        );
        assert_eq!(check_device_keys(&broken), Err(Refusal::KeyInvalid));
    }
}

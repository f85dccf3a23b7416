//! The vault: card numbers at rest, and the evidence without which none is opened.
//!
//! A card number opens only for [`Evidence`]: an `Admitted` payment, or a `Granted` request that two operators
//! made. Both are answers of operations, so that by the time a number is open, its purpose has been recorded.

use crate::records::VaultEntry;
use crypto::vault::{Entropy, Envelope, KeyEncryptionKey, VaultError};
use serde::{Deserialize, Serialize};
use values::{Expiry, Pan, TokenNumber};

/// What a card number is opened for. Recorded each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A payment or pre-authorisation with its own cryptogram.
    Payment,
    /// Paying what was set aside.
    Completion,
    /// Money back to the holder.
    Refund,
    /// Taking a payment back.
    Void,
    /// Undoing a message whose answer never came.
    Reversal,
    /// A dispute, opened by two operators.
    Dispute,
    /// A lawful request, opened by two operators.
    LawfulRequest,
    /// Moving the vault under a new key; no human sees the number.
    Rewrap,
    /// The issuer replaced the card: another number was put behind the token.
    Replacement,
}

/// Proof that opening one card number was decided and recorded.
pub trait Evidence {
    /// Whose card.
    fn number(&self) -> TokenNumber;
    /// What for.
    fn purpose(&self) -> Purpose;
}

/// A card number in clear, with its expiry. Wiped on drop, prints masked.
#[derive(Clone, Debug)]
pub struct CardNumber {
    /// The number.
    pub pan: Pan,
    /// Its last month.
    pub expiry: Expiry,
}

/// The vault could not give a card number; see the variants for what the operator does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultFailure {
    /// The evidence is for another token: a mistake of the caller.
    #[error("the evidence is for another token")]
    OtherToken,
    /// The envelope does not open: wrong key generation, or the row was changed. Check the key store.
    #[error("opening a card number: {0}")]
    Envelope(#[from] VaultError),
    /// What was inside is not a card number: the row was written by something else.
    #[error("the envelope holds no card number")]
    Content,
}

// The envelope of one token must not open under another's name.
fn context(number: TokenNumber) -> [u8; 13] {
    let mut context = *b"vault00000000";
    context[5..].copy_from_slice(&number.as_u64().to_be_bytes());
    context
}

/// Seals a card number for one token number.
pub fn seal(
    kek: &KeyEncryptionKey,
    number: TokenNumber,
    pan: &Pan,
    expiry: Expiry,
    entropy: &Entropy,
) -> Result<Envelope, VaultFailure> {
    let mut plain = vec![0; pan.expose().len() + 4];
    plain[..pan.expose().len()].copy_from_slice(pan.expose());
    plain[pan.expose().len()..].copy_from_slice(expiry.to_yymm().as_bytes());
    let plain = values::SecretBytes::new(plain);
    Ok(crypto::vault::seal(kek, plain.expose(), &context(number), entropy)?)
}

/// Opens the card number behind a token, for a recorded purpose.
pub fn open(
    kek: &KeyEncryptionKey,
    number: TokenNumber,
    envelope: &Envelope,
    evidence: &impl Evidence,
) -> Result<CardNumber, VaultFailure> {
    if evidence.number() != number {
        return Err(VaultFailure::OtherToken);
    }
    unseal(kek, number, envelope)
}

/// Puts an entry under a new key. The number is in clear only inside this function.
pub fn rewrap(
    old: &KeyEncryptionKey,
    new: &KeyEncryptionKey,
    entry: &VaultEntry,
    entropy: &Entropy,
) -> Result<VaultEntry, VaultFailure> {
    let card = unseal(old, entry.number, &entry.envelope)?;
    let envelope = seal(new, entry.number, &card.pan, card.expiry, entropy)?;
    Ok(VaultEntry { envelope, ..entry.clone() })
}

fn unseal(
    kek: &KeyEncryptionKey,
    number: TokenNumber,
    envelope: &Envelope,
) -> Result<CardNumber, VaultFailure> {
    let plain = crypto::vault::open(kek, envelope, &context(number))?;
    let (digits, expiry) = plain.expose().split_last_chunk::<4>().ok_or(VaultFailure::Content)?;
    let pan = Pan::parse(digits).map_err(|_| VaultFailure::Content)?;
    let expiry = Expiry::from_yymm(expiry).map_err(|_| VaultFailure::Content)?;
    Ok(CardNumber { pan, expiry })
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Secret;

    struct Any(TokenNumber);
    impl Evidence for Any {
        fn number(&self) -> TokenNumber {
            self.0
        }
        fn purpose(&self) -> Purpose {
            Purpose::Payment
        }
    }

    #[test]
    fn a_number_opens_for_its_own_token_alone() {
        let kek = KeyEncryptionKey::new(1, &Secret::new([1; 32]));
        let pan = Pan::parse(b"4111111111111111").unwrap();
        let [mine, other] =
            ["5555555555554444", "378282246310005"].map(|t| TokenNumber::parse(t.as_bytes()).unwrap());
        let expiry = Expiry::new(29, 3).unwrap();
        let envelope = seal(&kek, mine, &pan, expiry, &Secret::new([5; 44])).unwrap();
        let card = open(&kek, mine, &envelope, &Any(mine)).unwrap();
        assert_eq!((card.pan.expose(), card.expiry), (pan.expose(), expiry));
        assert!(!format!("{card:?}").contains("411111"));
        assert!(matches!(open(&kek, mine, &envelope, &Any(other)), Err(VaultFailure::OtherToken)));
        // Moving the row to another token's name does not help.
        assert!(matches!(open(&kek, other, &envelope, &Any(other)), Err(VaultFailure::Envelope(_))));
        let next = KeyEncryptionKey::new(2, &Secret::new([2; 32]));
        let entry = VaultEntry { number: mine, reference: values::Id::from_u128(1), envelope };
        let moved = rewrap(&kek, &next, &entry, &Secret::new([6; 44])).unwrap();
        assert!(open(&kek, mine, &moved.envelope, &Any(mine)).is_err());
        assert_eq!(open(&next, mine, &moved.envelope, &Any(mine)).unwrap().pan.expose(), pan.expose());
    }
}

//! Two-key triple DES on single blocks, with its key schedule expanded once (ISO/IEC 18033-3).

use crate::des_rounds::{Pass, Schedule, cipher};
use std::fmt;
use values::Secret;

/// A double-length DES key, or an SM4 or AES-128 key: 16 bytes.
pub type Key16 = Secret<16>;

/// A two-key triple DES cipher, ready for use: E(left) D(right) E(left).
#[derive(Clone)]
pub struct Tdes {
    left: Schedule,
    right: Schedule,
}

impl Tdes {
    /// Expands the key; its parity bits are ignored.
    pub fn new(key: &Key16) -> Self {
        let (halves, _) = key.expose().as_chunks::<8>();
        Tdes { left: Schedule::new(&halves[0]), right: Schedule::new(&halves[1]) }
    }

    /// Enciphers one block.
    pub fn encrypt(&self, block: [u8; 8]) -> [u8; 8] {
        let [block] = cipher([block], &self.there());
        block
    }

    /// Deciphers one block.
    pub fn decrypt(&self, block: [u8; 8]) -> [u8; 8] {
        let back = [Pass::Decrypt(&self.left), Pass::Encrypt(&self.right), Pass::Decrypt(&self.left)];
        let [block] = cipher([block], &back);
        block
    }

    /// Enciphers two blocks one by one and joins them with odd parity: the shape of every EMV key derivation.
    pub(crate) fn encrypt_key(&self, left: [u8; 8], right: [u8; 8]) -> Key16 {
        let [left, right] = cipher([left, right], &self.there());
        let mut key = [0; 16];
        key[..8].copy_from_slice(&left);
        key[8..].copy_from_slice(&right);
        set_odd_parity(&mut key);
        Secret::new(key)
    }

    fn there(&self) -> [Pass<'_>; 3] {
        [Pass::Encrypt(&self.left), Pass::Decrypt(&self.right), Pass::Encrypt(&self.left)]
    }
}

impl fmt::Debug for Tdes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tdes(****)")
    }
}

/// Sets the lowest bit of every byte so that each has an odd number of ones, as DES keys are shown.
pub fn set_odd_parity(key: &mut [u8]) {
    for byte in key {
        *byte = (*byte & 0xFE) | u8::from((*byte >> 1).count_ones() % 2 == 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parity_is_odd_and_does_not_change_the_cipher() {
        let mut key = [0x00, 0x01, 0x02, 0x03, 0xFE, 0xFF, 0x80, 0x7F, 1, 2, 3, 4, 5, 6, 7, 8];
        let plain = Tdes::new(&Secret::new(key)).encrypt([5; 8]);
        set_odd_parity(&mut key);
        assert!(key.iter().all(|byte| byte.count_ones() % 2 == 1));
        let tdes = Tdes::new(&Secret::new(key));
        assert_eq!(tdes.encrypt([5; 8]), plain);
        assert_eq!(tdes.decrypt(plain), [5; 8]);
        assert_eq!(format!("{tdes:?}"), "Tdes(****)");
    }
}

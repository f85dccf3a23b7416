//! From an issuer master key to the key of one tap.
//!
//! Three steps: the master key (one per issuer, algorithm and derivation index) gives a card or token key,
//! that gives a session key per application transaction counter, and [`crate::mac`] uses it once.

use crate::tdes::{Key16, Tdes};
use cipher::{BlockCipherEncrypt, KeyInit};
use std::fmt;
use values::{Secret, TokenNumber};

/// The block cipher of a card, as its issuer application data names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// Two-key triple DES, id 01 (JR/T 0025.5, appendix E).
    TripleDes,
    /// SM4, id 04 (JR/T 0025.17, 6.1.2).
    Sm4,
    /// AES-128, id A1: our own label for issuers that want it.
    Aes,
}

impl Algorithm {
    /// Reads the algorithm id of the issuer application data.
    pub fn from_id(id: u8) -> Option<Algorithm> {
        match id {
            0x01 => Some(Algorithm::TripleDes),
            0x04 => Some(Algorithm::Sm4),
            0xA1 => Some(Algorithm::Aes),
            _ => None,
        }
    }

    /// The algorithm id of the issuer application data.
    pub fn id(self) -> u8 {
        match self {
            Algorithm::TripleDes => 0x01,
            Algorithm::Sm4 => 0x04,
            Algorithm::Aes => 0xA1,
        }
    }
}

/// An issuer master key with its schedule expanded: keep it, expansion costs as much as a derivation.
pub struct MasterKey(Cipher);

enum Cipher {
    TripleDes(Tdes),
    Sm4(sm4::Sm4),
    Aes(aes::Aes128),
}

impl MasterKey {
    /// Expands the key.
    pub fn new(algorithm: Algorithm, key: &Key16) -> Self {
        MasterKey(match algorithm {
            Algorithm::TripleDes => Cipher::TripleDes(Tdes::new(key)),
            Algorithm::Sm4 => Cipher::Sm4(sm4::Sm4::new(key.expose().into())),
            Algorithm::Aes => Cipher::Aes(aes::Aes128::new(key.expose().into())),
        })
    }

    /// Which cipher this key is for.
    pub fn algorithm(&self) -> Algorithm {
        match self.0 {
            Cipher::TripleDes(_) => Algorithm::TripleDes,
            Cipher::Sm4(_) => Algorithm::Sm4,
            Cipher::Aes(_) => Algorithm::Aes,
        }
    }

    /// The key of a card, option A: the only one UnionPay knows (EMV 4.4 Book 2, A1.4.1; JR/T 0025.7,
    /// 11.1.4).
    ///
    /// `pan_digits` are ASCII digits, checked by the caller; `psn` is the sequence number 0 to 99, 0 when
    /// absent.
    pub fn derive_card_key(&self, pan_digits: &[u8], psn: u8) -> Key16 {
        self.diversify(rightmost_sixteen(pan_digits, psn))
    }

    /// The key of a token: [`Self::derive_card_key`] from the token's number, without writing its digits out.
    pub fn derive_token_key(&self, token: TokenNumber, psn: u8) -> Key16 {
        let mut number = token.as_u64() % 10u64.pow(14) * 100 + u64::from(psn % 100);
        let mut packed = 0;
        for place in 0..16 {
            packed |= (number % 10) << (4 * place);
            number /= 10;
        }
        self.diversify(packed.to_be_bytes())
    }

    /// The key of a card, option B: as A for up to 16 digits, else by way of SHA-1 (EMV 4.4 Book 2, A1.4.2).
    pub fn derive_card_key_option_b(&self, pan_digits: &[u8], psn: u8) -> Key16 {
        if pan_digits.len() <= 16 {
            return self.derive_card_key(pan_digits, psn);
        }
        self.diversify(decimalised_digest(pan_digits, psn))
    }

    fn diversify(&self, y: [u8; 8]) -> Key16 {
        let complement = y.map(|byte| !byte);
        match &self.0 {
            Cipher::TripleDes(cipher) => cipher.encrypt_key(y, complement),
            Cipher::Sm4(cipher) => encrypt_halves(cipher, y, complement),
            Cipher::Aes(cipher) => encrypt_halves(cipher, y, complement),
        }
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({:?}, ****)", self.algorithm())
    }
}

/// The session key of one tap, UnionPay style (JR/T 0025.7, 11.1.3; JR/T 0025.17, 8.1.3).
///
/// The same derivation serves the keys for cryptograms, script MACs and script encipherment.
pub fn session_key(algorithm: Algorithm, card_key: &Key16, atc: u16) -> Key16 {
    let left = u64::from(atc).to_be_bytes();
    let right = u64::from(!atc).to_be_bytes();
    match algorithm {
        Algorithm::TripleDes => Tdes::new(card_key).encrypt_key(left, right),
        Algorithm::Sm4 => encrypt_halves(&sm4::Sm4::new(card_key.expose().into()), left, right),
        // Our own variant: the shape of the SM4 derivation under AES-128.
        Algorithm::Aes => encrypt_halves(&aes::Aes128::new(card_key.expose().into()), left, right),
    }
}

/// The EMV common session key (EMV 4.4 Book 2, A1.3.1): triple DES, `r` = ATC and six zero bytes for a
/// cryptogram, or the first cryptogram of the transaction for secure messaging.
pub fn common_session_key(card_key: &Key16, r: [u8; 8]) -> Key16 {
    let (mut left, mut right) = (r, r);
    left[2] = 0xF0;
    right[2] = 0x0F;
    Tdes::new(card_key).encrypt_key(left, right)
}

/// The Mastercard session key (M/Chip CVN 16 and 17): the common derivation over ATC and unpredictable
/// number.
pub fn mastercard_skd(card_key: &Key16, atc: u16, unpredictable_number: [u8; 4]) -> Key16 {
    let r = u64::from(atc) << 48 | u64::from(u32::from_be_bytes(unpredictable_number));
    common_session_key(card_key, r.to_be_bytes())
}

/// The Visa session key for secure messaging: the card key with the ATC and its complement added to the
/// halves.
pub fn visa_secure_messaging(card_key: &Key16, atc: u16) -> Key16 {
    let mask = u128::from(atc) << 64 | u128::from(!atc);
    let mut key = (u128::from_be_bytes(*card_key.expose()) ^ mask).to_be_bytes();
    crate::tdes::set_odd_parity(&mut key);
    Secret::new(key)
}

/// The session key of the withdrawn EMV2000 key tree (EMV 2000 Book 2, A1.3); only for cards that still have
/// it.
///
/// `height` levels (8 or 16 in practice) of `branch` children each (4 or 2, never below 2); the starting
/// value is zero.
pub fn emv2000_tree(card_key: &Key16, atc: u16, height: u8, branch: u8) -> Key16 {
    let branch = u32::from(branch.max(2));
    let (mut grandparent, mut parent) = (Secret::new([0; 16]), card_key.clone());
    for level in (1..height).rev() {
        let child = tree_node(&parent, &grandparent, atc, branch, level);
        grandparent = std::mem::replace(&mut parent, child);
    }
    let leaf = tree_node(&parent, &grandparent, atc, branch, 0);
    let mut key = xor(leaf.expose(), grandparent.expose());
    crate::tdes::set_odd_parity(&mut key);
    Secret::new(key)
}

/// One step down the tree: `level` counts from the leaves, and picks the digit of the counter in base
/// `branch`.
fn tree_node(parent: &Key16, grandparent: &Key16, atc: u16, branch: u32, level: u8) -> Key16 {
    let above = branch.checked_pow(u32::from(level)).map_or(0, |below| u32::from(atc) / below);
    let digit = (above % branch) as u8;
    let cipher = Tdes::new(parent);
    let mut node = *grandparent.expose();
    let (halves, _) = node.as_chunks_mut::<8>();
    halves[0][7] ^= digit;
    halves[1][7] ^= digit ^ 0xF0;
    halves.iter_mut().for_each(|half| *half = cipher.encrypt(*half));
    Secret::new(node)
}

/// Splits a key in two parts, both needed to get it back: one may be kept behind the user's passcode.
///
/// `user_part` is 16 random bytes; the answer is the device part.
pub fn split(key: &Key16, user_part: &Key16) -> Key16 {
    Secret::new(xor(key.expose(), user_part.expose()))
}

/// Joins the two parts of a key that was [`split`].
pub fn join(device_part: &Key16, user_part: &Key16) -> Key16 {
    split(device_part, user_part)
}

fn xor(left: &[u8; 16], right: &[u8; 16]) -> [u8; 16] {
    std::array::from_fn(|i| left[i] ^ right[i])
}

fn encrypt_halves<C>(cipher: &C, left: [u8; 8], right: [u8; 8]) -> Key16
where
    C: BlockCipherEncrypt<BlockSize = cipher::consts::U16>,
{
    let mut block = [0; 16];
    block[..8].copy_from_slice(&left);
    block[8..].copy_from_slice(&right);
    cipher.encrypt_block((&mut block).into());
    Secret::new(block)
}

/// The rightmost 16 digits of number and sequence number, packed two to a byte, zeros to the left.
fn rightmost_sixteen(pan_digits: &[u8], psn: u8) -> [u8; 8] {
    let tail = &pan_digits[pan_digits.len().saturating_sub(14)..];
    let number = tail.iter().fold(0u64, |sum, digit| sum << 4 | u64::from(digit & 0x0F));
    (number << 8 | u64::from(psn / 10 % 10) << 4 | u64::from(psn % 10)).to_be_bytes()
}

fn decimalised_digest(pan_digits: &[u8], psn: u8) -> [u8; 8] {
    let mut digits: Vec<u8> = pan_digits.iter().map(|digit| digit & 0x0F).collect();
    digits.extend([psn / 10 % 10, psn % 10]);
    if digits.len() % 2 == 1 {
        digits.insert(0, 0);
    }
    let packed: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    let digest = crate::hash::sha1(&packed);
    let nibbles = || digest.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]);
    let decimal = nibbles().filter(|nibble| *nibble <= 9);
    let letters = nibbles().filter(|nibble| *nibble > 9).map(|nibble| nibble - 10);
    // 40 nibbles in all, so 16 are always there.
    decimal.chain(letters).take(16).fold(0u64, |sum, digit| sum << 4 | u64::from(digit)).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn master(algorithm: Algorithm) -> MasterKey {
        MasterKey::new(algorithm, &Secret::new([0x3B; 16]))
    }

    #[test]
    fn algorithms_have_one_id_each() {
        for algorithm in [Algorithm::TripleDes, Algorithm::Sm4, Algorithm::Aes] {
            assert_eq!(Algorithm::from_id(algorithm.id()), Some(algorithm));
            assert_eq!(master(algorithm).algorithm(), algorithm);
        }
        assert_eq!(Algorithm::from_id(0x02), None);
    }

    #[test]
    fn a_long_number_counts_from_the_right_and_a_short_one_is_filled() {
        assert_eq!(rightmost_sixteen(b"6209430122868459192", 3), 0x3012_2868_4591_9203u64.to_be_bytes());
        assert_eq!(rightmost_sixteen(b"6236426814970", 1), 0x0623_6426_8149_7001u64.to_be_bytes());
        assert_eq!(rightmost_sixteen(b"", 99), 0x99u64.to_be_bytes());
        let all = (0..=255).collect::<Vec<u8>>();
        for algorithm in [Algorithm::TripleDes, Algorithm::Sm4, Algorithm::Aes] {
            master(algorithm).derive_card_key_option_b(&all, 255);
        }
    }

    #[test]
    fn every_counter_has_its_own_key_under_every_algorithm() {
        for algorithm in [Algorithm::TripleDes, Algorithm::Sm4, Algorithm::Aes] {
            let card_key = master(algorithm).derive_card_key(b"6280371212742269", 1);
            let one = session_key(algorithm, &card_key, 1);
            assert_ne!(one.expose(), session_key(algorithm, &card_key, 2).expose());
        }
    }

    #[test]
    fn the_tree_takes_odd_shapes() {
        let key = Secret::new([0x3B; 16]);
        for (height, branch) in [(0, 0), (1, 4), (8, 4), (16, 2), (255, 255)] {
            emv2000_tree(&key, 0xFFFF, height, branch);
        }
    }

    #[test]
    fn nothing_shows() {
        assert_eq!(format!("{:?}", master(Algorithm::Sm4)), "MasterKey(Sm4, ****)");
    }

    proptest! {
        #[test]
        fn a_token_key_is_the_card_key_of_its_digits(payload in "[1-9][0-9]{11,16}", psn in 0u8..100) {
            let check = values::card::luhn_check_digit(payload.as_bytes()).unwrap() as char;
            let token = TokenNumber::parse(format!("{payload}{check}").as_bytes()).unwrap();
            let master = master(Algorithm::Aes);
            let by_digits = master.derive_card_key(token.digits().as_bytes(), psn);
            let by_number = master.derive_token_key(token, psn);
            prop_assert_eq!(by_number.expose(), by_digits.expose());
        }

        #[test]
        fn the_parts_of_a_key_join(key: [u8; 16], user: [u8; 16]) {
            let user = Secret::new(user);
            let device = split(&Secret::new(key), &user);
            let joined = join(&device, &user);
            prop_assert_eq!(joined.expose(), &key);
        }
    }
}

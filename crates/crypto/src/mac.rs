//! Message authentication codes of cards and of host links.

use crate::des_rounds::{Pass, Schedule, cipher};
use crate::emv_keys::Algorithm;
use crate::tdes::Key16;
use ::cipher::{BlockCipherEncrypt, KeyInit};
use cmac::{Cmac, Mac};
use std::fmt;

/// How the last block is filled (ISO 9797-1, 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// Method 1: zeros, and only when something is missing. Visa CVN 10 and 17, and host links.
    Zeros,
    /// Method 2: 80 and then zeros, always. UnionPay and EMV.
    Iso,
}

/// Feeds `data` with its padding to `absorb`, block by block; no data with [`Padding::Zeros`] is one zero
/// block.
fn blocks<const N: usize>(data: &[u8], padding: Padding, mut absorb: impl FnMut(&[u8; N])) {
    let (whole, rest) = data.as_chunks::<N>();
    whole.iter().for_each(&mut absorb);
    if padding == Padding::Iso || !rest.is_empty() || data.is_empty() {
        let mut last = [0; N];
        last[..rest.len()].copy_from_slice(rest);
        if padding == Padding::Iso {
            last[rest.len()] = 0x80;
        }
        absorb(&last);
    }
}

fn add<const N: usize>(state: &mut [u8; N], block: &[u8; N]) {
    state.iter_mut().zip(block).for_each(|(state, byte)| *state ^= byte);
}

/// A key for [`retail_mac`] with both halves expanded: keep it.
#[derive(Clone)]
struct RetailKey {
    left: Schedule,
    right: Schedule,
}

impl RetailKey {
    fn new(key: &Key16) -> Self {
        let (halves, _) = key.expose().as_chunks::<8>();
        RetailKey { left: Schedule::new(&halves[0]), right: Schedule::new(&halves[1]) }
    }

    fn mac(&self, data: &[u8], padding: Padding) -> [u8; 8] {
        let mut state = [0; 8];
        blocks(data, padding, |block| {
            add(&mut state, block);
            [state] = cipher([state], &[Pass::Encrypt(&self.left)]);
        });
        [state] = cipher([state], &[Pass::Decrypt(&self.right), Pass::Encrypt(&self.left)]);
        state
    }
}

/// The retail MAC: ISO 9797-1 algorithm 3 over DES, single DES chaining and one triple step at the end.
pub fn retail_mac(key: &Key16, data: &[u8], padding: Padding) -> [u8; 8] {
    RetailKey::new(key).mac(data, padding)
}

/// The last block of SM4-CBC over the data with 80-padding (JR/T 0025.17, 8.1.2).
///
/// A cryptogram is its left 8 bytes, a script MAC its left 4; the halves are not folded.
pub fn sm4_mac(key: &Key16, data: &[u8]) -> [u8; 16] {
    let cipher = sm4::Sm4::new(key.expose().into());
    let mut state = [0; 16];
    blocks(data, Padding::Iso, |block| {
        add(&mut state, block);
        cipher.encrypt_block((&mut state).into());
    });
    state
}

/// AES-128 CMAC (NIST SP 800-38B, RFC 4493).
pub fn aes_cmac(key: &Key16, data: &[u8]) -> [u8; 16] {
    let mut mac = <Cmac<aes::Aes128> as KeyInit>::new(key.expose().into());
    mac.update(data);
    mac.finalize().into_bytes().into()
}

/// The application cryptogram over what `emv` put together: left 8 bytes of the cipher's MAC.
pub fn application_cryptogram(algorithm: Algorithm, session_key: &Key16, data: &[u8]) -> [u8; 8] {
    match algorithm {
        Algorithm::TripleDes => retail_mac(session_key, data, Padding::Iso),
        Algorithm::Sm4 => left(&sm4_mac(session_key, data)),
        Algorithm::Aes => left(&aes_cmac(session_key, data)),
    }
}

/// The MAC of a script command or of issuer discretionary data: left 4 bytes (JR/T 0025.7, 11.1.2).
pub fn script_mac(algorithm: Algorithm, session_key: &Key16, data: &[u8]) -> [u8; 4] {
    let [a, b, c, d, ..] = application_cryptogram(algorithm, session_key, data);
    [a, b, c, d]
}

fn left(block: &[u8; 16]) -> [u8; 8] {
    *block.first_chunk().expect("16 bytes hold 8")
}

/// The key of a host link with its schedule expanded: one per link, kept.
#[derive(Clone)]
pub struct LinkKey(Link);

#[derive(Clone)]
enum Link {
    Retail(Box<RetailKey>),
    AesCmac(Box<Cmac<aes::Aes128>>),
}

impl LinkKey {
    /// A link whose messages carry a retail MAC with zero padding.
    pub fn retail(key: &Key16) -> Self {
        LinkKey(Link::Retail(Box::new(RetailKey::new(key))))
    }

    /// A link whose messages carry an AES-CMAC, shortened to its left 8 bytes.
    pub fn aes_cmac(key: &Key16) -> Self {
        LinkKey(Link::AesCmac(Box::new(KeyInit::new(key.expose().into()))))
    }

    /// The MAC of a message, as it stands in DE64 or DE128.
    pub fn mac(&self, message: &[u8]) -> [u8; 8] {
        match &self.0 {
            Link::Retail(key) => key.mac(message, Padding::Zeros),
            Link::AesCmac(key) => {
                let mut mac = Cmac::clone(key);
                mac.update(message);
                left(&mac.finalize().into_bytes().into())
            }
        }
    }

    /// Whether this is the MAC of the message, in constant time.
    pub fn verify(&self, message: &[u8], mac: &[u8; 8]) -> bool {
        values::constant_time_eq(&self.mac(message), mac)
    }
}

impl fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkKey(****)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Secret;

    fn key(text: &str) -> Key16 {
        Secret::new(hex::decode(text).unwrap().try_into().unwrap())
    }

    #[test]
    fn published_cmacs() {
        // RFC 4493, section 4, examples 1 to 3.
        let key = key("2b7e151628aed2a6abf7158809cf4f3c");
        for (message, expected) in [
            ("", "bb1d6929e95937287fa37d129b756746"),
            ("6bc1bee22e409f96e93d7e117393172a", "070a16b46b4d4144f79bdd9dd04a287c"),
            (
                "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411",
                "dfa66747de9ae63030ca32611497c827",
            ),
        ] {
            let message = hex::decode(message).unwrap();
            assert_eq!(hex::encode(aes_cmac(&key, &message)), expected);
            assert_eq!(hex::encode(LinkKey::aes_cmac(&key).mac(&message)), expected[..16]);
        }
    }

    // ISO 9797-1, annex B, algorithm 3 over DES.
    #[test]
    fn published_retail_macs() {
        let key = key("0123456789abcdeffedcba9876543210");
        for (text, padding, expected) in [
            ("Now is the time for all ", Padding::Zeros, "a1c72e74ea3fa9b6"),
            ("Now is the time for all ", Padding::Iso, "e9086230ca3be796"),
            ("Now is the time for it", Padding::Zeros, "2e2b1428cc78254f"),
            ("Now is the time for it", Padding::Iso, "5a692ce64f404145"),
        ] {
            assert_eq!(
                hex::encode(retail_mac(&key, text.as_bytes(), padding)),
                expected,
                "{text} {padding:?}"
            );
        }
    }

    #[test]
    fn sm4_takes_the_left_of_the_last_block() {
        let key = key("0123456789abcdeffedcba9876543210");
        let mut padded = [0; 16];
        padded[..3].copy_from_slice(b"abc");
        padded[3] = 0x80;
        let block = crate::sm4_block::encrypt(&key, padded);
        assert_eq!(sm4_mac(&key, b"abc"), block);
        assert_eq!(application_cryptogram(Algorithm::Sm4, &key, b"abc"), block[..8]);
        assert_eq!(script_mac(Algorithm::Sm4, &key, b"abc"), block[..4]);
    }

    #[test]
    fn paddings_differ_where_they_should() {
        let key = key("0123456789abcdeffedcba9876543210");
        let mac = |data: &[u8], padding| retail_mac(&key, data, padding);
        assert_eq!(mac(b"", Padding::Zeros), mac(&[0; 8], Padding::Zeros));
        assert_eq!(mac(b"abc", Padding::Zeros), mac(b"abc\0\0\0\0\0", Padding::Zeros));
        assert_eq!(mac(b"abc", Padding::Iso), mac(b"abc\x80\0\0\0\0", Padding::Zeros));
        assert_ne!(mac(b"12345678", Padding::Iso), mac(b"12345678", Padding::Zeros));
    }

    #[test]
    fn a_link_verifies_its_own_messages_only() {
        let key = key("0123456789abcdeffedcba9876543210");
        for link in [LinkKey::retail(&key), LinkKey::aes_cmac(&key)] {
            let mac = link.mac(b"0200 message");
            assert!(link.verify(b"0200 message", &mac));
            assert!(!link.verify(b"0200 messagf", &mac));
            assert_eq!(format!("{link:?}"), "LinkKey(****)");
        }
        assert_eq!(LinkKey::retail(&key).mac(b"abc"), retail_mac(&key, b"abc", Padding::Zeros));
    }
}

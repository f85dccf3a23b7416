//! Authorisation response cryptograms: how a card knows that its issuer has answered.

use crate::emv_keys::Algorithm;
use crate::mac;
use crate::tdes::{Key16, Tdes};
use cipher::{BlockCipherEncrypt, KeyInit};

/// Method 1 (EMV 4.4 Book 2, 8.2.1; JR/T 0025.7, 11.1.5): `arc` are the two characters of the response code.
///
/// UnionPay uses the session key of the cryptogram, Visa CVN 10 the card key.
pub fn method_1(algorithm: Algorithm, key: &Key16, cryptogram: [u8; 8], arc: [u8; 2]) -> [u8; 8] {
    let mut y = cryptogram;
    y[0] ^= arc[0];
    y[1] ^= arc[1];
    if algorithm == Algorithm::TripleDes {
        return Tdes::new(key).encrypt(y);
    }
    // JR/T 0025.17, 8.1.5: eight zero bytes fill the block; the left half is sent.
    let mut block = [0; 16];
    block[..8].copy_from_slice(&y);
    match algorithm {
        Algorithm::Aes => aes::Aes128::new(key.expose().into()).encrypt_block((&mut block).into()),
        _ => block = crate::sm4_block::encrypt(key, block),
    }
    *block.first_chunk().expect("16 bytes hold 8")
}

/// Method 2 (EMV 4.4 Book 2, 8.2.2): a MAC over cryptogram, card status update and the issuer's own data (up
/// to 8 bytes).
pub fn method_2(
    algorithm: Algorithm,
    session_key: &Key16,
    cryptogram: [u8; 8],
    card_status_update: [u8; 4],
    proprietary: &[u8],
) -> [u8; 4] {
    mac::script_mac(algorithm, session_key, &[&cryptogram[..], &card_status_update, proprietary].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Secret;

    const ALGORITHMS: [Algorithm; 3] = [Algorithm::TripleDes, Algorithm::Sm4, Algorithm::Aes];

    #[test]
    fn the_response_code_is_added_before_the_cipher() {
        let key = Secret::new([0x3B; 16]);
        for algorithm in ALGORITHMS {
            let answer = method_1(algorithm, &key, *b"cryptogr", *b"00");
            let added = [b'c' ^ b'0', b'r' ^ b'0', b'y', b'p', b't', b'o', b'g', b'r'];
            assert_eq!(answer, method_1(algorithm, &key, added, [0; 2]));
            assert_ne!(answer, method_1(algorithm, &key, *b"cryptogr", *b"05"), "{algorithm:?}");
        }
        assert_eq!(
            method_1(Algorithm::TripleDes, &key, *b"cryptogr", [0; 2]),
            Tdes::new(&key).encrypt(*b"cryptogr")
        );
        assert_eq!(
            method_1(Algorithm::Sm4, &key, *b"cryptogr", [0; 2]),
            crate::sm4_block::encrypt(&key, *b"cryptogr\0\0\0\0\0\0\0\0")[..8]
        );
    }

    #[test]
    fn a_status_update_is_authenticated_with_what_follows_it() {
        let key = Secret::new([0x3B; 16]);
        for algorithm in ALGORITHMS {
            let answer = method_2(algorithm, &key, *b"cryptogr", [0, 0x82, 0, 0], b"data");
            assert_eq!(answer, mac::script_mac(algorithm, &key, b"cryptogr\0\x82\0\0data"));
            assert_ne!(answer, method_2(algorithm, &key, *b"cryptogr", [0, 0x83, 0, 0], b"data"));
        }
    }
}

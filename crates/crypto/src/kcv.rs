//! Key check values: the first bytes of a known encipherment, by which two people compare a key aloud.

use crate::emv_keys::Algorithm;
use crate::tdes::{Key16, Tdes};

/// The three check bytes: of an enciphered zero block for triple DES and SM4, of the CMAC of a zero block for
/// AES (ANSI X9.24-1, annex A).
pub fn kcv(algorithm: Algorithm, key: &Key16) -> [u8; 3] {
    let check = match algorithm {
        Algorithm::TripleDes => Tdes::new(key).encrypt([0; 8]),
        Algorithm::Sm4 => *crate::sm4_block::encrypt(key, [0; 16]).first_chunk().expect("16 bytes hold 8"),
        Algorithm::Aes => *crate::mac::aes_cmac(key, &[0; 16]).first_chunk().expect("16 bytes hold 8"),
    };
    *check.first_chunk().expect("8 bytes hold 3")
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Secret;

    #[test]
    fn three_ciphers_three_values() {
        let key = Secret::new([0x11; 16]);
        let of = |algorithm| hex::encode(kcv(algorithm, &key));
        assert_eq!(of(Algorithm::TripleDes), "82e136", "eight zero bytes under the known test key of ones");
        assert_ne!(of(Algorithm::Sm4), of(Algorithm::Aes));
    }
}

//! SM4 on single blocks (GB/T 32907-2016).

use crate::tdes::Key16;
use cipher::{BlockCipherEncrypt, KeyInit};

/// Enciphers one block under a key that is used once; derivations keep their expanded key in `emv_keys`.
pub fn encrypt(key: &Key16, mut block: [u8; 16]) -> [u8; 16] {
    sm4::Sm4::new(key.expose().into()).encrypt_block((&mut block).into());
    block
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Secret;

    // GB/T 32907-2016, appendix A, example 1: the key enciphers itself.
    #[test]
    fn the_published_example() {
        let key = 0x0123_4567_89AB_CDEF_FEDC_BA98_7654_3210u128.to_be_bytes();
        let cipher = 0x681E_DF34_D206_965E_86B3_E94F_536E_4246u128.to_be_bytes();
        assert_eq!(encrypt(&Secret::new(key), key), cipher);
    }
}

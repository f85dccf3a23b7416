//! The test certification authority at work: what terminals load, and what an issuer certifies its cards with.
//!
//! The keys are those of [`crate::certification`]: public, for tests alone. A certificate is made when it is
//! asked for and is always the same; nothing here needs randomness.

use crate::certification;
use crate::directory::{Institution, Range};
use crypto::rsa::RsaPrivate;
use emv::oda::{self, AuthorityKey, Certificate, IssuerSubject};
use values::Expiry;

/// An issuer as the authority vouches for it: all that is needed to certify the cards of one token range.
pub struct CertifiedIssuer {
    /// Index of the authority's key (tag `8F`).
    pub authority_index: u8,
    /// The issuer's certificate (tags `90`, `92`, `9F32`), for the range's token prefix.
    pub certificate: Certificate,
    /// The issuer's private key.
    pub private: RsaPrivate,
    /// The last month in which certificates under it are good.
    pub expires: Expiry,
}

/// The public key that a terminal loads to check the sandbox's cards.
pub fn public_key() -> AuthorityKey {
    let authority = certification::authority();
    AuthorityKey {
        provider: authority.rid,
        index: authority.index,
        modulus: authority.key.key.modulus(),
        exponent: authority.key.key.exponent(),
    }
}

/// The last month in which a terminal may use the authority's key.
pub fn expiry() -> Expiry {
    certification::authority().key.expires
}

/// The issuer of a token range, certified for its eight-digit token prefix.
pub fn certified_issuer(bank: &Institution, range: &Range) -> CertifiedIssuer {
    let (authority, issuer) = (certification::authority(), certification::issuer_key(bank));
    let prefix = format!("{:08}", range.token_prefix);
    let subject = IssuerSubject {
        prefix_digits: prefix.as_bytes(),
        expiry: issuer.expires,
        // One certificate per range; the key index tells the ranges of a bank apart.
        serial: [0, 0, range.dki],
    };
    let (modulus, exponent) = (issuer.key.modulus(), issuer.key.exponent());
    let certificate = oda::issuer_certificate(&authority.key.key, &subject, &modulus, exponent)
        .expect("prefix and keys of the embedded tables are tested");
    CertifiedIssuer {
        authority_index: authority.index,
        certificate,
        private: issuer.key,
        expires: issuer.expires,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::Directory;
    use emv::objects::Date;

    #[test]
    fn every_range_has_an_issuer_that_terminals_believe() {
        let today = Date::from_bytes([0x26, 0x11, 0x22]).unwrap();
        for (bank, range) in Directory::sandbox().ranges() {
            let made = certified_issuer(bank, range);
            let key = public_key();
            assert_eq!((made.authority_index, key.provider), (key.index, [0xA0, 0, 0, 3, 0x33]));
            let number = format!("{:0<1$}", range.token_prefix, range.length);
            let recovered = oda::recover_issuer(&key, &made.certificate, number.as_bytes(), today).unwrap();
            assert_eq!(recovered.modulus(), made.private.modulus());
            let other = format!("{:0<1$}", range.token_prefix - 1, range.length);
            assert!(oda::recover_issuer(&key, &made.certificate, other.as_bytes(), today).is_err());
        }
    }

    #[test]
    fn a_record_with_the_issuer_certificate_fits_one_answer() {
        // Tags 8F, 9F32 and 90 in a template 70; a short response has 256 bytes (ISO/IEC 7816-4, 5.1).
        let overhead = 3 + 4 + 3 + 3;
        for (bank, range) in Directory::sandbox().ranges() {
            assert!(certified_issuer(bank, range).certificate.signed.len() + overhead <= 256);
        }
    }
}

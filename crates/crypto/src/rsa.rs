//! Raw RSA for offline card authentication (EMV 4.4 Book 2, 5, 6 and B2.1): keys of 1024 to 1984 bits.
//!
//! It knows no padding: `emv` builds and reads the recovery format. The general library does not take such
//! short or odd keys, so the arithmetic is that of `crypto-bigint`: Montgomery form, constant time for
//! private values.

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::rand_core::{TryCryptoRng, TryRng};
use crypto_bigint::{BoxedUint, ConcatenatingMul, Odd, Resize};
use crypto_primes::hazmat::{SetBits, SmallFactorsSieveFactory};
use crypto_primes::{Flavor, is_prime, sieve_and_find};
use std::convert::Infallible;
use std::fmt;
use values::SecretBytes;
use zeroize::Zeroize;

/// The public exponents of EMV: 3 and 65537.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exponent {
    /// 3, one byte on the wire.
    Three,
    /// 65537, three bytes on the wire.
    FermatFour,
}

impl Exponent {
    /// Reads the exponent of a certificate; leading zeros do not count.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RsaError> {
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        match &bytes[zeros..] {
            [3] => Ok(Exponent::Three),
            [1, 0, 1] => Ok(Exponent::FermatFour),
            _ => Err(RsaError::Key),
        }
    }

    /// As it stands in a certificate.
    pub fn to_bytes(self) -> &'static [u8] {
        match self {
            Exponent::Three => &[3],
            Exponent::FermatFour => &[1, 0, 1],
        }
    }

    fn value(self) -> u64 {
        match self {
            Exponent::Three => 3,
            Exponent::FermatFour => 65537,
        }
    }
}

/// Why an RSA operation was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RsaError {
    /// Not a key: an even or too short or too long modulus, or an exponent EMV does not use.
    #[error("not an RSA key that cards use")]
    Key,
    /// The block is not as long as the modulus, or not below it.
    #[error("the block does not fit the key")]
    Block,
}

/// Keys read from outside: shorter ones exist in test suites, none is longer (EMV 4.4 Book 2, B2.1: 248
/// bytes).
const PUBLIC_BYTES: std::ops::RangeInclusive<usize> = 64..=248;
/// Keys made here.
const PRIVATE_BITS: std::ops::RangeInclusive<u32> = 1024..=1984;

/// Recovers what was signed: the block to the power of the exponent. As long as the modulus.
pub fn recover(modulus: &[u8], exponent: Exponent, block: &[u8]) -> Result<Vec<u8>, RsaError> {
    let params = BoxedMontyParams::new_vartime(odd_modulus(modulus)?);
    let block = below_modulus(block, &params)?;
    Ok(written(&raise_public(block, exponent, &params), &params))
}

fn odd_modulus(modulus: &[u8]) -> Result<Odd<BoxedUint>, RsaError> {
    if !PUBLIC_BYTES.contains(&modulus.len()) || modulus[0] == 0 {
        return Err(RsaError::Key);
    }
    let bits = 8 * modulus.len() as u32;
    let number = BoxedUint::from_be_slice(modulus, bits).map_err(|_| RsaError::Key)?;
    number.into_odd().into_option().ok_or(RsaError::Key)
}

fn below_modulus(block: &[u8], params: &BoxedMontyParams) -> Result<BoxedUint, RsaError> {
    let number = BoxedUint::from_be_slice(block, params.bits_precision()).map_err(|_| RsaError::Block)?;
    if block.len() == byte_length(params) && number < *params.modulus().as_ref() {
        Ok(number)
    } else {
        Err(RsaError::Block)
    }
}

fn byte_length(params: &BoxedMontyParams) -> usize {
    params.modulus().bits_vartime().div_ceil(8) as usize
}

/// The number in as many bytes as the modulus has; the arithmetic works on whole machine words.
fn written(number: &BoxedUint, params: &BoxedMontyParams) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    bytes[bytes.len() - byte_length(params)..].to_vec()
}

fn raise_public(block: BoxedUint, exponent: Exponent, params: &BoxedMontyParams) -> BoxedUint {
    let exponent = BoxedUint::from(exponent.value());
    BoxedMontyForm::new(block, params).pow_bounded_exp(&exponent, 17).retrieve()
}

/// A private key with its modulus, ready to sign.
pub struct RsaPrivate {
    params: BoxedMontyParams,
    exponent: Exponent,
    private: BoxedUint,
}

impl RsaPrivate {
    /// Makes a key of `bits` bits (1024 to 1984, a multiple of 16) from bytes that `fill` supplies: the same
    /// bytes make the same key.
    ///
    /// The primes pass a Baillie-PSW test. How long this takes depends on the bytes; make keys ahead of time.
    pub fn generate(
        bits: u32,
        exponent: Exponent,
        fill: &mut dyn FnMut(&mut [u8]),
    ) -> Result<Self, RsaError> {
        if !PRIVATE_BITS.contains(&bits) || !bits.is_multiple_of(16) {
            return Err(RsaError::Key);
        }
        let mut source = Source(fill);
        let p = prime(&mut source, bits / 2, exponent);
        // A source that repeats itself gives the same prime again; one that is random never does.
        let mut others = std::iter::repeat_with(|| prime(&mut source, bits / 2, exponent)).take(4);
        let q = others.find(|other| *other != p).ok_or(RsaError::Key)?;
        // Both primes have their two highest bits set, so the product has exactly `bits` bits.
        let modulus = p.concatenating_mul(&q).resize(bits).into_odd().into_option().ok_or(RsaError::Key)?;
        let one = BoxedUint::one();
        let mut order = p.wrapping_sub(&one).concatenating_mul(q.wrapping_sub(&one)).resize(bits);
        let public = BoxedUint::from(exponent.value()).resize(bits);
        let private = public.invert_mod(order.as_nz_vartime().ok_or(RsaError::Key)?).into_option();
        order.as_mut_words().zeroize();
        for mut prime in [p, q] {
            prime.as_mut_words().zeroize();
        }
        Ok(RsaPrivate {
            params: BoxedMontyParams::new(modulus),
            exponent,
            private: private.ok_or(RsaError::Key)?,
        })
    }

    /// Reads a modulus and its private exponent, as long as each other, and checks that they belong together.
    pub fn from_bytes(modulus: &[u8], exponent: Exponent, private: &SecretBytes) -> Result<Self, RsaError> {
        let params = BoxedMontyParams::new(odd_modulus(modulus)?);
        let private = below_modulus(private.expose(), &params).map_err(|_| RsaError::Key)?;
        let key = RsaPrivate { params, exponent, private };
        let mut probe = vec![0; modulus.len()];
        probe[1..].fill(0x5A);
        let signed = key.sign_raw(&probe).map_err(|_| RsaError::Key)?;
        let recovered = recover(modulus, exponent, &signed).map_err(|_| RsaError::Key)?;
        if recovered == probe { Ok(key) } else { Err(RsaError::Key) }
    }

    /// The modulus, as it stands in a certificate.
    pub fn modulus(&self) -> Vec<u8> {
        written(self.params.modulus().as_ref(), &self.params)
    }

    /// The public exponent.
    pub fn exponent(&self) -> Exponent {
        self.exponent
    }

    /// The private exponent, as long as the modulus; [`RsaPrivate::from_bytes`] reads it back.
    pub fn to_bytes(&self) -> SecretBytes {
        SecretBytes::new(written(&self.private, &self.params))
    }

    /// Signs a block as long as the modulus and below it, in time that does not depend on the private
    /// exponent.
    pub fn sign_raw(&self, block: &[u8]) -> Result<Vec<u8>, RsaError> {
        let number = below_modulus(block, &self.params)?;
        let bits = self.params.bits_precision();
        let signed = BoxedMontyForm::new(number, &self.params).pow_bounded_exp(&self.private, bits);
        Ok(written(&signed.retrieve(), &self.params))
    }
}

impl Drop for RsaPrivate {
    fn drop(&mut self) {
        self.private.as_mut_words().zeroize();
    }
}

impl fmt::Debug for RsaPrivate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RsaPrivate({} bits, ****)", 8 * byte_length(&self.params))
    }
}

/// A prime with its two highest bits set, whose predecessor shares no factor with the exponent.
fn prime(source: &mut Source<'_>, bits: u32, exponent: Exponent) -> BoxedUint {
    let sieve = SmallFactorsSieveFactory::new(Flavor::Any, bits, SetBits::TwoMsb);
    let sieve = sieve.expect("512 bits and more hold a prime");
    let divisor = crypto_bigint::NonZero::new(crypto_bigint::Limb(exponent.value())).expect("not zero");
    let fits = |candidate: &BoxedUint| {
        candidate.rem_limb(divisor) != crypto_bigint::Limb::ONE && is_prime(Flavor::Any, candidate)
    };
    sieve_and_find(source, sieve, |_, candidate| fits(candidate))
        .expect("the source gives bytes of any number")
        .expect("a sieve without end finds a prime")
}

/// The caller's bytes in the clothes the prime finder wants.
struct Source<'a>(&'a mut dyn FnMut(&mut [u8]));

impl TryRng for Source<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        (self.0)(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        (self.0)(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        (self.0)(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Source<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream of digests: the same seed gives the same key.
    fn stream(seed: u8) -> impl FnMut(&mut [u8]) {
        let mut link = [seed; 32];
        move |bytes| {
            for chunk in bytes.chunks_mut(32) {
                link = crate::hash::sha256(&link);
                chunk.copy_from_slice(&link[..chunk.len()]);
            }
        }
    }

    fn key(bits: u32, exponent: Exponent, seed: u8) -> RsaPrivate {
        RsaPrivate::generate(bits, exponent, &mut stream(seed)).unwrap()
    }

    #[test]
    fn what_is_signed_is_recovered() {
        for (bits, exponent) in [
            (1024, Exponent::Three),
            (1040, Exponent::FermatFour),
            (1152, Exponent::Three),
            (1408, Exponent::FermatFour),
        ] {
            let key = key(bits, exponent, 1);
            let modulus = key.modulus();
            assert_eq!(modulus.len() as u32 * 8, bits);
            assert!(modulus[0] & 0x80 != 0, "the full length");
            let mut block = vec![0x5C; modulus.len()];
            block[0] = 0x6A;
            let signed = key.sign_raw(&block).unwrap();
            assert_eq!(recover(&modulus, exponent, &signed).unwrap(), block);
            let again = RsaPrivate::from_bytes(&modulus, exponent, &key.to_bytes()).unwrap();
            assert_eq!(again.sign_raw(&block).unwrap(), signed);
        }
    }

    #[test]
    fn the_same_bytes_make_the_same_key() {
        let one = key(1024, Exponent::FermatFour, 2);
        assert_eq!(one.modulus(), key(1024, Exponent::FermatFour, 2).modulus());
        assert_ne!(one.modulus(), key(1024, Exponent::FermatFour, 3).modulus());
        assert_eq!(format!("{one:?}"), "RsaPrivate(1024 bits, ****)");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for bits in [0, 512, 1008, 1025, 1992, 2048] {
            assert_eq!(
                RsaPrivate::generate(bits, Exponent::Three, &mut stream(1)).err(),
                Some(RsaError::Key)
            );
        }
        let constant = RsaPrivate::generate(1024, Exponent::Three, &mut |bytes| bytes.fill(0x5D));
        assert_eq!(constant.err(), Some(RsaError::Key), "a source that repeats itself");
        let key = key(1024, Exponent::Three, 1);
        let modulus = key.modulus();
        for block in [&[][..], &[1; 127], &[1; 129], &[0xFF; 128], &modulus] {
            assert_eq!(key.sign_raw(block).err(), Some(RsaError::Block));
            assert_eq!(recover(&modulus, Exponent::Three, block).err(), Some(RsaError::Block));
        }
        let mut even = modulus.clone();
        even[127] &= 0xFE;
        for modulus in [&[][..], &[1; 63], &[0xFF; 249], &[0; 128], &even] {
            assert_eq!(recover(modulus, Exponent::Three, &[1; 128]).err(), Some(RsaError::Key));
        }
        let other = SecretBytes::new(vec![3; 128]);
        assert_eq!(RsaPrivate::from_bytes(&modulus, Exponent::Three, &other).err(), Some(RsaError::Key));
    }

    #[test]
    fn exponents_are_the_two_of_emv() {
        for exponent in [Exponent::Three, Exponent::FermatFour] {
            assert_eq!(Exponent::from_bytes(exponent.to_bytes()), Ok(exponent));
        }
        assert_eq!(Exponent::from_bytes(&[0, 0, 3]), Ok(Exponent::Three));
        for bytes in [&[][..], &[0], &[1], &[2], &[5], &[1, 0, 1, 0]] {
            assert_eq!(Exponent::from_bytes(bytes), Err(RsaError::Key));
        }
    }
}

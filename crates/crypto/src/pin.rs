//! PIN blocks, and the check values a card scheme derives from card data (ISO 9564-1; Visa PVV; CVV).
//!
//! The number inside a PIN block is the one the terminal knows: for a tap, the token.

use crate::tdes::{Key16, Tdes};
use cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use std::fmt;
use values::{Expiry, SecretBytes};
use zeroize::Zeroize;

/// Why a PIN or its block was refused. It never quotes digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    /// A PIN has 4 to 12 digits.
    #[error("a PIN has 4 to 12 digits")]
    Pin,
    /// A card number has 13 to 19 digits here.
    #[error("not the digits of a card number")]
    Number,
    /// The deciphered block is not a PIN block for this number: another key, another number, or changed
    /// bytes.
    #[error("not a PIN block for this number")]
    Block,
}

/// A personal identification number: 4 to 12 digits, masked, wiped on drop.
#[derive(Clone)]
pub struct Pin {
    digits: [u8; 12],
    length: u8,
}

impl Pin {
    /// Reads ASCII digits.
    pub fn parse(text: &[u8]) -> Result<Pin, PinError> {
        if !(4..=12).contains(&text.len()) || !text.iter().all(u8::is_ascii_digit) {
            return Err(PinError::Pin);
        }
        let mut digits = [0; 12];
        digits[..text.len()].copy_from_slice(text);
        Ok(Pin { digits, length: text.len() as u8 })
    }

    /// The ASCII digits. The name is long so that its uses are seen.
    pub fn expose(&self) -> &[u8] {
        &self.digits[..usize::from(self.length)]
    }

    /// The digits as a secret of any length.
    pub fn to_secret(&self) -> SecretBytes {
        SecretBytes::new(self.expose().to_vec())
    }

    /// Control digit, length, digits, and `fill` to the end of a field of 16 nibbles.
    fn field(&self, control: u64, fill: u64) -> u64 {
        let length = u64::from(self.length);
        let nibbles = self.expose().iter().map(|digit| u64::from(digit - b'0'));
        let filled = nibbles.chain(std::iter::repeat(fill)).take(14);
        filled.fold(control << 4 | length, |sum, nibble| sum << 4 | nibble)
    }

    /// Reads such a field back; the fill is checked too.
    fn from_field(field: u64, control: u64, fill: u64) -> Result<Pin, PinError> {
        let nibble = |place: u32| field >> (60 - 4 * place) & 0x0F;
        let length = nibble(1) as u32;
        if nibble(0) != control || !(4..=12).contains(&length) {
            return Err(PinError::Block);
        }
        let mut pin = Pin { digits: [0; 12], length: length as u8 };
        for place in 0..length {
            pin.digits[place as usize] = b'0' + nibble(2 + place) as u8;
        }
        let sound = pin.expose().iter().all(u8::is_ascii_digit) && pin.field(control, fill) == field;
        if sound { Ok(pin) } else { Err(PinError::Block) }
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        self.digits.zeroize();
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(****)")
    }
}

/// The clear block of format 0 (ISO 9564-1, 9.3.2): the PIN added to the number's 12 digits before the check
/// digit.
pub fn iso0(pin: &Pin, pan_digits: &[u8]) -> Result<[u8; 8], PinError> {
    Ok((pin.field(0, 0xF) ^ number_field_iso0(pan_digits)?).to_be_bytes())
}

/// The PIN out of a clear block of format 0.
pub fn from_iso0(block: [u8; 8], pan_digits: &[u8]) -> Result<Pin, PinError> {
    Pin::from_field(u64::from_be_bytes(block) ^ number_field_iso0(pan_digits)?, 0, 0xF)
}

/// A block of format 0 under a triple DES PIN key.
pub fn iso0_encipher(key: &Key16, pin: &Pin, pan_digits: &[u8]) -> Result<[u8; 8], PinError> {
    Ok(Tdes::new(key).encrypt(iso0(pin, pan_digits)?))
}

/// The PIN out of a block of format 0 under a triple DES PIN key.
pub fn iso0_decipher(key: &Key16, block: [u8; 8], pan_digits: &[u8]) -> Result<Pin, PinError> {
    from_iso0(Tdes::new(key).decrypt(block), pan_digits)
}

/// A block of format 4 (ISO 9564-1, 9.4.2) under an AES-128 PIN key; `filler` is eight random bytes.
pub fn iso4_encipher(
    key: &Key16,
    pin: &Pin,
    pan_digits: &[u8],
    filler: [u8; 8],
) -> Result<[u8; 16], PinError> {
    let number = number_field_iso4(pan_digits)?;
    let cipher = aes::Aes128::new(key.expose().into());
    let pin_field = u128::from(pin.field(4, 0xA)) << 64 | u128::from(u64::from_be_bytes(filler));
    let mut block = pin_field.to_be_bytes();
    cipher.encrypt_block((&mut block).into());
    let mut block = (u128::from_be_bytes(block) ^ number).to_be_bytes();
    cipher.encrypt_block((&mut block).into());
    Ok(block)
}

/// The PIN out of a block of format 4 under an AES-128 PIN key.
pub fn iso4_decipher(key: &Key16, mut block: [u8; 16], pan_digits: &[u8]) -> Result<Pin, PinError> {
    let number = number_field_iso4(pan_digits)?;
    let cipher = aes::Aes128::new(key.expose().into());
    cipher.decrypt_block((&mut block).into());
    let mut block = (u128::from_be_bytes(block) ^ number).to_be_bytes();
    cipher.decrypt_block((&mut block).into());
    Pin::from_field((u128::from_be_bytes(block) >> 64) as u64, 4, 0xA)
}

/// The number's rightmost 12 digits without the check digit, zeros before (ISO 9564-1, 9.3.2.3).
fn number_field_iso0(pan_digits: &[u8]) -> Result<u64, PinError> {
    let (_, payload) = checked(pan_digits)?.split_last().ok_or(PinError::Number)?;
    Ok(packed(&payload[payload.len() - 12..]) as u64)
}

/// How many digits beyond 12, all digits, zeros after (ISO 9564-1, 9.4.2.3).
fn number_field_iso4(pan_digits: &[u8]) -> Result<u128, PinError> {
    let digits = checked(pan_digits)?;
    let length = digits.len() as u128;
    Ok((length - 12) << 124 | packed(digits) << (4 * (31 - length)))
}

fn checked(pan_digits: &[u8]) -> Result<&[u8], PinError> {
    let sound = (13..=19).contains(&pan_digits.len()) && pan_digits.iter().all(u8::is_ascii_digit);
    if sound { Ok(pan_digits) } else { Err(PinError::Number) }
}

fn packed(digits: &[u8]) -> u128 {
    digits.iter().fold(0, |sum, digit| sum << 4 | u128::from(digit & 0x0F))
}

/// The PIN verification value (Visa): four ASCII digits an issuer keeps instead of the PIN.
///
/// `key_index` is the digit 0 to 6 that names the key; only the first four digits of the PIN count.
pub fn pvv(key: &Key16, pan_digits: &[u8], key_index: u8, pin: &Pin) -> Result<[u8; 4], PinError> {
    let (_, payload) = checked(pan_digits)?.split_last().ok_or(PinError::Number)?;
    let number = packed(&payload[payload.len() - 11..]) as u64;
    let input = number << 20 | u64::from(key_index % 10) << 16 | packed(&pin.expose()[..4]) as u64;
    Ok(decimalised(Tdes::new(key).encrypt(input.to_be_bytes())))
}

/// The card verification value on a magnetic stripe or in track 2 data: three ASCII digits.
///
/// Number, expiry `YYMM` and service code, single DES and a triple step (Visa CVV, Mastercard CVC 1). A chip
/// carries the value for service code 999, a printed one ([`cvv2`]) that for 000.
pub fn cvv(
    key: &Key16,
    pan_digits: &[u8],
    expiry: Expiry,
    service_code: [u8; 3],
) -> Result<[u8; 3], PinError> {
    if !service_code.iter().all(u8::is_ascii_digit) {
        return Err(PinError::Number);
    }
    let digits = [checked(pan_digits)?, expiry.to_yymm().as_bytes(), &service_code].concat();
    // At most 26 digits, zeros after: two blocks, of which the first is only DES-enciphered with the left
    // half.
    let input = packed(&digits) << (4 * (32 - digits.len()));
    let mac = crate::mac::retail_mac(key, &input.to_be_bytes(), crate::mac::Padding::Zeros);
    let [a, b, c, _] = decimalised(mac);
    Ok([a, b, c])
}

/// The value printed on the back of a card: [`cvv`] for service code 000.
pub fn cvv2(key: &Key16, pan_digits: &[u8], expiry: Expiry) -> Result<[u8; 3], PinError> {
    cvv(key, pan_digits, expiry, *b"000")
}

/// The first four decimal digits of the block, then of its letters A to F counted as 0 to 5.
fn decimalised(block: [u8; 8]) -> [u8; 4] {
    let nibbles = || block.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]);
    let decimal = nibbles().filter(|nibble| *nibble <= 9);
    let mut digits = decimal.chain(nibbles().filter(|nibble| *nibble > 9).map(|nibble| nibble - 10));
    // Sixteen nibbles in all, so four are always there.
    std::array::from_fn(|_| b'0' + digits.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use values::Secret;

    const NUMBER: &[u8] = b"4111111111111111";

    fn key() -> Key16 {
        Secret::new([0x5A; 16])
    }

    #[test]
    fn pins_are_checked_and_masked() {
        for text in ["", "123", "1234567890123", "12a4", "１２３４"] {
            assert_eq!(Pin::parse(text.as_bytes()).err(), Some(PinError::Pin), "{text}");
        }
        assert_eq!(format!("{:?}", Pin::parse(b"1234").unwrap()), "Pin(****)");
    }

    // The examples every scheme manual repeats.
    #[test]
    fn published_values() {
        let block = iso0(&Pin::parse(b"1234").unwrap(), b"43219876543210987").unwrap();
        assert_eq!(hex::encode(block), "0412ac89abcdef67");
        let key = Secret::new(0x0123_4567_89AB_CDEF_FEDC_BA98_7654_3210u128.to_be_bytes());
        let expiry = Expiry::from_yymm(b"8701").unwrap();
        assert_eq!(cvv(&key, b"4123456789012345", expiry, *b"101").unwrap(), *b"561");
    }

    #[test]
    fn a_block_for_another_number_or_key_gives_no_pin() {
        let pin = Pin::parse(b"123456").unwrap();
        let block = iso4_encipher(&key(), &pin, NUMBER, [7; 8]).unwrap();
        assert_eq!(iso4_decipher(&key(), block, b"4111111111111129").err(), Some(PinError::Block));
        assert_eq!(iso4_decipher(&Secret::new([1; 16]), block, NUMBER).err(), Some(PinError::Block));
        let block = iso0_encipher(&key(), &pin, NUMBER).unwrap();
        assert_eq!(iso0_decipher(&Secret::new([1; 16]), block, NUMBER).err(), Some(PinError::Block));
        for number in [&b""[..], b"1", b"411111111111", b"41111111111111111111", b"411111111111111x"] {
            assert_eq!(iso0(&pin, number).err(), Some(PinError::Number));
            assert_eq!(iso4_encipher(&key(), &pin, number, [7; 8]).err(), Some(PinError::Number));
            assert_eq!(pvv(&key(), number, 1, &pin).err(), Some(PinError::Number));
            assert_eq!(cvv2(&key(), number, Expiry::new(30, 1).unwrap()).err(), Some(PinError::Number));
        }
    }

    #[test]
    fn the_printed_value_is_not_that_of_the_stripe() {
        let expiry = Expiry::new(30, 12).unwrap();
        let stripe = cvv(&key(), NUMBER, expiry, *b"201").unwrap();
        let printed = cvv2(&key(), NUMBER, expiry).unwrap();
        assert_ne!(stripe, printed);
        assert!(printed.iter().all(u8::is_ascii_digit));
        assert!(cvv(&key(), NUMBER, expiry, *b"2x1").is_err());
    }

    #[test]
    fn letters_serve_when_digits_run_out() {
        assert_eq!(decimalised([0xFF, 0xFA, 0xBC, 0x12, 0xFF, 0xFF, 0xFF, 0xFF]), *b"1255");
    }

    proptest! {
        #[test]
        fn a_pin_comes_out_as_it_went_in(pin in "[0-9]{4,12}", number in "[0-9]{13,19}", filler: [u8; 8]) {
            let parsed = Pin::parse(pin.as_bytes()).unwrap();
            let number = number.as_bytes();
            let block = iso0_encipher(&key(), &parsed, number).unwrap();
            let out = iso0_decipher(&key(), block, number).unwrap();
            prop_assert_eq!(out.expose(), pin.as_bytes());
            let block = iso4_encipher(&key(), &parsed, number, filler).unwrap();
            let out = iso4_decipher(&key(), block, number).unwrap();
            prop_assert_eq!(out.expose(), pin.as_bytes());
        }

        #[test]
        fn any_block_is_answered(block: [u8; 8], wide: [u8; 16]) {
            let _ = from_iso0(block, NUMBER);
            let _ = iso4_decipher(&key(), wide, NUMBER);
        }
    }
}

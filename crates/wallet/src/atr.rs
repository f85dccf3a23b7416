//! Answers to reset: the first bytes a reader sees of a card (ISO/IEC 7816-3, 8; PC/SC part 3, 3.1.3.2.3).

use crate::card::Profile;

/// T=1 with a large frame, no historical bytes.
pub const CONTACT: &[u8] = &[0x3B, 0xE0, 0x00, 0x00, 0x81, 0x31, 0xFE, 0x45, 0xEB];

/// What a PC/SC reader reports for an ISO/IEC 14443-4 type A card without historical bytes.
pub const CONTACTLESS: &[u8] = &[0x3B, 0x80, 0x80, 0x01, 0x01];

/// The answer to reset of a card presented in this profile.
pub fn for_profile(profile: Profile) -> &'static [u8] {
    match profile {
        Profile::Contact => CONTACT,
        Profile::Contactless | Profile::Offline => CONTACTLESS,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_check_byte_closes_each() {
        // ISO/IEC 7816-3, 8.2.5: TCK makes the exclusive or of T0 to TCK zero.
        for atr in [super::CONTACT, super::CONTACTLESS] {
            assert_eq!(atr[1..].iter().fold(0, |sum, byte| sum ^ byte), 0);
        }
    }
}

//! Track 2 equivalent data: tag `57` of the card and DE 35 of the host message.

use crate::inline::Inline;
use std::fmt;
use values::card::CardError;
use values::{Expiry, LastFour, Pan, TokenNumber};
use zeroize::Zeroize;

/// Why bytes are not track 2 data. It never quotes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrackTwoError {
    /// Longer than 37 characters, or something other than digits, one separator and a filler.
    #[error("not digits with one separator")]
    Characters,
    /// The number before the separator does not have 13 to 19 digits.
    #[error("the number has the wrong length")]
    Number,
    /// No expiry date or no service code after the separator.
    #[error("expiry date or service code missing")]
    AfterSeparator,
}

/// Track 2: number, expiry, service code, discretionary digits. It prints masked and is wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct TrackTwo {
    /// ASCII digits with one `=`, at most 37.
    text: [u8; 37],
    length: u8,
    separator: u8,
}

impl TrackTwo {
    /// Puts track 2 together; discretionary digits are ASCII. Refuses more than 37 characters.
    pub fn new(
        number: &[u8],
        expiry: Expiry,
        service_code: [u8; 3],
        discretionary: &[u8],
    ) -> Result<TrackTwo, TrackTwoError> {
        let mut text = [number, b"=", expiry.to_yymm().as_bytes(), &service_code, discretionary].concat();
        let track = TrackTwo::from_text(&text);
        text.zeroize();
        track
    }

    /// Reads the characters of DE 35: digits with `=` or `D` between number and expiry.
    pub fn from_text(text: &[u8]) -> Result<TrackTwo, TrackTwoError> {
        let mut track = TrackTwo { text: [0; 37], length: 0, separator: 0 };
        if text.len() > track.text.len() {
            return Err(TrackTwoError::Characters);
        }
        for (place, character) in text.iter().enumerate() {
            track.text[place] = match character {
                b'0'..=b'9' => *character,
                b'=' | b'D' | b'd' if track.separator == 0 && place > 0 => {
                    track.separator = place as u8;
                    b'='
                }
                _ => return Err(TrackTwoError::Characters),
            };
        }
        track.length = text.len() as u8;
        if !(13..=19).contains(&track.separator) {
            return Err(TrackTwoError::Number);
        }
        let tail = track.after_separator();
        if tail.len() < 7 || Expiry::from_yymm(&tail[..4]).is_err() {
            return Err(TrackTwoError::AfterSeparator);
        }
        Ok(track)
    }

    /// Reads the value of tag `57`: packed digits, `D`, and one filler `F` at the end if needed.
    pub fn parse(value: &[u8]) -> Result<TrackTwo, TrackTwoError> {
        if value.len() > 19 {
            return Err(TrackTwoError::Characters);
        }
        let mut text = [0u8; 38];
        let mut length = 2 * value.len();
        for (pair, byte) in text.chunks_exact_mut(2).zip(value) {
            pair[0] = character(byte >> 4);
            pair[1] = character(byte & 0xF);
        }
        if length > 0 && text[length - 1] == b'F' {
            length -= 1;
        }
        let track = TrackTwo::from_text(&text[..length]);
        text.zeroize();
        track
    }

    /// The value of tag `57`.
    pub fn to_bytes(&self) -> Inline<19> {
        let mut out = Inline::EMPTY;
        for pair in self.as_text().chunks(2) {
            let low = pair.get(1).map_or(0xF, |c| nibble(*c));
            assert!(out.extend(&[nibble(pair[0]) << 4 | low]), "37 characters fit into 19 bytes");
        }
        out
    }

    /// The characters of DE 35, separator `=`. The name of the type is what warns: a number is in it.
    pub fn as_text(&self) -> &[u8] {
        &self.text[..usize::from(self.length)]
    }

    /// The digits of the number, 13 to 19 of them, Luhn not checked.
    pub fn number_digits(&self) -> &[u8] {
        &self.text[..usize::from(self.separator)]
    }

    /// The number, if it is good as a token's.
    pub fn token(&self) -> Result<TokenNumber, CardError> {
        TokenNumber::parse(self.number_digits())
    }

    /// The number, if it is good as a card's.
    pub fn pan(&self) -> Result<Pan, CardError> {
        Pan::parse(self.number_digits())
    }

    /// The last four digits of the number.
    pub fn last_four(&self) -> LastFour {
        let digits = self.number_digits();
        LastFour::from_ascii(&digits[digits.len() - 4..]).expect("digits were checked")
    }

    /// The expiry date.
    pub fn expiry(&self) -> Expiry {
        Expiry::from_yymm(&self.after_separator()[..4]).expect("checked when it was read")
    }

    /// The three ASCII digits of the service code.
    pub fn service_code(&self) -> [u8; 3] {
        self.after_separator()[4..7].try_into().expect("checked when it was read")
    }

    /// The ASCII digits after the service code.
    pub fn discretionary(&self) -> &[u8] {
        &self.after_separator()[7..]
    }

    fn after_separator(&self) -> &[u8] {
        &self.text[usize::from(self.separator) + 1..usize::from(self.length)]
    }
}

fn character(nibble: u8) -> u8 {
    match nibble {
        0..=9 => b'0' + nibble,
        _ => b'A' + nibble - 10,
    }
}

fn nibble(character: u8) -> u8 {
    if character == b'=' { 0xD } else { character - b'0' }
}

impl Drop for TrackTwo {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

impl fmt::Debug for TrackTwo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "****{}={}", self.last_four(), self.expiry().to_yymm())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_forms_carry_the_same() {
        let packed = hex::decode("6228000000000000118D30122010000000005F").unwrap();
        let track = TrackTwo::parse(&packed).unwrap();
        assert_eq!(track.as_text(), b"6228000000000000118=30122010000000005");
        assert_eq!((track.expiry().to_yymm().as_str(), track.service_code()), ("3012", *b"201"));
        assert_eq!(track.to_bytes().as_slice(), packed);
        assert_eq!(format!("{track:?}"), "****0118=3012");
        let built =
            TrackTwo::new(b"6228000000000000118", Expiry::new(30, 12).unwrap(), *b"201", b"0000000005");
        assert_eq!(built, Ok(track));
    }

    #[test]
    fn what_is_not_track_two_is_refused() {
        for (text, expected) in [
            ("", TrackTwoError::Number),
            ("622800000000=3012201", TrackTwoError::Number),
            ("6228000000000000118", TrackTwoError::Number),
            ("6228000000000000118=301220", TrackTwoError::AfterSeparator),
            ("6228000000000000118=3013201", TrackTwoError::AfterSeparator),
            ("6228000000000000118=3012=201", TrackTwoError::Characters),
            ("62280000000000001A8=3012201", TrackTwoError::Characters),
            ("6228000000000000118=30122010000000000000000", TrackTwoError::Characters),
        ] {
            assert_eq!(TrackTwo::from_text(text.as_bytes()), Err(expected), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = TrackTwo::from_text(&bytes);
            if let Ok(track) = TrackTwo::parse(&bytes) {
                prop_assert_eq!(TrackTwo::parse(&track.to_bytes()), Ok(track));
            }
        }
    }
}

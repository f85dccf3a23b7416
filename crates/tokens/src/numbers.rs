//! Token numbers: from a token range, Luhn-valid, and not computable from the card number.

use crate::records::Programme;
use values::{Pan, TokenNumber};

/// A token number of the programme's range, as long as the card number, with a middle made of randomness.
///
/// The first eight digits are the range's, the last is the check digit, those between come from `entropy`
/// alone. `length` is 13 to 19 digits; lengths outside are brought to the nearest.
pub fn token_number(programme: &Programme, length: usize, entropy: [u8; 16]) -> Option<TokenNumber> {
    // A token number must fit a signed 64-bit column; 19 digits do when they begin below 92.
    let middle = length.clamp(13, 19) - 9;
    let random = u128::from_be_bytes(entropy) % 10u128.pow(middle as u32);
    let mut digits = format!("{:08}{random:0middle$}", programme.token_prefix).into_bytes();
    digits.push(values::card::luhn_check_digit(&digits)?);
    TokenNumber::parse(&digits).ok()
}

/// The same for the card number at hand.
pub fn token_number_for(programme: &Programme, pan: &Pan, entropy: [u8; 16]) -> Option<TokenNumber> {
    token_number(programme, pan.expose().len(), entropy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::programme;

    #[test]
    fn numbers_come_from_the_range_and_look_like_cards() {
        for length in 13..=19 {
            for seed in [0u8, 7, 255] {
                let number = token_number(&programme(), length, [seed; 16]).unwrap();
                assert!(programme().owns(number));
                assert_eq!(number.digits().len(), length);
            }
        }
    }
}

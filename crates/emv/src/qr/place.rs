//! Where a scanned code is paid, bound into the cryptogram.

use crate::objects::{Atc, UnpredictableNumber};

/// A shop and its terminal as host messages name them, filled with spaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The shop (DE 42).
    pub acceptor: [u8; 15],
    /// Its terminal (DE 41).
    pub terminal: [u8; 8],
}

impl Place {
    /// A place by its names, with or without their filling spaces; what is too long is cut, and is then no place for
    /// which a code was ever made.
    pub fn new(acceptor: &[u8], terminal: &[u8]) -> Place {
        let mut place = Place { acceptor: [b' '; 15], terminal: [b' '; 8] };
        for (room, text) in [(&mut place.acceptor[..], acceptor), (&mut place.terminal[..], terminal)] {
            let length = text.len().min(room.len());
            room[..length].copy_from_slice(&text[..length]);
        }
        place
    }

    /// The number that stands for this place where a terminal's unpredictable one would be, so that the cryptogram
    /// covers whom the customer paid. The counter makes it another one each time: who wants the same number for a shop
    /// of his own has one chance in four thousand million for each shop, and nothing to search through.
    pub fn number(&self, atc: Atc) -> UnpredictableNumber {
        let digest =
            crypto::hash::sha256_pieces(&[b"paiza:code:", &self.acceptor, &self.terminal, &atc.to_bytes()]);
        UnpredictableNumber([digest[0], digest[1], digest[2], digest[3]])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_and_counter_has_its_number() {
        let place = Place::new(b"104110054110001", b"PZ000001");
        assert_eq!(place, Place::new(b"104110054110001", b"PZ000001  "));
        let numbers = [
            place.number(Atc::new(1)),
            place.number(Atc::new(2)),
            Place { terminal: *b"PZ000002", ..place }.number(Atc::new(1)),
            Place { acceptor: *b"104110059420002", ..place }.number(Atc::new(1)),
        ];
        for (index, number) in numbers.iter().enumerate() {
            assert!(!numbers[..index].contains(number));
        }
        assert_eq!(numbers[0], place.number(Atc::new(1)));
    }
}

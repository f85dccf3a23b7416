//! DE 90: which message a reversal takes back.

use crate::profile::Reason;
use crate::{Malformed, Message, Mti, field};

/// Original data elements: type, STAN, transmission time and the two institutions of the first message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OriginalData {
    /// Type of the original message.
    pub mti: Mti,
    /// Its DE 11, six ASCII digits.
    pub stan: [u8; 6],
    /// Its DE 7, ten ASCII digits.
    pub transmitted: [u8; 10],
    /// Its DE 32, right-justified, zeros before.
    pub acquirer: [u8; 11],
    /// Its DE 33, right-justified, zeros before.
    pub forwarder: [u8; 11],
}

impl OriginalData {
    /// Of the message that is to be taken back; elements it lacks become zeros.
    pub fn of(message: &Message) -> OriginalData {
        OriginalData {
            mti: message.mti.first(),
            stan: justified(message, field::STAN),
            transmitted: justified(message, field::TRANSMITTED),
            acquirer: justified(message, field::ACQUIRER),
            forwarder: justified(message, field::FORWARDER),
        }
    }

    /// DE 7 with two digits in a byte: month, day, hour, minute and second, in an order that is that of time
    /// within a year.
    pub fn packed_time(&self) -> [u8; 5] {
        let mut packed = [0; 5];
        for (byte, pair) in packed.iter_mut().zip(self.transmitted.chunks_exact(2)) {
            *byte = pair[0] << 4 | pair[1] & 0x0F;
        }
        packed
    }

    /// The 42 digits of DE 90.
    pub fn to_digits(&self) -> [u8; 42] {
        let mut digits = [0; 42];
        digits[..4].copy_from_slice(self.mti.digits());
        digits[4..10].copy_from_slice(&self.stan);
        digits[10..20].copy_from_slice(&self.transmitted);
        digits[20..31].copy_from_slice(&self.acquirer);
        digits[31..].copy_from_slice(&self.forwarder);
        digits
    }

    /// Reads 42 digits. Offsets in errors are those within DE 90.
    pub fn parse(digits: &[u8]) -> Result<OriginalData, Malformed> {
        let wrong = |offset, reason| Malformed { field: field::ORIGINAL, offset, reason };
        let digits: &[u8; 42] = digits.try_into().map_err(|_| wrong(0, Reason::Ends))?;
        if let Some(offset) = digits.iter().position(|byte| !byte.is_ascii_digit()) {
            return Err(wrong(offset, Reason::Character));
        }
        let part = |from: usize, to: usize| &digits[from..to];
        Ok(OriginalData {
            mti: Mti::from_ascii(part(0, 4)).expect("digits were checked"),
            stan: part(4, 10).try_into().expect("six"),
            transmitted: part(10, 20).try_into().expect("ten"),
            acquirer: part(20, 31).try_into().expect("eleven"),
            forwarder: part(31, 42).try_into().expect("eleven"),
        })
    }

    /// Whether `message` is the one meant, whatever zeros stand before its institutions.
    pub fn names(&self, message: &Message) -> bool {
        *self == OriginalData::of(message)
    }
}

impl Message {
    /// DE 90; `None` if it is absent or not 42 digits.
    pub fn original(&self) -> Option<OriginalData> {
        OriginalData::parse(self.get(field::ORIGINAL)?).ok()
    }

    /// Sets DE 90.
    pub fn set_original(&mut self, original: OriginalData) -> &mut Self {
        self.set(field::ORIGINAL, &original.to_digits())
    }
}

fn justified<const N: usize>(message: &Message, number: u8) -> [u8; N] {
    let mut digits = [b'0'; N];
    if let Some(content) = message.get(number).filter(|c| c.len() <= N && c.iter().all(u8::is_ascii_digit)) {
        digits[N - content.len()..].copy_from_slice(content);
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_built_and_read_as_in_the_shared_vector() {
        let mut sale = Message::new(Mti::FINANCIAL.repeat());
        sale.set_text(7, "0701120000")
            .set_text(11, "938353")
            .set_text(32, "01040000")
            .set_text(33, "00010000");
        let original = OriginalData::of(&sale);
        assert_eq!(&original.to_digits(), b"020093835307011200000000104000000000010000");
        assert_eq!(OriginalData::parse(&original.to_digits()), Ok(original));
        assert_eq!(original.packed_time(), [0x07, 0x01, 0x12, 0x00, 0x00]);
        assert!(original.names(&sale));
        sale.set_text(11, "938354");
        assert!(!original.names(&sale));
    }

    #[test]
    fn anything_but_42_digits_is_refused() {
        assert!(OriginalData::parse(b"0200").is_err());
        let mut digits = [b'0'; 42];
        digits[17] = b'x';
        assert_eq!(OriginalData::parse(&digits).unwrap_err().offset, 17);
    }
}

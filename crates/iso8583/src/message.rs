//! A message in memory: one buffer, and where in it each data element lies.

use crate::field::{self, Length, Secrecy};
use crate::private_data::{self, PrivateData, Tag};
use crate::{Malformed, Mti, ResponseCode};
use serde::{Deserialize, Serialize};
use std::fmt;
use values::{Currency, Expiry, LastFour, MerchantCategory, Money};
use zeroize::Zeroize;

/// A system trace audit number, 0 to 999999 (DE 11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Stan(u32);

impl Stan {
    /// `None` above 999999.
    pub fn new(number: u32) -> Option<Stan> {
        (number <= 999_999).then_some(Stan(number))
    }

    /// The number.
    pub fn number(self) -> u32 {
        self.0
    }

    /// The next one, going round from 999999 to 1: 000000 is kept free, as hosts often refuse it.
    pub fn next(self) -> Stan {
        Stan(self.0 % 999_999 + 1)
    }
}

impl TryFrom<u32> for Stan {
    type Error = &'static str;
    fn try_from(number: u32) -> Result<Self, Self::Error> {
        Stan::new(number).ok_or("a trace number has six digits")
    }
}

impl From<Stan> for u32 {
    fn from(stan: Stan) -> u32 {
        stan.0
    }
}

impl fmt::Display for Stan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

/// What stands before the message type on a terminal's line: a TPDU (60, destination, origin) and six bytes
/// of application head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TerminalHeader([u8; 11]);

impl TerminalHeader {
    /// The bytes as they come.
    pub const fn new(bytes: [u8; 11]) -> TerminalHeader {
        TerminalHeader(bytes)
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8; 11] {
        &self.0
    }

    /// The header of an answer: destination and origin change places.
    pub fn answer(self) -> TerminalHeader {
        let mut bytes = self.0;
        bytes.copy_within(3..5, 1);
        bytes[3..5].copy_from_slice(&self.0[1..3]);
        TerminalHeader(bytes)
    }
}

/// To acquirer 0003 from nowhere in particular, application head `603100000000`.
impl Default for TerminalHeader {
    fn default() -> Self {
        TerminalHeader([0x60, 0x00, 0x03, 0x00, 0x00, 0x60, 0x31, 0x00, 0x00, 0x00, 0x00])
    }
}

#[derive(Clone, Copy, Default)]
struct Span {
    start: u32,
    length: u32,
}

/// A message: its type and its data elements, as logical content.
///
/// Digits and text are ASCII without padding of the wire, binaries are raw, the separator of track data is
/// `=`. Setting, reading and removing allocate nothing once the buffer has its size. Card numbers, tracks and
/// PIN blocks are wiped when overwritten and when the message is dropped.
#[derive(Clone)]
pub struct Message {
    /// The message type.
    pub mti: Mti,
    /// What stood before the message type on a terminal's line; other lines have none.
    pub header: Option<TerminalHeader>,
    present: u128,
    buffer: Vec<u8>,
    spans: [Span; 129],
}

const ROOM: usize = 1024;

fn bit(field: u8) -> u128 {
    if (2..=128).contains(&field) { 1 << (128 - u32::from(field)) } else { 0 }
}

impl Message {
    /// A message without any data element.
    pub fn new(mti: Mti) -> Message {
        Message {
            mti,
            header: None,
            present: 0,
            buffer: Vec::with_capacity(ROOM),
            spans: [Span::default(); 129],
        }
    }

    /// Begins the answer to a request: its type, and the elements of `echoed` that the request has.
    pub fn answer_to(request: &Message, echoed: &[u8]) -> Message {
        let mut answer = Message::new(request.mti.answer());
        answer.header = request.header.map(TerminalHeader::answer);
        answer.copy(request, echoed);
        answer
    }

    /// The content of a data element, if it is there.
    pub fn get(&self, field: u8) -> Option<&[u8]> {
        if !self.has(field) {
            return None;
        }
        let Span { start, length } = self.spans[usize::from(field)];
        Some(&self.buffer[start as usize..(start + length) as usize])
    }

    /// Whether the data element is there.
    pub fn has(&self, field: u8) -> bool {
        self.present & bit(field) != 0
    }

    /// The content as text; `None` if it is absent or not UTF-8.
    pub fn text(&self, field: u8) -> Option<&str> {
        str::from_utf8(self.get(field)?).ok()
    }

    /// The numbers of the data elements that are there, ascending.
    pub fn fields(&self) -> impl Iterator<Item = u8> + use<> {
        let mut rest = self.present;
        std::iter::from_fn(move || {
            let place = rest.leading_zeros();
            (place < 128).then(|| {
                rest &= !(1 << (127 - place));
                place as u8 + 1
            })
        })
    }

    /// Adds or replaces a data element. Whether it fits its definition is told by `Profile::encode`.
    ///
    /// # Panics
    /// If `field` is no data element (2 to 128 but 65); numbers come from [`crate::field`], not from outside.
    pub fn set(&mut self, field: u8, content: &[u8]) -> &mut Self {
        assert!(field::definition(field).is_some(), "field numbers are those of the table");
        let length = content.len() as u32;
        let old = self.spans[usize::from(field)];
        self.wipe(field);
        if self.has(field) && length <= old.length {
            self.spans[usize::from(field)].length = length;
            self.buffer[old.start as usize..][..content.len()].copy_from_slice(content);
        } else {
            self.append(field, content);
        }
        self
    }

    /// Adds or replaces a data element of text or digits.
    pub fn set_text(&mut self, field: u8, content: &str) -> &mut Self {
        self.set(field, content.as_bytes())
    }

    /// Sets a fixed-length text, filled with spaces on the right; what is too long is cut.
    pub fn set_padded(&mut self, field: u8, content: &str) -> &mut Self {
        let mut filled = [b' '; 99];
        let width = fixed_width(field);
        let taken = content.len().min(width);
        filled[..taken].copy_from_slice(&content.as_bytes()[..taken]);
        self.set(field, &filled[..width])
    }

    /// Sets a fixed-length numeric element, filled with zeros on the left; only the last digits are kept if
    /// the number is too long for the element.
    pub fn set_number(&mut self, field: u8, number: u64) -> &mut Self {
        let mut digits = [b'0'; 99];
        let width = fixed_width(field);
        let mut rest = number;
        for digit in digits[..width].iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        self.set(field, &digits[..width])
    }

    /// Takes a data element away.
    pub fn remove(&mut self, field: u8) -> &mut Self {
        self.wipe(field);
        self.present &= !bit(field);
        self
    }

    /// Copies the data elements `fields` that `other` has.
    pub fn copy(&mut self, other: &Message, fields: &[u8]) -> &mut Self {
        for &field in fields {
            if let Some(content) = other.get(field) {
                self.set(field, content);
            }
        }
        self
    }

    /// Empties the message for another one, keeping its buffer.
    pub fn clear(&mut self, mti: Mti) {
        self.wipe_all();
        self.mti = mti;
        self.header = None;
        self.present = 0;
        self.buffer.clear();
    }

    /// Puts content at the end of the buffer. For decoding: the field must be one of the table.
    pub(crate) fn append(&mut self, field: u8, content: &[u8]) {
        self.buffer.reserve(content.len());
        self.append_with(field, |buffer| buffer.extend_from_slice(content));
    }

    /// Lets `fill` write the content of a field at the end of the buffer.
    pub(crate) fn append_with(&mut self, field: u8, fill: impl FnOnce(&mut Vec<u8>)) {
        let start = self.buffer.len();
        fill(&mut self.buffer);
        let length = (self.buffer.len() - start) as u32;
        self.spans[usize::from(field)] = Span { start: start as u32, length };
        self.present |= bit(field);
    }

    /// Makes room for what is about to be decoded, so that no copy of a number is left by a growing buffer.
    pub(crate) fn reserve(&mut self, bytes: usize) {
        self.buffer.reserve(bytes);
    }

    fn wipe(&mut self, field: u8) {
        let secret = field::definition(field).is_some_and(|d| d.secrecy != Secrecy::Open);
        if secret && self.has(field) {
            let Span { start, length } = self.spans[usize::from(field)];
            self.buffer[start as usize..(start + length) as usize].zeroize();
        }
    }

    fn wipe_all(&mut self) {
        for field in WIPED {
            self.wipe(field);
        }
    }
}

/// What a dropped message wipes: numbers, tracks, PIN blocks. Chip and private data hold tokens and
/// sealed contents only.
const WIPED: [u8; 6] = [2, 34, 35, 36, 45, 52];

fn fixed_width(field: u8) -> usize {
    match field::definition(field).map(|d| d.length) {
        Some(Length::Fixed(width)) => width,
        _ => panic!("only elements of fixed length are filled up"),
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        self.wipe_all();
    }
}

/// Type and field numbers; never content.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message {} ", self.mti)?;
        f.debug_list().entries(self.fields()).finish()
    }
}

/// Equal when type and contents are; how the buffer lies does not matter.
impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        self.mti == other.mti
            && self.header == other.header
            && self.present == other.present
            && self.fields().all(|field| self.get(field) == other.get(field))
    }
}

/// Elements as values of the field.
impl Message {
    /// DE 4 in the currency of DE 49.
    pub fn amount(&self) -> Option<Money> {
        let currency = Currency::from_numeric(u16::try_from(self.number(field::CURRENCY)?).ok()?)?;
        Money::new(self.number(field::AMOUNT)?, currency).ok()
    }

    /// Sets DE 4 and DE 49. An amount above twelve digits cannot be written and leaves DE 4 unwritable.
    pub fn set_amount(&mut self, amount: Money) -> &mut Self {
        self.set_number(field::CURRENCY, u64::from(amount.currency().numeric()));
        if amount.minor() > 999_999_999_999 {
            return self.set(field::AMOUNT, b"");
        }
        self.set_number(field::AMOUNT, amount.minor())
    }

    /// DE 11.
    pub fn stan(&self) -> Option<Stan> {
        Stan::new(u32::try_from(self.number(field::STAN)?).ok()?)
    }

    /// Sets DE 11.
    pub fn set_stan(&mut self, stan: Stan) -> &mut Self {
        self.set_number(field::STAN, u64::from(stan.number()))
    }

    /// DE 39.
    pub fn response_code(&self) -> Option<ResponseCode> {
        ResponseCode::from_ascii(self.get(field::RESPONSE_CODE)?)
    }

    /// Sets DE 39.
    pub fn set_response_code(&mut self, code: ResponseCode) -> &mut Self {
        self.set(field::RESPONSE_CODE, &code.ascii())
    }

    /// DE 18.
    pub fn merchant_category(&self) -> Option<MerchantCategory> {
        MerchantCategory::try_from(u16::try_from(self.number(field::MERCHANT_CATEGORY)?).ok()?).ok()
    }

    /// The digits of the card or token number: DE 2, or what stands before the separator in DE 35.
    pub fn account_number(&self) -> Option<&[u8]> {
        self.get(field::ACCOUNT_NUMBER)
            .or_else(|| self.get(field::TRACK_TWO)?.split(|byte| *byte == b'=').next())
    }

    /// The last four digits of the card or token number.
    pub fn last_four(&self) -> Option<LastFour> {
        LastFour::from_ascii(self.account_number()?.last_chunk::<4>()?).ok()
    }

    /// DE 14, or the expiry in DE 35.
    pub fn expiry(&self) -> Option<Expiry> {
        let stated = self.get(field::EXPIRY).or_else(|| {
            self.get(field::TRACK_TWO)?.split(|byte| *byte == b'=').nth(1)?.first_chunk::<4>().map(|e| &e[..])
        });
        Expiry::from_yymm(stated?).ok()
    }

    /// A numeric element as a number; `None` if it is absent, not digits or above 64 bits.
    pub fn number(&self, field: u8) -> Option<u64> {
        self.get(field)?.iter().try_fold(0u64, |sum, digit| {
            let digit = digit.checked_sub(b'0').filter(|d| *d <= 9)?;
            sum.checked_mul(10)?.checked_add(u64::from(digit))
        })
    }

    /// The entries of DE 48; empty if it is absent.
    pub fn private_data(&self) -> Result<PrivateData<'_>, Malformed> {
        PrivateData::parse(self.get(field::PRIVATE_DATA).unwrap_or_default())
    }

    /// Adds or replaces one entry of DE 48. A DE 48 that is not TLV is replaced by this entry.
    pub fn set_private(&mut self, tag: Tag, value: &[u8]) -> &mut Self {
        let Span { start, length } = self.spans[usize::from(field::PRIVATE_DATA)];
        let (mut at, end) = (start as usize, (start + length) as usize);
        if !self.has(field::PRIVATE_DATA) || self.private_data().is_err() {
            at = end;
        }
        let new = self.buffer.len();
        while let Some((other, next)) = private_data::step(&self.buffer[..end], at) {
            if other != tag {
                self.buffer.extend_from_within(at..next);
            }
            at = next;
        }
        private_data::write(&mut self.buffer, tag, value);
        self.wipe(field::PRIVATE_DATA);
        let length = (self.buffer.len() - new) as u32;
        self.spans[usize::from(field::PRIVATE_DATA)] = Span { start: new as u32, length };
        self.present |= bit(field::PRIVATE_DATA);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_set_replaced_and_removed() {
        let mut message = Message::new(Mti::FINANCIAL);
        message.set_text(2, "6216623937629277878").set_number(11, 42).set_padded(41, "PZ1");
        message.set_amount(Money::new(1250, Currency::CNY).unwrap());
        assert_eq!(message.text(4), Some("000000001250"));
        assert_eq!(message.amount(), Money::new(1250, Currency::CNY).ok());
        assert_eq!((message.stan(), message.text(41)), (Stan::new(42), Some("PZ1     ")));
        message.set_text(2, "6216054243482834147").set_text(2, "62160542434828341").remove(11);
        assert_eq!(message.text(2), Some("62160542434828341"));
        assert_eq!(message.fields().collect::<Vec<_>>(), [2, 4, 41, 49]);
        assert_eq!(message.last_four().unwrap().to_string(), "8341");
        message.set(48, b"not TLV, but \xff").set(128, &[0; 8]);
        assert_eq!(message.fields().last(), Some(128));
    }

    #[test]
    fn what_is_overwritten_or_removed_is_wiped() {
        let mut message = Message::new(Mti::FINANCIAL);
        message.set_text(2, "6216054243482834").set_text(2, "6216054243482834147").set_text(35, "62160=26");
        message.remove(2).remove(35);
        assert!(message.buffer.iter().all(|byte| *byte == 0));
    }

    #[test]
    fn track_two_stands_in_for_number_and_expiry() {
        let mut message = Message::new(Mti::FINANCIAL);
        message.set_text(35, "6216623937629277878=30122010000000000");
        assert_eq!(message.account_number(), Some(&b"6216623937629277878"[..]));
        assert_eq!(message.expiry().unwrap().to_yymm(), "3012");
        for track in ["", "=", "12=", "12=30", "12=3013", "==="] {
            message.set_text(35, track);
            let _ = (message.account_number(), message.expiry(), message.last_four());
            assert!(message.expiry().is_none());
        }
    }

    #[test]
    fn printing_shows_no_content() {
        let mut message = Message::new(Mti::FINANCIAL);
        message.set_text(2, "6216623937629277878").set_text(11, "123456");
        assert_eq!(format!("{message:?}"), "Message 0200 [2, 11]");
    }

    #[test]
    fn trace_numbers_go_round_past_zero() {
        assert_eq!(Stan::new(999_999).unwrap().next(), Stan::new(1).unwrap());
        assert_eq!(Stan::new(1_000_000), None);
        assert_eq!(Stan::new(7).unwrap().to_string(), "000007");
    }

    #[test]
    fn the_answer_header_swaps_the_addresses() {
        let header = TerminalHeader::new([0x60, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        assert_eq!(header.answer().bytes(), &[0x60, 3, 4, 1, 2, 5, 6, 7, 8, 9, 10]);
        assert_eq!(header.answer().answer(), header);
    }
}

//! Data elements: their numbers, names, contents and lengths (ISO 8583:1987, 4.3), the same in every profile.

/// What a data element may hold, as seen in a [`crate::Message`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Digits (`n`).
    Digits,
    /// `C` or `D` and digits (`x+n`).
    SignedDigits,
    /// Printable ASCII (`an`).
    Letters,
    /// Text in the sender's character set, no control characters (`ans`).
    Text,
    /// Any bytes (`b`).
    Bytes,
    /// Track data: digits and the separator, `=` in memory (`z`).
    Track,
}

/// How long a data element is, counted in characters (bytes for [`Content::Bytes`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Exactly this.
    Fixed(usize),
    /// Up to this, at most 99; a length of two digits stands before.
    UpTo99(usize),
    /// Up to this, at most 999; a length of three digits stands before.
    UpTo999(usize),
}

/// What a description may show of a data element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrecy {
    /// All of it.
    Open,
    /// The last four digits of the number it begins with.
    LastFour,
    /// How long it is.
    Hidden,
    /// It has parts with secrecy of their own.
    Parts,
}

/// One data element.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// The name people use.
    pub name: &'static str,
    /// What it may hold.
    pub content: Content,
    /// How long it is.
    pub length: Length,
    /// What may be shown.
    pub secrecy: Secrecy,
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident = $number:literal;)*) => {
        $($(#[$doc])* pub const $name: u8 = $number;)*
    };
}

numbers! {
    /// Primary account number: the token up to the gateway, the card's number on the issuer's link.
    ACCOUNT_NUMBER = 2;
    /// Processing code: type and accounts.
    PROCESSING_CODE = 3;
    /// Amount in minor units of DE 49.
    AMOUNT = 4;
    /// When the sender transmitted it, `MMDDhhmmss` in UTC.
    TRANSMITTED = 7;
    /// System trace audit number, unique per sender and day.
    STAN = 11;
    /// Local time `hhmmss`.
    LOCAL_TIME = 12;
    /// Local date `MMDD`.
    LOCAL_DATE = 13;
    /// Expiry `YYMM`.
    EXPIRY = 14;
    /// Settlement date `MMDD`.
    SETTLEMENT_DATE = 15;
    /// Merchant category.
    MERCHANT_CATEGORY = 18;
    /// Country of the acquiring institution.
    ACQUIRER_COUNTRY = 19;
    /// Entry mode: 07x contactless chip, 05x contact chip, 03x code scanned.
    ENTRY_MODE = 22;
    /// Card sequence number (5F34).
    CARD_SEQUENCE = 23;
    /// Condition code: 00 normal, 06 pre-authorisation.
    CONDITION = 25;
    /// Longest PIN the terminal can take.
    PIN_LENGTH = 26;
    /// Acquiring institution.
    ACQUIRER = 32;
    /// Forwarding institution.
    FORWARDER = 33;
    /// Track 2 equivalent, separator `=`.
    TRACK_TWO = 35;
    /// Retrieval reference number, echoed for ever.
    REFERENCE = 37;
    /// Approval code.
    APPROVAL_CODE = 38;
    /// Response code; the reason in a reversal.
    RESPONSE_CODE = 39;
    /// Terminal.
    TERMINAL = 41;
    /// Merchant (card acceptor).
    MERCHANT = 42;
    /// Merchant's name and place.
    MERCHANT_NAME = 43;
    /// Additional response data.
    ADDITIONAL_RESPONSE = 44;
    /// Private data: TLV of our own, see [`crate::private_data`].
    PRIVATE_DATA = 48;
    /// Currency of DE 4.
    CURRENCY = 49;
    /// Enciphered PIN block.
    PIN_BLOCK = 52;
    /// Security control information.
    SECURITY_CONTROL = 53;
    /// Additional amounts such as balances.
    ADDITIONAL_AMOUNTS = 54;
    /// Chip data, BER-TLV.
    CHIP_DATA = 55;
    /// Private: message type and batch of a terminal.
    BATCH = 60;
    /// Private: original transaction of a terminal.
    ORIGINAL_TERMINAL = 61;
    /// Private: keys and parameters.
    PARAMETERS = 62;
    /// Private: operator.
    OPERATOR = 63;
    /// MAC when there is no secondary bitmap.
    MAC_PRIMARY = 64;
    /// Network management code: 001 sign on, 002 sign off, 101 key change, 201 cut-over, 301 echo.
    NETWORK_CODE = 70;
    /// Original data elements, see [`crate::original`].
    ORIGINAL = 90;
    /// Receiving institution.
    RECEIVER = 100;
    /// Account money is taken from.
    ACCOUNT_FROM = 102;
    /// Account money goes to.
    ACCOUNT_TO = 103;
    /// MAC when there is a secondary bitmap.
    MAC_SECONDARY = 128;
}

/// The definition of a data element; `None` for 0, the bitmaps (1 and 65) and everything above 128.
pub fn definition(number: u8) -> Option<&'static Definition> {
    DEFINITIONS.get(usize::from(number))?.as_ref()
}

/// All definitions by number.
pub static DEFINITIONS: [Option<Definition>; 129] = table();

use Content::{Bytes, Digits, Letters, SignedDigits, Text, Track};
use Length::{Fixed, UpTo99, UpTo999};
use Secrecy::{Hidden, LastFour, Open, Parts};

const fn row(name: &'static str, content: Content, length: Length, secrecy: Secrecy) -> Option<Definition> {
    Some(Definition { name, content, length, secrecy })
}

pub(crate) const fn table() -> [Option<Definition>; 129] {
    let mut t = [None; 129];
    lower_half(&mut t);
    upper_half(&mut t);
    t
}

const fn lower_half(t: &mut [Option<Definition>; 129]) {
    t[2] = row("primary account number", Digits, UpTo99(19), LastFour);
    t[3] = row("processing code", Digits, Fixed(6), Open);
    t[4] = row("amount, transaction", Digits, Fixed(12), Open);
    t[5] = row("amount, settlement", Digits, Fixed(12), Open);
    t[6] = row("amount, cardholder billing", Digits, Fixed(12), Open);
    t[7] = row("transmission date and time", Digits, Fixed(10), Open);
    t[8] = row("amount, cardholder billing fee", Digits, Fixed(8), Open);
    t[9] = row("conversion rate, settlement", Digits, Fixed(8), Open);
    t[10] = row("conversion rate, cardholder billing", Digits, Fixed(8), Open);
    t[11] = row("system trace audit number", Digits, Fixed(6), Open);
    t[12] = row("local time", Digits, Fixed(6), Open);
    t[13] = row("local date", Digits, Fixed(4), Open);
    t[14] = row("expiry date", Digits, Fixed(4), Hidden);
    t[15] = row("settlement date", Digits, Fixed(4), Open);
    t[16] = row("conversion date", Digits, Fixed(4), Open);
    t[17] = row("capture date", Digits, Fixed(4), Open);
    t[18] = row("merchant category", Digits, Fixed(4), Open);
    t[19] = row("acquiring institution country", Digits, Fixed(3), Open);
    t[20] = row("account number country", Digits, Fixed(3), Open);
    t[21] = row("forwarding institution country", Digits, Fixed(3), Open);
    t[22] = row("point of service entry mode", Digits, Fixed(3), Open);
    t[23] = row("card sequence number", Digits, Fixed(3), Open);
    t[24] = row("network international identifier", Digits, Fixed(3), Open);
    t[25] = row("point of service condition code", Digits, Fixed(2), Open);
    t[26] = row("longest PIN taken", Digits, Fixed(2), Open);
    t[27] = row("approval code length", Digits, Fixed(1), Open);
    t[28] = row("amount, transaction fee", SignedDigits, Fixed(9), Open);
    t[29] = row("amount, settlement fee", SignedDigits, Fixed(9), Open);
    t[30] = row("amount, transaction processing fee", SignedDigits, Fixed(9), Open);
    t[31] = row("amount, settlement processing fee", SignedDigits, Fixed(9), Open);
    t[32] = row("acquiring institution", Digits, UpTo99(11), Open);
    t[33] = row("forwarding institution", Digits, UpTo99(11), Open);
    t[34] = row("primary account number, extended", Text, UpTo99(28), LastFour);
    t[35] = row("track 2", Track, UpTo99(37), LastFour);
    t[36] = row("track 3", Track, UpTo999(104), Hidden);
    t[37] = row("retrieval reference number", Letters, Fixed(12), Open);
    t[38] = row("approval code", Letters, Fixed(6), Open);
    t[39] = row("response code", Letters, Fixed(2), Open);
    t[40] = row("service restriction code", Letters, Fixed(3), Open);
    t[41] = row("terminal", Text, Fixed(8), Open);
    t[42] = row("merchant", Text, Fixed(15), Open);
    t[43] = row("merchant name and place", Text, Fixed(40), Open);
    t[44] = row("additional response data", Text, UpTo99(25), Open);
    t[45] = row("track 1", Text, UpTo99(76), Hidden);
    t[46] = row("additional data, ISO", Text, UpTo999(999), Hidden);
    t[47] = row("additional data, national", Text, UpTo999(999), Hidden);
    t[48] = row("private data", Bytes, UpTo999(999), Parts);
    t[49] = row("currency, transaction", Digits, Fixed(3), Open);
    t[50] = row("currency, settlement", Digits, Fixed(3), Open);
    t[51] = row("currency, cardholder billing", Digits, Fixed(3), Open);
    t[52] = row("PIN block", Bytes, Fixed(8), Hidden);
    t[53] = row("security control information", Digits, Fixed(16), Open);
    t[54] = row("additional amounts", Text, UpTo999(120), Open);
    t[55] = row("chip data", Bytes, UpTo999(255), Parts);
    t[56] = row("reserved, ISO", Text, UpTo999(999), Hidden);
    t[57] = row("reserved, national", Text, UpTo999(999), Hidden);
    t[58] = row("reserved, national", Text, UpTo999(999), Hidden);
    t[59] = row("reserved, national", Text, UpTo999(999), Hidden);
    t[60] = row("private: type and batch", Text, UpTo999(999), Open);
    t[61] = row("private: original transaction", Text, UpTo999(999), Open);
    t[62] = row("private: keys and parameters", Bytes, UpTo999(999), Hidden);
    t[63] = row("private: operator", Text, UpTo999(999), Open);
    t[64] = row("message authentication code", Bytes, Fixed(8), Open);
}

const fn upper_half(t: &mut [Option<Definition>; 129]) {
    t[66] = row("settlement code", Digits, Fixed(1), Open);
    t[67] = row("extended payment code", Digits, Fixed(2), Open);
    t[68] = row("receiving institution country", Digits, Fixed(3), Open);
    t[69] = row("settlement institution country", Digits, Fixed(3), Open);
    t[70] = row("network management code", Digits, Fixed(3), Open);
    t[71] = row("message number", Digits, Fixed(4), Open);
    t[72] = row("last message number", Digits, Fixed(4), Open);
    t[73] = row("action date", Digits, Fixed(6), Open);
    t[74] = row("credits, number", Digits, Fixed(10), Open);
    t[75] = row("credits reversed, number", Digits, Fixed(10), Open);
    t[76] = row("debits, number", Digits, Fixed(10), Open);
    t[77] = row("debits reversed, number", Digits, Fixed(10), Open);
    t[78] = row("transfers, number", Digits, Fixed(10), Open);
    t[79] = row("transfers reversed, number", Digits, Fixed(10), Open);
    t[80] = row("inquiries, number", Digits, Fixed(10), Open);
    t[81] = row("authorisations, number", Digits, Fixed(10), Open);
    t[82] = row("credits, processing fee", Digits, Fixed(12), Open);
    t[83] = row("credits, transaction fee", Digits, Fixed(12), Open);
    t[84] = row("debits, processing fee", Digits, Fixed(12), Open);
    t[85] = row("debits, transaction fee", Digits, Fixed(12), Open);
    t[86] = row("credits, amount", Digits, Fixed(16), Open);
    t[87] = row("credits reversed, amount", Digits, Fixed(16), Open);
    t[88] = row("debits, amount", Digits, Fixed(16), Open);
    t[89] = row("debits reversed, amount", Digits, Fixed(16), Open);
    t[90] = row("original data elements", Digits, Fixed(42), Open);
    t[91] = row("file update code", Letters, Fixed(1), Open);
    t[92] = row("file security code", Letters, Fixed(2), Open);
    t[93] = row("response indicator", Letters, Fixed(5), Open);
    t[94] = row("service indicator", Letters, Fixed(7), Open);
    t[95] = row("replacement amounts", Letters, Fixed(42), Open);
    t[96] = row("message security code", Bytes, Fixed(8), Hidden);
    t[97] = row("amount, net settlement", SignedDigits, Fixed(17), Open);
    t[98] = row("payee", Text, Fixed(25), Open);
    t[99] = row("settlement institution", Digits, UpTo99(11), Open);
    t[100] = row("receiving institution", Digits, UpTo99(11), Open);
    t[101] = row("file name", Text, UpTo99(17), Open);
    t[102] = row("account, from", Text, UpTo99(28), LastFour);
    t[103] = row("account, to", Text, UpTo99(28), LastFour);
    t[104] = row("transaction description", Text, UpTo999(100), Hidden);
    let mut reserved = 105;
    while reserved < 128 {
        t[reserved] = row("reserved", Text, UpTo999(999), Hidden);
        reserved += 1;
    }
    t[128] = row("message authentication code", Bytes, Fixed(8), Open);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_but_the_bitmaps_is_defined() {
        for number in 0..=255u8 {
            let expected = (2..=128).contains(&number) && number != 65;
            assert_eq!(definition(number).is_some(), expected, "{number}");
        }
    }
}

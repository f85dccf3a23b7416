//! Objects that are only read here, bit by bit: tables of what each bit says.

use super::value::Meaning;

/// Byte and bit (both counted as in the specifications) with what the bit says.
type Table = &'static [(u8, u8, &'static str)];

/// Terminal capabilities, tag `9F33` (EMV 4.4 Book 4, Annex A2).
pub(super) const CAPABILITIES: Table = &[
    (1, 8, "manual key entry"),
    (1, 7, "magnetic stripe"),
    (1, 6, "contact chip"),
    (2, 8, "offline PIN in clear"),
    (2, 7, "online PIN"),
    (2, 6, "signature"),
    (2, 5, "offline PIN enciphered"),
    (2, 4, "no verification needed"),
    (3, 8, "static data authentication"),
    (3, 7, "dynamic data authentication"),
    (3, 6, "keeps the card"),
    (3, 4, "combined data authentication"),
];

/// Application usage control, tag `9F07` (EMV 4.4 Book 3, Annex C2).
pub(super) const USAGE: Table = &[
    (1, 8, "domestic cash"),
    (1, 7, "international cash"),
    (1, 6, "domestic goods"),
    (1, 5, "international goods"),
    (1, 4, "domestic services"),
    (1, 3, "international services"),
    (1, 2, "cash machines"),
    (1, 1, "terminals other than cash machines"),
    (2, 8, "domestic cashback"),
    (2, 7, "international cashback"),
];

/// Hexadecimal, then one part for each bit that is 1.
pub(super) fn explain(value: &[u8], table: Table) -> Meaning {
    let set = |(byte, bit, _): &&(u8, u8, &str)| {
        value.get(usize::from(*byte) - 1).is_some_and(|bits| bits >> (bit - 1) & 1 == 1)
    };
    let parts = table.iter().filter(set).map(|(byte, bit, says)| place(*byte, *bit, says)).collect();
    Meaning { text: hex::encode_upper(value), parts }
}

/// A part that says where the bit stands.
pub(super) fn place(byte: u8, bit: u8, says: &str) -> (String, String) {
    (format!("byte {byte} bit {bit}"), says.to_owned())
}

/// A cardholder verification method (EMV 4.4 Book 3, Annex C3): what, and whether the next may be tried.
pub(super) fn method(code: u8) -> String {
    let what = match code & 0x3F {
        0x00 => "fail verification",
        0x01 => "offline PIN in clear",
        0x02 => "online PIN",
        0x03 => "offline PIN in clear and signature",
        0x04 => "offline PIN enciphered",
        0x05 => "offline PIN enciphered and signature",
        0x1E => "signature",
        0x1F => "no verification",
        0x20 => "cardholder's certificate",
        0x3F => "none performed",
        _ => "reserved method",
    };
    match code & 0x40 {
        0 => what.to_owned(),
        _ => format!("{what}, else the next"),
    }
}

/// When a method applies (EMV 4.4 Book 3, table 44).
pub(super) fn condition(code: u8) -> &'static str {
    match code {
        0 => "always",
        1 => "for unattended cash",
        2 => "if neither cash nor cashback",
        3 => "if the terminal can",
        4 => "for manual cash",
        5 => "for cashback",
        6 => "if under amount X",
        7 => "if over amount X",
        8 => "if under amount Y",
        9 => "if over amount Y",
        _ => "reserved condition",
    }
}

/// Terminal type, tag `9F35` (EMV 4.4 Book 4, Annex A1).
pub(super) fn terminal_type(code: u8) -> String {
    let whose = match code >> 4 {
        1 => "bank's",
        2 => "merchant's",
        3 => "cardholder's",
        _ => return format!("{code:02X}"),
    };
    let what = match code & 0xF {
        1 => "attended, online only",
        2 => "attended, offline with online capability",
        3 => "attended, offline only",
        4 => "unattended, online only",
        5 => "unattended, offline with online capability",
        6 => "unattended, offline only",
        _ => "reserved",
    };
    format!("{code:02X} ({whose}, {what})")
}

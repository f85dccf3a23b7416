//! A network message as the token service sees it. The platform fills it from ISO 8583.

use crate::digest::Digest16;
use crate::records::{Kind, Mode};
use crypto::hash::HmacKey;
use emv::qr::Place;
use values::{Country, Expiry, MerchantCategory, Money, TokenNumber};

/// How the terminal says it read the card (DE22, first two digits).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryMode {
    /// 05: chip with contacts.
    Contact,
    /// 07: contactless chip.
    Contactless,
    /// 03: a code on the phone's screen was scanned.
    Qr,
    /// 04: the phone scanned the shop's code.
    Scan,
    /// 01 or 81: entered, from within an application.
    InApp,
}

impl EntryMode {
    /// Reads DE22. Stripes, fallbacks and anything unknown have no mode: a token is never read that way.
    pub fn from_de22(digits: &[u8]) -> Option<EntryMode> {
        match digits.first_chunk::<2>()? {
            b"05" => Some(EntryMode::Contact),
            b"07" => Some(EntryMode::Contactless),
            b"03" => Some(EntryMode::Qr),
            b"04" => Some(EntryMode::Scan),
            b"01" | b"81" => Some(EntryMode::InApp),
            _ => None,
        }
    }

    /// The mode the domain controls know; a tap at public transport is a mode of its own.
    pub fn mode(self, category: MerchantCategory) -> Mode {
        match self {
            EntryMode::Contact => Mode::Contact,
            EntryMode::Contactless if category.is_transit() => Mode::Transit,
            EntryMode::Contactless => Mode::Contactless,
            EntryMode::Qr => Mode::Qr,
            EntryMode::Scan => Mode::Scan,
            EntryMode::InApp => Mode::InApp,
        }
    }
}

/// How the customer was verified, as the message claims (DE48 C7). The claim counts only if the cryptogram
/// says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// Not at all.
    None,
    /// By their device.
    Device,
    /// By a PIN whose block (DE52) is in this message, for the issuer to check. The platform says so only
    /// when the block is there.
    OnlinePin,
}

/// A message that presents a token.
#[derive(Clone, Copy, Debug)]
pub struct Presentment<'a> {
    /// [`message_digest`] of its match key.
    pub message: Digest16,
    /// What it asks for.
    pub kind: Kind,
    /// DE2.
    pub number: TokenNumber,
    /// DE14, and the expiry in DE35; each if present.
    pub expiries: [Option<Expiry>; 2],
    /// The number in DE35, if present.
    pub track_number: Option<TokenNumber>,
    /// DE23, if present.
    pub psn: Option<u8>,
    /// DE4 in the currency of DE49.
    pub amount: Money,
    /// DE22.
    pub entry: EntryMode,
    /// DE18.
    pub category: MerchantCategory,
    /// DE42 and DE41: the shop and its terminal.
    pub place: Place,
    /// DE19 or the terminal's country by configuration of the link; for messages without chip data.
    pub country: Option<Country>,
    /// DE13: month and day at the terminal.
    pub local_date: Option<(u8, u8)>,
    /// DE48 C7.
    pub verification: Verification,
    /// DE55.
    pub chip: Option<&'a [u8]>,
    /// For a completion, refund or void: [`message_digest`] of the message it refers to (DE90).
    pub original: Option<Digest16>,
}

/// The name of a message in our books: the time it was sent (DE7, packed), then a keyed digest of the token and the
/// fields by which the network matches messages (DE7, DE11, DE32, DE33, joined by the caller in a fixed form).
///
/// The token is inside, so that no sender's numbering can touch another token's payments. The time stands in front so
/// that what was sent together lies together in the tables: folding appends instead of touching every page.
pub fn message_digest(key: &HmacKey, number: TokenNumber, sent: [u8; 5], match_key: &[u8]) -> Digest16 {
    let mut name = [0; 72];
    name[..8].copy_from_slice(&number.as_u64().to_be_bytes());
    let tag = match name.get_mut(8..8 + match_key.len()) {
        Some(room) => {
            room.copy_from_slice(match_key);
            key.tag(&name[..8 + match_key.len()])
        }
        None => key.tag(&[&name[..8], match_key].concat()),
    };
    Digest16::from_tag(&tag).after(sent)
}

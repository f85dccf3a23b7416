//! DE 48 on our lines: token data and account verification, as BER-TLV with tags of one byte.
//!
//! The wire has 999 bytes for all of it. Real networks keep the same contents elsewhere; this table is the
//! one place to change.

use crate::Malformed;
use crate::field;
use crate::field::Secrecy::{self, Hidden, LastFour, Open};
use crate::profile::Reason;

/// The tag of one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tag(u8);

macro_rules! tags {
    ($($(#[$doc:meta])* $name:ident = $tag:literal, $text:literal, $secrecy:expr;)*) => {
        impl Tag { $($(#[$doc])* pub const $name: Tag = Tag($tag);)* }
        const TABLE: &[(u8, &str, Secrecy)] = &[$(($tag, $text, $secrecy),)*];
    };
}

tags! {
    /// Token number, ASCII digits.
    TOKEN_NUMBER = 0xC1, "token number", LastFour;
    /// Token expiry, `YYMM`.
    TOKEN_EXPIRY = 0xC2, "token expiry", Hidden;
    /// Token requestor, 11 digits.
    TOKEN_REQUESTOR = 0xC3, "token requestor", Open;
    /// Payment account reference, 29 characters.
    ACCOUNT_REFERENCE = 0xC4, "payment account reference", Open;
    /// How the customer was assured when the token was made, one byte.
    ASSURANCE_METHOD = 0xC5, "assurance method", Open;
    /// What the token gateway found: `OK` or a refusal code.
    TOKEN_VERDICT = 0xC6, "token verdict", Open;
    /// Customer verification: 00 none, 01 on the device, 02 online PIN.
    CUSTOMER_VERIFICATION = 0xC7, "customer verification result", Open;
    /// Last four digits of the card's number.
    CARD_LAST_FOUR = 0xC8, "last four of the card", Open;
    /// What is asked of the issuer: 01 eligibility and risk, 02 send a code, 03 check a code, 04 token provisioned,
    /// 05 state of a token, 06 a dispute is raised, 07 how it stands, 08 it is given up.
    VERIFICATION_FUNCTION = 0xD0, "verification function", Open;
    /// First eight digits of the card's number, for routing.
    CARD_PREFIX = 0xD1, "card prefix", Open;
    /// Card data sealed to the issuer (JWE).
    SEALED_CARD = 0xD2, "sealed card data", Hidden;
    /// Risk data as JSON.
    RISK_DATA = 0xD3, "risk data", Hidden;
    /// Reference of the enrolment.
    ENROLMENT = 0xD4, "enrolment reference", Open;
    /// The issuer's decision: `GREEN`, `YELLOW` or `RED`.
    DECISION = 0xD5, "decision", Open;
    /// Ways to verify the customer, as JSON.
    STEP_UP_METHODS = 0xD6, "step-up methods", Open;
    /// One-time password sealed to the issuer (JWE).
    SEALED_PASSWORD = 0xD7, "sealed one-time password", Hidden;
    /// Tries left, one byte.
    TRIES_LEFT = 0xD8, "tries left", Open;
    /// Reason code.
    REASON = 0xD9, "reason", Open;
    /// Product, art and name of the card as JSON.
    CARD_PROFILE = 0xDA, "card profile", Hidden;
    /// The way of verification that was chosen.
    METHOD = 0xDB, "step-up method", Open;
    /// Where a token stands: `inactive`, `active`, `suspended`, `deleted` or `expired`.
    TOKEN_STATE = 0xDC, "token state", Open;
    /// Who changed that: `customer`, `platform`, `issuer` or `fraud`.
    CHANGED_BY = 0xDD, "changed by", Open;
    /// Counts a token's changes, ASCII digits.
    STATE_VERSION = 0xDE, "state version", Open;
    /// What a customer claims of a payment: `not_mine`, `wrong_amount`, `paid_twice` or `not_received`.
    CLAIM = 0xE1, "claim", Open;
    /// How a dispute stands, as JSON.
    DISPUTE = 0xE2, "dispute", Open;
}

impl Tag {
    /// A tag by its byte; tags that are not in the table are kept, but only those of one byte exist.
    pub fn from_byte(byte: u8) -> Option<Tag> {
        // ISO/IEC 8825-1, 8.1.2.4: five low bits set announce further tag bytes.
        (byte & 0x1f != 0x1f && byte != 0).then_some(Tag(byte))
    }

    /// The byte on the wire.
    pub fn byte(self) -> u8 {
        self.0
    }

    /// The name people use; `unknown` for tags that are not in the table.
    pub fn name(self) -> &'static str {
        self.row().map_or("unknown", |row| row.1)
    }

    /// What a description may show; nothing of tags that are not in the table.
    pub fn secrecy(self) -> Secrecy {
        self.row().map_or(Hidden, |row| row.2)
    }

    fn row(self) -> Option<&'static (u8, &'static str, Secrecy)> {
        TABLE.iter().find(|row| row.0 == self.0)
    }
}

/// Appends one entry. Lengths above 65535 do not exist on any line here and are cut.
pub fn write(out: &mut Vec<u8>, tag: Tag, value: &[u8]) {
    let value = &value[..value.len().min(usize::from(u16::MAX))];
    let [high, low] = (value.len() as u16).to_be_bytes();
    out.push(tag.0);
    match value.len() {
        0..0x80 => out.push(low),
        0x80..0x100 => out.extend_from_slice(&[0x81, low]),
        _ => out.extend_from_slice(&[0x82, high, low]),
    }
    out.extend_from_slice(value);
}

/// Entries that were checked to be whole, each tag once.
#[derive(Clone, Copy)]
pub struct PrivateData<'a>(&'a [u8]);

impl<'a> PrivateData<'a> {
    /// Reads the content of DE 48. Offsets in errors are those within it.
    pub fn parse(bytes: &'a [u8]) -> Result<PrivateData<'a>, Malformed> {
        let (mut at, mut seen) = (0, [false; 256]);
        while at < bytes.len() {
            let wrong = |reason| Malformed { field: field::PRIVATE_DATA, offset: at, reason };
            let (tag, _, next) = entry(bytes, at).map_err(wrong)?;
            if std::mem::replace(&mut seen[usize::from(tag.0)], true) {
                return Err(wrong(Reason::Twice));
            }
            at = next;
        }
        Ok(PrivateData(bytes))
    }

    /// The value under a tag.
    pub fn get(&self, tag: Tag) -> Option<&'a [u8]> {
        self.entries().find(|(other, _)| *other == tag).map(|(_, value)| value)
    }

    /// The value under a tag as text; `None` if absent or not UTF-8.
    pub fn text(&self, tag: Tag) -> Option<&'a str> {
        str::from_utf8(self.get(tag)?).ok()
    }

    /// The single byte under a tag; `None` if absent or longer.
    pub fn byte(&self, tag: Tag) -> Option<u8> {
        match self.get(tag)? {
            [byte] => Some(*byte),
            _ => None,
        }
    }

    /// All entries in the order of the wire.
    pub fn entries(&self) -> impl Iterator<Item = (Tag, &'a [u8])> + use<'a> {
        let (bytes, mut at) = (self.0, 0);
        std::iter::from_fn(move || {
            let (tag, value, next) = entry(bytes, at).ok()?;
            at = next;
            Some((tag, value))
        })
    }
}

/// The tag of the entry at `at` and where the next one begins; `None` at the end.
pub(crate) fn step(bytes: &[u8], at: usize) -> Option<(Tag, usize)> {
    entry(bytes, at).ok().map(|(tag, _, next)| (tag, next))
}

fn entry(bytes: &[u8], at: usize) -> Result<(Tag, &[u8], usize), Reason> {
    let rest = bytes.get(at..).unwrap_or_default();
    let (first, length, head) = match *rest {
        [tag, length @ 0..0x80, ..] => (tag, usize::from(length), 2),
        [tag, 0x81, length, ..] => (tag, usize::from(length), 3),
        [tag, 0x82, high, low, ..] => (tag, usize::from(u16::from_be_bytes([high, low])), 4),
        [_, 0x80 | 0x83.., ..] => return Err(Reason::LengthNotDigits),
        _ => return Err(Reason::Ends),
    };
    let tag = Tag::from_byte(first).ok_or(Reason::Undefined)?;
    let value = rest[head..].get(..length).ok_or(Reason::Ends)?;
    Ok((tag, value, at + head + length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Message, Mti};

    #[test]
    fn entries_of_every_length_round_trip() {
        for length in [0, 1, 127, 128, 255, 256, 900] {
            let (value, mut bytes) = (vec![7; length], Vec::new());
            write(&mut bytes, Tag::RISK_DATA, &value);
            write(&mut bytes, Tag::DECISION, b"GREEN");
            let data = PrivateData::parse(&bytes).unwrap();
            assert_eq!(data.get(Tag::RISK_DATA), Some(&value[..]));
            assert_eq!(data.text(Tag::DECISION), Some("GREEN"));
            assert_eq!(data.get(Tag::METHOD), None);
        }
    }

    #[test]
    fn broken_entries_are_refused() {
        for (bytes, offset, reason) in [
            (&[0xC1][..], 0, Reason::Ends),
            (&[0xC1, 2, 0], 0, Reason::Ends),
            (&[0xC1, 0x81], 0, Reason::Ends),
            (&[0xC1, 0x82, 1], 0, Reason::Ends),
            (&[0xC1, 0x83, 0, 0, 0], 0, Reason::LengthNotDigits),
            (&[0xC1, 0x80], 0, Reason::LengthNotDigits),
            (&[0xC1, 0, 0xDF, 0], 2, Reason::Undefined),
            (&[0xC1, 0, 0xC1, 0], 2, Reason::Twice),
            (&[0, 0], 0, Reason::Undefined),
        ] {
            let fault = PrivateData::parse(bytes).err().unwrap();
            assert_eq!((fault.field, fault.offset, fault.reason), (48, offset, reason), "{bytes:?}");
        }
    }

    #[test]
    fn one_entry_of_a_message_is_replaced() {
        let mut message = Message::new(Mti::AUTHORISATION);
        message.set_private(Tag::TRIES_LEFT, &[3]).set_private(Tag::REASON, b"otp_wrong");
        message.set_private(Tag::TRIES_LEFT, &[2]);
        let data = message.private_data().unwrap();
        assert_eq!((data.byte(Tag::TRIES_LEFT), data.entries().count()), (Some(2), 2));
        assert_eq!(data.byte(Tag::REASON), None);
        message.set(48, b"not TLV").set_private(Tag::TRIES_LEFT, &[1]);
        assert_eq!(message.get(48), Some(&[0xD8, 1, 1][..]));
        message.remove(48).set_private(Tag::TRIES_LEFT, &[0]);
        assert_eq!(message.get(48), Some(&[0xD8, 1, 0][..]));
    }
}

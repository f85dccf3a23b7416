//! Codes a phone shows (EMV QRCPS Consumer-Presented Mode 1.1): base64 of TLV.
//!
//! ```text
//! 85 CPV01 | 61 [ 4F 50 57 5F34 .. 63 [ 9F26 9F27 9F10 9F36 82 9F37 .. ] ] ..
//! ```

use crate::de55;
use crate::inline::Inline;
use crate::objects::{Aid, Aip, Atc, Cid, SequenceNumber, TrackTwo, UnpredictableNumber};
use crate::tag;
use crate::tlv::{self, Malformed, Tag};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use values::Timestamp;

/// The profile of a card that pays by code (`82`): the device verifies its owner, and nothing else is done. No other
/// profile of a phone's card sets this bit, and it lies under the cryptogram: so a tap is no code, nor a code a tap.
pub const PROFILE: Aip = Aip::from_bytes([0x02, 0x00]);

/// The number that a shown code carries in place of a terminal's unpredictable one: the second in which it was born.
/// It lies under the cryptogram, so a code cannot be made younger. It need not be unpredictable, because no other
/// cryptogram will ever be made with the key of its counter.
pub fn birth(now: Timestamp) -> UnpredictableNumber {
    // Good until 2106.
    UnpredictableNumber((now.millis().div_euclid(1000) as u32).to_be_bytes())
}

/// When the code that carries this number was born.
pub fn born(number: UnpredictableNumber) -> Timestamp {
    Timestamp::from_millis(i64::from(u32::from_be_bytes(number.0)) * 1000)
}

/// The most characters a code may have.
pub const MAX_CHARACTERS: usize = 512;

/// Why a text is not a consumer's code. It never quotes the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConsumerCodeError {
    /// Longer than [`MAX_CHARACTERS`].
    #[error("longer than 512 characters")]
    TooLong,
    /// Not base64.
    #[error("not base64")]
    NotBase64,
    /// Not TLV.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The first object is not `85` with `CPV01`.
    #[error("payload format indicator missing")]
    Format,
    /// An object that must be there is not.
    #[error("object {0} missing")]
    Missing(Tag),
    /// An object with an illegal value.
    #[error("object {0} has an illegal value")]
    Illegal(Tag),
}

/// One application in a code; the first in the text has the highest priority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// Its identifier (`4F`).
    pub aid: Aid,
    /// Its label (`50`), ASCII.
    pub label: Option<String>,
    /// Track 2 (`57`) with the token's number.
    pub track_two: Option<TrackTwo>,
    /// Card sequence number (`5F34`).
    pub sequence_number: Option<SequenceNumber>,
    /// Token requestor (`9F19`), packed.
    pub token_requestor: Option<[u8; 6]>,
    /// Payment account reference (`9F24`).
    pub par: Option<[u8; 29]>,
    /// Last four digits of the card (`9F25`), packed.
    pub last_four: Option<[u8; 2]>,
    /// The proof (`63`).
    pub proof: Proof,
}

/// What the issuer checks, in the transparent template `63`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Cryptogram (`9F26`).
    pub cryptogram: [u8; 8],
    /// Its kind (`9F27`).
    pub cid: Cid,
    /// Issuer application data (`9F10`).
    pub issuer_data: Inline<32>,
    /// Counter (`9F36`).
    pub atc: Atc,
    /// Profile (`82`).
    pub aip: Aip,
    /// The number the phone chose in place of a terminal's (`9F37`).
    pub unpredictable: UnpredictableNumber,
}

/// The text to show for these applications.
pub fn to_text(applications: &[Application]) -> Result<String, ConsumerCodeError> {
    encode(&to_tlv(applications))
}

/// The TLV inside the text.
pub fn to_tlv(applications: &[Application]) -> Vec<u8> {
    let mut out = Vec::new();
    tlv::write(&mut out, tag::PAYLOAD_FORMAT, b"CPV01");
    for application in applications {
        tlv::write_template(&mut out, tag::DIRECTORY_ENTRY, |entry| application.write(entry));
    }
    out
}

/// Base64 of a code's TLV, whatever is in it.
pub fn encode(code: &[u8]) -> Result<String, ConsumerCodeError> {
    let text = STANDARD.encode(code);
    if text.len() > MAX_CHARACTERS { Err(ConsumerCodeError::TooLong) } else { Ok(text) }
}

/// The TLV of a code, checked to be a tree that starts with `CPV01`.
pub fn decode(text: &str) -> Result<Vec<u8>, ConsumerCodeError> {
    if text.len() > MAX_CHARACTERS {
        return Err(ConsumerCodeError::TooLong);
    }
    let code = STANDARD.decode(text).map_err(|_| ConsumerCodeError::NotBase64)?;
    tlv::check(&code)?;
    match tlv::objects(&code).next() {
        Some(Ok(first)) if first.tag == tag::PAYLOAD_FORMAT && first.value == b"CPV01" => Ok(code),
        _ => Err(ConsumerCodeError::Format),
    }
}

/// The applications of a code, highest priority first.
pub fn parse(text: &str) -> Result<Vec<Application>, ConsumerCodeError> {
    let code = decode(text)?;
    let mut applications = Vec::new();
    for object in tlv::objects(&code) {
        let object = object?;
        if object.tag == tag::DIRECTORY_ENTRY {
            applications.push(Application::parse(object.value)?);
        }
    }
    if applications.is_empty() {
        Err(ConsumerCodeError::Missing(tag::DIRECTORY_ENTRY))
    } else {
        Ok(applications)
    }
}

impl Application {
    fn write(&self, out: &mut Vec<u8>) {
        tlv::write(out, tag::AID_DIRECTORY, self.aid.as_bytes());
        tlv::write_optional(out, tag::APPLICATION_LABEL, self.label.as_ref().map(String::as_bytes));
        tlv::write_optional(out, tag::TRACK_TWO, self.track_two.as_ref().map(TrackTwo::to_bytes).as_deref());
        let psn = self.sequence_number.map(|number| [number.bits()]);
        tlv::write_optional(out, tag::PSN, psn.as_ref().map(|b| &b[..]));
        tlv::write_optional(out, tag::TOKEN_REQUESTOR, self.token_requestor.as_ref().map(|b| &b[..]));
        tlv::write_optional(out, tag::PAR, self.par.as_ref().map(|b| &b[..]));
        tlv::write_optional(out, tag::LAST_FOUR, self.last_four.as_ref().map(|b| &b[..]));
        tlv::write_template(out, tag::CPM_TRANSPARENT, |inner| {
            tlv::write(inner, tag::CRYPTOGRAM, &self.proof.cryptogram);
            tlv::write(inner, tag::CID, &[self.proof.cid.bits()]);
            tlv::write(inner, tag::IAD, &self.proof.issuer_data);
            tlv::write(inner, tag::ATC, &self.proof.atc.to_bytes());
            tlv::write(inner, tag::AIP, self.proof.aip.as_bytes());
            tlv::write(inner, tag::UNPREDICTABLE_NUMBER, &self.proof.unpredictable.0);
        });
    }

    fn parse(value: &[u8]) -> Result<Application, ConsumerCodeError> {
        let proof = required(value, tag::CPM_TRANSPARENT, Some)?;
        Ok(Application {
            aid: required(value, tag::AID_DIRECTORY, Aid::parse)?,
            label: optional(value, tag::APPLICATION_LABEL, |v| String::from_utf8(v.to_vec()).ok())?,
            track_two: optional(value, tag::TRACK_TWO, |v| TrackTwo::parse(v).ok())?,
            sequence_number: optional(value, tag::PSN, |v| SequenceNumber::from_bits(one_byte(v)?).ok())?,
            token_requestor: optional(value, tag::TOKEN_REQUESTOR, |v| v.try_into().ok())?,
            par: optional(value, tag::PAR, |v| v.try_into().ok())?,
            last_four: optional(value, tag::LAST_FOUR, |v| v.try_into().ok())?,
            proof: Proof {
                cryptogram: required(proof, tag::CRYPTOGRAM, |v| v.try_into().ok())?,
                cid: Cid::from_bits(required(proof, tag::CID, one_byte)?),
                issuer_data: required(proof, tag::IAD, Inline::copy_of)?,
                atc: required(proof, tag::ATC, |v| v.try_into().ok().map(|b: [u8; 2]| Atc::from(b)))?,
                aip: required(proof, tag::AIP, Aip::parse)?,
                unpredictable: UnpredictableNumber(required(proof, tag::UNPREDICTABLE_NUMBER, |v| {
                    v.try_into().ok()
                })?),
            },
        })
    }
}

impl Proof {
    /// The proof as it travels in DE 55, for a transaction the shop put together around it.
    pub fn to_request(&self, transaction: crate::cryptogram::Transaction) -> de55::Request {
        let Proof { cryptogram, cid, issuer_data, atc, aip, unpredictable } = *self;
        let transaction = crate::cryptogram::Transaction { atc, aip, unpredictable, ..transaction };
        de55::Request { cid: Some(cid), ..de55::Request::new(cryptogram, issuer_data, transaction) }
    }
}

fn optional<'a, T>(
    bytes: &'a [u8],
    tag: Tag,
    read: impl FnOnce(&'a [u8]) -> Option<T>,
) -> Result<Option<T>, ConsumerCodeError> {
    tlv::find(bytes, tag)?.map(|value| read(value).ok_or(ConsumerCodeError::Illegal(tag))).transpose()
}

fn required<'a, T>(
    bytes: &'a [u8],
    tag: Tag,
    read: impl FnOnce(&'a [u8]) -> Option<T>,
) -> Result<T, ConsumerCodeError> {
    optional(bytes, tag, read)?.ok_or(ConsumerCodeError::Missing(tag))
}

fn one_byte(value: &[u8]) -> Option<u8> {
    match value {
        [byte] => Some(*byte),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_code_is_read_as_written() {
        let text = "hQVDUFYwMWFZTwigAAADMwEBAVAIVW5pb25QYXlXE2IzRhKEd3Ik0wEiAQAAAAAAAA9fNAEBYyqfJgjmFW3Dn3cLqJ8n\
                    AYCfEAgHAQEDoAAAAZ82AtwvggIAAJ83BDQ+q00=";
        let applications = parse(text).unwrap();
        assert_eq!(applications[0].label.as_deref(), Some("UnionPay"));
        assert_eq!(applications[0].proof.atc, Atc::new(0xDC2F));
        assert_eq!(to_text(&applications).unwrap(), text);
        assert_eq!(to_text(&vec![applications[0].clone(); 5]), Err(ConsumerCodeError::TooLong));
    }

    #[test]
    fn a_code_says_when_it_was_born() {
        let now = Timestamp::from_millis(1_795_305_612_345);
        assert_eq!(born(birth(now)), Timestamp::from_millis(1_795_305_612_000));
        assert!(PROFILE.has(Aip::ON_DEVICE_VERIFICATION) && PROFILE.meanings().count() == 1);
    }

    #[test]
    fn what_is_broken_is_named() {
        let parse_tlv = |text: &str| parse(&encode(&hex::decode(text).unwrap()).unwrap()).unwrap_err();
        assert_eq!(parse("?"), Err(ConsumerCodeError::NotBase64));
        assert_eq!(parse_tlv(""), ConsumerCodeError::Format);
        assert_eq!(parse_tlv("85054350563032"), ConsumerCodeError::Format);
        assert_eq!(parse_tlv("85054350563031"), ConsumerCodeError::Missing(tag::DIRECTORY_ENTRY));
        assert_eq!(parse_tlv("850543505630316100"), ConsumerCodeError::Missing(tag::CPM_TRANSPARENT));
        assert!(matches!(parse_tlv("8505435056303161"), ConsumerCodeError::Malformed(_)));
    }

    proptest! {
        #[test]
        fn any_text_gives_an_answer(text in "[A-Za-z0-9+/=]{0,200}", bytes in proptest::collection::vec(any::<u8>(), 0..90)) {
            let _ = parse(&text);
            let mut framed = Vec::new();
            tlv::write(&mut framed, tag::PAYLOAD_FORMAT, b"CPV01");
            tlv::write(&mut framed, tag::DIRECTORY_ENTRY, &bytes);
            let _ = parse(&encode(&framed).unwrap());
        }
    }
}

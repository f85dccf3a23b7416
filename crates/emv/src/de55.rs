//! DE 55 of the host message: what the issuer needs to check a card, as TLV.
//!
//! A request is read in one pass, in any order, without allocation; unknown objects are skipped and an
//! object that stands twice is refused, so that no two parties can read two amounts out of one field.

use crate::cryptogram::Transaction;
use crate::inline::Inline;
use crate::objects::{
    Aid, Aip, Amount, Atc, Cid, CodeN3, Ctq, Date, IssuerApplicationData, IssuerDataError, TransactionType,
    Tvr, UnpredictableNumber,
};
use crate::tag;
use crate::tlv::{self, Malformed, Tag};

/// The most bytes DE 55 may have.
pub const MAX_LENGTH: usize = 255;

/// Why DE 55 cannot be used. It never quotes values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum De55Error {
    /// Not TLV.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// An object that must be there is not.
    #[error("object {0} missing")]
    Missing(Tag),
    /// An object with an illegal length or value.
    #[error("object {0} has an illegal value")]
    Illegal(Tag),
    /// An object that stands twice.
    #[error("object {0} stands twice")]
    Twice(Tag),
    /// More than [`MAX_LENGTH`] bytes.
    #[error("longer than 255 bytes")]
    TooLong,
}

/// DE 55 of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Application cryptogram (`9F26`).
    pub cryptogram: [u8; 8],
    /// Kind of cryptogram (`9F27`); some terminals leave it out.
    pub cid: Option<Cid>,
    /// Issuer application data (`9F10`) as sent; read it with [`Request::unionpay`].
    pub issuer_data: Inline<32>,
    /// The objects that card and terminal agreed on, most of which the cryptogram covers.
    pub transaction: Transaction,
    /// Terminal capabilities (`9F33`).
    pub capabilities: Option<[u8; 3]>,
    /// How the cardholder was verified (`9F34`).
    pub cvm_results: Option<[u8; 3]>,
    /// Terminal type (`9F35`), packed digits.
    pub terminal_type: Option<u8>,
    /// Serial number of the reader (`9F1E`).
    pub device_serial: Option<[u8; 8]>,
    /// Identifier of the application used (`84`).
    pub aid: Option<Aid>,
    /// Application version of the terminal (`9F09`).
    pub version: Option<[u8; 2]>,
    /// The terminal's own counter (`9F41`), two to four bytes of packed digits.
    pub sequence: Option<Inline<4>>,
    /// UnionPay product identification (`9F63`).
    pub product: Option<[u8; 16]>,
    /// Electronic cash authorisation code (`9F74`).
    pub cash_code: Option<[u8; 6]>,
    /// Payment account reference (`9F24`).
    pub par: Option<[u8; 29]>,
    /// Token requestor (`9F19`), eleven digits, packed.
    pub token_requestor: Option<[u8; 6]>,
    /// Form factor or device data (`9F6E`).
    pub form_factor: Option<Inline<32>>,
    /// Card transaction qualifiers (`9F6C`), for terminals that pass them on.
    pub ctq: Option<Ctq>,
}

impl Request {
    /// A request with only what every request has.
    pub fn new(cryptogram: [u8; 8], issuer_data: Inline<32>, transaction: Transaction) -> Request {
        Request {
            cryptogram,
            cid: None,
            issuer_data,
            transaction,
            capabilities: None,
            cvm_results: None,
            terminal_type: None,
            device_serial: None,
            aid: None,
            version: None,
            sequence: None,
            product: None,
            cash_code: None,
            par: None,
            token_requestor: None,
            form_factor: None,
            ctq: None,
        }
    }

    /// The issuer application data, read as UnionPay's.
    pub fn unionpay(&self) -> Result<IssuerApplicationData, IssuerDataError> {
        IssuerApplicationData::parse(&self.issuer_data)
    }

    /// Reads DE 55, objects in any order.
    pub fn parse(bytes: &[u8]) -> Result<Request, De55Error> {
        if bytes.len() > MAX_LENGTH {
            return Err(De55Error::TooLong);
        }
        let mut seen = Seen::default();
        for object in tlv::objects(bytes) {
            let object = object?;
            if let Some(place) = seen.place(object.tag) {
                if place.is_some() {
                    return Err(De55Error::Twice(object.tag));
                }
                *place = Some(object.value);
            }
        }
        seen.into_request()
    }

    /// Appends DE 55 in the order of real UnionPay taps.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), De55Error> {
        let start = out.len();
        let t = &self.transaction;
        tlv::write(out, tag::CRYPTOGRAM, &self.cryptogram);
        tlv::write_optional(out, tag::CID, self.cid.map(|cid| [cid.bits()]).as_ref().map(|b| &b[..]));
        tlv::write(out, tag::IAD, &self.issuer_data);
        tlv::write(out, tag::UNPREDICTABLE_NUMBER, &t.unpredictable.0);
        tlv::write(out, tag::ATC, &t.atc.to_bytes());
        tlv::write(out, tag::TVR, t.tvr.as_bytes());
        tlv::write(out, tag::DATE, &t.date.to_bytes());
        tlv::write(out, tag::TRANSACTION_TYPE, &[t.kind.bits()]);
        tlv::write(out, tag::AMOUNT, &t.amount.to_bytes());
        tlv::write(out, tag::CURRENCY, &t.currency.to_bytes());
        tlv::write(out, tag::AIP, t.aip.as_bytes());
        tlv::write(out, tag::TERMINAL_COUNTRY, &t.country.to_bytes());
        tlv::write(out, tag::AMOUNT_OTHER, &t.other.to_bytes());
        for (tag, value) in self.optional() {
            tlv::write_optional(out, tag, value);
        }
        if out.len() - start > MAX_LENGTH { Err(De55Error::TooLong) } else { Ok(()) }
    }

    fn optional(&self) -> [(Tag, Option<&[u8]>); 13] {
        fn bytes<const N: usize>(value: &Option<[u8; N]>) -> Option<&[u8]> {
            value.as_ref().map(|b| &b[..])
        }
        [
            (tag::TERMINAL_CAPABILITIES, bytes(&self.capabilities)),
            (tag::CVM_RESULTS, bytes(&self.cvm_results)),
            (tag::TERMINAL_TYPE, self.terminal_type.as_ref().map(std::slice::from_ref)),
            (tag::DEVICE_SERIAL, bytes(&self.device_serial)),
            (tag::DF_NAME, self.aid.as_ref().map(Aid::as_bytes)),
            (tag::VERSION_TERMINAL, bytes(&self.version)),
            (tag::SEQUENCE_COUNTER, self.sequence.as_deref()),
            (tag::PRODUCT_IDENTIFICATION, bytes(&self.product)),
            (tag::CASH_AUTHORISATION_CODE, bytes(&self.cash_code)),
            (tag::PAR, bytes(&self.par)),
            (tag::TOKEN_REQUESTOR, bytes(&self.token_requestor)),
            (tag::FORM_FACTOR, self.form_factor.as_deref()),
            (tag::CTQ, self.ctq.as_ref().map(|ctq| &ctq.as_bytes()[..])),
        ]
    }
}

impl AsRef<Request> for Request {
    fn as_ref(&self) -> &Request {
        self
    }
}

/// How many objects a request may have.
const OBJECTS: usize = 26;

/// The place of an object of a request in [`Seen`]; a `match`, because every request of a busy hour passes here.
fn place(tag: Tag) -> Option<usize> {
    Some(match tag {
        tag::CRYPTOGRAM => 0,
        tag::CID => 1,
        tag::IAD => 2,
        tag::UNPREDICTABLE_NUMBER => 3,
        tag::ATC => 4,
        tag::TVR => 5,
        tag::DATE => 6,
        tag::TRANSACTION_TYPE => 7,
        tag::AMOUNT => 8,
        tag::CURRENCY => 9,
        tag::AIP => 10,
        tag::TERMINAL_COUNTRY => 11,
        tag::AMOUNT_OTHER => 12,
        tag::TERMINAL_CAPABILITIES => 13,
        tag::CVM_RESULTS => 14,
        tag::TERMINAL_TYPE => 15,
        tag::DEVICE_SERIAL => 16,
        tag::DF_NAME => 17,
        tag::VERSION_TERMINAL => 18,
        tag::SEQUENCE_COUNTER => 19,
        tag::PRODUCT_IDENTIFICATION => 20,
        tag::CASH_AUTHORISATION_CODE => 21,
        tag::PAR => 22,
        tag::TOKEN_REQUESTOR => 23,
        tag::FORM_FACTOR => 24,
        tag::CTQ => 25,
        _ => return None,
    })
}

/// Values found so far, by [`place`].
#[derive(Default)]
struct Seen<'a>([Option<&'a [u8]>; OBJECTS]);

impl<'a> Seen<'a> {
    fn place(&mut self, tag: Tag) -> Option<&mut Option<&'a [u8]>> {
        Some(&mut self.0[place(tag)?])
    }

    fn value(&self, tag: Tag) -> Option<&'a [u8]> {
        self.0[place(tag)?]
    }

    /// An object that may be absent, read by `read`.
    fn optional<T>(&self, tag: Tag, read: impl FnOnce(&[u8]) -> Option<T>) -> Result<Option<T>, De55Error> {
        self.value(tag).map(|value| read(value).ok_or(De55Error::Illegal(tag))).transpose()
    }

    /// An object that must be there, read by `read`.
    fn required<T>(&self, tag: Tag, read: impl FnOnce(&[u8]) -> Option<T>) -> Result<T, De55Error> {
        self.optional(tag, read)?.ok_or(De55Error::Missing(tag))
    }

    fn transaction(&self) -> Result<Transaction, De55Error> {
        Ok(Transaction {
            amount: self.required(tag::AMOUNT, |v| Amount::parse(v).ok())?,
            other: self.optional(tag::AMOUNT_OTHER, |v| Amount::parse(v).ok())?.unwrap_or(Amount::ZERO),
            country: self.required(tag::TERMINAL_COUNTRY, |v| CodeN3::parse(v).ok())?,
            tvr: self.required(tag::TVR, Tvr::parse)?,
            currency: self.required(tag::CURRENCY, |v| CodeN3::parse(v).ok())?,
            date: self.required(tag::DATE, |v| Date::parse(v).ok())?,
            kind: TransactionType::from_bits(self.required(tag::TRANSACTION_TYPE, one_byte)?),
            unpredictable: UnpredictableNumber(self.required(tag::UNPREDICTABLE_NUMBER, array)?),
            aip: self.required(tag::AIP, Aip::parse)?,
            atc: self.required(tag::ATC, |v| array::<2>(v).map(Atc::from))?,
        })
    }

    fn into_request(self) -> Result<Request, De55Error> {
        Ok(Request {
            cryptogram: self.required(tag::CRYPTOGRAM, array)?,
            cid: self.optional(tag::CID, one_byte)?.map(Cid::from_bits),
            issuer_data: self.required(tag::IAD, Inline::copy_of)?,
            transaction: self.transaction()?,
            capabilities: self.optional(tag::TERMINAL_CAPABILITIES, array)?,
            cvm_results: self.optional(tag::CVM_RESULTS, array)?,
            terminal_type: self.optional(tag::TERMINAL_TYPE, one_byte)?,
            device_serial: self.optional(tag::DEVICE_SERIAL, array)?,
            aid: self.optional(tag::DF_NAME, Aid::parse)?,
            version: self.optional(tag::VERSION_TERMINAL, array)?,
            sequence: self.optional(tag::SEQUENCE_COUNTER, Inline::copy_of)?,
            product: self.optional(tag::PRODUCT_IDENTIFICATION, array)?,
            cash_code: self.optional(tag::CASH_AUTHORISATION_CODE, array)?,
            par: self.optional(tag::PAR, array)?,
            token_requestor: self.optional(tag::TOKEN_REQUESTOR, array)?,
            form_factor: self.optional(tag::FORM_FACTOR, Inline::copy_of)?,
            ctq: self.optional(tag::CTQ, Ctq::parse)?,
        })
    }
}

fn array<const N: usize>(value: &[u8]) -> Option<[u8; N]> {
    value.try_into().ok()
}

fn one_byte(value: &[u8]) -> Option<u8> {
    match value {
        [byte] => Some(*byte),
        _ => None,
    }
}

/// Issuer authentication data, tag `91`: the issuer's proof that it answered, and with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IssuerAuthentication {
    /// Authorisation response cryptogram.
    pub arpc: [u8; 8],
    /// The two characters of DE 39.
    pub response_code: [u8; 2],
}

impl IssuerAuthentication {
    /// Reads the value of tag `91` in method 1 form: ten bytes.
    pub fn parse(value: &[u8]) -> Option<IssuerAuthentication> {
        let (arpc, rest) = value.split_first_chunk::<8>()?;
        Some(IssuerAuthentication { arpc: *arpc, response_code: rest.try_into().ok()? })
    }

    /// The value of tag `91`.
    pub fn to_bytes(self) -> [u8; 10] {
        let mut out = [0; 10];
        out[..8].copy_from_slice(&self.arpc);
        out[8..].copy_from_slice(&self.response_code);
        out
    }
}

/// DE 55 of a response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Response<'a> {
    /// Issuer authentication data (`91`).
    pub authentication: Option<IssuerAuthentication>,
    /// Script to run before the final GENERATE AC (`71`), the template's value.
    pub script_before: Option<&'a [u8]>,
    /// Script to run after it (`72`), the template's value.
    pub script_after: Option<&'a [u8]>,
}

impl<'a> Response<'a> {
    /// Reads DE 55 of a response.
    pub fn parse(bytes: &'a [u8]) -> Result<Response<'a>, De55Error> {
        let mut response = Response::default();
        for object in tlv::objects(bytes) {
            let object = object?;
            let twice = match object.tag {
                tag::ISSUER_AUTHENTICATION => {
                    let read = IssuerAuthentication::parse(object.value);
                    response.authentication.replace(read.ok_or(De55Error::Illegal(object.tag))?).is_some()
                }
                tag::ISSUER_SCRIPT_1 => response.script_before.replace(object.value).is_some(),
                tag::ISSUER_SCRIPT_2 => response.script_after.replace(object.value).is_some(),
                _ => false,
            };
            if twice {
                return Err(De55Error::Twice(object.tag));
            }
        }
        Ok(response)
    }

    /// Appends DE 55 of a response.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), De55Error> {
        let start = out.len();
        if let Some(authentication) = self.authentication {
            tlv::write(out, tag::ISSUER_AUTHENTICATION, &authentication.to_bytes());
        }
        tlv::write_optional(out, tag::ISSUER_SCRIPT_1, self.script_before);
        tlv::write_optional(out, tag::ISSUER_SCRIPT_2, self.script_after);
        if out.len() - start > MAX_LENGTH { Err(De55Error::TooLong) } else { Ok(()) }
    }
}

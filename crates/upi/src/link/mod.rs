//! Links and the texts of codes: `upi://pay?pa=...`.
//!
//! Read `parse` (a text to a [`Link`]: what it asks for, and the text itself, which is never written anew), `sign`
//! (what the merchant vouches for), `make` (links of our own).
//!
//! Encoders in the field differ in what they escape, and a signature covers the text as it is. So a link keeps its
//! text, [`Link::text`] gives back every byte of it, and only that is launched or verified.

mod make;
mod parse;
mod sign;

pub use make::{LinkError, LinkMaker, LinkParts};
pub(crate) use parse::amount;
pub use sign::{NotSigned, SignedLink, sign};

use crate::address::{Address, AddressError};
use values::{MerchantCategory, Money, Timestamp};

/// The longest link that is read, in bytes.
pub const LONGEST: usize = 2048;

/// A link that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    text: String,
    pairs: Vec<Pair>,
    /// What it asks for.
    pub request: Request,
    /// What the person, or the operator, should know about it.
    pub cautions: Vec<Caution>,
}

/// A parameter: where it stands in the text, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// As written.
    pub key: String,
    /// Escapes resolved once.
    pub value: String,
    /// Byte offset of the key.
    pub at: usize,
}

/// What a link asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// A payment or a mandate.
    pub kind: Kind,
    /// `pa`: who is paid.
    pub payee: Address,
    /// `pn`: how the link calls the payee. A hint: the name that resolution gives is shown.
    pub name: Option<String>,
    /// `am`: the amount.
    pub amount: Option<Money>,
    /// `mam`: the least amount, where the payer may change it.
    pub least: Option<Money>,
    /// `mc`: the category of the payee, 0000 for a person.
    pub category: Option<MerchantCategory>,
    /// `tid`: the transaction's id, made by the payee's PSP.
    pub transaction: Option<String>,
    /// `tr`: the merchant's reference.
    pub reference: Option<String>,
    /// `tn`: a note.
    pub note: Option<String>,
    /// `mode`: how the payment begins.
    pub mode: Option<String>,
    /// `purpose`.
    pub purpose: Option<String>,
    /// `orgid`: the organisation that signed; 000000 when the merchant made the link alone.
    pub organisation: Option<String>,
    /// `url` or `refUrl`: a bill to look at; https, never opened by itself.
    pub url: Option<String>,
    /// `mid`, `msid`, `mtid`: merchant, store and terminal.
    pub merchant: [Option<String>; 3],
    /// `QRts`: when it was made.
    pub made: Option<Timestamp>,
    /// `QRexpire`: until when it is good.
    pub expires: Option<Timestamp>,
    /// What a mandate asks for beside.
    pub mandate: Option<MandateRequest>,
}

/// What the link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `pay`.
    Pay,
    /// `mandate`.
    Mandate,
}

/// The parameters of a mandate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MandateRequest {
    /// `txnType`: CREATE, UPDATE, REVOKE.
    pub action: Option<String>,
    /// `mn`: its name.
    pub name: Option<String>,
    /// `validitystart`, `ddmmyyyy`.
    pub starts: Option<Timestamp>,
    /// `validityend`: the first moment of its last day.
    pub ends: Option<Timestamp>,
    /// `amrule`: MAX or EXACT.
    pub amount_rule: Option<String>,
    /// `recur`.
    pub recurrence: Option<String>,
    /// `recurvalue`: the day.
    pub recurrence_day: Option<u8>,
    /// `recurtype`: BEFORE, ON, AFTER.
    pub recurrence_rule: Option<String>,
    /// `rev`: the payer may revoke it.
    pub revocable: Option<bool>,
    /// `share`: the payee learns of it.
    pub shared: Option<bool>,
    /// `block`: the amount is blocked.
    pub blocked: Option<bool>,
    /// `umn`: its number, where there is one already.
    pub number: Option<String>,
    /// `fam`: the amount of the first debit.
    pub first: Option<Money>,
}

/// What is not wrong enough to refuse a link and still should be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caution {
    /// Nobody vouches for it.
    Unsigned,
    /// The bill's address is not https; it is not shown.
    UrlNotHttps,
    /// `tid` is no transaction id of 35 characters; the payer's PSP makes its own.
    TransactionIdUnusable,
    /// `mam` is not below `am`: the amount is fixed.
    LeastAmountUseless,
    /// The scheme is one app's own.
    AppScheme,
}

impl Caution {
    /// A stable name.
    pub fn code(self) -> &'static str {
        match self {
            Caution::Unsigned => "unsigned",
            Caution::UrlNotHttps => "url_not_https",
            Caution::TransactionIdUnusable => "transaction_id_unusable",
            Caution::LeastAmountUseless => "least_amount_useless",
            Caution::AppScheme => "app_scheme",
        }
    }
}

/// Why a text is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// More than 2 KiB.
    #[error("a link has at most 2048 bytes")]
    TooLong,
    /// Not `upi://pay?`, `upi://mandate?` or an app's name for it.
    #[error("not a link of account payment")]
    NotALink,
    /// `upi://collect`: nobody is asked for money by a link.
    #[error("a link that asks the reader for a collect request is refused")]
    Collect,
    /// An escape that is none, or whose bytes are not UTF-8.
    #[error("byte {at}: not an escape of UTF-8")]
    Escape {
        /// Byte offset.
        at: usize,
    },
    /// A control character, or one that turns the direction of text.
    #[error("byte {at}: {key} has a character that hides or turns text")]
    Hidden {
        /// Byte offset of the parameter.
        at: usize,
        /// Which parameter.
        key: &'static str,
    },
    /// A known parameter stands twice and says two things.
    #[error("byte {at}: {key} says a second thing")]
    Repeated {
        /// Byte offset of the second.
        at: usize,
        /// Which parameter.
        key: &'static str,
    },
    /// A parameter whose value is not legal.
    #[error("byte {at}: {key} is not {expected}")]
    Value {
        /// Byte offset of the parameter.
        at: usize,
        /// Which parameter.
        key: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// No payee.
    #[error("no payee (pa)")]
    NoPayee,
    /// The payee is no address.
    #[error("byte {at}: pa: {why}")]
    Payee {
        /// Byte offset of the parameter.
        at: usize,
        /// Why not.
        why: AddressError,
    },
    /// Something follows the signature.
    #[error("byte {at}: sign is not the last parameter")]
    AfterSignature {
        /// Byte offset of what follows.
        at: usize,
    },
}

impl Refused {
    /// The rule that it breaks, by a stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Refused::TooLong => "too_long",
            Refused::NotALink => "not_a_link",
            Refused::Collect => "collect_link",
            Refused::Escape { .. } => "escape_invalid",
            Refused::Hidden { .. } => "text_hidden",
            Refused::Repeated { .. } => "parameter_repeated",
            Refused::Value { .. } => "value_invalid",
            Refused::NoPayee => "payee_missing",
            Refused::Payee { .. } => "payee_invalid",
            Refused::AfterSignature { .. } => "signature_not_last",
        }
    }

    /// The byte, where there is one.
    pub fn at(&self) -> Option<usize> {
        match self {
            Refused::TooLong | Refused::NotALink | Refused::Collect | Refused::NoPayee => None,
            Refused::Escape { at }
            | Refused::Hidden { at, .. }
            | Refused::Repeated { at, .. }
            | Refused::Value { at, .. }
            | Refused::Payee { at, .. }
            | Refused::AfterSignature { at } => Some(*at),
        }
    }
}

impl Link {
    /// The text as it was read, every byte of it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// All parameters in their order, those we do not know too.
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    /// The value of a parameter; an empty one and the word `null` are absent.
    pub fn value(&self, key: &str) -> Option<&str> {
        parse::value(&self.pairs, key).map(|(value, _)| value)
    }

    /// Whether the payer may choose the amount, and from which on.
    pub fn amount_is_open(&self) -> bool {
        match (self.request.amount, self.request.least) {
            (None, _) => true,
            (Some(amount), Some(least)) => least.minor() < amount.minor(),
            (Some(_), None) => false,
        }
    }

    /// Whether it is still good.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.request.expires.is_some_and(|expires| now > expires)
    }
}

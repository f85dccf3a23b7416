//! DE 39: what became of a request, and why a reversal was made.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Two letters or digits. Its serialised form is the two characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResponseCode([u8; 2]);

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $meaning:literal;)*) => {
        impl ResponseCode { $($(#[$doc])* pub const $name: ResponseCode = ResponseCode(*$code);)* }
        /// Code and meaning of every response known here.
        pub const MEANINGS: &[(ResponseCode, &str)] = &[$((ResponseCode(*$code), $meaning),)*];
    };
}

codes! {
    /// Approved.
    APPROVED = b"00", "approved";
    /// Refer to the issuer.
    CALL_ISSUER = b"01", "call the issuer";
    /// Unknown, closed or wrongly described merchant.
    BAD_MERCHANT = b"03", "merchant not valid";
    /// Pick the card up.
    PICK_UP = b"04", "pick up the card";
    /// The issuer says no without saying why.
    DO_NOT_HONOUR = b"05", "do not honour";
    /// Something else; in a reversal, another reason.
    OTHER_ERROR = b"06", "error";
    /// Part of the amount approved.
    PARTLY_APPROVED = b"10", "partly approved";
    /// The transaction makes no sense here.
    BAD_TRANSACTION = b"12", "transaction not valid";
    /// Amount not valid.
    BAD_AMOUNT = b"13", "amount not valid";
    /// No such card or token.
    BAD_CARD = b"14", "no such card";
    /// No such issuer.
    NO_ISSUER = b"15", "no such issuer";
    /// Taken back by the cashier (reversals).
    CANCELLED = b"17", "cancelled by the customer or cashier";
    /// Malfunction suspected.
    SUSPECTED_MALFUNCTION = b"22", "malfunction suspected";
    /// The original cannot be found.
    ORIGINAL_NOT_FOUND = b"25", "original not found";
    /// Format error.
    FORMAT_ERROR = b"30", "format error";
    /// Suspected fraud, pick up.
    FRAUD_PICK_UP = b"34", "suspected fraud, pick up";
    /// PIN tries used up, pick up.
    PIN_TRIES_PICK_UP = b"38", "PIN tries used up, pick up";
    /// Function not supported.
    NOT_SUPPORTED = b"40", "function not supported";
    /// Lost card.
    LOST = b"41", "lost card";
    /// Stolen card.
    STOLEN = b"43", "stolen card";
    /// Not enough money.
    INSUFFICIENT_FUNDS = b"51", "insufficient funds";
    /// Expired.
    EXPIRED = b"54", "expired";
    /// Wrong PIN.
    WRONG_PIN = b"55", "wrong PIN";
    /// Not permitted to the cardholder.
    NOT_PERMITTED_TO_HOLDER = b"57", "not permitted to the cardholder";
    /// Not permitted to the terminal.
    NOT_PERMITTED_TO_TERMINAL = b"58", "not permitted to the terminal";
    /// Suspected fraud.
    SUSPECTED_FRAUD = b"59", "suspected fraud";
    /// Above an amount limit.
    AMOUNT_LIMIT = b"61", "above the amount limit";
    /// Restricted card.
    RESTRICTED = b"62", "restricted card";
    /// MAC or other security violated.
    SECURITY_VIOLATION = b"63", "security violation";
    /// The amount differs from the original's.
    ORIGINAL_AMOUNT_WRONG = b"64", "original amount wrong";
    /// Above a count limit.
    COUNT_LIMIT = b"65", "above the count limit";
    /// The answer came too late.
    ANSWER_TOO_LATE = b"68", "answer too late";
    /// PIN tries used up.
    PIN_TRIES = b"75", "PIN tries used up";
    /// Sign on again.
    SIGN_ON_AGAIN = b"77", "sign on again";
    /// Key trouble.
    KEY_TROUBLE = b"79", "key not in step, sign on again";
    /// Cut-over is running.
    CUT_OVER = b"90", "cut-over running";
    /// The issuer is down or does not answer.
    ISSUER_UNAVAILABLE = b"91", "issuer unavailable";
    /// No route to the destination.
    NO_ROUTE = b"92", "no route";
    /// Sent before with the same key.
    DUPLICATE = b"94", "duplicate";
    /// Totals do not agree.
    OUT_OF_BALANCE = b"95", "totals out of balance";
    /// System trouble; in a reversal, the terminal failed after an approval.
    SYSTEM_TROUBLE = b"96", "system trouble";
    /// Unknown terminal.
    UNKNOWN_TERMINAL = b"97", "unknown terminal";
    /// No answer in time (reversals, and answers on behalf of a silent issuer).
    NO_ANSWER = b"98", "no answer from the issuer";
    /// PIN block format trouble.
    PIN_FORMAT = b"99", "PIN format, sign on again";
    /// The MAC is wrong.
    WRONG_MAC = b"A0", "wrong MAC";
}

impl ResponseCode {
    /// Two letters or digits; `None` for anything else.
    pub fn from_ascii(code: &[u8]) -> Option<ResponseCode> {
        let code: [u8; 2] = code.try_into().ok()?;
        code.iter().all(u8::is_ascii_alphanumeric).then_some(ResponseCode(code))
    }

    /// The two characters of DE 39.
    pub fn ascii(self) -> [u8; 2] {
        self.0
    }

    /// What it means, in a few words.
    pub fn meaning(self) -> &'static str {
        MEANINGS.iter().find(|(code, _)| *code == self).map_or("unknown response", |(_, meaning)| meaning)
    }

    /// Whether the whole amount was approved.
    pub fn is_approved(self) -> bool {
        self == ResponseCode::APPROVED
    }
}

impl fmt::Display for ResponseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.0).expect("letters and digits were checked"))
    }
}

impl Serialize for ResponseCode {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ResponseCode {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        ResponseCode::from_ascii(text.as_bytes())
            .ok_or_else(|| serde::de::Error::custom("a response code has two letters or digits"))
    }
}

impl fmt::Debug for ResponseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_have_meanings() {
        for (place, (code, _)) in MEANINGS.iter().enumerate() {
            assert!(MEANINGS[place + 1..].iter().all(|(other, _)| other != code), "{code}");
        }
        assert_eq!(ResponseCode::INSUFFICIENT_FUNDS.meaning(), "insufficient funds");
        assert_eq!(ResponseCode::from_ascii(b"Z9").unwrap().meaning(), "unknown response");
        assert_eq!(ResponseCode::from_ascii(b"0 "), None);
    }
}

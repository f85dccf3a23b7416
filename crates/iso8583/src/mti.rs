//! The message type: four digits that say version, class, function and origin (ISO 8583:1987, 4.1).

use std::fmt;

/// A message type indicator, for example `0200`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mti([u8; 4]);

impl Mti {
    /// Authorisation request.
    pub const AUTHORISATION: Mti = Mti(*b"0100");
    /// Answer to an authorisation request.
    pub const AUTHORISATION_ANSWER: Mti = Mti(*b"0110");
    /// Financial request: purchase, refund, completion.
    pub const FINANCIAL: Mti = Mti(*b"0200");
    /// Answer to a financial request.
    pub const FINANCIAL_ANSWER: Mti = Mti(*b"0210");
    /// Financial advice: something that has happened and must be accepted.
    pub const FINANCIAL_ADVICE: Mti = Mti(*b"0220");
    /// Answer to a financial advice.
    pub const FINANCIAL_ADVICE_ANSWER: Mti = Mti(*b"0230");
    /// Upload of one transaction of a batch that did not balance.
    pub const BATCH_UPLOAD: Mti = Mti(*b"0320");
    /// Answer to a batch upload.
    pub const BATCH_UPLOAD_ANSWER: Mti = Mti(*b"0330");
    /// Reversal request (terminals).
    pub const REVERSAL: Mti = Mti(*b"0400");
    /// Answer to a reversal request.
    pub const REVERSAL_ANSWER: Mti = Mti(*b"0410");
    /// Reversal advice: repeated until it is answered.
    pub const REVERSAL_ADVICE: Mti = Mti(*b"0420");
    /// Answer to a reversal advice.
    pub const REVERSAL_ADVICE_ANSWER: Mti = Mti(*b"0430");
    /// Settlement totals of a batch.
    pub const SETTLEMENT: Mti = Mti(*b"0500");
    /// Answer to settlement totals.
    pub const SETTLEMENT_ANSWER: Mti = Mti(*b"0510");
    /// Network management: sign on, echo, key change.
    pub const NETWORK: Mti = Mti(*b"0800");
    /// Answer to network management.
    pub const NETWORK_ANSWER: Mti = Mti(*b"0810");

    /// Four ASCII digits; `None` for anything else.
    pub fn from_ascii(digits: &[u8]) -> Option<Mti> {
        let digits: [u8; 4] = digits.try_into().ok()?;
        digits.iter().all(u8::is_ascii_digit).then_some(Mti(digits))
    }

    /// The four ASCII digits.
    pub fn digits(&self) -> &[u8; 4] {
        &self.0
    }

    /// The class, the second digit in ASCII: `1` authorisation, `2` financial, `4` reversal, `5` settlement,
    /// `8` network.
    pub fn class(self) -> u8 {
        self.0[1]
    }

    /// Whether this answers another message.
    pub fn is_answer(self) -> bool {
        (self.0[2] - b'0') % 2 == 1
    }

    /// Whether it tells of something done, which the receiver cannot refuse (`xx2x`).
    pub fn is_advice(self) -> bool {
        self.0[2] == b'2'
    }

    /// Whether it is sent again (`xxx1`).
    pub fn is_repeat(self) -> bool {
        (self.0[3] - b'0') % 2 == 1
    }

    /// The type of the answer: `0200` and `0201` give `0210`. An answer gives itself.
    pub fn answer(self) -> Mti {
        let mut digits = self.0;
        digits[2] |= 1;
        digits[3] &= !1;
        Mti(digits)
    }

    /// The same message sent again: `0420` gives `0421`.
    pub fn repeat(self) -> Mti {
        let mut digits = self.0;
        digits[3] |= 1;
        Mti(digits)
    }

    /// The first sending: `0421` gives `0420`.
    pub fn first(self) -> Mti {
        let mut digits = self.0;
        digits[3] &= !1;
        Mti(digits)
    }

    /// What this type is for, in a few words.
    pub fn meaning(self) -> &'static str {
        match &self.first().0 {
            b"0100" => "authorisation request",
            b"0110" => "authorisation answer",
            b"0120" => "authorisation advice",
            b"0130" => "authorisation advice answer",
            b"0200" => "financial request",
            b"0210" => "financial answer",
            b"0220" => "financial advice",
            b"0230" => "financial advice answer",
            b"0320" => "batch upload",
            b"0330" => "batch upload answer",
            b"0400" => "reversal request",
            b"0410" => "reversal answer",
            b"0420" => "reversal advice",
            b"0430" => "reversal advice answer",
            b"0500" => "settlement totals",
            b"0510" => "settlement totals answer",
            b"0620" => "administrative advice",
            b"0630" => "administrative advice answer",
            b"0800" => "network management",
            b"0810" => "network management answer",
            b"0820" => "network advice",
            b"0830" => "network advice answer",
            _ => "message",
        }
    }
}

impl fmt::Display for Mti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.0).expect("digits were checked"))
    }
}

impl fmt::Debug for Mti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_and_repeats() {
        for (request, answer, repeat) in [
            ("0200", "0210", "0201"),
            ("0420", "0430", "0421"),
            ("0421", "0430", "0421"),
            ("0210", "0210", "0211"),
        ] {
            let mti = Mti::from_ascii(request.as_bytes()).unwrap();
            assert_eq!((mti.answer().to_string(), mti.repeat().to_string()), (answer.into(), repeat.into()));
        }
        assert!(Mti::FINANCIAL_ANSWER.is_answer() && !Mti::REVERSAL_ADVICE.is_answer());
        assert!(Mti::REVERSAL_ADVICE.is_advice() && Mti::REVERSAL_ADVICE.repeat().is_repeat());
        assert_eq!(Mti::from_ascii(b"02a0"), None);
        assert_eq!(Mti::from_ascii(b"020"), None);
    }
}

//! The slip of paper: structured, and as lines of at most 32 characters.

use crate::online::OnlineRequest;
use crate::outcome::{Cvm, Ending, Reason};
use crate::sale::{Interface, SaleKind};
use serde::{Deserialize, Serialize};
use values::time::Civil;
use values::{LastFour, Money};

/// What a receipt shows. It never has the number, only its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Merchant's name.
    pub merchant: String,
    /// Merchant identifier.
    pub merchant_id: String,
    /// Terminal identifier.
    pub terminal_id: String,
    /// Date and time.
    pub at: Civil,
    /// Kind.
    pub kind: SaleKind,
    /// Amount.
    pub amount: Money,
    /// Read how.
    pub interface: Interface,
    /// End of the token's number.
    pub last_four: LastFour,
    /// End of the number of the card behind it.
    pub card_last_four: Option<LastFour>,
    /// Application label as the card spells it, made printable.
    pub label: String,
    /// Application identifier, in hexadecimal.
    pub aid: String,
    /// Application transaction counter.
    pub transaction_counter: u16,
    /// Cryptogram, in hexadecimal.
    pub cryptogram: String,
    /// Verification results, in hexadecimal.
    pub verification_results: String,
    /// Sequence counter.
    pub sequence: u32,
    /// Approval code of the host.
    pub approval_code: Option<String>,
    /// Response code of the host.
    pub response_code: Option<String>,
    /// How the customer was verified.
    pub cvm: Cvm,
    /// How it ended.
    pub ending: Ending,
    /// Why.
    pub reason: Reason,
}

/// What the terminal adds of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Heading {
    pub(crate) merchant: String,
    pub(crate) merchant_id: String,
    pub(crate) terminal_id: String,
    pub(crate) label: String,
}

/// Text that came from a card: nothing in it may move a printer's head or a console's cursor.
pub(crate) fn printable(text: &[u8]) -> String {
    let plain = |byte: &u8| if (0x20..0x7F).contains(byte) { char::from(*byte) } else { '.' };
    text.iter().take(16).map(plain).collect()
}

impl Receipt {
    pub(crate) fn new(heading: Heading, card: &OnlineRequest, ending: Ending, reason: Reason) -> Receipt {
        Receipt {
            merchant: heading.merchant,
            merchant_id: heading.merchant_id,
            terminal_id: heading.terminal_id,
            at: card.at,
            kind: card.kind,
            amount: card.amount,
            interface: card.interface,
            last_four: card.track_two.last_four(),
            card_last_four: card.card_last_four,
            label: heading.label,
            aid: hex::encode_upper(&card.aid),
            transaction_counter: card.transaction_counter,
            cryptogram: hex::encode_upper(card.cryptogram),
            verification_results: hex::encode_upper(card.verification_results),
            sequence: card.sequence,
            approval_code: None,
            response_code: None,
            cvm: card.cvm,
            ending,
            reason,
        }
    }

    /// The receipt as lines of text.
    pub fn lines(&self) -> Vec<String> {
        let pair = |name: &str, value: &str| format!("{name:<12}{value}");
        let at = &self.at;
        let mut lines = vec![
            self.merchant.chars().filter(|c| !c.is_control()).take(32).collect(),
            pair("MERCHANT", &self.merchant_id),
            pair("TERMINAL", &self.terminal_id),
            format!(
                "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
                at.year, at.month, at.day, at.hour, at.minute, at.second
            ),
            pair("SEQUENCE", &format!("{:06}", self.sequence)),
            self.kind_line().to_owned(),
            pair("AMOUNT", &self.amount.to_string()),
            pair("CARD", &format!("**** {} {}", self.last_four, self.read_how())),
        ];
        if let Some(four) = self.card_last_four {
            lines.push(pair("ACCOUNT", &format!("**** {four}")));
        }
        lines.push(pair("APPLICATION", &self.label));
        lines.push(pair("AID", &self.aid));
        lines.push(pair("ATC", &format!("{:04X}", self.transaction_counter)));
        lines.push(pair("CRYPTOGRAM", &self.cryptogram));
        lines.push(pair("TVR", &self.verification_results));
        if let Some(code) = &self.approval_code {
            lines.push(pair("APPROVAL", code));
        }
        if let Some(code) = &self.response_code {
            lines.push(pair("RESPONSE", code));
        }
        lines.push(self.cvm_line().to_owned());
        lines.push(if self.ending == Ending::Approved { "APPROVED" } else { "NOT APPROVED" }.to_owned());
        lines
    }

    fn kind_line(&self) -> &'static str {
        match self.kind {
            SaleKind::Purchase => "PURCHASE",
            SaleKind::Cash => "CASH",
            SaleKind::PreAuthorisation => "PRE-AUTHORISATION",
            SaleKind::Refund => "REFUND",
            SaleKind::Deposit => "DEPOSIT",
            SaleKind::Balance => "BALANCE",
        }
    }

    fn read_how(&self) -> &'static str {
        match self.interface {
            Interface::Contactless => "CONTACTLESS",
            Interface::Contact => "CHIP",
        }
    }

    fn cvm_line(&self) -> &'static str {
        match self.cvm {
            Cvm::None => "NO VERIFICATION REQUIRED",
            Cvm::Device => "VERIFIED ON DEVICE",
            Cvm::OnlinePin => "VERIFIED BY PIN",
            Cvm::Signature => "SIGNATURE: ....................",
            Cvm::Failed => "NOT VERIFIED",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_text_cannot_steer_a_printer() {
        assert_eq!(printable(b"Bank\x1b[2J\xff\r\n"), "Bank.[2J...");
        assert_eq!(printable(&[b'A'; 300]).len(), 16);
    }
}

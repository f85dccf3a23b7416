//! What a terminal sends, built the way [`super::read`] reads it.

use crate::names::{AcceptorId, EntryMode, Reference, TerminalId};
use crate::records::{PaymentKind, Tally};
use iso8583::{Message, Mti, ResponseCode, Stan, TerminalHeader, field};
use values::Money;

/// A terminal as it stands when it asks something.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// Its name.
    pub id: TerminalId,
    /// Its merchant.
    pub acceptor: AcceptorId,
    /// The trace number of this request; of the original in a reversal.
    pub trace: Stan,
    /// Its open batch.
    pub batch: u32,
}

/// What was read from a card. It shows nothing when printed.
#[derive(Clone, Copy)]
pub struct Card<'a> {
    /// How it was read.
    pub entry_mode: EntryMode,
    /// Its number, digits.
    pub number: &'a [u8],
    /// Track 2 equivalent, separator `=`.
    pub track_two: Option<&'a [u8]>,
    /// Card sequence number.
    pub sequence: Option<u16>,
    /// Chip data for DE 55.
    pub chip: Option<&'a [u8]>,
}

impl std::fmt::Debug for Card<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Card(****, {})", self.entry_mode)
    }
}

impl Terminal {
    /// A payment. A completion or refund names its original.
    pub fn payment(
        &self,
        kind: PaymentKind,
        amount: Money,
        card: &Card<'_>,
        original: Option<Reference>,
    ) -> Message {
        let (processing, condition, kind_of_60) = match kind {
            PaymentKind::Sale => ("000000", "00", 22),
            PaymentKind::PreAuthorisation => ("030000", "06", 10),
            PaymentKind::Completion => ("000000", "06", 20),
            PaymentKind::Refund => ("200000", "00", 25),
        };
        let mut message = self.begin(kind.mti(), kind_of_60);
        message.set_text(field::PROCESSING_CODE, processing).set_text(field::CONDITION, condition);
        message.set_amount(amount).set(field::ACCOUNT_NUMBER, card.number);
        message.set(field::ENTRY_MODE, card.entry_mode.padded());
        if let Some(track) = card.track_two {
            message.set(field::TRACK_TWO, track);
        }
        if let Some(sequence) = card.sequence {
            message.set_number(field::CARD_SEQUENCE, u64::from(sequence));
        }
        if let Some(chip) = card.chip {
            message.set(field::CHIP_DATA, chip);
        }
        if let Some(original) = original {
            message.set(field::REFERENCE, original.padded());
        }
        message
    }

    /// A void of an approved payment of this batch.
    pub fn void(&self, original: Reference, amount: Money) -> Message {
        let mut message = self.begin(Mti::FINANCIAL, 23);
        message
            .set_text(field::PROCESSING_CODE, "200000")
            .set_text(field::CONDITION, "00")
            .set_amount(amount);
        message.set(field::REFERENCE, original.padded());
        message
    }

    /// A reversal of the request with this trace number. 98: no answer came; 96: the terminal failed after it.
    pub fn reversal(&self, amount: Money, reason: ResponseCode) -> Message {
        let mut message = self.begin(Mti::REVERSAL, 22);
        message.set_text(field::PROCESSING_CODE, "000000").set_amount(amount).set_response_code(reason);
        message
    }

    /// A bill that a code will name; its payment will have this trace number.
    pub fn bill(&self, amount: Money) -> Message {
        let mut message = self.begin(Mti::AUTHORISATION, 10);
        message.set_text(field::PROCESSING_CODE, "360000").set_amount(amount);
        message
    }

    /// What became of the payment by a scanned code of this number.
    pub fn code_news(&self, number: u32) -> Message {
        let mut message = self.begin(Mti::AUTHORISATION, 10);
        message.set_text(field::PROCESSING_CODE, "370000");
        message.set_text(field::PRIVATE_DATA, &format!("{number:010}"));
        message
    }

    /// The totals of the batch.
    pub fn settlement(&self, sales: Tally, refunds: Tally) -> Message {
        let mut message = self.begin(Mti::SETTLEMENT, 0);
        let part = |tally: Tally| format!("{:012}{:03}", tally.amount, tally.count);
        message.set_text(field::PRIVATE_DATA, &format!("{}{}0", part(sales), part(refunds)));
        message
    }

    /// Sign on (1), sign off (2) or echo (301).
    pub fn network(&self, code: u16) -> Message {
        let mut message = self.begin(Mti::NETWORK, 0);
        message.set_number(field::NETWORK_CODE, u64::from(code));
        message
    }

    fn begin(&self, mti: Mti, kind: u8) -> Message {
        let mut message = Message::new(mti);
        message.header = Some(TerminalHeader::default());
        message.set_stan(self.trace).set(field::TERMINAL, self.id.padded());
        message.set(field::MERCHANT, self.acceptor.padded());
        message.set_text(field::BATCH, &format!("{kind:02}{:06}00060", self.batch % 1_000_000));
        message
    }
}

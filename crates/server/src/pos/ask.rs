//! Requests to the acquirer, and what is still owed to it.

use super::ended::Ended;
use super::line::Heard;
use super::records::{
    Begin, Conclude, Conclusion, Entry, EntryKind, EntryState, NextTrace, Owed, Refusal, Sending, Undone,
    named,
};
use super::{Pos, PosError, Shown};
use acquiring::terminal_line::{Card, Terminal};
use acquiring::{ApprovalCode, Reference};
use iso8583::{Message, ResponseCode, Stan, field};
use values::Money;

/// What a request to the acquirer led to.
pub(super) enum Said {
    /// Its answer.
    Answer(Box<Message>, ResponseCode),
    /// Nobody knows what it did; the reason a reversal gives.
    Unknown(ResponseCode),
    /// It was asked nothing.
    NotSent,
}

impl Pos {
    /// Ready for the next payment: nothing is owed, and the open batch is known.
    pub(super) fn ready(&mut self) -> Result<(), PosError> {
        if self.forward()? > 0 {
            return Err(PosError::Unreachable("an earlier payment has to be settled first"));
        }
        if !self.signed_on {
            self.sign_on()?;
        }
        Ok(())
    }

    /// This terminal as it asks something under a trace number.
    fn terminal(&self, batch: u32, trace: Stan) -> Terminal {
        Terminal { id: self.terminal, acceptor: self.acceptor, trace, batch }
    }

    /// Takes a trace number and asks something that is no payment.
    pub(super) fn ask_about_line(
        &mut self,
        doing: &'static str,
        build: impl FnOnce(&Terminal) -> Message,
    ) -> Result<(Box<Message>, ResponseCode), PosError> {
        let device = self.run(NextTrace)?;
        match self.ask(build(&self.terminal(device.batch, device.last_trace))) {
            Said::Answer(answer, code) => Ok((answer, code)),
            Said::Unknown(_) | Said::NotSent => Err(PosError::Unreachable(doing)),
        }
    }

    /// Asks a payment that was written down. `card` is what was read of it; a payment that was sent before says so.
    pub(super) fn ask_payment(&mut self, entry: &Entry, card: &Card<'_>, sent_before: bool) -> Said {
        let terminal = self.terminal(entry.batch, entry.trace);
        let mut message = match entry.kind.payment() {
            Some(kind) => terminal.payment(kind, entry.money(), card, entry.original),
            None => match entry.original {
                Some(original) => terminal.void(original, entry.money()),
                None => return Said::NotSent,
            },
        };
        if sent_before {
            message.mti = message.mti.repeat();
        }
        let said = self.ask(message);
        if matches!(&said, Said::Answer(_, ResponseCode::SIGN_ON_AGAIN)) {
            self.signed_on = false;
        }
        said
    }

    fn ask(&self, message: Message) -> Said {
        let expected = (message.mti.first().answer(), message.amount());
        match self.line.question(message, self.settings.answer_within) {
            Heard::Silence => Said::Unknown(ResponseCode::NO_ANSWER),
            Heard::NotAuthentic => Said::Unknown(ResponseCode::WRONG_MAC),
            Heard::NotSent => Said::NotSent,
            Heard::Answer(answer) => match answer.response_code() {
                // An answer about another amount, or about nothing, is none.
                Some(code) if fits(&answer, expected) => Said::Answer(answer, code),
                _ => Said::Unknown(ResponseCode::OTHER_ERROR),
            },
        }
    }

    /// Completes, voids or refunds an earlier payment. `None` is its own amount.
    pub(super) fn follow(
        &mut self,
        kind: EntryKind,
        reference: Reference,
        amount: Option<Money>,
    ) -> Result<Ended, PosError> {
        self.ready()?;
        let mut found = self.store.read(move |records| named(records, reference))?;
        if found.is_none() {
            // A phone may have paid by the code on the wall since.
            self.catch_up_on_codes()?;
            found = self.store.read(move |records| named(records, reference))?;
        }
        let original = found.ok_or(Refusal::UnknownPayment)?;
        let device = self.device()?;
        possible(kind, &original, device.batch)?;
        let amount = amount.unwrap_or(original.money());
        let device = self.run(NextTrace)?;
        let entry = Entry {
            batch: device.batch,
            trace: device.last_trace,
            kind,
            state: EntryState::Sent,
            amount: amount.minor(),
            currency: amount.currency(),
            original: Some(reference),
            reference: None,
            approval_code: None,
            response_code: None,
            at: self.store.clock().now(),
            ..original
        };
        self.run(Begin { entry: entry.clone() })?;
        let said = self.ask_stored(&entry, false);
        let unsent = matches!(said, Said::NotSent);
        let conclusion = match said {
            Said::Answer(answer, ResponseCode::APPROVED) => approved(&answer),
            Said::Answer(_, code) => Conclusion::Declined { code: Some(code) },
            Said::Unknown(reason) => Conclusion::Undo { reason },
            Said::NotSent => Conclusion::Declined { code: None },
        };
        self.conclude(&entry, conclusion)?;
        self.ended(&entry, unsent)
    }

    /// How a request without a card ended, as the journal has it now.
    pub(super) fn ended(&self, entry: &Entry, unsent: bool) -> Result<Ended, PosError> {
        let entry = self.entry(entry)?;
        let configuration = &self.settings.configuration;
        let (merchant, terminal) = (&configuration.merchant, self.terminal.as_str());
        Ok(Ended::of(&entry, merchant, terminal, self.settings.zone, unsent))
    }

    /// Asks something under a trace number that was taken for it.
    pub(super) fn ask_as(
        &mut self,
        batch: u32,
        trace: Stan,
        build: impl FnOnce(&Terminal) -> Message,
    ) -> Said {
        self.ask(build(&self.terminal(batch, trace)))
    }

    /// Asks a payment whose card is not here: the journal knows its token.
    fn ask_stored(&mut self, entry: &Entry, sent_before: bool) -> Said {
        let number = entry.token.map(|token| token.digits());
        let Ok(entry_mode) = entry.entry_mode.parse() else { return Said::NotSent };
        let card = Card {
            entry_mode,
            number: number.as_deref().unwrap_or_default().as_bytes(),
            track_two: None,
            sequence: entry.card_sequence.map(u16::from),
            chip: None,
        };
        self.ask_payment(entry, &card, sent_before)
    }

    /// Writes down what came of a request; what has to be undone or repeated is sent once at once.
    pub(super) fn conclude(&mut self, entry: &Entry, conclusion: Conclusion) -> Result<(), PosError> {
        let owes = matches!(conclusion, Conclusion::Undo { .. });
        self.run(Conclude { batch: entry.batch, trace: entry.trace, conclusion })?;
        if owes {
            self.forward()?;
        }
        Ok(())
    }

    /// An entry as the journal has it now.
    pub(super) fn entry(&self, entry: &Entry) -> Result<Entry, PosError> {
        let key = (entry.batch, entry.trace);
        let found = self.store.read(move |records| values::Records::find::<Entry>(records, &key))?;
        Ok(found.ok_or(Refusal::UnknownPayment)?)
    }

    /// Sends something owed. False if it is still owed.
    pub(super) fn deliver(&mut self, owed: &Owed) -> Result<bool, PosError> {
        let (entry, owed) = self.run(Sending { batch: owed.batch, trace: owed.trace })?;
        let said = match owed.reason {
            Some(reason) => {
                let mut reversal = self.terminal(entry.batch, entry.trace).reversal(entry.money(), reason);
                if owed.sent > 0 {
                    reversal.mti = reversal.mti.repeat();
                }
                self.ask(reversal)
            }
            None => self.ask_stored(&entry, true),
        };
        let answered = match &said {
            Said::Answer(_, code) => Some(*code),
            Said::Unknown(_) | Said::NotSent => None,
        };
        (self.tell)(Shown::Forwarded { trace: entry.trace, reason: owed.reason, answered });
        let (batch, trace) = (entry.batch, entry.trace);
        match said {
            Said::Answer(_, code) if is_trouble(code) => Ok(false),
            Said::Answer(_, code) if owed.reason.is_some() => {
                self.run(Undone { batch, trace, code })?;
                Ok(true)
            }
            Said::Answer(answer, code) => {
                let conclusion = match code {
                    ResponseCode::APPROVED => approved(&answer),
                    code => Conclusion::Declined { code: Some(code) },
                };
                self.run(Conclude { batch, trace, conclusion })?;
                Ok(true)
            }
            Said::Unknown(_) | Said::NotSent => Ok(false),
        }
    }
}

fn fits(answer: &Message, (mti, amount): (iso8583::Mti, Option<Money>)) -> bool {
    let same_amount = match (answer.amount(), amount) {
        (Some(told), Some(asked)) => told == asked,
        _ => true,
    };
    answer.mti == mti && same_amount
}

/// Whether the acquirer is out of step rather than decided: it may say otherwise when asked again.
fn is_trouble(code: ResponseCode) -> bool {
    [
        ResponseCode::WRONG_MAC,
        ResponseCode::SYSTEM_TROUBLE,
        ResponseCode::CUT_OVER,
        ResponseCode::ISSUER_UNAVAILABLE,
        ResponseCode::NO_ROUTE,
        ResponseCode::NO_ANSWER,
        ResponseCode::KEY_TROUBLE,
        ResponseCode::UNKNOWN_TERMINAL,
    ]
    .contains(&code)
}

/// What an approval says.
pub(super) fn approved(answer: &Message) -> Conclusion {
    let reference = answer.get(field::REFERENCE).and_then(|text| Reference::parse(text).ok());
    let approval_code = answer.get(field::APPROVAL_CODE).and_then(|text| ApprovalCode::parse(text).ok());
    Conclusion::Approved { code: ResponseCode::APPROVED, reference, approval_code }
}

/// Whether this can follow that payment, as far as the journal knows; the acquirer decides in the end.
fn possible(kind: EntryKind, original: &Entry, open_batch: u32) -> Result<(), Refusal> {
    let stands = original.state == EntryState::Approved;
    let fits = match kind {
        EntryKind::Completion => original.kind == EntryKind::PreAuthorisation,
        EntryKind::Refund => {
            matches!(original.kind, EntryKind::Sale | EntryKind::Completion) && original.token.is_some()
        }
        EntryKind::Void => original.kind.is_reversible(),
        EntryKind::Sale | EntryKind::PreAuthorisation => false,
    };
    if !(stands && fits) {
        return Err(Refusal::NotPossible);
    }
    let captured = original.batch != open_batch && original.kind != EntryKind::PreAuthorisation;
    if kind == EntryKind::Void && captured { Err(Refusal::BatchClosed) } else { Ok(()) }
}

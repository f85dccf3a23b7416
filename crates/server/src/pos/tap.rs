//! A card is presented: the machine's commands go to it, its answers to the machine, its request to the acquirer.

use super::ask::{Said, approved};
use super::ended::{Ended, Verdict, footer, sentence};
use super::records::{Begin, Conclusion, Entry, EntryKind, EntryState, NextTrace};
use super::{Pos, PosError, Shown};
use crate::reader::{CardInField, Reader, ReaderError};
use crate::trace::{Wire, show};
use acquiring::terminal_line::Card;
use emv::{tag, tlv};
use iso8583::{Message, ResponseCode, Stan, field};
use store::Failpoint;
use terminal::lights::{Light, Message as Text, Status};
use terminal::online::{HostAnswer, OnlineRequest};
use terminal::outcome::{Cvm, Ending, Outcome};
use terminal::sale::{Interface, Sale, SaleKind};
use terminal::transaction::{Step, Transaction};
use values::Money;

/// So many visitors of the reader that leave before they say what they are end the wait for a card.
const EMPTY_VISITS_MOST: usize = 32;

/// How one presentation of a card went.
struct Presented {
    outcome: Outcome,
    /// The journal's entry and the acquirer's answer, if it was asked.
    asked: Option<(Entry, Said)>,
    /// Why the reader itself failed, if it did.
    reader_failed: Option<String>,
}

impl Pos {
    /// Takes a card through a payment; it may be presented again as often as the configuration bears with.
    pub(super) fn pay_by_card(
        &mut self,
        kind: EntryKind,
        amount: Money,
        reader: &mut dyn Reader,
    ) -> Result<Ended, PosError> {
        self.ready()?;
        let device = self.run(NextTrace)?;
        let (batch, trace) = (device.batch, device.last_trace);
        for attempt in 1..=u8::MAX {
            let sale = |pos: &Pos| Sale {
                amount,
                kind: if kind == EntryKind::Sale { SaleKind::Purchase } else { SaleKind::PreAuthorisation },
                at: pos.store.clock().now().civil(pos.settings.zone),
                unpredictable_number: crypto::random::bytes(),
                sequence: trace.number(),
                attempt,
            };
            // Whatever no card can be presented for ends here, before anybody waits for one.
            let configuration = self.settings.configuration.clone();
            let (_, step) = Transaction::start(&configuration, Interface::Contactless, sale(self));
            if let Step::Finished(outcome) = step {
                if outcome.ending != Ending::TryAnotherInterface {
                    return Ok(card_failed(kind, amount, trace, &outcome));
                }
                self.light(Status::ReadyToRead, outcome.message);
            } else if attempt == 1 {
                self.light(Status::ReadyToRead, Text::PresentCard);
            }
            let mut card = self.wait_for_card(reader)?;
            let interface = Interface::from_atr(card.answer_to_reset());
            let (machine, step) = Transaction::start(&configuration, interface, sale(self));
            let presented = self.converse((batch, kind), machine, step, &mut card)?;
            if let Some(light) = presented.outcome.lights.last() {
                (self.tell)(Shown::Light(*light));
            }
            let again = matches!(presented.outcome.ending, Ending::TryAgain | Ending::SeePhone);
            match (presented.reader_failed, presented.asked) {
                (failed, Some((entry, said))) => {
                    if let Some(text) = failed {
                        tracing::warn!(text, "the reader failed after the acquirer was asked");
                    }
                    return self.finish(&presented.outcome, &entry, said);
                }
                (Some(text), None) => return Err(ReaderError::Failed(text).into()),
                (None, None) if again => {}
                (None, None) => return Ok(card_failed(kind, amount, trace, &presented.outcome)),
            }
        }
        unreachable!("the machine bears with at most 255 attempts and ends the last one itself")
    }

    fn light(&mut self, status: Status, message: Text) {
        (self.tell)(Shown::Light(Light { status, message }));
    }

    fn wait_for_card(&mut self, reader: &mut dyn Reader) -> Result<Box<dyn CardInField>, PosError> {
        for _ in 0..EMPTY_VISITS_MOST {
            match reader.wait_for_card() {
                Err(ReaderError::Removed) => {}
                other => return Ok(other?),
            }
        }
        Err(ReaderError::NoCard.into())
    }

    /// Carries commands and answers until the machine is done.
    fn converse(
        &mut self,
        (batch, kind): (u32, EntryKind),
        mut machine: Transaction,
        mut step: Step,
        card: &mut Box<dyn CardInField>,
    ) -> Result<Presented, PosError> {
        let (mut asked, mut reader_failed, mut first) = (None, None, true);
        loop {
            (machine, step) = match step {
                Step::Transmit(command) => match self.transmit(card.as_mut(), &command) {
                    Ok(answer) => {
                        if std::mem::take(&mut first) {
                            self.light(Status::Processing, Text::Processing);
                        }
                        machine.card_said(&answer)
                    }
                    Err(ReaderError::Failed(text)) => {
                        reader_failed = Some(text);
                        machine.card_removed()
                    }
                    Err(ReaderError::Removed | ReaderError::NoCard) => machine.card_removed(),
                },
                Step::AuthoriseOnline(request) => {
                    if request.interface == Interface::Contactless {
                        self.light(Status::CardReadOk, Text::CardReadOk);
                    }
                    self.light(Status::NotReady, Text::Authorising);
                    let (entry, said) = self.authorise(batch, kind, &request)?;
                    let answer = match &said {
                        Said::Answer(answer, code) => Some(host_answer(answer, *code)),
                        Said::Unknown(_) | Said::NotSent => None,
                    };
                    asked = Some((entry, said));
                    match answer {
                        Some(answer) => machine.host_said(answer),
                        None => machine.host_silent(),
                    }
                }
                // The acquirer is asked on this thread, so nobody else is waited for.
                Step::AwaitHost => machine.host_silent(),
                Step::Finished(outcome) => {
                    return Ok(Presented { outcome: *outcome, asked, reader_failed });
                }
            };
        }
    }

    fn transmit(&self, card: &mut dyn CardInField, command: &[u8]) -> Result<Vec<u8>, ReaderError> {
        let watch = &self.settings.watch;
        show(watch, "terminal", "phone", Wire::Apdu, "", command);
        let answer = card.transmit(command)?;
        show(watch, "phone", "terminal", Wire::Apdu, "", &answer);
        Ok(answer)
    }

    /// Writes the request down, then asks.
    fn authorise(
        &mut self,
        batch: u32,
        kind: EntryKind,
        request: &OnlineRequest,
    ) -> Result<(Entry, Said), PosError> {
        let trace = Stan::new(request.sequence).expect("the sequence counter was made of a trace number");
        // No PIN was given here: 2 (DE 22, third digit).
        let entry_mode = format!("{}2", request.interface.entry_mode());
        let entry = Entry {
            batch,
            trace,
            kind,
            state: EntryState::Sent,
            amount: request.amount.minor(),
            currency: request.amount.currency(),
            token: request.token(),
            last_four: request.track_two.last_four(),
            entry_mode: entry_mode.clone(),
            card_sequence: request.sequence_number,
            original: None,
            reference: None,
            approval_code: None,
            response_code: None,
            at: self.store.clock().now(),
        };
        self.run(Begin { entry: entry.clone() })?;
        store::failpoint(Failpoint::BeforeRequest);
        if request.cvm == Cvm::OnlinePin {
            tracing::warn!("the card wants an online PIN, and this terminal has no PIN pad");
            return Ok((entry, Said::NotSent));
        }
        let card = Card {
            entry_mode: entry_mode.parse().expect("three digits are a name"),
            number: request.number_digits(),
            track_two: Some(request.track_two.as_text()),
            sequence: request.sequence_number.map(u16::from),
            chip: Some(&request.icc_data),
        };
        let said = self.ask_payment(&entry, &card, false);
        store::failpoint(Failpoint::BeforeConclusion);
        Ok((entry, said))
    }

    /// Writes down how a payment that the acquirer was asked for ended.
    fn finish(&mut self, outcome: &Outcome, entry: &Entry, said: Said) -> Result<Ended, PosError> {
        let paid = outcome.ending == Ending::Approved;
        let (verdict, conclusion, code) = match said {
            Said::Answer(answer, code @ ResponseCode::APPROVED) if paid => {
                (Verdict::Approved, approved(&answer), Some(code))
            }
            Said::Answer(_, code) if outcome.reversal_needed => {
                let reason = ResponseCode::SYSTEM_TROUBLE;
                (Verdict::Undone, Conclusion::Undo { reason }, Some(code))
            }
            Said::Answer(_, code) => {
                (Verdict::Declined, Conclusion::Declined { code: Some(code) }, Some(code))
            }
            Said::Unknown(reason) => (Verdict::Unanswered, Conclusion::Undo { reason }, None),
            Said::NotSent => (Verdict::Unreached, Conclusion::Declined { code: None }, None),
        };
        self.conclude(entry, conclusion)?;
        let entry = self.entry(entry)?;
        let sentence = match (verdict, code) {
            (Verdict::Approved, _) => outcome.reason.sentence().to_owned(),
            _ => sentence(verdict, code, true),
        };
        let mut receipt = outcome.receipt.as_ref().map(|receipt| receipt.lines()).unwrap_or_default();
        receipt.extend(footer(entry.trace, entry.reference));
        Ok(Ended {
            kind: entry.kind,
            amount: entry.money(),
            verdict,
            reason: outcome.reason.code(),
            sentence,
            trace: entry.trace,
            reference: entry.reference,
            response_code: code,
            approval_code: entry.approval_code,
            verification: Some(outcome.cvm.code()),
            state: Some(entry.state),
            receipt,
        })
    }
}

/// It ended between card and terminal.
fn card_failed(kind: EntryKind, amount: Money, trace: Stan, outcome: &Outcome) -> Ended {
    Ended {
        kind,
        amount,
        verdict: Verdict::CardFailed,
        reason: outcome.reason.code(),
        sentence: outcome.reason.sentence().to_owned(),
        trace,
        reference: None,
        response_code: None,
        approval_code: None,
        verification: Some(outcome.cvm.code()),
        state: None,
        receipt: outcome.receipt.as_ref().map(|receipt| receipt.lines()).unwrap_or_default(),
    }
}

/// What the card is told of the acquirer's answer. Chip data that is no TLV is left out.
fn host_answer(answer: &Message, code: ResponseCode) -> HostAnswer {
    let chip = answer.get(field::CHIP_DATA).filter(|chip| tlv::check(chip).is_ok()).unwrap_or_default();
    let issuer = tlv::find(chip, tag::ISSUER_AUTHENTICATION).ok().flatten();
    let mut scripts = Vec::new();
    for object in tlv::objects(chip).flatten() {
        if [tag::ISSUER_SCRIPT_1, tag::ISSUER_SCRIPT_2].contains(&object.tag) {
            tlv::write(&mut scripts, object.tag, object.value);
        }
    }
    HostAnswer {
        response_code: code.ascii(),
        approval_code: answer.text(field::APPROVAL_CODE).map(str::to_owned),
        issuer_authentication_data: issuer.map(<[u8]>::to_vec),
        scripts,
    }
}

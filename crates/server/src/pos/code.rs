//! Paying by code: the phone's code is scanned here, or this terminal shows one that the phone scans.
//!
//! The journal treats either like a tap. A shown code's payment reaches the acquirer without this terminal, so it asks:
//! payments by scanned codes are numbered, and it takes over one number after the other.

use super::ask::{Said, approved};
use super::ended::Ended;
use super::records::{Adopt, Begin, Conclusion, Device, Entry, EntryKind, EntryState, NextTrace, Told};
use super::{Pos, PosError, Shown};
use acquiring::records::BillName;
use acquiring::terminal_line::{Card, CodeNews, Terminal};
use emv::cryptogram::Transaction;
use emv::objects::{Aip, Amount, Atc, CodeN3, Date, TransactionType, Tvr, UnpredictableNumber};
use emv::qr::Place;
use emv::qr::consumer::{self, Application};
use emv::qr::merchant::Initiation;
use emv::qr::offer::Offer;
use iso8583::{Message, ResponseCode, Stan};
use values::{LastFour, Money, TokenNumber};

/// DE 22 of a code that was scanned: no PIN can be given.
const SCANNED: &str = "032";
/// DE 22 of a code that was shown.
const SHOWN: &str = "042";

/// Why a customer's code is not taken; nobody was asked. It never quotes the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// It is no code of a phone.
    #[error("this is no payment code of a phone")]
    NotACode,
    /// No application in it that this terminal takes.
    #[error("this terminal does not take the cards in this code")]
    OtherNetwork,
    /// It is too old, or its phone's clock is wrong.
    #[error("this code is no longer valid; ask for a new one")]
    Expired,
    /// There is nothing to pay.
    #[error("there is nothing to pay")]
    Nothing,
}

impl ScanError {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            ScanError::NotACode => "code_broken",
            ScanError::OtherNetwork => "code_of_another_network",
            ScanError::Expired => "code_expired",
            ScanError::Nothing => "code_amount",
        }
    }
}

/// What is to be done while a shown code waits for its payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Ask again.
    GoOn,
    /// Take the code away: nobody pays.
    GiveUp,
}

impl Pos {
    /// Takes a payment by the code on a phone's screen.
    pub fn sale_by_code(&mut self, amount: Money, text: &str) -> Result<Ended, PosError> {
        let application = self.application(amount, text)?;
        let track = application.track_two.as_ref().ok_or(ScanError::OtherNetwork)?;
        self.ready()?;
        let device = self.run(NextTrace)?;
        let sequence = application.sequence_number.map(|number| number.number());
        let entry = Entry {
            token: track.token().ok(),
            last_four: track.last_four(),
            card_sequence: sequence,
            ..self.sale_of(&device, amount, SCANNED)
        };
        self.run(Begin { entry: entry.clone() })?;
        let chip = self.chip(&application, amount)?;
        let card = Card {
            entry_mode: SCANNED.parse().expect("three digits are a name"),
            number: track.number_digits(),
            track_two: Some(track.as_text()),
            sequence: sequence.map(u16::from),
            chip: Some(&chip),
        };
        let said = self.ask_payment(&entry, &card, false);
        self.finish_without_card(&entry, said)
    }

    /// Shows a code for this amount and waits until somebody paid it, or could not; `wait` says after each question
    /// whether to go on. Nothing if the cashier took the code away before: then it is paid by nobody.
    pub fn sale_by_shown_code(
        &mut self,
        amount: Money,
        mut wait: impl FnMut() -> Patience,
    ) -> Result<Option<Ended>, PosError> {
        self.ready()?;
        let device = self.run(NextTrace)?;
        let entry = self.sale_of(&device, amount, SHOWN);
        let offer = self.offer(Some((amount, BillName { batch: entry.batch, trace: entry.trace })))?;
        // Owed from here on: should this terminal die, the bill is taken back before the next payment.
        self.run(Begin { entry: entry.clone() })?;
        match self.ask_with(&entry, |terminal| terminal.bill(amount)) {
            Said::Answer(_, ResponseCode::APPROVED) => {}
            said => return self.finish_without_card(&entry, said).map(Some),
        }
        (self.tell)(Shown::Code { text: offer, amount: Some(amount) });
        loop {
            if self.hear_of_codes(entry.trace)?.contains(&(entry.batch, entry.trace)) {
                return self.ended(&entry, false).map(Some);
            }
            if wait() == Patience::GiveUp {
                let reason = ResponseCode::CANCELLED;
                self.conclude(&entry, Conclusion::Undo { reason })?;
                return Ok(None);
            }
        }
    }

    /// Shows the code that names no amount until somebody paid by it; nothing if the cashier took it away before.
    pub fn show_open_code(&mut self, mut wait: impl FnMut() -> Patience) -> Result<Option<Ended>, PosError> {
        self.ready()?;
        let under = self.run(NextTrace)?.last_trace;
        self.hear_of_codes(under)?;
        let offer = self.offer(None)?;
        (self.tell)(Shown::Code { text: offer, amount: None });
        loop {
            if let Some((batch, trace)) = self.hear_of_codes(under)?.first().copied() {
                let found = self
                    .store
                    .read(move |records| values::Records::find::<Entry>(records, &(batch, trace)))?;
                let entry = found.ok_or(super::records::Refusal::UnknownPayment)?;
                return self.ended(&entry, false).map(Some);
            }
            if wait() == Patience::GiveUp {
                return Ok(None);
            }
        }
    }

    /// The text of the code that names no amount, for a sticker.
    pub fn open_code(&self) -> Result<String, PosError> {
        self.offer(None)
    }

    /// Takes over what phones paid by the code on the wall while nobody looked.
    pub(super) fn catch_up_on_codes(&mut self) -> Result<(), PosError> {
        let under = self.run(NextTrace)?.last_trace;
        self.hear_of_codes(under).map(drop)
    }

    /// Takes over payments by scanned codes whose end is known, asking under this trace number again and again: questions
    /// change nothing at the acquirer. Answers the names of those that are new or now decided.
    fn hear_of_codes(&mut self, under: Stan) -> Result<Vec<(u32, Stan)>, PosError> {
        let mut heard = Vec::new();
        loop {
            let device = self.device()?;
            let number = device.codes_heard.saturating_add(1);
            let asked = self.ask_as(device.batch, under, |terminal| terminal.code_news(number));
            let Said::Answer(answer, _) = asked else { return Ok(heard) };
            let Some(news) = CodeNews::read(&answer) else { return Ok(heard) };
            let told = self.told(number, &news);
            let (batch, trace) = (news.name.batch, news.name.trace);
            self.run(Adopt { told })?;
            heard.push((batch, trace));
        }
    }

    fn told(&self, number: u32, news: &CodeNews) -> Told {
        let conclusion = match news.code {
            ResponseCode::APPROVED => EntryState::Approved,
            ResponseCode::NO_ANSWER => EntryState::Reversed,
            _ => EntryState::Declined,
        };
        Told {
            number,
            entry: Entry {
                batch: news.name.batch,
                trace: news.name.trace,
                kind: EntryKind::Sale,
                state: conclusion,
                amount: news.amount.minor(),
                currency: news.amount.currency(),
                token: Some(news.token),
                last_four: news.token.last_four(),
                entry_mode: news.entry_mode.to_string(),
                card_sequence: news.card_sequence,
                original: None,
                reference: Some(news.reference),
                approval_code: news.approval_code,
                response_code: Some(news.code),
                at: self.store.clock().now(),
            },
        }
    }

    /// The first application in the code that this terminal takes, if the code is of this minute.
    fn application(&self, amount: Money, text: &str) -> Result<Application, ScanError> {
        if amount.is_zero() {
            return Err(ScanError::Nothing);
        }
        let applications = consumer::parse(text.trim()).map_err(|_| ScanError::NotACode)?;
        let taken = &self.settings.configuration.applications;
        let takes = |application: &&Application| {
            let aid = application.aid.as_bytes();
            let named = |line: &terminal::configuration::Application| {
                aid == line.aid || (line.partial_match && aid.starts_with(&line.aid))
            };
            taken.iter().any(named) && application.track_two.is_some()
        };
        let application = applications.iter().find(takes).ok_or(ScanError::OtherNetwork)?;
        // The token service looks again; this only spares the customer a trip there.
        let (now, born) = (self.store.clock().now(), consumer::born(application.proof.unpredictable));
        let life = wallet::code::SHOWN_FOR;
        if now.since(born) > life || born.since(now) > life {
            return Err(ScanError::Expired);
        }
        Ok(application.clone())
    }

    /// DE 55: the proof in the code, and around it what this terminal says of the payment.
    fn chip(&self, application: &Application, amount: Money) -> Result<Vec<u8>, PosError> {
        let wrong = |what: &str| PosError::Configuration(what.to_owned());
        let configuration = &self.settings.configuration;
        let transaction = Transaction {
            amount: Amount::of(amount).map_err(|_| wrong("the amount has more than twelve digits"))?,
            other: Amount::ZERO,
            country: CodeN3::from(configuration.country),
            tvr: Tvr::default(),
            currency: CodeN3::from(amount.currency()),
            date: Date::of(self.store.clock().now().civil(self.settings.zone)),
            kind: TransactionType::PURCHASE,
            // These three are the phone's.
            unpredictable: UnpredictableNumber([0; 4]),
            aip: Aip::default(),
            atc: Atc::default(),
        };
        let request = emv::de55::Request {
            aid: Some(application.aid),
            token_requestor: application.token_requestor,
            par: application.par,
            ..application.proof.to_request(transaction)
        };
        let mut bytes = Vec::new();
        request.write(&mut bytes).map_err(|_| wrong("chip data"))?;
        Ok(bytes)
    }

    /// What this shop's code offers: a bill, or whatever the customer pays.
    fn offer(&self, bill: Option<(Money, BillName)>) -> Result<String, PosError> {
        let configuration = &self.settings.configuration;
        let merchant = &configuration.merchant;
        let account = configuration.code.as_ref();
        let account = account.ok_or_else(|| PosError::Configuration("no account for codes".to_owned()))?;
        let offer = Offer {
            acquirer: account.acquirer.clone(),
            place: Place::new(merchant.id.as_bytes(), configuration.device.id.as_bytes()),
            initiation: if bill.is_some() { Initiation::Dynamic } else { Initiation::Static },
            amount: bill.map(|(amount, _)| amount),
            currency: configuration.currency,
            country: account.country.clone(),
            category: merchant.category,
            name: merchant.name.clone(),
            city: account.city.clone(),
            bill: bill.map(|(_, name)| name.to_string()),
            reference: None,
        };
        offer.to_text().map_err(|error| PosError::Configuration(error.to_string()))
    }

    /// A sale that was not answered yet, with nothing known of who pays.
    fn sale_of(&self, device: &Device, amount: Money, entry_mode: &str) -> Entry {
        Entry {
            batch: device.batch,
            trace: device.last_trace,
            kind: EntryKind::Sale,
            state: EntryState::Sent,
            amount: amount.minor(),
            currency: amount.currency(),
            token: None::<TokenNumber>,
            last_four: nobody(),
            entry_mode: entry_mode.to_owned(),
            card_sequence: None,
            original: None,
            reference: None,
            approval_code: None,
            response_code: None,
            at: self.store.clock().now(),
        }
    }

    fn ask_with(&mut self, entry: &Entry, build: impl FnOnce(&Terminal) -> Message) -> Said {
        self.ask_as(entry.batch, entry.trace, build)
    }

    fn finish_without_card(&mut self, entry: &Entry, said: Said) -> Result<Ended, PosError> {
        let unsent = matches!(said, Said::NotSent);
        if matches!(&said, Said::Answer(_, ResponseCode::SIGN_ON_AGAIN)) {
            self.signed_on = false;
        }
        let conclusion = match said {
            Said::Answer(answer, ResponseCode::APPROVED) => approved(&answer),
            Said::Answer(_, code) => Conclusion::Declined { code: Some(code) },
            Said::Unknown(reason) => Conclusion::Undo { reason },
            Said::NotSent => Conclusion::Declined { code: None },
        };
        self.conclude(entry, conclusion)?;
        self.ended(entry, unsent)
    }
}

/// Stands where the end of a card's number will stand once somebody paid.
fn nobody() -> LastFour {
    LastFour::from_ascii(b"0000").expect("four digits")
}

//! The machine: one answer in, the next step out.

use crate::configuration::Configuration;
use crate::defences::Defence;
use crate::entry_point::{self, Entry};
use crate::exchange::{Absorbed, Exchange};
use crate::lights::{Message, Status};
use crate::online::{HostAnswer, OnlineRequest};
use crate::outcome::{Ending, Halt, Outcome, Reason};
use crate::records::Reading;
use crate::sale::{Interface, Sale};
use crate::scripts::Scripts;
use crate::selection::Listing;
use crate::sheet::Sheet;
use crate::{contact, contactless, records, selection};
use emv::apdu::{Command, StatusWord};

/// What to do next.
#[derive(Clone, Debug)]
pub enum Step {
    /// Send these bytes to the card, then call `card_said` (or `card_removed`).
    Transmit(Vec<u8>),
    /// Ask the acquirer, once; then call `host_said` or `host_silent`.
    AuthoriseOnline(Box<OnlineRequest>),
    /// Nothing to do with the card: the host has been asked and has not answered yet.
    AwaitHost,
    /// It is over. Every further input gets the same answer.
    Finished(Box<Outcome>),
}

/// What the card was last asked, or who else is awaited.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    /// SELECT of the payment directory.
    Environment,
    /// READ RECORD of the directory of a contact card.
    Directory { sfi: u8, record: u8, found: Vec<Entry> },
    /// SELECT of each of the terminal's applications in turn.
    Listing(Listing),
    /// SELECT of the application.
    Application,
    /// GET PROCESSING OPTIONS.
    Options,
    /// READ RECORD.
    Records(Reading),
    /// INTERNAL AUTHENTICATE.
    InternalAuthenticate { signed: Vec<u8> },
    /// GET DATA of a counter.
    Counter(emv::tlv::Tag),
    /// The first GENERATE AC.
    FirstCryptogram { asked: emv::objects::CryptogramKind },
    /// The host.
    Host,
    /// EXTERNAL AUTHENTICATE.
    ExternalAuthenticate,
    /// An issuer's script command, before or after the second GENERATE AC.
    Script(Scripts),
    /// The second GENERATE AC.
    SecondCryptogram { asked: emv::objects::CryptogramKind },
    /// Nobody.
    Over(Box<Outcome>),
}

/// Where an answer leads.
pub(crate) enum Next {
    /// A command, and what its answer will mean.
    Send(Stage, Vec<u8>),
    /// The host is to be asked; the request is on the sheet.
    AskHost,
    /// The end.
    Stop(Halt),
}

/// One move of the machine; an `Err` is an end like any other.
pub(crate) type Turn = Result<Next, Halt>;

/// A command as a move.
pub(crate) fn send(stage: Stage, command: &Command<'_>) -> Turn {
    let bytes = command.to_bytes().map_err(|_| Halt::end(Reason::DataRequestTooLong))?;
    Ok(Next::Send(stage, bytes))
}

/// One attempt at one sale with one card.
#[derive(Clone)]
pub struct Transaction {
    sheet: Box<Sheet>,
    stage: Stage,
    exchange: Exchange,
}

impl Transaction {
    /// Begins: what may be tapped is decided before any card is asked.
    pub fn start(configuration: &Configuration, interface: Interface, sale: Sale) -> (Transaction, Step) {
        let mut sheet = Box::new(Sheet::new(configuration.clone(), interface, sale));
        let prepared = entry_point::prepare(&sheet.configuration, interface, &sheet.sale);
        let turn = prepared.and_then(|prepared| {
            sheet.prepared = prepared;
            let ask = match interface {
                Interface::Contactless => Message::PresentCard,
                Interface::Contact => Message::InsertCard,
            };
            sheet.show(Status::ReadyToRead, ask);
            selection::begin(&mut sheet)
        });
        let machine = Transaction { sheet, stage: Stage::Environment, exchange: Exchange::default() };
        machine.follow(turn)
    }

    /// The card answered these bytes, status word included.
    pub fn card_said(mut self, answer: &[u8]) -> (Transaction, Step) {
        match self.stage {
            Stage::Over(_) => return self.rest(),
            Stage::Host => return (self, Step::AwaitHost),
            _ => {}
        }
        self.sheet.show(Status::Processing, Message::Processing);
        let longest = usize::from(self.sheet.configuration.bounds.answer_bytes);
        match self.exchange.absorb(answer, longest) {
            Err(reason) => self.follow(Err(Halt::end(reason))),
            Ok(Absorbed::More(command)) => self.transmit(command),
            Ok(Absorbed::Whole(data, status)) => {
                let stage = std::mem::replace(&mut self.stage, Stage::Host);
                let turn = self.dispatch(stage, &data, status);
                self.follow(turn)
            }
        }
    }

    fn dispatch(&mut self, stage: Stage, data: &[u8], status: StatusWord) -> Turn {
        let sheet = &mut *self.sheet;
        match stage {
            Stage::Environment => selection::after_environment(sheet, data, status),
            Stage::Directory { sfi, record, found } => {
                selection::after_directory(sheet, (sfi, record, found), data, status)
            }
            Stage::Listing(listing) => selection::after_listing(sheet, listing, data, status),
            Stage::Application => selection::after_application(sheet, data, status),
            Stage::Options => match sheet.interface {
                Interface::Contactless => contactless::after_options(sheet, data, status),
                Interface::Contact => contact::after_options(sheet, data, status),
            },
            Stage::Records(reading) => records::after_record(sheet, reading, data, status),
            Stage::InternalAuthenticate { signed } => {
                contact::after_internal_authenticate(sheet, &signed, data, status)
            }
            Stage::Counter(counter) => contact::after_counter(sheet, counter, data, status),
            Stage::FirstCryptogram { asked } => contact::after_first_cryptogram(sheet, asked, data, status),
            Stage::ExternalAuthenticate => contact::after_external_authenticate(sheet, status),
            Stage::Script(scripts) => contact::after_script(sheet, scripts, status),
            Stage::SecondCryptogram { asked } => contact::after_second_cryptogram(sheet, asked, data, status),
            Stage::Host | Stage::Over(_) => unreachable!("card_said answers these itself"),
        }
    }

    /// The card left the field or the slot, or its answer broke off.
    pub fn card_removed(mut self) -> (Transaction, Step) {
        match self.stage {
            Stage::Over(_) => self.rest(),
            // A tap is complete when its cryptogram is out; the host's answer is awaited without the card.
            Stage::Host => {
                self.sheet.card_gone = true;
                (self, Step::AwaitHost)
            }
            _ if self.sheet.request.is_some() => {
                let halt = contact::without_card(self.sheet.host.as_ref());
                self.follow(Err(halt))
            }
            // A tap broken off while its records are read is no tap, although the card has approved.
            Stage::Records(_) if !self.sheet.stands(Defence::WholeAnswers) => {
                self.follow(Err(Halt { ending: Ending::Approved, reason: Reason::ApprovedOffline }))
            }
            _ => self.follow(Err(Halt { ending: Ending::TryAgain, reason: Reason::CardRemoved })),
        }
    }

    /// The reader sees more than one card.
    pub fn several_cards(self) -> (Transaction, Step) {
        match self.stage {
            Stage::Over(_) => self.rest(),
            Stage::Host => (self, Step::AwaitHost),
            _ if self.sheet.request.is_some() => {
                let halt = contact::without_card(self.sheet.host.as_ref());
                self.follow(Err(halt))
            }
            _ => self.follow(Err(Halt { ending: Ending::TryAgain, reason: Reason::SeveralCards })),
        }
    }

    /// The cashier gave up. Once the host was asked there is no way back but its answer.
    pub fn cancel(self) -> (Transaction, Step) {
        match self.stage {
            Stage::Over(_) => self.rest(),
            Stage::Host => (self, Step::AwaitHost),
            _ => self.follow(Err(Halt::end(Reason::Cancelled))),
        }
    }

    /// The host answered.
    pub fn host_said(mut self, answer: HostAnswer) -> (Transaction, Step) {
        if !matches!(self.stage, Stage::Host) {
            return self.rest();
        }
        let approved = answer.approves();
        self.sheet.host = Some(answer);
        let turn = match self.sheet.interface {
            Interface::Contactless if approved => {
                Err(Halt { ending: Ending::Approved, reason: Reason::ApprovedOnline })
            }
            Interface::Contactless => Err(Halt::declined(Reason::HostDeclined)),
            Interface::Contact => contact::after_host(&mut self.sheet),
        };
        self.follow(turn)
    }

    /// The host did not answer in time. A reversal has to follow: it may have approved.
    pub fn host_silent(mut self) -> (Transaction, Step) {
        if !matches!(self.stage, Stage::Host) {
            return self.rest();
        }
        let turn = match self.sheet.interface {
            Interface::Contactless => Err(Halt::declined(Reason::HostSilent)),
            Interface::Contact => contact::after_silence(&mut self.sheet),
        };
        self.follow(turn)
    }

    fn follow(mut self, turn: Turn) -> (Transaction, Step) {
        match turn {
            Ok(Next::Send(stage, command)) => {
                self.stage = stage;
                self.exchange = Exchange::new(&command);
                self.transmit(command)
            }
            Ok(Next::AskHost) => {
                self.stage = Stage::Host;
                if self.sheet.interface == Interface::Contactless {
                    self.sheet.show(Status::CardReadOk, Message::CardReadOk);
                }
                self.sheet.show(Status::NotReady, Message::Authorising);
                let request = self.sheet.request.clone().expect("ask_host put the request on the sheet");
                (self, Step::AuthoriseOnline(request))
            }
            Ok(Next::Stop(halt)) | Err(halt) => {
                let outcome = Box::new(self.sheet.finish(halt));
                self.stage = Stage::Over(outcome.clone());
                (self, Step::Finished(outcome))
            }
        }
    }

    /// Counts a command; a card that wants more than the configuration bears with is done.
    fn transmit(mut self, command: Vec<u8>) -> (Transaction, Step) {
        if self.sheet.commands >= self.sheet.configuration.bounds.commands {
            let halt = match self.sheet.request {
                Some(_) => contact::without_card(self.sheet.host.as_ref()),
                None => Halt::end(Reason::TooManyCommands),
            };
            return self.follow(Err(halt));
        }
        self.sheet.commands += 1;
        (self, Step::Transmit(command))
    }

    /// The answer to an input that has no place: where the machine stands.
    fn rest(self) -> (Transaction, Step) {
        let step = match &self.stage {
            Stage::Over(outcome) => Step::Finished(outcome.clone()),
            Stage::Host => Step::AwaitHost,
            // A host nobody asked has no say: the card's answer is still awaited.
            _ => Step::Transmit(self.exchange.command().to_vec()),
        };
        (self, step)
    }
}

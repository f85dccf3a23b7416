//! The sheet one transaction writes on: what was asked, what the card said, what was found out.

use crate::card_data::CardData;
use crate::configuration::{Application, Configuration};
use crate::defences::Defence;
use crate::entry_point::{Candidate, Prepared};
use crate::lights::{Light, Message, Status};
use crate::online::{HostAnswer, OnlineRequest};
use crate::outcome::{Cvm, Ending, Halt, Outcome, Reason};
use crate::receipt::{Heading, Receipt, printable};
use crate::sale::{Interface, Sale, code_bcd, number_bcd};
use emv::dol::Dol;
use emv::objects::{CryptogramKind, TrackTwo, Tsi, Tvr};
use emv::tag;
use emv::tlv::{self, Tag};
use std::collections::{BTreeMap, VecDeque};
use values::{Expiry, LastFour};

/// Whether the terminal checks SM2 and SM4 (JR/T 0025.17).
const SM_SUPPORTED: Tag = Tag::new(0xDF69);

/// The order of a UnionPay tap's DE 55. Objects from 9F63 on are left out first if there is no room.
const DE55_ORDER: [Tag; 26] = [
    tag::CRYPTOGRAM,
    tag::CID,
    tag::IAD,
    tag::UNPREDICTABLE_NUMBER,
    tag::ATC,
    tag::TVR,
    tag::DATE,
    tag::TRANSACTION_TYPE,
    tag::AMOUNT,
    tag::CURRENCY,
    tag::AIP,
    tag::TERMINAL_COUNTRY,
    tag::AMOUNT_OTHER,
    tag::TERMINAL_CAPABILITIES,
    tag::CVM_RESULTS,
    tag::TERMINAL_TYPE,
    tag::DEVICE_SERIAL,
    tag::DF_NAME,
    tag::VERSION_TERMINAL,
    tag::SEQUENCE_COUNTER,
    tag::PRODUCT_IDENTIFICATION,
    tag::CASH_AUTHORISATION_CODE,
    tag::PAR,
    tag::TOKEN_REQUESTOR,
    tag::FORM_FACTOR,
    tag::CTQ,
];

/// DE 55 holds at most this many bytes.
const DE55_LONGEST: usize = 255;

#[derive(Clone)]
pub(crate) struct Sheet {
    pub(crate) configuration: Configuration,
    pub(crate) interface: Interface,
    pub(crate) sale: Sale,
    pub(crate) prepared: Vec<Prepared>,
    /// Applications still to be tried.
    pub(crate) queue: VecDeque<Candidate>,
    /// The application being tried.
    pub(crate) current: Option<Candidate>,
    pub(crate) card: CardData,
    terminal: BTreeMap<Tag, Vec<u8>>,
    pub(crate) tvr: Tvr,
    pub(crate) tsi: Tsi,
    pub(crate) cvm: Cvm,
    pub(crate) lights: Vec<Light>,
    pub(crate) commands: u16,
    /// Counters told by GET DATA: transactions, and the last one online.
    pub(crate) counters: Vec<Option<u16>>,
    /// Kind of the cryptogram in the card's last answer.
    pub(crate) cryptogram: Option<CryptogramKind>,
    pub(crate) request: Option<Box<OnlineRequest>>,
    pub(crate) host: Option<HostAnswer>,
    /// The card left while the host was asked.
    pub(crate) card_gone: bool,
}

impl Sheet {
    pub(crate) fn new(configuration: Configuration, interface: Interface, sale: Sale) -> Sheet {
        let mut sheet = Sheet {
            configuration,
            interface,
            sale,
            prepared: Vec::new(),
            queue: VecDeque::new(),
            current: None,
            card: CardData::default(),
            terminal: BTreeMap::new(),
            tvr: Tvr::default(),
            tsi: Tsi::default(),
            cvm: Cvm::None,
            lights: Vec::new(),
            commands: 0,
            counters: Vec::new(),
            cryptogram: None,
            request: None,
            host: None,
            card_gone: false,
        };
        sheet.set_terminal_objects();
        sheet
    }

    fn set_terminal_objects(&mut self) {
        let (c, sale) = (&self.configuration, &self.sale);
        let minor = sale.amount.minor();
        let binary = u32::try_from(minor).unwrap_or(u32::MAX).to_be_bytes();
        let category = code_bcd(c.merchant.category.into());
        let device = &c.device;
        let objects: [(Tag, &[u8]); 22] = [
            (tag::AMOUNT, &number_bcd(minor)),
            (tag::AMOUNT_OTHER, &[0; 6]),
            (tag::AMOUNT_BINARY, &binary),
            (tag::AMOUNT_OTHER_BINARY, &[0; 4]),
            (tag::TERMINAL_COUNTRY, &code_bcd(c.country.numeric())),
            (tag::CURRENCY, &code_bcd(sale.amount.currency().numeric())),
            (tag::CURRENCY_EXPONENT, &[c.currency_exponent]),
            (tag::DATE, &sale.date_bcd()),
            (tag::TIME, &sale.time_bcd()),
            (tag::TRANSACTION_TYPE, &[sale.kind.transaction_type()]),
            (tag::UNPREDICTABLE_NUMBER, &sale.unpredictable_number),
            (tag::SEQUENCE_COUNTER, &sale.sequence_bcd()),
            (tag::TERMINAL_CAPABILITIES, &device.capabilities),
            (tag::ADDITIONAL_CAPABILITIES, &device.additional_capabilities),
            (tag::TERMINAL_TYPE, &device.kind),
            (tag::DEVICE_SERIAL, device.serial.as_bytes()),
            (tag::TERMINAL, device.id.as_bytes()),
            (tag::MERCHANT, c.merchant.id.as_bytes()),
            (tag::MERCHANT_NAME, c.merchant.name.as_bytes()),
            (tag::MERCHANT_CATEGORY, &category),
            (tag::VERSION_TERMINAL, &device.application_version),
            (SM_SUPPORTED, &[u8::from(device.sm_supported)]),
        ];
        self.terminal = objects.into_iter().map(|(tag, value)| (tag, value.to_vec())).collect();
    }

    /// Sets one of the terminal's own objects.
    pub(crate) fn set(&mut self, tag: Tag, value: &[u8]) {
        self.terminal.insert(tag, value.to_vec());
    }

    /// Forgets the card's last application; the terminal's findings go with it.
    pub(crate) fn begin_application(&mut self, candidate: Candidate) {
        self.card = CardData::default();
        self.tvr = Tvr::default();
        self.tsi = Tsi::default();
        self.cvm = Cvm::None;
        self.counters.clear();
        self.cryptogram = None;
        self.terminal.remove(&tag::CVM_RESULTS);
        self.set(tag::TTQ, candidate.prepared.qualifiers.as_bytes());
        let aid = self.configuration.applications[candidate.prepared.application].aid.clone();
        self.set(tag::AID_TERMINAL, &aid);
        self.current = Some(candidate);
    }

    /// The terminal's side of the application being tried.
    pub(crate) fn application(&self) -> &Application {
        let current = self.current.as_ref().expect("an application was selected before its rules are asked");
        &self.configuration.applications[current.prepared.application]
    }

    pub(crate) fn stands(&self, defence: Defence) -> bool {
        self.configuration.defences.stands(defence)
    }

    /// An object for a list or a message: the terminal's own first, so that no card can speak for it.
    pub(crate) fn value(&self, tag: Tag) -> Option<&[u8]> {
        match tag {
            tag::TVR => Some(self.tvr.as_bytes()),
            tag::TSI => Some(self.tsi.as_bytes()),
            _ => self.terminal.get(&tag).map(Vec::as_slice).or_else(|| self.card.get(tag)),
        }
    }

    /// The answer to one of the card's lists; a list or an answer that fits no command is refused.
    pub(crate) fn answer_list(&self, list: &[u8], longest: usize) -> Result<Vec<u8>, Halt> {
        let dol = Dol::parse(list).map_err(|_| Halt::end(Reason::MalformedData))?;
        if dol.values_length() > longest {
            return Err(Halt::end(Reason::DataRequestTooLong));
        }
        let mut values = Vec::new();
        dol.build(|tag| self.value(tag), &mut values);
        Ok(values)
    }

    /// The number, checked: track 2 as such, its check digit, equal to 5A if the card gave that too.
    pub(crate) fn number(&self) -> Result<TrackTwo, Halt> {
        let invalid = Halt::end(Reason::InvalidNumber);
        let value = self.card.need(tag::TRACK_TWO).map_err(Halt::end)?;
        let track = TrackTwo::parse(value).map_err(|_| invalid)?;
        if track.token().is_err() && !self.configuration.danger_ignore_check_digit {
            return Err(invalid);
        }
        if let Some(packed) = self.card.get(tag::PAN) {
            let digits = hex::encode(packed);
            if digits.trim_end_matches('f').as_bytes() != track.number_digits() {
                return Err(invalid);
            }
        }
        Ok(track)
    }

    /// Refuses a card past its last month or on the exception list.
    pub(crate) fn check_card(&self, track: &TrackTwo) -> Result<(), Halt> {
        let date = self.card.array::<3>(tag::EXPIRY).map_err(Halt::end)?;
        let record = match date {
            Some([year, month, _]) => {
                let yymm = hex::encode([year, month]);
                Some(Expiry::from_yymm(yymm.as_bytes()).map_err(|_| Halt::end(Reason::InvalidObject))?)
            }
            None => None,
        };
        let past = |expiry: Expiry| expiry.is_past(self.sale.at);
        if past(track.expiry()) || record.is_some_and(past) {
            return Err(Halt::declined(Reason::Expired));
        }
        if self.is_excepted(track) {
            return Err(Halt::declined(Reason::OnExceptionList));
        }
        Ok(())
    }

    /// Whether the number is on the exception list.
    pub(crate) fn is_excepted(&self, track: &TrackTwo) -> bool {
        track.token().is_ok_and(|token| self.configuration.exceptions.contains(&token))
    }

    /// Everything an acquirer's message needs, from what the card said.
    pub(crate) fn build_request(&self) -> Result<OnlineRequest, Halt> {
        let card = &self.card;
        let track_two = self.number()?;
        let kind = self.cryptogram.ok_or(Halt::end(Reason::MissingObject))?;
        let digits = |tag| {
            let plain = |value: &&[u8]| value.iter().all(|b| b.is_ascii_alphanumeric()) && value.len() <= 29;
            card.get(tag).filter(plain).map(|value| String::from_utf8_lossy(value).into_owned())
        };
        let requestor = card.get(tag::TOKEN_REQUESTOR).filter(|value| value.len() == 6).map(hex::encode);
        let sequence_number = match card.array::<1>(tag::PSN).map_err(Halt::end)? {
            Some([packed]) if packed >> 4 <= 9 && packed & 15 <= 9 => {
                Some((packed >> 4) * 10 + (packed & 15))
            }
            Some(_) => return Err(Halt::end(Reason::InvalidObject)),
            None => None,
        };
        let need = |reason| Halt::end(reason);
        Ok(OnlineRequest {
            track_two,
            sequence_number,
            icc_data: self.icc_data(kind),
            amount: self.sale.amount,
            kind: self.sale.kind,
            at: self.sale.at,
            interface: self.interface,
            cvm: self.cvm,
            unpredictable_number: self.sale.unpredictable_number,
            sequence: self.sale.sequence,
            aid: self.value(tag::DF_NAME).unwrap_or_default().to_vec(),
            transaction_counter: u16::from_be_bytes(card.need_array(tag::ATC).map_err(need)?),
            cryptogram: card.need_array(tag::CRYPTOGRAM).map_err(need)?,
            cryptogram_information: kind.cid().bits(),
            issuer_application_data: card.need(tag::IAD).map_err(need)?.to_vec(),
            verification_results: self.tvr.to_bytes(),
            card_last_four: card.get(tag::LAST_FOUR).and_then(last_four),
            account_reference: digits(tag::PAR),
            token_requestor: requestor
                .map(|text| text[1..].to_owned())
                .or_else(|| digits(tag::TOKEN_REQUESTOR)),
        })
    }

    fn icc_data(&self, kind: CryptogramKind) -> Vec<u8> {
        let mut out = Vec::with_capacity(DE55_LONGEST);
        let information = [kind.cid().bits()];
        for tag in DE55_ORDER {
            let value = if tag == tag::CID { Some(&information[..]) } else { self.value(tag) };
            let before = out.len();
            let legal = |value: &&[u8]| {
                let range = tag::definition(tag).map(|line| line.shortest..=line.longest);
                !value.is_empty() && range.is_none_or(|range| range.contains(&(value.len() as u16)))
            };
            tlv::write_optional(&mut out, tag, value.filter(legal));
            if out.len() > DE55_LONGEST {
                out.truncate(before);
            }
        }
        out
    }

    /// Notes what the reader shows, once.
    pub(crate) fn show(&mut self, status: Status, message: Message) {
        let light = Light { status, message };
        if self.lights.last() != Some(&light) {
            self.lights.push(light);
        }
    }

    /// The end.
    pub(crate) fn finish(&mut self, halt: Halt) -> Outcome {
        let mut halt = halt;
        let last_attempt = self.sale.attempt >= self.configuration.bounds.attempts;
        if last_attempt && matches!(halt.ending, Ending::TryAgain) {
            halt = Halt::end(Reason::TooManyAttempts);
        }
        let message = halt.message(self.cvm);
        let status = match halt.ending {
            Ending::Approved | Ending::Declined => Status::CardReadOk,
            Ending::TryAgain | Ending::SeePhone => Status::ReadyToRead,
            _ => Status::ProcessingError,
        };
        self.show(status, message);
        let asked = self.request.is_some();
        let card = self.request.take().map(|b| *b).or_else(|| self.build_request().ok());
        let receipt = card.as_ref().map(|card| self.receipt(card, halt));
        let offline = halt.ending == Ending::Approved && self.host.is_none();
        // Whoever was asked and did not say no may have booked the sale.
        let may_be_booked = asked && self.host.as_ref().is_none_or(HostAnswer::may_have_booked);
        let as_booked = halt.ending == Ending::Approved && self.host.is_some();
        Outcome {
            ending: halt.ending,
            reason: halt.reason,
            message,
            cvm: self.cvm,
            receipt,
            lights: self.lights.clone(),
            offline_sale: card.filter(|_| offline).map(Box::new),
            reversal_needed: may_be_booked && !as_booked,
            removal_timeout_ms: if self.interface == Interface::Contact { 10_000 } else { 0 },
            commands: self.commands,
        }
    }

    fn receipt(&self, card: &OnlineRequest, halt: Halt) -> Receipt {
        let c = &self.configuration;
        let label = self.card.get(tag::APPLICATION_LABEL).unwrap_or_default();
        let heading = Heading {
            merchant: c.merchant.name.clone(),
            merchant_id: c.merchant.id.clone(),
            terminal_id: c.device.id.clone(),
            label: printable(label),
        };
        let mut receipt = Receipt::new(heading, card, halt.ending, halt.reason);
        if let Some(host) = &self.host {
            receipt.approval_code = host.approval_code.as_deref().map(|code| printable(code.as_bytes()));
            receipt.response_code = Some(printable(&host.response_code));
        }
        receipt
    }
}

fn last_four(packed: &[u8]) -> Option<LastFour> {
    LastFour::from_ascii(hex::encode(packed).as_bytes()).ok()
}

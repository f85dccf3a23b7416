//! A card made of answers, and a driver that pushes the machine to its end.

use std::collections::BTreeMap;
use terminal::configuration::Configuration;
use terminal::online::{HostAnswer, OnlineRequest};
use terminal::outcome::{Ending, Outcome};
use terminal::sale::{Interface, Sale, SaleKind};
use terminal::transaction::{Step, Transaction};
use values::time::Civil;
use values::{Currency, Money};

pub(crate) fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text.replace(' ', "")).unwrap()
}

/// One BER-TLV object from hexadecimal tag and value.
pub(crate) fn tlv(tag: &str, value: &[u8]) -> Vec<u8> {
    let mut out = bytes(tag);
    match value.len() {
        short @ 0..=0x7F => out.push(short as u8),
        medium @ 0x80..=0xFF => out.extend([0x81, medium as u8]),
        long => out.extend([0x82, (long >> 8) as u8, long as u8]),
    }
    out.extend_from_slice(value);
    out
}

pub(crate) fn ok(data: &[u8]) -> Vec<u8> {
    [data, &[0x90, 0x00]].concat()
}

pub(crate) const DEBIT: &str = "A000000333010101";
pub(crate) const PDOL: &str = "9F66049F02069F03069F1A0295055F2A029A039C019F3704DF6901";

/// A token number whose check digit is right.
pub(crate) fn number() -> String {
    let head = "629123000000000001";
    let check = values::card::luhn_check_digit(head.as_bytes()).unwrap();
    format!("{head}{}", char::from(check))
}

pub(crate) fn track_two() -> Vec<u8> {
    bytes(&format!("{}D30122010000000000F", number()))
}

/// A card as a table of answers.
#[derive(Clone)]
pub(crate) struct Card {
    /// (AID, priority) of the directory.
    pub(crate) directory: Vec<(String, u8)>,
    /// Kernel that the directory names, for every entry.
    pub(crate) kernel: Option<u8>,
    /// What each application calls itself, when it is not its AID.
    pub(crate) renamed: BTreeMap<String, String>,
    pub(crate) pdol: Vec<u8>,
    /// Objects of the answer to GET PROCESSING OPTIONS: tag, value.
    pub(crate) options: Vec<(String, Vec<u8>)>,
    /// Status word of GET PROCESSING OPTIONS per application; 9000 if absent.
    pub(crate) options_status: BTreeMap<String, u16>,
    /// Whole answers to READ RECORD by P1 P2.
    pub(crate) records: BTreeMap<(u8, u8), Vec<u8>>,
    pub(crate) selected: String,
}

impl Card {
    /// A phone with one token that goes online; `verified` says that its owner was.
    pub(crate) fn phone(verified: bool) -> Card {
        let results = if verified { "07010103A4000001" } else { "07010103A0000001" };
        let object = |tag: &str, value: &str| (tag.to_owned(), bytes(value));
        Card {
            directory: vec![(DEBIT.to_owned(), 1)],
            kernel: None,
            renamed: BTreeMap::new(),
            pdol: bytes(PDOL),
            options: vec![
                object("82", "0000"),
                object("9F36", "0007"),
                ("57".to_owned(), track_two()),
                object("9F10", results),
                object("9F26", "1122334455667788"),
                object("9F27", "80"),
                object("5F34", "01"),
                object("9F6C", if verified { "0080" } else { "0000" }),
            ],
            options_status: BTreeMap::new(),
            records: BTreeMap::new(),
            selected: String::new(),
        }
    }

    pub(crate) fn set(&mut self, tag: &str, value: &str) {
        self.remove(tag);
        self.options.push((tag.to_owned(), bytes(value)));
    }

    pub(crate) fn remove(&mut self, tag: &str) {
        self.options.retain(|(name, _)| name != tag);
    }

    pub(crate) fn answer(&mut self, command: &[u8]) -> Vec<u8> {
        match command {
            [0x00, 0xA4, 0x04, 0x00, rest @ ..] => {
                let name = &rest[1..rest.len() - 1];
                if name == b"2PAY.SYS.DDF01" { self.directory_answer() } else { self.select(name) }
            }
            [0x80, 0xA8, ..] => match self.options_status.get(&self.selected) {
                Some(status) => status.to_be_bytes().to_vec(),
                None => ok(&tlv("77", &self.options.iter().flat_map(|(t, v)| tlv(t, v)).collect::<Vec<_>>())),
            },
            [0x00, 0xB2, p1, p2, ..] => self.records.get(&(*p1, *p2)).cloned().unwrap_or(vec![0x6A, 0x83]),
            _ => vec![0x6D, 0x00],
        }
    }

    fn directory_answer(&self) -> Vec<u8> {
        let entry = |(aid, priority): &(String, u8)| {
            let kernel = self.kernel.map(|k| tlv("9F2A", &[k])).unwrap_or_default();
            tlv("61", &[tlv("4F", &bytes(aid)), tlv("87", &[*priority]), kernel].concat())
        };
        let entries: Vec<u8> = self.directory.iter().flat_map(entry).collect();
        let template = tlv("A5", &tlv("BF0C", &entries));
        ok(&tlv("6F", &[tlv("84", b"2PAY.SYS.DDF01"), template].concat()))
    }

    fn select(&mut self, name: &[u8]) -> Vec<u8> {
        let name = hex::encode_upper(name);
        if !self.directory.iter().any(|(aid, _)| *aid == name) {
            return vec![0x6A, 0x82];
        }
        self.selected.clone_from(&name);
        let shown = self.renamed.get(&name).unwrap_or(&name);
        let template = tlv("A5", &[tlv("50", b"UnionPay Debit"), tlv("9F38", &self.pdol)].concat());
        ok(&tlv("6F", &[tlv("84", &bytes(shown)), template].concat()))
    }
}

pub(crate) fn sale(minor: u64) -> Sale {
    Sale {
        amount: Money::new(minor, Currency::CNY).unwrap(),
        kind: SaleKind::Purchase,
        at: Civil { year: 2026, month: 11, day: 22, hour: 9, minute: 30, second: 15 },
        unpredictable_number: [0x4D, 0x1C, 0x99, 0x03],
        sequence: 123,
        attempt: 1,
    }
}

/// How a run ended, with what was said on the way.
pub(crate) struct Run {
    pub(crate) outcome: Outcome,
    pub(crate) request: Option<Box<OnlineRequest>>,
    pub(crate) commands: Vec<Vec<u8>>,
}

impl Run {
    pub(crate) fn verdict(&self) -> (Ending, &'static str) {
        (self.outcome.ending, self.outcome.reason.code())
    }
}

pub(crate) fn approval() -> HostAnswer {
    HostAnswer { response_code: *b"00", approval_code: Some("123456".to_owned()), ..HostAnswer::default() }
}

/// Pushes the machine to its end. `card` answers commands, or `None` when it is gone.
pub(crate) fn run(
    configuration: &Configuration,
    interface: Interface,
    sale: Sale,
    mut card: impl FnMut(&[u8]) -> Option<Vec<u8>>,
    host: Option<HostAnswer>,
) -> Run {
    let (mut machine, mut step) = Transaction::start(configuration, interface, sale);
    let (mut commands, mut request) = (Vec::new(), None);
    loop {
        (machine, step) = match step {
            Step::Transmit(command) => {
                let answer = card(&command);
                commands.push(command);
                assert!(commands.len() <= usize::from(configuration.bounds.commands), "endless conversation");
                match answer {
                    Some(answer) => machine.card_said(&answer),
                    None => machine.card_removed(),
                }
            }
            Step::AuthoriseOnline(wish) => {
                assert!(request.is_none(), "the host is asked once");
                request = Some(wish);
                match &host {
                    Some(answer) => machine.host_said(answer.clone()),
                    None => machine.host_silent(),
                }
            }
            Step::AwaitHost => panic!("the host was answered for"),
            Step::Finished(outcome) => {
                assert_eq!(usize::from(outcome.commands), commands.len());
                return Run { outcome: *outcome, request, commands };
            }
        };
    }
}

/// A tap of a card made of answers, in the sample shop, with a host that approves.
pub(crate) fn tap(card: &Card, minor: u64) -> Run {
    tap_in(&Configuration::sample_shop(), card, minor)
}

pub(crate) fn tap_in(configuration: &Configuration, card: &Card, minor: u64) -> Run {
    let mut card = card.clone();
    run(configuration, Interface::Contactless, sale(minor), |c| Some(card.answer(c)), Some(approval()))
}

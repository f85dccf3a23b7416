//! The contact path: finding the application, the host's answer, scripts, and a card that leaves.

use crate::support::*;
use std::collections::VecDeque;
use terminal::configuration::Configuration;
use terminal::online::HostAnswer;
use terminal::outcome::{Cvm, Ending};
use terminal::sale::{Interface, SaleKind};

/// A chip card without offline authentication: it asks the host and does what it is told.
#[derive(Clone)]
struct Chip {
    directory: bool,
    profile: &'static str,
    verification: &'static str,
    more_records: &'static str,
    /// Answers to GET DATA of its counter and of the last one online.
    counters: Option<[&'static str; 2]>,
    /// What it answers to the second GENERATE AC, if not what it was asked.
    last_word: Option<u8>,
    /// Status of EXTERNAL AUTHENTICATE and scripts.
    issuer_status: u16,
    names: VecDeque<&'static str>,
}

impl Chip {
    fn new() -> Chip {
        Chip {
            directory: true,
            profile: "1C00",
            verification: "00000000000000001E031F03",
            more_records: "",
            counters: None,
            last_word: None,
            issuer_status: 0x9000,
            names: VecDeque::from([DEBIT]),
        }
    }

    fn answer(&mut self, command: &[u8]) -> Vec<u8> {
        let first = command[1] == 0xAE && command[2] == 0x80;
        match command {
            [0x00, 0xA4, 0x04, next, rest @ ..] => self.select(*next, &rest[1..rest.len() - 1]),
            [0x00, 0xB2, 0x01, 0x0C, ..] => {
                let entry = tlv("61", &[tlv("4F", &bytes(DEBIT)), tlv("50", b"UnionPay")].concat());
                ok(&tlv("70", &entry))
            }
            [0x80, 0xA8, ..] => ok(&tlv("80", &bytes(&format!("{}10010100", self.profile)))),
            [0x00, 0xB2, 0x01, 0x14, ..] => ok(&tlv("70", &self.record())),
            [0x80, 0xAE, asked, ..] => {
                let information = if first { *asked } else { self.last_word.unwrap_or(*asked) };
                let inside = format!("{information:02X}0007 1122334455667788 07010103A0000001");
                ok(&tlv("80", &bytes(&inside)))
            }
            [0x80, 0xCA, 0x9F, which, ..] => match self.counters {
                Some([now, online]) => ok(&bytes(if *which == 0x36 { now } else { online })),
                None => vec![0x6A, 0x88],
            },
            [0x00, 0x82, ..] | [0x84, ..] => self.issuer_status.to_be_bytes().to_vec(),
            _ => vec![0x6A, 0x83],
        }
    }

    fn select(&mut self, next: u8, name: &[u8]) -> Vec<u8> {
        if name == b"1PAY.SYS.DDF01" {
            let directory = tlv("6F", &[tlv("84", name), tlv("A5", &bytes("880101"))].concat());
            return if self.directory { ok(&directory) } else { vec![0x6A, 0x82] };
        }
        let found = self.names.iter().filter(|full| bytes(full).starts_with(name)).nth(usize::from(next / 2));
        match found {
            Some(full) => {
                ok(&tlv("6F", &[tlv("84", &bytes(full)), tlv("A5", &tlv("50", b"UnionPay"))].concat()))
            }
            None => vec![0x6A, 0x82],
        }
    }

    fn record(&self) -> Vec<u8> {
        let list = bytes("9F0206 9F0306 9F1A02 9505 5F2A02 9A03 9C01 9F3704");
        let number = bytes(&format!("{}F", number()));
        let second = [bytes("8A02 9108"), list.clone()].concat();
        [
            tlv("57", &track_two()),
            tlv("5A", &number),
            tlv("5F24", &bytes("301231")),
            tlv("5F28", &bytes("0156")),
            tlv("9F07", &bytes("FF00")),
            tlv("9F08", &bytes("0030")),
            tlv("8C", &list),
            tlv("8D", &second),
            tlv("8E", &bytes(self.verification)),
            bytes(self.more_records),
        ]
        .concat()
    }
}

fn pay(chip: &Chip, host: Option<HostAnswer>) -> Run {
    let mut chip = chip.clone();
    run(&Configuration::sample_shop(), Interface::Contact, sale(1250), |c| Some(chip.answer(c)), host)
}

fn with_issuer_data() -> HostAnswer {
    let scripts = "710F 9F180401020304 86 06 84 18 00 00 01 AA 72 0B 86 09 84 18 00 00 04 11 22 33 44";

    HostAnswer {
        issuer_authentication_data: Some(bytes("AABBCCDDEEFF00113030")),
        scripts: bytes(scripts),
        ..approval()
    }
}

/// Instructions sent, in order.
fn instructions(run: &Run) -> String {
    run.commands.iter().map(|c| format!("{:02X}", c[1])).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_sale_runs_to_the_cards_last_word() {
    let run = pay(&Chip::new(), Some(with_issuer_data()));
    assert_eq!(run.verdict(), (Ending::Approved, "approved_online"));
    assert_eq!(instructions(&run), "A4 B2 B2 A4 A8 B2 AE 82 18 AE 18");
    let request = run.request.as_ref().unwrap();
    assert_eq!((request.cvm, request.interface.entry_mode()), (Cvm::Signature, "05"));
    assert_eq!(request.verification_results, [0x80, 0, 0, 0x80, 0]);
    assert!(hex::encode_upper(&request.icc_data).contains("9F34031E0300"));
    assert!(emv::de55::Request::parse(&request.icc_data).is_ok());
    let second = run.commands.iter().rfind(|c| c[1] == 0xAE).unwrap();
    assert_eq!(second[2], 0x40);
    assert!(hex::encode_upper(second).contains("3030AABBCCDDEEFF0011"), "8A and 91 reach the card");
    assert!(!run.outcome.reversal_needed);
}

#[test]
fn the_list_is_asked_where_there_is_no_directory() {
    let mut chip = Chip::new();
    chip.directory = false;
    assert_eq!(pay(&chip, Some(approval())).verdict(), (Ending::Approved, "approved_online"));
    chip.names = VecDeque::from(["A00000033301010101", "A00000033301010102"]);
    let run = pay(&chip, Some(approval()));
    assert_eq!(run.verdict(), (Ending::Approved, "approved_online"));
    assert!(instructions(&run).starts_with("A4 A4 A4 A4 A4"), "{}", instructions(&run));
    chip.names.clear();
    assert_eq!(pay(&chip, None).verdict(), (Ending::EndApplication, "no_application"));
}

#[test]
fn a_card_that_repeats_itself_is_asked_no_further() {
    let mut chip = Chip::new();
    let endless = |command: &[u8]| {
        let name = "A00000033301010199";
        Some(match command {
            [0x00, 0xA4, 0x04, ..] if command[5..].starts_with(b"1PAY") => vec![0x6A, 0x82],
            [0x00, 0xA4, ..] => ok(&tlv("6F", &[tlv("84", &bytes(name)), tlv("A5", &[])].concat())),
            _ => chip.answer(command),
        })
    };
    let shop = Configuration::sample_shop();
    let run = run(&shop, Interface::Contact, sale(1250), endless, Some(approval()));
    assert!(run.commands.len() < 20, "{}", instructions(&run));
}

#[test]
fn answers_of_the_host_and_what_the_card_makes_of_them() {
    let declined = HostAnswer { response_code: *b"51", ..HostAnswer::default() };
    let chip = Chip::new();
    let refusing = Chip { last_word: Some(0x00), ..Chip::new() };
    let failing = Chip { issuer_status: 0x6300, ..Chip::new() };
    for (name, chip, host, verdict, reversal) in [
        ("approved", &chip, Some(approval()), (Ending::Approved, "approved_online"), false),
        ("declined", &chip, Some(declined.clone()), (Ending::Declined, "host_declined"), false),
        ("card refuses", &refusing, Some(approval()), (Ending::Declined, "card_refused_after_host"), true),
        ("both refuse", &refusing, Some(declined), (Ending::Declined, "host_declined"), false),
        ("silence", &chip, None, (Ending::Declined, "host_silent"), true),
        (
            "issuer not genuine",
            &failing,
            Some(with_issuer_data()),
            (Ending::Approved, "approved_online"),
            false,
        ),
    ] {
        let run = pay(chip, host);
        assert_eq!(run.verdict(), verdict, "{name}");
        assert_eq!(run.outcome.reversal_needed, reversal, "{name}");
    }
    let run = pay(&failing, Some(with_issuer_data()));
    let last = run.commands.iter().rfind(|c| c[1] == 0xAE).unwrap();
    assert!(hex::encode_upper(last).contains("8000008040"), "the findings are in the second list");
}

#[test]
fn a_card_pulled_out_at_every_command() {
    let whole = pay(&Chip::new(), Some(with_issuer_data())).commands.len();
    let asked_host_after = 7;
    for place in 0..whole {
        let mut chip = Chip::new();
        let mut turn = 0;
        let torn = |command: &[u8]| {
            turn += 1;
            (turn - 1 != place).then(|| chip.answer(command))
        };
        let shop = Configuration::sample_shop();
        let run = run(&shop, Interface::Contact, sale(1250), torn, Some(with_issuer_data()));
        let expected = if place < asked_host_after {
            (Ending::TryAgain, "card_removed")
        } else {
            (Ending::Declined, "card_refused_after_host")
        };
        assert_eq!(run.verdict(), expected, "{place}");
        assert_eq!(run.outcome.reversal_needed, place >= asked_host_after, "{place}");
    }
}

#[test]
fn every_truncation_is_survived() {
    let mut chip = Chip::new();
    let mut answers = Vec::new();
    let shop = Configuration::sample_shop();
    let record = |command: &[u8]| {
        answers.push(chip.answer(command));
        answers.last().cloned()
    };
    run(&shop, Interface::Contact, sale(1250), record, Some(with_issuer_data()));
    for (place, whole) in answers.iter().enumerate() {
        for length in 0..whole.len() {
            let mut chip = Chip::new();
            let mut turn = 0;
            let cut = |command: &[u8]| {
                turn += 1;
                let mut answer = chip.answer(command);
                if turn - 1 == place {
                    answer.truncate(length);
                }
                Some(answer)
            };
            run(&shop, Interface::Contact, sale(1250), cut, Some(with_issuer_data()));
        }
    }
}

#[test]
fn verification_without_a_pin_pad() {
    for (list, expected, results) in [
        ("0000000000000000 1E03 1F03", Cvm::Signature, "9F34031E0300"),
        ("0000000000000000 1F03", Cvm::None, "9F34031F0302"),
        ("0000000000000000 4103 1F00", Cvm::None, "9F34031F0002"),
        ("0000000000000000 4200 1E00", Cvm::Signature, "9F34031E0000"),
        ("0000000000000000 0200 1E00", Cvm::Failed, "9F3403020001"),
        ("0000000000000000 0000", Cvm::Failed, "9F3403000001"),
        ("0000000000000000 1F04", Cvm::Failed, "9F34033F0001"),
        // Amounts of the list count in the application's currency only; this card names none.
        ("000003E800000000 1F06 1E00", Cvm::Signature, "9F34031E0000"),
    ] {
        let mut chip = Chip::new();
        chip.verification = list;
        let run = pay(&chip, Some(approval()));
        assert_eq!(run.outcome.cvm, expected, "{list}");
        let message = hex::encode_upper(&run.request.unwrap().icc_data);
        assert!(message.contains(results), "{list}: {message}");
    }
    let mut chip = Chip::new();
    chip.verification = "0000000000000000 1F06 1E00";
    chip.more_records = "9F42020156";
    assert_eq!(pay(&chip, Some(approval())).outcome.cvm, Cvm::Signature, "1250 is not under 0");
    for broken in ["00", "0000000000000000", "00000000000000001F"] {
        chip.verification = broken;
        assert_eq!(pay(&chip, None).outcome.reason.code(), "invalid_object", "{broken}");
    }
}

#[test]
fn restrictions_reach_the_results() {
    for (more, expected) in [
        ("5F2503270101", "8020008000"),
        ("9F4501", "malformed"),
        ("9F0E050000008000", "terminal_declined"),
        ("9F0E058000000000", "terminal_declined"),
    ] {
        let mut chip = Chip::new();
        chip.more_records = more;
        let run = pay(&chip, Some(approval()));
        match run.request {
            Some(request) => assert_eq!(hex::encode(request.verification_results), expected, "{more}"),
            None if expected == "malformed" => assert_eq!(run.outcome.reason.code(), "malformed_data"),
            None => assert_eq!(run.outcome.reason.code(), expected, "{more}"),
        }
    }
}

#[test]
fn consecutive_sales_are_counted_where_the_card_has_limits() {
    for (counters, expected) in [
        (Some(["9F36020007", "9F13020006"]), "8000008000"),
        (Some(["9F36020007", "9F13020004"]), "800000C000"),
        (Some(["9F36020009", "9F13020001"]), "800000E000"),
        (Some(["9F36020001", "9F13020000"]), "8008008000"),
        (Some(["9F36020001", "9F13020001"]), "800000E000"),
        (Some(["9F360107", "9F13020006"]), "800000E000"),
        (None, "800000E000"),
    ] {
        let mut chip = Chip::new();
        (chip.more_records, chip.counters) = ("9F14 01 02 9F23 01 05", counters);
        let run = pay(&chip, Some(approval()));
        assert_eq!(hex::encode_upper(run.request.unwrap().verification_results), expected, "{counters:?}");
    }
}

#[test]
fn cash_needs_its_own_permission() {
    let mut chip = Chip::new();
    let shop = Configuration::sample_shop();
    let mut cash = sale(1250);
    cash.kind = SaleKind::Cash;
    let run = run(&shop, Interface::Contact, cash, |c| Some(chip.answer(c)), Some(approval()));
    assert_eq!(run.request.unwrap().verification_results[1], 0, "9F07 FF00 allows everything");
}

#[test]
fn scripts_that_are_none_are_noted() {
    for scripts in ["71", "7103860184", "7105860384180000"] {
        let host = HostAnswer { scripts: bytes(scripts), ..approval() };
        let run = pay(&Chip::new(), Some(host));
        assert_eq!(run.verdict(), (Ending::Approved, "approved_online"), "{scripts}");
        let last = run.commands.iter().rfind(|c| c[1] == 0xAE).unwrap();
        assert!(hex::encode_upper(last).contains("8000008020"), "{scripts}");
    }
}

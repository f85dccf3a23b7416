//! Recorded conversations of public terminals with a card, replayed to our terminal.
//!
//! They lie outside the project; where they are absent the tests say so and pass, except in CI.

use crate::support::{approval, bytes, run};
use serde_json::Value;
use std::path::Path;
use terminal::configuration::{CaKey, Configuration};
use terminal::online::HostAnswer;
use terminal::outcome::{Cvm, Ending};
use terminal::sale::{Interface, Sale, SaleKind};
use values::time::Civil;
use values::{Currency, Money};

/// A recorded conversation.
pub(crate) struct Trace {
    pub(crate) turns: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) configuration: Configuration,
}

impl Trace {
    /// The trace of this name with a terminal set up as the recorded one, or `None` without the data.
    pub(crate) fn load(id: &str) -> Option<Trace> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/apdu-traces.json");
        let Ok(text) = std::fs::read_to_string(&file) else {
            assert!(std::env::var_os("CI").is_none(), "the recorded conversations are missing");
            eprintln!("skipped: no recorded conversations here");
            return None;
        };
        let data: Value = serde_json::from_str(&text).unwrap();
        let trace = data["traces"].as_array().unwrap().iter().find(|trace| trace["id"] == id).unwrap();
        let hex = |value: &Value| bytes(value.as_str().unwrap());
        let turn = |apdu: &Value| (hex(&apdu["command"]), hex(&apdu["response"]));
        let ca = &data["test_ca"];
        let mut configuration = Configuration::sample_shop();
        configuration.ca_keys.push(CaKey {
            rid: hex(&ca["rid"]).try_into().unwrap(),
            index: hex(&ca["index"]).try_into().unwrap(),
            modulus: hex(&ca["modulus"]),
            exponent: hex(&ca["exponent"]),
        });
        // The recorded number has a wrong check digit; the recorded terminal took sales of one fen offline.
        configuration.danger_ignore_check_digit = true;
        configuration.device.sm_supported = false;
        for line in &mut configuration.applications {
            let limits = line.contactless.as_mut().unwrap();
            limits.qualifiers = [0x33, 0x20, 0x00, 0x00];
            limits.floor_limit = 100;
        }
        Some(Trace { turns: trace["apdus"].as_array().unwrap().iter().map(turn).collect(), configuration })
    }

    /// The sale as its GET PROCESSING OPTIONS or GENERATE AC command states it.
    pub(crate) fn sale(&self, minor: u64, unpredictable_number: &str) -> Sale {
        Sale {
            amount: Money::new(minor, Currency::CNY).unwrap(),
            kind: SaleKind::Deposit,
            at: Civil { year: 2026, month: 11, day: 21, hour: 12, minute: 0, second: 0 },
            unpredictable_number: bytes(unpredictable_number).try_into().unwrap(),
            sequence: 1,
            attempt: 1,
        }
    }

    /// A card that answers as recorded: by header, and by name for SELECT.
    pub(crate) fn answer(&self, command: &[u8]) -> Option<Vec<u8>> {
        let same = |recorded: &[u8]| {
            let header = if command[1] == 0xAE { 2 } else { 4 };
            recorded[..header] == command[..header] && (command[1] != 0xA4 || recorded == command)
        };
        let found = self.turns.iter().find(|(recorded, _)| same(recorded));
        Some(found.map_or(vec![0x6A, 0x83], |(_, answer)| answer.clone()))
    }
}

#[test]
fn the_offline_tap_is_verified_and_approved() {
    let Some(trace) = Trace::load("contactless-qpboc-offline-fdda01") else { return };
    let sale = trace.sale(1, "DFA400CF");
    let run = run(&trace.configuration, Interface::Contactless, sale, |c| trace.answer(c), None);
    assert_eq!(run.verdict(), (Ending::Approved, "approved_offline"));
    let recorded: Vec<_> = trace.turns.iter().map(|(command, _)| command.clone()).collect();
    assert_eq!(run.commands, recorded, "the same commands to the end, byte for byte");
    let offline = run.outcome.offline_sale.unwrap();
    assert_eq!((offline.cryptogram_information, offline.cvm), (0x40, Cvm::None));
    assert!(run.request.is_none() && offline.token().is_none());
}

#[test]
fn the_online_tap_asks_the_host() {
    let Some(trace) = Trace::load("contactless-qpboc-online") else { return };
    let sale = trace.sale(1, "47B24BD3");
    let run = run(&trace.configuration, Interface::Contactless, sale, |c| trace.answer(c), Some(approval()));
    assert_eq!(run.verdict(), (Ending::Approved, "approved_online"));
    let recorded: Vec<_> = trace.turns.iter().map(|(command, _)| command.clone()).collect();
    assert_eq!(run.commands, recorded);
    let request = run.request.unwrap();
    assert_eq!(request.cryptogram.to_vec(), bytes("B97D3D7663F096D7"));
    assert_eq!(request.number_digits(), b"6228000000000000116");
}

#[test]
fn an_ordinary_terminal_refuses_the_recorded_number() {
    let Some(mut trace) = Trace::load("contactless-qpboc-online") else { return };
    trace.configuration.danger_ignore_check_digit = false;
    let sale = trace.sale(1, "47B24BD3");
    let run = run(&trace.configuration, Interface::Contactless, sale, |c| trace.answer(c), None);
    assert_eq!(run.verdict(), (Ending::EndApplication, "invalid_number"));
}

#[test]
fn the_contact_cards_are_taken_to_their_refusal() {
    // Both recordings end with a card that answers AAC to whatever it is asked.
    for (id, unpredictable_number, results) in
        [("contact-no-oda", "AB972819", "8000008000"), ("contact-dda", "718E1BD4", "0000008000")]
    {
        let Some(trace) = Trace::load(id) else { return };
        let mut sale = trace.sale(1000, unpredictable_number);
        sale.kind = SaleKind::Purchase;
        let host = HostAnswer::default();
        let run = run(&trace.configuration, Interface::Contact, sale, |c| trace.answer(c), Some(host));
        assert_eq!(run.verdict(), (Ending::Declined, "card_declined"), "{id}");
        assert_eq!(run.commands.len(), trace.turns.len(), "{id}");
        assert_eq!(run.outcome.receipt.unwrap().verification_results, results, "{id}");
    }
}

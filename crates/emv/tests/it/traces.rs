//! Recorded conversations between public terminals and a test card: everything in them is read, and the
//! signatures are checked under the test authority.

use crate::shared::{array, bytes, load};
use crypto::rsa::Exponent;
use emv::apdu::{Command, Instruction, Response};
use emv::objects::{Aip, Amount, Atc, CodeN3, Ctq, Date, UnpredictableNumber};
use emv::{afl, dol, fci, oda, tag, tlv};
use serde_json::Value;
use std::collections::HashMap;

/// All objects a card gave, by tag, and what the terminal gave in answer to lists.
#[derive(Default)]
struct Heard {
    card: HashMap<tlv::Tag, Vec<u8>>,
    terminal: HashMap<tlv::Tag, Vec<u8>>,
    records: HashMap<(u8, u8), Vec<u8>>,
    ddol_values: Option<Vec<u8>>,
}

impl Heard {
    fn of(trace: &Value) -> Heard {
        let mut heard = Heard::default();
        for apdu in trace["apdus"].as_array().unwrap() {
            let (command, response) = (bytes(apdu, "command"), bytes(apdu, "response"));
            heard.exchange(Command::parse(&command).unwrap(), Response::parse(&response).unwrap());
            assert_eq!(Command::parse(&command).unwrap().to_bytes().unwrap(), command);
        }
        heard
    }

    fn exchange(&mut self, command: Command<'_>, response: Response<'_>) {
        match command.known().expect("every command of the traces is known") {
            Instruction::GetProcessingOptions => {
                let values = tlv::unwrap_template(command.data, tag::COMMAND_TEMPLATE).unwrap().unwrap();
                self.answer_to(tag::PDOL, values);
            }
            Instruction::GenerateAc => self.answer_to(tag::CDOL1, command.data),
            Instruction::InternalAuthenticate => {
                self.answer_to(tag::DDOL, command.data);
                self.ddol_values = Some(command.data.to_vec());
            }
            Instruction::ReadRecord if response.status.is_ok() => {
                self.records.insert((command.p2 >> 3, command.p1), response.data.to_vec());
            }
            Instruction::Select if response.status.is_ok() => read_selection(command.data, response.data),
            _ => {}
        }
        tlv::walk(response.data, |_, object| {
            self.card.insert(object.tag, object.value.to_vec());
        })
        .unwrap();
    }

    fn answer_to(&mut self, list: tlv::Tag, values: &[u8]) {
        let list = self.card.get(&list).expect("the card asked").clone();
        let list = dol::Dol::parse(&list).unwrap();
        for (tag, value) in list.split(values).unwrap().iter() {
            self.terminal.insert(tag, value.to_vec());
        }
    }

    fn number(&self) -> Vec<u8> {
        let digits = hex::encode(&self.card[&tag::PAN]);
        digits.trim_end_matches('f').as_bytes().to_vec()
    }

    /// The card's key by way of its certificates and the records its locator names.
    fn card_key(&self, authority: &oda::AuthorityKey) -> oda::CardKey {
        let today = Date::parse(&self.terminal[&tag::DATE]).unwrap();
        let value = |tag: tlv::Tag| self.card.get(&tag).cloned().unwrap_or_default();
        let issuer = oda::Certificate {
            signed: value(tag::ISSUER_CERTIFICATE),
            remainder: value(tag::ISSUER_KEY_REMAINDER),
            exponent: value(tag::ISSUER_EXPONENT),
        };
        let issuer = oda::recover_issuer(authority, &issuer, &self.number(), today).unwrap();
        let mut data = oda::StaticData::new();
        for place in afl::Locator::parse(&self.card[&tag::AFL]).unwrap().records() {
            if place.authenticated {
                assert!(data.add_record(place.sfi, &self.records[&(place.sfi, place.record)]));
            }
        }
        if self.card.get(&tag::SDA_TAG_LIST).is_some_and(|list| list == &[0x82]) {
            data.add_profile(Aip::parse(&self.card[&tag::AIP]).unwrap());
        }
        let card = oda::Certificate {
            signed: value(tag::ICC_CERTIFICATE),
            remainder: value(tag::ICC_KEY_REMAINDER),
            exponent: value(tag::ICC_EXPONENT),
        };
        oda::recover_card(&issuer, &card, &data, &self.number(), today).unwrap()
    }
}

fn read_selection(name: &[u8], answer: &[u8]) {
    match name {
        emv::apdu::PPSE_NAME => {
            let entries = fci::parse_ppse(answer).unwrap();
            assert_eq!(fci::ppse(&entries), answer);
        }
        emv::apdu::PSE_NAME => assert_eq!(fci::parse_pse(answer), Ok(4)),
        _ => {
            let application = fci::ApplicationFci::parse(answer).unwrap();
            assert_eq!(application.to_bytes(), answer);
        }
    }
}

fn authority(file: &Value) -> oda::AuthorityKey {
    let key = &file["test_ca"];
    oda::AuthorityKey {
        provider: array(key, "rid"),
        index: array::<1>(key, "index")[0],
        modulus: bytes(key, "modulus"),
        exponent: Exponent::from_bytes(&bytes(key, "exponent")).unwrap(),
    }
}

fn trace<'a>(file: &'a Value, id: &str) -> &'a Value {
    file["traces"].as_array().unwrap().iter().find(|trace| trace["id"] == id).expect("trace is there")
}

#[test]
fn every_exchange_is_understood() {
    let Some(file) = load("apdu-traces.json") else { return };
    for trace in file["traces"].as_array().unwrap() {
        let heard = Heard::of(trace);
        assert!(heard.card.contains_key(&tag::CRYPTOGRAM), "{}", trace["id"]);
    }
}

#[test]
fn the_contact_card_signs_what_the_terminal_said() {
    let Some(file) = load("apdu-traces.json") else { return };
    let heard = Heard::of(trace(&file, "contact-dda"));
    let card = heard.card_key(&authority(&file));
    let said = heard.ddol_values.as_ref().unwrap();
    let signed = &heard.card[&tag::SIGNED_DYNAMIC_DATA];
    let dynamic = oda::verify_dynamic(&card, signed, said).unwrap();
    assert_eq!(usize::from(dynamic[0]), dynamic.len() - 1);
    assert_eq!(oda::verify_dynamic(&card, signed, &[0; 4]), Err(oda::OdaError::Hash));
}

#[test]
fn the_contactless_card_signs_amount_and_qualifiers() {
    let Some(file) = load("apdu-traces.json") else { return };
    let heard = Heard::of(trace(&file, "contactless-qpboc-offline-fdda01"));
    let card = heard.card_key(&authority(&file));
    let said = |minor_more: u64| {
        let amount = Amount::parse(&heard.terminal[&tag::AMOUNT]).unwrap();
        oda::FddaData::V01 {
            unpredictable: UnpredictableNumber(
                heard.terminal[&tag::UNPREDICTABLE_NUMBER][..].try_into().unwrap(),
            ),
            amount: Amount::from_minor(amount.minor() + minor_more).unwrap(),
            currency: CodeN3::parse(&heard.terminal[&tag::CURRENCY]).unwrap(),
            card: &heard.card[&tag::CARD_AUTHENTICATION_DATA],
        }
    };
    let atc = Atc::from(<[u8; 2]>::try_from(&heard.card[&tag::ATC][..]).unwrap());
    let ctq = Ctq::parse(&heard.card[&tag::CTQ]);
    let signed = &heard.card[&tag::SIGNED_DYNAMIC_DATA];
    let proved = oda::verify_fdda(&card, signed, &said(0), atc, ctq).unwrap();
    assert_eq!(proved.ctq, ctq);
    assert_eq!(oda::verify_fdda(&card, signed, &said(1), atc, ctq), Err(oda::OdaError::Hash));
}

#[test]
fn conversations_are_explained_without_showing_the_number() {
    let Some(file) = load("apdu-traces.json") else { return };
    for trace in file["traces"].as_array().unwrap() {
        let mut conversation = emv::describe::Conversation::new();
        let mut told = String::new();
        for apdu in trace["apdus"].as_array().unwrap() {
            for line in conversation.command(&bytes(apdu, "command")) {
                told.push_str(&format!("{line}\n"));
            }
            for line in conversation.response(&bytes(apdu, "response")) {
                told.push_str(&format!("{line}\n"));
            }
        }
        assert!(
            told.contains("amount, authorised: CNY 0.01\n") || told.contains("authorised: EUR 10.00\n"),
            "{told}"
        );
        for hidden in ["6228000000000000116", "622800000000", "PAIZA/TEST", "D3012", "=3012"] {
            assert!(!told.contains(hidden), "{hidden} in {told}");
        }
        assert!(!told.contains("unknown object") && !told.contains("broken"), "{told}");
    }
}

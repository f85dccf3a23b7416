//! The recorded conversations of public terminals with a card, replayed against ours: the same commands must get
//! answers of the same form.

use super::scripts::Field;
use crate::card::{Card, Profile};
use crate::keys::{KeySlot, StoreKeys};
use crate::testing::{self, Memory, NOON};
use emv::tlv;
use std::path::Path;

/// All tags in order with the depth at which they stand, then the status word.
fn form(answer: &[u8]) -> Vec<String> {
    let (data, status) = answer.split_at(answer.len() - 2);
    let mut tags = Vec::new();
    tlv::walk(data, |depth, object| tags.push(format!("{depth}:{}", object.tag))).unwrap();
    tags.push(hex::encode_upper(status));
    tags
}

/// The phone each trace wants: which card, whether it is unlocked.
fn field(trace: &str) -> Field {
    let contact = Card { profile: Profile::Contact, ..testing::card() };
    match trace {
        "contact-no-oda" => Field::new(Memory::with(contact, 1..=5), Profile::Contact).unlocked(),
        "contact-dda" => {
            Field::new(Memory::with(testing::certified(Profile::Contact), 1..=5), Profile::Contact).unlocked()
        }
        "contactless-qpboc-online" => Field::contactless().unlocked(),
        "contactless-qpboc-offline-fdda01" => {
            let mut memory = Memory::with(testing::certified(Profile::Offline), []);
            let keys: Vec<KeySlot> = vec![testing::slot(&testing::card(), 1, false)];
            memory.run(&StoreKeys { token: testing::token(), keys }, NOON).unwrap();
            // A gate: the phone stays locked.
            Field::new(memory, Profile::Offline)
        }
        other => panic!("a trace nobody prepared for: {other}"),
    }
}

#[test]
fn recorded_conversations_have_our_form() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/apdu-traces.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        assert!(std::env::var_os("CI").is_none(), "the traces are required here");
        eprintln!("not checked: there are no traces at {}", path.display());
        return;
    };
    let traces: serde_json::Value = serde_json::from_str(&text).unwrap();
    for trace in traces["traces"].as_array().unwrap() {
        let name = trace["id"].as_str().unwrap();
        let mut field = field(name);
        for (step, exchange) in trace["apdus"].as_array().unwrap().iter().enumerate() {
            let bytes = |what: &str| hex::decode(exchange[what].as_str().unwrap()).unwrap();
            let mut expected = form(&bytes("response"));
            let mut ours = form(&field.send(&bytes("command")));
            // What ours has more: the data of a token. What it has less: the sequence number a second time.
            ours.retain(|tag| !["1:9F24", "1:9F25", "1:9F19", "1:9F6E"].contains(&tag.as_str()));
            let is_record = expected[0] == "0:70";
            expected.retain(|tag| !(name.contains("offline") && is_record && tag == "1:5F34"));
            assert_eq!(ours, expected, "{name}, command {step}");
        }
        assert_eq!(field.memory.counter().atc, 1, "{name} is one transaction");
    }
}

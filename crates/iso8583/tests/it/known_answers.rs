//! The shared vectors, made by another implementation: decoded, compared, encoded again byte for byte.

use iso8583::{Message, Mti, OriginalData, Profile, TerminalHeader};
use serde_json::Value;

/// The vectors, or `None` with the reason printed; where everything is required their absence fails.
pub(crate) fn vectors() -> Option<Vec<Value>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/emv-vectors.json");
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let file: Value = serde_json::from_str(&text).unwrap();
            let all = file["vectors"].as_array().unwrap();
            let ours = |v: &&Value| v["kind"].as_str().unwrap().starts_with("iso8583_");
            Some(all.iter().filter(ours).cloned().collect())
        }
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "the shared vectors are required: {error}");
            eprintln!("skipped: no shared vectors ({error})");
            None
        }
    }
}

/// Profile, bytes and elements of one vector.
pub(crate) fn parts(vector: &Value) -> (Profile, Vec<u8>, &serde_json::Map<String, Value>) {
    let profile = Profile::from_name(vector["profile"].as_str().unwrap()).unwrap();
    let bytes = hex::decode(vector["output"]["message"].as_str().unwrap()).unwrap();
    (profile, bytes, vector["input"].as_object().unwrap())
}

fn content(name: &str, text: &str) -> Vec<u8> {
    match name {
        "52" | "55" | "64" | "128" => hex::decode(text).unwrap(),
        "35" => text.replace('D', "=").into_bytes(),
        _ => text.as_bytes().to_vec(),
    }
}

fn built(input: &serde_json::Map<String, Value>) -> Message {
    let mut message = Message::new(Mti::from_ascii(input["t"].as_str().unwrap().as_bytes()).unwrap());
    for (name, text) in input {
        let text = text.as_str().unwrap();
        match name.as_str() {
            "t" | "1" => {}
            "header" => {
                let bytes = hex::decode(text).unwrap();
                message.header = Some(TerminalHeader::new(bytes.try_into().unwrap()));
            }
            name => {
                message.set(name.parse().unwrap(), &content(name, text));
            }
        }
    }
    message
}

#[test]
fn shared_vectors_decode_and_encode() {
    let Some(vectors) = vectors() else { return };
    assert_eq!(vectors.len(), 10);
    for vector in &vectors {
        let (profile, bytes, input) = parts(vector);
        let decoded = profile.decode(&bytes).unwrap();
        assert_eq!(decoded, built(input), "{}", vector["id"]);
        for message in [decoded, built(input)] {
            let mut out = Vec::new();
            profile.encode(&message, &mut out).unwrap();
            assert_eq!(hex::encode_upper(out), vector["output"]["message"], "{}", vector["id"]);
        }
    }
}

#[test]
fn original_data_of_the_vectors_names_their_sales() {
    let Some(vectors) = vectors() else { return };
    let message = |id: &str| {
        let vector = vectors.iter().find(|v| v["id"] == id).unwrap();
        let (profile, bytes, _) = parts(vector);
        profile.decode(&bytes).unwrap()
    };
    for (sale, reversal) in [
        ("shared-iso8583_net-01", "shared-iso8583_net-03"),
        ("shared-iso8583_net-05", "shared-iso8583_net-07"),
    ] {
        assert_eq!(message(reversal).original(), Some(OriginalData::of(&message(sale))));
    }
}

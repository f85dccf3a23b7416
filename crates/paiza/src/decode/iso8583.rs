//! Host messages: framing recognised, every field with its name, chip data and private data inside.

use super::framing::{self, Found};
use super::input;
use super::{Verdict, tag_and_name};
use crate::cli::Bytes;
use crate::output::{Failure, Output};
use emv::describe::{danger_describe_texts_clear, describe_texts};
use iso8583::describe::{Line, danger_describe_clear, describe};
use iso8583::{Message, Profile, field};
use serde_json::{Value, json};

pub(crate) fn run(source: &Bytes, profile: &str, output: Output) -> Result<(), Failure> {
    let name = profile;
    let profile =
        Profile::from_name(name).ok_or_else(|| Failure::usage("the profile is neither net nor pos"))?;
    let mut verdict = Verdict::new();
    for entry in input::read(source)? {
        match framing::find(&entry.bytes, profile) {
            Ok(found) => {
                let outcome = explain(&found, profile, entry.bytes.len(), source.danger_clear, output);
                verdict.add(&entry.place(), outcome);
            }
            Err(not_found) => {
                let hint = other_profile(&entry.bytes, profile);
                let why = format!("not a message of profile {name}: {}{hint}", not_found.why);
                verdict.add(&entry.place(), Err(why));
            }
        }
    }
    verdict.conclude(output)
}

/// Says so if the other profile reads the bytes.
fn other_profile(bytes: &[u8], tried: Profile) -> String {
    let other = if tried == Profile::Net { Profile::Pos } else { Profile::Net };
    match framing::find(bytes, other) {
        Ok(_) => format!("; it is one of profile {}: try --profile {0}", other.name()),
        Err(_) => String::new(),
    }
}

fn explain(
    found: &Found,
    profile: Profile,
    length: usize,
    clear: bool,
    output: Output,
) -> Result<(), String> {
    output.line(format!("{} bytes, profile {}, {}", length, profile.name(), found.around));
    output.row(&json!({
        "bytes": length, "profile": profile.name(), "framing": found.framing, "around": found.around,
    }));
    let mut outcome = Ok(());
    for (index, message) in found.messages.iter().enumerate() {
        if found.messages.len() > 1 {
            output.line(format!("message {} of {}", index + 1, found.messages.len()));
        }
        explain_one(message, index + 1, clear, output);
        outcome = outcome.and(chip_data(message));
    }
    outcome
}

fn explain_one(message: &Message, number: usize, clear: bool, output: Output) {
    let lines = if clear {
        danger_describe_clear(message, danger_describe_texts_clear)
    } else {
        describe(message, describe_texts)
    };
    for line in &lines {
        output.line(line.to_string());
        output.row(&row(line, number));
        if (line.field, line.depth, line.name.as_str()) == (0, 0, "message type") {
            let fields: Vec<_> = message.fields().collect();
            let listed: Vec<_> = fields.iter().map(u8::to_string).collect();
            output.line(format!("bitmap {}", listed.join(" ")));
            output.row(
                &json!({ "message": number, "field": 1, "depth": 0, "name": "bitmap", "value": fields }),
            );
        }
    }
}

/// A line as a row. Inside chip data the describer's own text is split where its name ends.
fn row(line: &Line, message: usize) -> Value {
    if line.field != field::CHIP_DATA || line.depth == 0 {
        return json!({
            "message": message, "field": line.field, "depth": line.depth, "name": line.name, "value": line.value,
        });
    }
    let text = format!("{} {}", line.name, line.value);
    let (whole, value) = text.split_once(": ").unwrap_or((text.trim_end(), ""));
    let (tag, name) = tag_and_name(whole);
    json!({
        "message": message, "field": line.field, "depth": line.depth, "tag": tag, "name": name, "value": value,
    })
}

/// Whether DE 55 is the TLV it should be.
fn chip_data(message: &Message) -> Result<(), String> {
    let Some(content) = message.get(field::CHIP_DATA) else { return Ok(()) };
    emv::tlv::check(content).map_err(|why| format!("field {} (chip data): {why}", field::CHIP_DATA))
}

//! `paiza decode`: any message in plain words, masked unless asked otherwise.
//!
//! Text that is not hexadecimal ends with exit code 2 and the place; a message that breaks its own rules is
//! explained up to the break, and ends with exit code 1 and the place.

mod apdu;
mod framing;
mod input;
mod iso8583;
mod qr;
mod tlv;
mod upi;

use crate::cli::Decode;
use crate::output::{Failure, Output};
use emv::describe::Line;
use serde_json::{Value, json};

pub(crate) fn run(what: &Decode, output: &Output) -> Result<(), Failure> {
    match what {
        Decode::Tlv(bytes) => tlv::run(bytes, *output),
        Decode::Apdu(bytes) => apdu::run(bytes, *output),
        Decode::Qr { code } => qr::run(code.as_deref(), *output),
        Decode::Iso8583 { bytes, profile } => iso8583::run(bytes, profile, *output),
        Decode::Upi { source, danger_clear } => upi::run(source, *danger_clear, *output),
    }
}

/// How a run over several messages ends: fine, or with the first that was broken.
struct Verdict {
    messages: usize,
    broken: Vec<String>,
}

impl Verdict {
    fn new() -> Verdict {
        Verdict { messages: 0, broken: Vec::new() }
    }

    fn add(&mut self, place: &str, outcome: Result<(), String>) {
        self.messages += 1;
        if let Err(why) = outcome {
            self.broken.push(format!("{place}{why}"));
        }
    }

    fn conclude(self, output: Output) -> Result<(), Failure> {
        let summary = json!({ "messages": self.messages, "malformed": self.broken.len() });
        match self.broken.as_slice() {
            [] => {
                output.summary(summary);
                Ok(())
            }
            [only] => Err(Failure::malformed(only).with(summary)),
            [first, ..] => {
                let text = format!("{} messages are malformed; the first: {first}", self.broken.len());
                Err(Failure::malformed(text).with(summary))
            }
        }
    }
}

/// A line of card data as a row: the tag stands apart from its name.
fn row(line: &Line) -> Value {
    let (tag, name) = tag_and_name(&line.name);
    json!({ "depth": line.depth, "tag": tag, "name": name, "value": line.value })
}

/// Splits `9F36 application transaction counter` where the first word is a tag and the rest its name.
fn tag_and_name(text: &str) -> (Option<&str>, &str) {
    let split = text.split_once(' ').and_then(|(word, name)| {
        let bytes = hex::decode(word).ok()?;
        let (tag, length) = emv::tlv::Tag::read(&bytes).ok()?;
        let named = emv::tag::definition(tag).map_or("unknown object", |definition| definition.name);
        (length == bytes.len() && named == name).then_some((Some(word), name))
    });
    split.unwrap_or((None, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_stand_apart_from_names() {
        for (text, expected) in [
            ("9F36 application transaction counter", (Some("9F36"), "application transaction counter")),
            ("DF55 unknown object", (Some("DF55"), "unknown object")),
            ("byte 1 bit 6", (None, "byte 1 bit 6")),
            ("AC type", (None, "AC type")),
            ("broken", (None, "broken")),
        ] {
            assert_eq!(tag_and_name(text), expected);
        }
    }
}

//! Prints what goes over the wires, decoded field by field and masked.

use crate::output::Output;
use emv::describe::Conversation;
use iso8583::Profile;
use serde_json::{Value, json};
use server::trace::{Seen, Trace, Wire};
use std::sync::Mutex;

/// A watcher that prints.
pub(crate) struct Printer {
    output: Output,
    card: Mutex<Conversation>,
}

impl Printer {
    pub(crate) fn new(output: Output) -> Printer {
        Printer { output, card: Mutex::new(Conversation::new()) }
    }

    fn lines(&self, seen: &Seen<'_>) -> Vec<String> {
        match seen.wire {
            Wire::Apdu => self.apdu(seen),
            Wire::IsoNet => iso(Profile::Net, seen.bytes),
            Wire::IsoPos => iso(Profile::Pos, seen.bytes),
            Wire::Text => vec!["a text message (shown on the phone alone)".to_owned()],
            Wire::Http => http(seen.bytes),
        }
    }

    fn apdu(&self, seen: &Seen<'_>) -> Vec<String> {
        let mut card = self.card.lock().expect("no holder of this lock panics");
        let described = if seen.to == "phone" { card.command(seen.bytes) } else { card.response(seen.bytes) };
        described.iter().map(ToString::to_string).collect()
    }
}

impl Trace for Printer {
    fn seen(&self, seen: &Seen<'_>) {
        let lines = self.lines(seen);
        let title = if seen.title.is_empty() { String::new() } else { format!("  {}", seen.title) };
        let mut text = format!("\n{} -> {}{title}", seen.from, seen.to);
        for line in &lines {
            text.push_str("\n    ");
            text.push_str(line);
        }
        self.output.line(text);
        self.output.row(&json!({
            "event": "message", "from": seen.from, "to": seen.to, "wire": format!("{:?}", seen.wire),
            "title": seen.title, "bytes": seen.bytes.len(), "lines": lines,
        }));
    }
}

fn iso(profile: Profile, bytes: &[u8]) -> Vec<String> {
    match profile.decode(bytes) {
        Ok(message) => iso8583::describe::describe(&message, emv::describe::describe_texts)
            .iter()
            .map(ToString::to_string)
            .collect(),
        Err(error) => vec![format!("not a message of profile {}: {error}", profile.name())],
    }
}

/// A message of account payment, or JSON, with everything sealed, secret or personal masked.
fn http(bytes: &[u8]) -> Vec<String> {
    if bytes.starts_with(b"<") {
        return match ::upi::xml::read(bytes) {
            Ok(document) => ::upi::describe::message(&document).iter().map(ToString::to_string).collect(),
            Err(error) => vec![format!("not a message of account payment: {error}")],
        };
    }
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else {
        return if bytes.is_empty() { Vec::new() } else { vec![format!("{} bytes", bytes.len())] };
    };
    let mut lines = Vec::new();
    masked("", &value, &mut lines);
    lines
}

fn masked(path: &str, value: &Value, lines: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                masked(&format!("{path}/{name}"), value, lines);
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                masked(&format!("{path}/{place}"), item, lines);
            }
        }
        Value::String(text) => lines.push(format!("{path}: {}", mask(path, text))),
        Value::Null => {}
        other => lines.push(format!("{path}: {other}")),
    }
}

fn mask(path: &str, text: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or_default();
    match name {
        "sealed_card" | "sealed_code" | "sealed_text" | "device_part" | "user_part" => {
            format!("sealed, {} characters", text.len())
        }
        "code" if path == "/code" && text.bytes().all(|b| b.is_ascii_digit()) => "******".to_owned(),
        "recovery_code" | "expiry" | "card" | "key" | "document" | "data" => "****".to_owned(),
        "text" if text.starts_with("PAIZA ") => "PAIZA ****".to_owned(),
        "mobile" => format!("****{}", text.get(text.len().saturating_sub(4)..).unwrap_or_default()),
        "sim_proof" => "****".to_owned(),
        "from" if !text.starts_with('+') => text.to_owned(),
        "number" | "phone_number" | "to" | "from" => {
            let tail: String = text.chars().skip(text.chars().count().saturating_sub(4)).collect();
            format!("****{tail}")
        }
        _ => text.to_owned(),
    }
}

//! A message explained field by field, masked.

use crate::field::{self, Content, Definition, Secrecy};
use crate::private_data::PrivateData;
use crate::{Message, Mti, OriginalData, ResponseCode};
use std::fmt;
use values::{Currency, Money};

/// One line of a description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Which data element; 0 for header and message type.
    pub field: u8,
    /// How deep inside the element; 0 for the element itself.
    pub depth: u8,
    /// What it is called.
    pub name: String,
    /// What it holds, masked where it must be.
    pub value: String,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.field, self.depth) {
            (0, 0) => write!(f, "{} {}", self.name, self.value),
            (number, 0) => write!(f, "DE {number} {} {}", self.name, self.value),
            (_, depth) => write!(f, "{:1$}{2} {3}", "", usize::from(depth) * 2 + 2, self.name, self.value),
        }
    }
}

/// Explains a message; card numbers show their last four digits, tracks, PIN blocks and expiries nothing.
///
/// `chip` explains DE 55, one line per text; it must mask what it shows.
pub fn describe(message: &Message, chip: impl FnOnce(&[u8]) -> Vec<String>) -> Vec<Line> {
    lines(message, chip, false)
}

/// Explains a message with everything in clear. Only for one's own test cards.
pub fn danger_describe_clear(message: &Message, chip: impl FnOnce(&[u8]) -> Vec<String>) -> Vec<Line> {
    lines(message, chip, true)
}

fn lines(message: &Message, chip: impl FnOnce(&[u8]) -> Vec<String>, clear: bool) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(header) = message.header {
        lines.push(Line { field: 0, depth: 0, name: "header".into(), value: hex(header.bytes()) });
    }
    let value = format!("{} {}", message.mti, message.mti.meaning());
    lines.push(Line { field: 0, depth: 0, name: "message type".into(), value });
    let mut chip = Some(chip);
    for number in message.fields() {
        let (content, definition) = (message.get(number), field::definition(number));
        let (Some(content), Some(definition)) = (content, definition) else { continue };
        let value = explained(message, number, content, definition, clear);
        lines.push(Line { field: number, depth: 0, name: definition.name.into(), value });
        match number {
            field::PRIVATE_DATA => lines.extend(private_lines(content, clear)),
            field::CHIP_DATA => {
                let texts = chip.take().map(|chip| chip(content)).unwrap_or_default();
                lines.extend(texts.into_iter().map(|text| split_line(number, &text)));
            }
            _ => {}
        }
    }
    lines
}

fn explained(message: &Message, number: u8, content: &[u8], definition: &Definition, clear: bool) -> String {
    if definition.secrecy == Secrecy::Parts {
        return format!("{} bytes", content.len());
    }
    let shown = shown(content, definition.content == Content::Bytes, definition.secrecy, clear);
    match meaning(message, number, content) {
        Some(meaning) => format!("{shown} ({meaning})"),
        None => shown,
    }
}

/// What a value of the field says, where a table or a value type knows it.
fn meaning(message: &Message, number: u8, content: &[u8]) -> Option<String> {
    let short = |text: &str| Some(text.to_owned());
    match number {
        field::PROCESSING_CODE => short(processing(content.get(..2)?)?),
        field::AMOUNT => message.amount().map(|amount: Money| amount.to_string()),
        field::ENTRY_MODE => short(entry_mode(content.get(..2)?)?),
        field::RESPONSE_CODE => match message.mti.class() {
            b'4' if !message.mti.is_answer() => short(reversal_reason(content)?),
            _ => short(ResponseCode::from_ascii(content)?.meaning()),
        },
        49..=51 => short(Currency::from_numeric(message.number(number)? as u16)?.alpha()),
        field::NETWORK_CODE => short(network_code(content)?),
        field::ORIGINAL => {
            let original = OriginalData::parse(content).ok()?;
            let stan = String::from_utf8_lossy(&original.stan).into_owned();
            Some(format!("{} {}, trace {stan}", original.mti, Mti::meaning(original.mti)))
        }
        _ => None,
    }
}

fn processing(kind: &[u8]) -> Option<&'static str> {
    Some(match kind {
        b"00" => "purchase",
        b"01" => "cash",
        b"03" => "pre-authorisation",
        b"20" => "refund or void",
        b"31" => "balance",
        b"33" => "account verification",
        _ => return None,
    })
}

fn entry_mode(mode: &[u8]) -> Option<&'static str> {
    Some(match mode {
        b"01" => "manual",
        b"02" | b"90" => "magnetic stripe",
        b"03" => "code scanned",
        b"05" => "contact chip",
        b"07" => "contactless chip",
        b"91" => "contactless, stripe data",
        b"95" => "chip, CVV unreliable",
        b"98" => "contactless, standard debit/credit",
        _ => return None,
    })
}

fn reversal_reason(reason: &[u8]) -> Option<&'static str> {
    Some(match reason {
        b"98" => "no answer in time",
        b"96" => "terminal failed after approval",
        b"A0" => "MAC of the answer wrong",
        b"17" => "cancelled by the cashier",
        b"06" => "other",
        _ => return None,
    })
}

fn network_code(code: &[u8]) -> Option<&'static str> {
    Some(match code {
        b"001" => "sign on",
        b"002" => "sign off",
        b"101" => "key change",
        b"201" => "cut-over",
        b"301" => "echo",
        _ => return None,
    })
}

fn private_lines(content: &[u8], clear: bool) -> Vec<Line> {
    let line = |name: String, value| Line { field: field::PRIVATE_DATA, depth: 1, name, value };
    match PrivateData::parse(content) {
        // A terminal's settlement has its totals here, as digits.
        _ if content.iter().all(u8::is_ascii_digit) => vec![line("totals".into(), printable(content))],
        Err(fault) => vec![line("not readable:".into(), fault.to_string())],
        Ok(data) => data
            .entries()
            .map(|(tag, value)| {
                let binary = !value.iter().all(|byte| (0x20..0x7f).contains(byte));
                let shown = shown(value, binary, tag.secrecy(), clear);
                line(format!("{:02X} {}", tag.byte(), tag.name()), shown)
            })
            .collect(),
    }
}

/// A line of the chip data's describer; leading spaces tell how deep it is.
fn split_line(field: u8, text: &str) -> Line {
    let inner = text.trim_start();
    let depth = 1 + ((text.len() - inner.len()) / 2).min(8) as u8;
    let (name, value) = inner.split_once(' ').unwrap_or((inner, ""));
    Line { field, depth, name: name.to_owned(), value: value.to_owned() }
}

fn shown(content: &[u8], binary: bool, secrecy: Secrecy, clear: bool) -> String {
    let whole = || if binary { hex(content) } else { printable(content) };
    match secrecy {
        _ if clear => whole(),
        Secrecy::Open => whole(),
        Secrecy::LastFour => {
            let number = content.split(|byte| *byte == b'=').next().unwrap_or_default();
            // Four of a number so short would be most of it.
            let tail = if number.len() >= 8 { number.last_chunk::<4>() } else { None };
            tail.map_or("****".into(), |tail| format!("****{}", printable(tail)))
        }
        Secrecy::Hidden | Secrecy::Parts => format!("**** ({} bytes)", content.len()),
    }
}

fn printable(content: &[u8]) -> String {
    let text = String::from_utf8_lossy(content);
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tag;

    fn tap() -> Message {
        let mut message = Message::new(Mti::FINANCIAL);
        message.set_text(2, "6216623937629277878").set_text(3, "000000");
        message.set_amount(Money::new(1250, Currency::CNY).unwrap());
        message
            .set_text(14, "3012")
            .set_text(22, "072")
            .set_text(35, "6216623937629277878=30122010000000000");
        message.set(52, &[0xAB; 8]).set(55, &[0x9F, 0x36, 2, 0, 1]);
        message.set_private(Tag::TOKEN_NUMBER, b"6216623937629277878").set_private(Tag::TRIES_LEFT, &[3]);
        message
    }

    #[test]
    fn a_tap_is_explained_and_masked() {
        let text: Vec<String> =
            describe(&tap(), |_| vec!["9F36 ATC 0001".into()]).iter().map(Line::to_string).collect();
        assert_eq!(
            text,
            [
                "message type 0200 financial request",
                "DE 2 primary account number ****7878",
                "DE 3 processing code 000000 (purchase)",
                "DE 4 amount, transaction 000000001250 (CNY 12.50)",
                "DE 14 expiry date **** (4 bytes)",
                "DE 22 point of service entry mode 072 (contactless chip)",
                "DE 35 track 2 ****7878",
                "DE 48 private data 24 bytes",
                "    C1 token number ****7878",
                "    D8 tries left 03",
                "DE 49 currency, transaction 156 (CNY)",
                "DE 52 PIN block **** (8 bytes)",
                "DE 55 chip data 5 bytes",
                "    9F36 ATC 0001",
            ]
        );
    }

    #[test]
    fn clear_is_a_call_of_its_own() {
        let masked = format!("{:?}", describe(&tap(), |_| Vec::new()));
        assert!(!masked.contains("62166239") && !masked.contains("3012") && !masked.contains("ABAB"));
        assert!(
            format!("{:?}", danger_describe_clear(&tap(), |_| Vec::new())).contains("6216623937629277878")
        );
    }

    #[test]
    fn odd_content_is_explained_too() {
        let mut message = Message::new(Mti::REVERSAL_ADVICE);
        message.set(2, b"62").set(3, b"").set(39, b"98").set(48, b"\xff\xff").set(49, b"999").set(90, b"x");
        let text = format!("{:?}", describe(&message, |_| Vec::new()));
        assert!(text.contains("no answer in time") && text.contains("not readable"));
        let mut settlement = Message::new(Mti::SETTLEMENT);
        settlement.set_text(48, "0000000025000020000000001000010");
        assert!(describe(&settlement, |_| Vec::new())[2].value.contains("2500002"));
    }
}

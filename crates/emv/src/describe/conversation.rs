//! A conversation between terminal and card, explained as it goes: what a card asked for in a list names the
//! bytes the terminal answers with.

use super::{Context, Line, lines_of_object, lines_of_tree, value};
use crate::apdu::{Command, Instruction, Response};
use crate::dol::Dol;
use crate::objects::{Cid, CodeN3};
use crate::tag;
use crate::tlv::{self, Tag};
use values::Currency;

/// Explains commands and responses in order, remembering the lists a card gave. Masks unless made otherwise.
#[derive(Debug, Default)]
pub struct Conversation {
    clear: bool,
    currency: Option<Currency>,
    /// PDOL, CDOL1, CDOL2 and DDOL, as the card last gave them.
    lists: Vec<(Tag, Vec<u8>)>,
    cryptograms_asked: u8,
    last: Option<Instruction>,
}

impl Conversation {
    /// A masked conversation, from its first command.
    pub fn new() -> Conversation {
        Conversation::default()
    }

    /// A conversation with everything in clear. Only for one's own test cards.
    pub fn danger_clear() -> Conversation {
        Conversation { clear: true, ..Conversation::default() }
    }

    /// Explains a command.
    pub fn command(&mut self, bytes: &[u8]) -> Vec<Line> {
        let command = match Command::parse(bytes) {
            Ok(command) => command,
            Err(why) => return vec![Line::new(0, "not a command", why.to_string())],
        };
        self.last = command.known();
        let header = format!(
            "{:02X} {:02X} {:02X} {:02X}",
            command.class, command.instruction, command.p1, command.p2
        );
        let name = self.last.map_or("unknown command", Instruction::name);
        let mut lines = vec![Line::new(0, name, format!("{header}{}", parameters(&command)))];
        lines.extend(self.data_lines(&command));
        lines
    }

    /// Explains a response to the command before it.
    pub fn response(&mut self, bytes: &[u8]) -> Vec<Line> {
        let response = match Response::parse(bytes) {
            Ok(response) => response,
            Err(why) => return vec![Line::new(0, "not a response", why.to_string())],
        };
        self.remember(response.data);
        let status = response.status;
        let mut lines = vec![Line::new(0, "answer", format!("{status} {}", status.meaning()))];
        if !response.data.is_empty() {
            lines.extend(self.answer_lines(response.data));
        }
        lines
    }

    fn context(&self) -> Context {
        Context { clear: self.clear, currency: self.currency }
    }

    fn data_lines(&mut self, command: &Command<'_>) -> Vec<Line> {
        match self.last {
            _ if command.data.is_empty() => Vec::new(),
            Some(Instruction::Select) => lines_of_object(tag::DF_NAME, command.data, self.context(), 1),
            Some(Instruction::GetProcessingOptions) => {
                match tlv::unwrap_template(command.data, tag::COMMAND_TEMPLATE) {
                    Ok(Some(values)) => self.list_lines(tag::PDOL, values),
                    _ => lines_of_tree(command.data, self.context(), 1),
                }
            }
            Some(Instruction::GenerateAc) => {
                self.cryptograms_asked += 1;
                let list = if self.cryptograms_asked == 1 { tag::CDOL1 } else { tag::CDOL2 };
                self.list_lines(list, command.data)
            }
            Some(Instruction::InternalAuthenticate) => self.list_lines(tag::DDOL, command.data),
            Some(Instruction::ExternalAuthenticate) => {
                lines_of_object(tag::ISSUER_AUTHENTICATION, command.data, self.context(), 1)
            }
            Some(Instruction::Verify | Instruction::PinChange) if !self.clear => {
                vec![Line::new(1, "PIN data", format!("**** ({} bytes)", command.data.len()))]
            }
            _ => vec![Line::new(1, "data", value::plain(command.data, self.context()).text)],
        }
    }

    /// The terminal's answer to a list, value by value if the list is known and the length is right.
    fn list_lines(&mut self, list: Tag, values: &[u8]) -> Vec<Line> {
        let name = tag::definition(list).map_or("list", |line| line.name);
        let known = self.lists.iter().find(|(tag, _)| *tag == list).map(|(_, bytes)| bytes.clone());
        let Some(bytes) = known else {
            let text = value::plain(values, self.context()).text;
            return vec![Line::new(1, format!("values for a {name} not seen here"), text)];
        };
        let split = match Dol::parse(&bytes) {
            Ok(dol) => dol.split(values).map(|values| values.iter().collect::<Vec<_>>()),
            Err(why) => return vec![Line::new(1, name, why.to_string())],
        };
        match split {
            Err(why) => vec![Line::new(1, name, why.to_string())],
            Ok(parts) => {
                let code = parts.iter().find(|(tag, _)| *tag == tag::CURRENCY);
                let currency = code.and_then(|(_, value)| CodeN3::parse(value).ok()?.currency());
                self.currency = currency.or(self.currency);
                let context = self.context();
                parts.into_iter().flat_map(|(tag, value)| lines_of_object(tag, value, context, 1)).collect()
            }
        }
    }

    fn remember(&mut self, data: &[u8]) {
        let lists = &mut self.lists;
        let starts_anew = self.last == Some(Instruction::Select);
        if starts_anew {
            lists.clear();
            self.cryptograms_asked = 0;
        }
        // What follows a break is not explained either, so a broken tree needs no other care.
        let _ = tlv::walk(data, |_, object| {
            if [tag::PDOL, tag::CDOL1, tag::CDOL2, tag::DDOL].contains(&object.tag) {
                lists.retain(|(tag, _)| *tag != object.tag);
                lists.push((object.tag, object.value.to_vec()));
            }
        });
    }

    fn answer_lines(&self, data: &[u8]) -> Vec<Line> {
        let context = self.context();
        let format_1 = tlv::unwrap_template(data, tag::RESPONSE_FORMAT_1).ok().flatten();
        match (format_1, self.last) {
            // EMV 4.4 Book 3, 6.5.8.4: profile, then locator.
            (Some([a, b, locator @ ..]), Some(Instruction::GetProcessingOptions)) => {
                let mut lines = lines_of_object(tag::AIP, &[*a, *b], context, 1);
                lines.extend(lines_of_object(tag::AFL, locator, context, 1));
                lines
            }
            // EMV 4.4 Book 3, 6.5.5.4: information, counter, cryptogram, issuer data.
            (Some([cid, rest @ ..]), Some(Instruction::GenerateAc)) if rest.len() >= 10 => {
                let parts: [(Tag, &[u8]); 4] = [
                    (tag::CID, std::slice::from_ref(cid)),
                    (tag::ATC, &rest[..2]),
                    (tag::CRYPTOGRAM, &rest[2..10]),
                    (tag::IAD, &rest[10..]),
                ];
                parts.into_iter().flat_map(|(tag, value)| lines_of_object(tag, value, context, 1)).collect()
            }
            (Some(signed), Some(Instruction::InternalAuthenticate)) => {
                lines_of_object(tag::SIGNED_DYNAMIC_DATA, signed, context, 1)
            }
            _ if self.last == Some(Instruction::GetChallenge)
                || self.last == Some(Instruction::ReaderUid) =>
            {
                vec![Line::new(1, "data", value::plain(data, context).text)]
            }
            _ => lines_of_tree(data, context, 1),
        }
    }
}

/// What the parameter bytes say.
fn parameters(command: &Command<'_>) -> String {
    match command.known() {
        Some(Instruction::Select) if command.p2 == 2 => " next application by name".to_owned(),
        Some(Instruction::Select) => " application by name".to_owned(),
        Some(Instruction::ReadRecord) => format!(" file {} record {}", command.p2 >> 3, command.p1),
        Some(Instruction::GenerateAc) => {
            let wanted = super::issuer::kind_text(Cid::from_bits(command.p1).kind());
            let combined = if command.p1 & 0x10 == 0 { "" } else { ", signed" };
            format!(" wanted {wanted}{combined}")
        }
        Some(Instruction::GetData) => {
            let wanted = Tag::new(u32::from(u16::from_be_bytes([command.p1, command.p2])));
            format!(" {wanted} {}", tag::definition(wanted).map_or("unknown object", |line| line.name))
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(conversation: &mut Conversation, command: &str, response: &str) -> String {
        let mut lines = conversation.command(&hex::decode(command).unwrap());
        lines.extend(conversation.response(&hex::decode(response).unwrap()));
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    #[test]
    fn lists_name_the_values_that_answer_them() {
        let mut conversation = Conversation::new();
        let selected = told(
            &mut conversation,
            "00A4040008A00000033301010100",
            "6F448408A000000333010101A538500E556E696F6E5061792044656269748701019F381B9F66049F02069F03069F1A0295055F2A02\
             9A039C019F3704DF69015F2D047A68656E9000",
        );
        assert!(selected.starts_with(
            "SELECT: 00 A4 04 00 application by name\n  84 dedicated file name: A000000333010101 (UnionPay debit)\n\
             answer: 9000 fine\n"
        ));
        let options = told(
            &mut conversation,
            "80A80000248322332000000000000000010000000000000156000000000001562611212147B24BD30000",
            "6985",
        );
        for line in [
            "  9F02 amount, authorised: CNY 0.01\n",
            "  9A transaction date: 2026-11-21\n",
            "  9F66 terminal transaction qualifiers: 33200000\n    byte 1 bit 6: qPBOC / qUICS (EMV mode) supported\n",
            "answer: 6985 conditions of use not satisfied: try another card or interface\n",
        ] {
            assert!(options.contains(line), "{line} in\n{options}");
        }
    }

    #[test]
    fn contact_answers_in_format_1_are_split() {
        let mut conversation = Conversation::new();
        let options =
            told(&mut conversation, "80A8000002830000", "8006200008010100 9000".replace(' ', "").as_str());
        assert!(
            options.contains("94 application file locator")
                && options.contains("file 1: records 1 to 1, 0 signed")
        );
        let verify = told(&mut conversation, "0020008008241234FFFFFFFFFF", "63C2");
        assert!(verify.contains("PIN data: **** (8 bytes)") && !verify.contains("1234FF"), "{verify}");
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(exchanges in proptest::collection::vec(
            (proptest::collection::vec(any::<u8>(), 0..60), proptest::collection::vec(any::<u8>(), 0..120)), 0..4)) {
            let mut conversation = Conversation::new();
            for (command, response) in exchanges {
                let _ = conversation.command(&command);
                let _ = conversation.response(&response);
            }
        }
    }
}

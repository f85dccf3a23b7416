//! Commands to a card and its responses (ISO/IEC 7816-4; EMV 4.4 Book 1, 9.4 and Book 3, 6.5).
//!
//! Short lengths only: data of at most 255 bytes, answers of at most 256, as EMV uses.

use crate::objects::Aid;
use std::fmt;

/// Name of the contactless payment directory, `2PAY.SYS.DDF01`.
pub const PPSE_NAME: &[u8] = b"2PAY.SYS.DDF01";

/// Name of the contact payment directory, `1PAY.SYS.DDF01`.
pub const PSE_NAME: &[u8] = b"1PAY.SYS.DDF01";

/// What is wrong with bytes that should have been a command or a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApduError {
    /// A command has at least four bytes, a response at least two.
    #[error("too short")]
    TooShort,
    /// Lc, data and Le do not add up to the bytes given.
    #[error("lengths do not add up")]
    Lengths,
    /// More than 255 data bytes for a command, or 256 for a response.
    #[error("too long")]
    TooLong,
}

/// A command: header, data and how many bytes of answer are expected.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Command<'a> {
    /// Class byte.
    pub class: u8,
    /// Instruction byte, see [`Instruction`].
    pub instruction: u8,
    /// First parameter.
    pub p1: u8,
    /// Second parameter.
    pub p2: u8,
    /// Command data, at most 255 bytes.
    pub data: &'a [u8],
    /// Largest answer wanted, 1 to 256; `None` when no data is wanted.
    pub expected: Option<u16>,
}

impl<'a> Command<'a> {
    /// Reads a command of case 1 to 4, short form.
    pub fn parse(bytes: &'a [u8]) -> Result<Command<'a>, ApduError> {
        let (&[class, instruction, p1, p2], body) =
            bytes.split_first_chunk::<4>().ok_or(ApduError::TooShort)?;
        let expect = |le: u8| Some(if le == 0 { 256 } else { u16::from(le) });
        let (data, expected): (&[u8], _) = match *body {
            [] => (&[], None),
            [le] => (&[], expect(le)),
            // A leading zero before more bytes is the extended form, which EMV does not use.
            [0, ..] => return Err(ApduError::Lengths),
            [lc, ref rest @ ..] => match rest.len().checked_sub(usize::from(lc)) {
                Some(0) => (rest, None),
                Some(1) => (&rest[..usize::from(lc)], expect(rest[usize::from(lc)])),
                _ => return Err(ApduError::Lengths),
            },
        };
        Ok(Command { class, instruction, p1, p2, data, expected })
    }

    /// The bytes to send; refuses data of more than 255 bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ApduError> {
        let mut out = vec![self.class, self.instruction, self.p1, self.p2];
        if !self.data.is_empty() {
            out.push(u8::try_from(self.data.len()).map_err(|_| ApduError::TooLong)?);
            out.extend_from_slice(self.data);
        }
        match self.expected {
            None => {}
            Some(le @ 1..=256) => out.push((le & 0xFF) as u8),
            Some(_) => return Err(ApduError::TooLong),
        }
        Ok(out)
    }

    /// Which command this is, if it is one EMV knows.
    pub fn known(&self) -> Option<Instruction> {
        Instruction::of(self.class, self.instruction)
    }

    /// SELECT by name, first occurrence (P2 00).
    pub fn select(name: &'a [u8]) -> Command<'a> {
        Command { class: 0x00, instruction: 0xA4, p1: 0x04, p2: 0x00, data: name, expected: Some(256) }
    }

    /// SELECT by name, next occurrence (P2 02).
    pub fn select_next(name: &'a [u8]) -> Command<'a> {
        Command { p2: 0x02, ..Command::select(name) }
    }

    /// SELECT of an application.
    pub fn select_application(aid: &'a Aid) -> Command<'a> {
        Command::select(aid.as_bytes())
    }

    /// READ RECORD of a short file (1 to 30).
    pub fn read_record(sfi: u8, record: u8) -> Command<'a> {
        Command {
            class: 0x00,
            instruction: 0xB2,
            p1: record,
            p2: (sfi & 0x1F) << 3 | 4,
            data: &[],
            expected: Some(256),
        }
    }

    /// GET PROCESSING OPTIONS; `data` is the command template, see [`processing_options_data`].
    pub fn get_processing_options(data: &'a [u8]) -> Command<'a> {
        Command { class: 0x80, instruction: 0xA8, p1: 0, p2: 0, data, expected: Some(256) }
    }

    /// GENERATE AC: which cryptogram is wanted (high bits of the CID) over these CDOL values.
    pub fn generate_ac(wanted: crate::objects::CryptogramKind, cdol_values: &'a [u8]) -> Command<'a> {
        let p1 = wanted.cid().bits();
        Command { class: 0x80, instruction: 0xAE, p1, p2: 0, data: cdol_values, expected: Some(256) }
    }

    /// INTERNAL AUTHENTICATE over these DDOL values.
    pub fn internal_authenticate(ddol_values: &'a [u8]) -> Command<'a> {
        Command { class: 0x00, instruction: 0x88, p1: 0, p2: 0, data: ddol_values, expected: Some(256) }
    }

    /// EXTERNAL AUTHENTICATE with the value of tag 91.
    pub fn external_authenticate(issuer_data: &'a [u8]) -> Command<'a> {
        Command { class: 0x00, instruction: 0x82, p1: 0, p2: 0, data: issuer_data, expected: None }
    }

    /// GET DATA of a two-byte tag.
    pub fn get_data(tag: crate::tlv::Tag) -> Command<'a> {
        let [p1, p2] = (tag.wire() as u16).to_be_bytes();
        Command { class: 0x80, instruction: 0xCA, p1, p2, data: &[], expected: Some(256) }
    }
}

impl fmt::Debug for Command<'_> {
    // Data may hold a PIN block, so only its length shows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Command { class, instruction, p1, p2, data, expected } = self;
        write!(f, "{class:02X}{instruction:02X}{p1:02X}{p2:02X} [{}] {expected:?}", data.len())
    }
}

/// The command template `83` of GET PROCESSING OPTIONS around the PDOL values (`8300` without PDOL).
pub fn processing_options_data(pdol_values: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(pdol_values.len() + 3);
    crate::tlv::write(&mut out, crate::tag::COMMAND_TEMPLATE, pdol_values);
    out
}

/// The commands of EMV.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instruction {
    /// SELECT (00 A4).
    Select,
    /// READ RECORD (00 B2).
    ReadRecord,
    /// GET PROCESSING OPTIONS (80 A8).
    GetProcessingOptions,
    /// GENERATE AC (80 AE).
    GenerateAc,
    /// INTERNAL AUTHENTICATE (00 88).
    InternalAuthenticate,
    /// EXTERNAL AUTHENTICATE (00 82).
    ExternalAuthenticate,
    /// GET DATA (80 CA).
    GetData,
    /// VERIFY (00 20).
    Verify,
    /// GET CHALLENGE (00 84).
    GetChallenge,
    /// GET RESPONSE (00 C0), a matter of the T=0 transport.
    GetResponse,
    /// PUT DATA (04 DA).
    PutData,
    /// UPDATE RECORD (04 DC).
    UpdateRecord,
    /// APPLICATION BLOCK (84 1E).
    ApplicationBlock,
    /// APPLICATION UNBLOCK (84 18).
    ApplicationUnblock,
    /// CARD BLOCK (84 16).
    CardBlock,
    /// PIN CHANGE or UNBLOCK (84 24).
    PinChange,
    /// FF CA: a reader's own request for the contactless serial number (PC/SC part 3).
    ReaderUid,
}

impl Instruction {
    /// Which command a class and instruction byte name. Bit 3 of the class is secure messaging.
    pub fn of(class: u8, instruction: u8) -> Option<Instruction> {
        Some(match (class, instruction) {
            (0x00, 0xA4) => Instruction::Select,
            (0x00, 0xB2) => Instruction::ReadRecord,
            (0x80, 0xA8) => Instruction::GetProcessingOptions,
            (0x80, 0xAE) => Instruction::GenerateAc,
            (0x00, 0x88) => Instruction::InternalAuthenticate,
            (0x00, 0x82) => Instruction::ExternalAuthenticate,
            (0x80, 0xCA) => Instruction::GetData,
            (0x00, 0x20) => Instruction::Verify,
            (0x00, 0x84) => Instruction::GetChallenge,
            (0x00, 0xC0) => Instruction::GetResponse,
            (0x04 | 0x84, 0xDA) => Instruction::PutData,
            (0x04 | 0x84, 0xDC) => Instruction::UpdateRecord,
            (0x84 | 0x8C, 0x1E) => Instruction::ApplicationBlock,
            (0x84 | 0x8C, 0x18) => Instruction::ApplicationUnblock,
            (0x84 | 0x8C, 0x16) => Instruction::CardBlock,
            (0x84 | 0x8C, 0x24) => Instruction::PinChange,
            (0xFF, 0xCA) => Instruction::ReaderUid,
            _ => return None,
        })
    }

    /// Its name as the specifications print it.
    pub fn name(self) -> &'static str {
        match self {
            Instruction::Select => "SELECT",
            Instruction::ReadRecord => "READ RECORD",
            Instruction::GetProcessingOptions => "GET PROCESSING OPTIONS",
            Instruction::GenerateAc => "GENERATE AC",
            Instruction::InternalAuthenticate => "INTERNAL AUTHENTICATE",
            Instruction::ExternalAuthenticate => "EXTERNAL AUTHENTICATE",
            Instruction::GetData => "GET DATA",
            Instruction::Verify => "VERIFY",
            Instruction::GetChallenge => "GET CHALLENGE",
            Instruction::GetResponse => "GET RESPONSE",
            Instruction::PutData => "PUT DATA",
            Instruction::UpdateRecord => "UPDATE RECORD",
            Instruction::ApplicationBlock => "APPLICATION BLOCK",
            Instruction::ApplicationUnblock => "APPLICATION UNBLOCK",
            Instruction::CardBlock => "CARD BLOCK",
            Instruction::PinChange => "PIN CHANGE/UNBLOCK",
            Instruction::ReaderUid => "reader: contactless serial number",
        }
    }
}

/// The two bytes that end every response.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct StatusWord(pub u16);

impl StatusWord {
    /// All is well.
    pub const OK: StatusWord = StatusWord(0x9000);
    /// The selected application is blocked; its FCI is given all the same.
    pub const INVALIDATED: StatusWord = StatusWord(0x6283);
    /// Authentication failed.
    pub const AUTHENTICATION_FAILED: StatusWord = StatusWord(0x6300);
    /// Wrong length.
    pub const WRONG_LENGTH: StatusWord = StatusWord(0x6700);
    /// Security status not satisfied.
    pub const SECURITY_NOT_SATISFIED: StatusWord = StatusWord(0x6982);
    /// Authentication method blocked.
    pub const BLOCKED: StatusWord = StatusWord(0x6983);
    /// Reference data unusable.
    pub const REFERENCE_UNUSABLE: StatusWord = StatusWord(0x6984);
    /// Conditions of use not satisfied: this card will not do this transaction here.
    pub const CONDITIONS_NOT_SATISFIED: StatusWord = StatusWord(0x6985);
    /// Command not allowed: the phone first wants something of its owner ("see phone").
    pub const SEE_PHONE: StatusWord = StatusWord(0x6986);
    /// Wrong data in the command.
    pub const WRONG_DATA: StatusWord = StatusWord(0x6A80);
    /// Function not supported.
    pub const NOT_SUPPORTED: StatusWord = StatusWord(0x6A81);
    /// File or application not found.
    pub const NOT_FOUND: StatusWord = StatusWord(0x6A82);
    /// Record not found.
    pub const RECORD_NOT_FOUND: StatusWord = StatusWord(0x6A83);
    /// Wrong P1 or P2.
    pub const WRONG_PARAMETERS: StatusWord = StatusWord(0x6A86);
    /// Data object not found.
    pub const OBJECT_NOT_FOUND: StatusWord = StatusWord(0x6A88);
    /// Instruction not supported.
    pub const WRONG_INSTRUCTION: StatusWord = StatusWord(0x6D00);
    /// Class not supported.
    pub const WRONG_CLASS: StatusWord = StatusWord(0x6E00);
    /// Something failed inside the card.
    pub const INTERNAL: StatusWord = StatusWord(0x6F00);

    /// Whether the command succeeded.
    pub fn is_ok(self) -> bool {
        self == StatusWord::OK
    }

    /// PIN tries that remain, from `63Cx`.
    pub fn tries_left(self) -> Option<u8> {
        (self.0 & 0xFFF0 == 0x63C0).then_some((self.0 & 0xF) as u8)
    }

    /// The meaning in plain words.
    pub fn meaning(self) -> &'static str {
        match self.0 {
            0x9000 => "fine",
            0x6283 => "selected application is blocked",
            0x6300 => "authentication failed",
            0x63C0..=0x63CF => "wrong PIN; the last digit is the tries left",
            0x6100..=0x61FF => "more bytes to fetch with GET RESPONSE",
            0x6C00..=0x6CFF => "wrong expected length; the last byte is the right one",
            0x6700 => "wrong length",
            0x6982 => "security status not satisfied",
            0x6983 => "authentication method blocked",
            0x6984 => "reference data unusable",
            0x6985 => "conditions of use not satisfied: try another card or interface",
            0x6986 => "command not allowed: see phone",
            0x6A80 => "wrong data",
            0x6A81 => "function not supported (or card blocked)",
            0x6A82 => "file or application not found",
            0x6A83 => "record not found",
            0x6A86 => "wrong P1 or P2",
            0x6A88 => "data object not found",
            0x6D00 => "instruction not supported",
            0x6E00 => "class not supported",
            0x6F00 => "internal error of the card",
            _ => "status not in the table",
        }
    }
}

impl fmt::Display for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl fmt::Debug for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A response: data and status.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Response<'a> {
    /// Response data, at most 256 bytes.
    pub data: &'a [u8],
    /// How it went.
    pub status: StatusWord,
}

impl<'a> Response<'a> {
    /// Reads data and status word.
    pub fn parse(bytes: &'a [u8]) -> Result<Response<'a>, ApduError> {
        let (data, &[sw1, sw2]) = bytes.split_last_chunk::<2>().ok_or(ApduError::TooShort)?;
        if data.len() > 256 {
            return Err(ApduError::TooLong);
        }
        Ok(Response { data, status: StatusWord(u16::from_be_bytes([sw1, sw2])) })
    }

    /// The bytes to send.
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.data, &self.status.0.to_be_bytes()].concat()
    }

    /// A response with data and 9000.
    pub fn ok(data: &'a [u8]) -> Response<'a> {
        Response { data, status: StatusWord::OK }
    }

    /// A response of a status word alone.
    pub fn status(status: StatusWord) -> Response<'a> {
        Response { data: &[], status }
    }
}

impl fmt::Debug for Response<'_> {
    // Data may hold a card number, so only its length shows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.data.len(), self.status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_four_cases_are_read_and_nothing_else() {
        let data = hex::decode("00A4040002AABB00").unwrap();
        assert_eq!(Command::parse(&data), Ok(Command::select(&[0xAA, 0xBB])));
        for (bytes, expected) in [
            ("00840000", Ok((0, None))),
            ("0084000008", Ok((0, Some(8)))),
            ("00B2010C00", Ok((0, Some(256)))),
            ("0088000001AA", Ok((1, None))),
            ("0088000001AA10", Ok((1, Some(16)))),
            ("008800", Err(ApduError::TooShort)),
            ("", Err(ApduError::TooShort)),
            ("0088000002AA", Err(ApduError::Lengths)),
            ("0088000001AA0000", Err(ApduError::Lengths)),
            ("00880000000001AA", Err(ApduError::Lengths)),
        ] {
            let bytes = hex::decode(bytes).unwrap();
            assert_eq!(Command::parse(&bytes).map(|c| (c.data.len(), c.expected)), expected);
        }
    }

    #[test]
    fn status_words_have_meanings() {
        assert_eq!(StatusWord(0x63C2).tries_left(), Some(2));
        assert_eq!(StatusWord::OK.tries_left(), None);
        assert!(StatusWord::OK.is_ok() && StatusWord(0x1234).meaning().contains("not in the table"));
    }

    #[test]
    fn built_commands_have_the_bytes_of_the_books() {
        let bytes = |command: Command<'_>| hex::encode_upper(command.to_bytes().unwrap());
        assert_eq!(bytes(Command::select(PPSE_NAME)), "00A404000E325041592E5359532E444446303100");
        assert_eq!(bytes(Command::read_record(2, 1)), "00B2011400");
        assert_eq!(bytes(Command::get_processing_options(&processing_options_data(&[]))), "80A8000002830000");
        assert_eq!(bytes(Command::get_data(crate::tag::ATC)), "80CA9F3600");
        assert_eq!(Command::select(&[0; 256]).to_bytes(), Err(ApduError::TooLong));
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Response::parse(&bytes);
            if let Ok(command) = Command::parse(&bytes) {
                prop_assert_eq!(command.to_bytes().unwrap(), bytes);
            }
        }
    }
}

//! One command until its whole answer is there: the status words 61xx and 6Cxx (ISO/IEC 7816-4, 5.3.4;
//! EMV 4.4 Book 1, 9.3.1) are the transport's and stay in here.

use crate::outcome::Reason;
use emv::apdu::{Command, Response, StatusWord};

/// A command under way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exchange {
    command: Vec<u8>,
    collected: Vec<u8>,
    corrected: bool,
}

/// What an answer led to.
pub(crate) enum Absorbed {
    /// Another command is needed to get the answer.
    More(Vec<u8>),
    /// The whole answer.
    Whole(Vec<u8>, StatusWord),
}

impl Exchange {
    /// A new command.
    pub(crate) fn new(command: &[u8]) -> Exchange {
        Exchange { command: command.to_vec(), collected: Vec::new(), corrected: false }
    }

    /// The command as it was first sent.
    pub(crate) fn command(&self) -> &[u8] {
        &self.command
    }

    /// Takes one answer of the card.
    pub(crate) fn absorb(&mut self, answer: &[u8], longest: usize) -> Result<Absorbed, Reason> {
        let response = Response::parse(answer).map_err(|_| Reason::MalformedAnswer)?;
        let [sw1, sw2] = response.status.0.to_be_bytes();
        let wrong_length = sw1 == 0x6C && response.data.is_empty() && !self.corrected;
        if let Some(again) = wrong_length.then(|| self.with_length(sw2)).flatten() {
            self.corrected = true;
            return Ok(Absorbed::More(again));
        }
        self.collected.extend_from_slice(response.data);
        if self.collected.len() > longest {
            return Err(Reason::MalformedAnswer);
        }
        if sw1 == 0x61 {
            return Ok(Absorbed::More(vec![0x00, 0xC0, 0x00, 0x00, sw2]));
        }
        Ok(Absorbed::Whole(std::mem::take(&mut self.collected), response.status))
    }

    /// The command with the expected length the card named; `None` if it expects no answer.
    fn with_length(&self, length: u8) -> Option<Vec<u8>> {
        let command = Command::parse(&self.command).ok()?;
        let expected = command.expected.map(|_| if length == 0 { 256 } else { u16::from(length) })?;
        Command { expected: Some(expected), ..command }.to_bytes().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(exchange: &mut Exchange, answer: &str) -> String {
        match exchange.absorb(&hex::decode(answer).unwrap(), 8) {
            Ok(Absorbed::More(command)) => hex::encode_upper(command),
            Ok(Absorbed::Whole(data, status)) => format!("={}:{:04X}", hex::encode_upper(data), status.0),
            Err(reason) => reason.code().to_owned(),
        }
    }

    #[test]
    fn chained_answers_are_put_together() {
        let mut exchange = Exchange::new(&[0x00, 0xB2, 0x01, 0x0C, 0x00]);
        assert_eq!(turn(&mut exchange, "6C05"), "00B2010C05");
        assert_eq!(turn(&mut exchange, "6C05"), "=:6C05");
        assert_eq!(turn(&mut exchange, "AABB6102"), "00C0000002");
        assert_eq!(turn(&mut exchange, "CCDD9000"), "=AABBCCDD:9000");
        assert_eq!(turn(&mut exchange, "90"), "malformed_answer");
        assert_eq!(turn(&mut exchange, "0102030405060708099000"), "malformed_answer");
    }
}

//! The terminal's line to its acquirer.

use crate::iso::{Answer, Dialect, Ends, Exchange, Unreadable};
use iso8583::Message;
use platform::line::{HostAnswer, HostLine};
use std::net::SocketAddr;
use std::sync::mpsc;
use std::time::Duration;

/// What was heard after a question.
#[derive(Clone, Debug)]
pub enum Heard {
    /// The answer, authentic.
    Answer(Box<Message>),
    /// An answer whose MAC is wrong. What the acquirer did is unknown.
    NotAuthentic,
    /// Nothing in time. What the acquirer did is unknown.
    Silence,
    /// The question never left. The acquirer did nothing.
    NotSent,
}

/// A line to an acquirer, on which one question is asked at a time.
pub trait AcquirerLine: Send + Sync {
    /// Asks, and waits this long for the answer.
    fn question(&self, message: Message, wait: Duration) -> Heard;
}

/// Any host line will do; one that passes over answers with a wrong MAC ends in silence.
impl<L: HostLine> AcquirerLine for L {
    fn question(&self, message: Message, wait: Duration) -> Heard {
        match self.ask_and_wait(message, wait) {
            HostAnswer::Message(answer) => Heard::Answer(answer),
            HostAnswer::Silence => Heard::Silence,
            HostAnswer::NotSent => Heard::NotSent,
        }
    }
}

/// A line that tells an answer with a wrong MAC from none: terminals reverse for another reason then.
pub struct TerminalLine {
    exchange: Exchange<Heard>,
    dialect: Dialect,
    ends: Ends,
}

impl TerminalLine {
    /// A line to the acquirer at `to`. It connects when first asked.
    pub fn start(to: SocketAddr, dialect: Dialect, ends: Ends) -> std::io::Result<TerminalLine> {
        let (reading, seen) = (dialect.clone(), ends.clone());
        let read = move |bytes: &[u8]| {
            seen.inward(&reading, bytes);
            match reading.read(bytes) {
                Ok(message) => Some((reading.key_of(&message), Heard::Answer(Box::new(message)))),
                Err(Unreadable::NotAuthentic(message)) => {
                    Some((reading.key_of(&message), Heard::NotAuthentic))
                }
                Err(Unreadable::Malformed(error)) => {
                    tracing::warn!(%error, "the acquirer's answer cannot be read");
                    None
                }
            }
        };
        // A late answer changes nothing: what was not answered in time is being undone already.
        let unasked = |_: Heard| tracing::info!("the acquirer answered too late, or twice");
        let exchange = Exchange::start_through(ends.struck(&dialect), to, dialect.framing, read, unasked)?;
        Ok(TerminalLine { exchange, dialect, ends })
    }
}

impl AcquirerLine for TerminalLine {
    fn question(&self, mut message: Message, wait: Duration) -> Heard {
        let bytes = match self.dialect.write(&mut message) {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::error!(%error, "a message of our own cannot be written");
                return Heard::NotSent;
            }
        };
        self.ends.outward(&self.dialect, &bytes);
        let (tell, told) = mpsc::sync_channel(1);
        let then = move |answer| {
            let _ = tell.send(match answer {
                Answer::Message(heard) => heard,
                Answer::Silence => Heard::Silence,
                Answer::NotSent => Heard::NotSent,
            });
        };
        self.exchange.ask(self.dialect.key_of(&message), &bytes, wait, then);
        told.recv().unwrap_or(Heard::Silence)
    }
}

//! A line to another host: an exchange of messages in an agreed dialect, shown to whoever watches.

use super::{Answer, Dialect, Exchange};
use crate::test_mode::Crossing;
use crate::trace::{Watch, Wire, show};
use iso8583::{Message, Profile};
use platform::line::{HostAnswer, HostLine, Then};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Both ends of a line have names, for those who watch.
#[derive(Clone)]
pub struct Ends {
    /// Who asks.
    pub near: String,
    /// Who answers.
    pub far: String,
    /// Who watches.
    pub watch: Watch,
    /// Where faults may strike what passes.
    pub crossing: Option<Arc<Crossing>>,
}

impl Ends {
    /// The ends of a line nobody watches.
    pub fn unwatched(near: &str, far: &str) -> Ends {
        Ends { near: near.to_owned(), far: far.to_owned(), watch: None, crossing: None }
    }

    pub(crate) fn outward(&self, dialect: &Dialect, bytes: &[u8]) {
        show(&self.watch, &self.near, &self.far, wire_of(dialect), "", bytes);
    }

    /// Where faults may strike, with what makes an answer of this dialect in place of the far end.
    pub(crate) fn struck(&self, dialect: &Dialect) -> Option<(Arc<Crossing>, InPlace)> {
        let dialect = dialect.clone();
        let in_place: InPlace = Box::new(move |question, code| dialect.answer_in_place(question, code));
        self.crossing.clone().map(|crossing| (crossing, in_place))
    }

    pub(crate) fn inward(&self, dialect: &Dialect, bytes: &[u8]) {
        show(&self.watch, &self.far, &self.near, wire_of(dialect), "", bytes);
    }
}

type InPlace = Box<dyn Fn(&[u8], &str) -> Option<Vec<u8>> + Send + Sync>;

fn wire_of(dialect: &Dialect) -> Wire {
    match dialect.profile {
        Profile::Net => Wire::IsoNet,
        Profile::Pos => Wire::IsoPos,
    }
}

/// A connection to one host.
pub struct Line {
    exchange: Exchange<Box<Message>>,
    dialect: Dialect,
    ends: Ends,
}

impl Line {
    /// A line to the host at `to`. `unasked` gets answers that fit no open question: late ones, doubled ones.
    pub fn start(
        to: SocketAddr,
        dialect: Dialect,
        ends: Ends,
        unasked: impl Fn(Box<Message>) + Send + Sync + 'static,
    ) -> std::io::Result<Line> {
        let (reading, seen) = (dialect.clone(), ends.clone());
        let read = move |bytes: &[u8]| {
            seen.inward(&reading, bytes);
            match reading.read(bytes) {
                Ok(message) => Some((reading.key_of(&message), Box::new(message))),
                // An answer that cannot be believed is no answer: its question ends in silence.
                Err(error) => {
                    tracing::warn!(%error, from = seen.far, "answer ignored");
                    None
                }
            }
        };
        let exchange = Exchange::start_through(ends.struck(&dialect), to, dialect.framing, read, unasked)?;
        Ok(Line { exchange, dialect, ends })
    }

    /// How many questions are open.
    pub fn open_questions(&self) -> usize {
        self.exchange.open_questions()
    }
}

impl HostLine for Line {
    fn ask(&self, mut message: Message, wait: Duration, then: Then) {
        let Ok(bytes) = self.dialect.write(&mut message) else {
            tracing::error!(?message, "a message of our own cannot be written");
            return then(HostAnswer::NotSent);
        };
        self.ends.outward(&self.dialect, &bytes);
        let key = self.dialect.key_of(&message);
        self.exchange.ask(key, &bytes, wait, move |answer| {
            then(match answer {
                Answer::Message(message) => HostAnswer::Message(message),
                Answer::Silence => HostAnswer::Silence,
                Answer::NotSent => HostAnswer::NotSent,
            });
        });
    }
}

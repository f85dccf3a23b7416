//! How one line speaks: profile, framing and message authentication.

use crate::defences::{Defence, Defences};
use crypto::mac::LinkKey;
use iso8583::{Framing, Malformed, Message, MessageKey, Mti, Profile, Unwritable, mac};

/// What both ends of a line have agreed on.
#[derive(Clone)]
pub struct Dialect {
    /// The field table.
    pub profile: Profile,
    /// How messages are cut out of the stream.
    pub framing: Framing,
    /// The key of the message MAC; none on a line that carries no MAC.
    pub key: Option<LinkKey>,
    /// Which checks stand.
    pub defences: Defences,
}

/// Why a message cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The bytes are not a message of this profile.
    #[error("{0}")]
    Malformed(#[from] Malformed),
    /// The MAC is missing or wrong; the message is kept so that it can be answered with A0.
    #[error("the message is not authentic")]
    NotAuthentic(Box<Message>),
}

impl Dialect {
    /// A dialect that checks what it hears.
    pub fn new(profile: Profile, framing: Framing, key: Option<LinkKey>) -> Dialect {
        Dialect { profile, framing, key, defences: Defences::ALL }
    }

    /// The same with these checks. In a product there is but one set of them.
    #[must_use]
    pub fn defended(self, defences: Defences) -> Dialect {
        Dialect { defences, ..self }
    }

    /// Decodes a message and checks its MAC.
    pub fn read(&self, bytes: &[u8]) -> Result<Message, Unreadable> {
        let message = self.profile.decode(bytes)?;
        let authentic = match &self.key {
            Some(key) => mac::verify(self.profile, bytes, &message, |covered| key.mac(covered)).is_ok(),
            None => true,
        };
        if authentic || !self.defences.stands(Defence::LineMac) {
            Ok(message)
        } else {
            Err(Unreadable::NotAuthentic(Box::new(message)))
        }
    }

    /// Encodes a message, with its MAC if the line has one.
    pub fn write(&self, message: &mut Message) -> Result<Vec<u8>, Unwritable> {
        let mut bytes = Vec::with_capacity(512);
        match &self.key {
            Some(key) => mac::seal(self.profile, message, &mut bytes, |covered| key.mac(covered))?,
            None => self.profile.encode(message, &mut bytes)?,
        }
        Ok(bytes)
    }

    /// An answer with this DE 39 to a question that never arrived, as a host in trouble would give it. Nothing for what is
    /// no first question about money or a card: a reversal, an advice or a repeat may be about something that is booked
    /// already, and a made-up no would hide it.
    pub fn answer_in_place(&self, question: &[u8], code: &str) -> Option<Vec<u8>> {
        let question = self.profile.decode(question).ok()?;
        let first = matches!(question.mti.digits(), [_, b'1' | b'2', b'0', b'0']);
        let echoed = [2, 3, 4, 7, 11, 12, 13, 18, 23, 25, 32, 33, 37, 41, 42, 49];
        let mut answer = Message::answer_to(&question, &echoed);
        answer.set_text(39, code);
        self.write(&mut answer).ok().filter(|_| first)
    }

    /// By which an answer finds its question. Answers echo DE 7, 11, 32, 33, 37 and 41.
    pub fn key_of(&self, message: &Message) -> MessageKey {
        match self.profile {
            Profile::Net => MessageKey::of(message),
            Profile::Pos => MessageKey::of_terminal(message),
        }
    }

    /// What a message without a correct MAC is answered: nothing of it can be believed but where it came from.
    pub fn refuse_unauthentic(&self, message: &Message) -> Option<Message> {
        if message.mti.is_answer() {
            return None;
        }
        let mut answer = Message::answer_to(message, &[3, 7, 11, 32, 33, 37, 41]);
        answer.set_text(39, "A0");
        Some(answer)
    }
}

/// Whether a message manages the line (sign-on, echo) rather than moving money.
pub fn is_network_management(mti: Mti) -> bool {
    mti.class() == b'8'
}

//! Which answer belongs to which question, and which message is a repeat of another.

use crate::{Message, field};

/// What a message has in common with its answer and its repeats: class of the message type, DE 7, 11, 32,
/// 33, 41 and 37. Elements that are absent count as blank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageKey {
    class: u8,
    transmitted: [u8; 10],
    stan: [u8; 6],
    acquirer: [u8; 11],
    forwarder: [u8; 11],
    terminal: [u8; 8],
    reference: [u8; 12],
}

impl MessageKey {
    /// The key on a line between institutions.
    pub fn of(message: &Message) -> MessageKey {
        MessageKey {
            class: message.mti.class(),
            transmitted: fixed(message, field::TRANSMITTED),
            stan: fixed(message, field::STAN),
            acquirer: fixed(message, field::ACQUIRER),
            forwarder: fixed(message, field::FORWARDER),
            terminal: fixed(message, field::TERMINAL),
            reference: fixed(message, field::REFERENCE),
        }
    }

    /// The key on a terminal's line, where the host adds times and the reference in its answer: class,
    /// DE 11 and 41.
    pub fn of_terminal(message: &Message) -> MessageKey {
        MessageKey {
            class: message.mti.class(),
            transmitted: [0; 10],
            stan: fixed(message, field::STAN),
            acquirer: [0; 11],
            forwarder: [0; 11],
            terminal: fixed(message, field::TERMINAL),
            reference: [0; 12],
        }
    }

    /// The key as bytes, for a digest.
    pub fn to_bytes(&self) -> [u8; 59] {
        let mut bytes = [0; 59];
        let parts: [&[u8]; 7] = [
            &[self.class],
            &self.transmitted,
            &self.stan,
            &self.acquirer,
            &self.forwarder,
            &self.terminal,
            &self.reference,
        ];
        let mut at = 0;
        for part in parts {
            bytes[at..at + part.len()].copy_from_slice(part);
            at += part.len();
        }
        bytes
    }
}

/// Left-justified; what is absent or too long is blank.
fn fixed<const N: usize>(message: &Message, number: u8) -> [u8; N] {
    let mut bytes = [0; N];
    if let Some(content) = message.get(number).filter(|content| content.len() <= N) {
        bytes[..content.len()].copy_from_slice(content);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mti;

    #[test]
    fn an_answer_and_a_repeat_have_the_key_of_the_question() {
        let mut request = Message::new(Mti::REVERSAL_ADVICE);
        request
            .set_text(7, "0701120000")
            .set_text(11, "938353")
            .set_text(32, "01040000")
            .set_text(41, "PZ000001");
        let key = MessageKey::of(&request);
        let answer = Message::answer_to(&request, &[7, 11, 32, 41]);
        assert_eq!(MessageKey::of(&answer), key);
        request.mti = request.mti.repeat();
        assert_eq!(MessageKey::of(&request), key);
        for (number, other) in
            [(7, "0701120001"), (11, "938354"), (32, "01040001"), (41, "PZ000002"), (37, "1")]
        {
            let mut changed = request.clone();
            changed.set_text(number, other);
            assert_ne!(MessageKey::of(&changed), key);
        }
        request.mti = Mti::FINANCIAL;
        assert_ne!(MessageKey::of(&request), key);
        assert_eq!(key.to_bytes().len(), 59);
    }
}

//! A telephone network as small as can be: numbers, SIM keys, and text messages kept until they are read.
//!
//! A text lies on disk sealed under the key of the subscriber's SIM; only the inbox opens it, for its owner.

use crypto::hash::{HmacKey, sha256_pieces};
use crypto::vault::{Envelope, KeyEncryptionKey};
use serde::{Deserialize, Serialize};
use values::{Operation, Record, Records, SecretBytes, Timestamp, constant_time_eq};

/// A telephone number in service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscriber {
    /// The number, digits.
    pub number: String,
    /// How many texts it ever received; the last one has this sequence number.
    pub received: u32,
    /// The last one marked as read.
    pub read: u32,
}

impl Record for Subscriber {
    type Key = String;
    const TABLE: &'static str = "subscribers";
    fn key(&self) -> String {
        self.number.clone()
    }
}

/// A text in somebody's inbox.
#[derive(Clone, Serialize, Deserialize)]
pub struct TextMessage {
    /// The number it was sent to.
    pub to: String,
    /// Its place in that inbox, from 1.
    pub sequence: u32,
    /// The sender's name for it; the same one is delivered once.
    pub id: String,
    /// The number or name it came from.
    pub from: String,
    /// What it says, sealed under the key of the subscriber's SIM.
    pub text: Envelope,
    /// When it arrived.
    pub at: Timestamp,
}

impl Record for TextMessage {
    type Key = (String, u32);
    const TABLE: &'static str = "text_messages";
    fn key(&self) -> Self::Key {
        (self.to.clone(), self.sequence)
    }
}

/// That a message was delivered, by the sender's name for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveredText {
    /// The sender's name for it.
    pub id: String,
    /// Its place in the inbox.
    pub sequence: u32,
}

impl Record for DeliveredText {
    type Key = String;
    const TABLE: &'static str = "delivered_texts";
    fn key(&self) -> String {
        self.id.clone()
    }
}

/// The key of a subscriber's SIM. In the sandbox it follows from the number and a public label.
pub struct SimKey(KeyEncryptionKey);

impl SimKey {
    /// The well-known test key of a number's SIM.
    pub fn sandbox(number: &str) -> SimKey {
        SimKey(crate::keys::vault_key(&format!("telephone sim {number}")))
    }
}

/// What a SIM shows the network with each text that it sends, so that nobody sends in another number's name. In the
/// sandbox its key follows from the number and a public label.
pub struct SimProof(HmacKey);

impl SimProof {
    /// The well-known test key of a number's SIM.
    pub fn sandbox(number: &str) -> SimProof {
        SimProof(HmacKey::new(&crate::keys::derive(&format!("telephone sim authentication {number}"))))
    }

    /// Proves that a text is this SIM's.
    pub fn prove(&self, to: &str, id: &str, text: &str) -> [u8; 32] {
        self.0.tag(&sha256_pieces(&[to.as_bytes(), b"\0", id.as_bytes(), b"\0", text.as_bytes()]))
    }

    /// Whether it is.
    pub fn verify(&self, to: &str, id: &str, text: &str, proof: &[u8]) -> bool {
        constant_time_eq(&self.prove(to, id, text), proof)
    }
}

fn context(to: &str, id: &str) -> Vec<u8> {
    format!("paiza:text-message:{to}:{id}").into_bytes()
}

/// Puts a text into an inbox. Made by [`Deliver::seal`], so that no text is ever written in clear.
#[derive(Clone)]
pub struct Deliver {
    to: String,
    from: String,
    id: String,
    text: Envelope,
}

/// Longest text accepted, in bytes.
pub const MAX_TEXT: usize = 1000;

/// Why a text was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The number is not 3 to 15 digits.
    #[error("not a telephone number")]
    Number,
    /// Longer than [`MAX_TEXT`], or an empty or overlong name of the message.
    #[error("text or identifier has a wrong length")]
    Length,
}

impl Refusal {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Refusal::Number => "number_invalid",
            Refusal::Length => "length_invalid",
        }
    }
}

impl Deliver {
    /// Seals a text for its recipient; `entropy` comes from the operating system.
    pub fn seal(id: &str, from: &str, to: &str, text: &str, entropy: [u8; 32]) -> Result<Deliver, Refusal> {
        if !(3..=15).contains(&to.len()) || !to.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Refusal::Number);
        }
        if text.len() > MAX_TEXT || id.is_empty() || id.len() > 100 || from.len() > 30 {
            return Err(Refusal::Length);
        }
        let text = crate::keys::seal(&SimKey::sandbox(to).0, text.as_bytes(), &context(to, id), entropy);
        Ok(Deliver { to: to.to_owned(), from: from.to_owned(), id: id.to_owned(), text })
    }
}

impl Operation for Deliver {
    /// The message's place in the inbox.
    type Answer = u32;
    type Refusal = Refusal;
    const NAME: &'static str = "telephone.deliver";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<u32, Refusal> {
        if let Some(known) = records.find::<DeliveredText>(&self.id) {
            return Ok(known.sequence);
        }
        let mut subscriber = subscriber(records, &self.to);
        subscriber.received += 1;
        let sequence = subscriber.received;
        records.put(subscriber);
        records.put(DeliveredText { id: self.id.clone(), sequence });
        records.put(TextMessage {
            to: self.to.clone(),
            sequence,
            id: self.id.clone(),
            from: self.from.clone(),
            text: self.text.clone(),
            at: now,
        });
        Ok(sequence)
    }
}

fn subscriber(records: &mut impl Records, number: &str) -> Subscriber {
    let fresh = || Subscriber { number: number.to_owned(), received: 0, read: 0 };
    records.find::<Subscriber>(&number.to_owned()).unwrap_or_else(fresh)
}

/// Marks an inbox as read up to a message.
#[derive(Clone, Debug)]
pub struct MarkRead {
    /// The number whose inbox it is.
    pub number: String,
    /// The last message read.
    pub through: u32,
}

impl Operation for MarkRead {
    /// How many remain unread.
    type Answer = u32;
    type Refusal = Refusal;
    const NAME: &'static str = "telephone.mark_read";

    fn apply<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<u32, Refusal> {
        let mut owner = subscriber(records, &self.number);
        let through = self.through.min(owner.received);
        if through > owner.read {
            owner.read = through;
            records.put(owner.clone());
        }
        Ok(owner.received - owner.read)
    }
}

/// The messages after number `after` of an inbox, oldest first, at most 100.
pub fn inbox(records: &mut impl Records, number: &str, after: u32) -> Vec<TextMessage> {
    let last = subscriber(records, number).received;
    let wanted = after.saturating_add(1)..=last;
    wanted.take(100).filter_map(|sequence| records.find(&(number.to_owned(), sequence))).collect()
}

impl TextMessage {
    /// What it says, for the owner of the inbox; `None` if the key is another SIM's.
    pub fn open(&self, key: &SimKey) -> Option<SecretBytes> {
        crate::keys::open(&key.0, &self.text, &context(&self.to, &self.id))
    }
}

/// Entropy for one message from entropy for many: used where a shell hands over one draw per batch.
pub fn entropy_for(id: &str, entropy: [u8; 32]) -> [u8; 32] {
    sha256_pieces(&[&entropy, id.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::testing::MemoryRecords;

    const NOW: Timestamp = Timestamp::from_millis(1_795_305_600_000);

    fn deliver(records: &mut MemoryRecords, id: &str, text: &str) -> u32 {
        let text = Deliver::seal(id, "95566", "13800000001", text, [7; 32]).unwrap();
        text.apply(records, NOW).unwrap()
    }

    #[test]
    fn a_text_is_delivered_once_and_read_in_order() {
        let mut records = MemoryRecords::default();
        assert_eq!(deliver(&mut records, "a", "one 482913"), 1);
        assert_eq!(deliver(&mut records, "b", "two"), 2);
        assert_eq!(deliver(&mut records, "a", "one 482913"), 1);
        let texts = |records: &mut MemoryRecords, after| -> Vec<String> {
            let key = SimKey::sandbox("13800000001");
            let opened = |message: &TextMessage| message.open(&key).unwrap().expose().to_vec();
            inbox(records, "13800000001", after)
                .iter()
                .map(opened)
                .map(|t| String::from_utf8(t).unwrap())
                .collect()
        };
        assert_eq!(texts(&mut records, 0), ["one 482913", "two"]);
        assert_eq!(texts(&mut records, 1), ["two"]);
        assert!(texts(&mut records, 2).is_empty() && texts(&mut records, u32::MAX).is_empty());
        assert!(inbox(&mut records, "13800000002", 0).is_empty());
        let read = MarkRead { number: "13800000001".into(), through: 1 };
        assert_eq!(read.apply(&mut records, NOW), Ok(1));
    }

    #[test]
    fn the_disk_shows_no_text_and_another_sim_opens_none() {
        let mut records = MemoryRecords::default();
        deliver(&mut records, "a", "one 482913");
        assert!(!records.dump().windows(6).any(|bytes| bytes == b"482913"));
        let message = &inbox(&mut records, "13800000001", 0)[0];
        assert!(message.open(&SimKey::sandbox("13800000002")).is_none());
    }

    #[test]
    fn nonsense_is_refused() {
        let seal = |id: &str, to: &str, text: &str| Deliver::seal(id, "b", to, text, [0; 32]).map(|_| ());
        assert_eq!(seal("a", "12", "t"), Err(Refusal::Number));
        assert_eq!(seal("a", "1234567890123456", "t"), Err(Refusal::Number));
        assert_eq!(seal("a", "12x4", "t"), Err(Refusal::Number));
        assert_eq!(seal("", "1234", "t"), Err(Refusal::Length));
        assert_eq!(seal("a", "1234", &"x".repeat(MAX_TEXT)), Ok(()));
        assert_eq!(seal("a", "1234", &"x".repeat(MAX_TEXT + 1)), Err(Refusal::Length));
    }
}

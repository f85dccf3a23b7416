//! What every party does with messages, whoever it is: takes each once, and answers by messages of its own.
//!
//! A message that came is remembered by sender, name and content in the commit of its effects, so that a repeat gets the
//! same Ack and does nothing; what must leave lies in the outbox of the same commit, under the name by which its receiver
//! knows it. The shell signs and posts it, again until there is an Ack; a signature of RSA is the same every time.

use crate::ids::{MessageId, Prefix, TransactionId};
use crate::messages::{Head, Message, Profile, Response, Transaction};
use crate::signature::Organisation;
use crypto::hash::{sha256, sha256_pieces};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::fmt;
use values::{Operation, Outbound, Record, Records, Timestamp};

/// The topic of messages that must leave.
pub const TOPIC: &str = "upi";
/// The topic of what a party wants to be woken for.
pub const ALARM: &str = "upi-alarm";
/// A message that was sent earlier or later than this is refused (H03), in seconds: clocks differ.
pub const TOLERANCE_SECONDS: u64 = 300;

/// Whether an Ack with this code says that the message had no effect and cannot have had one. What the door itself refuses
/// says so of this try alone: an earlier one, whose Ack was lost, may have been in time or under a key that was in force.
pub fn is_certain(code: &str) -> bool {
    !matches!(code, "H03" | "U15" | "U17" | "U52" | "U55")
}

/// A message that came, by sender and name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// Who sent it.
    pub sender: String,
    /// Its name (`Head.msgId`).
    pub message: String,
    /// Digest of its bytes.
    pub digest: [u8; 32],
    /// The code in its Ack, if it was not taken.
    pub error: Option<String>,
    /// When it came.
    pub at: Timestamp,
}

impl Record for Received {
    type Key = (String, String);
    const TABLE: &'static str = "upi_received";
    fn key(&self) -> Self::Key {
        (self.sender.clone(), self.message.clone())
    }
}

/// A message on its way out: the body of an [`Outbound`], whose key is the message's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// The organisation that gets it.
    pub to: String,
    /// Its root, such as `ReqPay`.
    pub api: String,
    /// The transaction it is about.
    pub transaction: String,
    /// The document, unsigned.
    pub document: Vec<u8>,
}

impl Envelope {
    /// Reads the body of a message of [`TOPIC`].
    pub fn read(body: &[u8]) -> Option<Envelope> {
        postcard::from_bytes(body).ok()
    }
}

/// Who a party is on the wire, and by which rules it reads and writes.
#[derive(Clone)]
pub struct Identity {
    /// Its name (`Head.orgId`).
    pub organisation: Organisation,
    /// What its own ids begin with.
    pub prefix: Prefix,
    /// Names and rules.
    pub profile: &'static Profile,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.organisation)
    }
}

/// Somebody who takes messages. What it decides is a function of its records, the message and the time.
pub trait Party: Clone + Send + Sync + 'static {
    /// The name of the fact that a message was taken.
    const TAKE: &'static str;
    /// The name of the fact that it was woken.
    const WAKE: &'static str;
    /// The name of the fact that a message of its own was refused.
    const REFUSED: &'static str;

    /// Who it is.
    fn identity(&self) -> &Identity;
    /// Takes a message that came for the first time. An error is the code of the Ack; nothing has been changed then.
    fn take<W: Records>(&self, desk: &mut Desk<'_, W>, message: &Message) -> Result<(), &'static str>;
    /// It is the time that it asked to be woken at.
    fn wake<W: Records>(&self, desk: &mut Desk<'_, W>, what: &str);
    /// The receiver of a message of its own said in the Ack that it does not take it; see [`is_certain`].
    fn refused<W: Records>(&self, desk: &mut Desk<'_, W>, message: &str, code: &str);
}

/// What a party works with while it handles one message.
pub struct Desk<'a, W> {
    /// Its records.
    pub records: &'a mut W,
    /// Now.
    pub now: Timestamp,
    /// The message that is handled, as it came; empty where it is none.
    pub document: &'a [u8],
    identity: &'a Identity,
    entropy: [u8; 32],
    drawn: u32,
}

impl<'a, W: Records> Desk<'a, W> {
    /// A desk for one message; all randomness of it follows from `entropy`.
    pub fn new(identity: &'a Identity, records: &'a mut W, now: Timestamp, entropy: [u8; 32]) -> Desk<'a, W> {
        Desk { records, now, document: b"", identity, entropy, drawn: 0 }
    }

    /// Randomness not drawn before.
    pub fn draw(&mut self) -> [u8; 32] {
        self.drawn += 1;
        sha256_pieces(&[&self.entropy, &self.drawn.to_be_bytes()])
    }

    /// A name begins with its time, so that what was written together lies together in the tables.
    fn draw_name(&mut self) -> [u8; 16] {
        let mut name: [u8; 16] = *self.draw().first_chunk().expect("32 bytes hold 16");
        name[..6].copy_from_slice(&self.now.millis().to_be_bytes()[2..]);
        name
    }

    /// A new transaction's name.
    pub fn new_transaction(&mut self) -> TransactionId {
        TransactionId::mint(self.identity.prefix, self.draw_name())
    }

    /// A message of one's own, with a new name.
    pub fn message(&mut self, name: &str, transaction: Transaction) -> Message {
        let head = Head {
            version: "2.0".to_owned(),
            at: self.now,
            organisation: self.identity.organisation.as_str().to_owned(),
            message: MessageId::mint(self.identity.prefix, self.draw_name()),
        };
        Message::new(name, head, transaction)
    }

    /// An answer to a message: `RespPay` to `ReqPay`.
    pub fn answer(&mut self, request: &Message, response: Response) -> Message {
        let name = request.name.replacen("Req", "Resp", 1);
        let mut answer = self.message(&name, request.transaction.clone());
        answer.response = Some(response);
        answer
    }

    /// Leaves a message for an organisation.
    pub fn post(&mut self, to: &str, message: &Message) {
        let envelope = Envelope {
            to: to.to_owned(),
            api: message.name.clone(),
            transaction: message.transaction.id.as_str().to_owned(),
            document: message.to_document(self.identity.profile).to_bytes(),
        };
        let body = postcard::to_allocvec(&envelope).expect("strings and bytes serialise");
        let key = message.head.message.as_str().to_owned();
        self.records.send(Outbound { topic: TOPIC.to_owned(), key, due: self.now, body });
    }

    /// Asks to be woken; what was asked for under the same name before is forgotten.
    pub fn wake_at(&mut self, what: &str, due: Timestamp) {
        let (topic, key) = (ALARM.to_owned(), what.to_owned());
        self.records.send(Outbound { topic, key, due, body: Vec::new() });
    }

    /// Takes that back.
    pub fn let_sleep(&mut self, what: &str) {
        self.records.cancel(ALARM, what);
    }
}

/// The response to a message: success, or failure with a code.
pub fn response(to: &MessageId, outcome: Result<(), &str>) -> Response {
    Response {
        to: to.clone(),
        result: if outcome.is_ok() { "SUCCESS" } else { "FAILURE" }.to_owned(),
        code: Some(outcome.err().unwrap_or("00").to_owned()),
        approval: None,
        settled: Vec::new(),
        more: Vec::new(),
        rest: Vec::new(),
    }
}

/// A message that came, verified and as the profile has it.
pub struct Take<P> {
    /// Who takes it.
    pub party: P,
    /// The message; its sender is the one who signed it.
    pub message: Message,
    /// Its bytes.
    pub document: Vec<u8>,
    /// Fresh randomness.
    pub entropy: [u8; 32],
}

impl<P: Party> Operation for Take<P> {
    /// The code of the Ack if it was not taken.
    type Answer = Option<String>;
    type Refusal = Infallible;
    const NAME: &'static str = P::TAKE;

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Self::Answer, Infallible> {
        let head = &self.message.head;
        let key = (head.organisation.clone(), head.message.as_str().to_owned());
        let digest = sha256(&self.document);
        if let Some(known) = records.find::<Received>(&key) {
            // The same bytes again get the same Ack; other bytes under a name that is taken have no effect.
            return Ok(if known.digest == digest { known.error } else { Some("U01".to_owned()) });
        }
        let mut desk = Desk::new(self.party.identity(), records, now, self.entropy);
        desk.document = &self.document;
        let error = self.party.take(&mut desk, &self.message).err().map(str::to_owned);
        let (sender, message) = key;
        records.put(Received { sender, message, digest, error: error.clone(), at: now });
        Ok(error)
    }
}

/// The time has come that a party asked to be woken at.
pub struct Wake<P> {
    /// Who is woken.
    pub party: P,
    /// What for.
    pub what: String,
    /// Fresh randomness.
    pub entropy: [u8; 32],
}

impl<P: Party> Operation for Wake<P> {
    type Answer = ();
    type Refusal = Infallible;
    const NAME: &'static str = P::WAKE;

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), Infallible> {
        let mut desk = Desk::new(self.party.identity(), records, now, self.entropy);
        self.party.wake(&mut desk, &self.what);
        Ok(())
    }
}

/// A message of a party's own was refused in its Ack.
pub struct Refused<P> {
    /// Whose message it was.
    pub party: P,
    /// Its name.
    pub message: String,
    /// The code of the Ack.
    pub code: String,
    /// Fresh randomness.
    pub entropy: [u8; 32],
}

impl<P: Party> Operation for Refused<P> {
    type Answer = ();
    type Refusal = Infallible;
    const NAME: &'static str = P::REFUSED;

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), Infallible> {
        let mut desk = Desk::new(self.party.identity(), records, now, self.entropy);
        self.party.refused(&mut desk, &self.message, &self.code);
        Ok(())
    }
}

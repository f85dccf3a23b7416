//! What went over the wires, for as long as there is room: decoded and masked before it is kept.
//!
//! Whoever sends a message hands over its bytes and goes on; a thread of the tape's own decodes them, keeps what the
//! masking rules allow, and wipes the bytes. When that thread cannot follow, messages are left out, not delayed.

use crate::trace::{Seen, Trace, Wire};
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use emv::describe::Conversation;
use iso8583::{Message, Profile, field};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use store::Clock;
use tokio::sync::watch;
use values::{SecretBytes, Timestamp};

/// So many messages are kept, about four hundred payments.
const KEPT_MOST: usize = 8_192;
/// So many messages may wait to be decoded.
const WAITING_MOST: usize = 1_024;

/// A line of a message explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// Data element or tag; empty for a line that is about the one above.
    pub tag: String,
    /// How deep it stands.
    pub depth: usize,
    /// What it is called.
    pub name: String,
    /// What it holds, masked.
    pub value: String,
}

/// What a message was, as an operator may know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Counted from 1.
    pub number: u64,
    /// When it was sent.
    pub at: Timestamp,
    /// How long after the tape began.
    pub after: Duration,
    /// Who sent it.
    pub from: String,
    /// Who got it.
    pub to: String,
    /// Its message type, or what an APDU asked or answered.
    pub title: String,
    /// Whether it answers another message.
    pub is_answer: bool,
    /// Whether it is an APDU.
    pub is_apdu: bool,
    /// Its length.
    pub bytes: usize,
    /// DE 37.
    pub reference: Option<String>,
    /// DE 41 and DE 11 of a terminal's message, by which a payment is found that has no reference yet.
    pub trace: Option<(String, u32)>,
    /// Field by field.
    pub lines: Vec<Explained>,
}

struct Raw {
    at: Timestamp,
    after: Duration,
    from: String,
    to: String,
    wire: Wire,
    bytes: SecretBytes,
}

struct Shared {
    kept: Mutex<VecDeque<Kept>>,
    last: watch::Sender<u64>,
    left_out: AtomicU64,
}

/// The tape. It runs until it is dropped everywhere.
pub struct Tape {
    clock: Arc<dyn Clock>,
    began: Instant,
    raw: Sender<Raw>,
    shared: Arc<Shared>,
}

impl Tape {
    /// Starts an empty tape.
    pub fn start(clock: Arc<dyn Clock>) -> std::io::Result<Arc<Tape>> {
        let (raw, waiting) = bounded(WAITING_MOST);
        let shared = Arc::new(Shared {
            kept: Mutex::default(),
            last: watch::Sender::new(0),
            left_out: AtomicU64::new(0),
        });
        let keeper = Arc::clone(&shared);
        std::thread::Builder::new().name("tape".to_owned()).spawn(move || keeper.keep(&waiting))?;
        Ok(Arc::new(Tape { clock, began: Instant::now(), raw, shared }))
    }

    /// The number of the last message, now and whenever it changes.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.last.subscribe()
    }

    /// How many messages were not kept because too many came at once.
    pub fn left_out(&self) -> u64 {
        self.shared.left_out.load(Ordering::Relaxed)
    }

    /// The messages of a payment, oldest first: those that name its reference, and those of its terminal under its trace
    /// number.
    pub fn of(&self, reference: &str, terminal: &str, trace: u32) -> Vec<Kept> {
        let is_its = |kept: &&Kept| match (&kept.reference, &kept.trace) {
            (Some(named), _) => named == reference,
            (None, Some((by, number))) => by == terminal && *number == trace,
            (None, None) => false,
        };
        self.shared.kept().iter().filter(is_its).cloned().collect()
    }

    /// How long terminals waited for answers that came after `since`, shortest first.
    pub fn waits(&self, since: Timestamp) -> Vec<Duration> {
        let kept = self.shared.kept();
        let mut waits = Vec::new();
        for (place, answer) in kept.iter().enumerate() {
            let is_answer =
                answer.is_answer && !answer.is_apdu && answer.to == "terminal" && answer.at >= since;
            if !is_answer {
                continue;
            }
            let asked = kept.iter().take(place).rev().find(|asked| {
                !asked.is_answer && !asked.is_apdu && asked.from == "terminal" && asked.trace == answer.trace
            });
            waits.extend(asked.map(|asked| answer.after.saturating_sub(asked.after)));
        }
        waits.sort();
        waits
    }
}

impl Trace for Tape {
    fn seen(&self, message: &Seen<'_>) {
        if matches!(message.wire, Wire::Http | Wire::Text) {
            return;
        }
        let raw = Raw {
            at: self.clock.now(),
            after: self.began.elapsed(),
            from: message.from.to_owned(),
            to: message.to.to_owned(),
            wire: message.wire,
            bytes: SecretBytes::new(message.bytes.to_vec()),
        };
        if let Err(TrySendError::Full(_)) = self.raw.try_send(raw) {
            self.shared.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Shared {
    fn kept(&self) -> MutexGuard<'_, VecDeque<Kept>> {
        // The list is whole between any two statements, so a panic elsewhere cannot break it.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, waiting: &Receiver<Raw>) {
        let mut card = Conversation::new();
        for raw in waiting {
            let Some(mut kept) = explain(&raw, &mut card) else { continue };
            drop(raw);
            let mut list = self.kept();
            let number = list.back().map_or(0, |last| last.number) + 1;
            kept.number = number;
            if !kept.is_apdu && !kept.is_answer && kept.from == "terminal" {
                claim(&mut list, &kept);
            }
            list.push_back(kept);
            if list.len() > KEPT_MOST {
                list.pop_front();
            }
            drop(list);
            self.last.send_replace(number);
        }
    }
}

/// The APDUs before a terminal's request led to it: they are of the same payment. A tap that led to no request is of
/// none; the next one begins with the directory of applications again.
fn claim(list: &mut VecDeque<Kept>, request: &Kept) {
    for kept in list.iter_mut().rev() {
        if !kept.is_apdu || kept.trace.is_some() {
            return;
        }
        kept.trace.clone_from(&request.trace);
        if kept.title == FIRST {
            return;
        }
    }
}

/// The command with which every conversation with a card begins (EMV Contactless Book B, 3.3).
const FIRST: &str = "SELECT 2PAY.SYS.DDF01";

fn explain(raw: &Raw, card: &mut Conversation) -> Option<Kept> {
    let bytes = raw.bytes.expose();
    let (message, lines) = match raw.wire {
        Wire::Apdu => (None, apdu(bytes, &raw.to, card)),
        Wire::IsoNet => iso(Profile::Net, bytes)?,
        Wire::IsoPos => iso(Profile::Pos, bytes)?,
        Wire::Text | Wire::Http => return None,
    };
    let text = |number| message.as_ref()?.text(number).map(|text| text.trim().to_owned());
    let title = match (&message, bytes) {
        (Some(message), _) => message.mti.to_string(),
        (None, [_, 0xA4, ..]) if raw.to == "phone" && bytes.windows(5).any(|part| part == b"2PAY.") => {
            FIRST.to_owned()
        }
        (None, _) => lines.first().map_or_else(String::new, |line| line.name.clone()),
    };
    let from_terminal = raw.from == "terminal" || raw.to == "terminal";
    Some(Kept {
        number: 0,
        at: raw.at,
        after: raw.after,
        from: raw.from.clone(),
        to: raw.to.clone(),
        title,
        is_answer: message.as_ref().map_or(raw.to == "terminal", |message| message.mti.is_answer()),
        is_apdu: message.is_none(),
        bytes: bytes.len(),
        reference: text(field::REFERENCE),
        trace: message
            .as_ref()
            .filter(|_| from_terminal)
            .and_then(|message| Some((message.text(41)?.trim().to_owned(), message.text(11)?.parse().ok()?))),
        lines,
    })
}

fn apdu(bytes: &[u8], to: &str, card: &mut Conversation) -> Vec<Explained> {
    let lines = if to == "phone" { card.command(bytes) } else { card.response(bytes) };
    lines
        .into_iter()
        .map(|line| Explained { tag: String::new(), depth: line.depth, name: line.name, value: line.value })
        .collect()
}

/// What cannot be read is not kept: nobody knows what of it would have to be masked.
fn iso(profile: Profile, bytes: &[u8]) -> Option<(Option<Message>, Vec<Explained>)> {
    let message = profile.decode(bytes).ok()?;
    let lines = iso8583::describe::describe(&message, emv::describe::describe_texts);
    let lines = lines
        .into_iter()
        .map(|line| Explained {
            tag: if line.depth == 0 && line.field > 0 { format!("DE {}", line.field) } else { String::new() },
            depth: usize::from(line.depth),
            name: line.name,
            value: line.value,
        })
        .collect();
    Some((Some(message), lines))
}

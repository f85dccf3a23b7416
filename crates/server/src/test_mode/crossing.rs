//! Where faults strike: between whoever sends a message and the wire.
//!
//! The dice are thrown once for each message and fault, in the order in which faults were added; the first that strikes
//! is the one that counts. Lines without faults pay for one look at a flag.

use super::fault::{Fault, Leg, LegKind, MILLION, On, What};
use crypto::hash::sha256;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use values::{Id, Timestamp, id::kinds};

/// The faults of a city. Clones share them. They live in memory: a new start finds the wires whole.
#[derive(Clone, Default)]
pub struct Faults(Arc<Shared>);

#[derive(Default)]
struct Shared {
    any: AtomicBool,
    list: Mutex<Vec<Active>>,
}

struct Active {
    listed: Listed,
    /// Where the dice stand.
    dice: u64,
    /// What was put off already, by digest: it is put off once.
    put_off: HashSet<[u8; 32]>,
}

/// A fault that is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub id: Id<kinds::Fault>,
    /// What it is.
    pub fault: Fault,
    /// Since when.
    pub since: Timestamp,
    /// How many messages it has struck.
    pub struck: u64,
}

impl Faults {
    /// Switches a fault on.
    pub fn add(&self, fault: Fault, now: Timestamp) -> Listed {
        let id = Id::mint(now, crypto::random::bytes());
        let dice = fault.seed;
        let listed = Listed { id, fault, since: now, struck: 0 };
        let mut list = self.list();
        list.push(Active { listed: listed.clone(), dice, put_off: HashSet::new() });
        self.0.any.store(true, Ordering::SeqCst);
        listed
    }

    /// Switches one off; whether it was on.
    pub fn remove(&self, id: Id<kinds::Fault>) -> bool {
        let mut list = self.list();
        let before = list.len();
        list.retain(|active| active.listed.id != id);
        self.0.any.store(!list.is_empty(), Ordering::SeqCst);
        list.len() < before
    }

    /// Switches all of them off; how many there were.
    pub fn clear(&self) -> usize {
        let mut list = self.list();
        self.0.any.store(false, Ordering::SeqCst);
        std::mem::take(&mut *list).len()
    }

    /// Those that are on, in the order in which they were added.
    pub fn listed(&self) -> Vec<Listed> {
        self.list().iter().map(|active| active.listed.clone()).collect()
    }

    /// The place on a leg where messages pass.
    pub(crate) fn on(&self, leg: Leg) -> Arc<Crossing> {
        Arc::new(Crossing { faults: self.clone(), leg, waiting: [Mutex::default(), Mutex::default()] })
    }

    /// What strikes a message, if anything does.
    fn strike(&self, leg: &Leg, on: On, bytes: &[u8]) -> Option<What> {
        if !self.0.any.load(Ordering::SeqCst) {
            return None;
        }
        let mut list = self.list();
        let concerned = list.iter_mut().filter(|a| a.listed.fault.leg.covers(leg) && a.listed.fault.on == on);
        for active in concerned {
            if (next(&mut active.dice) % u64::from(MILLION)) as u32 >= active.listed.fault.per_million {
                continue;
            }
            // Over HTTP a message that is put off comes again by itself, and then it passes.
            let put_off = active.listed.fault.what == What::Reorder && leg.kind() == LegKind::Http;
            if put_off && !active.put_off.insert(sha256(bytes)) {
                continue;
            }
            active.listed.struck += 1;
            return Some(active.listed.fault.what.clone());
        }
        None
    }

    fn list(&self) -> MutexGuard<'_, Vec<Active>> {
        self.0.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The next throw: SplitMix64, which has no bad seeds.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// A message that waits for the next one to overtake it.
type Overtaken = Box<dyn FnOnce() + Send>;

/// A place on a leg where messages pass.
pub struct Crossing {
    faults: Faults,
    leg: Leg,
    /// Each way.
    waiting: [Mutex<Option<Overtaken>>; 2],
}

/// A message that nothing follows arrives after this long all the same.
const OVERTAKEN_WITHIN: Duration = Duration::from_secs(1);

/// Has a host message pass: `go` is called with what arrives, now or later, once, twice or not at all. `answer` is called
/// instead if the message is answered without having arrived; whether it could be says its answer.
pub fn frame(
    crossing: Option<&Arc<Crossing>>,
    on: On,
    bytes: &[u8],
    go: impl Fn(&[u8]) + Send + 'static,
    answer: impl FnOnce(&str) -> bool,
) {
    let Some(crossing) = crossing else { return go(bytes) };
    match crossing.faults.strike(&crossing.leg, on, bytes) {
        None | Some(What::Partial) => go(bytes),
        Some(What::Latency(wait)) => {
            let bytes = bytes.to_vec();
            std::thread::spawn(move || {
                std::thread::sleep(wait);
                go(&bytes);
            });
        }
        Some(What::Drop) => {}
        Some(What::Duplicate) => {
            go(bytes);
            go(bytes);
        }
        Some(What::Reorder) => {
            let bytes = bytes.to_vec();
            return crossing.overtaken(on, Box::new(move || go(&bytes)));
        }
        Some(What::Corrupt) => go(&broken(bytes)),
        Some(What::Answer(code)) => {
            if !answer(&code) {
                go(bytes);
            }
        }
    }
    crossing.overtake(on);
}

/// The message with one bit in its middle turned over.
fn broken(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 0x01;
    }
    bytes
}

impl Crossing {
    fn waiting(&self, on: On) -> MutexGuard<'_, Option<Overtaken>> {
        let place = match on {
            On::Requests => &self.waiting[0],
            On::Answers => &self.waiting[1],
        };
        place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a message until the next one has passed; one that was kept already has been overtaken now.
    fn overtaken(self: &Arc<Self>, on: On, message: Overtaken) {
        if let Some(earlier) = self.waiting(on).replace(message) {
            earlier();
        }
        let crossing = Arc::clone(self);
        std::thread::spawn(move || {
            std::thread::sleep(OVERTAKEN_WITHIN);
            crossing.overtake(on);
        });
    }

    fn overtake(&self, on: On) {
        let waiting = self.waiting(on).take();
        if let Some(message) = waiting {
            message();
        }
    }

    /// What arrives of a file.
    pub(crate) fn file<'a>(&self, file: &'a str) -> &'a str {
        match self.faults.strike(&self.leg, On::Requests, file.as_bytes()) {
            Some(What::Partial) => &file[..file.floor_char_boundary(file.len() / 2)],
            _ => file,
        }
    }
}

/// How a request over HTTP ended without having been answered by whom it went to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Struck {
    /// Nobody answered.
    Silence,
    /// It was answered on the way, with this status.
    Status(u16),
}

/// Has a request over HTTP pass: `go` sends a body and waits for the answer, once, twice or not at all; `struck` says what
/// it comes to if no answer arrives. Waits as long as the fault has it wait.
pub fn send<R>(
    crossing: Option<&Arc<Crossing>>,
    body: &[u8],
    mut go: impl FnMut(&[u8]) -> R,
    struck: impl Fn(Struck) -> R,
) -> R {
    let Some(crossing) = crossing else { return go(body) };
    let answer = match crossing.faults.strike(&crossing.leg, On::Requests, body) {
        None | Some(What::Partial) => go(body),
        Some(What::Latency(wait)) => {
            std::thread::sleep(wait);
            go(body)
        }
        Some(What::Drop | What::Reorder) => return struck(Struck::Silence),
        Some(What::Duplicate) => {
            let first = go(body);
            go(body);
            first
        }
        Some(What::Corrupt) => go(&body[..body.len() / 2]),
        Some(What::Answer(status)) => return struck(Struck::Status(status.parse().unwrap_or(500))),
    };
    match crossing.faults.strike(&crossing.leg, On::Answers, body) {
        Some(What::Drop) => struck(Struck::Silence),
        Some(What::Latency(wait)) => {
            std::thread::sleep(wait);
            answer
        }
        _ => answer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    const NOW: Timestamp = Timestamp::from_millis(1_795_320_000_000);

    fn with(leg: &str, text: &str) -> (Faults, Arc<Crossing>) {
        let faults = Faults::default();
        faults.add(Fault::parse(leg, text).unwrap(), NOW);
        let crossing = faults.on(Leg::parse(leg).unwrap());
        (faults, crossing)
    }

    /// What arrives of these messages, in order.
    fn arrived(crossing: &Arc<Crossing>, messages: &[&[u8]]) -> Vec<Vec<u8>> {
        let (tell, told) = mpsc::channel();
        for message in messages {
            let tell = tell.clone();
            let go = move |bytes: &[u8]| tell.send(bytes.to_vec()).unwrap();
            frame(Some(crossing), On::Requests, message, go, |_| true);
        }
        drop(tell);
        // Ends when whatever was put off has gone.
        told.iter().collect()
    }

    #[test]
    fn each_kind_does_what_it_says() {
        let both: &[&[u8]] = &[b"one", b"two"];
        for (text, expected) in [
            ("drop", vec![]),
            ("duplicate", vec!["one", "one", "two", "two"]),
            ("corrupt", vec!["ooe", "tvo"]),
            ("answer=96", vec![]),
            ("latency=1ms", vec!["one", "two"]),
            ("reorder", vec!["one", "two"]),
            ("drop,on=answers", vec!["one", "two"]),
        ] {
            let (faults, crossing) = with("acquirer-network", text);
            let mut found = arrived(&crossing, both);
            if text.starts_with("latency") {
                found.sort();
            }
            assert_eq!(found, expected.iter().map(|e| e.as_bytes().to_vec()).collect::<Vec<_>>(), "{text}");
            let struck = faults.listed()[0].struck;
            assert_eq!(struck, if text.ends_with("answers") { 0 } else { 2 }, "{text}");
        }
        // Another leg, and another bank's, are whole.
        for (leg, other) in
            [("acquirer-network", "network-gateway"), ("gateway-issuer:boc", "gateway-issuer:harbour")]
        {
            let (faults, _) = with(leg, "drop");
            let crossing = faults.on(Leg::parse(other).unwrap());
            assert_eq!(arrived(&crossing, both).len(), 2, "{other}");
        }
        let (faults, _) = with("gateway-issuer", "drop");
        assert_eq!(
            arrived(&faults.on(Leg::of("gateway-issuer", Some("boc"))), both).len(),
            0,
            "of every bank"
        );
        assert_eq!(faults.clear(), 1);
        assert_eq!(arrived(&faults.on(Leg::of("gateway-issuer", Some("boc"))), both).len(), 2);
    }

    #[test]
    fn the_next_message_overtakes_the_one_before() {
        let (faults, crossing) = with("acquirer-network", "reorder");
        let (tell, told) = mpsc::channel();
        for message in [b"one", b"two", b"six"] {
            let tell = tell.clone();
            frame(Some(&crossing), On::Requests, message, move |b| tell.send(b.to_vec()).unwrap(), |_| true);
            // The first alone is struck.
            faults.clear();
        }
        assert_eq!(told.try_iter().collect::<Vec<_>>(), [b"two", b"one", b"six"]);
    }

    #[test]
    fn a_seed_strikes_the_same_messages_again() {
        let messages: Vec<Vec<u8>> = (0..200u32).map(|n| n.to_be_bytes().to_vec()).collect();
        let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
        let through = |text: &str| arrived(&with("acquirer-network", text).1, &messages);
        let (one, again, other) =
            (through("drop,p=0.3"), through("drop,p=0.3"), through("drop,p=0.3,seed=2"));
        assert_eq!(one, again);
        assert_ne!(one, other);
        assert!((110..170).contains(&one.len()), "{}", one.len());
    }

    #[test]
    fn requests_over_http_are_lost_doubled_cut_or_put_off() {
        let passed = |text: &str| {
            let (_, crossing) = with("webhooks", text);
            let mut sent = Vec::new();
            let first = send(
                Some(&crossing),
                b"body",
                |body| {
                    sent.push(body.to_vec());
                    "taken".to_owned()
                },
                |struck| format!("{struck:?}"),
            );
            let second =
                send(Some(&crossing), b"body", |_| "taken".to_owned(), |struck| format!("{struck:?}"));
            (sent.len(), sent.first().map(Vec::len), first, second)
        };
        for (text, sent, length, first, second) in [
            ("drop", 0, None, "Silence", "Silence"),
            ("drop,on=answers", 1, Some(4), "Silence", "Silence"),
            ("duplicate", 2, Some(4), "taken", "taken"),
            ("corrupt", 1, Some(2), "taken", "taken"),
            ("answer=503", 0, None, "Status(503)", "Status(503)"),
            ("reorder", 0, None, "Silence", "taken"),
            ("latency=1ms", 1, Some(4), "taken", "taken"),
        ] {
            assert_eq!(passed(text), (sent, length, first.to_owned(), second.to_owned()), "{text}");
        }
    }
}

//! The sandbox's card network as a host.

use super::{read, send};
use crate::iso::{Dialect, Ends, Reply, Service};
use iso8583::Message;
use platform::line::{HostAnswer, HostLine};
use sandbox::defences::Defences;
use sandbox::network::{
    self, Answered, Incoming, Outcome, Switch, SwitchedAnswer, TOPIC_REVERSAL, TimedOut, Verdict,
};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::{Arrival, Called, Deliverer, Store, StoreError, Value};
use values::Outbound;

/// The network. Clones share everything.
#[derive(Clone)]
pub struct Network(Arc<Parts>);

struct Parts {
    store: Store,
    gateway: Arc<dyn HostLine>,
    issuers: HashMap<String, Arc<dyn HostLine>>,
    wait: Duration,
    sent: Mutex<HashSet<String>>,
    defences: Defences,
}

impl Network {
    /// A network over its records, with lines to the token gateway and the issuers (by short name). It waits
    /// so long for an answer of the issuer's side.
    pub fn new(
        store: Store,
        gateway: Arc<dyn HostLine>,
        issuers: HashMap<String, Arc<dyn HostLine>>,
        wait: Duration,
    ) -> Network {
        let (sent, defences) = (Mutex::default(), Defences::ALL);
        Network(Arc::new(Parts { store, gateway, issuers, wait, sent, defences }))
    }

    /// The same with these checks, as long as nobody shares it. In a product there is but one set of them.
    #[must_use]
    pub fn defended(mut self, defences: Defences) -> Network {
        if let Some(parts) = Arc::get_mut(&mut self.0) {
            parts.defences = defences;
        }
        self
    }

    /// Ends what an earlier process left in flight: nobody waits for those answers any more, so each is told as
    /// silence, and what an issuer may have booked is reversed. How many there were.
    pub fn resume(&self) -> Result<usize, StoreError> {
        let rows = self.0.store.rows("SELECT message FROM switched WHERE state = 'in_flight'", &[])?;
        let name = |row: &Vec<Value>| match &row[..] {
            [Value::Text(text)] => {
                let mut bytes = [0; 16];
                hex::decode_to_slice(text, &mut bytes).ok().map(|()| sandbox::Digest(bytes))
            }
            _ => None,
        };
        let left: Vec<sandbox::Digest> = rows.rows.iter().filter_map(name).collect();
        for message in &left {
            self.0.store.call(TimedOut { message: *message, defences: self.0.defences })?;
        }
        Ok(left.len())
    }

    /// The records.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// Takes a message of a participant; `home` is called with each answer there is to send: one or none.
    pub fn take(&self, message: Message, home: Home) {
        match network::prepare(&message) {
            Ok(Incoming::Payment { operation, .. }) => self.payment(message, *operation, home),
            Ok(Incoming::Reversal { operation }) => {
                let original = Switch { defences: self.0.defences, ..operation.original };
                let operation = network::Reverse { original, ..*operation };
                self.0.store.submit(operation, move |called: Called<network::Reverse>| {
                    let code = called.ok().and_then(store::Outcome::answer);
                    let code = code.unwrap_or_else(|| "96".to_owned());
                    home(network::reversal_answer(&message, &code));
                });
            }
            Ok(Incoming::Pass { issuer }) => self.pass(message, &issuer.id, home),
            Ok(Incoming::Management { answer, operation: Some(sign_on) }) => {
                self.0.store.submit(sign_on, move |_| home(*answer));
            }
            Ok(Incoming::Management { answer, operation: None }) | Err(answer) => home(*answer),
        }
    }

    fn payment(&self, message: Message, operation: Switch, home: Home) {
        let network = self.clone();
        let name = operation.message;
        let operation = Switch { defences: self.0.defences, ..operation };
        self.0.store.submit(operation, move |called: Called<Switch>| {
            match called.ok().and_then(|o| o.answer()) {
                Some(Outcome::Forward { date }) => network.forward(message, date, name, home),
                Some(Outcome::InProgress) => {}
                Some(Outcome::Answer(stored)) => home(network::own_answer(&message, &stored)),
                None => home(network::own_answer(&message, &SwitchedAnswer::of_network("96"))),
            }
        });
    }

    fn forward(&self, message: Message, date: u32, name: sandbox::Digest, home: Home) {
        let outward = network::forward(&message, date);
        let network = self.clone();
        self.0.gateway.ask(
            outward,
            self.0.wait,
            Box::new(move |answer| match answer {
                HostAnswer::Message(answer) => network.answered(*answer, home),
                // Silence and a dead line are the same to the acquirer: 91, and a late approval is reversed.
                HostAnswer::Silence | HostAnswer::NotSent => {
                    let timed_out = TimedOut { message: name, defences: network.0.defences };
                    network.0.store.submit(timed_out, move |called: Called<TimedOut>| {
                        if let Some(Some(stored)) = called.ok().and_then(|outcome| outcome.answer()) {
                            home(network::own_answer(&message, &stored));
                        }
                    });
                }
            }),
        );
    }

    fn answered(&self, answer: Message, home: Home) {
        let Some(operation) = network::answered(&answer) else { return };
        let operation = Answered { defences: self.0.defences, ..operation };
        self.0.store.submit(operation, move |called: Called<Answered>| {
            if called.ok().and_then(|outcome| outcome.answer()) == Some(Verdict::PassOn) {
                home(answer);
            }
        });
    }

    /// An answer that came when nobody waited any more: a late approval is reversed.
    pub fn late(&self, answer: &Message) {
        if let Some(operation) = network::answered(answer) {
            let operation = Answered { defences: self.0.defences, ..operation };
            self.0.store.submit(operation, |_| ());
        }
    }

    fn pass(&self, message: Message, issuer: &str, home: Home) {
        let no_route = |message: &Message| network::own_answer(message, &SwitchedAnswer::of_network("92"));
        let Some(line) = self.0.issuers.get(issuer) else { return home(no_route(&message)) };
        line.ask(
            message.clone(),
            self.0.wait,
            Box::new(move |answer| match answer {
                HostAnswer::Message(answer) => home(*answer),
                HostAnswer::Silence | HostAnswer::NotSent => {
                    home(network::own_answer(&message, &SwitchedAnswer::of_network("91")));
                }
            }),
        );
    }

    /// What carries out the network's outbox: reversals of late answers and of what acquirers took back.
    pub fn deliverers(&self) -> HashMap<String, Deliverer> {
        let network = self.clone();
        let deliver: Deliverer = Box::new(move |outbound| network.deliver_reversal(outbound));
        HashMap::from([(TOPIC_REVERSAL.to_owned(), deliver)])
    }

    fn deliver_reversal(&self, outbound: &Outbound) -> Arrival {
        let Some(mut message) = network::open_reversal(&outbound.body) else { return Arrival::Delivered };
        let first = self.0.sent.lock().expect("no holder of this lock panics").insert(outbound.key.clone());
        if !first {
            message.mti = message.mti.repeat();
        }
        match self.0.gateway.ask_and_wait(message, self.0.wait) {
            HostAnswer::Message(answer) if settles(&answer) => Arrival::Delivered,
            _ => Arrival::Retry,
        }
    }
}

/// 00 did it; 25 and 14 say there is nothing to undo; 12 and 64 that it cannot be undone as asked, which saying it
/// again does not change: the difference is left to the settlement of the day.
fn settles(answer: &Message) -> bool {
    matches!(answer.text(39), Some("00" | "25" | "14" | "12" | "64"))
}

/// What sends an answer home.
pub type Home = Box<dyn FnOnce(Message) + Send>;

/// Participants speak to this. Each may have its own MAC key, so each has its own port object.
pub struct NetworkPort {
    network: Network,
    dialect: Dialect,
    ends: Ends,
}

impl NetworkPort {
    /// A port that speaks `dialect`.
    pub fn new(network: Network, dialect: Dialect, ends: Ends) -> NetworkPort {
        NetworkPort { network, dialect, ends }
    }
}

impl Service for NetworkPort {
    fn message(&self, bytes: &[u8], reply: &Reply) {
        let Some(message) = read(&self.dialect, &self.ends, bytes, reply) else { return };
        let (dialect, ends, reply) = (self.dialect.clone(), self.ends.clone(), reply.clone());
        self.network.take(message, Box::new(move |answer| send(&dialect, &ends, answer, &reply)));
    }
}

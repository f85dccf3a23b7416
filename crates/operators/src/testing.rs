//! Records in memory, and a few operators, for the tests of this room.

use crate::{Found, NewPasskey, Occasion, Operator, OperatorId};
use passkeys::testing::Authenticator;
use passkeys::{Asserted, Expected, Registered, register, verify};
use std::collections::BTreeMap;
use values::{Id, Operation, Outbound, Record, Records, Timestamp};

/// 2026-11-22, noon in Shanghai.
pub(crate) const NOON: Timestamp = Timestamp::from_millis(1_795_320_000_000);

/// The records of this room, and what was sent.
#[derive(Clone, Default)]
pub(crate) struct Memory {
    rows: BTreeMap<(&'static str, String), String>,
    pub(crate) sent: Vec<String>,
}

impl Memory {
    /// Runs an operation as the executor does: a refusal leaves no trace.
    pub(crate) fn run<O: Operation>(
        &mut self,
        operation: &O,
        now: Timestamp,
    ) -> Result<O::Answer, O::Refusal> {
        let mut copy = self.clone();
        let result = operation.apply(&mut copy, now);
        if result.is_ok() {
            *self = copy;
        }
        result
    }

    /// All records of a kind, in the order of their keys' text.
    pub(crate) fn all<R: Record>(&self) -> Vec<R> {
        let rows = self.rows.iter().filter(|((table, _), _)| *table == R::TABLE);
        rows.map(|(_, row)| serde_json::from_str(row).unwrap()).collect()
    }

    /// Two founded operators.
    pub(crate) fn with_two() -> (Memory, OperatorId, OperatorId) {
        let mut memory = Memory::default();
        let first = memory.found(1, "Ada").unwrap().id;
        let second = memory.found(2, "Grace").unwrap().id;
        (memory, first, second)
    }

    pub(crate) fn found(&mut self, number: u8, name: &str) -> Result<Operator, crate::Refusal> {
        let found = Found {
            id: Id::from_u128(u128::from(number)),
            name: name.to_owned(),
            passkey: passkey(number),
            defences: crate::Defences::ALL,
            occasion: Occasion::default(),
        };
        self.run(&found, NOON)
    }
}

/// A passkey by its number.
pub(crate) fn passkey(number: u8) -> NewPasskey {
    NewPasskey(registered(&mut authenticator(number)))
}

pub(crate) fn authenticator(number: u8) -> Authenticator {
    Authenticator::new(&[number; 16], "localhost", "http://localhost:8085")
}

fn expected() -> Expected<'static> {
    Expected {
        relying_party: "localhost",
        origin: "http://localhost:8085",
        challenge: b"challenge",
        defences: passkeys::Defences::ALL,
    }
}

fn registered(authenticator: &mut Authenticator) -> Registered {
    let (client, object) = authenticator.make(b"challenge");
    register(&expected(), &client, &object).unwrap()
}

/// Evidence that the owner of a passkey was there.
pub(crate) fn asserted(number: u8) -> Asserted {
    let mut authenticator = authenticator(number);
    let known = registered(&mut authenticator);
    let said = authenticator.sign(b"challenge");
    verify(&expected(), &known.public, known.counter, &said).unwrap()
}

fn name<R: Record>(key: &R::Key) -> (&'static str, String) {
    (R::TABLE, serde_json::to_string(key).unwrap())
}

impl Records for Memory {
    fn find<R: Record>(&mut self, key: &R::Key) -> Option<R> {
        self.rows.get(&name::<R>(key)).map(|row| serde_json::from_str(row).unwrap())
    }

    fn put<R: Record>(&mut self, record: R) {
        self.rows.insert(name::<R>(&record.key()), serde_json::to_string(&record).unwrap());
    }

    fn remove<R: Record>(&mut self, key: &R::Key) {
        self.rows.remove(&name::<R>(key));
    }

    fn send(&mut self, message: Outbound) {
        self.sent.push(format!("{} {}", message.topic, message.key));
    }

    fn cancel(&mut self, _: &str, _: &str) {}

    fn note(&mut self, _: &'static str, _: &str, _: &str) {}
}

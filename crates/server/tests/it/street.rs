//! A street of hosts in one process: acquirer, network, one bank. In place of the token gateway stands a line
//! that swaps one token for one test card, and that can be made to fall silent.

use acquiring::operations::{RegisterMerchant, RegisterTerminal};
use acquiring::records::{MerchantState, PaymentKind};
use acquiring::terminal_line::{Card, Terminal};
use acquiring::{Merchant, Payment, Reference, TerminalId};
use iso8583::Message;
use platform::acquirer::Acquirer;
use platform::line::{HostAnswer, HostLine, Then};
use sandbox::directory::Directory;
use server::city::{DEMO_MERCHANTS, acquiring_institution};
use server::hosts::issuer::Issuer;
use server::hosts::network::Network;
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use store::{Backoff, Couriers, Schema, Store, TestClock, spawn_delivery};
use values::{Country, Currency, Id, MerchantCategory, Money, Records, Timestamp};

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_795_320_000_000);
/// The token that the line swaps, and the documented test card with money behind it.
pub(crate) const TOKEN: &str = "6296600100000000018";
pub(crate) const CARD: &str = "6216600100000000016";
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How long a test waits for what has to happen before it gives up: a machine may be busy with other things.
const GIVE_UP: Duration = Duration::from_secs(60);

/// Waits for something that happens by itself.
pub(crate) fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let until = std::time::Instant::now() + GIVE_UP;
    while !done() {
        assert!(std::time::Instant::now() < until, "never happened: {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

pub(crate) fn yuan(text: &str) -> Money {
    Money::parse(text, Currency::CNY).unwrap()
}

/// Stands for the token gateway.
pub(crate) struct Swap {
    issuer: Issuer,
    /// Requests arrive and are decided, but no answer comes home.
    pub(crate) deaf: AtomicBool,
    /// Neither do answers to reversals.
    pub(crate) dead: AtomicBool,
}

impl HostLine for Swap {
    fn ask(&self, mut message: Message, _wait: Duration, then: Then) {
        let reversal = message.mti.class() == b'4';
        if self.dead.load(Ordering::SeqCst) {
            return then(HostAnswer::Silence);
        }
        let deaf = self.deaf.load(Ordering::SeqCst) && !reversal;
        if message.text(2) == Some(TOKEN) {
            message.set_text(2, CARD);
        }
        let back = move |mut answer: Message| {
            answer.set_text(2, TOKEN);
            then(if deaf { HostAnswer::Silence } else { HostAnswer::Message(Box::new(answer)) });
        };
        self.issuer.take(message, Box::new(back));
    }
}

struct ToNetwork(Network);

impl HostLine for ToNetwork {
    fn ask(&self, message: Message, _wait: Duration, then: Then) {
        self.0.take(message, Box::new(move |answer| then(HostAnswer::Message(Box::new(answer)))));
    }
}

pub(crate) struct Street {
    _folder: tempfile::TempDir,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) swap: Arc<Swap>,
    pub(crate) network: Network,
    pub(crate) issuer: Issuer,
    pub(crate) acquirer: Acquirer,
    _couriers: Vec<Couriers>,
    trace: u32,
}

pub(crate) fn open(folder: &Path, name: &str, schema: Schema, clock: &Arc<TestClock>) -> Store {
    Store::open(&folder.join(name), schema, clock.clone()).unwrap()
}

impl Street {
    pub(crate) fn new() -> Street {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock::at(NOW));
        let bank = Directory::sandbox().institution("boc").unwrap();
        let schema = store::rooms::ledger::tables(store::rooms::issuer::tables(Schema::new()));
        let issuer = Issuer::new(bank, open(folder.path(), "issuer", schema, &clock)).unwrap();
        let swap = Arc::new(Swap {
            issuer: issuer.clone(),
            deaf: AtomicBool::default(),
            dead: AtomicBool::default(),
        });
        let schema = store::rooms::network::tables(Schema::new());
        let store = open(folder.path(), "network", schema, &clock);
        let network = Network::new(store, swap.clone(), HashMap::new(), PATIENCE);
        let schema = store::rooms::acquiring::tables(Schema::new());
        let store = open(folder.path(), "acquirer", schema, &clock);
        register(&store);
        let line = Arc::new(ToNetwork(network.clone()));
        let acquirer = Acquirer::new(store, acquiring_institution(PATIENCE), line);
        let couriers = vec![
            spawn_delivery(network.store(), Backoff::default(), network.deliverers()).unwrap(),
            spawn_delivery(acquirer.store(), Backoff::default(), acquirer.deliverers()).unwrap(),
        ];
        Street { _folder: folder, clock, swap, network, issuer, acquirer, _couriers: couriers, trace: 0 }
    }

    fn terminal(&mut self) -> Terminal {
        self.trace += 1;
        let demo = &DEMO_MERCHANTS[0];
        Terminal {
            id: TerminalId::parse(demo.terminal.as_bytes()).unwrap(),
            acceptor: demo.acceptor.parse().unwrap(),
            trace: self.trace.try_into().unwrap(),
            batch: 1,
        }
    }

    /// A keyed sale: DE 39 and the reference.
    pub(crate) fn sale(&mut self, amount: &str) -> (String, Reference) {
        let card = Card {
            entry_mode: "012".parse().unwrap(),
            number: TOKEN.as_bytes(),
            track_two: None,
            sequence: None,
            chip: None,
        };
        let message = self.terminal().payment(PaymentKind::Sale, yuan(amount), &card, None);
        let answer = self.ask(message);
        let reference = Reference::parse(answer.get(37).unwrap()).unwrap();
        (answer.text(39).unwrap().to_owned(), reference)
    }

    /// The cashier takes a sale back.
    pub(crate) fn void(&mut self, reference: Reference, amount: &str) -> String {
        let message = self.terminal().void(reference, yuan(amount));
        self.ask(message).text(39).unwrap().to_owned()
    }

    fn ask(&self, message: Message) -> Message {
        let (tell, told) = mpsc::channel();
        self.acquirer.take(message, Box::new(move |answer| tell.send(answer).unwrap()));
        told.recv_timeout(PATIENCE * 2).unwrap().unwrap()
    }

    pub(crate) fn payment(&self, reference: Reference) -> Payment {
        self.acquirer.store().read(move |records| records.find::<Payment>(&reference)).unwrap().unwrap()
    }

    /// Waits until nothing of a topic is on its way any more.
    pub(crate) fn quiet(store: &Store, topic: &str) {
        let asked = "SELECT key FROM outbox WHERE topic = $1";
        let waiting = || store.rows(asked, &[store::Value::Text(topic.to_owned())]).unwrap().rows;
        eventually(&format!("{topic} becomes quiet"), || waiting().is_empty());
    }
}

fn register(store: &Store) {
    let demo = &DEMO_MERCHANTS[0];
    let merchant = Merchant {
        id: Id::from_u128(demo.number),
        acceptor: demo.acceptor.parse().unwrap(),
        name: demo.name.to_owned(),
        city: "BEIJING".to_owned(),
        category: MerchantCategory::try_from(demo.category).unwrap(),
        country: Country::CHINA,
        currency: Currency::CNY,
        limit_payment: 5_000_000,
        limit_daily: 100_000_000,
        state: MerchantState::Active,
    };
    let id = TerminalId::parse(demo.terminal.as_bytes()).unwrap();
    let terminal = RegisterTerminal { id, merchant: merchant.id };
    store.call(RegisterMerchant { merchant }).unwrap();
    store.call(terminal).unwrap();
}

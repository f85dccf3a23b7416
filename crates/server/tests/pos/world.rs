//! A shop: a terminal over a real reader socket, the acquirer behind a line that can be made to fail.

use crate::test_phone::TestPhone;
use acquiring::operations::{RegisterMerchant, RegisterTerminal};
use acquiring::records::{MerchantState, TokenRange};
use acquiring::{Institution, Merchant, Payment, Reference};
use iso8583::{Message, Profile, ResponseCode};
use platform::acquirer::Acquirer;
use platform::line::{HostAnswer, HostLine, Then};
use server::pos::{AcquirerLine, DEMO_TERMINALS, Ended, Heard, Pos, Settings};
use server::vpcd::ReaderEnd;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;
use store::{Outcome, Schema, Store, TestClock};
use values::time::Zone;
use values::{Country, Currency, Id, MerchantCategory, Money, Records, Timestamp};
use wallet::application::Notice;

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_795_320_000_000);

pub(crate) fn yuan(text: &str) -> Money {
    Money::parse(text, Currency::CNY).unwrap()
}

/// Everything behind the acquirer: approves, unless the amount ends in 51.
struct Network;

impl HostLine for Network {
    fn ask(&self, message: Message, _wait: Duration, then: Then) {
        let mut answer = Message::answer_to(&message, &[3, 4, 7, 11, 32, 33, 37, 41, 49]);
        if message.amount().is_some_and(|amount| amount.minor() % 100 == 51) {
            answer.set_response_code(ResponseCode::INSUFFICIENT_FUNDS);
        } else {
            answer.set_response_code(ResponseCode::APPROVED).set_text(38, "974556");
        }
        then(HostAnswer::Message(Box::new(answer)));
    }
}

/// What happens to the next message about money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    Fine,
    /// It is lost.
    RequestLost,
    /// Its answer is lost.
    AnswerLost,
    /// The MAC of its answer is wrong.
    AnswerForged,
    /// There is no line.
    NoLine,
    /// The terminal dies once the acquirer has decided.
    Dies,
}

/// The line, and what went over it.
pub(crate) struct FaultyLine {
    acquirer: Acquirer,
    faults: Mutex<VecDeque<Fault>>,
    asked: Mutex<Vec<Message>>,
}

impl FaultyLine {
    pub(crate) fn next(&self, faults: &[Fault]) {
        *self.faults.lock().unwrap() = faults.iter().copied().collect();
    }

    /// Type, trace number and reason of what was asked since the last look.
    pub(crate) fn asked(&self) -> Vec<String> {
        let asked = std::mem::take(&mut *self.asked.lock().unwrap());
        let told = |message: &Message| {
            let reason = message.text(39).map(|reason| format!(" {reason}")).unwrap_or_default();
            format!("{}{reason}", message.mti)
        };
        asked.iter().map(told).collect()
    }
}

impl AcquirerLine for FaultyLine {
    fn question(&self, message: Message, _wait: Duration) -> Heard {
        let mut bytes = Vec::new();
        Profile::Pos.encode(&message, &mut bytes).unwrap();
        let message = Profile::Pos.decode(&bytes).unwrap();
        let fault = match message.mti.class() {
            b'8' => Fault::Fine,
            _ => self.faults.lock().unwrap().pop_front().unwrap_or(Fault::Fine),
        };
        if fault == Fault::NoLine {
            return Heard::NotSent;
        }
        self.asked.lock().unwrap().push(message.clone());
        if fault == Fault::RequestLost {
            return Heard::Silence;
        }
        let (tell, told) = mpsc::channel();
        self.acquirer.take(message, Box::new(move |answer| tell.send(answer).unwrap()));
        let answer = told.recv().unwrap();
        match fault {
            Fault::Dies => panic!("the power went"),
            Fault::AnswerLost => Heard::Silence,
            Fault::AnswerForged => Heard::NotAuthentic,
            _ => answer.map_or(Heard::Silence, |answer| Heard::Answer(Box::new(answer))),
        }
    }
}

/// A shop and its bank.
pub(crate) struct World {
    folder: tempfile::TempDir,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) line: Arc<FaultyLine>,
    pub(crate) reader: ReaderEnd,
    at: SocketAddr,
}

impl World {
    pub(crate) fn new() -> World {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock::at(NOW));
        let schema = store::rooms::acquiring::tables(Schema::new());
        let store = Store::open(&folder.path().join("acquirer.sqlite"), schema, clock.clone()).unwrap();
        let demo = DEMO_TERMINALS[0];
        let merchant = Merchant {
            id: Id::from_u128(1),
            acceptor: demo.acceptor.parse().unwrap(),
            name: demo.name.to_owned(),
            city: demo.city.to_owned(),
            category: MerchantCategory::try_from(demo.category).unwrap(),
            country: Country::CHINA,
            currency: Currency::CNY,
            limit_payment: demo.limit_payment,
            limit_daily: 100_000_000,
            state: MerchantState::Active,
        };
        let register = RegisterTerminal { id: demo.terminal.parse().unwrap(), merchant: merchant.id };
        assert!(matches!(store.call(RegisterMerchant { merchant }), Ok(Outcome::Done(()))));
        assert!(matches!(store.call(register), Ok(Outcome::Done(_))));
        let institution = Institution {
            id: "01040000".parse().unwrap(),
            forwarder: "00010000".parse().unwrap(),
            zone: Zone::Shanghai,
            answer_within: Duration::from_secs(30),
            token_ranges: vec![TokenRange { first: 62_900_000, last: 62_999_999 }],
            defences: acquiring::Defences::ALL,
        };
        let acquirer = Acquirer::new(store, institution, Arc::new(Network));
        let line = Arc::new(FaultyLine { acquirer, faults: Mutex::default(), asked: Mutex::default() });
        let reader = ReaderEnd::listen("127.0.0.1:0").unwrap();
        let at = reader.address().unwrap();
        World { folder, clock, line, reader, at }
    }

    /// The terminal, as after switching it on.
    pub(crate) fn terminal(&self) -> Pos {
        let settings = Settings::new(&self.pos_directory(), DEMO_TERMINALS[0].configuration());
        Pos::open(settings, self.line.clone(), self.clock.clone()).unwrap()
    }

    pub(crate) fn pos_directory(&self) -> PathBuf {
        self.folder.path().join("pos")
    }

    /// An unlocked phone is held against the reader for a sale.
    pub(crate) fn sale(&mut self, pos: &mut Pos, amount: &str) -> Ended {
        self.tap(pos, amount, Pos::sale).0
    }

    pub(crate) fn tap(
        &mut self,
        pos: &mut Pos,
        amount: &str,
        take: fn(&mut Pos, Money, &mut dyn server::reader::Reader) -> Result<Ended, server::pos::PosError>,
    ) -> (Ended, Vec<Notice>) {
        let at = self.at;
        let phone = std::thread::spawn(move || TestPhone::new(NOW).unlocked().present(at));
        let ended = take(pos, yuan(amount), &mut self.reader).unwrap();
        (ended, phone.join().unwrap().1)
    }

    /// Several presentations, one after another, for one sale.
    pub(crate) fn sale_with(
        &mut self,
        pos: &mut Pos,
        amount: &str,
        present: impl FnOnce(SocketAddr) + Send + 'static,
    ) -> Ended {
        let at = self.at;
        let phone = std::thread::spawn(move || present(at));
        let ended = pos.sale(yuan(amount), &mut self.reader).unwrap();
        phone.join().unwrap();
        ended
    }

    /// The payment as the acquirer has it.
    pub(crate) fn payment(&self, reference: Reference) -> Payment {
        let found = self.line.acquirer.store().read(move |records| records.find::<Payment>(&reference));
        found.unwrap().unwrap()
    }

    /// Every payment the acquirer has.
    pub(crate) fn payments(&self) -> Vec<Payment> {
        let mut payments = self.line.acquirer.store().read(|records| records.all::<Payment>()).unwrap();
        payments.sort_by_key(|payment| payment.stan);
        payments
    }
}

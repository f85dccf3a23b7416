//! Records in memory, an outbox, and a world to tell stories in.

use acquiring::network_line::NetworkAnswer;
use acquiring::operations::{
    Accept, AcceptCode, Accepted, CloseBatch, Closed, Conclude, Concluded, OpenBill, RegisterMerchant,
    RegisterTerminal, Reverse, TakenBack, TimedOut, Void,
};
use acquiring::records::{BillName, CodePayment, MerchantState, PaymentKind, Tally, TokenRange};
use acquiring::terminal_line::{Card, CodeNews, Request, Terminal, code_news, read};
use acquiring::{Batch, Institution, Merchant, Payment, Reference, Refusal};
use iso8583::{Message, Profile, ResponseCode, Stan};
use std::any::TypeId;
use std::collections::BTreeMap;
use std::time::Duration;
use values::{Country, Currency, Id, Money, Operation, Outbound, Record, Records, Timestamp, time::Zone};

/// Records as the executor would keep them: by kind and key, in their stored form.
#[derive(Clone, Default)]
pub(crate) struct Books {
    rows: BTreeMap<(TypeId, String), String>,
    pub(crate) outbox: BTreeMap<(String, String), Outbound>,
    pub(crate) sent: Vec<String>,
    pub(crate) notes: Vec<&'static str>,
}

impl Books {
    fn name<R: Record>(key: &R::Key) -> (TypeId, String) {
        (TypeId::of::<R>(), serde_json::to_string(key).unwrap())
    }

    /// Everything stored, to find what must not be there.
    pub(crate) fn dump(&self) -> String {
        format!("{:?}{:?}", self.rows.values().collect::<Vec<_>>(), self.outbox)
    }
}

impl Records for Books {
    fn find<R: Record>(&mut self, key: &R::Key) -> Option<R> {
        self.rows.get(&Self::name::<R>(key)).map(|row| serde_json::from_str(row).unwrap())
    }
    fn put<R: Record>(&mut self, record: R) {
        self.rows.insert(Self::name::<R>(&record.key()), serde_json::to_string(&record).unwrap());
    }
    fn remove<R: Record>(&mut self, key: &R::Key) {
        self.rows.remove(&Self::name::<R>(key));
    }
    fn send(&mut self, message: Outbound) {
        self.sent.push(message.topic.clone());
        self.outbox.insert((message.topic.clone(), message.key.clone()), message);
    }
    fn cancel(&mut self, topic: &str, key: &str) {
        self.outbox.remove(&(topic.to_owned(), key.to_owned()));
    }
    fn note(&mut self, kind: &'static str, _subject: &str, _detail: &str) {
        self.notes.push(kind);
    }
}

pub(crate) const TOKEN: &str = "6216623937629277878";
pub(crate) const OTHER_TOKEN: &str = "6216054243482834147";
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_795_305_600_000);

pub(crate) fn yuan(text: &str) -> Money {
    Money::parse(text, Currency::CNY).unwrap()
}

pub(crate) fn merchant() -> Merchant {
    Merchant {
        id: Id::from_u128(1),
        acceptor: "104110054110001".parse().unwrap(),
        name: "PAIZA TEST SHOP".into(),
        city: "BEIJING".into(),
        category: "5411".parse().unwrap(),
        country: Country::CHINA,
        currency: Currency::CNY,
        limit_payment: 100_000,
        limit_daily: 250_000,
        state: MerchantState::Active,
    }
}

/// An acquirer with one merchant and one terminal.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) books: Books,
    pub(crate) institution: Institution,
    pub(crate) now: Timestamp,
}

impl World {
    pub(crate) fn new() -> World {
        let institution = Institution {
            id: "01040000".parse().unwrap(),
            forwarder: "00010000".parse().unwrap(),
            zone: Zone::Shanghai,
            answer_within: Duration::from_secs(30),
            token_ranges: vec![TokenRange { first: 62_160_000, last: 62_169_999 }],
            defences: acquiring::Defences::ALL,
        };
        let mut world = World { books: Books::default(), institution, now: NOW };
        world.run(&RegisterMerchant { merchant: merchant() }).unwrap();
        world.run(&RegisterTerminal { id: "PZ000001".parse().unwrap(), merchant: merchant().id }).unwrap();
        world
    }

    /// Runs an operation as the executor does: a refusal leaves no trace.
    pub(crate) fn run<O: Operation>(&mut self, operation: &O) -> Result<O::Answer, O::Refusal> {
        let mut books = self.books.clone();
        let answer = operation.apply(&mut books, self.now)?;
        self.books = books;
        Ok(answer)
    }

    pub(crate) fn terminal(&self, trace: u32, batch: u32) -> Terminal {
        Terminal {
            id: "PZ000001".parse().unwrap(),
            acceptor: merchant().acceptor,
            trace: Stan::new(trace).unwrap(),
            batch,
        }
    }

    /// A terminal's message as it comes off the wire.
    pub(crate) fn wire(&self, message: &Message) -> Message {
        let mut bytes = Vec::new();
        Profile::Pos.encode(message, &mut bytes).unwrap();
        Profile::Pos.decode(&bytes).unwrap()
    }

    pub(crate) fn submit(&mut self, message: &Message) -> Result<Accepted, Refusal> {
        match read(&self.wire(message), &self.institution)? {
            Request::Payment(request) => {
                let accept = Accept { request, institution: self.institution.clone(), id: Id::from_u128(7) };
                self.run(&accept)
            }
            other => panic!("not a payment: {other:?}"),
        }
    }

    pub(crate) fn pay(
        &mut self,
        kind: PaymentKind,
        trace: u32,
        amount: &str,
        original: Option<Reference>,
    ) -> Result<Payment, Refusal> {
        let message = self.terminal(trace, 1).payment(kind, yuan(amount), &card(TOKEN), original);
        self.submit(&message).map(|accepted| accepted.payment)
    }

    pub(crate) fn conclude(&mut self, payment: &Payment, code: ResponseCode) -> Result<Concluded, Refusal> {
        self.run(&Conclude { answer: answer_to(payment, code) })
    }

    pub(crate) fn approved(&mut self, kind: PaymentKind, trace: u32, amount: &str) -> Payment {
        let payment = self.pay(kind, trace, amount, None).unwrap();
        self.conclude(&payment, ResponseCode::APPROVED).unwrap().payment
    }

    pub(crate) fn time_out(&mut self, payment: &Payment) -> Payment {
        self.run(&TimedOut { reference: payment.reference }).unwrap()
    }

    pub(crate) fn reverse(&mut self, trace: u32, amount: &str) -> Result<TakenBack, Refusal> {
        let message = self.terminal(trace, 1).reversal(yuan(amount), ResponseCode::NO_ANSWER);
        match read(&self.wire(&message), &self.institution)? {
            Request::Reversal(request) => self.run(&Reverse { request }),
            other => panic!("not a reversal: {other:?}"),
        }
    }

    pub(crate) fn void(&mut self, trace: u32, original: Reference, amount: &str) -> Result<Payment, Refusal> {
        let message = self.terminal(trace, 1).void(original, yuan(amount));
        match read(&self.wire(&message), &self.institution)? {
            Request::Void(request) => self.run(&Void { request }),
            other => panic!("not a void: {other:?}"),
        }
    }

    pub(crate) fn close(&mut self, batch: u32, sales: Tally, refunds: Tally) -> Result<Closed, Refusal> {
        let message = self.terminal(900, batch).settlement(sales, refunds);
        match read(&self.wire(&message), &self.institution)? {
            Request::Settlement(request) => self.run(&CloseBatch { request }),
            other => panic!("not a settlement: {other:?}"),
        }
    }

    /// Opens a bill of this amount in the open batch.
    pub(crate) fn bill(&mut self, trace: u32, amount: &str) -> Result<BillName, Refusal> {
        let message = self.terminal(trace, 1).bill(yuan(amount));
        match read(&self.wire(&message), &self.institution)? {
            Request::Bill(request) => {
                let bill = self.run(&OpenBill { request })?;
                Ok(BillName { batch: bill.batch, trace: bill.trace })
            }
            other => panic!("not a bill: {other:?}"),
        }
    }

    /// A phone pays a scanned code.
    pub(crate) fn scan(
        &mut self,
        bill: Option<BillName>,
        counter: u16,
        amount: &str,
    ) -> Result<Payment, Refusal> {
        let accept = AcceptCode {
            acceptor: merchant().acceptor,
            terminal: "PZ000001".parse().unwrap(),
            bill,
            amount: yuan(amount),
            entry_mode: "042".parse().unwrap(),
            token: values::TokenNumber::parse(TOKEN.as_bytes()).unwrap(),
            card_sequence: 1,
            counter,
            institution: self.institution.clone(),
            id: Id::from_u128(8),
        };
        self.run(&accept).map(|accepted| accepted.payment)
    }

    /// The payment by a scanned code of this number, as the terminal is told of it.
    pub(crate) fn news(&mut self, number: u32) -> Option<CodeNews> {
        let message = self.wire(&self.terminal(800, 1).code_news(number));
        let Ok(Request::CodeNews(request)) = read(&message, &self.institution) else { panic!() };
        let known: Option<CodePayment> = self.books.find(&(request.terminal, request.number));
        let payment = known.map(|known| self.payment(known.reference));
        let answer = code_news(&message, payment.as_ref(), self.now, &self.institution);
        CodeNews::read(&self.wire(&answer))
    }

    pub(crate) fn payment(&mut self, reference: Reference) -> Payment {
        self.books.find(&reference).unwrap()
    }

    pub(crate) fn batch(&mut self, number: u32) -> Batch {
        self.books.find(&("PZ000001".parse().unwrap(), number)).unwrap()
    }
}

pub(crate) fn tally(count: u32, amount: u64) -> Tally {
    Tally { count, amount }
}

/// A tap of this token.
pub(crate) fn card(number: &str) -> Card<'_> {
    Card {
        entry_mode: "072".parse().unwrap(),
        number: number.as_bytes(),
        track_two: None,
        sequence: Some(1),
        chip: Some(&[0x9F, 0x36, 2, 0, 1]),
    }
}

pub(crate) fn answer_to(payment: &Payment, code: ResponseCode) -> NetworkAnswer {
    NetworkAnswer {
        reference: payment.reference,
        mti: payment.kind.mti().answer(),
        stan: payment.stan,
        amount: Some(payment.money()),
        code,
        approval_code: code.is_approved().then(|| "974556".parse().unwrap()),
        settled_on: Some(1122),
    }
}

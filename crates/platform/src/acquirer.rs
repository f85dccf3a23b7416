//! The acquirer: from a terminal's message to the network and back, and what is owed to the network later.

use crate::line::{HostAnswer, HostLine};
use acquiring::names::EntryMode;
use acquiring::network_line::{self, NetworkAnswer, NetworkCode};
use acquiring::operations::{
    ADVICE_TOPIC, Accept, AcceptCode, Accepted, CloseBatch, Conclude, Concluded, EXPIRY_TOPIC, ExpireIntent,
    NextTrace, OpenBill, REVERSAL_TOPIC, ReversalAnswered, Reverse, Settled, SignOn, TIMEOUT_TOPIC, TimedOut,
    Void,
};
use acquiring::records::{Bill, BillName, CodePayment, MerchantState, PaymentKind};
use acquiring::terminal_line::{self, CodeNewsRequest, NetworkRequest, PaymentRequest, Request};
use acquiring::{
    AcceptorId, Institution, Merchant, Payment, Reference, Refusal, Terminal, TerminalId, TerminalTrace,
};
use iso8583::{Message, ResponseCode};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use store::{Arrival, Called, Deliverer, Outcome, Store};
use values::{Expiry, Id, Money, Operation, Outbound, Records, TokenNumber};

/// What is done with the answer to a terminal; `None` when there is none yet.
pub type Home = Box<dyn FnOnce(Option<Message>) + Send>;

/// The acquirer. Clones share everything.
#[derive(Clone)]
pub struct Acquirer(Arc<Parts>);

struct Parts {
    store: Store,
    institution: Institution,
    network: Arc<dyn HostLine>,
    /// Reversals and advices this process has sent once: what follows is a repeat.
    sent: Mutex<HashSet<Reference>>,
}

impl Acquirer {
    /// An acquirer over its records, with its line into the network.
    pub fn new(store: Store, institution: Institution, network: Arc<dyn HostLine>) -> Acquirer {
        Acquirer(Arc::new(Parts { store, institution, network, sent: Mutex::default() }))
    }

    /// The records.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// Who it is towards the network.
    pub fn institution(&self) -> &Institution {
        &self.0.institution
    }

    /// Takes a terminal's message; `home` is called once.
    pub fn take(&self, message: Message, home: Home) {
        match terminal_line::read(&message, &self.0.institution) {
            Ok(Request::Payment(request)) => self.payment(message, request, home),
            Ok(Request::Void(request)) => self.simple(message, Void { request }, home),
            Ok(Request::Reversal(request)) => self.simple(message, Reverse { request }, home),
            Ok(Request::Settlement(request)) => self.settlement(message, CloseBatch { request }, home),
            Ok(Request::Bill(request)) => self.simple(message, OpenBill { request }, home),
            Ok(Request::CodeNews(request)) => self.code_news(&message, &request, home),
            Ok(Request::Network(request)) => self.network_request(message, &request, home),
            Err(refusal) => home(Some(refused(&message, refusal))),
        }
    }

    fn payment(&self, message: Message, request: PaymentRequest, home: Home) {
        let id = Id::mint(self.0.store.clock().now(), crypto::random::bytes());
        let accept = Accept { request, institution: self.0.institution.clone(), id };
        let acquirer = self.clone();
        self.0.store.submit(accept, move |called| match called {
            Ok(Outcome::Done(accepted)) => acquirer.authorise(message, accepted, home),
            Ok(Outcome::Repeated(accepted)) => {
                acquirer.answer_again(message, accepted.payment.reference, home)
            }
            Ok(Outcome::Refused(refusal)) => home(Some(refused(&message, refusal))),
            Ok(Outcome::Mismatch) => home(Some(terminal_line::refused(&message, ResponseCode::DUPLICATE))),
            Err(_) => home(Some(terminal_line::refused(&message, ResponseCode::SYSTEM_TROUBLE))),
        });
    }

    /// Takes a payment by a scanned code from the phone that scanned it; from here on it goes the way of a tap. `home` is
    /// called once, with what a terminal would be told.
    pub fn pay_code(&self, paid: CodePaid, home: CodeHome) {
        let Ok(entry_mode) = SCANNED.parse::<EntryMode>() else { return home(Err(Refusal::Incomplete)) };
        let accept = AcceptCode {
            acceptor: paid.acceptor,
            terminal: paid.terminal,
            bill: paid.bill,
            amount: paid.amount,
            entry_mode,
            token: paid.token,
            card_sequence: u16::from(paid.sequence),
            counter: paid.counter,
            institution: self.0.institution.clone(),
            id: Id::mint(self.0.store.clock().now(), crypto::random::bytes()),
        };
        let acquirer = self.clone();
        self.0.store.submit(accept, move |called| match called {
            Ok(Outcome::Done(accepted)) => {
                let message = paid.message(&accepted.payment, entry_mode);
                acquirer.authorise(message, accepted, Box::new(|answer| home(Ok(answer))));
            }
            Ok(Outcome::Repeated(accepted)) => {
                let message = paid.message(&accepted.payment, entry_mode);
                let reference = accepted.payment.reference;
                acquirer.answer_again(message, reference, Box::new(|answer| home(Ok(answer))));
            }
            Ok(Outcome::Refused(refusal)) => home(Err(refusal)),
            Ok(Outcome::Mismatch) => home(Err(Refusal::TraceUsed)),
            Err(_) => home(Ok(None)),
        });
    }

    /// The shop of a terminal, if a code that names both may be paid.
    pub fn shop_of(&self, terminal: TerminalId, acceptor: AcceptorId) -> Result<Merchant, Refusal> {
        let found = self.0.store.read(move |records| {
            let terminal = records.find::<Terminal>(&terminal)?;
            records.find::<Merchant>(&terminal.merchant)
        });
        let merchant = found.ok().flatten().ok_or(Refusal::UnknownTerminal)?;
        match merchant.state {
            _ if merchant.acceptor != acceptor => Err(Refusal::WrongMerchant),
            MerchantState::Active => Ok(merchant),
            MerchantState::Suspended | MerchantState::Closed => Err(Refusal::MerchantInactive),
        }
    }

    /// The bill of a terminal, if there is one and it was not paid yet.
    pub fn open_bill(&self, terminal: TerminalId, name: BillName) -> Result<Bill, Refusal> {
        let key = (terminal, name.batch, name.trace);
        let found = self
            .0
            .store
            .read(move |records| (records.find::<Bill>(&key), records.find::<TerminalTrace>(&key).is_some()));
        match found {
            Ok((Some(bill), false)) if self.0.store.clock().now() <= bill.until => Ok(bill),
            Ok((Some(_), _)) => Err(Refusal::BillOver),
            _ => Err(Refusal::BillUnknown),
        }
    }

    fn code_news(&self, message: &Message, request: &CodeNewsRequest, home: Home) {
        let (terminal, number, acceptor) = (request.terminal, request.number, request.acceptor);
        let found = self.0.store.read(move |records| {
            let payment = records.find::<CodePayment>(&(terminal, number))?;
            let payment = records.find::<Payment>(&payment.reference)?;
            let merchant = records.find::<Merchant>(&payment.merchant)?;
            (merchant.acceptor == acceptor).then_some(payment)
        });
        home(Some(match found {
            Ok(payment) => {
                let (now, institution) = (self.0.store.clock().now(), &self.0.institution);
                terminal_line::code_news(message, payment.as_ref(), now, institution)
            }
            Err(_) => terminal_line::refused(message, ResponseCode::SYSTEM_TROUBLE),
        }));
    }

    fn authorise(&self, message: Message, accepted: Accepted, home: Home) {
        let Accepted { payment, merchant } = accepted;
        let outward = network_line::request(&payment, &merchant, &self.0.institution, Some(&message));
        let acquirer = self.clone();
        let then = move |answer| acquirer.network_said(message, &payment, answer, home);
        self.0.network.ask(outward, self.0.institution.answer_within, Box::new(then));
    }

    fn network_said(&self, message: Message, payment: &Payment, answer: HostAnswer, home: Home) {
        let network = match answer {
            HostAnswer::Message(answer) => *answer,
            // Nothing left, so nothing happened: the issuer cannot be reached.
            HostAnswer::NotSent => unreached(payment, &self.0.institution),
            HostAnswer::Silence => return self.timed_out(message, payment.reference, home),
        };
        let Ok(answer) = NetworkAnswer::read(&network) else {
            return self.timed_out(message, payment.reference, home);
        };
        let acquirer = self.clone();
        self.0.store.submit(Conclude { answer }, move |called: Called<Conclude>| match called {
            Ok(Outcome::Done(Concluded { payment, .. })) => {
                let institution = &acquirer.0.institution;
                home(Some(terminal_line::answer(&message, &payment, Some(&network), institution)));
            }
            Ok(_) => acquirer.timed_out(message, network_reference(&network), home),
            Err(_) => home(None),
        });
    }

    fn timed_out(&self, message: Message, reference: Reference, home: Home) {
        let acquirer = self.clone();
        self.0.store.submit(TimedOut { reference }, move |called: Called<TimedOut>| match called {
            Ok(Outcome::Done(payment)) => {
                home(Some(terminal_line::answer(&message, &payment, None, &acquirer.0.institution)));
            }
            _ => home(None),
        });
    }

    /// The terminal repeats itself: it hears where the payment stands now, or nothing while nobody knows.
    fn answer_again(&self, message: Message, reference: Reference, home: Home) {
        let acquirer = self.clone();
        // The look must not wait on the writer's own thread, on which this runs.
        std::thread::spawn(move || {
            let found = acquirer.0.store.read(move |records| records.find::<Payment>(&reference));
            let payment = found
                .ok()
                .flatten()
                .filter(|payment| payment.state != acquiring::records::PaymentState::Pending);
            home(
                payment
                    .map(|payment| terminal_line::answer(&message, &payment, None, &acquirer.0.institution)),
            );
        });
    }

    fn simple<O>(&self, message: Message, operation: O, home: Home)
    where
        O: Operation<Refusal = Refusal>,
    {
        let acquirer = self.clone();
        self.0.store.submit(operation, move |called: Called<O>| {
            let now = acquirer.0.store.clock().now();
            home(Some(match called {
                Ok(Outcome::Done(_) | Outcome::Repeated(_)) => {
                    terminal_line::accepted(&message, now, &acquirer.0.institution)
                }
                Ok(Outcome::Refused(refusal)) => refused(&message, refusal),
                Ok(Outcome::Mismatch) => terminal_line::refused(&message, ResponseCode::DUPLICATE),
                Err(_) => terminal_line::refused(&message, ResponseCode::SYSTEM_TROUBLE),
            }));
        });
    }

    fn settlement(&self, message: Message, close: CloseBatch, home: Home) {
        let acquirer = self.clone();
        self.0.store.submit(close, move |called: Called<CloseBatch>| {
            let now = acquirer.0.store.clock().now();
            home(Some(match called {
                Ok(Outcome::Done(closed) | Outcome::Repeated(closed)) => {
                    terminal_line::settled(&message, closed.balanced, now, &acquirer.0.institution)
                }
                Ok(Outcome::Refused(refusal)) => refused(&message, refusal),
                Ok(Outcome::Mismatch) => terminal_line::refused(&message, ResponseCode::DUPLICATE),
                Err(_) => terminal_line::refused(&message, ResponseCode::SYSTEM_TROUBLE),
            }));
        });
    }

    fn network_request(&self, message: Message, request: &NetworkRequest, home: Home) {
        let now = self.0.store.clock().now();
        let institution = self.0.institution.clone();
        let Some(acceptor) = request.acceptor.filter(|_| request.code == 1) else {
            return home(Some(terminal_line::accepted(&message, now, &institution)));
        };
        let sign_on = SignOn { terminal: request.terminal, acceptor };
        self.0.store.submit(sign_on, move |called: Called<SignOn>| {
            home(Some(match called {
                Ok(Outcome::Done(terminal) | Outcome::Repeated(terminal)) => {
                    terminal_line::signed_on(&message, terminal.batch, now, &institution)
                }
                Ok(Outcome::Refused(refusal)) => refused(&message, refusal),
                Ok(Outcome::Mismatch) | Err(_) => {
                    terminal_line::refused(&message, ResponseCode::SYSTEM_TROUBLE)
                }
            }));
        });
    }

    /// Signs on to the network, or asks whether it is there. True if it answered 00.
    pub fn network_management(&self, code: NetworkCode) -> bool {
        let institution = self.0.institution.clone();
        let Ok(Outcome::Done(stan)) = self.0.store.call(NextTrace { institution }) else { return false };
        let now = self.0.store.clock().now();
        let message = network_line::network_management(code, stan, &self.0.institution, now);
        let answer = self.0.network.ask_and_wait(message, self.0.institution.answer_within);
        matches!(answer, HostAnswer::Message(answer) if answer.response_code() == Some(ResponseCode::APPROVED))
    }

    /// What carries out the acquirer's outbox: timers, reversals and advices, over restarts.
    pub fn deliverers(&self) -> HashMap<String, Deliverer> {
        let by = |deliver: fn(&Acquirer, Reference) -> Arrival| -> Deliverer {
            let acquirer = self.clone();
            Box::new(move |outbound: &Outbound| match Reference::parse(&outbound.body) {
                Ok(reference) => deliver(&acquirer, reference),
                Err(_) => Arrival::Delivered,
            })
        };
        HashMap::from([
            (TIMEOUT_TOPIC.to_owned(), by(Acquirer::deliver_timeout)),
            (REVERSAL_TOPIC.to_owned(), by(Acquirer::deliver_reversal)),
            (ADVICE_TOPIC.to_owned(), by(Acquirer::deliver_advice)),
            (EXPIRY_TOPIC.to_owned(), self.expiries()),
        ])
    }

    /// What lets intents end for which nobody presented a card.
    fn expiries(&self) -> Deliverer {
        let store = self.0.store.clone();
        Box::new(move |outbound: &Outbound| {
            let id = str::from_utf8(&outbound.body).ok().and_then(|name| name.parse().ok());
            match id.map(|id| store.call(ExpireIntent { id })) {
                Some(Err(_)) => Arrival::Retry,
                Some(Ok(_)) | None => Arrival::Delivered,
            }
        })
    }

    fn deliver_timeout(&self, reference: Reference) -> Arrival {
        match self.0.store.call(TimedOut { reference }) {
            Ok(_) => Arrival::Delivered,
            Err(_) => Arrival::Retry,
        }
    }

    fn deliver_reversal(&self, reference: Reference) -> Arrival {
        let Some((payment, merchant)) = self.payment_and_merchant(reference) else { return Arrival::Retry };
        let mut message = network_line::reversal(&payment, &merchant, &self.0.institution);
        if self.is_repeat(reference) {
            message.mti = message.mti.repeat();
        }
        let answer = self.0.network.ask_and_wait(message, self.0.institution.answer_within);
        let HostAnswer::Message(answer) = answer else { return Arrival::Retry };
        let Some(code) = answer.response_code() else { return Arrival::Retry };
        match self.0.store.call(ReversalAnswered { reference, code }) {
            Ok(Outcome::Done(Settled::Done) | Outcome::Refused(_)) => Arrival::Delivered,
            _ => Arrival::Retry,
        }
    }

    fn deliver_advice(&self, reference: Reference) -> Arrival {
        let Some((payment, merchant)) = self.payment_and_merchant(reference) else { return Arrival::Retry };
        let mut message = network_line::request(&payment, &merchant, &self.0.institution, None);
        message.mti = message.mti.repeat();
        let answer = self.0.network.ask_and_wait(message, self.0.institution.answer_within);
        let HostAnswer::Message(answer) = answer else { return Arrival::Retry };
        let Ok(answer) = NetworkAnswer::read(&answer) else { return Arrival::Retry };
        match self.0.store.call(Conclude { answer }) {
            Ok(Outcome::Done(_) | Outcome::Repeated(_) | Outcome::Refused(_)) => Arrival::Delivered,
            _ => Arrival::Retry,
        }
    }

    fn payment_and_merchant(&self, reference: Reference) -> Option<(Payment, Merchant)> {
        let found = self.0.store.read(move |records| {
            let payment = records.find::<Payment>(&reference)?;
            let merchant = records.find::<Merchant>(&payment.merchant)?;
            Some((payment, merchant))
        });
        found.ok().flatten()
    }

    fn is_repeat(&self, reference: Reference) -> bool {
        !self.0.sent.lock().expect("no holder of this lock panics").insert(reference)
    }
}

/// What a phone brings that pays by a scanned code.
pub struct CodePaid {
    /// The shop as the code names it.
    pub acceptor: AcceptorId,
    /// Its terminal as the code names it.
    pub terminal: TerminalId,
    /// The bill that the code names.
    pub bill: Option<BillName>,
    /// What the customer approved.
    pub amount: Money,
    /// The token that pays.
    pub token: TokenNumber,
    /// Its last month.
    pub expiry: Expiry,
    /// Its sequence number.
    pub sequence: u8,
    /// The counter of its cryptogram.
    pub counter: u16,
    /// The proof, for DE 55.
    pub chip: Vec<u8>,
}

/// What is done with the answer to such a payment; no message while nobody knows how it ends.
pub type CodeHome = Box<dyn FnOnce(Result<Option<Message>, Refusal>) + Send>;

/// DE 22 of a shop's code that the phone scanned: the customer was verified there, no PIN can be given.
const SCANNED: &str = "042";

impl CodePaid {
    /// The request as the terminal would have made it, had the phone been held against it.
    fn message(&self, payment: &Payment, entry_mode: EntryMode) -> Message {
        let terminal = terminal_line::Terminal {
            id: payment.terminal,
            acceptor: self.acceptor,
            trace: payment.terminal_trace,
            batch: payment.batch,
        };
        let number = self.token.digits();
        let card = terminal_line::Card {
            entry_mode,
            number: number.as_bytes(),
            track_two: None,
            sequence: Some(u16::from(self.sequence)),
            chip: Some(&self.chip),
        };
        let mut message = terminal.payment(PaymentKind::Sale, payment.money(), &card, None);
        message.set_text(iso8583::field::EXPIRY, &self.expiry.to_yymm());
        message
    }
}

fn refused(message: &Message, refusal: Refusal) -> Message {
    terminal_line::refused(message, refusal.response_code())
}

/// What the acquirer tells itself when the network cannot be reached.
fn unreached(payment: &Payment, institution: &Institution) -> Message {
    let mut answer = Message::new(payment.kind.mti().answer());
    answer.set_stan(payment.stan).set_amount(payment.money());
    answer.set_text(iso8583::field::REFERENCE, payment.reference.as_str());
    answer.set_text(iso8583::field::ACQUIRER, institution.id.as_str());
    answer.set_response_code(ResponseCode::ISSUER_UNAVAILABLE);
    answer
}

fn network_reference(answer: &Message) -> Reference {
    let reference = answer.get(iso8583::field::REFERENCE).and_then(|text| Reference::parse(text).ok());
    reference.expect("the answer was read before")
}

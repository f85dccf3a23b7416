//! A terminal in the hands of a test: the real machine at the card, the real wire to the acquirer, and a
//! message that can be changed before it leaves.

use crate::town::{PASSCODE, Token, Town, code, yuan};
use acquiring::records::PaymentKind;
use acquiring::terminal_line::{Card, Terminal};
use acquiring::{AcceptorId, TerminalId};
use iso8583::{Message, ResponseCode, Stan};
use platform::line::{HostAnswer, HostLine};
use server::city::{DEMO_MERCHANTS, DemoMerchant, pos};
use server::iso::{Ends, Line};
use server::phone::{Phone, Presentation};
use server::trace::Watch;
use server::vpcd::ReaderEnd;
use std::cell::Cell;
use std::io::Read;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;
use terminal::configuration::Configuration;
use terminal::online::OnlineRequest;
use terminal::outcome::Outcome;
use terminal::sale::{Interface, Sale, SaleKind};
use terminal::transaction::{Step, Transaction};
use values::time::Zone;
use values::{MerchantCategory, Money};
use wallet::card::Profile;

/// A terminal of one of the city's merchants.
pub(crate) struct Shop {
    line: Line,
    id: TerminalId,
    acceptor: AcceptorId,
    batch: u32,
    trace: Cell<u32>,
    pub(crate) configuration: Configuration,
    pub(crate) patience: Duration,
}

/// What came of holding a phone against the reader.
pub(crate) enum Tapped {
    /// The card wants the issuer asked.
    Online(Box<OnlineRequest>),
    /// The terminal ended it by itself.
    Ended(Box<Outcome>),
    /// It was gone before it had said what it is.
    Gone,
}

impl Shop {
    /// The noodle shop, signed on.
    pub(crate) fn open(town: &Town) -> Shop {
        Shop::of(town, &DEMO_MERCHANTS[0])
    }

    pub(crate) fn of(town: &Town, merchant: &DemoMerchant) -> Shop {
        Shop::at(town, merchant, town.city.addresses.acquirer, 0)
    }

    /// A shop whose line goes to `at`, whose first trace number follows `after`.
    pub(crate) fn at(town: &Town, merchant: &DemoMerchant, at: SocketAddr, after: u32) -> Shop {
        let watch: Watch = Some(town.tape.clone());
        let ends = Ends { watch, ..Ends::unwatched("terminal", "acquirer") };
        let line = Line::start(at, pos(), ends, |_| ()).unwrap();
        let mut configuration = Configuration::sample_shop();
        configuration.merchant.name = merchant.name.to_owned();
        configuration.merchant.id = merchant.acceptor.to_owned();
        configuration.merchant.category = MerchantCategory::try_from(merchant.category).unwrap();
        configuration.device.id = merchant.terminal.to_owned();
        let mut shop = Shop {
            line,
            id: TerminalId::parse(merchant.terminal.as_bytes()).unwrap(),
            acceptor: AcceptorId::parse(merchant.acceptor.as_bytes()).unwrap(),
            batch: 0,
            trace: Cell::new(after),
            configuration,
            patience: Duration::from_secs(120),
        };
        let answer = shop.ask(shop.terminal().network(1)).expect("the acquirer answers");
        assert_eq!(code(&answer), "00", "sign-on");
        shop.batch = answer.text(60).unwrap()[2..8].parse().unwrap();
        shop
    }

    /// This terminal with its next trace number.
    pub(crate) fn terminal(&self) -> Terminal {
        self.trace.set(self.trace.get() + 1);
        self.with_trace(self.trace.get())
    }

    pub(crate) fn with_trace(&self, trace: u32) -> Terminal {
        Terminal { id: self.id, acceptor: self.acceptor, trace: Stan::new(trace).unwrap(), batch: self.batch }
    }

    pub(crate) fn last_trace(&self) -> u32 {
        self.trace.get()
    }

    /// The acquirer's answer, if one came.
    pub(crate) fn ask(&self, message: Message) -> Option<Message> {
        match self.line.ask_and_wait(message, self.patience) {
            HostAnswer::Message(answer) => Some(*answer),
            HostAnswer::Silence | HostAnswer::NotSent => None,
        }
    }

    /// Holds a phone against the reader for a sale.
    pub(crate) fn hold(&self, town: &Town, phone: &Phone, how: &Hold) -> Tapped {
        let reader = ReaderEnd::listen("127.0.0.1:0").unwrap();
        let mut at = reader.address().unwrap();
        if let Some(bytes) = how.torn_after {
            at = torn(at, bytes);
        }
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let watch: Watch = Some(town.tape.clone());
                let presentation = Presentation {
                    reader: at,
                    answer_to_reset: None,
                    profile: how.profile,
                    card: how.card,
                    taps: 1,
                    watch,
                };
                let verify = || (!how.locked).then(|| phone.unlock(PASSCODE).unwrap());
                let _ = phone.present(&presentation, verify, |_| ());
            });
            self.read(&reader, town, how)
        })
    }

    fn read(&self, reader: &ReaderEnd, town: &Town, how: &Hold) -> Tapped {
        let Ok(mut card) = reader.wait_for_card(Duration::from_secs(60)) else { return Tapped::Gone };
        let sale = Sale {
            amount: how.amount,
            kind: SaleKind::Purchase,
            at: store::Clock::now(&*town.clock).civil(Zone::Shanghai),
            unpredictable_number: crypto::random::bytes(),
            sequence: self.trace.get() + 1,
            attempt: 1,
        };
        let interface = Interface::from_atr(&card.answer_to_reset);
        let (mut machine, mut step) = Transaction::start(&self.configuration, interface, sale);
        loop {
            (machine, step) = match step {
                Step::Transmit(command) => match card.transmit(&command) {
                    Ok(answer) => machine.card_said(&answer),
                    Err(_) => machine.card_removed(),
                },
                Step::AuthoriseOnline(request) => {
                    card.power_off();
                    return Tapped::Online(request);
                }
                Step::AwaitHost => unreachable!("the host is asked by the caller"),
                Step::Finished(outcome) => {
                    card.power_off();
                    return Tapped::Ended(outcome);
                }
            };
        }
    }

    /// A tap of the phone's default card that has to lead to a request.
    pub(crate) fn tap(&self, town: &Town, phone: &Phone, minor: u64) -> OnlineRequest {
        match self.hold(town, phone, &Hold::of(yuan(minor))) {
            Tapped::Online(request) => *request,
            Tapped::Ended(outcome) => panic!("no request: {}", outcome.reason.code()),
            Tapped::Gone => panic!("no card"),
        }
    }

    /// The message for a tap, under the next trace number.
    pub(crate) fn message(&self, request: &OnlineRequest) -> Message {
        let card = Card {
            entry_mode: format!("{}2", request.interface.entry_mode()).parse().unwrap(),
            number: request.number_digits(),
            track_two: Some(request.track_two.as_text()),
            sequence: request.sequence_number.map(u16::from),
            chip: Some(&request.icc_data),
        };
        self.terminal().payment(PaymentKind::Sale, request.amount, &card, None)
    }

    /// Sends a message whose answer is nobody's here to wait for.
    pub(crate) fn say(&self, message: Message) {
        self.line.ask(message, self.patience, Box::new(|_| ()));
    }

    /// Sends the message of a tap; the answer code, or nothing if none came.
    pub(crate) fn send(&self, message: Message) -> Option<String> {
        self.ask(message).map(|answer| code(&answer))
    }

    /// An honest payment.
    pub(crate) fn pay(&self, town: &Town, phone: &Phone, minor: u64) -> Option<String> {
        self.send(self.message(&self.tap(town, phone, minor)))
    }

    /// Undoes the request with this trace number, whose answer never came.
    pub(crate) fn reverse(&self, trace: u32, amount: Money) -> Option<String> {
        self.send(self.with_trace(trace).reversal(amount, ResponseCode::NO_ANSWER))
    }
}

/// How a phone is held against a reader.
#[derive(Clone, Copy)]
pub(crate) struct Hold {
    pub(crate) amount: Money,
    pub(crate) profile: Profile,
    pub(crate) card: Option<Token>,
    pub(crate) locked: bool,
    /// It leaves the field when so many bytes of its answers have come over.
    pub(crate) torn_after: Option<usize>,
}

impl Hold {
    pub(crate) fn of(amount: Money) -> Hold {
        Hold { amount, profile: Profile::Contactless, card: None, locked: false, torn_after: None }
    }
}

/// A field that breaks off: passes this many bytes from the card, then cuts.
fn torn(reader: SocketAddr, bytes: usize) -> SocketAddr {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let (card, _) = socket.accept().unwrap();
        let field = TcpStream::connect(reader).unwrap();
        let (mut commands, mut to_card) = (field.try_clone().unwrap(), card.try_clone().unwrap());
        std::thread::spawn(move || std::io::copy(&mut commands, &mut to_card));
        let _ = std::io::copy(&mut (&card).take(bytes as u64), &mut &field);
        let _ = (card.shutdown(Shutdown::Both), field.shutdown(Shutdown::Both));
    });
    at
}

/// Edits objects of DE 55.
pub(crate) fn edit_chip(message: &mut Message, edit: impl FnOnce(&mut emv::de55::Request)) {
    let mut request = emv::de55::Request::parse(message.get(55).unwrap()).unwrap();
    edit(&mut request);
    let mut bytes = Vec::new();
    request.write(&mut bytes).unwrap();
    message.set(55, &bytes);
}

//! Somebody on the line between two hosts, with and without the key of the line.

use crate::shop::Shop;
use crate::town::{CARD, Town, acquirer_dialect, yuan};
use iso8583::{Framing, Message};
use platform::acquirer::Acquirer;
use sandbox::keys::Line as LineKey;
use server::city::{DEMO_MERCHANTS, net, pos};
use server::hosts::acquirer::TerminalPort;
use server::iso::{Dialect, Ends, Line, Listener};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokens::defences::Defence;

/// Which way a frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// From who asks.
    Out,
    /// From who answers.
    Back,
}

type Deal = Box<dyn FnMut(Way, Vec<u8>) -> Vec<Vec<u8>> + Send>;

/// Stands between two hosts: every frame goes through `deal`, which says what is passed on in its place.
pub(crate) struct Interceptor {
    pub(crate) address: SocketAddr,
    deal: Arc<Mutex<Deal>>,
}

impl Interceptor {
    pub(crate) fn before(upstream: SocketAddr) -> Interceptor {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let deal: Arc<Mutex<Deal>> = Arc::new(Mutex::new(Box::new(|_, frame| vec![frame])));
        let dealt = deal.clone();
        std::thread::spawn(move || {
            for near in socket.incoming() {
                let (Ok(near), Ok(far)) = (near, TcpStream::connect(upstream)) else { return };
                let ends = (near.try_clone().unwrap(), far.try_clone().unwrap());
                let (out, back) = (dealt.clone(), dealt.clone());
                std::thread::spawn(move || pump(near, far, Way::Out, &out));
                std::thread::spawn(move || pump(ends.1, ends.0, Way::Back, &back));
            }
        });
        Interceptor { address, deal }
    }

    pub(crate) fn deal(&self, deal: impl FnMut(Way, Vec<u8>) -> Vec<Vec<u8>> + Send + 'static) {
        *self.deal.lock().unwrap() = Box::new(deal);
    }
}

fn pump(mut from: TcpStream, mut to: TcpStream, way: Way, deal: &Mutex<Deal>) {
    loop {
        let mut length = [0; 2];
        if from.read_exact(&mut length).is_err() {
            let _ = to.shutdown(std::net::Shutdown::Both);
            return;
        }
        let mut frame = vec![0; usize::from(u16::from_be_bytes(length))];
        if from.read_exact(&mut frame).is_err() {
            return;
        }
        for frame in deal.lock().unwrap()(way, frame) {
            let framed = [&(frame.len() as u16).to_be_bytes()[..], &frame].concat();
            if to.write_all(&framed).is_err() {
                return;
            }
        }
    }
}

/// A second door of the city's acquirer whose line into the network passes through somebody's hands.
pub(crate) struct SideDoor {
    pub(crate) address: SocketAddr,
    pub(crate) interceptor: Interceptor,
    _listener: Listener,
}

impl SideDoor {
    pub(crate) fn open(town: &Town) -> SideDoor {
        let interceptor = Interceptor::before(town.city.addresses.network);
        let ends = Ends { watch: Some(town.tape.clone()), ..Ends::unwatched("acquirer", "network") };
        let line = Line::start(interceptor.address, acquirer_dialect(), ends, |_| ()).unwrap();
        let institution = town.city.acquirer.institution().clone();
        let acquirer = Acquirer::new(town.city.acquirer.store().clone(), institution, Arc::new(line));
        let port = TerminalPort::new(acquirer, pos(), Ends::unwatched("acquirer", "terminal"));
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let listener = Listener::serve(socket, Framing::binary2(), Arc::new(port)).unwrap();
        SideDoor { address, interceptor, _listener: listener }
    }
}

/// Edits requests about money that pass, keeping the MAC they had or making a new one.
pub(crate) fn meddle(
    dialect: Dialect,
    sealed_again: bool,
    edit: Edit,
) -> impl FnMut(Way, Vec<u8>) -> Vec<Vec<u8>> {
    move |way, frame| {
        let Ok(mut message) = dialect.read(&frame) else { return vec![frame] };
        if way == Way::Back || !matches!(message.mti.class(), b'1' | b'2') {
            return vec![frame];
        }
        edit(&mut message);
        let mut bytes = Vec::new();
        if sealed_again {
            return vec![dialect.write(&mut message).unwrap()];
        }
        dialect.profile.encode(&message, &mut bytes).unwrap();
        vec![bytes]
    }
}

/// What somebody does to a message on its way.
pub(crate) type Edit = fn(&mut Message);

/// Fields that somebody on a line would like to change.
const EDITS: &[(&str, Edit)] = &[
    ("amount", |m| {
        m.set_amount(yuan(1));
    }),
    ("currency", |m| {
        m.set_text(49, "392");
    }),
    ("token", |m| {
        m.set_text(2, "6290000000000000");
    }),
    ("chip data", |m| {
        let mut chip = m.get(55).unwrap().to_vec();
        chip[10] ^= 1;
        m.set(55, &chip);
    }),
    ("terminal", |m| {
        m.set_text(41, "PZ000002");
    }),
    ("entry mode", |m| {
        m.set_text(22, "052");
    }),
    ("trace number", |m| {
        m.set_text(11, "999999");
    }),
];

#[test]
fn whoever_edits_a_line_without_its_key_is_refused() {
    let town = Town::start();
    let (phone, _) = town.phone_with("li", CARD);
    let before = town.available(CARD);

    let first = Interceptor::before(town.city.addresses.acquirer);
    let shop = Shop::at(&town, &DEMO_MERCHANTS[0], first.address, 0);
    // What comes back is heard on the wire: the answer to a message whose very name was changed finds nobody.
    let (tell, told) = std::sync::mpsc::channel();
    for (name, edit) in EDITS {
        let (mut meddle, tell) = (meddle(pos(), false, *edit), tell.clone());
        first.deal(move |way, frame| {
            if way == Way::Back {
                let answer = pos().profile.decode(&frame).unwrap();
                let _ = tell.send(answer.text(39).unwrap_or_default().to_owned());
            }
            meddle(way, frame)
        });
        phone.sync().unwrap();
        let message = shop.message(&shop.tap(&town, &phone, 1000));
        shop.say(message);
        assert_eq!(told.recv_timeout(Duration::from_secs(60)).as_deref(), Ok("A0"), "{name}");
    }

    let door = SideDoor::open(&town);
    let shop = Shop::at(&town, &DEMO_MERCHANTS[0], door.address, 100);
    let named = |name: &str| matches!(name, "trace number" | "terminal");
    let edits = EDITS.iter().filter(|(name, _)| !named(name)).chain(&[("category", OTHER_CATEGORY)]);
    for (name, edit) in edits {
        door.interceptor.deal(meddle(acquirer_dialect(), false, *edit));
        phone.sync().unwrap();
        let code = shop.pay(&town, &phone, 1000);
        assert_eq!(code.as_deref(), Some("A0"), "{name}");
    }
    assert_eq!(town.available(CARD), before, "nothing was booked");
}

const OTHER_CATEGORY: Edit = |m| {
    m.set_text(18, "4111");
};
pub(crate) const BETTER_CATEGORY: Edit = |m| {
    m.set_text(18, "5812");
};

/// At the betting shop, with somebody on the acquirer's line who makes a noodle shop of it.
fn a_better_category(town: &Town, has_key: bool) -> String {
    let (phone, _) = town.phone_with("li", CARD);
    let door = SideDoor::open(town);
    door.interceptor.deal(meddle(acquirer_dialect(), has_key, BETTER_CATEGORY));
    let shop = Shop::at(town, &DEMO_MERCHANTS[2], door.address, 0);
    shop.pay(town, &phone, 1000).expect("an answer")
}

#[test]
fn the_merchants_category_stands_under_the_key_of_the_line() {
    assert_eq!(a_better_category(&Town::start(), false), "A0");
    // The cryptogram does not cover the category: whoever holds the key of this line gets through.
    assert_eq!(a_better_category(&Town::start(), true), "00");
}

/// Somebody on the acquirer's line, with its key, makes yen of yuan.
fn another_currency(town: &Town) -> String {
    let (phone, _) = town.phone_with("li", CARD);
    let door = SideDoor::open(town);
    door.interceptor.deal(meddle(acquirer_dialect(), true, |m| {
        m.set_text(49, "392");
    }));
    let shop = Shop::at(town, &DEMO_MERCHANTS[0], door.address, 0);
    let code = shop.pay(town, &phone, 1000);
    assert_ne!(code.as_deref(), Some("00"));
    town.verdict()
}

#[test]
fn the_cryptogram_holds_the_currency_too() {
    assert_eq!(another_currency(&Town::start()), "currency_mismatch");
    assert_eq!(another_currency(&Town::without(&[Defence::Currency])), "currency_not_allowed");
    // What is left then is the issuer, which books no other currency than the card's.
    assert_eq!(another_currency(&Town::without(&[Defence::Currency, Defence::Domain])), "OK");
}

/// Somebody on the acquirer's line, with its key, raises the amount; DE 55 is the card's.
fn a_raised_amount(town: &Town) -> String {
    let (phone, _) = town.phone_with("li", CARD);
    let door = SideDoor::open(town);
    door.interceptor.deal(meddle(net(LineKey::Acquirer), true, |m| {
        m.set_amount(yuan(99_900));
    }));
    let shop = Shop::at(town, &DEMO_MERCHANTS[0], door.address, 0);
    let tap = shop.tap(town, &phone, 1000);
    shop.send(shop.message(&tap)).unwrap_or_default()
}

#[test]
fn with_the_key_of_the_line_the_cryptogram_still_holds_the_amount() {
    let town = Town::start();
    let before = town.available(CARD);
    assert_ne!(a_raised_amount(&town), "00");
    assert_eq!(town.verdict(), "amount_mismatch");
    assert_eq!(town.available(CARD), before);

    let town = Town::without(&[Defence::Amount]);
    let _ = a_raised_amount(&town);
    assert_eq!(town.verdict(), "OK");
    assert!(before - town.available(CARD) >= 99_900, "without the defence 999 yuan are gone instead of 10");
}

#[test]
fn messages_that_come_twice_count_once() {
    let town = Town::start();
    let (phone, _) = town.phone_with("li", CARD);
    let before = town.available(CARD);
    let first = Interceptor::before(town.city.addresses.acquirer);
    first.deal(|_, frame| vec![frame.clone(), frame]);
    let door = SideDoor::open(&town);
    door.interceptor.deal(|_, frame| vec![frame.clone(), frame.clone(), frame]);
    for (at, after) in [(first.address, 0), (door.address, 100)] {
        let shop = Shop::at(&town, &DEMO_MERCHANTS[0], at, after);
        for _ in 0..3 {
            assert_eq!(shop.pay(&town, &phone, 1000).as_deref(), Some("00"), "{}", town.verdict());
        }
        assert_eq!(shop.reverse(shop.last_trace(), yuan(1000)).as_deref(), Some("00"));
    }
    town.until("the reversals arrive", || before - town.available(CARD) == 4000);
    assert_eq!(town.city.issuers[0].store().verify().unwrap().bad.map(|_| ()), None);
    town.assert_whole();
}

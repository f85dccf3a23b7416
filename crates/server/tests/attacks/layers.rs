//! Messages doubled and reordered at every place of their way, and terminals that lie: what one party lets through the
//! next one finds.

use crate::crashed::moved;
use crate::proof::Attack;
use crate::shop::Shop;
use crate::town::{CARD, Off, PATIENT, Town, acquirer_dialect, code, test_card, yuan};
use iso8583::{Message, Mti, OriginalData};
use platform::line::{HostAnswer, HostLine};
use sandbox::defences::Defence;
use sandbox::directory::Directory;
use sandbox::keys::Line as LineKey;
use server::city::{DEMO_MERCHANTS, Waits, net};
use server::iso::{Dialect, Ends, Line};
use server::phone::Phone;
use std::net::SocketAddr;
use std::time::Duration;

const SILENT: &str = "6216600100000000107";

/// Somebody who speaks for a host on the line to the next one, and has the key of the line.
struct Impostor<'a> {
    town: &'a Town,
    from: &'static str,
    to: &'static str,
    dialect: Dialect,
    line: Line,
}

impl Impostor<'_> {
    fn speaking<'a>(
        town: &'a Town,
        from: &'static str,
        to: &'static str,
        at: SocketAddr,
        dialect: Dialect,
    ) -> Impostor<'a> {
        let line = Line::start(at, dialect.clone(), Ends::unwatched("impostor", to), |_| ()).unwrap();
        Impostor { town, from, to, dialect, line }
    }

    fn acquirer(town: &Town) -> Impostor<'_> {
        Impostor::speaking(town, "acquirer", "network", town.city.addresses.network, acquirer_dialect())
    }

    fn network(town: &Town) -> Impostor<'_> {
        let dialect = net(LineKey::Gateway);
        Impostor::speaking(town, "network", "token gateway", town.city.addresses.gateway, dialect)
    }

    fn gateway(town: &Town) -> Impostor<'_> {
        let bank = Directory::sandbox().institution(&test_card(CARD).bank).unwrap();
        let at = town.city.addresses.issuers.iter().find(|(id, _)| *id == bank.id).unwrap().1;
        Impostor::speaking(town, "token gateway", &bank.name, at, net(LineKey::Detokenised(&bank.id)))
    }

    /// What the host sent last.
    fn heard(&self) -> Message {
        self.dialect.read(&self.town.tape.last(self.from, self.to).expect("a message")).unwrap()
    }

    /// A payment nobody has seen, as the host would send it.
    fn unseen(&self, shop: &Shop, phone: &Phone) -> Message {
        let mut message = self.heard();
        let tap = shop.tap(self.town, phone, 1000);
        message.set_number(11, 700_000).set_text(37, "700000000000").set(55, &tap.icc_data);
        message
    }

    fn say(&self, mut message: Message) -> String {
        message.remove(128);
        match self.line.ask_and_wait(message, Duration::from_secs(30)) {
            HostAnswer::Message(answer) => code(&answer),
            HostAnswer::Silence | HostAnswer::NotSent => "silence".to_owned(),
        }
    }
}

fn reversal_of(message: &Message, number: u64) -> Message {
    let mut reversal = Message::new(Mti::REVERSAL_ADVICE);
    reversal.copy(message, &[2, 3, 4, 7, 15, 18, 22, 23, 32, 33, 37, 41, 42, 49]);
    reversal.set_number(11, 900_000 + number).set_original(OriginalData::of(message)).set_text(39, "98");
    reversal
}

/// A shop where a payment of ten yuan was made just now.
fn paid(town: &Town) -> (Shop, Phone, u64) {
    let (phone, _) = town.phone_with("li", CARD);
    let shop = Shop::open(town);
    let before = town.available(CARD);
    assert_eq!(shop.pay(town, &phone, 1000).as_deref(), Some("00"), "{}", town.verdict());
    (shop, phone, before)
}

/// A terminal says the same again, to be paid twice.
fn said_twice_by_a_terminal(town: &Town) -> String {
    let (phone, _) = town.phone_with("li", CARD);
    let (shop, before) = (Shop::open(town), town.available(CARD));
    let message = shop.message(&shop.tap(town, &phone, 1000));
    assert_eq!(shop.send(message.clone()).as_deref(), Some("00"));
    let _ = shop.send(message);
    format!("{} taken", before - town.available(CARD))
}

fn said_twice(impostor: &Impostor<'_>, before: u64) -> String {
    impostor.say(impostor.heard());
    format!("{} taken", before - impostor.town.available(CARD))
}

fn said_twice_to_the_network(town: &Town) -> String {
    let (_shop, _phone, before) = paid(town);
    said_twice(&Impostor::acquirer(town), before)
}

fn said_twice_to_the_issuer(town: &Town) -> String {
    let (_shop, _phone, before) = paid(town);
    said_twice(&Impostor::gateway(town), before)
}

#[test]
fn a_message_said_twice_counts_once() {
    let terminal = [Off::Acquirer(acquiring::Defence::Repeats), Off::Token(tokens::Defence::Replay)];
    Attack::new(said_twice_by_a_terminal, "1000 taken", "2000 taken").stopped_by(&terminal).prove();
    let network = [Off::Sandbox(Defence::NetworkRepeats), Off::Sandbox(Defence::IssuerRepeats)];
    Attack::new(said_twice_to_the_network, "1000 taken", "2000 taken").stopped_by(&network).prove();
    let issuer = [Off::Sandbox(Defence::IssuerRepeats)];
    Attack::new(said_twice_to_the_issuer, "1000 taken", "2000 taken").stopped_by(&issuer).prove();
}

/// The reversal overtakes its payment.
fn reversal_first_at_the_acquirer(town: &Town) -> String {
    let (phone, _) = town.phone_with("li", CARD);
    let shop = Shop::open(town);
    let message = shop.message(&shop.tap(town, &phone, 1000));
    assert_eq!(shop.reverse(shop.last_trace(), yuan(1000)).as_deref(), Some("00"));
    shop.send(message).expect("an answer")
}

fn reversal_first(town: &Town, impostor: &Impostor<'_>, shop: &Shop, phone: &Phone, before: u64) -> String {
    let message = impostor.unseen(shop, phone);
    assert_eq!(impostor.say(reversal_of(&message, 1)), "00");
    let code = impostor.say(message);
    let taken = before - town.available(CARD);
    assert_eq!(taken, if code == "00" { 2000 } else { 1000 }, "{code}");
    code
}

fn reversal_first_at_the_network(town: &Town) -> String {
    let (shop, phone, before) = paid(town);
    reversal_first(town, &Impostor::acquirer(town), &shop, &phone, before)
}

fn reversal_first_at_the_gateway(town: &Town) -> String {
    let (shop, phone, before) = paid(town);
    reversal_first(town, &Impostor::network(town), &shop, &phone, before)
}

fn reversal_first_at_the_issuer(town: &Town) -> String {
    let (shop, phone, before) = paid(town);
    reversal_first(town, &Impostor::gateway(town), &shop, &phone, before)
}

#[test]
fn a_payment_after_its_reversal_is_refused() {
    type Case = (fn(&Town) -> String, Off);
    let table: [Case; 4] = [
        (reversal_first_at_the_acquirer, Off::Acquirer(acquiring::Defence::EarlyReversal)),
        (reversal_first_at_the_network, Off::Sandbox(Defence::NetworkEarlyReversal)),
        (reversal_first_at_the_gateway, Off::Token(tokens::Defence::EarlyReversal)),
        (reversal_first_at_the_issuer, Off::Sandbox(Defence::IssuerEarlyReversal)),
    ];
    for (attack, defence) in table {
        Attack::new(attack, "94", "00").stopped_by(&[defence]).prove();
    }
}

fn reversed_twice_at_the_issuer(town: &Town) -> String {
    let (_shop, _phone, before) = paid(town);
    let impostor = Impostor::gateway(town);
    let payment = impostor.heard();
    for number in 1..=2 {
        assert_eq!(impostor.say(reversal_of(&payment, number)), "00");
    }
    format!("{} given back", town.available(CARD) + 1000 - before)
}

/// The network is told twice, and delivers what it owes the issuer before it is told again.
fn reversed_twice_at_the_network(town: &Town) -> String {
    let (_shop, _phone, before) = paid(town);
    let impostor = Impostor::acquirer(town);
    let payment = impostor.heard();
    for number in 1..=2 {
        assert_eq!(impostor.say(reversal_of(&payment, number)), "00");
        nothing_owed(town);
    }
    format!("{} given back", town.available(CARD) + 1000 - before)
}

/// Waits until the network owes the issuer no reversal.
fn nothing_owed(town: &Town) {
    let owed = "SELECT count(*) FROM outbox WHERE topic = 'network.reversal'";
    town.until("the network has told the issuer", || {
        town.city.network.store().rows(owed, &[]).unwrap().rows == [[store::Value::Integer(0)]]
    });
}

#[test]
fn what_is_reversed_is_reversed_once() {
    let issuer = [Off::Sandbox(Defence::IssuerReversalOnce)];
    Attack::new(reversed_twice_at_the_issuer, "1000 given back", "2000 given back")
        .stopped_by(&issuer)
        .prove();
    let both = [Off::Sandbox(Defence::NetworkReversalOnce), Off::Sandbox(Defence::IssuerReversalOnce)];
    Attack::new(reversed_twice_at_the_network, "1000 given back", "2000 given back")
        .stopped_by(&both)
        .prove();
}

/// The issuer books and says nothing; the terminal is told that it was not paid.
fn booked_in_silence(without: &[Off]) -> String {
    let town = Town::without(without);
    let (phone, _) = town.phone_with("li", SILENT);
    phone.store().close();
    drop(phone);
    // Only the network gives up soon: the acquirer would take back for itself.
    let waits = Waits { gateway: Duration::from_millis(500), network: Duration::from_secs(1), ..PATIENT };
    let town = town.hurried(waits);
    let phone = moved(&town, "li");
    let (shop, before) = (Shop::open(&town), town.available(SILENT));
    let told = shop.pay(&town, &phone, 1000).expect("the terminal is told something");
    assert_ne!(told, "00");
    nothing_owed(&town);
    town.assert_whole();
    format!("{} taken", before - town.available(SILENT))
}

#[test]
fn what_is_not_answered_is_taken_back() {
    assert_eq!(booked_in_silence(&[]), "0 taken");
    assert_eq!(booked_in_silence(&[Off::Sandbox(Defence::LateAnswers)]), "1000 taken");
}

/// A betting shop's terminal calls itself a noodle shop.
fn another_category(town: &Town) -> String {
    let (phone, _) = town.phone_with("li", CARD);
    let shop = Shop::of(town, &DEMO_MERCHANTS[2]);
    let mut message = shop.message(&shop.tap(town, &phone, 1000));
    message.set_text(18, "5812");
    shop.send(message).expect("an answer")
}

#[test]
fn a_terminal_does_not_choose_its_category() {
    let category = [Off::Acquirer(acquiring::Defence::Category)];
    Attack::new(another_category, "58", "00").stopped_by(&category).prove();
}

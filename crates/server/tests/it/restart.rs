//! A network that dies with payments in flight: the next process ends them and undoes what an issuer may have done.

use crate::street::{NOW, PATIENCE, Street, TOKEN, open, yuan};
use iso8583::{Message, Mti};
use platform::line::{HostAnswer, HostLine, Then};
use sandbox::network::TOPIC_REVERSAL;
use sandbox::network::settlement::Refusal;
use server::hosts::network::Network;
use server::hosts::settlement::{SettlementError, close_day};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use store::{Backoff, Schema, TestClock, spawn_delivery};

/// A line whose process dies before any answer.
struct Dying;

impl HostLine for Dying {
    fn ask(&self, _: Message, _: Duration, then: Then) {
        drop(then);
    }
}

/// A line that answers reversals with one code and counts them.
struct Says(&'static str, AtomicU32);

impl HostLine for Says {
    fn ask(&self, message: Message, _: Duration, then: Then) {
        self.1.fetch_add(1, Ordering::SeqCst);
        let mut answer = Message::answer_to(&message, &[2, 3, 4, 7, 11, 32, 37, 41, 49]);
        answer.set_text(39, self.0);
        then(HostAnswer::Message(Box::new(answer)));
    }
}

fn sale(stan: u64) -> Message {
    let mut message = Message::new(Mti::FINANCIAL);
    message.set_text(2, TOKEN).set_text(3, "000000").set_amount(yuan("12.50")).set_text(7, "1122020500");
    message.set_number(11, stan).set_text(22, "012").set_text(32, "01020000");
    message.set_number(37, 632_602_000_000 + stan).set_padded(41, "PZ000001");
    message
}

#[test]
fn what_was_in_flight_is_ended_reversed_and_the_day_can_close() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(TestClock::at(NOW));
    let records = || open(folder.path(), "network", store::rooms::network::tables(Schema::new()), &clock);
    let store = records();
    let first = Network::new(store.clone(), Arc::new(Dying), HashMap::new(), PATIENCE);
    for stan in 1..=3 {
        first.take(sale(stan), Box::new(|_| panic!("nobody answers")));
    }
    store.close();
    drop((first, store));

    let store = records();
    let line = Arc::new(Says("00", AtomicU32::new(0)));
    let network = Network::new(store, line.clone(), HashMap::new(), PATIENCE);
    assert_eq!((network.resume().unwrap(), network.resume().unwrap()), (3, 0));
    let _couriers = spawn_delivery(network.store(), Backoff::default(), network.deliverers()).unwrap();
    Street::quiet(network.store(), TOPIC_REVERSAL);
    assert_eq!(line.1.load(Ordering::SeqCst), 3, "each is reversed at the issuer, once");
    // The acquirer asks again and hears what became of it; the day is not held open by the dead.
    let (tell, told) = mpsc::channel();
    network.take(sale(1), Box::new(move |answer| tell.send(answer).unwrap()));
    assert_eq!(told.recv_timeout(PATIENCE).unwrap().text(39), Some("91"));
    let day = close_day(&network, PATIENCE).unwrap();
    assert!(day.files.iter().all(|(_, file)| sandbox::network::read_file(file).unwrap().is_empty()));
}

#[test]
fn a_day_that_died_while_closing_is_closed_by_the_next_call() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(TestClock::at(NOW));
    let records = || open(folder.path(), "network", store::rooms::network::tables(Schema::new()), &clock);
    let store = records();
    let first = Network::new(store.clone(), Arc::new(Dying), HashMap::new(), PATIENCE);
    first.take(sale(1), Box::new(|_| ()));
    let refused = close_day(&first, Duration::ZERO).unwrap_err();
    assert!(matches!(refused, SettlementError::Refused(Refusal::InFlight)), "{refused}");
    // The second call waits for the same day and opens no other.
    assert!(close_day(&first, Duration::ZERO).is_err());
    assert_eq!(store.read(move |records| sandbox::network::open_day(records, NOW)).unwrap(), 20_261_123);
    store.close();
    drop((first, store));

    let line = Arc::new(Says("00", AtomicU32::new(0)));
    let network = Network::new(records(), line, HashMap::new(), PATIENCE);
    assert_eq!(network.resume().unwrap(), 1);
    let _couriers = spawn_delivery(network.store(), Backoff::default(), network.deliverers()).unwrap();
    let day = close_day(&network, PATIENCE).unwrap();
    assert_eq!((day.date, day.cut_at), (20_261_122, NOW));
    assert_eq!(close_day(&network, PATIENCE).unwrap().date, 20_261_123);
}

#[test]
fn a_reversal_ends_at_every_final_answer_and_goes_on_at_others() {
    for (code, ends) in [("00", true), ("25", true), ("14", true), ("12", true), ("64", true), ("96", false)]
    {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock::at(NOW));
        let store = open(folder.path(), "network", store::rooms::network::tables(Schema::new()), &clock);
        let dying = Network::new(store.clone(), Arc::new(Dying), HashMap::new(), PATIENCE);
        dying.take(sale(1), Box::new(|_| ()));
        dying.store().read(|_| ()).unwrap();
        let line = Arc::new(Says(code, AtomicU32::new(0)));
        let network = Network::new(store, line.clone(), HashMap::new(), PATIENCE);
        assert_eq!(network.resume().unwrap(), 1);
        let mut deliverers = network.deliverers();
        let deliver = deliverers.remove(TOPIC_REVERSAL).unwrap();
        let (messages, _) = network.store().due(TOPIC_REVERSAL, 9).unwrap();
        assert_eq!(messages.len(), 1);
        let arrival = deliver(&messages[0].outbound());
        assert_eq!(arrival == store::Arrival::Delivered, ends, "{code}");
    }
}

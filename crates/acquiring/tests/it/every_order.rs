//! Messages lost, doubled, late and reordered: every order of up to six events ends with the same money.

use crate::books::World;
use acquiring::operations::{ReversalAnswered, TimedOut};
use acquiring::records::{PaymentKind, PaymentState};
use acquiring::{MerchantDay, Payment, Reference};
use iso8583::ResponseCode;
use std::collections::BTreeMap;
use values::Records;

/// Something that reaches the acquirer. Letters name payments.
#[derive(Clone, Copy, Debug)]
enum Event {
    Ask(char, PaymentKind, u32),
    Follow(char, PaymentKind, u32, char),
    Answered(char, ResponseCode),
    NoAnswer(char),
    Reverse(char),
    Reversed(char),
    Void(char),
}

use Event::{Answered, Ask, Follow, NoAnswer, Reverse, Reversed, Void};

const YES: ResponseCode = ResponseCode::APPROVED;
const NO: ResponseCode = ResponseCode::INSUFFICIENT_FUNDS;

#[derive(Clone)]
struct Play {
    world: World,
    known: BTreeMap<char, Payment>,
    /// Payments for which a reversal was ever begun.
    reversed: BTreeMap<Reference, ()>,
}

impl Play {
    fn amount(events: &[Event], name: char) -> u32 {
        let of = |event: &Event| match *event {
            Ask(other, _, amount) | Follow(other, _, amount, _) if other == name => Some(amount),
            _ => None,
        };
        events.iter().find_map(of).unwrap_or(1)
    }

    fn step(&mut self, event: Event, all: &[Event]) {
        let trace = |name: char| u32::from(name);
        let amount = |name: char| format!("{}.00", Self::amount(all, name));
        match event {
            Ask(name, kind, _) => {
                if let Ok(payment) = self.world.pay(kind, trace(name), &amount(name), None) {
                    self.known.insert(name, payment);
                }
            }
            Follow(name, kind, _, original) => {
                let original = self.known.get(&original).map(|payment| payment.reference);
                if let Ok(payment) = self.world.pay(kind, trace(name), &amount(name), original) {
                    self.known.insert(name, payment);
                }
            }
            Answered(name, code) => {
                if let Some(payment) = self.known.get(&name).cloned() {
                    let _ = self.world.conclude(&payment, code);
                }
            }
            NoAnswer(name) => {
                if let Some(payment) = self.known.get(&name).cloned() {
                    self.world.time_out(&payment);
                }
            }
            Reverse(name) => {
                let _ = self.world.reverse(trace(name), &amount(name));
            }
            Reversed(name) => {
                if let Some(reference) = self.known.get(&name).map(|payment| payment.reference) {
                    let _ = self.world.run(&ReversalAnswered { reference, code: YES });
                }
            }
            Void(name) => {
                if let Some(reference) = self.known.get(&name).map(|payment| payment.reference) {
                    let _ = self.world.void(500 + trace(name), reference, &amount(name));
                }
            }
        }
        self.check();
    }

    /// Holds after every single event.
    fn check(&mut self) {
        let references: Vec<Reference> = self.known.values().map(|payment| payment.reference).collect();
        let payments: Vec<Payment> = references.iter().map(|name| self.world.payment(*name)).collect();
        let (mut sales, mut refunds, mut pending, mut day) = ((0, 0), (0, 0), 0, 0);
        for payment in &payments {
            let reversing = [PaymentState::ReversalPending, PaymentState::Reversed].contains(&payment.state);
            if reversing {
                self.reversed.insert(payment.reference, ());
            }
            assert_eq!(
                reversing,
                self.reversed.contains_key(&payment.reference),
                "what is being reversed is never anything else again"
            );
            let stands = [PaymentState::Approved, PaymentState::Completed, PaymentState::Advised]
                .contains(&payment.state);
            let counts = stands && payment.kind != PaymentKind::PreAuthorisation;
            assert_eq!(payment.counted && payment.kind != PaymentKind::PreAuthorisation, counts);
            let tally = if payment.kind == PaymentKind::Refund { &mut refunds } else { &mut sales };
            if counts {
                *tally = (tally.0 + 1, tally.1 + payment.amount);
            }
            pending += u32::from(payment.state == PaymentState::Pending);
            if payment.kind.is_sale() && (stands || payment.state == PaymentState::Pending) {
                day += payment.amount;
            }
            assert!(payment.refunded + payment.refund_pending <= payment.amount, "never more back than paid");
        }
        let batch = self.world.batch(1);
        assert_eq!((batch.sales_count, batch.sales_amount), sales);
        assert_eq!((batch.refunds_count, batch.refunds_amount), refunds);
        assert_eq!(batch.pending_count, pending);
        let today = crate::books::merchant().id;
        let counted: Option<MerchantDay> = self.world.books.find(&(today, 20_261_122));
        assert_eq!(counted.map_or(0, |counted| counted.sales_amount), day);
        self.check_followers(&payments);
    }

    fn check_followers(&mut self, payments: &[Payment]) {
        for payment in payments {
            let followers = payments.iter().filter(|other| {
                other.original.is_some_and(|original| original.reference == payment.reference)
            });
            let (mut refunded, mut refunding, mut completed) = (0, 0, 0);
            for follower in followers {
                match (follower.kind, follower.state) {
                    (PaymentKind::Refund, PaymentState::Approved) => refunded += follower.amount,
                    (PaymentKind::Refund, PaymentState::Pending | PaymentState::Advised) => {
                        refunding += follower.amount
                    }
                    (PaymentKind::Completion, PaymentState::Approved) => completed += 1,
                    _ => {}
                }
            }
            assert_eq!((payment.refunded, payment.refund_pending), (refunded, refunding));
            assert!(completed <= 1);
            assert_eq!(payment.state == PaymentState::Completed, completed == 1);
        }
    }

    /// Whatever the outbox still holds is delivered, answers that were on their way arrive, until all is quiet.
    fn drain(&mut self, events: &[Event]) {
        for _ in 0..8 {
            let waiting: Vec<_> = self.world.books.outbox.keys().cloned().collect();
            for (topic, key) in waiting {
                let reference: Reference = key.parse().unwrap();
                let payment = self.world.payment(reference);
                match topic.as_str() {
                    "acquirer.timeout" => {
                        self.world.books.outbox.remove(&(topic, key));
                        self.world.run(&TimedOut { reference }).unwrap();
                    }
                    "acquirer.reversal" => {
                        self.world.run(&ReversalAnswered { reference, code: YES }).unwrap();
                    }
                    "acquirer.advice" => {
                        self.world.conclude(&payment, YES).unwrap();
                    }
                    other => panic!("nobody delivers {other}"),
                }
                self.check();
            }
        }
        assert!(self.world.books.outbox.is_empty());
        for payment in self.known.clone().into_values() {
            let end = self.world.payment(payment.reference).state;
            let open = [PaymentState::Pending, PaymentState::Advised, PaymentState::ReversalPending];
            assert!(!open.contains(&end), "everything ends");
        }
        // The answers come once more, far too late, and change nothing.
        let before = self.world.books.dump();
        for event in events.iter().filter(|event| matches!(event, Answered(..) | NoAnswer(_) | Reversed(_))) {
            self.step(*event, events);
        }
        assert_eq!(self.world.books.dump(), before);
    }
}

fn in_every_order(events: &[Event]) -> usize {
    assert!(events.len() <= 6);
    let start = Play { world: World::new(), known: BTreeMap::new(), reversed: BTreeMap::new() };
    let mut left: Vec<Event> = events.to_vec();
    orders(&start, &mut left, events)
}

fn orders(play: &Play, left: &mut Vec<Event>, all: &[Event]) -> usize {
    if left.is_empty() {
        play.clone().drain(all);
        return 1;
    }
    let mut count = 0;
    for place in 0..left.len() {
        let event = left.remove(place);
        let mut next = play.clone();
        next.step(event, all);
        count += orders(&next, left, all);
        left.insert(place, event);
    }
    count
}

#[test]
fn a_sale_answered_lost_reversed_and_voided() {
    let sale = Ask('a', PaymentKind::Sale, 10);
    for events in [
        [sale, Answered('a', YES), Answered('a', YES), NoAnswer('a'), Reverse('a'), Reversed('a')],
        [sale, Answered('a', YES), Answered('a', NO), NoAnswer('a'), Void('a'), Reversed('a')],
        [sale, sale, Answered('a', YES), Reverse('a'), Reverse('a'), NoAnswer('a')],
        [sale, Answered('a', YES), Void('a'), Void('a'), Reverse('a'), Reversed('a')],
        [sale, Answered('a', NO), NoAnswer('a'), Reverse('a'), Reversed('a'), Reversed('a')],
    ] {
        assert_eq!(in_every_order(&events), 720);
    }
}

#[test]
fn a_sale_and_its_refunds() {
    let (sale, paid) = (Ask('a', PaymentKind::Sale, 10), Answered('a', YES));
    let back = |name, amount| Follow(name, PaymentKind::Refund, amount, 'a');
    for events in [
        [sale, paid, back('b', 6), Answered('b', YES), NoAnswer('b'), Void('a')],
        [sale, paid, back('b', 6), back('c', 6), Answered('b', NO), NoAnswer('c')],
        [sale, paid, back('b', 10), NoAnswer('b'), Reverse('a'), Reverse('b')],
        [sale, paid, back('b', 4), back('c', 6), Answered('c', YES), NoAnswer('a')],
    ] {
        assert_eq!(in_every_order(&events), 720);
    }
}

#[test]
fn an_authorisation_and_its_completion() {
    let (set_aside, held) = (Ask('a', PaymentKind::PreAuthorisation, 10), Answered('a', YES));
    let complete = |name| Follow(name, PaymentKind::Completion, 8, 'a');
    for events in [
        [set_aside, held, complete('b'), Answered('b', YES), NoAnswer('b'), Reverse('b')],
        [set_aside, held, complete('b'), complete('c'), Answered('b', NO), Answered('c', YES)],
        [set_aside, held, complete('b'), Answered('b', YES), Void('b'), Void('a')],
        [set_aside, held, complete('b'), NoAnswer('a'), Reverse('a'), Answered('b', YES)],
    ] {
        assert_eq!(in_every_order(&events), 720);
    }
}

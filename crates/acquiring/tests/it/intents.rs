//! A payment is wanted first and taken later: by the terminal's request that was expected, once, and by no other.

use crate::books::{World, merchant, yuan};
use acquiring::operations::{
    CancelIntent, ChangeMerchant, EXPIRY_TOPIC, Expect, ExpireIntent, FailIntent, INTENT_LASTS,
    IntentRefusal, OpenIntent, PRESENT_TOPIC, PresentCard,
};
use acquiring::records::{Expected, Intent, IntentState, MerchantState, PaymentKind};
use acquiring::{Refusal, TerminalId};
use iso8583::{ResponseCode, Stan};
use values::{Id, LastFour, Records, id::kinds};

const ID: u128 = 77;

fn id() -> Id<kinds::Payment> {
    Id::from_u128(ID)
}

fn terminal() -> TerminalId {
    "PZ000001".parse().unwrap()
}

fn card() -> LastFour {
    LastFour::from_ascii(b"0016").unwrap()
}

fn open(amount: &str, card: Option<LastFour>) -> OpenIntent {
    OpenIntent {
        id: id(),
        merchant: merchant().id,
        kind: PaymentKind::Sale,
        amount: yuan(amount),
        terminal: None,
        card,
    }
}

fn expect(trace: u32) -> Expect {
    Expect { id: id(), terminal: terminal(), batch: 1, trace: Stan::new(trace).unwrap() }
}

fn stands(world: &mut World) -> Intent {
    world.books.find(&id()).unwrap()
}

#[test]
fn an_intent_waits_a_day_for_its_card_and_no_longer() {
    let expiry = || (EXPIRY_TOPIC.to_owned(), id().to_string());
    let mut world = World::new();
    let opened = world.now;
    world.run(&open("12.50", None)).unwrap();
    assert_eq!(world.books.outbox[&expiry()].due, opened.after(INTENT_LASTS));
    assert_eq!(world.run(&ExpireIntent { id: id() }).unwrap().state, IntentState::Expired);
    let late = world.run(&PresentCard { id: id(), card: card() });
    assert_eq!(late, Err(IntentRefusal::Standing(IntentState::Expired)));

    // A card, or the word that it is not wanted, comes before: nothing is left to expire.
    for by_card in [true, false] {
        let mut world = World::new();
        world.run(&open("12.50", None)).unwrap();
        let stands = if by_card {
            world.run(&PresentCard { id: id(), card: card() }).unwrap().state
        } else {
            world.run(&CancelIntent { id: id() }).unwrap().state
        };
        assert!(!world.books.outbox.contains_key(&expiry()));
        assert_eq!(world.run(&ExpireIntent { id: id() }), Err(IntentRefusal::Standing(stands)));
    }
    let mut world = World::new();
    world.run(&open("12.50", Some(card()))).unwrap();
    assert!(!world.books.outbox.contains_key(&expiry()));
}

#[test]
fn the_request_that_was_expected_becomes_the_payment_that_was_wanted() {
    let mut world = World::new();
    assert_eq!(world.run(&open("12.50", None)).unwrap().state, IntentState::RequiresCard);
    let topics: Vec<&String> = world.books.outbox.keys().map(|(topic, _)| topic).collect();
    assert_eq!(topics, [EXPIRY_TOPIC], "nobody presented a card");
    let presented = world.run(&PresentCard { id: id(), card: card() }).unwrap();
    assert_eq!((presented.state, presented.card), (IntentState::Processing, Some(card())));
    let message = &world.books.outbox[&(PRESENT_TOPIC.to_owned(), id().to_string())];
    assert_eq!(message.body, format!("0016/{}", id()).into_bytes());
    assert_eq!(world.run(&expect(5)).unwrap().terminal, Some(terminal()));

    // Another request of the terminal is another payment, and so is one of another amount.
    let other = world.pay(PaymentKind::Sale, 4, "12.50", None).unwrap();
    assert_ne!(other.id, id());
    let payment = world.pay(PaymentKind::Sale, 5, "12.50", None).unwrap();
    assert_eq!(payment.id, id());
    let taken = stands(&mut world);
    assert_eq!((taken.state, taken.reference), (IntentState::Taken, Some(payment.reference)));
    assert_eq!(world.books.find::<Expected>(&terminal()), None);
    // What the terminal asks next is its own again.
    assert_ne!(world.pay(PaymentKind::Sale, 6, "12.50", None).unwrap().id, id());
    assert!(world.conclude(&payment, ResponseCode::APPROVED).is_ok());
    // Whoever comes late changes nothing.
    let late =
        FailIntent { id: id(), code: "card_not_presented".to_owned(), detail: "Nobody came.".to_owned() };
    assert_eq!(world.run(&late).unwrap().state, IntentState::Taken);
    assert_eq!(world.run(&expect(7)).unwrap().state, IntentState::Taken);
    assert_eq!(world.books.find::<Expected>(&terminal()), None);
}

#[test]
fn a_request_that_is_not_what_was_wanted_is_not_the_payment() {
    for (amount, kind) in [("12.51", PaymentKind::Sale), ("12.50", PaymentKind::PreAuthorisation)] {
        let mut world = World::new();
        world.run(&open("12.50", Some(card()))).unwrap();
        world.run(&expect(5)).unwrap();
        assert_ne!(world.pay(kind, 5, amount, None).unwrap().id, id(), "{amount} {kind:?}");
        assert_eq!(stands(&mut world).state, IntentState::Processing);
    }
    let mut world = World::new();
    world.run(&open("12.50", Some(card()))).unwrap();
    world.run(&expect(5)).unwrap();
    world
        .run(&FailIntent {
            id: id(),
            code: "card_not_presented".to_owned(),
            detail: "Nobody came.".to_owned(),
        })
        .unwrap();
    assert_ne!(world.pay(PaymentKind::Sale, 5, "12.50", None).unwrap().id, id(), "it had failed");
}

#[test]
fn an_intent_stays_at_its_terminal_so_that_what_that_owes_is_told_first() {
    let mut world = World::new();
    world.run(&open("12.50", Some(card()))).unwrap();
    world.run(&expect(5)).unwrap();
    let elsewhere = Expect { terminal: "PZ000002".parse().unwrap(), ..expect(5) };
    assert_eq!(world.run(&elsewhere), Err(IntentRefusal::NoTerminal));
    // After a crash the same terminal tries again under another number.
    world.run(&expect(8)).unwrap();
    assert_ne!(world.pay(PaymentKind::Sale, 5, "12.50", None).unwrap().id, id(), "the number given up");
    assert_eq!(world.pay(PaymentKind::Sale, 8, "12.50", None).unwrap().id, id());
}

#[test]
fn every_no_is_said_before_anything_is_written() {
    type Change = fn(&mut World, &mut OpenIntent);
    let refused = IntentRefusal::Refused;
    let cases: [(&str, Change, IntentRefusal); 7] = [
        ("merchant", |_, open| open.merchant = Id::from_u128(9), IntentRefusal::NoMerchant),
        ("terminal", |_, open| open.terminal = Some("PZ000009".parse().unwrap()), IntentRefusal::NoTerminal),
        ("zero", |_, open| open.amount = yuan("0"), refused(Refusal::ZeroAmount)),
        ("limit", |_, open| open.amount = yuan("1000.01"), refused(Refusal::PaymentLimit)),
        ("currency", |_, open| open.amount = dollars(), refused(Refusal::WrongCurrency)),
        ("suspended", |w, _| set(w, MerchantState::Suspended), refused(Refusal::MerchantInactive)),
        ("closed", |w, _| set(w, MerchantState::Closed), refused(Refusal::MerchantInactive)),
    ];
    for (name, change, expected) in cases {
        let (mut world, mut open) = (World::new(), open("12.50", Some(card())));
        change(&mut world, &mut open);
        let before = world.books.dump();
        assert_eq!(world.run(&open), Err(expected), "{name}");
        assert_eq!(world.books.dump(), before, "{name}");
    }
    let mut world = World::new();
    let present = PresentCard { id: id(), card: card() };
    assert_eq!(world.run(&present), Err(IntentRefusal::NoIntent));
    world.run(&open("12.50", None)).unwrap();
    assert_eq!(world.run(&CancelIntent { id: id() }).unwrap().state, IntentState::Cancelled);
    assert_eq!(world.run(&present), Err(IntentRefusal::Standing(IntentState::Cancelled)));
    assert_eq!(world.run(&CancelIntent { id: id() }), Err(IntentRefusal::Standing(IntentState::Cancelled)));
}

fn dollars() -> values::Money {
    values::Money::parse("1", values::Currency::USD).unwrap()
}

fn set(world: &mut World, state: MerchantState) {
    world.run(&ChangeMerchant { state: Some(state), ..ChangeMerchant::of(merchant().id) }).unwrap();
}

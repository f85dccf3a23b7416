//! Codes that a shop shows: bills are paid once, with their amount, in time; the terminal hears of every payment in order.

use crate::books::{TOKEN, World, tally, yuan};
use acquiring::Refusal;
use acquiring::operations::{BILL_LIFE, TakenBack};
use acquiring::records::BillName;
use iso8583::{ResponseCode, Stan};
use std::time::Duration;

#[test]
fn a_bill_is_paid_once_under_its_own_trace_number() {
    let mut world = World::new();
    let bill = world.bill(42, "36.50").unwrap();
    assert_eq!(world.bill(42, "36.50"), Ok(bill), "asked again");
    assert_eq!(world.bill(42, "36.51"), Err(Refusal::TraceUsed));
    assert!(world.news(1).is_none());
    let payment = world.scan(Some(bill), 1, "36.50").unwrap();
    assert_eq!((payment.terminal_trace.number(), payment.batch, payment.amount), (42, 1, 3650));
    assert!(world.news(1).is_none(), "nobody knows yet how it ends");
    world.conclude(&payment, ResponseCode::APPROVED).unwrap();
    let news = world.news(1).unwrap();
    assert_eq!((news.name, news.amount, news.reference), (bill, yuan("36.50"), payment.reference));
    assert_eq!((news.token.digits().as_str(), news.code), (TOKEN, ResponseCode::APPROVED));
    assert_eq!(world.scan(Some(bill), 2, "36.50"), Err(Refusal::TraceUsed), "paid before");
    // From here on it is a payment of the terminal as any other.
    world.void(43, payment.reference, "36.50").unwrap();
    assert_eq!(world.news(1).unwrap().code, ResponseCode::NO_ANSWER, "taken back");
}

#[test]
fn bills_end() {
    let mut world = World::new();
    let bill = world.bill(42, "36.50").unwrap();
    let other = BillName { trace: Stan::new(43).unwrap(), ..bill };
    assert_eq!(world.scan(Some(other), 1, "36.50"), Err(Refusal::BillUnknown));
    assert_eq!(world.scan(Some(bill), 1, "36.51"), Err(Refusal::BillAmount));
    let mut late = world.clone();
    late.now = late.now.after(BILL_LIFE + Duration::from_millis(1));
    assert_eq!(late.scan(Some(bill), 1, "36.50"), Err(Refusal::BillOver));
    let mut closed = world.clone();
    closed.close(1, tally(0, 0), tally(0, 0)).unwrap();
    assert_eq!(closed.scan(Some(bill), 1, "36.50"), Err(Refusal::BillOver), "its batch is closed");
    // The cashier takes the code away.
    assert_eq!(world.reverse(42, "36.50"), Ok(TakenBack::Remembered));
    assert_eq!(world.scan(Some(bill), 1, "36.50"), Err(Refusal::ReversedBefore));
    assert_eq!(world.bill(42, "36.50"), Err(Refusal::TraceUsed));
}

#[test]
fn a_code_without_a_bill_is_paid_again_and_again() {
    let mut world = World::new();
    let first = world.scan(None, 1, "4.00").unwrap();
    world.conclude(&first, ResponseCode::APPROVED).unwrap();
    let second = world.scan(None, 2, "5.00").unwrap();
    world.conclude(&second, ResponseCode::INSUFFICIENT_FUNDS).unwrap();
    assert_ne!(first.terminal_trace, second.terminal_trace);
    let told: Vec<_> =
        (1..=3).map(|number| world.news(number).map(|news| (news.amount, news.code))).collect();
    let expected = [
        Some((yuan("4.00"), ResponseCode::APPROVED)),
        Some((yuan("5.00"), ResponseCode::INSUFFICIENT_FUNDS)),
        None,
    ];
    assert_eq!(told, expected);
    // The terminal's own numbers go on where they were.
    assert!(world.pay(acquiring::records::PaymentKind::Sale, 1, "1.00", None).is_ok());
}

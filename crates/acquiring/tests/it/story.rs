//! Days at a shop: what counts, what is told, what is captured.

use crate::books::{World, tally};
use acquiring::Refusal;
use acquiring::operations::{ReversalAnswered, Settled, Standing, TakenBack};
use acquiring::records::{BatchState, PaymentKind, PaymentState};
use iso8583::ResponseCode;
use values::Operation;

#[test]
fn a_sale_is_approved_counted_and_captured() {
    let mut world = World::new();
    let sale = world.approved(PaymentKind::Sale, 1, "12.50");
    assert_eq!((sale.state, sale.counted), (PaymentState::Approved, true));
    assert!(world.books.outbox.is_empty(), "the timer was taken back");
    let closed = world.close(1, tally(1, 1250), tally(0, 0)).unwrap();
    assert_eq!((closed.balanced, closed.next, closed.batch.state), (true, 2, BatchState::Captured));
    assert_eq!(world.close(1, tally(9, 9), tally(0, 0)).unwrap(), closed, "the first answer again");
    assert_eq!(world.void(2, sale.reference, "12.50"), Err(Refusal::WrongBatch));
    assert_eq!(world.reverse(1, "12.50"), Err(Refusal::NotReversible), "captured: a refund is the way");
    assert_eq!(world.batch(2).sales(), tally(0, 0));
}

#[test]
fn totals_that_differ_are_told_and_the_next_batch_opens() {
    let mut world = World::new();
    world.approved(PaymentKind::Sale, 1, "12.50");
    let closed = world.close(1, tally(1, 1251), tally(0, 0)).unwrap();
    assert_eq!((closed.balanced, closed.next), (false, 2));
    assert_eq!(world.batch(1).balanced, Some(false));
}

#[test]
fn a_batch_waits_for_its_payments() {
    let mut world = World::new();
    let sale = world.pay(PaymentKind::Sale, 1, "12.50", None).unwrap();
    assert_eq!(world.close(1, tally(0, 0), tally(0, 0)), Err(Refusal::PaymentsPending));
    world.time_out(&sale);
    assert!(world.close(1, tally(0, 0), tally(0, 0)).unwrap().balanced);
}

#[test]
fn no_answer_becomes_a_reversal_until_it_is_answered() {
    let mut world = World::new();
    let sale = world.pay(PaymentKind::Sale, 1, "12.50", None).unwrap();
    let timer = world.books.outbox.values().next().unwrap().clone();
    assert_eq!((timer.topic.as_str(), timer.due.since(world.now).as_secs()), ("acquirer.timeout", 30));
    let reversing = world.time_out(&sale);
    assert_eq!(reversing.state, PaymentState::ReversalPending);
    assert_eq!(reversing.reversal_reason, Some(ResponseCode::NO_ANSWER));
    assert_eq!(world.books.outbox.keys().next().unwrap().0, "acquirer.reversal");
    let late = world.conclude(&sale, ResponseCode::APPROVED).unwrap();
    assert_eq!((late.standing, late.payment.state), (Standing::Late, PaymentState::ReversalPending));
    let reversed = |code| ReversalAnswered { reference: sale.reference, code };
    assert_eq!(world.run(&reversed(ResponseCode::SYSTEM_TROUBLE)), Ok(Settled::Again));
    assert_eq!(world.run(&reversed(ResponseCode::APPROVED)), Ok(Settled::Done));
    assert_eq!(world.run(&reversed(ResponseCode::APPROVED)), Ok(Settled::Done));
    assert!(world.books.outbox.is_empty());
    assert_eq!(world.batch(1).sales(), tally(0, 0));
    assert_eq!(world.conclude(&sale, ResponseCode::APPROVED).unwrap().standing, Standing::Late);
}

#[test]
fn a_void_takes_the_sale_out_of_the_batch() {
    let mut world = World::new();
    let sale = world.approved(PaymentKind::Sale, 1, "12.50");
    let voided = world.void(2, sale.reference, "12.50").unwrap();
    assert!(voided.is_voided() && !voided.counted);
    assert_eq!(world.batch(1).sales(), tally(0, 0));
    assert_eq!(world.batch(1).reversals_amount, 1250);
    assert_eq!(world.void(3, sale.reference, "12.50"), Err(Refusal::OriginalNotApproved));
    assert_eq!(world.reverse(2, "12.50"), Err(Refusal::NotReversible), "a void is not undone");
    assert_eq!(world.reverse(1, "12.50"), Ok(TakenBack::NothingToDo));
}

#[test]
fn a_refund_without_answer_is_repeated_and_counts() {
    let mut world = World::new();
    let sale = world.approved(PaymentKind::Sale, 1, "12.50");
    let refund = world.pay(PaymentKind::Refund, 2, "2.50", Some(sale.reference)).unwrap();
    let advised = world.time_out(&refund);
    assert_eq!((advised.state, advised.counted), (PaymentState::Advised, true));
    assert_eq!(world.books.outbox.keys().next().unwrap().0, "acquirer.advice");
    world.close(1, tally(1, 1250), tally(1, 250)).unwrap();
    let concluded = world.conclude(&refund, ResponseCode::APPROVED).unwrap();
    assert_eq!((concluded.standing, concluded.payment.state), (Standing::First, PaymentState::Approved));
    assert_eq!(world.batch(1).refunds(), tally(1, 250));
    assert_eq!(
        (world.payment(sale.reference).refunded, world.payment(sale.reference).refund_pending),
        (250, 0)
    );
    assert!(world.books.outbox.is_empty());
}

#[test]
fn a_refund_refused_after_its_batch_is_owed_to_the_merchant() {
    let mut world = World::new();
    let sale = world.approved(PaymentKind::Sale, 1, "12.50");
    let refund = world.pay(PaymentKind::Refund, 2, "2.50", Some(sale.reference)).unwrap();
    world.time_out(&refund);
    world.close(1, tally(1, 1250), tally(1, 250)).unwrap();
    world.conclude(&refund, ResponseCode::BAD_CARD).unwrap();
    assert_eq!(world.batch(2).corrections_amount, 250);
    assert_eq!(world.payment(sale.reference).refundable(), 1250);
    assert_eq!(world.books.notes, ["acquiring.refund_refused"]);
}

#[test]
fn part_of_the_amount_is_not_enough() {
    let mut world = World::new();
    let sale = world.pay(PaymentKind::Sale, 1, "12.50", None).unwrap();
    let concluded = world.conclude(&sale, ResponseCode::PARTLY_APPROVED).unwrap();
    assert_eq!(concluded.payment.state, PaymentState::ReversalPending);
    assert_eq!(world.books.outbox.keys().next().unwrap().0, "acquirer.reversal");
}

#[test]
fn a_reversal_before_its_sale_is_remembered() {
    let mut world = World::new();
    assert_eq!(world.reverse(1, "12.50"), Ok(TakenBack::Remembered));
    assert_eq!(world.reverse(1, "12.50"), Ok(TakenBack::Remembered));
    assert_eq!(world.pay(PaymentKind::Sale, 1, "12.50", None), Err(Refusal::ReversedBefore));
}

#[test]
fn repeats_carry_one_key_and_other_content_another_fingerprint() {
    let world = World::new();
    let accept = |amount: &str, trace: u32| {
        let terminal = world.terminal(trace, 1);
        let message = terminal.payment(
            PaymentKind::Sale,
            crate::books::yuan(amount),
            &crate::books::card(crate::books::TOKEN),
            None,
        );
        match acquiring::terminal_line::read(&message, &world.institution).unwrap() {
            acquiring::terminal_line::Request::Payment(request) => acquiring::operations::Accept {
                request,
                institution: world.institution.clone(),
                id: values::Id::from_u128(u128::from(trace)),
            }
            .idempotency()
            .unwrap(),
            _ => unreachable!(),
        }
    };
    assert_eq!(accept("1", 1), accept("1", 1));
    assert_eq!(accept("1", 1).key, accept("2", 1).key);
    assert_ne!(accept("1", 1).fingerprint, accept("2", 1).fingerprint);
    assert_ne!(accept("1", 1).key, accept("1", 2).key);
}

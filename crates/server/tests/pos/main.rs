//! Days at a terminal: a phone at a reader's socket, an acquirer behind a line that fails in every way.

#[path = "../support/test_phone.rs"]
mod test_phone;
mod wire;
mod world;

use acquiring::records::PaymentState;
use iso8583::ResponseCode;
use server::pos::records::EntryState;
use server::pos::{Pos, PosError, Shown, Verdict, records};
use server::reader::ReaderError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use test_phone::TestPhone;
use wallet::application::Notice;
use world::{Fault, NOW, World, yuan};

#[test]
fn columns_fit_records_and_tables() {
    let schema = records::schema();
    assert_eq!(schema.check_shapes(), Ok(()));
    assert_eq!(store::sqlite::check_tables(&schema), Ok(()));
}

#[test]
fn a_tap_is_paid_printed_and_settled() {
    let mut world = World::new();
    let mut pos = world.terminal();
    let shown = Arc::new(Mutex::new(Vec::new()));
    let display = shown.clone();
    pos.on_shown(move |event| {
        if let Shown::Light(light) = event {
            display.lock().unwrap().push(light.message.text());
        }
    });
    let (ended, noticed) = world.tap(&mut pos, "12.50", Pos::sale);
    assert_eq!((ended.verdict, ended.response_code), (Verdict::Approved, Some(ResponseCode::APPROVED)));
    assert_eq!(ended.approval_code.unwrap().as_str(), "974556");
    assert_eq!(ended.verification, Some("device"));
    assert!(matches!(noticed[..], [Notice::Tapped { atc: 1, amount_minor: 1250, .. }]));
    let expected =
        ["Present card", "Processing", "Card read, please remove it", "Authorising, please wait", "Approved"];
    assert_eq!(*shown.lock().unwrap(), expected);
    let payment = world.payment(ended.reference.unwrap());
    assert_eq!((payment.state, payment.amount), (PaymentState::Approved, 1250));
    assert_eq!(
        (payment.token.unwrap().digits().as_str(), payment.terminal_trace),
        (test_phone::TOKEN, ended.trace)
    );
    let receipt = ended.receipt.join("\n");
    assert!(receipt.contains("PAIZA NOODLES") && receipt.contains("**** 7893"), "{receipt}");
    assert!(receipt.contains(payment.reference.as_str()) && receipt.contains("APPROVED"), "{receipt}");
    assert!(!receipt.contains(test_phone::TOKEN), "{receipt}");
    let closed = pos.close_batch().unwrap();
    assert_eq!((closed.batch, closed.next, closed.balanced), (1, 2, true));
    assert_eq!((closed.sales.count, closed.sales.amount), (1, 1250));
    assert_eq!(world.line.asked(), ["0800", "0200", "0100", "0500", "0800"]);
    assert!(matches!(pos.void(payment.reference), Err(PosError::Refused(records::Refusal::BatchClosed))));
    assert!(pos.store().verify().unwrap().is_ok());
}

#[test]
fn a_decline_is_an_answer() {
    let mut world = World::new();
    let mut pos = world.terminal();
    let ended = world.sale(&mut pos, "10.51");
    assert_eq!((ended.verdict, ended.reason), (Verdict::Declined, "host_declined"));
    assert_eq!(ended.response_code, Some(ResponseCode::INSUFFICIENT_FUNDS));
    assert_eq!(ended.sentence, "Declined: insufficient funds (51).");
    assert!(pos.owed().unwrap().is_empty());
    assert_eq!(pos.close_batch().unwrap().sales.count, 0);
}

#[test]
fn no_answer_is_reversed_at_once() {
    let mut world = World::new();
    let mut pos = world.terminal();
    world.line.next(&[Fault::AnswerLost]);
    let ended = world.sale(&mut pos, "12.50");
    assert_eq!((ended.verdict, ended.state), (Verdict::Unanswered, Some(EntryState::Reversed)));
    assert_eq!(world.line.asked(), ["0800", "0200", "0400 98"]);
    assert_eq!(world.payments()[0].state, PaymentState::ReversalPending);
    assert!(pos.close_batch().unwrap().balanced);
}

#[test]
fn a_reversal_survives_a_restart_and_goes_before_the_next_payment() {
    let mut world = World::new();
    let mut pos = world.terminal();
    world.line.next(&[Fault::AnswerLost, Fault::RequestLost]);
    let ended = world.sale(&mut pos, "12.50");
    assert_eq!((ended.verdict, ended.state), (Verdict::Unanswered, Some(EntryState::Reversing)));
    assert_eq!(pos.owed().unwrap().len(), 1);
    drop(pos);
    let mut pos = world.terminal();
    world.line.asked();
    // Still nobody there: no payment is begun, nothing is forgotten.
    world.line.next(&[Fault::NoLine]);
    assert!(matches!(pos.sale(yuan("1.00"), &mut world.reader), Err(PosError::Unreachable(_))));
    let next = world.sale(&mut pos, "3.00");
    assert_eq!(next.verdict, Verdict::Approved);
    assert_eq!(world.line.asked(), ["0401 98", "0800", "0200"]);
    let states: Vec<_> = world.payments().iter().map(|payment| payment.state).collect();
    assert_eq!(states, [PaymentState::ReversalPending, PaymentState::Approved]);
    let closed = pos.close_batch().unwrap();
    assert!(closed.balanced && closed.sales.amount == 300);
}

#[test]
fn a_request_that_never_came_is_reversed_too_and_refused_later() {
    let mut world = World::new();
    let mut pos = world.terminal();
    world.line.next(&[Fault::RequestLost]);
    assert_eq!(world.sale(&mut pos, "12.50").verdict, Verdict::Unanswered);
    assert!(world.payments().is_empty() && pos.owed().unwrap().is_empty());
}

#[test]
fn a_terminal_that_dies_before_the_answer_finds_what_it_owes() {
    let mut world = World::new();
    let mut pos = world.terminal();
    world.line.next(&[Fault::Dies]);
    let died = catch_unwind(AssertUnwindSafe(|| world.sale(&mut pos, "12.50")));
    assert!(died.is_err());
    drop(pos);
    let mut pos = world.terminal();
    assert_eq!(pos.forward().unwrap(), 0);
    assert_eq!(world.line.asked(), ["0800", "0200", "0400 98"]);
    assert_eq!(pos.journal().unwrap()[0].state, EntryState::Reversed);
    assert_eq!(world.payments()[0].state, PaymentState::ReversalPending);
}

#[test]
fn an_answer_with_a_wrong_mac_is_reversed_for_that_reason() {
    let mut world = World::new();
    let mut pos = world.terminal();
    world.line.next(&[Fault::AnswerForged]);
    let ended = world.sale(&mut pos, "12.50");
    assert_eq!((ended.verdict, ended.reason), (Verdict::Unanswered, "host_silent"));
    assert_eq!(world.line.asked(), ["0800", "0200", "0400 A0"]);
    assert_eq!(world.payments()[0].reversal_reason, Some(ResponseCode::WRONG_MAC));
}

#[test]
fn without_a_line_nothing_is_owed() {
    let mut world = World::new();
    let mut pos = world.terminal();
    world.line.next(&[Fault::NoLine]);
    let ended = world.sale(&mut pos, "12.50");
    assert_eq!((ended.verdict, ended.state), (Verdict::Unreached, Some(EntryState::Declined)));
    assert_eq!(world.line.asked(), ["0800"]);
    assert!(pos.owed().unwrap().is_empty());
}

#[test]
fn a_torn_tap_is_tried_again_and_paid_once() {
    let mut world = World::new();
    let mut pos = world.terminal();
    // Command 2 is GET PROCESSING OPTIONS: the card has made a cryptogram that never arrives.
    let ended = world.sale_with(&mut pos, "12.50", |at| {
        let (phone, _) = TestPhone::new(NOW).unlocked().torn_at(2).present(at);
        let (_, seen) = phone.unlocked().present(at);
        assert!(matches!(seen[..], [Notice::Tapped { atc: 2, .. }]));
    });
    assert_eq!(ended.verdict, Verdict::Approved);
    assert_eq!(world.payments().len(), 1);
}

#[test]
fn a_card_that_is_torn_every_time_is_not_paid() {
    let mut world = World::new();
    let mut pos = world.terminal();
    let ended = world.sale_with(&mut pos, "12.50", |at| {
        for command in 0..3 {
            TestPhone::new(NOW).unlocked().torn_at(command).present(at);
        }
    });
    assert_eq!((ended.verdict, ended.reason), (Verdict::CardFailed, "too_many_attempts"));
    assert!(world.payments().is_empty());
}

#[test]
fn a_locked_phone_pays_only_once_its_owner_was_there() {
    let mut world = World::new();
    let mut pos = world.terminal();
    let ended = world.sale_with(&mut pos, "12.50", |at| {
        let (phone, seen) = TestPhone::new(NOW).present(at);
        assert_eq!(seen, [Notice::Unlock]);
        phone.unlocked().present(at);
    });
    assert_eq!((ended.verdict, ended.verification), (Verdict::Approved, Some("device")));
}

#[test]
fn nobody_presents_a_card() {
    let mut world = World::new();
    let mut pos = world.terminal();
    world.reader.give_up_after(Duration::from_millis(1)).unwrap();
    let gone = pos.sale(yuan("12.50"), &mut world.reader);
    assert!(matches!(gone, Err(PosError::Reader(ReaderError::NoCard))));
    let amount = values::Money::parse("12.50", values::Currency::from_alpha("USD").unwrap()).unwrap();
    let ended = pos.sale(amount, &mut world.reader).unwrap();
    assert_eq!(ended.reason, "currency_not_accepted", "nobody is asked for a card in vain");
}

#[test]
fn a_void_takes_a_sale_of_the_open_batch_back() {
    let mut world = World::new();
    let mut pos = world.terminal();
    let sale = world.sale(&mut pos, "12.50").reference.unwrap();
    let voided = pos.void(sale).unwrap();
    assert_eq!(voided.verdict, Verdict::Approved);
    assert!(world.payment(sale).is_voided());
    assert!(matches!(pos.void(sale), Err(PosError::Refused(records::Refusal::NotPossible))));
    let closed = pos.close_batch().unwrap();
    assert!(closed.balanced && closed.sales.count == 0);
}

#[test]
fn a_void_without_answer_is_repeated_under_its_number() {
    let mut world = World::new();
    let mut pos = world.terminal();
    let sale = world.sale(&mut pos, "12.50").reference.unwrap();
    world.line.asked();
    world.line.next(&[Fault::AnswerLost, Fault::AnswerLost]);
    let unknown = pos.void(sale).unwrap();
    assert_eq!(unknown.verdict, Verdict::Unanswered);
    assert_eq!(pos.owed().unwrap().len(), 1);
    drop(pos);
    let mut pos = world.terminal();
    assert_eq!(pos.forward().unwrap(), 0);
    assert_eq!(world.line.asked(), ["0200", "0201", "0201"]);
    assert!(world.payment(sale).is_voided());
    let states: Vec<_> = pos.journal().unwrap().iter().map(|entry| entry.state).collect();
    assert!(states.contains(&EntryState::Voided) && states.contains(&EntryState::Approved));
    assert!(pos.close_batch().unwrap().balanced);
}

#[test]
fn refunds_count_once_whatever_is_lost() {
    let mut world = World::new();
    let mut pos = world.terminal();
    let sale = world.sale(&mut pos, "12.50").reference.unwrap();
    assert_eq!(pos.refund(sale, yuan("2.50")).unwrap().verdict, Verdict::Approved);
    world.line.next(&[Fault::AnswerLost]);
    // Repeated at once, and answered then.
    assert_eq!(pos.refund(sale, yuan("3.00")).unwrap().verdict, Verdict::Approved);
    let too_much = pos.refund(sale, yuan("7.50")).unwrap();
    assert_eq!(
        (too_much.verdict, too_much.response_code),
        (Verdict::Declined, Some(ResponseCode::ORIGINAL_AMOUNT_WRONG))
    );
    assert_eq!(world.payment(sale).refunded, 550);
    let closed = pos.close_batch().unwrap();
    assert!(closed.balanced);
    assert_eq!((closed.refunds.count, closed.refunds.amount), (2, 550));
}

#[test]
fn what_was_set_aside_is_completed_once() {
    let mut world = World::new();
    let mut pos = world.terminal();
    let aside = world.tap(&mut pos, "100.00", Pos::preauth).0.reference.unwrap();
    let done = pos.complete(aside, yuan("80.00")).unwrap();
    assert_eq!(done.verdict, Verdict::Approved);
    assert!(matches!(pos.complete(aside, yuan("1.00")), Err(PosError::Refused(_))));
    let unknown = pos.complete("999999999999".parse().unwrap(), yuan("1.00"));
    assert!(matches!(unknown, Err(PosError::Refused(records::Refusal::UnknownPayment))));
    let closed = pos.close_batch().unwrap();
    assert!(closed.balanced && closed.sales.amount == 8000);
}

#[test]
fn a_trace_number_is_never_used_twice() {
    let mut world = World::new();
    let mut used = Vec::new();
    for _ in 0..3 {
        let mut pos = world.terminal();
        used.push(world.sale(&mut pos, "1.00").trace);
        used.push(world.sale(&mut pos, "1.00").trace);
    }
    let count = used.len();
    used.sort();
    used.dedup();
    assert_eq!((used.len(), world.payments().len()), (count, count));
}

#[test]
fn a_directory_is_one_terminals() {
    let world = World::new();
    drop(world.terminal());
    let other = server::pos::DEMO_TERMINALS[1].configuration();
    let settings = server::pos::Settings::new(&world.pos_directory(), other);
    let refused = Pos::open(settings, world.line.clone(), world.clock.clone()).err().unwrap();
    assert!(matches!(refused, PosError::Refused(records::Refusal::AnotherTerminal)));
}

//! Every no, with its response code, one line per case.

use crate::books::{OTHER_TOKEN, TOKEN, World, card, merchant, tally, yuan};
use acquiring::operations::{
    ChangeMerchant, RegisterMerchant, RegisterTerminal, SetTerminalState, SignOn, TimedOut,
};
use acquiring::records::{MerchantState, PaymentKind, TerminalState, TraceCounter};
use acquiring::{Merchant, Refusal};
use iso8583::{Message, ResponseCode};
use values::{Currency, Money, Records};

type Change = fn(&mut World, &mut Message);

#[test]
fn a_sale_is_checked_before_the_network_is_asked() {
    let cases: [(&str, Change, Refusal, &str); 18] = [
        ("terminal", |_, m| drop(m.set_padded(41, "PZ000009")), Refusal::UnknownTerminal, "97"),
        ("blocked", |w, _| block(w), Refusal::TerminalBlocked, "58"),
        ("acceptor", |_, m| drop(m.set_padded(42, "X")), Refusal::WrongMerchant, "03"),
        ("suspended", |w, _| set_state(w, MerchantState::Suspended), Refusal::MerchantInactive, "03"),
        ("closed", |w, _| set_state(w, MerchantState::Closed), Refusal::MerchantInactive, "03"),
        ("category", |_, m| drop(m.set_text(18, "4111")), Refusal::WrongCategory, "58"),
        ("currency", |_, m| drop(m.set_text(49, "356")), Refusal::WrongCurrency, "12"),
        ("zero", |_, m| drop(m.set_number(4, 0)), Refusal::ZeroAmount, "13"),
        ("one cent over", |_, m| drop(m.set_number(4, 100_001)), Refusal::PaymentLimit, "61"),
        ("batch", |_, m| drop(m.set_text(60, "2200000200060")), Refusal::WrongBatch, "77"),
        ("no batch", |_, m| drop(m.remove(60)), Refusal::Incomplete, "30"),
        ("short batch", |_, m| drop(m.set_text(60, "220000")), Refusal::Incomplete, "30"),
        ("no amount", |_, m| drop(m.remove(4)), Refusal::Incomplete, "30"),
        ("no currency", |_, m| drop(m.remove(49)), Refusal::Incomplete, "30"),
        ("no trace", |_, m| drop(m.remove(11)), Refusal::Incomplete, "30"),
        ("no card", |_, m| drop(m.remove(2)), Refusal::Incomplete, "30"),
        ("balance inquiry", |_, m| drop(m.set_text(3, "310000")), Refusal::NotSupported, "40"),
        ("trace used", |w, _| drop(w.pay(PaymentKind::Sale, 1, "1", None)), Refusal::TraceUsed, "94"),
    ];
    for (name, change, refusal, code) in cases {
        let mut world = World::new();
        let mut message = world.terminal(1, 1).payment(PaymentKind::Sale, yuan("12.50"), &card(TOKEN), None);
        change(&mut world, &mut message);
        let before = world.books.dump();
        assert_eq!(world.submit(&message).unwrap_err(), refusal, "{name}");
        assert_eq!(refusal.response_code().to_string(), code, "{name}");
        assert_eq!(world.books.dump(), before, "{name}: a refusal changes nothing");
    }
}

fn drop<T>(_: T) {}

fn block(world: &mut World) {
    let terminal = "PZ000001".parse().unwrap();
    world.run(&SetTerminalState { terminal, state: TerminalState::Blocked }).unwrap();
}

fn set_state(world: &mut World, state: MerchantState) {
    world.run(&ChangeMerchant { state: Some(state), ..ChangeMerchant::of(merchant().id) }).unwrap();
}

/// Numbers are looked for a while and never given twice: a counter that lost its place finds those of this hour taken.
#[test]
fn no_number_of_the_network_is_given_twice() {
    let mut world = World::new();
    for trace in 1..=64 {
        world.pay(PaymentKind::Sale, trace, "1", None).unwrap();
    }
    let institution = world.institution.id;
    world.books.remove::<TraceCounter>(&institution);
    let before = world.books.dump();
    assert_eq!(world.pay(PaymentKind::Sale, 65, "1", None).unwrap_err(), Refusal::NoTraceNumber);
    assert_eq!(world.books.dump(), before, "a refusal changes nothing");
}

#[test]
fn limits_hold_to_the_cent() {
    let mut world = World::new();
    assert!(world.pay(PaymentKind::Sale, 1, "1000.00", None).is_ok());
    assert!(world.pay(PaymentKind::Sale, 2, "1000.00", None).is_ok());
    assert_eq!(world.pay(PaymentKind::Sale, 3, "500.01", None), Err(Refusal::DailyLimit));
    let last = world.pay(PaymentKind::Sale, 4, "500.00", None).unwrap();
    assert_eq!(world.pay(PaymentKind::Sale, 5, "0.01", None), Err(Refusal::DailyLimit));
    // What is declined gives its room back; the next business day (16:00 UTC in Shanghai) begins at nothing.
    world.conclude(&last, ResponseCode::INSUFFICIENT_FUNDS).unwrap();
    assert!(world.pay(PaymentKind::Sale, 6, "500.00", None).is_ok());
    world.now = world.now.after(std::time::Duration::from_secs(16 * 3600));
    assert!(world.pay(PaymentKind::Sale, 7, "1000.00", None).is_ok());
}

#[test]
fn refunds_stay_within_what_was_paid() {
    let mut world = World::new();
    let sale = world.approved(PaymentKind::Sale, 1, "10.00");
    let refund =
        |w: &mut World, trace, amount| w.pay(PaymentKind::Refund, trace, amount, Some(sale.reference));
    assert_eq!(refund(&mut world, 2, "10.01"), Err(Refusal::AboveOriginal));
    let first = refund(&mut world, 3, "6.00").unwrap();
    assert_eq!(refund(&mut world, 4, "4.01"), Err(Refusal::AboveOriginal), "the first is still under way");
    world.conclude(&first, ResponseCode::DO_NOT_HONOUR).unwrap();
    let second = refund(&mut world, 5, "10.00").unwrap();
    world.conclude(&second, ResponseCode::APPROVED).unwrap();
    assert_eq!(refund(&mut world, 6, "0.01"), Err(Refusal::AboveOriginal));
    assert_eq!(world.payment(sale.reference).refunded, 1000);
    assert_eq!(world.void(7, sale.reference, "10.00"), Err(Refusal::NotReversible), "it was paid back");
}

#[test]
fn refunds_go_to_the_card_that_paid() {
    let mut world = World::new();
    let sale = world.approved(PaymentKind::Sale, 1, "10.00");
    let mut refund = |trace, number| {
        let terminal = world.terminal(trace, 1);
        let message = terminal.payment(PaymentKind::Refund, yuan("1"), &card(number), Some(sale.reference));
        world.submit(&message).map(|accepted| accepted.payment.token)
    };
    assert_eq!(refund(2, OTHER_TOKEN), Err(Refusal::WrongCard));
    assert_eq!(refund(4, TOKEN), Ok(sale.token));
}

#[test]
fn a_number_outside_the_token_ranges_is_not_kept() {
    let mut world = World::new();
    let pan = "4111111111111111";
    let message = world.terminal(1, 1).payment(PaymentKind::Sale, yuan("5"), &card(pan), None);
    let payment = world.submit(&message).unwrap().payment;
    assert_eq!((payment.token, payment.last_four.to_string()), (None, "1111".into()));
    world.conclude(&payment, ResponseCode::APPROVED).unwrap();
    let refund =
        world.terminal(2, 1).payment(PaymentKind::Refund, yuan("5"), &card(pan), Some(payment.reference));
    assert_eq!(world.submit(&refund).unwrap_err(), Refusal::WrongCard);
    assert!(!world.books.dump().contains("411111"));
}

#[test]
fn completions_follow_their_authorisation_once() {
    let mut world = World::new();
    let set_aside = world.approved(PaymentKind::PreAuthorisation, 1, "100.00");
    let complete = |w: &mut World, trace, amount| {
        w.pay(PaymentKind::Completion, trace, amount, Some(set_aside.reference))
    };
    assert_eq!(complete(&mut world, 2, "100.01"), Err(Refusal::AboveOriginal));
    let first = complete(&mut world, 3, "80.00").unwrap();
    assert_eq!(complete(&mut world, 4, "10.00"), Err(Refusal::OriginalNotApproved), "one is under way");
    assert_eq!(world.void(5, set_aside.reference, "100.00"), Err(Refusal::NotReversible));
    world.conclude(&first, ResponseCode::SYSTEM_TROUBLE).unwrap();
    let second = complete(&mut world, 6, "100.00").unwrap();
    world.conclude(&second, ResponseCode::APPROVED).unwrap();
    assert_eq!(complete(&mut world, 7, "1.00"), Err(Refusal::OriginalNotApproved));
    assert_eq!(world.batch(1).sales(), tally(1, 10_000));
    // The completion is voided: the authorisation stands again.
    world.void(8, second.reference, "100.00").unwrap();
    assert!(complete(&mut world, 9, "50.00").is_ok());
}

#[test]
fn originals_are_the_merchants_own_and_stand() {
    let mut world = World::new();
    let sale = world.pay(PaymentKind::Sale, 1, "10.00", None).unwrap();
    let nowhere = "632600999999".parse().unwrap();
    for (reference, refusal) in
        [(nowhere, Refusal::OriginalNotFound), (sale.reference, Refusal::OriginalNotApproved)]
    {
        assert_eq!(world.pay(PaymentKind::Refund, 2, "1.00", Some(reference)), Err(refusal));
        assert_eq!(world.void(3, reference, "10.00"), Err(refusal));
    }
    assert_eq!(world.pay(PaymentKind::Refund, 4, "1.00", None), Err(Refusal::Incomplete));
    world.conclude(&sale, ResponseCode::APPROVED).unwrap();
    assert_eq!(world.void(5, sale.reference, "9.99"), Err(Refusal::AboveOriginal));
    let completion = world.pay(PaymentKind::Completion, 6, "1.00", Some(sale.reference));
    assert_eq!(completion, Err(Refusal::OriginalNotApproved), "a sale is not an authorisation");
    let other = Merchant { id: values::Id::from_u128(2), acceptor: "OTHER".parse().unwrap(), ..merchant() };
    world.run(&RegisterMerchant { merchant: other.clone() }).unwrap();
    world.run(&RegisterTerminal { id: "PZ000002".parse().unwrap(), merchant: other.id }).unwrap();
    let mut message =
        world.terminal(7, 1).payment(PaymentKind::Refund, yuan("1"), &card(TOKEN), Some(sale.reference));
    message.set_padded(41, "PZ000002").set_padded(42, "OTHER");
    assert_eq!(world.submit(&message).unwrap_err(), Refusal::OriginalNotFound);
}

#[test]
fn names_are_given_once() {
    let mut world = World::new();
    let renamed = Merchant { acceptor: "OTHER".parse().unwrap(), ..merchant() };
    assert_eq!(world.run(&RegisterMerchant { merchant: renamed }), Err(Refusal::NameTaken));
    let other = Merchant { id: values::Id::from_u128(2), acceptor: "OTHER".parse().unwrap(), ..merchant() };
    world.run(&RegisterMerchant { merchant: other.clone() }).unwrap();
    let taken = RegisterTerminal { id: "PZ000001".parse().unwrap(), merchant: other.id };
    assert_eq!(world.run(&taken), Err(Refusal::NameTaken));
    let sign_on =
        |name: &str| SignOn { terminal: "PZ000001".parse().unwrap(), acceptor: name.parse().unwrap() };
    assert_eq!(world.run(&sign_on("OTHER")), Err(Refusal::WrongMerchant));
    assert_eq!(world.run(&sign_on("104110054110001")).unwrap().batch, 1);
    let nobody = TimedOut { reference: "632600999999".parse().unwrap() };
    assert_eq!(world.run(&nobody), Err(Refusal::UnknownPayment));
}

#[test]
fn answers_must_agree_with_their_payment() {
    let mut world = World::new();
    let sale = world.pay(PaymentKind::Sale, 1, "10.00", None).unwrap();
    let right = crate::books::answer_to(&sale, ResponseCode::APPROVED);
    let other_currency = Money::new(1000, Currency::INR).ok();
    for wrong in [
        acquiring::network_line::NetworkAnswer { amount: Some(yuan("10.01")), ..right.clone() },
        acquiring::network_line::NetworkAnswer { amount: other_currency, ..right.clone() },
        acquiring::network_line::NetworkAnswer { stan: sale.stan.next(), ..right.clone() },
        acquiring::network_line::NetworkAnswer { mti: iso8583::Mti::AUTHORISATION_ANSWER, ..right.clone() },
    ] {
        let answer = world.run(&acquiring::operations::Conclude { answer: wrong });
        assert_eq!(answer, Err(Refusal::AnswerMismatch));
    }
    assert!(world.conclude(&sale, ResponseCode::APPROVED).is_ok());
}

#[test]
fn codes_are_stable_and_unique() {
    let codes: std::collections::BTreeSet<_> = Refusal::ALL.iter().map(|refusal| refusal.code()).collect();
    assert_eq!(codes.len(), Refusal::ALL.len());
}

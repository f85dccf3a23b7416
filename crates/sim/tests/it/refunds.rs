//! What is given back: never more than came, never twice, never to anybody else.

use psp::Refusal;
use psp::records::{DeviceId, Payment, PaymentState};
use psp::refunds::Refund;
use sandbox::defences::{Defence, Defences};
use sim::Town;
use upi::machines::switch::State;
use upi::messages::{Head, Message, Party, Profile, Transaction};
use values::{Currency, Money};

const AMBER: &str = "701001";
const BANYAN: &str = "701002";
const SWITCH: &str = "700000";

fn refund(town: &mut Town, device: DeviceId, original: &str, paise: Option<u64>) -> Result<Payment, Refusal> {
    let (psp, transaction, entropy) = (town.psp(), town.transaction(), town.dice.bytes());
    let amount = paise.map(|paise| Money::new(paise, Currency::INR).unwrap());
    let original = original.to_owned();
    town.at_psp(Refund {
        psp,
        device,
        original,
        amount,
        note: Some("returned".to_owned()),
        transaction,
        entropy,
    })
}

#[test]
fn a_payment_is_given_back_in_parts_and_no_more_than_it_was() {
    let mut town = Town::new(1);
    let asha = town.person(1, "amber", "482913");
    let ravi = town.person(2, "banyan", "573829");
    let opened = town.sums().0;
    let paid = town.pay(asha, "amber", "person2@paiza", 3000, "482913");
    town.run();
    let part = refund(&mut town, ravi, &paid, Some(1000)).unwrap();
    town.run();
    assert_eq!(town.sent(&part.id).state, PaymentState::Success);
    assert_eq!(town.balance(AMBER, "Asha Rao"), 2_498_000);
    assert_eq!(refund(&mut town, ravi, &paid, Some(2001)), Err(Refusal::RefundTooMuch));
    let rest = refund(&mut town, ravi, &paid, None).unwrap();
    assert_eq!(rest.paise, 2000);
    assert_eq!(refund(&mut town, ravi, &paid, Some(1)), Err(Refusal::RefundTooMuch), "it is under way");
    town.run();
    assert_eq!(town.balance(AMBER, "Asha Rao"), 2_500_000);
    assert_eq!(town.balance(BANYAN, "Ravi Menon"), 800_000);
    assert_eq!(town.at_switch(&paid).refunded, 3000);
    // Who paid gives nothing back, nor does a refund go back.
    assert_eq!(refund(&mut town, asha, &paid, Some(1)), Err(Refusal::NotFound));
    let ends = town.audit(opened).unwrap();
    assert_eq!((ends.success, ends.refunds), (3, 2));
}

#[test]
fn a_refund_that_fails_may_be_tried_again() {
    let mut town = Town::new(2);
    let asha = town.person(1, "amber", "482913");
    let dev = town.person(4, "deodar", "5739");
    let opened = town.sums().0;
    let paid = town.pay(asha, "amber", "person4@paiza", 3000, "482913");
    town.run();
    // The money is gone: Dev had 500 rupees and 30 more.
    let spent = town.pay(dev, "deodar", "person1@paiza", 53_000, "5739");
    town.run();
    assert_eq!(town.sent(&spent).state, PaymentState::Success);
    let failed = refund(&mut town, dev, &paid, None).unwrap();
    town.run();
    let told = town.sent(&failed.id);
    assert_eq!(
        (told.state, told.code.as_str(), told.cause.as_deref()),
        (PaymentState::Failed, "U30", Some("Z9"))
    );
    town.pay(asha, "amber", "person4@paiza", 5000, "482913");
    town.run();
    let again = refund(&mut town, dev, &paid, None).unwrap();
    town.run();
    assert_eq!(town.sent(&again.id).state, PaymentState::Success);
    town.audit(opened).unwrap();
}

/// Whoever sits at the switch debits somebody without a PIN and calls it a refund.
fn taken_as_refund(defences: Defences) -> bool {
    let mut town = Town::defended(3, defences);
    let asha = town.person(1, "amber", "482913");
    town.person(2, "banyan", "573829");
    let paid = town.pay(asha, "amber", "person2@paiza", 100, "482913");
    town.run();
    let before = town.balance(AMBER, "Asha Rao");
    let payment = town.at_switch(&paid);
    let head = Head {
        version: "2.0".to_owned(),
        at: town.now,
        organisation: SWITCH.to_owned(),
        message: upi::ids::MessageId::parse("SWT00000000000000000000000000000001").unwrap(),
    };
    let id = upi::ids::TransactionId::parse("PZA00000000000000000000000000000001").unwrap();
    let mut transaction = Transaction::new(id, "DEBIT", town.now);
    transaction.subtype = Some("REFUND".to_owned());
    transaction.mode = Some("00".to_owned());
    // It names a payment that Asha made, not one that she was paid.
    transaction.original = upi::ids::TransactionId::parse(&paid);
    let mut message = Message::new("ReqPay", head, transaction);
    let amount = Money::new(1_000_000, Currency::INR).ok();
    let party = |address: &str| {
        let mut party = Party::new(upi::address::Address::parse(address).unwrap());
        party.amount = amount;
        party
    };
    let mut from = party("person1@paiza");
    from.account = Some(upi::messages::Account::Number {
        ifsc: upi::address::Ifsc::parse(&payment.payer.ifsc).unwrap(),
        number: upi::address::AccountNumber::parse(&payment.payer.account).unwrap(),
        kind: None,
    });
    message.payer = Some(from);
    message.payees = vec![party("person2@paiza")];
    let document = message.to_document(Profile::public()).to_bytes();
    assert_eq!(town.arrive(AMBER, &document), None);
    town.balance(AMBER, "Asha Rao") < before
}

#[test]
fn nothing_leaves_an_account_as_a_refund_that_no_payment_brought() {
    assert!(!taken_as_refund(Defences::ALL));
    assert!(taken_as_refund(Defences::ALL.danger_without(Defence::RefundOriginal)));
}

#[test]
fn a_refund_of_what_never_came_is_refused() {
    let mut town = Town::new(4);
    let asha = town.person(1, "amber", "482913");
    let ravi = town.person(2, "banyan", "573829");
    let failed = town.pay(asha, "amber", "person2@paiza", 3000, "000000");
    town.run();
    assert!(matches!(town.at_switch(&failed).state, State::Failed(_)));
    assert_eq!(refund(&mut town, ravi, &failed, None), Err(Refusal::NotFound));
}

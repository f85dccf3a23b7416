//! Disputes about what has not ended: the bank that can know is asked at once and by one question, not too soon and not too often, and the
//! end of the payment is the end of the dispute.

use psp::Refusal;
use psp::disputes::{Dispute, RaiseDispute};
use psp::records::{DeviceId, PaymentState};
use sandbox::upi::bank::UpiLeg;
use sandbox::upi::switch::{UpiDispute, UpiStep};
use sim::Town;
use std::time::Duration;
use upi::disputes::{Ground, State as DisputeState};
use upi::machines::leg::Leg;
use upi::machines::switch::{Outgoing, State};
use values::Records;

const BANYAN: &str = "701002";

fn complain(town: &mut Town, device: DeviceId, transaction: &str) -> Result<Dispute, Refusal> {
    let (psp, entropy) = (town.psp(), town.dice.bytes());
    let (payment, reason) = (transaction.to_owned(), "payee_not_credited".to_owned());
    town.at_psp(RaiseDispute { psp, device, payment, reason, amount: None, entropy })
}

/// Where the dispute stands, as its payer was told.
fn told(town: &mut Town, transaction: &str) -> Option<DisputeState> {
    let key = ("919800000001".to_owned(), transaction.to_owned());
    town.records("700001").find::<Dispute>(&key).unwrap().state()
}

/// Debited, and the payee's bank silent since, before the credit came to it or after: deemed.
fn deemed_when(town: &mut Town, device: DeviceId, credited: bool) -> String {
    let paid = town.pay(device, "amber", "person2@paiza", 3000, "482913");
    let leg = (paid.clone(), Leg::Credit);
    let is_there = |town: &mut Town| match credited {
        true => town.records(BANYAN).find::<UpiLeg>(&leg).is_some(),
        false => town.found_at_switch(&paid).is_some_and(|payment| payment.state == State::CreditSent),
    };
    while !is_there(town) {
        assert!(town.deliver_one());
    }
    town.silent.push(BANYAN.to_owned());
    town.settle_for(Duration::from_secs(120));
    assert_eq!(town.at_switch(&paid).state, State::Deemed);
    paid
}

fn deemed(town: &mut Town, device: DeviceId) -> String {
    deemed_when(town, device, false)
}

/// How often the payee's bank was asked for its verdict.
fn asked(town: &mut Town, paid: &str) -> usize {
    let steps = town.records("700000").all::<UpiStep>();
    steps.iter().filter(|step| step.payment == paid && step.sent == Some(Outgoing::Adjudicate)).count()
}

#[test]
fn a_dispute_has_the_bank_asked_at_once() {
    let mut town = Town::new(1);
    let asha = town.person(1, "amber", "482913");
    town.person(2, "banyan", "573829");
    let opened = town.sums().0;
    let paid = deemed(&mut town, asha);
    assert_eq!(complain(&mut town, asha, &paid), Err(Refusal::TooOften), "three minutes are not over");
    town.settle_for(Duration::from_secs(61));
    assert_eq!(asked(&mut town, &paid), 0);
    assert_eq!(complain(&mut town, asha, &paid).unwrap().state(), None);
    town.settle_for(Duration::from_secs(30));
    assert_eq!(told(&mut town, &paid), Some(DisputeState::WithBooks));
    assert_eq!(asked(&mut town, &paid), 1, "by one question");
    // The bank is back; nobody waits for the end of the cycle.
    town.silent.clear();
    town.settle_for(Duration::from_secs(60));
    assert_eq!(town.at_switch(&paid).state, State::Returned);
    assert_eq!(told(&mut town, &paid), Some(DisputeState::Closed(Ground::DebitReversed)));
    assert_eq!(town.sent(&paid).state, PaymentState::Failed);
    town.run();
    town.audit(opened).unwrap();
}

/// The credit stood all along, and its answer was lost.
#[test]
fn a_dispute_ends_with_a_payment_that_was_paid() {
    let mut town = Town::new(3);
    let asha = town.person(1, "amber", "482913");
    town.person(2, "banyan", "573829");
    let opened = town.sums().0;
    let paid = deemed_when(&mut town, asha, true);
    town.settle_for(Duration::from_secs(61));
    complain(&mut town, asha, &paid).unwrap();
    town.settle_for(Duration::from_secs(30));
    let dispute = town.records("700000").find::<UpiDispute>(&paid).unwrap();
    assert_eq!((dispute.paise, dispute.due_at), (3000, None), "the payment has deadlines of its own");
    assert_eq!(town.at_switch(&paid).refunded, 3000, "set aside");
    town.silent.clear();
    town.settle_for(Duration::from_secs(60));
    assert_eq!(town.at_switch(&paid).state, State::Success);
    assert_eq!(told(&mut town, &paid), Some(DisputeState::Closed(Ground::CreditConfirmed)));
    assert_eq!(town.at_switch(&paid).refunded, 0, "let go");
    town.run();
    town.audit(opened).unwrap();
}

#[test]
fn nobody_asks_about_anothers_payment_or_more_than_three_times_a_day() {
    let mut town = Town::new(2);
    let asha = town.person(1, "amber", "482913");
    let ravi = town.person(2, "banyan", "573829");
    let open = deemed(&mut town, asha);
    town.settle_for(Duration::from_secs(180));
    assert_eq!(complain(&mut town, ravi, &open), Err(Refusal::NotFound), "another's payment");
    for time in 1..=3 {
        complain(&mut town, asha, &open).unwrap();
        town.settle_for(Duration::from_secs(60));
        assert_eq!(asked(&mut town, &open), time);
    }
    assert_eq!(complain(&mut town, asha, &open), Err(Refusal::TooOften));
}

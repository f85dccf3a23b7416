//! A bill whose biller was paid and never says anything.

use psp::bills::{AmountRule, Bill, BillPayment, BillState, PayBill, Terms};
use psp::collects::BecomeMerchant;
use sandbox::upi::switch::UpiDispute;
use sim::Town;
use sim::people::sealed;
use std::time::Duration;
use upi::credential::Secret;
use upi::disputes::{Ground, State};
use values::{Currency, MerchantCategory, Money, Records};

const PSP: &str = "700001";
const SWITCH: &str = "700000";
const AMBER: &str = "701001";
const MOBILE: &str = "919800000001";
const DAY: Duration = Duration::from_secs(86_400);

fn state(town: &mut Town, transaction: &str) -> BillState {
    let key = (MOBILE.to_owned(), transaction.to_owned());
    town.records(PSP).find::<BillPayment>(&key).unwrap().state
}

#[test]
fn what_a_silent_biller_was_paid_is_claimed_back_after_the_fifth_day() {
    let mut town = Town::new(1);
    let asha = town.person(1, "amber", "482913");
    let biller = town.person(5, "banyan", "620573");
    let category = MerchantCategory::try_from(4900).unwrap();
    town.at_psp(BecomeMerchant { device: biller, name: "Silent Power".to_owned(), category }).unwrap();
    let opened = town.sums().0;
    let terms = Terms {
        biller: "SILE00000ELE01".to_owned(),
        biller_name: "Silent Power".to_owned(),
        parameters: Vec::new(),
        number: Some("1".to_owned()),
        plan: None,
        customer_name: None,
        period: None,
        due_on: None,
        paise: 3000,
        rule: AmountRule::Exact,
    };
    let payee = "person5@paiza".to_owned();
    let at = town.now;
    let bill = Bill { id: "bill_1".to_owned(), mobile: MOBILE.to_owned(), terms, payee, at };
    town.records(PSP).put(bill);
    let (psp, transaction, entropy) = (town.psp(), town.transaction(), town.dice.bytes());
    let pin = sealed(Secret::Pin, "482913", &transaction, 3000, "person5@paiza", "amber");
    town.at_psp(PayBill {
        psp,
        device: asha,
        bill: "bill_1".to_owned(),
        transaction: transaction.clone(),
        reference: String::new(),
        amount: Money::new(3000, Currency::INR).unwrap(),
        pin,
        entropy,
    })
    .unwrap();
    town.settle_for(DAY * 5);
    assert_eq!(state(&mut town, &transaction), BillState::Telling);
    assert_eq!(
        town.records(SWITCH).find::<UpiDispute>(&transaction),
        None,
        "it has until the end of the fifth day"
    );
    town.settle_for(DAY);
    let dispute = town.records(SWITCH).find::<UpiDispute>(&transaction).unwrap();
    assert_eq!((dispute.state, dispute.paise), (State::Complaint, 3000));
    // Its bank says nothing either.
    town.settle_for(DAY * 16);
    let dispute = town.records(SWITCH).find::<UpiDispute>(&transaction).unwrap();
    assert_eq!(dispute.state, State::PaidBack(Ground::DeemedAccepted));
    assert_eq!(state(&mut town, &transaction), BillState::Refunded);
    // With 100 rupees for each of the sixteen days begun after the fifth.
    assert_eq!(town.balance(AMBER, "Asha Rao"), 2_500_000 + 160_000);
    town.run();
    town.audit(opened).unwrap();
}

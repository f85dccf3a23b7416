//! A purse on a phone, over the real wires.

use crate::upi_town::{ASHA, RAVI, UpiTown, pin, rupees};
use psp::payments::Begun;
use psp::records::PaymentState;
use server::upi::app::Shown;
use server::upi::phone::purse::FromPurse;
use server::upi::phone::{UpiPhone, UpiPhoneError};
use std::time::Duration;

const LOOKS: Duration = Duration::from_secs(30);

fn paid(phone: &UpiPhone, amount: &str) -> Result<Shown, UpiPhoneError> {
    let shown = phone.pay_from_purse(&FromPurse {
        payee: "ravi@paiza",
        whose: ("Ravi Menon", "0000"),
        amount: rupees(amount),
        note: None,
        begun: Begun::default(),
    })?;
    ended(phone, &shown)
}

fn ended(phone: &UpiPhone, shown: &Shown) -> Result<Shown, UpiPhoneError> {
    let shown = phone.see_end(&shown.payment.id, LOOKS)?;
    phone.conclude_purse(LOOKS)?;
    Ok(shown)
}

fn typed(outcome: Result<Shown, UpiPhoneError>) -> &'static str {
    match outcome {
        Err(UpiPhoneError::Typed(why)) => why,
        other => panic!("not refused by the phone: {other:?}"),
    }
}

#[test]
fn a_purse_is_opened_spent_copied_in_vain_and_closed() {
    let town = UpiTown::new();
    let asha = town.person(ASHA, "asha@paiza", "482913");
    let ravi = town.person(RAVI, "ravi@paiza", "573829");
    assert_eq!(typed(paid(&asha, "1.00")), "this phone has no purse");
    let account = &asha.mine().unwrap().accounts[0];
    let wrong = asha.open_purse(account, rupees("500.00"), &pin("482914")).unwrap();
    assert_eq!(ended(&asha, &wrong).unwrap().payment.cause.as_deref(), Some("ZM"));
    assert!(asha.kept_purse().unwrap().is_none(), "nothing was opened");
    let opened = asha.open_purse(account, rupees("500.00"), &pin("482913")).unwrap();
    assert_eq!(ended(&asha, &opened).unwrap().payment.state, PaymentState::Success);
    assert_eq!(paid(&asha, "30.00").unwrap().payment.state, PaymentState::Success);
    assert_eq!(town.balance(&ravi, "573829"), "8030.00");
    assert_eq!(asha.kept_purse().unwrap().unwrap().balance(), rupees("470.00"));
    assert_eq!(typed(paid(&asha, "470.01")), "there is not enough in the purse");
    let filled = asha.fill_purse(rupees("1000.00"), &pin("482913")).unwrap();
    assert_eq!(ended(&asha, &filled).unwrap().payment.state, PaymentState::Success);
    assert_eq!(typed(paid(&asha, "1000.01")), "a purse pays at most 1,000 rupees at a time");
    assert_eq!(asha.reconcile_purse().unwrap().balance(), rupees("1470.00"));

    // Somebody copies all of the phone's files, and both pay.
    let (own, copy) = (town.data().join("phone-+919800000001"), town.data().join("copy"));
    std::fs::create_dir(&copy).unwrap();
    for file in std::fs::read_dir(&own).unwrap().flatten() {
        std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
    }
    let copied = UpiPhone::open(&copy, town.clock.clone(), None).unwrap();
    assert_eq!(paid(&asha, "70.00").unwrap().payment.state, PaymentState::Success);
    let twice = paid(&copied, "70.00").unwrap().payment;
    assert_eq!((twice.state, twice.cause.as_deref()), (PaymentState::Failed, Some("52")));
    // The purse is stopped for both; its owner gets what is in it with the PIN.
    assert_eq!(paid(&asha, "1.00").unwrap().payment.cause.as_deref(), Some("XH"));
    let closed = asha.close_lost_purse(rupees("1400.00"), &pin("482913")).unwrap();
    assert_eq!(ended(&asha, &closed).unwrap().payment.state, PaymentState::Success);
    assert!(asha.kept_purse().unwrap().is_none());
    assert_eq!(town.balance(&asha, "482913"), "24900.00");

    // Another one, closed by the phone itself.
    let opened = asha.open_purse(account, rupees("20.00"), &pin("482913")).unwrap();
    ended(&asha, &opened).unwrap();
    let closed = asha.close_purse().unwrap().unwrap();
    assert_eq!(ended(&asha, &closed).unwrap().payment.state, PaymentState::Success);
    assert!(asha.kept_purse().unwrap().is_none());
    assert_eq!(town.balance(&asha, "482913"), "24900.00");
    town.all_books_agree();
}

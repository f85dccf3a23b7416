//! Bills and recharges over the real wires: asked for, paid to the biller's account, taken or given back.

use crate::street::eventually;
use crate::upi_town::{ASHA, RAVI, UpiTown, pin, rupees};
use psp::bills::{Bill, BillState};
use psp::records::{Direction, PaymentState};
use sandbox::billers::directory::BillerDirectory;
use server::upi::app::{BillPaid, NewBillPayment};
use server::upi::phone::{UpiPhone, UpiPhoneError};
use std::time::Duration;
use values::{Currency, Money};

const KONKAN: &str = "KONK00000ELE01";
const LOOKS: Duration = Duration::from_secs(30);

fn refused<T: std::fmt::Debug>(outcome: Result<T, UpiPhoneError>) -> String {
    match outcome {
        Err(UpiPhoneError::Client(error)) => error.code().unwrap().to_owned(),
        other => panic!("not refused: {other:?}"),
    }
}

fn consumer(number: &str) -> Vec<(String, String)> {
    vec![("consumer_number".to_owned(), number.to_owned())]
}

fn amount(bill: &Bill) -> Money {
    Money::new(bill.terms.paise, Currency::INR).unwrap()
}

fn order(phone: &UpiPhone, bill: &Bill, amount: Money) -> NewBillPayment {
    let account = &phone.mine().unwrap().accounts[0];
    phone.bill_order(account, bill, amount, &pin("482913")).unwrap()
}

/// Pays what is due; the bill as it stands once the payment has ended.
fn pay(phone: &UpiPhone, bill: &Bill) -> String {
    let order = order(phone, bill, amount(bill));
    phone.pay_bill(&bill.id, &order).unwrap();
    order.transaction
}

fn state(phone: &UpiPhone, transaction: &str, wanted: BillState) -> BillPaid {
    eventually("the bill is where it should be", || {
        phone.bill_paid(transaction).unwrap().bill.state == wanted
    });
    phone.bill_paid(transaction).unwrap()
}

/// What a biller's account holds, in paise.
fn held(town: &UpiTown, biller: &str) -> i64 {
    let entry = BillerDirectory::sandbox().find(biller).unwrap();
    let (.., store) = town.parties.banks.iter().find(|(bank, ..)| *bank == entry.bank).unwrap();
    let query = "SELECT credits_posted - debits_posted FROM accounts JOIN upi_accounts ON books = id \
                 WHERE upi_accounts.number = $1";
    let rows = store.rows(query, &[store::Value::Text(entry.account.clone())]).unwrap().rows;
    match rows[0].as_slice() {
        [store::Value::Integer(paise)] => *paise,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_bill_is_asked_for_paid_once_and_taken_by_the_biller() {
    let town = UpiTown::new();
    let asha = town.person(ASHA, "asha@paiza", "482913");
    let billers = asha.billers().unwrap();
    assert_eq!(billers.len(), BillerDirectory::sandbox().billers.len());
    let bill = asha.fetch_bill(KONKAN, &consumer("1234567890")).unwrap();
    assert_eq!(bill.payee, "konkan.electricity@paiza");
    assert!(bill.terms.customer_name.is_some() && bill.terms.number.as_ref().unwrap().len() == 10);
    let before = town.balance(&asha, "482913");
    let sent = order(&asha, &bill, amount(&bill));
    for _ in 0..3 {
        asha.pay_bill(&bill.id, &sent).unwrap();
    }
    let paid = state(&asha, &sent.transaction, BillState::Confirmed);
    assert!(paid.bill.receipt.as_ref().unwrap().starts_with("KONK"), "{paid:?}");
    assert_eq!(paid.payment.payment.state, PaymentState::Success);
    assert_eq!(paid.payment.payment.category.as_deref(), Some("4900"));
    // The same order again is the same payment; another one for the same bill is not taken.
    asha.pay_bill(&bill.id, &sent).unwrap();
    let other = NewBillPayment { amount: "1.00".to_owned(), ..sent };
    assert_eq!(refused(asha.pay_bill(&bill.id, &other)), "transaction_used");
    let again = order(&asha, &bill, amount(&bill));
    assert_eq!(refused(asha.pay_bill(&bill.id, &again)), "bill_paid");
    assert_eq!(refused(asha.fetch_bill(KONKAN, &consumer("1234567890"))), "nothing_due");
    // The money is at the biller, once.
    let left = Money::parse(&before, Currency::INR).unwrap().minor() - bill.terms.paise;
    assert_eq!(Money::parse(&town.balance(&asha, "482913"), Currency::INR).unwrap().minor(), left);
    assert_eq!(u64::try_from(held(&town, KONKAN)).unwrap(), bill.terms.paise);
    assert_eq!(asha.bills_paid().unwrap().len(), 1);
    town.all_books_agree();
}

#[test]
fn two_phones_that_look_at_one_bill_pay_it_once() {
    let town = UpiTown::new();
    let asha = town.person(ASHA, "asha@paiza", "482913");
    let ravi = town.person(RAVI, "ravi@paiza", "573829");
    let number = consumer("5555555555");
    let (one, two) = (asha.fetch_bill(KONKAN, &number).unwrap(), ravi.fetch_bill(KONKAN, &number).unwrap());
    let transaction = pay(&asha, &one);
    let account = &ravi.mine().unwrap().accounts[0];
    let second = ravi.bill_order(account, &two, amount(&two), &pin("573829")).unwrap();
    assert_eq!(refused(ravi.pay_bill(&two.id, &second)), "bill_paid");
    state(&asha, &transaction, BillState::Confirmed);
    assert_eq!(refused(ravi.bill(&one.id)), "not_found", "another's");
    assert_eq!(refused(ravi.bill_paid(&transaction)), "not_found");
    assert_eq!(refused(ravi.pay_bill(&one.id, &second)), "not_found");
    town.all_books_agree();
}

#[test]
fn what_the_biller_does_not_take_comes_back() {
    let town = UpiTown::new();
    let asha = town.person(ASHA, "asha@paiza", "482913");
    let bill = asha.fetch_bill(KONKAN, &consumer("1234567802")).unwrap();
    let transaction = pay(&asha, &bill);
    let paid = state(&asha, &transaction, BillState::Refunded);
    assert_eq!(paid.bill.reason.as_deref(), Some("biller_declined"));
    assert_eq!(town.balance(&asha, "482913"), "25000.00");
    assert_eq!(held(&town, KONKAN), 0);
    let refund = paid.bill.refund.unwrap();
    eventually("the refund is in the history", || asha.payment(&refund).is_ok());
    let refund = asha.payment(&refund).unwrap().payment;
    assert_eq!((refund.direction, refund.paise), (Direction::Received, bill.terms.paise));
    // It is still due.
    let again = asha.fetch_bill(KONKAN, &consumer("1234567802")).unwrap();
    assert_eq!(again.terms, bill.terms);
    town.all_books_agree();
}

#[test]
fn a_biller_that_thinks_or_is_away_is_asked_until_it_says() {
    let town = UpiTown::new();
    let asha = town.person(ASHA, "asha@paiza", "482913");
    let bill = asha.fetch_bill(KONKAN, &consumer("1234567803")).unwrap();
    let transaction = pay(&asha, &bill);
    state(&asha, &transaction, BillState::Telling);
    eventually("the biller has heard of it", || {
        !town.parties.billers.rows("SELECT 1 FROM biller_payments", &[]).unwrap().rows.is_empty()
    });
    assert_eq!(asha.bill_paid(&transaction).unwrap().bill.state, BillState::Telling);
    eventually("it says so in the end", || {
        town.clock.advance(Duration::from_secs(130));
        asha.bill_paid(&transaction).unwrap().bill.state == BillState::Confirmed
    });
    // Away: nothing is guessed.
    let bill = asha.fetch_bill(KONKAN, &consumer("1111111111")).unwrap();
    town.parties.billers.close();
    assert_eq!(refused(asha.fetch_bill(KONKAN, &consumer("2222222222"))), "biller_silent");
    let transaction = pay(&asha, &bill);
    let seen = asha.see_end(&transaction, LOOKS).unwrap();
    assert_eq!(seen.payment.state, PaymentState::Success);
    assert_eq!(asha.bill_paid(&transaction).unwrap().bill.state, BillState::Telling);
    let town = town.restarted(|_| ());
    let asha = town.again(ASHA.0);
    eventually("it is told after all", || {
        town.clock.advance(Duration::from_secs(60));
        asha.bill_paid(&transaction).unwrap().bill.state == BillState::Confirmed
    });
    town.all_books_agree();
}

#[test]
fn what_is_not_due_not_a_plan_or_too_old_is_not_paid() {
    let town = UpiTown::new();
    let asha = town.person(ASHA, "asha@paiza", "482913");
    let fetch = |number: &str| refused(asha.fetch_bill(KONKAN, &consumer(number)));
    assert_eq!(fetch("123"), "parameter_invalid");
    assert_eq!(fetch("1234567800"), "customer_unknown");
    assert_eq!(fetch("1234567801"), "nothing_due");
    assert_eq!(refused(asha.fetch_bill("NOBODY", &[])), "biller_unknown");
    let bill = asha.fetch_bill(KONKAN, &consumer("1234567890")).unwrap();
    let less = order(&asha, &bill, rupees("1.00"));
    assert_eq!(refused(asha.pay_bill(&bill.id, &less)), "amount_invalid");
    // A payment that fails leaves the bill as it was.
    let account = &asha.mine().unwrap().accounts[0];
    let wrong = asha.bill_order(account, &bill, amount(&bill), &pin("482914")).unwrap();
    asha.pay_bill(&bill.id, &wrong).unwrap();
    state(&asha, &wrong.transaction, BillState::NotPaid);
    town.clock.advance(Duration::from_secs(30 * 60));
    let late = order(&asha, &bill, amount(&bill));
    assert_eq!(refused(asha.pay_bill(&bill.id, &late)), "bill_over");
    let fresh = asha.fetch_bill(KONKAN, &consumer("1234567890")).unwrap();
    let transaction = pay(&asha, &fresh);
    state(&asha, &transaction, BillState::Confirmed);

    let number = [("mobile_number".to_owned(), "9812345678".to_owned())];
    let plan = |name: &str| asha.choose_plan("JYOT00000MOB01", &number, name);
    assert_eq!(refused(plan("J1")), "not_found");
    let short = [("mobile_number".to_owned(), "981".to_owned())];
    assert_eq!(refused(asha.choose_plan("JYOT00000MOB01", &short, "J199")), "parameter_invalid");
    let chosen = plan("J199").unwrap();
    assert_eq!((chosen.terms.paise, chosen.terms.plan.as_deref()), (19_900, Some("J199")));
    let transaction = pay(&asha, &chosen);
    let recharged = state(&asha, &transaction, BillState::Confirmed);
    assert!(recharged.bill.receipt.unwrap().starts_with("JYOT"));
    let again = order(&asha, &chosen, amount(&chosen));
    assert_eq!(refused(asha.pay_bill(&chosen.id, &again)), "bill_paid", "one choice is paid once");
    town.all_books_agree();
}

#[test]
fn more_or_less_is_taken_where_the_biller_says_so() {
    let town = UpiTown::new();
    let asha = town.person(ASHA, "asha@paiza", "482913");
    let water = vec![("connection_number".to_owned(), "RR1234567".to_owned())];
    let bill = asha.fetch_bill("CAUV00000WAT01", &water).unwrap();
    let more = Money::new(bill.terms.paise + 1, Currency::INR).unwrap();
    assert_eq!(refused(asha.pay_bill(&bill.id, &order(&asha, &bill, more))), "amount_invalid");
    let part = order(&asha, &bill, rupees("50.00"));
    asha.pay_bill(&bill.id, &part).unwrap();
    assert_eq!(state(&asha, &part.transaction, BillState::Confirmed).bill.paise, 5_000);
    let bill = asha.fetch_bill("MALW00000ELE02", &consumer("123456789012")).unwrap();
    let less = Money::new(bill.terms.paise - 1, Currency::INR).unwrap();
    assert_eq!(refused(asha.pay_bill(&bill.id, &order(&asha, &bill, less))), "amount_invalid");
    let above = Money::new(bill.terms.paise + 10_000, Currency::INR).unwrap();
    let above = order(&asha, &bill, above);
    asha.pay_bill(&bill.id, &above).unwrap();
    state(&asha, &above.transaction, BillState::Confirmed);
    town.all_books_agree();
}

/// Whoever is no provider that takes part learns and changes nothing at the billers, nor does a request that was seen before.
#[test]
fn billers_answer_providers_alone_and_each_request_once() {
    let town = UpiTown::new();
    let at = town.parties.billers_at;
    let config = ureq::Agent::config_builder().http_status_as_error(false).build();
    let agent: ureq::Agent = config.into();
    let unsigned = agent.get(format!("http://{at}/v1/billers")).call().unwrap();
    assert_eq!(unsigned.status(), 401);
    let now = store::Clock::now(&*town.clock);
    let ask = |name: &str, key, nonce: u8| {
        let client = server::client::Client::new(&at.to_string(), name, key);
        let fresh = server::client::Freshness { now, nonce: [nonce; 16] };
        client
            .get::<serde_json::Value>("/v1/billers", &fresh)
            .map_err(|error| error.code().unwrap().to_owned())
    };
    let own = || sandbox::keys::provider_signing_key("700001");
    assert!(ask("provider:700001", own(), 1).is_ok());
    let stranger = crypto::p256::SigningKey::generate();
    for (name, key, nonce) in [
        ("provider:700001", stranger, 2),
        ("provider:701001", sandbox::keys::provider_signing_key("701001"), 3),
        ("700001", own(), 4),
        // Seen before.
        ("provider:700001", own(), 1),
    ] {
        assert_eq!(ask(name, key, nonce).unwrap_err(), "signature_invalid", "{name} {nonce}");
    }
}

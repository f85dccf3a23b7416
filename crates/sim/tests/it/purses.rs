//! Purses: filled with the PIN, spent without, closed; and every way of spending what is not there.

use crypto::hash::HmacKey;
use psp::Refusal;
use psp::payments::Begun;
use psp::purses::{AskPurse, OrderPurse, Purse, PurseState, Wish};
use psp::records::{DeviceId, Payment, PaymentState, Question, QuestionState, Reply};
use sandbox::defences::{Defence, Defences};
use sandbox::upi::bank::{PurseState as AtBank, UpiPurse};
use sandbox::upi::directory::UpiDirectory;
use sandbox::upi::keys::pin_key;
use sim::Town;
use upi::credential::{Purpose, Secret, seal};
use upi::messages::Credential;
use upi::purse::{Spend, cryptogram};
use values::{Currency, Money, Records};

const PSP: &str = "700001";
const AMBER: &str = "701001";
const PURSE: &str = "770000000000000042";
const PIN: &str = "482913";

/// What a phone has of a purse: copied, it is two phones.
#[derive(Clone)]
struct Phone {
    key: [u8; 32],
    counter: u32,
    paise: u64,
}

struct Street {
    town: Town,
    asha: DeviceId,
    opened: i64,
    phone: Phone,
}

fn address(purse: &str) -> String {
    format!("{purse}@ambr0000001.ifsc.npci")
}

fn sealed(secret: Secret, what: &[u8], (transaction, paise, payee): (&str, u64, &str)) -> Credential {
    let purpose = Purpose { transaction: transaction.to_owned(), paise, payee: payee.to_owned() };
    seal(secret, what, &purpose, &pin_key(UpiDirectory::sandbox().bank("amber").unwrap()).public())
}

impl Phone {
    fn spend(&mut self, (transaction, paise, payee): (&str, u64, &str)) -> Credential {
        self.counter += 1;
        let (counter, balance) = (self.counter, self.paise);
        let spend = Spend { purse: PURSE, transaction, paise, payee, counter, balance };
        cryptogram(&HmacKey::new(&self.key), &spend)
    }
}

impl Street {
    /// Asha has a purse with 500 rupees in it; the first day of a new user is over.
    fn with_purse(seed: u64, defences: Defences) -> Street {
        let mut town = Town::defended(seed, defences);
        let asha = town.person(1, "amber", PIN);
        town.person(2, "banyan", "573829");
        town.settle_for(std::time::Duration::from_secs(86_400));
        let opened = town.sums().0;
        let phone = Phone { key: [9; 32], counter: 0, paise: 0 };
        let mut street = Street { town, asha, opened, phone };
        let first = street.first(50_000).unwrap();
        assert_eq!(street.town.sent(&first.id).state, PaymentState::Success);
        street.phone.paise = 50_000;
        street
    }

    fn order(&mut self, transaction: String, paise: u64, wish: Wish) -> Result<Payment, Refusal> {
        let (psp, entropy) = (self.town.psp(), self.town.dice.bytes());
        let amount = Money::new(paise, Currency::INR).unwrap();
        let ordered =
            self.town.at_psp(OrderPurse { psp, device: self.asha, transaction, amount, wish, entropy })?;
        self.town.settle();
        Ok(self.town.sent(&ordered.id))
    }

    fn first(&mut self, paise: u64) -> Result<Payment, Refusal> {
        let transaction = self.town.transaction();
        let to = address(PURSE);
        let of = (transaction.as_str(), paise, to.as_str());
        let key: String = self.phone.key.iter().map(|byte| format!("{byte:02x}")).collect();
        let credentials =
            vec![sealed(Secret::Pin, PIN.as_bytes(), of), sealed(Secret::PurseKey, key.as_bytes(), of)];
        let (purse, account) = (PURSE.to_owned(), String::new());
        self.order(transaction.clone(), paise, Wish::First { purse, account, credentials })
    }

    fn more(&mut self, paise: u64) -> Payment {
        let transaction = self.town.transaction();
        let pin = sealed(Secret::Pin, PIN.as_bytes(), (&transaction, paise, &address(PURSE)));
        self.order(transaction.clone(), paise, Wish::More { pin }).unwrap()
    }

    /// Ravi is paid, with a cryptogram of one's own choice.
    fn pay_with(&mut self, transaction: &str, paise: u64, cryptogram: Credential) -> Payment {
        let wish = Wish::Spend {
            payee: "person2@paiza".to_owned(),
            payee_name: None,
            payee_category: None,
            note: None,
            begun: Begun::default(),
            cryptogram,
        };
        self.order(transaction.to_owned(), paise, wish).unwrap()
    }

    fn pay(&mut self, paise: u64) -> Payment {
        let transaction = self.town.transaction();
        let cryptogram = self.phone.spend((&transaction, paise, "person2@paiza"));
        let paid = self.pay_with(&transaction, paise, cryptogram);
        if paid.state == PaymentState::Success {
            self.phone.paise -= paise;
        }
        paid
    }

    fn close(&mut self, paise: u64, pin: Option<&str>) -> Payment {
        let transaction = self.town.transaction();
        let account = self.town.records(PSP).find::<Purse>(&"919800000001".to_owned()).unwrap().account;
        let to = format!("{account}@ambr0000001.ifsc.npci").to_ascii_lowercase();
        let of = (transaction.as_str(), paise, to.as_str());
        let proof = match pin {
            Some(pin) => sealed(Secret::Pin, pin.as_bytes(), of),
            None => self.phone.spend(of),
        };
        self.order(transaction.clone(), paise, Wish::Close { proof }).unwrap()
    }

    fn at_bank(&mut self) -> UpiPurse {
        self.town.records(AMBER).find::<UpiPurse>(&PURSE.to_owned()).unwrap()
    }

    fn at_psp(&mut self) -> PurseState {
        self.town.records(PSP).find::<Purse>(&"919800000001".to_owned()).unwrap().state
    }

    fn ravi_has(&mut self) -> i64 {
        self.town.balance("701002", "Ravi Menon")
    }
}

fn cause(payment: &Payment) -> Option<&str> {
    assert_eq!(payment.state, PaymentState::Failed, "{payment:?}");
    payment.cause.as_deref()
}

#[test]
fn a_purse_is_filled_spent_without_a_pin_and_closed() {
    let mut street = Street::with_purse(1, Defences::ALL);
    assert_eq!((street.at_psp(), street.at_bank().state), (PurseState::Open, AtBank::Open));
    assert_eq!(street.first(100), Err(Refusal::PurseOpen));
    assert_eq!(street.pay(12_050).state, PaymentState::Success);
    assert_eq!(street.pay(7_950).state, PaymentState::Success);
    assert_eq!(street.ravi_has(), 820_000);
    assert_eq!(street.more(100_000).state, PaymentState::Success);
    street.phone.paise += 100_000;
    let told = street.asked(false);
    assert_eq!(told, QuestionState::Answered(Reply::Balance("1300.00".to_owned())));
    let closed = street.close(130_000, None);
    assert_eq!(closed.state, PaymentState::Success);
    assert_eq!((street.at_psp(), street.at_bank().state), (PurseState::Closed, AtBank::Closed));
    assert_eq!(street.town.balance(AMBER, "Asha Rao"), 2_480_000);
    street.town.run();
    let ends = street.town.audit(street.opened).unwrap();
    assert_eq!((ends.success, ends.failed), (5, 0));
    // Another one may be opened then, with another reference.
    assert_eq!(street.town.records(PSP).find::<Purse>(&"919800000001".to_owned()).unwrap().pending, None);
}

impl Street {
    fn asked(&mut self, closes: bool) -> QuestionState {
        let transaction = self.town.transaction();
        let cryptogram = self.phone.spend((&transaction, 0, ""));
        let (psp, entropy) = (self.town.psp(), self.town.dice.bytes());
        let ask = AskPurse { psp, device: self.asha, transaction, closes, cryptogram, entropy };
        let name = self.town.at_psp(ask).unwrap();
        self.town.settle();
        self.town.records(PSP).find::<Question>(&name).unwrap().state
    }
}

#[test]
fn an_empty_purse_is_closed_and_a_full_one_is_not_by_asking() {
    let mut street = Street::with_purse(2, Defences::ALL);
    assert_eq!(street.asked(true), QuestionState::Failed("XF".to_owned()));
    assert_eq!(street.at_bank().state, AtBank::Open);
    assert_eq!(street.pay(50_000).state, PaymentState::Success);
    assert_eq!(street.asked(true), QuestionState::Answered(Reply::Balance("0.00".to_owned())));
    assert_eq!((street.at_psp(), street.at_bank().state), (PurseState::Closed, AtBank::Closed));
}

#[test]
fn what_is_not_credited_comes_back_into_the_purse() {
    let mut street = Street::with_purse(3, Defences::ALL);
    let transaction = street.town.transaction();
    let nobody = "20020000000099@bnyn0000001.ifsc.npci";
    let cryptogram = street.phone.spend((&transaction, 1000, nobody));
    let wish = Wish::Spend {
        payee: nobody.to_owned(),
        payee_name: None,
        payee_category: None,
        note: None,
        begun: Begun::default(),
        cryptogram,
    };
    let failed = street.order(transaction, 1000, wish).unwrap();
    assert_eq!(cause(&failed), Some("XI"));
    assert_eq!(street.pay(50_000).state, PaymentState::Success, "all of it is there");
    street.town.run();
    street.town.audit(street.opened).unwrap();
}

#[test]
fn a_lost_phones_purse_is_closed_with_the_pin() {
    let mut street = Street::with_purse(4, Defences::ALL);
    assert_eq!(cause(&street.close(50_000, Some("000000"))), Some("ZM"));
    assert_eq!(cause(&street.close(49_999, Some(PIN))), Some("XF"), "all of it or nothing");
    assert_eq!(street.close(50_000, Some(PIN)).state, PaymentState::Success);
    assert_eq!(street.town.balance(AMBER, "Asha Rao"), 2_500_000);
    assert_eq!(street.at_bank().state, AtBank::Closed);
}

#[test]
fn limits_hold_at_the_bank_whatever_the_phone_says() {
    let beyond = |defences: Defences| {
        let mut street = Street::with_purse(5, defences);
        let load = street.more(450_001).state == PaymentState::Success;
        if !load {
            assert_eq!(street.more(450_000).state, PaymentState::Success);
        }
        street.phone.paise += if load { 450_001 } else { 450_000 };
        let spend = street.pay(100_001).state == PaymentState::Success;
        for _ in 0..4 {
            assert_eq!(street.pay(if spend { 80_000 } else { 100_000 }).state, PaymentState::Success);
        }
        let day = street.pay(1).state == PaymentState::Success;
        [load, spend, day]
    };
    assert_eq!(beyond(Defences::ALL), [false, false, false]);
    assert_eq!(beyond(Defences::ALL.danger_without(Defence::PurseLimits)), [true, true, true]);
}

/// A cryptogram that was seen on its way, used once more.
fn replayed(defences: Defences) -> bool {
    let mut street = Street::with_purse(6, defences);
    let transaction = street.town.transaction();
    let seen = street.phone.spend((&transaction, 1000, "person2@paiza"));
    street.pay_with(&transaction, 1000, seen.clone());
    // The very same order is the same payment.
    street.pay_with(&transaction, 1000, seen.clone());
    assert_eq!(street.ravi_has(), 801_000);
    let other = street.town.transaction();
    street.pay_with(&other, 1000, seen).state == PaymentState::Success
}

#[test]
fn a_cryptogram_is_good_for_one_transaction_and_once() {
    assert!(!replayed(Defences::ALL));
    let mut open = Defences::ALL.danger_without(Defence::PurseCryptogram);
    assert!(!replayed(open), "its counter was used");
    open = open.danger_without(Defence::PurseCounter);
    assert!(!replayed(open), "its balance is another now");
    assert!(replayed(open.danger_without(Defence::PurseMirror)));
}

/// The amount is raised after the phone approved a smaller one.
fn raised(defences: Defences) -> bool {
    let mut street = Street::with_purse(7, defences);
    let transaction = street.town.transaction();
    let seen = street.phone.spend((&transaction, 1000, "person2@paiza"));
    street.pay_with(&transaction, 40_000, seen).state == PaymentState::Success
}

#[test]
fn a_cryptogram_is_good_for_its_amount() {
    assert!(!raised(Defences::ALL));
    assert!(raised(Defences::ALL.danger_without(Defence::PurseCryptogram)));
}

/// Two phones with one state: each spends what is there once. How much was spent of 500 rupees, and how the purse stands.
fn cloned(defences: Defences) -> (u64, AtBank) {
    let mut street = Street::with_purse(8, defences);
    let copy = street.phone.clone();
    let mut spent = 0;
    let mut pay = |street: &mut Street, paise| {
        if street.pay(paise).state == PaymentState::Success {
            spent += paise;
        }
    };
    pay(&mut street, 10_000);
    street.phone = copy;
    pay(&mut street, 20_000);
    (spent, street.at_bank().state)
}

#[test]
fn a_copied_phone_is_found_out_and_the_purse_is_stopped() {
    assert_eq!(cloned(Defences::ALL), (10_000, AtBank::Suspended));
    let open = Defences::ALL.danger_without(Defence::PurseCounter);
    assert_eq!(cloned(open), (10_000, AtBank::Open), "it believes an older balance");
    assert_eq!(cloned(open.danger_without(Defence::PurseMirror)), (30_000, AtBank::Open));
    // Its owner gets what is left with the PIN.
    let mut street = Street::with_purse(9, Defences::ALL);
    let copy = street.phone.clone();
    street.pay(10_000);
    street.phone = copy;
    assert_eq!(cause(&street.pay(20_000)), Some("52"));
    assert_eq!(cause(&street.pay(20_000)), Some("XH"), "it is stopped");
    assert_eq!(street.close(40_000, Some(PIN)).state, PaymentState::Success);
}

/// A phone that says there is more than there is. Whether it spends more than the purse has.
fn overspent(defences: Defences) -> bool {
    let mut street = Street::with_purse(10, defences);
    street.phone.paise = 90_000;
    street.pay(60_000).state == PaymentState::Success
}

#[test]
fn nothing_is_spent_that_is_not_there() {
    assert!(!overspent(Defences::ALL));
    // The bank's books hold by themselves: no check that can be taken away stands before them.
    assert!(!overspent(Defences::ALL.danger_without(Defence::PurseMirror)));
    let mut street = Street::with_purse(11, Defences::ALL.danger_without(Defence::PurseMirror));
    street.phone.paise = 90_000;
    assert_eq!(cause(&street.pay(60_000)), Some("Z9"));
    // And a phone that is wrong about less than there is is told so as well.
    let mut street = Street::with_purse(12, Defences::ALL);
    street.phone.paise = 40_000;
    assert_eq!(cause(&street.pay(1000)), Some("52"));
    street.phone.paise = 50_000;
    assert_eq!(street.pay(1000).state, PaymentState::Success);
}

/// Money is put into a purse that was closed, and spent by the phone that still has its key.
fn spent_after_the_end(defences: Defences) -> bool {
    let mut street = Street::with_purse(13, defences);
    street.close(50_000, None);
    street.phone.paise = 0;
    // The provider takes it for open, as one that is not ours might.
    let known = street.town.records(PSP).find::<Purse>(&"919800000001".to_owned()).unwrap();
    street.town.records(PSP).put(Purse { state: PurseState::Open, ..known });
    street.more(20_000);
    street.phone.paise = 20_000;
    street.pay(10_000).state == PaymentState::Success
}

#[test]
fn a_closed_purse_spends_nothing() {
    assert!(!spent_after_the_end(Defences::ALL));
    assert!(spent_after_the_end(Defences::ALL.danger_without(Defence::PurseOpen)));
}

//! Bills, shares, reports and merchants of the platform at the provider: each attack is refused as things are, and succeeds without its
//! defence.

use psp::Refusal;
use psp::bills::{AmountRule, BillPayment, KeepBill, NewBiller, Onboard, PayBill, Terms};
use psp::blocking::{Block, Dealing};
use psp::collects::{BecomeMerchant, Collect};
use psp::defences::{Defence, Defences};
use psp::merchants::{
    AskPayer, GiveBack, MerchantCode, MerchantPayment, ShowCode, TakeOn, TieMerchant, reference_of,
};
use psp::payments::Begun;
use psp::records::{CollectRequest, DeviceId, Direction, LinkedAccount, Payment, PaymentState};
use psp::splits::{Sharer, Split, SplitBill};
use sim::{Town, people::sealed};
use std::time::Duration;
use upi::credential::Secret;
use values::{Currency, Id, Money, Records};

const KONKAN: &str = "konkan.electricity@paiza";
const CHAI: &str = "paiza.chai@paiza";

fn rupees(paise: u64) -> Money {
    Money::new(paise, Currency::INR).unwrap()
}

fn without(defence: Defence) -> Defences {
    Defences::ALL.danger_without(defence)
}

fn account(number: &str, holder: &str) -> LinkedAccount {
    LinkedAccount {
        reference: number.to_owned(),
        ifsc: "BNYN0000001".to_owned(),
        masked: number.to_owned(),
        kind: "CURRENT".to_owned(),
        holder: holder.to_owned(),
        has_pin: false,
        pin_length: 6,
    }
}

/// Two people, one of whom may look at a bill of 500 rupees, and the biller.
struct Bills {
    town: Town,
    asha: DeviceId,
    ravi: DeviceId,
}

impl Bills {
    fn new(own: Defences) -> Bills {
        let mut town = Town::new(1).with_provider(own);
        let asha = town.person(1, "amber", "482913");
        let ravi = town.person(2, "banyan", "573829");
        let konkan = NewBiller {
            id: "KONK00000ELE01".to_owned(),
            name: "Konkan Electricity".to_owned(),
            category: "4900".to_owned(),
            address: KONKAN.to_owned(),
            account: account("20020000000105", "Konkan Electricity"),
        };
        town.at_psp(Onboard { billers: vec![konkan] }).unwrap();
        Bills { town, asha, ravi }
    }

    /// Somebody looks at a bill.
    fn look(&mut self, device: DeviceId, id: &str) -> Result<(), Refusal> {
        let terms = Terms {
            biller: "KONK00000ELE01".to_owned(),
            biller_name: "Konkan Electricity".to_owned(),
            parameters: Vec::new(),
            number: Some("0000000042".to_owned()),
            plan: None,
            customer_name: None,
            period: None,
            due_on: None,
            paise: 50_000,
            rule: AmountRule::Exact,
        };
        self.town.at_psp(KeepBill { device, id: id.to_owned(), terms }).map(drop)
    }

    /// Somebody pays it; how the payment ended.
    fn pay(&mut self, device: DeviceId, id: &str, paise: u64) -> Result<PaymentState, Refusal> {
        let (bank, pin) = if device == self.asha { ("amber", "482913") } else { ("banyan", "573829") };
        let transaction = self.town.transaction();
        let pin = sealed(Secret::Pin, pin, &transaction, paise, KONKAN, bank);
        let (psp, entropy) = (self.town.psp(), self.town.dice.bytes());
        let paid = self.town.at_psp(PayBill {
            psp,
            device,
            bill: id.to_owned(),
            transaction: transaction.clone(),
            reference: String::new(),
            amount: rupees(paise),
            pin,
            entropy,
        });
        paid?;
        // No longer: a biller that never answers gives the money back, and the bill can be paid again.
        self.town.settle();
        Ok(self.town.sent(&transaction).state)
    }
}

fn paid_twice(own: Defences) -> Result<PaymentState, Refusal> {
    let mut bills = Bills::new(own);
    let (asha, ravi) = (bills.asha, bills.ravi);
    bills.look(asha, "one").unwrap();
    bills.look(ravi, "two").unwrap();
    assert_eq!(bills.pay(asha, "one", 50_000), Ok(PaymentState::Success));
    bills.pay(ravi, "two", 50_000)
}

#[test]
fn one_bill_is_paid_once_by_whomever() {
    assert_eq!(paid_twice(Defences::ALL), Err(Refusal::BillPaid));
    assert_eq!(paid_twice(without(Defence::BillOnce)), Ok(PaymentState::Success), "a second time");
}

fn paid_by_another(own: Defences) -> Result<PaymentState, Refusal> {
    let mut bills = Bills::new(own);
    let (asha, ravi) = (bills.asha, bills.ravi);
    bills.look(asha, "one").unwrap();
    bills.pay(ravi, "one", 50_000)
}

#[test]
fn a_bill_is_its_customers_to_see_and_pay() {
    assert_eq!(paid_by_another(Defences::ALL), Err(Refusal::NotFound));
    assert_eq!(paid_by_another(without(Defence::BillOwner)), Ok(PaymentState::Success));
}

/// So much of 500 rupees is paid, so long after the biller was asked.
fn paid_otherwise(own: Defences, paise: u64, later: Duration) -> Result<PaymentState, Refusal> {
    let mut bills = Bills::new(own);
    let asha = bills.asha;
    bills.look(asha, "one").unwrap();
    bills.town.pass(later);
    let ended = bills.pay(asha, "one", paise);
    let kept = bills.town.records("700001").all::<BillPayment>();
    assert_eq!(kept.len(), usize::from(ended.is_ok()), "what is refused leaves nothing");
    ended
}

#[test]
fn a_bill_is_paid_as_its_biller_said_and_while_that_holds() {
    let half_an_hour = Duration::from_secs(1800);
    let (now, late) = (Duration::ZERO, half_an_hour);
    assert_eq!(paid_otherwise(Defences::ALL, 50_000, now), Ok(PaymentState::Success));
    assert_eq!(paid_otherwise(Defences::ALL, 100, now), Err(Refusal::AmountInvalid));
    assert_eq!(paid_otherwise(without(Defence::BillAmount), 100, now), Ok(PaymentState::Success));
    assert_eq!(paid_otherwise(Defences::ALL, 50_000, late), Err(Refusal::BillOver));
    assert_eq!(paid_otherwise(without(Defence::BillLife), 50_000, late), Ok(PaymentState::Success));
}

/// Somebody pays under a reference that was seen elsewhere.
fn pay_under(town: &mut Town, device: DeviceId, to: &str, paise: u64, reference: &str) -> Payment {
    let transaction = town.transaction();
    let pin = sealed(Secret::Pin, "573829", &transaction, paise, to, "banyan");
    let mut order = town.order(device, to, paise, pin, &transaction);
    order.begun = Begun { reference: Some(reference.to_owned()), ..Begun::default() };
    town.at_psp(order).unwrap();
    town.run();
    town.sent(&transaction)
}

/// A share of 500 rupees is "paid" with one, or with 500 that go to somebody else; whether it counts.
fn share_counts(own: Defences, to: &str, paise: u64) -> bool {
    let mut town = Town::new(2).with_provider(own);
    let asha = town.person(1, "amber", "482913");
    let ravi = town.person(2, "banyan", "573829");
    town.person(3, "coral", "7391");
    let split = SplitBill {
        device: asha,
        id: "dinner".to_owned(),
        note: "Dinner".to_owned(),
        total: rupees(100_000),
        people: vec![Sharer { who: "Ravi".to_owned(), paise: None }],
        with_splitter: true,
        entropy: [7; 32],
    };
    let split = town.at_psp(split).unwrap();
    let reference = split.shares[0].reference.clone().unwrap();
    let paid = pay_under(&mut town, ravi, to, paise, &reference);
    assert_eq!(paid.state, PaymentState::Success);
    let kept = town.records("700001").find::<Split>(&"dinner".to_owned()).unwrap();
    kept.shares[0].paid.is_some()
}

#[test]
fn a_share_is_paid_by_all_of_it_and_to_who_shared() {
    assert!(share_counts(Defences::ALL, "person1@paiza", 50_000));
    for (to, paise) in [("person1@paiza", 100), ("person3@paiza", 50_000)] {
        assert!(!share_counts(Defences::ALL, to, paise), "{to} {paise}");
        assert!(share_counts(without(Defence::ShareAmount), to, paise), "{to} {paise}");
    }
}

/// A merchant asks Asha for money after three others, none of whom it ever had to do with, agreed to report it; whether she sees it.
fn silenced(defences: Defences) -> bool {
    let mut town = Town::new(3);
    let asha = town.person(1, "amber", "482913");
    let colluders = [
        town.person(2, "banyan", "573829"),
        town.person(3, "coral", "7391"),
        town.person(4, "deodar", "5739"),
    ];
    let chai = town.person(5, "banyan", "620573");
    let category = "5814".parse().unwrap();
    town.at_psp(BecomeMerchant { device: chai, name: "Chai Corner".to_owned(), category }).unwrap();
    for device in colluders {
        // A request or payment that is not theirs is not taken for one.
        let dealing = Some(Dealing::Request("PZA00000000000000000000000000000001".to_owned()));
        let address = "person5@paiza".to_owned();
        let blocked = town.at_psp(Block { device, address, report: true, dealing, defences });
        assert_eq!(
            blocked.err(),
            defences.stands(Defence::ReportDealings).then_some(Refusal::NothingToReport)
        );
    }
    asked(&mut town, chai, "person1@paiza");
    let _ = asha;
    let seen = town.records("700001").all::<CollectRequest>();
    seen.is_empty()
}

fn asked(town: &mut Town, merchant: DeviceId, payer: &str) {
    let (psp, entropy) = (town.psp(), town.dice.bytes());
    let (payer, amount) = (payer.to_owned(), rupees(1000));
    town.at_psp(Collect { psp, device: merchant, payer, amount, note: None, minutes: 30, entropy }).unwrap();
    town.settle();
}

#[test]
fn a_report_counts_from_who_had_to_do_with_the_address() {
    assert!(!silenced(Defences::ALL));
    assert!(silenced(without(Defence::ReportDealings)));
}

#[test]
fn reports_weigh_less_with_time() {
    let mut town = Town::new(4);
    town.person(1, "amber", "482913");
    let people = [
        town.person(2, "banyan", "573829"),
        town.person(3, "coral", "7391"),
        town.person(4, "deodar", "5739"),
    ];
    let chai = town.person(5, "banyan", "620573");
    let category = "5814".parse().unwrap();
    town.at_psp(BecomeMerchant { device: chai, name: "Chai Corner".to_owned(), category }).unwrap();
    for (device, payer) in people.into_iter().zip(["person2@paiza", "person3@paiza", "person4@paiza"]) {
        asked(&mut town, chai, payer);
        let requests = town.records("700001").all::<CollectRequest>();
        let own = requests.into_iter().find(|request| request.own == payer).unwrap();
        let dealing = Some(Dealing::Request(own.id));
        let (address, defences) = ("person5@paiza".to_owned(), Defences::ALL);
        town.at_psp(Block { device, address, report: true, dealing, defences }).unwrap();
    }
    let sees = |town: &mut Town| {
        let before = town.records("700001").all::<CollectRequest>().len();
        asked(town, chai, "person1@paiza");
        town.records("700001").all::<CollectRequest>().len() > before
    };
    assert!(!sees(&mut town), "three reports of the same days");
    town.pass(Duration::from_secs(10 * 86_400));
    assert!(sees(&mut town), "and ten days later they weigh half");
}

/// A merchant of the platform who shows a code of 300 rupees, Ravi who pays, and another merchant.
struct Shop {
    town: Town,
    ravi: DeviceId,
}

const OWN: u128 = 4;
const OTHER: u128 = 5;

impl Shop {
    fn new(own: Defences) -> Shop {
        let mut town = Town::new(5).with_provider(own);
        town.person(1, "amber", "482913");
        let ravi = town.person(2, "banyan", "573829");
        let take_on = |town: &mut Town, number: &str, address: &str, mobile: &str, merchant: u128| {
            town.at_psp(TakeOn {
                mobile: mobile.to_owned(),
                name: "Paiza Chai".to_owned(),
                category: "5814".to_owned(),
                address: address.to_owned(),
                account: account(number, "Paiza Chai"),
            })
            .unwrap();
            let tie = TieMerchant { merchant: Id::from_u128(merchant), address: address.to_owned() };
            town.at_psp(tie).unwrap();
        };
        take_on(&mut town, "20020000000171", CHAI, "917000000020", OWN);
        take_on(&mut town, "20020000000147", "saral.fibre@paiza", "917000000015", OTHER);
        Shop { town, ravi }
    }

    fn show(&mut self) -> MerchantCode {
        let at = self.town.now;
        let code = MerchantCode {
            id: Id::mint(at, [9; 10]),
            merchant: Id::from_u128(OWN),
            mobile: "917000000020".to_owned(),
            address: CHAI.to_owned(),
            paise: 30_000,
            note: None,
            text: String::new(),
            expires_at: at.after(Duration::from_secs(900)),
            payment: None,
            at,
        };
        self.town.at_psp(ShowCode { code }).unwrap()
    }

    fn noted(&mut self) -> Vec<MerchantPayment> {
        self.town.records("700001").all::<MerchantPayment>()
    }
}

/// Whether a code of 300 rupees counts as paid after so much came to this address under its reference.
fn code_counts(own: Defences, to: &str, paise: u64) -> bool {
    let mut shop = Shop::new(own);
    let code = shop.show();
    let ravi = shop.ravi;
    let paid = pay_under(&mut shop.town, ravi, to, paise, &reference_of(code.id));
    assert_eq!(paid.state, PaymentState::Success);
    let kept = shop.town.records("700001").find::<MerchantCode>(&code.id).unwrap();
    assert_eq!(kept.payment.is_some(), shop.noted().iter().any(|noted| noted.code == Some(code.id)));
    kept.payment.is_some()
}

#[test]
fn a_code_is_paid_by_all_of_it_and_to_its_merchant() {
    assert!(code_counts(Defences::ALL, CHAI, 30_000));
    for (to, paise) in [(CHAI, 100), ("saral.fibre@paiza", 30_000)] {
        assert!(!code_counts(Defences::ALL, to, paise), "{to} {paise}");
        assert!(code_counts(without(Defence::CodeAmount), to, paise), "{to} {paise}");
    }
}

/// Another merchant gives back what was paid to this one.
fn given_back_by_another(own: Defences) -> Result<Payment, Refusal> {
    let mut shop = Shop::new(own);
    let ravi = shop.ravi;
    pay_under(&mut shop.town, ravi, CHAI, 30_000, "ORD42");
    let paid = shop.noted().remove(0);
    assert_eq!((paid.merchant, paid.direction), (Id::from_u128(OWN), Direction::Received));
    give_back(&mut shop.town, OTHER, &paid, None)
}

fn give_back(
    town: &mut Town,
    merchant: u128,
    paid: &MerchantPayment,
    paise: Option<u64>,
) -> Result<Payment, Refusal> {
    let (psp, entropy) = (town.psp(), town.dice.bytes());
    let (merchant, amount) = (Id::from_u128(merchant), paise.map(rupees));
    town.at_psp(GiveBack { psp, merchant, payment: paid.id, amount, note: None, entropy })
}

#[test]
fn a_merchant_gives_back_what_came_to_it() {
    assert_eq!(given_back_by_another(Defences::ALL), Err(Refusal::NotFound));
    assert!(given_back_by_another(without(Defence::MerchantOwner)).is_ok());
    let mut shop = Shop::new(Defences::ALL);
    let (ravi, opened) = (shop.ravi, shop.town.sums().0);
    pay_under(&mut shop.town, ravi, CHAI, 30_000, "ORD42");
    let paid = shop.noted().remove(0);
    give_back(&mut shop.town, OWN, &paid, Some(10_000)).unwrap();
    shop.town.run();
    let refund = shop.noted().into_iter().find(|noted| noted.direction == Direction::Sent).unwrap();
    assert_eq!((refund.state, refund.merchant), (PaymentState::Success, Id::from_u128(OWN)));
    assert_eq!(give_back(&mut shop.town, OWN, &paid, Some(20_001)), Err(Refusal::RefundTooMuch));
    shop.town.audit(opened).unwrap();
}

#[test]
fn a_merchant_without_a_phone_asks_and_hears_how_it_ended() {
    let mut shop = Shop::new(Defences::ALL);
    let (psp, entropy) = (shop.town.psp(), shop.town.dice.bytes());
    let ask = |payer: &str| AskPayer {
        psp: psp.clone(),
        merchant: Id::from_u128(OWN),
        payer: payer.to_owned(),
        amount: rupees(1000),
        note: Some("tea".to_owned()),
        minutes: 5,
        entropy,
    };
    shop.town.at_psp(ask("person1@paiza")).unwrap();
    shop.town.settle();
    assert_eq!(shop.noted()[0].state, PaymentState::Pending);
    assert_eq!(shop.town.records("700001").all::<CollectRequest>()[0].payee, CHAI);
    shop.town.pass(Duration::from_secs(400));
    shop.town.run();
    assert_eq!(shop.noted()[0].state, PaymentState::Failed, "nobody said anything in time");
    let tie = |merchant: u128, address: &str| TieMerchant {
        merchant: Id::from_u128(merchant),
        address: address.to_owned(),
    };
    assert!(shop.town.at_psp(tie(OWN, CHAI)).is_ok(), "said again");
    assert_eq!(shop.town.at_psp(tie(6, CHAI)).err(), Some(Refusal::MerchantTied));
    assert_eq!(shop.town.at_psp(tie(OWN, "saral.fibre@paiza")).err(), Some(Refusal::MerchantTied));
    assert_eq!(shop.town.at_psp(tie(6, "person1@paiza")).err(), Some(Refusal::NotAMerchant));
    assert_eq!(shop.town.at_psp(tie(6, "nobody@paiza")).err(), Some(Refusal::AddressUnknown));
}

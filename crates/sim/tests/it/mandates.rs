//! Mandates from asking to the last debit, and every way of debiting more than was approved (A27).

use psp::Refusal;
use psp::collects::{BecomeMerchant, Decide};
use psp::mandates::records::{DebitState, Mandate, MandateDebit, MandateSide};
use psp::mandates::{Change, ChangeMandate, DecideMandate, MakeMandate, PresentDebit, RequestMandate};
use psp::records::{CollectRequest, DeviceId};
use sandbox::defences::{Defence as SwitchDefence, Defences as SwitchDefences};
use sandbox::upi::bank::UpiMandate;
use sandbox::upi::directory::UpiDirectory;
use sandbox::upi::keys::pin_key;
use sandbox::upi::switch::{MandateOrder, UpiPayment};
use sim::Town;
use std::time::Duration;
use upi::address::{AccountNumber, Address, Ifsc};
use upi::credential::{Purpose, Secret, seal};
use upi::defences::{Defence, Defences};
use upi::ids::{MessageId, TransactionId};
use upi::machines::switch::State as PaymentState;
use upi::mandate::{AmountRule, Day, OrderState, Pattern, Recurrence, State, Terms};
use upi::messages::{Account, Credential, Device, Head, Message, Party, PartyKind, Profile, Transaction};
use values::{Currency, Money, Records, Timestamp};

const PSP: &str = "700001";
const SWITCH: &str = "700000";
const AMBER: &str = "701001";
const BANYAN: &str = "701002";
const DEODAR: &str = "701004";

/// A town at half past five in the morning of 2026-11-22, a merchant in it, and somebody who lets the merchant debit.
struct Street {
    town: Town,
    payer: DeviceId,
    chai: DeviceId,
    bank: &'static str,
    pin: &'static str,
    opened: i64,
}

fn at(text: &str) -> Timestamp {
    upi::time::parse(&format!("{text}+05:30")).unwrap()
}

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// At most 1,200 rupees a month, on the fifth.
fn monthly() -> Terms {
    Terms {
        name: "Tea club".to_owned(),
        payee: "person5@paiza".to_owned(),
        category: "5814".to_owned(),
        paise: 120_000,
        amount_rule: AmountRule::Max,
        recurrence: Recurrence { pattern: Pattern::Monthly, rule: Some((5, upi::mandate::DayRule::On)) },
        starts: day("2026-11-22"),
        ends: day("2027-11-30"),
        revocable: true,
        blocks: false,
    }
}

fn sealed(purpose: &Purpose, pin: &str, bank: &str) -> Credential {
    let key = pin_key(UpiDirectory::sandbox().bank(bank).unwrap()).public();
    seal(Secret::Pin, pin.as_bytes(), purpose, &key)
}

impl Street {
    fn new(seed: u64) -> Street {
        Street::of(Town::new(seed), (1, "amber", "482913"))
    }

    fn of(mut town: Town, (who, bank, pin): (u64, &'static str, &'static str)) -> Street {
        let payer = town.person(who, bank, pin);
        let chai = town.person(5, "banyan", "620573");
        let category = "5814".parse().unwrap();
        town.at_psp(BecomeMerchant { device: chai, name: "Chai Corner".to_owned(), category }).unwrap();
        let opened = town.sums().0;
        Street { town, payer, chai, bank, pin, opened }
    }

    fn address(&self) -> &'static str {
        if self.bank == "amber" { "person1@paiza" } else { "person4@paiza" }
    }

    fn asked(&mut self, terms: Terms) -> Mandate {
        let (psp, entropy) = (self.town.psp(), self.town.dice.bytes());
        let (device, payer) = (self.chai, self.address().to_owned());
        let asked = self.town.at_psp(RequestMandate { psp, device, payer, terms, minutes: 30, entropy });
        let asked = asked.unwrap();
        self.town.settle();
        asked
    }

    fn decided(&mut self, id: &str, pin: Option<&str>) -> Result<Mandate, Refusal> {
        let terms = self.of_payer(id).terms;
        let approval = pin.map(|pin| (String::new(), sealed(&terms.purpose(id), pin, self.bank)));
        let (psp, entropy) = (self.town.psp(), self.town.dice.bytes());
        let decided =
            self.town.at_psp(DecideMandate { psp, device: self.payer, id: id.to_owned(), approval, entropy });
        self.town.settle();
        decided
    }

    /// A mandate that was asked for and approved.
    fn agreed(&mut self, terms: Terms) -> Mandate {
        let id = self.asked(terms).id;
        self.decided(&id, Some(self.pin)).unwrap();
        assert_eq!(self.of_payer(&id).state, State::Active);
        self.of_payee(&id)
    }

    fn made(&mut self, terms: Terms, pin: &str) -> Mandate {
        let transaction = self.town.transaction();
        let pin = sealed(&terms.purpose(&transaction), pin, self.bank);
        let (psp, entropy) = (self.town.psp(), self.town.dice.bytes());
        let (device, reference) = (self.payer, String::new());
        let payee_name = Some("Chai Corner".to_owned());
        let order = MakeMandate { psp, device, transaction, reference, payee_name, terms, pin, entropy };
        let made = self.town.at_psp(order).unwrap();
        self.town.settle();
        self.of_payer(&made.id)
    }

    fn change(&mut self, device: DeviceId, id: &str, change: Change) -> Result<Mandate, Refusal> {
        let (psp, entropy) = (self.town.psp(), self.town.dice.bytes());
        let changed = self.town.at_psp(ChangeMandate { psp, device, id: id.to_owned(), change, entropy });
        self.town.settle();
        changed
    }

    fn present(&mut self, id: &str, paise: u64) -> Result<MandateDebit, Refusal> {
        let (psp, entropy) = (self.town.psp(), self.town.dice.bytes());
        let amount = Money::new(paise, Currency::INR).ok();
        let (device, id) = (self.chai, id.to_owned());
        let presented = self.town.at_psp(PresentDebit { psp, device, id, amount, entropy });
        self.town.settle();
        presented
    }

    fn of_payer(&mut self, id: &str) -> Mandate {
        self.town.records(PSP).find::<Mandate>(&(id.to_owned(), MandateSide::Payer)).unwrap()
    }

    fn of_payee(&mut self, id: &str) -> Mandate {
        self.town.records(PSP).find::<Mandate>(&(id.to_owned(), MandateSide::Payee)).unwrap()
    }

    fn at_bank(&mut self, number: &str) -> UpiMandate {
        let bank = UpiDirectory::sandbox().bank(self.bank).unwrap().organisation.as_str();
        self.town.records(bank).find::<UpiMandate>(&number.to_owned()).unwrap()
    }

    fn debit(&mut self, number: &str, side: MandateSide, sequence: u32) -> MandateDebit {
        self.town.records(PSP).find::<MandateDebit>(&(number.to_owned(), side, sequence)).unwrap()
    }

    /// It is another moment, and what was due until then has happened.
    fn until(&mut self, text: &str) {
        let wait = at(text).since(self.town.now);
        self.town.settle_for(wait);
    }

    /// It is another moment, and nothing happened by itself.
    fn suddenly(&mut self, text: &str) {
        self.town.now = at(text);
    }

    fn chai_has(&mut self) -> i64 {
        self.town.balance(BANYAN, "Chai Corner")
    }
}

#[test]
fn a_merchant_asks_the_payer_approves_and_each_month_is_debited_once() {
    let mut street = Street::new(1);
    let asked = street.asked(monthly());
    let shown = street.of_payer(&asked.id);
    assert_eq!((shown.state, shown.terms), (State::Requested, monthly()));
    assert_eq!(shown.other_name.as_deref(), Some("Chai Corner"));
    street.decided(&asked.id, Some("482913")).unwrap();
    let (payer, payee) = (street.of_payer(&asked.id), street.of_payee(&asked.id));
    assert_eq!((&payer.state, &payee.state), (&State::Active, &State::Active));
    let number = payee.number.clone().unwrap();
    assert!(payer.standing.is_some() && payee.standing.is_none() && number.ends_with("@paiza"));
    assert_eq!(street.at_bank(&number).terms, monthly());

    let presented = street.present(&asked.id, 50_000).unwrap();
    // The fifth of November is over; the fifth of December is in the second month.
    assert_eq!((presented.sequence, presented.due), (2, Some(at("2026-12-05T00:00:00"))));
    let told = street.debit(&number, MandateSide::Payer, 2);
    assert_eq!((told.state, told.notice.map(|notice| notice.paise)), (DebitState::Presented, Some(50_000)));
    assert_eq!(street.present(&asked.id, 50_000).map(|debit| debit.sequence), Ok(2), "it is the same");
    assert_eq!(street.present(&asked.id, 60_000), Err(Refusal::DebitPresented));
    assert_eq!(street.present(&asked.id, 120_001), Err(Refusal::AmountInvalid));
    street.until("2026-12-04T23:59:00");
    assert_eq!(street.chai_has(), 0);
    street.until("2026-12-05T01:00:00");
    assert_eq!((street.chai_has(), street.town.balance(AMBER, "Asha Rao")), (50_000, 2_450_000));
    for side in [MandateSide::Payer, MandateSide::Payee] {
        let made = street.debit(&number, side, 2);
        assert_eq!((made.state, made.tries), (DebitState::Made, 1), "{side:?}");
    }
    // The next one is the next month's.
    assert_eq!(street.present(&asked.id, 120_000).map(|debit| debit.sequence), Ok(3));
    street.until("2027-01-06T00:00:00");
    assert_eq!(street.chai_has(), 170_000);
    let ends = street.town.audit(street.opened).unwrap();
    assert_eq!((ends.success, ends.failed), (2, 0));
}

#[test]
fn a_payer_makes_a_mandate_and_the_first_debit_is_the_same_day() {
    let mut street = Street::new(2);
    let terms = Terms { recurrence: Recurrence { pattern: Pattern::Monthly, rule: None }, ..monthly() };
    let wrong = street.made(terms.clone(), "482914");
    assert_eq!(wrong.state, State::Failed("ZM".to_owned()));
    let made = street.made(terms, "482913");
    assert_eq!(made.state, State::Active);
    assert_eq!(street.of_payee(&made.id).other, "person1@paiza");
    // Small and on the day on which it was made: nobody has to be told before.
    assert_eq!(street.present(&made.id, 20_000).map(|debit| debit.sequence), Ok(1));
    assert_eq!(street.chai_has(), 20_000);
    street.town.run();
    street.town.audit(street.opened).unwrap();
}

#[test]
fn the_payer_declines_or_waits_too_long() {
    let mut street = Street::new(3);
    let declined = street.asked(monthly()).id;
    street.decided(&declined, None).unwrap();
    assert_eq!(street.of_payee(&declined).state, State::Declined);
    assert_eq!(street.decided(&declined, Some("482913")), Err(Refusal::RequestOver));
    let late = street.asked(monthly()).id;
    street.town.settle_for(Duration::from_secs(31 * 60));
    assert_eq!(street.of_payee(&late).state, State::Failed("U69".to_owned()));
    assert_eq!(street.of_payer(&late).state, State::Failed("U69".to_owned()));
    assert_eq!(street.decided(&late, Some("482913")), Err(Refusal::RequestOver));
    let wrong = street.asked(monthly()).id;
    street.decided(&wrong, Some("482914")).unwrap();
    assert_eq!(street.of_payer(&wrong).state, State::Failed("ZM".to_owned()));
    assert_eq!(street.of_payee(&wrong).state, State::Failed("ZM".to_owned()));
    assert!(street.town.records(AMBER).all::<UpiMandate>().is_empty());
    // What proved the payer is kept nowhere at the switch.
    for order in street.town.records(SWITCH).all::<MandateOrder>() {
        assert!(matches!(order.state, OrderState::Refused(_)));
        assert!(!String::from_utf8_lossy(&order.document).contains("<Creds>"));
    }
}

#[test]
fn a_mandate_rests_goes_on_with_the_pin_and_ends() {
    let mut street = Street::new(4);
    let mandate = street.agreed(monthly());
    let number = mandate.number.clone().unwrap();
    let (payer, chai) = (street.payer, street.chai);
    assert_eq!(street.change(chai, &mandate.id, Change::Pause), Err(Refusal::MandateOver), "not the payee's");
    street.change(payer, &mandate.id, Change::Pause).unwrap();
    assert_eq!(street.at_bank(&number).state, State::Paused);
    assert_eq!(street.of_payee(&mandate.id).state, State::Paused);
    assert_eq!(street.present(&mandate.id, 1000), Err(Refusal::MandateOver));
    let unpause = |street: &mut Street, pin: &str| {
        let transaction = street.town.transaction();
        let pin = sealed(&mandate.terms.purpose(&transaction), pin, "amber");
        let changed = street.change(payer, &mandate.id, Change::Unpause { transaction, pin });
        changed.unwrap();
        street.of_payer(&mandate.id).state
    };
    assert_eq!(unpause(&mut street, "482914"), State::Paused, "the bank wants the PIN");
    assert_eq!(unpause(&mut street, "482913"), State::Active);
    assert_eq!(street.of_payee(&mandate.id).state, State::Active);

    // Presented, told, and taken back before its day.
    street.present(&mandate.id, 1000).unwrap();
    street.change(payer, &mandate.id, Change::Revoke).unwrap();
    assert_eq!(street.at_bank(&number).state, State::Revoked);
    street.until("2026-12-06T00:00:00");
    assert_eq!(street.chai_has(), 0);
    let debit = street.debit(&number, MandateSide::Payee, 2);
    assert_eq!((debit.state, debit.code.as_deref()), (DebitState::Failed, Some("QC")));
    assert_eq!(street.change(payer, &mandate.id, Change::Pause), Err(Refusal::MandateOver));

    // A payee may end one too; a payer not one that stays.
    let other = street.agreed(Terms { revocable: false, starts: day("2026-12-06"), ..monthly() });
    assert_eq!(street.change(payer, &other.id, Change::Revoke), Err(Refusal::MandateStays));
    street.change(chai, &other.id, Change::Revoke).unwrap();
    assert_eq!(street.of_payer(&other.id).state, State::Revoked);
    assert_eq!(street.at_bank(other.number.as_deref().unwrap()).state, State::Revoked);
}

#[test]
fn a_pin_for_one_mandate_makes_no_other() {
    let mut street = Street::new(5);
    let transaction = street.town.transaction();
    // Typed for 1,200 rupees a month, and used for the same amount every week.
    let pin = sealed(&monthly().purpose(&transaction), "482913", "amber");
    let terms = Terms { recurrence: Recurrence { pattern: Pattern::Weekly, rule: None }, ..monthly() };
    let (psp, entropy) = (street.town.psp(), street.town.dice.bytes());
    let (device, reference) = (street.payer, String::new());
    let order = MakeMandate { psp, device, transaction, reference, payee_name: None, terms, pin, entropy };
    let made = street.town.at_psp(order).unwrap();
    street.town.settle();
    assert_eq!(street.of_payer(&made.id).state, State::Failed("XF".to_owned()));
}

#[test]
fn what_fails_for_want_of_money_is_tried_four_times_outside_busy_hours() {
    let mut street = Street::of(Town::new(6), (4, "deodar", "5739"));
    let mandate = street.agreed(Terms { paise: 60_000, ..monthly() });
    let number = mandate.number.clone().unwrap();
    street.present(&mandate.id, 60_000).unwrap();
    // Dev has 500 rupees.
    street.until("2026-12-06T00:00:00");
    let debit = street.debit(&number, MandateSide::Payee, 2);
    assert_eq!((debit.state, debit.tries, debit.code.as_deref()), (DebitState::Failed, 4, Some("Z9")));
    assert_eq!(street.debit(&number, MandateSide::Payer, 2).tries, 4);
    let tried = street.town.records(SWITCH).all::<UpiPayment>();
    assert_eq!(tried.len(), 4);
    assert!(tried.iter().all(|payment| upi::limits::mandate_may_execute(payment.at)));
    assert_eq!((street.chai_has(), street.town.balance(DEODAR, "Dev Sharma")), (0, 50_000));
}

#[test]
fn a_debit_above_the_limit_waits_for_the_pin() {
    let mut street = Street::new(7);
    // The first day of a new user has a limit of its own.
    street.until("2026-11-23T06:00:00");
    let dear = Terms { paise: 2_000_000, starts: day("2026-11-23"), ..monthly() };
    let mandate = street.agreed(dear);
    street.present(&mandate.id, 1_600_000).unwrap();
    street.until("2026-12-05T00:10:00");
    assert_eq!(street.chai_has(), 0);
    let request = street.town.records(PSP).all::<CollectRequest>().remove(0);
    assert_eq!(
        (request.paise, request.mandate.as_ref().map(|under| &under.number)),
        (1_600_000, mandate.number.as_ref())
    );
    let purpose =
        Purpose { transaction: request.id.clone(), paise: 1_600_000, payee: "person5@paiza".to_owned() };
    let approval = Some((String::new(), sealed(&purpose, "482913", "amber")));
    let (psp, entropy) = (street.town.psp(), street.town.dice.bytes());
    street.town.at_psp(Decide { psp, device: street.payer, id: request.id, approval, entropy }).unwrap();
    street.town.run();
    assert_eq!(street.chai_has(), 1_600_000);
    street.town.audit(street.opened).unwrap();
}

#[test]
fn what_is_blocked_is_there_for_its_one_debit_and_free_when_it_is_over() {
    let once = |name: &str| Terms {
        name: name.to_owned(),
        paise: 40_000,
        amount_rule: AmountRule::Exact,
        recurrence: Recurrence { pattern: Pattern::OneTime, rule: None },
        starts: day("2026-11-22"),
        ends: day("2026-11-30"),
        blocks: true,
        ..monthly()
    };
    let mut street = Street::of(Town::new(8), (4, "deodar", "5739"));
    let first = street.agreed(once("Shares"));
    // Dev has 500 rupees, and 400 of them are set aside.
    let second = street.asked(once("More shares")).id;
    street.decided(&second, Some("5739")).unwrap();
    assert_eq!(street.of_payer(&second).state, State::Failed("Z9".to_owned()));
    let paid = street.town.pay(street.payer, "deodar", "person5@paiza", 10_001, "5739");
    street.town.settle();
    assert!(matches!(street.town.at_switch(&paid).state, PaymentState::Failed(_)));
    street.present(&first.id, 40_000).unwrap();
    street.town.settle_for(Duration::from_secs(60));
    assert_eq!((street.chai_has(), street.town.balance(DEODAR, "Dev Sharma")), (40_000, 10_000));
    assert_eq!(
        (street.of_payer(&first.id).state, street.of_payee(&first.id).state),
        (State::Completed, State::Completed)
    );
    street.town.run();
    street.town.audit(street.opened).unwrap();

    let mut street = Street::of(Town::new(9), (4, "deodar", "5739"));
    street.agreed(once("Shares"));
    street.until("2026-12-01T00:01:00");
    street.town.pay(street.payer, "deodar", "person5@paiza", 50_000, "5739");
    street.town.run();
    assert_eq!(street.chai_has(), 50_000, "it is free again");
}

#[test]
fn lost_and_doubled_messages_make_one_mandate_and_one_debit() {
    let mut made = 0;
    for seed in 20..28 {
        let mut street = Street::new(seed);
        street.town.weather = sim::Weather::ROUGH;
        let id = street.asked(monthly()).id;
        // The payer has half an hour.
        street.town.settle_for(Duration::from_secs(20 * 60));
        let terms = monthly();
        let approval = Some((String::new(), sealed(&terms.purpose(&id), "482913", "amber")));
        let (psp, entropy) = (street.town.psp(), street.town.dice.bytes());
        let decided = street.town.at_psp(DecideMandate {
            psp,
            device: street.payer,
            id: id.clone(),
            approval,
            entropy,
        });
        if decided.is_err() {
            // It was under way for longer than the payer had.
            continue;
        }
        street.town.run();
        if street.of_payee(&id).state != State::Active {
            continue;
        }
        street.present(&id, 50_000).unwrap();
        street.town.run();
        let number = street.of_payee(&id).number.unwrap();
        let debit = street.debit(&number, MandateSide::Payee, 2);
        let is_made = debit.state == DebitState::Made;
        made += u32::from(is_made);
        let expected = if is_made { 50_000 } else { 0 };
        assert_eq!(street.chai_has(), expected, "seed {seed}: {debit:?}");
        street.town.audit(street.opened).unwrap();
    }
    assert!(made >= 4, "enough goes well to be a test: {made}");
}

/// A debit as a payee's provider asks for it that keeps to no rules.
fn rob(street: &mut Street, number: &str, (sequence, paise): (u32, u64)) {
    let draw = street.town.transaction();
    let head = Head {
        version: "2.0".to_owned(),
        at: street.town.now,
        organisation: PSP.to_owned(),
        message: MessageId::parse(&street.town.transaction()).unwrap(),
    };
    let mut transaction = Transaction::new(TransactionId::parse(&draw).unwrap(), "COLLECT", street.town.now);
    transaction.subtype = Some("MANDATE".to_owned());
    transaction.mode = Some("11".to_owned());
    transaction.purpose = Some("14".to_owned());
    transaction.mandate = Some(number.to_owned());
    transaction.expires_after_minutes = Some(30);
    let mut message = Message::new("ReqPay", head, transaction);
    let party = |address: &str| {
        let mut party = Party::new(Address::parse(address).unwrap());
        party.amount = Money::new(paise, Currency::INR).ok();
        party
    };
    let mut payee = party("person5@paiza");
    payee.name = Some("Chai Corner".to_owned());
    payee.kind = Some(PartyKind::Entity);
    payee.category = Some("5814".to_owned());
    payee.device = Some(Device(vec![("MOBILE".to_owned(), "919800000005".to_owned())]));
    payee.account = Some(Account::Number {
        ifsc: Ifsc::parse("BNYN0000001").unwrap(),
        number: AccountNumber::parse("20020000000092").unwrap(),
        kind: None,
    });
    let mut payer = party(street.address());
    payer.sequence = Some(sequence.to_string());
    message.payer = Some(payer);
    message.payees = vec![payee];
    street.town.arrive(SWITCH, &message.to_document(Profile::public()).to_bytes());
    street.town.settle();
}

/// Which checks stand where.
#[derive(Clone, Copy)]
struct Walls {
    switch: SwitchDefences,
    psp: Defences,
    bank: Defences,
}

/// What a robber gets with all checks, without those of the payer's provider, and without the bank's too.
fn robbed(defence: Defence, how: impl Fn(&mut Street, &str)) -> [bool; 3] {
    let open = Defences::ALL.danger_without(defence);
    let all = Walls { switch: SwitchDefences::ALL, psp: Defences::ALL, bank: Defences::ALL };
    let open_switch = SwitchDefences::ALL.danger_without(SwitchDefence::MandateHours);
    [all, Walls { psp: open, ..all }, Walls { switch: open_switch, psp: open, bank: open }].map(|walls| {
        let mut street = Street::of(Town::defended(10, walls.switch), (1, "amber", "482913"));
        street.town.judge_mandates_by(walls.psp, walls.bank);
        let mandate = street.agreed(monthly());
        let number = mandate.number.unwrap();
        street.present(&mandate.id, 120_000).unwrap();
        let before = street.chai_has();
        how(&mut street, &number);
        street.chai_has() > before
    })
}

#[test]
fn nothing_is_debited_above_early_after_the_end_or_at_a_barred_hour() {
    // The debit of December was told of on 2026-11-22, with 1,200 rupees.
    assert!(
        robbed(Defence::MandateAmount, |street, number| {
            street.suddenly("2026-12-05T08:00:00");
            rob(street, number, (2, 120_000));
        })[0],
        "what was approved is debited"
    );
    for (defence, moment, sequence) in [
        (Defence::MandateDay, "2026-12-04T08:00:00", 2),
        (Defence::MandateDay, "2026-12-06T08:00:00", 2),
        (Defence::MandateHours, "2026-12-05T10:00:00", 2),
        (Defence::MandateHours, "2026-12-05T12:59:59", 2),
        (Defence::MandateHours, "2026-12-05T17:00:00", 2),
        (Defence::MandateHours, "2026-12-05T21:29:00", 2),
    ] {
        let robbed = robbed(defence, |street, number| {
            street.suddenly(moment);
            rob(street, number, (sequence, 120_000));
        });
        assert_eq!(robbed, [false, false, true], "{defence:?} {moment}");
    }
    let revoked = robbed(Defence::MandateStands, |street, number| {
        let mandates = street.town.records(PSP).all::<Mandate>();
        let (payer, id) = (street.payer, mandates[0].id.clone());
        street.change(payer, &id, Change::Revoke).unwrap();
        street.suddenly("2026-12-05T08:00:00");
        rob(street, number, (2, 120_000));
    });
    assert_eq!(revoked, [false, false, true]);
    let paused = robbed(Defence::MandateStands, |street, number| {
        let mandates = street.town.records(PSP).all::<Mandate>();
        let (payer, id) = (street.payer, mandates[0].id.clone());
        street.change(payer, &id, Change::Pause).unwrap();
        street.suddenly("2026-12-05T08:00:00");
        rob(street, number, (2, 120_000));
    });
    assert_eq!(paused, [false, false, true]);
}

#[test]
fn a_payer_who_was_not_told_is_not_debited() {
    // January's was never announced; only the payer's provider knows that.
    let robbed = robbed(Defence::MandateNotice, |street, number| {
        street.suddenly("2027-01-05T08:00:00");
        rob(street, number, (3, 120_000));
    });
    assert_eq!(robbed, [false, true, true]);
}

#[test]
fn an_amount_above_the_mandates_is_not_debited() {
    let robbed = robbed(Defence::MandateAmount, |street, number| {
        // The payer's side was told so much, by a provider that does not compare either.
        let key = (number.to_owned(), MandateSide::Payer, 2);
        let debit = street.town.records(PSP).find::<MandateDebit>(&key).unwrap();
        let notice = debit.notice.map(|notice| upi::mandate::Notice { paise: 120_001, ..notice });
        street.town.records(PSP).put(MandateDebit { notice, ..debit });
        street.suddenly("2026-12-05T08:00:00");
        rob(street, number, (2, 120_001));
    });
    assert_eq!(robbed, [false, false, true]);
}

#[test]
fn a_month_is_debited_once() {
    let open = Defences::ALL.danger_without(Defence::MandateOnce);
    for (psp, bank, expected) in
        [(Defences::ALL, Defences::ALL, false), (open, Defences::ALL, false), (open, open, true)]
    {
        let mut street = Street::new(11);
        street.town.judge_mandates_by(psp, bank);
        let mandate = street.agreed(monthly());
        street.present(&mandate.id, 120_000).unwrap();
        street.until("2026-12-05T01:00:00");
        assert_eq!(street.chai_has(), 120_000, "the merchant's own debit");
        rob(&mut street, mandate.number.as_deref().unwrap(), (2, 120_000));
        assert_eq!(street.chai_has() > 120_000, expected);
    }
}

/// What a debit that failed four times gets the fifth time, when there is money.
fn fifth_try(psp: Defences, bank: Defences) -> bool {
    let mut town = Town::new(12);
    let asha = town.person(1, "amber", "482913");
    let mut street = Street::of(town, (4, "deodar", "5739"));
    street.town.judge_mandates_by(psp, bank);
    let mandate = street.agreed(Terms { paise: 60_000, ..monthly() });
    street.present(&mandate.id, 60_000).unwrap();
    street.until("2026-12-05T09:00:00");
    let number = mandate.number.unwrap();
    assert_eq!(street.debit(&number, MandateSide::Payer, 2).tries, 4);
    let paid = street.town.pay(asha, "amber", "person4@paiza", 50_000, "482913");
    street.town.settle();
    assert_eq!(street.town.at_switch(&paid).state, PaymentState::Success);
    rob(&mut street, &number, (2, 60_000));
    street.chai_has() > 0
}

#[test]
fn a_debit_is_tried_once_and_three_times_more() {
    let open = Defences::ALL.danger_without(Defence::MandateTries);
    assert!(!fifth_try(Defences::ALL, Defences::ALL));
    assert!(!fifth_try(open, Defences::ALL));
    assert!(fifth_try(open, open));
}

/// Whoever sits at the switch debits somebody under a mandate without what the bank gave for it.
fn without_the_banks_word(defences: SwitchDefences) -> bool {
    let mut street = Street::of(Town::defended(13, defences), (1, "amber", "482913"));
    let mandate = street.agreed(monthly());
    let number = mandate.number.unwrap();
    street.suddenly("2026-12-05T08:00:00");
    let head = Head {
        version: "2.0".to_owned(),
        at: street.town.now,
        organisation: SWITCH.to_owned(),
        message: MessageId::parse("SWT00000000000000000000000000000001").unwrap(),
    };
    let id = TransactionId::parse("PZA00000000000000000000000000000001").unwrap();
    let mut transaction = Transaction::new(id, "DEBIT", street.town.now);
    transaction.subtype = Some("MANDATE".to_owned());
    transaction.mode = Some("11".to_owned());
    transaction.mandate = Some(number);
    let mut message = Message::new("ReqPay", head, transaction);
    let party = |address: &str| {
        let mut party = Party::new(Address::parse(address).unwrap());
        party.amount = Money::new(120_000, Currency::INR).ok();
        party
    };
    let mut payer = party("person1@paiza");
    payer.sequence = Some("2".to_owned());
    payer.device = Some(Device(vec![("MOBILE".to_owned(), "919800000001".to_owned())]));
    payer.credentials = vec![Credential::standing("00")];
    payer.account = Some(Account::Number {
        ifsc: Ifsc::parse("AMBR0000001").unwrap(),
        number: AccountNumber::parse("10010000000016").unwrap(),
        kind: None,
    });
    message.payer = Some(payer);
    let mut payee = party("person5@paiza");
    payee.category = Some("5814".to_owned());
    payee.kind = Some(PartyKind::Entity);
    message.payees = vec![payee];
    let before = street.town.balance(AMBER, "Asha Rao");
    assert_eq!(street.town.arrive(AMBER, &message.to_document(Profile::public()).to_bytes()), None);
    street.town.balance(AMBER, "Asha Rao") < before
}

#[test]
fn a_debit_under_a_mandate_shows_what_the_bank_gave_for_it() {
    assert!(!without_the_banks_word(SwitchDefences::ALL));
    assert!(without_the_banks_word(SwitchDefences::ALL.danger_without(SwitchDefence::MandateStanding)));
}

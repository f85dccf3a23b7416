//! A great many payments on a rough day: paid, asked for, refused, given back, debited under mandates, spent from purses, for bills, while messages are lost, doubled, held and
//! reordered and parties crash. It runs in rounds, each a town of its own, so that memory stays small; after each round
//! everything has ended, and all books are audited.

use crate::audit::Ends;
use crate::dice::Dice;
use crate::faults::Weather;
use crate::mandates::Debited;
use crate::people::sealed;
use crate::purses::PursePhone;
use crate::town::{PSP, SWITCH, Town, banks};
use crypto::hash::sha256_pieces;
use psp::collects::{BecomeMerchant, Collect, Decide};
use psp::records::{CollectRequest, CollectState, DeviceId, Direction, Payment, PaymentState};
use psp::refunds::Refund;
use sandbox::upi::bank::UpiAccount;
use sandbox::upi::switch::{UpiPayment, UpiStep};
use std::time::Duration;
use upi::credential::Secret;
use values::{Currency, MerchantCategory, Money};

/// Payments in one round.
const ROUND: u64 = 400;
/// So many are under way at once, about.
const AT_ONCE: u64 = 24;
/// Who takes part: number, bank, PIN.
const PEOPLE: [(u64, &str, &str); 5] = [
    (1, "amber", "482913"),
    (2, "banyan", "573829"),
    (3, "coral", "7391"),
    (4, "deodar", "5739"),
    (5, "banyan", "620573"),
];
/// The one who is a merchant, by place.
const MERCHANT: usize = 4;

/// One of them as somebody who lets the merchant debit.
fn debited(place: usize, device: DeviceId) -> Debited<'static> {
    const ADDRESSES: [&str; 4] = ["person1@paiza", "person2@paiza", "person3@paiza", "person4@paiza"];
    let (_, bank, pin) = PEOPLE[place];
    Debited { device, address: ADDRESSES[place], bank, pin }
}

/// How it went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Orders that were given: payments, requests for money, refunds, bills, and what is done with purses and mandates.
    pub orders: u64,
    /// How they ended.
    pub ends: Ends,
    /// Messages that were tried to deliver.
    pub deliveries: u64,
    /// Steps that came too late at the switch and changed nothing.
    pub late: u64,
    /// Digest of every payment's end and every balance: the same for the same seed.
    pub digest: [u8; 32],
}

/// What went wrong, and where to find it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The seed of the round.
    pub seed: u64,
    /// What.
    pub what: String,
}

/// A soak that is under way.
pub struct Soak {
    dice: Dice,
    left: u64,
    weather: Weather,
    report: Report,
}

impl Soak {
    /// So many orders from one seed.
    pub fn new(orders: u64, seed: u64, weather: Weather) -> Soak {
        Soak { dice: Dice::new(seed), left: orders, weather, report: Report::default() }
    }

    /// One more round; the report if it was the last.
    pub fn round(&mut self) -> Result<Option<&Report>, Broken> {
        let orders = self.left.min(ROUND);
        if orders > 0 {
            self.left -= orders;
            let seed = self.dice.below(1 << 48);
            let round = Round::new(seed, self.weather).run(orders).map_err(|what| Broken { seed, what })?;
            self.report.add(&round);
        }
        Ok((self.left == 0).then_some(&self.report))
    }

    /// How many orders are left.
    pub fn left(&self) -> u64 {
        self.left
    }
}

/// Runs one round again, by the seed that a broken one named.
pub fn one_round(orders: u64, seed: u64, weather: Weather) -> Result<Report, Broken> {
    Round::new(seed, weather).run(orders).map_err(|what| Broken { seed, what })
}

impl Report {
    fn add(&mut self, round: &Report) {
        self.orders += round.orders;
        self.deliveries += round.deliveries;
        self.late += round.late;
        self.ends.add(&round.ends);
        self.digest = sha256_pieces(&[&self.digest, &round.digest]);
    }
}

struct Round {
    town: Town,
    devices: Vec<DeviceId>,
    /// The same by mobile number.
    people: Vec<(String, DeviceId)>,
    /// Their purses, as their phones know them.
    purses: Vec<PursePhone>,
    opened: i64,
    report: Report,
}

impl Round {
    fn new(seed: u64, weather: Weather) -> Round {
        let mut town = Town::new(seed);
        let devices: Vec<DeviceId> =
            PEOPLE.iter().map(|(number, bank, pin)| town.person(*number, bank, pin)).collect();
        let category = MerchantCategory::try_from(5814).expect("four digits");
        let merchant = BecomeMerchant { device: devices[MERCHANT], name: "Chai Corner".to_owned(), category };
        town.at_psp(merchant).expect("a current account");
        town.open_billers();
        // The limits of a new user's first day are over.
        town.pass(Duration::from_secs(25 * 3_600));
        town.weather = weather;
        let opened = town.sums().0;
        let mobile = |(number, ..): &(u64, &str, &str)| format!("91980000000{number}");
        let people: Vec<_> = PEOPLE.iter().map(mobile).zip(devices.iter().copied()).collect();
        let with_accounts = people.iter().zip(PEOPLE);
        let purses = with_accounts
            .map(|((mobile, device), (_, bank, pin))| PursePhone::new(*device, mobile, bank, pin))
            .collect();
        Round { town, devices, people, purses, opened, report: Report::default() }
    }

    fn run(mut self, orders: u64) -> Result<Report, String> {
        let mut idle = 0;
        while self.report.orders < orders || idle < 50_000 {
            let under_way = self.town.under_way() as u64;
            if self.report.orders < orders
                && (under_way == 0 || under_way < AT_ONCE && self.town.dice.happens(100))
            {
                // About one order in two seconds.
                let wait = self.town.dice.below(4_000);
                self.town.pass(Duration::from_millis(wait));
                self.order();
                self.report.orders += 1;
            }
            if self.town.dice.happens(20) {
                self.decide();
            }
            if self.town.dice.happens(12) {
                let place = self.payer();
                let who = debited(place, self.devices[place]);
                self.town.think_about_mandates(who, &self.people[place].0);
            }
            if self.town.dice.happens(6) {
                self.town.dispute_something(&self.people);
            }
            if self.town.dice.happens(12) {
                self.town.argue(&self.people);
            }
            if self.town.dice.happens(2) {
                self.town.forget_texts();
            }
            if self.report.orders == orders {
                idle += 1;
            }
            if !self.town.step() && self.report.orders == orders {
                break;
            }
            self.report.deliveries += 1;
        }
        // Whoever is still asked for money says nothing, and time passes until nothing is waited for.
        self.town.run();
        self.report.ends = self.town.audit_all(self.opened)?;
        let steps = self.town.records(SWITCH).all::<UpiStep>();
        self.report.late = steps.iter().filter(|step| step.late).count() as u64;
        self.report.digest = self.digest();
        Ok(self.report)
    }

    /// Somebody pays, also a bill or from a purse, a merchant asks for money, debits under a mandate, or gives some back.
    fn order(&mut self) {
        match self.town.dice.below(100) {
            0..8 => self.collect(),
            8..18 => self.refund(),
            18..24 => self.bill(),
            24..34 => self.purse(),
            34..37 => self.mandate(),
            37..42 => self.town.present_something(self.devices[MERCHANT]),
            _ => self.pay(),
        }
    }

    /// Somebody who is not the merchant, by place.
    fn payer(&mut self) -> usize {
        self.town.dice.below(MERCHANT as u64) as usize
    }

    fn bill(&mut self) {
        let place = self.town.dice.below(PEOPLE.len() as u64) as usize;
        let (_, bank, pin) = PEOPLE[place];
        self.town.pay_a_bill(self.devices[place], (bank, pin));
    }

    fn purse(&mut self) {
        let place = self.town.dice.below(PEOPLE.len() as u64) as usize;
        let payee = format!("person{}@paiza", PEOPLE[(place + 1) % PEOPLE.len()].0);
        self.town.use_purse(&mut self.purses[place], &payee);
    }

    fn mandate(&mut self) {
        let place = self.payer();
        let who = debited(place, self.devices[place]);
        self.town.begin_mandate(who, (self.devices[MERCHANT], "person5@paiza"));
    }

    fn amount(&mut self) -> u64 {
        100 + self.town.dice.below(2_000)
    }

    fn pay(&mut self) {
        let from = self.town.dice.below(PEOPLE.len() as u64) as usize;
        let (_, bank, pin) = PEOPLE[from];
        // A third of all payments goes to one account.
        let to = if self.town.dice.happens(333) { 5 } else { 1 + self.town.dice.below(5) };
        let is_own = to == PEOPLE[from].0 && !self.town.dice.happens(50);
        let to = if is_own { to % 5 + 1 } else { to };
        let to = match self.town.dice.below(50) {
            0 => "nobody@paiza".to_owned(),
            1 => "40040000000049@DEOD0000001.ifsc.npci".to_owned(),
            2 => "40040000000099@DEOD0000001.ifsc.npci".to_owned(),
            _ => format!("person{to}@paiza"),
        };
        let wrong = self.town.dice.happens(10);
        let pin = if wrong { "0".repeat(pin.len()) } else { pin.to_owned() };
        let paise = self.amount();
        self.town.pay(self.devices[from], bank, &to, paise, &pin);
    }

    fn collect(&mut self) {
        let from = 1 + self.town.dice.below(4);
        let amount = Money::new(self.amount(), Currency::INR).expect("a small amount");
        let (psp, entropy) = (self.town.psp(), self.town.dice.bytes());
        let payer = format!("person{from}@paiza");
        let minutes = 1 + self.town.dice.below(30) as u32;
        let device = self.devices[MERCHANT];
        let collect = Collect { psp, device, payer, amount, note: None, minutes, entropy };
        self.town.at_psp(collect).expect("a merchant with an address");
    }

    /// Somebody who is asked for money pays it or does not.
    fn decide(&mut self) {
        let open = self.town.records(PSP).all::<CollectRequest>();
        let open: Vec<_> = open.into_iter().filter(|request| request.state == CollectState::Open).collect();
        if open.is_empty() {
            return;
        }
        let request = &open[self.town.dice.below(open.len() as u64) as usize];
        let whose = |person: &&(u64, &str, &str)| request.mobile.ends_with(&person.0.to_string());
        let Some((number, bank, pin)) = PEOPLE.iter().find(whose) else { return };
        let device = self.devices[*number as usize - 1];
        let approves = self.town.dice.happens(800);
        let block = || sealed(Secret::Pin, pin, &request.id, request.paise, &request.payee, bank);
        let approval = approves.then(|| (String::new(), block()));
        let (psp, id, entropy) = (self.town.psp(), request.id.clone(), self.town.dice.bytes());
        // Too late is an answer too.
        let _ = self.town.at_psp(Decide { psp, device, id, approval, entropy });
    }

    /// Whoever was paid gives back all of it, a part, or more than there is.
    fn refund(&mut self) {
        let received = self.town.records(PSP).all::<Payment>();
        let paid = |payment: &Payment| {
            payment.direction == Direction::Received && payment.state == PaymentState::Success
        };
        let received: Vec<_> = received.into_iter().filter(paid).collect();
        if received.is_empty() {
            return self.pay();
        }
        let payment = &received[self.town.dice.below(received.len() as u64) as usize];
        let Some(place) =
            PEOPLE.iter().position(|(number, ..)| payment.mobile.ends_with(&number.to_string()))
        else {
            return;
        };
        let amount = match self.town.dice.below(3) {
            0 => None,
            _ => Money::new(1 + self.town.dice.below(payment.paise + 100), Currency::INR).ok(),
        };
        let (psp, device, original) = (self.town.psp(), self.devices[place], payment.id.clone());
        let (transaction, entropy) = (self.town.transaction(), self.town.dice.bytes());
        // More than is left is refused, and that is right.
        let _ = self.town.at_psp(Refund { psp, device, original, amount, note: None, transaction, entropy });
    }

    fn digest(&mut self) -> [u8; 32] {
        let mut digest = [0; 32];
        for payment in self.town.records(SWITCH).all::<UpiPayment>() {
            let end = format!("{} {:?} {}", payment.id, payment.state, payment.changed_at.millis());
            digest = sha256_pieces(&[&digest, end.as_bytes()]);
        }
        for bank in banks() {
            for account in self.town.records(bank).all::<UpiAccount>() {
                let balance = self.town.balance_of(bank, &account);
                digest = sha256_pieces(&[&digest, &balance.to_be_bytes()]);
            }
        }
        digest
    }
}

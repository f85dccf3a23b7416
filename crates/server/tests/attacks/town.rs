//! A city to attack: its wires taped, its clock in our hand, its phones and terminals driven by the test.

use crypto::passphrase::Work;
use iso8583::{Message, Profile, Tag};
use sandbox::keys::{IssuerKeys, Line as LineKey};
use sandbox::test_cards::{TestCard, test_cards};
use server::api::CardData;
use server::city::{City, Plan, Ports, Waits};
use server::defences::CityDefences;
use server::phone::{Added, NewPhone, Phone};
use server::trace::{Seen, Trace};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use store::{Backoff, TestClock};
use tokens::Policy;
use values::id::kinds;
use values::{Currency, Id, Money, Timestamp};

/// 2026-11-22, noon in Shanghai.
pub(crate) const NOON: Timestamp = Timestamp::from_millis(1_795_320_000_000);
/// What unlocks the phones.
pub(crate) const PASSCODE: &[u8] = b"135790";
/// A debit card whose issuer approves everything.
pub(crate) const CARD: &str = "6216600100000000016";

/// A token on a phone.
pub(crate) type Token = Id<kinds::Token>;

/// One message on tape.
#[derive(Clone)]
pub(crate) struct Taped {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) title: String,
    pub(crate) bytes: Vec<u8>,
}

/// Everything that went over the watched wires.
#[derive(Default)]
pub(crate) struct Tape(Mutex<Vec<Taped>>);

impl Trace for Tape {
    fn seen(&self, message: &Seen<'_>) {
        self.0.lock().unwrap().push(Taped {
            from: message.from.to_owned(),
            to: message.to.to_owned(),
            title: message.title.to_owned(),
            bytes: message.bytes.to_vec(),
        });
    }
}

impl Tape {
    pub(crate) fn all(&self) -> Vec<Taped> {
        self.0.lock().unwrap().clone()
    }

    /// The last message from one party to another.
    pub(crate) fn last(&self, from: &str, to: &str) -> Option<Vec<u8>> {
        let tape = self.0.lock().unwrap();
        tape.iter().rev().find(|taped| taped.from == from && taped.to == to).map(|taped| taped.bytes.clone())
    }
}

/// One check of one party, to be taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Off {
    /// Of the gateway, and with it the issuer's second look.
    Token(tokens::Defence),
    /// Of the gateway alone.
    Gateway(tokens::Defence),
    Acquirer(acquiring::Defence),
    Sandbox(sandbox::defences::Defence),
    Door(server::defences::Defence),
    Wallet(wallet::defences::Defence),
}

impl From<tokens::Defence> for Off {
    fn from(defence: tokens::Defence) -> Off {
        Off::Token(defence)
    }
}

/// Parties that wait so long for one another that a busy machine decides nothing. Whoever tests silence hurries them.
pub(crate) const PATIENT: Waits = Waits {
    gateway: Duration::from_secs(60),
    network: Duration::from_secs(75),
    acquirer: Duration::from_secs(90),
    enrolment: Duration::from_secs(60),
    late: Waits::FIELD.late,
};

/// When something that must happen is given up.
const NEVER: Duration = Duration::from_secs(120);

/// What a town is like.
#[derive(Clone, Copy)]
pub(crate) struct TownPlan {
    pub(crate) policy: Policy,
    pub(crate) waits: Waits,
    pub(crate) backoff: Backoff,
    pub(crate) defences: CityDefences,
    pub(crate) wallet: wallet::defences::Defences,
}

impl Default for TownPlan {
    fn default() -> Self {
        TownPlan {
            policy: Policy::STANDARD,
            waits: PATIENT,
            backoff: Backoff::default(),
            defences: CityDefences::default(),
            wallet: wallet::defences::Defences::ALL,
        }
    }
}

impl TownPlan {
    /// Without these defences.
    pub(crate) fn without<D: Copy + Into<Off>>(defences: &[D]) -> TownPlan {
        TownPlan::default().less(defences)
    }

    /// The same without these defences. Issuers check a second time what the gateway checks; without a check of the
    /// gateway's they believe it.
    pub(crate) fn less<D: Copy + Into<Off>>(mut self, defences: &[D]) -> TownPlan {
        for defence in defences {
            let city = &mut self.defences;
            match (*defence).into() {
                Off::Token(defence) => {
                    self.policy.defences = self.policy.defences.danger_without(defence);
                    city.sandbox = city.sandbox.danger_without(sandbox::defences::Defence::ChipData);
                }
                Off::Gateway(defence) => {
                    self.policy.defences = self.policy.defences.danger_without(defence);
                }
                Off::Acquirer(defence) => city.acquirer = city.acquirer.danger_without(defence),
                Off::Sandbox(defence) => city.sandbox = city.sandbox.danger_without(defence),
                Off::Door(defence) => city.doors = city.doors.danger_without(defence),
                Off::Wallet(defence) => self.wallet = self.wallet.danger_without(defence),
            }
        }
        self
    }

    /// As many cards a day as one likes.
    pub(crate) fn lifted(mut self) -> TownPlan {
        self.policy.attempts_device_daily = u16::MAX;
        self.policy.attempts_card_daily = u16::MAX;
        self
    }
}

/// Where a town's records lie.
pub(crate) enum Home {
    /// In a folder that goes with the town.
    Own(tempfile::TempDir),
    /// In somebody else's.
    Borrowed(PathBuf),
}

impl Home {
    pub(crate) fn path(&self) -> &Path {
        match self {
            Home::Own(folder) => folder.path(),
            Home::Borrowed(path) => path,
        }
    }
}

/// A running city and what belongs to it.
pub(crate) struct Town {
    pub(crate) city: City,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) tape: Arc<Tape>,
    pub(crate) folder: Home,
    plan: Plan,
    wallet: wallet::defences::Defences,
}

impl Town {
    pub(crate) fn start() -> Town {
        Town::planned(TownPlan::default())
    }

    pub(crate) fn without<D: Copy + Into<Off>>(defences: &[D]) -> Town {
        Town::planned(TownPlan::without(defences))
    }

    pub(crate) fn planned(plan: TownPlan) -> Town {
        Town::over(plan, Home::Own(folder()))
    }

    fn over(plan: TownPlan, folder: Home) -> Town {
        let wallet = plan.wallet;
        let (clock, tape) = (Arc::new(TestClock::at(NOON)), Arc::new(Tape::default()));
        let plan = Plan {
            ports: Ports::Free,
            watch: Some(tape.clone()),
            waits: plan.waits,
            policy: plan.policy,
            backoff: plan.backoff,
            defences: plan.defences,
            ..Plan::documented(&folder.path().join("city"), clock.clone())
        };
        let city = City::start(&plan).unwrap();
        Town { city, clock, tape, folder, plan, wallet }
    }

    /// A town over the records in this folder.
    pub(crate) fn at(home: PathBuf) -> Town {
        let folder = Home::Borrowed(home);
        Town::over(TownPlan::default(), folder)
    }

    /// Ends every party and starts them again over the same records; from then on they wait so long.
    pub(crate) fn hurried(mut self, waits: Waits) -> Town {
        self.plan.waits = waits;
        self.restart()
    }

    /// Ends every party and hands the folder over.
    pub(crate) fn close(self) -> tempfile::TempDir {
        let Town { city, folder, .. } = self;
        drop(city);
        match folder {
            Home::Own(folder) => folder,
            Home::Borrowed(_) => unreachable!("closed by whoever made it"),
        }
    }

    /// Ends every party and starts them again over the same records, at other ports.
    pub(crate) fn restart(self) -> Town {
        let Town { city, clock, tape, folder, plan, wallet } = self;
        drop(city);
        let city = City::start(&plan).unwrap();
        Town { city, clock, tape, folder, plan, wallet }
    }

    pub(crate) fn directory(&self, phone: &str) -> PathBuf {
        self.folder.path().join("phones").join(phone)
    }

    /// A new phone with this number, and its recovery code.
    pub(crate) fn set_up(&self, name: &str, number: &str) -> (Phone, Option<String>) {
        let new = NewPhone {
            directory: &self.directory(name),
            number,
            name,
            platform: &self.city.addresses.platform.to_string(),
            telephone: self.city.addresses.telephone,
            passcode: PASSCODE,
            work: Work::TEST,
            watch: self.plan.watch.clone(),
        };
        let (phone, recovery) = Phone::set_up(&new, self.clock.clone()).unwrap();
        (phone.defended(self.wallet), recovery)
    }

    pub(crate) fn open_phone(&self, directory: &Path) -> Phone {
        let phone = Phone::open(directory, self.clock.clone(), self.plan.watch.clone()).unwrap();
        phone.defended(self.wallet)
    }

    /// A new phone of the card's holder with that card on it.
    pub(crate) fn phone_with(&self, name: &str, pan: &str) -> (Phone, Token) {
        let (mut phone, _) = self.set_up(name, &format!("+86{}", test_card(pan).phone));
        let token = add(&mut phone, pan);
        (phone, token)
    }

    /// What the gateway found in the last message that it answered.
    pub(crate) fn verdict(&self) -> String {
        let bytes = self.tape.last("token gateway", "network").expect("the gateway has answered");
        let message = Profile::Net.decode(&bytes).unwrap();
        message.private_data().unwrap().text(Tag::TOKEN_VERDICT).unwrap_or("").to_owned()
    }

    /// What the holder of a test card may still spend.
    pub(crate) fn available(&self, pan: &str) -> u64 {
        use sandbox::issuer::books;
        let card = test_card(pan);
        let issuer = self.city.issuers.iter().find(|issuer| issuer.bank().id == card.bank).unwrap();
        let account = books::card_account(sandbox::digest::Digest(issuer.keys().card_key(&card.pan())));
        let found = issuer.store().read(move |records| {
            values::Records::find::<ledger::Account>(records, &account).map(|account| account.available())
        });
        found.unwrap().unwrap()
    }

    /// Every payment the acquirer has.
    pub(crate) fn payments(&self) -> Vec<acquiring::Payment> {
        let mut payments =
            self.city.acquirer.store().read(|records| records.all::<acquiring::Payment>()).unwrap();
        payments.sort_by_key(|payment| payment.reference);
        payments
    }

    /// Every database is whole.
    pub(crate) fn assert_whole(&self) {
        for (party, store) in self.city.stores() {
            let report = store.verify().unwrap();
            assert!(report.bad.is_none(), "{party}: {:?}", report.bad.map(|bad| (bad.table, bad.what)));
        }
    }

    /// Lets waits pass: moves the clock until `done`, for the retries of outboxes.
    pub(crate) fn until(&self, what: &str, mut done: impl FnMut() -> bool) {
        let patience = Instant::now() + NEVER;
        while !done() {
            assert!(Instant::now() < patience, "never happened: {what}");
            self.clock.advance(Duration::from_secs(1));
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }
}

/// A new folder, in memory where there is such a place: a city writes its facts down some hundred times, and no test
/// of these cuts the power.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// Waits for something that needs no time on the clock.
pub(crate) fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let patience = Instant::now() + NEVER;
    while !done() {
        assert!(Instant::now() < patience, "never happened: {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// Adds a test card, typing the code that comes if one is asked for.
pub(crate) fn add(phone: &mut Phone, pan: &str) -> Token {
    match phone.add_card(&typed(pan), None).unwrap() {
        Added::Active(token) => token,
        Added::Declined { reason } => panic!("{pan} was declined: {reason}"),
    }
}

pub(crate) fn test_card(pan: &str) -> &'static TestCard {
    test_cards().iter().find(|card| card.pan().expose() == pan.as_bytes()).expect("a documented test card")
}

/// What the holder of a test card types.
pub(crate) fn typed(pan: &str) -> CardData {
    let card = test_card(pan);
    let bank = sandbox::directory::Directory::sandbox().institution(&card.bank).unwrap();
    let cvv2 = IssuerKeys::sandbox(bank).cvv2(&card.pan(), card.expiry());
    CardData {
        pan: pan.to_owned(),
        expiry: card.expiry().to_yymm(),
        cvv2: String::from_utf8(cvv2.expose().to_vec()).unwrap(),
        phone: card.phone.clone(),
    }
}

pub(crate) fn yuan(minor: u64) -> Money {
    Money::new(minor, Currency::CNY).unwrap()
}

/// The dialect of the acquirer's line into the network.
pub(crate) fn acquirer_dialect() -> server::iso::Dialect {
    server::city::net(LineKey::Acquirer)
}

/// The answer code of a message.
pub(crate) fn code(message: &Message) -> String {
    message.text(39).unwrap_or("").to_owned()
}

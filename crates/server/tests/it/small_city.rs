//! A whole city at free ports, with one phone that holds one card.

use crate::street::{NOW, eventually};
use crypto::passphrase::Work;
use sandbox::keys::IssuerKeys;
use sandbox::test_cards::test_cards;
use server::api::CardData;
use server::city::{City, Plan, Ports};
use server::console::tape::Tape;
use server::iso::Ends;
use server::phone::{Added, NewPhone, Phone, Presentation};
use server::pos::{DEMO_TERMINALS, Pos, Settings, TerminalLine, Verdict};
use server::test_mode::TestTools;
use server::trace::{Seen, Trace, Watch};
use server::vpcd::ReaderEnd;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::TestClock;
use tokens::records::{Standing, Token};
use values::{Id, Records, TokenNumber, id::kinds};
use wallet::card::Profile;

pub(crate) struct SmallCity {
    pub(crate) city: City,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) phone: Phone,
    pub(crate) token: Id<kinds::Token>,
    pub(crate) recovery_code: Option<String>,
    plan: Plan,
    folder: tempfile::TempDir,
}

/// Everything that went over the watched wires: what about, and the bytes.
#[derive(Default)]
pub(crate) struct Recorder(Mutex<Vec<(String, Vec<u8>)>>);

impl Trace for Recorder {
    fn seen(&self, message: &Seen<'_>) {
        self.0.lock().unwrap().push((message.title.to_owned(), message.bytes.to_vec()));
    }
}

impl Recorder {
    /// All bytes of all messages, one after another.
    pub(crate) fn everything(&self) -> Vec<u8> {
        self.0.lock().unwrap().iter().flat_map(|(_, bytes)| bytes.clone()).collect()
    }

    /// The messages about something.
    pub(crate) fn about(&self, title: &str) -> Vec<Vec<u8>> {
        let tape = self.0.lock().unwrap();
        tape.iter().filter(|(about, _)| about == title).map(|(_, bytes)| bytes.clone()).collect()
    }
}

impl SmallCity {
    pub(crate) fn new() -> SmallCity {
        SmallCity::watched(None)
    }

    pub(crate) fn watched(watch: Watch) -> SmallCity {
        SmallCity::planned(|plan| plan.watch = watch)
    }

    /// A city after a plan that was changed.
    pub(crate) fn planned(change: impl FnOnce(&mut Plan)) -> SmallCity {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock::at(NOW));
        let documented = Plan::sandbox(&folder.path().join("city"), clock.clone()).unwrap();
        let mut plan = Plan { ports: Ports::Free, ..documented };
        change(&mut plan);
        let city = City::start(&plan).unwrap();
        let new = NewPhone {
            directory: &folder.path().join("phone"),
            number: "+8613800000001",
            name: "phone",
            platform: &city.addresses.platform.to_string(),
            telephone: city.addresses.telephone,
            passcode: b"135790",
            work: Work::TEST,
            watch: None,
        };
        let (mut phone, recovery_code) = Phone::set_up(&new, plan.clock.clone()).unwrap();
        let Added::Active(token) = phone.add_card(&typed(crate::street::CARD), None).unwrap() else {
            panic!("the card was not added")
        };
        SmallCity { city, clock, phone, token, recovery_code, plan, folder }
    }

    /// What the clock and the faults of the city are worked with.
    pub(crate) fn tools(&self) -> &TestTools {
        self.city.test_tools().unwrap()
    }

    /// Where the parties' folders lie.
    pub(crate) fn data(&self) -> &Path {
        &self.plan.data
    }

    pub(crate) fn desk(&self, of: &str) -> SocketAddr {
        self.city.addresses.desks.iter().find(|(name, _)| name == of).unwrap().1
    }

    /// Ends every party, lets `between` work on the folder, and starts them again at other ports.
    pub(crate) fn restarted(self, between: impl FnOnce(&Path)) -> SmallCity {
        let SmallCity { city, clock, phone, token, recovery_code, plan, folder } = self;
        drop(city);
        between(&plan.data);
        let city = City::start(&plan).unwrap();
        SmallCity { city, clock, phone, token, recovery_code, plan, folder }
    }

    /// Puts the city's own terminal to work; where its screen is.
    pub(crate) fn open_terminal(&mut self) -> SocketAddr {
        self.city.open_terminal(&self.plan).unwrap();
        self.city.addresses.terminal.unwrap()
    }

    /// Starts the parties of account payment.
    pub(crate) fn open_upi(&mut self) {
        self.city.open_upi(&self.plan).unwrap();
    }

    /// Opens the city's console; a path that lets in once.
    pub(crate) fn open_console(&mut self, tape: Arc<Tape>) -> String {
        self.city.open_console(&self.plan, Some(tape)).unwrap()
    }

    /// Holds the phone against the city's own terminal, as soon as it waits for a card.
    pub(crate) fn tap_at_terminal(&self) {
        let how = Presentation {
            reader: self.city.addresses.reader.unwrap(),
            answer_to_reset: None,
            profile: Profile::Contactless,
            card: Some(self.token),
            taps: 1,
            watch: None,
        };
        // A terminal that waits for no card has no field: the phone finds nobody there.
        eventually("the phone is read", || {
            self.phone.present(&how, || self.phone.unlock(b"135790").ok(), |_| ()).is_ok_and(|taps| taps == 1)
        });
    }

    /// Holds the phone against a terminal of the city.
    pub(crate) fn tap(&self, amount: &str) -> Verdict {
        let folder = tempfile::tempdir().unwrap();
        let ends = Ends::unwatched("terminal", "acquirer");
        let line = TerminalLine::start(self.city.addresses.acquirer, server::city::pos(), ends).unwrap();
        let settings = Settings::new(folder.path(), DEMO_TERMINALS[0].configuration());
        let mut pos = Pos::open(settings, Arc::new(line), self.plan.clock.clone()).unwrap();
        let mut reader = ReaderEnd::listen("127.0.0.1:0").unwrap();
        let how = Presentation {
            reader: reader.address().unwrap(),
            answer_to_reset: None,
            profile: Profile::Contactless,
            card: Some(self.token),
            taps: 1,
            watch: None,
        };
        // Terminals of one day differ by their clock, as their trace numbers begin anew in a new folder.
        self.clock.advance(Duration::from_secs(61));
        std::thread::scope(|scope| {
            let phone = &self.phone;
            scope.spawn(move || phone.present(&how, || phone.unlock(b"135790").ok(), |_| ()));
            pos.sale(crate::street::yuan(amount), &mut reader).unwrap().verdict
        })
    }

    pub(crate) fn record(&self) -> Token {
        let reference = self.token.to_string().parse().unwrap();
        self.city.tokens.store().read(move |records| records.find::<Token>(&reference)).unwrap().unwrap()
    }

    pub(crate) fn number(&self) -> TokenNumber {
        self.record().number
    }

    pub(crate) fn standing(&self) -> Standing {
        self.record().standing
    }

    /// Waits until the platform has the token as expected.
    pub(crate) fn becomes(&self, what: &str, expected: impl Fn(&Standing) -> bool) {
        eventually(&format!("the token becomes {what}"), || expected(&self.standing()));
    }

    /// Waits for something that may need the next try of an outbox.
    pub(crate) fn in_time(&self, what: &str, mut done: impl FnMut() -> bool) {
        eventually(what, || {
            self.clock.advance(Duration::from_millis(200));
            done()
        });
    }
}

/// What the holder of a documented card types.
pub(crate) fn typed(number: &str) -> CardData {
    let card = test_cards().iter().find(|card| card.pan().expose() == number.as_bytes()).unwrap();
    let bank = sandbox::directory::Directory::sandbox().institution(&card.bank).unwrap();
    let cvv2 = IssuerKeys::sandbox(bank).cvv2(&card.pan(), card.expiry());
    CardData {
        pan: number.to_owned(),
        expiry: card.expiry().to_yymm(),
        cvv2: String::from_utf8_lossy(cvv2.expose()).into_owned(),
        phone: card.phone.clone(),
    }
}

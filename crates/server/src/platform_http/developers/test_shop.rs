//! The test shop: terminals and phones of a sandbox, kept by the platform so that a payment can be taken by a call.
//!
//! They are the terminal and the phone that `paiza pos` and `paiza phone` are, with journals, keys and records of their
//! own; a payment travels from one to the other as APDUs, then as ISO 8583 through acquirer, network, gateway and bank.

use crate::api::CardData;
use crate::client::ClientError;
use crate::hosts::telephone::Telephone;
use crate::iso::Ends;
use crate::phone::{Added, NewPhone, Phone, PhoneError, Presentation};
use crate::platform_http::problem::Trouble;
use crate::pos::{DEMO_TERMINALS, Ended, Pos, PosError, Settings, TerminalLine};
use crate::test_mode::Crossing;
use crate::vpcd::ReaderEnd;
use acquiring::records::Terminal;
use acquiring::{Merchant, TerminalId};
use crypto::passphrase::Work;
use sandbox::directory::Directory;
use sandbox::keys::IssuerKeys;
use sandbox::test_cards::{TestCard, test_cards};
use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::Clock;
use values::{Id, Money, id::kinds};
use wallet::card::Profile;
use wallet::keys::KEYS_LOW;

/// Where the shop finds the parties it is a customer of, and keeps its things.
#[derive(Clone)]
pub struct Place {
    /// Its folder.
    pub data: PathBuf,
    /// The platform's HTTP.
    pub platform: SocketAddr,
    /// The telephone network.
    pub telephone: SocketAddr,
    /// The acquirer's port for terminals.
    pub acquirer: SocketAddr,
    /// The one clock.
    pub clock: Arc<dyn Clock>,
    /// Where faults may strike what its terminals say.
    pub terminals: Option<Arc<Crossing>>,
}

/// A phone with its card.
struct CardPhone {
    phone: Phone,
    token: Id<kinds::Token>,
}

type Shelf<K, T> = Mutex<HashMap<K, Arc<Mutex<Option<T>>>>>;

/// The test shop.
pub(super) struct TestShop {
    place: Place,
    terminals: Shelf<TerminalId, Pos>,
    phones: Shelf<String, CardPhone>,
    busy: Mutex<HashSet<(Id<kinds::Merchant>, usize)>>,
    freed: Condvar,
}

/// So many lanes has a merchant's shop, each with a terminal.
const LANES: usize = 4;
/// Opens every phone of the shop.
const PASSCODE: &[u8] = b"135790";
/// How long a phone may take to appear at the reader, and a code to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// What lies on a shelf, made the first time. It is held as long as somebody works with it.
fn taken<K: std::hash::Hash + Eq + Clone, T>(shelf: &Shelf<K, T>, key: &K) -> Arc<Mutex<Option<T>>> {
    let mut shelf = shelf.lock().expect("no holder of this lock panics");
    Arc::clone(shelf.entry(key.clone()).or_default())
}

fn held<T>(place: &Mutex<T>) -> MutexGuard<'_, T> {
    // What a panic interrupted has records of its own and goes on from those.
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

impl TestShop {
    pub(super) fn at(place: Place) -> TestShop {
        TestShop {
            place,
            terminals: Mutex::default(),
            phones: Mutex::default(),
            busy: Mutex::default(),
            freed: Condvar::new(),
        }
    }

    /// Works in a lane of a merchant's shop, the first one in which nobody does: who comes one after another is served in
    /// the first lane, at the merchant's first terminal.
    pub(super) fn with_free_lane<A>(
        &self,
        merchant: Id<kinds::Merchant>,
        work: impl FnOnce(usize) -> Result<A, Trouble>,
    ) -> Result<A, Trouble> {
        struct Taken<'a>(&'a TestShop, (Id<kinds::Merchant>, usize));
        impl Drop for Taken<'_> {
            fn drop(&mut self) {
                held(&self.0.busy).remove(&self.1);
                self.0.freed.notify_all();
            }
        }
        let mut busy = held(&self.busy);
        let lane = loop {
            match (0..LANES).find(|lane| !busy.contains(&(merchant, *lane))) {
                Some(lane) => break lane,
                None => busy = self.freed.wait(busy).unwrap_or_else(PoisonError::into_inner),
            }
        };
        busy.insert((merchant, lane));
        drop(busy);
        let taken = Taken(self, (merchant, lane));
        work(taken.1.1)
    }

    /// Works with a terminal, which is nobody else's meanwhile.
    pub(super) fn with_terminal<A>(
        &self,
        terminal: &Terminal,
        merchant: &Merchant,
        work: impl FnOnce(&mut Pos) -> Result<A, Trouble>,
    ) -> Result<A, Trouble> {
        let place = taken(&self.terminals, &terminal.id);
        let mut pos = held(&place);
        if pos.is_none() {
            *pos = Some(self.open_terminal(terminal, merchant).map_err(not_taken)?);
        }
        work(pos.as_mut().expect("it was opened just now"))
    }

    fn open_terminal(&self, terminal: &Terminal, merchant: &Merchant) -> Result<Pos, PosError> {
        let mut configuration = DEMO_TERMINALS[0].configuration();
        configuration.merchant.name = merchant.name.clone();
        configuration.merchant.id = merchant.acceptor.to_string();
        configuration.merchant.category = merchant.category;
        configuration.device.id = terminal.id.to_string();
        configuration.device.serial = terminal.id.to_string();
        let folder = self.place.data.join(format!("terminal-{}", hex::encode(terminal.id.as_str())));
        let crossing = self.place.terminals.clone();
        let ends = Ends { crossing, ..Ends::unwatched("terminal", "acquirer") };
        let line = TerminalLine::start(self.place.acquirer, crate::city::pos(), ends);
        let line = line.map_err(|error| PosError::Directory { path: folder.clone(), error })?;
        Pos::open(Settings::new(&folder, configuration), Arc::new(line), Arc::clone(&self.place.clock))
    }

    /// Holds the phone with this test card against the terminal's reader while the terminal takes a payment.
    pub(super) fn tap(
        &self,
        card: &'static TestCard,
        pos: &mut Pos,
        amount: Money,
        take: fn(&mut Pos, Money, &mut ReaderEnd) -> Result<Ended, PosError>,
    ) -> Result<Ended, Trouble> {
        let place = taken(&self.phones, &String::from_utf8_lossy(card.pan().expose()).into_owned());
        let mut phone = held(&place);
        if phone.is_none() {
            *phone = Some(self.open_phone(card).map_err(|error| no_phone(&error))?);
        }
        let CardPhone { phone, token } = phone.as_ref().expect("it was opened just now");
        let keys_left = || phone.counter(*token).map_or(0, |counter| counter.keys_left);
        // One that died again and again before it fetched new keys has none: whoever holds it goes online first.
        if keys_left() == 0 {
            phone.sync().map_err(|_| Trouble::unavailable())?;
        }
        let mut reader = ReaderEnd::listen("127.0.0.1:0").map_err(|_| Trouble::unavailable())?;
        reader.give_up_after(PATIENCE).map_err(|_| Trouble::unavailable())?;
        let how = Presentation {
            reader: reader.address().map_err(|_| Trouble::unavailable())?,
            answer_to_reset: None,
            profile: Profile::Contactless,
            card: Some(*token),
            taps: 1,
            watch: None,
        };
        let (ended, presented) = std::thread::scope(|scope| {
            let tapping = scope.spawn(|| phone.present(&how, || phone.unlock(PASSCODE).ok(), |_| ()));
            let ended = take(pos, amount, &mut reader);
            // A phone that still waits for a reader hears that there is none.
            drop(reader);
            (ended, tapping.join())
        });
        if let Ok(Err(error)) = presented {
            tracing::info!(%error, "the phone of the test shop left the field early");
        }
        // New keys in time for a later tap; without them this tap stands all the same.
        if keys_left() < KEYS_LOW
            && let Err(error) = phone.sync()
        {
            tracing::info!(%error, "the phone of the test shop fetched no keys");
        }
        ended.map_err(not_taken)
    }

    fn open_phone(&self, card: &'static TestCard) -> Result<CardPhone, PhoneError> {
        let number = String::from_utf8_lossy(card.pan().expose()).into_owned();
        let name = hex::encode(&crypto::hash::sha256(number.as_bytes())[..8]);
        let folder = self.place.data.join(format!("phone-{name}"));
        let clock = Arc::clone(&self.place.clock);
        let mut phone = if folder.join("phone.json").exists() {
            Phone::open(&folder, clock, None)?
        } else {
            let new = NewPhone {
                directory: &folder,
                // A subscriber of its own for each card, so that nobody's wallet fills with cards of the shop.
                number: &format!("+86199{}", &number[number.len() - 8..]),
                name: "Test shop",
                platform: &self.place.platform.to_string(),
                telephone: self.place.telephone,
                passcode: PASSCODE,
                work: Work::TEST,
                watch: None,
            };
            Phone::set_up(&new, clock)?.0
        };
        if let Some(card) = phone.cards()?.0.first() {
            let token = card.token;
            return Ok(CardPhone { phone, token });
        }
        let unknown = || PhoneError::Refused("the card's bank is not known".to_owned());
        let bank = Directory::sandbox().institution(&card.bank).ok_or_else(unknown)?;
        let cvv2 = IssuerKeys::sandbox(bank).cvv2(&card.pan(), card.expiry());
        let typed = CardData {
            pan: number,
            expiry: card.expiry().to_yymm(),
            cvv2: String::from_utf8_lossy(cvv2.expose()).into_owned(),
            phone: card.phone.clone(),
        };
        let telephone = Telephone::at(self.place.telephone, None);
        let seen = telephone.inbox(&card.phone, 0).map_or(0, |texts| texts.len() as u32);
        // The code goes to the number the bank knows; its subscriber reads it out to the shop.
        let mut ask = |_: &str| code_in(&telephone, &card.phone, seen);
        match phone.add_card(&typed, Some(&mut ask))? {
            Added::Active(token) => Ok(CardPhone { phone, token }),
            Added::Declined { reason } => Err(PhoneError::Refused(format!("the bank said no: {reason}"))),
        }
    }
}

/// The first six digits of a text that came after so many.
fn code_in(telephone: &Telephone, number: &str, seen: u32) -> Option<String> {
    let until = std::time::Instant::now() + PATIENCE;
    loop {
        let texts = telephone.inbox(number, seen).ok()?;
        let code = texts.iter().find_map(|(_, text)| {
            let digits = |part: &&str| part.len() == 6 && part.bytes().all(|byte| byte.is_ascii_digit());
            text.text.split(|letter: char| !letter.is_ascii_digit()).find(digits).map(str::to_owned)
        });
        if code.is_some() || std::time::Instant::now() > until {
            return code;
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// The test card with these last four digits.
pub(super) fn test_card(last_four: &str) -> Option<&'static TestCard> {
    let mut found = test_cards().iter().filter(|card| card.pan().expose().ends_with(last_four.as_bytes()));
    let (first, second) = (found.next(), found.next());
    first.filter(|_| second.is_none())
}

/// A bank's no is the end; whatever else is in the way may be gone the next time.
fn no_phone(error: &PhoneError) -> Trouble {
    tracing::info!(%error, "the test shop has no phone with this card");
    let for_good = match error {
        PhoneError::Refused(_) => true,
        PhoneError::Client(ClientError::Problem(problem)) => !problem.retryable,
        _ => false,
    };
    if for_good {
        let detail = "The bank did not let this card be added to a phone.";
        Trouble::of("card_not_presented", detail).at("/test_card")
    } else {
        Trouble::unavailable()
    }
}

pub(super) fn not_taken(error: PosError) -> Trouble {
    match error {
        PosError::Refused(refusal) => {
            let code = match refusal {
                crate::pos::records::Refusal::UnknownPayment
                | crate::pos::records::Refusal::AnotherTerminal => "payment_at_terminal",
                crate::pos::records::Refusal::NotPossible | crate::pos::records::Refusal::BatchClosed => {
                    "payment_not_open"
                }
            };
            Trouble::of(code, &format!("Not done: {refusal}."))
        }
        PosError::Reader(_) => Trouble::of("card_not_presented", "No card answered at the reader."),
        PosError::AcquirerRefused { code, .. } => {
            Trouble::of("payment_refused", &format!("The acquirer said {code}: {}.", code.meaning()))
        }
        PosError::Store(error) => error.into(),
        other => {
            tracing::warn!(error = %other, "the test shop's terminal does not work");
            Trouble::unavailable()
        }
    }
}

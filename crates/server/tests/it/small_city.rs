//! A whole city at free ports, with one phone that holds one card.

use crate::street::{NOW, eventually};
use crypto::passphrase::Work;
use sandbox::keys::IssuerKeys;
use sandbox::test_cards::test_cards;
use server::api::CardData;
use server::city::{City, Plan, Ports};
use server::phone::{Added, NewPhone, Phone};
use std::net::SocketAddr;
use std::sync::Arc;
use store::TestClock;
use tokens::records::{Standing, Token};
use values::{Id, Records, TokenNumber, id::kinds};

pub(crate) struct SmallCity {
    pub(crate) city: City,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) phone: Phone,
    pub(crate) token: Id<kinds::Token>,
    _folder: tempfile::TempDir,
}

impl SmallCity {
    pub(crate) fn new() -> SmallCity {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock::at(NOW));
        let plan =
            Plan { ports: Ports::Free, ..Plan::documented(&folder.path().join("city"), clock.clone()) };
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
        let (mut phone, _) = Phone::set_up(&new, clock.clone()).unwrap();
        let Added::Active(token) = phone.add_card(&typed(crate::street::CARD), None).unwrap() else {
            panic!("the card was not added")
        };
        SmallCity { city, clock, phone, token, _folder: folder }
    }

    pub(crate) fn desk(&self, of: &str) -> SocketAddr {
        self.city.addresses.desks.iter().find(|(name, _)| name == of).unwrap().1
    }

    fn record(&self) -> Token {
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

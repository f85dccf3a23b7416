//! A city with every screen, at free ports.

use crate::browser::{Browser, by_name};
use crate::journey::Plastic;
use crypto::passphrase::Work;
use fantoccini::Locator;
use psp::mandates::records::{Mandate, MandateSide};
use server::city::{City, Plan, Ports};
use server::console::tape::Tape;
use server::upi::phone::{NewUpiPhone, UpiPhone};
use std::net::SocketAddr;
use std::sync::Arc;
use store::{Clock, SystemClock};
use upi::mandate::{AmountRule, Day, DayRule, Pattern, Recurrence, Terms};
use values::Records;

/// The first card of the Bank of China (sandbox), which its bank adds at once for its own number.
pub(crate) const FIRST: Plastic = Plastic { number: "6216600100000000016", expiry: "1230", security: "811" };
/// The passcode of the second phone.
pub(crate) const SECOND_CODE: &str = "246813";

/// A party's door, and the pages behind it that can be opened at once.
pub(crate) struct Door {
    pub(crate) name: &'static str,
    pub(crate) at: SocketAddr,
    pub(crate) pages: Vec<String>,
    /// More of a kind that is among the pages, of which one look is enough.
    pub(crate) glances: Vec<String>,
}

pub(crate) struct House {
    pub(crate) city: City,
    /// Let the operators in at the console, once each: name and link.
    pub(crate) links: Vec<(String, String)>,
    _folder: tempfile::TempDir,
}

/// What is there of accounts: the path of a payment's page, a request for money, a bill that was paid, by their
/// transactions, a bill that is shared, and the path of a mandate that a merchant asks
/// for.
pub(crate) struct ByAccount {
    pub(crate) paid: String,
    pub(crate) request: String,
    pub(crate) bill: String,
    pub(crate) split: String,
    pub(crate) mandate: String,
}

impl House {
    pub(crate) fn open() -> House {
        let folder = tempfile::tempdir().unwrap();
        let tape = Tape::start(Arc::new(SystemClock)).unwrap();
        let documented = Plan::sandbox(folder.path(), Arc::new(SystemClock)).unwrap();
        let plan = Plan { ports: Ports::Free, watch: Some(tape.clone()), ..documented };
        let mut city = City::start(&plan).unwrap();
        city.open_terminal(&plan).unwrap();
        city.open_upi(&plan).unwrap();
        city.open_phones(&plan, Work::TEST).unwrap();
        city.open_console(&plan, Some(tape)).unwrap();
        let links = city.console_links().unwrap();
        city.welcome(&[
            "paiza phone new --data my-phone --phone +8613900000001",
            "paiza pos sale --amount 12.50",
        ]);
        House { city, links, _folder: folder }
    }

    pub(crate) fn phone(&self, place: usize) -> SocketAddr {
        self.city.addresses.phones[place]
    }

    pub(crate) fn terminal(&self) -> SocketAddr {
        self.city.addresses.terminal.unwrap()
    }

    pub(crate) fn console(&self) -> SocketAddr {
        self.city.addresses.console.unwrap()
    }

    /// Somebody else with an account, at `ravi@paiza`; they are there as long as their folder is.
    pub(crate) fn payee(&self) -> tempfile::TempDir {
        self.person("+919800000002", "BNYN", "ravi@paiza").1
    }

    /// A merchant at `chai@paiza` who asks `asha@paiza` for money, and the request; they are there as long as their folder is.
    pub(crate) fn merchant_asks(&self) -> (String, tempfile::TempDir) {
        let (phone, folder) = self.person("+919800000005", "BNYN", "chai@paiza");
        phone.become_merchant("Chai Corner", "5814").unwrap();
        let amount = values::Money::parse("30.00", values::Currency::INR).unwrap();
        let asked = phone.collect("asha@paiza", amount, Some("two chai"), 600).unwrap();
        (asked.payment.id, folder)
    }

    fn person(&self, number: &str, bank: &str, address: &str) -> (UpiPhone, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let new = NewUpiPhone {
            directory: folder.path(),
            number,
            provider: self.city.upi().unwrap().psp_at,
            telephone: self.city.addresses.telephone,
            watch: None,
        };
        let phone = UpiPhone::register(&new, Arc::new(SystemClock)).unwrap();
        let (question, accounts) = phone.accounts(bank).unwrap();
        phone.link(&question, &accounts[0].reference).unwrap();
        phone.make_address(address, "").unwrap();
        (phone, folder)
    }

    /// A merchant at `chai@paiza` asks this payer for a mandate; the page on which that is decided.
    pub(crate) fn mandate_asked_of(&self, payer: &str) -> String {
        let (phone, _folder) = self.person("+919800000005", "BNYN", "chai@paiza");
        phone.become_merchant("Chai Corner", "5814").unwrap();
        let asked = phone.request_mandate(payer, &tea_club(), 1440).unwrap().mandate.id;
        let store = self.city.upi().unwrap().service.store();
        let came = || {
            let key = (asked.clone(), MandateSide::Payer);
            store.read(move |records| records.find::<Mandate>(&key).is_some()).unwrap()
        };
        while !came() {
            std::thread::yield_now();
        }
        format!("/upi/mandates/{asked}")
    }

    /// What the same merchant shows to whoever wants to be debited so.
    pub(crate) fn mandate_link(&self) -> String {
        tea_club().link("Chai Corner").unwrap().text().to_owned()
    }

    /// The origins of every door, under both of their names.
    pub(crate) fn origins(&self) -> Vec<String> {
        let addresses = &self.city.addresses;
        let doors = [addresses.platform, self.terminal(), self.console()];
        let doors = doors.iter().chain(&addresses.phones);
        doors.flat_map(|at| [by_name(*at), format!("http://{at}")]).collect()
    }

    /// Every door, as it stands after one sale was paid by `card`, a page of a card on the first phone, and another payment by
    /// account, and with what else is there of accounts (`by_account`), and after one operator asked for something at the console.
    pub(crate) async fn doors(&self, browser: &Browser, card: &str, by_account: &ByAccount) -> Vec<Door> {
        let token = card.trim_start_matches("/cards/");
        let paid = linked(browser, self.terminal(), "/payments", "/payments/").await.swap_remove(0);
        let filled = |page: &&str| {
            let page = page.replace("/payments/{payment}", &paid).replace("{token}", token);
            let page = page.replace("{counter}", "1").replace("{place}", "1");
            let page = page.replace("/upi/mandates/{mandate}", &by_account.mandate);
            let page = page.replace("{request}", &by_account.request).replace("{bill}", &by_account.bill);
            let page = page.replace("{split}", &by_account.split);
            page.replace("/upi/payments/{transaction}", &by_account.paid)
        };
        let mut platform: Vec<String> =
            ["/", "/styleguide", "/lost-phone", "/reference", "/problems"].map(str::to_owned).into();
        // The operations of the reference are one screen with other words: every ninth is looked at in every way, the
        // others once.
        let operations = linked(browser, self.city.addresses.platform, "/reference", "/reference/").await;
        let (sample, others): (Vec<_>, Vec<_>) =
            operations.into_iter().enumerate().partition(|(place, _)| place % 9 == 0);
        platform.extend(sample.into_iter().map(|(_, page)| page));
        let glances = others.into_iter().map(|(_, page)| page).collect();
        // First those that lock themselves while nobody is there.
        vec![
            Door {
                name: "phone",
                at: self.phone(0),
                pages: server::phone_door::PAGES.iter().map(filled).collect(),
                glances: Vec::new(),
            },
            Door {
                name: "console",
                at: self.console(),
                pages: self.console_pages(browser).await,
                glances: Vec::new(),
            },
            Door {
                name: "terminal",
                at: self.terminal(),
                pages: server::till::door::PAGES.iter().map(filled).collect(),
                glances: Vec::new(),
            },
            Door { name: "start", at: self.city.addresses.platform, pages: platform, glances },
        ]
    }

    async fn console_pages(&self, browser: &Browser) -> Vec<String> {
        let mut pages: Vec<String> =
            server::console::door::PAGES.iter().map(|page| (*page).to_owned()).collect();
        for (hole, list, path) in [
            ("{payment}", "/payments", "/payments/"),
            ("{transaction}", "/account-payments", "/account-payments/"),
            ("{proposal}", "/proposals", "/proposals/"),
            ("{token}", "/tokens", "/subject?kind=token&name="),
            ("{device}", "/devices", "/subject?kind=device&name="),
            ("{merchant}", "/merchants", "/subject?kind=merchant&name="),
            ("{operator}", "/operators", "/subject?kind=operator&name=opr"),
        ] {
            let link = linked(browser, self.console(), list, path).await.swap_remove(0);
            let name = link.rsplit(['/', '=']).next().unwrap();
            pages.iter_mut().for_each(|page| *page = page.replace(hole, name));
        }
        pages
    }
}

/// Where the links of a page lead that begin like this, each once.
async fn linked(browser: &Browser, at: SocketAddr, page: &str, path: &str) -> Vec<String> {
    browser.client.goto(&format!("{}{page}", by_name(at))).await.unwrap();
    let mut found = Vec::new();
    for link in browser.client.find_all(Locator::Css(&format!("a[href^='{path}']"))).await.unwrap() {
        let leads = link.attr("href").await.unwrap().unwrap();
        if !found.contains(&leads) {
            found.push(leads);
        }
    }
    assert!(!found.is_empty(), "{page} leads nowhere at {path}");
    found
}

/// What a merchant at `chai@paiza` wants to debit from month to month.
fn tea_club() -> Terms {
    let today = Day::of(SystemClock.now());
    Terms {
        name: "Tea club".to_owned(),
        payee: "chai@paiza".to_owned(),
        category: "5814".to_owned(),
        paise: 49_900,
        amount_rule: AmountRule::Max,
        recurrence: Recurrence { pattern: Pattern::Monthly, rule: Some((5, DayRule::On)) },
        starts: today,
        ends: today.plus(365),
        revocable: true,
        blocks: false,
    }
}

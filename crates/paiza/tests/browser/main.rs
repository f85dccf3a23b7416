//! The screens in a real browser: every page of every door, in each language and theme, at four widths.
//!
//! Needs the packages `chromium`, `chromium-driver` and the npm package `axe-core`. Without them it says what is missing and
//! is passed over, unless `CI` or `PAIZA_REQUIRE_ALL` is set. Pictures of what was seen lie in `target/screens`.

mod browser;
mod journey;

use browser::{Browser, Look, Tools, root};
use crypto::passphrase::Work;
use fantoccini::Locator;
use journey::{Person, Plastic, Way};
use serde_json::json;
use server::city::{City, Plan, Ports};
use server::console::tape::Tape;
use std::net::SocketAddr;
use std::sync::Arc;
use store::SystemClock;

const WIDTHS: [u32; 4] = [320, 390, 768, 1280];
/// A picture is kept of a phone and of a desk.
const PICTURED: [u32; 2] = [390, 1280];
const THEMES: [&str; 2] = ["light", "dark"];
const LANGUAGES: [&str; 3] = ["en", "hi", "zh"];

/// A party's door, and the pages behind it that can be opened at once.
struct Door {
    name: &'static str,
    at: SocketAddr,
    pages: Vec<String>,
}

/// The first card of the Bank of China (sandbox), which its bank adds at once for its own number.
const FIRST: Plastic = Plastic { number: "6216600100000000016", expiry: "1230", security: "811" };

struct House {
    city: City,
    /// Lets an operator in at the console, once.
    link: String,
    _folder: tempfile::TempDir,
}

impl House {
    fn open() -> House {
        let folder = tempfile::tempdir().unwrap();
        let tape = Tape::start(Arc::new(SystemClock)).unwrap();
        let documented = Plan::documented(folder.path(), Arc::new(SystemClock));
        let plan = Plan { ports: Ports::Free, watch: Some(tape.clone()), ..documented };
        let mut city = City::start(&plan).unwrap();
        city.open_terminal(&plan).unwrap();
        city.open_phones(&plan, Work::TEST).unwrap();
        let link = city.open_console(&plan, Some(tape)).unwrap();
        city.welcome(&[
            "paiza phone new --data my-phone --phone +8613900000001",
            "paiza pos sale --amount 12.50",
        ]);
        House { city, link, _folder: folder }
    }

    fn phone(&self, place: usize) -> SocketAddr {
        self.city.addresses.phones[place]
    }

    fn terminal(&self) -> SocketAddr {
        self.city.addresses.terminal.unwrap()
    }

    fn console(&self) -> SocketAddr {
        self.city.addresses.console.unwrap()
    }

    /// Every door; `card` is a page of a card on the first phone that has paid once, `payment` that payment's page at the
    /// terminal, `flowing` its name at the console.
    fn doors(&self, card: &str, payment: &str, flowing: &str) -> Vec<Door> {
        let token = card.trim_start_matches("/cards/");
        let filled = |page: &&str| {
            page.replace("/payments/{payment}", payment).replace("{token}", token).replace("{counter}", "1")
        };
        let at_console = |page: &&str| page.replace("{payment}", flowing);
        let console = server::console::door::PAGES.iter().map(at_console).collect();
        let platform = ["/", "/styleguide", "/lost-phone"];
        vec![
            Door {
                name: "start",
                at: self.city.addresses.platform,
                pages: platform.iter().map(filled).collect(),
            },
            Door {
                name: "terminal",
                at: self.terminal(),
                pages: server::till::door::PAGES.iter().map(filled).collect(),
            },
            Door {
                name: "phone",
                at: self.phone(0),
                pages: server::phone_door::PAGES.iter().map(filled).collect(),
            },
            Door { name: "console", at: self.console(), pages: console },
            Door { name: "new-phone", at: self.phone(1), pages: vec!["/welcome".to_owned()] },
        ]
    }
}

fn file_name(page: &str) -> String {
    let name: String = page.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    if name == "-" { "home".to_owned() } else { name.trim_matches('-').to_owned() }
}

/// Everything that is wrong with a page as it is looked at now.
async fn wrongs(browser: &Browser, tools: &Tools, own: &[String]) -> Vec<String> {
    let mut wrong = browser.barriers(&tools.axe).await;
    let (wider, origins) = browser.measures().await;
    if wider > 0 {
        wrong.push(format!("{wider} pixels wider than the window"));
    }
    wrong.extend(
        origins.into_iter().filter(|origin| !own.contains(origin)).map(|origin| format!("asked {origin}")),
    );
    wrong.extend(browser.complaints().await);
    wrong
}

/// Sees every page of every door in every way, with a picture of each; what is wrong with them.
async fn see_everything(browser: &Browser, tools: &Tools, doors: &[Door]) -> Vec<String> {
    let own: Vec<String> = doors.iter().map(|door| format!("http://{}", door.at)).collect();
    let pictures = root().join("target/screens");
    std::fs::create_dir_all(&pictures).unwrap();
    let mut wrong = Vec::new();
    for door in doors {
        for page in &door.pages {
            let address = format!("http://{}{page}", door.at);
            for language in LANGUAGES {
                let kept = json!({ "name": "paiza-language", "value": language, "url": address });
                browser.tell("Network.setCookie", kept).await;
                browser.client.goto(&address).await.unwrap();
                for theme in THEMES {
                    for width in WIDTHS {
                        browser.look(Look { width, theme }).await;
                        let seen = format!("{}-{}-{language}-{theme}-{width}", door.name, file_name(page));
                        let found = wrongs(browser, tools, &own).await;
                        wrong.extend(found.into_iter().map(|wrong| format!("{seen}: {wrong}")));
                        if PICTURED.contains(&width) {
                            let picture = browser.client.screenshot().await.unwrap();
                            std::fs::write(pictures.join(seen + ".png"), picture).unwrap();
                        }
                    }
                }
            }
        }
    }
    wrong
}

/// The page of the last payment at a door that lists payments.
async fn last_payment(browser: &Browser, at: SocketAddr) -> String {
    browser.client.goto(&format!("http://{at}/payments")).await.unwrap();
    let link = browser.client.find(Locator::Css("main a[href^='/payments/']")).await.expect("a payment");
    link.attr("href").await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_by_keyboard_alone_and_every_page_for_everybody() {
    let Some(tools) = Tools::find() else { return };
    let house = House::open();
    let browser = Browser::start().await;
    browser.look(Look { width: 390, theme: "light" }).await;
    let person = Person { browser: &browser, way: Way::Keyboard };
    person.set_up(house.phone(0)).await;
    let card = person.add(house.phone(0), &FIRST).await;
    person.ask(house.terminal(), "1250").await;
    assert_eq!(person.tap(house.phone(0)).await, "Paid");
    let payment = last_payment(&browser, house.terminal()).await;
    person.enter(&house.link).await;
    let flowing = last_payment(&browser, house.console()).await;
    let doors = house.doors(&card, &payment, flowing.trim_start_matches("/payments/"));
    let wrong = see_everything(&browser, &tools, &doors).await;
    assert!(wrong.is_empty(), "{} wrongs:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_by_mouse() {
    let Some(_tools) = Tools::find() else { return };
    let house = House::open();
    let browser = Browser::start().await;
    browser.look(Look { width: 1280, theme: "dark" }).await;
    let person = Person { browser: &browser, way: Way::Mouse };
    person.set_up(house.phone(0)).await;
    person.add(house.phone(0), &FIRST).await;
    person.ask(house.terminal(), "300").await;
    assert_eq!(person.tap(house.phone(0)).await, "Paid");
    let said = browser.complaints().await;
    assert!(said.is_empty(), "{said:?}");
}

//! One journey, from a phone out of its box to a payment, by mouse or by keyboard alone.

use crate::browser::{Browser, by_name};
use fantoccini::Locator;
use fantoccini::elements::Element;
use fantoccini::key::Key;
use serde_json::json;
use std::net::SocketAddr;
use std::path::Path;

/// With what somebody works the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Mouse,
    Keyboard,
}

pub(crate) const PASSCODE: &str = "135790";
/// No page has so many places to stop at.
const STOPS_MOST: usize = 80;

/// Somebody at a browser.
pub(crate) struct Person<'a> {
    pub(crate) browser: &'a Browser,
    pub(crate) way: Way,
}

/// What is typed to add a card.
pub(crate) struct Plastic {
    pub(crate) number: &'static str,
    pub(crate) expiry: &'static str,
    pub(crate) security: &'static str,
}

impl Person<'_> {
    pub(crate) async fn open(&self, at: SocketAddr, path: &str) {
        self.browser.client.goto(&format!("{}{path}", by_name(at))).await.unwrap();
    }

    /// Goes to a place of the page: with the mouse at once, with the keyboard from stop to stop.
    async fn reach(&self, place: &str) {
        let client = &self.browser.client;
        let element = self.wait_for(place).await;
        if self.way == Way::Mouse {
            return element.click().await.unwrap_or_else(|error| panic!("{place}: {error}"));
        }
        let here =
            format!("return document.activeElement !== null && document.activeElement.matches({place:?})");
        for _ in 0..STOPS_MOST {
            if client.execute(&here, Vec::new()).await.unwrap() == true {
                return;
            }
            self.tab().await;
        }
        panic!("the keyboard does not lead to {place}");
    }

    /// Goes on to the next stop. Through the browser's tools: what is sent to a file field is taken for the name of a file.
    async fn tab(&self) {
        for kind in ["rawKeyDown", "keyUp"] {
            let key = json!({ "type": kind, "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9 });
            self.browser.tell("Input.dispatchKeyEvent", key).await;
        }
    }

    /// Presses a button or follows a link, and waits until the page it leads to is there.
    pub(crate) async fn press(&self, place: &str) {
        self.browser
            .client
            .execute("document.documentElement.dataset.before = ''", Vec::new())
            .await
            .unwrap();
        self.press_here(place).await;
        self.browser.client.wait().for_element(Locator::Css("html:not([data-before])")).await.unwrap();
    }

    /// Presses what changes the page without leaving it.
    pub(crate) async fn press_here(&self, place: &str) {
        self.reach(place).await;
        if self.way == Way::Keyboard {
            self.keys(&String::from(char::from(Key::Enter))).await;
        }
    }

    /// Chooses the last of several: the keyboard stops at the one that is chosen, and goes on from there by the arrows.
    pub(crate) async fn choose_last(&self, name: &str, value: &str) {
        let place = format!("input[name='{name}'][value='{value}']");
        match self.way {
            Way::Mouse => self.reach(&place).await,
            Way::Keyboard => {
                self.reach(&format!("input[name='{name}']:checked")).await;
                self.keys(&String::from(char::from(Key::Up))).await;
                self.wait_for(&format!("{place}:checked")).await;
            }
        }
    }

    async fn keys(&self, keys: &str) {
        self.browser.client.active_element().await.unwrap().send_keys(keys).await.unwrap();
    }

    /// Types into a field, over what stood there.
    pub(crate) async fn fill(&self, field: &str, text: &str) {
        self.reach(field).await;
        self.browser.client.execute("document.activeElement.select()", Vec::new()).await.unwrap();
        self.keys(text).await;
    }

    /// Where somebody is and what stands there, for whoever reads why a journey ended.
    async fn seen(&self) -> String {
        let seen =
            self.browser.client.execute("return location.href + '\\n' + document.body.innerText", Vec::new());
        seen.await.unwrap().as_str().unwrap_or_default().to_owned()
    }

    pub(crate) async fn text(&self, place: &str) -> String {
        self.wait_for(place).await.text().await.unwrap()
    }

    /// What stands at a place, once it is there.
    pub(crate) async fn wait_for(&self, place: &str) -> Element {
        let element = self.browser.client.wait().for_element(Locator::Css(place)).await;
        let Ok(element) = element else { panic!("no {place}: {}", self.seen().await) };
        element
    }

    /// From the box to a bound phone, with its passcode alone.
    pub(crate) async fn set_up(&self, phone: SocketAddr) {
        self.bind(phone).await;
        self.press(".bottom button.act").await;
    }

    /// From the box to a bound phone, with a passkey beside its passcode.
    pub(crate) async fn set_up_with_passkey(&self, phone: SocketAddr) {
        self.bind(phone).await;
        self.press(".bottom button[name='then']").await;
        self.fill("#passcode", PASSCODE).await;
        self.press("form[data-passkey] button").await;
        self.wait_for("form[action='/you/passkey/remove']").await;
    }

    /// From the box to the page with the recovery code.
    async fn bind(&self, phone: SocketAddr) {
        self.open(phone, "/").await;
        self.fill("#name", "A phone").await;
        self.press(".bottom button").await;
        self.fill("#passcode", PASSCODE).await;
        self.fill("#again", PASSCODE).await;
        self.press(".bottom button").await;
        let code = self.code().await;
        self.fill("#code", &code).await;
        self.press(".bottom button").await;
        self.text(".recovery").await;
    }

    /// Opens the phone with its passcode, whether or not it has locked itself.
    pub(crate) async fn unlock(&self, phone: SocketAddr) {
        self.open(phone, "/unlock").await;
        if self.browser.client.find(Locator::Css("#passcode")).await.is_err() {
            // It leads home: it is open still.
            return;
        }
        self.fill("#passcode", PASSCODE).await;
        self.press(".bottom button.key[form], .bottom .plain-submit").await;
    }

    /// Closes the phone, and opens it with the passkey.
    pub(crate) async fn unlock_by_passkey(&self, phone: SocketAddr) {
        self.open(phone, "/you").await;
        self.press("form[action='/lock'] button").await;
        self.press("form[action='/unlock/passkey'] button").await;
        self.wait_for("a[href='/you']").await;
    }

    /// The code in the message on top of the page; the page is asked for again until it has come.
    pub(crate) async fn code(&self) -> String {
        self.code_at("/welcome/code").await
    }

    /// The same on the page at this path.
    pub(crate) async fn code_at(&self, path: &str) -> String {
        for _ in 0..STOPS_MOST {
            let banner = self.browser.client.find(Locator::Css(".banner.plain p")).await;
            if let Ok(banner) = banner {
                let text = banner.text().await.unwrap();
                let mut runs = text.split(|c: char| !c.is_ascii_digit());
                return runs.rfind(|run| run.len() == 6).expect("six digits").to_owned();
            }
            self.press(&format!("a[href='{path}']")).await;
        }
        panic!("no message came");
    }

    /// Adds a card that its bank takes at once; the card's page on the phone.
    pub(crate) async fn add(&self, phone: SocketAddr, card: &Plastic) -> String {
        self.open(phone, "/").await;
        self.press("a[href='/cards/new']").await;
        self.fill("#number", card.number).await;
        self.fill("#expiry", card.expiry).await;
        self.fill("#security", card.security).await;
        self.press(".bottom button").await;
        let link =
            self.browser.client.wait().for_element(Locator::Css(".under a[href^='/cards/']")).await.unwrap();
        let page = link.attr("href").await.unwrap().unwrap();
        self.press(".bottom a").await;
        page
    }

    /// Types an amount at the terminal and asks for a card.
    pub(crate) async fn ask(&self, terminal: SocketAddr, digits: &str) {
        self.type_amount(terminal, digits).await;
        self.press_here("form[action='/sale'] [data-enter]").await;
        self.text("#instruct").await;
    }

    async fn type_amount(&self, terminal: SocketAddr, digits: &str) {
        self.open(terminal, "/").await;
        for (place, digit) in digits.char_indices() {
            match self.way {
                Way::Mouse => self.press_here(&format!("button[name=key][value='{digit}']")).await,
                Way::Keyboard => self.keys(&digit.to_string()).await,
            }
            // Each key puts a new keypad in place of the old one.
            let typed = format!("input[name=typed][value='{}']", &digits[..=place]);
            self.wait_for(&typed).await;
        }
    }

    /// Opens the phone's page of codes.
    async fn open_codes(&self, phone: SocketAddr) {
        self.open(phone, "/").await;
        self.press("a[href='/code']").await;
    }

    /// Has the phone show a code; what it says.
    pub(crate) async fn show_code(&self, phone: SocketAddr) -> String {
        self.open_codes(phone).await;
        self.press("form[action='/code/show'] button").await;
        self.fill("#passcode", PASSCODE).await;
        self.press(".bottom button.key[form], .bottom .plain-submit").await;
        self.spelt().await
    }

    /// The code on the screen, as text.
    async fn spelt(&self) -> String {
        self.press_here(".spell summary").await;
        self.text(".spell .code").await
    }

    /// Opens the terminal's page on which a customer's code is scanned.
    pub(crate) async fn open_scan(&self, terminal: SocketAddr, digits: &str) {
        self.type_amount(terminal, digits).await;
        self.press("a[href^='/scan']").await;
    }

    /// Has the terminal charge what a hand scanner typed; what it says then.
    pub(crate) async fn charge_code(&self, terminal: SocketAddr, digits: &str, code: &str) -> String {
        self.open_scan(terminal, digits).await;
        self.fill("#code", code).await;
        self.press_here("form.scan button:not([type='button'])").await;
        self.text(".outcome h1").await
    }

    /// Has the terminal charge the code in a photograph; what it says then.
    pub(crate) async fn charge_picture(&self, terminal: SocketAddr, digits: &str, picture: &Path) -> String {
        self.open_scan(terminal, digits).await;
        self.wait_for("#picture").await.send_keys(picture.to_str().unwrap()).await.unwrap();
        self.press_here("form.scan button:not([type='button'])").await;
        self.text(".outcome h1").await
    }

    /// Has the terminal show a code for an amount; what it says.
    pub(crate) async fn offer(&self, terminal: SocketAddr, digits: &str) -> String {
        self.type_amount(terminal, digits).await;
        self.press_here("form[action='/code'] button").await;
        self.spelt().await
    }

    /// Scans a shop's code with the phone, and sees whom it pays.
    pub(crate) async fn scan(&self, phone: SocketAddr, code: &str) {
        self.open_codes(phone).await;
        self.fill("#code", code).await;
        self.press("form[action='/code/scan'] button:not([type='button'])").await;
        self.wait_for(".payee").await;
    }

    /// Pays the code that was scanned; how that ended.
    pub(crate) async fn pay_scanned(&self) -> String {
        let by_passkey = "form[action='/code/pay'][data-passkey]";
        if self.browser.client.find(Locator::Css(by_passkey)).await.is_ok() {
            self.press(&format!("{by_passkey}:not([hidden]) button")).await;
        } else {
            self.fill("#passcode", PASSCODE).await;
            self.press(".bottom button.metal").await;
        }
        self.ended().await
    }

    /// Scans a shop's code with the phone and pays it; how that ended.
    pub(crate) async fn pay_code(&self, phone: SocketAddr, code: &str) -> String {
        self.scan(phone, code).await;
        self.pay_scanned().await
    }

    /// How what the phone pays ended.
    pub(crate) async fn ended(&self) -> String {
        self.wait_for(".tap-foot a").await;
        self.text(".tap-end h1").await
    }

    /// What the receipt of the phone's last payment says.
    pub(crate) async fn receipt(&self, phone: SocketAddr) -> String {
        self.open(phone, "/history").await;
        self.press("a.row-link").await;
        self.text(".facts").await
    }

    /// Leaves the last sale behind: the keypad comes.
    pub(crate) async fn next_sale(&self, terminal: SocketAddr) {
        self.open(terminal, "/").await;
        self.press_here("form[action='/next'] button").await;
        self.wait_for("form.keys").await;
    }

    /// Holds the phone to the reader, and sees how it ended.
    pub(crate) async fn tap(&self, phone: SocketAddr) -> String {
        self.open(phone, "/").await;
        self.press("form[action='/tap'] button").await;
        if self.browser.client.find(Locator::Css("form[action='/tap'][data-passkey]")).await.is_ok() {
            self.press("form[action='/tap'][data-passkey] button").await;
        } else if self.browser.client.find(Locator::Css("#passcode")).await.is_ok() {
            self.fill("#passcode", PASSCODE).await;
            self.press(".bottom button.key[form], .bottom .plain-submit").await;
        }
        self.ended().await
    }

    /// Goes in at the console with the link an operator was given.
    pub(crate) async fn enter(&self, link: &str) {
        self.browser.client.goto(link).await.unwrap();
        self.press("main form button").await;
        self.wait_for("nav a[href='/payments']").await;
    }

    /// Makes a passkey from inside the console, leaves, and comes in with it.
    pub(crate) async fn change_to_passkey(&self, console: SocketAddr) {
        self.open(console, "/passkeys").await;
        self.press("#add-passkey").await;
        self.wait_for("dl.facts dt.code").await;
        self.press("form[action='/leave'] button").await;
        self.press("#by-passkey button").await;
        self.wait_for("nav a[href='/payments']").await;
    }

    /// Asks for other limits of the first merchant; the proposal's path.
    pub(crate) async fn ask_for_limits(&self, console: SocketAddr) -> String {
        self.open(console, "/merchants").await;
        self.press("main a[href^='/subject?kind=merchant']").await;
        self.fill("#change_limits-limit_payment", "777.00").await;
        self.fill("#change_limits-reason", "a longer season").await;
        self.press("form[aria-labelledby='act-change_limits'] button").await;
        self.wait_for("form[action$='/decline'] button").await;
        let nobody = self.browser.client.find(Locator::Css("form[action$='/approve']")).await;
        assert!(nobody.is_err(), "who asked is offered to approve");
        self.browser.client.current_url().await.unwrap().path().to_owned()
    }

    /// Approves the newest proposal; what it says of itself then.
    pub(crate) async fn approve_newest(&self, console: SocketAddr) -> String {
        self.open(console, "/proposals").await;
        self.press("main a[href^='/proposals/']").await;
        self.press("form[action$='/approve']:not([hidden]) button").await;
        self.text("main h1 .chip").await
    }
}

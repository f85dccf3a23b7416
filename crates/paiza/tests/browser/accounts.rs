//! Paying from a bank account: setting it up, the balance, a payment by address, one by link, being paid.

use crate::browser::{Browser, Look, Tools};
use crate::house::House;
use crate::journey::{Person, Way};
use std::net::SocketAddr;

/// The PIN of the first customer's account.
const PIN: &str = "482913";

impl Person<'_> {
    /// From a bound phone to the page on which the one-time password is typed.
    pub(crate) async fn begin_account(&self, phone: SocketAddr) {
        self.open(phone, "/").await;
        self.press("a[href='/upi']").await;
        // The number of the SIM is offered.
        self.press(".bottom button").await;
        self.press("button[value='AMBR']").await;
        self.press("button[name='account']").await;
        // So is a name for the address.
        self.press(".bottom button").await;
        self.fill("#card", "417201").await;
        self.fill("#expiry", "1230").await;
        self.press(".bottom button").await;
    }

    /// Goes on to an account with a PIN.
    pub(crate) async fn finish_account(&self) {
        let code = self.code_at("/upi/pin/1/new").await;
        self.fill("#code", &code).await;
        self.fill("#pin", PIN).await;
        self.fill("#again", PIN).await;
        self.press(".bottom button").await;
        self.wait_for("a[href='/upi/receive']").await;
    }

    /// Types the PIN on the bank's page.
    pub(crate) async fn type_pin(&self) {
        self.fill("#pin", PIN).await;
        self.press(".bottom button.key[form], .bottom .plain-submit").await;
    }

    /// Looks up an address; the page with its name and the amount is there then.
    pub(crate) async fn look_up(&self, phone: SocketAddr, to: &str) {
        self.open(phone, "/upi").await;
        self.press("a[href='/upi/pay']").await;
        self.fill("#to", to).await;
        self.press("form[action='/upi/pay'] button").await;
        self.wait_for(".payee").await;
    }

    /// Decides on an amount; the bank's page is there then.
    pub(crate) async fn decide(&self, amount: &str) {
        self.fill("#amount", amount).await;
        self.press(".bottom button.metal").await;
        self.wait_for("#pin").await;
    }

    /// Approves what the bank's page shows; how it ended.
    pub(crate) async fn approve_by_pin(&self) -> String {
        self.type_pin().await;
        // The page goes on looking by itself until it knows.
        self.wait_for(".ok-head h1, .receipt-head:not([data-follow]) h1").await;
        self.text("main h1 .chip").await
    }
}

async fn accounts(way: Way) {
    let Some(_tools) = Tools::find() else { return };
    let house = House::open();
    let _payee = house.payee();
    let browser = Browser::start().await;
    browser.look(Look { width: 390, theme: "light" }).await;
    let person = Person { browser: &browser, way };
    let phone = house.phone(0);
    person.set_up(phone).await;
    person.begin_account(phone).await;
    person.finish_account().await;

    person.press("a[href='/upi/balance/1']").await;
    person.type_pin().await;
    assert!(person.text(".money1").await.contains("25,000"));

    person.look_up(phone, "ravi@paiza").await;
    assert_eq!(person.text(".payee").await, "Ravi Menon");
    person.decide("30.00").await;
    assert!(person.text(".for-what").await.contains("Ravi Menon"), "whom, above the PIN");
    assert_eq!(person.approve_by_pin().await, "Paid");

    person.open(phone, "/upi/pay").await;
    person.fill("#code", "upi://pay?pa=ravi@paiza&am=12.50&cu=INR&tn=tea").await;
    person.press("form[action='/upi/scan'] button:not([type='button'])").await;
    assert!(person.text(".locked").await.contains("12.50"));
    person.press(".bottom button.metal").await;
    assert_eq!(person.approve_by_pin().await, "Paid");

    person.open(phone, "/history").await;
    assert_eq!(
        person.browser.client.find_all(fantoccini::Locator::Css("a.row-link")).await.unwrap().len(),
        2
    );
    person.open(phone, "/upi").await;
    person.press("a[href='/upi/receive']").await;
    person.fill("#amount", "250").await;
    person.press("form[action='/upi/receive'] button").await;
    assert!(person.text(".money2").await.contains("250"));
    mandates(&person, &house).await;
    purse(&person, phone).await;
    let said = browser.complaints().await;
    assert!(said.is_empty(), "{said:?}");
}

/// A merchant asks for a mandate; it is approved, rests, goes on and ends.
async fn mandates(person: &Person<'_>, house: &House) {
    let phone = house.phone(0);
    let mandate = house.mandate_asked_of("asha@paiza");
    person.open(phone, "/upi").await;
    person.press(".banner[href='/upi/mandates']").await;
    person.press(&format!("a[href='{mandate}']")).await;
    assert_eq!(person.text(".payee").await, "Tea club");
    person.press(".bottom button.metal").await;
    person.wait_for("#pin").await;
    let shown = person.text(".for-what").await;
    assert!(shown.contains("Chai Corner") && shown.contains("Every month"), "whom and how often: {shown}");
    person.type_pin().await;
    person.wait_for("form[action$='/pause']").await;
    person.press("form[action$='/pause'] button").await;
    person.wait_for("a[href$='/pin']").await;
    person.press("a[href$='/pin']").await;
    person.wait_for("#pin").await;
    person.type_pin().await;
    person.wait_for("form[action$='/pause']").await;
    person.press("form[action$='/revoke'] button").await;
    person.wait_for(".bottom:not(:has(form))").await;
    assert!(person.text(".lead[role='status']").await.contains("ended"));
}

/// A purse is opened with the PIN, pays without, and is closed.
async fn purse(person: &Person<'_>, phone: SocketAddr) {
    person.open(phone, "/upi").await;
    person.press("a[href='/upi/purse']").await;
    person.fill("#amount", "500.00").await;
    person.press(".bottom button.act").await;
    person.wait_for("#pin").await;
    assert_eq!(person.approve_by_pin().await, "Paid");
    person.look_up(phone, "ravi@paiza").await;
    person.fill("#amount", "30.00").await;
    person.choose_last("account", "purse").await;
    person.press(".bottom button.metal").await;
    person.wait_for(".ok-head h1, .receipt-head:not([data-follow]) h1").await;
    assert_eq!(person.text("main h1 .chip").await, "Paid");
    person.open(phone, "/upi/purse").await;
    assert!(person.text(".money1").await.contains("470"));
    person.press("form[action='/upi/purse/close'] button").await;
    person.wait_for(".ok-head h1, .receipt-head:not([data-follow]) h1").await;
    person.open(phone, "/upi/purse").await;
    assert!(person.text(".bottom").await.contains("Open the purse"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_set_up_and_paid_from_by_mouse() {
    accounts(Way::Mouse).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_set_up_and_paid_from_by_keyboard() {
    accounts(Way::Keyboard).await;
}

impl Person<'_> {
    /// Asks what is due at a biller; the bill is there then.
    pub(crate) async fn ask_for_bill(&self, phone: SocketAddr, number: &str) {
        self.open(phone, "/upi").await;
        self.press("a[href='/upi/bills']").await;
        self.press("a[href='/upi/billers/KONK00000ELE01']").await;
        self.fill("#consumer_number", number).await;
        self.press(".bottom button.act").await;
        self.wait_for(".facts").await;
    }

    /// Shares a bill; its name.
    pub(crate) async fn split_bill(&self, phone: SocketAddr) -> String {
        self.open(phone, "/upi").await;
        self.press("a[href='/upi/splits']").await;
        self.press("a[href='/upi/splits/new']").await;
        self.fill("#note", "Dinner").await;
        self.fill("#total", "1000.00").await;
        self.fill("#people", "Ravi").await;
        self.press(".bottom button.act").await;
        assert!(self.text(".locked").await.contains("1,000"));
        let path = self.browser.client.current_url().await.unwrap().path().to_owned();
        path.rsplit('/').next().unwrap().to_owned()
    }

    /// Pays a bill; the transaction.
    pub(crate) async fn pay_bill(&self, phone: SocketAddr, number: &str) -> String {
        self.ask_for_bill(phone, number).await;
        self.press(".bottom button.metal").await;
        self.wait_for("#pin").await;
        assert!(self.text(".for-what").await.contains("Konkan Electricity"), "whom, above the PIN");
        assert_eq!(self.approve_by_pin().await, "Paid");
        let path = self.browser.client.current_url().await.unwrap().path().to_owned();
        path.rsplit('/').next().unwrap().to_owned()
    }
}

async fn asked_for_and_billed(way: Way) {
    let Some(_tools) = Tools::find() else { return };
    let house = House::open();
    let browser = Browser::start().await;
    browser.look(Look { width: 390, theme: "dark" }).await;
    let person = Person { browser: &browser, way };
    let phone = house.phone(0);
    person.set_up(phone).await;
    person.begin_account(phone).await;
    person.finish_account().await;

    // What a merchant asks for is noticed, and paid with the PIN.
    let (request, _chai) = house.merchant_asks();
    let link = format!("a[href='/upi/requests/{request}']");
    person.open(phone, "/upi/requests").await;
    while browser.client.find(fantoccini::Locator::Css(&link)).await.is_err() {
        person.open(phone, "/upi/requests").await;
    }
    person.open(phone, "/upi").await;
    person.press("a[href='/upi/requests']").await;
    person.press(&link).await;
    assert_eq!(person.text(".payee").await, "Chai Corner");
    person.press(".bottom button.metal").await;
    person.wait_for("#pin").await;
    assert!(person.text(".for-what").await.contains("Chai Corner"));
    assert_eq!(person.approve_by_pin().await, "Paid");

    // A bill is paid, and the biller answers.
    let bill = person.pay_bill(phone, "1234567890").await;
    assert!(person.text(".facts").await.contains("KONK"), "the biller's receipt of {bill}");

    let split = person.split_bill(phone).await;
    person.press(&format!("a[href='/upi/splits/{split}/1']")).await;
    assert!(person.text(".money2").await.contains("500"));

    person.open(phone, "/upi").await;
    person.press("a[href='/upi/addresses']").await;
    person.press("a[href='/upi/address']").await;
    person.fill("#name", "rao.asha").await;
    person.press(".bottom button").await;
    person.open(phone, "/upi/addresses").await;
    person.press("form[action='/upi/addresses/first'] button").await;
    assert!(person.text("main").await.contains("This address is shown first now"));
    person.press("a[href='/upi/blocked']").await;
    person.fill("#address", "spam@paiza").await;
    person.press("form[action='/upi/blocked'] button").await;
    person.press("form[action='/upi/blocked/remove'] button").await;
    assert!(person.text("main").await.contains("The block is ended"));
    let said = browser.complaints().await;
    assert!(said.is_empty(), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_bills_and_addresses_by_mouse() {
    asked_for_and_billed(Way::Mouse).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_bills_and_addresses_by_keyboard() {
    asked_for_and_billed(Way::Keyboard).await;
}

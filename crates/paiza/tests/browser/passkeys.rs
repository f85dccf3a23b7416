//! Passkeys of Chromium's own authenticator: at the phone, and at the console by two operators.

use crate::browser::{Browser, Look, Tools};
use crate::house::{FIRST, House};
use crate::journey::{Person, Way};
use acquiring::records::Merchant;

/// A browser with an authenticator, and somebody at it.
async fn browser(prf: bool) -> Browser {
    let browser = Browser::start().await;
    browser.look(Look { width: 1280, theme: "light" }).await;
    browser.plug_in(prf).await;
    browser
}

async fn phone(way: Way) {
    let Some(_tools) = Tools::find() else { return };
    let house = House::open();
    let browser = browser(true).await;
    let person = Person { browser: &browser, way };
    person.set_up_with_passkey(house.phone(0)).await;
    person.add(house.phone(0), &FIRST).await;
    person.unlock_by_passkey(house.phone(0)).await;
    // The first tap is paid by the verification that opened the phone, the second by one of its own.
    for _ in 0..2 {
        person.ask(house.terminal(), "300").await;
        assert_eq!(person.tap(house.phone(0)).await, "Paid");
        person.next_sale(house.terminal()).await;
    }
    // A shop's code is paid by it too.
    let code = person.offer(house.terminal(), "250").await;
    assert_eq!(person.pay_code(house.phone(0), &code).await, "Paid");
    assert_eq!(complaints(&browser).await, Vec::<String>::new());
}

/// What the browser complained about, but for its advice to take RSA keys as well, which are not taken here
/// (`docs/decisions/0012-passkeys-and-two-operators.md`).
async fn complaints(browser: &Browser) -> Vec<String> {
    let said = browser.complaints().await.into_iter();
    said.filter(|said| !said.contains("pubKeyCredParams is missing at least one of the default")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_is_set_up_opened_and_paid_with_by_passkey_and_mouse() {
    phone(Way::Mouse).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_is_set_up_opened_and_paid_with_by_passkey_and_keyboard() {
    phone(Way::Keyboard).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passkey_without_a_secret_opens_the_screen_and_a_tap_wants_the_passcode() {
    let Some(_tools) = Tools::find() else { return };
    let house = House::open();
    let browser = browser(false).await;
    let person = Person { browser: &browser, way: Way::Mouse };
    person.set_up_with_passkey(house.phone(0)).await;
    person.add(house.phone(0), &FIRST).await;
    person.unlock_by_passkey(house.phone(0)).await;
    person.ask(house.terminal(), "300").await;
    person.open(house.phone(0), "/").await;
    person.press("form[action='/tap'] button").await;
    assert!(person.text(".bottom .caption").await.contains("a tap asks for the passcode"));
    assert_eq!(person.tap(house.phone(0)).await, "Paid", "with the passcode");
}

async fn console(way: Way) {
    let Some(_tools) = Tools::find() else { return };
    let house = House::open();
    let limits = || {
        let merchants = house.city.acquirer.store().read(|records| records.all::<Merchant>()).unwrap();
        merchants.into_iter().filter(|merchant| merchant.limit_payment == 77_700).count()
    };
    let (hers, theirs) = (browser(true).await, browser(true).await);
    let asha = Person { browser: &hers, way };
    let wei = Person { browser: &theirs, way };
    for (person, (_, link)) in [&asha, &wei].into_iter().zip(&house.links) {
        person.enter(link).await;
        person.change_to_passkey(house.console()).await;
    }
    asha.ask_for_limits(house.console()).await;
    assert_eq!(limits(), 0, "nobody approved it");
    assert_eq!(wei.approve_newest(house.console()).await, "Carried out");
    assert_eq!(limits(), 1);
    for browser in [&hers, &theirs] {
        assert_eq!(complaints(browser).await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_operator_asks_and_another_approves_by_passkey_and_mouse() {
    console(Way::Mouse).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_operator_asks_and_another_approves_by_passkey_and_keyboard() {
    console(Way::Keyboard).await;
}

/// Why the doors lead to a name: a browser takes no passkey at a number.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_takes_no_passkey_at_a_number() {
    let Some(_tools) = Tools::find() else { return };
    let house = House::open();
    let browser = browser(true).await;
    const TRY: &str = "
        const done = arguments[arguments.length - 1];
        const publicKey = { challenge: new Uint8Array(32), rp: { name: 'x' },
            user: { id: new Uint8Array(8), name: 'x', displayName: 'x' }, pubKeyCredParams: [{ type: 'public-key', alg: -7 }] };
        navigator.credentials.create({ publicKey }).then(() => done('made'), (wrong) => done(wrong.name));";
    let mut ends = Vec::new();
    for host in ["127.0.0.1", "localhost"] {
        let url = format!("http://{host}:{}/lost-phone", house.city.addresses.platform.port());
        browser.client.goto(&url).await.unwrap();
        let end = browser.client.execute_async(TRY, Vec::new()).await.unwrap();
        ends.push(end.as_str().unwrap_or_default().to_owned());
    }
    assert_eq!(ends, ["SecurityError", "made"]);
}

//! Paying by code: the phone shows one and the terminal scans it, and the other way round.

use crate::browser::{Browser, Look, Tools};
use crate::house::{FIRST, House};
use crate::journey::{Person, Way};

/// What the phone's history and the console say of the last payment.
async fn told(person: &Person<'_>, house: &House, receipt: &str, list: &str) {
    assert!(person.receipt(house.phone(0)).await.contains(receipt));
    person.open(house.console(), "/payments").await;
    assert!(person.text("main tbody tr").await.contains(list));
}

async fn codes(way: Way) {
    let Some(_tools) = Tools::find() else { return };
    let house = House::open();
    let browser = Browser::start().await;
    browser.look(Look { width: 1280, theme: "light" }).await;
    let person = Person { browser: &browser, way };
    let (phone, terminal) = (house.phone(0), house.terminal());
    person.set_up(phone).await;
    person.add(phone, &FIRST).await;
    person.enter(&house.links[0].1).await;

    let code = person.show_code(phone).await;
    assert_eq!(person.charge_code(terminal, "1250", &code).await, "Approved");
    person.open(phone, "/tap").await;
    assert_eq!(person.ended().await, "Paid");
    told(&person, &house, "Code on this phone", "Code on the phone").await;
    person.next_sale(terminal).await;

    let code = person.offer(terminal, "300").await;
    assert_eq!(person.pay_code(phone, &code).await, "Paid");
    person.open(terminal, "/").await;
    assert_eq!(person.text(".outcome h1").await, "Approved");
    told(&person, &house, "Code of the shop", "Code of the shop").await;
    let said = browser.complaints().await;
    assert!(said.is_empty(), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_are_shown_and_scanned_by_mouse() {
    codes(Way::Mouse).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_are_shown_and_scanned_by_keyboard() {
    codes(Way::Keyboard).await;
}

/// The terminal reads the phone's screen off a photograph of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_photographed_off_the_phone() {
    let Some(_tools) = Tools::find() else { return };
    let house = House::open();
    let browser = Browser::start().await;
    browser.look(Look { width: 1280, theme: "dark" }).await;
    let person = Person { browser: &browser, way: Way::Mouse };
    person.set_up(house.phone(0)).await;
    person.add(house.phone(0), &FIRST).await;
    person.show_code(house.phone(0)).await;
    let folder = tempfile::tempdir().unwrap();
    let photograph = folder.path().join("screen.png");
    let panel = person.wait_for(".code-panel").await;
    std::fs::write(&photograph, panel.screenshot().await.unwrap()).unwrap();
    assert_eq!(person.charge_picture(house.terminal(), "1250", &photograph).await, "Approved");
    person.open(house.phone(0), "/tap").await;
    assert_eq!(person.ended().await, "Paid");
}

/// The camera goes on until it sees a code, then the page goes on with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_scanned_with_the_camera() {
    let Some(_tools) = Tools::find() else { return };
    let house = House::open();
    let browser = Browser::start().await;
    browser.look(Look { width: 390, theme: "light" }).await;
    let person = Person { browser: &browser, way: Way::Keyboard };
    person.set_up(house.phone(0)).await;
    person.add(house.phone(0), &FIRST).await;
    let code = person.offer(house.terminal(), "1250").await;
    person.open(house.phone(0), "/code").await;
    assert!(
        !person.wait_for("[data-camera]").await.is_displayed().await.unwrap(),
        "this browser reads no codes"
    );
    browser.reads(&code).await;
    person.open(house.phone(0), "/code").await;
    person.press("[data-camera]").await;
    assert_eq!(person.text(".payee").await, "PAIZA NOODLES");
    let said = browser.complaints().await;
    assert!(said.is_empty(), "{said:?}");
}

//! Paying by code: the phone shows one and the terminal scans it, and the other way round.

use crate::browser::{Browser, Look, Tools};
use crate::house::{FIRST, House};
use crate::journey::{Person, Way};
use server::picture::draw;
use std::path::Path;

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

/// A browser that reads codes by itself is believed, and no picture leaves its page.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_read_by_the_browser() {
    let Some(_tools) = Tools::find() else { return };
    let house = House::open();
    let browser = Browser::start().await;
    browser.look(Look { width: 390, theme: "light" }).await;
    let person = Person { browser: &browser, way: Way::Keyboard };
    person.set_up(house.phone(0)).await;
    person.add(house.phone(0), &FIRST).await;
    let code = person.offer(house.terminal(), "1250").await;
    browser.reads(&code).await;
    person.open(house.phone(0), "/code").await;
    browser.client.execute("window.fetch = () => { throw 'asked'; }", Vec::new()).await.unwrap();
    person.press("[data-camera]").await;
    assert_eq!(person.text(".payee").await, "PAIZA NOODLES");
    let said = browser.complaints().await;
    assert!(said.is_empty(), "{said:?}");
}

/// The size of the film before the camera, as most cameras have it.
const FILM: (usize, usize) = (640, 480);
/// Dots to a module of a code: it fills most of the film's height.
const DOTS: usize = 8;

/// A film of this code on a white screen, in the middle of grey: two frames of YUV4MPEG2 with a quarter of the colours.
fn film(code: &str, at: &Path) {
    let (width, height) = FILM;
    let drawing = draw(code).unwrap();
    let dots = DOTS.min(height / drawing.side);
    let (left, top) = ((width - drawing.side * dots) / 2, (height - drawing.side * dots) / 2);
    let mut grey = vec![110; width * height];
    let mut paint = |x: usize, y: usize, run: usize, rows: usize, shade: u8| {
        for row in top + y * dots..top + (y + rows) * dots {
            grey[row * width + left + x * dots..row * width + left + (x + run) * dots].fill(shade);
        }
    };
    paint(0, 0, drawing.side, drawing.side, 235);
    // The path of the drawing: `M<x> <y>h<run>v1h-<run>z`, one for each run of dark modules.
    for run in drawing.path.split('M').skip(1) {
        let (x, rest) = run.split_once(' ').unwrap();
        let (y, rest) = rest.split_once('h').unwrap();
        let run = rest.split_once('v').unwrap().0.parse().unwrap();
        paint(x.parse().unwrap(), y.parse().unwrap(), run, 1, 16);
    }
    let mut file = format!("YUV4MPEG2 W{width} H{height} F10:1 Ip A1:1 C420jpeg\n").into_bytes();
    for _ in 0..2 {
        file.extend(b"FRAME\n");
        file.extend(&grey);
        file.extend(vec![128; width * height / 2]);
    }
    std::fs::write(at, file).unwrap();
}

/// A real camera before a code: what this browser cannot read, phone and terminal read of what it sees.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_are_read_before_the_camera() {
    let Some(_tools) = Tools::find() else { return };
    let house = House::open();
    let browser = Browser::start().await;
    browser.look(Look { width: 390, theme: "light" }).await;
    let person = Person { browser: &browser, way: Way::Mouse };
    let (phone, terminal) = (house.phone(0), house.terminal());
    person.set_up(phone).await;
    person.add(phone, &FIRST).await;
    let folder = tempfile::tempdir().unwrap();
    let seen = folder.path().join("film.y4m");

    film(&person.offer(terminal, "1250").await, &seen);
    let before = Browser::before(&seen).await;
    before.takes_cookies_of(&browser).await;
    let buyer = Person { browser: &before, way: Way::Keyboard };
    buyer.open(phone, "/code").await;
    buyer.press("[data-camera]").await;
    assert_eq!(buyer.text(".payee").await, "PAIZA NOODLES");
    assert_eq!(buyer.pay_scanned().await, "Paid");
    person.next_sale(terminal).await;

    film(&person.show_code(phone).await, &seen);
    let before = Browser::before(&seen).await;
    let cashier = Person { browser: &before, way: Way::Keyboard };
    cashier.open_scan(terminal, "300").await;
    cashier.press_here("[data-camera]").await;
    assert_eq!(cashier.text(".outcome h1").await, "Approved");
    for browser in [&browser, &before] {
        let said = browser.complaints().await;
        assert!(said.is_empty(), "{said:?}");
    }
}

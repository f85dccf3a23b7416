//! The screens in a real browser: every page of every door, in each language and theme, at four widths.
//!
//! Needs the packages `chromium`, `chromium-driver` and the npm package `axe-core`. Without them it says what is missing and
//! is passed over, unless `CI` or `PAIZA_REQUIRE_ALL` is set. Pictures of what was seen lie in `target/screens`, and what is wrong
//! stands in `findings.txt` there as soon as it is found.

mod accounts;
mod browser;
mod codes;
mod house;
mod journey;
mod judging;
mod passkeys;
mod pseudo;
mod seeing;

use browser::{Browser, Look, Tools};
use house::{ByAccount, FIRST, House, SECOND_CODE};
use journey::{Person, Way};
use seeing::{See, see_everything};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_by_keyboard_alone_and_every_page_for_everybody() {
    let Some(tools) = Tools::find() else { return };
    server::screens::words::pretend(pseudo::changed);
    seeing::begin();
    let house = House::open();
    let browser = Browser::start().await;
    browser.look(Look { width: 390, theme: "light" }).await;
    let person = Person { browser: &browser, way: Way::Keyboard };
    person.set_up(house.phone(0)).await;
    let card = person.add(house.phone(0), &FIRST).await;
    let see = See { browser: &browser, own: house.origins() };
    browser.judge_by(&tools.axe).await;
    // The keypad is there before anything was sold; later the terminal shows how the last sale ended.
    let mut wrong = see.pages("terminal-idle", house.terminal(), &["/", "/?typed=1250"]).await;
    wrong.extend(first_run_of_the_second_phone(&see, &person, &house).await);
    person.ask(house.terminal(), "1250").await;
    assert_eq!(person.tap(house.phone(0)).await, "Paid");
    person.next_sale(house.terminal()).await;
    wrong.extend(paying_by_code(&see, &person, &house).await);
    let _payee = house.payee();
    let (by_account, found) = paying_by_account(&see, &person, &house).await;
    wrong.extend(found);
    person.enter(&house.links[0].1).await;
    person.ask_for_limits(house.console()).await;
    let doors = house.doors(&browser, &card, &by_account).await;
    let second = Browser::start().await;
    second.judge_by(&tools.axe).await;
    second.takes_cookies_of(&browser).await;
    let with_second = See { browser: &second, own: house.origins() };
    wrong.extend(see_everything([&see, &with_second], &doors).await);
    wrong.extend(a_payment_that_nobody_answers(&see, &person, &house).await);
    assert!(wrong.is_empty(), "{} wrongs:\n{}", wrong.len(), wrong.join("\n"));
}

/// What phone and terminal show only while somebody pays by code.
async fn paying_by_code(see: &See<'_>, person: &Person<'_>, house: &House) -> Vec<String> {
    let (phone, terminal) = (house.phone(0), house.terminal());
    person.show_code(phone).await;
    let mut wrong = see.pages("phone-code-shown", phone, &["/tap"]).await;
    let code = person.offer(terminal, "3650").await;
    wrong.extend(see.pages("terminal-code-shown", terminal, &["/"]).await);
    person.scan(phone, &code).await;
    wrong.extend(see.pages("phone-code-scanned", phone, &["/code/pay"]).await);
    person.open(phone, "/code/pay").await;
    assert_eq!(person.pay_scanned().await, "Paid");
    wrong.extend(see.pages("phone-paid", phone, &["/tap"]).await);
    wrong
}

/// What the phone shows only on the way to a payment by account. One was paid then, a merchant asks for another, a bill was paid, and
/// a payment and a bill are left to be paid.
async fn paying_by_account(see: &See<'_>, person: &Person<'_>, house: &House) -> (ByAccount, Vec<String>) {
    let phone = house.phone(0);
    let mut wrong = see.pages("phone-account", phone, &["/upi/register"]).await;
    person.begin_account(phone).await;
    wrong.extend(see.pages("phone-account", phone, &["/upi/pin/1/new"]).await);
    person.open(phone, "/upi/pin/1/new").await;
    person.finish_account().await;
    wrong.extend(see.pages("phone-account-unpaid", phone, &["/upi"]).await);
    person.look_up(phone, "ravi@paiza").await;
    person.decide("30.00").await;
    assert_eq!(person.approve_by_pin().await, "Paid");
    let paid = person.browser.client.current_url().await.unwrap().path().to_owned();
    person.look_up(phone, "ravi@paiza").await;
    person.decide("1200.00").await;
    let (request, _chai) = house.merchant_asks();
    let bill = person.pay_bill(phone, "1234567890").await;
    wrong.extend(see.pages("phone-bills-paid", phone, &["/upi/bills"]).await);
    let split = person.split_bill(phone).await;
    person.ask_for_bill(phone, "1234567891").await;
    person.press(".bottom button.metal").await;
    person.wait_for("#pin").await;
    let mandate = house.mandate_asked_of("asha@paiza");
    // What was scanned stays to be approved.
    person.scan(phone, &house.mandate_link()).await;
    (ByAccount { paid, request, bill, split, mandate }, wrong)
}

/// The page of a payment whose end nobody knows: it comes last, as the switch says nothing any more afterwards.
async fn a_payment_that_nobody_answers(see: &See<'_>, person: &Person<'_>, house: &House) -> Vec<String> {
    let phone = house.phone(0);
    person.unlock(phone).await;
    person.open(phone, "/upi/pay/pin").await;
    house.city.upi().unwrap().switch.close();
    person.type_pin().await;
    person.wait_for("[data-follow='checked']").await;
    let pending = person.browser.client.current_url().await.unwrap().path().to_owned();
    see.pages("phone-account-pending", phone, &[&pending, "/upi", "/history"]).await
}

/// Every page on the way to a bound phone, which are there only on the way.
async fn first_run_of_the_second_phone(see: &See<'_>, person: &Person<'_>, house: &House) -> Vec<String> {
    let phone = house.phone(1);
    let mut wrong = see.pages("first-run", phone, &["/welcome"]).await;
    person.open(phone, "/welcome").await;
    person.fill("#name", "Another phone").await;
    person.press(".bottom button").await;
    wrong.extend(see.pages("first-run", phone, &["/welcome/passcode"]).await);
    person.open(phone, "/welcome/passcode").await;
    person.fill("#passcode", SECOND_CODE).await;
    person.fill("#again", SECOND_CODE).await;
    person.press(".bottom button").await;
    wrong.extend(see.pages("first-run", phone, &["/welcome/code"]).await);
    person.open(phone, "/welcome/code").await;
    let code = person.code().await;
    person.fill("#code", &code).await;
    person.press(".bottom button").await;
    wrong.extend(see.pages("first-run", phone, &["/welcome/done"]).await);
    person.open(phone, "/welcome/done").await;
    person.press(".bottom button.act").await;
    person.open(phone, "/you").await;
    person.press("form[action='/lock'] button").await;
    wrong.extend(see.pages("first-run", phone, &["/unlock"]).await);
    wrong
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

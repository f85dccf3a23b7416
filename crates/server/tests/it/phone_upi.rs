//! Paying from a bank account at the phone's own screen, as a browser without scripts does it.

use crate::codes::multipart;
use crate::phone_screens::Screen;
use crate::screens::Shown;
use crate::small_city::SmallCity;
use crate::street::eventually;
use crate::upi_town::{RAVI, pin};
use server::upi::phone::{NewUpiPhone, UpiPhone};

const PIN: &str = "482913";

/// Somebody with an account, its PIN and an address, who is there as long as the folder is.
pub(crate) fn person(
    city: &SmallCity,
    (number, bank, card): (&str, &str, &str),
    address: &str,
    digits: &str,
) -> (UpiPhone, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let new = NewUpiPhone {
        directory: folder.path(),
        number,
        provider: city.city.upi().unwrap().psp_at,
        telephone: city.city.addresses.telephone,
        watch: None,
    };
    let phone = UpiPhone::register(&new, city.clock.clone()).unwrap();
    let (question, accounts) = phone.accounts(bank).unwrap();
    phone.link(&question, &accounts[0].reference).unwrap();
    phone.set_pin(&accounts[0], card.split_once(' ').unwrap(), &pin(digits)).unwrap();
    phone.make_address(address, "").unwrap();
    (phone, folder)
}

/// Whom the phone can pay.
pub(crate) fn payee(city: &SmallCity) -> (UpiPhone, tempfile::TempDir) {
    person(city, RAVI, "ravi@paiza", "573829")
}

pub(crate) fn city() -> SmallCity {
    let mut city = SmallCity::new();
    city.open_upi();
    city
}

/// The value of a field, or of a button, of this name.
pub(crate) fn value<'a>(page: &'a str, name: &str) -> &'a str {
    let rest = page.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_else(|| panic!("{page}"));
    rest.split('"').next().unwrap()
}

/// From a bound phone to an account with a PIN and an address.
pub(crate) fn set_up(screen: &Screen) {
    assert_eq!(screen.get("/upi").header("location"), "/upi/register");
    let wrong = screen.post("/upi/register", &[("number", "12345")]);
    assert!(wrong.status == 422 && wrong.body.contains("ten digits"), "{}", wrong.body);
    let banks = screen.follow("/upi/register", &[("number", "98000 00001")]).body;
    assert!(banks.contains("Amber Bank") && banks.contains("Coral Bank"), "{banks}");
    let none = screen.post("/upi/banks", &[("bank", "DEOD")]);
    assert_eq!(none.status, 422, "no account there: {}", none.body);
    let accounts = screen.follow("/upi/banks", &[("bank", "AMBR")]).body;
    assert!(accounts.contains("0016") && accounts.contains("Asha Rao"), "{accounts}");
    let reference = value(&accounts, "account").to_owned();
    assert_eq!(screen.post("/upi/accounts", &[("account", "made-up")]).header("location"), "/upi/banks");
    let address = screen.follow("/upi/accounts", &[("account", &reference)]).body;
    assert!(address.contains("value=\"asha\""), "the holder's first name is offered: {address}");
    let wrong = screen.post("/upi/address", &[("name", "a b")]);
    assert!(wrong.status == 422 && wrong.body.contains("three or more"), "{}", wrong.body);
    let taken = screen.post("/upi/address", &[("name", "ravi")]);
    assert!(taken.status == 422 && taken.body.contains("Somebody has this one"), "{}", taken.body);
    let card = screen.follow("/upi/address", &[("name", "asha")]).body;
    assert!(card.contains("Last six digits"), "{card}");
    set_pin(screen);
}

fn set_pin(screen: &Screen) {
    let wrong = screen.post("/upi/pin/1", &[("card", "4172"), ("expiry", "13 / 30")]);
    assert!(wrong.status == 422 && wrong.body.contains("card-wrong") && wrong.body.contains("expiry-wrong"));
    let sent = screen.post("/upi/pin/1", &[("card", "417201"), ("expiry", "12 / 30")]);
    assert_eq!(sent.header("location"), "/upi/pin/1/new", "{}", sent.body);
    let password = screen.code("/upi/pin/1/new");
    let try_with = |code: &str, pin: &str, again: &str| {
        screen.post("/upi/pin/1/new", &[("code", code), ("pin", pin), ("again", again)])
    };
    assert!(try_with("12", PIN, PIN).body.contains("A code has six digits"));
    assert!(try_with(&password, "1234", "1234").body.contains("has 6 digits"));
    assert!(try_with(&password, PIN, "482914").body.contains("did not match"));
    let set = try_with(&password, PIN, PIN);
    assert_eq!(set.header("location"), "/upi?note=pin", "{}", set.body);
    assert_eq!(screen.get("/upi/register").header("location"), "/upi", "it is bound, and stays so");
    assert_eq!(screen.post("/upi/register", &[("number", "9800000002")]).header("location"), "/upi");
    let home = screen.get("/upi?note=pin").body;
    assert!(home.contains("The PIN is set") && home.contains("asha@paiza"), "{home}");
    assert!(home.contains("Amber Bank ••\u{a0}0016"), "{home}");
}

/// Types the PIN on the page that a decision leads to; where it leads.
fn approve(screen: &Screen, pin: &str) -> Shown {
    let page = screen.get("/upi/pay/pin").body;
    let approves = value(&page, "approves").to_owned();
    screen.post("/upi/pay/pin", &[("approves", &approves), ("pin", pin)])
}

/// The page of a payment once nobody waits for its end.
pub(crate) fn ended(screen: &Screen, path: &str) -> String {
    let mut page = String::new();
    eventually("the payment ended", || {
        page = screen.get(path).body;
        !page.contains("data-follow")
    });
    page
}

#[test]
fn from_a_bound_phone_to_a_payment_by_account() {
    let city = city();
    let (payee, _folder) = payee(&city);
    let screen = Screen::new(&city);
    screen.set_up();
    assert!(screen.get("/").body.contains("Set it up once"));
    set_up(&screen);
    assert!(screen.get("/").body.contains("asha@paiza"));

    // The balance lies behind the PIN, and a wrong one says so there.
    let asked = screen.get("/upi/balance/1").body;
    assert!(asked.contains("Secure page of Amber Bank") && asked.contains("6-digit"), "{asked}");
    let account = value(&asked, "approves").to_owned();
    let balance = |pin: &str| screen.post("/upi/balance/1", &[("approves", &account), ("pin", pin)]);
    let wrong = balance("482914");
    assert!(wrong.status == 422 && wrong.body.contains("pin-wrong"), "{}", wrong.body);
    assert!(!wrong.body.contains("482914"));
    assert!(wrong.body.contains("Three wrong tries"), "said before the last one: {}", wrong.body);
    assert!(!asked.contains("Three wrong tries"), "{asked}");
    let shown = balance(PIN).body;
    assert!(shown.contains("twenty-five thousand rupees"), "{shown}");

    // Whose the address is comes before anything else.
    let nobody = screen.post("/upi/pay", &[("to", "nobody.at.all@paiza")]);
    assert!(nobody.status == 422 && nobody.body.contains("to-wrong"), "{}", nobody.body);
    let imitated = screen.post("/upi/pay", &[("to", "r\u{430}vi@paiza")]);
    assert!(imitated.body.contains("only looks like another"), "{}", imitated.body);
    let confirm = screen.follow("/upi/pay", &[("to", "Ravi@paiza")]).body;
    assert!(confirm.contains("Ravi Menon") && confirm.contains("First payment"), "{confirm}");
    for (amount, note, wrong) in
        [("0", "", "amount-wrong"), ("1e3", "", "amount-wrong"), ("30", "<b>", "note-wrong")]
    {
        let refused =
            screen.post("/upi/pay/confirm", &[("amount", amount), ("note", note), ("account", "1")]);
        assert!(refused.status == 422 && refused.body.contains(wrong), "{amount}: {}", refused.body);
    }
    let form = [("amount", "30.00"), ("note", "tea"), ("account", "1")];
    let page = screen.follow("/upi/pay/confirm", &form).body;
    assert!(page.contains("Ravi Menon") && page.contains("thirty rupees"), "whom and how much: {page}");
    let short = approve(&screen, "48");
    assert!(short.status == 422 && short.body.contains("has 6 digits"), "{}", short.body);
    let sent = approve(&screen, PIN);
    let path = sent.header("location").to_owned();
    let receipt = ended(&screen, &path);
    assert!(
        receipt.contains("ok-head") && receipt.contains("ravi@paiza") && receipt.contains("tea"),
        "{receipt}"
    );
    eventually("the payee has it", || payee.payments().unwrap().len() == 1);
    // The first page knows whom it paid, and the account without its balance.
    let home = screen.get("/").body;
    for part in [
        "href=\"/upi/pay?to=ravi%40paiza\"",
        &format!("href=\"{path}\""),
        "Amber Bank ••\u{a0}0016",
        "href=\"/upi/balance/1\"",
    ] {
        assert!(home.contains(part), "{part}: {home}");
    }
    assert!(!home.contains("thousand"), "{home}");
    let again = screen.get("/upi/pay?to=ravi%40paiza").body;
    assert!(again.contains("value=\"ravi@paiza\""), "{again}");

    // A form that is sent twice is one payment, and leads to the same page.
    let again = screen.post("/upi/pay/pin", &[("approves", "x"), ("pin", PIN)]);
    assert_eq!(again.header("location"), path);
    let history = screen.get("/history").body;
    assert!(history.contains(&path) && history.contains("Ravi Menon"), "{history}");
    let reference = receipt.split("class=\"code\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    for text in ["menon", "RAVI@paiza", "tea", &reference] {
        let found = screen.get(&format!("/history?q={text}")).body;
        assert!(found.contains(&path), "{text}: {found}");
    }
    for text in ["nobody", "%25", "_", "%5C"] {
        let found = screen.get(&format!("/history?q={text}")).body;
        assert!(!found.contains(&path) && found.contains("Nothing found"), "{text}: {found}");
    }
    let known = screen.follow("/upi/pay", &[("to", "ravi@paiza")]).body;
    assert!(!known.contains("First payment"), "{known}");

    // A wrong PIN is the bank's no: nothing was taken, and it can be tried again.
    screen.follow("/upi/pay/confirm", &form);
    let refused = ended(&screen, approve(&screen, "482914").header("location"));
    assert!(refused.contains("Not paid") && refused.contains("/upi/pay?to=ravi@paiza"), "{refused}");
    assert_eq!(screen.get("/upi/payments/PZA0d8f2b1c4e6a4f7ab2c3d4e5f6071829").status, 404);
    assert_eq!(screen.get("/upi/payments/..%2f..").status, 404);
}

#[test]
fn a_pin_approves_what_its_own_page_showed_and_nothing_else() {
    let city = city();
    let _payee = payee(&city);
    let screen = Screen::new(&city);
    screen.set_up();
    set_up(&screen);
    screen.follow("/upi/pay", &[("to", "ravi@paiza")]);
    screen.follow("/upi/pay/confirm", &[("amount", "30.00"), ("account", "1")]);
    let page = screen.get("/upi/pay/pin").body;
    let approves = value(&page, "approves").to_owned();
    // Another page decides on another amount before the PIN is sent.
    screen.follow("/upi/pay/confirm", &[("amount", "3000.00"), ("account", "1")]);
    let sent = screen.post("/upi/pay/pin", &[("approves", &approves), ("pin", PIN)]);
    assert_eq!(sent.header("location"), "/upi/pay/confirm");
    assert!(screen.get("/upi").body.contains("What you pay and receive appears here"), "nothing was paid");
}

#[test]
fn a_payment_that_nobody_answers_says_where_the_money_is_and_is_not_paid_again() {
    let city = city();
    let (_phone, _folder) = payee(&city);
    let screen = Screen::new(&city);
    screen.set_up();
    set_up(&screen);
    screen.follow("/upi/pay", &[("to", "ravi@paiza")]);
    screen.follow("/upi/pay/confirm", &[("amount", "1200"), ("account", "1")]);
    city.city.upi().unwrap().switch.close();
    let path = approve(&screen, PIN).header("location").to_owned();
    let pending = screen.get(&path).body;
    for part in [
        "data-follow=\"checked\"",
        "Being checked",
        "do not pay again",
        "You approved it",
        "Waiting for the network and the banks",
        "If it was, the money is with the network",
        "Paid, or back in your account",
        "each later day it owes you 100 rupees",
        // Paid to a person: the day after it at the latest.
        "By 23 Nov 2026 at the latest",
        "Amber Bank, quoting the reference",
        "Reference (RRN)",
    ] {
        assert!(pending.contains(part), "{part}: {pending}");
    }
    assert!(!pending.contains("Try again"), "{pending}");
    assert!(screen.get("/upi").body.contains("Still being checked"));
    let home = screen.get("/").body;
    assert!(
        home.contains("Still being checked") && home.contains(&format!("link\" href=\"{path}\"")),
        "{home}"
    );
    assert!(screen.get("/history").body.contains("Being checked"));
}

#[test]
fn links_are_paid_as_they_say_and_the_own_code_is_one() {
    let city = city();
    let _payee = payee(&city);
    let screen = Screen::new(&city);
    screen.set_up();
    set_up(&screen);
    let scan_at = |path: &str, code: &str| {
        let (kind, body) = multipart(&[("code", code.as_bytes())]);
        let request = screen.agent.post(screen.url(path)).header("cookie", &*screen.cookie.borrow());
        Shown::of(request.header("content-type", &kind).send(&body[..]))
    };
    let scan = |code: &str| scan_at("/upi/scan", code);
    assert_eq!(screen.get("/code").header("location"), "/upi/pay#scan", "there is no card");
    // The button of the first page reads both kinds.
    let link = "UPI://pay?pa=ravi@paiza&pn=Somebody%20Else&am=41.50&cu=INR";
    assert_eq!(scan_at("/code/scan", link).header("location"), "/upi/pay/confirm");
    let refused = scan_at("/code/scan", "upi://collect?pa=ravi@paiza&am=1");
    assert!(refused.status == 422 && refused.body.contains("request for money"), "{}", refused.body);
    for (code, why) in [
        ("upi://collect?pa=ravi@paiza&am=1", "request for money"),
        ("upi://mandate?pa=ravi@paiza&am=1", "cannot be approved"),
        ("upi://pay?pa=ravi@paiza&am=1e3", "damaged one"),
        ("https://example.com/", "damaged one"),
    ] {
        let refused = scan(code);
        assert!(refused.status == 422 && refused.body.contains(why), "{code}: {}", refused.body);
    }
    let sent = scan("upi://pay?pa=ravi@paiza&pn=Somebody%20Else&am=42.50&cu=INR&tn=rent");
    assert_eq!(sent.header("location"), "/upi/pay/confirm", "{}", sent.body);
    let confirm = screen.get("/upi/pay/confirm").body;
    assert!(confirm.contains("Ravi Menon") && !confirm.contains("Somebody Else"), "{confirm}");
    assert!(
        confirm.contains("forty-two rupees")
            && confirm.contains("rent")
            && !confirm.contains("id=\"amount\"")
    );
    // What the link fixes, no form changes.
    let page = screen.follow("/upi/pay/confirm", &[("amount", "1.00"), ("note", "x"), ("account", "1")]).body;
    assert!(page.contains("forty-two rupees"), "{page}");
    let receive = screen.get("/upi/receive?amount=250").body;
    assert!(receive.contains("upi://pay?pa=asha@paiza") && receive.contains("am=250.00"), "{receive}");
    assert!(screen.get("/upi/receive?amount=-1").body.contains("amount-wrong"));
}

/// While the provider says nothing nobody knows whether the phone still acts for its number, so it keeps its key.
#[test]
fn a_phone_stays_bound_whatever_form_is_sent_while_its_provider_is_away() {
    let city = city();
    let _payee = payee(&city);
    let screen = Screen::new(&city);
    screen.set_up();
    set_up(&screen);
    let kept = || std::fs::read(screen.phone_folder().join("upi/upi.json")).ok();
    let before = kept();
    assert!(before.is_some());
    city.city.upi().unwrap().service.store().close();
    assert!(screen.get("/upi/register").status >= 400, "no number is asked for");
    assert!(screen.post("/upi/register", &[("number", "9800000001")]).status >= 400);
    assert_eq!(kept(), before);
}

#[test]
fn a_phone_without_a_provider_says_nothing_of_accounts() {
    let city = SmallCity::new();
    let screen = Screen::new(&city);
    screen.set_up();
    assert!(!screen.get("/").body.contains("/upi"));
    assert_eq!(screen.get("/upi").header("location"), "/");
}

//! Requests for money and addresses at the phone's own screen.

use crate::phone_screens::Screen;
use crate::phone_upi::{city, ended, payee, person, set_up, value};
use crate::street::eventually;
use crate::upi_town::{CHAI, rupees};
use std::time::Duration;

#[test]
fn a_request_is_paid_by_pin_declined_or_too_late() {
    let city = city();
    let (chai, _folder) = person(&city, CHAI, "chai@paiza", "620573");
    chai.become_merchant("Chai Corner", "5814").unwrap();
    let _ravi = payee(&city);
    let screen = Screen::new(&city);
    screen.set_up();
    set_up(&screen);
    assert!(screen.get("/upi/requests").body.contains("Nobody asks you for money"));
    let ask = |amount: &str| {
        let id = chai.collect("asha@paiza", rupees(amount), Some("two chai"), 30).unwrap().payment.id;
        let path = format!("/upi/requests/{id}");
        eventually("the request came", || screen.get("/upi/requests").body.contains(&path));
        path
    };
    let path = ask("30.00");
    assert!(screen.get("/upi").body.contains("1 request for money waits"));
    assert!(screen.get("/").body.contains("1 request for money waits"), "the first page says so too");
    let page = screen.get(&path).body;
    for part in
        ["Chai Corner", "chai@paiza", "thirty rupees", "two chai", "Until ", "today", "you never type a PIN"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    let pin = screen.get(&format!("{path}/pin?account=1")).body;
    assert!(pin.contains("Chai Corner") && pin.contains("thirty rupees"), "whom and how much: {pin}");
    let account = value(&pin, "approves").to_owned();
    let approve = |account: &str, digits: &str| {
        screen.post(&format!("{path}/pin"), &[("approves", account), ("pin", digits)])
    };
    assert_eq!(approve("AMBR00000000000000000000", "482913").header("location"), path);
    assert!(approve(&account, "48").body.contains("has 6 digits"));
    let sent = approve(&account, "482913");
    let receipt = ended(&screen, sent.header("location"));
    assert!(receipt.contains("ok-head") && receipt.contains("chai@paiza"), "{receipt}");
    // A form that is sent twice leads to the same page.
    assert_eq!(approve(&account, "482913").header("location"), sent.header("location"));
    assert_eq!(screen.get(&path).header("location"), sent.header("location"));

    let declined = ask("40.00");
    let gone = screen.post(&format!("{declined}/decline"), &[]);
    assert_eq!(gone.header("location"), "/upi/requests?note=declined");
    assert!(screen.get(gone.header("location")).body.contains("Declined. Nothing was taken"));
    assert_eq!(screen.get(&declined).header("location"), "/upi/requests?note=over");

    let late = ask("50.00");
    city.clock.advance(Duration::from_secs(30 * 60 + 1));
    screen.post("/unlock", &[("passcode", crate::phone_screens::PASSCODE)]);
    assert_eq!(
        screen.post(&format!("{late}/pin"), &[("approves", &account), ("pin", "482913")]).header("location"),
        "/upi/requests?note=over"
    );
    assert!(!screen.get("/upi").body.contains("for money wait"));
    assert_eq!(screen.get("/upi/requests/..%2f..").status, 404);
}

#[test]
fn a_sender_is_blocked_and_addresses_are_made_shown_and_given_up() {
    let city = city();
    let (chai, _folder) = person(&city, CHAI, "chai@paiza", "620573");
    chai.become_merchant("Chai Corner", "5814").unwrap();
    let _ravi = payee(&city);
    let screen = Screen::new(&city);
    screen.set_up();
    set_up(&screen);
    let mut paths = Vec::new();
    for amount in ["10.00", "20.00"] {
        let id = chai.collect("asha@paiza", rupees(amount), None, 30).unwrap().payment.id;
        eventually("it came", || screen.get("/upi/requests").body.contains(&id));
        paths.push(format!("/upi/requests/{id}"));
    }
    let blocked = screen.post(&format!("{}/block", paths[0]), &[("report", "yes")]);
    assert_eq!(blocked.header("location"), "/upi/requests?note=blocked");
    assert!(screen.get("/upi/requests").body.contains("Nobody asks you"), "both are declined");
    let list = screen.get("/upi/blocked").body;
    assert!(list.contains("chai@paiza") && list.contains("Reported"), "{list}");
    let looked_up = screen.post("/upi/pay", &[("to", "chai@paiza")]);
    assert!(
        looked_up.status == 422 && looked_up.body.contains("You blocked this address"),
        "{}",
        looked_up.body
    );
    screen.post("/upi/blocked/remove", &[("address", "chai@paiza")]);
    assert!(!screen.get("/upi/blocked").body.contains("chai@paiza"));
    let wrong = screen.post("/upi/blocked", &[("address", "chai")]);
    assert!(wrong.status == 422 && wrong.body.contains("address-wrong"), "{}", wrong.body);
    assert_eq!(
        screen.post("/upi/blocked", &[("address", "spam@paiza")]).header("location"),
        "/upi/blocked?note=blocked"
    );

    assert!(!screen.get("/upi/addresses").body.contains("Give up"), "the only one stays");
    screen.follow("/upi/address", &[("name", "rao.asha")]);
    let own = screen.get("/upi/addresses").body;
    assert!(own.contains("rao.asha@paiza") && own.contains("Give up"), "{own}");
    let second = screen.get("/upi/receive?address=2").body;
    assert!(second.contains("upi://pay?pa=rao.asha@paiza"), "{second}");
    let first = screen.post("/upi/addresses/first", &[("address", "rao.asha@paiza")]);
    assert_eq!(first.header("location"), "/upi/addresses?note=first");
    assert!(screen.get("/upi/receive").body.contains("upi://pay?pa=rao.asha@paiza"));
    screen.post("/upi/addresses/remove", &[("address", "asha@paiza")]);
    let left = screen.get("/upi/addresses").body;
    assert!(!left.contains(">asha@paiza<") && !left.contains("Give up"), "{left}");
}

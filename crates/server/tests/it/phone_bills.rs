//! Bills and recharges at the phone's own screen, as a browser without scripts does it.

use crate::phone_screens::Screen;
use crate::phone_upi::{city, ended, payee, set_up, value};

fn approve(screen: &Screen, pin: &str) -> String {
    let page = screen.get("/upi/bill/pin").body;
    let approves = value(&page, "approves").to_owned();
    screen.post("/upi/bill/pin", &[("approves", &approves), ("pin", pin)]).header("location").to_owned()
}

#[test]
fn a_bill_is_found_paid_by_pin_and_its_receipt_shown() {
    let city = city();
    let _ravi = payee(&city);
    let screen = Screen::new(&city);
    screen.set_up();
    set_up(&screen);
    let list = screen.get("/upi/bills").body;
    for part in ["Electricity", "Konkan Electricity", "Mobile recharge", "Jyoti Mobile"] {
        assert!(list.contains(part), "{part}: {list}");
    }
    let path = "/upi/billers/KONK00000ELE01";
    assert!(screen.get(path).body.contains("Consumer number"));
    for (number, why) in [
        ("123", "writes this number in another way"),
        ("1234567800", "knows no customer"),
        ("1234567801", "Nothing is due"),
    ] {
        let refused = screen.post(path, &[("consumer_number", number)]);
        assert!(refused.status == 422 && refused.body.contains(why), "{number}: {}", refused.body);
        assert!(refused.body.contains(number), "what was typed stays");
    }
    let bill = screen.follow(path, &[("consumer_number", "1234567890")]).body;
    assert!(bill.contains("Due by") && bill.contains("20 Nov 2026") && bill.contains("1234567890"), "{bill}");
    assert!(!bill.contains("id=\"amount\""), "this biller takes what is due");
    let pin = screen.follow("/upi/bill", &[("account", "1"), ("amount", "1.00")]).body;
    assert!(pin.contains("Konkan Electricity") && pin.contains("Secure page of Amber Bank"), "{pin}");
    let wrong = screen.post("/upi/bill/pin", &[("approves", "bill_x 100 y"), ("pin", "482913")]);
    assert_eq!(wrong.header("location"), "/upi/bill", "a PIN approves what its own page showed");
    let at = approve(&screen, "482913");
    let receipt = ended(&screen, &at);
    for part in ["ok-head", "Biller’s receipt", "KONK", "The biller took it for this bill"] {
        assert!(receipt.contains(part), "{part}: {receipt}");
    }
    // A form that is sent twice leads to the same page.
    let again = screen.post("/upi/bill/pin", &[("approves", "x"), ("pin", "482913")]);
    assert_eq!(again.header("location"), at);
    assert!(screen.get("/upi/bills").body.contains(&at));
    assert!(screen.post(path, &[("consumer_number", "1234567890")]).body.contains("Nothing is due"));
    assert_eq!(screen.get("/upi/billers/NOBODY").status, 404);
    assert_eq!(screen.get("/upi/bills/paid/PZA0d8f2b1c4e6a4f7ab2c3d4e5f6071829").status, 404);
    assert_eq!(screen.get("/upi/bills/paid/..%2f..").status, 404);
}

#[test]
fn a_number_is_recharged_and_what_a_biller_refuses_comes_back() {
    let city = city();
    let _ravi = payee(&city);
    let screen = Screen::new(&city);
    screen.set_up();
    set_up(&screen);
    let path = "/upi/billers/JYOT00000MOB01";
    let plans = screen.get(path).body;
    assert!(plans.contains("28 days, 1.5 GB a day, calls included"), "{plans}");
    let none = screen.post(path, &[("mobile_number", "9812345678")]);
    assert!(none.status == 422 && none.body.contains("Choose one of the plans"), "{}", none.body);
    screen.follow(path, &[("mobile_number", "9812345678"), ("plan", "J199")]);
    screen.follow("/upi/bill", &[("account", "1")]);
    let receipt = ended(&screen, &approve(&screen, "482913"));
    assert!(receipt.contains("JYOT") && receipt.contains("9812345678"), "{receipt}");

    screen.follow("/upi/billers/KONK00000ELE01", &[("consumer_number", "1234567802")]);
    screen.follow("/upi/bill", &[("account", "1")]);
    let back = ended(&screen, &approve(&screen, "482913"));
    assert!(back.contains("The money is back in your account"), "{back}");

    // What may be more than is due is typed, and no less is taken.
    screen.follow("/upi/billers/MALW00000ELE02", &[("consumer_number", "123456789012")]);
    let less = screen.post("/upi/bill", &[("account", "1"), ("amount", "1.00")]);
    assert!(less.status == 422 && less.body.contains("what is due, or more"), "{}", less.body);
}

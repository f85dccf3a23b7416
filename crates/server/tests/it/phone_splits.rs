//! Shared bills at the phone's own screen, as a browser without scripts does it.

use crate::phone_screens::Screen;
use crate::phone_upi::{city, person, set_up};
use crate::street::eventually;
use crate::upi_town::{RAVI, pin, rupees};
use server::upi::app::NewPayment;
use server::upi::phone::begun_by;

#[test]
fn a_bill_is_shared_by_codes_and_each_payment_is_seen() {
    let city = city();
    let (ravi, _folder) = person(&city, RAVI, "ravi@paiza", "573829");
    let screen = Screen::new(&city);
    screen.set_up();
    set_up(&screen);
    assert!(screen.get("/upi/splits").body.contains("Share a bill"));
    let form = |total: &'static str, people: &'static str| {
        [("note", "Dinner"), ("total", total), ("people", people), ("with_me", "yes")]
    };
    for (total, people) in [("x", "Ravi"), ("100.00", ""), ("100.00", "Ravi 200.00"), ("0.01", "Ravi\nDev")] {
        let refused = screen.post("/upi/splits", &form(total, people));
        assert!(refused.status == 422 && refused.body.contains("id=\"wrong\""), "{}", refused.body);
        assert!(refused.body.contains("value=\"Dinner\""), "what was typed stays");
    }
    let made = screen.post("/upi/splits", &form("100.00", "Ravi\nMeera Iyer 20.50"));
    let path = made.header("location").to_owned();
    let page = screen.get(&path).body;
    for part in [
        "Dinner",
        "0 of 2 paid",
        "Ravi",
        "Meera Iyer",
        "You",
        "thirty-nine rupees seventy-five paise",
        "twenty rupees fifty paise",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let code = screen.get(&format!("{path}/1")).body;
    assert!(code.contains("upi://pay?pa=asha@paiza") && code.contains("am=39.75"), "{code}");
    for nothing in ["/3", "/0", "/4", "/x"] {
        assert_eq!(screen.get(&format!("{path}{nothing}")).status, 404, "{nothing}");
    }
    assert_eq!(screen.get("/upi/splits/split_0123456789abcdef").status, 404);

    let text = code.split("<p class=\"code\">").nth(1).unwrap().split('<').next().unwrap();
    let text = text.replace("&#38;", "&").replace("&amp;", "&");
    let link = upi::link::Link::parse(&text).unwrap();
    let account = &ravi.mine().unwrap().accounts[0];
    let whom = (link.request.payee.as_str(), None);
    let order = ravi.order(account, whom, rupees("39.75"), Some("Dinner"), &pin("573829")).unwrap();
    ravi.pay(&NewPayment { begun: begun_by(&link, false), ..order }).unwrap();
    eventually("it is seen", || screen.get(&path).body.contains("1 of 2 paid"));
    assert!(screen.get(&format!("{path}/1")).header("location").starts_with("/upi/payments/"));
    assert!(screen.get("/upi/splits").body.contains("1 of 2 paid"));
}

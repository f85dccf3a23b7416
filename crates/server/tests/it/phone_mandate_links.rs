//! Links that make a mandate, scanned on the phone's screen: shown, approved with the PIN on the bank's page, refused when somebody changed them.

use crate::codes::multipart;
use crate::phone_screens::Screen;
use crate::phone_upi::{city, person, set_up, value};
use crate::screens::Shown;
use crate::street::{NOW, eventually};
use crate::upi_town::CHAI;
use upi::link::sign;
use upi::mandate::{AmountRule, Day, DayRule, Pattern, Recurrence, State, Terms};

fn scan(screen: &Screen, code: &str) -> Shown {
    let (kind, body) = multipart(&[("code", code.as_bytes())]);
    let request = screen.agent.post(screen.url("/upi/scan")).header("cookie", &*screen.cookie.borrow());
    Shown::of(request.header("content-type", &kind).send(&body[..]))
}

/// What Chai Corner's link asks for.
fn milk() -> String {
    let starts = Day::of(NOW);
    let terms = Terms {
        name: "Milk".to_owned(),
        payee: "chai@paiza".to_owned(),
        category: "5814".to_owned(),
        paise: 120_000,
        amount_rule: AmountRule::Max,
        recurrence: Recurrence { pattern: Pattern::Monthly, rule: Some((5, DayRule::On)) },
        starts,
        ends: starts.plus(90),
        revocable: true,
        blocks: false,
    };
    format!("{}&orgid=700001", terms.link("Chai Corner").unwrap().text())
}

#[test]
fn a_mandate_is_made_by_a_link_that_was_scanned() {
    let city = city();
    let (chai, _folder) = person(&city, CHAI, "chai@paiza", "620573");
    chai.become_merchant("Chai Corner", "5814").unwrap();
    let (_ravi, _of_ravi) = crate::phone_upi::payee(&city);
    let screen = Screen::new(&city);
    screen.set_up();
    set_up(&screen);
    assert_eq!(screen.get("/upi/mandates/new").header("location"), "/upi/mandates", "nothing was scanned");

    let key = sandbox::upi::keys::link_key("700001").unwrap();
    let signed = sign(&milk(), &key).unwrap().text().to_owned();
    // Another amount under the same signature, and a signature by somebody else.
    for forged in [
        signed.replace("am=1200.00", "am=9200.00"),
        sign(&milk(), &crypto::p256::SigningKey::generate()).unwrap().text().to_owned(),
    ] {
        let refused = scan(&screen, &forged);
        assert!(refused.status == 422 && refused.body.contains("changed or made up"), "{}", refused.body);
    }
    // What has no end, is over, or names nobody who could be paid again, is not taken up.
    for unusable in [
        "upi://mandate?pa=chai@paiza&am=1.00&mn=Milk&recur=MONTHLY",
        "upi://mandate?pa=chai@paiza&am=1.00&mn=Milk&recur=MONTHLY&validitystart=01012001&validityend=02012001",
    ] {
        let refused = scan(&screen, unusable);
        assert!(refused.status == 422 && refused.body.contains("cannot be approved"), "{}", refused.body);
    }

    let page = |text: &str| {
        let taken = scan(&screen, text);
        assert_eq!(taken.header("location"), "/upi/mandates/new", "{}", taken.body);
        screen.get("/upi/mandates/new").body
    };
    assert!(page(&milk()).contains("Nobody vouches for this link"));
    let shown = page(&signed);
    assert!(!shown.contains("Nobody vouches") && shown.contains("Chai Corner") && shown.contains("Milk"));
    let pin_page = screen.get("/upi/mandates/new/pin?account=1").body;
    assert!(pin_page.contains("Secure page of Amber Bank") && pin_page.contains("Chai Corner"), "{pin_page}");
    let approves = value(&pin_page, "approves").to_owned();
    let approve = |approves: &str, pin: &str| {
        screen.post("/upi/mandates/new/pin", &[("approves", approves), ("pin", pin)])
    };
    assert!(approve(&approves, "4829").body.contains("6 digits"));
    // Another link was scanned since: the PIN of the first page approves nothing.
    page(&signed);
    assert_eq!(approve(&approves, "482913").header("location"), "/upi/mandates/new");
    let approves = value(&screen.get("/upi/mandates/new/pin?account=1").body, "approves").to_owned();
    let made = approve(&approves, "482913");
    let path = made.header("location").to_owned();
    assert!(path.starts_with("/upi/mandates/PZA"), "{}", made.body);
    eventually("the bank says yes", || {
        screen.get(&path).body.contains("Rest it") || {
            let all = chai.mandates().unwrap();
            all.iter().any(|shown| shown.mandate.state == State::Active)
        }
    });
    let again = approve(&approves, "482913");
    assert_eq!(again.header("location"), "/upi/mandates", "a form that is sent twice is one mandate");
    eventually("the merchant hears of one", || chai.mandates().unwrap().len() == 1);

    page(&milk());
    assert_eq!(screen.post("/upi/mandates/new/decline", &[]).header("location"), "/upi/mandates");
    assert_eq!(screen.get("/upi/mandates/new").header("location"), "/upi/mandates");
}

/// A payment's link too: what a signature covers nobody changes, and what somebody vouches for has no caution.
#[test]
fn a_signed_code_is_paid_as_it_was_signed_or_not_at_all() {
    let city = city();
    let (chai, _folder) = person(&city, CHAI, "chai@paiza", "620573");
    chai.become_merchant("Chai Corner", "5814").unwrap();
    let (_ravi, _of_ravi) = crate::phone_upi::payee(&city);
    let screen = Screen::new(&city);
    screen.set_up();
    set_up(&screen);
    let link = "upi://pay?pa=chai@paiza&am=30.00&cu=INR&mode=02&orgid=700001";
    let signed = sign(link, &sandbox::upi::keys::link_key("700001").unwrap()).unwrap().text().to_owned();
    let forged = scan(&screen, &signed.replace("30.00", "3.00"));
    assert!(forged.status == 422 && forged.body.contains("changed or made up"), "{}", forged.body);
    assert_eq!(scan(&screen, &signed).header("location"), "/upi/pay/confirm");
    assert!(!screen.get("/upi/pay/confirm").body.contains("Nobody vouches"));
    assert_eq!(scan(&screen, link).header("location"), "/upi/pay/confirm");
    assert!(screen.get("/upi/pay/confirm").body.contains("Nobody vouches"));
}

//! What a customer is told of what is held, and of who looked; and leaving.

use crate::consoles::Operator;
use crate::phone_screens::Screen;
use crate::small_city::SmallCity;
use crate::street::{NOW, eventually};
use tokens::records::{Customer, Device, DeviceId, Life, PhoneConfirmation, Token, VaultEntry};
use tokens::text::PhoneNumber;
use values::Records;

#[test]
fn customers_see_who_looked_at_their_card_phone_and_payment_and_at_nobody_elses() {
    let operator = Operator::inside();
    let paid = operator.paid("12.50").reference.unwrap();
    let phone = &operator.city.phone;
    let held = phone.held().unwrap();
    assert!(held.accesses_known && held.accesses.is_empty(), "{held:?}");
    assert_eq!((held.phone_number.as_str(), held.recovery_code), (phone.number(), true));
    let card = &held.cards[0];
    assert_eq!((held.cards.len(), card.state.as_str(), card.kept_until), (1, "active", None));

    let (token, device) = (card.token.clone(), held.devices[0].device.clone());
    operator.get("/merchants");
    operator.get(&format!("/subject?kind=device&name={device}"));
    operator.get(&format!("/payments/{paid}"));
    operator.get(&format!("/subject?kind=token&name={token}"));
    let looks: Vec<_> = operator.city.phone.held().unwrap().accesses;
    let told: Vec<_> =
        looks.iter().map(|look| (look.who.as_str(), look.act.as_str(), look.subject.clone())).collect();
    let of = |subject: String| ("Asha", "view", subject);
    let expected =
        [of(format!("token {token}")), of(format!("token {token}")), of(format!("device {device}"))];
    assert_eq!(told, expected, "the payment is the card's, the last first");
    assert!(looks.iter().all(|look| look.at >= NOW.millis() && look.result == "ok"));

    // Somebody else's phone hears nothing of it.
    let screen = Screen::new(&operator.city);
    screen.set_up();
    let page = screen.get("/you/privacy").body;
    assert!(page.contains("Nobody.") && !page.contains("Asha"), "{page}");
    assert!(page.contains("Nothing: there is no card."), "{page}");
}

#[test]
fn what_is_held_is_shown_and_taken_along() {
    let city = SmallCity::new();
    let screen = Screen::new(&city);
    screen.set_up();
    let card = screen.add("6216600100000000057", "13800000005");
    let token = card.header("location").trim_start_matches("/cards/").split('/').next().unwrap().to_owned();
    let page = screen.get("/you/privacy").body;
    for part in [
        "+8613800000002",
        "Withdraw",
        &format!("/cards/{token}/remove"),
        "Nobody runs a console",
        "Recovery code",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    eventually("the code's message is on the phone", || {
        let inbox = screen.get("/inbox").body;
        inbox.contains("class=\"bubble")
    });
    let file = screen.get("/you/privacy.json");
    assert!(file.header("content-disposition").contains("paiza-privacy.json"));
    let told: serde_json::Value = serde_json::from_str(&file.body).unwrap();
    assert_eq!(told["phone"]["number"], "+8613800000002");
    assert_eq!(told["phone"]["cards"][0]["token"], token.as_str());
    assert_eq!(told["token_service"]["cards"][0]["token"], token.as_str());
    assert!(told["phone"]["messages"].as_array().is_some_and(|texts| !texts.is_empty()));
    assert!(!file.body.contains("6216600100000000057"), "the number was forgotten");
    // A removed card is told of, until its number goes.
    screen.post(&format!("/cards/{token}/remove"), &[]);
    eventually("the token service knows that it is removed", || {
        let page = screen.get("/you/privacy").body;
        page.contains("sealed number kept until") && page.contains("Nothing: there is no card.")
    });
}

#[test]
fn leaving_wants_the_passcode_and_leaves_nobody_behind() {
    let city = SmallCity::new();
    let screen = Screen::new(&city);
    screen.set_up();
    screen.add("6216600100000000057", "13800000005");
    let told: serde_json::Value = serde_json::from_str(&screen.get("/you/privacy.json").body).unwrap();
    let device: DeviceId = told["phone"]["device"].as_str().unwrap().parse().unwrap();
    let store = city.city.tokens.store();
    let (customer, token) = store
        .read(move |records| {
            let device: Device = records.find(&device).unwrap();
            (device.customer.unwrap(), records.find::<Token>(&device.tokens[0]).unwrap())
        })
        .unwrap();

    let asked = screen.get("/you/privacy/leave").body;
    assert!(asked.contains("The card on this phone") && asked.contains("this is your last phone"), "{asked}");
    let wrong = screen.post("/you/privacy/leave", &[("passcode", "135791")]);
    assert!(wrong.status == 403 && wrong.body.contains("9 tries are left"), "{}", wrong.body);
    assert_eq!(screen.get("/you").status, 200, "nothing was done");
    let left = screen.post("/you/privacy/leave", &[("passcode", crate::phone_screens::PASSCODE)]);
    assert!(left.status == 200 && left.body.contains("this phone is nobody"), "{}", left.body);
    assert_eq!(screen.get("/you").header("location"), "/welcome");

    let number = PhoneNumber::parse("+8613800000002").unwrap();
    let (reference, sealed) = (token.reference, token.number);
    store
        .read(move |records| {
            assert!(
                records.find::<Device>(&device).is_none() && records.find::<Customer>(&customer).is_none()
            );
            assert_eq!(records.find::<PhoneConfirmation>(&number).unwrap().customer, None);
            assert_eq!(records.find::<Token>(&reference).unwrap().standing.life, Life::Deleted);
            assert!(records.find::<VaultEntry>(&sealed).is_some(), "for refunds");
        })
        .unwrap();
    // The same phone begins anew, as somebody new.
    let page = screen.set_up();
    assert!(page.contains("class=\"panel recovery code\""), "a new recovery code: {page}");
    assert!(screen.get("/").body.contains("No card yet"));
}

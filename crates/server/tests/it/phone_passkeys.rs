//! A passkey beside the passcode of a phone, used as a browser does.

use crate::phone_screens::{PASSCODE, Screen};
use crate::screens::Shown;
use crate::small_city::SmallCity;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use passkeys::testing::Authenticator;
use std::time::Duration;

/// A page of the phone as it is shown at the name under which a browser takes passkeys.
fn at_its_name(screen: &Screen, path: &str) -> Shown {
    let request =
        screen.agent.get(screen.url(path)).header("host", format!("localhost:{}", screen.at.port()));
    Shown::of(request.header("cookie", &*screen.cookie.borrow()).call())
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn challenge(page: &str) -> Vec<u8> {
    let rest = page.split_once("data-challenge=\"").unwrap_or_else(|| panic!("no passkey in {page}")).1;
    URL_SAFE_NO_PAD.decode(rest.split_once('"').unwrap().0).unwrap()
}

/// What a browser sends when a passkey was made on this page; `secret` is what its authenticator computed.
fn made(passkey: &mut Authenticator, page: &str, secret: Option<u8>) -> String {
    let (client, object) = passkey.make(&challenge(page));
    let secret = secret.map_or("null".to_owned(), |byte| format!("\"{}\"", text(&[byte; 32])));
    format!("{{\"client\":\"{}\",\"object\":\"{}\",\"secret\":{secret}}}", text(&client), text(&object))
}

/// What a browser sends when it was used on this page.
fn used(passkey: &mut Authenticator, page: &str, secret: Option<u8>) -> String {
    let said = passkey.sign(&challenge(page));
    let secret = secret.map_or("null".to_owned(), |byte| format!("\"{}\"", text(&[byte; 32])));
    format!(
        "{{\"id\":\"{}\",\"client\":\"{}\",\"data\":\"{}\",\"signature\":\"{}\",\"secret\":{secret}}}",
        said.credential.as_str(),
        text(&said.client_data),
        text(&said.authenticator_data),
        text(&said.signature)
    )
}

#[test]
fn a_passkey_opens_the_phone_and_only_one_with_a_secret_pays() {
    let city = SmallCity::new();
    let screen = Screen::new(&city);
    screen.set_up();
    assert_eq!(screen.add("6216600100000000057", "13800000005").status, 303);
    let origin = format!("http://localhost:{}", screen.at.port());
    assert!(screen.get("/you/passkey").body.contains(&format!("{origin}/you/passkey")), "it says where");
    let page = at_its_name(&screen, "/you/passkey").body;
    let mut passkey = Authenticator::new(b"a passkey", "localhost", &origin);
    let proof = made(&mut passkey, &page, Some(5));
    let add = |proof: &str, passcode: &str| {
        screen.post("/you/passkey", &[("proof", proof), ("passcode", passcode)])
    };
    assert_eq!(add(&proof, "000001").status, 422, "the passcode has to be right");
    let page = at_its_name(&screen, "/you/passkey").body;
    let proof = made(&mut passkey, &page, Some(5));
    assert_eq!(add(&proof, PASSCODE).status, 303);
    assert!(screen.get("/you/passkey").body.contains("opens the screen and pays"));

    // The screen, at the right page alone.
    screen.post("/lock", &[]);
    assert_eq!(screen.get("/").header("location"), "/unlock?then=/");
    assert!(!screen.get("/unlock").body.contains("data-passkey"), "a browser takes none at a number");
    "http://localhost:8085".clone_into(&mut passkey.origin);
    let proof = used(&mut passkey, &at_its_name(&screen, "/unlock").body, Some(5));
    assert_eq!(screen.post("/unlock/passkey", &[("proof", &proof)]).status, 403);
    origin.clone_into(&mut passkey.origin);
    let proof = used(&mut passkey, &at_its_name(&screen, "/unlock").body, Some(5));
    let opened = screen.post("/unlock/passkey", &[("proof", &proof), ("then", "/you")]);
    assert_eq!((opened.status, opened.header("location")), (303, "/you"));
    assert_eq!(screen.get("/you").status, 200);
    assert_eq!(
        screen.post("/unlock/passkey", &[("proof", &proof)]).status,
        403,
        "what was sent is good once"
    );

    // A tap: with another secret than the one it was made with nothing is opened.
    city.clock.advance(Duration::from_secs(61));
    let page = at_its_name(&screen, "/tap").body;
    let proof = used(&mut passkey, &page, Some(6));
    assert_eq!(screen.post("/tap", &[("proof", &proof)]).status, 403);
    let proof = used(&mut passkey, &at_its_name(&screen, "/tap").body, None);
    assert_eq!(screen.post("/tap", &[("proof", &proof)]).status, 403);
    // What was signed for the screen is not good for a payment.
    let proof = used(&mut passkey, &at_its_name(&screen, "/tap").body, Some(5));
    assert_eq!(screen.post("/unlock/passkey", &[("proof", &proof)]).status, 403);
    let proof = used(&mut passkey, &at_its_name(&screen, "/tap").body, Some(5));
    assert_eq!(screen.post("/tap", &[("proof", &proof)]).status, 303);
    assert!(screen.get("/tap").body.contains("data-waiting"));
    screen.post("/tap/close", &[]);

    // Without a secret it opens the screen, and the page of a tap says that it wants the passcode.
    assert_eq!(screen.post("/you/passkey/remove", &[]).status, 303);
    let proof = made(&mut passkey, &at_its_name(&screen, "/you/passkey").body, None);
    assert_eq!(add(&proof, PASSCODE).status, 303);
    city.clock.advance(Duration::from_secs(61));
    screen.post("/lock", &[]);
    let proof = used(&mut passkey, &at_its_name(&screen, "/unlock").body, None);
    assert_eq!(screen.post("/unlock/passkey", &[("proof", &proof)]).status, 303);
    let page = at_its_name(&screen, "/tap").body;
    assert!(page.contains("a tap asks for the passcode") && !page.contains("data-passkey"), "{page}");
    assert_eq!(screen.post("/tap", &[("passcode", PASSCODE)]).status, 303, "which works as before");
}

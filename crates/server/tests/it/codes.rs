//! Paying by code through the whole city: the phone shows one, the shop shows one; forgeries, copies, screens.

use crate::screens::Shown as Page;
use crate::small_city::SmallCity;
use crate::street::{eventually, yuan};
use emv::qr::consumer;
use emv::qr::offer::Offer;
use server::iso::Ends;
use server::phone::{CodeError, Phone, Scanned};
use server::picture;
use server::pos::records::EntryState;
use server::pos::{
    DEMO_TERMINALS, Ended, Patience, Pos, PosError, ScanError, Settings, Shown, TerminalLine, Verdict,
};
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::Duration;
use values::Money;
use wallet::unlock::Verified;

const PASSCODE: &[u8] = b"135790";
const PATIENCE: Duration = Duration::from_secs(60);

fn terminal(city: &SmallCity, folder: &Path, place: usize) -> Pos {
    let ends = Ends::unwatched("terminal", "acquirer");
    let line = TerminalLine::start(city.city.addresses.acquirer, server::city::pos(), ends).unwrap();
    let settings = Settings::new(folder, DEMO_TERMINALS[place].configuration());
    Pos::open(settings, Arc::new(line), city.clock.clone()).unwrap()
}

fn unlocked(phone: &Phone) -> Verified {
    phone.unlock(PASSCODE).unwrap()
}

/// Shows a code at the terminal; `customer` does something about it, after which the terminal is left waiting until it
/// ends by itself, or the cashier gives up when `gives_up`.
fn shown(pos: &mut Pos, amount: Option<&str>, gives_up: bool, customer: impl FnOnce(&str)) -> Option<Ended> {
    let amount = amount.map(yuan);
    let (tell, told) = mpsc::channel();
    pos.on_shown(move |what| {
        if let Shown::Code { text, .. } = what {
            tell.send(text).unwrap();
        }
    });
    let (done, over) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(move || {
            let wait = || match over.recv_timeout(Duration::from_millis(20)) {
                Ok(()) if gives_up => Patience::GiveUp,
                _ => Patience::GoOn,
            };
            match amount {
                Some(amount) => pos.sale_by_shown_code(amount, wait).unwrap(),
                None => pos.show_open_code(wait).unwrap(),
            }
        });
        customer(&told.recv_timeout(PATIENCE).unwrap());
        let _ = done.send(());
        waiting.join().unwrap()
    })
}

fn pay(phone: &Phone, scanned: &Scanned, amount: Money) -> server::api::phone::TapEnd {
    phone.pay_code(scanned, None, amount, &unlocked(phone)).unwrap().end
}

#[test]
fn a_code_on_the_phone_pays_once_within_its_minute() {
    let city = SmallCity::new();
    let folder = tempfile::tempdir().unwrap();
    let (phone, mut pos) = (&city.phone, terminal(&city, folder.path(), 0));
    let verified = unlocked(phone);
    let code = phone.show_code(None, &verified).unwrap();
    let again = phone.show_code(None, &verified).unwrap_err();
    assert_eq!(again.code(), "see_phone", "one passcode, one code");
    assert!(!format!("{code:?}").contains(&code.text));

    let ended = pos.sale_by_code(yuan("36.50"), &code.text).unwrap();
    assert_eq!((ended.verdict, ended.amount), (Verdict::Approved, yuan("36.50")), "{}", ended.sentence);
    assert!(ended.receipt.iter().any(|line| line.ends_with(" CODE")), "{:?}", ended.receipt);
    let end = phone.learn_end(code.token, code.counter, PATIENCE).unwrap();
    assert_eq!((end.state.as_str(), end.amount), ("approved", Some(3650)));
    let tap = phone.payments().unwrap().pop().unwrap();
    assert_eq!((tap.amount_minor, tap.currency), (3650, 156), "the phone wrote down what the shop took");

    // A photograph of it, for more.
    let copied = pos.sale_by_code(yuan("99.00"), &code.text).unwrap();
    assert_eq!(copied.verdict, Verdict::Declined);
    // Another one, an hour later: the terminal does not even ask, and the token service would say no.
    let code = phone.show_code(None, &unlocked(phone)).unwrap();
    city.clock.advance(Duration::from_secs(3600));
    let late = pos.sale_by_code(yuan("1.00"), &code.text);
    assert!(matches!(late, Err(PosError::Scan(ScanError::Expired))));
    for (text, expected) in
        [("", ScanError::NotACode), ("000201", ScanError::NotACode), ("hQVDUFYwMWEA", ScanError::NotACode)]
    {
        match pos.sale_by_code(yuan("1.00"), text) {
            Err(PosError::Scan(error)) => assert_eq!(error, expected, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    // It is a payment as any other: taken back, and out of the batch.
    let void = pos.void(ended.reference.unwrap()).unwrap();
    assert_eq!(void.verdict, Verdict::Approved);
    let closed = pos.close_batch().unwrap();
    assert!(closed.balanced && closed.sales.count == 0);
    assert!(phone.payments().unwrap().iter().all(|tap| tap.amount_minor > 0), "an unused code is no payment");
}

#[test]
fn a_phone_that_died_shows_no_code_twice() {
    let city = SmallCity::new();
    let first = city.phone.show_code(None, &unlocked(&city.phone)).unwrap();
    let second = city.phone.show_code(None, &unlocked(&city.phone)).unwrap();
    assert_eq!(second.counter, first.counter + 1);
    let proof = |text: &str| consumer::parse(text).unwrap().remove(0).proof;
    let (one, other) = (proof(&first.text), proof(&second.text));
    assert_ne!(one.cryptogram, other.cryptogram);
    assert_eq!(one.atc.count(), first.counter);
    let counter = city.phone.counter(city.token).unwrap();
    assert_eq!(counter.atc, second.counter, "durable before the code was shown");
}

#[test]
fn a_code_at_the_shop_is_paid_by_whom_it_was_shown_to() {
    let city = SmallCity::new();
    let folder = tempfile::tempdir().unwrap();
    let (phone, mut pos) = (&city.phone, terminal(&city, folder.path(), 0));
    let ended = shown(&mut pos, Some("12.50"), false, |text| {
        let scanned = phone.look_at_code(text).unwrap();
        assert_eq!((scanned.shop.merchant.as_str(), scanned.amount), ("PAIZA NOODLES", Some(yuan("12.50"))));
        let other = phone.pay_code(&scanned, None, yuan("0.50"), &unlocked(phone));
        assert!(matches!(other, Err(CodeError::Amount)), "the amount is the shop's");
        assert_eq!(pay(phone, &scanned, yuan("12.50")).state, "approved");
        // Paid: whoever scans it now is told.
        assert_eq!(phone.look_at_code(text).unwrap_err().code(), "bill_over");
    });
    let ended = ended.expect("the terminal hears of it");
    assert_eq!((ended.verdict, ended.amount), (Verdict::Approved, yuan("12.50")));
    assert!(ended.receipt.iter().any(|line| line.contains("APPROVED")), "{:?}", ended.receipt);

    // The sticker on the wall, while it is shown and while nobody looks.
    let sticker = pos.open_code().unwrap();
    let ended = shown(&mut pos, None, false, |text| {
        assert_eq!(text, sticker);
        assert_eq!(pay(phone, &phone.look_at_code(text).unwrap(), yuan("4.00")).state, "approved");
    });
    assert_eq!(ended.map(|ended| (ended.verdict, ended.amount)), Some((Verdict::Approved, yuan("4.00"))));
    assert_eq!(pay(phone, &phone.look_at_code(&sticker).unwrap(), yuan("5.00")).state, "approved");

    let refund = pos.refund(pos.journal().unwrap()[0].reference.unwrap(), yuan("2.50")).unwrap();
    assert_eq!(refund.verdict, Verdict::Approved);
    let closed = pos.close_batch().unwrap();
    assert!(closed.balanced, "terminal and acquirer count the same");
    assert_eq!((closed.sales.count, closed.sales.amount, closed.refunds.amount), (3, 2150, 250));
    for (party, store) in city.city.stores() {
        assert!(store.verify().unwrap().is_ok(), "{party}");
    }
}

#[test]
fn a_code_that_was_taken_away_is_paid_by_nobody() {
    let city = SmallCity::new();
    let folder = tempfile::tempdir().unwrap();
    let (phone, mut pos) = (&city.phone, terminal(&city, folder.path(), 0));
    let mut seen = None;
    let ended = shown(&mut pos, Some("12.50"), true, |text| seen = Some(phone.look_at_code(text).unwrap()));
    assert!(ended.is_none());
    let scanned = seen.unwrap();
    let end = pay(phone, &scanned, yuan("12.50"));
    assert_eq!((end.state.as_str(), end.reason.as_deref()), ("declined", Some("reversed_before")));
    assert_eq!(pos.journal().unwrap().pop().unwrap().state, EntryState::Reversed);
    assert!(pos.close_batch().unwrap().balanced);
}

#[test]
// long: a table of forgeries, one line each.
fn hostile_codes_are_refused_with_a_reason_and_nothing_is_sent() {
    let city = SmallCity::new();
    let folder = tempfile::tempdir().unwrap();
    let (phone, pos) = (&city.phone, terminal(&city, folder.path(), 0));
    let genuine = pos.open_code().unwrap();
    let offer = Offer::parse(&genuine).unwrap();
    let written = |edit: fn(&mut Offer)| {
        let mut offer = offer.clone();
        edit(&mut offer);
        offer.to_text().unwrap()
    };
    assert!(phone.look_at_code(&genuine).is_ok());
    for (text, reason) in [
        (genuine.replacen("PAIZA", "PAlZA", 1), "code_checksum"),
        (written(|offer| offer.name = "PAlZA NOODLES".to_owned()), "code_name_differs"),
        (written(|offer| offer.name = "PAIZA BOOKS".to_owned()), "code_name_differs"),
        (written(|offer| offer.city = "SHANGHAI".to_owned()), "code_name_differs"),
        (written(|offer| offer.category = 5411.try_into().unwrap()), "code_name_differs"),
        (written(|offer| offer.acquirer = "01030000".to_owned()), "code_of_another_network"),
        (written(|offer| offer.place.terminal = *b"PZ000009"), "unknown_terminal"),
        // The other shop's money, under this shop's terminal.
        (written(|offer| offer.place.acceptor = *b"104110059420002"), "wrong_merchant"),
        (written(|offer| offer.currency = values::Currency::USD), "wrong_currency"),
        (written(|offer| offer.bill = Some("000001000042".to_owned())), "bill_unknown"),
        (written(|offer| offer.bill = Some("42".to_owned())), "bill_unknown"),
        (written(|offer| offer.initiation = emv::qr::merchant::Initiation::Dynamic), "bill_unknown"),
        ("https://example.com".to_owned(), "code_broken"),
    ] {
        assert_eq!(phone.look_at_code(&text).unwrap_err().code(), reason, "{text}");
    }
    assert_eq!(phone.counter(city.token).unwrap().atc, 0, "no key was used");
}

/// A form with a photograph, as browsers send it.
pub(crate) fn multipart(fields: &[(&str, &[u8])]) -> (String, Vec<u8>) {
    const EDGE: &str = "----paiza-edge";
    let mut body = Vec::new();
    for (name, value) in fields {
        let file = if *name == "picture" { "; filename=\"code.png\"" } else { "" };
        body.extend(
            format!("--{EDGE}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n").bytes(),
        );
        body.extend(*value);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{EDGE}--\r\n").bytes());
    (format!("multipart/form-data; boundary={EDGE}"), body)
}

#[test]
fn a_till_shows_and_scans_codes() {
    let mut city = SmallCity::new();
    let at = city.open_terminal();
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
    let get = |path: &str| Page::of(agent.get(format!("http://{at}{path}")).call());
    let turn = || {
        let body = get("/batch").body;
        body.split_once("name=\"turn\" value=\"").unwrap().1.split('"').next().unwrap().to_owned()
    };
    let ended = || {
        let mut body = String::new();
        eventually("the order is carried out", || {
            body = get("/").body;
            !body.contains("data-live")
        });
        body
    };
    let form = |path: &str, fields: &[(&str, &str)]| {
        let sent = agent.post(format!("http://{at}{path}")).send_form(fields.iter().copied());
        Page::of(sent)
    };

    // The terminal shows, the phone scans.
    assert_eq!(form("/code", &[("typed", "3650"), ("turn", &turn())]).status, 303);
    let mut body = String::new();
    eventually("the code is shown", || {
        body = get("/").body;
        body.contains("class=\"code-panel\"")
    });
    let text = body.split_once("<p class=\"code\">0002").unwrap().1;
    let text = format!("0002{}", text.split('<').next().unwrap());
    let scanned = city.phone.look_at_code(&text).unwrap();
    assert_eq!(pay(&city.phone, &scanned, yuan("36.50")).state, "approved");
    let green = ended();
    assert!(green.contains("class=\"terminal approved\""), "{green}");
    let done = turn();
    form("/next", &[("turn", &done)]);

    // The phone shows, the hand scanner types.
    let scan = get("/scan?typed=1250");
    assert!(
        scan.body.contains("enctype=\"multipart/form-data\"") && scan.body.contains("12.50"),
        "{}",
        scan.body
    );
    assert_eq!(get("/scan").header("location"), "/");
    let code = city.phone.show_code(None, &unlocked(&city.phone)).unwrap();
    let send = |fields: &[(&str, &[u8])]| {
        let (kind, body) = multipart(fields);
        let sent = agent.post(format!("http://{at}/scan")).header("content-type", kind).send(&body[..]);
        Page::of(sent)
    };
    let now = turn();
    let sent = send(&[("typed", b"1250"), ("turn", now.as_bytes()), ("code", code.text.as_bytes())]);
    assert_eq!((sent.status, sent.header("location")), (303, "/"), "{}", sent.body);
    let green = ended();
    assert!(green.contains("class=\"terminal approved\"") && green.contains("take the goods"), "{green}");
    form("/next", &[("turn", &turn())]);

    // Neither text nor a readable picture; then a code that is none.
    let now = turn();
    for picture in [&b""[..], b"no picture", &[0x89, b'P', b'N', b'G']] {
        let none = send(&[("typed", b"1250"), ("turn", now.as_bytes()), ("code", b""), ("picture", picture)]);
        assert!(none.status == 422 && none.body.contains("There is no readable code"), "{}", none.body);
    }
    send(&[("typed", b"1250"), ("turn", now.as_bytes()), ("code", b"hello")]);
    let failed = ended();
    assert!(failed.contains("That is no payment code of a phone."), "{failed}");
    assert_eq!(send(&[("typed", b"0"), ("turn", b"0"), ("code", b"x")]).status, 400);
    assert_eq!(form("/scan", &[("typed", "1250")]).status, 400, "not a form with a picture");
    form("/next", &[("turn", &turn())]);

    // A code nobody pays is taken away.
    form("/code", &[("turn", &turn())]);
    eventually("the open code is shown", || get("/").body.contains("The customer says how much."));
    form("/cancel", &[]);
    eventually("the keypad is back", || get("/").body.contains("Enter an amount"));
}

#[test]
fn drawn_codes_are_read_by_another_reader() {
    let city = SmallCity::new();
    let folder = tempfile::tempdir().unwrap();
    let pos = terminal(&city, folder.path(), 0);
    let shown = city.phone.show_code(None, &unlocked(&city.phone)).unwrap().text;
    for text in [shown, pos.open_code().unwrap()] {
        let drawing = picture::draw(&text).unwrap();
        let path = folder.path().join("code.pgm");
        std::fs::write(&path, portable_graymap(&drawing, 4)).unwrap();
        let read = std::process::Command::new("zbarimg").args(["--quiet", "--raw"]).arg(&path).output();
        let Ok(read) = read else {
            assert!(
                std::env::var_os("PAIZA_REQUIRE_ALL").is_none(),
                "zbarimg (Debian: zbar-tools) is required"
            );
            eprintln!("skipped: zbarimg is not here (Debian: zbar-tools)");
            return;
        };
        assert_eq!(String::from_utf8_lossy(&read.stdout).trim_end(), text);
    }
}

/// The drawing as a picture of the plainest kind, so many dots to a module.
fn portable_graymap(drawing: &picture::Drawing, dots: usize) -> Vec<u8> {
    let side = drawing.side * dots;
    let mut picture = format!("P5 {side} {side} 255\n").into_bytes();
    let start = picture.len();
    picture.resize(start + side * side, 255);
    for run in drawing.path.split('M').skip(1) {
        let (x, rest) = run.split_once(' ').unwrap();
        let (y, rest) = rest.split_once('h').unwrap();
        let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
        let run: usize = rest.split_once('v').unwrap().0.parse().unwrap();
        for row in y * dots..(y + 1) * dots {
            picture[start + row * side + x * dots..start + row * side + (x + run) * dots].fill(0);
        }
    }
    picture
}

#[test]
fn a_photograph_is_read_whole_and_refused_in_pieces() {
    let photograph = include_bytes!("shop_code.jpg");
    let expected = "00020101021215310102000001020000104110059420002520459425303156540536.505802CN5911PAIZA \
                    BOOKS6007BEIJING622801120000016649110708PZ000002630474F2";
    assert_eq!(picture::read(photograph).as_deref(), Ok(expected));
    for length in (0..photograph.len()).step_by(61) {
        // A photograph that breaks off may still show enough; it never does harm.
        let _ = picture::read(&photograph[..length]);
        let mut wrong = photograph.to_vec();
        wrong[length] ^= 0x55;
        let _ = picture::read(&wrong);
    }
}

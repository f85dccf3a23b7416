//! Secrets are where design allows them and nowhere else: a full run with every wire on tape, every file and every
//! log line searched for markers in each encoding in which one could hide.

use crate::shop::{Hold, Shop};
use crate::town::{CARD, Taped, Town, add, test_card, typed, yuan};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// The ways in which digits can be written down, each with the bytes to look for.
fn encodings(digits: &str) -> Vec<(&'static str, Vec<u8>)> {
    let ascii = digits.as_bytes();
    let wide = |pair: fn(u8) -> [u8; 2]| ascii.iter().flat_map(|byte| pair(*byte)).collect::<Vec<u8>>();
    let mut all = vec![
        ("ASCII", ascii.to_vec()),
        ("UTF-16LE", wide(|byte| [byte, 0])),
        ("UTF-16BE", wide(|byte| [0, byte])),
        ("hex", hex::encode(ascii).into_bytes()),
        ("HEX", hex::encode_upper(ascii).into_bytes()),
    ];
    // Packed digits may start in either half of a byte; what does not fill a byte is left out.
    for from in 0..2 {
        let whole = (digits.len() - from) / 2 * 2;
        all.push(("BCD", hex::decode(&digits[from..from + whole]).unwrap()));
    }
    // In base64 the text starts at one of three places; characters that neighbours share are left out.
    for before in 0..3 {
        let padded = [&vec![0; before][..], ascii].concat();
        for (name, encoded) in
            [("base64", STANDARD_NO_PAD.encode(&padded)), ("base64url", URL_SAFE_NO_PAD.encode(&padded))]
        {
            let from = (before * 8).div_ceil(6);
            let to = padded.len() * 8 / 6;
            all.push((name, encoded.as_bytes()[from..to].to_vec()));
        }
    }
    all
}

/// In which encodings digits stand in these bytes.
fn found(digits: &str, bytes: &[u8]) -> BTreeSet<&'static str> {
    let stands = |needle: &[u8]| {
        let first = needle[0];
        bytes.iter().enumerate().any(|(place, byte)| *byte == first && bytes[place..].starts_with(needle))
    };
    encodings(digits).into_iter().filter(|(_, needle)| stands(needle)).map(|(name, _)| name).collect()
}

#[test]
fn the_scanner_finds_what_is_planted() {
    let marker = CARD;
    let mut kinds = BTreeSet::new();
    for (name, needle) in encodings(marker) {
        let mut hidden = vec![0x5A; 100];
        hidden.extend(needle);
        hidden.extend([0x5A; 100]);
        assert!(found(marker, &hidden).contains(name), "{name}");
        kinds.insert(name);
    }
    assert_eq!(kinds.len(), 8, "{kinds:?}");
    for before in 0..5 {
        let text = format!("{}{marker} and so on", "x".repeat(before));
        assert!(found(marker, STANDARD_NO_PAD.encode(&text).as_bytes()).contains("base64"), "{before}");
        assert!(found(marker, format!("..{}", hex::encode_upper(&text)).as_bytes()).contains("HEX"));
    }
    let odd = hex::decode(format!("0{marker}")).unwrap();
    let even = hex::decode(format!("{marker}F")).unwrap();
    assert!(found(marker, &odd).contains("BCD") && found(marker, &even).contains("BCD"));
    assert!(found(marker, b"nothing of the kind").is_empty());
}

/// Where a marker was found, in words.
type Finding = (String, &'static str);

fn files(directory: &Path, each: &mut impl FnMut(&Path, &[u8])) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, each);
        } else {
            each(&path, &std::fs::read(&path).unwrap());
        }
    }
}

/// Where digits stand on the tape, in the files and in the log.
fn findings(digits: &str, tape: &[Taped], folder: &Path, log: &[u8]) -> BTreeSet<Finding> {
    let mut all = BTreeSet::new();
    for taped in tape {
        for name in found(digits, &taped.bytes).into_iter().chain(found(digits, taped.title.as_bytes())) {
            all.insert((format!("wire {} to {}", taped.from, taped.to), name));
        }
    }
    files(folder, &mut |path, bytes| {
        let place = path.strip_prefix(folder).unwrap().display().to_string();
        for name in found(digits, bytes).into_iter().chain(found(digits, place.as_bytes())) {
            all.insert((format!("file {place}"), name));
        }
    });
    all.extend(found(digits, log).into_iter().map(|name| ("log".to_owned(), name)));
    all
}

/// Everything the process logs, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A terminal that sends the number of the plastic card, a file and a log that have it: each is found.
#[test]
fn a_careless_party_is_found() {
    let town = Town::start();
    let (phone, _) = town.phone_with("li", CARD);
    let shop = Shop::open(&town);
    let mut message = shop.message(&shop.tap(&town, &phone, 1000));
    for (_, store) in town.city.stores() {
        store.flush().unwrap();
    }
    let clean = |finding: &Finding| finding.0.contains("token gateway");
    let before = findings(CARD, &town.tape.all(), town.folder.path(), b"a log without numbers");
    assert!(before.iter().all(clean), "{before:?}");
    message.set_text(2, CARD).remove(35);
    assert_ne!(shop.send(message).as_deref(), Some("00"), "no cryptogram of that number");
    for (_, store) in town.city.stores() {
        store.flush().unwrap();
    }
    std::fs::write(town.folder.path().join("notes.txt"), format!("called about {CARD}")).unwrap();
    let log = format!("paying with {CARD}");
    let after = findings(CARD, &town.tape.all(), town.folder.path(), log.as_bytes());
    let places: BTreeSet<&str> = after.iter().map(|(place, _)| place.as_str()).collect();
    for place in ["wire terminal to acquirer", "file notes.txt", "log"] {
        assert!(places.contains(place), "{place} is not among {places:?}");
    }
    let kept = places.iter().filter(|place| place.starts_with("file ") && **place != "file notes.txt");
    assert_eq!(kept.count(), 0, "no party keeps a number that a terminal lets slip: {places:?}");
}

/// Tells the child to say what it holds.
const CARELESS: &str = "PAIZA_TEST_CARELESS";

/// Ends as a party does that finds a flaw in itself with a customer's data in its hands.
#[test]
fn child_that_panics() {
    let Some(careless) = std::env::var_os(CARELESS) else { return };
    let card = typed(CARD);
    let pan = values::Pan::parse(card.pan.as_bytes()).unwrap();
    let secret = values::SecretBytes::new(card.cvv2.into_bytes());
    if careless == "yes" {
        panic!("{} {}", String::from_utf8_lossy(pan.expose()), String::from_utf8_lossy(secret.expose()));
    }
    panic!("{pan:?} {secret:?}");
}

#[test]
fn a_crash_prints_no_card_number() {
    for (careless, stands) in [("no", false), ("yes", true)] {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["markers::child_that_panics", "--exact", "--nocapture", "--test-threads=1"])
            .env(CARELESS, careless)
            .env("RUST_BACKTRACE", "full")
            .output()
            .unwrap();
        assert!(!output.status.success());
        let all = [output.stdout, output.stderr].concat();
        assert!(String::from_utf8_lossy(&all).contains("panicked"), "it crashed");
        assert_eq!(!found(CARD, &all).is_empty(), stands, "careless: {careless}");
    }
}

const STEP_UP: [&str; 2] = ["6216600100000000024", "6216610100000000022"];

/// A password in a phone's inbox.
fn passwords(phone: &server::phone::Phone, from_bank: bool) -> Vec<String> {
    let texts = phone.texts().unwrap();
    let codes = texts.iter().filter(|text| (text.sender != "Paiza") == from_bank);
    codes
        .filter_map(|text| text.text.split(|c: char| !c.is_ascii_digit()).find(|run| run.len() == 6))
        .map(str::to_owned)
        .collect()
}

#[test]
// long: one whole run from a new phone to a lost one, told in its order.
fn secrets_stay_where_they_belong() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    // Other tests of this process may log into it too: they have no business with secrets either.
    let _first = tracing::subscriber::set_global_default(subscriber);
    tracing::info!("the log is heard");

    let town = Town::start();
    let shop = Shop::open(&town);
    let mut codes = Vec::new();
    for (name, card) in ["li", "wang"].into_iter().zip(STEP_UP) {
        let (mut phone, recovery) = town.set_up(name, &format!("+86{}", test_card(card).phone));
        // Wrong data, a wrong code, then the right ones.
        let mut wrong = typed(card);
        wrong.cvv2 = if wrong.cvv2 == "000" { "001" } else { "000" }.to_owned();
        let _ = phone.add_card(&wrong, None).unwrap();
        add(&mut phone, card);
        codes.push((passwords(&phone, true), passwords(&phone, false)));
        assert_eq!(shop.pay(&town, &phone, 1000).as_deref(), Some("00"), "{}", town.verdict());
        assert_eq!(shop.reverse(shop.last_trace(), yuan(1000)).as_deref(), Some("00"));
        let tap = shop.tap(&town, &phone, 1000);
        let mut message = shop.message(&tap);
        message.set_amount(yuan(2));
        assert_eq!(shop.send(message).as_deref(), Some("05"));
        assert_eq!(shop.pay(&town, &phone, 900_000).as_deref(), Some("51"), "not so much money");
        assert!(matches!(
            shop.hold(&town, &phone, &Hold { locked: true, ..Hold::of(yuan(1)) }),
            crate::shop::Tapped::Ended(_)
        ));
        phone.sync().unwrap();
        let number = format!("+86{}", test_card(card).phone);
        let lost = town.city.tokens.report_lost(&number, recovery.unwrap().as_bytes()).unwrap();
        assert_eq!(lost, 1);
    }
    town.until("reversals have arrived", || {
        town.payments()
            .iter()
            .all(|payment| payment.state != acquiring::records::PaymentState::ReversalPending)
    });
    for (_, store) in town.city.stores() {
        store.flush().unwrap();
    }
    let log = log.0.lock().unwrap().clone();
    let (tape, folder) = (town.tape.all(), town.folder.path());
    assert!(tape.len() > 100, "{} messages on tape", tape.len());
    let banks: Vec<&str> = town.city.issuers.iter().map(|issuer| issuer.bank().name.as_str()).collect();

    for card in STEP_UP {
        let all = findings(card, &tape, folder, &log);
        let allowed = |(place, _): &Finding| {
            banks.iter().any(|bank| {
                *place == format!("wire token gateway to {bank}")
                    || *place == format!("wire {bank} to token gateway")
            })
        };
        assert!(all.iter().any(allowed), "the one wire with card numbers was watched");
        let leaks: Vec<_> = all.iter().filter(|finding| !allowed(finding)).collect();
        assert!(leaks.is_empty(), "a card number stands in {leaks:?}");
    }
    // Six digits turn up by accident: what is a leak does so for both customers at the same place.
    let leaks = |codes: [&[String]; 2], allowed: &[&str]| {
        let of = |customer: usize| -> BTreeSet<Finding> {
            assert!(!codes[customer].is_empty());
            let name = ["li", "wang"][customer];
            let found = codes[customer].iter().flat_map(|code| findings(code, &tape, folder, &log));
            // Packed, six digits are three bytes: some megabytes hold any three bytes by accident.
            let found = found.filter(|(_, encoding)| *encoding != "BCD");
            found.map(|(place, encoding)| (place.replace(name, "phone"), encoding)).collect()
        };
        let (one, other) = (of(0), of(1));
        // The inbox itself is where it may be.
        let inbox = |place: &str| place.starts_with("file phones/phone/");
        assert!(one.iter().any(|(place, _)| inbox(place)), "the scanner sees the inbox");
        let both = one.intersection(&other);
        both.filter(|(place, _)| !inbox(place) && !allowed.contains(&place.as_str()))
            .cloned()
            .collect::<Vec<_>>()
    };
    let [li, wang] = &codes[..] else { panic!("two customers") };
    assert_eq!(leaks([&li.0, &wang.0], &[]), [], "the banks' one-time passwords");
    // The code that binds a phone to its number is the platform's own: the phone tells it to the platform.
    assert_eq!(leaks([&li.1, &wang.1], &["wire phone to platform"]), [], "the platform's codes");
    // Three digits are everywhere; what would be a leak has the name of the thing beside it.
    for card in STEP_UP {
        let cvv2 = typed(card).cvv2;
        for spelt in [format!("cvv2\":\"{cvv2}"), format!("cvv2: \"{cvv2}"), format!("cvv2={cvv2}")] {
            let needles = encodings_of_text(&spelt);
            let mut hay: Vec<(String, Vec<u8>)> =
                tape.iter().map(|t| (format!("wire {} to {}", t.from, t.to), t.bytes.clone())).collect();
            files(folder, &mut |path, bytes| hay.push((path.display().to_string(), bytes.to_vec())));
            hay.push(("log".to_owned(), log.clone()));
            for (place, bytes) in &hay {
                for needle in &needles {
                    let stands = bytes.windows(needle.len()).any(|window| window == needle);
                    assert!(!stands, "a security code stands in {place}");
                }
            }
        }
    }
    let heard = String::from_utf8_lossy(&log);
    assert!(heard.contains("the log is heard") || !heard.is_empty());
}

fn encodings_of_text(text: &str) -> Vec<Vec<u8>> {
    vec![
        text.as_bytes().to_vec(),
        text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        hex::encode(text).into_bytes(),
        hex::encode_upper(text).into_bytes(),
    ]
}

//! A phone that is killed never uses a counter again: not between any two writes, nor after any byte of its answers.

use crate::process::{GIVE_UP, Process, eventually, pause};
use crypto::passphrase::Work;
use emv::qr::consumer;
use server::api::CardData;
use server::city::{City, Plan, Ports};
use server::phone::{Added, NewPhone, Phone};
use server::pos::DEMO_TERMINALS;
use server::vpcd::ReaderEnd;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use store::{Failpoint, SystemClock};
use terminal::sale::{Interface, Sale, SaleKind};
use terminal::transaction::{Step, Transaction};
use values::time::Zone;
use values::{Currency, Money};

/// So many places in the phone's answers are tried.
const CUTS: usize = 40;

/// What a phone said in a reader's field.
struct Heard {
    bytes: Vec<u8>,
    died: bool,
}

impl Heard {
    /// The counters it named beside a cryptogram (tag 9F36, two bytes), also in an answer that was cut off.
    fn counters(&self) -> Vec<u16> {
        let named = |window: &[u8]| match *window {
            [0x9F, 0x36, 2, high, low] => Some(u16::from_be_bytes([high, low])),
            _ => None,
        };
        self.bytes.windows(5).filter_map(named).collect()
    }
}

/// Between phone and reader: hears what the phone says, and holds the line once it has said enough.
struct Wire {
    at: SocketAddr,
    heard: Arc<Mutex<Vec<u8>>>,
    cut: Arc<AtomicBool>,
}

impl Wire {
    fn to(reader: SocketAddr, cut_after: Option<usize>) -> Wire {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let (heard, cut) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let wire = Wire { at, heard: Arc::clone(&heard), cut: Arc::clone(&cut) };
        std::thread::spawn(move || {
            let Ok((mut phone, _)) = listener.accept() else { return };
            let mut reader = TcpStream::connect(reader).unwrap();
            let (mut to_phone, mut from_reader) = (phone.try_clone().unwrap(), reader.try_clone().unwrap());
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut from_reader, &mut to_phone);
                let _ = to_phone.shutdown(Shutdown::Both);
            });
            let mut byte = [0];
            loop {
                if cut_after.is_some_and(|most| heard.lock().unwrap().len() >= most) {
                    cut.store(true, Ordering::SeqCst);
                }
                // What it says beyond the cut is heard by nobody; the line stays until the phone is gone.
                match phone.read(&mut byte) {
                    Ok(1) if !cut.load(Ordering::SeqCst) => {
                        heard.lock().unwrap().push(byte[0]);
                        if reader.write_all(&byte).is_err() {
                            break;
                        }
                    }
                    Ok(1) => {}
                    _ => break,
                }
            }
            let _ = reader.shutdown(Shutdown::Both);
        });
        wire
    }
}

/// A terminal takes what it can get of a card.
fn read_card(reader: &ReaderEnd) {
    let Ok(mut card) = reader.wait_for_card(GIVE_UP) else { return };
    let configuration = DEMO_TERMINALS[0].configuration();
    let sale = Sale {
        amount: Money::new(1250, Currency::CNY).unwrap(),
        kind: SaleKind::Purchase,
        at: store::Clock::now(&SystemClock).civil(Zone::Shanghai),
        unpredictable_number: crypto::random::bytes(),
        sequence: 1,
        attempt: 1,
    };
    let interface = Interface::from_atr(&card.answer_to_reset);
    let (mut machine, mut step) = Transaction::start(&configuration, interface, sale);
    while let Step::Transmit(command) = step {
        (machine, step) = match card.transmit(&command) {
            Ok(answer) => machine.card_said(&answer),
            Err(_) => machine.card_removed(),
        };
    }
    card.power_off();
}

/// Holds the phone in a field until it leaves or dies: where `arm` says, or after so many bytes.
fn present(phone: &Path, arm: Option<&PathBuf>, cut_after: Option<usize>) -> Heard {
    let reader = ReaderEnd::listen("127.0.0.1:0").unwrap();
    let wire = Wire::to(reader.address().unwrap(), cut_after);
    let (data, vpcd) = (phone.display().to_string(), wire.at.to_string());
    let arguments = ["phone", "present", "--data", &data, "--vpcd", &vpcd].map(str::to_owned);
    let mut process = Process::start("phone", &arguments, arm);
    std::thread::scope(|scope| {
        scope.spawn(|| read_card(&reader));
        eventually("the phone leaves the field", || {
            if wire.cut.load(Ordering::SeqCst) {
                process.kill();
            }
            process.has_ended()
        });
        // A phone that died before it came leaves the terminal waiting; somebody walks by.
        drop(TcpStream::connect(wire.at));
        pause();
    });
    let died = process.ended().code().is_none();
    let bytes = wire.heard.lock().unwrap().clone();
    Heard { bytes, died }
}

fn card(city: &City, directory: &Path) {
    let new = NewPhone {
        directory,
        number: "+8613800000001",
        name: "phone",
        platform: &city.addresses.platform.to_string(),
        telephone: city.addresses.telephone,
        passcode: b"135790",
        work: Work::TEST,
        watch: None,
    };
    let (mut phone, _) = Phone::set_up(&new, Arc::new(SystemClock)).unwrap();
    let test = sandbox::test_cards::of_bank("boc").next().unwrap();
    let bank = sandbox::directory::Directory::sandbox().institution("boc").unwrap();
    let cvv2 = sandbox::keys::IssuerKeys::sandbox(bank).cvv2(&test.pan(), test.expiry());
    let typed = CardData {
        pan: String::from_utf8(test.pan().expose().to_vec()).unwrap(),
        expiry: test.expiry().to_yymm(),
        cvv2: String::from_utf8(cvv2.expose().to_vec()).unwrap(),
        phone: test.phone.clone(),
    };
    assert!(matches!(phone.add_card(&typed, None).unwrap(), Added::Active(_)));
    phone.store().close();
}

#[test]
fn no_counter_is_used_twice_wherever_the_phone_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(SystemClock);
    let plan = Plan { ports: Ports::Free, ..Plan::documented(&folder.path().join("city"), clock) };
    let city = City::start(&plan).unwrap();
    let (phone, arm) = (folder.path().join("phone"), folder.path().join("arm"));
    card(&city, &phone);
    let mut highest = 0;
    // Counters only ever rise, whatever happened to those before.
    let mut rises = |heard: &Heard, how: &str| {
        let counters = heard.counters();
        for counter in &counters {
            assert!(*counter > highest, "{how}: counter {counter} came after {highest}");
        }
        highest = counters.into_iter().max().unwrap_or(highest);
    };
    let whole = present(&phone, None, None);
    assert_eq!((whole.died, whole.counters().len()), (false, 1), "an honest tap");
    rises(&whole, "an honest tap");

    for place in Failpoint::ALL {
        for pass in 1.. {
            let how = format!("{}:{pass}", place.name());
            std::fs::write(&arm, &how).unwrap();
            let heard = present(&phone, Some(&arm), None);
            rises(&heard, &how);
            // Every tap after a death is an honest one again, under a counter of its own.
            let next = present(&phone, None, None);
            assert_eq!(next.counters().len(), 1, "after {how}");
            rises(&next, &format!("after {how}"));
            if !heard.died {
                let mine = place.name().starts_with("phone.") || place.name().starts_with("store.");
                let never = !mine || *place == Failpoint::AfterDelivery;
                assert_eq!(pass == 1, never, "{how} is passed");
                break;
            }
        }
    }

    for cut in (0..whole.bytes.len()).step_by(whole.bytes.len().div_ceil(CUTS)) {
        let how = format!("killed after {cut} bytes");
        let heard = present(&phone, None, Some(cut));
        assert!(heard.died, "{how}");
        rises(&heard, &how);
        if cut % 3 == 0 {
            rises(&present(&phone, None, None), &format!("after it was {how}"));
        }
    }
    let opened = Phone::open(&phone, Arc::new(SystemClock), None).unwrap();
    assert!(opened.store().verify().unwrap().is_ok());
    let mut counters: Vec<u16> = opened.taps().unwrap().iter().map(|tap| tap.atc).collect();
    let taps = counters.len();
    counters.sort_unstable();
    counters.dedup();
    assert_eq!(counters.len(), taps, "the history has each counter once");
    assert!(counters.last().is_some_and(|last| *last >= highest));
}

/// Has the phone show a code until it is shown or the phone dies where `arm` says; the code, if anybody could have seen it.
fn show(phone: &Path, arm: Option<&PathBuf>) -> (Option<consumer::Proof>, bool) {
    let data = phone.display().to_string();
    let arguments = ["phone", "qr", "show", "--no-wait", "--json", "--data", &data].map(str::to_owned);
    let mut process = Process::start("phone", &arguments, arm);
    let died = process.ended().code().is_none();
    let said = process.all_said();
    let rows = said.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let code = rows.filter_map(|row| row["code"].as_str().map(str::to_owned)).next();
    let proof = code.map(|code| consumer::parse(&code).unwrap().remove(0).proof);
    assert!(died || proof.is_some(), "{said}");
    (proof, died)
}

#[test]
fn no_code_is_shown_twice_wherever_the_phone_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let plan =
        Plan { ports: Ports::Free, ..Plan::documented(&folder.path().join("city"), Arc::new(SystemClock)) };
    let city = City::start(&plan).unwrap();
    let (phone, arm) = (folder.path().join("phone"), folder.path().join("arm"));
    card(&city, &phone);
    let mut shown: Vec<consumer::Proof> = Vec::new();
    let mut rises = |proof: Option<consumer::Proof>, how: &str| {
        let Some(proof) = proof else { return };
        let highest = shown.last().map_or(0, |last| last.atc.count());
        assert!(proof.atc.count() > highest, "{how}: counter {} after {highest}", proof.atc.count());
        shown.push(proof);
    };
    rises(show(&phone, None).0, "an honest code");
    let mut deaths = 0;
    for place in Failpoint::ALL {
        for pass in 1.. {
            let how = format!("{}:{pass}", place.name());
            std::fs::write(&arm, &how).unwrap();
            let (proof, died) = show(&phone, Some(&arm));
            rises(proof, &how);
            let (next, _) = show(&phone, None);
            assert!(next.is_some(), "after {how}");
            rises(next, &format!("after {how}"));
            // Keys are few; the phone fetches others as it does after taps.
            Phone::open(&phone, Arc::new(SystemClock), None).unwrap().sync().unwrap();
            if !died {
                break;
            }
            deaths += 1;
        }
    }
    assert!(deaths > 2, "it died {deaths} times");
    assert!(shown.len() > Failpoint::ALL.len(), "{} codes", shown.len());
}

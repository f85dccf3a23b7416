//! The whole city is killed at every fail point, while it pays and reverses; then it starts again over the same
//! records, and nothing acknowledged is lost, nothing counted twice.

use crate::replayed::copy;
use crate::shop::Shop;
use crate::town::{CARD, PASSCODE, Town, folder, yuan};
use acquiring::records::PaymentState;
use server::city::DEMO_MERCHANTS;
use server::iso::Ends;
use server::phone::{Phone, Presentation};
use server::pos::records::EntryState;
use server::pos::{DEMO_TERMINALS, Pos, Settings, TerminalLine, Verdict};
use server::vpcd::ReaderEnd;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use store::Failpoint;

/// Tells the child where it lives.
const HOME: &str = "PAIZA_CRASH_HOME";
/// The amount of the payment with this trace number: a different one each time, so that sums tell.
fn amount(trace: u32) -> u64 {
    100 + u64::from(trace)
}

/// Points the phone at the city's present ports.
pub(crate) fn moved(town: &Town, name: &str) -> Phone {
    let directory = town.directory(name);
    let path = directory.join("phone.json");
    let mut settings: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    settings["platform"] = town.city.addresses.platform.to_string().into();
    settings["telephone"] = town.city.addresses.telephone.to_string().into();
    std::fs::write(&path, serde_json::to_vec(&settings).unwrap()).unwrap();
    town.open_phone(&directory)
}

/// What the child does until it is killed: pays, and takes every third payment back. What was answered is told.
#[test]
fn child() {
    let Some(home) = std::env::var_os(HOME) else { return };
    let town = Town::at(PathBuf::from(home));
    let phone = moved(&town, "li");
    let shop = Shop::open(&town);
    let tell = |line: String| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{line}").unwrap();
        out.flush().unwrap();
    };
    for round in 0..12 {
        phone.sync().unwrap();
        let trace = shop.last_trace() + 1;
        let message = shop.message(&shop.tap(&town, &phone, amount(trace)));
        tell(format!("\nasked {trace}"));
        if let Some(code) = shop.send(message) {
            tell(format!("paid {trace} {code}"));
        }
        if round % 3 == 2 {
            tell(format!("reversing {trace}"));
            if let Some(code) = shop.reverse(trace, yuan(amount(trace))) {
                tell(format!("reversed {trace} {code}"));
            }
            // Parties fold when they have nothing else to do; here they are made to, in the middle of it all.
            for (_, store) in town.city.stores() {
                store.flush().unwrap();
            }
        }
    }
    tell("done".to_owned());
}

/// What the child told before it died.
#[derive(Debug, Default)]
struct Told {
    asked: Vec<u32>,
    paid: Vec<(u32, String)>,
    reversing: Vec<u32>,
    reversed: Vec<u32>,
    done: bool,
}

fn told(output: &str) -> Told {
    let mut told = Told::default();
    for line in output.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let trace = words.get(1).and_then(|word| word.parse().ok()).unwrap_or(0);
        match words.as_slice() {
            ["asked", _] => told.asked.push(trace),
            ["paid", _, code] => told.paid.push((trace, (*code).to_owned())),
            ["reversing", _] => told.reversing.push(trace),
            ["reversed", _, "00"] => told.reversed.push(trace),
            ["done"] => told.done = true,
            _ => {}
        }
    }
    told
}

/// The city's first terminal with its journal, and the real shell around it.
fn terminal(town: &Town) -> Pos {
    let ends = Ends { watch: Some(town.tape.clone()), ..Ends::unwatched("terminal", "acquirer") };
    let line = TerminalLine::start(town.city.addresses.acquirer, server::city::pos(), ends).unwrap();
    let configuration = DEMO_TERMINALS[0].configuration();
    let settings = Settings::new(&town.folder.path().join("pos"), configuration);
    Pos::open(settings, Arc::new(line), town.clock.clone()).unwrap()
}

fn sell(pos: &mut Pos, town: &Town, phone: &Phone, minor: u64) -> Verdict {
    let mut reader = ReaderEnd::listen("127.0.0.1:0").unwrap();
    reader.give_up_after(Duration::from_secs(120)).unwrap();
    let how = Presentation {
        reader: reader.address().unwrap(),
        answer_to_reset: None,
        profile: wallet::card::Profile::Contactless,
        card: None,
        taps: 1,
        watch: Some(town.tape.clone()),
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _ = phone.present(&how, || Some(phone.unlock(PASSCODE).unwrap()), |_| ());
        });
        pos.sale(yuan(minor), &mut reader).unwrap().verdict
    })
}

/// What the child with a whole terminal does until it is killed.
#[test]
fn child_with_a_terminal() {
    let Some(home) = std::env::var_os(HOME) else { return };
    let town = Town::at(PathBuf::from(home));
    let phone = moved(&town, "li");
    let mut pos = terminal(&town);
    for round in 1..=6 {
        phone.sync().unwrap();
        assert_eq!(sell(&mut pos, &town, &phone, amount(round)), Verdict::Approved);
    }
    println_done();
}

/// A terminal that died between its journal and the line finds what it owes, and books agree.
fn terminal_killed_at(place: Failpoint, counts: &[u32]) {
    let town = Town::start();
    let (phone, _) = town.phone_with("li", CARD);
    let before = town.available(CARD);
    phone.store().close();
    let records = town.close();
    for count in counts {
        let home = folder();
        copy(records.path(), home.path());
        let at = format!("{}:{count}", place.name());
        let (told, _) = run("child_with_a_terminal", home.path(), &at);
        assert!(!told.done, "{at} was never reached");
        let town = Town::at(home.path().to_owned());
        let phone = moved(&town, "li");
        let mut pos = terminal(&town);
        assert!(!pos.owed().unwrap().is_empty(), "{at}: what was asked and not concluded is owed");
        assert_eq!(pos.forward().unwrap(), 0, "{at}: the acquirer hears of it");
        assert_eq!(sell(&mut pos, &town, &phone, 555), Verdict::Approved, "{at}: {}", town.verdict());
        let approved = |town: &Town| -> u64 {
            let payments = town.payments();
            payments.iter().filter(|p| p.state == PaymentState::Approved).map(|p| p.amount).sum()
        };
        town.until("merchant and issuer agree", || approved(&town) == before - town.available(CARD));
        let journal = pos.journal().unwrap();
        let stands = journal.iter().filter(|entry| entry.state == EntryState::Approved);
        assert_eq!(stands.map(|entry| entry.amount).sum::<u64>(), approved(&town), "{at}: the journal");
        town.assert_whole();
    }
}

#[test]
fn a_terminal_killed_before_its_request_left() {
    terminal_killed_at(Failpoint::BeforeRequest, &[1, 4]);
}

#[test]
fn a_terminal_killed_before_it_took_the_answer() {
    terminal_killed_at(Failpoint::BeforeConclusion, &[1, 4]);
}

fn println_done() {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\ndone").unwrap();
    out.flush().unwrap();
}

/// Runs the child over these records until it dies at the fail point; what it told.
fn run(child: &str, home: &Path, failpoint: &str) -> (Told, String) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([&format!("crashed::{child}"), "--exact", "--nocapture", "--test-threads=1"])
        .env(HOME, home)
        .env("PAIZA_FAILPOINT", failpoint)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let all = [output.stdout, output.stderr].concat();
    let all = String::from_utf8_lossy(&all).into_owned();
    let told = told(&all);
    assert!(!output.status.success() || told.done, "{failpoint}: {all}");
    (told, all)
}

/// Starts the city again, does what a terminal does after a power cut, and counts.
fn recovered(home: &Path, told: &Told, before: u64, at: &str) {
    let town = Town::at(home.to_owned());
    let phone = moved(&town, "li");
    let last = told.asked.iter().copied().max().unwrap_or(0);
    let shop = Shop::at(&town, &DEMO_MERCHANTS[0], town.city.addresses.acquirer, last);
    for trace in &told.asked {
        let unanswered = !told.paid.iter().any(|(paid, _)| paid == trace);
        let unfinished = told.reversing.contains(trace) && !told.reversed.contains(trace);
        if unanswered || unfinished {
            let code = shop.reverse(*trace, yuan(amount(*trace))).expect("an answer");
            assert!(matches!(code.as_str(), "00" | "25" | "12"), "{at}: reversal of {trace}: {code}");
        }
    }
    let settled = |state: PaymentState| {
        matches!(state, PaymentState::Approved | PaymentState::Declined | PaymentState::Reversed)
    };
    town.until("every payment has its fate", || town.payments().iter().all(|payment| settled(payment.state)));
    let approved = |town: &Town| -> u64 {
        let payments = town.payments();
        payments.iter().filter(|p| p.state == PaymentState::Approved).map(|p| p.amount).sum()
    };
    // What merchants believe and what the customer paid is the same, once reversals have arrived.
    town.until("merchant and issuer agree", || approved(&town) == before - town.available(CARD));
    for (trace, code) in told.paid.iter().filter(|(trace, _)| !told.reversing.contains(trace)) {
        let payments = town.payments();
        let payment = payments.iter().find(|p| p.terminal_trace.number() == *trace).expect("nothing is lost");
        assert_eq!(payment.state == PaymentState::Approved, code == "00", "{at}: trace {trace}");
    }
    // The phone never uses a counter again, whatever died under it.
    phone.sync().unwrap();
    assert_eq!(shop.pay(&town, &phone, 555).as_deref(), Some("00"), "{at}: {}", town.verdict());
    town.until("and that one is counted too", || approved(&town) == before - town.available(CARD));
    for issuer in &town.city.issuers {
        let accounts = issuer.store().read(|records| records.all::<ledger::Account>()).unwrap();
        let debits: u64 = accounts.iter().map(|account| account.debits_posted).sum();
        let credits: u64 = accounts.iter().map(|account| account.credits_posted).sum();
        assert_eq!(debits, credits, "{at}: the ledger sums to zero");
    }
    phone.store().verify().map(|report| assert!(report.bad.is_none(), "{at}: the phone")).unwrap();
    town.assert_whole();
}

fn killed_at(place: Failpoint, counts: &[u32]) {
    let town = Town::start();
    let (phone, _) = town.phone_with("li", CARD);
    let before = town.available(CARD);
    phone.store().close();
    let records = town.close();
    let mut killed = 0;
    for count in counts {
        let home = folder();
        copy(records.path(), home.path());
        let at = format!("{}:{count}", place.name());
        let (told, output) = run("child", home.path(), &at);
        assert!(!output.contains(CARD), "no card number in what a crash prints");
        killed += usize::from(!told.done);
        recovered(home.path(), &told, before, &at);
    }
    assert!(killed > 0, "{place:?} was never reached");
}

#[test]
fn killed_before_an_append() {
    killed_at(Failpoint::BeforeAppend, &[40, 75]);
}

#[test]
fn killed_after_an_append() {
    killed_at(Failpoint::AfterAppend, &[45, 71]);
}

#[test]
fn killed_before_a_callback() {
    killed_at(Failpoint::BeforeCallback, &[43, 88]);
}

#[test]
fn killed_in_the_middle_of_shelving() {
    killed_at(Failpoint::MidShelve, &[3, 25]);
}

#[test]
fn killed_before_the_log_is_used_again() {
    killed_at(Failpoint::AfterShelve, &[4, 26]);
}

#[test]
fn killed_in_the_middle_of_folding() {
    killed_at(Failpoint::MidFold, &[3, 25]);
}

#[test]
fn killed_after_the_counter_moved() {
    killed_at(Failpoint::AfterCounter, &[1, 5]);
}

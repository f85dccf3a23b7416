//! `paiza bench upi`: payments over all parties on this machine, real HTTP between them, durable everywhere, signatures on; next
//! to the bound that the RSA operations of the same run set.

use super::usage::Usage;
use super::{Place, configuration};
use crate::output::{Failure, Output};
use crate::upi::failure as of_phone;
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use crypto::rsa_signature::SigningKey;
use hdrhistogram::Histogram;
use psp::records::{Direction, LinkedAccount, Payment, PaymentState};
use serde_json::json;
use server::city::{Http, Plan, Ports, Running, TelephoneNetwork, UpiParties, upi_parties};
use server::upi::phone::{NewUpiPhone, UpiPhone};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use store::SystemClock;
use values::{Currency, Money, Records, SecretBytes};

/// Who pays whom: number, bank, card and its last month, PIN, address. A third of all payments goes to the last one.
const PEOPLE: [[&str; 6]; 4] = [
    ["9800000001", "AMBR", "417201", "1230", "482913", "asha@paiza"],
    ["9800000002", "BNYN", "417202", "1129", "573829", "ravi@paiza"],
    ["9800000003", "CORL", "417203", "0230", "7391", "meera@paiza"],
    ["9800000005", "BNYN", "417205", "0930", "620573", "chai@paiza"],
];
/// How often the collector looks which payments have ended.
const LOOK_AGAIN: Duration = Duration::from_millis(2);
/// How long the cost of a signature is measured.
const MEASURED_FOR: Duration = Duration::from_millis(500);

struct Person {
    phone: UpiPhone,
    account: LinkedAccount,
    mobile: String,
    pin: SecretBytes,
}

/// A payment under way, and who waits for it.
struct Wait {
    key: (String, String, Direction),
    since: Instant,
    done: Sender<(PaymentState, Duration)>,
}

pub(super) fn run(
    in_flight: usize,
    time: Duration,
    unsigned: bool,
    place: &Place,
    output: Output,
) -> Result<(), Failure> {
    let failed = |error| configuration("the parties", error);
    let documented = Plan::documented(&place.0.join("city"), Arc::new(SystemClock));
    let plan = Plan { ports: Ports::Free, unsigned_account_payments: unsigned, ..documented };
    let http = Http::start().map_err(failed)?;
    let socket = TcpListener::bind("127.0.0.1:0").map_err(|error| configuration("a port", error))?;
    let telephone = TelephoneNetwork::start(&plan, &http, socket).map_err(failed)?;
    let (parties, running) = upi_parties(&plan, &http, telephone.at).map_err(failed)?;
    let people = PEOPLE.iter().map(|person| set_up(person, &parties, &telephone, place));
    let people = people.collect::<Result<Vec<_>, _>>()?;

    let (before, used) = (taken(&running)?, Usage::now());
    let began = Instant::now();
    let latency = drive(&people, &parties, in_flight, time)?;
    let seconds = began.elapsed().as_secs_f64();
    let used = Usage::now().since(&used);
    let paid = (latency.len() as f64).max(1.0);
    // Each message is signed and checked, and so is its Ack.
    let signatures = if unsigned { 0.0 } else { 2.0 * (taken(&running)? - before) as f64 / paid };
    let (per_second, cpu_ms) = (paid / seconds, used.cpu_micros as f64 / 1000.0 / paid);
    let ms = |quantile| latency.value_at_quantile(quantile) as f64 / 1000.0;
    output.line(format!(
        "{per_second:.0} payments a second, {in_flight} under way; p50 {:.1} ms, p99 {:.1} ms; {cpu_ms:.2} ms of CPU each, phones \
         included; {signatures:.1} RSA signatures each",
        ms(0.5),
        ms(0.99),
    ));
    let mut summary = json!({
        "payments_per_s": per_second, "p50_ms": ms(0.5), "p99_ms": ms(0.99), "payments": latency.len(), "cpu_ms": cpu_ms,
        "signatures_per_payment": signatures,
    });
    if !unsigned {
        let limit = pairs_per_second() / signatures.max(1.0);
        output.line(format!(
            "RSA alone would let {limit:.0} a second through here: {:.0} percent of that (wanted: 80)",
            100.0 * per_second / limit
        ));
        summary["limit_per_s"] = json!(limit);
        summary["ratio"] = json!(per_second / limit);
    }
    output.summary(summary);
    Ok(())
}

fn set_up(
    person: &[&str; 6],
    parties: &UpiParties,
    telephone: &TelephoneNetwork,
    place: &Place,
) -> Result<Person, Failure> {
    let [number, bank, card, expiry, pin, address] = person;
    let new = NewUpiPhone {
        directory: &place.0.join(number),
        number: &format!("+91{number}"),
        provider: parties.psp_at,
        telephone: telephone.at,
        watch: None,
    };
    let phone = UpiPhone::register(&new, Arc::new(SystemClock)).map_err(of_phone)?;
    let (question, accounts) = phone.accounts(bank).map_err(of_phone)?;
    let account = accounts.into_iter().next().ok_or_else(|| configuration("the bank", "no account"))?;
    let pin = SecretBytes::new(pin.as_bytes().to_vec());
    phone.link(&question, &account.reference).map_err(of_phone)?;
    phone.set_pin(&account, (card, expiry), &pin).map_err(of_phone)?;
    phone.make_address(address, "").map_err(of_phone)?;
    Ok(Person { phone, account, mobile: format!("91{number}"), pin })
}

/// How many messages all parties of the network have taken; billers are told on a wire of their own.
fn taken(running: &[Running]) -> Result<u64, Failure> {
    let mut all = 0;
    for (name, store) in running.iter().flat_map(Running::stores).filter(|(name, _)| name != "billers") {
        let rows = store.rows("SELECT count(*) FROM upi_received", &[]);
        let rows = rows.map_err(|error| configuration(name, error))?;
        if let Some([store::Value::Integer(count)]) = rows.rows.first().map(Vec::as_slice) {
            all += u64::try_from(*count).unwrap_or_default();
        }
    }
    Ok(all)
}

/// Pays for so long, so many under way; how long each took, in microseconds.
fn drive(
    people: &[Person],
    parties: &UpiParties,
    in_flight: usize,
    time: Duration,
) -> Result<Histogram<u64>, Failure> {
    let (waits, waiting) = unbounded::<Wait>();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (over, looks) = (&over, &parties.service);
        let collector = scope.spawn(move || collect(looks.store(), &waiting, over));
        let payers: Vec<_> = (0..in_flight)
            .map(|place| {
                let waits = waits.clone();
                scope.spawn(move || pay_on(people, place, &waits, time))
            })
            .collect();
        let mut latency = Histogram::new(3).expect("three digits are allowed");
        let mut outcome = Ok(());
        for payer in payers {
            match payer.join().expect("paying does not panic") {
                Ok(each) => each.into_iter().for_each(|wait| {
                    latency.record(wait.as_micros() as u64).expect("the histogram grows");
                }),
                Err(error) => outcome = Err(error),
            }
        }
        over.store(true, Ordering::SeqCst);
        collector.join().expect("looking does not panic")?;
        outcome.map(|()| latency)
    })
}

/// One payer after another's money: each pays when the payment before has ended.
fn pay_on(
    people: &[Person],
    place: usize,
    waits: &Sender<Wait>,
    time: Duration,
) -> Result<Vec<Duration>, Failure> {
    let (merchant, others) = (people.len() - 1, people.len() - 1);
    let paise = Money::new(1, Currency::INR).map_err(Failure::configuration)?;
    let (began, mut took) = (Instant::now(), Vec::new());
    for round in place.. {
        if began.elapsed() >= time {
            break;
        }
        let payer = &people[round % others];
        let payee = if round % 3 == 0 { merchant } else { (round + 1) % others };
        let since = Instant::now();
        let order = payer.phone.order(&payer.account, (PEOPLE[payee][5], None), paise, None, &payer.pin);
        let order = order.map_err(of_phone)?;
        payer.phone.pay(&order).map_err(of_phone)?;
        let (done, ended) = bounded(1);
        let key = (payer.mobile.clone(), order.transaction, Direction::Sent);
        let gone = |_| configuration("the collector", "it is gone");
        waits.send(Wait { key, since, done }).map_err(|_| configuration("the collector", "it is gone"))?;
        let (state, wait) = ended.recv().map_err(gone)?;
        if state != PaymentState::Success {
            return Err(Failure::business(format!("a payment ended as {state:?}")));
        }
        took.push(wait);
    }
    Ok(took)
}

/// Looks which payments have ended, and tells those who wait.
fn collect(store: &store::Store, waiting: &Receiver<Wait>, over: &AtomicBool) -> Result<(), Failure> {
    let mut open: Vec<Wait> = Vec::new();
    while !over.load(Ordering::SeqCst) || !open.is_empty() {
        open.extend(waiting.try_iter());
        let keys: Vec<_> = open.iter().map(|wait| wait.key.clone()).collect();
        let look = move |records: &mut store::Workspace<'_>| -> Vec<PaymentState> {
            let state = |key| records.find::<Payment>(key).map_or(PaymentState::Pending, |known| known.state);
            keys.iter().map(state).collect()
        };
        let states = store.read(look).map_err(|error| configuration("the provider", error))?;
        let mut states = states.into_iter();
        open.retain(|wait| {
            let state = states.next().unwrap_or(PaymentState::Pending);
            let has_ended = state != PaymentState::Pending;
            if has_ended {
                let _ = wait.done.send((state, wait.since.elapsed()));
            }
            !has_ended
        });
        std::thread::sleep(LOOK_AGAIN);
    }
    Ok(())
}

/// How many signatures can be made and checked in a second, on all processors together.
fn pairs_per_second() -> f64 {
    let key = SigningKey::generate();
    let began = Instant::now();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let pairs: u64 = std::thread::scope(|scope| {
        let one = || {
            let mut pairs = 0;
            while began.elapsed() < MEASURED_FOR {
                let signature = key.sign(b"a message of account payment");
                let good = key.public().verify(b"a message of account payment", &signature).is_ok();
                pairs += u64::from(good);
            }
            pairs
        };
        let each: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        each.into_iter().map(|thread| thread.join().expect("signing does not panic")).sum()
    });
    pairs as f64 / began.elapsed().as_secs_f64()
}

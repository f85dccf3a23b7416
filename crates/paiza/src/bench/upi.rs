//! `paiza bench upi`: payments over all parties on this machine, real HTTP between them, durable everywhere, signatures on; next
//! to the bound that the RSA operations of the same run set. First as many as go with so many under way, then half as many a
//! second, begun by the clock and not by the end of those before.

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
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
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
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// How long the cost of a signature is measured, before and after the load.
const MEASURED_FOR: Duration = Duration::from_millis(500);
/// What serves each kind of party: threads by whose names their work is counted.
const PARTIES: [&str; 5] = ["psp", "switch", "bank", "billers", "telephone"];

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
    let served = PARTIES.map(|party| Http::named(party).map(|http| (party, http)));
    let served = served.into_iter().collect::<Result<BTreeMap<_, _>, _>>().map_err(failed)?;
    let http = |party: &str| &served[party];
    let socket = TcpListener::bind("127.0.0.1:0").map_err(|error| configuration("a port", error))?;
    let telephone = TelephoneNetwork::start(&plan, http("telephone"), socket).map_err(failed)?;
    let (parties, running) = upi_parties(&plan, &http, telephone.at).map_err(failed)?;
    let people = PEOPLE.iter().map(|person| set_up(person, &parties, &telephone, place));
    let people = people.collect::<Result<Vec<_>, _>>()?;

    let pairs_before = if unsigned { 0.0 } else { pairs_per_second() };
    let (before, used) = (taken(&running)?, Usage::now());
    let turns = Turns::closed(time);
    let latency = drive(&people, &parties, in_flight, &turns)?;
    let seconds = turns.began.elapsed().as_secs_f64();
    let used = Usage::now().since(&used);
    // Each message is signed and checked, and so is its Ack.
    let messages = taken(&running)? - before;
    let pairs = if unsigned { 0.0 } else { (pairs_before + pairs_per_second()) / 2.0 };
    let per_second = latency.len() as f64 / seconds;
    // Twice as many threads as it would take: a payment that is late is late by its own wait alone.
    let paced = drive(&people, &parties, in_flight * 2, &Turns::paced(time, per_second / 2.0))?;
    Measured { in_flight, per_second, latency, used, messages, pairs, paced }.say(output);
    Ok(())
}

/// What a run gave.
struct Measured {
    in_flight: usize,
    per_second: f64,
    latency: Histogram<u64>,
    used: Usage,
    /// Taken by all parties.
    messages: u64,
    /// Signatures made and checked in a second on all processors; 0 where nothing is signed.
    pairs: f64,
    paced: Histogram<u64>,
}

impl Measured {
    fn say(&self, output: Output) {
        let paid = (self.latency.len() as f64).max(1.0);
        let cpu_ms = self.used.cpu_micros as f64 / 1000.0 / paid;
        let messages = self.messages as f64 / paid;
        let ms = |of: &Histogram<u64>, quantile| of.value_at_quantile(quantile) as f64 / 1000.0;
        let (p50, p99) = (ms(&self.latency, 0.5), ms(&self.latency, 0.99));
        let (paced_p50, paced_p99) = (ms(&self.paced, 0.5), ms(&self.paced, 0.99));
        let per_second = self.per_second;
        output.line(format!(
            "{per_second:.0} payments a second, {} under way; p50 {p50:.1} ms, p99 {p99:.1} ms; {cpu_ms:.2} ms of CPU each, \
             phones included; {messages:.1} messages each",
            self.in_flight,
        ));
        output.line(format!(
            "Paced at {:.0} a second: p50 {paced_p50:.1} ms, p99 {paced_p99:.1} ms",
            per_second / 2.0
        ));
        let by_party = by_party(&self.used.threads, cpu_ms, paid);
        let shares: Vec<String> = by_party.iter().map(|(party, ms)| format!("{party} {ms:.2}")).collect();
        output.line(format!("ms of CPU each by party: {}", shares.join(", ")));
        let signatures = if self.pairs > 0.0 { 2.0 * messages } else { 0.0 };
        let mut summary = json!({
            "signatures_per_payment": signatures, "payments_per_s": per_second, "p50_ms": p50, "p99_ms": p99, "payments": self.latency.len(), "cpu_ms": cpu_ms,
            "cpu_ms_by_party": by_party, "paced_per_s": per_second / 2.0, "paced_p50_ms": paced_p50,
            "paced_p99_ms": paced_p99, "messages_per_payment": messages,
        });
        if self.pairs > 0.0 {
            let limit = self.pairs / signatures.max(1.0);
            let ratio = per_second / limit;
            output.line(format!(
                "RSA alone would let {limit:.0} a second through here: {:.0} percent of that (wanted: 80)",
                100.0 * ratio
            ));
            summary["limit_per_s"] = json!(limit);
            summary["ratio"] = json!(ratio);
        }
        output.summary(summary);
    }
}

/// The CPU time of each kind of party for one payment, in milliseconds: a thread's name begins with its party's. The phones have
/// the rest: their threads are gone when it is counted.
fn by_party(threads: &BTreeMap<String, u64>, cpu_ms: f64, payments: f64) -> BTreeMap<&'static str, f64> {
    let of = |party: &&'static str| {
        let own = threads.iter().filter(|(name, _)| name.starts_with(*party));
        (*party, own.map(|(_, micros)| *micros as f64).sum::<f64>() / 1000.0 / payments)
    };
    let mut sums: BTreeMap<_, _> = PARTIES.iter().map(of).collect();
    sums.insert("phones", (cpu_ms - sums.values().sum::<f64>()).max(0.0));
    sums
}

/// Whose turn it is, and when.
struct Turns {
    next: AtomicU64,
    began: Instant,
    time: Duration,
    /// Between two beginnings; nothing if each begins as soon as somebody is free.
    every: Option<Duration>,
}

impl Turns {
    fn closed(time: Duration) -> Turns {
        Turns { next: AtomicU64::new(0), began: Instant::now(), time, every: None }
    }

    fn paced(time: Duration, per_second: f64) -> Turns {
        let every = Some(Duration::from_secs_f64(1.0 / per_second.max(1.0)));
        Turns { every, ..Turns::closed(time) }
    }

    /// The next payment's number and the moment from which it counts; none when the time is over.
    fn take(&self) -> Option<(u64, Instant)> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let since = match self.every {
            None => Instant::now(),
            Some(every) => self.began + every.mul_f64(number as f64),
        };
        if since >= self.began + self.time {
            return None;
        }
        std::thread::sleep(since.saturating_duration_since(Instant::now()));
        Some((number, since))
    }
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

/// Pays while there are turns, so many payers at once; how long each payment took, in microseconds.
fn drive(
    people: &[Person],
    parties: &UpiParties,
    payers: usize,
    turns: &Turns,
) -> Result<Histogram<u64>, Failure> {
    let (waits, waiting) = unbounded::<Wait>();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (over, looks) = (&over, &parties.service);
        let collector = scope.spawn(move || collect(looks.store(), &waiting, over));
        let payers: Vec<_> = (0..payers)
            .map(|_| {
                let waits = waits.clone();
                scope.spawn(move || pay_on(people, turns, &waits))
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

/// One payment after another; each begins when it is its turn and the one before has ended.
fn pay_on(people: &[Person], turns: &Turns, waits: &Sender<Wait>) -> Result<Vec<Duration>, Failure> {
    let (merchant, others) = (people.len() - 1, people.len() - 1);
    let paise = Money::new(1, Currency::INR).map_err(Failure::configuration)?;
    let mut took = Vec::new();
    while let Some((number, since)) = turns.take() {
        let number = number as usize;
        let payer = (number + number / 3) % others;
        let payee = if number.is_multiple_of(3) { merchant } else { (payer + 1) % others };
        let payer = &people[payer];
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

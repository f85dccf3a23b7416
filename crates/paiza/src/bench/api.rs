//! `paiza bench api`: reads and creations over the developers' interface, next to bare handlers of the same bodies, several
//! rounds of both in turn; payments taken to their end, which no bare handler can do; and the first page of a phone.

use super::usage::Usage;
use super::{Place, configuration};
use crate::output::{Failure, Output};
use crypto::passphrase::Work;
use serde_json::{Value, json};
use server::city::{City, Http, Plan, Ports};
use server::platform_http::developers::Limits;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use store::SystemClock;

/// Rounds of each measurement; the middle one is told.
const ROUNDS: usize = 3;
/// Test cards that pay, each on a phone of its own.
const CARDS: usize = 8;
/// How often the first page is asked for.
const PAGES: usize = 200;
const KEY: &str = "sk_test_platform0000000000000000";
const MERCHANT: &str = "mer_00000000000000000000000001";

pub(super) fn run(callers: usize, time: Duration, place: &Place, output: Output) -> Result<(), Failure> {
    let limits = Limits { per_second: 1_000_000, burst: 1_000_000 };
    let documented = Plan::documented(&place.0, Arc::new(SystemClock));
    let plan = Plan { ports: Ports::Free, api_limits: limits, ..documented };
    let mut city = City::start(&plan).map_err(Failure::configuration)?;
    city.open_phones(&plan, Work::PHONE).map_err(Failure::configuration)?;
    let at = city.addresses.platform;
    let payment =
        json!({"amount": {"value": 1250, "currency": "CNY"}, "test_card": "0016", "merchant": MERCHANT});
    let merchant = json!({"name": "PAIZA TEA", "city": "HANGZHOU", "category": "5499", "currency": "CNY"});
    let paid = asked(at, &post("/v1/payments", "first", &payment))?;
    let wanted = json!({"amount": {"value": 1250, "currency": "CNY"}, "merchant": MERCHANT});
    let made_payment = asked(at, &post("/v1/payments", "wanted", &wanted))?;
    let shown: Value = serde_json::from_str(&paid).map_err(|_| Failure::malformed("a payment is no JSON"))?;
    let read = get(&format!("/v1/payments/{}", shown["id"].as_str().unwrap_or_default()));
    let made = asked(at, &post("/v1/merchants", "first", &merchant))?;

    let http = Http::start().map_err(Failure::configuration)?;
    let shown = asked(at, &read)?;
    let bare_of = |created: String| http.bare(shown.clone(), created).map_err(Failure::configuration);
    let (merchants, payments) = (bare_of(made)?, bare_of(made_payment)?);
    let count = AtomicU64::new(0);
    let fresh = || format!("bench-{}", count.fetch_add(1, Ordering::Relaxed));
    compare(output, "read a payment", 2.0, |ours| match ours {
        true => measure(at, callers, time, &|| read.clone()),
        false => measure(merchants.at, callers, time, &|| get("/read")),
    })?;
    compare(output, "create a merchant, durably", 4.0, |ours| match ours {
        true => measure(at, callers, time, &|| post("/v1/merchants", &fresh(), &merchant)),
        false => measure(merchants.at, callers, time, &|| post("/create", &fresh(), &merchant)),
    })?;
    compare(output, "create a payment, durably", 4.0, |ours| match ours {
        true => measure(at, callers, time, &|| post("/v1/payments", &fresh(), &wanted)),
        false => measure(payments.at, callers, time, &|| post("/create", &fresh(), &wanted)),
    })?;
    let cards = paying_cards();
    let tap = || {
        let card = &cards[count.load(Ordering::Relaxed) as usize % cards.len()];
        let mut body = wanted.clone();
        body["test_card"] = json!(card);
        post("/v1/payments", &fresh(), &body)
    };
    // The phones get their cards first.
    for card in &cards {
        let mut body = wanted.clone();
        body["test_card"] = json!(card);
        asked(at, &post("/v1/payments", &fresh(), &body))?;
    }
    for callers in [1, cards.len()] {
        let taken = measure(at, callers, time, &tap)?.per_second;
        let what = format!("payments to their end, {callers} at once");
        output.line(format!("{what:<40} {taken:>9.0} a second: a tap, and five parties"));
        output.row(&json!({"what": what, "per_second": taken, "callers": callers}));
    }
    first_page(city.addresses.phones[0], output)?;
    output.summary(json!({"callers": callers, "seconds": time.as_secs(), "rounds": ROUNDS}));
    Ok(())
}

/// How long the first page of a phone takes, asked for by one person after another.
fn first_page(phone: SocketAddr, output: Output) -> Result<(), Failure> {
    let request = format!("GET /welcome HTTP/1.1\r\nHost: {phone}\r\n\r\n").into_bytes();
    let failed = |error| configuration("the phone", error);
    let mut line = Line::open(phone).map_err(failed)?;
    let (mut took, mut bytes) = (Vec::new(), 0);
    for _ in 0..PAGES {
        let began = Instant::now();
        let (status, body) = line.ask(&request).map_err(failed)?;
        took.push(began.elapsed().as_secs_f64() * 1000.0);
        if status != 200 {
            return Err(Failure::business(format!("the first page of the phone is answered with {status}")));
        }
        bytes = body.len();
    }
    took.sort_by(f64::total_cmp);
    let (middle, longest) = (took[PAGES / 2], took[PAGES - 1]);
    let what = "first page of a phone";
    output.line(format!("{what:<40} {middle:>9.2} ms, at most {longest:.2} (wanted: 100); {bytes} bytes"));
    output.row(&json!({"what": what, "ms": middle, "ms_most": longest, "wanted_ms": 100, "bytes": bytes}));
    Ok(())
}

/// The ends of the numbers of cards that pay; only of those that no other card has, as a call names a card by it.
fn paying_cards() -> Vec<String> {
    use sandbox::test_cards::{Behaviour, TestCard, test_cards};
    let end = |card: &TestCard| card.pan().last_four().to_string();
    let alone = |card: &&TestCard| test_cards().iter().filter(|other| end(other) == end(card)).count() == 1;
    let cards = test_cards().iter().filter(|card| card.behaviour == Behaviour::Approve).filter(alone);
    cards.map(end).take(CARDS).collect()
}

/// Measures ours and theirs in turn, and tells the round in the middle.
fn compare(
    output: Output,
    what: &str,
    wanted: f64,
    measure: impl Fn(bool) -> Result<Pace, Failure>,
) -> Result<(), Failure> {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push((measure(true)?, measure(false)?));
    }
    rounds.sort_by(|one, other| ratio(one).total_cmp(&ratio(other)));
    let round = &rounds[ROUNDS / 2];
    let (ours, theirs, ratio) = (&round.0, &round.1, ratio(round));
    output.line(format!(
        "{what:<40} {:>9.0} a second; a bare handler {:>9.0}: {ratio:.1} times (wanted: {wanted}); CPU {:.0} and {:.0} microseconds, \
         callers included",
        ours.per_second, theirs.per_second, ours.cpu_micros, theirs.cpu_micros
    ));
    output.row(&json!({
        "what": what, "per_second": ours.per_second, "bare_per_second": theirs.per_second, "ratio": ratio, "wanted": wanted,
        "cpu_us": ours.cpu_micros, "bare_cpu_us": theirs.cpu_micros,
    }));
    Ok(())
}

/// How many times as fast the bare handler was.
fn ratio((ours, theirs): &(Pace, Pace)) -> f64 {
    theirs.per_second / ours.per_second.max(f64::MIN_POSITIVE)
}

/// How fast answers came, and what one cost: all threads of the process, also those that ask. A machine that is busy with
/// something else stretches the first and hardly the second.
struct Pace {
    per_second: f64,
    cpu_micros: f64,
}

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\n\r\n").into_bytes()
}

fn post(path: &str, key: &str, body: &Value) -> Vec<u8> {
    // What is presented is waited for.
    let prefer = if body["test_card"].is_string() { "Prefer: wait=20\r\n" } else { "" };
    let body = body.to_string();
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\nContent-Type: application/json\r\n\
         Idempotency-Key: {key}\r\n{prefer}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A connection that is kept.
struct Line(BufReader<TcpStream>);

impl Line {
    fn open(at: SocketAddr) -> std::io::Result<Line> {
        let stream = TcpStream::connect(at)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Line(BufReader::new(stream)))
    }

    /// Status and body of the answer.
    fn ask(&mut self, request: &[u8]) -> std::io::Result<(u16, String)> {
        self.0.get_mut().write_all(request)?;
        let (mut status, mut length, mut line) = (0, 0, String::new());
        loop {
            line.clear();
            self.0.read_line(&mut line)?;
            let text = line.trim_end();
            if text.is_empty() {
                break;
            }
            if let Some(rest) = text.strip_prefix("HTTP/1.1 ") {
                status = rest.get(..3).and_then(|code| code.parse().ok()).unwrap_or(0);
            }
            if let Some(bytes) = text.to_ascii_lowercase().strip_prefix("content-length: ") {
                length = bytes.parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }
}

fn asked(at: SocketAddr, request: &[u8]) -> Result<String, Failure> {
    let answered = Line::open(at).and_then(|mut line| line.ask(request));
    match answered.map_err(|error| configuration("the interface", error))? {
        (200..=299, body) => Ok(body),
        (status, body) => Err(Failure::business(format!("{status}: {body}"))),
    }
}

/// The pace of answers, with so many callers who each ask again when they are answered.
fn measure(
    at: SocketAddr,
    callers: usize,
    time: Duration,
    request: &(dyn Fn() -> Vec<u8> + Sync),
) -> Result<Pace, Failure> {
    let (began, used) = (Instant::now(), Usage::now());
    let done: std::io::Result<Vec<u64>> = std::thread::scope(|scope| {
        let call = || {
            let mut line = Line::open(at)?;
            let mut done = 0;
            while began.elapsed() < time {
                let (status, body) = line.ask(&request())?;
                if !(200..300).contains(&status) {
                    return Err(std::io::Error::other(format!("{status}: {body}")));
                }
                done += 1;
            }
            Ok(done)
        };
        let callers: Vec<_> = (0..callers).map(|_| scope.spawn(call)).collect();
        callers.into_iter().map(|caller| caller.join().expect("a caller does not panic")).collect()
    });
    let done = done.map_err(|error| configuration("the interface", error))?;
    let (done, cpu_micros) = (done.iter().sum::<u64>() as f64, Usage::now().since(&used).cpu_micros as f64);
    Ok(Pace { per_second: done / began.elapsed().as_secs_f64(), cpu_micros: cpu_micros / done.max(1.0) })
}

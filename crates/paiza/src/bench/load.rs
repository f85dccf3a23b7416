//! The load client: one connection, many taps under way, every answer looked at.

use super::configuration;
use super::taps::Frames;
use super::usage::Usage;
use crate::output::Failure;
use hdrhistogram::Histogram;
use iso8583::framing::Frame;
use iso8583::{Deframer, Framing, Profile, field};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// What came of a load.
pub(super) struct Loaded {
    /// Answers that said yes.
    pub(super) approved: u64,
    /// From the first tap sent to the last answer counted.
    pub(super) elapsed: Duration,
    /// Microseconds from when a tap was, or ought to have been, sent.
    pub(super) latency: Histogram<u64>,
    /// What all parties used meanwhile.
    pub(super) used: Usage,
}

impl Loaded {
    pub(super) fn per_second(&self) -> f64 {
        self.approved as f64 / self.elapsed.as_secs_f64()
    }

    /// Milliseconds that this share of the answers came within.
    pub(super) fn within(&self, share: f64) -> f64 {
        self.latency.value_at_quantile(share) as f64 / 1000.0
    }
}

/// Keeps `in_flight` taps under way until time is up or the taps are used up; then waits for what is open.
pub(super) fn closed(
    to: SocketAddr,
    frames: &Frames,
    first: u64,
    in_flight: usize,
    time: Duration,
) -> Result<Loaded, Failure> {
    let mut stream = connect(to)?;
    let mut answers = Answers::new(frames.count(), first);
    let used = Usage::now();
    let start = Instant::now();
    let mut sent = in_flight.min(frames.count());
    answers.sent_at[..sent].fill(Duration::ZERO);
    write(&mut stream, frames.piece(0..sent))?;
    while answers.count() < sent {
        answers.read(&mut stream, start)?;
        let now = start.elapsed();
        let may = (answers.count() + in_flight).min(frames.count());
        if now < time && may > sent {
            answers.sent_at[sent..may].fill(now);
            write(&mut stream, frames.piece(sent..may))?;
            sent = may;
        }
    }
    // While the connection stands: the threads that serve it end with it, and their figures with them.
    let (elapsed, used) = (start.elapsed(), Usage::now().since(&used));
    answers.end(elapsed, used)
}

/// Sends `rate` taps a second, whether answers come or not. Latency counts from the moment each ought to have
/// been sent, so that a stall is felt by all whom it made wait.
pub(super) fn paced(to: SocketAddr, frames: &Frames, first: u64, rate: f64) -> Result<Loaded, Failure> {
    let mut stream = connect(to)?;
    let mut sending = stream.try_clone().map_err(|e| configuration("the connection", e))?;
    let mut answers = Answers::new(frames.count(), first);
    let due = |number: usize| Duration::from_secs_f64(number as f64 / rate);
    for (number, at) in answers.sent_at.iter_mut().enumerate() {
        *at = due(number);
    }
    let used = Usage::now();
    let start = Instant::now();
    std::thread::scope(|scope| {
        let sender = std::thread::Builder::new().name("bench-sender".to_owned());
        let sender = sender.spawn_scoped(scope, || {
            let mut sent = 0;
            while sent < frames.count() {
                let now = start.elapsed();
                let may = ((now.as_secs_f64() * rate) as usize + 1).min(frames.count());
                if may > sent {
                    write(&mut sending, frames.piece(sent..may))?;
                    sent = may;
                }
                std::thread::sleep(due(sent).saturating_sub(start.elapsed()).max(Duration::from_micros(500)));
            }
            Ok(())
        });
        let sender = sender.map_err(|e| configuration("a thread", e))?;
        while answers.count() < frames.count() {
            answers.read(&mut stream, start)?;
        }
        sender.join().expect("sending does not panic")
    })?;
    let (elapsed, used) = (start.elapsed(), Usage::now().since(&used));
    answers.end(elapsed, used)
}

fn connect(to: SocketAddr) -> Result<TcpStream, Failure> {
    let stream = TcpStream::connect(to).map_err(|e| configuration("the gateway", e))?;
    stream.set_nodelay(true).map_err(|e| configuration("the connection", e))?;
    // Longer than any answer may take: a run that loses one ends with a failure instead of never.
    stream.set_read_timeout(Some(Duration::from_secs(40))).map_err(|e| configuration("the connection", e))?;
    Ok(stream)
}

fn write(stream: &mut TcpStream, bytes: &[u8]) -> Result<(), Failure> {
    stream.write_all(bytes).map_err(|e| configuration("sending to the gateway", e))
}

struct Answers {
    deframer: Deframer,
    chunk: Vec<u8>,
    sent_at: Vec<Duration>,
    first: u64,
    approved: u64,
    /// By response code, how many and what the gateway's verdict was the first time.
    other: BTreeMap<String, (u64, String)>,
    others: u64,
    latency: Histogram<u64>,
}

impl Answers {
    fn new(count: usize, first: u64) -> Answers {
        Answers {
            deframer: Deframer::new(Framing::binary2()),
            chunk: vec![0; 256 * 1024],
            sent_at: vec![Duration::ZERO; count],
            first,
            approved: 0,
            other: BTreeMap::new(),
            others: 0,
            latency: Histogram::new(3).expect("three digits are allowed"),
        }
    }

    fn count(&self) -> usize {
        (self.approved + self.others) as usize
    }

    /// Takes what one read brings.
    fn read(&mut self, stream: &mut TcpStream, start: Instant) -> Result<(), Failure> {
        let length = match stream.read(&mut self.chunk) {
            Ok(0) => return Err(configuration("the gateway", "connection ended")),
            Ok(length) => length,
            Err(error) => {
                let missing = format!("no answer to {} taps: {error}", self.sent_at.len() - self.count());
                return Err(configuration("the gateway", missing));
            }
        };
        let now = start.elapsed();
        self.deframer.push(&self.chunk[..length]);
        loop {
            let message = match self.deframer.pull() {
                Ok(Some(Frame::Message { message, .. })) => message,
                Ok(Some(Frame::Heartbeat)) => continue,
                Ok(None) => return Ok(()),
                Err(error) => return Err(configuration("an answer", error)),
            };
            let answer = Profile::Net.decode(message).map_err(|e| configuration("an answer", e))?;
            let number = answer.number(field::REFERENCE).and_then(|number| number.checked_sub(self.first));
            let sent = number.and_then(|number| self.sent_at.get(number as usize)).copied();
            let waited = now.saturating_sub(sent.unwrap_or_default()).as_micros() as u64;
            self.latency.record(waited).expect("the histogram grows");
            if answer.get(field::RESPONSE_CODE) == Some(b"00") && sent.is_some() {
                self.approved += 1;
            } else {
                let code = answer.text(field::RESPONSE_CODE).unwrap_or("none").to_owned();
                let verdict = answer.private_data().ok();
                let verdict = verdict.and_then(|data| data.text(iso8583::Tag::TOKEN_VERDICT)).unwrap_or("");
                self.other.entry(code).or_insert((0, verdict.to_owned())).0 += 1;
                self.others += 1;
            }
        }
    }

    fn end(self, elapsed: Duration, used: Usage) -> Result<Loaded, Failure> {
        if self.others > 0 {
            let list: Vec<String> = self
                .other
                .iter()
                .map(|(code, (count, verdict))| format!("{count} with code {code} ({verdict})"))
                .collect();
            return Err(Failure::business(format!(
                "{} of {} answers were no approvals: {}",
                self.others,
                self.others + self.approved,
                list.join(", ")
            )));
        }
        Ok(Loaded { approved: self.approved, elapsed, latency: self.latency, used })
    }
}

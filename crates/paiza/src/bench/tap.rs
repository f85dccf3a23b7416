//! `paiza bench tap`: authorisations through token gateway and issuer, durable at both.

use super::plant::{Cards, Plant, TAPS_PER_TOKEN};
use super::usage::resident_bytes;
use super::{Place, limit, load, taps};
use crate::cli::BenchAlgorithm;
use crate::output::{Failure, Output};
use sandbox::keys::Line as LineKey;
use serde_json::json;
use std::time::{Duration, Instant};
use values::Timestamp;

/// More taps a second than these are not made ready.
const FASTEST: u64 = 60_000;

/// What was asked for.
pub(super) struct Plan {
    pub(super) algorithm: BenchAlgorithm,
    pub(super) tokens: u32,
    pub(super) seconds: u64,
    pub(super) in_flight: usize,
}

impl Plan {
    fn algorithm_name(&self) -> &'static str {
        match self.algorithm {
            BenchAlgorithm::TripleDes => "3des",
            BenchAlgorithm::Sm4 => "sm4",
            BenchAlgorithm::Aes => "aes",
        }
    }
}

pub(super) fn run(plan: &Plan, place: &Place, output: Output) -> Result<(), Failure> {
    let cards = Cards::new(plan.algorithm, plan.tokens)?;
    let before = resident_bytes();
    let started = Instant::now();
    let plant = Plant::start(&cards, place)?;
    plant.load(&cards)?;
    let load_seconds = started.elapsed().as_secs_f64();
    let memory = resident_bytes();
    let per_token = memory.saturating_sub(before) / cards.count();
    output.line(format!(
        "{} tokens loaded in {load_seconds:.1} s; {} MB resident, {per_token} bytes per token",
        plan.tokens,
        memory / 1_000_000
    ));

    let key = LineKey::Gateway.link_key();
    let now = store::Clock::now(&store::SystemClock);
    let taps = (plan.seconds * FASTEST).min(cards.count() * TAPS_PER_TOKEN * 2 / 3).max(1);
    let frames = taps::make(&cards, &key, now, 0..taps)?;
    let time = Duration::from_secs(plan.seconds);
    let closed = load::closed(plant.gateway_at, &frames, 0, plan.in_flight, time)?;
    let folding = Instant::now();
    plant.fold()?;
    let fold_seconds = folding.elapsed().as_secs_f64();

    let limit_time = Duration::from_millis(plan.seconds * 500);
    let echo = limit::measure(&frames, plan.in_flight, limit_time, false, place)?;
    let appended = limit::measure(&frames, plan.in_flight, limit_time, true, place)?;
    let bytes = frames.mean();
    drop(frames);

    let rate = closed.per_second() / 2.0;
    // From the first tap that was not sent: no counter may be jumped far over.
    let paced = paced(plan, &cards, &plant, now, closed.approved, rate)?;
    let report = Report {
        plan,
        load_seconds,
        memory,
        per_token,
        closed,
        fold_seconds,
        echo,
        appended,
        frame_bytes: bytes,
        paced,
        paced_rate: rate,
    };
    report.print(output);
    Ok(())
}

fn paced(
    plan: &Plan,
    cards: &Cards,
    plant: &Plant,
    now: Timestamp,
    first: u64,
    rate: f64,
) -> Result<load::Loaded, Failure> {
    let taps = ((rate * plan.seconds as f64) as u64).min(cards.count() * TAPS_PER_TOKEN / 3).max(1);
    let key = LineKey::Gateway.link_key();
    let frames = taps::make(cards, &key, now, first..first + taps)?;
    load::paced(plant.gateway_at, &frames, first, rate)
}

struct Report<'a> {
    plan: &'a Plan,
    load_seconds: f64,
    memory: u64,
    per_token: u64,
    closed: load::Loaded,
    fold_seconds: f64,
    echo: f64,
    appended: f64,
    frame_bytes: usize,
    paced: load::Loaded,
    paced_rate: f64,
}

impl Report<'_> {
    fn print(&self, output: Output) {
        let count = self.closed.approved.max(1);
        let rate = self.closed.per_second();
        let (cpu, written) =
            (self.closed.used.cpu_micros as f64 / count as f64, self.closed.used.bytes_written / count);
        let ratio = rate / self.appended;
        output.line(format!(
            "{} cryptograms, {} approved, {} in flight, frames of {} bytes",
            self.plan.algorithm_name(),
            self.closed.approved,
            self.plan.in_flight,
            self.frame_bytes
        ));
        let row = |what: &str, value: String| output.line(format!("  {what:<44}{value:>14}"));
        row("authorisations a second", format!("{rate:.0}"));
        row("  p50, p99 (ms)", self.two(&self.closed));
        row(&format!("  p50, p99 at {:.0} a second (ms)", self.paced_rate), self.two(&self.paced));
        row("  CPU per authorisation (us)", format!("{cpu:.1}"));
        row("  bytes written per authorisation", written.to_string());
        row("  folding left over afterwards (s)", format!("{:.1}", self.fold_seconds));
        row("echo over the same hops, a second", format!("{:.0}", self.echo));
        row("echo with append and sync, a second", format!("{:.0}", self.appended));
        row("authorisations to echo with append", format!("{ratio:.3}"));
        output.line("CPU per authorisation by thread (us):");
        let mut threads: Vec<(&String, &u64)> =
            self.closed.used.threads.iter().filter(|(_, us)| **us > 0).collect();
        threads.sort_by_key(|(_, micros)| std::cmp::Reverse(**micros));
        for (name, micros) in threads.iter().take(8) {
            row(&format!("  {name}"), format!("{:.1}", **micros as f64 / count as f64));
        }
        output.summary(json!({
            "authorisations_per_s": rate.round(),
            "p50_ms": self.closed.within(0.5),
            "p99_ms": self.closed.within(0.99),
            "paced_per_s": self.paced_rate.round(),
            "paced_p50_ms": self.paced.within(0.5),
            "paced_p99_ms": self.paced.within(0.99),
            "cpu_us": (cpu * 10.0).round() / 10.0,
            "bytes_written": written,
            "fold_s": self.fold_seconds,
            "limit_per_s": self.appended.round(),
            "echo_per_s": self.echo.round(),
            "ratio": (ratio * 1000.0).round() / 1000.0,
            "tokens": self.plan.tokens,
            "algorithm": self.plan.algorithm_name(),
            "load_s": self.load_seconds,
            "memory_bytes": self.memory,
            "memory_per_token": self.per_token,
        }));
    }

    fn two(&self, loaded: &load::Loaded) -> String {
        format!("{:.1}, {:.1}", loaded.within(0.5), loaded.within(0.99))
    }
}

//! How many counter operations a second become durable, at several queue depths.
//!
//! `cargo run --release -p store --example throughput [SECONDS]`. The store alone: no parsing, no wire.
//! CPU is that of the whole process: the caller, the writer and the folding thread.

#![allow(clippy::print_stdout)]

use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use store::{Kind, Mapping, Schema, Store, SystemClock};
use values::{Operation, Record, Records, Residency, Timestamp};

const TOKENS: u64 = 200_000;

/// What changes at a tap, 32 bytes.
#[derive(Clone, Serialize, Deserialize)]
struct Hot {
    token: u64,
    counter: u32,
    window: u32,
    spent_day: i64,
    spent_month: i64,
}

impl Record for Hot {
    type Key = u64;
    const TABLE: &'static str = "hot";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> u64 {
        self.token
    }
}

struct Tap(u64);

impl Operation for Tap {
    type Answer = u32;
    type Refusal = ();
    const NAME: &'static str = "bench.tap";
    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<u32, ()> {
        let fresh = || Hot { token: self.0, counter: 0, window: 0, spent_day: 0, spent_month: 0 };
        let mut hot = records.find::<Hot>(&self.0).unwrap_or_else(fresh);
        hot.counter += 1;
        hot.spent_day += 1250;
        records.put(hot.clone());
        Ok(hot.counter)
    }
}

fn main() {
    let seconds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(2);
    for depth in [1, 64, 512] {
        let folder = tempfile::tempdir_in(".").expect("the present directory is writable");
        let schema = Schema::new()
            .migrations(
                "bench",
                &[(
                    1,
                    "CREATE TABLE hot (bucket INTEGER NOT NULL, token INTEGER NOT NULL, counter INTEGER NOT NULL,
                     window INTEGER NOT NULL, spent_day INTEGER NOT NULL, spent_month INTEGER NOT NULL,
                     PRIMARY KEY (bucket, token)) STRICT, WITHOUT ROWID",
                )],
            )
            .table::<Hot>(Mapping {
                key: &["token"],
                columns: &[
                    ("token", Kind::Integer),
                    ("counter", Kind::Integer),
                    ("window", Kind::Integer),
                    ("spent_day", Kind::Integer),
                    ("spent_month", Kind::Integer),
                ],
            });
        let path = folder.path().join("bench.sqlite");
        let store = Store::open(&path, schema, Arc::new(SystemClock)).expect("a fresh folder");
        let (cpu, start) = (cpu_us(), Instant::now());
        let done = run(&store, depth, Duration::from_secs(seconds));
        let elapsed = start.elapsed();
        let cpu = cpu_us() - cpu;
        let flushing = Instant::now();
        store.flush().expect("the store is open");
        println!(
            "depth {depth:>3}: {:>8.0} operations/s, {:>5.2} us of CPU each, {} done, folded {} ms later",
            done as f64 / elapsed.as_secs_f64(),
            cpu as f64 / done as f64,
            done,
            flushing.elapsed().as_millis(),
        );
    }
}

/// Keeps `depth` operations waiting until the time is over.
fn run(store: &Store, depth: u64, time: Duration) -> u64 {
    let done = Arc::new(AtomicU64::new(0));
    let caller = std::thread::current();
    let start = Instant::now();
    let mut asked = 0u64;
    loop {
        while asked - done.load(Ordering::Acquire) < depth && start.elapsed() < time {
            let (done, caller) = (Arc::clone(&done), caller.clone());
            let token = asked.wrapping_mul(0x9E37_79B9_7F4A_7C15) % TOKENS;
            store.submit(Tap(token), move |outcome| {
                outcome.expect("the store is open");
                let now_done = done.fetch_add(1, Ordering::Release) + 1;
                if depth == 1 || now_done.is_multiple_of(depth / 2) {
                    caller.unpark();
                }
            });
            asked += 1;
        }
        if done.load(Ordering::Acquire) == asked && start.elapsed() >= time {
            return asked;
        }
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

/// CPU time of this process, from the clock ticks the kernel counts.
fn cpu_us() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(") ").next().unwrap_or_default();
    let field = |n: usize| after.split(' ').nth(n).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    (field(11) + field(12)) * 10_000
}

//! What the process has used so far, as the kernel counts it.

use std::collections::BTreeMap;

/// Ticks of `/proc/*/stat`; Linux has shown user space 100 a second on every architecture for decades.
const TICK_MICROS: u64 = 10_000;

/// CPU time, bytes sent to disk and the CPU time of each kind of thread.
pub(super) struct Usage {
    pub(super) cpu_micros: u64,
    pub(super) bytes_written: u64,
    pub(super) threads: BTreeMap<String, u64>,
}

impl Usage {
    /// As of now; zeros where the system does not say.
    pub(super) fn now() -> Usage {
        Usage {
            cpu_micros: cpu_of("/proc/self/stat").map_or(0, |(_, micros)| micros),
            bytes_written: number_after("/proc/self/io", "write_bytes:"),
            threads: threads(),
        }
    }

    /// What was used since.
    pub(super) fn since(&self, earlier: &Usage) -> Usage {
        let before = |name: &String| earlier.threads.get(name).copied().unwrap_or(0);
        Usage {
            cpu_micros: self.cpu_micros - earlier.cpu_micros,
            bytes_written: self.bytes_written - earlier.bytes_written,
            threads: self
                .threads
                .iter()
                .map(|(name, micros)| (name.clone(), micros.saturating_sub(before(name))))
                .collect(),
        }
    }
}

/// Bytes of memory that are resident.
pub(super) fn resident_bytes() -> u64 {
    number_after("/proc/self/status", "VmRSS:") * 1024
}

fn number_after(path: &str, label: &str) -> u64 {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(label));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Name and CPU time of a process or thread.
fn cpu_of(path: &str) -> Option<(String, u64)> {
    let text = std::fs::read_to_string(path).ok()?;
    // The name may hold anything, also parentheses: it ends at the last one.
    let (head, rest) = text.rsplit_once(')')?;
    let name = head.split_once('(')?.1.to_owned();
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |place: usize| fields.get(place)?.parse::<u64>().ok();
    Some((name, (ticks(11)? + ticks(12)?) * TICK_MICROS))
}

fn threads() -> BTreeMap<String, u64> {
    let mut sums = BTreeMap::new();
    let Ok(list) = std::fs::read_dir("/proc/self/task") else { return sums };
    for thread in list.flatten() {
        if let Some((name, micros)) = cpu_of(&thread.path().join("stat").to_string_lossy()) {
            *sums.entry(name).or_default() += micros;
        }
    }
    sums
}

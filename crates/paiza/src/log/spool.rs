//! Writes lines from a thread of its own, so that nobody who has something to log waits for a disk or a pipe. What does not fit
//! into the queue is left out and counted, and the count is written as soon as there is room.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::thread::JoinHandle;

/// Lines that may wait.
const LINES: usize = 8192;
/// Bytes that are written at a time, at most; when no line waits, what there is.
const BYTES: usize = 64 * 1024;

/// Where lines are handed in. Clones share the queue.
#[derive(Clone)]
pub(super) struct Spool {
    give: SyncSender<Option<Vec<u8>>>,
    left_out: Arc<AtomicU64>,
}

/// Ends the thread when it is dropped, after everything that was handed in is written.
pub(crate) struct Writing {
    give: SyncSender<Option<Vec<u8>>>,
    thread: Option<JoinHandle<()>>,
}

impl Spool {
    /// Starts a thread that writes there; `told` makes the line about so many that were left out.
    pub(super) fn to(into: impl Write + Send + 'static, told: fn(u64) -> String) -> (Spool, Writing) {
        let (give, take) = sync_channel(LINES);
        let left_out = Arc::new(AtomicU64::new(0));
        let spool = Spool { give: give.clone(), left_out: Arc::clone(&left_out) };
        let write = move || write_all(&take, into, &left_out, told);
        // Without a thread nothing is written, and everything still works.
        let thread = std::thread::Builder::new().name("log".to_owned()).spawn(write).ok();
        (spool, Writing { give, thread })
    }
}

impl Write for Spool {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Err(TrySendError::Full(_)) = self.give.try_send(Some(line.to_vec())) {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            // It waits for room, so it comes after every line before it.
            let _ = self.give.send(None);
            let _ = thread.join();
        }
    }
}

/// Writes what is handed in until the end is.
fn write_all(
    take: &Receiver<Option<Vec<u8>>>,
    mut into: impl Write,
    left_out: &AtomicU64,
    told: fn(u64) -> String,
) {
    let mut lines = Vec::with_capacity(BYTES);
    loop {
        let next = match take.try_recv() {
            Err(TryRecvError::Empty) => {
                let missing = left_out.swap(0, Ordering::Relaxed);
                if missing > 0 {
                    lines.extend_from_slice(told(missing).as_bytes());
                }
                // Nobody can be told that the log cannot be written.
                let _ = into.write_all(&lines).and_then(|()| into.flush());
                lines.clear();
                take.recv().unwrap_or(None)
            }
            Err(TryRecvError::Disconnected) => None,
            Ok(next) => next,
        };
        match next {
            Some(line) => lines.extend_from_slice(&line),
            None => break,
        }
        if lines.len() >= BYTES {
            let _ = into.write_all(&lines);
            lines.clear();
        }
    }
    let missing = left_out.swap(0, Ordering::Relaxed);
    if missing > 0 {
        lines.extend_from_slice(told(missing).as_bytes());
    }
    let _ = into.write_all(&lines).and_then(|()| into.flush());
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use std::sync::mpsc::{Sender, channel};

    /// Writes into memory, once it may.
    struct Slow {
        may: Option<Receiver<()>>,
        begun: Sender<()>,
        written: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if let Some(may) = self.may.take() {
                let _ = self.begun.send(());
                let _ = may.recv();
            }
            self.written.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn told(missing: u64) -> String {
        format!("{missing} missing\n")
    }

    #[test]
    fn whoever_logs_never_waits_and_what_is_left_out_is_counted() {
        let written = Arc::new(Mutex::new(Vec::new()));
        let ((let_go, may), (begun, begins)) = (channel(), channel());
        let slow = Slow { may: Some(may), begun, written: Arc::clone(&written) };
        let (mut spool, writing) = Spool::to(slow, told);
        spool.write_all(b"first\n").unwrap();
        // The thread is held up in the middle of a write: the queue fills, and then lines are left out.
        begins.recv().unwrap();
        for _ in 0..LINES + 3 {
            spool.write_all(b"line\n").unwrap();
        }
        let_go.send(()).unwrap();
        drop(writing);
        let text = String::from_utf8(written.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().filter(|line| *line == "line").count(), LINES);
        assert!(text.starts_with("first\n") && text.contains("3 missing\n"), "{}", &text[text.len() - 40..]);
    }

    #[test]
    fn everything_handed_in_is_written_at_the_end() {
        let written = Arc::new(Mutex::new(Vec::new()));
        let slow = Slow { may: None, begun: channel().0, written: Arc::clone(&written) };
        let (mut spool, writing) = Spool::to(slow, told);
        (0..100).for_each(|line| writeln!(spool, "{line}").unwrap());
        drop(writing);
        let text = String::from_utf8(written.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().next_back(), Some("99"), "{text}");
    }
}

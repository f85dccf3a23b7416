//! The outgoing half of a connection: what waits is written in one call.

use super::listener::{InWork, Work};
use iso8583::Framing;
use std::cell::RefCell;
use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

/// Queues frames for a connection. Clones share the connection; the last one dropped lets it end.
#[derive(Clone)]
pub struct FrameSender {
    shared: Arc<Shared>,
}

/// The way back to whoever sent a message. Clones may answer later, from any thread.
#[derive(Clone)]
pub struct Reply {
    sender: FrameSender,
    header: Option<Arc<[u8]>>,
    _in_work: InWork,
}

impl Reply {
    /// The message counts as work as long as somebody may still answer.
    pub(super) fn new(sender: &FrameSender, framing: &Framing, header: &[u8], work: &Arc<Work>) -> Reply {
        let header = framing.answer_header(header).map(Arc::from);
        Reply { sender: sender.clone(), header, _in_work: InWork::new(work) }
    }

    /// Sends a message back over the same connection.
    pub fn send(&self, message: &[u8]) {
        self.sender.send_under(self.header.as_deref(), message);
    }
}

thread_local! {
    static HELD: RefCell<Option<Vec<FrameSender>>> = const { RefCell::new(None) };
}

/// Does something of which each step may send frames; connections are woken once, when it ends. Waking a
/// thread costs as much as making a frame.
pub fn holding(something: &mut dyn FnMut()) {
    struct Release;
    impl Drop for Release {
        fn drop(&mut self) {
            let held = HELD.take();
            held.into_iter().flatten().for_each(|sender| sender.shared.something.notify_one());
        }
    }
    if HELD.with_borrow(Option::is_some) {
        return something();
    }
    HELD.set(Some(Vec::new()));
    let _release = Release;
    something();
}

struct Shared {
    framing: Framing,
    waiting: Mutex<Waiting>,
    something: Condvar,
}

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    closed: bool,
}

/// A peer that stops reading is cut off rather than remembered for ever.
const MOST_UNSENT: usize = 16 * 1024 * 1024;

impl FrameSender {
    /// Starts the thread that writes to this connection.
    pub fn start(stream: TcpStream, framing: Framing) -> std::io::Result<FrameSender> {
        let shared = Arc::new(Shared { framing, waiting: Mutex::default(), something: Condvar::new() });
        let writer = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("frames-out".to_owned())
            .spawn(move || write_all_that_waits(&writer, stream))?;
        Ok(FrameSender { shared })
    }

    /// Queues one message. A message that cannot be framed, or a peer that does not read, closes the connection.
    pub fn send(&self, message: &[u8]) {
        self.send_under(None, message);
    }

    /// Queues one message under a line header, for example the turned-round TPDU of its question.
    pub fn send_under(&self, header: Option<&[u8]>, message: &[u8]) {
        let mut waiting = self.shared.lock();
        let was_empty = waiting.bytes.is_empty();
        let framed = self.shared.framing.write(header, message, &mut waiting.bytes);
        if framed.is_err() || waiting.bytes.len() > MOST_UNSENT {
            waiting.closed = true;
        }
        drop(waiting);
        if was_empty {
            self.wake();
        }
    }

    /// Wakes the writer, at the end of [`holding`] if this thread is in it.
    fn wake(&self) {
        HELD.with_borrow_mut(|held| match held {
            Some(held) => held.push(self.clone()),
            None => self.shared.something.notify_one(),
        });
    }

    /// Ends the connection once what waits is written.
    pub fn close(&self) {
        self.shared.lock().closed = true;
        self.shared.something.notify_one();
    }

    /// Whether the connection has ended.
    pub fn is_closed(&self) -> bool {
        self.shared.lock().closed
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().expect("no holder of this lock panics")
    }
}

fn write_all_that_waits(shared: &Shared, mut stream: TcpStream) {
    let mut batch = Vec::new();
    loop {
        let mut waiting = shared.lock();
        while waiting.bytes.is_empty() && !waiting.closed {
            waiting = shared.something.wait(waiting).expect("no holder of this lock panics");
        }
        let last = waiting.closed;
        batch.clear();
        std::mem::swap(&mut batch, &mut waiting.bytes);
        drop(waiting);
        if stream.write_all(&batch).is_err() || last {
            shared.lock().closed = true;
            let _ = stream.shutdown(Shutdown::Both);
            return;
        }
    }
}

//! The asking side of a host connection: keeps one connection open, matches answers to questions.

use super::FrameSender;
use super::listener::{open, read_frames};
use iso8583::Framing;
use std::collections::HashMap;
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Weak};
use std::time::{Duration, Instant};

/// How a question ended.
pub enum Answer<'a> {
    /// The message that answers it.
    Message(&'a [u8]),
    /// Nothing came in time, or the connection was lost after sending: the outcome is unknown.
    Silence,
    /// The question never left: there is no connection. Nothing can have happened.
    NotSent,
}

type Continue = Box<dyn FnOnce(Answer<'_>) + Send>;
type KeyOf = dyn Fn(&[u8]) -> Option<u128> + Send + Sync;
type Unasked = dyn Fn(&[u8]) + Send + Sync;

/// A connection to the next host. Questions may overlap; each answer goes to its own question.
///
/// An answer that fits no question (it came too late, or twice) goes to the `unasked` function.
pub struct Exchange {
    shared: Arc<Shared>,
}

struct Shared {
    to: SocketAddr,
    framing: Framing,
    key_of: Box<KeyOf>,
    unasked: Box<Unasked>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    sender: Option<FrameSender>,
    open: HashMap<u128, Question>,
    connection: u64,
    stopping: bool,
}

struct Question {
    until: Instant,
    then: Continue,
}

const RETRY: Duration = Duration::from_millis(200);
const SWEEP: Duration = Duration::from_millis(25);

impl Exchange {
    /// Connects to `to` when first asked, and again whenever the connection is lost. `key_of` gives the
    /// matching key of an answer.
    pub fn start(
        to: SocketAddr,
        framing: Framing,
        key_of: impl Fn(&[u8]) -> Option<u128> + Send + Sync + 'static,
        unasked: impl Fn(&[u8]) + Send + Sync + 'static,
    ) -> std::io::Result<Exchange> {
        let shared = Arc::new(Shared {
            to,
            framing,
            key_of: Box::new(key_of),
            unasked: Box::new(unasked),
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let weak = Arc::downgrade(&shared);
        std::thread::Builder::new().name("answers-due".to_owned()).spawn(move || sweep(&weak))?;
        Ok(Exchange { shared })
    }

    /// Asks; `then` is called exactly once, on some other thread or at once if nothing can be sent.
    pub fn ask(
        &self,
        key: u128,
        message: &[u8],
        wait: Duration,
        then: impl FnOnce(Answer<'_>) + Send + 'static,
    ) {
        let until = Instant::now() + wait;
        let mut then: Continue = Box::new(then);
        let sender = match self.shared.connection() {
            Some(sender) => sender,
            None => return then(Answer::NotSent),
        };
        let mut state = self.shared.lock();
        if let Some(earlier) = state.open.insert(key, Question { until, then }) {
            // The same question is still open: both askers wait for the one answer.
            let asked_first = earlier.then;
            let asked_again = state.open.remove(&key).expect("just inserted").then;
            then = Box::new(move |answer| {
                match &answer {
                    Answer::Message(message) => asked_first(Answer::Message(message)),
                    Answer::Silence => asked_first(Answer::Silence),
                    Answer::NotSent => asked_first(Answer::NotSent),
                }
                asked_again(answer);
            });
            state.open.insert(key, Question { until, then });
        }
        if state.open.len() == 1 {
            self.shared.changed.notify_one();
        }
        drop(state);
        sender.send(message);
    }

    /// Asks and waits for the answer; `None` is silence, an error means it was never sent.
    pub fn ask_and_wait(
        &self,
        key: u128,
        message: &[u8],
        wait: Duration,
    ) -> Result<Option<Vec<u8>>, NotSent> {
        let (tell, told) = crossbeam_channel::bounded(1);
        self.ask(key, message, wait, move |answer| {
            let _ = tell.send(match answer {
                Answer::Message(message) => Ok(Some(message.to_vec())),
                Answer::Silence => Ok(None),
                Answer::NotSent => Err(NotSent),
            });
        });
        told.recv().unwrap_or(Ok(None))
    }

    /// How many questions are open.
    pub fn open_questions(&self) -> usize {
        self.shared.lock().open.len()
    }
}

/// There was no connection to send on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no connection to the host")]
pub struct NotSent;

impl Drop for Exchange {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.stopping = true;
        if let Some(sender) = state.sender.take() {
            sender.close();
        }
        self.shared.changed.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of this lock panics")
    }

    /// The open connection, made now if there is none.
    fn connection(self: &Arc<Self>) -> Option<FrameSender> {
        let mut state = self.lock();
        if let Some(sender) = state.sender.as_ref().filter(|sender| !sender.is_closed()) {
            return Some(sender.clone());
        }
        let stream = TcpStream::connect_timeout(&self.to, RETRY).ok()?;
        let sender = open(&stream, self.framing).ok()?;
        state.sender = Some(sender.clone());
        state.connection += 1;
        let (number, reader, reply) = (state.connection, Arc::clone(self), sender.clone());
        drop(state);
        let reading = std::thread::Builder::new().name("answers-in".to_owned()).spawn(move || {
            read_frames(stream, &reader.framing, |_, message| reader.answered(message), || ());
            reply.close();
            reader.connection_lost(number);
        });
        reading.ok().map(|_| sender)
    }

    /// Everything asked on a lost connection may or may not have happened.
    fn connection_lost(&self, number: u64) {
        let mut state = self.lock();
        if state.connection != number {
            return;
        }
        state.sender = None;
        let open = std::mem::take(&mut state.open);
        drop(state);
        open.into_values().for_each(|question| (question.then)(Answer::Silence));
    }

    fn answered(&self, message: &[u8]) {
        let question = (self.key_of)(message).and_then(|key| self.lock().open.remove(&key));
        match question {
            Some(question) => (question.then)(Answer::Message(message)),
            None => (self.unasked)(message),
        }
    }
}

/// Ends questions whose time is up. Sleeps while there are none.
fn sweep(shared: &Weak<Shared>) {
    while let Some(shared) = shared.upgrade() {
        let state = shared.lock();
        let (mut state, _) =
            shared.changed.wait_timeout(state, SWEEP).expect("no holder of this lock panics");
        if state.stopping {
            return;
        }
        let now = Instant::now();
        let late: Vec<u128> =
            state.open.iter().filter(|(_, q)| q.until <= now).map(|(key, _)| *key).collect();
        let questions: Vec<Question> = late.iter().filter_map(|key| state.open.remove(key)).collect();
        drop(state);
        questions.into_iter().for_each(|question| (question.then)(Answer::Silence));
    }
}

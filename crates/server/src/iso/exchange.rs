//! The asking side of a host connection: keeps one connection open, matches answers to questions.

use super::FrameSender;
use super::listener::{open, read_frames};
use crate::test_mode::{Crossing, On, frame};
use iso8583::{Framing, MessageKey};
use std::collections::HashMap;
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Weak};
use std::time::{Duration, Instant};

/// How a question ended.
#[derive(Clone)]
pub enum Answer<M> {
    /// The message that answers it.
    Message(M),
    /// Nothing came in time, or the connection was lost after sending: the outcome is unknown.
    Silence,
    /// The question never left: there is no connection. Nothing can have happened.
    NotSent,
}

type Continue<M> = Box<dyn FnOnce(Answer<M>) + Send>;
type Read<M> = dyn Fn(&[u8]) -> Option<(MessageKey, M)> + Send + Sync;
type Unasked<M> = dyn Fn(M) + Send + Sync;
type InPlace = dyn Fn(&[u8], &str) -> Option<Vec<u8>> + Send + Sync;

/// A connection to the next host. Questions may overlap; each answer goes to its own question.
///
/// An answer that fits no question (it came too late, or twice) goes to the `unasked` function.
pub struct Exchange<M> {
    shared: Arc<Shared<M>>,
}

struct Shared<M> {
    to: SocketAddr,
    framing: Framing,
    read: Box<Read<M>>,
    unasked: Box<Unasked<M>>,
    /// Where faults strike, and what then answers a question in place of the host.
    crossing: Option<(Arc<Crossing>, Box<InPlace>)>,
    state: Mutex<State<M>>,
    changed: Condvar,
}

struct State<M> {
    sender: Option<FrameSender>,
    open: HashMap<MessageKey, Question<M>>,
    connection: u64,
    /// When connecting failed last: askers are not made to wait for a dead host one after another.
    refused: Option<Instant>,
    stopping: bool,
}

struct Question<M> {
    until: Instant,
    then: Continue<M>,
}

const RETRY: Duration = Duration::from_millis(200);
const SWEEP: Duration = Duration::from_millis(25);

impl<M: Clone + Send + 'static> Exchange<M> {
    /// Connects to `to` when first asked, and again whenever the connection is lost. `read` decodes an
    /// answer and gives the key it is matched by; what it cannot read is passed over.
    pub fn start(
        to: SocketAddr,
        framing: Framing,
        read: impl Fn(&[u8]) -> Option<(MessageKey, M)> + Send + Sync + 'static,
        unasked: impl Fn(M) + Send + Sync + 'static,
    ) -> std::io::Result<Exchange<M>> {
        Exchange::start_through(None, to, framing, read, unasked)
    }

    /// The same on a leg where faults may strike. The function beside the place makes an answer with this DE 39 to a
    /// question that did not arrive.
    pub(crate) fn start_through(
        crossing: Option<(Arc<Crossing>, Box<InPlace>)>,
        to: SocketAddr,
        framing: Framing,
        read: impl Fn(&[u8]) -> Option<(MessageKey, M)> + Send + Sync + 'static,
        unasked: impl Fn(M) + Send + Sync + 'static,
    ) -> std::io::Result<Exchange<M>> {
        let state =
            State { sender: None, open: HashMap::new(), connection: 0, refused: None, stopping: false };
        let shared = Arc::new(Shared {
            to,
            framing,
            read: Box::new(read),
            unasked: Box::new(unasked),
            crossing,
            state: Mutex::new(state),
            changed: Condvar::new(),
        });
        let weak = Arc::downgrade(&shared);
        std::thread::Builder::new().name("answers-due".to_owned()).spawn(move || sweep(&weak))?;
        Ok(Exchange { shared })
    }

    /// Asks; `then` is called exactly once, on some other thread or at once if nothing can be sent.
    pub fn ask(
        &self,
        key: MessageKey,
        message: &[u8],
        wait: Duration,
        then: impl FnOnce(Answer<M>) + Send + 'static,
    ) {
        let until = Instant::now() + wait;
        let mut then: Continue<M> = Box::new(then);
        let Some(sender) = self.shared.connection() else {
            return then(Answer::NotSent);
        };
        let mut state = self.shared.lock();
        if let Some(earlier) = state.open.remove(&key) {
            // The same question is still open: both askers get the one answer.
            let again = then;
            then = Box::new(move |answer: Answer<M>| {
                (earlier.then)(answer.clone());
                again(answer);
            });
        }
        state.open.insert(key, Question { until, then });
        if state.open.len() == 1 {
            self.shared.changed.notify_one();
        }
        drop(state);
        let crossing = self.shared.crossing.as_ref();
        let in_place = |code: &str| {
            let answer = crossing.and_then(|(_, in_place)| in_place(message, code));
            answer.is_some_and(|answer| {
                self.shared.heard(&answer);
                true
            })
        };
        let crossing = crossing.map(|(crossing, _)| crossing);
        frame(crossing, On::Requests, message, move |bytes| sender.send(bytes), in_place);
    }

    /// How many questions are open.
    pub fn open_questions(&self) -> usize {
        self.shared.lock().open.len()
    }
}

impl<M> Drop for Exchange<M> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.stopping = true;
        if let Some(sender) = state.sender.take() {
            sender.close();
        }
        self.shared.changed.notify_one();
    }
}

impl<M> Shared<M> {
    fn lock(&self) -> MutexGuard<'_, State<M>> {
        self.state.lock().expect("no holder of this lock panics")
    }
}

impl<M: Clone + Send + 'static> Shared<M> {
    /// The open connection, made now if there is none.
    fn connection(self: &Arc<Self>) -> Option<FrameSender> {
        let mut state = self.lock();
        if let Some(sender) = state.sender.as_ref().filter(|sender| !sender.is_closed()) {
            return Some(sender.clone());
        }
        if state.refused.is_some_and(|at| at.elapsed() < RETRY) {
            return None;
        }
        let Ok(stream) = TcpStream::connect_timeout(&self.to, RETRY) else {
            state.refused = Some(Instant::now());
            return None;
        };
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

    fn answered(self: &Arc<Self>, bytes: &[u8]) {
        let crossing = self.crossing.as_ref().map(|(crossing, _)| crossing);
        let shared = Arc::clone(self);
        frame(crossing, On::Answers, bytes, move |bytes| shared.heard(bytes), |_| false);
    }

    fn heard(&self, bytes: &[u8]) {
        let Some((key, message)) = (self.read)(bytes) else { return };
        let question = self.lock().open.remove(&key);
        match question {
            Some(question) => (question.then)(Answer::Message(message)),
            None => (self.unasked)(message),
        }
    }
}

/// Ends questions whose time is up. Sleeps while there are none.
fn sweep<M>(shared: &Weak<Shared<M>>) {
    while let Some(shared) = shared.upgrade() {
        let state = shared.lock();
        let (mut state, _) =
            shared.changed.wait_timeout(state, SWEEP).expect("no holder of this lock panics");
        if state.stopping {
            return;
        }
        let now = Instant::now();
        let late: Vec<MessageKey> =
            state.open.iter().filter(|(_, q)| q.until <= now).map(|(key, _)| *key).collect();
        let questions: Vec<Question<M>> = late.iter().filter_map(|key| state.open.remove(key)).collect();
        drop(state);
        questions.into_iter().for_each(|question| (question.then)(Answer::Silence));
    }
}

//! The incoming half: accepts connections, cuts bytes into frames, hands each to a service.

use super::{FrameSender, Reply, holding};
use iso8583::framing::{Deframer, Frame, Framing};
use std::collections::HashMap;
use std::io::Read;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What answers messages. Called on the connection's own thread; slow work belongs elsewhere.
pub trait Service: Send + Sync + 'static {
    /// One message has come; answers go to `reply`, now or later.
    fn message(&self, message: &[u8], reply: &Reply);
    /// Everything one read brought has been handed over.
    fn read_done(&self) {}
}

/// A listening address. Dropping it stops new connections and ends those that are open.
pub struct Listener {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    stopping: AtomicBool,
    work: Arc<Work>,
    connections: Mutex<Connections>,
}

/// The open connections, under numbers of their own: whoever ends one must find it.
#[derive(Default)]
struct Connections {
    next: u64,
    open: HashMap<u64, TcpStream>,
}

impl Listener {
    /// Serves connections on an already bound socket.
    pub fn serve(
        socket: TcpListener,
        framing: Framing,
        service: Arc<dyn Service>,
    ) -> std::io::Result<Listener> {
        let address = socket.local_addr()?;
        let shared = Arc::<Shared>::default();
        let listening = Arc::clone(&shared);
        std::thread::Builder::new().name(format!("accept-{}", address.port())).spawn(move || {
            for stream in socket.incoming() {
                if listening.is_stopping() {
                    return;
                }
                if let Ok(stream) = stream {
                    let (service, shared) = (Arc::clone(&service), Arc::clone(&listening));
                    let _ = std::thread::Builder::new()
                        .name("frames-in".to_owned())
                        .spawn(move || shared.connection(stream, framing, service.as_ref()));
                }
            }
        })?;
        Ok(Listener { address, shared })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more messages and waits until those it took are answered or given up, at most so long. Whether all were.
    pub fn end(&self, patience: Duration) -> bool {
        self.shared.stopping.store(true, Ordering::SeqCst);
        self.shared.work.wait(patience)
    }
}

impl Shared {
    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    fn connection(&self, stream: TcpStream, framing: Framing, service: &dyn Service) {
        let (Ok(sender), Ok(number)) = (open(&stream, framing), self.enter(&stream)) else { return };
        let each = |header: &[u8], message: &[u8]| {
            // What comes too late was never taken: its sender repeats or reverses it.
            if !self.is_stopping() {
                service.message(message, &Reply::new(&sender, &framing, header, &self.work));
            }
        };
        read_frames(stream, &framing, each, || service.read_done());
        sender.close();
        self.connections().open.remove(&number);
    }

    /// Makes a connection known to whoever ends the listener.
    fn enter(&self, stream: &TcpStream) -> std::io::Result<u64> {
        let stream = stream.try_clone()?;
        let mut connections = self.connections();
        if self.is_stopping() {
            return Err(std::io::ErrorKind::ConnectionAborted.into());
        }
        let number = connections.next;
        connections.next += 1;
        connections.open.insert(number, stream);
        Ok(number)
    }

    fn connections(&self) -> MutexGuard<'_, Connections> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // What waits to be written still goes out: only the reading half ends here, and the rest with it.
        for stream in self.shared.connections().open.values() {
            let _ = stream.shutdown(Shutdown::Read);
        }
        // The accepting thread is blocked; one connection of our own wakes it to see the flag.
        let _ = TcpStream::connect(self.address);
    }
}

/// Counts the messages that may still be answered.
#[derive(Default)]
pub(super) struct Work {
    count: AtomicUsize,
    wanted: AtomicBool,
    lock: Mutex<()>,
    done: Condvar,
}

impl Work {
    /// Waits until nothing is in work, at most so long. Whether nothing is.
    fn wait(&self, patience: Duration) -> bool {
        let guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.wanted.store(true, Ordering::SeqCst);
        let busy = |_: &mut ()| self.count.load(Ordering::SeqCst) > 0;
        let waited = self.done.wait_timeout_while(guard, patience, busy);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}

/// One message in work, for as long as this or a clone is held.
pub(super) struct InWork(Arc<Work>);

impl InWork {
    pub(super) fn new(work: &Arc<Work>) -> InWork {
        work.count.fetch_add(1, Ordering::SeqCst);
        InWork(Arc::clone(work))
    }
}

impl Clone for InWork {
    fn clone(&self) -> InWork {
        InWork::new(&self.0)
    }
}

impl Drop for InWork {
    fn drop(&mut self) {
        let was = self.0.count.fetch_sub(1, Ordering::SeqCst);
        if was == 1 && self.0.wanted.load(Ordering::SeqCst) {
            // Whoever waits has looked at the count and sleeps, or will look at it.
            drop(self.0.lock.lock());
            self.0.done.notify_all();
        }
    }
}

/// Sets the connection up and starts its writer.
pub(super) fn open(stream: &TcpStream, framing: Framing) -> std::io::Result<FrameSender> {
    stream.set_nodelay(true)?;
    FrameSender::start(stream.try_clone()?, framing)
}

/// Reads until the peer ends or sends what is no frame. A broken frame ends the connection: there is no way
/// to find the next one.
pub(super) fn read_frames(
    mut stream: TcpStream,
    framing: &Framing,
    mut each: impl FnMut(&[u8], &[u8]),
    mut read_done: impl FnMut(),
) {
    let mut deframer = Deframer::new(*framing);
    let mut chunk = vec![0; 256 * 1024];
    loop {
        let length = match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return,
            Ok(length) => length,
        };
        deframer.push(&chunk[..length]);
        let mut broken = None;
        holding(&mut || {
            loop {
                match deframer.pull() {
                    Ok(Some(Frame::Message { header, message })) => each(header, message),
                    Ok(Some(Frame::Heartbeat)) => {}
                    Ok(None) => break,
                    Err(error) => {
                        broken = Some(error);
                        break;
                    }
                }
            }
            read_done();
        });
        if let Some(error) = broken {
            tracing::warn!(%error, "connection closed: not a frame");
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::mpsc;

    /// Long enough for any machine; only a test that fails waits for it.
    const NEVER: Duration = Duration::from_secs(60);

    /// Hands every reply to the test, which answers when it likes.
    struct Handing(Mutex<mpsc::Sender<Reply>>);

    impl Service for Handing {
        fn message(&self, _message: &[u8], reply: &Reply) {
            self.0.lock().unwrap().send(reply.clone()).unwrap();
        }
    }

    fn listener() -> (Listener, TcpStream, mpsc::Receiver<Reply>) {
        let (hand, handed) = mpsc::channel();
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let service = Arc::new(Handing(Mutex::new(hand)));
        let listener = Listener::serve(socket, Framing::binary2(), service).unwrap();
        let client = TcpStream::connect(listener.address()).unwrap();
        client.set_read_timeout(Some(NEVER)).unwrap();
        (listener, client, handed)
    }

    #[test]
    fn the_end_waits_for_what_was_taken() {
        let (listener, mut client, handed) = listener();
        client.write_all(&[0, 2, b'h', b'i']).unwrap();
        let reply = handed.recv_timeout(NEVER).unwrap();
        assert!(!listener.end(Duration::ZERO));
        let answering = std::thread::spawn(move || reply.send(b"yes"));
        assert!(listener.end(NEVER));
        answering.join().unwrap();
        let mut answer = [0; 5];
        client.read_exact(&mut answer).unwrap();
        assert_eq!(answer, [0, 3, b'y', b'e', b's']);
        // Nothing is taken any more.
        client.write_all(&[0, 2, b'h', b'o']).unwrap();
        drop(listener);
        assert_eq!(client.read(&mut answer).unwrap(), 0);
        assert!(handed.recv_timeout(NEVER).is_err());
    }

    #[test]
    fn open_connections_end_with_the_listener() {
        let (listener, mut client, handed) = listener();
        client.write_all(&[0, 2, b'h', b'i']).unwrap();
        // The connection is in: its first message was handed over.
        handed.recv_timeout(NEVER).unwrap().send(b"yes");
        let mut rest = Vec::new();
        drop(listener);
        client.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, [0, 3, b'y', b'e', b's']);
    }
}

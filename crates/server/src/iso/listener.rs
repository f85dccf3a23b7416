//! The incoming half: accepts connections, cuts bytes into frames, hands each to a service.

use super::{FrameSender, Reply, holding};
use iso8583::framing::{Deframer, Frame, Framing};
use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What answers messages. Called on the connection's own thread; slow work belongs elsewhere.
pub trait Service: Send + Sync + 'static {
    /// One message has come; answers go to `reply`, now or later.
    fn message(&self, message: &[u8], reply: &Reply);
    /// Everything one read brought has been handed over.
    fn read_done(&self) {}
}

/// A listening address. Dropping it stops new connections; those that are open end with their peers.
pub struct Listener {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    stopping: AtomicBool,
    /// Held by every [`Reply`] too: with no holder but this, no message is in work.
    in_work: Arc<()>,
}

/// Between two looks whether messages are still in work, once the end is wanted.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

impl Listener {
    /// Serves connections on an already bound socket.
    pub fn serve(
        socket: TcpListener,
        framing: Framing,
        service: Arc<dyn Service>,
    ) -> std::io::Result<Listener> {
        let address = socket.local_addr()?;
        let shared = Arc::new(Shared { stopping: AtomicBool::new(false), in_work: Arc::default() });
        let listening = Arc::clone(&shared);
        std::thread::Builder::new().name(format!("accept-{}", address.port())).spawn(move || {
            for stream in socket.incoming() {
                if listening.is_stopping() {
                    return;
                }
                if let Ok(stream) = stream {
                    let (service, shared) = (Arc::clone(&service), Arc::clone(&listening));
                    let _ = std::thread::Builder::new().name("frames-in".to_owned()).spawn(move || {
                        if let Ok(sender) = open(&stream, framing) {
                            let each = |header: &[u8], message: &[u8]| {
                                // What comes too late was never taken: its sender repeats or reverses it.
                                if !shared.is_stopping() {
                                    let reply = Reply::new(&sender, &framing, header, &shared.in_work);
                                    service.message(message, &reply);
                                }
                            };
                            read_frames(stream, &framing, each, || service.read_done());
                            sender.close();
                        }
                    });
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
        self.shared.stopping.store(true, Ordering::Release);
        let until = Instant::now() + patience;
        while Arc::strong_count(&self.shared.in_work) > 1 {
            if Instant::now() >= until {
                return false;
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        true
    }
}

impl Shared {
    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Release);
        // The accepting thread is blocked; one connection of our own wakes it to see the flag.
        let _ = TcpStream::connect(self.address);
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

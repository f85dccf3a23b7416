//! Serves HTTP/1.1 on a socket, under TLS where that is asked for: how large a head may be, how slowly it may come, and how a port ends.

use crate::alarm::Alarm;
use crate::http_screening::Screened;
use crate::screens::live::Closing;
use crate::upi::tls::Caller;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::Request;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};
use tokio_rustls::TlsAcceptor;
use tower_service::Service as _;

/// How long the head of a request may take to arrive, from its first byte on.
pub(crate) const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// The most bytes of a head that are read at all. What is screened has fewer.
const HEAD_MOST: usize = 64 * 1024;
/// How long words are taken that nobody listens to any more.
const LINGER: Duration = Duration::from_secs(1);
/// After a socket could not be accepted: some other one has to end first.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// Serves a router until the door closes and everything that was asked is answered.
pub(crate) async fn serve(
    socket: TcpListener,
    router: Router,
    tls: Option<TlsAcceptor>,
    alarm: Alarm,
    mut closing: Closing,
) {
    // It is told that all connections have ended by their halves of this being gone.
    let (open, mut all_ended) = mpsc::channel::<Infallible>(1);
    loop {
        let stream = tokio::select! {
            accepted = socket.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "a caller could not be let in");
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                    continue;
                }
            },
            () = closing.wait() => break,
        };
        let _ = stream.set_nodelay(true);
        let (router, tls) = (router.clone(), tls.clone());
        let (alarm, closing, open) = (alarm.clone(), closing.clone(), open.clone());
        tokio::spawn(async move {
            match tls {
                None => connection(stream, router, alarm, closing).await,
                Some(tls) => shaken_hands(stream, &tls, router, alarm, closing).await,
            }
            drop(open);
        });
    }
    drop((socket, open));
    let _ = all_ended.recv().await;
}

/// Agrees on keys first; who calls is told to the routes.
async fn shaken_hands(
    stream: TcpStream,
    tls: &TlsAcceptor,
    router: Router,
    alarm: Alarm,
    mut closing: Closing,
) {
    let stream = tokio::select! {
        shaken = tls.accept(stream) => shaken,
        () = alarm.after(HEAD_WITHIN) => return,
        () = closing.wait() => return,
    };
    match stream {
        Ok(stream) => {
            let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
            let router = match shown {
                Some(certificate) => router.layer(axum::Extension(Caller(certificate.clone().into_owned()))),
                None => router,
            };
            connection(stream, router, alarm, closing).await;
        }
        Err(error) => tracing::warn!(%error, "a caller was refused before it said anything"),
    }
}

async fn connection(stream: impl Wire, router: Router, alarm: Alarm, mut closing: Closing) {
    let progress = Arc::new(Progress::default());
    let asked = Arc::clone(&progress);
    let answer = service_fn(move |request: Request<Incoming>| {
        asked.turn(ANSWERING);
        let (mut router, asked) = (router.clone(), Arc::clone(&asked));
        Box::pin(async move {
            let read = Arc::new(AtomicBool::new(request.body().is_end_stream()));
            let request = request.map(|words| Body::new(Followed { words, read: Arc::clone(&read) }));
            let answer = router.call(request).await;
            // Words that nobody read are taken in now or end the connection, and whoever keeps it for the next request has
            // to hear of that: the connection looks after them when it is its turn, before the answer's head is written.
            if !read.load(Ordering::SeqCst) {
                tokio::task::yield_now().await;
            }
            asked.turn(IDLE);
            answer
        })
    });
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEAD_MOST);
    let watched = Watched { stream, progress: Arc::clone(&progress) };
    let mut connection = builder.serve_connection(TokioIo::new(Screened::new(watched)), answer);
    let mut slow = pin!(progress.is_slow(&alarm));
    let (mut is_closing, mut too_slow) = (false, false);
    loop {
        tokio::select! {
            _ = poll_fn(|context| connection.poll_without_shutdown(context)) => break,
            () = &mut slow => {
                too_slow = true;
                break;
            }
            () = closing.wait(), if !is_closing => {
                is_closing = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
        }
    }
    let mut stream = connection.into_parts().io.into_inner().into_inner().stream;
    if too_slow {
        say(&mut stream, crate::platform_http::too_slow().as_bytes()).await;
    }
    let _ = poll_fn(|context| Pin::new(&mut stream).poll_shutdown(context)).await;
    // What is still on its way is taken and thrown away for a moment: a connection that ends with words unread takes the
    // answer away from whoever is still speaking.
    if !is_closing {
        let _ = tokio::time::timeout(LINGER, drain(&mut stream)).await;
    }
}

/// The words of a request, and whether they were read to their end.
struct Followed {
    words: Incoming,
    read: Arc<AtomicBool>,
}

impl hyper::body::Body for Followed {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.words).poll_frame(context);
        if self.words.is_end_stream() || matches!(frame, Poll::Ready(None)) {
            self.read.store(true, Ordering::SeqCst);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.words.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.words.size_hint()
    }
}

/// What a connection goes over.
trait Wire: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire for S {}

/// Writes what fits at once: a caller that takes nothing any more is not waited for.
async fn say(stream: &mut impl Wire, words: &[u8]) {
    poll_fn(|context| {
        let _ = Pin::new(&mut *stream).poll_write(context, words);
        let _ = Pin::new(&mut *stream).poll_flush(context);
        Poll::Ready(())
    })
    .await;
}

/// Reads to the end.
async fn drain(stream: &mut impl Wire) {
    let mut room = [0; 4096];
    let mut reads = async || {
        poll_fn(|context| {
            let mut into = ReadBuf::new(&mut room);
            let read = Pin::new(&mut *stream).poll_read(context, &mut into);
            read.map_ok(|()| into.filled().len())
        })
        .await
    };
    while matches!(reads().await, Ok(1..)) {}
}

/// How far a connection is. A head begins with its first byte, so a connection that is kept and not used is not slow.
#[derive(Default)]
struct Progress {
    stage: AtomicU8,
    heads: AtomicU64,
    begun: Notify,
}

const IDLE: u8 = 0;
const HEAD: u8 = 1;
const ANSWERING: u8 = 2;

impl Progress {
    fn turn(&self, stage: u8) {
        self.stage.store(stage, Ordering::SeqCst);
    }

    fn bytes_came(&self) {
        if self.stage.compare_exchange(IDLE, HEAD, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
            self.heads.fetch_add(1, Ordering::SeqCst);
            self.begun.notify_one();
        }
    }

    /// Returns when a head has not arrived in time.
    async fn is_slow(&self, alarm: &Alarm) {
        loop {
            self.begun.notified().await;
            let head = self.heads.load(Ordering::SeqCst);
            // Most heads come in one piece, and are answered before anybody looks here.
            if self.stage.load(Ordering::SeqCst) != HEAD {
                continue;
            }
            alarm.after(HEAD_WITHIN).await;
            let same = self.heads.load(Ordering::SeqCst) == head;
            if same && self.stage.load(Ordering::SeqCst) == HEAD {
                return;
            }
        }
    }
}

/// A connection that notes when bytes come.
struct Watched<S> {
    stream: S,
    progress: Arc<Progress>,
}

impl<S: Wire> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = room.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, room);
        if room.filled().len() > before {
            self.progress.bytes_came();
        }
        read
    }
}

impl<S: Wire> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }
}

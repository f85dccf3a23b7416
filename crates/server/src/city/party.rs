//! What every party is made of, whether it runs in a city or in a process of its own: ports, lines to others, records,
//! couriers. And how it ends: what is accepted is finished, what is known is folded, then the files are closed.

use super::{CityError, Plan};
use crate::alarm::Alarm;
use crate::iso::{Dialect, Ends, Line, Listener, Service};
use crate::screens::live::Closing;
use crate::test_mode::Leg;
use crate::upi::tls::Tls;
use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use crypto::mac::LinkKey;
use iso8583::{Framing, Message, Profile};
use sandbox::keys::Line as LineKey;
use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{
    Clock, Couriers, Deliverer, Lanes, Schema, Store, StoreError, SystemClock, spawn_delivery, spawn_lanes,
};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

/// How long a party that is asked to end goes on with what it has accepted.
pub const ENDING: Duration = Duration::from_secs(20);

/// A port of a party: its socket, and how one speaks there.
pub struct Port {
    /// Already bound, so that its address is known before anybody is started.
    pub socket: TcpListener,
    /// What is spoken there.
    pub dialect: Dialect,
}

/// Another party as this one knows it: where it listens, and how one speaks there.
#[derive(Clone)]
pub struct Peer {
    /// Where it listens.
    pub at: SocketAddr,
    /// What is spoken there.
    pub dialect: Dialect,
}

impl Peer {
    /// A line to this party; `unasked` hears answers that fit no question.
    pub(super) fn line(
        &self,
        ends: Ends,
        unasked: impl Fn(Box<Message>) + Send + Sync + 'static,
    ) -> Result<Line, CityError> {
        let what = format!("line to {}", ends.far);
        Line::start(self.at, self.dialect.clone(), ends, unasked).map_err(io(&what))
    }
}

/// How messages on a line are authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineMac {
    /// AES-CMAC, eight bytes.
    AesCmac,
    /// Retail MAC with two-key triple DES.
    Retail,
    /// Not at all: for first steps of a foreign client, never between real parties.
    Absent,
}

impl LineMac {
    /// Reads `aes-cmac`, `retail` or `none`.
    pub fn parse(word: &str) -> Option<LineMac> {
        match word {
            "aes-cmac" => Some(LineMac::AesCmac),
            "retail" => Some(LineMac::Retail),
            "none" => Some(LineMac::Absent),
            _ => None,
        }
    }

    /// The line's published test key under this algorithm.
    pub fn key(self, line: LineKey<'_>) -> Option<LinkKey> {
        match self {
            LineMac::AesCmac => Some(LinkKey::aes_cmac(&line.key())),
            LineMac::Retail => Some(LinkKey::retail(&line.key())),
            LineMac::Absent => None,
        }
    }
}

/// The dialect of a `net` line with this key.
pub fn net(key: LineKey<'_>) -> Dialect {
    Dialect::new(Profile::Net, Framing::binary2(), Some(key.link_key()))
}

/// The dialect of terminals.
pub fn pos() -> Dialect {
    Dialect::new(Profile::Pos, Framing::binary2(), Some(LineKey::Terminal.link_key()))
}

/// The ends of a line; faults on the leg strike what passes there.
pub(super) fn ends(plan: &Plan, near: &str, far: &str, leg: Leg) -> Ends {
    Ends {
        near: near.to_owned(),
        far: far.to_owned(),
        watch: plan.watch.clone(),
        crossing: plan.crossing(leg),
    }
}

/// The near end's answers are shown where the question was sent from, so a port itself is not watched.
pub(super) fn port_ends(near: &str, far: &str) -> Ends {
    Ends::unwatched(near, far)
}

pub(super) fn io(what: &str) -> impl FnOnce(std::io::Error) -> CityError {
    let what = what.to_owned();
    move |error| CityError::Io { what, error }
}

pub(super) fn of(party: &str) -> impl Fn(StoreError) -> CityError {
    let party = party.to_owned();
    move |error| CityError::Store { party: party.clone(), error }
}

pub(super) fn address(listener: &TcpListener) -> Result<SocketAddr, CityError> {
    listener.local_addr().map_err(io("address"))
}

/// What serves the HTTP ports of a process; they end with it.
pub struct Http {
    runtime: Option<tokio::runtime::Runtime>,
    alarm: Alarm,
}

impl Http {
    /// Starts the threads for it.
    pub fn start() -> Result<Http, CityError> {
        Http::by(Arc::new(SystemClock))
    }

    /// The same with threads of this name, for whoever counts what a party's threads do.
    pub fn named(name: &str) -> Result<Http, CityError> {
        Http::of_threads(name, Arc::new(SystemClock))
    }

    /// The same, bounding the patience with callers by this clock.
    pub fn by(clock: Arc<dyn Clock>) -> Result<Http, CityError> {
        Http::of_threads("http", clock)
    }

    fn of_threads(name: &str, clock: Arc<dyn Clock>) -> Result<Http, CityError> {
        let builder = &mut tokio::runtime::Builder::new_multi_thread();
        let runtime = builder
            .worker_threads(2)
            .thread_name(name)
            .enable_all()
            .build()
            .map_err(io("the HTTP runtime"))?;
        Ok(Http { runtime: Some(runtime), alarm: Alarm::by(clock) })
    }

    /// The runtime, for tasks of parties.
    pub(super) fn handle(&self) -> tokio::runtime::Handle {
        self.runtime.as_ref().expect("it is there until it is dropped").handle().clone()
    }

    /// Serves handlers that do nothing at any free port: the limit of a run.
    pub fn bare(&self, read: String, created: String) -> Result<Bare, CityError> {
        let socket = TcpListener::bind("127.0.0.1:0").map_err(io("HTTP"))?;
        let at = address(&socket)?;
        let port = self.serve(socket, crate::platform_http::developers::bare(read, created), None)?;
        Ok(Bare { at, _port: port })
    }

    fn serve(
        &self,
        socket: TcpListener,
        router: axum::Router,
        tls: Option<&Tls>,
    ) -> Result<HttpPort, CityError> {
        let tls = tls.map(|tls| TlsAcceptor::from(Arc::clone(&tls.server)));
        socket.set_nonblocking(true).map_err(io("HTTP"))?;
        let runtime = self.runtime.as_ref().expect("it is there until it is dropped");
        let _inside = runtime.enter();
        let socket = tokio::net::TcpListener::from_std(socket).map_err(io("HTTP"))?;
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, ended) = bounded(1);
        let (close, closing) = Closing::open();
        let router = router.layer(axum::Extension(closing.clone()));
        let router = router.layer(axum::middleware::from_fn(crate::http_screening::answer_refused));
        let alarm = self.alarm.clone();
        runtime.spawn(async move {
            let _ = stopped.await;
            close.now();
        });
        runtime.spawn(async move {
            crate::http::serve(socket, router, tls, alarm, closing).await;
            let _ = tell.send(());
        });
        Ok(HttpPort { stop: Some(stop), ended })
    }
}

impl Drop for Http {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Handlers that do nothing, as long as this lives.
pub struct Bare {
    /// Where they listen.
    pub at: SocketAddr,
    _port: HttpPort,
}

/// An HTTP port that is served.
struct HttpPort {
    stop: Option<oneshot::Sender<()>>,
    ended: Receiver<()>,
}

impl HttpPort {
    /// Takes no more requests and waits for the answers of those it has.
    fn end(&mut self, until: Instant) {
        drop(self.stop.take());
        if self.ended.recv_timeout(left(until)) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!("requests over HTTP were left unanswered");
        }
    }
}

fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}

/// Everything of a party that runs. Dropped, it stops where it is, as nothing acknowledged can be lost by that;
/// [`Running::end`] is the polite way.
#[derive(Default)]
pub struct Running {
    http: Vec<HttpPort>,
    listeners: Vec<Listener>,
    couriers: Vec<Couriers>,
    /// What else works on the records until the end, first to go.
    others: Vec<Box<dyn std::any::Any + Send + Sync>>,
    stores: Vec<(String, Store)>,
}

impl Running {
    /// Opens a party's records, known by `name`, at `path` in the data directory.
    pub(super) fn open(
        &mut self,
        plan: &Plan,
        name: &str,
        path: &str,
        schema: Schema,
    ) -> Result<Store, CityError> {
        self.open_by(Arc::clone(&plan.clock), plan, name, path, schema)
    }

    /// The same by another clock than the city's.
    pub(super) fn open_by(
        &mut self,
        clock: Arc<dyn Clock>,
        plan: &Plan,
        name: &str,
        path: &str,
        schema: Schema,
    ) -> Result<Store, CityError> {
        let path = plan.data.join(path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(io(&folder.display().to_string()))?;
        }
        let store = Store::open(&path, schema.telling(crate::iso::holding), clock).map_err(of(name))?;
        self.stores.push((name.to_owned(), store.clone()));
        Ok(store)
    }

    /// Keeps records that the party opened itself: they are folded and closed with it.
    pub(super) fn keep(&mut self, name: &str, store: &Store) {
        self.stores.push((name.to_owned(), store.clone()));
    }

    /// Serves a port; where it listens.
    pub(super) fn listen(
        &mut self,
        plan: &Plan,
        port: Port,
        service: impl FnOnce(Dialect) -> Arc<dyn Service>,
    ) -> Result<SocketAddr, CityError> {
        let at = address(&port.socket)?;
        let framing = port.dialect.framing;
        let listener =
            Listener::serve(port.socket, framing, service(port.dialect.defended(plan.defences.doors)));
        self.listeners.push(listener.map_err(io(&at.to_string()))?);
        Ok(at)
    }

    /// Serves an HTTP port; where it listens.
    pub(super) fn serve(
        &mut self,
        http: &Http,
        socket: TcpListener,
        router: axum::Router,
    ) -> Result<SocketAddr, CityError> {
        self.serve_by(http, socket, router, None)
    }

    /// The same under TLS, if that is spoken there.
    pub(super) fn serve_by(
        &mut self,
        http: &Http,
        socket: TcpListener,
        router: axum::Router,
        tls: Option<&Tls>,
    ) -> Result<SocketAddr, CityError> {
        let at = address(&socket)?;
        self.http.push(http.serve(socket, router, tls)?);
        Ok(at)
    }

    /// Starts delivering what the outbox of these records holds.
    pub(super) fn deliver(
        &mut self,
        plan: &Plan,
        name: &str,
        store: &Store,
        deliverers: HashMap<String, Deliverer>,
    ) -> Result<(), CityError> {
        self.couriers.push(spawn_delivery(store, plan.backoff, deliverers).map_err(of(name))?);
        Ok(())
    }

    /// The same for one topic, in lanes.
    pub(super) fn deliver_in_lanes(
        &mut self,
        plan: &Plan,
        name: &str,
        store: &Store,
        lanes: Lanes,
    ) -> Result<(), CityError> {
        self.couriers.push(spawn_lanes(store, plan.backoff, lanes).map_err(of(name))?);
        Ok(())
    }

    /// Keeps something that works on the records, until the end.
    pub(super) fn attend(&mut self, other: impl Send + Sync + 'static) {
        self.others.push(Box::new(other));
    }

    /// The party's records, by name.
    pub fn stores(&self) -> &[(String, Store)] {
        &self.stores
    }

    /// Ends it: nothing new is taken, what was taken is answered (for at most so long), what waits in an outbox stays
    /// there for the next start, everything is folded and the files are closed.
    pub fn end(mut self, patience: Duration) {
        let until = Instant::now() + patience;
        self.others.clear();
        self.http.iter_mut().for_each(|port| port.end(until));
        for listener in &self.listeners {
            if !listener.end(left(until)) {
                tracing::warn!(at = %listener.address(), "messages were left unanswered");
            }
        }
        self.couriers.clear();
        for (name, store) in &self.stores {
            if let Err(error) = store.flush() {
                tracing::warn!(%error, name, "left unfolded; the next start folds it");
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.others.clear();
        // A courier that is on its way reports to the store, so it comes home first.
        self.couriers.clear();
        self.stores.iter().for_each(|(_, store)| store.close());
    }
}

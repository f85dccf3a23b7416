//! One counterparty alone, for a foreign client: a card network, an issuing bank or a telephone network on an address
//! of one's own, in an agreed dialect.

use super::{CityError, address, desk, net, serve_http};
use crate::hosts::issuer::{Issuer, IssuerPort};
use crate::hosts::network::{Network, NetworkPort};
use crate::hosts::telephone::{self, Telephone};
use crate::iso::{Dialect, Ends, Line, Listener};
use crypto::mac::LinkKey;
use iso8583::Message;
use platform::line::HostLine;
use sandbox::directory::Directory;
use sandbox::keys::Line as LineKey;
use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use store::{Backoff, Clock, Couriers, Schema, Store, spawn_delivery};

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

/// Where a counterparty keeps its records, listens, and which time it goes by.
pub struct Site<'a> {
    /// Its folder.
    pub data: &'a Path,
    /// Its socket.
    pub socket: TcpListener,
    /// Its clock.
    pub clock: Arc<dyn Clock>,
}

/// A counterparty that runs until it is dropped.
pub struct Standalone {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its records.
    pub store: Store,
    /// Where its people work, if it has a desk.
    pub desk: Option<SocketAddr>,
    _couriers: Option<Couriers>,
    _listener: Option<Listener>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Drop for Standalone {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
        self.store.close();
    }
}

fn io(what: &str) -> impl FnOnce(std::io::Error) -> CityError {
    let what = what.to_owned();
    move |error| CityError::Io { what, error }
}

fn open(site: &Site<'_>, name: &str, schema: Schema) -> Result<Store, CityError> {
    std::fs::create_dir_all(site.data).map_err(io(&site.data.display().to_string()))?;
    let opened =
        Store::open(&site.data.join(name), schema.telling(crate::iso::holding), Arc::clone(&site.clock));
    opened.map_err(|error| CityError::Store { party: name.to_owned(), error })
}

fn runtime() -> Result<tokio::runtime::Runtime, CityError> {
    let builder = &mut tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().build().map_err(io("the HTTP runtime"))
}

/// A bank that a foreign host asks for authorisations: by card number, or by token once one is linked. Its texts go to
/// the telephone network at `telephone`; its desk listens on `desk`.
pub fn issuer(
    site: Site<'_>,
    bank: &str,
    dialect: &Dialect,
    telephone: SocketAddr,
    desk_socket: TcpListener,
) -> Result<Standalone, CityError> {
    let institution = Directory::sandbox().institution(bank);
    let institution = institution.ok_or_else(|| CityError::Unknown(format!("bank {bank}")))?;
    let schema = store::rooms::ledger::tables(store::rooms::issuer::tables(Schema::new()));
    let store = open(&site, &format!("issuer-{bank}"), schema)?;
    let failed = |error| CityError::Store { party: bank.to_owned(), error };
    let issuer = Issuer::new(institution, store.clone()).map_err(failed)?;
    let port =
        IssuerPort::new(issuer.clone(), dialect.clone(), Ends::unwatched(&institution.name, "foreign host"));
    let address = address(&site.socket)?;
    let listener = Listener::serve(site.socket, dialect.framing, Arc::new(port)).map_err(io("issuer"))?;
    let deliverers = issuer.deliverers(Telephone::at(telephone, None));
    let couriers = spawn_delivery(&store, Backoff::default(), deliverers).map_err(failed)?;
    let runtime = runtime()?;
    let desk_at = super::address(&desk_socket)?;
    serve_http(&runtime, desk_socket, desk::bank(issuer))?;
    Ok(Standalone {
        address,
        store,
        desk: Some(desk_at),
        _couriers: Some(couriers),
        _listener: Some(listener),
        runtime: Some(runtime),
    })
}

/// A network for a foreign acquirer: tokens are routed to the gateway, account verification to the issuers, by short
/// name.
pub fn network(
    site: Site<'_>,
    dialect: &Dialect,
    gateway: SocketAddr,
    issuers: &[(String, SocketAddr)],
    wait: Duration,
) -> Result<Standalone, CityError> {
    let store = open(&site, "network", store::rooms::network::tables(Schema::new()))?;
    let late: Arc<OnceLock<Network>> = Arc::default();
    let hears = Arc::clone(&late);
    let unasked = move |answer: Box<Message>| {
        if let Some(network) = hears.get() {
            network.late(&answer);
        }
    };
    let ends = |far: &str| Ends::unwatched("network", far);
    let line = Line::start(gateway, net(LineKey::Gateway), ends("token gateway"), unasked);
    let line = line.map_err(io("line to the token gateway"))?;
    let mut lines: HashMap<String, Arc<dyn HostLine>> = HashMap::new();
    for (id, at) in issuers {
        if Directory::sandbox().institution(id).is_none() {
            return Err(CityError::Unknown(format!("bank {id}")));
        }
        let line = Line::start(*at, net(LineKey::Issuer(id)), ends(id), |_| ()).map_err(io(id))?;
        lines.insert(id.clone(), Arc::new(line));
    }
    let failed = |error| CityError::Store { party: "network".to_owned(), error };
    let network = Network::new(store.clone(), Arc::new(line), lines, wait);
    let _first = late.set(network.clone());
    network.resume().map_err(failed)?;
    let port = NetworkPort::new(network.clone(), dialect.clone(), ends("foreign acquirer"));
    let address = address(&site.socket)?;
    let listener = Listener::serve(site.socket, dialect.framing, Arc::new(port)).map_err(io("network"))?;
    let couriers = spawn_delivery(&store, Backoff::default(), network.deliverers()).map_err(failed)?;
    Ok(Standalone {
        address,
        store,
        desk: None,
        _couriers: Some(couriers),
        _listener: Some(listener),
        runtime: None,
    })
}

/// A telephone network: banks send texts to it, phones fetch theirs.
pub fn telephone(site: Site<'_>) -> Result<Standalone, CityError> {
    let store = open(&site, "telephone", store::rooms::telephone::tables(Schema::new()))?;
    let (address, runtime) = (address(&site.socket)?, runtime()?);
    serve_http(&runtime, site.socket, telephone::router(store.clone()))?;
    Ok(Standalone { address, store, desk: None, _couriers: None, _listener: None, runtime: Some(runtime) })
}

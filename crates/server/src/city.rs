//! A city on one machine: every party with its own keys, its own records and its own sockets.
//!
//! The parties share nothing but messages on wires, also here: what a party knows of another is the other's address
//! and the keys of the line between them.

mod banks;
pub mod desk;
mod keys;
mod programmes;
mod settlement;
pub mod standalone;
mod switch;

use crate::defences::{CityDefences, Defences};
use crate::hosts::acquirer::TerminalPort;
use crate::hosts::gateway::GatewayPort;
use crate::hosts::issuer::Issuer;
use crate::hosts::network::Network;
use crate::hosts::telephone::{self, Telephone};
use crate::iso::{Dialect, Ends, Line, Listener};
use crate::platform_http::{self, Door};
use crate::trace::Watch;
use acquiring::{Institution, InstitutionId};
use iso8583::{Framing, Profile};
use platform::acquirer::Acquirer;
use platform::gateway::Gateway;
use platform::issuer_line::IssuerLine;
use platform::line::HostLine;
use platform::{Texting, TokenService};
use sandbox::directory::Directory;
use sandbox::keys::Line as LineKey;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use store::{Backoff, Clock, Couriers, Schema, Store, StoreError, spawn_delivery};
use tokens::Policy;
use values::time::Zone;

pub use keys::{SANDBOX_PASSPHRASE, open_key_file};
pub use programmes::{DEMO_MERCHANTS, DemoMerchant, card_ranges, define};
pub use settlement::{SettledInstitution, Side};

/// Where a city listens.
#[derive(Clone, Copy, Debug)]
pub enum Ports {
    /// The documented ports.
    Documented,
    /// Any free ports: for tests and demonstrations beside a running city.
    Free,
}

impl Ports {
    fn bind(self, port: u16) -> std::io::Result<TcpListener> {
        let port = match self {
            Ports::Documented => port,
            Ports::Free => 0,
        };
        TcpListener::bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port))
    }
}

/// How long parties wait for one another.
#[derive(Clone, Copy, Debug)]
pub struct Waits {
    /// The token gateway for an issuer.
    pub gateway: Duration,
    /// The network for the issuer's side.
    pub network: Duration,
    /// The acquirer for the network.
    pub acquirer: Duration,
    /// The token service for an issuer's decision on a card.
    pub enrolment: Duration,
    /// A `late` test card's issuer before it answers.
    pub late: Duration,
}

impl Waits {
    /// As in the field: the switch waits some 10 s for the issuer, the acquirer longer than the switch.
    pub const FIELD: Waits = Waits {
        gateway: Duration::from_secs(8),
        network: Duration::from_secs(10),
        acquirer: Duration::from_secs(15),
        enrolment: Duration::from_secs(12),
        late: sandbox::test_cards::LATE,
    };
}

/// What a city is made of.
pub struct Plan {
    /// Where its records lie: a folder for each party.
    pub data: PathBuf,
    /// Where it listens.
    pub ports: Ports,
    /// Its one clock.
    pub clock: Arc<dyn Clock>,
    /// Who watches its wires.
    pub watch: Watch,
    /// How long its parties wait.
    pub waits: Waits,
    /// The limits of the token service.
    pub policy: Policy,
    /// Opens the platform's key file.
    pub passphrase: Vec<u8>,
    /// Wait between two tries of a delivery.
    pub backoff: Backoff,
    /// Which checks of its parties stand; all of them, except in tests of attacks.
    pub defences: CityDefences,
}

impl Plan {
    /// A city at the documented ports with the limits of the field.
    pub fn documented(data: &Path, clock: Arc<dyn Clock>) -> Plan {
        Plan {
            data: data.to_owned(),
            ports: Ports::Documented,
            clock,
            watch: None,
            waits: Waits::FIELD,
            policy: Policy::STANDARD,
            passphrase: SANDBOX_PASSPHRASE.to_vec(),
            backoff: Backoff::default(),
            defences: CityDefences::default(),
        }
    }
}

/// Why a city could not be started.
#[derive(Debug, thiserror::Error)]
pub enum CityError {
    /// A port or a file.
    #[error("{what}: {error}")]
    Io {
        /// Which.
        what: String,
        /// Why.
        error: std::io::Error,
    },
    /// A party's records.
    #[error("{party}: {error}")]
    Store {
        /// Whose.
        party: String,
        /// Why.
        error: StoreError,
    },
    /// The platform's keys.
    #[error("the platform's keys: {0}")]
    Keys(String),
    /// A name that the directory does not have.
    #[error("there is no {0}")]
    Unknown(String),
    /// A settlement day that cannot be ended.
    #[error("settlement: {0}")]
    Settlement(crate::hosts::settlement::SettlementError),
}

/// The addresses of a running city.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// Phones and browsers.
    pub platform: SocketAddr,
    /// Banks send texts here, phones fetch them.
    pub telephone: SocketAddr,
    /// Terminals (profile `pos`).
    pub acquirer: SocketAddr,
    /// The card network's port for acquirers (profile `net`).
    pub network: SocketAddr,
    /// The token gateway's port for the network.
    pub gateway: SocketAddr,
    /// Each issuer's port for the token gateway, by short name.
    pub issuers: Vec<(String, SocketAddr)>,
    /// Where the people of a party work: the network's desk, and each issuer's by short name.
    pub desks: Vec<(String, SocketAddr)>,
}

/// A running city; it ends when dropped.
pub struct City {
    /// Where its parties listen.
    pub addresses: Addresses,
    /// The token service.
    pub tokens: Arc<TokenService>,
    /// The acquirer.
    pub acquirer: Acquirer,
    /// The network.
    pub network: Network,
    /// The banks.
    pub issuers: Vec<Issuer>,
    settlement: settlement::SettlementDesk,
    stores: Vec<(String, Store)>,
    _couriers: Vec<Couriers>,
    _listeners: Vec<Listener>,
    runtime: Option<tokio::runtime::Runtime>,
}

/// Opens a party's records in its folder under the city's.
fn open(plan: &Plan, party: &str, schema: Schema) -> Result<Store, CityError> {
    let path = plan.data.join(party);
    if let Some(folder) = path.parent() {
        let made = std::fs::create_dir_all(folder);
        made.map_err(|error| CityError::Io { what: folder.display().to_string(), error })?;
    }
    Store::open(&path, schema.telling(crate::iso::holding), Arc::clone(&plan.clock))
        .map_err(|error| CityError::Store { party: party.to_owned(), error })
}

fn bind(plan: &Plan, port: u16, what: &str) -> Result<TcpListener, CityError> {
    plan.ports.bind(port).map_err(|error| CityError::Io { what: format!("{what} (port {port})"), error })
}

fn address(listener: &TcpListener) -> Result<SocketAddr, CityError> {
    listener.local_addr().map_err(|error| CityError::Io { what: "address".to_owned(), error })
}

/// The dialect of a `net` line with this key.
pub fn net(key: LineKey<'_>) -> Dialect {
    Dialect::new(Profile::Net, Framing::binary2(), Some(key.link_key()))
}

/// The dialect of terminals.
pub fn pos() -> Dialect {
    Dialect::new(Profile::Pos, Framing::binary2(), Some(LineKey::Terminal.link_key()))
}

fn ends(plan: &Plan, near: &str, far: &str) -> Ends {
    Ends { near: near.to_owned(), far: far.to_owned(), watch: plan.watch.clone() }
}

/// The near end's answers are shown where the question was sent from, so a port itself is not watched.
fn port_ends(near: &str, far: &str) -> Ends {
    Ends::unwatched(near, far)
}

impl City {
    /// Starts every party.
    pub fn start(plan: &Plan) -> Result<City, CityError> {
        let io = |what: &str| {
            let what = what.to_owned();
            move |error| CityError::Io { what, error }
        };
        let sockets = Sockets::bind(plan)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(io("the HTTP runtime"))?;
        let mut stores = Vec::new();
        let mut couriers = Vec::new();
        let mut listeners = Vec::new();

        let telephone_store =
            open(plan, "telephone/telephone", store::rooms::telephone::tables(Schema::new()))?;
        stores.push(("telephone".to_owned(), telephone_store.clone()));
        let telephone_at = address(&sockets.telephone)?;
        serve_http(&runtime, sockets.telephone, telephone::router(telephone_store))?;
        let telephone = Telephone::at(telephone_at, plan.watch.clone());

        let platform_at = address(&sockets.platform)?;
        let banks = banks::start(plan, sockets.issuers, &telephone, platform_at)?;
        for bank in &banks {
            stores.push((format!("issuer-{}", bank.issuer.bank().id), bank.issuer.store().clone()));
        }

        let gateway_at = address(&sockets.gateway)?;
        let switch = switch::start(plan, sockets.network, sockets.verification, gateway_at, &banks)?;
        stores.push(("network".to_owned(), switch.network.store().clone()));

        let tokens = start_tokens(plan, switch.verification_at, Arc::new(telephone))?;
        stores.push(("tokens".to_owned(), tokens.store().clone()));
        let doors = plan.defences.doors;
        let gateway = start_gateway(plan, &tokens, &banks)?;
        listeners.push(serve_gateway(gateway, sockets.gateway, doors)?);
        couriers.push(deliver(plan, tokens.store(), "tokens", programmes::deliverers(&tokens))?);
        let door = Door::new(Arc::clone(&tokens)).certifying(Arc::new(programmes::certify)).defended(doors);
        serve_http(&runtime, sockets.platform, platform_http::router(door))?;

        let acquirer = start_acquirer(plan, switch.acquirers_at)?;
        stores.push(("acquirer".to_owned(), acquirer.store().clone()));
        couriers.push(deliver(plan, acquirer.store(), "acquirer", acquirer.deliverers())?);
        let acquirer_at = address(&sockets.acquirer)?;
        let port =
            TerminalPort::new(acquirer.clone(), pos().defended(doors), port_ends("acquirer", "terminal"));
        listeners.push(
            Listener::serve(sockets.acquirer, Framing::binary2(), Arc::new(port)).map_err(io("acquirer"))?,
        );

        let desks_at = sockets.desks.iter().map(|(name, socket)| Ok((name.clone(), address(socket)?)));
        let desks_at = desks_at.collect::<Result<Vec<_>, CityError>>()?;
        let settlement = settlement::SettlementDesk {
            network: switch.network.clone(),
            acquirer: acquirer.clone(),
            issuers: banks.iter().map(|bank| bank.issuer.clone()).collect(),
            data: plan.data.clone(),
            waits: plan.waits,
            busy: Arc::default(),
        };
        for (name, socket) in sockets.desks {
            let bank = banks.iter().find(|bank| bank.issuer.bank().id == name);
            let router = match bank {
                Some(bank) => desk::bank(bank.issuer.clone()),
                None => desk::network(settlement.clone()),
            };
            serve_http(&runtime, socket, router)?;
        }
        let issuers_at =
            banks.iter().map(|bank| (bank.issuer.bank().id.clone(), bank.detokenised_at)).collect();
        let issuers = banks.iter().map(|bank| bank.issuer.clone()).collect();
        for bank in banks {
            couriers.push(bank.couriers);
            listeners.extend(bank.listeners);
        }
        couriers.push(switch.couriers);
        listeners.extend(switch.listeners);
        let addresses = Addresses {
            platform: platform_at,
            telephone: telephone_at,
            acquirer: acquirer_at,
            network: switch.acquirers_at,
            gateway: gateway_at,
            issuers: issuers_at,
            desks: desks_at,
        };
        Ok(City {
            addresses,
            tokens,
            acquirer,
            network: switch.network,
            issuers,
            settlement,
            stores,
            _couriers: couriers,
            _listeners: listeners,
            runtime: Some(runtime),
        })
    }

    /// The records of every party, by name.
    pub fn stores(&self) -> &[(String, Store)] {
        &self.stores
    }
}

impl Drop for City {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
        for (_, store) in &self.stores {
            store.close();
        }
    }
}

/// Every listening socket, bound before anybody is started, so that all addresses are known.
struct Sockets {
    platform: TcpListener,
    telephone: TcpListener,
    acquirer: TcpListener,
    network: TcpListener,
    verification: TcpListener,
    gateway: TcpListener,
    issuers: Vec<banks::Sockets>,
    desks: Vec<(String, TcpListener)>,
}

/// The desks' ports: the network's, then each bank's in the order of the directory.
pub const DESK_PORT: u16 = 8610;

impl Sockets {
    fn bind(plan: &Plan) -> Result<Sockets, CityError> {
        let mut issuers = Vec::new();
        let mut desks = vec![("network".to_owned(), bind(plan, DESK_PORT, "the network's desk")?)];
        for (number, bank) in (0u16..).zip(&Directory::sandbox().institutions) {
            issuers.push(banks::Sockets {
                from_network: bind(plan, 8591 + number, &bank.name)?,
                from_gateway: bind(plan, 8601 + number, &bank.name)?,
            });
            desks.push((bank.id.clone(), bind(plan, DESK_PORT + 1 + number, &bank.name)?));
        }
        Ok(Sockets {
            platform: bind(plan, 8080, "platform")?,
            telephone: bind(plan, 8086, "telephone network")?,
            acquirer: bind(plan, 8583, "acquirer")?,
            network: bind(plan, 8584, "card network")?,
            verification: bind(plan, 8588, "card network, account verification")?,
            gateway: bind(plan, 8585, "token gateway")?,
            issuers,
            desks,
        })
    }
}

fn serve_http(
    runtime: &tokio::runtime::Runtime,
    socket: TcpListener,
    router: axum::Router,
) -> Result<(), CityError> {
    let failed = |error| CityError::Io { what: "HTTP".to_owned(), error };
    socket.set_nonblocking(true).map_err(failed)?;
    let _inside = runtime.enter();
    let socket = tokio::net::TcpListener::from_std(socket).map_err(failed)?;
    runtime.spawn(async move {
        if let Err(error) = axum::serve(socket, router).await {
            tracing::error!(%error, "HTTP ended");
        }
    });
    Ok(())
}

fn deliver(
    plan: &Plan,
    store: &Store,
    party: &str,
    deliverers: HashMap<String, store::Deliverer>,
) -> Result<Couriers, CityError> {
    spawn_delivery(store, plan.backoff, deliverers)
        .map_err(|error| CityError::Store { party: party.to_owned(), error })
}

fn start_tokens(
    plan: &Plan,
    verification_at: SocketAddr,
    texting: Arc<dyn Texting>,
) -> Result<Arc<TokenService>, CityError> {
    let store = open(plan, "platform/tokens", store::rooms::tokens::tables(Schema::new()))?;
    let keys = keys::platform_keys(&plan.data.join("platform/keys.json"), &plan.passphrase)?;
    let line = Line::start(
        verification_at,
        net(LineKey::TokenService),
        ends(plan, "token service", "network"),
        |_| (),
    );
    let line = line.map_err(|error| CityError::Io { what: "line to the network".to_owned(), error })?;
    let issuers = IssuerLine::new(Arc::new(line), "01990000", plan.waits.enrolment);
    let service = TokenService::new(store, Arc::new(keys), issuers, card_ranges(), texting, plan.policy);
    define(&service).map_err(|error| CityError::Store { party: "tokens".to_owned(), error })?;
    Ok(Arc::new(service))
}

fn start_gateway(plan: &Plan, tokens: &TokenService, banks: &[banks::Bank]) -> Result<Gateway, CityError> {
    let mut lines: HashMap<String, Arc<dyn HostLine>> = HashMap::new();
    for bank in banks {
        let id = &bank.issuer.bank().id;
        let ends = ends(plan, "token gateway", &bank.issuer.bank().name);
        let line = Line::start(bank.detokenised_at, net(LineKey::Detokenised(id)), ends, |_| ());
        let line = line.map_err(|error| CityError::Io { what: format!("line to {id}"), error })?;
        lines.insert(id.clone(), Arc::new(line));
    }
    Gateway::new(tokens, &lines, plan.waits.gateway)
        .map_err(|error| CityError::Store { party: "tokens".to_owned(), error })
}

fn serve_gateway(gateway: Gateway, socket: TcpListener, doors: Defences) -> Result<Listener, CityError> {
    let (dialect, ends) = (net(LineKey::Gateway).defended(doors), port_ends("token gateway", "network"));
    let port = Arc::new(GatewayPort::new(gateway, dialect, ends));
    Listener::serve(socket, Framing::binary2(), port)
        .map_err(|error| CityError::Io { what: "gateway".to_owned(), error })
}

/// The acquirer as the network knows it.
pub fn acquiring_institution(answer_within: Duration) -> Institution {
    let id = |digits: &[u8]| InstitutionId::parse(digits).expect("eight digits");
    let token_ranges = Directory::sandbox()
        .ranges()
        .map(|(_, range)| acquiring::records::TokenRange {
            first: range.token_prefix,
            last: range.token_prefix,
        })
        .collect();
    Institution {
        id: id(b"01020000"),
        forwarder: id(b"01020000"),
        zone: Zone::Shanghai,
        answer_within,
        token_ranges,
        defences: acquiring::Defences::ALL,
    }
}

fn start_acquirer(plan: &Plan, network_at: SocketAddr) -> Result<Acquirer, CityError> {
    let store = open(plan, "platform/acquirer", store::rooms::acquiring::tables(Schema::new()))?;
    let failed = |error| CityError::Store { party: "acquirer".to_owned(), error };
    programmes::register_merchants(&store).map_err(failed)?;
    let line = Line::start(network_at, net(LineKey::Acquirer), ends(plan, "acquirer", "network"), |_| ());
    let line = line.map_err(|error| CityError::Io { what: "line to the network".to_owned(), error })?;
    let institution =
        Institution { defences: plan.defences.acquirer, ..acquiring_institution(plan.waits.acquirer) };
    Ok(Acquirer::new(store, institution, Arc::new(line)))
}

//! The platform: token service, token gateway and acquirer, with their doors.

use super::party::{Http, Peer, Port, Running, ends, io, of, port_ends};
use super::{CityError, Plan, banks, card_ranges, define, keys, programmes};
use crate::hosts::acquirer::TerminalPort;
use crate::hosts::gateway::GatewayPort;
use crate::hosts::telephone::Telephone;
use crate::platform_http::developers::{self, Api};
use crate::platform_http::{self, Door};
use crate::screens::{self, door::Front};
use crate::test_mode::Leg;
use ::platform::TokenService;
use ::platform::acquirer::Acquirer;
use ::platform::gateway::Gateway;
use ::platform::issuer_line::IssuerLine;
use ::platform::line::HostLine;
use acquiring::{Institution, InstitutionId};
use sandbox::directory::Directory;
use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use store::Schema;
use values::time::Zone;

/// The platform's ports.
pub struct PlatformPorts {
    /// Phones, browsers and issuers call here.
    pub http: TcpListener,
    /// Terminals call here.
    pub terminals: Port,
    /// The network calls here, with tokens.
    pub gateway: Port,
    /// The platform's people call here, from this machine.
    pub desk: TcpListener,
}

/// Whom the platform asks.
pub struct PlatformPeers {
    /// The network, with payments.
    pub network: Peer,
    /// The network, with questions about cards.
    pub verification: Peer,
    /// The issuers, with payments by card number; by short name.
    pub issuers: Vec<(String, Peer)>,
    /// The telephone network, with its own texts.
    pub telephone: SocketAddr,
}

/// The running platform.
pub struct Platform {
    /// The token service.
    pub tokens: Arc<TokenService>,
    /// The acquirer.
    pub acquirer: Acquirer,
    /// Its developers' interface.
    pub api: Api,
    /// Its start page.
    pub front: Front,
    /// Where phones call.
    pub http_at: SocketAddr,
    /// Where terminals call.
    pub terminals_at: SocketAddr,
    /// Where the network calls.
    pub gateway_at: SocketAddr,
    /// Where its people call.
    pub desk_at: SocketAddr,
    /// What of it runs.
    pub running: Running,
}

impl Platform {
    /// Starts it.
    pub fn start(
        plan: &Plan,
        http: &Http,
        ports: PlatformPorts,
        peers: &PlatformPeers,
    ) -> Result<Platform, CityError> {
        let mut running = Running::default();
        let tokens = start_tokens(plan, &mut running, peers)?;
        let gateway = start_gateway(plan, &tokens, peers)?;
        let acquirer = start_acquirer(plan, &mut running, peers)?;
        // Terminals first: they end first, and what they still wait for comes home through the gateway.
        let terminals_at = running.listen(plan, ports.terminals, |dialect| {
            Arc::new(TerminalPort::new(acquirer.clone(), dialect, port_ends("acquirer", "terminal")))
        })?;
        let gateway_at = running.listen(plan, ports.gateway, |dialect| {
            Arc::new(GatewayPort::new(gateway, dialect, port_ends("token gateway", "network")))
        })?;
        let door = Door::new(Arc::clone(&tokens)).certifying(Arc::new(programmes::certify));
        let test_clock = plan.test_mode.as_ref().map(|test| Arc::clone(&test.clock));
        let door = door.paying(acquirer.clone()).defended(plan.defences.doors).telling_time(test_clock);
        let front = Front::default();
        let pages = screens::door::router(front.clone());
        let api = start_api(plan, &mut running, &tokens, &acquirer)?;
        if ports.http.local_addr().is_ok_and(|at| at.ip().is_loopback()) {
            api.publish_metrics();
        }
        let door = door.telling_accesses(api.accesses().clone());
        let routes = platform_http::router(door, api.clone()).merge(pages);
        let http_at = running.serve(http, ports.http, routes)?;
        let desk_at = running.serve(http, ports.desk, super::desk::platform(api.clone()))?;
        running.deliver(plan, "tokens", tokens.store(), programmes::deliverers(&tokens))?;
        running.deliver(plan, "acquirer", acquirer.store(), acquirer.deliverers())?;
        running.deliver_in_lanes(plan, "developers", api.store(), api.webhooks())?;
        running.deliver_in_lanes(plan, "developers", api.store(), api.exports())?;
        running.attend(developers::Janitor::start(&api).map_err(io("the janitor of answers"))?);
        running.attend(developers::Teller::start(&api).map_err(io("the teller of events"))?);
        Ok(Platform { tokens, acquirer, api, front, http_at, terminals_at, gateway_at, desk_at, running })
    }

    /// Opens the test shop, where payments are taken by a call, and publishes its keys: for a sandbox alone. Its cashier
    /// ends before anything it needs.
    pub fn open_shop(&mut self, plan: &Plan, telephone: SocketAddr) -> Result<(), CityError> {
        self.api.publish(&programmes::published_keys()).map_err(of("developers"))?;
        self.api.open_shop(developers::Place {
            data: plan.data.join("test-shop"),
            platform: self.http_at,
            telephone,
            acquirer: self.terminals_at,
            clock: Arc::clone(&plan.clock),
            terminals: plan.crossing(Leg::of("terminal-acquirer", None)),
        });
        let cashier = store::spawn_lanes(self.acquirer.store(), plan.backoff, self.api.cashier());
        self.running.attend(cashier.map_err(of("acquirer"))?);
        Ok(())
    }
}

fn start_tokens(
    plan: &Plan,
    running: &mut Running,
    peers: &PlatformPeers,
) -> Result<Arc<TokenService>, CityError> {
    let schema = store::rooms::developers::answers(store::rooms::tokens::tables(Schema::new()));
    let store = running.open(plan, "tokens", "platform/tokens", schema)?;
    let keys = keys::platform_keys(&plan.data.join("platform/keys.json"), &plan.passphrase)?;
    let line = peers
        .verification
        .line(ends(plan, "token service", "network", Leg::of("platform-network", None)), |_| ())?;
    let issuers = IssuerLine::new(Arc::new(line), "01990000", plan.waits.enrolment);
    let telephone = Telephone::at(peers.telephone, plan.watch.clone());
    let texting = Arc::new(telephone.through(plan.crossing(Leg::of("platform-telephone", None))));
    let service = TokenService::new(store, Arc::new(keys), issuers, card_ranges(), texting, plan.policy);
    define(&service).map_err(of("tokens"))?;
    service.end_unanswered().map_err(|error| CityError::Enrolments(error.to_string()))?;
    Ok(Arc::new(service))
}

fn start_gateway(plan: &Plan, tokens: &TokenService, peers: &PlatformPeers) -> Result<Gateway, CityError> {
    let mut lines: HashMap<String, Arc<dyn HostLine>> = HashMap::new();
    for (id, peer) in &peers.issuers {
        let bank = banks::institution(id)?;
        let ends = ends(plan, "token gateway", &bank.name, Leg::of("gateway-issuer", Some(id)));
        lines.insert(id.clone(), Arc::new(peer.line(ends, |_| ())?));
    }
    Gateway::new(tokens, &lines, plan.waits.gateway).map_err(of("tokens"))
}

fn start_acquirer(plan: &Plan, running: &mut Running, peers: &PlatformPeers) -> Result<Acquirer, CityError> {
    let schema = store::rooms::developers::answers(store::rooms::acquiring::tables(Schema::new()));
    let store = running.open(plan, "acquirer", "platform/acquirer", schema)?;
    programmes::register_merchants(&store).map_err(of("acquirer"))?;
    let line =
        peers.network.line(ends(plan, "acquirer", "network", Leg::of("acquirer-network", None)), |_| ())?;
    let institution =
        Institution { defences: plan.defences.acquirer, ..acquiring_institution(plan.waits.acquirer) };
    Ok(Acquirer::new(store, institution, Arc::new(line)))
}

fn start_api(
    plan: &Plan,
    running: &mut Running,
    tokens: &Arc<TokenService>,
    acquirer: &Acquirer,
) -> Result<Api, CityError> {
    let schema = store::rooms::developers::tables(Schema::new());
    let store = running.open(plan, "developers", "platform/developers", schema)?;
    let parts = developers::Parts {
        store,
        acquirer: acquirer.clone(),
        tokens: Arc::clone(tokens),
        limits: plan.api_limits,
        webhooks: plan.crossing(Leg::of("webhooks", None)),
        egress: plan.egress.clone(),
    };
    Api::new(parts).map_err(of("developers"))
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

//! The card network.

use super::party::{Http, Peer, Port, Running, ends, of, port_ends};
use super::settlement::SettlementDesk;
use super::{CityError, Plan, banks, desk};
use crate::hosts::issuer::Issuer;
use crate::hosts::network::{Network, NetworkPort};
use crate::test_mode::Leg;
use platform::acquirer::Acquirer;
use platform::line::HostLine;
use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, OnceLock};
use store::Schema;

/// The network's ports, each with its own MAC key.
pub struct SwitchPorts {
    /// Acquirers send payments here.
    pub acquirers: Port,
    /// The token service asks here about cards.
    pub verification: Port,
}

/// Whom the network asks.
pub struct SwitchPeers {
    /// Token ranges are routed here.
    pub gateway: Peer,
    /// Questions about cards are routed here, by the issuer's short name.
    pub issuers: Vec<(String, Peer)>,
}

/// The running network.
pub struct Switch {
    /// The network.
    pub network: Network,
    /// Where acquirers send payments.
    pub acquirers_at: SocketAddr,
    /// Where the token service asks.
    pub verification_at: SocketAddr,
    /// What of it runs.
    pub running: Running,
}

impl Switch {
    /// Starts it, without its desk.
    pub fn start(plan: &Plan, ports: SwitchPorts, peers: &SwitchPeers) -> Result<Switch, CityError> {
        let mut running = Running::default();
        let schema = store::rooms::network::tables(Schema::new());
        let store = running.open(plan, "network", "network/network", schema)?;
        // Late answers come in on the line that the network itself holds, so the line is told of it afterwards.
        let late: Arc<OnceLock<Network>> = Arc::default();
        let hears = Arc::clone(&late);
        let unasked = move |answer: Box<iso8583::Message>| {
            if let Some(network) = hears.get() {
                network.late(&answer);
            }
        };
        let gateway = peers
            .gateway
            .line(ends(plan, "network", "token gateway", Leg::of("network-gateway", None)), unasked)?;
        let mut issuers: HashMap<String, Arc<dyn HostLine>> = HashMap::new();
        for (id, peer) in &peers.issuers {
            let bank = banks::institution(id)?;
            let ends = ends(plan, "network", &bank.name, Leg::of("network-issuer", Some(id)));
            issuers.insert(id.clone(), Arc::new(peer.line(ends, |_| ())?));
        }
        let network = Network::new(store, Arc::new(gateway), issuers, plan.waits.network);
        let network = network.defended(plan.defences.sandbox);
        let _first = late.set(network.clone());
        network.resume().map_err(of("network"))?;
        let mut listen = |port, far| {
            running.listen(plan, port, |dialect| {
                Arc::new(NetworkPort::new(network.clone(), dialect, port_ends("network", far)))
            })
        };
        let acquirers_at = listen(ports.acquirers, "acquirer")?;
        let verification_at = listen(ports.verification, "token service")?;
        running.deliver(plan, "network", network.store(), network.deliverers())?;
        Ok(Switch { network, acquirers_at, verification_at, running })
    }

    /// Opens its desk. Those named here check their files of a day that is ended there; whoever lives in another process
    /// checks its own.
    pub fn open_desk(
        &mut self,
        plan: &Plan,
        http: &Http,
        socket: TcpListener,
        acquirer: Option<Acquirer>,
        issuers: Vec<Issuer>,
    ) -> Result<(SocketAddr, SettlementDesk), CityError> {
        let settlement = SettlementDesk {
            network: self.network.clone(),
            acquirer,
            issuers,
            data: plan.data.clone(),
            waits: plan.waits,
            crossing: plan.crossing(Leg::of("settlement-files", None)),
            busy: Arc::default(),
        };
        let at = self.running.serve(http, socket, desk::network(settlement.clone()))?;
        Ok((at, settlement))
    }
}

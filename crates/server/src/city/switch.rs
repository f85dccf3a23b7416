//! The city's card network.

use super::banks::Bank;
use super::{CityError, Plan, address, deliver, ends, net, open, port_ends};
use crate::hosts::network::{Network, NetworkPort};
use crate::iso::{Line, Listener};
use iso8583::Framing;
use platform::line::HostLine;
use sandbox::keys::Line as LineKey;
use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, OnceLock};
use store::{Couriers, Schema};

/// The running network.
pub(super) struct Switch {
    pub(super) network: Network,
    pub(super) acquirers_at: SocketAddr,
    pub(super) verification_at: SocketAddr,
    pub(super) listeners: Vec<Listener>,
    pub(super) couriers: Couriers,
}

/// Starts the network: one port for acquirers, one for the token service, each with its own MAC key.
pub(super) fn start(
    plan: &Plan,
    acquirers: TcpListener,
    verification: TcpListener,
    gateway_at: SocketAddr,
    banks: &[Bank],
) -> Result<Switch, CityError> {
    let io = |what: &str| {
        let what = what.to_owned();
        move |error| CityError::Io { what, error }
    };
    let store = open(plan, "network/network", store::rooms::network::tables(Schema::new()))?;
    // Late answers come in on the line that the network itself holds, so the line is told of it afterwards.
    let late: Arc<OnceLock<Network>> = Arc::default();
    let hears = Arc::clone(&late);
    let unasked = move |answer: Box<iso8583::Message>| {
        if let Some(network) = hears.get() {
            network.late(&answer);
        }
    };
    let ends_of_gateway = ends(plan, "network", "token gateway");
    let gateway = Line::start(gateway_at, net(LineKey::Gateway), ends_of_gateway, unasked)
        .map_err(io("gateway line"))?;
    let mut issuers: HashMap<String, Arc<dyn HostLine>> = HashMap::new();
    for bank in banks {
        let id = &bank.issuer.bank().id;
        let ends = ends(plan, "network", &bank.issuer.bank().name);
        let line =
            Line::start(bank.verification_at, net(LineKey::Issuer(id)), ends, |_| ()).map_err(io(id))?;
        issuers.insert(id.clone(), Arc::new(line));
    }
    let network =
        Network::new(store, Arc::new(gateway), issuers, plan.waits.network).defended(plan.defences.sandbox);
    let _first = late.set(network.clone());
    network.resume().map_err(|error| CityError::Store { party: "network".to_owned(), error })?;
    let (acquirers_at, verification_at) = (address(&acquirers)?, address(&verification)?);
    let mut listeners = Vec::new();
    for (socket, key, far) in
        [(acquirers, LineKey::Acquirer, "acquirer"), (verification, LineKey::TokenService, "token service")]
    {
        let port = NetworkPort::new(
            network.clone(),
            net(key).defended(plan.defences.doors),
            port_ends("network", far),
        );
        let listener = Listener::serve(socket, Framing::binary2(), Arc::new(port));
        listeners.push(listener.map_err(io("card network"))?);
    }
    let couriers = deliver(plan, network.store(), "network", network.deliverers())?;
    Ok(Switch { network, acquirers_at, verification_at, listeners, couriers })
}

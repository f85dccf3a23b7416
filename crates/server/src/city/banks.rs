//! The city's issuing banks.

use super::{CityError, Plan, address, deliver, net, open, port_ends};
use crate::hosts::issuer::{Issuer, IssuerPort};
use crate::hosts::issuer_events;
use crate::hosts::telephone::Telephone;
use crate::iso::Listener;
use iso8583::Framing;
use sandbox::directory::Directory;
use sandbox::keys::Line as LineKey;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use store::{Couriers, Schema};

/// A bank's two ports: account verification comes from the network, payments from the token gateway.
pub(super) struct Sockets {
    pub(super) from_network: TcpListener,
    pub(super) from_gateway: TcpListener,
}

/// A running bank.
pub(super) struct Bank {
    pub(super) issuer: Issuer,
    pub(super) verification_at: SocketAddr,
    pub(super) detokenised_at: SocketAddr,
    pub(super) listeners: Vec<Listener>,
    pub(super) couriers: Couriers,
}

/// Starts every bank of the directory.
pub(super) fn start(
    plan: &Plan,
    sockets: Vec<Sockets>,
    telephone: &Telephone,
    platform_at: SocketAddr,
) -> Result<Vec<Bank>, CityError> {
    let banks = Directory::sandbox().institutions.iter().zip(sockets);
    banks
        .map(|(institution, sockets)| start_one(plan, institution, sockets, telephone, platform_at))
        .collect()
}

fn start_one(
    plan: &Plan,
    institution: &'static sandbox::directory::Institution,
    sockets: Sockets,
    telephone: &Telephone,
    platform_at: SocketAddr,
) -> Result<Bank, CityError> {
    let id = &institution.id;
    let schema = store::rooms::ledger::tables(store::rooms::issuer::tables(Schema::new()));
    let store = open(plan, &format!("issuer-{id}/issuer"), schema)?;
    let failed = |error| CityError::Store { party: id.clone(), error };
    let issuer = Issuer::late_by(institution, store, plan.waits.late).map_err(failed)?;
    let issuer = issuer.defended(plan.defences.sandbox);
    let (verification_at, detokenised_at) =
        (address(&sockets.from_network)?, address(&sockets.from_gateway)?);
    let mut listeners = Vec::new();
    for (socket, key, far) in [
        (sockets.from_network, LineKey::Issuer(id), "network"),
        (sockets.from_gateway, LineKey::Detokenised(id), "token gateway"),
    ] {
        let port = IssuerPort::new(
            issuer.clone(),
            net(key).defended(plan.defences.doors),
            port_ends(&institution.name, far),
        );
        let listener = Listener::serve(socket, Framing::binary2(), Arc::new(port));
        listeners.push(listener.map_err(|error| CityError::Io { what: institution.name.clone(), error })?);
    }
    let mut deliverers = issuer.deliverers(telephone.clone());
    let (topic, events) = issuer_events::deliverer(&issuer, platform_at, plan.watch.clone());
    deliverers.insert(topic, events);
    let couriers = deliver(plan, issuer.store(), id, deliverers)?;
    Ok(Bank { issuer, verification_at, detokenised_at, listeners, couriers })
}

//! An issuing bank.

use super::party::{Http, Port, Running, of, port_ends};
use super::{CityError, Plan, desk};
use crate::hosts::issuer::{Issuer, IssuerPort};
use crate::hosts::issuer_events;
use crate::hosts::telephone::Telephone;
use crate::test_mode::Leg;
use sandbox::directory::{Directory, Institution};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use store::Schema;

/// A bank's ports.
pub struct BankPorts {
    /// Account verification comes from the network.
    pub from_network: Port,
    /// Payments come from the token gateway, or from a foreign host.
    pub from_gateway: Port,
    /// Where its people work.
    pub desk: TcpListener,
}

/// Whom a bank calls.
#[derive(Clone, Copy, Debug)]
pub struct BankPeers {
    /// The telephone network, with texts to its customers.
    pub telephone: SocketAddr,
    /// The platform, with what became of its cards.
    pub platform: SocketAddr,
}

/// A running bank.
pub struct Bank {
    /// The bank.
    pub issuer: Issuer,
    /// Where the network asks it about cards.
    pub verification_at: SocketAddr,
    /// Where it is asked for payments.
    pub detokenised_at: SocketAddr,
    /// Its desk.
    pub desk_at: SocketAddr,
    /// What of it runs.
    pub running: Running,
}

/// A bank of the directory, by short name.
pub fn institution(name: &str) -> Result<&'static Institution, CityError> {
    Directory::sandbox().institution(name).ok_or_else(|| CityError::Unknown(format!("bank {name}")))
}

impl Bank {
    /// Starts it.
    pub fn start(
        plan: &Plan,
        http: &Http,
        institution: &'static Institution,
        ports: BankPorts,
        peers: BankPeers,
    ) -> Result<Bank, CityError> {
        let mut running = Running::default();
        let name = format!("issuer-{}", institution.id);
        let schema = store::rooms::ledger::tables(store::rooms::issuer::tables(Schema::new()));
        let store = running.open(plan, &name, &format!("{name}/issuer"), schema)?;
        let issuer = Issuer::late_by(institution, store, plan.waits.late).map_err(of(&name))?;
        let issuer = issuer.defended(plan.defences.sandbox);
        let mut listen = |port, far| {
            running.listen(plan, port, |dialect| {
                Arc::new(IssuerPort::new(issuer.clone(), dialect, port_ends(&institution.name, far)))
            })
        };
        let verification_at = listen(ports.from_network, "network")?;
        let detokenised_at = listen(ports.from_gateway, "token gateway")?;
        let crossing = |leg| plan.crossing(Leg::of(leg, Some(&institution.id)));
        let telephone = Telephone::at(peers.telephone, plan.watch.clone());
        let mut deliverers = issuer.deliverers(telephone.through(crossing("issuer-telephone")));
        let events = crossing("issuer-events");
        let (topic, events) = issuer_events::deliverer(&issuer, peers.platform, plan.watch.clone(), events);
        deliverers.insert(topic, events);
        running.deliver(plan, &name, issuer.store(), deliverers)?;
        let desk_at = running.serve(http, ports.desk, desk::bank(issuer.clone()))?;
        Ok(Bank { issuer, verification_at, detokenised_at, desk_at, running })
    }
}

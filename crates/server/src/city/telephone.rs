//! The telephone network: banks and platform send texts to it, phones fetch theirs.

use super::party::{Http, Running};
use super::{CityError, Plan};
use crate::hosts::telephone;
use std::net::{SocketAddr, TcpListener};
use store::Schema;

/// The running telephone network.
pub struct TelephoneNetwork {
    /// Where it listens.
    pub at: SocketAddr,
    /// What of it runs.
    pub running: Running,
}

impl TelephoneNetwork {
    /// Starts it.
    pub fn start(plan: &Plan, http: &Http, socket: TcpListener) -> Result<TelephoneNetwork, CityError> {
        let mut running = Running::default();
        let schema = store::rooms::telephone::tables(Schema::new());
        let store = running.open(plan, "telephone", "telephone/telephone", schema)?;
        let at = running.serve(http, socket, telephone::router(store, plan.defences.doors))?;
        Ok(TelephoneNetwork { at, running })
    }
}

//! The operators' console of a platform, at a port of its own.

use super::party::{Http, Running, address, io};
use super::{CityError, Plan};
use crate::console::door::router;
use crate::console::look::Sources;
use crate::console::porter::Porter;
use crate::console::tape::Tape;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

/// The operators' key, in the data directory.
const KEY_FILE: &str = "platform/operators.key";

/// A running console.
pub struct ConsoleParty {
    /// Where it is.
    pub at: SocketAddr,
    porter: Porter,
    running: Running,
}

impl ConsoleParty {
    /// Starts it over these records; with a tape it shows messages too.
    pub fn start(
        plan: &Plan,
        http: &Http,
        socket: TcpListener,
        sources: Sources,
        tape: Option<Arc<Tape>>,
    ) -> Result<ConsoleParty, CityError> {
        let at = address(&socket)?;
        let porter =
            Porter::open(&plan.data.join(KEY_FILE), Arc::clone(&plan.clock)).map_err(io(KEY_FILE))?;
        let mut running = Running::default();
        running.serve(http, socket, router(sources, tape, porter.clone()))?;
        Ok(ConsoleParty { at, porter, running })
    }

    /// An address that lets in once, within the hour.
    pub fn link(&self) -> String {
        format!("http://{}/enter?link={}", self.at, self.porter.link())
    }

    /// Ends it.
    pub fn end(self, patience: Duration) {
        self.running.end(patience);
    }
}

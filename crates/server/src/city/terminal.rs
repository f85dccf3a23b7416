//! A shop's terminal, worked at a screen of its own.

use super::party::{Http, Running, address, ends};
use super::{CityError, Plan, pos};
use crate::pos::{DemoTerminal, Pos, PosError, Settings, TerminalLine};
use crate::test_mode::Leg;
use crate::till::{OpenReader, Shop, Till, TillEnd, door};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use terminal::configuration::{CaKey, Configuration};

/// What a terminal of the sandbox city is told, the sandbox's test certification authority among it, so that its cards can
/// be checked offline.
pub fn sandbox_configuration(shop: &DemoTerminal) -> Configuration {
    let authority = sandbox::certification::authority();
    let key = &authority.key.key;
    let exponent = key.exponent().to_bytes().to_vec();
    let key = CaKey { rid: authority.rid, index: [authority.index], modulus: key.modulus(), exponent };
    Configuration { ca_keys: vec![key], ..shop.configuration() }
}

/// What a terminal with a screen is told.
pub struct TerminalSettings<'a> {
    /// Where its journal lies.
    pub directory: &'a Path,
    /// Its merchant, device and applications.
    pub configuration: Configuration,
    /// The acquirer's port for terminals.
    pub acquirer: SocketAddr,
    /// Opens the place where cards are presented.
    pub open_reader: OpenReader,
    /// Origins whose pages may show the screen in a frame.
    pub framed_by: Vec<String>,
}

/// A running terminal.
pub struct TerminalParty {
    /// Where its screen is.
    pub screen_at: SocketAddr,
    /// What its screen works.
    pub till: Till,
    // In this order: nobody places an order any more, the last one is finished, the journal is closed.
    pub(super) running: Running,
    pub(super) end: TillEnd,
}

impl TerminalParty {
    /// Starts it, with its screen at this socket.
    pub fn start(
        plan: &Plan,
        http: &Http,
        screen: TcpListener,
        settings: TerminalSettings<'_>,
    ) -> Result<TerminalParty, CityError> {
        let screen_at = address(&screen)?;
        let ends = ends(plan, "terminal", "acquirer", Leg::of("terminal-acquirer", None));
        let line = TerminalLine::start(settings.acquirer, pos(), ends)
            .map_err(|error| CityError::Io { what: "line to the acquirer".to_owned(), error })?;
        let told = Settings {
            watch: plan.watch.clone(),
            ..Settings::new(settings.directory, settings.configuration.clone())
        };
        let shop = Shop { configuration: settings.configuration, zone: told.zone };
        let failed = |error: PosError| CityError::Terminal(error.to_string());
        let pos = Pos::open(told, Arc::new(line), Arc::clone(&plan.clock)).map_err(failed)?;
        let mut running = Running::default();
        running.keep("terminal", pos.store());
        let (till, end) = Till::start(pos, shop, settings.open_reader, super::ENDING)
            .map_err(|error| CityError::Io { what: "till".to_owned(), error })?;
        running.serve(http, screen, door::router(till.clone(), settings.framed_by))?;
        Ok(TerminalParty { screen_at, till, running, end })
    }

    /// Ends it: what was asked of the acquirer is finished first.
    pub fn end(self, patience: std::time::Duration) {
        drop(self.end);
        self.running.end(patience);
    }
}

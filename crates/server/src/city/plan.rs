//! What a city, or one party of it, is told when it starts; and why it could not start.

use super::SANDBOX_PASSPHRASE;
use crate::defences::CityDefences;
use crate::platform_http::developers::{Egress, Limits};
use crate::test_mode::{Crossing, Leg, TestMode};
use crate::trace::Watch;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use store::{Backoff, Clock, StoreError};
use tokens::Policy;

/// Where a city listens.
#[derive(Clone, Copy, Debug)]
pub enum Ports {
    /// The documented ports.
    Documented,
    /// Any free ports: for tests and demonstrations beside a running city.
    Free,
}

impl Ports {
    pub(super) fn bind(self, port: u16) -> std::io::Result<TcpListener> {
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

/// What a city, or one party of it, is made of.
pub struct Plan {
    /// Where its records lie: a folder for each party, whether they run together or alone.
    pub data: PathBuf,
    /// Where a city listens; a party alone is handed its sockets.
    pub ports: Ports,
    /// Its one clock.
    pub clock: Arc<dyn Clock>,
    /// What only a sandbox has; its clock is then the one above.
    pub test_mode: Option<TestMode>,
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
    /// How much a key of the developers' interface may ask.
    pub api_limits: Limits,
    /// Whether the parties of account payment neither sign nor check signatures: only to measure what the rest costs.
    pub unsigned_account_payments: bool,
    /// The folder of certificates with which the parties of account payment speak TLS (see [`crate::upi::tls`]); none if absent.
    pub account_payment_tls: Option<PathBuf>,
    /// Where its webhooks may be sent.
    pub egress: Egress,
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
            test_mode: None,
            watch: None,
            waits: Waits::FIELD,
            policy: Policy::STANDARD,
            passphrase: SANDBOX_PASSPHRASE.to_vec(),
            backoff: Backoff::default(),
            api_limits: Limits::STANDARD,
            unsigned_account_payments: false,
            account_payment_tls: None,
            egress: Egress::this_machine(),
            defences: CityDefences::default(),
        }
    }

    /// The same as a sandbox: with a clock that can be moved, over the machine's own, and faults on its wires.
    pub fn sandbox(data: &Path, machine: Arc<dyn Clock>) -> Result<Plan, CityError> {
        let named = |error| CityError::Io { what: "clock.json".to_owned(), error };
        let test_mode = TestMode::open(data, machine).map_err(named)?;
        let clock: Arc<dyn Clock> = test_mode.clock.clone();
        Ok(Plan { test_mode: Some(test_mode), ..Plan::documented(data, clock) })
    }

    /// Where faults may strike on a leg.
    pub(super) fn crossing(&self, leg: Leg) -> Option<Arc<Crossing>> {
        self.test_mode.as_ref().map(|test| test.faults.on(leg))
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
    /// Enrolments that an earlier process left open.
    #[error("open enrolments: {0}")]
    Enrolments(String),
    /// A phone of the city.
    #[error("phone: {0}")]
    Phone(String),
    /// A terminal of the city.
    #[error("terminal: {0}")]
    Terminal(String),
    /// A name that the directory does not have.
    #[error("there is no {0}")]
    Unknown(String),
    /// A settlement day that cannot be ended.
    #[error("settlement: {0}")]
    Settlement(crate::hosts::settlement::SettlementError),
}

//! One counterparty alone: beside `paiza serve`, or for a foreign client.

use crate::cli::HostLine;
use crate::output::{Failure, Output};
use crate::phone::clock_of;
use crate::up::{failure, wait_for_the_end};
use iso8583::{Framing, Profile};
use sandbox::directory::Directory;
use sandbox::keys::Line as LineKey;
use serde_json::{Value, json};
use server::city::{
    Bank, BankPeers, BankPorts, ENDING, Http, LineMac, Peer, Plan, Port, Running, Switch, SwitchPeers,
    SwitchPorts, TelephoneNetwork, Waits, institution, net, ports,
};
use server::iso::Dialect;
use server::test_mode::SandboxClock;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store::{Clock, SystemClock};

/// The ports beside the one a foreign client calls, if they were named.
#[derive(Clone, Copy)]
pub(super) struct Ports<'a> {
    pub(super) verification: Option<&'a str>,
    pub(super) desk: Option<&'a str>,
}

fn dialect(line: &HostLine, key: LineKey<'_>) -> Result<Dialect, Failure> {
    let profile = match line.profile.as_str() {
        "net" => Profile::Net,
        "pos" => Profile::Pos,
        _ => return Err(Failure::usage("--profile is net or pos")),
    };
    let framing: Framing = line.framing.parse().map_err(|_| {
        Failure::usage("--framing is binary2, binary4 or ascii4, with +inclusive, +tpdu or +unionpay")
    })?;
    let mac = LineMac::parse(&line.mac);
    let mac = mac.ok_or_else(|| Failure::usage("--mac is aes-cmac, retail or none"))?;
    Ok(Dialect::new(profile, framing, mac.key(key)))
}

fn address(text: &str) -> Result<SocketAddr, Failure> {
    text.parse().map_err(|_| Failure::usage(format!("{text} is not HOST:PORT with a numeric host")))
}

/// Where a line's party listens: as named; at its documented port if nothing is named at all; anywhere otherwise.
fn bind(line: &HostLine, named: Option<&str>, documented: u16) -> Result<TcpListener, Failure> {
    let port = if line.listen.is_none() { documented } else { 0 };
    let at = named.map_or_else(|| format!("127.0.0.1:{port}"), str::to_owned);
    TcpListener::bind(&at).map_err(|error| Failure::configuration(format!("{at}: {error}")))
}

fn plan(line: &HostLine) -> Result<Plan, Failure> {
    // Without a platform to ask, the time goes on where a city left it in the data directory.
    let clock: Arc<dyn Clock> = match line.clock_of.as_deref() {
        Some(at) => clock_of(Some(at))?,
        None => left_clock(&line.data.data)?,
    };
    Ok(Plan::documented(&line.data.data, clock))
}

/// The clock that a city left in a data directory; the machine's if none was moved there.
pub(crate) fn left_clock(data: &Path) -> Result<Arc<SandboxClock>, Failure> {
    let file = data.join("clock.json");
    let wrong = |error| Failure::configuration(format!("{}: {error}", file.display()));
    SandboxClock::open(&file, Arc::new(SystemClock)).map(Arc::new).map_err(wrong)
}

pub(super) fn run(
    what: &str,
    at: SocketAddr,
    ready: Value,
    running: Running,
    output: Output,
) -> Result<(), Failure> {
    for (name, at) in ready.as_object().into_iter().flatten() {
        output.line(format!("  {:<22} {name}", at.as_str().unwrap_or_default()));
    }
    output.line(format!("{what} listens on {at}. Ctrl-C ends it."));
    let mut row = json!({"event": "ready", "address": at});
    if let (Some(row), Value::Object(ready)) = (row.as_object_mut(), ready) {
        row.extend(ready);
    }
    output.row(&row);
    wait_for_the_end()?;
    running.end(ENDING);
    output.summary(json!({}));
    Ok(())
}

/// Where the network asks each bank about cards: as named, or at its documented port.
fn issuers(named: &[String]) -> Result<Vec<(String, Peer)>, Failure> {
    let mut issuers = Vec::new();
    for (place, bank) in (0u16..).zip(&Directory::sandbox().institutions) {
        let at = SocketAddr::from(([127, 0, 0, 1], ports::ISSUER_VERIFICATION + place));
        issuers.push((bank.id.clone(), Peer { at, dialect: net(LineKey::Issuer(&bank.id)) }));
    }
    for text in named {
        let (name, at) = text.split_once('=').ok_or_else(|| Failure::usage("--issuer is name=HOST:PORT"))?;
        let issuer = issuers.iter_mut().find(|(id, _)| id == name);
        let (_, peer) = issuer.ok_or_else(|| Failure::usage(format!("there is no bank {name}")))?;
        peer.at = address(at)?;
    }
    Ok(issuers)
}

pub(super) fn network(
    line: &HostLine,
    named: Ports<'_>,
    gateway: &str,
    issuers_at: &[String],
    answer_within_ms: u64,
    output: Output,
) -> Result<(), Failure> {
    let wait = Duration::from_millis(answer_within_ms);
    let plan = Plan { waits: Waits { network: wait, ..Waits::FIELD }, ..plan(line)? };
    let peers = SwitchPeers {
        gateway: Peer { at: address(gateway)?, dialect: net(LineKey::Gateway) },
        issuers: issuers(issuers_at)?,
    };
    let ports = SwitchPorts {
        acquirers: Port {
            dialect: dialect(line, LineKey::Acquirer)?,
            socket: bind(line, line.listen.as_deref(), ports::NETWORK)?,
        },
        verification: Port {
            dialect: net(LineKey::TokenService),
            socket: bind(line, named.verification, ports::VERIFICATION)?,
        },
    };
    let desk = bind(line, named.desk, server::city::ports::DESK)?;
    let http = Http::start().map_err(failure)?;
    let mut switch = Switch::start(&plan, ports, &peers).map_err(failure)?;
    let (desk, _) = switch.open_desk(&plan, &http, desk, None, Vec::new()).map_err(failure)?;
    let ready = json!({"verification": switch.verification_at, "desk": desk});
    run("The card network", switch.acquirers_at, ready, switch.running, output)
}

pub(super) fn issuer(
    line: &HostLine,
    bank: &str,
    named: Ports<'_>,
    telephone: &str,
    platform: &str,
    output: Output,
) -> Result<(), Failure> {
    let place = ports::place(bank).ok_or_else(|| Failure::usage(format!("there is no bank {bank}")))?;
    let peers = BankPeers { telephone: address(telephone)?, platform: address(platform)? };
    let ports = BankPorts {
        from_network: Port {
            dialect: net(LineKey::Issuer(bank)),
            socket: bind(line, named.verification, ports::ISSUER_VERIFICATION + place)?,
        },
        from_gateway: Port {
            dialect: dialect(line, LineKey::Detokenised(bank))?,
            socket: bind(line, line.listen.as_deref(), ports::ISSUER + place)?,
        },
        desk: bind(line, named.desk, ports::DESK + 1 + place)?,
    };
    let http = Http::start().map_err(failure)?;
    let institution = institution(bank).map_err(failure)?;
    let bank = Bank::start(&plan(line)?, &http, institution, ports, peers).map_err(failure)?;
    let ready = json!({"verification": bank.verification_at, "desk": bank.desk_at});
    let what = format!("The bank {}", institution.id);
    run(&what, bank.detokenised_at, ready, bank.running, output)
}

pub(super) fn telephone(data: &Path, listen: &str, output: Output) -> Result<(), Failure> {
    let socket = TcpListener::bind(listen);
    let socket = socket.map_err(|error| Failure::configuration(format!("{listen}: {error}")))?;
    let http = Http::start().map_err(failure)?;
    let telephone = TelephoneNetwork::start(&Plan::documented(data, left_clock(data)?), &http, socket)
        .map_err(failure)?;
    run("The telephone network", telephone.at, json!({}), telephone.running, output)
}

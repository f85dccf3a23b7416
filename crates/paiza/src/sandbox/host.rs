//! One counterparty alone, for a foreign client.

use crate::cli::HostLine;
use crate::output::{Failure, Output};
use crate::up::{failure, wait_for_the_end};
use iso8583::{Framing, Profile};
use sandbox::keys::Line as LineKey;
use serde_json::json;
use server::city::standalone::{self, LineMac, Site, Standalone};
use server::iso::Dialect;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store::SystemClock;

/// How long a network waits for an issuer's side.
const WAIT: Duration = Duration::from_secs(10);

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

fn bind(listen: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(listen).map_err(|error| Failure::configuration(format!("{listen}: {error}")))
}

fn site<'a>(data: &'a Path, listen: &str) -> Result<Site<'a>, Failure> {
    Ok(Site { data, socket: bind(listen)?, clock: Arc::new(SystemClock) })
}

fn run(what: &str, party: Standalone, output: Output) -> Result<(), Failure> {
    output.line(format!("{what} listens on {}. Ctrl-C ends it.", party.address));
    if let Some(desk) = party.desk {
        output.line(format!("Its people work at http://{desk}/admin/rules and /admin/cards."));
    }
    output.row(&json!({"event": "ready", "address": party.address, "desk": party.desk}));
    wait_for_the_end()?;
    drop(party);
    output.summary(json!({}));
    Ok(())
}

pub(super) fn network(
    line: &HostLine,
    gateway: &str,
    issuers: &[String],
    output: Output,
) -> Result<(), Failure> {
    let named = issuers.iter().map(|text| {
        let (name, at) = text.split_once('=').ok_or_else(|| Failure::usage("--issuer is name=HOST:PORT"))?;
        Ok((name.to_owned(), address(at)?))
    });
    let issuers = named.collect::<Result<Vec<_>, Failure>>()?;
    let dialect = dialect(line, LineKey::Acquirer)?;
    let site = site(&line.data.data, &line.listen)?;
    let party = standalone::network(site, &dialect, address(gateway)?, &issuers, WAIT).map_err(failure)?;
    run("The card network", party, output)
}

pub(super) fn issuer(
    line: &HostLine,
    bank: &str,
    telephone: &str,
    desk: &str,
    output: Output,
) -> Result<(), Failure> {
    let dialect = dialect(line, LineKey::Detokenised(bank))?;
    let site = site(&line.data.data, &line.listen)?;
    let party =
        standalone::issuer(site, bank, &dialect, address(telephone)?, bind(desk)?).map_err(failure)?;
    run(&format!("The bank {bank}"), party, output)
}

pub(super) fn telephone(data: &Path, listen: &str, output: Output) -> Result<(), Failure> {
    let party = standalone::telephone(site(data, listen)?).map_err(failure)?;
    run("The telephone network", party, output)
}

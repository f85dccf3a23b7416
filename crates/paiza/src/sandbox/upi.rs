//! One party of account payment alone: the switch, a bank, the provider, or the billers.

use super::host::left_clock;
use crate::output::{Failure, Output};
use crate::phone::address;
use crate::up::failure;
use clap::Args;
use sandbox::upi::directory::UpiDirectory;
use serde_json::json;
use server::city::{Http, PartySockets, Plan, Running, billers, ports, psp, upi_bank, upi_switch};
use server::upi::AddressBook;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

/// What every party alone is told.
#[derive(Args)]
pub(crate) struct UpiHost {
    /// Where its records lie
    #[arg(long, default_value = "paiza-data")]
    data: PathBuf,
    /// Address to listen on; its documented port if absent
    #[arg(long)]
    listen: Option<String>,
    /// Where another organisation listens, repeated; the documented ports for those not named
    #[arg(long = "at", value_name = "ORGANISATION=HOST:PORT")]
    at: Vec<String>,
    /// Speak TLS with the other parties, with the certificates in this folder (`paiza sandbox upi-certificates` makes them)
    #[arg(long, value_name = "FOLDER")]
    tls: Option<PathBuf>,
}

/// Where the people of a party work on disputes.
#[derive(Args)]
pub(crate) struct UpiDesk {
    /// Where its people work on disputes, HOST:PORT; nowhere if absent
    #[arg(long)]
    desk: Option<String>,
}

impl UpiDesk {
    fn socket(&self) -> Result<Option<TcpListener>, Failure> {
        let bind = |at: &String| {
            TcpListener::bind(at).map_err(|error| Failure::configuration(format!("{at}: {error}")))
        };
        self.desk.as_ref().map(bind).transpose()
    }
}

/// Where organisations listen: as documented, unless named otherwise.
fn book(host: &UpiHost) -> Result<AddressBook, Failure> {
    let directory = UpiDirectory::sandbox();
    let here = |port| SocketAddr::from(([127, 0, 0, 1], port));
    let mut entries = vec![(directory.switch.organisation.clone(), here(ports::UPI_SWITCH))];
    for (place, psp) in (0u16..).zip(&directory.psps) {
        let above = if host.tls.is_some() { ports::UPI_PARTIES_ABOVE } else { 0 };
        entries.push((psp.organisation.clone(), here(documented_psp(place) + above)));
    }
    for (place, bank) in (0u16..).zip(&directory.banks) {
        entries.push((bank.organisation.clone(), here(ports::UPI_BANK + place)));
    }
    for text in &host.at {
        let parts = text.split_once('=');
        let (organisation, at) = parts.ok_or_else(|| Failure::usage("--at is ORGANISATION=HOST:PORT"))?;
        let entry = entries.iter_mut().find(|(known, _)| known == organisation);
        let entry =
            entry.ok_or_else(|| Failure::usage(format!("there is no organisation {organisation}")))?;
        entry.1 = address(at)?;
    }
    Ok(AddressBook::new(entries))
}

/// The documented port of a provider, by its place in the directory.
fn documented_psp(place: u16) -> u16 {
    if place == 0 { ports::UPI_PSP } else { ports::UPI_PSP_MORE + place - 1 }
}

impl UpiHost {
    fn socket(&self, documented: u16) -> Result<TcpListener, Failure> {
        let at = self.listen.clone().unwrap_or_else(|| format!("127.0.0.1:{documented}"));
        TcpListener::bind(&at).map_err(|error| Failure::configuration(format!("{at}: {error}")))
    }

    fn plan(&self) -> Result<Plan, Failure> {
        let plan = Plan::documented(&self.data, left_clock(&self.data)?);
        Ok(Plan { account_payment_tls: self.tls.clone(), ..plan })
    }
}

fn serve(what: &str, at: SocketAddr, running: Running, output: Output) -> Result<(), Failure> {
    super::host::run(what, at, json!({}), running, output)
}

pub(super) fn switch(host: &UpiHost, desk: &UpiDesk, output: Output) -> Result<(), Failure> {
    let http = Http::start().map_err(failure)?;
    let socket = host.socket(ports::UPI_SWITCH)?;
    let party = upi_switch(&host.plan()?, &http, socket, &book(host)?, desk.socket()?).map_err(failure)?;
    serve("The UPI switch", party.at, party.running, output)
}

pub(super) fn bank(
    host: &UpiHost,
    desk: &UpiDesk,
    (bank, telephone): (&str, &str),
    output: Output,
) -> Result<(), Failure> {
    let directory = UpiDirectory::sandbox();
    let place = directory.banks.iter().position(|known| known.id == bank);
    let place = place.ok_or_else(|| Failure::usage(format!("there is no bank {bank}")))?;
    let http = Http::start().map_err(failure)?;
    let documented = ports::UPI_BANK + u16::try_from(place).unwrap_or_default();
    let (socket, entry) = (host.socket(documented)?, &directory.banks[place]);
    let telephone = (address(telephone)?, desk.socket()?);
    let party = upi_bank(&host.plan()?, &http, socket, &book(host)?, entry, telephone);
    let party = party.map_err(failure)?;
    serve(&entry.name, party.at, party.running, output)
}

/// Makes certificates for every organisation of the directory.
pub(super) fn certificates(folder: &Path, output: Output) -> Result<(), Failure> {
    let directory = UpiDirectory::sandbox();
    let organisations = [&directory.switch.organisation].into_iter();
    let organisations = organisations.chain(directory.psps.iter().map(|psp| &psp.organisation));
    let organisations = organisations.chain(directory.banks.iter().map(|bank| &bank.organisation));
    let organisations: Vec<&str> = organisations.map(String::as_str).collect();
    server::upi::tls::make(folder, organisations.iter().copied())
        .map_err(|error| Failure::configuration(error.to_string()))?;
    output.line(format!("certificates of {} organisations in {}", organisations.len(), folder.display()));
    output.summary(json!({ "folder": folder, "organisations": organisations }));
    Ok(())
}

/// The billers alone.
pub(super) fn all_billers(data: &Path, listen: &str, output: Output) -> Result<(), Failure> {
    let http = Http::start().map_err(failure)?;
    let socket =
        TcpListener::bind(listen).map_err(|error| Failure::configuration(format!("{listen}: {error}")))?;
    let plan = Plan::documented(data, left_clock(data)?);
    let party = billers(&plan, &http, socket).map_err(failure)?;
    serve("The billers", party.at, party.running, output)
}

/// A provider alone: the platform's part of account payment, or another one.
pub(crate) fn provider(
    host: &UpiHost,
    (id, parties): (&str, Option<&str>),
    (telephone, billers): (&str, &str),
    output: Output,
) -> Result<(), Failure> {
    let directory = UpiDirectory::sandbox();
    let place = directory.psps.iter().position(|known| known.id == id);
    let place = place.ok_or_else(|| Failure::usage(format!("there is no provider {id}")))?;
    let http = Http::start().map_err(failure)?;
    let documented = documented_psp(u16::try_from(place).unwrap_or_default());
    let own = host.socket(documented)?;
    let parties = match (&host.tls, parties) {
        (None, None) => None,
        (None, Some(_)) => return Err(Failure::usage("--parties is for a provider that speaks TLS: --tls")),
        (Some(_), parties) => {
            let above = format!("127.0.0.1:{}", documented + ports::UPI_PARTIES_ABOVE);
            let at = parties.unwrap_or(&above);
            Some(TcpListener::bind(at).map_err(|error| Failure::configuration(format!("{at}: {error}")))?)
        }
    };
    let sockets = PartySockets { own, parties };
    let of = (&directory.psps[place], address(telephone)?, address(billers)?);
    let party = psp(&host.plan()?, &http, sockets, &book(host)?, of).map_err(failure)?.party;
    serve(&of.0.name, party.at, party.running, output)
}

//! The parties of account payment: the switch, banks, and the provider. Each has records, keys and a port of its own.

use super::desk::disputes;
use super::party::{Http, Running, address, io, of};
use super::{CityError, Plan, ports};
use crate::console::accounts::AccountSources;
use crate::hosts::telephone::Telephone;
use crate::upi::AddressBook;
use crate::upi::app::{App, LinkKey};
use crate::upi::billers::{BillersLine, merchants};
use crate::upi::office::{Keys, Lines, Office, Seal};
use crate::upi::tls::Tls;
use ::upi::mail::Party;
use platform::psp::PaymentService;
use psp::Psp;
use sandbox::upi::bank::{Bank, OpenAccounts, TOPIC_TEXT, open_text};
use sandbox::upi::directory::{PspEntry, UpiBank, UpiDirectory};
use sandbox::upi::keys;
use sandbox::upi::switch::Switch;
use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use store::{Arrival, Deliverer, Schema, Store};

/// A running party of account payment.
pub struct UpiParty {
    /// Where it listens.
    pub at: SocketAddr,
    /// Its records.
    pub store: Store,
    /// What of it runs.
    pub running: Running,
}

/// Where a party listens.
pub struct PartySockets {
    /// Its port.
    pub own: TcpListener,
    /// Another one for the other parties: phones show no certificate, so a provider that speaks TLS has two.
    pub parties: Option<TcpListener>,
}

impl From<TcpListener> for PartySockets {
    fn from(own: TcpListener) -> PartySockets {
        PartySockets { own, parties: None }
    }
}

/// The provider.
pub struct PspParty {
    /// Its use cases.
    pub service: PaymentService,
    /// What runs.
    pub party: UpiParty,
}

fn name_of(organisation: &str) -> String {
    UpiDirectory::sandbox().name_of(organisation).to_owned()
}

fn keys_of(organisation: &str) -> Result<Keys, CityError> {
    let own = keys::signing_key(organisation);
    let own = own.ok_or_else(|| CityError::Unknown(format!("key of organisation {organisation}")))?;
    Ok(Keys { own, ring: keys::key_ring() })
}

/// With which keys the directory's organisations sign links.
fn link_keys() -> Vec<LinkKey> {
    let organisations = UpiDirectory::sandbox().organisations().into_iter();
    let key = |(organisation, _): (&str, &str)| {
        let key = hex::encode(keys::link_key(organisation)?.public().to_spki());
        Some(LinkKey { organisation: organisation.to_owned(), key })
    };
    organisations.filter_map(key).collect()
}

/// Opens a party's port, and starts its couriers.
fn start<P: Party>(
    plan: &Plan,
    http: &Http,
    sockets: impl Into<PartySockets>,
    book: &AddressBook,
    (name, store, mut running): (&str, Store, Running),
    party: P,
    more: (axum::Router, HashMap<String, Deliverer>),
) -> Result<UpiParty, CityError> {
    let organisation = party.identity().organisation.as_str().to_owned();
    let keys = keys_of(&organisation)?;
    let seal = match plan.unsigned_account_payments {
        false => Seal::Keys(keys),
        true => Seal::UnsignedForMeasuring(keys.own),
    };
    let folder = plan.account_payment_tls.as_ref();
    let tls = folder.map(|folder| Tls::read(folder, &organisation)).transpose();
    let tls = tls.map_err(|error| CityError::Unknown(error.to_string()))?;
    let lines = Lines { book: book.clone(), tls: tls.clone(), doors: plan.defences.doors };
    let office = Office::new(party, store.clone(), seal, name_of, lines, plan.watch.clone());
    let (router, mut deliverers) = more;
    let (topic, alarm) = office.alarm();
    deliverers.insert(topic, alarm);
    let at = match sockets.into() {
        PartySockets { own, parties: None } => {
            running.serve_by(http, own, office.router().merge(router), tls.as_ref())?
        }
        PartySockets { own, parties: Some(parties) } => {
            running.serve_by(http, parties, office.router(), tls.as_ref())?;
            running.serve(http, own, router)?
        }
    };
    running.deliver(plan, name, &store, deliverers)?;
    running.attend(office.mailroom(plan.backoff, &http.handle()).map_err(io("mailroom"))?);
    Ok(UpiParty { at, store, running })
}

/// Starts the switch, with the desk of its people if there is a port for it.
pub fn upi_switch(
    plan: &Plan,
    http: &Http,
    socket: TcpListener,
    book: &AddressBook,
    desk: Option<TcpListener>,
) -> Result<UpiParty, CityError> {
    let mut running = Running::default();
    let schema = store::rooms::upi::switch(Schema::new());
    let store = running.open(plan, "upi-switch", "upi-switch/switch", schema)?;
    let switch = Switch::new(UpiDirectory::sandbox()).defended(plan.defences.sandbox);
    if let Some(desk) = desk {
        running.serve(http, desk, disputes::upi_switch(switch.clone(), store.clone()))?;
    }
    let nothing = (axum::Router::new(), HashMap::new());
    start(plan, http, socket, book, ("upi-switch", store, running), switch, nothing)
}

/// Starts a bank, with the desk of its people if there is a port for it; it texts its customers through the telephone network.
pub fn upi_bank(
    plan: &Plan,
    http: &Http,
    socket: TcpListener,
    book: &AddressBook,
    bank: &'static UpiBank,
    (telephone, desk): (SocketAddr, Option<TcpListener>),
) -> Result<UpiParty, CityError> {
    let mut running = Running::default();
    let name = format!("upi-bank-{}", bank.id);
    let schema = store::rooms::ledger::tables(store::rooms::upi::bank(Schema::new()));
    let store = running.open(plan, &name, &format!("{name}/bank"), schema)?;
    store.call(OpenAccounts { bank }).map_err(of(&name))?;
    let telephone = Telephone::at(telephone, plan.watch.clone());
    let texts: Deliverer = Box::new(move |outbound| {
        let Some((text, words)) = open_text(bank, &outbound.key, &outbound.body) else {
            tracing::error!(bank = bank.id, "a text of our own cannot be read");
            return Arrival::Delivered;
        };
        let Ok(words) = str::from_utf8(words.expose()) else { return Arrival::Delivered };
        let id = format!("upi.{}.{}", bank.id, outbound.key);
        let sent = telephone.send(&id, &text.from, &text.to, words);
        if sent.is_ok() { Arrival::Delivered } else { Arrival::Retry }
    });
    let party = Bank::new(bank).defended(plan.defences.sandbox);
    if let Some(desk) = desk {
        running.serve(http, desk, disputes::upi_bank(party.clone(), store.clone()))?;
    }
    let more = (axum::Router::new(), HashMap::from([(TOPIC_TEXT.to_owned(), texts)]));
    start(plan, http, socket, book, (&name, store, running), party, more)
}

/// Starts a provider of the directory, which finds the texts of phones in the telephone network and asks billers about bills.
pub fn psp(
    plan: &Plan,
    http: &Http,
    sockets: impl Into<PartySockets>,
    book: &AddressBook,
    (entry, telephone, billers): (&PspEntry, SocketAddr, SocketAddr),
) -> Result<PspParty, CityError> {
    let directory = UpiDirectory::sandbox();
    let is_own = entry.organisation == directory.psps[0].organisation;
    // The platform's own lies with the platform; another is a party like any other.
    let path = if is_own { "platform/psp".to_owned() } else { format!("upi-psp-{}/psp", entry.id) };
    let mut running = Running::default();
    let schema = store::rooms::upi::psp(Schema::new());
    let store = running.open(plan, "psp", &path, schema)?;
    let party = Psp::new(entry.identity(), &entry.handles[0], &directory.switch.organisation);
    let service = PaymentService::new(store.clone(), party.clone(), &entry.binding_number);
    if is_own {
        // Billers are the platform's customers.
        service.onboard(merchants()).map_err(|error| CityError::Unknown(format!("billers: {error}")))?;
    }
    let clock = Arc::clone(&plan.clock);
    let line = BillersLine::new(billers, &entry.organisation, clock, plan.watch.clone());
    let app = App::new(service.clone(), Telephone::at(telephone, plan.watch.clone()), plan.defences.doors);
    let app = app.with_billers(line.clone()).with_link_keys(link_keys());
    let more = (app.router(), HashMap::from([line.courier(service.clone())]));
    let party = start(plan, http, sockets, book, ("psp", store, running), party, more)?;
    Ok(PspParty { service, party })
}

/// Starts the billers.
pub fn billers(plan: &Plan, http: &Http, socket: TcpListener) -> Result<UpiParty, CityError> {
    let mut running = Running::default();
    let schema = store::rooms::billers::tables(Schema::new());
    let store = running.open(plan, "billers", "billers/billers", schema)?;
    let at = running.serve(http, socket, crate::upi::billers::router(store.clone()))?;
    Ok(UpiParty { at, store, running })
}

/// All of them in one process.
pub struct UpiParties {
    /// The provider.
    pub service: PaymentService,
    /// Where the provider listens.
    pub psp_at: SocketAddr,
    /// The switch's records.
    pub switch: Store,
    /// Where the switch listens.
    pub switch_at: SocketAddr,
    /// Each bank's short name, address and records.
    pub banks: Vec<(String, SocketAddr, Store)>,
    /// The billers' records.
    pub billers: Store,
    /// Where the billers listen.
    pub billers_at: SocketAddr,
    /// Where the switch's people work on disputes.
    pub switch_desk: SocketAddr,
    /// The same of each bank, by short name.
    pub bank_desks: Vec<(String, SocketAddr)>,
}

impl UpiParties {
    /// What of their records the console shows.
    pub(super) fn sources(&self) -> AccountSources {
        let directory = UpiDirectory::sandbox();
        let bank = |(id, _, store): &(String, SocketAddr, Store)| {
            let known = directory.banks.iter().find(|bank| bank.id == *id)?;
            Some((known.organisation.clone(), known.name.clone(), store.clone()))
        };
        AccountSources { switch: self.switch.clone(), banks: self.banks.iter().filter_map(bank).collect() }
    }
}

/// Starts all of them at the plan's ports; those who ask before those who are asked. `http` says what serves a party: `psp`,
/// `switch`, `billers` or `bank`.
pub fn upi_parties<'a>(
    plan: &Plan,
    http: &dyn Fn(&str) -> &'a Http,
    telephone: SocketAddr,
) -> Result<(UpiParties, Vec<Running>), CityError> {
    let directory = UpiDirectory::sandbox();
    let bind = |port: u16, what: &str| {
        let named = |error| CityError::Io { what: format!("{what} (port {port})"), error };
        plan.ports.bind(port).map_err(named)
    };
    let own = bind(ports::UPI_PSP, "provider of account payment")?;
    let locked = plan.account_payment_tls.is_some();
    let apart =
        || bind(ports::UPI_PSP + ports::UPI_PARTIES_ABOVE, "provider of account payment, for parties");
    let parties = locked.then(apart).transpose()?;
    let psp_listens = address(parties.as_ref().unwrap_or(&own))?;
    let psp_sockets = PartySockets { own, parties };
    let switch_socket = bind(ports::UPI_SWITCH, &directory.switch.name)?;
    let billers_socket = bind(ports::BILLERS, "billers")?;
    let mut sockets = Vec::new();
    for (place, bank) in (0u16..).zip(&directory.banks) {
        sockets.push((bank, bind(ports::UPI_BANK + place, &bank.name)?));
    }
    let mut entries = vec![
        (directory.psps[0].organisation.clone(), psp_listens),
        (directory.switch.organisation.clone(), address(&switch_socket)?),
    ];
    for (bank, socket) in &sockets {
        entries.push((bank.organisation.clone(), address(socket)?));
    }
    let book = AddressBook::new(entries);
    let billers_at = address(&billers_socket)?;
    let provider = psp(plan, http("psp"), psp_sockets, &book, (&directory.psps[0], telephone, billers_at))?;
    let desk = bind(ports::UPI_DESK, "desk of account payment's switch")?;
    let switch_desk = address(&desk)?;
    let switch = upi_switch(plan, http("switch"), switch_socket, &book, Some(desk))?;
    let paid = billers(plan, http("billers"), billers_socket)?;
    let mut running = vec![provider.party.running, switch.running, paid.running];
    let (mut banks, mut bank_desks) = (Vec::new(), Vec::new());
    for (place, (bank, socket)) in (1u16..).zip(sockets) {
        let desk = bind(ports::UPI_DESK + place, &format!("desk of {}", bank.name))?;
        bank_desks.push((bank.id.clone(), address(&desk)?));
        let party = upi_bank(plan, http("bank"), socket, &book, bank, (telephone, Some(desk)))?;
        banks.push((bank.id.clone(), party.at, party.store));
        running.push(party.running);
    }
    let parties = UpiParties {
        service: provider.service,
        psp_at: provider.party.at,
        switch: switch.store,
        switch_at: switch.at,
        banks,
        billers: paid.store,
        billers_at,
        switch_desk,
        bank_desks,
    };
    Ok((parties, running))
}

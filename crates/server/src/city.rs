//! A city on one machine: every party with its own keys, its own records and its own sockets.
//!
//! The parties share nothing but messages on wires, also here: what a party knows of another is the other's address
//! and the keys of the line between them. Each party is started by its own module ([`Platform`], [`Switch`], [`Bank`],
//! [`TelephoneNetwork`]), for a city as for a process in which it runs alone.

mod banks;
mod console;
pub mod desk;
mod keys;
mod party;
mod phone;
mod plan;
mod platform;
mod programmes;
mod settlement;
mod switch;
mod telephone;
mod terminal;
mod upi;
mod welcome;

use crate::console::look::Sources;
use crate::console::tape::Tape;
use crate::hosts::issuer::Issuer;
use crate::hosts::network::Network;
use crate::phone_door;
use crate::platform_http::developers::{AccountPayments, Api};
use crate::pos::DEMO_TERMINALS;
use crate::screens::door::{Begin, Front};
use crate::test_mode::{Clockwork, Evenings, TestTools};
use crate::till::Till;
use ::platform::TokenService;
use ::platform::acquirer::Acquirer;
use crypto::passphrase::Work;
use sandbox::directory::Directory;
use sandbox::keys::Line as LineKey;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use store::Store;

pub use banks::{Bank, BankPeers, BankPorts, institution};
pub use console::ConsoleParty;
pub use keys::{SANDBOX_PASSPHRASE, open_key_file};
pub use party::{Bare, ENDING, Http, LineMac, Peer, Port, Running, net, pos};
pub use phone::PhoneParty;
pub use plan::{CityError, Plan, Ports, Waits};
pub use platform::{Platform, PlatformPeers, PlatformPorts, acquiring_institution};
pub use programmes::{
    DEMO_MERCHANTS, DemoMerchant, account_merchant_key, card_ranges, define, published_keys,
};
pub use settlement::{SettledInstitution, SettlementDesk, Side};
pub use switch::{Switch, SwitchPeers, SwitchPorts};
pub use telephone::TelephoneNetwork;
pub use terminal::{TerminalParty, TerminalSettings, sandbox_configuration};
pub use upi::{
    PartySockets, PspParty, UpiParties, UpiParty, billers, psp, upi_bank, upi_parties, upi_switch,
};

use party::address;

/// The documented ports: one place for those who listen and those who call.
pub mod ports {
    /// The platform's HTTP.
    pub const PLATFORM: u16 = 8080;
    /// The screen of the first phone; that of the second follows.
    pub const PHONE: u16 = 8081;
    /// The operators' console.
    pub const CONSOLE: u16 = 8085;
    /// The screen of the first shop's terminal.
    pub const TERMINAL: u16 = 8084;
    /// The virtual reader of that terminal, while it waits for a card (vsmartcard's own port).
    pub const READER: u16 = 35963;
    /// The telephone network's HTTP.
    pub const TELEPHONE: u16 = 8086;
    /// Account payment's provider: for phones, and for the switch.
    pub const UPI_PSP: u16 = 8090;
    /// Account payment's switch.
    pub const UPI_SWITCH: u16 = 8091;
    /// The first bank of account payment; the others follow.
    pub const UPI_BANK: u16 = 8092;
    /// Billers.
    pub const BILLERS: u16 = 8098;
    /// The second provider of account payment, where it runs; more follow.
    pub const UPI_PSP_MORE: u16 = 8096;
    /// A provider listens for parties that speak TLS so many ports above the one for phones.
    pub const UPI_PARTIES_ABOVE: u16 = 100;
    /// The acquirer, for terminals.
    pub const ACQUIRER: u16 = 8583;
    /// The card network, for acquirers.
    pub const NETWORK: u16 = 8584;
    /// The token gateway, for the network.
    pub const GATEWAY: u16 = 8585;
    /// The card network, for the token service's questions about cards.
    pub const VERIFICATION: u16 = 8588;
    /// The first bank, for the network's questions about cards; the others follow as the directory lists them.
    pub const ISSUER_VERIFICATION: u16 = 8591;
    /// The first bank, for payments; the others follow.
    pub const ISSUER: u16 = 8601;
    /// The platform's desk.
    pub const PLATFORM_DESK: u16 = 8609;
    /// The desks: the network's, then each bank's.
    pub const DESK: u16 = 8610;
    /// The desks of account payment: the switch's, then each bank's.
    pub const UPI_DESK: u16 = 8620;

    /// A bank's place in the directory, counted from 0.
    pub fn place(bank: &str) -> Option<u16> {
        let banks = &sandbox::directory::Directory::sandbox().institutions;
        (0u16..).zip(banks).find(|(_, known)| known.id == bank).map(|(place, _)| place)
    }
}

/// The addresses of a running city.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// Phones and browsers.
    pub platform: SocketAddr,
    /// Banks send texts here, phones fetch them.
    pub telephone: SocketAddr,
    /// Terminals (profile `pos`).
    pub acquirer: SocketAddr,
    /// The card network's port for acquirers (profile `net`).
    pub network: SocketAddr,
    /// The token gateway's port for the network.
    pub gateway: SocketAddr,
    /// Each issuer's port for the token gateway, by short name.
    pub issuers: Vec<(String, SocketAddr)>,
    /// Each issuer's port for the network, for all that is about adding cards, by short name.
    pub verification: Vec<(String, SocketAddr)>,
    /// The screen of a shop's terminal; nobody has one until [`City::open_terminal`].
    pub terminal: Option<SocketAddr>,
    /// The operators' console; nobody has one until [`City::open_console`].
    pub console: Option<SocketAddr>,
    /// The virtual reader of that terminal; it listens while a card is waited for.
    pub reader: Option<SocketAddr>,
    /// The screens of phones; nobody has one until [`City::open_phones`].
    pub phones: Vec<SocketAddr>,
    /// Where the people of a party work: the platform's desk, the network's, and each issuer's by short name.
    pub desks: Vec<(String, SocketAddr)>,
}

/// A running city; it ends when dropped.
pub struct City {
    /// Where its parties listen.
    pub addresses: Addresses,
    /// The token service.
    pub tokens: Arc<TokenService>,
    /// The acquirer.
    pub acquirer: Acquirer,
    /// The developers' interface.
    pub api: Api,
    /// The network.
    pub network: Network,
    /// The banks.
    pub issuers: Vec<Issuer>,
    front: Front,
    settlement: SettlementDesk,
    /// What only a sandbox has, and who ends its days; the latter ends first.
    test: Option<(Evenings, TestTools)>,
    terminal: Option<TerminalParty>,
    phones: Vec<PhoneParty>,
    console: Option<ConsoleParty>,
    upi: Option<UpiParties>,
    /// Keeps the port of the terminal's reader for it while nobody listens there.
    _reader: Option<socket2::Socket>,
    http: Http,
    /// In the order in which they end: each still finds those it asks.
    parties: Vec<Running>,
}

impl City {
    /// Starts every party.
    pub fn start(plan: &Plan) -> Result<City, CityError> {
        let http = Http::by(Arc::clone(&plan.clock))?;
        let sockets = Sockets::bind(plan)?;
        let telephone = TelephoneNetwork::start(plan, &http, sockets.telephone)?;
        let (platform_at, gateway_at) = (address(&sockets.platform)?, address(&sockets.gateway)?);
        let mut banks = Vec::new();
        for (institution, ports) in Directory::sandbox().institutions.iter().zip(sockets.banks) {
            let peers = BankPeers { telephone: telephone.at, platform: platform_at };
            banks.push(Bank::start(plan, &http, institution, ports, peers)?);
        }
        let lines = |at: fn(&Bank) -> SocketAddr, key: for<'a> fn(&'a str) -> LineKey<'a>| {
            let peer = |bank: &Bank| {
                let id = bank.issuer.bank().id.clone();
                let dialect = net(key(&id));
                (id, Peer { at: at(bank), dialect })
            };
            banks.iter().map(peer).collect::<Vec<_>>()
        };
        let peers = SwitchPeers {
            gateway: Peer { at: gateway_at, dialect: net(LineKey::Gateway) },
            issuers: lines(|bank| bank.verification_at, |id| LineKey::Issuer(id)),
        };
        let ports = SwitchPorts {
            acquirers: Port { socket: sockets.network, dialect: net(LineKey::Acquirer) },
            verification: Port { socket: sockets.verification, dialect: net(LineKey::TokenService) },
        };
        let mut switch = Switch::start(plan, ports, &peers)?;
        let peers = PlatformPeers {
            network: Peer { at: switch.acquirers_at, dialect: net(LineKey::Acquirer) },
            verification: Peer { at: switch.verification_at, dialect: net(LineKey::TokenService) },
            issuers: lines(|bank| bank.detokenised_at, |id| LineKey::Detokenised(id)),
            telephone: telephone.at,
        };
        let ports = PlatformPorts {
            http: sockets.platform,
            terminals: Port { socket: sockets.acquirer, dialect: pos() },
            gateway: Port { socket: sockets.gateway, dialect: net(LineKey::Gateway) },
            desk: sockets.platform_desk,
        };
        let mut platform = Platform::start(plan, &http, ports, &peers)?;
        platform.open_shop(plan, telephone.at)?;
        let issuers: Vec<Issuer> = banks.iter().map(|bank| bank.issuer.clone()).collect();
        let acquirer = Some(platform.acquirer.clone());
        let (desk_at, settlement) = switch.open_desk(plan, &http, sockets.desk, acquirer, issuers.clone())?;
        let named = |at: fn(&Bank) -> SocketAddr| {
            banks.iter().map(move |bank| (bank.issuer.bank().id.clone(), at(bank)))
        };
        let addresses = Addresses {
            platform: platform.http_at,
            telephone: telephone.at,
            acquirer: platform.terminals_at,
            network: switch.acquirers_at,
            gateway: platform.gateway_at,
            issuers: named(|bank| bank.detokenised_at).collect(),
            verification: named(|bank| bank.verification_at).collect(),
            terminal: None,
            console: None,
            reader: None,
            phones: Vec::new(),
            desks: [("platform".to_owned(), platform.desk_at), ("network".to_owned(), desk_at)]
                .into_iter()
                .chain(named(|bank| bank.desk_at))
                .collect(),
        };
        let mut parties = vec![platform.running, switch.running];
        parties.extend(banks.into_iter().map(|bank| bank.running));
        parties.push(telephone.running);
        let test = test_tools(plan, &platform.api, &parties, Some(settlement.clone()))?;
        Ok(City {
            addresses,
            tokens: platform.tokens,
            acquirer: platform.acquirer,
            api: platform.api,
            network: switch.network,
            issuers,
            front: platform.front,
            settlement,
            test,
            terminal: None,
            phones: Vec::new(),
            console: None,
            upi: None,
            _reader: None,
            http,
            parties,
        })
    }

    /// Shows who runs here on the start page, with `commands` to try in a shell.
    pub fn welcome(&self, commands: &[&str]) {
        let begin = self.till().map(|till| {
            let till = till.clone();
            let begin: Begin = Arc::new(move || till.begin_story());
            begin
        });
        self.front.tell(welcome::welcome(&self.addresses, commands), begin);
    }

    /// Puts the first shop's terminal to work, with a screen of its own and a virtual reader. The reader listens only
    /// while a card is waited for: a terminal that waits for no card has no field.
    pub fn open_terminal(&mut self, plan: &Plan) -> Result<(), CityError> {
        let bind = |port, what: &str| {
            let named = |error| CityError::Io { what: format!("{what} (port {port})"), error };
            plan.ports.bind(port).map_err(named)
        };
        let screen = bind(ports::TERMINAL, "terminal")?;
        let (reader, reader_at) = reserved(plan).map_err(party::io("the terminal's reader"))?;
        let settings = TerminalSettings {
            directory: &plan.data.join("terminal"),
            configuration: terminal::sandbox_configuration(&DEMO_TERMINALS[0]),
            acquirer: self.addresses.acquirer,
            open_reader: crate::till::vpcd(reader_at),
            framed_by: origins(self.addresses.platform),
        };
        let terminal = TerminalParty::start(plan, &self.http, screen, settings)?;
        if let Some((_, tools)) = &self.test {
            terminal.running.stores().iter().for_each(|(name, store)| tools.clockwork.mind(name, store));
        }
        self.addresses.terminal = Some(terminal.screen_at);
        self.addresses.reader = Some(reader_at);
        self.terminal = Some(terminal);
        self._reader = Some(reader);
        Ok(())
    }

    /// Switches two phones on, each with a screen and a folder of its own. They are held against the city's terminal, if
    /// there is one already, and pay by account if its parties run already.
    pub fn open_phones(&mut self, plan: &Plan, work: Work) -> Result<(), CityError> {
        let reader = SocketAddr::from((std::net::Ipv4Addr::LOCALHOST, ports::READER));
        for (place, phone::CityPhone { folder, number, indian_number }) in (0u16..).zip(phone::PHONES) {
            let port = ports::PHONE + place;
            let named = |error| CityError::Io { what: format!("{folder} (port {port})"), error };
            let screen = plan.ports.bind(port).map_err(named)?;
            let settings = phone_door::Settings {
                directory: plan.data.join(folder),
                number: number.to_owned(),
                platform: self.addresses.platform.to_string(),
                telephone: self.addresses.telephone,
                upi: self.upi.as_ref().map(|upi| phone_door::UpiLine {
                    provider: upi.psp_at,
                    number: indian_number.to_owned(),
                }),
                reader: self.addresses.reader.unwrap_or(reader),
                work,
                clock: Arc::clone(&plan.clock),
                // What goes between phone and terminal is seen at the terminal already.
                watch: None,
                framed_by: origins(self.addresses.platform),
            };
            let phone = PhoneParty::start(&self.http, screen, settings)?;
            self.addresses.phones.push(phone.screen_at);
            self.phones.push(phone);
        }
        Ok(())
    }

    /// Starts the parties of account payment: the provider, the switch and the banks. Merchants are paid by account from here on.
    pub fn open_upi(&mut self, plan: &Plan) -> Result<(), CityError> {
        let (parties, running) = upi_parties(plan, &|_| &self.http, self.addresses.telephone)?;
        programmes::register_account_merchant(self.acquirer.store(), &parties.service)?;
        self.api.publish(&[programmes::account_merchant_key()]).map_err(party::of("developers"))?;
        let own = &sandbox::upi::directory::UpiDirectory::sandbox().psps[0].organisation;
        self.api.open_account_payments(AccountPayments {
            service: parties.service.clone(),
            organisation: own.clone(),
            link_key: sandbox::upi::keys::link_key(own)
                .expect("a test shows that every organisation has one"),
        });
        if let Some((_, tools)) = &self.test {
            let stores = running.iter().flat_map(Running::stores);
            stores.for_each(|(name, store)| tools.clockwork.mind(name, store));
        }
        // They end first: the telephone network, which they ask, is among the others.
        self.parties.splice(0..0, running);
        self.upi = Some(parties);
        Ok(())
    }

    /// The parties of account payment, if they run.
    pub fn upi(&self) -> Option<&UpiParties> {
        self.upi.as_ref()
    }

    /// Opens the operators' console; with a tape that watches this city it shows messages too. Answers an address that lets
    /// the first of the sandbox's operators in, once, within the hour; see [`City::console_links`].
    pub fn open_console(&mut self, plan: &Plan, tape: Option<Arc<Tape>>) -> Result<String, CityError> {
        let bound = plan.ports.bind(ports::CONSOLE);
        let socket = bound.map_err(party::io(&format!("console (port {})", ports::CONSOLE)))?;
        let bank = |issuer: &Issuer| (issuer.bank().name.clone(), issuer.store().clone());
        let sources = Sources {
            network: Some(self.network.store().clone()),
            banks: self.issuers.iter().map(bank).collect(),
            accounts: self.upi.as_ref().map(UpiParties::sources),
            test: self.test_tools().cloned(),
            ..Sources::of_platform(&self.acquirer, self.tokens.store())
        };
        let console = ConsoleParty::start(plan, &self.http, socket, sources, &self.api, tape)?;
        self.addresses.console = Some(console.at);
        let link = console.sandbox_links()?.swap_remove(0).1;
        self.console = Some(console);
        Ok(link)
    }

    /// Addresses that let the named operators of the sandbox into the console, once each; earlier ones are good no more.
    pub fn console_links(&self) -> Result<Vec<(String, String)>, CityError> {
        self.console.as_ref().map_or(Ok(Vec::new()), ConsoleParty::sandbox_links)
    }

    /// The console, if it is open.
    pub fn console(&self) -> Option<&ConsoleParty> {
        self.console.as_ref()
    }

    /// What the terminal's screen works, if there is one.
    pub fn till(&self) -> Option<&Till> {
        self.terminal.as_ref().map(|terminal| &terminal.till)
    }

    /// What the clock and the faults of a sandbox are worked with; nothing where this is none.
    pub fn test_tools(&self) -> Option<&TestTools> {
        self.test.as_ref().map(|(_, tools)| tools)
    }

    /// The records of every party, by name.
    pub fn stores(&self) -> impl Iterator<Item = &(String, Store)> {
        self.parties.iter().flat_map(Running::stores)
    }

    /// Ends every party politely; see [`Running::end`].
    pub fn end(mut self, patience: Duration) {
        self.test = None;
        self.phones.drain(..).for_each(|phone| phone.end(patience));
        if let Some(console) = self.console.take() {
            console.end(patience);
        }
        if let Some(terminal) = self.terminal.take() {
            terminal.end(patience);
        }
        self.parties.drain(..).for_each(|party| party.end(patience));
    }
}

/// The tools of a sandbox over these parties, those who send before those who receive; its days end by themselves from here
/// on. Nothing where the plan is of no sandbox.
pub fn test_tools(
    plan: &Plan,
    api: &Api,
    parties: &[Running],
    settlement: Option<SettlementDesk>,
) -> Result<Option<(Evenings, TestTools)>, CityError> {
    let Some(test) = &plan.test_mode else { return Ok(None) };
    let stores = parties.iter().flat_map(Running::stores).cloned().collect();
    let clockwork = Clockwork::new(Arc::clone(&test.clock), stores, api, settlement);
    let evenings = clockwork.run().map_err(party::io("the ends of days"))?;
    let tools = TestTools { clockwork, faults: test.faults.clone() };
    api.open_test_helpers(tools.clone());
    Ok(Some((evenings, tools)))
}

/// The origins by which a browser on this machine knows the pages of a port.
pub fn origins(at: SocketAddr) -> Vec<String> {
    ["127.0.0.1", "localhost"].map(|host| format!("http://{host}:{}", at.port())).to_vec()
}

/// A port that is kept but not listened at: others find nobody there, and nobody else is given it.
fn reserved(plan: &Plan) -> std::io::Result<(socket2::Socket, SocketAddr)> {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
    // Listeners of the standard library say so too, so they may listen at a port that is only kept (socket(7)).
    socket.set_reuse_address(true)?;
    let local = |port| SocketAddr::from((std::net::Ipv4Addr::LOCALHOST, port)).into();
    // The system's own virtual reader may have the documented port; then any other does.
    let documented = matches!(plan.ports, Ports::Documented) && socket.bind(&local(ports::READER)).is_ok();
    if !documented {
        socket.bind(&local(0))?;
    }
    let at = socket.local_addr()?.as_socket();
    let at = at.ok_or_else(|| std::io::Error::from(std::io::ErrorKind::AddrNotAvailable))?;
    Ok((socket, at))
}

/// Every listening socket, bound before anybody is started, so that all addresses are known.
struct Sockets {
    platform: TcpListener,
    telephone: TcpListener,
    acquirer: TcpListener,
    network: TcpListener,
    verification: TcpListener,
    gateway: TcpListener,
    platform_desk: TcpListener,
    desk: TcpListener,
    banks: Vec<BankPorts>,
}

impl Sockets {
    fn bind(plan: &Plan) -> Result<Sockets, CityError> {
        let bind = |port: u16, what: &str| {
            let named = |error| CityError::Io { what: format!("{what} (port {port})"), error };
            plan.ports.bind(port).map_err(named)
        };
        let mut banks = Vec::new();
        for (place, bank) in (0u16..).zip(&Directory::sandbox().institutions) {
            let port = |socket, dialect| Port { socket, dialect };
            banks.push(BankPorts {
                from_network: port(
                    bind(ports::ISSUER_VERIFICATION + place, &bank.name)?,
                    net(LineKey::Issuer(&bank.id)),
                ),
                from_gateway: port(
                    bind(ports::ISSUER + place, &bank.name)?,
                    net(LineKey::Detokenised(&bank.id)),
                ),
                desk: bind(ports::DESK + 1 + place, &bank.name)?,
            });
        }
        Ok(Sockets {
            platform: bind(ports::PLATFORM, "platform")?,
            telephone: bind(ports::TELEPHONE, "telephone network")?,
            acquirer: bind(ports::ACQUIRER, "acquirer")?,
            network: bind(ports::NETWORK, "card network")?,
            verification: bind(ports::VERIFICATION, "card network, account verification")?,
            gateway: bind(ports::GATEWAY, "token gateway")?,
            platform_desk: bind(ports::PLATFORM_DESK, "the platform's desk")?,
            desk: bind(ports::DESK, "the network's desk")?,
            banks,
        })
    }
}

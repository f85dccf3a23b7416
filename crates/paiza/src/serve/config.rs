//! The platform's configuration: a TOML file over documented defaults.
//!
//! What the file does not say is as `paiza up` and `paiza sandbox` have it, so that no file is needed beside them. What
//! it says and nobody understands is an error that names the line.

use crate::output::Failure;
use iso8583::{Framing, Profile};
use sandbox::directory::Directory;
use sandbox::keys::Line as LineKey;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use server::city::{LineMac, Peer, PlatformPeers, Port, Waits, ports};
use server::iso::Dialect;
use server::platform_http::developers::egress::{Egress, Reach};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longer than this nobody at a terminal waits.
const WAIT_MOST: Duration = Duration::from_secs(120);

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// The data directory.
    pub(super) data: Option<PathBuf>,
    /// Whether this is a sandbox, whose clock can be moved and whose wires can have faults. Never with real cards.
    pub(super) sandbox: bool,
    listen: Listen,
    network: Network,
    /// By short name; a bank that is not named listens at its documented port.
    issuers: BTreeMap<String, Host>,
    telephone: Telephone,
    pub(super) keys: Keys,
    webhooks: Webhooks,
    pub(super) test_shop: TestShop,
    waits: WaitsMs,
}

/// Where webhooks may be sent.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Webhooks {
    #[serde(deserialize_with = "reach")]
    egress: Option<Reach>,
    /// A file of certification authorities (PEM) that are trusted besides the machine's own.
    authorities: Option<PathBuf>,
}

/// Terminals and phones with test cards, so that payments can be taken by a call: for a sandbox alone.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TestShop {
    /// Whether there is one. With it come keys that everybody knows.
    pub(super) open: bool,
}

/// Where the platform listens.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Listen {
    http: Option<SocketAddr>,
    terminals: Host,
    gateway: Host,
    /// Where the platform's people make keys; on this machine alone.
    desk: Option<SocketAddr>,
}

/// Where the card network listens.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Network {
    acquirers: Host,
    verification: Host,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Telephone {
    address: Option<SocketAddr>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Keys {
    /// A file whose first line opens the key file.
    pub(super) passphrase_file: Option<PathBuf>,
}

/// How long the platform waits for others.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WaitsMs {
    #[serde(deserialize_with = "wait")]
    issuer_ms: Option<Duration>,
    #[serde(deserialize_with = "wait")]
    network_ms: Option<Duration>,
    #[serde(deserialize_with = "wait")]
    enrolment_ms: Option<Duration>,
}

/// An address and how one speaks there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Host {
    address: Option<SocketAddr>,
    #[serde(deserialize_with = "framing")]
    framing: Option<Framing>,
    #[serde(deserialize_with = "line_mac")]
    mac: Option<LineMac>,
}

fn framing<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Framing>, D::Error> {
    let text = String::deserialize(from)?;
    let wrong = "binary2, binary4 or ascii4, with +inclusive, +tpdu or +unionpay, is expected";
    text.parse().map(Some).map_err(|_| D::Error::custom(wrong))
}

fn line_mac<'de, D: Deserializer<'de>>(from: D) -> Result<Option<LineMac>, D::Error> {
    let text = String::deserialize(from)?;
    let wrong = "aes-cmac, retail or none is expected";
    LineMac::parse(&text).map(Some).ok_or_else(|| D::Error::custom(wrong))
}

fn reach<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Reach>, D::Error> {
    let text = String::deserialize(from)?;
    Reach::parse(&text).map(Some).ok_or_else(|| D::Error::custom("this_machine or public is expected"))
}

fn wait<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    let wait = Duration::from_millis(u64::deserialize(from)?);
    if wait.is_zero() || wait > WAIT_MOST {
        return Err(D::Error::custom("1 to 120000 milliseconds are expected"));
    }
    Ok(Some(wait))
}

pub(super) fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

pub(super) fn bind(at: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(at).map_err(|error| Failure::configuration(format!("{at}: {error}")))
}

impl Host {
    fn at(&self, documented: u16) -> SocketAddr {
        self.address.unwrap_or_else(|| loopback(documented))
    }

    fn dialect(&self, profile: Profile, line: LineKey<'_>) -> Dialect {
        let framing = self.framing.unwrap_or_else(Framing::binary2);
        let key = self.mac.map_or_else(|| Some(line.link_key()), |mac| mac.key(line));
        Dialect::new(profile, framing, key)
    }

    fn peer(&self, documented: u16, line: LineKey<'_>) -> Peer {
        Peer { at: self.at(documented), dialect: self.dialect(Profile::Net, line) }
    }
}

impl Config {
    /// Where webhooks may be sent: to this machine alone unless said otherwise.
    pub(super) fn egress(&self) -> Result<Egress, Failure> {
        let egress = Egress::reaching(self.webhooks.egress.unwrap_or(Reach::ThisMachine));
        let Some(path) = &self.webhooks.authorities else { return Ok(egress) };
        let wrong = |error| Failure::configuration(format!("{}: {error}", path.display()));
        Ok(egress.trusting(std::fs::read(path).map_err(wrong)?))
    }

    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Result<Config, Failure> {
        let wrong = |what: String| Failure::configuration(format!("{}: {what}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        Config::parse(&text).map_err(wrong)
    }

    pub(super) fn parse(text: &str) -> Result<Config, String> {
        let config: Config = toml::from_str(text).map_err(|error| match nearest(error.message()) {
            Some(meant) => format!("{error}did you mean `{meant}`?"),
            None => error.to_string(),
        })?;
        let banks: Vec<&str> =
            Directory::sandbox().institutions.iter().map(|bank| bank.id.as_str()).collect();
        match config.issuers.keys().find(|name| !banks.contains(&name.as_str())) {
            Some(name) => {
                Err(format!("issuers.{name}: there is no such bank; there are {}", banks.join(", ")))
            }
            None => Ok(config),
        }
    }

    /// Every setting by its name, as it is where no file says otherwise.
    pub(super) fn documented() -> Vec<(String, String)> {
        let config = Config::default();
        let mut settings = vec![
            ("data".to_owned(), "paiza-data".to_owned()),
            ("sandbox".to_owned(), config.sandbox.to_string()),
            ("listen.http".to_owned(), config.http().to_string()),
            ("listen.desk".to_owned(), loopback(ports::PLATFORM_DESK).to_string()),
        ];
        let mut host = |name: &str, port: u16| {
            settings.push((format!("{name}.address"), loopback(port).to_string()));
            settings.push((format!("{name}.framing"), "binary2".to_owned()));
            settings.push((format!("{name}.mac"), "aes-cmac".to_owned()));
        };
        host("listen.terminals", ports::ACQUIRER);
        host("listen.gateway", ports::GATEWAY);
        host("network.acquirers", ports::NETWORK);
        host("network.verification", ports::VERIFICATION);
        for (place, bank) in (0u16..).zip(&Directory::sandbox().institutions) {
            host(&format!("issuers.{}", bank.id), ports::ISSUER + place);
        }
        let waits = config.waits();
        let more = [
            ("telephone.address", loopback(ports::TELEPHONE).to_string()),
            ("keys.passphrase_file", "none".to_owned()),
            ("webhooks.egress", "this_machine".to_owned()),
            ("webhooks.authorities", "none".to_owned()),
            ("test_shop.open", config.test_shop.open.to_string()),
            ("waits.issuer_ms", waits.gateway.as_millis().to_string()),
            ("waits.network_ms", waits.acquirer.as_millis().to_string()),
            ("waits.enrolment_ms", waits.enrolment.as_millis().to_string()),
        ];
        settings.extend(more.map(|(name, value)| (name.to_owned(), value)));
        settings
    }

    pub(super) fn http(&self) -> SocketAddr {
        self.listen.http.unwrap_or_else(|| loopback(ports::PLATFORM))
    }

    /// The platform's desk, bound: there is no login, so it listens to this machine alone.
    pub(super) fn desk(&self) -> Result<TcpListener, Failure> {
        let at = self.listen.desk.unwrap_or_else(|| loopback(ports::PLATFORM_DESK));
        if !at.ip().is_loopback() {
            return Err(Failure::configuration(format!("listen.desk: {at} is not this machine alone")));
        }
        bind(at)
    }

    /// The port for terminals, bound.
    pub(super) fn terminals(&self) -> Result<Port, Failure> {
        let host = &self.listen.terminals;
        let dialect = host.dialect(Profile::Pos, LineKey::Terminal);
        Ok(Port { socket: bind(host.at(ports::ACQUIRER))?, dialect })
    }

    /// The port for the network, bound.
    pub(super) fn gateway(&self) -> Result<Port, Failure> {
        let host = &self.listen.gateway;
        let dialect = host.dialect(Profile::Net, LineKey::Gateway);
        Ok(Port { socket: bind(host.at(ports::GATEWAY))?, dialect })
    }

    /// Whom the platform asks.
    pub(super) fn peers(&self) -> Result<PlatformPeers, Failure> {
        let documented = Host::default();
        let issuer = |(place, bank): (u16, &sandbox::directory::Institution)| {
            let host = self.issuers.get(&bank.id).unwrap_or(&documented);
            (bank.id.clone(), host.peer(ports::ISSUER + place, LineKey::Detokenised(&bank.id)))
        };
        Ok(PlatformPeers {
            network: self.network.acquirers.peer(ports::NETWORK, LineKey::Acquirer),
            verification: self.network.verification.peer(ports::VERIFICATION, LineKey::TokenService),
            issuers: (0u16..).zip(&Directory::sandbox().institutions).map(issuer).collect(),
            telephone: self.telephone.address.unwrap_or_else(|| loopback(ports::TELEPHONE)),
        })
    }

    pub(super) fn waits(&self) -> Waits {
        let field = Waits::FIELD;
        Waits {
            gateway: self.waits.issuer_ms.unwrap_or(field.gateway),
            acquirer: self.waits.network_ms.unwrap_or(field.acquirer),
            enrolment: self.waits.enrolment_ms.unwrap_or(field.enrolment),
            ..field
        }
    }
}

/// The known name that an unknown one was probably meant to be. The parser says: unknown field `x`, expected `y` or `z`.
fn nearest(message: &str) -> Option<&str> {
    let mut names = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
    let unknown = names.next()?;
    let near = names.map(|name| (distance(unknown, name), name)).min()?;
    (near.0 <= 2).then_some(near.1)
}

/// How many letters have to be changed, added or left out.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_the_documented_city() {
        let config = Config::parse("").unwrap();
        assert_eq!(config.http(), "127.0.0.1:8080".parse().unwrap());
        let peers = config.peers().unwrap();
        assert_eq!(peers.network.at, "127.0.0.1:8584".parse().unwrap());
        assert_eq!(peers.verification.at, "127.0.0.1:8588".parse().unwrap());
        assert_eq!(peers.telephone, "127.0.0.1:8086".parse().unwrap());
        let issuers: Vec<String> =
            peers.issuers.iter().map(|(id, peer)| format!("{id} {}", peer.at)).collect();
        assert_eq!(
            issuers,
            [
                "boc 127.0.0.1:8601",
                "harbour 127.0.0.1:8602",
                "lantern 127.0.0.1:8603",
                "meadow 127.0.0.1:8604"
            ]
        );
        assert_eq!(config.waits().acquirer, Waits::FIELD.acquirer);
    }

    #[test]
    fn what_a_file_says_holds_and_the_rest_stays() {
        let config = Config::parse(
            "data = '/var/lib/paiza'
             listen.http = '0.0.0.0:80'
             [network]
             acquirers = { address = '192.0.2.1:9000', framing = 'ascii4', mac = 'retail' }
             [issuers.lantern]
             framing = 'binary2+tpdu'
             mac = 'none'
             [keys]
             passphrase_file = '/etc/paiza/passphrase'
             [waits]
             issuer_ms = 2000",
        )
        .unwrap();
        assert_eq!(config.data, Some(PathBuf::from("/var/lib/paiza")));
        assert_eq!(config.keys.passphrase_file, Some(PathBuf::from("/etc/paiza/passphrase")));
        assert_eq!(config.http().port(), 80);
        let peers = config.peers().unwrap();
        assert_eq!(peers.network.at, "192.0.2.1:9000".parse().unwrap());
        assert_eq!(peers.network.dialect.framing, "ascii4".parse().unwrap());
        let (_, lantern) = &peers.issuers[2];
        assert_eq!(lantern.at.port(), 8603);
        assert_eq!(lantern.dialect.framing, "binary2+tpdu".parse().unwrap());
        assert!(lantern.dialect.key.is_none());
        assert!(peers.issuers[0].1.dialect.key.is_some());
        assert_eq!(config.waits().gateway, Duration::from_secs(2));
        assert_eq!(config.waits().enrolment, Waits::FIELD.enrolment);
    }

    #[test]
    fn the_example_in_the_readme_is_read_and_says_what_it_shows() {
        let readme = include_str!("../../../../README.md");
        let example = readme.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let config = Config::parse(example).unwrap();
        assert_eq!(config.data, Some(PathBuf::from("/var/lib/paiza")));
        let (said, documented) = (config.waits(), Waits::FIELD);
        assert_eq!((said.gateway, said.acquirer), (documented.gateway, documented.acquirer));
        assert_eq!(said.enrolment, documented.enrolment);
        let addresses = |config: &Config| {
            let peers = config.peers().unwrap();
            let issuers = peers.issuers.iter().map(|(_, peer)| peer.at).collect::<Vec<_>>();
            (config.http(), peers.network.at, peers.verification.at, peers.telephone, issuers)
        };
        assert_eq!(addresses(&config), addresses(&Config::default()), "it shows the defaults");
        assert_eq!(config.listen.terminals.address, Some(loopback(ports::ACQUIRER)));
        assert_eq!(config.listen.gateway.address, Some(loopback(ports::GATEWAY)));
        assert!(config.keys.passphrase_file.is_some());
    }

    #[test]
    fn what_nobody_understands_is_refused_where_it_stands() {
        for (text, expected) in [
            ("[listen]\nhtpp = '127.0.0.1:1'", &["line 2", "`htpp`", "did you mean `http`?"][..]),
            ("[network.acquirers]\nadress = '127.0.0.1:1'", &["line 2", "did you mean `address`?"]),
            ("[database]\nurl = 'x'", &["line 1", "`database`"]),
            ("telephone.address = 'localhost'", &["line 1", "telephone"]),
            ("[issuers.boc]\nframing = 'tapes'", &["line 2", "binary2, binary4 or ascii4"]),
            ("[issuers.boc]\nmac = 'md5'", &["line 2", "aes-cmac, retail or none"]),
            ("[issuers.bocc]\nmac = 'none'", &["issuers.bocc", "boc, harbour, lantern, meadow"]),
            ("[waits]\nissuer_ms = 0", &["line 2", "1 to 120000 milliseconds"]),
            ("[waits]\nnetwork_ms = '5 s'", &["line 2"]),
            ("data = ", &["line 1"]),
        ] {
            let wrong = Config::parse(text).expect_err(text);
            for part in expected {
                assert!(wrong.contains(part), "{text}: {wrong}");
            }
        }
    }
}

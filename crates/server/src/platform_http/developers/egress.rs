//! Calls to addresses that callers name: where they may lead, and how they are made.
//!
//! The host is looked up once, every address found is checked, and the one that was checked is called, so no second
//! look-up can lead elsewhere. Redirections are not followed. Of the answer nothing is used but its status. A platform
//! that is not a sandbox speaks TLS alone and calls public addresses alone.

use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// The most of an answer that is read.
const ANSWER_MOST: usize = 64 * 1024;
/// How long a call may take from the first step to the status of its answer.
const WITHIN: Duration = Duration::from_secs(15);

/// Which addresses may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// This machine alone, with TLS or without: for a sandbox.
    ThisMachine,
    /// Public addresses alone, with TLS alone.
    Public,
}

impl Reach {
    /// Reads `this_machine` or `public`.
    pub fn parse(word: &str) -> Option<Reach> {
        match word {
            "this_machine" => Some(Reach::ThisMachine),
            "public" => Some(Reach::Public),
            _ => None,
        }
    }

    fn allows(self, ip: IpAddr) -> bool {
        match self {
            Reach::ThisMachine => is_this_machine(ip),
            Reach::Public => is_public(ip),
        }
    }
}

/// Finds the addresses of a host and port.
pub type Resolve = Arc<dyn Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync>;

/// Where calls may lead. Clones share what they trust.
#[derive(Clone)]
pub struct Egress {
    reach: Reach,
    within: Duration,
    resolve: Resolve,
    authorities: Option<Vec<u8>>,
    tls: Arc<OnceLock<Arc<ClientConfig>>>,
}

impl Egress {
    /// Calls of a sandbox.
    pub fn this_machine() -> Egress {
        Egress::reaching(Reach::ThisMachine)
    }

    /// Calls within this reach, by the machine's own look-ups.
    pub fn reaching(reach: Reach) -> Egress {
        let resolve = |host: &str, port: u16| (host, port).to_socket_addrs().map(Iterator::collect);
        Egress { reach, within: WITHIN, resolve: Arc::new(resolve), authorities: None, tls: Arc::default() }
    }

    /// The same, trusting these certification authorities (PEM) besides those of the machine.
    #[must_use]
    pub fn trusting(self, authorities: Vec<u8>) -> Egress {
        Egress { authorities: Some(authorities), tls: Arc::default(), ..self }
    }

    /// The same, giving a call up after this time.
    #[must_use]
    pub fn within(self, within: Duration) -> Egress {
        Egress { within, ..self }
    }

    /// The same, looking hosts up in this way.
    #[must_use]
    pub fn resolving(self, resolve: Resolve) -> Egress {
        Egress { resolve, ..self }
    }

    /// Whether something at this address may be called as things stand.
    pub(super) fn may_call(&self, url: &str) -> bool {
        self.target(url).is_some_and(|target| self.address(&target).is_some())
    }

    /// What the address has to be, for people.
    pub(super) fn wanted(&self) -> &'static str {
        match self.reach {
            Reach::ThisMachine => "In this sandbox this has to be an http or https address of this machine.",
            Reach::Public => "This has to be an https address whose host is found at public addresses alone.",
        }
    }

    fn target(&self, url: &str) -> Option<Target> {
        Target::parse(url).filter(|target| target.tls || self.reach == Reach::ThisMachine)
    }

    /// The address that is called, if it may be.
    fn address(&self, target: &Target) -> Option<SocketAddr> {
        let addresses = match target.host.parse() {
            Ok(ip) => vec![SocketAddr::new(ip, target.port)],
            Err(_) => (self.resolve)(&target.host, target.port).ok()?,
        };
        // One bad address among good ones is a trick.
        let all = !addresses.is_empty() && addresses.iter().all(|at| self.reach.allows(at.ip()));
        addresses.first().copied().filter(|_| all)
    }

    /// Posts a body; the status of the answer, if there was one. `headers` are whole lines.
    pub(super) fn post(&self, url: &str, headers: &str, body: &[u8]) -> Option<u16> {
        let target = self.target(url)?;
        let at = self.address(&target)?;
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: Paiza\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n{headers}\r\n",
            target.path,
            target.authority,
            body.len()
        );
        match self.exchange(&target, at, &[head.as_bytes(), body].concat()) {
            Ok(status) => status,
            Err(error) => {
                tracing::debug!(%error, host = target.host, "a call was not answered");
                None
            }
        }
    }

    fn exchange(&self, target: &Target, at: SocketAddr, request: &[u8]) -> io::Result<Option<u16>> {
        let until = Instant::now() + self.within;
        let stream = TcpStream::connect_timeout(&at, self.within)?;
        let stream = Bounded { stream, until };
        if !target.tls {
            return ask(stream, request);
        }
        let name = ServerName::try_from(target.host.clone()).map_err(io::Error::other)?;
        let connection = ClientConnection::new(self.tls(), name).map_err(io::Error::other)?;
        ask(StreamOwned::new(connection, stream), request)
    }

    fn tls(&self) -> Arc<ClientConfig> {
        Arc::clone(self.tls.get_or_init(|| Arc::new(trusting(self.authorities.as_deref()))))
    }
}

/// TLS as it is spoken here: with the authorities of the machine, and those given besides.
fn trusting(authorities: Option<&[u8]>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    let machine = rustls_native_certs::load_native_certs();
    machine
        .errors
        .iter()
        .for_each(|error| tracing::warn!(%error, "a certificate of the machine is not used"));
    roots.add_parsable_certificates(machine.certs);
    let given = authorities.map(|pem| rustls::pki_types::CertificateDer::pem_slice_iter(pem));
    roots.add_parsable_certificates(given.into_iter().flatten().filter_map(Result::ok));
    if roots.is_empty() {
        tracing::warn!("no certification authority is trusted, so nothing is called over TLS");
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    versions
        .expect("its ciphers are those of its versions")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// A connection that ends when the time is up, however slowly the other side drips.
struct Bounded {
    stream: TcpStream,
    until: Instant,
}

impl Bounded {
    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(Some(left)) }
    }
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(buffer)
    }
}

impl Write for Bounded {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(buffer)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Sends a request and reads the answer's status. What comes after it is read and thrown away up to a bound, so that a
/// polite receiver can finish; whatever goes wrong with that is its own affair.
fn ask(mut stream: impl Read + Write, request: &[u8]) -> io::Result<Option<u16>> {
    stream.write_all(request)?;
    stream.flush()?;
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    while !answer.contains(&b'\n') && answer.len() < ANSWER_MOST {
        match stream.read(&mut piece)? {
            0 => break,
            read => answer.extend_from_slice(&piece[..read]),
        }
    }
    let status = status_in(&answer);
    let mut seen = answer.len();
    while seen < ANSWER_MOST {
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => break,
            Ok(read) => seen += read,
        }
    }
    Ok(status)
}

fn status_in(answer: &[u8]) -> Option<u16> {
    let line = str::from_utf8(answer.split(|byte| *byte == b'\r').next()?).ok()?;
    let mut words = line.split(' ');
    words.next().filter(|version| version.starts_with("HTTP/1."))?;
    words.next()?.parse().ok()
}

/// An address as it is written, read strictly: there is one reading of it, ours and everybody's.
#[derive(Debug)]
struct Target {
    tls: bool,
    /// A name, or an address without brackets.
    host: String,
    port: u16,
    /// Host and port as they were written.
    authority: String,
    path: String,
}

impl Target {
    fn parse(url: &str) -> Option<Target> {
        let (tls, rest) = match url.split_once("://")? {
            ("http", rest) => (false, rest),
            ("https", rest) => (true, rest),
            _ => return None,
        };
        if !rest.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
            return None;
        }
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let path = path.split('#').next().unwrap_or_default();
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']')?;
                (host.parse::<Ipv6Addr>().ok()?.to_string(), port)
            }
            None => {
                let (host, port) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
                (name_or_v4(host)?, port)
            }
        };
        let port = match port.strip_prefix(':') {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
            Some(_) => return None,
            None if port.is_empty() => {
                if tls {
                    443
                } else {
                    80
                }
            }
            None => return None,
        };
        (port != 0).then(|| Target { tls, host, port, authority: authority.to_owned(), path })
    }
}

/// A host name, or four decimal numbers. What other readers would take for an address in octal, in hexadecimal or in one
/// number is neither.
fn name_or_v4(host: &str) -> Option<String> {
    if let Ok(ip) = host.parse::<Ipv4Addr>() {
        return Some(ip.to_string());
    }
    let label = |label: &str| {
        let inner = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (1..=63).contains(&label.len()) && inner && !label.starts_with('-') && !label.ends_with('-')
    };
    let last = host.rsplit('.').next()?;
    let number =
        last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x") || last.starts_with("0X");
    let name = host.len() <= 253 && host.split('.').all(label) && !number;
    name.then(|| host.to_ascii_lowercase())
}

fn is_this_machine(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_loopback(),
        IpAddr::V6(ip) => ip.to_ipv4_mapped().map_or(ip.is_loopback(), |ip| ip.is_loopback()),
    }
}

/// Whether an address belongs to the internet at large (IANA special-purpose registries of IPv4 and IPv6, 2024).
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation()
        || a == 0
        || a >= 240
        // Shared by carriers; protocol assignments; 6to4 relays; benchmarks.
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b));
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let segments = ip.segments();
    // Of all addresses only 2000::/3 are given out. Inside lie protocol assignments with Teredo (2001::/23),
    // documentation (2001:db8::/32, 3fff::/20) and 6to4 (2002::/16), which carry other addresses or none.
    let given_out = segments[0] & 0xE000 == 0x2000;
    let special = match segments[0] {
        0x2001 => segments[1] < 0x0200 || segments[1] == 0x0DB8,
        0x2002 => true,
        0x3FFF => segments[1] < 0x1000,
        _ => false,
    };
    given_out && !special
}

#[cfg(test)]
#[path = "egress_tests.rs"]
mod tests;

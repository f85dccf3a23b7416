//! Mutual TLS between the parties of account payment: each shows a certificate of one authority that names its organisation,
//! to whom it calls as to who calls it. It is one more lock beside signatures, for wires that others share.
//!
//! A party's folder holds `authority.pem`, whom it trusts, and `<organisation>.pem` and `<organisation>-key.pem`, what it shows
//! itself. A sandbox makes all of them for itself ([`make`]); others bring their own.

use super::AddressBook;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair};
use rcgen::{ExtendedKeyUsagePurpose, KeyUsagePurpose};
use rustls::client::verify_server_name;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::future::{Ready, ready};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::task::{Context, Poll};

/// What every name ends with; no name server knows it.
const DOMAIN: &str = "upi.invalid";
/// The file of the authority's certificate.
const AUTHORITY: &str = "authority.pem";
/// The protocol that is agreed upon.
const HTTP: &[u8] = b"http/1.1";

/// Why certificates cannot be used, and which file it is about.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {why}")]
pub struct TlsError {
    /// Which file.
    pub path: PathBuf,
    /// What is wrong.
    pub why: String,
}

/// How a party speaks TLS.
#[derive(Clone)]
pub struct Tls {
    pub(crate) server: Arc<ServerConfig>,
    pub(crate) client: Arc<ClientConfig>,
}

impl Tls {
    /// Reads what an organisation shows and whom it trusts.
    pub fn read(folder: &Path, organisation: &str) -> Result<Tls, TlsError> {
        let path = |name: &str| folder.join(name);
        let wrong = |path: PathBuf| move |why: String| TlsError { path, why };
        let (authority, own) = (path(AUTHORITY), path(&format!("{organisation}.pem")));
        let key = path(&format!("{organisation}-key.pem"));
        let mut roots = RootCertStore::empty();
        for certificate in certificates(&authority)? {
            roots.add(certificate).map_err(|why| wrong(authority.clone())(why.to_string()))?;
        }
        let (shown, secret) = (certificates(&own)?, private_key(&key)?);
        let roots = Arc::new(roots);
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let callers = WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), Arc::clone(&provider));
        let callers = callers.build().map_err(|why| wrong(authority.clone())(why.to_string()))?;
        let misfit = |why: rustls::Error| wrong(own.clone())(why.to_string());
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let server = server.with_safe_default_protocol_versions().map_err(misfit)?;
        let server = server.with_client_cert_verifier(callers);
        let mut server = server.with_single_cert(shown.clone(), secret.clone_key()).map_err(misfit)?;
        let client = ClientConfig::builder_with_provider(provider);
        let client = client.with_safe_default_protocol_versions().map_err(misfit)?;
        let client = client.with_root_certificates(roots);
        let client = client.with_client_auth_cert(shown, secret).map_err(misfit)?;
        server.alpn_protocols = vec![HTTP.to_vec()];
        Ok(Tls { server: Arc::new(server), client: Arc::new(client) })
    }
}

/// Whoever called, by the certificate that was shown.
#[derive(Clone, Debug)]
pub(crate) struct Caller(pub(crate) CertificateDer<'static>);

impl Caller {
    /// Whether the certificate names this organisation.
    pub(crate) fn is(&self, organisation: &str) -> bool {
        let name = ServerName::try_from(name_of(organisation));
        let certificate = ParsedCertificate::try_from(&self.0);
        let (Ok(name), Ok(certificate)) = (name, certificate) else { return false };
        verify_server_name(&certificate, &name).is_ok()
    }
}

/// What an organisation is called in certificates: `o700000.upi.invalid`.
pub(crate) fn name_of(organisation: &str) -> String {
    format!("o{organisation}.{DOMAIN}")
}

/// Finds organisations in the address book, by their names.
#[derive(Clone)]
pub(crate) struct ByBook(pub(crate) AddressBook);

impl tower_service::Service<Name> for ByBook {
    type Response = std::option::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Ready<io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let organisation = name.as_str().strip_suffix(DOMAIN).and_then(|name| name.strip_suffix('.'));
        let organisation = organisation.and_then(|name| name.strip_prefix('o'));
        let found = organisation.and_then(|organisation| self.0.find(organisation));
        ready(found.map(|at| Some(at).into_iter()).ok_or_else(|| io::ErrorKind::NotFound.into()))
    }
}

/// A connector to whom the book names.
pub(crate) fn connector(book: &AddressBook) -> HttpConnector<ByBook> {
    HttpConnector::new_with_resolver(ByBook(book.clone()))
}

/// Makes an authority, and a certificate for each organisation, in a folder; its key is not kept. What is there already is
/// left as it is.
pub fn make<'a>(folder: &Path, organisations: impl IntoIterator<Item = &'a str>) -> Result<(), TlsError> {
    let failed = |why: String| TlsError { path: folder.to_owned(), why };
    if folder.join(AUTHORITY).exists() {
        return Err(failed(format!("{AUTHORITY} is there already")));
    }
    std::fs::create_dir_all(folder).map_err(|why| failed(why.to_string()))?;
    let of_rcgen = |why: rcgen::Error| failed(why.to_string());
    let mut params = CertificateParams::default();
    params.distinguished_name = named("Sandbox of account payment");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().map_err(of_rcgen)?);
    let authority = authority.map_err(of_rcgen)?;
    for organisation in organisations {
        let params = CertificateParams::new([name_of(organisation)]);
        let mut params = params.map_err(of_rcgen)?;
        params.distinguished_name = named(organisation);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().map_err(of_rcgen)?;
        let certificate = params.signed_by(&key, &authority).map_err(of_rcgen)?;
        write(&folder.join(format!("{organisation}.pem")), &certificate.pem(), 0o644)?;
        write(&folder.join(format!("{organisation}-key.pem")), &key.serialize_pem(), 0o600)?;
    }
    // Last: a folder with it is whole.
    write(&folder.join(AUTHORITY), &authority.pem(), 0o644)
}

fn named(what: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, what);
    name
}

fn write(path: &Path, text: &str, mode: u32) -> Result<(), TlsError> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(mode).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|why| TlsError { path: path.to_owned(), why: why.to_string() })
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wrong = |why: String| TlsError { path: path.to_owned(), why };
    let read = CertificateDer::pem_file_iter(path).map_err(|why| wrong(why.to_string()))?;
    let all: Vec<_> = read.collect::<Result<_, _>>().map_err(|why| wrong(why.to_string()))?;
    if all.is_empty() { Err(wrong("no certificate is in it".to_owned())) } else { Ok(all) }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let read = PrivateKeyDer::from_pem_file(path);
    read.map_err(|why| TlsError { path: path.to_owned(), why: why.to_string() })
}

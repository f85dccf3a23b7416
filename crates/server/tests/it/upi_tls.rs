//! The parties of account payment over mutual TLS: who may call, and who may speak for whom.

use crate::upi_town::{ASHA, RAVI, UpiTown};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use server::defences::{Defence, Defences};
use server::upi::tls;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use upi::messages::{Acknowledgement, Profile};

const EVERYBODY: [&str; 7] = ["700000", "700001", "700002", "701001", "701002", "701003", "701004"];

fn locked_town(folder: &Path) -> UpiTown {
    tls::make(folder, EVERYBODY).unwrap();
    UpiTown::planned(|plan| plan.account_payment_tls = Some(folder.to_owned()))
}

/// What a party answers when a document is posted by whoever shows the certificate of `organisation` from a folder, or none.
fn post(
    at: SocketAddr,
    party: &str,
    trusting: &Path,
    shown: Option<(&Path, &str)>,
    document: &[u8],
) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(trusting.join("authority.pem")).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots);
    let config = match shown {
        None => config.with_no_client_auth(),
        Some((folder, organisation)) => {
            let certificate = CertificateDer::from_pem_file(folder.join(format!("{organisation}.pem")));
            let key = PrivateKeyDer::from_pem_file(folder.join(format!("{organisation}-key.pem")));
            config.with_client_auth_cert(vec![certificate.unwrap()], key.unwrap()).unwrap()
        }
    };
    let name = ServerName::try_from(format!("o{party}.upi.invalid")).unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(at)?);
    let head = format!(
        "POST /upi/ReqPay/2.0/urn:txnid:x HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        document.len()
    );
    stream.write_all(&[head.as_bytes(), document].concat())?;
    let mut answer = String::new();
    // A port that ends without a farewell has answered all the same.
    match stream.read_to_string(&mut answer) {
        Err(error) if answer.is_empty() => Err(error),
        _ => Ok(answer),
    }
}

/// The code of an Ack; nothing if the message was taken.
fn code(answer: &str) -> Option<String> {
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    let document = upi::xml::read(body.as_bytes()).unwrap();
    Acknowledgement::read(&document, Profile::public()).unwrap().error
}

#[test]
fn parties_speak_to_those_alone_who_show_what_they_are() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (folder, elsewhere) = (folder.path(), elsewhere.path());
    let town = locked_town(folder);
    tls::make(elsewhere, EVERYBODY).unwrap();
    assert!(tls::make(folder, EVERYBODY).is_err(), "what is in use is not made anew");

    // Everything goes on as it does without.
    let asha = town.person(ASHA, "asha@paiza", "482913");
    let ravi = town.person(RAVI, "ravi@paiza", "573829");
    let paid = town.pay(&asha, "ravi@paiza", "30.00", "482913").payment;
    assert_eq!(town.balance(&ravi, "573829"), "8030.00");

    let about = town.recorder.about(&format!("POST /upi/ReqPay/2.0/urn:txnid:{}", paid.id));
    let is_pay = |bytes: &&Vec<u8>| String::from_utf8_lossy(bytes).contains("type=\"PAY\"");
    let pay = about.iter().find(is_pay).unwrap();
    let switch = town.parties.switch_at;
    let by = |shown| post(switch, "700000", folder, shown, pay);
    assert_eq!(code(&by(Some((folder, "700001"))).unwrap()), None, "its sender");
    assert_eq!(code(&by(Some((folder, "701001"))).unwrap()).as_deref(), Some("U17"), "another one's message");
    by(None).expect_err("no certificate");
    by(Some((elsewhere, "700001"))).expect_err("a certificate of another authority");
    post(switch, "700000", elsewhere, Some((folder, "700001")), pay)
        .expect_err("a switch of another authority");
    post(switch, "701001", folder, Some((folder, "700001")), pay).expect_err("another one than was called");

    // Without TLS nothing is said at all.
    let mut plain = TcpStream::connect(switch).unwrap();
    plain
        .write_all(b"POST /upi/ReqPay/2.0/urn:txnid:x HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n")
        .unwrap();
    let mut heard = Vec::new();
    let _ = plain.read_to_end(&mut heard);
    assert!(!heard.starts_with(b"HTTP"), "{}", String::from_utf8_lossy(&heard));
    town.all_books_agree();
}

/// What the switch says to a message of the provider that comes from whoever shows a bank's certificate.
fn carried_by_another(doors: Defences) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    tls::make(folder.path(), EVERYBODY).unwrap();
    let town = UpiTown::planned(|plan| {
        plan.account_payment_tls = Some(folder.path().to_owned());
        plan.defences.doors = doors;
    });
    let asha = town.person(ASHA, "asha@paiza", "482913");
    town.person(RAVI, "ravi@paiza", "573829");
    let paid = town.pay(&asha, "ravi@paiza", "30.00", "482913").payment;
    let about = town.recorder.about(&format!("POST /upi/ReqPay/2.0/urn:txnid:{}", paid.id));
    let is_pay = |bytes: &&Vec<u8>| String::from_utf8_lossy(bytes).contains("type=\"PAY\"");
    let pay = about.iter().find(is_pay).unwrap();
    let shown = Some((folder.path(), "701001"));
    code(&post(town.parties.switch_at, "700000", folder.path(), shown, pay).unwrap())
}

#[test]
fn nobody_carries_the_messages_of_others() {
    assert_eq!(carried_by_another(Defences::ALL).as_deref(), Some("U17"));
    let without = Defences::ALL.danger_without(Defence::CallerCertificate);
    assert_eq!(carried_by_another(without), None);
}

#[test]
fn a_file_that_is_missing_or_broken_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = |organisation| tls::Tls::read(folder.path(), organisation).err().unwrap().to_string();
    assert!(wrong("700000").contains("authority.pem"));
    tls::make(folder.path(), ["700000"]).unwrap();
    assert!(wrong("700001").contains("700001.pem"));
    std::fs::write(folder.path().join("700000-key.pem"), "nothing").unwrap();
    assert!(wrong("700000").contains("700000-key.pem"));
}

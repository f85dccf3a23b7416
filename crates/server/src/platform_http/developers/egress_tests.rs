//! Tries to lead calls where they must not go.

use super::*;
use std::net::TcpListener;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Looks every name up as these addresses, one set after another, the last for ever; counts the look-ups.
fn found(sets: Vec<Vec<&'static str>>) -> (Resolve, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let asked = Arc::clone(&count);
    let resolve = move |_: &str, port: u16| {
        let set = &sets[asked.fetch_add(1, Ordering::SeqCst).min(sets.len() - 1)];
        Ok(set.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), port)).collect())
    };
    (Arc::new(resolve), count)
}

fn called(egress: &Egress, url: &str) -> Option<String> {
    egress.target(url).and_then(|target| egress.address(&target)).map(|at| at.to_string())
}

#[test]
fn nothing_but_this_machine_is_called_by_a_sandbox() {
    let egress = Egress::this_machine();
    for (url, at) in [
        ("http://127.0.0.1:9000/hook?a=b", "127.0.0.1:9000"),
        ("https://127.0.0.1/hook", "127.0.0.1:443"),
        ("http://[::1]:9000", "[::1]:9000"),
        ("http://[::ffff:127.0.0.1]:9000", "[::ffff:127.0.0.1]:9000"),
        ("http://127.3.2.1", "127.3.2.1:80"),
    ] {
        assert_eq!(called(&egress, url).as_deref(), Some(at), "{url}");
    }
    for url in [
        "ftp://127.0.0.1/",
        "127.0.0.1",
        "http://",
        "http:///x",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://192.168.1.1/",
        "http://0.0.0.0:80/",
        "http://[::]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[fe80::1]/",
        "http://8.8.8.8/",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:+80/",
        "http://[::1",
        "http://[::1]x/",
        "http://[127.0.0.1]/",
        "http://127.0.0.1:9000/\r\nHost: x",
        "http://127.0.0.1 /",
    ] {
        assert_eq!(called(&egress, url), None, "{url}");
    }
}

/// Every way to write an address that one reader takes for a name and another for an address.
#[test]
fn an_address_has_one_reading() {
    for url in [
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://127.0.1/",
        "https://0x7f.0.0.1/",
        "https://0x7f000001/",
        "https://0X7F000001/",
        "https://010.0.0.1/",
        "https://127.0.0.1./",
        "https://127.0.0.1%00.example.com/",
        "https://127。0。0。1/",
        "https://example.com@127.0.0.1/",
        "https://user:secret@example.com/",
        "https://127.0.0.1\\@example.com/",
        "https://example.com\\.evil.test/",
        "https://exa mple.com/",
        "https://-example.com/",
        "https://example..com/",
        "https://[::ffff:7f00:1%25lo]/",
    ] {
        assert!(Target::parse(url).is_none(), "{url}");
    }
    let target = Target::parse("https://Example.COM:8443/a?b=1#c").unwrap();
    assert_eq!((target.host.as_str(), target.port, target.path.as_str()), ("example.com", 8443, "/a?b=1"));
    let target = Target::parse("https://example.com#@127.0.0.1/").unwrap();
    assert_eq!((target.host.as_str(), target.path.as_str()), ("example.com", "/"));
}

#[test]
fn outside_of_a_sandbox_public_addresses_are_called_over_tls_alone() {
    let at = |ips: Vec<&'static str>| {
        let egress = Egress::reaching(Reach::Public).resolving(found(vec![ips]).0);
        called(&egress, "https://shop.example/hook")
    };
    assert_eq!(at(vec!["93.184.216.34"]).as_deref(), Some("93.184.216.34:443"));
    assert_eq!(at(vec!["2606:4700::1"]).as_deref(), Some("[2606:4700::1]:443"));
    for ip in [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:10.0.0.1",
        "::ffff:93.184.216.34",
        "64:ff9b::a00:1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:a00:1::",
        "3fff::1",
        "fc00::1",
        "fd12::1",
        "fe80::1",
        "ff02::1",
    ] {
        assert_eq!(at(vec![ip]), None, "{ip}");
        assert_eq!(at(vec!["93.184.216.34", ip]), None, "{ip} behind a good one");
    }
    assert_eq!(at(vec![]), None);
    let public = Egress::reaching(Reach::Public).resolving(found(vec![vec!["93.184.216.34"]]).0);
    assert_eq!(called(&public, "http://shop.example/hook"), None, "not without TLS");
    assert_eq!(called(&public, "https://127.0.0.1/hook"), None);
    assert_eq!(called(&public, "https://[::1]/hook"), None);
}

#[test]
fn a_name_that_moves_after_it_was_checked_leads_nowhere_else() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("https://shop.example:{}/", listener.local_addr().unwrap().port());
    let (resolve, looked) = found(vec![vec!["93.184.216.34"], vec!["127.0.0.1"]]);
    let egress = Egress::reaching(Reach::Public).resolving(resolve);
    assert!(egress.may_call(&url), "as it is set up");
    assert_eq!(egress.post(&url, "", b"{}"), None, "it is looked up again and refused");
    assert_eq!(looked.load(Ordering::SeqCst), 2, "once for each call: what was checked is what is called");
    assert!(listener.accept().is_err(), "nobody came");
}

/// Answers one connection after another with these bytes, then keeps them open until it is dropped.
fn answering(answers: Vec<Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let held: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
    std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(&answer);
            held.lock().unwrap().push(stream);
        }
    });
    format!("http://{at}/hooks")
}

#[test]
fn silence_drips_redirections_and_floods_end() {
    let flood = [&b"HTTP/1.1 204 No Content\r\n\r\n"[..], &vec![b'x'; 4 * ANSWER_MOST]].concat();
    let url = answering(vec![
        Vec::new(),
        b"HTTP/1.1 2".to_vec(),
        b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\n\r\n".to_vec(),
        flood,
        vec![b'y'; 2 * ANSWER_MOST],
    ]);
    let egress = Egress::this_machine().within(Duration::from_millis(300));
    let tried: Vec<Option<u16>> = (0..5).map(|_| egress.post(&url, "", b"{}")).collect();
    assert_eq!(tried, [None, None, Some(302), Some(204), None]);
}

#[test]
fn the_status_is_read_and_nothing_else() {
    assert_eq!(status_in(b"HTTP/1.1 204 No Content\r\n\r\n"), Some(204));
    for wrong in [&b""[..], b"HTTP/2 200", b"HTTP/1.1", b"HTTP/1.1 x\r\n", b"\xff\xff 200\r\n"] {
        assert_eq!(status_in(wrong), None);
    }
}

/// A receiver with the certificate of a test authority, for `localhost`.
fn over_tls(answer: &'static [u8]) -> u16 {
    let certificate = rustls::pki_types::CertificateDer::from_pem_slice(include_bytes!(
        "../../../tests/data/localhost.pem"
    ));
    let key = rustls::pki_types::PrivateKeyDer::from_pem_slice(include_bytes!(
        "../../../tests/data/localhost-key.pem"
    ));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config =
        rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config =
        config.with_no_client_auth().with_single_cert(vec![certificate.unwrap()], key.unwrap()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let config = Arc::new(config);
        while let Ok((stream, _)) = listener.accept() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            if stream.read(&mut [0; 4096]).is_ok() {
                let _ = stream.write_all(answer);
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    port
}

#[test]
fn over_tls_the_receiver_has_to_be_who_it_says() {
    let port = over_tls(b"HTTP/1.1 204 No Content\r\n\r\n");
    let authority = include_bytes!("../../../tests/data/authority.pem").to_vec();
    let loopback = || found(vec![vec!["127.0.0.1"]]).0;
    let trusting = Egress::this_machine().resolving(loopback()).trusting(authority);
    assert_eq!(trusting.post(&format!("https://localhost:{port}/"), "", b"{}"), Some(204));
    assert_eq!(trusting.post(&format!("https://shop.example:{port}/"), "", b"{}"), None, "another's name");
    let strict = Egress::this_machine().resolving(loopback());
    assert_eq!(strict.post(&format!("https://localhost:{port}/"), "", b"{}"), None, "an unknown authority");
}

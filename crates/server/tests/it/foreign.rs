//! Foreign clients: a plain socket that speaks ISO 8583 in each framing gets a test card authorised at a bank that
//! stands alone, by card number.

use crate::small_city::{SmallCity, typed};
use crate::street::{CARD, NOW, PATIENCE, eventually, yuan};
use iso8583::framing::{Deframer, Frame};
use iso8583::{Message, Mti, Profile, Tag};
use sandbox::keys::{IssuerKeys, Line as LineKey};
use serde_json::json;
use server::city::{
    Bank, BankPeers, BankPorts, CityError, Http, LineMac, Peer, Plan, Port, Switch, SwitchPeers, SwitchPorts,
    Waits, institution, net,
};
use server::iso::Dialect;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store::TestClock;

fn socket() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

fn plan(data: &Path) -> Plan {
    let documented = Plan::documented(data, Arc::new(TestClock::at(NOW)));
    Plan { waits: Waits { network: PATIENCE, late: Duration::from_secs(2), ..Waits::FIELD }, ..documented }
}

fn nowhere() -> SocketAddr {
    "127.0.0.1:9".parse().unwrap()
}

fn port(dialect: &Dialect) -> Port {
    Port { socket: socket(), dialect: dialect.clone() }
}

fn bank(data: &Path, dialect: &Dialect) -> (Http, Bank) {
    let peers = BankPeers { telephone: nowhere(), platform: nowhere() };
    bank_among(&plan(data), dialect, peers)
}

fn bank_among(plan: &Plan, dialect: &Dialect, peers: BankPeers) -> (Http, Bank) {
    let http = Http::start().unwrap();
    let ports = BankPorts {
        from_network: port(&net(LineKey::Issuer("boc"))),
        from_gateway: port(dialect),
        desk: socket(),
    };
    let bank = Bank::start(plan, &http, institution("boc").unwrap(), ports, peers).unwrap();
    (http, bank)
}

fn dialect(profile: Profile, framing: &str, mac: LineMac) -> Dialect {
    Dialect::new(profile, framing.parse().unwrap(), mac.key(LineKey::Detokenised("boc")))
}

fn purchase(stan: u64, amount: &str) -> Message {
    let mut message = Message::new(Mti::FINANCIAL);
    message.set_text(2, CARD).set_text(3, "000000").set_amount(yuan(amount)).set_text(7, "1122020500");
    message.set_number(11, stan).set_text(22, "012").set_text(32, "01020000");
    message.set_number(37, 632_602_000_000 + stan).set_padded(41, "PZ000001");
    message
}

/// Sends one message over a socket of its own and reads one answer.
fn ask(at: SocketAddr, dialect: &Dialect, header: Option<&[u8]>, mut message: Message) -> Message {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let bytes = dialect.write(&mut message).unwrap();
    let mut framed = Vec::new();
    dialect.framing.write(header, &bytes, &mut framed).unwrap();
    stream.write_all(&framed).unwrap();
    let mut deframer = Deframer::new(dialect.framing);
    let mut chunk = [0; 4096];
    loop {
        if let Some(Frame::Message { message, .. }) = deframer.pull().unwrap() {
            return dialect.read(message).unwrap();
        }
        let length = stream.read(&mut chunk).unwrap();
        assert_ne!(length, 0, "the bank hung up");
        deframer.push(&chunk[..length]);
    }
}

#[test]
fn every_framing_and_mac_is_served() {
    let tpdu: &[u8] = &[0x60, 0x00, 0x01, 0x00, 0x00];
    for (framing, header) in [
        ("binary2", None),
        ("binary4", None),
        ("ascii4", None),
        ("binary2+inclusive", None),
        ("ascii4+inclusive", None),
        ("binary2+tpdu", Some(tpdu)),
    ] {
        for mac in [LineMac::AesCmac, LineMac::Retail, LineMac::Absent] {
            let folder = tempfile::tempdir().unwrap();
            let dialect = dialect(Profile::Net, framing, mac);
            let (_http, bank) = bank(folder.path(), &dialect);
            let answer = ask(bank.detokenised_at, &dialect, header, purchase(1, "12.50"));
            assert_eq!(
                (answer.mti, answer.text(39), answer.text(11)),
                (Mti::FINANCIAL_ANSWER, Some("00"), Some("000001")),
                "{framing} {mac:?}"
            );
            let dear = ask(bank.detokenised_at, &dialect, header, purchase(2, "9000.00"));
            assert_ne!(dear.text(39), Some("00"), "more than the card holds");
        }
    }
}

#[test]
fn the_terminals_field_table_is_served_too() {
    let folder = tempfile::tempdir().unwrap();
    let dialect = dialect(Profile::Pos, "binary2+tpdu", LineMac::Retail);
    let (_http, bank) = bank(folder.path(), &dialect);
    let header: &[u8] = &[0x60, 0x00, 0x01, 0x00, 0x00];
    let answer = ask(bank.detokenised_at, &dialect, Some(header), purchase(1, "12.50"));
    assert_eq!(answer.text(39), Some("00"));
}

#[test]
fn a_message_under_another_key_is_answered_a0_and_books_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let agreed = dialect(Profile::Net, "binary2", LineMac::AesCmac);
    let (_http, bank) = bank(folder.path(), &agreed);
    let other = Dialect { key: LineMac::AesCmac.key(LineKey::Acquirer), ..agreed.clone() };
    let mut stream = TcpStream::connect(bank.detokenised_at).unwrap();
    let bytes = other.write(&mut purchase(1, "12.50")).unwrap();
    let mut framed = Vec::new();
    other.framing.write(None, &bytes, &mut framed).unwrap();
    stream.write_all(&framed).unwrap();
    let mut prefix = [0; 2];
    stream.read_exact(&mut prefix).unwrap();
    let mut answer = vec![0; usize::from(u16::from_be_bytes(prefix))];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(agreed.read(&answer).unwrap().text(39), Some("A0"));
    let rows = bank.issuer.store().rows("SELECT reference FROM authorisations", &[]).unwrap().rows;
    assert!(rows.is_empty(), "nothing was decided");
}

#[test]
fn a_network_alone_ends_a_payment_nobody_answers_and_unknown_banks_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let dialect = Dialect {
        key: LineMac::AesCmac.key(LineKey::Acquirer),
        ..dialect(Profile::Net, "ascii4", LineMac::Absent)
    };
    let peers =
        |issuers| SwitchPeers { gateway: Peer { at: nowhere(), dialect: net(LineKey::Gateway) }, issuers };
    let ports = || SwitchPorts { acquirers: port(&dialect), verification: port(&net(LineKey::TokenService)) };
    let network = Switch::start(&plan(folder.path()), ports(), &peers(Vec::new())).unwrap();
    let mut payment = purchase(1, "12.50");
    payment.set_text(2, crate::street::TOKEN);
    assert_eq!(ask(network.acquirers_at, &dialect, None, payment).text(39), Some("91"));
    assert_ne!(
        ask(network.acquirers_at, &dialect, None, purchase(2, "1.00")).text(39),
        Some("00"),
        "no card numbers here"
    );
    drop(network);
    let nobody = Peer { at: nowhere(), dialect: net(LineKey::Issuer("nobody")) };
    let wrong = Switch::start(&plan(folder.path()), ports(), &peers(vec![("nobody".to_owned(), nobody)]));
    assert!(matches!(wrong, Err(CityError::Unknown(_))));
}

#[test]
fn a_bank_that_is_asked_to_end_answers_what_it_took_and_takes_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let dialect = dialect(Profile::Net, "binary2", LineMac::AesCmac);
    let (_http, bank) = bank(folder.path(), &dialect);
    let late = sandbox::test_cards::of_bank("boc").find(|card| card.behaviour.word() == "late").unwrap();
    let late = String::from_utf8(late.pan().expose().to_vec()).unwrap();
    let store = bank.issuer.store().clone();
    let decided = || store.read(|records| records.all::<sandbox::issuer::Authorisation>().len()).unwrap();
    std::thread::scope(|scope| {
        let mut payment = purchase(1, "12.50");
        payment.set_text(2, &late);
        let (at, speak) = (bank.detokenised_at, &dialect);
        let answer = scope.spawn(move || ask(at, speak, None, payment));
        eventually("the bank decides", || decided() > 0);
        // Decided, and not answered yet: that is what late means.
        bank.running.end(PATIENCE);
        assert_eq!(answer.join().unwrap().text(39), Some("00"));
    });
    eventually("nobody listens any more", || TcpStream::connect(bank.detokenised_at).is_err());
}

/// Has a bank that stands alone link a token to its card, as the token service would over the network.
fn link(bank: &Bank, city: &SmallCity) {
    let token = city.record();
    let data = serde_json::to_vec(&typed(CARD)).unwrap();
    let public = IssuerKeys::sandbox(bank.issuer.bank()).agreement().public();
    let sealed = crypto::jwe::seal(&public, "boc-1", &data, sandbox::issuer::verification::CARD_DATA);
    let (number, expiry) = (token.number.digits(), token.expiry.to_yymm());
    let steps: [&[(Tag, &[u8])]; 2] = [
        &[(Tag::SEALED_CARD, sealed.as_bytes()), (Tag::RISK_DATA, b"{\"device\":\"dev_1\"}")],
        &[(Tag::TOKEN_NUMBER, number.as_bytes()), (Tag::TOKEN_EXPIRY, expiry.as_bytes())],
    ];
    for (function, stan, parts) in [(1, 11, steps[0]), (4, 12, steps[1])] {
        let mut message = Message::new(Mti::AUTHORISATION);
        message.set_text(3, "330000").set_text(7, "1122020500").set_number(11, stan).set_text(32, "01990000");
        message.set_private(Tag::VERIFICATION_FUNCTION, &[function]).set_private(Tag::ENROLMENT, b"enr_1");
        for (tag, value) in parts {
            message.set_private(*tag, value);
        }
        let dialect = net(LineKey::Issuer("boc"));
        let answer = ask(bank.verification_at, &dialect, None, message);
        assert_eq!(answer.text(39), Some("00"), "function {function}");
    }
}

#[test]
fn a_bank_alone_tells_the_token_service_of_its_cards() {
    let city = SmallCity::new();
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan::documented(folder.path(), city.clock.clone());
    let peers = BankPeers { telephone: nowhere(), platform: city.city.addresses.platform };
    let dialect = dialect(Profile::Net, "binary2", LineMac::AesCmac);
    let (_http, bank) = bank_among(&plan, &dialect, peers);
    link(&bank, &city);
    let post = |path: &str, body| crate::issuers::post(bank.desk_at, &bank.desk_at.to_string(), path, &body);
    assert_eq!(post("/admin/cards", json!({"number": CARD, "state": "lost"})).0, 200);
    city.in_time("the token is stopped", || !city.standing().suspenders.is_empty());
    let (status, made) = post("/admin/cards/replace", json!({"number": CARD}));
    assert_eq!(status, 200, "{made}");
    city.in_time("the new plastic is behind the token and the stop is lifted", || {
        let token = city.record();
        made["last_four"] == token.last_four.to_string() && token.standing.suspenders.is_empty()
    });
}

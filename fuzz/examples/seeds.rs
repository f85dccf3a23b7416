//! Makes those files of the corpus that need keys or our own encoders: `cargo run -p fuzz --example seeds`.

use crypto::passphrase::Work;
use crypto::rsa::{Exponent, RsaPrivate};
use crypto::{jwe, keystore, vault};
use emv::objects::{Amount, CodeN3, UnpredictableNumber};
use emv::oda::{self, CardSubject, StaticData};
use fuzz::sealed::{CONTEXT, PASSPHRASE, PLAINTEXT, agreement_key, key_encryption_key};
use iso8583::{Framing, Message, Mti, OriginalData, Profile, Tag, TerminalHeader};
use std::path::Path;
use values::{Expiry, Secret, SecretBytes};

fn save(target: &str, name: &str, bytes: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    std::fs::create_dir_all(&folder).expect("a folder of ours");
    std::fs::write(folder.join(name), bytes).expect("a file of ours");
}

fn main() {
    messages();
    sealed();
    signatures();
    account_payment();
}

const CHIP: &[u8] = &[
    0x9F, 0x26, 8, 0xB9, 0x7D, 0x3D, 0x76, 0x63, 0xF0, 0x96, 0xD7, 0x9F, 0x10, 8, 7, 1, 1, 3, 0xA4, 0, 0, 1,
];

fn messages() {
    let mut sale = Message::new(Mti::FINANCIAL);
    sale.set_text(3, "000000").set_text(4, "000000001250").set_text(7, "1122040000").set_text(11, "000007");
    sale.set_text(22, "072").set_text(32, "01040000").set_text(35, "6296600100000000000=30122010000000000");
    sale.set_text(41, "PZ000001").set_text(49, "156").set(55, CHIP);
    sale.set_private(Tag::CUSTOMER_VERIFICATION, &[1]).set_private(Tag::TOKEN_VERDICT, b"OK");
    let mut reversal = Message::new(Mti::REVERSAL);
    reversal.copy(&sale, &[3, 4, 7, 11, 32, 41, 49]).set_original(OriginalData::of(&sale));
    reversal.set_text(39, "98").set(128, &[7; 8]);
    let encoded = |profile: Profile, message: &Message| {
        let mut bytes = Vec::new();
        profile.encode(message, &mut bytes).expect("the profile takes these fields");
        bytes
    };
    let net = encoded(Profile::Net, &sale);
    save("iso_net", "sale", &net);
    save("iso_net", "reversal", &encoded(Profile::Net, &reversal));
    save("private_data", "verdict", sale.get(48).unwrap_or_default());
    save("original_data", "sale", &OriginalData::of(&sale).to_digits());
    let mut tap = Message::new(Mti::FINANCIAL);
    tap.header = Some(TerminalHeader::new([0x60, 0, 3, 0, 0, 0x60, 0x31, 0, 0, 0, 0]));
    tap.copy(&sale, &[3, 4, 11, 22, 35, 41, 49, 55]).set_text(25, "00").set(64, &[7; 8]);
    save("iso_pos", "tap", &encoded(Profile::Pos, &tap));
    for (choice, name) in [(0, "binary2"), (2, "ascii4"), (3, "binary2+inclusive"), (5, "ascii4+unionpay")] {
        let framing: Framing = name.parse().expect("a framing");
        let mut stream = vec![choice];
        framing.write(None, b"0800", &mut stream).expect("it is short");
        framing.heartbeat(&mut stream);
        framing.write(None, b"0810", &mut stream).expect("it is short");
        save("deframer", name, &stream);
    }
}

fn sealed() {
    save("jwe_open", "sealed", jwe::seal(&agreement_key().public(), "fuzz", PLAINTEXT, CONTEXT).as_bytes());
    let entropy = Secret::new([5; 44]);
    let envelope = vault::seal(&key_encryption_key(), PLAINTEXT, CONTEXT.as_bytes(), &entropy);
    save("envelope", "sealed", envelope.expect("a short record").as_bytes());
    let mut ring = keystore::KeyRing::new();
    ring.insert("fuzz", SecretBytes::new(vec![6; 16]));
    let work = Work { memory_kib: 8, passes: 1, lanes: 1 };
    let file = keystore::seal_file(&ring, PASSPHRASE, work, &[5; 28]);
    save("key_file", "one", &file.expect("little work"));
}

fn signatures() {
    let directory = sandbox::directory::Directory::sandbox();
    let (bank, range) = directory.ranges().next().expect("a range");
    let issuer = sandbox::authority::certified_issuer(bank, range);
    let mut link = [7; 32];
    let mut fill = |bytes: &mut [u8]| {
        for chunk in bytes.chunks_mut(32) {
            link = crypto::hash::sha256(&link);
            chunk.copy_from_slice(&link[..chunk.len()]);
        }
    };
    let key = RsaPrivate::generate(1024, Exponent::Three, &mut fill).expect("a size of cards");
    let record = [0x5F, 0x34, 1, 1];
    let mut data = StaticData::new();
    assert!(data.add_record(11, &record));
    let number = format!("{}00000000000", range.token_prefix);
    let subject = CardSubject {
        number_digits: number.as_bytes(),
        expiry: Expiry::new(30, 12).expect("a month"),
        serial: [0, 0, 7],
    };
    let card = oda::card_certificate(&issuer.private, &subject, &key.modulus(), key.exponent(), &data);
    let card = card.expect("keys that fit");
    let authentication = [1, 1, 2, 3, 4, 0, 0x80, 0];
    let said = oda::FddaData::V01 {
        unpredictable: UnpredictableNumber([1, 2, 3, 4]),
        amount: Amount::ZERO,
        currency: CodeN3::from_bytes([1, 0x56]).expect("digits"),
        card: &authentication,
    };
    let signature = oda::sign_dynamic(&key, &[2, 0, 1], &said.to_bytes()).expect("it fits");
    let certificate = &issuer.certificate;
    let mut pieces = Vec::new();
    for piece in [
        &certificate.signed,
        &certificate.remainder,
        &certificate.exponent,
        &card.signed,
        &card.remainder,
        &card.exponent,
        &record.to_vec(),
        &signature,
        &authentication.to_vec(),
    ] {
        pieces.extend((piece.len() as u16).to_be_bytes());
        pieces.extend_from_slice(piece);
    }
    save("oda_recover", "chain", &pieces);
}

fn account_payment() {
    let payment = concat!(
        "<upi:ReqPay xmlns:upi=\"http://npci.org/upi/schema/\"><Head ver=\"2.0\" ts=\"2026-11-22T05:30:00.000+05:30\" ",
        "orgId=\"700001\" msgId=\"PZA1\"/><Txn id=\"PZA2\" type=\"COLLECT\" note=\"tea &amp; cake\" initiationMode=\"00\" ",
        "purpose=\"00\"><Rules><Rule name=\"EXPIREAFTER\" value=\"30\"/><Rule name=\"MINAMOUNT\" value=\"1.00\"/></Rules>",
        "</Txn><Payer addr=\"asha@paiza\" type=\"PERSON\" code=\"0000\"/><Payees><Payee addr=\"chai@paiza\" ",
        "type=\"ENTITY\" code=\"5814\"><Device><Tag name=\"TYPE\" value=\"MOB\"/></Device><Ac addrType=\"ACCOUNT\"><Detail ",
        "name=\"IFSC\" value=\"ABCD0000001\"/><Detail name=\"ACNUM\" value=\"12345\"/></Ac><Amount value=\"2.00\" ",
        "curr=\"INR\"/></Payee></Payees></upi:ReqPay>",
    );
    save("upi_lint", "payment", payment.as_bytes());
    save(
        "upi_xml",
        "names",
        b"<a xmlns='urn:d' xmlns:p='urn:p'><p:b p:c='&#9;&lt;' d='x'/>t &gt; u<e xmlns=''/>\r\n</a>",
    );
    let small = b"<u:Ack xmlns:u='urn:u'><Head orgId='700001'/></u:Ack>";
    let key = crypto::rsa_signature::SigningKey::generate();
    save("upi_xml", "signed", &upi::signature::sign(small, &key).expect("a document"));
    let link =
        "upi://pay?ver=01&mode=05&pa=chai@paiza&pn=Chai%20Corner&am=30.00&mam=1&cu=INR&orgid=700001&own=%2B1";
    let signed = upi::link::sign(link, &crypto::p256::SigningKey::generate()).expect("a link");
    save("upi_link", "signed", signed.text().as_bytes());
    let mandate = "upi://mandate?txnType=CREATE&pa=gym@paiza&mn=Gym&am=12.50&amrule=MAX&recur=MONTHLY&recurvalue=5&recurtype=ON&\
                   validitystart=01012027&validityend=31122027&rev=Y&QRexpire=2026-11-21T18:05:00.5+05:30&url=http://a";
    save("upi_link", "mandate", mandate.as_bytes());
    save("upi_link", "intent", b"intent://pay?pa=a@b&am=1#Intent;scheme=upi;end");
    let payee = upi::address::Address::parse("chai.corner@paiza").expect("an address");
    let amount = values::Money::parse("30.00", values::Currency::INR).expect("an amount");
    let code = upi::bharat::make(&upi::bharat::BharatParts {
        payee: &payee,
        category: "5814".parse().expect("a category"),
        name: "CHAI CORNER",
        city: "PUNE",
        amount: Some(amount),
        reference: Some("ORD20260042"),
    });
    save("upi_qr", "dynamic", code.expect("a code").text().as_bytes());
}

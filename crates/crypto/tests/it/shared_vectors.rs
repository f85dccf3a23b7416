//! The shared known-answer vectors, read where they lie; their file says which public implementation made
//! each.

use crypto::emv_keys::{self, Algorithm, MasterKey};
use crypto::mac::{Padding, application_cryptogram, retail_mac, script_mac};
use crypto::pin::{self, Pin};
use crypto::rsa::{Exponent, recover};
use crypto::{arpc, kcv, sm4_block, tr31};
use serde_json::Value;
use values::{Expiry, Secret};

/// Kinds of vectors that belong to other rooms.
const ELSEWHERE: [&str; 6] =
    ["iso8583_net", "iso8583_pos", "dol_build", "emvco_mpm_crc", "emvco_cpm", "emvco_mpm_published"];

#[test]
fn every_vector_of_this_room_agrees() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/emv-vectors.json");
    let Ok(text) = std::fs::read(path) else {
        assert!(std::env::var_os("CI").is_none(), "the shared vectors must be there: {path}");
        eprintln!("not checked: there are no shared vectors at {path}");
        return;
    };
    let file: Value = serde_json::from_slice(&text).unwrap();
    let mut checked = 0;
    for vector in file["vectors"].as_array().unwrap() {
        let kind = vector["kind"].as_str().unwrap();
        if !ELSEWHERE.contains(&kind) {
            eprintln!("{}", vector["id"]);
            check(kind, &Fields(&vector["input"]), &Fields(&vector["output"]));
            checked += 1;
        }
    }
    assert!(checked >= 50, "only {checked} vectors");
}

/// One side of a vector: named texts, most of them hexadecimal.
struct Fields<'a>(&'a Value);

impl Fields<'_> {
    fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some()
    }

    fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_else(|| panic!("no text {name}"))
    }

    fn digits(&self, name: &str) -> &[u8] {
        self.text(name).as_bytes()
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        hex::decode(self.text(name)).unwrap()
    }

    fn array<const N: usize>(&self, name: &str) -> [u8; N] {
        self.bytes(name).try_into().unwrap_or_else(|_| panic!("length of {name}"))
    }

    fn key(&self, name: &str) -> Secret<16> {
        Secret::new(self.array(name))
    }

    fn atc(&self, name: &str) -> u16 {
        u16::from_be_bytes(self.array(name))
    }

    /// The sequence number; absent is 00.
    fn psn(&self) -> u8 {
        self.0["psn"].as_str().map_or(0, |text| text.parse().unwrap())
    }

    /// The values of these fields one after another.
    fn joined(&self, names: &[&str]) -> Vec<u8> {
        names.iter().flat_map(|name| self.bytes(name)).collect()
    }

    fn card_key(&self, algorithm: Algorithm, master: &str) -> Secret<16> {
        MasterKey::new(algorithm, &self.key(master)).derive_card_key(self.digits("pan"), self.psn())
    }

    fn pin(&self) -> Pin {
        Pin::parse(self.digits("pin")).unwrap()
    }
}

fn same(key: &Secret<16>, expected: Secret<16>, what: &str) {
    assert_eq!(hex::encode(key.expose()), hex::encode(expected.expose()), "{what}");
}

fn check(kind: &str, input: &Fields<'_>, output: &Fields<'_>) {
    match kind {
        "tdes_kcv" => {
            assert_eq!(kcv::kcv(Algorithm::TripleDes, &input.key("key")), output.array("kcv6"));
        }
        "icc_mk_option_a" => {
            same(&input.card_key(Algorithm::TripleDes, "imk"), output.key("icc_mk"), kind);
        }
        "icc_mk_option_b" => {
            let master = MasterKey::new(Algorithm::TripleDes, &input.key("imk"));
            let key = master.derive_card_key_option_b(input.digits("pan"), input.psn());
            same(&key, output.key("icc_mk"), kind);
        }
        "emv_common_session_key" => {
            let key = emv_keys::common_session_key(&input.key("icc_mk"), input.array("r"));
            same(&key, output.key("sk"), kind);
        }
        "emv2000_tree_session_key" => {
            let [height, branch] = ["height", "branch"].map(|name| input.0[name].as_u64().unwrap() as u8);
            let key = emv_keys::emv2000_tree(&input.key("icc_mk"), input.atc("atc"), height, branch);
            same(&key, output.key("sk"), kind);
        }
        "visa_sm_session_key" => {
            let key = emv_keys::visa_secure_messaging(&input.key("icc_mk"), input.atc("atc"));
            same(&key, output.key("sk"), kind);
        }
        "visa_cvn10" | "visa_cvn18" | "mc_cvn16_skd" | "mc_cvn20_csk" => check_scheme(kind, input, output),
        _ if kind.starts_with("unionpay") => check_unionpay(kind, input, output),
        _ if kind.starts_with("arpc") => check_response(kind, input, output),
        "fdda_v01_rsa" => check_recovery(input, output),
        _ => check_pins_and_blocks(kind, input, output),
    }
}

fn check_response(kind: &str, input: &Fields<'_>, output: &Fields<'_>) {
    let (algorithm, key, arqc) = (Algorithm::TripleDes, input.key("sk"), input.array("arqc"));
    match kind {
        "arpc_method_1" => {
            assert_eq!(arpc::method_1(algorithm, &key, arqc, input.array("arc")), output.array("arpc"));
        }
        "arpc_method_2" => {
            let data = input.bytes("proprietary_auth_data");
            let arpc = arpc::method_2(algorithm, &key, arqc, input.array("csu"), &data);
            assert_eq!(arpc, output.array("arpc"));
        }
        _ => panic!("unknown kind {kind}"),
    }
}

const TERMINAL_DATA: [&str; 10] = [
    "amount_9F02",
    "other_9F03",
    "country_9F1A",
    "tvr_95",
    "currency_5F2A",
    "date_9A",
    "type_9C",
    "un_9F37",
    "aip_82",
    "atc_9F36",
];

/// Visa and Mastercard: each has its own session key, padding and response.
fn check_scheme(kind: &str, input: &Fields<'_>, output: &Fields<'_>) {
    let algorithm = Algorithm::TripleDes;
    let card_key = input.card_key(algorithm, "imk_ac");
    same(&card_key, output.key("icc_mk"), kind);
    let atc = input.atc("atc_9F36");
    let mut data = input.joined(&TERMINAL_DATA);
    data.extend(input.bytes(if kind == "visa_cvn18" { "iad_9F10" } else { "cvr" }));
    let session = match kind {
        "visa_cvn10" => card_key.clone(),
        "mc_cvn16_skd" => emv_keys::mastercard_skd(&card_key, atc, input.array("un_9F37")),
        _ => emv_keys::common_session_key(&card_key, (u64::from(atc) << 48).to_be_bytes()),
    };
    let padding = if kind == "visa_cvn10" { Padding::Zeros } else { Padding::Iso };
    let arqc = retail_mac(&session, &data, padding);
    assert_eq!(arqc, output.array("arqc"), "{kind}");
    match kind {
        "visa_cvn18" => {
            let arpc = arpc::method_2(algorithm, &session, arqc, input.array("csu"), b"");
            assert_eq!(arpc, output.array("arpc"));
        }
        _ => {
            let code = input.array(if input.has("arc") { "arc" } else { "arpc_rc" });
            // CVN 16 answers under the card key, as Visa CVN 10 does; CVN 20 under the session key.
            let key = if kind == "mc_cvn20_csk" { &session } else { &card_key };
            assert_eq!(arpc::method_1(algorithm, key, arqc, code), output.array("arpc"), "{kind}");
        }
    }
}

fn check_unionpay(kind: &str, input: &Fields<'_>, output: &Fields<'_>) {
    let algorithm = if kind.ends_with("sm4") { Algorithm::Sm4 } else { Algorithm::TripleDes };
    if kind == "unionpay_idd_mac" {
        let mac = script_mac(algorithm, &input.key("sk_mac"), &input.bytes("block"));
        return assert_eq!(mac, output.array("mac4"));
    }
    if kind.starts_with("unionpay_script_mac") {
        let card_key = input.card_key(algorithm, "imk_mac");
        same(&card_key, output.key("udk_mac"), kind);
        let session = emv_keys::session_key(algorithm, &card_key, input.atc("atc"));
        same(&session, output.key("sk_mac"), kind);
        return assert_eq!(script_mac(algorithm, &session, &input.bytes("mac_input")), output.array("mac4"));
    }
    let published = kind == "unionpay_cvn01_published";
    let card_key = if published { input.key("udk") } else { input.card_key(algorithm, "imk_ac") };
    if !published {
        same(&card_key, output.key("udk"), kind);
    }
    let session = emv_keys::session_key(algorithm, &card_key, input.atc("atc_9F36"));
    // The published example shows its session key as the cipher left it, so compare without parity bits.
    let without_parity = |key: &Secret<16>| key.expose().map(|byte| byte & 0xFE);
    if algorithm == Algorithm::Sm4 {
        same(&session, output.key("sk"), kind);
    } else {
        assert_eq!(without_parity(&session), without_parity(&output.key("sk")), "{kind}");
    }
    let data = if published { input.bytes("mac_input") } else { output.bytes("mac_input") };
    let arqc = application_cryptogram(algorithm, &session, &data);
    assert_eq!(arqc, output.array("arqc_9F26"), "{kind}");
    let arpc = arpc::method_1(algorithm, &session, arqc, input.array("arc_8A"));
    assert_eq!(arpc, output.array("arpc"), "{kind}");
    if output.has("arqc_alternative_fold") {
        let folded: [u8; 8] = output.array("arqc_alternative_fold");
        assert_ne!(arqc, folded, "the halves are not folded");
    }
}

fn check_pins_and_blocks(kind: &str, input: &Fields<'_>, output: &Fields<'_>) {
    match kind {
        "pin_block_iso0" => {
            let block = pin::iso0(&input.pin(), input.digits("pan")).unwrap();
            assert_eq!(block, output.array("clear_block"));
            let pin = pin::from_iso0(block, input.digits("pan")).unwrap();
            assert_eq!(pin.expose(), input.digits("pin"));
        }
        "pin_block_iso0_enc" => {
            let block = pin::iso0_encipher(&input.key("zpk"), &input.pin(), input.digits("pan")).unwrap();
            assert_eq!(block, output.array("enc_block"));
        }
        "pin_block_iso4_decipher" => {
            let (key, block) = (input.key("aes_key"), input.array("enc_block"));
            let pin = pin::iso4_decipher(&key, block, input.digits("pan")).unwrap();
            assert_eq!(pin.expose(), output.digits("pin"));
        }
        "cvv" => {
            let expiry = Expiry::from_yymm(input.digits("expiry")).unwrap();
            let service_code = input.digits("service_code").try_into().unwrap();
            let cvv = pin::cvv(&input.key("cvk"), input.digits("pan"), expiry, service_code).unwrap();
            assert_eq!(cvv, output.digits("cvv"));
        }
        "pvv" => {
            let index = input.text("pvki").parse().unwrap();
            let pvv = pin::pvv(&input.key("pvk"), input.digits("pan"), index, &input.pin()).unwrap();
            assert_eq!(pvv, output.digits("pvv"));
        }
        "retail_mac" => {
            let padding = if input.0["padding_method"] == 1 { Padding::Zeros } else { Padding::Iso };
            assert_eq!(retail_mac(&input.key("key"), &input.bytes("data"), padding), output.array("mac"));
        }
        "sm4_block" => {
            let block = sm4_block::encrypt(&input.key("key"), input.array("plain"));
            assert_eq!(block, output.array("cipher"));
        }
        "tr31_unwrap" => {
            let unwrapped = tr31::unwrap(&input.bytes("kbpk"), input.text("key_block")).unwrap();
            assert_eq!(unwrapped.key.expose(), output.bytes("key"));
            let header = unwrapped.header;
            assert_eq!(header.version.letter().to_string(), output.text("version"));
            assert_eq!(header.usage, output.digits("usage"));
            let letters = [header.algorithm, header.mode, header.exportability];
            let expected = ["algorithm", "mode", "exportability"].map(|name| output.digits(name)[0]);
            assert_eq!(letters, expected);
        }
        _ => panic!("unknown kind {kind}"),
    }
}

/// The three recoveries of a fast DDA; the certificates themselves are for `emv` to read.
fn check_recovery(input: &Fields<'_>, output: &Fields<'_>) {
    let recovered = |modulus: &str, exponent: &str, side: &Fields<'_>, block: &str| {
        let exponent = Exponent::from_bytes(&input.bytes(exponent)).unwrap();
        let plain = recover(&side.bytes(modulus), exponent, &input.bytes(block)).unwrap();
        assert_eq!((plain[0], *plain.last().unwrap()), (0x6A, 0xBC), "{block}");
        plain
    };
    let issuer = recovered("ca_modulus", "ca_exponent", input, "tag_90");
    // EMV 4.4 Book 2, table 6: the key's left part starts at byte 16 of an issuer certificate.
    let key = [&issuer[15..issuer.len() - 21], &input.bytes("tag_92")].concat();
    assert_eq!(key, output.bytes("issuer_modulus"));
    let card = recovered("issuer_modulus", "tag_9F32", output, "tag_9F46");
    // EMV 4.4 Book 2, table 14: and at byte 22 of a card's.
    let key = [&card[21..card.len() - 21], &input.bytes("tag_9F48")].concat();
    assert_eq!(key, output.bytes("icc_modulus"));
    let signed = recovered("icc_modulus", "tag_9F47", output, "tag_9F4B");
    let number = output.bytes("icc_dynamic_number_atc");
    assert_eq!(signed[3..7], [&[0x03, 0x02], &number[..]].concat());
    let body = &signed[1..signed.len() - 21];
    let transaction =
        ["un_9F37", "amount_9F02", "currency_5F2A", "tag_9F69"].map(|name| input.bytes(name)).concat();
    let hash = crypto::hash::sha1_pieces(&[body, &transaction]);
    assert_eq!(hash, signed[signed.len() - 21..signed.len() - 1]);
}

//! Every file of the corpus, every truncation of it, and every file with one byte changed, through its target.
//!
//! Short files have each byte changed to each other value; longer ones have each bit flipped, and each byte set
//! to the values that lengths and counts are most often wrong with.

use std::path::{Path, PathBuf};

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target)
}

fn files(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = folder(target);
    let listed = std::fs::read_dir(&folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    let mut files: Vec<_> = listed.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

/// Runs one input; a panic is told with the bytes that lead to it.
fn run(target: fn(&[u8]), bytes: &[u8], whence: &dyn Fn() -> String) {
    let ran = std::panic::catch_unwind(|| target(bytes));
    assert!(ran.is_ok(), "{}\n{}", whence(), bytes.iter().map(|b| format!("{b:02x}")).collect::<String>());
}

/// Up to this long, a file has every byte changed to every value.
const SHORT: usize = 48;
/// Above this, one byte in so many is changed, so that a file costs no more than one of this length.
const LONG: usize = 1024;

fn changed_values(original: u8, length: usize) -> Vec<u8> {
    if length <= SHORT {
        return (0..=255).filter(|value| *value != original).collect();
    }
    let flipped = (0..8).map(|bit| original ^ 1 << bit);
    let set = [0x00, 0x7F, 0x80, 0x81, 0xFF, original.wrapping_add(1), original.wrapping_sub(1)];
    flipped.chain(set).filter(|value| *value != original).collect()
}

fn exercise(name: &str) {
    let (_, target) =
        fuzz::TARGETS.iter().find(|(target, _)| *target == name).expect("a target of this name");
    let files = files(name);
    assert!(!files.is_empty(), "the corpus of {name} is empty");
    run(*target, &[], &|| format!("{name}: nothing"));
    for (path, bytes) in files {
        let told = |what: &str, at: usize| format!("{}: {what} {at}", path.display());
        run(*target, &bytes, &|| told("whole", 0));
        for length in 0..bytes.len() {
            run(*target, &bytes[..length], &|| told("cut at", length));
        }
        let stride = bytes.len().div_ceil(LONG).max(1);
        for at in (0..bytes.len()).step_by(stride) {
            let mut changed = bytes.clone();
            for value in changed_values(bytes[at], bytes.len()) {
                changed[at] = value;
                run(*target, &changed, &|| told("changed at", at));
            }
        }
    }
}

macro_rules! corpora {
    ($($name:ident)*) => {
        $(#[test] fn $name() { exercise(stringify!($name)); })*
        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

corpora! {
    tlv apdu_command apdu_response fci dol afl de55 track_two issuer_application_data oda_recover describe
    qr_merchant qr_offer qr_consumer iso_net iso_pos deframer private_data original_data settlement_file jwe_open
    envelope key_file key_block http_signature passkey card_application terminal upi_xml upi_link upi_qr upi_lint
}

/// A corpus of inputs that are refused at the first byte would prove little.
#[test]
fn seeds_go_deep() {
    use fuzz::machines::{cryptograms, ending};
    let seed = |target: &str, name: &str| std::fs::read(folder(target).join(name)).unwrap();
    for (name, reason) in
        [("silent", "host_silent"), ("declined", "host_declined"), ("approved", "approved_online")]
    {
        assert_eq!(ending(&seed("terminal", name)), Some(reason), "{name}");
    }
    // The contact cards get as far as a cryptogram, whatever it is worth.
    for name in ["contact_silent", "contact_scripts"] {
        let ending = ending(&seed("terminal", name)).unwrap();
        let deep = [
            "host_silent",
            "approved_online",
            "host_declined",
            "issuer_not_authenticated",
            "unexpected_cryptogram",
        ];
        assert!(deep.contains(&ending), "{name}: {ending}");
    }
    for (name, count) in [
        ("contactless_tdes", 1),
        ("contactless_sm4", 1),
        ("contactless_aes", 1),
        ("contact", 1),
        ("no_disk", 0),
        ("locked", 0),
    ] {
        assert_eq!(cryptograms(&seed("card_application", name)), count, "{name}");
    }
    for (profile, target, name) in [
        (iso8583::Profile::Net, "iso_net", "sale"),
        (iso8583::Profile::Net, "iso_net", "reversal"),
        (iso8583::Profile::Pos, "iso_pos", "tap"),
    ] {
        assert!(profile.decode(&seed(target, name)).is_ok(), "{name}");
    }
    assert!(emv::de55::Request::parse(&seed("de55", "request")).is_ok());
    assert!(emv::de55::Response::parse(&seed("de55", "response")).is_ok());
    assert!(emv::fci::ApplicationFci::parse(&seed("fci", "application")).is_ok());
    for name in ["plain", "balance", "limit"] {
        assert!(
            emv::objects::IssuerApplicationData::parse(&seed("issuer_application_data", name)).is_ok(),
            "{name}"
        );
    }
    let text = |target, name| String::from_utf8(seed(target, name)).unwrap();
    assert!(emv::qr::merchant::MerchantCode::parse(&text("qr_merchant", "noodles")).is_ok());
    assert!(emv::qr::offer::Offer::parse(&text("qr_offer", "bill")).is_ok());
    assert!(emv::qr::consumer::parse(&text("qr_consumer", "tap")).is_ok());
    assert!(fuzz::requests::registers(&seed("passkey", "registration")));
    assert!(emv::qr::consumer::parse(&text("qr_consumer", "shown")).is_ok());
    assert!(upi::link::Link::parse(&text("upi_link", "signed")).is_ok());
    assert!(upi::link::Link::parse(&text("upi_link", "mandate")).is_ok());
    assert!(upi::bharat::BharatCode::parse(&text("upi_qr", "dynamic")).is_ok());
    let payment = upi::xml::read(&seed("upi_lint", "payment")).unwrap();
    assert_eq!(upi::messages::lint(&payment, upi::messages::Profile::public()), []);
    assert!(text("upi_xml", "signed").contains("SignatureValue"));
    let key = fuzz::sealed::agreement_key();
    assert!(crypto::jwe::open(&key, &text("jwe_open", "sealed"), fuzz::sealed::CONTEXT).is_ok());
    assert!(crypto::keystore::open_file(&seed("key_file", "one"), fuzz::sealed::PASSPHRASE).is_ok());
    assert!(fuzz::card_data::chain(&seed("oda_recover", "chain")), "the chain of signatures holds");
}

#[test]
fn every_target_has_a_test_a_corpus_and_a_wrapper() {
    let targets: Vec<_> = fuzz::TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(NAMES, targets);
    for name in targets {
        let wrapper = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("libfuzzer/fuzz_targets/{name}.rs"));
        assert!(wrapper.exists(), "{}", wrapper.display());
    }
    for entry in std::fs::read_dir(folder("")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(NAMES.contains(&name.as_str()), "corpus/{name} belongs to no target");
    }
}

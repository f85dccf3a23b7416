//! A signed message, and who signed it.

use crypto::rsa_signature::{SigningKey, VerifyingKey};
use std::path::PathBuf;
use std::sync::LazyLock;
use upi::signature::{KeyRing, Organisation, PinnedKey};
use values::Timestamp;

/// The key of organisation 700001. Making one takes long, so all tests have the same.
pub(crate) static KEY: LazyLock<SigningKey> = LazyLock::new(SigningKey::generate);
/// The key of organisation 700002.
pub(crate) static OTHER_KEY: LazyLock<SigningKey> = LazyLock::new(SigningKey::generate);

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_795_305_600_000);

pub(crate) fn organisation(name: &str) -> Organisation {
    Organisation::parse(name).unwrap()
}

pub(crate) fn pinned(key: &VerifyingKey) -> PinnedKey {
    let moment = |millis| Timestamp::from_millis(NOW.millis() + millis);
    PinnedKey { key: key.clone(), from: moment(-1000), until: moment(1000) }
}

/// Both organisations with their keys.
pub(crate) fn ring() -> KeyRing {
    let mut ring = KeyRing::new();
    ring.pin(organisation("700001"), pinned(KEY.public()));
    ring.pin(organisation("700002"), pinned(OTHER_KEY.public()));
    ring
}

/// A payment of one rupee to Asha, as organisation 700001 would send it.
pub(crate) const PAYMENT: &str = concat!(
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
    "<upi:ReqPay xmlns:upi=\"http://npci.org/upi/schema/\">",
    "<Head ver=\"2.0\" ts=\"2026-11-22T05:30:00.000+05:30\" orgId=\"700001\" ",
    "msgId=\"PZA11111111111111111111111111111111\"/>",
    "<Txn id=\"PZA22222222222222222222222222222222\" type=\"PAY\" note=\"tea\"/>",
    "<Payees><Payee addr=\"asha@paiza\" seqNum=\"1\" type=\"PERSON\" code=\"0000\">",
    "<Amount value=\"1.00\" curr=\"INR\"/></Payee></Payees></upi:ReqPay>",
);

/// [`PAYMENT`], signed.
pub(crate) fn signed_payment() -> String {
    String::from_utf8(upi::signature::sign(PAYMENT.as_bytes(), &KEY).unwrap()).unwrap()
}

/// Whether what is missing here must not be.
fn everything_is_required() -> bool {
    ["CI", "PAIZA_REQUIRE_ALL"].iter().any(|name| std::env::var_os(name).is_some())
}

/// Says why a test is passed over, or fails where nothing may be.
pub(crate) fn pass_over(why: &str) {
    assert!(!everything_is_required(), "{why}");
    eprintln!("passed over: {why}");
}

/// A file of the shared samples; `None` (with the reason printed) where they are not there.
pub(crate) fn sample(file: &str) -> Option<Vec<u8>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/upi-samples").join(file);
    match std::fs::read(&path) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            pass_over(&format!("{} cannot be read: {error}", path.display()));
            None
        }
    }
}

//! `paiza upi sign` and `paiza upi verify`.

use super::{Sign, Tally, Verify, input};
use crate::output::{Failure, Output};
use ::upi::signature::{self, KeyRing, Organisation, PinnedKey};
use ::upi::tools;
use crypto::rsa_signature::{SigningKey, VerifyingKey};
use serde_json::json;
use std::io::Write;
use std::path::Path;
use values::Timestamp;

pub(super) fn sign(what: &Sign, output: Output) -> Result<(), Failure> {
    let key = private_key(&what.key)?;
    let document = input::bytes(&what.file)?;
    let signed = signature::sign(&document, &key).map_err(Failure::malformed)?;
    let failed =
        |why: std::io::Error| Failure::configuration(format!("the signed message cannot be written: {why}"));
    match &what.out {
        Some(path) => {
            std::fs::write(path, &signed).map_err(failed)?;
            output.line(format!("signed: {}", path.display()));
        }
        // Not a byte more than was signed, so that it can be piped on.
        None if !output.is_json() => std::io::stdout().write_all(&signed).map_err(failed)?,
        None => {}
    }
    output.summary(json!({ "bytes": signed.len(), "document": String::from_utf8_lossy(&signed) }));
    Ok(())
}

fn private_key(path: &Path) -> Result<SigningKey, Failure> {
    let (label, bytes) = input::key(path)?;
    let key = match label.as_str() {
        "PRIVATE KEY" => SigningKey::from_pkcs8(bytes.expose()).ok(),
        "RSA PRIVATE KEY" => SigningKey::from_pkcs1(bytes.expose()).ok(),
        _ => None,
    };
    key.ok_or_else(|| {
        Failure::configuration(format!("{} is not a private key of RSA, 2048 bits or more", path.display()))
    })
}

pub(super) fn verify(what: &Verify, output: Output) -> Result<(), Failure> {
    let ring = key_ring(&what.keys)?;
    let now = Timestamp::from_millis(0);
    let mut tally = Tally::default();
    for file in &what.files {
        let bytes = input::bytes(file)?;
        let name = file.display().to_string();
        let signer = tools::signer(&bytes, &ring, now);
        tally.count(signer.is_ok());
        match signer {
            Ok(sender) => {
                output.line(format!("{name}: signed by {sender}"));
                output.row(&json!({ "file": name, "ok": true, "sender": sender }));
            }
            Err(why) => {
                output.line(format!("{name}: refused, {}: {}", why.code, why.refused));
                output.row(&json!({
                    "file": name, "ok": false, "code": why.code, "at": why.at, "refused": why.refused,
                }));
            }
        }
    }
    tally.conclude("are not signed as they should be", output)
}

/// The keys named on the command line, in force always: whoever names them vouches for them.
fn key_ring(keys: &[String]) -> Result<KeyRing, Failure> {
    let mut ring = KeyRing::new();
    for pair in keys {
        let (name, path) =
            pair.split_once('=').ok_or_else(|| Failure::usage(format!("{pair} is not ORGANISATION=FILE")))?;
        let organisation =
            Organisation::parse(name).ok_or_else(|| Failure::usage(format!("{name} is no organisation")))?;
        let (label, bytes) = input::key(Path::new(path))?;
        let wrong =
            || Failure::configuration(format!("{path} is not a public key of RSA, 2048 bits or more"));
        let key = VerifyingKey::from_spki(bytes.expose())
            .ok()
            .filter(|_| label == "PUBLIC KEY")
            .ok_or_else(wrong)?;
        let always = (Timestamp::from_millis(i64::MIN), Timestamp::from_millis(i64::MAX));
        ring.pin(organisation, PinnedKey { key, from: always.0, until: always.1 });
    }
    Ok(ring)
}

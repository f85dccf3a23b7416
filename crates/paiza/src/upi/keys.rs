//! `paiza upi key`: a pair of keys in two files.

use super::KeyFiles;
use crate::output::{Failure, Output};
use crypto::{p256, pem, rsa_signature};
use serde_json::json;
use std::io::Write;
use std::path::Path;

pub(super) fn run(what: &KeyFiles, output: Output) -> Result<(), Failure> {
    let (private, public, kind) = if what.link {
        let key = p256::SigningKey::generate();
        (key.to_pkcs8(), key.public().to_spki(), "ECDSA P-256, for links")
    } else {
        let key = rsa_signature::SigningKey::generate();
        (key.to_pkcs8(), key.public().to_spki(), "RSA 2048, for messages")
    };
    write_new(&what.private, &pem::write("PRIVATE KEY", private.expose()), true)?;
    write_new(&what.public, &pem::write("PUBLIC KEY", &public), false)?;
    let (private, public) = (what.private.display().to_string(), what.public.display().to_string());
    output.line(format!("{kind}: {private} and {public}"));
    output.summary(json!({ "kind": kind, "private": private, "public": public }));
    Ok(())
}

/// Writes a file that is not there yet; a private one is readable by its owner alone.
fn write_new(path: &Path, text: &str, private: bool) -> Result<(), Failure> {
    use std::os::unix::fs::OpenOptionsExt;
    let mode = if private { 0o600 } else { 0o644 };
    let opened = std::fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    let written = opened.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|why| Failure::configuration(format!("{} cannot be written: {why}", path.display())))
}

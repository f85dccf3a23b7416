//! The platform's key file in the city: its own keys made fresh, the issuers' taken from the sandbox's public ones.

use super::CityError;
use crypto::emv_keys::Algorithm;
use crypto::keystore::{KeyRing, open_file, seal_file};
use crypto::passphrase::Work;
use platform::keys::{PlatformKeys, names};
use sandbox::directory::Directory;
use sandbox::keys::{IssuerKeys, issuer_master_key, issuer_signing_key};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use values::SecretBytes;

/// The passphrase of a city that was given none. A platform with real keys is given its own.
pub const SANDBOX_PASSPHRASE: &[u8] = b"sandbox";

/// Opens the key file, making it the first time.
pub fn open_key_file(path: &Path, passphrase: &[u8]) -> Result<KeyRing, CityError> {
    let failed = |error: String| CityError::Keys(error);
    if path.exists() {
        let bytes = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
        return open_file(&bytes, passphrase).map_err(|error| failed(error.to_string()));
    }
    let mut ring = PlatformKeys::generate();
    add_sandbox_issuers(&mut ring);
    let sealed = seal_file(&ring, passphrase, Work::SERVER, &crypto::random::bytes());
    let sealed = sealed.map_err(|error| failed(error.to_string()))?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
    }
    // Written beside and renamed: a key file is whole or not there. Only its owner reads it.
    let beside = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let written = options.open(&beside).and_then(|mut file| file.write_all(&sealed));
    let written = written.and_then(|()| std::fs::rename(&beside, path));
    written.map_err(|error| failed(error.to_string()))?;
    Ok(ring)
}

/// What real issuers bring to a key ceremony, the sandbox publishes.
fn add_sandbox_issuers(ring: &mut KeyRing) {
    for (programme, (bank, range)) in (1u16..).zip(Directory::sandbox().ranges()) {
        let key = issuer_master_key(bank, range);
        ring.insert(&names::master(programme), SecretBytes::new(key.expose().to_vec()));
    }
    for bank in &Directory::sandbox().institutions {
        let public = IssuerKeys::sandbox(bank).agreement().public();
        ring.insert(&names::issuer(&bank.id), SecretBytes::new(public.to_sec1().to_vec()));
    }
}

/// The platform's keys, ready to be used.
pub(super) fn platform_keys(path: &Path, passphrase: &[u8]) -> Result<PlatformKeys, CityError> {
    let mut ring = open_key_file(path, passphrase)?;
    // Also for a key file made before issuers signed events: these keys are public.
    for bank in &Directory::sandbox().institutions {
        let signing = issuer_signing_key(bank).public().to_sec1();
        ring.insert(&names::issuer_signing(&bank.id), SecretBytes::new(signing.to_vec()));
    }
    let programmes: Vec<(u16, Algorithm)> = (1u16..)
        .zip(Directory::sandbox().ranges())
        .filter_map(|(programme, (_, range))| Some((programme, Algorithm::from_id(range.algorithm_id())?)))
        .collect();
    let issuers: Vec<&str> = Directory::sandbox().institutions.iter().map(|bank| bank.id.as_str()).collect();
    PlatformKeys::load(&ring, &programmes, &issuers).map_err(|error| CityError::Keys(error.to_string()))
}

//! The device's own keys. On a real phone they live in hardware; here in files only their owner can read.

use crypto::p256::{AgreementKey, SigningKey};
use std::io::Write;
use std::path::{Path, PathBuf};
use values::Secret;

/// The key store is missing or not readable.
#[derive(Debug, thiserror::Error)]
pub enum KeystoreError {
    /// A file of it.
    #[error("key store {path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// There are keys already: they are never overwritten.
    #[error("there is a phone in {0} already")]
    Exists(PathBuf),
    /// The bytes are no key.
    #[error("{0} holds no key")]
    NoKey(PathBuf),
}

/// The key that signs requests and the key that device parts are sealed to.
pub struct DeviceKeyring {
    /// Signs requests.
    pub signing: SigningKey,
    /// Opens device parts.
    pub agreement: AgreementKey,
}

impl DeviceKeyring {
    /// Makes fresh keys in a new key store.
    pub fn create(folder: &Path) -> Result<DeviceKeyring, KeystoreError> {
        if folder.join("signing").exists() {
            return Err(KeystoreError::Exists(folder.to_owned()));
        }
        let made = std::fs::create_dir_all(folder);
        made.map_err(|error| KeystoreError::File { path: folder.to_owned(), error })?;
        let keyring = DeviceKeyring { signing: SigningKey::generate(), agreement: AgreementKey::generate() };
        write(&folder.join("signing"), &keyring.signing.to_bytes())?;
        write(&folder.join("agreement"), &keyring.agreement.to_bytes())?;
        Ok(keyring)
    }

    /// Opens a key store.
    pub fn open(folder: &Path) -> Result<DeviceKeyring, KeystoreError> {
        let (signing, agreement) = (folder.join("signing"), folder.join("agreement"));
        Ok(DeviceKeyring {
            signing: SigningKey::from_bytes(&read(&signing)?)
                .map_err(|_| KeystoreError::NoKey(signing.clone()))?,
            agreement: AgreementKey::from_bytes(&read(&agreement)?)
                .map_err(|_| KeystoreError::NoKey(agreement.clone()))?,
        })
    }

    /// The signing key once more, for another holder of it.
    pub fn signing(&self) -> Result<SigningKey, KeystoreError> {
        SigningKey::from_bytes(&self.signing.to_bytes()).map_err(|_| KeystoreError::NoKey(PathBuf::new()))
    }

    /// The agreement key once more, for another holder of it.
    pub fn agreement(&self) -> Result<AgreementKey, KeystoreError> {
        AgreementKey::from_bytes(&self.agreement.to_bytes()).map_err(|_| KeystoreError::NoKey(PathBuf::new()))
    }
}

fn write(path: &Path, key: &Secret<32>) -> Result<(), KeystoreError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| {
        file.write_all(key.expose())?;
        file.sync_all()
    });
    written.map_err(|error| KeystoreError::File { path: path.to_owned(), error })
}

fn read(path: &Path) -> Result<Secret<32>, KeystoreError> {
    let file = |error| KeystoreError::File { path: path.to_owned(), error };
    let bytes = std::fs::read(path).map_err(file)?;
    let bytes: [u8; 32] = bytes.try_into().map_err(|_| KeystoreError::NoKey(path.to_owned()))?;
    Ok(Secret::new(bytes))
}

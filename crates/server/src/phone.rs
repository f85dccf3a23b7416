//! A phone: its records, its keys, its voice towards the platform, its inbox, its card in the field.
//!
//! Its directory is the phone. `keystore/` in it stands for the hardware key store of a real phone.

mod binding;
mod code;
mod keystore;
mod outcome;
mod passkey;
mod present;
mod wallet;

pub use binding::Binding;
pub use code::{CodeError, CodePayment, Scanned, ShownCode};
pub use keystore::{DeviceKeyring, KeystoreError};
pub use present::{PresentError, Presentation, TapSeen, WrongPasscode};
pub(crate) use wallet::card_of;
pub use wallet::{Added, AskCode};

use crate::api::privacy::{ForgottenDevice, HeldOfCustomer};
use crate::client::{Client, ClientError, Freshness};
use crate::hosts::telephone::Telephone;
use crate::trace::Watch;
use ::wallet::history::{InboxMessage, ReceiveText};
use ::wallet::phone::Phone as PhoneRecord;
use ::wallet::unlock::PasscodeError;
use crypto::passphrase::Work;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use store::{Clock, Schema, Store, StoreError};
use values::{Id, Timestamp};

/// How long a code is waited for: a telephone network takes its time.
const CODE_PATIENCE: Duration = Duration::from_secs(60);

/// What can go wrong on a phone.
#[derive(Debug, thiserror::Error)]
pub enum PhoneError {
    /// The platform said no, or cannot be reached.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The phone's own records.
    #[error("the phone's records: {0}")]
    Store(#[from] StoreError),
    /// The phone's key store.
    #[error(transparent)]
    Keystore(#[from] KeystoreError),
    /// A file of the phone.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The passcode cannot be used.
    #[error(transparent)]
    Passcode(#[from] PasscodeError),
    /// No text message with a code came.
    #[error("no code came by text message")]
    NoCode,
    /// The passcode is not the one.
    #[error(transparent)]
    WrongPasscode(#[from] WrongPasscode),
    /// A business no of the phone itself.
    #[error("{0}")]
    Refused(String),
}

/// Where a phone's counterparties are, kept in `phone.json`.
#[derive(Clone, Serialize, Deserialize)]
struct Settings {
    platform: String,
    telephone: SocketAddr,
    number: String,
    device: String,
    card_data_key: String,
}

/// How far the inbox was fetched, and looked at.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
struct Inbox {
    inbox_read: u32,
    /// When its owner last looked at it, milliseconds since 1970.
    #[serde(default)]
    inbox_seen: i64,
}

/// What `phone.json` holds.
#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    settings: Settings,
    #[serde(flatten)]
    inbox: Inbox,
}

/// A phone that is set up.
pub struct Phone {
    directory: PathBuf,
    settings: Settings,
    inbox: Mutex<Inbox>,
    store: Store,
    keyring: DeviceKeyring,
    client: Client,
    telephone: Telephone,
    /// Counts requests of this process, for idempotency keys.
    fresh: std::sync::atomic::AtomicU64,
    defences: ::wallet::defences::Defences,
}

/// What a new phone is told when it is set up.
pub struct NewPhone<'a> {
    /// Its directory; made if it is not there.
    pub directory: &'a Path,
    /// Telephone number with country code.
    pub number: &'a str,
    /// What its owner calls it.
    pub name: &'a str,
    /// Host and port of the platform.
    pub platform: &'a str,
    /// Address of the telephone network.
    pub telephone: SocketAddr,
    /// The passcode its owner chose.
    pub passcode: &'a [u8],
    /// How much work one try of the passcode is.
    pub work: Work,
    /// Who watches the wires.
    pub watch: Watch,
}

fn schema() -> Schema {
    store::rooms::wallet::tables(Schema::new()).forget_folded_facts()
}

impl Phone {
    /// The same phone with these checks. In a product there is but one set of them.
    #[must_use]
    pub fn defended(self, defences: ::wallet::defences::Defences) -> Phone {
        Phone { defences, ..self }
    }

    /// Sets a phone up: makes its keys, binds it to its number by the code that comes as a text message.
    /// Answers the phone and, for a new customer, the recovery code.
    pub fn set_up(new: &NewPhone<'_>, clock: Arc<dyn Clock>) -> Result<(Phone, Option<String>), PhoneError> {
        let binding = Binding::begin(new, clock)?;
        let code = binding.wait_for_code()?;
        binding.confirm(&code)
    }

    /// Whether a phone was set up in this directory.
    pub fn is_set_up(directory: &Path) -> bool {
        directory.join("phone.json").exists()
    }

    /// The platform of the phone that was set up in this directory, `HOST:PORT`.
    pub fn platform_of(directory: &Path) -> Option<String> {
        let text = std::fs::read(directory.join("phone.json")).ok()?;
        serde_json::from_slice::<Kept>(&text).ok().map(|kept| kept.settings.platform)
    }

    /// Opens a phone that was set up in this directory.
    pub fn open(directory: &Path, clock: Arc<dyn Clock>, watch: Watch) -> Result<Phone, PhoneError> {
        let path = directory.join("phone.json");
        let file = |error| PhoneError::File { path: path.clone(), error };
        let text = std::fs::read(&path).map_err(file)?;
        let Kept { settings, inbox } =
            serde_json::from_slice(&text).map_err(|error| file(std::io::Error::other(error)))?;
        let keyring = DeviceKeyring::open(&directory.join("keystore"))?;
        let client = Client::new(&settings.platform, &settings.device, keyring.signing()?);
        Ok(Phone {
            directory: directory.to_owned(),
            store: Store::open(&directory.join("phone"), schema(), clock)?,
            telephone: Telephone::at(settings.telephone, watch.clone()),
            client: client.watched(watch),
            keyring,
            settings,
            inbox: Mutex::new(inbox),
            fresh: 0.into(),
            defences: ::wallet::defences::Defences::ALL,
        })
    }

    fn save(&self, inbox: Inbox) -> Result<(), PhoneError> {
        let path = self.directory.join("phone.json");
        let kept = Kept { settings: self.settings.clone(), inbox };
        let text = serde_json::to_vec_pretty(&kept).expect("strings and numbers are JSON");
        // Written beside and renamed, so that a crash leaves the old or the new one.
        let beside = path.with_extension("json.new");
        let written = std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, &path));
        written.map_err(|error| PhoneError::File { path, error })
    }

    /// Whether a passcode still opens it: after too many wrong ones its keys are gone.
    pub fn can_be_opened(&self) -> Result<bool, PhoneError> {
        Ok(self.record()?.lock.is_some())
    }

    /// Gives the phone up: its cards are removed here and at the platform, then its records and keys are destroyed, so that
    /// it can be set up again. Without the platform nothing is destroyed, since only these keys can tell it.
    pub fn give_up(&self) -> Result<(), PhoneError> {
        let (cards, _) = self.cards()?;
        for card in cards {
            self.delete(card.token)?;
        }
        self.sync()?;
        self.destroy()
    }

    /// Leaves: the platform deletes the cards and forgets this phone, and with the last phone its owner; then everything
    /// here is destroyed. Without the platform nothing is destroyed, since only these keys can tell it.
    pub fn leave(&self) -> Result<ForgottenDevice, PhoneError> {
        let path = format!("/v1/devices/{}/forget", self.settings.device);
        let forgotten = match self.post(&path, &serde_json::json!({})) {
            // It was forgotten before, and the answer was lost: nobody there knows this key any more.
            Err(PhoneError::Client(ClientError::Problem(problem))) if problem.status == 401 => {
                ForgottenDevice::default()
            }
            answered => answered?,
        };
        self.destroy()?;
        Ok(forgotten)
    }

    /// What the platform holds of this phone's owner, and who looked at it.
    pub fn held(&self) -> Result<HeldOfCustomer, PhoneError> {
        self.get("/v1/privacy")
    }

    /// Destroys records and keys.
    fn destroy(&self) -> Result<(), PhoneError> {
        self.store.close();
        let file = |path: &Path, done: std::io::Result<()>| match done {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(PhoneError::File { path: path.to_owned(), error })
            }
            _ => Ok(()),
        };
        // First what says that it is set up: whatever is left after a crash belongs to nobody.
        let settings = self.directory.join("phone.json");
        file(&settings, std::fs::remove_file(&settings))?;
        let keystore = self.directory.join("keystore");
        file(&keystore, std::fs::remove_dir_all(&keystore))?;
        let unreadable = |error| PhoneError::File { path: self.directory.clone(), error };
        for entry in std::fs::read_dir(&self.directory).map_err(unreadable)?.flatten() {
            if entry.file_name().to_string_lossy().starts_with("phone") {
                file(&entry.path(), std::fs::remove_file(entry.path()))?;
            }
        }
        Ok(())
    }

    /// The phone's records.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Its telephone number.
    pub fn number(&self) -> &str {
        &self.settings.number
    }

    /// Its name at the platform.
    pub fn device(&self) -> &str {
        &self.settings.device
    }

    /// Host and port of the platform.
    pub fn platform(&self) -> &str {
        &self.settings.platform
    }

    /// Fetches new text messages into the phone.
    pub fn fetch_texts(&self) -> Result<Vec<InboxMessage>, PhoneError> {
        // Two who fetch at once get each message once.
        let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        let fetched = self.telephone.inbox(&self.settings.number, inbox.inbox_read);
        let fetched = fetched.map_err(|error| ClientError::Unreachable(error.to_string()))?;
        let mut texts = Vec::new();
        for (sequence, text) in fetched {
            let digest = crypto::hash::sha256(text.id.as_bytes());
            let id = u128::from_be_bytes(*digest.first_chunk().expect("32 bytes hold 16"));
            let message = InboxMessage {
                id: Id::from_u128(id),
                sender: text.from,
                text: text.text,
                at: Timestamp::from_millis(text.at),
            };
            self.run(ReceiveText { message: message.clone() })?;
            inbox.inbox_read = sequence;
            texts.push(message);
        }
        if !texts.is_empty() {
            self.save(*inbox)?;
        }
        Ok(texts)
    }

    /// Until when its owner has looked at the texts.
    pub fn texts_seen(&self) -> Timestamp {
        Timestamp::from_millis(self.inbox.lock().unwrap_or_else(PoisonError::into_inner).inbox_seen)
    }

    /// Its owner has looked at all texts that came until `at`.
    pub fn see_texts(&self, at: Timestamp) -> Result<(), PhoneError> {
        let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        if inbox.inbox_seen >= at.millis() {
            return Ok(());
        }
        inbox.inbox_seen = at.millis();
        self.save(*inbox)
    }

    /// All text messages on the phone, oldest first.
    pub fn texts(&self) -> Result<Vec<InboxMessage>, PhoneError> {
        let mut texts = self.store.read(|records| records.all::<InboxMessage>())?;
        texts.sort_by_key(|text| (text.at, text.id));
        Ok(texts)
    }

    /// Waits a while for a text message with a six-digit code, as its owner would.
    fn wait_for_code(&self, from: &str) -> Result<String, PhoneError> {
        let until = Instant::now() + CODE_PATIENCE;
        loop {
            let texts = self.fetch_texts()?;
            let code = texts.iter().rev().find(|text| from.is_empty() || text.sender == from);
            if let Some(code) = code.and_then(|text| six_digits(&text.text)) {
                return Ok(code);
            }
            if Instant::now() > until {
                return Err(PhoneError::NoCode);
            }
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }

    fn post<A: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<A, PhoneError> {
        let key = hex::encode(crypto::random::bytes::<12>());
        self.fresh.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(self.client.post(path, &key, body, &fresh(self.store.clock().now()))?)
    }

    fn get<A: serde::de::DeserializeOwned>(&self, path: &str) -> Result<A, PhoneError> {
        Ok(self.client.get(path, &fresh(self.store.clock().now()))?)
    }

    fn run<O>(&self, operation: O) -> Result<O::Answer, PhoneError>
    where
        O: values::Operation,
        O::Refusal: std::fmt::Display,
    {
        match self.store.call(operation)? {
            store::Outcome::Done(answer) | store::Outcome::Repeated(answer) => Ok(answer),
            store::Outcome::Refused(refusal) => Err(PhoneError::Refused(refusal.to_string())),
            store::Outcome::Mismatch => Err(PhoneError::Refused("made before with other content".to_owned())),
        }
    }

    fn record(&self) -> Result<PhoneRecord, PhoneError> {
        let found = self.store.read(|records| PhoneRecord::of(records))?;
        found.ok_or_else(|| PhoneError::Refused("this phone is not bound".to_owned()))
    }
}

fn fresh(now: Timestamp) -> Freshness {
    Freshness { now, nonce: crypto::random::bytes() }
}

/// The first run of exactly six digits in a text.
pub(crate) fn six_digits(text: &str) -> Option<String> {
    text.split(|c: char| !c.is_ascii_digit()).find(|run| run.len() == 6).map(str::to_owned)
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn decode(text: &str) -> Result<Vec<u8>, PhoneError> {
    use base64::Engine as _;
    let decoded = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text);
    decoded.map_err(|_| PhoneError::Client(ClientError::Unreadable("a key")))
}

#[cfg(test)]
mod tests {
    use super::six_digits;

    #[test]
    fn a_code_is_found_in_a_text() {
        assert_eq!(six_digits("【中国银行】验证码482913,尾号1234的"), Some("482913".to_owned()));
        assert_eq!(six_digits("Paiza: 000001 binds"), Some("000001".to_owned()));
        assert_eq!(six_digits("1234567 and 12345"), None);
    }
}

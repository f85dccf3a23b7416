//! A phone: its records, its keys, its voice towards the platform, its inbox, its card in the field.
//!
//! Its directory is the phone. `keystore/` in it stands for the hardware key store of a real phone.

mod keystore;
mod present;
mod wallet;

pub use keystore::{DeviceKeyring, KeystoreError};
pub use present::{PresentError, Presentation, TapSeen};
pub(crate) use wallet::card_of;
pub use wallet::{Added, AskCode};

use crate::api;
use crate::client::{Client, ClientError, Freshness};
use crate::hosts::telephone::Telephone;
use crate::trace::Watch;
use ::wallet::history::{InboxMessage, ReceiveText};
use ::wallet::phone::{Bind, Phone as PhoneRecord, ServerKeys};
use ::wallet::unlock::{PasscodeError, new_lock};
use crypto::p256::AgreementKey;
use crypto::passphrase::Work;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
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
    inbox_read: u32,
}

/// A phone that is set up.
pub struct Phone {
    directory: PathBuf,
    settings: Settings,
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
        let file = |error| PhoneError::File { path: new.directory.to_owned(), error };
        std::fs::create_dir_all(new.directory).map_err(file)?;
        let keyring = DeviceKeyring::create(&new.directory.join("keystore"))?;
        let verification = AgreementKey::generate();
        let lock = new_lock(&verification, new.passcode, new.work, &crypto::random::bytes())?;
        let key = |bytes: &[u8]| encode(bytes);
        let register = api::RegisterDevice {
            phone_number: new.number.to_owned(),
            name: new.name.to_owned(),
            signing_key: key(&keyring.signing.public().to_sec1()),
            agreement_key: key(keyring.agreement.public().to_sec1()),
            verification_key: key(&lock.public),
        };
        let telephone = Telephone::at(new.telephone, new.watch.clone());
        let before = telephone.inbox(new.number, 0).map(|texts| texts.len() as u32).unwrap_or(0);
        let introduction = Client::new(new.platform, "new", keyring.signing()?).watched(new.watch.clone());
        let now = clock.now();
        let request = format!("register.{}", hex::encode(crypto::random::bytes::<8>()));
        let registered: api::DeviceRegistered =
            introduction.post("/v1/devices", &request, &register, &fresh(now))?;
        let store = Store::open(&new.directory.join("phone"), schema(), clock)?;
        let client = Client::new(new.platform, &registered.device, keyring.signing()?);
        let mut phone = Phone {
            directory: new.directory.to_owned(),
            settings: Settings {
                platform: new.platform.to_owned(),
                telephone: new.telephone,
                number: new.number.to_owned(),
                device: registered.device.clone(),
                card_data_key: registered.card_data_key.clone(),
                inbox_read: before,
            },
            store,
            keyring,
            client: client.watched(new.watch.clone()),
            telephone,
            fresh: 0.into(),
            defences: ::wallet::defences::Defences::ALL,
        };
        let code = phone.wait_for_code("Paiza")?;
        let confirm = api::ConfirmDevice { phone_number: new.number.to_owned(), code };
        let path = format!("/v1/devices/{}/confirm", registered.device);
        let confirmed: api::DeviceConfirmed = phone.post(&path, &confirm)?;
        let unreadable = |_| PhoneError::Client(ClientError::Unreadable("an identifier"));
        let bind = Bind {
            device: registered.device.parse().map_err(unreadable)?,
            customer: confirmed.customer.parse().map_err(unreadable)?,
            number: new.number.to_owned(),
            server: ServerKeys { signing: Vec::new(), sealing: decode(&registered.card_data_key)? },
            lock,
        };
        phone.run(bind)?;
        phone.save()?;
        Ok((phone, confirmed.recovery_code))
    }

    /// Opens a phone that was set up in this directory.
    pub fn open(directory: &Path, clock: Arc<dyn Clock>, watch: Watch) -> Result<Phone, PhoneError> {
        let path = directory.join("phone.json");
        let file = |error| PhoneError::File { path: path.clone(), error };
        let text = std::fs::read(&path).map_err(file)?;
        let settings: Settings =
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
            fresh: 0.into(),
            defences: ::wallet::defences::Defences::ALL,
        })
    }

    fn save(&self) -> Result<(), PhoneError> {
        let path = self.directory.join("phone.json");
        let text = serde_json::to_vec_pretty(&self.settings).expect("strings and numbers are JSON");
        // Written beside and renamed, so that a crash leaves the old or the new one.
        let beside = path.with_extension("json.new");
        let written = std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, &path));
        written.map_err(|error| PhoneError::File { path, error })
    }

    /// The phone's records.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Its telephone number.
    pub fn number(&self) -> &str {
        &self.settings.number
    }

    /// Fetches new text messages into the phone.
    pub fn fetch_texts(&mut self) -> Result<Vec<InboxMessage>, PhoneError> {
        let fetched = self.telephone.inbox(&self.settings.number, self.settings.inbox_read);
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
            self.settings.inbox_read = sequence;
            texts.push(message);
        }
        if !texts.is_empty() {
            self.save()?;
        }
        Ok(texts)
    }

    /// All text messages on the phone, oldest first.
    pub fn texts(&self) -> Result<Vec<InboxMessage>, PhoneError> {
        let mut texts = self.store.read(|records| records.all::<InboxMessage>())?;
        texts.sort_by_key(|text| (text.at, text.id));
        Ok(texts)
    }

    /// Waits a while for a text message with a six-digit code, as its owner would.
    fn wait_for_code(&mut self, from: &str) -> Result<String, PhoneError> {
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
            std::thread::sleep(Duration::from_millis(10));
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
fn six_digits(text: &str) -> Option<String> {
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

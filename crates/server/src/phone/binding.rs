//! Binding a phone to its telephone number: keys are made, a code comes as a text message, its owner types it.

use super::{
    CODE_PATIENCE, DeviceKeyring, Inbox, NewPhone, Phone, PhoneError, Settings, decode, encode, fresh,
    schema, six_digits,
};
use crate::api;
use crate::client::{Client, ClientError};
use crate::hosts::telephone::Telephone;
use crate::trace::Watch;
use ::wallet::phone::{Bind, PasscodeLock, ServerKeys};
use ::wallet::unlock::new_lock;
use crypto::p256::AgreementKey;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use store::{Clock, Store};

/// A phone that has registered its keys and waits for the code. It lives in memory alone: a phone that is switched off
/// now is set up from the beginning.
pub struct Binding {
    directory: PathBuf,
    settings: Settings,
    keyring: DeviceKeyring,
    lock: PasscodeLock,
    client: Client,
    introduction: Client,
    register: api::RegisterDevice,
    watch: Watch,
    telephone: Telephone,
    /// Texts that were there before are not about this.
    texts_before: u32,
    clock: Arc<dyn Clock>,
}

impl Binding {
    /// Makes keys and has a code sent to the number.
    pub fn begin(new: &NewPhone<'_>, clock: Arc<dyn Clock>) -> Result<Binding, PhoneError> {
        let file = |error| PhoneError::File { path: new.directory.to_owned(), error };
        std::fs::create_dir_all(new.directory).map_err(file)?;
        let keystore = new.directory.join("keystore");
        // Keys of a try that came to no end are nobody's yet: the platform never confirmed them.
        let unfinished = keystore.exists() && !Phone::is_set_up(new.directory);
        let keyring =
            if unfinished { DeviceKeyring::open(&keystore)? } else { DeviceKeyring::create(&keystore)? };
        let verification = AgreementKey::generate();
        let lock = new_lock(&verification, new.passcode, new.work, &crypto::random::bytes())?;
        let register = api::RegisterDevice {
            phone_number: new.number.to_owned(),
            name: new.name.to_owned(),
            signing_key: encode(&keyring.signing.public().to_sec1()),
            agreement_key: encode(keyring.agreement.public().to_sec1()),
            verification_key: encode(&lock.public),
        };
        let telephone = Telephone::at(new.telephone, new.watch.clone());
        let texts_before = telephone.inbox(new.number, 0).map(|texts| texts.len() as u32).unwrap_or(0);
        let introduction = Client::new(new.platform, "new", keyring.signing()?).watched(new.watch.clone());
        let registered = introduce(&introduction, &register, clock.as_ref())?;
        let client = Client::new(new.platform, &registered.device, keyring.signing()?);
        Ok(Binding {
            introduction,
            register,
            watch: new.watch.clone(),
            directory: new.directory.to_owned(),
            settings: Settings {
                platform: new.platform.to_owned(),
                telephone: new.telephone,
                number: new.number.to_owned(),
                device: registered.device,
                card_data_key: registered.card_data_key,
            },
            keyring,
            lock,
            client: client.watched(new.watch.clone()),
            telephone,
            texts_before,
            clock,
        })
    }

    /// Has another code sent: the platform sends one with every registration, and knows the phone by a new name.
    pub fn send_again(&mut self) -> Result<(), PhoneError> {
        let registered = introduce(&self.introduction, &self.register, self.clock.as_ref())?;
        let client = Client::new(&self.settings.platform, &registered.device, self.keyring.signing()?);
        self.client = client.watched(self.watch.clone());
        (self.settings.device, self.settings.card_data_key) = (registered.device, registered.card_data_key);
        Ok(())
    }

    /// The number the code goes to.
    pub fn number(&self) -> &str {
        &self.settings.number
    }

    /// The text messages that came since, oldest first: sender and text.
    pub fn texts(&self) -> Result<Vec<(String, String)>, PhoneError> {
        let texts = self.telephone.inbox(&self.settings.number, self.texts_before);
        let texts = texts.map_err(|error| ClientError::Unreachable(error.to_string()))?;
        Ok(texts.into_iter().map(|(_, text)| (text.from, text.text)).collect())
    }

    /// Waits a while for the code, as its owner would.
    pub fn wait_for_code(&self) -> Result<String, PhoneError> {
        let until = Instant::now() + CODE_PATIENCE;
        loop {
            let texts = self.texts()?;
            let code = texts.iter().rev().filter(|(from, _)| from == "Paiza");
            if let Some(code) = code.filter_map(|(_, text)| six_digits(text)).next() {
                return Ok(code);
            }
            if Instant::now() > until {
                return Err(PhoneError::NoCode);
            }
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }

    /// Proves the number by its code. Answers the phone and, for a new customer, the recovery code.
    ///
    /// A wrong code leaves the binding as it was, to be tried again as often as the platform allows.
    pub fn confirm(self, code: &str) -> Result<(Phone, Option<String>), PhoneError> {
        let confirmed = self.prove(code)?;
        self.finish(confirmed)
    }

    /// Asks the platform whether this is the code.
    pub fn prove(&self, code: &str) -> Result<api::DeviceConfirmed, PhoneError> {
        let number = self.settings.number.clone();
        let confirm = api::ConfirmDevice { phone_number: number, code: code.to_owned() };
        let path = format!("/v1/devices/{}/confirm", self.settings.device);
        let key = hex::encode(crypto::random::bytes::<12>());
        Ok(self.client.post(&path, &key, &confirm, &fresh(self.clock.now()))?)
    }

    /// The phone that belongs to its customer from now on.
    pub fn finish(self, confirmed: api::DeviceConfirmed) -> Result<(Phone, Option<String>), PhoneError> {
        let unreadable = |_| PhoneError::Client(ClientError::Unreadable("an identifier"));
        let bind = Bind {
            device: self.settings.device.parse().map_err(unreadable)?,
            customer: confirmed.customer.parse().map_err(unreadable)?,
            number: self.settings.number.clone(),
            server: ServerKeys { signing: Vec::new(), sealing: decode(&self.settings.card_data_key)? },
            lock: self.lock,
        };
        let inbox = Inbox { inbox_read: self.texts_before, inbox_seen: 0 };
        let phone = Phone {
            store: Store::open(&self.directory.join("phone"), schema(), self.clock)?,
            directory: self.directory,
            settings: self.settings,
            inbox: Mutex::new(inbox),
            keyring: self.keyring,
            client: self.client,
            telephone: self.telephone,
            fresh: 0.into(),
            defences: ::wallet::defences::Defences::ALL,
        };
        phone.run(bind)?;
        phone.save(inbox)?;
        // The code goes into the inbox, so that nobody takes it for a bank's later on.
        if let Err(error) = phone.fetch_texts() {
            tracing::info!(%error, "texts are fetched later");
        }
        Ok((phone, confirmed.recovery_code))
    }
}

/// Shows the platform the keys; a code goes to the number.
fn introduce(
    client: &Client,
    register: &api::RegisterDevice,
    clock: &dyn Clock,
) -> Result<api::DeviceRegistered, PhoneError> {
    let request = format!("register.{}", hex::encode(crypto::random::bytes::<8>()));
    Ok(client.post("/v1/devices", &request, register, &fresh(clock.now()))?)
}

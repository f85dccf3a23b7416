//! A phone in account payment: its key, its number, the page on which a PIN is typed.
//!
//! Its directory is the phone: `upi.json` says who it is, `upi-key.pem` holds its key. A PIN is sealed to its bank's key as soon
//! as it is typed and is written nowhere; the keys of banks are taken from the switch's own document, under the switch's
//! signature, so that whoever carries them can put no other in their place.

mod bills;
mod blocking;
mod disputes;
mod mandates;
pub mod purse;
mod splits;

use super::app::{
    Asked, Binding, Decision, Default as SetDefault, DeviceStatus, Link as LinkAccount, LinkKey, Mine,
    NewAddress, NewCollect, NewDevice, NewMerchant, NewPayment, NewRefund, QuestionName, Search, Shown,
    SignedKeys,
};
use crate::client::{Client, ClientError, Freshness};
use crate::hosts::telephone::{Telephone, TelephoneError};
use crate::trace::Watch;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypto::p256::{AgreementPublic, SigningKey, VerifyingKey};
use psp::payments::Begun;
use psp::records::{CollectRequest, DeviceState, LinkedAccount, QuestionState, Reply};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use store::Clock;
use upi::address::Address;
use upi::codes::Advice;
use upi::credential::{self, Purpose, Secret};
use upi::ids::{Prefix, TransactionId};
use upi::link::{Caution, Link};
use upi::messages::Profile;
use upi::signature::KeyRing;
use upi::xml::Element;
use values::{Money, SecretBytes};

/// How long the network's answer is waited for.
const PATIENCE: Duration = Duration::from_secs(40);
/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(15);

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum UpiPhoneError {
    /// The provider said no, or cannot be reached.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A bank, a provider or the switch said no.
    #[error("{said} ({code})")]
    Declined {
        /// The code.
        code: String,
        /// What that means.
        said: &'static str,
    },
    /// No answer came while it was waited for.
    #[error("no answer came")]
    NoAnswer,
    /// The telephone network.
    #[error(transparent)]
    Telephone(#[from] TelephoneError),
    /// No text with a one-time password came.
    #[error("no one-time password came by text message")]
    NoPassword,
    /// A file of the phone.
    #[error("{path}: {why}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The list of keys is not one that the switch signed, or has none of this bank.
    #[error("the bank's key is not to be had: {0}")]
    Keys(String),
    /// What was typed cannot be used.
    #[error("{0}")]
    Typed(&'static str),
}

/// Who the phone is, and where its counterparties are.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Settings {
    number: String,
    device: String,
    provider: SocketAddr,
    telephone: SocketAddr,
    /// What its provider's transactions begin with.
    prefix: String,
    /// The handle of its provider's addresses.
    handle: String,
}

/// A phone to be registered.
pub struct NewUpiPhone<'a> {
    /// Its folder.
    pub directory: &'a Path,
    /// The number of its SIM, such as `+919800000001`.
    pub number: &'a str,
    /// Where the provider listens.
    pub provider: SocketAddr,
    /// Where the telephone network listens.
    pub telephone: SocketAddr,
    /// Who watches.
    pub watch: Watch,
}

/// A registered phone.
pub struct UpiPhone {
    directory: PathBuf,
    settings: Settings,
    client: Client,
    /// The same, for looking again and again: nobody watches that.
    looking: Client,
    telephone: Telephone,
    clock: Arc<dyn Clock>,
    /// The switch's keys, pinned.
    ring: KeyRing,
    /// The keys of banks, once they were asked for.
    bank_keys: Mutex<HashMap<String, AgreementPublic>>,
}

impl UpiPhone {
    /// Registers a phone: it makes a key, and sends a text from its SIM until the provider has bound it to its number.
    pub fn register(new: &NewUpiPhone<'_>, clock: Arc<dyn Clock>) -> Result<UpiPhone, UpiPhoneError> {
        let NewUpiPhone { directory, number, provider, telephone, watch } = new;
        let mobile = upi::address::Mobile::parse(number);
        mobile
            .ok_or(UpiPhoneError::Typed("a mobile number of India has ten digits that begin with 6 to 9"))?;
        let key = SigningKey::generate();
        let document = key.to_pkcs8();
        let hexadecimal = hex::encode(key.public().to_sec1());
        let authority = provider.to_string();
        let fresh = || Freshness { now: clock.now(), nonce: crypto::random::bytes() };
        let stranger = Client::new(&authority, "new", key).watched(watch.clone());
        let binding: Binding =
            stranger.post("/v1/upi/devices", "", &NewDevice { key: hexadecimal }, &fresh())?;
        let settings = Settings {
            number: (*number).to_owned(),
            device: binding.device.clone(),
            provider: *provider,
            telephone: *telephone,
            prefix: binding.prefix.clone(),
            handle: binding.handle.clone(),
        };
        let file = |name: &str, why: String| UpiPhoneError::File { path: directory.join(name), why };
        std::fs::create_dir_all(directory).map_err(|why| file("", why.to_string()))?;
        let pem = crypto::pem::write("PRIVATE KEY", document.expose());
        write_private(&directory.join("upi-key.pem"), pem.as_bytes())
            .map_err(|why| file("upi-key.pem", why.to_string()))?;
        let json = serde_json::to_vec_pretty(&settings).expect("texts are JSON");
        write_private(&directory.join("upi.json"), &json).map_err(|why| file("upi.json", why.to_string()))?;
        let phone = UpiPhone::open(directory, clock, watch.clone())?;
        let id = format!("bind.{}", binding.device);
        phone.telephone.send_from_sim(&id, number, &binding.send_to, &binding.text)?;
        phone.until(|| {
            let status: DeviceStatus = phone.look("/v1/upi/device")?;
            Ok((status.state != DeviceState::Waiting).then_some(()))
        })?;
        Ok(phone)
    }

    /// Opens the phone in a folder.
    pub fn open(directory: &Path, clock: Arc<dyn Clock>, watch: Watch) -> Result<UpiPhone, UpiPhoneError> {
        let read = |name: &str| {
            let path = directory.join(name);
            let text = std::fs::read_to_string(&path);
            text.map_err(|why| UpiPhoneError::File { path, why: why.to_string() })
        };
        let broken = |name: &str| {
            let why = "not as this phone wrote it".to_owned();
            UpiPhoneError::File { path: directory.join(name), why }
        };
        let settings: Settings = serde_json::from_str(&read("upi.json")?).map_err(|_| broken("upi.json"))?;
        let pem = read("upi-key.pem")?;
        let key = || {
            let document = crypto::pem::read(&pem).map(|(_, document)| document);
            let key = document.and_then(|document| SigningKey::from_pkcs8(document.expose()).ok());
            key.ok_or_else(|| broken("upi-key.pem"))
        };
        let provider = settings.provider.to_string();
        let client = Client::new(&provider, &settings.device, key()?).watched(watch.clone());
        let looking = Client::new(&provider, &settings.device, key()?);
        let telephone = Telephone::at(settings.telephone, watch);
        let ring = sandbox::upi::keys::key_ring();
        let (directory, bank_keys) = (directory.to_owned(), Mutex::default());
        Ok(UpiPhone { directory, settings, client, looking, telephone, clock, ring, bank_keys })
    }

    fn fresh(&self) -> Freshness {
        Freshness { now: self.clock.now(), nonce: crypto::random::bytes() }
    }

    fn get<A: DeserializeOwned>(&self, path: &str) -> Result<A, UpiPhoneError> {
        Ok(self.client.get(path, &self.fresh())?)
    }

    fn look<A: DeserializeOwned>(&self, path: &str) -> Result<A, UpiPhoneError> {
        Ok(self.looking.get(path, &self.fresh())?)
    }

    fn post<A: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<A, UpiPhoneError> {
        Ok(self.client.post(path, "", body, &self.fresh())?)
    }

    /// Looks until there is something to see.
    fn until<T>(
        &self,
        mut look: impl FnMut() -> Result<Option<T>, UpiPhoneError>,
    ) -> Result<T, UpiPhoneError> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some(seen) = look()? {
                return Ok(seen);
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        Err(UpiPhoneError::NoAnswer)
    }

    /// Asks, and waits for the answer.
    fn ask(&self, asked: &Asked) -> Result<(String, Reply), UpiPhoneError> {
        self.ask_at("/v1/upi/questions", asked)
    }

    fn ask_at(&self, path: &str, asked: &impl Serialize) -> Result<(String, Reply), UpiPhoneError> {
        let name: QuestionName = self.post(path, asked)?;
        let path = format!("/v1/upi/questions/{}", name.question);
        let reply = self.until(|| match self.look(&path)? {
            QuestionState::Waiting => Ok(None),
            QuestionState::Answered(reply) => Ok(Some(reply)),
            QuestionState::Failed(code) => {
                let said = advice_of(&code).say(upi::codes::Language::English);
                Err(UpiPhoneError::Declined { said, code })
            }
        })?;
        Ok((name.question, reply))
    }

    /// The handle of addresses that the provider makes.
    pub fn handle(&self) -> &str {
        &self.settings.handle
    }

    /// What the phone's number has at its provider.
    pub fn mine(&self) -> Result<Mine, UpiPhoneError> {
        self.get("/v1/upi/mine")
    }

    /// The banks whose accounts can be linked: name, and the first four letters of their branch codes.
    pub fn banks(&self) -> Result<Vec<(String, String)>, UpiPhoneError> {
        match self.ask(&Asked::Banks)?.1 {
            Reply::Banks(banks) => Ok(banks),
            _ => Err(UpiPhoneError::NoAnswer),
        }
    }

    /// The accounts that the number has at a bank, and the question by which they can be linked.
    pub fn accounts(&self, bank: &str) -> Result<(String, Vec<LinkedAccount>), UpiPhoneError> {
        let ifsc = if bank.len() == 4 { format!("{bank}0000001") } else { bank.to_owned() };
        match self.ask(&Asked::Accounts { ifsc })? {
            (question, Reply::Accounts(accounts)) => Ok((question, accounts)),
            _ => Err(UpiPhoneError::NoAnswer),
        }
    }

    /// Links an account that was listed.
    pub fn link(&self, question: &str, account: &str) -> Result<(), UpiPhoneError> {
        let link = LinkAccount { question: question.to_owned(), account: account.to_owned() };
        self.post("/v1/upi/accounts", &link)
    }

    /// Makes an address that leads to an account; to the first one if `account` is empty.
    pub fn make_address(&self, address: &str, account: &str) -> Result<(), UpiPhoneError> {
        let new = NewAddress { address: address.to_owned(), account: account.to_owned() };
        self.post("/v1/upi/addresses", &new)
    }

    /// Pays from and into this account first.
    pub fn set_default(&self, account: &str) -> Result<(), UpiPhoneError> {
        self.post("/v1/upi/default", &SetDefault { account: account.to_owned() })
    }

    /// Sets the PIN of a linked account, with its debit card and the one-time password that comes by text.
    pub fn set_pin(
        &self,
        account: &LinkedAccount,
        (card, expiry): (&str, &str),
        pin: &SecretBytes,
    ) -> Result<(), UpiPhoneError> {
        let before = self.ask_password(account)?;
        let password = self.until(|| Ok(self.password_after(before)?))?;
        self.set_pin_by(account, (card, expiry), &password, pin)
    }

    /// Has the bank of a linked account send a one-time password. Answers the number of the last text that came before it.
    pub fn ask_password(&self, account: &LinkedAccount) -> Result<u32, UpiPhoneError> {
        let before =
            self.telephone.inbox(&self.settings.number, 0)?.last().map_or(0, |(sequence, _)| *sequence);
        self.ask(&Asked::Password { account: account.reference.clone() })?;
        Ok(before)
    }

    /// The newest text that came after this one.
    pub fn text_after(&self, before: u32) -> Result<Option<crate::api::TextMessage>, UpiPhoneError> {
        Ok(self.telephone.inbox(&self.settings.number, before)?.pop().map(|(_, text)| text))
    }

    /// Sets the PIN of a linked account, with its debit card and the one-time password.
    pub fn set_pin_by(
        &self,
        account: &LinkedAccount,
        (card, expiry): (&str, &str),
        password: &SecretBytes,
        pin: &SecretBytes,
    ) -> Result<(), UpiPhoneError> {
        let bank = self.bank_key(&account.ifsc)?;
        let transaction = self.transaction();
        let purpose = Purpose { transaction: transaction.clone(), paise: 0, payee: String::new() };
        let credentials = vec![
            credential::seal(Secret::OneTimePassword, password.expose(), &purpose, &bank),
            credential::seal(Secret::Pin, pin.expose(), &purpose, &bank),
        ];
        let (account, card, expiry) = (account.reference.clone(), card.to_owned(), expiry.to_owned());
        self.ask(&Asked::SetPin { account, card, expiry, transaction, credentials })?;
        Ok(())
    }

    /// Sets another PIN.
    pub fn change_pin(
        &self,
        account: &LinkedAccount,
        old: &SecretBytes,
        new: &SecretBytes,
    ) -> Result<(), UpiPhoneError> {
        let bank = self.bank_key(&account.ifsc)?;
        let transaction = self.transaction();
        let purpose = Purpose { transaction: transaction.clone(), paise: 0, payee: String::new() };
        let seal = |pin: &SecretBytes| credential::seal(Secret::Pin, pin.expose(), &purpose, &bank);
        let (old, new, account) = (seal(old), seal(new), account.reference.clone());
        self.ask(&Asked::ChangePin { account, transaction, old, new })?;
        Ok(())
    }

    /// What may still leave a linked account, in rupees.
    pub fn balance(&self, account: &LinkedAccount, pin: &SecretBytes) -> Result<String, UpiPhoneError> {
        let transaction = self.transaction();
        let purpose = Purpose { transaction: transaction.clone(), paise: 0, payee: String::new() };
        let bank = self.bank_key(&account.ifsc)?;
        let pin = credential::seal(Secret::Pin, pin.expose(), &purpose, &bank);
        let account = account.reference.clone();
        match self.ask(&Asked::Balance { account, transaction, pin })?.1 {
            Reply::Balance(balance) => Ok(balance),
            _ => Err(UpiPhoneError::NoAnswer),
        }
    }

    /// Who is behind an address: the name its provider has registered.
    pub fn resolve(&self, address: &str) -> Result<String, UpiPhoneError> {
        Ok(self.look_up(address)?.name)
    }

    /// Who is behind an address, what they are, and where their account is.
    pub fn look_up(&self, address: &str) -> Result<Whose, UpiPhoneError> {
        match self.ask(&Asked::Resolve { address: address.to_owned() })?.1 {
            Reply::Resolved { name, category, ifsc } => Ok(Whose { name, category, ifsc }),
            _ => Err(UpiPhoneError::NoAnswer),
        }
    }

    /// An order to pay, with the PIN sealed for it and nothing else.
    pub fn order(
        &self,
        account: &LinkedAccount,
        (payee, payee_name): (&str, Option<&str>),
        amount: Money,
        note: Option<&str>,
        pin: &SecretBytes,
    ) -> Result<NewPayment, UpiPhoneError> {
        let address = Address::parse(payee).map_err(|_| UpiPhoneError::Typed("not an address"))?;
        let transaction = self.transaction();
        let purpose =
            Purpose { transaction: transaction.clone(), paise: amount.minor(), payee: address.to_lower() };
        let bank = self.bank_key(&account.ifsc)?;
        Ok(NewPayment {
            transaction,
            account: account.reference.clone(),
            payee: payee.to_owned(),
            payee_name: payee_name.map(str::to_owned),
            payee_category: None,
            amount: amount.to_decimal(),
            note: note.map(str::to_owned),
            begun: Begun::default(),
            pin: credential::seal(Secret::Pin, pin.expose(), &purpose, &bank),
        })
    }

    /// Sends an order; the payment as it stands then.
    pub fn pay(&self, order: &NewPayment) -> Result<Shown, UpiPhoneError> {
        self.post("/v1/upi/payments", order)
    }

    /// Takes payments as a merchant from now on.
    pub fn become_merchant(&self, name: &str, category: &str) -> Result<(), UpiPhoneError> {
        let new = NewMerchant { name: name.to_owned(), category: category.to_owned() };
        self.post("/v1/upi/merchant", &new)
    }

    /// Asks somebody for money, as a merchant.
    pub fn collect(
        &self,
        payer: &str,
        amount: Money,
        note: Option<&str>,
        minutes: u32,
    ) -> Result<Shown, UpiPhoneError> {
        let (payer, note) = (payer.to_owned(), note.map(str::to_owned));
        self.post("/v1/upi/collects", &NewCollect { payer, amount: amount.to_decimal(), note, minutes })
    }

    /// What merchants ask for, the newest first.
    pub fn requests(&self) -> Result<Vec<CollectRequest>, UpiPhoneError> {
        self.look("/v1/upi/collects")
    }

    /// Pays what a merchant asks for.
    pub fn approve(
        &self,
        request: &CollectRequest,
        account: &LinkedAccount,
        pin: &SecretBytes,
    ) -> Result<(), UpiPhoneError> {
        let purpose =
            Purpose { transaction: request.id.clone(), paise: request.paise, payee: request.payee.clone() };
        let bank = self.bank_key(&account.ifsc)?;
        let pin = Some(credential::seal(Secret::Pin, pin.expose(), &purpose, &bank));
        let decision = Decision { account: account.reference.clone(), pin };
        let _: Option<Shown> = self.post(&format!("/v1/upi/collects/{}", request.id), &decision)?;
        Ok(())
    }

    /// Does not pay what a merchant asks for.
    pub fn decline(&self, request: &str) -> Result<(), UpiPhoneError> {
        let decision = Decision { account: String::new(), pin: None };
        let _: Option<Shown> = self.post(&format!("/v1/upi/collects/{request}"), &decision)?;
        Ok(())
    }

    /// Gives back what a payment brought, or a part of it; the refund's transaction.
    pub fn refund(
        &self,
        original: &str,
        amount: Option<Money>,
        note: Option<&str>,
    ) -> Result<Shown, UpiPhoneError> {
        let new = NewRefund {
            transaction: self.transaction(),
            amount: amount.map(Money::to_decimal),
            note: note.map(str::to_owned),
        };
        self.post(&format!("/v1/upi/payments/{original}/refunds"), &new)
    }

    /// A payment as it stands now.
    pub fn payment(&self, transaction: &str) -> Result<Shown, UpiPhoneError> {
        self.look(&format!("/v1/upi/payments/{transaction}"))
    }

    /// Looks at a payment until it has ended, or for as long as the person looks at the screen.
    pub fn see_end(&self, transaction: &str, patience: Duration) -> Result<Shown, UpiPhoneError> {
        let waits = |shown: &Shown| shown.payment.state == psp::records::PaymentState::Pending;
        see(patience, || self.payment(transaction), waits)
    }

    /// The last payments, newest first.
    pub fn payments(&self) -> Result<Vec<Shown>, UpiPhoneError> {
        self.get("/v1/upi/payments")
    }

    /// The last payments in whose names, addresses, notes or references this text occurs, newest first.
    pub fn payments_with(&self, text: &str) -> Result<Vec<Shown>, UpiPhoneError> {
        self.post("/v1/upi/payments/search", &Search { text: text.to_owned() })
    }

    /// Texts that came to the phone's number.
    pub fn texts(&self) -> Result<Vec<crate::api::TextMessage>, UpiPhoneError> {
        Ok(self.telephone.inbox(&self.settings.number, 0)?.into_iter().map(|(_, text)| text).collect())
    }

    /// The newest six digits that came by text after this one.
    fn password_after(&self, before: u32) -> Result<Option<SecretBytes>, TelephoneError> {
        let texts = self.telephone.inbox(&self.settings.number, before)?;
        let digits = |text: &str| {
            let mut runs = text.split(|c: char| !c.is_ascii_digit()).filter(|run| run.len() == 6);
            runs.next().map(|run| SecretBytes::new(run.as_bytes().to_vec()))
        };
        Ok(texts.iter().rev().find_map(|(_, text)| digits(&text.text)))
    }

    fn transaction(&self) -> String {
        // A provider that names no prefix refuses what has another one.
        let prefix = Prefix::parse(&self.settings.prefix).or(Prefix::parse("PZA")).expect("three letters");
        TransactionId::mint(prefix, crypto::random::bytes()).as_str().to_owned()
    }

    /// The key of a bank, from the list that the switch signed.
    fn bank_key(&self, ifsc: &str) -> Result<AgreementPublic, UpiPhoneError> {
        let bank = ifsc.get(..4).unwrap_or_default();
        if let Some(key) = self.bank_keys.lock().unwrap_or_else(PoisonError::into_inner).get(bank) {
            return Ok(*key);
        }
        let key = self.fetch_key(bank)?;
        self.bank_keys.lock().unwrap_or_else(PoisonError::into_inner).insert(bank.to_owned(), key);
        Ok(key)
    }

    fn fetch_key(&self, bank: &str) -> Result<AgreementPublic, UpiPhoneError> {
        let no = |why: &str| UpiPhoneError::Keys(why.to_owned());
        let asked = match self.get::<SignedKeys>("/v1/upi/keys") {
            Err(UpiPhoneError::Client(ClientError::Problem(problem))) if problem.status == 404 => None,
            asked => Some(asked?),
        };
        let signed = match asked {
            Some(signed) => signed,
            None => {
                self.ask(&Asked::Keys)?;
                self.get("/v1/upi/keys")?
            }
        };
        let document = STANDARD.decode(signed.document).map_err(|_| no("not base64"))?;
        let switch = &sandbox::upi::directory::UpiDirectory::sandbox().switch.organisation;
        let verified = self.ring.verify(&document, self.clock.now()).map_err(|why| no(&why.to_string()))?;
        if verified.sender().as_str() != switch {
            return Err(no("not the switch's"));
        }
        if !upi::messages::lint(verified.document(), Profile::public()).is_empty() {
            return Err(no("not a list of keys"));
        }
        let list = verified.document().root.child("keyList").ok_or_else(|| no("no list of keys"))?;
        let is_of = |key: &&Element| {
            key.attribute("owner") == Some(bank) && key.attribute("ki") == Some(credential::ALGORITHM)
        };
        let key = list.children_named("key").find(is_of).ok_or_else(|| no("no key of this bank"))?;
        let value = key.child("keyValue").and_then(Element::text).ok_or_else(|| no("a key without value"))?;
        let bytes = hex::decode(value).map_err(|_| no("not hexadecimal"))?;
        AgreementPublic::from_sec1(&bytes).map_err(|_| no("not a key"))
    }
}

/// Who is behind an address, as its provider says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whose {
    /// The registered name.
    pub name: String,
    /// Merchant category; 0000 for a person.
    pub category: String,
    /// Branch code of the account behind it, where it is told.
    pub ifsc: Option<String>,
}

/// What a person is told about a no of a bank, a provider or the switch.
pub fn advice_of(code: &str) -> Advice {
    let advice = upi::codes::classify("U30", Some(code)).advice;
    upi::codes::find(code, None).map_or(advice, |row| row.advice)
}

/// What is known of who made a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vouched {
    /// Nobody signed it, or somebody whose key nobody knows here.
    No,
    /// The organisation that it names signed every byte of it.
    Yes,
    /// It names an organisation whose signature it does not carry: somebody changed it, or made it up.
    Forged,
}

impl UpiPhone {
    /// Whether the organisation that a link names vouches for it, by the keys that the phone's provider knows.
    pub fn vouched(&self, link: &Link) -> Result<Vouched, UpiPhoneError> {
        let (Some(_), Some(named)) = (link.value("sign"), &link.request.organisation) else {
            return Ok(Vouched::No);
        };
        let keys: Vec<LinkKey> = self.look("/v1/upi/link_keys")?;
        let key = keys.iter().find(|key| key.organisation == *named);
        let key = key.and_then(|key| VerifyingKey::from_spki(&hex::decode(&key.key).ok()?).ok());
        Ok(match key {
            None => Vouched::No,
            Some(key) if link.clone().verify(&key).is_ok() => Vouched::Yes,
            Some(_) => Vouched::Forged,
        })
    }
}

/// How a payment begins that a link asks for. A link is one that somebody vouches for only if it is signed and its signature was
/// `checked`, whatever it says.
pub fn begun_by(link: &Link, checked: bool) -> Begun {
    let unsigned = !checked || link.cautions.contains(&Caution::Unsigned);
    let request = &link.request;
    Begun {
        mode: request.mode.clone().filter(|mode| !(unsigned && ["02", "05"].contains(&mode.as_str()))),
        purpose: request.purpose.clone(),
        reference: request.reference.clone(),
    }
}

/// Writes a file that its owner alone can read.
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path)?.write_all(bytes)
}

/// Looks at something while it waits for somebody else, at most so long; how it stands then.
fn see<T>(
    patience: Duration,
    look: impl Fn() -> Result<T, UpiPhoneError>,
    waits: impl Fn(&T) -> bool,
) -> Result<T, UpiPhoneError> {
    let began = Instant::now();
    loop {
        let seen = look()?;
        if !waits(&seen) || began.elapsed() >= patience {
            return Ok(seen);
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

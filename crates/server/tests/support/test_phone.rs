//! A phone for tests of readers: the wallet's card application over records in memory, in a vpcd reader's field.

use crypto::emv_keys::{Algorithm, MasterKey, session_key, split};
use crypto::jwe;
use crypto::p256::AgreementKey;
use crypto::passphrase::Work;
use server::vpcd::{CardEnd, Request, VpcdError};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use values::{
    Country, Currency, Expiry, Id, LastFour, Operation, Outbound, Record, Records, Secret, Timestamp,
    TokenNumber,
};
use wallet::application::{CardApplication, Context, NoKey, Notice, Reaction};
use wallet::card::{self, AddCard, Card, CardState, Profile};
use wallet::keys::{Counter, DEVICE_CONTEXT, KeySlot, StoreKeys, USER_CONTEXT, key_id};
use wallet::phone::{BeginUnlock, Bind, Phone, ServerKeys, Unlocking};
use wallet::unlock::{self, Verified};

/// The token of the card on this phone.
pub(crate) const TOKEN: &str = "6290001234567893";
const PASSCODE: &[u8] = b"2468ace";

/// What the disk holds.
#[derive(Default)]
struct Disk(BTreeMap<(&'static str, Vec<u8>), Vec<u8>>);

impl Records for Disk {
    fn find<R: Record>(&mut self, key: &R::Key) -> Option<R> {
        let bytes = self.0.get(&(R::TABLE, postcard::to_allocvec(key).unwrap()))?;
        Some(postcard::from_bytes(bytes).unwrap())
    }
    fn put<R: Record>(&mut self, record: R) {
        let key = postcard::to_allocvec(&record.key()).unwrap();
        self.0.insert((R::TABLE, key), postcard::to_allocvec(&record).unwrap());
    }
    fn remove<R: Record>(&mut self, key: &R::Key) {
        self.0.remove(&(R::TABLE, postcard::to_allocvec(key).unwrap()));
    }
    fn send(&mut self, _: Outbound) {}
    fn cancel(&mut self, _: &str, _: &str) {}
    fn note(&mut self, _: &'static str, _: &str, _: &str) {}
}

/// A phone with one card and ten keys.
pub(crate) struct TestPhone {
    disk: Disk,
    application: CardApplication,
    unlocked: Option<Verified>,
    now: Timestamp,
    answer_to_reset: &'static [u8],
    tear: Option<usize>,
}

impl TestPhone {
    pub(crate) fn new(now: Timestamp) -> TestPhone {
        let mut disk = Disk::default();
        let key = |seed| AgreementKey::from_bytes(&Secret::new([seed; 32])).unwrap();
        let (device, user) = (key(1), key(2));
        let lock = unlock::new_lock(&user, PASSCODE, Work::TEST, &[3; 28]).unwrap();
        let bind = Bind {
            device: Id::from_u128(1),
            customer: Id::from_u128(2),
            number: "+8613800000000".to_owned(),
            server: ServerKeys { signing: vec![], sealing: vec![] },
            lock,
        };
        bind.apply(&mut disk, now).unwrap();
        let card = card();
        let (token, profile) = (card.token, card.profile);
        AddCard { card: card.clone() }.apply(&mut disk, now).unwrap();
        let keys = (1..=10).map(|atc| slot(&card, atc, &device, &user)).collect();
        StoreKeys { token, keys }.apply(&mut disk, now).unwrap();
        let counter = disk.find::<Counter>(&token).unwrap();
        TestPhone {
            disk,
            application: CardApplication::present(card, counter, profile, device).unwrap(),
            unlocked: None,
            now,
            answer_to_reset: wallet::atr::for_profile(profile),
            tear: None,
        }
    }

    /// Its owner typed the passcode.
    pub(crate) fn unlocked(mut self) -> TestPhone {
        let lock = Phone::of(&mut self.disk).unwrap().lock.unwrap();
        let Ok(Unlocking::Try(ticket)) = BeginUnlock.apply(&mut self.disk, self.now) else { panic!("a try") };
        let verified = unlock::open(ticket, &lock, PASSCODE).unwrap();
        verified.confirm().apply(&mut self.disk, self.now).unwrap();
        self.unlocked = Some(verified);
        self
    }

    /// It leaves the field in the middle of this answer, counted from 0.
    pub(crate) fn torn_at(mut self, command: usize) -> TestPhone {
        self.tear = Some(command);
        self
    }

    /// Enters a field and answers until the reader is done with it. Answers itself and what its owner saw.
    pub(crate) fn present(mut self, reader: SocketAddr) -> (TestPhone, Vec<Notice>) {
        let mut field = entered(reader);
        self.application.reset();
        let (mut seen, mut commands) = (Vec::new(), 0);
        loop {
            match field.request() {
                Ok(Request::Command(command)) => {
                    let (answer, notice) = self.answer(&command);
                    seen.extend(notice);
                    if self.tear == Some(commands) {
                        self.tear = None;
                        field.tear(&answer, answer.len() / 2).unwrap();
                        return (self, seen);
                    }
                    commands += 1;
                    field.respond(&answer).unwrap();
                }
                Ok(Request::AnswerToReset) => field.respond(self.answer_to_reset).unwrap(),
                Ok(Request::PowerOff | Request::PowerOn | Request::Reset) => self.application.reset(),
                Err(VpcdError::Removed | VpcdError::Socket(_)) => return (self, seen),
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn answer(&mut self, command: &[u8]) -> (Vec<u8>, Option<Notice>) {
        let context = Context { unlocked: self.unlocked.as_ref(), now: self.now, entropy: [5; 16] };
        let answer = match self.application.command(command, &context) {
            Reaction::Respond(answer) => answer,
            Reaction::Commit(operation, pending) => {
                let result = operation.apply(&mut self.disk, self.now).map_err(NoKey::from);
                self.application.committed(pending, result, &context)
            }
        };
        (answer.bytes, answer.notice)
    }
}

fn card() -> Card {
    Card {
        token: Id::from_u128(7),
        number: TokenNumber::parse(TOKEN.as_bytes()).unwrap(),
        expiry: Expiry::new(30, 12).unwrap(),
        sequence: 1,
        aid: vec![0xA0, 0, 0, 3, 0x33, 1, 1, 2],
        label: "UnionPay Credit".to_owned(),
        last_four: LastFour::from_ascii(b"1111").unwrap(),
        card_expiry: None,
        issuer: "Bank of China".to_owned(),
        art: "boc-credit".to_owned(),
        nickname: None,
        state: CardState::Active,
        state_version: 1,
        suspended_here: false,
        algorithm: card::Algorithm::Sm4,
        key_index: 1,
        profile: Profile::Contactless,
        currency: Currency::CNY,
        country: Country::CHINA,
        service_code: 220,
        requestor: "12345678901".to_owned(),
        par: String::new(),
        limit_per_tap: None,
        limit_cumulative: None,
        certificates: None,
    }
}

/// A key as the token service makes it: two halves, each sealed.
fn slot(card: &Card, atc: u16, device: &AgreementKey, user: &AgreementKey) -> KeySlot {
    let master = MasterKey::new(Algorithm::Sm4, &Secret::new([4; 16]));
    let key = session_key(Algorithm::Sm4, &master.derive_token_key(card.number, card.sequence), atc);
    let user_part = Secret::new([atc as u8; 16]);
    let device_part = split(&key, &user_part);
    let name = key_id(card.token, atc);
    KeySlot {
        token: card.token,
        atc,
        device_part: jwe::seal(&device.public(), &name, device_part.expose(), DEVICE_CONTEXT),
        user_part: Some(jwe::seal(&user.public(), &name, user_part.expose(), USER_CONTEXT)),
        good_until: None,
    }
}

/// Enters a reader's field as soon as it is on: a reader that was just started may not listen yet.
fn entered(reader: SocketAddr) -> CardEnd {
    let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        match CardEnd::connect(reader) {
            Ok(field) => return field,
            Err(error) => assert!(std::time::Instant::now() < until, "{error}"),
        }
        std::thread::yield_now();
    }
}

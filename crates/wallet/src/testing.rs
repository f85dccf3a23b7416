//! Doubles and small worlds for the tests of this room.

use crate::card::{AddCard, Algorithm, Card, CardState, Profile};
use crate::keys::{Counter, DEVICE_CONTEXT, KeySlot, StoreKeys, USER_CONTEXT, key_id};
use crate::personalise;
use crate::phone::{BeginUnlock, Bind, PasscodeLock, ServerKeys, Unlocking};
use crate::unlock::{self, Verified};
use crypto::emv_keys::{MasterKey, session_key, split};
use crypto::jwe;
use crypto::p256::AgreementKey;
use crypto::passphrase::Work;
use crypto::rsa::{Exponent, RsaPrivate};
use emv::oda::{self, AuthorityKey, Certificate};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use values::id::kinds;
use values::{
    Country, Currency, Expiry, Id, LastFour, Operation, Outbound, Record, Records, Secret, Timestamp,
    TokenNumber,
};

/// 2026-11-22, noon in Shanghai.
pub(crate) const NOON: Timestamp = Timestamp::from_millis(1_795_320_000_000);
pub(crate) const PASSCODE: &[u8] = b"123456";

pub(crate) fn token() -> Id<kinds::Token> {
    Id::from_u128(7)
}

pub(crate) fn device_key() -> AgreementKey {
    AgreementKey::from_bytes(&Secret::new([0x11; 32])).unwrap()
}

pub(crate) fn user_key() -> AgreementKey {
    AgreementKey::from_bytes(&Secret::new([0x22; 32])).unwrap()
}

/// Made once: sealing takes some time even with little work.
pub(crate) fn lock() -> PasscodeLock {
    static LOCK: OnceLock<PasscodeLock> = OnceLock::new();
    LOCK.get_or_init(|| unlock::new_lock(&user_key(), PASSCODE, Work::TEST, &[3; 28]).unwrap()).clone()
}

pub(crate) fn bind() -> Bind {
    Bind {
        device: Id::from_u128(1),
        customer: Id::from_u128(2),
        number: "+8613800000000".to_owned(),
        server: ServerKeys { signing: vec![4], sealing: vec![4] },
        lock: lock(),
    }
}

pub(crate) fn card() -> Card {
    let digits = b"629000123456789";
    let check = values::card::luhn_check_digit(digits).unwrap();
    Card {
        token: token(),
        number: TokenNumber::parse(&[&digits[..], &[check]].concat()).unwrap(),
        expiry: Expiry::new(30, 12).unwrap(),
        sequence: 1,
        aid: hex::decode("A000000333010101").unwrap(),
        label: "UnionPay Debit".to_owned(),
        last_four: LastFour::from_ascii(b"1111").unwrap(),
        card_expiry: None,
        issuer: "Bank of China".to_owned(),
        art: "boc-debit".to_owned(),
        nickname: None,
        state: CardState::Active,
        state_version: 1,
        suspended_here: false,
        algorithm: Algorithm::TripleDes,
        key_index: 1,
        profile: Profile::Contactless,
        currency: Currency::CNY,
        country: Country::CHINA,
        service_code: 220,
        requestor: "12345678901".to_owned(),
        par: "5010PAIZA00000000000000000001".to_owned(),
        limit_per_tap: None,
        limit_cumulative: None,
        certificates: None,
    }
}

/// The issuer's master key of the tests.
pub(crate) fn master(algorithm: Algorithm) -> MasterKey {
    MasterKey::new(algorithm.into(), &Secret::new([0x5A; 16]))
}

/// The key of the card, derived as the issuer does it: from the token, not from the wallet's records.
pub(crate) fn card_key(card: &Card) -> Secret<16> {
    master(card.algorithm).derive_card_key(card.number.digits().as_bytes(), card.sequence)
}

/// A batch as the token service makes it: the key of each counter in two sealed halves.
pub(crate) fn batch(card: &Card, counters: impl IntoIterator<Item = u16>) -> Vec<KeySlot> {
    counters.into_iter().map(|atc| slot(card, atc, true)).collect()
}

pub(crate) fn slot(card: &Card, atc: u16, with_user: bool) -> KeySlot {
    let key = session_key(card.algorithm.into(), &card_key(card), atc);
    let user = Secret::new(std::array::from_fn(|place| place as u8 ^ atc as u8));
    let name = key_id(card.token, atc);
    let seal = |to: &AgreementKey, part: &Secret<16>, context| {
        jwe::seal(&to.public(), &name, part.expose(), context)
    };
    let device = if with_user { split(&key, &user) } else { key };
    KeySlot {
        token: card.token,
        atc,
        device_part: seal(&device_key(), &device, DEVICE_CONTEXT),
        user_part: with_user.then(|| seal(&user_key(), &user, USER_CONTEXT)),
        good_until: None,
    }
}

/// Records in memory: table and key to the record's bytes, as a database would have them.
#[derive(Clone, Default)]
pub(crate) struct Memory {
    rows: BTreeMap<(&'static str, Vec<u8>), Vec<u8>>,
    pub(crate) sent: BTreeMap<(String, String), Outbound>,
    pub(crate) notes: Vec<String>,
}

impl Memory {
    pub(crate) fn with_phone() -> Memory {
        let mut memory = Memory::default();
        memory.run(&bind(), NOON).unwrap();
        memory
    }

    pub(crate) fn with_card() -> Memory {
        Memory::with(card(), 1..=10)
    }

    pub(crate) fn with(card: Card, counters: impl IntoIterator<Item = u16>) -> Memory {
        let mut memory = Memory::with_phone();
        let keys = batch(&card, counters);
        let token = card.token;
        memory.run(&AddCard { card }, NOON).unwrap();
        memory.run(&StoreKeys { token, keys }, NOON).unwrap();
        memory
    }

    /// Runs an operation as the executor does: a refusal leaves no trace.
    pub(crate) fn run<O: Operation>(
        &mut self,
        operation: &O,
        now: Timestamp,
    ) -> Result<O::Answer, O::Refusal> {
        let mut copy = self.clone();
        let result = operation.apply(&mut copy, now);
        if result.is_ok() {
            *self = copy;
        }
        result
    }

    pub(crate) fn unlock(&mut self, now: Timestamp) -> Verified {
        let Unlocking::Try(ticket) = self.run(&BeginUnlock, now).unwrap() else { panic!("no try was given") };
        let verified = unlock::open(ticket, &lock(), PASSCODE).unwrap();
        self.run(&verified.confirm(), now).unwrap();
        verified
    }

    pub(crate) fn counter(&mut self) -> Counter {
        self.find::<Counter>(&token()).unwrap()
    }

    pub(crate) fn card(&mut self) -> Card {
        self.find::<Card>(&token()).unwrap()
    }

    pub(crate) fn slots(&self) -> usize {
        self.rows.keys().filter(|(table, _)| *table == KeySlot::TABLE).count()
    }
}

fn row<R: Record>(key: &R::Key) -> (&'static str, Vec<u8>) {
    (R::TABLE, postcard::to_allocvec(key).unwrap())
}

impl Records for Memory {
    fn find<R: Record>(&mut self, key: &R::Key) -> Option<R> {
        // The text form too must come back the same: the tables are made from it.
        let record: R = postcard::from_bytes(self.rows.get(&row::<R>(key))?).unwrap();
        Some(serde_json::from_str(&serde_json::to_string(&record).unwrap()).unwrap())
    }
    fn put<R: Record>(&mut self, record: R) {
        self.rows.insert(row::<R>(&record.key()), postcard::to_allocvec(&record).unwrap());
    }
    fn remove<R: Record>(&mut self, key: &R::Key) {
        self.rows.remove(&row::<R>(key));
    }
    fn send(&mut self, message: Outbound) {
        self.sent.insert((message.topic.clone(), message.key.clone()), message);
    }
    fn cancel(&mut self, topic: &str, key: &str) {
        self.sent.remove(&(topic.to_owned(), key.to_owned()));
    }
    fn note(&mut self, kind: &'static str, subject: &str, detail: &str) {
        self.notes.push(format!("{kind} {subject} {detail}"));
    }
}

/// A test authority, an issuer it vouches for, and a card's key.
pub(crate) struct Pki {
    pub(crate) authority: AuthorityKey,
    pub(crate) issuer_certificate: Certificate,
    issuer: RsaPrivate,
    card: RsaPrivate,
}

/// Made once: finding primes takes a while.
pub(crate) fn pki() -> &'static Pki {
    static PKI: OnceLock<Pki> = OnceLock::new();
    PKI.get_or_init(|| {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut fill = |bytes: &mut [u8]| {
            for byte in bytes {
                // xorshift64: anything that does not repeat itself will do here.
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                *byte = (state >> 32) as u8;
            }
        };
        let mut key = |bits| RsaPrivate::generate(bits, Exponent::FermatFour, &mut fill).unwrap();
        let (root, issuer, card) = (key(1408), key(1152), key(1024));
        let authority = AuthorityKey {
            provider: [0xA0, 0, 0, 3, 0x33],
            index: 1,
            modulus: root.modulus(),
            exponent: root.exponent(),
        };
        let subject = oda::IssuerSubject {
            prefix_digits: b"62900012",
            expiry: Expiry::new(35, 12).unwrap(),
            serial: [0, 0, 1],
        };
        let issuer_certificate =
            oda::issuer_certificate(&root, &subject, &issuer.modulus(), issuer.exponent()).unwrap();
        Pki { authority, issuer_certificate, issuer, card }
    })
}

/// The card with certificates for this profile.
pub(crate) fn certified(profile: Profile) -> Card {
    let pki = pki();
    let issuer = personalise::Issuer {
        authority_index: 1,
        certificate: &pki.issuer_certificate,
        private: &pki.issuer,
        serial: [0, 0, 7],
    };
    let card = Card { profile, ..card() };
    let made = personalise::personalise(&card, profile, &issuer, &pki.card, &device_key().public());
    Card { certificates: Some(made.unwrap()), ..card }
}

//! A token service in memory for tests: records that serialise as a database would, one programme, and steps.

use crate::actor::Actor;
use crate::defences::Defence;
use crate::digest::{Digest, Digest16};
use crate::gateway::{Admission, Admit, EntryMode, Parts, Presentment, Screened, Verification, screen};
use crate::ops::*;
use crate::policy::Policy;
use crate::records::*;
use crate::refusal::Refusal;
use crate::text::{IssuerId, Name, Par, PhoneNumber, RequestorId};
use crypto::emv_keys::{Algorithm, MasterKey};
use crypto::p256::{AgreementKey, SigningKey};
use crypto::vault::KeyEncryptionKey;
use emv::cryptogram::{Inputs, Transaction, compute};
use emv::de55::Request;
use emv::objects::{
    Aip, Amount, Atc, CryptogramKind, CryptogramVersion, Cvr, Date, IssuerApplicationData, TransactionType,
    Tvr, UnpredictableNumber,
};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::time::Duration;
use values::time::Zone;
use values::*;

/// Records in memory; what is put is serialised and read back.
#[derive(Clone, Default)]
pub(crate) struct Memory {
    rows: BTreeMap<(&'static str, Vec<u8>), Vec<u8>>,
    pub(crate) sent: BTreeMap<(String, String), Outbound>,
    pub(crate) notes: Vec<(&'static str, String, String)>,
    /// Every change in columns, as the tables would show it.
    pub(crate) columns: Vec<String>,
}

impl Records for Memory {
    fn find<R: Record>(&mut self, key: &R::Key) -> Option<R> {
        let key = postcard::to_allocvec(key).unwrap();
        self.rows.get(&(R::TABLE, key)).map(|row| postcard::from_bytes(row).unwrap())
    }
    fn put<R: Record>(&mut self, record: R) {
        let text = serde_json::to_string(&record).unwrap();
        let again: R = serde_json::from_str(&text).unwrap();
        let row = postcard::to_allocvec(&record).unwrap();
        assert_eq!(postcard::to_allocvec(&again).unwrap(), row, "columns carry all of {text}");
        self.columns.push(text);
        self.rows.insert((R::TABLE, postcard::to_allocvec(&record.key()).unwrap()), row);
    }
    fn remove<R: Record>(&mut self, key: &R::Key) {
        self.rows.remove(&(R::TABLE, postcard::to_allocvec(key).unwrap()));
    }
    fn send(&mut self, message: Outbound) {
        self.sent.insert((message.topic.clone(), message.key.clone()), message);
    }
    fn cancel(&mut self, topic: &str, key: &str) {
        self.sent.remove(&(topic.to_owned(), key.to_owned()));
    }
    fn note(&mut self, kind: &'static str, subject: &str, detail: &str) {
        self.notes.push((kind, subject.to_owned(), detail.to_owned()));
    }
}

pub(crate) fn programme() -> Programme {
    Programme {
        id: 1,
        name: "Bank of China debit".into(),
        issuer: IssuerId::parse("boc").unwrap(),
        token_prefix: 62_900_001,
        requestor: RequestorId::parse("50110030273").unwrap(),
        par_controller: "PZ01".into(),
        aid: Aid(emv::objects::Aid::unionpay_debit().as_bytes().to_vec()),
        algorithm: 1,
        dki: 1,
        controls: 1,
        zone: Zone::Shanghai,
        validity_months: 36,
        art: "boc-debit".into(),
    }
}

pub(crate) fn controls() -> Controls {
    Controls {
        id: 1,
        name: "standard CNY".into(),
        modes: Modes(vec![Mode::Contactless, Mode::Transit, Mode::Contact]),
        categories_allowed: Vec::new(),
        categories_denied: vec![MerchantCategory::try_from(7995).unwrap()],
        currency: Currency::CNY,
        country: Some(Country::CHINA),
        payment_max: 500_000,
        unverified_max: 0,
        transit_max: 2_000,
        code_payment_max: 100_000,
        code_daily_max: 150_000,
        daily_max: 1_000_000,
        daily_count_max: 20,
    }
}

/// What a phone and a terminal agree on in one tap; `edit` it before it is sent.
#[derive(Clone, Copy)]
pub(crate) struct Tap {
    pub(crate) transaction: Transaction,
    pub(crate) cvr: Cvr,
    pub(crate) aid: emv::objects::Aid,
    pub(crate) presentment: Presentment<'static>,
}

/// The service with one customer-to-be and a clock that stands still.
pub(crate) struct City {
    pub(crate) memory: Memory,
    pub(crate) now: Timestamp,
    pub(crate) policy: Policy,
    pub(crate) master: MasterKey,
    pub(crate) kek: KeyEncryptionKey,
    count: u128,
    stan: u8,
}

/// Where honest customers buy.
pub(crate) const SHOP: emv::qr::Place =
    emv::qr::Place { acceptor: *b"104110054110001", terminal: *b"PZ000001" };

pub(crate) const MONDAY: Timestamp = Timestamp::from_millis(1_795_305_600_000 + 4 * 3_600_000);

impl City {
    pub(crate) fn new() -> City {
        let mut city = City {
            memory: Memory::default(),
            now: MONDAY,
            policy: Policy::STANDARD,
            master: MasterKey::new(Algorithm::TripleDes, &Secret::new([0x23; 16])),
            kek: KeyEncryptionKey::new(1, &Secret::new([7; 32])),
            count: 0,
            stan: 0,
        };
        city.run(DefineProgramme { programme: programme() }).unwrap();
        city.run(DefineControls { controls: controls() }).unwrap();
        city
    }

    /// Executes as the store would: a refusal changes nothing, and answers survive being stored.
    /// A city without this defence.
    pub(crate) fn less(defence: Option<Defence>) -> City {
        let mut city = City::new();
        if let Some(defence) = defence {
            city.policy.defences = city.policy.defences.danger_without(defence);
        }
        city
    }

    pub(crate) fn run<O: Operation>(&mut self, operation: O) -> Result<O::Answer, O::Refusal> {
        let mut draft = self.memory.clone();
        let answer = operation.apply(&mut draft, self.now)?;
        let stored = postcard::to_allocvec(&answer).unwrap();
        let _: O::Answer = postcard::from_bytes(&stored).unwrap();
        self.memory = draft;
        Ok(answer)
    }

    pub(crate) fn wait(&mut self, seconds: u64) {
        self.now = self.now.after(Duration::from_secs(seconds));
    }

    pub(crate) fn fresh<K: values::id::Kind>(&mut self) -> Id<K> {
        self.count += 1;
        Id::from_u128(self.count)
    }

    pub(crate) fn find<R: Record + DeserializeOwned>(&mut self, key: R::Key) -> R {
        self.memory.find(&key).expect("the record is there")
    }

    pub(crate) fn device(&mut self) -> DeviceId {
        let device = self.fresh();
        let keys = DeviceKeys {
            signing: SigningKey::generate().public().to_sec1().to_vec(),
            agreement: AgreementKey::generate().public().to_sec1().to_vec(),
            verification: AgreementKey::generate().public().to_sec1().to_vec(),
        };
        self.run(RegisterDevice { device, name: Name::parse("Phone").unwrap(), keys }).unwrap();
        device
    }

    pub(crate) fn phone(number: &str) -> PhoneNumber {
        PhoneNumber::parse(number).unwrap()
    }

    /// A customer of this number with a confirmed device.
    pub(crate) fn customer(&mut self, number: &str) -> (CustomerId, DeviceId) {
        let (device, phone, policy) = (self.device(), Self::phone(number), self.policy);
        let digest = Digest([1; 16]);
        self.run(RequestCode { phone: phone.clone(), device, digest, policy }).unwrap();
        let new_customer = self.fresh();
        let recovery = Some(Digest([42; 16]));
        let confirm = ConfirmPhone { phone, device, guess: digest, new_customer, recovery, policy };
        match self.run(confirm).unwrap() {
            Confirmation::Confirmed { customer, .. } => (customer, device),
            wrong => panic!("{wrong:?}"),
        }
    }

    pub(crate) fn begin(
        &mut self,
        customer: CustomerId,
        device: DeviceId,
        pan: u8,
    ) -> Result<EnrolmentId, Refusal> {
        let operation = BeginEnrolment {
            enrolment: self.fresh(),
            customer,
            device,
            pan: Digest([pan; 16]),
            last_four: LastFour::from_ascii(b"1111").unwrap(),
            programme: 1,
            policy: self.policy,
        };
        match self.run(operation)? {
            Begun::Open { enrolment, .. } => Ok(enrolment),
            Begun::Declined(refusal) => Err(refusal),
        }
    }

    pub(crate) fn provision(&mut self) -> Provision {
        let reference = self.fresh();
        let mut entropy = [0; 16];
        entropy[8..].copy_from_slice(&(self.count as u64 * 7_919).to_be_bytes());
        let number = crate::numbers::token_number(&programme(), 16, entropy).unwrap();
        let pan = Pan::parse(b"4111111111111111").unwrap();
        let expiry = Expiry::new(29, 3).unwrap();
        let seal = Secret::new([self.count as u8; 44]);
        let envelope = crate::vault::seal(&self.kek, number, &pan, expiry, &seal).unwrap();
        let as_card = Digest([0xEE; 16]);
        let mut random = [3; 32];
        random[0] = self.count as u8;
        Provision {
            reference,
            candidates: vec![Candidate { number, as_card, envelope }],
            par: Par::from_entropy("PZ01", random).unwrap(),
            psn: 1,
            card_expiry: Some(expiry),
            art: None,
        }
    }

    /// An active token of a fresh card.
    pub(crate) fn card(&mut self, customer: CustomerId, device: DeviceId, pan: u8) -> Token {
        let enrolment = self.begin(customer, device, pan).unwrap();
        let decision = Decision::Green(self.provision());
        match self.run(ConcludeEnrolment { enrolment, decision }).unwrap() {
            Concluded::Active { token } => self.find(token),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn keys(&mut self, token: &Token, highest_used: u16) -> Result<Issued, Refusal> {
        let policy = self.policy;
        let (token, device) = (token.reference, token.device);
        self.run(IssueKeys { token, device, highest_used, wanted: 10, policy })
    }

    /// A customer with an active token and its first ten keys.
    pub(crate) fn token(&mut self) -> Token {
        let (customer, device) = self.customer("+8613800138000");
        let token = self.card(customer, device, 1);
        self.keys(&token, 0).unwrap();
        token
    }

    pub(crate) fn standing(&mut self, token: &Token) -> Standing {
        let record: Token = self.find(token.reference);
        let state: TokenState = self.find(token.number);
        assert_eq!(record.standing, state.standing, "record and hot state agree");
        record.standing
    }

    pub(crate) fn suspend(&mut self, token: &Token, actor: Actor) -> Result<Standing, Refusal> {
        self.run(Suspend { token: token.reference, actor })
    }

    pub(crate) fn resume(&mut self, token: &Token, actor: Actor) -> Result<Standing, Refusal> {
        let (token, policy) = (token.reference, self.policy);
        self.run(Resume { token, actor, policy })
    }

    /// A verified tap of so many minor units at a grocer's.
    pub(crate) fn tap(&mut self, token: &Token, counter: u16, minor: u64) -> Tap {
        self.stan += 1;
        let today = self.now.civil(Zone::Shanghai);
        let transaction = Transaction {
            amount: Amount::from_minor(minor).unwrap(),
            other: Amount::ZERO,
            country: Country::CHINA.into(),
            tvr: Tvr::default(),
            currency: Currency::CNY.into(),
            date: Date::of(today),
            kind: TransactionType::PURCHASE,
            unpredictable: UnpredictableNumber([self.stan, 2, 3, 4]),
            aip: Aip::default(),
            atc: Atc::new(counter),
        };
        let presentment = Presentment {
            message: Digest([self.stan; 16]),
            kind: Kind::Purchase,
            number: token.number,
            expiries: [Some(token.expiry), Some(token.expiry)],
            track_number: Some(token.number),
            psn: Some(token.psn),
            amount: Money::new(minor, Currency::CNY).unwrap(),
            entry: EntryMode::Contactless,
            category: MerchantCategory::try_from(5411).unwrap(),
            place: SHOP,
            country: Some(Country::CHINA),
            local_date: Some((today.month, today.day)),
            verification: Verification::Device,
            chip: None,
            original: None,
        };
        Tap {
            transaction,
            cvr: Cvr::at_tap(CryptogramKind::Arqc).device_verified(),
            aid: emv::objects::Aid::unionpay_debit(),
            presentment,
        }
    }

    /// DE55 as the phone with this token's keys makes it.
    pub(crate) fn chip(&self, tap: &Tap, keys_of: &Token) -> Request {
        let data = IssuerApplicationData {
            key_index: 1,
            version: CryptogramVersion::V01,
            cvr: tap.cvr,
            algorithm: 1,
            discretionary: None,
        };
        let card_key = self.master.derive_token_key(keys_of.number, keys_of.psn);
        let inputs = Inputs::unionpay(tap.transaction, &data);
        let cryptogram = compute(&inputs, Algorithm::TripleDes, &card_key);
        Request { aid: Some(tap.aid), ..Request::new(cryptogram, data.to_bytes(), tap.transaction) }
    }

    /// Screens a message that carries this DE55.
    pub(crate) fn screen(
        &mut self,
        presentment: Presentment<'_>,
        chip: &Request,
    ) -> Result<Screened, Refusal> {
        let mut bytes = Vec::new();
        chip.write(&mut bytes).unwrap();
        self.screen_bytes(Presentment { chip: Some(&bytes), ..presentment })
    }

    pub(crate) fn screen_bytes(&mut self, presentment: Presentment<'_>) -> Result<Screened, Refusal> {
        let state = self.memory.find::<TokenState>(&presentment.number).ok_or(Refusal::TokenUnknown)?;
        let parts = Parts { state: &state, programme: &programme() };
        screen(&presentment, parts, &self.master, &self.policy, self.now)
    }

    /// Screens and admits; the answer as one word: `admitted`, `repeat` or a code.
    pub(crate) fn present(&mut self, presentment: Presentment<'_>, chip: &Request) -> &'static str {
        match self.screen(presentment, chip) {
            Ok(screened) => self.admit(screened),
            Err(refusal) => refusal.code(),
        }
    }

    pub(crate) fn admit(&mut self, screened: Screened) -> &'static str {
        let policy = self.policy;
        match self.run(Admit { screened, policy }) {
            Ok(Admission::Admitted(admitted)) => {
                let envelope = admitted.envelope().unwrap();
                let card = crate::vault::open(&self.kek, screened.number, envelope, &admitted).unwrap();
                assert_eq!(card.pan.expose(), b"4111111111111111");
                "admitted"
            }
            Ok(Admission::Repeat(_)) => "repeat",
            Ok(Admission::Refused(refusal)) | Err(refusal) => refusal.code(),
        }
    }

    /// An honest tap from beginning to end.
    pub(crate) fn pay(&mut self, token: &Token, counter: u16, minor: u64) -> (&'static str, Digest16) {
        let tap = self.tap(token, counter, minor);
        let chip = self.chip(&tap, token);
        (self.present(tap.presentment, &chip), tap.presentment.message)
    }
}

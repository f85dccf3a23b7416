//! The wallet as the shell uses it: through its public doors alone.

use crypto::emv_keys::{Algorithm, MasterKey, session_key, split};
use crypto::jwe;
use crypto::p256::AgreementKey;
use crypto::passphrase::Work;
use emv::apdu::{Command, processing_options_data};
use emv::cryptogram::{Inputs, Transaction, verify_inputs};
use emv::dol::Dol;
use emv::objects::{Aid, Aip, Atc, IssuerApplicationData};
use emv::{tag, tlv};
use std::collections::BTreeMap;
use values::id::kinds;
use values::{
    Country, Currency, Expiry, Id, LastFour, Operation, Outbound, Record, Records, Secret, Timestamp,
    TokenNumber,
};
use wallet::application::{Answer, CardApplication, Context, NoKey, Notice, Reaction};
use wallet::card::{self, AddCard, Card, CardState, Plastic, Profile, UpdateCard};
use wallet::keys::{Counter, DEVICE_CONTEXT, KeySlot, StoreKeys, USER_CONTEXT, key_id};
use wallet::phone::{AfterWrong, BeginUnlock, Bind, Phone, ServerKeys, Unlocking, presented};
use wallet::unlock::{self, Verified};

const NOW: Timestamp = Timestamp::from_millis(1_795_320_000_000);

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

/// The token service, as far as this story needs it: it knows the master key, and seals halves of session keys.
struct Service {
    master: MasterKey,
    token: TokenNumber,
}

impl Service {
    fn slot(&self, token: Id<kinds::Token>, atc: u16, device: &AgreementKey, user: &AgreementKey) -> KeySlot {
        let key = session_key(Algorithm::Sm4, &self.card_key(), atc);
        let user_part = Secret::new([atc as u8; 16]);
        let name = key_id(token, atc);
        let device_part = split(&key, &user_part);
        KeySlot {
            token,
            atc,
            device_part: jwe::seal(&device.public(), &name, device_part.expose(), DEVICE_CONTEXT),
            user_part: Some(jwe::seal(&user.public(), &name, user_part.expose(), USER_CONTEXT)),
            good_until: None,
        }
    }

    fn card_key(&self) -> Secret<16> {
        self.master.derive_token_key(self.token, 1)
    }

    /// Recomputes the cryptogram from what the terminal sent and the card answered.
    fn accepts(&self, pdol: &[u8], values: &[u8], answer: &[u8]) -> bool {
        let find = |wanted| tlv::find_deep(&answer[..answer.len() - 2], wanted).unwrap().unwrap();
        let terminal = Dol::parse(pdol).unwrap().split(values).unwrap();
        let atc = Atc::from(<[u8; 2]>::try_from(find(tag::ATC)).unwrap());
        let aip = Aip::parse(find(tag::AIP)).unwrap();
        let transaction = Transaction::from_terminal(terminal, aip, atc).unwrap();
        let card = IssuerApplicationData::parse(find(tag::IAD)).unwrap();
        let inputs = Inputs::unionpay(transaction, &card);
        let claimed = find(tag::CRYPTOGRAM).try_into().unwrap();
        verify_inputs(&inputs, claimed, Algorithm::Sm4, &self.card_key()).is_ok()
    }
}

fn new_card(number: TokenNumber) -> Card {
    Card {
        token: Id::from_u128(7),
        number,
        expiry: Expiry::new(30, 12).unwrap(),
        sequence: 1,
        aid: Aid::unionpay_credit().as_bytes().to_vec(),
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
        limit_per_tap: Some(100_000),
        limit_cumulative: None,
        certificates: None,
    }
}

fn push(disk: &mut Disk, card: &mut CardApplication, bytes: &[u8], unlocked: Option<&Verified>) -> Answer {
    let context = Context { unlocked, now: NOW, entropy: [5; 16] };
    match card.command(bytes, &context) {
        Reaction::Respond(answer) => answer,
        Reaction::Commit(operation, pending) => {
            let result = operation.apply(disk, NOW).map_err(NoKey::from);
            card.committed(pending, result, &context)
        }
    }
}

#[test]
fn from_an_empty_phone_to_a_cryptogram_the_issuer_accepts() {
    let mut disk = Disk::default();
    let key = |seed| AgreementKey::from_bytes(&Secret::new([seed; 32])).unwrap();
    let (device, user) = (key(1), key(2));
    let lock = unlock::new_lock(&user, b"2468ace", Work::TEST, &[3; 28]).unwrap();
    let bind = Bind {
        device: Id::from_u128(1),
        customer: Id::from_u128(2),
        number: "+8613800000000".to_owned(),
        server: ServerKeys { signing: vec![], sealing: vec![] },
        lock,
    };
    bind.apply(&mut disk, NOW).unwrap();

    let number = TokenNumber::parse(b"6290001234567893").unwrap();
    let master = MasterKey::new(Algorithm::Sm4, &Secret::new([4; 16]));
    let service = Service { master, token: number };
    let card = new_card(number);
    let token = card.token;
    AddCard { card }.apply(&mut disk, NOW).unwrap();
    let keys = (1..=10).map(|atc| service.slot(token, atc, &device, &user)).collect();
    assert_eq!(StoreKeys { token, keys }.apply(&mut disk, NOW), Ok(10));

    // A wrong passcode, then the right one.
    let lock = Phone::of(&mut disk).unwrap().lock.unwrap();
    let Ok(Unlocking::Try(ticket)) = BeginUnlock.apply(&mut disk, NOW) else { panic!("a try") };
    let wrong = unlock::open(ticket, &lock, b"1357bdf").unwrap_err();
    assert_eq!(wrong.apply(&mut disk, NOW), Ok(AfterWrong::Again { tries_left: 9, not_before: NOW }));
    let Ok(Unlocking::Try(ticket)) = BeginUnlock.apply(&mut disk, NOW) else { panic!("a try") };
    let verified = unlock::open(ticket, &lock, b"2468ace").unwrap();
    verified.confirm().apply(&mut disk, NOW).unwrap();

    let card = presented(&mut disk, None).unwrap();
    let counter = disk.find::<Counter>(&token).unwrap();
    let profile = card.profile;
    let mut application = CardApplication::present(card, counter, profile, device).unwrap();
    let select = Command::select_application(&Aid::unionpay_prefix()).to_bytes().unwrap();
    let control = push(&mut disk, &mut application, &select, None).bytes;
    let pdol = tlv::find_deep(&control[..control.len() - 2], tag::PDOL).unwrap().unwrap();
    let values = hex::decode("26C040800000000012500000000000000156000000000001562611220001020304").unwrap();
    let values = [values, vec![1]].concat();
    let data = processing_options_data(&values);
    let options = Command::get_processing_options(&data).to_bytes().unwrap();

    let locked = push(&mut disk, &mut application, &options, None);
    assert_eq!((&locked.bytes[..], locked.notice), (&[0x69, 0x86][..], Some(Notice::Unlock)));
    let answer = push(&mut disk, &mut application, &options, Some(&verified));
    assert!(matches!(answer.notice, Some(Notice::Tapped { atc: 1, amount_minor: 1250, keys_left: 9, .. })));
    assert!(service.accepts(pdol, &values, &answer.bytes));

    let mut other = values.clone();
    other[9] ^= 1;
    assert!(!service.accepts(pdol, &other, &answer.bytes));
}

#[test]
fn news_of_another_plastic_changes_what_is_shown_and_nothing_else() {
    let mut disk = Disk::default();
    let user = AgreementKey::from_bytes(&Secret::new([2; 32])).unwrap();
    let bind = Bind {
        device: Id::from_u128(1),
        customer: Id::from_u128(2),
        number: "+8613800000000".to_owned(),
        server: ServerKeys { signing: vec![], sealing: vec![] },
        lock: unlock::new_lock(&user, b"2468ace", Work::TEST, &[3; 28]).unwrap(),
    };
    bind.apply(&mut disk, NOW).unwrap();
    let card = new_card(TokenNumber::parse(b"6290001234567893").unwrap());
    AddCard { card: card.clone() }.apply(&mut disk, NOW).unwrap();
    let news =
        |version, plastic| UpdateCard { token: card.token, state: CardState::Active, version, plastic };
    let plastic = |digits: &[u8], year| Plastic {
        last_four: LastFour::from_ascii(digits).unwrap(),
        expiry: Some(Expiry::new(year, 6).unwrap()),
        art: format!("boc-{year}"),
    };
    let now = |disk: &mut Disk| disk.find::<Card>(&card.token).unwrap();
    news(2, Some(plastic(b"2222", 31))).apply(&mut disk, NOW).unwrap();
    let (last_four, card_expiry) =
        (LastFour::from_ascii(b"2222").unwrap(), Some(Expiry::new(31, 6).unwrap()));
    let expected =
        Card { last_four, card_expiry, art: "boc-31".to_owned(), state_version: 2, ..card.clone() };
    assert_eq!(now(&mut disk), expected);
    // Older news, and news without a plastic, leave it as it is.
    for late in [news(1, Some(plastic(b"1111", 30))), news(2, Some(plastic(b"1111", 30))), news(3, None)] {
        late.apply(&mut disk, NOW).unwrap();
    }
    assert_eq!(now(&mut disk), Card { state_version: 3, ..expected });
}

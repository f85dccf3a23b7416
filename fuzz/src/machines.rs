//! Whole conversations: a reader against our card, a card against our reader.

use crate::pieces;
use crate::sealed::agreement_key;
use crypto::jwe;
use crypto::passphrase::Work;
use emv::objects::Aid;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use terminal::configuration::Configuration;
use terminal::online::HostAnswer;
use terminal::sale::{Interface, Sale, SaleKind};
use terminal::transaction::{Step, Transaction};
use values::time::Civil;
use values::{
    Country, Currency, Expiry, Id, LastFour, Money, Operation, Outbound, Record, Records, Timestamp,
    TokenNumber,
};
use wallet::application::{Answer, CardApplication, Context, NoKey, Notice, Reaction};
use wallet::card::{Algorithm, Card, CardState, Profile};
use wallet::keys::{Counter, DEVICE_CONTEXT, KeySlot, UsedKey, key_id};
use wallet::phone::{BeginUnlock, Bind, Phone, ServerKeys, Unlocking};
use wallet::unlock::{self, Verified};

/// 2026-11-22, noon in Shanghai.
const NOON: Timestamp = Timestamp::from_millis(1_795_320_000_000);

/// Commands of a reader, one a piece. The first byte chooses profile, algorithm, whether the phone is locked and
/// whether its disk works.
///
/// Every command is answered with 2 to 258 bytes, and a counter value is used at most once.
pub fn card_application(data: &[u8]) {
    cryptograms(data);
}

/// Runs the reader's commands; how many cryptograms came out.
pub fn cryptograms(data: &[u8]) -> usize {
    let Some((choice, script)) = data.split_first() else { return 0 };
    let profile = if choice & 1 == 0 { Profile::Contactless } else { Profile::Contact };
    let algorithm = [Algorithm::TripleDes, Algorithm::Sm4, Algorithm::Aes][usize::from(choice >> 1) % 3];
    let disk_works = choice & 0x80 == 0;
    let mut counter = Counter::new(card(profile, algorithm).token);
    (counter.issued_through, counter.keys_left) = (10, 10);
    let application = CardApplication::present(card(profile, algorithm), counter, profile, agreement_key());
    let Ok(mut application) = application else { return 0 };
    let (mut made, mut commits) = (0, 0);
    let unlocked = (choice & 0x40 == 0).then_some(&*UNLOCKED);
    let context = Context { unlocked, now: NOON, entropy: [5; 16] };
    for command in pieces(script) {
        let answer = match application.command(command, &context) {
            Reaction::Respond(answer) => answer,
            Reaction::Commit(wish, pending) => {
                assert_eq!(wish.token, application.card().token);
                commits += 1;
                let key = if disk_works { Ok(used_key(commits)) } else { Err(NoKey::Storage) };
                application.committed(pending, key, &context)
            }
        };
        sound(&answer);
        made += usize::from(matches!(answer.notice, Some(Notice::Tapped { .. })));
        if command.is_empty() {
            application.reset();
        }
    }
    made
}

fn sound(answer: &Answer) {
    assert!((2..=258).contains(&answer.bytes.len()), "{} bytes", answer.bytes.len());
}

/// A key for gates, which needs no verification of the customer; made once, good for one counter value.
fn used_key(atc: u16) -> UsedKey {
    static SEALED: LazyLock<Vec<String>> = LazyLock::new(|| {
        let name = |atc| key_id(Id::from_u128(7), atc);
        (0..=8)
            .map(|atc| jwe::seal(&agreement_key().public(), &name(atc), &[9; 16], DEVICE_CONTEXT))
            .collect()
    });
    let device_part = SEALED.get(usize::from(atc)).or(SEALED.first()).cloned().unwrap_or_default();
    let slot = KeySlot { token: Id::from_u128(7), atc, device_part, user_part: None, good_until: None };
    UsedKey { slot, keys_left: 3 }
}

/// What the disk of a phone holds.
#[derive(Default)]
struct Disk(BTreeMap<(&'static str, Vec<u8>), Vec<u8>>);

fn bytes_of(value: &impl serde::Serialize) -> Vec<u8> {
    postcard::to_allocvec(value).expect("a record can be written")
}

impl Records for Disk {
    fn find<R: Record>(&mut self, key: &R::Key) -> Option<R> {
        let found = self.0.get(&(R::TABLE, bytes_of(key)))?;
        Some(postcard::from_bytes(found).expect("what was written can be read"))
    }
    fn put<R: Record>(&mut self, record: R) {
        self.0.insert((R::TABLE, bytes_of(&record.key())), bytes_of(&record));
    }
    fn remove<R: Record>(&mut self, key: &R::Key) {
        self.0.remove(&(R::TABLE, bytes_of(key)));
    }
    fn send(&mut self, _: Outbound) {}
    fn cancel(&mut self, _: &str, _: &str) {}
    fn note(&mut self, _: &'static str, _: &str, _: &str) {}
}

/// A phone whose owner has just typed the passcode.
static UNLOCKED: LazyLock<Verified> = LazyLock::new(|| {
    let work = Work { memory_kib: 8, passes: 1, lanes: 1 };
    let passcode = b"246810";
    let lock = unlock::new_lock(&agreement_key(), passcode, work, &[3; 28]).expect("little work");
    let bind = Bind {
        device: Id::from_u128(1),
        customer: Id::from_u128(2),
        number: "+8613800000000".to_owned(),
        server: ServerKeys { signing: vec![4], sealing: vec![4] },
        lock,
    };
    let mut disk = Disk::default();
    assert!(bind.apply(&mut disk, NOON).is_ok(), "a new phone can be bound");
    let lock = Phone::of(&mut disk).and_then(|phone| phone.lock).expect("it was bound");
    let Ok(Unlocking::Try(ticket)) = BeginUnlock.apply(&mut disk, NOON) else {
        panic!("the first try is given")
    };
    unlock::open(ticket, &lock, passcode).unwrap_or_else(|_| panic!("the passcode is right"))
});

fn card(profile: Profile, algorithm: Algorithm) -> Card {
    let digits = b"629660010000000";
    let check = values::card::luhn_check_digit(digits).expect("digits");
    Card {
        token: Id::from_u128(7),
        number: TokenNumber::parse(&[&digits[..], &[check]].concat()).expect("a number"),
        expiry: Expiry::new(30, 12).expect("a month"),
        sequence: 1,
        aid: Aid::unionpay_debit().as_bytes().to_vec(),
        label: "UnionPay Debit".to_owned(),
        last_four: LastFour::from_ascii(b"1111").expect("digits"),
        card_expiry: None,
        issuer: "Bank of China".to_owned(),
        art: "boc-debit".to_owned(),
        nickname: None,
        state: CardState::Active,
        state_version: 1,
        suspended_here: false,
        algorithm,
        key_index: 1,
        profile,
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

/// Answers of a card, one a piece. The first byte chooses the interface and what the host says.
///
/// Every conversation ends, within the bounds of the configuration, and asks the host at most once.
pub fn terminal(data: &[u8]) {
    ending(data);
}

/// Runs the card's answers; the code of the reason the conversation ended with.
pub fn ending(data: &[u8]) -> Option<&'static str> {
    let (choice, script) = data.split_first()?;
    let interface = if choice & 1 == 0 { Interface::Contactless } else { Interface::Contact };
    let shop = Configuration::sample_shop();
    let mut answers = pieces(script).into_iter();
    let (mut machine, mut step) = Transaction::start(&shop, interface, sale());
    let (mut commands, mut asked) = (0, 0);
    loop {
        (machine, step) = match step {
            Step::Transmit(command) => {
                commands += 1;
                assert!(
                    commands <= u32::from(shop.bounds.commands),
                    "more commands than the configuration allows"
                );
                assert!(command.len() >= 4, "a command has a header");
                match answers.next() {
                    Some(answer) => machine.card_said(answer),
                    None => machine.card_removed(),
                }
            }
            Step::AuthoriseOnline(_) => {
                asked += 1;
                assert_eq!(asked, 1, "the host is asked once");
                match choice >> 1 & 3 {
                    0 => machine.host_silent(),
                    answer => machine.host_said(host_answer(answer)),
                }
            }
            Step::AwaitHost => machine.host_silent(),
            Step::Finished(outcome) => {
                assert!(u32::from(outcome.commands) <= commands);
                return Some(outcome.reason.code());
            }
        };
    }
}

fn host_answer(choice: u8) -> HostAnswer {
    HostAnswer {
        response_code: if choice == 1 { *b"51" } else { *b"00" },
        approval_code: Some("123456".to_owned()),
        issuer_authentication_data: (choice == 3).then(|| vec![1, 2, 3, 4, 5, 6, 7, 8, b'0', b'0']),
        scripts: if choice == 3 { vec![0x72, 7, 0x86, 5, 0x84, 0x24, 0, 0, 0] } else { Vec::new() },
    }
}

fn sale() -> Sale {
    Sale {
        amount: Money::new(1250, Currency::CNY).expect("an amount"),
        kind: SaleKind::Purchase,
        at: Civil { year: 2026, month: 11, day: 22, hour: 12, minute: 0, second: 0 },
        unpredictable_number: [1, 2, 3, 4],
        sequence: 1,
        attempt: 1,
    }
}

//! Single-use keys and the counter that names them.
//!
//! [`UseKey`] is the one durable step of a tap: it moves the counter, takes the key out of the records and
//! writes the tap down, all before a cryptogram can exist. A key is never handed out twice, because the
//! counter only goes up; whatever happens after the commit burns that counter value and nothing else.

use crate::card::{Card, CardState};
use crate::defences::{Defence, Defences};
use crate::history::{PaidBy, TapOutcome, TapRecord};
use crate::phone::Phone;
use crate::unlock::Verified;
use crypto::p256::AgreementKey;
use crypto::{emv_keys, jwe};
use serde::{Deserialize, Serialize};
use values::id::kinds;
use values::time::Zone;
use values::{Currency, Id, Operation, Outbound, Record, Records, Residency, Secret, Timestamp};

/// Below this many keys the phone asks for more.
pub const KEYS_LOW: u16 = 4;

/// The key of one transaction counter, in two sealed parts.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySlot {
    /// Whose key.
    pub token: Id<kinds::Token>,
    /// The one counter value it is for.
    pub atc: u16,
    /// Sealed to the device's agreement key (compact JWE, context [`DEVICE_CONTEXT`]).
    pub device_part: String,
    /// Sealed to the key the passcode opens (context [`USER_CONTEXT`]); `None` for a key that the token
    /// service lets pay without the customer, at gates.
    pub user_part: Option<String>,
    /// Not used after this moment.
    pub good_until: Option<Timestamp>,
}

/// What binds a device part to its purpose.
pub const DEVICE_CONTEXT: &str = "paiza:key:device";
/// What binds a user part to its purpose.
pub const USER_CONTEXT: &str = "paiza:key:user";

/// The key identifier inside the sealed parts: the token reference and the counter value.
pub fn key_id(token: Id<kinds::Token>, atc: u16) -> String {
    format!("{token}:{atc}")
}

impl Record for KeySlot {
    type Key = (Id<kinds::Token>, u16);
    const TABLE: &'static str = "key_slots";
    fn key(&self) -> (Id<kinds::Token>, u16) {
        (self.token, self.atc)
    }
}

impl std::fmt::Debug for KeySlot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeySlot({} {}, ****)", self.token, self.atc)
    }
}

/// How far a token's transaction counter has gone. It never goes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// Whose counter.
    pub token: Id<kinds::Token>,
    /// The highest value used (ATC, tag 9F36); 0 before the first tap.
    pub atc: u16,
    /// Keys exist up to this value, as far as they were not used or wiped.
    pub issued_through: u16,
    /// Keys that are left.
    pub keys_left: u16,
    /// The value of the last tap that is known to have been answered online (tag 9F13).
    pub last_online: u16,
    /// What was tapped since keys were last stored, in minor units of the card's currency.
    pub spent_minor: u64,
}

impl Record for Counter {
    type Key = Id<kinds::Token>;
    const TABLE: &'static str = "counters";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> Id<kinds::Token> {
        self.token
    }
}

impl Counter {
    /// A counter that has not moved.
    pub fn new(token: Id<kinds::Token>) -> Counter {
        Counter { token, atc: 0, issued_through: 0, keys_left: 0, last_online: 0, spent_minor: 0 }
    }
}

/// Stores a batch of keys. Keys already there or already used are passed over, so a repeat is harmless.
#[derive(Clone, Debug)]
pub struct StoreKeys {
    /// For which token.
    pub token: Id<kinds::Token>,
    /// The keys, all of this token.
    pub keys: Vec<KeySlot>,
}

/// Why keys were not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreRefusal {
    /// No such card on this phone.
    #[error("there is no such card on this phone")]
    UnknownCard,
    /// The card is suspended or deleted: nothing is kept for it.
    #[error("this card takes no keys now")]
    NotLive,
    /// The batch is for another token, too large, or names the counter value 0.
    #[error("the batch of keys is not for this card")]
    NotABatch,
}

impl StoreRefusal {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            StoreRefusal::UnknownCard => "unknown_card",
            StoreRefusal::NotLive => "card_not_live",
            StoreRefusal::NotABatch => "keys_not_for_card",
        }
    }
}

/// A batch has at most this many keys.
const BATCH_MOST: usize = 256;

impl Operation for StoreKeys {
    /// Keys left after it.
    type Answer = u16;
    type Refusal = StoreRefusal;
    const NAME: &'static str = "wallet.store_keys";

    fn apply<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<u16, StoreRefusal> {
        let card = records.find::<Card>(&self.token).ok_or(StoreRefusal::UnknownCard)?;
        if matches!(card.state, CardState::Suspended | CardState::Deleted) || card.suspended_here {
            return Err(StoreRefusal::NotLive);
        }
        let ours = |slot: &KeySlot| slot.token == self.token && slot.atc > 0;
        if self.keys.len() > BATCH_MOST || !self.keys.iter().all(ours) {
            return Err(StoreRefusal::NotABatch);
        }
        let mut counter = records.find::<Counter>(&self.token).unwrap_or_else(|| Counter::new(self.token));
        let mut added = 0;
        for slot in &self.keys {
            if slot.atc > counter.atc && records.find::<KeySlot>(&slot.key()).is_none() {
                counter.issued_through = counter.issued_through.max(slot.atc);
                added += 1;
                records.put(slot.clone());
            }
        }
        if added > 0 {
            counter.keys_left += added;
            // New keys mean that the service has looked at what was spent.
            counter.spent_minor = 0;
        }
        let left = counter.keys_left;
        records.put(counter);
        Ok(left)
    }
}

/// Gives up so many counter values for which keys were made that never came: the service counts them as outstanding and
/// makes no more. Only a phone that has no key left does so; its counter is durable before it says so.
#[derive(Clone, Debug)]
pub struct PassOver {
    /// Whose counter.
    pub token: Id<kinds::Token>,
    /// How many values.
    pub count: u16,
}

impl Operation for PassOver {
    /// The counter after it.
    type Answer = u16;
    type Refusal = StoreRefusal;
    const NAME: &'static str = "wallet.pass_over";

    fn apply<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<u16, StoreRefusal> {
        let mut counter = records.find::<Counter>(&self.token).ok_or(StoreRefusal::UnknownCard)?;
        if counter.keys_left == 0 {
            counter.atc = counter.atc.checked_add(self.count).ok_or(StoreRefusal::NotABatch)?;
            counter.issued_through = counter.issued_through.max(counter.atc);
            records.put(counter.clone());
        }
        Ok(counter.atc)
    }
}

/// Forgets every key of a token; its counter stays where it is.
pub(crate) fn wipe_keys<W: Records>(records: &mut W, token: Id<kinds::Token>) {
    let Some(mut counter) = records.find::<Counter>(&token) else { return };
    for atc in unused(&counter) {
        if records.find::<KeySlot>(&(token, atc)).is_some() {
            records.remove::<KeySlot>(&(token, atc));
        }
    }
    counter.keys_left = 0;
    counter.issued_through = counter.atc;
    records.put(counter);
}

/// The counter values that may still have a key.
fn unused(counter: &Counter) -> impl Iterator<Item = u16> + use<> {
    (u32::from(counter.atc) + 1..=u32::from(counter.issued_through)).map(|atc| atc as u16)
}

/// Whether the tap carries the customer's verification, and which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verification {
    /// None: only a key without a user part will do.
    None,
    /// That of this ticket; it is good for one tap.
    Ticket(u64),
}

/// Takes the next key for a tap: the durable step. Made by the card application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseKey {
    /// Whose key.
    pub token: Id<kinds::Token>,
    /// Amount the terminal asked for, in minor units of `currency`.
    pub amount_minor: u64,
    /// ISO 4217 numeric code the terminal named; not necessarily one that exists.
    pub currency: u16,
    /// The customer's part in it.
    pub verification: Verification,
    /// The merchant's name, if the terminal gave one.
    pub merchant: Option<String>,
    /// For a tap, or for which code.
    pub paid_by: PaidBy,
    /// Which checks stand.
    pub defences: Defences,
}

/// A key that is out of the records, with its counter value.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedKey {
    /// The key, sealed as it was stored.
    pub slot: KeySlot,
    /// Keys left after it.
    pub keys_left: u16,
}

impl UsedKey {
    /// Joins the parts of the session key. A part that was sealed for another counter does not count.
    pub(crate) fn open(
        &self,
        device: &AgreementKey,
        unlocked: Option<&Verified>,
        defences: Defences,
    ) -> Option<Secret<16>> {
        let slot = &self.slot;
        let name = key_id(slot.token, slot.atc);
        let open = |key: &AgreementKey, sealed: &str, context| {
            let named = jwe::key_id(sealed).is_ok_and(|kid| kid == name);
            let part = named.then(|| jwe::open(key, sealed, context).ok())??;
            Some(Secret::new(part.expose().try_into().ok()?))
        };
        let device = open(device, &slot.device_part, DEVICE_CONTEXT)?;
        let Some(sealed) = &slot.user_part else { return Some(device) };
        let Some(unlocked) = unlocked else {
            // Half a key; of a careless service, which did not split it, the whole.
            return (!defences.stands(Defence::Lock)).then_some(device);
        };
        let user = open(unlocked.key(), sealed, USER_CONTEXT)?;
        Some(emv_keys::join(&device, &user))
    }
}

impl std::fmt::Debug for UsedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "UsedKey({:?})", self.slot)
    }
}

/// Why no key was given; no counter value was used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum UseRefusal {
    /// No such card on this phone.
    #[error("there is no such card on this phone")]
    UnknownCard,
    /// The card is suspended or not yet verified.
    #[error("this card is not active")]
    NotActive,
    /// The card was deleted.
    #[error("this card was deleted")]
    Deleted,
    /// The token is past its expiry.
    #[error("this card has expired")]
    Expired,
    /// No key is left for the next counter value.
    #[error("no key is left; connect to the network")]
    NoKey,
    /// The key wants the customer's verification, and there is none, or it was used for another tap.
    #[error("unlock the phone, then tap again")]
    NotVerified,
    /// More than one tap may be.
    #[error("the amount is over the limit of this card")]
    OverTapLimit,
    /// A scanned code asks for another currency than the card's.
    #[error("this card does not pay in that currency")]
    OtherCurrency,
    /// More than may be spent before the phone has been online.
    #[error("connect to the network before the next tap")]
    OverCumulativeLimit,
}

impl UseRefusal {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            UseRefusal::UnknownCard => "unknown_card",
            UseRefusal::NotActive => "card_not_active",
            UseRefusal::Deleted => "card_deleted",
            UseRefusal::Expired => "card_expired",
            UseRefusal::NoKey => "no_key_left",
            UseRefusal::NotVerified => "see_phone",
            UseRefusal::OtherCurrency => "other_currency",
            UseRefusal::OverTapLimit => "over_tap_limit",
            UseRefusal::OverCumulativeLimit => "over_cumulative_limit",
        }
    }
}

impl Operation for UseKey {
    type Answer = UsedKey;
    type Refusal = UseRefusal;
    const NAME: &'static str = "wallet.use_key";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<UsedKey, UseRefusal> {
        let card = records.find::<Card>(&self.token).ok_or(UseRefusal::UnknownCard)?;
        usable(&card, now)?;
        let mut counter = records.find::<Counter>(&self.token).ok_or(UseRefusal::NoKey)?;
        let spent = self.within_limits(&card, &counter)?;
        let slot = next_slot(records, &counter, now).ok_or(UseRefusal::NoKey)?;
        self.spend_verification(records, &slot)?;

        let passed_over = (counter.atc + 1..slot.atc)
            .filter(|atc| records.find::<KeySlot>(&(self.token, *atc)).is_some())
            .collect::<Vec<_>>();
        if !self.defences.stands(Defence::CounterFirst) {
            return Ok(UsedKey { slot, keys_left: counter.keys_left });
        }
        for atc in &passed_over {
            records.remove::<KeySlot>(&(self.token, *atc));
        }
        records.remove::<KeySlot>(&slot.key());
        counter.atc = slot.atc;
        counter.keys_left = counter.keys_left.saturating_sub(1 + passed_over.len() as u16);
        counter.spent_minor = spent;
        let keys_left = counter.keys_left;
        records.put(counter);
        records.put(TapRecord {
            token: self.token,
            atc: slot.atc,
            amount_minor: self.amount_minor,
            currency: self.currency,
            merchant: self.merchant.clone(),
            at: now,
            outcome: TapOutcome::Presented,
            paid_by: self.paid_by,
            reference: None,
            original: None,
        });
        if keys_left < KEYS_LOW {
            let key = self.token.to_string();
            let body = key.clone().into_bytes();
            records.send(Outbound { topic: "platform.replenish".to_owned(), key, due: now, body });
        }
        Ok(UsedKey { slot, keys_left })
    }
}

impl UseKey {
    /// What will have been spent after this tap, if that is allowed.
    fn within_limits(&self, card: &Card, counter: &Counter) -> Result<u64, UseRefusal> {
        // Limits are in the card's currency; the issuer judges taps in others.
        if Currency::from_numeric(self.currency) != Some(card.currency) {
            return Ok(counter.spent_minor);
        }
        if !self.defences.stands(Defence::Limits) {
            return Ok(counter.spent_minor.saturating_add(self.amount_minor));
        }
        if card.limit_per_tap.is_some_and(|limit| self.amount_minor > limit) {
            return Err(UseRefusal::OverTapLimit);
        }
        let spent = counter.spent_minor.saturating_add(self.amount_minor);
        if card.limit_cumulative.is_some_and(|limit| spent > limit) {
            return Err(UseRefusal::OverCumulativeLimit);
        }
        Ok(spent)
    }

    /// One verification, one tap: whatever application or thread asks first has it.
    fn spend_verification<W: Records>(&self, records: &mut W, slot: &KeySlot) -> Result<(), UseRefusal> {
        let Verification::Ticket(number) = self.verification else {
            let free = slot.user_part.is_none() || !self.defences.stands(Defence::Lock);
            return if free { Ok(()) } else { Err(UseRefusal::NotVerified) };
        };
        let mut phone = Phone::of(records).ok_or(UseRefusal::NotVerified)?;
        let spent = number <= phone.ticket_spent && self.defences.stands(Defence::OneTap);
        if spent || number > phone.tickets {
            return Err(UseRefusal::NotVerified);
        }
        phone.ticket_spent = phone.ticket_spent.max(number);
        records.put(phone);
        Ok(())
    }
}

fn usable(card: &Card, now: Timestamp) -> Result<(), UseRefusal> {
    match card.state {
        CardState::Deleted => Err(UseRefusal::Deleted),
        _ if !card.pays() => Err(UseRefusal::NotActive),
        _ if card.expiry.is_past(now.civil(Zone::Shanghai)) => Err(UseRefusal::Expired),
        _ => Ok(()),
    }
}

fn next_slot<W: Records>(records: &mut W, counter: &Counter, now: Timestamp) -> Option<KeySlot> {
    unused(counter)
        .filter_map(|atc| records.find::<KeySlot>(&(counter.token, atc)))
        .find(|slot| slot.good_until.is_none_or(|until| now <= until))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::{Delete, Resume, Suspend, UpdateCard};
    use crate::testing::{self, Memory, NOON};
    use proptest::prelude::*;

    fn tap(memory: &mut Memory, amount_minor: u64) -> Result<UsedKey, UseRefusal> {
        let verified = memory.unlock(NOON);
        memory.run(&wish(amount_minor, Verification::Ticket(verified.ticket())), NOON)
    }

    fn wish(amount_minor: u64, verification: Verification) -> UseKey {
        let (token, defences) = (testing::token(), Defences::ALL);
        UseKey {
            token,
            amount_minor,
            currency: 156,
            verification,
            merchant: None,
            paid_by: PaidBy::Tap,
            defences,
        }
    }

    fn store(memory: &mut Memory, counters: std::ops::RangeInclusive<u16>) -> Result<u16, StoreRefusal> {
        let keys = testing::batch(&testing::card(), counters);
        memory.run(&StoreKeys { token: testing::token(), keys }, NOON)
    }

    #[test]
    fn keys_are_used_in_order_and_once() {
        let mut memory = Memory::with_card();
        for expected in 1..=10 {
            let used = tap(&mut memory, 100).unwrap();
            assert_eq!((used.slot.atc, used.keys_left), (expected, 10 - expected));
            assert!(memory.find::<KeySlot>(&(testing::token(), expected)).is_none());
            assert_eq!(
                memory.find::<TapRecord>(&(testing::token(), expected)).unwrap().outcome,
                TapOutcome::Presented
            );
            let asked =
                memory.sent.contains_key(&("platform.replenish".to_owned(), testing::token().to_string()));
            assert_eq!(asked, used.keys_left < KEYS_LOW);
        }
        assert_eq!(tap(&mut memory, 100), Err(UseRefusal::NoKey));
        assert_eq!(memory.counter().atc, 10);
    }

    #[test]
    fn a_batch_that_comes_again_adds_nothing() {
        let mut memory = Memory::with_card();
        tap(&mut memory, 100).unwrap();
        assert_eq!(store(&mut memory, 1..=10), Ok(9));
        assert_eq!(store(&mut memory, 9..=12), Ok(11));
        assert_eq!((memory.slots(), memory.counter().issued_through), (11, 12));
    }

    #[test]
    fn counters_are_passed_over_by_a_phone_without_keys_alone() {
        let mut memory = Memory::with_card();
        let pass = PassOver { token: testing::token(), count: 10 };
        assert_eq!(memory.run(&pass, NOON), Ok(0), "there are keys");
        (1..=10).for_each(|_| drop(tap(&mut memory, 100).unwrap()));
        assert_eq!(memory.run(&pass, NOON), Ok(20));
        // What comes late for them is not taken any more.
        assert_eq!(store(&mut memory, 11..=22), Ok(2));
        assert_eq!(tap(&mut memory, 100).unwrap().slot.atc, 21);
        let far = PassOver { token: testing::token(), count: u16::MAX };
        tap(&mut memory, 100).unwrap();
        assert_eq!(memory.run(&far, NOON), Err(StoreRefusal::NotABatch), "a counter never turns over");
        assert_eq!(memory.counter().atc, 22);
    }

    #[test]
    fn a_batch_of_something_else_is_refused() {
        let mut memory = Memory::with_card();
        let token = testing::token();
        let slot = |atc| testing::slot(&testing::card(), atc, true);
        let strange = KeySlot { token: Id::from_u128(8), ..slot(20) };
        for keys in [vec![strange], vec![slot(0)], vec![slot(20); BATCH_MOST + 1]] {
            assert_eq!(memory.run(&StoreKeys { token, keys }, NOON), Err(StoreRefusal::NotABatch));
        }
        let unknown = StoreKeys { token: Id::from_u128(8), keys: vec![] };
        assert_eq!(memory.run(&unknown, NOON), Err(StoreRefusal::UnknownCard));
    }

    #[test]
    fn suspending_and_deleting_wipe_keys_at_once() {
        let token = testing::token();
        let mut memory = Memory::with_card();
        tap(&mut memory, 100).unwrap();
        memory.run(&Suspend { token }, NOON).unwrap();
        assert_eq!((memory.slots(), memory.counter().atc, memory.counter().keys_left), (0, 1, 0));
        assert_eq!(store(&mut memory, 2..=3), Err(StoreRefusal::NotLive));
        memory.run(&Resume { token }, NOON).unwrap();
        assert_eq!(tap(&mut memory, 100), Err(UseRefusal::NoKey));
        assert_eq!(store(&mut memory, 11..=12), Ok(2));
        assert_eq!(tap(&mut memory, 100).unwrap().slot.atc, 11);

        let suspended = UpdateCard { token, state: CardState::Suspended, version: 2, plastic: None };
        memory.run(&suspended, NOON).unwrap();
        assert_eq!(memory.slots(), 0);
        assert_eq!(tap(&mut memory, 100), Err(UseRefusal::NotActive));
        memory.run(&UpdateCard { state: CardState::Active, version: 3, ..suspended }, NOON).unwrap();
        store(&mut memory, 13..=14).unwrap();
        memory.run(&Delete { token }, NOON).unwrap();
        assert_eq!((memory.slots(), tap(&mut memory, 100)), (0, Err(UseRefusal::Deleted)));
    }

    #[test]
    fn limits_hold_to_the_last_unit() {
        let card = Card { limit_per_tap: Some(500), limit_cumulative: Some(1200), ..testing::card() };
        let mut memory = Memory::with(card, 1..=9);
        assert_eq!(tap(&mut memory, 501), Err(UseRefusal::OverTapLimit));
        tap(&mut memory, 500).unwrap();
        tap(&mut memory, 500).unwrap();
        assert_eq!(tap(&mut memory, 201), Err(UseRefusal::OverCumulativeLimit));
        tap(&mut memory, 200).unwrap();
        assert_eq!(tap(&mut memory, 1), Err(UseRefusal::OverCumulativeLimit));
        // Fresh keys mean that the service has seen what was spent.
        store(&mut memory, 10..=10).unwrap();
        tap(&mut memory, 500).unwrap();
    }

    #[test]
    fn a_verification_is_used_up_whatever_card_uses_it() {
        let mut memory = Memory::with_card();
        let ticket = Verification::Ticket(memory.unlock(NOON).ticket());
        assert_eq!(memory.run(&wish(1, Verification::None), NOON), Err(UseRefusal::NotVerified));
        assert_eq!(memory.run(&wish(1, Verification::Ticket(99)), NOON), Err(UseRefusal::NotVerified));
        memory.run(&wish(1, ticket), NOON).unwrap();
        assert_eq!(memory.run(&wish(1, ticket), NOON), Err(UseRefusal::NotVerified));
        assert_eq!(memory.counter().atc, 1);
    }

    #[test]
    fn old_keys_are_passed_over_and_wiped() {
        let mut memory = Memory::with(testing::card(), []);
        let old = |atc| KeySlot { good_until: Some(NOON), ..testing::slot(&testing::card(), atc, true) };
        let keys = vec![old(1), old(2), testing::slot(&testing::card(), 3, true)];
        memory.run(&StoreKeys { token: testing::token(), keys }, NOON).unwrap();
        let later = Timestamp::from_millis(NOON.millis() + 1);
        let ticket = memory.unlock(NOON).ticket();
        let used = memory.run(&wish(1, Verification::Ticket(ticket)), later).unwrap();
        assert_eq!((used.slot.atc, used.keys_left, memory.slots()), (3, 0, 0));
    }

    #[test]
    fn the_counter_ends_at_its_end() {
        let mut memory = Memory::with(testing::card(), [65_535]);
        assert_eq!(tap(&mut memory, 1).unwrap().slot.atc, 65_535);
        assert_eq!(tap(&mut memory, 1), Err(UseRefusal::NoKey));
        assert_eq!(store(&mut memory, 1..=10), Ok(0));
    }

    #[test]
    fn an_old_copy_of_the_records_only_repeats_counters_that_were_seen() {
        let mut memory = Memory::with_card();
        let copy = memory.clone();
        let seen: Vec<u16> = (0..5).map(|_| tap(&mut memory, 1).unwrap().slot.atc).collect();
        let mut restored = copy;
        // The copy goes on where it stood: every value it gives was used, and whoever checks has seen it.
        let again: Vec<u16> = (0..5).map(|_| tap(&mut restored, 1).unwrap().slot.atc).collect();
        assert_eq!(seen, again);
    }

    #[test]
    fn nothing_prints_a_key() {
        let slot = testing::slot(&testing::card(), 5, true);
        let used = UsedKey { slot: slot.clone(), keys_left: 1 };
        assert_eq!(format!("{slot:?}"), "KeySlot(tok_00000000000000000000000007 5, ****)");
        assert_eq!(format!("{used:?}"), "UsedKey(KeySlot(tok_00000000000000000000000007 5, ****))");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// Whatever happens to a card, a counter value is given once, and later ones are higher.
        #[test]
        fn the_counter_only_goes_up(steps in proptest::collection::vec((0u8..6, 1u16..40), 1..40)) {
            let token = testing::token();
            let mut memory = Memory::with(testing::card(), 1..=3);
            let mut highest = 0;
            for (kind, number) in steps {
                match kind {
                    0 | 1 => {
                        if let Ok(used) = tap(&mut memory, 1) {
                            prop_assert!(used.slot.atc > highest);
                            highest = used.slot.atc;
                        }
                    }
                    2 => drop(store(&mut memory, number..=number.saturating_add(3))),
                    3 => drop(memory.run(&Suspend { token }, NOON)),
                    4 => drop(memory.run(&Resume { token }, NOON)),
                    _ => drop(memory.run(&testing::bind(), NOON)),
                }
                let counter = memory.counter();
                prop_assert!(counter.atc >= highest);
                prop_assert_eq!(usize::from(counter.keys_left), memory.slots());
            }
        }
    }
}

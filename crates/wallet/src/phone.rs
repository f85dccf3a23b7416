//! The phone itself: who it is bound to, and how often its passcode may be guessed.
//!
//! A try is counted *before* the passcode is looked at: [`BeginUnlock`] answers with a [`Ticket`], and
//! [`crate::unlock::open`] wants one. Pulling the battery during a guess therefore gains nothing.

use crate::card::Card;
use crate::keys::wipe_keys;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use values::id::kinds;
use values::{Id, Operation, Record, Records, Timestamp};

/// Tries after which the phone forgets its keys and has to be bound again.
pub const TRIES_MOST: u32 = 10;

/// The one key of a record of which there is only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Only;

/// The passcode-locked private key of the customer's verification, as it lies on the disk.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasscodeLock {
    /// The agreement private key, encrypted under Argon2id of the passcode; holds its own parameters.
    #[serde(with = "crate::octets")]
    pub sealed: Vec<u8>,
    /// The public half (SEC1), to which the token service seals the user parts of keys.
    #[serde(with = "crate::octets")]
    pub public: Vec<u8>,
}

impl std::fmt::Debug for PasscodeLock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasscodeLock(****)")
    }
}

/// The public keys of the token service this phone trusts (SEC1), as learnt when it was bound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerKeys {
    /// Checks what the service signs.
    #[serde(with = "crate::octets")]
    pub signing: Vec<u8>,
    /// Card data typed on the phone is sealed to it.
    #[serde(with = "crate::octets")]
    pub sealing: Vec<u8>,
}

/// The phone's own record; there is one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phone {
    /// Its name at the platform.
    pub device: Id<kinds::Device>,
    /// Whose it is.
    pub customer: Id<kinds::Customer>,
    /// Where codes are sent.
    pub number: String,
    /// Whom it trusts.
    pub server: ServerKeys,
    /// What the passcode opens; `None` after too many wrong tries, until bound again.
    pub lock: Option<PasscodeLock>,
    /// Wrong or unfinished tries since the last right one.
    pub tries: u32,
    /// No try is taken before this moment.
    pub wait_until: Timestamp,
    /// Tickets given so far; the next one has this number plus one.
    pub tickets: u64,
    /// The number of the ticket whose verification the last tap used up.
    pub ticket_spent: u64,
    /// The cards, in the order the customer sees them; deleted ones are not in it.
    pub cards: Vec<Id<kinds::Token>>,
    /// The card that answers when none was opened.
    pub default_card: Option<Id<kinds::Token>>,
}

impl std::fmt::Debug for Phone {
    // Not the telephone number: it is personal.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Phone({}, {} cards, {} tries)", self.device, self.cards.len(), self.tries)
    }
}

impl Record for Phone {
    type Key = Only;
    const TABLE: &'static str = "phone";
    fn key(&self) -> Only {
        Only
    }
}

impl Phone {
    /// The phone's record, if it is bound.
    pub fn of<W: Records>(records: &mut W) -> Option<Phone> {
        records.find::<Phone>(&Only)
    }
}

/// Binds the phone to a customer: the first time, or again after too many wrong passcodes.
///
/// Keys made for an earlier binding are sealed to a lock that is gone, so they are wiped.
#[derive(Clone)]
pub struct Bind {
    /// The name the platform gave.
    pub device: Id<kinds::Device>,
    /// Whose phone it is.
    pub customer: Id<kinds::Customer>,
    /// Where codes are sent.
    pub number: String,
    /// Whom to trust.
    pub server: ServerKeys,
    /// A fresh lock, from [`crate::unlock::new_lock`].
    pub lock: PasscodeLock,
}

impl std::fmt::Debug for Bind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bind({} to {})", self.device, self.customer)
    }
}

/// The phone belongs to another customer; its cards would change hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this phone is bound to somebody else")]
pub struct BoundToAnother;

impl Operation for Bind {
    type Answer = ();
    type Refusal = BoundToAnother;
    const NAME: &'static str = "wallet.bind";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), BoundToAnother> {
        let old = Phone::of(records);
        if old.as_ref().is_some_and(|phone| phone.customer != self.customer && !phone.cards.is_empty()) {
            return Err(BoundToAnother);
        }
        if let Some(phone) = &old {
            wipe_all(records, phone);
        }
        records.put(Phone {
            device: self.device,
            customer: self.customer,
            number: self.number.clone(),
            server: self.server.clone(),
            lock: Some(self.lock.clone()),
            tries: 0,
            wait_until: now,
            // Tickets go on counting, so that none of the old binding is ever taken for a new one.
            tickets: old.as_ref().map_or(0, |phone| phone.tickets),
            ticket_spent: old.as_ref().map_or(0, |phone| phone.tickets),
            cards: old.as_ref().map_or_else(Vec::new, |phone| phone.cards.clone()),
            default_card: old.and_then(|phone| phone.default_card),
        });
        Ok(())
    }
}

/// The right to look at one passcode, once, or at one passkey's secret. Made only by [`BeginUnlock`] and
/// [`crate::passkey::UsePasskey`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    number: u64,
    at: Timestamp,
}

impl Ticket {
    /// The right that follows from another proof than a passcode.
    pub(crate) fn given(number: u64, at: Timestamp) -> Ticket {
        Ticket { number, at }
    }

    /// Its number; later ones are higher.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// When the try began.
    pub(crate) fn at(&self) -> Timestamp {
        self.at
    }
}

/// What asking for a try leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unlocking {
    /// Go on with [`crate::unlock::open`].
    Try(Ticket),
    /// Too many wrong passcodes; nothing before this moment.
    Wait(Timestamp),
    /// The limit is reached: the keys are wiped and the phone has to be bound again.
    Rebind,
}

/// The phone has not been bound to anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this phone is not bound")]
pub struct NotBound;

/// Counts a passcode try before it is made.
#[derive(Clone, Copy, Debug)]
pub struct BeginUnlock;

impl Operation for BeginUnlock {
    type Answer = Unlocking;
    type Refusal = NotBound;
    const NAME: &'static str = "wallet.begin_unlock";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Unlocking, NotBound> {
        let mut phone = Phone::of(records).ok_or(NotBound)?;
        if phone.lock.is_none() || phone.tries >= TRIES_MOST {
            forget_lock(records, phone);
            return Ok(Unlocking::Rebind);
        }
        if now < phone.wait_until {
            return Ok(Unlocking::Wait(phone.wait_until));
        }
        phone.tries += 1;
        phone.tickets += 1;
        phone.wait_until = now.after(wait_after(phone.tries));
        let ticket = Ticket { number: phone.tickets, at: now };
        records.put(phone);
        Ok(Unlocking::Try(ticket))
    }
}

/// How long to wait after this many tries in a row that were not right.
fn wait_after(tries: u32) -> Duration {
    Duration::from_secs(60)
        * match tries {
            0..=4 => 0,
            5 => 1,
            6 => 5,
            7 => 15,
            _ => 60,
        }
}

/// Ends a try that was right: the count starts again. Made by [`crate::unlock::Verified::confirm`].
#[derive(Clone, Debug)]
pub struct ConfirmUnlock {
    pub(crate) ticket: u64,
}

impl Operation for ConfirmUnlock {
    type Answer = ();
    type Refusal = NotBound;
    const NAME: &'static str = "wallet.confirm_unlock";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), NotBound> {
        let mut phone = Phone::of(records).ok_or(NotBound)?;
        if phone.lock.is_some() && self.ticket > 0 && self.ticket <= phone.tickets {
            phone.tries = 0;
            phone.wait_until = now;
            records.put(phone);
        }
        Ok(())
    }
}

/// Puts the same key behind another passcode. Made by [`crate::unlock::Verified::change_passcode`].
#[derive(Clone, Debug)]
pub struct ChangePasscode {
    pub(crate) ticket: u64,
    pub(crate) lock: PasscodeLock,
}

/// The passcode was not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the phone was bound anew, or a later passcode was typed; type the old one again")]
pub struct Superseded;

impl Operation for ChangePasscode {
    type Answer = ();
    type Refusal = Superseded;
    const NAME: &'static str = "wallet.change_passcode";

    fn apply<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<(), Superseded> {
        let mut phone = Phone::of(records).ok_or(Superseded)?;
        // The key stays the same, or the user parts that are stored would not open any more.
        let same_key = phone.lock.as_ref().is_some_and(|lock| lock.public == self.lock.public);
        if !same_key || self.ticket != phone.tickets {
            return Err(Superseded);
        }
        phone.lock = Some(self.lock.clone());
        records.put(phone);
        Ok(())
    }
}

/// Ends a try that was wrong: at the limit the keys go. Made by [`crate::unlock::open`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailUnlock {
    pub(crate) ticket: u64,
}

/// What is left after a wrong passcode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AfterWrong {
    /// Tries left, and the moment of the next one.
    Again {
        /// How many more until the phone must be bound again.
        tries_left: u32,
        /// Not before this.
        not_before: Timestamp,
    },
    /// None: the keys are wiped.
    Rebind,
}

impl Operation for FailUnlock {
    type Answer = AfterWrong;
    type Refusal = NotBound;
    const NAME: &'static str = "wallet.fail_unlock";

    fn apply<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<AfterWrong, NotBound> {
        let phone = Phone::of(records).ok_or(NotBound)?;
        if phone.tries >= TRIES_MOST || phone.lock.is_none() {
            records.note("wallet.passcode_exhausted", &phone.device.to_string(), "");
            forget_lock(records, phone);
            return Ok(AfterWrong::Rebind);
        }
        Ok(AfterWrong::Again { tries_left: TRIES_MOST - phone.tries, not_before: phone.wait_until })
    }
}

fn forget_lock<W: Records>(records: &mut W, mut phone: Phone) {
    wipe_all(records, &phone);
    phone.lock = None;
    records.put(phone);
}

fn wipe_all<W: Records>(records: &mut W, phone: &Phone) {
    crate::passkey::forget(records);
    for token in &phone.cards {
        wipe_keys(records, *token);
    }
}

/// The live cards of the phone in the customer's order.
pub fn cards<W: Records>(records: &mut W) -> Vec<Card> {
    let order = Phone::of(records).map_or_else(Vec::new, |phone| phone.cards);
    order.iter().filter_map(|token| records.find::<Card>(token)).collect()
}

/// The card that answers a reader: the opened one, else the default.
///
/// A reader is shown one card, never a list (JR/T 0025.12 6.4.2).
pub fn presented<W: Records>(records: &mut W, opened: Option<Id<kinds::Token>>) -> Option<Card> {
    let token = opened.or(Phone::of(records)?.default_card)?;
    records.find::<Card>(&token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, Memory};

    fn minutes(count: u64) -> Duration {
        Duration::from_secs(60 * count)
    }

    #[test]
    fn waits_grow_and_the_tenth_wrong_try_is_the_last() {
        let mut memory = Memory::with_phone();
        let mut now = testing::NOON;
        for (tries, wait) in [0, 0, 0, 0, 1, 5, 15, 60, 60].into_iter().enumerate() {
            let Unlocking::Try(ticket) = memory.run(&BeginUnlock, now).unwrap() else {
                panic!("try {tries} was not given")
            };
            let fail = FailUnlock { ticket: ticket.number() };
            let not_before = now.after(minutes(wait));
            let tries_left = TRIES_MOST - 1 - tries as u32;
            assert_eq!(memory.run(&fail, now).unwrap(), AfterWrong::Again { tries_left, not_before });
            if wait > 0 {
                let early = Timestamp::from_millis(not_before.millis() - 1);
                assert_eq!(memory.run(&BeginUnlock, early).unwrap(), Unlocking::Wait(not_before));
            }
            now = not_before;
        }
        let Unlocking::Try(ticket) = memory.run(&BeginUnlock, now).unwrap() else { panic!("the tenth") };
        let fail = FailUnlock { ticket: ticket.number() };
        assert_eq!(memory.run(&fail, now).unwrap(), AfterWrong::Rebind);
        assert_eq!(memory.run(&BeginUnlock, now.after(minutes(600))).unwrap(), Unlocking::Rebind);
        assert!(Phone::of(&mut memory).unwrap().lock.is_none());
    }

    #[test]
    fn a_hundred_guesses_at_once_are_five() {
        let mut memory = Memory::with_phone();
        let given = (0..100)
            .filter(|_| matches!(memory.run(&BeginUnlock, testing::NOON).unwrap(), Unlocking::Try(_)))
            .count();
        assert_eq!(given, 5);
    }

    #[test]
    fn a_right_try_starts_the_count_again() {
        let mut memory = Memory::with_phone();
        for _ in 0..20 {
            let Unlocking::Try(ticket) = memory.run(&BeginUnlock, testing::NOON).unwrap() else { panic!() };
            memory.run(&ConfirmUnlock { ticket: ticket.number() }, testing::NOON).unwrap();
        }
        assert_eq!(Phone::of(&mut memory).unwrap().tries, 0);
    }

    #[test]
    fn a_bound_phone_with_cards_does_not_change_hands() {
        let mut memory = Memory::with_card();
        let mut bind = testing::bind();
        bind.customer = Id::from_u128(99);
        assert_eq!(memory.run(&bind, testing::NOON), Err(BoundToAnother));
        memory.run(&testing::bind(), testing::NOON).unwrap();
    }
}

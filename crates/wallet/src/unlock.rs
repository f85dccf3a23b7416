//! From a passcode to the right to pay once.
//!
//! The passcode opens a private key that is on the disk only under Argon2id of it. That key opens the user part
//! of single-use keys. It lives in [`Verified`], which cannot be stored or copied and is wiped on drop.

use crate::phone::{ChangePasscode, ConfirmUnlock, FailUnlock, PasscodeLock, Ticket};
use crypto::p256::AgreementKey;
use crypto::passphrase::{self, Work};
use std::time::Duration;
use values::{Secret, Timestamp};

/// How long a verification may be used for a tap.
pub const FRESH: Duration = Duration::from_secs(60);

/// What the sealed key is, so that no other sealed bytes can stand in for it.
const CONTEXT: &[u8] = b"paiza wallet: user verification key";

/// Why a passcode cannot be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasscodeError {
    /// 6 to 64 bytes.
    #[error("a passcode has 6 to 64 characters")]
    Length,
    /// The work factor is outside what the cipher room accepts.
    #[error("the work factor is not accepted")]
    Work,
}

impl PasscodeError {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            PasscodeError::Length => "passcode_length",
            PasscodeError::Work => "passcode_work",
        }
    }
}

/// Why a passcode is refused although its length is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// Fewer than 6 or more than 64 bytes.
    Length,
    /// One digit or letter again and again, a piece of a row, or a short piece repeated: 111111, 123456, 121212.
    Simple,
    /// A piece of the phone's own number.
    OwnNumber,
}

/// What makes this passcode too easy to guess for somebody who holds the phone, and knows its `number`. Ten tries are all
/// there are, so only what is tried first is refused.
pub fn weakness(passcode: &[u8], number: &str) -> Option<Weakness> {
    if !(6..=64).contains(&passcode.len()) {
        return Some(Weakness::Length);
    }
    let steps = |by: i16| passcode.windows(2).all(|pair| i16::from(pair[1]) - i16::from(pair[0]) == by);
    // 890123 goes over the end of the row.
    let row = |by: u8| {
        let next = |digit: u8| (digit - b'0' + by) % 10 + b'0';
        passcode.iter().all(u8::is_ascii_digit) && passcode.windows(2).all(|pair| next(pair[0]) == pair[1])
    };
    let repeats = |length: usize| passcode.iter().zip(&passcode[length..]).all(|(one, other)| one == other);
    if steps(0) || steps(1) || steps(-1) || row(1) || row(9) || repeats(2) || repeats(3) {
        return Some(Weakness::Simple);
    }
    let digits: Vec<u8> = number.bytes().filter(u8::is_ascii_digit).collect();
    digits.windows(passcode.len()).any(|piece| piece == passcode).then_some(Weakness::OwnNumber)
}

/// Locks a fresh user-verification key under a passcode. `entropy` is fresh and random.
pub fn new_lock(
    key: &AgreementKey,
    passcode: &[u8],
    work: Work,
    entropy: &passphrase::Entropy,
) -> Result<PasscodeLock, PasscodeError> {
    if !(6..=64).contains(&passcode.len()) {
        return Err(PasscodeError::Length);
    }
    let sealed = passphrase::seal(work, passcode, key.to_bytes().expose(), CONTEXT, entropy)
        .map_err(|_| PasscodeError::Work)?;
    Ok(PasscodeLock { sealed, public: key.public().to_sec1().to_vec() })
}

/// Evidence that the customer typed the right passcode a moment ago, or was verified by their passkey. Good for one tap.
pub struct Verified {
    ticket: u64,
    at: Timestamp,
    key: AgreementKey,
}

impl std::fmt::Debug for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Verified(ticket {}, ****)", self.ticket)
    }
}

impl Verified {
    pub(crate) fn of(ticket: &Ticket, key: AgreementKey) -> Verified {
        Verified { ticket: ticket.number(), at: ticket.at(), key }
    }

    /// The operation that starts the count of wrong tries again.
    pub fn confirm(&self) -> ConfirmUnlock {
        ConfirmUnlock { ticket: self.ticket }
    }

    /// The operation that puts the key behind another passcode. `entropy` is fresh and random.
    pub fn change_passcode(
        &self,
        passcode: &[u8],
        work: Work,
        entropy: &passphrase::Entropy,
    ) -> Result<ChangePasscode, PasscodeError> {
        Ok(ChangePasscode { ticket: self.ticket, lock: new_lock(&self.key, passcode, work, entropy)? })
    }

    /// Whether it may still be used at this moment.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        // A clock that was set back does not stretch it.
        now >= self.at && now.since(self.at) <= FRESH
    }

    /// The last moment at which it may be used.
    pub fn good_until(&self) -> Timestamp {
        self.at.after(FRESH)
    }

    pub(crate) fn ticket(&self) -> u64 {
        self.ticket
    }

    pub(crate) fn key(&self) -> &AgreementKey {
        &self.key
    }
}

/// Looks at a passcode. The try was counted when the ticket was given; a wrong one answers with the operation
/// that says so.
pub fn open(ticket: Ticket, lock: &PasscodeLock, passcode: &[u8]) -> Result<Verified, FailUnlock> {
    let wrong = FailUnlock { ticket: ticket.number() };
    let opened = passphrase::open(passcode, &lock.sealed, CONTEXT).map_err(|_| wrong.clone())?;
    let number = opened.expose().try_into().map_err(|_| wrong.clone())?;
    let key = AgreementKey::from_bytes(&Secret::new(number)).map_err(|_| wrong)?;
    Ok(Verified { ticket: ticket.number(), at: ticket.at(), key })
}

#[cfg(test)]
mod tests {
    use crate::phone::{BeginUnlock, Phone, Unlocking};
    use crate::testing::{self, Memory, NOON, PASSCODE};
    use std::time::Duration;

    #[test]
    fn the_right_passcode_opens_and_no_other() {
        let mut memory = Memory::with_phone();
        let lock = Phone::of(&mut memory).unwrap().lock.unwrap();
        for (passcode, right) in [(PASSCODE, true), (b"123457", false), (b"", false), (b"1234567", false)] {
            let Unlocking::Try(ticket) = memory.run(&BeginUnlock, NOON).unwrap() else { panic!() };
            assert_eq!(super::open(ticket, &lock, passcode).is_ok(), right);
        }
    }

    #[test]
    fn a_verification_goes_stale_and_does_not_come_back_with_the_clock() {
        let verified = Memory::with_phone().unlock(NOON);
        for (offset, fresh) in [(0, true), (60_000, true), (60_001, false), (-1, false)] {
            let now = values::Timestamp::from_millis(NOON.millis() + offset);
            assert_eq!(verified.is_fresh(now), fresh, "{offset}");
        }
        assert!(verified.is_fresh(NOON.after(Duration::from_secs(1))));
        assert_eq!(format!("{verified:?}"), "Verified(ticket 1, ****)");
    }

    #[test]
    fn another_passcode_opens_the_same_key() {
        let mut memory = Memory::with_card();
        let verified = memory.unlock(NOON);
        let change = verified.change_passcode(b"abcdef", super::Work::TEST, &[9; 28]).unwrap();
        memory.run(&change, NOON).unwrap();
        let lock = Phone::of(&mut memory).unwrap().lock.unwrap();
        for (passcode, right) in [(PASSCODE, false), (b"abcdef", true)] {
            let Unlocking::Try(ticket) = memory.run(&BeginUnlock, NOON).unwrap() else { panic!() };
            assert_eq!(super::open(ticket, &lock, passcode).is_ok(), right);
        }
        // It was typed for this change; a later one wants the passcode again.
        assert!(memory.run(&change, NOON).is_err());
    }

    #[test]
    fn what_is_guessed_first_is_refused() {
        use super::{Weakness, weakness};
        for (passcode, expected) in [
            ("12345", Some(Weakness::Length)),
            (&"1".repeat(65), Some(Weakness::Length)),
            ("000000", Some(Weakness::Simple)),
            ("aaaaaaa", Some(Weakness::Simple)),
            ("123456", Some(Weakness::Simple)),
            ("987654", Some(Weakness::Simple)),
            ("890123", Some(Weakness::Simple)),
            ("210987", Some(Weakness::Simple)),
            ("121212", Some(Weakness::Simple)),
            ("123123", Some(Weakness::Simple)),
            ("abcdef", Some(Weakness::Simple)),
            ("380000", Some(Weakness::OwnNumber)),
            ("13800000001", Some(Weakness::OwnNumber)),
            ("135790", None),
            ("112233", None),
            ("123457", None),
            ("tin roof", None),
        ] {
            assert_eq!(weakness(passcode.as_bytes(), "+8613800000001"), expected, "{passcode}");
        }
        assert_eq!(weakness(b"380000", ""), None);
    }

    #[test]
    fn a_lock_wants_a_passcode_of_some_length() {
        let key = testing::user_key();
        let lock = |passcode: &[u8]| super::new_lock(&key, passcode, super::Work::TEST, &[1; 28]);
        assert_eq!(lock(b"12345"), Err(super::PasscodeError::Length));
        assert_eq!(lock(&[b'1'; 65]), Err(super::PasscodeError::Length));
        assert!(lock(b"123456").is_ok());
    }
}

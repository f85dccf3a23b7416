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

/// Evidence that the customer typed the right passcode a moment ago. Good for one tap.
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
    fn a_lock_wants_a_passcode_of_some_length() {
        let key = testing::user_key();
        let lock = |passcode: &[u8]| super::new_lock(&key, passcode, super::Work::TEST, &[1; 28]);
        assert_eq!(lock(b"12345"), Err(super::PasscodeError::Length));
        assert_eq!(lock(&[b'1'; 65]), Err(super::PasscodeError::Length));
        assert!(lock(b"123456").is_ok());
    }
}

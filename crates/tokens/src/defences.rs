//! The defences of this room by name, so that a test can switch one off and see the attack succeed.
//!
//! In a normal build `Defences::stands` is the constant `true`: the switch does not exist. Only the room's
//! own tests and the feature `danger-defences-off` have it.

/// One check that stands between an attack and its success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defence {
    /// A counter seen before is refused.
    Replay,
    /// A counter far ahead, far behind or without issued keys is refused.
    Window,
    /// The amount of the message is the amount in the cryptogram.
    Amount,
    /// The currency of the message is the currency in the cryptogram.
    Currency,
    /// The date of the message and of today agree with the date in the cryptogram.
    Date,
    /// The type of transaction agrees with the message.
    TransactionType,
    /// The application that answered is the token's.
    Aid,
    /// The card profile (tap, contact) agrees with how the terminal says it read the card.
    Profile,
    /// The customer verification claimed is the one inside the cryptogram.
    Verification,
    /// The cryptogram is computed again and compared.
    Cryptogram,
    /// Track, expiry and sequence number are the token's.
    TokenData,
    /// A token that is not active is refused.
    Standing,
    /// Where and how a token may be used.
    Domain,
    /// Limits on amounts and counts.
    Limits,
    /// At most eight live cards.
    EightCards,
    /// Attempts to add a card are counted and bounded.
    Attempts,
    /// Guesses of a code are counted and bounded.
    CodeTries,
    /// The way of verification is one that the issuer offered.
    StepUpChoice,
    /// The device that asks for keys owns the token.
    DeviceBinding,
}

/// Which defences stand. All of them, except in attack tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Defences {
    #[cfg(any(test, feature = "danger-defences-off"))]
    off: u32,
}

impl Defences {
    /// Every defence stands.
    pub const ALL: Defences = Defences {
        #[cfg(any(test, feature = "danger-defences-off"))]
        off: 0,
    };

    /// Switches one defence off, to show that an attack then succeeds.
    #[cfg(any(test, feature = "danger-defences-off"))]
    #[must_use]
    pub fn danger_without(mut self, defence: Defence) -> Defences {
        self.off |= 1 << defence as u32;
        self
    }

    /// Whether this defence is in force.
    #[inline]
    pub(crate) fn stands(self, defence: Defence) -> bool {
        #[cfg(any(test, feature = "danger-defences-off"))]
        return self.off & (1 << defence as u32) == 0;
        #[cfg(not(any(test, feature = "danger-defences-off")))]
        {
            let _ = defence;
            true
        }
    }
}

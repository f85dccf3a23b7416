//! The defences of this room by name, so that a test can switch one off and see the attack succeed.
//!
//! In a product the switch does not exist: see `values::defences`.

use values::defences::Check;

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
    /// A code on a phone's screen pays within its minute.
    ShownCodeLife,
    /// The shop of the message is the one whose code the phone scanned.
    Place,
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
    /// A request for keys that lies below the counter comes from a copy.
    Backup,
    /// Codes sent to a number are counted and bounded.
    CodeSends,
    /// A code is good for three minutes.
    CodeLife,
    /// A payment whose reversal came first is refused.
    EarlyReversal,
    /// One suspender cannot lift another's suspension.
    Suspenders,
    /// Deleted is deleted.
    Final,
    /// Guesses of a recovery secret are counted and bounded.
    RecoveryTries,
    /// A card number opens for two operators, so many times a day.
    TwoOperators,
    /// A key goes to the phone in two halves, one of which only the customer's verification opens.
    SplitKeys,
}

impl Check for Defence {
    fn place(self) -> u32 {
        self as u32
    }
}

/// Which defences stand. All of them, except in attack tests.
pub type Defences = values::defences::Defences<Defence>;

//! The checks of the network and of issuing banks by name, so that a test can take one away and see the attack
//! succeed. In a product the switch does not exist: see `values::defences`.

use values::defences::Check;

/// One check that stands between an attack, or a fault, and its success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defence {
    /// Issuer: guesses of a one-time password are counted and bounded.
    PasswordTries,
    /// Issuer: a one-time password is good for three minutes and one use.
    PasswordLife,
    /// Issuer: passwords sent for a card are counted and bounded.
    PasswordSends,
    /// Issuer: only the way of verification that was offered leads on.
    PasswordMethod,
    /// Issuer: a token is linked to a card only after a green decision or the right password.
    StepUp,
    /// Issuer: attempts of a device and for a card are counted and bounded.
    EnrolmentAttempts,
    /// Issuer: rules are weighed before a card is added, the security code among them.
    EnrolmentRules,
    /// Issuer: cryptogram, amounts, application and verification are checked a second time.
    ChipData,
    /// Issuer: the states of card and token.
    Standing,
    /// Issuer: a message that comes again gets its first answer.
    IssuerRepeats,
    /// Issuer: a payment whose reversal came first is refused.
    IssuerEarlyReversal,
    /// Issuer: what was reversed is not reversed again.
    IssuerReversalOnce,
    /// Issuer: a payment is disputed by the token that made it alone.
    IssuerDisputeOwn,
    /// Issuer: no more is claimed of a payment than is left of it.
    IssuerDisputeAmount,
    /// Issuer: a payment is disputed for so long and no longer.
    IssuerDisputeInTime,
    /// Network: a message that comes again is not forwarded again.
    NetworkRepeats,
    /// Network: a payment whose reversal came first is refused.
    NetworkEarlyReversal,
    /// Network: what was reversed is not reversed again.
    NetworkReversalOnce,
    /// Network: what was not answered in time is reversed.
    LateAnswers,
    /// Account payment, bank: a PIN counts for the transaction, amount and payee that it was typed for.
    CredentialPurpose,
    /// Account payment, bank: a block with a PIN is good once.
    CredentialOnce,
    /// Account payment, bank: guesses of a PIN are counted and bounded.
    PinTries,
    /// Account payment, switch: people do not ask people for money.
    MerchantsCollect,
    /// Account payment, switch: questions how a payment stands are counted and bounded.
    StatusChecks,
    /// Account payment, bank: only what a payment brought to an account is given back from it without a PIN.
    RefundOriginal,
    /// Account payment, switch: nobody is debited under a mandate in the hours that the network bars.
    MandateHours,
    /// Account payment, bank: a debit under a mandate shows what this bank gave for it.
    MandateStanding,
    /// Account payment, bank: a purse that is closed or stopped neither pays nor is paid.
    PurseOpen,
    /// Account payment, bank: a spend from a purse shows the cryptogram of its phone for this transaction.
    PurseCryptogram,
    /// Account payment, bank: a counter of a purse's phone is good once, and only grows.
    PurseCounter,
    /// Account payment, bank: a purse's phone believes the balance that the bank has.
    PurseMirror,
    /// Account payment, bank: limits of a purse's payments, day and balance.
    PurseLimits,
    /// Account payment, switch: a payment has one dispute.
    DisputeOnce,
    /// Account payment, switch: no more is claimed of a payment than is left of it.
    DisputeAmount,
    /// Account payment, switch: only the payer's provider and the two banks of a payment act in its dispute.
    DisputeStranger,
    /// Account payment, bank: refunds and a dispute together give no more back than came.
    DisputeOrRefund,
}

impl Check for Defence {
    fn place(self) -> u32 {
        self as u32
    }
}

/// Which checks stand. All of them, except in tests of attacks.
pub type Defences = values::defences::Defences<Defence>;

//! The checks of this room by name, so that a test can take one away and see the attack succeed. In a product the
//! switch does not exist: see `values::defences`.

use values::defences::Check;

/// One check that stands between an attack and its success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defence {
    /// Document types, and with them entities, are refused.
    DocumentType,
    /// Comments, which a signature does not cover, are refused.
    Comments,
    /// A document has one signature.
    OneSignature,
    /// It is a child of the root.
    SignatureInRoot,
    /// What it covers is the whole document.
    WholeDocument,
    /// It is RSA over SHA-256 over canonical XML 1.0, and nothing else.
    Algorithms,
    /// The digest is that of the document.
    Digest,
    /// The signature is that of the digest.
    SignatureValue,
    /// Base64 is read strictly.
    StrictBase64,
    /// Keys are the pinned ones, not what the document brings along.
    PinnedKeys,
    /// The key is one of the organisation that the document names as its sender.
    Sender,
    /// The key is in force.
    KeyLife,
    /// A link is what the merchant signed.
    LinkSignature,
    /// Nothing follows the signature of a link.
    SignatureLast,
    /// A key of a link has one value.
    OneValue,
    /// Addresses are ASCII.
    PlainAddresses,
    /// Amounts have two decimals at most, and are digits.
    PlainAmounts,
    /// A debit or credit is booked once, however often it is asked for.
    LegOnce,
    /// What is reversed, or said not to be there, before it came is refused when it comes.
    Forestalled,
    /// A credit that its bank said stands is not taken back any more.
    CreditStands,
    /// An answer that comes too late changes nothing.
    LateAnswers,
    /// A mandate that is paused, revoked or over is not debited.
    MandateStands,
    /// A debit under a mandate is made once, and none before it afterwards.
    MandateOnce,
    /// A mandate pays the payee it was approved for.
    MandatePayee,
    /// A debit under a mandate is no more than was approved.
    MandateAmount,
    /// It is made on the days that were approved.
    MandateDay,
    /// It is tried once and three times more.
    MandateTries,
    /// It is not made in the hours that the network bars.
    MandateHours,
    /// The payer was told of it a day before.
    MandateNotice,
    /// Above the limit of debits without a PIN the payer types it.
    MandatePin,
    /// In a dispute a side acts where it has the word.
    DisputeSide,
    /// In a dispute nobody acts once the time for it is over.
    DisputeClock,
}

impl Check for Defence {
    fn place(self) -> u32 {
        self as u32
    }
}

/// Which checks stand. All of them, except in tests of attacks.
pub type Defences = values::defences::Defences<Defence>;

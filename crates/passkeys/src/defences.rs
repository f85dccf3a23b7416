//! The checks of this room by name, so that a test can take one away and see the attack succeed that it stops.

use values::defences::Check;

/// One check of what a browser and an authenticator say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defence {
    /// What was signed was signed for this ceremony: to log in is not to register.
    Ceremony,
    /// The challenge is the one that was given out.
    Challenge,
    /// The page stood at our own origin, and in no frame of another.
    Origin,
    /// The authenticator signed for our own relying party.
    RelyingParty,
    /// The authenticator verified the person, by biometrics or a PIN.
    UserVerification,
    /// The signature is one of the credential's key.
    Signature,
    /// A counter of signatures that did not grow belongs to a copy.
    Counter,
}

impl Check for Defence {
    fn place(self) -> u32 {
        self as u32
    }
}

/// Which checks stand. All of them, except in tests of attacks.
pub type Defences = values::defences::Defences<Defence>;

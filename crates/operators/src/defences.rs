//! The checks of this room by name, so that a test can take one away and see the attack succeed that it stops.

use values::defences::Check;

/// One check on what operators do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defence {
    /// Who asked does not approve.
    TwoPeople,
    /// Who approves shows a passkey of theirs for this proposal.
    FreshPasskey,
    /// A proposal is decided once.
    Once,
    /// What was asked for too long ago is not approved.
    Expiry,
    /// A subject that changed since it was asked for is left alone.
    Unchanged,
    /// Ten wrong tries lock what they were tried with.
    Tries,
    /// A credential belongs to one operator.
    OneOwner,
    /// An invitation wants both halves: the asker's link and the approver's code.
    BothHalves,
    /// Who runs the platform is founded until there are two, and not after.
    Founders,
}

impl Check for Defence {
    fn place(self) -> u32 {
        self as u32
    }
}

/// Which checks stand. All of them, except in tests of attacks.
pub type Defences = values::defences::Defences<Defence>;

//! The checks of this room against known attacks by name. All of them stand, always: only a build made for tests
//! can take one away to see the attack succeed, see `values::defences`.

use values::defences::Check;

/// One check against one attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Defence {
    /// A claim "verified on the device" needs proof inside what the card authenticates.
    DeviceVerificationProof,
    /// The application must call itself what it was selected as, and its kernel must be ours.
    ApplicationName,
    /// A failed or withdrawn data authentication is never a reason to go on more easily.
    AuthenticationFailure,
    /// No offline approval without a signature over this amount.
    OfflineSignature,
    /// No answer of the magnetic-stripe kind.
    StripeMode,
    /// Limits count only in their own currency.
    Currency,
    /// Answers of a torn or edited conversation are refused as a whole.
    WholeAnswers,
    /// The second value of an object is never taken.
    DuplicateObjects,
}

impl Check for Defence {
    fn place(self) -> u32 {
        self as u32
    }
}

/// The set of defences that stand.
pub type Defences = values::defences::Defences<Defence>;

//! Which checks against known attacks stand. All of them, always: only a build with the feature
//! `danger-defences-off`, made for tests, can take one away to see the attack succeed.

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

/// The set of defences that stand.
#[derive(Clone, Debug, Default)]
pub struct Defences {
    #[cfg(feature = "danger-defences-off")]
    off: Vec<Defence>,
}

impl Defences {
    /// All but one.
    #[cfg(feature = "danger-defences-off")]
    pub fn danger_without(defence: Defence) -> Defences {
        Defences { off: vec![defence] }
    }

    /// Whether this defence stands.
    #[cfg(feature = "danger-defences-off")]
    pub fn stands(&self, defence: Defence) -> bool {
        !self.off.contains(&defence)
    }

    /// Whether this defence stands: yes.
    #[cfg(not(feature = "danger-defences-off"))]
    pub fn stands(&self, _: Defence) -> bool {
        true
    }
}

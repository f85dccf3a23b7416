//! The checks of this room by name, so that a test can take one away and see the attack succeed. In a product the
//! switch does not exist: see `values::defences`.

use values::defences::Check;

/// One check that stands between an attack, or a fault, and its success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defence {
    /// Without the customer's verification there is no payment.
    Lock,
    /// A verification is good for one tap, a moment ago.
    OneTap,
    /// The counter moves and the key is gone, durably, before a cryptogram exists.
    CounterFirst,
    /// Limits per tap and since the phone was last online.
    Limits,
}

impl Check for Defence {
    fn place(self) -> u32 {
        self as u32
    }
}

/// Which checks stand. All of them, except in tests of attacks.
pub type Defences = values::defences::Defences<Defence>;

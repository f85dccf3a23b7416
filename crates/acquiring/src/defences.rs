//! The checks of this room by name, so that a test can take one away and see the attack succeed. In a product the
//! switch does not exist: see `values::defences`.

use values::defences::Check;

/// One check that stands between an attack, or a fault, and its success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defence {
    /// The category named is the merchant's, and the merchant's is what is told.
    Category,
    /// Limits of the merchant.
    Limits,
    /// A request that comes again gets its first answer.
    Repeats,
    /// A payment whose reversal came first is refused.
    EarlyReversal,
    /// A bill is paid with its own amount.
    Bill,
    /// What is paid back is at most what was paid, to the card that paid.
    Original,
}

impl Check for Defence {
    fn place(self) -> u32 {
        self as u32
    }
}

/// Which checks stand. All of them, except in tests of attacks.
pub type Defences = values::defences::Defences<Defence>;

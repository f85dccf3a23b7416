//! The checks of this room by name, so that a test can take one away and see the attack succeed. In a product the
//! switch does not exist: see `values::defences`.

use values::defences::Check;

/// One check that stands between an attack and its success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defence {
    /// A binding token that came from two numbers binds to neither.
    OneSender,
    /// A binding token is good for five minutes.
    TokenLife,
    /// Another customer's address is not given away.
    AddressOwner,
}

impl Check for Defence {
    fn place(self) -> u32 {
        self as u32
    }
}

/// Which checks stand. All of them, except in tests of attacks.
pub type Defences = values::defences::Defences<Defence>;

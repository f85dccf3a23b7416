//! The checks of the doors by name, and the checks of a whole city together, so that a test can take one away and see
//! the attack succeed. In a product the switches do not exist: see `values::defences`.

use values::defences::Check;

/// One check at a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defence {
    /// A request over HTTP is signed, as it stands, by the key it names (RFC 9421).
    Signature,
    /// A signature is good once.
    Nonce,
    /// A signature was made a moment ago.
    Freshness,
    /// A message between hosts carries the MAC of its line.
    LineMac,
    /// A text in the name of a number comes from its SIM.
    SimProof,
    /// A message under mutual TLS comes from whoever shows the certificate of its sender.
    CallerCertificate,
}

impl Check for Defence {
    fn place(self) -> u32 {
        self as u32
    }
}

/// Which checks of the doors stand. All of them, except in tests of attacks.
pub type Defences = values::defences::Defences<Defence>;

/// Which checks of a city's parties stand; those of the token service are in its policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CityDefences {
    /// Of every door.
    pub doors: Defences,
    /// Of the acquirer.
    pub acquirer: acquiring::Defences,
    /// Of the network and the banks.
    pub sandbox: sandbox::defences::Defences,
    /// Of those who run the platform.
    pub operators: operators::Defences,
}

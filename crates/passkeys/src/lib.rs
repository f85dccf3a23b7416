//! Passkeys: what a browser and an authenticator say when somebody proves who they are, and whether it holds.
//!
//! It is the relying party's half of WebAuthn, and no more of it than is used: keys on P-256 with ES256, attestation not
//! asked for and not read, the person verified every time. It keeps nothing, draws no random numbers and knows no HTTP: who
//! calls it gives out challenges and takes each back once.
//!
//! Read `client_data` (what the browser says), `authenticator` (what the authenticator says), `verify` (whether both hold
//! together), `cbor` (the little that is needed of it), `refusal` (every no).
//!
//! Invariants: [`Asserted`] is made by [`verify`](verify()) alone, from a signature over the expected challenge, origin and
//! relying party by somebody who was verified; no bytes make a parser panic.
//!
//! Specifications: Web Authentication Level 3 (W3C), sections 5.8.1, 6.1, 6.5.1, 7.1, 7.2 and 10.1.4; RFC 9053 (COSE
//! algorithms); RFC 8949 (CBOR); CTAP 2.2, section 8 (its canonical form).

mod authenticator;
mod cbor;
mod client_data;
mod defences;
mod refusal;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod verify;

#[cfg(test)]
mod attacks;

pub use client_data::challenge;
pub use defences::{Defence, Defences};
pub use refusal::Refusal;
pub use verify::{Asserted, Assertion, CredentialId, Expected, PublicKey, Registered, register, verify};

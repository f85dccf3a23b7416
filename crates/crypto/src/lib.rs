//! Every cipher, MAC, signature and key derivation of Paiza; the one room that names a cipher library.
//!
//! It is not a key manager and decides nothing: it has no files, no clock and no policy. Which key serves
//! which purpose is said by the rooms above, which hand over bytes and get bytes or a plain "no" back. It
//! does not know messages either: what goes into a cryptogram is put together by `emv`.
//!
//! ```
//! use crypto::emv_keys::{Algorithm, MasterKey, session_key};
//! use values::Secret;
//!
//! let master = MasterKey::new(Algorithm::TripleDes, &Secret::new([0x11; 16]));
//! let card_key = master.derive_card_key(b"6280371212742269", 0);
//! let session = session_key(Algorithm::TripleDes, &card_key, 1);
//! let data = b"what the tap said";
//! let cryptogram = crypto::mac::application_cryptogram(Algorithm::TripleDes, &session, data);
//! assert_eq!(cryptogram.len(), 8);
//! ```
//!
//! Read `emv_keys` (from an issuer master key to the key of one tap), `mac` and `arpc` (what those keys
//! compute), `tdes` and `sm4_block` (single blocks), `kcv` (key check values), `pin` (PIN blocks and the
//! values printed on cards), `tr31` (keys on the move), `rsa` (raw signatures of offline card
//! authentication), `rsa_signature` (documents of parties), `p256` (keys of devices), `ed25519` (webhooks), `jwe` (a message only
//! one party can open), `vault` (a record at rest), `passphrase` and `keystore` (keys at rest), `pem` (keys in
//! text files), `hash`, and `random` (for the shell alone).
//!
//! Invariants: no input makes a function panic; a key prints masked and its bytes are wiped on drop; tags are
//! compared in constant time; refusals never say which byte was wrong.
//!
//! Specifications: EMV 4.4 Book 2 (8, annexes A and B), JR/T 0025.5, .7, .12 and .17-2013, ISO 9797-1, ISO
//! 9564-1, ANSI X9.143 (key blocks), NIST SP 800-38B and 56A, RFC 7468, 7515, 7516, 7518,
//! 8017, 8032, 9106.

pub mod arpc;
mod des_rounds;
pub mod ed25519;
pub mod emv_keys;
pub mod hash;
pub mod jwe;
pub mod kcv;
pub mod keystore;
pub mod mac;
pub mod p256;
pub mod passphrase;
pub mod pem;
pub mod pin;
pub mod random;
pub mod rsa;
pub mod rsa_signature;
pub mod sm4_block;
pub mod tdes;
pub mod tr31;
pub mod vault;

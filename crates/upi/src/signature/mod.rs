//! Signatures of messages: enveloped, RSA over SHA-256 over canonical XML 1.0 (W3C XML Signature).
//!
//! Read `keys` (whose key counts when), `verify` (received bytes to a [`SignedDocument`] document, which later steps
//! demand), `make` (a signature put into a document, of which no other byte changes).
//!
//! The profile is one shape and nothing else: one signature, a child of the root, over the whole document; no key
//! that the document brings along is ever used.

mod keys;
mod make;
mod verify;

pub use keys::{KeyRing, Organisation, PinnedKey};
pub use make::{Unsignable, named_sender, sign, sign_tree};
pub use verify::{Refused, SignedDocument};

/// Namespace of signatures.
const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
/// Canonical XML 1.0 without comments.
const C14N: &str = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
/// RSA, PKCS #1 version 1.5, over SHA-256 (RFC 4051, 2.3.2).
const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
/// SHA-256 (XML Encryption, 5.7.2).
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
/// The document without the signature itself (XML Signature, 6.6.4).
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

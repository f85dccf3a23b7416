//! What a merchant vouches for: the text before `&sign=`, signed with ECDSA on P-256 over SHA-256.
//!
//! The rule for the signed text is inferred from public links, not published; it stands in one place, here.

use super::{Link, Refused, parse};
use crate::defences::{Defence, Defences};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypto::p256::{SigningKey, VerifyingKey};

/// A link whose signature was checked. Made by [`Link::verify`] alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedLink(Link);

impl SignedLink {
    /// What was signed.
    pub fn link(&self) -> &Link {
        &self.0
    }
}

/// The signature is missing, or not one of this key over this text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the link is not signed with this key")]
pub struct NotSigned;

impl Link {
    /// Checks the signature with the key of the organisation that the link names.
    pub fn verify(self, key: &VerifyingKey) -> Result<SignedLink, NotSigned> {
        self.verify_with(key, Defences::ALL)
    }

    /// The same where a test took defences away.
    pub fn verify_with(self, key: &VerifyingKey, defences: Defences) -> Result<SignedLink, NotSigned> {
        let (value, at) = parse::value(self.pairs(), "sign").ok_or(NotSigned)?;
        let signature = STANDARD.decode(value).map_err(|_| NotSigned)?;
        // Before `sign` stands the ampersand, which is not signed.
        let covered = self.text().get(..at.saturating_sub(1)).unwrap_or_default();
        let good = key.verify_der(covered.as_bytes(), &signature).is_ok();
        if good || !defences.stands(Defence::LinkSignature) { Ok(SignedLink(self)) } else { Err(NotSigned) }
    }
}

/// Signs a link: its text and `&sign=` with the signature. Refuses what is no link, or signed already.
pub fn sign(text: &str, key: &SigningKey) -> Result<Link, Refused> {
    let link = Link::parse(text)?;
    if let Some((_, at)) = parse::value(link.pairs(), "sign") {
        return Err(Refused::AfterSignature { at });
    }
    let signature = STANDARD.encode(key.sign_der(text.as_bytes()));
    Link::parse(&format!("{text}&sign={signature}"))
}

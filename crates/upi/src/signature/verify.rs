//! Received bytes to evidence that their sender signed them.

use super::{C14N, DSIG, ENVELOPED, KeyRing, Organisation, RSA_SHA256, SHA256};
use crate::defences::{Defence, Defences};
use crate::xml::{self, Canonical, Document, Element, Node, XmlError};
use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use crypto::hash::sha256;
use crypto::rsa_signature::VerifyingKey;
use values::{Timestamp, constant_time_eq};

/// A document that its sender signed, whole, with a key in force. Made by [`KeyRing::verify`] alone.
#[derive(Clone, Debug)]
pub struct SignedDocument {
    document: Document,
    sender: Organisation,
}

impl SignedDocument {
    /// The tree that was verified; there is no second reading.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The same, taken out.
    pub fn into_document(self) -> Document {
        self.document
    }

    /// Who signed it.
    pub fn sender(&self) -> &Organisation {
        &self.sender
    }
}

/// Why a document is not taken for its sender's. Offsets are those of received bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not a document.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// There is no signature.
    #[error("the document has no signature")]
    Unsigned,
    /// There is a second signature.
    #[error("byte {at}: a second signature")]
    SecondSignature {
        /// Where it stands.
        at: usize,
    },
    /// The signature is no child of the root.
    #[error("byte {at}: the signature is not a child of the root")]
    Misplaced {
        /// Where it stands.
        at: usize,
    },
    /// The signature is not built as this profile has it.
    #[error("byte {at}: {expected} expected in the signature")]
    Shape {
        /// The element that is wrong, or in which something is missing.
        at: usize,
        /// What should stand there.
        expected: &'static str,
    },
    /// An algorithm other than the one of this profile.
    #[error("byte {at}: the algorithm of {element} is not the one in use")]
    Algorithm {
        /// Where it is named.
        at: usize,
        /// For what.
        element: &'static str,
    },
    /// The signature covers less than the whole document.
    #[error("byte {at}: the signature does not cover the whole document")]
    Partial {
        /// Where the reference stands.
        at: usize,
    },
    /// Base64 that is not strict, or of another length.
    #[error("byte {at}: {element} is not strict base64 of its length")]
    Base64 {
        /// Where it stands.
        at: usize,
        /// Which value.
        element: &'static str,
    },
    /// The document names no sender.
    #[error("the document names no sender (Head.orgId)")]
    NoSender,
    /// No key of this sender is pinned.
    #[error("organisation {0} is not known here")]
    UnknownSender(Organisation),
    /// No key of the sender is in force.
    #[error("no key of organisation {0} is in force")]
    NoKeyInForce(Organisation),
    /// The document was changed after it was signed.
    #[error("the document is not the one that was signed")]
    Digest,
    /// The signature was not made with the sender's key.
    #[error("the signature is not one of organisation {0}")]
    Signature(Organisation),
}

impl Refused {
    /// The switch's code for it: malformed, unknown organisation, checksum or key mismatch.
    pub fn code(&self) -> &'static str {
        match self {
            Refused::Xml(_) | Refused::Shape { .. } => "U05",
            Refused::NoSender => "U52",
            Refused::UnknownSender(_) => "U17",
            Refused::Signature(_) | Refused::NoKeyInForce(_) => "U55",
            _ => "U15",
        }
    }

    /// The byte, where there is one.
    pub fn at(&self) -> Option<usize> {
        match self {
            Refused::Xml(why) => Some(why.at),
            Refused::SecondSignature { at }
            | Refused::Misplaced { at }
            | Refused::Shape { at, .. }
            | Refused::Algorithm { at, .. }
            | Refused::Partial { at }
            | Refused::Base64 { at, .. } => Some(*at),
            _ => None,
        }
    }
}

impl KeyRing {
    /// Checks the signature of received bytes before anything else is read from them.
    pub fn verify(&self, bytes: &[u8], now: Timestamp) -> Result<SignedDocument, Refused> {
        self.check(bytes, None, now)
    }

    /// The same for an Ack, which names no sender: it is whoever was called.
    pub fn verify_from(
        &self,
        bytes: &[u8],
        sender: &Organisation,
        now: Timestamp,
    ) -> Result<SignedDocument, Refused> {
        self.check(bytes, Some(sender), now)
    }

    fn check(
        &self,
        bytes: &[u8],
        known: Option<&Organisation>,
        now: Timestamp,
    ) -> Result<SignedDocument, Refused> {
        let document = xml::read_with(bytes, self.defences)?;
        let root = &document.root;
        let found = find_signature(root, self.defences)?;
        let parts = Parts::read(found.signature, self.defences)?;
        let sender = known.map_or_else(|| named_sender(root), |known| Ok(known.clone()))?;
        self.check_value(&found, &parts, &sender, now)?;
        let covered = covered(root, &parts, self.defences)?;
        let text = Canonical { element: covered, around: &[], without: Some(found.signature) }.to_bytes();
        if self.defences.stands(Defence::Digest) && !constant_time_eq(&sha256(&text), &parts.digest) {
            return Err(Refused::Digest);
        }
        Ok(SignedDocument { document, sender })
    }

    fn check_value(
        &self,
        found: &Found<'_>,
        parts: &Parts<'_>,
        sender: &Organisation,
        now: Timestamp,
    ) -> Result<(), Refused> {
        let keys = self.keys_for(found.signature, sender, now)?;
        // In place: SignedInfo has the namespaces of all elements around it.
        let around: Vec<&Element> = found.around.iter().copied().chain([found.signature]).collect();
        let text = Canonical { element: parts.info, around: &around, without: None }.to_bytes();
        let good = keys.iter().any(|key| key.verify(&text, &parts.value).is_ok());
        if good || !self.defences.stands(Defence::SignatureValue) {
            Ok(())
        } else {
            Err(Refused::Signature(sender.clone()))
        }
    }

    fn keys_for(
        &self,
        signature: &Element,
        sender: &Organisation,
        now: Timestamp,
    ) -> Result<Vec<VerifyingKey>, Refused> {
        if !self.defences.stands(Defence::PinnedKeys) {
            return Ok(brought_along(signature).into_iter().collect());
        }
        if !self.defences.stands(Defence::Sender) {
            return Ok(self.all().map(|pinned| pinned.key.clone()).collect());
        }
        let pinned = self.of(sender).ok_or_else(|| Refused::UnknownSender(sender.clone()))?;
        let ages = !self.defences.stands(Defence::KeyLife);
        let in_force = pinned.iter().filter(|pinned| ages || (pinned.from <= now && now < pinned.until));
        let keys: Vec<_> = in_force.map(|pinned| pinned.key.clone()).collect();
        if keys.is_empty() { Err(Refused::NoKeyInForce(sender.clone())) } else { Ok(keys) }
    }
}

/// The signature and the elements around it, outermost first.
struct Found<'a> {
    signature: &'a Element,
    around: Vec<&'a Element>,
}

fn find_signature(root: &Element, defences: Defences) -> Result<Found<'_>, Refused> {
    let is_signature = |element: &&Element| element.name == "Signature" && element.namespace == DSIG;
    let all: Vec<&Element> = root.walk().into_iter().filter(is_signature).collect();
    let signature = *all.first().ok_or(Refused::Unsigned)?;
    if let (Some(second), true) = (all.get(1), defences.stands(Defence::OneSignature)) {
        return Err(Refused::SecondSignature { at: second.at });
    }
    let in_root = root.elements().any(|child| std::ptr::eq(child, signature));
    if !in_root && defences.stands(Defence::SignatureInRoot) {
        return Err(Refused::Misplaced { at: signature.at });
    }
    Ok(Found { signature, around: way_to(root, signature) })
}

/// The elements around one, outermost first.
fn way_to<'a>(root: &'a Element, inner: &Element) -> Vec<&'a Element> {
    let holds = |element: &Element| {
        element.at < inner.at && inner.at < element.content_end && !std::ptr::eq(element, inner)
    };
    root.walk().into_iter().filter(|element| holds(element)).collect()
}

pub(super) fn named_sender(root: &Element) -> Result<Organisation, Refused> {
    let named = root.child("Head").and_then(|head| head.attribute("orgId"));
    named.and_then(Organisation::parse).ok_or(Refused::NoSender)
}

/// What a signature says, its shape checked.
struct Parts<'a> {
    info: &'a Element,
    reference: &'a Element,
    digest: Vec<u8>,
    value: Vec<u8>,
}

impl<'a> Parts<'a> {
    fn read(signature: &'a Element, defences: Defences) -> Result<Parts<'a>, Refused> {
        let inside = inside(signature, &[])?;
        let (info, value) = match *inside.as_slice() {
            [info, value] => (info, value),
            [info, value, key_info] => {
                named(key_info, "KeyInfo")?;
                (info, value)
            }
            _ => return Err(shape(signature, "SignedInfo, SignatureValue and at most KeyInfo")),
        };
        named(info, "SignedInfo")?;
        named(value, "SignatureValue")?;
        let three = inside_named(info, &[], &["CanonicalizationMethod", "SignatureMethod", "Reference"])?;
        algorithm(three[0], "canonicalisation", C14N, defences)?;
        algorithm(three[1], "the signature", RSA_SHA256, defences)?;
        let reference = three[2];
        let three = inside_named(reference, &["URI"], &["Transforms", "DigestMethod", "DigestValue"])?;
        transforms(three[0], defences)?;
        algorithm(three[1], "the digest", SHA256, defences)?;
        if reference.attribute("URI") != Some("") && defences.stands(Defence::WholeDocument) {
            return Err(Refused::Partial { at: reference.at });
        }
        let digest = decoded(three[2], "DigestValue", defences)?;
        if digest.len() != 32 {
            return Err(Refused::Base64 { at: three[2].at, element: "DigestValue" });
        }
        Ok(Parts { info, reference, digest, value: decoded(value, "SignatureValue", defences)? })
    }
}

/// XML Signature would allow any sequence; this profile takes the document without its signature, canonical.
fn transforms(element: &Element, defences: Defences) -> Result<(), Refused> {
    let all = inside(element, &[])?;
    let allowed: &[&str] = &[ENVELOPED, C14N];
    if !(1..=2).contains(&all.len()) {
        return Err(shape(element, "the transform enveloped-signature and at most C14N 1.0"));
    }
    for (transform, uri) in all.into_iter().zip(allowed) {
        named(transform, "Transform")?;
        algorithm(transform, "a transform", uri, defences)?;
    }
    Ok(())
}

/// An element that names an algorithm and says nothing else.
fn algorithm(element: &Element, what: &'static str, uri: &str, defences: Defences) -> Result<(), Refused> {
    if !inside(element, &["Algorithm"])?.is_empty() {
        return Err(shape(element, "an algorithm without parameters"));
    }
    if element.attribute("Algorithm") != Some(uri) && defences.stands(Defence::Algorithms) {
        return Err(Refused::Algorithm { at: element.at, element: what });
    }
    Ok(())
}

fn shape(element: &Element, expected: &'static str) -> Refused {
    Refused::Shape { at: element.at, expected }
}

/// Exactly these elements, in this order.
fn inside_named<'a>(
    element: &'a Element,
    attributes: &[&str],
    names: &[&'static str],
) -> Result<Vec<&'a Element>, Refused> {
    let found = inside(element, attributes)?;
    for (place, name) in names.iter().enumerate() {
        named(found.get(place).ok_or(shape(element, name))?, name)?;
    }
    match found.get(names.len()) {
        Some(more) => Err(shape(more, "nothing more")),
        None => Ok(found),
    }
}

fn named(element: &Element, name: &'static str) -> Result<(), Refused> {
    if element.name == name && element.namespace == DSIG { Ok(()) } else { Err(shape(element, name)) }
}

/// The elements inside one that has these attributes and no text but blanks.
fn inside<'a>(element: &'a Element, attributes: &[&str]) -> Result<Vec<&'a Element>, Refused> {
    let known = |name: &str, prefix: &str| prefix.is_empty() && attributes.contains(&name);
    let strange = element.attributes.iter().find(|attribute| !known(&attribute.name, &attribute.prefix));
    if let Some(strange) = strange {
        return Err(Refused::Shape { at: strange.at, expected: "no such attribute" });
    }
    if element.attributes.len() != attributes.len() {
        return Err(shape(element, "its attribute"));
    }
    let blank = |text: &str| text.chars().all(|c| c.is_ascii_whitespace());
    if element.children.iter().any(|node| matches!(node, Node::Text(text) if !blank(text))) {
        return Err(shape(element, "no text"));
    }
    Ok(element.elements().collect())
}

/// Strict base64; blanks may break it into lines.
fn decoded(element: &Element, name: &'static str, defences: Defences) -> Result<Vec<u8>, Refused> {
    let refused = Refused::Base64 { at: element.at, element: name };
    let text = element.text().filter(|_| element.attributes.is_empty()).ok_or(refused.clone())?;
    if !defences.stands(Defence::StrictBase64) {
        return leniently(&text).ok_or(refused);
    }
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '\t' | '\r' | '\n')).collect();
    STANDARD.decode(digits).map_err(|_| refused)
}

/// As decoders do that stop at the padding and pass over what they do not know.
fn leniently(text: &str) -> Option<Vec<u8>> {
    let known = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/');
    let digits: String = text.split('=').next()?.chars().filter(known).collect();
    let lax = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(&alphabet::STANDARD, lax).decode(digits).ok()
}

/// What the reference covers: the root. Without the defence, what it names, as general libraries have it.
fn covered<'a>(root: &'a Element, parts: &Parts<'_>, defences: Defences) -> Result<&'a Element, Refused> {
    let uri = parts.reference.attribute("URI").unwrap_or_default();
    if uri.is_empty() || defences.stands(Defence::WholeDocument) {
        return Ok(root);
    }
    let names = |element: &&Element| {
        ["Id", "ID", "id"]
            .iter()
            .any(|id| element.attribute(id).is_some_and(|id| Some(id) == uri.strip_prefix('#')))
    };
    root.walk().into_iter().find(names).ok_or(Refused::Partial { at: parts.reference.at })
}

/// The key that a document brings along: never used unless a test took the defence away.
fn brought_along(signature: &Element) -> Option<VerifyingKey> {
    let all = signature.walk();
    let number = |name: &str| {
        let text = all.iter().find(|element| element.name == name)?.text()?;
        STANDARD.decode(text.split_ascii_whitespace().collect::<String>()).ok()
    };
    VerifyingKey::from_numbers(&number("Modulus")?, &number("Exponent")?).ok()
}

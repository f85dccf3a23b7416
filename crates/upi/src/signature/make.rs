//! A signature put into a document.

use super::{C14N, DSIG, ENVELOPED, Organisation, RSA_SHA256, SHA256};
use crate::xml::{self, Canonical, Declaration, Document, Element, XmlError, canonical};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypto::hash::sha256;
use crypto::rsa_signature::SigningKey;

/// Why a document cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsignable {
    /// It is not one that would be read.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// It has a signature already, at this offset.
    #[error("byte {0}: the document is signed already")]
    Signed(usize),
}

/// Signs a document: the signature becomes the last child of the root, and no other byte changes.
pub fn sign(document: &[u8], key: &SigningKey) -> Result<Vec<u8>, Unsignable> {
    let root = xml::read(document)?.root;
    let signed = |element: &&Element| element.name == "Signature" && element.namespace == DSIG;
    if let Some(signature) = root.walk().into_iter().find(signed) {
        return Err(Unsignable::Signed(signature.at));
    }
    let mut signature = signature_over(&root, key);
    signature.children.push(xml::Node::Element(key_info(key)));
    let mut written = Vec::new();
    signature.write(&mut written);
    let (before, after) = document.split_at(root.content_end);
    let out = match after {
        // An empty root is opened for it.
        [b'/', b'>', rest @ ..] => {
            let end = format!("</{}>", root.qualified());
            [before, b">", &written, end.as_bytes(), rest].concat()
        }
        _ => [before, &written, after].concat(),
    };
    Ok(out)
}

/// Whose message a document says it is (`Head.orgId`), whether or not anybody signed it.
pub fn named_sender(document: &Document) -> Option<Organisation> {
    super::verify::named_sender(&document.root).ok()
}

/// Signs a document that is not written yet: the same bytes as [`sign`] makes of the written one, which need not be read for it.
pub fn sign_tree(mut document: Document, key: &SigningKey) -> Vec<u8> {
    let mut signature = signature_over(&document.root, key);
    signature.children.push(xml::Node::Element(key_info(key)));
    document.root.children.push(xml::Node::Element(signature));
    document.to_bytes()
}

fn signature_over(root: &Element, key: &SigningKey) -> Element {
    let digest = STANDARD.encode(sha256(&canonical(root)));
    let reference = Element::new("Reference")
        .with("URI", "")
        .with_child(Element::new("Transforms").with_child(algorithm("Transform", ENVELOPED)))
        .with_child(algorithm("DigestMethod", SHA256))
        .with_child(Element::new("DigestValue").with_text(&digest));
    let info = Element::new("SignedInfo")
        .with_child(algorithm("CanonicalizationMethod", C14N))
        .with_child(algorithm("SignatureMethod", RSA_SHA256))
        .with_child(reference);
    let mut signature = Element::new("Signature");
    signature.declarations.push(Declaration { prefix: String::new(), uri: DSIG.to_owned() });
    // It is canonicalised where it will stand: with the namespaces of root and signature.
    let covered = Canonical { element: &info, around: &[root, &signature], without: None }.to_bytes();
    let value = STANDARD.encode(key.sign(&covered));
    signature.with_child(info).with_child(Element::new("SignatureValue").with_text(&value))
}

/// What the network's own documents carry; receivers compare at most.
fn key_info(key: &SigningKey) -> Element {
    let number = |name, bytes: &[u8]| Element::new(name).with_text(&STANDARD.encode(bytes));
    let value = Element::new("RSAKeyValue")
        .with_child(number("Modulus", key.public().modulus()))
        .with_child(number("Exponent", key.public().exponent()));
    Element::new("KeyInfo").with_child(Element::new("KeyValue").with_child(value))
}

fn algorithm(name: &str, uri: &str) -> Element {
    Element::new(name).with("Algorithm", uri)
}

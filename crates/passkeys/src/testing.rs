//! An authenticator in software, with the browser before it: for tests of whoever lets people in.

use crate::verify::{Assertion, CredentialId};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crypto::hash::sha256;
use crypto::p256::SigningKey;

/// One credential on one authenticator, shown in one browser.
pub struct Authenticator {
    key: SigningKey,
    id: Vec<u8>,
    /// Signatures so far; 0 for ever if it does not count.
    pub counter: u32,
    /// Whether it counts.
    pub counts: bool,
    /// The relying party it signs for.
    pub relying_party: String,
    /// Where the browser says the page stands.
    pub origin: String,
    /// Whether it verifies who touches it.
    pub verifies: bool,
    /// Whether the page stands in a frame of another.
    pub framed: bool,
}

impl Authenticator {
    /// A new credential with this name, for pages at this origin.
    pub fn new(id: &[u8], relying_party: &str, origin: &str) -> Authenticator {
        Authenticator {
            key: SigningKey::generate(),
            id: id.to_vec(),
            counter: 0,
            counts: true,
            relying_party: relying_party.to_owned(),
            origin: origin.to_owned(),
            verifies: true,
            framed: false,
        }
    }

    /// Its name.
    pub fn credential(&self) -> CredentialId {
        CredentialId::from_bytes(&self.id)
    }

    /// What the browser says, for `webauthn.create` or `webauthn.get`.
    pub fn client_data(&self, ceremony: &str, challenge: &[u8]) -> Vec<u8> {
        let challenge = URL_SAFE_NO_PAD.encode(challenge);
        format!(
            "{{\"type\":\"{ceremony}\",\"challenge\":\"{challenge}\",\"origin\":\"{}\",\"crossOrigin\":{}}}",
            self.origin, self.framed
        )
        .into_bytes()
    }

    fn said(&mut self, more: u8) -> Vec<u8> {
        self.counter += u32::from(self.counts);
        let mut data = sha256(self.relying_party.as_bytes()).to_vec();
        data.push(1 | u8::from(self.verifies) << 2 | more);
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// Its key as COSE writes it.
    pub fn cose_key(&self) -> Vec<u8> {
        let point = self.key.public().to_sec1();
        let mut key = vec![0xA5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 32];
        key.extend(&point[1..33]);
        key.extend([0x22, 0x58, 32]);
        key.extend(&point[33..]);
        key
    }

    /// Registers: client data and attestation object.
    pub fn make(&mut self, challenge: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let mut data = self.said(1 << 6);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap_or(u16::MAX).to_be_bytes());
        data.extend(&self.id);
        data.extend(self.cose_key());
        (self.client_data("webauthn.create", challenge), attested(&data))
    }

    /// Logs in.
    pub fn sign(&mut self, challenge: &[u8]) -> Assertion {
        let client_data = self.client_data("webauthn.get", challenge);
        self.sign_data(client_data)
    }

    /// Signs whatever the browser says.
    pub fn sign_data(&mut self, client_data: Vec<u8>) -> Assertion {
        let authenticator_data = self.said(0);
        let signed = [&authenticator_data[..], &sha256(&client_data)].concat();
        let signature = der(&self.key.sign(&signed));
        Assertion { credential: self.credential(), client_data, authenticator_data, signature }
    }
}

/// An attestation object that vouches for nothing: `none`, an empty statement, and the data.
pub fn attested(data: &[u8]) -> Vec<u8> {
    let mut object = vec![0xA3, 0x63];
    object.extend(b"fmt\x64none\x67attStmt\xA0\x68authData");
    match u8::try_from(data.len()) {
        Ok(length) => object.extend([0x58, length]),
        Err(_) => {
            object.push(0x59);
            object.extend(u16::try_from(data.len()).unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    object.extend(data);
    object
}

/// A signature as authenticators write it: two integers in a sequence (SEC 1, C.5).
fn der(signature: &[u8; 64]) -> Vec<u8> {
    let integer = |number: &[u8]| {
        let begins = number.iter().position(|byte| *byte != 0).unwrap_or(number.len() - 1);
        let number = &number[begins..];
        let sign = usize::from(number[0] >> 7);
        let mut written = vec![2, (number.len() + sign) as u8];
        written.extend(std::iter::repeat_n(0, sign));
        written.extend(number);
        written
    };
    let inside = [integer(&signature[..32]), integer(&signature[32..])].concat();
    [&[0x30, inside.len() as u8][..], &inside].concat()
}

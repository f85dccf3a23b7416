//! Whether what browser and authenticator say holds together (WebAuthn 7.1 and 7.2).

use crate::authenticator::{AuthenticatorData, in_attestation};
use crate::client_data::{self, Ceremony};
use crate::defences::{Defence, Defences};
use crate::refusal::Refusal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crypto::hash::sha256;
use crypto::p256::VerifyingKey;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The name of a credential, given by its authenticator; base64url where people and browsers read it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CredentialId(String);

impl CredentialId {
    /// Of these bytes.
    pub fn from_bytes(bytes: &[u8]) -> CredentialId {
        CredentialId(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads what a browser says; nothing if it is too long or no name.
    pub fn parse(text: &str) -> Option<CredentialId> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (1..=1023).contains(&bytes.len()).then(|| CredentialId::from_bytes(&bytes))
    }

    /// As browsers write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The public key of a credential: a point of P-256 (SEC 1, 2.3.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey([u8; 65]);

impl PublicKey {
    pub(crate) fn from_point(point: [u8; 65]) -> PublicKey {
        PublicKey(point)
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<PublicKey, D::Error> {
        let point = URL_SAFE_NO_PAD.decode(String::deserialize(from)?);
        let point = point.ok().and_then(|point| point.try_into().ok());
        point.map(PublicKey).ok_or_else(|| serde::de::Error::custom("not a point of P-256"))
    }
}

/// What has to come back.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The relying party: a host name, such as `localhost`.
    pub relying_party: &'a str,
    /// The origin of our own page, such as `http://localhost:8085`.
    pub origin: &'a str,
    /// The challenge that was given out, and taken back.
    pub challenge: &'a [u8],
    /// Which checks stand.
    pub defences: Defences,
}

/// A credential that was made just now, for us, by somebody who was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// Its name.
    pub credential: CredentialId,
    /// Its public key.
    pub public: PublicKey,
    /// Its counter of signatures; 0 for ever where it does not count.
    pub counter: u32,
    /// Whether it lies on more than one device.
    pub backed_up: bool,
}

/// What browser and authenticator said to log somebody in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// The credential's name.
    pub credential: CredentialId,
    /// What the browser said.
    pub client_data: Vec<u8>,
    /// What the authenticator said.
    pub authenticator_data: Vec<u8>,
    /// Its signature over both.
    pub signature: Vec<u8>,
}

/// Evidence that the holder of a credential was verified and signed our challenge. Made only by [`verify`](verify()).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asserted {
    credential: CredentialId,
    counter: u32,
}

impl Asserted {
    /// Whose.
    pub fn credential(&self) -> &CredentialId {
        &self.credential
    }

    /// The counter of signatures from now on.
    pub fn counter(&self) -> u32 {
        self.counter
    }
}

/// Reads a new credential.
pub fn register(
    expected: &Expected<'_>,
    client_data: &[u8],
    attestation_object: &[u8],
) -> Result<Registered, Refusal> {
    // WebAuthn 7.1, steps 7 to 11.
    client_data::check(client_data, Ceremony::Create, expected)?;
    let said = AuthenticatorData::read(in_attestation(attestation_object)?)?;
    for_us_and_verified(&said, expected)?;
    let missing = Refusal::Malformed { what: "authenticator data", offset: 32 };
    let made = said.made.ok_or(missing)?;
    Ok(Registered {
        credential: made.credential,
        public: made.public,
        counter: said.counter,
        backed_up: said.backed_up,
    })
}

/// Checks an assertion of the credential with this public key, whose counter stood here.
pub fn verify(
    expected: &Expected<'_>,
    public: &PublicKey,
    counter: u32,
    assertion: &Assertion,
) -> Result<Asserted, Refusal> {
    // WebAuthn 7.2, steps 10 to 14.
    client_data::check(&assertion.client_data, Ceremony::Get, expected)?;
    let said = AuthenticatorData::read(&assertion.authenticator_data)?;
    for_us_and_verified(&said, expected)?;
    // Step 20 and 21.
    let key = VerifyingKey::from_sec1(&public.0).map_err(|_| Refusal::Algorithm)?;
    let signed = [&assertion.authenticator_data[..], &sha256(&assertion.client_data)].concat();
    let genuine = key.verify_der(&signed, &assertion.signature).is_ok();
    if !genuine && expected.defences.stands(Defence::Signature) {
        return Err(Refusal::Signature);
    }
    // Step 22. An authenticator that does not count says 0 each time.
    let grew = said.counter > counter || (said.counter == 0 && counter == 0);
    if !grew && expected.defences.stands(Defence::Counter) {
        return Err(Refusal::Counter);
    }
    Ok(Asserted { credential: assertion.credential.clone(), counter: said.counter })
}

fn for_us_and_verified(said: &AuthenticatorData, expected: &Expected<'_>) -> Result<(), Refusal> {
    let ours = said.relying_party == sha256(expected.relying_party.as_bytes());
    if !ours && expected.defences.stands(Defence::RelyingParty) {
        return Err(Refusal::RelyingParty);
    }
    let verified = said.present && said.verified;
    if !verified && expected.defences.stands(Defence::UserVerification) {
        return Err(Refusal::NotVerified);
    }
    Ok(())
}

//! The sandbox's TEST keys. Every one of them is public: it follows by SHA-256 from a label anybody can read,
//! so that outsiders can recompute any cryptogram. Nothing real may ever be protected by them.
//!
//! A real issuer's or token service's keys come from a key store and never through this module.

use crate::directory::{Directory, Institution, Range};
use crypto::emv_keys::{Algorithm, MasterKey};
use crypto::hash::{HmacKey, sha256, sha256_pieces};
use crypto::mac::LinkKey;
use crypto::p256::{AgreementKey, SigningKey};
use crypto::tdes::Key16;
use crypto::vault::{Envelope, KeyEncryptionKey};
use values::{Expiry, Pan, Secret, SecretBytes};

/// What every label begins with before it is hashed.
pub const LABEL: &str = "Paiza sandbox PUBLIC TEST KEY, never for real cards: ";

pub(crate) fn derive(label: &str) -> [u8; 32] {
    sha256(format!("{LABEL}{label}").as_bytes())
}

fn key16(label: &str) -> Key16 {
    Secret::new(*derive(label).first_chunk().expect("32 bytes hold 16"))
}

/// A double-length DES key, shown with odd parity as the field expects.
fn des_key(label: &str) -> Key16 {
    let mut bytes: [u8; 16] = *derive(label).first_chunk().expect("32 bytes hold 16");
    crypto::tdes::set_odd_parity(&mut bytes);
    Secret::new(bytes)
}

/// A test key under which records are sealed at rest.
pub(crate) fn vault_key(label: &str) -> KeyEncryptionKey {
    KeyEncryptionKey::new(1, &Secret::new(derive(label)))
}

/// Seals a short record; 32 bytes of entropy are stretched to what the vault wants.
pub(crate) fn seal(key: &KeyEncryptionKey, plain: &[u8], context: &[u8], entropy: [u8; 32]) -> Envelope {
    let mut stretched = [0; 44];
    stretched[..32].copy_from_slice(&sha256_pieces(&[b"data key", &entropy, context]));
    stretched[32..].copy_from_slice(&sha256_pieces(&[b"nonce", &entropy, context])[..12]);
    crypto::vault::seal(key, plain, context, &Secret::new(stretched)).expect("the record is short")
}

/// Opens what [`seal`] closed.
pub(crate) fn open(key: &KeyEncryptionKey, envelope: &Envelope, context: &[u8]) -> Option<SecretBytes> {
    crypto::vault::open(key, envelope, context).ok()
}

/// An issuer master key for application cryptograms (IMK-AC), public test key.
pub fn issuer_master_key(bank: &Institution, range: &Range) -> Key16 {
    let label = master_label(bank, range);
    if range.algorithm_id() == Algorithm::TripleDes.id() { des_key(&label) } else { key16(&label) }
}

fn master_label(bank: &Institution, range: &Range) -> String {
    format!("{} IMK-AC algorithm {} DKI {:02}", bank.id, range.algorithm, range.dki)
}

/// The key with which an issuer signs what it tells the platform over HTTP. Its public half is exchanged beforehand.
pub fn issuer_signing_key(bank: &Institution) -> SigningKey {
    SigningKey::from_bytes(&Secret::new(derive(&format!("{} P-256 signing", bank.id))))
        .expect("the digests of these labels are valid scalars, which a test checks")
}

/// The key with which a provider of account payment signs what it asks and tells billers. Its public half is exchanged beforehand.
pub fn provider_signing_key(organisation: &str) -> SigningKey {
    SigningKey::from_bytes(&Secret::new(derive(&format!("provider {organisation} P-256 signing"))))
        .expect("the digests of these labels are valid scalars, which a test of the billers checks")
}

/// A line between two parties, with a MAC key of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// Terminals and the acquirer: retail MAC.
    Terminal,
    /// The acquirer and the network.
    Acquirer,
    /// The network and the token gateway.
    Gateway,
    /// The token service and the network, for account verification.
    TokenService,
    /// The network and an issuer, by the issuer's short name: account verification.
    Issuer(&'a str),
    /// The token gateway and an issuer: the only line with card numbers in clear.
    Detokenised(&'a str),
}

impl Line<'_> {
    fn label(self) -> String {
        match self {
            Line::Terminal => "line terminal-acquirer".to_owned(),
            Line::Acquirer => "line acquirer-network".to_owned(),
            Line::Gateway => "line network-gateway".to_owned(),
            Line::TokenService => "line token service-network".to_owned(),
            Line::Issuer(bank) => format!("line network-issuer {bank}"),
            Line::Detokenised(bank) => format!("line gateway-issuer {bank}"),
        }
    }

    /// The bytes of the MAC key.
    pub fn key(self) -> Key16 {
        if self == Line::Terminal { des_key(&self.label()) } else { key16(&self.label()) }
    }

    /// The MAC key, ready for use: a retail MAC for terminals, AES-CMAC elsewhere.
    pub fn link_key(self) -> LinkKey {
        if self == Line::Terminal { LinkKey::retail(&self.key()) } else { LinkKey::aes_cmac(&self.key()) }
    }
}

/// All keys of one sandbox issuer, expanded once.
pub struct IssuerKeys {
    /// The institution's short name.
    pub bank: String,
    masters: Vec<(u8, MasterKey)>,
    cvk: Key16,
    agreement: AgreementKey,
    lookup: HmacKey,
    passwords: HmacKey,
    vault: KeyEncryptionKey,
}

impl IssuerKeys {
    /// The public test keys of an institution.
    pub fn sandbox(bank: &Institution) -> IssuerKeys {
        let master = |range: &Range| {
            let algorithm = Algorithm::from_id(range.algorithm_id()).expect("the embedded table is tested");
            (range.dki, MasterKey::new(algorithm, &issuer_master_key(bank, range)))
        };
        let label = |purpose: &str| format!("{} {purpose}", bank.id);
        IssuerKeys {
            bank: bank.id.clone(),
            masters: bank.ranges.iter().map(master).collect(),
            cvk: des_key(&label("CVK")),
            agreement: AgreementKey::from_bytes(&Secret::new(derive(&label("P-256 agreement"))))
                .expect("the digests of these labels are valid scalars, which a test checks"),
            lookup: HmacKey::new(&derive(&label("card lookup"))),
            passwords: HmacKey::new(&derive(&label("one-time passwords"))),
            vault: vault_key(&label("records at rest")),
        }
    }

    /// The master key that a cryptogram names by algorithm id and derivation key index.
    pub fn master(&self, algorithm: Algorithm, dki: u8) -> Option<&MasterKey> {
        let named = |(index, key): &&(u8, MasterKey)| *index == dki && key.algorithm() == algorithm;
        self.masters.iter().find(named).map(|(_, key)| key)
    }

    /// The three digits printed on the back of a card (service code 000, expiry as `YYMM`).
    pub fn cvv2(&self, pan: &Pan, expiry: Expiry) -> SecretBytes {
        let digits = crypto::pin::cvv2(&self.cvk, pan.expose(), expiry).expect("a card number is digits");
        SecretBytes::new(digits.to_vec())
    }

    /// The key to which card data and one-time passwords are sealed. Its public half goes to phones.
    pub fn agreement(&self) -> &AgreementKey {
        &self.agreement
    }

    /// The name of that key in sealed messages.
    pub fn key_id(&self) -> String {
        format!("{}-1", self.bank)
    }

    /// The name under which a card number is known in this issuer's records.
    pub fn card_key(&self, pan: &Pan) -> [u8; 16] {
        crypto::hash::lookup_hash(&self.lookup, pan.expose())
    }

    /// The key of one-time passwords.
    pub(crate) fn passwords(&self) -> &HmacKey {
        &self.passwords
    }

    /// The key of records at rest.
    pub(crate) fn vault(&self) -> &KeyEncryptionKey {
        &self.vault
    }
}

/// One line of `paiza sandbox keys`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedKey {
    /// Whose key it is and what for; hashed after [`LABEL`] it gives the key.
    pub name: String,
    /// The key, upper-case hexadecimal. It is public.
    pub hex: String,
}

/// Every symmetric test key of the sandbox, for outsiders who recompute cryptograms and MACs.
pub fn list() -> Vec<ListedKey> {
    let listed = |name: String, key: &Key16| ListedKey { name, hex: hex::encode_upper(key.expose()) };
    let directory = Directory::sandbox();
    let mut keys: Vec<ListedKey> = directory
        .ranges()
        .map(|(bank, range)| listed(master_label(bank, range), &issuer_master_key(bank, range)))
        .collect();
    let banks = || directory.institutions.iter().map(|bank| bank.id.as_str());
    for bank in banks() {
        for purpose in ["CVK", "PVK"] {
            let label = format!("{bank} {purpose}");
            keys.push(listed(label.clone(), &des_key(&label)));
        }
    }
    let shared = [Line::Terminal, Line::Acquirer, Line::Gateway, Line::TokenService];
    let own = banks().flat_map(|bank| [Line::Issuer(bank), Line::Detokenised(bank)]);
    keys.extend(shared.into_iter().chain(own).map(|line| listed(line.label(), &line.key())));
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn keys_follow_from_labels_and_differ() {
        let listed = list();
        let values: BTreeSet<_> = listed.iter().map(|key| key.hex.clone()).collect();
        assert_eq!(values.len(), listed.len());
        let boc = listed.iter().find(|key| key.name == "boc IMK-AC algorithm 04 DKI 02").unwrap();
        let digest =
            sha256(b"Paiza sandbox PUBLIC TEST KEY, never for real cards: boc IMK-AC algorithm 04 DKI 02");
        assert_eq!(boc.hex, hex::encode_upper(&digest[..16]));
    }

    #[test]
    fn every_issuer_has_its_keys() {
        for bank in &Directory::sandbox().institutions {
            let keys = IssuerKeys::sandbox(bank);
            let _valid = issuer_signing_key(bank);
            for range in &bank.ranges {
                let algorithm = Algorithm::from_id(range.algorithm_id()).unwrap();
                assert!(keys.master(algorithm, range.dki).is_some() && keys.master(algorithm, 99).is_none());
            }
        }
    }

    #[test]
    fn a_sealed_record_opens_only_in_its_place() {
        let key = vault_key("test");
        let sealed = seal(&key, b"482913", b"here", [1; 32]);
        assert_eq!(open(&key, &sealed, b"here").unwrap().expose(), b"482913");
        assert!(
            open(&key, &sealed, b"there").is_none() && open(&vault_key("other"), &sealed, b"here").is_none()
        );
    }
}

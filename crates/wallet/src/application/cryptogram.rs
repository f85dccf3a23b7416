//! What the card computes: cryptograms over what was agreed, signatures over what was said.

use crate::card::Card;
use crypto::rsa::RsaPrivate;
use emv::cryptogram::{Inputs, Transaction, compute_with_session_key};
use emv::dol::Values;
use emv::objects::{
    Aip, Amount, Atc, CodeN3, CryptogramKind, CryptogramVersion, Cvr, IssuerApplicationData,
    UnpredictableNumber,
};
use emv::oda::{self, CardAuthentication, FddaData};
use emv::tag;
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

/// Signs a challenge of the terminal (DDA, EMV 4.4 Book 2, 6.5): dynamic data is the length and a number of the
/// card's own.
pub(super) fn sign_challenge(private: &RsaPrivate, challenge: &[u8], entropy: &[u8; 16]) -> Option<Vec<u8>> {
    let mut dynamic = vec![8];
    dynamic.extend_from_slice(&entropy[..8]);
    oda::sign_dynamic(private, &dynamic, challenge).ok()
}

/// Signs a tap (fDDA version 01): counter, number, amount, currency, and tag 9F69 with its copy of the
/// qualifiers.
pub(super) fn sign_tap(
    private: &RsaPrivate,
    atc: u16,
    values: Values<'_, '_>,
    data: CardAuthentication,
) -> Option<Vec<u8>> {
    let data = data.to_bytes();
    let said = FddaData::V01 {
        unpredictable: UnpredictableNumber(values.array(tag::UNPREDICTABLE_NUMBER)?),
        amount: Amount::parse(values.find(tag::AMOUNT)?).ok()?,
        currency: CodeN3::parse(values.find(tag::CURRENCY)?).ok()?,
        card: &data,
    };
    oda::sign_fdda(private, Atc::new(atc), &said).ok()
}

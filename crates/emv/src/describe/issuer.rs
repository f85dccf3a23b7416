//! Issuer application data in plain words: UnionPay's whole, Visa's and Mastercard's as far as they are public.

use super::Context;
use super::value::{Meaning, amount_text};
use crate::objects::{CryptogramKind, CryptogramVersion, Cvr, IssuerApplicationData};

/// Explains the value of tag `9F10`.
pub(super) fn explain(value: &[u8], context: Context) -> Meaning {
    let text = hex::encode_upper(value);
    let parts = match (IssuerApplicationData::parse(value), value) {
        (Ok(card), _) => unionpay(&card, value[2], context),
        // Visa: length 06, key index, version, then results of three bytes.
        (Err(_), [6, key, version, cvr @ ..]) if cvr.len() >= 4 => other("Visa", *key, *version, &cvr[..4]),
        // M/Chip: key index, version, results of six bytes, data authentication code, counters.
        (Err(_), [key, version, cvr @ ..]) if (16..=24).contains(&cvr.len()) => {
            other("M/Chip", *key, *version, &cvr[..6])
        }
        (Err(why), _) => vec![("not read".to_owned(), why.to_string())],
    };
    Meaning { text, parts }
}

fn other(layout: &str, key: u8, version: u8, cvr: &[u8]) -> Vec<(String, String)> {
    vec![
        ("layout".to_owned(), layout.to_owned()),
        ("key index".to_owned(), key.to_string()),
        ("cryptogram version".to_owned(), format!("{version:02X} ({version})")),
        ("card verification results".to_owned(), hex::encode_upper(cvr)),
    ]
}

fn unionpay(card: &IssuerApplicationData, sent_version: u8, context: Context) -> Vec<(String, String)> {
    let version = match card.version {
        CryptogramVersion::V01 => "full transaction data",
        CryptogramVersion::V17 => "amount, number, counter, result",
    };
    let algorithm = match card.algorithm {
        0x01 => "triple DES",
        0x04 => "SM4",
        0xA1 => "AES",
        _ => "unknown",
    };
    let mut parts = vec![
        ("layout".to_owned(), "UnionPay".to_owned()),
        ("key index".to_owned(), card.key_index.to_string()),
        ("cryptogram version".to_owned(), format!("{sent_version:02X} ({version})")),
        ("card verification results".to_owned(), hex::encode_upper(card.cvr.to_bytes())),
    ];
    parts.extend(results(card.cvr));
    parts.push(("algorithm".to_owned(), format!("{:02X} ({algorithm})", card.algorithm)));
    if let Some(idd) = &card.discretionary {
        let names = idd.kind.amount_names().iter();
        let amounts = [idd.first, idd.second];
        parts.extend(
            names.zip(amounts).map(|(name, amount)| ((*name).to_owned(), amount_text(amount, context))),
        );
        parts.push(("MAC of the amounts".to_owned(), hex::encode_upper(idd.mac)));
    }
    parts
}

/// What the card decided and every flag that is 1.
fn results(cvr: Cvr) -> Vec<(String, String)> {
    let mut parts = vec![("first cryptogram".to_owned(), kind_text(cvr.first()).to_owned())];
    let second = cvr.second().map_or("not asked for", |kind| kind_text(Some(kind)));
    parts.push(("second cryptogram".to_owned(), second.to_owned()));
    let set = Cvr::FLAGS.iter().filter(|flag| cvr.has(**flag));
    parts.extend(set.map(|f| (f.meaning().to_owned(), format!("byte {} bit {}", f.byte(), f.bit()))));
    if cvr.scripts_received() > 0 {
        parts.push(("issuer script commands received".to_owned(), cvr.scripts_received().to_string()));
    }
    parts
}

/// A kind of cryptogram and what it asks for.
pub(super) fn kind_text(kind: Option<CryptogramKind>) -> &'static str {
    match kind {
        Some(CryptogramKind::Aac) => "AAC: declined",
        Some(CryptogramKind::Tc) => "TC: approved offline",
        Some(CryptogramKind::Arqc) => "ARQC: ask the issuer",
        None => "reserved kind",
    }
}

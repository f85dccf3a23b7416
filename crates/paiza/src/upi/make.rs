//! `paiza upi qr make`.

use super::{Make, input};
use crate::output::{Failure, Output};
use ::upi::address::Address;
use ::upi::bharat::{self, BharatParts};
use ::upi::link::{self, LinkParts};
use crypto::p256::SigningKey;
use serde_json::json;
use std::path::Path;
use values::{Currency, Money};

pub(super) fn run(what: &Make, output: Output) -> Result<(), Failure> {
    let text = match &what.bharat {
        Some(city) => bharat_code(what, city)?,
        None => payment_link(what)?,
    };
    output.line(&text);
    output.summary(json!({ "text": text }));
    Ok(())
}

fn payment_link(what: &Make) -> Result<String, Failure> {
    let pair = |pair: &'_ String| {
        let parts = pair.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
        parts.ok_or_else(|| Failure::usage(format!("{pair} is not KEY=VALUE")))
    };
    let more = what.with.iter().map(pair).collect::<Result<Vec<_>, _>>()?;
    let parts = LinkParts {
        mandate: what.mandate,
        payee: &what.pa,
        name: what.pn.as_deref(),
        category: what.mc.as_deref(),
        reference: what.tr.as_deref(),
        note: what.tn.as_deref(),
        amount: what.am.as_deref(),
        more: more.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect(),
    };
    let made = parts.make().map_err(Failure::usage)?;
    match &what.key {
        None => Ok(made.text().to_owned()),
        Some(path) => {
            let signed = link::sign(made.text(), &private_key(path)?).map_err(Failure::usage)?;
            Ok(signed.text().to_owned())
        }
    }
}

fn private_key(path: &Path) -> Result<SigningKey, Failure> {
    let wrong =
        || Failure::configuration(format!("{} is not a private key of P-256 (PKCS #8)", path.display()));
    let (label, bytes) = input::key(path)?;
    if label != "PRIVATE KEY" {
        return Err(wrong());
    }
    SigningKey::from_pkcs8(bytes.expose()).map_err(|_| wrong())
}

fn bharat_code(what: &Make, city: &str) -> Result<String, Failure> {
    let wanted = |value: &Option<String>, option: &str| {
        value.clone().ok_or_else(|| Failure::usage(format!("a Bharat QR wants --{option}")))
    };
    let (name, category) = (wanted(&what.pn, "pn")?, wanted(&what.mc, "mc")?);
    let amount = what.am.as_deref().map(|text| Money::parse(text, Currency::INR)).transpose();
    let code = bharat::make(&BharatParts {
        payee: &Address::parse(&what.pa).map_err(Failure::usage)?,
        category: category.parse().map_err(Failure::usage)?,
        name: &name,
        city,
        amount: amount.map_err(Failure::usage)?,
        reference: what.tr.as_deref(),
    });
    Ok(code.map_err(Failure::usage)?.text().to_owned())
}

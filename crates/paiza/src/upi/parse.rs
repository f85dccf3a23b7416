//! `paiza upi qr parse`.

use super::input::{self, Row};
use super::{Parse, Tally};
use crate::output::{Failure, Output};
use ::upi::bharat::{BharatCode, Initiation};
use ::upi::describe::{self, Line};
use ::upi::link::{Kind, Link};
use crypto::p256::VerifyingKey;
use serde_json::{Value, json};
use std::path::Path;
use values::Money;

pub(super) fn run(what: &Parse, output: Output) -> Result<(), Failure> {
    let key = what.key.as_deref().map(public_key).transpose()?;
    let rows = match (&what.text, &what.file) {
        (Some(text), _) if text != "-" => vec![Row { id: None, line: 1, text: text.clone() }],
        (_, file) => {
            let text = input::text(file.as_deref().unwrap_or(Path::new("-")))?;
            input::rows(&text).map_err(Failure::usage)?
        }
    };
    let mut tally = Tally::default();
    for row in &rows {
        let read = Scanned::read(&row.text, key.as_ref());
        tally.count(read.is_ok());
        let (mut told, lines) = match read {
            Ok(read) => read,
            Err(why) => {
                let place = if rows.len() > 1 { format!("line {}: ", row.line) } else { String::new() };
                output.line(format!("{place}refused: {why}"));
                (json!({ "ok": false, "refused": why }), Vec::new())
            }
        };
        if let (Some(id), Some(fields)) = (&row.id, told.as_object_mut()) {
            fields.insert("id".to_owned(), id.clone());
        }
        lines.iter().for_each(|line| output.line(line.to_string()));
        output.row(&told);
    }
    if rows.is_empty() {
        return Err(Failure::usage("nothing to read"));
    }
    tally.conclude("were refused", output)
}

pub(super) fn public_key(path: &Path) -> Result<VerifyingKey, Failure> {
    let wrong = || Failure::configuration(format!("{} is not a public key of P-256", path.display()));
    let (label, bytes) = input::key(path)?;
    if label != "PUBLIC KEY" {
        return Err(wrong());
    }
    VerifyingKey::from_spki(bytes.expose()).map_err(|_| wrong())
}

/// A text that a camera read: for programs, and for people.
pub(crate) struct Scanned;

impl Scanned {
    /// Reads a link or a Bharat QR; the reason why not.
    pub(crate) fn read(text: &str, key: Option<&VerifyingKey>) -> Result<(Value, Vec<Line>), String> {
        if text.starts_with("000201") {
            let code = BharatCode::parse(text).map_err(|why| why.to_string())?;
            return Ok((bharat(&code), describe::bharat(&code)));
        }
        let link = Link::parse(text).map_err(|why| why.to_string())?;
        let signature = match (link.value("sign"), key) {
            (None, _) => "absent",
            (Some(_), None) => "unchecked",
            (Some(_), Some(key)) if link.clone().verify(key).is_ok() => "verified",
            (Some(_), Some(_)) => {
                return Err("the signature is not one of this key over this text".to_owned());
            }
        };
        let mut lines = describe::link(&link);
        if signature == "verified" {
            lines.retain(|line| line.value != "unsigned");
        }
        Ok((self::link(&link, signature), lines))
    }
}

fn paise(amount: Option<Money>) -> Value {
    amount.map_or(Value::Null, |amount| json!(amount.minor()))
}

fn link(link: &Link, signature: &str) -> Value {
    let request = &link.request;
    let pairs: Vec<Value> = link.pairs().iter().map(|pair| json!([pair.key, pair.value])).collect();
    let moment = |at: Option<values::Timestamp>| at.map(|at| at.to_string());
    let cautions: Vec<&str> = link.cautions.iter().map(|caution| caution.code()).collect();
    let mandate = request.mandate.as_ref().map(|mandate| {
        json!({
            "action": mandate.action, "name": mandate.name, "starts": moment(mandate.starts), "ends": moment(mandate.ends),
            "amount_rule": mandate.amount_rule, "recurrence": mandate.recurrence, "recurrence_day": mandate.recurrence_day,
            "recurrence_rule": mandate.recurrence_rule, "revocable": mandate.revocable, "shared": mandate.shared,
            "blocked": mandate.blocked, "number": mandate.number, "first_paise": paise(mandate.first),
        })
    });
    json!({
        "ok": true,
        "kind": match request.kind { Kind::Pay => "pay", Kind::Mandate => "mandate" },
        "text": link.text(),
        "pa": request.payee.as_str(),
        "pn": request.name,
        "am_paise": paise(request.amount),
        "mam_paise": paise(request.least),
        "amount_is_open": link.amount_is_open(),
        "mc": request.category.map(|category| category.to_string()),
        "tid": request.transaction,
        "tr": request.reference,
        "tn": request.note,
        "mode": request.mode,
        "purpose": request.purpose,
        "orgid": request.organisation,
        "url": request.url,
        "expires": moment(request.expires),
        "mandate": mandate,
        "signature": signature,
        "signed": signature != "absent",
        "cautions": cautions,
        "pairs": pairs,
    })
}

fn bharat(code: &BharatCode) -> Value {
    json!({
        "ok": true,
        "kind": "bharat",
        "text": code.text(),
        "poi": match code.initiation { Initiation::Static => "11", Initiation::Dynamic => "12" },
        "vpa": code.payee.as_ref().map(|payee| payee.as_str()),
        "am_paise": paise(code.amount),
        "mam_paise": paise(code.least),
        "tr": code.reference,
        "url": code.url,
        "mcc": code.category.map(|category| category.to_string()),
        "name": code.name,
        "city": code.city,
        "pin": code.postal_code,
        "ifsc": code.account.as_ref().map(|(ifsc, _)| ifsc.as_str()),
        "account": code.account.as_ref().map(|(_, number)| number.as_str()),
        "currency": "356",
    })
}

//! What the tools answer, for programs: what a scanned text says, which rules a message breaks, who signed it. The
//! command prints these as JSON, the developers' interface answers with them.
//!
//! `describe` says the same to people.

use crate::bharat::{BharatCode, Initiation};
use crate::link::{Kind, Link, MandateRequest};
use crate::messages::{self, Profile};
use crate::signature::KeyRing;
use crate::xml;
use crypto::p256::VerifyingKey;
use serde::Serialize;
use values::{Money, Timestamp};

/// What a Bharat QR begins with.
const BHARAT: &str = "000201";

/// A text that a camera read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scanned {
    /// A link, and whether somebody vouches for it.
    Link(Box<Link>, LinkSignature),
    /// A Bharat QR.
    Bharat(Box<BharatCode>),
}

/// What is known of a link's signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkSignature {
    /// There is none.
    Absent,
    /// There is one, and no key to check it with.
    Unchecked,
    /// It is one of the key.
    Verified,
}

/// Why something is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// Never.
    pub ok: bool,
    /// The rule, by a stable name; of messages the code a switch answers with.
    pub code: &'static str,
    /// The byte, where there is one.
    pub at: Option<usize>,
    /// In a sentence. No value is quoted.
    pub refused: String,
}

/// Reads a link or a Bharat QR; a link's signature is checked where there is a key.
pub fn scan(text: &str, key: Option<&VerifyingKey>) -> Result<Scanned, Refusal> {
    let refused = |code, at, why: &dyn ToString| Refusal { ok: false, code, at, refused: why.to_string() };
    if text.starts_with(BHARAT) {
        let code = BharatCode::parse(text).map_err(|why| refused(why.code(), why.at(), &why))?;
        return Ok(Scanned::Bharat(Box::new(code)));
    }
    let link = Link::parse(text).map_err(|why| refused(why.code(), why.at(), &why))?;
    let signature = match (link.value("sign"), key) {
        (None, _) => LinkSignature::Absent,
        (Some(_), None) => LinkSignature::Unchecked,
        (Some(_), Some(key)) if link.clone().verify(key).is_ok() => LinkSignature::Verified,
        (Some(_), Some(_)) => {
            return Err(refused(
                "signature_wrong",
                None,
                &"the signature is not one of this key over this text",
            ));
        }
    };
    Ok(Scanned::Link(Box::new(link), signature))
}

impl Scanned {
    /// What it says, member by member.
    pub fn row(&self) -> ScannedRow<'_> {
        match self {
            Scanned::Link(link, signature) => ScannedRow::Link(Box::new(link_row(link, *signature))),
            Scanned::Bharat(code) => ScannedRow::Bharat(Box::new(bharat_row(code))),
        }
    }
}

/// What a scanned text says.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum ScannedRow<'a> {
    /// A link.
    Link(Box<LinkRow<'a>>),
    /// A Bharat QR.
    Bharat(Box<BharatRow<'a>>),
}

/// What a link says: its parameters by the names they have in it. Amounts are paise, times RFC 3339.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "members are named as the link's parameters, which `link::Request` explains")]
pub struct LinkRow<'a> {
    pub ok: bool,
    pub kind: &'static str,
    pub text: &'a str,
    pub pa: &'a str,
    pub pn: Option<&'a str>,
    pub am_paise: Option<u64>,
    pub mam_paise: Option<u64>,
    pub amount_is_open: bool,
    pub mc: Option<String>,
    pub tid: Option<&'a str>,
    pub tr: Option<&'a str>,
    pub tn: Option<&'a str>,
    pub mode: Option<&'a str>,
    pub purpose: Option<&'a str>,
    pub orgid: Option<&'a str>,
    pub url: Option<&'a str>,
    pub expires: Option<String>,
    pub mandate: Option<MandateRow<'a>>,
    pub signature: LinkSignature,
    pub signed: bool,
    pub cautions: Vec<&'static str>,
    pub pairs: Vec<[&'a str; 2]>,
}

/// What a link says of a mandate.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "`link::MandateRequest` explains them")]
pub struct MandateRow<'a> {
    pub action: Option<&'a str>,
    pub name: Option<&'a str>,
    pub starts: Option<String>,
    pub ends: Option<String>,
    pub amount_rule: Option<&'a str>,
    pub recurrence: Option<&'a str>,
    pub recurrence_day: Option<u8>,
    pub recurrence_rule: Option<&'a str>,
    pub revocable: Option<bool>,
    pub shared: Option<bool>,
    pub blocked: Option<bool>,
    pub number: Option<&'a str>,
    pub first_paise: Option<u64>,
}

/// What a Bharat QR says. Amounts are paise.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "`bharat::BharatCode` explains them")]
pub struct BharatRow<'a> {
    pub ok: bool,
    pub kind: &'static str,
    pub text: &'a str,
    pub poi: &'static str,
    pub vpa: Option<&'a str>,
    pub am_paise: Option<u64>,
    pub mam_paise: Option<u64>,
    pub tr: Option<&'a str>,
    pub url: Option<&'a str>,
    pub mcc: Option<String>,
    pub name: &'a str,
    pub city: &'a str,
    pub pin: Option<&'a str>,
    pub ifsc: Option<&'a str>,
    pub account: Option<&'a str>,
    pub currency: &'static str,
}

fn paise(amount: Option<Money>) -> Option<u64> {
    amount.map(Money::minor)
}

fn moment(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

fn link_row(link: &Link, signature: LinkSignature) -> LinkRow<'_> {
    let request = &link.request;
    LinkRow {
        ok: true,
        kind: match request.kind {
            Kind::Pay => "pay",
            Kind::Mandate => "mandate",
        },
        text: link.text(),
        pa: request.payee.as_str(),
        pn: request.name.as_deref(),
        am_paise: paise(request.amount),
        mam_paise: paise(request.least),
        amount_is_open: link.amount_is_open(),
        mc: request.category.map(|category| category.to_string()),
        tid: request.transaction.as_deref(),
        tr: request.reference.as_deref(),
        tn: request.note.as_deref(),
        mode: request.mode.as_deref(),
        purpose: request.purpose.as_deref(),
        orgid: request.organisation.as_deref(),
        url: request.url.as_deref(),
        expires: moment(request.expires),
        mandate: request.mandate.as_ref().map(mandate_row),
        signature,
        signed: signature != LinkSignature::Absent,
        cautions: link
            .cautions
            .iter()
            .map(|caution| caution.code())
            .filter(|code| signature != LinkSignature::Verified || *code != "unsigned")
            .collect(),
        pairs: link.pairs().iter().map(|pair| [pair.key.as_str(), pair.value.as_str()]).collect(),
    }
}

fn mandate_row(mandate: &MandateRequest) -> MandateRow<'_> {
    MandateRow {
        action: mandate.action.as_deref(),
        name: mandate.name.as_deref(),
        starts: moment(mandate.starts),
        ends: moment(mandate.ends),
        amount_rule: mandate.amount_rule.as_deref(),
        recurrence: mandate.recurrence.as_deref(),
        recurrence_day: mandate.recurrence_day,
        recurrence_rule: mandate.recurrence_rule.as_deref(),
        revocable: mandate.revocable,
        shared: mandate.shared,
        blocked: mandate.blocked,
        number: mandate.number.as_deref(),
        first_paise: paise(mandate.first),
    }
}

fn bharat_row(code: &BharatCode) -> BharatRow<'_> {
    BharatRow {
        ok: true,
        kind: "bharat",
        text: code.text(),
        poi: match code.initiation {
            Initiation::Static => "11",
            Initiation::Dynamic => "12",
        },
        vpa: code.payee.as_ref().map(|payee| payee.as_str()),
        am_paise: paise(code.amount),
        mam_paise: paise(code.least),
        tr: code.reference.as_deref(),
        url: code.url.as_deref(),
        mcc: code.category.map(|category| category.to_string()),
        name: &code.name,
        city: &code.city,
        pin: code.postal_code.as_deref(),
        ifsc: code.account.as_ref().map(|(ifsc, _)| ifsc.as_str()),
        account: code.account.as_ref().map(|(_, number)| number.as_str()),
        currency: "356",
    }
}

/// Which rules of a profile a message breaks. What is no document breaks the first of all.
pub fn lint(message: &[u8], profile: &Profile) -> Vec<messages::Finding> {
    match xml::read(message) {
        Ok(document) => messages::lint(&document, profile),
        Err(why) => vec![messages::Finding {
            code: "U05".to_owned(),
            path: "/".to_owned(),
            at: why.at,
            problem: why.reason.to_string(),
        }],
    }
}

/// Who signed a message, by these keys and no other.
pub fn signer(message: &[u8], ring: &KeyRing, now: Timestamp) -> Result<String, Refusal> {
    match ring.verify(message, now) {
        Ok(signed) => Ok(signed.sender().as_str().to_owned()),
        Err(why) => Err(Refusal { ok: false, code: why.code(), at: why.at(), refused: why.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_refused_names_rule_and_byte() {
        for (text, code, at) in [
            ("upi://collect?pa=a@b", "collect_link", None),
            ("https://pay?pa=a@b", "not_a_link", None),
            ("upi://pay?pn=a", "payee_missing", None),
            ("upi://pay?pa=a@b&am=1e3", "value_invalid", Some(17)),
            ("upi://pay?pa=a@b&am=1&am=2", "parameter_repeated", Some(22)),
            ("upi://pay?pa=%zz", "escape_invalid", Some(13)),
            ("upi://pay?pa=\u{430}@b", "payee_invalid", Some(10)),
            ("upi://pay?pa=a@b&pn=x%E2%80%AEy", "text_hidden", Some(17)),
            ("upi://pay?pa=a@b&sign=MEUCIQ==&am=1", "signature_not_last", Some(31)),
            ("00020101021163040000", "checksum_wrong", None),
        ] {
            let why = scan(text, None).map(drop).expect_err(text);
            assert_eq!((why.code, why.at), (code, at), "{text}: {}", why.refused);
        }
        let long = format!("upi://pay?pa=a@b&tn={}", "x".repeat(3000));
        assert_eq!(scan(&long, None).unwrap_err().code, "too_long");
    }

    #[test]
    fn a_link_is_told_in_the_order_of_its_members() {
        let read = scan("upi://pay?pa=chai@paiza&am=30.00&mode=02", None).unwrap();
        let row = serde_json::to_value(read.row()).unwrap();
        assert_eq!((&row["am_paise"], &row["signature"]), (&json!(3000), &json!("absent")));
        assert_eq!(row["pairs"][1], json!(["am", "30.00"]));
        let text = serde_json::to_string(&read.row()).unwrap();
        assert!(text.starts_with(r#"{"ok":true,"kind":"pay","text":"upi://pay?"#), "{text}");
    }

    #[test]
    fn what_is_no_document_breaks_a_rule() {
        let found = lint(b"<!DOCTYPE a><a/>", Profile::public());
        assert_eq!((found.len(), found[0].code.as_str(), found[0].at), (1, "U05", 0));
        let why = signer(b"<a/>", &KeyRing::new(), Timestamp::from_millis(0)).unwrap_err();
        assert_eq!((why.code, why.at), ("U15", None));
    }
}

//! A text to a link.

use super::{Caution, Kind, LONGEST, Link, MandateRequest, Pair, Refused, Request};
use crate::address::Address;
use crate::defences::{Defence, Defences};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::str::FromStr;
use values::{Currency, MerchantCategory, Money, Timestamp};

/// The parameters we know, as they are usually written.
const KNOWN: &[&str] = &[
    "ver",
    "mode",
    "purpose",
    "orgid",
    "pa",
    "pn",
    "mc",
    "tid",
    "tr",
    "tn",
    "am",
    "mam",
    "cu",
    "url",
    "refUrl",
    "mid",
    "msid",
    "mtid",
    "QRts",
    "QRexpire",
    "qrMedium",
    "sign",
    "txnType",
    "mn",
    "validitystart",
    "validityend",
    "amrule",
    "recur",
    "recurvalue",
    "recurtype",
    "rev",
    "share",
    "block",
    "umn",
    "fam",
    "skip",
];

/// What apps put before the same parameters; `upi` itself comes first.
const SCHEMES: &[(&str, bool)] = &[
    ("upi://", false),
    ("intent://", true),
    ("gpay://upi/", true),
    ("tez://upi/", true),
    ("phonepe://", true),
    ("paytmmp://", true),
];

impl Link {
    /// Reads a link. Total: a link, or why not and where.
    pub fn parse(text: &str) -> Result<Link, Refused> {
        Link::parse_with(text, Defences::ALL)
    }

    /// The same where a test took defences away.
    pub fn parse_with(text: &str, defences: Defences) -> Result<Link, Refused> {
        if text.len() > LONGEST {
            return Err(Refused::TooLong);
        }
        let (kind, from, app) = begin(text)?;
        let pairs = pairs(text, from)?;
        let fields = Fields { pairs: &pairs, defences };
        fields.repeated()?;
        fields.signature()?;
        let mut cautions = Vec::new();
        let request = fields.request(kind, &mut cautions)?;
        if app {
            cautions.push(Caution::AppScheme);
        }
        if fields.get("sign").is_none() {
            cautions.push(Caution::Unsigned);
        }
        Ok(Link { text: text.to_owned(), pairs, request, cautions })
    }
}

/// The kind, where the parameters begin, and whether the scheme is one app's own.
fn begin(text: &str) -> Result<(Kind, usize, bool), Refused> {
    let (scheme, app) = SCHEMES
        .iter()
        .find(|(scheme, _)| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
        .ok_or(Refused::NotALink)?;
    let rest = &text[scheme.len()..];
    let (host, _) = rest.split_once('?').ok_or(Refused::NotALink)?;
    let from = scheme.len() + host.len() + 1;
    match host.trim_end_matches('/').to_ascii_lowercase().as_str() {
        "pay" => Ok((Kind::Pay, from, *app)),
        "mandate" => Ok((Kind::Mandate, from, *app)),
        "collect" => Err(Refused::Collect),
        _ => Err(Refused::NotALink),
    }
}

fn pairs(text: &str, from: usize) -> Result<Vec<Pair>, Refused> {
    // Android writes what an intent is for behind the parameters.
    let end = text.find("#Intent;").unwrap_or(text.len());
    let mut pairs = Vec::new();
    let mut at = from;
    for piece in text[from.min(end)..end].split('&') {
        if !piece.is_empty() {
            let (key, value) = piece.split_once('=').unwrap_or((piece, ""));
            let value_at = (at + key.len() + 1).min(end);
            pairs.push(Pair { key: unescaped(key, at)?, value: unescaped(value, value_at)?, at });
        }
        at += piece.len() + 1;
    }
    Ok(pairs)
}

/// Resolves escapes once. `+` is itself: it stands in times and signatures.
fn unescaped(text: &str, at: usize) -> Result<String, Refused> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        if *first != b'%' {
            bytes.push(*first);
            rest = after;
            continue;
        }
        let place = at + text.len() - rest.len();
        let digits = after.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.ok_or(Refused::Escape { at: place })?);
        rest = &after[2..];
    }
    String::from_utf8(bytes).map_err(|_| Refused::Escape { at })
}

/// The value of a parameter and where it stands; keys are compared without case, as mandates are written both ways.
pub(super) fn value<'a>(pairs: &'a [Pair], key: &str) -> Option<(&'a str, usize)> {
    let present =
        |pair: &&Pair| pair.key.eq_ignore_ascii_case(key) && !pair.value.is_empty() && pair.value != "null";
    pairs.iter().find(present).map(|pair| (pair.value.as_str(), pair.at))
}

struct Fields<'a> {
    pairs: &'a [Pair],
    defences: Defences,
}

impl<'a> Fields<'a> {
    fn get(&self, key: &str) -> Option<(&'a str, usize)> {
        value(self.pairs, key)
    }

    fn repeated(&self) -> Result<(), Refused> {
        if !self.defences.stands(Defence::OneValue) {
            return Ok(());
        }
        for key in KNOWN {
            let mut same = self.pairs.iter().filter(|pair| pair.key.eq_ignore_ascii_case(key));
            let first = same.next();
            if let Some(second) = same.find(|pair| Some(&pair.value) != first.map(|first| &first.value)) {
                return Err(Refused::Repeated { at: second.at, key });
            }
        }
        Ok(())
    }

    /// The signature is last, strict base64, a DER pair: a lax decoder swallows text that is appended to it.
    fn signature(&self) -> Result<(), Refused> {
        let Some((value, at)) = self.get("sign") else { return Ok(()) };
        let last = self.pairs.last().is_some_and(|last| last.at == at);
        let next = self.pairs.iter().find(|pair| pair.at > at).map_or(at, |pair| pair.at);
        if !last && self.defences.stands(Defence::SignatureLast) {
            return Err(Refused::AfterSignature { at: next });
        }
        let good = STANDARD.decode(value).is_ok_and(|der| crypto::p256::is_der_signature(&der));
        if good { Ok(()) } else { Err(illegal("sign", at, "a signature in strict base64")) }
    }

    fn request(&self, kind: Kind, cautions: &mut Vec<Caution>) -> Result<Request, Refused> {
        let (payee, at) = self.get("pa").ok_or(Refused::NoPayee)?;
        let payee = Address::parse_with(payee, self.defences).map_err(|why| Refused::Payee { at, why })?;
        if let Some((_, at)) = self.get("cu").filter(|(currency, _)| *currency != "INR") {
            return Err(illegal("cu", at, "INR"));
        }
        let (amount, least) = (self.amount("am")?, self.amount("mam")?);
        if let (Some(amount), Some(least)) = (amount, least)
            && least.minor() >= amount.minor()
        {
            cautions.push(Caution::LeastAmountUseless);
        }
        let transaction = self.text("tid", 1..=99)?;
        if transaction.as_ref().is_some_and(|id| id.len() != 35 || !crate::ids::is_identifier(id)) {
            cautions.push(Caution::TransactionIdUnusable);
        }
        Ok(Request {
            kind,
            payee,
            name: self.text("pn", 1..=99)?,
            amount,
            least,
            category: self.category()?,
            transaction,
            reference: self.text("tr", 1..=35)?,
            note: self.text("tn", 1..=99)?,
            mode: self.code("mode")?,
            purpose: self.code("purpose")?,
            organisation: self.digits("orgid", 6)?,
            url: self.url(cautions)?,
            merchant: [self.text("mid", 1..=64)?, self.text("msid", 1..=64)?, self.text("mtid", 1..=64)?],
            made: self.moment("QRts")?,
            expires: self.moment("QRexpire")?,
            mandate: match kind {
                Kind::Pay => None,
                Kind::Mandate => Some(self.mandate()?),
            },
        })
    }

    fn mandate(&self) -> Result<MandateRequest, Refused> {
        const RECURRENCES: &[&str] = &[
            "ONETIME",
            "DAILY",
            "WEEKLY",
            "FORTNIGHTLY",
            "BIMONTHLY",
            "MONTHLY",
            "QUARTERLY",
            "HALFYEARLY",
            "YEARLY",
            "ASPRESENTED",
        ];
        Ok(MandateRequest {
            action: self.one_of("txnType", &["CREATE", "UPDATE", "REVOKE"])?,
            name: self.text("mn", 1..=99)?,
            starts: self.date("validitystart")?,
            ends: self.date("validityend")?,
            amount_rule: self.one_of("amrule", &["MAX", "EXACT"])?,
            recurrence: self.one_of("recur", RECURRENCES)?,
            recurrence_day: self.day()?,
            recurrence_rule: self.one_of("recurtype", &["BEFORE", "ON", "AFTER"])?,
            revocable: self.yes_no("rev")?,
            shared: self.yes_no("share")?,
            blocked: self.yes_no("block")?,
            number: self.text("umn", 1..=70)?,
            first: self.amount("fam")?,
        })
    }

    /// Text for people: nothing that hides, turns or breaks it. Blanks around it do not count.
    fn text(
        &self,
        key: &'static str,
        length: std::ops::RangeInclusive<usize>,
    ) -> Result<Option<String>, Refused> {
        let Some((value, at)) = self.get(key) else { return Ok(None) };
        if value.chars().any(hides) {
            return Err(Refused::Hidden { at, key });
        }
        let value = value.trim();
        match value.chars().count() {
            0 => Ok(None),
            count if length.contains(&count) => Ok(Some(value.to_owned())),
            _ => Err(illegal(key, at, "of the right length")),
        }
    }

    fn amount(&self, key: &'static str) -> Result<Option<Money>, Refused> {
        let Some((value, at)) = self.get(key) else { return Ok(None) };
        match amount(value, self.defences) {
            Some(amount) => Ok(Some(amount)),
            None => Err(illegal(key, at, "an amount of rupees above zero with at most two decimals")),
        }
    }

    fn category(&self) -> Result<Option<MerchantCategory>, Refused> {
        let Some((value, at)) = self.get("mc") else { return Ok(None) };
        MerchantCategory::from_str(value).map(Some).map_err(|_| illegal("mc", at, "four digits"))
    }

    fn digits(&self, key: &'static str, count: usize) -> Result<Option<String>, Refused> {
        let Some((value, at)) = self.get(key) else { return Ok(None) };
        let good = value.len() == count && value.bytes().all(|b| b.is_ascii_digit());
        if good { Ok(Some(value.to_owned())) } else { Err(illegal(key, at, "so many digits")) }
    }

    /// One or two letters or digits.
    fn code(&self, key: &'static str) -> Result<Option<String>, Refused> {
        let Some((value, at)) = self.get(key) else { return Ok(None) };
        let good = value.len() <= 2 && value.bytes().all(|b| b.is_ascii_alphanumeric());
        if good { Ok(Some(value.to_owned())) } else { Err(illegal(key, at, "a code of two characters")) }
    }

    fn one_of(&self, key: &'static str, words: &[&str]) -> Result<Option<String>, Refused> {
        let Some((value, at)) = self.get(key) else { return Ok(None) };
        let found = words.iter().find(|word| value.eq_ignore_ascii_case(word));
        found.map(|word| Some((*word).to_owned())).ok_or(illegal(key, at, "one of the words it may be"))
    }

    fn yes_no(&self, key: &'static str) -> Result<Option<bool>, Refused> {
        Ok(self.one_of(key, &["Y", "N"])?.map(|word| word == "Y"))
    }

    fn day(&self) -> Result<Option<u8>, Refused> {
        let Some((value, at)) = self.get("recurvalue") else { return Ok(None) };
        let day = value.parse().ok().filter(|day| (1..=31).contains(day) && !value.starts_with('+'));
        day.map(Some).ok_or(illegal("recurvalue", at, "a day, 1 to 31"))
    }

    fn date(&self, key: &'static str) -> Result<Option<Timestamp>, Refused> {
        let Some((value, at)) = self.get(key) else { return Ok(None) };
        crate::time::parse_date(value).map(Some).ok_or(illegal(key, at, "a date, ddmmyyyy"))
    }

    fn moment(&self, key: &'static str) -> Result<Option<Timestamp>, Refused> {
        let Some((value, at)) = self.get(key) else { return Ok(None) };
        crate::time::parse(value).map(Some).ok_or(illegal(key, at, "a time with its offset"))
    }

    /// The bill's address; one that is not https is not shown to anybody.
    fn url(&self, cautions: &mut Vec<Caution>) -> Result<Option<String>, Refused> {
        let url = match self.text("url", 1..=1024)? {
            Some(url) => Some(url),
            None => self.text("refUrl", 1..=1024)?,
        };
        let secure = |url: &String| url.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://"));
        if url.as_ref().is_some_and(|url| !secure(url)) {
            cautions.push(Caution::UrlNotHttps);
        }
        Ok(url.filter(secure))
    }
}

fn illegal(key: &'static str, at: usize, expected: &'static str) -> Refused {
    Refused::Value { at, key, expected }
}

/// Whether a character hides what is around it, turns its direction or breaks the line. The joiners of Indian
/// scripts (U+200C, U+200D) do none of it.
fn hides(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// `[0-9]{1,15}(\.[0-9]{1,2})?`, above zero: no sign, no exponent, no third decimal.
pub(crate) fn amount(text: &str, defences: Defences) -> Option<Money> {
    if !defences.stands(Defence::PlainAmounts) {
        // As programs read it that take any number.
        let paise = (text.parse::<f64>().ok()? * 100.0).round();
        return Money::new(paise as u64, Currency::INR).ok();
    }
    let whole = text.split('.').next().unwrap_or_default();
    let amount = Money::parse(text, Currency::INR).ok()?;
    (whole.len() <= 15 && !amount.is_zero()).then_some(amount)
}

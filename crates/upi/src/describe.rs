//! Messages, links and codes in plain words, line by line; what is nobody else's business is masked.

use crate::bharat::{BharatCode, Initiation};
use crate::codes::{self, Kind as Whose, Language, Moved};
use crate::link::{Kind, Link};
use crate::xml::{Document, Element};
use std::fmt;

/// One line: how deep it lies, what it is, what it says. Never a control character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// 0 for the outermost.
    pub depth: usize,
    /// The element, attribute or parameter.
    pub name: String,
    /// Its value, with its meaning where there is one.
    pub value: String,
}

impl Line {
    fn new(depth: usize, name: &str, value: &str) -> Line {
        let clean = |text: &str| {
            let shown = |c: char| if c.is_control() { '\u{FFFD}' } else { c };
            text.chars().map(shown).collect::<String>()
        };
        Line { depth, name: clean(name), value: clean(value) }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let indent = "  ".repeat(self.depth);
        if self.value.is_empty() {
            write!(f, "{indent}{}", self.name)
        } else {
            write!(f, "{indent}{}: {}", self.name, self.value)
        }
    }
}

/// A message; account numbers, telephone numbers, places and credentials masked.
pub fn message(document: &Document) -> Vec<Line> {
    let mut lines = Vec::new();
    element(&document.root, 0, true, &mut lines);
    lines
}

/// The same with nothing masked.
pub fn danger_message_clear(document: &Document) -> Vec<Line> {
    let mut lines = Vec::new();
    element(&document.root, 0, false, &mut lines);
    lines
}

fn element(element: &Element, depth: usize, masked: bool, lines: &mut Vec<Line>) {
    // A name and its value are one line: `MOBILE: ****0001`.
    if let (Some(name), Some(value), None) =
        (element.attribute("name"), element.attribute("value"), element.elements().next())
    {
        let value = if masked { hidden(name, value) } else { value.to_owned() };
        return lines.push(Line::new(depth, &format!("{} {name}", element.name), &value));
    }
    lines.push(Line::new(depth, &element.name, ""));
    for attribute in &element.attributes {
        let secret = match (element.name.as_str(), attribute.name.as_str()) {
            ("Identity", "id") | ("Ref", "acNum") | ("Link" | "ReqMsg", "value") => "ACNUM",
            (_, "addr") => "address",
            _ => "",
        };
        let value = if masked { hidden(secret, &attribute.value) } else { attribute.value.clone() };
        lines.push(Line::new(depth + 1, &attribute.name, &explained(element, &attribute.name, &value)));
    }
    match element.text() {
        Some(text) if !text.trim().is_empty() => {
            let secret = masked && element.name == "Data";
            lines.push(Line::new(depth + 1, "text", if secret { "****" } else { text.trim() }));
        }
        _ => {}
    }
    for child in element.elements() {
        if child.name == "Signature" {
            lines.push(Line::new(depth + 1, "Signature", "not checked here: see `paiza upi verify`"));
        } else {
            self::element(child, depth + 1, masked, lines);
        }
    }
}

/// The value of a named detail as others may see it.
fn hidden(name: &str, value: &str) -> String {
    match name {
        "ACNUM" | "CARDNUM" | "UIDNUM" | "MOBNUM" | "MOBILE" => {
            let from = value.char_indices().rev().nth(3).map_or(0, |(at, _)| at);
            if from == 0 { "****".to_owned() } else { format!("****{}", &value[from..]) }
        }
        "GEOCODE" | "LOCATION" | "IP" | "ID" | "CARDDIGITS" | "EXPDATE" => "****".to_owned(),
        // The name in an address may be the number of a telephone or of an account.
        "address" => match value.split_once('@') {
            Some((name, handle)) if name.len() >= 8 && name.bytes().all(|b| b.is_ascii_digit()) => {
                format!("{}@{handle}", hidden("ACNUM", name))
            }
            _ => value.to_owned(),
        },
        _ => value.to_owned(),
    }
}

/// A value with what it means.
fn explained(element: &Element, name: &str, value: &str) -> String {
    let meaning = match name {
        "initiationMode" => codes::mode(value).map(str::to_owned),
        "purpose" => codes::purpose(value).map(str::to_owned),
        "errCode" | "respCode" | "orgErrCode" | "orgRespCode" | "orgSettRespCode" => {
            codes::find(value, None).map(|code| code.meaning.to_owned())
        }
        "code" if matches!(element.name.as_str(), "Payer" | "Payee") => {
            Some(if value == "0000" { "a person" } else { "merchant category" }.to_owned())
        }
        _ => None,
    };
    meaning.map_or(value.to_owned(), |meaning| format!("{value} ({meaning})"))
}

/// A link.
pub fn link(link: &Link) -> Vec<Line> {
    let kind = match link.request.kind {
        Kind::Pay => "link to pay",
        Kind::Mandate => "link to make a mandate",
    };
    let mut lines = vec![Line::new(0, kind, "")];
    for pair in link.pairs() {
        let name = parameter(&pair.key).map_or(pair.key.clone(), |name| format!("{} {name}", pair.key));
        let absent = pair.value.is_empty() || pair.value == "null";
        let meaning = match pair.key.as_str() {
            "mode" => codes::mode(&pair.value),
            "purpose" => codes::purpose(&pair.value),
            _ => None,
        };
        let value = match (absent, meaning) {
            (true, _) => "(absent)".to_owned(),
            (false, Some(meaning)) => format!("{} ({meaning})", pair.value),
            (false, None) => pair.value.clone(),
        };
        lines.push(Line::new(1, &name, &value));
    }
    let open = if link.amount_is_open() { "chosen by the payer" } else { "fixed" };
    lines.push(Line::new(0, "amount", open));
    lines.extend(link.cautions.iter().map(|caution| Line::new(0, "caution", caution.code())));
    lines
}

/// What a parameter of a link is.
fn parameter(key: &str) -> Option<&'static str> {
    Some(match key.to_ascii_lowercase().as_str() {
        "ver" => "version",
        "mode" => "how it begins",
        "purpose" => "what for",
        "orgid" => "who signed",
        "pa" => "payee's address",
        "pn" => "payee's name (a hint)",
        "mc" => "merchant category",
        "tid" => "transaction id",
        "tr" => "merchant's reference",
        "tn" => "note",
        "am" => "amount",
        "mam" => "least amount",
        "cu" => "currency",
        "url" | "refurl" => "bill",
        "mid" => "merchant",
        "msid" => "store",
        "mtid" => "terminal",
        "qrts" => "made",
        "qrexpire" => "good until",
        "qrmedium" => "medium",
        "sign" => "signature",
        "txntype" => "what happens to the mandate",
        "mn" => "mandate's name",
        "validitystart" => "first day",
        "validityend" => "last day",
        "amrule" => "rule of the amount",
        "recur" => "how often",
        "recurvalue" => "on which day",
        "recurtype" => "before, on or after it",
        "rev" => "payer may revoke",
        "share" => "payee learns of it",
        "block" => "amount is blocked",
        "umn" => "mandate's number",
        "fam" => "first amount",
        _ => return None,
    })
}

/// A Bharat QR.
pub fn bharat(code: &BharatCode) -> Vec<Line> {
    let kind = match code.initiation {
        Initiation::Static => "printed once, paid many times",
        Initiation::Dynamic => "made for one payment",
    };
    let mut lines = vec![Line::new(0, "Bharat QR", kind)];
    let mut add =
        |name: &str, value: Option<String>| lines.extend(value.map(|value| Line::new(1, name, &value)));
    add("payee's address", code.payee.as_ref().map(ToString::to_string));
    add("bank", code.account.as_ref().map(|(ifsc, _)| ifsc.as_str().to_owned()));
    add("account", code.account.as_ref().map(|(_, number)| number.masked()));
    add("amount", code.amount.map(|amount| amount.to_string()));
    add("least amount", code.least.map(|amount| amount.to_string()));
    add("merchant's reference", code.reference.clone());
    add("bill", code.url.clone());
    add("merchant category", code.category.map(|category| category.to_string()));
    add("name (a hint)", Some(code.name.clone()));
    add("city", Some(code.city.clone()));
    add("postal code", code.postal_code.clone());
    add("terminal", code.terminal.clone());
    let cards: Vec<&str> = code.card_accounts.iter().map(|id| network(*id)).collect();
    add("also for cards of", (!cards.is_empty()).then(|| cards.join(", ")));
    lines
}

/// The card network of an account object, as India uses them.
fn network(id: u8) -> &'static str {
    match id {
        6 | 7 => "RuPay",
        _ => merchant_code::network(id),
    }
}

/// A pair of response codes.
pub fn codes(switch: &str, bank: Option<&str>) -> Vec<Line> {
    let outcome = codes::classify(switch, bank);
    let row = |code: Option<&'static codes::Code>| match code {
        Some(code) => format!("{} ({:?})", code.meaning, code.side),
        None => "not a published code".to_owned(),
    };
    let mut lines = vec![Line::new(0, &format!("code {switch}"), &row(outcome.switch))];
    if let Some(bank) = bank {
        lines.push(Line::new(0, &format!("code {bank}"), &row(codes::find(bank, None))));
    }
    let kind = match outcome.kind {
        Some(Whose::Technical) => "technical: a machine failed",
        Some(Whose::Business) => "business: a rule said no",
        Some(Whose::None) => "no failure",
        None => "not known",
    };
    lines.push(Line::new(0, "kind", kind));
    let moved = match outcome.moved {
        Moved::Yes => "yes",
        Moved::No => "no",
        Moved::Ask => "not known: a status check answers, never a second payment",
        Moved::Reversing => "debited, and being reversed",
        Moved::Debited => "debited; the credit is not known",
        Moved::Stuck => "not known until the reversal or the back office answers",
    };
    lines.push(Line::new(0, "money moved", moved));
    for (name, language) in
        [("English", Language::English), ("Hindi", Language::Hindi), ("Chinese", Language::Chinese)]
    {
        let text = format!("{} {}", outcome.advice.say(language), outcome.advice.next(language));
        lines.push(Line::new(0, name, &text));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(lines: &[Line]) -> String {
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    #[test]
    fn what_is_nobodys_business_is_masked() {
        let text = "<ReqPay><Txn initiationMode='11' purpose='14'/><Payer addr='a@b' code='0000'><Device><Tag name='MOBILE' \
                    value='919876543210'/><Tag name='OS' value='A&#10;B'/></Device><Ac><Detail name='ACNUM' value='123456789'/></Ac><Creds><Cred><Data>secret\
                    </Data></Cred></Creds></Payer></ReqPay>";
        let document = crate::xml::read(text.as_bytes()).unwrap();
        let masked = told(&message(&document));
        for line in [
            "Tag MOBILE: ****3210",
            "Detail ACNUM: ****6789",
            "text: ****",
            "initiationMode: 11 (mandate)",
            "code: 0000 (a person)",
        ] {
            assert!(masked.contains(line), "{line} in\n{masked}");
        }
        assert!(!masked.contains("secret") && !masked.contains("98765"));
        let clear = told(&danger_message_clear(&document));
        assert!(clear.contains("secret") && clear.contains("919876543210"));
        assert_eq!(hidden("ACNUM", "1234"), "****");
    }

    #[test]
    fn links_codes_and_pairs() {
        let text = told(&link(&Link::parse("upi://pay?pa=chai@paiza&mode=02&tn=&am=30.00").unwrap()));
        for line in [
            "link to pay",
            "  pa payee's address: chai@paiza",
            "mode how it begins: 02 (secure QR)",
            "tn note: (absent)",
            "amount: fixed",
            "caution: unsigned",
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
        let text = told(&codes("U30", Some("Z9")));
        for line in
            ["code Z9: insufficient funds (Remitter)", "kind: business: a rule said no", "money moved: no"]
        {
            assert!(text.contains(line), "{line} in\n{text}");
        }
        assert!(told(&codes("??", None)).contains("not a published code"));
        let code = "0002010102110828ABCD00000010000000000001234526350010A0000005240117chai.corner@paiza5204581453033565802\
                    IN5911CHAI CORNER6004PUNE610641100163044FBE";
        let text = told(&bharat(&BharatCode::parse(code).unwrap()));
        assert!(
            text.contains("payee's address: chai.corner@paiza") && text.contains("account: XXXX"),
            "{text}"
        );
    }
}

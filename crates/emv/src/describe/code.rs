//! Payment codes in plain words, the merchant's and the customer's.

use super::{Line, describe_tlv};
use crate::qr::{consumer, merchant};

/// Explains a payment code of either kind, masked; answers with what is wrong if it is neither.
pub fn describe_code(text: &str) -> Vec<Line> {
    match consumer::decode(text) {
        Ok(code) => {
            let mut lines = vec![Line::new(0, "code shown by a customer", "")];
            lines.extend(describe_tlv(&code).into_iter().map(|line| Line { depth: line.depth + 1, ..line }));
            lines
        }
        Err(_) => match merchant::MerchantCode::parse(text) {
            Ok(code) => merchant_lines(&code),
            Err(why) => vec![Line::new(0, "not a payment code", why.to_string())],
        },
    }
}

fn merchant_lines(code: &merchant::MerchantCode) -> Vec<Line> {
    let mut lines = vec![Line::new(0, "code shown by a merchant", "")];
    for object in code.objects() {
        let name = format!("{:02} {}", object.id, name(object.id));
        let inner = has_parts(object.id).then(|| merchant::MerchantCode::parse_template(&object.value));
        match inner {
            Some(Ok(parts)) => {
                lines.push(Line::new(1, name, ""));
                let part = |o: &merchant::Object| {
                    Line::new(2, format!("{:02} {}", o.id, part_name(object.id, o.id)), o.value.clone())
                };
                lines.extend(parts.objects().iter().map(part));
            }
            _ => lines.push(Line::new(1, name, meaning(code, object))),
        }
    }
    lines
}

/// The value, with what its digits stand for.
fn meaning(code: &merchant::MerchantCode, object: &merchant::Object) -> String {
    let value = &object.value;
    match object.id {
        merchant::INITIATION => match code.initiation() {
            Some(merchant::Initiation::Static) => format!("{value} (static: paid many times)"),
            Some(merchant::Initiation::Dynamic) => format!("{value} (dynamic: made for one payment)"),
            None => value.clone(),
        },
        merchant::CURRENCY => match code.currency() {
            Some(currency) => format!("{value} ({currency})"),
            None => format!("{value} (unknown currency)"),
        },
        merchant::AMOUNT => match code.amount() {
            Ok(Some(amount)) => amount.to_string(),
            _ => format!("{value} (not an amount of the currency)"),
        },
        _ => value.clone(),
    }
}

/// Whether an object is a template (MPM 1.1, table 3.2).
fn has_parts(id: u8) -> bool {
    matches!(id, 26..=51 | 62 | 64 | 80..=99)
}

fn name(id: u8) -> String {
    match id {
        0 => "payload format".to_owned(),
        1 => "point of initiation".to_owned(),
        2..=51 => format!("merchant account: {}", merchant::network(id)),
        52 => "merchant category".to_owned(),
        53 => "currency".to_owned(),
        54 => "amount".to_owned(),
        55 => "tip or convenience indicator".to_owned(),
        56 => "convenience fee, fixed".to_owned(),
        57 => "convenience fee, percent".to_owned(),
        58 => "country".to_owned(),
        59 => "merchant name".to_owned(),
        60 => "merchant city".to_owned(),
        61 => "postal code".to_owned(),
        62 => "additional data".to_owned(),
        64 => "in another language".to_owned(),
        80..=99 => "template with its own unique name".to_owned(),
        _ => "reserved".to_owned(),
    }
}

fn part_name(template: u8, id: u8) -> &'static str {
    match (template, id) {
        (62, 1) => "bill number",
        (62, 2) => "mobile number",
        (62, 3) => "store",
        (62, 4) => "loyalty number",
        (62, 5) => "reference",
        (62, 6) => "customer",
        (62, 7) => "terminal",
        (62, 8) => "purpose",
        (62, 9) => "data the customer is asked for",
        (64, 0) => "language",
        (64, 1) => "merchant name",
        (64, 2) => "merchant city",
        (26..=51 | 80..=99, 0) => "unique name",
        _ => "further data",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_are_explained() {
        let told =
            |text: &str| describe_code(text).iter().map(|line| format!("{line}\n")).collect::<String>();
        let start = "000201010212153131007732126547932016858341228495204581253031565406240.395802CN5913PAIZA \
                     NOODLES6007BEIJING62230509ORD2601520706T006466304";
        let merchant = told(&format!("{start}{:04X}", merchant::crc16(start.as_bytes())));
        for line in [
            "  15 merchant account: UnionPay: 3100773212654793201685834122849\n",
            "  54 amount: CNY 240.39\n",
            "  62 additional data\n    05 reference: ORD260152\n",
        ] {
            assert!(merchant.contains(line), "{line} in\n{merchant}");
        }
        let customer = told(
            "hQVDUFYwMWFZTwigAAADMwEBAVAIVW5pb25QYXlXE2IzRhKEd3Ik0wEiAQAAAAAAAA9fNAEBYyqfJgjmFW3Dn3cLqJ8n\
             AYCfEAgHAQEDoAAAAZ82AtwvggIAAJ83BDQ+q00=",
        );
        assert!(customer.contains("    57 track 2 equivalent data: ****7224, expiry ****"), "{customer}");
        assert!(told("hello").starts_with("not a payment code: "));
    }
}

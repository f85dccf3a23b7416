//! Bharat QR: the part of a merchant's code that account payment reads.
//!
//! The text itself, its checksum and its objects are `merchant_code`'s; here are the templates 26 to 28, the account
//! of object 08, and what must agree among them.

use crate::address::{AccountNumber, Address, AddressError, Ifsc};
use crate::defences::Defences;
use crate::link::amount;
pub use merchant_code::Initiation;
use merchant_code::{
    ADDITIONAL, AMOUNT, CATEGORY, CITY, COUNTRY, CURRENCY, MerchantCode, MerchantCodeError, NAME, POSTAL_CODE,
};
use values::{MerchantCategory, Money};

/// The name under which templates 26 to 28 are account payment's.
pub const APPLICATION: &str = "A000000524";
/// Account and bank of the merchant.
const ACCOUNT: u8 = 8;
/// Template of the payee's address.
const PAYEE: u8 = 26;
/// Template of the merchant's reference.
const REFERENCE: u8 = 27;

/// What a code asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BharatCode {
    text: String,
    /// Printed once, or made for one payment.
    pub initiation: Initiation,
    /// Who is paid.
    pub payee: Option<Address>,
    /// The least amount, where the payer may change it.
    pub least: Option<Money>,
    /// The merchant's reference, 4 to 35 characters; a code for one payment must have it.
    pub reference: Option<String>,
    /// A bill to look at; https alone.
    pub url: Option<String>,
    /// Bank and account, where the code names them.
    pub account: Option<(Ifsc, AccountNumber)>,
    /// The amount.
    pub amount: Option<Money>,
    /// The merchant's category.
    pub category: Option<MerchantCategory>,
    /// The merchant's name: a hint, as in a link.
    pub name: String,
    /// Its city.
    pub city: String,
    /// Its postal code.
    pub postal_code: Option<String>,
    /// The terminal (object 62, 07).
    pub terminal: Option<String>,
    /// Identifiers of card networks the code can be paid through too.
    pub card_accounts: Vec<u8>,
}

/// Why a code is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not a merchant's code.
    #[error(transparent)]
    Code(#[from] MerchantCodeError),
    /// An object, or a part of a template, whose value is not legal.
    #[error("object {object:02}: not {expected}")]
    Value {
        /// Which object.
        object: u8,
        /// What it should be.
        expected: &'static str,
    },
    /// The payee is no address.
    #[error("object 26: {0}")]
    Payee(AddressError),
    /// Neither an address nor an account: the code is for cards.
    #[error("the code names no account to pay to")]
    NoPayee,
}

impl Refused {
    /// The rule that it breaks, by a stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Refused::Code(MerchantCodeError::Broken(_)) => "code_broken",
            Refused::Code(MerchantCodeError::Format) => "not_a_code",
            Refused::Code(MerchantCodeError::Checksum) => "checksum_wrong",
            Refused::Code(MerchantCodeError::Missing(_)) => "object_missing",
            Refused::Code(MerchantCodeError::Twice(_)) => "object_repeated",
            Refused::Code(MerchantCodeError::TooLong) => "too_long",
            Refused::Code(MerchantCodeError::Illegal(_)) | Refused::Value { .. } => "value_invalid",
            Refused::Payee(_) => "payee_invalid",
            Refused::NoPayee => "payee_missing",
        }
    }

    /// The byte, where there is one.
    pub fn at(&self) -> Option<usize> {
        match self {
            Refused::Code(MerchantCodeError::Broken(at)) => Some(*at),
            _ => None,
        }
    }
}

impl BharatCode {
    /// Reads a code.
    pub fn parse(text: &str) -> Result<BharatCode, Refused> {
        let code = MerchantCode::parse(text)?;
        expect(code.value(CURRENCY) == Some("356"), CURRENCY, "356 (rupees)")?;
        expect(code.value(COUNTRY) == Some("IN"), COUNTRY, "IN")?;
        let initiation = code.initiation().ok_or(Refused::Value { object: 1, expected: "11 or 12" })?;
        let payee_template = own_template(&code, PAYEE)?;
        let reference_template = own_template(&code, REFERENCE)?;
        let part = |template: &Option<MerchantCode>, id| {
            template.as_ref().and_then(|template| template.value(id)).map(str::to_owned)
        };
        let payee = match part(&payee_template, 1) {
            Some(text) => Some(Address::parse(&text).map_err(Refused::Payee)?),
            None => None,
        };
        let reference = part(&reference_template, 1);
        let right = reference.as_ref().is_none_or(|text| (4..=35).contains(&text.chars().count()));
        expect(right, REFERENCE, "a reference of 4 to 35 characters")?;
        let account = account(&code)?;
        if payee.is_none() && account.is_none() {
            return Err(Refused::NoPayee);
        }
        let additional = code.template(ADDITIONAL).transpose()?;
        Ok(BharatCode {
            text: text.to_owned(),
            initiation,
            payee,
            least: money(part(&payee_template, 2).as_deref(), PAYEE)?,
            reference,
            url: part(&reference_template, 2).filter(|url| url.starts_with("https://")),
            account,
            amount: money(code.value(AMOUNT), AMOUNT)?,
            category: code.category(),
            name: code.value(NAME).unwrap_or_default().trim().to_owned(),
            city: code.value(CITY).unwrap_or_default().trim().to_owned(),
            postal_code: code.value(POSTAL_CODE).map(str::to_owned),
            terminal: part(&additional, 7),
            card_accounts: code
                .accounts()
                .map(|object| object.id)
                .filter(|id| !matches!(id, 8 | 26..=28))
                .collect(),
        })
    }

    /// The text as it was read, every byte of it.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// What a code of our own says.
#[derive(Clone, Debug)]
pub struct BharatParts<'a> {
    /// Who is paid.
    pub payee: &'a Address,
    /// The merchant's category.
    pub category: MerchantCategory,
    /// The merchant's name, at most 23 characters are shown.
    pub name: &'a str,
    /// Its city, at most 15 characters.
    pub city: &'a str,
    /// The amount, for one payment.
    pub amount: Option<Money>,
    /// The merchant's reference; a code that has one is for one payment.
    pub reference: Option<&'a str>,
}

/// Makes a code.
pub fn make(parts: &BharatParts<'_>) -> Result<BharatCode, Refused> {
    let template = |id: u8, value: &str| MerchantCode::default().with(0, APPLICATION)?.with(id, value);
    let initiation = if parts.reference.is_some() { Initiation::Dynamic } else { Initiation::Static };
    let mut code = MerchantCode::new(initiation);
    code = code.with_template(PAYEE, &template(1, parts.payee.as_str())?)?;
    if let Some(reference) = parts.reference {
        code = code.with_template(REFERENCE, &template(1, reference)?)?;
    }
    code = code.with(CATEGORY, &parts.category.to_string())?.with(CURRENCY, "356")?;
    if let Some(amount) = parts.amount {
        code = code.with(AMOUNT, &amount.to_decimal())?;
    }
    expect(parts.name.chars().count() <= 23, NAME, "at most 23 characters")?;
    expect(parts.city.chars().count() <= 15, CITY, "at most 15 characters")?;
    code = code.with(COUNTRY, "IN")?.with(NAME, parts.name)?.with(CITY, parts.city)?;
    BharatCode::parse(&code.to_text()?)
}

fn expect(holds: bool, object: u8, expected: &'static str) -> Result<(), Refused> {
    if holds { Ok(()) } else { Err(Refused::Value { object, expected }) }
}

/// A template, if it is account payment's.
fn own_template(code: &MerchantCode, id: u8) -> Result<Option<MerchantCode>, Refused> {
    let template = code.template(id).transpose()?;
    Ok(template
        .filter(|template| template.value(0).is_some_and(|name| name.eq_ignore_ascii_case(APPLICATION))))
}

fn account(code: &MerchantCode) -> Result<Option<(Ifsc, AccountNumber)>, Refused> {
    let Some(text) = code.value(ACCOUNT) else { return Ok(None) };
    let wrong =
        Refused::Value { object: ACCOUNT, expected: "a bank's code and an account of at most 26 characters" };
    let (ifsc, number) = text.split_at_checked(11).ok_or(wrong)?;
    let pair = Ifsc::parse(ifsc).zip(AccountNumber::parse(number).filter(|_| number.len() <= 26));
    pair.map(Some).ok_or(wrong)
}

fn money(text: Option<&str>, object: u8) -> Result<Option<Money>, Refused> {
    let Some(text) = text else { return Ok(None) };
    let wrong =
        Refused::Value { object, expected: "an amount of rupees above zero with at most two decimals" };
    amount(text, Defences::ALL).map(Some).ok_or(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(payee: &Address) -> BharatParts<'_> {
        BharatParts {
            payee,
            category: "5814".parse().unwrap(),
            name: "CHAI CORNER",
            city: "PUNE",
            amount: Some(Money::parse("30.00", values::Currency::INR).unwrap()),
            reference: Some("ORD20260042"),
        }
    }

    #[test]
    fn what_is_made_is_read() {
        let payee = Address::parse("chai.corner@paiza").unwrap();
        let code = make(&parts(&payee)).unwrap();
        assert_eq!(BharatCode::parse(code.text()).as_ref(), Ok(&code));
        assert_eq!((code.payee.as_ref(), code.reference.as_deref()), (Some(&payee), Some("ORD20260042")));
        assert_eq!((code.initiation, code.amount.unwrap().minor()), (Initiation::Dynamic, 3000));
        let printed = make(&BharatParts { reference: None, amount: None, ..parts(&payee) }).unwrap();
        assert_eq!((printed.initiation, printed.amount), (Initiation::Static, None));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let payee = Address::parse("chai.corner@paiza").unwrap();
        let text = make(&parts(&payee)).unwrap().text().to_owned();
        let edited = |from: &str, to: &str| {
            let body = text[..text.len() - 4].replace(from, to);
            BharatCode::parse(&format!("{body}{:04X}", merchant_code::crc16(body.as_bytes()))).unwrap_err()
        };
        let value = |object, expected| Refused::Value { object, expected };
        let amount = "an amount of rupees above zero with at most two decimals";
        assert_eq!(edited("540530.00", "540500.00"), value(AMOUNT, amount));
        assert_eq!(edited("540530.00", "540530.0."), Refused::Code(MerchantCodeError::Illegal(AMOUNT)));
        assert_eq!(edited("5303356", "5303840"), value(CURRENCY, "356 (rupees)"));
        assert_eq!(edited("5802IN", "5802CN"), value(COUNTRY, "IN"));
        assert_eq!(edited("A0000005240117", "A0000005250117"), Refused::NoPayee);
        assert!(matches!(edited("corner@", "corn rr"), Refused::Payee(_) | Refused::Code(_)));
        assert_eq!(BharatCode::parse("upi://pay"), Err(Refused::Code(MerchantCodeError::Format)));
        assert_eq!(
            make(&BharatParts { name: &"x".repeat(24), ..parts(&payee) }),
            Err(value(NAME, "at most 23 characters"))
        );
    }
}

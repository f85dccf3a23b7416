//! What a shop's code offers: a merchant's code read for one network, down to whom, how much and for which bill.
//!
//! A code comes from anybody's printer, so what is odd about it is refused and not repaired. The name in it is what the
//! code says; whoever pays asks the acquirer whether it is the shop's.

use super::Place;
use super::merchant::{
    ADDITIONAL, AMOUNT, CATEGORY, CITY, COUNTRY, CURRENCY, INITIATION, Initiation, LANGUAGE, MerchantCode,
    MerchantCodeError, NAME,
};
use values::{Currency, MerchantCategory, Money};

/// The account identifier of UnionPay: acquirer (8 digits), forwarder (8), shop (15), as public codes show it.
const UNION_PAY: u8 = 15;
/// Bill number, in the additional data.
const BILL: u8 = 1;
/// The shop's own reference, in the additional data.
const REFERENCE: u8 = 5;
/// Terminal, in the additional data.
const TERMINAL: u8 = 7;
/// Objects that ask for more than the amount: tip, fixed fee, fee in percent.
const EXTRAS: [u8; 3] = [55, 56, 57];

/// Why a code is not paid. It never quotes the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// It is no merchant's code, or a broken one.
    #[error(transparent)]
    Code(#[from] MerchantCodeError),
    /// It has no account of this network.
    #[error("no account of this network")]
    OtherNetwork,
    /// It does not say which terminal shows it.
    #[error("no terminal")]
    NoTerminal,
    /// It asks for a tip or a fee beside the amount.
    #[error("asks for more than the amount (object {0:02})")]
    Extra(u8),
    /// A name with letters that look like others, or that cannot be seen.
    #[error("letters in object {0:02} that do not belong there")]
    Letters(u8),
    /// Not a currency that is known.
    #[error("unknown currency")]
    Currency,
    /// No amount of the currency: none at all, too many decimals, leading zeros.
    #[error("not an amount of the currency")]
    Amount,
}

impl OfferError {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            OfferError::Code(MerchantCodeError::Checksum) => "code_checksum",
            OfferError::Code(_) => "code_broken",
            OfferError::OtherNetwork | OfferError::NoTerminal => "code_of_another_network",
            OfferError::Extra(_) => "code_asks_for_more",
            OfferError::Letters(_) => "code_letters",
            OfferError::Currency => "code_currency",
            OfferError::Amount => "code_amount",
        }
    }
}

/// What a shop asks for with its code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The acquirer (DE 32), eight digits.
    pub acquirer: String,
    /// Whom it goes to.
    pub place: Place,
    /// Whether the code is made for one payment.
    pub initiation: Initiation,
    /// How much, if the code fixes it.
    pub amount: Option<Money>,
    /// The shop's currency.
    pub currency: Currency,
    /// Its country, two letters.
    pub country: String,
    /// What it sells.
    pub category: MerchantCategory,
    /// Its name, at most 25 characters.
    pub name: String,
    /// Its town, at most 15 characters.
    pub city: String,
    /// The bill that is paid, if the code is made for one payment.
    pub bill: Option<String>,
    /// The shop's own reference.
    pub reference: Option<String>,
}

impl Offer {
    /// Reads a code. Any text gives an answer.
    pub fn parse(text: &str) -> Result<Offer, OfferError> {
        let code = MerchantCode::parse(text)?;
        if let Some(id) = EXTRAS.into_iter().find(|id| code.value(*id).is_some()) {
            return Err(OfferError::Extra(id));
        }
        // Every template must be one, also those that nothing is taken from.
        let parts = |id| code.template(id).transpose();
        let (additional, language) =
            (parts(ADDITIONAL)?.unwrap_or_default(), parts(LANGUAGE)?.unwrap_or_default());
        let (acquirer, acceptor) = account(&code).ok_or(OfferError::OtherNetwork)?;
        let terminal = additional.value(TERMINAL).filter(|text| (1..=8).contains(&text.len()));
        let terminal = terminal.filter(|text| is_plain(text) && !text.trim().is_empty());
        let terminal = terminal.ok_or(OfferError::NoTerminal)?;
        let part = |id| additional.value(id).filter(|text| !text.is_empty()).map(str::to_owned);
        let text = |id: u8, most: usize| {
            let text = code.value(id).ok_or(MerchantCodeError::Missing(id))?;
            let fits = (1..=most).contains(&text.chars().count()) && is_plain(text);
            fits.then(|| text.to_owned()).ok_or(OfferError::Letters(id))
        };
        if language.objects().iter().any(|object| !is_of_one_script(&object.value)) {
            return Err(OfferError::Letters(LANGUAGE));
        }
        let initiation = match code.value(INITIATION) {
            None => Initiation::Static,
            Some(_) => code.initiation().ok_or(MerchantCodeError::Illegal(INITIATION))?,
        };
        let country = code.value(COUNTRY).unwrap_or_default();
        if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(MerchantCodeError::Illegal(COUNTRY).into());
        }
        Ok(Offer {
            acquirer,
            place: Place::new(acceptor.as_bytes(), terminal.as_bytes()),
            initiation,
            amount: amount(&code)?,
            currency: currency(&code)?,
            country: country.to_owned(),
            category: code.category().ok_or(MerchantCodeError::Illegal(CATEGORY))?,
            name: text(NAME, 25)?,
            city: text(CITY, 15)?,
            bill: part(BILL),
            reference: part(REFERENCE),
        })
    }

    /// The text of the code.
    pub fn to_text(&self) -> Result<String, OfferError> {
        let place = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        let mut additional = MerchantCode::default();
        for (id, value) in [(BILL, &self.bill), (REFERENCE, &self.reference)] {
            if let Some(value) = value {
                additional = additional.with(id, value)?;
            }
        }
        additional = additional.with(TERMINAL, &place(&self.place.terminal))?;
        let account = format!("{0}{0}{1:<15}", self.acquirer, place(&self.place.acceptor));
        let mut code = MerchantCode::new(self.initiation)
            .with(UNION_PAY, &account)?
            .with(CATEGORY, &self.category.to_string())?
            .with(CURRENCY, &format!("{:03}", self.currency.numeric()))?;
        if let Some(amount) = self.amount {
            code = code.with(AMOUNT, &amount.to_decimal())?;
        }
        let code = code.with(COUNTRY, &self.country)?.with(NAME, &self.name)?.with(CITY, &self.city)?;
        Ok(code.with_template(ADDITIONAL, &additional)?.to_text()?)
    }
}

/// Acquirer and shop out of the account of this network.
fn account(code: &MerchantCode) -> Option<(String, String)> {
    let account = code.value(UNION_PAY).filter(|text| text.len() == 31 && is_plain(text))?;
    let (institutions, acceptor) = account.split_at(16);
    let digits = institutions.bytes().all(|byte| byte.is_ascii_digit());
    (digits && !acceptor.trim().is_empty()).then(|| (institutions[..8].to_owned(), acceptor.to_owned()))
}

/// A currency that somebody is paid in: not the codes for tests (963) and for none (999).
fn currency(code: &MerchantCode) -> Result<Currency, OfferError> {
    let known = code.currency().filter(|currency| !matches!(currency.numeric(), 963 | 999));
    known.ok_or(OfferError::Currency)
}

fn amount(code: &MerchantCode) -> Result<Option<Money>, OfferError> {
    let Some(text) = code.value(AMOUNT) else { return Ok(None) };
    let currency = currency(code)?;
    // MPM 1.1, 4.7.6: no leading zeros but the one before the decimal mark.
    let padded = text.starts_with('0') && !text.starts_with("0.");
    let amount = Money::parse(text, currency).map_err(|_| OfferError::Amount)?;
    if padded || amount.is_zero() { Err(OfferError::Amount) } else { Ok(Some(amount)) }
}

/// Format `ans` of the specification: what a typewriter has. Whatever only looks like it is not.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| (0x20..0x7F).contains(&byte))
}

/// A name in the shop's own language: Chinese or Devanagari beside plain letters, and no other letters, which would be
/// there to look like these; nothing that cannot be seen or that turns the direction of writing.
fn is_of_one_script(text: &str) -> bool {
    let chinese = |c: char| matches!(c, '\u{3001}'..='\u{303F}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{FF00}'..='\u{FF5E}');
    let devanagari = |c: char| matches!(c, '\u{0900}'..='\u{097F}');
    let others = || text.chars().filter(|c| !matches!(c, ' '..='~'));
    others().all(chinese) || others().all(devanagari)
}

#[cfg(test)]
mod tests {
    use super::super::merchant;
    use super::*;
    use proptest::prelude::*;

    fn offer() -> Offer {
        Offer {
            acquirer: "01020000".to_owned(),
            place: Place::new(b"104110054110001", b"PZ000001"),
            initiation: Initiation::Dynamic,
            amount: Some(Money::parse("36.50", Currency::CNY).unwrap()),
            currency: Currency::CNY,
            country: "CN".to_owned(),
            category: MerchantCategory::try_from(5812).unwrap(),
            name: "PAIZA NOODLES".to_owned(),
            city: "BEIJING".to_owned(),
            bill: Some("000001000042".to_owned()),
            reference: None,
        }
    }

    /// The offer's code with one object exchanged, given another value, or added; its checksum holds.
    fn edited(id: u8, value: Option<&str>) -> String {
        let code = MerchantCode::parse(&offer().to_text().unwrap()).unwrap();
        let mut text = String::new();
        let mut known = false;
        for object in code.objects() {
            let value = if object.id == id { value } else { Some(object.value.as_str()) };
            known |= object.id == id;
            if let Some(value) = value {
                text += &format!("{:02}{:02}{value}", object.id, value.chars().count());
            }
        }
        if let Some(value) = value.filter(|_| !known) {
            text += &format!("{id:02}{:02}{value}", value.chars().count());
        }
        text += "6304";
        format!("{text}{:04X}", merchant::crc16(text.as_bytes()))
    }

    #[test]
    fn an_offer_is_read_as_written() {
        let fixed = offer();
        let sticker = Offer { initiation: Initiation::Static, amount: None, bill: None, ..offer() };
        for offer in [fixed, sticker] {
            assert_eq!(Offer::parse(&offer.to_text().unwrap()), Ok(offer));
        }
        assert_eq!(edited(99, None), offer().to_text().unwrap());
    }

    #[test]
    // long: a table of hostile codes, one row each.
    fn what_is_odd_is_refused_with_its_reason() {
        let cyrillic = "\u{420}\u{410}IZA NOODLES";
        for (id, value, code) in [
            (AMOUNT, Some("36.505"), "code_amount"),
            (AMOUNT, Some("3.65e1"), "code_broken"),
            (AMOUNT, Some("036.50"), "code_amount"),
            (AMOUNT, Some("0.00"), "code_amount"),
            (AMOUNT, Some("0"), "code_amount"),
            (AMOUNT, Some("36."), "code_amount"),
            (AMOUNT, Some("-1"), "code_broken"),
            (AMOUNT, Some("99999999999999"), "code_broken"),
            (CURRENCY, Some("999"), "code_currency"),
            (CURRENCY, Some("963"), "code_currency"),
            (CURRENCY, Some("000"), "code_currency"),
            (CURRENCY, Some("15X"), "code_broken"),
            (UNION_PAY, None, "code_broken"),
            (UNION_PAY, Some("0102000001020000"), "code_of_another_network"),
            (UNION_PAY, Some("0102000X01020000104110054110001"), "code_of_another_network"),
            (ADDITIONAL, None, "code_of_another_network"),
            (ADDITIONAL, Some("0709PZ0000011"), "code_of_another_network"),
            (ADDITIONAL, Some("07"), "code_broken"),
            (ADDITIONAL, Some("0703PZ10703PZ2"), "code_broken"),
            (NAME, Some(cyrillic), "code_letters"),
            (NAME, Some("PAIZA\u{202E}SELDOON"), "code_letters"),
            (NAME, Some("PAIZA NOODLES AND MORE OF IT"), "code_letters"),
            (CITY, Some("BEI\u{200B}JING"), "code_letters"),
            (LANGUAGE, Some("0002ZH0105\u{41D}\u{41E}IZA"), "code_letters"),
            (55, Some("01"), "code_asks_for_more"),
            (56, Some("500"), "code_asks_for_more"),
            (INITIATION, Some("13"), "code_broken"),
            (COUNTRY, Some("cn"), "code_broken"),
            (CATEGORY, Some("58"), "code_broken"),
        ] {
            let error = Offer::parse(&edited(id, value)).unwrap_err();
            assert_eq!(error.code(), code, "{id} {value:?}: {error}");
        }
        assert!(Offer::parse(&edited(LANGUAGE, Some("0002ZH0105\u{62C9}\u{9762}\u{9986} 1"))).is_ok());
        let text = offer().to_text().unwrap();
        for (broken, code) in [
            (text.replace("36.50", "36.51"), "code_checksum"),
            (text[..text.len() - 8].to_owned(), "code_checksum"),
            (text.replacen("5204", "5299", 1), "code_broken"),
            ("https://example.com/pay".to_owned(), "code_broken"),
            (String::new(), "code_broken"),
        ] {
            assert_eq!(Offer::parse(&broken).unwrap_err().code(), code, "{broken}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_an_answer(value in "\\PC{0,40}", id in 0u8..99) {
            if let Ok(offer) = Offer::parse(&edited(id, Some(&value))) {
                let again = offer.to_text().unwrap();
                prop_assert_eq!(Offer::parse(&again), Ok(offer));
            }
            let _ = Offer::parse(&value);
        }
    }
}

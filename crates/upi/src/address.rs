//! Who is paid: payment addresses, accounts, mobile numbers, UPI numbers.
//!
//! On the wire an address is ASCII. What is not is refused with the character it imitates, before anyone looks at
//! it; what is ASCII and still looks like another address is told by [`Address::looks_like`].

use crate::defences::{Defence, Defences};
use std::fmt;

/// The longest address, in bytes.
pub const LONGEST: usize = 255;

/// A payment address, `name@handle`. Compared without case; kept as it was written.
#[derive(Clone)]
pub struct Address {
    text: String,
    at: usize,
}

/// Why a text is not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Empty, or more than 255 bytes.
    #[error("an address has 1 to 255 characters")]
    Length,
    /// Not exactly one `@`, or nothing on one side of it.
    #[error("an address is a name, @ and a handle")]
    Parts,
    /// A character outside ASCII that looks like one inside.
    #[error("character {place} is U+{code:04X}, which only looks like `{like}`", code = u32::from(*.found))]
    Imitation {
        /// Which character, from 1.
        place: usize,
        /// What stands there.
        found: char,
        /// What it looks like.
        like: char,
    },
    /// A character outside ASCII.
    #[error("character {place} is U+{code:04X}; an address is ASCII", code = u32::from(*.found))]
    NotAscii {
        /// Which character, from 1.
        place: usize,
        /// What stands there.
        found: char,
    },
    /// Not a letter, digit, dot, hyphen or underscore.
    #[error("character {place} is none that names have")]
    Character {
        /// Which character, from 1.
        place: usize,
    },
    /// The handle is not letters and digits that begin with a letter, nor one of the global forms.
    #[error("not a handle")]
    Handle,
    /// The form `<number>@aadhaar.npci` is not in use any more (U95).
    #[error("addresses of this form are not in use any more")]
    Disabled,
}

/// What an address stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressKind {
    /// A name that a PSP resolves.
    Name,
    /// `<account>@<ifsc>.ifsc.npci`.
    Account,
    /// `<mobile>@<mmid>.mmid.npci`.
    Mobile,
}

impl Address {
    /// Reads an address.
    pub fn parse(text: &str) -> Result<Address, AddressError> {
        Address::parse_with(text, Defences::ALL)
    }

    pub(crate) fn parse_with(text: &str, defences: Defences) -> Result<Address, AddressError> {
        if text.is_empty() || text.len() > LONGEST {
            return Err(AddressError::Length);
        }
        let plain = defences.stands(Defence::PlainAddresses);
        if let (Some((place, found)), true) =
            (text.chars().zip(1..).map(|(c, n)| (n, c)).find(|(_, c)| !c.is_ascii()), plain)
        {
            return Err(match imitated(found) {
                Some(like) => AddressError::Imitation { place, found, like },
                None => AddressError::NotAscii { place, found },
            });
        }
        let (name, handle) = text.split_once('@').ok_or(AddressError::Parts)?;
        if name.is_empty() || handle.is_empty() || handle.contains('@') {
            return Err(AddressError::Parts);
        }
        let of_name =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') || !(plain || c.is_ascii());
        if let Some(place) = name.chars().position(|c| !of_name(c)) {
            return Err(AddressError::Character { place: place + 1 });
        }
        let address = Address { text: text.to_owned(), at: name.len() };
        let lower = handle.to_ascii_lowercase();
        match lower.strip_suffix(".npci") {
            Some("aadhaar") => return Err(AddressError::Disabled),
            Some(global) => address.check_global(global)?,
            None => {
                let begins = handle.starts_with(|c: char| c.is_ascii_alphabetic());
                if !begins || !handle.bytes().all(|b| b.is_ascii_alphanumeric()) {
                    return Err(AddressError::Handle);
                }
            }
        }
        Ok(address)
    }

    fn check_global(&self, global: &str) -> Result<(), AddressError> {
        let good = match global.rsplit_once('.') {
            Some((ifsc, "ifsc")) => {
                Ifsc::parse(ifsc).is_some() && AccountNumber::parse(self.name()).is_some()
            }
            Some((mmid, "mmid")) => {
                mmid.len() == 7
                    && mmid.bytes().all(|b| b.is_ascii_digit())
                    && Mobile::parse(self.name()).is_some()
            }
            _ => false,
        };
        if good { Ok(()) } else { Err(AddressError::Handle) }
    }

    /// The address of an account; the switch asks its bank who holds it.
    pub fn of_account(number: &AccountNumber, ifsc: &Ifsc) -> Address {
        let text = format!("{}@{}.ifsc.npci", number.as_str(), ifsc.as_str());
        Address { at: number.as_str().len(), text }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// As it is stored and compared.
    pub fn to_lower(&self) -> String {
        self.text.to_lowercase()
    }

    /// What stands before the `@`.
    pub fn name(&self) -> &str {
        &self.text[..self.at]
    }

    /// What stands after it: who resolves the address.
    pub fn handle(&self) -> &str {
        &self.text[self.at + 1..]
    }

    /// What it stands for.
    pub fn kind(&self) -> AddressKind {
        match self.handle().to_ascii_lowercase() {
            handle if handle.ends_with(".ifsc.npci") => AddressKind::Account,
            handle if handle.ends_with(".mmid.npci") => AddressKind::Mobile,
            _ => AddressKind::Name,
        }
    }

    /// Whether an address that is made anew may have this name: 3 to 50 characters.
    pub fn may_be_made(&self) -> bool {
        self.kind() == AddressKind::Name && (3..=50).contains(&self.name().len())
    }

    /// Whether a person may take one for the other although they are two.
    pub fn looks_like(&self, other: &Address) -> bool {
        self != other && self.skeleton() == other.skeleton()
    }

    /// What remains when what looks alike is written alike (after Unicode TR 39, 4, for what addresses may have).
    fn skeleton(&self) -> String {
        let mut lower: String = self.to_lower().chars().map(|c| imitated(c).unwrap_or(c)).collect();
        lower.retain(|c| !matches!(c, '.' | '-' | '_'));
        let pairs = lower.replace("rn", "m").replace("vv", "w").replace("cl", "d");
        pairs
            .chars()
            .map(|c| match c {
                '0' => 'o',
                '1' | 'i' | '|' => 'l',
                '5' => 's',
                '8' => 'b',
                '2' => 'z',
                c => c,
            })
            .collect()
    }
}

impl PartialEq for Address {
    fn eq(&self, other: &Address) -> bool {
        self.to_lower() == other.to_lower()
    }
}

impl Eq for Address {}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// For logs: the handle, and of the name what tells two of them apart for somebody who knows them.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.masked())
    }
}

impl Address {
    /// For people who need not know it: `as****@paiza`; of an account's number the last four digits.
    pub fn masked(&self) -> String {
        let shown = match self.kind() {
            AddressKind::Name => {
                let first: String = self.name().chars().take(2).collect();
                format!("{first}****")
            }
            _ => format!("****{}", last_four(self.name())),
        };
        format!("{shown}@{}", self.handle())
    }
}

fn last_four(text: &str) -> &str {
    text.get(text.len().saturating_sub(4)..).unwrap_or_default()
}

/// The ASCII character that one outside ASCII is drawn like: Cyrillic, Greek, Armenian and full width forms that
/// were used for this (from Unicode's confusables, those whose target an address may have).
fn imitated(c: char) -> Option<char> {
    const LIKE: &[(char, char)] = &[
        ('а', 'a'),
        ('в', 'b'),
        ('с', 'c'),
        ('ԁ', 'd'),
        ('е', 'e'),
        ('һ', 'h'),
        ('і', 'i'),
        ('ј', 'j'),
        ('к', 'k'),
        ('ӏ', 'l'),
        ('м', 'm'),
        ('н', 'h'),
        ('о', 'o'),
        ('р', 'p'),
        ('ԛ', 'q'),
        ('г', 'r'),
        ('ѕ', 's'),
        ('т', 't'),
        ('ѵ', 'v'),
        ('ԝ', 'w'),
        ('х', 'x'),
        ('у', 'y'),
        ('А', 'A'),
        ('В', 'B'),
        ('С', 'C'),
        ('Е', 'E'),
        ('Н', 'H'),
        ('І', 'I'),
        ('Ј', 'J'),
        ('К', 'K'),
        ('М', 'M'),
        ('О', 'O'),
        ('Р', 'P'),
        ('Ѕ', 'S'),
        ('Т', 'T'),
        ('Х', 'X'),
        ('У', 'Y'),
        ('α', 'a'),
        ('β', 'b'),
        ('ε', 'e'),
        ('η', 'n'),
        ('ι', 'i'),
        ('κ', 'k'),
        ('ν', 'v'),
        ('ο', 'o'),
        ('ρ', 'p'),
        ('τ', 't'),
        ('υ', 'u'),
        ('χ', 'x'),
        ('Α', 'A'),
        ('Β', 'B'),
        ('Ε', 'E'),
        ('Ζ', 'Z'),
        ('Η', 'H'),
        ('Ι', 'I'),
        ('Κ', 'K'),
        ('Μ', 'M'),
        ('Ν', 'N'),
        ('Ο', 'O'),
        ('Ρ', 'P'),
        ('Τ', 'T'),
        ('Υ', 'Y'),
        ('Χ', 'X'),
        ('օ', 'o'),
        ('ո', 'n'),
        ('ս', 'u'),
        ('հ', 'h'),
        ('ց', 'g'),
        ('ı', 'i'),
        ('ɑ', 'a'),
        ('ɡ', 'g'),
        ('ɩ', 'i'),
        ('ℓ', 'l'),
        ('०', '0'),
        ('٥', '0'),
        ('۰', '0'),
        ('․', '.'),
        ('‐', '-'),
        ('‑', '-'),
        ('–', '-'),
        ('−', '-'),
    ];
    if let '\u{FF01}'..='\u{FF5E}' = c {
        return char::from_u32(u32::from(c) - 0xFEE0);
    }
    LIKE.iter().find(|(found, _)| *found == c).map(|(_, like)| *like)
}

/// The code of a bank's branch: four letters, a zero, six letters or digits; in capitals.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ifsc(String);

impl Ifsc {
    /// Reads a code, in any case.
    pub fn parse(text: &str) -> Option<Ifsc> {
        let bytes = text.as_bytes();
        let good = bytes.len() == 11
            && bytes[..4].iter().all(u8::is_ascii_alphabetic)
            && bytes[5..].iter().all(u8::is_ascii_alphanumeric);
        (good && bytes[4] == b'0').then(|| Ifsc(text.to_ascii_uppercase()))
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The bank: its first four letters.
    pub fn bank(&self) -> &str {
        &self.0[..4]
    }
}

/// The number of an account: 1 to 30 letters or digits, prints masked.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AccountNumber(String);

impl AccountNumber {
    /// Reads a number.
    pub fn parse(text: &str) -> Option<AccountNumber> {
        let good = (1..=30).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
        good.then(|| AccountNumber(text.to_owned()))
    }

    /// The number itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As banks list accounts: capital X, then the last four characters.
    pub fn masked(&self) -> String {
        let hidden = self.0.len().saturating_sub(4);
        if hidden == 0 { "X".repeat(self.0.len()) } else { "X".repeat(hidden) + &self.0[hidden..] }
    }
}

impl fmt::Debug for AccountNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// A mobile number of India: ten digits that begin with 6 to 9, prints masked.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Mobile(String);

impl Mobile {
    /// Reads a number with or without `+91`, `91` or `0` before it.
    pub fn parse(text: &str) -> Option<Mobile> {
        let digits = match text.len() {
            13 => text.strip_prefix("+91")?,
            12 => text.strip_prefix("91")?,
            11 => text.strip_prefix('0')?,
            _ => text,
        };
        let good =
            digits.len() == 10 && digits.bytes().all(|b| b.is_ascii_digit()) && digits.as_bytes()[0] >= b'6';
        good.then(|| Mobile(digits.to_owned()))
    }

    /// As messages carry it: 12 digits with 91.
    pub fn to_wire(&self) -> String {
        format!("91{}", self.0)
    }
}

impl fmt::Debug for Mobile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "******{}", last_four(&self.0))
    }
}

/// Whom a person names in one field: an address, or a number that the network looks up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payee {
    /// An address.
    Address(Address),
    /// A mobile number, which is also the UPI number of who opted in.
    Mobile(Mobile),
    /// A UPI number of eight or nine digits.
    Number(String),
}

impl Payee {
    /// Reads what a person typed; blanks around it do not count.
    pub fn parse(text: &str) -> Result<Payee, AddressError> {
        let text = text.trim();
        if let Some(mobile) = Mobile::parse(text) {
            return Ok(Payee::Mobile(mobile));
        }
        let is_number = (8..=10).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        if is_number { Ok(Payee::Number(text.to_owned())) } else { Address::parse(text).map(Payee::Address) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses() {
        let ok =
            |text: &str| Address::parse(text).map(|a| (a.name().to_owned(), a.handle().to_owned(), a.kind()));
        let named = |name: &str, handle: &str| Ok((name.to_owned(), handle.to_owned(), AddressKind::Name));
        for (text, expected) in [
            ("asha@paiza", named("asha", "paiza")),
            ("Q09575115@ybl", named("Q09575115", "ybl")),
            ("chai.corner-1_x@paiza", named("chai.corner-1_x", "paiza")),
            ("broker@validhdfc", named("broker", "validhdfc")),
            ("", Err(AddressError::Length)),
            ("asha", Err(AddressError::Parts)),
            ("@paiza", Err(AddressError::Parts)),
            ("asha@", Err(AddressError::Parts)),
            ("a@b@c", Err(AddressError::Parts)),
            ("a b@paiza", Err(AddressError::Character { place: 2 })),
            ("a+b@paiza", Err(AddressError::Character { place: 2 })),
            ("asha@pai.za", Err(AddressError::Handle)),
            ("asha@1paiza", Err(AddressError::Handle)),
            ("asha@pai-za", Err(AddressError::Handle)),
            ("123456789012@aadhaar.npci", Err(AddressError::Disabled)),
            ("123@other.npci", Err(AddressError::Handle)),
            ("аsha@paiza", Err(AddressError::Imitation { place: 1, found: 'а', like: 'a' })),
            ("asha@pаiza", Err(AddressError::Imitation { place: 7, found: 'а', like: 'a' })),
            ("asha＠paiza", Err(AddressError::Imitation { place: 5, found: '＠', like: '@' })),
            ("आशा@paiza", Err(AddressError::NotAscii { place: 1, found: 'आ' })),
            ("asha\u{200b}@paiza", Err(AddressError::NotAscii { place: 5, found: '\u{200b}' })),
        ] {
            assert_eq!(ok(text), expected, "{text}");
        }
        let account = "2223330048827001@YESB0CMSNOC.ifsc.npci";
        assert_eq!(ok(account).unwrap().2, AddressKind::Account);
        assert_eq!(ok("9876543210@1234567.mmid.npci").unwrap().2, AddressKind::Mobile);
        assert_eq!(ok("9876543210@123456.mmid.npci"), Err(AddressError::Handle));
        assert_eq!(Address::parse(account).unwrap().masked(), "****7001@YESB0CMSNOC.ifsc.npci");
        assert_eq!(format!("{:?}", Address::parse("asha@paiza").unwrap()), "as****@paiza");
        assert_eq!(Address::parse("Asha@Paiza"), Address::parse("asha@paiza"));
        assert!(Address::parse(&format!("{}@b", "a".repeat(253))).is_ok());
        assert_eq!(Address::parse(&format!("{}@b", "a".repeat(254))), Err(AddressError::Length));
        let made = |text: &str| Address::parse(text).unwrap().may_be_made();
        assert!(made("abc@paiza") && !made("ab@paiza") && made(&format!("{}@paiza", "a".repeat(50))));
        assert!(!made(&format!("{}@paiza", "a".repeat(51))) && !made(account));
    }

    #[test]
    fn what_looks_alike_is_told() {
        let looks = |a: &str, b: &str| Address::parse(a).unwrap().looks_like(&Address::parse(b).unwrap());
        for (one, other) in [
            ("chai.corner@paiza", "chaicorner@paiza"),
            ("amazon@apl", "arnazon@apl"),
            ("paytm1@paytm", "paytml@paytm"),
            ("shop0@ybl", "shopo@ybl"),
            ("ravi@ybl", "ravl@ybl"),
        ] {
            assert!(looks(one, other) && looks(other, one), "{one} {other}");
        }
        assert!(!looks("asha@paiza", "ASHA@paiza"), "that is the same address");
        assert!(!looks("asha@paiza", "usha@paiza"));
    }

    #[test]
    fn accounts_and_numbers() {
        assert_eq!(Ifsc::parse("abcd0000001").unwrap().as_str(), "ABCD0000001");
        assert_eq!(Ifsc::parse("ABCD0000001").unwrap().bank(), "ABCD");
        assert!(
            ["ABCD000001", "ABC00000001", "ABCD00000001", "ABCD0-00001", "ABCD1000001"]
                .iter()
                .all(|t| Ifsc::parse(t).is_none())
        );
        let number = AccountNumber::parse("00000012345").unwrap();
        assert_eq!(
            (number.masked().as_str(), format!("{number:?}").as_str()),
            ("XXXXXXX2345", "XXXXXXX2345")
        );
        assert_eq!(AccountNumber::parse("123").unwrap().masked(), "XXX");
        assert!(
            AccountNumber::parse(&"1".repeat(30)).is_some()
                && AccountNumber::parse(&"1".repeat(31)).is_none()
        );
        let ifsc = Ifsc::parse("ABCD0000001").unwrap();
        let address = Address::of_account(&number, &ifsc);
        assert_eq!(Address::parse(address.as_str()).unwrap().kind(), AddressKind::Account);
        for text in ["9876543210", "+919876543210", "919876543210", "09876543210"] {
            assert_eq!(Mobile::parse(text).unwrap().to_wire(), "919876543210", "{text}");
        }
        assert!(
            ["5876543210", "987654321", "98765432101", "+929876543210"]
                .iter()
                .all(|t| Mobile::parse(t).is_none())
        );
        assert_eq!(format!("{:?}", Mobile::parse("9876543210").unwrap()), "******3210");
        assert!(matches!(Payee::parse(" 9876543210 "), Ok(Payee::Mobile(_))));
        assert_eq!(Payee::parse("12345678"), Ok(Payee::Number("12345678".to_owned())));
        assert!(matches!(Payee::parse("asha@paiza"), Ok(Payee::Address(_))));
        assert_eq!(Payee::parse("1234567"), Err(AddressError::Parts));
    }

    proptest! {
        #[test]
        fn any_text_gives_an_answer(text in "\\PC{0,40}") {
            if let Ok(address) = Address::parse(&text) {
                prop_assert_eq!(format!("{}@{}", address.name(), address.handle()), text.as_str());
                prop_assert!(!address.looks_like(&address));
            }
            let _ = (Payee::parse(&text), Ifsc::parse(&text), Mobile::parse(&text));
        }
    }
}

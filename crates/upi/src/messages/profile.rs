//! The table of elements, attributes and rules, read from a text.

use super::value::{Kind, is_code};
use crate::time::parse_date;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use values::Timestamp;

/// The code of what breaks a rule that has none of its own: validation failed.
pub(super) const VALIDATION: &str = "U07";

/// Which letters the codes of a message have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Payments and mandates: H T S L R B I D A C V E.
    Pay,
    /// Accounts, credentials, directory: Z X and others.
    Account,
    /// Those of which no codes are public.
    Other,
}

/// Element names, attributes, order and rules of one version of the messages.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// `Head.ver`.
    pub version: String,
    /// Since when it is in force.
    pub since: Timestamp,
    /// The namespace of roots.
    pub namespace: String,
    /// By name, then by the element or message they stand in; by nothing where they are the same everywhere.
    elements: BTreeMap<String, BTreeMap<String, ElementRule>>,
    messages: BTreeMap<String, (Family, ElementRule)>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct ElementRule {
    pub(super) attributes: Vec<AttributeRule>,
    pub(super) children: Vec<ChildRule>,
    pub(super) text: Option<(Kind, Codes)>,
    pub(super) open: bool,
}

#[derive(Clone, Debug)]
pub(super) struct AttributeRule {
    pub(super) name: String,
    pub(super) required: bool,
    pub(super) kind: Kind,
    pub(super) codes: Codes,
}

#[derive(Clone, Debug)]
pub(super) struct ChildRule {
    pub(super) name: String,
    pub(super) required: bool,
    pub(super) many: bool,
    pub(super) codes: Codes,
}

/// The codes of one rule in the two families.
#[derive(Clone, Debug, Default)]
pub(super) struct Codes {
    pay: Option<String>,
    account: Option<String>,
}

impl Codes {
    fn parse(word: Option<&str>) -> Codes {
        match word
            .map(|word| word.split_once('|').map_or((word, None), |(pay, account)| (pay, Some(account))))
        {
            None => Codes::default(),
            Some((pay, account)) => {
                // Codes of the service layer are those of all families.
                let account = account.or(pay.starts_with('U').then_some(pay));
                let account = account.or(pay.starts_with('X').then_some(pay));
                Codes { pay: Some(pay.to_owned()), account: account.map(str::to_owned) }
            }
        }
    }

    pub(super) fn of(&self, family: Family) -> &str {
        let code = match family {
            Family::Pay => &self.pay,
            Family::Account => &self.account,
            Family::Other => &None,
        };
        code.as_deref().unwrap_or(VALIDATION)
    }
}

/// A line of a profile that is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {expected} expected")]
pub struct ProfileError {
    /// Which line, from 1.
    pub line: usize,
    /// What should stand there.
    pub expected: &'static str,
}

impl Profile {
    /// Version 2.0, put together from public sources.
    pub fn public() -> &'static Profile {
        static PROFILE: LazyLock<Profile> = LazyLock::new(|| {
            Profile::parse(include_str!("../../profiles/upi-2.0.txt")).expect("a test reads this text")
        });
        &PROFILE
    }

    /// Reads a profile.
    pub fn parse(text: &str) -> Result<Profile, ProfileError> {
        let mut profile = Profile {
            name: String::new(),
            version: String::new(),
            since: Timestamp::from_millis(0),
            namespace: String::new(),
            elements: BTreeMap::new(),
            messages: BTreeMap::new(),
        };
        let mut place = Place::Head;
        for (line, text) in (1..).zip(text.lines()) {
            let words: Vec<&str> = text.split_ascii_whitespace().collect();
            if words.first().is_some_and(|first| !first.starts_with('#')) {
                profile.take(&words, &mut place).map_err(|expected| ProfileError { line, expected })?;
            }
        }
        let end =
            ProfileError { line: text.lines().count() + 1, expected: "profile, namespace and messages" };
        if profile.name.is_empty() || profile.namespace.is_empty() || profile.messages.is_empty() {
            return Err(end);
        }
        match profile.undefined() {
            true => Err(ProfileError { expected: "an element for every name after `>`", ..end }),
            false => Ok(profile),
        }
    }

    fn take(&mut self, words: &[&str], place: &mut Place) -> Result<(), &'static str> {
        match *words {
            ["profile", name, version] => {
                (self.name, self.version) = (name.to_owned(), version.to_owned());
            }
            ["since", date] => self.since = iso_date(date).ok_or("a date, yyyy-mm-dd")?,
            ["namespace", uri] => self.namespace = uri.to_owned(),
            ["element", key] => {
                let (outer, name) = key.rsplit_once('/').unwrap_or(("", key));
                let inside = self.elements.entry(name.to_owned()).or_default();
                inside.insert(outer.to_owned(), ElementRule::default());
                *place = Place::Element(outer.to_owned(), name.to_owned());
            }
            ["message", name, family] => {
                let family = match family {
                    "pay" => Family::Pay,
                    "account" => Family::Account,
                    "other" => Family::Other,
                    _ => return Err("pay, account or other"),
                };
                self.messages.insert(name.to_owned(), (family, ElementRule::default()));
                *place = Place::Message(name.to_owned());
            }
            _ => {
                let rule = match place {
                    Place::Head => None,
                    Place::Element(outer, name) => {
                        self.elements.get_mut(name).and_then(|inside| inside.get_mut(outer))
                    }
                    Place::Message(name) => self.messages.get_mut(name).map(|(_, rule)| rule),
                };
                rule.ok_or("profile, since, namespace, element or message")?.take(words)?;
            }
        }
        Ok(())
    }

    /// Whether something inside an element is nowhere defined.
    fn undefined(&self) -> bool {
        let rules = self.elements.values().flat_map(BTreeMap::values);
        let rules = rules.chain(self.messages.values().map(|(_, rule)| rule));
        rules.flat_map(|rule| &rule.children).any(|child| !self.elements.contains_key(&child.name))
    }

    /// The names of all messages.
    pub fn messages(&self) -> impl Iterator<Item = &str> {
        self.messages.keys().map(String::as_str)
    }

    /// The family and the rule of a message.
    pub(super) fn message(&self, name: &str) -> Option<(Family, &ElementRule)> {
        self.messages.get(name).map(|(family, rule)| (*family, rule))
    }

    /// The rule of an element inside another, in a message.
    pub(super) fn element(&self, message: &str, parent: &str, name: &str) -> Option<&ElementRule> {
        let inside = self.elements.get(name)?;
        inside.get(parent).or_else(|| inside.get(message)).or_else(|| inside.get(""))
    }
}

enum Place {
    Head,
    Element(String, String),
    Message(String),
}

impl ElementRule {
    fn take(&mut self, words: &[&str]) -> Result<(), &'static str> {
        match *words {
            ["open"] => self.open = true,
            ["text", ref rest @ ..] => {
                let (kind, codes) = kind_and_codes(rest)?;
                self.text = Some((kind, codes));
            }
            [">", name, ref rest @ ..] if rest.len() <= 1 && rest.iter().all(|code| is_code(code)) => {
                let bare = name.trim_end_matches(['!', '+', '*']);
                self.children.push(ChildRule {
                    name: bare.to_owned(),
                    required: name.ends_with(['!', '+']),
                    many: name.ends_with(['+', '*']),
                    codes: Codes::parse(rest.first().copied()),
                });
            }
            [attribute, ref rest @ ..] if attribute.starts_with('@') => {
                let (kind, codes) = kind_and_codes(rest)?;
                let name = attribute.trim_start_matches('@').trim_end_matches('!').to_owned();
                self.attributes.push(AttributeRule { name, required: attribute.ends_with('!'), kind, codes });
            }
            _ => return Err("@attribute, text, > element or open"),
        }
        Ok(())
    }
}

fn kind_and_codes(words: &[&str]) -> Result<(Kind, Codes), &'static str> {
    let (kind, taken) = Kind::parse(words).ok_or("a kind of value")?;
    match &words[taken..] {
        [] => Ok((kind, Codes::default())),
        [code] if is_code(code) => Ok((kind, Codes::parse(Some(code)))),
        _ => Err("one code and nothing more"),
    }
}

/// `2018-08-01`, its first moment in India.
fn iso_date(text: &str) -> Option<Timestamp> {
    let parts: Vec<&str> = text.split('-').collect();
    match parts.as_slice() {
        [year, month, day] => parse_date(&format!("{day}{month}{year}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every message of the catalogue has its row.
    #[test]
    fn the_catalogue_is_whole() {
        let profile = Profile::public();
        assert_eq!((profile.name.as_str(), profile.version.as_str()), ("UPI", "2.0"));
        let paired = [
            "Pay",
            "AuthDetails",
            "TxnConfirmation",
            "ChkTxn",
            "Complaint",
            "Mandate",
            "AuthMandate",
            "MandateConfirmation",
            "ListAccount",
            "RegMob",
            "Otp",
            "SetCre",
            "BalEnq",
            "ValAdd",
            "ValCust",
            "ListPsp",
            "ListAccPvd",
            "ListKeys",
            "ListVae",
            "ManageVae",
            "PendingMsg",
            "Hbt",
        ];
        let mut expected: Vec<String> =
            paired.iter().flat_map(|api| [format!("Req{api}"), format!("Resp{api}")]).collect();
        expected.extend(
            ["Ack", "ReqDelegateAdd", "ReqDelegateAuth", "VoucherConfirmation", "ReqValQr"]
                .map(str::to_owned),
        );
        expected.sort();
        assert_eq!(profile.messages().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_is_not_a_profile_is_named() {
        let head = "profile UPI 2.0\nnamespace urn:x\n";
        for (text, line, expected) in [
            ("", 1, "profile, namespace and messages"),
            ("what", 1, "profile, since, namespace, element or message"),
            ("since yesterday", 1, "a date, yyyy-mm-dd"),
            ("element A\n  @a strange", 2, "a kind of value"),
            ("element A\n  @a any X01 X02", 2, "one code and nothing more"),
            ("element A\n  a", 2, "@attribute, text, > element or open"),
            ("message A strange", 1, "pay, account or other"),
            (&format!("{head}message A pay\n> B!"), 5, "an element for every name after `>`"),
        ] {
            assert_eq!(Profile::parse(text).map(drop), Err(ProfileError { line, expected }), "{text}");
        }
        assert!(Profile::parse(&format!("{head}element B\nmessage A pay\n> B!\n")).is_ok());
    }
}

//! Links of our own: what stands in them was checked before, and is escaped once.

use super::{Link, Refused};
use std::fmt::Write as _;

/// Why no link was made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// A name of a parameter is not letters and digits.
    #[error("`{0}` is no name of a parameter")]
    Key(String),
    /// What was put together would not be read.
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl LinkError {
    /// The rule that was broken, by a stable name.
    pub fn code(&self) -> &'static str {
        match self {
            LinkError::Key(_) => "parameter_name_invalid",
            LinkError::Refused(why) => why.code(),
        }
    }
}

/// What a link is to say; it says it in this order.
#[derive(Clone, Debug, Default)]
pub struct LinkParts<'a> {
    /// A link that makes a mandate.
    pub mandate: bool,
    /// `pa`.
    pub payee: &'a str,
    /// `pn`.
    pub name: Option<&'a str>,
    /// `mc`.
    pub category: Option<&'a str>,
    /// `tr`.
    pub reference: Option<&'a str>,
    /// `tn`.
    pub note: Option<&'a str>,
    /// `am`, in rupees: `30.00`.
    pub amount: Option<&'a str>,
    /// Any other parameters.
    pub more: Vec<(&'a str, &'a str)>,
}

impl LinkParts<'_> {
    /// The link, read as anybody would read it.
    pub fn make(&self) -> Result<Link, LinkError> {
        let maker = if self.mandate { LinkMaker::mandate() } else { LinkMaker::pay() };
        let known = [
            ("pa", Some(self.payee)),
            ("pn", self.name),
            ("mc", self.category),
            ("tr", self.reference),
            ("tn", self.note),
            ("am", self.amount),
            ("cu", Some("INR")),
        ];
        let known = known.into_iter().filter_map(|(key, value)| Some((key, value?)));
        known
            .chain(self.more.iter().copied())
            .fold(maker, |maker, (key, value)| maker.with(key, value))
            .finish()
    }
}

/// Puts a link together, parameter by parameter.
#[derive(Clone, Debug)]
pub struct LinkMaker {
    text: String,
    wrong: Option<String>,
}

impl LinkMaker {
    /// A link to pay.
    pub fn pay() -> LinkMaker {
        LinkMaker { text: "upi://pay".to_owned(), wrong: None }
    }

    /// A link to make a mandate.
    pub fn mandate() -> LinkMaker {
        LinkMaker { text: "upi://mandate".to_owned(), wrong: None }
    }

    /// Adds a parameter; order is kept.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> LinkMaker {
        if key.is_empty() || !key.bytes().all(|b| b.is_ascii_alphanumeric()) {
            self.wrong.get_or_insert(key.to_owned());
            return self;
        }
        self.text.push(if self.text.contains('?') { '&' } else { '?' });
        self.text.push_str(key);
        self.text.push('=');
        for byte in value.bytes() {
            // What readers in the field leave alone; `+` is escaped, since some of them take it for a space.
            let plain = byte.is_ascii_alphanumeric() || b"-._~@:/,".contains(&byte);
            if plain {
                self.text.push(byte as char);
            } else {
                write!(self.text, "%{byte:02X}").expect("writing to a string does not fail");
            }
        }
        self
    }

    /// The link, read as anybody would read it.
    pub fn finish(self) -> Result<Link, LinkError> {
        match self.wrong {
            Some(key) => Err(LinkError::Key(key)),
            None => Ok(Link::parse(&self.text)?),
        }
    }
}

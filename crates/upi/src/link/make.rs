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

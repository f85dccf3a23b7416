//! Names that host messages carry: short printable texts of fixed width.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The text is empty, too long or not printable ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a name of at most {0} printable characters")]
pub struct NotAName(usize);

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident = $width:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $width]);

        impl $name {
            /// At most this many characters; shorter names are filled with spaces on the wire.
            pub const WIDTH: usize = $width;

            /// Reads a name, with or without its filling spaces.
            pub fn parse(text: &[u8]) -> Result<Self, NotAName> {
                let filling = text.iter().rev().take_while(|byte| **byte == b' ').count();
                let text = &text[..text.len() - filling];
                let printable = text.iter().all(|byte| (0x20..0x7f).contains(byte));
                if text.is_empty() || text.len() > $width || !printable {
                    return Err(NotAName($width));
                }
                let mut name = [b' '; $width];
                name[..text.len()].copy_from_slice(text);
                Ok($name(name))
            }

            /// The name with its filling spaces, as on the wire.
            pub fn padded(&self) -> &[u8; $width] {
                &self.0
            }

            /// The name without filling spaces.
            pub fn as_str(&self) -> &str {
                str::from_utf8(self.0.trim_ascii_end()).expect("printable ASCII was checked")
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = NotAName;
            fn from_str(text: &str) -> Result<Self, NotAName> {
                Self::parse(text.as_bytes())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

names! {
    /// A terminal (DE 41).
    TerminalId = 8;
    /// A merchant as card acceptor (DE 42).
    AcceptorId = 15;
    /// A retrieval reference number (DE 37): the name of a payment for ever.
    Reference = 12;
    /// An approval code (DE 38).
    ApprovalCode = 6;
    /// An institution on the network (DE 32, 33).
    InstitutionId = 11;
    /// Entry mode (DE 22).
    EntryMode = 3;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_on_the_wire_and_bare_elsewhere() {
        let name: TerminalId = "PZ1".parse().unwrap();
        assert_eq!((name.padded(), name.as_str()), (b"PZ1     ", "PZ1"));
        assert_eq!(TerminalId::parse(b"PZ1     "), Ok(name));
        for wrong in ["", "   ", "PZ0000011", "PZ\n", "P\u{e9}"] {
            assert!(wrong.parse::<TerminalId>().is_err(), "{wrong:?}");
        }
        assert_eq!(serde_json::to_string(&name).unwrap(), "\"PZ1\"");
    }
}

//! Where a token stands in its life, and who has suspended it.

use crate::refusal::Refusal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The life of a token. (EMVCo Payment Tokenisation Technical Framework v2.x, token state management.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Life {
    /// Issued, waiting for the customer's proof to the issuer.
    Inactive,
    /// Usable, unless somebody suspends it.
    Active,
    /// Gone for good.
    Deleted,
    /// Past its last day.
    Expired,
}

/// Who may suspend a token; each only lifts their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suspender {
    /// The customer.
    Customer,
    /// The platform, for example when the phone was lost.
    Platform,
    /// The issuer.
    Issuer,
    /// Our watch for clones.
    Fraud,
}

impl Suspender {
    /// All four.
    pub const ALL: [Suspender; 4] =
        [Suspender::Customer, Suspender::Platform, Suspender::Issuer, Suspender::Fraud];

    /// The word in records and on wires.
    pub fn name(self) -> &'static str {
        match self {
            Suspender::Customer => "customer",
            Suspender::Platform => "platform",
            Suspender::Issuer => "issuer",
            Suspender::Fraud => "fraud",
        }
    }
}

/// A set of suspenders. A token is usable only when it is empty.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Suspenders(u8);

impl Suspenders {
    /// Nobody.
    pub const NONE: Suspenders = Suspenders(0);

    /// Whether this one suspends it.
    pub fn contains(self, who: Suspender) -> bool {
        self.0 & (1 << who as u8) != 0
    }

    /// Whether nobody suspends it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// With this one too.
    #[must_use]
    pub fn with(self, who: Suspender) -> Suspenders {
        Suspenders(self.0 | 1 << who as u8)
    }

    /// Without this one; the others stay.
    #[must_use]
    pub fn without(self, who: Suspender) -> Suspenders {
        Suspenders(self.0 & !(1 << who as u8))
    }

    /// Those in the set.
    pub fn iter(self) -> impl Iterator<Item = Suspender> {
        Suspender::ALL.into_iter().filter(move |who| self.contains(*who))
    }

    fn from_text(text: &str) -> Option<Suspenders> {
        let names = text.split('+').filter(|name| !name.is_empty());
        names.into_iter().try_fold(Suspenders::NONE, |set, name| {
            Suspender::ALL.into_iter().find(|who| who.name() == name).map(|who| set.with(who))
        })
    }
}

impl fmt::Display for Suspenders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iter().map(Suspender::name).collect::<Vec<_>>().join("+"))
    }
}

impl fmt::Debug for Suspenders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Suspenders {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() { to.collect_str(self) } else { self.0.serialize(to) }
    }
}

impl<'de> Deserialize<'de> for Suspenders {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let set = if from.is_human_readable() {
            Suspenders::from_text(&String::deserialize(from)?)
        } else {
            Some(u8::deserialize(from)?).filter(|bits| *bits < 16).map(Suspenders)
        };
        set.ok_or_else(|| serde::de::Error::custom("not a set of suspenders"))
    }
}

/// Life and suspenders together: what decides whether a token pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Where in its life.
    pub life: Life,
    /// Who has suspended it.
    pub suspenders: Suspenders,
}

impl Standing {
    /// Usable at once.
    pub const ACTIVE: Standing = Standing { life: Life::Active, suspenders: Suspenders::NONE };

    /// Whether it can still pay one day: not deleted, not expired.
    pub fn is_live(self) -> bool {
        matches!(self.life, Life::Inactive | Life::Active)
    }

    /// Refuses unless it pays now.
    pub fn usable(self) -> Result<(), Refusal> {
        match self.life {
            Life::Inactive => Err(Refusal::TokenInactive),
            Life::Deleted => Err(Refusal::TokenDeleted),
            Life::Expired => Err(Refusal::TokenExpired),
            Life::Active if !self.suspenders.is_empty() => Err(Refusal::TokenSuspended),
            Life::Active => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suspenders_do_not_lift_one_another() {
        let both = Suspenders::NONE.with(Suspender::Customer).with(Suspender::Issuer);
        assert_eq!(both.to_string(), "customer+issuer");
        assert_eq!(both.without(Suspender::Customer).to_string(), "issuer");
        assert_eq!(both.without(Suspender::Fraud), both);
        for bits in 0..16 {
            let set = Suspenders(bits);
            assert_eq!(Suspenders::from_text(&set.to_string()), Some(set));
        }
        assert!(postcard::from_bytes::<Suspenders>(&[16]).is_err());
        assert_eq!(Suspenders::from_text("customer+nobody"), None);
    }
}

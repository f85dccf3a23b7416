//! Whose data a key opens, and what it may be used for.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use values::{Id, id::kinds};

/// Whose data a request may see: nobody sees another's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Tenant {
    /// A merchant of the acquirer: its own terminals, payments and settlements.
    Merchant(Id<kinds::Merchant>),
    /// A bank, by its short name: the tokens of its own cards.
    Issuer(String),
    /// The operator of the platform: everything that belongs to it.
    Platform,
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Tenant::Merchant(id) => write!(f, "{id}"),
            Tenant::Issuer(id) => write!(f, "issuer:{id}"),
            Tenant::Platform => f.write_str("platform"),
        }
    }
}

/// The text names no tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not `platform`, `issuer:` with a short name, or the id of a merchant")]
pub struct NotATenant;

impl FromStr for Tenant {
    type Err = NotATenant;
    fn from_str(text: &str) -> Result<Tenant, NotATenant> {
        if text == "platform" {
            return Ok(Tenant::Platform);
        }
        if let Some(id) = text.strip_prefix("issuer:") {
            let short = (1..=32).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
            return if short { Ok(Tenant::Issuer(id.to_owned())) } else { Err(NotATenant) };
        }
        text.parse().map(Tenant::Merchant).map_err(|_| NotATenant)
    }
}

impl Serialize for Tenant {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Tenant {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Tenant, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What a key may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// See merchants.
    #[serde(rename = "merchants:read")]
    MerchantsRead,
    /// Add and change merchants.
    #[serde(rename = "merchants:write")]
    MerchantsWrite,
    /// See terminals.
    #[serde(rename = "terminals:read")]
    TerminalsRead,
    /// Add and block terminals.
    #[serde(rename = "terminals:write")]
    TerminalsWrite,
    /// See payments and refunds.
    #[serde(rename = "payments:read")]
    PaymentsRead,
    /// Take, complete, void and pay back payments.
    #[serde(rename = "payments:write")]
    PaymentsWrite,
    /// See settlements.
    #[serde(rename = "settlements:read")]
    SettlementsRead,
    /// See cards, devices and tokens.
    #[serde(rename = "tokens:read")]
    TokensRead,
    /// Suspend, resume and delete tokens.
    #[serde(rename = "tokens:write")]
    TokensWrite,
    /// See events and listen to them.
    #[serde(rename = "events:read")]
    EventsRead,
    /// Set up webhook endpoints and have events sent again.
    #[serde(rename = "webhooks:write")]
    WebhooksWrite,
    /// Use the helpers that only a sandbox has.
    #[serde(rename = "test_helpers")]
    TestHelpers,
    /// Use the tools of account payment: they read, make and judge what is handed to them, and see nobody's data.
    #[serde(rename = "upi_tools")]
    UpiTools,
    /// Make many changes in one request, each of which needs its own scope beside this one.
    #[serde(rename = "batches:write")]
    BatchesWrite,
    /// Have exports made, see how far they are, and get them. What is in one needs its own scope beside this one.
    #[serde(rename = "exports:write")]
    ExportsWrite,
}

impl Scope {
    /// Every scope with its name.
    pub const ALL: [(Scope, &'static str); 15] = [
        (Scope::MerchantsRead, "merchants:read"),
        (Scope::MerchantsWrite, "merchants:write"),
        (Scope::TerminalsRead, "terminals:read"),
        (Scope::TerminalsWrite, "terminals:write"),
        (Scope::PaymentsRead, "payments:read"),
        (Scope::PaymentsWrite, "payments:write"),
        (Scope::SettlementsRead, "settlements:read"),
        (Scope::TokensRead, "tokens:read"),
        (Scope::TokensWrite, "tokens:write"),
        (Scope::EventsRead, "events:read"),
        (Scope::WebhooksWrite, "webhooks:write"),
        (Scope::TestHelpers, "test_helpers"),
        (Scope::UpiTools, "upi_tools"),
        (Scope::BatchesWrite, "batches:write"),
        (Scope::ExportsWrite, "exports:write"),
    ];

    /// Its name, as keys and problems show it.
    pub fn name(self) -> &'static str {
        let known = Scope::ALL.iter().find(|(scope, _)| *scope == self);
        known.map(|(_, name)| *name).expect("the list holds every scope")
    }

    /// The scope of this name.
    pub fn parse(name: &str) -> Option<Scope> {
        Scope::ALL.iter().find(|(_, known)| *known == name).map(|(scope, _)| *scope)
    }

    /// Everything a key of this tenant may be given.
    pub fn of(tenant: &Tenant) -> Vec<Scope> {
        let fits = |scope: Scope| match tenant {
            Tenant::Platform => true,
            Tenant::Merchant(_) => {
                !matches!(scope, Scope::MerchantsWrite | Scope::TokensRead | Scope::TokensWrite)
            }
            Tenant::Issuer(_) => matches!(
                scope,
                Scope::TokensRead
                    | Scope::TokensWrite
                    | Scope::EventsRead
                    | Scope::WebhooksWrite
                    | Scope::UpiTools
                    | Scope::BatchesWrite
                    | Scope::ExportsWrite
            ),
        };
        Scope::ALL.into_iter().map(|(scope, _)| scope).filter(|scope| fits(*scope)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenants_read_back_and_nothing_else_does() {
        let merchant = Tenant::Merchant(Id::from_u128(7));
        for tenant in [Tenant::Platform, Tenant::Issuer("boc".to_owned()), merchant] {
            assert_eq!(tenant.to_string().parse(), Ok(tenant));
        }
        for wrong in ["", "Platform", "issuer:", "issuer:a/b", "mer_1", "pay_00000000000000000000000007"] {
            assert_eq!(wrong.parse::<Tenant>(), Err(NotATenant), "{wrong}");
        }
    }

    #[test]
    fn scopes_have_one_name() {
        for (scope, name) in Scope::ALL {
            assert_eq!(serde_json::to_value(scope).unwrap(), name);
            assert_eq!((Scope::parse(name), scope.name()), (Some(scope), name));
        }
        assert_eq!(Scope::parse("payments"), None);
    }
}

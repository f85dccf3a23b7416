//! Domain controls: where, how and how much a token may be used.

use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use values::{Country, Currency, MerchantCategory, Record, Residency};

/// In which way a token is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// A tap at a shop (DE22 07x).
    Contactless,
    /// A code on the phone's screen, scanned by the shop (DE22 03x).
    Qr,
    /// A shop's code, scanned by the phone (DE22 04x).
    Scan,
    /// A tap at a merchant of public transport.
    Transit,
    /// A remote payment from within an application (DE22 01x, 81x).
    InApp,
    /// The contact profile (DE22 05x).
    Contact,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Mode; 6] =
        [Mode::Contactless, Mode::Qr, Mode::Scan, Mode::Transit, Mode::InApp, Mode::Contact];
}

/// A set of modes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Modes(pub Vec<Mode>);

/// A class of controls. Tokens name it by number, so that a million tokens share one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Controls {
    /// Small number by which tokens name it.
    pub id: u16,
    /// For operators, for example `standard CNY`.
    pub name: String,
    /// The ways in which the token may be presented.
    pub modes: Modes,
    /// If not empty, only these merchant categories.
    pub categories_allowed: Vec<MerchantCategory>,
    /// Never these merchant categories.
    pub categories_denied: Vec<MerchantCategory>,
    /// The one currency of its limits; any other is refused, so that no limit is passed by changing currency.
    pub currency: Currency,
    /// If set, only terminals of this country.
    pub country: Option<Country>,
    /// Most for one payment, in minor units.
    pub payment_max: u64,
    /// Most for one payment without the customer's verification on the device, in minor units.
    pub unverified_max: u64,
    /// Most for one unverified ride, in minor units.
    pub transit_max: u64,
    /// Most for one payment by a code on the phone's screen, in minor units: its cryptogram holds no amount, so whoever
    /// scans it could ask for any. An online PIN lifts it.
    pub code_payment_max: u64,
    /// Most for one day of such payments, in minor units. An online PIN lifts it.
    pub code_daily_max: u32,
    /// Most for one day, in minor units; at most 4,294,967,295.
    pub daily_max: u32,
    /// Most payments in one day.
    pub daily_count_max: u8,
}

/// What the controls want to know of a payment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Use {
    pub(crate) mode: Mode,
    pub(crate) category: MerchantCategory,
    pub(crate) currency: Currency,
    pub(crate) country: Option<Country>,
    pub(crate) amount_minor: u64,
    pub(crate) verified: bool,
    pub(crate) online_pin: bool,
}

impl Controls {
    /// Where and how: mode, kind of merchant, currency, country.
    pub(crate) fn admit_domain(&self, payment: &Use) -> Result<(), Refusal> {
        if !self.modes.0.contains(&payment.mode) {
            return Err(Refusal::ModeNotAllowed);
        }
        let allowed = &self.categories_allowed;
        let listed = allowed.is_empty() || allowed.contains(&payment.category);
        if !listed || self.categories_denied.contains(&payment.category) {
            return Err(Refusal::MerchantNotAllowed);
        }
        if payment.currency != self.currency {
            return Err(Refusal::CurrencyNotAllowed);
        }
        // A terminal that does not say where it stands is not in the country asked for.
        if self.country.is_some() && payment.country != self.country {
            return Err(Refusal::CountryNotAllowed);
        }
        Ok(())
    }

    /// How much at once. Without verification a ride and a shop have limits of their own: a locked phone that
    /// was made to believe in a gate pays no shop.
    pub(crate) fn admit_amount(&self, payment: &Use) -> Result<(), Refusal> {
        if payment.amount_minor > self.payment_max {
            return Err(Refusal::AmountOverLimit);
        }
        let shown_code = payment.mode == Mode::Qr && !payment.online_pin;
        if shown_code && payment.amount_minor > self.code_payment_max {
            return Err(Refusal::CodeOverLimit);
        }
        let unverified_max =
            if payment.mode == Mode::Transit { self.transit_max } else { self.unverified_max };
        if !payment.verified && payment.amount_minor > unverified_max {
            return Err(Refusal::VerificationRequired);
        }
        Ok(())
    }
}

impl Record for Controls {
    type Key = u16;
    const TABLE: &'static str = "controls";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> u16 {
        self.id
    }
}

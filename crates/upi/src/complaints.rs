//! What a payer is owed when money is late: by when it comes back, and what each day after that costs.
//!
//! Rules of the Reserve Bank of India of 2019-09-20 on failed transactions: a transfer that was debited and not credited comes
//! back by the end of the next day (T+1), a payment of which a merchant was not told by the end of the fifth (T+5); each day
//! after that is 100 rupees, which the customer gets without asking.

use std::time::Duration;
use values::time::{Civil, Zone};
use values::{Currency, Money, Timestamp};

const DAY: Duration = Duration::from_secs(86_400);
/// What a day of delay costs, paise.
const EACH_DAY_PAISE: u64 = 10_000;

/// Who was to be paid, which decides how long it may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaidTo {
    /// A person: T+1.
    Person,
    /// A merchant: T+5.
    Merchant,
}

impl PaidTo {
    /// By the category of a payee: 0000, or none, is a person.
    pub fn of_category(category: &str) -> PaidTo {
        if matches!(category, "" | "0000") { PaidTo::Person } else { PaidTo::Merchant }
    }

    fn days(self) -> u32 {
        match self {
            PaidTo::Person => 1,
            PaidTo::Merchant => 5,
        }
    }
}

/// The moment by which money that did not arrive is back: the end of the last allowed day, in India.
pub fn back_by(paid_at: Timestamp, paid_to: PaidTo) -> Timestamp {
    midnight_after(paid_at).after(DAY * paid_to.days())
}

/// What the payer gets beside the money that came back at `back_at`: nothing in time, 100 rupees for each day begun after that.
pub fn compensation(paid_at: Timestamp, back_at: Timestamp, paid_to: PaidTo) -> Money {
    let late = back_at.since(back_by(paid_at, paid_to));
    let is_late = back_at >= back_by(paid_at, paid_to);
    let days = late.as_secs() / DAY.as_secs() + u64::from(is_late);
    Money::new(days.saturating_mul(EACH_DAY_PAISE), Currency::INR).unwrap_or(Money::zero(Currency::INR))
}

fn midnight_after(at: Timestamp) -> Timestamp {
    let start = Civil { hour: 0, minute: 0, second: 0, ..at.civil(Zone::Kolkata) };
    Timestamp::from_civil(start, Zone::Kolkata).unwrap_or(at).after(DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        crate::time::parse(text).unwrap()
    }

    /// One line for each: paid, to whom, back, rupees.
    #[test]
    fn compensation_to_the_rupee() {
        for (paid, to, back, rupees) in [
            ("2026-11-30T10:00:00+05:30", PaidTo::Person, "2026-11-30T10:00:30+05:30", 0),
            ("2026-11-30T10:00:00+05:30", PaidTo::Person, "2026-12-01T23:59:59+05:30", 0),
            ("2026-11-30T10:00:00+05:30", PaidTo::Person, "2026-12-02T00:00:00+05:30", 100),
            ("2026-11-30T10:00:00+05:30", PaidTo::Person, "2026-12-02T23:59:59+05:30", 100),
            ("2026-11-30T10:00:00+05:30", PaidTo::Person, "2026-12-03T00:00:00+05:30", 200),
            ("2026-11-30T23:59:59+05:30", PaidTo::Person, "2026-12-02T00:00:01+05:30", 100),
            ("2026-11-30T10:00:00+05:30", PaidTo::Merchant, "2026-12-05T23:59:59+05:30", 0),
            ("2026-11-30T10:00:00+05:30", PaidTo::Merchant, "2026-12-06T00:00:00+05:30", 100),
            ("2026-11-30T10:00:00+05:30", PaidTo::Merchant, "2026-12-15T12:00:00+05:30", 1_000),
        ] {
            let got = compensation(at(paid), at(back), to);
            assert_eq!(got.minor(), rupees * 100, "{paid} {to:?} {back}");
        }
        assert_eq!(back_by(at("2026-11-30T10:00:00+05:30"), PaidTo::Person), at("2026-12-02T00:00:00+05:30"));
        assert_eq!(PaidTo::of_category("5814"), PaidTo::Merchant);
        assert_eq!((PaidTo::of_category("0000"), PaidTo::of_category("")), (PaidTo::Person, PaidTo::Person));
    }
}

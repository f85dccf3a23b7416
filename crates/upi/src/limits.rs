//! How much, how often, when: the network's limits as dated rows with their source.
//!
//! Limits change by circular. A payment is measured by the rows in force on its own day, in India; banks may set lower
//! ones beside. What was paid before is the issuer's to know, over rolling 24 hours, and is handed in.
//!
//! Where only a month is known, a row begins on its first day. Of the published limits the one for taxes is not here: nothing in a message tells a tax from another payment.

use values::time::Zone;
use values::{Currency, MerchantCategory, Money, Timestamp};

/// A limit of amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Its name.
    pub key: &'static str,
    /// The most one payment may be, in paise; zero forbids it.
    pub payment_paise: u64,
    /// The most in rolling 24 hours, in paise, if there is such a limit.
    pub day_paise: Option<u64>,
    /// First day it is in force, `yyyy-mm-dd`; `None`: as long as anybody knows.
    pub since: Option<&'static str>,
    /// Last day it is in force.
    pub until: Option<&'static str>,
    /// Where it is written.
    pub source: &'static str,
}

/// What decides which limit holds.
#[derive(Clone, Debug)]
pub struct Measured<'a> {
    /// The amount.
    pub amount: Money,
    /// Category of the payer: 0000 for a person.
    pub payer: MerchantCategory,
    /// Category of the payee: 0000 for a person.
    pub payee: MerchantCategory,
    /// Whether the payee is a merchant that its bank has verified.
    pub verified: bool,
    /// Whether the payee asks for it (COLLECT).
    pub collect: bool,
    /// `initiationMode`.
    pub mode: &'a str,
    /// `purpose`.
    pub purpose: &'a str,
    /// When.
    pub at: Timestamp,
    /// What the payer paid under the same limit in the 24 hours before.
    pub paid_in_day: Money,
    /// When the payer registered, if not more than a day ago.
    pub registered: Option<Timestamp>,
}

/// Why a payment is above a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Exceeded {
    /// One payment of this amount is too much.
    #[error("above the limit of one payment ({}: {} paise, {})", .0.key, .0.payment_paise, .0.source)]
    Payment(&'static Limit),
    /// With what was paid before it is too much in 24 hours.
    #[error("above the limit of 24 hours ({}, {})", .0.key, .0.source)]
    Day(&'static Limit),
    /// Nobody is asked for money this way any more.
    #[error("not allowed ({}, {})", .0.key, .0.source)]
    Forbidden(&'static Limit),
    /// Amounts are rupees.
    #[error("not an amount of rupees")]
    Currency,
}

impl Exceeded {
    /// The code it is declined with.
    pub fn code(&self) -> &'static str {
        match self {
            Exceeded::Payment(limit) | Exceeded::Day(limit) if limit.key.starts_with("new_user") => "FP",
            Exceeded::Payment(_) => "U02",
            Exceeded::Day(_) => "Z8",
            Exceeded::Forbidden(_) | Exceeded::Currency => "U10",
        }
    }
}

const LAKH: u64 = 100_000 * 100;
const THOUSAND: u64 = 1_000 * 100;
const AUTUMN: &str = "network circular in force 2025-09-15";

const fn row(
    key: &'static str,
    payment_paise: u64,
    day: Option<u64>,
    since: Option<&'static str>,
    source: &'static str,
) -> Limit {
    Limit { key, payment_paise, day_paise: day, since, until: None, source }
}

/// Rows with what they hold for; of those in force that hold, the first counts.
const AMOUNTS: &[(Holds, Limit)] = &[
    (
        Holds::PeerCollect,
        Limit {
            until: Some("2025-09-30"),
            ..row("peer_collect", 2 * THOUSAND, None, None, "network circular, until 2025-09-30")
        },
    ),
    (
        Holds::PeerCollect,
        row("peer_collect", 0, None, Some("2025-10-01"), "network circular in force 2025-10-01"),
    ),
    (Holds::Mode("12"), row("inward_remittance", 2 * LAKH, None, None, "provider's documentation")),
    (Holds::Business, row("business", 5 * LAKH, None, Some("2025-09-15"), AUTUMN)),
    (
        Holds::CategoryFor(&[6012], "BF"),
        row("foreign_exchange_retail", 5 * LAKH, Some(5 * LAKH), Some("2025-09-15"), AUTUMN),
    ),
    (
        Holds::Purpose(&["01", "05", "08"]),
        row(
            "offering_hospital_education",
            5 * LAKH,
            None,
            Some("2024-08-01"),
            "network circulars, 2024-08 and before",
        ),
    ),
    (
        Holds::Category(&[6211, 5960, 6300, 6529, 9311, 4722, 7322]),
        row("verified_merchant", 5 * LAKH, Some(10 * LAKH), Some("2025-09-15"), AUTUMN),
    ),
    (Holds::Category(&[5413]), row("card_bill", 5 * LAKH, Some(6 * LAKH), Some("2025-09-15"), AUTUMN)),
    (Holds::Category(&[5944]), row("jewellery", 2 * LAKH, Some(6 * LAKH), Some("2025-09-15"), AUTUMN)),
    (Holds::Category(&[7410]), row("term_deposit", 5 * LAKH, Some(5 * LAKH), Some("2025-09-15"), AUTUMN)),
    (Holds::Category(&[7409]), row("account_opening", 2 * LAKH, Some(2 * LAKH), Some("2025-09-15"), AUTUMN)),
    (Holds::Always, row("general", LAKH, Some(LAKH), None, "network, as of 2025-09")),
];

/// A new user's first day: the first payment, and all of it together.
const NEW_USER: Limit = row("new_user", 5 * THOUSAND, Some(5 * THOUSAND), None, "published codes FL and FP");

enum Holds {
    Always,
    PeerCollect,
    Business,
    Mode(&'static str),
    Purpose(&'static [&'static str]),
    /// A verified merchant of one of these categories.
    Category(&'static [u16]),
    CategoryFor(&'static [u16], &'static str),
}

impl Holds {
    fn for_payment(&self, payment: &Measured<'_>) -> bool {
        let payee = u16::from(payment.payee);
        match self {
            Holds::Always => true,
            Holds::PeerCollect => payment.collect && payee == 0,
            Holds::Business => u16::from(payment.payer) != 0 && payment.purpose == "20",
            Holds::Mode(mode) => payment.mode == *mode,
            Holds::Purpose(purposes) => payment.verified && purposes.contains(&payment.purpose),
            Holds::Category(categories) => payment.verified && categories.contains(&payee),
            Holds::CategoryFor(categories, purpose) => {
                payment.verified && categories.contains(&payee) && payment.purpose == *purpose
            }
        }
    }
}

/// The day of a moment in India, `yyyy-mm-dd`.
fn day(at: Timestamp) -> String {
    crate::time::write(at)[..10].to_owned()
}

fn in_force(since: Option<&str>, until: Option<&str>, day: &str) -> bool {
    since.is_none_or(|since| since <= day) && until.is_none_or(|until| day <= until)
}

/// The limit that holds for a payment on its day.
pub fn governing(payment: &Measured<'_>) -> &'static Limit {
    let today = day(payment.at);
    let holds = |(holds, limit): &&(Holds, Limit)| {
        in_force(limit.since, limit.until, &today) && holds.for_payment(payment)
    };
    &AMOUNTS.iter().find(holds).expect("the last row always holds").1
}

/// Whether a payment is within the network's limits.
pub fn check(payment: &Measured<'_>) -> Result<(), Exceeded> {
    if payment.amount.currency() != Currency::INR || payment.paid_in_day.currency() != Currency::INR {
        return Err(Exceeded::Currency);
    }
    let is_new = payment.registered.is_some_and(|registered| payment.at.since(registered).as_secs() < 86_400);
    if is_new {
        within(&NEW_USER, payment)?;
    }
    within(governing(payment), payment)
}

fn within(limit: &'static Limit, payment: &Measured<'_>) -> Result<(), Exceeded> {
    let amount = payment.amount.minor();
    if limit.payment_paise == 0 {
        return Err(Exceeded::Forbidden(limit));
    }
    if amount > limit.payment_paise {
        return Err(Exceeded::Payment(limit));
    }
    let in_day = payment.paid_in_day.minor().saturating_add(amount);
    match limit.day_paise {
        Some(most) if in_day > most => Err(Exceeded::Day(limit)),
        _ => Ok(()),
    }
}

/// The device balance (Lite), delegation (Circle), the feature phone and debits without a PIN: one amount each.
pub const SINGLE: &[Limit] = &[
    row("lite_payment", THOUSAND, Some(4 * THOUSAND), Some("2024-12-04"), "central bank, 2024-12-04"),
    row("lite_balance", 5 * THOUSAND, None, Some("2024-12-04"), "central bank, 2024-12-04"),
    row("lite_offline_payment", THOUSAND / 2, None, Some("2024-01-01"), "network, 2024"),
    row("delegated_payment", 5 * THOUSAND, None, Some("2024-08-01"), "network, 2024-08"),
    row("delegated_month", 15 * THOUSAND, None, Some("2024-08-01"), "network, 2024-08"),
    row("feature_phone", 10 * THOUSAND, None, Some("2024-10-01"), "network, 2024-10"),
    row("mandate_without_pin", 15 * THOUSAND, None, None, "central bank"),
    row("mandate_without_pin_funds_insurance_cards", LAKH, None, Some("2023-12-01"), "central bank, 2023-12"),
];

/// A row of [`SINGLE`] that is in force, by its name.
pub fn single(key: &str, at: Timestamp) -> Option<&'static Limit> {
    let today = day(at);
    SINGLE.iter().find(|limit| limit.key == key && in_force(limit.since, limit.until, &today))
}

/// Funds, insurance and bills of credit cards: their mandates have the higher limit.
const FUNDS_INSURANCE_CARDS: [u16; 5] = [6211, 5960, 6300, 6529, 5413];
/// Tolls and fares: their payers are not told of each debit (provider's documentation).
const TOLLS_AND_FARES: [u16; 3] = [4784, 4111, 4131];

/// The most that one debit under a mandate may be without the payer's PIN, by the payee's category.
pub fn mandate_without_pin(payee: MerchantCategory, at: Timestamp) -> &'static Limit {
    let is_higher = FUNDS_INSURANCE_CARDS.contains(&u16::from(payee));
    let higher = single("mandate_without_pin_funds_insurance_cards", at).filter(|_| is_higher);
    higher.or(single("mandate_without_pin", at)).expect("a row that is always in force")
}

/// Whether the payers of a category are not told of each debit a day before.
pub fn needs_no_notice(payee: MerchantCategory) -> bool {
    TOLLS_AND_FARES.contains(&u16::from(payee))
}

/// What may be asked for only so often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// Its name.
    pub key: &'static str,
    /// How often.
    pub most: u32,
    /// In how many seconds.
    pub seconds: u32,
    /// Not before so many seconds after what it is about.
    pub first_after_seconds: u32,
    /// First day it is in force.
    pub since: &'static str,
    /// Where it is written.
    pub source: &'static str,
}

/// Calls that are counted.
pub const COUNTS: &[Count] = &[
    Count {
        key: "balance_enquiry",
        most: 50,
        seconds: 86_400,
        first_after_seconds: 0,
        since: "2025-08-01",
        source: "network circular in force 2025-08-01",
    },
    Count {
        key: "list_account",
        most: 25,
        seconds: 86_400,
        first_after_seconds: 0,
        since: "2025-08-01",
        source: "network circular in force 2025-08-01",
    },
    Count {
        key: "status_check",
        most: 3,
        seconds: 7_200,
        first_after_seconds: 90,
        since: "2025-05-01",
        source: "network circular, 2025-05",
    },
    Count {
        key: "complaint",
        most: 3,
        seconds: 86_400,
        first_after_seconds: 180,
        since: "2016-01-01",
        source: "provider's documentation",
    },
    Count {
        key: "one_time_password",
        most: 10,
        seconds: 86_400,
        first_after_seconds: 0,
        since: "2016-01-01",
        source: "ours: no published limit",
    },
    Count {
        key: "binding_token",
        most: 3,
        seconds: 86_400,
        first_after_seconds: 0,
        since: "2016-01-01",
        source: "provider's documentation",
    },
];

/// Whether a counted call may be made now, after the earlier ones; `about` is when that began which it asks for.
pub fn may_call(key: &str, earlier: &[Timestamp], about: Timestamp, now: Timestamp) -> bool {
    let Some(count) = COUNTS.iter().find(|count| count.key == key && count.since <= day(now).as_str()) else {
        return true;
    };
    let recent = earlier.iter().filter(|at| now.since(**at).as_secs() < u64::from(count.seconds)).count();
    let waited = now.since(about).as_secs() >= u64::from(count.first_after_seconds);
    waited && recent < count.most as usize
}

/// Attempts of one debit under a mandate: the first and three more.
pub const MANDATE_ATTEMPTS: u32 = 4;

/// Whether a debit under a mandate may be tried now: not from 10:00 to 13:00 nor from 17:00 to 21:30 in India, since
/// 2025-08-01.
pub fn mandate_may_execute(now: Timestamp) -> bool {
    let civil = now.civil(Zone::Kolkata);
    let minute = u32::from(civil.hour) * 60 + u32::from(civil.minute);
    let peak = (600..780).contains(&minute) || (1020..1290).contains(&minute);
    day(now).as_str() < "2025-08-01" || !peak
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        crate::time::parse(text).unwrap()
    }

    fn rupees(text: &str) -> Money {
        Money::parse(text, Currency::INR).unwrap()
    }

    fn payment(amount: &str) -> Measured<'static> {
        Measured {
            amount: rupees(amount),
            payer: "0000".parse().unwrap(),
            payee: "0000".parse().unwrap(),
            verified: true,
            collect: false,
            mode: "00",
            purpose: "00",
            at: at("2026-11-22T12:00:00+05:30"),
            paid_in_day: Money::zero(Currency::INR),
            registered: None,
        }
    }

    /// Each row at its edge, and one paisa above.
    #[test]
    fn payments_at_the_edge() {
        let to = |category: &str, purpose: &'static str| Measured {
            payee: category.parse().unwrap(),
            purpose,
            ..payment("1")
        };
        for (key, base, edge) in [
            ("general", payment("1"), 100_000),
            ("general", to("5411", "00"), 100_000),
            ("general", Measured { verified: false, ..to("6211", "00") }, 100_000),
            ("verified_merchant", to("6211", "00"), 500_000),
            ("verified_merchant", to("7322", "00"), 500_000),
            ("card_bill", to("5413", "00"), 500_000),
            ("jewellery", to("5944", "00"), 200_000),
            ("term_deposit", to("7410", "00"), 500_000),
            ("account_opening", to("7409", "00"), 200_000),
            ("foreign_exchange_retail", to("6012", "BF"), 500_000),
            ("general", to("6012", "00"), 100_000),
            ("offering_hospital_education", to("8062", "05"), 500_000),
            ("business", Measured { payer: "5411".parse().unwrap(), ..to("5411", "20") }, 500_000),
            ("inward_remittance", Measured { mode: "12", ..payment("1") }, 200_000),
        ] {
            assert_eq!(governing(&base).key, key);
            let paying = |paise: u64| {
                check(&Measured { amount: Money::new(paise, Currency::INR).unwrap(), ..base.clone() })
            };
            assert_eq!(paying(edge * 100), Ok(()), "{key}");
            let above = paying(edge * 100 + 1).unwrap_err();
            assert!(matches!(above, Exceeded::Payment(limit) if limit.key == key), "{key}: {above:?}");
            assert_eq!(above.code(), "U02");
        }
    }

    #[test]
    fn days_at_the_edge() {
        let day = |category: &str, before: &str, amount: &str| {
            check(&Measured {
                payee: category.parse().unwrap(),
                paid_in_day: rupees(before),
                ..payment(amount)
            })
        };
        for (category, most) in
            [("0000", "99999.99"), ("6211", "999999.99"), ("5413", "599999.99"), ("5944", "599999.99")]
        {
            assert_eq!(day(category, most, "0.01"), Ok(()), "{category}");
            let above = day(category, most, "0.02").unwrap_err();
            assert!(matches!(above, Exceeded::Day(_)) && above.code() == "Z8", "{category}");
        }
        let business = Measured {
            payer: "5411".parse().unwrap(),
            purpose: "20",
            paid_in_day: rupees("99999999.00"),
            ..payment("500000")
        };
        assert_eq!(check(&business), Ok(()), "no limit of the day");
        assert_eq!(
            check(&Measured { amount: Money::zero(Currency::CNY), ..payment("1") }),
            Err(Exceeded::Currency)
        );
    }

    #[test]
    fn a_payment_is_measured_by_the_rows_of_its_day() {
        let on = |when: &str| {
            let base = Measured { payee: "6211".parse().unwrap(), at: at(when), ..payment("100000.01") };
            check(&base).is_ok()
        };
        assert!(!on("2025-09-14T23:59:59+05:30") && on("2025-09-15T00:00:00+05:30"));
        assert!(on("2025-09-14T18:30:00Z"), "the day is India's");
        let collect =
            |when: &str, amount: &str| check(&Measured { collect: true, at: at(when), ..payment(amount) });
        assert_eq!(collect("2025-09-30T23:59:59+05:30", "2000"), Ok(()));
        assert!(matches!(collect("2025-09-30T23:59:59+05:30", "2000.01"), Err(Exceeded::Payment(_))));
        let refused = collect("2025-10-01T00:00:00+05:30", "0.01").unwrap_err();
        assert!(matches!(refused, Exceeded::Forbidden(_)) && refused.code() == "U10");
        let merchant = Measured { collect: true, payee: "5411".parse().unwrap(), ..payment("2000.01") };
        assert_eq!(check(&merchant), Ok(()), "merchants may ask");
    }

    #[test]
    fn a_new_users_first_day() {
        let after = |seconds: i64, before: &str, amount: &str| {
            let base = payment(amount);
            let registered = Some(Timestamp::from_millis(base.at.millis() - 1000 * seconds));
            check(&Measured { registered, paid_in_day: rupees(before), ..base })
        };
        assert_eq!(after(10, "0", "5000"), Ok(()));
        assert_eq!(after(10, "0", "5000.01").unwrap_err().code(), "FP");
        assert_eq!(after(86_399, "4000", "1000"), Ok(()));
        assert_eq!(after(86_399, "4000", "1000.01").unwrap_err().code(), "FP");
        assert_eq!(after(86_400, "4000", "1000.01"), Ok(()));
    }

    #[test]
    fn counts_and_hours() {
        let now = at("2026-11-22T12:00:00+05:30");
        let before = |seconds: i64| Timestamp::from_millis(now.millis() - 1000 * seconds);
        let earlier = |count: usize, seconds: i64| vec![before(seconds); count];
        assert!(
            may_call("balance_enquiry", &earlier(49, 10), now, now)
                && !may_call("balance_enquiry", &earlier(50, 10), now, now)
        );
        assert!(may_call("balance_enquiry", &earlier(50, 86_400), now, now));
        assert!(!may_call("list_account", &earlier(25, 86_399), now, now));
        assert!(
            may_call("status_check", &[], before(90), now) && !may_call("status_check", &[], before(89), now)
        );
        assert!(!may_call("status_check", &earlier(3, 7_199), before(7_300), now));
        assert!(may_call("status_check", &earlier(3, 7_200), before(7_300), now));
        assert!(may_call("anything else", &earlier(1000, 1), now, now));
        for (time, allowed) in [
            ("09:59:59", true),
            ("10:00:00", false),
            ("12:59:59", false),
            ("13:00:00", true),
            ("16:59:59", true),
            ("17:00:00", false),
            ("21:29:59", false),
            ("21:30:00", true),
        ] {
            assert_eq!(mandate_may_execute(at(&format!("2025-08-01T{time}+05:30"))), allowed, "{time}");
            assert!(mandate_may_execute(at(&format!("2025-07-31T{time}+05:30"))));
        }
        assert_eq!(single("lite_payment", now).map(|limit| limit.payment_paise), Some(100_000));
        assert_eq!(single("lite_payment", at("2024-12-03T23:59:59+05:30")), None);
    }
}

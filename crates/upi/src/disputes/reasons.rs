//! What may be claimed of which payment: dated data.

use crate::complaints::PaidTo;

/// Which ladder of flags a dispute climbs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Goods, services, amounts.
    Ordinary,
    /// The payer did not approve the payment.
    Fraud,
    /// A person was paid who was not meant.
    WrongCredit,
}

/// How the payment stands that is disputed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Paid.
    Paid,
    /// Debited; whether it was credited is not known.
    Deemed,
    /// Not paid: the debit has come back, or is still to.
    Failed,
}

/// A claim that may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Its name in the interface and in texts.
    pub key: &'static str,
    /// Its code in a complaint (`reqAdjCode`).
    pub code: &'static str,
    /// Its code on the ladder of chargebacks.
    pub chargeback_code: &'static str,
    /// Of payments that stand so.
    pub of: &'static [Standing],
    /// Of payments to a merchant or a person alone, if so.
    pub paid_to: Option<PaidTo>,
    /// Which flags it climbs by.
    pub kind: Kind,
    /// Whether the books of a bank answer it, rather than the payee.
    pub by_books: bool,
    /// Whether it says that the payment itself failed, so that what comes back late brings compensation along (`complaints`).
    pub is_delay: bool,
    /// Since when, yyyy-mm-dd.
    pub since: &'static str,
    /// Where that is written.
    pub source: &'static str,
}

const PAID: &[Standing] = &[Standing::Paid];
const PROVIDERS: &str = "provider's documentation of UDIR";
const OURS: &str = "the flag is the network's; the public sources name no code for it in a complaint";

const MERCHANT: Reason = Reason {
    key: "",
    code: "",
    chargeback_code: "",
    of: PAID,
    paid_to: Some(PaidTo::Merchant),
    kind: Kind::Ordinary,
    by_books: false,
    is_delay: false,
    since: "2021-01-01",
    source: PROVIDERS,
};

/// Every reason.
pub const REASONS: &[Reason] = &[
    Reason { key: "goods_not_received", code: "U008", chargeback_code: "1064", ..MERCHANT },
    Reason { key: "refund_not_processed", code: "U021", chargeback_code: "1061", ..MERCHANT },
    Reason { key: "merchant_not_told", code: "U022", chargeback_code: "1065", is_delay: true, ..MERCHANT },
    Reason { key: "paid_twice", code: "U023", chargeback_code: "1084", ..MERCHANT },
    Reason { key: "wrong_amount", code: "1085", chargeback_code: "1085", source: OURS, ..MERCHANT },
    Reason {
        key: "not_authorised",
        code: "128",
        chargeback_code: "128",
        paid_to: None,
        kind: Kind::Fraud,
        source: OURS,
        ..MERCHANT
    },
    Reason {
        key: "wrong_credit",
        code: "WC1",
        chargeback_code: "WC1",
        paid_to: Some(PaidTo::Person),
        kind: Kind::WrongCredit,
        source: OURS,
        ..MERCHANT
    },
    Reason {
        key: "payee_not_credited",
        code: "U010",
        chargeback_code: "108",
        of: &[Standing::Paid, Standing::Deemed],
        paid_to: None,
        by_books: true,
        ..MERCHANT
    },
    Reason {
        key: "debit_not_returned",
        code: "U005",
        chargeback_code: "108",
        of: &[Standing::Failed],
        paid_to: Some(PaidTo::Person),
        by_books: true,
        ..MERCHANT
    },
    Reason {
        key: "debit_not_returned",
        code: "U009",
        chargeback_code: "108",
        of: &[Standing::Failed],
        by_books: true,
        ..MERCHANT
    },
];

impl Reason {
    /// Whether it may be claimed of such a payment.
    pub fn fits(&self, standing: Standing, paid_to: PaidTo) -> bool {
        self.of.contains(&standing) && self.paid_to.is_none_or(|only| only == paid_to)
    }

    /// The reason of this name for such a payment.
    pub fn find(key: &str, standing: Standing, paid_to: PaidTo) -> Option<&'static Reason> {
        REASONS.iter().find(|reason| reason.key == key && reason.fits(standing, paid_to))
    }

    /// The reason that a complaint names.
    pub fn of_code(code: &str) -> Option<&'static Reason> {
        REASONS.iter().find(|reason| reason.code == code)
    }

    /// The name of the first reason that has this code on the ladder of chargebacks; `other` where none has.
    pub fn key_of_chargeback(code: &str) -> &'static str {
        REASONS.iter().find(|reason| reason.chargeback_code == code).map_or("other", |reason| reason.key)
    }

    /// What may be claimed of such a payment.
    pub fn possible(standing: Standing, paid_to: PaidTo) -> impl Iterator<Item = &'static Reason> {
        REASONS.iter().filter(move |reason| reason.fits(standing, paid_to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_claimed_of_which_payment() {
        let keys = |standing, paid_to| {
            Reason::possible(standing, paid_to).map(|reason| reason.key).collect::<Vec<_>>().join(" ")
        };
        let of_goods = "goods_not_received refund_not_processed merchant_not_told paid_twice wrong_amount";
        for (standing, paid_to, expected) in [
            (Standing::Paid, PaidTo::Merchant, format!("{of_goods} not_authorised payee_not_credited")),
            (Standing::Paid, PaidTo::Person, "not_authorised wrong_credit payee_not_credited".to_owned()),
            (Standing::Deemed, PaidTo::Person, "payee_not_credited".to_owned()),
            (Standing::Deemed, PaidTo::Merchant, "payee_not_credited".to_owned()),
            (Standing::Failed, PaidTo::Person, "debit_not_returned".to_owned()),
            (Standing::Failed, PaidTo::Merchant, "debit_not_returned".to_owned()),
        ] {
            assert_eq!(keys(standing, paid_to), expected, "{standing:?} {paid_to:?}");
        }
        // Codes name one reason each.
        for reason in REASONS {
            assert_eq!(Reason::of_code(reason.code), Some(reason));
        }
        assert_eq!(
            Reason::find("debit_not_returned", Standing::Failed, PaidTo::Merchant).unwrap().code,
            "U009"
        );
        assert_eq!(Reason::of_code("U999"), None);
    }
}

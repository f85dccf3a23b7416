//! A pair of codes to what it means.

use super::{Advice, Code, Kind, Moved, Side, find};

/// What a pair of codes says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The row of the switch's code, if it is a published one.
    pub switch: Option<&'static Code>,
    /// The row of the code that has the cause: the bank's where the switch's has none.
    pub cause: Option<&'static Code>,
    /// Technical or business; `None` where no cause is known.
    pub kind: Option<Kind>,
    /// Whether money may have moved.
    pub moved: Moved,
    /// What the person is told.
    pub advice: Advice,
}

/// Classifies the code of the switch and that of the bank, if there is one.
///
/// U19, U29, U30 and U31 say which step failed and not why: kind and advice are then the bank's. Whether money moved
/// is the switch's to say, since a bank knows its own leg alone; of two different answers the more careful one counts.
pub fn classify(switch: &str, bank: Option<&str>) -> Outcome {
    let own = find(switch, None);
    let step = own.filter(|_| matches!(switch, "U19" | "U29" | "U30" | "U31"));
    let side = match switch {
        "U30" => Some(Side::Remitter),
        "U31" => Some(Side::Beneficiary),
        "U29" => Some(Side::PayeePsp),
        _ => None,
    };
    let named = bank.filter(|bank| !matches!(*bank, "" | "00"));
    let banks = named.and_then(|bank| find(bank, side));
    let cause = match (step, named) {
        (Some(_), Some(_)) => banks,
        (Some(_), None) => None,
        (None, _) => own,
    };
    let moved = match (own, named) {
        (None, _) => Moved::Ask,
        // A step that failed for a reason nobody published.
        (Some(own), Some(_)) if step.is_some() && banks.is_none() => careful(own.moved, Moved::Ask),
        (Some(own), _) if step.is_some() => match banks {
            Some(bank) => of_step(own.moved, bank.moved),
            None => own.moved,
        },
        (Some(own), _) => own.moved,
    };
    let advice = match (own, cause) {
        (None, _) => Advice::BeingChecked,
        (Some(_), Some(cause)) if moved == Moved::Reversing && switch == "U31" => reversing(cause.advice),
        (Some(_), Some(cause)) => cause.advice,
        (Some(_), None) if named.is_some() && moved == Moved::Ask => Advice::BeingChecked,
        (Some(own), None) => own.advice,
    };
    Outcome { switch: own, cause, kind: cause.map(|cause| cause.kind), moved, advice }
}

/// After a credit that failed the person wants to hear of the money first.
fn reversing(advice: Advice) -> Advice {
    match advice {
        Advice::BeingChecked => Advice::BeingChecked,
        _ => Advice::ComesBack,
    }
}

/// What a failed step and its cause say together: a bank's own doubt is not argued away.
fn of_step(step: Moved, bank: Moved) -> Moved {
    match bank {
        Moved::Ask | Moved::Stuck | Moved::Yes | Moved::Debited => careful(step, Moved::Ask),
        Moved::No | Moved::Reversing => step,
    }
}

fn careful(one: Moved, other: Moved) -> Moved {
    let rank = |moved: Moved| match moved {
        Moved::No => 0,
        Moved::Reversing => 1,
        Moved::Yes => 2,
        Moved::Debited => 3,
        Moved::Stuck => 4,
        Moved::Ask => 5,
    };
    if rank(one) >= rank(other) { one } else { other }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs() {
        for (switch, bank, kind, moved, advice) in [
            ("00", None, Some(Kind::None), Moved::Yes, Advice::Done),
            ("01", None, Some(Kind::None), Moved::Ask, Advice::BeingChecked),
            ("U30", Some("Z9"), Some(Kind::Business), Moved::No, Advice::InsufficientFunds),
            ("U30", Some("ZM"), Some(Kind::Business), Moved::No, Advice::WrongPin),
            ("U30", Some("XY"), Some(Kind::Technical), Moved::No, Advice::BankDown),
            ("U30", None, None, Moved::No, Advice::NotDebited),
            ("U30", Some("DT"), Some(Kind::Business), Moved::Ask, Advice::BeingChecked),
            ("U30", Some("Q9"), None, Moved::Ask, Advice::BeingChecked),
            ("U31", Some("XK"), Some(Kind::Business), Moved::Reversing, Advice::ComesBack),
            ("U31", Some("Y1"), Some(Kind::Technical), Moved::Reversing, Advice::ComesBack),
            ("U31", None, None, Moved::Reversing, Advice::ComesBack),
            ("U29", Some("ZH"), Some(Kind::Business), Moved::No, Advice::AddressUnknown),
            ("U19", Some("ZA"), Some(Kind::Business), Moved::No, Advice::Declined),
            ("U67", None, Some(Kind::Technical), Moved::Ask, Advice::BeingChecked),
            ("U68", None, Some(Kind::Technical), Moved::Debited, Advice::BeingChecked),
            ("U69", None, Some(Kind::Business), Moved::No, Advice::Expired),
            ("RB", None, Some(Kind::Technical), Moved::Stuck, Advice::BeingChecked),
            ("Q9", Some("Z9"), None, Moved::Ask, Advice::BeingChecked),
            ("", None, None, Moved::Ask, Advice::BeingChecked),
        ] {
            let outcome = classify(switch, bank);
            assert_eq!(
                (outcome.kind, outcome.moved, outcome.advice),
                (kind, moved, advice),
                "{switch} {bank:?}"
            );
        }
    }

    /// Nothing tells a person that no money moved unless the table says so, whatever the pair.
    #[test]
    fn no_pair_promises_more_than_is_known() {
        let codes: Vec<&str> = super::super::all().iter().map(|row| row.code).chain(["??", ""]).collect();
        for switch in &codes {
            for bank in &codes {
                let outcome = classify(switch, Some(bank));
                if find(switch, None).is_none() {
                    assert_eq!(
                        (outcome.moved, outcome.advice),
                        (Moved::Ask, Advice::BeingChecked),
                        "{switch} {bank}"
                    );
                }
                if !matches!(outcome.moved, Moved::No) {
                    assert!(!outcome.advice.says_nothing_moved(), "{switch} {bank}: {outcome:?}");
                }
            }
        }
    }
}

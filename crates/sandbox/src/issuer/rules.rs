//! Risk of adding a card: the rules an operator reads and changes, and what they say together.
//!
//! Every rule is a row. The outcome of an enrolment is the worst outcome of the rules that fire; the reason is that
//! of the first such rule in the table below. Facts about the attempt are collected by [`super::enrolment`].

use serde::{Deserialize, Serialize};
use values::{Operation, Record, Records, Residency, Timestamp};

/// What an issuer says to adding a card, mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Outcome {
    /// Yes.
    Green,
    /// Yes, once the customer has proved to be the customer.
    Yellow,
    /// No.
    Red,
}

impl Outcome {
    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Green => "GREEN",
            Outcome::Yellow => "YELLOW",
            Outcome::Red => "RED",
        }
    }
}

/// What makes a rule fire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// No card of this issuer has this number.
    CardUnknown,
    /// The CVV2 is wrong.
    WrongCvv2,
    /// The expiry is wrong.
    WrongExpiry,
    /// The phone number is not the one the bank knows.
    WrongPhone,
    /// The card was reported lost or stolen.
    LostStolen,
    /// The bank stopped or closed the card.
    CardStopped,
    /// The card is past its expiry.
    CardExpired,
    /// The test card always declines to be added.
    TestRed,
    /// The test card always needs a one-time password.
    TestStepUp,
    /// The card has at least this many tokens already.
    TokensPerCard,
    /// The attempt comes from a country other than the bank's.
    Country,
    /// The device was never seen by this bank.
    NewDevice,
    /// At least this many cards were added from the device today, before this one.
    CardsPerDay,
    /// At least this many attempts were made for the card within the last hour, before this one.
    Velocity,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskRule {
    /// What makes it fire; also its name.
    pub condition: Condition,
    /// Whether it counts.
    pub enabled: bool,
    /// The count from which it fires, for conditions that count.
    pub threshold: u32,
    /// What follows.
    pub outcome: Outcome,
}

impl Record for RiskRule {
    type Key = Condition;
    const TABLE: &'static str = "risk_rules";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> Condition {
        self.condition
    }
}

const fn rule(condition: Condition, enabled: bool, threshold: u32, outcome: Outcome) -> RiskRule {
    RiskRule { condition, enabled, threshold, outcome }
}

/// The rules as they stand before an operator changes them, in the order in which they explain an outcome.
pub const DEFAULT_RULES: [RiskRule; 14] = [
    rule(Condition::CardUnknown, true, 0, Outcome::Red),
    rule(Condition::WrongCvv2, true, 0, Outcome::Red),
    rule(Condition::WrongExpiry, true, 0, Outcome::Red),
    rule(Condition::WrongPhone, true, 0, Outcome::Red),
    rule(Condition::LostStolen, true, 0, Outcome::Red),
    rule(Condition::CardStopped, true, 0, Outcome::Red),
    rule(Condition::CardExpired, true, 0, Outcome::Red),
    rule(Condition::TestRed, true, 0, Outcome::Red),
    rule(Condition::TokensPerCard, true, 10, Outcome::Red),
    rule(Condition::TestStepUp, true, 0, Outcome::Yellow),
    rule(Condition::Country, true, 0, Outcome::Yellow),
    // Off, so that the documented cards do on a new phone what their row says.
    rule(Condition::NewDevice, false, 0, Outcome::Yellow),
    rule(Condition::CardsPerDay, true, 4, Outcome::Yellow),
    rule(Condition::Velocity, true, 2, Outcome::Yellow),
];

impl Condition {
    /// The reason on the wire. What would help to guess a card's data is one reason only, so that it does
    /// not tell which part was wrong (`product-conventions` section 11, A16).
    pub fn reason(self) -> &'static str {
        match self {
            Condition::CardUnknown
            | Condition::WrongCvv2
            | Condition::WrongExpiry
            | Condition::WrongPhone => "card_data_wrong",
            Condition::LostStolen | Condition::CardStopped => "card_restricted",
            Condition::CardExpired => "card_expired",
            Condition::TestRed => "issuer_declined",
            Condition::TokensPerCard => "too_many_tokens",
            Condition::TestStepUp => "verification_needed",
            Condition::Country => "country",
            Condition::NewDevice => "new_device",
            Condition::CardsPerDay => "cards_per_day",
            Condition::Velocity => "velocity",
        }
    }
}

/// The rules in force.
pub fn rules(records: &mut impl Records) -> Vec<RiskRule> {
    let in_force = |rule: RiskRule| records.find::<RiskRule>(&rule.condition).unwrap_or(rule);
    DEFAULT_RULES.map(in_force).to_vec()
}

/// What is known of one attempt: whether a condition holds, or how often it did.
pub(super) trait Facts {
    /// A count for conditions that count; 1 or 0 for those that hold or do not.
    fn count(&self, condition: Condition) -> u32;
}

/// The worst outcome of the rules that fire, and the first condition that gave it.
pub(super) fn evaluate(rules: &[RiskRule], facts: &impl Facts) -> (Outcome, Option<Condition>) {
    let fires = |rule: &&RiskRule| rule.enabled && facts.count(rule.condition) >= rule.threshold.max(1);
    rules.iter().filter(fires).fold((Outcome::Green, None), |worst, rule| {
        if rule.outcome > worst.0 { (rule.outcome, Some(rule.condition)) } else { worst }
    })
}

/// An operator changes a rule.
#[derive(Clone, Debug)]
pub struct SetRule(pub RiskRule);

impl Operation for SetRule {
    /// The rule as it was.
    type Answer = RiskRule;
    type Refusal = std::convert::Infallible;
    const NAME: &'static str = "issuer.set_rule";

    fn apply<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<RiskRule, Self::Refusal> {
        let before = rules(records).into_iter().find(|rule| rule.condition == self.0.condition);
        records.put(self.0.clone());
        Ok(before.expect("every condition has a default rule, which a test checks"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::testing::MemoryRecords;

    struct One(Condition, u32);
    impl Facts for One {
        fn count(&self, condition: Condition) -> u32 {
            if condition == self.0 { self.1 } else { 0 }
        }
    }

    #[test]
    fn each_rule_fires_at_its_threshold_and_not_below() {
        for rule in DEFAULT_RULES {
            let enabled = [RiskRule { enabled: true, ..rule.clone() }];
            let edge = rule.threshold.max(1);
            assert_eq!(evaluate(&enabled, &One(rule.condition, edge - 1)), (Outcome::Green, None));
            assert_eq!(evaluate(&enabled, &One(rule.condition, edge)), (rule.outcome, Some(rule.condition)));
            let disabled = [RiskRule { enabled: false, ..rule.clone() }];
            assert_eq!(evaluate(&disabled, &One(rule.condition, edge)).0, Outcome::Green);
        }
    }

    #[test]
    fn the_worst_outcome_wins() {
        struct All;
        impl Facts for All {
            fn count(&self, _: Condition) -> u32 {
                u32::MAX
            }
        }
        assert_eq!(evaluate(&DEFAULT_RULES, &All), (Outcome::Red, Some(Condition::CardUnknown)));
        let mild: Vec<_> = DEFAULT_RULES.into_iter().filter(|rule| rule.outcome == Outcome::Yellow).collect();
        assert_eq!(evaluate(&mild, &All), (Outcome::Yellow, Some(Condition::TestStepUp)));
    }

    #[test]
    fn an_operator_changes_a_rule() {
        let mut records = MemoryRecords::default();
        let stricter = RiskRule { enabled: true, outcome: Outcome::Red, ..DEFAULT_RULES[11].clone() };
        let before = SetRule(stricter.clone()).apply(&mut records, Timestamp::from_millis(0)).unwrap();
        assert_eq!(before, DEFAULT_RULES[11]);
        assert_eq!(rules(&mut records)[11], stricter);
        let conditions: std::collections::BTreeSet<_> =
            DEFAULT_RULES.iter().map(|rule| rule.condition).collect();
        assert_eq!(conditions.len(), DEFAULT_RULES.len());
    }
}

//! A person needs a card number in clear: two operators, a purpose, a daily limit, and a record.

use crate::day::Day;
use crate::defences::Defence;
use crate::policy::Policy;
use crate::records::{Detokenisation, OperatorDay, VaultEntry};
use crate::refusal::Refusal;
use crate::vault::{Evidence, Purpose};
use serde::{Deserialize, Serialize};
use values::id::kinds::Event;
use values::time::Zone;
use values::{Id, Operation, Records, Timestamp, TokenNumber};

/// Grants the opening of one card number. Both operators were authenticated by the shell.
#[derive(Clone, Debug)]
pub struct Grant {
    /// A fresh name for the record.
    pub id: Id<Event>,
    /// Whose card.
    pub number: TokenNumber,
    /// What for; payments have evidence of their own and are not granted here.
    pub purpose: Purpose,
    /// Who asks.
    pub requested_by: String,
    /// Who agrees.
    pub approved_by: String,
    /// Limits.
    pub policy: Policy,
}

/// Evidence that the opening of one card number was granted and recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    id: Id<Event>,
    number: TokenNumber,
    purpose: Purpose,
}

impl Evidence for Granted {
    fn number(&self) -> TokenNumber {
        self.number
    }
    fn purpose(&self) -> Purpose {
        self.purpose
    }
}

impl Operation for Grant {
    type Answer = Granted;
    type Refusal = Refusal;
    const NAME: &'static str = "tokens.grant";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Granted, Refusal> {
        let (asked, agreed) = (self.requested_by.trim(), self.approved_by.trim());
        let for_people = matches!(self.purpose, Purpose::Dispute | Purpose::LawfulRequest);
        let alone = asked.is_empty() || agreed.is_empty() || asked.eq_ignore_ascii_case(agreed);
        let guarded = self.policy.defences.stands(Defence::TwoOperators);
        if !for_people || (alone && guarded) {
            return Err(Refusal::DetokenisationRefused);
        }
        records.find::<VaultEntry>(&self.number).ok_or(Refusal::TokenUnknown)?;
        let today = Day::of(now, Zone::Utc);
        // Both are counted: an operator who lends their consent to everybody is limited too.
        for operator in [asked, agreed] {
            let known = records.find::<OperatorDay>(&operator.to_owned());
            let mut day = known
                .unwrap_or_else(|| OperatorDay { operator: operator.to_owned(), opened: Default::default() });
            if !day.opened.take(today, self.policy.detokenisations_daily) && guarded {
                return Err(Refusal::DetokenisationRefused);
            }
            records.put(day);
        }
        let Grant { id, number, purpose, .. } = *self;
        records.put(Detokenisation {
            id,
            number,
            purpose,
            requested_by: asked.to_owned(),
            approved_by: agreed.to_owned(),
            at: now,
        });
        Ok(Granted { id, number, purpose })
    }
}

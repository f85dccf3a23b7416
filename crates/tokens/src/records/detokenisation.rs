//! Card numbers that people had opened, by purpose and by whom.

use crate::day::DailyCount;
use crate::vault::Purpose;
use serde::{Deserialize, Serialize};
use values::id::kinds::Event;
use values::{Id, Record, Timestamp, TokenNumber};

/// One grant to open a card number outside a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detokenisation {
    /// Opaque name.
    pub id: Id<Event>,
    /// Whose card.
    pub number: TokenNumber,
    /// What for.
    pub purpose: Purpose,
    /// Who asked.
    pub requested_by: String,
    /// Who agreed; never the same person.
    pub approved_by: String,
    /// When.
    pub at: Timestamp,
}

impl Record for Detokenisation {
    type Key = Id<Event>;
    const TABLE: &'static str = "detokenisations";
    fn key(&self) -> Id<Event> {
        self.id
    }
}

/// How many card numbers one operator had opened today.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorDay {
    /// The operator's name.
    pub operator: String,
    /// The count.
    pub opened: DailyCount,
}

impl Record for OperatorDay {
    type Key = String;
    const TABLE: &'static str = "operator_days";
    fn key(&self) -> String {
        self.operator.clone()
    }
}

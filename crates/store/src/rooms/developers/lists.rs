//! Lists of things that lie in tables, filtered and a page at a time. A question is put together of the constant pieces
//! below; what a caller sent is a parameter of it and never part of its text.

use crate::Value;
use values::{Id, Timestamp, id::kinds};

/// A table of a list: which of its rows belong to it.
#[derive(Clone, Debug)]
struct Part {
    table: &'static str,
    /// What a status means, in SQL.
    status: fn(&str) -> Option<&'static str>,
    /// Whether it has a column; rows of a table that has not are none of those that are asked for by it.
    has: fn(&str) -> bool,
    conditions: Vec<String>,
}

/// When the things of a list came about.
#[derive(Clone, Copy, Debug)]
enum Birth {
    /// A column says it.
    Column(&'static str),
    /// Their names do: those of payments.
    Name,
}

/// A list: which things of one table or of several, in the order of one column that is unique among them.
#[derive(Clone, Debug)]
pub struct List {
    /// What is asked of each.
    columns: &'static str,
    order: &'static str,
    birth: Birth,
    parts: Vec<Part>,
    parameters: Vec<Value>,
}

/// How a moment is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// At it or later.
    AtLeast,
    /// Later.
    After,
    /// At it or earlier.
    AtMost,
    /// Earlier.
    Before,
}

impl Bound {
    fn sign(self) -> &'static str {
        match self {
            Bound::AtLeast => ">=",
            Bound::After => ">",
            Bound::AtMost => "<=",
            Bound::Before => "<",
        }
    }
}

impl List {
    fn of(columns: &'static str, table: &'static str, order: &'static str, birth: Birth) -> List {
        let part = Part { table, status: |_| None, has: |_| true, conditions: Vec::new() };
        List { columns, order, birth, parts: vec![part], parameters: Vec::new() }
    }

    /// `reference` and `id` of the payments of a merchant, among them those that are wanted and were not taken, which have
    /// no reference; or of its refunds.
    pub fn payments(merchant: &str, refunds: bool) -> List {
        let mut list = List::of("reference, id", "payments", "id", Birth::Name);
        list.parts[0].status = payment_status;
        let kind = if refunds { "kind = 'refund'" } else { "kind <> 'refund'" };
        list.parts[0].conditions.push(kind.to_owned());
        if !refunds {
            list.parts.push(Part {
                table: "intents",
                status: intent_status,
                has: |column| matches!(column, "merchant" | "kind" | "terminal"),
                conditions: vec!["reference IS NULL".to_owned()],
            });
        }
        list.having("merchant", merchant)
    }

    /// `id` of the payments by account that came to a merchant, or were asked for by it; or of its refunds.
    pub fn upi_payments(merchant: &str, refunds: bool) -> List {
        let mut list = List::of("id", "psp_merchant_payments", "id", Birth::Column("at"));
        list.parts[0].status = upi_payment_status;
        let way = if refunds { "direction = 'sent'" } else { "direction = 'received'" };
        list.parts[0].conditions.push(way.to_owned());
        list.having("merchant", merchant)
    }

    /// `reference` of the tokens of an issuer.
    pub fn tokens(issuer: &str) -> List {
        let mut list = List::of("reference", "tokens", "reference", Birth::Column("created"));
        list.parts[0].status = token_status;
        list.having("issuer", issuer)
    }

    /// `number` of the events of a tenant, or of all.
    pub fn events(tenant: Option<&str>) -> List {
        let all = List::of("number", "events", "number", Birth::Column("at"));
        match tenant {
            Some(tenant) => all.having("tenant", tenant),
            None => all,
        }
    }

    fn parameter(&mut self, value: Value) -> String {
        self.parameters.push(value);
        format!("${}", self.parameters.len())
    }

    fn where_all(mut self, condition: impl Fn(&Part) -> String) -> List {
        for part in &mut self.parts {
            let condition = condition(part);
            part.conditions.push(condition);
        }
        self
    }

    fn equal(mut self, column: &'static str, value: Value) -> List {
        let place = self.parameter(value);
        self.where_all(|part| match (part.has)(column) {
            true => format!("{column} = {place}"),
            false => NONE.to_owned(),
        })
    }

    /// Only those with this text in a column.
    #[must_use]
    pub fn having(self, column: &'static str, text: &str) -> List {
        self.equal(column, Value::Text(text.to_owned()))
    }

    /// Only those with this number in a column.
    #[must_use]
    pub fn counting(self, column: &'static str, number: i64) -> List {
        self.equal(column, Value::Integer(number))
    }

    /// Only those that came about on this side of a moment.
    #[must_use]
    pub fn born(mut self, bound: Bound, at: Timestamp) -> List {
        let condition = match self.birth {
            Birth::Column(column) => {
                let place = self.parameter(Value::Integer(at.millis()));
                format!("{column} {} {place}", bound.sign())
            }
            Birth::Name => {
                // The first name of a millisecond is before every other of it.
                let next = matches!(bound, Bound::After | Bound::AtMost);
                let at = Timestamp::from_millis(at.millis().saturating_add(i64::from(next)));
                let first = Id::<kinds::Payment>::mint(at, [0; 10]).to_string();
                let sign = if matches!(bound, Bound::AtLeast | Bound::After) { ">=" } else { "<" };
                let (order, place) = (self.order, self.parameter(Value::Text(first)));
                format!("{order} {sign} {place}")
            }
        };
        self.where_all(|_| condition.clone())
    }

    /// Only those of a status as the interface names it; of an unknown one there are none.
    #[must_use]
    pub fn standing(self, status: &str) -> List {
        self.where_all(|part| (part.status)(status).unwrap_or(NONE).to_owned())
    }

    /// Only those on which a word of their metadata says this.
    #[must_use]
    pub fn with_word(mut self, name: &str, value: &str) -> List {
        let name = self.parameter(Value::Text(name.to_owned()));
        let value = self.parameter(Value::Text(value.to_owned()));
        let order = self.order;
        let found = format!("SELECT object FROM metadata_members WHERE name = {name} AND value = {value}");
        self.where_all(|_| format!("{order} IN ({found})"))
    }

    /// A page: at most so many from after `from` on, newest first; or, going back, from before it, oldest first.
    pub fn page(mut self, from: Option<Value>, back: bool, most: usize) -> (String, Vec<Value>) {
        if let Some(from) = from {
            let place = self.parameter(from);
            let (order, sign) = (self.order, if back { ">" } else { "<" });
            self = self.where_all(|_| format!("{order} {sign} {place}"));
        }
        let most = self.parameter(Value::Integer(i64::try_from(most).unwrap_or(i64::MAX)));
        let (columns, order) = (self.columns, self.order);
        let direction = if back { "ASC" } else { "DESC" };
        let asked = self.each(columns).join(" UNION ALL ");
        (format!("{asked} ORDER BY {order} {direction} LIMIT {most}"), self.parameters)
    }

    /// How many there are.
    pub fn total(&self) -> (String, Vec<Value>) {
        let counts: Vec<String> = self.each("COUNT(*)").iter().map(|count| format!("({count})")).collect();
        (format!("SELECT {}", counts.join(" + ")), self.parameters.clone())
    }

    fn each(&self, asked: &str) -> Vec<String> {
        let of = |part: &Part| match part.conditions.is_empty() {
            true => format!("SELECT {asked} FROM {}", part.table),
            false => format!("SELECT {asked} FROM {} WHERE {}", part.table, part.conditions.join(" AND ")),
        };
        self.parts.iter().map(of).collect()
    }
}

/// No row.
const NONE: &str = "1 = 0";

fn intent_status(status: &str) -> Option<&'static str> {
    Some(match status {
        "requires_card" => "state = 'requires_card'",
        "processing" => "state IN ('processing', 'taken')",
        "failed" => "state = 'failed'",
        "cancelled" => "state = 'cancelled'",
        "expired" => "state = 'expired'",
        _ => return None,
    })
}

fn payment_status(status: &str) -> Option<&'static str> {
    /// Whether the batch of a payment is closed.
    macro_rules! captured {
        () => {
            "EXISTS (SELECT 1 FROM batches WHERE batches.terminal = payments.terminal \
             AND batches.number = payments.batch AND batches.state = 'captured')"
        };
    }
    Some(match status {
        "pending" => "state IN ('pending', 'advised')",
        "approved" => {
            concat!("state = 'approved' AND (kind = 'pre_authorisation' OR NOT ", captured!(), ")")
        }
        "captured" => concat!("state = 'approved' AND kind <> 'pre_authorisation' AND ", captured!()),
        "completed" => "state = 'completed'",
        "declined" => "state = 'declined'",
        "reversing" => "state = 'reversal_pending' AND (reversal_reason IS NULL OR reversal_reason <> '17')",
        "reversed" => "state = 'reversed' AND (reversal_reason IS NULL OR reversal_reason <> '17')",
        "voiding" => "state = 'reversal_pending' AND reversal_reason = '17'",
        "voided" => "state = 'reversed' AND reversal_reason = '17'",
        _ => return None,
    })
}

fn upi_payment_status(status: &str) -> Option<&'static str> {
    Some(match status {
        "pending" => "state = 'pending'",
        "succeeded" => "state = 'success'",
        "failed" => "state = 'failed'",
        "deemed" => "state = 'deemed'",
        _ => return None,
    })
}

/// A standing is kept as JSON, its life first.
fn token_status(status: &str) -> Option<&'static str> {
    Some(match status {
        "active" => "standing = '{\"life\":\"active\",\"suspenders\":\"\"}'",
        "suspended" => {
            "standing LIKE '{\"life\":\"active\",%' AND standing <> '{\"life\":\"active\",\"suspenders\":\"\"}'"
        }
        "inactive" => "standing LIKE '{\"life\":\"inactive\",%'",
        "deleted" => "standing LIKE '{\"life\":\"deleted\",%'",
        "expired" => "standing LIKE '{\"life\":\"expired\",%'",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_caller_sends_is_a_parameter() {
        let evil = "x' OR '1' = '1";
        let list = List::payments(evil, false).with_word(evil, evil).counting("batch", 7).standing(evil);
        let (sql, parameters) = list.page(Some(Value::Text(evil.to_owned())), false, 20);
        assert!(!sql.contains("OR '"), "{sql}");
        assert_eq!(parameters.len(), 6);
        assert_eq!(
            sql,
            "SELECT reference, id FROM payments WHERE kind <> 'refund' AND merchant = $1 AND id IN (SELECT object FROM \
             metadata_members WHERE name = $2 AND value = $3) AND batch = $4 AND 1 = 0 AND id < $5 UNION ALL SELECT \
             reference, id FROM intents WHERE reference IS NULL AND merchant = $1 AND id IN (SELECT object FROM \
             metadata_members WHERE name = $2 AND value = $3) AND 1 = 0 AND 1 = 0 AND id < $5 ORDER BY id DESC LIMIT $6"
        );
    }

    #[test]
    fn a_total_counts_what_the_pages_hold() {
        let at = Timestamp::from_millis;
        let list = List::events(None).born(Bound::AtLeast, at(5)).born(Bound::Before, at(9));
        assert_eq!(list.total().0, "SELECT (SELECT COUNT(*) FROM events WHERE at >= $1 AND at < $2)");
        assert_eq!(
            List::events(None).page(None, true, 1).0,
            "SELECT number FROM events ORDER BY number ASC LIMIT $1"
        );
    }

    #[test]
    fn the_name_of_a_payment_says_when_it_came_about() {
        let at = Timestamp::from_millis(1_700_000_000_000);
        let name = |millis: i64, filling: u8| {
            let at = Timestamp::from_millis(at.millis() + millis);
            Id::<kinds::Payment>::mint(at, [filling; 10]).to_string()
        };
        let bounds = |bound| match &List::payments("m", true).born(bound, at).parameters[1] {
            Value::Text(first) => first.clone(),
            other => panic!("{other:?}"),
        };
        for bound in [Bound::AtLeast, Bound::Before] {
            assert!(bounds(bound) <= name(0, 0) && bounds(bound) > name(-1, 255));
        }
        for bound in [Bound::After, Bound::AtMost] {
            assert!(bounds(bound) <= name(1, 0) && bounds(bound) > name(0, 255));
        }
    }
}

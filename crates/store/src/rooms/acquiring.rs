//! The tables of an acquirer.

use crate::schema::{Kind, Mapping, Migration, Schema};
use ::acquiring::records::{
    Batch, Bill, CodeCount, CodePayment, Expected, Intent, Merchant, MerchantDay, Payment, Terminal,
    TerminalTrace, TraceCounter,
};

const MIGRATIONS: &[Migration] = &[
    (1, include_str!("../../migrations/acquiring/0001.sql")),
    (2, include_str!("../../migrations/acquiring/0002.sql")),
    (3, include_str!("../../migrations/acquiring/0003.sql")),
    (4, include_str!("../../migrations/acquiring/0004.sql")),
    (5, include_str!("../../migrations/acquiring/0005.sql")),
    (6, include_str!("../../migrations/acquiring/0006.sql")),
    (7, include_str!("../../migrations/acquiring/0007.sql")),
];

/// Adds the tables.
pub fn tables(schema: Schema) -> Schema {
    schema
        .migrations("acquiring", MIGRATIONS)
        .table::<Batch>(BATCH)
        .table::<Bill>(BILL)
        .table::<CodeCount>(CODE_COUNT)
        .table::<CodePayment>(CODE_PAYMENT)
        .table::<Expected>(EXPECTED)
        .table::<Intent>(INTENT)
        .table::<Merchant>(MERCHANT)
        .table::<MerchantDay>(MERCHANT_DAY)
        .table::<Terminal>(TERMINAL)
        .table::<Payment>(PAYMENT)
        .table::<TerminalTrace>(TERMINAL_TRACE)
        .table::<TraceCounter>(TRACE_COUNTER)
}

const BATCH: Mapping = Mapping {
    key: &["terminal", "number"],
    columns: &[
        ("terminal", Kind::Text),
        ("number", Kind::Integer),
        ("state", Kind::Json),
        ("currency", Kind::Integer),
        ("pending_count", Kind::Integer),
        ("sales_count", Kind::Integer),
        ("sales_amount", Kind::Integer),
        ("refunds_count", Kind::Integer),
        ("refunds_amount", Kind::Integer),
        ("reversals_count", Kind::Integer),
        ("reversals_amount", Kind::Integer),
        ("corrections_count", Kind::Integer),
        ("corrections_amount", Kind::Integer),
        ("balanced", Kind::Boolean),
        ("opened_at", Kind::Integer),
        ("closed_at", Kind::Integer),
    ],
};

const BILL: Mapping = Mapping {
    key: &["terminal", "batch", "trace"],
    columns: &[
        ("terminal", Kind::Text),
        ("batch", Kind::Integer),
        ("trace", Kind::Integer),
        ("amount", Kind::Integer),
        ("currency", Kind::Integer),
        ("until", Kind::Integer),
    ],
};

const CODE_COUNT: Mapping =
    Mapping { key: &["terminal"], columns: &[("terminal", Kind::Text), ("last", Kind::Integer)] };

const CODE_PAYMENT: Mapping = Mapping {
    key: &["terminal", "number"],
    columns: &[("terminal", Kind::Text), ("number", Kind::Integer), ("reference", Kind::Text)],
};

const EXPECTED: Mapping = Mapping {
    key: &["terminal"],
    columns: &[
        ("terminal", Kind::Text),
        ("batch", Kind::Integer),
        ("trace", Kind::Integer),
        ("intent", Kind::Text),
    ],
};

const INTENT: Mapping = Mapping {
    key: &["id"],
    columns: &[
        ("id", Kind::Text),
        ("merchant", Kind::Text),
        ("kind", Kind::Json),
        ("amount", Kind::Integer),
        ("currency", Kind::Integer),
        ("terminal", Kind::Text),
        ("card", Kind::Integer),
        ("state", Kind::Json),
        ("reference", Kind::Text),
        ("failure", Kind::Text),
        ("failure_detail", Kind::Text),
        ("created_at", Kind::Integer),
    ],
};

const MERCHANT: Mapping = Mapping {
    key: &["id"],
    columns: &[
        ("id", Kind::Text),
        ("acceptor", Kind::Text),
        ("name", Kind::Text),
        ("city", Kind::Text),
        ("category", Kind::Integer),
        ("country", Kind::Integer),
        ("currency", Kind::Integer),
        ("limit_payment", Kind::Integer),
        ("limit_daily", Kind::Integer),
        ("state", Kind::Json),
    ],
};

const MERCHANT_DAY: Mapping = Mapping {
    key: &["merchant", "day"],
    columns: &[("merchant", Kind::Text), ("day", Kind::Integer), ("sales_amount", Kind::Integer)],
};

const TERMINAL: Mapping = Mapping {
    key: &["id"],
    columns: &[
        ("id", Kind::Text),
        ("merchant", Kind::Text),
        ("state", Kind::Json),
        ("last_trace", Kind::Integer),
        ("batch", Kind::Integer),
        ("signed_on_at", Kind::Integer),
    ],
};

const PAYMENT: Mapping = Mapping {
    key: &["reference"],
    columns: &[
        ("reference", Kind::Text),
        ("id", Kind::Text),
        ("kind", Kind::Json),
        ("state", Kind::Json),
        ("merchant", Kind::Text),
        ("terminal", Kind::Text),
        ("batch", Kind::Integer),
        ("terminal_trace", Kind::Integer),
        ("stan", Kind::Integer),
        ("amount", Kind::Integer),
        ("currency", Kind::Integer),
        ("token", Kind::Integer),
        ("last_four", Kind::Integer),
        ("entry_mode", Kind::Json),
        ("card_sequence", Kind::Integer),
        ("accepted_at", Kind::Integer),
        ("day", Kind::Integer),
        ("response_code", Kind::Text),
        ("approval_code", Kind::Text),
        ("settled_on", Kind::Integer),
        ("reversal_reason", Kind::Text),
        ("original", Kind::Json),
        ("completed_by", Kind::Text),
        ("refunded", Kind::Integer),
        ("refund_pending", Kind::Integer),
        ("counted", Kind::Boolean),
    ],
};

const TERMINAL_TRACE: Mapping = Mapping {
    key: &["terminal", "batch", "trace"],
    columns: &[
        ("terminal", Kind::Text),
        ("batch", Kind::Integer),
        ("trace", Kind::Integer),
        ("purpose", Kind::Json),
        ("reference", Kind::Text),
    ],
};

const TRACE_COUNTER: Mapping =
    Mapping { key: &["institution"], columns: &[("institution", Kind::Text), ("last", Kind::Integer)] };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_fit_records_and_tables() {
        let schema = tables(Schema::new());
        assert_eq!(schema.check_shapes(), Ok(()));
        assert_eq!(crate::sqlite::check_tables(&schema), Ok(()));
    }
}

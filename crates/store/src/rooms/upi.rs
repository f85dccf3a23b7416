//! The tables of account payment: the switch, a bank (its books are those of `ledger`), the payment service provider.
//! Each has a table of the messages that came.

use crate::schema::{Kind, Mapping, Migration, Schema};
use crate::{Rows, Store, StoreError, Value};
use ::psp::disputed::ReceivedDispute;
use ::psp::disputes::Dispute;
use ::psp::mandates::records::{Mandate, MandateDebit, MandateNumber, MandateTry};
use ::psp::purses::Purse;
use ::psp::records::{
    BindingToken, CollectRequest, Customer, Device, Direction, KeyList, Mailbox, OwnAddress, Payment,
    Question, UsedTransaction,
};
use ::sandbox::upi::bank::{
    AccountName, MobileAccounts, OneTimePassword, Spending, UpiAccount, UpiLeg, UpiMandate, UpiMandateDebit,
    UpiMandateOrder, UpiMandateTry, UpiPurse, UsedCredential,
};
use ::sandbox::upi::switch::{BankHealth, Exchange, MandateOrder, Position, UpiPayment, UpiStep};
use ::upi::mail::Received;
use values::Records;

mod disputes;
mod mandates;
mod merchants;
pub mod psp;
pub mod stories;

pub use disputes::{dispute_cases, disputes, disputes_of};
use mandates::{
    MANDATE, MANDATE_DEBIT, MANDATE_NUMBER, MANDATE_ORDER, MANDATE_TRY, UPI_MANDATE, UPI_MANDATE_DEBIT,
    UPI_MANDATE_ORDER, UPI_MANDATE_TRY,
};
pub use mandates::{mandate_debits, mandates};

const SWITCH: &[Migration] = &[
    (1, include_str!("../../migrations/upi_switch/0001.sql")),
    (2, include_str!("../../migrations/upi_switch/0002.sql")),
    (3, include_str!("../../migrations/upi_switch/0003.sql")),
    (4, include_str!("../../migrations/upi_switch/0004.sql")),
];
const BANK: &[Migration] = &[
    (1, include_str!("../../migrations/upi_bank/0001.sql")),
    (2, include_str!("../../migrations/upi_bank/0002.sql")),
    (3, include_str!("../../migrations/upi_bank/0003.sql")),
    (4, include_str!("../../migrations/upi_bank/0004.sql")),
];
const PSP: &[Migration] = &[
    (1, include_str!("../../migrations/psp/0001.sql")),
    (2, include_str!("../../migrations/psp/0002.sql")),
    (3, include_str!("../../migrations/psp/0003.sql")),
];

/// Adds the tables of the switch.
pub fn switch(schema: Schema) -> Schema {
    disputes::at_switch(schema)
        .migrations("upi_switch", SWITCH)
        .table::<Received>(RECEIVED)
        .table::<UpiPayment>(UPI_PAYMENT)
        .table::<UpiStep>(UPI_STEP)
        .table::<Exchange>(EXCHANGE)
        .table::<BankHealth>(BANK_HEALTH)
        .table::<Position>(POSITION)
        .table::<MandateOrder>(MANDATE_ORDER)
}

/// Adds the tables of a bank.
pub fn bank(schema: Schema) -> Schema {
    disputes::at_bank(schema)
        .migrations("upi_bank", BANK)
        .table::<Received>(RECEIVED)
        .table::<UpiAccount>(UPI_ACCOUNT)
        .table::<AccountName>(ACCOUNT_NAME)
        .table::<MobileAccounts>(MOBILE_ACCOUNTS)
        .table::<OneTimePassword>(ONE_TIME_PASSWORD)
        .table::<UpiLeg>(UPI_LEG)
        .table::<Spending>(SPENDING)
        .table::<UsedCredential>(USED_CREDENTIAL)
        .table::<UpiMandate>(UPI_MANDATE)
        .table::<UpiMandateOrder>(UPI_MANDATE_ORDER)
        .table::<UpiMandateDebit>(UPI_MANDATE_DEBIT)
        .table::<UpiMandateTry>(UPI_MANDATE_TRY)
        .table::<UpiPurse>(UPI_PURSE)
}

/// Adds the tables of a provider.
pub fn psp(schema: Schema) -> Schema {
    let schema = merchants::tables(psp::tables(schema));
    // Merchants ask with a key: what they were answered lies with what it changed.
    let schema = crate::rooms::developers::answers(schema);
    schema
        .migrations("psp", PSP)
        .table::<Received>(RECEIVED)
        .table::<Device>(DEVICE)
        .table::<BindingToken>(BINDING_TOKEN)
        .table::<Mailbox>(MAILBOX)
        .table::<Customer>(CUSTOMER)
        .table::<OwnAddress>(OWN_ADDRESS)
        .table::<Question>(QUESTION)
        .table::<KeyList>(KEY_LIST)
        .table::<Payment>(PAYMENT)
        .table::<UsedTransaction>(USED_TRANSACTION)
        .table::<CollectRequest>(COLLECT_REQUEST)
        .table::<Dispute>(disputes::DISPUTE)
        .table::<ReceivedDispute>(disputes::RECEIVED_DISPUTE)
        .table::<Mandate>(MANDATE)
        .table::<MandateNumber>(MANDATE_NUMBER)
        .table::<MandateDebit>(MANDATE_DEBIT)
        .table::<MandateTry>(MANDATE_TRY)
        .table::<Purse>(PURSE)
}

const RECEIVED: Mapping = Mapping {
    key: &["sender", "message"],
    columns: &[
        ("sender", Kind::Text),
        ("message", Kind::Text),
        ("digest", Kind::Blob),
        ("error", Kind::Text),
        ("at", Kind::Integer),
    ],
};

const UPI_PAYMENT: Mapping = Mapping {
    key: &["id"],
    columns: &[
        ("id", Kind::Text),
        ("origin", Kind::Text),
        ("origin_message", Kind::Text),
        ("beginning", Kind::Json),
        ("state", Kind::Json),
        ("payer", Kind::Json),
        ("payee", Kind::Json),
        ("paise", Kind::Integer),
        ("note", Kind::Text),
        ("reference", Kind::Text),
        ("mode", Kind::Text),
        ("purpose", Kind::Text),
        ("merchant_reference", Kind::Text),
        ("credentials", Kind::Json),
        ("cause", Kind::Text),
        ("told", Kind::Text),
        ("steps", Kind::Integer),
        ("at", Kind::Integer),
        ("changed_at", Kind::Integer),
        ("expires_at", Kind::Integer),
        ("mandate", Kind::Json),
        ("original", Kind::Text),
        ("refunded", Kind::Integer),
        ("checks", Kind::Json),
        ("settled_at", Kind::Integer),
        ("returned_at", Kind::Integer),
        ("due_at", Kind::Integer),
    ],
};

const UPI_STEP: Mapping = Mapping {
    key: &["payment", "number"],
    columns: &[
        ("payment", Kind::Text),
        ("number", Kind::Integer),
        ("state", Kind::Json),
        ("cause", Kind::Text),
        ("message", Kind::Text),
        ("sent", Kind::Json),
        ("late", Kind::Boolean),
        ("at", Kind::Integer),
    ],
};

const EXCHANGE: Mapping = Mapping {
    key: &["message"],
    columns: &[
        ("message", Kind::Text),
        ("api", Kind::Text),
        ("asked", Kind::Text),
        ("about", Kind::Json),
        ("at", Kind::Integer),
    ],
};

const BANK_HEALTH: Mapping = Mapping {
    key: &["bank"],
    columns: &[
        ("bank", Kind::Text),
        ("waiting", Kind::Integer),
        ("silences", Kind::Integer),
        ("alone_until", Kind::Integer),
        ("alone_seconds", Kind::Integer),
    ],
};

const POSITION: Mapping = Mapping {
    key: &["cycle", "bank"],
    columns: &[
        ("cycle", Kind::Text),
        ("bank", Kind::Text),
        ("pays", Kind::Integer),
        ("gets", Kind::Integer),
        ("payments", Kind::Integer),
    ],
};

const UPI_ACCOUNT: Mapping = Mapping {
    key: &["number"],
    columns: &[
        ("number", Kind::Text),
        ("reference", Kind::Text),
        ("ifsc", Kind::Text),
        ("kind", Kind::Text),
        ("holder", Kind::Text),
        ("mobile", Kind::Text),
        ("card", Kind::Text),
        ("expiry", Kind::Text),
        ("pin_digest", Kind::Blob),
        ("tries_left", Kind::Integer),
        ("registered_at", Kind::Integer),
        ("books", Kind::Text),
    ],
};

const ACCOUNT_NAME: Mapping =
    Mapping { key: &["name"], columns: &[("name", Kind::Text), ("number", Kind::Text)] };

const MOBILE_ACCOUNTS: Mapping =
    Mapping { key: &["mobile"], columns: &[("mobile", Kind::Text), ("numbers", Kind::Json)] };

const ONE_TIME_PASSWORD: Mapping = Mapping {
    key: &["account"],
    columns: &[
        ("account", Kind::Text),
        ("digest", Kind::Blob),
        ("tries_left", Kind::Integer),
        ("ends_at", Kind::Integer),
    ],
};

const UPI_LEG: Mapping = Mapping {
    key: &["transaction", "leg"],
    columns: &[
        ("transaction", Kind::Text),
        ("leg", Kind::Json),
        ("state", Kind::Json),
        ("account", Kind::Text),
        ("paise", Kind::Integer),
        ("other", Kind::Text),
        ("reference", Kind::Text),
        ("code", Kind::Text),
        ("measured_by", Kind::Text),
        ("category", Kind::Text),
        ("subtype", Kind::Text),
        ("original", Kind::Text),
        ("refunded", Kind::Integer),
        ("at", Kind::Integer),
        ("changed_at", Kind::Integer),
    ],
};

const SPENDING: Mapping =
    Mapping { key: &["account"], columns: &[("account", Kind::Text), ("recent", Kind::Json)] };

const USED_CREDENTIAL: Mapping =
    Mapping { key: &["digest"], columns: &[("digest", Kind::Blob), ("at", Kind::Integer)] };

const DEVICE: Mapping = Mapping {
    key: &["id"],
    columns: &[
        ("id", Kind::Text),
        ("key", Kind::Blob),
        ("state", Kind::Json),
        ("mobile", Kind::Text),
        ("at", Kind::Integer),
    ],
};

const BINDING_TOKEN: Mapping = Mapping {
    key: &["digest"],
    columns: &[
        ("digest", Kind::Blob),
        ("device", Kind::Text),
        ("sender", Kind::Text),
        ("ends_at", Kind::Integer),
    ],
};

const MAILBOX: Mapping =
    Mapping { key: &["number"], columns: &[("number", Kind::Text), ("read", Kind::Integer)] };

const CUSTOMER: Mapping = Mapping {
    key: &["mobile"],
    columns: &[
        ("mobile", Kind::Text),
        ("device", Kind::Text),
        ("accounts", Kind::Json),
        ("addresses", Kind::Json),
        ("listed", Kind::Json),
        ("merchant", Kind::Json),
        ("balances", Kind::Json),
        ("passwords", Kind::Json),
        ("at", Kind::Integer),
    ],
};

const OWN_ADDRESS: Mapping = Mapping {
    key: &["address"],
    columns: &[
        ("address", Kind::Text),
        ("mobile", Kind::Text),
        ("reference", Kind::Text),
        ("removed_at", Kind::Integer),
        ("at", Kind::Integer),
    ],
};

const QUESTION: Mapping = Mapping {
    key: &["message"],
    columns: &[
        ("message", Kind::Text),
        ("api", Kind::Text),
        ("mobile", Kind::Text),
        ("about", Kind::Text),
        ("state", Kind::Json),
        ("at", Kind::Integer),
    ],
};

const KEY_LIST: Mapping = Mapping {
    key: &["organisation"],
    columns: &[("organisation", Kind::Text), ("document", Kind::Blob), ("at", Kind::Integer)],
};

const PAYMENT: Mapping = Mapping {
    key: &["mobile", "id", "direction"],
    columns: &[
        ("mobile", Kind::Text),
        ("id", Kind::Text),
        ("direction", Kind::Json),
        ("own", Kind::Text),
        ("other", Kind::Text),
        ("other_name", Kind::Text),
        ("account", Kind::Text),
        ("paise", Kind::Integer),
        ("note", Kind::Text),
        ("reference", Kind::Text),
        ("state", Kind::Json),
        ("code", Kind::Text),
        ("cause", Kind::Text),
        ("category", Kind::Text),
        ("original", Kind::Text),
        ("refunded", Kind::Integer),
        ("checks", Kind::Json),
        ("at", Kind::Integer),
        ("changed_at", Kind::Integer),
    ],
};

const USED_TRANSACTION: Mapping =
    Mapping { key: &["id"], columns: &[("id", Kind::Text), ("mobile", Kind::Text), ("at", Kind::Integer)] };

const PURSE: Mapping = Mapping {
    key: &["mobile"],
    columns: &[
        ("mobile", Kind::Text),
        ("purse", Kind::Text),
        ("ifsc", Kind::Text),
        ("account", Kind::Text),
        ("state", Kind::Json),
        ("pending", Kind::Text),
        ("at", Kind::Integer),
        ("changed_at", Kind::Integer),
    ],
};

const UPI_PURSE: Mapping = Mapping {
    key: &["number"],
    columns: &[
        ("number", Kind::Text),
        ("account", Kind::Text),
        ("sealed_key", Kind::Blob),
        ("counter", Kind::Integer),
        ("state", Kind::Json),
        ("at", Kind::Integer),
        ("changed_at", Kind::Integer),
    ],
};

const COLLECT_REQUEST: Mapping = Mapping {
    key: &["mobile", "id"],
    columns: &[
        ("mobile", Kind::Text),
        ("id", Kind::Text),
        ("message", Kind::Text),
        ("own", Kind::Text),
        ("payee", Kind::Text),
        ("payee_name", Kind::Text),
        ("category", Kind::Text),
        ("paise", Kind::Integer),
        ("note", Kind::Text),
        ("reference", Kind::Text),
        ("state", Kind::Json),
        ("mandate", Kind::Json),
        ("expires_at", Kind::Integer),
        ("at", Kind::Integer),
    ],
};

/// The open requests of merchants to a customer of a provider, the newest first.
pub fn open_collects(store: &Store, mobile: &str, most: u32) -> Result<Vec<CollectRequest>, StoreError> {
    const OPEN: &str =
        "SELECT id FROM psp_collects WHERE mobile = $1 AND state = 'open' ORDER BY at DESC LIMIT $2";
    let rows = store.rows(OPEN, &[Value::Text(mobile.to_owned()), Value::Integer(i64::from(most))])?;
    let id = |row: &Vec<Value>| match row.as_slice() {
        [Value::Text(id)] => Some((mobile.to_owned(), id.clone())),
        _ => None,
    };
    let keys: Vec<_> = rows.rows.iter().filter_map(id).collect();
    store.read(move |records| keys.iter().filter_map(|key| records.find::<CollectRequest>(key)).collect())
}

/// The last payments of a customer of a provider, newest first.
pub fn payments(store: &Store, mobile: &str, most: u32) -> Result<Vec<Payment>, StoreError> {
    const NEWEST: &str =
        "SELECT id, direction FROM psp_payments WHERE mobile = $1 ORDER BY at DESC, id DESC LIMIT $2";
    let parameters = [Value::Text(mobile.to_owned()), Value::Integer(i64::from(most))];
    read_payments(store, mobile, &store.rows(NEWEST, &parameters)?)
}

/// The payments of a customer whose transaction and direction these rows are.
fn read_payments(store: &Store, mobile: &str, rows: &Rows) -> Result<Vec<Payment>, StoreError> {
    let keys: Vec<_> = rows
        .rows
        .iter()
        .filter_map(|row| match row.as_slice() {
            [Value::Text(id), Value::Text(direction)] => {
                let direction = if direction == "sent" { Direction::Sent } else { Direction::Received };
                Some((mobile.to_owned(), id.clone(), direction))
            }
            _ => None,
        })
        .collect();
    store.read(move |records| keys.iter().filter_map(|key| records.find::<Payment>(key)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_fit_records_and_tables() {
        let books = super::super::ledger::tables;
        for schema in [switch(Schema::new()), books(bank(Schema::new())), psp(Schema::new())] {
            assert_eq!(schema.check_shapes(), Ok(()));
            assert_eq!(crate::sqlite::check_tables(&schema), Ok(()));
        }
    }
}

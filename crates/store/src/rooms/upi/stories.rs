//! What became of a mandate and of a purse, from the records of the switch and of its bank: for whoever asks with questions.

use crate::{Store, StoreError, Value};
use ::sandbox::upi::bank::{UpiAccount, UpiLeg, UpiMandate, UpiMandateDebit, UpiPurse};
use ::sandbox::upi::switch::{MandateOrder, UpiPayment};
use ::upi::machines::leg::Leg;
use values::{Record, Records};

/// Orders about one mandate, debits under it, tries of one, and legs of a purse that are told at most.
const MOST: i64 = 200;

/// Records that can be looked at: of a store that runs here, or the tables that another process writes.
pub trait Look {
    /// Why something cannot be looked at.
    type Error;
    /// One record.
    fn one<R: Record + Send + 'static>(&mut self, key: R::Key) -> Result<Option<R>, Self::Error>
    where
        R::Key: Send;
    /// The rows of a question.
    fn rows(&mut self, sql: &'static str, of: &[Value]) -> Result<Vec<Vec<Value>>, Self::Error>;
}

impl Look for &Store {
    type Error = StoreError;

    fn one<R: Record + Send + 'static>(&mut self, key: R::Key) -> Result<Option<R>, StoreError>
    where
        R::Key: Send,
    {
        self.read(move |records| records.find::<R>(&key))
    }

    fn rows(&mut self, sql: &'static str, of: &[Value]) -> Result<Vec<Vec<Value>>, StoreError> {
        Ok(Store::rows(self, sql, of)?.rows)
    }
}

/// A mandate at its bank: how it came about and changed, and each debit under it.
#[derive(Clone, Debug)]
pub struct MandateStory {
    /// As the payer's bank keeps it.
    pub mandate: UpiMandate,
    /// Every order about it, the oldest first.
    pub orders: Vec<MandateOrder>,
    /// Every debit that reached the bank, in order.
    pub debits: Vec<DebitStory>,
}

/// One debit under a mandate.
#[derive(Clone, Debug)]
pub struct DebitStory {
    /// As the bank has it.
    pub debit: UpiMandateDebit,
    /// Its tries as the switch has them, the oldest first.
    pub tries: Vec<UpiPayment>,
}

/// A purse at its bank.
#[derive(Clone, Debug)]
pub struct PurseStory {
    /// As the bank keeps it.
    pub purse: UpiPurse,
    /// What is in it by the bank's books, paise.
    pub paise: u64,
    /// What came into it and left it, the newest first.
    pub legs: Vec<UpiLeg>,
}

fn texts(rows: Vec<Vec<Value>>) -> Vec<String> {
    let text = |row: Vec<Value>| match row.into_iter().next() {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    };
    rows.into_iter().filter_map(text).collect()
}

/// The number of the mandate that an order by this transaction is about, if there is one.
pub fn mandate_of<S: Look>(switch: &mut S, transaction: &str) -> Result<Option<String>, S::Error> {
    Ok(switch.one::<MandateOrder>(transaction.to_owned())?.and_then(|order| order.number))
}

/// The mandate of this number, if the bank keeps it.
pub fn mandate<E, S, B>(number: &str, switch: &mut S, bank: &mut B) -> Result<Option<MandateStory>, E>
where
    S: Look<Error = E>,
    B: Look<Error = E>,
{
    const ORDERS: &str = "SELECT id FROM upi_mandate_orders WHERE number = $1 ORDER BY at, id LIMIT $2";
    const DEBITS: &str =
        "SELECT sequence FROM upi_mandate_debits WHERE number = $1 ORDER BY sequence LIMIT $2";
    const TRIES: &str =
        "SELECT \"transaction\" FROM upi_mandate_tries WHERE number = $1 AND sequence = $2 LIMIT $3";
    let Some(mandate) = bank.one::<UpiMandate>(number.to_owned())? else { return Ok(None) };
    let (named, most) = (Value::Text(number.to_owned()), Value::Integer(MOST));
    let mut orders = Vec::new();
    for id in texts(switch.rows(ORDERS, &[named.clone(), most.clone()])?) {
        orders.extend(switch.one::<MandateOrder>(id)?);
    }
    let mut debits = Vec::new();
    for row in bank.rows(DEBITS, &[named.clone(), most.clone()])? {
        let Some(Value::Integer(sequence)) = row.first() else { continue };
        let key = (number.to_owned(), u32::try_from(*sequence).unwrap_or_default());
        let Some(debit) = bank.one::<UpiMandateDebit>(key)? else { continue };
        let mut tries = Vec::new();
        for id in texts(bank.rows(TRIES, &[named.clone(), Value::Integer(*sequence), most.clone()])?) {
            tries.extend(switch.one::<UpiPayment>(id)?);
        }
        tries.sort_by_key(|payment| payment.at);
        debits.push(DebitStory { debit, tries });
    }
    Ok(Some(MandateStory { mandate, orders, debits }))
}

/// The purse of this number, if the bank keeps it.
pub fn purse<B: Look>(number: &str, bank: &mut B) -> Result<Option<PurseStory>, B::Error> {
    // The index behind it has legs of purses alone: their numbers have 18 digits, and no account's has.
    const LEGS: &str = "SELECT \"transaction\", leg FROM upi_legs WHERE account = $1 AND length(account) = 18 \
                        ORDER BY at DESC, \"transaction\" LIMIT $2";
    let Some(purse) = bank.one::<UpiPurse>(number.to_owned())? else { return Ok(None) };
    let Some(account) = bank.one::<UpiAccount>(number.to_owned())? else { return Ok(None) };
    let mut legs = Vec::new();
    for row in bank.rows(LEGS, &[Value::Text(number.to_owned()), Value::Integer(MOST)])? {
        let [Value::Text(transaction), Value::Text(leg)] = row.as_slice() else { continue };
        let leg = if leg == "debit" { Leg::Debit } else { Leg::Credit };
        legs.extend(bank.one::<UpiLeg>((transaction.clone(), leg))?);
    }
    let books = bank.one::<ledger::Account>(account.books)?;
    let paise = books.map_or(0, |books| u64::try_from(books.balance()).unwrap_or_default());
    Ok(Some(PurseStory { purse, paise, legs }))
}

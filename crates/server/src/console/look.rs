//! Questions to the records: lists by cursor, payments by any name, sums of the last minutes.
//!
//! Only what an operator may see is asked for: of a token its last four digits, of a device no key.

use super::accounts::AccountSources;
use crate::test_mode::TestTools;
use acquiring::Reference;
use acquiring::records::Payment;
use platform::acquirer::Acquirer;
use serde::Deserialize;
use store::{Rows, Store, StoreError, Value};
use tokens::records::{TokenReference, VaultEntry};
use values::{Currency, Records, Timestamp};

/// Rows on one page.
pub const ROWS: usize = 25;

/// The records a console reads.
#[derive(Clone)]
pub struct Sources {
    /// Payments, merchants, batches.
    pub acquirer: Store,
    /// Tokens, devices, limits.
    pub tokens: Store,
    /// Settlement days; only where the network runs in the same process.
    pub network: Option<Store>,
    /// Risk rules, by the bank's name; only where banks run in the same process.
    pub banks: Vec<(String, Store)>,
    /// The switch and the banks of account payment; only where they run in the same process.
    pub accounts: Option<AccountSources>,
    /// The clock and the faults; only in a sandbox.
    pub test: Option<TestTools>,
}

impl Sources {
    /// The platform's own records.
    pub fn of_platform(acquirer: &Acquirer, tokens: &Store) -> Sources {
        Sources {
            acquirer: acquirer.store().clone(),
            tokens: tokens.clone(),
            network: None,
            banks: Vec::new(),
            accounts: None,
            test: None,
        }
    }
}

/// The token that paid, by its reference, while both are known.
pub fn token_behind(sources: &Sources, reference: &str) -> Result<Option<TokenReference>, StoreError> {
    let Ok(reference) = reference.parse::<Reference>() else { return Ok(None) };
    let payment = sources.acquirer.read(move |records| records.find::<Payment>(&reference))?;
    let Some(number) = payment.and_then(|payment| payment.token) else { return Ok(None) };
    Ok(sources.tokens.read(move |records| records.find::<VaultEntry>(&number))?.map(|entry| entry.reference))
}

/// A payment in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentRow {
    /// DE 37.
    pub reference: String,
    /// Its name in interfaces.
    pub id: String,
    /// What it is, as records say it.
    pub kind: String,
    /// How the card was read (DE 22), as records say it.
    pub entry_mode: String,
    /// Where it stands, as records say it.
    pub state: String,
    /// The merchant's name.
    pub merchant: String,
    /// The terminal.
    pub terminal: String,
    /// The terminal's trace number.
    pub trace: u32,
    /// The trace number towards the network.
    pub network_trace: u32,
    /// The terminal's batch.
    pub batch: i64,
    /// Minor units, code, decimals.
    pub money: (u64, &'static str, u8),
    /// Last four digits of the token.
    pub last_four: String,
    /// When it was accepted.
    pub at: Timestamp,
    /// What the issuer said.
    pub response_code: Option<String>,
    /// The issuer's approval code.
    pub approval_code: Option<String>,
    /// Why it was reversed.
    pub reversal_reason: Option<String>,
    /// The settlement date, `MMDD`.
    pub settled_on: Option<i64>,
}

impl PaymentRow {
    /// Where the list goes on after this row.
    pub fn cursor(&self) -> String {
        format!("{}-{}", self.at.millis(), self.reference)
    }
}

/// Which payments.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Wanted {
    /// Where the list goes on.
    #[serde(default)]
    pub after: String,
    /// `approved`, `declined` or `unknown`; all without it.
    #[serde(default)]
    pub state: String,
}

const PAYMENT: &str = "SELECT p.reference, p.id, p.kind, p.state, m.name, p.terminal, p.terminal_trace, p.stan, p.batch, \
    p.amount, p.currency, p.last_four, p.accepted_at, p.response_code, p.approval_code, p.reversal_reason, p.settled_on, \
    p.entry_mode \
    FROM payments p LEFT JOIN merchants m ON m.id = p.merchant";

/// Payments, newest first, and the cursor of what follows.
pub fn payments(store: &Store, wanted: &Wanted) -> Result<(Vec<PaymentRow>, Option<String>), StoreError> {
    let (at, reference) = wanted.after.split_once('-').unwrap_or_default();
    let at = at.parse().unwrap_or(i64::MAX);
    let states = match wanted.state.as_str() {
        "approved" => "p.state IN ('\"approved\"', '\"completed\"')",
        "declined" => "p.state = '\"declined\"'",
        "unknown" => UNKNOWN,
        _ => "1 = 1",
    };
    let asked = format!(
        "{PAYMENT} WHERE (p.accepted_at < $1 OR (p.accepted_at = $1 AND p.reference < $2)) AND {states} \
         ORDER BY p.accepted_at DESC, p.reference DESC LIMIT $3"
    );
    let limit = i64::try_from(ROWS + 1).unwrap_or(i64::MAX);
    let parameters = [Value::Integer(at), Value::Text(reference.to_owned()), Value::Integer(limit)];
    let mut rows = payment_rows(&store.rows(&asked, &parameters)?);
    let next = rows.get(ROWS - 1).filter(|_| rows.len() > ROWS).map(PaymentRow::cursor);
    rows.truncate(ROWS);
    Ok((rows, next))
}

/// What nobody knows the end of yet.
const UNKNOWN: &str = "p.state IN ('\"pending\"', '\"advised\"', '\"reversal_pending\"')";

/// The payment of this reference.
pub fn payment(store: &Store, reference: &str) -> Result<Option<PaymentRow>, StoreError> {
    let asked = format!("{PAYMENT} WHERE p.reference = $1");
    Ok(payment_rows(&store.rows(&asked, &[Value::Text(reference.to_owned())])?).pop())
}

/// Payments that have this name, whatever name it is: reference, id, approval code, a trace number, last four digits.
pub fn payments_named(store: &Store, name: &str) -> Result<Vec<PaymentRow>, StoreError> {
    let number = name.parse::<i64>().ok().filter(|_| name.len() <= 6);
    // Parameters are counted by their first appearance.
    let asked = format!(
        "{PAYMENT} WHERE p.reference = $1 OR p.id = $1 OR p.approval_code = $1 OR p.terminal = $1 \
         OR ((p.terminal_trace = $2 OR p.stan = $2) AND $3 = 6) OR (p.last_four = $2 AND $3 = 4) \
         ORDER BY p.accepted_at DESC, p.reference DESC LIMIT 50"
    );
    let length = number.map_or(0, |_| i64::try_from(name.len()).unwrap_or(0));
    let parameters =
        [Value::Text(name.to_owned()), Value::Integer(number.unwrap_or(-1)), Value::Integer(length)];
    Ok(payment_rows(&store.rows(&asked, &parameters)?))
}

fn payment_rows(rows: &Rows) -> Vec<PaymentRow> {
    let row = |row: &Vec<Value>| {
        let row = Columns(row);
        PaymentRow {
            reference: row.text(0),
            id: row.text(1),
            kind: row.word(2),
            state: row.word(3),
            merchant: row.text(4),
            terminal: row.text(5),
            trace: u32::try_from(row.number(6)).unwrap_or(0),
            network_trace: u32::try_from(row.number(7)).unwrap_or(0),
            batch: row.number(8),
            money: money(row.number(9), row.number(10)),
            last_four: format!("{:04}", row.number(11)),
            at: Timestamp::from_millis(row.number(12)),
            response_code: row.some_text(13),
            approval_code: row.some_text(14),
            reversal_reason: row.some_text(15),
            settled_on: row.some_number(16),
            entry_mode: row.text(17),
        }
    };
    rows.rows.iter().map(row).collect()
}

/// The columns of one row; what is missing reads as nothing.
pub struct Columns<'a>(pub &'a [Value]);

impl Columns<'_> {
    /// The text at a place.
    pub fn text(&self, place: usize) -> String {
        self.some_text(place).unwrap_or_default()
    }

    /// The text at a place, if there is one.
    pub fn some_text(&self, place: usize) -> Option<String> {
        match self.0.get(place) {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        }
    }

    /// A word that records keep as JSON.
    pub fn word(&self, place: usize) -> String {
        self.text(place).trim_matches('"').to_owned()
    }

    /// The number at a place.
    pub fn number(&self, place: usize) -> i64 {
        self.some_number(place).unwrap_or(0)
    }

    /// The number at a place, if there is one.
    pub fn some_number(&self, place: usize) -> Option<i64> {
        match self.0.get(place) {
            Some(Value::Integer(number)) => Some(*number),
            _ => None,
        }
    }
}

/// Minor units with code and decimals of a currency by its number.
pub fn money(minor: i64, currency: i64) -> (u64, &'static str, u8) {
    let currency = u16::try_from(currency).ok().and_then(Currency::from_numeric);
    let (code, decimals) = currency
        .map_or(("", 0), |currency| (currency.alpha(), u8::try_from(currency.exponent()).unwrap_or(0)));
    (u64::try_from(minor).unwrap_or(0), code, decimals)
}

/// How payments of the last minutes went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pulse {
    /// Answered with yes.
    pub approved: i64,
    /// Answered.
    pub answered: i64,
    /// Nobody knows yet, of whatever age.
    pub unknown: i64,
    /// Messages of the acquirer and the token service that wait to be delivered.
    pub waiting: i64,
}

/// How payments went since then.
pub fn pulse(sources: &Sources, since: Timestamp) -> Result<Pulse, StoreError> {
    let asked = format!(
        "SELECT coalesce(sum(CASE WHEN p.accepted_at >= $1 AND p.response_code = '00' THEN 1 ELSE 0 END), 0), \
         coalesce(sum(CASE WHEN p.accepted_at >= $1 AND p.response_code IS NOT NULL THEN 1 ELSE 0 END), 0), \
         coalesce(sum(CASE WHEN {UNKNOWN} THEN 1 ELSE 0 END), 0) FROM payments p"
    );
    let rows = sources.acquirer.rows(&asked, &[Value::Integer(since.millis())])?;
    let waiting = |store: &Store| -> Result<i64, StoreError> {
        // What only waits for its time is not late.
        let asked = "SELECT count(*) FROM outbox WHERE topic <> 'acquirer.intent_expiry'";
        let rows = store.rows(asked, &[])?;
        Ok(rows.rows.first().map_or(0, |row| Columns(row).number(0)))
    };
    let row = rows.rows.first().map_or(&[][..], Vec::as_slice);
    Ok(Pulse {
        approved: Columns(row).number(0),
        answered: Columns(row).number(1),
        unknown: Columns(row).number(2),
        waiting: waiting(&sources.acquirer)? + waiting(&sources.tokens)?,
    })
}

/// A token as an operator may see it: reference, last four of token and card, issuer, standing, device, when made.
pub const TOKENS: &str =
    "SELECT reference, number % 10000, last_four, issuer, standing, device, created FROM tokens";

/// Tokens that have this name: reference, device, customer, last four digits of the token or of the card.
pub fn tokens_named(store: &Store, name: &str) -> Result<Rows, StoreError> {
    let number = name.parse::<i64>().ok().filter(|_| name.len() == 4).unwrap_or(-1);
    let asked = format!(
        "{TOKENS} WHERE reference = $1 OR device = $1 OR customer = $1 OR number % 10000 = $2 OR last_four = $2 \
         ORDER BY reference DESC LIMIT 50"
    );
    store.rows(&asked, &[Value::Text(name.to_owned()), Value::Integer(number)])
}

/// A page of a table that is ordered by a text, the greatest first; `asked` is the question without its condition.
pub fn page(store: &Store, asked: &str, key: &str, after: &str) -> Result<Rows, StoreError> {
    let from = if after.is_empty() { "\u{7f}" } else { after };
    let asked = format!("{asked} WHERE {key} < $1 ORDER BY {key} DESC LIMIT $2");
    let limit = i64::try_from(ROWS + 1).unwrap_or(i64::MAX);
    store.rows(&asked, &[Value::Text(from.to_owned()), Value::Integer(limit)])
}

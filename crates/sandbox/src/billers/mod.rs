//! Billers: they say what a customer owes this month, take a payment for it once, or say why not.
//!
//! It is asked and told over a wire by whoever pays for its customers; it never sees an account or a PIN, and trusts that the money
//! of a payment it is told of has come to its own account, as its provider says.
//!
//! Read `directory` (who takes what), then this file: bills follow from biller, customer and month, so they need no table; what was
//! paid is recorded.

pub mod directory;

use crate::digest::Digest;
use directory::{Biller, BillerDirectory};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::time::Duration;
use values::time::{Civil, Zone};
use values::{Operation, Record, Records, Timestamp};

/// How long a biller that thinks about a payment does so.
pub const THINKS_FOR: Duration = Duration::from_secs(120);

/// How a customer number behaves, by its last two characters. Anything else has a bill each month, and pays it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// A bill each month; payments are taken.
    Ordinary,
    /// `00`: nobody has this number.
    Unknown,
    /// `01`: nothing is due.
    NothingDue,
    /// `02`: the biller does not take the payment, after it has the money.
    Refuses,
    /// `03`: the biller thinks about a payment for two minutes, then takes it.
    Thinks,
}

/// How this customer number behaves.
pub fn behaviour(customer: &str) -> Behaviour {
    match customer.get(customer.len().saturating_sub(2)..) {
        Some("00") => Behaviour::Unknown,
        Some("01") => Behaviour::NothingDue,
        Some("02") => Behaviour::Refuses,
        Some("03") => Behaviour::Thinks,
        _ => Behaviour::Ordinary,
    }
}

/// A month's bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonthlyBill {
    /// Its number, ten digits.
    pub number: String,
    /// The name of the biller's customer.
    pub customer_name: String,
    /// The month, `2026-11`.
    pub period: String,
    /// The last day on which it is not late.
    pub due_on: String,
    /// Paise.
    pub paise: u64,
}

/// Why there is no bill, as a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoBill {
    /// No such biller.
    BillerUnknown,
    /// The customer's particulars do not keep the biller's rules; the place of the first that does not.
    ParameterInvalid(usize),
    /// Nobody has this number.
    CustomerUnknown,
    /// Nothing is due, or it was paid.
    NothingDue,
}

impl NoBill {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            NoBill::BillerUnknown => "biller_unknown",
            NoBill::ParameterInvalid(_) => "parameter_invalid",
            NoBill::CustomerUnknown => "customer_unknown",
            NoBill::NothingDue => "nothing_due",
        }
    }
}

/// A payment that a biller was told of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillerPayment {
    /// The transaction by which it was paid.
    pub transaction: String,
    /// The biller.
    pub biller: String,
    /// The customer's particulars.
    pub parameters: Vec<(String, String)>,
    /// The bill's number, or the plan of a recharge.
    pub subject: String,
    /// Paise.
    pub paise: u64,
    /// How it stands.
    pub state: BillerState,
    /// When it was told.
    pub at: Timestamp,
}

/// How a payment stands at its biller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BillerState {
    /// The biller has not decided.
    Pending,
    /// Taken; the receipt.
    Confirmed(String),
    /// Not taken; why, as a code.
    Refused(String),
}

impl Record for BillerPayment {
    type Key = String;
    const TABLE: &'static str = "biller_payments";
    fn key(&self) -> String {
        self.transaction.clone()
    }
}

/// A bill that was paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaidBill {
    /// The biller.
    pub biller: String,
    /// The bill's number.
    pub number: String,
    /// By which transaction.
    pub transaction: String,
}

impl Record for PaidBill {
    type Key = (String, String);
    const TABLE: &'static str = "biller_paid_bills";
    fn key(&self) -> Self::Key {
        (self.biller.clone(), self.number.clone())
    }
}

/// Finds what a customer owes a biller now.
pub fn due<W: Records>(
    records: &mut W,
    biller: &str,
    parameters: &[(String, String)],
    now: Timestamp,
) -> Result<MonthlyBill, NoBill> {
    let biller = BillerDirectory::sandbox().find(biller).ok_or(NoBill::BillerUnknown)?;
    let customer = customer_of(biller, parameters)?;
    let bill = match behaviour(&customer) {
        Behaviour::Unknown => return Err(NoBill::CustomerUnknown),
        Behaviour::NothingDue => return Err(NoBill::NothingDue),
        _ => monthly(biller, &customer, month_of(now)).ok_or(NoBill::NothingDue)?,
    };
    match records.find::<PaidBill>(&(biller.id.clone(), bill.number.clone())) {
        Some(_) => Err(NoBill::NothingDue),
        None => Ok(bill),
    }
}

/// Under what a biller knows a customer: the particulars, in the order of the biller.
fn customer_of(biller: &Biller, parameters: &[(String, String)]) -> Result<String, NoBill> {
    let mut customer = Vec::new();
    for (place, rule) in biller.parameters.iter().enumerate() {
        let given = parameters.iter().find(|(name, _)| *name == rule.name).map(|(_, value)| value);
        let given = given.filter(|value| rule.allows(value)).ok_or(NoBill::ParameterInvalid(place))?;
        customer.push(given.as_str());
    }
    if parameters.len() != biller.parameters.len() {
        return Err(NoBill::ParameterInvalid(biller.parameters.len()));
    }
    Ok(customer.join(" "))
}

fn month_of(at: Timestamp) -> (i16, u8) {
    let Civil { year, month, .. } = at.civil(Zone::Kolkata);
    (year, month)
}

/// Names of customers, who are as invented as their bills.
const NAMES: [&str; 6] = ["Asha Rao", "Ravi Menon", "Meera Iyer", "Dev Sharma", "Nila Das", "Farid Khan"];

/// The bill of a month: everything in it follows from biller, customer and month.
fn monthly(biller: &Biller, customer: &str, (year, month): (i16, u8)) -> Option<MonthlyBill> {
    let (least, most) = biller.range()?;
    let period = format!("{year:04}-{month:02}");
    let seed = |what: &str| {
        let pieces = [what.as_bytes(), biller.id.as_bytes(), customer.as_bytes(), period.as_bytes()];
        Digest::of(&pieces).as_u128()
    };
    let name = Digest::of(&[b"biller's customer", biller.id.as_bytes(), customer.as_bytes()]).as_u128();
    let span = u128::from(most - least + 1);
    Some(MonthlyBill {
        number: format!("{:010}", seed("number of a bill") % 10_000_000_000),
        customer_name: NAMES[usize::try_from(name % 6).unwrap_or_default()].to_owned(),
        due_on: format!("{period}-20"),
        paise: least + u64::try_from(seed("amount of a bill") % span).unwrap_or_default(),
        period,
    })
}

/// A biller is told that it was paid. It decides once; told again it says the same, and what it thought about it may know by
/// then.
pub struct TakePayment {
    /// The transaction.
    pub transaction: String,
    /// The biller.
    pub biller: String,
    /// The customer's particulars.
    pub parameters: Vec<(String, String)>,
    /// The bill's number, or the plan of a recharge.
    pub subject: String,
    /// Paise.
    pub paise: u64,
}

impl Operation for TakePayment {
    type Answer = BillerState;
    type Refusal = Infallible;
    const NAME: &'static str = "billers.take_payment";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<BillerState, Infallible> {
        let known = records.find::<BillerPayment>(&self.transaction);
        if let Some(known) = &known {
            if !self.is(known) {
                return Ok(BillerState::Refused("transaction_used".to_owned()));
            }
            if known.state != BillerState::Pending || now.since(known.at) < THINKS_FOR {
                return Ok(known.state.clone());
            }
        }
        let may_think = known.is_none();
        let state = self.decide(records, now, may_think);
        if let (BillerState::Pending | BillerState::Confirmed(_), true) = (&state, self.is_bill()) {
            // While the biller thinks nobody else pays it.
            let (biller, number) = (self.biller.clone(), self.subject.clone());
            records.put(PaidBill { biller, number, transaction: self.transaction.clone() });
        }
        records.put(BillerPayment {
            transaction: self.transaction.clone(),
            biller: self.biller.clone(),
            parameters: self.parameters.clone(),
            subject: self.subject.clone(),
            paise: self.paise,
            state: state.clone(),
            at: known.map_or(now, |known| known.at),
        });
        Ok(state)
    }
}

impl TakePayment {
    fn is(&self, known: &BillerPayment) -> bool {
        known.biller == self.biller
            && known.parameters == self.parameters
            && known.subject == self.subject
            && known.paise == self.paise
    }

    /// Whether it is a bill, and not a recharge.
    fn is_bill(&self) -> bool {
        BillerDirectory::sandbox().find(&self.biller).is_some_and(|biller| biller.plans.is_empty())
    }

    fn decide<W: Records>(&self, records: &mut W, now: Timestamp, may_think: bool) -> BillerState {
        let refused = |code: &str| BillerState::Refused(code.to_owned());
        let Some(biller) = BillerDirectory::sandbox().find(&self.biller) else {
            return refused(NoBill::BillerUnknown.code());
        };
        let customer = match customer_of(biller, &self.parameters) {
            Ok(customer) => customer,
            Err(no) => return refused(no.code()),
        };
        let due = match biller.plans.is_empty() {
            true => self.owed(biller, &customer, now),
            false => biller.plan(&self.subject).map(directory::Plan::paise),
        };
        let Some(due) = due else { return refused("bill_unknown") };
        let is_right = match biller.rule.as_str() {
            "exact_and_above" => self.paise >= due,
            "exact_and_below" => self.paise > 0 && self.paise <= due,
            _ => self.paise == due,
        };
        if !is_right {
            return refused("amount_wrong");
        }
        let paid = records.find::<PaidBill>(&(biller.id.clone(), self.subject.clone()));
        if paid.is_some_and(|paid| paid.transaction != self.transaction) {
            return refused("bill_paid");
        }
        match behaviour(&customer) {
            Behaviour::Unknown | Behaviour::NothingDue => refused(NoBill::CustomerUnknown.code()),
            Behaviour::Refuses => refused("biller_declined"),
            Behaviour::Thinks if may_think => BillerState::Pending,
            _ => BillerState::Confirmed(self.receipt(biller)),
        }
    }

    /// What is due on the bill of this number: of this month, or of the one before, in which it may have been asked for.
    fn owed(&self, biller: &Biller, customer: &str, now: Timestamp) -> Option<u64> {
        let (year, month) = month_of(now);
        let before = if month == 1 { (year - 1, 12) } else { (year, month - 1) };
        let each = [(year, month), before].into_iter().filter_map(|month| monthly(biller, customer, month));
        each.filter(|bill| bill.number == self.subject).map(|bill| bill.paise).next()
    }

    /// The receipt follows from the transaction, so that it is the same however often it is said.
    fn receipt(&self, biller: &Biller) -> String {
        let drawn = Digest::of(&[b"receipt of a biller", self.transaction.as_bytes()]).as_u128();
        format!("{}{:012}", biller.id.get(..4).unwrap_or_default(), drawn % 1_000_000_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::testing::MemoryRecords;

    const NOW: Timestamp = Timestamp::from_millis(1_795_305_600_000);

    fn known(number: &str) -> Vec<(String, String)> {
        vec![("consumer_number".to_owned(), number.to_owned())]
    }

    fn pays(transaction: &str, number: &str, bill: &MonthlyBill) -> TakePayment {
        TakePayment {
            transaction: transaction.to_owned(),
            biller: "KONK00000ELE01".to_owned(),
            parameters: known(number),
            subject: bill.number.clone(),
            paise: bill.paise,
        }
    }

    fn bill(records: &mut MemoryRecords, number: &str, now: Timestamp) -> Result<MonthlyBill, NoBill> {
        due(records, "KONK00000ELE01", &known(number), now)
    }

    #[test]
    fn a_bill_is_paid_once_and_the_next_month_has_another() {
        let mut records = MemoryRecords::default();
        let first = bill(&mut records, "1234567890", NOW).unwrap();
        assert_eq!(first, bill(&mut records, "1234567890", NOW).unwrap());
        assert!((24_000..=235_000).contains(&first.paise) && first.number.len() == 10, "{first:?}");
        assert_ne!(first.number, bill(&mut records, "1234567891", NOW).unwrap().number);
        let taken = pays("T1", "1234567890", &first).apply(&mut records, NOW).unwrap();
        let BillerState::Confirmed(receipt) = &taken else { panic!("{taken:?}") };
        assert!(receipt.starts_with("KONK") && receipt.len() == 16);
        // The same one again says the same, another one for the same bill does not.
        assert_eq!(pays("T1", "1234567890", &first).apply(&mut records, NOW), Ok(taken));
        let refused = |code: &str| Ok(BillerState::Refused(code.to_owned()));
        assert_eq!(pays("T2", "1234567890", &first).apply(&mut records, NOW), refused("bill_paid"));
        let other = TakePayment { paise: 1, ..pays("T1", "1234567890", &first) };
        assert_eq!(other.apply(&mut records, NOW), refused("transaction_used"));
        assert_eq!(bill(&mut records, "1234567890", NOW), Err(NoBill::NothingDue));
        let later = NOW.after(Duration::from_secs(31 * 86_400));
        assert_ne!(bill(&mut records, "1234567890", later).unwrap().number, first.number);
    }

    #[test]
    fn what_is_not_due_is_not_taken() {
        let mut records = MemoryRecords::default();
        let due = bill(&mut records, "1234567890", NOW).unwrap();
        let refused = |payment: TakePayment, records: &mut MemoryRecords| match payment.apply(records, NOW) {
            Ok(BillerState::Refused(code)) => code,
            other => panic!("{other:?}"),
        };
        let less = TakePayment { paise: due.paise - 1, ..pays("T1", "1234567890", &due) };
        assert_eq!(refused(less, &mut records), "amount_wrong");
        let unknown = TakePayment { subject: "0000000000".to_owned(), ..pays("T2", "1234567890", &due) };
        assert_eq!(refused(unknown, &mut records), "bill_unknown");
        let short = TakePayment { parameters: known("123"), ..pays("T3", "1234567890", &due) };
        assert_eq!(refused(short, &mut records), "parameter_invalid");
        let nobody = TakePayment { biller: "X".to_owned(), ..pays("T4", "1234567890", &due) };
        assert_eq!(refused(nobody, &mut records), "biller_unknown");
        assert_eq!(bill(&mut records, "1234567800", NOW), Err(NoBill::CustomerUnknown));
        assert_eq!(bill(&mut records, "1234567801", NOW), Err(NoBill::NothingDue));
        let declined = bill(&mut records, "1234567802", NOW).unwrap();
        assert_eq!(refused(pays("T5", "1234567802", &declined), &mut records), "biller_declined");
        // What was refused is still due.
        assert_eq!(bill(&mut records, "1234567802", NOW), Ok(declined));
    }

    #[test]
    fn a_biller_that_thinks_says_so_until_it_knows_and_keeps_others_off_the_bill() {
        let mut records = MemoryRecords::default();
        let due = bill(&mut records, "1234567803", NOW).unwrap();
        let told = |transaction: &str, records: &mut MemoryRecords, now| {
            pays(transaction, "1234567803", &due).apply(records, now).unwrap()
        };
        assert_eq!(told("T1", &mut records, NOW), BillerState::Pending);
        assert_eq!(told("T1", &mut records, NOW.after(Duration::from_secs(119))), BillerState::Pending);
        assert_eq!(told("T2", &mut records, NOW), BillerState::Refused("bill_paid".to_owned()));
        assert!(matches!(told("T1", &mut records, NOW.after(THINKS_FOR)), BillerState::Confirmed(_)));
    }

    #[test]
    fn the_page_lists_the_endings_that_behave_in_their_own_way() {
        let page = include_str!("../../../../docs/upi.md");
        let listed = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
        let listed: Vec<_> = listed.filter(|(ending, _)| ending.len() == 2).collect();
        let behaviours = listed.iter().map(|(ending, _)| behaviour(&format!("12345678{ending}")));
        let all = [Behaviour::Unknown, Behaviour::NothingDue, Behaviour::Refuses, Behaviour::Thinks];
        assert_eq!(behaviours.collect::<Vec<_>>(), all, "{listed:?}");
        assert_eq!(behaviour("1234567804"), Behaviour::Ordinary);
    }

    #[test]
    fn a_recharge_is_one_of_the_plans() {
        let mut records = MemoryRecords::default();
        let recharge = |transaction: &str, plan: &str, paise| TakePayment {
            transaction: transaction.to_owned(),
            biller: "JYOT00000MOB01".to_owned(),
            parameters: vec![("mobile_number".to_owned(), "9812345678".to_owned())],
            subject: plan.to_owned(),
            paise,
        };
        for transaction in ["T1", "T2"] {
            let taken = recharge(transaction, "J199", 19_900).apply(&mut records, NOW).unwrap();
            assert!(
                matches!(taken, BillerState::Confirmed(_)),
                "a number is recharged as often as it is paid"
            );
        }
        let refused =
            |payment: TakePayment, records: &mut MemoryRecords| payment.apply(records, NOW).unwrap();
        let wrong = BillerState::Refused("amount_wrong".to_owned());
        assert_eq!(refused(recharge("T3", "J199", 19_800), &mut records), wrong);
        let unknown = BillerState::Refused("bill_unknown".to_owned());
        assert_eq!(refused(recharge("T4", "X", 19_900), &mut records), unknown);
    }
}

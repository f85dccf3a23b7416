//! What phones ask about bills and recharges.

use super::super::billers::{BillersLine, NoAnswer};
use super::{Call, LISTED, No, Shown, shown};
use axum::http::StatusCode;
use axum::response::Response;
use platform::psp::{BillOrder, PaymentService, PspError};
use psp::Refusal;
use psp::bills::{BillPayment, Terms};
use psp::records::DeviceId;
use serde::{Deserialize, Serialize};
use upi::messages::Credential;
use values::{Currency, Money};

pub use super::super::billers::BillerEntry as BillerShown;

/// Asks what is due.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewBill {
    /// The biller.
    pub biller: String,
    /// By what it knows its customer: names and values.
    pub parameters: Vec<(String, String)>,
}

/// Chooses a plan for a prepaid number.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewRecharge {
    /// Whose plan it is.
    pub biller: String,
    /// The number: names and values, as the biller has them.
    pub parameters: Vec<(String, String)>,
    /// The plan.
    pub plan: String,
}

/// Pays a bill.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewBillPayment {
    /// The transaction, made by the phone: the same one again is the same payment.
    pub transaction: String,
    /// The account; the first one if empty.
    pub account: String,
    /// Rupees, such as `30.00`.
    pub amount: String,
    /// The PIN, sealed.
    pub pin: Credential,
}

/// A bill that was paid, and the payment by which it was.
#[derive(Debug, Serialize, Deserialize)]
pub struct BillPaid {
    /// The bill, and how far it is.
    pub bill: BillPayment,
    /// The payment.
    pub payment: Shown,
}

impl From<NoAnswer> for No {
    fn from(no: NoAnswer) -> No {
        match no {
            NoAnswer::Refused(code) => {
                let known = CODES.iter().find(|(known, _)| *known == code);
                let (code, text) = known.copied().unwrap_or(("biller_refused", "the biller says no"));
                No(StatusCode::UNPROCESSABLE_ENTITY, code, text.to_owned())
            }
            NoAnswer::Silent => {
                let text = "the biller does not answer now".to_owned();
                No(StatusCode::SERVICE_UNAVAILABLE, "biller_silent", text)
            }
        }
    }
}

/// Why there is no bill, as billers say it.
const CODES: [(&str, &str); 4] = [
    ("biller_unknown", "there is no such biller"),
    ("parameter_invalid", "the customer's number is not as this biller writes it"),
    ("customer_unknown", "this biller knows no such customer"),
    ("nothing_due", "nothing is due"),
];

/// Answers what is asked here; nothing if it is something else.
pub(super) fn answer(
    service: &PaymentService,
    line: Option<&BillersLine>,
    device: DeviceId,
    call: &Call,
    rest: &[&str],
) -> Option<Result<Response, No>> {
    let answer = || -> Result<Option<Response>, No> {
        match (call.method.as_str(), rest) {
            ("GET", ["billers"]) => {
                service.customer(device)?;
                Ok(Some(shown(&line.ok_or(NoAnswer::Silent)?.billers()?)))
            }
            ("POST", ["bills"]) => {
                let terms = fetched(service, line, device, call.read()?)?;
                Ok(Some(shown(&service.keep_bill(device, terms)?)))
            }
            ("POST", ["recharges"]) => {
                let terms = chosen(service, line, device, call.read()?)?;
                Ok(Some(shown(&service.keep_bill(device, terms)?)))
            }
            ("GET", ["bills"]) => Ok(Some(shown(&service.bill_payments(device, LISTED)?))),
            ("GET", ["bills", id]) => Ok(Some(shown(&service.bill(device, id)?))),
            ("POST", ["bills", id]) => {
                let new: NewBillPayment = call.read()?;
                let amount = Money::parse(&new.amount, Currency::INR).map_err(|_| No::invalid("/amount"))?;
                let NewBillPayment { transaction, account, pin, .. } = new;
                let order = BillOrder { bill: (*id).to_owned(), transaction, account, amount, pin };
                Ok(Some(shown(&Shown::from(service.pay_bill(device, order)?))))
            }
            ("GET", ["payments", id, "bill"]) => {
                let (bill, payment) = (service.bill_payment(device, id)?, service.payment(device, id)?);
                Ok(Some(shown(&BillPaid { bill, payment: payment.into() })))
            }
            _ => Ok(None),
        }
    };
    answer().transpose()
}

/// What is due, as the biller says now.
fn fetched(
    service: &PaymentService,
    line: Option<&BillersLine>,
    device: DeviceId,
    new: NewBill,
) -> Result<Terms, No> {
    service.customer(device)?;
    let line = line.ok_or(NoAnswer::Silent)?;
    let biller = line.billers()?.into_iter().find(|biller| biller.id == new.biller);
    let biller = biller.ok_or_else(|| NoAnswer::Refused("biller_unknown".to_owned()))?;
    Ok(line.fetch(&biller, &new.parameters)?)
}

/// What a plan costs, as the biller says now.
fn chosen(
    service: &PaymentService,
    line: Option<&BillersLine>,
    device: DeviceId,
    new: NewRecharge,
) -> Result<Terms, No> {
    service.customer(device)?;
    let billers = line.ok_or(NoAnswer::Silent)?.billers()?;
    let refused = |code: &str| NoAnswer::Refused(code.to_owned());
    let biller = billers.iter().find(|biller| biller.id == new.biller);
    let biller = biller.ok_or_else(|| refused("biller_unknown"))?;
    let plan = biller.plans.iter().find(|plan| plan.id == new.plan);
    let plan = plan.ok_or(PspError::Refused(Refusal::NotFound))?;
    let is_as_written = biller.parameters.len() == new.parameters.len()
        && biller
            .parameters
            .iter()
            .all(|rule| new.parameters.iter().any(|(name, value)| *name == rule.name && rule.allows(value)));
    if !is_as_written {
        return Err(refused("parameter_invalid").into());
    }
    Ok(Terms {
        biller: biller.id.clone(),
        biller_name: biller.name.clone(),
        parameters: new.parameters,
        number: None,
        plan: Some(plan.id.clone()),
        customer_name: None,
        period: None,
        due_on: None,
        paise: plan.paise(),
        rule: biller.rule,
    })
}

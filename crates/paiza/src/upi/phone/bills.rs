//! `paiza upi billers`, `bill`, `recharge`, `bills`: bills and recharges.

use super::{LOOKS, PhoneDir, TypedPin, WhichAccount, failure, linked, open};
use crate::output::{Failure, Output};
use clap::Subcommand;
use psp::bills::{Bill, BillPayment, BillState};
use serde_json::json;
use server::upi::phone::UpiPhone;
use values::{Currency, Money};

/// What is done with bills.
#[derive(Subcommand)]
pub(crate) enum Billed {
    /// Who takes bills, by what they know their customers, and what can be recharged
    Billers {
        #[command(flatten)]
        phone: PhoneDir,
        /// Only those of this category, such as electricity or recharge
        #[arg(long)]
        category: Option<String>,
    },
    /// What is due at a biller; with --pay it is paid
    Bill {
        #[command(flatten)]
        phone: PhoneDir,
        /// The biller, by its name in the directory
        biller: String,
        /// By what the biller knows its customer, repeated for each particular
        #[arg(long = "with", value_name = "NAME=VALUE", required = true)]
        with: Vec<String>,
        /// Pay it
        #[arg(long)]
        pay: bool,
        /// Rupees, such as 30.00, where the biller takes more or less; what is due if absent
        #[arg(long, requires = "pay")]
        amount: Option<String>,
        #[command(flatten)]
        account: WhichAccount,
        #[command(flatten)]
        typed: TypedPin,
    },
    /// Recharge a prepaid number with a plan
    Recharge {
        #[command(flatten)]
        phone: PhoneDir,
        /// Whose number it is, by the name in the directory
        biller: String,
        /// The number
        #[arg(long)]
        number: String,
        /// The plan, as `billers` lists it
        #[arg(long)]
        plan: String,
        #[command(flatten)]
        account: WhichAccount,
        #[command(flatten)]
        typed: TypedPin,
    },
    /// The bills that were paid, or what became of one, by its transaction
    Bills {
        #[command(flatten)]
        phone: PhoneDir,
        /// The transaction
        transaction: Option<String>,
    },
}

pub(super) fn run(what: &Billed, output: Output) -> Result<(), Failure> {
    match what {
        Billed::Billers { phone, category } => billers(&open(phone)?, category.as_deref(), output),
        Billed::Bill { phone, biller, with, pay, amount, account, typed } => {
            let phone = open(phone)?;
            let parameters = with.iter().map(|text| pair(text)).collect::<Result<Vec<_>, _>>()?;
            let bill = phone.fetch_bill(biller, &parameters).map_err(failure)?;
            show(&bill, output);
            if !pay {
                output.summary(summary_of(&bill));
                return Ok(());
            }
            let typed_amount = amount.as_deref().map(|text| Money::parse(text, Currency::INR)).transpose();
            let typed_amount =
                typed_amount.map_err(|_| Failure::usage("--amount is rupees, such as 30.00"))?;
            pay_it(&phone, &bill, typed_amount, (account, typed), output)
        }
        Billed::Recharge { phone, biller, number, plan, account, typed } => {
            let phone = open(phone)?;
            let parameters = [("mobile_number".to_owned(), number.clone())];
            let bill = phone.choose_plan(biller, &parameters, plan).map_err(failure)?;
            show(&bill, output);
            pay_it(&phone, &bill, None, (account, typed), output)
        }
        Billed::Bills { phone, transaction: Some(transaction) } => {
            let paid = open(phone)?.bill_paid(transaction).map_err(failure)?;
            output.line(line_of(&paid.bill));
            output.summary(paid_summary(&paid.bill));
            Ok(())
        }
        Billed::Bills { phone, transaction: None } => {
            let all = open(phone)?.bills_paid().map_err(failure)?;
            for bill in &all {
                output.line(line_of(bill));
                output.row(&paid_summary(bill));
            }
            output.summary(json!({ "bills": all.len() }));
            Ok(())
        }
    }
}

fn pair(text: &str) -> Result<(String, String), Failure> {
    let pair = text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    pair.ok_or_else(|| Failure::usage("--with is NAME=VALUE"))
}

fn billers(phone: &UpiPhone, category: Option<&str>, output: Output) -> Result<(), Failure> {
    let all = phone.billers().map_err(failure)?;
    let wanted: Vec<_> =
        all.iter().filter(|biller| category.is_none_or(|category| biller.category == category)).collect();
    for biller in &wanted {
        let names: Vec<&str> = biller.parameters.iter().map(|rule| rule.name.as_str()).collect();
        output.line(format!("{}  {} ({}): {}", biller.id, biller.name, biller.category, names.join(", ")));
        for plan in &biller.plans {
            output.line(format!("  {}  INR {}, {} days", plan.id, plan.amount, plan.days));
        }
        output.row(&json!({
            "biller": biller.id, "name": biller.name, "category": biller.category, "rule": biller.rule,
            "parameters": biller.parameters, "plans": biller.plans,
        }));
    }
    output.summary(json!({ "billers": wanted.len() }));
    Ok(())
}

fn rupees(paise: u64) -> Money {
    Money::new(paise, Currency::INR).unwrap_or(Money::zero(Currency::INR))
}

fn show(bill: &Bill, output: Output) {
    let terms = &bill.terms;
    let what = terms.number.as_ref().or(terms.plan.as_ref()).map_or("-", String::as_str);
    let due = terms.due_on.as_ref().map(|day| format!(", due {day}")).unwrap_or_default();
    let whose = terms.customer_name.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
    output.line(format!("{} {what}{whose}: {}{due}", terms.biller_name, rupees(terms.paise)));
}

fn summary_of(bill: &Bill) -> serde_json::Value {
    let terms = &bill.terms;
    json!({
        "bill": bill.id, "biller": terms.biller, "number": terms.number, "plan": terms.plan,
        "customer": terms.customer_name, "period": terms.period, "due_on": terms.due_on,
        "amount": rupees(terms.paise).to_decimal(), "rule": terms.rule,
    })
}

fn pay_it(
    phone: &UpiPhone,
    bill: &Bill,
    amount: Option<Money>,
    (which, typed): (&WhichAccount, &TypedPin),
    output: Output,
) -> Result<(), Failure> {
    let account = linked(phone, which)?;
    let amount = amount.unwrap_or(rupees(bill.terms.paise));
    let order = phone.bill_order(&account, bill, amount, &typed.read()?).map_err(failure)?;
    phone.pay_bill(&bill.id, &order).map_err(failure)?;
    let paid = phone.see_bill_end(&order.transaction, LOOKS).map_err(failure)?;
    output.line(line_of(&paid.bill));
    let summary = paid_summary(&paid.bill);
    match paid.bill.state {
        BillState::NotPaid => Err(Failure::business(&paid.payment.said[0]).with(summary)),
        BillState::Refunding | BillState::Refunded => {
            Err(Failure::business("the biller did not take it; the money goes back").with(summary))
        }
        _ => {
            output.summary(summary);
            Ok(())
        }
    }
}

fn line_of(bill: &BillPayment) -> String {
    let said = match bill.state {
        BillState::Paying => "on its way",
        BillState::NotPaid => "not paid",
        BillState::Telling => "paid; the biller has not confirmed yet",
        BillState::Confirmed => "paid and confirmed",
        BillState::Refunding => "not taken by the biller; the money is going back",
        BillState::Refunded => "not taken by the biller; the money is back",
    };
    let receipt = bill.receipt.as_ref().map(|receipt| format!(", receipt {receipt}")).unwrap_or_default();
    format!("{} {}: {said}{receipt} ({})", bill.terms.biller_name, rupees(bill.paise), bill.transaction)
}

fn paid_summary(bill: &BillPayment) -> serde_json::Value {
    json!({
        "transaction": bill.transaction, "biller": bill.terms.biller, "number": bill.terms.number,
        "plan": bill.terms.plan, "amount": rupees(bill.paise).to_decimal(), "state": bill.state,
        "receipt": bill.receipt, "reason": bill.reason, "refund": bill.refund,
    })
}

//! Bills and recharges: who is paid, what is due, the PIN, and what the biller says.

use super::super::held;
use super::super::view;
use super::super::visit::{Asked, Reply, Visit, nothing};
use super::paying::Approval;
use super::set_up::is_pin;
use super::{Place, Trouble, code_of, no, rupees, to};
use crate::screens::phone::{self as screens, BillPaidView, BillView, BillerView, PinView, PlanView};
use crate::upi::app::{BillerShown, NewBillPayment};
use crate::upi::phone::{UpiPhone, UpiPhoneError};
use axum::extract::{Form, Path};
use axum::response::Response;
use psp::bills::{AmountRule, Bill, BillPayment, BillState, Terms};
use psp::records::LinkedAccount;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use values::time::Zone;
use values::{Currency, Money};

/// How long the end of a bill's payment is waited for before its page is shown; most have ended by then.
const LOOKS: Duration = Duration::from_millis(2500);
/// So many bills are listed.
const LISTED: usize = 10;

/// A bill that is looked at, and what was decided about it.
pub(in super::super) struct Looked {
    bill: Bill,
    decided: Option<(Money, String)>,
}

fn amount(paise: u64) -> Money {
    Money::new(paise, Currency::INR).unwrap_or(Money::zero(Currency::INR))
}

impl Visit {
    /// The billers, in the order of their directory.
    fn biller(&self, upi: &UpiPhone, id: &str) -> Result<Option<BillerShown>, Trouble> {
        Ok(upi.billers()?.into_iter().find(|biller| biller.id == id))
    }

    /// `2026-11-20` as people write it.
    fn day(&self, text: &str) -> String {
        let mut parts = text.split('-');
        let (year, month, day) = (parts.next(), parts.next(), parts.next());
        let read = || Some((year?.parse().ok()?, month?.parse().ok()?, day?.parse().ok()?));
        read().map_or_else(|| text.to_owned(), |(year, month, day)| self.page.language.date(year, month, day))
    }

    /// What a bill or a recharge is about: names and values for people.
    fn particulars(&self, terms: &Terms) -> Vec<(String, String)> {
        let say = |name: &str| self.page.language.say(name);
        let mut all: Vec<_> = terms
            .parameters
            .iter()
            .map(|(name, value)| (say(&format!("bill-{}", name.replace('_', "-"))), value.clone()))
            .collect();
        let known = [
            ("bill-customer", terms.customer_name.clone()),
            ("bill-number", terms.number.clone()),
            ("bill-plan", terms.plan.clone()),
            ("bill-due", terms.due_on.as_deref().map(|day| self.day(day))),
        ];
        all.extend(known.into_iter().filter_map(|(name, value)| Some((say(name), value?))));
        all
    }
}

/// Who takes bills, and which were paid.
pub(in super::super) async fn list(asked: Asked) -> Response {
    asked
        .owner(|visit| {
            visit.upi(|upi| {
                let mut groups: Vec<(String, Vec<(String, String)>)> = Vec::new();
                for biller in upi.billers()? {
                    let name = visit.page.language.say(&format!("bills-{}", biller.category));
                    let row = (biller.id, biller.name);
                    match groups.iter_mut().find(|(known, _)| *known == name) {
                        Some((_, rows)) => rows.push(row),
                        None => groups.push((name, vec![row])),
                    }
                }
                let paid = upi.bills_paid()?;
                let rows: Vec<_> = paid.iter().take(LISTED).map(|bill| visit.bill_row(bill)).collect();
                Ok(Reply::Page(screens::upi_bills(&visit.page, &groups, &rows)))
            })
        })
        .await
}

impl Visit {
    fn bill_row(&self, bill: &BillPayment) -> screens::RowView {
        screens::RowView {
            href: format!("/upi/bills/paid/{}", bill.transaction),
            name: bill.terms.biller_name.clone(),
            second: format!("{}, {}", view::date(&self.page, bill.at), view::time(&self.page, bill.at)),
            amount: rupees(amount(bill.paise)),
            state: match bill.state {
                BillState::Confirmed => "paid",
                BillState::NotPaid => "not-paid",
                BillState::Refunded => "back",
                BillState::Paying | BillState::Telling | BillState::Refunding => "checked",
            },
        }
    }

    fn biller_view(&self, biller: &BillerShown, typed: &BTreeMap<String, String>) -> BillerView {
        let say = |name: &str| self.page.language.say(name);
        BillerView {
            id: biller.id.clone(),
            name: biller.name.clone(),
            fields: biller
                .parameters
                .iter()
                .map(|rule| screens::BillerField {
                    name: rule.name.clone(),
                    label: say(&format!("bill-{}", rule.name.replace('_', "-"))),
                    digits: !rule.letters,
                    most: rule.most,
                    typed: typed.get(&rule.name).cloned().unwrap_or_default(),
                })
                .collect(),
            plans: biller.plans.iter().map(|plan| self.plan_view(plan)).collect(),
            chosen: typed.get("plan").cloned().unwrap_or_default(),
            wrong: None,
        }
    }

    fn plan_view(&self, plan: &sandbox::billers::directory::Plan) -> PlanView {
        let language = self.page.language;
        let days = language.say_count("bill-plan-days", "count", usize::from(plan.days));
        let gigabytes = format!("{}", f64::from(plan.data_mb) / 1024.0);
        let data = if plan.per_day { "bill-plan-data-daily" } else { "bill-plan-data" };
        let mut parts = vec![days, language.say_text(data, "data", &gigabytes)];
        if plan.calls {
            parts.push(language.say("bill-plan-calls"));
        }
        PlanView { id: plan.id.clone(), amount: rupees(amount(plan.paise())), what: parts.join(", ") }
    }
}

/// By what the biller knows its customer.
pub(in super::super) async fn biller(asked: Asked, Path(id): Path<String>) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| match visit.biller(upi, &id)? {
                Some(biller) => {
                    let view = visit.biller_view(&biller, &BTreeMap::new());
                    Ok(Reply::Page(screens::upi_biller(&visit.page, &view)))
                }
                None => Ok(nothing(&visit.page)?),
            })
        })
        .await
}

/// The sentence for a biller's no, if it is about what was typed.
fn wrong_of(error: &UpiPhoneError) -> Option<&'static str> {
    Some(match code_of(error)? {
        "parameter_invalid" => "bill-no-parameter",
        "customer_unknown" => "bill-no-customer",
        "nothing_due" => "bill-no-due",
        "bill_paid" => "bill-no-again",
        "biller_silent" => "bill-no-silent",
        _ => return None,
    })
}

/// Asks what is due, or chooses a plan.
pub(in super::super) async fn ask(
    asked: Asked,
    Path(id): Path<String>,
    Form(typed): Form<BTreeMap<String, String>>,
) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let Some(biller) = visit.biller(upi, &id)? else { return Ok(nothing(&visit.page)?) };
                let value = |name: &String| typed.get(name).map(|text| text.trim().to_ascii_uppercase());
                let parameters: Vec<_> = biller
                    .parameters
                    .iter()
                    .map(|rule| (rule.name.clone(), value(&rule.name).unwrap_or_default()))
                    .collect();
                let bill = match biller.plans.is_empty() {
                    true => upi.fetch_bill(&id, &parameters),
                    false => {
                        let plan = typed.get("plan").map_or("", String::as_str);
                        if !biller.plans.iter().any(|known| known.id == plan) {
                            let wrong = Some(visit.page.language.say("bill-no-plan"));
                            let view = BillerView { wrong, ..visit.biller_view(&biller, &typed) };
                            return no(screens::upi_biller(&visit.page, &view));
                        }
                        upi.choose_plan(&id, &parameters, plan)
                    }
                };
                match bill {
                    Ok(bill) => {
                        held(&visit.door.0.upi).bill = Some(Arc::new(Looked { bill, decided: None }));
                        to("/upi/bill")
                    }
                    Err(error) => {
                        let Some(wrong) = wrong_of(&error) else { return Err(error.into()) };
                        let wrong = Some(visit.page.language.say(wrong));
                        let view = BillerView { wrong, ..visit.biller_view(&biller, &typed) };
                        no(screens::upi_biller(&visit.page, &view))
                    }
                }
            })
        })
        .await
}

impl Visit {
    fn looked(&self) -> Option<Arc<Looked>> {
        held(&self.door.0.upi).bill.clone()
    }

    fn bill_page(&self, upi: &UpiPhone, bill: &Bill, typed: &str, wrong: bool) -> Result<Reply, Trouble> {
        let mine = self.mine(upi)?;
        let accounts = self.account_views(upi, &mine);
        let accounts: Vec<_> = accounts.into_iter().filter(|account| account.has_pin).collect();
        let due = amount(bill.terms.paise);
        let view = BillView {
            name: bill.terms.biller_name.clone(),
            facts: self.particulars(&bill.terms),
            due: rupees(due),
            open: bill.terms.rule != AmountRule::Exact,
            typed: if typed.is_empty() { due.to_decimal() } else { typed.to_owned() },
            wrong: wrong.then(|| {
                let above = bill.terms.rule == AmountRule::ExactAndAbove;
                self.page.language.say(if above { "bill-wrong-below" } else { "bill-wrong-above" })
            }),
            accounts,
        };
        let html = screens::upi_bill(&self.page, &view);
        if wrong { no(html) } else { Ok(Reply::Page(html)) }
    }
}

/// What is due, and from which account.
pub(in super::super) async fn due(asked: Asked) -> Response {
    asked
        .owner(|visit| {
            visit.upi(|upi| match visit.looked() {
                Some(looked) => visit.bill_page(upi, &looked.bill, "", false),
                None => to("/upi/bills"),
            })
        })
        .await
}

#[derive(Deserialize)]
pub(in super::super) struct Typed {
    #[serde(default)]
    amount: String,
    #[serde(rename = "account", default)]
    place: Place,
}

/// Takes what was decided, and leads to the bank's page.
pub(in super::super) async fn decide(asked: Asked, Form(typed): Form<Typed>) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let Some(looked) = visit.looked() else { return to("/upi/bills") };
                let terms = &looked.bill.terms;
                let money = match terms.rule {
                    AmountRule::Exact => Some(amount(terms.paise)),
                    _ => Money::parse(typed.amount.trim(), Currency::INR).ok(),
                };
                let allowed = |money: &Money| terms.rule.allows(money.minor(), terms.paise);
                let Some(money) = money.filter(allowed) else {
                    return visit.bill_page(upi, &looked.bill, typed.amount.trim(), true);
                };
                let Some((account, _)) = visit.account_at(upi, typed.place)? else { return to("/upi/bill") };
                if !account.has_pin {
                    return to("/upi/bill");
                }
                let decided = Some((money, account.reference));
                let bill = looked.bill.clone();
                held(&visit.door.0.upi).bill = Some(Arc::new(Looked { bill, decided }));
                to("/upi/bill/pin")
            })
        })
        .await
}

impl Visit {
    /// The bill that was decided on, how much, and from which account: its place and itself.
    fn decided_bill(&self, upi: &UpiPhone) -> Result<Option<Decided>, Trouble> {
        let Some(looked) = self.looked() else { return Ok(None) };
        let Some((money, reference)) = &looked.decided else { return Ok(None) };
        let mine = self.mine(upi)?;
        let mut accounts = mine.accounts.iter().cloned().enumerate();
        let account = accounts.find(|(_, account)| account.reference == *reference);
        let money = *money;
        Ok(account.map(|account| Decided { looked: Arc::clone(&looked), money, account }))
    }

    fn bill_pin(&self, upi: &UpiPhone, decided: &Decided, trouble: Option<String>) -> String {
        let (place, account) = &decided.account;
        let bill = &decided.looked.bill;
        let view = PinView {
            account: self.account_view(upi, *place, account),
            length: usize::from(account.pin_length),
            payment: Some((bill.terms.biller_name.clone(), rupees(decided.money))),
            again: None,
            approves: decided.name(),
            action: "/upi/bill/pin".to_owned(),
            back: "/upi/bill",
            trouble,
        };
        screens::upi_pin(&self.page, &view)
    }
}

struct Decided {
    looked: Arc<Looked>,
    money: Money,
    account: (usize, LinkedAccount),
}

impl Decided {
    /// What the PIN's form carries: it approves this and nothing else.
    fn name(&self) -> String {
        format!("{} {} {}", self.looked.bill.id, self.money.minor(), self.account.1.reference)
    }
}

/// Asks for the PIN.
pub(in super::super) async fn pin(asked: Asked) -> Response {
    asked
        .owner(|visit| {
            visit.upi(|upi| match visit.decided_bill(upi)? {
                Some(decided) => Ok(Reply::Page(visit.bill_pin(upi, &decided, None))),
                None => to("/upi/bill"),
            })
        })
        .await
}

/// Pays the bill: the PIN is sealed for this payment and nothing else.
pub(in super::super) async fn pay(asked: Asked, Form(approval): Form<Approval>) -> Response {
    let (approves, pin) = approval.split();
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let Some(decided) = visit.decided_bill(upi)? else { return visit.to_last_bill() };
                if decided.name() != approves {
                    return to("/upi/bill");
                }
                let account = &decided.account.1;
                if !is_pin(&pin, account.pin_length) {
                    let length = usize::from(account.pin_length);
                    let trouble = visit.page.language.say_count("upi-pin-length", "count", length);
                    return no(visit.bill_pin(upi, &decided, Some(trouble)));
                }
                let bill = &decided.looked.bill;
                let order = upi.bill_order(account, bill, decided.money, &pin)?;
                if !visit.take_bill(&decided.looked, &order) {
                    return visit.to_last_bill();
                }
                match upi.pay_bill(&bill.id, &order) {
                    Err(error) if matches!(code_of(&error), Some("bill_paid" | "bill_over")) => {
                        let over = code_of(&error) == Some("bill_over");
                        let text = if over { "bill-no-over" } else { "bill-no-again" };
                        let page = &visit.page;
                        let html = screens::upi_no(page, "bill-title", page.language.say(text), "/upi/bills");
                        no(html)
                    }
                    paid => {
                        paid?;
                        let _ = upi.see_bill_end(&order.transaction, LOOKS);
                        to(&format!("/upi/bills/paid/{}", order.transaction))
                    }
                }
            })
        })
        .await
}

impl Visit {
    /// Takes the bill away, so that it is paid once: false if another request did.
    fn take_bill(&self, looked: &Arc<Looked>, order: &NewBillPayment) -> bool {
        let mut state = held(&self.door.0.upi);
        if !state.bill.as_ref().is_some_and(|current| Arc::ptr_eq(current, looked)) {
            return false;
        }
        state.bill = None;
        state.last_bill = Some(order.transaction.clone());
        true
    }

    fn to_last_bill(&self) -> Result<Reply, Trouble> {
        match held(&self.door.0.upi).last_bill.clone() {
            Some(transaction) => to(&format!("/upi/bills/paid/{transaction}")),
            None => to("/upi/bills"),
        }
    }
}

/// What became of a bill that was paid.
pub(in super::super) async fn paid(asked: Asked, Path(transaction): Path<String>) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                if ::upi::ids::TransactionId::parse(&transaction).is_none() {
                    return Ok(nothing(&visit.page)?);
                }
                let paid = match upi.bill_paid(&transaction) {
                    Err(error) if code_of(&error) == Some("not_found") => return Ok(nothing(&visit.page)?),
                    paid => paid?,
                };
                let (bill, language) = (&paid.bill, visit.page.language);
                let state = match bill.state {
                    BillState::Paying => "paying",
                    BillState::NotPaid => "not-paid",
                    BillState::Telling => "telling",
                    BillState::Confirmed => "confirmed",
                    BillState::Refunding => "refunding",
                    BillState::Refunded => "refunded",
                };
                let mut facts = visit.particulars(&bill.terms);
                let receipt = bill.receipt.clone().map(|receipt| (language.say("bill-receipt"), receipt));
                facts.extend(receipt);
                facts.push((language.say("upi-fact-reference"), paid.payment.payment.reference.clone()));
                let when = view::when(&visit.page, bill.at, Some(Zone::Kolkata));
                facts.push((language.say("receipt-when"), when));
                let view = BillPaidView {
                    row: visit.bill_row(bill),
                    said: language.say(&format!("bill-said-{state}")),
                    facts,
                    payment: format!("/upi/payments/{transaction}"),
                    waits: matches!(state, "paying" | "telling" | "refunding"),
                };
                Ok(Reply::Page(screens::upi_bill_paid(&visit.page, &view)))
            })
        })
        .await
}

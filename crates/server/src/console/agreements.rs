//! A mandate with each debit under it, and a purse, as their bank and the switch have them: what `paiza upi explain` tells of them.

use super::accounts::{AccountSources, rupees, state_chip, word};
use super::door::{Desk, time};
use crate::screens::console::{self as screen, Cell, Table};
use sandbox::upi::directory::UpiDirectory;
use sandbox::upi::switch::UpiPayment;
use store::StoreError;
use store::rooms::upi::stories::{self, MandateStory, PurseStory};
use upi::machines::leg::Leg;

/// The page about a mandate, by its number or a transaction about it, or about a purse, by its number; nothing where it is neither.
pub(super) fn page(desk: &Desk, sources: &AccountSources, name: &str) -> Result<Option<String>, StoreError> {
    let mut switch = &sources.switch;
    let number = stories::mandate_of(&mut switch, name)?.unwrap_or_else(|| name.to_owned());
    for (_, bank, store) in &sources.banks {
        let mut at_bank = store;
        if let Some(story) = stories::mandate(&number, &mut switch, &mut at_bank)? {
            let tables = [terms(desk, &story, bank), orders(desk, &story), debits(desk, &story)];
            let page = screen::tables(&desk.page, &desk.frame, &number, None, &[], &tables);
            return Ok(Some(page));
        }
        if let Some(story) = stories::purse(name, &mut at_bank)? {
            let tables = [purse(desk, &story, bank), moved(desk, &story)];
            return Ok(Some(screen::tables(&desk.page, &desk.frame, name, None, &[], &tables)));
        }
    }
    Ok(None)
}

/// What a payment is made under, if it is a debit under a mandate or comes from a purse: it leads there.
pub(super) fn behind(desk: &Desk, payment: &UpiPayment) -> Option<Table> {
    let from = &payment.payer.account;
    let is_purse = from.len() == 18 && from.bytes().all(|byte| byte.is_ascii_digit());
    let (kind, name) = match &payment.mandate {
        Some(mandate) => ("account-mandate", mandate.number.clone()),
        None if is_purse => ("account-purse", from.clone()),
        None => return None,
    };
    let link = format!("/account-payments/{name}");
    let row = vec![Cell::text(desk.say(kind)), Cell::code(name).to(link)];
    let columns = [("column-kind", ""), ("column-id", "")];
    Some(desk.table("account-behind", &columns, vec![row], "account-no-legs"))
}

fn tail(account: &str) -> Cell {
    let tail = account.get(account.len().saturating_sub(4)..).unwrap_or_default();
    Cell::code(format!("\u{2022}\u{2022} {tail}"))
}

fn terms(desk: &Desk, story: &MandateStory, bank: &str) -> Table {
    let (mandate, terms) = (&story.mandate, &story.mandate.terms);
    let row = vec![
        Cell::code(time(mandate.at)),
        rupees(desk, terms.paise),
        Cell::text(terms.payee.clone()),
        Cell::code(format!("{} {}", terms.amount_rule.as_str(), terms.recurrence.pattern.as_str())),
        Cell::code(format!("{} \u{2013} {}", terms.starts, terms.ends)),
        Cell::code(word(&mandate.state)),
        Cell::text(bank),
        tail(&mandate.account),
    ];
    let columns = [
        ("column-time", ""),
        ("column-amount", "number"),
        ("column-to", ""),
        ("column-kind", ""),
        ("column-day", ""),
        ("column-state", ""),
        ("column-party", ""),
        ("column-account", ""),
    ];
    desk.table("account-mandate", &columns, vec![row], "account-no-legs")
}

fn orders(desk: &Desk, story: &MandateStory) -> Table {
    let each = story.orders.iter().map(|order| {
        vec![
            Cell::code(time(order.at)),
            Cell::text(UpiDirectory::sandbox().name_of(&order.origin)),
            Cell::code(order.kind.clone()),
            Cell::code(word(&order.state)),
            Cell::code(order.id.clone()),
        ]
    });
    let columns = [
        ("column-time", ""),
        ("column-party", ""),
        ("column-cause", ""),
        ("column-state", ""),
        ("column-transaction", ""),
    ];
    desk.table("account-steps", &columns, each.collect(), "account-no-legs")
}

/// Every try of every debit; one that has not reached the switch any more stands alone.
fn debits(desk: &Desk, story: &MandateStory) -> Table {
    let mut rows = Vec::new();
    for told in &story.debits {
        for payment in &told.tries {
            let cause = payment.cause.as_ref().map(|cause| format!("/{cause}")).unwrap_or_default();
            let code = payment.state.code().map(|code| format!("{code}{cause}"));
            rows.push(vec![
                Cell::number(told.debit.sequence.to_string()),
                Cell::code(time(payment.at)),
                rupees(desk, payment.paise),
                state_chip(desk, &word(&payment.state), code.as_deref()),
                Cell::code(payment.id.clone()).to(format!("/account-payments/{}", payment.id)),
            ]);
        }
    }
    let columns = [
        ("column-debit", "number"),
        ("column-time", ""),
        ("column-amount", "number"),
        ("column-state", ""),
        ("column-transaction", ""),
    ];
    desk.table("account-debits", &columns, rows, "account-no-debits")
}

fn purse(desk: &Desk, story: &PurseStory, bank: &str) -> Table {
    let purse = &story.purse;
    let row = vec![
        Cell::code(time(purse.at)),
        rupees(desk, story.paise),
        Cell::code(word(&purse.state)),
        Cell::text(bank),
        tail(&purse.account),
        Cell::number(purse.counter.to_string()),
    ];
    let columns = [
        ("column-since", ""),
        ("column-amount", "number"),
        ("column-state", ""),
        ("column-party", ""),
        ("column-account", ""),
        ("column-count", "number"),
    ];
    desk.table("account-purse", &columns, vec![row], "account-no-legs")
}

fn moved(desk: &Desk, story: &PurseStory) -> Table {
    let each = story.legs.iter().map(|leg| {
        vec![
            Cell::code(time(leg.at)),
            Cell::text(desk.say(if leg.leg == Leg::Debit { "column-debit" } else { "column-credit" })),
            rupees(desk, leg.paise),
            Cell::text(leg.other.clone()),
            Cell::code(word(&leg.state)),
            Cell::code(leg.transaction.clone()).to(format!("/account-payments/{}", leg.transaction)),
        ]
    });
    let columns = [
        ("column-time", ""),
        ("column-kind", ""),
        ("column-amount", "number"),
        ("column-to", ""),
        ("column-state", ""),
        ("column-transaction", ""),
    ];
    desk.table("account-legs", &columns, each.collect(), "account-no-legs")
}

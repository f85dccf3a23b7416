//! What was paid, and the texts that came.

use super::upi::looking::Paid;
use super::view;
use super::visit::{Asked, Reply, Visit, nothing};
use crate::phone::PhoneError;
use crate::screens::pages::Page;
use crate::screens::phone::{
    self as screens, HistoryLine, HistoryView, MonthView, ReceiptView, RowView, Slip, Sum, TextView,
};
use ::wallet::history::{TapOutcome, TapRecord};
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use std::time::Duration;

/// Messages of the bank within so long of a tap are shown with it.
const ABOUT_IT_MS: i64 = 60_000;

/// What of the history is looked for.
#[derive(Default, Deserialize)]
pub(super) struct Wanted {
    /// Words of the name, an amount, digits of the card.
    #[serde(default)]
    q: String,
    /// A name of [`SHOWN`]; what is none is all.
    #[serde(default)]
    show: String,
}

/// Which payments are shown, by the names of their states; first all of them.
const SHOWN: [(&str, &[&str]); 4] = [
    ("all", &["paid", "not-paid", "checked", "received", "back"]),
    ("out", &["paid", "not-paid", "checked"]),
    ("in", &["received", "back"]),
    ("waiting", &["checked"]),
];

impl Wanted {
    fn show(&self) -> (&'static str, &'static [&'static str]) {
        SHOWN.into_iter().find(|(name, _)| *name == self.show).unwrap_or(SHOWN[0])
    }

    fn words(&self) -> &str {
        self.q.trim()
    }

    /// Whether it is of the kind that is shown.
    fn shows(&self, paid: &Paid) -> bool {
        self.show().1.contains(&paid.row.state)
    }

    /// Whether this is looked for by what is seen of it.
    fn covers(&self, paid: &Paid) -> bool {
        let looked_for = self.words().to_lowercase();
        let amount = decimal(&paid.row.amount);
        // As amounts are typed and as they are written.
        let typed = looked_for.replace([',', '\u{20b9}', '\u{a5}'], "");
        paid.row.name.to_lowercase().contains(&looked_for)
            || paid.how.to_lowercase().contains(&looked_for)
            || (!typed.is_empty() && amount.starts_with(&typed))
    }
}

/// An amount with a point before its minor units, without a currency: `1250.00`.
fn decimal(sum: &Sum) -> String {
    let unit = 10i64.saturating_pow(u32::from(sum.decimals));
    match sum.decimals {
        0 => sum.minor.to_string(),
        decimals => {
            format!("{}.{:0width$}", sum.minor / unit, sum.minor % unit, width = usize::from(decimals))
        }
    }
}

/// Every payment with a card, the last one last.
fn by_card(visit: &Visit) -> Result<Vec<Paid>, PhoneError> {
    let (page, now) = (&visit.page, visit.door.now());
    let cards = view::cards(&visit.phone)?;
    let paid = |tap: &TapRecord| Paid {
        at: tap.at,
        row: view::row(page, tap, &cards, now),
        how: view::how(page, tap, &cards),
        person: None,
    };
    Ok(visit.phone.payments()?.iter().map(paid).collect())
}

/// What the first page says of payments.
pub(super) struct Lately {
    /// Those of which nobody knows yet how they ended.
    pub(super) pending: Vec<RowView>,
    /// All of them, the last first.
    pub(super) all: Vec<Paid>,
}

/// What is known of payments without asking anybody.
pub(super) fn lately(visit: &Visit) -> Result<Lately, PhoneError> {
    let mut all = by_card(visit)?;
    // Of taps only the last: of an older one nobody will tell any more.
    let tapped = all.last().filter(|paid| paid.row.state == "checked").map(|paid| paid.row.clone());
    let by_account = visit.heard_by_account();
    let unknown = by_account.iter().filter(|paid| paid.row.state == "checked").map(|paid| paid.row.clone());
    let pending = tapped.into_iter().chain(unknown).collect();
    all.extend(by_account);
    all.sort_by_key(|paid| std::cmp::Reverse(paid.at));
    Ok(Lately { pending, all })
}

/// Every payment that is looked for, the last first; and whether those by account are missing, because their provider does not
/// answer: the rest is shown all the same.
fn payments(visit: &Visit, wanted: &Wanted) -> Result<(Vec<Paid>, bool), PhoneError> {
    let mut all = by_card(visit)?;
    let mut by_account = visit.paid_by_account("");
    let missing = by_account.is_err();
    all.append(by_account.as_mut().unwrap_or(&mut Vec::new()));
    all.retain(|paid| wanted.covers(paid));
    if !wanted.words().is_empty() && !missing {
        // Addresses, notes and references are not on a row; their provider looks through them.
        let found = visit.paid_by_account(wanted.words()).unwrap_or_default();
        let known: Vec<String> = all.iter().map(|paid| paid.row.href.clone()).collect();
        all.extend(found.into_iter().filter(|paid| !known.contains(&paid.row.href)));
    }
    all.retain(|paid| wanted.shows(paid));
    all.sort_by_key(|paid| std::cmp::Reverse(paid.at));
    Ok((all, missing))
}

/// All payments, by month, the last first.
pub(super) async fn history(asked: Asked, Query(wanted): Query<Wanted>) -> Response {
    asked
        .owner(move |visit| {
            let page = &visit.page;
            let (all, missing) = payments(visit, &wanted)?;
            Reply::page(screens::history(page, &by_month(visit, &wanted, all, missing)?))
        })
        .await
}

/// Payments by month, with what was paid and received in each.
fn by_month(
    visit: &Visit,
    wanted: &Wanted,
    all: Vec<Paid>,
    missing: bool,
) -> Result<HistoryView, PhoneError> {
    let page = &visit.page;
    let mut months: Vec<MonthView> = Vec::new();
    let mut last = None;
    for Paid { at, row, .. } in all {
        let (year, month, _) = view::day_of(page, at);
        if last.replace((year, month)) != Some((year, month)) {
            months.push(MonthView { name: page.language.month(year, month), ..MonthView::default() });
        }
        let Some(month) = months.last_mut() else { continue };
        match row.state {
            "paid" => add(&mut month.out, row.amount),
            "received" => add(&mut month.into, row.amount),
            _ => {}
        }
        month.rows.push(row);
    }
    Ok(HistoryView {
        months,
        words: wanted.words().to_owned(),
        show: wanted.show().0,
        shown: SHOWN.map(|(name, _)| name),
        missing,
        unread: visit.unread()?,
    })
}

/// The same as a paper for people.
pub(super) async fn paper(asked: Asked, Query(wanted): Query<Wanted>) -> Response {
    asked
        .owner(move |visit| {
            let page = &visit.page;
            let (all, missing) = payments(visit, &wanted)?;
            if missing {
                return incomplete(page);
            }
            let line = |paid: &Paid| HistoryLine {
                when: format!("{}, {}", view::date(page, paid.at), view::time(page, paid.at)),
                how: paid.how.clone(),
                row: paid.row.clone(),
            };
            let lines: Vec<HistoryLine> = all.iter().map(line).collect();
            let view = by_month(visit, &wanted, all, missing)?;
            visit.paper(&screens::history_paper(page, &view, &lines), "paiza-history.pdf")
        })
        .await
}

/// What lacks some would be taken for the whole.
fn incomplete(page: &Page) -> Result<Reply, PhoneError> {
    let html = screens::problem(page, "history-upi-missing", "history-table-missing", "/history");
    Ok(Reply::No(StatusCode::SERVICE_UNAVAILABLE, html))
}

/// The same as a table for other programs (RFC 4180): what is looked for, the last first.
pub(super) async fn table(asked: Asked, Query(wanted): Query<Wanted>) -> Response {
    asked
        .owner(move |visit| {
            let (all, missing) = payments(visit, &wanted)?;
            if missing {
                return incomplete(&visit.page);
            }
            let mut text = "time,name,how,amount,currency,state\r\n".to_owned();
            for Paid { at, row, how, .. } in all {
                let fields = [
                    at.to_string(),
                    row.name,
                    how,
                    decimal(&row.amount),
                    row.amount.currency.to_owned(),
                    row.state.to_owned(),
                ];
                text += &fields.map(|field| cell(&field)).join(",");
                text += "\r\n";
            }
            Ok(Reply::File("text/csv; charset=utf-8", "paiza-history.csv", text.into_bytes()))
        })
        .await
}

/// A field of a table, quoted. One that programs would take for a formula begins with an apostrophe.
fn cell(field: &str) -> String {
    let formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, field.replace('"', "\"\""))
}

fn add(sums: &mut Vec<Sum>, more: Sum) {
    match sums.iter_mut().find(|sum| sum.currency == more.currency) {
        Some(sum) => sum.minor = sum.minor.saturating_add(more.minor),
        None => sums.push(more),
    }
}

/// One payment.
pub(super) async fn receipt(asked: Asked, Path((token, counter)): Path<(String, String)>) -> Response {
    asked
        .owner(move |visit| match receipt_view(visit, &token, &counter)? {
            Some(view) => Reply::page(screens::receipt(&visit.page, &view)),
            None => nothing(&visit.page),
        })
        .await
}

/// The same to be handed on: the page that shows what would be, its text, or its paper.
pub(super) async fn hand_on(
    asked: Asked,
    Path((token, counter, file)): Path<(String, String, String)>,
) -> Response {
    asked
        .owner(move |visit| match receipt_view(visit, &token, &counter)? {
            Some(view) => visit.hand_on(&Slip::by_card(&visit.page, &view), &view.row.href, &file),
            None => nothing(&visit.page),
        })
        .await
}

/// A payment with a card as its receipt shows it, if this phone made it.
fn receipt_view(visit: &Visit, token: &str, counter: &str) -> Result<Option<ReceiptView>, PhoneError> {
    let page = &visit.page;
    let counter: Option<u16> = counter.parse().ok();
    let of = |tap: &TapRecord| tap.token.to_string() == token && Some(tap.atc) == counter;
    let Some(tap) = visit.phone.taps()?.into_iter().find(of) else { return Ok(None) };
    // Nobody told yet: ask once more, now that somebody wants to know.
    let tap = if tap.outcome == TapOutcome::Presented
        && visit.phone.learn_end(tap.token, tap.atc, Duration::ZERO).is_ok()
    {
        visit.phone.taps()?.into_iter().find(of).unwrap_or(tap)
    } else {
        tap
    };
    let cards = view::cards(&visit.phone)?;
    let card = cards.iter().find(|card| card.token == token);
    let texts = visit.phone.texts()?;
    let about = |at: i64| (0..=ABOUT_IT_MS).contains(&(at - tap.at.millis()));
    let texts = texts.iter().filter(|text| about(text.at.millis()) && text.sender != "Paiza");
    Ok(Some(ReceiptView {
        row: view::row(page, &tap, &cards, visit.door.now()),
        when: view::when(page, tap.at, view::zone_of_currency(tap.currency)),
        card: card.map_or_else(String::new, |card| format!("{} •• {}", card.bank, card.last_four)),
        token_last_four: card.map_or_else(String::new, |card| card.token_last_four.clone()),
        counter: tap.atc,
        reference: tap.reference,
        paid_by: view::paid_by(tap.paid_by),
        texts: texts.map(|text| text_view(page, text)).collect(),
    }))
}

fn text_view(page: &Page, text: &::wallet::history::InboxMessage) -> TextView {
    let when = view::time(page, text.at);
    TextView { from: text.sender.clone(), text: text.text.clone(), when, unread: false }
}

/// The texts, by day, the last first.
pub(super) async fn inbox(asked: Asked) -> Response {
    asked
        .owner(|visit| {
            let (page, now) = (&visit.page, visit.door.now());
            let reachable = visit.phone.fetch_texts().is_ok();
            let seen = visit.phone.texts_seen();
            let texts = visit.phone.texts()?;
            let mut days: Vec<(String, Vec<TextView>)> = Vec::new();
            for text in texts.iter().rev() {
                let name = view::day(page, text.at, now);
                if days.last().is_none_or(|(last, _)| *last != name) {
                    days.push((name, Vec::new()));
                }
                if let Some((_, of_day)) = days.last_mut() {
                    of_day.push(TextView { unread: text.at > seen, ..text_view(page, text) });
                }
            }
            if let Some(newest) = texts.last() {
                visit.phone.see_texts(newest.at)?;
            }
            Reply::page(screens::inbox(page, &days, reachable))
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Timestamp;

    fn paid(name: &str, minor: i64, state: &'static str) -> Paid {
        let amount = Sum { minor, currency: "CNY", decimals: 2 };
        let row = RowView { name: name.to_owned(), amount, state, ..RowView::default() };
        Paid { at: Timestamp::from_millis(0), row, how: "tap ••\u{a0}0016".to_owned(), person: None }
    }

    #[test]
    fn a_payment_is_found_by_its_name_amount_card_and_state() {
        let noodles = paid("PAIZA NOODLES", 125_000, "paid");
        let covers = |q: &str, show: &str| {
            let wanted = Wanted { q: q.to_owned(), show: show.to_owned() };
            wanted.covers(&noodles) && wanted.shows(&noodles)
        };
        for (q, show) in [
            ("", ""),
            (" noodles ", "all"),
            ("1250", "out"),
            ("1,250.00", "out"),
            ("\u{a5}1250", ""),
            ("0016", ""),
            ("", "nonsense"),
        ] {
            assert!(covers(q, show), "{q} {show}");
        }
        for (q, show) in [("tea", ""), ("250", ""), ("\u{a5}", ""), ("", "in"), ("noodles", "waiting")] {
            assert!(!covers(q, show), "{q} {show}");
        }
        let waiting = Wanted { show: "waiting".to_owned(), ..Wanted::default() };
        assert!(waiting.shows(&paid("A", 1, "checked")) && !waiting.shows(&paid("A", 1, "back")));
    }

    #[test]
    fn no_name_of_a_shop_becomes_a_formula_or_another_cell() {
        assert_eq!(cell("PAIZA \"TEA\", X"), "\"PAIZA \"\"TEA\"\", X\"");
        for hostile in ["=1+1", "+1", "-1", "@x", "\tx", "\r\nx"] {
            assert_eq!(cell(hostile), format!("\"'{hostile}\""));
        }
        assert_eq!([decimal(&paid("", 5, "paid").row.amount)], ["0.05"]);
        assert_eq!(decimal(&Sum { minor: 1250, currency: "JPY", decimals: 0 }), "1250");
    }
}

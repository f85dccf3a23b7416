//! What was paid, and the texts that came.

use super::upi::looking::Paid;
use super::view;
use super::visit::{Asked, Reply, nothing};
use crate::screens::pages::Page;
use crate::screens::phone::{self as screens, DayView, ReceiptView, Sum, TextView};
use ::wallet::history::{TapOutcome, TapRecord};
use axum::extract::{Path, Query};
use axum::response::Response;
use serde::Deserialize;
use std::time::Duration;

/// Messages of the bank within so long of a tap are shown with it.
const ABOUT_IT_MS: i64 = 60_000;

#[derive(Deserialize)]
pub(super) struct Find {
    #[serde(default)]
    find: String,
}

/// The longest text that is looked for, characters.
const FIND_MOST: usize = 60;

/// All payments, or those in which a text occurs, by day, the last first.
pub(super) async fn history(asked: Asked, Query(find): Query<Find>) -> Response {
    asked
        .owner(move |visit| {
            let text: String = find.find.trim().chars().take(FIND_MOST).collect();
            let wanted = text.to_lowercase();
            let (page, now) = (&visit.page, visit.door.now());
            let cards = view::cards(&visit.phone)?;
            let by_card = |tap: &TapRecord| Paid { at: tap.at, row: view::row(page, tap, &cards, None) };
            let mut all: Vec<Paid> = visit.phone.payments()?.iter().map(by_card).collect();
            let has = |words: &str| words.to_lowercase().contains(&wanted);
            all.retain(|paid| has(&paid.row.name) || has(&paid.row.second));
            // What was paid by account is known at its provider, which may not answer: the rest is shown all the same.
            let by_account = visit.paid_by_account(&text);
            let missing = by_account.is_err();
            all.extend(by_account.unwrap_or_default());
            all.sort_by_key(|paid| std::cmp::Reverse(paid.at));
            let mut days: Vec<DayView> = Vec::new();
            let mut last = None;
            for Paid { at, row } in all {
                if last.replace(view::day_of(page, at)) != Some(view::day_of(page, at)) {
                    days.push(DayView { name: view::day(page, at, now), ..DayView::default() });
                }
                let Some(day) = days.last_mut() else { continue };
                if row.state == "paid" {
                    add(&mut day.sums, row.amount);
                }
                day.rows.push(row);
            }
            Reply::page(screens::history(page, &days, visit.unread()?, (&text, missing)))
        })
        .await
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
        .owner(move |visit| {
            let page = &visit.page;
            let counter: Option<u16> = counter.parse().ok();
            let of = |tap: &TapRecord| tap.token.to_string() == token && Some(tap.atc) == counter;
            let Some(tap) = visit.phone.taps()?.into_iter().find(of) else { return nothing(page) };
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
            let view = ReceiptView {
                row: view::row(page, &tap, &cards, None),
                when: view::when(page, tap.at, view::zone_of_currency(tap.currency)),
                card: card.map_or_else(String::new, |card| format!("{} •• {}", card.bank, card.last_four)),
                token_last_four: card.map_or_else(String::new, |card| card.token_last_four.clone()),
                counter: tap.atc,
                paid_by: view::paid_by(tap.paid_by),
                texts: texts.map(|text| text_view(page, text)).collect(),
            };
            Reply::page(screens::receipt(page, &view))
        })
        .await
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

//! Records as pages see them.

use crate::phone::{Phone, PhoneError};
use crate::screens::pages::Page;
use crate::screens::phone::{CardView, RowView, Sum};
use ::wallet::card::{Card, CardState};
use ::wallet::history::{PaidBy, TapOutcome, TapRecord};
use values::id::kinds;
use values::time::{Civil, Zone};
use values::{Currency, Id, Timestamp};

/// Where the phone's clock stands.
const ZONE: Zone = Zone::Shanghai;

/// A card for a page.
pub(super) fn card(card: &Card, first: Option<Id<kinds::Token>>) -> CardView {
    CardView {
        token: card.token.to_string(),
        // The reference of the picture begins with the bank's short name.
        design: card.art.split(':').next().unwrap_or_default().to_owned(),
        name: card.nickname.clone().unwrap_or_else(|| card.issuer.clone()),
        bank: card.issuer.clone(),
        product: card.label.clone(),
        last_four: card.last_four.to_string(),
        token_last_four: card.number.last_four().to_string(),
        state: match card.state {
            _ if card.suspended_here => "paused",
            CardState::Active => "active",
            CardState::Verifying => "verifying",
            CardState::Suspended | CardState::Deleted => "stopped",
        },
        first: first == Some(card.token),
    }
}

/// All cards of the phone for a page.
pub(super) fn cards(phone: &Phone) -> Result<Vec<CardView>, PhoneError> {
    let (cards, first) = phone.cards()?;
    Ok(cards.iter().map(|one| card(one, first)).collect())
}

/// An amount, in a currency that exists or not.
pub(super) fn sum(minor: u64, currency: u16) -> Sum {
    let minor = i64::try_from(minor).unwrap_or(i64::MAX);
    match Currency::from_numeric(currency) {
        Some(known) => Sum { minor, currency: known.alpha(), decimals: known.exponent() as u8 },
        None => Sum { minor, currency: "", decimals: 0 },
    }
}

/// A tap for a list.
pub(super) fn row(page: &Page, tap: &TapRecord, cards: &[CardView], with_day: Option<Timestamp>) -> RowView {
    let token = tap.token.to_string();
    let card = cards.iter().find(|card| card.token == token);
    let card = card.map_or_else(String::new, |card| format!(" ••\u{a0}{}", card.last_four));
    let how = page.language.say(match tap.paid_by {
        PaidBy::Tap => "row-by-tap",
        PaidBy::ShownCode | PaidBy::ScannedCode => "row-by-code",
    });
    let time = match with_day {
        Some(now) if day_of(tap.at) != day_of(now) => day(page, tap.at, now),
        _ => time(tap.at),
    };
    RowView {
        href: format!("/history/{token}/{}", tap.atc),
        name: tap.merchant.clone().unwrap_or_else(|| page.language.say("tap-no-shop")),
        second: format!("{time}, {how}{card}"),
        amount: sum(tap.amount_minor, tap.currency),
        state: match tap.outcome {
            TapOutcome::Approved => "paid",
            TapOutcome::Declined => "not-paid",
            TapOutcome::Reversed => "back",
            TapOutcome::Presented => "checked",
        },
    }
}

/// The name of the sentence for what was between phone and shop.
pub(super) fn paid_by(paid_by: PaidBy) -> &'static str {
    match paid_by {
        PaidBy::Tap => "receipt-by-tap",
        PaidBy::ShownCode => "receipt-by-shown-code",
        PaidBy::ScannedCode => "receipt-by-scanned-code",
    }
}

/// `14:02`.
pub(super) fn time(at: Timestamp) -> String {
    let Civil { hour, minute, .. } = at.civil(ZONE);
    format!("{hour:02}:{minute:02}")
}

/// `14:02:11`.
pub(super) fn exact_time(at: Timestamp) -> String {
    format!("{}:{:02}", time(at), at.civil(ZONE).second)
}

/// A day as a number that orders and equals.
pub(super) fn day_of(at: Timestamp) -> (i16, u8, u8) {
    let Civil { year, month, day, .. } = at.civil(ZONE);
    (year, month, day)
}

/// Today, yesterday, or the date.
pub(super) fn day(page: &Page, at: Timestamp, now: Timestamp) -> String {
    let yesterday = Timestamp::from_millis(now.millis() - 86_400_000);
    if day_of(at) == day_of(now) {
        page.language.say("today")
    } else if day_of(at) == day_of(yesterday) {
        page.language.say("yesterday")
    } else {
        date(page, at)
    }
}

/// The date as the language writes it.
pub(super) fn date(page: &Page, at: Timestamp) -> String {
    let (year, month, day) = day_of(at);
    page.language.date(year, month, day)
}

/// Seconds as `0:47`.
pub(super) fn minutes(seconds: u64) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}
